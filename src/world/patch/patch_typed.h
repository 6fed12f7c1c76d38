#ifndef LIFEBOAT_WORLD_PATCH_PATCH_TYPED_H
#define LIFEBOAT_WORLD_PATCH_PATCH_TYPED_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "world/object/refusal.h"
#include "world/patch/patch_fields.h"
#include "world/patch/patch_place.h"

/*
 * What is done with objects by the rules of their kind: the fields that they have, what differs between two, one laid
 * over another, fields taken out. Pure. NULL stands for no object. Source: structured-merge-diff, typed.
 */

/* 500 in the server's words where a list of `applied` cannot be what the rules say. */
int typed_check(const struct list_rule *rules, const cJSON *applied, struct refusal *r);

/* The fields that an object has. The caller frees. */
struct fields *typed_fields(const struct list_rule *rules, const cJSON *object);

struct comparison {
	struct fields *added, *modified, *removed;
};
void typed_compare(const struct list_rule *rules, const cJSON *before, const cJSON *after,
		   struct comparison *ret_comparison);
bool comparison_same(const struct comparison *c);
void comparison_release(struct comparison *c);

/* `over` laid over `under`; elements of lists as `over` has them, with the others of `under` where they stood. */
cJSON *typed_merge(const struct list_rule *rules, const cJSON *under, const cJSON *over);

/* Takes fields out of `object`, and what is left empty by that. */
void typed_remove(const struct list_rule *rules, cJSON *object, const struct fields *out);

/* Also makes members of the named fields above members: "spec" above "spec.replicas", but no element and no unknown one. */
void typed_name_parents(const struct list_rule *rules, struct fields *f);

#endif
