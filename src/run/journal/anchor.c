#include "config.h"

#include "run/journal/anchor.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"

enum {
	PUT_TIMEOUT_MS = 15000, /* for one head at one place */
	WATCH_MS = 1000,	/* how often that is looked at, while a head is on its way */
	PAUSE_FIRST_MS = 1000,
	PAUSE_MAX_MS = 60000,
	PAUSE_LAST_MS = 200, /* when the run is over, and this is the last chance */
	LAST_CHANCE_MS = 3000,
};

/* A place and the thread that serves it: a slow one does not keep the others waiting. */
struct place {
	struct anchors *anchors;
	struct anchor_place at;
	pthread_t thread;
	struct record *head;   /* to be put there; NULL: there is none */
	struct cancel *cancel; /* of the put under way, or NULL */
	int64_t deadline_ms;   /* of that put */
	int64_t pause_ms;      /* before the next try; 0: the place is not failing */
};

struct anchors {
	const struct run_link *link;
	void (*tell)(void *data, const char *text);
	void *data;
	pthread_t collector;
	pthread_mutex_t lock; /* of what follows, and of head, cancel and deadline of each place */
	pthread_cond_t changed; /* a head came or got there, or one of these did */
	bool closing;		/* no other head will come */
	bool stopping;		/* nothing is put any more */
	size_t count;
	struct place places[];
};

static void say(struct anchors *anchors, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
say(struct anchors *anchors, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap), *clean = text_clean(text, 0);
	va_end(ap);
	anchors->tell(anchors->data, clean);
	free(text);
	free(clean);
}

/* Waits for a change, but no longer than to a time of the monotonic clock; false when that came. */
static bool
await_change(struct anchors *anchors, int64_t until_ms)
{
	struct timespec until = { .tv_sec = (time_t)(until_ms / 1000),
				  .tv_nsec = (long)(until_ms % 1000) * 1000000 };

	return pthread_cond_timedwait(&anchors->changed, &anchors->lock, &until) == 0;
}

static bool
any_unsent(const struct anchors *anchors)
{
	for (size_t i = 0; i < anchors->count; i++)
		if (anchors->places[i].head || anchors->places[i].cancel)
			return true;
	return false;
}

/* ---- the threads of the places; the lock is held unless said otherwise ---- */

/* The next head to put, which is then the caller's; NULL when there will be none. */
static struct record *
next_head(struct place *place)
{
	struct anchors *anchors = place->anchors;
	struct record *head;

	while (!place->head && !anchors->closing && !anchors->stopping)
		pthread_cond_wait(&anchors->changed, &anchors->lock);
	if (anchors->stopping || !place->head)
		return NULL;
	head = place->head;
	place->head = NULL;
	place->cancel = cancel_new();
	place->deadline_ms = clock_mono_ms() + PUT_TIMEOUT_MS;
	return head;
}

/* Without the lock. */
static int
put(struct place *place, const struct record *record, struct err *e)
{
	struct anchor_head head = {
		.run_id = record->run_id,
		.seq = record->seq,
		.hash = record->hash,
		.ts_ms = record->ts_ms,
		.type = record_type_name(record->type),
	};

	int rc = place->at.put(place->at.data, &head, place->cancel, e);
	if (rc < 0 && e->kind == ERR_CANCELLED)
		err_set(e, ERR_TIMEOUT, "there was no answer for %d s", PUT_TIMEOUT_MS / 1000);
	return rc;
}

/* Without the lock: only a change of the place's fortune is worth a word. */
static void
tell_result(struct place *place, const struct record *head, int rc, const struct err *e)
{
	if (rc == 0 && place->pause_ms)
		say(place->anchors, "the journal's head is copied to %s again, up to record %lld",
		    place->at.name, (long long)head->seq);
	else if (rc < 0 && !place->pause_ms)
		say(place->anchors,
		    "the journal's head cannot be copied to %s; the run goes on, and the latest "
		    "head is tried again until it gets there: %s",
		    place->at.name, e->message);
}

/* The try before the next one failed: waits, unless this is the end. */
static void
pause_place(struct place *place)
{
	struct anchors *anchors = place->anchors;
	int64_t now_ms = clock_mono_ms();
	int64_t doubled_ms = place->pause_ms ? place->pause_ms * 2 : PAUSE_FIRST_MS;

	place->pause_ms = doubled_ms < PAUSE_MAX_MS ? doubled_ms : PAUSE_MAX_MS;
	while (!anchors->closing && await_change(anchors, now_ms + place->pause_ms))
		;
	while (!anchors->stopping && await_change(anchors, now_ms + PAUSE_LAST_MS))
		;
}

/* What failed is tried again, unless a later head has taken its place. */
static void
put_back(struct place *place, struct record *head)
{
	if (place->head)
		record_free(head);
	else
		place->head = head;
}

