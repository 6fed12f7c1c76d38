#include "config.h"

#include "run/journal/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/signing.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/journal/checkpoint.h"
#include "run/journal/operator_key.h"
#include "run/journal/signed_note.h"
#include "run/state/record.h"

#include "fixture_journal.h"

/* A journal and its checkpoints, written by hand: as the program would, or as somebody who has its keys would. */
struct forge {
	struct str journal, checkpoints;
	const char *run_id;
	int64_t records;
	char head[DIGEST_HEX_MAX], previous[DIGEST_HEX_MAX];
	struct {
		struct signing_key *secret;
		struct note_key key;
	} keys[3];   /* of the epochs 1, 2, 3 */
	size_t last; /* where the last checkpoint begins */
};

static void
forge_init(struct forge *forge, const char *run_id)
{
	struct err e = ERR_INIT;

	*forge = (struct forge){ .run_id = run_id };
	memset(forge->head, '0', DIGEST_HEX_MAX - 1);
	memset(forge->previous, '0', DIGEST_HEX_MAX - 1);
	for (int i = 0; i < 3; i++) {
		char *name = xasprintf("lifeboat/%s/%d", run_id, i + 1);
		unsigned char public_key[SIGNING_PUBLIC_BYTES];

		assert_int_equal(signing_key_new(&forge->keys[i].secret, &e), 0);
		signing_key_public(forge->keys[i].secret, public_key);
		assert_int_equal(note_key_init(&forge->keys[i].key, name, public_key, &e), 0);
		free(name);
	}
}

static void
forge_release(struct forge *forge)
{
	for (int i = 0; i < 3; i++)
		signing_key_free(forge->keys[i].secret);
	str_release(&forge->journal);
	str_release(&forge->checkpoints);
}

static void
put_record(struct forge *forge, enum record_type type, cJSON *data)
{
	struct record *record =
		record_new(forge->records++, 1795000000000, forge->run_id, type, data, forge->head);

	record_format(record, &forge->journal);
	memcpy(forge->head, record->hash, sizeof(forge->head));
	record_free(record);
}

static void
put(struct forge *forge, enum record_type type)
{
	put_record(forge, type, text_data("x"));
}

static cJSON *
key_data(const struct note_key *key)
{
	cJSON *data = cJSON_CreateObject(), *told = cJSON_CreateObject();
	struct str text = STR_INIT;

	note_key_format(key, &text);
	json_add_int(data, "pid", 4711);
	json_add_string(data, "host", "db1");
	json_add_string(told, "name", key->name);
	json_add_string(told, "public", str_cstr(&text));
	json_add_string(told, "certificate", NULL);
	json_add_string(told, "operator", NULL);
	json_add(data, "key", told);
	str_release(&text);
	return data;
}

/* A process begins: epoch 1 with a run record, the later ones with a resumed record. */
static void
put_process(struct forge *forge, int epoch)
{
	put_record(forge, epoch == 1 ? RECORD_RUN : RECORD_RESUMED,
		   key_data(&forge->keys[epoch - 1].key));
}

static struct checkpoint
checkpoint_of(const struct forge *forge, bool is_final)
{
	struct checkpoint checkpoint = {
		.records = forge->records,
		.bytes = (int64_t)forge->journal.len,
		.time_ms = 1795000000000,
		.is_final = is_final,
	};

	snprintf(checkpoint.run_id, sizeof(checkpoint.run_id), "%s", forge->run_id);
	digest_sha256(forge->journal.data, forge->journal.len, checkpoint.sha256);
	memcpy(checkpoint.head, forge->head, sizeof(checkpoint.head));
	memcpy(checkpoint.previous, forge->previous, sizeof(checkpoint.previous));
	return checkpoint;
}

static void
put_checkpoint(struct forge *forge, int epoch, const struct checkpoint *checkpoint)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	forge->last = forge->checkpoints.len;
	checkpoint_format(checkpoint, &text);
	assert_int_equal(note_sign(forge->keys[epoch - 1].secret, &forge->keys[epoch - 1].key,
				   text.data, text.len, &forge->checkpoints, &e),
			 0);
	str_append_char(&forge->checkpoints, '\n');
	digest_sha256(forge->checkpoints.data + forge->last, forge->checkpoints.len - forge->last,
		      forge->previous);
	str_release(&text);
}

static void
seal(struct forge *forge, int epoch, bool is_final)
{
	struct checkpoint checkpoint = checkpoint_of(forge, is_final);

	put_checkpoint(forge, epoch, &checkpoint);
}

/* A run that ended well: in one process, or in two. */
static void
put_final_run(struct forge *forge, int processes)
{
	put_process(forge, 1);
	seal(forge, 1, false);
	put(forge, RECORD_INTENT);
	seal(forge, 1, false);
	if (processes == 2) {
		put(forge, RECORD_NOTE);
		put_process(forge, 2);
		seal(forge, 2, false);
		put(forge, RECORD_OUTCOME);
		seal(forge, 2, false);
	}
	put(forge, RECORD_END);
	seal(forge, processes, true);
}

