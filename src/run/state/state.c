#include "config.h"

#include "run/state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/state/state_internal.h"

/* A clock that is kept right by small steps is no clock that was set back. */
enum { SLEWED_MS = 1000 };

static const char *const status_names[] = {
	[STEP_TODO] = "to do",	    [STEP_PLANNED] = "ready",	    [STEP_BLOCKED] = "blocked",
	[STEP_RUNNING] = "running", [STEP_OK] = "passed",	    [STEP_FAILED] = "failed",
	[STEP_SKIPPED] = "skipped", [STEP_CANCELLED] = "cancelled", [STEP_UNKNOWN] = "unknown",
};

const char *
step_status_name(enum step_status status)
{
	return status_names[status];
}

bool
step_status_done(enum step_status status)
{
	return status == STEP_OK || status == STEP_SKIPPED;
}

void
check_results_free(struct check_result *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(results[i].title);
		free(results[i].expect);
		free(results[i].message);
	}
	free(results);
}

void
prompt_state_close(struct prompt_state *prompt)
{
	for (size_t i = 0; i < prompt->items_count; i++) {
		free(prompt->items[i].id);
		free(prompt->items[i].text);
	}
	free(prompt->items);
	free(prompt->kind);
	free(prompt->question);
	free(prompt->otherwise);
	free(prompt->pattern);
	*prompt = (struct prompt_state){ .seq = -1 };
}

void
step_state_clear_plan(struct step_state *step)
{
	for (size_t i = 0; i < step->preview_count; i++)
		free(step->preview[i].text);
	free(step->preview);
	step->preview = NULL;
	step->preview_count = 0;
	check_results_free(step->preconditions, step->preconditions_count);
	step->preconditions = NULL;
	step->preconditions_count = 0;
	free(step->text);
	free(step->uses);
	free(step->target);
	free(step->effect);
	free(step->confirm);
	free(step->confirm_name);
	step->text = NULL;
	step->uses = step->target = step->effect = step->confirm = step->confirm_name = NULL;
	cJSON_Delete(step->with);
	cJSON_Delete(step->seen);
	step->with = step->seen = NULL;
}

void
step_state_clear_outcome(struct step_state *step)
{
	check_results_free(step->verify, step->verify_count);
	step->verify = NULL;
	step->verify_count = 0;
	free(step->error_kind);
	free(step->error);
	free(step->reason);
	free(step->output_file);
	cJSON_Delete(step->outputs);
	step->error_kind = step->error = step->reason = step->output_file = NULL;
	step->outputs = NULL;
	step->marked = false;
}

void
step_state_clear_deeds(struct step_state *step)
{
	free(step->undo_title);
	free(step->done_target);
	cJSON_Delete(step->before);
	cJSON_Delete(step->done_with);
	step->undo_title = step->done_target = NULL;
	step->before = step->done_with = NULL;
	step->acted = step->undoable = false;
}

void
probe_state_release(struct probe_state *probe)
{
	for (size_t i = 0; i < probe->lines_count; i++)
		free(probe->lines[i]);
	free(probe->lines);
	free(probe->verdict);
	free(probe->error);
	free(probe->by);
	*probe = (struct probe_state){ .seq = -1 };
}

void
step_state_clear_try(struct step_state *step)
{
	free(step->key);
	free(step->begun_by);
	cJSON_Delete(step->evidence);
	step->key = step->begun_by = NULL;
	step->evidence = NULL;
	probe_state_release(&step->probe);
}

void
step_state_release(struct step_state *step)
{
	step_state_clear_plan(step);
	step_state_clear_outcome(step);
	step_state_clear_deeds(step);
	step_state_clear_try(step);
	if (step->was)
		step_state_release(step->was);
	free(step->was);
	free(step->id);
	free(step->spec_id);
	free(step->item);
	free(step->title);
	free(step->section);
	free(step->by);
}

void
run_state_init(struct run_state *state)
{
	*state = (struct run_state){
		.seq = -1, .decision_seq = -1, .current = -1, .undo_return = -1
	};
	state->prompt.seq = -1;
}

static void
targets_free(struct target_state *targets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(targets[i].name);
		free(targets[i].kind);
		free(targets[i].group);
		free(targets[i].describe);
		free(targets[i].problem);
		cJSON_Delete(targets[i].spec);
		cJSON_Delete(targets[i].identity);
	}
	free(targets);
}

static void
notes_free(struct note_state *notes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(notes[i].text);
		free(notes[i].by);
		free(notes[i].step);
	}
	free(notes);
}

