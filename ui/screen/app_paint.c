#include "config.h"

#include <curses.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/content/step_detail.h"
#include "ui/content/step_plan.h"
#include "ui/model/situation.h"
#include "ui/pane/pane.h"
#include "ui/screen/app.h"
#include "ui/screen/entry.h"
#include "ui/screen/header.h"
#include "ui/screen/jump.h"
#include "ui/text/paint.h"

enum {
	BANNER_ROWS_MAX = 4,
	TALL_ROWS = 24, /* on less than that a banner is shorter */
};

/* Why nothing can be recorded any more, and what that means, in as many rows as it takes. */
static void
lay_out_banner(const struct app *app, struct lines *lines)
{
	lines_init(lines, COLS);
	if (!app->model.broken)
		return;
	lines_add(lines, ROLE_LIVE, " JOURNAL BROKEN: only reads are allowed ");
	lines_wrap(lines, ROLE_BAD, " ", ROLE_BAD, app->model.broken);
}

static int
banner_rows(const struct app *app)
{
	int most = LINES < TALL_ROWS ? BANNER_ROWS_MAX - 1 : BANNER_ROWS_MAX;
	struct lines lines;

	lay_out_banner(app, &lines);
	int rows = lines.count > (size_t)most ? most : (int)lines.count;
	lines_release(&lines);
	return rows;
}

static void
paint_banner(const struct app *app)
{
	const struct rect *rect = &app->layout.banner;
	struct lines lines;

	lay_out_banner(app, &lines);
	for (int i = 0; i < rect->rows; i++)
		paint_line(rect->y + i, 0, rect->columns, &lines.items[i], false);
	lines_release(&lines);
}

/* Whether there is anything to see in a pane that has no place now. */
static bool
is_hidden(const struct app *app, enum pane pane)
{
	bool empty = pane == PANE_IMPACT && !app->model.options->runbook->impact_count;

	return app->layout.panes[pane].rows == 0 && !empty;
}

/*
 * The keys of those that have no place stand at the end of the title of the first of the lower panes. Where each is in
 * that text is remembered for the mouse.
 */
static void
append_others(struct app *app, enum pane pane, struct str *out)
{
	if (pane < PANE_PODS)
		return;
	for (enum pane before = PANE_PODS; before < pane; before++)
		if (app->layout.panes[before].rows)
			return;
	for (enum pane other = PANE_PODS; other < PANE_COUNT; other++)
		if (is_hidden(app, other)) {
			struct tab *tab = &app->tabs[app->tabs_count++];

			*tab = (struct tab){ .pane = other, .begin = (int)out->len };
			str_printf(out, " %d %s ", (int)other + 1, pane_table[other]->name);
			tab->end = (int)out->len;
		}
}

static void
place_tabs(struct app *app, int y, int x)
{
	for (size_t i = 0; i < app->tabs_count; i++) {
		app->tabs[i].y = y;
		app->tabs[i].begin += x;
		app->tabs[i].end += x;
	}
}

/* Of the pane that has the keys, what it says matters more than the names of the others. */
static void
paint_title(struct app *app, enum pane pane)
{
	const struct rect *rect = &app->layout.panes[pane];
	bool focused = app->focus == pane;
	enum role role = focused ? ROLE_TITLE_FOCUS : ROLE_TITLE;
	struct str title = STR_INIT, others = STR_INIT;

	str_printf(&title, "%d %s", (int)pane + 1, pane_table[pane]->name);
	pane_table[pane]->title(app, &title);
	if (!app->zoom)
		append_others(app, pane, &others);
	int columns = (int)others.len;
	if (columns >= rect->columns / 2 ||
	    (focused && text_width(str_cstr(&title)) > rect->columns - columns))
		columns = 0;
	if (columns)
		place_tabs(app, rect->y, rect->x + rect->columns - columns);
	else if (others.len)
		app->tabs_count = 0;
	paint_blank(rect->y, rect->x, rect->columns, role);
	paint_text(rect->y, rect->x, rect->columns - columns, role, str_cstr(&title));
	if (columns)
		paint_text(rect->y, rect->x + rect->columns - columns, columns, role,
			   str_cstr(&others));
	str_release(&title);
	str_release(&others);
}

static void
paint_pane(struct app *app, enum pane pane)
{
	const struct rect *rect = &app->layout.panes[pane];

	if (rect->rows == 0)
		return;
	paint_title(app, pane);
	pane_table[pane]->paint(
		app, &(struct rect){ rect->y + 1, rect->x, rect->rows - 1, rect->columns });
}

static void
paint_tail(const struct app *app)
{
	const struct rect *rect = &app->layout.tail;
	char stamp[CLOCK_STAMP_MAX];

	if (rect->rows == 0 || app->model.audit_count == 0)
		return;
	const struct audit_entry *entry = &app->model.audit[app->model.audit_count - 1];
	int used = paint_format(rect->y, 0, rect->columns, ROLE_DIM, "%s ",
				clock_format_hms(entry->ts_ms, stamp));
	paint_text(rect->y, used, rect->columns - used, entry->role, entry->text);
}

static void
paint_message(const struct app *app)
{
	const struct rect *rect = &app->layout.message;
	const struct run_state *state = app->model.state;
	struct str text = STR_INIT;

	if (app->message) {
		paint_format(rect->y, 0, rect->columns, app->message_role, " %s", app->message);
	} else if (app->model.warning) {
		paint_format(rect->y, 0, rect->columns, ROLE_BAD, " WARNING: %s",
			     app->model.warning);
	} else {
		situation_describe(state, &text);
		if (app->away && state->current >= 0 && (size_t)state->current < state->steps_count)
			str_printf(&text, "; shown is step %zu, %s goes back to step %d",
				   app->selected + 1, keymap_label(CMD_CURRENT),
				   state->current + 1);
		else if (app->model.progress)
			str_printf(&text, ": %s", app->model.progress);
		if (app->model.options->takes_over)
			str_append(&text, "; taken over here when that process ends");
		paint_format(rect->y, 0, rect->columns, ROLE_CURRENT, " Now: %s", str_cstr(&text));
	}
	str_release(&text);
}

