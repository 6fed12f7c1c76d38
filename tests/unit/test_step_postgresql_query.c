#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_executor.h"
#include "fixture_postgres.h"

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
	assert_says(preview, "> $1 = grün\n> $2 = 7\n");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "rows/0/name", ""), "grün");
	assert_int_equal(json_int(s.result, "rows/0/n", -1), 7);
	assert_true(cJSON_IsNull(json_at(s.result, "rows/0/none")));
	assert_string_equal(s.output.data, "name  n  none\ngrün  7  null\n(1 rows)\n");
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
	assert_says(s.output.data, "(500 rows, the first are shown)");
	stand_action(&s, &step_postgresql_query,
		     "{\"sql\":\"SELECT pg_sleep(20)\",\"statement_timeout\":\"40ms\"}");
	assert_fails(&s, ERR_TIMEOUT, "SQLSTATE 57014");
	assert_says(s.e.message, "lifeboat@127.0.0.1");
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT 1\",\"max_rows\":0}");
	assert_fails(&s, ERR_SPEC, "max_rows is 0");
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

static void
target_postgresql_identity_is_the_system_identifier(void **state)
{
	cJSON *identity = NULL;
	struct stand s;

	(void)state;
	with_target(&s);
	assert_int_equal(target_postgresql.identify(s.target.connection, NULL, &identity, &s.e), 0);
	assert_true(strlen(json_string(identity, "system_identifier", "")) > 10);
	assert_string_equal(json_string(identity, "database", ""), "postgres");
	cJSON_Delete(identity);
	identity = NULL;
	stand_target(&s, &target_postgresql,
		     "{\"conninfo\":\"host=127.0.0.1 port=%d user=reader\","
		     "\"database\":\"postgres\"}",
		     server.port);
	assert_int_equal(target_postgresql.identify(s.target.connection, NULL, &identity, &s.e), 0);
	assert_null(json_string(identity, "system_identifier", NULL));
	assert_string_equal(json_string(identity, "database", ""), "postgres");
	assert_non_null(json_string(identity, "server_version", NULL));
	cJSON_Delete(identity);
	stand_release(&s);
}

static void
target_postgresql_password_is_registered(void **state)
{
	struct str text = STR_INIT;
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_target(&s, &target_postgresql,
		     "{\"conninfo\":\"host=db\",\"password\":\"hunter2222\"}");
	secrets_redact(s.ctx.secrets, "with hunter2222", 15, &text);
	assert_null(strstr(text.data, "hunter2222"));
	str_release(&text);
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
		"CREATE ROLE reader LOGIN; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM "
		"PUBLIC",
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
		cmocka_unit_test(postgresql_query_cancelled_returns_at_once),
		cmocka_unit_test(target_postgresql_identity_is_the_system_identifier),
		cmocka_unit_test(target_postgresql_password_is_registered),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
