#include "config.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "ui/model/situation.h"
#include "ui/pane/logs_pane.h"
#include "ui/pane/pane.h"
#include "ui/screen/entry.h"
#include "ui/text/paint.h"

enum { SIDE_STEP = 20 }; /* columns */

struct logs_pane *
logs_pane_new(void)
{
	struct logs_pane *pane = xcalloc(1, sizeof(*pane));

	pane->columns = 1;
	pane->rows = 1;
	return pane;
}

void
logs_pane_forget(struct logs_pane *pane)
{
	log_match_free(pane->hits);
	log_match_free(pane->kept);
	pane->hits = pane->kept = NULL;
	pane->paused = pane->has_hit = pane->behind = pane->origins = false;
	pane->seek = CMD_NONE;
}

void
logs_pane_free(struct logs_pane *pane)
{
	if (!pane)
		return;
	logs_pane_forget(pane);
	pattern_free(pane->search);
	pattern_free(pane->filter);
	free(pane);
}

struct log_feed *
logs_feed(const struct app *app)
{
	struct logs_pane *pane = app->logs;
	struct log_feed *feed = feeds_logs(app->feeds);

	if (pane->generation != feeds_logs_generation(app->feeds))
		logs_pane_forget(pane);
	pane->generation = feeds_logs_generation(app->feeds);
	if (feed && pane->search && !pane->hits) {
		pane->hits = log_match_new(feed, pane->search, false);
		pane->behind = true;
	}
	if (feed && pane->filter && !pane->kept) {
		pane->kept = log_match_new(feed, pane->filter, true);
		pane->behind = true;
	}
	return feed;
}

/* ---- painting ---- */

/* Where the next row goes. */
struct pen {
	struct app *app;
	const struct rect *body;
	int row;
};

/* Why there is nothing to see, or nothing new. */
static int
add_problem(const struct log_view *view, struct lines *lines)
{
	struct feed_health health;
	uint64_t any;
	size_t streams;

	log_feed_health(view->feed, &health, &streams);
	if (health.state == FEED_BROKEN)
		lines_wrap(lines, ROLE_BAD, "! ", ROLE_BAD, health.problem);
	else if (view->first == view->next)
		lines_add(lines, ROLE_DIM, "%s",
			  streams || health.state == FEED_LIVE ? "no lines yet"
							       : "waiting for the first answer");
	else if (!logs_line_from(view, 0, &any))
		lines_add(lines, ROLE_DIM, "%s",
			  view->pane->behind ? "searching…" : "no line passes the filter");
	return (int)lines->count;
}

static void
paint_problem(const struct rect *body, const struct lines *lines)
{
	for (int i = 0; i < (int)lines->count && i < body->rows; i++)
		paint_line(body->y + i, body->x, body->columns, &lines->items[i], false);
}

static void
paint_rows(struct pen *pen, const struct lines *lines, size_t first, bool is_hit)
{
	const struct rect *body = pen->body;

	for (size_t i = first; i < lines->count && pen->row < body->rows; i++, pen->row++) {
		paint_line(body->y + pen->row, body->x, body->columns, &lines->items[i], false);
		if (is_hit && i == first)
			pane_put_cursor(pen->app, PANE_LOGS, body->y + pen->row, body->x);
	}
}

/* At the very beginning of what is kept: how much is missing before it. */
static void
paint_loss(struct pen *pen, const struct log_view *view, const struct log_place *top)
{
	const struct rect *body = pen->body;
	struct str text = STR_INIT;
	uint64_t before;

	if (view->first == 0 || top->row > 0 || logs_line_before(view, top->number, &before))
		return;
	if (!view->pane->paused && logs_down(view, *top, (size_t)body->rows).number < view->next)
		return; /* the latest line must not be pushed out */
	str_append(&text, "-- ");
	pane_append_number(view->first, &text);
	str_append(&text, view->first == 1 ? " line no longer kept" : " lines no longer kept");
	paint_text(body->y, body->x, body->columns, ROLE_WARNING, str_cstr(&text));
	str_release(&text);
	pen->row++;
}

/* Returns the rows that it took. */
static int
paint_lines(struct app *app, const struct log_view *view, const struct rect *body)
{
	struct logs_pane *pane = app->logs;
	struct log_place top = logs_top(view);
	struct pen pen = { app, body, 0 };
	uint64_t number = top.number;
	struct lines lines;

	lines_init(&lines, body->columns);
	paint_loss(&pen, view, &top);
	pane->shown = top;
	pane->shown_row = pen.row;
	while (pen.row < body->rows && logs_line_from(view, number, &number)) {
		bool first = number == top.number;

		logs_rows(view, number, &lines);
		paint_rows(&pen, &lines, first ? top.row : 0, pane->has_hit && pane->hit == number);
		number++;
	}
	pane->shown_next = number;
	lines_release(&lines);
	if (!pane->has_hit && !pane->paused && pen.row > 0)
		pane_put_cursor(app, PANE_LOGS, body->y + pen.row - 1, body->x);
	return pen.row;
}

