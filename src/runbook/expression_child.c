#include "config.h"

#include "runbook/expression_child.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fork.h"
#include "base/late.h"

/*
 * The child is not tied to this process by PR_SET_PDEATHSIG, which would kill it with the thread
 * that happened to fork it. It ends when its socket does, and its CPU time is limited.
 */

int
expression_child_start(struct expression_child *child, const struct expression_set *set,
		       struct err *e)
{
	int fds[2];
	pid_t pid;

	if (late_load(&late_jq, e) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_errno(e, ERR_INTERNAL, "making a socket for the jq process");
	pid = fork_quietly();
	if (pid == 0)
		expression_serve(fds[1], set);
	close(fds[1]);
	if (pid < 0) {
		err_errno(e, ERR_INTERNAL, "starting the jq process");
		close(fds[0]);
		return -1;
	}
	*child = (struct expression_child){ .pid = pid, .fd = fds[0], .ready = false };
	return 0;
}

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
