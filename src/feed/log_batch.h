#ifndef LIFEBOAT_FEED_LOG_BATCH_H
#define LIFEBOAT_FEED_LOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"
#include "base/str.h"
#include "feed/log_stamp.h"

/*
 * The lines that one read of a stream brought, redacted, on their way to the ring: they are handed
 * over together, so that the ring's lock is taken once for all of them. Plain data.
 */
struct log_batch_line {
	size_t offset, len; /* in text */
	struct log_stamp stamp;
	bool marker;
};

struct log_batch {
	struct str text;
	struct log_batch_line *lines;
	size_t count, cap;
	struct log_second second; /* of the latest line */
};

void log_batch_release(struct log_batch *batch);
void log_batch_clear(struct log_batch *batch);
void log_batch_add(struct log_batch *batch, struct redactor *redactor, const char *stamp,
		   const char *text, size_t len_bytes);
/* A remark of ours, of this moment. */
void log_batch_remark(struct log_batch *batch, struct redactor *redactor, const char *text);
/* Says at the end of the latest line how much of it is missing. */
void log_batch_cut(struct log_batch *batch, size_t missing_bytes);

#endif
