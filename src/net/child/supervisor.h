#ifndef LIFEBOAT_NET_CHILD_SUPERVISOR_H
#define LIFEBOAT_NET_CHILD_SUPERVISOR_H

#include "net/child/child.h"
#include "net/child/child_exec.h"
#include "net/child/child_start.h"

/*
 * Starts a command behind a supervisor (options->status_file), once options->on_supervised() has agreed:
 * fills in pid, start, supervisor and control_fd of the process. output_fd and capture_fd are our ends of
 * its output, non-blocking; the supervisor reads them when we are gone. Errors: as child_start(), and those
 * of on_supervised().
 */
int supervisor_start(const struct child_options *options, struct child_exec *x,
		     struct child_process *process, struct err *e);

/* What the supervisor has to say about the end of its command. */
enum supervisor_news {
	SUPERVISOR_SILENT,   /* it runs */
	SUPERVISOR_HAS_DONE, /* *ret_exit_code and *ret_signal, as of struct child_result */
	SUPERVISOR_LOST,     /* somebody ended the supervisor */
};
enum supervisor_news supervisor_ask(const struct child_process *process, int *ret_exit_code,
				    int *ret_signal);

/* Lets the supervisor go, which reaps its command, and reaps it. */
void supervisor_leave(struct child_process *process);

#endif
