#ifndef LIFEBOAT_HELM_WAIT_H
#define LIFEBOAT_HELM_WAIT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "helm/helm_resources.h"

struct helm;

/*
 * Waits until all are ready, at most timeout_ms. Errors: ERR_TIMEOUT "context deadline exceeded", ERR_CANCELLED "context
 * canceled", a request's own, and with `jobs` ERR_CHECK for a Job that has failed.
 */
int helm_wait_ready(struct helm *h, const struct helm_resources *resources, bool jobs,
		    int64_t timeout_ms, struct err *e);
/* Waits until none is there any more. */
int helm_wait_gone(struct helm *h, const struct helm_resources *resources, int64_t timeout_ms,
		   struct err *e);

/*
 * Whether an object, as the server has it, is ready by helm's rules: 1, 0 or, for a failed Job, -1. Of a Deployment
 * `newest` is its newest ReplicaSet, or NULL. Pure. Source: helm, pkg/kube/ready.go.
 */
int helm_ready(const cJSON *object, const cJSON *newest, bool jobs, struct err *e);

#endif
