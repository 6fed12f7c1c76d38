#include "config.h"

#include "world/api/podlog.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"

enum {
	NS_PER_S = 1000000000,
	STAMP_MAX = 48,
	BLOCK_BYTES = 64 * 1024, /* what a reader formats at once */
};

/* In front of each line in an instance's bytes. */
struct line_head {
	int64_t time_ns;
	size_t len;
};

/*
 * What one instance of a container has written: heads and lines in a row. Places in it are counted from its first byte ever,
 * so that a reader's place stays right when the oldest lines go.
 */
struct instance {
	unsigned holders; /* its source and its readers */
	unsigned char *bytes;
	size_t len, cap;
	uint64_t base; /* the place of bytes[0], the oldest line that is left */
	int64_t last_ns;
	bool ended;
	pthread_cond_t changed;
};

/* One container of one pod. */
struct source {
	char *uid, *container;
	struct instance *now, *before; /* before: NULL in the first instance */
};

struct podlogs {
	pthread_mutex_t lock;	 /* of everything here, instances included */
	struct source **sources; /* by uid and container */
	size_t count, cap;
	unsigned wakes;
};

struct podlog_reader {
	struct podlogs *logs;
	struct instance *instance;
	struct podlog_query query;
	uint64_t place;
	uint64_t end;	  /* where a reader ends that does not follow */
	struct str ready; /* formatted */
	size_t taken;	  /* of it: handed out */
	int64_t left;	  /* of the limit; -1: none */
	unsigned wakes;	  /* that it knows of */
};

/* ---- instances; all with the lock held ---- */

static struct instance *
instance_new(void)
{
	struct instance *i = xcalloc(1, sizeof(*i));
	pthread_condattr_t attributes;

	i->holders = 1;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&i->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return i;
}

static void
instance_drop(struct instance *i)
{
	if (!i || --i->holders > 0)
		return;
	pthread_cond_destroy(&i->changed);
	free(i->bytes);
	free(i);
}

static void
instance_end(struct instance *i)
{
	i->ended = true;
	pthread_cond_broadcast(&i->changed);
}

static struct line_head
head_at(const struct instance *i, size_t at)
{
	struct line_head head;

	memcpy(&head, i->bytes + at, sizeof(head));
	return head;
}

/* A quarter of the lines goes at once where there is no room, so that moving the others is seldom. */
static void
forget_oldest(struct instance *i, size_t more)
{
	size_t keep = PODLOG_MAX_BYTES / 4 * 3;

	if (i->len + more <= PODLOG_MAX_BYTES)
		return;
	if (more > PODLOG_MAX_BYTES - keep)
		keep = PODLOG_MAX_BYTES - more;
	size_t first = 0;
	while (i->len - first > keep)
		first += sizeof(struct line_head) + head_at(i, first).len;
	memmove(i->bytes, i->bytes + first, i->len - first);
	i->base += first;
	i->len -= first;
}

static void
make_room(struct instance *i, size_t more)
{
	forget_oldest(i, more);
	if (i->len + more <= i->cap)
		return;
	i->cap = i->cap ? i->cap * 2 : 256;
	while (i->cap < i->len + more)
		i->cap *= 2;
	i->bytes = xrealloc(i->bytes, i->cap);
}

static void
append_line(struct instance *i, int64_t time_ns, const char *text, size_t len)
{
	struct line_head head = { .time_ns = time_ns > i->last_ns ? time_ns : i->last_ns };

	head.len = len <= PODLOG_MAX_BYTES - sizeof(head) ? len : PODLOG_MAX_BYTES - sizeof(head);
	make_room(i, sizeof(head) + head.len);
	memcpy(i->bytes + i->len, &head, sizeof(head));
	memcpy(i->bytes + i->len + sizeof(head), text, head.len);
	i->len += sizeof(head) + head.len;
	i->last_ns = head.time_ns;
}

/* ---- sources; with the lock held ---- */

static int
compare(const struct source *s, const char *uid, const char *container)
{
	int order = strcmp(s->uid, uid);

	return order ? order : strcmp(s->container, container);
}

