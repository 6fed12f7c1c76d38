#ifndef LIFEBOAT_BASE_CANCEL_H
#define LIFEBOAT_BASE_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A request to stop, that a blocked thread can wait on: an eventfd that stays readable once the
 * request was made. Whoever blocks polls cancel_fd() beside its own descriptors (poll(2),
 * curl_multi_poll's extra_fds) and returns ERR_CANCELLED within 100 ms. Every function may be
 * called from any thread.
 */
struct cancel;

struct cancel *cancel_new(void);
void cancel_free(struct cancel *c);
void cancel_request(struct cancel *c);
bool cancel_requested(const struct cancel *c); /* false for NULL */
int cancel_fd(const struct cancel *c);	       /* -1 for NULL, which poll(2) ignores */
/* Sleeps; true at once when the request comes, false when the time has passed. */
bool cancel_sleep(const struct cancel *c, int64_t timeout_ms);

#endif
