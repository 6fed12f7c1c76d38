#include "config.h"

#include "world/printer/printer.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "world/printer/printer_cells.h"
#include "world/printer/printer_custom.h"

static void
add_column(cJSON *columns, const char *name, const char *type, const char *format,
	   const char *description, int priority)
{
	cJSON *column = cJSON_CreateObject();

	json_add_string(column, "name", name);
	json_add_string(column, "type", type);
	json_add_string(column, "format", format);
	json_add_string(column, "description", description);
	json_add_int(column, "priority", priority);
	cJSON_AddItemToArray(columns, column);
}

static cJSON *
make_columns(const struct kind *kind)
{
	cJSON *columns = cJSON_CreateArray();

	if (!kind->printer) {
		printer_custom_columns(kind, add_column, columns);
		return columns;
	}
	for (const struct printer_column *c = kind->printer->columns; c->name; c++)
		add_column(columns, c->name, c->type, c->format, c->description, c->priority);
	return columns;
}

/* The object that a row is about, as much of it as was asked for. */
static cJSON *
make_object(const struct kind *kind, const struct stored *item, enum printer_include include)
{
	if (include == PRINTER_NONE)
		return cJSON_CreateNull();
	if (include == PRINTER_METADATA)
		return printer_metadata(item);
	cJSON *object = cJSON_Duplicate(item->object, true);
	kind_convert(kind, object);
	return object;
}

static cJSON *
make_row(const struct kind *kind, const struct stored *item, enum printer_include include,
	 int64_t now_ms)
{
	cJSON *row = cJSON_CreateObject(), *cells = cJSON_AddArrayToObject(row, "cells");

	if (kind->printer)
		kind->printer->cells(item->object, now_ms, cells);
	else
		printer_custom_cells(kind, item->object, now_ms, cells);
	if (kind->printer && kind->printer->row)
		kind->printer->row(item->object, row);
	json_add(row, "object", make_object(kind, item, include));
	return row;
}

cJSON *
printer_table(const struct kind *kind, const struct stored *const *items, size_t count,
	      enum printer_include include, bool headers, int64_t now_ms)
{
	cJSON *table = cJSON_CreateObject(), *rows;

	json_add_string(table, "kind", "Table");
	json_add_string(table, "apiVersion", "meta.k8s.io/v1");
	json_add(table, "metadata", cJSON_CreateObject());
	json_add(table, "columnDefinitions", headers ? make_columns(kind) : cJSON_CreateNull());
	rows = cJSON_AddArrayToObject(table, "rows");
	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(rows, make_row(kind, items[i], include, now_ms));
	return table;
}

cJSON *
printer_metadata(const struct stored *item)
{
	cJSON *metadata = cJSON_CreateObject();

	json_add_string(metadata, "kind", "PartialObjectMetadata");
	json_add_string(metadata, "apiVersion", "meta.k8s.io/v1");
	json_add(metadata, "metadata", cJSON_Duplicate(json_at(item->object, "metadata"), true));
	return metadata;
}
