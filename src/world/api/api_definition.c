#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/object/store_object.h"

/*
 * CustomResourceDefinitions, whoever writes them: their kinds are served as soon as they are stored; with a definition go
 * its objects, and it goes with the last of them. Source: apiextensions-apiserver, pkg/controller/{establish,finalizer,status}.
 */

#define GROUP "apiextensions.k8s.io"
#define RESOURCE "customresourcedefinitions"
#define FINALIZER "customresourcecleanup.apiextensions.k8s.io"

/* ---- its status ---- */

static void
add_condition(cJSON *conditions, const char *type, const char *reason, const char *message)
{
	cJSON *condition = cJSON_CreateObject();
	char stamp[CLOCK_STAMP_MAX];

	json_add_string(condition, "lastTransitionTime", object_time(clock_wall_ms(), stamp));
	json_add_string(condition, "message", message);
	json_add_string(condition, "reason", reason);
	json_add_string(condition, "status", "True");
	json_add_string(condition, "type", type);
	cJSON_AddItemToArray(conditions, condition);
}

static void
set_status(cJSON *object)
{
	const cJSON *names = json_at(object, "spec/names"), *version;
	cJSON *status, *conditions, *stored;

	cJSON_DeleteItemFromObjectCaseSensitive(object, "status");
	status = cJSON_AddObjectToObject(object, "status");
	json_add(status, "acceptedNames", cJSON_Duplicate(names, true));
	conditions = cJSON_AddArrayToObject(status, "conditions");
	add_condition(conditions, "NamesAccepted", "NoConflicts", "no conflicts found");
	add_condition(conditions, "Established", "InitialNamesAccepted",
		      "the initial names have been accepted");
	stored = cJSON_AddArrayToObject(status, "storedVersions");
	cJSON_ArrayForEach(version, json_at(object, "spec/versions"))
		if (json_bool(version, "storage", false))
			cJSON_AddItemToArray(stored,
					     cJSON_CreateString(json_string(version, "name", "")));
}

static void
add_missing(cJSON *object, const char *name, cJSON *value)
{
	if (cJSON_HasObjectItem(object, name))
		cJSON_Delete(value);
	else
		json_add(object, name, value);
}

/* What a server fills in where a definition says nothing. */
static void
set_defaults(cJSON *object)
{
	cJSON *names = json_at(object, "spec/names"), *conversion;
	const char *kind = json_string(names, "kind", "");

	if (!names)
		return;
	char *small = xstrdup(kind), *list = xasprintf("%sList", kind);
	for (char *at = small; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	add_missing(names, "singular", cJSON_CreateString(small));
	add_missing(names, "listKind", cJSON_CreateString(list));
	free(small);
	free(list);
	conversion = cJSON_CreateObject();
	json_add_string(conversion, "strategy", "None");
	add_missing(json_at(object, "spec"), "conversion", conversion);
}

/* ---- writing one ---- */

int
api_definition_admit(struct cluster *cluster, const cJSON *before, cJSON *object, struct refusal *r)
{
	if (before && json_at(before, "metadata/deletionTimestamp"))
		return 0;
	set_defaults(object);
	if (kinds_check(cluster->kinds, object, r) < 0)
		return -1;
	if (!before) {
		set_status(object);
		object_add_finalizer(object, FINALIZER);
	}
	return 0;
}

/* ---- the end of one ---- */

static bool
drop_finalizer(void *data, cJSON *object)
{
	cJSON *finalizers = json_at(object, "metadata/finalizers"), *item, *next;

	(void)data;
	for (item = finalizers ? finalizers->child : NULL; item; item = next) {
		next = item->next;
		if (str_equal(cJSON_GetStringValue(item), FINALIZER))
			cJSON_Delete(cJSON_DetachItemViaPointer(finalizers, item));
	}
	return true;
}

static const struct kind *
kind_of(struct cluster *cluster, const cJSON *definition)
{
	const cJSON *version;

	cJSON_ArrayForEach(version, json_at(definition, "spec/versions")) {
		const struct kind *kind =
			kinds_by_resource(cluster->kinds, json_string(definition, "spec/group", ""),
					  json_string(version, "name", ""),
					  json_string(definition, "spec/names/plural", ""));

		if (kind)
			return kind;
	}
	return NULL;
}

static size_t
count_all(struct cluster *cluster, const struct kind *kind)
{
	size_t count;
	uint64_t version;
	const struct stored **items = store_list(cluster->store, kind, NULL, &count, &version);

	api_drop_items(items, count);
	return count;
}

static void
delete_all(struct cluster *cluster, const struct kind *kind)
{
	const struct store_write how = { .grace_s = -1 };
	size_t count;
	uint64_t version;
	const struct stored **items = store_list(cluster->store, kind, NULL, &count, &version);

	for (size_t i = 0; i < count; i++) {
		const struct stored *after = NULL;
		struct refusal r = REFUSAL_INIT;
		bool gone;

		if (store_delete(cluster->store, kind, items[i]->ns, items[i]->name, &how, &after,
				 &gone, &r) == 0)
			stored_drop(after);
		refusal_release(&r); /* somebody else was faster */
	}
	api_drop_items(items, count);
}

static void
let_go(struct cluster *cluster, const struct stored *definition)
{
	const struct store_write how = { .uid = definition->uid, .grace_s = -1 };
	const struct stored *after = NULL;
	struct refusal r = REFUSAL_INIT;

	if (store_change(cluster->store, definition->kind, "", definition->name, &how,
			 drop_finalizer, NULL, &after, &r) == 0)
		stored_drop(after);
	refusal_release(&r); /* it has gone */
}

/* The last of its objects that goes lets it go, which comes back to us. */
static void
end_definition(struct cluster *cluster, const struct stored *definition)
{
	const struct kind *kind = kind_of(cluster, definition->object);

	if (kind && count_all(cluster, kind))
		delete_all(cluster, kind);
	else
		let_go(cluster, definition);
}

static bool
is_ending(const struct stored *definition)
{
	return json_at(definition->object, "metadata/deletionTimestamp");
}

static void
object_gone(struct cluster *cluster, const struct kind *kind)
{
	const struct kind *definitions = kinds_by_resource(cluster->kinds, GROUP, "v1", RESOURCE);
	char *name = xasprintf("%s.%s", kind->resource, kind->group);
	const struct stored *definition =
		definitions ? store_get(cluster->store, definitions, "", name) : NULL;

	if (definition && is_ending(definition) && !count_all(cluster, kind))
		let_go(cluster, definition);
	stored_drop(definition);
	free(name);
}

/* ---- what happens in the store ---- */

/* As it is by now: changes may be told in another order than they were made. */
static void
definition_changed(struct cluster *cluster, const struct stored *told)
{
	const struct stored *now = store_get(cluster->store, told->kind, "", told->name);
	struct refusal r = REFUSAL_INIT;

	if (!now)
		kinds_undefine(cluster->kinds, told->name);
	else if (is_ending(now))
		end_definition(cluster, now);
	else
		kinds_define(cluster->kinds, now->object, &r);
	refusal_release(&r); /* it was checked: another has taken its names meanwhile */
	stored_drop(now);
}

void
api_definition_follow(void *cluster, enum store_event_type type, const struct stored *stored)
{
	if (kind_is(stored->kind, GROUP, RESOURCE))
		definition_changed(cluster, stored);
	else if (type == STORE_DELETED && stored->kind->columns)
		object_gone(cluster, stored->kind);
}
