#ifndef LIFEBOAT_KUBE_TABLE_H
#define LIFEBOAT_KUBE_TABLE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "kube/list_watch.h"

struct json_rows;

/* Internal to src/kube/: hands a Table's columns, once, and its rows to a handler. */
struct table_reader {
	const struct kube_list_watch_handler *handler;
	void *data;
	const char *ns;	  /* of rows that know of none */
	bool has_objects; /* whole ones: nothing is left out of them */
	bool has_columns;
	int name_column;	/* or -1 */
	struct json_rows *rows; /* made when it is first needed */
};

typedef void table_row_fn(void *data, const struct kube_row *row);

void table_reader_release(struct table_reader *reader);

/* Before the first row of each list: its columns are to be handed over again. */
void table_restart(struct table_reader *reader);

/* Takes columnDefinitions, if that is what it is and none were taken before. */
void table_columns(struct table_reader *reader, const cJSON *definitions);

/*
 * Parses a row or an event, without the managed fields of its objects, unless whole ones are wanted. It
 * is valid until the next one, and the reader's own.
 */
const cJSON *table_parse(struct table_reader *reader, const char *text, size_t len_bytes,
			 struct err *e);

/* The same of the element of an array that a text begins with: see json_rows_parse_next(). */
const cJSON *table_parse_next(struct table_reader *reader, const char *text, size_t len_bytes,
			      size_t *ret_used);

/* Hands over one row. -1: it is none, or names no object. */
int table_row(struct table_reader *reader, const cJSON *row, table_row_fn *take, struct err *e);

/*
 * The resource version that a watch goes on from after this Table of an event: its rows' own, or
 * the Table's. NULL where there is none.
 */
const char *table_resource_version(const cJSON *table);

/* Whether a bookmark says that all rows there were have been sent. */
bool table_ends_initial_events(const cJSON *table);

#endif
