#ifndef LIFEBOAT_WORLD_PATCH_PATCH_H
#define LIFEBOAT_WORLD_PATCH_PATCH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "world/object/refusal.h"

/*
 * PATCH and field ownership over JSON trees, as kube-apiserver does it. Pure functions; each returns a new tree in *ret
 * (the caller deletes) or -1.
 */

/*
 * What the parts of a kind are; the path has `*` for an element:
 *   { "spec.template.spec.containers", "name" }        a list that is a map by its keys
 *   { "spec.ports", "port,protocol=TCP", "port" }      by two, in the order of their names, one with a default
 *   { "metadata.finalizers", "" }                      a set of values
 *   { "spec.selector", NULL }                          one whole value
 * Lists without a rule are whole values, objects without one are not. Ends with a NULL path. A table is for a kind whose
 * fields are known; without a table (NULL) nothing is known of a kind but its metadata.
 * Source: x-kubernetes-list-type, -list-map-keys, -map-type and -patch-merge-key of the OpenAPI schema of Kubernetes 1.29.
 */
struct list_rule {
	const char *path;
	const char *keys;
	/* Of a strategic merge patch, where that is not the first of `keys`; "": there the list is replaced. */
	const char *merge_key;
};

/* The rules of the built-in kinds: by group and name; NULL: unknown. */
const struct list_rule *patch_rules(const char *group, const char *kind);

/* RFC 6902, with its refusals (422 and 400 as the server gives them); RFC 7386. */
int patch_json(const cJSON *object, const cJSON *operations, cJSON **ret, struct refusal *r);
int patch_merge(const cJSON *object, const cJSON *patch, cJSON **ret, struct refusal *r);
/* $patch, $deleteFromPrimitiveList, $setElementOrder, $retainKeys. Source: Kubernetes, "Strategic merge patch". */
int patch_strategic(const cJSON *object, const cJSON *patch, const struct list_rule *rules,
		    cJSON **ret, struct refusal *r);

/*
 * Server-side apply: `object` is what is there (NULL: nothing), with its managedFields; `applied` what the manager wants
 * alone (without a status, where that is a subresource). The result has new managedFields; where nothing has changed it
 * equals `object`. 409 with a cause for each field that another manager owns, unless `force`.
 * Source: kubernetes.io, "Server-Side Apply"; structured-merge-diff, fieldpath and merge.
 */
int patch_apply(const cJSON *object, const cJSON *applied, const char *api_version,
		const char *manager, bool force, const struct list_rule *rules, const char *now,
		cJSON **ret, struct refusal *r);
/* The same through the subresource status: what a manager owns by that is apart from what it owns otherwise. */
int patch_apply_status(const cJSON *object, const cJSON *applied, const char *api_version,
		       const char *manager, bool force, const struct list_rule *rules,
		       const char *now, cJSON **ret, struct refusal *r);

/*
 * A plain write by `manager` has made `after` of `before` (NULL: created): sets the managedFields of `after`, so that
 * what has changed is the manager's own. `subresource` NULL or "status". An object that was there without managedFields
 * stays so until its first apply; `after` with managedFields [{}] loses them.
 */
void patch_track(const cJSON *before, cJSON *after, const char *api_version, const char *manager,
		 const char *subresource, const struct list_rule *rules, const char *now);

#endif
