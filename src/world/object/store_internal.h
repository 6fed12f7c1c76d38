#ifndef LIFEBOAT_WORLD_OBJECT_STORE_INTERNAL_H
#define LIFEBOAT_WORLD_OBJECT_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "world/object/store.h"

/* What store.c and store_watch.c share. */

/* The objects of one kind, by namespace and name. */
struct shelf {
	const struct kind *kind; /* the storage version's */
	const struct stored **items;
	size_t count, cap;
};

struct store {
	struct kinds *kinds;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* something was told, or wakings has gone up */
	unsigned wakings;
	uint64_t version; /* the last that was given */
	struct shelf *shelves;
	size_t shelves_count, shelves_cap;
	/* The change of version v, for v > forgotten, is at v % STORE_HISTORY. */
	struct store_event history[STORE_HISTORY];
	uint64_t forgotten;
	atomic_llong age_ms; /* of what is made now */
	void (*told)(void *data, enum store_event_type type, const struct stored *stored);
	void *told_data;
};

/*
 * With the lock held: gives the next version to a change and tells it. `stored` and `before` are held anew for the history.
 */
void store_tell(struct store *store, enum store_event_type type, const struct stored *stored,
		const struct stored *before);
void store_forget(struct store *store);

#endif
