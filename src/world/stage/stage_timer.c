#include "config.h"

#include "world/stage/stage_timer.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/xalloc.h"

void
timers_release(struct timers *timers)
{
	for (size_t i = 0; i < timers->count; i++)
		timers->items[i]->place = 0;
	free(timers->items);
	*timers = (struct timers){ 0 };
}

static bool
is_before(const struct timer *a, const struct timer *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void
put(struct timers *timers, size_t at, struct timer *timer)
{
	timers->items[at] = timer;
	timer->place = at + 1;
}

static void
rise(struct timers *timers, size_t at)
{
	struct timer *timer = timers->items[at];

	for (; at > 0 && is_before(timer, timers->items[(at - 1) / 2]); at = (at - 1) / 2)
		put(timers, at, timers->items[(at - 1) / 2]);
	put(timers, at, timer);
}

static void
sink(struct timers *timers, size_t at)
{
	struct timer *timer = timers->items[at];

	for (size_t child; (child = at * 2 + 1) < timers->count; at = child) {
		if (child + 1 < timers->count &&
		    is_before(timers->items[child + 1], timers->items[child]))
			child++;
		if (!is_before(timers->items[child], timer))
			break;
		put(timers, at, timers->items[child]);
	}
	put(timers, at, timer);
}

void
timers_clear(struct timers *timers, struct timer *timer)
{
	size_t at = timer->place - 1;

	if (!timer->place)
		return;
	timer->place = 0;
	struct timer *last = timers->items[--timers->count];
	if (last == timer)
		return;
	put(timers, at, last);
	rise(timers, at);
	sink(timers, last->place - 1);
}

void
timers_set(struct timers *timers, struct timer *timer, int64_t at_ms)
{
	timers_clear(timers, timer);
	timer->at_ms = at_ms;
	timer->order = timers->orders++;
	*VEC_PUSH(timers->items, timers->count, timers->cap) = timer;
	rise(timers, timers->count - 1);
}

struct timer *
timers_due(struct timers *timers, int64_t now_ms)
{
	if (timers_next(timers) > now_ms)
		return NULL;
	struct timer *timer = timers->items[0];
	timers_clear(timers, timer);
	return timer;
}

int64_t
timers_next(const struct timers *timers)
{
	return timers->count ? timers->items[0]->at_ms : INT64_MAX;
}
