#ifndef LIFEBOAT_RUN_STATE_RECORD_H
#define LIFEBOAT_RUN_STATE_RECORD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

/*
 * One thing that happened in a run: a line of its journal. Everything else (the screen, resume, reports)
 * is derived from records. What `data` holds for each type: lifeboat-journal(5).
 */
enum record_type {
	RECORD_RUN,	  /* seq 0: what is run, by whom, on which targets, with which steps */
	RECORD_RESUMED,	  /* another process took the run up again */
	RECORD_PREFLIGHT, /* what was reachable and permitted before the first step */
	RECORD_TARGET,	  /* a target was reached for the first time: its identity */
	RECORD_EXPAND,	  /* a for_each step became its instances */
	RECORD_PLAN,	  /* a step is prepared: this is exactly what it would do */
	RECORD_BLOCKED,	  /* a step could not be prepared, or its preconditions do not hold */
	RECORD_INTENT,	  /* the step begins; durable before anything is done */
	RECORD_EVIDENCE,  /* what a probe will need if the step is cut off; durable */
	RECORD_ATTEMPT,	  /* one try failed, and the step's retry rule tries again */
	RECORD_PROMPT,	  /* a step asks the operator */
	RECORD_ANSWER,	  /* the operator's answer */
	RECORD_OUTCOME,	  /* how it ended; durable */
	RECORD_PROBE,	  /* a step of unknown outcome was looked into: verdict and evidence */
	RECORD_SKIP,	  /* passed over: by its `when`, or by the operator with a reason */
	RECORD_GOTO,	  /* the run goes back (or on) to another step */
	RECORD_KEPT,	  /* what was to be taken back stays as it is */
	RECORD_IMPACT,	  /* what is observed of an operation has changed */
	RECORD_DRILL,	  /* of a drill: what it is, a hint, what was kept back until its end */
	RECORD_NOTE,	  /* a remark of the operator's */
	RECORD_CANCEL,	  /* the operator asked a running step to stop */
	RECORD_STOP,	  /* the program was left in good order; resume goes on from here */
	RECORD_END,	  /* the run is over */
	RECORD_TYPE_COUNT
};

/* The journal's word for a type ("intent"), and back (RECORD_TYPE_COUNT for an unknown one). */
const char *record_type_name(enum record_type type);
enum record_type record_type_from_name(const char *name);

/* Whether records of a type are on the disk, and sealed, before anything follows from them: always, or not always. */
bool record_type_is_durable(enum record_type type);

struct record {
	int64_t seq;
	int64_t ts_ms; /* wall clock, UTC */
	enum record_type type;
	cJSON *data; /* an object, redacted; never NULL */
	char *run_id;
	char prev[DIGEST_HEX_MAX]; /* SHA-256 of the line before, with its LF; zeros for seq 0 */
	char hash[DIGEST_HEX_MAX]; /* SHA-256 of this record's own line, with its LF */
};

/*
 * Reads one line of a journal, without its LF. Strict: exactly the keys of the format in their order.
 * Errors: ERR_SPEC, without the line's number.
 */
int record_parse(const char *line, size_t len_bytes, struct record **ret_record, struct err *e);

/* Makes the record that follows one whose hash is `prev` (NULL: the first). Takes ownership of data. */
struct record *record_new(int64_t seq, int64_t ts_ms, const char *run_id, enum record_type type,
			  cJSON *data, const char *prev);

/* The line as it stands in the journal, with its LF, appended to out. */
void record_format(const struct record *r, struct str *out);

/*
 * Counted sharing between threads: a record never changes once it was made. record_ref() returns its
 * argument; record_free() gives one reference back and frees with the last.
 */
struct record *record_ref(struct record *r);
void record_free(struct record *r);

#endif
