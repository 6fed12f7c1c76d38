#include "config.h"

#include "base/text.h"
#include "ui/paint.h"
#include "ui/pane.h"

/* The range of lines that the pane could show, and the end of what it does show. */
struct view {
	uint64_t first, next, end;
};

static struct view
view_of(const struct app *app, struct log_feed *feed)
{
	struct view view;

	log_feed_range(feed, &view.first, &view.next);
	view.end = app->logs_paused ? app->logs_end : view.next;
	if (view.end > view.next)
		view.end = view.next;
	if (view.end < view.first)
		view.end = view.first;
	return view;
}

static void
title(const struct app *app, struct str *out)
{
	struct log_feed *feed = feeds_logs(app->feeds);
	struct feed_health health;
	size_t streams;

	pane_append_source(app, FEED_LOGS, out);
	if (!feed)
		return;
	struct view view = view_of(app, feed);
	log_feed_health(feed, &health, &streams);
	str_printf(out, "  %zu streams", streams);
	pane_append_health(&health, out);
	if (app->logs_paused)
		str_printf(out, "  paused, %llu new lines, G follows again",
			   (unsigned long long)(view.next - view.end));
}

static void
add_line(void *data, const struct log_line *line)
{
	struct lines *lines = data;
	struct str prefix = STR_INIT;

	text_append_cut(&prefix, line->origin, lines->columns / 3, false);
	str_append_char(&prefix, ' ');
	if (line->marker)
		lines_wrap(lines, ROLE_DIM, "-- ", ROLE_DIM, line->text);
	else
		lines_wrap(lines, ROLE_ORIGIN, str_cstr(&prefix), ROLE_TEXT, line->text);
	str_release(&prefix);
}

static void
add_problem(struct log_feed *feed, const struct view *view, struct lines *lines)
{
	struct feed_health health;
	size_t streams;

	log_feed_health(feed, &health, &streams);
	if (health.state == FEED_BROKEN)
		lines_wrap(lines, ROLE_BAD, "! ", ROLE_BAD, health.problem);
	else if (view->first == view->next)
		lines_add(lines, ROLE_DIM, "%s",
			  streams ? "no lines yet" : "waiting for the first answer");
}

static void
paint(struct app *app, const struct rect *body)
{
	struct log_feed *feed = feeds_logs(app->feeds);
	struct lines lines;
	struct view view;

	pane_put_cursor(app, PANE_LOGS, body->y, body->x);
	if (!feed) {
		paint_text(body->y, body->x, body->columns, ROLE_DIM,
			   "this runbook names no logs to follow");
		return;
	}
	lines_init(&lines, body->columns);
	view = view_of(app, feed);
	uint64_t rows = (uint64_t)body->rows;
	log_feed_read(feed, view.end - view.first > rows ? view.end - rows : view.first, view.end,
		      add_line, &lines);
	add_problem(feed, &view, &lines);
	size_t first = lines.count > rows ? lines.count - rows : 0;
	for (size_t i = first; i < lines.count; i++)
		paint_line(body->y + (int)(i - first), body->x, body->columns, &lines.items[i],
			   false);
	if (lines.count)
		pane_put_cursor(app, PANE_LOGS, body->y + (int)(lines.count - first) - 1, body->x);
	lines_release(&lines);
}

/* The end of the view after a movement; view->next: follow. */
static uint64_t
moved(const struct view *view, enum command command, uint64_t rows)
{
	uint64_t least = view->next - view->first > rows ? view->first + rows : view->next;
	uint64_t step = command == CMD_PAGE_UP || command == CMD_PAGE_DOWN ? rows : 1;

	switch (command) {
	case CMD_UP:
	case CMD_PAGE_UP:
		return view->end > least + step ? view->end - step : least;
	case CMD_DOWN:
	case CMD_PAGE_DOWN:
		return view->next - view->end > step ? view->end + step : view->next;
	case CMD_TOP:
		return least;
	default:
		return view->next;
	}
}

static void
move(struct app *app, enum command command, int rows)
{
	struct log_feed *feed = feeds_logs(app->feeds);

	if (command == CMD_PREVIOUS_SOURCE || command == CMD_NEXT_SOURCE) {
		feeds_switch(app->feeds, FEED_LOGS, command == CMD_NEXT_SOURCE ? 1 : -1);
		app->logs_paused = false;
	} else if (feed) {
		struct view view = view_of(app, feed);

		app->logs_end = moved(&view, command, (uint64_t)(rows > 0 ? rows : 1));
		app->logs_paused = app->logs_end < view.next;
	}
}

const struct pane_ops pane_logs_ops = {
	.name = "Logs",
	.title = title,
	.paint = paint,
	.move = move,
};
