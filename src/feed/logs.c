#include "config.h"

#include "feed/logs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "feed/log_ring.h"
#include "feed/log_stream.h"
#include "feed/source.h"
#include "kube/client.h"
#include "kube/list_watch.h"
#include "net/http.h"

enum {
	MAX_STREAMS = 64,
	MAX_PODS = 1024,
	MAX_REMARKS = 20, /* about containers that are left out */
	RECONNECT_MS = 5000,
	LOOK_AGAIN_MS = 2000,
};

/* A pod of the selector. */
struct pod {
	char *uid, *name;
	unsigned list;	  /* the number of the list that named it last */
	bool started;	  /* its containers are followed */
	bool left_out;	  /* and it was said */
	int64_t retry_ms; /* not to be asked for before */
};

struct log_feed {
	struct feed_source *source;
	struct secrets *secrets;
	int notify_fd;
	struct cancel *cancel;
	struct log_sink sink;
	pthread_t thread;

	/* of the feed's thread alone: */
	struct kube_client *lookup; /* the watch occupies the other one */
	char *path;		    /* of the collection */
	struct pod *pods;
	size_t pods_count, pods_cap;
	struct log_stream *streams[MAX_STREAMS];
	size_t streams_count;
	unsigned list;
	unsigned remarks;

	pthread_mutex_t lock; /* guards what follows */
	struct log_ring *ring;
	struct feed_health health;
	size_t streams_open;
	bool notified; /* and not yet looked at */
};

static void
add_line(void *data, const char *origin, const char *stamp, const char *text, size_t len_bytes,
	 bool marker)
{
	struct log_feed *feed = data;
	bool wake;

	pthread_mutex_lock(&feed->lock);
	log_ring_add(feed->ring, origin, stamp, text, len_bytes, marker);
	if (!marker && feed->health.state == FEED_LIVE)
		feed->health.last_alive_ms = clock_mono_ms();
	wake = !feed->notified;
	feed->notified = true;
	pthread_mutex_unlock(&feed->lock);
	if (wake)
		feed_notify(feed->notify_fd);
}

static void
say_left_out(struct log_feed *feed, const char *origin, const char *why)
{
	char stamp[CLOCK_STAMP_MAX];
	struct str scratch = STR_INIT, name = STR_INIT;

	if (feed->remarks >= MAX_REMARKS)
		return;
	if (++feed->remarks == MAX_REMARKS)
		why = "not followed, nor are others that the selector matches. Narrow it";
	feed_clean(feed->secrets, origin, strlen(origin), &scratch, &name);
	add_line(feed, str_cstr(&name), clock_format_utc(clock_wall_ms(), stamp), why, strlen(why),
		 true);
	str_release(&scratch);
	str_release(&name);
}

static void
set_streams_open(struct log_feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	feed->streams_open = feed->streams_count;
	pthread_mutex_unlock(&feed->lock);
}

/* Gives back the streams whose pods have ended. */
static void
reap(struct log_feed *feed)
{
	size_t kept = 0;

	for (size_t i = 0; i < feed->streams_count; i++) {
		if (log_stream_ended(feed->streams[i]))
			log_stream_free(feed->streams[i]);
		else
			feed->streams[kept++] = feed->streams[i];
	}
	if (kept == feed->streams_count)
		return;
	feed->streams_count = kept;
	set_streams_open(feed);
}

static void
start_stream(struct log_feed *feed, const struct pod *pod, const char *container, bool sole)
{
	char *origin = sole ? xstrdup(pod->name) : xasprintf("%s/%s", pod->name, container);
	struct str scratch = STR_INIT, clean = STR_INIT;
	struct log_stream *stream = NULL;

	feed_clean(feed->secrets, origin, strlen(origin), &scratch, &clean);
	if (feed->streams_count < MAX_STREAMS)
		stream = log_stream_new(&(struct log_stream_options){
			.source = feed->source,
			.secrets = feed->secrets,
			.cancel = feed->cancel,
			.sink = &feed->sink,
			.pod = pod->name,
			.uid = pod->uid,
			.container = container,
			.origin = str_cstr(&clean),
		});
	if (stream)
		feed->streams[feed->streams_count++] = stream;
	else
		say_left_out(feed, origin, "not followed: 64 containers are. Narrow the selector");
	str_release(&scratch);
	str_release(&clean);
	free(origin);
	set_streams_open(feed);
}

