#ifndef LIFEBOAT_WORLD_PATCH_PATCH_STRATEGIC_H
#define LIFEBOAT_WORLD_PATCH_PATCH_STRATEGIC_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "world/object/refusal.h"

/* The order of lists in a strategic merge patch. Source: k8s.io/apimachinery, pkg/util/strategicpatch. */

/* The element of a list that is the same as this one, by the merge key or (NULL) by its value; NULL: there is none. */
cJSON *strategic_find(const cJSON *list, const cJSON *element, const char *merge_key);

/*
 * The elements of `list` in a new order: those that `wanted` names stand as there, the others as in `original`, and
 * between these two the order of `original` holds, as far as both are in it; else what is wanted comes first. Takes
 * ownership of `list`.
 */
cJSON *strategic_order(cJSON *list, const cJSON *wanted, const cJSON *original,
		       const char *merge_key);

/* -1 where the elements of `patch` do not come in the order of the directive. */
int strategic_check_order(const cJSON *patch, const cJSON *order, const char *merge_key,
			  struct refusal *r);

#endif
