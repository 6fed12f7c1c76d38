#ifndef LIFEBOAT_RUN_JOB_PREFLIGHT_H
#define LIFEBOAT_RUN_JOB_PREFLIGHT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "run/executor.h"
#include "runbook/expression.h"
#include "runbook/runbook.h"

/*
 * What a runbook will need, found out before it is run: every target is reached, and every right that a
 * step, a check or a pane needs is asked for there. Nothing is changed and nothing journalled. Outputs of
 * steps and answers are not known yet: what is made of them is asked without, and said to be so.
 */

/* In rising order of trouble. */
enum preflight_answer { PREFLIGHT_YES, PREFLIGHT_UNKNOWN, PREFLIGHT_NO };

/* "yes", "unknown", "no" */
const char *preflight_answer_name(enum preflight_answer answer);

struct preflight_target {
	char *name, *kind, *describe;
	char *group; /* or NULL */
	enum preflight_answer reached;
	char *problem;	     /* why it was not reached, or NULL */
	char *warning;	     /* what is odd about it, or NULL */
	int64_t duration_ms; /* until it had said who it is, or was given up */
	cJSON *identity;     /* as of target_driver.identify(), or NULL */
};

/* One thing that one step needs. */
struct preflight_need {
	char *step;	   /* its id, or "panes" or "impact": the runbook's own */
	char *parts;	   /* which of it: "step", "verify 1, undo" */
	char *target;	   /* NULL: this machine */
	char *what;	   /* "patch secrets/iam-signing-key in tsb", "command helm" */
	cJSON *permission; /* as in a permission list; NULL: it is no right */
	enum preflight_answer answer;
	char *reason; /* the target's own words, or why it is not known; NULL: there is none */
	char *note;   /* under which restriction it was asked, or NULL */
};

struct preflight {
	struct preflight_target *targets;
	size_t targets_count, targets_cap;
	struct preflight_need *needs; /* in the order of the runbook */
	size_t needs_count, needs_cap;
	size_t steps;	       /* with the instances of for_each, as far as known */
	size_t steps_silent;   /* of these: nothing they need can be asked for */
	size_t steps_left_out; /* of these: their condition does not hold */
	size_t reviews;	       /* questions put to targets: distinct rights */
};

/* All of it is borrowed during the call. */
struct preflight_options {
	const struct runbook *runbook;
	const struct executor_table *table;
	struct expressions *expressions;
	struct secrets *secrets;
	const cJSON *params; /* an object; secrets as their real values */
	/* What goes on, in a line; neither redacted nor sanitised. */
	void (*progress)(void *data, const char *text);
	void *data;
};

/* Blocks until every answer is there. Errors: ERR_SPEC, ERR_USAGE: what the targets are cannot be told. */
int preflight_run(const struct preflight_options *options, struct preflight **ret_preflight,
		  struct err *e);
void preflight_free(struct preflight *preflight);

/* The worst of all answers; PREFLIGHT_NO too where a target was not reached. */
enum preflight_answer preflight_verdict(const struct preflight *preflight);

/* How many needs have this answer. */
size_t preflight_count(const struct preflight *preflight, enum preflight_answer answer);

/* Everything as one document: {targets, needs, steps, verdict}. The caller deletes it. */
cJSON *preflight_json(const struct preflight *preflight);

#endif
