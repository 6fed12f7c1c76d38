#include "config.h"

#include "world/patch/patch.h"

#include <string.h>

#include "base/str.h"
#include "world/patch/patch_place.h"

/* clang-format off */
#define WHOLE(path) { path, NULL, NULL }
#define BY(path, key) { path, key, NULL }

#define METADATA(p) \
	{ p ".finalizers", "", NULL }, \
	BY(p ".ownerReferences", "uid"), \
	WHOLE(p ".ownerReferences.*")

#define CONTAINERS(p) \
	BY(p, "name"), \
	BY(p ".*.env", "name"), \
	WHOLE(p ".*.env.*.valueFrom.configMapKeyRef"), \
	WHOLE(p ".*.env.*.valueFrom.secretKeyRef"), \
	WHOLE(p ".*.env.*.valueFrom.fieldRef"), \
	WHOLE(p ".*.env.*.valueFrom.resourceFieldRef"), \
	{ p ".*.ports", "containerPort,protocol=TCP", "containerPort" }, \
	BY(p ".*.volumeMounts", "mountPath"), \
	BY(p ".*.volumeDevices", "devicePath"), \
	{ p ".*.resources.claims", "name", "" }

#define POD(p) \
	CONTAINERS(p ".containers"), \
	CONTAINERS(p ".initContainers"), \
	CONTAINERS(p ".ephemeralContainers"), \
	BY(p ".volumes", "name"), \
	WHOLE(p ".volumes.*.csi.nodePublishSecretRef"), \
	WHOLE(p ".volumes.*.ephemeral.volumeClaimTemplate.spec.selector"), \
	WHOLE(p ".volumes.*.ephemeral.volumeClaimTemplate.spec.dataSource"), \
	BY(p ".imagePullSecrets", "name"), \
	WHOLE(p ".imagePullSecrets.*"), \
	BY(p ".hostAliases", "ip"), \
	{ p ".topologySpreadConstraints", "topologyKey,whenUnsatisfiable", "topologyKey" }, \
	WHOLE(p ".topologySpreadConstraints.*.labelSelector"), \
	BY(p ".resourceClaims", "name"), \
	BY(p ".schedulingGates", "name"), \
	WHOLE(p ".nodeSelector"), \
	WHOLE(p ".affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution")

#define TEMPLATE(p) METADATA(p ".metadata"), POD(p ".spec")

static const struct list_rule plain[] = {
	METADATA("metadata"),
	{ 0 },
};

static const struct list_rule pod[] = {
	METADATA("metadata"),
	POD("spec"),
	BY("status.conditions", "type"),
	BY("status.podIPs", "ip"),
	{ "status.hostIPs", NULL, "ip" },
	BY("status.resourceClaimStatuses", "name"),
	{ 0 },
};

static const struct list_rule pod_template[] = {
	METADATA("metadata"),
	TEMPLATE("template"),
	{ 0 },
};

/* Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController. */
static const struct list_rule workload[] = {
	METADATA("metadata"),
	WHOLE("spec.selector"),
	TEMPLATE("spec.template"),
	BY("status.conditions", "type"),
	{ 0 },
};

static const struct list_rule job[] = {
	METADATA("metadata"),
	WHOLE("spec.selector"),
	TEMPLATE("spec.template"),
	{ "status.conditions", NULL, "type" },
	{ "status.uncountedTerminatedPods.failed", "", "" },
	{ "status.uncountedTerminatedPods.succeeded", "", "" },
	{ 0 },
};

static const struct list_rule cron_job[] = {
	METADATA("metadata"),
	METADATA("spec.jobTemplate.metadata"),
	WHOLE("spec.jobTemplate.spec.selector"),
	TEMPLATE("spec.jobTemplate.spec.template"),
	{ 0 },
};

static const struct list_rule service[] = {
	METADATA("metadata"),
	{ "spec.ports", "port,protocol=TCP", "port" },
	WHOLE("spec.selector"),
	BY("status.conditions", "type"),
	{ 0 },
};

static const struct list_rule service_account[] = {
	METADATA("metadata"),
	BY("secrets", "name"),
	WHOLE("secrets.*"),
	{ 0 },
};

static const struct list_rule node[] = {
	METADATA("metadata"),
	{ "spec.podCIDRs", "", NULL },
	BY("status.conditions", "type"),
	BY("status.addresses", "type"),
	{ 0 },
};

/* What has conditions and nothing else that is not plain. */
static const struct list_rule conditions[] = {
	METADATA("metadata"),
	BY("status.conditions", "type"),
	{ 0 },
};

