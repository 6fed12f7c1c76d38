#include "config.h"

#include "feed/log_roster.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "feed/log_container.h"
#include "feed/log_stream.h"
#include "feed/logs_private.h"
#include "feed/source.h"

enum {
	MAX_STREAMS = LOG_ROSTER_MAX_STREAMS,
	MAX_PODS = 1024,
	MAX_REMARKS = 20,	/* about containers that are left out */
	TAIL_LINES = 500,	/* of a log that is older than the feed */
	SILENCE_MS = 30 * 1000, /* before a stream is doubted: kubernetes/kubernetes#115701 */
};

struct container {
	char *name;
	struct log_container seen;
	char done[LOG_CONTAINER_ID_MAX]; /* the run whose log has come to its end */
	bool is_done;
	bool left_out; /* and it was said */
};

struct pod {
	char *uid, *name, *ns;
	unsigned list; /* the number of the list that named it last */
	bool is_new;   /* it came after the first list */
	bool said;     /* that it has not the container that is wanted */
	struct container *containers;
	size_t count, cap;
};

struct log_roster {
	struct log_feed *feed;
	pthread_mutex_t lock; /* guards what follows */
	struct pod *pods;
	size_t pods_count, pods_cap;
	struct log_stream *streams[MAX_STREAMS];
	size_t streams_count;
	unsigned list;
	bool listed; /* once, in full */
	unsigned remarks;
};

struct log_roster *
log_roster_new(struct log_feed *feed)
{
	struct log_roster *roster = xcalloc(1, sizeof(*roster));

	roster->feed = feed;
	pthread_mutex_init(&roster->lock, NULL);
	return roster;
}

static void
release_pod(struct pod *pod)
{
	for (size_t i = 0; i < pod->count; i++)
		free(pod->containers[i].name);
	free(pod->containers);
	free(pod->uid);
	free(pod->name);
	free(pod->ns);
}

static void
free_stream(struct log_feed *feed, struct log_stream *stream)
{
	uint32_t origin = log_stream_origin(stream);

	log_stream_free(stream);
	log_feed_origin_release(feed, origin);
}

void
log_roster_free(struct log_roster *roster)
{
	if (!roster)
		return;
	for (size_t i = 0; i < roster->streams_count; i++)
		log_stream_stop(roster->streams[i]);
	for (size_t i = 0; i < roster->streams_count; i++)
		free_stream(roster->feed, roster->streams[i]);
	for (size_t i = 0; i < roster->pods_count; i++)
		release_pod(&roster->pods[i]);
	free(roster->pods);
	pthread_mutex_destroy(&roster->lock);
	free(roster);
}

static struct pod *
find_pod(struct log_roster *roster, const char *uid)
{
	for (size_t i = 0; i < roster->pods_count; i++)
		if (str_equal(roster->pods[i].uid, uid))
			return &roster->pods[i];
	return NULL;
}

static struct log_stream *
find_stream(struct log_roster *roster, const struct pod *pod, const struct container *c)
{
	for (size_t i = 0; i < roster->streams_count; i++)
		if (log_stream_is_of(roster->streams[i], pod->uid, c->name))
			return roster->streams[i];
	return NULL;
}

static char *
origin_name(const struct log_feed *feed, const struct pod *pod, const char *container)
{
	bool sole = pod->count == 1;
	char *raw = xasprintf("%s%s%s%s%s", feed->source->all_namespaces ? pod->ns : "",
			      feed->source->all_namespaces ? "/" : "", pod->name,
			      sole || !container ? "" : "/", sole || !container ? "" : container);
	struct str scratch = STR_INIT, clean = STR_INIT;

	feed_clean(feed->secrets, raw, strlen(raw), &scratch, &clean);
	str_release(&scratch);
	free(raw);
	return str_take(&clean);
}

static void
say_left_out(struct log_roster *roster, const struct pod *pod, const char *container,
	     const char *why)
{
	char *name = origin_name(roster->feed, pod, container);

	if (roster->remarks < MAX_REMARKS) {
		if (++roster->remarks == MAX_REMARKS)
			why = "not followed, nor are others that the selector matches. Narrow it";
		log_feed_remark(roster->feed, name, why);
	}
	free(name);
}

