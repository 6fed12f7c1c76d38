#include "config.h"

#include <curses.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "ui/form/form_model.h"
#include "ui/keys/scroll.h"
#include "ui/text/layout.h"
#include "ui/text/lines.h"
#include "ui/text/paint.h"

/* What lies over the rows of the form: the list of a row's values, and the help. */

/* ---- the list ---- */

static void
build_list_text(const struct form *form, struct lines *lines)
{
	const struct form_list *list = &form->list;

	if (list->is_waiting && form->heard.len)
		lines_wrap(lines, ROLE_WARNING, "", ROLE_WARNING, str_cstr(&form->heard));
	if (list->is_waiting)
		lines_add(lines, ROLE_TEXT, "Asking; Esc gives it up …");
	if (list->problem) {
		lines_wrap(lines, ROLE_BAD, "! ", ROLE_BAD, list->problem);
		lines_add(lines, ROLE_TEXT, "Esc goes back; the value can be typed.");
	}
	if (list->remark)
		lines_wrap(lines, ROLE_WARNING, "", ROLE_WARNING, list->remark);
	if (!list->is_waiting && !list->problem && list->shown_count == 0)
		lines_add(lines, ROLE_DIM, "%s",
			  list->count ? "Nothing matches what was typed" : "There is none");
}

static void
paint_items(struct form *form, int y, int x, int rows, int columns)
{
	struct form_list *list = &form->list;

	list->rows = rows;
	form->list_room = (struct rect){ y, x, rows, columns };
	list->first = scroll_to(list->first, list->cursor, list->shown_count, rows);
	for (int i = 0; i < rows && list->first + (size_t)i < list->shown_count; i++) {
		size_t at = list->first + (size_t)i, item = list->shown[at];
		bool focused = at == list->cursor;

		if (focused)
			paint_blank(y + i, x, columns, ROLE_SELECTED);
		paint_format(y + i, x, columns, focused ? ROLE_SELECTED : ROLE_TEXT, "%s %s%s",
			     focused ? ">" : " ",
			     !list->is_several	  ? ""
			     : list->ticked[item] ? "[x] "
						  : "[ ] ",
			     list->items[item]);
		if (focused && (list->is_words || list->filter.text.len == 0)) {
			form->cursor_y = y + i;
			form->cursor_x = x;
		}
	}
}

static void
paint_filter(struct form *form, int y, int x, int columns)
{
	int used = paint_text(y, x, columns, ROLE_KEY, "filter: ");
	int at = paint_edit(y, x + used, columns - used, &form->list.filter, false);

	if (form->list.filter.text.len || form->list.shown_count == 0) {
		form->cursor_y = y;
		form->cursor_x = at;
	}
}

void
form_paint_list(struct form *form)
{
	struct form_list *list = &form->list;
	int columns = COLS - 4 < 76 ? COLS - 4 : 76;
	bool filters = !list->is_words && !list->is_waiting && !list->problem;
	struct lines lines;

	lines_init(&lines, columns - 4);
	build_list_text(form, &lines);
	int room = LINES - FORM_FOOT_ROWS - 2 - 2 - (filters ? 1 : 0);
	int texts = (int)lines.count < room ? (int)lines.count : room;
	int items = (int)list->shown_count < room - texts ? (int)list->shown_count : room - texts;
	struct rect frame = { 0, (COLS - columns) / 2, texts + items + 2 + (filters ? 1 : 0),
			      columns };
	frame.y = LINES - FORM_FOOT_ROWS - frame.rows;
	for (int i = 0; i < frame.rows; i++)
		paint_blank(frame.y + i, 0, COLS, ROLE_TEXT);
	paint_frame(&frame, list->title);
	int y = frame.y + 1, x = frame.x + 2;
	for (int i = 0; i < texts; i++)
		paint_line(y++, x, columns - 4, &lines.items[i], false);
	form->cursor_y = y - (texts > 0);
	form->cursor_x = x;
	paint_items(form, y, x, items, columns - 4);
	if (filters)
		paint_filter(form, y + items, x, columns - 4);
	lines_release(&lines);
}

/* ---- the help ---- */

static void
help_lines(const struct form *form, struct lines *lines)
{
	unsigned facts = form_facts(form);

	lines_markdown(
		lines,
		"What is typed in a row takes the place of a default, or of what the last run had; "
		"Left, Right, Home, End and Backspace change it instead. A value is checked when "
		"the "
		"row is left, and what is wrong with it stands below. Nothing begins before the "
		"last "
		"row says so.");
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "Keys (those marked * apply now)");
	for (size_t i = 0; i < form_keys_count; i++) {
		char *prefix =
			xasprintf("%s %-9s", form_key_applies(&form_keys[i], facts) ? "*" : " ",
				  form_keys[i].label);

		lines_wrap(lines, ROLE_KEY, prefix, ROLE_TEXT, form_keys[i].help);
		free(prefix);
	}
}

void
form_paint_help(struct form *form)
{
	size_t rows = (size_t)(LINES - 2);
	struct lines lines;

	lines_init(&lines, COLS - 2);
	help_lines(form, &lines);
	if (form->help_first + rows > lines.count)
		form->help_first = lines.count > rows ? lines.count - rows : 0;
	paint_blank(0, 0, COLS, ROLE_TITLE_FOCUS);
	paint_text(0, 0, COLS, ROLE_TITLE_FOCUS, " Help: the form");
	for (size_t i = 0; i < rows && form->help_first + i < lines.count; i++)
		paint_line(1 + (int)i, 1, COLS - 2, &lines.items[form->help_first + i], false);
	paint_text(LINES - 1, 0, COLS, ROLE_DIM,
		   " Up Down PgUp PgDn move; any other key goes back");
	lines_release(&lines);
}
