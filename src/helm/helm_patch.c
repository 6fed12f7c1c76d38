#include "config.h"

#include "helm/helm_patch.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* By which member elements of a list are known; the first that all of them have. */
struct merge_key {
	const char *list, *key;
};

static const struct merge_key merge_keys[] = {
	{ "containers", "name" },
	{ "conditions", "type" },
	{ "env", "name" },
	{ "ephemeralContainers", "name" },
	{ "hostAliases", "ip" },
	{ "imagePullSecrets", "name" },
	{ "initContainers", "name" },
	{ "ownerReferences", "uid" },
	{ "ports", "containerPort" },
	{ "ports", "port" },
	{ "secrets", "name" },
	{ "topologySpreadConstraints", "topologyKey" },
	{ "volumeDevices", "devicePath" },
	{ "volumeMounts", "mountPath" },
	{ "volumes", "name" },
	{ "webhooks", "name" },
};

bool
helm_patch_is_strategic(const char *group)
{
	return !strchr(group, '.') ||
	       (str_ends_with(group, ".k8s.io") && strcmp(group, "apiextensions.k8s.io") != 0);
}

static bool
all_have(const cJSON *list, const char *key)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (!cJSON_IsObject(item) || !json_at(item, key))
			return false;
	return list && list->child;
}

static const char *
merge_key(const char *name, const cJSON *list)
{
	for (size_t i = 0; i < sizeof(merge_keys) / sizeof(merge_keys[0]); i++)
		if (strcmp(merge_keys[i].list, name) == 0 && all_have(list, merge_keys[i].key))
			return merge_keys[i].key;
	return NULL;
}

static const cJSON *
element(const cJSON *list, const char *key, const cJSON *value)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (cJSON_Compare(json_at(item, key), value, true))
			return item;
	return NULL;
}

static cJSON *patch_object(const cJSON *before, const cJSON *after, bool strategic);

/* A list that the server merges: elements with what changes in them, and those that go. */
static cJSON *
patch_list(const cJSON *before, const cJSON *after, const char *key)
{
	cJSON *patch = cJSON_CreateArray();
	const cJSON *item;

	cJSON_ArrayForEach(item, after)
		cJSON_AddItemToArray(
			patch, patch_object(element(before, key, json_at(item, key)), item, true));
	cJSON_ArrayForEach(item, before) {
		cJSON *gone;

		if (element(after, key, json_at(item, key)))
			continue;
		gone = cJSON_CreateObject();
		json_add_string(gone, "$patch", "delete");
		json_add(gone, key, cJSON_Duplicate(json_at(item, key), true));
		cJSON_AddItemToArray(patch, gone);
	}
	return patch;
}

static cJSON *
patch_value(const cJSON *before, const cJSON *after, bool strategic)
{
	const char *key =
		strategic && cJSON_IsArray(after) ? merge_key(after->string, after) : NULL;

	if (cJSON_IsObject(after))
		return patch_object(cJSON_IsObject(before) ? before : NULL, after, strategic);
	if (key)
		return patch_list(all_have(before, key) ? before : NULL, after, key);
	return cJSON_Duplicate(after, true);
}

/* Of this map only the members named stay: what the server has filled in belongs to its old type. */
static void
retain_keys(const char *name, const cJSON *after, cJSON *patch)
{
	cJSON *keys;
	const cJSON *item;

	if (!name || strcmp(name, "strategy") != 0)
		return;
	keys = cJSON_AddArrayToObject(patch, "$retainKeys");
	cJSON_ArrayForEach(item, after)
		cJSON_AddItemToArray(keys, cJSON_CreateString(item->string));
}

static cJSON *
patch_object(const cJSON *before, const cJSON *after, bool strategic)
{
	cJSON *patch = cJSON_CreateObject();
	const cJSON *item;

	cJSON_ArrayForEach(item, after)
		json_add(patch, item->string,
			 patch_value(cJSON_GetObjectItemCaseSensitive(before, item->string), item,
				     strategic));
	cJSON_ArrayForEach(item, before)
		if (!cJSON_GetObjectItemCaseSensitive(after, item->string))
			json_add(patch, item->string, cJSON_CreateNull());
	if (strategic)
		retain_keys(after->string, after, patch);
	return patch;
}

cJSON *
helm_patch_make(const cJSON *before, const cJSON *after, bool strategic)
{
	return patch_object(before, after, strategic);
}
