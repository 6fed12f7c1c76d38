#include "config.h"

#include "feed/table_view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "feed/table_columns.h"
#include "feed/table_fold.h"

/* What kind of value a cell is sorted as; numbers before texts, and what is empty last. */
enum key_kind { KEY_NUMBER, KEY_TEXT, KEY_NONE };

/* A row on its way into the order. */
struct item {
	struct table_place place;
	enum key_kind kind;
	int64_t number;
	const char *text;
};

struct table_view {
	struct table_snapshot **snapshots;
	size_t snapshots_count;
	const struct pattern *filter; /* its address only */
	char *sort;
	bool descending, trouble_only;
	struct table_place *places;
	size_t count, hidden;
	bool made;
};

struct table_view *
table_view_new(void)
{
	return xcalloc(1, sizeof(struct table_view));
}

static void
release_snapshots(struct table_view *view)
{
	for (size_t i = 0; i < view->snapshots_count; i++)
		table_snapshot_release(view->snapshots[i]);
	free(view->snapshots);
	view->snapshots = NULL;
	view->snapshots_count = 0;
}

void
table_view_free(struct table_view *view)
{
	if (!view)
		return;
	release_snapshots(view);
	free(view->sort);
	free(view->places);
	free(view);
}

/* ---- matching ---- */

/* "app=tsb,tier=web": each label is a text of its own. */
static bool
some_label(const struct pattern *pattern, const char *labels, bool wanted)
{
	while (*labels) {
		size_t len = strcspn(labels, ",");

		if (pattern_matches(pattern, labels, len) == wanted)
			return true;
		labels += len + (labels[len] == ',');
	}
	return false;
}

/* Whether some text of the row matches, or does not, as wanted. An age in a cell is no text. */
static bool
some_text(const struct pattern *pattern, const struct table_snapshot *snapshot,
	  const struct table_row *row, bool wanted)
{
	const char *before = row->name;

	if (pattern_matches(pattern, row->name, strlen(row->name)) == wanted ||
	    pattern_matches(pattern, row->ns, strlen(row->ns)) == wanted)
		return true;
	for (size_t i = 0; i < snapshot->columns_count; i++) {
		const char *cell = row->cells[i];

		/* equal cells of a row are one string */
		if (cell == before || cell == row->name || snapshot->columns[i].age)
			continue;
		if (pattern_matches(pattern, cell, strlen(cell)) == wanted)
			return true;
		before = cell;
	}
	if (*row->reason && pattern_matches(pattern, row->reason, strlen(row->reason)) == wanted)
		return true;
	return some_label(pattern, row->labels, wanted);
}

/* A negated pattern asks that no text at all holds what it names. */
static bool
row_matches(const struct pattern *pattern, const struct table_snapshot *snapshot,
	    const struct table_row *row)
{
	if (pattern_text(pattern)[0] == '!')
		return !some_text(pattern, snapshot, row, false);
	return some_text(pattern, snapshot, row, true);
}

/* ---- the order ---- */

/* "1/2": by what is missing. */
static bool
read_fraction(const char *cell, int64_t *ret_missing)
{
	char *end;
	long long some = strtoll(cell, &end, 10), all;
	const char *behind = end + 1;

	if (end == cell || *end != '/')
		return false;
	all = strtoll(behind, &end, 10);
	if (end == behind || *end)
		return false;
	*ret_missing = all - some;
	return true;
}

/* "4", "4 (3m ago)", "-1.5", "45%": in thousandths. */
static bool
read_number(const char *cell, int64_t *ret_number)
{
	char *end;
	double number;

	if (!isdigit((unsigned char)*cell) && *cell != '-')
		return false;
	number = strtod(cell, &end);
	if (end == cell || (*end && *end != ' ' && *end != '%') || !(number > -1e15) ||
	    !(number < 1e15))
		return false;
	*ret_number = (int64_t)(number * 1000);
	return true;
}

