#include "config.h"

#include "base/text.h"
#include "ui/content/step_detail.h"
#include "ui/content/step_plan.h"
#include "ui/keys/scroll.h"
#include "ui/pane/pane.h"
#include "ui/text/paint.h"

enum { NAME_COLUMNS = 6 }; /* "2 Step" */

/* What the step does to the world is told in any case: its title gives way. */
static void
title(const struct app *app, struct str *out)
{
	const struct run_state *state = app->model.state;
	struct str number = STR_INIT, effect = STR_INIT;

	if (app->selected >= state->steps_count)
		return;
	const struct step_state *step = &state->steps[app->selected];
	str_printf(&number, " %zu: ", app->selected + 1);
	if (step->undoing)
		str_append(&effect, " [TAKES BACK]");
	else if (step->effect)
		str_printf(&effect, " [%s]", step_plan_effect(step));
	find_append_title(app, PANE_STEP, &effect);
	int room = app->layout.panes[PANE_STEP].columns - NAME_COLUMNS - (int)number.len -
		   text_width(str_cstr(&effect));
	str_append(out, str_cstr(&number));
	if (room > 0)
		text_append_cut(out, step->title, room, app->model.options->look.ascii);
	str_append(out, str_cstr(&effect));
	str_release(&number);
	str_release(&effect);
}

/* Lays the text out again where something that it shows has changed. */
static void
refresh_detail(struct app *app, int columns, int rows)
{
	struct detail_cache *cache = &app->detail;
	int64_t second = model_now_ms(&app->model) / 1000;

	if (cache->generation == app->model.generation && cache->index == app->selected &&
	    cache->lines.columns == columns && cache->rows == rows && cache->second == second)
		return;
	cache->generation = app->model.generation;
	cache->index = app->selected;
	cache->second = second;
	cache->rows = rows;
	lines_reset(&cache->lines, columns);
	step_detail(&app->model, app->selected,
		    &(struct step_detail_wish){ true, rows > 9 ? rows - 5 : 4, rows },
		    &cache->lines);
}

/* At the end of the last row, over what stands there. */
static void
paint_more(const struct app *app, const struct rect *body, size_t count)
{
	struct str text = STR_INIT;

	str_printf(&text, "%s %zu more", app->model.options->look.ascii ? "~" : "…", count);
	int columns = text_width(str_cstr(&text));
	paint_text(body->y + body->rows - 1, body->x + body->columns - columns, columns, ROLE_KEY,
		   str_cstr(&text));
	str_release(&text);
}

static void
paint(struct app *app, const struct rect *body)
{
	const struct lines *lines = &app->detail.lines;
	size_t *first = &app->first[PANE_STEP];

	if (app->selected >= app->model.state->steps_count)
		return;
	refresh_detail(app, body->columns, body->rows);
	if (!app->detail_moved)
		*first = 0;
	*first = scroll_move(*first, CMD_NONE, lines->count, body->rows);
	find_paint_lines(app, PANE_STEP, body, lines);
	if (*first + (size_t)body->rows < lines->count)
		paint_more(app, body, lines->count - *first - (size_t)body->rows + 1);
}

static void
prepare(struct app *app)
{
	const struct rect *rect = &app->layout.panes[PANE_STEP];

	if (app->selected < app->model.state->steps_count && rect->rows)
		refresh_detail(app, rect->columns, rect->rows - 1);
}

static void
move(struct app *app, enum command command, int rows)
{
	prepare(app); /* keys may come before the next frame */
	app->finds[PANE_STEP].has_at = false;
	app->detail_moved = true;
	app->first[PANE_STEP] =
		scroll_move(app->first[PANE_STEP], command, app->detail.lines.count, rows);
}

/* ---- rows, as they are searched ---- */

static size_t
count_lines(const struct app *app)
{
	return app->detail.lines.count;
}

static void
append_line(const struct app *app, size_t row, struct str *out)
{
	str_append(out, app->detail.lines.items[row].text);
}

static const struct lines *
lines_of(const struct app *app)
{
	return &app->detail.lines;
}

static size_t
first_line(const struct app *app)
{
	return app->first[PANE_STEP];
}

static void
go(struct app *app, size_t row)
{
	app->detail_moved = true;
	find_scroll(app, PANE_STEP, app->detail.lines.count, row);
}

static const struct find_rows rows_of_step = {
	.count = count_lines,
	.text = append_line,
	.lines = lines_of,
	.from = first_line,
	.prepare = prepare,
	.go = go,
};

/* The line that was gone to, or else what would be asked of the system. */
static void
item(const struct app *app, struct str *out)
{
	const struct run_state *state = app->model.state;
	const struct find *find = &app->finds[PANE_STEP];
	const struct step_state *step =
		app->selected < state->steps_count ? &state->steps[app->selected] : NULL;

	if (find->has_at && find->at < app->detail.lines.count) {
		append_line(app, find->at, out);
		return;
	}
	for (size_t i = 0; step && i < step->preview_count; i++)
		if (step->preview[i].mark == '>')
			str_printf(out, "%s%s", out->len ? " " : "", step->preview[i].text);
	if (step && !out->len)
		str_append(out, step->title);
}

const struct pane_ops pane_step_ops = {
	.name = "Step",
	.title = title,
	.paint = paint,
	.move = move,
	.rows = &rows_of_step,
	.item = item,
};
