#ifndef LIFEBOAT_RUNBOOK_CONVERT_H
#define LIFEBOAT_RUNBOOK_CONVERT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Conversions of text that parameters and the fields of steps have in common. Internal to
 * src/runbook. The messages quote the text and say what is wanted; errors are ERR_SPEC.
 */

/* true, yes, y, 1 and false, no, n, 0, in any case of letters. */
int convert_bool(const char *text, bool *ret_value, struct err *e);
/* A decimal number that a JSON number holds exactly. */
int convert_int(const char *text, int64_t *ret_value, struct err *e);
/* One of the words, which end with NULL. */
int convert_choice(const char *text, const char *const *choices, struct err *e);
/* `name` seen from the folder of the file `base`, or from the current one (NULL), absolute. */
int convert_path(const char *base, const char *name, char **ret_path, struct err *e);
/* A scalar as text: whole numbers without an exponent. NULL for a list or an object. */
char *convert_to_text(const cJSON *value);

#endif
