#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kube/apply.h"
#include "kube/secret_value.h"

enum { SHOWN_BYTES = 160 }; /* of one value; the rest is counted */

/* One leaf of an object: where it is, what it is, and how it may be shown. */
struct leaf {
	char *path;
	const cJSON *value; /* borrowed */
	bool is_base64;	    /* of a Secret's data */
	bool is_secret;
};

struct leaves {
	struct leaf *items;
	size_t count, cap;
	bool is_secret; /* the object is a Secret */
};

static const char last_applied[] =
	"metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]";

/* The server's own bookkeeping, and kubectl's copy of the whole object (a Secret's values too). */
static bool
is_left_out(const char *path)
{
	static const char *const paths[] = {
		"status",
		"metadata.managedFields",
		"metadata.resourceVersion",
		"metadata.uid",
		"metadata.creationTimestamp",
		"metadata.generation",
		"metadata.selfLink",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(path, paths[i]) == 0)
			return true;
	return strcmp(path, last_applied) == 0;
}

static bool
is_plain_key(const char *key)
{
	if (!*key)
		return false;
	for (; *key; key++)
		if (!isalnum((unsigned char)*key) && *key != '-' && *key != '_')
			return false;
	return true;
}

static char *
member_path(const char *path, const char *key)
{
	if (!is_plain_key(key))
		return xasprintf("%s[\"%s\"]", path, key);
	return xasprintf("%s%s%s", path, *path ? "." : "", key);
}

/* Whether each item has a name of its own, by which it is known wherever it stands. */
static bool
has_names(const cJSON *array)
{
	const cJSON *item, *other;

	cJSON_ArrayForEach(item, array) {
		const char *name = json_string(item, "name", NULL);

		if (!name)
			return false;
		for (other = array->child; other != item; other = other->next)
			if (str_equal(name, json_string(other, "name", NULL)))
				return false;
	}
	return true;
}

static char *
item_path(const char *path, const cJSON *item, int index, bool named)
{
	return named ? xasprintf("%s[name=%s]", path, json_string(item, "name", ""))
		     : xasprintf("%s[%d]", path, index);
}

static void
add_leaf(struct leaves *leaves, const char *path, const cJSON *value)
{
	struct leaf *leaf = VEC_PUSH(leaves->items, leaves->count, leaves->cap);

	leaf->path = xstrdup(path);
	leaf->value = value;
	leaf->is_base64 = leaves->is_secret && str_starts_with(path, "data");
	leaf->is_secret =
		leaf->is_base64 || (leaves->is_secret && str_starts_with(path, "stringData"));
}

/* cJSON bounds the depth of what it parses, and with it this recursion. */
static void
flatten(struct leaves *leaves, const char *path, const cJSON *value)
{
	const cJSON *item;
	bool is_array = cJSON_IsArray(value), named = is_array && has_names(value);
	int index = 0;

	if (is_left_out(path))
		return;
	if (!value->child || !(is_array || cJSON_IsObject(value))) {
		add_leaf(leaves, path, value);
		return;
	}
	cJSON_ArrayForEach(item, value) {
		char *below = is_array ? item_path(path, item, index++, named)
				       : member_path(path, item->string);

		flatten(leaves, below, item);
		free(below);
	}
}

static int
compare_leaves(const void *a, const void *b)
{
	/* Digits count as numbers: [2] comes before [10]. */
	return strverscmp(((const struct leaf *)a)->path, ((const struct leaf *)b)->path);
}

static void
leaves_init(struct leaves *leaves, const cJSON *object)
{
	leaves->is_secret = strcmp(json_string(object, "kind", ""), "Secret") == 0;
	if (!object || !object->child)
		return;
	flatten(leaves, "", object);
	if (leaves->count > 0)
		qsort(leaves->items, leaves->count, sizeof(*leaves->items), compare_leaves);
}

static void
leaves_release(struct leaves *leaves)
{
	for (size_t i = 0; i < leaves->count; i++)
		free(leaves->items[i].path);
	free(leaves->items);
}

static bool
is_printable(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return false;
	return true;
}

/* "path: value", as it may be seen by anyone; the caller frees. */
static char *
describe(const struct leaf *leaf)
{
	bool is_plain = cJSON_IsString(leaf->value) && is_printable(leaf->value->valuestring);
	char *text, *line;

	if (leaf->is_secret) {
		struct str told = STR_INIT;

		str_printf(&told, "%s: ", leaf->path);
		secret_value_describe(leaf->value, leaf->is_base64, &told);
		return str_take(&told);
	}
	text = is_plain && *leaf->value->valuestring ? json_text(leaf->value)
						     : json_print(leaf->value);
	size_t len = strlen(text), shown = text_whole(text, len, SHOWN_BYTES);
	line = len == shown ? xasprintf("%s: %s", leaf->path, text)
			    : xasprintf("%s: %.*s… (%zu bytes)", leaf->path, (int)shown, text, len);
	free(text);
	return line;
}

static void
tell(const struct leaf *leaf, char mark, kube_diff_fn *line, void *data)
{
	char *text = describe(leaf);

	line(data, mark, text);
	free(text);
}

static void
tell_change(const struct leaf *before, const struct leaf *after, kube_diff_fn *line, void *data)
{
	char *old = describe(before), *new = describe(after);

	line(data, '-', old);
	if (strcmp(old, new) == 0) { /* they differ in what is not shown */
		char *changed = xasprintf("%s (changed)", new);

		line(data, '+', changed);
		free(changed);
	} else {
		line(data, '+', new);
	}
	free(old);
	free(new);
}

static void
compare(const struct leaves *before, const struct leaves *after, kube_diff_fn *line, void *data)
{
	size_t i = 0, j = 0;

	while (i < before->count || j < after->count) {
		const struct leaf *old = i < before->count ? &before->items[i] : NULL;
		const struct leaf *new = j < after->count ? &after->items[j] : NULL;
		int order = !old ? 1 : !new ? -1 : strverscmp(old->path, new->path);

		if (order < 0)
			tell(old, '-', line, data);
		else if (order > 0)
			tell(new, '+', line, data);
		else if (!cJSON_Compare(old->value, new->value, true))
			tell_change(old, new, line, data);
		i += order <= 0;
		j += order >= 0;
	}
}

void
kube_diff(const cJSON *before, const cJSON *after, kube_diff_fn *line, void *data)
{
	struct leaves old = { 0 }, new = { 0 };

	leaves_init(&old, before);
	leaves_init(&new, after);
	compare(&old, &new, line, data);
	leaves_release(&old);
	leaves_release(&new);
}
