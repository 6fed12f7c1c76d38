#include "config.h"

#include <stdlib.h>

#include "ui/content/impact_board.h"
#include "ui/keys/scroll.h"
#include "ui/pane/pane.h"
#include "ui/text/lines.h"
#include "ui/text/paint.h"

enum {
	LEVEL_COLUMNS = 10,    /* of what is foreseen */
	OBSERVED_COLUMNS = 25, /* "  NOW ! limited 14:08:00Z": what a row must have room for */
	NAMES_MIN_COLUMNS = 12,
	WORDS_COLUMNS = 68, /* from here on a row has room for whole words */
};

static size_t
count_operations(const struct app *app)
{
	return app->model.options->runbook->impact_count;
}

/* Not even a row for each: then the worst comes first, else the order of the runbook, which people know. */
static bool
is_short(const struct app *app)
{
	return (size_t)find_page(app, PANE_IMPACT) < count_operations(app);
}

/* The operation of a row: the row-th of those in the order of how bad they are. */
static size_t
operation_of(const struct app *app, size_t row)
{
	size_t count = count_operations(app);

	if (!is_short(app))
		return row;
	for (int rank = IMPACT_RANK_MAX; rank >= 0; rank--)
		for (size_t i = 0; i < count; i++)
			if (impact_board_rank(&app->model, i) == rank && row-- == 0)
				return i;
	return 0;
}

static void
title(const struct app *app, struct str *out)
{
	impact_board_title(&app->model, out);
	find_append_title(app, PANE_IMPACT, out);
}

/* How many columns the names get beside the rest. */
static int
names_columns(const struct app *app, int columns)
{
	int names = impact_board_names(&app->model);
	int room = columns - LEVEL_COLUMNS - OBSERVED_COLUMNS;

	if (names > room)
		names = room;
	return names > NAMES_MIN_COLUMNS ? names : NAMES_MIN_COLUMNS;
}

/* The index, among the rows in sight of the filter, of the one that is worst. */
static size_t
worst_index(const struct app *app, size_t count)
{
	size_t worst = 0;
	int rank = -1;

	for (size_t i = 0; i < count; i++) {
		int own = impact_board_rank(&app->model,
					    operation_of(app, find_row(app, PANE_IMPACT, i)));

		if (own > rank) {
			rank = own;
			worst = i;
		}
	}
	return worst;
}

/* And of the one with the cursor, which stands on the worst one until it is moved. */
static size_t
cursor_index(const struct app *app, size_t count)
{
	const struct find *find = &app->finds[PANE_IMPACT];
	size_t index = 0;

	if (!find->has_at)
		return worst_index(app, count);
	while (index + 1 < count && find_row(app, PANE_IMPACT, index) < find->at)
		index++;
	return index;
}

static void
paint_row(struct app *app, size_t row, int y, const struct rect *body, int names)
{
	const struct find *find = &app->finds[PANE_IMPACT];
	struct lines lines;

	lines_init(&lines, body->columns);
	impact_board_row(&app->model, operation_of(app, row), names, body->columns < WORDS_COLUMNS,
			 &lines);
	find_paint_line(find, y, body->x, body->columns, &lines.items[0],
			find_is_picked(app, PANE_IMPACT, row));
	lines_release(&lines);
}

/* Everything in full, or where that has no room, what the cursor stands on. */
static void
lay_out_details(const struct app *app, size_t count, size_t cursor, int rows, struct lines *lines)
{
	for (size_t i = 0; i < count; i++) {
		lines_gap(lines);
		impact_board_detail(&app->model, operation_of(app, find_row(app, PANE_IMPACT, i)),
				    lines);
	}
	if (lines->count < (size_t)rows || cursor >= count)
		return;
	lines_reset(lines, lines->columns);
	impact_board_detail(&app->model, operation_of(app, find_row(app, PANE_IMPACT, cursor)),
			    lines);
}

/* What the rows have cut off, below them; of a detail that stands alone the name is known from its row. */
static void
paint_details(struct app *app, size_t count, size_t cursor, const struct rect *room)
{
	struct lines lines;
	size_t skipped = 0;

	lines_init(&lines, room->columns);
	lay_out_details(app, count, cursor, room->rows, &lines);
	int y = room->y + (lines.count < (size_t)room->rows);
	if (lines.count > (size_t)room->rows)
		skipped = 1;
	for (size_t i = skipped; i < lines.count && y < room->y + room->rows; i++, y++)
		find_paint_line(&app->finds[PANE_IMPACT], y, room->x, room->columns,
				&lines.items[i], false);
	lines_release(&lines);
}

static void
paint(struct app *app, const struct rect *body)
{
	size_t *first = &app->first[PANE_IMPACT], count = find_count(app, PANE_IMPACT);
	size_t cursor = cursor_index(app, count);
	int names = names_columns(app, body->columns), y = body->y;

	pane_put_cursor(app, PANE_IMPACT, body->y, body->x);
	if (count_operations(app) == 0)
		paint_text(y, body->x, body->columns, ROLE_DIM,
			   "The runbook does not say what the failure takes away (impact).");
	*first = scroll_to(*first, cursor, count, body->rows);
	for (size_t i = *first; i < count && y < body->y + body->rows; i++, y++) {
		if (i == cursor)
			pane_put_cursor(app, PANE_IMPACT, y, body->x);
		paint_row(app, find_row(app, PANE_IMPACT, i), y, body, names);
	}
	if (count && y < body->y + body->rows)
		paint_details(
			app, count, cursor,
			&(struct rect){ y, body->x, body->y + body->rows - y, body->columns });
}

static void
move(struct app *app, enum command command, int rows)
{
	size_t count = find_count(app, PANE_IMPACT);

	if (count == 0)
		return;
	size_t index = scroll_cursor(cursor_index(app, count), command, count, rows);
	find_put(&app->finds[PANE_IMPACT], find_row(app, PANE_IMPACT, index));
}

/* ---- rows, as they are searched: with all that is said of them ---- */

static void
append_row(const struct app *app, size_t row, struct str *out)
{
	size_t index = operation_of(app, row);
	const char *text = app->model.options->runbook->impact[index].text;
	struct lines lines;

	lines_init(&lines, app->layout.panes[PANE_IMPACT].columns);
	impact_board_row(&app->model, index, impact_board_names(&app->model), false, &lines);
	str_append(out, lines.items[0].text);
	if (text)
		str_printf(out, " (%s)", text);
	lines_release(&lines);
}

static size_t
row_of_cursor(const struct app *app)
{
	return cursor_index(app, count_operations(app));
}

static void
go(struct app *app, size_t row)
{
	find_put(&app->finds[PANE_IMPACT], row);
}

static const struct find_rows operations = {
	.count = count_operations,
	.text = append_row,
	.from = row_of_cursor,
	.go = go,
};

static void
click(struct app *app, int row, int column)
{
	size_t index = app->first[PANE_IMPACT] + (size_t)row;

	(void)column;
	if (index < find_count(app, PANE_IMPACT))
		find_put(&app->finds[PANE_IMPACT], find_row(app, PANE_IMPACT, index));
}

const struct pane_ops pane_impact_ops = {
	.name = "Impact",
	.title = title,
	.paint = paint,
	.move = move,
	.rows = &operations,
	.click = click,
};
