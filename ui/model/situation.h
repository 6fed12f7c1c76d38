#ifndef LIFEBOAT_UI_MODEL_SITUATION_H
#define LIFEBOAT_UI_MODEL_SITUATION_H

#include "run/state/state.h"
#include "runbook/runbook.h"

/* What is true of a run just now, as far as it decides what the operator may do. A set. */
enum fact {
	FACT_BUSY = 1 << 0,    /* being started or prepared: nothing to decide yet */
	FACT_READY = 1 << 1,   /* the current step is planned */
	FACT_STUCK = 1 << 2,   /* the current step is blocked, failed or cancelled */
	FACT_UNKNOWN = 1 << 3, /* the current step may or may not have happened */
	FACT_RUNNING = 1 << 4,
	FACT_ASKED = 1 << 5,	     /* the running step waits for an answer */
	FACT_PAST_LAST = 1 << 6,     /* every step is done; the run wants its end */
	FACT_OVER = 1 << 7,	     /* ended or left */
	FACT_CAN_GO_BACK = 1 << 8,   /* stuck, and on_failure names a step to go to */
	FACT_CAN_UNDO = 1 << 9,	     /* something can be taken back, and nothing is under way */
	FACT_UNDOING = 1 << 10,	     /* the current step is to be taken back, or left as it is */
	FACT_CAN_SKIP = 1 << 11,     /* the current step can be passed over */
	FACT_ALWAYS = (1 << 12) - 1, /* whatever the run is at */
	/* what is true of the screen: added by app_facts() */
	FACT_ON_TABLE = 1 << 12,  /* the pods pane has the keys */
	FACT_ON_LOGS = 1 << 13,	  /* the logs pane has them */
	FACT_SEARCHING = 1 << 14, /* the pane that has the keys searches for something */
	FACT_FILTERED = 1 << 15,  /* or leaves something out */
	FACT_PLUGIN = 1 << 16,	  /* a program in the background says something to the operator */
	FACT_ON_TEXT = 1 << 17,	  /* one of the other panes has the keys, or a page */
	FACT_ON_LIST = 1 << 18,	  /* the steps or the audit, whose entries can be left out */
	FACT_HINTS = 1 << 19,	  /* a drill, which has a further hint for the current step */
	FACT_ANY = (1 << 20) - 1,
	FACT_ON_START = 1 << 20, /* no run: the start page; never among the others */
};

unsigned situation_facts(const struct run_state *state, const struct runbook *runbook);

/* "step dns-update is running": the situation in words, appended to out. */
void situation_describe(const struct run_state *state, struct str *out);

/* Why the current step has no hint to be had, a sentence's end, appended to out. */
void situation_describe_hints(const struct run_state *state, const struct runbook *runbook,
			      struct str *out);
/* What to do about a run that stopped though nobody left it, for `why`: -1. */
int situation_stopped(const struct run_state *state, const char *why, struct err *e);

/* The runbook's step of a step of the run, or NULL. */
const struct step_spec *situation_spec(const struct runbook *runbook,
				       const struct step_state *step);

/* "[x]" and its kin. */
const char *situation_glyph(const struct run_state *state, size_t index);

#endif
