#include "config.h"

#include "ui/app.h"
#include "ui/console_page.h"
#include "ui/pane.h"
#include "ui/scroll.h"
#include "ui/situation.h"
#include "ui/terminal.h"

static void
focus(struct app *app, enum pane pane)
{
	app->focus = pane;
	if (pane >= PANE_PODS)
		app->lower = pane;
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
	if (pane_table[app->focus]->command)
		pane_table[app->focus]->command(app, command);
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
			"(c cancels it)");
	else
		decide_open(app, CMD_LEAVE);
}

void
command_dispatch(struct app *app, const struct key_binding *binding)
{
	enum command command = binding->command;

	if (scroll_is_movement(command)) {
		move(app, command);
	} else if (command >= CMD_PANE_1 && command <= CMD_PANE_5) {
		focus(app, (enum pane)(command - CMD_PANE_1));
	} else if (command == CMD_NEXT_PANE || command == CMD_PREVIOUS_PANE) {
		unsigned step = command == CMD_NEXT_PANE ? 1 : PANE_COUNT - 1;

		focus(app, (enum pane)(((unsigned)app->focus + step) % PANE_COUNT));
	} else if (command == CMD_ZOOM) {
		app->zoom = !app->zoom;
	} else if (command == CMD_PREVIOUS_SOURCE || command == CMD_NEXT_SOURCE) {
		switch_source(app, command);
	} else if (command >= CMD_SEARCH && command <= CMD_SAVE_LOG) {
		command_pane(app, command);
	} else if (command == CMD_PLUGIN) {
		console_page_open(app);
	} else if (command == CMD_CURRENT) {
		go_to_current(app);
	} else if (command == CMD_SHOW_OUTPUT) {
		output_page_open(app);
	} else if (command == CMD_HELP) {
		help_open(app);
	} else if (command == CMD_REDRAW) {
		terminal_resize();
	} else if (command == CMD_SUSPEND) {
		suspend(app);
	} else if (command == CMD_LEAVE) {
		leave(app);
	} else {
		decide_open(app, command);
	}
}