static void
paint(struct app *app, const struct rect *body)
{
	struct log_feed *feed = logs_feed(app);
	struct logs_pane *pane = app->logs;
	struct lines problem;
	size_t streams;
	struct feed_health health;

	pane_put_cursor(app, PANE_LOGS, body->y, body->x);
	if (!feed) {
		paint_text(body->y, body->x, body->columns, ROLE_DIM,
			   "this runbook names no logs to follow here");
		return;
	}
	log_feed_health(feed, &health, &streams);
	pane->origins = pane->origins || streams > 1;
	struct log_view view = logs_view(pane, feed);
	lines_init(&problem, body->columns);
	int used = add_problem(&view, &problem);
	pane->columns = body->columns;
	pane->rows = used < body->rows ? body->rows - used : 0;
	int row = paint_lines(app, &view,
			      &(struct rect){ body->y, body->x, pane->rows, body->columns });
	paint_problem(&(struct rect){ body->y + row, body->x, body->rows - row, body->columns },
		      &problem);
	lines_release(&problem);
}

/* ---- movements ---- */

static void
move_to(struct logs_pane *pane, const struct log_view *view, struct log_place place)
{
	struct log_place last =
		logs_up(view, (struct log_place){ view->next, 0 }, (size_t)pane->rows);

	if (logs_place_before(&place, &last)) {
		logs_pause(pane, view->feed);
		pane->place = place;
	} else {
		logs_resume(pane);
	}
}

static void
move_in(struct logs_pane *pane, struct log_feed *feed, enum command command)
{
	struct log_view view = logs_view(pane, feed);
	bool page = command == CMD_PAGE_UP || command == CMD_PAGE_DOWN;
	size_t rows = page && pane->rows > 1 ? (size_t)pane->rows - 1 : 1;
	struct log_place top = logs_top(&view);

	if (command == CMD_TOP)
		move_to(pane, &view, (struct log_place){ view.first, 0 });
	else if (command == CMD_UP || command == CMD_PAGE_UP)
		move_to(pane, &view, logs_up(&view, top, rows));
	else if (command == CMD_DOWN || command == CMD_PAGE_DOWN)
		move_to(pane, &view, logs_down(&view, top, rows));
	else
		logs_resume(pane);
}

static void
move(struct app *app, enum command command, int rows)
{
	struct log_feed *feed = logs_feed(app);

	(void)rows;
	if (command == CMD_PREVIOUS_SOURCE || command == CMD_NEXT_SOURCE) {
		logs_pane_forget(app->logs);
		feeds_switch_logs(app->feeds, command == CMD_NEXT_SOURCE ? 1 : -1);
	} else if (feed) {
		move_in(app->logs, feed, command);
	}
}

/* ---- commands ---- */

static void
toggle_pause(struct app *app)
{
	struct log_feed *feed = logs_feed(app);

	if (app->logs->paused)
		logs_resume(app->logs);
	else if (feed)
		logs_pause(app->logs, feed);
}

static void
toggle_previous(struct app *app)
{
	const struct feed_choice *choice = feeds_choice(app->feeds, FEED_LOGS, NULL, NULL);

	if (!choice)
		return;
	bool previous = !choice->previous;
	logs_pane_forget(app->logs);
	feeds_set_previous(app->feeds, previous);
	app_say(app, ROLE_TEXT,
		previous ? "Logs: what was written before the last restart; P goes back"
			 : "Logs: what is written now");
}

static void
toggle_wrap(struct app *app)
{
	struct logs_pane *pane = app->logs;

	pane->cut = !pane->cut;
	pane->skipped_columns = 0;
	pane->place.row = 0;
	app_say(app, ROLE_TEXT,
		pane->cut ? "Logs: long lines are cut; Left and Right move, w wraps"
			  : "Logs: long lines are wrapped");
}

static void
step_aside(struct app *app, int columns)
{
	struct logs_pane *pane = app->logs;

	if (!pane->cut)
		app_say(app, ROLE_TEXT, "Lines are wrapped: nothing is beside them. (w cuts them)");
	else if (pane->skipped_columns + columns >= 0)
		pane->skipped_columns += columns;
}

