#include "config.h"

#include "run/journal/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

#include "fixture_journal.h"

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static int
count_records(void *data, struct record *record, struct err *e)
{
	(void)e;
	assert_int_equal(record->seq, *(int64_t *)data);
	++*(int64_t *)data;
	return 0;
}

static int64_t
records_in(const struct place *place)
{
	struct err e = ERR_INIT;
	int64_t seen = 0;

	if (journal_read(place->folder, count_records, &seen, &e) < 0)
		fail_msg("%s", e.message);
	return seen;
}

static void
journal_append_three_records_chain_by_hash_of_lines(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	char expected[DIGEST_HEX_MAX];
	int lines = 0;

	append(journal, RECORD_NOTE, "größe \x7f");
	append(journal, RECORD_NOTE, "two");
	journal_close(journal);
	struct str text = bytes_of(place->journal);
	memcpy(expected, zeros, sizeof(expected));
	for (const char *at = text.data; *at; lines++) {
		const char *end = strchr(at, '\n');
		struct record *record = NULL;
		struct err e = ERR_INIT;

		assert_non_null(end);
		assert_int_equal(record_parse(at, (size_t)(end - at), &record, &e), 0);
		assert_string_equal(record->prev, expected);
		digest_sha256(at, (size_t)(end - at) + 1, expected);
		assert_string_equal(record->hash, expected);
		record_free(record);
		at = end + 1;
	}
	assert_int_equal(lines, 3);
	for (size_t i = 0; i < text.len; i++)
		assert_true((unsigned char)text.data[i] < 0x7f);
	str_release(&text);
}

