#include "config.h"

#include "run/journal.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

#include "fixture_folder.h"

struct place {
	char root[64];
	char *folder, *file;
};

static int
setup(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));

	snprintf(place->root, sizeof(place->root), "/tmp/test-journal-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	place->folder = xasprintf("%s/runs/one", place->root);
	place->file = xasprintf("%s/journal.jsonl", place->folder);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;

	folder_remove(place->root);
	free(place->folder);
	free(place->file);
	free(place);
	return 0;
}

static cJSON *
note(const char *text)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "text", text);
	return data;
}

static void
append(struct journal *journal, enum record_type type, const char *text)
{
	struct record *record = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(journal_append(journal, type, note(text), true, &record, &e), 0);
	record_free(record);
}

static struct journal *
create_with(const struct place *place, int notes)
{
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(journal_create(place->folder, "one", &journal, &e), 0);
	append(journal, RECORD_RUN, "begin");
	for (int i = 0; i < notes; i++)
		append(journal, RECORD_NOTE, "größe \x7f");
	return journal;
}

static int
count_records(void *data, struct record *record, struct err *e)
{
	(void)e;
	assert_int_equal(record->seq, *(int64_t *)data);
	++*(int64_t *)data;
	return 0;
}

static void
read_file(const struct place *place, struct str *text)
{
	struct err e = ERR_INIT;

	assert_int_equal(file_read(place->file, 1 << 20, text, &e), 0);
}

static void
write_file(const struct place *place, const char *text, size_t len)
{
	struct err e = ERR_INIT;

	assert_int_equal(file_write_atomic(place->file, text, len, 0600, &e), 0);
}

