#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/access.h"
#include "kube/kubeconfig_private.h"
#include "net/fence/fence.h"
#include "net/tls/client_certificate.h"

/*
 * The account of the pod that we run in.
 * Source: Kubernetes, "Accessing the Kubernetes API from a Pod".
 */

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static char *
file_of(const char *account_folder, const char *name)
{
	return xasprintf("%s/%s", account_folder, name);
}

bool
kubeconfig_is_in_cluster(const char *account_folder)
{
	char *token = file_of(account_folder, "token");
	bool is = !fence_stands() && variable("KUBERNETES_SERVICE_HOST") &&
		  variable("KUBERNETES_SERVICE_PORT") && file_exists(token);

	free(token);
	return is;
}

static char *
server_url(void)
{
	const char *host = variable("KUBERNETES_SERVICE_HOST");
	bool is_ipv6 = strchr(host, ':') != NULL;

	return xasprintf("https://%s%s%s:%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
			 variable("KUBERNETES_SERVICE_PORT"));
}

/* A file that may be absent, as a new string without white space at its end. */
static int
read_optional(const char *account_folder, const char *name, char **ret_text, struct err *e)
{
	char *path = file_of(account_folder, name);
	struct str text = STR_INIT;
	int rc = file_exists(path) ? file_read(path, KUBE_MAX_MATERIAL, &text, e) : 0;

	while (text.len > 0 && strchr(" \t\r\n", text.data[text.len - 1]))
		text.data[--text.len] = '\0';
	if (rc == 0 && text.len > 0)
		*ret_text = str_take(&text);
	str_release(&text);
	free(path);
	return rc;
}

int
kubeconfig_fill_in_cluster(struct kube_access *access, const char *account_folder, struct err *e)
{
	access->context = xstrdup("in-cluster");
	access->cluster = xstrdup("in-cluster");
	access->user = xstrdup("the pod's service account");
	access->source = xstrdup(account_folder);
	access->server = server_url();
	access->compressed = true;
	access->in_cluster = true;
	access->token_file = file_of(account_folder, "token");
	if (kube_access_read_token(access->token_file, &access->token, e) < 0 ||
	    read_optional(account_folder, "ca.crt", &access->ca_pem, e) < 0 ||
	    read_optional(account_folder, "namespace", &access->ns, e) < 0 ||
	    (access->ca_pem && authority_certificate_check(access->ca_pem, e) < 0))
		return err_wrap(e, "the service account of this pod, %s", account_folder);
	if (!access->ns)
		access->ns = xstrdup("default");
	return 0;
}
