#ifndef LIFEBOAT_TESTS_FUZZ_GRAMMAR_H
#define LIFEBOAT_TESTS_FUZZ_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

/* What may leave for a terminal, as a list of what is allowed: the rest is not. */
struct grammar {
	int columns, rows; /* no cursor goes further */
	bool clipboard;	   /* OSC 52 is meant */
	bool ascii;	   /* nothing beyond ASCII */
};

/* The offset of the first byte that should not be there, or len: text and the sequences of a screen. */
size_t grammar_of_screen(const struct grammar *grammar, const char *bytes, size_t len);
/* The same of text alone, with LFs. */
size_t grammar_of_text(const struct grammar *grammar, const char *bytes, size_t len);

#endif
