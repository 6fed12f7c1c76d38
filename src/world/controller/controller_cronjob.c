#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"
#include "world/controller/controller_schedule.h"
#include "world/object/store_object.h"

/* CronJobs: a Job at each minute that the schedule names, of the real clock. Source: k8s.io/kubernetes, pkg/controller/cronjob. */

#define COMPONENT "cronjob-controller"

/* ---- history ---- */

/* Of those that ended so, the oldest beyond the limit go. */
static void
forget_oldest(struct controllers *c, struct thing *cron, const char *type, const char *limit,
	      int64_t otherwise)
{
	struct things jobs = owned_of_kind(cron, c->kinds.jobs);
	int64_t keep = json_int(cron->stored->object, limit, otherwise), ended = 0;

	sort_by_age(&jobs);
	for (size_t i = jobs.count; i-- > 0 && cron->stored;) {
		struct thing *job = jobs.items[i];

		if (!job->stored || thing_is_deleting(job) ||
		    !condition_holds(job->stored->object, type) || ++ended <= keep)
			continue;
		char *name = xstrdup(job->stored->name);
		if (write_delete(c, job->stored, "Background", 0) && cron->stored)
			event_tell(c, cron->stored, COMPONENT, NULL, NULL, "Normal",
				   "SuccessfulDelete", "Deleted job %s", name);
		free(name);
	}
	things_release(&jobs);
}

/* ---- status ---- */

static void
add_active(cJSON *list, const struct thing *job)
{
	cJSON *item = cJSON_CreateObject();

	json_add_string(item, "apiVersion", "batch/v1");
	json_add_string(item, "kind", "Job");
	json_add_string(item, "name", job->stored->name);
	json_add_string(item, "namespace", job->stored->ns);
	json_add_string(item, "uid", job->stored->uid);
	cJSON_AddItemToArray(list, item);
}

static bool
was_active(const struct thing *cron, const struct thing *job)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(cron->stored->object, "status/active"))
		if (str_equal(json_string(item, "uid", NULL), job->stored->uid))
			return true;
	return false;
}

static void
note_success(cJSON *status, const struct thing *job)
{
	const char *at = json_string(job->stored->object, "status/completionTime", "");

	if (*at && strcmp(json_string(status, "lastSuccessfulTime", ""), at) < 0)
		set_string(status, "lastSuccessfulTime", at);
}

static void
set_status(struct controllers *c, struct thing *cron, const char *scheduled)
{
	struct things jobs = owned_of_kind(cron, c->kinds.jobs);
	cJSON *status = cJSON_Duplicate(json_at(cron->stored->object, "status"), true), *active;

	if (!cJSON_IsObject(status)) {
		cJSON_Delete(status);
		status = cJSON_CreateObject();
	}
	unset(status, "active");
	active = cJSON_CreateArray();
	sort_by_age(&jobs);
	for (size_t i = 0; i < jobs.count; i++) {
		if (job_is_finished(jobs.items[i]))
			note_success(status, jobs.items[i]);
		else
			add_active(active, jobs.items[i]);
	}
	if (active->child)
		json_add(status, "active", active);
	else
		cJSON_Delete(active);
	if (scheduled)
		set_string(status, "lastScheduleTime", scheduled);
	write_status(c, cron->stored, status);
	things_release(&jobs);
}

static void
tell_finished(struct controllers *c, struct thing *cron)
{
	struct things jobs = owned_of_kind(cron, c->kinds.jobs);

	for (size_t i = 0; i < jobs.count && cron->stored; i++)
		if (jobs.items[i]->stored && job_is_finished(jobs.items[i]) &&
		    was_active(cron, jobs.items[i]))
			event_tell(c, cron->stored, COMPONENT, NULL, NULL, "Normal",
				   "SawCompletedJob", "Saw completed job: %s, status: %s",
				   jobs.items[i]->stored->name,
				   condition_holds(jobs.items[i]->stored->object, "Failed")
					   ? "Failed"
					   : "Complete");
	things_release(&jobs);
}

/* ---- starting one ---- */

static cJSON *
new_job(struct controllers *c, const struct thing *cron, int64_t at_s)
{
	const cJSON *template = json_at(cron->stored->object, "spec/jobTemplate");
	cJSON *job = new_object(c->kinds.jobs), *metadata = json_at(job, "metadata");
	char *name = xasprintf("%s-%" PRId64, cron->stored->name, at_s / 60);
	char stamp[CLOCK_STAMP_MAX];

	json_add_string(metadata, "name", name);
	set_copy(metadata, "labels", json_at(template, "metadata/labels"));
	set_copy(metadata, "annotations", json_at(template, "metadata/annotations"));
	set_string(need_object(metadata, "annotations"),
		   "batch.kubernetes.io/cronjob-scheduled-timestamp",
		   object_time(at_s * 1000, stamp));
	cJSON_AddItemToArray(need_array(metadata, "ownerReferences"),
			     owner_reference(cron->stored));
	set_copy(job, "spec", json_at(template, "spec"));
	need_object(job, "spec");
	free(name);
	return job;
}

