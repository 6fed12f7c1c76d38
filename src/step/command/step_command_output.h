#ifndef LIFEBOAT_STEP_COMMAND_STEP_COMMAND_OUTPUT_H
#define LIFEBOAT_STEP_COMMAND_STEP_COMMAND_OUTPUT_H

#include "base/secret.h"
#include "base/str.h"
#include "net/child/child.h"
#include "net/child/child_lines.h"
#include "run/executor.h"
#include "step/command/step_command_plan.h"

/* What a command says while it runs, and how it is judged when it has ended. */

/* In the caller's memory. */
struct command_output {
	struct step_context *ctx;
	const char *command;
	struct redactor *
		drawn; /* before the lines: what is drawn over half a secret leaves the other half */
	struct child_lines *lines; /* what it draws, as lines */
	struct str tail;	   /* the last of it, and what is cut off before it is shown */
	struct str captured;	   /* the standard output, where that is JSON */
	bool begun;	     /* its processes are on record, and nothing keeps it from beginning */
	int64_t progress_ms; /* when we last passed on how a line looks that is drawn again */
};

enum { COMMAND_MAX_JSON = 16 << 20 };

void command_output_init(struct command_output *o, struct step_context *ctx, const char *command);
void command_output_release(struct command_output *o);
/* on_output() of struct child_options; data is the struct command_output. */
void command_output_take(void *data, const char *bytes, size_t len_bytes);
/* The end of what it said. */
void command_output_finish(struct command_output *o, const struct child_result *done);
/* Adds the last lines of it to an error, and forgets it. */
void command_output_explain(struct command_output *o, struct err *e);

/*
 * What the end of a command means: its result, or an error. It is ERR_REMOTE where the command has failed, and
 * ERR_UNKNOWN_OUTCOME where it may have changed something and was cut off, said what unknown_codes names, or has done
 * its work and told nothing that could be used.
 */
int command_judge(const struct action *action, const struct command *c, struct command_output *o,
		  const struct child_result *done, cJSON **ret_result, struct err *e);

#endif
