#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_executor.h"
#include "fixture_postgres.h"
#include "net/postgres/postgres.h"

static struct fixture_postgres server;
static bool have_server;

/* The port answers before the server is ready to: no connection until then. */
static void
with_target(struct stand *s)
{
	int64_t until_ms = clock_mono_ms() + 5000;

	if (!have_server) {
		print_message("skipped: no PostgreSQL server is installed\n");
		skip();
	}
	stand_init(s);
	stand_target(s, &target_postgresql, "{\"conninfo\":\"%s\"}", server.conninfo);
	stand_action(s, &step_postgresql_query, "{\"sql\":\"SELECT 1\"}");
	while (stand_run(s) < 0) {
		if (s->e.kind != ERR_NET || clock_mono_ms() > until_ms)
			fail_msg("%s", s->e.message);
		fixture_pause();
	}
}

static void
postgresql_query_parameters_give_a_table(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s);
	stand_action(&s, &step_postgresql_query,
		     "{\"sql\":\"SELECT $1::text AS name, $2::int AS n, $3::text AS none\","
		     "\"params\":[\"grün\",7,null]}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "> SELECT $1::text");
	assert_says(preview, "> $1 = grün  (text)\n> $2 = 7  (integer)\n> $3 = NULL  (text)\n");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "rows/0/name", ""), "grün");
	assert_int_equal(json_int(s.result, "rows/0/n", -1), 7);
	assert_true(cJSON_IsNull(json_at(s.result, "rows/0/none")));
	assert_string_equal(s.output.data, "name  n  none\ngrün  7  NULL\n(1 row)\n");
	free(preview);
	stand_release(&s);
}

static void
postgresql_query_transaction_control_is_refused(void **state)
{
	static const char *const statements[] = {
		"COMMIT",
		"BEGIN",
		"ROLLBACK",
		"end",
		"ABORT",
		"SAVEPOINT a",
		"PREPARE TRANSACTION 'a'",
		"SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
		"SET TRANSACTION READ WRITE",
		"START TRANSACTION",
		"/* a /* b */ */ commit",
		"-- SELECT\\nCOMMIT",
		"DELETE FROM t",
		"  (( COMMIT",
		"",
		"SELECTED",
		"/* open",
		NULL,
	};
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_target(&s, &target_postgresql, "{\"conninfo\":\"host=127.0.0.1 port=1\"}");
	for (const char *const *sql = statements; *sql; sql++) {
		stand_action(&s, &step_postgresql_query, "{\"sql\":\"%s \"}", *sql);
		if (stand_run(&s) == 0 || s.e.kind != ERR_SPEC)
			fail_msg("%s: %s", *sql, s.e.message);
		assert_null(stand_preview(&s, NULL));
	}
	stand_release(&s);
}

static void
postgresql_query_cannot_write(void **state)
{
	static const char *const statements[] = {
		"WITH gone AS (DELETE FROM kept RETURNING 1) SELECT * FROM gone",
		"EXPLAIN ANALYZE DELETE FROM kept",
		"SELECT 1; COMMIT; DELETE FROM kept",
		"SELECT set_config('transaction_read_only', 'off', false)",
		"SELECT nextval('counter')",
		"SELECT 1 INTO other",
		NULL,
	};
	struct stand s;

	(void)state;
	with_target(&s);
	for (const char *const *sql = statements; *sql; sql++) {
		stand_action(&s, &step_postgresql_query, "{\"sql\":\"%s\"}", *sql);
		if (stand_run(&s) == 0)
			fail_msg("%s ran", *sql);
		assert_int_equal(s.e.kind, ERR_REMOTE);
		if (strstr(s.e.message, "25006"))
			assert_says(s.e.message, "(postgresql.execute writes)");
	}
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT count(*) AS n FROM kept\"}");
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "rows/0/n", -1), 3);
	stand_release(&s);
}

static void
postgresql_query_is_limited_in_rows_and_time(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s);
	stand_action(&s, &step_postgresql_query,
		     "{\"sql\":\"SELECT g FROM generate_series(1,500) g\",\"max_rows\":5}");
	assert_ran(&s);
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "rows")), 5);
	assert_int_equal(json_int(s.result, "row_count", -1), 500);
	assert_true(json_bool(s.result, "truncated", false));
	assert_says(s.output.data, "(500 rows; the first 5 were kept)");
	stand_action(&s, &step_postgresql_query,
		     "{\"sql\":\"SELECT pg_sleep(20)\",\"statement_timeout\":\"40ms\"}");
	assert_fails(&s, ERR_TIMEOUT, "SQLSTATE 57014");
	assert_says(s.e.message, "lifeboat@127.0.0.1");
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT 1\",\"max_rows\":0}");
	assert_fails(&s, ERR_SPEC, "max_rows is 0");
	stand_release(&s);
}