static void
journal_create_new_run_is_private(void **state)
{
	const struct place *place = *state;
	mode_t before = umask(0);
	struct stat st;

	journal_close(begin_run(place));
	umask(before);
	assert_int_equal(stat(place->folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(place->journal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(place->checkpoints, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
journal_create_keeps_room_on_the_disk(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	struct stat st;

	assert_int_equal(stat(place->journal, &st), 0);
	assert_true(st.st_size < 4096);
	assert_true(st.st_blocks * 512 >= 64 << 10);
	/* and goes on keeping it, as the journal grows */
	for (int i = 0; i < 400; i++) {
		append(journal, RECORD_NOTE, "a remark of some length, so that the journal grows");
		if (i % 50 == 0)
			append(journal, RECORD_INTENT, "go");
	}
	append(journal, RECORD_INTENT, "go");
	assert_int_equal(stat(place->journal, &st), 0);
	assert_true(st.st_size > 64 << 10);
	assert_true(st.st_blocks * 512 >= st.st_size + (30 << 10));
	journal_close(journal);
}

static void
journal_create_existing_folder_is_not_taken_over(void **state)
{
	const struct place *place = *state;
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	journal_close(begin_run(place));
	struct str before = bytes_of(place->journal);
	assert_int_equal(journal_create(place->folder, "one", NULL, &journal, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, "exists"));
	struct str after = bytes_of(place->journal);
	assert_string_equal(after.data, before.data);
	/* an empty one neither */
	assert_int_equal(unlink(place->journal), 0);
	assert_int_equal(unlink(place->checkpoints), 0);
	assert_int_equal(journal_create(place->folder, "one", NULL, &journal, &e), -1);
	assert_true(file_exists(place->folder));
	assert_false(file_exists(place->journal));
	str_release(&before);
	str_release(&after);
}

static void
journal_create_strange_run_id_is_refused(void **state)
{
	const struct place *place = *state;
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(journal_create(place->folder, "a\"b", NULL, &journal, &e), -1);
	assert_int_equal(journal_create(place->folder, "a b", NULL, &journal, &e), -1);
	assert_int_equal(journal_create(place->folder, zeros, NULL, &journal, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_false(file_exists(place->folder));
}

static void
journal_append_durable_is_sealed_at_once(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	static const struct {
		enum record_type type;
		int64_t records, sealed;
	} steps[] = {
		{ RECORD_NOTE, 2, 1 },	  { RECORD_INTENT, 3, 3 }, { RECORD_NOTE, 4, 3 },
		{ RECORD_OUTCOME, 5, 5 }, { RECORD_END, 6, 6 },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		append(journal, steps[i].type, "x");
		struct chain chain = judge_folder(place);
		assert_int_equal(chain.damage.kind, ERR_NONE);
		assert_int_equal(chain.records, steps[i].records);
		assert_int_equal(chain.sealed, steps[i].sealed);
		assert_int_equal(chain.is_final, steps[i].type == RECORD_END);
		chain_release(&chain);
	}
	journal_close(journal);
}

static void
journal_append_behind_sealed_end_is_refused(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	struct err e = ERR_INIT;

	append(journal, RECORD_END, "x");
	struct str before = bytes_of(place->journal);
	assert_int_equal(try_append(journal, RECORD_NOTE, text_data("x"), false, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	journal_close(journal);
	/* nor by a later process */
	e = (struct err)ERR_INIT;
	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), 0);
	assert_int_equal(try_append(journal, RECORD_NOTE, text_data("x"), true, &e), -1);
	journal_close(journal);
	struct str after = bytes_of(place->journal);
	assert_int_equal(after.len, before.len);
	str_release(&before);
	str_release(&after);
}

static void
journal_open_several_times_goes_on_under_a_key_each(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);

	append(journal, RECORD_INTENT, "x");
	append(journal, RECORD_NOTE, "not sealed by its own process");
	journal_close(journal);
	for (int i = 0; i < 3; i++) {
		journal = resume_run(place);
		append(journal, RECORD_OUTCOME, "x");
		journal_close(journal);
	}
	struct chain chain = judge_folder(place);
	assert_int_equal(chain.damage.kind, ERR_NONE);
	assert_int_equal(chain.records, 9);
	assert_int_equal(chain.sealed, 9);
	assert_int_equal(chain.keys_count, 4);
	assert_int_equal(chain.checkpoints, 8);
	assert_string_equal(chain.keys[0].key.name, "lifeboat/one/1");
	assert_string_equal(chain.keys[3].key.name, "lifeboat/one/4");
	assert_int_equal(chain.keys[0].sealed, 2);
	assert_int_equal(chain.keys[1].seq, 3);
	assert_int_equal(chain.keys[3].sealed, 9);
	assert_string_equal(chain.holder, "pid 4711 on db1");
	assert_memory_not_equal(chain.keys[0].key.public_key, chain.keys[1].key.public_key, 32);
	chain_release(&chain);
	assert_int_equal(records_in(place), 9);
}

static void
journal_open_hands_over_every_record(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	struct err e = ERR_INIT;
	int64_t seen = 0;

	append(journal, RECORD_NOTE, "x");
	journal_close(journal);
	assert_int_equal(journal_open(place->folder, NULL, count_records, &seen, &journal, &e), 0);
	assert_int_equal(seen, 2);
	assert_string_equal(journal_run_id(journal), "one");
	journal_close(journal);
}

static int
refuse_second(void *data, struct record *record, struct err *e)
{
	(void)data;
	return record->seq == 1 ? err_set(e, ERR_SPEC, "I will not have it") : 0;
}

static void
journal_open_record_that_reader_refuses_is_damage(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	struct err e = ERR_INIT;

	append(journal, RECORD_NOTE, "x");
	journal_close(journal);
	assert_int_equal(journal_open(place->folder, NULL, refuse_second, NULL, &journal, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "record 1 of journal.jsonl: I will not have it"));
}

static void
journal_open_ended_but_not_sealed_run_is_sealed_by_the_next_process(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);

	append(journal, RECORD_INTENT, "x");
	struct str checkpoints = bytes_of(place->checkpoints);
	append(journal, RECORD_END, "x");
	journal_close(journal);
	/* as if the process had died before its last checkpoint */
	put_bytes(place->checkpoints, checkpoints.data, checkpoints.len);
	struct chain chain = judge_folder(place);
	assert_false(chain.is_final);
	assert_true(chain.has_ended);
	assert_int_equal(chain.sealed, 2);
	chain_release(&chain);
	journal_close(resume_run(place));
	chain = judge_folder(place);
	assert_int_equal(chain.damage.kind, ERR_NONE);
	assert_true(chain.is_final);
	chain_release(&chain);
	str_release(&checkpoints);
}

static void
journal_open_held_run_names_holder(void **state)
{
	const struct place *place = *state;
	struct journal *holder = begin_run(place), *second = NULL;
	struct err e = ERR_INIT;
	char *name = NULL;

	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &second, &e), -1);
	assert_int_equal(e.kind, ERR_LOCKED);
	assert_non_null(strstr(e.message, "held by pid 4711 on db1"));
	assert_int_equal(journal_holder(place->folder, &name, &e), 0);
	assert_string_equal(name, "pid 4711 on db1");
	free(name);
	journal_close(holder);
	assert_int_equal(journal_holder(place->folder, &name, &e), 0);
	assert_null(name);
	journal_close(resume_run(place));
}

static void
journal_holder_of_no_run_is_not_found(void **state)
{
	const struct place *place = *state;
	struct err e = ERR_INIT;
	char *name = NULL;

	assert_int_equal(journal_holder(place->folder, &name, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

/* The lock is of the open file: any descriptor that a child inherited would hold the run for as long as it lives. */
static void
journal_create_leaves_no_descriptor_to_children(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int seen = 0;

	while ((entry = readdir(dir))) {
		char target[4096];
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (len < 0)
			continue;
		target[len] = '\0';
		if (!str_starts_with(target, place->root))
			continue;
		seen++;
		assert_true(fcntl(atoi(entry->d_name), F_GETFD) & FD_CLOEXEC);
	}
	closedir(dir);
	assert_int_equal(seen, 2);
	journal_close(journal);
}

static void
journal_open_torn_ends_are_put_aside(void **state)
{
	static const char line[] = "{\"v\":1,\"seq\":2", note[] = "lifeboat-checkpoint/v1\norig";
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	char sha256[DIGEST_HEX_MAX];

	append(journal, RECORD_INTENT, "x");
	journal_close(journal);
	struct str text = bytes_of(place->journal), seals = bytes_of(place->checkpoints);
	char *torn_path = xasprintf("%s/torn-%zu", place->folder, text.len);
	char *seals_path = xasprintf("%s/torn-checkpoints-%zu", place->folder, seals.len);
	str_append(&text, line);
	str_append(&seals, note);
	put_bytes(place->journal, text.data, text.len);
	put_bytes(place->checkpoints, seals.data, seals.len);
	assert_int_equal(records_in(place), 2);

	journal = resume_run(place);
	cJSON *told = journal_recovered_json(journal);
	assert_int_equal(cJSON_GetArraySize(told), 2);
	assert_string_equal(json_string(told, "0/file", ""), strrchr(torn_path, '/') + 1);
	assert_string_equal(json_string(told, "1/file", ""), strrchr(seals_path, '/') + 1);
	assert_int_equal(json_int(told, "0/offset", 0), text.len - strlen(line));
	assert_int_equal(json_int(told, "0/bytes", 0), strlen(line));
	assert_string_equal(json_string(told, "0/sha256", ""),
			    digest_sha256(line, strlen(line), sha256));
	cJSON_Delete(told);
	append(journal, RECORD_OUTCOME, "x");
	journal_close(journal);
	struct str kept = bytes_of(torn_path), kept_seals = bytes_of(seals_path);
	assert_string_equal(kept.data, line);
	assert_string_equal(kept_seals.data, note);
	struct chain chain = judge_folder(place);
	assert_int_equal(chain.damage.kind, ERR_NONE);
	assert_int_equal(chain.sealed, 4);
	chain_release(&chain);
	free(torn_path);
	free(seals_path);
	str_release(&text);
	str_release(&seals);
	str_release(&kept);
	str_release(&kept_seals);
}

/* Whoever died between putting aside and telling of it left that to the next one; nothing is overwritten. */
static void
journal_open_torn_twice_at_one_place_keeps_both(void **state)
{
	static const char *const kept[] = { "{\"torn\":0", "{\"torn\":0{\"torn\":1",
					    "{\"torn\":0{\"torn\":1" };
	const struct place *place = *state;
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	journal_close(begin_run(place));
	struct str text = bytes_of(place->journal);
	char *aside = xasprintf("%s/torn-%zu", place->folder, text.len);
	for (int i = 0; i < 3; i++) {
		struct str torn = STR_INIT;

		/* the last time as if the process had died before it cut them off */
		str_printf(&torn, "%s{\"torn\":%d", text.data, i < 2 ? i : 1);
		put_bytes(place->journal, torn.data, torn.len);
		str_release(&torn);
		assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), 0);
		journal_close(journal);
		struct str now = bytes_of(aside);
		assert_string_equal(now.data, kept[i]);
		str_release(&now);
	}
	/* and is told of by the first that gets so far */
	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), 0);
	cJSON *told = journal_recovered_json(journal);
	assert_int_equal(cJSON_GetArraySize(told), 1);
	assert_int_equal(json_int(told, "0/bytes", 0), strlen(kept[2]));
	assert_int_equal(json_int(told, "0/offset", 0), text.len);
	cJSON_Delete(told);
	assert_int_equal(try_append(journal, RECORD_RESUMED, process_data(journal), true, &e), 0);
	journal_close(journal);
	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), 0);
	told = journal_recovered_json(journal);
	assert_int_equal(cJSON_GetArraySize(told), 0);
	cJSON_Delete(told);
	journal_close(journal);
	free(aside);
	str_release(&text);
}

