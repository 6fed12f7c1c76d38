#include "config.h"

#include "feed/pods.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "feed/pod_fold.h"
#include "feed/source.h"
#include "kube/client.h"
#include "kube/list_watch.h"
#include "net/http.h"

enum { PUBLISH_MS = 100, RECONNECT_MS = 5000 };

struct pod_feed {
	struct feed_source *source;
	struct secrets *secrets;
	int notify_fd;
	struct cancel *cancel;
	pthread_t watcher, publisher;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct pod_fold *fold;
	struct feed_health health;
	struct pod_snapshot *snapshot;
	uint64_t generation;
	bool dirty; /* the fold is ahead of the snapshot */
	bool ending;
};

/* The fold or the health has changed; the caller holds the lock. */
static void
touch(struct pod_feed *feed, bool fold_changed)
{
	if (!fold_changed || feed->dirty)
		return;
	feed->dirty = true;
	pthread_cond_signal(&feed->changed);
}

static void
on_columns(void *data, const cJSON *definitions)
{
	struct pod_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	pod_fold_columns(feed->fold, definitions);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_list_begin(void *data)
{
	struct pod_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	pod_fold_list_begin(feed->fold);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_row(void *data, const struct kube_row *row)
{
	struct pod_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	touch(feed, pod_fold_row(feed->fold, row));
	pthread_mutex_unlock(&feed->lock);
}

static void
on_removed(void *data, const struct kube_row *row)
{
	struct pod_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	touch(feed, pod_fold_removed(feed->fold, row));
	pthread_mutex_unlock(&feed->lock);
}

static void
on_alive(void *data)
{
	struct pod_feed *feed = data;
	bool changed;

	pthread_mutex_lock(&feed->lock);
	changed = feed_health_alive(&feed->health);
	pthread_mutex_unlock(&feed->lock);
	if (changed)
		feed_notify(feed->notify_fd);
}

static void
on_listed(void *data)
{
	struct pod_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	touch(feed, pod_fold_listed(feed->fold));
	pthread_mutex_unlock(&feed->lock);
	on_alive(feed);
}

static void
on_failed(void *data, const struct err *e, int64_t delay_ms)
{
	struct pod_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_failed(&feed->health, feed->secrets, e, delay_ms);
	pthread_mutex_unlock(&feed->lock);
	feed_notify(feed->notify_fd);
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

static void *
watch(void *data)
{
	struct pod_feed *feed = data;
	struct kube_client *client = NULL;
	struct kube_list_watch_options options = {
		.label_selector = feed->source->selector,
	};
	char *path, *ns;

	while (!client) {
		struct err e = ERR_INIT;

		client = feed_connect(feed->source, feed->secrets, &e);
		if (client)
			break;
		/* a kubeconfig can be mended while the run goes on */
		on_failed(feed, &e, RECONNECT_MS);
		if (cancel_sleep(feed->cancel, RECONNECT_MS))
			return NULL;
	}
	ns = http_encode(feed_namespace(feed->source, client));
	path = xasprintf("/api/v1/namespaces/%s/pods", ns);
	options.path = path;
	kube_list_watch(client, &options, &handler, feed, feed->cancel);
	kube_client_free(client);
	free(path);
	free(ns);
	return NULL;
}

/* Puts a picture of the fold in the place of the old one; called and returns with the lock held. */
static void
publish_now(struct pod_feed *feed)
{
	struct pod_snapshot *old = feed->snapshot;

	feed->snapshot = pod_fold_snapshot(feed->fold, ++feed->generation);
	feed->dirty = false;
	pthread_mutex_unlock(&feed->lock);
	pod_snapshot_release(old);
	feed_notify(feed->notify_fd);
	pthread_mutex_lock(&feed->lock);
}

/*
 * Makes snapshots of its own accord, not the watcher's: of a burst of events the first shows at
 * once and the rest together, though no further event comes.
 */
static void *
publish(void *data)
{
	struct pod_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	while (!feed->ending) {
		if (!feed->dirty) {
			pthread_cond_wait(&feed->changed, &feed->lock);
			continue;
		}
		publish_now(feed);
		pthread_mutex_unlock(&feed->lock);
		cancel_sleep(feed->cancel, PUBLISH_MS);
		pthread_mutex_lock(&feed->lock);
	}
	pthread_mutex_unlock(&feed->lock);
	return NULL;
}

struct pod_feed *
pod_feed_new(const struct feed_source *source, struct secrets *secrets, int notify_fd)
{
	struct pod_feed *feed = xcalloc(1, sizeof(*feed));

	feed->source = feed_source_copy(source);
	feed->secrets = secrets;
	feed->notify_fd = notify_fd;
	feed->cancel = cancel_new();
	feed->fold = pod_fold_new(secrets);
	feed->snapshot = pod_fold_snapshot(feed->fold, 0);
	pthread_mutex_init(&feed->lock, NULL);
	pthread_cond_init(&feed->changed, NULL);
	if (pthread_create(&feed->watcher, NULL, watch, feed) != 0 ||
	    pthread_create(&feed->publisher, NULL, publish, feed) != 0)
		abort();
	pthread_setname_np(feed->watcher, "pods-watch");
	pthread_setname_np(feed->publisher, "pods-publish");
	return feed;
}

void
pod_feed_free(struct pod_feed *feed)
{
	if (!feed)
		return;
	cancel_request(feed->cancel);
	pthread_mutex_lock(&feed->lock);
	feed->ending = true;
	pthread_cond_signal(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
	pthread_join(feed->watcher, NULL);
	pthread_join(feed->publisher, NULL);
	pod_snapshot_release(feed->snapshot);
	pod_fold_free(feed->fold);
	pthread_cond_destroy(&feed->changed);
	pthread_mutex_destroy(&feed->lock);
	cancel_free(feed->cancel);
	feed_source_free(feed->source);
	free(feed);
}

struct pod_snapshot *
pod_feed_snapshot(struct pod_feed *feed)
{
	struct pod_snapshot *snapshot;

	pthread_mutex_lock(&feed->lock);
	snapshot = feed->snapshot;
	pod_snapshot_retain(snapshot);
	pthread_mutex_unlock(&feed->lock);
	return snapshot;
}

void
pod_feed_health(struct pod_feed *feed, struct feed_health *ret_health)
{
	pthread_mutex_lock(&feed->lock);
	*ret_health = feed->health;
	pthread_mutex_unlock(&feed->lock);
}
