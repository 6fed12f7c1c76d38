#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "helm/helm_wait.h"
#include "kube/pod_status.h"

/* What helm takes for ready, kind by kind. */

static bool
has_condition(const cJSON *object, const char *type, const char *status)
{
	const cJSON *condition = pod_status_condition(object, type);

	return strcmp(json_string(condition, "status", ""), status) == 0;
}

/* "25%" of total, rounded up or down, or a number. */
static int64_t
scaled(const cJSON *value, int64_t total, bool up, int64_t otherwise)
{
	if (cJSON_IsNumber(value))
		return (int64_t)value->valuedouble;
	if (!cJSON_IsString(value))
		return otherwise;
	double part = strtod(value->valuestring, NULL) * (double)total / 100;
	return (int64_t)(up ? ceil(part) : floor(part));
}

static bool
is_observed(const cJSON *object)
{
	return json_int(object, "status/observedGeneration", 0) ==
	       json_int(object, "metadata/generation", 0);
}

static int64_t
max_unavailable(const cJSON *deployment, int64_t replicas)
{
	const cJSON *rolling = json_at(deployment, "spec/strategy/rollingUpdate");
	int64_t limit;

	if (strcmp(json_string(deployment, "spec/strategy/type", "RollingUpdate"), "Recreate") == 0)
		return 0;
	if (replicas == 0)
		return 0;
	limit = scaled(json_at(rolling, "maxUnavailable"), replicas, false, replicas / 4);
	if (limit == 0 && scaled(json_at(rolling, "maxSurge"), replicas, true, 1) == 0)
		limit = 1;
	return limit < replicas ? limit : replicas;
}

static bool
deployment_ready(const cJSON *deployment, const cJSON *newest)
{
	int64_t replicas = json_int(deployment, "spec/replicas", 1);

	if (json_bool(deployment, "spec/paused", false) || !newest || !is_observed(deployment))
		return false;
	return json_int(newest, "status/readyReplicas", 0) >=
	       replicas - max_unavailable(deployment, replicas);
}

static bool
stateful_set_ready(const cJSON *set)
{
	int64_t partition = json_int(set, "spec/updateStrategy/rollingUpdate/partition", 0);
	int64_t replicas = json_int(set, "spec/replicas", 1);

	if (!is_observed(set))
		return false;
	if (strcmp(json_string(set, "spec/updateStrategy/type", "RollingUpdate"),
		   "RollingUpdate") != 0)
		return true;
	if (json_int(set, "status/updatedReplicas", 0) < replicas - partition ||
	    json_int(set, "status/readyReplicas", 0) != replicas)
		return false;
	return partition > 0 || str_equal(json_string(set, "status/currentRevision", ""),
					  json_string(set, "status/updateRevision", ""));
}

static bool
daemon_set_ready(const cJSON *set)
{
	int64_t wanted = json_int(set, "status/desiredNumberScheduled", 0);
	const cJSON *limit = json_at(set, "spec/updateStrategy/rollingUpdate/maxUnavailable");

	if (!is_observed(set))
		return false;
	if (strcmp(json_string(set, "spec/updateStrategy/type", "RollingUpdate"),
		   "RollingUpdate") != 0)
		return true;
	return json_int(set, "status/updatedNumberScheduled", 0) == wanted &&
	       json_int(set, "status/numberReady", 0) >= wanted - scaled(limit, wanted, true, 1);
}

static int
job_ready(const cJSON *job, struct err *e)
{
	if (json_int(job, "status/failed", 0) > json_int(job, "spec/backoffLimit", 6))
		return err_set(e, ERR_CHECK, "job is failed: %s/%s",
			       json_string(job, "metadata/namespace", ""),
			       json_string(job, "metadata/name", ""));
	return json_int(job, "status/succeeded", 0) >= json_int(job, "spec/completions", 0);
}

static bool
service_ready(const cJSON *service)
{
	const char *type = json_string(service, "spec/type", "ClusterIP");

	if (strcmp(type, "ExternalName") == 0)
		return true;
	if (!*json_string(service, "spec/clusterIP", ""))
		return false;
	return strcmp(type, "LoadBalancer") != 0 || json_at(service, "spec/externalIPs/0") ||
	       json_at(service, "status/loadBalancer/ingress");
}

static bool
claim_ready(const cJSON *claim)
{
	return strcmp(json_string(claim, "status/phase", ""), "Bound") == 0;
}

static bool
pod_ready(const cJSON *pod)
{
	return has_condition(pod, "Ready", "True");
}

static bool
definition_ready(const cJSON *definition)
{
	return has_condition(definition, "Established", "True") ||
	       has_condition(definition, "NamesAccepted", "False");
}

static bool
replicas_ready(const cJSON *set)
{
	return is_observed(set) &&
	       json_int(set, "status/readyReplicas", 0) >= json_int(set, "spec/replicas", 1);
}

int
helm_ready(const cJSON *object, const cJSON *newest, bool jobs, struct err *e)
{
	static const struct {
		const char *kind;
		bool (*is_ready)(const cJSON *object);
	} kinds[] = {
		{ "CustomResourceDefinition", definition_ready },
		{ "DaemonSet", daemon_set_ready },
		{ "PersistentVolumeClaim", claim_ready },
		{ "Pod", pod_ready },
		{ "ReplicaSet", replicas_ready },
		{ "ReplicationController", replicas_ready },
		{ "Service", service_ready },
		{ "StatefulSet", stateful_set_ready },
	};
	const char *kind = json_string(object, "kind", "");

	if (strcmp(kind, "Deployment") == 0)
		return deployment_ready(object, newest);
	if (strcmp(kind, "Job") == 0)
		return jobs ? job_ready(object, e) : 1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].is_ready(object);
	return 1;
}