/* A page of the journal never came to the disk, but the one behind it did. */
static void
journal_open_hole_behind_the_seal_is_torn(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);

	for (int i = 0; i < 4; i++)
		append(journal, RECORD_NOTE, "a remark that is not sealed");
	journal_close(journal);
	struct str text = bytes_of(place->journal);
	char *second = strchr(text.data, '\n') + 1;
	char *hole = strchr(second, '\n') - 100;
	memset(hole, 0, 50);
	put_bytes(place->journal, text.data, text.len);
	assert_int_equal(records_in(place), 1);
	journal_close(resume_run(place));
	assert_int_equal(records_in(place), 2);
	str_release(&text);
}

/* Every single changed byte of every sealed record must be noticed. */
static void
journal_read_any_changed_byte_is_damage(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);

	append(journal, RECORD_INTENT, "x");
	append(journal, RECORD_OUTCOME, "x");
	journal_close(journal);
	struct str text = bytes_of(place->journal);
	/* the last record has no successor in which its hash stands: that is for the checkpoints */
	const char *last = memrchr(text.data, '\n', text.len - 1);
	for (size_t i = 0; i < (size_t)(last - text.data); i++) {
		struct err e = ERR_INIT;
		int64_t seen = 0;

		text.data[i] ^= 1;
		put_bytes(place->journal, text.data, text.len);
		assert_int_equal(journal_read(place->folder, NULL, &seen, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		text.data[i] ^= 1;
	}
	str_release(&text);
}

static const char unsigned_run[] =
	"{\"v\":1,\"seq\":0,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"one\",\"type\":\"run\","
	"\"data\":{\"pid\":1,\"host\":\"h\"},\"prev\":"
	"\"0000000000000000000000000000000000000000000000000000000000000000\"}\n";

/* What cannot be gone on with is refused in words of its own, and left as it is. */
static void
journal_open_what_is_no_journal_of_ours_is_refused(void **state)
{
	static const struct {
		const char *text, *sentence;
	} cases[] = {
		{ "", "is empty" },
		{ "{\"v\":1,\"seq\":0,\"ts\":", "is cut off" },
		{ "{\"v", "is cut off" },
		{ "hello\n", "of another program" },
		{ "hello", "of another program" },
		{ "{\"version\":1}\n", "of another program" },
		{ "{\"v\":2,\"seq\":0}\n", "version 2" },
		{ unsigned_run, "has no key" },
	};
	const struct place *place = *state;
	struct err e = ERR_INIT;

	journal_close(begin_run(place));
	put_bytes(place->checkpoints, "", 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct journal *journal = NULL;

		put_bytes(place->journal, cases[i].text, strlen(cases[i].text));
		e = (struct err)ERR_INIT;
		assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		if (!strstr(e.message, cases[i].sentence))
			fail_msg("\"%s\" does not say \"%s\"", e.message, cases[i].sentence);
		struct str after = bytes_of(place->journal);
		assert_string_equal(after.data, cases[i].text);
		str_release(&after);
	}
	/* the old one can still be read */
	assert_int_equal(records_in(place), 1);
}

static void
journal_open_without_checkpoints_is_refused(void **state)
{
	const struct place *place = *state;
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	journal_close(begin_run(place));
	assert_int_equal(unlink(place->checkpoints), 0);
	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "checkpoints is missing"));
	assert_int_equal(records_in(place), 1);
}