static void
journal_append_three_records_chain_by_hash_of_lines(void **state)
{
	const struct place *place = *state;
	struct journal *journal = create_with(place, 2);
	struct str text = STR_INIT;
	char expected[DIGEST_HEX_MAX] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	int lines = 0;

	journal_close(journal);
	read_file(place, &text);
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
	struct stat st;

	journal_close(create_with(place, 0));
	assert_int_equal(stat(place->folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(place->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
journal_create_existing_run_fails(void **state)
{
	const struct place *place = *state;
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	journal_close(create_with(place, 0));
	assert_int_equal(journal_create(place->folder, "one", &journal, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
}

static void
journal_open_after_close_goes_on(void **state)
{
	const struct place *place = *state;
	struct journal *journal = NULL;
	struct err e = ERR_INIT;
	int64_t seen = 0;

	journal_close(create_with(place, 3));
	assert_int_equal(journal_open(place->folder, count_records, &seen, &journal, &e), 0);
	assert_int_equal(seen, 4);
	append(journal, RECORD_NOTE, "more");
	journal_close(journal);
	seen = 0;
	assert_int_equal(journal_read(place->folder, count_records, &seen, &e), 0);
	assert_int_equal(seen, 5);
}

static void
journal_open_held_run_names_holder(void **state)
{
	const struct place *place = *state;
	struct journal *holder = create_with(place, 0), *second = NULL;
	struct err e = ERR_INIT;
	int64_t seen = 0;

	assert_int_equal(journal_open(place->folder, count_records, &seen, &second, &e), -1);
	assert_int_equal(e.kind, ERR_LOCKED);
	assert_non_null(strstr(e.message, "held by pid"));
	journal_close(holder);
}

static void
journal_open_torn_tail_is_put_aside(void **state)
{
	const struct place *place = *state;
	struct journal *journal = NULL;
	struct str text = STR_INIT, torn = STR_INIT;
	struct err e = ERR_INIT;
	int64_t seen = 0;

	journal_close(create_with(place, 2));
	read_file(place, &text);
	size_t whole = text.len;
	str_append(&text, "{\"v\":1,\"seq\":3");
	write_file(place, text.data, text.len);
	assert_int_equal(journal_open(place->folder, count_records, &seen, &journal, &e), 0);
	append(journal, RECORD_NOTE, "after");
	journal_close(journal);
	char *path = xasprintf("%s/torn-%zu", place->folder, whole);
	assert_int_equal(file_read(path, 100, &torn, &e), 0);
	assert_string_equal(torn.data, "{\"v\":1,\"seq\":3");
	seen = 0;
	assert_int_equal(journal_read(place->folder, count_records, &seen, &e), 0);
	assert_int_equal(seen, 4);
	free(path);
	str_release(&text);
	str_release(&torn);
}

/* Every single changed byte of every record must be noticed. */
static void
journal_read_any_changed_byte_is_damage(void **state)
{
	const struct place *place = *state;
	struct str text = STR_INIT;

	journal_close(create_with(place, 1));
	read_file(place, &text);
	char *last = memrchr(text.data, '\n', text.len - 1);
	size_t sealed =
		(size_t)(last - text.data); /* the last record has no successor to seal it */
	for (size_t i = 0; i < sealed; i++) {
		struct err e = ERR_INIT;
		int64_t seen = 0;

		text.data[i] ^= 1;
		write_file(place, text.data, text.len);
		assert_int_equal(journal_read(place->folder, NULL, &seen, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		text.data[i] ^= 1;
	}
	str_release(&text);
}

static void
journal_append_full_disk_is_final(void **state)
{
	const struct place *place = *state;
	pid_t child;
	int status;

	/* a file size limit stands in for a full disk: in a child, since it cannot be lifted again */
	child = fork();
	if (child == 0) {
		struct journal *journal = create_with(place, 0);
		const struct rlimit limit = { 600, 600 };
		struct record *record = NULL;
		struct err e = ERR_INIT;
		int rc = 0;

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		for (int i = 0; i < 20 && rc == 0; i++) {
			rc = journal_append(journal, RECORD_NOTE, note("x"), true, &record, &e);
			if (rc == 0)
				record_free(record);
		}
		const struct rlimit wide = { RLIM_INFINITY, RLIM_INFINITY };
		setrlimit(RLIMIT_FSIZE, &wide);
		int again = journal_append(journal, RECORD_NOTE, note("x"), true, &record, &e);
		journal_close(journal);
		_exit(rc == -1 && again == -1 && e.kind == ERR_IO ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
record_parse_wrong_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"{}",
		"[]",
		"null",
		"{\"v\":2,\"seq\":0,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":"
		"\"note\","
		"\"data\":{},\"prev\":\"" /* and no end */,
		"{\"seq\":0,\"v\":1,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":"
		"\"note\","
		"\"data\":{},\"prev\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		"{\"v\":1,\"seq\":0,\"ts\":\"yesterday\",\"run\":\"r\",\"type\":\"note\",\"data\":{"
		"},\"prev\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		"{\"v\":1,\"seq\":0,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":"
		"\"wish\","
		"\"data\":{},\"prev\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		"{\"v\":1,\"seq\":0,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":"
		"\"note\","
		"\"data\":[],\"prev\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct record *record = NULL;
		struct err e = ERR_INIT;

		assert_int_equal(record_parse(lines[i], strlen(lines[i]), &record, &e), -1);
		assert_null(record);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(journal_append_three_records_chain_by_hash_of_lines,
						setup, teardown),
		cmocka_unit_test_setup_teardown(journal_create_new_run_is_private, setup, teardown),
		cmocka_unit_test_setup_teardown(journal_create_existing_run_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(journal_open_after_close_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(journal_open_held_run_names_holder, setup,
						teardown),
		cmocka_unit_test_setup_teardown(journal_open_torn_tail_is_put_aside, setup,
						teardown),
		cmocka_unit_test_setup_teardown(journal_read_any_changed_byte_is_damage, setup,
						teardown),
		cmocka_unit_test_setup_teardown(journal_append_full_disk_is_final, setup, teardown),
		cmocka_unit_test(record_parse_wrong_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
