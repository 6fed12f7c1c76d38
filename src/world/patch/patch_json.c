#include "config.h"

#include "world/patch/patch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/go_text.h"

enum {
	OPERATIONS_MAX = 10000,
	COPIED_MAX_BYTES = 3 * 1024 * 1024, /* by all copy operations of a patch */
	DEPTH_MAX =
		CJSON_NESTING_LIMIT, /* what is deeper cannot be read back, nor walked on a small stack */
};

/* A place that a JSON pointer names: its container, and the word in it; so many containers are around it. */
struct spot {
	cJSON *container;
	char *word;
	int depth;
};

/* How many containers there are within each other, counted to `most`. */
static int
depth_of(const cJSON *value, int most)
{
	const cJSON *item;
	int deepest = 0;

	if (most <= 0 || !(cJSON_IsObject(value) || cJSON_IsArray(value)))
		return 0;
	cJSON_ArrayForEach(item, value) {
		int depth = depth_of(item, most - 1);

		if (depth > deepest)
			deepest = depth;
	}
	return deepest + 1;
}

/* `~1` and `~0`. In place. */
static void
unescape(char *word)
{
	char *to = word;

	for (const char *from = word; *from; from++) {
		if (from[0] == '~' && (from[1] == '0' || from[1] == '1'))
			*to++ = *++from == '0' ? '~' : '/';
		else
			*to++ = *from;
	}
	*to = '\0';
}

/* An index as the server takes it: negative ones count from the end. */
static bool
read_index(const char *word, int *ret_index)
{
	char *end;

	errno = 0;

	long index = strtol(word, &end, 10);

	if (end == word || *end || errno || index > INT_MAX || index < INT_MIN)
		return false;
	*ret_index = (int)index;
	return true;
}

static cJSON *
item_of(cJSON *container, const char *word)
{
	int index, size = cJSON_GetArraySize(container);

	if (cJSON_IsObject(container))
		return cJSON_GetObjectItemCaseSensitive(container, word);
	if (!cJSON_IsArray(container) || !read_index(word, &index))
		return NULL;
	if (index < 0)
		index += size;
	return index >= 0 && index < size ? cJSON_GetArrayItem(container, index) : NULL;
}

/* False where the container is not there. The whole document has none. */
static bool
find_spot(cJSON *document, const char *path, struct spot *ret_spot)
{
	cJSON *container = document;
	char *word = NULL;
	int depth = 1;

	if (!path || *path != '/')
		return false;
	for (;;) {
		size_t len = strcspn(path + 1, "/");

		free(word);
		word = xstrndup(path + 1, len);
		unescape(word);
		path += 1 + len;
		if (!*path)
			break;
		container = item_of(container, word);
		depth++;
	}
	if (!cJSON_IsObject(container) && !cJSON_IsArray(container)) {
		free(word);
		return false;
	}
	*ret_spot = (struct spot){ container, word, depth };
	return true;
}

/* cJSON_InsertItemInArray() of 1.7.17, and of 1.7.15 as distributions mend it, refuses every place but the first. */
static void
insert(cJSON *array, int index, cJSON *value)
{
	int behind = cJSON_GetArraySize(array) - index;

	cJSON_AddItemToArray(array, value);
	for (; behind > 0; behind--)
		cJSON_AddItemToArray(array, cJSON_DetachItemFromArray(array, index));
}

/* Takes ownership of `value`. False: it cannot be there. */
static bool
add_at(const struct spot *spot, cJSON *value)
{
	int size = cJSON_GetArraySize(spot->container), index = size;

	if (spot->depth + depth_of(value, DEPTH_MAX) > DEPTH_MAX) {
		cJSON_Delete(value);
		return false;
	}
	if (cJSON_IsObject(spot->container)) {
		cJSON_DeleteItemFromObjectCaseSensitive(spot->container, spot->word);
		json_add(spot->container, spot->word, value);
		return true;
	}
	if (strcmp(spot->word, "-") != 0) {
		if (!read_index(spot->word, &index))
			index = -size - 2;
		if (index < 0)
			index += size + 1;
	}
	if (index < 0 || index > size) {
		cJSON_Delete(value);
		return false;
	}
	insert(spot->container, index, value);
	return true;
}

static cJSON *
detach_at(const struct spot *spot)
{
	cJSON *item = item_of(spot->container, spot->word);

	return item ? cJSON_DetachItemViaPointer(spot->container, item) : NULL;
}

/* One patch on its way. */
struct journey {
	cJSON *document;
	size_t copied_bytes;
};

/* The value of an operation; none is null. */
static cJSON *
value_of(const cJSON *operation)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(operation, "value");

	return value ? cJSON_Duplicate(value, true) : cJSON_CreateNull();
}

