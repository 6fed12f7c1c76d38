#ifndef LIFEBOAT_FEED_DETAIL_H
#define LIFEBOAT_FEED_DETAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "feed/source.h"

enum detail_role { DETAIL_HEADING, DETAIL_TEXT, DETAIL_GOOD, DETAIL_BAD, DETAIL_DIM };

struct detail_line {
	enum detail_role role;
	const char *text; /* sanitised */
};

/* An unchanging picture of one object, for reading from top to bottom. */
struct detail_snapshot {
	const struct detail_line *lines;
	size_t count;
	const char *const
		*containers; /* a pod's, init containers first; names as the server has them */
	size_t containers_count;
	uint64_t generation;
	bool complete;	   /* the object has been read at least once */
	bool gone;	   /* it has been deleted; the lines are its last state */
	bool events_known; /* its events have been listed exactly, or the lines say why not */
};

/*
 * Follows one object of a source (its resource; pods by default) and its events, on a thread and a
 * connection of its own. Of a pod: status and why, node, IP, containers with image, state, restarts and
 * last end, conditions; of anything else its fields as YAML, Secret values as sizes; then labels and
 * events, newest last, with counts. Its ages are made anew at least every 5 s.
 */
struct detail_feed;
struct detail_feed *detail_feed_new(const struct feed_source *source, const char *ns,
				    const char *name, struct secrets *secrets, int notify_fd);
void detail_feed_free(struct detail_feed *feed);

struct detail_snapshot *detail_feed_snapshot(struct detail_feed *feed);
void detail_snapshot_release(struct detail_snapshot *snapshot);
void detail_feed_health(struct detail_feed *feed, struct feed_health *ret_health);

#endif