static struct chain
judge(const struct forge *forge)
{
	return judge_bytes(&forge->journal, &forge->checkpoints);
}

/* Whoever made it, it is no sound journal: the sentence tells why. */
static void
expect_damage(const struct forge *forge, const char *sentence)
{
	struct chain chain = judge(forge);

	assert_int_equal(chain.damage.kind, ERR_SPEC);
	assert_false(chain.is_final);
	if (!strstr(chain.damage.message, sentence))
		fail_msg("\"%s\" does not say \"%s\"", chain.damage.message, sentence);
	chain_release(&chain);
}

static void
expect_sealed(const struct forge *forge, int64_t sealed)
{
	struct chain chain = judge(forge);

	assert_string_equal(chain.damage.message, "");
	assert_false(chain.is_final);
	assert_int_equal(chain.sealed, sealed);
	chain_release(&chain);
}

static void
chain_judge_ended_run_is_final(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_final_run(&forge, 2);
	struct chain chain = judge(&forge);
	assert_string_equal(chain.damage.message, "");
	assert_true(chain.is_final);
	assert_string_equal(chain.run_id, "one");
	assert_int_equal(chain.records, 6);
	assert_int_equal(chain.sealed, 6);
	assert_int_equal(chain.bytes, forge.journal.len);
	assert_int_equal(chain.sealed_bytes, forge.journal.len);
	assert_int_equal(chain.checkpoints, 5);
	assert_int_equal(chain.checkpoint_bytes, forge.checkpoints.len);
	assert_string_equal(chain.head, forge.head);
	assert_string_equal(chain.last_checkpoint, forge.previous);
	assert_string_equal(chain.holder, "pid 4711 on db1");
	assert_int_equal(chain.keys_count, 2);
	assert_int_equal(chain.keys[0].sealed, 2);
	assert_int_equal(chain.keys[1].seq, 3);
	assert_int_equal(chain.keys[1].sealed, 6);
	assert_false(chain.keys[0].is_certified);
	assert_int_equal(chain.damaged_record, -1);
	chain_release(&chain);
	forge_release(&forge);
}

static void
chain_judge_any_flipped_bit_is_damage(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_final_run(&forge, 1);
	for (int file = 0; file < 2; file++) {
		struct str *bytes = file ? &forge.checkpoints : &forge.journal;

		for (size_t i = 0; i < bytes->len * 8; i++) {
			bytes->data[i / 8] = (char)(bytes->data[i / 8] ^ (1 << i % 8));
			struct chain chain = judge(&forge);
			if (chain.damage.kind != ERR_SPEC || chain.is_final)
				fail_msg("bit %zu of %s was flipped, and that is not noticed", i,
					 file ? "checkpoints" : "journal.jsonl");
			chain_release(&chain);
			bytes->data[i / 8] = (char)(bytes->data[i / 8] ^ (1 << i % 8));
		}
	}
	forge_release(&forge);
}

/* The same with two keys, a bit of each byte: the first key's part hangs on the second's signature, too. */
static void
chain_judge_flipped_bit_in_any_epoch_is_damage(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_final_run(&forge, 2);
	for (int file = 0; file < 2; file++) {
		struct str *bytes = file ? &forge.checkpoints : &forge.journal;

		for (size_t i = 0; i < bytes->len; i++) {
			char before = bytes->data[i];

			bytes->data[i] = (char)(before ^ (1 << i % 8));
			expect_damage(&forge, "");
			bytes->data[i] = before;
		}
	}
	forge_release(&forge);
}

/* How many whole records or checkpoints the first bytes hold, and how many bytes these are. */
static size_t
whole(const struct str *text, const char *end, size_t cut, size_t *ret_bytes)
{
	size_t count = 0, at = 0;

	for (;;) {
		const char *found = memmem(text->data + at, cut - at, end, strlen(end));

		*ret_bytes = at;
		if (!found)
			return count;
		at = (size_t)(found - text->data) + strlen(end);
		count++;
	}
}

/* The bytes of the journal that the first `count` checkpoints of a text cover. */
static size_t
covered(const struct str *checkpoints, size_t count)
{
	const char *at = checkpoints->data;
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		at = strstr(at, "\nbytes ") + 7;
		bytes = strtoul(at, NULL, 10);
	}
	return bytes;
}

#define CHECKPOINT_END "=\n\n"

/*
 * A journal cut at one byte and its checkpoints cut at another: damaged if and only if something is missing that is
 * still sealed (or there is no record at all); else every whole record is there.
 */
