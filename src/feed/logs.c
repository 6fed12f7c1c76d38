#include "config.h"

#include "feed/logs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "feed/log_roster.h"
#include "feed/logs_private.h"
#include "feed/source.h"

enum {
	MAX_LINE = 256 << 10,
	READ_LINES = 128, /* under one hold of the lock: streams wait for it */
};

struct log_feed *
log_feed_new(const struct feed_source *source, struct secrets *secrets, size_t max_bytes,
	     size_t max_lines, int notify_fd)
{
	struct log_feed *feed = xcalloc(1, sizeof(*feed));

	feed->source = feed_source_copy(source);
	feed->secrets = secrets;
	feed->notify_fd = notify_fd;
	feed->cancel = cancel_new();
	feed->ring = log_ring_new(max_bytes, max_lines);
	pthread_mutex_init(&feed->lock, NULL);
	feed->roster = log_roster_new(feed);
	if (pthread_create(&feed->watcher, NULL, log_feed_watch, feed) != 0 ||
	    pthread_create(&feed->keeper, NULL, log_feed_keep, feed) != 0)
		abort();
	pthread_setname_np(feed->watcher, "logs-pods");
	pthread_setname_np(feed->keeper, "logs-keeper");
	return feed;
}

void
log_feed_free(struct log_feed *feed)
{
	if (!feed)
		return;
	cancel_request(feed->cancel);
	pthread_join(feed->watcher, NULL);
	pthread_join(feed->keeper, NULL);
	log_roster_free(feed->roster);
	log_ring_free(feed->ring);
	pthread_mutex_destroy(&feed->lock);
	cancel_free(feed->cancel);
	feed_source_free(feed->source);
	free(feed);
}

void
log_feed_add(void *data, uint32_t origin, const struct log_batch *batch)
{
	struct log_feed *feed = data;
	bool wake;

	pthread_mutex_lock(&feed->lock);
	for (size_t i = 0; i < batch->count; i++) {
		const struct log_batch_line *line = &batch->lines[i];

		log_ring_add(feed->ring, &(struct log_record){
						 .origin = origin,
						 .stamp = line->stamp,
						 .text = batch->text.data + line->offset,
						 .len = line->len,
						 .marker = line->marker,
					 });
	}
	if (feed->health.state == FEED_LIVE)
		feed->health.last_alive_ms = clock_mono_ms();
	wake = !feed->notified;
	feed->notified = true;
	pthread_mutex_unlock(&feed->lock);
	if (wake)
		feed_notify(feed->notify_fd);
}

void
log_feed_remark(struct log_feed *feed, const char *name, const char *text)
{
	struct log_batch batch = { .count = 0 };
	struct redactor *redactor = redactor_new(feed->secrets);
	uint32_t origin = log_feed_origin(feed, name);

	log_batch_remark(&batch, redactor, text);
	log_feed_add(feed, origin, &batch);
	log_feed_origin_release(feed, origin);
	redactor_free(redactor);
	log_batch_release(&batch);
}

size_t
log_feed_max_line(const struct log_feed *feed)
{
	size_t most = log_ring_max_line(feed->ring);

	return most < MAX_LINE ? most : MAX_LINE;
}

uint32_t
log_feed_origin(struct log_feed *feed, const char *name)
{
	uint32_t origin;

	pthread_mutex_lock(&feed->lock);
	origin = log_ring_origin(feed->ring, name);
	pthread_mutex_unlock(&feed->lock);
	return origin;
}

void
log_feed_origin_release(struct log_feed *feed, uint32_t origin)
{
	pthread_mutex_lock(&feed->lock);
	log_ring_origin_release(feed->ring, origin);
	pthread_mutex_unlock(&feed->lock);
}

void
log_feed_range(struct log_feed *feed, uint64_t *ret_first, uint64_t *ret_next)
{
	pthread_mutex_lock(&feed->lock);
	log_ring_range(feed->ring, ret_first, ret_next);
	feed->notified = false;
	pthread_mutex_unlock(&feed->lock);
}

/* Under the lock. Hands one line on, in a form that is fit for the screen. */
static void
show_line(struct log_feed *feed, uint64_t number, struct str *clean, struct sgr *sgr,
	  void (*line)(void *data, const struct log_line *line), void *data)
{
	struct log_record record;
	char stamp[LOG_STAMP_MAX];

	if (!log_ring_get(feed->ring, number, &record))
		return;
	str_clear(clean);
	sgr_clear(sgr);
	text_sanitise_coloured(record.text, record.len, TEXT_DROP_SGR, clean, sgr);
	line(data, &(struct log_line){
			   .number = number,
			   .origin = log_ring_origin_name(feed->ring, record.origin),
			   .stamp = log_stamp_unpack(record.stamp, stamp),
			   .text = str_cstr(clean),
			   .marker = record.marker,
			   .looks = sgr->spans,
			   .looks_count = sgr->count,
		   });
}

void
log_feed_read(struct log_feed *feed, uint64_t first, uint64_t next,
	      void (*line)(void *data, const struct log_line *line), void *data)
{
	struct str clean = STR_INIT;
	struct sgr sgr = SGR_INIT;
	uint64_t oldest, newest;

	do {
		pthread_mutex_lock(&feed->lock);
		log_ring_range(feed->ring, &oldest, &newest);
		if (first < oldest)
			first = oldest;
		if (next > newest)
			next = newest;
		for (int i = 0; i < READ_LINES && first < next; i++)
			show_line(feed, first++, &clean, &sgr, line, data);
		pthread_mutex_unlock(&feed->lock);
	} while (first < next);
	str_release(&clean);
	sgr_release(&sgr);
}

void
log_feed_health(struct log_feed *feed, struct feed_health *ret_health, size_t *ret_streams)
{
	*ret_streams = log_roster_streams(feed->roster);
	pthread_mutex_lock(&feed->lock);
	*ret_health = feed->health;
	pthread_mutex_unlock(&feed->lock);
}