static void
make_key(struct item *item, const struct table_snapshot *snapshot, int column)
{
	size_t row = item->place.row;
	const char *cell;
	int64_t moment_ms;

	item->kind = KEY_NONE;
	if (column < 0)
		return;
	cell = snapshot->rows[row].cells[column];
	item->text = cell;
	if (snapshot->columns[column].age) {
		if (!table_snapshot_moment(snapshot, row, (size_t)column, &moment_ms))
			return;
		item->kind = KEY_NUMBER;
		item->number = -moment_ms; /* the youngest first */
	} else if (read_fraction(cell, &item->number) || read_number(cell, &item->number)) {
		item->kind = KEY_NUMBER;
	} else if (*cell) {
		item->kind = KEY_TEXT;
	}
}

static int
compare_keys(const struct item *a, const struct item *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == KEY_NUMBER)
		return a->number < b->number ? -1 : a->number > b->number;
	return a->kind == KEY_TEXT ? strcmp(a->text, b->text) : 0;
}

/* The rows of one snapshot stand in the order of their names already. */
static int
compare_places(const struct item *a, const struct item *b)
{
	if (a->place.snapshot != b->place.snapshot)
		return a->place.snapshot < b->place.snapshot ? -1 : 1;
	return a->place.row < b->place.row ? -1 : a->place.row > b->place.row;
}

static int
compare_ascending(const void *a, const void *b)
{
	int order = compare_keys(a, b);

	return order ? order : compare_places(a, b);
}

/* What has no value stays at the end. */
static int
compare_descending(const void *first, const void *second)
{
	const struct item *a = first, *b = second;
	int order = (a->kind == KEY_NONE) - (b->kind == KEY_NONE);

	if (!order)
		order = compare_keys(b, a);
	return order ? order : compare_places(a, b);
}

/* By namespace and name over several snapshots. */
static int
compare_names(const struct table_view *view, const struct table_place *a,
	      const struct table_place *b)
{
	const struct table_row *x = &view->snapshots[a->snapshot]->rows[a->row];
	const struct table_row *y = &view->snapshots[b->snapshot]->rows[b->row];
	int order = strcmp(x->ns, y->ns);

	return order ? order : strcmp(x->name, y->name);
}

/* Merges what stands in order: the places before `middle` and those behind it. */
static void
merge(const struct table_view *view, struct table_place *places, size_t middle, size_t count)
{
	struct table_place *first = xreallocarray(NULL, middle + 1, sizeof(*first));
	size_t i = 0, j = middle, out = 0;

	memcpy(first, places, middle * sizeof(*first));
	while (i < middle) {
		if (j < count && compare_names(view, &places[j], &first[i]) < 0)
			places[out++] = places[j++];
		else
			places[out++] = first[i++];
	}
	free(first);
}

static void
reverse(struct table_place *places, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct table_place place = places[i];

		places[i] = places[count - 1 - i];
		places[count - 1 - i] = place;
	}
}

static void
sort_by_name(struct table_view *view)
{
	size_t count = 0;

	for (size_t i = 0; i < view->snapshots_count; i++) {
		size_t middle = count;

		while (count < view->count && view->places[count].snapshot == i)
			count++;
		if (middle && count > middle)
			merge(view, view->places, middle, count);
	}
	if (view->descending)
		reverse(view->places, view->count);
}

static void
sort_by_column(struct table_view *view)
{
	struct item *items = xcalloc(view->count + 1, sizeof(*items));
	int *columns = xcalloc(view->snapshots_count + 1, sizeof(*columns));

	for (size_t i = 0; i < view->snapshots_count; i++)
		columns[i] = table_column_find(view->snapshots[i], view->sort);
	for (size_t i = 0; i < view->count; i++) {
		size_t snapshot = view->places[i].snapshot;

		items[i].place = view->places[i];
		make_key(&items[i], view->snapshots[snapshot], columns[snapshot]);
	}
	qsort(items, view->count, sizeof(*items),
	      view->descending ? compare_descending : compare_ascending);
	for (size_t i = 0; i < view->count; i++)
		view->places[i] = items[i].place;
	free(columns);
	free(items);
}

/* ---- the choice ---- */

static bool
is_shown(const struct table_view *view, const struct table_snapshot *snapshot,
	 const struct table_row *row)
{
	if (view->trouble_only && !row->trouble)
		return false;
	return !view->filter || row_matches(view->filter, snapshot, row);
}

