#ifndef LIFEBOAT_RUN_STATE_EVENT_H
#define LIFEBOAT_RUN_STATE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"
#include "base/sgr.h"
#include "run/state/intent.h"
#include "run/state/record.h"

/*
 * What the engine tells its subscribers. Records are the truth and come in order, each already durable
 * where it must be; the other events are for the eye only and change nothing.
 */
enum run_event_type {
	EVENT_RECORD,	/* `record` */
	EVENT_OUTPUT,	/* `step`, `text`, `looks`: more output, redacted and sanitised, LFs kept */
	EVENT_PROGRESS, /* `step`, `text`: what goes on, one line, sanitised */
	EVENT_REFUSED,	/* `text`: why an intent was not taken */
	EVENT_WARNING, /* `text`: something about the run itself; `pretended`: why its journal is broken */
	EVENT_IMPACT, /* an operation of the impact board was looked at again: `index`, `ts_ms` */
	EVENT_CLOSED, /* the engine has ended; nothing follows */
};

struct run_event {
	enum run_event_type type;
	struct record *record; /* counted; released with the event */
	bool pretended; /* `record` is written nowhere: the journal is broken; of a warning: it says why */
	bool replayed; /* `record` is of an earlier process: nothing is to be decided about it */
	char *step;
	char *text;
	struct sgr looks; /* of the text: what its colour sequences said */
	size_t index;	  /* EVENT_IMPACT: which of the runbook's `impact` */
	int64_t ts_ms;	  /* and when; wall clock */
};

struct run_event *run_event_new(enum run_event_type type, const char *step, const char *text);
void run_event_free(struct run_event *event);

/*
 * The two ends that a front end holds: it pops struct run_event from `events` (its own queue) and hands
 * intents to submit(), which takes ownership and may be called from any thread.
 */
struct run_link {
	struct queue *events;
	void (*submit)(void *engine, struct intent *intent);
	void *engine;
};

#endif
