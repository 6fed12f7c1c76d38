#ifndef LIFEBOAT_KUBE_ACCESS_H
#define LIFEBOAT_KUBE_ACCESS_H

#include "kube/kubeconfig.h"

/* Internal to src/kube/. A deep copy, for who outlives the original; released like any other. */
void kube_access_copy(struct kube_access *copy, const struct kube_access *access);

#endif
