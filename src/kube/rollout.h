#ifndef LIFEBOAT_KUBE_ROLLOUT_H
#define LIFEBOAT_KUBE_ROLLOUT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/str.h"

/* How far a workload has come in bringing its pods up to date. Pure functions over objects. */

enum kube_rollout {
	KUBE_ROLLOUT_WAITING,
	KUBE_ROLLOUT_DONE,
	KUBE_ROLLOUT_FAILED, /* its progress deadline has passed */
	KUBE_ROLLOUT_UNSUPPORTED, /* no workload, or one whose pods somebody deletes by hand (OnDelete) */
};

/*
 * Judges a Deployment, a StatefulSet or a DaemonSet, and appends the sentence that `kubectl rollout
 * status` has for it. Beyond kubectl: a StatefulSet without a partition is done only when its current
 * revision is the updated one. Source: kubectl, pkg/polymorphichelpers/rollout_status.go.
 */
enum kube_rollout kube_rollout_status(const cJSON *object, struct str *sentence);

/* True for a Deployment that `kubectl rollout pause` holds: nothing of it will change. */
bool kube_rollout_paused(const cJSON *object);

/* The workload's spec.selector as the text of a labelSelector, not encoded. The caller frees. */
char *kube_rollout_selector(const cJSON *workload);

/*
 * The same narrowed to the pods of the newest revision: of a Deployment with the help of its ReplicaSets
 * (an array of any). NULL where the newest revision is not known yet. The caller frees.
 */
char *kube_rollout_newest_selector(const cJSON *workload, const cJSON *replica_sets);

#endif
