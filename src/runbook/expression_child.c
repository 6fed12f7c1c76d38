#include "config.h"

#include "runbook/expression_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/libexec.h"

enum { BEGIN_MS = 10000 /* until it has taken what it begins with, on a loaded machine */ };

static int
reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

void
expression_child_stop(struct expression_child *child)
{
	if (child->pid == 0)
		return;
	close(child->fd);
	kill(child->pid, SIGKILL);
	reap(child->pid);
	*child = (struct expression_child)EXPRESSION_CHILD_INIT;
}

/* Clears a child away whose socket broke, and says what it died of. */
static void
bury(struct expression_child *child, struct str *answer)
{
	int status;

	close(child->fd);
	kill(child->pid, SIGKILL);
	status = reap(child->pid);
	*child = (struct expression_child)EXPRESSION_CHILD_INIT;
	str_clear(answer);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		str_append(answer, "used up its CPU time");
	else if (WIFSIGNALED(status))
		str_printf(answer, "was ended by signal %d (%s)", WTERMSIG(status),
			   sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
	else if (WEXITSTATUS(status) == EXPRESSION_EXIT_VERSION)
		str_append(answer, "is of another version than this program, which was replaced "
				   "meanwhile");
	else
		str_printf(answer, "ended with status %d", WEXITSTATUS(status));
}

enum transfer { TRANSFER_DONE, TRANSFER_BROKEN, TRANSFER_LATE };

static enum transfer
await(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		int64_t left_ms = deadline_ms - clock_mono_ms();
		struct pollfd pfd = { .fd = fd, .events = events };
		int rc;

		if (left_ms < 0)
			return TRANSFER_LATE;
		rc = poll(&pfd, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (rc > 0)
			return TRANSFER_DONE;
		if (rc < 0 && errno != EINTR)
			return TRANSFER_BROKEN;
	}
}

static enum transfer
send_bytes(int fd, const char *bytes, size_t len, int64_t deadline_ms)
{
	while (len > 0) {
		enum transfer waited = await(fd, POLLOUT, deadline_ms);
		ssize_t n;

		if (waited != TRANSFER_DONE)
			return waited;
		n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (errno != EINTR && errno != EAGAIN) {
			return TRANSFER_BROKEN;
		}
	}
	return TRANSFER_DONE;
}

static enum transfer
receive_bytes(int fd, char *bytes, size_t len, int64_t deadline_ms)
{
	while (len > 0) {
		enum transfer waited = await(fd, POLLIN, deadline_ms);
		ssize_t n;

		if (waited != TRANSFER_DONE)
			return waited;
		n = recv(fd, bytes, len, MSG_DONTWAIT);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
			return TRANSFER_BROKEN;
		}
	}
	return TRANSFER_DONE;
}

static enum transfer
send_frame(int fd, enum frame_kind kind, const struct str *payload, int64_t deadline_ms)
{
	uint32_t len = (uint32_t)payload->len;
	char head[FRAME_HEAD_BYTES] = { (char)kind };
	enum transfer done;

	memcpy(head + 1, &len, sizeof(len));
	done = send_bytes(fd, head, sizeof(head), deadline_ms);
	return done == TRANSFER_DONE ? send_bytes(fd, payload->data, len, deadline_ms) : done;
}

/* A program and not a fork: jq is to see nothing of this process's memory, and no lock that another thread held. */
static int
spawn(int fd, pid_t *ret_pid, struct err *e)
{
	static char home[] = "HOME=/nonexistent", version[] = PACKAGE_VERSION;
	char *program = libexec_find(EXPRESSION_PROGRAM, e);
	/* a HOME, as jq loads ~/.jq, and crashes without any environment */
	char *const argv[] = { program, version, NULL }, *const environment[] = { home, NULL };
	posix_spawn_file_actions_t actions;

	if (!program)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, EXPRESSION_SOCKET);
	for (int std = 0; std < EXPRESSION_SOCKET; std++)
		posix_spawn_file_actions_addopen(&actions, std, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, EXPRESSION_SOCKET + 1);
	int rc = libexec_spawn(ret_pid, &actions, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	errno = rc;
	if (rc != 0)
		err_errno(e, ERR_INTERNAL, "starting %s", program);
	free(program);
	return rc == 0 ? 0 : -1;
}

