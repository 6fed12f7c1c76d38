#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/job.h"

enum { OUTPUTS_MAX_BYTES = 256 << 10 };

/* A step's deadline is a cancel that the engine sends: say which of the two it was. */
static void
name_timeout(const struct job *job, struct err *e)
{
	char limit[CLOCK_STAMP_MAX];

	if (e->kind == ERR_CANCELLED && atomic_load(&job->timed_out)) {
		e->kind = ERR_TIMEOUT;
		err_wrap(e, "stopped after its timeout of %s",
			 duration_format(job->spec->timeout_ms, limit));
	}
}

/* Only what cannot do harm twice is tried twice. */
static bool
may_retry(const struct job *job, const struct err *e, int tries)
{
	if (job->undo || tries >= job->spec->retry_max_attempts || e->kind == ERR_CANCELLED ||
	    e->kind == ERR_SPEC || e->kind == ERR_USAGE)
		return false;
	return step_type_effect(&job->action.executor->type, job->with) <= EFFECT_READS ||
	       job->spec->idempotent;
}

/* The next try has a key of its own, so the failure of this one is on record before it. */
static int
report_attempt(struct job *job, const struct err *e, int64_t wait_ms)
{
	struct err ignored = ERR_INIT;
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "step", job->step_id);
	json_add_int(data, "attempt", job->attempt);
	json_add(data, "error", job_error_json(e));
	json_add_int(data, "next_ms", wait_ms);
	return job_put_on_record(job, MESSAGE_ATTEMPT, data, &ignored);
}

static int
act(struct job *job, struct sink *sink, cJSON **ret_result, struct err *e)
{
	double wait_ms = (double)job->spec->retry_initial_ms;

	for (int tries = 1;; tries++) {
		struct job_context ctx;
		char *key = tries == 1 ? xstrdup(job->key)
				       : xasprintf("%s/%s/%d", job->env->run_id, job->step_id,
						   job->attempt);

		job_context_init(&ctx, job, sink);
		ctx.pub.idempotency_key = key;
		int rc = job->undo
				 ? job_undo_act(job, &ctx.pub, ret_result, e)
				 : job->action.executor->run(&ctx.pub, &job->action, ret_result, e);
		free(key);
		if (rc == 0 || !may_retry(job, e, tries))
			return rc;
		if (job->spec->retry_max_ms > 0 && wait_ms > (double)job->spec->retry_max_ms)
			wait_ms = (double)job->spec->retry_max_ms;
		if (report_attempt(job, e, (int64_t)wait_ms) < 0)
			return rc;
		if (cancel_sleep(job->cancel, (int64_t)wait_ms))
			return err_set(e, ERR_CANCELLED, "cancelled before attempt %d", tries + 1);
		wait_ms *= job->spec->retry_factor;
		job->attempt++;
		*e = (struct err)ERR_INIT;
	}
}

static int
evaluate_outputs(struct job *job, const cJSON *result, struct err *e)
{
	job->outputs = cJSON_CreateObject();
	for (size_t i = 0; i < job->spec->outputs_count; i++) {
		const struct step_output *output = &job->spec->outputs[i];
		cJSON *value = NULL;

		if (job_outputs_known(job, output->expression, true, e) < 0 ||
		    expressions_eval(job->env->expressions, output->expression, result,
				     job->context, 0, &value, e) < 0)
			return err_wrap(e, "its output %s", output->name);
		json_add(job->outputs, output->name, value);
	}
	char *text = json_print(job->outputs);
	size_t len = strlen(text);
	free(text);
	if (len > OUTPUTS_MAX_BYTES)
		return err_set(e, ERR_SPEC,
			       "its outputs are %zu bytes; at most %d are kept: pick what is "
			       "needed of them",
			       len, OUTPUTS_MAX_BYTES);
	return 0;
}

