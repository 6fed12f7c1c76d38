#ifndef LIFEBOAT_BASE_REDACTOR_H
#define LIFEBOAT_BASE_REDACTOR_H

#include <stddef.h>

#include "base/str.h"

struct automaton;
struct secrets;

/* What secret.c and redactor.c share; everybody else includes base/secret.h. */

/* The automaton of all values registered so far, to be released; NULL while there are none. */
struct automaton *secrets_automaton(struct secrets *s);

/*
 * Redacts a text that is complete, or was cut: so much as CUT_MIN_BYTES of a secret before an ellipsis, or
 * at the end, counts as the secret. NULL: nothing is secret.
 */
void redactor_message(const struct automaton *a, const char *text, size_t len_bytes,
		      struct str *out);

#endif
