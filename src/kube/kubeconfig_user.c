#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/access.h"
#include "kube/kubeconfig_private.h"
#include "net/http/http.h"
#include "net/tls/client_certificate.h"

/* A user: what it shows to a server, and whom it impersonates there. */

/* What would make us another user than the one meant, or none, is refused rather than ignored. */
static int
refuse_auth_provider(const struct kubeconfig_entry *user, struct err *e)
{
	const cJSON *provider = json_at(user->value, "auth-provider");

	if (!json_truthy(provider))
		return 0;
	err_set(e, ERR_SPEC,
		"its credentials come from the auth-provider \"%s\", which Kubernetes itself has "
		"given up. Have its tool write an exec plugin instead, or put a token into "
		"tokenFile",
		json_string(provider, "name", "?"));
	return kubeconfig_wrap(user, e);
}

static int
read_token_file(struct kube_access *access, const struct kubeconfig_entry *user, struct err *e)
{
	if (kube_access_read_token(access->token_file, &access->token, e) == 0)
		return 0;
	err_wrap(e, "tokenFile");
	return kubeconfig_wrap(user, e);
}

static int
fill_token(struct kube_access *access, const struct kubeconfig_entry *user, struct err *e)
{
	char *file = NULL;

	if (kubeconfig_text(user, "tokenFile", &file, e) < 0)
		return -1;
	if (file) {
		access->token_file = file_resolve(user->path, file);
		free(file);
		return read_token_file(access, user, e);
	}
	if (kubeconfig_text(user, "token", &access->token, e) < 0)
		return -1;
	if (access->token && kube_access_check_token(access->token, e) < 0)
		return kubeconfig_wrap(user, e);
	return 0;
}

static int
check_pair(const struct kube_access *access, struct err *e)
{
	const char *certificate = access->client_cert_pem, *key = access->client_key_pem;

	if (!certificate && !key)
		return 0;
	if (!certificate || !key)
		return err_set(e, ERR_SPEC, "it has a client-%s, but no client-%s",
			       certificate ? "certificate" : "key",
			       certificate ? "key" : "certificate");
	return client_certificate_check(certificate, key, e);
}

static int
fill_pair(struct kube_access *access, const struct kubeconfig_entry *user, struct err *e)
{
	if (kubeconfig_pem(user, "client-certificate", &access->client_cert_pem, e) < 0 ||
	    kubeconfig_pem(user, "client-key", &access->client_key_pem, e) < 0)
		return -1;
	return check_pair(access, e) < 0 ? kubeconfig_wrap(user, e) : 0;
}

/* The headers of an impersonation while they are collected. */
struct headers {
	char **items;
	size_t count;
};

/* One that is empty would not be sent at all, and a line end in it would begin another header. */
static int
add_header(struct headers *headers, const char *name, const char *value, struct err *e)
{
	if (!*value)
		return err_set(e, ERR_SPEC, "it impersonates with an empty %s", name);
	for (const char *at = value; *at; at++)
		if (iscntrl((unsigned char)*at))
			return err_set(e, ERR_SPEC,
				       "it impersonates with a control character in %s", name);
	headers->items = xreallocarray(headers->items, headers->count + 2, sizeof(char *));
	headers->items[headers->count++] = xasprintf("%s: %s", name, value);
	headers->items[headers->count] = NULL;
	return 0;
}

static int
add_groups(struct headers *headers, const struct kubeconfig_entry *user, struct err *e)
{
	char **groups = NULL;
	int rc = kubeconfig_list(user, "as-groups", &groups, e);

	for (size_t i = 0; rc == 0 && groups && groups[i]; i++) {
		rc = add_header(headers, "Impersonate-Group", groups[i], e);
		if (rc < 0)
			kubeconfig_wrap(user, e);
	}
	kube_strings_free(groups);
	return rc;
}

/* "Impersonate-Extra-acme.com%2Fproject": header names know no case, so the server wants lower case. */
static char *
extra_name(const char *key)
{
	char *lower = xstrdup(key), *encoded, *name;

	for (char *at = lower; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	encoded = http_encode(lower);
	name = xasprintf("Impersonate-Extra-%s", encoded);
	free(encoded);
	free(lower);
	return name;
}

static int
add_extra_values(struct headers *headers, const cJSON *member, struct err *e)
{
	char *name = extra_name(member->string);
	const cJSON *value;
	int rc = 0;

	if (!*member->string || !cJSON_IsArray(member))
		rc = err_set(e, ERR_SPEC, "its as-user-extra \"%s\" is not a list of texts",
			     member->string);
	cJSON_ArrayForEach(value, member) {
		if (rc == 0 && !cJSON_IsString(value))
			rc = err_set(e, ERR_SPEC, "its as-user-extra \"%s\" holds what is no text",
				     member->string);
		if (rc == 0)
			rc = add_header(headers, name, value->valuestring, e);
	}
	free(name);
	return rc;
}

static int
add_extra(struct headers *headers, const struct kubeconfig_entry *user, struct err *e)
{
	const cJSON *extra = json_at(user->value, "as-user-extra"), *member;
	int rc = 0;

	if (json_truthy(extra) && !cJSON_IsObject(extra))
		rc = err_set(e, ERR_SPEC, "its as-user-extra is no mapping of names to lists");
	cJSON_ArrayForEach(member, extra)
		if (rc == 0)
			rc = add_extra_values(headers, member, e);
	return rc < 0 ? kubeconfig_wrap(user, e) : 0;
}

static int
add_names(struct headers *headers, const char *as, const char *uid, struct err *e)
{
	if (as && add_header(headers, "Impersonate-User", as, e) < 0)
		return -1;
	return uid ? add_header(headers, "Impersonate-Uid", uid, e) : 0;
}

static int
fill_impersonation(struct kube_access *access, const struct kubeconfig_entry *user, struct err *e)
{
	struct headers headers = { 0 };
	char *uid = NULL;
	int rc = -1;

	if (kubeconfig_text(user, "as", &access->as, e) < 0 ||
	    kubeconfig_text(user, "as-uid", &uid, e) < 0)
		goto out;
	if (add_names(&headers, access->as, uid, e) < 0) {
		kubeconfig_wrap(user, e);
		goto out;
	}
	if (add_groups(&headers, user, e) < 0 || add_extra(&headers, user, e) < 0)
		goto out;
	if (headers.count && !access->as) {
		err_set(e, ERR_SPEC,
			"it impersonates with as-uid, as-groups or as-user-extra, but without as: "
			"say whom");
		kubeconfig_wrap(user, e);
		goto out;
	}
	access->impersonate = headers.items;
	headers.items = NULL;
	rc = 0;
out:
	kube_strings_free(headers.items);
	free(uid);
	return rc;
}

int
kubeconfig_fill_user(struct kube_access *access, const struct kubeconfig_entry *user,
		     const struct kubeconfig_entry *cluster, struct err *e)
{
	if (refuse_auth_provider(user, e) < 0 || fill_token(access, user, e) < 0 ||
	    kubeconfig_text(user, "username", &access->username, e) < 0 ||
	    kubeconfig_text(user, "password", &access->password, e) < 0 ||
	    fill_pair(access, user, e) < 0 || fill_impersonation(access, user, e) < 0)
		return -1;
	if (access->token || access->username)
		return 0; /* as kubectl: who has said who they are needs no plugin for it */
	return kubeconfig_fill_exec(access, user, cluster, e);
}
