#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "fixture_restore.h"

/* A database with a table that the dump has too, which a session holds. */
static struct postgres *
hold_users(void)
{
	struct postgres *other = connect_to("dst");

	free(ask("dst", "CREATE TABLE public.users (id int, mine text)"));
	free(ask("dst", "INSERT INTO public.users VALUES (1, 'before')"));
	free(ask_with(other, "BEGIN"));
	free(ask_with(other, "SELECT * FROM public.users"));
	return other;
}

static void
assert_as_before(void)
{
	assert_sql("dst",
		   "SELECT mine || (to_regclass('s2.\"Or ders\"') IS NULL) FROM public.users",
		   "beforetrue");
}

static bool
waits(struct stand *s)
{
	return strstr(s->progress.data, "WAITS for a lock held by process ") != NULL;
}

/* ---- errors in the middle ---- */

static void
restore_with_failing_row_is_rolled_back(void **state)
{
	struct stand s;
	char *path;

	(void)state;
	with_restore(&s);
	path = plain_with("failing.sql", "COPY s2.\"Or ders\" (id, u, note) FROM stdin;\n",
			  "COPY s2.\"Or ders\" (id, u, note) FROM stdin;\n7\tno number\tx\n");
	previewed(&s, path, "");
	assert_fails(&s, ERR_REMOTE, "psql ended with exit code 3");
	assert_says(s.e.message, "ERROR:  invalid input syntax for type integer: \"no number\"");
	assert_says(s.e.message, "; CONTEXT:  COPY Or ders, line 1, column u");
	assert_says(s.e.message, "Everything was rolled back: database dst is as it was");
	assert_sql("dst", "SELECT count(*) FROM pg_class WHERE relname = 'users'", "0");
	assert_int_equal(probe_says(&s, "ended with exit code 3"), PROBE_NOT_DONE);
	free(path);
	stand_release(&s);
}

static void
restore_that_cannot_drop_is_rolled_back_or_with_jobs_unknown(void **state)
{
	struct stand s;

	(void)state;
	with_restore(&s);
	free(ask("dst", "CREATE TABLE public.users (id int, mine text)"));
	free(ask("dst", "INSERT INTO public.users VALUES (1, 'before')"));
	free(ask("dst", "CREATE VIEW public.looks AS SELECT * FROM public.users"));
	previewed(&s, custom, ",\"when_not_empty\":\"replace\"");
	assert_fails(&s, ERR_REMOTE, "cannot drop table public.users because other objects depend");
	assert_says(s.e.message, "Everything was rolled back");
	assert_as_before();
	previewed(&s, folder_dump, ",\"when_not_empty\":\"replace\",\"jobs\":2");
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "A part of the dump may be in database dst");
	assert_says(s.e.message, "no single transaction");
	assert_int_equal(probe_says(&s, "may have done a part"), PROBE_UNSURE);
	stand_release(&s);
}

/* A dump that commits in its middle: with large objects, pg_dump writes such ones. */
static void
restore_of_plain_dump_with_its_own_commit_is_unknown_when_it_fails(void **state)
{
	struct stand s;
	char *path, *text;

	(void)state;
	with_restore(&s);
	path = plain_and("own.sql", "BEGIN;\nSELECT 1;\nCOMMIT;\nSELECT 1/0;");
	set_action(&s, path, "");
	text = preview_of(&s);
	assert_says(text, "begins or ends a transaction itself");
	assert_null(strstr(text, "--single-transaction"));
	free(text);
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "division by zero");
	assert_sql("dst", "SELECT count(*) FROM public.users", "300");
	assert_int_equal(probe_says(&s, "it is no single transaction"), PROBE_UNSURE);
	free(path);
	stand_release(&s);
}

static void
restore_that_cannot_be_put_on_record_begins_nothing(void **state)
{
	struct stand s;

	(void)state;
	with_restore(&s);
	previewed(&s, custom, "");
	s.refuses_to_keep = true;
	assert_fails(&s, ERR_IO, "the journal cannot be written");
	assert_sql("dst", "SELECT count(*) FROM pg_class WHERE relname = 'users'", "0");
	stand_release(&s);
}

/* ---- in the middle of it ---- */

static void
cancel_when_it_waits(struct stand *s)
{
	if (waits(s))
		cancel_request(s->cancel);
}

static void
restore_that_waits_names_the_holder_and_is_cancelled(void **state)
{
	const char *of[] = { plain, custom };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct postgres *other;
		struct stand s;

		with_restore(&s);
		other = hold_users();
		previewed(&s, of[i], ",\"when_not_empty\":\"replace\"");
		s.on_progress = cancel_when_it_waits;
		assert_fails(&s, ERR_CANCELLED, "Everything was rolled back: database dst is as");
		assert_says(s.progress.data, "idle in transaction): SELECT * FROM public.users");
		postgres_free(other);
		assert_as_before();
		assert_sql("dst",
			   "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE "
			   "'lifeboat-restore%'",
			   "0");
		cancel_free(s.cancel);
		s.ctx.cancel = s.cancel = cancel_new();
		assert_int_equal(probe_says(&s, ": aborted"), PROBE_NOT_DONE);
		stand_release(&s);
	}
}

