#include "config.h"

#include "base/yaml.h"

#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "base/yaml_private.h"

/*
 * From YAML to JSON as kubectl does it, with its errors. What go-yaml v2 does and YAML does not say: a
 * merge takes effect where it stands, and a number as a key is written as a float of 32 bits.
 * Source: sigs.k8s.io/yaml, convertToJSONableObject(); goyaml.v2/decode.go; kubectl was the judge.
 */
struct reading {
	struct mark *mark; /* of the error */
	struct err *e;
};

static cJSON *convert(struct reading *r, const struct yaml_node *node);

static void *
refuse(struct reading *r, const struct yaml_node *node, const char *why)
{
	*r->mark = node->mark;
	err_set(r->e, ERR_SPEC, "%s", why);
	return NULL;
}

/* Bytes that are no UTF-8 become U+FFFD each, as in Go's JSON. NULL: an error. */
static cJSON *
string_of(struct reading *r, const struct yaml_node *node, const char *bytes, size_t len)
{
	struct str text = STR_INIT;
	cJSON *value;

	if (memchr(bytes, '\0', len))
		return refuse(r, node, "a NUL character cannot be sent");
	for (size_t at = 0, used; at < len; at += used) {
		int32_t code;

		used = text_decode(bytes + at, len - at, &code);
		if (code < 0)
			str_append(&text, "\ufffd");
		else
			str_append_bytes(&text, bytes + at, used);
	}
	value = cJSON_CreateString(str_cstr(&text));
	str_release(&text);
	return value;
}

static cJSON *
binary_of(struct reading *r, const struct yaml_node *node)
{
	size_t len;
	char *bytes = yaml_decode_binary(node, &len);
	cJSON *value;

	if (!bytes)
		return refuse(r, node, "this !!binary is no base64");
	value = string_of(r, node, bytes, len);
	free(bytes);
	return value;
}

