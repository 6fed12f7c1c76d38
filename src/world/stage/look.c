#include "config.h"

#include "world/stage/look.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"

enum {
	THREADS_MAX = 16,
	REST_MS = 2000, /* how long the wait gets where nothing happens */
};

struct look {
	struct looks *looks;
	const struct look_kind *kind;
	void *owner;
	int64_t every_ms, wait_ms, due_ms;
	bool held;     /* the last answer, to tell whether another is the same */
	char *seen;    /* NULL: there was none */
	void *ask;     /* NULL: nothing */
	void *running; /* what is looked at just now: of the thread that does */
	uint64_t number;
};

struct looks {
	void (*came)(void *data, void *owner, uint64_t number, struct look_answer *answer);
	void *data;
	struct cancel *cancel;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ending;
	struct look **items;
	size_t count, cap;
	pthread_t threads[THREADS_MAX];
	size_t threads_count, idle;
	int64_t watched_ms; /* until then one of the idle threads sleeps; INT64_MAX: none looks at the clock */
};

void
look_answer_release(struct look_answer *answer)
{
	free(answer->seen);
	cJSON_Delete(answer->value);
	*answer = (struct look_answer){ 0 };
}

struct looks *
looks_new(void (*came)(void *data, void *owner, uint64_t number, struct look_answer *answer),
	  void *data)
{
	struct looks *looks = xcalloc(1, sizeof(*looks));
	pthread_condattr_t attributes;

	looks->came = came;
	looks->data = data;
	looks->cancel = cancel_new();
	looks->watched_ms = INT64_MAX;
	pthread_mutex_init(&looks->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&looks->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return looks;
}

void
looks_free(struct looks *looks)
{
	if (!looks)
		return;
	pthread_mutex_lock(&looks->lock);
	looks->ending = true;
	pthread_cond_broadcast(&looks->changed);
	pthread_mutex_unlock(&looks->lock);
	cancel_request(looks->cancel);
	for (size_t i = 0; i < looks->threads_count; i++)
		pthread_join(looks->threads[i], NULL);
	for (size_t i = 0; i < looks->count; i++) {
		if (looks->items[i]->ask)
			looks->items[i]->kind->free(looks->items[i]->ask);
		free(looks->items[i]->seen);
		free(looks->items[i]);
	}
	free(looks->items);
	pthread_cond_destroy(&looks->changed);
	pthread_mutex_destroy(&looks->lock);
	cancel_free(looks->cancel);
	free(looks);
}

/* With the lock held: the one whose time comes first; NULL: none waits for its time. */
static struct look *
first_due(const struct looks *looks)
{
	struct look *first = NULL;

	for (size_t i = 0; i < looks->count; i++) {
		struct look *look = looks->items[i];

		if (look->ask && !look->running && (!first || look->due_ms < first->due_ms))
			first = look;
	}
	return first;
}

/* With the lock held: how long it waits now. */
static void
choose_wait(struct look *look, const struct look_answer *answer)
{
	int64_t most_ms = look->every_ms > REST_MS ? look->every_ms : REST_MS;
	bool same = answer->holds == look->held && str_equal(answer->seen, look->seen);

	look->wait_ms = same ? look->wait_ms * 2 : look->every_ms;
	if (look->wait_ms > most_ms)
		look->wait_ms = most_ms;
	look->held = answer->holds;
	free(look->seen);
	look->seen = xstrdup(answer->seen);
}

/* With the lock held, which is let go of meanwhile. */
static void
look_once(struct looks *looks, struct look *look)
{
	struct look_answer answer = { 0 };
	uint64_t number = look->number;
	void *ask = look->running;

	pthread_mutex_unlock(&looks->lock);
	look->kind->run(ask, looks->cancel, &answer);
	pthread_mutex_lock(&looks->lock);
	bool wanted = number == look->number && !looks->ending;
	choose_wait(look, &answer);
	pthread_mutex_unlock(&looks->lock);
	if (wanted)
		looks->came(looks->data, look->owner, number, &answer);
	look_answer_release(&answer);
	pthread_mutex_lock(&looks->lock);
	look->running = NULL;
	if (ask != look->ask)
		look->kind->free(ask);
	else
		look->due_ms = clock_mono_ms() + look->wait_ms;
}

/* With the lock held: until a look is due, or something else has changed. */
static void
sleep_until(struct looks *looks, int64_t due_ms)
{
	struct timespec at = { .tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000 };

	looks->idle++;
	if (due_ms < looks->watched_ms) {
		looks->watched_ms = due_ms;
		pthread_cond_timedwait(&looks->changed, &looks->lock, &at);
		looks->watched_ms = INT64_MAX;
	} else {
		pthread_cond_wait(&looks->changed, &looks->lock);
	}
	looks->idle--;
}

static void *work(void *data);

/* With the lock held: somebody else must see to the looks that are left. */
static void
call_another(struct looks *looks)
{
	if (looks->idle > 0)
		pthread_cond_signal(&looks->changed);
	else if (looks->threads_count < THREADS_MAX && looks->threads_count < looks->count &&
		 !looks->ending &&
		 pthread_create(&looks->threads[looks->threads_count], NULL, work, looks) == 0)
		looks->threads_count++;
}

static void *
work(void *data)
{
	struct looks *looks = data;

	pthread_mutex_lock(&looks->lock);
	while (!looks->ending) {
		struct look *look = first_due(looks);

		if (look && look->due_ms <= clock_mono_ms()) {
			look->running = look->ask;
			if (first_due(looks))
				call_another(looks);
			look_once(looks, look);
		} else {
			sleep_until(looks, look ? look->due_ms : INT64_MAX);
		}
	}
	pthread_mutex_unlock(&looks->lock);
	return NULL;
}

struct look *
look_new(struct looks *looks, const struct look_kind *kind, int64_t every_ms, void *owner)
{
	struct look *look = xcalloc(1, sizeof(*look));

	*look = (struct look){ .looks = looks, .kind = kind, .every_ms = every_ms, .owner = owner };
	pthread_mutex_lock(&looks->lock);
	*VEC_PUSH(looks->items, looks->count, looks->cap) = look;
	pthread_mutex_unlock(&looks->lock);
	return look;
}

uint64_t
look_ask(struct look *look, void *ask)
{
	struct looks *looks = look->looks;
	void *old = ask;
	uint64_t number;

	pthread_mutex_lock(&looks->lock);
	if (!ask != !look->ask || (ask && !look->kind->same(ask, look->ask))) {
		old = look->ask == look->running ? NULL : look->ask;
		look->ask = ask;
		look->number++;
		look->due_ms = clock_mono_ms();
		if (ask)
			call_another(looks);
	}
	number = look->number;
	pthread_mutex_unlock(&looks->lock);
	if (old)
		look->kind->free(old);
	return number;
}

void
looks_hurry(struct looks *looks)
{
	int64_t now_ms = clock_mono_ms();

	pthread_mutex_lock(&looks->lock);
	for (size_t i = 0; i < looks->count; i++) {
		struct look *look = looks->items[i];

		look->wait_ms = look->every_ms;
		if (look->due_ms > now_ms + look->every_ms)
			look->due_ms = now_ms + look->every_ms;
	}
	call_another(looks);
	pthread_mutex_unlock(&looks->lock);
}
