#ifndef LIFEBOAT_KUBE_KUBECONFIG_H
#define LIFEBOAT_KUBE_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Whether a plugin may, or must, have the terminal. */
enum kube_interactive {
	KUBE_INTERACTIVE_NEVER,
	KUBE_INTERACTIVE_IF_AVAILABLE,
	KUBE_INTERACTIVE_ALWAYS,
};

/* A plugin that gives credentials: `exec` of a user. Lists end with NULL. */
struct kube_exec {
	char *who;	    /* how messages and the screen call it: "aws (user prod)" */
	char *api_version;  /* "client.authentication.k8s.io/v1" */
	char *command;	    /* a bare name for PATH, or a path that no longer depends on a folder */
	char **args;	    /* without the command itself */
	char **env;	    /* "NAME=value" */
	char *cluster;	    /* spec.cluster as JSON, where it wants to know the cluster; or NULL */
	char *install_hint; /* or NULL */
	enum kube_interactive interactive;
};

/*
 * What a context of a kubeconfig comes to: how to reach one cluster as one user. Plain data; the
 * key and the token are wiped on release. Certificates and keys are PEM texts, read from their
 * files or decoded from their *-data fields, which win.
 */
struct kube_access {
	char *context;	      /* its name; "in-cluster" without a kubeconfig */
	char *cluster, *user; /* the names it refers to */
	char *source;	      /* the file that defines the context */
	char *server;	      /* "https://host:port/prefix", no final slash */
	char *ns;	      /* the context's namespace, or "default" */
	char *ca_pem;	      /* NULL: the system's store */
	char *client_cert_pem, *client_key_pem;
	char *token;
	char *token_file; /* where the token came from: it is replaced there; or NULL */
	char *username, *password;
	char *tls_server_name;
	char *proxy_url;
	char *as;		/* the user that is impersonated, or NULL */
	char **impersonate;	/* its request headers, "Name: value", NULL-terminated; or NULL */
	struct kube_exec *exec; /* where the credentials come from; or NULL */
	bool insecure;
	bool compressed;
	bool in_cluster; /* without a kubeconfig: the account of the pod that we run in; `source` is its folder */
};

/*
 * Resolves a context: `path` is one file, or NULL for $KUBECONFIG (a list: missing files are
 * skipped, the first file to define a name wins) and then ~/.kube/config. context NULL: the current
 * one; where no file exists at all either, the account of the pod that we run in. Relative file names
 * count from the file that holds them. A token or a user name beats exec. Errors: ERR_SPEC and
 * ERR_NOT_FOUND, with the file, what is missing, and the contexts there are; a user that needs an
 * auth-provider is ERR_SPEC with its name. A plugin is not run here.
 */
int kubeconfig_resolve(const char *path, const char *context, struct kube_access *ret_access,
		       struct err *e);
void kube_access_release(struct kube_access *access);

/*
 * The names of all contexts, each once, in the order of the files; of one file, or of those that count without `path`.
 * NULL-terminated, for kubeconfig_free_names(). Errors: as kubeconfig_resolve().
 */
int kubeconfig_contexts(const char *path, char ***ret_names, struct err *e);
void kubeconfig_free_names(char **names); /* NULL is legal */

#endif
