#ifndef LIFEBOAT_FEED_LOG_STREAM_H
#define LIFEBOAT_FEED_LOG_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cancel.h"
#include "base/secret.h"
#include "feed/pods.h"

/*
 * Where streams put their lines, clean already. Called on the streams' threads, and for remarks
 * (`marker`) also on the feed's own.
 */
struct log_sink {
	void (*line)(void *data, const char *origin, const char *stamp, const char *text,
		     size_t len_bytes, bool marker);
	void *data;
};

/* What a stream follows. Strings are copied; the rest outlives the stream. */
struct log_stream_options {
	const struct feed_source *source;
	struct secrets *secrets;
	const struct cancel *cancel;
	const struct log_sink *sink;
	const char *pod, *uid, *container;
	const char *origin; /* what its lines are called by */
};

/*
 * Follows the log of one container on a thread and a connection of its own, through broken
 * connections, restarts and silence, until the pod has ended, is gone, or another bears its name.
 * NULL: no thread is to be had.
 */
struct log_stream;
struct log_stream *log_stream_new(const struct log_stream_options *options);
bool log_stream_ended(struct log_stream *stream); /* its thread is done */
/* Waits for the thread, which ends by itself or by the options' cancel. */
void log_stream_free(struct log_stream *stream);

#endif
