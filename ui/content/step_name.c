#include "config.h"

#include "ui/content/step_name.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"

size_t
step_name_number(const char *text, size_t count)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	return isdigit((unsigned char)*text) && !*end && number >= 1 && number <= count ? number - 1
											: SIZE_MAX;
}

static int
no_such_step(const struct run_state *state, const char *text, struct err *e)
{
	const char **ids = xcalloc(state->steps_count + 1, sizeof(*ids));

	for (size_t i = 0; i < state->steps_count; i++)
		ids[i] = state->steps[i].id;
	const char *nearest = str_nearest(text, ids);
	free(ids);
	return nearest ? err_set(e, ERR_USAGE, "there is no step \"%s\"; did you mean \"%s\"?",
				 text, nearest)
		       : err_set(e, ERR_USAGE, "there is no step \"%s\"; there are %zu", text,
				 state->steps_count);
}

int
step_name_find(const struct run_state *state, const char *text, size_t *ret_index, struct err *e)
{
	*ret_index = step_name_number(text, state->steps_count);
	for (size_t i = 0; i < state->steps_count && *ret_index == SIZE_MAX; i++)
		if (str_equal(state->steps[i].id, text))
			*ret_index = i;
	return *ret_index == SIZE_MAX ? no_such_step(state, text, e) : 0;
}
