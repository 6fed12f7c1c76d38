#include "config.h"

#include "report/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture_run_folder.h"

#define RUN "20261121T140732-7f3a"

/*
 * A run of the script takes a tenth of a second: only the bits of every so many bytes are changed, or of as
 * many as $LIFEBOAT_TEST_SLOW says (1: all of them, in an hour).
 */
enum { BYTES_BETWEEN_FLIPS = 997 };

static char script_root[] = "/tmp/test-verify-script-XXXXXX";
static char *script;

static int
setup(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(script_root));
	script = xasprintf("%s/verify.sh", script_root);
	return file_write_atomic(script, verify_script, strlen(verify_script), 0600, &e);
}

static int
teardown(void **state)
{
	(void)state;
	folder_remove(script_root);
	free(script);
	return 0;
}

/* Runs the script and returns its exit status; its output, without the last LF, is appended to out. */
static int
run_script(const char *const *arguments, struct str *out)
{
	const char *argv[8] = { "sh", script };
	int pipe_fds[2], status;
	char bytes[4096];
	ssize_t got;

	for (size_t i = 0; arguments[i]; i++)
		argv[i + 2] = arguments[i];
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		dup2(pipe_fds[1], STDERR_FILENO);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		execvp("sh", (char *const *)argv);
		_exit(127);
	}
	assert_true(pid > 0);
	close(pipe_fds[1]);
	while ((got = read(pipe_fds[0], bytes, sizeof(bytes))) > 0)
		str_append_bytes(out, bytes, (size_t)got);
	close(pipe_fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (out->len && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
exit_code_of(enum verify_verdict verdict)
{
	return verdict == VERIFY_FINAL ? 0 : verdict == VERIFY_SEALED ? 5 : 1;
}

/* Both verifiers, with the same keys; returns the exit code that both have, and their words. */
static int
judged_by_both(const struct made_run *run, const struct made_key *trusted, struct str *ours,
	       struct str *theirs)
{
	const struct note_key *const keys[] = { trusted ? &trusted->key : NULL, NULL };
	const struct verify_options options = { .trusted = keys, .only_trusted = trusted };
	struct verification v;
	struct err e = ERR_INIT;
	struct str key = STR_INIT;

	if (verify_run(run->folder, &options, &v, &e) < 0)
		fail_msg("%s", e.message);
	verification_sentence(&v, ours);
	if (trusted)
		note_key_format(&trusted->key, &key);
	const char *const arguments[] = { run->folder, trusted ? str_cstr(&key) : NULL, NULL };
	int code = run_script(arguments, theirs);
	if (code != exit_code_of(v.verdict))
		fail_msg("verify says: %s; the script (%d): %s", str_cstr(ours), code,
			 str_cstr(theirs));
	str_release(&key);
	verification_release(&v);
	return code;
}

/* Both come to this verdict, whose sentence begins with these words, and agree on the record. */
static void
expect_by(const struct made_run *run, const struct made_key *trusted, int code,
	  const char *sentence)
{
	struct str ours = STR_INIT, theirs = STR_INIT;
	int given = judged_by_both(run, trusted, &ours, &theirs);

	if (given != code || !str_starts_with(str_cstr(&ours), sentence) ||
	    !str_starts_with(str_cstr(&theirs), sentence))
		fail_msg("verify (%d) says: %s; the script: %s", given, str_cstr(&ours),
			 str_cstr(&theirs));
	str_release(&ours);
	str_release(&theirs);
}

static void
expect(const struct made_run *run, int code, const char *sentence)
{
	expect_by(run, NULL, code, sentence);
}

static struct made_run *
final_run(const struct made_key *operator_key)
{
	struct made_run *run = made_begin(RUN, operator_key);

	made_step(run, "first output\n");
	made_step(run, "second output\n");
	made_end(run);
	made_flush(run);
	return run;
}

/* The bytes of line `number` (from 0) of a text, with its LF. */
static size_t
line_at(const struct str *text, int number, size_t *ret_len)
{
	size_t at = 0;

	while (number-- > 0)
		at += (size_t)((char *)memchr(text->data + at, '\n', text->len - at) -
			       (text->data + at)) +
		      1;
	*ret_len = (size_t)((char *)memchr(text->data + at, '\n', text->len - at) -
			    (text->data + at)) +
		   1;
	return at;
}

/* Writes the journal with the line `number` in other words. */
static void
write_edited(const struct made_run *run, int number, const char *from, const char *to)
{
	struct str text = STR_INIT;
	size_t len, at = line_at(&run->journal, number, &len);
	const char *found = memmem(run->journal.data + at, len, from, strlen(from));

	assert_non_null(found);
	size_t before = (size_t)(found - run->journal.data), after = before + strlen(from);
	str_append_bytes(&text, run->journal.data, before);
	str_append(&text, to);
	str_append_bytes(&text, run->journal.data + after, run->journal.len - after);
	made_write(run, "journal.jsonl", text.data, text.len);
	str_release(&text);
}

/* Writes the journal with its lines in this order; -1 ends it. */
static void
write_reordered(const struct made_run *run, const int *order)
{
	struct str text = STR_INIT;

	for (; *order >= 0; order++) {
		size_t len, at = line_at(&run->journal, *order, &len);

		str_append_bytes(&text, run->journal.data + at, len);
	}
	made_write(run, "journal.jsonl", str_cstr(&text), text.len);
	str_release(&text);
}

static void
script_sound_runs_have_the_same_verdict(void **state)
{
	struct made_key ana = made_key_new("ana@db1");
	struct made_run *run = made_begin(RUN, &ana);

	(void)state;
	made_flush(run);
	expect(run, 5, "sealed to record 0: the run has not ended");
	made_step(run, "output\n");
	made_record(run, "note", "{\"text\":\"x\"}");
	made_flush(run);
	expect(run, 5, "sealed to record 3: no checkpoint covers the 1 that follow");
	made_seal(run, false);
	made_process(run, &ana, "");
	made_step(run, "more output\n");
	made_process(run, &ana, "");
	made_end(run);
	made_flush(run);
	expect(run, 0, "final: 11 records, sealed by lifeboat/" RUN "/3, certified by ana@db1");
	expect_by(run, &ana, 0, "final: 11 records");
	made_free(run);
	run = final_run(NULL);
	expect(run, 0, "final: 8 records, sealed by lifeboat/" RUN "/1, certified by nobody");
	made_free(run);
	signing_key_free(ana.secret);
}

static void
script_finds_the_folder_that_it_stands_in(void **state)
{
	struct made_run *run = final_run(NULL);
	char *copy = xasprintf("%s/verify.sh", run->folder), *usual = script;
	const char *const none[] = { NULL };
	struct str out = STR_INIT;

	(void)state;
	made_write(run, "verify.sh", verify_script, strlen(verify_script));
	script = copy;
	assert_int_equal(run_script(none, &out), 0);
	script = usual;
	str_release(&out);
	free(copy);
	made_free(run);
}

static void
script_what_cannot_be_judged_is_exit_code_2(void **state)
{
	struct made_run *run = final_run(NULL);
	char *journal = xasprintf("%s/journal.jsonl", run->folder);
	const char *const absent[] = { "/nonexistent/folder", NULL };
	const char *const no_key[] = { run->folder, "ana+12345678+AAAA", NULL };
	const char *const empty[] = { run->folder, NULL };
	struct str out = STR_INIT;

	(void)state;
	assert_int_equal(run_script(absent, &out), 2);
	assert_non_null(strstr(out.data, "/nonexistent/folder is neither a folder nor"));
	assert_int_equal(run_script(no_key, &out), 2);
	assert_int_equal(unlink(journal), 0);
	assert_int_equal(run_script(empty, &out), 2);
	assert_non_null(strstr(out.data, "is not the folder of a run"));
	str_release(&out);
	free(journal);
	made_free(run);
}

/* Without one of its tools it says which, and judges nothing. */
static void
script_missing_tool_is_named(void **state)
{
	const char *const arguments[] = { "/", NULL };
	char *path = xstrdup(getenv("PATH"));
	struct str out = STR_INIT;

	(void)state;
	char *sh = xasprintf("%s/sh", script_root);
	assert_int_equal(symlink("/bin/sh", sh), 0);
	setenv("PATH", script_root, 1);
	assert_int_equal(run_script(arguments, &out), 2);
	setenv("PATH", path, 1);
	assert_non_null(strstr(out.data, "openssl is not installed"));
	assert_int_equal(unlink(sh), 0);
	str_release(&out);
	free(sh);
	free(path);
}

/* One record of each type between the first and the last. */
static void
script_knows_every_type_of_record(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);

	(void)state;
	for (int i = 0; i < RECORD_TYPE_COUNT; i++)
		if (i != RECORD_RUN && i != RECORD_RESUMED && i != RECORD_END)
			made_record(run, record_type_name((enum record_type)i), "{}");
	made_end(run);
	made_flush(run);
	expect(run, 0, "final: ");
	made_free(run);
}

static void
script_edited_record_is_corrupt_for_both(void **state)
{
	struct made_run *run = final_run(NULL);

	(void)state;
	write_edited(run, 3, "\"ok\"", "\"oK\"");
	expect(run, 1, "corrupt at record 3: checkpoint 3: its `head`");
	write_edited(run, 4, "command", "kommand");
	expect(run, 1, "corrupt at record 5: its prev");
	write_edited(run, 0, "ana", "eva");
	expect(run, 1, "corrupt at record 0: checkpoint 1");
	write_edited(run, 7, "\"failed\":false", "\"failed\":true");
	expect(run, 1, "corrupt at record 7: checkpoint 6: its `bytes`");
	write_edited(run, 2, "{\"v\":1", "{\"v\":2");
	expect(run, 1, "corrupt at record 2: it is of version 2");
	write_edited(run, 2, "\"seq\":2", "\"seq\":3");
	expect(run, 1, "corrupt at record 2: its number is 3");
	made_free(run);
}

static void
script_truncated_run_is_never_final(void **state)
{
	struct made_run *run = final_run(NULL);
	struct made_run *shorter = made_begin(RUN, NULL);
	static const int order[] = { 0, 1, 2, 3, 4, 5, 6, -1 };
	size_t five = run->checkpoints.len / 6 * 5;

	(void)state;
	write_reordered(run, order);
	expect(run, 1, "corrupt at record 7: the file is cut off");
	made_write(run, "journal.jsonl", run->journal.data, run->journal.len - 1);
	expect(run, 1, "corrupt at record 7: the file is cut off");
	made_flush(run);
	made_write(run, "checkpoints", run->checkpoints.data, run->checkpoints.len - 1);
	expect(run, 5, "sealed to record 6: no checkpoint covers the 1 that follow, the run's end");
	made_write(run, "checkpoints", run->checkpoints.data, five);
	expect(run, 5, "sealed to record ");
	made_write(run, "checkpoints", "", 0);
	expect(run, 5, "not sealed: no checkpoint covers the 8");
	made_write(run, "journal.jsonl", "", 0);
	expect(run, 1, "corrupt at record 0");
	made_write(run, "journal.jsonl", "{\"v\":1,\"seq\"", 12);
	expect(run, 1, "corrupt at record 0");
	made_free(run);
	/* both cut back to the same place: sound, but never final */
	made_step(shorter, "first output\n");
	made_flush(shorter);
	expect(shorter, 5, "sealed to record 3: the run has not ended");
	made_free(shorter);
}

static void
script_missing_checkpoints_are_corrupt_for_both(void **state)
{
	struct made_run *run = final_run(NULL);
	char *path = xasprintf("%s/checkpoints", run->folder);

	(void)state;
	assert_int_equal(unlink(path), 0);
	expect(run, 1, "corrupt: the file checkpoints is missing");
	free(path);
	made_free(run);
}

static void
script_reordered_repeated_or_lost_records_are_corrupt_for_both(void **state)
{
	static const int swapped[] = { 0, 1, 3, 2, 4, 5, 6, 7, -1 };
	static const int repeated[] = { 0, 1, 2, 2, 3, 4, 5, 6, 7, -1 };
	static const int lost[] = { 0, 1, 2, 4, 5, 6, 7, -1 };
	static const int again[] = { 0, 1, 2, 3, 4, 5, 6, 7, 7, -1 };
	struct made_run *run = final_run(NULL);

	(void)state;
	write_reordered(run, swapped);
	expect(run, 1, "corrupt at record 2: its number is 3");
	write_reordered(run, repeated);
	expect(run, 1, "corrupt at record 3: its number is 2");
	write_reordered(run, lost);
	expect(run, 1, "corrupt at record 3: its number is 4");
	write_reordered(run, again);
	expect(run, 1, "corrupt at record 8: ");
	made_free(run);
}

/* Somebody without the key puts a record in, and makes the chain anew from there on. */
static void
script_inserted_record_is_corrupt_for_both(void **state)
{
	struct made_run *run = final_run(NULL), *forged = made_begin(RUN, NULL);

	(void)state;
	str_clear(&forged->journal);
	size_t len, at = line_at(&run->journal, 1, &len);
	str_append_bytes(&forged->journal, run->journal.data, at);
	digest_sha256(run->journal.data, at, forged->head);
	forged->records = 1;
	made_record(forged, "note", "{\"text\":\"put in\"}");
	made_step(forged, "first output\n");
	made_step(forged, "second output\n");
	made_write(run, "journal.jsonl", forged->journal.data, forged->journal.len);
	expect(run, 1, "corrupt at record 1: checkpoint 2: its `");
	made_free(run);
	made_free(forged);
}

static void
script_records_behind_the_sealed_end_are_corrupt_for_both(void **state)
{
	struct made_run *run = final_run(NULL);

	(void)state;
	made_record(run, "note", "{\"text\":\"later\"}");
	made_flush(run);
	expect(run, 1, "corrupt at record 8: it follows the sealed end");
	str_append(&run->journal, "garbage");
	made_flush(run);
	expect(run, 1, "corrupt at record 8");
	made_free(run);
}

static void
script_torn_end_is_sealed_before_it_for_both(void **state)
{
	static const char *const ends[] = { "{\"v\":1,\"seq\":4,\"ts", "garbage",
					    "{\"v\":1}garbage\n", "\x01\x02\n", "{\"a\"" };
	struct made_run *run = made_begin(RUN, NULL);

	(void)state;
	made_step(run, "output\n");
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t len = run->journal.len;

		str_append(&run->journal, ends[i]);
		made_flush(run);
		expect(run, 5, "sealed to record 3: the run has not ended");
		run->journal.len = len;
	}
	str_append_bytes(&run->journal, "\0\0\0\0\n", 5);
	made_flush(run);
	expect(run, 5, "sealed to record 3: the run has not ended");
	made_free(run);
}

