#ifndef LIFEBOAT_RUN_JOURNAL_CHECKPOINT_H
#define LIFEBOAT_RUN_JOURNAL_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

/*
 * What is signed of a journal: so many records, so many bytes, these hashes. The file `checkpoints` of a run
 * holds signed notes of this text, oldest first, each with an empty line behind it, and only grows:
 *
 *	lifeboat-checkpoint/v1
 *	origin lifeboat/20261121T140732-7f3a
 *	records 12
 *	bytes 34567
 *	sha256 64 HEX, of the first `bytes` bytes of journal.jsonl
 *	head 64 HEX, of the last of these lines, with its LF
 *	previous 64 HEX, of the note before with its signature and empty line; of the first: 64 zeros
 *	time 2026-11-21T14:07:32.118Z
 *	state open
 *
 * `state final`: the run has ended among these records.
 */

#define CHECKPOINT_FORMAT "lifeboat-checkpoint/v1"

struct checkpoint {
	char run_id[64];
	int64_t records;
	int64_t bytes;
	char sha256[DIGEST_HEX_MAX];
	char head[DIGEST_HEX_MAX];
	char previous[DIGEST_HEX_MAX];
	int64_t time_ms; /* wall clock, UTC */
	bool is_final;
};

/* Appends the text that is signed. */
void checkpoint_format(const struct checkpoint *checkpoint, struct str *out);

/* Reads such a text, in exactly this spelling. Errors: ERR_SPEC, with what is wrong. */
int checkpoint_parse(const char *text, size_t len_bytes, struct checkpoint *ret_checkpoint,
		     struct err *e);

#endif