static bool
is_endless(const char *text)
{
	static const char *const words[] = {
		".inf",	 ".Inf",  ".INF",  "+.inf", "+.Inf", "+.INF",
		"-.inf", "-.Inf", "-.INF", ".nan",  ".NaN",  ".NAN",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static bool
fits_tag(const char *tag, const char *text, const cJSON *value)
{
	if (strcmp(tag, "!!null") == 0)
		return cJSON_IsNull(value);
	if (strcmp(tag, "!!bool") == 0)
		return cJSON_IsBool(value);
	if (strcmp(tag, "!!int") == 0)
		return yaml_is_integer(text);
	return cJSON_IsNumber(value) || cJSON_IsRaw(value);
}

/* A scalar with a tag of YAML's own, which decides; other tags mean nothing to Kubernetes. */
static cJSON *
tagged(struct reading *r, const struct yaml_node *node)
{
	static const char *const tags[] = { "!!int", "!!float", "!!bool", "!!null" };
	cJSON *value;
	char *why;

	if (strcmp(node->tag, "!!binary") == 0)
		return binary_of(r, node);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (strcmp(node->tag, tags[i]) != 0)
			continue;
		value = yaml_resolve(node->text);
		if (fits_tag(node->tag, node->text, value))
			return value;
		cJSON_Delete(value);
		why = xasprintf("\"%.80s\" is no %s", node->text, node->tag);
		refuse(r, node, why);
		free(why);
		return NULL;
	}
	return string_of(r, node, node->text, node->len);
}

static cJSON *
scalar(struct reading *r, const struct yaml_node *node)
{
	cJSON *value = NULL;

	if (node->tag)
		return tagged(r, node);
	if (node->plain && is_endless(node->text))
		return refuse(r, node,
			      "JSON has no infinity and no NaN. Put it in quotes to mean "
			      "the word");
	if (node->plain && strlen(node->text) == node->len)
		value = yaml_resolve(node->text);
	return value ? value : string_of(r, node, node->text, node->len);
}

/* Go's FormatFloat(value, 'g', -1, 32): the shortest digits that give the same float again. */
static char *
float_name(double value)
{
	float wanted = (float)value;
	char text[40], *end;
	int digits = 1;
	long exponent;

	do
		snprintf(text, sizeof(text), "%.*e", digits - 1, (double)wanted);
	while (strtof(text, NULL) != wanted && ++digits <= 9);
	exponent = strtol(strchr(text, 'e') + 1, &end, 10);
	if (exponent >= -4 && exponent < 6) {
		long behind = digits - 1 - exponent;

		snprintf(text, sizeof(text), "%.*f", behind > 0 ? (int)behind : 0, (double)wanted);
	}
	return xstrdup(text);
}

static bool
is_float(const struct yaml_node *node, const cJSON *value)
{
	return (cJSON_IsNumber(value) || cJSON_IsRaw(value)) && !yaml_is_integer(node->text);
}

/* The name of a member: what its key would be as a value, in words. NULL: an error. */
static char *
name_of(struct reading *r, const struct yaml_node *key)
{
	cJSON *value = key->plain && !key->tag && is_endless(key->text)
			       ? cJSON_CreateString(key->text)
			       : scalar(r, key);
	char *name = NULL;

	if (!value)
		return NULL;
	if (cJSON_IsNull(value))
		refuse(r, key, "null cannot be a key. Put it in quotes to mean the word");
	else if (cJSON_IsRaw(value) && value->valuestring[0] != '-' &&
		 strtoull(value->valuestring, NULL, 10) > INT64_MAX)
		refuse(r, key, "this number is too large for a key. Put it in quotes");
	else if (is_float(key, value) && isfinite((float)value->valuedouble))
		name = float_name(value->valuedouble);
	else if (is_float(key, value))
		name = xstrdup(value->valuedouble > 0 ? ".inf" : "-.inf");
	else
		name = json_text(value);
	cJSON_Delete(value);
	return name;
}

/* An object under way, and two trees over it, for a file with many keys. */
struct object {
	cJSON *json;
	void *members; /* its members by name */
	void *own;     /* names that the mapping itself gave, not a merge */
};

static int
compare_members(const void *left, const void *right)
{
	const cJSON *a = left, *b = right;

	return strcmp(a->string, b->string);
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(left, right);
}

static void
keep_member(void *ignored)
{
	(void)ignored;
}

/* Puts a member in the place of one that is there. Takes both over. */
static void
put(struct object *object, const char *name, cJSON *value)
{
	cJSON key = { .string = (char *)(uintptr_t)name };
	void *found = tfind(&key, &object->members, compare_members);

	if (found) {
		cJSON *old = *(cJSON **)found;

		tdelete(old, &object->members, compare_members);
		cJSON_Delete(cJSON_DetachItemViaPointer(object->json, old));
	}
	json_add(object->json, name, value);
	tsearch(object->json->child->prev, &object->members, compare_members);
}

static int
note_own(struct reading *r, struct object *object, const struct yaml_node *key, const char *name)
{
	char *why;

	if (!tfind(name, &object->own, compare_names)) {
		tsearch(xstrdup(name), &object->own, compare_names);
		return 0;
	}
	why = xasprintf("the key \"%.80s\" is there twice", name);
	refuse(r, key, why);
	free(why);
	return -1;
}

static int put_pairs(struct reading *r, struct object *object, const struct yaml_node *mapping,
		     bool merged);

static int
merge(struct reading *r, struct object *object, const struct yaml_node *value)
{
	if (value->kind == YAML_MAPPING)
		return put_pairs(r, object, value, true);
	for (size_t i = value->kind == YAML_SEQUENCE ? value->count : 0; i-- > 0;) {
		if (value->items[i]->kind != YAML_MAPPING)
			goto wrong;
		if (put_pairs(r, object, value->items[i], true) < 0) /* the first one wins */
			return -1;
	}
	if (value->kind == YAML_SEQUENCE)
		return 0;
wrong:
	refuse(r, value, "a merge (<<) wants a mapping, or a list of mappings");
	return -1;
}

static int
put_pair(struct reading *r, struct object *object, const struct yaml_pair *pair, bool merged)
{
	char *name;
	cJSON *value = NULL;

	if (pair->key->plain && !pair->key->tag && strcmp(pair->key->text, "<<") == 0)
		return merge(r, object, pair->value);
	name = name_of(r, pair->key);
	if (name && (merged || note_own(r, object, pair->key, name) == 0))
		value = convert(r, pair->value);
	if (value)
		put(object, name, value);
	free(name);
	return value ? 0 : -1;
}

static int
put_pairs(struct reading *r, struct object *object, const struct yaml_node *mapping, bool merged)
{
	for (size_t i = 0; i < mapping->count; i++)
		if (put_pair(r, object, &mapping->pairs[i], merged) < 0)
			return -1;
	return 0;
}

static cJSON *
mapping(struct reading *r, const struct yaml_node *node)
{
	struct object object = { .json = cJSON_CreateObject() };
	int rc = put_pairs(r, &object, node, false);

	tdestroy(object.members, keep_member);
	tdestroy(object.own, free);
	if (rc == 0)
		return object.json;
	cJSON_Delete(object.json);
	return NULL;
}

static cJSON *
sequence(struct reading *r, const struct yaml_node *node)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < node->count; i++) {
		cJSON *item = convert(r, node->items[i]);

		if (!item) {
			cJSON_Delete(list);
			return NULL;
		}
		cJSON_AddItemToArray(list, item);
	}
	return list;
}

/* The depth is bounded by that of the tree: YAML_MAX_DEPTH. */
static cJSON *
convert(struct reading *r, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR)
		return scalar(r, node);
	return node->kind == YAML_MAPPING ? mapping(r, node) : sequence(r, node);
}

int
yaml_to_manifest(const struct yaml_node *node, cJSON **ret_value, struct mark *ret_mark,
		 struct err *e)
{
	struct reading r = { ret_mark, e };
	cJSON *value = convert(&r, node);

	if (!value)
		return -1;
	*ret_value = value;
	return 0;
}
