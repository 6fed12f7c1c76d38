#ifndef LIFEBOAT_FEED_LOG_TARGET_H
#define LIFEBOAT_FEED_LOG_TARGET_H

#include "base/cancel.h"
#include "base/err.h"
#include "feed/source.h"

/* Which pods a log feed follows, in the words of a list request. Plain data. */
struct log_target {
	char *path;	       /* of the collection */
	char *ns;	       /* that the path names, or NULL: all */
	char *labels, *fields; /* selectors, or NULL */
};

void log_target_release(struct log_target *target);

/*
 * Works out the pods of a source: one by its name ("pod/NAME" as a workload too), those of a workload's
 * selector, or those of the label selector. Asks the server for a workload: any resource with a
 * spec.selector. Errors: ERR_NOT_FOUND and others of the request; ERR_SPEC where it selects no pods.
 */
int log_target_find(const struct feed_source *source, struct kube_client *client,
		    const struct cancel *cancel, struct log_target *ret_target, struct err *e);

#endif
