#ifndef LIFEBOAT_NET_CHILD_CHILD_EXEC_H
#define LIFEBOAT_NET_CHILD_CHILD_EXEC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* The way from fork to exec. Both sides of it may run where nothing may be allocated. */

/* Why a command could not be executed: the call that failed, and its errno. */
struct child_failure {
	enum child_stage { CHILD_STAGE_FORK, CHILD_STAGE_FOLDER, CHILD_STAGE_EXEC } stage;
	int error;
};

/* A command that is ready to be executed. What is no descriptor is borrowed. */
struct child_exec {
	const char *path;
	char *const *argv;
	char *const *env;
	const char *folder;		   /* or NULL */
	int input_fd, output_fd, error_fd; /* its three standard descriptors; the caller's */
	bool pty;			   /* error_fd becomes its controlling terminal */
	int terminal_fd;		   /* ours, lent to it; or -1 */
	int report[2]; /* a pipe by which it says why it could not be executed */
	int gate[2];   /* a pipe: it waits for a byte before it is executed; -1: it does not wait */
};

#define CHILD_EXEC_INIT                                                                            \
	{                                                                                          \
		.input_fd = -1, .output_fd = -1, .error_fd = -1, .terminal_fd = -1,                \
		.report = { -1, -1 }, .gate = {                                                    \
			-1,                                                                        \
			-1                                                                         \
		}                                                                                  \
	}

/* Makes the pipes. Errors: ERR_IO. */
int child_exec_open(struct child_exec *x, bool gated, struct err *e);
/* Closes what is still open of them. */
void child_exec_close(struct child_exec *x);

/*
 * Forks; the child puts its descriptors in place and executes the command, past the gate. Returns its pid,
 * which is also its process group, or -1 and errno. Async-signal-safe, and so are the three below.
 */
pid_t child_exec_fork(struct child_exec *x);
/* Opens the gate. */
void child_exec_release(struct child_exec *x);
/* Waits until the command was executed; -1: it could not be, and its child has to be reaped. */
int child_exec_await(const struct child_exec *x, struct child_failure *ret_failure);
/* Closes all descriptors but the given ones (at most 16), and puts /dev/null in place of 0, 1 and 2. */
void child_keep_only(const int *fds, int count);

/* Says it in words. Returns -1. */
int child_failure_err(const struct child_exec *x, const struct child_failure *failure,
		      struct err *e);

#endif