static void
journal_open_other_than_a_regular_file_is_refused(void **state)
{
	const struct place *place = *state;
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	journal_close(begin_run(place));
	char *elsewhere = xasprintf("%s/elsewhere", place->root);
	assert_int_equal(rename(place->journal, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, place->journal), 0);
	e = (struct err)ERR_INIT;
	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_int_equal(unlink(place->journal), 0);
	assert_int_equal(mkfifo(place->journal, 0600), 0);
	e = (struct err)ERR_INIT;
	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_int_equal(journal_read(place->folder, NULL, NULL, &e), -1);
	free(elsewhere);
}

static void
journal_pretend_record_is_written_nowhere(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	struct err e = ERR_INIT;

	struct str before = bytes_of(place->journal);
	struct record *first = journal_pretend(journal, RECORD_NOTE, text_data("a"));
	struct record *second = journal_pretend(journal, RECORD_NOTE, text_data("b"));
	assert_int_equal(first->seq, 1);
	assert_int_equal(second->seq, 2);
	assert_string_equal(second->prev, first->hash);
	/* and nothing real can follow it */
	assert_int_equal(try_append(journal, RECORD_NOTE, text_data("c"), true, &e), -1);
	struct str after = bytes_of(place->journal);
	assert_string_equal(after.data, before.data);
	record_free(first);
	record_free(second);
	journal_close(journal);
	str_release(&before);
	str_release(&after);
}

