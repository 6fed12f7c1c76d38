#include "config.h"

#include "net/postgres/postgres.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/json.h"
#include "fixture_postgres.h"

static struct fixture_postgres server;
static bool have_server;

static int
try_connect(const struct postgres_options *options, struct postgres **ret_pg, struct err *e)
{
	if (!have_server) {
		print_message("skipped: no PostgreSQL server is installed\n");
		skip();
	}
	return postgres_connect(options, ret_pg, e);
}

/* The port answers before the server is ready to: 57P03 until then. */
static struct postgres *
connect_or_fail(void)
{
	struct postgres_options options = { .conninfo = server.conninfo };
	int64_t until_ms = clock_mono_ms() + 5000;
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	while (try_connect(&options, &pg, &e) < 0) {
		if (e.kind != ERR_NET || clock_mono_ms() > until_ms)
			fail_msg("%s", e.message);
		fixture_pause();
	}
	return pg;
}

static cJSON *
query(struct postgres *pg, const char *sql, const char *const *params, size_t count)
{
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	if (postgres_query(pg, sql, params, count, 0, NULL, &result, &e) < 0)
		fail_msg("%s: %s", sql, e.message);
	return result;
}

static enum err_kind
query_fails(struct postgres *pg, const char *sql, const char *says)
{
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	assert_int_equal(postgres_query(pg, sql, NULL, 0, 0, NULL, &result, &e), -1);
	if (!strstr(e.message, says))
		fail_msg("\"%s\" lacks \"%s\"", e.message, says);
	return e.kind;
}

static void
postgres_query_values_keep_their_types(void **state)
{
	struct postgres *pg = connect_or_fail();
	const char *params[] = { "7", NULL, "grün" };
	cJSON *result =
		query(pg,
		      "SELECT $1::int4 AS n, $2::text AS nothing, $3::text AS word, true AS yes, "
		      "2.5::float8 AS half, 9007199254740993::int8 AS big, 1.10::numeric AS exact, "
		      "'{\"a\":[1]}'::jsonb AS doc, 'NaN'::float8 AS nan, 1 AS n",
		      params, 3);
	char *text = json_print(json_at(result, "rows/0"));

	(void)state;
	assert_string_equal(text,
			    "{\"n\":7,\"nothing\":null,\"word\":\"grün\",\"yes\":true,\"half\":2.5,"
			    "\"big\":\"9007199254740993\",\"exact\":1.1,\"doc\":{\"a\":[1]},"
			    "\"nan\":\"NaN\",\"n_2\":1}");
	assert_int_equal(json_int(result, "row_count", -1), 1);
	assert_false(json_bool(result, "truncated", true));
	assert_string_equal(json_string(result, "command", ""), "SELECT 1");
	assert_string_equal(json_string(result, "columns/9", ""), "n_2");
	free(text);
	cJSON_Delete(result);
	postgres_free(pg);
}

static void
postgres_query_no_rows_still_has_columns(void **state)
{
	struct postgres *pg = connect_or_fail();
	cJSON *result = query(pg, "SELECT 1 AS a WHERE false", NULL, 0);

	(void)state;
	assert_int_equal(json_int(result, "row_count", -1), 0);
	assert_string_equal(json_string(result, "columns/0", ""), "a");
	cJSON_Delete(result);
	result = query(pg, "BEGIN READ ONLY", NULL, 0);
	assert_string_equal(json_string(result, "command", ""), "BEGIN");
	cJSON_Delete(result);
	postgres_free(pg);
}

static void
postgres_query_many_rows_are_cut_and_counted(void **state)
{
	struct postgres *pg = connect_or_fail();
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	(void)state;
	assert_int_equal(postgres_query(pg, "SELECT g FROM generate_series(1, 5000) g", NULL, 0, 10,
					NULL, &result, &e),
			 0);
	assert_int_equal(cJSON_GetArraySize(json_at(result, "rows")), 10);
	assert_int_equal(json_int(result, "row_count", -1), 5000);
	assert_true(json_bool(result, "truncated", false));
	cJSON_Delete(result);
	postgres_free(pg);
}

