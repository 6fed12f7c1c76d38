#ifndef LIFEBOAT_FEED_TABLE_VIEW_H
#define LIFEBOAT_FEED_TABLE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pattern.h"
#include "feed/table.h"

/*
 * The rows of one or several snapshots in the order and choice that somebody looks at them. One thread.
 * It is computed anew only when a snapshot or an option is another.
 */
struct table_view;

struct table_view_options {
	/*
	 * Rows are shown where one of name, namespace, cells and reason matches, or a label "app=tsb". NULL: all.
	 * Identified by its address: a new pattern is a new object, made before the old one is freed.
	 */
	const struct pattern *filter;
	const char *sort; /* name of a column; NULL: namespace and name */
	bool descending;
	bool trouble_only;
};

struct table_place {
	size_t snapshot, row;
};

struct table_view *table_view_new(void);
void table_view_free(struct table_view *view);

/*
 * Takes the snapshots (it retains them until the next update) and sorts numbers as numbers, ages as
 * times, "1/2" by what is missing, and all else as text; equal rows by snapshot, namespace and name.
 */
void table_view_update(struct table_view *view, struct table_snapshot *const *snapshots,
		       size_t count, const struct table_view_options *options);

size_t table_view_count(const struct table_view *view);
size_t table_view_hidden(const struct table_view *view); /* rows that the filter leaves out */
struct table_place table_view_at(const struct table_view *view, size_t index);
const struct table_snapshot *table_view_snapshot(const struct table_view *view, size_t snapshot);
const struct table_row *table_view_row(const struct table_view *view, size_t index);

/* Where an object is now, so that a cursor stays on it; SIZE_MAX: nowhere. */
size_t table_view_find(const struct table_view *view, size_t snapshot, const char *ns,
		       const char *name);

/* A row that a search has come to: the index-th of `count` that match. */
struct table_hit {
	size_t row, index, count;
	bool around; /* it lies behind the end of the rows */
};

/* The next row that matches from `from` (exclusive; SIZE_MAX: from the end) in a direction (-1, 1). False: none does. */
bool table_view_search(const struct table_view *view, const struct pattern *pattern, size_t from,
		       int direction, struct table_hit *ret_hit);

#endif
