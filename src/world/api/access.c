#include "config.h"

#include "world/api/access.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/access_internal.h"
#include "world/object/selector.h"

#define RBAC "rbac.authorization.k8s.io"

enum { AGGREGATION_DEPTH = 4 }; /* admin takes edit, which takes view */

/* Source: kubernetes.io, "Using RBAC Authorization"; the words are those of kube-apiserver. */

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

bool
caller_in_group(const struct caller *caller, const char *group)
{
	for (char **g = caller->groups; g && *g; g++)
		if (strcmp(*g, group) == 0)
			return true;
	return false;
}

static bool
list_has(const cJSON *list, const char *value)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (str_equal(cJSON_GetStringValue(item), value))
			return true;
	return false;
}

/* ---- whose rules ---- */

static bool
is_account(const char *user, const char *ns, const char *name)
{
	char *whole = xasprintf("system:serviceaccount:%s:%s", ns, name);
	bool same = strcmp(user, whole) == 0;

	free(whole);
	return same;
}

static const cJSON *
subject_of(const cJSON *binding, const struct caller *caller)
{
	const cJSON *subject;

	cJSON_ArrayForEach(subject, json_at(binding, "subjects")) {
		const char *kind = json_string(subject, "kind", "");
		const char *name = json_string(subject, "name", "");
		const char *ns = json_string(subject, "namespace",
					     json_string(binding, "metadata/namespace", ""));

		if ((strcmp(kind, "User") == 0 && strcmp(name, caller->user) == 0) ||
		    (strcmp(kind, "Group") == 0 && caller_in_group(caller, name)) ||
		    (strcmp(kind, "ServiceAccount") == 0 && is_account(caller->user, ns, name)))
			return subject;
	}
	return NULL;
}

/* ---- the rules of a role ---- */

struct walk {
	struct store *store;
	struct kinds *kinds;
	struct access_visitor *v;
	struct access_grant grant;
};

static bool visit_cluster_role(const struct walk *w, const cJSON *role, int depth);

static bool
visit_rules(const struct walk *w, const cJSON *rules)
{
	const cJSON *rule;

	cJSON_ArrayForEach(rule, rules)
		if (!w->v->visit(w->v->data, &w->grant, rule))
			return false;
	return true;
}

static bool
is_selected(const cJSON *selectors, const cJSON *role)
{
	const cJSON *one;
	bool selected = false;

	cJSON_ArrayForEach(one, selectors) {
		struct selector *selector = selector_from_object(one);

		selected = selected || selector_matches(selector, role);
		selector_free(selector);
	}
	return selected;
}

static bool
visit_aggregated(const struct walk *w, const cJSON *role, const cJSON *selectors, int depth)
{
	const struct kind *kind = kinds_by_resource(w->kinds, RBAC, "v1", "clusterroles");
	uint64_t version;
	size_t count;
	const struct stored **roles = store_list(w->store, kind, NULL, &count, &version);
	bool on = true;

	for (size_t i = 0; i < count; i++) {
		if (on && roles[i]->object != role && is_selected(selectors, roles[i]->object))
			on = visit_cluster_role(w, roles[i]->object, depth - 1);
		stored_drop(roles[i]);
	}
	free(roles);
	return on;
}

/* The rules of one that aggregates are those of the others alone: its own are only what a controller wrote down of them. */
static bool
visit_cluster_role(const struct walk *w, const cJSON *role, int depth)
{
	const cJSON *selectors = json_at(role, "aggregationRule/clusterRoleSelectors");

	if (depth == 0)
		return true;
	return selectors ? visit_aggregated(w, role, selectors, depth)
			 : visit_rules(w, json_at(role, "rules"));
}

static void
note_missing(struct access_visitor *v, bool cluster_role, const char *name)
{
	str_printf(&v->errors, "%s%s." RBAC " \"%s\" not found", v->errors_count++ ? ", " : "",
		   cluster_role ? "clusterrole" : "role", name);
}

