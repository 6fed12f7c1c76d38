#include "config.h"

#include <langinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/console.h"
#include "run/state/foresee.h"
#include "ui/model/situation.h"
#include "ui/page/console_page.h"
#include "ui/pane/pane.h"
#include "ui/screen/app.h"
#include "ui/screen/mouse.h"
#include "ui/terminal/input.h"
#include "ui/terminal/signals.h"
#include "ui/terminal/terminal.h"
#include "ui/text/paint.h"
#include "ui/ui.h"

enum {
	FRAME_MS = 33,	/* at most 30 frames a second */
	TICK_MS = 1000, /* the clocks in the header */
	EVENTS_A_ROUND = 2000,
	KEYS_A_ROUND = 256,
};

enum source { FROM_KEYS, FROM_ENGINE, FROM_FEEDS, FROM_SIGNALS, FROM_CONSOLE, SOURCES };

/* Nobody waits for a terminal that is gone. */
static void
hang_up(struct app *app)
{
	if (!app->hung_up)
		console_disown(true);
	app->hung_up = true;
}

static void
heed_wishes(struct app *app)
{
	unsigned wishes = signals_wishes();

	if (wishes & WISH_RESIZE)
		terminal_resize();
	if (wishes & WISH_SUSPEND)
		terminal_suspend();
	if ((wishes & WISH_INTERRUPT) && model_follows(&app->model))
		app_leave(app, NULL);
	else if ((wishes & WISH_INTERRUPT) && !app->dialog)
		app_command(app, CMD_CANCEL);
	if (wishes & WISH_HANGUP)
		hang_up(app);
	if ((wishes & WISH_LEAVE) && app->model.closed)
		app->done = true;
	else if (wishes & WISH_LEAVE)
		app_leave(app, wishes & WISH_HANGUP ? "the terminal was hung up" : "SIGTERM");
	if ((wishes & WISH_TERMINATE) && !app->model.closed)
		app->model.link->submit(app->model.link->engine,
					signals_hurry(app->model.state->seq));
	app->dirty = app->dirty || wishes;
}

/* True when keys were there: they are answered without waiting for the next frame. */
static bool
take_keys(struct app *app, short revents)
{
	struct key key;
	int count = 0;

	while (count < KEYS_A_ROUND && input_next(&key)) {
		app_key(app, &key);
		count++;
	}
	if (count == 0 && (revents & (POLLHUP | POLLERR | POLLNVAL))) {
		hang_up(app);
		app_leave(app, "the terminal was hung up");
	}
	return count > 0;
}

static void
show_refusal(void *data, const struct run_event *event)
{
	struct app *app = data;

	if (event->type == EVENT_REFUSED)
		app_say(app, ROLE_WARNING, "Refused: %s", event->text);
}

static int
take_events(struct app *app, struct err *e)
{
	int count = model_take_events(&app->model, EVENTS_A_ROUND, show_refusal, app, e);

	if (count > 0) {
		app_follow(app);
		feeds_follow(app->feeds, &app->model);
	}
	return count < 0 ? -1 : 0;
}

/* How long to wait: to the next frame while something is to be painted, else to the next second. */
static int
patience(const struct app *app, int64_t painted_ms)
{
	int64_t since_ms = clock_mono_ms() - painted_ms;
	int64_t period_ms = app->dirty ? FRAME_MS : TICK_MS;

	return since_ms >= period_ms ? 0 : (int)(period_ms - since_ms);
}

/* A slice of what takes the panes long; true: there is more, so that nothing is to be waited for. */
static bool
work(struct app *app)
{
	bool more = false;

	for (enum pane pane = 0; pane < PANE_COUNT; pane++)
		if (pane_table[pane]->work && pane_table[pane]->work(app))
			more = true;
	return more;
}

