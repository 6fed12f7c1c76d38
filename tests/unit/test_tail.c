#include "config.h"

#include "run/journal/tail.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/queue.h"
#include "base/str.h"
#include "base/xalloc.h"

#include "fixture_folder.h"
#include "fixture_written.h"

enum { PATIENCE_MS = 8000 };

struct place {
	char root[64];
	char *folder;
	struct written w;
	struct run_tail *tail;
};

static int
setup(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));

	snprintf(place->root, sizeof(place->root), "/tmp/test-tail-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	place->folder = xasprintf("%s/20261121T140732-7f3a", place->root);
	place->w = written_begin(place->folder);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;

	run_tail_free(place->tail);
	written_release(&place->w);
	folder_remove(place->root);
	free(place->folder);
	free(place);
	return 0;
}

static void
start(struct place *place)
{
	struct err e = ERR_INIT;

	if (run_tail_new(place->folder, &place->tail, &e) < 0)
		fail_msg("%s", e.message);
}

static struct run_event *
next(struct place *place)
{
	struct run_event *event = queue_pop(run_tail_link(place->tail)->events, PATIENCE_MS);

	if (!event)
		fail_msg("no event came");
	return event;
}

static void
expect_record(struct place *place, int64_t seq, bool replayed)
{
	struct run_event *event = next(place);

	if (event->type != EVENT_RECORD)
		fail_msg("event %d (%s) in place of record %lld", (int)event->type,
			 event->text ? event->text : "", (long long)seq);
	assert_int_equal(event->record->seq, seq);
	assert_int_equal(event->replayed, replayed);
	assert_false(event->pretended);
	run_event_free(event);
}

static void
expect_text(struct place *place, enum run_event_type type, const char *text)
{
	struct run_event *event = next(place);

	assert_int_equal(event->type, type);
	if (!strstr(event->text, text))
		fail_msg("\"%s\" does not say \"%s\"", event->text, text);
	run_event_free(event);
}

static void
expect_closed(struct place *place, bool released)
{
	struct run_event *event = next(place);

	assert_int_equal(event->type, EVENT_CLOSED);
	assert_int_equal(run_tail_released(place->tail), released);
	run_event_free(event);
	assert_null(queue_pop(run_tail_link(place->tail)->events, 0));
}

static void
submit(struct place *place, enum intent_type type)
{
	const struct run_link *link = run_tail_link(place->tail);

	link->submit(link->engine, intent_new(type, 0, "look", NULL));
}

/* All that is written up to here has been told, the last record as news. */
static void
start_running(struct place *place)
{
	written_to_running(&place->w);
	start(place);
	for (int64_t seq = 0; seq < 3; seq++)
		expect_record(place, seq, true);
	expect_record(place, 3, false);
}

static void
run_tail_new_replays_and_follows(void **state)
{
	struct place *place = *state;

	start_running(place);
	written_record(&place->w, RECORD_OUTCOME, written_outcome);
	expect_record(place, 4, false);
	submit(place, INTENT_LEAVE);
	expect_closed(place, false);
}

static void
run_tail_new_empty_journal_waits_for_its_first_record(void **state)
{
	struct place *place = *state;

	start(place);
	assert_null(queue_pop(run_tail_link(place->tail)->events, 20));
	written_record(&place->w, RECORD_RUN, written_run);
	expect_record(place, 0, false);
}

