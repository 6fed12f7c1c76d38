#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "run/engine/engine_internal.h"
#include "run/state/foresee.h"

/* Parameters as the journal may know them: a secret is its name, whatever its value looks like. */
static cJSON *
params_for_record(const struct engine *engine)
{
	cJSON *params = cJSON_Duplicate(engine->params, true);

	for (size_t i = 0; i < engine->env.runbook->params_count; i++) {
		const struct param *param = &engine->env.runbook->params[i];

		if (param->type != PARAM_SECRET ||
		    !cJSON_GetObjectItemCaseSensitive(params, param->name))
			continue;
		char *mask = xasprintf("‹secret:%s›", param->name);
		cJSON_DeleteItemFromObjectCaseSensitive(params, param->name);
		json_add_string(params, param->name, mask);
		free(mask);
	}
	return params;
}

static cJSON *
process_for_record(const struct engine *engine)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "operator", engine->operator_name);
	json_add_string(data, "host", engine->host);
	json_add_int(data, "pid", getpid());
	json_add_string(data, "program", PACKAGE_STRING);
	json_add(data, "key", journal_key_json(engine->journal));
	return data;
}

/* The operator's run before this one, by which a run that was deleted is missed; null for the first. */
static cJSON *
previous_for_record(const struct engine_options *options)
{
	if (!options->previous_run)
		return cJSON_CreateNull();
	cJSON *previous = cJSON_CreateObject();
	json_add_string(previous, "run", options->previous_run);
	json_add_string(previous, "checkpoint", options->previous_checkpoint);
	return previous;
}

cJSON *
engine_run_data(const struct engine *engine)
{
	const struct runbook *rb = engine->env.runbook;
	cJSON *data = process_for_record(engine);
	cJSON *runbook = cJSON_AddObjectToObject(data, "runbook");
	char sha256[DIGEST_HEX_MAX];

	json_add_string(runbook, "id", rb->id);
	json_add_string(runbook, "title", rb->title);
	json_add_string(runbook, "version", rb->version);
	json_add_string(runbook, "sha256", runbook_sha256(rb, sha256));
	json_add_string(runbook, "path", rb->path);
	json_add_string(data, "mode", engine->mode);
	json_add(data, "params", params_for_record(engine));
	json_add(data, "targets",
		 frozen_targets_json(engine->env.targets, engine->env.targets_count));
	json_add(data, "steps", foresee_steps(rb));
	json_add(data, "previous", previous_for_record(&engine->options));
	return data;
}

cJSON *
engine_resumed_data(const struct engine *engine)
{
	cJSON *data = process_for_record(engine);

	json_add(data, "recovered", journal_recovered_json(engine->journal));
	return data;
}
