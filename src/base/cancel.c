#include "config.h"

#include "base/cancel.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

struct cancel {
	atomic_bool requested;
	int fd;
};

struct cancel *
cancel_new(void)
{
	struct cancel *c = xcalloc(1, sizeof(*c));

	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->fd < 0)
		abort(); /* out of descriptors: nothing could be run safely */
	return c;
}

void
cancel_free(struct cancel *c)
{
	if (!c)
		return;
	close(c->fd);
	free(c);
}

void
cancel_request(struct cancel *c)
{
	atomic_store(&c->requested, true);
	eventfd_write(c->fd, 1);
}

bool
cancel_requested(const struct cancel *c)
{
	return c && atomic_load(&c->requested);
}

int
cancel_fd(const struct cancel *c)
{
	return c ? c->fd : -1;
}

bool
cancel_sleep(const struct cancel *c, int64_t timeout_ms)
{
	int64_t now_ms = clock_mono_ms();
	int64_t deadline_ms = timeout_ms < INT64_MAX - now_ms ? now_ms + timeout_ms : INT64_MAX;

	while (!cancel_requested(c)) {
		int64_t left_ms = deadline_ms - clock_mono_ms();
		struct pollfd pfd = { .fd = cancel_fd(c), .events = POLLIN };

		if (left_ms <= 0)
			return false;
		if (poll(&pfd, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms) < 0 && errno != EINTR)
			return false;
	}
	return true;
}
