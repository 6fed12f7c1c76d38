#include "config.h"

#include <curses.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/app.h"
#include "ui/entry.h"
#include "ui/insecure.h"
#include "ui/paint.h"
#include "ui/pane.h"
#include "ui/situation.h"
#include "ui/step_detail.h"

enum {
	PAGE_HINT_COLUMNS = 22, /* how to leave a page, at the beginning of its key row */
	BANNER_ROWS_MAX = 4,
	TALL_ROWS = 24, /* on less than that a banner is shorter */
};

/* "LIVE" or "DRILL" in words, then what is run; the clocks at the right end. */
static void
paint_first_row(const struct app *app)
{
	const struct run_state *state = app->model.state;
	int64_t now_ms = model_now_ms(&app->model);
	char clock[CLOCK_STAMP_MAX], elapsed[CLOCK_STAMP_MAX];
	bool drill = str_equal(state->mode, "drill");
	int64_t end_ms = state->phase == RUN_ENDED ? state->ended_ms : now_ms;
	struct str right = STR_INIT;

	str_printf(
		&right, "%s  T+%s ", clock_format_hms(now_ms, clock),
		duration_format_clock(state->started_ms ? end_ms - state->started_ms : 0, elapsed));
	int x = paint_text(0, 0, COLS, drill ? ROLE_DRILL : ROLE_LIVE,
			   drill ? " DRILL " : " LIVE ");
	int room = COLS - x - (int)right.len - 2;
	x += paint_format(0, x + 1, room, ROLE_STRONG, "%s  %s", state->run_id ? state->run_id : "",
			  state->runbook_title ? state->runbook_title : "");
	paint_text(0, COLS - (int)right.len, (int)right.len, ROLE_STRONG, str_cstr(&right));
	str_release(&right);
}

/* The first objective under way: from its first step's beginning to its last one's end. */
static void
append_objective(const struct app *app, struct str *out)
{
	const struct runbook *runbook = app->model.options->runbook;
	char left[CLOCK_STAMP_MAX];

	for (size_t i = 0; i < runbook->rto_count; i++) {
		const struct rto_spec *rto = &runbook->rto[i];
		const struct step_state *from = run_state_step(app->model.state, rto->from);
		const struct step_state *to = run_state_step(app->model.state, rto->to);

		if (!from || !from->started_ms || (to && to->status == STEP_OK))
			continue;
		str_printf(out, "RTO left %s  ",
			   duration_format_clock(from->started_ms + rto->target_ms -
							 model_now_ms(&app->model),
						 left));
		return;
	}
}

/* Nobody may forget that a server is not known to be the right one; returns the columns it took. */
static int
paint_insecure(const struct app *app, int y, int x, int columns)
{
	struct str text = STR_INIT;
	int used = 0;

	if (insecure_describe(&app->model, app->feeds, &text))
		used = paint_text(y, x, columns, ROLE_BAD, str_cstr(&text));
	str_release(&text);
	return used;
}

/* Who acts: the operator, or whose run is only looked at. Returns the columns it took. */
static int
paint_actor(const struct app *app, int x, int columns)
{
	const char *name = app->model.state->operator_name;

	if (!model_follows(&app->model))
		return paint_format(1, x, columns, ROLE_TEXT, " %s", name ? name : "");
	return paint_format(1, x, columns, ROLE_WARNING, " FOLLOWING %s", app->model.holder);
}

static void
paint_second_row(const struct app *app)
{
	const struct run_state *state = app->model.state;
	const struct step_state *step = run_state_current(state);
	const struct target_state *target =
		step && step->target ? run_state_target(state, step->target) : NULL;
	struct str objective = STR_INIT, journal = STR_INIT;

	append_objective(app, &objective);
	model_journal(&app->model, &journal);
	int x = paint_insecure(app, 1, 0, COLS);
	int room = COLS - (int)objective.len - (int)journal.len - 1, gap = 1;
	x += paint_actor(app, x, room - x - gap);
	if (target)
		paint_format(1, x, room - x - gap, ROLE_TEXT, "  %s",
			     target->describe ? target->describe : target->name);
	x = room > x ? room : x + 1;
	x += paint_text(1, x, COLS - x, ROLE_TEXT, str_cstr(&objective));
	paint_text(1, x, COLS - x, app->model.broken ? ROLE_BAD : ROLE_TEXT, str_cstr(&journal));
	str_release(&objective);
	str_release(&journal);
}

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

