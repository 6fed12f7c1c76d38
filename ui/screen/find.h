#ifndef LIFEBOAT_UI_SCREEN_FIND_H
#define LIFEBOAT_UI_SCREEN_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pattern.h"
#include "base/str.h"
#include "ui/keys/keymap.h"
#include "ui/text/layout.h"
#include "ui/text/lines.h"

struct app;

/*
 * Search and filter of a pane or page that is made of rows of text; the panes of tables and of logs have
 * their own. All zero: neither, and no row is gone to. Main thread only.
 */
struct find {
	struct pattern *search, *filter;
	bool has_at;
	size_t at;    /* the row that a search or a click has gone to */
	char *status; /* "match 3 of 17", or NULL */
	/* with a filter: the rows that it lets pass, and what they were chosen from */
	size_t *rows;
	size_t count, cap;
	bool chosen;
	uint64_t generation;
	size_t chosen_of;
};

/* What is searched. A row is counted whether a filter hides it or not. */
struct find_rows {
	size_t (*count)(const struct app *app);
	/* A row as it is searched and saved, in one line; appended to out. */
	void (*text)(const struct app *app, size_t row, struct str *out);
	/* The row that a search begins with. */
	size_t (*from)(const struct app *app);
	/* The rows, where they are the lines of a wrapped text; or NULL. A match may be broken by a wrap. */
	const struct lines *(*lines)(const struct app *app);
	/* Lays the rows out for the size of now, if they are kept; or NULL. */
	void (*prepare)(struct app *app);
	/* Brings a row into view. */
	void (*go)(struct app *app, size_t row);
	/* Rows that no filter hides; NULL: there are none. */
	bool (*stays)(const struct app *app, size_t row);
	bool upwards; /* the last row is the latest: a search begins there, and goes up */
};

void find_release(struct find *find);
/* FACT_SEARCHING and FACT_FILTERED. */
unsigned find_facts(const struct find *find);

/* What has the keys now: the page, or else the pane. NULL: it has a search of its own. */
struct find *find_here(struct app *app, const struct find_rows **ret_rows);
/* A row of it in sight, on which the cursor stands. */
void find_put(struct find *find, size_t row);

/* CMD_SEARCH to CMD_CLEAR, of what has the keys. */
void find_command(struct app *app, enum command command);
/* Searches or filters it by a text, "" for none. Errors: those of pattern_new(). */
int find_entered(struct app *app, enum command purpose, const char *text, struct err *e);

/* What is said of a match that lies behind the end of what is searched; else "". */
const char *find_turn(bool around, bool back);

/* How many rows of a pane the filter lets pass, and which is the index-th of them. */
size_t find_count(struct app *app, enum pane pane);
size_t find_row(const struct app *app, enum pane pane, size_t index);
/* The row after a movement of a cursor among those. */
size_t find_move(struct app *app, enum pane pane, size_t cursor, enum command command, int rows);
/* Whether a row is among them. */
bool find_shows(struct app *app, enum pane pane, size_t row);

/* How many rows the pane has room for. */
int find_page(const struct app *app, enum pane pane);
/* Scrolls the pane, of `count` rows in sight of the filter, so that the index-th is seen. */
void find_scroll(struct app *app, enum pane pane, size_t count, size_t index);
/* Whether a row is the one that was clicked. */
bool find_is_picked(const struct app *app, enum pane pane, size_t row);

/* "  search: kid", "  filter: kid, 3 of 17"; appended to out. */
void find_append_title(const struct app *app, enum pane pane, struct str *out);

/* paint_line() and paint_text() with what the search has found marked; in lines, also what a wrap has broken. */
void find_paint_line(const struct find *find, int y, int x, int columns, const struct line *line,
		     bool selected);
void find_paint_wrapped(const struct find *find, int y, int x, int columns,
			const struct lines *lines, size_t index, bool selected);
int find_paint_text(const struct find *find, int y, int x, int columns, enum role role,
		    const char *text);
/* The lines of a pane from where it is scrolled to, with the cursor on the one that was gone to. */
void find_paint_lines(struct app *app, enum pane pane, const struct rect *body,
		      const struct lines *lines);

#endif
