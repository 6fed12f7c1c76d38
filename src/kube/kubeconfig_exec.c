#include "config.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/access.h"
#include "kube/kubeconfig_private.h"

/*
 * The plugin of a user, as its exec says.
 * Source: Kubernetes, "client-go credential plugins"; the types of client.authentication.k8s.io.
 */

#define GROUP "client.authentication.k8s.io"

static int
check_version(const char *version, struct err *e)
{
	if (str_equal(version, GROUP "/v1") || str_equal(version, GROUP "/v1beta1"))
		return 0;
	if (!version)
		return err_set(e, ERR_SPEC,
			       "its exec has no apiVersion: add apiVersion: " GROUP
			       "/v1, or v1beta1");
	return err_set(e, ERR_SPEC,
		       "its exec has the apiVersion \"%s\": only " GROUP
		       "/v1 and v1beta1 exist by now. "
		       "Have the plugin's tool write the kubeconfig again",
		       version);
}

static int
read_interactive(const char *mode, bool is_beta, enum kube_interactive *ret_mode, struct err *e)
{
	static const char *const modes[] = {
		[KUBE_INTERACTIVE_NEVER] = "Never",
		[KUBE_INTERACTIVE_IF_AVAILABLE] = "IfAvailable",
		[KUBE_INTERACTIVE_ALWAYS] = "Always",
	};

	if (!mode && is_beta)
		mode = "IfAvailable";
	if (!mode)
		return err_set(e, ERR_SPEC,
			       "its exec has no interactiveMode, which apiVersion " GROUP
			       "/v1 requires: add interactiveMode: IfAvailable (or Never, Always)");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(mode, modes[i]) != 0)
			continue;
		*ret_mode = (enum kube_interactive)i;
		return 0;
	}
	return err_set(
		e, ERR_SPEC,
		"its exec has the interactiveMode \"%s\": it must be Never, IfAvailable or Always",
		mode);
}

/* A bare name stays one; a path with a folder in it counts from the kubeconfig's. */
static char *
resolve_command(const char *kubeconfig, const char *command)
{
	return strchr(command, '/') ? file_resolve(kubeconfig, command) : xstrdup(command);
}

/* `exec` lies within the user: its members are read as those of an entry of the same name. */
static int
fill_command(struct kube_exec *exec, const struct kubeconfig_entry *entry, struct err *e)
{
	char *command = NULL;

	if (kubeconfig_text(entry, "command", &command, e) < 0 ||
	    kubeconfig_list(entry, "args", &exec->args, e) < 0 ||
	    kubeconfig_text(entry, "installHint", &exec->install_hint, e) < 0 ||
	    kubeconfig_text(entry, "apiVersion", &exec->api_version, e) < 0) {
		free(command);
		return -1;
	}
	if (!command) {
		err_set(e, ERR_SPEC, "its exec names no command");
		return kubeconfig_wrap(entry, e);
	}
	const char *slash = strrchr(command, '/');
	exec->who = xasprintf("%s (user %s)", slash ? slash + 1 : command, entry->name);
	exec->command = resolve_command(entry->path, command);
	free(command);
	return 0;
}

static int
fill_version(struct kube_exec *exec, const struct kubeconfig_entry *entry, struct err *e)
{
	char *mode = NULL;
	int rc;

	if (kubeconfig_text(entry, "interactiveMode", &mode, e) < 0)
		return -1;
	rc = check_version(exec->api_version, e);
	if (rc == 0)
		rc = read_interactive(mode, str_ends_with(exec->api_version, "beta1"),
				      &exec->interactive, e);
	free(mode);
	return rc < 0 ? kubeconfig_wrap(entry, e) : 0;
}

static int
fill_env(struct kube_exec *exec, const struct kubeconfig_entry *entry, struct err *e)
{
	const cJSON *list = json_at(entry->value, "env"), *item;
	size_t count = 0;

	exec->env = xcalloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(char *));
	cJSON_ArrayForEach(item, list) {
		const char *name = json_string(item, "name", "");
		const cJSON *value = json_at(item, "value");

		if (!*name || strchr(name, '=') ||
		    (value && !cJSON_IsNull(value) && !cJSON_IsString(value))) {
			err_set(e, ERR_SPEC,
				"its exec has an env whose name or value is not text: put it in "
				"quotes");
			return kubeconfig_wrap(entry, e);
		}
		exec->env[count++] = xasprintf("%s=%s", name, json_string(item, "value", ""));
	}
	return 0;
}

/* The config that the cluster's extension holds for plugins, or NULL. */
static const cJSON *
plugin_config(const struct kubeconfig_entry *cluster)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(cluster->value, "extensions"))
		if (strcmp(json_string(item, "name", ""), GROUP "/exec") == 0)
			return json_at(item, "extension");
	return NULL;
}

static char *
encode(const char *text)
{
	size_t len = strlen(text);
	char *out = xmalloc(len / 3 * 4 + 5);

	EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)len);
	return out;
}

static void
add_optional(cJSON *object, const char *name, const char *value)
{
	if (value)
		json_add_string(object, name, value);
}

/* The spec.cluster of an ExecCredential; the caller frees. */
static char *
describe_cluster(const struct kube_access *access, const struct kubeconfig_entry *cluster)
{
	const cJSON *config = plugin_config(cluster);
	char *authority = access->ca_pem ? encode(access->ca_pem) : NULL;
	cJSON *object = cJSON_CreateObject();

	json_add_string(object, "server", access->server);
	add_optional(object, "tls-server-name", access->tls_server_name);
	if (access->insecure)
		json_add_bool(object, "insecure-skip-tls-verify", true);
	add_optional(object, "certificate-authority-data", authority);
	add_optional(object, "proxy-url", access->proxy_url);
	if (!access->compressed)
		json_add_bool(object, "disable-compression", true);
	if (config)
		json_add(object, "config", cJSON_Duplicate(config, true));
	char *text = json_print(object);
	kube_json_delete(object);
	free(authority);
	return text;
}

int
kubeconfig_fill_exec(struct kube_access *access, const struct kubeconfig_entry *user,
		     const struct kubeconfig_entry *cluster, struct err *e)
{
	struct kubeconfig_entry entry = *user;
	struct kube_exec *exec;
	bool wants_cluster = false;

	entry.value = json_at(user->value, "exec");
	if (!json_truthy(entry.value))
		return 0;
	exec = xcalloc(1, sizeof(*exec));
	if (fill_command(exec, &entry, e) < 0 || fill_version(exec, &entry, e) < 0 ||
	    fill_env(exec, &entry, e) < 0 ||
	    kubeconfig_bool(&entry, "provideClusterInfo", &wants_cluster, e) < 0) {
		kube_exec_free(exec);
		return -1;
	}
	if (wants_cluster)
		exec->cluster = describe_cluster(access, cluster);
	access->exec = exec;
	return 0;
}
