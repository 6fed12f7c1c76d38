#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/defaults_internal.h"
#include "world/object/selector.h"

/* ---- what they have in common ---- */

/* `required`: a selector is asked for by itself, besides that it must match. */
static void
check_selector(struct defaults *d, bool required)
{
	const cJSON *selector = json_at(d->object, "spec/selector");
	const cJSON *pod = json_at(d->object, "spec/template");
	const cJSON *labels = json_at(pod, "metadata/labels");
	bool empty = cJSON_GetArraySize(json_at(selector, "matchLabels")) == 0 &&
		     cJSON_GetArraySize(json_at(selector, "matchExpressions")) == 0;

	if (!selector && required) {
		wrong(d, "spec.selector", "Required value");
	} else if (selector && empty) {
		char *text = go_selector(selector);

		wrong(d, "spec.selector", "Invalid value: %s: empty selector is invalid for %s",
		      text, d->kind->singular);
		free(text);
		return;
	}
	struct selector *s = selector ? selector_from_object(selector) : NULL;
	if (!s || !selector_matches(s, pod)) {
		char *text = go_map(labels);

		wrong(d, "spec.template.metadata.labels",
		      "Invalid value: %s: `selector` does not match template `labels`", text);
		free(text);
	}
	selector_free(s);
}

static void
check_always(struct defaults *d)
{
	const char *policy = json_string(d->object, "spec/template/spec/restartPolicy", "Always");

	if (strcmp(policy, "OnFailure") == 0 || strcmp(policy, "Never") == 0)
		wrong_unsupported(d, "spec.template.spec.restartPolicy", policy, "\"Always\"");
}

static void
check_template(struct defaults *d)
{
	defaults_check_pod_spec(d, json_at(d->object, "spec/template/spec"), "spec.template.spec");
	check_always(d);
}

static void
check_same_selector(struct defaults *d)
{
	if (!d->before || same_member(d->object, d->before, "spec/selector"))
		return;
	char *text = go_selector(json_at(d->object, "spec/selector"));
	wrong(d, "spec.selector", "Invalid value: %s: field is immutable", text);
	free(text);
}

/* A share or a number, where a strategy has none. */
static void
give_share(cJSON *object, const char *name)
{
	give_string(object, name, "25%");
}

/* What a new object's status has before a controller has seen it: members between spaces, all 0. */
static void
begin_status(struct defaults *d, const char *members)
{
	cJSON *status;

	if (d->before)
		return;
	status = give_object(d->object, "status");
	while (*members) {
		size_t len = strcspn(members, " ");
		char *name = xstrndup(members, len);

		give_int(status, name, 0);
		free(name);
		members += len + (members[len] == ' ');
	}
}

/* ---- Deployment, ReplicaSet ---- */

void
defaults_fill_deployment(struct defaults *d)
{
	cJSON *spec = give_object(d->object, "spec"), *strategy;

	give_int(spec, "replicas", 1);
	defaults_fill_template(spec);
	strategy = give_object(spec, "strategy");
	give_string(strategy, "type", "RollingUpdate");
	if (strcmp(json_string(strategy, "type", ""), "RollingUpdate") == 0) {
		cJSON *update = give_object(strategy, "rollingUpdate");

		give_share(update, "maxUnavailable");
		give_share(update, "maxSurge");
	}
	give_int(spec, "revisionHistoryLimit", 10);
	give_int(spec, "progressDeadlineSeconds", 600);
	begin_status(d, "");
}

static void
check_strategy(struct defaults *d)
{
	const cJSON *strategy = json_at(d->object, "spec/strategy");
	const char *type = json_string(strategy, "type", "");

	if (strcmp(type, "Recreate") == 0 && json_at(strategy, "rollingUpdate"))
		wrong(d, "spec.strategy.rollingUpdate",
		      "Forbidden: may not be specified when strategy `type` is 'Recreate'");
	else if (strcmp(type, "Recreate") != 0 && strcmp(type, "RollingUpdate") != 0)
		wrong(d, "spec.strategy",
		      "Unsupported value: apps.DeploymentStrategy{Type:\"%s\", "
		      "RollingUpdate:(*apps.RollingUpdateDeployment)(nil)}: supported values: "
		      "\"Recreate\", \"RollingUpdate\"",
		      type);
}

void
defaults_check_deployment(struct defaults *d)
{
	check_not_negative(d, "spec/replicas", "spec.replicas");
	check_selector(d, true);
	check_template(d);
	check_strategy(d);
	check_not_negative(d, "spec/minReadySeconds", "spec.minReadySeconds");
	check_not_negative(d, "spec/revisionHistoryLimit", "spec.revisionHistoryLimit");
	check_same_selector(d);
}

