#ifndef LIFEBOAT_KUBE_POD_STATUS_H
#define LIFEBOAT_KUBE_POD_STATUS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * What the API server's printer makes of a pod: its cells READY, STATUS and RESTARTS, from the whole
 * object. Plain data. Source: kubernetes/pkg/printers/internalversion/printers.go, printPod.
 */
struct pod_status {
	char *text;	      /* STATUS: "Init:CrashLoopBackOff" */
	int64_t ready, total; /* READY; sidecars count, other init containers do not */
	int64_t restarts;
	int64_t restarted_ms; /* wall clock: the latest end that a restart followed; 0: none */
};

void pod_status_init(struct pod_status *s, const cJSON *pod);
void pod_status_release(struct pod_status *s);

/*
 * Appends in one line why a pod is not as it should be: what holds its deletion, why it failed or can't
 * be scheduled, or what ails the first container that is not ready. Nothing where all is well. The
 * text is the server's and the containers' own: neither redacted nor sanitised. *ret_since_ms is a moment
 * (wall clock) that the line ends with, to be followed by how long ago that is; 0: by nothing.
 */
void pod_status_reason(const cJSON *pod, int64_t now_ms, struct str *out, int64_t *ret_since_ms);

/* Appends how a run of a container ended, from state.terminated: "OOMKilled, exit 137". */
void pod_status_ending(const cJSON *terminated, struct str *out);

/* The spec of a container that a status belongs to, or NULL. `list`: "initContainers", "containers". */
const cJSON *pod_status_spec(const cJSON *pod, const char *list, const char *name);
/* Whether the spec of an init container makes it one that goes on running beside the others. */
bool pod_status_is_sidecar(const cJSON *spec);

/* The condition of a type ("PodScheduled") of any object, or NULL. */
const cJSON *pod_status_condition(const cJSON *object, const char *type);

#endif
