#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "report/verify.h"
#include "run/journal/folder.h"
#include "run/journal/operator_key.h"

enum { EXIT_CORRUPT = 1, EXIT_SEALED = 5, KEYS_MAX_BYTES = 1 << 20 };

/* What is asked: whose keys are trusted, and what is looked for. */
struct question {
	struct note_key **keys; /* ends with NULL once it is complete */
	size_t count, cap;
	char *head;
	char *own_problem; /* why this operator's own key is not among them, although there is one */
	struct verify_options options;
};

static void
question_release(struct question *q)
{
	for (size_t i = 0; i < q->count; i++)
		free(q->keys[i]);
	free(q->keys);
	free(q->head);
	free(q->own_problem);
}

static void
trust(struct question *q, const struct note_key *key)
{
	struct note_key *copy = xmalloc(sizeof(*copy));

	*copy = *key;
	*VEC_PUSH(q->keys, q->count, q->cap) = copy;
}

/* One verifier key a line. What else stands in the file is not repeated: it may be a private key. */
static int
trust_line(struct question *q, const char *path, int number, const char *line, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct note_key key;

	if (!*line || *line == '#')
		return 0;
	if (note_key_parse(line, &key, &ignored) < 0)
		return err_set(e, ERR_USAGE,
			       "line %d of %s is no verifier key: that is the line which lifeboat "
			       "key show tells an operator",
			       number, path);
	trust(q, &key);
	return 0;
}

static int
trust_file(struct question *q, const char *path, struct err *e)
{
	struct str text = STR_INIT;
	size_t before = q->count;
	int rc = file_read(path, KEYS_MAX_BYTES, &text, e), number = 1;

	for (char *line = text.data; rc == 0 && line; number++) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = '\0';
		rc = trust_line(q, path, number, line, e);
		line = end;
	}
	str_release_secret(&text);
	if (rc == 0 && q->count == before)
		rc = err_set(e, ERR_USAGE, "%s holds no verifier key", path);
	return rc;
}

static int
trust_word(struct question *q, const char *word, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct note_key key;

	if (note_key_parse(word, &key, &ignored) == 0) {
		trust(q, &key);
		return 0;
	}
	if (file_exists(word))
		return trust_file(q, word, e);
	return err_set(
		e, ERR_USAGE,
		"what --key names is neither a verifier key (NAME+ID+BASE64, as lifeboat key "
		"show tells it) nor a file that is there");
}

/* A key of one's own that is not in order is no reason not to judge. */
static void
trust_own(struct question *q)
{
	struct operator_key *own = NULL;
	struct err e = ERR_INIT;

	if (operator_key_load(&own, &e) < 0)
		q->own_problem = xstrdup(e.message);
	if (own)
		trust(q, operator_key_public(own));
	operator_key_free(own);
}

static int
read_head(struct question *q, const char *word, struct err *e)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	size_t len = word ? strlen(word) : 0;

	if (!word)
		return 0;
	if (len < VERIFY_HEAD_MIN || len >= DIGEST_HEX_MAX || strspn(word, digits) != len)
		return err_set(e, ERR_USAGE,
			       "--head wants the hash of a record: %d to %d hexadecimal digits",
			       VERIFY_HEAD_MIN, DIGEST_HEX_MAX - 1);
	q->head = xstrdup(word);
	for (char *at = q->head; *at; at++)
		if (*at >= 'A' && *at <= 'F')
			*at = (char)(*at - 'A' + 'a');
	return 0;
}

static int
read_question(const struct cli_args *args, struct question *q, struct err *e)
{
	const char *const *words = cli_values(args, "key");
	bool named = words[0] != NULL;

	if (read_head(q, cli_value(args, "head"), e) < 0)
		return -1;
	for (; *words; words++)
		if (trust_word(q, *words, e) < 0)
			return -1;
	if (!named)
		trust_own(q);
	*VEC_PUSH(q->keys, q->count, q->cap) = NULL;
	q->count--;
	q->options = (struct verify_options){
		.trusted = (const struct note_key *const *)q->keys,
		.only_trusted = named,
		.head = q->head,
	};
	return 0;
}

static const char *
verdict_name(enum verify_verdict verdict)
{
	static const char *const names[] = {
		[VERIFY_FINAL] = "final",
		[VERIFY_SEALED] = "sealed",
		[VERIFY_CORRUPT] = "corrupt",
	};

	return names[verdict];
}

static int
exit_code(enum verify_verdict verdict)
{
	return verdict == VERIFY_FINAL ? 0 : verdict == VERIFY_SEALED ? EXIT_SEALED : EXIT_CORRUPT;
}

/* One line of text from outside, which ends with its LF here. */
static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *format, ...)
{
	struct str line = STR_INIT;
	va_list ap;

	va_start(ap, format);
	str_vprintf(&line, format, ap);
	va_end(ap);
	char *clean = text_clean(str_cstr(&line), 0);
	puts(clean);
	free(clean);
	str_release(&line);
}

static void
print_run(const struct verification *v, const char *folder)
{
	say("run: %s", *v->chain.run_id ? v->chain.run_id : "?");
	say("folder: %s", folder);
	if (v->run)
		say("runbook: %s %s, by %s on %s", json_string(v->run, "runbook/id", "?"),
		    json_string(v->run, "runbook/version", ""),
		    json_string(v->run, "operator", "?"), json_string(v->run, "host", "?"));
	say("records: %lld, of which %lld are sealed; the last one's hash is %s",
	    (long long)v->chain.records, (long long)v->chain.sealed, v->chain.head);
}

