#ifndef LIFEBOAT_WORLD_API_CLUSTER_H
#define LIFEBOAT_WORLD_API_CLUSTER_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "world/api/access.h"
#include "world/api/authority.h"
#include "world/api/podlog.h"
#include "world/object/kind.h"
#include "world/object/store.h"

/*
 * One simulated cluster: its objects, its logs, its users, and an API server for them. The parts are public: controllers
 * and actors work on them directly. Any thread.
 */
struct cluster {
	char *name;    /* "mgmt-b" */
	char *address; /* "127.21.7.20" */
	int port;
	char *version; /* "v1.29.6", which it says of itself; set before cluster_open() */
	struct kinds *kinds;
	struct store *store;
	struct podlogs *logs;
	struct tokens *tokens;
	struct server *server; /* NULL: it is not open */
};

/* With the namespaces and roles that every cluster has, made so long ago. */
struct cluster *cluster_new(const char *name, int64_t age_ms);
/* After cluster_close(). */
void cluster_free(struct cluster *cluster);

/* How its API server behaves. A fault may change it while it runs. */
enum cluster_state {
	CLUSTER_UP,
	CLUSTER_REFUSES, /* nobody listens */
	CLUSTER_SILENT,	 /* connections are taken, and nothing is answered */
	CLUSTER_ERRORS,	 /* 500 with "etcdserver: request timed out" */
};

/* Listens over TLS, with a certificate for its address and name; port 0: one that is free. -1: ERR_NET (the address is taken). */
int cluster_open(struct cluster *cluster, const char *address, int port,
		 const struct authority *authority, struct err *e);
void cluster_set_state(struct cluster *cluster, enum cluster_state state);
/* Ends all connections and waits for their threads. */
void cluster_close(struct cluster *cluster);

/* Puts a manifest in as an administrator's apply does: namespaces are made where they are not there. Takes ownership. */
int cluster_put(struct cluster *cluster, const char *ns, cJSON *manifest, struct refusal *r);

#endif
