#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/engine/engine_internal.h"

enum { STAYS_TOLD_MAX = 8 };

static bool
changes(const struct step_state *step)
{
	return str_equal(step->effect, step_effect_name(EFFECT_CHANGES)) ||
	       str_equal(step->effect, step_effect_name(EFFECT_DESTROYS));
}

/* It acted, and what it did is still there. */
static bool
stands(const struct step_state *step)
{
	return step->acted || (changes(step) && step->status == STEP_OK && !step->undo_title);
}

/* The latest step that changed something and can't be taken back tells why nothing can. */
static char *
why_nothing(const struct run_state *state)
{
	for (int i = state->current + (run_state_current(state) != NULL); i-- > 0;) {
		const struct step_state *step = &state->steps[i];

		if (stands(step) && step->undo_title)
			return xasprintf("nothing can be taken back; step %s (%s): %s", step->id,
					 step->uses, step->undo_title);
		if (stands(step))
			return xasprintf(
				"nothing can be taken back; step %s (%s): the journal does "
				"not say how",
				step->id, step->uses);
	}
	return xstrdup("nothing was done yet that could be taken back");
}

char *
engine_undo_problem(const struct engine *engine)
{
	const struct run_state *state = &engine->state;
	const struct step_state *step = run_state_current(state);

	if (state->current < 0)
		return xstrdup("nothing was done yet that could be taken back");
	if (step && step->status == STEP_UNKNOWN)
		return xasprintf("step %s may or may not have %s: say first what became of it",
				 step->id, step->undoing ? "been taken back" : "happened");
	if (run_state_undo_next(state) >= 0)
		return NULL;
	if (step && step->undoing)
		return xasprintf("no step before %s can be taken back", step->id);
	return why_nothing(state);
}

/* Those behind a step that changed something too: "9, 11", or NULL. */
static char *
later_steps(const struct run_state *state, size_t index)
{
	struct str text = STR_INIT;
	int told = 0;

	for (size_t i = index + 1; i < state->steps_count; i++)
		if (stands(&state->steps[i]) && told++ < STAYS_TOLD_MAX)
			str_printf(&text, "%s%s", text.len ? ", " : "", state->steps[i].id);
	if (told > STAYS_TOLD_MAX)
		str_printf(&text, ", and %d more", told - STAYS_TOLD_MAX);
	if (text.len)
		return str_take(&text);
	str_release(&text);
	return NULL;
}

void
engine_equip_try(const struct engine *engine, struct job *job, const struct step_state *step)
{
	const struct step_state *done = step->was ? step->was : step;
	const cJSON *before = cJSON_GetObjectItemCaseSensitive(engine->befores, step->id);

	job->acted = done->acted;
	job->before = done->before ? cJSON_Duplicate(before ? before : done->before, true) : NULL;
	job->planned_with = done->done_with ? cJSON_Duplicate(done->done_with, true) : NULL;
	job->planned_target = xstrdup(done->done_target);
}

void
engine_equip_undo(const struct engine *engine, struct job *job, const struct step_state *step)
{
	job->undo = true;
	engine_equip_try(engine, job, step);
}

void
engine_prepare_undo(struct engine *engine, size_t index)
{
	const struct step_state *step = &engine->state.steps[index];

	job_free(engine->prepared);
	engine->prepared = NULL;
	engine->job = engine_job_for(engine, JOB_PREPARE, step);
	engine_equip_undo(engine, engine->job, step);
	engine->job->stays = later_steps(&engine->state, index);
	job_start(engine->job);
}

void
engine_add_way_back(const struct engine *engine, const struct step_state *step, cJSON *data)
{
	const struct step_spec *spec = engine_spec(engine, step);
	cJSON *way;

	if (!changes(step) && !spec->undo)
		return;
	if (str_equal(step->effect, step_effect_name(EFFECT_READS)))
		return;
	if (!spec->undo) {
		if (!step->undoable)
			json_add_string(data, "no_undo",
					"nobody saw how a try of it ended, and the runbook names "
					"no undo");
		return;
	}
	way = cJSON_CreateObject();
	json_add_string(way, "uses", spec->undo->type->uses);
	json_add_string(way, "title", spec->undo->type->uses);
	json_add(data, "undo", way);
}
