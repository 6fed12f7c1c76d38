#include "config.h"

#include "base/clock.h"
#include "ui/app.h"
#include "ui/situation.h"

static void
add_step(const struct run_state *state, size_t index, struct lines *lines)
{
	const struct step_state *step = &state->steps[index];
	char took[CLOCK_STAMP_MAX] = "";

	if (step->started_ms && step->ended_ms >= step->started_ms)
		duration_format_clock(step->ended_ms - step->started_ms, took);
	lines_add(lines, step_status_done(step->status) ? ROLE_TEXT : ROLE_BAD, "%s %-9s %8s  %s",
		  situation_glyph(state, index), step_status_name(step->status), took, step->title);
	if (step->reason)
		lines_append(lines, ROLE_DIM, " (%s)", step->reason);
}

void
end_page_lines(const struct model *model, struct lines *lines)
{
	const struct run_state *state = model->state;
	char begun[CLOCK_STAMP_MAX], ended[CLOCK_STAMP_MAX], took[CLOCK_STAMP_MAX];

	lines_add(lines, state->failed ? ROLE_BAD : ROLE_GOOD, "The run ended: %s",
		  state->end_title ? state->end_title : state->end_id);
	if (state->end_reason)
		lines_wrap(lines, ROLE_LABEL, "Reason:   ", ROLE_TEXT, state->end_reason);
	lines_add(lines, ROLE_TEXT, "Steps:    %zu of %zu done", run_state_done(state),
		  state->steps_count);
	lines_add(lines, ROLE_TEXT, "Begun:    %s", clock_format_utc(state->started_ms, begun));
	lines_add(lines, ROLE_TEXT, "Ended:    %s", clock_format_utc(state->ended_ms, ended));
	lines_add(lines, ROLE_TEXT, "Took:     %s",
		  duration_format_clock(state->ended_ms - state->started_ms, took));
	lines_add(lines, ROLE_TEXT, "Journal:  %.12s", state->head);
	if (model->options->run_folder)
		lines_wrap(lines, ROLE_TEXT, "Folder:   ", ROLE_TEXT, model->options->run_folder);
	lines_gap(lines);
	for (size_t i = 0; i < state->steps_count; i++)
		add_step(state, i, lines);
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
