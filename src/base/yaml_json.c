#include "config.h"

#include "base/yaml.h"

#include <errno.h>
#include <math.h>
#include <openssl/evp.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml_private.h"

/*
 * How go-yaml v2 reads a scalar: by its first byte, then a table of words, then as an integer, then as
 * a float; anything else is a string, as are time stamps, infinities and NaN, which JSON lacks.
 * Source: sigs.k8s.io/yaml, goyaml.v2/resolve.go; kubectl was the judge in doubt.
 */
static const char *const true_words[] = {
	"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL,
};
static const char *const false_words[] = {
	"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL,
};
static const char *const null_words[] = { "", "~", "null", "Null", "NULL", NULL };

static bool
is_one_of(const char *text, const char *const *words)
{
	while (*words && strcmp(*words, text) != 0)
		words++;
	return *words != NULL;
}

/* JSON strings of cJSON end at a NUL: what YAML's "\0" makes is shown as U+FFFD, not cut. */
static cJSON *
string_value(const char *text, size_t len)
{
	struct str copy = STR_INIT;
	cJSON *value;

	for (size_t i = 0; i < len; i++) {
		if (text[i])
			str_append_char(&copy, text[i]);
		else
			str_append(&copy, "\ufffd");
	}
	value = cJSON_CreateString(str_cstr(&copy));
	str_release(&copy);
	if (!value)
		abort();
	return value;
}

/* An integer that a cJSON number would not print in full keeps its digits. */
static cJSON *
integer_value(bool negative, uint64_t magnitude)
{
	char *digits;
	cJSON *value;

	if (magnitude < (uint64_t)JSON_EXACT_BELOW)
		return cJSON_CreateNumber(negative && magnitude ? -(double)magnitude
								: (double)magnitude);
	digits = xasprintf("%s%llu", negative ? "-" : "", (unsigned long long)magnitude);
	value = cJSON_CreateRaw(digits);
	free(digits);
	return value;
}

/* The base that the digits are written in; *at moves behind the prefix. */
static int
base_of(const char **at)
{
	static const struct {
		char letter;
		int base;
	} prefixes[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };

	if ((*at)[0] != '0' || (*at)[1] == '\0')
		return 10;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (((*at)[1] | 0x20) == prefixes[i].letter) {
			*at += 2;
			return prefixes[i].base;
		}
	*at += 1;
	return 8;
}

/* As Go's strconv.ParseInt with base 0, then ParseUint; the underscores are gone. NULL: no integer. */
static cJSON *
parse_integer(const char *text)
{
	bool negative = *text == '-';
	bool is_signed = negative || *text == '+';
	const char *at = text + is_signed;
	int base = base_of(&at);
	unsigned long long magnitude;
	char *end;

	if (!*at || at[strspn(at, "0123456789abcdefABCDEF")])
		return NULL; /* strtoull() would take another sign or prefix */
	errno = 0;
	magnitude = strtoull(at, &end, base);
	if (*end || errno || end == at)
		return NULL;
	if (is_signed && magnitude > (unsigned long long)INT64_MAX + negative)
		return NULL;
	return integer_value(negative, magnitude);
}