/* Small screens show one of three panes below; the keys of the others stand at the end of its title. */
static void
append_others(const struct app *app, enum pane pane, struct str *out)
{
	for (enum pane other = PANE_PODS; pane >= PANE_PODS && other < PANE_COUNT; other++)
		if (app->layout.panes[other].rows == 0)
			str_printf(out, " %d %s ", (int)other + 1, pane_table[other]->name);
}

/* Of the pane that has the keys, what it says matters more than the names of the others. */
static void
paint_title(const struct app *app, enum pane pane)
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
			str_printf(&text, "; current: step %d, press . to return",
				   state->current + 1);
		else if (app->model.progress)
			str_printf(&text, ": %s", app->model.progress);
		if (app->model.options->takes_over)
			str_append(&text, "; taken over here when that process ends");
		paint_format(rect->y, 0, rect->columns, ROLE_CURRENT, " Now: %s", str_cstr(&text));
	}
	str_release(&text);
}

static void
paint_keys(const struct app *app)
{
	const struct rect *rect = &app->layout.keys;
	unsigned facts = app_facts(app);
	int x = 1;

	if (app->dialog)
		return; /* it has the keys, and says which */
	for (size_t i = 0; i < keymap_count; i++) {
		const struct key_binding *key = &keymap[i];
		int room = rect->columns - x;

		if (!key->word || !keymap_applies(key, facts) ||
		    text_width(key->label) + 1 + text_width(key->word) > room)
			continue;
		x += paint_text(rect->y, x, room, ROLE_KEY, key->label);
		x += paint_format(rect->y, x, rect->columns - x, ROLE_DIM, " %s", key->word) + 2;
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
	if (app->dialog->shows_plan && step)
		step_detail_plan(&app->model, step, &plan);
	dialog_paint(app->dialog, &room, &plan, &app->cursor_y, &app->cursor_x);
	lines_release(&plan);
}

/* Too small for panes, and still no place for doubt about how things stand. */
static void
paint_too_small(const struct app *app)
{
	const struct run_state *state = app->model.state;
	struct str now = STR_INIT;

	situation_describe(state, &now);
	paint_text(0, 0, COLS, ROLE_LIVE, str_equal(state->mode, "drill") ? " DRILL " : " LIVE ");
	paint_text(1, 0, COLS, ROLE_TEXT, state->run_id ? state->run_id : "");
	paint_format(2, 0, COLS, ROLE_CURRENT, "%s", str_cstr(&now));
	paint_format(3, 0, COLS, ROLE_TEXT, "%zu/%zu steps done", run_state_done(state),
		     state->steps_count);
	paint_format(4, 0, COLS, ROLE_DIM, "too small: %dx%d, needs %dx%d", COLS, LINES,
		     LAYOUT_MIN_COLUMNS, LAYOUT_MIN_ROWS);
	if (app->model.broken)
		paint_text(5, 0, COLS, ROLE_BAD, "JOURNAL BROKEN: only reads are allowed");
	paint_insecure(app, 6, 0, COLS);
	str_release(&now);
}

/* In place of the end of its key row: the header is covered. */
static void
paint_page(struct app *app)
{
	struct str text = STR_INIT;

	page_paint(app);
	if (app->model.broken)
		str_append(&text, "JOURNAL BROKEN  ");
	insecure_describe(&app->model, app->feeds, &text);
	if (text.len) {
		int width = text_width(str_cstr(&text)) + 1;
		int x = COLS - width > PAGE_HINT_COLUMNS ? COLS - width : PAGE_HINT_COLUMNS;

		paint_blank(LINES - 1, PAGE_HINT_COLUMNS, COLS - PAGE_HINT_COLUMNS, ROLE_TEXT);
		paint_text(LINES - 1, x, COLS - x, ROLE_BAD, str_cstr(&text));
	}
	str_release(&text);
}

void
app_paint(struct app *app)
{
	app->dirty = false;
	layout_compute(&(struct layout_wish){ COLS, LINES, app->focus, app->lower, app->zoom,
					      app->live, banner_rows(app) },
		       &app->layout);
	werase(stdscr);
	app->cursor_y = app->cursor_x = 0;
	if (app->layout.too_small) {
		paint_too_small(app);
	} else if (app->page.shown) {
		paint_page(app);
	} else {
		paint_first_row(app);
		paint_second_row(app);
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
	wmove(stdscr, app->cursor_y, app->cursor_x);
	wnoutrefresh(stdscr);
	doupdate();
}
