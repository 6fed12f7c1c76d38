#ifndef LIFEBOAT_RUN_JOURNAL_EPOCH_H
#define LIFEBOAT_RUN_JOURNAL_EPOCH_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "run/journal/operator_key.h"

/*
 * The time in which one process writes a run: its key, "lifeboat/RUN/NUMBER", whose private half is in the memory of
 * this process alone and goes with it.
 */
struct epoch;

/*
 * Makes the key, and has it certified by operator_key (NULL: by nobody). Errors: ERR_INTERNAL, ERR_SPEC (a run id
 * that cannot be part of a name).
 */
int epoch_new(const char *run_id, int64_t number, const struct operator_key *operator_key,
	      struct epoch **ret_epoch, struct err *e);
void epoch_free(struct epoch *epoch);

/* The member `key` of a run or resumed record, as journal_key_json() has it. Any thread; the caller deletes it. */
cJSON *epoch_json(const struct epoch *epoch);

/* Appends a signed note of the text. One thread at a time. */
int epoch_sign(const struct epoch *epoch, const struct str *text, struct str *out, struct err *e);

#endif
