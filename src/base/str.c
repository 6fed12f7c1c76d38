#include "config.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void
str_release(struct str *s)
{
	free(s->data);
	*s = (struct str)STR_INIT;
}

void
str_release_secret(struct str *s)
{
	if (s->data)
		explicit_bzero(s->data, s->cap);
	str_release(s);
}

void
str_clear(struct str *s)
{
	s->len = 0;
	if (s->data)
		s->data[0] = '\0';
}

char *
str_reserve(struct str *s, size_t extra)
{
	size_t need = s->len + extra + 1;

	if (need > s->cap) {
		size_t cap = s->cap ? s->cap : 64;

		while (cap < need)
			cap *= 2;
		s->data = xrealloc(s->data, cap);
		s->cap = cap;
	}
	return s->data + s->len;
}

void
str_append_bytes(struct str *s, const void *bytes, size_t len_bytes)
{
	char *end = str_reserve(s, len_bytes);

	if (len_bytes)
		memcpy(end, bytes, len_bytes);
	s->len += len_bytes;
	s->data[s->len] = '\0';
}

void
str_append(struct str *s, const char *text)
{
	str_append_bytes(s, text, strlen(text));
}

void
str_append_char(struct str *s, char c)
{
	str_append_bytes(s, &c, 1);
}

void
str_vprintf(struct str *s, const char *format, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		return;
	vsnprintf(str_reserve(s, (size_t)len), (size_t)len + 1, format, ap);
	s->len += (size_t)len;
}

void
str_printf(struct str *s, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	str_vprintf(s, format, ap);
	va_end(ap);
}

void
str_consume(struct str *s, size_t len_bytes)
{
	if (len_bytes == 0)
		return;
	s->len -= len_bytes;
	memmove(s->data, s->data + len_bytes, s->len + 1);
}

const char *
str_cstr(const struct str *s)
{
	return s->data ? s->data : "";
}

char *
str_take(struct str *s)
{
	char *text = s->data ? s->data : xstrdup("");

	*s = (struct str)STR_INIT;
	return text;
}

bool
str_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool
str_ends_with(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

bool
str_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Optimal string alignment: insert, delete, replace and swap of neighbours cost 1 each. */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), width = m + 1;
	size_t *cell = xcalloc((n + 1) * width, sizeof(*cell));

	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			size_t *at = &cell[i * width + j];

			if (i == 0 || j == 0) {
				*at = i + j;
				continue;
			}
			size_t best = at[-(ptrdiff_t)width - 1] + (a[i - 1] != b[j - 1]);
			if (at[-1] + 1 < best)
				best = at[-1] + 1;
			if (at[-(ptrdiff_t)width] + 1 < best)
				best = at[-(ptrdiff_t)width] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    at[-2 * (ptrdiff_t)width - 2] + 1 < best)
				best = at[-2 * (ptrdiff_t)width - 2] + 1;
			*at = best;
		}
	}
	size_t distance = cell[n * width + m];
	free(cell);
	return distance;
}

const char *
str_nearest(const char *word, const char *const *candidates)
{
	size_t limit = strlen(word) / 3 > 0 ? strlen(word) / 3 : 1;
	const char *best = NULL;

	if (strlen(word) > 64)
		return NULL;
	for (; *candidates; candidates++) {
		if (strlen(*candidates) > 64)
			continue;
		size_t distance = edit_distance(word, *candidates);

		if (distance <= limit) {
			best = *candidates;
			limit = distance ? distance - 1 : 0;
			if (distance == 0)
				break;
		}
	}
	return best;
}

void
str_append_repeated(struct str *s, char c, int count)
{
	while (count-- > 0)
		str_append_char(s, c);
}

int
str_longest_run(const char *text, char c)
{
	int longest = 0, run = 0;

	for (; *text; text++) {
		run = *text == c ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}
