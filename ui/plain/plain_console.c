#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/console.h"
#include "base/xalloc.h"
#include "ui/model/insecure.h"
#include "ui/page/console_page.h"
#include "ui/plain/plain.h"
#include "ui/terminal/signals.h"

/* Line by line, and at once: what it asks for may not end in a line end. */
static void
say_text(struct plain *plain, const struct console_event *event)
{
	for (const char *at = event->text; *at;) {
		size_t len = strcspn(at, "\n");

		plain_say(plain, "%s| %.*s", event->who, (int)len, at);
		at += len;
		at += *at == '\n';
	}
}

/* What was typed ahead was typed for somebody else. */
static void
lend(struct plain *plain, const char *who)
{
	char *notice = console_notice(who);

	notice[strcspn(notice, "\n")] = '\0';
	plain_say(plain, "%s", notice);
	free(notice);
	fflush(stdout);
	line_input_show();
	line_input_flush(&plain->input);
	console_lend();
	line_input_flush(&plain->input);
	signals_forget(WISH_INTERRUPT);
	plain_say(plain, "The terminal is back.");
}

void
plain_take_console(struct plain *plain)
{
	struct console_event event;

	while (console_next(&event)) {
		if (event.type == CONSOLE_TEXT)
			say_text(plain, &event);
		else if (event.type == CONSOLE_BORROW)
			lend(plain, event.who);
		console_event_release(&event);
	}
}

void
plain_say_insecure(struct plain *plain, bool again)
{
	struct str text = STR_INIT;

	if (insecure_describe(&plain->model, plain->feeds, &text) &&
	    (again || !str_equal(str_cstr(&text), plain->insecure))) {
		plain_say(plain, "WARNING: %s", str_cstr(&text));
		free(plain->insecure);
		plain->insecure = xstrdup(str_cstr(&text));
	}
	str_release(&text);
}
