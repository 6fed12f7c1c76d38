#ifndef LIFEBOAT_WORLD_STAGE_LOOK_H
#define LIFEBOAT_WORLD_STAGE_LOOK_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"

/*
 * Looks at what is outside of the stage: each at a pace of its own, on threads that are begun as they are needed, so
 * that one that hangs keeps nobody waiting.
 */
struct looks;

/* What was seen. In the caller's memory. */
struct look_answer {
	bool holds;
	char *seen;   /* as a component's log would say it; never NULL */
	cJSON *value; /* what was asked for, or NULL */
};

void look_answer_release(struct look_answer *answer);

/* One kind of look. */
struct look_kind {
	/* Fills all of *ret_answer. On a thread of the looks; may block, but returns within 100 ms of the cancel. */
	void (*run)(void *ask, const struct cancel *cancel, struct look_answer *ret_answer);
	bool (*same)(const void *ask, const void *other);
	void (*free)(void *ask);
};

/*
 * came() hears each answer with its look's owner and the number of what was asked; it takes what the answer holds. It is
 * called on a thread of the looks, without locks.
 */
struct looks *looks_new(void (*came)(void *data, void *owner, uint64_t number,
				     struct look_answer *answer),
			void *data);
/* Cancels what is under way, waits for it, and frees all looks. NULL is legal. */
void looks_free(struct looks *looks);

/*
 * One that is asked nothing yet. After each answer it waits so long; while the answers stay the same, longer and longer,
 * up to two seconds, where that is more. It belongs to the looks. Any thread, as below.
 */
struct look;
struct look *look_new(struct looks *looks, const struct look_kind *kind, int64_t every_ms,
		      void *owner);

/*
 * What it asks from now on: it looks at once, unless that is the same as before. Takes ownership; NULL: nothing. Returns
 * the number that answers to it have.
 */
uint64_t look_ask(struct look *look, void *ask);
/* Something has happened: all go back to their own pace. */
void looks_hurry(struct looks *looks);

#endif
