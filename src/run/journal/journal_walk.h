#ifndef LIFEBOAT_RUN_JOURNAL_JOURNAL_WALK_H
#define LIFEBOAT_RUN_JOURNAL_JOURNAL_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "run/state/record.h"

/*
 * The lines of a journal from the first to the last: each in the strict spelling of the format, and chained to the
 * one before. Records are looked at, not parsed: whoever wants their data calls record_parse().
 */

enum { RUN_ID_MAX = 64 }; /* with its terminator */

struct journal_walk {
	const char *bytes;
	size_t len;
	size_t at; /* behind the last sound record */
	int64_t records;
	char head[DIGEST_HEX_MAX];
	char run_id[RUN_ID_MAX];
	/* the record last found: its line without the LF */
	const char *line;
	size_t line_len;
	enum record_type type;
	struct digest *digest; /* for lines, one after the other */
};

enum walk_found {
	WALK_RECORD,
	WALK_END,     /* nothing follows */
	WALK_TORN,    /* what follows was never written to its end */
	WALK_DAMAGED, /* what follows is no record of this chain; *e tells which and why */
};

/* The bytes must outlive the walk. */
void journal_walk_init(struct journal_walk *walk, const char *bytes, size_t len_bytes);
void journal_walk_release(struct journal_walk *walk);

/*
 * The next record. is_sealed: a checkpoint covers it, so that nothing can be torn there. In *e, on WALK_DAMAGED, is
 * ERR_SPEC: a sentence that begins with the record, or with the file.
 */
enum walk_found journal_walk_next(struct journal_walk *walk, bool is_sealed, struct err *e);

#endif
