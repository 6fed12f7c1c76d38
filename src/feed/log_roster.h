#ifndef LIFEBOAT_FEED_LOG_ROSTER_H
#define LIFEBOAT_FEED_LOG_ROSTER_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/cancel.h"

struct kube_client;
struct log_feed;

/*
 * The pods of a log feed and the streams of their containers. A container gets its stream once it has a
 * log, and while there is room; a pod that goes takes its streams with it, after their last lines. Any
 * thread.
 */
struct log_roster;

enum { LOG_ROSTER_MAX_STREAMS = 64 };

struct log_roster *log_roster_new(struct log_feed *feed);
void
log_roster_free(struct log_roster *roster); /* stops all streams at once, then waits for them */

/* What the watch says. Whole objects; a list begins, and what it has not named at its end is gone. */
void log_roster_list_begin(struct log_roster *roster);
void log_roster_pod(struct log_roster *roster, const cJSON *pod);
void log_roster_removed(struct log_roster *roster, const char *uid);
void log_roster_listed(struct log_roster *roster);

/* To be called every second: looks after silent streams, gives back those that have ended. */
void log_roster_keep(struct log_roster *roster, struct kube_client *client,
		     const struct cancel *cancel);
size_t log_roster_streams(struct log_roster *roster);

#endif
