#include "config.h"

#include "net/socket/connect.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/fence/fence.h"
#include "net/socket/wait.h"

/* What became of a connect: 0, or its errno; -1: that was not awaited. */
static int
await(int fd, int64_t deadline_ms, const struct cancel *cancel, struct err *e)
{
	int failure = 0;
	socklen_t len = sizeof(failure);

	if (wait_fd(fd, POLLOUT, deadline_ms, cancel, e) < 0)
		return -1;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) == 0 ? failure : errno;
}

int
connect_address(const struct address *to, int type, int64_t deadline_ms,
		const struct cancel *cancel, int *ret_errno, struct err *e)
{
	int failure = 0, fd;

	*ret_errno = 0;
	if (fence_check((const struct sockaddr *)&to->sa, to->len, e) < 0)
		return -1;
	fd = socket(to->sa.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		*ret_errno = errno;
		return -1;
	}
	if (connect(fd, (const struct sockaddr *)&to->sa, to->len) < 0)
		failure = errno == EINPROGRESS ? await(fd, deadline_ms, cancel, e) : errno;
	if (failure == 0)
		return fd;
	close(fd);
	*ret_errno = failure > 0 ? failure : 0;
	return -1;
}
