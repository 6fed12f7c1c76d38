#include "config.h"

#include "kube/rollout.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

static int64_t
number(const cJSON *object, const char *path)
{
	return json_int(object, path, 0);
}

/* What the server fills in where a manifest does not say. */
static int64_t
wanted_replicas(const cJSON *object)
{
	return json_int(object, "spec/replicas", 1);
}

static bool
is_observed(const cJSON *object)
{
	return number(object, "metadata/generation") <= number(object, "status/observedGeneration");
}

static const char *
name_of(const cJSON *object)
{
	return json_string(object, "metadata/name", "");
}

static bool
has_exceeded_deadline(const cJSON *object)
{
	const cJSON *condition;

	cJSON_ArrayForEach(condition, json_at(object, "status/conditions"))
		if (strcmp(json_string(condition, "type", ""), "Progressing") == 0)
			return strcmp(json_string(condition, "reason", ""),
				      "ProgressDeadlineExceeded") == 0;
	return false;
}

static enum kube_rollout
deployment_status(const cJSON *object, struct str *sentence)
{
	int64_t wanted = wanted_replicas(object), all = number(object, "status/replicas");
	int64_t updated = number(object, "status/updatedReplicas");
	int64_t available = number(object, "status/availableReplicas");
	const char *name = name_of(object);

	if (!is_observed(object)) {
		str_append(sentence, "Waiting for deployment spec update to be observed...");
		return KUBE_ROLLOUT_WAITING;
	}
	if (has_exceeded_deadline(object)) {
		str_printf(sentence, "deployment \"%s\" exceeded its progress deadline", name);
		return KUBE_ROLLOUT_FAILED;
	}
	if (updated >= wanted && all <= updated && available >= updated) {
		str_printf(sentence, "deployment \"%s\" successfully rolled out", name);
		return KUBE_ROLLOUT_DONE;
	}
	str_printf(sentence, "Waiting for deployment \"%s\" rollout to finish: ", name);
	if (updated < wanted)
		str_printf(sentence,
			   "%" PRId64 " out of %" PRId64 " new replicas have been updated...",
			   updated, wanted);
	else if (all > updated)
		str_printf(sentence, "%" PRId64 " old replicas are pending termination...",
			   all - updated);
	else
		str_printf(sentence, "%" PRId64 " of %" PRId64 " updated replicas are available...",
			   available, updated);
	return KUBE_ROLLOUT_WAITING;
}

static enum kube_rollout
daemon_set_status(const cJSON *object, struct str *sentence)
{
	int64_t wanted = number(object, "status/desiredNumberScheduled");
	int64_t updated = number(object, "status/updatedNumberScheduled");
	int64_t available = number(object, "status/numberAvailable");
	const char *name = name_of(object);

	if (!is_observed(object)) {
		str_append(sentence, "Waiting for daemon set spec update to be observed...");
		return KUBE_ROLLOUT_WAITING;
	}
	if (updated >= wanted && available >= wanted) {
		str_printf(sentence, "daemon set \"%s\" successfully rolled out", name);
		return KUBE_ROLLOUT_DONE;
	}
	str_printf(sentence, "Waiting for daemon set \"%s\" rollout to finish: ", name);
	if (updated < wanted)
		str_printf(sentence, "%" PRId64 " out of %" PRId64 " new pods have been updated...",
			   updated, wanted);
	else
		str_printf(sentence, "%" PRId64 " of %" PRId64 " updated pods are available...",
			   available, wanted);
	return KUBE_ROLLOUT_WAITING;
}

/* Behind the checks that hold for every StatefulSet. */
static enum kube_rollout
partition_status(const cJSON *object, int64_t wanted, struct str *sentence)
{
	int64_t updated = number(object, "status/updatedReplicas");
	const char *current = json_string(object, "status/currentRevision", "");
	const char *update = json_string(object, "status/updateRevision", "");
	int64_t partition = number(object, "spec/updateStrategy/rollingUpdate/partition");

	if (updated < wanted - partition) {
		str_printf(sentence,
			   "Waiting for partitioned roll out to finish: %" PRId64 " out of %" PRId64
			   " new pods have been updated...",
			   updated, wanted - partition);
		return KUBE_ROLLOUT_WAITING;
	}
	if (partition == 0 && strcmp(current, update) != 0) {
		str_printf(sentence,
			   "waiting for statefulset rolling update to complete %" PRId64
			   " pods at revision %s...",
			   updated, update);
		return KUBE_ROLLOUT_WAITING;
	}
	if (json_at(object, "spec/updateStrategy/rollingUpdate"))
		str_printf(sentence,
			   "partitioned roll out complete: %" PRId64
			   " new pods have been updated...",
			   updated);
	else
		str_printf(sentence,
			   "statefulset rolling update complete %" PRId64 " pods at revision %s...",
			   number(object, "status/currentReplicas"), current);
	return KUBE_ROLLOUT_DONE;
}

