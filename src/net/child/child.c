#include "config.h"

#include "net/child/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/child/child_start.h"
#include "net/child/supervisor.h"
#include "net/socket/wait.h"

enum {
	READ_SIZE = 65536,
	DEFAULT_GRACE_MS = 2000,
	LINGER_MS = 500, /* for output that a grandchild keeps open */
	TICK_MS = 20,	 /* between looks where there is no pidfd */
	LAST_READS = 16,
};

/* One command while it runs. */
struct child {
	const struct child_options *options;
	struct child_process process;
	bool exited;	       /* a zombie: its number is still ours, unless it is `lost` */
	bool lost;	       /* its supervisor was killed: nobody can tell how it ends */
	int exit_code, signal; /* as of struct child_result, once it has exited */
	enum err_kind stopped; /* why we stop it; ERR_NONE: we do not */
	bool killed;
	bool overflow; /* more was captured than is allowed */
	bool quiet;    /* nobody holds the other end of the output just now */
	bool spoke;    /* on_output() was called */
	int64_t begin_ms;
	int64_t deadline_ms;
	int64_t kill_at_ms;	 /* when SIGTERM has not helped */
	int64_t linger_until_ms; /* how long to wait for the end of its output */
};

static struct process_id
identity(const struct child *c)
{
	return (struct process_id){ .pid = c->process.pid, .start = c->process.start };
}

/* A shell with job control, or a runner of jobs, puts its children into groups of their own. */
static void
signal_all(const struct child *c, int number)
{
	if (c->lost && !process_alive(identity(c)))
		return;
	kill(-c->process.pid, number);
	kill(-c->process.pid, SIGCONT);
	if (!c->options->terminal) /* else the session is ours */
		process_signal_strays(c->process.pid, number);
}

static int64_t
earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
grace_ms(const struct child *c)
{
	return c->options->grace_ms ? c->options->grace_ms : DEFAULT_GRACE_MS;
}

/* A command that was stopped has no longer than its grace for what it left behind. */
static int64_t
linger_ms(const struct child *c)
{
	return c->stopped ? earliest(LINGER_MS, grace_ms(c)) : LINGER_MS;
}

static void
stop(struct child *c, enum err_kind why)
{
	c->stopped = why;
	if (c->exited)
		c->linger_until_ms = earliest(c->linger_until_ms, wait_deadline(linger_ms(c)));
	c->kill_at_ms = wait_deadline(grace_ms(c));
	signal_all(c, SIGTERM);
}

static void
take_output(struct child *c, bool capture, const char *bytes, size_t len)
{
	const struct child_options *options = c->options;

	if (!capture && options->on_output)
		options->on_output(options->data, bytes, len);
	if (!capture && options->speaking_timeout_ms > 0 && !c->spoke)
		c->deadline_ms = c->begin_ms + options->speaking_timeout_ms;
	c->spoke = c->spoke || !capture;
	if (!capture)
		return;
	if (len > options->capture_max - options->capture->len) {
		c->overflow = true;
		return;
	}
	str_append_bytes(options->capture, bytes, len);
}

/*
 * One bounded read; false when nothing was there. EIO is how a pty says that everybody has left, which
 * a command may do before its end (GNU programs close their output first): the pty stays open until it
 * is reaped, since closing it sends SIGHUP to whom it controls.
 */
static bool
drain_once(struct child *c, int *fd, bool capture)
{
	char buffer[READ_SIZE];
	ssize_t got;

	if (*fd < 0)
		return false;
	got = read(*fd, buffer, sizeof(buffer));
	if (got > 0) {
		take_output(c, capture, buffer, (size_t)got);
		if (capture)
			explicit_bzero(buffer, (size_t)got); /* it may be a credential */
		return true;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (!capture) {
		c->quiet = true;
		return false;
	}
	close(*fd);
	*fd = -1;
	return false;
}

static bool
has_ended(const struct child *c)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)c->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid != 0;
}

static bool
supervised_has_ended(struct child *c)
{
	enum supervisor_news news;

	if (c->lost)
		return !process_alive(identity(c));
	news = supervisor_ask(&c->process, &c->exit_code, &c->signal);
	c->lost = news == SUPERVISOR_LOST;
	return news == SUPERVISOR_HAS_DONE;
}

static void
look_for_end(struct child *c)
{
	if (c->exited || !(c->process.supervisor ? supervised_has_ended(c) : has_ended(c)))
		return;
	c->exited = true;
	c->linger_until_ms = wait_deadline(linger_ms(c));
}

/* What becomes readable when the command has ended; -1: nothing does. */
static int
end_fd(const struct child *c)
{
	if (c->exited || c->lost)
		return -1;
	return c->process.supervisor ? c->process.control_fd : c->process.pid_fd;
}

static int
next_timeout(const struct child *c)
{
	int64_t until_ms = c->linger_until_ms;

	if (!c->stopped)
		until_ms = earliest(until_ms, c->deadline_ms);
	else if (!c->killed)
		until_ms = earliest(until_ms, c->kill_at_ms);
	if (end_fd(c) < 0 && !c->exited)
		until_ms = earliest(until_ms, wait_deadline(TICK_MS));
	return wait_left_ms(until_ms);
}

