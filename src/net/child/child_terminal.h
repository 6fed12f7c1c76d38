#ifndef LIFEBOAT_NET_CHILD_CHILD_TERMINAL_H
#define LIFEBOAT_NET_CHILD_CHILD_TERMINAL_H

#include <sys/types.h>
#include <termios.h>

#include "base/err.h"

/* Our controlling terminal while a command has it, and how it was before. */
struct child_terminal {
	int fd; /* -1: none is lent */
	pid_t foreground;
	struct termios mode;
};

#define CHILD_TERMINAL_INIT                                                                        \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * Opens it and makes it ready for a command: lines, echo, signals by Ctrl-C, but no Ctrl-Z, behind which
 * nobody could take the command up again. ERR_IO where we have none, or are in its background.
 */
int child_terminal_open(struct child_terminal *t, struct err *e);

/* In the child, its signals blocked, before it is executed: its group becomes the foreground. */
void child_terminal_enter(int fd);

/* Restores everything, drops what was typed and not read, and closes it; nothing where none is open. */
void child_terminal_close(struct child_terminal *t);

#endif
