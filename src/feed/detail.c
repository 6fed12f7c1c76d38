#include "config.h"

#include "feed/detail.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "feed/condition.h"
#include "feed/detail_page.h"
#include "feed/detail_picture.h"
#include "feed/source.h"
#include "kube/client.h"
#include "kube/list_watch.h"
#include "kube/resource.h"

enum { PUBLISH_MS = 100, AGES_MS = 5000, RECONNECT_MS = 5000 };

struct detail_feed {
	struct feed_source *source;
	char *ns, *name; /* ns NULL: of a cluster's resource */
	struct secrets *secrets;
	int notify_fd;
	struct cancel *cancel;
	pthread_t object_watcher, events_watcher, publisher;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	char *kind;    /* of the object, by discovery */
	cJSON *object; /* without its managed fields; NULL: not read yet */
	bool listed;   /* the list under way has named it */
	bool gone;
	struct detail_events events, incoming; /* of the list under way */
	bool events_listing,
		events_listed; /* a list is under way; one has come to its end, exactly */
	char events_problem[256];
	struct feed_health health;
	struct detail_picture *picture;
	bool dirty, news, ending;
};

static bool
is_pod(const cJSON *object)
{
	return str_equal(json_string(object, "kind", NULL), "Pod") &&
	       str_equal(json_string(object, "apiVersion", NULL), "v1");
}

static void
write_page(struct detail_feed *feed, struct detail_page *page)
{
	const cJSON *object = feed->object;

	if (!object) {
		if (feed->gone)
			detail_add(page, DETAIL_BAD, "There is no %s any more%s%s", feed->name,
				   feed->ns ? " in " : "", feed->ns ? feed->ns : "");
		return;
	}
	detail_add(page, DETAIL_HEADING, "%s %s%s%s", json_string(object, "kind", "object"),
		   feed->name, feed->ns ? " in " : "", feed->ns ? feed->ns : "");
	if (feed->gone)
		detail_add(page, DETAIL_BAD, "It has been deleted; this is its last state");
	if (is_pod(object)) {
		detail_pod(page, object);
		detail_labels(page, object);
	} else {
		detail_object(page, object);
	}
	detail_events_show(page, &feed->events, json_string(object, "metadata/uid", ""), feed->name,
			   feed->events_listed, feed->events_problem);
}

/* The picture as it is now; the caller holds the lock. */
static struct detail_picture *
make_picture(struct detail_feed *feed)
{
	struct detail_page page;
	struct detail_picture *picture;

	detail_page_init(&page, feed->secrets, clock_wall_ms());
	write_page(feed, &page);
	detail_page_end(&page);
	picture = detail_picture_new(&page);
	picture->public.complete = feed->object != NULL;
	picture->public.gone = feed->gone;
	picture->public.events_known = feed->events_listed || feed->events_problem[0];
	if (is_pod(feed->object))
		detail_picture_containers(picture, feed->object);
	detail_page_release(&page);
	return picture;
}

/* Puts a new picture in the place of the old one if it is another; called with the lock held. */
static bool
publish_now(struct detail_feed *feed)
{
	struct detail_picture *new = make_picture(feed), *old = feed->picture;

	feed->dirty = false;
	if (detail_picture_equal(new, old)) {
		detail_snapshot_release(&new->public);
		return false;
	}
	new->public.generation = old->public.generation + 1;
	feed->picture = new;
	detail_snapshot_release(&old->public);
	return true;
}

static void *
publish(void *data)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	while (!feed->ending) {
		bool told = feed->news;

		feed->news = false;
		told |= publish_now(feed);
		pthread_mutex_unlock(&feed->lock);
		if (told)
			feed_notify(feed->notify_fd);
		cancel_sleep(feed->cancel, PUBLISH_MS);
		pthread_mutex_lock(&feed->lock);
		if (!feed->dirty && !feed->news && !feed->ending)
			condition_wait_ms(&feed->changed, &feed->lock, AGES_MS - PUBLISH_MS);
	}
	pthread_mutex_unlock(&feed->lock);
	return NULL;
}

static void
touch(struct detail_feed *feed)
{
	feed->dirty = true;
	pthread_cond_signal(&feed->changed);
}

static void
tell(struct detail_feed *feed)
{
	feed->news = true;
	pthread_cond_signal(&feed->changed);
}

/* ---- the object ---- */

static void
on_list_begin(void *data)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed->listed = false;
	pthread_mutex_unlock(&feed->lock);
}

static void
on_skipped(void *data, const char *why)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_skipped(&feed->health, feed->secrets, why);
	tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
