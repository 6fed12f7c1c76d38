#ifndef LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_EVIDENCE_H
#define LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_EVIDENCE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "step/kubernetes/step_kubernetes.h"

/* What the kubernetes.* executors that write leave for their probes, and what those look at. */

/*
 * Puts on record that the action's first write is about to be sent, besides `more` (an object, taken over, or
 * NULL). Writes of an action go one after the other, so that nothing of the first one says that there was
 * no second. -1: it is not on record, and nothing may be sent.
 */
int kube_step_begin_writing(struct kube_step *s, cJSON *more, struct err *e);

/*
 * Given that nothing of the action can be seen: whether nothing of it can still be under way. Says why.
 * Source: kube-apiserver, --request-timeout (1m).
 */
bool kube_step_nothing_under_way(const struct kube_step *s, struct probe *probe);

/* When a manager wrote last ("Apply", "Update"; NULL: either), as the server has it, or NULL. */
const char *kube_step_written_at(const cJSON *object, const char *manager, const char *operation);

/*
 * "uid 1f0c…, generation 7, resourceVersion 812, last written by kubectl at …, by lifeboat at … (after the
 * step began)": appended.
 */
void kube_step_describe(const struct kube_step *s, const cJSON *object, const char *manager,
			struct str *out);

/* "secrets/x in mgmt/tsb: ", appended. */
void kube_step_name(const struct kube_step *s, const char *name, struct str *out);

/* The verdict over several objects, of which so many are as wanted, and so many as they were before. */
enum probe_verdict kube_step_verdict(const struct kube_step *s, struct probe *probe, size_t count,
				     size_t done, size_t untouched);

#endif