static void
script_older_checkpoint_put_back_is_corrupt_for_both(void **state)
{
	struct made_run *run = final_run(NULL);
	struct str text = STR_INIT;
	size_t first = (size_t)((char *)memmem(run->checkpoints.data + 1, run->checkpoints.len - 1,
					       "lifeboat-checkpoint/v1", 22) -
				run->checkpoints.data);

	(void)state;
	/* the first one again in place of the last, or behind it; and one left out */
	str_append_bytes(&text, run->checkpoints.data, run->checkpoints.len);
	str_append_bytes(&text, run->checkpoints.data, first);
	made_write(run, "checkpoints", text.data, text.len);
	expect(run, 1, "corrupt: checkpoint 7: ");
	made_write(run, "checkpoints", run->checkpoints.data + first, run->checkpoints.len - first);
	expect(run, 1, "corrupt: checkpoint 1: it is the first");
	made_write(run, "checkpoints", run->checkpoints.data, first);
	expect(run, 5, "sealed to record 0: no checkpoint covers the 7");
	str_release(&text);
	made_free(run);
}

static void
script_checkpoint_of_another_run_is_corrupt_for_both(void **state)
{
	struct made_run *run = final_run(NULL), *other = made_begin("20261121T150000-0001", NULL);

	(void)state;
	made_step(other, "first output\n");
	made_step(other, "second output\n");
	made_end(other);
	made_write(run, "checkpoints", other->checkpoints.data, other->checkpoints.len);
	expect(run, 1, "corrupt at record 0: checkpoint 1: it is of another run");
	made_free(other);
	made_free(run);
}

