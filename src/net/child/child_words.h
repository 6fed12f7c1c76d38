#ifndef LIFEBOAT_NET_CHILD_CHILD_WORDS_H
#define LIFEBOAT_NET_CHILD_CHILD_WORDS_H

#include <stddef.h>

#include "base/str.h"

/* How messages tell of the end of a command. */

/* A signal that ended it, with what that means: "signal 11 (SIGSEGV: it crashed …)"; the caller frees. */
char *child_signal_describe(int number);

/*
 * Appends the last lines of what it said, sanitised, as one: "; " between two, blank ones left out; at most `lines` of
 * them and about max_bytes. Nothing where it said nothing. Of what may hold a secret: redacted before.
 */
void child_last_lines(const char *bytes, size_t len_bytes, int lines, size_t max_bytes,
		      struct str *out);

#endif
