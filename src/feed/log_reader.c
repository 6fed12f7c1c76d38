#include "config.h"

#include "feed/log_reader.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "feed/condition.h"
#include "kube/log_cursor.h"
#include "kube/logs.h"

enum {
	MAX_SILENCE_FACTOR = 4, /* of a log that stays silent, before the next probe */
	GRACE_MS = 1000,	/* for lines that are on their way */
};

struct log_reader {
	struct log_reader_options o;
	char *ns, *pod, *container;

	/* of the reading thread alone: */
	struct redactor *redactor;
	struct log_cursor cursor;
	struct log_batch batch;
	size_t lines;	   /* new ones of this reading */
	bool met_gap;	   /* this reading was ended at one */
	bool takes_gap;	   /* the next one is not */
	int64_t broken_ms; /* since when no line could come; 0: it is open */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t nudge;
	struct cancel *cancel; /* of this reading */
	bool stopped, nudged, stalled;
	bool follows;
	struct log_cursor brought; /* as far as lines were handed over */
	uint64_t progress;	   /* counts what comes */
	int64_t silent_since_ms, next_probe_ms;
	uint64_t suspected_at; /* progress + 1 when news were seen beside the stream; 0: none */
	int64_t suspected_ms;
};

struct log_reader *
log_reader_new(const struct log_reader_options *options)
{
	struct log_reader *r = xcalloc(1, sizeof(*r));

	r->o = *options;
	r->ns = xstrdup(options->ns);
	r->pod = xstrdup(options->pod);
	r->container = xstrdup(options->container);
	r->redactor = redactor_new(options->secrets);
	r->cancel = cancel_new();
	pthread_mutex_init(&r->lock, NULL);
	condition_init(&r->nudge);
	return r;
}

void
log_reader_free(struct log_reader *r)
{
	if (!r)
		return;
	pthread_cond_destroy(&r->nudge);
	pthread_mutex_destroy(&r->lock);
	cancel_free(r->cancel);
	log_batch_release(&r->batch);
	redactor_free(r->redactor);
	free(r->ns);
	free(r->pod);
	free(r->container);
	free(r);
}

static void
hand_over(struct log_reader *r)
{
	if (r->batch.count)
		r->o.add(r->o.data, &r->batch);
	log_batch_clear(&r->batch);
}

void
log_reader_remark(struct log_reader *r, const char *format, ...)
{
	struct str text = STR_INIT;
	va_list ap;

	va_start(ap, format);
	str_vprintf(&text, format, ap);
	va_end(ap);
	log_batch_remark(&r->batch, r->redactor, str_cstr(&text));
	str_release(&text);
	hand_over(r);
}

void
log_reader_broke(struct log_reader *r, const char *why)
{
	if (r->broken_ms)
		return;
	r->broken_ms = clock_mono_ms();
	log_reader_remark(r, "stream broke: %s", why);
}

/* The first line after a break, be it one that is known: nothing is missing in between. */
static void
say_reopened(struct log_reader *r)
{
	char gap[CLOCK_STAMP_MAX], text[CLOCK_STAMP_MAX + 32];
	int64_t gap_ms = clock_mono_ms() - r->broken_ms;

	snprintf(text, sizeof(text), "stream reopened after %s",
		 duration_format(gap_ms < 1000 ? gap_ms : gap_ms / 100 * 100, gap));
	log_batch_remark(&r->batch, r->redactor, text);
	r->broken_ms = 0;
}

/*
 * The log does not reach back to where the reading stood. It may be that of another run, whose lines
 * must not move the cursor; or it was rotated, and what is missing is lost.
 */
static bool
pass_gap(struct log_reader *r, const struct log_cursor *before)
{
	if (r->takes_gap) {
		log_batch_remark(&r->batch, r->redactor,
				 "lines may be missing here: the log was cut or rotated since the "
				 "latest line above");
		return true;
	}
	r->cursor = *before;
	r->met_gap = true;
	return false;
}

