#include "config.h"

#include "feed/table.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "feed/condition.h"
#include "feed/table_private.h"
#include "kube/client.h"
#include "kube/list_watch.h"
#include "kube/resource.h"

enum {
	PUBLISH_MS = 100,
	PUBLISH_ROWS_PER_MS = 100, /* a large table is copied less often */
	GLANCE_MS = 50,		   /* time to paint a glance: its copy, and a frame of the screen */
	MAX_WISHES = 256,
};

void
table_feed_touch(struct table_feed *feed)
{
	feed->dirty = true;
	pthread_cond_signal(&feed->changed);
}

static void
touch_if(struct table_feed *feed, bool changed)
{
	if (changed && !feed->dirty)
		table_feed_touch(feed);
}

/* The health is another; the caller holds the lock. */
static void
tell(struct table_feed *feed)
{
	feed->news = true;
	pthread_cond_signal(&feed->changed);
}

static void
on_columns(void *data, const cJSON *definitions)
{
	struct table_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	touch_if(feed, table_fold_columns(feed->fold, definitions));
	pthread_mutex_unlock(&feed->lock);
}

static void
on_list_begin(void *data)
{
	struct table_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	table_fold_list_begin(feed->fold);
	feed->health.listed = 0;
	feed->health.left = -1;
	pthread_mutex_unlock(&feed->lock);
}

