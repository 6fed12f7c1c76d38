#include "config.h"

#include "step/kubernetes/target_kubernetes.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/identity.h"
#include "kube/kubeconfig.h"
#include "kube/resource.h"
#include "step/step_with.h"
#include "step/steps.h"

struct connection {
	char *context, *kubeconfig, *ns; /* of the target's fields; each may be NULL */
	struct secrets *secrets;
	struct kube_client *client; /* NULL until it is needed */
	struct kube_identity
		identity; /* what the client has learnt; what does not change is kept */
};

static char *
optional(const cJSON *spec, const char *name)
{
	const char *text = json_string(spec, name, NULL);

	return text && *text ? xstrdup(text) : NULL;
}

static int
target_open(const cJSON *spec, struct secrets *secrets, void **ret_connection, struct err *e)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	(void)e;
	c->context = optional(spec, "context");
	c->kubeconfig = optional(spec, "kubeconfig");
	c->ns = optional(spec, "namespace");
	c->secrets = secrets;
	c->identity = (struct kube_identity)KUBE_IDENTITY_INIT;
	*ret_connection = c;
	return 0;
}

static void
disconnect(struct connection *c)
{
	kube_client_free(c->client);
	c->client = NULL;
	kube_identity_release(&c->identity);
}

static void
target_close(void *connection)
{
	struct connection *c = connection;

	if (!c)
		return;
	disconnect(c);
	free(c->context);
	free(c->kubeconfig);
	free(c->ns);
	free(c);
}

static int
connect_once(struct connection *c, struct err *e)
{
	if (c->client)
		return 0;
	return kube_client_open(c->kubeconfig, c->context, c->secrets, &c->client, e);
}

static bool
leads_elsewhere(const struct kube_access *then, const struct kube_access *now)
{
	return !str_equal(then->server, now->server) || !str_equal(then->context, now->context) ||
	       !str_equal(then->user, now->user) || !str_equal(then->as, now->as) ||
	       !str_equal(then->ca_pem, now->ca_pem) ||
	       !str_equal(then->tls_server_name, now->tls_server_name) ||
	       !str_equal(then->proxy_url, now->proxy_url) || then->insecure != now->insecure;
}

/*
 * A kubeconfig may have been rewritten since the client was made. helm and kubectl read it anew each time,
 * so what the run holds to be the target has to follow it, for another cluster there to be noticed.
 */
static int
follow_kubeconfig(struct connection *c, struct err *e)
{
	struct kube_access now;

	if (!c->client)
		return connect_once(c, e);
	memset(&now, 0, sizeof(now));
	if (kubeconfig_resolve(c->kubeconfig, c->context, &now, e) < 0)
		return -1;
	if (leads_elsewhere(kube_client_access(c->client), &now))
		disconnect(c);
	kube_access_release(&now);
	return connect_once(c, e);
}

int
target_kubernetes_client(const struct run_target *target, struct kube_client **ret_client,
			 const char **ret_ns, struct err *e)
{
	struct connection *c = target->connection;

	if (connect_once(c, e) < 0)
		return err_wrap(e, "target %s", target->name);
	*ret_client = c->client;
	*ret_ns = c->ns ? c->ns : kube_client_access(c->client)->ns;
	return 0;
}

static void
add_known(cJSON *object, const char *name, const char *value)
{
	if (value && *value)
		json_add_string(object, name, value);
}

static cJSON *
identity_json(const struct connection *c)
{
	const struct kube_access *access = kube_client_access(c->client);
	const struct kube_identity *known = &c->identity;
	cJSON *identity = cJSON_CreateObject();

	add_known(identity, "uid", known->uid);
	json_add_string(identity, "server", access->server);
	json_add_string(identity, "context", access->context);
	add_known(identity, "login", access->user);
	add_known(identity, "as", access->as);
	add_known(identity, "user", known->user);
	add_known(identity, "version", known->version);
	if (access->insecure)
		json_add_bool(identity, "insecure", true);
	if (known->skew.known)
		json_add_int(identity, "skew_ms", skew_ms(&known->skew));
	json_add_int(identity, "round_trip_ms", known->round_trip_ms);
	return identity;
}

