#include "config.h"

#include "world/patch/patch_typed.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/go_text.h"

static bool
is_empty(const cJSON *value)
{
	return !value || cJSON_IsNull(value) ||
	       ((cJSON_IsObject(value) || cJSON_IsArray(value)) && !value->child);
}

static void
append_path(const struct place *place, struct str *out)
{
	if (!place->up)
		return;
	append_path(place->up, out);

	char *key = place->element ? xstrdup(place->element) : xasprintf("f:%s", place->name);
	char *text = fields_key_text(key);

	str_append(out, text);
	free(key);
	free(text);
}

static int
refuse_typed(const struct place *place, const char *why, struct refusal *r)
{
	struct str path = STR_INIT;

	append_path(place, &path);
	refuse(r, 500, "", "failed to create typed patch object: %s: %s", str_cstr(&path), why);
	str_release(&path);
	return -1;
}

static int check_below(const struct place *place, const cJSON *value, struct refusal *r);

static int
check_list(const struct place *place, const cJSON *value, struct refusal *r)
{
	struct elements elements;
	char *why = NULL;
	int rc = 0;

	if (!cJSON_IsArray(value)) {
		struct str text = STR_INIT;

		go_text(value, &text);
		why = xasprintf("expected list, got &{%s}", str_cstr(&text));
		str_release(&text);
	}
	if (why || !elements_read(place, value, &elements, &why)) {
		refuse_typed(place, why, r);
		free(why);
		return -1;
	}
	for (size_t i = 0; rc == 0 && i < elements.count; i++) {
		struct place element = place_element(place, elements.keys[i]);

		rc = check_below(&element, elements.values[i], r);
	}
	elements_release(&elements);
	return rc;
}

static int
check_below(const struct place *place, const cJSON *value, struct refusal *r)
{
	const struct list_rule *rule = place_rule(place);
	const cJSON *member;

	if (cJSON_IsNull(value) || (rule && !rule->keys))
		return 0;
	if (rule)
		return check_list(place, value, r);
	if (!cJSON_IsObject(value))
		return 0;
	cJSON_ArrayForEach(member, value) {
		struct place below = place_member(place, member->string);

		if (check_below(&below, member, r) < 0)
			return -1;
	}
	return 0;
}

int
typed_check(const struct list_rule *rules, const cJSON *applied, struct refusal *r)
{
	struct place root = place_root(rules);

	return check_below(&root, applied, r);
}

static void
take_fields(const struct place *place, const cJSON *value, struct fields *f)
{
	enum shape shape = place_shape(place, value);
	struct elements elements;
	const cJSON *member;

	if (shape == SHAPE_MAP) {
		cJSON_ArrayForEach(member, value) {
			struct place below = place_member(place, member->string);

			take_fields(&below, member, f);
			if (below.deduced || cJSON_IsNull(member) ||
			    (cJSON_IsObject(member) && !member->child))
				fields_insert(f, &below);
		}
	} else if (shape == SHAPE_LIST && elements_read(place, value, &elements, NULL)) {
		for (size_t i = 0; i < elements.count; i++) {
			struct place below = place_element(place, elements.keys[i]);

			take_fields(&below, elements.values[i], f);
			fields_insert(f, &below);
		}
		elements_release(&elements);
	} else {
		fields_insert(f, place);
	}
}

struct fields *
typed_fields(const struct list_rule *rules, const cJSON *object)
{
	struct place root = place_root(rules);
	struct fields *f = fields_new();

	take_fields(&root, object, f);
	return f;
}

void
comparison_release(struct comparison *c)
{
	fields_free(c->added);
	fields_free(c->modified);
	fields_free(c->removed);
	*c = (struct comparison){ 0 };
}

bool
comparison_same(const struct comparison *c)
{
	return fields_empty(c->added) && fields_empty(c->modified) && fields_empty(c->removed);
}

static void compare(const struct place *place, const cJSON *a, const cJSON *b,
		    struct comparison *c);

static void
compare_whole(const struct place *place, const cJSON *a, const cJSON *b, struct comparison *c)
{
	if (!a)
		fields_insert(c->added, place);
	else if (!b)
		fields_insert(c->removed, place);
	else if (!cJSON_Compare(a, b, true))
		fields_insert(c->modified, place);
}

