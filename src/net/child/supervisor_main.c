#include "config.h"

#include "net/child/supervisor_main.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	STATUS_MAX = 512,
	READ_SIZE = 65536,
	LAST_READS = 64, /* of what is left when the command has ended */
	TICK_MS = 20,	 /* between looks where there is no pidfd */
	RETRY_MS = 250,	 /* until an output that nobody had open is looked at again */
};

#define NOT_YET INT64_C(-1)

struct supervisor {
	struct supervisor_job *job;
	struct process_id command;
	int pid_fd; /* of the command; -1 where the kernel has none */
	bool alone; /* whom we report to is gone */
	bool quiet; /* nobody held the other end of the pty when we looked last */
	int64_t started_ms, orphaned_ms, ended_ms;
	int64_t lost_bytes;
	int exit_code; /* -1: none */
	int signal;    /* 0: none */
};

static int64_t
wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Everything that can be ignored is, but the end of the command; what is left is a fault of ours. */
static void
ignore_signals(void)
{
	static const int kept[] = { SIGCHLD, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		signal(kept[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
keep_own_descriptors(const struct supervisor_job *job)
{
	const struct child_exec *x = job->exec;
	const int fds[] = {
		job->control_fd, job->output_fd, job->capture_fd, job->folder_fd,
		job->status_fd,	 x->input_fd,	 x->output_fd,	  x->error_fd,
		x->report[0],	 x->report[1],	 x->gate[0],	  x->gate[1],
	};

	child_keep_only(fds, (int)(sizeof(fds) / sizeof(fds[0])));
}

/* The command has them; as long as we did too, its output would have no end. */
static void
close_command_descriptors(const struct child_exec *x)
{
	close(x->input_fd);
	if (x->output_fd != x->error_fd)
		close(x->output_fd);
	close(x->error_fd);
}

static void
tell(const struct supervisor *s, const struct supervisor_message *message)
{
	while (!s->alone && send(s->job->control_fd, message, sizeof(*message), MSG_NOSIGNAL) < 0 &&
	       errno == EINTR)
		;
}

/* Waits for a byte, true, or for the other's end. */
static bool
hear(const struct supervisor *s)
{
	char byte;
	ssize_t got;

	do {
		got = recv(s->job->control_fd, &byte, 1, 0);
	} while (got < 0 && errno == EINTR);
	return got == 1;
}

struct line {
	char text[STATUS_MAX];
	size_t len;
};

static void
put_text(struct line *line, const char *text)
{
	while (*text && line->len < sizeof(line->text))
		line->text[line->len++] = *text++;
}

/* A member of the status; null where the value is the one that stands for none. */
static void
put_member(struct line *line, const char *name, int64_t value, int64_t none)
{
	char digits[24];
	size_t at = sizeof(digits);

	put_text(line, line->len ? ",\"" : "{\"");
	put_text(line, name);
	put_text(line, "\":");
	if (value == none || value < 0) {
		put_text(line, "null");
		return;
	}
	digits[--at] = '\0';
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	put_text(line, digits + at);
}

static void
format_status(const struct supervisor *s, struct line *line)
{
	put_member(line, "v", 1, -1);
	put_member(line, "pid", s->command.pid, -1);
	put_member(line, "start", s->command.start, -1);
	put_member(line, "supervisor", getpid(), -1);
	put_member(line, "exit_code", s->exit_code, -1);
	put_member(line, "signal", s->signal, 0);
	put_member(line, "started_ms", s->started_ms, NOT_YET);
	put_member(line, "ended_ms", s->ended_ms, NOT_YET);
	put_member(line, "lost_bytes", s->lost_bytes, -1);
	put_member(line, "orphaned_ms", s->orphaned_ms, NOT_YET);
	put_text(line, "}\n");
}

static bool
write_whole(int fd, const struct line *line)
{
	size_t done = 0;

	while (done < line->len) {
		ssize_t wrote = write(fd, line->text + done, line->len - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		done += (size_t)wrote;
	}
	return fsync(fd) == 0;
}

/* All of it or, on a disk that takes no more, nothing: half a status would be believed. */
static void
leave_status(struct supervisor *s)
{
	const struct supervisor_job *job = s->job;
	struct line line = { .len = 0 };

	s->ended_ms = wall_ms();
	format_status(s, &line);
	if (!write_whole(job->status_fd, &line) ||
	    renameat(job->folder_fd, job->temporary, job->folder_fd, job->name) < 0)
		unlinkat(job->folder_fd, job->temporary, 0);
	fsync(job->folder_fd);
}

static void
reap(const struct supervisor *s)
{
	while (waitpid(s->command.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Looks whether the command has ended, and leaves it a zombie: its number is still needed. */
static bool
look_for_end(struct supervisor *s)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)s->command.pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return errno != EINTR;
	if (info.si_pid == 0)
		return false;
	if (info.si_code == CLD_EXITED)
		s->exit_code = info.si_status;
	else
		s->signal = info.si_status;
	return true;
}

/*
 * Output that nobody will read, so that the command does not wait for a reader. The end of a pipe is its
 * end, but a pty may be opened again.
 */
static bool
throw_away(struct supervisor *s, int *fd)
{
	char buffer[READ_SIZE];
	ssize_t got;

	if (*fd < 0)
		return false;
	got = read(*fd, buffer, sizeof(buffer));
	if (got > 0) {
		s->lost_bytes += got;
		explicit_bzero(buffer, (size_t)got);
		return true;
	}
	if (got < 0 && errno == EIO)
		s->quiet = true;
	if (got == 0) {
		close(*fd);
		*fd = -1;
	}
	return false;
}

static void
look_for_orphaning(struct supervisor *s)
{
	char byte;
	ssize_t got = recv(s->job->control_fd, &byte, 1, MSG_DONTWAIT);

	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	s->alone = true;
	s->orphaned_ms = wall_ms();
	close(s->job->control_fd);
	s->job->control_fd = -1;
}

static void
watch_once(struct supervisor *s)
{
	struct supervisor_job *job = s->job;
	struct pollfd fds[] = {
		{ .fd = job->control_fd, .events = POLLIN },
		{ .fd = s->pid_fd, .events = POLLIN },
		{ .fd = s->alone && !s->quiet ? job->output_fd : -1, .events = POLLIN },
		{ .fd = s->alone ? job->capture_fd : -1, .events = POLLIN },
	};
	int wait_ms = s->quiet ? RETRY_MS : -1;

	if (s->pid_fd < 0)
		wait_ms = TICK_MS;
	poll(fds, 4, wait_ms);
	s->quiet = false;
	if (fds[0].revents)
		look_for_orphaning(s);
	if (fds[2].revents)
		throw_away(s, &job->output_fd);
	if (fds[3].revents)
		throw_away(s, &job->capture_fd);
}

static _Noreturn void
never_begun(struct supervisor *s)
{
	close(s->job->exec->gate[1]); /* the command that waits ends */
	reap(s);
	leave_status(s);
	_exit(0);
}

static void
begin(struct supervisor *s)
{
	struct supervisor_message message = { .word = SUPERVISOR_BEGUN, .command = s->command };
	int64_t now_ms = wall_ms();

	child_exec_release(s->job->exec);
	if (child_exec_await(s->job->exec, &message.failure) < 0) {
		reap(s);
		leave_status(s);
		message.word = SUPERVISOR_FAILED;
		tell(s, &message);
		_exit(0);
	}
	s->started_ms = now_ms;
	tell(s, &message);
}

static void
report_end(struct supervisor *s)
{
	struct supervisor_message message = {
		.word = SUPERVISOR_ENDED,
		.command = s->command,
		.exit_code = s->exit_code,
		.signal = s->signal,
	};

	if (!s->alone) /* the command may have ended before that was noticed */
		look_for_orphaning(s);
	for (int i = 0; s->alone && i < LAST_READS && throw_away(s, &s->job->output_fd); i++)
		;
	for (int i = 0; s->alone && i < LAST_READS && throw_away(s, &s->job->capture_fd); i++)
		;
	leave_status(s);
	tell(s, &message);
	while (!s->alone && hear(s))
		;
	reap(s);
}

static bool
fork_command(struct supervisor *s)
{
	struct supervisor_message message = { .word = SUPERVISOR_READY };
	pid_t pid = child_exec_fork(s->job->exec);

	if (pid < 0) {
		message.word = SUPERVISOR_FAILED;
		message.failure = (struct child_failure){ CHILD_STAGE_FORK, errno };
	} else {
		s->command = process_identify(pid);
		s->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	}
	message.command = s->command;
	close_command_descriptors(s->job->exec);
	tell(s, &message);
	return pid >= 0;
}

_Noreturn void
supervisor_main(struct supervisor_job *job)
{
	struct supervisor s = {
		.job = job,
		.command = { .pid = -1, .start = -1 },
		.pid_fd = -1,
		.started_ms = NOT_YET,
		.orphaned_ms = NOT_YET,
		.ended_ms = NOT_YET,
		.exit_code = -1,
	};

	keep_own_descriptors(job); /* first: one of the others is the lock of the journal */
	setsid();
	ignore_signals();
	prctl(PR_SET_NAME, "lifeboat-wait");
	prctl(PR_SET_DUMPABLE, 0);
	if (!fork_command(&s) || chdir("/") < 0) {
		unlinkat(job->folder_fd, job->temporary, 0);
		_exit(1);
	}
	if (!hear(&s))
		never_begun(&s);
	begin(&s);
	while (!look_for_end(&s))
		watch_once(&s);
	report_end(&s);
	_exit(0);
}
