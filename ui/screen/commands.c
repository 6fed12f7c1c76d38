#include "config.h"

#include "ui/keys/scroll.h"
#include "ui/model/situation.h"
#include "ui/page/console_page.h"
#include "ui/pane/pane.h"
#include "ui/screen/app.h"
#include "ui/screen/commandline.h"
#include "ui/screen/copy.h"
#include "ui/screen/jump.h"
#include "ui/terminal/terminal.h"

void
app_focus(struct app *app, enum pane pane)
{
	app->focus = pane;
	if (pane >= PANE_PODS)
		app->lower = pane;
}

void
app_select(struct app *app, size_t step)
{
	const struct run_state *state = app->model.state;

	if (step == app->selected || step >= state->steps_count)
		return;
	app->selected = step;
	app->away = state->current < 0 || step != (size_t)state->current;
	app->first[PANE_STEP] = 0;
	app->detail_moved = false;
	app->finds[PANE_STEPS].has_at = app->finds[PANE_STEP].has_at = false;
}

static void
move(struct app *app, enum command command)
{
	int rows = app->layout.panes[app->focus].rows - 1;

	pane_table[app->focus]->move(app, command, rows > 0 ? rows : 1);
}

/* Sources belong to two panes only; the key goes to the one that is looked at. */
static void
switch_source(struct app *app, enum command command)
{
	enum pane pane =
		app->focus == PANE_PODS || app->focus == PANE_LOGS ? app->focus : app->lower;

	if (pane == PANE_PODS || pane == PANE_LOGS)
		pane_table[pane]->move(app, command, 1);
}

/* What only the pane that has the keys can do. */
static void
command_pane(struct app *app, enum command command)
{
	if (pane_table[app->focus]->command && !app->page.shown)
		pane_table[app->focus]->command(app, command);
	else
		find_command(app, command);
}

static void
go_to_current(struct app *app)
{
	app->away = false;
	app->detail_moved = false;
	app_follow(app);
}

static void
suspend(struct app *app)
{
	if (model_facts(&app->model) & (FACT_RUNNING | FACT_BUSY))
		app_say(app, ROLE_WARNING,
			"Not now: the run would stand still together with the screen");
	else
		terminal_suspend();
}

static void
leave(struct app *app)
{
	if (app->model.closed || app->page.final)
		app->done = true;
	else if (app->leaving)
		app_say(app, ROLE_WARNING,
			"Leaving already: the running step is finished first "
			"(%s cancels it)",
			keymap_label(CMD_CANCEL));
	else
		decide_open(app, CMD_LEAVE);
}

void
app_zoom(struct app *app)
{
	app->zoom = !app->zoom;
}

static void
copy(struct app *app)
{
	copy_here(app, "");
}

static void
redraw(struct app *app)
{
	(void)app;
	terminal_resize();
}

static void
focus_next(struct app *app, unsigned step)
{
	app_focus(app, (enum pane)(((unsigned)app->focus + step) % PANE_COUNT));
}

/* What is run is what is seen: whoever looks at another step is led to it first. */
static bool
leads_to_current(struct app *app, enum command command)
{
	const struct run_state *state = app->model.state;

	if (command != CMD_RUN || !app->away || !run_state_current(state))
		return false;
	go_to_current(app);
	app_say(app, ROLE_TEXT, "This is the current step, %d: %s once more runs it.",
		state->current + 1, keymap_label(CMD_RUN));
	return true;
}

static const struct {
	enum command command;
	void (*act)(struct app *app);
} acts[] = {
	{ CMD_ZOOM, app_zoom },
	{ CMD_COPY, copy },
	{ CMD_JUMP, jump_open },
	{ CMD_COMMAND_LINE, commandline_open },
	{ CMD_WHY, why_page_open },
	{ CMD_HINT, why_page_hint },
	{ CMD_PREFLIGHT, preflight_page_open },
	{ CMD_PLUGIN, console_page_open },
	{ CMD_CURRENT, go_to_current },
	{ CMD_SHOW_OUTPUT, output_page_open },
	{ CMD_HELP, help_open },
	{ CMD_REDRAW, redraw },
	{ CMD_SUSPEND, suspend },
	{ CMD_LEAVE, leave },
};

void
command_dispatch(struct app *app, const struct key_binding *binding)
{
	enum command command = binding->command;

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (acts[i].command == command) {
			acts[i].act(app);
			return;
		}
	if (scroll_is_movement(command))
		move(app, command);
	else if (command >= CMD_PANE_1 && command <= CMD_PANE_6)
		app_focus(app, (enum pane)(command - CMD_PANE_1));
	else if (command == CMD_NEXT_PANE || command == CMD_PREVIOUS_PANE)
		focus_next(app, command == CMD_NEXT_PANE ? 1 : PANE_COUNT - 1);
	else if (command == CMD_PREVIOUS_SOURCE || command == CMD_NEXT_SOURCE)
		switch_source(app, command);
	else if (command >= CMD_SEARCH && command <= CMD_SAVE_LOG)
		command_pane(app, command);
	else if (!leads_to_current(app, command))
		decide_open(app, command);
}
