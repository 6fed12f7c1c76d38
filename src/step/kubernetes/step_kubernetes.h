#ifndef LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_H
#define LIFEBOAT_STEP_KUBERNETES_STEP_KUBERNETES_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "kube/client.h"
#include "kube/resource.h"
#include "run/executor.h"

/* What the kubernetes.* executors share: where an action works, reading objects, hiding Secrets. */

enum { KUBE_STEP_MAX_ITEMS = 1000 };

/* Where one call of an executor works. In the caller's memory; client and strings are borrowed. */
struct kube_step {
	struct step_context *ctx;
	const struct action *action;
	struct kube_client *client;
	const char *context; /* of the kubeconfig: what messages call the cluster */
	const char *ns;	     /* `namespace:`, or else the target's; never NULL */
	bool all_namespaces;
	struct kube_resource resource; /* of `resource:`; zeros where the action has none */
};

/* Reads `namespace`, `all_namespaces` and `resource`. Nothing to release on an error. */
int kube_step_init(struct kube_step *s, struct step_context *ctx, const struct action *action,
		   struct err *e);
void kube_step_release(struct kube_step *s);

/* "mgmt-b/tsb", or "mgmt-b" for a cluster's resource: the place, for messages. The caller frees. */
char *kube_step_place(const struct kube_step *s);

/*
 * Puts "kubernetes.get secret/x in mgmt-b/tsb" before an error (name NULL: the collection), and
 * what to do after it. Returns -1.
 */
int kube_step_failed(const struct kube_step *s, const char *name, struct err *e);

/*
 * ERR_SPEC unless the name can be one object's. An empty one would turn the request for an object
 * into one for the whole collection.
 */
int kube_step_check_name(const char *name, struct err *e);

/* The path of an object (name NULL: of the collection). The caller frees. */
char *kube_step_path(const struct kube_step *s, const char *name);
/* "?labelSelector=…&limit=500" of the action, or "" where there is nothing. The caller frees. */
char *kube_step_query(const struct kube_step *s);

enum kube_step_form {
	KUBE_STEP_OBJECTS,
	KUBE_STEP_TABLE,    /* objects, and the columns that the server prints */
	KUBE_STEP_METADATA, /* enough for names and UIDs; no Secret's value travels */
};

/* What was read. Release with kube_step_list_release(). */
struct kube_step_list {
	cJSON *items;	/* array of objects */
	cJSON *columns; /* the Table's definitions, or NULL */
	cJSON *rows;	/* array: the Table's cells of each item */
	bool truncated; /* there are more than KUBE_STEP_MAX_ITEMS */
};

/*
 * Reads one object (name) or those that the action's selectors match (name NULL), in pages.
 * Errors are as kube_step_failed() leaves them; values of Secrets are registered before this
 * returns.
 */
int kube_step_fetch(struct kube_step *s, const char *name, enum kube_step_form form,
		    struct kube_step_list *ret_list, struct err *e);
void kube_step_list_release(struct kube_step_list *list);

bool kube_step_is_secret(const struct kube_step *s);

/*
 * Registers every value of a Secret object as a secret, both as it is and in base64, but for the
 * keys that `show` names (an array, or NULL).
 */
void kube_step_hide_secret(struct step_context *ctx, const cJSON *object, const cJSON *show);
/*
 * What could not be registered (too long for the redactor) gives way to its size: for objects that are shown
 * or handed to expressions, not for those that are sent.
 */
void kube_step_withhold_secret(struct step_context *ctx, cJSON *object, const cJSON *show);
/* Drops the annotation in which kubectl keeps a copy of the values, short ones included. */
void kube_step_strip_secret(cJSON *object);

/* True where a Secret's key is one that `show` names. */
bool kube_step_shows(const cJSON *show, const char *key);
/* The bytes of a base64 text (none where it is invalid), and a NUL. The caller frees. */
char *kube_step_decode(const char *base64, size_t *ret_len);

/* The age of an object, as kubectl prints it. */
char *kube_step_age(const cJSON *object, char out[CLOCK_STAMP_MAX]);

/* The condition of a type (without case), or NULL. */
const cJSON *kube_step_condition(const cJSON *object, const char *type);

/*
 * Whether an object says a word of `fail_on`, without case: the reason of one of its containers
 * (CrashLoopBackOff), a condition (Failed, Progressing=False) or the reason of one.
 */
bool kube_step_says(const cJSON *object, const char *word);

/* Why a request failed is worth another look later: the server is away, not of another opinion. */
bool kube_step_transient(const struct err *e);

#endif
