#include "config.h"

#include "ui/text/paint.h"

#include <curses.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/text/ascii.h"

static bool ascii_only;

void
paint_init(bool ascii)
{
	ascii_only = ascii;
}

int
paint_text(int y, int x, int columns, enum role role, const char *text)
{
	struct str clean = STR_INIT, looks = STR_INIT, cut = STR_INIT;
	int width = 0;

	if (columns > COLS - x)
		columns = COLS - x;
	if (y < 0 || y >= LINES || x < 0 || columns <= 0)
		return 0;
	text_sanitise(text, strlen(text), 0, &clean);
	if (ascii_only)
		ascii_append(&looks, str_cstr(&clean));
	text_append_cut(&cut, str_cstr(ascii_only ? &looks : &clean), columns, ascii_only);
	theme_set(role);
	mvaddnstr(y, x, str_cstr(&cut), (int)cut.len);
	theme_set(ROLE_TEXT);
	width = text_width(str_cstr(&cut));
	str_release(&clean);
	str_release(&looks);
	str_release(&cut);
	return width;
}

int
paint_format(int y, int x, int columns, enum role role, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	int width = paint_text(y, x, columns, role, text);
	free(text);
	return width;
}

int
paint_mode(bool is_drill)
{
	return paint_text(0, 0, COLS, is_drill ? ROLE_DRILL : ROLE_LIVE,
			  is_drill ? " DRILL " : " LIVE ");
}

void
paint_blank(int y, int x, int columns, enum role role)
{
	if (columns <= 0)
		return;
	paint_format(y, x, columns, role, "%*s", columns, "");
}

/* A span's end, moved behind the marks of its last character: they would stand alone in the next one. */
static size_t
whole_end(const char *text, size_t end, size_t len)
{
	int32_t code;
	size_t used;

	while (end < len) {
		used = text_decode(text + end, len - end, &code);
		if (code < 0 || text_width_of(code) != 0)
			break;
		end += used;
	}
	return end;
}

/* The first `len` bytes of a line, each span in its look; returns the columns that they took. */
static int
paint_spans(int y, int x, int columns, const struct line *line, size_t len)
{
	size_t begin = 0;
	int used = 0;

	for (size_t i = 0; i < line->spans_count && begin < len; i++) {
		size_t end = line->spans[i].end < len ? line->spans[i].end : len;

		if (end <= begin)
			continue;
		end = whole_end(line->text, end, len);
		char *part = xstrndup(line->text + begin, end - begin);

		used += paint_text(y, x + used, columns - used, line->spans[i].role, part);
		begin = end;
		free(part);
	}
	return used;
}

void
paint_line(int y, int x, int columns, const struct line *line, bool selected)
{
	size_t len = strlen(line->text);

	if (selected) {
		paint_blank(y, x, columns, ROLE_SELECTED);
		paint_text(y, x, columns, ROLE_SELECTED, line->text);
	} else if (text_width(line->text) <= columns) {
		paint_spans(y, x, columns, line, len);
	} else {
		int used = paint_spans(y, x, columns, line, text_fit(line->text, columns - 1));

		paint_text(y, x + used, 1, ROLE_DIM, "…");
	}
}

int
paint_edit(int y, int x, int columns, const struct line_edit *edit, bool hidden)
{
	char *typed = xstrndup(str_cstr(&edit->text), edit->cursor);
	char *clean = text_clean(typed, 0),
	     *rest = text_clean(str_cstr(&edit->text) + edit->cursor, 0);
	const char *shown = clean;
	int width = text_width(clean);

	paint_blank(y, x, columns, ROLE_INPUT);
	if (hidden) {
		width = paint_text(y, x, columns, ROLE_INPUT, edit->text.len ? "(hidden)" : "");
	} else {
		while (width >= columns) {
			int32_t code;

			shown += text_decode(shown, strlen(shown), &code);
			width = text_width(shown);
		}
		paint_text(y, x, columns, ROLE_INPUT, shown);
		paint_text(y, x + width, columns - width, ROLE_INPUT, rest);
	}
	explicit_bzero(typed, strlen(typed));
	explicit_bzero(clean, strlen(clean));
	explicit_bzero(rest, strlen(rest));
	free(typed);
	free(clean);
	free(rest);
	return x + width;
}

void
paint_rule(int y, int x, int rows)
{
	for (int i = 0; i < rows; i++)
		paint_text(y + i, x, 1, ROLE_DIM, "│");
}

static void
paint_frame_row(int y, const struct rect *rect, const char *left, const char *right)
{
	paint_text(y, rect->x, 1, ROLE_DIALOG, left);
	for (int i = 1; i < rect->columns - 1; i++)
		paint_text(y, rect->x + i, 1, ROLE_DIALOG, "─");
	paint_text(y, rect->x + rect->columns - 1, 1, ROLE_DIALOG, right);
}

void
paint_frame(const struct rect *rect, const char *title)
{
	paint_frame_row(rect->y, rect, "┌", "┐");
	for (int i = 1; i < rect->rows - 1; i++) {
		paint_blank(rect->y + i, rect->x, rect->columns, ROLE_TEXT);
		paint_text(rect->y + i, rect->x, 1, ROLE_DIALOG, "│");
		paint_text(rect->y + i, rect->x + rect->columns - 1, 1, ROLE_DIALOG, "│");
	}
	paint_frame_row(rect->y + rect->rows - 1, rect, "└", "┘");
	paint_format(rect->y, rect->x + 2, rect->columns - 4, ROLE_DIALOG, " %s ", title);
}
