#include "config.h"

#include "kube/access.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/fence/fence.h"

/* Every string of the structure, so that none is forgotten in a copy or a release. */
static const size_t strings[] = {
	offsetof(struct kube_access, context),	      offsetof(struct kube_access, cluster),
	offsetof(struct kube_access, user),	      offsetof(struct kube_access, source),
	offsetof(struct kube_access, server),	      offsetof(struct kube_access, ns),
	offsetof(struct kube_access, ca_pem),	      offsetof(struct kube_access, client_cert_pem),
	offsetof(struct kube_access, client_key_pem), offsetof(struct kube_access, token),
	offsetof(struct kube_access, token_file),     offsetof(struct kube_access, username),
	offsetof(struct kube_access, password),	      offsetof(struct kube_access, tls_server_name),
	offsetof(struct kube_access, proxy_url),      offsetof(struct kube_access, as),
};

enum { STRINGS = sizeof(strings) / sizeof(strings[0]) };

static char **
string_at(struct kube_access *access, size_t i)
{
	return (char **)(void *)((char *)access + strings[i]);
}

void
kube_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
kube_strings_free(char **list)
{
	for (char **at = list; at && *at; at++)
		kube_wipe(*at);
	free(list);
}

static void
wipe_texts(const cJSON *value)
{
	const cJSON *child;

	if (value->valuestring)
		explicit_bzero(value->valuestring, strlen(value->valuestring));
	cJSON_ArrayForEach(child, value)
		wipe_texts(child);
}

void
kube_json_delete(cJSON *value)
{
	if (value)
		wipe_texts(value);
	cJSON_Delete(value);
}

static char **
strings_copy(char *const *list)
{
	size_t count = 0;
	char **copy;

	if (!list)
		return NULL;
	while (list[count])
		count++;
	copy = xcalloc(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = xstrdup(list[i]);
	return copy;
}

static struct kube_exec *
exec_copy(const struct kube_exec *exec)
{
	struct kube_exec *copy;

	if (!exec)
		return NULL;
	copy = xcalloc(1, sizeof(*copy));
	*copy = (struct kube_exec){
		.who = xstrdup(exec->who),
		.api_version = xstrdup(exec->api_version),
		.command = xstrdup(exec->command),
		.args = strings_copy(exec->args),
		.env = strings_copy(exec->env),
		.cluster = xstrdup(exec->cluster),
		.install_hint = xstrdup(exec->install_hint),
		.interactive = exec->interactive,
	};
	return copy;
}

void
kube_exec_free(struct kube_exec *exec)
{
	if (!exec)
		return;
	free(exec->who);
	free(exec->api_version);
	free(exec->command);
	kube_strings_free(exec->args);
	kube_strings_free(exec->env);
	kube_wipe(exec->cluster);
	free(exec->install_hint);
	free(exec);
}

void
kube_access_release(struct kube_access *access)
{
	for (size_t i = 0; i < STRINGS; i++)
		kube_wipe(*string_at(access, i));
	kube_strings_free(access->impersonate);
	kube_exec_free(access->exec);
	memset(access, 0, sizeof(*access));
}

void
kube_access_copy(struct kube_access *copy, const struct kube_access *access)
{
	*copy = *access;
	for (size_t i = 0; i < STRINGS; i++)
		*string_at(copy, i) = xstrdup(*string_at(copy, i));
	copy->impersonate = strings_copy(access->impersonate);
	copy->exec = exec_copy(access->exec);
}

int
kube_access_check_token(char *token, struct err *e)
{
	size_t len = strlen(token);

	while (len > 0 && isspace((unsigned char)token[len - 1]))
		token[--len] = '\0';
	for (const char *at = token; *at; at++)
		if (!isgraph((unsigned char)*at))
			return err_set(e, ERR_SPEC,
				       "its token holds white space or a control character");
	return 0;
}

int
kube_access_read_token(const char *path, char **ret_token, struct err *e)
{
	struct str text = STR_INIT;
	char *token;

	if (fence_check_file(path, e) < 0 || file_read(path, KUBE_MAX_MATERIAL, &text, e) < 0) {
		str_release_secret(&text);
		return -1;
	}
	token = str_take(&text);
	if (kube_access_check_token(token, e) < 0) {
		kube_wipe(token);
		return -1;
	}
	if (!*token) {
		kube_wipe(token);
		return err_set(e, ERR_SPEC, "the token file %s is empty", path);
	}
	*ret_token = token;
	return 0;
}