static struct log_stream *
start_stream(struct log_roster *roster, const struct pod *pod, const struct container *c)
{
	struct log_feed *feed = roster->feed;
	char *name = origin_name(feed, pod, c->name);
	struct log_stream_options options = {
		.source = feed->source,
		.secrets = feed->secrets,
		.ns = pod->ns,
		.pod = pod->name,
		.uid = pod->uid,
		.container = c->name,
		.origin = log_feed_origin(feed, name),
		.tail_lines = pod->is_new ? -1 : TAIL_LINES,
		.max_line = log_feed_max_line(feed),
		.add = log_feed_add,
		.data = feed,
	};
	struct log_stream *stream = log_stream_new(&options);

	if (!stream)
		log_feed_origin_release(feed, options.origin);
	free(name);
	return stream;
}

/* Whether there is a log to read that no stream has read to its end. */
static bool
wants_stream(const struct log_roster *roster, const struct container *c)
{
	if (!c->seen.id[0])
		return false;
	return roster->feed->source->previous ? !c->is_done
					      : !c->is_done || !str_equal(c->done, c->seen.id);
}

static void
follow_container(struct log_roster *roster, const struct pod *pod, struct container *c)
{
	struct log_stream *stream = find_stream(roster, pod, c);

	if (stream) {
		log_stream_changed(stream, false);
		return;
	}
	if (!wants_stream(roster, c))
		return;
	if (roster->streams_count < MAX_STREAMS)
		stream = start_stream(roster, pod, c);
	if (stream) {
		roster->streams[roster->streams_count++] = stream;
		c->left_out = false;
	} else if (!c->left_out) {
		c->left_out = true;
		say_left_out(roster, pod, c->name,
			     "not followed: 64 containers are. Narrow the selector");
	}
}

static struct pod *
add_pod(struct log_roster *roster, const cJSON *object, const char *uid)
{
	struct pod *pod = VEC_PUSH(roster->pods, roster->pods_count, roster->pods_cap);

	pod->uid = xstrdup(uid);
	pod->name = xstrdup(json_string(object, "metadata/name", ""));
	pod->ns = xstrdup(json_string(object, "metadata/namespace", ""));
	pod->is_new = roster->listed;
	return pod;
}

/* What log_container_each() fills. */
struct filling {
	const struct log_feed *feed;
	struct pod *pod;
};

static void
add_container(void *data, const char *name)
{
	struct filling *f = data;
	const char *wanted = f->feed->source->container;

	if (wanted && !str_equal(name, wanted))
		return;
	for (size_t i = 0; i < f->pod->count; i++)
		if (str_equal(f->pod->containers[i].name, name))
			return;
	VEC_PUSH(f->pod->containers, f->pod->count, f->pod->cap)->name = xstrdup(name);
}

/* A container that is asked for by name, and misspelt, must not look like a silent one. */
static void
say_missing(struct log_roster *roster, struct pod *pod)
{
	char *why;

	if (pod->count || pod->said)
		return;
	pod->said = true;
	why = xasprintf("has no container \"%s\"",
			roster->feed->source->container ? roster->feed->source->container : "");
	say_left_out(roster, pod, NULL, why);
	free(why);
}

void
log_roster_pod(struct log_roster *roster, const cJSON *object)
{
	const char *uid = json_string(object, "metadata/uid", "");
	struct filling filling = { .feed = roster->feed };

	pthread_mutex_lock(&roster->lock);
	filling.pod = find_pod(roster, uid);
	if (!filling.pod && roster->pods_count < MAX_PODS)
		filling.pod = add_pod(roster, object, uid);
	if (filling.pod) {
		filling.pod->list = roster->list;
		log_container_each(object, add_container, &filling);
		say_missing(roster, filling.pod);
		for (size_t i = 0; i < filling.pod->count; i++) {
			struct container *c = &filling.pod->containers[i];

			log_container_look(object, c->name, &c->seen);
			follow_container(roster, filling.pod, c);
		}
	} else {
		struct pod nameless = { .name = (char *)(uintptr_t)json_string(
						object, "metadata/name", "") };

		say_left_out(roster, &nameless, NULL,
			     "not followed: too many pods. Narrow the selector");
	}
	pthread_mutex_unlock(&roster->lock);
}

