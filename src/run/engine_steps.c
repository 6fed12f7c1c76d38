#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/engine_internal.h"

const struct step_spec *
engine_spec(const struct engine *engine, const struct step_state *step)
{
	int index = runbook_step_index(engine->env.runbook, step->spec_id);

	return index < 0 ? NULL : &engine->env.runbook->steps[index];
}

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
steps_for_record(const struct runbook *rb)
{
	cJSON *steps = cJSON_CreateArray();

	for (size_t i = 0; i < rb->steps_count; i++) {
		cJSON *step = cJSON_CreateObject();

		json_add_string(step, "id", rb->steps[i].id);
		json_add_string(step, "title", rb->steps[i].title);
		json_add_string(step, "section", rb->steps[i].section);
		json_add_bool(step, "for_each", rb->steps[i].for_each_in != NULL);
		json_add_int(step, "estimate_ms", rb->steps[i].estimate_ms);
		cJSON_AddItemToArray(steps, step);
	}
	return steps;
}

static cJSON *
process_for_record(const struct engine *engine)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "operator", engine->operator_name);
	json_add_string(data, "host", engine->host);
	json_add_int(data, "pid", getpid());
	json_add_string(data, "program", PACKAGE_STRING);
	return data;
}

static cJSON *
run_for_record(const struct engine *engine)
{
	const struct runbook *rb = engine->env.runbook;
	cJSON *data = process_for_record(engine);
	cJSON *runbook = cJSON_AddObjectToObject(data, "runbook");

	json_add_string(runbook, "id", rb->id);
	json_add_string(runbook, "title", rb->title);
	json_add_string(runbook, "version", rb->version);
	json_add_string(runbook, "sha256", rb->sha256);
	json_add_string(runbook, "path", rb->path);
	json_add_string(data, "mode", engine->mode);
	json_add(data, "params", params_for_record(engine));
	json_add(data, "targets",
		 frozen_targets_json(engine->env.targets, engine->env.targets_count));
	json_add(data, "steps", steps_for_record(rb));
	return data;
}

/* What a step's expressions see: the state, with the real values of what the journal has redacted. */
static cJSON *
context_for(const struct engine *engine, const struct step_state *step,
	    const struct step_spec *spec)
{
	cJSON *context = run_state_context(&engine->state);
	const cJSON *real;

	cJSON_DeleteItemFromObjectCaseSensitive(context, "params");
	json_add(context, "params", cJSON_Duplicate(engine->params, true));
	cJSON_ArrayForEach(real, engine->outputs) {
		const struct step_state *other = run_state_step(&engine->state, real->string);
		cJSON *value;

		if (!other)
			continue;
		value = cJSON_GetObjectItemCaseSensitive(json_at(context, "steps"), other->spec_id);
		if (value && other->item)
			value = cJSON_GetObjectItemCaseSensitive(json_at(value, "items"),
								 other->item);
		if (!value)
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(value, "outputs");
		json_add(value, "outputs", cJSON_Duplicate(real, true));
	}
	if (step->item)
		json_add_string(context, spec->for_each_as, step->item);
	return context;
}

static struct job *
job_for(struct engine *engine, enum job_kind kind, const struct step_state *step)
{
	struct job *job = job_new(kind, &engine->env);

	job->spec = engine_spec(engine, step);
	job->step_id = xstrdup(step->id);
	job->title = xstrdup(step->title);
	job->item = xstrdup(step->item);
	job->expand = step->for_each;
	job->attempt = step->attempt + 1;
	job->context = context_for(engine, step, job->spec);
	return job;
}

void
engine_begin(struct engine *engine)
{
	if (engine->resumed &&
	    engine_append(engine, RECORD_RESUMED, process_for_record(engine), true) < 0)
		return;
	if (engine->state.current >= 0) {
		engine_proceed(engine);
		return;
	}
	engine->job = job_new(JOB_FREEZE, &engine->env);
	job_start(engine->job);
}

void
engine_end(struct engine *engine, const char *id, const char *title, const char *reason,
	   const char *by, bool failed)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "id", id);
	json_add_string(data, "title", title);
	json_add_string(data, "reason", reason);
	json_add_bool(data, "failed", failed);
	json_add_string(data, "by", by);
	if (engine_append(engine, RECORD_END, data, true) == 0)
		engine->closed = true;
}

static void
stop(struct engine *engine)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "reason", engine->leave_reason);
	json_add_string(data, "by", engine->operator_name);
	engine_append(engine, RECORD_STOP, data, true);
	engine->closed = true;
}

/* Past the last step: where the runbook leaves no choice of ends, the run is over. */
static void
finish(struct engine *engine)
{
	const struct runbook *rb = engine->env.runbook;

	if (rb->ends_count == 0)
		engine_end(engine, "completed", "Completed", NULL, NULL, false);
	else if (rb->ends_count == 1)
		engine_end(engine, rb->ends[0].id, rb->ends[0].title, NULL, NULL, false);
}

