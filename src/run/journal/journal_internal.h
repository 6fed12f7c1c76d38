#ifndef LIFEBOAT_RUN_JOURNAL_JOURNAL_INTERNAL_H
#define LIFEBOAT_RUN_JOURNAL_JOURNAL_INTERNAL_H

#include "run/journal/journal.h"
#include "run/journal/journal_file.h"
#include "run/journal/sealer.h"

/* What journal.c and journal_open.c share. */

#define JOURNAL_NAME "journal.jsonl"
#define CHECKPOINTS_NAME "checkpoints"

enum {
	/* room for what follows an intent on a disk that has become full */
	JOURNAL_RESERVE_BYTES = 64 << 10,
	CHECKPOINTS_RESERVE_BYTES = 16 << 10,
};

struct journal {
	struct journal_file records, checkpoints;
	char *run_id;
	int64_t next_seq;
	char head[DIGEST_HEX_MAX];
	struct digest *running;	       /* of all records so far */
	char previous[DIGEST_HEX_MAX]; /* the hash of the last checkpoint */
	bool has_ended;		       /* an end record is among them */
	bool is_over;		       /* and a checkpoint has sealed it: nothing may follow */
	struct sealer *sealer;
	cJSON *recovered;
	struct err broken; /* the first failure to write; ERR_NONE before */
};

/* An empty one; journal_close() frees it in whatever state it is. */
struct journal *journal_alloc(const char *run_id);
/* Keeps room behind both files. */
int journal_reserve(struct journal *journal, struct err *e);

#endif
