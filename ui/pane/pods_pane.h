#ifndef LIFEBOAT_UI_PANE_PODS_PANE_H
#define LIFEBOAT_UI_PANE_PODS_PANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pattern.h"
#include "feed/table_view.h"
#include "ui/screen/app.h"

/*
 * What the files of the pods pane share. Of the others, line mode and the page of an object call pods_append_health(), and
 * the jump box and the command line ask for a list and move its cursor.
 */

enum { PODS_LISTS = 2, PODS_COLUMNS_MAX = 32 };

/* What a feed was told to look at, so that it is told again only when that is another. */
struct pods_look {
	uint64_t generation; /* of the snapshot */
	const struct table_row **rows;
	size_t count, cap;
};

/* One list on the screen: the rows of one source, or of all sources together. */
struct pods_list {
	size_t slot, slots; /* of the feeds: where it begins, and how many of them */
	struct table_view *view;
	size_t cursor, first;
	int shown;	  /* rows that were painted last */
	struct rect body; /* where, with their header */
	/* The object under the cursor, which stays on it. Not held: the operator has not moved yet. */
	bool held;
	struct feed_choice source;
	char *ns, *name;
	struct pods_look *looks; /* one for each slot */
	size_t looks_count;
};

struct pods_pane {
	struct pods_list lists[PODS_LISTS];
	size_t lists_count;
	size_t focus; /* the list that has the keys */
	struct pattern *search, *filter;
	char *sort; /* a column's name, or NULL */
	bool descending, trouble_only;
	uint64_t generation; /* feeds_tables_generation() of the lists */
};

/* ---- pods_list.c ---- */

/* Brings the lists up to date with feeds and options; cheap where nothing changed. */
void pods_update(const struct app *app);
void pods_list_release(struct pods_list *list);
void pods_list_move(const struct app *app, struct pods_list *list, enum command command);
/* Puts the cursor on a row. */
void pods_list_go(const struct app *app, struct pods_list *list, size_t row);
/* The list that has the keys, or NULL where no source is named. */
struct pods_list *pods_focused(const struct app *app);
/* The source of a row of the list. */
const struct feed_choice *pods_list_choice(const struct app *app, const struct pods_list *list,
					   size_t row);
/* Tells the feeds which rows in trouble are looked at. */
void pods_list_look(const struct app *app, struct pods_list *list);

/* ---- pods_title.c ---- */

/* "live, heard 2s ago", "BROKEN, retry in 8s, rows are 35s old": `what` is "rows are". */
void pods_append_health(const struct feed_health *health, const char *what, bool brief,
			struct str *out);
/* The source of a list, its count and its health in so many columns. */
void pods_append_title(const struct app *app, const struct pods_list *list, int columns,
		       struct str *out);
/* "filter: web, 12 hidden  by RESTARTS desc": how the rows of a list are looked at, or nothing. */
void pods_append_choice(const struct app *app, const struct pods_list *list, struct str *out);
/* Columns of the pane's title bar behind its heading. */
int pods_title_room(const struct app *app);
/* Whether the title of a list that is alone in the pane has room for that; else the pane's body shows it. */
bool pods_title_has_choice(const struct app *app, const struct pods_list *list);
/* What is wrong with the data, a line for each, and why there are no rows. */
void pods_add_remarks(const struct app *app, const struct pods_list *list, struct lines *lines);

/* ---- pods_columns.c ---- */

struct pods_column {
	enum { PODS_WHERE, PODS_NAMESPACE, PODS_CELL } kind;
	const char *name; /* as the server calls it */
	bool number;
	bool brief; /* RESTARTS without when */
	int x, width;
	size_t order; /* among the server's columns */
};

struct pods_columns {
	struct pods_column items[PODS_COLUMNS_MAX];
	size_t count;
	int end; /* where the rest of a row begins */
};

/* Chooses and places the columns for the rows of a list from `first` on, in so many columns and rows. */
void pods_columns_place(const struct app *app, const struct pods_list *list, int columns, int rows,
			struct pods_columns *ret_columns);
void pods_columns_paint_header(const struct pods_columns *columns, int y, int x);
void pods_columns_paint_row(const struct app *app, const struct pods_list *list,
			    const struct pods_columns *columns, size_t row, int y,
			    const struct rect *body, bool focused);

/* A text of too many columns without its middle, appended to out: names differ at both ends. */
void pods_append_middle_cut(struct str *out, const char *text, int columns);

/* ---- pods_paint.c ---- */

void pods_paint(struct app *app, const struct rect *body);

/* ---- pods_text.c ---- */

/* The name of the row under the cursor, and all rows; appended to out. */
void pods_item(const struct app *app, struct str *out);
void pods_text(const struct app *app, struct str *out);

#endif
