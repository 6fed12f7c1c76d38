#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "feed/condition.h"
#include "feed/table_private.h"
#include "kube/client.h"
#include "kube/pod_status.h"
#include "net/http/http.h"

enum {
	FETCH_TIMEOUT_MS = 10000,
	FETCH_PAUSE_MS = 40, /* 25 objects a second at most */
	RETRY_MS = 2000,
	TICK_MS = 5000, /* how often the ages in reasons are made anew */
};

/* An object that is to be fetched. */
struct errand {
	char *ns, *name, *uid;
};

static void
errand_release(struct errand *errand)
{
	free(errand->ns);
	free(errand->name);
	free(errand->uid);
}

void
table_look_for(struct table_feed *feed, struct table_wish *wishes, size_t count)
{
	for (size_t i = 0; i < feed->wishes_count; i++) {
		free(feed->wishes[i].ns);
		free(feed->wishes[i].name);
	}
	free(feed->wishes);
	feed->wishes = wishes;
	feed->wishes_count = count;
}

/* The first of the rows looked at whose reason is wanted. */
static bool
next_errand(struct table_feed *feed, struct errand *ret_errand)
{
	for (size_t i = 0; i < feed->wishes_count; i++) {
		const struct table_wish *wish = &feed->wishes[i];

		if (!table_fold_ask(feed->fold, wish->ns, wish->name, &ret_errand->uid))
			continue;
		ret_errand->ns = xstrdup(wish->ns);
		ret_errand->name = xstrdup(wish->name);
		return true;
	}
	return false;
}

static void
tick(struct table_feed *feed)
{
	int64_t now_ms = clock_wall_ms();
	bool changed = false;

	for (size_t i = 0; i < feed->wishes_count; i++)
		changed |= table_fold_tick(feed->fold, feed->wishes[i].ns, feed->wishes[i].name,
					   now_ms);
	if (changed)
		table_feed_touch(feed);
}

/* Waits for something to fetch; false at the feed's end. */
static bool
await_errand(struct table_feed *feed, int64_t *ticked_ms, struct errand *ret_errand)
{
	bool found = false;

	pthread_mutex_lock(&feed->lock);
	while (!feed->ending && !(found = next_errand(feed, ret_errand))) {
		if (clock_mono_ms() - *ticked_ms >= TICK_MS) {
			tick(feed);
			*ticked_ms = clock_mono_ms();
		}
		if (feed->wishes_count > 0)
			condition_wait_ms(&feed->wanted, &feed->lock, TICK_MS);
		else
			pthread_cond_wait(&feed->wanted, &feed->lock);
	}
	pthread_mutex_unlock(&feed->lock);
	return found;
}

static int
fetch(struct table_feed *feed, struct kube_client *client, const struct errand *errand,
      cJSON **ret_pod, struct err *e)
{
	char *ns = http_encode(errand->ns), *name = http_encode(errand->name);
	char *path = xasprintf("/api/v1/namespaces/%s/pods/%s", ns, name);
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.timeout_ms = FETCH_TIMEOUT_MS,
		.cancel = feed->cancel,
	};
	int rc = kube_request(client, &request, NULL, ret_pod, e);

	free(path);
	free(name);
	free(ns);
	return rc;
}

static void
tell_reason(struct table_feed *feed, const struct errand *errand, const cJSON *pod)
{
	int64_t now_ms = clock_wall_ms(), since_ms;
	struct str reason = STR_INIT;

	/* another pod that bears the name by now brings a row of its own */
	if (!str_equal(json_string(pod, "metadata/uid", NULL), errand->uid))
		return;
	pod_status_reason(pod, now_ms, &reason, &since_ms);
	pthread_mutex_lock(&feed->lock);
	if (table_fold_set_reason(feed->fold, errand->ns, errand->name, errand->uid,
				  str_cstr(&reason), since_ms, now_ms))
		table_feed_touch(feed);
	pthread_mutex_unlock(&feed->lock);
	str_release(&reason);
}

static void
give_back(struct table_feed *feed, const struct errand *errand)
{
	pthread_mutex_lock(&feed->lock);
	table_fold_unask(feed->fold, errand->ns, errand->name);
	pthread_mutex_unlock(&feed->lock);
}

/* Fetches one object; returns how long to wait before the next. */
static int64_t
run_errand(struct table_feed *feed, struct kube_client **client, const struct errand *errand)
{
	struct err e = ERR_INIT;
	cJSON *pod = NULL;

	if (!*client)
		*client = feed_connect(feed->source, feed->secrets, &e);
	if (*client && fetch(feed, *client, errand, &pod, &e) == 0) {
		tell_reason(feed, errand, pod);
		cJSON_Delete(pod);
		return FETCH_PAUSE_MS;
	}
	/* gone, or not to be read by us: so it stays without one until it changes */
	if (e.kind == ERR_NOT_FOUND || e.kind == ERR_DENIED)
		return FETCH_PAUSE_MS;
	give_back(feed, errand);
	return RETRY_MS;
}

void *
table_look(void *data)
{
	struct table_feed *feed = data;
	struct kube_client *client = NULL;
	struct errand errand;
	int64_t ticked_ms = clock_mono_ms();

	while (await_errand(feed, &ticked_ms, &errand)) {
		int64_t pause_ms = run_errand(feed, &client, &errand);

		errand_release(&errand);
		if (cancel_sleep(feed->cancel, pause_ms))
			break;
	}
	kube_client_free(client);
	return NULL;
}
