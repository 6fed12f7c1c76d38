#ifndef LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_APPLY_H
#define LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_APPLY_H

#include "base/digest.h"
#include "base/str.h"
#include "kube/apply.h"
#include "step/kubernetes/step_kubernetes.h"

/*
 * Internal to kubernetes.apply: the manifests of one call, and what the server would make of each, asked
 * by a dry run before anything is written.
 */

struct trial {
	const cJSON *object;	   /* of the manifests; borrowed */
	cJSON *before, *after;	   /* NULL: it is not there; it could not be tried */
	char *deferred;		   /* why it can be tried only later, or NULL */
	bool blind;		   /* not even later: a webhook takes no dry runs */
	char seal[DIGEST_HEX_MAX]; /* of the object, and of what it would replace */
};

/* One call of the executor. `s` is aimed at one object after the other. */
struct apply {
	struct kube_step s;
	const char *default_ns;
	const char *manager;
	unsigned flags; /* of enum kube_apply_flags */
	cJSON *objects;
	struct trial *trials; /* one for each object, in the order to apply */
	size_t count;
	struct str refusals; /* one a line */
	size_t refused;
	enum err_kind refusal; /* of the first */
};

int apply_init(struct apply *a, struct step_context *ctx, const struct action *action,
	       struct err *e);
void apply_release(struct apply *a);

/* Finds the resource of an object. *ret_known: false where only these manifests define its kind. */
int apply_aim(struct apply *a, const cJSON *object, bool *ret_known, struct err *e);

/*
 * Asks the server what an apply would make of an object. What it refuses is added to the refusals, and
 * is no error; errors are those that would meet every other object too. `deferred` says why it can't
 * be asked yet: the manifests make its kind or its namespace. With `foundations_stand` they have done
 * that, and a refusal by the kind's definition of now is final.
 */
int apply_try(struct apply *a, struct trial *trial, bool foundations_stand, struct err *e);
int apply_try_all(struct apply *a, struct err *e);

/* -1 and all refusals in one error, if there are any. */
int apply_check_refusals(struct apply *a, struct err *e);

/* Who and in what state the objects are that the manifests name: what a probe compares with. */
cJSON *apply_identities(const struct apply *a);
int apply_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
		enum probe_verdict *ret_verdict, struct err *e);

/* What preview() remembers, and whether everything is still as it was then (ERR_CONFLICT). */
cJSON *apply_seals(const struct apply *a);
int apply_check_seals(struct apply *a, struct err *e);

/* Who an object is that was made, as undo is given it. The caller deletes it. */
cJSON *apply_undo_entry(const cJSON *object, const char *ns);
int apply_undo_preview(struct step_context *ctx, const struct action *action, const cJSON *before,
		       struct preview *preview, struct err *e);
int apply_undo(struct step_context *ctx, const struct action *action, const cJSON *before,
	       struct err *e);
int apply_undo_probe(struct step_context *ctx, const struct action *action, const cJSON *before,
		     struct probe *probe, enum probe_verdict *ret_verdict, struct err *e);

bool apply_is_secret(const cJSON *object);
const char *apply_name(const cJSON *object);

#endif
