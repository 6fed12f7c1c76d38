#ifndef LIFEBOAT_KUBE_IDENTITY_H
#define LIFEBOAT_KUBE_IDENTITY_H

#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "kube/client.h"
#include "net/skew.h"

/* Who a cluster is, and who we are there. In the caller's memory. */
struct kube_identity {
	char *uid;     /* of the namespace kube-system; NULL: we may not read it */
	char *version; /* "v1.30.2"; NULL: it does not say */
	char *user;    /* whom the server takes us for; NULL: it does not say */
	struct skew skew;
	int64_t round_trip_ms; /* of the quickest request */
};

#define KUBE_IDENTITY_INIT                                                                         \
	{                                                                                          \
		NULL, NULL, NULL, SKEW_INIT, INT64_MAX                                             \
	}

void kube_identity_release(struct kube_identity *identity);

/* Asks for the UID alone, and looks at the clock. Who may not read kube-system has no UID, no error. */
int kube_identify_cluster(struct kube_client *client, const struct cancel *cancel,
			  struct kube_identity *identity, struct err *e);

/*
 * Asks for the version and the user: by SelfSubjectReview in the newest version that is served, and
 * where that is refused, by the refusal. What the server does not tell stays NULL; only a failed
 * connection is an error.
 */
int kube_identify_user(struct kube_client *client, const struct cancel *cancel,
		       struct kube_identity *identity, struct err *e);

#endif
