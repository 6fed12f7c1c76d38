#ifndef LIFEBOAT_WORLD_API_ACCESS_INTERNAL_H
#define LIFEBOAT_WORLD_API_ACCESS_INTERNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/str.h"
#include "world/api/access.h"

/* Internal to access*.c: the rules that somebody has, one after the other. */

/* Why a rule holds. Borrowed. */
struct access_grant {
	bool everywhere; /* a ClusterRoleBinding's */
	const cJSON *binding, *subject;
};

struct access_visitor {
	/* False: no more is wanted. */
	bool (*visit)(void *data, const struct access_grant *grant, const cJSON *rule);
	void *data;
	struct str
		errors; /* roles that bindings name and that are not there, between ", "; released by the caller */
	size_t errors_count;
};

/* Cluster-wide rules first, then those of a namespace (NULL or "": none). False: visit() has ended it. */
bool access_visit_rules(struct store *store, struct kinds *kinds, const struct caller *caller,
			const char *ns, struct access_visitor *v);

/* "RBAC: …" of the roles that were not there, or "". The caller frees. */
char *access_errors_reason(const struct access_visitor *v);

bool caller_in_group(const struct caller *caller, const char *group);

#endif
