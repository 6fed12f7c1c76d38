#include "config.h"

#include "run/state/hint.h"

#include <stddef.h>

static const struct {
	const char *grade;
	int cost;
} grades[] = { { "nudge", 1 }, { "where", 3 }, { "command", 5 } };

enum { GRADES = sizeof(grades) / sizeof(grades[0]) };

static size_t
count_hints(const struct step_spec *spec)
{
	size_t count = 0;

	while (spec->hints && count < GRADES && spec->hints[count])
		count++;
	return count;
}

bool
hint_next(const struct run_state *state, const struct step_spec *spec, const char *step,
	  struct hint *ret_hint)
{
	/* what is told for nothing is not told again for points */
	size_t next = run_state_hints(state, step) + (hint_free(state, spec) ? 1 : 0);

	if (next >= count_hints(spec))
		return false;
	*ret_hint = (struct hint){ grades[next].grade, spec->hints[next], grades[next].cost };
	return true;
}

const char *
hint_free(const struct run_state *state, const struct step_spec *spec)
{
	return state->explains && count_hints(spec) ? spec->hints[0] : NULL;
}

void
hint_describe_none(const struct run_state *state, const struct step_spec *spec, const char *step,
		   struct str *out)
{
	bool any = run_state_hints(state, step) || hint_free(state, spec);

	str_printf(out, "there is no %shint for step %s", any ? "further " : "", step);
}
