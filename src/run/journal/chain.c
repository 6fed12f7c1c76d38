#include "config.h"

#include "run/journal/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "run/journal/file_image.h"
#include "run/journal/journal.h"
#include "run/journal/journal_walk.h"
#include "run/journal/operator_key.h"
#include "run/journal/seals.h"

/* The last checkpoint of one key, whose signature is checked at the end; number 0: there is none. */
struct last_seal {
	struct seal seal;
	size_t end; /* of it, in the file `checkpoints` */
};

struct judge {
	struct chain *chain;
	const struct chain_reader *reader;
	struct journal_walk walk;
	struct seals seals;
	enum seals_found ahead;	 /* what comes next there; SEALS_CHECKPOINT: not yet compared */
	struct digest *running;	 /* of all sound lines so far */
	int64_t processes;	 /* run and resumed records so far */
	int64_t fitted;		 /* records under the last checkpoint that fits */
	bool is_over;		 /* which says that the run has ended: nothing may follow */
	struct last_seal *lasts; /* one for each key of the chain */
	size_t lasts_count, lasts_cap;
};

void
chain_init(struct chain *chain)
{
	*chain = (struct chain){ .damaged_record = -1 };
	memset(chain->head, '0', DIGEST_HEX_MAX - 1);
	memset(chain->last_checkpoint, '0', DIGEST_HEX_MAX - 1);
}

void
chain_release(struct chain *chain)
{
	free(chain->holder);
	free(chain->keys);
	chain_init(chain);
}

/* The first thing that is wrong is the verdict. */
static void
condemn(struct judge *judge, int64_t record, const struct err *why)
{
	if (judge->chain->damage.kind != ERR_NONE)
		return;
	judge->chain->damage = *why;
	judge->chain->damage.kind = ERR_SPEC;
	judge->chain->damaged_record = record;
}

/* Looks one checkpoint ahead: what it covers cannot be torn. */
static void
look_ahead(struct judge *judge)
{
	struct err e = ERR_INIT;

	judge->ahead = seals_next(&judge->seals, &e);
	if (judge->ahead == SEALS_DAMAGED)
		condemn(judge, -1, &e);
}

/* The key that a run or resumed record announces. */
static int
read_key(const struct judge *judge, const cJSON *told, struct note_key *ret_key, struct err *e)
{
	char name[NOTE_NAME_MAX];

	if (note_key_parse(json_string(told, "public", ""), ret_key, e) < 0)
		return err_wrap(e, "its key");
	snprintf(name, sizeof(name), "lifeboat/%s/%lld", judge->walk.run_id,
		 (long long)judge->processes);
	if (strcmp(name, ret_key->name) != 0 || !str_equal(name, json_string(told, "name", NULL)))
		return err_set(e, ERR_SPEC, "its key is not named %s", name);
	return 0;
}

static void
read_certificate(const struct judge *judge, const cJSON *told, struct chain_key *key)
{
	const char *certificate = json_string(told, "certificate", NULL);
	const char *issuer = json_string(told, "operator", NULL);
	struct err ignored = ERR_INIT;

	key->is_certified =
		certificate && issuer && note_key_parse(issuer, &key->issuer, &ignored) == 0 &&
		certificate_holds(certificate, judge->walk.run_id, &key->key, &key->issuer);
}

/* Another process begins to write: its key seals from here on. Either all have one, or (of old) none has. */
static int
take_key(struct judge *judge, const struct record *record, struct err *e)
{
	struct chain *chain = judge->chain;
	const cJSON *told = json_at(record->data, "key");
	struct chain_key key = { .seq = record->seq };

	if (!told || cJSON_IsNull(told))
		return chain->keys_count == 0
			       ? 0
			       : err_set(e, ERR_SPEC, "it announces no key of its process");
	if (chain->keys_count + 1 != (size_t)judge->processes)
		return err_set(e, ERR_SPEC, "it announces a key, and those before it had none");
	if (read_key(judge, told, &key.key, e) < 0)
		return -1;
	read_certificate(judge, told, &key);
	*VEC_PUSH(chain->keys, chain->keys_count, chain->keys_cap) = key;
	VEC_PUSH(judge->lasts, judge->lasts_count, judge->lasts_cap);
	return 0;
}