static void
expect_cut(const struct forge *forge, size_t cut, size_t seals_cut)
{
	size_t bytes, seal_bytes;
	size_t records = whole(&forge->journal, "\n", cut, &bytes);
	size_t seals = whole(&forge->checkpoints, CHECKPOINT_END, seals_cut, &seal_bytes);
	size_t sealed_bytes = covered(&forge->checkpoints, seals);
	struct chain chain;

	chain_init(&chain);
	chain_judge(forge->journal.data, cut, forge->checkpoints.data, seals_cut, NULL, &chain);
	assert_false(chain.is_final);
	if (records == 0 || cut < sealed_bytes) {
		assert_int_equal(chain.damage.kind, ERR_SPEC);
	} else {
		assert_string_equal(chain.damage.message, "");
		assert_int_equal(chain.records, records);
		assert_int_equal(chain.torn_bytes, cut - bytes);
		assert_int_equal(chain.checkpoints, seals);
		assert_int_equal(chain.torn_checkpoint_bytes, seals_cut - seal_bytes);
		assert_int_equal(chain.sealed_bytes, sealed_bytes);
	}
	chain_release(&chain);
}

static void
chain_judge_cut_anywhere_is_torn_or_damage(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_process(&forge, 1);
	seal(&forge, 1, false);
	put(&forge, RECORD_INTENT);
	seal(&forge, 1, false);
	put(&forge, RECORD_NOTE);
	put(&forge, RECORD_OUTCOME);
	seal(&forge, 1, false);
	put(&forge, RECORD_NOTE);
	for (size_t cut = 0; cut <= forge.journal.len; cut++)
		expect_cut(&forge, cut, forge.checkpoints.len);
	for (size_t cut = 0; cut <= forge.checkpoints.len; cut++)
		expect_cut(&forge, forge.journal.len, cut);
	/* both, near to where something ends */
	for (size_t i = 1; i < forge.checkpoints.len; i++) {
		bool is_end =
			forge.checkpoints.data[i - 1] == '\n' && forge.checkpoints.data[i] == '\n';

		for (size_t cut = 0; is_end && cut <= forge.journal.len; cut += 7) {
			expect_cut(&forge, cut, i);
			expect_cut(&forge, cut, i + 1);
		}
	}
	forge_release(&forge);
}

/* An ended run from which something is missing is final in no case. */
static void
chain_judge_cut_final_run_is_not_final(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_final_run(&forge, 1);
	for (size_t cut = 0; cut < forge.journal.len; cut++)
		expect_cut(&forge, cut, forge.checkpoints.len);
	for (size_t cut = 0; cut < forge.checkpoints.len; cut++)
		expect_cut(&forge, forge.journal.len, cut);
	forge_release(&forge);
}

/* What stands in the place of half a checkpoint is torn only if a checkpoint could begin like that. */
static void
chain_judge_garbage_behind_checkpoints_is_damage(void **state)
{
	static const char *const garbage[] = {
		"x",
		"\n",
		"lifeboat-checkpoint/v2",
		"lifeboat-checkpoint/v1\norigin lifeboat/one\nrecords x",
		"lifeboat-checkpoint/v1\norigin lifeboat/one\nrecords 3\nbytes 1\nsha256 A",
		"lifeboat-checkpoint/v1\n\n",
	};
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_process(&forge, 1);
	seal(&forge, 1, false);
	size_t len = forge.checkpoints.len;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		str_append(&forge.checkpoints, garbage[i]);
		expect_damage(&forge, "checkpoint 2");
		forge.checkpoints.len = len;
	}
	str_append_bytes(&forge.checkpoints, "\0\0\0\0", 4);
	expect_damage(&forge, "checkpoint 2");
	forge_release(&forge);
}

static void
chain_judge_anything_behind_sealed_end_is_damage(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_final_run(&forge, 1);
	size_t len = forge.journal.len, seals_len = forge.checkpoints.len;
	str_append(&forge.journal, "{");
	expect_damage(&forge, "1 bytes follow the sealed end");
	forge.journal.len = len;
	str_append(&forge.checkpoints, "lifeb");
	expect_damage(&forge, "checkpoint 4: it follows that of the run's end");
	forge.checkpoints.len = seals_len;
	put_process(&forge, 2);
	expect_damage(&forge, "record 3 of journal.jsonl: it follows the sealed end");
	seal(&forge, 2, true);
	expect_damage(&forge, "record 3 of journal.jsonl: it follows the sealed end");
	forge_release(&forge);
}

static void
chain_judge_unsealed_end_is_not_final(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_process(&forge, 1);
	seal(&forge, 1, false);
	put(&forge, RECORD_END);
	expect_sealed(&forge, 1);
	forge_release(&forge);
}

/* Takes the records apart and writes them anew, in another order and chained soundly: all but the seals. */
static void
rewrite(struct forge *forge, const int *order, size_t count)
{
	struct str old = forge->journal;
	const char *lines[16], *at = old.data;
	size_t lens[16];

	for (int i = 0; at < old.data + old.len; i++) {
		const char *end = strchr(at, '\n');

		lines[i] = at;
		lens[i] = (size_t)(end - at);
		at = end + 1;
	}
	forge->journal = (struct str)STR_INIT;
	forge->records = 0;
	memset(forge->head, '0', DIGEST_HEX_MAX - 1);
	for (size_t i = 0; i < count; i++) {
		struct record *record = NULL;
		struct err e = ERR_INIT;

		if (order[i] < 0) {
			put(forge, RECORD_NOTE);
			continue;
		}
		assert_int_equal(record_parse(lines[order[i]], lens[order[i]], &record, &e), 0);
		put_record(forge, record->type, cJSON_Duplicate(record->data, true));
		record_free(record);
	}
	str_release(&old);
}

