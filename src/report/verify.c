#include "config.h"

#include "report/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "report/sealed_files.h"

/* What is gathered while the chain is read. */
struct reading {
	const char *head; /* that is looked for; NULL: none is */
	int64_t head_seq; /* the record that has it; -1: none so far */
	cJSON *run;
	struct sealed_files files;
};

static int
read_telling(void *data, const struct record *record, struct err *e)
{
	struct reading *reading = data;

	(void)e;
	if (record->type == RECORD_RUN && !reading->run)
		reading->run = cJSON_Duplicate(record->data, true);
	sealed_files_collect(&reading->files, record);
	return 0;
}

static int
read_any(void *data, struct record *record, struct err *e)
{
	struct reading *reading = data;

	if (reading->head_seq < 0 && str_starts_with(record->hash, reading->head))
		reading->head_seq = record->seq;
	return read_telling(data, record, e);
}

bool
verify_is_trusted(const struct verify_options *options, const struct chain_key *key)
{
	for (size_t i = 0; key->is_certified && options->trusted && options->trusted[i]; i++)
		if (note_key_equal(options->trusted[i], &key->issuer))
			return true;
	return false;
}

/* Whether somebody vouches for this key who may: of the first one it is only told. */
static bool
counts(const struct verify_options *options, const struct chain *chain, size_t i)
{
	const struct chain_key *first = &chain->keys[0], *key = &chain->keys[i];

	if (verify_is_trusted(options, key))
		return true;
	if (i == 0)
		return !options->only_trusted;
	return !first->is_certified ||
	       (key->is_certified && note_key_equal(&first->issuer, &key->issuer));
}

/* What was sealed by a key that does not count, and what follows it, is not sealed. */
static void
shorten(struct verification *v, const struct verify_options *options)
{
	struct chain *chain = &v->chain;

	while (v->vouched < chain->keys_count && counts(options, chain, v->vouched))
		v->vouched++;
	if (v->vouched == chain->keys_count)
		return;
	chain->sealed = 0;
	for (size_t i = 0; i < v->vouched; i++)
		if (chain->keys[i].sealed > chain->sealed)
			chain->sealed = chain->keys[i].sealed;
	chain->is_final = false;
}

static void
damage(struct verification *v, int64_t record, const struct err *why)
{
	v->chain.damage = *why;
	v->chain.damage.kind = ERR_SPEC;
	v->chain.damaged_record = record;
}

/* Files of records that are not sealed are not judged: neither are the records. */
static int
judge_files(struct verification *v, const struct sealed_files *files, const char *folder,
	    struct err *e)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct sealed_file *file = &files->items[i];
		struct err why = ERR_INIT;

		if (file->seq >= v->chain.sealed)
			continue;
		if (sealed_file_check(folder, file, &why) == 0) {
			v->outputs += file->kind == SEALED_OUTPUT;
			continue;
		}
		if (why.kind != ERR_SPEC) {
			*e = why;
			return -1;
		}
		damage(v, file->seq, &why);
		return 0;
	}
	return 0;
}

static void
judge_head(struct verification *v, const struct reading *reading)
{
	struct err why = ERR_INIT;

	if (!reading->head)
		return;
	if (reading->head_seq < 0) {
		err_set(&why, ERR_SPEC,
			"no record has the hash %s: records are missing, or it is another run",
			reading->head);
		damage(v, -1, &why);
	} else if (reading->head_seq >= v->chain.sealed) {
		str_printf(&v->notes, "record %lld has the hash %s, and no checkpoint covers it\n",
			   (long long)reading->head_seq, reading->head);
	} else {
		str_printf(&v->notes, "record %lld has the hash %s, and is sealed\n",
			   (long long)reading->head_seq, reading->head);
	}
}

static void
note_issuer(struct verification *v, const struct note_key *issuer)
{
	str_printf(&v->notes, "the key of %s is not one that you trust: compare its fingerprint, ",
		   issuer->name);
	note_key_fingerprint(issuer, &v->notes);
	str_printf(&v->notes,
		   ", with what lifeboat key show tells %s, or name the key with --key\n",
		   issuer->name);
}

static void
note_key_alone(struct verification *v, const struct note_key *key)
{
	str_printf(&v->notes, "nobody vouches for the key %s: compare its fingerprint, ",
		   key->name);
	note_key_fingerprint(key, &v->notes);
	str_append(&v->notes, ", or a hash that was noted elsewhere during the run, with --head. "
			      "Without that, whoever could write this folder could have made "
			      "all of it\n");
}

static bool
is_told(const struct chain *chain, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (chain->keys[j].is_certified &&
		    note_key_equal(&chain->keys[j].issuer, &chain->keys[i].issuer))
			return true;
	return false;
}

static void
note_keys(struct verification *v, const struct verify_options *options)
{
	for (size_t i = 0; i < v->chain.keys_count; i++) {
		const struct chain_key *key = &v->chain.keys[i];

		if (!key->is_certified)
			note_key_alone(v, &key->key);
		else if (!verify_is_trusted(options, key) && !is_told(&v->chain, i))
			note_issuer(v, &key->issuer);
	}
}

/* What a process had not sealed when it died, the next one has; until then it could be changed. */
static void
note_late_seals(struct verification *v)
{
	const struct chain *chain = &v->chain;
	int64_t sealed = 0;

	for (size_t i = 0; i < chain->keys_count; i++) {
		const struct chain_key *key = &chain->keys[i];

		if (key->seq > sealed && key->seq < chain->sealed)
			str_printf(&v->notes,
				   "records %lld to %lld were sealed by the process that took the "
				   "run up at record %lld, and not by the one that wrote them\n",
				   (long long)sealed, (long long)key->seq - 1, (long long)key->seq);
		if (key->sealed > sealed)
			sealed = key->sealed;
	}
}

