#ifndef LIFEBOAT_WORLD_PART_PART_LOOP_H
#define LIFEBOAT_WORLD_PART_PART_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * One thread that waits for descriptors and times, for all that listens in the process of a world itself: firewalls,
 * sites, resolvers. What it calls must not block. Unless it says otherwise, a function is for the loop's thread only.
 */
struct part_loop;

/* A descriptor that is waited for. In its owner's memory, all zeros before part_loop_watch(); the owner closes fd. */
struct part_watch {
	int fd;
	uint32_t events; /* EPOLLIN, EPOLLOUT */
	void (*ready)(void *data, uint32_t events);
	void *data;
	bool watched;
};

/* A time that is waited for, once. In its owner's memory, all zeros at first. */
struct part_timer {
	int64_t at_ms; /* clock_mono_ms() */
	void (*ring)(void *data);
	void *data;
	struct part_timer *next;
	bool set;
};

/* Any thread. Errors: ERR_IO. */
struct part_loop *part_loop_new(struct err *e);
/* Ends the thread; nothing may be watched any more. Not the loop's thread. NULL is legal. */
void part_loop_free(struct part_loop *loop);

/* Calls it on the loop's thread and waits for its return. Any thread, also the loop's own. */
void part_loop_call(struct part_loop *loop, void (*call)(void *data), void *data);
/* The same without waiting. What is posted is called before the loop ends. */
void part_loop_post(struct part_loop *loop, void (*call)(void *data), void *data);

/* Waits for `events` of w->fd, or for others than before; 0: for its end (EPOLLHUP, EPOLLERR) only. */
void part_loop_watch(struct part_loop *loop, struct part_watch *w, uint32_t events);
void part_loop_unwatch(struct part_loop *loop, struct part_watch *w);

/* Sets it, or sets it anew; a time that has passed rings at once, from the loop. */
void part_loop_ring(struct part_loop *loop, struct part_timer *timer, int64_t at_ms);
void part_loop_quiet(struct part_loop *loop, struct part_timer *timer);

#endif
