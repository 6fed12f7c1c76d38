#include "config.h"

#include "ui/form/form.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/console.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/form/form_model.h"
#include "ui/terminal/input.h"
#include "ui/terminal/signals.h"
#include "ui/terminal/terminal.h"

enum {
	FRAME_MS = 33,
	KEYS_A_ROUND = 256,
	HEARD_MAX = 2048,
};

enum source { FROM_KEYS, FROM_OWNER, FROM_SIGNALS, FROM_CONSOLE, SOURCES };

static void
lose(struct form *form, const char *how)
{
	form->end = FORM_LEFT;
	form->left_by = how;
}

static void
heed_wishes(struct form *form)
{
	unsigned wishes = signals_wishes();

	if (wishes & WISH_RESIZE)
		terminal_resize();
	if (wishes & WISH_SUSPEND)
		terminal_suspend();
	if (wishes & WISH_INTERRUPT)
		form_leave(form);
	if (wishes & WISH_LEAVE)
		lose(form, wishes & WISH_HANGUP ? "the terminal was hung up" : "SIGTERM");
	form->is_dirty = form->is_dirty || wishes;
}

static void
take_keys(struct form *form, short revents)
{
	struct key key;
	int count = 0;

	while (form->end == FORM_OPEN && count < KEYS_A_ROUND && input_next(&key)) {
		form_key(form, &key);
		count++;
	}
	if (count == 0 && (revents & (POLLHUP | POLLERR | POLLNVAL)))
		lose(form, "the terminal was hung up");
}

static void
lend(const char *who)
{
	char *clean = text_clean(who, 0);
	char *notice =
		xasprintf("lifeboat: %s uses this terminal now; Ctrl-C ends it, and the form "
			  "comes back.\n",
			  clean);

	input_flush();
	terminal_lend(notice, console_lend);
	signals_forget(WISH_INTERRUPT | WISH_SUSPEND);
	free(notice);
	free(clean);
}

/* The end of what it says, which may be the code of a login page. */
static void
hear(struct form *form, const char *text)
{
	size_t len;

	str_append(&form->heard, text);
	len = form->heard.len;
	if (len <= HEARD_MAX)
		return;
	const char *line = memchr(form->heard.data + len - HEARD_MAX, '\n', HEARD_MAX);
	str_consume(&form->heard, line ? (size_t)(line + 1 - form->heard.data) : len - HEARD_MAX);
}

/* A credential plugin that wants something of the operator, or the terminal for a while. */
static void
take_console(struct form *form)
{
	struct console_event event;

	while (console_next(&event)) {
		switch (event.type) {
		case CONSOLE_TEXT:
			hear(form, event.text);
			break;
		case CONSOLE_DONE:
			str_clear(&form->heard);
			break;
		case CONSOLE_BORROW:
			lend(event.who);
			break;
		}
		console_event_release(&event);
		form->is_dirty = true;
	}
}

static int
patience(const struct form *form, int64_t painted_ms)
{
	int64_t since_ms = clock_mono_ms() - painted_ms;

	if (!form->is_dirty)
		return -1;
	return since_ms >= FRAME_MS ? 0 : (int)(FRAME_MS - since_ms);
}

static void
take_in(struct form *form, int console_fd, int timeout_ms)
{
	struct pollfd fds[SOURCES] = {
		[FROM_KEYS] = { STDIN_FILENO, POLLIN, 0 },
		[FROM_OWNER] = { form->owner->fd(form->owner->data), POLLIN, 0 },
		[FROM_SIGNALS] = { signals_fd(), POLLIN, 0 },
		[FROM_CONSOLE] = { console_fd, POLLIN, 0 },
	};

	poll(fds, SOURCES, timeout_ms);
	heed_wishes(form);
	if (fds[FROM_OWNER].revents) {
		form->owner->take(form->owner->data);
		form_follow(form);
	}
	if (fds[FROM_CONSOLE].revents)
		take_console(form);
	if (fds[FROM_KEYS].revents)
		take_keys(form, fds[FROM_KEYS].revents);
}

static void
loop(struct form *form, int console_fd)
{
	int64_t painted_ms = clock_mono_ms() - FRAME_MS;

	while (form->end == FORM_OPEN) {
		int timeout_ms = patience(form, painted_ms);

		if (timeout_ms == 0) {
			form_paint(form);
			painted_ms = clock_mono_ms();
			continue;
		}
		take_in(form, console_fd, timeout_ms);
	}
}

int
ui_form_screen(const struct form_page *page, const struct form_owner *owner, struct err *e)
{
	struct form form;
	int rc = -1;

	if (ui_open(&page->look, e) < 0)
		return -1;
	form_init(&form, page, owner);
	loop(&form, console_own());
	owner->stop(owner->data); /* whoever waits for the terminal is told that nobody lends it */
	console_disown(form.left_by != NULL);
	if (form.end == FORM_STARTED)
		rc = 0;
	else
		err_set(e, ERR_CANCELLED, "left before the run%s%s: nothing was begun",
			form.left_by ? ", by " : "", form.left_by ? form.left_by : "");
	form_release(&form);
	ui_close();
	return rc;
}
