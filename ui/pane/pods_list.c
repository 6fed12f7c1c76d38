#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/keys/scroll.h"
#include "ui/pane/pods_pane.h"

static void
free_looks(struct pods_list *list)
{
	for (size_t i = 0; i < list->looks_count; i++)
		free(list->looks[i].rows);
	free(list->looks);
	list->looks = NULL;
	list->looks_count = 0;
}

static void
forget_object(struct pods_list *list)
{
	feed_choice_release(&list->source);
	free(list->ns);
	free(list->name);
	list->ns = list->name = NULL;
}

void
pods_list_release(struct pods_list *list)
{
	table_view_free(list->view);
	forget_object(list);
	free_looks(list);
	*list = (struct pods_list){ 0 };
}

const struct feed_choice *
pods_list_choice(const struct app *app, const struct pods_list *list, size_t row)
{
	size_t snapshot =
		row < table_view_count(list->view) ? table_view_at(list->view, row).snapshot : 0;

	return feeds_table_choice(app->feeds, list->slot + snapshot);
}

struct pods_list *
pods_focused(const struct app *app)
{
	struct pods_pane *pane = app->pods;

	return pane->focus < pane->lists_count ? &pane->lists[pane->focus] : NULL;
}

/* The cursor's object, which it stays on from now. */
static void
remember(const struct app *app, struct pods_list *list)
{
	const struct table_row *row = table_view_row(list->view, list->cursor);
	const struct feed_choice *choice = pods_list_choice(app, list, list->cursor);

	if (list->name && strcmp(list->name, row->name) == 0 && strcmp(list->ns, row->ns) == 0 &&
	    feed_choice_equal(&list->source, choice))
		return;
	forget_object(list);
	list->source = feed_choice_copy(choice);
	list->ns = xstrdup(row->ns);
	list->name = xstrdup(row->name);
}

/* Which of the list's snapshots the cursor's object is in, or SIZE_MAX: its source is not shown. */
static size_t
snapshot_of_cursor(const struct app *app, const struct pods_list *list)
{
	for (size_t i = 0; list->name && i < list->slots; i++)
		if (feed_choice_equal(feeds_table_choice(app->feeds, list->slot + i),
				      &list->source))
			return i;
	return SIZE_MAX;
}

/* After the rows have moved: the cursor goes with its object, or stays where that has been. */
static void
settle(const struct app *app, struct pods_list *list)
{
	size_t count = table_view_count(list->view), found = SIZE_MAX;
	size_t snapshot = snapshot_of_cursor(app, list);

	if (count == 0)
		return; /* its object may come back: a feed that starts anew */
	if (list->name && snapshot == SIZE_MAX)
		list->held = false;
	if (!list->held)
		list->cursor = 0;
	else if (list->name)
		found = table_view_find(list->view, snapshot, list->ns, list->name);
	if (found != SIZE_MAX)
		list->cursor = found;
	list->cursor = scroll_cursor(list->cursor, CMD_NONE, count, 1);
	remember(app, list);
}

/* Which lists there are, for the feeds of now. */
static void
arrange(const struct app *app)
{
	struct pods_pane *pane = app->pods;
	size_t tables = feeds_tables_count(app->feeds);
	bool split = feeds_shape(app->feeds) == FEEDS_SPLIT && tables == PODS_LISTS;

	pane->generation = feeds_tables_generation(app->feeds);
	pane->lists_count = tables == 0 ? 0 : split ? PODS_LISTS : 1;
	if (pane->focus >= pane->lists_count)
		pane->focus = 0;
	for (size_t i = 0; i < pane->lists_count; i++) {
		struct pods_list *list = &pane->lists[i];

		list->slot = i;
		list->slots = split ? 1 : tables;
		free_looks(list);
		list->looks_count = list->slots;
		list->looks = xcalloc(list->slots, sizeof(*list->looks));
		if (!list->view)
			list->view = table_view_new();
	}
	for (size_t i = pane->lists_count; i < PODS_LISTS; i++)
		pods_list_release(&pane->lists[i]);
}

static void
update_list(const struct app *app, struct pods_list *list)
{
	const struct pods_pane *pane = app->pods;
	const struct table_view_options options = { .filter = pane->filter,
						    .sort = pane->sort,
						    .descending = pane->descending,
						    .trouble_only = pane->trouble_only };
	struct table_snapshot **snapshots = xcalloc(list->slots, sizeof(struct table_snapshot *));

	for (size_t i = 0; i < list->slots; i++)
		snapshots[i] = table_feed_snapshot(feeds_table(app->feeds, list->slot + i));
	table_view_update(list->view, snapshots, list->slots, &options);
	for (size_t i = 0; i < list->slots; i++)
		table_snapshot_release(snapshots[i]);
	free(snapshots);
	settle(app, list);
}

void
pods_update(const struct app *app)
{
	struct pods_pane *pane = app->pods;

	if (pane->generation != feeds_tables_generation(app->feeds))
		arrange(app);
	for (size_t i = 0; i < pane->lists_count; i++)
		update_list(app, &pane->lists[i]);
}

void
pods_list_go(const struct app *app, struct pods_list *list, size_t row)
{
	if (row >= table_view_count(list->view))
		return;
	list->cursor = row;
	list->held = true;
	remember(app, list);
}

void
pods_list_move(const struct app *app, struct pods_list *list, enum command command)
{
	pods_list_go(
		app, list,
		scroll_cursor(list->cursor, command, table_view_count(list->view), list->shown));
	if (command == CMD_TOP)
		list->held = false;
}

/* The rows in trouble among those that are painted, of one of the list's feeds. */
static void
gather_look(const struct pods_list *list, size_t snapshot, struct pods_look *look)
{
	size_t count = table_view_count(list->view);

	for (size_t i = list->first; i < count && i < list->first + (size_t)list->shown; i++) {
		const struct table_row *row = table_view_row(list->view, i);

		if (row->trouble && table_view_at(list->view, i).snapshot == snapshot)
			*VEC_PUSH(look->rows, look->count, look->cap) = row;
	}
}

static bool
is_same_look(const struct pods_look *a, const struct pods_look *b)
{
	return a->count == b->count &&
	       (a->count == 0 || (a->generation == b->generation &&
				  memcmp(a->rows, b->rows, a->count * sizeof(*a->rows)) == 0));
}

void
pods_list_look(const struct app *app, struct pods_list *list)
{
	for (size_t i = 0; i < list->looks_count; i++) {
		struct pods_look *old = &list->looks[i];
		struct pods_look now = {
			.generation = table_view_snapshot(list->view, i)->generation,
		};

		gather_look(list, i, &now);
		if (!is_same_look(&now, old))
			table_feed_look(feeds_table(app->feeds, list->slot + i), now.rows,
					now.count);
		free(old->rows);
		*old = now;
	}
}
