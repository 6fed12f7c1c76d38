#include "config.h"

#include <ctype.h>
#include <curses.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/form/form_model.h"
#include "ui/keys/mouse_event.h"
#include "ui/keys/scroll.h"
#include "ui/text/layout.h"
#include "ui/text/paint.h"

enum {
	WIDE_COLUMNS = 120, /* from here on the explanation stands beside the rows */
	ROOMY_COLUMNS = 70,
	SOURCE_COLUMNS = 20, /* "last run, 2026-11-20" */
	SOURCE_COLUMNS_NARROW = 15,
	TITLE_COLUMNS_MIN = 12,
};

/* The rectangles of one painting, and the columns of a row. */
struct places {
	struct rect rows, text; /* each with its title bar */
	int title, value, source;
};

/* ---- the head ---- */

/* Returns the rows that it took. */
static int
paint_summary(const struct form *form, int y)
{
	const struct runbook *rb = form->page->runbook;
	size_t most = LINES >= 36 ? 4 : LINES >= 24 ? 2 : 0;
	struct lines lines;
	int rows = 0;

	if (!rb->summary || most == 0)
		return 0;
	lines_init(&lines, COLS - 2);
	lines_markdown(&lines, rb->summary);
	for (size_t i = 0; i < lines.count && i < most; i++, rows++)
		paint_line(y + rows, 1, COLS - 2, &lines.items[i], false);
	if (lines.count > most)
		paint_text(y + rows - 1, COLS - 3, 3, ROLE_DIM, " …");
	lines_release(&lines);
	return rows;
}

static int
paint_head(const struct form *form)
{
	const struct runbook *rb = form->page->runbook;
	int x = paint_mode(form->page->is_drill) + 1;

	x += paint_text(0, x, COLS - x, ROLE_STRONG, rb->title);
	if (rb->version)
		paint_format(0, x, COLS - x, ROLE_DIM, "  %s", rb->version);
	paint_format(1, 1, COLS - 1, ROLE_TEXT, "%s. Nothing begins before %s.",
		     form->page->is_drill ? "A drill: nothing real is touched"
					  : "Live, on real systems",
		     form->page->verb);
	return 2 + paint_summary(form, 2);
}

/* ---- the rows ---- */

static void
measure(const struct form *form, int top, struct places *places)
{
	int rows = LINES - FORM_FOOT_ROWS - top, longest = TITLE_COLUMNS_MIN;

	if (COLS >= WIDE_COLUMNS) {
		int left = COLS * 3 / 5;

		places->rows = (struct rect){ top, 0, rows, left };
		places->text = (struct rect){ top, left + 1, rows, COLS - left - 1 };
	} else {
		int text = rows / 3 > 3 ? rows / 3 : 3;

		places->rows = (struct rect){ top, 0, rows - text, COLS };
		places->text = (struct rect){ top + rows - text, 0, text, COLS };
	}
	for (size_t i = 0; i < form->page->count; i++) {
		int width = text_width(form_param(form, i)->title);

		longest = width > longest ? width : longest;
	}
	int room = places->rows.columns * 2 / 5;
	places->title = longest < room ? longest : room;
	places->source =
		places->rows.columns >= ROOMY_COLUMNS ? SOURCE_COLUMNS : SOURCE_COLUMNS_NARROW;
	places->value = places->rows.columns - places->title - places->source - 5;
}

static enum role
source_role(const struct form_value *value)
{
	if (value->problem)
		return ROLE_BAD;
	if (value->source == FORM_MISSING)
		return ROLE_WARNING;
	return value->source < FORM_LAST_RUN ? ROLE_DIM : ROLE_GOOD;
}

/* A value as its row shows it. */
static char *
look_of(const struct param *param, const struct form_value *value, bool focused)
{
	if (param->type == PARAM_BOOL && value->text)
		return xasprintf("[%s] %s", str_equal(value->text, "yes") ? "x" : " ", value->text);
	if (param->type == PARAM_CHOICE && focused)
		return xasprintf("‹ %s ›", value->text ? value->text : "");
	return form_value_words(value);
}