static void
postgres_query_errors_have_sqlstate_and_kind(void **state)
{
	struct postgres *pg = connect_or_fail();

	(void)state;
	assert_int_equal(query_fails(pg, "SELECT nope",
				     "SQLSTATE 42703: column \"nope\" does not exist, "
				     "at character 8"),
			 ERR_REMOTE);
	assert_int_equal(query_fails(pg, "SELECT 1; SELECT 2", "SQLSTATE 42601"), ERR_REMOTE);
	assert_int_equal(query_fails(pg, "", "empty"), ERR_SPEC);
	cJSON_Delete(query(pg, "SET statement_timeout = 20", NULL, 0));
	assert_int_equal(query_fails(pg, "SELECT pg_sleep(5)", "SQLSTATE 57014"), ERR_TIMEOUT);
	cJSON_Delete(query(pg, "SET ROLE pg_monitor", NULL, 0));
	assert_int_equal(query_fails(pg, "SELECT rolpassword FROM pg_authid", "SQLSTATE 42501"),
			 ERR_DENIED);
	postgres_free(pg);
}

static void
postgres_query_copy_is_refused(void **state)
{
	struct postgres *pg = connect_or_fail();

	(void)state;
	assert_int_equal(query_fails(pg, "COPY (SELECT 1) TO STDOUT", "COPY"), ERR_SPEC);
	assert_int_equal(query_fails(pg, "SELECT 1", "no longer usable"), ERR_NET);
	postgres_free(pg);
}

/* How many sessions sleep, as another one sees it. */
static int64_t
count_sleepers(struct postgres *pg)
{
	cJSON *result = query(pg,
			      "SELECT count(*) AS n FROM pg_stat_activity "
			      "WHERE state = 'active' AND query = 'SELECT pg_sleep(30)'",
			      NULL, 0);
	int64_t n = json_int(result, "rows/0/n", -1);

	cJSON_Delete(result);
	return n;
}

static void
await_sleepers(struct postgres *pg, int64_t wanted)
{
	int64_t until_ms = clock_mono_ms() + 5000;

	while (count_sleepers(pg) != wanted && clock_mono_ms() < until_ms)
		fixture_pause();
}

struct watcher {
	struct postgres *pg;
	struct cancel *cancel;
	int64_t cancelled_ms;
};

/* A server forgets a request to cancel that comes before the statement. */
static void *
cancel_when_it_sleeps(void *data)
{
	struct watcher *w = data;

	await_sleepers(w->pg, 1);
	w->cancelled_ms = clock_mono_ms();
	cancel_request(w->cancel);
	return NULL;
}

static void
postgres_query_cancelled_ends_the_statement_too(void **state)
{
	struct postgres *pg = connect_or_fail();
	struct watcher w = { connect_or_fail(), cancel_new(), 0 };
	struct err e = ERR_INIT;
	cJSON *result = NULL;
	int64_t end_ms;
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, cancel_when_it_sleeps, &w);
	assert_int_equal(
		postgres_query(pg, "SELECT pg_sleep(30)", NULL, 0, 0, w.cancel, &result, &e), -1);
	end_ms = clock_mono_ms();
	pthread_join(thread, NULL);
	assert_int_equal(e.kind, ERR_CANCELLED);
	assert_in_range(end_ms - w.cancelled_ms, 0, 1000);
	await_sleepers(w.pg, 0);
	assert_int_equal(count_sleepers(w.pg), 0);
	cancel_free(w.cancel);
	postgres_free(pg);
	postgres_free(w.pg);
}

static int
start_server(void **state)
{
	(void)state;
	have_server = fixture_postgres_start(&server);
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
		cmocka_unit_test(postgres_query_values_keep_their_types),
		cmocka_unit_test(postgres_query_no_rows_still_has_columns),
		cmocka_unit_test(postgres_query_many_rows_are_cut_and_counted),
		cmocka_unit_test(postgres_query_errors_have_sqlstate_and_kind),
		cmocka_unit_test(postgres_query_copy_is_refused),
		cmocka_unit_test(postgres_query_cancelled_ends_the_statement_too),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