take_object(struct detail_feed *feed, const cJSON *object)
{
	cJSON_Delete(feed->object);
	feed->object = cJSON_Duplicate(object, true);
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(feed->object, "metadata"), "managedFields");
	/* what it is decides what of it may be shown */
	if (!json_at(feed->object, "kind"))
		json_add_string(feed->object, "kind", feed->kind);
	touch(feed);
}

static void
on_row(void *data, const struct kube_row *row)
{
	struct detail_feed *feed = data;

	if (!row->object) {
		on_skipped(feed, "a row came without its object");
		return;
	}
	pthread_mutex_lock(&feed->lock);
	take_object(feed, row->object);
	feed->listed = true;
	feed->gone = false;
	pthread_mutex_unlock(&feed->lock);
}

static void
on_removed(void *data, const struct kube_row *row)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	/* not the end of an object whose name another one bears by now */
	if (!row->uid || str_equal(row->uid, json_string(feed->object, "metadata/uid", NULL))) {
		if (row->object)
			take_object(feed, row->object);
		feed->gone = true;
		touch(feed);
	}
	pthread_mutex_unlock(&feed->lock);
}

static void
on_listed(void *data, bool exact)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	if (exact && !feed->listed) {
		feed->gone = true;
		touch(feed);
	}
	feed_health_alive(&feed->health);
	tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_alive(void *data)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	if (feed_health_alive(&feed->health))
		tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_failed(void *data, const struct err *e, int64_t delay_ms)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_failed(&feed->health, feed->secrets, e, delay_ms);
	tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_warning(void *data, const char *text)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	feed_health_warning(&feed->health, feed->secrets, text);
	tell(feed);
	pthread_mutex_unlock(&feed->lock);
}

static const struct kube_list_watch_handler object_handler = {
	.list_begin = on_list_begin,
	.row = on_row,
	.removed = on_removed,
	.listed = on_listed,
	.alive = on_alive,
	.failed = on_failed,
	.skipped = on_skipped,
	.warning = on_warning,
};

/* ---- its events ---- */

static void
on_events_begin(void *data)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	detail_events_clear(&feed->incoming);
	feed->events_listing = true;
	pthread_mutex_unlock(&feed->lock);
}

