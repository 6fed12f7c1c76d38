#include "config.h"

#include "net/socket/wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/clock.h"

int64_t
wait_deadline(int64_t timeout_ms)
{
	int64_t now_ms = clock_mono_ms();

	return timeout_ms >= WAIT_FOREVER - now_ms ? WAIT_FOREVER : now_ms + timeout_ms;
}

int
wait_left_ms(int64_t deadline_ms)
{
	if (deadline_ms == WAIT_FOREVER)
		return -1;
	int64_t left_ms = deadline_ms - clock_mono_ms();
	if (left_ms <= 0)
		return 0;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

int
wait_fd(int fd, short events, int64_t deadline_ms, const struct cancel *cancel, struct err *e)
{
	struct pollfd pfds[2] = {
		{ .fd = fd, .events = events },
		{ .fd = cancel_fd(cancel), .events = POLLIN },
	};

	for (;;) {
		int left_ms = wait_left_ms(deadline_ms);
		int ready = poll(pfds, 2, left_ms);

		if (ready < 0 && errno != EINTR)
			return err_errno(e, ERR_IO, "waiting for a descriptor");
		if (cancel_requested(cancel))
			return err_set(e, ERR_CANCELLED, "cancelled");
		if (ready > 0 && pfds[0].revents)
			return 0;
		if (ready == 0 && wait_left_ms(deadline_ms) == 0)
			return err_set(e, ERR_TIMEOUT, "no answer in time");
	}
}
