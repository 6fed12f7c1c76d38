#include "config.h"

#include "kube/json_rows.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

enum {
	BLOCK_NODES = 256,
	MAX_DEPTH = 64,
	MAX_DIGITS = 9, /* of an integer that an int holds */
};

/* Nodes stay where they are while more are made. */
struct block {
	struct block *next;
	cJSON nodes[BLOCK_NODES];
};

struct json_rows {
	struct str text; /* a copy, in which strings end with NUL */
	struct block *first, *current;
	size_t used;	 /* nodes of the current block */
	cJSON **decoded; /* values that cJSON has read for us */
	size_t decoded_count, decoded_cap;
	/* while it reads: */
	char *at, *end;
	const char *omit;
	int depth;
};

struct json_rows *
json_rows_new(void)
{
	struct json_rows *r = xcalloc(1, sizeof(*r));

	r->first = r->current = xcalloc(1, sizeof(*r->first));
	return r;
}

static void
forget(struct json_rows *r)
{
	for (size_t i = 0; i < r->decoded_count; i++)
		cJSON_Delete(r->decoded[i]);
	r->decoded_count = 0;
	r->current = r->first;
	r->used = 0;
}

void
json_rows_free(struct json_rows *r)
{
	struct block *block, *next;

	if (!r)
		return;
	forget(r);
	for (block = r->first; block; block = next) {
		next = block->next;
		free(block);
	}
	free(r->decoded);
	str_release(&r->text);
	free(r);
}

static cJSON *
new_node(struct json_rows *r, int type)
{
	cJSON *node;

	if (r->used == BLOCK_NODES) {
		if (!r->current->next)
			r->current->next = xcalloc(1, sizeof(*r->current));
		r->current = r->current->next;
		r->used = 0;
	}
	node = &r->current->nodes[r->used++];
	*node = (cJSON){ .type = type };
	return node;
}

