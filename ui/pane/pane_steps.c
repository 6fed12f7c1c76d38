#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/content/outlook.h"
#include "ui/keys/scroll.h"
#include "ui/model/situation.h"
#include "ui/pane/pane.h"
#include "ui/text/paint.h"

enum {
	WORDS_COLUMNS = 34, /* from here on there is room for whole words in the title */
	TIMES_COLUMNS = 30, /* and for a step's time at the cost of its title */
	BACK_ROWS = 8,	    /* with fewer rows the list needs all of them */
	GROUP_INDENT = 6,   /* below the titles of steps */
};

/* A row of the list: a section's heading, the heading of a for_each step's instances, or a step. */
struct row {
	enum { ROW_SECTION, ROW_GROUP, ROW_STEP } kind;
	size_t step; /* of a heading: the first one below it */
};

static bool
begins_group(const struct run_state *state, size_t index)
{
	const struct step_state *step = &state->steps[index];

	return step->item &&
	       (index == 0 || !str_equal(state->steps[index - 1].spec_id, step->spec_id));
}

/* The rows of the list: a heading stands where the section changes. The caller frees. */
static struct row *
make_rows(struct app *app, size_t *ret_count)
{
	const struct run_state *state = app->model.state;
	struct row *rows = NULL;
	size_t count = 0, cap = 0;
	const char *section = NULL;

	for (size_t i = 0; i < state->steps_count; i++) {
		const char *own = state->steps[i].section;

		if (!find_shows(app, PANE_STEPS, i))
			continue;
		if (own && !str_equal(own, section))
			*VEC_PUSH(rows, count, cap) = (struct row){ ROW_SECTION, i };
		section = own;
		if (begins_group(state, i))
			*VEC_PUSH(rows, count, cap) = (struct row){ ROW_GROUP, i };
		*VEC_PUSH(rows, count, cap) = (struct row){ ROW_STEP, i };
	}
	*ret_count = count;
	return rows;
}

static size_t
row_of_step(const struct row *rows, size_t count, size_t step)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind == ROW_STEP && rows[i].step == step)
			return i;
	return 0;
}

static void
title(const struct app *app, struct str *out)
{
	const struct run_state *state = app->model.state;
	struct str left = STR_INIT;

	str_printf(out, " %zu/%zu", run_state_done(state), state->steps_count);
	outlook_left(&app->model, app->layout.panes[PANE_STEPS].columns < WORDS_COLUMNS, &left);
	if (left.len && !find_facts(&app->finds[PANE_STEPS]))
		str_printf(out, ", %s", str_cstr(&left));
	find_append_title(app, PANE_STEPS, out);
	str_release(&left);
}

static enum role
step_role(const struct step_state *step)
{
	switch (step->status) {
	case STEP_BLOCKED:
	case STEP_FAILED:
	case STEP_CANCELLED:
	case STEP_UNKNOWN:
		return ROLE_BAD;
	case STEP_OK:
		return ROLE_GOOD;
	case STEP_PLANNED:
	case STEP_RUNNING:
		return ROLE_CURRENT;
	case STEP_SKIPPED:
		return ROLE_DIM;
	case STEP_TODO:
		break;
	}
	return ROLE_TEXT;
}

/* Where the run stops by itself and waits for a word of the operator's. */
static bool
is_pause(const struct app *app, const struct step_state *step)
{
	const struct step_spec *spec = situation_spec(app->model.options->runbook, step);

	return spec && str_equal(spec->action.type->uses, "manual.confirm");
}

/* An instance stands below its group's heading, which has the title: its item is enough, if that ends its title. */
static const char *
instance_title(const struct step_state *step)
{
	size_t title_len = strlen(step->title), item_len = strlen(step->item);

	if (title_len > item_len + 2 && str_equal(step->title + title_len - item_len, step->item) &&
	    strncmp(step->title + title_len - item_len - 2, ": ", 2) == 0)
		return step->title + title_len - item_len;
	return step->title;
}

