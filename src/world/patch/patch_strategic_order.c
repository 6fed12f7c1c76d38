#include "config.h"

#include "world/patch/patch_strategic.h"

#include "base/json.h"
#include "base/str.h"
#include "world/object/go_text.h"

static bool
is_same(const cJSON *a, const cJSON *b, const char *merge_key)
{
	if (!merge_key)
		return cJSON_Compare(a, b, true);

	const cJSON *one = cJSON_GetObjectItemCaseSensitive(a, merge_key);
	const cJSON *other = cJSON_GetObjectItemCaseSensitive(b, merge_key);

	return one && other && cJSON_Compare(one, other, true);
}

cJSON *
strategic_find(const cJSON *list, const cJSON *element, const char *merge_key)
{
	cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (is_same(item, element, merge_key))
			return item;
	return NULL;
}

static int
index_of(const cJSON *list, const cJSON *element, const char *merge_key)
{
	const cJSON *item;
	int i = 0;

	cJSON_ArrayForEach(item, list) {
		if (is_same(item, element, merge_key))
			return i;
		i++;
	}
	return -1;
}

/* Moves what `order` names, in its order, from `list` to a new one. */
static cJSON *
take_ordered(cJSON *list, const cJSON *order, const char *merge_key)
{
	cJSON *out = cJSON_CreateArray(), *item, *found;

	cJSON_ArrayForEach(item, order)
		while ((found = strategic_find(list, item, merge_key)))
			cJSON_AddItemToArray(out, cJSON_DetachItemViaPointer(list, found));
	return out;
}

/* Whether the first element of one list comes before that of the other in `original`. */
static bool
comes_first(const cJSON *a, const cJSON *b, const cJSON *original, const char *merge_key)
{
	int one = index_of(original, a->child, merge_key);
	int other = index_of(original, b->child, merge_key);

	return one >= 0 && other >= 0 && one < other;
}

cJSON *
strategic_order(cJSON *list, const cJSON *wanted, const cJSON *original, const char *merge_key)
{
	cJSON *first = take_ordered(list, wanted, merge_key);
	cJSON *others = take_ordered(list, original, merge_key);

	/* What is in neither keeps its place at the end. */
	while (list->child)
		cJSON_AddItemToArray(others, cJSON_DetachItemViaPointer(list, list->child));
	while (first->child || others->child) {
		cJSON *from = first;

		if (!first->child ||
		    (others->child && comes_first(others, first, original, merge_key)))
			from = others;
		cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(from, from->child));
	}
	cJSON_Delete(first);
	cJSON_Delete(others);
	return list;
}

int
strategic_check_order(const cJSON *patch, const cJSON *order, const char *merge_key,
		      struct refusal *r)
{
	const cJSON *item, *at = order->child;

	cJSON_ArrayForEach(item, patch) {
		if (json_at(item, "$patch"))
			continue;
		while (at && !is_same(at, item, merge_key))
			at = at->next;
		if (at) {
			at = at->next;
			continue;
		}

		struct str got = STR_INIT, wanted = STR_INIT;

		go_text(patch, &got);
		go_text(order, &wanted);
		refuse(r, 500, "",
		       "The order in patch list:\n%s\n doesn't match $setElementOrder list:\n%s\n",
		       str_cstr(&got), str_cstr(&wanted));
		str_release(&got);
		str_release(&wanted);
		return -1;
	}
	return 0;
}