static int
take_process(struct judge *judge, const struct record *record, struct err *e)
{
	free(judge->chain->holder);
	judge->chain->holder =
		xasprintf("pid %lld on %s", (long long)json_int(record->data, "pid", 0),
			  json_string(record->data, "host", "?"));
	judge->processes++;
	return take_key(judge, record, e);
}

/* Whether so much was left unsealed here that this was no crash. */
static int
may_take_up(const struct judge *judge, struct err *e)
{
	const struct chain *chain = judge->chain;

	if (judge->walk.type != RECORD_RESUMED || chain->keys_count == 0 ||
	    chain->unsealed <= CHAIN_UNSEALED_MAX)
		return 0;
	return err_set(e, ERR_SPEC,
		       "it takes up records %lld to %lld, which nobody had sealed: no crash leaves "
		       "so many. Their checkpoints were taken away, and they may have been changed",
		       (long long)judge->fitted, (long long)chain->records - 1);
}

/* Parses the record just found, if anybody wants to know more of it than that it is there. */
static int
read_record(struct judge *judge, bool is_process, struct err *e)
{
	const struct chain_reader *reader = judge->reader;
	bool is_telling = !reader->record && reader->telling &&
			  (is_process || judge->walk.type == RECORD_OUTCOME);
	struct record *record = NULL;
	int rc = 0;

	if (!is_process && !is_telling && !reader->record)
		return 0;
	if (record_parse(judge->walk.line, judge->walk.line_len, &record, e) < 0)
		return -1;
	if (is_process)
		rc = take_process(judge, record, e);
	if (rc == 0 && reader->record)
		rc = reader->record(reader->data, record, e);
	else if (rc == 0 && is_telling)
		rc = reader->telling(reader->data, record, e);
	record_free(record);
	return rc;
}

/* Whether the checkpoint ahead says what is there now. */
static int
fits(const struct judge *judge, struct err *e)
{
	const struct checkpoint *checkpoint = &judge->seals.seal.checkpoint;
	const struct chain *chain = judge->chain;
	char sha256[DIGEST_HEX_MAX];
	const char *wrong = NULL;

	if (strcmp(checkpoint->run_id, chain->run_id) != 0)
		return err_set(e, ERR_SPEC, "it is of another run, %s", checkpoint->run_id);
	if (checkpoint->bytes != (int64_t)chain->bytes)
		wrong = "bytes";
	else if (strcmp(checkpoint->head, chain->head) != 0)
		wrong = "head";
	else if (strcmp(checkpoint->sha256, digest_peek(judge->running, sha256)) != 0)
		wrong = "sha256";
	else if (checkpoint->is_final != chain->has_ended)
		wrong = "state";
	if (wrong)
		return err_set(
			e, ERR_SPEC,
			"its `%s` is not that of journal.jsonl: records %lld to %lld, or this "
			"checkpoint, are not what was sealed",
			wrong, (long long)judge->fitted, (long long)chain->records - 1);
	return 0;
}

/* Whether the key of the process that wrote last is named beneath the checkpoint ahead. */
static int
is_by_last_key(const struct judge *judge, struct err *e)
{
	const struct chain *chain = judge->chain;
	const char *name = judge->seals.seal.name;

	if (chain->keys_count == 0)
		return err_set(e, ERR_SPEC, "no record announces the key that signed it");
	const struct chain_key *last = &chain->keys[chain->keys_count - 1];
	if (strcmp(name, last->key.name) != 0)
		return err_set(e, ERR_SPEC,
			       "it is signed in the name of %s, and not by the key that record "
			       "%lld announces",
			       name, (long long)last->seq);
	return 0;
}

/* Compares the checkpoint ahead once its records are there. */
static int
take_checkpoint(struct judge *judge)
{
	const struct seal *seal = &judge->seals.seal;
	struct err e = ERR_INIT;

	if (judge->ahead != SEALS_CHECKPOINT || seal->checkpoint.records != judge->chain->records)
		return 0;
	if (fits(judge, &e) < 0 || is_by_last_key(judge, &e) < 0) {
		err_wrap(&e, "checkpoint %lld", (long long)seal->number);
		condemn(judge, judge->fitted, &e);
		return -1;
	}
	judge->lasts[judge->lasts_count - 1] = (struct last_seal){ *seal, judge->seals.at };
	judge->fitted = seal->checkpoint.records;
	judge->chain->unsealed = 0;
	judge->is_over = seal->checkpoint.is_final;
	look_ahead(judge);
	return judge->ahead == SEALS_DAMAGED ? -1 : 0;
}