/* Under the lock. Its streams end by themselves, after their last lines. */
static void
forget_pod(struct log_roster *roster, struct pod *pod)
{
	for (size_t i = 0; i < pod->count; i++) {
		struct log_stream *stream = find_stream(roster, pod, &pod->containers[i]);

		if (stream)
			log_stream_changed(stream, true);
	}
	release_pod(pod);
	*pod = roster->pods[--roster->pods_count];
}

void
log_roster_removed(struct log_roster *roster, const char *uid)
{
	struct pod *pod;

	pthread_mutex_lock(&roster->lock);
	pod = find_pod(roster, uid);
	if (pod)
		forget_pod(roster, pod);
	pthread_mutex_unlock(&roster->lock);
}

void
log_roster_list_begin(struct log_roster *roster)
{
	pthread_mutex_lock(&roster->lock);
	roster->list++;
	pthread_mutex_unlock(&roster->lock);
}

void
log_roster_listed(struct log_roster *roster)
{
	pthread_mutex_lock(&roster->lock);
	roster->listed = true;
	for (size_t i = roster->pods_count; i-- > 0;)
		if (roster->pods[i].list != roster->list)
			forget_pod(roster, &roster->pods[i]);
	pthread_mutex_unlock(&roster->lock);
}

/* Remembers that a container's log has been read to its end, so that it is not read again. */
static void
note_done(struct log_roster *roster, const struct log_stream *stream)
{
	for (size_t p = 0; p < roster->pods_count; p++)
		for (size_t i = 0; i < roster->pods[p].count; i++) {
			struct container *c = &roster->pods[p].containers[i];

			if (!log_stream_is_of(stream, roster->pods[p].uid, c->name))
				continue;
			c->is_done = true;
			memcpy(c->done, log_stream_run(stream), sizeof(c->done));
		}
}

/* Takes a stream that has ended out of the roster, or returns NULL. */
static struct log_stream *
take_ended(struct log_roster *roster)
{
	for (size_t i = 0; i < roster->streams_count; i++) {
		struct log_stream *stream = roster->streams[i];

		if (!log_stream_ended(stream))
			continue;
		note_done(roster, stream);
		roster->streams[i] = roster->streams[--roster->streams_count];
		return stream;
	}
	return NULL;
}

/* Starts what had no room, or a container that has run again after the end of its log. */
static void
follow_all(struct log_roster *roster)
{
	for (size_t p = 0; p < roster->pods_count; p++)
		for (size_t i = 0; i < roster->pods[p].count; i++)
			follow_container(roster, &roster->pods[p], &roster->pods[p].containers[i]);
}

void
log_roster_keep(struct log_roster *roster, struct kube_client *client, const struct cancel *cancel)
{
	struct log_stream *streams[MAX_STREAMS], *ended;
	size_t count;

	pthread_mutex_lock(&roster->lock);
	count = roster->streams_count;
	memcpy(streams, roster->streams, count * sizeof(streams[0]));
	pthread_mutex_unlock(&roster->lock);
	/* only here are streams given back, so they stay */
	for (size_t i = 0; i < count && !cancel_requested(cancel); i++)
		log_stream_watch(streams[i], client, cancel, SILENCE_MS);
	do {
		pthread_mutex_lock(&roster->lock);
		ended = take_ended(roster);
		if (ended)
			follow_all(roster);
		pthread_mutex_unlock(&roster->lock);
		if (ended)
			free_stream(roster->feed, ended);
	} while (ended);
}

size_t
log_roster_streams(struct log_roster *roster)
{
	size_t count;

	pthread_mutex_lock(&roster->lock);
	count = roster->streams_count;
	pthread_mutex_unlock(&roster->lock);
	return count;
}
