#include "config.h"

#include "report/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"

#include "fixture_run_folder.h"

#define RUN "20261121T140732-7f3a"

/* A short run that ended, and what is known of it. */
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

static struct verification
judged_by(const struct made_run *run, const struct verify_options *options)
{
	struct verification v;
	struct err e = ERR_INIT;

	if (verify_run(run->folder, options, &v, &e) < 0)
		fail_msg("%s", e.message);
	return v;
}

/* The verdict, and words that its sentence begins with and its notes hold (NULL: any). */
static void
expect_by(const struct made_run *run, const struct verify_options *options,
	  enum verify_verdict verdict, const char *sentence, const char *note)
{
	struct verification v = judged_by(run, options);
	struct str words = STR_INIT;

	verification_sentence(&v, &words);
	if (v.verdict != verdict || !str_starts_with(str_cstr(&words), sentence))
		fail_msg("the verdict is %d: %s", (int)v.verdict, str_cstr(&words));
	assert_null(strchr(str_cstr(&words), '\n'));
	if (note && !strstr(str_cstr(&v.notes), note))
		fail_msg("no note says %s: %s", note, str_cstr(&v.notes));
	str_release(&words);
	verification_release(&v);
}

static void
expect(const struct made_run *run, enum verify_verdict verdict, const char *sentence,
       const char *note)
{
	const struct verify_options options = { .trusted = NULL };

	expect_by(run, &options, verdict, sentence, note);
}

static void
verify_run_that_ended_is_final(void **state)
{
	struct made_key ana = made_key_new("ana@db1");
	struct made_run *run = final_run(&ana);
	const struct note_key *const trusted[] = { &ana.key, NULL };
	const struct verify_options options = { .trusted = trusted, .only_trusted = true };

	(void)state;
	struct verification v = judged_by(run, &options);
	assert_int_equal(v.verdict, VERIFY_FINAL);
	assert_int_equal(v.outputs, 2);
	assert_int_equal(v.chain.records, 8);
	assert_string_equal(json_string(v.run, "runbook/id", ""), "restore");
	assert_string_equal(str_cstr(&v.notes), "");
	struct str words = STR_INIT;
	verification_sentence(&v, &words);
	assert_string_equal(str_cstr(&words),
			    "final: 8 records, sealed by lifeboat/" RUN "/1, certified by ana@db1");
	str_release(&words);
	verification_release(&v);
	signing_key_free(ana.secret);
	made_free(run);
}

static void
verify_run_that_has_not_ended_is_sealed(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);

	(void)state;
	made_step(run, "output\n");
	made_flush(run);
	expect(run, VERIFY_SEALED, "sealed to record 3: the run has not ended", "fingerprint");
	made_record(run, "note", "{}");
	made_flush(run);
	expect(run, VERIFY_SEALED, "sealed to record 3: no checkpoint covers the 1 that follow",
	       "1 of 5 records are not sealed");
	made_free(run);
}

static void
verify_run_unsigned_end_is_never_final(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);

	(void)state;
	made_step(run, "output\n");
	made_record(run, "end", "{}");
	made_flush(run);
	expect(run, VERIFY_SEALED,
	       "sealed to record 3: no checkpoint covers the 1 that follow, the run's end", NULL);
	made_free(run);
}

static void
verify_run_without_checkpoints_is_corrupt(void **state)
{
	struct made_run *run = final_run(NULL);
	char *path = xasprintf("%s/checkpoints", run->folder);

	(void)state;
	assert_int_equal(unlink(path), 0);
	expect(run, VERIFY_CORRUPT, "corrupt: the file checkpoints is missing", NULL);
	made_write(run, "checkpoints", "", 0);
	expect(run, VERIFY_SEALED, "not sealed: no checkpoint covers the 8", NULL);
	free(path);
	made_free(run);
}

static void
verify_run_journal_without_keys_is_not_sealed(void **state)
{
	struct made_run *run = final_run(NULL);

	(void)state;
	str_clear(&run->journal);
	run->records = 0;
	made_record(run, "run", "{\"runbook\":{\"sha256\":\"\"}}");
	made_record(run, "end", "{}");
	made_flush(run);
	expect(run, VERIFY_CORRUPT, "corrupt", NULL);
	char *path = xasprintf("%s/checkpoints", run->folder);
	assert_int_equal(unlink(path), 0);
	expect(run, VERIFY_SEALED, "not sealed: the journal announces no key", NULL);
	free(path);
	made_free(run);
}

