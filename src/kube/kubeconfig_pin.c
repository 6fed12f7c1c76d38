#include "config.h"

#include "kube/kubeconfig_pin.h"

#include <stdlib.h>

#include "base/json.h"
#include "kube/kubeconfig_private.h"

static cJSON *
named(const char *name, const char *word, cJSON *value)
{
	cJSON *list = cJSON_CreateArray(), *entry = cJSON_CreateObject();

	json_add_string(entry, "name", name);
	json_add(entry, word, value);
	cJSON_AddItemToArray(list, entry);
	return list;
}

static cJSON *
context_of(const struct kube_access *access, const char *ns)
{
	cJSON *context = cJSON_CreateObject();

	json_add_string(context, "cluster", access->cluster);
	if (access->user)
		json_add_string(context, "user", access->user);
	json_add_string(context, "namespace", ns);
	return context;
}

/* The account of a pod, by the names of its files. */
static void
add_account(cJSON *root, const struct kube_access *access)
{
	cJSON *cluster = cJSON_CreateObject(), *user = cJSON_CreateObject();
	struct str authority = STR_INIT;

	json_add_string(cluster, "server", access->server);
	if (access->ca_pem) {
		str_printf(&authority, "%s/ca.crt", access->source);
		json_add_string(cluster, "certificate-authority", str_cstr(&authority));
	}
	json_add_string(user, "tokenFile", access->token_file);
	json_add(root, "clusters", named(access->cluster, "cluster", cluster));
	json_add(root, "users", named(access->user, "user", user));
	str_release(&authority);
}

void
kubeconfig_pin(const struct kube_access *access, const char *ns, struct str *out)
{
	cJSON *root = cJSON_CreateObject();

	json_add_string(root, "apiVersion", "v1");
	json_add_string(root, "kind", "Config");
	json_add_string(root, "current-context", access->context);
	json_add(root, "contexts", named(access->context, "context", context_of(access, ns)));
	if (access->in_cluster)
		add_account(root, access);
	json_print_ascii(root, out);
	str_append_char(out, '\n');
	cJSON_Delete(root);
}
