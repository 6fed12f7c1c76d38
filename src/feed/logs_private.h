#ifndef LIFEBOAT_FEED_LOGS_PRIVATE_H
#define LIFEBOAT_FEED_LOGS_PRIVATE_H

#include <pthread.h>

#include "feed/log_batch.h"
#include "feed/log_ring.h"
#include "feed/logs.h"

/* Internal to the log feed: what its files share. */

struct kube_client;
struct log_roster;

struct log_feed {
	struct feed_source *source;
	struct secrets *secrets;
	int notify_fd;
	struct cancel *cancel;
	pthread_t watcher, keeper;
	struct log_roster *roster;

	pthread_mutex_t lock; /* guards what follows; held for moments only */
	struct log_ring *ring;
	struct feed_health health;
	bool notified; /* and not yet looked at */
};

/* Puts lines into the ring; `feed` is a struct log_feed. Any thread. */
void log_feed_add(void *feed, uint32_t origin, const struct log_batch *batch);
/* A remark of the feed itself, under an origin that is sanitised already. */
void log_feed_remark(struct log_feed *feed, const char *origin, const char *text);

/* The longest line that is kept whole. */
size_t log_feed_max_line(const struct log_feed *feed);

/* The origin of a pod's container, held for the caller. */
uint32_t log_feed_origin(struct log_feed *feed, const char *name);
void log_feed_origin_release(struct log_feed *feed, uint32_t origin);

/* The threads: who follows the pods, and who looks after the streams. */
void *log_feed_watch(void *data);
void *log_feed_keep(void *data);

#endif