/* What still runs may forbid it, or has to go. False: not now. */
static bool
make_room(struct controllers *c, struct thing *cron)
{
	const char *policy = json_string(cron->stored->object, "spec/concurrencyPolicy", "Allow");
	struct things jobs = owned_of_kind(cron, c->kinds.jobs);
	bool forbidden = strcmp(policy, "Forbid") == 0, replaces = strcmp(policy, "Replace") == 0;
	bool room = true;

	for (size_t i = 0; i < jobs.count; i++) {
		struct thing *job = jobs.items[i];

		if (!job->stored || job_is_finished(job))
			continue;
		if (forbidden)
			room = false;
		else if (replaces && !thing_is_deleting(job))
			write_delete(c, job->stored, "Background", 0);
	}
	things_release(&jobs);
	return room && cron->stored;
}

static void
start_job(struct controllers *c, struct thing *cron, int64_t at_s)
{
	const struct stored *job;
	char stamp[CLOCK_STAMP_MAX];

	if (!make_room(c, cron)) {
		if (cron->stored)
			event_tell(c, cron->stored, COMPONENT, NULL, NULL, "Normal",
				   "JobAlreadyActive",
				   "Not starting job because prior execution is running and "
				   "concurrency policy is Forbid");
		return;
	}
	job = write_new(c, c->kinds.jobs, cron->stored->ns, new_job(c, cron, at_s), NULL);
	if (job && cron->stored)
		event_tell(c, cron->stored, COMPONENT, NULL, NULL, "Normal", "SuccessfulCreate",
			   "Created job %s", job->name);
	stored_drop(job);
	if (cron->stored)
		set_status(c, cron, object_time(at_s * 1000, stamp));
}

/* The last minute behind since_s that the schedule names, up to now_s; -1: none. Looked for backwards, further and further. */
static int64_t
last_time(const struct schedule *schedule, int64_t since_s, int64_t now_s)
{
	int64_t from_s = now_s, at, last = -1;

	for (int64_t span_s = 60; from_s > since_s && last < 0; span_s *= 2) {
		from_s = now_s - span_s > since_s ? now_s - span_s : since_s;
		for (at = schedule_next(schedule, from_s); at >= 0 && at <= now_s;
		     at = schedule_next(schedule, at))
			last = at;
	}
	return last;
}

/* The last time that it should have been started, or -1; *ret_next: the next time from now. */
static int64_t
find_due(const struct thing *cron, const struct schedule *schedule, int64_t now_s,
	 int64_t *ret_next)
{
	const cJSON *object = cron->stored->object;
	int64_t limit_s = json_int(object, "spec/startingDeadlineSeconds", -1), since_ms;
	const char *last = json_string(object, "status/lastScheduleTime",
				       json_string(object, "metadata/creationTimestamp", ""));

	if (clock_parse_utc(last, &since_ms) < 0)
		since_ms = now_s * 1000;
	if (limit_s >= 0 && since_ms / 1000 < now_s - limit_s)
		since_ms = (now_s - limit_s) * 1000;
	*ret_next = schedule_next(schedule, now_s);
	return last_time(schedule, since_ms / 1000, now_s);
}

static void
look_at_clock(struct controllers *c, struct thing *cron)
{
	const char *text = json_string(cron->stored->object, "spec/schedule", "");
	struct schedule schedule;
	int64_t now_ms = here_ms(), due, next;

	if (!schedule_parse(text, &schedule)) {
		event_tell(c, cron->stored, COMPONENT, NULL, NULL, "Warning", "UnparseableSchedule",
			   "unparseable schedule: %s", text);
		return;
	}
	due = find_due(cron, &schedule, now_ms / 1000, &next);
	if (due >= 0)
		start_job(c, cron, due);
	if (cron->stored && next >= 0)
		controllers_later(c, cron, next * 1000 - now_ms);
}

void
cronjob_reconcile(struct controllers *c, struct thing *thing)
{
	if (thing_is_deleting(thing))
		return;
	tell_finished(c, thing);
	if (thing->stored)
		forget_oldest(c, thing, "Complete", "spec/successfulJobsHistoryLimit", 3);
	if (thing->stored)
		forget_oldest(c, thing, "Failed", "spec/failedJobsHistoryLimit", 1);
	if (thing->stored)
		set_status(c, thing, NULL);
	if (thing->stored && !json_bool(thing->stored->object, "spec/suspend", false))
		look_at_clock(c, thing);
}
