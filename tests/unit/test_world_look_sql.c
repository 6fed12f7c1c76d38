#include "config.h"

#include "world/stage/look_sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixture_postgres.h"
#include "net/postgres/postgres.h"

static struct fixture_postgres server;
static bool have_server;

static int
start(void **state)
{
	(void)state;
	have_server = fixture_postgres_start(&server);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	if (have_server)
		fixture_postgres_stop(&server);
	return 0;
}

static struct look_sql
ask_for(const char *query)
{
	if (!have_server) {
		print_message("skipped: PostgreSQL is not installed\n");
		skip();
	}
	return (struct look_sql){ .address = xstrdup("127.0.0.1"),
				  .port = server.port,
				  .database = xstrdup("postgres"),
				  .role = xstrdup("lifeboat"),
				  .password = xstrdup("x"),
				  .query = xstrdup(query),
				  .timeout_ms = 3000 };
}

/* Takes what the ask holds. */
static void
check(struct look_sql ask, bool holds, const char *words)
{
	struct look_sql *own = xcalloc(1, sizeof(*own));
	struct look_answer answer = { 0 };

	*own = ask;
	look_sql_kind.run(own, NULL, &answer);
	assert_string_equal(answer.seen, words);
	assert_int_equal(answer.holds, holds);
	look_answer_release(&answer);
	look_sql_kind.free(own);
}

static void
first_value_decides(void **state)
{
	(void)state;
	check(ask_for("select true"), true, "true");
	check(ask_for("select count(*) > 0 from pg_database"), true, "true");
	check(ask_for("select 1, 0"), true, "1");
	check(ask_for("select 'a'"), true, "a");
	check(ask_for("select false"), false, "false");
	check(ask_for("select 0"), false, "0");
	check(ask_for("select null"), false, "null");
	check(ask_for("select 1 where false"), false, "no rows in result set");
}

static void
failures_are_in_the_words_of_a_driver(void **state)
{
	struct look_sql ask = ask_for("select nothing from nowhere");
	char *words;

	(void)state;
	check(ask, false, "ERROR: relation \"nowhere\" does not exist (SQLSTATE 42P01)");
	ask = ask_for("select 1");
	free(ask.database);
	ask.database = xstrdup("o'ne");
	check(ask, false, "FATAL: database \"o'ne\" does not exist (SQLSTATE 3D000)");
	ask = ask_for("select 1");
	free(ask.role);
	ask.role = xstrdup("locked");
	check(ask, false,
	      "FATAL: password authentication failed for user \"locked\" (SQLSTATE 28P01)");
	ask = ask_for("select 1");
	ask.port = fixture_free_port();
	words = xasprintf("dial tcp 127.0.0.1:%d: connect: connection refused", ask.port);
	check(ask, false, words);
	free(words);
}

static void
silent_server_is_a_timeout(void **state)
{
	struct look_sql ask = ask_for("select 1");
	int fd = fixture_bind(SOCK_STREAM, 0);
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	char *words;

	(void)state;
	assert_true(fd >= 0 && listen(fd, 8) == 0);
	getsockname(fd, (struct sockaddr *)&sa, &len);
	ask.port = ntohs(sa.sin_port);
	ask.timeout_ms = 300;
	words = xasprintf("dial tcp 127.0.0.1:%d: i/o timeout", ask.port);
	check(ask, false, words);
	free(words);
	close(fd);
}

static void
cancel_ends_it_soon(void **state)
{
	struct look_sql ask = ask_for("select pg_sleep(20)");
	struct look_sql *own = xcalloc(1, sizeof(*own));
	struct look_answer answer = { 0 };
	struct cancel *cancel = cancel_new();
	int64_t from_ms = clock_mono_ms();

	(void)state;
	*own = ask;
	cancel_request(cancel);
	look_sql_kind.run(own, cancel, &answer);
	assert_false(answer.holds);
	assert_true(clock_mono_ms() - from_ms < 2500);
	look_answer_release(&answer);
	look_sql_kind.free(own);
	cancel_free(cancel);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_value_decides),
		cmocka_unit_test(failures_are_in_the_words_of_a_driver),
		cmocka_unit_test(silent_server_is_a_timeout),
		cmocka_unit_test(cancel_ends_it_soon),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
