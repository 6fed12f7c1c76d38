#ifndef LIFEBOAT_RUN_JOURNAL_CHAIN_H
#define LIFEBOAT_RUN_JOURNAL_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "run/journal/checkpoint.h"
#include "run/journal/signed_note.h"
#include "run/state/record.h"

/*
 * Reads a journal and its checkpoints side by side, and says how far they can be trusted. The one judge: resume and
 * verify both ask it. Pure reading: writes and locks nothing.
 *
 * The rules. A checkpoint over R records is signed by the key that the last `run` or `resumed` record among these
 * R announces, and by no other; the checkpoints are a chain of their own (`previous`), grow in records and
 * bytes, and each one's sha256, bytes and head are those of the journal. A signature over the last checkpoint of
 * each key therefore covers all before it, and only these are checked. Who vouches for a key is told, not judged.
 */

/* A key of the run, in the order of their records. */
struct chain_key {
	struct note_key key;
	int64_t seq;	   /* the record that announces it */
	bool is_certified; /* its certificate holds, by `issuer` */
	struct note_key issuer;
	int64_t sealed; /* records under the last checkpoint of this key; 0: none */
};

/*
 * A record that is durable is sealed before the next one is made, so that a crash leaves one without its seal, and a
 * power cut a few. More than these, where a process begins or wants to begin, were never left by a crash: their
 * checkpoints were taken away, and who takes the run up must not seal them in place of who wrote them.
 */
enum { CHAIN_UNSEALED_MAX = 8 };

struct chain {
	char run_id[64];
	int64_t records; /* whole and sound */
	size_t bytes;	 /* of these */
	char head[DIGEST_HEX_MAX];
	int64_t sealed; /* of these, those under the last good checkpoint */
	size_t sealed_bytes;
	int64_t unsealed; /* durable records, without run and resumed, behind that checkpoint */
	bool is_final;	  /* that checkpoint says so, and covers all records */
	bool has_ended;	  /* an end record is there, sealed or not */
	size_t checkpoints, checkpoint_bytes;
	char last_checkpoint
		[DIGEST_HEX_MAX]; /* SHA-256 of that note as `previous` counts it; zeros: none */
	char *holder;		  /* "pid 4711 on db1", of the last process that wrote; or NULL */
	struct chain_key *keys;
	size_t keys_count, keys_cap;
	/* behind the last checkpoint: */
	size_t torn_bytes; /* of journal.jsonl, from `bytes` to its end */
	size_t torn_checkpoint_bytes;
	/* what is wrong, if anything is: ERR_NONE, or ERR_SPEC with a sentence that names record or checkpoint */
	struct err damage;
	int64_t damaged_record; /* the number of the record that it is about; -1: not about one */
};

void chain_init(struct chain *chain);
void chain_release(struct chain *chain);

struct chain_reader {
	/*
	 * Each sound record in its order. NULL: records are only looked at as far as the chain needs, which is much
	 * faster. An error ends the reading and is damage of that record.
	 */
	int (*record)(void *data, struct record *record, struct err *e);
	/* Each run, resumed and outcome record, where `record` is NULL; or NULL. */
	int (*telling)(void *data, const struct record *record, struct err *e);
	void *data;
};

/*
 * Judges the bytes of both files; `checkpoints` may be empty. The verdict is in *chain, damage included.
 */
void chain_judge(const char *journal, size_t journal_len, const char *checkpoints,
		 size_t checkpoints_len, const struct chain_reader *reader, struct chain *chain);

/* The same of a run's folder. Errors: ERR_NOT_FOUND, ERR_IO. */
int chain_read(const char *folder, const struct chain_reader *reader, struct chain *chain,
	       struct err *e);

#endif