static void
postgresql_query_preview_says_who_and_finds_mistakes(void **state)
{
	static const struct {
		const char *with, *says;
	} wrong[] = {
		{ "{\"sql\":\"SELECT * FROM nothing\"}", "SQLSTATE 42P01" },
		{ "{\"sql\":\"SELECT $1::int + $2::int\",\"params\":[1]}",
		  "it has 2 parameters ($1 …), and `params` holds 1" },
		{ "{\"sql\":\"SELECT 1; SELECT 2\"}", "The text holds more than one statement" },
		{ "{\"sql\":\"SELECT 1\",\"max_rows\":100001}", "max_rows is 100001" },
	};
	struct stand s;
	char *text;

	(void)state;
	with_target(&s);
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT n FROM kept\"}");
	text = stand_preview(&s, NULL);
	assert_says(text, "  Reads from lifeboat@127.0.0.1:");
	assert_says(text, ", timeline 00000001.\n");
	assert_says(text, "  The role lifeboat is a superuser: one that may only read is safer");
	free(text);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		stand_action(&s, &step_postgresql_query, "%s", wrong[i].with);
		assert_null(stand_preview(&s, NULL));
		assert_says(s.e.message, wrong[i].says);
		assert_int_equal(stand_run(&s), -1);
	}
	stand_release(&s);
}

static void
as_role(struct stand *s, const char *role)
{
	stand_target(s, &target_postgresql,
		     "{\"conninfo\":\"host=127.0.0.1 port=%d user=%s dbname=postgres\"}",
		     server.port, role);
	stand_action(s, &step_postgresql_query, "{\"sql\":\"SELECT count(*) FROM kept\"}");
}

static void
postgresql_query_preview_praises_a_role_that_only_reads(void **state)
{
	struct stand s;
	char *text;

	(void)state;
	with_target(&s);
	as_role(&s, "reader");
	text = stand_preview(&s, NULL);
	assert_non_null(text);
	assert_null(strstr(text, "safer"));
	free(text);
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "value", -1), 3);
	as_role(&s, "writer");
	text = stand_preview(&s, NULL);
	assert_says(text, "  The role writer may write: one that may only read is safer");
	free(text);
	as_role(&s, "stranger");
	assert_null(stand_preview(&s, NULL));
	assert_says(s.e.message, "SQLSTATE 42501");
	assert_fails(&s, ERR_DENIED, "SQLSTATE 42501: permission denied for table kept");
	assert_says(s.e.message, "GRANT the role that right");
	stand_release(&s);
}

static void
postgresql_query_says_what_an_expression_needs(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s);
	stand_action(&s, &step_postgresql_query,
		     "{\"sql\":\"SELECT sum(n::bigint) AS total FROM kept WHERE n = ANY($1)\","
		     "\"params\":[\"{2,3}\"]}");
	assert_ran(&s);
	assert_true(cJSON_IsNumber(json_at(s.result, "rows/0/total"))); /* numeric */
	assert_int_equal(json_int(s.result, "value", -1), 5);
	assert_string_equal(json_string(s.result, "types/0", ""), "numeric");
	assert_says(json_string(s.result, "server", ""), "lifeboat@127.0.0.1:");
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT n FROM kept\"}");
	assert_ran(&s);
	assert_true(cJSON_IsNull(json_at(s.result, "value")));
	stand_action(
		&s, &step_postgresql_query,
		"{\"sql\":\"SELECT timestamptz '2026-11-21 14:07:32+00' AT TIME ZONE 'UTC' AS t, "
		"$1::jsonb->'a' AS j\",\"params\":[{\"a\":[1,2]}]}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "rows/0/t", ""), "2026-11-21 14:07:32");
	assert_int_equal(json_int(s.result, "rows/0/j/1", -1), 2);
	stand_release(&s);
}

static void
cancel_at_first_holder(struct stand *s)
{
	if (strstr(s->progress.data, "waiting for a lock held by process"))
		cancel_request(s->cancel);
}

