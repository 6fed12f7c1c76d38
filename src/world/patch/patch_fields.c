#include "config.h"

#include "world/patch/patch_fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/patch/patch_place.h"

struct fields *
fields_new(void)
{
	return xcalloc(1, sizeof(struct fields));
}

void
fields_free(struct fields *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		fields_free(f->children[i]);
	free(f->children);
	free(f->key);
	free(f);
}

struct fields *
fields_copy(const struct fields *f)
{
	struct fields *copy = fields_new();

	fields_add(copy, f);
	return copy;
}

/* Where a key is, or would be. */
static size_t
search(const struct fields *f, const char *key, bool *found)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(f->children[middle]->key, key);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = false;
	return low;
}

struct fields *
fields_child(const struct fields *f, const char *key)
{
	bool found;
	size_t at = search(f, key, &found);

	return found ? f->children[at] : NULL;
}

/* The node below, which is made where it is not there. */
static struct fields *
descend(struct fields *f, const char *key)
{
	bool found;
	size_t at = search(f, key, &found);

	if (found)
		return f->children[at];

	struct fields *child = fields_new();

	child->key = xstrdup(key);
	*VEC_PUSH(f->children, f->count, f->cap) = NULL;
	memmove(&f->children[at + 1], &f->children[at], (f->count - 1 - at) * sizeof(child));
	f->children[at] = child;
	return child;
}

static struct fields *
node_of(struct fields *root, const struct place *place)
{
	if (!place->up)
		return root;

	struct fields *above = node_of(root, place->up);

	if (place->element)
		return descend(above, place->element);

	char *key = xasprintf("f:%s", place->name);
	struct fields *node = descend(above, key);

	free(key);
	return node;
}

void
fields_insert(struct fields *root, const struct place *place)
{
	if (place->up)
		node_of(root, place)->member = true;
}

bool
fields_empty(const struct fields *f)
{
	if (!f)
		return true;
	if (f->member)
		return false;
	for (size_t i = 0; i < f->count; i++)
		if (!fields_empty(f->children[i]))
			return false;
	return true;
}

/* Whether all of a is in b. */
static bool
is_within(const struct fields *a, const struct fields *b)
{
	if (a->member && !b->member)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct fields *other = fields_child(b, a->children[i]->key);

		if (other ? !is_within(a->children[i], other) : !fields_empty(a->children[i]))
			return false;
	}
	return true;
}

bool
fields_equal(const struct fields *a, const struct fields *b)
{
	return is_within(a, b) && is_within(b, a);
}

void
fields_add(struct fields *f, const struct fields *more)
{
	f->member = f->member || more->member;
	for (size_t i = 0; i < more->count; i++)
		fields_add(descend(f, more->children[i]->key), more->children[i]);
}

void
fields_subtract(struct fields *f, const struct fields *less)
{
	f->member = f->member && !less->member;
	for (size_t i = 0; i < f->count; i++) {
		const struct fields *other = fields_child(less, f->children[i]->key);

		if (other)
			fields_subtract(f->children[i], other);
	}
}

void
fields_intersect(struct fields *f, const struct fields *with)
{
	size_t kept = 0;

	f->member = f->member && with->member;
	for (size_t i = 0; i < f->count; i++) {
		struct fields *child = f->children[i];
		const struct fields *other = fields_child(with, child->key);

		if (other) {
			fields_intersect(child, other);
			f->children[kept++] = child;
		} else {
			fields_free(child);
		}
	}
	f->count = kept;
}

struct fields *
fields_parse(const cJSON *fields_v1)
{
	if (!cJSON_IsObject(fields_v1))
		return NULL;

	struct fields *f = fields_new();
	const cJSON *item;

	/* A key with nothing below it is a member; one with something is that only by its ".". */
	cJSON_ArrayForEach(item, fields_v1) {
		if (strcmp(item->string, ".") == 0) {
			f->member = true;
			continue;
		}

		struct fields *below = fields_parse(item);

		if (below) {
			below->member = below->member || !item->child;
			fields_add(descend(f, item->string), below);
		}
		fields_free(below);
	}
	return f;
}

