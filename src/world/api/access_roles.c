#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/access.h"

#define API_VERSION "rbac.authorization.k8s.io/v1"
#define AGGREGATE "rbac.authorization.k8s.io/aggregate-to-"
#define READ "get list watch"
#define WRITE "create delete deletecollection patch update"
#define EVENTS "create patch update"

/*
 * Words stand between spaces, the core group is "core". Rows of one role stand together.
 * Source: the roles that kube-apiserver makes (kubernetes.io, "Default roles and role bindings"), those of controllers left out.
 */
struct role_rule {
	const char *role;
	const char *verbs;
	const char *groups;    /* NULL: of paths */
	const char *resources; /* or paths */
	const char *names;     /* or NULL */
};

#define CORE_VIEWED                                                                                \
	"configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods "          \
	"replicationcontrollers replicationcontrollers/scale serviceaccounts services "            \
	"services/status"
#define CORE_STATE                                                                                 \
	"bindings events limitranges namespaces/status pods/log pods/status "                      \
	"replicationcontrollers/status resourcequotas resourcequotas/status"
#define APPS_VIEWED                                                                                \
	"controllerrevisions daemonsets daemonsets/status deployments deployments/scale "          \
	"deployments/status replicasets replicasets/scale replicasets/status statefulsets "        \
	"statefulsets/scale statefulsets/status"
#define CORE_EDITED                                                                                \
	"configmaps endpoints persistentvolumeclaims replicationcontrollers "                      \
	"replicationcontrollers/scale secrets serviceaccounts services services/proxy"
#define APPS_EDITED                                                                                \
	"daemonsets deployments deployments/rollback deployments/scale replicasets "               \
	"replicasets/scale statefulsets statefulsets/scale"
#define INSIDE "pods/attach pods/exec pods/portforward pods/proxy"

static const struct role_rule rules[] = {
	{ "cluster-admin", "*", "*", "*", NULL },
	{ "cluster-admin", "*", NULL, "*", NULL },
	{ "system:aggregate-to-admin", "create", "authorization.k8s.io",
	  "localsubjectaccessreviews", NULL },
	{ "system:aggregate-to-admin", "create delete deletecollection get list patch update watch",
	  "rbac.authorization.k8s.io", "rolebindings roles", NULL },
	{ "system:aggregate-to-edit", READ, "core", INSIDE " secrets services/proxy", NULL },
	{ "system:aggregate-to-edit", "impersonate", "core", "serviceaccounts", NULL },
	{ "system:aggregate-to-edit", WRITE, "core", "pods " INSIDE, NULL },
	{ "system:aggregate-to-edit", "create", "core", "pods/eviction serviceaccounts/token",
	  NULL },
	{ "system:aggregate-to-edit", WRITE, "core", CORE_EDITED, NULL },
	{ "system:aggregate-to-edit", WRITE, "apps", APPS_EDITED, NULL },
	{ "system:aggregate-to-edit", WRITE, "autoscaling", "horizontalpodautoscalers", NULL },
	{ "system:aggregate-to-edit", WRITE, "batch", "cronjobs jobs", NULL },
	{ "system:aggregate-to-edit", WRITE, "policy", "poddisruptionbudgets", NULL },
	{ "system:aggregate-to-edit", WRITE, "networking.k8s.io", "ingresses networkpolicies",
	  NULL },
	{ "system:aggregate-to-edit", WRITE " get list watch", "coordination.k8s.io", "leases",
	  NULL },
	{ "system:aggregate-to-view", READ, "core", CORE_VIEWED, NULL },
	{ "system:aggregate-to-view", READ, "core", CORE_STATE, NULL },
	{ "system:aggregate-to-view", READ, "core", "namespaces", NULL },
	{ "system:aggregate-to-view", READ, "discovery.k8s.io", "endpointslices", NULL },
	{ "system:aggregate-to-view", READ, "apps", APPS_VIEWED, NULL },
	{ "system:aggregate-to-view", READ, "autoscaling",
	  "horizontalpodautoscalers horizontalpodautoscalers/status", NULL },
	{ "system:aggregate-to-view", READ, "batch", "cronjobs cronjobs/status jobs jobs/status",
	  NULL },
	{ "system:aggregate-to-view", READ, "policy",
	  "poddisruptionbudgets poddisruptionbudgets/status", NULL },
	{ "system:aggregate-to-view", READ, "networking.k8s.io",
	  "ingresses ingresses/status networkpolicies", NULL },
	{ "system:auth-delegator", "create", "authentication.k8s.io", "tokenreviews", NULL },
	{ "system:auth-delegator", "create", "authorization.k8s.io", "subjectaccessreviews", NULL },
	{ "system:basic-user", "create", "authorization.k8s.io",
	  "selfsubjectaccessreviews selfsubjectrulesreviews", NULL },
	{ "system:basic-user", "create", "authentication.k8s.io", "selfsubjectreviews", NULL },
	{ "system:discovery", "get", NULL,
	  "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version "
	  "/version/",
	  NULL },
	{ "system:kube-scheduler", EVENTS, "core events.k8s.io", "events", NULL },
	{ "system:kube-scheduler", "create", "coordination.k8s.io", "leases", NULL },
	{ "system:kube-scheduler", "get update", "coordination.k8s.io", "leases",
	  "kube-scheduler" },
	{ "system:kube-scheduler", READ, "core", "nodes", NULL },
	{ "system:kube-scheduler", "delete get list watch", "core", "pods", NULL },
	{ "system:kube-scheduler", "create", "core", "bindings pods/binding", NULL },
	{ "system:kube-scheduler", "patch update", "core", "pods/status", NULL },
	{ "system:monitoring", "get", NULL,
	  "/healthz /healthz/* /livez /livez/* /metrics /readyz /readyz/*", NULL },
	{ "system:node-proxier", "list watch", "core", "endpoints services", NULL },
	{ "system:node-proxier", READ, "core", "nodes", NULL },
	{ "system:node-proxier", EVENTS, "core events.k8s.io", "events", NULL },
	{ "system:node-proxier", "list watch", "discovery.k8s.io", "endpointslices", NULL },
	{ "system:public-info-viewer", "get", NULL, "/healthz /livez /readyz /version /version/",
	  NULL },
	{ "system:service-account-issuer-discovery", "get", NULL,
	  "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks",
	  NULL },
};

