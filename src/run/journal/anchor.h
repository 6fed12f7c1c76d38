#ifndef LIFEBOAT_RUN_JOURNAL_ANCHOR_H
#define LIFEBOAT_RUN_JOURNAL_ANCHOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "run/state/event.h"

/*
 * Copies of a journal's head in places that whoever can write the run's folder cannot: after each durable
 * record, by a thread of its own. Never blocks the run: what cannot be sent waits, only the latest of it, and is
 * tried again with a pause; the operator is told once when a place fails and once when it is back.
 */

/* What is put there. */
struct anchor_head {
	const char *run_id;
	int64_t seq;	  /* of the record */
	const char *hash; /* SHA-256 of its line */
	int64_t ts_ms;
	const char *type; /* "intent" */
};

/* One place: a row of the table in src/cli/anchors.c. */
struct anchor_place {
	char *name; /* "syslog", "postgresql at db9" */
	/* Any thread, one at a time; returns within 100 ms of cancel. */
	int (*put)(void *data, const struct anchor_head *head, const struct cancel *cancel,
		   struct err *e);
	void (*close)(void *data);
	void *data;
};

struct anchors;

/*
 * Starts the thread: it takes the events of `link`, which must be its own. tell() says what the operator should
 * know; any thread. Takes ownership of the places.
 */
struct anchors *anchors_start(const struct run_link *link, struct anchor_place *places,
			      size_t count, void (*tell)(void *data, const char *text), void *data);

/* After EVENT_CLOSED came: gives the last head a few seconds to get there, then ends and frees. */
void anchors_stop(struct anchors *anchors);

#endif
