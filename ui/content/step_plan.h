#ifndef LIFEBOAT_UI_CONTENT_STEP_PLAN_H
#define LIFEBOAT_UI_CONTENT_STEP_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/model/model.h"
#include "ui/text/lines.h"

/* What one step would do, does, or did, in parts that the step's pane and the confirmation put together. */

/* "CHANGES", "READS ONLY": the effect in capitals, "" before the first plan. */
const char *step_plan_effect(const struct step_state *step);

/* It has not begun. */
bool step_plan_is_to_come(const struct step_state *step);

/* "  took 0:03:10, estimate 1m, OVER 0:02:10", appended to the last line. */
void step_plan_times(const struct model *model, const struct step_state *step, struct lines *lines);

/*
 * Results of checks: those that hold, or those that do not, or (`which` < 0) all, of which those that hold are told in
 * brief; `label` stands before the first one.
 */
void step_plan_checks(const struct check_result *checks, size_t count, int which, const char *label,
		      struct lines *lines);

/* Effect and target, requests, and what was checked before. `asked`: the question is put already. */
void step_plan(const struct model *model, const struct step_state *step, bool asked,
	       struct lines *lines);

/* What the runbook will look at afterwards, while there are no results yet. */
void step_plan_expectations(const struct model *model, const struct step_state *step,
			    struct lines *lines);

/* Whether there is a way back, and which: before it is done as the runbook has it, afterwards as it is. */
void step_plan_way_back(const struct model *model, const struct step_state *step,
			struct lines *lines);

/* What a confirmation must show: all of these. */
void step_plan_asked(const struct model *model, const struct step_state *step, struct lines *lines);

#endif
