#ifndef LIFEBOAT_NET_SOCKET_CONNECT_H
#define LIFEBOAT_NET_SOCKET_CONNECT_H

#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "net/socket/address.h"

/*
 * A non-blocking socket of `type` (SOCK_STREAM, SOCK_DGRAM) that is connected to the address, once the fence of a drill has let it
 * through. On -1 *ret_errno is what the kernel said; or it is 0, and *e says it: ERR_DENIED (the fence), ERR_TIMEOUT, ERR_CANCELLED.
 */
int connect_address(const struct address *to, int type, int64_t deadline_ms,
		    const struct cancel *cancel, int *ret_errno, struct err *e);

#endif
