#include "config.h"

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int exit_code;
} kinds[ERR_KIND_COUNT] = {
	[ERR_NONE] = { "none", 0 },	    [ERR_USAGE] = { "usage", 2 },
	[ERR_SPEC] = { "spec", 2 },	    [ERR_IO] = { "io", 1 },
	[ERR_NET] = { "net", 1 },	    [ERR_TIMEOUT] = { "timeout", 1 },
	[ERR_DENIED] = { "denied", 1 },	    [ERR_NOT_FOUND] = { "not-found", 1 },
	[ERR_REMOTE] = { "remote", 1 },	    [ERR_CONFLICT] = { "conflict", 1 },
	[ERR_CHECK] = { "check", 1 },	    [ERR_CANCELLED] = { "cancelled", 3 },
	[ERR_LOCKED] = { "locked", 4 },	    [ERR_UNKNOWN_OUTCOME] = { "unknown-outcome", 1 },
	[ERR_INTERNAL] = { "internal", 1 },
};

/*
 * Marks a message that did not fit, so that nobody takes its beginning for the whole. Never in the
 * middle of a character: the rest of it would be shown as a stray byte.
 */
static void
mark_cut(struct err *e, int wanted)
{
	size_t at = sizeof(e->message) - 4;

	if (wanted < (int)sizeof(e->message))
		return;
	while (at > 0 && ((unsigned char)e->message[at] & 0xc0) == 0x80)
		at--;
	memcpy(e->message + at, "...", 4);
}

/* By way of a buffer, as the old message may be among the arguments. */
static void
set_message(struct err *e, enum err_kind kind, const char *format, va_list ap)
{
	char text[ERR_MESSAGE_MAX];
	int wanted = vsnprintf(text, sizeof(text), format, ap);

	e->kind = kind;
	memcpy(e->message, text, sizeof(text));
	mark_cut(e, wanted);
}

int
err_set(struct err *e, enum err_kind kind, const char *format, ...)
{
	va_list ap;

	if (e) {
		va_start(ap, format);
		set_message(e, kind, format, ap);
		va_end(ap);
	}
	return -1;
}

int
err_errno(struct err *e, enum err_kind kind, const char *format, ...)
{
	int saved = errno;
	va_list ap;

	if (e) {
		char buffer[256];

		va_start(ap, format);
		set_message(e, kind, format, ap);
		va_end(ap);
		const char *text = strerror_r(saved, buffer, sizeof(buffer)); /* GNU's */
		size_t used = strlen(e->message);
		mark_cut(e, (int)used + snprintf(e->message + used, sizeof(e->message) - used,
						 ": %s", text));
	}
	errno = saved;
	return -1;
}

int
err_wrap(struct err *e, const char *format, ...)
{
	char inner[ERR_MESSAGE_MAX];
	va_list ap;

	if (!e)
		return -1;
	memcpy(inner, e->message, sizeof(inner));
	va_start(ap, format);
	set_message(e, e->kind == ERR_NONE ? ERR_INTERNAL : e->kind, format, ap);
	va_end(ap);
	size_t used = strlen(e->message);
	mark_cut(e,
		 (int)used + snprintf(e->message + used, sizeof(e->message) - used, ": %s", inner));
	return -1;
}

int
err_advise(struct err *e, const char *format, ...)
{
	char advice[ERR_MESSAGE_MAX];
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, format);
	vsnprintf(advice, sizeof(advice), format, ap);
	va_end(ap);
	size_t used = strlen(e->message);
	while (used > 0 && strchr(". \n", e->message[used - 1]))
		e->message[--used] = '\0';
	mark_cut(e, (int)used + snprintf(e->message + used, sizeof(e->message) - used, "%s%s",
					 used ? ". " : "", advice));
	return -1;
}

const char *
err_kind_name(enum err_kind kind)
{
	return (unsigned)kind < ERR_KIND_COUNT ? kinds[kind].name : "internal";
}

int
err_exit_code(enum err_kind kind)
{
	return (unsigned)kind < ERR_KIND_COUNT ? kinds[kind].exit_code : 1;
}
