#ifndef LIFEBOAT_BASE_AUTOMATON_H
#define LIFEBOAT_BASE_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One text to look for, in a buffer that holds them all, and whom it belongs to. */
struct needle {
	size_t offset;
	size_t len;
	uint32_t owner;
};

/*
 * Finds any of many patterns in a stream of bytes, in one pass. Immutable once made, so any thread may
 * use it; counted, so that a stream may keep an old one. A state is a node of the tree of patterns:
 * the longest end of the stream that begins some pattern. 0 is the beginning.
 * Source: Aho and Corasick, "Efficient String Matching", CACM 18 (1975).
 */
struct automaton;

/* Sorts `needles`. `names` are those of the owners; they are copied. */
struct automaton *automaton_new(const char *texts, struct needle *needles, size_t count,
				const char *const *names, size_t name_count);
struct automaton *automaton_ref(struct automaton *a);
void automaton_unref(struct automaton *a); /* NULL is legal */

/* Goes on until a pattern ends or the bytes do; returns the bytes it took. */
size_t automaton_scan(const struct automaton *a, uint32_t *state, const char *bytes,
		      size_t len_bytes);
/* Whether a text holds no pattern, nor ends in the first `cut` bytes or more of one. Quicker than a scan. */
bool automaton_misses(const struct automaton *a, const char *bytes, size_t len_bytes, size_t cut);
/* How many bytes of the stream the state stands for. */
size_t automaton_depth(const struct automaton *a, uint32_t state);
/* Whether a pattern ends in this state: the longest one that does. */
bool automaton_match(const struct automaton *a, uint32_t state, size_t *ret_len,
		     uint32_t *ret_owner);
/* The same state, or the next shorter one, that is the beginning of a pattern still: for after a match. */
uint32_t automaton_beginning(const struct automaton *a, uint32_t state);
/* The owner of some pattern that begins with what the state stands for; not for state 0. */
uint32_t automaton_owner_ahead(const struct automaton *a, uint32_t state);
const char *automaton_owner_name(const struct automaton *a, uint32_t owner);

#endif