static bool
visit_binding(struct walk *w, const struct caller *caller, const cJSON *binding)
{
	const char *name = json_string(binding, "roleRef/name", "");
	bool cluster_role = str_equal(json_string(binding, "roleRef/kind", ""), "ClusterRole");
	const struct kind *kind =
		kinds_by_resource(w->kinds, RBAC, "v1", cluster_role ? "clusterroles" : "roles");

	w->grant.binding = binding;
	w->grant.subject = subject_of(binding, caller);
	if (!w->grant.subject || !kind)
		return true;
	const struct stored *role =
		store_get(w->store, kind, json_string(binding, "metadata/namespace", ""), name);
	if (!role) {
		note_missing(w->v, cluster_role, name);
		return true;
	}
	bool on = cluster_role ? visit_cluster_role(w, role->object, AGGREGATION_DEPTH)
			       : visit_rules(w, json_at(role->object, "rules"));
	stored_drop(role);
	return on;
}

static bool
visit_bindings(struct walk *w, const struct caller *caller, const char *resource, const char *ns)
{
	const struct kind *kind = kinds_by_resource(w->kinds, RBAC, "v1", resource);
	uint64_t version;
	size_t count;
	bool on = true;

	if (!kind)
		return true;
	const struct stored **bindings = store_list(w->store, kind, ns, &count, &version);
	for (size_t i = 0; i < count; i++) {
		on = on && visit_binding(w, caller, bindings[i]->object);
		stored_drop(bindings[i]);
	}
	free(bindings);
	return on;
}

bool
access_visit_rules(struct store *store, struct kinds *kinds, const struct caller *caller,
		   const char *ns, struct access_visitor *v)
{
	struct walk w = { .store = store, .kinds = kinds, .v = v, .grant = { .everywhere = true } };

	if (!visit_bindings(&w, caller, "clusterrolebindings", NULL))
		return false;
	w.grant.everywhere = false;
	return !ns || !*ns || visit_bindings(&w, caller, "rolebindings", ns);
}

char *
access_errors_reason(const struct access_visitor *v)
{
	if (v->errors_count == 0)
		return xstrdup("");
	return v->errors_count == 1 ? xasprintf("RBAC: %s", str_cstr(&v->errors))
				    : xasprintf("RBAC: [%s]", str_cstr(&v->errors));
}

/* ---- what a rule allows ---- */

static bool
path_matches(const cJSON *urls, const char *path)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, urls) {
		const char *url = cJSON_GetStringValue(item);
		size_t len = url ? strlen(url) : 0;

		if (len && (strcmp(url, path) == 0 ||
			    (url[len - 1] == '*' && strncmp(url, path, len - 1) == 0)))
			return true;
	}
	return false;
}

/* "pods", "pods/log", "*" for all of both, and a star before a slash for a subresource of anything. */
static bool
resource_matches(const cJSON *resources, const struct access_request *request)
{
	const char *sub = or_empty(request->subresource);
	char *whole = *sub ? xasprintf("%s/%s", or_empty(request->resource), sub)
			   : xstrdup(or_empty(request->resource));
	char *any = xasprintf("*/%s", sub);
	bool matches = list_has(resources, "*") || list_has(resources, whole) ||
		       (*sub && list_has(resources, any));

	free(whole);
	free(any);
	return matches;
}

static bool
rule_allows(const cJSON *rule, const struct access_request *request)
{
	const cJSON *verbs = json_at(rule, "verbs"), *groups = json_at(rule, "apiGroups"),
		    *names = json_at(rule, "resourceNames");

	if (!list_has(verbs, "*") && !list_has(verbs, or_empty(request->verb)))
		return false;
	if (request->path)
		return path_matches(json_at(rule, "nonResourceURLs"), request->path);
	return (list_has(groups, "*") || list_has(groups, or_empty(request->group))) &&
	       resource_matches(json_at(rule, "resources"), request) &&
	       (cJSON_GetArraySize(names) == 0 || list_has(names, or_empty(request->name)));
}

