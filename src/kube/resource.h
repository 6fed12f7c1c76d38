#ifndef LIFEBOAT_KUBE_RESOURCE_H
#define LIFEBOAT_KUBE_RESOURCE_H

#include <stdbool.h>

#include "base/cancel.h"
#include "base/err.h"
#include "kube/client.h"

enum kube_resource_parts {
	KUBE_HAS_STATUS = 1 << 0, /* the server changes its objects by itself, all the time */
	KUBE_HAS_SCALE = 1 << 1,  /* it has a number of replicas */
};

/* One resource of an API server, as its discovery documents name it. Plain data. */
struct kube_resource {
	char *group;   /* "" for the core group */
	char *version; /* "v1" */
	char *name;    /* "deployments" */
	char *kind;    /* "Deployment" */
	bool namespaced;
	unsigned parts; /* of enum kube_resource_parts */
};

void kube_resource_release(struct kube_resource *r);

/*
 * Finds a resource by what a person writes: "secrets", "secret", "svc", "deployments.apps",
 * "Deployment". Answers of discovery are kept by the client. Errors: ERR_NOT_FOUND with "did you
 * mean".
 */
int kube_resource_find(struct kube_client *client, const char *word, const struct cancel *cancel,
		       struct kube_resource *ret_resource, struct err *e);

/* Finds it by the apiVersion and kind of an object. */
int kube_resource_for_kind(struct kube_client *client, const char *api_version, const char *kind,
			   const struct cancel *cancel, struct kube_resource *ret_resource,
			   struct err *e);

/* "/apis/apps/v1/namespaces/tsb/deployments/tsb"; ns is ignored for cluster resources, name may be
 * NULL for the collection, ns NULL for all namespaces. The caller frees. */
char *kube_resource_path(const struct kube_resource *r, const char *ns, const char *name);

/* "secret/iam-signing-key", "deployment.apps/tsb": an object in messages. The caller frees. */
char *kube_resource_label(const struct kube_resource *r, const char *name);

#endif
