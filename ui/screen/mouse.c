#include "config.h"

#include "ui/screen/mouse.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "ui/keys/scroll.h"
#include "ui/pane/pane.h"
#include "ui/screen/jump.h"
#include "ui/terminal/terminal.h"

enum {
	DOUBLE_CLICK_MS = 400,
	WHEEL_ROWS = 3, /* of text; a cursor goes on by one */
};

struct mouse {
	int64_t clicked_ms; /* monotonic; 0: the last click is no first one of two */
	int y, x;
};

void
mouse_set(struct app *app, bool on)
{
	if (on && !app->mouse)
		app->mouse = xcalloc(1, sizeof(*app->mouse));
	if (!on) {
		mouse_free(app->mouse);
		app->mouse = NULL;
	}
	terminal_mouse(on);
}

void
mouse_free(struct mouse *mouse)
{
	free(mouse);
}

/* PANE_COUNT: none is there. */
static enum pane
pane_at(const struct app *app, int y, int x)
{
	enum pane pane = 0;

	while (pane < PANE_COUNT && !mouse_is_in(&app->layout.panes[pane], y, x))
		pane++;
	return pane;
}

static bool
is_second_click(struct mouse *mouse, int y, int x)
{
	int64_t now_ms = clock_mono_ms();
	bool second = mouse->clicked_ms && now_ms - mouse->clicked_ms <= DOUBLE_CLICK_MS &&
		      mouse->y == y && mouse->x == x;

	*mouse = (struct mouse){ .clicked_ms = second ? 0 : now_ms, .y = y, .x = x };
	return second;
}

static void
click_row(struct app *app, enum pane pane, int row, int column)
{
	const struct find_rows *rows = pane_table[pane]->rows;

	if (pane_table[pane]->click) {
		pane_table[pane]->click(app, row, column);
	} else if (rows) {
		size_t index = app->first[pane] + (size_t)row;

		if (index < find_count(app, pane))
			find_put(&app->finds[pane], find_row(app, pane, index));
	}
}

static void
click_pane(struct app *app, enum pane pane, int y, int x)
{
	const struct rect *rect = &app->layout.panes[pane];
	bool second = is_second_click(app->mouse, y, x);

	app_focus(app, pane);
	if (y > rect->y)
		click_row(app, pane, y - rect->y - 1, x - rect->x);
	else if (second)
		app_zoom(app);
	if (second && y > rect->y && pane == PANE_STEPS)
		app_focus(app, PANE_STEP);
}

/* A name at the end of a title stands for a pane that has no place. */
static bool
click_tab(struct app *app, int y, int x)
{
	for (size_t i = 0; i < app->tabs_count; i++) {
		const struct tab *tab = &app->tabs[i];

		if (y == tab->y && x >= tab->begin && x < tab->end) {
			app_focus(app, tab->pane);
			return true;
		}
	}
	return false;
}

/* What only shows something, or goes somewhere. */
static bool
decides_nothing(enum command command)
{
	return (command >= CMD_CURRENT && command != CMD_SUSPEND) || command == CMD_SHOW_OUTPUT;
}

static void
click_bar(struct app *app, int x)
{
	for (size_t i = 0; i < app->bar_count; i++) {
		const struct bar_word *word = &app->bar[i];

		if (x < word->begin || x >= word->end)
			continue;
		if (decides_nothing(word->binding->command))
			app_dispatch(app, word->binding);
		else
			app_say(app, ROLE_TEXT, "That takes the key %s: the mouse decides nothing",
				word->binding->label);
		return;
	}
}

static bool
has_cursor(enum pane pane)
{
	return pane == PANE_STEPS || pane == PANE_PODS || pane == PANE_IMPACT;
}

static void
turn_wheel(struct app *app, int y, int x, enum command command)
{
	enum pane pane = pane_at(app, y, x);
	int rows;

	if (app->page.shown) {
		for (int i = 0; i < WHEEL_ROWS; i++)
			page_move(app, command);
		return;
	}
	if (pane == PANE_COUNT)
		return;
	rows = app->layout.panes[pane].rows - 1;
	for (int i = 0; i < (has_cursor(pane) ? 1 : WHEEL_ROWS); i++)
		(pane_table[pane]->move)(app, command,
					 rows > 0 ? rows : 1); /* curses has a macro */
}

static void
click(struct app *app, int y, int x)
{
	if (app->page.shown)
		page_click(app, y);
	else if (y == app->layout.keys.y)
		click_bar(app, x);
	else if (!click_tab(app, y, x) && pane_at(app, y, x) < PANE_COUNT)
		click_pane(app, pane_at(app, y, x), y, x);
}

void
mouse_act(struct app *app, int y, int x, bool clicked, int turn)
{
	if (!app->mouse || app->layout.too_small)
		return;
	if (app->dialog) {
		if (turn)
			dialog_scroll(app->dialog, turn * WHEEL_ROWS);
	} else if (app->jump) {
		jump_mouse(app, y, x, clicked, turn);
	} else if (turn) {
		turn_wheel(app, y, x, turn < 0 ? CMD_UP : CMD_DOWN);
	} else if (clicked && !app->entry) {
		click(app, y, x);
	}
}

void
mouse_take(struct app *app, bool pasted)
{
	struct mouse_event events[MOUSE_EVENTS_MAX];
	size_t count = mouse_events(events);

	for (size_t i = 0; i < count && !pasted; i++)
		mouse_act(app, events[i].y, events[i].x, events[i].click, events[i].turn);
}

void
mouse_help(const struct app *app, struct lines *lines)
{
	static const char *const words[][2] = {
		{ "click",
		  "Gives the keys to a pane and goes to its row; in the logs, holds them there." },
		{ "twice on a step", "Gives the keys to the step." },
		{ "on a title",
		  "Gives the keys to that pane; twice: the whole room, or takes it back." },
		{ "on a name", "At the end of a title: shows that pane." },
		{ "on the key row", "Does what that key does, if it decides nothing." },
		{ "wheel", "Moves what is under it, pages and the text of dialogs too." },
	};

	lines_add(lines, ROLE_LABEL, "Mouse");
	lines_wrap(
		lines, ROLE_TEXT, "  ", ROLE_TEXT,
		app->mouse
			? "On; :set nomouse gives it back to the terminal, which selects text with "
			  "it. It decides nothing and answers no question."
			: "Off, so that the terminal selects text with it; :set mouse switches it "
			  "on, mouse: true in config.yaml for good. It decides nothing.");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char *prefix = xasprintf("  %-16s ", words[i][0]);

		lines_wrap(lines, ROLE_KEY, prefix, ROLE_TEXT, words[i][1]);
		free(prefix);
	}
}