/* Waits for whatever comes first, and takes it in; *ret_at_once: it was keys. */
static int
take_in(struct app *app, int console_fd, int timeout_ms, bool *ret_at_once, struct err *e)
{
	struct pollfd fds[SOURCES] = {
		[FROM_KEYS] = { app->hung_up ? -1 : STDIN_FILENO, POLLIN, 0 },
		[FROM_ENGINE] = { app->model.closed ? -1 : queue_fd(app->model.link->events),
				  POLLIN, 0 },
		[FROM_FEEDS] = { feeds_fd(app->feeds), POLLIN, 0 },
		[FROM_SIGNALS] = { signals_fd(), POLLIN, 0 },
		[FROM_CONSOLE] = { app->hung_up ? -1 : console_fd, POLLIN, 0 },
	};

	poll(fds, SOURCES, timeout_ms);
	heed_wishes(app);
	if (fds[FROM_FEEDS].revents) {
		feeds_clear(app->feeds);
		app->dirty = true;
	}
	if (take_events(app, e) < 0)
		return -1;
	if (fds[FROM_KEYS].revents)
		*ret_at_once = take_keys(app, fds[FROM_KEYS].revents);
	if (fds[FROM_CONSOLE].revents && !app->hung_up)
		console_take(app);
	return 0;
}

static int
loop(struct app *app, int console_fd, struct err *e)
{
	int64_t painted_ms = clock_mono_ms() - TICK_MS;

	while (!app->done && !(app->hung_up && app->model.closed)) {
		bool more = work(app), at_once = false;

		if (take_in(app, console_fd, more ? 0 : patience(app, painted_ms), &at_once, e) < 0)
			return -1;
		if (!at_once && patience(app, painted_ms) > 0)
			continue;
		app_paint(app);
		painted_ms = clock_mono_ms();
	}
	return 0;
}

/* Why the engine went without being asked to, for the operator's shell. */
static int
check_end(const struct app *app, enum ui_end *ret_end, struct err *e)
{
	const struct run_state *state = app->model.state;

	if (state->phase == RUN_ENDED) {
		*ret_end = UI_END_RUN_OVER;
		return 0;
	}
	if (model_follows(&app->model) && !app->model.warning) {
		*ret_end = app->leaving ? UI_END_LEFT : UI_END_RELEASED;
		return 0;
	}
	if (model_follows(&app->model))
		return err_set(e, ERR_SPEC, "the run cannot be followed any further: %s",
			       app->model.warning);
	if (!app->leaving && state->phase != RUN_STOPPED)
		return situation_stopped(state, app->model.warning, e);
	*ret_end = UI_END_LEFT;
	return 0;
}

static int openings;

int
ui_open(const struct ui_look *look, struct err *e)
{
	bool utf8 = str_equal(nl_langinfo(CODESET), "UTF-8");
	const char *no_color = getenv("NO_COLOR");

	if (openings == 0 && terminal_open(look->mono || (no_color && *no_color), e) < 0)
		return -1;
	if (openings++ == 0)
		terminal_mouse(look->mouse);
	paint_init(look->ascii || !utf8);
	return 0;
}

char *
ui_screen_problem(void)
{
	return openings ? NULL : terminal_problem();
}

void
ui_close(void)
{
	if (--openings == 0)
		terminal_close();
}

/* What will be done is to be read while the run's journal is made. Keys of that time were about nothing yet. */
static int
begin(struct app *app, const struct ui_beginning *beginning, struct err *e)
{
	if (!beginning)
		return 0;
	foresee_run(app->model.state, app->model.options->runbook, beginning->mode);
	app_say(app, ROLE_TEXT, "Nothing has begun yet: the runbook is being checked");
	app_paint(app);
	app->model.link = beginning->begin(beginning->data, e);
	input_flush();
	return app->model.link ? 0 : -1;
}

int
ui_screen_run(const struct ui_options *options, const struct run_link *link,
	      struct run_state *state, enum ui_end *ret_end, struct err *e)
{
	struct app app;
	int console_fd, rc;

	if (ui_open(&options->look, e) < 0)
		return -1;
	app_init(&app, options, link, state);
	mouse_set(&app, options->look.mouse);
	console_fd = console_own();
	rc = begin(&app, options->beginning, e);
	if (rc == 0)
		rc = loop(&app, console_fd, e);
	ui_close();
	if (!app.hung_up)
		console_disown(false);
	if (rc == 0)
		rc = check_end(&app, ret_end, e);
	app_release(&app);
	return rc;
}