static void
chain_judge_rewritten_records_are_damage(void **state)
{
	static const struct {
		int order[8];
		size_t count;
	} cases[] = {
		{ { 0, 2, 1, 3, 4, 5 }, 6 },				   /* swapped */
		{ { 0, 1, 1, 2, 3, 4, 5 }, 7 },				   /* repeated */
		{ { 0, 1, -1, 2, 3, 4, 5 }, 7 },			   /* inserted */
		{ { 0, -1, 2, 3, 4, 5 }, 6 },				   /* edited */
		{ { 0, 1, 2, 3, 5 }, 5 },				   /* left out */
		{ { 0, 1, 3, 4, 5 }, 5 },	 { { 0, 1, 2, 3, 4 }, 5 }, /* the end left out */
		{ { 0, 1, 2, 3, 4, 5, 5 }, 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct forge forge;

		forge_init(&forge, "one");
		put_final_run(&forge, 2);
		rewrite(&forge, cases[i].order, cases[i].count);
		expect_damage(&forge, "");
		forge_release(&forge);
	}
}

/* The same without a new chain: what the lines themselves tell. */
static void
chain_judge_moved_lines_are_damage(void **state)
{
	struct forge forge, moved;

	(void)state;
	forge_init(&forge, "one");
	forge_init(&moved, "one");
	put_final_run(&forge, 1);
	const char *second = strchr(forge.journal.data, '\n') + 1;
	const char *third = strchr(second, '\n') + 1;
	str_append_bytes(&moved.checkpoints, forge.checkpoints.data, forge.checkpoints.len);
	/* repeated */
	str_append_bytes(&moved.journal, forge.journal.data, (size_t)(third - forge.journal.data));
	str_append_bytes(&moved.journal, second, (size_t)(third - second));
	expect_damage(&moved, "record 2 of journal.jsonl: its number is 1");
	/* swapped */
	moved.journal.len = (size_t)(second - forge.journal.data);
	str_append(&moved.journal, third);
	str_append_bytes(&moved.journal, second, (size_t)(third - second));
	expect_damage(&moved, "record 1 of journal.jsonl: its number is 2");
	forge_release(&forge);
	forge_release(&moved);
}

static void
chain_judge_older_checkpoint_put_back_is_damage(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_process(&forge, 1);
	seal(&forge, 1, false);
	size_t first_len = forge.checkpoints.len;
	char *first = xstrndup(forge.checkpoints.data, first_len);
	put(&forge, RECORD_INTENT);
	seal(&forge, 1, false);
	struct str both = STR_INIT;
	str_append_bytes(&both, forge.checkpoints.data, forge.checkpoints.len);
	/* behind the newer one */
	str_append_bytes(&forge.checkpoints, first, first_len);
	expect_damage(&forge, "checkpoint 3: its `previous`");
	/* in the place of the newer one */
	forge.checkpoints.len = 0;
	str_append_bytes(&forge.checkpoints, first, first_len);
	str_append_bytes(&forge.checkpoints, first, first_len);
	expect_damage(&forge, "checkpoint 2: its `previous`");
	/* the newer one alone */
	forge.checkpoints.len = 0;
	str_append_bytes(&forge.checkpoints, both.data + first_len, both.len - first_len);
	expect_damage(&forge, "checkpoint 1: it is the first");
	/* alone, it seals what it sealed, and no more */
	forge.checkpoints.len = 0;
	str_append_bytes(&forge.checkpoints, first, first_len);
	expect_sealed(&forge, 1);
	free(first);
	str_release(&both);
	forge_release(&forge);
}

static void
chain_judge_checkpoints_of_another_run_are_damage(void **state)
{
	struct forge forge, other, twin;

	(void)state;
	forge_init(&forge, "one");
	forge_init(&other, "two");
	forge_init(&twin, "one");
	put_final_run(&forge, 1);
	put_final_run(&other, 1);
	put_final_run(&twin, 1);
	struct str own = forge.checkpoints;
	forge.checkpoints = other.checkpoints;
	expect_damage(&forge, "checkpoint 1: it is of another run, two");
	/* one of the same name, with the same records but for the key */
	forge.checkpoints = twin.checkpoints;
	expect_damage(&forge, "checkpoint 1");
	/* the last one only */
	forge.checkpoints = (struct str)STR_INIT;
	str_append_bytes(&forge.checkpoints, own.data, forge.last);
	str_append_bytes(&forge.checkpoints, other.checkpoints.data + other.last,
			 other.checkpoints.len - other.last);
	expect_damage(&forge, "checkpoint 3");
	str_release(&forge.checkpoints);
	forge.checkpoints = own;
	forge_release(&forge);
	forge_release(&other);
	forge_release(&twin);
}

/* A key seals what its process wrote and what was there before, but nothing in another's time. CVE-2023-31439. */
static void
chain_judge_key_out_of_its_time_is_damage(void **state)
{
	struct forge forge;

	(void)state;
	for (int later = 2; later <= 3; later++) {
		forge_init(&forge, "one");
		put_process(&forge, 1);
		put(&forge, RECORD_INTENT);
		seal(&forge, later, false); /* before its record */
		put_process(&forge, 2);
		seal(&forge, 2, false);
		expect_damage(&forge, "checkpoint 1: it is signed in the name of lifeboat/one/");
		forge_release(&forge);
	}
	forge_init(&forge, "one");
	put_process(&forge, 1);
	seal(&forge, 1, false);
	put_process(&forge, 2);
	seal(&forge, 1, false); /* after the next one's */
	expect_damage(&forge, "checkpoint 2: it is signed in the name of lifeboat/one/1");
	forge_release(&forge);
}

static void
chain_judge_signature_by_another_key_is_damage(void **state)
{
	struct forge forge, thief;

	(void)state;
	for (int processes = 1; processes <= 2; processes++) {
		forge_init(&forge, "one");
		forge_init(&thief, "one");
		/* signs as if it were the first key, and has its name and id */
		thief.keys[0].key = forge.keys[0].key;
		put_process(&forge, 1);
		struct signing_key *own = forge.keys[0].secret;
		forge.keys[0].secret = thief.keys[0].secret;
		seal(&forge, 1, false);
		if (processes == 2) {
			put_process(&forge, 2);
			seal(&forge, 2, false);
		}
		forge.keys[0].secret = own;
		expect_damage(&forge,
			      "checkpoint 1: its signature is not by the key that record 0");
		forge_release(&forge);
		forge_release(&thief);
	}
}

/* Signed with the right key, and yet not what is there: whoever has the key is bound to the rules as well. */
static void
chain_judge_signed_lies_are_damage(void **state)
{
	static const char *const sentences[] = {
		"its `state` is not that",
		"its `bytes` is not that", /* at its number of records it is false */
		"its `bytes` is not that",
		"its `sha256` is not that",
		"its `head` is not that",
		"its `previous` is not the hash",
		"it is not over more",
		"it is not over more",
		"it is of another run, two",
	};

	(void)state;
	for (int lie = 0; lie < 9; lie++) {
		struct forge forge;

		forge_init(&forge, "one");
		put_process(&forge, 1);
		seal(&forge, 1, false);
		put(&forge, RECORD_INTENT);
		struct checkpoint checkpoint = checkpoint_of(&forge, false);
		switch (lie) {
		case 0:
			checkpoint.is_final = true;
			break;
		case 1:
			checkpoint.records++;
			break;
		case 2:
			checkpoint.bytes--;
			break;
		case 3:
			checkpoint.sha256[3] = checkpoint.sha256[3] == '0' ? '1' : '0';
			break;
		case 4:
			checkpoint.head[3] = checkpoint.head[3] == '0' ? '1' : '0';
			break;
		case 5:
			checkpoint.previous[3] = checkpoint.previous[3] == '0' ? '1' : '0';
			break;
		case 6:
			checkpoint.records = 1; /* as the one before */
			break;
		case 7:
			checkpoint.bytes = 1;
			break;
		case 8:
			memcpy(checkpoint.run_id, "two", 4);
			break;
		}
		put_checkpoint(&forge, 1, &checkpoint);
		put(&forge, RECORD_OUTCOME);
		expect_damage(&forge, "checkpoint 2: ");
		expect_damage(&forge, sentences[lie]);
		forge_release(&forge);
	}
}

/* Sealed by the right key, and not of the format: no reader may come to another verdict by what it looks at. */
static void
chain_judge_sealed_line_of_another_spelling_is_damage(void **state)
{
	static const struct {
		const char *old, *new;
	} cases[] = {
		{ "\"x\"", "\"\033\"" },
		{ "{\"v\":1,", "{\"v\":1 " },
		{ "\"type\":\"intent\"", "\"type\":\"tnetni\"" },
		{ "Z\",\"run", "z\",\"run" },
		{ "\"seq\":1,", "\"seq\":+," },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct forge forge;

		forge_init(&forge, "one");
		put_process(&forge, 1);
		size_t at = forge.journal.len;
		put(&forge, RECORD_INTENT);
		char *place = strstr(forge.journal.data + at, cases[i].old);
		assert_non_null(place);
		assert_int_equal(strlen(cases[i].old), strlen(cases[i].new));
		memcpy(place, cases[i].new, strlen(cases[i].new));
		digest_sha256(forge.journal.data + at, forge.journal.len - at, forge.head);
		seal(&forge, 1, false);
		expect_damage(&forge, "record 1 of journal.jsonl: ");
		forge_release(&forge);
	}
}

static void
chain_judge_end_under_open_checkpoint_is_damage(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_process(&forge, 1);
	put(&forge, RECORD_END);
	seal(&forge, 1, false);
	expect_damage(&forge, "its `state` is not that of journal.jsonl: records 0 to 1");
	forge_release(&forge);
}

static void
chain_judge_end_sealed_by_the_next_process_is_final(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_process(&forge, 1);
	seal(&forge, 1, false);
	put(&forge, RECORD_END);
	put_process(&forge, 2);
	seal(&forge, 2, true);
	struct chain chain = judge(&forge);
	assert_string_equal(chain.damage.message, "");
	assert_true(chain.is_final);
	chain_release(&chain);
	forge_release(&forge);
}

static void
chain_judge_wrong_keys_are_damage(void **state)
{
	struct forge forge, other;

	(void)state;
	forge_init(&other, "two");
	/* of another run */
	forge_init(&forge, "one");
	put_record(&forge, RECORD_RUN, key_data(&other.keys[0].key));
	expect_damage(&forge, "its key is not named lifeboat/one/1");
	forge_release(&forge);
	/* of another time */
	forge_init(&forge, "one");
	put_record(&forge, RECORD_RUN, key_data(&forge.keys[1].key));
	expect_damage(&forge, "its key is not named lifeboat/one/1");
	forge_release(&forge);
	/* none, while the run has one */
	forge_init(&forge, "one");
	put_process(&forge, 1);
	put(&forge, RECORD_RESUMED);
	expect_damage(&forge, "record 1 of journal.jsonl: it announces no key");
	forge_release(&forge);
	/* one, where the run began without */
	forge_init(&forge, "one");
	put(&forge, RECORD_RUN);
	put_process(&forge, 2);
	expect_damage(&forge, "record 1 of journal.jsonl: it announces a key");
	forge_release(&forge);
	/* none at all, but a checkpoint */
	forge_init(&forge, "one");
	put(&forge, RECORD_RUN);
	seal(&forge, 1, false);
	expect_damage(&forge, "checkpoint 1: no record announces the key");
	forge_release(&forge);
	/* no key, but something else */
	forge_init(&forge, "one");
	cJSON *data = cJSON_CreateObject();
	json_add_string(data, "key", "x");
	put_record(&forge, RECORD_RUN, data);
	expect_damage(&forge, "its key");
	forge_release(&forge);
	forge_release(&other);
}

static void
chain_judge_journal_without_key_is_sealed_by_nothing(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put(&forge, RECORD_RUN);
	put(&forge, RECORD_RESUMED);
	put(&forge, RECORD_END);
	expect_sealed(&forge, 0);
	forge_release(&forge);
}

struct told {
	struct str types;
	int64_t refuse; /* the number of a record; -1: none */
};

static int
tell(void *data, const struct record *record, struct err *e)
{
	struct told *told = data;

	str_printf(&told->types, "%s ", record_type_name(record->type));
	return record->seq == told->refuse ? err_set(e, ERR_CHECK, "not that one") : 0;
}

static int
tell_record(void *data, struct record *record, struct err *e)
{
	return tell(data, record, e);
}

static void
chain_judge_readers_are_told_what_they_want(void **state)
{
	struct told all = { .refuse = -1 }, some = { .refuse = -1 }, refusing = { .refuse = 3 };
	const struct chain_reader readers[] = {
		{ .record = tell_record, .data = &all },
		{ .telling = tell, .data = &some },
		{ .record = tell_record, .data = &refusing },
	};
	struct chain chains[3];
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_final_run(&forge, 2);
	for (int i = 0; i < 3; i++) {
		chain_init(&chains[i]);
		chain_judge(forge.journal.data, forge.journal.len, forge.checkpoints.data,
			    forge.checkpoints.len, &readers[i], &chains[i]);
	}
	assert_string_equal(str_cstr(&all.types), "run intent note resumed outcome end ");
	assert_string_equal(str_cstr(&some.types), "run resumed outcome ");
	assert_string_equal(str_cstr(&refusing.types), "run intent note resumed ");
	assert_true(chains[0].is_final);
	assert_true(chains[1].is_final);
	assert_int_equal(chains[2].damage.kind, ERR_SPEC);
	assert_string_equal(chains[2].damage.message, "record 3 of journal.jsonl: not that one");
	assert_int_equal(chains[2].damaged_record, 3);
	assert_int_equal(chains[2].records, 3);
	assert_int_equal(chains[2].sealed, 2);
	for (int i = 0; i < 3; i++)
		chain_release(&chains[i]);
	str_release(&all.types);
	str_release(&some.types);
	str_release(&refusing.types);
	forge_release(&forge);
}

/* A certificate that does not hold makes a key one that nobody vouches for; it is told, not judged. */
static void
chain_read_certified_run_names_the_issuer(void **state)
{
	const struct place *place = *state;
	struct operator_key *ana = NULL;
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(setenv("XDG_CONFIG_HOME", place->root, 1), 0);
	assert_int_equal(operator_key_create("ana@db1", &ana, &e), 0);
	assert_int_equal(journal_create(place->folder, "one", ana, &journal, &e), 0);
	cJSON *stolen = process_data(journal);
	assert_int_equal(try_append(journal, RECORD_RUN, process_data(journal), true, &e), 0);
	journal_close(journal);
	struct chain chain = judge_folder(place);
	assert_string_equal(chain.damage.message, "");
	assert_true(chain.keys[0].is_certified);
	assert_string_equal(chain.keys[0].issuer.name, "ana@db1");
	chain_release(&chain);

	/* the same certificate beneath another key */
	struct forge forge;
	forge_init(&forge, "one");
	cJSON *data = key_data(&forge.keys[0].key), *told = cJSON_GetObjectItem(data, "key");
	cJSON_ReplaceItemInObject(told, "certificate",
				  cJSON_Duplicate(json_at(stolen, "key/certificate"), true));
	cJSON_ReplaceItemInObject(told, "operator",
				  cJSON_Duplicate(json_at(stolen, "key/operator"), true));
	put_record(&forge, RECORD_RUN, data);
	seal(&forge, 1, false);
	chain = judge(&forge);
	assert_string_equal(chain.damage.message, "");
	assert_int_equal(chain.sealed, 1);
	assert_false(chain.keys[0].is_certified);
	chain_release(&chain);
	forge_release(&forge);
	cJSON_Delete(stolen);
	operator_key_free(ana);
}

/*
 * The real files, cut at every byte, and a process that takes them up: it resumes with every whole record, and with
 * all bytes of the others kept, or refuses and leaves all as it was.
 */
static void
expect_resumed(const struct place *place, const struct str *journal, size_t cut,
	       const struct str *checkpoints, size_t seals_cut)
{
	size_t bytes, seal_bytes;
	size_t records = whole(journal, "\n", cut, &bytes);
	size_t seals = whole(checkpoints, CHECKPOINT_END, seals_cut, &seal_bytes);
	struct journal *resumed = NULL;
	struct err e = ERR_INIT;

	put_bytes(place->journal, journal->data, cut);
	put_bytes(place->checkpoints, checkpoints->data, seals_cut);
	int rc = journal_open(place->folder, NULL, NULL, NULL, &resumed, &e);
	struct str now = bytes_of(place->journal), seals_now = bytes_of(place->checkpoints);
	if (records == 0 || cut < covered(checkpoints, seals)) {
		assert_int_equal(rc, -1);
		assert_int_equal(e.kind, ERR_SPEC);
		assert_int_equal(now.len, cut);
		assert_int_equal(seals_now.len, seals_cut);
	} else {
		assert_int_equal(rc, 0);
		assert_int_equal(now.len, bytes);
		assert_int_equal(seals_now.len, seal_bytes);
		cJSON *told = journal_recovered_json(resumed);
		assert_int_equal(cJSON_GetArraySize(told),
				 (cut > bytes) + (seals_cut > seal_bytes));
		assert_int_equal(json_int(told, "0/bytes", 0),
				 cut > bytes ? cut - bytes : seals_cut - seal_bytes);
		for (const cJSON *at = told->child; at; at = at->next) {
			char *path = xasprintf("%s/%s", place->folder, json_string(at, "file", ""));
			assert_int_equal(unlink(path), 0);
			free(path);
		}
		cJSON_Delete(told);
		assert_int_equal(
			try_append(resumed, RECORD_RESUMED, process_data(resumed), true, &e), 0);
		struct chain chain = judge_folder(place);
		assert_string_equal(chain.damage.message, "");
		assert_int_equal(chain.records, records + 1);
		assert_int_equal(chain.sealed, records + 1);
		chain_release(&chain);
	}
	assert_memory_equal(now.data, journal->data, now.len);
	assert_memory_equal(seals_now.data, checkpoints->data, seals_now.len);
	journal_close(resumed);
	str_release(&now);
	str_release(&seals_now);
}

/* An intent and an outcome, and their seals, so many times. */
static void
put_pairs(struct forge *forge, int pairs, bool sealed)
{
	for (int i = 0; i < 2 * pairs; i++) {
		put(forge, i % 2 ? RECORD_OUTCOME : RECORD_INTENT);
		if (sealed)
			seal(forge, 1, false);
	}
}

/* A crash leaves few records without a seal: more of them, sealed by who comes after, were not left by one. */
static void
chain_judge_many_unsealed_taken_up_is_damage(void **state)
{
	struct forge forge;

	(void)state;
	for (int pairs = CHAIN_UNSEALED_MAX / 2; pairs <= CHAIN_UNSEALED_MAX / 2 + 1; pairs++) {
		bool is_crash = 2 * pairs <= CHAIN_UNSEALED_MAX;

		forge_init(&forge, "one");
		put_process(&forge, 1);
		seal(&forge, 1, false);
		put_pairs(&forge, 2, true);
		put_pairs(&forge, pairs, false);
		if (is_crash)
			expect_sealed(&forge, 5);
		put_process(&forge, 2);
		seal(&forge, 2, false);
		if (is_crash)
			expect_sealed(&forge, forge.records);
		else
			expect_damage(&forge,
				      "it takes up records 5 to 14, which nobody had sealed");
		forge_release(&forge);
	}
}

/* Processes that die before they seal their first record are no reason not to go on. */
static void
chain_judge_many_short_lives_are_sound(void **state)
{
	struct forge forge;

	(void)state;
	forge_init(&forge, "one");
	put_process(&forge, 1);
	seal(&forge, 1, false);
	for (int i = 0; i < 3 * CHAIN_UNSEALED_MAX; i++)
		put(&forge, RECORD_PLAN);
	put_process(&forge, 2);
	put_process(&forge, 3);
	seal(&forge, 3, false);
	expect_sealed(&forge, forge.records);
	forge_release(&forge);
}

/*
 * Whoever can write the folder takes the seals away, changes what they covered, and makes the chain anew: the next
 * process must not put its own seal on that.
 */
static void
journal_open_seals_taken_away_is_refused(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	struct err e = ERR_INIT;

	for (int i = 0; i <= CHAIN_UNSEALED_MAX; i++)
		append(journal, i % 2 ? RECORD_OUTCOME : RECORD_INTENT, "x");
	journal_close(journal);
	struct str text = bytes_of(place->journal);
	put_bytes(place->checkpoints, "", 0);
	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "no checkpoint covers records 0 to 9"));
	struct str now = bytes_of(place->journal), seals_now = bytes_of(place->checkpoints);
	assert_string_equal(now.data, text.data);
	assert_int_equal(seals_now.len, 0);
	str_release(&text);
	str_release(&now);
	str_release(&seals_now);
}