static void
on_skipped(void *data, const char *why)
{
	struct table_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_skipped(&feed->health, feed->secrets, why);
	tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_row(void *data, const struct kube_row *row)
{
	struct table_feed *feed = data;

	if (!row->name || !*row->name) {
		on_skipped(feed, "a row of the server's table has no name");
		return;
	}
	pthread_mutex_lock(&feed->lock);
	touch_if(feed, table_fold_row(feed->fold, row, clock_wall_ms()));
	pthread_mutex_unlock(&feed->lock);
}

static void
on_removed(void *data, const struct kube_row *row)
{
	struct table_feed *feed = data;

	if (!row->name || !*row->name)
		return;
	pthread_mutex_lock(&feed->lock);
	touch_if(feed, table_fold_removed(feed->fold, row));
	pthread_mutex_unlock(&feed->lock);
}

static void
on_alive(void *data)
{
	struct table_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	if (feed_health_alive(&feed->health))
		tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_progress(void *data, size_t rows, int64_t left)
{
	struct table_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed->health.listed = rows;
	feed->health.left = left;
	tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_listed(void *data, bool exact)
{
	struct table_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	touch_if(feed, table_fold_listed(feed->fold, exact));
	feed->health.listed = 0;
	feed->health.left = -1;
	feed_health_alive(&feed->health);
	feed->urgent = true;
	tell(feed);
	pthread_mutex_unlock(&feed->lock);
	/* the exact list keeps both sides busy: what is there already is shown first */
	if (!exact)
		cancel_sleep(feed->cancel, GLANCE_MS);
}

static void
on_failed(void *data, const struct err *e, int64_t delay_ms)
{
	struct table_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_failed(&feed->health, feed->secrets, e, delay_ms);
	feed->health.listed = 0;
	feed->health.left = -1;
	tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_warning(void *data, const char *text)
{
	struct table_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_warning(&feed->health, feed->secrets, text);
	tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static const struct kube_list_watch_handler handler = {
	.columns = on_columns,
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

static void
note_access(struct table_feed *feed, const struct kube_client *client)
{
	pthread_mutex_lock(&feed->lock);
	feed->health.insecure = kube_client_access(client)->insecure;
	feed->opened = true;
	pthread_cond_signal(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
}

/*
 * The redactor makes itself ready with the first text after a secret was registered: now, while the watcher
 * connects, and not when the first rows are there. Called and returns with the lock held.
 */
static void
prepare_redactor(struct table_feed *feed)
{
	struct str ready = STR_INIT;

	feed->opened = false;
	pthread_mutex_unlock(&feed->lock);
	secrets_redact(feed->secrets, " ", 1, &ready);
	str_release(&ready);
	pthread_mutex_lock(&feed->lock);
}

/*
 * A client, and the resource, for which it may have to ask. Both can be mended while the run goes on: a
 * kubeconfig, a custom resource that is not installed yet. NULL: cancelled.
 */
static struct kube_client *
begin(struct table_feed *feed, struct kube_resource *ret_resource)
{
	const struct feed_source *source = feed->source;
	struct kube_client *client = NULL;

	do {
		struct err e = ERR_INIT;

		if (client || kube_client_open(source->kubeconfig, source->context, feed->secrets,
					       &client, &e) == 0) {
			note_access(feed, client);
			if (feed_resource(source, client, feed->cancel, ret_resource, &e) == 0)
				return client;
		}
		if (!cancel_requested(feed->cancel))
			on_failed(feed, &e, TABLE_RECONNECT_MS);
	} while (!cancel_sleep(feed->cancel, TABLE_RECONNECT_MS));
	kube_client_free(client);
	return NULL;
}

static void *
watch(void *data)
{
	struct table_feed *feed = data;
	struct kube_resource resource;
	struct kube_client *client = begin(feed, &resource);
	char *path;

	if (!client)
		return NULL;
	struct kube_list_watch_options options = { .label_selector = feed->source->selector };
	if (resource.namespaced && !feed->source->all_namespaces)
		options.ns = feed_namespace(feed->source, client);
	/* a bare Table does not say of which namespace its rows are */
	options.glance = options.ns || !resource.namespaced;
	path = kube_resource_path(&resource, options.ns, NULL);
	options.path = path;
	kube_list_watch(client, &options, &handler, feed, feed->cancel);
	kube_client_free(client);
	kube_resource_release(&resource);
	free(path);
	return NULL;
}

/* Puts a picture of the fold in the place of the old one; called and returns with the lock held. */
static void
publish_now(struct table_feed *feed)
{
	struct table_snapshot *old = NULL;

	if (feed->dirty) {
		old = feed->snapshot;
		feed->snapshot = table_fold_snapshot(feed->fold, ++feed->generation);
	}
	feed->dirty = feed->news = feed->urgent = false;
	pthread_cond_signal(&feed->wanted);
	pthread_mutex_unlock(&feed->lock);
	table_snapshot_release(old);
	feed_notify(feed->notify_fd);
	pthread_mutex_lock(&feed->lock);
}

/*
 * Makes snapshots of its own accord, not the watcher's: of a burst of events the first shows at once and
 * the rest together, though no further event comes.
 */
static void *
publish(void *data)
{
	struct table_feed *feed = data;
	int64_t next_ms = 0;

	pthread_mutex_lock(&feed->lock);
	while (!feed->ending) {
		int64_t now_ms = clock_mono_ms();

		if (feed->opened) {
			prepare_redactor(feed);
		} else if (!feed->dirty && !feed->news) {
			pthread_cond_wait(&feed->changed, &feed->lock);
		} else if (!feed->urgent && now_ms < next_ms) {
			condition_wait_ms(&feed->changed, &feed->lock, next_ms - now_ms);
		} else {
			publish_now(feed);
			next_ms = clock_mono_ms() + PUBLISH_MS +
				  (int64_t)table_fold_count(feed->fold) / PUBLISH_ROWS_PER_MS;
		}
	}
	pthread_mutex_unlock(&feed->lock);
	return NULL;
}

static void
start(pthread_t *thread, const char *name, void *(*run)(void *), struct table_feed *feed)
{
	if (pthread_create(thread, NULL, run, feed) != 0)
		abort();
	pthread_setname_np(*thread, name);
}

struct table_feed *
table_feed_new(const struct feed_source *source, struct secrets *secrets, int notify_fd)
{
	struct table_feed *feed = xcalloc(1, sizeof(*feed));

	feed->source = feed_source_copy(source);
	feed->secrets = secrets;
	feed->notify_fd = notify_fd;
	feed->pods = feed_is_of_pods(source);
	feed->cancel = cancel_new();
	feed->fold = table_fold_new(secrets, feed->pods);
	feed->snapshot = table_fold_snapshot(feed->fold, 0);
	feed->health.left = -1;
	pthread_mutex_init(&feed->lock, NULL);
	condition_init(&feed->changed);
	condition_init(&feed->wanted);
	start(&feed->watcher, "table-watch", watch, feed);
	start(&feed->publisher, "table-publish", publish, feed);
	if (feed->pods)
		start(&feed->looker, "table-look", table_look, feed);
	return feed;
}

static void
end_threads(struct table_feed *feed)
{
	cancel_request(feed->cancel);
	pthread_mutex_lock(&feed->lock);
	feed->ending = true;
	pthread_cond_signal(&feed->changed);
	pthread_cond_signal(&feed->wanted);
	pthread_mutex_unlock(&feed->lock);
	pthread_join(feed->watcher, NULL);
	pthread_join(feed->publisher, NULL);
	if (feed->pods)
		pthread_join(feed->looker, NULL);
}

void
table_feed_free(struct table_feed *feed)
{
	if (!feed)
		return;
	end_threads(feed);
	table_look_for(feed, NULL, 0);
	table_snapshot_release(feed->snapshot);
	table_fold_free(feed->fold);
	pthread_cond_destroy(&feed->changed);
	pthread_cond_destroy(&feed->wanted);
	pthread_mutex_destroy(&feed->lock);
	cancel_free(feed->cancel);
	feed_source_free(feed->source);
	free(feed);
}

struct table_snapshot *
table_feed_snapshot(struct table_feed *feed)
{
	struct table_snapshot *snapshot;

	pthread_mutex_lock(&feed->lock);
	snapshot = feed->snapshot;
	table_snapshot_retain(snapshot);
	pthread_mutex_unlock(&feed->lock);
	return snapshot;
}

void
table_feed_health(struct table_feed *feed, struct feed_health *ret_health)
{
	pthread_mutex_lock(&feed->lock);
	*ret_health = feed->health;
	pthread_mutex_unlock(&feed->lock);
}

void
table_feed_look(struct table_feed *feed, const struct table_row *const *rows, size_t count)
{
	struct table_wish *wishes;

	if (!feed->pods)
		return;
	if (count > MAX_WISHES)
		count = MAX_WISHES;
	wishes = xcalloc(count + 1, sizeof(*wishes));
	for (size_t i = 0; i < count; i++)
		wishes[i] = (struct table_wish){ xstrdup(rows[i]->ns), xstrdup(rows[i]->name) };
	pthread_mutex_lock(&feed->lock);
	table_look_for(feed, wishes, count);
	pthread_cond_signal(&feed->wanted);
	pthread_mutex_unlock(&feed->lock);
}
