#include "config.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "world/stage/stage_internal.h"

/* One thread for each cluster that waits for changes of its objects. */
enum { ASLEEP_MS = 3600000 };

struct watcher {
	struct stage *stage;
	size_t cluster;
	struct store_watch *watch;
	pthread_t thread;
	bool began;
};

static void
tell_missed(struct watcher *w)
{
	struct message *message = message_new(MESSAGE_MISSED);

	message->cluster = w->cluster;
	stage_send(w->stage, message);
}

/* -1: there can be no watch, which a version of now excludes. */
static int
watch_anew(struct watcher *w)
{
	struct store *store = w->stage->options.clusters[w->cluster]->store;
	struct refusal r = REFUSAL_INIT;
	int rc;

	store_watch_free(w->watch);
	w->watch = NULL;
	rc = store_watch_new(store, NULL, NULL, 0, &w->watch, &r);
	refusal_release(&r);
	return rc;
}

static void
tell_change(struct watcher *w, struct store_event *event)
{
	struct message *message = message_new(MESSAGE_OBJECT);

	message->cluster = w->cluster;
	message->stored = event->stored;
	message->gone = event->type == STORE_DELETED;
	stored_drop(event->before);
	stage_send(w->stage, message);
}

static void *
run(void *data)
{
	struct watcher *w = data;
	struct refusal r = REFUSAL_INIT;

	while (!atomic_load(&w->stage->ending)) {
		struct store_event event;

		if (store_watch_next(w->watch, ASLEEP_MS, &event, &r) < 0) {
			refusal_release(&r);
			if (watch_anew(w) < 0)
				break;
			tell_missed(w);
		} else if (event.type != STORE_NOTHING) {
			tell_change(w, &event);
		}
	}
	return NULL;
}

int
watchers_begin(struct stage *stage)
{
	stage->watchers = xcalloc(stage->options.clusters_count + 1, sizeof(*stage->watchers));
	for (size_t i = 0; i < stage->options.clusters_count; i++) {
		struct watcher *w = &stage->watchers[i];

		w->stage = stage;
		w->cluster = i;
		if (watch_anew(w) < 0 || pthread_create(&w->thread, NULL, run, w) != 0)
			return -1;
		w->began = true;
	}
	return 0;
}

void
watchers_end(struct stage *stage)
{
	for (size_t i = 0; stage->watchers && i < stage->options.clusters_count; i++) {
		struct watcher *w = &stage->watchers[i];

		if (w->began) {
			store_wake(stage->options.clusters[i]->store);
			pthread_join(w->thread, NULL);
		}
		store_watch_free(w->watch);
	}
	free(stage->watchers);
	stage->watchers = NULL;
}
