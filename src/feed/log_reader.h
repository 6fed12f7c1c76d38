#ifndef LIFEBOAT_FEED_LOG_READER_H
#define LIFEBOAT_FEED_LOG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "feed/log_batch.h"

struct kube_client;
struct cancel;

/* Whose log is read, and where it goes. Strings are copied; the rest outlives the reader. */
struct log_reader_options {
	const char *ns, *pod, *container;
	struct secrets *secrets;
	size_t max_line; /* a longer line is cut */
	/* Takes what came at once; on the reading thread. */
	void (*add)(void *data, const struct log_batch *batch);
	void *data;
};

/*
 * Reads the log of one container, again and again, each time from where it stands: no line twice, none
 * left out. One thread reads; another may stop it, and look after a stream that has fallen silent.
 */
struct log_reader;
struct log_reader *log_reader_new(const struct log_reader_options *options);
void log_reader_free(struct log_reader *reader);

/* ---- for the reading thread ---- */

enum log_reading {
	LOG_READ_FOLLOW,   /* to its end, which may never come */
	LOG_READ_REST,	   /* what is there now */
	LOG_READ_PREVIOUS, /* of the run before the last restart */
};

/*
 * *ret_lines, also on error, is how many new lines it brought. tail_lines bounds the first reading of a log
 * (-1: all of it). Errors as kube_logs().
 */
int log_reader_read(struct log_reader *reader, struct kube_client *client, enum log_reading what,
		    int64_t tail_lines, size_t *ret_lines, struct err *e);
/* Whether a log has more than so many lines. */
int log_reader_exceeds(struct log_reader *reader, struct kube_client *client, int64_t lines,
		       bool *ret_exceeds, struct err *e);
/*
 * Whether the latest reading was ended because the log does not reach back to where the reading stood: it
 * may be another run's by now. The next one goes on in spite of that, and says that lines may be missing,
 * once it was told to.
 */
bool log_reader_met_gap(const struct log_reader *reader);
void log_reader_take_gap(struct log_reader *reader);
/* From now on another log is read, from its beginning. */
void log_reader_rewind(struct log_reader *reader);

void log_reader_remark(struct log_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* No line can come: the operator gets to know why, once, and later for how long. */
void log_reader_broke(struct log_reader *reader, const char *why);

/* What stops the reader; for other requests of the reading thread. Valid until the next reading. */
const struct cancel *log_reader_cancel(const struct log_reader *reader);
/* Ends the present reading and pause, from any thread. */
void log_reader_interrupt(struct log_reader *reader);
/* The same for good: there will be no other. */
void log_reader_stop(struct log_reader *reader);
bool log_reader_stopped(struct log_reader *reader);
/* Waits, at most so long; false where the reader is stopped. A nudge ends it. */
bool log_reader_pause(struct log_reader *reader, int64_t max_ms);
void log_reader_nudge(struct log_reader *reader);

/*
 * Looks whether the log has gone on while the stream was silent, by a short reading on another
 * connection; to be called every second or so. A stream that withholds lines is ended.
 * Source: kubernetes/kubernetes#115701.
 */
void log_reader_probe(struct log_reader *reader, struct kube_client *client,
		      const struct cancel *cancel, int64_t silence_ms);
/* Whether the latest reading was ended because it had stalled. */
bool log_reader_stalled(struct log_reader *reader);

#endif
