#ifndef LIFEBOAT_BASE_CONSOLE_H
#define LIFEBOAT_BASE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/sgr.h"

/*
 * What a thread in the background needs of the terminal that the main thread owns: to show what a
 * program says while somebody must act on it (the code of a login page), and to hand the terminal
 * over to a program for a while. There is one console in a process. While nobody owns it (a command
 * without a screen), text goes to standard error, sanitised, and the terminal is lent at once.
 */

/* ---- for threads in the background ---- */

/* A piece of what `who` says ("gke-gcloud-auth-plugin"); any bytes, redacted by the caller. */
void console_say(const char *who, const char *bytes, size_t len_bytes);
/* `who` has ended and needs nobody's attention any more. */
void console_done(const char *who);

/*
 * Waits until the terminal is free for `who` and nobody else reads or paints it. Then the caller runs
 * its program on it and gives it back by console_return(). Errors: ERR_IO where there is no terminal to
 * lend, ERR_CANCELLED.
 */
int console_borrow(const char *who, const struct cancel *cancel, struct err *e);
void console_return(void);
/* Whether somebody's screen would have to give way to whoever borrows the terminal. */
bool console_is_owned(void);

/* ---- for the main thread ---- */

enum console_event_type {
	CONSOLE_TEXT,	/* `text` is sanitised, with newlines */
	CONSOLE_DONE,	/* of `who` */
	CONSOLE_BORROW, /* `who` waits for the terminal: console_lend() once it is free */
};

struct console_event {
	enum console_event_type type;
	char *who, *text; /* text: CONSOLE_TEXT only; release with console_event_release() */
	struct sgr sgr;	  /* how the text looks */
};

/* Becomes the owner; returns a descriptor that is readable while an event waits. */
int console_own(void);
/* Gives it up: whoever waits for the terminal gets ERR_IO if `lost`, else the terminal. */
void console_disown(bool lost);
bool console_next(struct console_event *ret_event);
void console_event_release(struct console_event *event);

/* Lends the terminal to the thread that waits, if it still does; returns when it was given back. */
void console_lend(void);

#endif