void
defaults_fill_replicaset(struct defaults *d)
{
	cJSON *spec = give_object(d->object, "spec");

	give_int(spec, "replicas", 1);
	defaults_fill_template(spec);
	begin_status(d, "replicas");
}

void
defaults_check_replicaset(struct defaults *d)
{
	check_not_negative(d, "spec/replicas", "spec.replicas");
	check_selector(d, true);
	check_template(d);
	check_same_selector(d);
}

/* ---- StatefulSet ---- */

void
defaults_fill_statefulset(struct defaults *d)
{
	cJSON *spec = give_object(d->object, "spec"), *strategy, *claim;

	give_int(spec, "replicas", 1);
	defaults_fill_template(spec);
	if (!member_of(spec, "serviceName"))
		json_add_string(spec, "serviceName", "");
	give_string(spec, "podManagementPolicy", "OrderedReady");
	strategy = give_object(spec, "updateStrategy");
	give_string(strategy, "type", "RollingUpdate");
	if (strcmp(json_string(strategy, "type", ""), "RollingUpdate") == 0)
		give_int(give_object(strategy, "rollingUpdate"), "partition", 0);
	give_int(spec, "revisionHistoryLimit", 10);
	cJSON_ArrayForEach(claim, member_of(spec, "volumeClaimTemplates")) {
		cJSON *metadata = give_object(claim, "metadata");

		give_string(claim, "kind", "PersistentVolumeClaim");
		give_string(claim, "apiVersion", "v1");
		if (!cJSON_GetObjectItemCaseSensitive(metadata, "creationTimestamp"))
			json_add(metadata, "creationTimestamp", cJSON_CreateNull());
		give_string(give_object(claim, "spec"), "volumeMode", "Filesystem");
		give_string(give_object(claim, "status"), "phase", "Pending");
	}
	begin_status(d, "replicas");
}

/* A claim's template is a volume of the pods by its name. */
static void
check_statefulset_template(struct defaults *d)
{
	cJSON *spec = cJSON_Duplicate(json_at(d->object, "spec/template/spec"), true);
	cJSON *volumes = member_of(spec, "volumes");
	const cJSON *claim;

	if (!volumes) {
		take_away(spec, "volumes");
		volumes = cJSON_AddArrayToObject(spec, "volumes");
	}
	cJSON_ArrayForEach(claim, json_at(d->object, "spec/volumeClaimTemplates")) {
		cJSON *volume = cJSON_CreateObject();

		json_add_string(volume, "name", json_string(claim, "metadata/name", ""));
		cJSON_AddItemToArray(volumes, volume);
	}
	defaults_check_pod_spec(d, spec, "spec.template.spec");
	check_always(d);
	cJSON_Delete(spec);
}