static void
append_title(const struct app *app, const struct step_state *step, struct str *out)
{
	if (is_pause(app, step))
		str_printf(out, "==PAUSE %s==", step->title);
	else if (step->item)
		str_printf(out, "  %s", instance_title(step));
	else
		str_append(out, step->title);
}

/* "45s/1m", "3m/1m +2m"; in short "45s", "+2m"; to come: "~1m". */
static void
append_times(const struct app *app, const struct step_state *step, bool brief, struct str *out)
{
	bool to_come = step->status == STEP_TODO || step->status == STEP_PLANNED;
	int64_t took_ms = outlook_took_ms(&app->model, step);
	int64_t over_ms = outlook_over_ms(&app->model, step);

	if (step->status == STEP_SKIPPED || (!to_come && took_ms < 0))
		return;
	if (to_come && step->estimate_ms)
		str_append_char(out, '~');
	else if (!to_come && !(brief && over_ms))
		outlook_time(took_ms, out);
	if (!to_come && !brief && step->estimate_ms)
		str_append_char(out, '/');
	if (step->estimate_ms && (to_come || !brief))
		outlook_time(step->estimate_ms, out);
	if (!to_come && over_ms) {
		str_append(out, brief ? "+" : " +");
		outlook_time(over_ms, out);
	}
}

/* The longest form that leaves the title whole; a short one may cost some of the title where rows are wide. */
static void
choose_times(const struct app *app, const struct step_state *step, int columns, int title_columns,
	     struct str *out)
{
	for (int brief = 0; brief <= 1; brief++) {
		str_clear(out);
		append_times(app, step, brief, out);
		if (title_columns + 1 + (int)out->len <= columns)
			return;
	}
	if (columns < TIMES_COLUMNS || !outlook_over_ms(&app->model, step))
		str_clear(out);
}

static void
paint_step(struct app *app, size_t index, int y, const struct rect *body)
{
	const struct run_state *state = app->model.state;
	const struct step_state *step = &state->steps[index];
	bool selected = index == app->selected;
	enum role role = selected ? ROLE_SELECTED : step_role(step);
	enum role text_role = selected ? role : step->status == STEP_OK ? ROLE_TEXT : role;
	bool over = outlook_over_ms(&app->model, step) > 0;
	struct str text = STR_INIT, times = STR_INIT;

	if (selected) {
		paint_blank(y, body->x, body->columns, ROLE_SELECTED);
		pane_put_cursor(app, PANE_STEPS, y, body->x);
	}
	int used = paint_format(y, body->x, body->columns, role, "%s%*zu ",
				situation_glyph(state, index), state->steps_count > 99 ? 3 : 2,
				index + 1);
	int room = body->columns - used;
	append_title(app, step, &text);
	choose_times(app, step, room, text_width(str_cstr(&text)), &times);
	int times_columns = times.len ? (int)times.len + 1 : 0;
	find_paint_text(&app->finds[PANE_STEPS], y, body->x + used, room - times_columns, text_role,
			str_cstr(&text));
	if (times.len)
		paint_text(y, body->x + body->columns - (int)times.len, (int)times.len,
			   selected ? ROLE_SELECTED
			   : over   ? ROLE_WARNING
				    : ROLE_DIM,
			   str_cstr(&times));
	str_release(&text);
	str_release(&times);
}

/* "Rotate the tokens 1/3": what the instances below it have in common, and how many of them are done. */
static void
paint_group(const struct run_state *state, size_t index, int y, const struct rect *body)
{
	const struct step_state *step = &state->steps[index];
	size_t len = (size_t)(instance_title(step) - step->title), done = 0, count = 0;
	struct str text = STR_INIT, counts = STR_INIT;

	for (size_t i = index;
	     i < state->steps_count && str_equal(state->steps[i].spec_id, step->spec_id); i++) {
		count++;
		done += step_status_done(state->steps[i].status);
	}
	str_printf(&text, "%*s%.*s", GROUP_INDENT, "",
		   len > 2 ? (int)len - 2 : (int)strlen(step->spec_id),
		   len > 2 ? step->title : step->spec_id);
	str_printf(&counts, " %zu/%zu", done, count);
	int used =
		paint_text(y, body->x, body->columns - (int)counts.len, ROLE_DIM, str_cstr(&text));
	paint_text(y, body->x + used, (int)counts.len, ROLE_DIM, str_cstr(&counts));
	str_release(&text);
	str_release(&counts);
}