/* Roles that take the rules of others by their labels; those others in the order of their names. */
static const struct {
	const char *role, *label;
	const char *of[4];
} aggregated[] = {
	{ "admin",
	  AGGREGATE "admin",
	  { "system:aggregate-to-admin", "system:aggregate-to-edit", "system:aggregate-to-view" } },
	{ "edit", AGGREGATE "edit", { "system:aggregate-to-edit", "system:aggregate-to-view" } },
	{ "view", AGGREGATE "view", { "system:aggregate-to-view" } },
};

static const struct {
	const char *role, *label;
} labels[] = {
	{ "edit", AGGREGATE "admin" },
	{ "system:aggregate-to-admin", AGGREGATE "admin" },
	{ "system:aggregate-to-edit", AGGREGATE "edit" },
	{ "system:aggregate-to-view", AGGREGATE "view" },
	{ "view", AGGREGATE "edit" },
};

static const struct {
	const char *role, *kind, *name;
} bindings[] = {
	{ "cluster-admin", "Group", "system:masters" },
	{ "system:basic-user", "Group", "system:authenticated" },
	{ "system:discovery", "Group", "system:authenticated" },
	{ "system:kube-scheduler", "User", "system:kube-scheduler" },
	{ "system:monitoring", "Group", "system:monitoring" },
	{ "system:node-proxier", "User", "system:kube-proxy" },
	{ "system:public-info-viewer", "Group", "system:authenticated" },
	{ "system:public-info-viewer", "Group", "system:unauthenticated" },
	{ "system:service-account-issuer-discovery", "Group", "system:serviceaccounts" },
};

static void
add_words(cJSON *object, const char *name, const char *words)
{
	cJSON *list = cJSON_AddArrayToObject(object, name);

	while (words && *words) {
		size_t len = strcspn(words, " ");
		char *word = xstrndup(words, len);

		cJSON_AddItemToArray(list,
				     cJSON_CreateString(strcmp(word, "core") == 0 ? "" : word));
		free(word);
		words += len + (words[len] == ' ');
	}
}

