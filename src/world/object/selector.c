#include "config.h"

#include "world/object/selector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/selector_internal.h"

struct selector *
selector_new(void)
{
	return xcalloc(1, sizeof(struct selector));
}

void
selector_free(struct selector *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		for (size_t v = 0; v < s->items[i].count; v++)
			free(s->items[i].values[v]);
		free(s->items[i].values);
		free(s->items[i].key);
	}
	free(s->items);
	free(s);
}

struct requirement *
selector_add(struct selector *s, const char *key, enum selector_operator op)
{
	struct requirement *q = VEC_PUSH(s->items, s->count, s->cap);

	q->key = xstrdup(key);
	q->op = op;
	return q;
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A set in the order of its texts. */
void
requirement_add_value(struct requirement *q, const char *value)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->values[i], value) == 0)
			return;
	*VEC_PUSH(q->values, q->count, q->cap) = xstrdup(value);
	qsort(q->values, q->count, sizeof(char *), compare_strings);
}

/* ---- from objects ---- */

static const struct {
	const char *word;
	enum selector_operator op;
} expression_words[] = {
	{ "In", SELECTOR_IN },
	{ "NotIn", SELECTOR_NOT_IN },
	{ "Exists", SELECTOR_EXISTS },
	{ "DoesNotExist", SELECTOR_MISSING },
};

/* An op that nobody knows selects nothing, so that a controller does not take what is not its own. */
static void
add_expression(struct selector *s, const cJSON *expression)
{
	const char *word = json_string(expression, "operator", "");
	const cJSON *value;

	for (size_t i = 0; i < sizeof(expression_words) / sizeof(expression_words[0]); i++) {
		if (strcmp(expression_words[i].word, word) != 0)
			continue;
		struct requirement *q =
			selector_add(s, json_string(expression, "key", ""), expression_words[i].op);
		cJSON_ArrayForEach(value, json_at(expression, "values"))
			if (cJSON_IsString(value))
				requirement_add_value(q, value->valuestring);
		return;
	}
	s->nothing = true;
}

static void
add_map(struct selector *s, const cJSON *labels)
{
	const cJSON *label;

	cJSON_ArrayForEach(label, labels)
		requirement_add_value(selector_add(s, label->string, SELECTOR_EQUALS),
				      cJSON_IsString(label) ? label->valuestring : "");
}

struct selector *
selector_from_object(const cJSON *label_selector)
{
	struct selector *s = selector_new();
	const cJSON *expression;

	s->nothing = !cJSON_IsObject(label_selector);
	add_map(s, json_at(label_selector, "matchLabels"));
	cJSON_ArrayForEach(expression, json_at(label_selector, "matchExpressions"))
		add_expression(s, expression);
	return s;
}

struct selector *
selector_from_map(const cJSON *labels)
{
	struct selector *s = selector_new();

	add_map(s, labels);
	s->nothing = s->count == 0;
	return s;
}

/* ---- matching ---- */

static bool
has_value(const struct requirement *q, const char *value)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->values[i], value) == 0)
			return true;
	return false;
}

static bool
to_number(const char *text, long long *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	return *text && !*end && errno == 0;
}

static bool
compares(const struct requirement *q, const char *value)
{
	long long have, limit;

	if (!value || !to_number(value, &have) || !to_number(q->values[0], &limit))
		return false;
	return q->op == SELECTOR_GREATER ? have > limit : have < limit;
}

/* `value` NULL: the object has no such label. */
static bool
holds(const struct requirement *q, const char *value)
{
	switch (q->op) {
	case SELECTOR_EQUALS:
	case SELECTOR_IN:
		return value && has_value(q, value);
	case SELECTOR_NOT_EQUALS:
	case SELECTOR_NOT_IN:
		return !value || !has_value(q, value);
	case SELECTOR_EXISTS:
		return value;
	case SELECTOR_MISSING:
		return !value;
	case SELECTOR_GREATER:
	case SELECTOR_LESS:
		return compares(q, value);
	}
	return false;
}

static bool
is_empty(const cJSON *value)
{
	return !value || cJSON_IsNull(value) || (cJSON_IsString(value) && !*value->valuestring);
}

static bool
field_holds(const struct requirement *q, const cJSON *object)
{
	const struct selector_field *field = q->field;
	const cJSON *value = field->path ? json_at(object, field->path) : NULL;

	if (is_empty(value) && field->instead)
		value = json_at(object, field->instead);
	if (is_empty(value))
		return holds(q, field->otherwise);
	char *text = json_text(value);
	bool yes = holds(q, text);
	free(text);
	return yes;
}

static bool
label_holds(const struct requirement *q, const cJSON *object)
{
	const cJSON *label =
		cJSON_GetObjectItemCaseSensitive(json_at(object, "metadata/labels"), q->key);

	return holds(q, cJSON_IsString(label) ? label->valuestring : NULL);
}

bool
selector_matches(const struct selector *s, const cJSON *object)
{
	if (!s)
		return true;
	for (size_t i = 0; i < s->count; i++)
		if (!(s->items[i].field ? field_holds(&s->items[i], object)
					: label_holds(&s->items[i], object)))
			return false;
	return !s->nothing;
}

/* ---- as text ---- */

static void
append_values(struct str *out, const struct requirement *q, const char *op)
{
	str_printf(out, "%s %s (", q->key, op);
	for (size_t i = 0; i < q->count; i++)
		str_printf(out, "%s%s", i ? "," : "", q->values[i]);
	str_append_char(out, ')');
}

static void
append_requirement(struct str *out, const struct requirement *q)
{
	static const char *const signs[] = {
		[SELECTOR_EQUALS] = "=",
		[SELECTOR_NOT_EQUALS] = "!=",
		[SELECTOR_GREATER] = ">",
		[SELECTOR_LESS] = "<",
	};

	if (q->op == SELECTOR_IN)
		append_values(out, q, "in");
	else if (q->op == SELECTOR_NOT_IN)
		append_values(out, q, "notin");
	else if (q->op == SELECTOR_EXISTS || q->op == SELECTOR_MISSING)
		str_printf(out, "%s%s", q->op == SELECTOR_MISSING ? "!" : "", q->key);
	else
		str_printf(out, "%s%s%s", q->key, signs[q->op], q->values[0]);
}

/* The next one by key behind `after`, in the order they were given where keys are equal; count: there is none. */
static size_t
next_by_key(const struct selector *s, size_t after, bool begun)
{
	size_t best = s->count;

	for (size_t i = 0; i < s->count; i++) {
		int order = begun ? strcmp(s->items[i].key, s->items[after].key) : 1;

		if (order < 0 || (order == 0 && i <= after))
			continue;
		if (best == s->count || strcmp(s->items[i].key, s->items[best].key) < 0)
			best = i;
	}
	return best;
}

char *
selector_format(const struct selector *s)
{
	struct str out = STR_INIT;

	for (size_t i = next_by_key(s, 0, false); i < s->count; i = next_by_key(s, i, true)) {
		if (out.len)
			str_append_char(&out, ',');
		append_requirement(&out, &s->items[i]);
	}
	return str_take(&out);
}
