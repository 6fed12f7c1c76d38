#ifndef LIFEBOAT_RUN_STATE_STATE_INTERNAL_H
#define LIFEBOAT_RUN_STATE_STATE_INTERNAL_H

#include "run/state/state.h"

/* One function per type of record; each checks first and changes the state only when all is well. */
typedef int state_apply_fn(struct run_state *state, const struct record *record, struct err *e);

extern state_apply_fn *const state_apply_table[RECORD_TYPE_COUNT];

/* Frees what a step holds of its last plan, and of its last outcome. */
void step_state_clear_plan(struct step_state *step);
void step_state_clear_outcome(struct step_state *step);
void step_state_clear_deeds(struct step_state *step);
/* What it holds of its last try, and of the looks at it. */
void step_state_clear_try(struct step_state *step);
void probe_state_release(struct probe_state *probe);
void step_state_release(struct step_state *step);
void check_results_free(struct check_result *results, size_t count);
void prompt_state_close(struct prompt_state *prompt);

/* ---- what the functions of the table share (state_apply.c) ---- */

#define IS(status) (1u << (status))

/* A copy of a string member, or NULL where there is none; the same in the place of a field. */
char *state_copy(const cJSON *data, const char *path);
void state_replace(char **field, const cJSON *data, const char *path);
/* A copy of a member that is there and not null, or NULL. */
cJSON *state_copy_json(const cJSON *data, const char *path);
void state_load_checks(const cJSON *array, struct check_result **ret_results, size_t *ret_count);
void state_load_error(struct step_state *step, const cJSON *data);
/* Appends the steps of the first record. */
void state_load_steps(struct run_state *state, const cJSON *array);

/* A record that changes what is to be decided. */
void state_set_decision(struct run_state *state, const struct record *record, enum run_phase phase);
/* Moves on from the current step to the next one that is not done. */
void state_advance(struct run_state *state);
/* The current step, when the record names it and it is in one of the statuses of the set; else NULL. */
struct step_state *state_expect(struct run_state *state, const struct record *record,
				unsigned statuses, struct err *e);

/* ---- taking a step back (state_undo.c) ---- */

/*
 * What an outcome, a mark or a skip says of a way back. One that says nothing of it is of a try that has changed
 * nothing, or that nobody saw the end of: what was done before stays as it was.
 */
void state_load_deeds(struct step_state *step, const cJSON *data);

/* Whether the record says that it is about taking its step back. */
bool state_is_undo(const struct record *record);
/*
 * The step that a plan or blocked record with `undo` is about: one that is being taken back, or may be.
 * state_begin_undo() makes it the current one, and puts aside what it was.
 */
struct step_state *state_expect_undo(struct run_state *state, const struct record *record,
				     struct err *e);
void state_begin_undo(struct run_state *state, struct step_state *step);
/* It is taken back, and to be done again, like everything behind it that only looked at what it had done. */
void state_end_undo(struct run_state *state, struct step_state *step, int64_t ts_ms);
state_apply_fn state_apply_kept;

/* ---- a drill (state_drill.c) ---- */

state_apply_fn state_apply_drill;
void hint_states_free(struct hint_state *hints, size_t count);

/* ---- a step once it has begun (state_try.c) ---- */

state_apply_fn state_apply_intent, state_apply_evidence, state_apply_attempt, state_apply_prompt,
	state_apply_answer, state_apply_outcome, state_apply_probe, state_apply_cancel;

#endif