static const char *
skip_digits(const char *at)
{
	return at + strspn(at, "0123456789");
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? and within the range of a double. */
static cJSON *
parse_float(const char *text)
{
	const char *at = text + (*text == '-' || *text == '+');
	const char *end = skip_digits(at);
	bool digits = end != at;
	double value;

	if (*end == '.') {
		at = end + 1;
		end = skip_digits(at);
		digits = digits || end != at;
	}
	if (!digits)
		return NULL;
	if (*end == 'e' || *end == 'E') {
		at = end + 1 + (end[1] == '-' || end[1] == '+');
		end = skip_digits(at);
		digits = end != at;
	}
	if (!digits || *end)
		return NULL;
	value = strtod(text, NULL);
	if (!isfinite(value))
		return NULL;
	return cJSON_CreateNumber(value == 0 ? 0 : value); /* JSON's readers have no -0 */
}

static char *
without_underscores(const char *text)
{
	char *copy = xmalloc(strlen(text) + 1), *to = copy;

	for (; *text; text++)
		if (*text != '_')
			*to++ = *text;
	*to = '\0';
	return copy;
}

static cJSON *
parse_number(const char *text)
{
	char *plain;
	cJSON *value;

	if (*text == '.')
		return parse_float(text);
	if (!strchr("+-0123456789", *text) || !*text)
		return NULL;
	plain = without_underscores(text);
	value = parse_integer(plain);
	if (!value)
		value = parse_float(plain);
	free(plain);
	return value;
}

bool
yaml_is_integer(const char *text)
{
	char *plain;
	cJSON *value;

	if (!*text || !strchr("+-0123456789", *text))
		return false;
	plain = without_underscores(text);
	value = parse_integer(plain);
	free(plain);
	cJSON_Delete(value);
	return value != NULL;
}

cJSON *
yaml_resolve(const char *text)
{
	if (is_one_of(text, null_words))
		return cJSON_CreateNull();
	if (is_one_of(text, true_words))
		return cJSON_CreateTrue();
	if (is_one_of(text, false_words))
		return cJSON_CreateFalse();
	return parse_number(text);
}

/* White space in base64 is legal YAML. */
char *
yaml_decode_binary(const struct yaml_node *node, size_t *ret_len)
{
	unsigned char *packed = xmalloc(node->len + 1), *bytes = xmalloc(node->len + 4);
	size_t len = 0, padding = 0;
	int got;

	for (size_t i = 0; i < node->len; i++)
		if (!strchr(" \t\r\n", node->text[i]))
			packed[len++] = (unsigned char)node->text[i];
	while (padding < 2 && padding < len && packed[len - 1 - padding] == '=')
		padding++;
	got = len % 4 == 0 ? EVP_DecodeBlock(bytes, packed, (int)len) : -1;
	free(packed);
	if (got < 0 || (size_t)got < padding) {
		free(bytes);
		return NULL;
	}
	*ret_len = (size_t)got - padding;
	bytes[*ret_len] = '\0';
	return (char *)bytes;
}

static cJSON *
decode_binary(const struct yaml_node *node)
{
	size_t len;
	char *bytes = yaml_decode_binary(node, &len);
	cJSON *value = bytes ? string_value(bytes, len) : NULL;

	free(bytes);
	return value;
}

/* A tag that the text does not fit leaves a string. */
static cJSON *
resolve_tagged(const struct yaml_node *node)
{
	cJSON *value;

	if (strcmp(node->tag, "!!binary") == 0)
		return decode_binary(node);
	if (!is_one_of(node->tag,
		       (const char *const[]){ "!!int", "!!float", "!!bool", "!!null", NULL }))
		return NULL;
	value = yaml_resolve(node->text);
	if ((strcmp(node->tag, "!!null") == 0 && cJSON_IsNull(value)) ||
	    (strcmp(node->tag, "!!bool") == 0 && cJSON_IsBool(value)) ||
	    (!cJSON_IsNull(value) && !cJSON_IsBool(value) && node->tag[2] != 'n' &&
	     node->tag[2] != 'b'))
		return value;
	cJSON_Delete(value);
	return NULL;
}

static cJSON *
scalar_to_json(const struct yaml_node *node)
{
	cJSON *value = NULL;

	if (node->tag)
		value = resolve_tagged(node);
	else if (node->plain && strlen(node->text) == node->len)
		value = yaml_resolve(node->text);
	return value ? value : string_value(node->text, node->len);
}

/* An object under way; `members` is a tree of its members by name, for a file with many. */
struct object {
	cJSON *json;
	void *members;
};

static int
compare_members(const void *left, const void *right)
{
	const cJSON *a = left, *b = right;

	return strcmp(a->string, b->string);
}

static void
keep_member(void *ignored)
{
	(void)ignored;
}

/* Adds a member; one that is there already is replaced, or wins if `merged`. */
static void
put_member(struct object *object, char *name, const struct yaml_node *value, bool merged)
{
	cJSON key = { .string = name };
	void *found = tfind(&key, &object->members, compare_members);

	if (found && merged)
		return;
	if (found) {
		cJSON *old = *(cJSON **)found;

		tdelete(old, &object->members, compare_members);
		cJSON_Delete(cJSON_DetachItemViaPointer(object->json, old));
	}
	json_add(object->json, name, yaml_to_json(value));
	tsearch(object->json->child->prev, &object->members, compare_members);
}

/* The name of a member: what the key would be as a value, in JSON's words ("16" for 0x10). */
static char *
member_name(const struct yaml_node *key)
{
	cJSON *value = scalar_to_json(key);
	char *name = json_text(value);

	cJSON_Delete(value);
	return name;
}

static bool
is_merge(const struct yaml_pair *pair)
{
	const struct yaml_node *value = pair->value;

	if (!pair->key->plain || strcmp(pair->key->text, "<<") != 0)
		return false;
	for (size_t i = 0; value->kind == YAML_SEQUENCE && i < value->count; i++)
		if (value->items[i]->kind != YAML_MAPPING)
			return false;
	return value->kind != YAML_SCALAR;
}

static void
put_pairs(struct object *object, const struct yaml_node *mapping, bool merged)
{
	for (size_t i = 0; i < mapping->count; i++) {
		if (is_merge(&mapping->pairs[i]))
			continue;
		char *name = member_name(mapping->pairs[i].key);

		put_member(object, name, mapping->pairs[i].value, merged);
		free(name);
	}
}

/* The members that `mapping` merges in, after its own: those win, and of several the first. */
static void
put_merged(struct object *object, const struct yaml_node *mapping)
{
	for (size_t i = 0; i < mapping->count; i++) {
		const struct yaml_node *value = mapping->pairs[i].value;

		if (!is_merge(&mapping->pairs[i]))
			continue;
		for (size_t j = 0; j < (value->kind == YAML_MAPPING ? 1 : value->count); j++) {
			const struct yaml_node *from =
				value->kind == YAML_MAPPING ? value : value->items[j];
			put_pairs(object, from, true);
			put_merged(object, from);
		}
	}
}

static cJSON *
mapping_to_json(const struct yaml_node *node)
{
	struct object object = { .json = cJSON_CreateObject() };

	put_pairs(&object, node, false);
	put_merged(&object, node);
	tdestroy(object.members, keep_member);
	return object.json;
}

cJSON *
yaml_to_json(const struct yaml_node *node)
{
	cJSON *list;

	if (!node)
		return cJSON_CreateNull();
	if (node->kind == YAML_SCALAR)
		return scalar_to_json(node);
	if (node->kind == YAML_MAPPING)
		return mapping_to_json(node);
	list = cJSON_CreateArray();
	for (size_t i = 0; i < node->count; i++)
		cJSON_AddItemToArray(list, yaml_to_json(node->items[i]));
	return list;
}