/* The name of a place is no secret, and nobody can write a path blindly. */
static bool
is_place(const struct param *param, const char *text)
{
	return ((param->from & SECRET_FROM_FILE) && str_starts_with(text, "file:")) ||
	       ((param->from & SECRET_FROM_ENV) && str_starts_with(text, "env:")) ||
	       ((param->from & SECRET_FROM_KUBERNETES) && str_starts_with(text, "kubernetes:"));
}

static void
paint_edited(struct form *form, const struct param *param, int y, int x, int columns)
{
	const char *text = str_cstr(&form->edit.text);
	bool hidden = param->type == PARAM_SECRET && !is_place(param, text);

	form->cursor_y = y;
	if (!hidden) {
		form->cursor_x = paint_edit(y, x, columns, &form->edit, false);
		return;
	}
	paint_blank(y, x, columns, ROLE_INPUT);
	size_t count = text_characters(text);
	form->cursor_x = x + paint_format(y, x, columns, ROLE_INPUT, "(hidden, %zu character%s)",
					  count, count == 1 ? "" : "s");
}

static void
paint_value(struct form *form, size_t row, const struct form_value *value, int y, int x,
	    int columns)
{
	const struct param *param = form_param(form, row);
	bool focused = row == form->focus && !form->list.is_open;

	if (focused && form->is_editing) {
		paint_edited(form, param, y, x, columns);
		return;
	}
	char *look = look_of(param, value, focused);
	if (focused)
		paint_blank(y, x, columns, ROLE_INPUT);
	int used = paint_text(y, x, columns,
			      focused			      ? ROLE_INPUT
			      : value->source == FORM_DEFAULT ? ROLE_DIM
							      : ROLE_TEXT,
			      look);
	if (focused) {
		form->cursor_y = y;
		form->cursor_x = x + (value->source == FORM_TYPED && used < columns ? used : 0);
	}
	free(look);
}

static void
paint_row(struct form *form, const struct places *places, size_t row, int y)
{
	const struct param *param = form_param(form, row);
	bool focused = row == form->focus;
	struct form_value value;
	int x = 2;

	form_value_of(form, row, &value);
	char *source = form_source_words(&value);
	paint_text(y, 0, 2, ROLE_CURRENT, focused ? ">" : " ");
	paint_text(y, x, places->title, focused ? ROLE_CURRENT : ROLE_TEXT, param->title);
	x += places->title + 1;
	paint_value(form, row, &value, y, x, places->value);
	x += places->value + 1;
	paint_text(y, x, places->source, source_role(&value), source);
	free(source);
}

static void
paint_problem(const struct form *form, const struct places *places, size_t row, int y)
{
	struct form_value value;

	form_value_of(form, row, &value);
	paint_format(y, 4, places->rows.columns - 5, ROLE_BAD, "! %s", value.problem);
}

static void
paint_last_row(struct form *form, const struct places *places, int y)
{
	bool focused = form->focus == form->page->count;
	struct form_counts counts = form_count(form);
	int columns = places->rows.columns;

	paint_text(y, 0, 2, ROLE_CURRENT, focused ? ">" : " ");
	int x = 2 + paint_format(y, 2, columns - 2, focused ? ROLE_SELECTED : ROLE_KEY, "[ %s ]",
				 form->page->verb);
	if (focused && !form->list.is_open) {
		form->cursor_y = y;
		form->cursor_x = 4;
	}
	if (counts.problems)
		x += paint_format(y, x, columns - x, ROLE_BAD, "  %zu cannot be taken",
				  counts.problems);
	if (counts.missing)
		x += paint_format(y, x, columns - x, ROLE_WARNING, "  %zu to fill in",
				  counts.missing);
	if (counts.pending)
		paint_format(y, x, columns - x, ROLE_WARNING, "  %zu still being read",
			     counts.pending);
	else if (!counts.problems && !counts.missing)
		paint_text(y, x, columns - x, ROLE_GOOD, "  everything is filled in");
}

static bool
has_problem(const struct form *form, size_t row)
{
	struct form_value value;

	if (row >= form->page->count)
		return false;
	form_value_of(form, row, &value);
	return value.problem != NULL;
}