static int
take_record(struct judge *judge)
{
	struct chain *chain = judge->chain;
	const struct journal_walk *walk = &judge->walk;
	bool is_process = walk->type == RECORD_RUN || walk->type == RECORD_RESUMED;
	struct err e = ERR_INIT;

	memcpy(chain->run_id, walk->run_id, sizeof(chain->run_id));
	if (may_take_up(judge, &e) < 0 || read_record(judge, is_process, &e) < 0) {
		err_wrap(&e, "record %lld of journal.jsonl", (long long)chain->records);
		condemn(judge, chain->records, &e);
		return -1;
	}
	digest_update(judge->running, walk->line, walk->line_len + 1);
	chain->records = walk->records;
	chain->bytes = walk->at;
	memcpy(chain->head, walk->head, sizeof(chain->head));
	chain->has_ended = chain->has_ended || walk->type == RECORD_END;
	chain->unsealed += !is_process && record_type_is_durable(walk->type);
	return take_checkpoint(judge);
}

/* The bytes of journal.jsonl that the last readable checkpoint claims. */
static int64_t
claimed_bytes(const struct judge *judge)
{
	struct seals rest = judge->seals; /* its digest is lent */
	struct err ignored = ERR_INIT;

	while (seals_next(&rest, &ignored) == SEALS_CHECKPOINT)
		;
	return rest.seal.checkpoint.bytes;
}

/* Whether the journal ends before its last checkpoint does, and not within what is there. */
static bool
is_cut_off(const struct judge *judge, struct err *e)
{
	const struct journal_walk *walk = &judge->walk;
	int64_t claimed = judge->ahead == SEALS_CHECKPOINT ? claimed_bytes(judge) : 0;
	size_t left = walk->len - walk->at;

	if (claimed <= (int64_t)walk->len || (left && memchr(walk->bytes + walk->at, '\n', left)))
		return false;
	err_set(e, ERR_SPEC,
		"record %lld of journal.jsonl: the file is cut off: %zu bytes are there, %lld were "
		"sealed. Look for a copy that is whole",
		(long long)walk->records, walk->len, (long long)claimed);
	return true;
}

/* What is wrong with a journal that ends here, all before it being sound. */
static void
look_at_end(const struct judge *judge, enum walk_found found, struct err *e)
{
	const struct journal_walk *walk = &judge->walk;
	const struct seal *seal = &judge->seals.seal;

	if (judge->ahead == SEALS_CHECKPOINT)
		err_set(e, ERR_SPEC, "checkpoint %lld: it is over %lld records, and %lld are there",
			(long long)seal->number, (long long)seal->checkpoint.records,
			(long long)walk->records);
	else if (judge->is_over && found == WALK_TORN)
		err_set(e, ERR_SPEC,
			"record %lld of journal.jsonl: %zu bytes follow the sealed end of the run",
			(long long)walk->records, walk->len - walk->at);
	else if (walk->len == 0)
		err_set(e, ERR_SPEC,
			"journal.jsonl is empty: the program ended before its first record, so "
			"nothing was done. Begin anew with lifeboat run");
	else if (walk->records == 0)
		err_set(e, ERR_SPEC,
			"record 0 of journal.jsonl is cut off: the program ended within its first "
			"record, so nothing was done. Begin anew with lifeboat run");
}

static void
judge_end(struct judge *judge, enum walk_found found, struct err *e)
{
	if (!is_cut_off(judge, e) && found != WALK_DAMAGED)
		look_at_end(judge, found, e);
	if (e->kind != ERR_NONE) {
		condemn(judge, judge->chain->records, e);
	} else if (judge->is_over && judge->ahead != SEALS_END) {
		err_set(e, ERR_SPEC, "checkpoint %lld: it follows that of the run's end",
			(long long)judge->seals.seal.number + (judge->ahead == SEALS_TORN));
		condemn(judge, -1, e);
	}
}

