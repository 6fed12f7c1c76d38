#ifndef LIFEBOAT_RUN_JOB_PREFLIGHT_INTERNAL_H
#define LIFEBOAT_RUN_JOB_PREFLIGHT_INTERNAL_H

#include <stdbool.h>

#include "run/job/job.h"
#include "run/job/preflight.h"
#include "run/job/reviews.h"

/* Stands for a value that is only known later; no name or path of a sane world has it. */
#define PREFLIGHT_LATER "known-only-later"

/* A step that changes something, and its arguments as text: it may make files that others need. */
struct maker {
	char *step, *arguments;
};

/* One preflight at work: one thread. */
struct look {
	const struct preflight_options *options;
	struct preflight *report;
	struct job_env env;
	struct job *job; /* never started: what the steps' functions are called with */
	struct reviews *reviews;
	struct maker *makers;
	size_t makers_count, makers_cap;

	/* of the step that is looked at */
	char *step;
	const struct frozen_target *target; /* what its checks inherit, or NULL */
	const char *unknown_item; /* the loop variable whose values are not known, or NULL */
	bool maybe;		  /* whether it is done is only known later */
};

/* preflight_later.c: what can't be known before the run */

/* True where the text is made of outputs, of the run itself, or of an unknown loop variable. */
bool look_is_later(const struct look *look, const char *expression);
bool look_template_is_later(const struct look *look, const char *text);
/* A copy of `with` in which such values are PREFLIGHT_LATER, or gone; *ret_some: there were any. */
cJSON *look_without_later(const struct look *look, const struct field *fields, const cJSON *with,
			  bool *ret_some);

/* preflight_needs.c: one action, or one pane, to its needs */

void look_at_action(struct look *look, const char *part, const struct action_spec *spec);
/* The same for a step's own, with what its executor needs to take it back unless the step says how that is done. */
void look_at_own_action(struct look *look, const struct step_spec *step);
void look_at_check(struct look *look, const char *part, const struct check_spec *spec);
void look_at_panes(struct look *look, const struct pane_set *panes);
/* The frozen target that a word, maybe a template, names now; NULL with the reason where it names none. */
const struct frozen_target *look_target(const struct look *look, const char *word, struct err *e);

#endif
