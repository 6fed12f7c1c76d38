#ifndef LIFEBOAT_FEED_LOG_RING_H
#define LIFEBOAT_FEED_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/logs.h"

/*
 * Lines in a buffer of fixed size: a new one drives out as many of the oldest as it needs. Numbers
 * count on, so a reader sees from them what it has missed. Not for several threads at once.
 */
struct log_ring;

enum { LOG_RING_MIN_BYTES = 4096 };

struct log_ring *log_ring_new(size_t max_bytes); /* at least LOG_RING_MIN_BYTES */
void log_ring_free(struct log_ring *ring);

/* Copies a line in. One longer than an eighth of the ring is cut, and says how much is missing. */
void log_ring_add(struct log_ring *ring, const char *origin, const char *stamp, const char *text,
		  size_t len_bytes, bool marker);

/* Numbers of the oldest line that is kept and of the next one to come. */
void log_ring_range(const struct log_ring *ring, uint64_t *ret_first, uint64_t *ret_next);

/* The line of a number; false where it is not kept. Its strings last until the next addition. */
bool log_ring_get(const struct log_ring *ring, uint64_t number, struct log_line *ret_line);

#endif
