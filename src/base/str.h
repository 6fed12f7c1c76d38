#ifndef LIFEBOAT_BASE_STR_H
#define LIFEBOAT_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A growable byte string. `data` is always a C string once anything was appended (or after
 * str_cstr()), and may hold NUL bytes before its end; `len` does not count the terminator.
 */
struct str {
	char *data;
	size_t len;
	size_t cap;
};

#define STR_INIT                                                                                   \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

void str_release(struct str *s);
void str_clear(struct str *s); /* keeps the memory */
void str_append(struct str *s, const char *text);
void str_append_bytes(struct str *s, const void *bytes, size_t len_bytes);
void str_append_char(struct str *s, char c);
void str_append_repeated(struct str *s, char c, int count);
void str_printf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *s, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Removes the first len_bytes bytes. */
void str_consume(struct str *s, size_t len_bytes);
/* Makes room for `extra` more bytes and returns where they go; the caller then adds to s->len. */
char *str_reserve(struct str *s, size_t extra);
/* The text, never NULL; valid until the next change. */
const char *str_cstr(const struct str *s);
/* Moves the text out (never NULL, the caller frees it) and leaves an empty str. */
char *str_take(struct str *s);
/* Wipes the whole buffer with explicit_bzero, then releases it. */
void str_release_secret(struct str *s);

bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with(const char *text, const char *suffix);
/* Equal strings; NULL equals only NULL. */
bool str_equal(const char *a, const char *b);

/*
 * The candidate nearest to `word` by edit distance (at most a third of its length, at least 1), or
 * NULL: the "did you mean" of every message. `candidates` ends with NULL.
 */
const char *str_nearest(const char *word, const char *const *candidates);

/* How often a character stands in a row at most. */
int str_longest_run(const char *text, char c);

#endif
