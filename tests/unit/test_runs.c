#include "config.h"

#include "run/journal/runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/signing.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/journal/checkpoint.h"
#include "run/journal/folder.h"
#include "run/journal/signed_note.h"

#include "fixture_folder.h"
#include "fixture_written.h"

/* A state folder of its own, with runs that were written by hand. */
struct place {
	char root[64];
	char *runs;
};

static int
setup(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));
	struct err e = ERR_INIT;

	snprintf(place->root, sizeof(place->root), "/tmp/test-runs-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	assert_int_equal(setenv("XDG_STATE_HOME", place->root, 1), 0);
	place->runs = xasprintf("%s/lifeboat/runs", place->root);
	assert_int_equal(file_make_folders(place->runs, 0700, &e), 0);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;

	folder_remove(place->root);
	free(place->runs);
	free(place);
	return 0;
}

static struct written
begin(const struct place *place, const char *id)
{
	char *folder = xasprintf("%s/%s", place->runs, id);
	struct written w = written_begin(folder);

	free(folder);
	return w;
}

static void
write_running(struct written *w)
{
	written_to_running(w);
}

static void
write_ended(struct written *w)
{
	written_to_running(w);
	written_record(w, RECORD_OUTCOME, written_outcome);
	written_record(w, RECORD_END, written_end);
}

/* A run that nobody holds any more. */
static void
make(const struct place *place, const char *id, void (*write_records)(struct written *w))
{
	struct written w = begin(place, id);

	write_records(&w);
	written_release(&w);
}

static struct run_summaries
read_all(void)
{
	struct run_summaries runs;
	struct err e = ERR_INIT;

	if (run_summaries_read(&runs, &e) < 0)
		fail_msg("%s", e.message);
	return runs;
}

static void
run_summaries_read_no_run_is_no_error(void **state)
{
	struct run_summaries runs;

	(void)state;
	runs = read_all();
	assert_int_equal(runs.count, 0);
	run_summaries_release(&runs);
	assert_int_equal(setenv("XDG_STATE_HOME", "/nonexistent/state", 1), 0);
	runs = read_all();
	assert_int_equal(runs.count, 0);
	run_summaries_release(&runs);
}

static void
run_summaries_read_tells_the_four_states(void **state)
{
	const struct place *place = *state;
	struct run_summaries runs;
	const struct run_summary *run;

	make(place, "20261121T100000-0001", write_ended);
	make(place, "20261121T100001-0002", write_running); /* and its process died */
	struct written held = begin(place, "20261121T100002-0003");
	written_to_running(&held);
	struct written broken = begin(place, "20261121T100003-0004");
	written_record(&broken, RECORD_RUN, written_run);
	written_bytes(&broken, "{}\n{}\n", 6);
	written_release(&broken);
	runs = read_all();
	assert_int_equal(runs.count, 4);

	run = &runs.items[0];
	assert_string_equal(run->run_id, "20261121T100003-0004");
	assert_non_null(strstr(run->problem, "record 1"));
	assert_null(run->holder);

	run = &runs.items[1];
	assert_string_equal(run->holder, "pid 4711 on db1");
	assert_false(run->is_unknown);
	assert_null(run->outcome);
	assert_string_equal(run->step, "look");

	run = &runs.items[2];
	assert_null(run->holder);
	assert_true(run->is_unknown);

	run = &runs.items[3];
	assert_string_equal(run->outcome, "recovered");
	assert_false(run->failed);
	assert_null(run->problem);
	assert_string_equal(run->runbook_id, "restore");
	assert_string_equal(run->runbook_title, "Restore it");
	assert_string_equal(run->runbook_version, "1.0.0");
	assert_string_equal(run->operator_name, "ana");
	assert_string_equal(run->host, "db1");
	assert_string_equal(run->mode, "live");
	assert_int_equal(run->steps_done, 1);
	assert_int_equal(run->steps_count, 2);
	assert_int_equal(run->records, 6);
	assert_int_equal(run->started_ms, 1795269600000);
	assert_int_equal(run->last_ms, 1795269600005);
	assert_int_equal(strspn(run->last_checkpoint, "0"), DIGEST_HEX_MAX - 1);
	run_summaries_release(&runs);
	written_release(&held);
}