static size_t
place_of(const struct podlogs *logs, const char *uid, const char *container)
{
	size_t low = 0, high = logs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(logs->sources[middle], uid, container) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct source *
find(const struct podlogs *logs, const char *uid, const char *container)
{
	size_t at = place_of(logs, uid, container);

	if (at < logs->count && compare(logs->sources[at], uid, container) == 0)
		return logs->sources[at];
	return NULL;
}

static struct source *
find_or_add(struct podlogs *logs, const char *uid, const char *container)
{
	struct source *source = find(logs, uid, container);
	size_t at = place_of(logs, uid, container);

	if (source)
		return source;
	source = xcalloc(1, sizeof(*source));
	source->uid = xstrdup(uid);
	source->container = xstrdup(container);
	source->now = instance_new();
	*VEC_PUSH(logs->sources, logs->count, logs->cap) = NULL;
	memmove(&logs->sources[at + 1], &logs->sources[at],
		(logs->count - 1 - at) * sizeof(logs->sources[0]));
	logs->sources[at] = source;
	return source;
}

static void
source_free(struct source *source)
{
	instance_end(source->now);
	instance_drop(source->now);
	instance_drop(source->before);
	free(source->uid);
	free(source->container);
	free(source);
}

/* ---- writing ---- */

struct podlogs *
podlogs_new(void)
{
	struct podlogs *logs = xcalloc(1, sizeof(*logs));

	pthread_mutex_init(&logs->lock, NULL);
	return logs;
}

void
podlogs_free(struct podlogs *logs)
{
	if (!logs)
		return;
	for (size_t i = 0; i < logs->count; i++)
		source_free(logs->sources[i]);
	free(logs->sources);
	pthread_mutex_destroy(&logs->lock);
	free(logs);
}

void
podlogs_write(struct podlogs *logs, const char *uid, const char *container, int64_t time_ns,
	      const char *line)
{
	pthread_mutex_lock(&logs->lock);
	struct instance *i = find_or_add(logs, uid, container)->now;
	for (;;) {
		size_t len = strcspn(line, "\n");

		append_line(i, time_ns, line, len);
		if (!line[len])
			break;
		line += len + 1;
	}
	pthread_cond_broadcast(&i->changed);
	pthread_mutex_unlock(&logs->lock);
}

void
podlogs_restart(struct podlogs *logs, const char *uid, const char *container)
{
	pthread_mutex_lock(&logs->lock);
	struct source *source = find(logs, uid, container);
	if (source) {
		instance_drop(source->before);
		source->before = source->now;
		source->now = instance_new();
		instance_end(source->before);
	} else {
		find_or_add(logs, uid, container);
	}
	pthread_mutex_unlock(&logs->lock);
}

void
podlogs_end(struct podlogs *logs, const char *uid, const char *container)
{
	pthread_mutex_lock(&logs->lock);
	const struct source *source = find(logs, uid, container);
	if (source)
		instance_end(source->now);
	pthread_mutex_unlock(&logs->lock);
}

void
podlogs_remove(struct podlogs *logs, const char *uid)
{
	pthread_mutex_lock(&logs->lock);
	size_t from = place_of(logs, uid, ""), to = from;
	while (to < logs->count && strcmp(logs->sources[to]->uid, uid) == 0)
		source_free(logs->sources[to++]);
	if (to > from)
		memmove(&logs->sources[from], &logs->sources[to],
			(logs->count - to) * sizeof(logs->sources[0]));
	logs->count -= to - from;
	pthread_mutex_unlock(&logs->lock);
}

void
podlogs_wake(struct podlogs *logs)
{
	pthread_mutex_lock(&logs->lock);
	logs->wakes++;
	for (size_t i = 0; i < logs->count; i++)
		pthread_cond_broadcast(&logs->sources[i]->now->changed);
	pthread_mutex_unlock(&logs->lock);
}

/* ---- reading ---- */

/* The first of the last `tail` lines. */
static size_t
tail_of(const struct instance *i, int64_t tail)
{
	size_t at = 0, count = 0;

	for (size_t next = at; next < i->len;
	     next += sizeof(struct line_head) + head_at(i, next).len)
		count++;
	while (at < i->len && count > (size_t)tail) {
		at += sizeof(struct line_head) + head_at(i, at).len;
		count--;
	}
	return at;
}

struct podlog_reader *
podlog_read(struct podlogs *logs, const char *uid, const char *container,
	    const struct podlog_query *query)
{
	struct podlog_reader *reader = NULL;

	pthread_mutex_lock(&logs->lock);
	const struct source *source = find(logs, uid, container);
	struct instance *i = !source ? NULL : query->previous ? source->before : source->now;
	if (i) {
		reader = xcalloc(1, sizeof(*reader));
		reader->logs = logs;
		reader->instance = i;
		reader->query = *query;
		reader->place = i->base + (query->tail >= 0 ? tail_of(i, query->tail) : 0);
		reader->end = i->base + i->len;
		reader->left = query->limit_bytes > 0 ? query->limit_bytes : -1;
		reader->wakes = logs->wakes;
		i->holders++;
	}
	pthread_mutex_unlock(&logs->lock);
	return reader;
}

void
podlog_reader_free(struct podlog_reader *reader)
{
	if (!reader)
		return;
	pthread_mutex_lock(&reader->logs->lock);
	instance_drop(reader->instance);
	pthread_mutex_unlock(&reader->logs->lock);
	str_release(&reader->ready);
	free(reader);
}

/* Nine digits always, so that texts have the order of times. Source: kubelet, RFC3339NanoFixed. */
static void
append_stamp(struct str *out, int64_t time_ns)
{
	char text[STAMP_MAX];
	time_t seconds = (time_t)(time_ns / NS_PER_S);
	struct tm tm;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
	str_printf(out, "%s.%09dZ ", text, (int)(time_ns % NS_PER_S));
}

/* With the lock held: formats what there is, up to a block, and forgets what is behind the reader's limit. */
static void
fill(struct podlog_reader *reader)
{
	const struct instance *i = reader->instance;
	uint64_t end = reader->query.follow ? i->base + i->len : reader->end;

	if (reader->place < i->base)
		reader->place = i->base;
	while (reader->place < end && reader->ready.len < BLOCK_BYTES) {
		size_t at = (size_t)(reader->place - i->base);
		struct line_head head = head_at(i, at);

		reader->place += sizeof(head) + head.len;
		if (head.time_ns < reader->query.since_ns)
			continue;
		if (reader->query.timestamps)
			append_stamp(&reader->ready, head.time_ns);
		str_append_bytes(&reader->ready, i->bytes + at + sizeof(head), head.len);
		str_append_char(&reader->ready, '\n');
	}
}

static bool
is_over(const struct podlog_reader *reader)
{
	const struct instance *i = reader->instance;

	if (reader->left == 0)
		return true;
	if (reader->query.follow)
		return i->ended && reader->place >= i->base + i->len;
	return reader->place >= reader->end;
}

/* With the lock held: whether there is something to hand out; else the time is over, it was woken, or it is the end. */
static bool
wait_for_lines(struct podlog_reader *reader, int64_t timeout_ms)
{
	int64_t until_ms = clock_mono_ms() + timeout_ms;
	struct timespec until = { until_ms / 1000, until_ms % 1000 * 1000000 };

	for (;;) {
		fill(reader);
		if (reader->ready.len > 0)
			return true;
		if (is_over(reader))
			return false;
		if (reader->wakes != reader->logs->wakes) {
			reader->wakes = reader->logs->wakes;
			return false;
		}
		if (pthread_cond_timedwait(&reader->instance->changed, &reader->logs->lock,
					   &until) == ETIMEDOUT)
			return false;
	}
}

long
podlog_next(struct podlog_reader *reader, char *bytes, size_t size, int64_t timeout_ms)
{
	bool over = reader->left == 0;

	if (!over && reader->taken == reader->ready.len) {
		str_clear(&reader->ready);
		reader->taken = 0;
		pthread_mutex_lock(&reader->logs->lock);
		over = !wait_for_lines(reader, timeout_ms) && is_over(reader);
		pthread_mutex_unlock(&reader->logs->lock);
	}
	if (over)
		return -1;
	size_t len = reader->ready.len - reader->taken;
	if (len > size)
		len = size;
	if (reader->left >= 0 && len > (size_t)reader->left)
		len = (size_t)reader->left;
	memcpy(bytes, str_cstr(&reader->ready) + reader->taken, len);
	reader->taken += len;
	if (reader->left >= 0)
		reader->left -= (int64_t)len;
	return (long)len;
}