static void
choose(struct table_view *view)
{
	size_t total = 0;

	for (size_t i = 0; i < view->snapshots_count; i++)
		total += view->snapshots[i]->count;
	view->places = xreallocarray(view->places, total + 1, sizeof(*view->places));
	view->count = 0;
	for (size_t i = 0; i < view->snapshots_count; i++) {
		const struct table_snapshot *snapshot = view->snapshots[i];

		for (size_t row = 0; row < snapshot->count; row++)
			if (is_shown(view, snapshot, &snapshot->rows[row]))
				view->places[view->count++] = (struct table_place){ i, row };
	}
	view->hidden = total - view->count;
}

static bool
is_current(const struct table_view *view, struct table_snapshot *const *snapshots, size_t count,
	   const struct table_view_options *options)
{
	if (!view->made || view->snapshots_count != count || view->filter != options->filter ||
	    !str_equal(view->sort, options->sort) || view->descending != options->descending ||
	    view->trouble_only != options->trouble_only)
		return false;
	for (size_t i = 0; i < count; i++)
		if (view->snapshots[i] != snapshots[i])
			return false;
	return true;
}

static void
take(struct table_view *view, struct table_snapshot *const *snapshots, size_t count,
     const struct table_view_options *options)
{
	struct table_snapshot **taken = xcalloc(count + 1, sizeof(struct table_snapshot *));

	for (size_t i = 0; i < count; i++) {
		taken[i] = snapshots[i];
		table_snapshot_retain(taken[i]);
	}
	release_snapshots(view);
	view->snapshots = taken;
	view->snapshots_count = count;
	view->filter = options->filter;
	free(view->sort);
	view->sort = xstrdup(options->sort);
	view->descending = options->descending;
	view->trouble_only = options->trouble_only;
}

void
table_view_update(struct table_view *view, struct table_snapshot *const *snapshots, size_t count,
		  const struct table_view_options *options)
{
	if (is_current(view, snapshots, count, options))
		return;
	take(view, snapshots, count, options);
	choose(view);
	if (view->sort)
		sort_by_column(view);
	else
		sort_by_name(view);
	view->made = true;
}

/* ---- reading ---- */

size_t
table_view_count(const struct table_view *view)
{
	return view->count;
}

size_t
table_view_hidden(const struct table_view *view)
{
	return view->hidden;
}

struct table_place
table_view_at(const struct table_view *view, size_t index)
{
	return view->places[index];
}

const struct table_snapshot *
table_view_snapshot(const struct table_view *view, size_t snapshot)
{
	return view->snapshots[snapshot];
}

const struct table_row *
table_view_row(const struct table_view *view, size_t index)
{
	struct table_place place = view->places[index];

	return &view->snapshots[place.snapshot]->rows[place.row];
}

size_t
table_view_find(const struct table_view *view, size_t snapshot, const char *ns, const char *name)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct table_row *row = table_view_row(view, i);

		if (view->places[i].snapshot == snapshot && strcmp(row->name, name) == 0 &&
		    strcmp(row->ns, ns) == 0)
			return i;
	}
	return SIZE_MAX;
}

bool
table_view_search(const struct table_view *view, const struct pattern *pattern, size_t from,
		  int direction, struct table_hit *ret_hit)
{
	/* on the way to the end, and behind it: the first ones, or backwards the last ones */
	struct table_hit ahead = { 0 }, around = { .around = from < view->count };
	bool back = direction < 0, is_ahead = false;
	size_t count = 0;

	for (size_t row = 0; row < view->count; row++) {
		if (!row_matches(pattern, view->snapshots[view->places[row].snapshot],
				 table_view_row(view, row)))
			continue;
		if (back || count == 0) {
			around.row = row;
			around.index = count;
		}
		if (back ? row < from : row > from && !is_ahead) {
			ahead = (struct table_hit){ .row = row, .index = count };
			is_ahead = true;
		}
		count++;
	}
	*ret_hit = is_ahead ? ahead : around;
	ret_hit->count = count;
	return count > 0;
}
