#include "config.h"

#include "ui/screen/jump.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/keys/scroll.h"
#include "ui/text/fuzzy.h"
#include "ui/text/paint.h"

#define CTRL(letter) ((letter)&0x1f)

enum {
	ESCAPE = 27,
	MOST_COLUMNS = 100,
	MOST_ROWS = 24,
	FRAME_ROWS = 4, /* the frame, the line, and what the keys do */
};

struct jump {
	struct jump_targets targets;
	size_t *fits; /* those that fit what is typed, the best first */
	size_t count;
	size_t cursor, first;
	struct line_edit edit;
	struct rect list; /* where they were painted last */
};

static const struct jump_target *fitting;

static int
compare(const void *a, const void *b)
{
	size_t first = *(const size_t *)a, second = *(const size_t *)b;
	int difference = fitting[second].score - fitting[first].score;

	return difference ? difference : first < second ? -1 : first > second;
}

static void
choose(struct jump *jump)
{
	const char *typed = str_cstr(&jump->edit.text);

	jump->count = jump->cursor = jump->first = 0;
	for (size_t i = 0; i < jump->targets.count; i++) {
		struct jump_target *target = &jump->targets.items[i];

		target->score = fuzzy_score(typed, target->text);
		if (target->score >= 0)
			jump->fits[jump->count++] = i;
	}
	fitting = jump->targets.items; /* qsort(3) hands nothing on; there is one thread here */
	qsort(jump->fits, jump->count, sizeof(*jump->fits), compare);
}

void
jump_open(struct app *app)
{
	jump_close(app);
	app->jump = xcalloc(1, sizeof(*app->jump));
	jump_targets_make(app, &app->jump->targets);
	app->jump->fits = xcalloc(app->jump->targets.count, sizeof(*app->jump->fits));
	line_edit_set(&app->jump->edit, "");
	choose(app->jump);
	app->dirty = true;
}

static void
jump_free(struct jump *jump)
{
	if (!jump)
		return;
	jump_targets_release(&jump->targets);
	free(jump->fits);
	line_edit_release(&jump->edit);
	free(jump);
}

void
jump_close(struct app *app)
{
	jump_free(app->jump);
	app->jump = NULL;
	app->dirty = true;
}

/* The box is gone by then: what it leads to may open another one. */
static void
go(struct app *app)
{
	struct jump *jump = app->jump;

	if (jump->cursor >= jump->count)
		return;
	app->jump = NULL;
	if (app->page.shown)
		page_close(app);
	jump_go(app, &jump->targets.items[jump->fits[jump->cursor]]);
	jump_free(jump);
}

static enum command
movement(const struct key *key)
{
	if (key->pasted)
		return CMD_NONE;
	if (!key->function)
		return key->code == CTRL('N')	? CMD_DOWN
		       : key->code == CTRL('P') ? CMD_UP
						: CMD_NONE;
	switch (key->code) {
	case KEY_DOWN:
		return CMD_DOWN;
	case KEY_UP:
		return CMD_UP;
	case KEY_NPAGE:
		return CMD_PAGE_DOWN;
	case KEY_PPAGE:
		return CMD_PAGE_UP;
	default:
		return CMD_NONE;
	}
}

static bool
is_enter(const struct key *key)
{
	return !key->pasted &&
	       (key->function ? key->code == KEY_ENTER : key->code == '\r' || key->code == '\n');
}

static bool
closes(const struct key *key)
{
	return !key->pasted && !key->function && (key->code == ESCAPE || key->code == CTRL('C'));
}

void
jump_key(struct app *app, const struct key *key)
{
	struct jump *jump = app->jump;
	enum command command = movement(key);

	if (command != CMD_NONE)
		jump->cursor = scroll_cursor(jump->cursor, command, jump->count, jump->list.rows);
	else if (is_enter(key))
		go(app);
	else if (closes(key))
		jump_close(app);
	else if (line_edit_key(&jump->edit, key))
		choose(jump);
}

void
jump_mouse(struct app *app, int y, int x, bool click, int turn)
{
	struct jump *jump = app->jump;
	const struct rect *list = &jump->list;
	bool inside = y >= list->y && y < list->y + list->rows && x >= list->x &&
		      x < list->x + list->columns;

	if (turn)
		jump->cursor = scroll_cursor(jump->cursor, turn < 0 ? CMD_UP : CMD_DOWN,
					     jump->count, list->rows);
	if (!click || !inside)
		return;
	size_t at = jump->first + (size_t)(y - list->y);
	if (at < jump->count) {
		jump->cursor = at;
		go(app);
	}
}

/* ---- painting ---- */

static void
paint_target(const struct jump_target *target, int y, int x, int columns, bool selected)
{
	enum role role = selected ? ROLE_SELECTED : ROLE_TEXT;
	int hint = target->hint && *target->hint ? text_width(target->hint) + 1 : 0;

	if (hint > columns / 3)
		hint = columns / 3;
	paint_blank(y, x, columns, role);
	int used = paint_text(y, x + 1, columns - hint - 2, role, target->text);
	if (target->more)
		paint_format(y, x + 1 + used, columns - hint - 2 - used,
			     selected ? ROLE_SELECTED : ROLE_DIM, "  %s", target->more);
	if (hint)
		paint_text(y, x + columns - hint, hint - 1,
			   selected			  ? ROLE_SELECTED
			   : target->kind == JUMP_COMMAND ? ROLE_KEY
							  : ROLE_DIM,
			   target->hint);
}

static void
paint_list(struct jump *jump)
{
	const struct rect *list = &jump->list;

	jump->first = scroll_to(jump->first, jump->cursor, jump->count, list->rows);
	for (int i = 0; i < list->rows && jump->first + (size_t)i < jump->count; i++) {
		size_t at = jump->first + (size_t)i;

		paint_target(&jump->targets.items[jump->fits[at]], list->y + i, list->x,
			     list->columns, at == jump->cursor);
	}
	if (jump->count == 0)
		paint_text(list->y, list->x + 1, list->columns - 1, ROLE_WARNING,
			   "nothing fits: fewer letters, or Esc");
}

void
jump_paint(struct app *app)
{
	struct jump *jump = app->jump;
	int columns = COLS - 4 < MOST_COLUMNS ? COLS - 4 : MOST_COLUMNS;
	int rows = LINES - 4 < MOST_ROWS ? LINES - 4 : MOST_ROWS;
	struct rect box = { 2, (COLS - columns) / 2, rows, columns };

	paint_frame(&box, "Go to");
	jump->list = (struct rect){ box.y + 2, box.x + 1, rows - FRAME_ROWS, columns - 2 };
	app->cursor_y = box.y + 1;
	app->cursor_x = paint_edit(box.y + 1, box.x + 2, columns - 4, &jump->edit, false);
	if (!jump->edit.text.len)
		paint_text(box.y + 1, box.x + 3, columns - 5, ROLE_DIM,
			   "some letters of a step, a pane, a :command, logs or a pod");
	paint_list(jump);
	if (jump->targets.cut)
		paint_format(box.y + rows - 2, box.x + 2, columns - 4, ROLE_WARNING,
			     "%zu of %zu; only %d rows of the pods: %s or %s in that pane find all",
			     jump->count, jump->targets.count, JUMP_ROWS_MAX,
			     keymap_label(CMD_SEARCH), keymap_label(CMD_FILTER));
	else
		paint_format(box.y + rows - 2, box.x + 2, columns - 4, ROLE_DIM,
			     "%zu of %zu   Up and Down move, Enter goes there, Esc goes back",
			     jump->count, jump->targets.count);
}
