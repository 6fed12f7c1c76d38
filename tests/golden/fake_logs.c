#include "config.h"

#include "fake_logs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"

enum { HEARD_MS = 2400 }; /* always so long ago: the screen must stay as it is */

struct log_feed {
	struct log_line *lines;
	size_t count, cap, first;
	struct feed_health health;
	size_t streams;
	int notify_fd;
};

void (*fake_logs_fill)(struct log_feed *feed, const struct feed_source *source);
struct log_feed *fake_logs_now;

struct log_feed *
log_feed_new(const struct feed_source *source, struct secrets *secrets, size_t max_bytes,
	     size_t max_lines, int notify_fd)
{
	struct log_feed *feed = xcalloc(1, sizeof(*feed));

	(void)secrets;
	(void)max_bytes;
	(void)max_lines;
	feed->notify_fd = notify_fd;
	feed->health.state = FEED_LIVE;
	feed->streams = 1;
	fake_logs_now = feed;
	if (fake_logs_fill)
		fake_logs_fill(feed, source);
	return feed;
}

void
log_feed_free(struct log_feed *feed)
{
	if (!feed)
		return;
	for (size_t i = 0; i < feed->count; i++) {
		free((char *)feed->lines[i].origin);
		free((char *)feed->lines[i].stamp);
		free((char *)feed->lines[i].text);
	}
	free(feed->lines);
	if (fake_logs_now == feed)
		fake_logs_now = NULL;
	free(feed);
}

static void
add(struct log_feed *feed, const char *origin, const char *stamp, const char *text, bool marker)
{
	*VEC_PUSH(feed->lines, feed->count, feed->cap) = (struct log_line){
		.number = feed->count,
		.origin = xstrdup(origin),
		.stamp = xstrdup(stamp),
		.text = xstrdup(text),
		.marker = marker,
	};
	feed->lines[feed->count - 1].number = feed->count - 1;
	eventfd_write(feed->notify_fd, 1);
}

void
fake_logs_add(struct log_feed *feed, const char *origin, const char *stamp, const char *text)
{
	add(feed, origin, stamp, text, false);
}

void
fake_logs_mark(struct log_feed *feed, const char *text)
{
	add(feed, "", "", text, true);
}

void
fake_logs_keep(struct log_feed *feed, size_t count)
{
	feed->first = feed->count > count ? feed->count - count : 0;
}

void
fake_logs_set_health(struct log_feed *feed, const struct feed_health *health, size_t streams)
{
	feed->health = *health;
	feed->streams = streams;
}

void
log_feed_range(struct log_feed *feed, uint64_t *ret_first, uint64_t *ret_next)
{
	*ret_first = feed->first;
	*ret_next = feed->count;
}

void
log_feed_read(struct log_feed *feed, uint64_t first, uint64_t next,
	      void (*line)(void *data, const struct log_line *line), void *data)
{
	struct str clean = STR_INIT;
	struct sgr sgr = SGR_INIT;

	for (uint64_t i = first < feed->first ? feed->first : first; i < next && i < feed->count;
	     i++) {
		struct log_line shown = feed->lines[i];

		str_clear(&clean);
		sgr_clear(&sgr);
		text_sanitise_coloured(shown.text, strlen(shown.text), 0, &clean, &sgr);
		shown.text = str_cstr(&clean);
		shown.looks = sgr.spans;
		shown.looks_count = sgr.count;
		line(data, &shown);
	}
	str_release(&clean);
	sgr_release(&sgr);
}

void
log_feed_health(struct log_feed *feed, struct feed_health *ret_health, size_t *ret_streams)
{
	*ret_health = feed->health;
	ret_health->last_alive_ms = clock_mono_ms() - HEARD_MS;
	*ret_streams = feed->streams;
}

int
log_feed_save(struct log_feed *feed, const char *path, const struct pattern *pattern,
	      uint64_t *ret_lines, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(e, ERR_IO, "writing %s", path);
	*ret_lines = 0;
	for (size_t i = feed->first; i < feed->count; i++) {
		const struct log_line *line = &feed->lines[i];

		if (pattern && !pattern_matches(pattern, line->text, strlen(line->text)))
			continue;
		dprintf(fd, "%s %s %s\n", line->origin, line->stamp, line->text);
		(*ret_lines)++;
	}
	close(fd);
	return 0;
}
