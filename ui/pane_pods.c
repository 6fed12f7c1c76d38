#include "config.h"

#include "base/clock.h"
#include "base/text.h"
#include "ui/paint.h"
#include "ui/pane.h"
#include "ui/scroll.h"

enum {
	READY_COLUMNS = 6,
	STATUS_COLUMNS = 18,
	RESTARTS_COLUMNS = 5,
	AGE_COLUMNS = 6,
	NAME_LEAST = 16,
};

static void
title(const struct app *app, struct str *out)
{
	struct pod_feed *feed = feeds_pods(app->feeds);
	struct feed_health health;

	pane_append_source(app, FEED_PODS, out);
	if (!feed)
		return;
	struct pod_snapshot *snapshot = pod_feed_snapshot(feed);
	if (snapshot->complete)
		str_printf(out, "  %zu pod%s, %zu not ready", snapshot->count,
			   snapshot->count == 1 ? "" : "s", snapshot->unhealthy);
	pod_snapshot_release(snapshot);
	pod_feed_health(feed, &health);
	pane_append_health(&health, out);
}

static int
name_columns(int columns)
{
	int left = columns - 2 - READY_COLUMNS - STATUS_COLUMNS - RESTARTS_COLUMNS - AGE_COLUMNS;

	return left > NAME_LEAST ? left : NAME_LEAST;
}

/* Paints cells from left to right, each in its width. */
static void
paint_cells(int y, const struct rect *body, enum role role, const char *const cells[6])
{
	const int widths[] = { 2,
			       name_columns(body->columns),
			       READY_COLUMNS,
			       STATUS_COLUMNS,
			       RESTARTS_COLUMNS,
			       AGE_COLUMNS };
	int x = 0;

	for (int i = 0; i < 6; x += widths[i], i++)
		if (x < body->columns)
			paint_text(y, body->x + x,
				   (widths[i] < body->columns - x ? widths[i] : body->columns - x) -
					   (i > 0 && i < 5),
				   role, cells[i]);
}

static void
paint_row(struct app *app, const struct pod_row *row, bool focused, int y, const struct rect *body)
{
	char age[CLOCK_STAMP_MAX] = "";
	enum role role = focused ? ROLE_SELECTED : row->healthy ? ROLE_TEXT : ROLE_BAD;

	if (row->created_ms)
		duration_format_human(model_now_ms(&app->model) - row->created_ms, age);
	if (focused) {
		paint_blank(y, body->x, body->columns, ROLE_SELECTED);
		pane_put_cursor(app, PANE_PODS, y, body->x);
	}
	paint_cells(y, body, role,
		    (const char *const[]){ row->healthy ? "  " : "! ", row->name, row->ready,
					   row->status, row->restarts, age });
}

/* Why there are no rows, or why they are old; returns the rows of the screen that it took. */
static int
paint_problem(const struct feed_health *health, const struct pod_snapshot *snapshot,
	      const struct rect *body)
{
	struct lines lines;
	int rows = 0;

	lines_init(&lines, body->columns);
	if (health->state == FEED_BROKEN)
		lines_wrap(&lines, ROLE_BAD, "! ", ROLE_BAD, health->problem);
	else if (!snapshot->complete)
		lines_add(&lines, ROLE_DIM, "waiting for the first answer");
	else if (snapshot->count == 0)
		lines_add(&lines, ROLE_TEXT, "no pods there");
	for (; rows < (int)lines.count && rows < body->rows; rows++)
		paint_line(body->y + rows, body->x, body->columns, &lines.items[rows], false);
	lines_release(&lines);
	return rows;
}

static void
paint_rows(struct app *app, const struct pod_snapshot *snapshot, const struct rect *body)
{
	size_t *first = &app->first[PANE_PODS];

	if (body->rows < 2 || !snapshot->count)
		return;
	paint_cells(body->y, body, ROLE_LABEL,
		    (const char *const[]){ "", "NAME", "READY", "STATUS", "RST", "AGE" });
	app->pod = scroll_cursor(app->pod, CMD_NONE, snapshot->count, body->rows - 1);
	*first = scroll_to(*first, app->pod, snapshot->count, body->rows - 1);
	for (int i = 0; i < body->rows - 1 && *first + (size_t)i < snapshot->count; i++) {
		size_t at = *first + (size_t)i;

		paint_row(app, &snapshot->rows[at], at == app->pod && app->focus == PANE_PODS,
			  body->y + 1 + i, body);
	}
}

static void
paint(struct app *app, const struct rect *body)
{
	struct pod_feed *feed = feeds_pods(app->feeds);
	struct feed_health health;

	pane_put_cursor(app, PANE_PODS, body->y, body->x);
	if (!feed) {
		paint_text(body->y, body->x, body->columns, ROLE_DIM,
			   "this runbook names no pods to watch");
		return;
	}
	struct pod_snapshot *snapshot = pod_feed_snapshot(feed);
	pod_feed_health(feed, &health);
	int used = paint_problem(&health, snapshot, body);
	paint_rows(app, snapshot,
		   &(struct rect){ body->y + used, body->x, body->rows - used, body->columns });
	pod_snapshot_release(snapshot);
}

static void
move(struct app *app, enum command command, int rows)
{
	struct pod_feed *feed = feeds_pods(app->feeds);

	if (command == CMD_PREVIOUS_SOURCE || command == CMD_NEXT_SOURCE) {
		feeds_switch(app->feeds, FEED_PODS, command == CMD_NEXT_SOURCE ? 1 : -1);
		app->pod = 0;
	} else if (feed) {
		struct pod_snapshot *snapshot = pod_feed_snapshot(feed);

		app->pod = scroll_cursor(app->pod, command, snapshot->count, rows - 1);
		pod_snapshot_release(snapshot);
	}
}

const struct pane_ops pane_pods_ops = {
	.name = "Pods",
	.title = title,
	.paint = paint,
	.move = move,
};
