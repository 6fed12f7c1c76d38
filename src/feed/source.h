#ifndef LIFEBOAT_FEED_SOURCE_H
#define LIFEBOAT_FEED_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

struct cancel;
struct kube_client;
struct kube_resource;

/*
 * What a feed reads: of which cluster (what the run has frozen of its target), and what of it. Feeds
 * copy it.
 */
struct feed_source {
	const char *kubeconfig; /* or NULL: the usual places */
	const char *context;
	const char *ns; /* NULL: the context's */
	bool all_namespaces;
	const char
		*resource; /* tables: "pods" (also NULL), "deployments.apps", as kubectl calls it */
	const char *selector; /* a label selector, or NULL: all */
	/* logs only: */
	const char *pod;       /* one pod by its name, instead of a selector */
	const char *workload;  /* "deployment/tsb": the pods of its selector */
	const char *container; /* NULL: all containers, init containers and sidecars included */
	bool previous; /* the log before each container's last restart, once, not followed */
};

enum feed_state { FEED_STARTING, FEED_LIVE, FEED_BROKEN };

/* How trustworthy a feed's data is. Plain data; texts are sanitised. */
struct feed_health {
	enum feed_state state;
	int64_t last_alive_ms; /* monotonic; 0: nothing came yet */
	int64_t retry_at_ms;   /* monotonic; FEED_BROKEN only */
	char problem[512];     /* FEED_BROKEN only */
	uint64_t skipped;      /* objects or lines that could not be decoded */
	char skipped_why[256]; /* the latest of them */
	char warning[256];     /* the latest Warning header of the server, or "" */
	size_t listed;	       /* rows of the list that is coming in; 0: none is */
	int64_t left;	       /* still to come of it; -1: unknown */
	bool insecure;	       /* the server's certificate is not verified */
};

/* ---- internal to src/feed/: what all feeds do alike ---- */

struct feed_source *feed_source_copy(const struct feed_source *source);
void feed_source_free(struct feed_source *source);

/* A client of the source's cluster for one thread; its credentials are registered as secrets. */
struct kube_client *feed_connect(const struct feed_source *source, struct secrets *secrets,
				 struct err *e);
/* The namespace of the source, or else of the client's context. */
const char *feed_namespace(const struct feed_source *source, const struct kube_client *client);
/* Whether the source's resource is pods, or none is named. */
bool feed_is_of_pods(const struct feed_source *source);
/* The resource of a table's source, asked of the server unless it is pods. */
int feed_resource(const struct feed_source *source, struct kube_client *client,
		  const struct cancel *cancel, struct kube_resource *ret_resource, struct err *e);

/* Wakes the caller of a feed; fd -1: nobody. */
void feed_notify(int fd);

/* Appends a foreign text after both doors: redacted, sanitised. `scratch` is emptied and used. */
void feed_clean(struct secrets *secrets, const char *text, size_t len_bytes, struct str *scratch,
		struct str *out);
/*
 * True: feed_clean() would leave a text as it is now. The quick way for one thread that has a great many
 * of them; the redactor is of the same secrets.
 */
bool feed_is_clean(struct redactor *redactor, const char *text, size_t len_bytes);
/* feed_clean() into a buffer; whole characters, as many as there is room for. */
void feed_clean_copy(struct secrets *secrets, const char *text, char *out, size_t size);

/* Changes of a health; the caller holds whatever lock guards it. True: the state is another now. */
bool feed_health_alive(struct feed_health *health);
bool feed_health_failed(struct feed_health *health, struct secrets *secrets, const struct err *e,
			int64_t delay_ms);
void feed_health_skipped(struct feed_health *health, struct secrets *secrets, const char *why);
void feed_health_warning(struct feed_health *health, struct secrets *secrets, const char *text);

#endif
