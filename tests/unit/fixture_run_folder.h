#ifndef LIFEBOAT_TESTS_FIXTURE_RUN_FOLDER_H
#define LIFEBOAT_TESTS_FIXTURE_RUN_FOLDER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/signing.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/journal/signed_note.h"

#include "fixture_folder.h"

/*
 * The folder of a run, made by hand: lines of JSON and of checkpoints by printf, after the words of
 * lifeboat-journal(5) and by no code of the journal's. What verify says of such a folder is evidence that
 * does not depend on the writer.
 */

static const char made_zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

struct made_key {
	struct signing_key *secret;
	struct note_key key;
};

struct made_run {
	char root[64];
	char *folder;
	const char *id;
	struct str journal, checkpoints;
	int records, seals, processes;
	char head[DIGEST_HEX_MAX], last_checkpoint[DIGEST_HEX_MAX];
	struct made_key key; /* of the process that writes */
};

static inline struct made_key
made_key_new(const char *name)
{
	struct made_key made = { NULL, { .name = "" } };
	unsigned char public_key[SIGNING_PUBLIC_BYTES];
	struct err e = ERR_INIT;

	if (signing_key_new(&made.secret, &e) < 0)
		abort();
	signing_key_public(made.secret, public_key);
	if (note_key_init(&made.key, name, public_key, &e) < 0)
		abort();
	return made;
}

static inline void
made_write(const struct made_run *run, const char *name, const char *bytes, size_t len)
{
	char *path = xasprintf("%s/%s", run->folder, name);
	char *folder = file_folder(path);
	struct err e = ERR_INIT;

	if (file_make_folders(folder, 0700, &e) < 0 ||
	    file_write_atomic(path, bytes, len, 0600, &e) < 0)
		abort();
	free(folder);
	free(path);
}

/* Writes both files as they are by now. */
static inline void
made_flush(const struct made_run *run)
{
	made_write(run, "journal.jsonl", str_cstr(&run->journal), run->journal.len);
	made_write(run, "checkpoints", str_cstr(&run->checkpoints), run->checkpoints.len);
}

static inline void
made_record(struct made_run *run, const char *type, const char *data)
{
	size_t start = run->journal.len;

	str_printf(&run->journal,
		   "{\"v\":1,\"seq\":%d,\"ts\":\"2026-11-21T14:%02d:%02d.118Z\",\"run\":\"%s\","
		   "\"type\":\"%s\",\"data\":%s,\"prev\":\"%s\"}\n",
		   run->records, run->records / 60 % 60, run->records % 60, run->id, type, data,
		   run->records ? run->head : made_zeros);
	digest_sha256(run->journal.data + start, run->journal.len - start, run->head);
	run->records++;
}

/* A checkpoint over all records so far, in these words; `secret` is whose signature it gets. */
static inline void
made_seal_as(struct made_run *run, const struct made_key *signer, const char *origin, int records,
	     const char *state)
{
	struct str text = STR_INIT;
	size_t start = run->checkpoints.len;
	char sha256[DIGEST_HEX_MAX];
	struct err e = ERR_INIT;

	digest_sha256(run->journal.data, run->journal.len, sha256);
	str_printf(&text,
		   "lifeboat-checkpoint/v1\norigin lifeboat/%s\nrecords %d\nbytes %zu\nsha256 %s\n"
		   "head %s\nprevious %s\ntime 2026-11-21T14:07:32.118Z\nstate %s\n",
		   origin, records, run->journal.len, sha256, run->head,
		   run->seals ? run->last_checkpoint : made_zeros, state);
	if (note_sign(signer->secret, &signer->key, text.data, text.len, &run->checkpoints, &e) < 0)
		abort();
	str_append(&run->checkpoints, "\n");
	digest_sha256(run->checkpoints.data + start, run->checkpoints.len - start,
		      run->last_checkpoint);
	run->seals++;
	str_release(&text);
}

static inline void
made_seal(struct made_run *run, bool final)
{
	made_seal_as(run, &run->key, run->id, run->records, final ? "final" : "open");
}

/* Appends a certificate in which `operator_key` vouches for a key, with \n and — as JSON spells them. */
static inline void
made_certificate(const struct made_run *run, const struct made_key *operator_key,
		 const struct note_key *key, struct str *out)
{
	struct str text = STR_INIT, note = STR_INIT;
	struct err e = ERR_INIT;

	str_printf(&text, "lifeboat-run-key/v1\nrun %s\nkey ", run->id);
	note_key_format(key, &text);
	str_append(&text, "\ntime 2026-11-21T14:07:32.118Z\n");
	if (note_sign(operator_key->secret, &operator_key->key, text.data, text.len, &note, &e) < 0)
		abort();
	for (const char *at = note.data; *at; at++) {
		if (*at == '\n')
			str_append(out, "\\n");
		else if (*at == '\xe2')
			str_append(out, "\\u2014"), at += 2;
		else
			str_append_char(out, *at);
	}
	str_release(&text);
	str_release(&note);
}

