#include "config.h"

#include "fuzz.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "grammar.h"

enum { QUIET_MS = 20 }; /* a screen that did not change for so long has answered a key */

static const struct fuzz_place places[] = {
	{ "xterm-256color", 80, 24, false, false },
	{ "xterm", 120, 36, false, false },
	{ "linux", 80, 25, false, false },
	{ "vt100", 80, 24, true, true },
	{ "screen-256color", 160, 48, false, false },
	{ "xterm-mono", 61, 16, true, false },
	{ "tmux-256color", 30, 8, false, true },
};

static uint64_t seed = 1;
static int rounds;

const struct fuzz_place *
fuzz_place(int number)
{
	return &places[(size_t)number % (sizeof(places) / sizeof(places[0]))];
}

void
fuzz_begin(int argc, char **argv, int otherwise)
{
	const char *given = getenv("LIFEBOAT_FUZZ_SEED");

	setlocale(LC_ALL, "C.UTF-8");
	seed = given ? strtoull(given, NULL, 10) : seed;
	rounds = argc > 1 ? atoi(argv[1]) : otherwise;
	printf("LIFEBOAT_FUZZ_SEED=%llu, %d rounds\n", (unsigned long long)seed, rounds);
}

int
fuzz_rounds(void)
{
	return rounds;
}

struct hostile
fuzz_hostile(int round, uint64_t kind)
{
	return (struct hostile){ seed * 1000003u + (uint64_t)round * 101 + kind };
}

void
fuzz_assert(const char *what, int round, const char *bytes, size_t len, size_t good)
{
	if (good == len)
		return;
	size_t from = good > 24 ? good - 24 : 0, to = good + 40 < len ? good + 40 : len;

	fprintf(stderr, "%s, seed %llu, round %d: byte %zu of %zu should not be there:\n", what,
		(unsigned long long)seed, round, good, len);
	for (size_t i = from; i < to; i++)
		fprintf(stderr, bytes[i] >= ' ' && bytes[i] < 0x7f ? "%s%c" : "%s\\x%02x",
			i == good ? " >>" : "", (unsigned char)bytes[i]);
	fprintf(stderr, "\n");
	fail();
}

void
fuzz_assert_sent(struct tty *tty, const struct fuzz_place *place, const char *what, int round)
{
	struct grammar grammar = { place->columns, place->rows, false, place->ascii };
	size_t len;
	const char *bytes = tty_all_sent(tty, &len);

	assert_true(len > 0);
	fuzz_assert(what, round, bytes, len, grammar_of_screen(&grammar, bytes, len));
}

void
fuzz_type(struct tty *tty, const char *const *words, size_t count)
{
	tty_take_in(tty, 5 * QUIET_MS);
	for (size_t i = 0; i < count && !tty_is_over(tty); i++) {
		tty_type(tty, words[i]);
		tty_take_in(tty, QUIET_MS);
	}
}
