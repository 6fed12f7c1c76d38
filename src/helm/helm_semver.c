#include "config.h"

#include "helm/helm_semver.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"

/* "1.2.x-rc1+build": parts says how many numbers there are before the first wildcard or the end. */
struct version {
	long number[3];
	int parts;
	const char *pre;
	size_t pre_len;
};

/* Reads one; returns what is behind it, or NULL. */
static const char *
read_version(const char *text, struct version *v)
{
	bool is_wild = false;
	int i = 0;

	*v = (struct version){ 0 };
	text += *text == 'v';
	for (; i < 3; i++) {
		if (*text == 'x' || *text == 'X' || *text == '*') {
			is_wild = true;
			text++;
		} else if (isdigit((unsigned char)*text)) {
			char *end;

			v->number[i] = strtol(text, &end, 10);
			if (v->number[i] >= INT32_MAX)
				return NULL;
			text = end;
			v->parts += !is_wild;
		} else {
			return NULL;
		}
		if (*text != '.')
			break;
		text++;
	}
	if (*text == '-') {
		v->pre = ++text;
		v->pre_len = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.");
		text += v->pre_len;
	}
	if (*text == '+')
		text += 1 + strspn(text + 1, "0123456789abcdefghijklmnopqrstuvwxyz"
					     "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.");
	return text;
}

/* One identifier of a pre-release with another: numbers below words. */
static int
compare_words(const char *a, size_t a_len, const char *b, size_t b_len)
{
	bool a_number = strspn(a, "0123456789") >= a_len,
	     b_number = strspn(b, "0123456789") >= b_len;

	if (a_number != b_number)
		return a_number ? -1 : 1;
	if (a_number && a_len != b_len)
		return a_len < b_len ? -1 : 1;
	int order = strncmp(a, b, a_len < b_len ? a_len : b_len);
	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int
compare_pre(const struct version *a, const struct version *b)
{
	const char *x = a->pre, *y = b->pre, *x_end = x + a->pre_len, *y_end = y + b->pre_len;

	if (!x || !y)
		return (x == NULL) - (y == NULL);
	while (x < x_end && y < y_end) {
		size_t x_len = strcspn(x, ".+"), y_len = strcspn(y, ".+");
		int order = compare_words(x, x_len, y, y_len);

		if (order)
			return order;
		x += x_len + 1;
		y += y_len + 1;
	}
	return (x < x_end) - (y < y_end);
}

static int
compare(const struct version *a, const struct version *b)
{
	for (int i = 0; i < 3; i++)
		if (a->number[i] != b->number[i])
			return a->number[i] < b->number[i] ? -1 : 1;
	return compare_pre(a, b);
}

int
helm_semver_compare(const char *a, const char *b)
{
	struct version x, y;
	bool x_sound = read_version(a, &x) != NULL, y_sound = read_version(b, &y) != NULL;

	if (!x_sound || !y_sound)
		return x_sound - y_sound;
	return compare(&x, &y);
}

bool
helm_semver_is_pre_release(const char *version)
{
	struct version v;

	return read_version(version, &v) && v.pre;
}

/* The first version that is past everything that has the first `parts` numbers of v. */
static struct version
next_after(const struct version *v, int parts)
{
	struct version next = { .parts = 3 };

	if (parts == 0)
		next.number[0] = INT32_MAX;
	for (int i = 0; i < parts; i++)
		next.number[i] = v->number[i];
	if (parts > 0)
		next.number[parts - 1]++;
	return next;
}

/* Until where ^ reaches: the first number that is not 0 stays. */
static int
caret_parts(const struct version *v)
{
	int parts = 1;

	while (parts < v->parts && v->number[parts - 1] == 0)
		parts++;
	return v->parts == 0 ? 0 : parts;
}

static bool
is_within(const struct version *v, const struct version *from, int parts)
{
	struct version end = next_after(from, parts);

	return compare(v, from) >= 0 && compare(v, &end) < 0;
}

static bool
holds(const char *op, const struct version *v, const struct version *limit)
{
	struct version past = next_after(limit, limit->parts);
	bool exact = limit->parts == 3;

	if (limit->pre == NULL && v->pre)
		return false;
	if (strcmp(op, "=") == 0)
		return exact ? compare(v, limit) == 0 : is_within(v, limit, limit->parts);
	if (strcmp(op, "!=") == 0)
		return exact ? compare(v, limit) != 0 : !is_within(v, limit, limit->parts);
	if (strcmp(op, "^") == 0)
		return is_within(v, limit, caret_parts(limit));
	if (strcmp(op, "~") == 0)
		return is_within(v, limit, limit->parts > 2 ? 2 : limit->parts);
	if (strcmp(op, "<") == 0)
		return compare(v, limit) < 0;
	if (strcmp(op, "<=") == 0)
		return exact ? compare(v, limit) <= 0 : compare(v, &past) < 0;
	if (strcmp(op, ">") == 0)
		return exact ? compare(v, limit) > 0 : compare(v, &past) >= 0;
	return compare(v, limit) >= 0;
}

/* The operator of so many characters, in the form that holds() knows; NULL: there is none. */
static const char *
operator_of(const char *text, size_t len)
{
	static const struct {
		const char *written, *op;
	} all[] = {
		{ "", "=" },	{ "=", "=" },	{ "!=", "!=" }, { ">", ">" },
		{ "<", "<" },	{ ">=", ">=" }, { "=>", ">=" }, { "<=", "<=" },
		{ "=<", "<=" }, { "~", "~" },	{ "~>", "~" },	{ "^", "^" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strlen(all[i].written) == len && strncmp(all[i].written, text, len) == 0)
			return all[i].op;
	return NULL;
}

/* One of ">=1.0, <2.0"; returns what is behind it, or NULL. */
static const char *
check_one(const char *at, const struct version *v, bool *ret_holds)
{
	size_t len = strspn(at, "=!<>~^");
	const char *op = operator_of(at, len), *end;
	struct version limit;

	if (!op)
		return NULL;
	end = read_version(at + len + strspn(at + len, " "), &limit);
	if (end)
		*ret_holds = holds(op, v, &limit);
	return end;
}

/* All of them, until "||" or the end: 1, 0 or -1. */
static int
check_all(const char **at, const struct version *v)
{
	bool all = true;

	*at += strspn(*at, " ,");
	while (**at && **at != '|') {
		bool one = false;

		*at = check_one(*at, v, &one);
		if (!*at)
			return -1;
		all = all && one;
		*at += strspn(*at, " ,");
	}
	return all;
}

int
helm_semver_meets(const char *version, const char *constraint, struct err *e)
{
	const char *at = constraint;
	struct version v;
	bool any = false;

	if (!read_version(version, &v))
		return 0;
	do {
		int one = check_all(&at, &v);

		if (one < 0 || (*at == '|' && at[1] != '|'))
			return err_set(e, ERR_SPEC, "improper constraint: %s", constraint);
		any = any || one;
		at += *at == '|' ? 2 : 0;
	} while (*at);
	return any;
}