/* Some checkpoints as a process writes them; the hash of the last one, as the next one would name it. */
static void
write_checkpoints(const struct place *place, const char *id, int count, const char *behind,
		  char ret_last[DIGEST_HEX_MAX])
{
	unsigned char public[SIGNING_PUBLIC_BYTES];
	struct checkpoint checkpoint = { .records = 1, .bytes = 100 };
	struct signing_key *secret = NULL;
	struct note_key key;
	struct str file = STR_INIT;
	struct err e = ERR_INIT;
	char *path = xasprintf("%s/%s/checkpoints", place->runs, id);

	snprintf(checkpoint.run_id, sizeof(checkpoint.run_id), "%s", id);
	for (char *hex = checkpoint.sha256; hex < checkpoint.sha256 + DIGEST_HEX_MAX - 1; hex++)
		*hex = 'a';
	memcpy(checkpoint.head, checkpoint.sha256, sizeof(checkpoint.head));
	memcpy(checkpoint.previous, checkpoint.sha256, sizeof(checkpoint.previous));
	assert_int_equal(signing_key_new(&secret, &e), 0);
	signing_key_public(secret, public);
	assert_int_equal(note_key_init(&key, "lifeboat/one/1", public, &e), 0);
	for (int i = 0; i < count; i++) {
		struct str text = STR_INIT;
		size_t before = file.len;

		checkpoint.records++;
		checkpoint_format(&checkpoint, &text);
		assert_int_equal(note_sign(secret, &key, text.data, text.len, &file, &e), 0);
		str_append_char(&file, '\n');
		digest_sha256(file.data + before, file.len - before, ret_last);
		str_release(&text);
	}
	str_append(&file, behind);
	assert_int_equal(file_write_atomic(path, file.data, file.len, 0600, &e), 0);
	signing_key_free(secret);
	str_release(&file);
	free(path);
}

static void
run_previous_is_the_last_whole_checkpoint_of_the_latest_run(void **state)
{
	const struct place *place = *state;
	char first[DIGEST_HEX_MAX], second[DIGEST_HEX_MAX], found[DIGEST_HEX_MAX];
	struct err e = ERR_INIT;
	char *run = NULL;

	assert_int_equal(run_previous(&run, found, &e), 0);
	assert_null(run);
	make(place, "20261121T100000-0001", write_ended);
	make(place, "20261121T100001-0002", write_running);
	make(place, "20261121T100002-0003", write_running);
	assert_int_equal(run_previous(&run, found, &e), 0);
	assert_null(run);
	write_checkpoints(place, "20261121T100000-0001", 1, "", first);
	assert_int_equal(run_previous(&run, found, &e), 0);
	assert_string_equal(run, "20261121T100000-0001");
	assert_string_equal(found, first);
	free(run);
	/* more than is read of the file, and half a checkpoint behind them */
	write_checkpoints(place, "20261121T100001-0002", 100, CHECKPOINT_FORMAT "\norigin lifeb",
			  second);
	assert_int_equal(run_previous(&run, found, &e), 0);
	assert_string_equal(run, "20261121T100001-0002");
	assert_string_equal(found, second);
	free(run);
	struct run_summaries runs = read_all();
	assert_string_equal(runs.items[1].last_checkpoint, second);
	run_summaries_release(&runs);
}

static void
run_summaries_read_takes_a_thousand_runs(void **state)
{
	const struct place *place = *state;

	for (int i = 0; i < 1000; i++) {
		char id[32];

		snprintf(id, sizeof(id), "20261121T%06d-0001", i);
		make(place, id, write_ended);
	}
	struct run_summaries runs = read_all();
	assert_int_equal(runs.count, 1000);
	assert_string_equal(runs.items[0].run_id, "20261121T000999-0001");
	run_summaries_release(&runs);
}

static void
expect_found(char *(*find)(const char *word, struct err *e), const char *word, const char *id)
{
	struct err e = ERR_INIT;
	char *folder = find(word, &e);

	if (!folder)
		fail_msg("%s: %s", word ? word : "(none)", e.message);
	assert_string_equal(strrchr(folder, '/') + 1, id);
	free(folder);
}