static bool
do_add(struct journey *j, const cJSON *operation, const struct spot *spot)
{
	(void)j;
	return add_at(spot, value_of(operation));
}

static bool
do_remove(struct journey *j, const cJSON *operation, const struct spot *spot)
{
	cJSON *item = detach_at(spot);

	(void)j;
	(void)operation;
	cJSON_Delete(item);
	return item != NULL;
}

/* A member need not be there, an element must. */
static bool
do_replace(struct journey *j, const cJSON *operation, const struct spot *spot)
{
	cJSON *item = item_of(spot->container, spot->word);

	(void)j;
	if (cJSON_IsObject(spot->container))
		return add_at(spot, value_of(operation));
	if (!item)
		return false;
	cJSON_Delete(cJSON_DetachItemViaPointer(spot->container, item));
	return add_at(spot, value_of(operation));
}

static bool
do_move(struct journey *j, const cJSON *operation, const struct spot *spot)
{
	struct spot from, to;
	cJSON *item;

	(void)spot;
	if (!find_spot(j->document, json_string(operation, "from", NULL), &from))
		return false;
	item = detach_at(&from);
	free(from.word);
	if (!item)
		return false;
	/* Where it goes is looked up without it. */
	if (!find_spot(j->document, json_string(operation, "path", NULL), &to)) {
		cJSON_Delete(item);
		return false;
	}

	bool good = add_at(&to, item);

	free(to.word);
	return good;
}

static bool
do_copy(struct journey *j, const cJSON *operation, const struct spot *spot)
{
	struct spot from;

	if (!find_spot(j->document, json_string(operation, "from", NULL), &from))
		return false;

	const cJSON *item = item_of(from.container, from.word);
	char *text = item ? json_print(item) : NULL;

	free(from.word);
	if (!item)
		return false;
	j->copied_bytes += strlen(text);
	free(text);
	return j->copied_bytes <= COPIED_MAX_BYTES && add_at(spot, cJSON_Duplicate(item, true));
}

/* What is not there equals null. */
static bool
do_test(struct journey *j, const cJSON *operation, const struct spot *spot)
{
	const cJSON *item = item_of(spot->container, spot->word);
	cJSON *wanted = value_of(operation);
	bool same = item ? cJSON_Compare(item, wanted, true) : cJSON_IsNull(wanted);

	(void)j;
	cJSON_Delete(wanted);
	return same;
}

static const struct {
	const char *name;
	bool (*run)(struct journey *, const cJSON *operation, const struct spot *);
} operations_table[] = {
	{ "add", do_add },	 { "copy", do_copy },	    { "move", do_move },
	{ "remove", do_remove }, { "replace", do_replace }, { "test", do_test },
};

static bool
run(struct journey *j, const cJSON *operation)
{
	const char *name = json_string(operation, "op", "");
	struct spot spot;
	bool good = false;

	if (!find_spot(j->document, json_string(operation, "path", NULL), &spot))
		return false;
	for (size_t i = 0; i < sizeof(operations_table) / sizeof(operations_table[0]); i++)
		if (str_equal(operations_table[i].name, name))
			good = operations_table[i].run(j, operation, &spot);
	free(spot.word);
	return good;
}

static int
check(const cJSON *operations, struct refusal *r)
{
	const cJSON *operation;
	int count = cJSON_GetArraySize(operations);

	if (!cJSON_IsArray(operations))
		return refuse_bad_request(
			r, "json: cannot unmarshal %s into Go value of type jsonpatch.Patch",
			go_type(operations));
	cJSON_ArrayForEach(operation, operations)
		if (!cJSON_IsObject(operation) && !cJSON_IsNull(operation))
			return refuse_bad_request(r,
						  "json: cannot unmarshal %s into Go value of type "
						  "jsonpatch.Operation",
						  go_type(operation));
	if (count > OPERATIONS_MAX)
		return refuse(r, 413, "RequestEntityTooLarge",
			      "The allowed maximum operations in a JSON patch is %d, got %d",
			      OPERATIONS_MAX, count);
	return 0;
}

int
patch_json(const cJSON *object, const cJSON *operations, cJSON **ret, struct refusal *r)
{
	const cJSON *operation;

	if (check(operations, r) < 0)
		return -1;

	struct journey j = { cJSON_Duplicate(object, true), 0 };

	cJSON_ArrayForEach(operation, operations)
		if (!run(&j, operation)) {
			/* The server does not say which it was. */
			refuse(r, 422, "Invalid",
			       "the server rejected our request due to an error in our request");
			r->details = cJSON_CreateObject();
			cJSON_Delete(j.document);
			return -1;
		}
	*ret = j.document;
	return 0;
}
