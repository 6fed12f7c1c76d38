#ifndef LIFEBOAT_WORLD_OBJECT_DEFAULTS_H
#define LIFEBOAT_WORLD_OBJECT_DEFAULTS_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "world/object/kind.h"
#include "world/object/refusal.h"
#include "world/object/store.h"

/* What a server gives out of its own. Both NULL: nothing is given. */
struct defaults_options {
	/* A free address for a Service, which the callee frees; NULL: there is none left. */
	char *(*cluster_ip)(void *data);
	/* A free port of the nodes; 0: there is none left. */
	int (*node_port)(void *data);
	void *data;
};

/*
 * Fills in what kube-apiserver does on a create (`before` NULL) or an update, admission plugins included, and refuses what
 * it refuses of the commonest mistakes: 422 with all causes. Pods and what makes pods, Services, Secrets, ConfigMaps,
 * claims, RBAC and more; other kinds stay as they are. Values have their types (openapi_check_types()). The object's metadata.namespace and name are set
 * already. Any thread. Source: k8s.io/kubernetes, pkg/apis: defaults.go and validation.go of each group; seen on a real server.
 */
int defaults_fill(const struct kind *kind, cJSON *object, const cJSON *before,
		  const struct defaults_options *options, struct refusal *r);

/*
 * Functions for the options, whose data is a struct defaults_pool: addresses of 10.96.0.0/12 and ports from 30000 to 32767
 * that no Service of the store has.
 */
struct defaults_pool {
	struct store *store;
	struct kinds *kinds;
};
char *defaults_free_address(void *pool);
int defaults_free_port(void *pool);

#endif
