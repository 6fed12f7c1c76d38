#ifndef LIFEBOAT_UI_TEXT_PAINT_H
#define LIFEBOAT_UI_TEXT_PAINT_H

#include <stdbool.h>

#include "ui/terminal/theme.h"
#include "ui/text/layout.h"
#include "ui/text/line_edit.h"
#include "ui/text/lines.h"

/* Whether the terminal takes characters outside ASCII; to be called once. */
void paint_init(bool ascii);

/*
 * The one function that puts text on the screen: sanitised, cut to `columns` with a mark, in the look of
 * its role. Returns the columns that it took. Nothing is painted outside the screen.
 */
int paint_text(int y, int x, int columns, enum role role, const char *text);

/* The same with a format. */
int paint_format(int y, int x, int columns, enum role role, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* LIVE or DRILL in the upper left corner, in a look that the other does not have. Returns the columns that it took. */
int paint_mode(bool is_drill);

/* `columns` blanks in a role: bars, selections, the inside of a dialog. */
void paint_blank(int y, int x, int columns, enum role role);

/* A line of spans; `selected` paints the whole width as the focused line. */
void paint_line(int y, int x, int columns, const struct line *line, bool selected);

/* What is being typed, moved so that the cursor is always seen; returns the cursor's column. */
int paint_edit(int y, int x, int columns, const struct line_edit *edit, bool hidden);

/* A vertical rule, and a frame with a title on it. */
void paint_rule(int y, int x, int rows);
void paint_frame(const struct rect *rect, const char *title);

#endif