void
engine_proceed(struct engine *engine)
{
	if (engine->job)
		return;
	if (engine->leaving || engine->broken) {
		if (engine->leaving)
			stop(engine);
		return;
	}
	if (engine->state.phase == RUN_PREPARING)
		engine_prepare(engine);
	else if (engine->state.phase == RUN_WAITING && !run_state_current(&engine->state))
		finish(engine);
}

void
engine_prepare(struct engine *engine)
{
	const struct step_state *step = run_state_current(&engine->state);

	job_free(engine->prepared);
	engine->prepared = NULL;
	engine->job = job_for(engine, JOB_PREPARE, step);
	job_start(engine->job);
}

void
engine_run(struct engine *engine, const char *confirmed, const char *by)
{
	const struct step_state *step = run_state_current(&engine->state);
	struct job *prepared = engine->prepared;
	cJSON *data = engine_step_data(step->id);
	char *key = xasprintf("%s/%s/%d", engine->run_id, step->id, step->attempt + 1);

	json_add_int(data, "attempt", step->attempt + 1);
	json_add_int(data, "plan", engine->state.decision_seq);
	json_add_string(data, "uses", step->uses);
	json_add_string(data, "target", step->target);
	json_add_string(data, "effect", step->effect);
	json_add_string(data, "confirmed", confirmed);
	json_add_string(data, "by", by);
	json_add_string(data, "key", key);
	free(key);
	/* nothing is done before this line is on the disk */
	if (engine_append(engine, RECORD_INTENT, data, true) < 0)
		return;
	struct job *job = job_for(engine, JOB_RUN, step);
	job->attempt = step->attempt;
	job->action = prepared->action;
	job->with = prepared->with;
	job->seen = prepared->seen;
	prepared->with = prepared->seen = NULL;
	job->data = engine_step_data(step->id);
	json_add_int(job->data, "intent", engine->state.seq);
	if (job->spec->timeout_ms > 0)
		atomic_store(&job->deadline_ms, clock_mono_ms() + job->spec->timeout_ms);
	job_free(engine->prepared);
	engine->prepared = NULL;
	engine->job = job;
	job_start(job);
}

static void
freeze_done(struct engine *engine, struct job *job)
{
	if (engine->state.seq < 0)
		engine_append(engine, RECORD_RUN, run_for_record(engine), true);
	engine_append(engine, RECORD_PREFLIGHT, job->data, true);
	job->data = NULL;
	job_free(job);
}

static void
prepare_done(struct engine *engine, struct job *job)
{
	static const enum record_type types[] = {
		[JOB_PLANNED] = RECORD_PLAN,
		[JOB_SKIPPED] = RECORD_SKIP,
		[JOB_EXPANDED] = RECORD_EXPAND,
		[JOB_BLOCKED] = RECORD_BLOCKED,
	};
	cJSON *data = job->data;

	/* what was broken off because we leave says nothing about the step */
	if (engine->leaving && job->result == JOB_BLOCKED) {
		job_free(job);
		return;
	}
	job->data = NULL;
	if (engine_append(engine, types[job->result], data, job->result == JOB_SKIPPED) < 0 ||
	    job->result != JOB_PLANNED) {
		job_free(job);
		return;
	}
	engine->prepared = job;
	/* a question to the operator needs no go-ahead to be asked */
	if (!engine->leaving && str_equal(run_state_current(&engine->state)->effect, "none") &&
	    str_equal(run_state_current(&engine->state)->confirm, "none"))
		engine_run(engine, "none", NULL);
}

static void
run_done(struct engine *engine, struct job *job)
{
	const struct step_spec *spec = job->spec;
	const struct step_state *step;

	if (job->outputs) {
		cJSON_DeleteItemFromObjectCaseSensitive(engine->outputs, job->step_id);
		json_add(engine->outputs, job->step_id, job->outputs);
		job->outputs = NULL;
	}
	cJSON *data = job->data;
	job->data = NULL;
	job_free(job);
	if (engine_append(engine, RECORD_OUTCOME, data, true) < 0)
		return;
	step = run_state_current(&engine->state);
	if (step && step->status == STEP_FAILED && spec->on_failure == ON_FAILURE_ABORT) {
		char *reason = xasprintf("step %s failed, and the runbook ends there", step->id);

		engine_end(engine, "aborted", "Aborted", reason, NULL, true);
		free(reason);
	}
}

void
engine_job_done(struct engine *engine)
{
	struct job *job = engine->job;

	engine->job = NULL;
	if (job->kind == JOB_FREEZE)
		freeze_done(engine, job);
	else if (job->kind == JOB_PREPARE)
		prepare_done(engine, job);
	else
		run_done(engine, job);
	if (!engine->closed)
		engine_proceed(engine);
}
