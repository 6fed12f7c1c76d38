#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "world/object/store_internal.h"

/* The history of a store, and those who follow it. */

struct store_watch {
	struct store *store;
	const struct kind *kind; /* the storage version's; NULL: all */
	char *ns;		 /* NULL: all */
	uint64_t seen;		 /* every change up to this one was looked at */
	unsigned
		wakings; /* of the store, that it has answered to: none is lost between two waits */
};

static void
event_drop(struct store_event *event)
{
	stored_drop(event->stored);
	stored_drop(event->before);
	*event = (struct store_event){ .type = STORE_NOTHING };
}

void
store_tell(struct store *store, enum store_event_type type, const struct stored *stored,
	   const struct stored *before)
{
	struct store_event *event = &store->history[store->version % STORE_HISTORY];

	event_drop(event);
	*event = (struct store_event){
		.type = type,
		.stored = stored_hold(stored),
		.before = before ? stored_hold(before) : NULL,
		.version = store->version,
	};
	if (store->version - store->forgotten > STORE_HISTORY)
		store->forgotten = store->version - STORE_HISTORY;
	pthread_cond_broadcast(&store->changed);
}

void
store_forget(struct store *store)
{
	for (size_t i = 0; i < STORE_HISTORY; i++)
		event_drop(&store->history[i]);
	store->forgotten = store->version;
}

void
store_compact(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	store_forget(store);
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
}

void
store_wake(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	store->wakings++;
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
}

uint64_t
store_version(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	uint64_t version = store->version;
	pthread_mutex_unlock(&store->lock);
	return version;
}

static int
refuse_expired(const struct store *store, uint64_t version, struct refusal *r)
{
	return refuse(r, 410, "Expired", "too old resource version: %llu (%llu)",
		      (unsigned long long)version, (unsigned long long)store->forgotten + 1);
}

int
store_watch_new(struct store *store, const struct kind *kind, const char *ns, uint64_t version,
		struct store_watch **ret_watch, struct refusal *r)
{
	int rc = 0;

	pthread_mutex_lock(&store->lock);
	if (version == 0)
		version = store->version;
	if (version < store->forgotten)
		rc = refuse_expired(store, version, r);
	unsigned wakings = store->wakings;
	pthread_mutex_unlock(&store->lock);
	if (rc < 0)
		return -1;
	struct store_watch *watch = xcalloc(1, sizeof(*watch));
	watch->store = store;
	watch->kind = kind ? kind->storage : NULL;
	watch->ns = ns ? xstrdup(ns) : NULL;
	watch->seen = version;
	watch->wakings = wakings;
	*ret_watch = watch;
	return 0;
}

void
store_watch_free(struct store_watch *watch)
{
	if (watch)
		free(watch->ns);
	free(watch);
}

static bool
is_wanted(const struct store_watch *watch, const struct stored *stored)
{
	return (!watch->kind || watch->kind == stored->kind) &&
	       (!watch->ns || strcmp(watch->ns, stored->ns) == 0);
}

/* With the lock held: the next change that the watch wants. False: there is none yet. */
static bool
take_next(struct store_watch *watch, struct store_event *ret_event)
{
	struct store *store = watch->store;

	while (watch->seen < store->version) {
		const struct store_event *event = &store->history[++watch->seen % STORE_HISTORY];

		if (event->type == STORE_NOTHING || !is_wanted(watch, event->stored))
			continue;
		*ret_event = *event;
		stored_hold(event->stored);
		if (event->before)
			stored_hold(event->before);
		return true;
	}
	return false;
}

int
store_watch_next(struct store_watch *watch, int64_t timeout_ms, struct store_event *ret_event,
		 struct refusal *r)
{
	struct store *store = watch->store;
	int64_t until_ms = clock_mono_ms() + timeout_ms;
	struct timespec deadline = { until_ms / 1000, until_ms % 1000 * 1000000 };
	bool over = timeout_ms <= 0;
	int rc = 0;

	*ret_event = (struct store_event){ .type = STORE_NOTHING };
	pthread_mutex_lock(&store->lock);
	while (true) {
		if (watch->seen < store->forgotten)
			rc = refuse_expired(store, watch->seen, r);
		else if (take_next(watch, ret_event))
			break;
		if (rc < 0 || over || watch->wakings != store->wakings)
			break;
		over = pthread_cond_timedwait(&store->changed, &store->lock, &deadline) ==
		       ETIMEDOUT;
	}
	if (ret_event->type == STORE_NOTHING)
		ret_event->version = watch->seen;
	watch->wakings = store->wakings;
	pthread_mutex_unlock(&store->lock);
	return rc;
}
