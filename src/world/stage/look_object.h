#ifndef LIFEBOAT_WORLD_STAGE_LOOK_OBJECT_H
#define LIFEBOAT_WORLD_STAGE_LOOK_OBJECT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/str.h"
#include "runbook/expression.h"
#include "world/api/cluster.h"

/* What the stage sees of the objects of a cluster. Nothing blocks but expressions. */

/* Which object, or which ones, as a world file says it. Strings are borrowed. */
struct object_ref {
	struct cluster *cluster;
	const char *word;	 /* "deploy", "managementplanes.install.tetrate.io" */
	const struct kind *kind; /* the storage version's, once there is such a kind */
	const char *ns, *name;	 /* ns "": of no namespace; name NULL: any */
};

/* {cluster, kind, namespace, name} of a world file, the cluster being known. */
struct object_ref object_ref(struct cluster *cluster, const cJSON *spec);
/* {cluster, namespace, workload: "deployment/central"}. The caller frees *ret_word, which the rest borrows. */
struct object_ref workload_ref(struct cluster *cluster, const cJSON *spec, char **ret_word);
/* Finds the kind where it is not yet known. False: there is none so far. */
bool object_ref_resolve(struct object_ref *ref);
/* Whether a change of `stored` may change what is seen of it. */
bool object_ref_concerns(struct object_ref *ref, const struct stored *stored);

/* NULL: it is not there, and `why` (appended) says so as the API server does. The caller drops. */
const struct stored *object_find(struct object_ref *ref, struct str *why);

/* A way to evaluate expressions over objects: `scope` is what ${…} sees. */
struct object_eyes {
	struct expressions *expressions;
	const cJSON *scope;
};

/* The value of an expression over an object; NULL: null, or an error, which `why` says. The caller deletes. */
cJSON *object_value(const struct object_eyes *eyes, const cJSON *object, const char *expression,
		    struct str *why);
/* Which of the objects of a kind are meant, besides their namespace and name. */
struct object_filter {
	const char *selector; /* of labels, or NULL */
	const char *where;    /* what must be true of it, or NULL */
	int64_t count;	      /* how many there must be at least */
};
/* Whether there are such objects. What is seen is appended. */
bool object_holds(struct object_ref *ref, const struct object_eyes *eyes,
		  const struct object_filter *filter, struct str *seen);
/* A key of a Secret's data, decoded; NULL: it is not there, and why. The caller deletes. */
cJSON *object_secret(struct object_ref *ref, const char *key, struct str *why);
/* Whether all wanted pods of a workload are ready, and there is one at least; "1 of 2 ready". */
bool object_ready(struct object_ref *ref, struct str *seen);

#endif
