#ifndef LIFEBOAT_RUN_JOURNAL_CURSOR_H
#define LIFEBOAT_RUN_JOURNAL_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

/* What is still to be read of a text in a strict format. Plain data; borrows the bytes. */
struct cursor {
	const char *at, *end;
};

/* Passes exactly these bytes. False: something else is there, and nothing was passed. */
bool cursor_take(struct cursor *cursor, const char *literal);

/*
 * Copies what stands before a byte that must follow, at least one and less than `cap` bytes, and passes it; the
 * byte stays.
 */
bool cursor_take_word(struct cursor *cursor, char behind, char *out, size_t cap);

#endif
