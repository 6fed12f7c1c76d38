#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/engine/engine_internal.h"

enum {
	PROBE_TIMEOUT_MS =
		60000, /* a system that does not answer in this time does not tell anything */
};

const struct step_spec *
engine_spec(const struct engine *engine, const struct step_state *step)
{
	int index = runbook_step_index(engine->env.runbook, step->spec_id);

	return index < 0 ? NULL : &engine->env.runbook->steps[index];
}

cJSON *
engine_context(const struct engine *engine)
{
	cJSON *context = run_state_context(&engine->state);

	cJSON_DeleteItemFromObjectCaseSensitive(context, "params");
	json_add(context, "params", cJSON_Duplicate(engine->params, true));
	return context;
}

/* What a step's expressions see: the state, with the real values of what the journal has redacted. */
static cJSON *
context_for(const struct engine *engine, const struct step_state *step,
	    const struct step_spec *spec)
{
	cJSON *context = engine_context(engine);
	const cJSON *real;

	cJSON_ArrayForEach(real, engine->outputs) {
		const struct step_state *other = run_state_step(&engine->state, real->string);
		cJSON *value;

		/* what was taken back has yielded nothing */
		if (!other || !(other->was ? other->was : other)->outputs)
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

struct job *
engine_job_for(struct engine *engine, enum job_kind kind, const struct step_state *step)
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
	    engine_show(engine, RECORD_RESUMED, engine_resumed_data(engine), true) < 0)
		return;
	if (engine->state.current >= 0) {
		engine_impact_begin(engine);
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

	engine_drill_open(engine);
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

	engine_drill_open(engine);
	json_add_string(data, "reason", engine->leave_reason);
	json_add_string(data, "by", engine->operator_name);
	engine_show(engine, RECORD_STOP, data, true);
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
	const struct step_state *step = run_state_current(&engine->state);

	if (engine->job)
		return;
	if (engine->leaving) {
		stop(engine);
		return;
	}
	if (engine->confused)
		return;
	if (engine->state.phase == RUN_PREPARING && step && step->status == STEP_UNKNOWN)
		engine_probe(engine, NULL);
	else if (engine->state.phase == RUN_PREPARING)
		engine_prepare(engine);
	else if (engine->state.phase == RUN_WAITING && !step && !engine->broken)
		finish(engine);
}

void
engine_prepare(struct engine *engine)
{
	const struct step_state *step = run_state_current(&engine->state);

	if (step->undoing) {
		engine_prepare_undo(engine, (size_t)engine->state.current);
		return;
	}
	job_free(engine->prepared);
	engine->prepared = NULL;
	engine->job = engine_job_for(engine, JOB_PREPARE, step);
	job_start(engine->job);
}

/* What the step would have yielded is not known to its own checks. */
static void
hide_own_outputs(struct job *job, const struct step_state *step)
{
	cJSON *own =
		cJSON_GetObjectItemCaseSensitive(json_at(job->context, "steps"), step->spec_id);

	if (own && step->item)
		own = cJSON_GetObjectItemCaseSensitive(json_at(own, "items"), step->item);
	if (own && !json_at(own, "marked"))
		json_add_bool(own, "marked", true);
}

void
engine_probe(struct engine *engine, const char *by)
{
	const struct step_state *step = run_state_current(&engine->state);
	struct job *job = engine_job_for(engine, JOB_PROBE, step);

	if (step->undoing)
		engine_equip_undo(engine, job, step);
	else
		hide_own_outputs(job, step);
	job->attempt = step->attempt;
	job->intent_seq = step->intent_seq;
	job->only_reads = engine_only_reads(engine);
	job->key = xstrdup(step->key);
	job->seen = cJSON_Duplicate(step->seen, true);
	job->evidence =
		step->evidence ? cJSON_Duplicate(step->evidence, true) : cJSON_CreateObject();
	job->begun_ms = step->started_ms;
	cJSON_Delete(job->planned_with);
	free(job->planned_target);
	job->planned_with = cJSON_Duplicate(step->with, true);
	job->planned_target = xstrdup(step->target);
	job->data = engine_step_data(step->id);
	json_add_int(job->data, "intent", step->intent_seq);
	json_add_string(job->data, "by", by);
	atomic_store(&job->deadline_ms, clock_mono_ms() + PROBE_TIMEOUT_MS);
	engine->job = job;
	job_start(job);
}

/* What is done now, with the number of its intent; takes over what was prepared. */
static struct job *
run_job(struct engine *engine, const struct step_state *step)
{
	struct job *job = engine_job_for(engine, JOB_RUN, step), *prepared = engine->prepared;

	if (step->undoing)
		engine_equip_undo(engine, job, step);
	else
		engine_equip_try(engine, job, step);
	job->only_reads = engine_only_reads(engine);
	job->attempt = step->attempt;
	job->intent_seq = engine->broken ? -1 : step->intent_seq;
	job->key = xstrdup(step->key);
	job->action = prepared->action;
	job->with = prepared->with;
	job->seen = prepared->seen;
	prepared->with = prepared->seen = NULL;
	job->data = engine_step_data(step->id);
	json_add_int(job->data, "intent", step->intent_seq);
	if (job->spec->timeout_ms > 0)
		atomic_store(&job->deadline_ms, clock_mono_ms() + job->spec->timeout_ms);
	return job;
}

void
engine_run(struct engine *engine, const char *confirmed, const char *by)
{
	const struct step_state *step = run_state_current(&engine->state);
	cJSON *data = engine_step_data(step->id);
	/* what may have happened is tried again under its own key: who honours that does it once */
	char *key = step->again ? xstrdup(step->key)
				: xasprintf("%s/%s%s/%d", engine->run_id, step->id,
					    step->undoing ? "/undo" : "", step->attempt + 1);

	if (step->undoing)
		json_add_bool(data, "undo", true);
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
	if ((engine_only_reads(engine) ? engine_show : engine_append)(engine, RECORD_INTENT, data,
								      true) < 0)
		return;
	engine->job = run_job(engine, step);
	job_free(engine->prepared);
	engine->prepared = NULL;
	job_start(engine->job);
}

static void
freeze_done(struct engine *engine, struct job *job)
{
	if (engine->state.seq < 0)
		engine_show(engine, RECORD_RUN, engine_run_data(engine), true);
	engine_drill_begin(engine);
	engine_show(engine, RECORD_PREFLIGHT, job->data, true);
	job->data = NULL;
	job_free(job);
	engine_impact_begin(engine);
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
	if (engine_show(engine, types[job->result], data, job->result == JOB_SKIPPED) < 0 ||
	    job->result != JOB_PLANNED) {
		job_free(job);
		return;
	}
	engine->prepared = job;
	/* a question to the operator needs no go-ahead to be asked */
	if (!engine->leaving && !engine->broken &&
	    str_equal(run_state_current(&engine->state)->effect, "none") &&
	    str_equal(run_state_current(&engine->state)->confirm, "none"))
		engine_run(engine, "none", NULL);
}

/* The effect is real, and the record of its end is not. */
static void
warn_unrecorded(struct engine *engine, const char *step_id)
{
	char *text =
		xasprintf("step %s has ended, and its outcome could not be written: the journal "
			  "does not have it, and who resumes the run will find the step of "
			  "unknown outcome (%s)",
			  step_id, engine->broken);

	engine_tell(engine, EVENT_WARNING, step_id, text);
	free(text);
}

/* Real values of a step, in the place of those of an earlier try. */
static void
keep(cJSON *values, const char *step_id, cJSON **value)
{
	if (!*value)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(values, step_id);
	json_add(values, step_id, *value);
	*value = NULL;
}

static void
run_done(struct engine *engine, struct job *job)
{
	const struct step_spec *spec = job->spec;
	const struct step_state *step;
	bool is_recorded = job->intent_seq >= 0;

	if (!job->undo) {
		keep(engine->outputs, job->step_id, &job->outputs);
		keep(engine->befores, job->step_id, &job->before);
	}
	int rc = engine_show(engine, RECORD_OUTCOME, job->data, true);
	job->data = NULL;
	if (rc == 0 && engine->broken && is_recorded)
		warn_unrecorded(engine, job->step_id);
	job_free(job);
	step = run_state_current(&engine->state);
	if (step && !step->undoing && !step->acted)
		cJSON_DeleteItemFromObjectCaseSensitive(engine->befores, step->id);
	if (rc == 0 && !engine->broken && step && step->status == STEP_FAILED && !step->undoing &&
	    spec->on_failure == ON_FAILURE_ABORT) {
		char *reason = xasprintf("step %s failed, and the runbook ends there", step->id);

		engine_end(engine, "aborted", "Aborted", reason, NULL, true);
		free(reason);
	}
}

static void
probe_done(struct engine *engine, struct job *job)
{
	bool was_cut_off =
		str_equal(json_string(job->data, "error/kind", NULL), err_kind_name(ERR_CANCELLED));

	/* what was broken off because we leave says nothing about the step */
	if (!engine->leaving || !was_cut_off) {
		engine_show(engine, RECORD_PROBE, job->data, true);
		job->data = NULL;
	}
	job_free(job);
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
	else if (job->kind == JOB_PROBE)
		probe_done(engine, job);
	else
		run_done(engine, job);
	if (!engine->closed)
		engine_proceed(engine);
}