static void
compare_members(const struct place *place, const cJSON *a, const cJSON *b, struct comparison *c)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, a) {
		struct place below = place_member(place, member->string);

		compare(&below, member, cJSON_GetObjectItemCaseSensitive(b, member->string), c);
	}
	cJSON_ArrayForEach(member, b) {
		struct place below = place_member(place, member->string);

		if (!cJSON_GetObjectItemCaseSensitive(a, member->string))
			compare(&below, NULL, member, c);
	}
}

/* False where one of the lists is none by the rules. */
static bool
compare_elements(const struct place *place, const cJSON *a, const cJSON *b, struct comparison *c)
{
	struct elements of_a = { 0 }, of_b = { 0 };
	bool good = elements_read(place, a, &of_a, NULL) && elements_read(place, b, &of_b, NULL);

	for (size_t i = 0; good && i < of_a.count; i++) {
		struct place below = place_element(place, of_a.keys[i]);
		long other = elements_find(&of_b, of_a.keys[i]);

		compare(&below, of_a.values[i], other < 0 ? NULL : of_b.values[other], c);
	}
	for (size_t i = 0; good && i < of_b.count; i++) {
		struct place below = place_element(place, of_b.keys[i]);

		if (elements_find(&of_a, of_b.keys[i]) < 0)
			compare(&below, NULL, of_b.values[i], c);
	}
	elements_release(&of_a);
	elements_release(&of_b);
	return good;
}

static bool
is_node(const cJSON *value, enum shape shape)
{
	return is_empty(value) || shape != SHAPE_WHOLE;
}

static void
compare(const struct place *place, const cJSON *a, const cJSON *b, struct comparison *c)
{
	enum shape of_a = place_shape(place, a), of_b = place_shape(place, b);
	bool whole = (is_empty(a) && is_empty(b)) || !is_node(a, of_a) || !is_node(b, of_b) ||
		     (cJSON_IsObject(a) && cJSON_IsArray(b)) ||
		     (cJSON_IsArray(a) && cJSON_IsObject(b));

	if (!whole && (of_a == SHAPE_LIST || of_b == SHAPE_LIST))
		whole = !compare_elements(place, a, b, c);
	else if (of_a == SHAPE_MAP || of_b == SHAPE_MAP)
		compare_members(place, of_a == SHAPE_MAP ? a : NULL, of_b == SHAPE_MAP ? b : NULL,
				c);
	if (whole)
		compare_whole(place, a, b, c);
	else if (!a)
		fields_insert(c->added, place);
	else if (!b)
		fields_insert(c->removed, place);
}

void
typed_compare(const struct list_rule *rules, const cJSON *before, const cJSON *after,
	      struct comparison *ret_comparison)
{
	struct place root = place_root(rules);

	*ret_comparison = (struct comparison){ fields_new(), fields_new(), fields_new() };
	compare(&root, before, after, ret_comparison);
}

/* Returns whether anything is left of the value. */
static bool
remove_below(const struct place *place, cJSON *value, const struct fields *out)
{
	enum shape shape = place_shape(place, value);
	struct elements elements = { 0 };
	size_t index = 0;

	if (shape == SHAPE_WHOLE)
		return !cJSON_IsObject(value) && !cJSON_IsArray(value);
	if (shape == SHAPE_LIST && !elements_read(place, value, &elements, NULL))
		return true;
	for (cJSON *item = value->child, *next; item; item = next, index++) {
		char *key = shape == SHAPE_LIST ? xstrdup(elements.keys[index])
						: xasprintf("f:%s", item->string);
		const struct fields *below = fields_child(out, key);
		struct place at = shape == SHAPE_LIST ? place_element(place, key)
						      : place_member(place, item->string);

		next = item->next;
		if (below &&
		    (below->member || (!fields_empty(below) && !remove_below(&at, item, below))))
			cJSON_Delete(cJSON_DetachItemViaPointer(value, item));
		free(key);
	}
	elements_release(&elements);
	return value->child != NULL;
}

void
typed_remove(const struct list_rule *rules, cJSON *object, const struct fields *out)
{
	struct place root = place_root(rules);

	remove_below(&root, object, out);
}

static void
name_below(const struct place *place, struct fields *f)
{
	for (size_t i = 0; i < f->count; i++) {
		struct fields *child = f->children[i];
		bool named = str_starts_with(child->key, "f:");
		struct place below = named ? place_member(place, child->key + 2)
					   : place_element(place, child->key);

		if (named && !below.deduced && !fields_empty(child))
			child->member = true;
		name_below(&below, child);
	}
}

void
typed_name_parents(const struct list_rule *rules, struct fields *f)
{
	struct place root = place_root(rules);

	name_below(&root, f);
}
