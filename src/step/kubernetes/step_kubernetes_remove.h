#ifndef LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_REMOVE_H
#define LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_REMOVE_H

#include "step/kubernetes/step_kubernetes.h"

/* What all that delete objects share: kubernetes.delete, and taking back what kubernetes.apply made. */

/*
 * Deletes one object of the resource that `s` is aimed at, if it is still the one that was seen: `entry` has
 * its name, uid, resource_version and generation. `policy` is as in DeleteOptions. *ret_gone: somebody else
 * was faster. Does not wait until it is gone.
 */
int kube_step_remove(struct kube_step *s, const cJSON *entry, const char *policy, bool *ret_gone,
		     struct err *e);

/* Warns where much more goes than what is named. */
void kube_step_warn_of_contents(const struct kube_step *s, struct preview *preview);

#endif
