#include "config.h"

#include "ui/screen/header.h"

#include <curses.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/content/objective.h"
#include "ui/content/target_words.h"
#include "ui/model/insecure.h"
#include "ui/text/local_time.h"
#include "ui/text/paint.h"

enum {
	WIDE_COLUMNS = 120, /* from here on there is room for the hour at which an objective ends */
	ACTOR_LEAST = 6,    /* fewer columns of a name tell nothing */
	MORE_COLUMNS = 4,   /* of " +12" */
};

/* "RTO 1h LEFT 0:21:18", "RTO 45m OVERDUE 0:04:10", "RTO 45m kept in 0:38:42". */
static void
append_objective(const struct app *app, struct str *out, enum role *ret_role)
{
	char target[CLOCK_STAMP_MAX], clock[CLOCK_STAMP_MAX];
	struct objective at;

	if (!objective_now(&app->model, &at))
		return;
	int64_t left_ms = at.spec->target_ms - at.took_ms;
	int64_t end_ms = at.begun_ms + at.spec->target_ms;
	str_printf(out, "RTO %s ", duration_format(at.spec->target_ms, target));
	switch (at.status) {
	case OBJECTIVE_RUNNING:
		str_printf(out, "LEFT %s", duration_format_clock(left_ms, clock));
		break;
	case OBJECTIVE_OVERDUE:
		str_printf(out, "OVERDUE %s", duration_format_clock(-left_ms, clock));
		*ret_role = ROLE_BAD;
		break;
	case OBJECTIVE_KEPT:
	case OBJECTIVE_MISSED:
		str_printf(out, "%s in %s", objective_word(at.status),
			   duration_format_clock(at.took_ms, clock));
		break;
	case OBJECTIVE_NOT_BEGUN:
	case OBJECTIVE_PASSED_OVER:
	case OBJECTIVE_NOT_REACHED:
	case OBJECTIVE_UNTOLD:
		str_append(out, objective_word(at.status));
		break;
	}
	if (COLS >= WIDE_COLUMNS &&
	    (at.status == OBJECTIVE_RUNNING || at.status == OBJECTIVE_OVERDUE))
		str_printf(out, ", till %s", clock_format_hms(end_ms, clock));
}

void
header_paint_first(const struct app *app)
{
	const struct run_state *state = app->model.state;
	int64_t now_ms = model_now_ms(&app->model);
	char clock[CLOCK_STAMP_MAX], elapsed[CLOCK_STAMP_MAX];
	int64_t end_ms = state->phase == RUN_ENDED ? state->ended_ms : now_ms;
	struct str times = STR_INIT, objective = STR_INIT;
	enum role role = ROLE_STRONG;

	str_append(&times, clock_format_hms(now_ms, clock));
	if (app->model.options->look.local_time)
		local_time_append(&times, now_ms);
	int64_t elapsed_ms = state->started_ms ? end_ms - state->started_ms : 0;
	bool is_known = run_state_has_durations(state) && elapsed_ms >= 0;
	str_printf(&times, "  T+%s", is_known ? duration_format_clock(elapsed_ms, elapsed) : "?");
	append_objective(app, &objective, &role);
	int right = COLS - (int)times.len - 1 - (objective.len ? (int)objective.len + 2 : 0);
	int x = paint_mode(str_equal(state->mode, "drill"));
	paint_format(0, x + 1, right - x - 3, ROLE_STRONG, "%s%s%s",
		     state->run_id ? state->run_id : "", state->run_id ? "  " : "",
		     state->runbook_title ? state->runbook_title : "");
	x = right + paint_text(0, right, COLS - right, ROLE_STRONG, str_cstr(&times)) + 2;
	paint_text(0, x, COLS - x, role, str_cstr(&objective));
	str_release(&times);
	str_release(&objective);
}

/* Nobody may forget that a server is not known to be the right one. */
int
header_paint_insecure(const struct app *app, int y, int x, int columns)
{
	struct str text = STR_INIT;
	int used = 0;

	if (insecure_describe(&app->model, app->feeds, &text))
		used = paint_text(y, x, columns, ROLE_BAD, str_cstr(&text));
	str_release(&text);
	return used;
}

