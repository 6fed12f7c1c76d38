#ifndef LIFEBOAT_CLI_SESSION_H
#define LIFEBOAT_CLI_SESSION_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/secret.h"
#include "cli/anchors.h"
#include "cli/command.h"
#include "run/event.h"
#include "run/operator_key.h"
#include "run/state.h"
#include "runbook/expression.h"
#include "runbook/runbook.h"
#include "ui/ui.h"

/* How a run stands when its front end is left, as exit codes. */
enum { SESSION_ABORTED = 3, SESSION_INCOMPLETE = 5 };

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
	bool certified;	   /* somebody vouches for an earlier key of it */
	char *last_holder; /* who wrote in it last, "ana, pid 4711 on db1"; NULL: nobody yet */
	/* what an engine is told, which it keeps no copy of: */
	char *operator_name;
	char host[256];
	char *previous_run; /* or NULL */
	char previous_checkpoint[DIGEST_HEX_MAX];
	bool plain;
	bool automatic;
};

/* Options that `run` and `resume` take, for the end of their tables. */
#define SESSION_OPTIONS                                                                            \
	ANCHOR_OPTION,                                                                             \
		{ "auto", 0, NULL,                                                                 \
		  "Run what needs no decision, without questions; exit 5 at one that does." },     \
		{ "yes", 'y', "STEP",                                                              \
		  "With --auto: confirm this step (a pattern; may be repeated)." },                \
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

/* The command's table has the options `auto` and `plain`. */
void session_init(struct session *s, const struct cli_args *args);
/* The same for a command that decides nothing, and has no `auto`. */
void session_init_looking(struct session *s, const struct cli_args *args);
/*
 * Ends the session of a command that returned rc; what its error may hold of a secret is hidden while the
 * registry is still there. Returns rc.
 */
int session_finish(struct session *s, int rc, struct err *e);

/* Finds and loads a runbook that is to be run, and fills its parameters. Errors: ERR_USAGE, ERR_SPEC. */
int session_load(struct session *s, const char *word, struct err *e);

/* No character outside ASCII, by --ascii or by the locale. */
bool session_ascii(const struct session *s);

/*
 * Fills s->params from -p and --params-file, then defaults, then by asking. For a run that is resumed
 * only secrets are asked for. Errors: ERR_USAGE, ERR_CANCELLED.
 */
int session_params(struct session *s, bool secrets_only, struct err *e);

/* A run that is another process's: who that is, and whether we go on with it afterwards. */
struct session_watch {
	const char *holder;
	bool takes_over;
};

/* The screen or the lines of a run; `watch` NULL: it is ours. As ui_screen_run(). */
int session_front_end(const struct session *s, const struct run_link *link,
		      const struct session_watch *watch, struct run_state *state,
		      enum ui_end *ret_end, struct err *e);

/* Runs or resumes on the screen or by lines; returns the exit code, or -1: ERR_LOCKED where another has it. */
int session_run(struct session *s, bool resume, struct err *e);

#endif
