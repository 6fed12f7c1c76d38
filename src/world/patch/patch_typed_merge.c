#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/patch/patch_typed.h"

static cJSON *merge(const struct place *place, const cJSON *under, const cJSON *over);

static cJSON *
merge_members(const struct place *place, const cJSON *under, const cJSON *over)
{
	cJSON *out = cJSON_CreateObject();
	const cJSON *member;

	cJSON_ArrayForEach(member, under) {
		struct place below = place_member(place, member->string);
		const cJSON *other = cJSON_GetObjectItemCaseSensitive(over, member->string);

		json_add(out, member->string, merge(&below, member, other));
	}
	cJSON_ArrayForEach(member, over)
		if (!cJSON_GetObjectItemCaseSensitive(under, member->string))
			json_add(out, member->string, cJSON_Duplicate(member, true));
	return out;
}

/* Two lists on their way into one. */
struct weave {
	const struct place *place;
	const struct elements *under, *over;
	cJSON *out;
};

/* Element i of `over`, with what `under` has of it. */
static void
take_over(struct weave *w, size_t i)
{
	struct place at = place_element(w->place, w->over->keys[i]);
	long other = elements_find(w->under, w->over->keys[i]);

	cJSON_AddItemToArray(
		w->out, merge(&at, other < 0 ? NULL : w->under->values[other], w->over->values[i]));
}

/* The next element of `over` from i on that `under` has too, or the end. */
static size_t
next_shared(const struct weave *w, size_t i)
{
	while (i < w->over->count && elements_find(w->under, w->over->keys[i]) < 0)
		i++;
	return i;
}

/*
 * The order of `over` holds for its elements; one that only `under` has comes as soon as the list of `under` gets there,
 * which waits at each shared one for its turn in `over`, or passes by where that turn is not the next.
 */
static void
weave(struct weave *w)
{
	size_t u = 0, o = 0, shared = next_shared(w, 0);

	while (u < w->under->count || o < w->over->count) {
		long in_over = u < w->under->count ? elements_find(w->over, w->under->keys[u]) : -1;

		if (u < w->under->count && in_over < 0) {
			cJSON_AddItemToArray(w->out, cJSON_Duplicate(w->under->values[u++], true));
		} else if (u < w->under->count && (size_t)in_over != shared) {
			u++;
		} else {
			if (u < w->under->count && (size_t)in_over == o)
				u++;
			if (o == shared)
				shared = next_shared(w, shared + 1);
			take_over(w, o++);
		}
	}
}

static cJSON *
merge_elements(const struct place *place, const cJSON *under, const cJSON *over)
{
	struct elements of_under = { 0 }, of_over = { 0 };
	cJSON *out = NULL;

	if (elements_read(place, under, &of_under, NULL) &&
	    elements_read(place, over, &of_over, NULL)) {
		struct weave w = { place, &of_under, &of_over, cJSON_CreateArray() };

		weave(&w);
		out = w.out;
	}
	elements_release(&of_under);
	elements_release(&of_over);
	return out;
}

static cJSON *
merge(const struct place *place, const cJSON *under, const cJSON *over)
{
	enum shape shape = place_shape(place, under);
	cJSON *out = NULL;

	if (!over)
		return cJSON_Duplicate(under, true);
	if (shape != SHAPE_WHOLE && under->child && cJSON_IsNull(over))
		return cJSON_Duplicate(under, true);
	if (shape == place_shape(place, over)) {
		if (shape == SHAPE_MAP)
			out = merge_members(place, under, over);
		else if (shape == SHAPE_LIST)
			out = merge_elements(place, under, over);
	}
	return out ? out : cJSON_Duplicate(over, true);
}

cJSON *
typed_merge(const struct list_rule *rules, const cJSON *under, const cJSON *over)
{
	struct place root = place_root(rules);

	return under ? merge(&root, under, over) : cJSON_Duplicate(over, true);
}