static bool
on_line(void *data, const char *stamp, const char *text, size_t len)
{
	struct log_reader *r = data;

	if (r->cursor.replaying) {
		struct log_cursor before = r->cursor;

		if (!log_cursor_take(&r->cursor, stamp)) {
			if (r->broken_ms)
				say_reopened(r);
			return true;
		}
		if (!r->cursor.replaying && r->cursor.gap && !pass_gap(r, &before))
			return false;
	} else {
		log_cursor_take(&r->cursor, stamp);
	}
	if (r->broken_ms)
		say_reopened(r);
	log_batch_add(&r->batch, r->redactor, stamp, text, len);
	r->lines++;
	return true;
}

static void
on_cut(void *data, size_t missing_bytes)
{
	struct log_reader *r = data;

	log_batch_cut(&r->batch, missing_bytes);
}

/* All that one read brought is there. */
static void
on_pause(void *data)
{
	struct log_reader *r = data;

	hand_over(r);
	pthread_mutex_lock(&r->lock);
	r->brought = r->cursor;
	r->progress++;
	r->silent_since_ms = clock_mono_ms();
	r->next_probe_ms = 0;
	pthread_mutex_unlock(&r->lock);
}

/* Each reading has a cancel of its own, so that one that has stalled can be ended and begun anew. */
static void
begin(struct log_reader *r, bool follows)
{
	pthread_mutex_lock(&r->lock);
	cancel_free(r->cancel);
	r->cancel = cancel_new();
	if (r->stopped)
		cancel_request(r->cancel);
	r->follows = follows;
	r->stalled = false;
	r->suspected_at = 0;
	r->silent_since_ms = clock_mono_ms();
	r->next_probe_ms = 0;
	pthread_mutex_unlock(&r->lock);
	r->lines = 0;
	log_cursor_restart(&r->cursor);
}

static void
end(struct log_reader *r)
{
	pthread_mutex_lock(&r->lock);
	r->follows = false;
	if (cancel_requested(r->cancel) && !r->stopped) {
		cancel_free(r->cancel);
		r->cancel = cancel_new();
	}
	pthread_mutex_unlock(&r->lock);
}

int
log_reader_read(struct log_reader *r, struct kube_client *client, enum log_reading what,
		int64_t tail_lines, size_t *ret_lines, struct err *e)
{
	struct kube_logs_options options = {
		.ns = r->ns,
		.pod = r->pod,
		.container = r->container,
		.follow = what == LOG_READ_FOLLOW,
		.previous = what == LOG_READ_PREVIOUS,
		.tail_lines = log_cursor_since(&r->cursor) ? -1 : tail_lines,
		.since_time = log_cursor_since(&r->cursor),
		.resumes = true,
		.max_line_bytes = r->o.max_line,
		.cut = on_cut,
		.pause = on_pause,
	};
	int rc;

	begin(r, options.follow);
	r->takes_gap = r->takes_gap || what == LOG_READ_PREVIOUS;
	r->met_gap = false;
	rc = kube_logs(client, &options, on_line, r, r->cancel, e);
	end(r);
	r->takes_gap = false;
	*ret_lines = r->lines;
	return rc;
}

static bool
count_line(void *data, const char *stamp, const char *text, size_t len)
{
	int64_t *count = data;

	(void)stamp;
	(void)text;
	(void)len;
	++*count;
	return true;
}

int
log_reader_exceeds(struct log_reader *r, struct kube_client *client, int64_t lines,
		   bool *ret_exceeds, struct err *e)
{
	int64_t count = 0;
	struct kube_logs_options options = {
		.ns = r->ns,
		.pod = r->pod,
		.container = r->container,
		.tail_lines = lines + 1,
	};
	int rc;

	begin(r, false);
	rc = kube_logs(client, &options, count_line, &count, r->cancel, e);
	end(r);
	*ret_exceeds = count > lines;
	return rc;
}

bool
log_reader_met_gap(const struct log_reader *r)
{
	return r->met_gap;
}

void
log_reader_take_gap(struct log_reader *r)
{
	r->takes_gap = true;
}

void
log_reader_rewind(struct log_reader *r)
{
	r->cursor = (struct log_cursor){ .stamp = "" };
}

const struct cancel *
log_reader_cancel(const struct log_reader *r)
{
	return r->cancel;
}

void
log_reader_interrupt(struct log_reader *r)
{
	pthread_mutex_lock(&r->lock);
	cancel_request(r->cancel);
	r->nudged = true;
	pthread_cond_signal(&r->nudge);
	pthread_mutex_unlock(&r->lock);
}