static void
clear(struct app *app)
{
	logs_search(app, "", NULL);
	logs_filter(app, "", NULL);
}

static void
toggle_stamps(struct app *app)
{
	app->logs->stamps = !app->logs->stamps;
}

static void
toggle_json(struct app *app)
{
	struct logs_pane *pane = app->logs;

	pane->raw = !pane->raw;
	app_say(app, ROLE_TEXT, "Logs: JSON is shown %s", pane->raw ? "as it came" : "readably");
}

static void
ask_search(struct app *app)
{
	entry_open(app, PANE_LOGS, CMD_SEARCH, "Search the logs:", "");
}

static void
ask_filter(struct app *app)
{
	const struct pattern *filter = app->logs->filter;

	entry_open(app, PANE_LOGS, CMD_FILTER,
		   "Show only lines with:", filter ? pattern_text(filter) : "");
}

static void
seek_next(struct app *app)
{
	logs_seek(app, CMD_SEARCH_NEXT);
}

static void
seek_previous(struct app *app)
{
	logs_seek(app, CMD_SEARCH_PREVIOUS);
}

static void
step_left(struct app *app)
{
	step_aside(app, -SIDE_STEP);
}

static void
step_right(struct app *app)
{
	step_aside(app, SIDE_STEP);
}

/* clang-format off */
static const struct {
	enum command command;
	void (*act)(struct app *app);
} acts[] = {
	{ CMD_SEARCH, ask_search },
	{ CMD_SEARCH_NEXT, seek_next },
	{ CMD_SEARCH_PREVIOUS, seek_previous },
	{ CMD_FILTER, ask_filter },
	{ CMD_CLEAR, clear },
	{ CMD_WRAP, toggle_wrap },
	{ CMD_LEFT, step_left },
	{ CMD_RIGHT, step_right },
	{ CMD_STAMPS, toggle_stamps },
	{ CMD_PAUSE, toggle_pause },
	{ CMD_PREVIOUS_LOG, toggle_previous },
	{ CMD_JSON, toggle_json },
	{ CMD_SAVE_LOG, logs_ask_where_to_save },
};
/* clang-format on */

static void
command(struct app *app, enum command command)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (acts[i].command == command)
			acts[i].act(app);
}

static int
entered(struct app *app, enum command purpose, const char *text, struct err *e)
{
	if (purpose == CMD_SEARCH)
		return logs_search(app, text, e);
	if (purpose == CMD_FILTER)
		return logs_filter(app, text, e);
	return logs_save(app, text, e);
}

static unsigned
facts(const struct app *app)
{
	return (app->logs->search ? FACT_SEARCHING : 0) | (app->logs->filter ? FACT_FILTERED : 0);
}

/* Holds the view as it was painted, on the line in a row of it. */
static void
click(struct app *app, int row, int column)
{
	struct logs_pane *pane = app->logs;
	struct log_feed *feed = logs_feed(app);

	(void)column;
	if (!feed || row < pane->shown_row || row >= pane->rows)
		return;
	struct log_view view = logs_view(pane, feed);
	struct log_place place = logs_down(&view, pane->shown, (size_t)(row - pane->shown_row));
	if (place.number >= pane->shown_next)
		return;
	logs_pause(pane, feed);
	pane->place = pane->shown;
	pane->has_hit = true;
	pane->hit = place.number;
}

static void
append_line(void *data, const struct log_line *line)
{
	str_append(data, line->text);
}

/* The match that was gone to, or else the last line in sight. */
static void
item(const struct app *app, struct str *out)
{
	const struct logs_pane *pane = app->logs;
	struct log_feed *feed = logs_feed(app);
	uint64_t number;

	if (!feed)
		return;
	struct log_view view = logs_view(pane, feed);
	if (pane->has_hit)
		log_feed_read(feed, pane->hit, pane->hit + 1, append_line, out);
	else if (logs_line_before(&view, pane->shown_next, &number))
		log_feed_read(feed, number, number + 1, append_line, out);
}

static bool
is_on(const struct app *app, enum command command)
{
	const struct logs_pane *pane = app->logs;

	switch (command) {
	case CMD_WRAP:
		return !pane->cut;
	case CMD_STAMPS:
		return pane->stamps;
	case CMD_JSON:
		return !pane->raw;
	case CMD_PAUSE:
		return pane->paused;
	default:
		return false;
	}
}

const struct pane_ops pane_logs_ops = {
	.name = "Logs",
	.title = logs_title,
	.paint = paint,
	.move = move,
	.command = command,
	.entered = entered,
	.facts = facts,
	.work = logs_work,
	.item = item,
	.click = click,
	.is_on = is_on,
};