/* What targets are called, in short; a cluster and namespace that has several names is there once. */
struct target_names {
	char **items;
	size_t count, cap;
};

/* Takes over `name`. */
static void
add_name(struct target_names *names, char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (str_equal(names->items[i], name)) {
			free(name);
			return;
		}
	*VEC_PUSH(names->items, names->count, names->cap) = name;
}

static char *
short_name(const struct target_state *target)
{
	struct str words = STR_INIT;

	target_words_short(target, &words);
	return str_take(&words);
}

/* All targets but one, in short, as many as there is room for; the first one in any case where `one`. */
static void
append_others(const struct run_state *state, const struct target_state *but, bool one, int columns,
	      struct str *out)
{
	struct target_names names = { 0 };
	size_t first = but != NULL, at;

	if (but)
		add_name(&names, short_name(but));
	for (size_t i = 0; i < state->targets_count; i++)
		add_name(&names, short_name(&state->targets[i]));
	for (at = first; at < names.count; at++) {
		const char *between = at > first ? ", " : "";
		int more = at + 1 < names.count ? MORE_COLUMNS : 0;
		int width = text_width(str_cstr(out)) + text_width(between) +
			    text_width(names.items[at]) + more;

		if (width > columns && !(one && at == first))
			break;
		str_printf(out, "%s%s", between, names.items[at]);
	}
	if (at > first && at < names.count)
		str_printf(out, " +%zu", names.count - at);
	for (size_t i = 0; i < names.count; i++)
		free(names.items[i]);
	free(names.items);
}

void
header_append_targets(const struct app *app, int columns, struct str *out)
{
	append_others(app->model.state, NULL, true, columns, out);
}

static const struct target_state *
current_target(const struct app *app)
{
	const struct step_state *step = run_state_current(app->model.state);

	return step && step->target ? run_state_target(app->model.state, step->target) : NULL;
}

/* That of the current step, at length if there is room; all of them where it has none. */
static void
describe_targets(const struct app *app, int columns, struct str *out)
{
	const struct target_state *target = current_target(app);

	if (!target) {
		header_append_targets(app, columns, out);
		return;
	}
	target_words_long(target, out);
	if (text_width(str_cstr(out)) <= columns)
		return;
	str_clear(out);
	target_words_short(target, out);
}

/* Who acts: the operator, or whose run is only looked at. */
static void
append_actor(const struct app *app, struct str *out)
{
	const char *name = app->model.state->operator_name;

	if (model_follows(&app->model))
		str_printf(out, "FOLLOWING %s", app->model.holder);
	else
		str_append(out, name ? name : "");
}

void
header_paint_second(const struct app *app)
{
	struct str actor = STR_INIT, targets = STR_INIT, others = STR_INIT, journal = STR_INIT;

	model_journal(&app->model, &journal);
	append_actor(app, &actor);
	int right = COLS - (int)journal.len - 1;
	int warned = header_paint_insecure(app, 1, 0, right), x = warned ? warned + 2 : 1;
	int room = right - x - 2;
	describe_targets(app, room - text_width(str_cstr(&actor)) - 2, &targets);
	int names = room - text_width(str_cstr(&targets)) - 2;
	if (names >= ACTOR_LEAST || names >= text_width(str_cstr(&actor)))
		x += paint_text(1, x, names, model_follows(&app->model) ? ROLE_WARNING : ROLE_TEXT,
				str_cstr(&actor)) +
		     2;
	x += paint_text(1, x, right - x - 1, ROLE_STRONG, str_cstr(&targets)) + 2;
	if (current_target(app)) {
		append_others(app->model.state, current_target(app), false, right - x - 1, &others);
		paint_text(1, x, right - x - 1, ROLE_DIM, str_cstr(&others));
	}
	paint_text(1, right, COLS - right, app->model.broken ? ROLE_BAD : ROLE_TEXT,
		   str_cstr(&journal));
	str_release(&actor);
	str_release(&targets);
	str_release(&others);
	str_release(&journal);
}
