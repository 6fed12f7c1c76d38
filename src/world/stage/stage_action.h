#ifndef LIFEBOAT_WORLD_STAGE_STAGE_ACTION_H
#define LIFEBOAT_WORLD_STAGE_STAGE_ACTION_H

#include "world/stage/stage_internal.h"

/* Inside of the actions of rules. `with` is an action's arguments, expanded. */

/* The cluster that it names; NULL: there is none. */
struct cluster *action_cluster(const struct stage *stage, const cJSON *with, size_t *ret_index,
			       struct err *e);

int act_apply(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e);
int act_delete(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e);
int act_event(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e);
int act_patch(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e);

#endif