static int
target_identify(void *connection, const struct cancel *cancel, cJSON **ret_identity, struct err *e)
{
	struct connection *c = connection;
	bool is_new;

	if (follow_kubeconfig(c, e) < 0)
		return -1;
	is_new = c->identity.round_trip_ms == INT64_MAX;
	c->identity.skew = (struct skew)SKEW_INIT; /* clocks drift; the rest stays */
	if (kube_identify_cluster(c->client, cancel, &c->identity, e) < 0 ||
	    (is_new && kube_identify_user(c->client, cancel, &c->identity, e) < 0)) {
		const struct kube_access *access = kube_client_access(c->client);

		kube_identity_release(&c->identity);
		return err_wrap(e, "identity of the cluster of context %s (%s)", access->context,
				access->server);
	}
	*ret_identity = identity_json(c);
	return 0;
}

static int
target_permitted(void *connection, const cJSON *permission, const struct cancel *cancel,
		 bool *ret_allowed, char **ret_reason, struct err *e)
{
	struct connection *c = connection;

	if (connect_once(c, e) < 0)
		return -1;
	return kube_access_review(
		c->client, json_string(permission, "verb", NULL),
		json_string(permission, "group", NULL), json_string(permission, "resource", NULL),
		json_string(permission, "subresource", NULL), json_string(permission, "name", NULL),
		json_string(permission, "namespace", NULL), cancel, ret_allowed, ret_reason, e);
}

/* "deployment/tsb": whose pods are wanted has to be read first. */
static int
permit_workload(struct connection *c, const char *workload, const char *ns,
		const struct cancel *cancel, struct permission_list *list, struct err *e)
{
	const char *slash = strchr(workload, '/');
	char *kind = xstrndup(workload, slash ? (size_t)(slash - workload) : strlen(workload));
	struct kube_resource resource = { .group = NULL };
	int rc = kube_resource_find(c->client, kind, cancel, &resource, e);

	if (rc == 0)
		permission_add(list, "get", resource.group, resource.name, NULL,
			       slash ? slash + 1 : NULL, ns);
	kube_resource_release(&resource);
	free(kind);
	return rc;
}

static int
target_watching(void *connection, const cJSON *pane, const struct cancel *cancel,
		struct permission_list *list, struct err *e)
{
	struct connection *c = connection;
	struct kube_resource resource = { .group = NULL };
	const char *ns = step_optional(pane, "namespace"), *name = step_optional(pane, "pod");
	const char *workload = step_optional(pane, "workload");
	int rc = -1;

	if (connect_once(c, e) < 0 ||
	    kube_resource_find(c->client, json_string(pane, "resource", "pods"), cancel, &resource,
			       e) < 0)
		goto out;
	if (!ns)
		ns = c->ns ? c->ns : kube_client_access(c->client)->ns;
	if (!resource.namespaced || json_bool(pane, "all_namespaces", false))
		ns = NULL;
	permission_add(list, "list", resource.group, resource.name, NULL, NULL, ns);
	permission_add(list, "watch", resource.group, resource.name, NULL, NULL, ns);
	if (json_bool(pane, "logs", false))
		permission_add(list, "get", "", "pods", "log", name, ns);
	rc = workload ? permit_workload(c, workload, ns, cancel, list, e) : 0;
out:
	kube_resource_release(&resource);
	return rc;
}

static char *
target_describe(const cJSON *spec)
{
	const char *context = json_string(spec, "context", "");
	const char *ns = json_string(spec, "namespace", "");
	struct str text = STR_INIT;

	if (*context)
		str_printf(&text, "ctx %s", context);
	else
		str_append(&text, "current ctx");
	if (*ns)
		str_printf(&text, " ns %s", ns);
	return str_take(&text);
}

const struct target_driver target_kubernetes = {
	.kind = TARGET_KUBERNETES,
	.open = target_open,
	.identify = target_identify,
	.permitted = target_permitted,
	.watching = target_watching,
	.describe = target_describe,
	.close = target_close,
};
