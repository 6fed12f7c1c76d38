#ifndef LIFEBOAT_RUN_STATE_INTERNAL_H
#define LIFEBOAT_RUN_STATE_INTERNAL_H

#include "run/state.h"

/* One function per type of record; each checks first and changes the state only when all is well. */
typedef int state_apply_fn(struct run_state *state, const struct record *record, struct err *e);

extern state_apply_fn *const state_apply_table[RECORD_TYPE_COUNT];

/* Frees what a step holds of its last plan, and of its last outcome. */
void step_state_clear_plan(struct step_state *step);
void step_state_clear_outcome(struct step_state *step);
void step_state_release(struct step_state *step);
void check_results_free(struct check_result *results, size_t count);
void prompt_state_close(struct prompt_state *prompt);

#endif