static void
kill_when_it_waits(struct stand *s)
{
	if (waits(s) && json_int(s->evidence, "pid", 0) > 0)
		kill((pid_t)json_int(s->evidence, "pid", 0), SIGKILL);
}

static void
restore_whose_child_is_killed_is_rolled_back(void **state)
{
	struct postgres *other;
	struct stand s;

	(void)state;
	with_restore(&s);
	other = hold_users();
	previewed(&s, custom, ",\"when_not_empty\":\"replace\"");
	s.on_progress = kill_when_it_waits;
	assert_fails(&s, ERR_REMOTE, "pg_restore was ended by signal 9");
	assert_says(s.e.message, "Everything was rolled back");
	postgres_free(other);
	assert_as_before();
	assert_int_equal(probe_says(&s, "ended by signal 9"), PROBE_NOT_DONE);
	stand_release(&s);
}

/* ---- we die, and it goes on ---- */

static char *evidence_path;

static void
write_evidence(struct stand *s)
{
	char *text = json_print(s->evidence);
	struct err e;

	if (file_write_atomic(evidence_path, text, strlen(text), 0600, &e) < 0)
		abort();
	free(text);
}

static void
die_when_it_waits(struct stand *s)
{
	if (waits(s) && json_string(s->evidence, "transaction", NULL)) {
		write_evidence(s);
		kill(getpid(), SIGKILL);
	}
}

static void
restore_outlives_us_and_its_probe_finds_it_done(void **state)
{
	enum probe_verdict verdict = PROBE_UNSURE;
	int64_t until_ms = clock_mono_ms() + 15000;
	struct postgres *other;
	struct stand s;
	int status;
	pid_t pid;

	(void)state;
	with_restore(&s);
	evidence_path = xasprintf("%s/evidence", dumps);
	other = hold_users();
	previewed(&s, custom, ",\"when_not_empty\":\"replace\"");
	pid = fork();
	if (pid == 0) {
		s.on_progress = die_when_it_waits;
		stand_run(&s);
		fprintf(stderr, "it did not wait: %s\n", s.e.message);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	char *text = read_text(evidence_path);
	cJSON_Delete(s.evidence);
	s.evidence = cJSON_Parse(text);
	free(text);
	assert_int_equal(probe_says(&s, "is still running, since "), PROBE_UNSURE);
	free(ask_with(other, "COMMIT"));
	postgres_free(other);
	while (verdict == PROBE_UNSURE && clock_mono_ms() < until_ms) {
		free(stand_probe(&s, &verdict));
		fixture_pause();
	}
	assert_int_equal(verdict, PROBE_DONE);
	assert_int_equal(probe_says(&s, "rows: 2 tables have what the dump has"), PROBE_DONE);
	free(ask("dst", "DELETE FROM s2.\"Or ders\" WHERE id = 5"));
	assert_int_equal(probe_says(&s, "s2.\"Or ders\" has 5999, the dump 6000"), PROBE_UNSURE);
	free(evidence_path);
	stand_release(&s);
}

/* ---- the server stops in the middle ---- */

static void
stop_when_it_waits(struct stand *s)
{
	if (waits(s) && json_string(s->evidence, "transaction", NULL) && server.pid > 0) {
		fixture_stop(server.pid, SIGQUIT);
		server.pid = 0;
	}
}

static void
restore_whose_server_stops_is_unknown_and_then_not_done(void **state)
{
	struct postgres *other;
	struct stand s;

	(void)state;
	with_restore(&s);
	other = hold_users();
	previewed(&s, plain, ",\"when_not_empty\":\"replace\"");
	s.on_progress = stop_when_it_waits;
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "A part of the dump may be in database dst");
	assert_says(s.e.message, "the server cannot be asked");
	postgres_free(other);
	fixture_postgres_again(&server);
	assert_as_before();
	assert_int_equal(probe_says(&s, ": aborted"), PROBE_NOT_DONE);
	stand_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restore_with_failing_row_is_rolled_back),
		cmocka_unit_test(restore_that_cannot_drop_is_rolled_back_or_with_jobs_unknown),
		cmocka_unit_test(
			restore_of_plain_dump_with_its_own_commit_is_unknown_when_it_fails),
		cmocka_unit_test(restore_that_cannot_be_put_on_record_begins_nothing),
		cmocka_unit_test(restore_that_waits_names_the_holder_and_is_cancelled),
		cmocka_unit_test(restore_whose_child_is_killed_is_rolled_back),
		cmocka_unit_test(restore_outlives_us_and_its_probe_finds_it_done),
		cmocka_unit_test(restore_whose_server_stops_is_unknown_and_then_not_done),
	};

	return cmocka_run_group_tests(tests, start_world, stop_world);
}
