#ifndef LIFEBOAT_TESTS_FUZZ_FUZZ_H
#define LIFEBOAT_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness.h"
#include "hostile.h"

/* What the programs of this folder share: terminals, rounds and their seed, and what is asserted. */

struct fuzz_place {
	const char *term;
	int columns, rows;
	bool mono, ascii;
};

/* Which terminal a round is played on; counts round and round. */
const struct fuzz_place *fuzz_place(int number);

/* Takes the number of rounds from the command line, or else `otherwise`, and LIFEBOAT_FUZZ_SEED. */
void fuzz_begin(int argc, char **argv, int otherwise);
int fuzz_rounds(void);
struct hostile fuzz_hostile(int round, uint64_t kind);

/* Fails with the bytes around `good` unless it is len: the first byte that should not be there. */
void fuzz_assert(const char *what, int round, const char *bytes, size_t len, size_t good);
/* All that was sent to a terminal is what a screen sends. */
void fuzz_assert_sent(struct tty *tty, const struct fuzz_place *place, const char *what, int round);

/* Types one word after the other, each as soon as the screen stands still. */
void fuzz_type(struct tty *tty, const char *const *words, size_t count);

#endif