static void
postgresql_query_waiting_for_a_lock_names_the_holder(void **state)
{
	struct postgres_options options = { .conninfo = server.conninfo };
	struct postgres *other = NULL;
	cJSON *result = NULL;
	struct stand s;

	(void)state;
	with_target(&s);
	assert_int_equal(postgres_connect(&options, &other, &s.e), 0);
	for (const char *const *sql = (const char *const[]){ "BEGIN", "LOCK TABLE kept", NULL };
	     *sql; sql++) {
		assert_int_equal(postgres_query(other, *sql, NULL, 0, 1, NULL, &result, &s.e), 0);
		cJSON_Delete(result);
	}
	stand_action(&s, &step_postgresql_query,
		     "{\"sql\":\"SELECT n FROM kept\",\"lock_timeout\":\"800ms\"}");
	int rc = stand_run(&s);
	s.on_progress = cancel_at_first_holder;
	struct err first = s.e;
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT n FROM kept\"}");
	int again = stand_run(&s);
	char *preview;
	cancel_free(s.cancel);
	s.ctx.cancel = s.cancel = cancel_new();
	preview = stand_preview(&s, NULL);
	postgres_free(other); /* before anything can fail: the next test needs the table */
	assert_int_equal(rc, -1);
	assert_int_equal(first.kind, ERR_TIMEOUT);
	assert_says(first.message, "It waited for a lock held by process ");
	assert_says(first.message, "(lifeboat, idle in transaction for ");
	assert_says(first.message, "s): LOCK TABLE kept. Raise `lock_timeout`, or end what holds");
	assert_int_equal(again, -1);
	assert_int_equal(s.progress.len > 0, 1);
	assert_says(preview, "! It can't be checked before it runs: SQLSTATE 55P03");
	free(preview);
	stand_release(&s);
}

static void *
request_cancel(void *data)
{
	poll(NULL, 0, 60);
	cancel_request(data);
	return NULL;
}

static void
postgresql_query_cancelled_returns_at_once(void **state)
{
	struct stand s;
	pthread_t thread;

	(void)state;
	with_target(&s);
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT pg_sleep(20)\"}");
	int64_t begin_ms = clock_mono_ms();
	pthread_create(&thread, NULL, request_cancel, s.cancel);
	assert_int_equal(stand_run(&s), -1);
	assert_int_equal(s.e.kind, ERR_CANCELLED);
	assert_in_range(clock_mono_ms() - begin_ms, 40, 1500);
	pthread_join(thread, NULL);
	stand_release(&s);
}

/* The objects that the tests look at, by the program that people would use. */
static bool
make_objects(void)
{
	static const char *const programs[] = { "/usr/bin/psql", "/usr/local/bin/psql", NULL };
	const char *program = fixture_program(programs);
	char *log = xasprintf("%s/psql.log", server.folder);
	const char *argv[] = {
		program,
		"-X",
		"-q",
		"-v",
		"ON_ERROR_STOP=1",
		"-d",
		server.conninfo,
		"-c",
		"CREATE TABLE kept AS SELECT generate_series(1,3) AS n; CREATE SEQUENCE counter; "
		"CREATE ROLE reader LOGIN; CREATE ROLE writer LOGIN; CREATE ROLE stranger LOGIN; "
		"GRANT SELECT ON kept TO reader; GRANT SELECT, INSERT ON kept TO writer",
		NULL,
	};
	int64_t until_ms = clock_mono_ms() + 5000;
	bool made = false;

	while (program && !made && clock_mono_ms() < until_ms) {
		made = fixture_run(argv, log);
		fixture_pause();
	}
	free(log);
	return made;
}

static int
start_server(void **state)
{
	(void)state;
	have_server = fixture_postgres_start(&server) && make_objects();
	return 0;
}

static int
stop_server(void **state)
{
	(void)state;
	fixture_postgres_stop(&server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(postgresql_query_parameters_give_a_table),
		cmocka_unit_test(postgresql_query_transaction_control_is_refused),
		cmocka_unit_test(postgresql_query_cannot_write),
		cmocka_unit_test(postgresql_query_is_limited_in_rows_and_time),
		cmocka_unit_test(postgresql_query_preview_says_who_and_finds_mistakes),
		cmocka_unit_test(postgresql_query_preview_praises_a_role_that_only_reads),
		cmocka_unit_test(postgresql_query_says_what_an_expression_needs),
		cmocka_unit_test(postgresql_query_waiting_for_a_lock_names_the_holder),
		cmocka_unit_test(postgresql_query_cancelled_returns_at_once),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
