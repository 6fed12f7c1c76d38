#include "config.h"

#include "kube/kubeconfig.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/kubeconfig_private.h"
#include "net/tls/client_certificate.h"

/* From a context's name to its cluster and its user. */

static bool
is_named(char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* The names of all contexts, each once, NULL-terminated. */
static char **
context_names(const struct kubeconfig_files *files)
{
	char **names = xcalloc(1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++) {
		const cJSON *item;

		cJSON_ArrayForEach(item, json_at(files->items[i].root, "contexts")) {
			const char *name = json_string(item, "name", NULL);

			if (!name || is_named(names, name))
				continue;
			names = xreallocarray(names, count + 2, sizeof(*names));
			names[count++] = xstrdup(name);
			names[count] = NULL;
		}
	}
	return names;
}

void
kubeconfig_free_names(char **names)
{
	for (char **at = names; at && *at; at++)
		free(*at);
	free(names);
}

int
kubeconfig_contexts(const char *path, char ***ret_names, struct err *e)
{
	struct kubeconfig_files files = { 0 };
	int rc = kubeconfig_files_load(&files, path, e);

	if (rc == 0)
		*ret_names = context_names(&files);
	kubeconfig_files_release(&files);
	return rc;
}

/* Finishes a message with the contexts that there are, and the nearest to what was asked for. */
static void
advise_contexts(const struct kubeconfig_files *files, const char *wanted, struct err *e)
{
	char **names = context_names(files);
	const char *nearest = wanted ? str_nearest(wanted, (const char *const *)names) : NULL;
	struct str list = STR_INIT;

	for (size_t i = 0; names[i]; i++)
		str_printf(&list, "%s%s", i ? ", " : "", names[i]);
	if (nearest)
		err_advise(e, "Did you mean \"%s\"? There are: %s", nearest, str_cstr(&list));
	else
		err_advise(e, "Contexts there are: %s", list.len ? str_cstr(&list) : "none");
	str_release(&list);
	kubeconfig_free_names(names);
}

/* A value that becomes part of a URL and of request headers holds nothing that could forge one. */
static bool
is_one_word(const char *text)
{
	for (; *text; text++)
		if (!isgraph((unsigned char)*text))
			return false;
	return true;
}

static int
check_server(const char *server, struct err *e)
{
	if (!server)
		return err_set(e, ERR_SPEC, "it names no server");
	const char *host = strstr(server, "://");
	if (!is_one_word(server) ||
	    !(str_starts_with(server, "https://") || str_starts_with(server, "http://")) ||
	    strchr("/:", host[3]))
		return err_set(e, ERR_SPEC, "its server is \"%s\", which is no URL with https://",
			       server);
	return 0;
}

static int
check_proxy(const char *proxy, struct err *e)
{
	static const char *const schemes[] = { "http://", "https://", "socks5://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (!proxy || (str_starts_with(proxy, schemes[i]) && is_one_word(proxy)))
			return 0;
	/* not shown: a password may be in it */
	return err_set(
		e, ERR_SPEC,
		"its proxy-url is no URL with http://, https:// or socks5://: correct it, or "
		"remove it where no proxy is needed");
}

static int
check_cluster(const struct kube_access *access, struct err *e)
{
	if (check_server(access->server, e) < 0 || check_proxy(access->proxy_url, e) < 0)
		return -1;
	if (access->tls_server_name && !is_one_word(access->tls_server_name))
		return err_set(e, ERR_SPEC, "its tls-server-name is no host name");
	if (access->insecure && access->ca_pem)
		return err_set(e, ERR_SPEC,
			       "it has a certificate-authority and insecure-skip-tls-verify: "
			       "remove one of them");
	return access->ca_pem ? authority_certificate_check(access->ca_pem, e) : 0;
}

static int
fill_cluster(struct kube_access *access, const struct kubeconfig_entry *cluster, struct err *e)
{
	bool uncompressed = false;

	if (kubeconfig_text(cluster, "server", &access->server, e) < 0 ||
	    kubeconfig_text(cluster, "tls-server-name", &access->tls_server_name, e) < 0 ||
	    kubeconfig_text(cluster, "proxy-url", &access->proxy_url, e) < 0 ||
	    kubeconfig_bool(cluster, "insecure-skip-tls-verify", &access->insecure, e) < 0 ||
	    kubeconfig_bool(cluster, "disable-compression", &uncompressed, e) < 0 ||
	    kubeconfig_pem(cluster, "certificate-authority", &access->ca_pem, e) < 0)
		return -1;
	access->compressed = !uncompressed;
	if (check_cluster(access, e) < 0)
		return kubeconfig_wrap(cluster, e);
	for (size_t len = strlen(access->server); access->server[len - 1] == '/'; len--)
		access->server[len - 1] = '\0';
	return 0;
}

static const char *
current_context(const struct kubeconfig_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *name = json_string(files->items[i].root, "current-context", "");

		if (*name)
			return name;
	}
	return NULL;
}

static int
find_context(const struct kubeconfig_files *files, const char *name,
	     struct kubeconfig_entry *ret_context, struct err *e)
{
	char *paths;

	if (!name)
		name = current_context(files);
	if (name && kubeconfig_find(files, "context", name, ret_context))
		return 0;
	paths = kubeconfig_files_names(files);
	if (name)
		err_set(e, ERR_NOT_FOUND, "no context \"%s\" in %s", name, paths);
	else
		err_set(e, ERR_SPEC, "no context was named, and no current-context is set in %s",
			paths);
	advise_contexts(files, name, e);
	free(paths);
	return -1;
}

/* The cluster or user that a context refers to. */
static int
follow(const struct kubeconfig_files *files, const struct kubeconfig_entry *context,
       const char *word, const char *name, struct kubeconfig_entry *ret_entry, struct err *e)
{
	if (kubeconfig_find(files, word, name, ret_entry))
		return 0;
	char *paths = kubeconfig_files_names(files);
	err_set(e, ERR_SPEC,
		"it refers to the %s \"%s\", which is not defined in %s. Add it, or name one that "
		"is",
		word, name, paths);
	free(paths);
	return kubeconfig_wrap(context, e);
}

static int
fill_context(struct kube_access *access, const struct kubeconfig_entry *context, struct err *e)
{
	access->context = xstrdup(context->name);
	access->source = xstrdup(context->path);
	if (kubeconfig_text(context, "cluster", &access->cluster, e) < 0 ||
	    kubeconfig_text(context, "user", &access->user, e) < 0 ||
	    kubeconfig_text(context, "namespace", &access->ns, e) < 0)
		return -1;
	if (!access->ns)
		access->ns = xstrdup("default");
	if (access->cluster)
		return 0;
	err_set(e, ERR_SPEC, "it names no cluster");
	return kubeconfig_wrap(context, e);
}

static int
fill(struct kube_access *access, const struct kubeconfig_files *files, const char *context_name,
     struct err *e)
{
	struct kubeconfig_entry context, cluster, user;

	if (find_context(files, context_name, &context, e) < 0 ||
	    fill_context(access, &context, e) < 0 ||
	    follow(files, &context, "cluster", access->cluster, &cluster, e) < 0 ||
	    fill_cluster(access, &cluster, e) < 0)
		return -1;
	if (!access->user)
		return 0; /* anonymous, which an API server may allow */
	if (follow(files, &context, "user", access->user, &user, e) < 0)
		return -1;
	return kubeconfig_fill_user(access, &user, &cluster, e);
}

int
kubeconfig_resolve_with(const char *path, const char *context, const char *account_folder,
			struct kube_access *ret_access, struct err *e)
{
	struct kubeconfig_files files = { 0 };
	struct kube_access access = { 0 };
	int rc = -1;

	if (!path && !context && !kubeconfig_files_exist() &&
	    kubeconfig_is_in_cluster(account_folder)) {
		if (kubeconfig_fill_in_cluster(&access, account_folder, e) < 0)
			goto out;
	} else if (kubeconfig_files_load(&files, path, e) < 0 ||
		   fill(&access, &files, context, e) < 0) {
		goto out;
	}
	*ret_access = access;
	access = (struct kube_access){ 0 };
	rc = 0;
out:
	kube_access_release(&access);
	kubeconfig_files_release(&files);
	return rc;
}

int
kubeconfig_resolve(const char *path, const char *context, struct kube_access *ret_access,
		   struct err *e)
{
	return kubeconfig_resolve_with(path, context, KUBECONFIG_ACCOUNT_FOLDER, ret_access, e);
}
