#ifndef LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_WORKLOAD_H
#define LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_WORKLOAD_H

#include "step/kubernetes/step_kubernetes.h"
#include "step/step_with.h"

/* What kubernetes.rollout, kubernetes.scale and kubernetes.restart share. */

/* The names of the field `name`, one or several. Errors: ERR_SPEC. */
int workload_names(const struct action *action, struct step_texts *ret_names, struct err *e);

/* What preview() remembered of an object, or NULL; `seen` may be NULL. */
const cJSON *workload_seen(const cJSON *seen, const char *name);

/* ERR_SPEC unless it is a Deployment, a StatefulSet or a DaemonSet that the action is about. */
int workload_check_kind(const struct kube_step *s, struct err *e);

/*
 * A change of one field that is made only while other fields are what was seen, by the server itself and
 * at once: `test` holds paths and the values they must have, `path` and `value` (taken over) are the
 * change. Paths are JSON Pointers. `part` is a part of the object ("scale"), or NULL. Where a field is
 * another, ERR_CONFLICT; errors are as kube_step_failed() leaves them. Source: RFC 6902.
 */
struct workload_change {
	const char *part;
	cJSON *tests; /* array of operations; see workload_test() */
	const char *path;
	cJSON *value;
};
void workload_test(struct workload_change *change, const char *path, cJSON *value);
int workload_patch(struct kube_step *s, const char *name, struct workload_change *change,
		   struct err *e);

/* "Done by then: a, b" behind an error: what had happened, since there is no result. Returns -1. */
int workload_say_done(const char *verb, const cJSON *done, struct err *e);

/* "deployment.apps/tsb scaled to 0" into the step's output. */
void workload_report(struct kube_step *s, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* How long an action may wait for what it has begun; the step's own deadline counts too. */
int64_t workload_deadline_ms(const struct kube_step *s, int64_t otherwise_ms);

/* The rights that looking for words of `fail_on` takes, where there are any. */
void workload_signs_permissions(const struct kube_step *s, struct permission_list *list);

/*
 * Waits for the rollouts of several objects ({"name", "uid"}: these very objects), by the rules of
 * kube_rollout_status(), and fails at once where one cannot succeed: its progress deadline has passed,
 * it was deleted, or a pod of its newest revision says a word of the action's `fail_on`. Of the action
 * are also `timeout` (0: looks once) and `interval`. *ret_objects: as they are in the end.
 */
int workload_wait_rollout(struct kube_step *s, const cJSON *objects, cJSON **ret_objects,
			  struct err *e);

#endif