/* The same records, sealed by somebody who has not the key of the run. */
static void
script_checkpoints_by_another_key_are_corrupt_for_both(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);
	struct made_key own = run->key, eve = made_key_new("lifeboat/" RUN "/1");
	struct made_key half = { eve.secret, own.key };

	(void)state;
	made_record(run, "end", "{}");
	made_seal_as(run, &eve, RUN, run->records, "final");
	made_flush(run);
	expect(run, 1, "corrupt: checkpoint 2: its signature is not by the key that record 0");
	/* the right name and the right id, above a signature by another key */
	str_clear(&run->checkpoints);
	run->seals = 0;
	made_seal_as(run, &half, RUN, run->records, "final");
	made_flush(run);
	expect(run, 1, "corrupt: checkpoint 1: its signature is not by the key");
	made_free(run);
	signing_key_free(eve.secret);
}

/* A key that was given up seals nothing any more: an old one cannot seal new entries. */
static void
script_checkpoint_by_an_earlier_key_is_corrupt_for_both(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);
	struct made_key first = run->key;

	(void)state;
	run->key.secret = NULL;
	made_process(run, NULL, "");
	made_record(run, "end", "{}");
	made_seal_as(run, &first, RUN, run->records, "final");
	made_flush(run);
	expect(run, 1,
	       "corrupt at record 2: checkpoint 3: it is signed in the name of lifeboat/" RUN "/1");
	made_free(run);
	signing_key_free(first.secret);
}

