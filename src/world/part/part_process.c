#include "config.h"

#include "world/part/part_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "base/clock.h"
#include "base/fork.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "net/socket/wait.h"

enum {
	FOLDER_FD = 3,	/* of PART_FOLDER */
	LAST_FD = 4096, /* that is looked at where close_range(2) is missing */
	NOBODY = 65534,
	LOG_MAX = 4 << 20,
	TAIL_MAX = 1024, /* of its words, for messages */
	CHUNK = 4096,
	ASK_AGAIN_MS = 1500,
	KILL_MS = 3000,
};

enum process_state {
	PROCESS_FORKING,
	PROCESS_STARTED,
	PROCESS_READY,
	PROCESS_ENDED,
};

struct part_process {
	char *name, *ready;
	char **argv;
	struct part_user user;
	int death_signal;
	void (*changed)(void *data, const char *name, struct process_id id, bool up);
	void (*lost)(void *data, const char *name, const char *why);
	void *data;

	pthread_t thread;
	int folder_fd, log_fd, output_fd, pid_fd;
	size_t logged;
	int news_fd; /* an eventfd: the state is another */
	int64_t asked_ms;

	pthread_mutex_t lock; /* of what is below */
	struct process_id id;
	enum process_state state;
	bool asked;	 /* to end */
	int status;	 /* as of waitpid(2) */
	int start_error; /* errno, where it could not be executed */
	struct str tail;
};

struct part_user
part_user_find(const char *const *names)
{
	struct part_user user = { .drops = geteuid() == 0, .uid = NOBODY, .gid = NOBODY };
	char buffer[4096];

	for (; user.drops && *names; names++) {
		struct passwd entry, *found = NULL;

		if (getpwnam_r(*names, &entry, buffer, sizeof(buffer), &found) == 0 && found &&
		    found->pw_uid != 0) {
			user.uid = found->pw_uid;
			user.gid = found->pw_gid;
			break;
		}
	}
	return user;
}

int
part_user_give(const struct part_user *user, const char *path, struct err *e)
{
	if (user->drops && chown(path, user->uid, user->gid) < 0)
		return err_errno(e, ERR_IO, "giving %s to user %d", path, (int)user->uid);
	return 0;
}

const char *
part_user_path(const struct part_user *user, const char *folder)
{
	return user->drops ? PART_FOLDER : folder;
}

