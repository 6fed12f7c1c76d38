#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/pane/pods_pane.h"
#include "ui/text/paint.h"

enum {
	MARK_COLUMNS = 2,
	NAME_LEAST = 16,
	WHERE_LEAST = 12,
	CUT_LEAST = 4,	   /* a column of fewer columns than its header tells nothing */
	REASON_ROOM = 28,  /* kept free for reasons before a wide column gets its place */
	REASON_LEAST = 12, /* a shorter one is not shown */
	NARROW = 100,	   /* fewer columns have no room for when a pod was restarted */
};

void
pods_append_middle_cut(struct str *out, const char *text, int columns)
{
	int width = text_width(text), tail = (columns - 1) / 2;

	if (width <= columns || columns < 5) {
		text_append_cut(out, text, columns, false);
		return;
	}
	const char *end = text;
	str_append_bytes(out, text, text_fit(text, columns - 1 - tail));
	str_append(out, "…");
	while (text_width(end) > tail)
		end += text_fit(end, 1) ? text_fit(end, 1) : text_fit(end, 2);
	str_append(out, end);
}

/* The first snapshot whose columns are known: lists of one resource have the same ones. */
static const struct table_snapshot *
base_snapshot(const struct pods_list *list)
{
	for (size_t i = 0; i < list->slots; i++)
		if (table_view_snapshot(list->view, i)->columns_count)
			return table_view_snapshot(list->view, i);
	return NULL;
}

/* What a column holds in a row; "" where its cluster's printer has no such column. */
static void
append_cell(const struct app *app, const struct pods_list *list, const struct pods_column *column,
	    size_t row, struct str *out)
{
	struct table_place place = table_view_at(list->view, row);
	const struct table_snapshot *snapshot = table_view_snapshot(list->view, place.snapshot);
	const struct feed_choice *choice = pods_list_choice(app, list, row);
	const char *ns = snapshot->rows[place.row].ns, *space;
	int index;

	switch (column->kind) {
	case PODS_WHERE:
		str_append(out, choice->context ? choice->context : choice->target);
		if (*ns)
			str_printf(out, "/%s", ns);
		break;
	case PODS_NAMESPACE:
		str_append(out, ns);
		break;
	case PODS_CELL:
		index = table_column_find(snapshot, column->name);
		if (index >= 0)
			table_cell(snapshot, place.row, (size_t)index, model_now_ms(&app->model),
				   out);
		space = column->brief && out->len ? strchr(out->data, ' ') : NULL;
		if (space) {
			out->len = (size_t)(space - out->data);
			out->data[out->len] = '\0';
		}
		break;
	}
}

static const char *
header_of(const struct pods_column *column)
{
	return column->brief ? "RST" : column->name;
}

/* Adds a column as wide as its widest cell among the rows that are to be painted. */
static struct pods_column *
add_column(const struct app *app, const struct pods_list *list, struct pods_column column, int rows,
	   struct pods_columns *columns)
{
	size_t count = table_view_count(list->view);
	struct str text = STR_INIT;

	if (columns->count == PODS_COLUMNS_MAX)
		return NULL;
	column.width = text_width(header_of(&column));
	for (size_t i = list->first; i < count && i < list->first + (size_t)rows; i++) {
		str_clear(&text);
		append_cell(app, list, &column, i, &text);
		int width = text_width(str_cstr(&text));
		if (width > column.width)
			column.width = width;
	}
	str_release(&text);
	columns->items[columns->count] = column;
	return &columns->items[columns->count++];
}

static struct pods_column
cell_column(const struct table_column *column, bool narrow)
{
	return (struct pods_column){ .kind = PODS_CELL,
				     .name = column->name,
				     .number = column->number,
				     .brief = narrow && strcmp(column->name, "RESTARTS") == 0 };
}

static int
total(const struct pods_columns *columns, int gap)
{
	int sum = MARK_COLUMNS;

	for (size_t i = 0; i < columns->count; i++)
		sum += columns->items[i].width + (i ? gap : 0);
	return sum;
}

static bool
any_reason(const struct pods_list *list, int rows)
{
	size_t count = table_view_count(list->view);

	for (size_t i = list->first; i < count && i < list->first + (size_t)rows; i++)
		if (*table_view_row(list->view, i)->reason)
			return true;
	return false;
}

/* The order in which wide columns get their places: where a pod runs is asked for first. */
static int
rank_of(const struct table_column *column)
{
	return strcmp(column->name, "NODE") == 0 ? 0 : strcmp(column->name, "IP") == 0 ? 1 : 2;
}

/* Whatever was given its place first, columns stand as kubectl has them. */
static int
compare_order(const void *a, const void *b)
{
	const struct pods_column *one = a, *other = b;

	return (one->order > other->order) - (one->order < other->order);
}

/* Columns that kubectl shows with -o wide, as long as there is room. */
static void
add_wide(const struct app *app, const struct pods_list *list, const struct table_snapshot *base,
	 int room, int rows, struct pods_columns *columns)
{
	size_t before = columns->count;

	if (any_reason(list, rows))
		room -= REASON_ROOM;
	for (int rank = 0; rank < 3; rank++)
		for (size_t i = 0; i < base->columns_count; i++) {
			const struct table_column *column = &base->columns[i];

			if (!column->wide || rank_of(column) != rank)
				continue;
			struct pods_column *added =
				add_column(app, list, cell_column(column, false), rows, columns);
			if (added)
				added->order = i;
			if (added && total(columns, 2) > room)
				columns->count--;
		}
	qsort(columns->items + before, columns->count - before, sizeof(columns->items[0]),
	      compare_order);
}

