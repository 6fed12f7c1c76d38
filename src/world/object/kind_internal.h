#ifndef LIFEBOAT_WORLD_OBJECT_KIND_INTERNAL_H
#define LIFEBOAT_WORLD_OBJECT_KIND_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "world/object/kind.h"

/* What the files of kinds share: the table of built-in ones, the list of one cluster, and the kinds of definitions. */

/* Group by group, versions by preference, names in order. Its members `lists` and `storage` are set in copies. */
extern const struct kind kind_table[];
extern const size_t kind_table_count;

/* A CustomResourceDefinition, whose texts its kinds point into. */
struct definition {
	cJSON *tree;
	bool served; /* it was not replaced, nor taken away */
};

struct kinds {
	pthread_mutex_t lock;
	struct kind **served; /* in the order of discovery */
	size_t served_count, served_cap;
	struct kind **all; /* with those that are no more served: somebody may hold them */
	size_t all_count, all_cap;
	struct definition *definitions;
	size_t definitions_count, definitions_cap;
};

/* With the lock held (or before others know of them): a new kind that is served. Texts are borrowed. */
struct kind *kinds_add(struct kinds *kinds, const struct kind *kind);
/* Puts the served ones in their order. */
void kinds_sort(struct kinds *kinds);

#endif
