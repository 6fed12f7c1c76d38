#ifndef LIFEBOAT_KUBE_KUBECONFIG_PIN_H
#define LIFEBOAT_KUBE_KUBECONFIG_PIN_H

#include "base/err.h"
#include "base/str.h"
#include "kube/kubeconfig.h"

/*
 * A kubeconfig, as JSON, that leads to one context and nowhere else when it stands before the others in KUBECONFIG: it
 * has the current-context, and that context with its cluster, its user and `ns`; both of these are looked up in the
 * others. Of the account of a pod, which has no kubeconfig, it has the cluster and the user as well. It holds no
 * credential, at most the name of the file that does. Appended to out.
 * Source: Kubernetes, "Organizing Cluster Access Using kubeconfig Files", on merging.
 */
void kubeconfig_pin(const struct kube_access *access, const char *ns, struct str *out);

/*
 * The files that count for kubeconfig_resolve(), in their order, with absolute names between colons, appended to list;
 * nothing where there is none. Errors: ERR_SPEC (a name that cannot stand in such a list), ERR_IO.
 */
int kubeconfig_list_files(const char *path, struct str *list, struct err *e);

#endif
