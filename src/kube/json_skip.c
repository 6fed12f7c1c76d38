#include "config.h"

#include "kube/json_skip.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK_BYTES = 16 /* that are looked at together */ };

/* One in each of eight bytes; times this, the highest byte of a word is the sum of its bytes. */
#define ONES UINT64_C(0x0101010101010101)

/* Sixteen bytes at once: gcc and clang make the machine's own instructions of it. */
typedef unsigned char block_of_text __attribute__((vector_size(BLOCK_BYTES)));

/* Eight bytes of 0 or 1 as a word, the first byte lowest. */
static uint64_t
word_of(block_of_text truths, size_t half)
{
	uint64_t word;

	memcpy(&word, (const char *)&truths + half * sizeof(word), sizeof(word));
	return le64toh(word) & ONES;
}

/* Of a value that is skipped. */
struct skip {
	size_t depth;	    /* of brackets */
	uint64_t in_string; /* ONES or 0 */
	uint64_t escaped;   /* 1: by the byte before; or 0 */
};

/*
 * Goes over a block in which the value cannot end: true. No branch depends on where a string ends, for those would be guessed
 * wrongly. What the fields' owners say, which is skipped, is most of a pod's metadata.
 */
static bool
skip_block(struct skip *skip, const char *at)
{
	struct skip now = *skip;
	size_t closed = 0, opened = 0;
	block_of_text bytes;

	memcpy(&bytes, at, sizeof(bytes));
	block_of_text quotes = (block_of_text)(bytes == '"');
	block_of_text escapes = (block_of_text)(bytes == '\\');
	block_of_text openers = (block_of_text)((bytes | 0x20) == '{'); /* and [ */
	block_of_text closers = (block_of_text)((bytes | 0x20) == '}'); /* and ] */
	for (size_t half = 0; half < BLOCK_BYTES / sizeof(uint64_t); half++) {
		uint64_t escape = word_of(escapes, half), escaped = escape << 8 | now.escaped;
		uint64_t inside = word_of(quotes, half) & ~escaped;

		if (escape & escaped)
			return false;
		now.escaped = escape >> 56;
		/* each byte becomes the parity of the quotes up to it */
		inside ^= inside << 8;
		inside ^= inside << 16;
		inside ^= inside << 32;
		inside ^= now.in_string;
		now.in_string = (inside >> 56) * ONES;
		opened += ((word_of(openers, half) & ~inside) * ONES) >> 56;
		closed += ((word_of(closers, half) & ~inside) * ONES) >> 56;
	}
	if (closed >= skip->depth)
		return false;
	now.depth += opened - closed;
	*skip = now;
	return true;
}

/* The same byte by byte; the place behind the value, or NULL: it goes on at *at. */
static const char *
skip_bytes(struct skip *skip, const char **at, const char *end)
{
	for (; *at < end; ++*at) {
		char c = **at, bracket = c | 0x20;

		if (skip->escaped || c == '\\')
			skip->escaped ^= 1;
		else if (c == '"')
			skip->in_string ^= ONES;
		else if (!skip->in_string && bracket == '{')
			skip->depth++;
		else if (!skip->in_string && bracket == '}')
			skip->depth--;
		if (!skip->depth && !skip->in_string)
			return *at + 1;
	}
	return NULL;
}

const char *
json_skip(const char *at, const char *end)
{
	struct skip skip = { 0 };
	const char *behind = NULL;

	while (!behind && at < end) {
		const char *stop = end - at < BLOCK_BYTES ? end : at + BLOCK_BYTES;

		if (stop - at == BLOCK_BYTES && skip_block(&skip, at))
			at = stop;
		else
			behind = skip_bytes(&skip, &at, stop);
	}
	return behind;
}