static void
journal_open_cut_anywhere_resumes_or_refuses(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);

	append(journal, RECORD_INTENT, "x");
	append(journal, RECORD_NOTE, "x");
	journal_close(journal);
	struct str text = bytes_of(place->journal), seals = bytes_of(place->checkpoints);
	for (size_t cut = 0; cut <= text.len; cut++)
		expect_resumed(place, &text, cut, &seals, seals.len);
	for (size_t cut = 0; cut <= seals.len; cut++)
		expect_resumed(place, &text, text.len, &seals, cut);
	str_release(&text);
	str_release(&seals);
}

/* In memory where there is such a place: thousands of files are synced. */
static int
memory_setup(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));
	char memory[] = "/dev/shm/test-chain-XXXXXX", disk[] = "/tmp/test-chain-XXXXXX";
	bool is_memory = mkdtemp(memory) != NULL;

	assert_true(is_memory || mkdtemp(disk));
	place_init(place, is_memory ? memory : disk);
	*state = place;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_judge_ended_run_is_final),
		cmocka_unit_test(chain_judge_any_flipped_bit_is_damage),
		cmocka_unit_test(chain_judge_flipped_bit_in_any_epoch_is_damage),
		cmocka_unit_test(chain_judge_cut_anywhere_is_torn_or_damage),
		cmocka_unit_test(chain_judge_cut_final_run_is_not_final),
		cmocka_unit_test(chain_judge_garbage_behind_checkpoints_is_damage),
		cmocka_unit_test(chain_judge_anything_behind_sealed_end_is_damage),
		cmocka_unit_test(chain_judge_unsealed_end_is_not_final),
		cmocka_unit_test(chain_judge_rewritten_records_are_damage),
		cmocka_unit_test(chain_judge_moved_lines_are_damage),
		cmocka_unit_test(chain_judge_older_checkpoint_put_back_is_damage),
		cmocka_unit_test(chain_judge_checkpoints_of_another_run_are_damage),
		cmocka_unit_test(chain_judge_key_out_of_its_time_is_damage),
		cmocka_unit_test(chain_judge_signature_by_another_key_is_damage),
		cmocka_unit_test(chain_judge_signed_lies_are_damage),
		cmocka_unit_test(chain_judge_sealed_line_of_another_spelling_is_damage),
		cmocka_unit_test(chain_judge_end_under_open_checkpoint_is_damage),
		cmocka_unit_test(chain_judge_end_sealed_by_the_next_process_is_final),
		cmocka_unit_test(chain_judge_wrong_keys_are_damage),
		cmocka_unit_test(chain_judge_journal_without_key_is_sealed_by_nothing),
		cmocka_unit_test(chain_judge_readers_are_told_what_they_want),
		cmocka_unit_test_setup_teardown(chain_read_certified_run_names_the_issuer,
						place_setup, place_teardown),
		cmocka_unit_test(chain_judge_many_unsealed_taken_up_is_damage),
		cmocka_unit_test(chain_judge_many_short_lives_are_sound),
		cmocka_unit_test_setup_teardown(journal_open_seals_taken_away_is_refused,
						place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(journal_open_cut_anywhere_resumes_or_refuses,
						memory_setup, place_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
