#ifndef LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_SCALE_H
#define LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_SCALE_H

#include "step/kubernetes/step_kubernetes_workload.h"

/* Internal to kubernetes.scale: what scaling and scaling back share. */

/* One call of the executor. */
struct scaling {
	struct kube_step s;
	struct step_texts names;
	int64_t wanted;
	const char *goal; /* what a probe calls a number that is as it should be */
};

int scaling_init(struct scaling *c, struct step_context *ctx, const struct action *action,
		 struct err *e);
void scaling_release(struct scaling *c);

/* Reads the `scale` part of an object. Errors are as kube_step_failed() leaves them. */
int scaling_read(struct scaling *c, const char *name, cJSON **ret_scale, struct err *e);
int64_t scaling_replicas(const cJSON *scale);
/* What is kept of it: {"name","uid","replicas","spec"}. The caller deletes it. */
cJSON *scaling_entry(const char *name, const cJSON *scale);
/* It must still be what the operator saw (ERR_CONFLICT). */
int scaling_check_seen(struct scaling *c, const char *name, const cJSON *scale, struct err *e);

void scaling_preview_entry(const struct scaling *c, const cJSON *entry, int64_t wanted,
			   struct preview *preview);
/* Sets one number, if nothing has changed since the entry was read. */
int scaling_set(struct scaling *c, const cJSON *entry, int64_t wanted, struct err *e);
/* Waits for the entries one after the other; each by its own number if `wanted` is -1. */
int scaling_wait(struct scaling *c, const cJSON *entries, int64_t wanted, struct err *e);
/* One line of evidence; counts the object where it has arrived, or is as the preview saw it. */
void scaling_judge(struct scaling *c, const char *name, const cJSON *scale, int64_t wanted,
		   struct probe *probe, size_t *done, size_t *untouched);

int scaling_undo_preview(struct step_context *ctx, const struct action *action, const cJSON *before,
			 struct preview *preview, struct err *e);
int scaling_undo(struct step_context *ctx, const struct action *action, const cJSON *before,
		 struct err *e);
int scaling_undo_probe(struct step_context *ctx, const struct action *action, const cJSON *before,
		       struct probe *probe, enum probe_verdict *ret_verdict, struct err *e);

#endif
