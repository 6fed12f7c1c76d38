#ifndef LIFEBOAT_UI_START_START_SCREEN_H
#define LIFEBOAT_UI_START_START_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/keys/keymap.h"
#include "ui/start/start_page.h"
#include "ui/text/line_edit.h"
#include "ui/text/lines.h"

/* Inside of the start page: a text over all of it. */
struct start_view {
	bool shown;
	char *title;
	const struct start_entry *entry; /* what it is about; NULL: help */
	struct lines lines;
	size_t first;
};

/* Inside of the start page: what start_page.c does and start_paint.c shows. */
struct start_screen {
	const struct start_source *source;
	struct start_list list;
	const struct start_entry *selected; /* or NULL */
	bool moved;			    /* the operator has chosen the row */
	size_t first;			    /* the first line of the list that is seen */
	struct line_edit filter;
	bool filtering; /* the filter is being typed */
	struct start_view view;
	const char *message; /* or NULL */
	enum start_action action;
	char *word;
	bool done, dirty;
	int cursor_y, cursor_x;
};

/* start_paint.c */
void start_paint(struct start_screen *s);
/* Rows that the list has on this screen. */
int start_list_rows(void);
bool start_is_too_small(void);
/* What was painted in a row of the screen; NULL: no entry. */
const struct start_entry *start_entry_at(const struct start_screen *s, int y);
/* Whether a row passes the filter. */
bool start_is_shown(const struct start_screen *s, const struct start_entry *entry);

/* start_view.c */
void start_view_open(struct start_screen *s, const struct start_entry *entry);
void start_view_close(struct start_view *view);
void start_view_key(struct start_view *view, const struct key_binding *binding);
void start_view_move(struct start_view *view, enum command command);
void start_view_paint(struct start_screen *s);

#endif
