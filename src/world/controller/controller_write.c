#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "world/controller/controller_internal.h"
#include "world/object/defaults.h"
#include "world/object/store_object.h"

/* Writing to the store, and the parts that many objects have. */

/* What the API server adds to all that is created, and refuses, also of its own controllers. Takes ownership. */
static int
create(struct controllers *c, const struct kind *kind, const char *ns, cJSON *object,
       const struct stored **ret, struct refusal *r)
{
	struct defaults_pool pool = { .store = c->store, .kinds = c->cluster->kinds };
	const struct defaults_options options = { .cluster_ip = defaults_free_address,
						  .node_port = defaults_free_port,
						  .data = &pool };
	const struct store_write how = { .grace_s = -1 };

	if (kind->flags & KIND_NAMESPACED)
		set_string(object_metadata(object), "namespace", ns);
	if (defaults_fill(kind, object, NULL, &options, r) < 0) {
		cJSON_Delete(object);
		return -1;
	}
	return store_create(c->store, kind, ns, object, &how, ret, r);
}

const struct stored *
write_new(struct controllers *c, const struct kind *kind, const char *ns, cJSON *object,
	  int *ret_code)
{
	struct refusal r = REFUSAL_INIT;
	const struct stored *stored = NULL;

	if (create(c, kind, ns, object, &stored, &r) < 0)
		stored = NULL;
	if (ret_code)
		*ret_code = r.code;
	refusal_release(&r);
	controllers_catch_up(c);
	return stored;
}

bool
write_change(struct controllers *c, const struct stored *stored, bool status,
	     bool (*change)(void *data, cJSON *object), void *data)
{
	struct store_write how = { .subresource = status ? "status" : NULL,
				   .uid = stored->uid,
				   .grace_s = -1 };
	struct refusal r = REFUSAL_INIT;
	const struct stored *after = NULL;
	bool written = false;

	if (store_change(c->store, stored->kind, stored->ns, stored->name, &how, change, data,
			 &after, &r) == 0)
		written = after->version != stored->version;
	stored_drop(after);
	refusal_release(&r);
	controllers_catch_up(c);
	return written;
}

static bool
replace_status(void *data, cJSON *object)
{
	set_copy(object, "status", data);
	return true;
}

void
write_status(struct controllers *c, const struct stored *stored, cJSON *status)
{
	const cJSON *before = json_at(stored->object, "status");

	if (!before || !cJSON_Compare(before, status, true))
		write_change(c, stored, true, replace_status, status);
	cJSON_Delete(status);
}

bool
write_delete(struct controllers *c, const struct stored *stored, const char *propagation,
	     int64_t grace_s)
{
	struct store_write how = { .uid = stored->uid,
				   .propagation = propagation,
				   .grace_s = grace_s };
	struct refusal r = REFUSAL_INIT;
	const struct stored *after = NULL;
	bool gone;
	int rc = store_delete(c->store, stored->kind, stored->ns, stored->name, &how, &after, &gone,
			      &r);

	if (rc == 0)
		stored_drop(after);
	refusal_release(&r);
	controllers_catch_up(c);
	return rc == 0;
}

/* ---- parts of objects ---- */

void
unset(cJSON *object, const char *name)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
}

void
set_string(cJSON *object, const char *name, const char *value)
{
	unset(object, name);
	json_add_string(object, name, value);
}

void
set_int(cJSON *object, const char *name, int64_t value)
{
	unset(object, name);
	json_add_int(object, name, value);
}

void
set_count(cJSON *object, const char *name, int64_t value)
{
	unset(object, name);
	if (value)
		json_add_int(object, name, value);
}

void
set_copy(cJSON *object, const char *name, const cJSON *value)
{
	unset(object, name);
	if (value)
		json_add(object, name, cJSON_Duplicate(value, true));
}

cJSON *
need_object(cJSON *object, const char *name)
{
	cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

	if (cJSON_IsObject(value))
		return value;
	unset(object, name);
	return cJSON_AddObjectToObject(object, name);
}

cJSON *
need_array(cJSON *object, const char *name)
{
	cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

	if (cJSON_IsArray(value))
		return value;
	unset(object, name);
	return cJSON_AddArrayToObject(object, name);
}

