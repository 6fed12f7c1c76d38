#ifndef LIFEBOAT_FEED_LOG_STREAM_H
#define LIFEBOAT_FEED_LOG_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/secret.h"
#include "feed/log_batch.h"
#include "feed/source.h"

/* What a stream follows, and where its lines go. Strings are copied; the rest outlives the stream. */
struct log_stream_options {
	const struct feed_source *source;
	struct secrets *secrets;
	const char *ns, *pod, *uid, *container;
	uint32_t origin;    /* what its lines are called by */
	int64_t tail_lines; /* of a log that is opened for the first time; -1: all */
	size_t max_line;    /* bytes */
	void (*add)(void *data, uint32_t origin, const struct log_batch *batch); /* any thread */
	void *data;
};

/*
 * Follows the log of one container on a thread and a connection of its own, through broken
 * connections, restarts and silence, until the container has ended for good, or the pod is gone or
 * another bears its name. Of a source that wants previous logs: reads that one once. NULL: no thread
 * is to be had.
 */
struct log_stream;
struct log_stream *log_stream_new(const struct log_stream_options *options);
bool log_stream_is_of(const struct log_stream *stream, const char *uid, const char *container);
uint32_t log_stream_origin(const struct log_stream *stream);

/*
 * The pod has changed: whoever waits for that looks again. It is not followed any more where it `leaves`: its
 * last lines are given a few seconds to come.
 */
void log_stream_changed(struct log_stream *stream, bool leaves);
/* To be called every second, on one thread: ends a stream that has stalled, or that was left. */
void log_stream_watch(struct log_stream *stream, struct kube_client *client,
		      const struct cancel *cancel, int64_t silence_ms);

void log_stream_stop(struct log_stream *stream);
bool log_stream_ended(struct log_stream *stream); /* its thread is done */
/* The container's run that was read last, once the stream has ended. */
const char *log_stream_run(const struct log_stream *stream);
void log_stream_free(struct log_stream *stream); /* stops it and waits for its thread */

#endif
