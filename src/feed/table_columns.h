#ifndef LIFEBOAT_FEED_TABLE_COLUMNS_H
#define LIFEBOAT_FEED_TABLE_COLUMNS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "feed/table.h"
#include "feed/table_pool.h"

enum { TABLE_MAX_COLUMNS = 64 }; /* what a definition has beyond that is left out */

/* How the cells of a column go on by themselves between two events. */
enum table_tick {
	TICK_NOT,
	TICK_CREATED,  /* since the object's creation */
	TICK_AGE,      /* since a moment of its own */
	TICK_RESTARTS, /* "4 (3m ago)" */
};

/* The columns of a table; shared by snapshots, so a piece of the pool. */
struct table_columns {
	struct table_piece piece;
	size_t count;
	struct table_column items[TABLE_MAX_COLUMNS];
	enum table_tick tick[TABLE_MAX_COLUMNS];
	size_t moment[TABLE_MAX_COLUMNS]; /* which of a row's moments; ticking columns only */
	size_t moments;
	int ready,
		status; /* the columns READY and STATUS, or -1: every row of a pod asks for them */
	char names[];
};

struct table_columns *table_columns_new(struct table_pool *pool, struct secrets *secrets,
					const cJSON *definitions);
bool table_columns_equal(const struct table_columns *a, const struct table_columns *b);
/* The column of a name, or -1. */
int table_columns_find(const struct table_columns *columns, const char *name);

/*
 * Whether a row is not as it should be, by its cells. A pod is where not all of its containers are
 * ready, unless they have done their work; anything else by what its columns say in words or figures.
 */
bool table_trouble(const struct table_columns *columns, const char *const *cells, bool pods);

/* The age that a text of HumanDuration says ("3d4h"), in ms; -1: it says none. */
int64_t table_age_parse(const char *text, size_t len_bytes);
/* The part of a RESTARTS cell "4 (3m ago)" that is an age; NULL: there is none. */
const char *table_restart_age(const char *cell, size_t *ret_len_bytes);

#endif
