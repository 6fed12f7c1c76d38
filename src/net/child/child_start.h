#ifndef LIFEBOAT_NET_CHILD_CHILD_START_H
#define LIFEBOAT_NET_CHILD_CHILD_START_H

#include <sys/types.h>

#include "net/child/child.h"
#include "net/child/child_terminal.h"

/* A command that has been started, and is not reaped yet. */
struct child_process {
	pid_t pid;	  /* also its process group, and its session unless it has our terminal */
	int pid_fd;	  /* readable when it has ended; -1 where the kernel has none */
	int output_fd;	  /* non-blocking: the pty's master, or a pipe; -1 once closed */
	int capture_fd;	  /* the same of a captured standard output */
	int64_t start;	  /* of a supervised command: see struct process_id */
	pid_t supervisor; /* who reaps the command; 0: we do, and it is our child */
	int control_fd;	  /* our end of the socket between us; -1: none */
	struct child_terminal terminal; /* lent to it; to be taken back when it has ended */
};

/*
 * Starts the command of the options in a session of its own (or on our terminal), with our signal
 * handlers and descriptors left behind; behind a supervisor where the options have a status file. Returns
 * once it has been executed, or with the reason why it was not. The caller reaps it, or leaves its
 * supervisor (net/supervisor.h).
 */
int child_start(const struct child_options *options, struct child_process *ret_process,
		struct err *e);

#endif
