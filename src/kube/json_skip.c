#include "config.h"

#include "kube/json_skip.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
	LANE_BYTES = 16,
	BLOCK_BYTES = 64 /* that are looked at together: a bit of a word for each */
};

/* Sixteen bytes at once: gcc and clang make the machine's own instructions of it. */
typedef unsigned char lane __attribute__((vector_size(LANE_BYTES)));

/* A bit for each byte of the lane, all of whose bits are set or none is; the first byte's is the lowest. */
static inline uint64_t
bits_of(lane truths)
{
#ifdef __SSE2__
	return (uint64_t)_mm_movemask_epi8((__m128i)truths);
#else
	/* One bit of each byte, the first's the lowest; the product's highest byte is the sum of all. */
	static const uint64_t diagonal = UINT64_C(0x8040201008040201);
	static const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t halves[2];

	memcpy(halves, &truths, sizeof(halves));
	return ((le64toh(halves[0]) & diagonal) * ones) >> 56 |
	       ((le64toh(halves[1]) & diagonal) * ones) >> 56 << 8;
#endif
}

/* What stands where in a block. */
struct places {
	uint64_t quotes, escapes, openers, closers;
};

static inline void
look_at(struct places *places, const char *block, int from)
{
	lane bytes;

	memcpy(&bytes, block + from, sizeof(bytes));
	places->quotes |= bits_of((lane)(bytes == '"')) << from;
	places->escapes |= bits_of((lane)(bytes == '\\')) << from;
	bytes |= 0x20; /* makes { of [ and } of ] */
	places->openers |= bits_of((lane)(bytes == '{')) << from;
	places->closers |= bits_of((lane)(bytes == '}')) << from;
}

/* Of a value that is skipped. */
struct skip {
	size_t depth;	    /* of brackets; of a string by itself always 0 */
	bool is_string;	    /* by itself */
	uint64_t in_string; /* all bits, or none */
	uint64_t escaped;   /* 1: by the byte before; or 0 */
};

/* The bytes that are escaped. Of backslashes that follow each other every second one is. */
static inline uint64_t
escaped_bits(struct skip *skip, uint64_t escapes)
{
	uint64_t escaped = escapes << 1 | skip->escaped;

	if (escapes & escaped) {
		escaped = skip->escaped;
		for (uint64_t left = escapes; left; left &= left - 1)
			if (!(left & -left & escaped))
				escaped |= (left & -left) << 1;
	}
	skip->escaped = (escapes & ~escaped) >> (BLOCK_BYTES - 1);
	return escaped;
}

/* Each byte's bit becomes the parity of the quotes up to it: whether a string goes on behind it. */
static inline uint64_t
string_bits(struct skip *skip, uint64_t quotes)
{
	uint64_t inside = quotes;

	inside ^= inside << 1;
	inside ^= inside << 2;
	inside ^= inside << 4;
	inside ^= inside << 8;
	inside ^= inside << 16;
	inside ^= inside << 32;
	inside ^= skip->in_string;
	skip->in_string = -(inside >> (BLOCK_BYTES - 1));
	return inside;
}

/* The bytes up to the bracket that closes the value, bracket by bracket; 0: it goes on. */
static size_t
end_among(size_t *depth, uint64_t openers, uint64_t closers)
{
	for (uint64_t left = openers | closers; left; left &= left - 1) {
		if (left & -left & openers)
			++*depth;
		else if (--*depth == 0)
			return (size_t)__builtin_ctzll(left) + 1;
	}
	return 0;
}

/*
 * Goes over a block. No branch depends on where a string ends, for those would be guessed wrongly: what the
 * fields' owners say, which is skipped, is most of a pod's metadata. Returns the bytes up to the value's end, or
 * 0: it goes on.
 */
static size_t
skip_block(struct skip *skip, const char *at)
{
	struct places p = { 0 };

	look_at(&p, at, 0);
	look_at(&p, at, LANE_BYTES);
	look_at(&p, at, 2 * LANE_BYTES);
	look_at(&p, at, 3 * LANE_BYTES);
	uint64_t escaped = escaped_bits(skip, p.escapes);
	uint64_t quotes = p.quotes & ~escaped, inside = string_bits(skip, quotes);
	uint64_t openers = p.openers & ~(inside | escaped);
	uint64_t closers = p.closers & ~(inside | escaped);
	uint64_t empty = skip->depth ? openers << 1 & closers
				     : 0; /* {}: within the value they change nothing */
	size_t closed;

	if (skip->is_string)
		return quotes & ~inside ? (size_t)__builtin_ctzll(quotes & ~inside) + 1 : 0;
	openers &= ~(empty >> 1);
	closers &= ~empty;
	closed = (size_t)__builtin_popcountll(closers);
	if (closed >= skip->depth)
		return end_among(&skip->depth, openers, closers);
	skip->depth += (size_t)__builtin_popcountll(openers) - closed;
	return 0;
}

const char *
json_skip(const char *at, const char *end)
{
	struct skip skip = { .is_string = at < end && *at == '"' };
	char rest[BLOCK_BYTES] = { 0 };
	size_t len;

	for (; end - at >= BLOCK_BYTES; at += BLOCK_BYTES) {
		len = skip_block(&skip, at);
		if (len)
			return at + len;
	}
	memcpy(rest, at, (size_t)(end - at));
	len = skip_block(&skip, rest);
	return len ? at + len : NULL;
}