/* --- the child: nothing that is not async-signal-safe ------------------------------------------------ */

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
	if (syscall(SYS_close_range, (unsigned)FOLDER_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (int fd = FOLDER_FD + 1; fd < LAST_FD; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* By system calls of its own: those of glibc wait for locks that another thread may have held at the fork. */
static bool
drop_privileges(const struct part_user *user)
{
	return !user->drops ||
	       (syscall(SYS_setgroups, 0, NULL) == 0 && syscall(SYS_setgid, user->gid) == 0 &&
		syscall(SYS_setuid, user->uid) == 0);
}

static _Noreturn void
become(const struct part_process *p, int output_fd, int null_fd, int report_fd, pid_t parent)
{
	char *const env[] = { (char[]){ "LC_ALL=C" }, (char[]){ "TZ=UTC" },
			      (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" },
			      (char[]){ "HOME=/nonexistent" }, NULL };
	int failure;

	setsid();
	reset_signals();
	/* Away from 0 … 3, so that none of them is overwritten before it was used. */
	report_fd = fcntl(report_fd, F_DUPFD_CLOEXEC, FOLDER_FD + 1);
	output_fd = fcntl(output_fd, F_DUPFD_CLOEXEC, FOLDER_FD + 1);
	null_fd = fcntl(null_fd, F_DUPFD_CLOEXEC, FOLDER_FD + 1);
	int folder_fd = fcntl(p->folder_fd, F_DUPFD_CLOEXEC, FOLDER_FD + 1);
	dup2(null_fd, STDIN_FILENO);
	dup2(output_fd, STDOUT_FILENO);
	dup2(output_fd, STDERR_FILENO);
	dup2(folder_fd, FOLDER_FD);
	leave_descriptors();
	umask(077);
	/* The change of user would take the signal back: it comes first. */
	if (fchdir(FOLDER_FD) == 0 && drop_privileges(&p->user) &&
	    prctl(PR_SET_PDEATHSIG, p->death_signal) == 0 && getppid() == parent)
		execve(p->argv[0], p->argv, env);
	failure = errno;
	if (write(report_fd, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

/* --- its thread ------------------------------------------------------------------------------------- */

static void
turn(struct part_process *p, enum process_state state)
{
	pthread_mutex_lock(&p->lock);
	p->state = state;
	pthread_mutex_unlock(&p->lock);
	eventfd_write(p->news_fd, 1);
}

static void
log_bytes(struct part_process *p, const char *bytes, size_t len)
{
	if (len > LOG_MAX - p->logged)
		len = LOG_MAX - p->logged;
	if (len && write(p->log_fd, bytes, len) > 0)
		p->logged += len;
}

/* Returns whether these words say that it serves. */
static bool
take_words(struct part_process *p, const char *bytes, size_t len)
{
	bool ready;

	log_bytes(p, bytes, len);
	pthread_mutex_lock(&p->lock);
	str_append_bytes(&p->tail, bytes, len);
	ready = p->state == PROCESS_STARTED && p->ready &&
		strstr(str_cstr(&p->tail), p->ready) != NULL;
	if (p->tail.len > TAIL_MAX)
		str_consume(&p->tail, p->tail.len - TAIL_MAX);
	pthread_mutex_unlock(&p->lock);
	return ready;
}

/* Until it has ended; where the kernel has no descriptor for that, until nobody holds its output. */
static void
follow(struct part_process *p)
{
	struct pollfd pfds[2] = { { .fd = p->output_fd, .events = POLLIN },
				  { .fd = p->pid_fd, .events = POLLIN } };
	char bytes[CHUNK];

	for (;;) {
		ssize_t got = read(p->output_fd, bytes, sizeof(bytes));

		if (got > 0 && take_words(p, bytes, (size_t)got))
			turn(p, PROCESS_READY);
		if (got > 0 || (got < 0 && errno == EINTR))
			continue;
		if (got == 0 && p->pid_fd < 0)
			return;
		if (got == 0)
			pfds[0].fd = -1;
		if (pfds[1].revents)
			return; /* and all was read that it had said */
		poll(pfds, 2, -1);
	}
}

static char *
describe_end(struct part_process *p)
{
	if (WIFSIGNALED(p->status))
		return xasprintf("ended by signal %d (%s)", WTERMSIG(p->status),
				 sigabbrev_np(WTERMSIG(p->status)));
	return xasprintf("ended with exit status %d", WEXITSTATUS(p->status));
}

/* It is reaped with the lock held, so that a signal can never go to another one that got its number. */
static void
reap(struct part_process *p)
{
	siginfo_t info;
	bool by_itself;
	char *why;

	while (waitid(P_PID, (id_t)p->id.pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	pthread_mutex_lock(&p->lock);
	while (waitpid(p->id.pid, &p->status, 0) < 0 && errno == EINTR)
		;
	by_itself = !p->asked && p->state == PROCESS_READY;
	p->state = PROCESS_ENDED;
	pthread_mutex_unlock(&p->lock);
	p->changed(p->data, p->name, p->id, false);
	if (by_itself) {
		why = describe_end(p);
		p->lost(p->data, p->name, why);
		free(why);
	}
	eventfd_write(p->news_fd, 1);
}

/* What stands in the pipe: an errno, or nothing once exec has closed it. */
static int
read_report(int fd)
{
	int failure = 0;

	while (read(fd, &failure, sizeof(failure)) < 0 && errno == EINTR)
		;
	return failure;
}

static int
fork_it(struct part_process *p)
{
	int report[2], output[2], failure = 0;
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t parent = getpid(), pid;

	if (null_fd < 0 || pipe2(report, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
		abort(); /* out of descriptors */
	pid = fork_quietly();
	if (pid == 0)
		become(p, output[1], null_fd, report[1], parent);
	failure = pid < 0 ? errno : 0;
	close(null_fd);
	close(output[1]);
	close(report[1]);
	p->output_fd = output[0];
	fcntl(p->output_fd, F_SETFL, O_NONBLOCK);
	if (pid > 0)
		failure = read_report(report[0]);
	close(report[0]);
	if (failure && pid > 0)
		waitpid(pid, NULL, 0);
	if (failure)
		return failure;
	pthread_mutex_lock(&p->lock);
	p->id = process_identify(pid);
	pthread_mutex_unlock(&p->lock);
	p->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p->pid_fd < 0)
		fcntl(p->output_fd, F_SETFL, 0);
	return 0;
}

/*
 * The kernel sends the death signal when the thread that has forked ends: this one lasts as long as the process.
 */
static void *
run(void *data)
{
	struct part_process *p = data;
	int failure = fork_it(p);

	if (failure) {
		pthread_mutex_lock(&p->lock);
		p->start_error = failure;
		pthread_mutex_unlock(&p->lock);
		turn(p, PROCESS_ENDED);
		return NULL;
	}
	p->changed(p->data, p->name, p->id, true);
	turn(p, PROCESS_STARTED);
	follow(p);
	reap(p);
	return NULL;
}

/* --- our side --------------------------------------------------------------------------------------- */

static char **
copy_argv(const char *const *argv)
{
	size_t count = 0;
	char **copy;

	while (argv[count])
		count++;
	copy = xcalloc(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = xstrdup(argv[i]);
	return copy;
}

static void
release(struct part_process *p)
{
	int *const fds[] = { &p->folder_fd, &p->log_fd, &p->output_fd, &p->pid_fd, &p->news_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	for (char **arg = p->argv; *arg; arg++)
		free(*arg);
	free(p->argv);
	free(p->name);
	free(p->ready);
	str_release(&p->tail);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static struct part_process *
prepare(const struct part_process_options *options)
{
	struct part_process *p = xcalloc(1, sizeof(*p));

	p->name = xstrdup(options->name);
	p->ready = xstrdup(options->ready);
	p->argv = copy_argv(options->argv);
	p->user = *options->user;
	p->death_signal = options->death_signal;
	p->changed = options->changed;
	p->lost = options->lost;
	p->data = options->data;
	p->output_fd = p->pid_fd = -1;
	p->folder_fd = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->log_fd = open(options->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	p->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

/* Waits until it is in `state` or behind it. */
static int
await(struct part_process *p, enum process_state state, int64_t deadline_ms,
      const struct cancel *cancel, struct err *e)
{
	for (;;) {
		eventfd_t ignored;
		enum process_state now;

		pthread_mutex_lock(&p->lock);
		now = p->state;
		pthread_mutex_unlock(&p->lock);
		if (now >= state)
			return 0;
		if (wait_fd(p->news_fd, POLLIN, deadline_ms, cancel, e) < 0)
			return err_wrap(e, "waiting for %s", p->name);
		eventfd_read(p->news_fd, &ignored);
	}
}

/* Its last lines as one, safe to be shown. */
static char *
last_words(struct part_process *p)
{
	struct str out = STR_INIT;
	char *clean = text_clean(str_cstr(&p->tail), TEXT_KEEP_NEWLINES | TEXT_DROP_SGR);
	char *save = NULL;

	for (char *line = strtok_r(clean, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		str_printf(&out, "%s%s", out.len ? " | " : "", line);
	free(clean);
	return str_take(&out);
}

static int
fail_ended(struct part_process *p, struct err *e)
{
	char *how = describe_end(p), *words = last_words(p);

	err_set(e, ERR_REMOTE, "%s (%s) has %s; its last words: %s", p->name, p->argv[0], how,
		*words ? words : "none");
	free(words);
	free(how);
	return -1;
}

int
part_process_start(const struct part_process_options *options, struct part_process **ret_process,
		   struct err *e)
{
	struct part_process *p = prepare(options);

	if (p->folder_fd < 0 || p->log_fd < 0 || p->news_fd < 0) {
		err_errno(e, ERR_IO, "starting %s in %s", p->name, options->folder);
		goto fail;
	}
	if ((errno = pthread_create(&p->thread, NULL, run, p)) != 0) {
		err_errno(e, ERR_IO, "starting a thread for %s", p->name);
		goto fail;
	}
	if (await(p, PROCESS_STARTED, WAIT_FOREVER, NULL, e) == 0 && p->start_error == 0) {
		*ret_process = p;
		return 0;
	}
	pthread_join(p->thread, NULL);
	errno = p->start_error;
	err_errno(e, ERR_IO, "starting %s (%s)", p->name, p->argv[0]);
fail:
	release(p);
	return -1;
}

int
part_process_await_ready(struct part_process *p, int64_t timeout_ms, const struct cancel *cancel,
			 struct err *e)
{
	if (await(p, PROCESS_READY, wait_deadline(timeout_ms), cancel, e) < 0)
		return -1;
	return part_process_runs(p) ? 0 : fail_ended(p, e);
}

int
part_process_await_done(struct part_process *p, int64_t timeout_ms, const struct cancel *cancel,
			struct err *e)
{
	if (await(p, PROCESS_ENDED, wait_deadline(timeout_ms), cancel, e) < 0)
		return -1;
	if (WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0)
		return 0;
	return fail_ended(p, e);
}

bool
part_process_runs(struct part_process *p)
{
	bool runs;

	pthread_mutex_lock(&p->lock);
	runs = p->state != PROCESS_ENDED;
	pthread_mutex_unlock(&p->lock);
	return runs;
}

void
part_process_ask(struct part_process *p, int signal)
{
	pthread_mutex_lock(&p->lock);
	if (!p->asked)
		p->asked_ms = clock_mono_ms();
	p->asked = true;
	/* What it has started goes with it, where it cannot see to that itself. */
	if (p->state != PROCESS_ENDED && p->id.pid > 0)
		kill(signal == SIGKILL ? -p->id.pid : p->id.pid, signal);
	pthread_mutex_unlock(&p->lock);
}

void
part_process_end(struct part_process *p, int first, int second)
{
	struct err e = ERR_INIT;

	if (!p->asked)
		part_process_ask(p, first);
	if (await(p, PROCESS_ENDED, p->asked_ms + ASK_AGAIN_MS, NULL, &e) == 0)
		return;
	part_process_ask(p, second);
	if (await(p, PROCESS_ENDED, p->asked_ms + KILL_MS, NULL, &e) == 0)
		return;
	part_process_ask(p, SIGKILL);
	await(p, PROCESS_ENDED, WAIT_FOREVER, NULL, &e);
}

void
part_process_free(struct part_process *p)
{
	if (!p)
		return;
	if (part_process_runs(p))
		part_process_end(p, SIGKILL, SIGKILL);
	pthread_join(p->thread, NULL);
	release(p);
}
