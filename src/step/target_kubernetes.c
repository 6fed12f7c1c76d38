#include "config.h"

#include "step/target_kubernetes.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/kubeconfig.h"
#include "step/steps.h"

struct connection {
	char *context, *kubeconfig, *ns; /* of the target's fields; each may be NULL */
	struct secrets *secrets;
	struct kube_client *client; /* NULL until it is needed */
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
	*ret_connection = c;
	return 0;
}

static void
target_close(void *connection)
{
	struct connection *c = connection;

	if (!c)
		return;
	kube_client_free(c->client);
	free(c->context);
	free(c->kubeconfig);
	free(c->ns);
	free(c);
}

/* A credential too short to be hidden is one that nobody has; the registry's refusal is ignored. */
static void
hide(struct secrets *secrets, const char *name, const char *value)
{
	if (secrets && value && *value)
		secrets_add(secrets, name, value, strlen(value), NULL);
}

static int
connect_once(struct connection *c, struct err *e)
{
	struct kube_access access;

	if (c->client)
		return 0;
	memset(&access, 0, sizeof(access));
	if (kubeconfig_resolve(c->kubeconfig, c->context, &access, e) < 0)
		return -1;
	hide(c->secrets, "kubeconfig.token", access.token);
	hide(c->secrets, "kubeconfig.password", access.password);
	c->client = kube_client_new(&access, e);
	kube_access_release(&access);
	return c->client ? 0 : -1;
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

static int
target_identify(void *connection, const struct cancel *cancel, cJSON **ret_identity, struct err *e)
{
	struct connection *c = connection;
	const struct kube_access *access;
	struct err denied = ERR_INIT;
	char *uid = NULL;
	cJSON *identity;

	if (connect_once(c, e) < 0)
		return -1;
	access = kube_client_access(c->client);
	/* who may not read kube-system may still work in a namespace: then the UID stays unknown */
	if (kube_cluster_uid(c->client, cancel, &uid, &denied) < 0 && denied.kind != ERR_DENIED) {
		*e = denied;
		return err_wrap(e, "identity of the cluster of context %s (%s)", access->context,
				access->server);
	}
	identity = cJSON_CreateObject();
	if (uid)
		json_add_string(identity, "uid", uid);
	json_add_string(identity, "server", access->server);
	json_add_string(identity, "context", access->context);
	free(uid);
	*ret_identity = identity;
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
	.describe = target_describe,
	.close = target_close,
};
