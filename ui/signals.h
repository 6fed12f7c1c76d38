#ifndef LIFEBOAT_UI_SIGNALS_H
#define LIFEBOAT_UI_SIGNALS_H

#include "base/err.h"

/* What signals asked for. A set. */
enum wish {
	WISH_RESIZE = 1 << 0,
	WISH_SUSPEND = 1 << 1,
	WISH_INTERRUPT = 1 << 2,
	WISH_LEAVE = 1 << 3,
	WISH_HANGUP = 1 << 4, /* the terminal is gone */
};

/*
 * Turns the signals behind the given wishes into wishes, until signals_close(); a write to a closed
 * pipe is an error then, not a death. Main thread only.
 */
int signals_open(unsigned wishes, struct err *e);
void signals_close(void);

/* Takes the signals again after somebody else (curses, a suspension) changed them. */
void signals_take(void);

/* A descriptor that is readable while wishes wait, and the wishes since the last look. */
int signals_fd(void);
unsigned signals_wishes(void);
/* Forgets wishes that were meant for somebody else: who had the terminal for a while. */
void signals_forget(unsigned wishes);

#endif
