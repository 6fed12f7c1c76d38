#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/* Jobs: pods that have to end well, so many times. Source: k8s.io/kubernetes, pkg/controller/job. */

#define COMPONENT "job-controller"
#define UID_LABEL "batch.kubernetes.io/controller-uid"

enum { BACKOFF_MS = 10000, BACKOFF_MAX_MS = 360 * 1000 };

/* The memory of its thing. */
struct tries {
	int64_t failed;
	int64_t failed_ms; /* when it was the last time */
};

struct job {
	struct controllers *c;
	struct thing *thing;
	struct things pods;
	int64_t parallelism, completions; /* -1: as soon as one has ended well */
	int64_t active, ready, succeeded, failed;
};

/* ---- its selector ---- */

static void
label_pods(cJSON *job)
{
	cJSON *labels = need_object(
		need_object(need_object(json_at(job, "spec"), "template"), "metadata"), "labels");
	const char *uid = json_string(job, "metadata/uid", "");
	const char *name = json_string(job, "metadata/name", "");

	set_string(labels, UID_LABEL, uid);
	set_string(labels, "batch.kubernetes.io/job-name", name);
	set_string(labels, "controller-uid", uid);
	set_string(labels, "job-name", name);
}

static bool
make_selector(void *data, cJSON *job)
{
	cJSON *spec = need_object(job, "spec");

	(void)data;
	if (json_at(spec, "selector"))
		return false;
	set_string(need_object(need_object(spec, "selector"), "matchLabels"), UID_LABEL,
		   json_string(job, "metadata/uid", ""));
	label_pods(job);
	return true;
}

/* ---- how far it is ---- */

/* Containers that were started again count as failures too. */
static int64_t
restarts_of(const struct thing *pod)
{
	const cJSON *status;
	int64_t sum = 0;

	cJSON_ArrayForEach(status, json_at(pod->stored->object, "status/containerStatuses"))
		sum += json_int(status, "restartCount", 0);
	return sum;
}

static void
count(struct job *j)
{
	const cJSON *before = json_at(j->thing->stored->object, "status");

	j->active = j->ready = j->succeeded = j->failed = 0;
	for (size_t i = 0; i < j->pods.count; i++) {
		const struct thing *pod = j->pods.items[i];

		if (!pod->stored)
			continue;
		j->succeeded += pod->pod.succeeded;
		j->failed += pod->pod.failed;
		j->active += pod_is_active(pod);
		j->ready += pod_is_active(pod) && pod->pod.ready;
	}
	/* who removes a pod that has ended does not undo what it did */
	if (j->succeeded < json_int(before, "succeeded", 0))
		j->succeeded = json_int(before, "succeeded", 0);
	if (j->failed < json_int(before, "failed", 0))
		j->failed = json_int(before, "failed", 0);
}

static int64_t
tries_of(const struct job *j)
{
	int64_t tries = j->failed;

	for (size_t i = 0; i < j->pods.count; i++)
		if (j->pods.items[i]->stored && pod_is_active(j->pods.items[i]))
			tries += restarts_of(j->pods.items[i]);
	return tries;
}

static void
end_active(struct job *j)
{
	for (size_t i = 0; i < j->pods.count && j->thing->stored; i++)
		if (j->pods.items[i]->stored && pod_is_active(j->pods.items[i]))
			pod_delete(j->c, j->thing, COMPONENT, j->pods.items[i]);
}

/* ---- what it says of itself ---- */

static cJSON *
new_status(const struct job *j)
{
	cJSON *status = cJSON_Duplicate(json_at(j->thing->stored->object, "status"), true);
	char now[32];

	if (!cJSON_IsObject(status)) {
		cJSON_Delete(status);
		status = cJSON_CreateObject();
	}
	set_count(status, "active", j->active);
	set_count(status, "succeeded", j->succeeded);
	set_count(status, "failed", j->failed);
	set_int(status, "ready", j->ready);
	need_object(status, "uncountedTerminatedPods");
	if (!json_at(status, "startTime") &&
	    !json_bool(j->thing->stored->object, "spec/suspend", false))
		json_add_string(status, "startTime", now_text(now));
	return status;
}

static void
add_condition(cJSON *status, const char *type, bool holds, const char *reason, const char *message)
{
	cJSON *conditions = need_array(status, "conditions"), *condition;
	char now[32];

	if (!set_condition(conditions, type, holds, reason, message, false))
		return;
	cJSON_ArrayForEach(condition, conditions)
		if (str_equal(json_string(condition, "type", NULL), type))
			set_string(condition, "lastProbeTime", now_text(now));
}

static void
finish(struct job *j, bool well, const char *reason, const char *message)
{
	struct things none = { NULL, 0, 0 };
	cJSON *status;
	char now[32];

	end_active(j);
	if (!j->thing->stored)
		return;
	things_release(&j->pods);
	j->pods = none;
	j->active = j->ready = 0;
	status = new_status(j);
	add_condition(status, well ? "Complete" : "Failed", true, reason, message);
	if (well)
		set_string(status, "completionTime", now_text(now));
	write_status(j->c, j->thing->stored, status);
	if (j->thing->stored)
		event_tell(j->c, j->thing->stored, COMPONENT, NULL, NULL,
			   well ? "Normal" : "Warning", well ? "Completed" : reason, "%s",
			   well ? "Job completed" : message);
}

/* ---- making pods ---- */

