#include "config.h"

#include "ui/content/objective.h"

#include "base/str.h"

static int64_t
first_begun(const struct model *model, const char *spec_id)
{
	int index = runbook_step_index(model->options->runbook, spec_id);

	return index >= 0 && model->begun_ms ? model->begun_ms[index] : 0;
}

/* When a step, or the last of its instances, was done: 0 while it is not. */
static int64_t
last_ended(const struct run_state *state, const char *spec_id, bool *ret_skipped)
{
	int64_t latest_ms = 0;
	bool skipped = false;

	for (size_t i = 0; i < state->steps_count; i++) {
		const struct step_state *step = &state->steps[i];

		if (!str_equal(step->spec_id, spec_id))
			continue;
		if (!step_status_done(step->status))
			return 0;
		skipped = skipped || step->status == STEP_SKIPPED;
		if (step->ended_ms > latest_ms)
			latest_ms = step->ended_ms;
	}
	*ret_skipped = skipped;
	return latest_ms;
}

struct objective
objective_measure(const struct model *model, size_t index)
{
	const struct run_state *state = model->state;
	const struct rto_spec *spec = &model->options->runbook->rto[index];
	struct objective objective = { .spec = spec, .begun_ms = first_begun(model, spec->from) };
	bool over = state->phase == RUN_ENDED, skipped = false;

	if (!objective.begun_ms)
		return objective;
	if (!run_state_has_durations(state)) {
		objective.status = OBJECTIVE_UNTOLD;
		return objective;
	}
	int64_t ended_ms = last_ended(state, spec->to, &skipped);
	int64_t until_ms = ended_ms ? ended_ms : over ? state->ended_ms : model_now_ms(model);
	objective.took_ms = until_ms - objective.begun_ms;
	bool late = objective.took_ms > spec->target_ms;
	if (ended_ms && skipped)
		objective.status = OBJECTIVE_PASSED_OVER;
	else if (ended_ms)
		objective.status = late ? OBJECTIVE_MISSED : OBJECTIVE_KEPT;
	else if (over)
		objective.status = OBJECTIVE_NOT_REACHED;
	else
		objective.status = late ? OBJECTIVE_OVERDUE : OBJECTIVE_RUNNING;
	return objective;
}

/* Those under way come first, then those to come. */
static int
rank(enum objective_status status)
{
	return status == OBJECTIVE_RUNNING || status == OBJECTIVE_OVERDUE ? 2
	       : status == OBJECTIVE_NOT_BEGUN				  ? 1
									  : 0;
}

static int64_t
left_ms(const struct objective *objective)
{
	return objective->spec->target_ms - objective->took_ms;
}

bool
objective_now(const struct model *model, struct objective *ret_objective)
{
	size_t count = model->options->runbook->rto_count;
	struct objective best = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct objective at = objective_measure(model, i);
		int mine = rank(at.status), its = best.spec ? rank(best.status) : -1;

		if (mine > its || (mine == 0 && its == 0) ||
		    (mine == 2 && its == 2 && left_ms(&at) < left_ms(&best)))
			best = at;
	}
	if (count)
		*ret_objective = best;
	return count > 0;
}

const char *
objective_word(enum objective_status status)
{
	static const char *const words[] = {
		[OBJECTIVE_NOT_BEGUN] = "not begun",	 [OBJECTIVE_RUNNING] = "running",
		[OBJECTIVE_OVERDUE] = "OVERDUE",	 [OBJECTIVE_KEPT] = "kept",
		[OBJECTIVE_MISSED] = "MISSED",		 [OBJECTIVE_PASSED_OVER] = "passed over",
		[OBJECTIVE_NOT_REACHED] = "NOT REACHED", [OBJECTIVE_UNTOLD] = "cannot be told",
	};

	return words[status];
}
