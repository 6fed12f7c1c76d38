#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/model/situation.h"
#include "ui/pane/pane.h"
#include "ui/pane/pods_pane.h"
#include "ui/screen/entry.h"
#include "ui/screen/find.h"

struct pods_pane *
pods_pane_new(void)
{
	return xcalloc(1, sizeof(struct pods_pane));
}

void
pods_pane_free(struct pods_pane *pane)
{
	if (!pane)
		return;
	for (size_t i = 0; i < PODS_LISTS; i++)
		pods_list_release(&pane->lists[i]);
	pattern_free(pane->search);
	pattern_free(pane->filter);
	free(pane->sort);
	free(pane);
}

static void
title(const struct app *app, struct str *out)
{
	struct pods_list *list;

	pods_update(app);
	list = pods_focused(app);
	if (!list)
		return;
	str_append_char(out, ' ');
	if (app->pods->lists_count == 1)
		pods_append_title(app, list, pods_title_room(app), out);
	else
		str_append(out, "two sources");
	if (app->pods->lists_count > 1 || pods_title_has_choice(app, list)) {
		str_append(out, "  ");
		pods_append_choice(app, list, out);
	}
}

/* ---- search and filter ---- */

static void
search_next(struct app *app, int direction)
{
	const struct pods_pane *pane = app->pods;
	struct pods_list *list = pods_focused(app);
	struct table_hit hit;

	if (!list || !pane->search)
		return;
	if (!table_view_search(list->view, pane->search, list->cursor, direction, &hit)) {
		app_say(app, ROLE_WARNING, "No row matches \"%s\"", pattern_text(pane->search));
		return;
	}
	pods_list_go(app, list, hit.row);
	app_say(app, ROLE_TEXT, "\"%s\": match %zu of %zu%s", pattern_text(pane->search),
		hit.index + 1, hit.count, find_turn(hit.around, direction < 0));
}

/* Puts the pattern of a text into *slot, or none for "". The view may hold the old one until then. */
static int
take_pattern(const struct app *app, const char *text, struct pattern **slot, struct err *e)
{
	struct pattern *old = *slot, *fresh = NULL;

	if (*text && !(fresh = pattern_new(text, e)))
		return -1;
	*slot = fresh;
	pods_update(app);
	pattern_free(old);
	return 0;
}

static void
clear(struct app *app)
{
	struct err e = ERR_INIT;

	app->pods->trouble_only = false;
	take_pattern(app, "", &app->pods->search, &e);
	take_pattern(app, "", &app->pods->filter, &e);
}

/* ---- another resource ---- */

static bool
is_all_namespaces(const char *word)
{
	return strcmp(word, "-A") == 0 || strcmp(word, "--all-namespaces") == 0;
}

/* The next word of a text, which moves behind it; NULL: there is none. The caller frees. */
static char *
next_word(const char **text)
{
	const char *blanks = " \t", *begin = *text + strspn(*text, blanks);
	size_t len = strcspn(begin, blanks);

	*text = begin + len;
	return len ? xstrndup(begin, len) : NULL;
}

/* "deployments", "pods -A", "-A nodes". */
static int
enter_resource(struct app *app, const char *text, struct err *e)
{
	char *word, *resource = NULL;
	bool all_namespaces = false;
	int rc = 0;

	for (; rc == 0 && (word = next_word(&text)); free(word)) {
		if (is_all_namespaces(word))
			all_namespaces = true;
		else if (*word == '-' || resource)
			rc = err_set(e, ERR_USAGE,
				     "\"%s\" is too much: one resource, and -A for all namespaces",
				     word);
		else
			resource = xstrdup(word);
	}
	if (rc == 0 && (resource || all_namespaces))
		feeds_add_resource(app->feeds, app->pods->focus, resource ? resource : "pods",
				   all_namespaces);
	free(resource);
	return rc;
}

