#ifndef LIFEBOAT_UI_TERMINAL_SIGNALS_H
#define LIFEBOAT_UI_TERMINAL_SIGNALS_H

#include <stdint.h>

#include "base/err.h"
#include "run/state/intent.h"

/* What signals asked for. A set. */
enum wish {
	WISH_RESIZE = 1 << 0,
	WISH_SUSPEND = 1 << 1,
	WISH_INTERRUPT = 1 << 2,
	WISH_LEAVE = 1 << 3,
	WISH_HANGUP = 1 << 4,	 /* the terminal is gone */
	WISH_TERMINATE = 1 << 5, /* with WISH_LEAVE, by SIGTERM: soon; see signals_hurry() */
};

/* How long a running step may go on after SIGTERM before it is cancelled. */
enum { SIGNALS_PATIENCE_MS = 20000 };

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
/*
 * For WISH_TERMINATE, to be submitted besides the intent to leave: it gives the running step
 * SIGNALS_PATIENCE_MS, and after a second SIGTERM nothing more.
 */
struct intent *signals_hurry(int64_t seen_seq);
/* Forgets wishes that were meant for somebody else: who had the terminal for a while. */
void signals_forget(unsigned wishes);

#endif
