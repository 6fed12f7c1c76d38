#ifndef LIFEBOAT_STEP_STEP_KUBERNETES_GONE_H
#define LIFEBOAT_STEP_STEP_KUBERNETES_GONE_H

#include "step/step_kubernetes.h"

/*
 * Internal to those who delete: waits, at most for the action's `timeout`, until the objects of an
 * array of {"name", "uid"} are gone: these very ones, whatever else has their names by then. An error
 * names what holds them: finalizers, or what is left in a namespace.
 */
int kube_step_wait_gone(struct kube_step *s, const cJSON *deleted, struct err *e);

/* What became of one object ({"name", "uid"}): says so in a line, for a probe. */
enum fate { FATE_THERE, FATE_GOING, FATE_GONE };
int kube_step_find_fate(struct kube_step *s, const cJSON *entry, struct probe *probe,
			enum fate *ret_fate, struct err *e);

/* The probe of kubernetes.delete: what became of the objects that its preview saw. */
int kube_step_probe_gone(struct step_context *ctx, const struct action *action, struct probe *probe,
			 enum probe_verdict *ret_verdict, struct err *e);

#endif
