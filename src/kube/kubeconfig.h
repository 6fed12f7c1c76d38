#ifndef LIFEBOAT_KUBE_KUBECONFIG_H
#define LIFEBOAT_KUBE_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * What a context of a kubeconfig comes to: how to reach one cluster as one user. Plain data; the
 * key and the token are wiped on release. Certificates and keys are PEM texts, read from their
 * files or decoded from their *-data fields, which win.
 */
struct kube_access {
	char *context;	      /* its name */
	char *cluster, *user; /* the names it refers to */
	char *source;	      /* the file that defines the context */
	char *server;	      /* "https://host:port/prefix", no final slash */
	char *ns;	      /* the context's namespace, or "default" */
	char *ca_pem;	      /* NULL: the system's store */
	char *client_cert_pem, *client_key_pem;
	char *token;
	char *username, *password;
	char *tls_server_name;
	char *proxy_url;
	bool insecure;
	bool compressed;
};

/*
 * Resolves a context: `path` is one file, or NULL for $KUBECONFIG (a list: missing files are
 * skipped, the first file to define a name wins) and then ~/.kube/config. context NULL: the current
 * one. Relative file names count from the file that holds them. Errors: ERR_SPEC and ERR_NOT_FOUND,
 * with the file, what is missing, and the contexts there are; a user that needs an exec plugin or
 * an auth-provider is ERR_SPEC with its name.
 */
int kubeconfig_resolve(const char *path, const char *context, struct kube_access *ret_access,
		       struct err *e);
void kube_access_release(struct kube_access *access);

#endif
