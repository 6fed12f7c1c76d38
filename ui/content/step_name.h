#ifndef LIFEBOAT_UI_CONTENT_STEP_NAME_H
#define LIFEBOAT_UI_CONTENT_STEP_NAME_H

#include <stddef.h>

#include "base/err.h"
#include "run/state/state.h"

/* The index of a step by its number, from 1, or its id. Errors: ERR_USAGE, with what was meant perhaps. */
int step_name_find(const struct run_state *state, const char *text, size_t *ret_index,
		   struct err *e);

/* A number from 1 to `count` as an index; SIZE_MAX: the text is none of those. */
size_t step_name_number(const char *text, size_t count);

#endif