static int
entered(struct app *app, enum command purpose, const char *text, struct err *e)
{
	pods_update(app);
	if (purpose == CMD_RESOURCE)
		return enter_resource(app, text, e);
	if (purpose == CMD_FILTER)
		return take_pattern(app, text, &app->pods->filter, e);
	if (take_pattern(app, text, &app->pods->search, e) < 0)
		return -1;
	search_next(app, 1);
	return 0;
}

/* ---- the order of rows ---- */

/* The column after the one that sorts now; behind the last one the server's order again. */
static void
sort_by_next(struct app *app)
{
	struct pods_pane *pane = app->pods;
	const struct pods_list *list = pods_focused(app);
	const struct table_snapshot *snapshot = list ? table_view_snapshot(list->view, 0) : NULL;
	const char *next = NULL;

	if (!snapshot)
		return;
	int at = pane->sort ? table_column_find(snapshot, pane->sort) : -1;
	for (size_t i = (size_t)(at + 1); !next && i < snapshot->columns_count; i++)
		if (!snapshot->columns[i].wide || app->zoom)
			next = snapshot->columns[i].name;
	free(pane->sort);
	pane->sort = xstrdup(next);
	pods_update(app);
}

/* ---- the shape of the pane ---- */

/* Shows two lists or all in one; where there are too few sources for that, says so. */
static void
show_together(struct app *app, enum feeds_shape shape)
{
	feeds_set_shape(app->feeds, shape);
	app->pods->focus = 0;
	if (feeds_shape(app->feeds) == shape)
		return;
	feeds_set_shape(app->feeds, FEEDS_ONE);
	app_say(app, ROLE_TEXT,
		"There are no two sources to show together: R names another resource");
}

/* One list, then two of which the left one has the keys, then the right one, then one again. */
static void
split(struct app *app)
{
	if (feeds_shape(app->feeds) != FEEDS_SPLIT)
		show_together(app, FEEDS_SPLIT);
	else if (app->pods->focus == 0)
		app->pods->focus = 1;
	else
		feeds_set_shape(app->feeds, FEEDS_ONE);
}

static void
merge(struct app *app)
{
	if (feeds_shape(app->feeds) == FEEDS_MERGED)
		feeds_set_shape(app->feeds, FEEDS_ONE);
	else
		show_together(app, FEEDS_MERGED);
}

static void
switch_source(struct app *app, enum command command)
{
	if (feeds_shape(app->feeds) == FEEDS_MERGED)
		app_say(app, ROLE_TEXT, "All sources are in this list: a shows one of them");
	else
		feeds_switch_table(app->feeds, app->pods->focus,
				   command == CMD_NEXT_SOURCE ? 1 : -1);
}

/* ---- one row ---- */

/* The row under the cursor and its source; false: there is none. */
static bool
focused_row(struct app *app, const struct table_row **ret_row,
	    const struct feed_choice **ret_choice)
{
	const struct pods_list *list = pods_focused(app);

	if (!list || list->cursor >= table_view_count(list->view)) {
		app_say(app, ROLE_TEXT, "There is no row here");
		return false;
	}
	*ret_row = table_view_row(list->view, list->cursor);
	*ret_choice = pods_list_choice(app, list, list->cursor);
	return true;
}

static void
show_details(struct app *app)
{
	const struct feed_choice *choice;
	const struct table_row *row;

	if (focused_row(app, &row, &choice))
		detail_page_open(app, choice, row->ns, row->name);
}

static void
show_logs(struct app *app)
{
	const struct feed_choice *choice;
	const struct table_row *row;

	if (!focused_row(app, &row, &choice))
		return;
	logs_pane_forget(app->logs);
	if (!feeds_add_logs(app->feeds, choice, row->ns, row->name)) {
		app_say(app, ROLE_TEXT,
			"Of %s there are no logs: only of pods and of what runs them",
			feed_choice_resource(choice));
		return;
	}
	app->focus = app->lower = PANE_LOGS;
}

/* ---- what keys do ---- */

