#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "run/job/preflight.h"

const char *
preflight_answer_name(enum preflight_answer answer)
{
	static const char *const names[] = {
		[PREFLIGHT_YES] = "yes",
		[PREFLIGHT_UNKNOWN] = "unknown",
		[PREFLIGHT_NO] = "no",
	};

	return names[answer];
}

void
preflight_free(struct preflight *preflight)
{
	if (!preflight)
		return;
	for (size_t i = 0; i < preflight->targets_count; i++) {
		struct preflight_target *target = &preflight->targets[i];

		free(target->name);
		free(target->kind);
		free(target->describe);
		free(target->group);
		free(target->problem);
		free(target->warning);
		cJSON_Delete(target->identity);
	}
	for (size_t i = 0; i < preflight->needs_count; i++) {
		struct preflight_need *need = &preflight->needs[i];

		free(need->step);
		free(need->parts);
		free(need->target);
		free(need->what);
		free(need->reason);
		free(need->note);
		cJSON_Delete(need->permission);
	}
	free(preflight->targets);
	free(preflight->needs);
	free(preflight);
}

enum preflight_answer
preflight_verdict(const struct preflight *preflight)
{
	enum preflight_answer worst = PREFLIGHT_YES;

	for (size_t i = 0; i < preflight->targets_count; i++)
		if (preflight->targets[i].reached > worst)
			worst = preflight->targets[i].reached;
	for (size_t i = 0; i < preflight->needs_count; i++)
		if (preflight->needs[i].answer > worst)
			worst = preflight->needs[i].answer;
	return worst;
}

size_t
preflight_count(const struct preflight *preflight, enum preflight_answer answer)
{
	size_t count = 0;

	for (size_t i = 0; i < preflight->needs_count; i++)
		count += preflight->needs[i].answer == answer;
	return count;
}

static cJSON *
copy_or_null(const cJSON *value)
{
	return value ? cJSON_Duplicate(value, true) : cJSON_CreateNull();
}

static cJSON *
target_json(const struct preflight_target *target)
{
	cJSON *object = cJSON_CreateObject();

	json_add_string(object, "name", target->name);
	json_add_string(object, "kind", target->kind);
	json_add_string(object, "group", target->group);
	json_add_string(object, "describe", target->describe);
	json_add_string(object, "reached", preflight_answer_name(target->reached));
	json_add_string(object, "problem", target->problem);
	json_add_string(object, "warning", target->warning);
	json_add_int(object, "duration_ms", target->duration_ms);
	json_add(object, "identity", copy_or_null(target->identity));
	return object;
}

static cJSON *
need_json(const struct preflight_need *need)
{
	cJSON *object = cJSON_CreateObject();

	json_add_string(object, "step", need->step);
	json_add_string(object, "parts", need->parts);
	json_add_string(object, "target", need->target);
	json_add_string(object, "what", need->what);
	json_add(object, "permission", copy_or_null(need->permission));
	json_add_string(object, "answer", preflight_answer_name(need->answer));
	json_add_string(object, "reason", need->reason);
	json_add_string(object, "note", need->note);
	return object;
}

cJSON *
preflight_json(const struct preflight *preflight)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *targets = cJSON_AddArrayToObject(document, "targets");
	cJSON *needs = cJSON_AddArrayToObject(document, "needs");
	cJSON *steps = cJSON_AddObjectToObject(document, "steps");

	for (size_t i = 0; i < preflight->targets_count; i++)
		cJSON_AddItemToArray(targets, target_json(&preflight->targets[i]));
	for (size_t i = 0; i < preflight->needs_count; i++)
		cJSON_AddItemToArray(needs, need_json(&preflight->needs[i]));
	json_add_int(steps, "count", (int64_t)preflight->steps);
	json_add_int(steps, "silent", (int64_t)preflight->steps_silent);
	json_add_int(steps, "left_out", (int64_t)preflight->steps_left_out);
	json_add_int(document, "reviews", (int64_t)preflight->reviews);
	json_add_string(document, "verdict", preflight_answer_name(preflight_verdict(preflight)));
	return document;
}