static void
paint_rows_title(const struct form *form, const struct rect *room)
{
	struct form_counts counts = form_count(form);

	paint_blank(room->y, 0, room->columns, ROLE_TITLE_FOCUS);
	int x = paint_format(room->y, 0, room->columns, ROLE_TITLE_FOCUS,
			     " Parameters, row %zu of %zu", form->focus + 1, form->page->count + 1);
	if (counts.missing)
		x += paint_format(room->y, x, room->columns - x, ROLE_TITLE_FOCUS,
				  "; %zu to fill in", counts.missing);
	if (counts.problems)
		paint_format(room->y, x, room->columns - x, ROLE_TITLE_FOCUS, "; %zu to correct",
			     counts.problems);
}

/* A field takes a line, and one more for what is wrong with it; the last row is of its own. */
static void
scroll_rows(struct form *form, int shown)
{
	size_t line = 0, focused = 0;

	for (size_t row = 0; row <= form->page->count; row++) {
		if (row == form->focus)
			focused = line;
		line += has_problem(form, row) ? 2 : 1;
	}
	size_t below = focused + (has_problem(form, form->focus) ? 1 : 0);
	form->first = scroll_to(form->first, below, line, shown);
	form->first = scroll_to(form->first, focused, line, shown);
}

/* One line of a row: the row itself, or what is wrong with it. */
static void
paint_line_of_row(struct form *form, const struct places *places, size_t row, bool is_problem,
		  size_t line)
{
	int y = places->rows.y + 1 + (int)(line - form->first);

	if (line < form->first || y >= places->rows.y + places->rows.rows)
		return;
	if (row == form->page->count)
		paint_last_row(form, places, y);
	else if (is_problem)
		paint_problem(form, places, row, y);
	else
		paint_row(form, places, row, y);
}

size_t
form_row_at(const struct form *form, int y, int x)
{
	const struct rect *room = &form->rows_room;
	size_t line = 0;

	if (y == room->y || !mouse_is_in(room, y, x))
		return SIZE_MAX;
	size_t wanted = form->first + (size_t)(y - room->y - 1);
	for (size_t row = 0; row <= form->page->count; row++) {
		line += has_problem(form, row) ? 2 : 1;
		if (wanted < line)
			return row;
	}
	return SIZE_MAX;
}

static void
paint_rows(struct form *form, const struct places *places)
{
	size_t line = 0;

	paint_rows_title(form, &places->rows);
	scroll_rows(form, places->rows.rows - 1);
	for (size_t row = 0; row <= form->page->count; row++) {
		paint_line_of_row(form, places, row, false, line++);
		if (has_problem(form, row))
			paint_line_of_row(form, places, row, true, line++);
	}
}

/* ---- the explanation ---- */

static void
explain(const struct form *form, struct lines *lines)
{
	const struct param *param = form_param(form, form->focus);
	struct form_value value;

	if (form->heard.len)
		lines_wrap(lines, ROLE_WARNING, "", ROLE_WARNING, str_cstr(&form->heard));
	if (param) {
		form_value_of(form, form->focus, &value);
		form_explain(param, &value, lines);
		return;
	}
	lines_wrap(lines, ROLE_TEXT, "", ROLE_TEXT,
		   "Enter goes on with these values. The targets are reached first, and each step "
		   "shows "
		   "what it would do before it does it.");
}

static void
paint_text_pane(struct form *form, const struct places *places)
{
	const struct param *param = form_param(form, form->focus);
	const struct rect *room = &places->text;
	size_t shown = (size_t)(room->rows - 1);
	struct lines lines;

	paint_blank(room->y, room->x, room->columns, ROLE_TITLE);
	paint_format(room->y, room->x, room->columns, ROLE_TITLE, " %s%s%s",
		     param ? param->name : form->page->verb,
		     param && strcmp(param->name, param->title) != 0 ? ": " : "",
		     param && strcmp(param->name, param->title) != 0 ? param->title : "");
	lines_init(&lines, room->columns - 2);
	explain(form, &lines);
	form->text_overflow = lines.count > shown ? lines.count - shown : 0;
	if (form->text_first > form->text_overflow)
		form->text_first = form->text_overflow;
	for (size_t i = 0; i < shown && form->text_first + i < lines.count; i++)
		paint_line(room->y + 1 + (int)i, room->x + 1, room->columns - 2,
			   &lines.items[form->text_first + i], false);
	if (form->text_first < form->text_overflow)
		paint_text(room->y, room->x + room->columns - 12, 12, ROLE_KEY, " more: PgDn ");
	lines_release(&lines);
}

