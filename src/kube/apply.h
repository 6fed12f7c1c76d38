#ifndef LIFEBOAT_KUBE_APPLY_H
#define LIFEBOAT_KUBE_APPLY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/str.h"
#include "kube/client.h"

/*
 * The objects of a manifest file (several YAML documents, or a JSON list), or of a folder's files
 * *.yaml, *.yml and *.json in the order of their names, without the folders below it; items of a List
 * are taken apart. All errors of all files are in the one message. The result is an array in the order
 * to apply: namespaces and custom resource definitions, then what others need before those (accounts,
 * Secrets, roles, services, workloads), then everything else; objects of a kind as they were written.
 */
int manifest_load(const char *path, cJSON **ret_objects, struct err *e);

/* Whether others can't even be asked for before it is ready: a namespace, a definition of a kind. */
bool manifest_is_foundation(const cJSON *object);

enum kube_apply_flags {
	KUBE_APPLY_DRY_RUN = 1 << 0, /* dryRun=All */
	KUBE_APPLY_FORCE = 1 << 1,   /* take over fields that another manager owns */
};

/*
 * Server-side apply of one object. `ns` is used where a namespaced object names none (never NULL).
 * Conflicts are ERR_CONFLICT with each field and its owner. *ret_result: the object as the server
 * has it. Source: Kubernetes reference, "Server-Side Apply".
 */
int kube_apply(struct kube_client *client, const cJSON *object, const char *ns,
	       const char *field_manager, unsigned flags, const struct cancel *cancel,
	       cJSON **ret_result, struct err *e);

/* The object as it is now, or NULL in *ret_object where there is none. */
int kube_apply_current(struct kube_client *client, const cJSON *object, const char *ns,
		       const struct cancel *cancel, cJSON **ret_object, struct err *e);

/*
 * Whether what manifest_is_foundation() names can be built upon: 1 where a namespace is active, or a
 * definition established and each of its served versions found by discovery; 0 where that is still to
 * come, and *lacks says what; -1 where it won't (the namespace is being deleted, the names are taken) or
 * could not be asked.
 */
int kube_foundation_stands(struct kube_client *client, const cJSON *object,
			   const struct cancel *cancel, struct str *lacks, struct err *e);

/* One line of a difference: '+', '-' or ' ', and the path with its value ("spec.replicas: 2"). */
typedef void kube_diff_fn(void *data, char mark, const char *line);

/*
 * Calls line() for what differs between two states of an object (before NULL: all is new), managed
 * fields, status and the server's own bookkeeping left out. Values of Secrets are never passed on,
 * but as secret_value.h describes them ("data.password: 12 bytes, #1a2b3c4d").
 */
void kube_diff(const cJSON *before, const cJSON *after, kube_diff_fn *line, void *data);

#endif
