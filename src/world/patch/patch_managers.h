#ifndef LIFEBOAT_WORLD_PATCH_PATCH_MANAGERS_H
#define LIFEBOAT_WORLD_PATCH_PATCH_MANAGERS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "world/patch/patch_fields.h"

/* One entry of metadata.managedFields. */
struct manager {
	char *name, *api_version, *subresource, *time; /* the last two may be NULL */
	bool applied;				       /* operation Apply, else Update */
	struct fields *fields;
};

/* The entries of an object. In the caller's memory. */
struct managers {
	struct manager *items;
	size_t count, cap;
};

/* Entries that cannot be read are left out. NULL: none. */
void managers_read(const cJSON *object, struct managers *ret_managers);
void managers_release(struct managers *m);

/*
 * The entry of a manager, which is made where there is none: an applier's by name and subresource, that of others by the
 * version too. It is valid until the next call.
 */
struct manager *managers_entry(struct managers *m, const char *name, bool applied,
			       const char *api_version, const char *subresource);

/*
 * Replaces the object's entries with these, in the server's order and without empty ones. Of more than ten that do not
 * apply, the oldest become one, "ancient-changes".
 */
void managers_write(struct managers *m, cJSON *object);

/* The order by names, as conflicts are told; for qsort(). */
int manager_compare_names(const void *a, const void *b);

#endif
