#ifndef LIFEBOAT_WORLD_API_DISCOVERY_H
#define LIFEBOAT_WORLD_API_DISCOVERY_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "world/object/kind.h"

/*
 * The documents that tell a client what a cluster serves, made from its kinds. Trees that the caller deletes; NULL: there is
 * no such group or version. Any thread. Source: Kubernetes API concepts, "Discovery API"; k8s.io/api/apidiscovery.
 */

/* /api, for a server at "127.21.7.20:6443". */
cJSON *discovery_core(const char *server);
/* /apis and /apis/GROUP. */
cJSON *discovery_groups(struct kinds *kinds);
cJSON *discovery_group(struct kinds *kinds, const char *group);
/* /api/v1 (group "") and /apis/GROUP/VERSION. */
cJSON *discovery_resources(struct kinds *kinds, const char *group, const char *version);

/*
 * Whether a request for /api or /apis wants all at once, and in which version: "v2" or "v2beta1" by its Accept header; NULL:
 * it does not. The answer's Content-Type is discovery_aggregated_type().
 */
const char *discovery_aggregated_version(const char *accept);
const char *discovery_aggregated_type(const char *version);
/* An APIGroupDiscoveryList: of the core group for /api, else of all others. */
cJSON *discovery_aggregated(struct kinds *kinds, bool core, const char *version);

/* /version, for "v1.27.6"; NULL: DISCOVERY_VERSION. */
#define DISCOVERY_VERSION "v1.27.6"
cJSON *discovery_version(const char *git_version);

/* The text of /healthz, /livez and /readyz (path without the slash). The caller frees. */
char *discovery_health(const char *path, bool verbose);

#endif