struct question {
	const struct access_request *request;
	char *reason; /* once it is allowed */
};

static char *
describe(const struct access_grant *grant)
{
	const char *ns = json_string(grant->binding, "metadata/namespace", "");
	const char *kind = json_string(grant->subject, "kind", "");
	bool account = strcmp(kind, "ServiceAccount") == 0;

	return xasprintf("RBAC: allowed by %s \"%s%s%s\" of %s \"%s\" to %s \"%s%s%s\"",
			 grant->everywhere ? "ClusterRoleBinding" : "RoleBinding",
			 json_string(grant->binding, "metadata/name", ""), *ns ? "/" : "", ns,
			 json_string(grant->binding, "roleRef/kind", ""),
			 json_string(grant->binding, "roleRef/name", ""), kind,
			 json_string(grant->subject, "name", ""), account ? "/" : "",
			 account ? json_string(grant->subject, "namespace", ns) : "");
}

static bool
ask(void *data, const struct access_grant *grant, const cJSON *rule)
{
	struct question *q = data;

	if (!rule_allows(rule, q->request))
		return true;
	q->reason = describe(grant);
	return false;
}

bool
access_allowed(struct store *store, struct kinds *kinds, const struct caller *caller,
	       const struct access_request *request, char **ret_reason)
{
	struct question q = { .request = request };
	struct access_visitor v = { .visit = ask, .data = &q };

	if (caller_in_group(caller, "system:masters")) {
		*ret_reason = xstrdup("");
		return true;
	}
	access_visit_rules(store, kinds, caller, request->path ? NULL : request->ns, &v);
	*ret_reason = q.reason ? q.reason : access_errors_reason(&v);
	str_release(&v.errors);
	return q.reason != NULL;
}

/* ---- 403 ---- */

/* `User "x" cannot list resource "pods" in API group "" in the namespace "y"`. */
static char *
denial(const struct caller *caller, const struct access_request *request)
{
	const char *sub = or_empty(request->subresource), *ns = or_empty(request->ns);
	struct str text = STR_INIT;

	str_printf(&text, "User \"%s\" cannot %s ", caller->user, or_empty(request->verb));
	if (request->path) {
		str_printf(&text, "path \"%s\"", request->path);
		return str_take(&text);
	}
	str_printf(&text, "resource \"%s%s%s\" in API group \"%s\"", or_empty(request->resource),
		   *sub ? "/" : "", sub, or_empty(request->group));
	if (*ns)
		str_printf(&text, " in the namespace \"%s\"", ns);
	else
		str_append(&text, " at the cluster scope");
	return str_take(&text);
}

static cJSON *
denial_details(const struct access_request *request)
{
	cJSON *details = cJSON_CreateObject();

	if (request->path)
		return details;
	if (*or_empty(request->name))
		json_add_string(details, "name", request->name);
	if (*or_empty(request->group))
		json_add_string(details, "group", request->group);
	json_add_string(details, "kind", or_empty(request->resource));
	return details;
}

int
access_refuse(struct refusal *r, const struct caller *caller, const struct access_request *request,
	      const char *reason)
{
	const char *name = or_empty(request->name), *group = or_empty(request->group);
	char *what = denial(caller, request);
	struct str text = STR_INIT;

	if (!request->path) {
		str_printf(&text, "%s%s%s ", or_empty(request->resource), *group ? "." : "", group);
		if (*name)
			str_printf(&text, "\"%s\" ", name);
		str_append(&text, "is ");
	}
	refuse(r, 403, "Forbidden", "%sforbidden: %s%s%s", str_cstr(&text), what,
	       *reason ? ": " : "", reason);
	r->details = denial_details(request);
	str_release(&text);
	free(what);
	return -1;
}