/* The seals are taken away, what they covered is written anew, and somebody honest takes the run up. */
static void
script_seals_taken_away_before_a_resume_is_corrupt_for_both(void **state)
{
	struct made_key ana = made_key_new("ana@db1");
	struct made_run *run = made_begin(RUN, &ana);

	(void)state;
	for (int i = 0; i < 5; i++)
		made_step(run, "output\n");
	str_clear(&run->checkpoints);
	run->seals = 0;
	made_flush(run);
	expect(run, 5, "not sealed: no checkpoint covers the 16");
	made_process(run, &ana, "");
	made_end(run);
	made_flush(run);
	expect(run, 1,
	       "corrupt at record 16: it takes up records 0 to 15, which nobody had sealed");
	made_free(run);
	/* what a power cut may leave */
	run = made_begin(RUN, &ana);
	for (int i = 0; i < 4; i++)
		made_step(run, "output\n");
	str_clear(&run->checkpoints);
	run->seals = 0;
	made_process(run, &ana, "");
	made_end(run);
	made_flush(run);
	expect(run, 0, "final: 15 records");
	made_free(run);
	signing_key_free(ana.secret);
}

/* Both count the same types of records there: those that are sealed before anything follows. */
static void
script_counts_the_same_records_as_durable(void **state)
{
	(void)state;
	for (int i = 0; i < RECORD_TYPE_COUNT; i++) {
		struct made_run *run;
		bool durable = record_type_is_durable((enum record_type)i);

		if (i == RECORD_RUN || i == RECORD_RESUMED || i == RECORD_END)
			continue;
		run = made_begin(RUN, NULL);
		for (int n = 0; n <= CHAIN_UNSEALED_MAX; n++)
			made_record(run, record_type_name((enum record_type)i), "{}");
		made_process(run, NULL, "");
		made_flush(run);
		expect(run, durable ? 1 : 5,
		       durable ? "corrupt at record 10: it takes up records 1 to 9"
			       : "sealed to record 10: the run has not ended");
		made_free(run);
	}
}

