#ifndef LIFEBOAT_CLI_SESSION_H
#define LIFEBOAT_CLI_SESSION_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/secret.h"
#include "cli/anchors.h"
#include "cli/command.h"
#include "run/engine/engine.h"
#include "run/journal/operator_key.h"
#include "run/state/event.h"
#include "run/state/state.h"
#include "runbook/expression.h"
#include "runbook/runbook.h"
#include "ui/ui.h"

/* How a run stands when its front end is left, as exit codes. */
enum { SESSION_ABORTED = 3, SESSION_INCOMPLETE = 5, SESSION_INTERRUPTED = 130 };

/* What `run`, `resume`, `follow` and `check` have in common: from a runbook and its parameters to an exit code. */
struct session {
	const struct cli_args *args;
	struct runbook *runbook;
	struct expressions *expressions;
	struct secrets *secrets;
	cJSON *params;
	char *folder;
	char *run_id;
	/* of a run that is there already: */
	bool was_followed; /* its history was shown to the operator */
	bool was_drill;	   /* its world is gone */
	bool certified;	   /* somebody vouches for an earlier key of it */
	char *last_holder; /* who wrote in it last, "ana, pid 4711 on db1"; NULL: nobody yet */
	/* what an engine is told, which it keeps no copy of: */
	char *operator_name;
	char host[256];
	char *previous_run; /* or NULL */
	char previous_checkpoint[DIGEST_HEX_MAX];
	bool plain;
	char *screen_problem; /* why it is plain without being told so, until that was said; or NULL */
	bool automatic;
	bool checks_later; /* session_check() looks whether the runbook's expressions compile; else session_load() does */
	/* of a drill: */
	const struct engine_drill *drill; /* NULL: this is real */
	const cJSON *
		given; /* parameters that the world gives, secrets as they are; -p overrides them; or NULL */
	/* the form of parameters: */
	const char *verb; /* of its last row; NULL: "Start" */
	bool asks;	  /* it is shown though nothing is missing */
	bool keeps_screen; /* a screen follows it, so that the terminal is not given back in between */
	bool has_screen; /* it was not, or somebody has handed it over */
};

/* Options that `run` and `resume` take, for the end of their tables. */
#define SESSION_OPTIONS ANCHOR_OPTION, SESSION_DECISIONS

/* The same of `drill`, whose journal is copied nowhere. */
#define SESSION_DECISIONS                                                                          \
	{ "auto", 0, NULL,                                                                         \
	  "Run what needs no decision, without questions; exit 5 at one that does." },             \
		{ "yes", 'y', "STEP",                                                              \
		  "With --auto: confirm this step (a pattern; may be repeated). In a drill: all, " \
		  "if none is given." },                                                           \
		{ "confirm", 0, "NAME", "With --auto: type this name where one must be typed." },  \
		{ "answer", 0, "STEP=VALUE", "With --auto: answer this step's question." },        \
		{ "allow-insecure", 0, NULL,                                                       \
		  "With --auto: act on targets whose certificate is not verified." },              \
		{ "operator", 0, "NAME", "Who acts, for the journal (default: the login name)." }, \
		SESSION_LOOKS

/* The same of `follow`, which decides nothing. */
#define SESSION_LOOKS                                                                              \
	{ "plain", 0, NULL, "Lines instead of a screen; chosen by itself without a terminal." },   \
		{ "ascii", 0, NULL, "No character outside ASCII." },                               \
	{                                                                                          \
		"mono", 0, NULL, "No colours; NO_COLOR does the same."                             \
	}

/* The terminal that somebody opened (ui_open()) belongs to the next session, which gives it back. */
void session_hand_screen(void);
/* The command's table has the options `auto` and `plain`. */
void session_init(struct session *s, const struct cli_args *args);
/* The same for a command that decides nothing, and has no `auto`. */
void session_init_looking(struct session *s, const struct cli_args *args);
/* Tells who expects a screen why there is none, once. */
void session_say_lines(struct session *s);
/*
 * Ends the session of a command that returned rc; what its error may hold of a secret is hidden while the
 * registry is still there. Returns rc.
 */
int session_finish(struct session *s, int rc, struct err *e);

/* Finds and loads a runbook that is to be run, and fills its parameters. Errors: ERR_USAGE, ERR_SPEC. */
int session_load(struct session *s, const char *word, struct err *e);

/* The rest of the check of a runbook, before anything is done with it; once. Errors: ERR_SPEC. */
int session_check(struct session *s, struct err *e);

/* How things look, by the options and by config.yaml. */
struct ui_look session_look(const struct session *s);

/* No character outside ASCII, by --ascii or by the locale. */
bool session_ascii(const struct session *s);

/*
 * Fills s->params from -p and --params-file, then defaults, and where something is missing by the form, which is left
 * with every value valid. For a run that is resumed only secrets are asked for. Errors: ERR_USAGE, ERR_CANCELLED.
 */
int session_params(struct session *s, bool secrets_only, struct err *e);

/* A run that is another process's: who that is, and whether we go on with it afterwards. */
struct session_watch {
	const char *holder;
	bool takes_over;
};

/*
 * The screen or the lines of a run that is there, or of one that is begun by them (`beginning`, or NULL); `watch` NULL:
 * it is ours. As ui_screen_run().
 */
int session_front_end(struct session *s, const struct run_link *link,
		      const struct ui_beginning *beginning, const struct session_watch *watch,
		      struct run_state *state, enum ui_end *ret_end, struct err *e);

/* Runs or resumes on the screen or by lines; returns the exit code, or -1: ERR_LOCKED where another has it. */
int session_run(struct session *s, bool resume, struct err *e);

#endif