static void
check_clock(struct child *c)
{
	int64_t now_ms = clock_mono_ms();

	if (!c->stopped && cancel_requested(c->options->cancel))
		stop(c, ERR_CANCELLED);
	else if (!c->stopped && now_ms >= c->deadline_ms)
		stop(c, ERR_TIMEOUT);
	else if (c->stopped && !c->killed && now_ms >= c->kill_at_ms) {
		c->killed = true;
		signal_all(c, SIGKILL);
	}
}

static bool
is_silent(const struct child *c)
{
	return c->quiet && c->process.capture_fd < 0;
}

static bool
is_over(const struct child *c)
{
	return c->exited && (is_silent(c) || clock_mono_ms() >= c->linger_until_ms);
}

static void
supervise(struct child *c)
{
	while (!is_over(c)) {
		struct pollfd pfds[] = {
			{ .fd = c->quiet ? -1 : c->process.output_fd, .events = POLLIN },
			{ .fd = c->process.capture_fd, .events = POLLIN },
			{ .fd = end_fd(c), .events = POLLIN },
			{ .fd = c->stopped ? -1 : cancel_fd(c->options->cancel), .events = POLLIN },
		};

		if (poll(pfds, 4, next_timeout(c)) < 0 && errno != EINTR && !c->stopped)
			stop(c, ERR_IO);
		if (pfds[0].revents)
			drain_once(c, &c->process.output_fd, false);
		if (pfds[1].revents)
			drain_once(c, &c->process.capture_fd, true);
		look_for_end(c);
		check_clock(c);
	}
}

static void
wait_for(struct child *c)
{
	int status = 0;

	while (waitpid(c->process.pid, &status, 0) < 0 && errno == EINTR)
		;
	c->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	c->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Takes what is still in the buffers of the kernel, and the zombie. */
static void
reap(struct child *c)
{
	for (int i = 0; i < LAST_READS && drain_once(c, &c->process.output_fd, false); i++)
		;
	for (int i = 0; i < LAST_READS && drain_once(c, &c->process.capture_fd, true); i++)
		;
	if (c->stopped)
		signal_all(c, SIGKILL); /* whoever is left */
	if (c->process.supervisor)
		supervisor_leave(&c->process);
	else
		wait_for(c);
	if (c->process.output_fd >= 0)
		close(c->process.output_fd);
	if (c->process.capture_fd >= 0)
		close(c->process.capture_fd);
	if (c->process.pid_fd >= 0)
		close(c->process.pid_fd);
	child_terminal_close(&c->process.terminal);
}

static int
describe_stop(const struct child *c, int64_t duration_ms, struct err *e)
{
	char took[CLOCK_STAMP_MAX];
	const char *how = c->killed ? "SIGTERM did not end it, SIGKILL did" : "SIGTERM ended it";
	const char *name = c->options->argv[0];

	duration_format(duration_ms, took);
	if (c->stopped == ERR_CANCELLED)
		return err_set(e, ERR_CANCELLED, "%s: cancelled after %s: %s", name, took, how);
	if (c->stopped == ERR_TIMEOUT)
		return err_set(e, ERR_TIMEOUT, "%s: still running after %s: %s", name, took, how);
	return err_set(e, c->stopped, "%s: it could not be watched, and was stopped", name);
}

/* `left_behind`: some that it had started still have its output open, and signals to its session miss them. */
static int
report_failure(const struct child *c, int64_t duration_ms, bool left_behind, struct err *e)
{
	if (c->stopped) {
		describe_stop(c, duration_ms, e);
		return left_behind
			       ? err_advise(e, "Processes that it started in sessions of their own "
					       "may still run: look for them")
			       : -1;
	}
	if (c->lost)
		return err_set(e, ERR_UNKNOWN_OUTCOME,
			       "%s: it has ended, but nobody knows how: the process that watched "
			       "it (lifeboat-wait) was killed",
			       c->options->argv[0]);
	return err_set(e, ERR_REMOTE, "%s: its standard output has more than %zu bytes",
		       c->options->argv[0], c->options->capture_max);
}

int
child_run(const struct child_options *options, struct child_result *ret_result, struct err *e)
{
	struct child c = { .options = options,
			   .stopped = ERR_NONE,
			   .linger_until_ms = WAIT_FOREVER };

	if (cancel_requested(options->cancel)) {
		if (options->input_fd > 0)
			close(options->input_fd);
		return err_set(e, ERR_CANCELLED, "%s: cancelled before it was started",
			       options->argv[0]);
	}
	c.begin_ms = clock_mono_ms();
	c.deadline_ms = wait_deadline(options->timeout_ms > 0 ? options->timeout_ms : WAIT_FOREVER);
	c.quiet = options->terminal; /* it speaks to the terminal, not to us */
	if (child_start(options, &c.process, e) < 0)
		return -1;
	supervise(&c);
	bool left_behind = !is_silent(&c);
	reap(&c);
	int64_t duration_ms = clock_mono_ms() - c.begin_ms;
	if (c.stopped || c.overflow || c.lost)
		return report_failure(&c, duration_ms, left_behind, e);
	*ret_result = (struct child_result){
		.exit_code = c.exit_code,
		.signal = c.signal,
		.duration_ms = duration_ms,
		.left_behind = left_behind,
	};
	return 0;
}
