#ifndef LIFEBOAT_TESTS_FUZZ_HOSTILE_H
#define LIFEBOAT_TESTS_FUZZ_HOSTILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Texts that mean harm to a terminal: the same ones from the same seed. */
struct hostile {
	uint64_t state;
};

uint64_t hostile_number(struct hostile *h, uint64_t below);

/* Appends up to about max bytes of anything but NUL: sequences, halves of them, wrong UTF-8, and honest text. */
void hostile_bytes(struct hostile *h, size_t max, struct str *out);
/* One line of it; the caller frees. */
char *hostile_line(struct hostile *h, size_t max);
/* The same between quotes as JSON has it, which is valid UTF-8; the caller frees. */
char *hostile_json(struct hostile *h, size_t max);

#endif
