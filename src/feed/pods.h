#ifndef LIFEBOAT_FEED_PODS_H
#define LIFEBOAT_FEED_PODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

/* Which cluster a feed reads: what the run has frozen of its target. Copied by the feeds. */
struct feed_source {
	const char *kubeconfig; /* or NULL: the usual places */
	const char *context;
	const char *ns;	       /* NULL: the context's */
	const char *selector;  /* a label selector, or NULL: all */
	const char *container; /* logs only; NULL: all containers */
};

enum feed_state { FEED_STARTING, FEED_LIVE, FEED_BROKEN };

/* How trustworthy a feed's data is. Plain data. */
struct feed_health {
	enum feed_state state;
	int64_t last_alive_ms; /* monotonic; 0: nothing came yet */
	int64_t retry_at_ms;   /* monotonic; FEED_BROKEN only */
	char problem[512];     /* sanitised; FEED_BROKEN only */
};

struct pod_row {
	char *name;
	char *ready;	/* "1/2" */
	char *status;	/* "CrashLoopBackOff" */
	char *restarts; /* "4" */
	char *node;
	int64_t created_ms; /* wall clock; 0: unknown */
	bool healthy;	    /* all containers ready, or completed */
};

/* An unchanging picture of the rows, sorted by name; strings are sanitised. */
struct pod_snapshot {
	struct pod_row *rows;
	size_t count;
	size_t unhealthy;
	uint64_t generation; /* grows with every change */
	bool complete;	     /* at least one list has come in whole */
};

/*
 * Follows the pods of one namespace: LIST, then WATCH, for as long as the feed lives, on threads
 * and a connection of its own. Errors never end it: it backs off and says so in its health,
 * keeping its rows. `notify_fd` is an eventfd of the caller's, written to on every change (or
 * -1), ten times a second at most. secrets may be NULL.
 */
struct pod_feed;
struct pod_feed *pod_feed_new(const struct feed_source *source, struct secrets *secrets,
			      int notify_fd);
void pod_feed_free(struct pod_feed *feed); /* ends its threads within 100 ms */

/* Any thread. The snapshot is shared and counted: give it back by pod_snapshot_release(). */
struct pod_snapshot *pod_feed_snapshot(struct pod_feed *feed);
void pod_snapshot_release(struct pod_snapshot *snapshot);
void pod_feed_health(struct pod_feed *feed, struct feed_health *ret_health);

#endif