static void
on_event(void *data, const struct kube_row *row)
{
	struct detail_feed *feed = data;

	if (!row->object)
		return;
	pthread_mutex_lock(&feed->lock);
	detail_events_put(feed->events_listing ? &feed->incoming : &feed->events, row->object);
	touch(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_event_removed(void *data, const struct kube_row *row)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	detail_events_remove(&feed->events, row->uid);
	touch(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_events_listed(void *data, bool exact)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	detail_events_clear(&feed->events);
	feed->events = feed->incoming;
	memset(&feed->incoming, 0, sizeof(feed->incoming));
	feed->events_listing = false;
	feed->events_listed |= exact;
	feed->events_problem[0] = '\0';
	touch(feed);
	pthread_mutex_unlock(&feed->lock);
}

static void
on_events_alive(void *data)
{
	struct detail_feed *feed = data;

	pthread_mutex_lock(&feed->lock);
	if (feed->events_problem[0] && !feed->events_listing) {
		feed->events_problem[0] = '\0';
		touch(feed);
	}
	pthread_mutex_unlock(&feed->lock);
}

static void
on_events_failed(void *data, const struct err *e, int64_t delay_ms)
{
	struct detail_feed *feed = data;

	(void)delay_ms;
	pthread_mutex_lock(&feed->lock);
	feed_clean_copy(feed->secrets, e->message, feed->events_problem,
			sizeof(feed->events_problem));
	touch(feed);
	pthread_mutex_unlock(&feed->lock);
}

static const struct kube_list_watch_handler events_handler = {
	.list_begin = on_events_begin,
	.row = on_event,
	.removed = on_event_removed,
	.listed = on_events_listed,
	.alive = on_events_alive,
	.failed = on_events_failed,
	.skipped = on_skipped,
};

/* ---- the threads ---- */

/* "metadata.name=tsb-0". Source: k8s.io/apimachinery/pkg/fields, EscapeValue. */
static char *
name_selector(const char *field, const char *name)
{
	struct str out = STR_INIT;

	str_printf(&out, "%s=", field);
	for (; *name; name++) {
		if (strchr("\\,=", *name))
			str_append_char(&out, '\\');
		str_append_char(&out, *name);
	}
	return str_take(&out);
}

/* What a watcher follows, by its own client; 0 once it is known, -1 with an error. */
typedef int collection_fn(struct detail_feed *feed, struct kube_client *client, char **ret_path,
			  struct err *e);

static int
object_collection(struct detail_feed *feed, struct kube_client *client, char **ret_path,
		  struct err *e)
{
	struct kube_resource resource;

	if (feed_resource(feed->source, client, feed->cancel, &resource, e) < 0)
		return -1;
	*ret_path = kube_resource_path(&resource, feed->ns, NULL);
	pthread_mutex_lock(&feed->lock);
	feed->kind = xstrdup(resource.kind);
	feed->health.insecure = kube_client_access(client)->insecure;
	pthread_mutex_unlock(&feed->lock);
	kube_resource_release(&resource);
	return 0;
}

/* Events about a cluster's resource are in the namespace "default". */
static int
events_collection(struct detail_feed *feed, struct kube_client *client, char **ret_path,
		  struct err *e)
{
	char *ns = http_encode(feed->ns ? feed->ns : "default");

	(void)client;
	(void)e;
	*ret_path = xasprintf("/api/v1/namespaces/%s/events", ns);
	free(ns);
	return 0;
}

static void
follow(struct detail_feed *feed, collection_fn *collection, const char *field,
       const struct kube_list_watch_handler *handler)
{
	struct kube_client *client = NULL;
	char *path = NULL, *selector;

	do {
		struct err e = ERR_INIT;

		if (!client)
			client = feed_connect(feed->source, feed->secrets, &e);
		if (client && collection(feed, client, &path, &e) == 0)
			break;
		/* a kubeconfig can be mended while the run goes on */
		if (!cancel_requested(feed->cancel))
			handler->failed(feed, &e, RECONNECT_MS);
	} while (!cancel_sleep(feed->cancel, RECONNECT_MS));
	selector = name_selector(field, feed->name);
	struct kube_list_watch_options options = {
		.path = path,
		.ns = feed->ns,
		.field_selector = selector,
		.objects = true,
	};
	if (path)
		kube_list_watch(client, &options, handler, feed, feed->cancel);
	kube_client_free(client);
	free(selector);
	free(path);
}

static void *
watch_object(void *data)
{
	follow(data, object_collection, "metadata.name", &object_handler);
	return NULL;
}

static void *
watch_events(void *data)
{
	follow(data, events_collection, "involvedObject.name", &events_handler);
	return NULL;
}

static void
start(pthread_t *thread, const char *name, void *(*run)(void *), struct detail_feed *feed)
{
	if (pthread_create(thread, NULL, run, feed) != 0)
		abort();
	pthread_setname_np(*thread, name);
}

struct detail_feed *
detail_feed_new(const struct feed_source *source, const char *ns, const char *name,
		struct secrets *secrets, int notify_fd)
{
	struct detail_feed *feed = xcalloc(1, sizeof(*feed));

	feed->source = feed_source_copy(source);
	feed->ns = ns && *ns ? xstrdup(ns) : NULL;
	feed->name = xstrdup(name);
	feed->secrets = secrets;
	feed->notify_fd = notify_fd;
	feed->cancel = cancel_new();
	feed->health.left = -1;
	feed->picture = make_picture(feed);
	pthread_mutex_init(&feed->lock, NULL);
	condition_init(&feed->changed);
	start(&feed->object_watcher, "detail-object", watch_object, feed);
	start(&feed->events_watcher, "detail-events", watch_events, feed);
	start(&feed->publisher, "detail-publish", publish, feed);
	return feed;
}

void
detail_feed_free(struct detail_feed *feed)
{
	if (!feed)
		return;
	cancel_request(feed->cancel);
	pthread_mutex_lock(&feed->lock);
	feed->ending = true;
	pthread_cond_signal(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
	pthread_join(feed->object_watcher, NULL);
	pthread_join(feed->events_watcher, NULL);
	pthread_join(feed->publisher, NULL);
	detail_snapshot_release(&feed->picture->public);
	detail_events_clear(&feed->events);
	detail_events_clear(&feed->incoming);
	cJSON_Delete(feed->object);
	pthread_cond_destroy(&feed->changed);
	pthread_mutex_destroy(&feed->lock);
	cancel_free(feed->cancel);
	feed_source_free(feed->source);
	free(feed->kind);
	free(feed->ns);
	free(feed->name);
	free(feed);
}

struct detail_snapshot *
detail_feed_snapshot(struct detail_feed *feed)
{
	struct detail_picture *picture;

	pthread_mutex_lock(&feed->lock);
	picture = feed->picture;
	detail_picture_retain(picture);
	pthread_mutex_unlock(&feed->lock);
	return &picture->public;
}

void
detail_feed_health(struct detail_feed *feed, struct feed_health *ret_health)
{
	pthread_mutex_lock(&feed->lock);
	*ret_health = feed->health;
	pthread_mutex_unlock(&feed->lock);
}