/* Starts a stream for each container that is wanted; an init container only by its name. */
static void
start_containers(struct log_feed *feed, const struct pod *pod, const cJSON *object)
{
	const char *wanted = feed->source->container;
	const cJSON *containers = json_at(object, "spec/containers"), *c;
	bool sole = wanted || cJSON_GetArraySize(containers) == 1;

	cJSON_ArrayForEach(c, containers)
		if (!wanted || str_equal(json_string(c, "name", ""), wanted))
			start_stream(feed, pod, json_string(c, "name", ""), sole);
	cJSON_ArrayForEach(c, json_at(object, "spec/initContainers"))
		if (wanted && str_equal(json_string(c, "name", ""), wanted))
			start_stream(feed, pod, wanted, sole);
}

/* Asks for the pod, because a Table's row does not tell its containers. */
static void
start_pod(struct log_feed *feed, struct pod *pod)
{
	char *name = http_encode(pod->name), *path = xasprintf("%s/%s", feed->path, name);
	struct kube_request request = { .method = "GET", .path = path, .cancel = feed->cancel };
	struct err why = ERR_INIT;
	cJSON *object = NULL;

	/* where this fails the watch fails too, and says so */
	if (kube_request(feed->lookup, &request, NULL, &object, &why) < 0) {
		pod->retry_ms = clock_mono_ms() + LOOK_AGAIN_MS;
	} else {
		pod->started = true;
		if (str_equal(json_string(object, "metadata/uid", ""), pod->uid))
			start_containers(feed, pod, object);
	}
	cJSON_Delete(object);
	free(path);
	free(name);
}

/* Follows what is not followed yet, as far as there is room. */
static void
start_pods(struct log_feed *feed)
{
	reap(feed);
	for (size_t i = 0; i < feed->pods_count; i++) {
		struct pod *pod = &feed->pods[i];

		if (pod->started || pod->retry_ms > clock_mono_ms() ||
		    cancel_requested(feed->cancel))
			continue;
		if (feed->streams_count < MAX_STREAMS) {
			start_pod(feed, pod);
		} else if (!pod->left_out) {
			pod->left_out = true;
			say_left_out(feed, pod->name,
				     "not followed: 64 containers are. Narrow the selector");
		}
	}
}

static void
forget_pod(struct log_feed *feed, size_t index)
{
	free(feed->pods[index].uid);
	free(feed->pods[index].name);
	feed->pods[index] = feed->pods[--feed->pods_count];
}

static struct pod *
find_pod(struct log_feed *feed, const char *uid)
{
	for (size_t i = 0; i < feed->pods_count; i++)
		if (str_equal(feed->pods[i].uid, uid))
			return &feed->pods[i];
	return NULL;
}

static void
on_row(void *data, const struct kube_row *row)
{
	struct log_feed *feed = data;
	struct pod *pod;

	if (!row->uid || !row->name)
		return;
	pod = find_pod(feed, row->uid);
	if (!pod && feed->pods_count == MAX_PODS) {
		say_left_out(feed, row->name, "not followed: too many pods. Narrow the selector");
		return;
	}
	if (!pod) {
		pod = VEC_PUSH(feed->pods, feed->pods_count, feed->pods_cap);
		pod->uid = xstrdup(row->uid);
		pod->name = xstrdup(row->name);
	}
	pod->list = feed->list;
	start_pods(feed);
}

static void
on_removed(void *data, const struct kube_row *row)
{
	struct log_feed *feed = data;
	struct pod *pod = row->uid ? find_pod(feed, row->uid) : NULL;

	/* its streams end by themselves, after their last lines */
	if (pod)
		forget_pod(feed, (size_t)(pod - feed->pods));
}

static void
on_list_begin(void *data)
{
	struct log_feed *feed = data;

	feed->list++;
}

static void
on_alive(void *data)
{
	struct log_feed *feed = data;
	bool changed;

	pthread_mutex_lock(&feed->lock);
	changed = feed_health_alive(&feed->health);
	pthread_mutex_unlock(&feed->lock);
	if (changed)
		feed_notify(feed->notify_fd);
	start_pods(feed);
}

static void
on_listed(void *data)
{
	struct log_feed *feed = data;

	for (size_t i = feed->pods_count; i-- > 0;)
		if (feed->pods[i].list != feed->list)
			forget_pod(feed, i);
	on_alive(feed);
}

