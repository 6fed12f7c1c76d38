#include "config.h"

#include "net/child_start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "base/file.h"
#include "base/xalloc.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

/* The last descriptor that is looked at where close_range(2) is missing. */
enum { LAST_FD = 4096 };

extern char **environ;

/* All that the child needs between fork and exec, where it may not allocate. */
struct start {
	char *path;
	char *const *argv;
	char **env;
	const char *folder;
	int input_fd, output_fd, error_fd; /* its three standard descriptors */
	bool pty;
	int terminal_fd; /* ours, lent to the child; or -1 */
	int report_fd;	 /* says why it could not be executed */
};

/* What the child reports: the call that failed and its errno. */
enum stage { STAGE_FOLDER, STAGE_EXEC };

struct report {
	enum stage stage;
	int error;
};

static bool
is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *
child_find(const char *command, struct err *e)
{
	const char *path = getenv("PATH");
	char *copy, *rest, *folder, *found = NULL;

	if (strchr(command, '/')) {
		if (is_executable(command))
			return xstrdup(command);
		err_set(e, ERR_NOT_FOUND, "%s is not an executable file", command);
		return NULL;
	}
	rest = copy = xstrdup(path ? path : DEFAULT_PATH);
	while (!found && (folder = strsep(&rest, ":"))) {
		found = xasprintf("%s/%s", *folder ? folder : ".", command);
		if (!*command || !is_executable(found)) {
			free(found);
			found = NULL;
		}
	}
	if (!found)
		err_set(e, ERR_NOT_FOUND,
			"no command \"%s\" in PATH (%s). Install it, or add its folder to PATH",
			command, path ? path : DEFAULT_PATH);
	free(copy);
	return found;
}

/* A relative command with a slash counts from the working folder that it is given. */
static char *
find_from_folder(const struct child_options *options, struct err *e)
{
	const char *command = options->argv[0];
	char *joined, *found;

	if (!options->folder || command[0] == '/' || !strchr(command, '/'))
		return child_find(command, e);
	joined = xasprintf("%s/%s", options->folder, command);
	found = child_find(joined, e);
	free(joined);
	if (!found || found[0] == '/')
		return found;
	free(found);
	return xstrdup(command); /* it is executed from within the folder */
}

static bool
same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && b[len] == '=';
}

/* Our environment with what is added or replaced; the strings are borrowed. */
static char **
merge_environment(const char *const *added)
{
	size_t ours = 0, theirs = 0, count = 0;
	char **env;

	while (environ && environ[ours])
		ours++;
	while (added && added[theirs])
		theirs++;
	env = xcalloc(ours + theirs + 1, sizeof(*env));
	for (size_t i = 0; i < ours; i++) {
		bool replaced = false;

		for (size_t j = 0; j < theirs; j++)
			replaced = replaced || same_name(added[j], environ[i]);
		if (!replaced)
			env[count++] = environ[i];
	}
	for (size_t j = 0; j < theirs; j++)
		env[count++] = (char *)(uintptr_t)added[j];
	return env;
}

/* The input as a file in memory: it needs no writer, and can be opened again as /dev/stdin. */
static int
open_input(const struct child_options *options, struct err *e)
{
	int fd;

	if (!options->input) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return fd < 0 ? err_errno(e, ERR_IO, "opening /dev/null") : fd;
	}
	fd = memfd_create("stdin", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(e, ERR_IO, "making the standard input");
	if (file_write_all(fd, options->input, options->input_len, e) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return err_set(e, ERR_IO,
			       "the standard input of %zu bytes cannot be kept in memory",
			       options->input_len);
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

/* In the child, between fork and exec: async-signal-safe calls only. */
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

static _Noreturn void
become(const struct start *s)
{
	struct report report = { STAGE_FOLDER, 0 };

	if (s->terminal_fd >= 0)
		child_terminal_enter(s->terminal_fd);
	else
		setsid();
	reset_signals();
	if (s->pty)
		ioctl(s->error_fd, TIOCSCTTY, 0);
	dup2(s->input_fd, STDIN_FILENO);
	dup2(s->output_fd, STDOUT_FILENO);
	dup2(s->error_fd, STDERR_FILENO);
	leave_descriptors();
	if (!s->folder || chdir(s->folder) == 0) {
		report.stage = STAGE_EXEC;
		execve(s->path, s->argv, s->env);
	}
	report.error = errno;
	if (write(s->report_fd, &report, sizeof(report)) < 0)
		_exit(126);
	_exit(127);
}

/* Nothing on the pipe means that exec closed it: the command runs. */
static int
await_exec(const struct start *s, int report_fd, pid_t pid, struct err *e)
{
	struct report report;
	ssize_t got;

	do {
		got = read(report_fd, &report, sizeof(report));
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(report))
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	errno = report.error;
	if (report.stage == STAGE_FOLDER)
		return err_errno(e, ERR_NOT_FOUND, "changing to the folder %s", s->folder);
	return err_errno(e, ERR_IO, "executing %s", s->path);
}

/* Our handlers must not run in the child before it has reset them. */
static int
fork_and_exec(struct start *s, pid_t *ret_pid, struct err *e)
{
	sigset_t all, before;
	int fds[2];
	int rc = -1;

	if (open_pipe(fds, e) < 0)
		return -1;
	s->report_fd = fds[1];
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		become(s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(fds[1]);
	if (pid < 0)
		err_errno(e, ERR_IO, "forking");
	else
		rc = await_exec(s, fds[0], pid, e);
	close(fds[0]);
	if (rc == 0)
		*ret_pid = pid;
	return rc;
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
	streams->input = open_input(options, e);
	if (streams->input < 0)
		return -1;
	return options->pty ? open_terminal(options, streams->output, e)
			    : open_pipe(streams->output, e);
}

static void
place_streams(struct start *s, const struct child_options *options, const struct streams *streams,
	      int terminal_fd)
{
	s->terminal_fd = terminal_fd;
	s->input_fd = options->terminal ? terminal_fd : streams->input;
	s->error_fd = options->terminal ? terminal_fd : streams->output[1];
	s->output_fd = options->capture ? streams->capture[1] : s->error_fd;
}

int
child_start(const struct child_options *options, struct child_process *ret_process, struct err *e)
{
	struct start s = { .argv = (char *const *)(uintptr_t)options->argv,
			   .folder = options->folder,
			   .pty = options->pty };
	struct streams streams = { -1, { -1, -1 }, { -1, -1 } };
	struct child_process process = { .terminal = CHILD_TERMINAL_INIT };
	int rc = -1;

	s.path = find_from_folder(options, e);
	if (!s.path)
		return -1;
	s.env = merge_environment(options->env);
	if (open_streams(options, &process, &streams, e) < 0)
		goto out;
	place_streams(&s, options, &streams, process.terminal.fd);
	if (fork_and_exec(&s, &process.pid, e) < 0)
		goto out;
	process.pid_fd = (int)syscall(SYS_pidfd_open, process.pid, 0);
	process.output_fd = streams.output[0];
	process.capture_fd = streams.capture[0];
	set_nonblocking(process.output_fd);
	set_nonblocking(process.capture_fd);
	streams.output[0] = streams.capture[0] = -1; /* the process's now */
	*ret_process = process;
	process.terminal.fd = -1;
	rc = 0;
out:
	child_terminal_close(&process.terminal);
	close_all(streams.output, 2);
	close_all(streams.capture, 2);
	close_all(&streams.input, 1);
	free(s.env);
	free(s.path);
	return rc;
}