/* ---- the foot ---- */

static void
append_word(const struct form *form, const struct form_binding *key, struct str *out)
{
	if (key->command != FORM_START) {
		str_append(out, key->word);
		return;
	}
	for (const char *at = form->page->verb; *at; at++)
		str_append_char(out, (char)tolower((unsigned char)*at));
}

static void
paint_hints(const struct form *form)
{
	unsigned facts = form_facts(form), told = 0;
	int x = 1;

	for (size_t i = 0; i < form_keys_count; i++) {
		const struct form_binding *key = &form_keys[i];
		struct str word = STR_INIT;

		if (!key->word || !form_key_applies(key, facts) || (told & 1u << key->command))
			continue;
		told |= 1u << key->command; /* by one key is enough */
		append_word(form, key, &word);
		if (x + text_width(key->label) + 1 + text_width(str_cstr(&word)) < COLS) {
			x += paint_text(LINES - 1, x, COLS - x, ROLE_KEY, key->label);
			x += paint_format(LINES - 1, x, COLS - x, ROLE_DIM, " %s",
					  str_cstr(&word)) +
			     2;
		}
		str_release(&word);
	}
}

/* Whether the next letter takes the place of the value, which nobody would guess. */
static bool
is_replaced(const struct form *form)
{
	struct form_value value;

	if (!(form_facts(form) & FORM_ON_TEXT) || form->is_editing)
		return false;
	form_value_of(form, form->focus, &value);
	return value.text && *value.text && value.source != FORM_TYPED;
}

static void
paint_foot(struct form *form)
{
	int y = LINES - 2;

	if (form->is_leaving) {
		int x = paint_text(y, 0, COLS, ROLE_STRONG,
				   " Leave? Nothing has begun; what was entered is lost. [y/N] ");

		form->cursor_y = y;
		form->cursor_x = x < COLS ? x : COLS - 1;
		return;
	}
	if (form->message)
		paint_format(y, 0, COLS, form->message_role, " %s", form->message);
	else if (is_replaced(form))
		paint_text(y, 0, COLS, ROLE_DIM,
			   " What is typed replaces it; Left, End or Backspace changes it");
	paint_hints(form);
}

/* ---- all of it ---- */

static void
paint_too_small(const struct form *form)
{
	paint_mode(form->page->is_drill);
	paint_text(1, 0, COLS, ROLE_TEXT, form->page->runbook->title);
	paint_text(2, 0, COLS, ROLE_CURRENT, "The form waits; nothing has begun");
	paint_format(3, 0, COLS, ROLE_DIM, "too small: %dx%d, needs %dx%d", COLS, LINES,
		     LAYOUT_MIN_COLUMNS, LAYOUT_MIN_ROWS);
}

void
form_paint(struct form *form)
{
	struct places places;

	form->is_dirty = false;
	form->cursor_y = form->cursor_x = 0;
	werase(stdscr);
	if (COLS < LAYOUT_MIN_COLUMNS || LINES < LAYOUT_MIN_ROWS) {
		paint_too_small(form);
	} else if (form->is_help) {
		form_paint_help(form);
	} else {
		measure(form, paint_head(form), &places);
		form->rows_room = places.rows;
		form->text_room = places.text;
		paint_rows(form, &places);
		if (COLS >= WIDE_COLUMNS)
			paint_rule(places.text.y, places.text.x - 1, places.text.rows);
		paint_text_pane(form, &places);
		if (form->list.is_open)
			form_paint_list(form);
		paint_foot(form);
	}
	wmove(stdscr, form->cursor_y, form->cursor_x);
	wnoutrefresh(stdscr);
	doupdate();
}
