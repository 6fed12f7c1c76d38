#ifndef LIFEBOAT_UI_UI_H
#define LIFEBOAT_UI_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "run/state/autopilot.h"
#include "run/state/event.h"
#include "run/state/state.h"
#include "runbook/runbook.h"

/* Why a front end returned. */
enum ui_end {
	UI_END_RUN_OVER,       /* the run ended; run_state tells how */
	UI_END_LEFT,	       /* the operator left; the run can be resumed */
	UI_END_INTERRUPTED,    /* the same by interrupts (SIGINT), in plain mode */
	UI_END_NEEDS_DECISION, /* --auto met a decision that nothing on the command line takes */
	UI_END_RELEASED,       /* following only: the process that held the run is gone */
};

/* How things look, and what keys do. */
struct ui_look {
	bool ascii;	/* no character outside ASCII */
	bool mono;	/* no colour */
	bool clipboard; /* the terminal may be told to copy (OSC 52) */
	bool mouse; /* clicks and the wheel are ours; else the terminal selects text with them */
	bool local_time; /* beside UTC, which is always shown */
};

/*
 * Takes the terminal for several screens in a row (start page, parameters, run), so that nothing flickers between them. It
 * nests: every ui_open() that succeeded has its ui_close(), and the last one gives the terminal back. Main thread only.
 * ERR_USAGE: there is no usable terminal.
 */
int ui_open(const struct ui_look *look, struct err *e);
void ui_close(void);

/* Why there can be no screen here ("TERM=dumb cannot move its cursor"); the caller frees. NULL: there can be one. */
char *ui_screen_problem(void);

/* A run that is begun when something can be seen of it already: to begin takes the disk and a process. */
struct ui_beginning {
	const char *mode; /* "live", "drill" */
	/* Begins it and returns its link, or NULL with *e: the front end then ends with that. Main thread. */
	const struct run_link *(*begin)(void *data, struct err *e);
	void *data;
};

struct ui_options {
	const struct runbook *runbook;
	const char *run_folder;		   /* where out/ is, for looking at earlier output */
	struct secrets *secrets;	   /* for the feeds */
	const struct autopilot *autopilot; /* --auto, plain mode only; NULL: the operator decides */
	struct ui_look look;
	/* The run is another process's, and is only looked at: who that is ("ana, pid 4711 on db1"), and whether we go on
	 * with it when that ends. NULL: it is ours. */
	const char *holder;
	bool takes_over;
	bool history_is_known; /* what an earlier process went through was shown already, while it was followed */
	int64_t (*now_ms)(void); /* the wall clock; NULL: clock_wall_ms */
	/* Whether there is such a program on this machine, by its name or path; NULL: nobody can tell. */
	bool (*has_program)(const char *name);
	const struct ui_beginning
		*beginning; /* of a run that is not there yet, whose link is NULL; else NULL */
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

#endif