static void
impact_states_free(struct impact_state *impact, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(impact[i].level);
		free(impact[i].text);
	}
	free(impact);
}

void
run_state_release(struct run_state *state)
{
	char *const strings[] = {
		state->run_id,		state->runbook_id,     state->runbook_title,
		state->runbook_version, state->runbook_sha256, state->mode,
		state->operator_name,	state->host,	       state->program,
		state->end_id,		state->end_title,      state->end_reason,
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		free(strings[i]);
	for (size_t i = 0; i < state->steps_count; i++)
		step_state_release(&state->steps[i]);
	free(state->steps);
	targets_free(state->targets, state->targets_count);
	notes_free(state->notes, state->notes_count);
	hint_states_free(state->hints, state->hints_count);
	free(state->situation);
	impact_states_free(state->impact, state->impact_count);
	check_results_free(state->preflight, state->preflight_count);
	prompt_state_close(&state->prompt);
	cJSON_Delete(state->params);
	cJSON_Delete(state->gotos);
	run_state_init(state);
}

const struct step_state *
run_state_current(const struct run_state *state)
{
	if (state->current < 0 || (size_t)state->current >= state->steps_count)
		return NULL;
	return &state->steps[state->current];
}

const struct step_state *
run_state_step(const struct run_state *state, const char *id)
{
	for (size_t i = 0; i < state->steps_count; i++)
		if (str_equal(state->steps[i].id, id))
			return &state->steps[i];
	return NULL;
}

const struct target_state *
run_state_target(const struct run_state *state, const char *name)
{
	for (size_t i = 0; i < state->targets_count; i++)
		if (str_equal(state->targets[i].name, name))
			return &state->targets[i];
	return NULL;
}

int
run_state_undo_before(const struct run_state *state, int before)
{
	int i = before - 1;

	while (i >= 0 && !state->steps[i].undoable)
		i--;
	return i;
}

int
run_state_undo_next(const struct run_state *state)
{
	const struct step_state *step = run_state_current(state);

	return run_state_undo_before(state, state->current + (step != NULL));
}

size_t
run_state_done(const struct run_state *state)
{
	size_t done = 0;

	for (size_t i = 0; i < state->steps_count; i++)
		done += step_status_done(state->steps[i].status);
	return done;
}

bool
run_state_has_durations(const struct run_state *state)
{
	return state->clock_back_ms <= SLEWED_MS;
}

const char *
run_state_took(const struct run_state *state, int64_t ms, char out[CLOCK_STAMP_MAX])
{
	if (run_state_has_durations(state))
		return duration_format_clock(ms, out);
	snprintf(out, CLOCK_STAMP_MAX, "an unknown time");
	return out;
}

void
run_state_close_crashed(struct run_state *state)
{
	const struct step_state *current = run_state_current(state);

	if (current && current->status == STEP_RUNNING) {
		struct step_state *step = &state->steps[state->current];

		/* a question has no effect: it is simply asked again */
		step->status = str_equal(step->effect, "none") ? STEP_TODO : STEP_UNKNOWN;
		prompt_state_close(&state->prompt);
	}
	if (state->phase != RUN_ENDED)
		state->phase = RUN_WAITING;
}

int
run_state_apply(struct run_state *state, const struct record *record, struct err *e)
{
	if (record->seq != state->seq + 1)
		return err_set(e, ERR_SPEC, "record %lld follows record %lld",
			       (long long)record->seq, (long long)state->seq);
	if ((record->type == RECORD_RUN) != (record->seq == 0))
		return err_set(e, ERR_SPEC, "record %lld is of type %s", (long long)record->seq,
			       record_type_name(record->type));
	if (state->phase == RUN_ENDED && record->type != RECORD_NOTE &&
	    record->type != RECORD_RESUMED)
		return err_set(e, ERR_SPEC, "record %lld (%s) comes after the end of the run",
			       (long long)record->seq, record_type_name(record->type));
	if (state->run_id && !str_equal(state->run_id, record->run_id))
		return err_set(e, ERR_SPEC, "record %lld belongs to the run %s",
			       (long long)record->seq, record->run_id);
	if (state_apply_table[record->type](state, record, e) < 0)
		return err_wrap(e, "record %lld (%s)", (long long)record->seq,
				record_type_name(record->type));
	if (state->seq >= 0 && record->ts_ms < state->last_ts_ms)
		state->clock_back_ms += state->last_ts_ms - record->ts_ms;
	state->seq = record->seq;
	state->last_ts_ms = record->ts_ms;
	memcpy(state->head, record->hash, sizeof(state->head));
	return 0;
}