/* The row of a command that applies now, or NULL. */
static const struct key_binding *
binding_of(enum command command, unsigned facts)
{
	for (size_t i = 0; i < keymap_count; i++)
		if (keymap[i].command == command && *keymap[i].label &&
		    keymap_applies(&keymap[i], facts))
			return &keymap[i];
	return NULL;
}

static int
hint_columns(const struct key_binding *key)
{
	return text_width(key->label) + 1 + text_width(key->word);
}

/* Paints it and remembers where it is, for the mouse; returns the columns that it took. */
static int
paint_hint(struct app *app, int y, int x, const struct key_binding *key)
{
	int used = paint_text(y, x, COLS - x, ROLE_KEY, key->label);

	used += paint_format(y, x + used, COLS - x - used, ROLE_DIM, " %s", key->word);
	if (app->bar_count < BAR_WORDS_MAX)
		app->bar[app->bar_count++] = (struct bar_word){ x, x + used, key };
	return used;
}

/* As many hints as there is room for, each of them whole; how to get help is always among them. */
static void
paint_keys(struct app *app)
{
	const struct rect *rect = &app->layout.keys;
	unsigned facts = app_facts(app);
	const struct key_binding *help = binding_of(CMD_HELP, facts);
	int end = rect->columns - (help ? hint_columns(help) + 1 : 0), x = 1;

	app->bar_count = 0;
	if (app->dialog)
		return; /* it has the keys, and says which */
	if (help)
		paint_hint(app, rect->y, end, help);
	for (size_t i = 0; i < keymap_count; i++) {
		const struct key_binding *key = &keymap[i];

		if (!key->word || key == help || !*key->label || !keymap_applies(key, facts) ||
		    x + hint_columns(key) + 2 > end)
			continue;
		x += paint_hint(app, rect->y, x, key) + 2;
	}
}

static void
paint_dialog(struct app *app)
{
	const struct step_state *step = run_state_current(app->model.state);
	int top = app->layout.header.rows + app->layout.banner.rows;
	struct rect room = { top, 0, LINES - top - 2, COLS };
	struct lines plan;

	lines_init(&plan, dialog_columns(&room));
	if (app->dialog->shows_plan && step && step->uses)
		step_plan_asked(&app->model, step, &plan);
	dialog_paint(app->dialog, &room, &plan, &app->cursor_y, &app->cursor_x);
	lines_release(&plan);
}

/* Too small for panes, and still no place for doubt about how things stand. */
static void
paint_too_small(const struct app *app)
{
	const struct run_state *state = app->model.state;
	struct str now = STR_INIT, targets = STR_INIT;

	situation_describe(state, &now);
	header_append_targets(app, COLS, &targets);
	int x = paint_mode(str_equal(state->mode, "drill"));
	paint_format(0, x + 1, COLS - x - 1, ROLE_STRONG, "%s", state->run_id ? state->run_id : "");
	paint_text(1, 0, COLS, ROLE_STRONG, str_cstr(&targets));
	paint_format(2, 0, COLS, ROLE_CURRENT, "%s", str_cstr(&now));
	paint_format(3, 0, COLS, ROLE_TEXT, "%zu/%zu steps done", run_state_done(state),
		     state->steps_count);
	paint_format(4, 0, COLS, ROLE_DIM, "too small: %dx%d, needs %dx%d", COLS, LINES,
		     LAYOUT_MIN_COLUMNS, LAYOUT_MIN_ROWS);
	if (app->model.broken)
		paint_text(5, 0, COLS, ROLE_BAD, "JOURNAL BROKEN: only reads are allowed");
	header_paint_insecure(app, 6, 0, COLS);
	str_release(&now);
	str_release(&targets);
}

void
app_lay_out(struct app *app)
{
	layout_compute(&(struct layout_wish){ COLS, LINES, app->focus, app->lower, app->zoom,
					      app->live, banner_rows(app),
					      (int)app->model.options->runbook->impact_count },
		       &app->layout);
}

void
app_paint(struct app *app)
{
	app->dirty = false;
	app_lay_out(app);
	werase(stdscr);
	app->cursor_y = app->cursor_x = 0;
	app->tabs_count = 0;
	if (app->layout.too_small) {
		paint_too_small(app);
	} else if (app->page.shown) {
		header_paint_first(app);
		header_paint_second(app);
		page_paint(app);
		if (app->entry)
			entry_paint(app);
	} else {
		header_paint_first(app);
		header_paint_second(app);
		paint_banner(app);
		for (int i = 0; i < app->layout.rules_count; i++)
			paint_rule(app->layout.rules[i].y, app->layout.rules[i].x,
				   app->layout.rules[i].rows);
		for (enum pane pane = 0; pane < PANE_COUNT; pane++)
			paint_pane(app, pane);
		paint_tail(app);
		if (app->entry) {
			entry_paint(app);
		} else {
			paint_message(app);
			paint_keys(app);
		}
		if (app->dialog)
			paint_dialog(app);
	}
	if (app->jump && !app->layout.too_small)
		jump_paint(app);
	wmove(stdscr, app->cursor_y, app->cursor_x);
	wnoutrefresh(stdscr);
	doupdate();
}
