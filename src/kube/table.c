#include "config.h"

#include "kube/table.h"

#include <string.h>

#include "base/json.h"
#include "kube/json_rows.h"

void
table_reader_release(struct table_reader *reader)
{
	json_rows_free(reader->rows);
}

void
table_restart(struct table_reader *reader)
{
	reader->has_columns = false;
	reader->name_column = -1;
}

void
table_columns(struct table_reader *reader, const cJSON *definitions)
{
	const cJSON *column;
	int i = 0;

	if (reader->has_columns || !cJSON_IsArray(definitions))
		return;
	reader->has_columns = true;
	cJSON_ArrayForEach(column, definitions) {
		if (reader->name_column < 0 && strcmp(json_string(column, "name", ""), "Name") == 0)
			reader->name_column = i;
		i++;
	}
	if (reader->handler->columns)
		reader->handler->columns(reader->data, definitions);
}

static struct json_rows *
rows_of(struct table_reader *reader)
{
	if (!reader->rows)
		reader->rows = json_rows_new();
	return reader->rows;
}

static const char *
omitted(const struct table_reader *reader)
{
	return reader->has_objects ? NULL : "managedFields";
}

const cJSON *
table_parse(struct table_reader *reader, const char *text, size_t len_bytes, struct err *e)
{
	return json_rows_parse(rows_of(reader), text, len_bytes, omitted(reader), e);
}

const cJSON *
table_parse_next(struct table_reader *reader, const char *text, size_t len_bytes, size_t *ret_used)
{
	return json_rows_parse_next(rows_of(reader), text, len_bytes, omitted(reader), ret_used);
}

/* The name in the cells is all that a row without its object has. */
static const char *
name_in_cells(const struct table_reader *reader, const cJSON *cells)
{
	const cJSON *cell =
		reader->name_column < 0 ? NULL : cJSON_GetArrayItem(cells, reader->name_column);

	return cJSON_IsString(cell) ? cell->valuestring : "";
}

/* A bare row has no metadata; elsewhere one pass does for all. */
static void
take_metadata(struct kube_row *one, const cJSON *metadata)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, metadata) {
		if (!cJSON_IsString(at))
			continue;
		if (strcmp(at->string, "name") == 0)
			one->name = at->valuestring;
		else if (strcmp(at->string, "uid") == 0)
			one->uid = at->valuestring;
		else if (strcmp(at->string, "namespace") == 0)
			one->ns = at->valuestring;
		else if (strcmp(at->string, "creationTimestamp") == 0)
			one->created = at->valuestring;
	}
}

/* The members of a row, by one pass too. */
static void
take_members(const struct table_reader *reader, struct kube_row *one, const cJSON *row)
{
	const cJSON *at, *object = NULL;

	if (!cJSON_IsObject(row))
		return;
	cJSON_ArrayForEach(at, row) {
		if (strcmp(at->string, "cells") == 0)
			one->cells = at;
		else if (strcmp(at->string, "object") == 0)
			object = at;
	}
	if (!cJSON_IsObject(object))
		return;
	one->metadata = json_at(object, "metadata");
	one->object = reader->has_objects ? object : NULL;
	take_metadata(one, one->metadata);
}

int
table_row(struct table_reader *reader, const cJSON *row, table_row_fn *take, struct err *e)
{
	struct kube_row one = { .name = "", .uid = "", .ns = reader->ns, .created = "" };

	take_members(reader, &one, row);
	if (!cJSON_IsArray(one.cells))
		return err_set(e, ERR_REMOTE, "a row without cells");
	if (!*one.name)
		one.name = name_in_cells(reader, one.cells);
	if (!*one.name)
		return err_set(e, ERR_REMOTE, "a row without a name");
	take(reader->data, &one);
	return 0;
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

static bool
has_end_mark(const cJSON *metadata)
{
	const cJSON *annotations = json_at(metadata, "annotations");
	const cJSON *mark =
		cJSON_GetObjectItemCaseSensitive(annotations, "k8s.io/initial-events-end");

	return cJSON_IsString(mark) && strcmp(mark->valuestring, "true") == 0;
}

bool
table_ends_initial_events(const cJSON *table)
{
	const cJSON *row;

	if (has_end_mark(json_at(table, "metadata")))
		return true;
	cJSON_ArrayForEach(row, json_at(table, "rows"))
		if (has_end_mark(json_at(row, "object/metadata")))
			return true;
	return false;
}