void
expression_list_append(struct str *out, const char *const *texts, size_t count)
{
	cJSON *list = count > 0 ? cJSON_CreateStringArray(texts, (int)count) : cJSON_CreateArray();
	char *text = json_print(list);

	str_append(out, text);
	free(text);
	cJSON_Delete(list);
}

/* Tells it what to compile. Where it has died meanwhile, that shows when its answer is awaited. */
static int
tell_set(const struct expression_child *child, const struct expression_set *set, struct err *e)
{
	struct str list = STR_INIT;
	int rc = 0;

	expression_list_append(&list, set->texts, set->combine ? set->count : 0);
	if (list.len > FRAME_MAX_BYTES)
		rc = err_set(e, ERR_SPEC, "the runbook's expressions are larger than %d MiB",
			     FRAME_MAX_BYTES >> 20);
	else if (send_frame(child->fd, FRAME_BEGIN, &list, clock_mono_ms() + BEGIN_MS) ==
		 TRANSFER_LATE)
		rc = err_set(e, ERR_TIMEOUT, "the jq process takes nothing for %d s",
			     BEGIN_MS / 1000);
	str_release(&list);
	return rc;
}

int
expression_child_start(struct expression_child *child, const struct expression_set *set,
		       struct err *e)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_errno(e, ERR_INTERNAL, "making a socket for the jq process");
	int rc = spawn(fds[1], &pid, e);
	close(fds[1]);
	if (rc < 0) {
		close(fds[0]);
		return -1;
	}
	*child = (struct expression_child){ .pid = pid, .fd = fds[0], .ready = false };
	if (tell_set(child, set, e) < 0) {
		expression_child_stop(child);
		return -1;
	}
	return 0;
}

static enum transfer
receive_frame(int fd, char *ret_kind, struct str *payload, int64_t deadline_ms)
{
	char head[FRAME_HEAD_BYTES];
	enum transfer done = receive_bytes(fd, head, sizeof(head), deadline_ms);
	uint32_t len;

	str_clear(payload);
	if (done != TRANSFER_DONE)
		return done;
	memcpy(&len, head + 1, sizeof(len));
	if (len > FRAME_MAX_BYTES)
		return TRANSFER_BROKEN;
	*ret_kind = head[0];
	done = receive_bytes(fd, str_reserve(payload, len), len, deadline_ms);
	if (done == TRANSFER_DONE) {
		payload->len = len;
		payload->data[len] = '\0';
	}
	return done;
}

/* Frames are tiny until the child is ready: one that has begun arrives whole. */
static enum transfer
await_ready(struct expression_child *child, struct str *payload, int64_t deadline_ms)
{
	enum transfer done = await(child->fd, POLLIN, deadline_ms);
	char kind = '\0';

	if (done != TRANSFER_DONE)
		return done;
	done = receive_frame(child->fd, &kind, payload, clock_mono_ms() + 1000);
	child->ready = done == TRANSFER_DONE && kind == FRAME_READY;
	child->sound = child->ready && payload->len == 0;
	return child->ready ? TRANSFER_DONE : TRANSFER_BROKEN;
}

bool
expression_child_await(struct expression_child *child, int64_t deadline_ms)
{
	struct str message = STR_INIT;
	bool is_ready =
		child->ready ||
		(child->pid != 0 && await_ready(child, &message, deadline_ms) == TRANSFER_DONE);

	str_release(&message);
	return is_ready;
}

enum child_outcome
expression_child_call(struct expression_child *child, enum frame_kind kind,
		      const struct str *payload, int64_t deadline_ms, struct str *answer)
{
	enum transfer done = child->ready ? TRANSFER_DONE : await_ready(child, answer, deadline_ms);
	bool was_ready = child->ready;
	char answer_kind = '\0';

	if (done == TRANSFER_LATE)
		return CHILD_LATE;
	if (done == TRANSFER_DONE)
		done = send_frame(child->fd, kind, payload, deadline_ms);
	if (done == TRANSFER_DONE)
		done = receive_frame(child->fd, &answer_kind, answer, deadline_ms);
	if (done == TRANSFER_LATE) {
		expression_child_stop(child);
		return CHILD_LATE;
	}
	if (done == TRANSFER_BROKEN) {
		bury(child, answer);
		return was_ready ? CHILD_DIED : CHILD_STILLBORN;
	}
	if (answer_kind == FRAME_LAST_WORDS)
		expression_child_stop(child);
	return answer_kind == FRAME_VALUE ? CHILD_VALUE : CHILD_ERROR;
}
