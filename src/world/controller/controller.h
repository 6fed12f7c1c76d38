#ifndef LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_H
#define LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_H

#include <stdint.h>

#include "world/api/cluster.h"

/*
 * What a cluster does by itself: one thread that watches all of it. Deployments make ReplicaSets, these and StatefulSets,
 * DaemonSets and Jobs make Pods (rolling updates with maxSurge and maxUnavailable, revisions, conditions, counts), Pods
 * are bound to nodes and start, Services of type LoadBalancer get addresses, Endpoints follow ready pods, namespaces
 * end with what is in them, what is owned goes with its owner, service accounts get tokens, Events tell of it all.
 */
struct controllers;

/* How long a container of a pod takes, and what becomes of it: the actors' word. Times are of the world, before the speed. */
enum pod_fate {
	POD_RUNS,    /* becomes ready after ready_ms */
	POD_UNREADY, /* runs, and is not ready until its fate is another */
	POD_CRASHES, /* ends with exit_code after ready_ms, is started again with backoff (10 s doubling to 5 min) */
	POD_COMPLETES, /* ends with 0 after ready_ms */
	POD_NO_IMAGE,  /* ErrImagePull, ImagePullBackOff, with `message` */
	POD_PENDING,   /* is not scheduled, with `message` as the condition's */
	POD_CONFIG,    /* CreateContainerConfigError, with `message` */
};
struct pod_plan {
	enum pod_fate fate;
	int64_t pull_ms;  /* from bound to started */
	int64_t ready_ms; /* from started to ready, or to its end */
	int exit_code;
	const char *message;
};

struct controllers_options {
	double speed;
	/*
	 * What becomes of a pod: asked when it is made, when its containers are started, and after controllers_look().
	 * NULL, or false: it runs, after 2 s and 1 s. Called on the controllers' thread, without locks.
	 */
	bool (*plan)(void *data, const struct stored *pod, struct pod_plan *ret_plan);
	/* A container was started (the n-th time, from 1): the actors may write its log. */
	void (*started)(void *data, const struct stored *pod, const char *container, int instance);
	/* The address of a Service of type LoadBalancer, or NULL as long as it has none. A borrowed string. */
	const char *(*address)(void *data, const struct stored *service);
	void *data;
	const char *version; /* of the kubelets: "v1.27.6"; borrowed; NULL: the cluster's */
	const char *
		ca_pem; /* what clients of this cluster trust, for kube-root-ca.crt; borrowed; or NULL */
};

struct controllers *controllers_new(struct cluster *cluster,
				    const struct controllers_options *options);
void controllers_free(struct controllers *c);
/*
 * Adds so many nodes, CLUSTER-node-1 and so on; what a kubelet says of its node is completed by the controllers, as it is
 * of every Node object. A cluster without any runs no pods. Any thread.
 */
int controllers_add_nodes(struct cluster *cluster, int count, struct refusal *r);
/* From now on things take so long; what has begun keeps its time. Any thread. */
void controllers_set_speed(struct controllers *c, double speed);
/* Plans and addresses may be others now. Any thread. */
void controllers_look(struct controllers *c);

#endif
