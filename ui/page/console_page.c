#include "config.h"

#include "ui/page/console_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/console.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/terminal/input.h"
#include "ui/terminal/signals.h"
#include "ui/terminal/terminal.h"

enum {
	TEXT_MAX = 64 << 10, /* of what one program says, the end is kept */
	SPEAKERS_MAX = 16,
	AT_THE_END = 1 << 30, /* more rows than a page ever has: painting takes the last ones */
};

struct speaker {
	char *who;
	struct str text;
	struct sgr sgr; /* how it looks */
	bool ended;
};

struct console_view {
	struct speaker speakers[SPEAKERS_MAX];
	size_t count;
	uint64_t generation; /* grows with every change */
	bool held;	     /* the operator has scrolled in the page */
};

struct console_view *
console_view_new(void)
{
	return xcalloc(1, sizeof(struct console_view));
}

static void
drop(struct console_view *view, size_t index)
{
	free(view->speakers[index].who);
	str_release(&view->speakers[index].text);
	sgr_release(&view->speakers[index].sgr);
	view->count--;
	memmove(&view->speakers[index], &view->speakers[index + 1],
		(view->count - index) * sizeof(view->speakers[0]));
	view->generation++;
}

void
console_view_free(struct console_view *view)
{
	while (view && view->count)
		drop(view, view->count - 1);
	free(view);
}

bool
console_speaks(const struct app *app)
{
	return app->console->count > 0;
}

static struct speaker *
speaker_of(struct console_view *view, const char *who)
{
	for (size_t i = 0; i < view->count; i++)
		if (str_equal(view->speakers[i].who, who))
			return &view->speakers[i];
	if (view->count == SPEAKERS_MAX)
		drop(view, 0);
	view->speakers[view->count] = (struct speaker){ .who = xstrdup(who), .sgr = SGR_INIT };
	return &view->speakers[view->count++];
}

static void
lose_beginning(struct speaker *speaker)
{
	size_t surplus = speaker->text.len - TEXT_MAX;
	const char *line = strchr(speaker->text.data + surplus, '\n');

	if (line)
		surplus = (size_t)(line - speaker->text.data) + 1;
	str_consume(&speaker->text, surplus);
	sgr_consume(&speaker->sgr, surplus);
}

static void
add_text(struct console_view *view, const struct console_event *event)
{
	struct speaker *speaker = speaker_of(view, event->who);

	if (speaker->ended) {
		str_clear(&speaker->text);
		sgr_clear(&speaker->sgr);
	}
	speaker->ended = false;
	sgr_append(&speaker->sgr, event->sgr.spans, event->sgr.count, speaker->text.len);
	str_append(&speaker->text, event->text);
	view->generation++;
	if (speaker->text.len > TEXT_MAX)
		lose_beginning(speaker);
}

/* ---- the page ---- */

static void
fill(const struct app *app, struct lines *lines)
{
	const struct console_view *view = app->console;

	for (size_t i = 0; i < view->count; i++) {
		const struct speaker *speaker = &view->speakers[i];

		lines_gap(lines);
		if (view->count > 1)
			lines_add(lines, ROLE_LABEL, "%s", speaker->who);
		lines_wrap_coloured(lines, str_cstr(&speaker->text), &speaker->sgr);
		if (speaker->ended)
			lines_add(lines, ROLE_DIM, "-- %s has ended", speaker->who);
	}
}

static uint64_t
generation(const void *data)
{
	const struct console_view *view = data;

	return view->generation;
}

static void
append_state(const void *data, struct str *out)
{
	const struct console_view *view = data;

	if (view->held)
		str_append(out, " held ");
}

static void
close_page(void *data)
{
	struct console_view *view = data;

	view->held = false;
	for (size_t i = view->count; i-- > 0;)
		if (view->speakers[i].ended)
			drop(view, i);
}

static const struct page_source source = {
	.generation = generation,
	.state = append_state,
	.close = close_page,
};

static bool
is_open(const struct app *app)
{
	return app->page.shown && app->page.source == &source;
}

void
console_page_open(struct app *app)
{
	const struct console_view *view = app->console;

	if (!view->count)
		return;
	char *title = xasprintf("%s says", view->speakers[view->count - 1].who);
	page_open(app, title, fill);
	app->page.source = &source;
	app->page.data = app->console;
	app->page.first = AT_THE_END;
	free(title);
}

void
console_page_hold(struct app *app)
{
	if (is_open(app))
		app->console->held = true;
}

/* ---- events ---- */

/* What the operator is deciding or writing just now is never covered. */
static void
show(struct app *app, const char *who)
{
	if (is_open(app)) {
		if (!app->console->held)
			app->page.first = AT_THE_END;
	} else if (app->dialog || app->entry || app->page.final) {
		app_say(app, ROLE_WARNING,
			"%s wants something of you: x shows it, outside this "
			"question",
			who);
	} else {
		console_page_open(app);
	}
}

static void
end_speaker(struct app *app, const char *who)
{
	struct console_view *view = app->console;
	bool keep = is_open(app) && view->held, any = false;

	for (size_t i = view->count; i-- > 0;) {
		if (!str_equal(view->speakers[i].who, who))
			continue;
		view->speakers[i].ended = true;
		view->generation++;
		if (!keep && (!is_open(app) || view->count > 1))
			drop(view, i);
	}
	for (size_t i = 0; i < view->count; i++)
		any = any || !view->speakers[i].ended;
	if (is_open(app) && !keep && !any)
		page_close(app);
}

char *
console_notice(const char *who)
{
	char *clean = text_clean(who, 0);
	char *notice =
		xasprintf("lifeboat: %s uses this terminal now; Ctrl-C ends it. The run goes "
			  "on meanwhile.\n",
			  clean);

	free(clean);
	return notice;
}

/* Whoever comes back to the screen must look again before confirming anything. */
static void
lend(struct app *app, const char *who)
{
	if (app->hung_up)
		return;
	if (app->dialog && app->dialog->purpose != CMD_NOTE) {
		dialog_free(app->dialog);
		app->dialog = NULL;
		app_say(app, ROLE_WARNING, "The situation has changed: look again");
	}
	char *notice = console_notice(who);
	input_flush(); /* terminal_lend() does so with what is typed meanwhile */
	terminal_lend(notice, console_lend);
	free(notice);
	signals_forget(WISH_INTERRUPT | WISH_SUSPEND);
}

void
console_take(struct app *app)
{
	struct console_event event;

	while (console_next(&event)) {
		switch (event.type) {
		case CONSOLE_TEXT:
			add_text(app->console, &event);
			show(app, event.who);
			break;
		case CONSOLE_DONE:
			end_speaker(app, event.who);
			break;
		case CONSOLE_BORROW:
			lend(app, event.who);
			break;
		}
		console_event_release(&event);
		app->dirty = true;
	}
}
