#ifndef LIFEBOAT_WORLD_STAGE_STAGE_H
#define LIFEBOAT_WORLD_STAGE_STAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "world/controller/controller.h"
#include "world/part/parts.h"
#include "world/spec/spec.h"

/*
 * The actors of a world: its conditions, behaviours, rules and faults. One thread decides, whenever something
 * changed in a cluster, a time has come, or a look came back; looks at the network (DNS, TLS, SQL) have threads of their own
 * and keep what they saw as long as a real client would (a DNS answer for its TTL).
 */
struct stage;

/*
 * What it works on: everything is started already, but for the controllers, whose array is looked at from stage_begin() on
 * (NULL stands for none), so that they can be made with the stage's functions before that. Borrowed.
 */
struct stage_options {
	const struct world_spec *spec;
	struct cluster *const *clusters;
	size_t clusters_count;
	struct controllers *const *
		controllers; /* one for each, made with stage_controllers() as their options' functions */
	struct parts *parts;
	struct expressions *expressions;
	const cJSON *context;
	double speed;
	uint64_t seed;
	/*
	 * Tells what happened, for the drill. Details are borrowed. Stage thread.
	 *   "condition" {holds, seen}; "fault" {on, title, by: the rule}; "rule" {times, failed: [texts]}, once it has acted;
	 *   "line" {failed}: a line of a log that could not be made, with the name of the pod.
	 */
	void (*told)(void *data, const char *what, const char *name, const cJSON *details);
	void *data;
};

/* What ${…} sees, and what conditions, behaviours and rules mean: docs/internals/world-file.md. Errors: ERR_SPEC. */
struct stage *stage_new(const struct stage_options *options, struct err *e);
/* Begins. */
void stage_begin(struct stage *stage);
/* The drill begins: from now on the surprises of the chosen variants come, each at the moment that the seed says. Any thread. */
void stage_surprises(struct stage *stage);
/*
 * Ends its threads, within a second, but for a change of the parts that is under way and obeys their own cancel. From then on
 * it calls nobody, and the controllers, which may still ask it, can be freed; then the stage.
 */
void stage_end(struct stage *stage);
void stage_free(struct stage *stage);

/* Switches a fault (a name that conditions ask by {fault: NAME}) on or off, as a surprise does. Any thread. */
int stage_fault(struct stage *stage, const char *name, bool on, struct err *e);
/*
 * Where everything stands: {conditions: {NAME: bool}, seen: {NAME: text}, rules: {NAME: how often}, faults: {NAME: bool}, signals:
 * {NAME: bool}}. The caller deletes. Any thread.
 */
cJSON *stage_state(struct stage *stage);

/* For the options of the controllers of cluster `index`. */
struct stage_cluster {
	struct stage *stage;
	size_t index;
};
bool stage_plan(void *stage_cluster, const struct stored *pod, struct pod_plan *ret_plan);
void stage_started(void *stage_cluster, const struct stored *pod, const char *container,
		   int instance);
const char *stage_address(void *stage_cluster, const struct stored *service);

#endif
