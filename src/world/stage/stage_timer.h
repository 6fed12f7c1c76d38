#ifndef LIFEBOAT_WORLD_STAGE_STAGE_TIMER_H
#define LIFEBOAT_WORLD_STAGE_STAGE_TIMER_H

#include <stddef.h>
#include <stdint.h>

/* A time that is waited for, once. In its owner's memory, with ring and data set and zeros else. */
struct timer {
	int64_t at_ms; /* clock_mono_ms() */
	void (*ring)(void *data);
	void *data;
	uint64_t order; /* of those of one time the one that was set first rings first */
	size_t place;	/* in the heap, from 1 on; 0: it is not set */
};

/* All that are set: a heap. One thread at a time; nothing is rung by itself. */
struct timers {
	struct timer **items;
	size_t count, cap;
	uint64_t orders;
};

/* Clears all of them. */
void timers_release(struct timers *timers);
/* Sets it, or sets it anew. */
void timers_set(struct timers *timers, struct timer *timer, int64_t at_ms);
void timers_clear(struct timers *timers, struct timer *timer);
/* Takes out the first one whose time has come; NULL: there is none. */
struct timer *timers_due(struct timers *timers, int64_t now_ms);
/* When the first one rings; INT64_MAX: none is set. */
int64_t timers_next(const struct timers *timers);

#endif