static void
script_checkpoint_that_says_another_state_is_corrupt_for_both(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);

	(void)state;
	made_record(run, "note", "{}");
	made_seal_as(run, &run->key, RUN, run->records, "final");
	made_flush(run);
	expect(run, 1, "corrupt at record 1: checkpoint 2: its `state`");
	made_free(run);
	run = made_begin(RUN, NULL);
	made_record(run, "end", "{}");
	made_seal_as(run, &run->key, RUN, run->records, "open");
	made_flush(run);
	expect(run, 1, "corrupt at record 1: checkpoint 2: its `state`");
	made_free(run);
}

static void
script_unsigned_end_is_never_final(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);

	(void)state;
	made_step(run, "output\n");
	made_record(run, "end", "{}");
	made_flush(run);
	expect(run, 5, "sealed to record 3: no checkpoint covers the 1 that follow, the run's end");
	made_free(run);
}

static void
script_certificates_count_the_same(void **state)
{
	struct made_key ana = made_key_new("ana@db1"), eve = made_key_new("ana@db1");
	struct made_run *run = made_begin(RUN, &ana);

	(void)state;
	made_step(run, "one\n");
	made_process(run, NULL, "");
	made_end(run);
	made_flush(run);
	expect(run, 5,
	       "sealed to record 3: nobody whom you trust vouches for the key lifeboat/" RUN
	       "/2, which record 4 announces");
	expect_by(run, &ana, 5, "sealed to record 3: nobody whom you trust");
	expect_by(run, &eve, 5, "not sealed: nobody whom you trust");
	made_free(run);
	run = made_begin(RUN, &ana);
	made_process(run, &eve, "");
	made_end(run);
	made_flush(run);
	expect(run, 5, "sealed to record 0: nobody whom you trust");
	expect_by(run, &eve, 5, "not sealed: nobody whom you trust");
	expect_by(run, &ana, 5, "sealed to record 0: nobody whom you trust");
	made_free(run);
	run = final_run(NULL);
	expect_by(run, &ana, 5, "not sealed: nobody whom you trust");
	made_free(run);
	signing_key_free(ana.secret);
	signing_key_free(eve.secret);
}

