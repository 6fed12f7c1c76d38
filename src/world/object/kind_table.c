#include "config.h"

#include "world/object/kind_internal.h"
#include "world/printer/printer.h"

/*
 * The kinds that every cluster has. Source: the discovery documents of kube-apiserver; versions as of Kubernetes 1.29.
 */

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define ALL WORDS("all")
#define EXTENSIONS WORDS("api-extensions")

/* clang-format off */
const struct kind kind_table[] = {
	{ "", "v1", "configmaps", "configmap", "ConfigMap",
	  WORDS("cm"), NULL, KIND_NAMESPACED, .printer = &printer_configmaps },
	{ "", "v1", "endpoints", "endpoints", "Endpoints",
	  WORDS("ep"), NULL, KIND_NAMESPACED, .printer = &printer_endpoints },
	{ "", "v1", "events", "event", "Event",
	  WORDS("ev"), NULL, KIND_NAMESPACED, .printer = &printer_events },
	{ "", "v1", "limitranges", "limitrange", "LimitRange",
	  WORDS("limits"), NULL, KIND_NAMESPACED, .printer = &printer_plain },
	{ "", "v1", "namespaces", "namespace", "Namespace",
	  WORDS("ns"), NULL, KIND_STATUS, .printer = &printer_namespaces },
	{ "", "v1", "nodes", "node", "Node",
	  WORDS("no"), NULL, KIND_STATUS, .printer = &printer_nodes },
	{ "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim",
	  WORDS("pvc"), NULL, KIND_NAMESPACED | KIND_STATUS, .printer = &printer_claims },
	{ "", "v1", "persistentvolumes", "persistentvolume", "PersistentVolume",
	  WORDS("pv"), NULL, KIND_STATUS, .printer = &printer_volumes },
	{ "", "v1", "pods", "pod", "Pod",
	  WORDS("po"), ALL, KIND_NAMESPACED | KIND_STATUS | KIND_LOG, .printer = &printer_pods },
	{ "", "v1", "podtemplates", "podtemplate", "PodTemplate",
	  NULL, NULL, KIND_NAMESPACED, .printer = &printer_podtemplates },
	{ "", "v1", "replicationcontrollers", "replicationcontroller", "ReplicationController",
	  WORDS("rc"), ALL, KIND_NAMESPACED | KIND_STATUS | KIND_SCALE | KIND_GENERATION, .printer = &printer_replicationcontrollers },
	{ "", "v1", "resourcequotas", "resourcequota", "ResourceQuota",
	  WORDS("quota"), NULL, KIND_NAMESPACED | KIND_STATUS, .printer = &printer_resourcequotas },
	{ "", "v1", "secrets", "secret", "Secret",
	  NULL, NULL, KIND_NAMESPACED, .printer = &printer_secrets },
	{ "", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount",
	  WORDS("sa"), NULL, KIND_NAMESPACED, .printer = &printer_serviceaccounts },
	{ "", "v1", "services", "service", "Service",
	  WORDS("svc"), ALL, KIND_NAMESPACED | KIND_STATUS, .printer = &printer_services },

	{ "apps", "v1", "controllerrevisions", "controllerrevision", "ControllerRevision",
	  NULL, NULL, KIND_NAMESPACED, .printer = &printer_controllerrevisions },
	{ "apps", "v1", "daemonsets", "daemonset", "DaemonSet",
	  WORDS("ds"), ALL, KIND_NAMESPACED | KIND_STATUS | KIND_GENERATION, .printer = &printer_daemonsets },
	{ "apps", "v1", "deployments", "deployment", "Deployment",
	  WORDS("deploy"), ALL, KIND_NAMESPACED | KIND_STATUS | KIND_SCALE | KIND_GENERATION, .printer = &printer_deployments },
	{ "apps", "v1", "replicasets", "replicaset", "ReplicaSet",
	  WORDS("rs"), ALL, KIND_NAMESPACED | KIND_STATUS | KIND_SCALE | KIND_GENERATION, .printer = &printer_replicasets },
	{ "apps", "v1", "statefulsets", "statefulset", "StatefulSet",
	  WORDS("sts"), ALL, KIND_NAMESPACED | KIND_STATUS | KIND_SCALE | KIND_GENERATION, .printer = &printer_statefulsets },

	{ "events.k8s.io", "v1", "events", "event", "Event",
	  WORDS("ev"), NULL, KIND_NAMESPACED, .printer = &printer_events },

	{ "authentication.k8s.io", "v1", "selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview",
	  NULL, NULL, KIND_CREATE_ONLY, .printer = NULL },
	{ "authentication.k8s.io", "v1", "tokenreviews", "tokenreview", "TokenReview",
	  NULL, NULL, KIND_CREATE_ONLY, .printer = NULL },

	{ "authorization.k8s.io", "v1", "localsubjectaccessreviews", "localsubjectaccessreview", "LocalSubjectAccessReview",
	  NULL, NULL, KIND_NAMESPACED | KIND_CREATE_ONLY, .printer = NULL },
	{ "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview",
	  NULL, NULL, KIND_CREATE_ONLY, .printer = NULL },
	{ "authorization.k8s.io", "v1", "selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview",
	  NULL, NULL, KIND_CREATE_ONLY, .printer = NULL },
	{ "authorization.k8s.io", "v1", "subjectaccessreviews", "subjectaccessreview", "SubjectAccessReview",
	  NULL, NULL, KIND_CREATE_ONLY, .printer = NULL },

	{ "autoscaling", "v2", "horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler",
	  WORDS("hpa"), ALL, KIND_NAMESPACED | KIND_STATUS, .printer = &printer_autoscalers },

	{ "batch", "v1", "cronjobs", "cronjob", "CronJob",
	  WORDS("cj"), ALL, KIND_NAMESPACED | KIND_STATUS | KIND_GENERATION, .printer = &printer_cronjobs },
	{ "batch", "v1", "jobs", "job", "Job",
	  NULL, ALL, KIND_NAMESPACED | KIND_STATUS | KIND_GENERATION, .printer = &printer_jobs },

	{ "networking.k8s.io", "v1", "ingressclasses", "ingressclass", "IngressClass",
	  NULL, NULL, KIND_GENERATION, .printer = &printer_ingressclasses },
	{ "networking.k8s.io", "v1", "ingresses", "ingress", "Ingress",
	  WORDS("ing"), NULL, KIND_NAMESPACED | KIND_STATUS | KIND_GENERATION, .printer = &printer_ingresses },
	{ "networking.k8s.io", "v1", "networkpolicies", "networkpolicy", "NetworkPolicy",
	  WORDS("netpol"), NULL, KIND_NAMESPACED | KIND_GENERATION, .printer = &printer_networkpolicies },

	{ "policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget",
	  WORDS("pdb"), NULL, KIND_NAMESPACED | KIND_STATUS | KIND_GENERATION, .printer = &printer_budgets },

	{ "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding",
	  NULL, NULL, 0, .printer = &printer_clusterrolebindings },
	{ "rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", "ClusterRole",
	  NULL, NULL, 0, .printer = &printer_roles },
	{ "rbac.authorization.k8s.io", "v1", "rolebindings", "rolebinding", "RoleBinding",
	  NULL, NULL, KIND_NAMESPACED, .printer = &printer_rolebindings },
	{ "rbac.authorization.k8s.io", "v1", "roles", "role", "Role",
	  NULL, NULL, KIND_NAMESPACED, .printer = &printer_roles },

	{ "storage.k8s.io", "v1", "storageclasses", "storageclass", "StorageClass",
	  WORDS("sc"), NULL, 0, .printer = &printer_storageclasses },

	{ "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "mutatingwebhookconfiguration", "MutatingWebhookConfiguration",
	  NULL, EXTENSIONS, KIND_GENERATION, .printer = &printer_webhooks },
	{ "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "validatingwebhookconfiguration", "ValidatingWebhookConfiguration",
	  NULL, EXTENSIONS, KIND_GENERATION, .printer = &printer_webhooks },

	{ "apiextensions.k8s.io", "v1", "customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition",
	  WORDS("crd", "crds"), EXTENSIONS, KIND_STATUS | KIND_GENERATION, .printer = &printer_definitions },

	{ "scheduling.k8s.io", "v1", "priorityclasses", "priorityclass", "PriorityClass",
	  WORDS("pc"), NULL, KIND_GENERATION, .printer = &printer_priorityclasses },

	{ "coordination.k8s.io", "v1", "leases", "lease", "Lease",
	  NULL, NULL, KIND_NAMESPACED, .printer = &printer_leases },

	{ "discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice",
	  NULL, NULL, KIND_NAMESPACED | KIND_GENERATION, .printer = &printer_endpointslices },
};
/* clang-format on */
const size_t kind_table_count = sizeof(kind_table) / sizeof(kind_table[0]);
