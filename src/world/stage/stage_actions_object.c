#include "config.h"

#include "world/stage/stage_action.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "world/object/selector.h"
#include "world/object/store_object.h"
#include "world/patch/patch.h"

/* What rules do to objects. */

/* Makes an error of a refusal, which is released. */
static int
refused(struct refusal *r, struct err *e)
{
	err_set(e, ERR_REMOTE, "%s", r->message ? r->message : "refused");
	refusal_release(r);
	return -1;
}

static int
ref_of(const struct stage *stage, const cJSON *with, struct object_ref *ret_ref, struct err *e)
{
	size_t index;
	struct cluster *cluster = action_cluster(stage, with, &index, e);

	if (!cluster)
		return -1;
	*ret_ref = object_ref(cluster, with);
	if (!object_ref_resolve(ret_ref))
		return err_set(e, ERR_NOT_FOUND, "%s has no kind \"%s\"", cluster->name,
			       ret_ref->word);
	return 0;
}

/* ---- apply ---- */

/* A member that became null is left out. */
static void
prune(cJSON *value)
{
	for (cJSON *item = value->child; item;) {
		cJSON *next = item->next;

		if (cJSON_IsNull(item) && cJSON_IsObject(value))
			cJSON_Delete(cJSON_DetachItemViaPointer(value, item));
		else
			prune(item);
		item = next;
	}
}

/* Makes `manifest` something that goes when its owner, KIND/NAME in the same namespace, is deleted. */
static int
own(struct cluster *cluster, const char *owner, cJSON *manifest, struct err *e)
{
	char *word = xstrndup(owner, strcspn(owner, "/"));
	struct object_ref ref = { .cluster = cluster,
				  .word = word,
				  .ns = json_string(manifest, "metadata/namespace", "default"),
				  .name = strchr(owner, '/') ? strchr(owner, '/') + 1 : "" };
	struct str why = STR_INIT;
	const struct stored *stored = object_find(&ref, &why);
	cJSON *metadata = json_at(manifest, "metadata"), *reference = cJSON_CreateObject();
	int rc = -1;

	if (stored && metadata) {
		json_add_string(reference, "apiVersion",
				json_string(stored->object, "apiVersion", ""));
		json_add_string(reference, "kind", stored->kind->name);
		json_add_string(reference, "name", stored->name);
		json_add_string(reference, "uid", stored->uid);
		json_add_bool(reference, "controller", true);
		json_add_bool(reference, "blockOwnerDeletion", true);
		cJSON_AddItemToArray(cJSON_AddArrayToObject(metadata, "ownerReferences"),
				     reference);
		reference = NULL;
		rc = 0;
	} else {
		err_set(e, ERR_NOT_FOUND, "the owner %s: %s", owner, str_cstr(&why));
	}
	cJSON_Delete(reference);
	stored_drop(stored);
	str_release(&why);
	free(word);
	return rc;
}

static int
put(struct cluster *cluster, const char *owner, cJSON *manifest, struct err *e)
{
	struct refusal r = REFUSAL_INIT;

	if (owner && own(cluster, owner, manifest, e) < 0) {
		cJSON_Delete(manifest);
		return -1;
	}
	return cluster_put(cluster, NULL, manifest, &r) < 0 ? refused(&r, e) : 0;
}

static int
put_file(struct cluster *cluster, const char *owner, const char *path, struct err *e)
{
	struct yaml_stream stream = { 0 };
	struct str text = STR_INIT;
	struct mark mark = { 0, 0 };
	int rc = file_read(path, YAML_MAX_BYTES, &text, e);

	if (rc == 0)
		rc = yaml_parse(str_cstr(&text), text.len, &stream, &mark, e);
	for (size_t i = 0; rc == 0 && i < stream.count; i++) {
		cJSON *manifest = NULL;

		if (!stream.documents[i].root)
			continue;
		rc = yaml_to_manifest(stream.documents[i].root, &manifest, &mark, e);
		if (rc == 0)
			rc = put(cluster, owner, manifest, e);
	}
	if (rc < 0)
		err_wrap(e, "%s", path);
	yaml_stream_release(&stream);
	str_release(&text);
	return rc;
}

