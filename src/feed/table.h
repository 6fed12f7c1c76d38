#ifndef LIFEBOAT_FEED_TABLE_H
#define LIFEBOAT_FEED_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "base/str.h"
#include "feed/source.h"

/* A column as the server's printer defines it. */
struct table_column {
	const char *name; /* "STATUS", in capitals as kubectl prints it; sanitised */
	bool wide;	  /* kubectl shows it with -o wide only */
	bool number;	  /* aligned to the right */
	bool age;	  /* a time since some moment: ticks on by itself */
};

/* One object. Strings are sanitised and live as long as the snapshot. */
struct table_row {
	const char *name;
	const char *ns;		  /* "" for a cluster's resource */
	const char *uid;	  /* "" until the metadata have come */
	const char *labels;	  /* "app=tsb,tier=web"; "" where there are none, or not yet */
	const char *const *cells; /* as the server gave them, one for each column */
	int64_t created_ms;	  /* wall clock; 0: not known yet */
	bool trouble;		  /* not as it should be: marked on the screen */
	const char
		*reason; /* why, in one line ("tsb: back-off restarting …, last exit 1"), or "" */
};

/* An unchanging picture of the rows, sorted by namespace and name. */
struct table_snapshot {
	const struct table_column *columns;
	size_t columns_count;
	const struct table_row *rows;
	size_t count;
	size_t trouble;	     /* rows that are in trouble */
	uint64_t generation; /* grows with every change */
	bool complete;	     /* at least one list has come in whole, be it a glance */
	bool exact;	     /* at least one list was no glance */
};

/*
 * Follows a collection of any resource of one cluster, by default pods, as the rows that the server
 * prints, for as long as the feed lives, on threads and connections of its own. Errors never end it: it
 * backs off and says so in its health, keeping its rows. `notify_fd` is an eventfd of the
 * caller's, written to on every change (or -1), ten times a second at most. secrets may be NULL.
 */
struct table_feed;
struct table_feed *table_feed_new(const struct feed_source *source, struct secrets *secrets,
				  int notify_fd);
void table_feed_free(struct table_feed *feed); /* ends its threads within 100 ms */

/* Any thread. The snapshot is shared and counted: give it back by table_snapshot_release(). */
struct table_snapshot *table_feed_snapshot(struct table_feed *feed);
void table_snapshot_release(struct table_snapshot *snapshot);
void table_feed_health(struct table_feed *feed, struct feed_health *ret_health);

/*
 * Tells which rows are looked at (of the feed's own latest snapshots): of those of them that are in
 * trouble the objects are fetched, each once for each change, so that their `reason` appears. Pods only;
 * for other resources the reason stays "".
 */
void table_feed_look(struct table_feed *feed, const struct table_row *const *rows, size_t count);

/*
 * Appends a cell as it reads at `now_ms` (wall clock): ages are computed here, by the rules of
 * HumanDuration; "4 (3m ago)" of a RESTARTS cell too. Appends nothing but sanitised text.
 */
void table_cell(const struct table_snapshot *snapshot, size_t row, size_t column, int64_t now_ms,
		struct str *out);
/* The column of a name, or -1. */
int table_column_find(const struct table_snapshot *snapshot, const char *name);

#endif