void
log_reader_stop(struct log_reader *r)
{
	pthread_mutex_lock(&r->lock);
	r->stopped = true;
	cancel_request(r->cancel);
	pthread_cond_signal(&r->nudge);
	pthread_mutex_unlock(&r->lock);
}

bool
log_reader_stopped(struct log_reader *r)
{
	bool stopped;

	pthread_mutex_lock(&r->lock);
	stopped = r->stopped;
	pthread_mutex_unlock(&r->lock);
	return stopped;
}

void
log_reader_nudge(struct log_reader *r)
{
	pthread_mutex_lock(&r->lock);
	r->nudged = true;
	pthread_cond_signal(&r->nudge);
	pthread_mutex_unlock(&r->lock);
}

bool
log_reader_pause(struct log_reader *r, int64_t max_ms)
{
	int64_t until_ms = clock_mono_ms() + max_ms, left_ms;
	bool stopped;

	pthread_mutex_lock(&r->lock);
	while (!r->stopped && !r->nudged && (left_ms = until_ms - clock_mono_ms()) > 0)
		condition_wait_ms(&r->nudge, &r->lock, left_ms);
	r->nudged = false;
	stopped = r->stopped;
	pthread_mutex_unlock(&r->lock);
	return !stopped;
}

bool
log_reader_stalled(struct log_reader *r)
{
	bool stalled;

	pthread_mutex_lock(&r->lock);
	stalled = r->stalled;
	pthread_mutex_unlock(&r->lock);
	return stalled;
}

/* What a probe knows and finds: a line of the log that the stream did not bring. */
struct probe {
	struct log_cursor cursor;
	bool news;
};

static bool
on_probed(void *data, const char *stamp, const char *text, size_t len)
{
	struct probe *p = data;

	(void)text;
	(void)len;
	p->news = *stamp && log_cursor_take(&p->cursor, stamp);
	return !p->news;
}

/* Under the lock. True: it is time for a probe, of what follows the cursor. */
static bool
is_due(struct log_reader *r, int64_t silence_ms, struct probe *ret_probe)
{
	int64_t now_ms = clock_mono_ms();

	if (!r->follows || r->stopped)
		return false;
	if (r->suspected_at) {
		if (r->suspected_at != r->progress + 1) {
			r->suspected_at = 0;
		} else if (now_ms - r->suspected_ms >= GRACE_MS) {
			r->stalled = true;
			cancel_request(r->cancel);
		}
		return false;
	}
	if (!r->next_probe_ms)
		r->next_probe_ms = r->silent_since_ms + silence_ms;
	if (now_ms < r->next_probe_ms)
		return false;
	/* twice as long a silence before the next one, within bounds */
	int64_t next_ms = now_ms - r->silent_since_ms;
	int64_t most_ms = silence_ms * MAX_SILENCE_FACTOR;
	r->next_probe_ms = now_ms + (next_ms < most_ms ? next_ms : most_ms);
	ret_probe->cursor = r->brought;
	return true;
}

void
log_reader_probe(struct log_reader *r, struct kube_client *client, const struct cancel *cancel,
		 int64_t silence_ms)
{
	struct kube_logs_options options = {
		.ns = r->ns,
		.pod = r->pod,
		.container = r->container,
		.tail_lines = -1,
	};
	struct probe probe = { .news = false };
	uint64_t progress;
	bool due;

	pthread_mutex_lock(&r->lock);
	due = is_due(r, silence_ms, &probe);
	progress = r->progress;
	pthread_mutex_unlock(&r->lock);
	if (!due)
		return;
	options.since_time = log_cursor_since(&probe.cursor);
	log_cursor_restart(&probe.cursor);
	/* where this fails the stream will, too, or has nothing to say */
	if (kube_logs(client, &options, on_probed, &probe, cancel, NULL) < 0 || !probe.news)
		return;
	pthread_mutex_lock(&r->lock);
	if (r->progress == progress) {
		r->suspected_at = progress + 1;
		r->suspected_ms = clock_mono_ms();
	}
	pthread_mutex_unlock(&r->lock);
}