/*
 * Another process begins: a new key, certified by an operator's (NULL: by nobody), and the record that tells of it.
 * `extra` are further members of its data, with a comma before.
 */
static inline void
made_process(struct made_run *run, const struct made_key *operator_key, const char *extra)
{
	char *name = xasprintf("lifeboat/%s/%d", run->id, ++run->processes);
	struct str data = STR_INIT;

	signing_key_free(run->key.secret);
	run->key = made_key_new(name);
	str_printf(&data,
		   "{\"operator\":\"ana\",\"host\":\"db1\",\"pid\":4711,\"key\":{\"name\":\"%s\","
		   "\"public\":\"",
		   name);
	note_key_format(&run->key.key, &data);
	str_append(&data, "\",\"certificate\":");
	if (operator_key) {
		str_append(&data, "\"");
		made_certificate(run, operator_key, &run->key.key, &data);
		str_append(&data, "\",\"operator\":\"");
		note_key_format(&operator_key->key, &data);
		str_append(&data, "\"");
	} else {
		str_append(&data, "null,\"operator\":null");
	}
	str_printf(&data, "}%s}", extra);
	made_record(run, run->processes == 1 ? "run" : "resumed", str_cstr(&data));
	made_seal(run, false);
	str_release(&data);
	free(name);
}

/* A step with its plan, intent, outcome and output file; sealed as the program does. */
static inline void
made_step(struct made_run *run, const char *output)
{
	char hash[DIGEST_HEX_MAX];
	int intent = run->records + 1;
	char *data = xasprintf("{\"step\":\"step-%d\",\"intent\":%d}", intent, intent);
	char *name = xasprintf("out/%06d", intent);
	char *outcome = xasprintf(
		"{\"step\":\"step-%d\",\"intent\":%d,\"status\":\"ok\",\"error\":null,"
		"\"outputs\":{},\"output\":{\"file\":\"%s\",\"sha256\":\"%s\","
		"\"bytes\":%zu}}",
		intent, intent, name, digest_sha256(output, strlen(output), hash), strlen(output));

	made_record(run, "plan", "{\"step\":\"s\",\"uses\":\"command.run\"}");
	made_record(run, "intent", data);
	made_seal(run, false);
	made_write(run, name, output, strlen(output));
	made_record(run, "outcome", outcome);
	made_seal(run, false);
	free(data);
	free(name);
	free(outcome);
}

/* The end of the run, sealed. */
static inline void
made_end(struct made_run *run)
{
	made_record(run, "end",
		    "{\"id\":\"completed\",\"title\":\"Completed\",\"reason\":null,"
		    "\"failed\":false,\"by\":null}");
	made_seal(run, true);
}

/* The folder, the runbook, and the first record; certified by an operator's key, or (NULL) by nobody. */
static inline struct made_run *
made_begin(const char *id, const struct made_key *operator_key)
{
	static const char runbook[] = "apiVersion: lifeboat/v1\nkind: Runbook\n";
	struct made_run *run = xcalloc(1, sizeof(*run));
	char hash[DIGEST_HEX_MAX];

	snprintf(run->root, sizeof(run->root), "/tmp/test-run-folder-XXXXXX");
	if (!mkdtemp(run->root))
		abort();
	run->folder = xasprintf("%s/%s", run->root, id);
	run->id = id;
	made_write(run, "runbook.yaml", runbook, sizeof(runbook) - 1);
	char *extra =
		xasprintf(",\"runbook\":{\"id\":\"restore\",\"title\":\"Restore\",\"version\":"
			  "\"1.2.0\",\"path\":\"restore.yaml\",\"sha256\":\"%s\"},"
			  "\"previous\":null",
			  digest_sha256(runbook, sizeof(runbook) - 1, hash));
	made_process(run, operator_key, extra);
	free(extra);
	return run;
}

static inline void
made_free(struct made_run *run)
{
	folder_remove(run->root);
	signing_key_free(run->key.secret);
	str_release(&run->journal);
	str_release(&run->checkpoints);
	free(run->folder);
	free(run);
}

#endif