static const struct list_rule replaced_conditions[] = {
	METADATA("metadata"),
	{ "status.conditions", "type", "" },
	{ 0 },
};

static const struct list_rule claim[] = {
	METADATA("metadata"),
	WHOLE("spec.selector"),
	WHOLE("spec.dataSource"),
	BY("status.conditions", "type"),
	{ 0 },
};

static const struct list_rule volume[] = {
	METADATA("metadata"),
	WHOLE("spec.claimRef"),
	WHOLE("spec.nodeAffinity.required"),
	{ 0 },
};

static const struct list_rule event[] = {
	METADATA("metadata"),
	WHOLE("involvedObject"),
	WHOLE("regarding"),
	WHOLE("related"),
	{ 0 },
};

static const struct list_rule binding[] = {
	METADATA("metadata"),
	WHOLE("roleRef"),
	{ 0 },
};

static const struct list_rule ingress[] = {
	METADATA("metadata"),
	WHOLE("spec.defaultBackend.resource"),
	{ 0 },
};

/* NetworkPolicy, PodDisruptionBudget. */
static const struct list_rule selecting[] = {
	METADATA("metadata"),
	WHOLE("spec.selector"),
	WHOLE("spec.podSelector"),
	BY("status.conditions", "type"),
	{ 0 },
};

static const struct list_rule autoscaler[] = {
	METADATA("metadata"),
	WHOLE("spec.scaleTargetRef"),
	{ "status.conditions", "type", "" },
	{ 0 },
};

static const struct list_rule webhooks[] = {
	METADATA("metadata"),
	BY("webhooks", "name"),
	WHOLE("webhooks.*.namespaceSelector"),
	WHOLE("webhooks.*.objectSelector"),
	{ 0 },
};
/* clang-format on */

const struct list_rule *const place_unknown = plain;

static const struct {
	const char *group, *kind;
	const struct list_rule *rules;
} kinds[] = {
	{ "", "ConfigMap", plain },
	{ "", "Endpoints", plain },
	{ "", "Event", event },
	{ "", "LimitRange", plain },
	{ "", "Namespace", conditions },
	{ "", "Node", node },
	{ "", "PersistentVolume", volume },
	{ "", "PersistentVolumeClaim", claim },
	{ "", "Pod", pod },
	{ "", "PodTemplate", pod_template },
	{ "", "ReplicationController", workload },
	{ "", "ResourceQuota", plain },
	{ "", "Secret", plain },
	{ "", "Service", service },
	{ "", "ServiceAccount", service_account },
	{ "admissionregistration.k8s.io", "MutatingWebhookConfiguration", webhooks },
	{ "admissionregistration.k8s.io", "ValidatingWebhookConfiguration", webhooks },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", replaced_conditions },
	{ "apiregistration.k8s.io", "APIService", conditions },
	{ "apps", "ControllerRevision", plain },
	{ "apps", "DaemonSet", workload },
	{ "apps", "Deployment", workload },
	{ "apps", "ReplicaSet", workload },
	{ "apps", "StatefulSet", workload },
	{ "autoscaling", "HorizontalPodAutoscaler", autoscaler },
	{ "batch", "CronJob", cron_job },
	{ "batch", "Job", job },
	{ "certificates.k8s.io", "CertificateSigningRequest", replaced_conditions },
	{ "coordination.k8s.io", "Lease", plain },
	{ "discovery.k8s.io", "EndpointSlice", plain },
	{ "events.k8s.io", "Event", event },
	{ "networking.k8s.io", "Ingress", ingress },
	{ "networking.k8s.io", "IngressClass", plain },
	{ "networking.k8s.io", "NetworkPolicy", selecting },
	{ "node.k8s.io", "RuntimeClass", plain },
	{ "policy", "PodDisruptionBudget", selecting },
	{ "rbac.authorization.k8s.io", "ClusterRole", plain },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", binding },
	{ "rbac.authorization.k8s.io", "Role", plain },
	{ "rbac.authorization.k8s.io", "RoleBinding", binding },
	{ "scheduling.k8s.io", "PriorityClass", plain },
	{ "storage.k8s.io", "CSIDriver", plain },
	{ "storage.k8s.io", "StorageClass", plain },
};

const struct list_rule *
patch_rules(const char *group, const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(kinds[i].group, group) && str_equal(kinds[i].kind, kind))
			return kinds[i].rules;
	return NULL;
}
