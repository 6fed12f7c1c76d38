#ifndef LIFEBOAT_UI_TERMINAL_TERMINAL_H
#define LIFEBOAT_UI_TERMINAL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Takes the terminal over: curses, the alternate screen, raw keys, signals. From here on until
 * terminal_close() every way out of the process but SIGKILL puts the terminal back as it was: exit(), the
 * fatal signals, and suspension. Main thread only. ERR_USAGE: there is no usable terminal.
 */
int terminal_open(bool mono, struct err *e);
void terminal_close(void);

/* Why terminal_open() would not show anything anybody could read; the caller frees. NULL: it would. */
char *terminal_problem(void);

/*
 * Whether clicks and the wheel are keys (KEY_MOUSE); else the terminal selects text with them. Off again whenever
 * the terminal is given back.
 */
void terminal_mouse(bool on);
/* Bytes for the terminal itself, between frames; they must hold nothing from outside as it came. */
void terminal_send(const char *bytes, size_t len_bytes);

/* Takes the size of the terminal over, and paints everything anew. */
void terminal_resize(void);
/* Gives the terminal back, stops the process, and takes it again when it goes on. */
void terminal_suspend(void);
/*
 * Gives the terminal back for the time of use(), as it was before terminal_open(), and writes `notice`, which
 * must be sanitised; keys that nobody has read by then are forgotten. Ctrl-Z has no effect then: whoever was stopped would
 * hold the terminal for ever.
 */
void terminal_lend(const char *notice, void (*use)(void));

#endif