static void
serve(struct place *place, struct record *head)
{
	struct anchors *anchors = place->anchors;
	struct err e = ERR_INIT;

	pthread_mutex_unlock(&anchors->lock);
	int rc = put(place, head, &e);
	pthread_mutex_lock(&anchors->lock);
	cancel_free(place->cancel);
	place->cancel = NULL;
	if (!anchors->stopping) {
		pthread_mutex_unlock(&anchors->lock);
		tell_result(place, head, rc, &e);
		pthread_mutex_lock(&anchors->lock);
	}
	if (rc == 0) {
		place->pause_ms = 0;
		record_free(head);
		pthread_cond_broadcast(&anchors->changed);
	} else {
		put_back(place, head);
		pause_place(place);
	}
}

static void *
place_main(void *data)
{
	struct place *place = data;
	struct record *head;

	pthread_mutex_lock(&place->anchors->lock);
	while ((head = next_head(place)))
		serve(place, head);
	pthread_mutex_unlock(&place->anchors->lock);
	return NULL;
}

/* ---- the thread that reads the run's events ---- */

static void
offer(struct anchors *anchors, struct record *record)
{
	pthread_mutex_lock(&anchors->lock);
	for (size_t i = 0; i < anchors->count; i++) {
		record_free(anchors->places[i].head);
		anchors->places[i].head = record_ref(record);
	}
	pthread_cond_broadcast(&anchors->changed);
	pthread_mutex_unlock(&anchors->lock);
}

/* A server that takes the head and never answers fails like one that is not there. Returns whether to look again. */
static bool
cancel_overdue(struct anchors *anchors)
{
	int64_t now_ms = clock_mono_ms();

	pthread_mutex_lock(&anchors->lock);
	for (size_t i = 0; i < anchors->count; i++)
		if (anchors->places[i].cancel && anchors->places[i].deadline_ms < now_ms)
			cancel_request(anchors->places[i].cancel);
	bool again = any_unsent(anchors);
	pthread_mutex_unlock(&anchors->lock);
	return again;
}

static void *
collector_main(void *data)
{
	struct anchors *anchors = data;
	bool is_open = true;

	while (is_open) {
		struct run_event *event =
			queue_pop(anchors->link->events, cancel_overdue(anchors) ? WATCH_MS : -1);
		if (!event)
			continue;
		is_open = event->type != EVENT_CLOSED;
		if (event->type == EVENT_RECORD && !event->replayed && !event->pretended &&
		    record_type_is_durable(event->record->type))
			offer(anchors, event->record);
		run_event_free(event);
	}
	return NULL;
}

/* ---- for the caller ---- */

static void
start_thread(pthread_t *thread, void *(*body)(void *), void *data)
{
	if (pthread_create(thread, NULL, body, data) != 0)
		abort(); /* as without any other thread of a run */
	pthread_setname_np(*thread, "anchor");
}

struct anchors *
anchors_start(const struct run_link *link, struct anchor_place *places, size_t count,
	      void (*tell)(void *data, const char *text), void *data)
{
	struct anchors *anchors = xcalloc(1, sizeof(*anchors) + count * sizeof(anchors->places[0]));
	pthread_condattr_t attributes;

	anchors->link = link;
	anchors->tell = tell;
	anchors->data = data;
	anchors->count = count;
	pthread_mutex_init(&anchors->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&anchors->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	for (size_t i = 0; i < count; i++)
		anchors->places[i] = (struct place){ .anchors = anchors, .at = places[i] };
	free(places);
	for (size_t i = 0; i < count; i++)
		start_thread(&anchors->places[i].thread, place_main, &anchors->places[i]);
	start_thread(&anchors->collector, collector_main, anchors);
	return anchors;
}

static void
give_last_chance(struct anchors *anchors)
{
	int64_t until_ms = clock_mono_ms() + LAST_CHANCE_MS;

	pthread_mutex_lock(&anchors->lock);
	anchors->closing = true;
	pthread_cond_broadcast(&anchors->changed);
	while (any_unsent(anchors) &&
	       (await_change(anchors, until_ms) || clock_mono_ms() < until_ms))
		;
	anchors->stopping = true;
	for (size_t i = 0; i < anchors->count; i++)
		if (anchors->places[i].cancel)
			cancel_request(anchors->places[i].cancel);
	pthread_cond_broadcast(&anchors->changed);
	pthread_mutex_unlock(&anchors->lock);
}

void
anchors_stop(struct anchors *anchors)
{
	if (!anchors)
		return;
	pthread_join(anchors->collector, NULL);
	give_last_chance(anchors);
	for (size_t i = 0; i < anchors->count; i++) {
		struct place *place = &anchors->places[i];

		pthread_join(place->thread, NULL);
		if (place->head)
			say(anchors,
			    "the journal's last head, of record %lld, was not copied to %s",
			    (long long)place->head->seq, place->at.name);
		record_free(place->head);
		place->at.close(place->at.data);
		free(place->at.name);
	}
	pthread_cond_destroy(&anchors->changed);
	pthread_mutex_destroy(&anchors->lock);
	free(anchors);
}