static void
shrink(struct pods_columns *columns, const char *name, int least, int *over)
{
	for (size_t i = 0; i < columns->count; i++) {
		struct pods_column *column = &columns->items[i];
		int spare = column->width - least;

		if (strcmp(column->name, name) != 0 || spare <= 0 || *over <= 0)
			continue;
		column->width -= spare < *over ? spare : *over;
		*over -= spare < *over ? spare : *over;
	}
}

/* Names give way first, then the columns at the right end. */
static void
place(struct pods_columns *columns, int room)
{
	int gap = total(columns, 2) <= room ? 2 : 1, over = total(columns, gap) - room;
	int x = MARK_COLUMNS;

	shrink(columns, "WHERE", WHERE_LEAST, &over);
	shrink(columns, "NAMESPACE", WHERE_LEAST, &over);
	shrink(columns, "NAME", NAME_LEAST, &over);
	for (size_t i = 0; i < columns->count; i++) {
		struct pods_column *column = &columns->items[i];
		int left = room - x;

		if (left < column->width && left < CUT_LEAST) {
			columns->count = i;
			break;
		}
		column->x = x;
		if (column->width > left)
			column->width = left;
		x += column->width + gap;
	}
	columns->end = x;
}

void
pods_columns_place(const struct app *app, const struct pods_list *list, int room, int rows,
		   struct pods_columns *ret_columns)
{
	const struct table_snapshot *base = base_snapshot(list);
	const struct feed_choice *choice = feeds_table_choice(app->feeds, list->slot);
	bool zoomed = app->zoom && app->focus == PANE_PODS;
	struct pods_columns columns = { .count = 0 };

	if (list->slots > 1)
		add_column(app, list, (struct pods_column){ .kind = PODS_WHERE, .name = "WHERE" },
			   rows, &columns);
	else if (choice->all_namespaces)
		add_column(app, list,
			   (struct pods_column){ .kind = PODS_NAMESPACE, .name = "NAMESPACE" },
			   rows, &columns);
	for (size_t i = 0; base && i < base->columns_count; i++)
		if (!base->columns[i].wide)
			add_column(app, list, cell_column(&base->columns[i], room < NARROW), rows,
				   &columns);
	if (base && zoomed)
		add_wide(app, list, base, room, rows, &columns);
	place(&columns, room);
	*ret_columns = columns;
}

/* A text in a column's width, at the end that belongs to its kind. */
static void
append_fitted(const struct pods_column *column, const char *text, struct str *out)
{
	int blank = column->number ? column->width - text_width(text) : 0;

	for (int i = 0; i < blank; i++)
		str_append_char(out, ' ');
	if (column->kind != PODS_CELL || strcmp(column->name, "NAME") == 0)
		pods_append_middle_cut(out, text, column->width);
	else
		text_append_cut(out, text, column->width, false);
}

void
pods_columns_paint_header(const struct pods_columns *columns, int y, int x)
{
	struct str text = STR_INIT;

	for (size_t i = 0; i < columns->count; i++) {
		str_clear(&text);
		append_fitted(&columns->items[i], header_of(&columns->items[i]), &text);
		paint_text(y, x + columns->items[i].x, columns->items[i].width, ROLE_LABEL,
			   str_cstr(&text));
	}
	str_release(&text);
}

/* Paints a text, and over it in another look what the search finds in it. */
static void
paint_found(const struct pattern *search, int y, int x, int columns, enum role role,
	    const char *text)
{
	enum role found = role == ROLE_SELECTED ? ROLE_STRONG : ROLE_MATCH;
	size_t len = strlen(text), from = 0, start, end;

	paint_text(y, x, columns, role, text);
	while (search && pattern_find(search, text, len, from, &start, &end)) {
		char *before = xstrndup(text, start), *match = xstrndup(text + start, end - start);
		int skip = text_width(before);

		paint_text(y, x + skip, columns - skip, found, match);
		free(before);
		free(match);
		from = end;
	}
}

/* Why a row is in trouble, in what is left of it. */
static void
paint_reason(const struct app *app, const struct table_row *row, const struct pods_columns *columns,
	     int y, const struct rect *body, enum role role)
{
	struct str text = STR_INIT;
	int room = body->columns - columns->end;

	if (room >= REASON_LEAST && *row->reason) {
		text_append_cut(&text, row->reason, room, false);
		paint_found(app->pods->search, y, body->x + columns->end, room, role,
			    str_cstr(&text));
	}
	str_release(&text);
}

void
pods_columns_paint_row(const struct app *app, const struct pods_list *list,
		       const struct pods_columns *columns, size_t row, int y,
		       const struct rect *body, bool focused)
{
	const struct table_row *object = table_view_row(list->view, row);
	enum role role = focused ? ROLE_SELECTED : object->trouble ? ROLE_BAD : ROLE_TEXT;
	struct str cell = STR_INIT, text = STR_INIT;

	if (focused)
		paint_blank(y, body->x, body->columns, role);
	paint_text(y, body->x, body->columns, role, object->trouble ? "! " : "  ");
	for (size_t i = 0; i < columns->count; i++) {
		str_clear(&cell);
		str_clear(&text);
		append_cell(app, list, &columns->items[i], row, &cell);
		append_fitted(&columns->items[i], str_cstr(&cell), &text);
		paint_found(app->pods->search, y, body->x + columns->items[i].x,
			    columns->items[i].width, role, str_cstr(&text));
	}
	paint_reason(app, object, columns, y, body, role);
	str_release(&cell);
	str_release(&text);
}
