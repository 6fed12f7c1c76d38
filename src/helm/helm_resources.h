#ifndef LIFEBOAT_HELM_RESOURCES_H
#define LIFEBOAT_HELM_RESOURCES_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "helm/helm_api.h"

/* The objects of a manifest, and what a release does with them on the cluster. */
struct helm_resources {
	cJSON *objects; /* an array: what the places refer to */
	struct helm_place *items;
	size_t count, cap;
};

/* Of a release, by its name and namespace, for labels and annotations. */
struct helm_owner {
	const char *name, *ns;
};

/*
 * Reads a manifest. With `owner` its objects get helm's label and annotations. `which` ("release manifest") is what an
 * error says it cannot build from.
 */
int helm_resources_build(struct helm *h, const char *manifest, const struct helm_owner *owner,
			 const char *which, struct helm_resources *ret_resources, struct err *e);
void helm_resources_release(struct helm_resources *resources);

/*
 * Those of `resources` that are there already must be this release's; they are counted. With `except` only those that are
 * not among these are looked at. ERR_CONFLICT: helm's "invalid ownership metadata".
 */
int helm_resources_check_owner(struct helm *h, const struct helm_resources *resources,
			       const struct helm_resources *except, const struct helm_owner *owner,
			       size_t *ret_there, struct err *e);

/* Creates all, in their order; the first error ends it. */
int helm_resources_create(struct helm *h, const struct helm_resources *resources, struct err *e);

struct helm_update {
	const struct helm_resources *before, *after;
	bool force;    /* replace instead of patch */
	bool clean_up; /* delete what was created where something failed */
};

/* Creates what is new, patches what stays, deletes what is no more in it (but what says helm.sh/resource-policy: keep). */
int helm_resources_update(struct helm *h, const struct helm_update *update, struct err *e);

/* Deletes all in the order of a removal; goes on behind errors, which are one, joined by "; ". `kept`: what says so. */
struct str;
int helm_resources_delete(struct helm *h, struct helm_resources *resources, struct str *kept,
			  unsigned *ret_errors, struct err *e);

/* Whether an object is among others, by kind and name. */
const struct helm_place *helm_resources_find(const struct helm_resources *resources,
					     const struct helm_place *place);

#endif