static const char *
entry_of(const cJSON *object, const char *map, const char *key)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(json_at(object, map), key);

	return cJSON_IsString(value) ? value->valuestring : "";
}

const char *
label_of(const cJSON *object, const char *key)
{
	return entry_of(object, "metadata/labels", key);
}

const char *
annotation_of(const cJSON *object, const char *key)
{
	return entry_of(object, "metadata/annotations", key);
}

/* Each cluster's controllers have a thread of their own, and the time of their cluster. */
static _Thread_local struct store *clock_of;

void
controllers_live_by(struct store *store)
{
	clock_of = store;
}

int64_t
here_ms(void)
{
	return store_now_ms(clock_of);
}

const char *
now_text(char out[32])
{
	return object_time(here_ms(), out);
}

cJSON *
new_object(const struct kind *kind)
{
	cJSON *object = cJSON_CreateObject();
	char *version = kind_api_version(kind);

	json_add_string(object, "apiVersion", version);
	json_add_string(object, "kind", kind->name);
	json_add(object, "metadata", cJSON_CreateObject());
	free(version);
	return object;
}

cJSON *
owner_reference(const struct stored *owner)
{
	cJSON *reference = cJSON_CreateObject();
	char *version = kind_api_version(owner->kind);

	json_add_string(reference, "apiVersion", version);
	json_add_bool(reference, "blockOwnerDeletion", true);
	json_add_bool(reference, "controller", true);
	json_add_string(reference, "kind", owner->kind->name);
	json_add_string(reference, "name", owner->name);
	json_add_string(reference, "uid", owner->uid);
	free(version);
	return reference;
}

/* ---- changes for write_change() ---- */

bool
drop_finalizer(void *name, cJSON *object)
{
	cJSON *finalizers = json_at(object, "metadata/finalizers"), *finalizer;

	cJSON_ArrayForEach(finalizer, finalizers)
		if (str_equal(cJSON_GetStringValue(finalizer), name)) {
			cJSON_Delete(cJSON_DetachItemViaPointer(finalizers, finalizer));
			if (cJSON_GetArraySize(finalizers) == 0)
				unset(json_at(object, "metadata"), "finalizers");
			return true;
		}
	return false;
}

bool
drop_owner(void *uid, cJSON *object)
{
	cJSON *references = json_at(object, "metadata/ownerReferences"), *reference;

	cJSON_ArrayForEach(reference, references)
		if (str_equal(json_string(reference, "uid", NULL), uid)) {
			cJSON_Delete(cJSON_DetachItemViaPointer(references, reference));
			if (cJSON_GetArraySize(references) == 0)
				unset(json_at(object, "metadata"), "ownerReferences");
			return true;
		}
	return false;
}

/* ---- conditions ---- */

bool
condition_holds(const cJSON *object, const char *type)
{
	return str_equal(json_string(pod_status_condition(object, type), "status", NULL), "True");
}

static void
set_or_unset(cJSON *object, const char *name, const char *value)
{
	unset(object, name);
	if (value && *value)
		json_add_string(object, name, value);
}

bool
set_condition(cJSON *conditions, const char *type, bool status, const char *reason,
	      const char *message, bool updated)
{
	const char *word = status ? "True" : "False";
	cJSON *condition;
	char now[32];

	now_text(now);
	cJSON_ArrayForEach(condition, conditions)
		if (strcmp(json_string(condition, "type", ""), type) == 0)
			break;
	if (!condition) {
		condition = cJSON_CreateObject();
		json_add_string(condition, "type", type);
		cJSON_AddItemToArray(conditions, condition);
	} else if (strcmp(json_string(condition, "status", ""), word) == 0 &&
		   strcmp(json_string(condition, "reason", ""), reason ? reason : "") == 0 &&
		   strcmp(json_string(condition, "message", ""), message ? message : "") == 0) {
		return false;
	}
	if (strcmp(json_string(condition, "status", ""), word) != 0)
		set_string(condition, "lastTransitionTime", now);
	if (updated) {
		set_string(condition, "lastUpdateTime", now);
		/* as a Deployment's are: the one that was written last stands last */
		cJSON_AddItemToArray(conditions, cJSON_DetachItemViaPointer(conditions, condition));
	}
	set_string(condition, "status", word);
	set_or_unset(condition, "reason", reason);
	set_or_unset(condition, "message", message);
	return true;
}
