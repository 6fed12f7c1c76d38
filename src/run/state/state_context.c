#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "run/state/state.h"

/* What expressions see of one step: its status and its outputs, or that nobody knows these. */
static cJSON *
step_value(const struct step_state *step)
{
	cJSON *value = cJSON_CreateObject();

	/* what is being taken back is as it was until it is taken back */
	if (step->was)
		step = step->was;
	json_add_string(value, "status", step_status_name(step->status));
	json_add(value, "outputs",
		 step->outputs ? cJSON_Duplicate(step->outputs, true) : cJSON_CreateObject());
	if (step->marked)
		json_add_bool(value, "marked", true);
	return value;
}

/* Instances of a for_each step stand under its own id, by their items. */
static void
add_step(cJSON *steps, const struct step_state *step)
{
	if (!step->item) {
		json_add(steps, step->spec_id, step_value(step));
		return;
	}
	cJSON *parent = cJSON_GetObjectItemCaseSensitive(steps, step->spec_id);
	if (!parent) {
		parent = cJSON_AddObjectToObject(steps, step->spec_id);
		cJSON_AddObjectToObject(parent, "items");
	}
	json_add(json_at(parent, "items"), step->item, step_value(step));
}

/* A target is its own name; a group is the list of its members' names. */
static void
add_target(cJSON *targets, const struct target_state *target)
{
	if (!target->group) {
		json_add_string(targets, target->name, target->name);
		return;
	}
	cJSON *group = cJSON_GetObjectItemCaseSensitive(targets, target->group);
	if (!group)
		group = cJSON_AddArrayToObject(targets, target->group);
	cJSON_AddItemToArray(group, cJSON_CreateString(target->name));
}

cJSON *
run_state_context(const struct run_state *state)
{
	cJSON *context = cJSON_CreateObject();

	json_add(context, "params",
		 state->params ? cJSON_Duplicate(state->params, true) : cJSON_CreateObject());
	cJSON *steps = cJSON_AddObjectToObject(context, "steps");
	for (size_t i = 0; i < state->steps_count; i++)
		add_step(steps, &state->steps[i]);
	cJSON *targets = cJSON_AddObjectToObject(context, "targets");
	for (size_t i = 0; i < state->targets_count; i++)
		add_target(targets, &state->targets[i]);
	cJSON *run = cJSON_AddObjectToObject(context, "run");
	json_add_string(run, "id", state->run_id);
	json_add_string(run, "mode", state->mode);
	json_add_string(run, "operator", state->operator_name);
	return context;
}
