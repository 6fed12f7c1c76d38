#include "config.h"

#include "net/child/child_start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "net/child/child_exec.h"
#include "net/child/child_find.h"
#include "net/child/supervisor.h"
#include "net/fence/fence.h"

extern char **environ;

static bool
same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && b[len] == '=';
}

static const char *
path_of(const char *const *env)
{
	for (; env && *env; env++)
		if (str_starts_with(*env, "PATH="))
			return *env + strlen("PATH=");
	return NULL;
}

static bool
is_replaced(const char *variable, const char *const *added)
{
	for (; added && *added; added++)
		if (same_name(*added, variable))
			return true;
	return false;
}

/* What the command gets: ours with what is added or replaced, or the latter alone; the strings are borrowed. */
static char **
merge_environment(const struct child_options *options)
{
	char **ours = options->env_only ? NULL : environ, **env;
	size_t most = 1, count = 0;

	for (size_t i = 0; ours && ours[i]; i++)
		most++;
	for (size_t i = 0; options->env && options->env[i]; i++)
		most++;
	env = xcalloc(most, sizeof(*env));
	for (size_t i = 0; ours && ours[i]; i++)
		if (!is_replaced(ours[i], options->env))
			env[count++] = ours[i];
	for (size_t i = 0; options->env && options->env[i]; i++)
		env[count++] = (char *)(uintptr_t)options->env[i];
	return env;
}

int
child_input_open(const char *bytes, size_t len, struct err *e)
{
	int fd;

	if (!bytes) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return fd < 0 ? err_errno(e, ERR_IO, "opening /dev/null") : fd;
	}
	fd = memfd_create("stdin", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(e, ERR_IO, "making the standard input");
	if (file_write_all(fd, bytes, len, e) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return err_set(e, ERR_IO,
			       "the standard input of %zu bytes cannot be kept in memory", len);
	}
	return fd;
}

/* A terminal that passes on what is written as it is: no CR before LF, no echo. */
static int
open_terminal(const struct child_options *options, int fds[2], struct err *e)
{
	struct winsize size = {
		.ws_col = (unsigned short)(options->columns > 0 ? options->columns : 80),
		.ws_row = (unsigned short)(options->rows > 0 ? options->rows : 24),
	};
	struct termios mode;
	char name[128];
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
	    ptsname_r(master, name, sizeof(name)) != 0 ||
	    (slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 || tcgetattr(slave, &mode) < 0)
		goto fail;
	mode.c_oflag &= ~(tcflag_t)OPOST;
	mode.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(slave, TCSANOW, &mode) < 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
		goto fail;
	fds[0] = master;
	fds[1] = slave;
	return 0;
fail:
	err_errno(e, ERR_IO, "making a pseudo-terminal");
	if (master >= 0)
		close(master);
	if (slave >= 0)
		close(slave);
	return -1;
}

static int
open_pipe(int fds[2], struct err *e)
{
	return pipe2(fds, O_CLOEXEC) < 0 ? err_errno(e, ERR_IO, "making a pipe") : 0;
}

static int
fork_and_exec(struct child_exec *x, struct child_process *process, struct err *e)
{
	struct child_failure failure;

	if (child_exec_open(x, false, e) < 0)
		return -1;
	process->pid = child_exec_fork(x);
	if (process->pid < 0)
		return err_errno(e, ERR_IO, "forking");
	if (child_exec_await(x, &failure) == 0) {
		process->pid_fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
		return 0;
	}
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	return child_failure_err(x, &failure, e);
}

static void
close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void
set_nonblocking(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* The descriptors of the three standard streams, as pairs of (ours, the child's). */
struct streams {
	int input;
	int output[2], capture[2];
};

static int
open_streams(const struct child_options *options, struct child_process *process,
	     struct streams *streams, struct err *e)
{
	if (options->terminal && child_terminal_open(&process->terminal, e) < 0)
		return -1;
	if (options->capture && open_pipe(streams->capture, e) < 0)
		return -1;
	if (options->terminal)
		return 0;
	if (streams->input < 0)
		streams->input = child_input_open(options->input, options->input_len, e);
	if (streams->input < 0)
		return -1;
	return options->pty ? open_terminal(options, streams->output, e)
			    : open_pipe(streams->output, e);
}

static void
place_streams(struct child_exec *x, const struct child_options *options,
	      const struct streams *streams, struct child_process *process)
{
	int terminal_fd = process->terminal.fd;

	x->terminal_fd = terminal_fd;
	x->input_fd = options->terminal ? terminal_fd : streams->input;
	x->error_fd = options->terminal ? terminal_fd : streams->output[1];
	x->output_fd = options->capture ? streams->capture[1] : x->error_fd;
	process->output_fd = streams->output[0];
	process->capture_fd = streams->capture[0];
	set_nonblocking(process->output_fd);
	set_nonblocking(process->capture_fd);
}

int
child_start(const struct child_options *options, struct child_process *ret_process, struct err *e)
{
	struct child_exec x = CHILD_EXEC_INIT;
	struct streams streams = { options->input_fd > 0 ? options->input_fd : -1,
				   { -1, -1 },
				   { -1, -1 } };
	struct child_process process = {
		.pid_fd = -1,
		.control_fd = -1,
		.terminal = CHILD_TERMINAL_INIT,
	};
	char *path = child_find_for(options->argv[0], options->folder, path_of(options->env), e);
	char **env = merge_environment(options);
	int rc = -1;

	if (!path || fence_check_command(path, options->argv, env, e) < 0 ||
	    open_streams(options, &process, &streams, e) < 0)
		goto out;
	place_streams(&x, options, &streams, &process);
	x.path = path;
	x.argv = (char *const *)(uintptr_t)options->argv;
	x.env = env;
	x.folder = options->folder;
	x.pty = options->pty;
	rc = options->status_file ? supervisor_start(options, &x, &process, e)
				  : fork_and_exec(&x, &process, e);
	if (rc < 0)
		goto out;
	*ret_process = process;
	streams.output[0] = streams.capture[0] = -1; /* the process's now */
	process.terminal.fd = -1;
out:
	child_exec_close(&x);
	child_terminal_close(&process.terminal);
	close_all(streams.output, 2);
	close_all(streams.capture, 2);
	close_all(&streams.input, 1);
	free(env);
	free(path);
	return rc;
}
