#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "ui/content/objective.h"
#include "ui/content/outlook.h"
#include "ui/model/situation.h"
#include "ui/page/page_text.h"
#include "ui/screen/app.h"

enum { DATE_BYTES = 10 }; /* of "2026-11-21T14:00:00.000Z" */

static void
add_step(const struct model *model, size_t index, struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];
	int64_t took_ms = outlook_took_ms(model, step), over_ms = outlook_over_ms(model, step);
	char took[CLOCK_STAMP_MAX] = "", estimate[CLOCK_STAMP_MAX] = "", over[CLOCK_STAMP_MAX];

	if (took_ms >= 0 && step->status != STEP_SKIPPED)
		duration_format_clock(took_ms, took);
	if (step->estimate_ms)
		duration_format(step->estimate_ms, estimate);
	lines_add(lines, step_status_done(step->status) ? ROLE_TEXT : ROLE_BAD,
		  "%s %3zu %-9s %8s %8s  %s", situation_glyph(model->state, index), index + 1,
		  step_status_name(step->status), took, estimate, step->title);
	if (*took && over_ms)
		lines_append(lines, ROLE_WARNING, "  OVER %s",
			     duration_format_clock(over_ms, over));
	if (step->reason)
		lines_wrap(lines, ROLE_TEXT, "                                    ", ROLE_DIM,
			   step->reason);
}

static void
add_objectives(const struct model *model, struct lines *lines)
{
	for (size_t i = 0; i < model->options->runbook->rto_count; i++) {
		struct objective at = objective_measure(model, i);
		char target[CLOCK_STAMP_MAX], took[CLOCK_STAMP_MAX];
		bool good = at.status == OBJECTIVE_KEPT;
		bool neutral = at.status == OBJECTIVE_NOT_BEGUN ||
			       at.status == OBJECTIVE_PASSED_OVER || at.status == OBJECTIVE_UNTOLD;

		lines_add(lines,
			  good	    ? ROLE_GOOD
			  : neutral ? ROLE_DIM
				    : ROLE_BAD,
			  "RTO:      %s", objective_word(at.status));
		if (at.begun_ms && at.status != OBJECTIVE_UNTOLD)
			lines_append(lines, ROLE_TEXT, "  %s of %s",
				     duration_format_clock(at.took_ms, took),
				     duration_format(at.spec->target_ms, target));
		lines_append(lines, ROLE_TEXT, "  %s", at.spec->title);
	}
}

/* "2026-11-21  14:00:00Z to 14:15:00Z, took 0:15:00"; the date stands twice only where it is another one. */
static void
add_times(const struct run_state *state, struct lines *lines)
{
	char begun[CLOCK_STAMP_MAX], ended[CLOCK_STAMP_MAX], took[CLOCK_STAMP_MAX];
	char begun_hms[CLOCK_STAMP_MAX], ended_hms[CLOCK_STAMP_MAX];
	bool same_day;

	clock_format_utc(state->started_ms, begun);
	clock_format_utc(state->ended_ms, ended);
	same_day = strncmp(begun, ended, DATE_BYTES) == 0;
	lines_add(lines, ROLE_TEXT, "Time:     %.*s  %s to %.*s%s%s, took %s", DATE_BYTES, begun,
		  clock_format_hms(state->started_ms, begun_hms), same_day ? 0 : DATE_BYTES, ended,
		  same_day ? "" : " ", clock_format_hms(state->ended_ms, ended_hms),
		  run_state_took(state, state->ended_ms - state->started_ms, took));
}

static void
add_notes(const struct run_state *state, struct lines *lines)
{
	if (!state->notes_count)
		return;
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "Notes");
	for (size_t i = 0; i < state->notes_count; i++) {
		const struct note_state *note = &state->notes[i];
		char stamp[CLOCK_STAMP_MAX];
		struct str prefix = STR_INIT;

		str_printf(&prefix, "%s %s%s%s: ", clock_format_hms(note->ts_ms, stamp),
			   note->by ? note->by : "", note->step ? " at " : "",
			   note->step ? note->step : "");
		lines_wrap(lines, ROLE_DIM, str_cstr(&prefix), ROLE_TEXT, note->text);
		str_release(&prefix);
	}
}

static void
add_steps(const struct model *model, struct lines *lines)
{
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "%7s %-9s %8s %8s", "Step", "", "took", "estimate");
	for (size_t i = 0; i < model->state->steps_count; i++)
		add_step(model, i, lines);
}

static void
add_papers(const struct model *model, struct lines *lines)
{
	const struct run_state *state = model->state;

	lines_add(lines, ROLE_TEXT, "Journal:  ");
	lines_append(lines, ROLE_STRONG, "%.12s", model->head);
	lines_append(lines, ROLE_TEXT, "  (the head of the chain: read it out, or write it down)");
	if (model->options->run_folder)
		lines_wrap(lines, ROLE_TEXT, "Folder:   ", ROLE_TEXT, model->options->run_folder);
	lines_add(lines, ROLE_TEXT, "Report:   ");
	lines_append(lines, ROLE_CODE, "lifeboat report %s -o report.html", state->run_id);
	lines_add(lines, ROLE_TEXT, "Check:    ");
	lines_append(lines, ROLE_CODE, "lifeboat verify %s", state->run_id);
	if (str_equal(state->mode, "drill") && !model_follows(model))
		lines_add(lines, ROLE_TEXT, "Debrief:  printed when you leave");
}

void
end_page_lines(const struct model *model, struct lines *lines)
{
	const struct run_state *state = model->state;
	size_t skipped = 0, failed = 0;

	for (size_t i = 0; i < state->steps_count; i++) {
		enum step_status status = state->steps[i].status;

		skipped += status == STEP_SKIPPED;
		failed += status == STEP_FAILED || status == STEP_BLOCKED ||
			  status == STEP_CANCELLED || status == STEP_UNKNOWN;
	}
	lines_add(lines, state->failed ? ROLE_BAD : ROLE_GOOD, "The run ended: %s%s",
		  state->end_title ? state->end_title : state->end_id,
		  state->failed ? " (not a success)" : "");
	if (state->end_reason)
		lines_wrap(lines, ROLE_LABEL, "Reason:   ", ROLE_TEXT, state->end_reason);
	lines_add(lines, ROLE_TEXT, "Steps:    %zu of %zu done", run_state_done(state) - skipped,
		  state->steps_count);
	if (skipped)
		lines_append(lines, ROLE_WARNING, ", %zu skipped", skipped);
	if (failed)
		lines_append(lines, ROLE_BAD, ", %zu failed or stuck", failed);
	add_times(state, lines);
	add_objectives(model, lines);
	add_papers(model, lines);
	add_steps(model, lines);
	add_notes(state, lines);
}

static void
fill(const struct app *app, struct lines *lines)
{
	end_page_lines(&app->model, lines);
}

void
end_page_open(struct app *app)
{
	dialog_free(app->dialog);
	app->dialog = NULL;
	page_open(app, "The run is over", fill);
	app->page.final = true;
}
