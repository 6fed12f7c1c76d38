#include "config.h"

#include "ui/screen/app.h"

#include <curses.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "ui/model/situation.h"
#include "ui/page/console_page.h"
#include "ui/pane/pane.h"
#include "ui/screen/entry.h"
#include "ui/screen/jump.h"
#include "ui/screen/mouse.h"

/* What small screens show below at first: live panes where the runbook names any. */
static enum pane
first_lower(const struct runbook *runbook)
{
	const struct pane_set *set = &runbook->panes;
	bool tables = set->pods_count || set->resources_count, logs = set->logs_count;

	for (size_t i = 0; i < runbook->steps_count; i++) {
		set = &runbook->steps[i].panes;
		tables = tables || set->pods_count || set->resources_count;
		logs = logs || set->logs_count;
	}
	return tables ? PANE_PODS : logs ? PANE_LOGS : PANE_AUDIT;
}

void
app_init(struct app *app, const struct ui_options *options, const struct run_link *link,
	 struct run_state *state)
{
	*app = (struct app){ .focus = PANE_STEPS,
			     .lower = first_lower(options->runbook),
			     .asked_seq = -1,
			     .clipboard = options->look.clipboard,
			     .dirty = true };
	app->live = app->lower != PANE_AUDIT;
	model_init(&app->model, options, link, state);
	app->feeds = feeds_new(options);
	app->pods = pods_pane_new();
	app->logs = logs_pane_new();
	app->console = console_view_new();
}

void
app_release(struct app *app)
{
	page_close(app);
	entry_close(app);
	entry_history_free(app->history);
	jump_close(app);
	mouse_free(app->mouse);
	console_view_free(app->console);
	logs_pane_free(app->logs); /* what looks at a feed goes before it */
	pods_pane_free(app->pods);
	feeds_free(app->feeds);
	dialog_free(app->dialog);
	lines_release(&app->detail.lines);
	for (enum pane pane = 0; pane < PANE_COUNT; pane++)
		find_release(&app->finds[pane]);
	model_release(&app->model);
	free(app->message);
}

void
app_say(struct app *app, enum role role, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	free(app->message);
	app->message = text;
	app->message_role = role;
	app->message_seq = app->model.state->decision_seq;
	app->dirty = true;
}

/* What is true of the pane that has the keys. */
static unsigned
pane_facts(const struct app *app)
{
	static const unsigned where[PANE_COUNT] = {
		[PANE_STEPS] = FACT_ON_TEXT | FACT_ON_LIST,
		[PANE_STEP] = FACT_ON_TEXT,
		[PANE_PODS] = FACT_ON_TABLE,
		[PANE_LOGS] = FACT_ON_LOGS,
		[PANE_AUDIT] = FACT_ON_TEXT | FACT_ON_LIST,
		[PANE_IMPACT] = FACT_ON_TEXT,
	};
	const struct pane_ops *ops = pane_table[app->focus];

	return where[app->focus] |
	       (ops->facts ? ops->facts(app) : find_facts(&app->finds[app->focus]));
}

unsigned
app_facts(const struct app *app)
{
	unsigned facts = model_facts(&app->model);

	if (app->page.shown)
		facts |= FACT_ON_TEXT | find_facts(&app->page.find);
	else
		facts |= pane_facts(app);
	if (console_speaks(app))
		facts |= FACT_PLUGIN;
	return facts;
}

unsigned
app_possible_facts(const struct app *app)
{
	return model_follows(&app->model) ? FACT_ANY & ~((FACT_ALWAYS & ~FACT_OVER) | FACT_HINTS)
					  : FACT_ANY;
}

void
app_leave(struct app *app, const char *why)
{
	struct intent *intent;

	if (app->leaving || app->model.closed)
		return;
	app->leaving = true;
	intent = intent_new(INTENT_LEAVE, app->model.state->seq, NULL, why);
	app->model.link->submit(app->model.link->engine, intent);
	if (model_follows(&app->model))
		return; /* nothing of ours is under way */
	if (str_equal(app->model.state->mode, "drill"))
		app_say(app, ROLE_WARNING, "Leaving: what is running is finished first.");
	else
		app_say(app, ROLE_WARNING,
			"Leaving: what is running is finished first. Go on later with: "
			"lifeboat resume %s",
			app->model.state->run_id ? app->model.state->run_id : "");
}

static void
drop_stale_message(struct app *app)
{
	if (app->leaving || app->message_seq == app->model.state->decision_seq)
		return;
	free(app->message);
	app->message = NULL;
}

/* A decision about a situation that is no more must not be taken: its dialog goes. */
static void
drop_stale_dialog(struct app *app)
{
	const struct dialog *dialog = app->dialog;

	if (!dialog || dialog->purpose == CMD_NOTE || dialog->purpose == CMD_LEAVE ||
	    dialog->seen_seq >= app->model.state->decision_seq)
		return;
	dialog_free(app->dialog);
	app->dialog = NULL;
	app_say(app, ROLE_WARNING, "The situation has changed: look again");
}

static void
follow_selection(struct app *app)
{
	const struct run_state *state = app->model.state;
	size_t current = state->current < 0 ? 0 : (size_t)state->current;

	if (!state->steps_count)
		return;
	if (current >= state->steps_count)
		current = state->steps_count - 1;
	if (app->selected >= state->steps_count)
		app->selected = state->steps_count - 1;
	if (app->away || app->selected == current)
		return;
	app->selected = current;
	app->first[PANE_STEP] = 0;
	app->detail_moved = false;
	app->finds[PANE_STEPS].has_at = app->finds[PANE_STEP].has_at = false;
}

