#ifndef LIFEBOAT_KUBE_KUBECONFIG_PRIVATE_H
#define LIFEBOAT_KUBE_KUBECONFIG_PRIVATE_H

#include <cjson/cJSON.h>

#include "kube/kubeconfig.h"

/* Internal to src/kube/: what the files that read kubeconfigs share. */

#define KUBECONFIG_ACCOUNT_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount"

/* kubeconfig_resolve(), for which the account of a pod is in `account_folder`. */
int kubeconfig_resolve_with(const char *path, const char *context, const char *account_folder,
			    struct kube_access *ret_access, struct err *e);

struct kubeconfig_file {
	char *path;
	cJSON *root;
};

/* The files that count, in the order of precedence. */
struct kubeconfig_files {
	struct kubeconfig_file *items;
	size_t count, cap;
};

int kubeconfig_files_load(struct kubeconfig_files *files, const char *path, struct err *e);
void kubeconfig_files_release(struct kubeconfig_files *files);
/* Whether there is one, without a path given. */
bool kubeconfig_files_exist(void);
/* All their names, for messages; the caller frees. */
char *kubeconfig_files_names(const struct kubeconfig_files *files);

/* A named cluster, user or context, and the file it was found in. */
struct kubeconfig_entry {
	const char *word; /* "cluster" */
	const char *name;
	const char *path;
	const cJSON *value;
};

/* The first file to define a name wins whole. Returns false where none does. */
bool kubeconfig_find(const struct kubeconfig_files *files, const char *word, const char *name,
		     struct kubeconfig_entry *ret_entry);

/* Puts the place of an entry before a message. Returns -1. */
int kubeconfig_wrap(const struct kubeconfig_entry *entry, struct err *e);

/* A member that holds text, as a new string; NULL where it is absent or empty. ERR_SPEC: it is no text. */
int kubeconfig_text(const struct kubeconfig_entry *entry, const char *field, char **ret_text,
		    struct err *e);
/* false where it is absent. ERR_SPEC: it is neither true nor false. */
int kubeconfig_bool(const struct kubeconfig_entry *entry, const char *field, bool *ret_value,
		    struct err *e);
/* A list of texts, NULL-terminated; NULL where it is absent or empty. ERR_SPEC: it is something else. */
int kubeconfig_list(const struct kubeconfig_entry *entry, const char *field, char ***ret_list,
		    struct err *e);
/* A PEM text: decoded from FIELD-data, which wins, or read from the file that FIELD names. */
int kubeconfig_pem(const struct kubeconfig_entry *entry, const char *field, char **ret_pem,
		   struct err *e);

/* All of a user, whose plugin may want to know the cluster, which is filled in already. */
int kubeconfig_fill_user(struct kube_access *access, const struct kubeconfig_entry *user,
			 const struct kubeconfig_entry *cluster, struct err *e);
int kubeconfig_fill_exec(struct kube_access *access, const struct kubeconfig_entry *user,
			 const struct kubeconfig_entry *cluster, struct err *e);

/* Whether the environment and the folder are those of a pod. */
bool kubeconfig_is_in_cluster(const char *account_folder);
int kubeconfig_fill_in_cluster(struct kube_access *access, const char *account_folder,
			       struct err *e);

#endif