static enum kube_rollout
stateful_set_status(const cJSON *object, struct str *sentence)
{
	int64_t wanted = wanted_replicas(object);
	int64_t ready = number(object, "status/readyReplicas");

	if (number(object, "status/observedGeneration") == 0 || !is_observed(object)) {
		str_append(sentence, "Waiting for statefulset spec update to be observed...");
		return KUBE_ROLLOUT_WAITING;
	}
	if (ready < wanted) {
		str_printf(sentence, "Waiting for %" PRId64 " pods to be ready...", wanted - ready);
		return KUBE_ROLLOUT_WAITING;
	}
	return partition_status(object, wanted, sentence);
}

static bool
is_kind(const cJSON *object, const char *kind)
{
	return strcmp(json_string(object, "kind", ""), kind) == 0;
}

enum kube_rollout
kube_rollout_status(const cJSON *object, struct str *sentence)
{
	const char *strategy = json_string(object, "spec/updateStrategy/type", "");

	if (is_kind(object, "Deployment"))
		return deployment_status(object, sentence);
	if (!is_kind(object, "DaemonSet") && !is_kind(object, "StatefulSet")) {
		str_append(sentence, "only a Deployment, a StatefulSet or a DaemonSet rolls out");
		return KUBE_ROLLOUT_UNSUPPORTED;
	}
	if (strcmp(strategy, "RollingUpdate") != 0) {
		str_append(sentence,
			   "rollout status is only available for RollingUpdate strategy type");
		return KUBE_ROLLOUT_UNSUPPORTED;
	}
	return is_kind(object, "DaemonSet") ? daemon_set_status(object, sentence)
					    : stateful_set_status(object, sentence);
}

bool
kube_rollout_paused(const cJSON *object)
{
	return is_kind(object, "Deployment") && json_bool(object, "spec/paused", false);
}

static bool
is_owned_by(const cJSON *object, const cJSON *owner)
{
	const char *uid = json_string(owner, "metadata/uid", "");
	const cJSON *reference;

	cJSON_ArrayForEach(reference, json_at(object, "metadata/ownerReferences"))
		if (json_bool(reference, "controller", false))
			return *uid && strcmp(json_string(reference, "uid", ""), uid) == 0;
	return false;
}

static const char *
member(const cJSON *object, const char *map, const char *key)
{
	/* json_at() would take a "/" in the key for a step of the path */
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(json_at(object, map), key);

	return cJSON_IsString(value) ? value->valuestring : "";
}

static void add_requirement(struct str *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
add_requirement(struct str *out, const char *format, ...)
{
	va_list ap;

	if (out->len)
		str_append_char(out, ',');
	va_start(ap, format);
	str_vprintf(out, format, ap);
	va_end(ap);
}

static void
add_values(struct str *out, const cJSON *values)
{
	const cJSON *value;

	str_append(out, " (");
	cJSON_ArrayForEach(value, values)
		str_printf(out, "%s%s", value == values->child ? "" : ",",
			   cJSON_IsString(value) ? value->valuestring : "");
	str_append_char(out, ')');
}

static void
add_expression(struct str *out, const cJSON *expression)
{
	const char *key = json_string(expression, "key", "");
	const char *operator= json_string(expression, "operator", "");
	const cJSON *values = json_at(expression, "values");

	if (strcmp(operator, "Exists") == 0) {
		add_requirement(out, "%s", key);
	} else if (strcmp(operator, "DoesNotExist") == 0) {
		add_requirement(out, "!%s", key);
	} else {
		add_requirement(out, "%s %s", key, strcmp(operator, "In") == 0 ? "in" : "notin");
		add_values(out, values);
	}
}

char *
kube_rollout_selector(const cJSON *workload)
{
	struct str out = STR_INIT;
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(workload, "spec/selector/matchLabels"))
		add_requirement(&out, "%s=%s", item->string,
				cJSON_IsString(item) ? item->valuestring : "");
	cJSON_ArrayForEach(item, json_at(workload, "spec/selector/matchExpressions"))
		add_expression(&out, item);
	return str_take(&out);
}

static const cJSON *
newest_set(const cJSON *deployment, const cJSON *replica_sets)
{
	static const char revision[] = "deployment.kubernetes.io/revision";
	const char *wanted = member(deployment, "metadata/annotations", revision);
	const cJSON *set;

	cJSON_ArrayForEach(set, replica_sets)
		if (*wanted && is_owned_by(set, deployment) &&
		    strcmp(member(set, "metadata/annotations", revision), wanted) == 0)
			return set;
	return NULL;
}

char *
kube_rollout_newest_selector(const cJSON *workload, const cJSON *replica_sets)
{
	const char *label = "controller-revision-hash", *value;
	char *all, *newest;

	if (is_kind(workload, "Deployment")) {
		label = "pod-template-hash";
		value = member(newest_set(workload, replica_sets), "metadata/labels", label);
	} else if (is_kind(workload, "DaemonSet")) {
		label = "pod-template-generation";
		value = member(workload, "metadata/annotations",
			       "deprecated.daemonset.template.generation");
	} else {
		value = json_string(workload, "status/updateRevision", "");
	}
	if (!*value)
		return NULL;
	all = kube_rollout_selector(workload);
	newest = xasprintf("%s%s%s=%s", all, *all ? "," : "", label, value);
	free(all);
	return newest;
}