static void
script_files_changed_or_missing_are_corrupt_for_both(void **state)
{
	struct made_run *run = final_run(NULL);
	char *output = xasprintf("%s/out/000005", run->folder);
	char *runbook = xasprintf("%s/runbook.yaml", run->folder);

	(void)state;
	made_write(run, "out/000099", "no record names it", 18);
	expect(run, 0, "final: 8 records");
	made_write(run, "out/000005", "second outpuT\n", 14);
	expect(run, 1, "corrupt at record 6: its output out/000005 was changed");
	made_write(run, "out/000005", "second output", 13);
	expect(run, 1, "corrupt at record 6: its output out/000005 has 13 bytes, and had 14");
	assert_int_equal(unlink(output), 0);
	expect(run, 1, "corrupt at record 6: its output out/000005 is missing");
	assert_int_equal(symlink("000099", output), 0);
	expect(run, 1, "corrupt at record 6: its output out/000005 is a symbolic link");
	made_write(run, "runbook.yaml", "other\n", 6);
	expect(run, 1, "corrupt at record 0: its runbook runbook.yaml was changed");
	assert_int_equal(unlink(runbook), 0);
	expect(run, 1, "corrupt at record 0: its runbook runbook.yaml is missing");
	free(output);
	free(runbook);
	made_free(run);
}

static void
script_bytes_put_aside_are_judged_by_both(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);
	char hash[DIGEST_HEX_MAX];
	char *extra = xasprintf(",\"recovered\":[{\"file\":\"torn-checkpoints-812\",\"offset\":812,"
				"\"bytes\":4,\"sha256\":\"%s\"}]",
				digest_sha256("life", 4, hash));

	(void)state;
	made_process(run, NULL, extra);
	made_write(run, "torn-checkpoints-812", "life", 4);
	made_end(run);
	made_flush(run);
	expect(run, 0, "final: 3 records");
	made_write(run, "torn-checkpoints-812", "lift", 4);
	expect(run, 1, "corrupt at record 1: the file that was put aside, torn-checkpoints-812");
	free(extra);
	made_free(run);
}

