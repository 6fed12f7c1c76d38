#ifndef LIFEBOAT_FEED_TABLE_PRIVATE_H
#define LIFEBOAT_FEED_TABLE_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "feed/source.h"
#include "feed/table.h"
#include "feed/table_fold.h"

/* Internal to table.c and table_look.c: a table feed as its threads share it. */

enum { TABLE_RECONNECT_MS = 5000 };

/* A row that is looked at. */
struct table_wish {
	char *ns, *name;
};

struct table_feed {
	struct feed_source *source;
	struct secrets *secrets;
	int notify_fd;
	bool pods;
	struct cancel *cancel;
	pthread_t watcher, publisher, looker; /* looker: of pods only */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed, wanted;
	struct table_fold *fold;
	struct feed_health health;
	struct table_snapshot *snapshot;
	uint64_t generation;
	bool dirty;  /* the fold is ahead of the snapshot */
	bool news;   /* the health is another */
	bool urgent; /* a list has come in: it is not to wait */
	bool opened; /* a client, with secrets that the redactor has not met yet */
	bool ending;
	struct table_wish *wishes;
	size_t wishes_count;
};

/* The fold is ahead of the snapshot; the caller holds the lock. */
void table_feed_touch(struct table_feed *feed);

/* The thread that fetches what the reasons are made of. */
void *table_look(void *data);
/* Takes over the wishes' strings; the caller holds the lock. */
void table_look_for(struct table_feed *feed, struct table_wish *wishes, size_t count);

#endif
