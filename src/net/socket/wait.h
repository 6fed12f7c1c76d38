#ifndef LIFEBOAT_NET_SOCKET_WAIT_H
#define LIFEBOAT_NET_SOCKET_WAIT_H

#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"

/* A deadline that never comes. */
#define WAIT_FOREVER INT64_MAX

/*
 * Waits until fd has one of `events` (poll(2); an error or a hang-up counts), until the monotonic
 * clock reaches deadline_ms, or until a cancel. Errors: ERR_TIMEOUT, ERR_CANCELLED and ERR_IO, with a
 * bare message for the caller to wrap.
 */
int wait_fd(int fd, short events, int64_t deadline_ms, const struct cancel *cancel, struct err *e);

/* The monotonic time that is timeout_ms from now; WAIT_FOREVER stays what it is. */
int64_t wait_deadline(int64_t timeout_ms);

/* What is left until a deadline as poll(2) takes it: -1 for ever, 0 when it has passed. */
int wait_left_ms(int64_t deadline_ms);

#endif
