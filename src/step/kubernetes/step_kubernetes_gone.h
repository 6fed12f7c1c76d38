#ifndef LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_GONE_H
#define LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_GONE_H

#include "step/kubernetes/step_kubernetes.h"

/*
 * Internal to those who delete: waits, at most for the action's `timeout`, until the objects of an
 * array of {"name", "uid"} are gone: these very ones, whatever else has their names by then. An error
 * names what holds them: finalizers, or what is left in a namespace.
 */
int kube_step_wait_gone(struct kube_step *s, const cJSON *deleted, struct err *e);

/* What became of one object ({"name", "uid"}): says so in a line, for a probe. */
enum fate { FATE_THERE, FATE_GOING, FATE_GONE };
typedef int kube_step_fate_fn(struct kube_step *s, const cJSON *entry, struct probe *probe,
			      enum fate *ret_fate, struct err *e);
kube_step_fate_fn kube_step_find_fate;

/*
 * What became of the objects that the preview saw, each told by find(); one that is being deleted counts as gone only
 * where nobody was to wait for its end.
 */
int kube_step_probe_fates(struct step_context *ctx, const struct action *action, bool waits,
			  kube_step_fate_fn *find, struct probe *probe,
			  enum probe_verdict *ret_verdict, struct err *e);

/* The probe of kubernetes.delete: what became of the objects that its preview saw. */
int kube_step_probe_gone(struct step_context *ctx, const struct action *action, struct probe *probe,
			 enum probe_verdict *ret_verdict, struct err *e);

#endif
