#include "config.h"

#include "kube/json_rows.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/json_skip.h"

enum {
	BLOCK_NODES = 256,
	MAX_DEPTH = 64,
	MAX_DIGITS = 9,	  /* of an integer that an int holds */
	BLOCK_BYTES = 16, /* that are looked at together */
};

/* Nodes stay where they are while more are made. */
struct block {
	struct block *next;
	cJSON nodes[BLOCK_NODES];
};

struct json_rows {
	struct str text; /* of all strings, each with its NUL */
	struct block *first, *current;
	size_t used;	 /* nodes of the current block */
	cJSON **decoded; /* values that cJSON has read for us */
	size_t decoded_count, decoded_cap;
	/* while it reads: */
	const char *at, *end;
	char *to; /* in the text; room is made for all strings beforehand */
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

static void
take_next_block(struct json_rows *r)
{
	if (!r->current->next)
		r->current->next = xcalloc(1, sizeof(*r->current));
	r->current = r->current->next;
	r->used = 0;
}

static inline cJSON *
new_node(struct json_rows *r, int type)
{
	cJSON *node;

	if (r->used == BLOCK_NODES)
		take_next_block(r);
	node = &r->current->nodes[r->used++];
	*node = (cJSON){ .type = type };
	return node;
}

static void
pass_space(struct json_rows *r)
{
	while (r->at < r->end &&
	       (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
		r->at++;
}

/* As a rule there is none, and that costs one comparison. */
static inline void
skip_space(struct json_rows *r)
{
	if (r->at < r->end && (unsigned char)*r->at <= ' ')
		pass_space(r);
}

/* Takes a character, with the space around it. */
static inline bool
take(struct json_rows *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	skip_space(r);
	return true;
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

/* Sixteen bytes at once: gcc and clang make the machine's own instructions of it. */
typedef unsigned char block_of_text __attribute__((vector_size(BLOCK_BYTES)));

/* The bytes before the first quote or backslash of sixteen, or 16. */
static size_t
plain_bytes(const char *at)
{
	uint64_t halves[2];
	block_of_text bytes;

	memcpy(&bytes, at, sizeof(bytes));
	bytes = (block_of_text)((bytes == '"') | (bytes == '\\'));
	memcpy(halves, &bytes, sizeof(halves));
	if (halves[0])
		return (size_t)__builtin_ctzll(le64toh(halves[0])) / 8;
	return 8 + (halves[1] ? (size_t)__builtin_ctzll(le64toh(halves[1])) / 8 : 8);
}

/* Copies what comes before the next quote or backslash, or before the end. */
static void
copy_plain(struct json_rows *r)
{
	const char *at = r->at, *end = r->end;
	char *to = r->to;
	size_t n = BLOCK_BYTES;

	while (n == BLOCK_BYTES && end - at >= BLOCK_BYTES) {
		memcpy(to, at, BLOCK_BYTES);
		n = plain_bytes(at);
		at += n;
		to += n;
	}
	while (at < end && *at != '"' && *at != '\\')
		*to++ = *at++;
	r->at = at;
	r->to = to;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, or -1. */
static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character of an escape by its number, as Go writes < and >. */
static int
unescaped_number(struct json_rows *r)
{
	int high, low;

	if (r->end - r->at < 6 || memcmp(r->at, "\\u00", 4) != 0)
		return -1;
	high = hex_value(r->at[4]);
	low = hex_value(r->at[5]);
	if (high < 0 || high > 7 || low < 0 || high + low == 0)
		return -1;
	r->at += 6;
	return high << 4 | low;
}

/* The character of the escape that `at` is on and moves behind; -1: one that cJSON must read. */
static int
unescaped(struct json_rows *r)
{
	static const char letters[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (r->end - r->at < 2)
		return -1;
	if (r->at[1] == 'u')
		return unescaped_number(r);
	letter = memchr(letters, r->at[1], sizeof(letters) - 1);
	if (!letter)
		return -1;
	r->at += 2;
	return characters[letter - letters];
}

/*
 * Copies a string without its quotes and its escapes, if those are of the common kind, as the ones are that
 * Go writes for < and >. NULL: it has others, or no end.
 */
static char *
read_text(struct json_rows *r)
{
	char *text = r->to;

	r->at++;
	for (;;) {
		int c;

		copy_plain(r);
		if (r->at == r->end)
			return NULL;
		if (*r->at == '"')
			break;
		c = unescaped(r);
		if (c < 0)
			return NULL;
		*r->to++ = (char)c;
	}
	r->at++;
	*r->to++ = '\0';
	return text;
}

/* Goes behind the string that begins at `from`; false: it has no end. */
static bool
pass_string(struct json_rows *r, const char *from)
{
	for (r->at = from + 1; r->at < r->end; r->at++) {
		if (*r->at == '"') {
			r->at++;
			return true;
		}
		if (*r->at == '\\' && ++r->at == r->end)
			break;
	}
	return false;
}

static cJSON *
read_string(struct json_rows *r)
{
	const char *from = r->at;
	char *text = read_text(r);
	cJSON *node;

	if (!text)
		return pass_string(r, from) ? decode(r, from) : NULL;
	node = new_node(r, cJSON_String);
	node->valuestring = text;
	return node;
}

/* A number that is no small integer. */
static cJSON *
decode_number(struct json_rows *r, const char *from)
{
	while (r->at < r->end && strchr("+-.0123456789eE", *r->at))
		r->at++;
	return decode(r, from);
}

static cJSON *
read_number(struct json_rows *r)
{
	const char *from = r->at, *digits = from + (*from == '-');
	size_t count;
	cJSON *node;
	int value = 0;

	for (r->at = digits; r->at < r->end && is_digit(*r->at); r->at++)
		if (r->at - digits < MAX_DIGITS)
			value = value * 10 + (*r->at - '0');
	count = (size_t)(r->at - digits);
	if (count == 0 || count > MAX_DIGITS || (count > 1 && *digits == '0') ||
	    (r->at < r->end && strchr(".eE+-", *r->at)))
		return decode_number(r, from);
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

/* Goes behind a number or a word. */
static void
skip_scalar(struct json_rows *r)
{
	while (r->at < r->end && !strchr(",]}", *r->at))
		r->at++;
}

/* Goes behind a value without looking into it. */
static bool
skip_value(struct json_rows *r)
{
	const char *behind;

	if (r->at == r->end || !strchr("\"[{", *r->at)) {
		skip_scalar(r);
		return true;
	}
	behind = json_skip(r->at, r->end);
	r->at = behind ? behind : r->end;
	return behind != NULL;
}

static cJSON *read_other(struct json_rows *r);

/* Most are strings. */
static inline cJSON *
read_value(struct json_rows *r)
{
	return r->at < r->end && *r->at == '"' ? read_string(r) : read_other(r);
}

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
	char *name = r->at < r->end && *r->at == '"' ? read_text(r) : NULL;

	return name && take(r, ':') ? name : NULL;
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
read_other(struct json_rows *r)
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

/* The value that a text begins with, and `at` behind it and the space there. */
static cJSON *
read_first(struct json_rows *r, const char *text, size_t len_bytes, const char *omit)
{
	cJSON *root;

	forget(r);
	str_clear(&r->text);
	r->to = str_reserve(&r->text, len_bytes + BLOCK_BYTES);
	r->at = text;
	r->end = text + len_bytes;
	r->omit = omit;
	r->depth = 0;
	skip_space(r);
	root = read_value(r);
	skip_space(r);
	return root;
}

const cJSON *
json_rows_parse(struct json_rows *r, const char *text, size_t len_bytes, const char *omit,
		struct err *e)
{
	cJSON *root = read_first(r, text, len_bytes, omit);

	if (root && r->at == r->end)
		return root;
	forget(r);
	root = json_parse(text, len_bytes, e);
	if (root)
		*VEC_PUSH(r->decoded, r->decoded_count, r->decoded_cap) = root;
	return root;
}

const cJSON *
json_rows_parse_next(struct json_rows *r, const char *text, size_t len_bytes, const char *omit,
		     size_t *ret_used)
{
	cJSON *root = read_first(r, text, len_bytes, omit);

	if (!root || r->at == r->end || (*r->at != ',' && *r->at != ']'))
		return NULL;
	*ret_used = (size_t)(r->at - text);
	return root;
}
