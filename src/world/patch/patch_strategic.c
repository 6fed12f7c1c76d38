#include "config.h"

#include "world/patch/patch_strategic.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/go_text.h"
#include "world/patch/patch.h"
#include "world/patch/patch_place.h"

#define DELETE_FROM "$deleteFromPrimitiveList/"
#define SET_ORDER "$setElementOrder/"
#define RETAIN_KEYS "$retainKeys"

static int merge_map(const struct place *place, cJSON *object, cJSON *patch, struct refusal *r);

/* How a list is patched. */
struct strategy {
	bool merges;
	char *key; /* NULL: by the values; the caller frees */
};

static struct strategy
strategy_of(const struct place *list)
{
	const struct list_rule *rule = place_rule(list);
	const char *key = rule ? (rule->merge_key ? rule->merge_key : rule->keys) : NULL;

	if (!key || (rule->merge_key && !*key))
		return (struct strategy){ false, NULL };
	return (struct strategy){ true, *key ? xstrndup(key, strcspn(key, ",=")) : NULL };
}

static int
refuse_with(struct refusal *r, const char *before, const cJSON *value, const char *after)
{
	struct str text = STR_INIT;

	go_text(value, &text);
	refuse(r, 500, "", "%s%s%s", before, str_cstr(&text), after);
	str_release(&text);
	return -1;
}

static int
refuse_directive(struct refusal *r, const cJSON *map)
{
	struct str text = STR_INIT;

	go_text(json_at(map, "$patch"), &text);

	char *before = xasprintf("unknown patch type: %s in map: ", str_cstr(&text));

	refuse_with(r, before, map, "");
	free(before);
	str_release(&text);
	return -1;
}

static int
refuse_no_key(struct refusal *r, const cJSON *map, const char *key)
{
	char *after = xasprintf(" does not contain declared merge key: %s", key);

	refuse_with(r, "map: ", map, after);
	free(after);
	return -1;
}

static bool
is_directive(const char *name)
{
	return str_equal(name, "$patch") || str_equal(name, RETAIN_KEYS) ||
	       str_starts_with(name, DELETE_FROM) || str_starts_with(name, SET_ORDER);
}

/* What is new has nothing of which a directive or a null could speak. */
static void
drop_directives(cJSON *value)
{
	for (cJSON *item = value->child, *next; item; item = next) {
		const cJSON *word = json_at(item, "$patch");
		bool goes = cJSON_IsArray(value) ? cJSON_IsString(word)
						 : cJSON_IsNull(item) || is_directive(item->string);

		next = item->next;
		if (goes)
			cJSON_Delete(cJSON_DetachItemViaPointer(value, item));
		else
			drop_directives(item);
	}
}

/* The elements of a patch that are directives: those to delete go from `list`; *ret_replace: all others do. */
static int
take_special(cJSON *list, cJSON *patch, const char *key, bool *ret_replace, struct refusal *r)
{
	for (cJSON *item = patch->child, *next; item; item = next) {
		const cJSON *word = json_at(item, "$patch");
		cJSON *found;

		next = item->next;
		if (!word)
			continue;
		if (str_equal(word->valuestring, "merge"))
			return refuse(r, 500, "",
				      "merging lists cannot yet be specified in the patch");
		if (str_equal(word->valuestring, "delete")) {
			if (!json_at(item, key))
				return refuse_no_key(r, item, key);
			while ((found = strategic_find(list, item, key)))
				cJSON_Delete(cJSON_DetachItemViaPointer(list, found));
		} else if (str_equal(word->valuestring, "replace")) {
			*ret_replace = true;
		} else {
			return refuse_directive(r, item);
		}
		cJSON_Delete(cJSON_DetachItemViaPointer(patch, item));
	}
	return 0;
}

static void
empty(cJSON *list)
{
	while (list->child)
		cJSON_Delete(cJSON_DetachItemViaPointer(list, list->child));
}

/* *ret_replaced: the list is that of the patch, in its order. */
static int
merge_maps(const struct place *place, cJSON *list, cJSON *patch, const char *key,
	   bool *ret_replaced, struct refusal *r)
{
	struct place element = place_element(place, "");
	cJSON *item;

	if (take_special(list, patch, key, ret_replaced, r) < 0)
		return -1;
	if (*ret_replaced) {
		empty(list);
		while (patch->child)
			cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(patch, patch->child));
		return 0;
	}
	cJSON_ArrayForEach(item, patch) {
		cJSON *found;

		if (!cJSON_GetObjectItemCaseSensitive(item, key))
			return refuse_no_key(r, item, key);
		found = strategic_find(list, item, key);
		if (!found) {
			found = cJSON_Duplicate(item, true);
			drop_directives(found);
			cJSON_AddItemToArray(list, found);
		} else if (merge_map(&element, found, item, r) < 0) {
			return -1;
		}
	}
	return 0;
}