void
app_follow(struct app *app)
{
	const struct run_state *state = app->model.state;

	if (app->model.replaying)
		return;
	drop_stale_message(app);
	drop_stale_dialog(app);
	follow_selection(app);
	preflight_page_offer(app);
	if (state->prompt.seq >= 0 && state->prompt.seq != app->asked_seq &&
	    !model_follows(&app->model) && !app->dialog && !app->entry && !app->jump &&
	    !app->page.shown) {
		app->asked_seq = state->prompt.seq;
		decide_open_question(app);
	}
	if (state->phase == RUN_ENDED && !app->page.final) {
		entry_close(app);
		jump_close(app);
		end_page_open(app);
	}
	if (app->model.closed && state->phase != RUN_ENDED)
		app->done = true;
	app->dirty = true;
}

static void
close_dialog(struct app *app)
{
	enum command purpose = app->dialog->purpose;
	const struct step_state *step = run_state_current(app->model.state);

	dialog_free(app->dialog);
	app->dialog = NULL;
	if (purpose == CMD_RUN)
		app_say(app, ROLE_TEXT, "%s",
			step && step->undoing ? "Not taken back." : "Not run.");
	else if (purpose == CMD_ANSWER)
		app_say(app, ROLE_TEXT, "The question stays open: %s comes back to it.",
			keymap_label(CMD_ANSWER));
}

/* The run is at another place, or another pane has the keys. */
void
app_why_not(const struct app *app, const struct key_binding *binding, struct str *out)
{
	if (!(binding->when & app_possible_facts(app)))
		str_printf(out, "the run is only looked at here, and that of %s",
			   app->model.holder);
	else if (binding->when & FACT_ALWAYS)
		situation_describe(app->model.state, out);
	else if (binding->when & FACT_HINTS)
		situation_describe_hints(app->model.state, app->model.options->runbook, out);
	else if (binding->when & (FACT_SEARCHING | FACT_FILTERED))
		str_append(out, "nothing is searched or filtered here");
	else
		str_printf(out, "the keys go to the pane %s", pane_table[app->focus]->name);
}

static void
say_why_not(struct app *app, const struct key_binding *binding)
{
	struct str now = STR_INIT, help = STR_INIT;

	app_why_not(app, binding, &now);
	keymap_help(binding, &help);
	app_say(app, ROLE_TEXT, "%s does not apply: %s. (%s)", binding->label, str_cstr(&now),
		str_cstr(&help));
	str_release(&now);
	str_release(&help);
}

/* Whoever only looks on needs no dialog to stop doing so. */
void
app_dispatch(struct app *app, const struct key_binding *binding)
{
	if (binding->command == CMD_LEAVE && model_follows(&app->model) && !app->model.closed)
		app_leave(app, NULL);
	else
		command_dispatch(app, binding);
}

static void
pane_key(struct app *app, const struct key *key)
{
	int code = input_binding_code(key);
	const struct key_binding *binding = keymap_find(code, app_facts(app)), *other;

	if (binding) {
		app_dispatch(app, binding);
		return;
	}
	other = keymap_any(code);
	if (other && other->command == CMD_CLEAR) /* Esc with nothing to end is a habit */
		model_drop_warning(&app->model);
	else if (other)
		say_why_not(app, other);
}

static void
open_page_key(struct app *app, const struct key *key)
{
	size_t first = app->page.first;

	page_key(app, key);
	if (app->page.shown && app->page.first != first)
		console_page_hold(app);
}

/* Ctrl-Z is no text, wherever it is pressed; a dialog, whose answer counts, keeps its keys. */
static bool
suspends(const struct app *app, const struct key *key)
{
	const struct key_binding *binding;

	if (key->pasted || key->function || key->code >= ' ' || app->dialog)
		return false;
	binding = keymap_find(key->code, FACT_ALWAYS);
	return binding && binding->command == CMD_SUSPEND;
}

/* It was for the operator, who has seen it; but what leaving means stays. */
static void
drop_message(struct app *app)
{
	if (app->leaving)
		return;
	free(app->message);
	app->message = NULL;
}

void
app_key(struct app *app, const struct key *key)
{
	app->dirty = true;
	if (mouse_is(key)) {
		drop_message(app);
		mouse_take(app, key->pasted);
		app_follow(app);
		return;
	}
	if (app->layout.too_small) { /* nothing is decided on a screen that does not show it */
		bool leaves = key->code == 'q' && !key->pasted;

		if (leaves && model_follows(&app->model))
			app_leave(app, NULL);
		app->done = app->model.closed && leaves;
		return;
	}
	drop_message(app);
	if (app->dialog) {
		enum dialog_result result = dialog_key(app->dialog, key);

		if (result == DIALOG_DONE)
			decide_finish(app);
		else if (result == DIALOG_CLOSED)
			close_dialog(app);
	} else if (suspends(app, key)) {
		app_command(app, CMD_SUSPEND);
	} else if (app->jump) {
		jump_key(app, key);
	} else if (app->entry) {
		entry_key(app, key);
	} else if (key->pasted) {
		app_say(app, ROLE_WARNING, "Pasted text is not taken as keys");
	} else if (app->page.shown) {
		open_page_key(app, key);
	} else {
		pane_key(app, key);
	}
	app_follow(app);
}

void
app_command(struct app *app, enum command command)
{
	unsigned facts = app_facts(app);

	app->dirty = true;
	for (size_t i = 0; i < keymap_count; i++)
		if (keymap[i].command == command && (keymap[i].when & facts)) {
			app_dispatch(app, &keymap[i]);
			return;
		}
}