static void
record_parse_wrong_lines_are_refused(void **state)
{
#define ZEROS "\"0000000000000000000000000000000000000000000000000000000000000000\""
	static const char *const lines[] = {
		"",
		"{}",
		"[]",
		"null",
		"{\"v\":2,\"seq\":0,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":"
		"\"note\",\"data\":{},\"prev\":\"" /* and no end */,
		"{\"seq\":0,\"v\":1,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":"
		"\"note\",\"data\":{},\"prev\":" ZEROS "}",
		"{\"v\":1,\"seq\":0,\"ts\":\"yesterday\",\"run\":\"r\",\"type\":\"note\","
		"\"data\":{},\"prev\":" ZEROS "}",
		"{\"v\":1,\"seq\":0,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":"
		"\"wish\",\"data\":{},\"prev\":" ZEROS "}",
		"{\"v\":1,\"seq\":0,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":"
		"\"note\",\"data\":[],\"prev\":" ZEROS "}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct record *record = NULL;
		struct err e = ERR_INIT;

		assert_int_equal(record_parse(lines[i], strlen(lines[i]), &record, &e), -1);
		assert_null(record);
	}
}

#define PLACE_TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(journal_append_three_records_chain_by_hash_of_lines),
		PLACE_TEST(journal_create_new_run_is_private),
		PLACE_TEST(journal_create_keeps_room_on_the_disk),
		PLACE_TEST(journal_create_existing_folder_is_not_taken_over),
		PLACE_TEST(journal_create_strange_run_id_is_refused),
		PLACE_TEST(journal_create_leaves_no_descriptor_to_children),
		PLACE_TEST(journal_append_durable_is_sealed_at_once),
		PLACE_TEST(journal_append_behind_sealed_end_is_refused),
		PLACE_TEST(journal_open_several_times_goes_on_under_a_key_each),
		PLACE_TEST(journal_open_hands_over_every_record),
		PLACE_TEST(journal_open_record_that_reader_refuses_is_damage),
		PLACE_TEST(journal_open_ended_but_not_sealed_run_is_sealed_by_the_next_process),
		PLACE_TEST(journal_open_held_run_names_holder),
		PLACE_TEST(journal_holder_of_no_run_is_not_found),
		PLACE_TEST(journal_open_torn_ends_are_put_aside),
		PLACE_TEST(journal_open_torn_twice_at_one_place_keeps_both),
		PLACE_TEST(journal_open_hole_behind_the_seal_is_torn),
		PLACE_TEST(journal_read_any_changed_byte_is_damage),
		PLACE_TEST(journal_open_what_is_no_journal_of_ours_is_refused),
		PLACE_TEST(journal_open_without_checkpoints_is_refused),
		PLACE_TEST(journal_open_other_than_a_regular_file_is_refused),
		PLACE_TEST(journal_pretend_record_is_written_nowhere),
		cmocka_unit_test(record_parse_wrong_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
