#ifndef LIFEBOAT_RUN_JOB_IMPACT_H
#define LIFEBOAT_RUN_JOB_IMPACT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/job/job.h"

/*
 * The live side of the impact board: looks at every operation of the runbook's `impact` that has a probe, again and again,
 * and tells what has changed. Each look is a thread of its own with connections of its own, which only reads and shares
 * nothing with the job of a step. All functions belong to the engine's thread, and none of them blocks; looks end with
 * MESSAGE_IMPACT in the engine's inbox. Times are monotonic.
 */
struct impact;

/* How often, and how long; all in ms. */
struct impact_pace {
	int64_t interval_ms;   /* from one look's beginning to the next one's */
	int64_t timeout_ms;    /* of a look */
	int64_t settle_ms;     /* from the end of a step to the looks that it calls for */
	int64_t pause_ms;      /* between two changes of one operation, at least */
	int64_t text_pause_ms; /* where the level stays the same, and only the words are others */
};

/*
 * `env` is the engine's (its inbox takes the messages, its targets are copied, so that no job may be using them), `context`
 * what the probes' templates and expressions see; takes ownership of the latter. `pace` NULL: as usual. NULL where no
 * operation has a probe.
 */
struct impact *impact_new(const struct job_env *env, cJSON *context,
			  const struct impact_pace *pace);
/* Cancels the looks that are under way and waits for their ends, within 100 ms. */
void impact_free(struct impact *impact);

/* When impact_turn() or impact_change() has something to do; INT64_MAX: not before the next message. */
int64_t impact_next_ms(const struct impact *impact);
/* Begins the looks that are due, and cancels those that take too long. */
void impact_turn(struct impact *impact, int64_t now_ms);
/*
 * A look has ended: its message's data. True where the operation as a whole was looked at by that: *ret_index says which one
 * of the runbook's it is, *ret_ts_ms when (wall clock).
 */
bool impact_take(struct impact *impact, const cJSON *data, size_t *ret_index, int64_t *ret_ts_ms);
/* The data of the next impact record that is due, or NULL; what was handed out counts as told. */
cJSON *impact_change(struct impact *impact, int64_t now_ms);

/* A step has ended: what it did may be seen soon. */
void impact_hurry(struct impact *impact, int64_t now_ms);
/* The run has met a target: the data of its record. Another one behind that name is looked at no more. */
void impact_meet(struct impact *impact, const cJSON *data);

#endif
