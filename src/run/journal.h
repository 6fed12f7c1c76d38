#ifndef LIFEBOAT_RUN_JOURNAL_H
#define LIFEBOAT_RUN_JOURNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "run/record.h"

/*
 * The journal of one run: the file journal.jsonl in the run's folder, append-only, one record a line,
 * each chained to the one before by SHA-256. It is held by an open-file-description lock for as long
 * as it is open for writing. One thread at a time. Format: lifeboat-journal(5).
 */
struct journal;

enum { JOURNAL_MAX_BYTES = 1 << 30 };

/*
 * Makes the folder (0700, its parents too) and an empty journal in it (0600), reserves room for the
 * records of a step under way on a full disk, and syncs the names.
 */
int journal_create(const char *folder, const char *run_id, struct journal **ret_journal,
		   struct err *e);

/*
 * Opens the journal of an earlier process to go on with it: checks the whole chain and hands every record
 * to each(), in order, before it returns. A last line without its end (the process died while writing)
 * is put aside as torn-OFFSET and cut off. Errors: ERR_LOCKED (with the holder's pid and host),
 * ERR_SPEC (damaged: names the record), ERR_NOT_FOUND, ERR_IO.
 */
int journal_open(const char *folder, int (*each)(void *data, struct record *record, struct err *e),
		 void *data, struct journal **ret_journal, struct err *e);

/* The same checks without writing or locking anything; for readers. */
int journal_read(const char *folder, int (*each)(void *data, struct record *record, struct err *e),
		 void *data, struct err *e);

void journal_close(struct journal *journal);

/*
 * Appends one record, `data` redacted by the caller (ownership passes, also on error), and returns it with
 * one reference in *ret_record. durable: returns only when it is on the disk. A failure is final: it is
 * remembered, and every later call fails with it.
 */
int journal_append(struct journal *journal, enum record_type type, cJSON *data, bool durable,
		   struct record **ret_record, struct err *e);

const char *journal_run_id(const struct journal *journal);

#endif