static void
expect_refused(const char *word, const char *text)
{
	struct err e = ERR_INIT;

	assert_null(run_folder_find(word, &e));
	if (!strstr(e.message, text))
		fail_msg("\"%s\" does not say \"%s\"", e.message, text);
	assert_int_equal(err_exit_code(e.kind), 2);
}

static void
run_folder_find_by_parts_and_nearest_names(void **state)
{
	const struct place *place = *state;

	expect_refused(NULL, "there is no run yet");
	expect_refused("0001", "there is no run yet");
	make(place, "20261121T140732-7f3a", write_ended);
	make(place, "20261121T140733-81c2", write_ended);
	expect_found(run_folder_find, "7f3a", "20261121T140732-7f3a");
	expect_found(run_folder_find, "20261121T140733-81c2", "20261121T140733-81c2");
	expect_refused("20261121", "2 runs match 20261121");
	expect_refused("20261121T140732-7f3b", "Did you mean 20261121T140732-7f3a?");
	expect_refused("81d2", "Did you mean 20261121T140733-81c2?");
	expect_refused("nosuchrun", "lifeboat runs lists them");
}

static void
run_folder_find_takes_the_path_of_a_folder(void **state)
{
	const struct place *place = *state;

	make(place, "20261121T140732-7f3a", write_ended);
	char *path = xasprintf("%s/20261121T140732-7f3a/", place->runs);
	expect_found(run_folder_find, path, "20261121T140732-7f3a");
	expect_found(run_folder_find_any, path, "20261121T140732-7f3a");
	expect_refused(place->runs, "is not the folder of a run");
	expect_refused("/nonexistent/run", "is not the folder of a run");
	free(path);
}

static void
run_folder_find_without_a_word_takes_the_latest_that_fits(void **state)
{
	const struct place *place = *state;

	make(place, "20261121T100000-0001", write_running);
	make(place, "20261121T100009-0009", write_ended);
	expect_found(run_folder_find, NULL, "20261121T100000-0001");
	expect_found(run_folder_find_any, NULL, "20261121T100009-0009");
	struct written held = begin(place, "20261121T100005-0005");
	written_to_running(&held);
	expect_found(run_folder_find, NULL, "20261121T100005-0005");
	expect_found(run_folder_find_any, NULL, "20261121T100005-0005");
	written_release(&held);
	expect_found(run_folder_find_any, NULL, "20261121T100009-0009");
}

/* The folder that somebody means is there, and its journal is not: no other run is meant. */
static void
run_folder_find_without_its_journal_says_what_is_missing(void **state)
{
	const struct place *place = *state;
	struct err e = ERR_INIT;

	make(place, "20261121T140732-7f3a", write_ended);
	char *hollow = xasprintf("%s/20261121T140732-7f3b", place->runs);
	assert_int_equal(file_make_folders(hollow, 0700, &e), 0);
	expect_refused("20261121T140732-7f3b", "/20261121T140732-7f3b is no run: there is no "
					       "journal.jsonl in it");
	expect_found(run_folder_find, "7f3", "20261121T140732-7f3a");
	free(hollow);
}

static void
run_folder_find_when_all_have_ended_says_so(void **state)
{
	make(*state, "20261121T100000-0001", write_ended);
	expect_refused(NULL, "every run has ended, the last one is 20261121T100000-0001");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(run_summaries_read_no_run_is_no_error),
		TEST(run_summaries_read_tells_the_four_states),
		TEST(run_previous_is_the_last_whole_checkpoint_of_the_latest_run),
		TEST(run_summaries_read_takes_a_thousand_runs),
		TEST(run_folder_find_by_parts_and_nearest_names),
		TEST(run_folder_find_takes_the_path_of_a_folder),
		TEST(run_folder_find_without_a_word_takes_the_latest_that_fits),
		TEST(run_folder_find_without_its_journal_says_what_is_missing),
		TEST(run_folder_find_when_all_have_ended_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