static void
merge_values(cJSON *list, const cJSON *patch)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, patch)
		if (!strategic_find(list, item, NULL))
			cJSON_AddItemToArray(list, cJSON_Duplicate(item, true));
}

/* Whether all elements of both are maps, or none is; -1 where neither. */
static int
elements_are_maps(const cJSON *list, const cJSON *patch, bool *ret_maps, struct refusal *r)
{
	const cJSON *lists[] = { list, patch }, *item;
	size_t maps = 0, others = 0;

	for (size_t i = 0; i < 2; i++)
		cJSON_ArrayForEach(item, lists[i]) {
			if (cJSON_IsObject(item))
				maps++;
			else
				others++;
		}
	*ret_maps = maps > 0;
	if (!maps || !others)
		return 0;

	cJSON *both = cJSON_CreateArray();

	cJSON_AddItemToArray(both, cJSON_Duplicate(list, true));
	cJSON_AddItemToArray(both, cJSON_Duplicate(patch, true));
	refuse_with(r, "list element types are not identical: ", both, "");
	cJSON_Delete(both);
	return -1;
}

/* `list` becomes what the patch makes of it. */
static int
merge_list(const struct place *place, cJSON **list, cJSON *patch, const struct strategy *strategy,
	   struct refusal *r)
{
	bool maps, replaced = false;

	if (!strategy->merges) {
		cJSON_Delete(*list);
		*list = cJSON_Duplicate(patch, true);
		return 0;
	}

	cJSON *original = cJSON_Duplicate(*list, true);
	int rc = elements_are_maps(*list, patch, &maps, r);

	if (rc == 0 && maps && !strategy->key)
		rc = refuse(r, 500, "", "cannot merge lists without merge key for %s", place->name);
	else if (rc == 0 && maps)
		rc = merge_maps(place, *list, patch, strategy->key, &replaced, r);
	else if (rc == 0)
		merge_values(*list, patch);
	if (rc == 0 && !replaced)
		*list = strategic_order(*list, patch, original, strategy->key);
	cJSON_Delete(original);
	return rc;
}

static void
delete_values(cJSON *list, const cJSON *values)
{
	const cJSON *value;
	cJSON *found;

	cJSON_ArrayForEach(value, values)
		while ((found = strategic_find(list, value, NULL)))
			cJSON_Delete(cJSON_DetachItemViaPointer(list, found));
}

/* Only what the directive names stays, and the patch may set nothing else. */
static int
retain_keys(cJSON *object, cJSON *patch, struct refusal *r)
{
	cJSON *keys = cJSON_DetachItemFromObjectCaseSensitive(patch, RETAIN_KEYS), *item, *key;
	bool good = !keys || cJSON_IsArray(keys);

	for (item = keys && good ? patch->child : NULL; item; item = item->next) {
		cJSON *name = cJSON_CreateString(item->string);

		good = good && (cJSON_IsNull(item) || is_directive(item->string) ||
				strategic_find(keys, name, NULL));
		cJSON_Delete(name);
	}
	for (item = keys && good ? object->child : NULL; item; item = key) {
		cJSON *name = cJSON_CreateString(item->string);

		key = item->next;
		if (!strategic_find(keys, name, NULL))
			cJSON_Delete(cJSON_DetachItemViaPointer(object, item));
		cJSON_Delete(name);
	}
	cJSON_Delete(keys);
	return good ? 0 : refuse_bad_request(r, "invalid patch format of retainKeys");
}

