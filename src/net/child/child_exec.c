#include "config.h"

#include "net/child/child_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "base/fork.h"
#include "net/child/child_terminal.h"

enum {
	LAST_FD = 4096, /* that is looked at where close_range(2) is missing */
	MAX_KEPT = 16,
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int
child_exec_open(struct child_exec *x, bool gated, struct err *e)
{
	if (pipe2(x->report, O_CLOEXEC) < 0 || (gated && pipe2(x->gate, O_CLOEXEC) < 0))
		return err_errno(e, ERR_IO, "making a pipe");
	return 0;
}

void
child_exec_close(struct child_exec *x)
{
	for (int i = 0; i < 2; i++) {
		close_fd(&x->report[i]);
		close_fd(&x->gate[i]);
	}
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
leave_descriptors(void)
{
	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (int fd = 3; fd < LAST_FD; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* False: whoever was to open the gate is gone. */
static bool
pass_gate(int gate_fd)
{
	char go;
	ssize_t got;

	if (gate_fd < 0)
		return true;
	do {
		got = read(gate_fd, &go, 1);
	} while (got < 0 && errno == EINTR);
	return got == 1;
}

static _Noreturn void
become(struct child_exec *x)
{
	struct child_failure failure = { CHILD_STAGE_FOLDER, 0 };

	close_fd(&x->report[0]);
	close_fd(&x->gate[1]); /* or it would wait for itself */
	if (x->terminal_fd >= 0)
		child_terminal_enter(x->terminal_fd);
	else
		setsid();
	reset_signals();
	if (x->pty)
		ioctl(x->error_fd, TIOCSCTTY, 0);
	dup2(x->input_fd, STDIN_FILENO);
	dup2(x->output_fd, STDOUT_FILENO);
	dup2(x->error_fd, STDERR_FILENO);
	leave_descriptors();
	if (!pass_gate(x->gate[0]))
		_exit(127);
	if (!x->folder || chdir(x->folder) == 0) {
		failure.stage = CHILD_STAGE_EXEC;
		execve(x->path, x->argv, x->env);
	}
	failure.error = errno;
	if (write(x->report[1], &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

pid_t
child_exec_fork(struct child_exec *x)
{
	pid_t pid = fork_quietly();

	if (pid == 0)
		become(x);
	close_fd(&x->report[1]);
	close_fd(&x->gate[0]);
	return pid;
}

void
child_exec_release(struct child_exec *x)
{
	while (write(x->gate[1], "g", 1) < 0 && errno == EINTR)
		;
	close_fd(&x->gate[1]);
}

/* Nothing on the pipe means that exec closed it: the command runs. */
int
child_exec_await(const struct child_exec *x, struct child_failure *ret_failure)
{
	struct child_failure failure;
	ssize_t got;

	do {
		got = read(x->report[0], &failure, sizeof(failure));
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(failure))
		return 0;
	*ret_failure = failure;
	return -1;
}

static void
close_between(int first, int last)
{
	if (first > last || syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0U) == 0)
		return;
	for (int fd = first; fd <= last && fd < LAST_FD; fd++)
		close(fd);
}

static void
put_null(void)
{
	int fd = open("/dev/null", O_RDWR);

	for (int standard = 0; standard < 3; standard++)
		if (fd >= 0)
			dup2(fd, standard);
	if (fd > 2)
		close(fd);
}

void
child_keep_only(const int *fds, int count)
{
	int sorted[MAX_KEPT];
	int kept = 0, next = 3;

	put_null();
	for (int i = 0; i < count && kept < MAX_KEPT; i++) {
		int at = kept;

		if (fds[i] < 3)
			continue;
		for (; at > 0 && sorted[at - 1] > fds[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = fds[i];
		kept++;
	}
	for (int i = 0; i < kept; i++) {
		close_between(next, sorted[i] - 1);
		next = sorted[i] + 1;
	}
	close_between(next, INT_MAX);
}

/* The system's own words for these name neither the cause nor the cure. */
static const char *
advice(int error)
{
	switch (error) {
	case ENOEXEC:
		return "A script begins with a line such as #!/bin/sh; a program must be made for "
		       "this kind of machine";
	case ENOENT:
		return "The interpreter that its first line names is not there";
	case EACCES:
		return "Neither it nor the interpreter that its first line names may lie where "
		       "executing is forbidden (noexec)";
	case E2BIG:
		return "Hand the longest arguments over by a file or the standard input";
	default:
		return NULL;
	}
}

int
child_failure_err(const struct child_exec *x, const struct child_failure *failure, struct err *e)
{
	errno = failure->error;
	if (failure->stage == CHILD_STAGE_FORK)
		return err_errno(e, ERR_IO, "forking");
	if (failure->stage == CHILD_STAGE_FOLDER)
		return err_errno(e, ERR_NOT_FOUND, "changing to the folder %s", x->folder);
	err_errno(e, ERR_IO, "executing %s", x->path);
	if (advice(failure->error))
		err_advise(e, "%s", advice(failure->error));
	return -1;
}
