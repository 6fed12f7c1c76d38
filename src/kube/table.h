#ifndef LIFEBOAT_KUBE_TABLE_H
#define LIFEBOAT_KUBE_TABLE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "kube/list_watch.h"

/* Internal to src/kube/: hands a Table's columns, once, and its rows to a handler. */
struct table_reader {
	const struct kube_list_watch_handler *handler;
	void *data;
	bool has_columns;
};

typedef void table_row_fn(void *data, const struct kube_row *row);

void table_read(struct table_reader *reader, const cJSON *table, table_row_fn *row);

/*
 * The resource version that a watch goes on from after this Table of an event: its rows' own, or
 * the Table's. NULL where there is none.
 */
const char *table_resource_version(const cJSON *table);

#endif