static cJSON *
make_rule(const struct role_rule *row)
{
	cJSON *rule = cJSON_CreateObject();

	add_words(rule, "verbs", row->verbs);
	if (row->groups) {
		add_words(rule, "apiGroups", row->groups);
		add_words(rule, "resources", row->resources);
	} else {
		add_words(rule, "nonResourceURLs", row->resources);
	}
	if (row->names)
		add_words(rule, "resourceNames", row->names);
	return rule;
}

static void
add_rules_of(cJSON *list, const char *role)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].role, role) == 0)
			cJSON_AddItemToArray(list, make_rule(&rules[i]));
}

/* Kind, name, and the label and annotation of what a cluster brings with it. */
static cJSON *
make_default(const char *kind, const char *name)
{
	cJSON *object = cJSON_CreateObject(), *metadata, *annotations, *marks;

	json_add_string(object, "apiVersion", API_VERSION);
	json_add_string(object, "kind", kind);
	metadata = cJSON_AddObjectToObject(object, "metadata");
	json_add_string(metadata, "name", name);
	annotations = cJSON_AddObjectToObject(metadata, "annotations");
	json_add_string(annotations, "rbac.authorization.kubernetes.io/autoupdate", "true");
	marks = cJSON_AddObjectToObject(metadata, "labels");
	json_add_string(marks, "kubernetes.io/bootstrapping", "rbac-defaults");
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strcmp(labels[i].role, name) == 0)
			json_add_string(marks, labels[i].label, "true");
	return object;
}

static void
add_roles(cJSON *list)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (i > 0 && strcmp(rules[i].role, rules[i - 1].role) == 0)
			continue;
		cJSON *role = make_default("ClusterRole", rules[i].role);
		add_rules_of(cJSON_AddArrayToObject(role, "rules"), rules[i].role);
		cJSON_AddItemToArray(list, role);
	}
}

static void
add_aggregated(cJSON *list)
{
	for (size_t i = 0; i < sizeof(aggregated) / sizeof(aggregated[0]); i++) {
		cJSON *role = make_default("ClusterRole", aggregated[i].role);
		cJSON *selectors = cJSON_AddArrayToObject(
			cJSON_AddObjectToObject(role, "aggregationRule"), "clusterRoleSelectors");
		cJSON *selector = cJSON_CreateObject();

		json_add_string(cJSON_AddObjectToObject(selector, "matchLabels"),
				aggregated[i].label, "true");
		cJSON_AddItemToArray(selectors, selector);
		cJSON *all = cJSON_AddArrayToObject(role, "rules");
		for (const char *const *of = aggregated[i].of; *of; of++)
			add_rules_of(all, *of);
		cJSON_AddItemToArray(list, role);
	}
}

static cJSON *
make_binding(const char *role)
{
	cJSON *binding = make_default("ClusterRoleBinding", role);
	cJSON *ref = cJSON_AddObjectToObject(binding, "roleRef");

	json_add_string(ref, "apiGroup", "rbac.authorization.k8s.io");
	json_add_string(ref, "kind", "ClusterRole");
	json_add_string(ref, "name", role);
	cJSON_AddArrayToObject(binding, "subjects");
	return binding;
}

static void
add_bindings(cJSON *list)
{
	cJSON *binding = NULL;

	for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++) {
		cJSON *subject = cJSON_CreateObject();

		if (i == 0 || strcmp(bindings[i].role, bindings[i - 1].role) != 0) {
			binding = make_binding(bindings[i].role);
			cJSON_AddItemToArray(list, binding);
		}
		json_add_string(subject, "apiGroup", "rbac.authorization.k8s.io");
		json_add_string(subject, "kind", bindings[i].kind);
		json_add_string(subject, "name", bindings[i].name);
		cJSON_AddItemToArray(json_at(binding, "subjects"), subject);
	}
}

cJSON *
access_default_manifests(void)
{
	cJSON *list = cJSON_CreateArray();

	add_roles(list);
	add_aggregated(list);
	add_bindings(list);
	return list;
}
