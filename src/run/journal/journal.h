#ifndef LIFEBOAT_RUN_JOURNAL_JOURNAL_H
#define LIFEBOAT_RUN_JOURNAL_JOURNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "run/journal/operator_key.h"
#include "run/state/record.h"

/*
 * The journal of one run: the file journal.jsonl in the run's folder, append-only, one record a line,
 * each chained to the one before by SHA-256; and beside it the file checkpoints, in which every durable
 * record is sealed together with all before it by a key that lives in this process alone. The journal is held by an
 * open-file-description lock for as long as it is open for writing. One thread at a time. Format:
 * lifeboat-journal(5).
 */
struct journal;

enum { JOURNAL_MAX_BYTES = 1 << 30 };

/*
 * Makes the folder (0700, its parents too) and an empty journal in it (0600), reserves room for the
 * records of a step under way on a full disk, makes the key of this process, which `operator_key` (NULL: nobody)
 * certifies, and syncs the names. Errors: ERR_IO, also for a file system without locks.
 */
int journal_create(const char *folder, const char *run_id, const struct operator_key *operator_key,
		   struct journal **ret_journal, struct err *e);

/*
 * Opens the journal of an earlier process to go on with it: checks chain and seals (run/chain.h) and hands every
 * record to each(), in order, before it returns. What is torn behind the last checkpoint (a record without its end,
 * or that is no JSON) is put aside as torn-OFFSET and cut off; so is half a checkpoint, as torn-checkpoints-OFFSET.
 * Damage in what is sealed is never repaired. A run whose end is sealed can be opened, but no record can follow
 * (ERR_CONFLICT). Errors: ERR_LOCKED (with the holder's pid and host), ERR_SPEC
 * (damaged: names the record; of a newer format; without a key), ERR_NOT_FOUND, ERR_IO.
 */
int journal_open(const char *folder, const struct operator_key *operator_key,
		 int (*each)(void *data, struct record *record, struct err *e), void *data,
		 struct journal **ret_journal, struct err *e);

/*
 * Every sound record, without writing or locking anything, and without looking at the seals: for readers. A torn
 * end is passed over. Errors: ERR_SPEC at the first record that is damaged, ERR_NOT_FOUND, ERR_IO.
 */
int journal_read(const char *folder, int (*each)(void *data, struct record *record, struct err *e),
		 void *data, struct err *e);

/*
 * Who holds the journal of a folder: "pid 4711 on db1", from its records; the caller frees. NULL: nobody does. The
 * error is for a journal that cannot be opened or locked at all.
 */
int journal_holder(const char *folder, char **ret_holder, struct err *e);

void journal_close(struct journal *journal);

/* Takes away a run that holds no record yet, with a folder that holds nothing else; it is still to be closed. */
void journal_discard(const struct journal *journal, const char *folder);

/*
 * Appends one record, `data` redacted by the caller (ownership passes, also on error), and returns it with
 * one reference in *ret_record. durable: returns only when it is on the disk, and its checkpoint written. A failure
 * is final: it is remembered, and every later call fails with it.
 */
int journal_append(struct journal *journal, enum record_type type, cJSON *data, bool durable,
		   struct record **ret_record, struct err *e);

/*
 * The record that would follow, for the eye alone: it is written nowhere. What comes after it follows from it. For
 * a journal that is broken, so that one can still look around. Takes ownership of data.
 */
struct record *journal_pretend(struct journal *journal, enum record_type type, cJSON *data);

const char *journal_run_id(const struct journal *journal);

/*
 * What the first record of this process (run or resumed) must tell of its key, as the member `key`: {"name","public"
 * (a verifier key, as note_key_format() writes it),"certificate","operator" (the issuer's verifier key)}; the last
 * two are null where nobody certified it. The caller deletes it.
 */
cJSON *journal_key_json(const struct journal *journal);

/*
 * What journal_open() put aside, as the member `recovered` of a resumed record: a list of
 * {"file","offset","bytes","sha256"}, mostly empty. The caller deletes it.
 */
cJSON *journal_recovered_json(const struct journal *journal);

#endif