/* Of two values in keys: numbers by size, others as texts. */
static int
compare_values(const cJSON *a, const cJSON *b)
{
	if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
		return (a->valuedouble > b->valuedouble) - (a->valuedouble < b->valuedouble);

	char *one = json_text(a), *other = json_text(b);
	int order = strcmp(one, other);

	free(one);
	free(other);
	return order;
}

static int
compare_structured(const char *a, const char *b)
{
	cJSON *one = cJSON_Parse(a), *other = cJSON_Parse(b);
	int order = 0;

	if (cJSON_IsObject(one) && cJSON_IsObject(other)) {
		const cJSON *x = one->child, *y = other->child;

		for (; order == 0 && x && y; x = x->next, y = y->next)
			order = compare_values(x, y);
	} else if (one && other) {
		order = compare_values(one, other);
	}
	cJSON_Delete(one);
	cJSON_Delete(other);
	return order ? order : strcmp(a, b);
}

/* Fields, then keys, then values, then indices; within them as their values are. */
static int
compare_nodes(const void *a, const void *b)
{
	static const char kinds[] = "fkvi";
	const char *one = (*(struct fields *const *)a)->key;
	const char *other = (*(struct fields *const *)b)->key;

	if (one[0] != other[0]) {
		const char *x = strchr(kinds, one[0]), *y = strchr(kinds, other[0]);

		return (x ? (int)(x - kinds) : 4) - (y ? (int)(y - kinds) : 4);
	}
	if (one[0] == 'f' || strlen(one) < 2 || strlen(other) < 2)
		return strcmp(one, other);
	return compare_structured(one + 2, other + 2);
}

/* The children in the server's order. The caller frees the array. */
static struct fields **
in_order(const struct fields *f)
{
	struct fields **sorted = xcalloc(f->count + 1, sizeof(struct fields *));

	if (f->count)
		memcpy(sorted, f->children, f->count * sizeof(struct fields *));
	qsort(sorted, f->count, sizeof(struct fields *), compare_nodes);
	return sorted;
}

static bool
has_below(const struct fields *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (!fields_empty(f->children[i]))
			return true;
	return false;
}

cJSON *
fields_print(const struct fields *f)
{
	cJSON *out = cJSON_CreateObject();
	struct fields **sorted = in_order(f);

	if (f->member && has_below(f))
		json_add(out, ".", cJSON_CreateObject());
	for (size_t i = 0; i < f->count; i++)
		if (!fields_empty(sorted[i]))
			json_add(out, sorted[i]->key, fields_print(sorted[i]));
	free(sorted);
	return out;
}

char *
fields_key_text(const char *key)
{
	if (str_starts_with(key, "f:"))
		return xasprintf(".%s", key + 2);
	if (str_starts_with(key, "v:"))
		return xasprintf("[=%s]", key + 2);
	if (!str_starts_with(key, "k:"))
		return xasprintf("[%s]", str_starts_with(key, "i:") ? key + 2 : key);

	cJSON *names = cJSON_Parse(key + 2);
	struct str out = STR_INIT;
	const cJSON *name;

	str_append_char(&out, '[');
	cJSON_ArrayForEach(name, names) {
		char *value = json_print(name);

		str_printf(&out, "%s%s=%s", name == names->child ? "" : ",", name->string, value);
		free(value);
	}
	str_append_char(&out, ']');
	cJSON_Delete(names);
	return str_take(&out);
}

/* `path` is the text so far; it is as before when the call returns. */
static void
each_below(const struct fields *f, struct str *path, void (*each)(void *data, const char *path),
	   void *data)
{
	struct fields **sorted = in_order(f);
	size_t len = path->len;

	for (int below = 0; below < 2; below++)
		for (size_t i = 0; i < f->count; i++) {
			char *text = fields_key_text(sorted[i]->key);

			str_append(path, text);
			if (below)
				each_below(sorted[i], path, each, data);
			else if (sorted[i]->member)
				each(data, str_cstr(path));
			path->len = len;
			path->data[len] = '\0';
			free(text);
		}
	free(sorted);
}

void
fields_each(const struct fields *f, void (*each)(void *data, const char *path), void *data)
{
	struct str path = STR_INIT;

	each_below(f, &path, each, data);
	str_release(&path);
}
