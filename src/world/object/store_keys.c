#include "config.h"

#include <pthread.h>
#include <string.h>

#include "base/xalloc.h"
#include "world/object/store_object.h"

/*
 * The names of members are the same in thousands of trees, and a good part of what these weigh. They stand in one table
 * here, for all stores and as long as the process lives; what does not fit in stays with its tree.
 */

enum {
	SLOTS = 8192,	 /* a power of two */
	KEYS_MAX = 4096, /* so that a search ends soon */
	KEY_MAX_BYTES = 64,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *slots[SLOTS];
static size_t count;

/* Source: the FNV-1a hash, draft-eastlake-fnv. */
static size_t
hash(const char *key)
{
	uint32_t h = 2166136261U;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 16777619U;
	return h;
}

/* With the lock held: the one that stands for all. NULL: there is no room for it. */
static char *
find_shared(const char *key)
{
	size_t at = hash(key) % SLOTS;

	while (slots[at] && strcmp(slots[at], key) != 0)
		at = (at + 1) % SLOTS;
	if (!slots[at] && count < KEYS_MAX && strlen(key) <= KEY_MAX_BYTES) {
		slots[at] = xstrdup(key);
		count++;
	}
	return slots[at];
}

static void
share(cJSON *item)
{
	char *shared = NULL;

	if (item->string && !(item->type & cJSON_StringIsConst))
		shared = find_shared(item->string);
	if (shared) {
		cJSON_free(item->string);
		item->string = shared;
		item->type |= cJSON_StringIsConst;
	}
	for (cJSON *child = item->child; child; child = child->next)
		share(child);
}

void
object_share_keys(cJSON *object)
{
	pthread_mutex_lock(&lock);
	share(object);
	pthread_mutex_unlock(&lock);
}
