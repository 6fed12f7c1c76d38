#ifndef LIFEBOAT_CLI_SESSION_H
#define LIFEBOAT_CLI_SESSION_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "cli/command.h"
#include "runbook/expression.h"
#include "runbook/runbook.h"

/* What `run`, `resume` and `check` have in common: from a runbook and its parameters to an exit code. */
struct session {
	const struct cli_args *args;
	struct runbook *runbook;
	struct expressions *expressions;
	struct secrets *secrets;
	cJSON *params;
	char *folder;
	char *run_id;
	bool plain;
	bool automatic;
};

/* Options that `run` and `resume` take, for the end of their tables. */
#define SESSION_OPTIONS                                                                            \
	{ "plain", 0, NULL, "Lines instead of a screen; chosen by itself without a terminal." },   \
		{ "auto", 0, NULL,                                                                 \
		  "Run what needs no decision, without questions; exit 5 at one that does." },     \
		{ "yes", 'y', "STEP",                                                              \
		  "With --auto: confirm this step (a pattern; may be repeated)." },                \
		{ "confirm", 0, "NAME", "With --auto: type this name where one must be typed." },  \
		{ "answer", 0, "STEP=VALUE", "With --auto: answer this step's question." },        \
		{ "allow-insecure", 0, NULL,                                                       \
		  "With --auto: act on targets whose certificate is not verified." },              \
		{ "operator", 0, "NAME", "Who acts, for the journal (default: the login name)." }, \
		{ "ascii", 0, NULL, "No character outside ASCII." },                               \
	{                                                                                          \
		"mono", 0, NULL, "No colours; NO_COLOR does the same."                             \
	}

/* The command's table has the options `auto` and `plain`. */
void session_init(struct session *s, const struct cli_args *args);
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

/* Runs or resumes on the screen or by lines; returns the exit code, or -1. */
int session_run(struct session *s, bool resume, struct err *e);

#endif