int
act_apply(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	const char *owner = json_string(with, "owner", NULL);
	size_t index;
	struct cluster *cluster = action_cluster(stage, with, &index, e);
	const cJSON *item;
	int rc = cluster ? 0 : -1;

	(void)rule;
	cJSON_ArrayForEach(item, json_at(with, "files"))
		if (rc == 0)
			rc = put_file(cluster, owner, cJSON_GetStringValue(item), e);
	cJSON_ArrayForEach(item, json_at(with, "objects")) {
		cJSON *manifest;

		if (rc < 0)
			break;
		manifest = cJSON_Duplicate(item, true);
		prune(manifest);
		rc = put(cluster, owner, manifest, e);
	}
	return rc;
}

/* ---- delete, patch ---- */

static int
delete_one(const struct object_ref *ref, const char *name, struct err *e)
{
	const struct store_write how = { .grace_s = -1 };
	const struct stored *stored = NULL;
	struct refusal r = REFUSAL_INIT;
	bool gone;
	int rc = store_delete(ref->cluster->store, ref->kind, ref->ns, name, &how, &stored, &gone,
			      &r);

	stored_drop(stored);
	if (rc < 0 && r.code == 404) {
		refusal_release(&r); /* gone already: that is what was wanted */
		return 0;
	}
	return rc < 0 ? refused(&r, e) : 0;
}

static int
delete_selected(const struct object_ref *ref, const char *labels, struct err *e)
{
	struct selector *selector = NULL;
	struct refusal r = REFUSAL_INIT;
	const struct stored **items;
	uint64_t version;
	size_t count;
	int rc = 0;

	if (selector_parse_labels(labels, &selector, &r) < 0)
		return refused(&r, e);
	items = store_list(ref->cluster->store, ref->kind,
			   ref->kind->flags & KIND_NAMESPACED ? ref->ns : NULL, &count, &version);
	for (size_t i = 0; i < count; i++) {
		if (rc == 0 && selector_matches(selector, items[i]->object))
			rc = delete_one(ref, items[i]->name, e);
		stored_drop(items[i]);
	}
	free(items);
	selector_free(selector);
	return rc;
}

int
act_delete(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	const char *selector = json_string(with, "selector", NULL);
	struct object_ref ref;

	(void)rule;
	if (ref_of(stage, with, &ref, e) < 0)
		return -1;
	if (selector)
		return delete_selected(&ref, selector, e);
	return ref.name ? delete_one(&ref, ref.name, e)
			: err_set(e, ERR_SPEC, "neither a name nor a selector is given");
}

/* A JSON merge patch over an object that is there. */
static bool
merge(void *data, cJSON *object)
{
	cJSON *merged = NULL;
	struct refusal r = REFUSAL_INIT;

	if (patch_merge(object, data, &merged, &r) < 0) {
		refusal_release(&r);
		return false;
	}
	while (object->child)
		cJSON_Delete(cJSON_DetachItemViaPointer(object, object->child));
	object->child = merged->child;
	merged->child = NULL;
	cJSON_Delete(merged);
	return true;
}

static int
patch_part(const struct object_ref *ref, const char *subresource, const cJSON *patch, struct err *e)
{
	const struct store_write how = { .subresource = subresource, .grace_s = -1 };
	const struct stored *stored = NULL;
	struct refusal r = REFUSAL_INIT;
	int rc = store_change(ref->cluster->store, ref->kind, ref->ns, ref->name, &how, merge,
			      (void *)(uintptr_t)patch, &stored, &r);

	stored_drop(stored);
	if (rc < 0 && r.code == 404) {
		refusal_release(&r); /* nothing happens where it is not there */
		return 0;
	}
	return rc < 0 ? refused(&r, e) : 0;
}

