#include "config.h"

#include "ui/model/situation.h"

#include "base/str.h"
#include "run/state/hint.h"

const struct step_spec *
situation_spec(const struct runbook *runbook, const struct step_state *step)
{
	int index = runbook_step_index(runbook, step->spec_id);

	return index < 0 ? NULL : &runbook->steps[index];
}

static unsigned
waiting_facts(const struct run_state *state, const struct runbook *runbook)
{
	const struct step_state *step = run_state_current(state);
	const struct step_spec *spec = step ? situation_spec(runbook, step) : NULL;
	unsigned back = spec && spec->on_failure == ON_FAILURE_GOTO ? FACT_CAN_GO_BACK : 0;

	if (!step)
		return FACT_PAST_LAST;
	if (step->undoing)
		back = 0;
	switch (step->status) {
	case STEP_PLANNED:
		return FACT_READY;
	case STEP_BLOCKED:
	case STEP_FAILED:
	case STEP_CANCELLED:
		return FACT_STUCK | back;
	case STEP_UNKNOWN:
		return FACT_UNKNOWN;
	case STEP_TODO:
	case STEP_RUNNING:
	case STEP_OK:
	case STEP_SKIPPED:
		break;
	}
	return FACT_BUSY;
}

/* Which way it can go on: past the step, back before it, or neither. */
static unsigned
way_facts(const struct run_state *state)
{
	const struct step_state *step = run_state_current(state);
	unsigned facts = 0;

	if (step && !step->undoing)
		facts |= FACT_CAN_SKIP;
	if (step && step->status == STEP_UNKNOWN)
		return facts;
	if (run_state_undo_next(state) >= 0)
		facts |= FACT_CAN_UNDO;
	if (step && step->undoing)
		facts |= FACT_UNDOING;
	return facts;
}

/* Steps of a live run may have hints, too: nobody is told there. */
static unsigned
hint_facts(const struct run_state *state, const struct runbook *runbook)
{
	const struct step_state *step = run_state_current(state);
	const struct step_spec *spec = step ? situation_spec(runbook, step) : NULL;
	struct hint hint;

	if (!spec || !str_equal(state->mode, "drill") || state->phase == RUN_STOPPED ||
	    state->phase == RUN_ENDED)
		return 0;
	return hint_next(state, spec, step->id, &hint) ? FACT_HINTS : 0;
}

static unsigned
phase_facts(const struct run_state *state, const struct runbook *runbook)
{
	switch (state->phase) {
	case RUN_WAITING:
		return waiting_facts(state, runbook) | way_facts(state);
	case RUN_WORKING:
		return state->prompt.seq >= 0 ? FACT_RUNNING | FACT_ASKED : FACT_RUNNING;
	case RUN_STOPPED:
	case RUN_ENDED:
		return FACT_OVER;
	case RUN_STARTING:
	case RUN_PREPARING:
		break;
	}
	return FACT_BUSY;
}

unsigned
situation_facts(const struct run_state *state, const struct runbook *runbook)
{
	return phase_facts(state, runbook) | hint_facts(state, runbook);
}

void
situation_describe(const struct run_state *state, struct str *out)
{
	static const char *const words[] = {
		[STEP_TODO] = "is to do",
		[STEP_PLANNED] = "is ready",
		[STEP_BLOCKED] = "is blocked",
		[STEP_RUNNING] = "is running",
		[STEP_OK] = "passed",
		[STEP_FAILED] = "failed",
		[STEP_SKIPPED] = "was skipped",
		[STEP_CANCELLED] = "was cancelled",
		[STEP_UNKNOWN] = "may or may not have happened",
	};
	static const char *const undo_words[] = {
		[STEP_TODO] = "is to be taken back",
		[STEP_PLANNED] = "is to be taken back",
		[STEP_BLOCKED] = "cannot be taken back",
		[STEP_RUNNING] = "is being taken back",
		[STEP_OK] = "was taken back",
		[STEP_FAILED] = "was not taken back: that failed",
		[STEP_SKIPPED] = "was not taken back",
		[STEP_CANCELLED] = "was not taken back: that was cancelled",
		[STEP_UNKNOWN] = "may or may not have been taken back",
	};
	const struct step_state *step = run_state_current(state);
	bool undoing = step && step->undoing;

	if (state->phase == RUN_ENDED)
		str_append(out, "the run has ended");
	else if (state->phase == RUN_STOPPED)
		str_append(out, "the run was left");
	else if (state->phase == RUN_STARTING)
		str_append(out, "the run is starting");
	else if (!step)
		str_append(out, "all steps are done");
	else if (state->phase == RUN_PREPARING && step->status == STEP_UNKNOWN)
		str_printf(out, "step %s may have %s: that is being looked into", step->id,
			   undoing ? "been taken back" : "happened");
	else if (state->phase == RUN_PREPARING)
		str_printf(out, "step %s is being prepared%s", step->id,
			   undoing ? " to be taken back" : "");
	else if (state->prompt.seq >= 0)
		str_printf(out, "step %s asks a question", step->id);
	else
		str_printf(out, "step %s %s", step->id,
			   (undoing ? undo_words : words)[step->status]);
}

void
situation_describe_hints(const struct run_state *state, const struct runbook *runbook,
			 struct str *out)
{
	const struct step_state *step = run_state_current(state);
	const struct step_spec *spec = step ? situation_spec(runbook, step) : NULL;

	if (!str_equal(state->mode, "drill"))
		str_append(out, "there are hints in a drill only");
	else if (!spec || state->phase == RUN_STOPPED || state->phase == RUN_ENDED)
		situation_describe(state, out);
	else
		hint_describe_none(state, spec, step->id, out);
}

int
situation_stopped(const struct run_state *state, const char *why, struct err *e)
{
	const char *run_id = state->run_id ? state->run_id : "RUN";

	err_set(e, ERR_IO, "the run stopped by itself: %s", why ? why : "its engine has ended");
	if (str_equal(state->mode, "drill"))
		return err_advise(e, "A drill cannot be taken up again");
	return err_advise(e, "Take it up again with: lifeboat resume %s", run_id);
}

const char *
situation_glyph(const struct run_state *state, size_t index)
{
	static const char *const glyphs[] = {
		[STEP_TODO] = "[ ]",	[STEP_PLANNED] = "[>]",	  [STEP_BLOCKED] = "[!]",
		[STEP_RUNNING] = "[~]", [STEP_OK] = "[x]",	  [STEP_FAILED] = "[!]",
		[STEP_SKIPPED] = "[-]", [STEP_CANCELLED] = "[!]", [STEP_UNKNOWN] = "[?]",
	};
	enum step_status status = state->steps[index].status;

	return status == STEP_TODO && (size_t)state->current == index ? "[>]" : glyphs[status];
}
