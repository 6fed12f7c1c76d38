#ifndef LIFEBOAT_WORLD_OBJECT_STORE_OBJECT_H
#define LIFEBOAT_WORLD_OBJECT_STORE_OBJECT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/clock.h"
#include "world/object/kind.h"
#include "world/object/refusal.h"
#include "world/object/store.h"

/* What a server decides about an object, whoever writes it: its metadata and its end. Pure but for time and chance. */

/* A time as objects carry it: to the second. Returns out. */
char *object_time(int64_t wall_ms, char out[CLOCK_STAMP_MAX]);

bool kind_is(const struct kind *kind, const char *group, const char *resource);

/* Its metadata, which is made where there is none. */
cJSON *object_metadata(cJSON *object);

/* A finalizer that is there once, also where it was there before. */
void object_add_finalizer(cJSON *object, const char *name);

/* Whether something of the kind may be called so: 422 with the server's rule. */
int object_check_name(const struct kind *kind, const char *name, struct refusal *r);

/* Of something new: name (from generateName), namespace, uid, time, generation; a namespace's phase and finalizer. */
int object_begin(const struct kind *kind, const char *ns, cJSON *object, int64_t now_ms,
		 struct refusal *r);

/* Of a change: what its writer does not decide stays as it was; the generation goes on where it must. */
void object_keep_ours(const struct kind *kind, cJSON *object, const cJSON *before,
		      const char *subresource);

/* Of a deletion: its time, its grace, and the finalizer that its propagation asks for. */
void object_mark_deleted(const struct kind *kind, cJSON *object, int64_t now_ms,
			 const struct store_write *how);

/* Lets a tree that is kept have the names of its members in common with others. Any thread. */
void object_share_keys(cJSON *object);

/* Whether it is to be deleted and nothing holds it any more. */
bool object_is_done(const struct kind *kind, const cJSON *object);

#endif
