#ifndef LIFEBOAT_TESTS_FIXTURE_APP_H
#define LIFEBOAT_TESTS_FIXTURE_APP_H

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/pane/pane.h"
#include "ui/screen/app.h"
#include "ui/screen/entry.h"

/* As much of the screen as commands need, without a terminal: a run of four steps, of which the second is ready. */
struct fixture_app {
	struct app app;
	struct run_state state;
	struct runbook runbook;
	struct ui_options options;
	struct run_link link;
};

static inline void
fixture_app_init(struct fixture_app *f)
{
	static const char *const ids[] = { "look", "signing-key", "drop-tokens", "inspect" };
	static const char *const titles[] = { "Look at the cluster", "Restore the signing key",
					      "Drop the old tokens", "Inspect the planes" };

	*f = (struct fixture_app){ 0 };
	COLS = 80;
	LINES = 24;
	run_state_init(&f->state);
	f->state.steps = xcalloc(4, sizeof(*f->state.steps));
	f->state.steps_count = 4;
	for (size_t i = 0; i < 4; i++) {
		f->state.steps[i].id = xstrdup(ids[i]);
		f->state.steps[i].spec_id = xstrdup(ids[i]);
		f->state.steps[i].title = xstrdup(titles[i]);
	}
	f->state.current = 1;
	f->state.steps[1].status = STEP_PLANNED;
	f->state.phase = RUN_WAITING;
	f->options.runbook = &f->runbook;
	app_init(&f->app, &f->options, &f->link, &f->state);
	f->app.selected = 1;
}

static inline void
fixture_app_release(struct fixture_app *f)
{
	app_release(&f->app);
	run_state_release(&f->state);
}

/* The one of a test program, made and released around each test. */
static struct fixture_app fixture;
static struct app *const app = &fixture.app;

static inline int
fixture_app_setup(void **state)
{
	(void)state;
	fixture_app_init(&fixture);
	return 0;
}

static inline int
fixture_app_teardown(void **state)
{
	(void)state;
	fixture_app_release(&fixture);
	return 0;
}

#endif