static void
verify_run_not_there_is_an_error(void **state)
{
	const struct verify_options options = { .trusted = NULL };
	struct verification v;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(verify_run("/nonexistent/run", &options, &v, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static void
verify_run_output_changed_or_missing_is_corrupt(void **state)
{
	struct made_run *run = final_run(NULL);
	char *path = xasprintf("%s/out/000005", run->folder);
	char *other = xasprintf("%s/out/elsewhere", run->folder);

	(void)state;
	made_write(run, "out/000005", "second outpuT\n", 14);
	expect(run, VERIFY_CORRUPT, "corrupt at record 6: its output out/000005 was changed", NULL);
	made_write(run, "out/000005", "second output\nmore\n", 19);
	expect(run, VERIFY_CORRUPT, "corrupt at record 6: its output out/000005 has 19 bytes",
	       NULL);
	assert_int_equal(unlink(path), 0);
	expect(run, VERIFY_CORRUPT, "corrupt at record 6: its output out/000005 is missing", NULL);
	made_write(run, "out/elsewhere", "second output\n", 14);
	assert_int_equal(symlink("elsewhere", path), 0);
	expect(run, VERIFY_CORRUPT, "corrupt at record 6: its output out/000005 is a symbolic link",
	       NULL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect(run, VERIFY_CORRUPT, "corrupt at record 6: its output out/000005 is not a regular",
	       NULL);
	free(path);
	free(other);
	made_free(run);
}

static void
verify_run_folder_of_outputs_that_is_a_link_is_corrupt(void **state)
{
	struct made_run *run = final_run(NULL);
	char *out = xasprintf("%s/out", run->folder), *moved = xasprintf("%s/out", run->root);

	(void)state;
	assert_int_equal(rename(out, moved), 0);
	assert_int_equal(symlink(moved, out), 0);
	expect(run, VERIFY_CORRUPT, "corrupt at record 3: its output", NULL);
	free(out);
	free(moved);
	made_free(run);
}

static void
verify_run_output_with_a_name_that_leads_elsewhere_is_corrupt(void **state)
{
	static const char *const names[] = {
		"/etc/hostname", "out/../runbook.yaml", "runbook.yaml", "out/", "", "out/12/3",
		"out/x"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct made_run *run = made_begin(RUN, NULL);
		char *data =
			xasprintf("{\"output\":{\"file\":\"%s\",\"sha256\":\"%s\",\"bytes\":0}}",
				  names[i], made_zeros);

		made_record(run, "outcome", data);
		made_seal(run, false);
		made_flush(run);
		expect(run, VERIFY_CORRUPT, "corrupt at record 1: its output has a name", NULL);
		free(data);
		made_free(run);
	}
}

static void
verify_run_records_sealed_by_the_next_process_are_told(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);

	(void)state;
	made_step(run, "output\n");
	made_process(run, NULL, "");
	made_flush(run);
	expect(run, VERIFY_SEALED, "sealed to record 4", NULL);
	made_record(run, "note", "{}");
	made_record(run, "plan", "{}");
	made_process(run, NULL, "");
	made_flush(run);
	expect(run, VERIFY_SEALED, "sealed to record 7",
	       "records 5 to 6 were sealed by the process that took the run up at record 7");
	made_free(run);
}

static void
verify_run_output_that_no_record_names_is_told(void **state)
{
	struct made_run *run = final_run(NULL);

	(void)state;
	made_write(run, "out/000099", "cut off", 7);
	expect(run, VERIFY_FINAL, "final: 8 records", "no sealed record names out/000099");
	made_free(run);
}

/* What was not sealed is not judged, as its record is not. */
static void
verify_run_output_of_an_unsealed_record_is_not_judged(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);

	(void)state;
	made_record(run, "outcome",
		    "{\"output\":{\"file\":\"out/000001\",\"sha256\":\"\",\"bytes\":1}}");
	made_flush(run);
	expect(run, VERIFY_SEALED, "sealed to record 0", "1 of 2 records");
	made_free(run);
}

static void
verify_run_runbook_changed_or_missing_is_corrupt(void **state)
{
	struct made_run *run = final_run(NULL);
	char *path = xasprintf("%s/runbook.yaml", run->folder);

	(void)state;
	made_write(run, "runbook.yaml", "steps: []\n", 10);
	expect(run, VERIFY_CORRUPT, "corrupt at record 0: its runbook runbook.yaml was changed",
	       NULL);
	assert_int_equal(unlink(path), 0);
	expect(run, VERIFY_CORRUPT, "corrupt at record 0: its runbook runbook.yaml is missing",
	       NULL);
	free(path);
	made_free(run);
}

static void
verify_run_bytes_put_aside_are_judged(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);
	char hash[DIGEST_HEX_MAX];
	char *extra = xasprintf(",\"recovered\":[{\"file\":\"torn-812\",\"offset\":812,\"bytes\":4,"
				"\"sha256\":\"%s\"}]",
				digest_sha256("{\"v\"", 4, hash));

	(void)state;
	made_process(run, NULL, extra);
	made_write(run, "torn-812", "{\"v\"", 4);
	made_end(run);
	made_flush(run);
	expect(run, VERIFY_FINAL, "final: 3 records", "torn-812 holds 4 bytes");
	made_write(run, "torn-812", "{\"w\"", 4);
	expect(run, VERIFY_CORRUPT,
	       "corrupt at record 1: the file that was put aside, torn-812 was changed", NULL);
	free(extra);
	made_free(run);
}

/* A run of several processes; the second is certified by `second`, the third by `third`. */
static struct made_run *
run_of_three(const struct made_key *first, const struct made_key *second,
	     const struct made_key *third)
{
	struct made_run *run = made_begin(RUN, first);

	made_step(run, "one\n");
	made_process(run, second, "");
	made_step(run, "two\n");
	made_process(run, third, "");
	made_end(run);
	made_flush(run);
	return run;
}

static void
verify_run_every_key_by_the_same_operator_is_final(void **state)
{
	struct made_key ana = made_key_new("ana@db1");
	struct made_run *run = run_of_three(&ana, &ana, &ana);
	const struct note_key *const trusted[] = { &ana.key, NULL };
	const struct verify_options options = { .trusted = trusted };

	(void)state;
	expect(run, VERIFY_FINAL,
	       "final: 10 records, sealed by lifeboat/" RUN "/3, certified by ana",
	       "the key of ana@db1 is not one that you trust");
	expect_by(run, &options, VERIFY_FINAL, "final: 10 records", NULL);
	made_free(run);
	signing_key_free(ana.secret);
}

static void
verify_run_later_key_by_nobody_is_sealed_before_it(void **state)
{
	struct made_key ana = made_key_new("ana@db1");
	struct made_run *run = run_of_three(&ana, NULL, &ana);

	(void)state;
	expect(run, VERIFY_SEALED,
	       "sealed to record 3: nobody whom you trust vouches for the key "
	       "lifeboat/" RUN "/2",
	       "nobody vouches for the key lifeboat/" RUN "/2");
	made_free(run);
	signing_key_free(ana.secret);
}

/* Whoever can write the folder can make an operator key with the same name, too. */
static void
verify_run_later_key_by_another_operator_counts_if_trusted(void **state)
{
	struct made_key ana = made_key_new("ana@db1"), eve = made_key_new("ana@db1");
	struct made_run *run = run_of_three(&ana, &ana, &eve);
	const struct note_key *const trusted[] = { &eve.key, NULL };
	const struct note_key *const first[] = { &ana.key, NULL };
	const struct verify_options by_eve = { .trusted = trusted };
	const struct verify_options by_ana = { .trusted = first };

	(void)state;
	expect(run, VERIFY_SEALED, "sealed to record 7: nobody whom you trust", NULL);
	expect_by(run, &by_ana, VERIFY_SEALED, "sealed to record 7: nobody whom you trust", NULL);
	expect_by(run, &by_eve, VERIFY_FINAL, "final: 10 records", NULL);
	made_free(run);
	signing_key_free(ana.secret);
	signing_key_free(eve.secret);
}

static void
verify_run_only_trusted_keys_refuse_those_of_others(void **state)
{
	struct made_key ana = made_key_new("ana@db1"), eve = made_key_new("ana@db1");
	struct made_run *run = final_run(&eve), *nobodys = final_run(NULL);
	const struct note_key *const trusted[] = { &ana.key, NULL };
	const struct verify_options options = { .trusted = trusted, .only_trusted = true };

	(void)state;
	expect_by(run, &options, VERIFY_SEALED, "not sealed: nobody whom you trust", NULL);
	expect_by(nobodys, &options, VERIFY_SEALED, "not sealed: nobody whom you trust", NULL);
	made_free(run);
	made_free(nobodys);
	signing_key_free(ana.secret);
	signing_key_free(eve.secret);
}

/* A certificate of another run's key proves nothing. */
static void
verify_run_certificate_of_another_run_does_not_count(void **state)
{
	struct made_key ana = made_key_new("ana@db1");
	struct made_run *other = made_begin("20261121T999999-0000", &ana);
	struct made_run *run = made_begin(RUN, &ana);
	struct str certificate = STR_INIT, data = STR_INIT;
	struct made_key key = made_key_new("lifeboat/" RUN "/2");

	(void)state;
	made_certificate(other, &ana, &key.key, &certificate);
	str_append(&data, "{\"key\":{\"name\":\"lifeboat/" RUN "/2\",\"public\":\"");
	note_key_format(&key.key, &data);
	str_printf(&data, "\",\"certificate\":\"%s\",\"operator\":\"", str_cstr(&certificate));
	note_key_format(&ana.key, &data);
	str_append(&data, "\"}}");
	made_record(run, "resumed", str_cstr(&data));
	made_seal_as(run, &key, RUN, run->records, "open");
	made_flush(run);
	expect(run, VERIFY_SEALED, "sealed to record 0: nobody whom you trust", NULL);
	str_release(&certificate);
	str_release(&data);
	signing_key_free(key.secret);
	signing_key_free(ana.secret);
	made_free(other);
	made_free(run);
}

static void
verify_run_head_must_be_among_the_sealed(void **state)
{
	struct made_run *run = final_run(NULL);
	char end[DIGEST_HEX_MAX], prefix[VERIFY_HEAD_MIN + 1];
	struct verify_options options = { .head = end };

	(void)state;
	memcpy(end, run->head, sizeof(end));
	expect_by(run, &options, VERIFY_FINAL, "final", "record 7 has the hash");
	snprintf(prefix, sizeof(prefix), "%.*s", VERIFY_HEAD_MIN, end);
	options.head = prefix;
	expect_by(run, &options, VERIFY_FINAL, "final", "record 7 has the hash");
	options.head = "000000000000";
	expect_by(run, &options, VERIFY_CORRUPT, "corrupt: no record has the hash 000000000000",
		  NULL);
	made_free(run);
}

/* Cut back to an earlier checkpoint, a run is sound by itself; what was noted elsewhere tells. */
static void
verify_run_cut_back_is_shown_by_its_head(void **state)
{
	struct made_run *run = made_begin(RUN, NULL);
	char head[DIGEST_HEX_MAX];
	const struct verify_options options = { .head = head };

	(void)state;
	made_step(run, "one\n");
	made_flush(run);
	made_record(run, "note", "{\"text\":\"later\"}");
	memcpy(head, run->head, sizeof(head));
	expect(run, VERIFY_SEALED, "sealed to record 3", NULL);
	expect_by(run, &options, VERIFY_CORRUPT, "corrupt: no record has the hash", NULL);
	made_flush(run);
	expect_by(run, &options, VERIFY_SEALED, "sealed to record 3",
		  "and no checkpoint covers it");
	made_free(run);
}

/* The shortest run that has a certificate, an outcome and an end. */
static struct made_run *
short_run(const struct made_key *operator_key)
{
	struct made_run *run = made_begin(RUN, operator_key);

	made_record(run, "outcome", "{\"output\":null}");
	made_end(run);
	made_flush(run);
	return run;
}

static enum verify_verdict
verdict_of(const struct made_run *run)
{
	const struct verify_options options = { .trusted = NULL };
	struct verification v = judged_by(run, &options);
	enum verify_verdict verdict = v.verdict;

	verification_release(&v);
	return verdict;
}

static void
expect_no_bit_to_be_free(const struct made_run *run, const char *name, const struct str *text)
{
	char *path = xasprintf("%s/%s", run->folder, name);
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	setbuf(file, NULL);
	for (size_t bit = 0; bit < 8 * text->len; bit++) {
		unsigned char byte = (unsigned char)text->data[bit / 8];

		fseek(file, (long)(bit / 8), SEEK_SET);
		fputc(byte ^ 1 << bit % 8, file);
		if (verdict_of(run) == VERIFY_FINAL)
			fail_msg("final with bit %zu of %s changed", bit, name);
		fseek(file, (long)(bit / 8), SEEK_SET);
		fputc(byte, file);
	}
	fclose(file);
	free(path);
}

static void
verify_run_any_bit_changed_is_refused(void **state)
{
	struct made_key ana = made_key_new("ana@db1");
	struct made_run *run = short_run(&ana);

	(void)state;
	expect_no_bit_to_be_free(run, "journal.jsonl", &run->journal);
	expect_no_bit_to_be_free(run, "checkpoints", &run->checkpoints);
	expect(run, VERIFY_FINAL, "final: 3 records", NULL);
	made_free(run);
	signing_key_free(ana.secret);
}

/* Cut at any byte, one file or the other: never final. */
static void
verify_run_cut_anywhere_is_not_final(void **state)
{
	struct made_run *run = short_run(NULL);
	char *journal = xasprintf("%s/journal.jsonl", run->folder);
	char *checkpoints = xasprintf("%s/checkpoints", run->folder);

	(void)state;
	for (size_t left = run->journal.len; left-- > 0;) {
		assert_int_equal(truncate(journal, (off_t)left), 0);
		assert_int_equal(verdict_of(run), VERIFY_CORRUPT);
	}
	made_flush(run);
	for (size_t left = run->checkpoints.len; left-- > 0;) {
		assert_int_equal(truncate(checkpoints, (off_t)left), 0);
		assert_int_equal(verdict_of(run), VERIFY_SEALED);
	}
	free(journal);
	free(checkpoints);
	made_free(run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verify_run_that_ended_is_final),
		cmocka_unit_test(verify_run_that_has_not_ended_is_sealed),
		cmocka_unit_test(verify_run_unsigned_end_is_never_final),
		cmocka_unit_test(verify_run_without_checkpoints_is_corrupt),
		cmocka_unit_test(verify_run_journal_without_keys_is_not_sealed),
		cmocka_unit_test(verify_run_not_there_is_an_error),
		cmocka_unit_test(verify_run_output_changed_or_missing_is_corrupt),
		cmocka_unit_test(verify_run_folder_of_outputs_that_is_a_link_is_corrupt),
		cmocka_unit_test(verify_run_output_with_a_name_that_leads_elsewhere_is_corrupt),
		cmocka_unit_test(verify_run_records_sealed_by_the_next_process_are_told),
		cmocka_unit_test(verify_run_output_that_no_record_names_is_told),
		cmocka_unit_test(verify_run_output_of_an_unsealed_record_is_not_judged),
		cmocka_unit_test(verify_run_runbook_changed_or_missing_is_corrupt),
		cmocka_unit_test(verify_run_bytes_put_aside_are_judged),
		cmocka_unit_test(verify_run_every_key_by_the_same_operator_is_final),
		cmocka_unit_test(verify_run_later_key_by_nobody_is_sealed_before_it),
		cmocka_unit_test(verify_run_later_key_by_another_operator_counts_if_trusted),
		cmocka_unit_test(verify_run_only_trusted_keys_refuse_those_of_others),
		cmocka_unit_test(verify_run_certificate_of_another_run_does_not_count),
		cmocka_unit_test(verify_run_head_must_be_among_the_sealed),
		cmocka_unit_test(verify_run_cut_back_is_shown_by_its_head),
		cmocka_unit_test(verify_run_any_bit_changed_is_refused),
		cmocka_unit_test(verify_run_cut_anywhere_is_not_final),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
