#ifndef LIFEBOAT_RUN_JOURNAL_SEALS_H
#define LIFEBOAT_RUN_JOURNAL_SEALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "run/journal/checkpoint.h"
#include "run/journal/signed_note.h"

/*
 * The file `checkpoints` from the first to the last: each of the shape of the format, chained to the one before, and
 * over more than it. Whether they fit the journal is for the caller, and whose signatures they have: what stands
 * there as a signature is not looked at before seal_holds().
 */

/* One of them; the pointers lead into the caller's bytes. */
struct seal {
	int64_t number;	  /* from 1 */
	const char *text; /* the note, with its empty line */
	size_t len;
	char name[NOTE_NAME_MAX]; /* who signed it, as it says */
	struct checkpoint checkpoint;
	char hash[DIGEST_HEX_MAX]; /* as the next one's `previous` has it; zeros before the first */
};

struct seals {
	const char *bytes;
	size_t len;
	size_t at;	  /* behind the last one found */
	struct seal seal; /* that one; its number is 0 before the first */
	struct digest *digest;
};

enum seals_found {
	SEALS_CHECKPOINT,
	SEALS_END,     /* nothing follows */
	SEALS_TORN,    /* what follows is the beginning of a checkpoint, and no whole one */
	SEALS_DAMAGED, /* *e tells which and why */
};

/* The bytes must outlive it. */
void seals_init(struct seals *seals, const char *bytes, size_t len_bytes);
void seals_release(struct seals *seals);

/* The next one, in seals->seal. In *e, on SEALS_DAMAGED, is ERR_SPEC: a sentence that begins with the checkpoint. */
enum seals_found seals_next(struct seals *seals, struct err *e);

/* Whether it is signed by this key, and in the very spelling of the format. */
bool seal_holds(const struct seal *seal, const struct note_key *key);

#endif