static void
note_rest(struct verification *v)
{
	const struct chain *chain = &v->chain;

	if (chain->records > chain->sealed)
		str_printf(&v->notes, "%lld of %lld records are not sealed: they prove nothing\n",
			   (long long)(chain->records - chain->sealed), (long long)chain->records);
	if (chain->torn_bytes)
		str_printf(&v->notes,
			   "the last %zu bytes of journal.jsonl are no whole record: the program "
			   "ended while it wrote them, or is writing them now\n",
			   chain->torn_bytes);
	if (chain->torn_checkpoint_bytes)
		str_printf(&v->notes, "the last %zu bytes of checkpoints are no whole one\n",
			   chain->torn_checkpoint_bytes);
}

static void
note_aside(struct verification *v, const struct sealed_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct sealed_file *file = &files->items[i];

		if (file->kind == SEALED_ASIDE && file->seq < v->chain.sealed)
			str_printf(&v->notes,
				   "%s holds %lld bytes that were put aside before record %lld\n",
				   file->name, (long long)file->bytes, (long long)file->seq);
	}
}

/* What is read is taken over: the file lists stay with the caller. */
static int
judge(struct verification *v, struct reading *reading, const char *folder,
      const struct verify_options *options, struct err *e)
{
	shorten(v, options);
	if (v->chain.damage.kind == ERR_NONE && judge_files(v, &reading->files, folder, e) < 0)
		return -1;
	if (v->chain.damage.kind == ERR_NONE)
		judge_head(v, reading);
	if (v->chain.damage.kind != ERR_NONE) {
		v->verdict = VERIFY_CORRUPT;
		return 0;
	}
	v->verdict = v->chain.is_final && v->chain.sealed == v->chain.records ? VERIFY_FINAL
									      : VERIFY_SEALED;
	note_keys(v, options);
	note_late_seals(v);
	note_rest(v);
	note_aside(v, &reading->files);
	sealed_files_note_others(&reading->files, folder, &v->notes);
	return 0;
}

int
verify_run(const char *folder, const struct verify_options *options,
	   struct verification *ret_verification, struct err *e)
{
	struct reading reading = { .head = options->head, .head_seq = -1 };
	const struct chain_reader reader = {
		.record = options->head ? read_any : NULL,
		.telling = read_telling,
		.data = &reading,
	};
	struct verification v = { .notes = STR_INIT };
	int rc = -1;

	chain_init(&v.chain);
	if (chain_read(folder, &reader, &v.chain, e) < 0 ||
	    judge(&v, &reading, folder, options, e) < 0)
		goto out;
	v.run = reading.run;
	reading.run = NULL;
	*ret_verification = v;
	v = (struct verification){ .notes = STR_INIT };
	chain_init(&v.chain);
	rc = 0;
out:
	verification_release(&v);
	cJSON_Delete(reading.run);
	sealed_files_release(&reading.files);
	return rc;
}

void
verification_release(struct verification *v)
{
	chain_release(&v->chain);
	cJSON_Delete(v->run);
	v->run = NULL;
	str_release(&v->notes);
}

/* "corrupt at record 5: its prev …": the message names its record itself, once is enough. */
static void
append_damage(const struct chain *chain, struct str *out)
{
	struct str subject = STR_INIT;
	const char *why = chain->damage.message, *it = "";

	str_append(out, "corrupt");
	if (chain->damaged_record >= 0) {
		str_printf(out, " at record %lld", (long long)chain->damaged_record);
		str_printf(&subject, "record %lld of journal.jsonl",
			   (long long)chain->damaged_record);
		if (str_starts_with(why, str_cstr(&subject))) {
			why += subject.len;
			it = "it";
		}
	}
	if (str_starts_with(why, ": ")) {
		why += 2;
		it = "";
	}
	str_printf(out, ": %s%s", it, why);
	str_release(&subject);
}

/* Why it is not final; the strongest reason. */
static void
append_rest(const struct verification *v, struct str *out)
{
	const struct chain *chain = &v->chain;

	if (chain->keys_count == 0)
		str_append(out, "the journal announces no key, so nothing in it is signed");
	else if (v->vouched < chain->keys_count)
		str_printf(out,
			   "nobody whom you trust vouches for the key %s, which record %lld "
			   "announces",
			   chain->keys[v->vouched].key.name,
			   (long long)chain->keys[v->vouched].seq);
	else if (chain->records > chain->sealed)
		str_printf(out, "no checkpoint covers the %lld that follow%s",
			   (long long)(chain->records - chain->sealed),
			   chain->has_ended ? ", the run's end among them" : "");
	else
		str_append(out, "the run has not ended");
}

static void
append_final(const struct chain *chain, struct str *out)
{
	const struct chain_key *last = &chain->keys[chain->keys_count - 1];

	str_printf(out, "final: %lld records, sealed by %s, ", (long long)chain->records,
		   last->key.name);
	if (last->is_certified)
		str_printf(out, "certified by %s", last->issuer.name);
	else
		str_append(out, "certified by nobody");
}

void
verification_sentence(const struct verification *v, struct str *out)
{
	switch (v->verdict) {
	case VERIFY_FINAL:
		append_final(&v->chain, out);
		return;
	case VERIFY_CORRUPT:
		append_damage(&v->chain, out);
		return;
	case VERIFY_SEALED:
		break;
	}
	if (v->chain.sealed > 0)
		str_printf(out, "sealed to record %lld: ", (long long)v->chain.sealed - 1);
	else
		str_append(out, "not sealed: ");
	append_rest(v, out);
}
