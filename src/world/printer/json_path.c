#include "config.h"

#include "world/printer/json_path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { NODES_MAX = 10000 }; /* more are left out: "..a..a" multiplies them */

/* The nodes that the path so far has led to. */
struct nodes {
	const cJSON **items;
	size_t count, cap;
};

static void
nodes_add(struct nodes *nodes, const cJSON *node)
{
	if (node && nodes->count < NODES_MAX)
		*VEC_PUSH(nodes->items, nodes->count, nodes->cap) = node;
}

static void
nodes_move(struct nodes *to, struct nodes *from)
{
	free(to->items);
	*to = *from;
	*from = (struct nodes){ .count = 0 };
}

static void
add_all(struct nodes *out, const cJSON *node)
{
	const cJSON *child;

	if (cJSON_IsArray(node) || cJSON_IsObject(node))
		cJSON_ArrayForEach(child, node)
			nodes_add(out, child);
}

static void
add_member(struct nodes *out, const cJSON *node, const char *name)
{
	if (cJSON_IsObject(node))
		nodes_add(out, cJSON_GetObjectItemCaseSensitive(node, name));
}

/* That member of the node and of everything below it. */
static void
add_below(struct nodes *out, const cJSON *node, const char *name)
{
	const cJSON *child;

	add_member(out, node, name);
	if (cJSON_IsArray(node) || cJSON_IsObject(node))
		cJSON_ArrayForEach(child, node)
			add_below(out, child, name);
}

/* ---- names ---- */

/* Reads a name behind a dot; a backslash takes the next character as it is. */
static const char *
read_name(const char *at, struct str *name)
{
	while (*at && !strchr(".[ ", *at)) {
		if (*at == '\\' && at[1])
			at++;
		str_append_char(name, *at++);
	}
	return at;
}

/* ".name", ".*", "..name". NULL: it is none of them. */
static const char *
step_name(const char *at, const struct nodes *from, struct nodes *to)
{
	struct str name = STR_INIT;
	bool below = at[1] == '.';

	at = read_name(at + (below ? 2 : 1), &name);
	for (size_t i = 0; i < from->count; i++) {
		if (below)
			add_below(to, from->items[i], str_cstr(&name));
		else if (strcmp(str_cstr(&name), "*") == 0)
			add_all(to, from->items[i]);
		else
			add_member(to, from->items[i], str_cstr(&name));
	}
	if (name.len == 0)
		at = NULL;
	str_release(&name);
	return at;
}

/* ---- filters ---- */

enum comparison { EXISTS, EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

static const struct {
	const char *sign;
	enum comparison comparison;
} comparisons[] = {
	{ "==", EQUAL },	 { "!=", UNEQUAL }, { "<=", LESS_EQUAL },
	{ ">=", GREATER_EQUAL }, { "<", LESS },	    { ">", GREATER },
};

/* A filter between its parentheses, in parts: @.type == "Ready". */
struct filter {
	char *left; /* a path without its @ */
	enum comparison comparison;
	cJSON *literal; /* NULL: `right` is a path */
	char *right;
};

/* The bytes up to the end of the path that begins here; what is in quotes or brackets has no end. */
static size_t
path_length(const char *at)
{
	size_t len = 0;
	int depth = 0;

	for (; at[len] && (depth || !strchr(" =!<>)", at[len])); len++)
		depth += (at[len] == '[') - (at[len] == ']');
	return len;
}

static const char *
skip_spaces(const char *at)
{
	return at + strspn(at, " ");
}

/* The text in quotes of either kind. NULL: they do not end. */
static const char *
read_quoted(const char *at, struct str *text)
{
	char quote = *at++;

	for (; *at && *at != quote; at++) {
		if (*at == '\\' && at[1])
			at++;
		str_append_char(text, *at);
	}
	return *at ? at + 1 : NULL;
}

/* The right side: a text in quotes, a path, a number, true or false. */
static const char *
read_operand(const char *at, struct filter *f)
{
	size_t len;

	if (*at == '\'' || *at == '"') {
		struct str text = STR_INIT;

		at = read_quoted(at, &text);
		f->literal = cJSON_CreateString(str_cstr(&text));
		str_release(&text);
		return at;
	}
	len = path_length(at);
	if (*at == '@')
		f->right = xstrndup(at + 1, len - 1);
	else
		f->literal = cJSON_ParseWithLength(at, len);
	return f->right || f->literal ? at + len : NULL;
}

static void
filter_release(struct filter *f)
{
	free(f->left);
	free(f->right);
	cJSON_Delete(f->literal);
}

/* Behind "[?("; returns what is behind ")]". NULL: it is no filter. */
static const char *
read_filter(const char *at, struct filter *f)
{
	at = skip_spaces(at);
	if (*at != '@')
		return NULL;
	size_t len = path_length(at);
	f->left = xstrndup(at + 1, len - 1);
	at = skip_spaces(at + len);
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
		size_t sign = strlen(comparisons[i].sign);

		if (strncmp(at, comparisons[i].sign, sign) != 0)
			continue;
		f->comparison = comparisons[i].comparison;
		at = read_operand(skip_spaces(at + sign), f);
		break;
	}
	if (!at)
		return NULL;
	at = skip_spaces(at);
	return at[0] == ')' && at[1] == ']' ? at + 2 : NULL;
}

