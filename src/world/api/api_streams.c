#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "world/api/api_server.h"

enum {
	BLOCK_BYTES = 16 * 1024,
	AGAIN_MS = 20, /* until the next call, where a stream has not heard the last one */
};

/* One answer that goes on. */
struct outgoing {
	struct streams *streams;
	struct api_stream *stream;
	struct str out;
	size_t at;
	int fd;
	bool ended;
	/* With the lock held. */
	bool waits; /* inside of next() */
	bool gone;  /* the client has hung up */
	struct outgoing *next;
};

struct streams {
	struct cluster *cluster;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct outgoing *first;
	size_t count;
	bool cutting, ending;
	int event; /* wakes the thread: streams are others, or it is the end */
	pthread_t thread;
};

/* ---- one stream, on its connection's thread ---- */

static void
wake_all(struct streams *streams)
{
	store_wake(streams->cluster->store);
	podlogs_wake(streams->cluster->logs);
}

static void
note(struct streams *streams)
{
	const uint64_t one = 1;

	if (write(streams->event, &one, sizeof(one)) < 0)
		return; /* it is full: then it is readable */
}

/* Steps into next(), unless it is over. */
static bool
begin_waiting(struct outgoing *o)
{
	pthread_mutex_lock(&o->streams->lock);
	o->waits = !o->gone && !o->streams->cutting;
	pthread_mutex_unlock(&o->streams->lock);
	return o->waits;
}

static void
end_waiting(struct outgoing *o)
{
	pthread_mutex_lock(&o->streams->lock);
	o->waits = false;
	pthread_cond_broadcast(&o->streams->changed);
	pthread_mutex_unlock(&o->streams->lock);
}

static ssize_t
read_more(void *data, uint64_t position, char *bytes, size_t max)
{
	struct outgoing *o = data;

	(void)position;
	while (o->at == o->out.len) {
		if (o->ended)
			return MHD_CONTENT_READER_END_OF_STREAM;
		str_clear(&o->out);
		o->at = 0;
		if (!begin_waiting(o))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		o->ended = o->stream->next(o->stream, &o->out) < 0;
		end_waiting(o);
	}
	size_t count = o->out.len - o->at < max ? o->out.len - o->at : max;
	memcpy(bytes, o->out.data + o->at, count);
	o->at += count;
	return (ssize_t)count;
}

static void
outgoing_free(void *data)
{
	struct outgoing *o = data;
	struct streams *streams = o->streams;

	pthread_mutex_lock(&streams->lock);
	for (struct outgoing **at = &streams->first; *at; at = &(*at)->next)
		if (*at == o) {
			*at = o->next;
			streams->count--;
			break;
		}
	pthread_cond_broadcast(&streams->changed);
	pthread_mutex_unlock(&streams->lock);
	note(streams);
	if (o->stream)
		o->stream->free(o->stream);
	str_release(&o->out);
	free(o);
}

struct MHD_Response *
streams_response(struct streams *streams, struct MHD_Connection *connection,
		 struct api_stream *stream, struct str *begin)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct outgoing *o = xcalloc(1, sizeof(*o));

	o->streams = streams;
	o->stream = stream;
	o->out = *begin;
	*begin = (struct str)STR_INIT;
	o->fd = info ? info->connect_fd : -1;
	pthread_mutex_lock(&streams->lock);
	o->next = streams->first;
	streams->first = o;
	streams->count++;
	pthread_mutex_unlock(&streams->lock);
	note(streams);
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_more, o,
						 outgoing_free);
}

/* ---- clients that hang up ---- */

/* With the lock held: what is to be polled, the event first. Returns whether somebody has not heard yet that he is to end. */
static bool
fill_set(const struct streams *streams, struct pollfd *set, size_t *ret_count)
{
	bool deaf = false;

	set[0] = (struct pollfd){ .fd = streams->event, .events = POLLIN };
	*ret_count = 1;
	for (const struct outgoing *o = streams->first; o; o = o->next) {
		deaf |= o->gone && o->waits;
		if (!o->gone)
			set[(*ret_count)++] = (struct pollfd){ .fd = o->fd, .events = POLLRDHUP };
	}
	return deaf;
}

/* With the lock held. */
static bool
mark_gone(struct streams *streams, int fd)
{
	for (struct outgoing *o = streams->first; o; o = o->next)
		if (o->fd == fd) {
			o->gone = true;
			return true;
		}
	return false; /* it has ended by itself */
}

static void
drain(int event)
{
	uint64_t count;

	if (read(event, &count, sizeof(count)) < 0)
		return; /* nothing was there */
}

static void *
watch_clients(void *data)
{
	struct streams *streams = data;
	struct pollfd *set = NULL;

	pthread_mutex_lock(&streams->lock);
	while (!streams->ending) {
		size_t count;

		set = xreallocarray(set, streams->count + 1, sizeof(*set));
		bool deaf = fill_set(streams, set, &count), gone = deaf;
		pthread_mutex_unlock(&streams->lock);
		poll(set, count, deaf ? AGAIN_MS : -1);
		if (set[0].revents)
			drain(streams->event);
		pthread_mutex_lock(&streams->lock);
		for (size_t i = 1; i < count; i++)
			if (set[i].revents)
				gone |= mark_gone(streams, set[i].fd);
		pthread_mutex_unlock(&streams->lock);
		if (gone)
			wake_all(streams);
		pthread_mutex_lock(&streams->lock);
	}
	pthread_mutex_unlock(&streams->lock);
	free(set);
	return NULL;
}

/* ---- all of them ---- */

struct streams *
streams_new(struct cluster *cluster)
{
	struct streams *streams = xcalloc(1, sizeof(*streams));
	pthread_condattr_t attributes;

	streams->cluster = cluster;
	streams->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&streams->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&streams->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (streams->event < 0 ||
	    pthread_create(&streams->thread, NULL, watch_clients, streams) != 0)
		abort(); /* out of descriptors or threads: as out of memory */
	return streams;
}

void
streams_free(struct streams *streams)
{
	if (!streams)
		return;
	pthread_mutex_lock(&streams->lock);
	streams->ending = true;
	pthread_mutex_unlock(&streams->lock);
	note(streams);
	pthread_join(streams->thread, NULL);
	close(streams->event);
	pthread_cond_destroy(&streams->changed);
	pthread_mutex_destroy(&streams->lock);
	free(streams);
}

static bool
is_anybody_waiting(const struct streams *streams)
{
	for (const struct outgoing *o = streams->first; o; o = o->next)
		if (o->waits)
			return true;
	return false;
}

/* One who was just about to wait does not hear a call: so it is called until nobody waits any more. */
void
streams_cut(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	streams->cutting = true;
	while (is_anybody_waiting(streams)) {
		int64_t until_ms = clock_mono_ms() + AGAIN_MS;
		struct timespec at = { until_ms / 1000, until_ms % 1000 * 1000000 };

		pthread_mutex_unlock(&streams->lock);
		wake_all(streams);
		pthread_mutex_lock(&streams->lock);
		if (is_anybody_waiting(streams))
			pthread_cond_timedwait(&streams->changed, &streams->lock, &at);
	}
	pthread_mutex_unlock(&streams->lock);
}

void
streams_allow(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	streams->cutting = false;
	pthread_mutex_unlock(&streams->lock);
}