int
act_patch(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	const cJSON *patch = json_at(with, "merge");
	struct object_ref ref;

	(void)rule;
	if (ref_of(stage, with, &ref, e) < 0)
		return -1;
	if (patch_part(&ref, NULL, patch, e) < 0)
		return -1;
	if (ref.kind->flags & KIND_STATUS && json_at(patch, "status"))
		return patch_part(&ref, "status", patch, e);
	return 0;
}

/* ---- event ---- */

static bool
count_up(void *data, cJSON *event)
{
	int64_t count = json_int(event, "count", 1) + 1;

	cJSON_DeleteItemFromObjectCaseSensitive(event, "lastTimestamp");
	cJSON_DeleteItemFromObjectCaseSensitive(event, "count");
	json_add_string(event, "lastTimestamp", data);
	json_add_int(event, "count", count);
	return true;
}

static cJSON *
event_new(const cJSON *with, const struct stored *about, const char *name, const char *now)
{
	cJSON *event = cJSON_CreateObject(), *metadata, *involved;

	json_add_string(event, "apiVersion", "v1");
	json_add_string(event, "kind", "Event");
	metadata = cJSON_AddObjectToObject(event, "metadata");
	json_add_string(metadata, "name", name);
	json_add_string(metadata, "namespace", about->ns);
	involved = cJSON_AddObjectToObject(event, "involvedObject");
	json_add_string(involved, "apiVersion", json_string(about->object, "apiVersion", ""));
	json_add_string(involved, "kind", about->kind->name);
	json_add_string(involved, "name", about->name);
	json_add_string(involved, "namespace", about->ns);
	json_add_string(involved, "uid", about->uid);
	json_add_string(event, "reason", json_string(with, "reason", ""));
	json_add_string(event, "message", json_string(with, "message", ""));
	json_add_string(event, "type", json_string(with, "type", "Normal"));
	json_add_string(cJSON_AddObjectToObject(event, "source"), "component",
			json_string(with, "source", "controller"));
	json_add_string(event, "firstTimestamp", now);
	json_add_string(event, "lastTimestamp", now);
	json_add_int(event, "count", 1);
	json_add_string(event, "reportingComponent", json_string(with, "source", "controller"));
	json_add_string(event, "reportingInstance", "");
	return event;
}

/* What was told before counts up, as a recorder of events does it. */
int
act_event(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	const struct store_write how = { .grace_s = -1 };
	const struct stored *about, *stored = NULL;
	char now[CLOCK_STAMP_MAX], *said, *name;
	struct refusal r = REFUSAL_INIT;
	struct str why = STR_INIT;
	struct object_ref ref;
	int rc;

	(void)rule;
	if (ref_of(stage, with, &ref, e) < 0)
		return -1;
	about = object_find(&ref, &why);
	if (!about) {
		err_set(e, ERR_NOT_FOUND, "%s", str_cstr(&why));
		str_release(&why);
		return -1;
	}
	const struct kind *kind = kinds_by_name(ref.cluster->kinds, "v1", "Event");
	object_time(store_now_ms(ref.cluster->store), now);
	said = xasprintf("%s %s", json_string(with, "reason", ""),
			 json_string(with, "message", ""));
	name = xasprintf("%s.%016llx", about->name,
			 (unsigned long long)(stage_hash(0, said) ^ stage_hash(0, about->uid)));
	rc = store_change(ref.cluster->store, kind, about->ns, name, &how, count_up, now, &stored,
			  &r);
	if (rc < 0 && r.code == 404) {
		cJSON *event = event_new(with, about, name, now);

		refusal_release(&r);
		kind_convert(kind->storage, event);
		rc = store_create(ref.cluster->store, kind, about->ns, event, &how, &stored, &r);
	}
	stored_drop(stored);
	stored_drop(about);
	free(said);
	free(name);
	return rc < 0 ? refused(&r, e) : 0;
}