static void
run_tail_new_no_journal_or_damage_is_an_error(void **state)
{
	struct place *place = *state;
	struct err e = ERR_INIT;

	assert_int_equal(run_tail_new("/nonexistent/run", &place->tail, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	written_record(&place->w, RECORD_RUN, written_run);
	place->w.seq = 7;
	written_record(&place->w, RECORD_PREFLIGHT, written_preflight);
	e = (struct err)ERR_INIT;
	assert_int_equal(run_tail_new(place->folder, &place->tail, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "record 1"));
	assert_null(place->tail);
}

static void
run_tail_output_comes_before_the_outcome(void **state)
{
	struct place *place = *state;

	written_output(&place->w, 3, "one\n");
	start_running(place);
	expect_text(place, EVENT_OUTPUT, "one\n");
	written_output(&place->w, 3, "two\nhalf a li");
	expect_text(place, EVENT_OUTPUT, "two\n");
	written_output(&place->w, 3, "ne\nthe \033[31mend, without a line end");
	written_record(&place->w, RECORD_OUTCOME, written_outcome);
	struct str seen = STR_INIT;
	struct run_event *event;
	while ((event = next(place))->type == EVENT_OUTPUT) {
		assert_string_equal(event->step, "look");
		str_append(&seen, event->text);
		run_event_free(event);
	}
	assert_int_equal(event->record->type, RECORD_OUTCOME);
	run_event_free(event);
	assert_string_equal(str_cstr(&seen), "half a line\nthe end, without a line end");
	str_release(&seen);
}

static void
run_tail_flood_of_output_is_cut_at_its_beginning(void **state)
{
	struct place *place = *state;
	char line[1025];

	memset(line, 'x', sizeof(line) - 2);
	line[sizeof(line) - 2] = '\n';
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 3000; i++)
		written_output(&place->w, 3, line);
	written_output(&place->w, 3, "the last line\n");
	start_running(place);
	size_t bytes = 0;
	bool told = false, last = false;
	while (!last) {
		struct run_event *event = next(place);

		assert_int_equal(event->type, EVENT_OUTPUT);
		bytes += strlen(event->text);
		told = told || strstr(event->text, "not all of the output");
		last = strstr(event->text, "the last line");
		run_event_free(event);
	}
	assert_true(told);
	assert_true(bytes < 2 << 20);
}

static void
run_tail_intents_are_refused_with_the_holder(void **state)
{
	struct place *place = *state;

	start_running(place);
	submit(place, INTENT_RUN);
	expect_text(place, EVENT_REFUSED, "this run is ana's (pid 4711 on db1)");
	submit(place, INTENT_CANCEL);
	expect_text(place, EVENT_REFUSED, "only followed here");
	written_record(&place->w, RECORD_OUTCOME, written_outcome);
	expect_record(place, 4, false);
}

static void
run_tail_torn_end_is_waited_for(void **state)
{
	struct place *place = *state;

	start_running(place);
	struct str line = written_line(&place->w, RECORD_OUTCOME, written_outcome);
	for (size_t at = 0; at < line.len; at += 50) {
		size_t len = line.len - at < 50 ? line.len - at : 50;

		assert_null(queue_pop(run_tail_link(place->tail)->events, 0));
		written_bytes(&place->w, line.data + at, len);
	}
	expect_record(place, 4, false);
	str_release(&line);
}

/* What a crash left is cut off by whoever goes on, and something longer stands there before anybody looked. */
static void
run_tail_repaired_end_is_read_again(void **state)
{
	static const char *const torn[] = { "{\"v\":1,\"se", "{\"v\":1,\"se}\n" };
	struct place *place = *state;

	start_running(place);
	for (int64_t i = 0; i < 4; i++) {
		off_t good = lseek(place->w.fd, 0, SEEK_END);

		written_bytes(&place->w, torn[i % 2], strlen(torn[i % 2]));
		if (i < 2) /* at times it has read what is cut off */
			assert_null(queue_pop(run_tail_link(place->tail)->events, 300));
		assert_int_equal(ftruncate(place->w.fd, good), 0);
		written_record(&place->w, RECORD_NOTE, "{'text':'a note','by':'ana'}");
		expect_record(place, 4 + i, false);
	}
}

static void
run_tail_cut_records_end_it(void **state)
{
	struct place *place = *state;

	start_running(place);
	assert_int_equal(ftruncate(place->w.fd, 100), 0);
	expect_text(place, EVENT_WARNING, "record 3, which was there, is there no more");
	expect_closed(place, false);
}

static void
run_tail_damage_ends_it(void **state)
{
	struct place *place = *state;

	start_running(place);
	memset(place->w.head, 'a', sizeof(place->w.head) - 1);
	written_record(&place->w, RECORD_OUTCOME, written_outcome);
	expect_text(place, EVENT_WARNING, "damaged at record 4: its prev is not the hash");
	expect_closed(place, false);
}

/* Copies the journal over itself; with `more` records in the copy. Returns the descriptor of the copy. */
static void
replace_journal(struct place *place, const char *record)
{
	char *path = xasprintf("%s/journal.jsonl", place->folder);
	char *copy = xasprintf("%s/copy", place->folder);
	int fd = open(copy, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	char bytes[8192];
	ssize_t len = pread(place->w.fd, bytes, sizeof(bytes), 0);

	assert_true(fd >= 0 && len > 0 && len < (ssize_t)sizeof(bytes));
	close(place->w.fd);
	place->w.fd = fd;
	written_bytes(&place->w, bytes, (size_t)len);
	written_hold(&place->w, true);
	if (record)
		written_record(&place->w, RECORD_OUTCOME, record);
	assert_int_equal(rename(copy, path), 0);
	free(path);
	free(copy);
}

static void
run_tail_same_journal_in_another_file_is_gone_on_with(void **state)
{
	struct place *place = *state;

	start_running(place);
	/* the copy is held before the old file is let go; between the two the run looks free */
	int old = dup(place->w.fd);
	replace_journal(place, written_outcome);
	expect_record(place, 4, false);
	close(old);
	submit(place, INTENT_LEAVE);
	expect_closed(place, false);
}

static void
run_tail_end_closes_it(void **state)
{
	struct place *place = *state;

	start_running(place);
	written_record(&place->w, RECORD_OUTCOME, written_outcome);
	written_record(&place->w, RECORD_END, written_end);
	expect_record(place, 4, false);
	expect_record(place, 5, false);
	expect_closed(place, true);
}

static void
run_tail_free_run_closes_at_once(void **state)
{
	struct place *place = *state;

	written_hold(&place->w, false);
	start_running(place);
	expect_closed(place, true);
}

/* A process writes, and is killed while its step runs. */
static void
run_tail_dead_holder_closes_it_after_its_last_words(void **state)
{
	struct place *place = *state;
	int go[2];

	assert_int_equal(pipe(go), 0);
	written_to_running(&place->w);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char byte;

		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		written_output(&place->w, 3, "last words");
		written_record(&place->w, RECORD_NOTE, "{'text':'a note','by':'ana'}");
		kill(getpid(), SIGKILL);
	}
	close(place->w.fd); /* the lock is the child's alone by now */
	place->w.fd = -1;
	start(place);
	for (int64_t seq = 0; seq < 4; seq++)
		expect_record(place, seq, seq < 3);
	assert_int_equal(write(go[1], "x", 1), 1);
	expect_record(place, 4, false);
	expect_text(place, EVENT_OUTPUT, "last words");
	expect_closed(place, true);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(go[0]);
	close(go[1]);
}

static void
run_tail_slow_front_end_is_not_flooded(void **state)
{
	struct place *place = *state;

	start_running(place);
	for (int i = 0; i < 20000; i++) {
		written_output(&place->w, 3, "a line of the output that nobody reads\n");
		assert_true(queue_len(run_tail_link(place->tail)->events) < 2000);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(run_tail_new_replays_and_follows),
		TEST(run_tail_new_empty_journal_waits_for_its_first_record),
		TEST(run_tail_new_no_journal_or_damage_is_an_error),
		TEST(run_tail_output_comes_before_the_outcome),
		TEST(run_tail_flood_of_output_is_cut_at_its_beginning),
		TEST(run_tail_intents_are_refused_with_the_holder),
		TEST(run_tail_torn_end_is_waited_for),
		TEST(run_tail_repaired_end_is_read_again),
		TEST(run_tail_cut_records_end_it),
		TEST(run_tail_damage_ends_it),
		TEST(run_tail_same_journal_in_another_file_is_gone_on_with),
		TEST(run_tail_end_closes_it),
		TEST(run_tail_free_run_closes_at_once),
		TEST(run_tail_dead_holder_closes_it_after_its_last_words),
		TEST(run_tail_slow_front_end_is_not_flooded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
