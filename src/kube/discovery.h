#ifndef LIFEBOAT_KUBE_DISCOVERY_H
#define LIFEBOAT_KUBE_DISCOVERY_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "kube/client.h"

/*
 * Internal to src/kube/: the discovery documents of a client's server, fetched when they are first
 * wanted and then kept. Source: Kubernetes API concepts, "Unaggregated discovery".
 */

/* One group version's list of resources; returns true to end the walk. */
typedef bool kube_discovery_fn(void *data, const char *group_version, const cJSON *list);

/*
 * Walks through all group versions: core, each group's preferred version, then the other versions.
 * A group that does not answer (its own API server may be down) is passed over and counted.
 */
int kube_discovery_walk(struct kube_client *client, kube_discovery_fn *visit, void *data,
			const struct cancel *cancel, unsigned *ret_unanswered, struct err *e);

/* The list of one group version ("v1", "apps/v1"); NULL in *ret_list where the server has none. */
int kube_discovery_list(struct kube_client *client, const char *group_version,
			const struct cancel *cancel, const cJSON **ret_list, struct err *e);

/* Forgets what was kept from before the latest fetch. False: everything is as fresh as can be. */
bool kube_discovery_refresh(struct kube_client *client);

#endif
