#include "config.h"

#include <stdlib.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/pane/pods_pane.h"

/* The rows as text, for a file or the clipboard. */

enum { CELL_MAX = 60 }; /* columns of a cell that the others keep clear of */

void
pods_item(const struct app *app, struct str *out)
{
	const struct pods_list *list;

	pods_update(app);
	list = pods_focused(app);
	if (list && list->cursor < table_view_count(list->view))
		str_append(out, table_view_row(list->view, list->cursor)->name);
}

/* The columns of one list's first source: all sources of a list show the same resource. */
struct text_table {
	const struct app *app;
	const struct pods_list *list;
	const struct table_snapshot *snapshot;
	int *widths;
};

static void
append_cell(const struct text_table *table, size_t row, size_t column, struct str *out)
{
	struct table_place place = table_view_at(table->list->view, row);
	const struct table_snapshot *snapshot =
		table_view_snapshot(table->list->view, place.snapshot);
	int at = table_column_find(snapshot, table->snapshot->columns[column].name);

	if (at >= 0)
		table_cell(snapshot, place.row, (size_t)at, model_now_ms(&table->app->model), out);
}

static void
measure(struct text_table *table)
{
	struct str cell = STR_INIT;

	for (size_t c = 0; c < table->snapshot->columns_count; c++) {
		table->widths[c] = text_width(table->snapshot->columns[c].name);
		for (size_t row = 0; row < table_view_count(table->list->view); row++) {
			str_clear(&cell);
			append_cell(table, row, c, &cell);
			int width = text_width(str_cstr(&cell));

			if (width > table->widths[c])
				table->widths[c] = width < CELL_MAX ? width : CELL_MAX;
		}
	}
	str_release(&cell);
}

static void
append_padded(const struct text_table *table, size_t column, const char *text, struct str *out)
{
	int gap = table->widths[column] - text_width(text);
	bool last = column + 1 == table->snapshot->columns_count;

	str_append(out, text);
	if (!last)
		str_append_repeated(out, ' ', (gap > 0 ? gap : 0) + 2);
}

static void
append_list(const struct text_table *table, struct str *out)
{
	struct str cell = STR_INIT;
	const struct table_row *row;

	for (size_t c = 0; c < table->snapshot->columns_count; c++)
		append_padded(table, c, table->snapshot->columns[c].name, out);
	str_append_char(out, '\n');
	for (size_t r = 0; r < table_view_count(table->list->view); r++) {
		row = table_view_row(table->list->view, r);
		for (size_t c = 0; c < table->snapshot->columns_count; c++) {
			str_clear(&cell);
			append_cell(table, r, c, &cell);
			append_padded(table, c, str_cstr(&cell), out);
		}
		if (*row->ns)
			str_printf(out, "  namespace %s", row->ns);
		str_printf(out, "%s%s\n", *row->reason ? "  " : "", row->reason);
	}
	str_release(&cell);
}

void
pods_text(const struct app *app, struct str *out)
{
	pods_update(app);
	for (size_t i = 0; i < app->pods->lists_count; i++) {
		struct text_table table = { .app = app, .list = &app->pods->lists[i] };

		table.snapshot = table_view_snapshot(table.list->view, 0);
		if (!table.snapshot->columns_count)
			continue;
		table.widths = xcalloc(table.snapshot->columns_count, sizeof(*table.widths));
		measure(&table);
		str_printf(out, "%s %s\n", feed_choice_resource(&table.list->source),
			   table.list->source.label ? table.list->source.label : "");
		append_list(&table, out);
		free(table.widths);
	}
}