static void
script_output_that_leads_elsewhere_is_corrupt_for_both(void **state)
{
	static const char *const names[] = { "/etc/hostname", "out/../runbook.yaml", "out/",
					     "x y" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct made_run *run = made_begin(RUN, NULL);
		char *data =
			xasprintf("{\"output\":{\"file\":\"%s\",\"sha256\":\"%s\",\"bytes\":0}}",
				  names[i], made_zeros);

		made_record(run, "outcome", data);
		made_seal(run, false);
		made_flush(run);
		expect(run, 1, "corrupt at record 1: its output has a name");
		free(data);
		made_free(run);
	}
}

/* The bits of every so many bytes of one file. */
static void
flip_bits(const struct made_run *run, const char *name, const struct str *text, size_t between)
{
	struct str copy = STR_INIT;

	str_append_bytes(&copy, text->data, text->len);
	for (size_t at = between / 2; at < text->len; at += between)
		for (int bit = 0; bit < 8; bit++) {
			struct str ours = STR_INIT, theirs = STR_INIT;

			copy.data[at] = (char)(text->data[at] ^ 1 << bit);
			made_write(run, name, copy.data, copy.len);
			if (judged_by_both(run, NULL, &ours, &theirs) == 0)
				fail_msg("final with bit %d of byte %zu of %s", bit, at, name);
			str_release(&ours);
			str_release(&theirs);
		}
	made_write(run, name, text->data, text->len);
	str_release(&copy);
}

static void
script_any_bit_changed_is_refused_by_both(void **state)
{
	const char *slow = getenv("LIFEBOAT_TEST_SLOW");
	size_t between = slow ? strtoul(slow, NULL, 10) : BYTES_BETWEEN_FLIPS;
	struct made_key ana = made_key_new("ana@db1");
	struct made_run *run = made_begin(RUN, &ana);

	(void)state;
	assert_true(between > 0);
	made_record(run, "outcome", "{\"output\":null}");
	made_end(run);
	made_flush(run);
	expect(run, 0, "final: 3 records");
	flip_bits(run, "journal.jsonl", &run->journal, between);
	flip_bits(run, "checkpoints", &run->checkpoints, between);
	expect(run, 0, "final: 3 records");
	made_free(run);
	signing_key_free(ana.secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(script_sound_runs_have_the_same_verdict),
		cmocka_unit_test(script_finds_the_folder_that_it_stands_in),
		cmocka_unit_test(script_what_cannot_be_judged_is_exit_code_2),
		cmocka_unit_test(script_missing_tool_is_named),
		cmocka_unit_test(script_knows_every_type_of_record),
		cmocka_unit_test(script_edited_record_is_corrupt_for_both),
		cmocka_unit_test(script_truncated_run_is_never_final),
		cmocka_unit_test(script_missing_checkpoints_are_corrupt_for_both),
		cmocka_unit_test(script_reordered_repeated_or_lost_records_are_corrupt_for_both),
		cmocka_unit_test(script_inserted_record_is_corrupt_for_both),
		cmocka_unit_test(script_records_behind_the_sealed_end_are_corrupt_for_both),
		cmocka_unit_test(script_torn_end_is_sealed_before_it_for_both),
		cmocka_unit_test(script_older_checkpoint_put_back_is_corrupt_for_both),
		cmocka_unit_test(script_checkpoint_of_another_run_is_corrupt_for_both),
		cmocka_unit_test(script_checkpoints_by_another_key_are_corrupt_for_both),
		cmocka_unit_test(script_checkpoint_by_an_earlier_key_is_corrupt_for_both),
		cmocka_unit_test(script_seals_taken_away_before_a_resume_is_corrupt_for_both),
		cmocka_unit_test(script_counts_the_same_records_as_durable),
		cmocka_unit_test(script_checkpoint_that_says_another_state_is_corrupt_for_both),
		cmocka_unit_test(script_unsigned_end_is_never_final),
		cmocka_unit_test(script_certificates_count_the_same),
		cmocka_unit_test(script_files_changed_or_missing_are_corrupt_for_both),
		cmocka_unit_test(script_bytes_put_aside_are_judged_by_both),
		cmocka_unit_test(script_output_that_leads_elsewhere_is_corrupt_for_both),
		cmocka_unit_test(script_any_bit_changed_is_refused_by_both),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
