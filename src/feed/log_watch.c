#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "feed/log_roster.h"
#include "feed/log_target.h"
#include "feed/logs_private.h"
#include "feed/source.h"
#include "kube/client.h"
#include "kube/list_watch.h"

enum {
	LOOK_AGAIN_MS = 2000, /* for a kubeconfig that does not work, a workload that is missing */
	KEEP_MS = 1000,
};

static void
on_row(void *data, const struct kube_row *row)
{
	struct log_feed *feed = data;

	if (row->object)
		log_roster_pod(feed->roster, row->object);
}

static void
on_removed(void *data, const struct kube_row *row)
{
	struct log_feed *feed = data;

	log_roster_removed(feed->roster, row->uid);
}

static void
on_list_begin(void *data)
{
	struct log_feed *feed = data;

	log_roster_list_begin(feed->roster);
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
}

static void
on_listed(void *data, bool exact)
{
	struct log_feed *feed = data;

	if (exact)
		log_roster_listed(feed->roster);
	pthread_mutex_lock(&feed->lock);
	feed->health.listed = 0;
	feed->health.left = 0;
	pthread_mutex_unlock(&feed->lock);
	on_alive(feed);
}

static void
on_progress(void *data, size_t rows, int64_t left)
{
	struct log_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed->health.listed = rows;
	feed->health.left = left;
	pthread_mutex_unlock(&feed->lock);
	feed_notify(feed->notify_fd);
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
on_skipped(void *data, const char *why)
{
	struct log_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_skipped(&feed->health, feed->secrets, why);
	pthread_mutex_unlock(&feed->lock);
	feed_notify(feed->notify_fd);
}

static void
on_warning(void *data, const char *text)
{
	struct log_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_warning(&feed->health, feed->secrets, text);
	pthread_mutex_unlock(&feed->lock);
	feed_notify(feed->notify_fd);
}

static const struct kube_list_watch_handler handler = {
	.list_begin = on_list_begin,
	.row = on_row,
	.listed = on_listed,
	.removed = on_removed,
	.alive = on_alive,
	.progress = on_progress,
	.failed = on_failed,
	.skipped = on_skipped,
	.warning = on_warning,
};

/* Connects and finds out what is to be followed. Whatever lacks can be mended while the run goes on. */
static struct kube_client *
prepare(struct log_feed *feed, struct log_target *target)
{
	struct kube_client *client = NULL;

	for (;;) {
		struct err e = ERR_INIT;

		if (!client)
			client = feed_connect(feed->source, feed->secrets, &e);
		if (client && log_target_find(feed->source, client, feed->cancel, target, &e) == 0)
			return client;
		if (!cancel_requested(feed->cancel))
			on_failed(feed, &e, LOOK_AGAIN_MS);
		if (cancel_sleep(feed->cancel, LOOK_AGAIN_MS)) {
			kube_client_free(client);
			return NULL;
		}
	}
}

void *
log_feed_watch(void *data)
{
	struct log_feed *feed = data;
	struct log_target target = { .path = NULL };
	struct kube_client *client = prepare(feed, &target);

	if (!client)
		return NULL;
	pthread_mutex_lock(&feed->lock);
	feed->health.insecure = kube_client_access(client)->insecure;
	pthread_mutex_unlock(&feed->lock);
	kube_list_watch(client,
			&(struct kube_list_watch_options){
				.path = target.path,
				.ns = target.ns,
				.label_selector = target.labels,
				.field_selector = target.fields,
				.objects = true,
			},
			&handler, feed, feed->cancel);
	log_target_release(&target);
	kube_client_free(client);
	return NULL;
}

void *
log_feed_keep(void *data)
{
	struct log_feed *feed = data;
	struct kube_client *client = NULL;
	int64_t connect_ms = 0;

	while (!cancel_sleep(feed->cancel, KEEP_MS)) {
		if (!client && clock_mono_ms() >= connect_ms) {
			client = feed_connect(feed->source, feed->secrets, NULL);
			connect_ms = clock_mono_ms() + LOOK_AGAIN_MS;
		}
		log_roster_keep(feed->roster, client, feed->cancel);
	}
	kube_client_free(client);
	return NULL;
}
