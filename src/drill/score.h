#ifndef LIFEBOAT_DRILL_SCORE_H
#define LIFEBOAT_DRILL_SCORE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/state/record.h"
#include "run/state/state.h"

/*
 * The score of a drill: a fold over the records of its journal, and nothing else, so that anybody can compute it again.
 * What the world did (faults, surprises) and what the scenario expects is in records of type `drill` that the drill put there.
 * Pure; main thread.
 */
struct score;
struct runbook;

struct score *score_new(const struct runbook *rb);
void score_free(struct score *score);
void score_apply(struct score *score, const struct run_state *state, const struct record *record);

/*
 * The debrief as JSON: {scenario, variants, passed, reasons: […], times: {detect_ms, decide_ms, restore_ms, verify_ms, rto_ms},
 * hints: {nudge, where, command, cost}, wrong: [{step, why, caught}], skipped_checks: […], hasty: [{step, ms}], timeline:
 * [{at_ms, what, step, expert_ms}], objectives: [{title, target_ms, taken_ms, kept}], points, practise: […]}. Times that did
 * not come are null. The caller deletes.
 */
cJSON *score_debrief(const struct score *score);
/* The same for people, as Markdown. Appended. */
struct str;
void score_markdown(const cJSON *debrief, struct str *out);

#endif
