#include "config.h"

#include "world/controller/controller_deployment.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* Deployments: ReplicaSets of one template after the other. Source: k8s.io/kubernetes, pkg/controller/deployment. */

int64_t
deployment_replicas(const struct deployment *d)
{
	return json_int(d->thing->stored->object, "spec/replicas", 1);
}

int64_t
set_replicas(const struct thing *set)
{
	return set->stored ? json_int(set->stored->object, "spec/replicas", 1) : 0;
}

int64_t
set_available(const struct thing *set)
{
	return set->stored ? json_int(set->stored->object, "status/availableReplicas", 0) : 0;
}

bool
deployment_recreates(const struct deployment *d)
{
	return strcmp(json_string(d->thing->stored->object, "spec/strategy/type", ""),
		      "Recreate") == 0;
}

int64_t
deployment_surge(const struct deployment *d)
{
	const cJSON *object = d->thing->stored->object;

	if (deployment_recreates(d))
		return 0;
	return int_or_percent(json_at(object, "spec/strategy/rollingUpdate/maxSurge"),
			      deployment_replicas(d), true, "25%");
}

/* Both cannot be nothing: no pod could ever be replaced. */
int64_t
deployment_unavailable(const struct deployment *d)
{
	const cJSON *object = d->thing->stored->object;
	int64_t wanted = deployment_replicas(d), most;

	if (deployment_recreates(d) || wanted == 0)
		return 0;
	most = int_or_percent(json_at(object, "spec/strategy/rollingUpdate/maxUnavailable"), wanted,
			      false, "25%");
	if (most == 0 && deployment_surge(d) == 0)
		most = 1;
	return most < wanted ? most : wanted;
}

/* Whether somebody has scaled it since its sets were scaled. */
static bool
is_scaled(const struct deployment *d)
{
	for (size_t i = 0; i <= d->old.count; i++) {
		const struct thing *set = i < d->old.count ? d->old.items[i] : d->newest;
		const char *desired;

		if (!set || !set->stored || set_replicas(set) == 0)
			continue;
		desired = annotation_of(set->stored->object, DEPLOYMENT_DESIRED);
		if (*desired && atoll(desired) != deployment_replicas(d))
			return true;
	}
	return false;
}

static void
work(struct deployment *d)
{
	if (thing_is_deleting(d->thing)) {
		deployment_set_status(d, false);
		return;
	}
	if (json_bool(d->thing->stored->object, "spec/paused", false) ||
	    (!deployment_recreates(d) && is_scaled(d))) {
		deployment_scale(d);
		if (d->thing->stored)
			deployment_set_status(d, false);
		return;
	}
	if (deployment_recreates(d))
		deployment_recreate(d);
	else
		deployment_roll(d);
	if (d->thing->stored && deployment_is_complete(d))
		deployment_clean_up(d);
	if (d->thing->stored)
		deployment_set_status(d, true);
}

void
deployment_reconcile(struct controllers *c, struct thing *thing)
{
	struct deployment d = { .c = c, .thing = thing };

	deployment_find_sets(&d);
	if (thing->stored)
		work(&d);
	deployment_release_sets(&d);
}
