#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "world/patch/patch_ownership.h"

/*
 * What is in an object of a kind before anybody has set anything, as the server's Go types have it (fields without
 * omitempty): nobody becomes the owner of these by creating one. Source: the types of k8s.io/api.
 */
#define META "\"metadata\":{\"creationTimestamp\":null}"
#define POD_TEMPLATE "{" META ",\"spec\":{\"containers\":null}}"
#define WORKLOAD "\"selector\":null,\"template\":" POD_TEMPLATE
#define DAEMON_COUNTS                                                                              \
	"\"currentNumberScheduled\":0,\"numberMisscheduled\":0,\"desiredNumberScheduled\":0,"      \
	"\"numberReady\":0"

static const struct {
	const char *kind, *text;
} empty[] = {
	{ "APIService", "{" META ",\"spec\":{},\"status\":{}}" },
	{ "ClusterRole", "{" META ",\"rules\":null}" },
	{ "ClusterRoleBinding",
	  "{" META ",\"roleRef\":{\"apiGroup\":\"\",\"kind\":\"\",\"name\":\"\"}}" },
	{ "CronJob", "{" META ",\"spec\":{\"schedule\":\"\",\"jobTemplate\":{" META
		     ",\"spec\":{\"template\":" POD_TEMPLATE "}}},\"status\":{}}" },
	{ "CustomResourceDefinition",
	  "{" META ",\"spec\":{\"group\":\"\",\"names\":{\"plural\":\"\",\"kind\":\"\"},"
	  "\"scope\":\"\",\"versions\":null},\"status\":{\"conditions\":null,"
	  "\"acceptedNames\":{\"plural\":\"\",\"kind\":\"\"},\"storedVersions\":null}}" },
	{ "DaemonSet", "{" META ",\"spec\":{" WORKLOAD
		       ",\"updateStrategy\":{}},\"status\":{" DAEMON_COUNTS "}}" },
	{ "Deployment", "{" META ",\"spec\":{" WORKLOAD ",\"strategy\":{}},\"status\":{}}" },
	{ "Event", "{" META ",\"involvedObject\":{},\"source\":{},\"firstTimestamp\":null,"
		   "\"lastTimestamp\":null,\"eventTime\":null,\"reportingComponent\":\"\","
		   "\"reportingInstance\":\"\"}" },
	{ "HorizontalPodAutoscaler",
	  "{" META ",\"spec\":{\"scaleTargetRef\":{\"kind\":\"\",\"name\":\"\"},"
	  "\"maxReplicas\":0},\"status\":{\"currentReplicas\":0,\"desiredReplicas\":0}}" },
	{ "Ingress", "{" META ",\"spec\":{},\"status\":{\"loadBalancer\":{}}}" },
	{ "Job", "{" META ",\"spec\":{\"template\":" POD_TEMPLATE "},\"status\":{}}" },
	{ "Lease", "{" META ",\"spec\":{}}" },
	{ "Namespace", "{" META ",\"spec\":{},\"status\":{}}" },
	{ "NetworkPolicy", "{" META ",\"spec\":{\"podSelector\":{}}}" },
	{ "Node", "{" META ",\"spec\":{},\"status\":{\"daemonEndpoints\":{\"kubeletEndpoint\":{"
		  "\"Port\":0}},\"nodeInfo\":{}}}" },
	{ "PersistentVolume", "{" META ",\"spec\":{},\"status\":{}}" },
	{ "PersistentVolumeClaim", "{" META ",\"spec\":{\"resources\":{}},\"status\":{}}" },
	{ "Pod", "{" META ",\"spec\":{\"containers\":null},\"status\":{}}" },
	{ "PodDisruptionBudget",
	  "{" META ",\"spec\":{},\"status\":{\"disruptionsAllowed\":0,\"currentHealthy\":0,"
	  "\"desiredHealthy\":0,\"expectedPods\":0}}" },
	{ "PriorityClass", "{" META ",\"value\":0}" },
	{ "ReplicaSet", "{" META ",\"spec\":{" WORKLOAD "},\"status\":{\"replicas\":0}}" },
	{ "ReplicationController", "{" META ",\"spec\":{},\"status\":{\"replicas\":0}}" },
	{ "Role", "{" META ",\"rules\":null}" },
	{ "RoleBinding", "{" META ",\"roleRef\":{\"apiGroup\":\"\",\"kind\":\"\",\"name\":\"\"}}" },
	{ "Service", "{" META ",\"spec\":{},\"status\":{\"loadBalancer\":{}}}" },
	{ "StatefulSet",
	  "{" META ",\"spec\":{" WORKLOAD ",\"serviceName\":\"\",\"updateStrategy\":{}},"
	  "\"status\":{\"replicas\":0}}" },
	{ "StorageClass", "{" META ",\"provisioner\":\"\"}" },
};

cJSON *
ownership_empty(const struct list_rule *rules, const cJSON *object)
{
	const char *kind = json_string(object, "kind", "");

	/* Of kinds that a definition has brought nothing is there but what is sent. */
	if (!rules)
		return cJSON_CreateObject();
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		if (str_equal(empty[i].kind, kind))
			return cJSON_Parse(empty[i].text);
	return cJSON_Parse("{" META "}");
}