static void
check_statefulset_change(struct defaults *d)
{
	static const char *const changeable[] = { "replicas",
						  "template",
						  "updateStrategy",
						  "minReadySeconds",
						  "persistentVolumeClaimRetentionPolicy",
						  "ordinals" };
	cJSON *now, *then;

	if (!d->before || d->r->code)
		return;
	now = cJSON_Duplicate(json_at(d->object, "spec"), true);
	then = cJSON_Duplicate(json_at(d->before, "spec"), true);
	for (size_t i = 0; i < sizeof(changeable) / sizeof(changeable[0]); i++) {
		take_away(now, changeable[i]);
		take_away(then, changeable[i]);
	}
	if (!cJSON_Compare(now, then, true))
		wrong(d, "spec",
		      "Forbidden: updates to statefulset spec for fields other than 'replicas', "
		      "'ordinals', 'template', 'updateStrategy', "
		      "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
	cJSON_Delete(now);
	cJSON_Delete(then);
}

void
defaults_check_statefulset(struct defaults *d)
{
	check_not_negative(d, "spec/replicas", "spec.replicas");
	check_selector(d, true);
	check_statefulset_template(d);
	check_statefulset_change(d);
}

/* ---- DaemonSet ---- */

void
defaults_fill_daemonset(struct defaults *d)
{
	cJSON *spec = give_object(d->object, "spec"), *strategy;

	defaults_fill_template(spec);
	strategy = give_object(spec, "updateStrategy");
	give_string(strategy, "type", "RollingUpdate");
	if (strcmp(json_string(strategy, "type", ""), "RollingUpdate") == 0) {
		cJSON *update = give_object(strategy, "rollingUpdate");

		give_int(update, "maxUnavailable", 1);
		give_int(update, "maxSurge", 0);
	}
	give_int(spec, "revisionHistoryLimit", 10);
	begin_status(d, "currentNumberScheduled numberMisscheduled desiredNumberScheduled "
			"numberReady");
}

void
defaults_check_daemonset(struct defaults *d)
{
	check_selector(d, false);
	check_template(d);
	check_same_selector(d);
}

/* ---- Job, CronJob ---- */

static void
fill_job_spec(cJSON *spec)
{
	cJSON *pod = give_object(spec, "template");
	cJSON *inner = give_object(pod, "spec");
	bool decided = *json_string(inner, "restartPolicy", "") != '\0';

	defaults_fill_template(spec);
	if (!decided) /* a job's pods need another policy than the usual one, which somebody must choose */
		take_away(inner, "restartPolicy");
}

void
defaults_fill_job(struct defaults *d)
{
	cJSON *spec = give_object(d->object, "spec");

	fill_job_spec(spec);
	if (!member_of(spec, "completions") && !member_of(spec, "parallelism"))
		give_int(spec, "completions", 1);
	give_int(spec, "parallelism", 1);
	give_int(spec, "backoffLimit", 6);
	give_string(spec, "completionMode", "NonIndexed");
	give_bool(spec, "suspend", false);
	begin_status(d, "");
}

static void
check_job_policy(struct defaults *d, const char *path, const char *field)
{
	const char *policy = json_string(d->object, path, "");

	if (!*policy)
		wrong(d, field, "Required value: valid values: \"OnFailure\", \"Never\"");
	else if (strcmp(policy, "OnFailure") != 0 && strcmp(policy, "Never") != 0)
		wrong_unsupported(d, field, policy, "\"OnFailure\", \"Never\"");
}

void
defaults_check_job(struct defaults *d)
{
	const cJSON *completions = json_at(d->object, "spec/completions");

	check_not_negative(d, "spec/parallelism", "spec.parallelism");
	check_not_negative(d, "spec/completions", "spec.completions");
	check_not_negative(d, "spec/backoffLimit", "spec.backoffLimit");
	defaults_check_pod_spec(d, json_at(d->object, "spec/template/spec"), "spec.template.spec");
	check_job_policy(d, "spec/template/spec/restartPolicy", "spec.template.spec.restartPolicy");
	if (!d->before)
		return;
	if (!same_member(d->object, d->before, "spec/completions"))
		wrong(d, "spec.completions", "Invalid value: %.0f: field is immutable",
		      completions ? completions->valuedouble : 0);
	check_same_selector(d);
	if (!same_member(d->object, d->before, "spec/template"))
		wrong(d, "spec.template",
		      "Invalid value: core.PodTemplateSpec: field is immutable");
}

void
defaults_fill_cronjob(struct defaults *d)
{
	cJSON *spec = give_object(d->object, "spec"), *job = give_object(spec, "jobTemplate");
	cJSON *metadata = give_object(job, "metadata");

	if (!cJSON_GetObjectItemCaseSensitive(metadata, "creationTimestamp"))
		json_add(metadata, "creationTimestamp", cJSON_CreateNull());
	fill_job_spec(give_object(job, "spec"));
	give_string(spec, "concurrencyPolicy", "Allow");
	give_bool(spec, "suspend", false);
	give_int(spec, "successfulJobsHistoryLimit", 3);
	give_int(spec, "failedJobsHistoryLimit", 1);
	begin_status(d, "");
}

static size_t
count_words(const char *text)
{
	size_t count = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		text += strcspn(text, " ");
		count++;
	}
	return count;
}

void
defaults_check_cronjob(struct defaults *d)
{
	const char *schedule = json_string(d->object, "spec/schedule", "");
	size_t words = count_words(schedule);

	if (!*schedule)
		wrong(d, "spec.schedule", "Required value");
	else if (*schedule != '@' && words != 5)
		wrong(d, "spec.schedule",
		      "Invalid value: \"%s\": Expected exactly 5 fields, found %zu: %s", schedule,
		      words, schedule);
	defaults_check_pod_spec(d, json_at(d->object, "spec/jobTemplate/spec/template/spec"),
				"spec.jobTemplate.spec.template.spec");
	check_job_policy(d, "spec/jobTemplate/spec/template/spec/restartPolicy",
			 "spec.jobTemplate.spec.template.spec.restartPolicy");
}
