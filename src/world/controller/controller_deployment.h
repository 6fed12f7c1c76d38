#ifndef LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_DEPLOYMENT_H
#define LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_DEPLOYMENT_H

#include "world/controller/controller_internal.h"

/* One look at a Deployment with its ReplicaSets. The things may lose their objects while it is worked on. */
struct deployment {
	struct controllers *c;
	struct thing *thing;
	struct thing *newest; /* of the template as it is; NULL: there is none */
	struct things old;    /* by age */
};

#define DEPLOYMENT_REVISION "deployment.kubernetes.io/revision"
#define DEPLOYMENT_DESIRED "deployment.kubernetes.io/desired-replicas"
#define DEPLOYMENT_MAX "deployment.kubernetes.io/max-replicas"
#define DEPLOYMENT_COMPONENT "deployment-controller"

int64_t deployment_replicas(const struct deployment *d);
/* How many pods there may be beyond, and how many may lack, of a rolling update. */
int64_t deployment_surge(const struct deployment *d);
int64_t deployment_unavailable(const struct deployment *d);
bool deployment_recreates(const struct deployment *d);
int64_t set_replicas(const struct thing *set);
int64_t set_available(const struct thing *set);

/* ---- controller_deployment_sets.c: which ReplicaSets there are ---- */

void deployment_find_sets(struct deployment *d);
void deployment_release_sets(struct deployment *d);
/* Makes the newest one, or brings its annotations up to date, and with them the revision of the Deployment. */
void deployment_need_newest(struct deployment *d);
/* With an Event where the number is another. */
void deployment_scale_set(struct deployment *d, struct thing *set, int64_t replicas);
/* Forgets those beyond revisionHistoryLimit. */
void deployment_clean_up(struct deployment *d);

/* ---- controller_deployment_roll.c ---- */

/* The number of the newest one is wanted as a rolling update goes. */
int64_t deployment_newest_replicas(const struct deployment *d, const struct thing *newest);
void deployment_roll(struct deployment *d);
void deployment_recreate(struct deployment *d);
/* Its number has changed, or it is paused: all sets in proportion. */
void deployment_scale(struct deployment *d);

/* ---- controller_deployment_status.c ---- */

void deployment_set_status(struct deployment *d, bool rolls);
bool deployment_is_complete(const struct deployment *d);
/* Progress was made: the deadline begins anew. */
void deployment_progresses(struct deployment *d, const char *reason, const char *message);

#endif