/* The step's own outputs, for the expressions of its verify. */
static void
publish_outputs(struct job *job)
{
	cJSON *steps = json_at(job->context, "steps");
	cJSON *own = cJSON_GetObjectItemCaseSensitive(steps, job->spec->id);

	if (own && job->item)
		own = cJSON_GetObjectItemCaseSensitive(json_at(own, "items"), job->item);
	if (!own)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(own, "outputs");
	json_add(own, "outputs", cJSON_Duplicate(job->outputs, true));
}

/* Repeats the step's verify until all of it holds, or its `wait` is over. */
static int
verify(struct job *job, cJSON **ret_results, struct err *e)
{
	const struct step_spec *spec = job->spec;
	int64_t end_ms = clock_mono_ms() + spec->wait_timeout_ms;
	struct job_context ctx;

	job_context_init(&ctx, job, NULL);
	for (;;) {
		cJSON_Delete(*ret_results);
		*ret_results = NULL;
		*e = (struct err)ERR_INIT;
		int failed = job_checks(job, spec->verify, spec->verify_count, job->action.target,
					ret_results, e);
		if (failed == 0)
			return 0;
		if (failed < 0 || clock_mono_ms() + spec->wait_interval_ms > end_ms)
			return -1;
		ctx.pub.progress(&ctx.pub, "verifying: %d of %zu checks do not hold yet: %s",
				 failed, spec->verify_count, e->message);
		if (cancel_sleep(job->cancel, spec->wait_interval_ms))
			return err_set(e, ERR_CANCELLED,
				       "cancelled while verifying; the step itself was done");
	}
}

/* What it has yielded, and whether it led to what it should. */
static int
conclude(struct job *job, const cJSON *result, cJSON **ret_checks, struct err *e)
{
	if (evaluate_outputs(job, result, e) < 0)
		return -1;
	publish_outputs(job);
	return verify(job, ret_checks, e);
}

static const char *
status_word(int rc, const struct err *e)
{
	if (rc == 0)
		return "ok";
	if (e->kind == ERR_CANCELLED)
		return "cancelled";
	return e->kind == ERR_UNKNOWN_OUTCOME ? "unknown" : "failed";
}

void
job_run(struct job *job)
{
	struct err e = ERR_INIT;
	int64_t begin_ms = clock_mono_ms();
	cJSON *result = NULL, *checks = NULL, *output = NULL;
	struct sink *sink = sink_new(job, job->intent_seq);
	cJSON *data = job->data;
	bool acts = false;
	int rc = 0;

	/* what was confirmed may be minutes old, and a context may lead to another cluster by now */
	if (step_type_effect(&job->action.executor->type, job->with) >= EFFECT_CHANGES)
		rc = job_confirm(job, job->action.target, &e);
	if (rc == 0) {
		acts = true;
		rc = act(job, sink, &result, &e);
	}

	sink_finish(sink, &output);
	atomic_store(&job->deadline_ms, INT64_MAX);
	if (rc == 0 && !job->undo)
		rc = conclude(job, result, &checks, &e);
	name_timeout(job, &e);
	json_add_string(data, "status", status_word(rc, &e));
	json_add(data, "error", rc == 0 ? cJSON_CreateNull() : job_error_json(&e));
	json_add(data, "outputs",
		 job->outputs ? cJSON_Duplicate(job->outputs, true) : cJSON_CreateObject());
	json_add(data, "verify", checks ? checks : cJSON_CreateArray());
	if (job->undo)
		json_add_bool(data, "undo", true);
	else if (acts && (rc == 0 || e.kind != ERR_UNKNOWN_OUTCOME))
		job_add_way_back(job, result, data);
	if (!job->undo && !json_at(data, "before"))
		json_add(data, "before", cJSON_CreateNull());
	json_add(data, "output", output);
	json_add_int(data, "attempts", job->attempt);
	json_add_int(data, "duration_ms", clock_mono_ms() - begin_ms);
	job->result = JOB_DONE;
	cJSON_Delete(result);
}
