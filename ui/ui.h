#ifndef LIFEBOAT_UI_UI_H
#define LIFEBOAT_UI_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "run/autopilot.h"
#include "run/event.h"
#include "run/state.h"
#include "runbook/runbook.h"

/* Why a front end returned. */
enum ui_end {
	UI_END_RUN_OVER,       /* the run ended; run_state tells how */
	UI_END_LEFT,	       /* the operator left; the run can be resumed */
	UI_END_NEEDS_DECISION, /* --auto met a decision that nothing on the command line takes */
	UI_END_RELEASED,       /* following only: the process that held the run is gone */
};

struct ui_options {
	const struct runbook *runbook;
	const char *run_folder;		   /* where out/ is, for looking at earlier output */
	struct secrets *secrets;	   /* for the feeds */
	const struct autopilot *autopilot; /* --auto, plain mode only; NULL: the operator decides */
	bool ascii;			   /* no character outside ASCII */
	bool mono;			   /* no colour */
	/* The run is another process's, and is only looked at: who that is ("ana, pid 4711 on db1"), and whether we go on
	 * with it when that ends. NULL: it is ours. */
	const char *holder;
	bool takes_over;
	bool history_is_known; /* what an earlier process went through was shown already, while it was followed */
	int64_t (*now_ms)(void); /* the wall clock; NULL: clock_wall_ms */
};

/*
 * The full screen (ncurses). Blocks until the run is over or left; the terminal is restored in every
 * case. *state is the front end's own fold, filled for the caller to read afterwards. Main thread only.
 */
int ui_screen_run(const struct ui_options *options, const struct run_link *link,
		  struct run_state *state, enum ui_end *ret_end, struct err *e);

/* The same job by lines on stdin and stdout: append-only, numbered prompts, no cursor movement. */
int ui_plain_run(const struct ui_options *options, const struct run_link *link,
		 struct run_state *state, enum ui_end *ret_end, struct err *e);

/*
 * Asks for one parameter on the terminal by lines (hidden for a secret). Returns the text (the caller
 * wipes and frees it), or NULL: ERR_CANCELLED at end of input, ERR_USAGE without a terminal, naming
 * the flag that would have given it.
 */
char *ui_ask_param(const struct param *param, const char *problem, struct err *e);

#endif