static void
on_failed(void *data, const struct err *e, int64_t delay_ms)
{
	struct log_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_failed(&feed->health, feed->secrets, e, delay_ms);
	pthread_mutex_unlock(&feed->lock);
	feed_notify(feed->notify_fd);
}

static void
on_columns(void *data, const cJSON *definitions)
{
	(void)data;
	(void)definitions;
}

static const struct kube_list_watch_handler handler = {
	.columns = on_columns,
	.list_begin = on_list_begin,
	.row = on_row,
	.listed = on_listed,
	.removed = on_removed,
	.alive = on_alive,
	.failed = on_failed,
};

/* One client for the watch, one for what is asked beside it. NULL: cancelled. */
static struct kube_client *
connect_both(struct log_feed *feed)
{
	for (;;) {
		struct err e = ERR_INIT;
		struct kube_client *client = feed_connect(feed->source, feed->secrets, &e);

		if (client)
			feed->lookup = feed_connect(feed->source, feed->secrets, &e);
		if (feed->lookup)
			return client;
		kube_client_free(client);
		/* a kubeconfig can be mended while the run goes on */
		on_failed(feed, &e, RECONNECT_MS);
		if (cancel_sleep(feed->cancel, RECONNECT_MS))
			return NULL;
	}
}

static void *
watch(void *data)
{
	struct log_feed *feed = data;
	struct kube_client *client = connect_both(feed);
	char *ns;

	if (!client)
		return NULL;
	ns = http_encode(feed_namespace(feed->source, client));
	feed->path = xasprintf("/api/v1/namespaces/%s/pods", ns);
	free(ns);
	kube_list_watch(client,
			&(struct kube_list_watch_options){
				.path = feed->path,
				.label_selector = feed->source->selector,
			},
			&handler, feed, feed->cancel);
	kube_client_free(client);
	return NULL;
}

struct log_feed *
log_feed_new(const struct feed_source *source, struct secrets *secrets, size_t max_bytes,
	     int notify_fd)
{
	struct log_feed *feed = xcalloc(1, sizeof(*feed));

	feed->source = feed_source_copy(source);
	feed->secrets = secrets;
	feed->notify_fd = notify_fd;
	feed->cancel = cancel_new();
	feed->sink = (struct log_sink){ add_line, feed };
	feed->ring = log_ring_new(max_bytes);
	pthread_mutex_init(&feed->lock, NULL);
	if (pthread_create(&feed->thread, NULL, watch, feed) != 0)
		abort();
	pthread_setname_np(feed->thread, "logs-pods");
	return feed;
}

void
log_feed_free(struct log_feed *feed)
{
	if (!feed)
		return;
	cancel_request(feed->cancel);
	pthread_join(feed->thread, NULL);
	for (size_t i = 0; i < feed->streams_count; i++)
		log_stream_free(feed->streams[i]);
	while (feed->pods_count)
		forget_pod(feed, 0);
	free(feed->pods);
	kube_client_free(feed->lookup);
	free(feed->path);
	log_ring_free(feed->ring);
	pthread_mutex_destroy(&feed->lock);
	cancel_free(feed->cancel);
	feed_source_free(feed->source);
	free(feed);
}

void
log_feed_range(struct log_feed *feed, uint64_t *ret_first, uint64_t *ret_next)
{
	pthread_mutex_lock(&feed->lock);
	log_ring_range(feed->ring, ret_first, ret_next);
	feed->notified = false;
	pthread_mutex_unlock(&feed->lock);
}

void
log_feed_read(struct log_feed *feed, uint64_t first, uint64_t next,
	      void (*line)(void *data, const struct log_line *line), void *data)
{
	uint64_t oldest, newest;
	struct log_line one;

	pthread_mutex_lock(&feed->lock);
	log_ring_range(feed->ring, &oldest, &newest);
	if (first < oldest)
		first = oldest;
	if (next > newest)
		next = newest;
	for (uint64_t n = first; n < next; n++)
		if (log_ring_get(feed->ring, n, &one))
			line(data, &one);
	pthread_mutex_unlock(&feed->lock);
}

void
log_feed_health(struct log_feed *feed, struct feed_health *ret_health, size_t *ret_streams)
{
	pthread_mutex_lock(&feed->lock);
	*ret_health = feed->health;
	*ret_streams = feed->streams_open;
	pthread_mutex_unlock(&feed->lock);
}
