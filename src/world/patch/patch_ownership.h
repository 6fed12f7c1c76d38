#ifndef LIFEBOAT_WORLD_PATCH_PATCH_OWNERSHIP_H
#define LIFEBOAT_WORLD_PATCH_PATCH_OWNERSHIP_H

#include <cjson/cJSON.h>

#include "world/patch/patch.h"
#include "world/patch/patch_managers.h"
#include "world/patch/patch_typed.h"

/* What a plain write and an apply have in common in who owns what. */

/* An object of the same kind in which nothing is set. The caller deletes. */
cJSON *ownership_empty(const struct list_rule *rules, const cJSON *object);

/* Takes away what nobody owns: the name, the uid, the version … */
void ownership_strip(struct fields *f);

/* What has changed is the manager's who has written, from now on. */
void ownership_gain(struct managers *m, const char *manager, const char *api_version,
		    const char *subresource, const struct comparison *c, const char *now);

/*
 * kubectl that has applied by itself before, and lets the server apply now, does not conflict with itself: the fields that
 * are as its annotation says, or NULL where there is none.
 */
struct fields *ownership_client_side(const struct list_rule *rules, const cJSON *live,
				     const char *api_version);
/* The annotation, where there is one, tells of what is applied now. */
void ownership_remember_applied(cJSON *result, const cJSON *applied);

#endif
