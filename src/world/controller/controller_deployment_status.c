#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/controller/controller_deployment.h"

/* What a Deployment says of itself. */

struct counts {
	int64_t wanted, all, updated, ready, available;
};

/* The memory of its thing: when it last went on. */
struct progress {
	int64_t at_ms; /* of clock_mono_ms() */
};

static struct progress *
progress_of(struct deployment *d)
{
	if (!d->thing->memory) {
		struct progress *progress = xcalloc(1, sizeof(*progress));

		progress->at_ms = clock_mono_ms();
		d->thing->memory = progress;
	}
	return d->thing->memory;
}

static void
add_counts(const struct thing *set, struct counts *counts)
{
	const cJSON *status = set->stored ? json_at(set->stored->object, "status") : NULL;

	counts->wanted += set_replicas(set);
	counts->all += json_int(status, "replicas", 0);
	counts->ready += json_int(status, "readyReplicas", 0);
	counts->available += json_int(status, "availableReplicas", 0);
}

static struct counts
count(const struct deployment *d)
{
	struct counts counts = { 0, 0, 0, 0, 0 };

	for (size_t i = 0; i < d->old.count; i++)
		add_counts(d->old.items[i], &counts);
	if (d->newest && d->newest->stored) {
		add_counts(d->newest, &counts);
		counts.updated = json_int(d->newest->stored->object, "status/replicas", 0);
	}
	return counts;
}

static bool
complete_with(const struct deployment *d, const struct counts *counts)
{
	int64_t wanted = deployment_replicas(d);

	return counts->updated == wanted && counts->all == wanted && counts->available == wanted;
}

bool
deployment_is_complete(const struct deployment *d)
{
	const cJSON *object = d->thing->stored->object;
	struct counts counts = count(d);

	return complete_with(d, &counts) && json_int(object, "status/observedGeneration", 0) >=
						    json_int(object, "metadata/generation", 0);
}

static int64_t
deadline_s(const struct deployment *d)
{
	return json_int(d->thing->stored->object, "spec/progressDeadlineSeconds", 600);
}

static bool
has_deadline(const struct deployment *d)
{
	return deadline_s(d) < INT32_MAX;
}

static cJSON *
copy_status(const struct deployment *d)
{
	cJSON *status = cJSON_Duplicate(json_at(d->thing->stored->object, "status"), true);

	return cJSON_IsObject(status) ? status : cJSON_CreateObject();
}

void
deployment_progresses(struct deployment *d, const char *reason, const char *message)
{
	cJSON *status = copy_status(d);

	progress_of(d)->at_ms = clock_mono_ms();
	if (has_deadline(d))
		set_condition(need_array(status, "conditions"), "Progressing", true, reason,
			      message, true);
	write_status(d->c, d->thing->stored, status);
}

static bool
has_progressed(const cJSON *before, const struct counts *counts)
{
	int64_t updated = json_int(before, "updatedReplicas", 0);

	return counts->updated > updated ||
	       counts->all - counts->updated < json_int(before, "replicas", 0) - updated ||
	       counts->ready > json_int(before, "readyReplicas", 0) ||
	       counts->available > json_int(before, "availableReplicas", 0);
}

static void
tell_progress(cJSON *conditions, const struct deployment *d, bool status, const char *reason,
	      const char *what)
{
	bool of_set = d->newest && d->newest->stored;
	char *text = xasprintf("%s \"%s\" %s", of_set ? "ReplicaSet" : "Deployment",
			       of_set ? d->newest->stored->name : d->thing->stored->name, what);

	set_condition(conditions, "Progressing", status, reason, text, true);
	free(text);
}

/* True: its deadline has passed, as it is known now. */
static bool
is_late(struct deployment *d, const char *reason)
{
	int64_t left_ms;

	if (strcmp(reason, "NewReplicaSetAvailable") == 0)
		return false;
	if (strcmp(reason, "ProgressDeadlineExceeded") == 0)
		return true;
	left_ms =
		progress_of(d)->at_ms + controllers_seconds(d->c, deadline_s(d)) - clock_mono_ms();
	if (left_ms > 0)
		controllers_later(d->c, d->thing, left_ms);
	return left_ms <= 0;
}

static void
set_progress(struct deployment *d, cJSON *status, const struct counts *counts)
{
	const cJSON *before = json_at(d->thing->stored->object, "status");
	const cJSON *condition = pod_status_condition(d->thing->stored->object, "Progressing");
	const char *reason = json_string(condition, "reason", "");
	cJSON *conditions = need_array(status, "conditions");

	if (counts->all == counts->updated && strcmp(reason, "NewReplicaSetAvailable") == 0)
		return; /* a finished rollout stays finished while its pods are replaced or scaled */
	/* one of the past was rolled out long ago, whatever has become of its pods since */
	if (complete_with(d, counts) || store_is_past(d->c->store)) {
		tell_progress(conditions, d, true, "NewReplicaSetAvailable",
			      "has successfully progressed.");
	} else if (has_progressed(before, counts)) {
		progress_of(d)->at_ms = clock_mono_ms();
		tell_progress(conditions, d, true, "ReplicaSetUpdated", "is progressing.");
		is_late(d, "ReplicaSetUpdated");
	} else if (condition && is_late(d, reason)) {
		tell_progress(conditions, d, false, "ProgressDeadlineExceeded",
			      "has timed out progressing.");
	}
}

static void
set_availability(const struct deployment *d, cJSON *status, const struct counts *counts)
{
	bool enough = counts->available >= deployment_replicas(d) - deployment_unavailable(d);

	set_condition(need_array(status, "conditions"), "Available", enough,
		      enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
		      enough ? "Deployment has minimum availability."
			     : "Deployment does not have minimum availability.",
		      true);
}

static void
set_pause(struct deployment *d, cJSON *status)
{
	const cJSON *condition = pod_status_condition(d->thing->stored->object, "Progressing");
	const char *reason = json_string(condition, "reason", "");
	bool paused = json_bool(d->thing->stored->object, "spec/paused", false);

	if (!has_deadline(d) || strcmp(reason, "ProgressDeadlineExceeded") == 0)
		return;
	if (paused && strcmp(reason, "DeploymentPaused") != 0)
		set_condition(need_array(status, "conditions"), "Progressing", true,
			      "DeploymentPaused", "Deployment is paused", true);
	if (paused || strcmp(reason, "DeploymentPaused") != 0)
		return;
	progress_of(d)->at_ms = clock_mono_ms();
	set_condition(need_array(status, "conditions"), "Progressing", true, "DeploymentResumed",
		      "Deployment is resumed", true);
}

void
deployment_set_status(struct deployment *d, bool rolls)
{
	const struct stored *stored = d->thing->stored;
	struct counts counts = count(d);
	cJSON *status;

	if (controllers_outdated(d->c, d->thing))
		return;
	status = copy_status(d);

	set_count(status, "replicas", counts.all);
	set_count(status, "updatedReplicas", counts.updated);
	set_count(status, "readyReplicas", counts.ready);
	set_count(status, "availableReplicas", counts.available);
	set_count(status, "unavailableReplicas",
		  counts.wanted > counts.available ? counts.wanted - counts.available : 0);
	set_int(status, "observedGeneration", json_int(stored->object, "metadata/generation", 0));
	set_availability(d, status, &counts);
	set_pause(d, status);
	if (rolls && has_deadline(d))
		set_progress(d, status, &counts);
	write_status(d->c, stored, status);
}