static void
ask_search(struct app *app)
{
	entry_open(app, PANE_PODS, CMD_SEARCH, "Search the rows:", "");
}

static void
ask_filter(struct app *app)
{
	const struct pattern *filter = app->pods->filter;

	entry_open(app, PANE_PODS, CMD_FILTER,
		   "Show only rows with:", filter ? pattern_text(filter) : "");
}

static void
ask_resource(struct app *app)
{
	entry_open(app, PANE_PODS, CMD_RESOURCE, "Resource (and -A: of all namespaces):", "");
}

static void
go_to_next(struct app *app)
{
	search_next(app, 1);
}

static void
go_to_previous(struct app *app)
{
	search_next(app, -1);
}

static void
reverse(struct app *app)
{
	app->pods->descending = !app->pods->descending;
}

static void
show_trouble(struct app *app)
{
	app->pods->trouble_only = !app->pods->trouble_only;
}

static void
go_left(struct app *app)
{
	app->pods->focus = 0;
}

static void
go_right(struct app *app)
{
	if (app->pods->lists_count > 1)
		app->pods->focus = 1;
}

static const struct {
	enum command command;
	void (*run)(struct app *app);
} commands[] = {
	{ CMD_SEARCH, ask_search },
	{ CMD_SEARCH_NEXT, go_to_next },
	{ CMD_SEARCH_PREVIOUS, go_to_previous },
	{ CMD_FILTER, ask_filter },
	{ CMD_CLEAR, clear },
	{ CMD_SORT_NEXT, sort_by_next },
	{ CMD_SORT_REVERSE, reverse },
	{ CMD_TROUBLE, show_trouble },
	{ CMD_DETAILS, show_details },
	{ CMD_LOGS_OF_POD, show_logs },
	{ CMD_RESOURCE, ask_resource },
	{ CMD_SPLIT, split },
	{ CMD_MERGE, merge },
	{ CMD_LEFT, go_left },
	{ CMD_RIGHT, go_right },
};

static void
command(struct app *app, enum command command)
{
	pods_update(app); /* the sources may be others than those that were painted */
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].command == command)
			commands[i].run(app);
}

static void
move(struct app *app, enum command command, int rows)
{
	struct pods_list *list;

	(void)rows; /* of the pane: a list knows its own */
	pods_update(app);
	list = pods_focused(app);
	if (command == CMD_PREVIOUS_SOURCE || command == CMD_NEXT_SOURCE)
		switch_source(app, command);
	else if (list)
		pods_list_move(app, list, command);
}

static unsigned
facts(const struct app *app)
{
	const struct pods_pane *pane = app->pods;

	return (pane->search ? FACT_SEARCHING : 0u) |
	       (pane->filter || pane->trouble_only ? FACT_FILTERED : 0u);
}

static bool
is_on(const struct app *app, enum command command)
{
	return command == CMD_TROUBLE ? app->pods->trouble_only
				      : command == CMD_SORT_REVERSE && app->pods->descending;
}

/* To the list and the row that stand there. */
static void
click(struct app *app, int row, int column)
{
	const struct rect *pane = &app->layout.panes[PANE_PODS];
	int y = pane->y + 1 + row, x = pane->x + column;

	pods_update(app);
	for (size_t i = 0; i < app->pods->lists_count; i++) {
		struct pods_list *list = &app->pods->lists[i];
		const struct rect *body = &list->body;

		if (x < body->x || x >= body->x + body->columns || y < body->y ||
		    y >= body->y + body->rows)
			continue;
		app->pods->focus = i;
		if (y > body->y && y - body->y - 1 < list->shown)
			pods_list_go(app, list, list->first + (size_t)(y - body->y - 1));
	}
}

const struct pane_ops pane_pods_ops = {
	.name = "Pods",
	.title = title,
	.paint = pods_paint,
	.move = move,
	.command = command,
	.entered = entered,
	.facts = facts,
	.item = pods_item,
	.text = pods_text,
	.is_on = is_on,
	.click = click,
};
