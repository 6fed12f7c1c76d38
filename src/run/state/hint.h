#ifndef LIFEBOAT_RUN_STATE_HINT_H
#define LIFEBOAT_RUN_STATE_HINT_H

#include <stdbool.h>

#include "base/str.h"
#include "run/state/state.h"
#include "runbook/runbook.h"

/* The hints of a drill: up to three for a step, each telling more than the one before, and costing more. */
struct hint {
	const char *grade; /* "nudge", "where", "command" */
	const char *text;  /* the runbook's; borrowed */
	int cost;	   /* points */
};

/* The next one of a step, by its instance's id, that was not taken yet; false: there is none. Pure. */
bool hint_next(const struct run_state *state, const struct step_spec *spec, const char *step,
	       struct hint *ret_hint);
/* The first one, where the drill explains (for a first-timer), which is then free; or NULL. */
const char *hint_free(const struct run_state *state, const struct step_spec *spec);
/* Why hint_next() has none for it: "there is no further hint for step …". Appended. */
void hint_describe_none(const struct run_state *state, const struct step_spec *spec,
			const char *step, struct str *out);

#endif