static void
paint_row(struct app *app, const struct row *row, int y, const struct rect *body)
{
	const struct run_state *state = app->model.state;

	if (row->kind == ROW_SECTION)
		paint_format(y, body->x, body->columns, ROLE_LABEL, "== %s",
			     state->steps[row->step].section);
	else if (row->kind == ROW_GROUP)
		paint_group(state, row->step, y, body);
	else
		paint_step(app, row->step, y, body);
}

/* The last row tells how far one could go back; returns the rows that it took. */
static int
paint_back(const struct app *app, const struct rect *body)
{
	struct str text = STR_INIT;
	int rows = 0;

	outlook_back(&app->model, false, &text);
	if (text_width(str_cstr(&text)) > body->columns) {
		str_clear(&text);
		outlook_back(&app->model, true, &text);
	}
	if (text.len && body->rows >= BACK_ROWS) {
		paint_text(body->y + body->rows - 1, body->x, body->columns, ROLE_DIM,
			   str_cstr(&text));
		rows = 1;
	}
	str_release(&text);
	return rows;
}

/* Headings that belong to the first shown step are shown with it. */
static size_t
first_row(const struct row *rows, size_t first, size_t cursor, int shown)
{
	while (first && rows[first - 1].kind != ROW_STEP && cursor < first - 1 + (size_t)shown)
		first--;
	return first;
}

static void
paint(struct app *app, const struct rect *body)
{
	int room = body->rows - paint_back(app, body);
	size_t count, *first = &app->first[PANE_STEPS];
	struct row *rows = make_rows(app, &count);
	size_t cursor = row_of_step(rows, count, app->selected);

	*first = first_row(rows, scroll_to(*first, cursor, count, room), cursor, room);
	for (int i = 0; i < room && *first + (size_t)i < count; i++)
		paint_row(app, &rows[*first + (size_t)i], body->y + i, body);
	free(rows);
}

static void
move(struct app *app, enum command command, int rows)
{
	app_select(app, find_move(app, PANE_STEPS, app->selected, command, rows));
}

/* ---- rows, as they are searched ---- */

static size_t
count_steps(const struct app *app)
{
	return app->model.state->steps_count;
}

static void
append_step(const struct app *app, size_t index, struct str *out)
{
	const struct run_state *state = app->model.state;
	const struct step_state *step = &state->steps[index];

	str_printf(out, "%s %zu %s (%s)", situation_glyph(state, index), index + 1, step->title,
		   step->id);
}

static size_t
selected_step(const struct app *app)
{
	return app->selected;
}

static bool
is_current(const struct app *app, size_t index)
{
	return app->model.state->current >= 0 && (size_t)app->model.state->current == index;
}

static const struct find_rows steps = {
	.count = count_steps,
	.text = append_step,
	.from = selected_step,
	.go = app_select,
	.stays = is_current,
};

static void
item(const struct app *app, struct str *out)
{
	if (app->selected < app->model.state->steps_count)
		str_append(out, app->model.state->steps[app->selected].id);
}

static void
click(struct app *app, int row, int column)
{
	size_t count, at = app->first[PANE_STEPS] + (size_t)row;
	struct row *rows = make_rows(app, &count);

	(void)column;
	if (at < count && rows[at].kind == ROW_STEP)
		app_select(app, rows[at].step);
	free(rows);
}

const struct pane_ops pane_steps_ops = {
	.name = "Steps",
	.title = title,
	.paint = paint,
	.move = move,
	.rows = &steps,
	.item = item,
	.click = click,
};
