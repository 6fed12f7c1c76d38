#ifndef LIFEBOAT_FEED_LOG_RING_H
#define LIFEBOAT_FEED_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/log_stamp.h"

/*
 * Lines in a buffer that is bounded in bytes and in lines: a new one drives out as many of the oldest as
 * it needs. Numbers count on, so a reader sees from them what it has missed. Memory is taken as
 * the buffer fills for the first time. Not for several threads at once.
 */
struct log_ring;

enum { LOG_RING_MIN_BYTES = 4096, LOG_RING_MIN_LINES = 16 };

/* A line as it is kept: raw bytes, which may hold anything but a LF. */
struct log_record {
	uint32_t origin; /* of log_ring_origin() */
	struct log_stamp stamp;
	const char *text; /* not terminated */
	size_t len;
	bool marker;
};

struct log_ring *log_ring_new(size_t max_bytes, size_t max_lines);
void log_ring_free(struct log_ring *ring);

/*
 * What lines are called by, as a number that each of them can carry. It is kept while a caller holds it (one
 * release for each call) or a line in the ring bears it.
 */
uint32_t log_ring_origin(struct log_ring *ring, const char *name);
void log_ring_origin_release(struct log_ring *ring, uint32_t origin);
const char *log_ring_origin_name(const struct log_ring *ring, uint32_t origin);

/* The longest line that is kept whole: an eighth of the ring. */
size_t log_ring_max_line(const struct log_ring *ring);
/* Copies a line in. One that is too long is cut, and says how much is missing. */
void log_ring_add(struct log_ring *ring, const struct log_record *record);

/* Numbers of the oldest line that is kept and of the next one to come. */
void log_ring_range(const struct log_ring *ring, uint64_t *ret_first, uint64_t *ret_next);

/* The line of a number; false where it is not kept. Its text lasts until the next addition. */
bool log_ring_get(const struct log_ring *ring, uint64_t number, struct log_record *ret_record);

#endif
