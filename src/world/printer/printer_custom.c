#include "config.h"

#include "world/printer/printer_custom.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "world/object/go_text.h"
#include "world/printer/json_path.h"
#include "world/printer/printer_cells.h"

/* ---- columns ---- */

/* What the server says of a column that says nothing of itself. */
static void
describe(const cJSON *column, struct str *out)
{
	const char *own = json_string(column, "description", "");

	str_clear(out);
	if (*own)
		str_append(out, own);
	else
		str_printf(out, "Custom resource definition column (in JSONPath format): %s",
			   json_string(column, "jsonPath", ""));
}

void
printer_custom_columns(const struct kind *kind,
		       void (*add)(cJSON *columns, const char *name, const char *type,
				   const char *format, const char *description, int priority),
		       cJSON *columns)
{
	struct str text = STR_INIT;
	const cJSON *column;

	add(columns, "Name", "string", "name", PRINTER_NAME_TEXT, 0);
	if (cJSON_GetArraySize(kind->columns) == 0)
		add(columns, "Age", "date", "", PRINTER_AGE_TEXT, 0);
	cJSON_ArrayForEach(column, kind->columns) {
		describe(column, &text);
		add(columns, json_string(column, "name", ""), json_string(column, "type", ""),
		    json_string(column, "format", ""), str_cstr(&text),
		    (int)json_int(column, "priority", 0));
	}
	str_release(&text);
}

static void
append_value(struct str *out, const cJSON *value)
{
	if (cJSON_IsString(value))
		str_append(out, value->valuestring);
	else if (cJSON_IsNull(value))
		str_append(out, "<no value>");
	else
		go_json(value, out);
}

/* ---- cells ---- */

/* A time, as the time since; what is none is said to be invalid. */
static void
cell_date(cJSON *cells, const char *stamp, int64_t now_ms)
{
	int64_t at_ms;

	if (*stamp && clock_parse_utc(stamp, &at_ms) < 0)
		cell_text(cells, "<invalid>");
	else
		cell_since(cells, stamp, now_ms);
}

/* The number as a cell, without its fraction where it is to be an integer; one that no integer holds stays as it is. */
static void
cell_any_number(cJSON *cells, const cJSON *value, bool integer)
{
	if (cJSON_IsNumber(value) && integer && fabs(value->valuedouble) < 9e18)
		cell_number(cells, (int64_t)value->valuedouble);
	else
		cJSON_AddItemToArray(cells, cJSON_Duplicate(value, false));
}

/* Null where the value is not of the column's type. */
static void
cell_of_type(cJSON *cells, const char *type, const cJSON *value, int64_t now_ms)
{
	bool integer = strcmp(type, "integer") == 0;
	struct str text = STR_INIT;

	if (value && strcmp(type, "string") == 0) {
		append_value(&text, value);
		cell_take(cells, &text);
	} else if ((integer || strcmp(type, "number") == 0) &&
		   (cJSON_IsNumber(value) || cJSON_IsRaw(value))) {
		cell_any_number(cells, value, integer);
	} else if (strcmp(type, "boolean") == 0 && cJSON_IsBool(value)) {
		cJSON_AddItemToArray(cells, cJSON_CreateBool(cJSON_IsTrue(value)));
	} else if (strcmp(type, "date") == 0 && cJSON_IsString(value)) {
		cell_date(cells, value->valuestring, now_ms);
	} else {
		cJSON_AddItemToArray(cells, cJSON_CreateNull());
	}
}

void
printer_custom_cells(const struct kind *kind, const cJSON *object, int64_t now_ms, cJSON *cells)
{
	const cJSON *column;

	cell_name(cells, object);
	if (cJSON_GetArraySize(kind->columns) == 0)
		cell_age(cells, object, now_ms);
	cJSON_ArrayForEach(column, kind->columns) {
		size_t count;
		const cJSON **found =
			json_path_find(object, json_string(column, "jsonPath", ""), &count);

		cell_of_type(cells, json_string(column, "type", ""), count ? found[0] : NULL,
			     now_ms);
		free(found);
	}
}