/* One list whose order the patch sets, and the patch's own part of that list with it. */
static int
set_order(const struct place *place, cJSON *object, cJSON *patch, const char *name,
	  const cJSON *order, struct refusal *r)
{
	struct place at = place_member(place, name);
	struct strategy strategy = strategy_of(&at);
	cJSON *part = cJSON_DetachItemFromObjectCaseSensitive(patch, name);
	cJSON *list = cJSON_DetachItemFromObjectCaseSensitive(object, name), *original = NULL;
	int rc = 0;

	if (!cJSON_IsArray(order))
		rc = refuse(r, 500, "", "expected a []interface {}, but received a string");
	if (rc == 0 && part)
		rc = strategic_check_order(part, order, strategy.key, r);
	if (rc == 0 && list && part) {
		original = cJSON_Duplicate(list, true);
		rc = merge_list(&at, &list, part, &strategy, r);
	} else if (rc == 0 && part) {
		list = part;
		part = NULL;
		drop_directives(list);
	}
	if (rc == 0 && list) {
		if (!original)
			original = cJSON_Duplicate(list, true);
		list = strategic_order(list, order, original, strategy.key);
	}
	if (list)
		json_add(object, name, list);
	cJSON_Delete(original);
	cJSON_Delete(part);
	free(strategy.key);
	return rc;
}

static int
set_orders(const struct place *place, cJSON *object, cJSON *patch, struct refusal *r)
{
	for (cJSON *item = patch->child, *next; item; item = next) {
		int rc;

		next = item->next;
		if (!str_starts_with(item->string, SET_ORDER))
			continue;
		cJSON_DetachItemViaPointer(patch, item);
		rc = set_order(place, object, patch, item->string + strlen(SET_ORDER), item, r);
		cJSON_Delete(item);
		if (rc < 0)
			return -1;
		/* It may have taken the list from behind the directive. */
		next = patch->child;
	}
	return 0;
}

static int
merge_member(const struct place *place, cJSON *object, cJSON *value, const char *name,
	     struct refusal *r)
{
	struct place at = place_member(place, name);
	cJSON *there = cJSON_GetObjectItemCaseSensitive(object, name);

	if (cJSON_IsNull(value)) {
		cJSON_DeleteItemFromObjectCaseSensitive(object, name);
		return 0;
	}
	if (cJSON_IsObject(there) && cJSON_IsObject(value))
		return merge_map(&at, there, value, r);
	if (cJSON_IsArray(there) && cJSON_IsArray(value)) {
		struct strategy strategy = strategy_of(&at);
		cJSON *list = cJSON_DetachItemViaPointer(object, there);
		int rc = merge_list(&at, &list, value, &strategy, r);

		json_add(object, name, list);
		free(strategy.key);
		return rc;
	}

	cJSON *copy = cJSON_Duplicate(value, true);

	drop_directives(copy);
	json_replace(object, name, copy);
	return 0;
}

static int
merge_by_directive(cJSON *object, const cJSON *patch, struct refusal *r)
{
	const char *word = json_string(patch, "$patch", "");
	const cJSON *member;

	if (!str_equal(word, "replace") && !str_equal(word, "delete"))
		return refuse_directive(r, patch);
	while (object->child)
		cJSON_Delete(cJSON_DetachItemViaPointer(object, object->child));
	if (str_equal(word, "replace"))
		cJSON_ArrayForEach(member, patch)
			if (!str_equal(member->string, "$patch"))
				json_add(object, member->string, cJSON_Duplicate(member, true));
	return 0;
}

/* Changes `object`; uses up `patch`. */
static int
merge_map(const struct place *place, cJSON *object, cJSON *patch, struct refusal *r)
{
	cJSON *member;

	if (json_at(patch, "$patch"))
		return merge_by_directive(object, patch, r);
	if (retain_keys(object, patch, r) < 0 || set_orders(place, object, patch, r) < 0)
		return -1;
	cJSON_ArrayForEach(member, patch) {
		if (str_starts_with(member->string, DELETE_FROM))
			delete_values(cJSON_GetObjectItemCaseSensitive(
					      object, member->string + strlen(DELETE_FROM)),
				      member);
		else if (merge_member(place, object, member, member->string, r) < 0)
			return -1;
	}
	return 0;
}

int
patch_strategic(const cJSON *object, const cJSON *patch, const struct list_rule *rules, cJSON **ret,
		struct refusal *r)
{
	if (!cJSON_IsObject(patch))
		return refuse_bad_request(r,
					  "json: cannot unmarshal %s into Go value of type "
					  "map[string]interface {}",
					  go_type(patch));

	struct place root = place_root(rules);
	cJSON *result = cJSON_Duplicate(object, true), *work = cJSON_Duplicate(patch, true);
	int rc = merge_map(&root, result, work, r);

	cJSON_Delete(work);
	if (rc == 0)
		*ret = result;
	else
		cJSON_Delete(result);
	return rc;
}
