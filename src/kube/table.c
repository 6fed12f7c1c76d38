#include "config.h"

#include "kube/table.h"

#include "base/json.h"

void
table_read(struct table_reader *reader, const cJSON *table, table_row_fn *row)
{
	const cJSON *columns = json_at(table, "columnDefinitions"), *item;

	/* Of a watch, only the first event has them. */
	if (!reader->has_columns && cJSON_GetArraySize(columns) > 0) {
		reader->handler->columns(reader->data, columns);
		reader->has_columns = true;
	}
	cJSON_ArrayForEach(item, json_at(table, "rows")) {
		const cJSON *metadata = json_at(item, "object/metadata");
		struct kube_row one = {
			.uid = json_string(metadata, "uid", ""),
			.name = json_string(metadata, "name", ""),
			.ns = json_string(metadata, "namespace", ""),
			.created = json_string(metadata, "creationTimestamp", ""),
			.cells = json_at(item, "cells"),
			.metadata = metadata,
		};

		row(reader->data, &one);
	}
}

const char *
table_resource_version(const cJSON *table)
{
	const char *version = json_string(table, "metadata/resourceVersion", "");
	const cJSON *row;

	cJSON_ArrayForEach(row, json_at(table, "rows"))
		version = json_string(row, "object/metadata/resourceVersion", version);
	return *version ? version : NULL;
}