static void
print_keys(const struct verification *v, const struct question *q)
{
	for (size_t i = 0; i < v->chain.keys_count; i++) {
		const struct chain_key *key = &v->chain.keys[i];

		say("key: %s, from record %lld, certified by %s%s", key->key.name,
		    (long long)key->seq, key->is_certified ? key->issuer.name : "nobody",
		    verify_is_trusted(&q->options, key) ? ", whom you trust" : "");
	}
}

static void
print_notes(const struct verification *v, const struct question *q)
{
	for (const char *line = str_cstr(&v->notes); *line;) {
		size_t len = strcspn(line, "\n");

		say("note: %.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
	if (q->own_problem)
		say("note: your own key is not counted: %s", q->own_problem);
}

static void
print_text(const struct verification *v, const struct question *q, const char *folder)
{
	struct str sentence = STR_INIT;

	verification_sentence(v, &sentence);
	say("%s", str_cstr(&sentence));
	print_run(v, folder);
	print_keys(v, q);
	if (v->verdict != VERIFY_CORRUPT)
		say("outputs: %zu, as they were recorded", v->outputs);
	print_notes(v, q);
	str_release(&sentence);
}

static cJSON *
keys_json(const struct verification *v, const struct question *q)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < v->chain.keys_count; i++) {
		const struct chain_key *key = &v->chain.keys[i];
		cJSON *item = cJSON_CreateObject();
		struct str text = STR_INIT, issuer = STR_INIT;

		note_key_format(&key->key, &text);
		if (key->is_certified)
			note_key_format(&key->issuer, &issuer);
		json_add_string(item, "name", key->key.name);
		json_add_string(item, "public", str_cstr(&text));
		json_add_int(item, "record", key->seq);
		json_add_int(item, "sealed", key->sealed);
		json_add_string(item, "operator", key->is_certified ? str_cstr(&issuer) : NULL);
		json_add_bool(item, "trusted", verify_is_trusted(&q->options, key));
		json_add_bool(item, "counts", i < v->vouched);
		cJSON_AddItemToArray(list, item);
		str_release(&text);
		str_release(&issuer);
	}
	return list;
}

static cJSON *
notes_json(const struct verification *v)
{
	cJSON *list = cJSON_CreateArray();

	for (const char *line = str_cstr(&v->notes); *line;) {
		size_t len = strcspn(line, "\n");
		char *copy = xstrndup(line, len);

		cJSON_AddItemToArray(list, cJSON_CreateString(copy));
		free(copy);
		line += len + (line[len] == '\n');
	}
	return list;
}

static void
print_json(const struct verification *v, const struct question *q, const char *folder)
{
	const struct chain *chain = &v->chain;
	bool is_corrupt = v->verdict == VERIFY_CORRUPT;
	cJSON *document = cJSON_CreateObject();
	struct str sentence = STR_INIT, text = STR_INIT;

	verification_sentence(v, &sentence);
	json_add_string(document, "verdict", verdict_name(v->verdict));
	json_add_string(document, "sentence", str_cstr(&sentence));
	json_add_string(document, "run", chain->run_id);
	json_add_string(document, "folder", folder);
	json_add(document, "runbook", cJSON_Duplicate(json_at(v->run, "runbook"), true));
	json_add_int(document, "records", chain->records);
	json_add_int(document, "sealed", chain->sealed);
	json_add_string(document, "head", chain->head);
	json_add_int(document, "damaged_record", is_corrupt ? chain->damaged_record : -1);
	json_add_string(document, "damage", is_corrupt ? chain->damage.message : NULL);
	json_add_int(document, "outputs", (int64_t)v->outputs);
	json_add(document, "keys", keys_json(v, q));
	json_add(document, "notes", notes_json(v));
	json_print_ascii(document, &text);
	puts(str_cstr(&text));
	str_release(&sentence);
	str_release(&text);
	cJSON_Delete(document);
}

/* A run by (part of) its id, or the path of a folder; "." is one, too. */
static char *
find_folder(const char *word, struct err *e)
{
	char *path = str_equal(word, ".") || str_equal(word, "..") ? xasprintf("%s/", word)
								   : xstrdup(word);
	char *folder = run_folder_find_any(path, e);

	free(path);
	return folder;
}

static int
verify(const struct cli_args *args, struct question *q, struct err *e)
{
	struct verification v;

	if (read_question(args, q, e) < 0)
		return -1;
	char *folder = find_folder(cli_operands(args, NULL)[0], e);
	int rc = folder ? verify_run(folder, &q->options, &v, e) : -1;
	if (rc == 0) {
		if (cli_flag(args, "json"))
			print_json(&v, q, folder);
		else
			print_text(&v, q, folder);
		rc = exit_code(v.verdict);
		verification_release(&v);
	}
	free(folder);
	return rc;
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct question q = { .keys = NULL };
	int rc = verify(args, &q, e);

	question_release(&q);
	/* what could not be judged must not end as what was found to be corrupt does */
	if (rc < 0)
		e->kind = ERR_USAGE;
	return rc;
}

static const struct cli_option options[] = {
	{ "key", 0, "KEY",
	  "Count only what this operator vouches for: a verifier key, or a file of them." },
	{ "head", 0, "HEX", "A hash noted during the run: such a record must be there." },
	{ "json", 0, NULL, "Everything as one JSON document." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_verify = {
	.name = "verify",
	.operands = "[RUN]",
	.operands_max = 1,
	.summary = "Judge whether the record of a run is what was sealed",
	.options = options,
	.run = run,
};