static bool
compare(enum comparison comparison, int order)
{
	switch (comparison) {
	case EQUAL:
		return order == 0;
	case UNEQUAL:
		return order != 0;
	case LESS:
		return order < 0;
	case LESS_EQUAL:
		return order <= 0;
	case GREATER:
		return order > 0;
	case GREATER_EQUAL:
		return order >= 0;
	case EXISTS:
		break;
	}
	return true;
}

/* Values of two kinds are neither equal nor in an order. */
static bool
compare_values(enum comparison comparison, const cJSON *a, const cJSON *b)
{
	if (cJSON_IsString(a) && cJSON_IsString(b))
		return compare(comparison, strcmp(a->valuestring, b->valuestring));
	if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
		return compare(comparison, (a->valuedouble > b->valuedouble) -
						   (a->valuedouble < b->valuedouble));
	if (cJSON_IsBool(a) && cJSON_IsBool(b))
		return compare(comparison, cJSON_IsTrue(a) - cJSON_IsTrue(b));
	return false;
}

static bool
filter_holds(const struct filter *f, const cJSON *node)
{
	size_t left_count, right_count = 0;
	const cJSON **left = json_path_find(node, f->left, &left_count);
	const cJSON **right = f->right ? json_path_find(node, f->right, &right_count) : NULL;
	const cJSON *other = right_count ? right[0] : f->literal;
	bool yes = left_count > 0;

	if (yes && f->comparison != EXISTS)
		yes = other && compare_values(f->comparison, left[0], other);
	free(left);
	free(right);
	return yes;
}

static const char *
step_filter(const char *at, const struct nodes *from, struct nodes *to)
{
	struct filter f = { .comparison = EXISTS };
	const cJSON *child;

	at = read_filter(at, &f);
	for (size_t i = 0; at && i < from->count; i++)
		cJSON_ArrayForEach(child, from->items[i])
			if (filter_holds(&f, child))
				nodes_add(to, child);
	filter_release(&f);
	return at;
}

/* ---- indexes ---- */

/* "[2]", "[-1]", "[1:3]", "[:2]". */
static const char *
step_index(const char *at, const struct nodes *from, struct nodes *to)
{
	char *end;
	long first = strtol(at, &end, 10), last = 0;
	bool has_first = end != at, slice = *end == ':', has_last = false;

	at = end;
	if (slice) {
		last = strtol(++at, &end, 10);
		has_last = end != at;
		at = end;
	}
	if (*at != ']' || (!has_first && !slice))
		return NULL;
	for (size_t i = 0; i < from->count; i++) {
		int count = cJSON_GetArraySize(from->items[i]);
		long begin = first < 0 ? first + count : first;
		long behind = !slice	  ? (begin < count ? begin + 1 : count)
			      : !has_last ? count
			      : last < 0  ? last + count
					  : last;

		if (!cJSON_IsArray(from->items[i]))
			continue;
		for (long n = begin < 0 && slice ? 0 : begin; n >= 0 && n < behind && n < count;
		     n++)
			nodes_add(to, cJSON_GetArrayItem(from->items[i], (int)n));
	}
	return at + 1;
}

/* "['name']". */
static const char *
step_quoted(const char *at, const struct nodes *from, struct nodes *to)
{
	struct str name = STR_INIT;

	at = read_quoted(at, &name);
	for (size_t i = 0; i < from->count; i++)
		add_member(to, from->items[i], str_cstr(&name));
	str_release(&name);
	return at && *at == ']' ? at + 1 : NULL;
}

static const char *
step_bracket(const char *at, const struct nodes *from, struct nodes *to)
{
	if (str_starts_with(at, "?("))
		return step_filter(at + 2, from, to);
	if (*at == '\'' || *at == '"')
		return step_quoted(at, from, to);
	if (!str_starts_with(at, "*]"))
		return step_index(at, from, to);
	for (size_t i = 0; i < from->count; i++)
		add_all(to, from->items[i]);
	return at + 2;
}

const cJSON **
json_path_find(const cJSON *tree, const char *path, size_t *ret_count)
{
	struct nodes nodes = { .count = 0 }, next = { .count = 0 };

	nodes_add(&nodes, tree);
	if (*path == '$' || *path == '@')
		path++;
	while (path && *path) {
		if (*path == '.' && path[1])
			path = step_name(path, &nodes, &next);
		else if (*path == '[')
			path = step_bracket(path + 1, &nodes, &next);
		else
			path = *path == '.' ? path + 1 : NULL;
		nodes_move(&nodes, &next);
	}
	if (!path)
		nodes.count = 0;
	*ret_count = nodes.count;
	return nodes.items;
}
