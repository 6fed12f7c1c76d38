#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/job.h"
#include "run/job/preview.h"

/* Nothing is certain that was found out from something else than what was begun. */
static bool
can_be_certain(struct job *job, struct probe *probe)
{
	bool can = true;

	if (!job_is_as_planned(job)) {
		probe_add(probe,
			  "what the step would do now is not what it was begun with, so what is "
			  "seen below may be about something else");
		can = false;
	}
	if (job_holds_masks(job->seen) || job_holds_masks(job->evidence)) {
		probe_add(probe,
			  "what was noted of the step holds a secret, which the journal only "
			  "names: what is compared with that says nothing");
		can = false;
	}
	return can;
}

/* The step's own checks, once: they tell of its purpose, not of its doing. */
static int
verify_once(struct job *job, struct probe *probe, struct err *e)
{
	cJSON *results = NULL;
	const cJSON *at;
	int failed = job_checks(job, job->spec->verify, job->spec->verify_count, job->action.target,
				&results, e);

	cJSON_ArrayForEach(at, results) {
		const char *message = json_string(at, "message", NULL);

		if (json_bool(at, "ok", false))
			probe_add(probe, "verify: %s holds", json_string(at, "title", "?"));
		else
			probe_add(probe, "verify: %s does not hold: %s",
				  json_string(at, "title", "?"), message ? message : "?");
	}
	cJSON_Delete(results);
	return failed;
}

static int
ask_executor(struct job *job, struct probe *probe, enum probe_verdict *verdict, struct err *e)
{
	const struct executor *executor = job->action.executor;
	struct job_context ctx;
	bool can = can_be_certain(job, probe);

	job_context_init(&ctx, job, NULL);
	if (job->undo && !job->spec->undo) {
		if (job_undo_look(job, &ctx.pub, probe, verdict, e) < 0)
			return -1;
	} else if (!executor->probe) {
		probe_add(probe, "%s cannot look by itself whether it happened",
			  executor->type.uses);
		return 0;
	} else if (executor->probe(&ctx.pub, &job->action, probe, verdict, e) < 0) {
		return -1;
	}
	if (!can)
		*verdict = PROBE_UNSURE;
	return 0;
}

/* From the resolved action to a verdict. */
static int
look(struct job *job, struct probe *probe, enum probe_verdict *verdict, struct err *e)
{
	struct err ignored = ERR_INIT;

	job->action.seen = job->seen;
	job->action.evidence = job->evidence;
	job->action.begun_ms = job->begun_ms;
	if (job_confirm(job, job->action.target, e) < 0)
		return -1;
	int rc = ask_executor(job, probe, verdict, e);
	if (rc < 0 && e->kind == ERR_CANCELLED)
		return -1;
	if (job->undo) /* what the step is for says nothing of its being taken back */
		return rc;
	int failed = verify_once(job, probe, &ignored);
	if (rc == 0 && failed < 0) {
		*e = ignored;
		return -1;
	}
	if (rc == 0 && failed > 0 && *verdict == PROBE_DONE) {
		probe_add(probe,
			  "the step itself happened; what it should lead to is not there (yet)");
		*verdict = PROBE_UNSURE;
	}
	return rc;
}

static int
find_out(struct job *job, struct probe *probe, enum probe_verdict *verdict, struct err *e)
{
	const struct executor *executor = job_executor(job);

	job_forget_confirmations(job);
	if (job->only_reads && executor && !executor->probe) {
		probe_add(probe,
			  "%s only reads: nothing is different whether it came to its end or not",
			  executor->type.uses);
		*verdict = PROBE_NOT_DONE;
		return 0;
	}
	if (job_resolve_own(job, e) < 0)
		return -1;
	return look(job, probe, verdict, e);
}

void
job_probe(struct job *job)
{
	static const char *const words[] = {
		[PROBE_UNSURE] = "unsure",
		[PROBE_DONE] = "done",
		[PROBE_NOT_DONE] = "not-done",
	};
	struct probe *probe = probe_new();
	enum probe_verdict verdict = PROBE_UNSURE;
	struct job_context ctx;
	struct err e = ERR_INIT;

	job_context_init(&ctx, job, NULL);
	ctx.pub.progress(&ctx.pub, "looking whether it happened");
	int rc = find_out(job, probe, &verdict, &e);
	if (rc < 0 && e.kind == ERR_CANCELLED && atomic_load(&job->timed_out)) {
		e.kind = ERR_TIMEOUT;
		err_wrap(&e, "there was no answer in time");
	}
	json_add_string(job->data, "verdict", words[rc < 0 ? PROBE_UNSURE : verdict]);
	json_add(job->data, "lines", probe_take_lines(probe));
	json_add(job->data, "error", rc < 0 ? job_error_json(&e) : cJSON_CreateNull());
	job->result = JOB_DONE;
	probe_free(probe);
}
