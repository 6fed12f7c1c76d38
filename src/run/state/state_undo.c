#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/state/state_internal.h"

bool
state_is_undo(const struct record *record)
{
	return cJSON_IsTrue(json_at(record->data, "undo"));
}

void
state_load_deeds(struct step_state *step, const cJSON *data)
{
	const char *way = json_string(data, "undo/title", NULL);
	const char *none = json_string(data, "no_undo", NULL);

	if (!way && !none)
		return;
	step_state_clear_deeds(step);
	step->acted = way || !json_bool(data, "unchanged", false);
	step->undoable = way != NULL;
	step->undo_title = xstrdup(way ? way : none);
	step->before = way ? state_copy_json(data, "before") : NULL;
	step->done_with = step->with ? cJSON_Duplicate(step->with, true) : NULL;
	step->done_target = xstrdup(step->target);
}

static struct step_state *
find_step(struct run_state *state, const char *id)
{
	for (size_t i = 0; i < state->steps_count; i++)
		if (str_equal(state->steps[i].id, id))
			return &state->steps[i];
	return NULL;
}

struct step_state *
state_expect_undo(struct run_state *state, const struct record *record, struct err *e)
{
	const char *id = json_string(record->data, "step", "");
	const struct step_state *current = run_state_current(state);
	struct step_state *step = find_step(state, id);

	if (!step)
		err_set(e, ERR_SPEC, "there is no step \"%s\" to take back", id);
	else if (state->phase == RUN_WORKING || state->current < 0)
		err_set(e, ERR_SPEC, "nothing is taken back at this point of the run");
	else if (current && current->status == STEP_UNKNOWN)
		err_set(e, ERR_SPEC, "step \"%s\" is unknown", current->id);
	else if (current && current->undoing && current != step)
		err_set(e, ERR_SPEC, "step \"%s\" is being taken back", current->id);
	else if (!step->undoing && (!step->undoable || step - state->steps > state->current))
		err_set(e, ERR_SPEC, "step \"%s\" cannot be taken back", id);
	else
		return step;
	return NULL;
}

/* What the step was is put aside whole; its name, and how often it was tried, stay. */
static void
put_aside(struct step_state *step)
{
	struct step_state *was = xcalloc(1, sizeof(*was));

	*was = *step;
	was->id = was->spec_id = was->item = was->title = was->section = NULL;
	*step = (struct step_state){
		.id = step->id,
		.spec_id = step->spec_id,
		.item = step->item,
		.title = step->title,
		.section = step->section,
		.estimate_ms = step->estimate_ms,
		.attempt = step->undo_attempt,
		.undone_ms = step->undone_ms,
		.intent_seq = -1,
		.probe = { .seq = -1 },
		.undoing = true,
		.was = was,
	};
}

/* What is left of taking a step back goes; the step holds only its name then. */
static struct step_state *
take_was(struct step_state *step)
{
	struct step_state *was = step->was;

	step_state_clear_plan(step);
	step_state_clear_outcome(step);
	step_state_clear_deeds(step);
	step_state_clear_try(step);
	free(step->by);
	step->by = NULL;
	step->was = NULL;
	was->undo_attempt = step->attempt;
	return was;
}

void
state_begin_undo(struct run_state *state, struct step_state *step)
{
	if (step->undoing)
		return;
	state->undo_return = state->current;
	if ((size_t)state->current < state->steps_count) {
		struct step_state *left = &state->steps[state->current];

		if (left->status == STEP_PLANNED || left->status == STEP_BLOCKED)
			left->status = STEP_TODO;
	}
	put_aside(step);
	state->current = (int)(step - state->steps);
}

/* A step that only looked, or was passed over by its condition: what was seen may be no longer so. */
static bool
only_looked(const struct step_state *step)
{
	if (step->status == STEP_SKIPPED)
		return !step->by && !step->acted;
	return step->status == STEP_OK &&
	       (str_equal(step->effect, "reads") || str_equal(step->effect, "none"));
}

void
state_end_undo(struct run_state *state, struct step_state *step, int64_t ts_ms)
{
	struct step_state *was = take_was(step);

	/* the next try is another one, and must not be taken for the first one by its key */
	step->attempt = was->attempt;
	step->undo_attempt = was->undo_attempt;
	step->idempotent = was->idempotent;
	step->status = STEP_TODO;
	step->undoing = false;
	step->undone_ms = ts_ms;
	step->intent_seq = -1;
	step->started_ms = step->ended_ms = 0;
	step_state_release(was);
	free(was);
	for (size_t i = (size_t)state->current + 1; i < state->steps_count; i++)
		if (only_looked(&state->steps[i]))
			state->steps[i].status = STEP_TODO;
	state->undo_return = -1;
}

static void
restore(struct step_state *step)
{
	struct step_state *was = take_was(step);
	struct step_state names = *step;

	*step = *was;
	step->id = names.id;
	step->spec_id = names.spec_id;
	step->item = names.item;
	step->title = names.title;
	step->section = names.section;
	free(was);
}

int
state_apply_kept(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = state_expect(state, record,
					       IS(STEP_TODO) | IS(STEP_PLANNED) | IS(STEP_BLOCKED) |
						       IS(STEP_FAILED) | IS(STEP_CANCELLED),
					       e);
	enum run_phase phase = RUN_WAITING;

	if (!step)
		return -1;
	if (!step->undoing)
		return err_set(e, ERR_SPEC, "step \"%s\" is not being taken back", step->id);
	restore(step);
	state->current = state->undo_return;
	state->undo_return = -1;
	/* what failed is as it was, and so are the ways on from there; the rest is looked at anew */
	if ((size_t)state->current < state->steps_count) {
		const struct step_state *next = &state->steps[state->current];

		if (next->status != STEP_FAILED && next->status != STEP_CANCELLED)
			phase = RUN_PREPARING;
	}
	state_set_decision(state, record, phase);
	return 0;
}
