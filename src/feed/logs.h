#ifndef LIFEBOAT_FEED_LOGS_H
#define LIFEBOAT_FEED_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pattern.h"
#include "base/sgr.h"
#include "feed/source.h"

enum {
	LOG_FEED_DEFAULT_BYTES = 64 << 20,
	LOG_FEED_DEFAULT_LINES = 1 << 20,
};

/*
 * Follows the logs of the containers of the pods that a source names (a selector, a pod, a workload),
 * merged in the order of arrival, into a ring that is bounded in bytes and lines. Pods that appear
 * join, pods that go end; a broken stream is opened again from its last time stamp without losing or
 * repeating a line, and a line in the ring says so, as it does for a restarted container. One thread
 * follows the pods, one looks after silent streams, one more each container (64 at most; beyond that a
 * line says which are left out).
 * Lines are kept redacted, as raw bytes, and sanitised when they are read.
 */
struct log_feed;
struct log_feed *log_feed_new(const struct feed_source *source, struct secrets *secrets,
			      size_t max_bytes, size_t max_lines, int notify_fd);
void log_feed_free(struct log_feed *feed); /* ends its threads within 200 ms */

struct log_line {
	uint64_t number;    /* counts from 0 over the feed's life; never reused */
	const char *origin; /* "pod" or "pod/container"; sanitised */
	const char *stamp;  /* RFC 3339 as the server gave it, or "" */
	const char *text;   /* sanitised, no LF */
	bool marker;	    /* a remark of ours ("stream reopened"), not a line of the log */
	const struct sgr_span *looks; /* of text: what its colour sequences said */
	size_t looks_count;
};

/*
 * Numbers of the oldest line that is kept and of the next one to come. So *ret_first is also how many lines
 * are no longer kept.
 */
void log_feed_range(struct log_feed *feed, uint64_t *ret_first, uint64_t *ret_next);

/*
 * Calls line() for the lines [first, next) that are still kept, under the feed's lock: it must be
 * quick and must not call the feed.
 */
void log_feed_read(struct log_feed *feed, uint64_t first, uint64_t next,
		   void (*line)(void *data, const struct log_line *line), void *data);

void log_feed_health(struct log_feed *feed, struct feed_health *ret_health, size_t *ret_streams);

/*
 * Writes the lines that are kept (those that `pattern` matches, or NULL: all) into a new file of mode 0600,
 * as "ORIGIN STAMP TEXT" with the raw bytes of the log, redacted. An existing file is never written over.
 * Streams go on meanwhile. Errors: ERR_IO.
 */
int log_feed_save(struct log_feed *feed, const char *path, const struct pattern *pattern,
		  uint64_t *ret_lines, struct err *e);

#endif
