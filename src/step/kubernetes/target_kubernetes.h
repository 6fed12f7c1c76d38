#ifndef LIFEBOAT_STEP_KUBERNETES_TARGET_KUBERNETES_H
#define LIFEBOAT_STEP_KUBERNETES_TARGET_KUBERNETES_H

#include "base/err.h"
#include "kube/client.h"
#include "run/executor.h"

/*
 * The client of a kubernetes target, made at the first call and kept: the kubeconfig is read, and
 * its token and password are registered as secrets. Borrowed: it ends with the connection.
 * *ret_ns, borrowed too, is the target's own namespace, or else the one of its context; never
 * NULL.
 */
int target_kubernetes_client(const struct run_target *target, struct kube_client **ret_client,
			     const char **ret_ns, struct err *e);

#endif