static int64_t
pause_left(struct job *j)
{
	struct tries *tries = j->thing->memory;
	int64_t pause_ms = BACKOFF_MS;

	if (!tries)
		tries = j->thing->memory = xcalloc(1, sizeof(*tries));
	if (j->failed > tries->failed) {
		tries->failed = j->failed;
		tries->failed_ms = clock_mono_ms();
	}
	if (!tries->failed)
		return 0;
	for (int64_t i = 1; i < tries->failed && pause_ms < BACKOFF_MAX_MS; i++)
		pause_ms *= 2;
	if (pause_ms > BACKOFF_MAX_MS)
		pause_ms = BACKOFF_MAX_MS;
	return tries->failed_ms + controllers_scaled(j->c, pause_ms) - clock_mono_ms();
}

static int64_t
missing(const struct job *j)
{
	int64_t wanted = j->parallelism;

	if (j->completions < 0)
		return j->succeeded ? 0 : wanted - j->active;
	if (j->completions - j->succeeded < wanted)
		wanted = j->completions - j->succeeded;
	return wanted - j->active;
}

static void
make_pods(struct job *j, int64_t number)
{
	int64_t pause_ms = pause_left(j);

	if (number > 0 && pause_ms > 0) {
		controllers_later(j->c, j->thing, pause_ms);
		return;
	}
	for (int64_t i = 0; i < number && j->thing->stored; i++) {
		cJSON *pod = pod_from_template(j->c, j->thing,
					       json_at(j->thing->stored->object, "spec/template"));
		char *prefix = xasprintf("%s-", j->thing->stored->name);

		json_add_string(json_at(pod, "metadata"), "generateName", prefix);
		free(prefix);
		if (!pod_create(j->c, j->thing, COMPONENT, pod))
			return;
		j->active++;
	}
}

/* ---- deadlines ---- */

/* What is left of `seconds` since a time of its status; INT64_MAX: no such limit, or the time is not there. */
static int64_t
left_of(const struct job *j, const char *limit, const char *since)
{
	const cJSON *object = j->thing->stored->object;
	int64_t seconds = json_int(object, limit, -1), wall_ms;

	if (seconds < 0 || clock_parse_utc(json_string(object, since, ""), &wall_ms) < 0)
		return INT64_MAX;
	return wall_ms + controllers_seconds(j->c, seconds) - here_ms();
}

bool
job_is_finished(const struct thing *job)
{
	return condition_holds(job->stored->object, "Complete") ||
	       condition_holds(job->stored->object, "Failed");
}

static void
outlive(struct job *j)
{
	const cJSON *failed = pod_status_condition(j->thing->stored->object, "Failed");
	int64_t left_ms = left_of(j, "spec/ttlSecondsAfterFinished", "status/completionTime");
	int64_t ttl_s = json_int(j->thing->stored->object, "spec/ttlSecondsAfterFinished", -1);
	int64_t wall_ms;

	if (failed && ttl_s >= 0 &&
	    clock_parse_utc(json_string(failed, "lastTransitionTime", ""), &wall_ms) == 0)
		left_ms = wall_ms + controllers_seconds(j->c, ttl_s) - here_ms();
	if (left_ms == INT64_MAX)
		return;
	if (left_ms > 0)
		controllers_later(j->c, j->thing, left_ms);
	else
		write_delete(j->c, j->thing->stored, "Foreground", 0);
}

static void
suspend(struct job *j)
{
	cJSON *status;

	end_active(j);
	if (!j->thing->stored)
		return;
	j->active = j->ready = 0;
	status = new_status(j);
	unset(status, "startTime");
	add_condition(status, "Suspended", true, "JobSuspended", "Job suspended");
	write_status(j->c, j->thing->stored, status);
}

static void
go_on(struct job *j)
{
	int64_t left_ms = left_of(j, "spec/activeDeadlineSeconds", "status/startTime");
	int64_t limit = json_int(j->thing->stored->object, "spec/backoffLimit", 6);
	cJSON *status;

	if (left_ms <= 0) {
		finish(j, false, "DeadlineExceeded",
		       "Job was active longer than specified deadline");
	} else if (tries_of(j) > limit) {
		finish(j, false, "BackoffLimitExceeded",
		       "Job has reached the specified backoff limit");
	} else if (j->completions >= 0 ? j->succeeded >= j->completions
				       : j->succeeded > 0 && j->active == 0) {
		finish(j, true, NULL, NULL);
	} else {
		make_pods(j, missing(j));
		if (!j->thing->stored)
			return;
		status = new_status(j);
		if (pod_status_condition(j->thing->stored->object, "Suspended"))
			add_condition(status, "Suspended", false, "JobResumed", "Job resumed");
		write_status(j->c, j->thing->stored, status);
		if (j->thing->stored && left_ms != INT64_MAX)
			controllers_later(j->c, j->thing, left_ms);
	}
}

void
job_reconcile(struct controllers *c, struct thing *thing)
{
	struct job j = { .c = c, .thing = thing };
	const cJSON *spec;

	if (thing_is_deleting(thing))
		return;
	write_change(c, thing->stored, false, make_selector, NULL);
	if (!thing->stored)
		return;
	spec = json_at(thing->stored->object, "spec");
	j.parallelism = json_int(spec, "parallelism", 1);
	j.completions = json_int(spec, "completions", json_at(spec, "parallelism") ? -1 : 1);
	if (job_is_finished(thing)) {
		outlive(&j);
		return;
	}
	j.pods = claim(c, thing, c->kinds.pods);
	if (thing->stored) {
		count(&j);
		if (json_bool(thing->stored->object, "spec/suspend", false))
			suspend(&j);
		else
			go_on(&j);
	}
	things_release(&j.pods);
}
