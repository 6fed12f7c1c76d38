#include "config.h"

#include "run/state/foresee.h"

#include "base/json.h"
#include "base/xalloc.h"
#include "run/state/state_internal.h"

cJSON *
foresee_steps(const struct runbook *rb)
{
	cJSON *steps = cJSON_CreateArray();

	for (size_t i = 0; i < rb->steps_count; i++) {
		cJSON *step = cJSON_CreateObject();

		json_add_string(step, "id", rb->steps[i].id);
		json_add_string(step, "title", rb->steps[i].title);
		json_add_string(step, "section", rb->steps[i].section);
		json_add_bool(step, "for_each", rb->steps[i].for_each_in != NULL);
		json_add_int(step, "estimate_ms", rb->steps[i].estimate_ms);
		json_add_bool(step, "idempotent", rb->steps[i].idempotent);
		cJSON_AddItemToArray(steps, step);
	}
	return steps;
}

void
foresee_run(struct run_state *state, const struct runbook *rb, const char *mode)
{
	cJSON *steps = foresee_steps(rb);

	state->runbook_id = xstrdup(rb->id);
	state->runbook_title = xstrdup(rb->title);
	state->runbook_version = xstrdup(rb->version);
	state->mode = xstrdup(mode);
	state_load_steps(state, steps);
	cJSON_Delete(steps);
}
