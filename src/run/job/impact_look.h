#ifndef LIFEBOAT_RUN_JOB_IMPACT_LOOK_H
#define LIFEBOAT_RUN_JOB_IMPACT_LOOK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "run/job/job.h"

/* How much of an operation is seen to be gone. */
enum impact_level {
	IMPACT_UNTOLD, /* it cannot be told */
	IMPACT_NONE,
	IMPACT_LIMITED,
	IMPACT_TOTAL,
	IMPACT_FELL, /* of a look alone: the check does not hold, and does not say how much that is */
};

/* "none", "limited" or "total"; NULL for the others. */
const char *impact_level_name(enum impact_level level);

/*
 * One thing that is looked at again and again: an operation, or one member of the group that its probe names. Plain data
 * of the engine's thread, but for what a look under way uses (`job`, `env`, `now`, `now_text`).
 */
struct impact_look {
	size_t number; /* among all looks: what MESSAGE_IMPACT names */
	const struct impact_spec *spec;
	char *target; /* as written, or the member of a group; NULL: none */
	bool is_member;
	struct job_env env; /* with targets of its own, and an inbox that nobody reads */
	struct queue *results;
	pthread_t thread;
	struct job *job;		 /* under way, or NULL */
	int64_t due_ms;			 /* of the next look; monotonic */
	int64_t timeout_ms, deadline_ms; /* of the one under way */
	int64_t looked_ms;		 /* when the last one ended; wall clock; 0: none yet */
	enum impact_level level;
	char *text;	       /* what was seen, redacted; or NULL */
	enum impact_level now; /* what the one under way finds, of its thread */
	char *now_text;
};

/* `target` (copied) is a member's name where `is_member`. Contacts nobody. */
void impact_look_init(struct impact_look *look, size_t number, const struct job_env *env,
		      const struct impact_spec *spec, const char *target, bool is_member);
/* Cancels what is under way, and waits for its end. */
void impact_look_release(struct impact_look *look);

/*
 * Begins a look, on a thread of its own, which ends with MESSAGE_IMPACT to the engine. `met` are the identities that the
 * run has met by now, as target records hold them.
 */
void impact_look_start(struct impact_look *look, const cJSON *context, const cJSON *met,
		       int64_t timeout_ms);
/* It takes too long. */
void impact_look_time_out(struct impact_look *look);
/* After its message: `level`, `text` and `looked_ms` are what it found. */
void impact_look_finish(struct impact_look *look);

#endif
