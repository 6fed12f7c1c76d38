#include "config.h"

#include "base/clock.h"
#include "ui/keys/scroll.h"
#include "ui/pane/pane.h"
#include "ui/text/paint.h"

static void
title(const struct app *app, struct str *out)
{
	str_printf(out, " %zu %s", app->model.audit_count,
		   app->model.audit_count == 1 ? "entry" : "entries");
	if (app->audit_held)
		str_append(out, "  held, G follows again");
	find_append_title(app, PANE_AUDIT, out);
}

/* What stands before an entry's text, and is searched with it. */
static void
append_when(const struct audit_entry *entry, struct str *out)
{
	char stamp[CLOCK_STAMP_MAX];

	str_printf(out, "%s ", clock_format_hms(entry->ts_ms, stamp));
	if (entry->seq >= 0)
		str_printf(out, "#%-4lld ", (long long)entry->seq);
}

static void
paint_entry(const struct app *app, size_t row, int y, const struct rect *body)
{
	const struct find *find = &app->finds[PANE_AUDIT];
	const struct audit_entry *entry = &app->model.audit[row];
	struct str when = STR_INIT;

	append_when(entry, &when);
	if (find_is_picked(app, PANE_AUDIT, row)) {
		paint_blank(y, body->x, body->columns, ROLE_SELECTED);
		paint_format(y, body->x, body->columns, ROLE_SELECTED, "%s%s", str_cstr(&when),
			     entry->text);
		str_release(&when);
		return;
	}
	int used = find_paint_text(find, y, body->x, body->columns, ROLE_DIM, str_cstr(&when));
	find_paint_text(find, y, body->x + used, body->columns - used, entry->role, entry->text);
	str_release(&when);
}

/* ---- with the whole room, every entry is shown in full ---- */

static bool
is_whole(const struct app *app)
{
	return app->zoom && app->focus == PANE_AUDIT;
}

static void
lay_out_entry(const struct app *app, size_t row, struct lines *lines)
{
	const struct audit_entry *entry = &app->model.audit[row];
	struct str when = STR_INIT;

	append_when(entry, &when);
	lines_wrap(lines, ROLE_DIM, str_cstr(&when), entry->role, entry->text);
	str_release(&when);
}

/* The first entry that is shown where the last one is. */
static size_t
first_of_end(const struct app *app, size_t count, int columns, int rows)
{
	size_t first = count;
	struct lines lines;

	lines_init(&lines, columns);
	while (first) {
		lay_out_entry(app, find_row(app, PANE_AUDIT, first - 1), &lines);
		if (lines.count > (size_t)rows && first < count)
			break;
		first--;
	}
	lines_release(&lines);
	return first;
}

/* The index of the entry that has a row of the body, counted from *first; `count`: none. */
static size_t
entry_at(const struct app *app, size_t first, size_t count, int columns, int row)
{
	struct lines lines;

	lines_init(&lines, columns);
	for (; first < count; first++) {
		lay_out_entry(app, find_row(app, PANE_AUDIT, first), &lines);
		if (lines.count > (size_t)row)
			break;
	}
	lines_release(&lines);
	return first;
}

static void
paint_whole(struct app *app, const struct rect *body)
{
	size_t *first = &app->first[PANE_AUDIT], count = find_count(app, PANE_AUDIT);
	size_t last = first_of_end(app, count, body->columns, body->rows);
	int y = 0;

	if (!app->audit_held || *first > last)
		*first = last;
	pane_put_cursor(app, PANE_AUDIT, body->y, body->x);
	for (size_t i = *first; i < count && y < body->rows; i++) {
		size_t row = find_row(app, PANE_AUDIT, i);
		const struct find *find = &app->finds[PANE_AUDIT];
		struct lines lines;

		lines_init(&lines, body->columns);
		lay_out_entry(app, row, &lines);
		if (!find->has_at || find->at >= row)
			pane_put_cursor(app, PANE_AUDIT, body->y + y, body->x);
		for (size_t k = 0; k < lines.count && y < body->rows; k++, y++)
			find_paint_line(find, body->y + y, body->x, body->columns, &lines.items[k],
					find_is_picked(app, PANE_AUDIT, row));
		lines_release(&lines);
	}
}

static void
move_whole(struct app *app, enum command command, int rows)
{
	size_t count = find_count(app, PANE_AUDIT), *first = &app->first[PANE_AUDIT];
	size_t last = first_of_end(app, count, app->layout.panes[PANE_AUDIT].columns, rows);

	*first = scroll_cursor(*first < last ? *first : last, command, last + 1, rows);
	app->audit_held = *first < last;
}

static void
paint(struct app *app, const struct rect *body)
{
	if (is_whole(app)) {
		paint_whole(app, body);
		return;
	}
	size_t *first = &app->first[PANE_AUDIT], count = find_count(app, PANE_AUDIT);
	const struct find *find = &app->finds[PANE_AUDIT];

	*first = scroll_move(*first, app->audit_held ? CMD_NONE : CMD_BOTTOM, count, body->rows);
	pane_put_cursor(app, PANE_AUDIT, body->y, body->x);
	for (int i = 0; i < body->rows && *first + (size_t)i < count; i++) {
		size_t row = find_row(app, PANE_AUDIT, *first + (size_t)i);

		paint_entry(app, row, body->y + i, body);
		if (!find->has_at ||
		    find->at >= row) /* the last one, or the one that was gone to */
			pane_put_cursor(app, PANE_AUDIT, body->y + i, body->x);
	}
}

static void
move(struct app *app, enum command command, int rows)
{
	app->finds[PANE_AUDIT].has_at = false;
	if (is_whole(app)) {
		move_whole(app, command, rows);
		return;
	}
	size_t count = find_count(app, PANE_AUDIT), *first = &app->first[PANE_AUDIT];

	*first = scroll_move(*first, command, count, rows);
	app->audit_held = *first + (size_t)rows < count;
}

/* ---- rows, as they are searched ---- */

static size_t
count_entries(const struct app *app)
{
	return app->model.audit_count;
}

static void
append_entry(const struct app *app, size_t row, struct str *out)
{
	append_when(&app->model.audit[row], out);
	str_append(out, app->model.audit[row].text);
}

/* Whoever follows the end looks at the last entry. */
static size_t
looked_at(const struct app *app)
{
	size_t count = app->model.audit_count;

	if (!app->audit_held)
		return count ? count - 1 : 0;
	return find_row(app, PANE_AUDIT, app->first[PANE_AUDIT]);
}

static void
go(struct app *app, size_t row)
{
	size_t count = find_count(app, PANE_AUDIT), index = 0;

	while (index + 1 < count && find_row(app, PANE_AUDIT, index) < row)
		index++;
	find_scroll(app, PANE_AUDIT, count, index);
	app->audit_held = app->first[PANE_AUDIT] + (size_t)find_page(app, PANE_AUDIT) < count;
}

static const struct find_rows entries = {
	.count = count_entries,
	.text = append_entry,
	.from = looked_at,
	.go = go,
	.upwards = true,
};

static void
click(struct app *app, int row, int column)
{
	size_t first = app->first[PANE_AUDIT], count = find_count(app, PANE_AUDIT);
	size_t index = is_whole(app) ? entry_at(app, first, count,
						app->layout.panes[PANE_AUDIT].columns, row)
				     : first + (size_t)row;

	(void)column;
	if (index < count)
		find_put(&app->finds[PANE_AUDIT], find_row(app, PANE_AUDIT, index));
}

const struct pane_ops pane_audit_ops = {
	.name = "Audit",
	.title = title,
	.paint = paint,
	.move = move,
	.click = click,
	.rows = &entries,
};
