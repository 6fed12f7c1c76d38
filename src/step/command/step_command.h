#ifndef LIFEBOAT_STEP_COMMAND_STEP_COMMAND_H
#define LIFEBOAT_STEP_COMMAND_STEP_COMMAND_H

#include "net/child/child.h"
#include "run/executor.h"

/* What command.run leaves for a later process, how that reads it, and what exit codes mean to both. */

/*
 * The file in which the exit status will be left, below ctx->run_folder; its folder is made. The caller
 * frees. NULL and no error: the command needs no supervisor, since nothing is on record of it, as in a
 * check, or it only reads.
 */
int command_status_file(const struct step_context *ctx, const struct action *action,
			char **ret_path, struct err *e);

/* Puts on record which processes a probe will have to look for. */
int command_remember(struct step_context *ctx, const char *command,
		     const struct child_supervision *supervision, struct err *e);

enum { COMMAND_MAX_STDIN = 64 << 20 };

/* Whether an exit code is one of the good ones of a command.run action. */
bool command_accepts(const struct action *action, int exit_code);
/* Whether it is one of those after which nothing is known (unknown_codes). */
bool command_knows_nothing(const struct action *action, int exit_code);
/* What the runbook says that it means, or NULL. Borrowed. */
const char *command_meaning(const struct action *action, int exit_code);
/* Whether what the runbook says of exit codes makes sense. ERR_SPEC. */
int command_check_codes(const struct action *action, struct err *e);
/* Whether the action says that its command changes nothing. */
bool command_only_reads(const struct action *action);

/* The probe of struct executor. */
int command_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
		  enum probe_verdict *ret_verdict, struct err *e);

#endif
