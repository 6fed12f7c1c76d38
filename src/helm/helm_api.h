#ifndef LIFEBOAT_HELM_API_H
#define LIFEBOAT_HELM_API_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "kube/resource.h"

struct helm;

/*
 * Requests to the cluster. Errors have the words that Go's client has for them: the server's own message, "Get "URL": dial
 * tcp …" where there was no answer. ERR_NOT_FOUND, ERR_CONFLICT and ERR_DENIED tell 404, 409, and 401 and 403.
 */

/*
 * Opens the client, once, and asks for the server's version: "Kubernetes cluster unreachable: …". Sets h->ns to the
 * namespace that counts.
 */
int helm_api_reach(struct helm *h, struct err *e);
/* Opens the client without asking anything. */
int helm_api_open(struct helm *h, struct err *e);

/* An object of a manifest and where it belongs. Plain data; the object is borrowed. */
struct helm_place {
	struct kube_resource resource;
	const cJSON *object;
	const char *kind, *name;
	char *ns; /* "" for a cluster's resource */
	char *path;
};

/* ERR_NOT_FOUND with helm's "no matches for kind". */
int helm_place_init(struct helm *h, const cJSON *object, const char *ns, struct helm_place *place,
		    struct err *e);
void helm_place_release(struct helm_place *place);

/* *ret_object is the caller's. */
int helm_api_get(struct helm *h, const char *path, const char *query, cJSON **ret_object,
		 struct err *e);
int helm_api_create(struct helm *h, const struct helm_place *place, const cJSON *object,
		    struct err *e);
/* PUT. */
int helm_api_replace(struct helm *h, const char *path, const cJSON *object, struct err *e);
/* `type` is the patch's; *ret_unsupported is true where the server does not take it for this kind. */
int helm_api_patch(struct helm *h, const char *path, const char *type, const cJSON *patch,
		   bool *ret_unsupported, struct err *e);
/* In the background; of what is not there any more it is no error. */
int helm_api_delete(struct helm *h, const char *path, struct err *e);
int helm_api_post(struct helm *h, const char *path, const cJSON *object, struct err *e);

#endif