static void
skip_space(struct json_rows *r)
{
	while (r->at < r->end &&
	       (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
		r->at++;
}

/* Takes a character, with the space around it. */
static bool
take(struct json_rows *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	skip_space(r);
	return true;
}

/* Behind the closing quote of a string whose first character `at` is; NULL: it has none. */
static char *
behind_string(char *at, const char *end, bool *ret_is_plain)
{
	char *quote = at < end ? memchr(at, '"', (size_t)(end - at)) : NULL;
	char *escape = quote ? memchr(at, '\\', (size_t)(quote - at)) : NULL;

	*ret_is_plain = escape == NULL;
	if (!escape)
		return quote ? quote + 1 : NULL;
	for (at = escape; at < end; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\')
			at++;
	}
	return NULL;
}

/* A text that wants more than to be cut out is read by cJSON. */
static cJSON *
decode(struct json_rows *r, const char *from)
{
	cJSON *value = json_parse(from, (size_t)(r->at - from), NULL), *node;

	if (!value)
		return NULL;
	*VEC_PUSH(r->decoded, r->decoded_count, r->decoded_cap) = value;
	node = new_node(r, value->type);
	node->valuestring = value->valuestring;
	node->valueint = value->valueint;
	node->valuedouble = value->valuedouble;
	return node;
}

/* The character of an escape, and in *at the last byte of that; -1: one that cJSON must read. */
static int
unescaped(const char **at)
{
	static const char letters[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
	const char *letter = memchr(letters, (*at)[1], sizeof(letters) - 1);
	char digits[3] = { 0 }, *end;
	long code;

	(*at)++;
	if (letter)
		return characters[letter - letters];
	if (**at != 'u' || (*at)[1] != '0' || (*at)[2] != '0')
		return -1;
	memcpy(digits, *at + 3, 2);
	code = isxdigit((unsigned char)digits[0]) ? strtol(digits, &end, 16) : 0;
	if (code <= 0 || code >= 0x80 || *end)
		return -1;
	*at += 4;
	return (int)code;
}

/*
 * Puts a string without its escapes in its own place, if they are of the common kind, as those are that Go
 * writes for < and >. `behind` is the closing quote, where any reading ahead stops. False: nothing was
 * changed.
 */
static bool
unescape(char *from, char *behind)
{
	char *to = from;

	for (const char *at = from; at < behind; at++)
		if (*at == '\\' && unescaped(&at) < 0)
			return false;
	for (const char *at = from; at < behind; at++)
		*to++ = *at == '\\' ? (char)unescaped(&at) : *at;
	*to = '\0';
	return true;
}

static cJSON *
read_string(struct json_rows *r)
{
	char *from = r->at, *behind;
	bool is_plain;
	cJSON *node;

	behind = behind_string(from + 1, r->end, &is_plain);
	if (!behind)
		return NULL;
	r->at = behind;
	if (!is_plain && !unescape(from + 1, behind - 1))
		return decode(r, from);
	if (is_plain)
		behind[-1] = '\0';
	node = new_node(r, cJSON_String);
	node->valuestring = from + 1;
	return node;
}

static cJSON *
read_number(struct json_rows *r)
{
	char *from = r->at, *digits = from + (*from == '-');
	size_t count;
	cJSON *node;
	int value = 0;

	while (r->at < r->end && strchr("+-.0123456789eE", *r->at))
		r->at++;
	count = (size_t)(r->at - digits);
	for (char *at = digits; at < r->at; at++) {
		if (*at < '0' || *at > '9' || count > MAX_DIGITS || (count > 1 && *digits == '0'))
			return decode(r, from);
		value = value * 10 + (*at - '0');
	}
	if (count == 0)
		return NULL;
	node = new_node(r, cJSON_Number);
	node->valueint = digits > from ? -value : value;
	node->valuedouble = node->valueint;
	return node;
}

static cJSON *
read_word(struct json_rows *r)
{
	static const struct {
		const char *word;
		int type;
	} words[] = { { "null", cJSON_NULL }, { "true", cJSON_True }, { "false", cJSON_False } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].word);

		if ((size_t)(r->end - r->at) >= len && memcmp(r->at, words[i].word, len) == 0) {
			r->at += len;
			return new_node(r, words[i].type);
		}
	}
	return NULL;
}

/*
 * Goes behind a value without looking into it. What the fields' owners say is most of a pod's metadata: no
 * branch here depends on where a string ends, for those would be guessed wrongly.
 */
static bool
skip_value(struct json_rows *r)
{
	static const int step[256] = { ['['] = 1, ['{'] = 1, [']'] = -1, ['}'] = -1 };
	int depth = 0, is_in_string = 0;
	const char *end = r->end;
	char *at = r->at;

	if (at < end && !strchr("\"[{", *at)) {
		r->at += strcspn(at, ",]}"); /* the text ends with NUL */
		return true;
	}
	for (; at < end; at++) {
		if (*at == '\\') {
			at++;
			continue;
		}
		is_in_string ^= *at == '"';
		depth += step[(unsigned char)*at] & (is_in_string - 1);
		if ((depth | is_in_string) == 0) {
			r->at = at + 1;
			return true;
		}
	}
	return false;
}

static cJSON *read_value(struct json_rows *r);

static void
append(cJSON *parent, cJSON **last, cJSON *child)
{
	if (*last) {
		(*last)->next = child;
		child->prev = *last;
	} else {
		parent->child = child;
	}
	*last = child;
}

static cJSON *
read_array(struct json_rows *r)
{
	cJSON *array = new_node(r, cJSON_Array), *last = NULL, *value;

	take(r, '[');
	if (take(r, ']'))
		return array;
	do {
		value = read_value(r);
		if (!value)
			return NULL;
		append(array, &last, value);
	} while (take(r, ','));
	return take(r, ']') ? array : NULL;
}

/* The name of a member and the colon behind it. */
static char *
read_name(struct json_rows *r)
{
	char *name = r->at + 1, *behind;
	bool is_plain;

	if (r->at == r->end || *r->at != '"')
		return NULL;
	behind = behind_string(name, r->end, &is_plain);
	if (!behind || !is_plain)
		return NULL;
	r->at = behind;
	if (!take(r, ':'))
		return NULL;
	behind[-1] = '\0';
	return name;
}

static cJSON *
read_object(struct json_rows *r)
{
	cJSON *object = new_node(r, cJSON_Object), *last = NULL, *value;

	take(r, '{');
	if (take(r, '}'))
		return object;
	do {
		char *name = read_name(r);

		if (!name)
			return NULL;
		if (r->omit && strcmp(name, r->omit) == 0) {
			if (!skip_value(r))
				return NULL;
			continue;
		}
		value = read_value(r);
		if (!value)
			return NULL;
		value->string = name;
		append(object, &last, value);
	} while (take(r, ','));
	return take(r, '}') ? object : NULL;
}

static cJSON *
read_value(struct json_rows *r)
{
	cJSON *value = NULL;

	if (r->at == r->end || r->depth == MAX_DEPTH)
		return NULL;
	r->depth++;
	switch (*r->at) {
	case '{':
		value = read_object(r);
		break;
	case '[':
		value = read_array(r);
		break;
	case '"':
		value = read_string(r);
		break;
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		value = read_number(r);
		break;
	default:
		value = read_word(r);
		break;
	}
	r->depth--;
	return value;
}

const cJSON *
json_rows_parse(struct json_rows *r, const char *text, size_t len_bytes, const char *omit,
		struct err *e)
{
	cJSON *root;

	forget(r);
	str_clear(&r->text);
	str_append_bytes(&r->text, text, len_bytes);
	r->at = r->text.data;
	r->end = r->text.data + r->text.len;
	r->omit = omit;
	r->depth = 0;
	skip_space(r);
	root = read_value(r);
	skip_space(r);
	if (root && r->at == r->end)
		return root;
	forget(r);
	root = json_parse(text, len_bytes, e);
	if (root)
		*VEC_PUSH(r->decoded, r->decoded_count, r->decoded_cap) = root;
	return root;
}
