#include "config.h"

#include "ui/paint.h"
#include "ui/pane.h"
#include "ui/scroll.h"
#include "ui/step_detail.h"

static void
title(const struct app *app, struct str *out)
{
	const struct run_state *state = app->model.state;

	if (app->selected >= state->steps_count)
		return;
	const struct step_state *step = &state->steps[app->selected];
	str_printf(out, " %zu: %s", app->selected + 1, step->title);
	if (step->effect)
		str_printf(out, " [%s]", step_detail_effect(step));
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
		    &(struct step_detail_wish){ true, rows > 9 ? rows - 5 : 4 }, &cache->lines);
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
	for (int i = 0; i < body->rows && *first + (size_t)i < lines->count; i++)
		paint_line(body->y + i, body->x, body->columns, &lines->items[*first + (size_t)i],
			   false);
	if (*first + (size_t)body->rows < lines->count)
		paint_format(body->y + body->rows - 1, body->x + body->columns - 12, 12, ROLE_DIM,
			     " %5zu more ", lines->count - *first - (size_t)body->rows + 1);
	pane_put_cursor(app, PANE_STEP, body->y, body->x);
}

static void
move(struct app *app, enum command command, int rows)
{
	app->detail_moved = true;
	app->first[PANE_STEP] =
		scroll_move(app->first[PANE_STEP], command, app->detail.lines.count, rows);
}

const struct pane_ops pane_step_ops = {
	.name = "Step",
	.title = title,
	.paint = paint,
	.move = move,
};
