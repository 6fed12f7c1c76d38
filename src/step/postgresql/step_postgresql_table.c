#include "config.h"

#include "step/postgresql/step_postgresql_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

enum {
	MAX_SHOWN = 200,  /* rows */
	MAX_WIDTH = 120,  /* of a line */
	LEAST_WIDTH = 12, /* of a column that is made narrower */
	FEW_ROWS = 5,	  /* that may stand one below the other */
	GAP = 2,
};

struct column {
	const char *name; /* of the member */
	char *title;	  /* to be shown */
	int width;
	bool right;
};

struct table {
	const cJSON *rows;
	struct column *columns;
	size_t count;
	int shown; /* rows */
	struct str out;
};

static bool
is_number(const char *type)
{
	static const char *const types[] = { "int2",   "int4",	  "int8",  "oid", "float4",
					     "float8", "numeric", "money", NULL };

	for (const char *const *at = types; type && *at; at++)
		if (strcmp(type, *at) == 0)
			return true;
	return false;
}

/* One cell on one line. What might be taken for something else stands in quotes. */
static char *
cell_text(const cJSON *row, const struct column *column)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, column->name);
	const char *text = cJSON_GetStringValue(value);
	char *raw, *clean;

	if (!value || cJSON_IsNull(value))
		return xstrdup("NULL");
	if (text && (!*text || strcmp(text, "NULL") == 0))
		return xasprintf("\"%s\"", text);
	raw = json_text(value);
	clean = text_clean(raw, 0);
	free(raw);
	return clean;
}

static void
measure(struct table *t, struct column *column)
{
	const cJSON *row = t->rows ? t->rows->child : NULL;

	column->width = text_width(column->title);
	for (int i = 0; i < t->shown; i++, row = row->next) {
		char *text = cell_text(row, column);
		int width = text_width(text);

		if (width > column->width)
			column->width = width;
		free(text);
	}
}

static void
load(struct table *t, const cJSON *result)
{
	const cJSON *names = json_at(result, "columns"), *name;
	const cJSON *type = json_at(result, "types/0");
	int kept;

	t->rows = json_at(result, "rows");
	kept = cJSON_GetArraySize(t->rows);
	t->shown = kept > MAX_SHOWN ? MAX_SHOWN : kept;
	t->columns = xcalloc((size_t)cJSON_GetArraySize(names) + 1, sizeof(*t->columns));
	cJSON_ArrayForEach(name, names) {
		struct column *column = &t->columns[t->count++];

		column->name = name->valuestring;
		column->title = text_clean(name->valuestring, 0);
		column->right = is_number(cJSON_GetStringValue(type));
		type = type ? type->next : NULL;
		measure(t, column);
	}
}

static int
line_width(const struct table *t)
{
	int width = -GAP;

	for (size_t i = 0; i < t->count; i++)
		width += t->columns[i].width + GAP;
	return width;
}

/* Makes the widest column narrower, until a line fits or nothing more can be done. */
static void
shrink(struct table *t)
{
	while (line_width(t) > MAX_WIDTH) {
		struct column *widest = t->columns;

		for (size_t i = 1; i < t->count; i++)
			if (t->columns[i].width > widest->width)
				widest = &t->columns[i];
		if (widest->width <= LEAST_WIDTH)
			return;
		widest->width--;
	}
}

/* A cell, cut to its column's width and filled up to it. */
static void
append_cell(struct table *t, const struct column *column, const char *text, bool last)
{
	struct str cut = STR_INIT;
	int missing;

	text_append_cut(&cut, text, column->width, false);
	missing = column->width - text_width(str_cstr(&cut));
	if (column->right)
		str_append_repeated(&t->out, ' ', missing);
	str_append(&t->out, str_cstr(&cut));
	if (!last)
		str_append_repeated(&t->out, ' ', (column->right ? 0 : missing) + GAP);
	str_release(&cut);
}

/* One line: the row's cells, or the names of the columns where row is NULL. */
static void
append_line(struct table *t, const cJSON *row)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct column *column = &t->columns[i];
		char *text = row ? cell_text(row, column) : xstrdup(column->title);

		append_cell(t, column, text, i + 1 == t->count);
		free(text);
	}
	str_append_char(&t->out, '\n');
}

static void
append_lines(struct table *t)
{
	const cJSON *row = t->rows ? t->rows->child : NULL;

	shrink(t);
	append_line(t, NULL);
	for (int i = 0; i < t->shown; i++, row = row->next)
		append_line(t, row);
}

/* A line for each cell. */
static void
append_blocks(struct table *t)
{
	const cJSON *row = t->rows ? t->rows->child : NULL;
	struct column names = { .width = 0 }, values;

	for (size_t i = 0; i < t->count; i++)
		if (text_width(t->columns[i].title) > names.width)
			names.width = text_width(t->columns[i].title);
	if (names.width > MAX_WIDTH / 3)
		names.width = MAX_WIDTH / 3;
	values = (struct column){ .width = MAX_WIDTH - names.width - GAP };
	for (int i = 0; i < t->shown; i++, row = row->next) {
		str_printf(&t->out, "-- row %d\n", i + 1);
		for (size_t j = 0; j < t->count; j++) {
			char *text = cell_text(row, &t->columns[j]);

			append_cell(t, &names, t->columns[j].title, false);
			append_cell(t, &values, text, true);
			str_append_char(&t->out, '\n');
			free(text);
		}
	}
}

static void
append_end(struct table *t, const cJSON *result)
{
	long long count = json_int(result, "row_count", 0);
	int kept = cJSON_GetArraySize(t->rows);

	str_printf(&t->out, "(%lld %s", count, count == 1 ? "row" : "rows");
	if (kept < count)
		str_printf(&t->out, "; %s%d %s kept", kept ? "the first " : "", kept,
			   kept == 1 ? "was" : "were");
	else if (json_bool(result, "truncated", false))
		str_append(&t->out, "; values too long to keep were cut");
	if (t->shown < kept)
		str_printf(&t->out, "; the first %d are shown", t->shown);
	str_append(&t->out, ")\n");
}

void
sql_output_table(struct step_context *ctx, const cJSON *result)
{
	struct table t = { .out = STR_INIT };

	load(&t, result);
	if (t.shown && t.shown <= FEW_ROWS && line_width(&t) > MAX_WIDTH)
		append_blocks(&t);
	else
		append_lines(&t);
	append_end(&t, result);
	ctx->output(ctx, t.out.data, t.out.len);
	for (size_t i = 0; i < t.count; i++)
		free(t.columns[i].title);
	free(t.columns);
	str_release(&t.out);
}