static void
judge_records(struct judge *judge)
{
	enum walk_found found;
	struct err e = ERR_INIT;

	do {
		bool was_over = judge->is_over;

		found = journal_walk_next(&judge->walk, judge->ahead == SEALS_CHECKPOINT, &e);
		if (found == WALK_RECORD && was_over) {
			err_set(&e, ERR_SPEC,
				"record %lld of journal.jsonl: it follows the sealed end of the "
				"run",
				(long long)judge->chain->records);
			condemn(judge, judge->chain->records, &e);
			return;
		}
		if (found == WALK_RECORD && take_record(judge) < 0)
			return;
	} while (found == WALK_RECORD);
	judge_end(judge, found, &e);
}

/* A signature covers all checkpoints before it, as they are a chain: the last one of each key is enough. */
static void
judge_signatures(struct judge *judge)
{
	struct chain *chain = judge->chain;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < judge->lasts_count; i++) {
		const struct last_seal *last = &judge->lasts[i];
		const struct checkpoint *checkpoint = &last->seal.checkpoint;

		if (last->seal.number == 0)
			continue;
		if (!seal_holds(&last->seal, &chain->keys[i].key)) {
			err_set(&e, ERR_SPEC,
				"checkpoint %lld: its signature is not by the key that record %lld "
				"announces",
				(long long)last->seal.number, (long long)chain->keys[i].seq);
			condemn(judge, -1, &e);
			return;
		}
		chain->keys[i].sealed = chain->sealed = checkpoint->records;
		chain->sealed_bytes = (size_t)checkpoint->bytes;
		chain->checkpoints = (size_t)last->seal.number;
		chain->checkpoint_bytes = last->end;
		memcpy(chain->last_checkpoint, last->seal.hash, sizeof(chain->last_checkpoint));
		chain->is_final = checkpoint->is_final;
	}
}

void
chain_judge(const char *journal, size_t journal_len, const char *checkpoints,
	    size_t checkpoints_len, const struct chain_reader *reader, struct chain *chain)
{
	static const struct chain_reader nobody;
	struct judge judge = {
		.chain = chain,
		.reader = reader ? reader : &nobody,
		.running = digest_new(),
	};

	journal_walk_init(&judge.walk, journal, journal_len);
	seals_init(&judge.seals, checkpoints, checkpoints_len);
	look_ahead(&judge);
	if (judge.ahead != SEALS_DAMAGED)
		judge_records(&judge);
	judge_signatures(&judge);
	if (chain->damage.kind != ERR_NONE) {
		chain->is_final = false;
	} else {
		chain->torn_bytes = journal_len - chain->bytes;
		chain->torn_checkpoint_bytes = checkpoints_len - judge.seals.at;
	}
	journal_walk_release(&judge.walk);
	seals_release(&judge.seals);
	digest_free(judge.running);
	free(judge.lasts);
}

/* A journal with a key had this file from the beginning. */
static void
judge_absence(struct chain *chain)
{
	if (chain->keys_count == 0 || chain->damage.kind != ERR_NONE)
		return;
	err_set(&chain->damage, ERR_SPEC,
		"the file checkpoints is missing, which seals the journal. Look for a copy of it");
}

int
chain_read(const char *folder, const struct chain_reader *reader, struct chain *chain,
	   struct err *e)
{
	char *journal_path = xasprintf("%s/journal.jsonl", folder);
	char *checkpoints_path = xasprintf("%s/checkpoints", folder);
	struct file_image journal = { 0 }, checkpoints = { 0 };
	struct err absence = ERR_INIT;
	int rc = -1;

	/* the seals first: a process that writes meanwhile is never ahead of its journal with them */
	if (file_image_read(&checkpoints, checkpoints_path, JOURNAL_MAX_BYTES, &absence) < 0 &&
	    absence.kind != ERR_NOT_FOUND) {
		*e = absence;
		goto out;
	}
	if (file_image_read(&journal, journal_path, JOURNAL_MAX_BYTES, e) < 0)
		goto out;
	chain_judge(journal.bytes, journal.len, checkpoints.bytes, checkpoints.len, reader, chain);
	if (absence.kind != ERR_NONE)
		judge_absence(chain);
	rc = 0;
out:
	file_image_release(&journal);
	file_image_release(&checkpoints);
	free(journal_path);
	free(checkpoints_path);
	return rc;
}
