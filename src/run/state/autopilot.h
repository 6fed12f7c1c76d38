#ifndef LIFEBOAT_RUN_STATE_AUTOPILOT_H
#define LIFEBOAT_RUN_STATE_AUTOPILOT_H

#include <stdbool.h>

#include "run/state/intent.h"
#include "run/state/state.h"

/* What the command line has decided in advance; all lists end with NULL and may be NULL. */
struct autopilot {
	const char *const *yes;	    /* patterns (fnmatch) of step ids that may be confirmed */
	const char *const *confirm; /* names that may be typed where a name is wanted */
	const char *const *answer;  /* "STEP=VALUE" for inputs and choices */
	bool allow_insecure;	    /* change things on targets whose certificate is not verified */
};

enum autopilot_verdict {
	AUTOPILOT_WAIT,	  /* nothing to decide now */
	AUTOPILOT_ACT,	  /* *ret_intent is to be submitted */
	AUTOPILOT_STUCK,  /* a decision that nobody has taken: exit code 5 */
	AUTOPILOT_FAILED, /* the current step failed or is blocked: exit code 1 */
};

/*
 * What an operator who only follows the command line would do next. Pure. Steps that only read run
 * without a question; what changes needs --yes, what destroys --confirm with its name, and either on a
 * target that nothing proves to be the right one --allow-insecure besides; a failed or blocked step is
 * never passed. A step of unknown outcome is marked as its probe says, where that is certain, and
 * prepared again where the runbook calls it idempotent; else it is AUTOPILOT_STUCK. *why, for the two
 * last verdicts, says in a sentence what is missing and which flag would give it (the caller frees).
 */
enum autopilot_verdict autopilot_decide(const struct autopilot *pilot,
					const struct run_state *state, struct intent **ret_intent,
					char **ret_why);

#endif
