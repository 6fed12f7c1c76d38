#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_postgres_proxy.h"

#include "fixture_postgres_kept.h"
#include "step/postgresql/target_postgresql.h"

static struct fixture_postgres standby;

/* What identify() says of the stand's target, which is held to it from then on; the caller deletes. */
static cJSON *
meet(struct stand *s)
{
	cJSON *identity = NULL;

	if (target_postgresql.identify(s->target.connection, NULL, &identity, &s->e) < 0)
		fail_msg("%s", s->e.message);
	s->target.identity = identity;
	return identity;
}

static void
replace(cJSON *object, const char *name, const char *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	if (value)
		json_add_string(object, name, value);
}

static void
identity_says_who_answers(void **state)
{
	cJSON *identity;
	struct stand s;

	(void)state;
	with_server(&s);
	identity = meet(&s);
	assert_true(strlen(json_string(identity, "system_identifier", "")) > 10);
	assert_string_equal(json_string(identity, "timeline", ""), "00000001");
	assert_string_equal(json_string(identity, "database", ""), "postgres");
	assert_string_equal(json_string(identity, "user", ""), "lifeboat");
	assert_string_equal(json_string(identity, "address", ""), "127.0.0.1");
	assert_string_equal(json_string(identity, "tls", ""), "no TLS");
	assert_string_equal(json_string(identity, "state", ""), "takes writes");
	assert_non_null(json_at(identity, "skew_ms"));
	assert_null(json_at(identity, "insecure"));
	assert_null(json_at(identity, "remark"));
	cJSON_Delete(identity);
	stand_release(&s);
}

static void
identity_that_nothing_proves_is_insecure(void **state)
{
	cJSON *identity;
	struct stand s;

	(void)state;
	with_server(&s);
	stand_target(&s, &target_postgresql,
		     "{\"conninfo\":\"host=0.0.0.0 port=%d user=lifeboat dbname=postgres\"}",
		     server.port);
	identity = meet(&s);
	assert_true(json_bool(identity, "insecure", false));
	assert_says(json_string(identity, "insecure_why", ""), "Use sslmode=verify-full");
	cJSON_Delete(identity);
	stand_release(&s);
}

static void
identity_of_a_role_without_rights_has_a_remark(void **state)
{
	cJSON *identity;
	struct stand s;

	(void)state;
	with_target(&s, server.port, "reader");
	identity = meet(&s);
	assert_null(json_at(identity, "system_identifier"));
	assert_string_equal(json_string(identity, "timeline", ""), "00000001");
	assert_says(json_string(identity, "remark", ""), "GRANT EXECUTE ON FUNCTION");
	cJSON_Delete(identity);
	stand_release(&s);
}

static void
password_is_registered(void **state)
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

/* ---- cancel ---- */

static void *
cancel_when_somebody_comes(void *data)
{
	struct stand *s = data;
	int fd = accept4((int)json_int(s->spec, "fd", -1), NULL, NULL, SOCK_CLOEXEC);

	cancel_request(s->cancel);
	return (void *)(intptr_t)fd;
}

static void
steps_cancelled_while_they_connect_return_at_once(void **state)
{
	const struct executor *executors[] = { &step_postgresql_query, &step_postgresql_execute };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int fd = fixture_bind(SOCK_STREAM, 0);
		int64_t begin_ms;
		pthread_t thread;
		struct stand s;
		void *line;

		listen(fd, 4);
		stand_init(&s);
		stand_target(&s, &target_postgresql, "{\"conninfo\":\"host=127.0.0.1 port=%d\"}",
			     fixture_port_of(fd));
		json_add_int(s.spec, "fd", fd);
		stand_action(&s, executors[i], "{\"sql\":\"SELECT 1\"}");
		begin_ms = clock_mono_ms();
		pthread_create(&thread, NULL, cancel_when_somebody_comes, &s);
		assert_fails(&s, ERR_CANCELLED, "cancelled");
		assert_in_range(clock_mono_ms() - begin_ms, 0, 3000);
		pthread_join(thread, &line);
		close((int)(intptr_t)line);
		close(fd);
		stand_release(&s);
	}
}

/* ---- another server ---- */

/* Both step types, run and preview. */
static void
assert_both_refuse(struct stand *s, const char *says)
{
	const struct executor *executors[] = { &step_postgresql_query, &step_postgresql_execute };

	for (size_t i = 0; i < 2; i++) {
		stand_action(s, executors[i], "{\"sql\":\"SELECT name FROM kept\"}");
		assert_fails(s, ERR_CONFLICT, says);
		assert_says(s->e.message, "Nothing was done on it");
		assert_null(stand_preview(s, NULL));
		assert_int_equal(s->e.kind, ERR_CONFLICT);
		assert_null(strstr(str_cstr(&s->output), "row"));
	}
}

static void
steps_refuse_another_server(void **state)
{
	cJSON *identity;
	struct stand s;

	(void)state;
	with_server(&s);
	identity = meet(&s);
	char *system = xstrdup(json_string(identity, "system_identifier", ""));
	replace(identity, "system_identifier", "7000000000000000001");
	assert_both_refuse(&s, "of the first was 7000000000000000001 (lifeboat@127.0.0.1:");
	assert_both_refuse(&s, system);
	free(system);
	cJSON_Delete(identity);
	stand_release(&s);
}

static void
steps_of_a_role_without_rights_stay_with_the_address(void **state)
{
	cJSON *identity;
	struct stand s;

	(void)state;
	with_target(&s, server.port, "reader");
	identity = meet(&s);
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT name FROM kept\"}");
	assert_ran(&s);
	replace(identity, "address", "127.0.0.2");
	assert_both_refuse(&s, "that one was reached at 127.0.0.2:");
	assert_both_refuse(&s, "GRANT EXECUTE ON FUNCTION");
	cJSON_Delete(identity);
	stand_release(&s);
}

static void
query_of_a_server_that_is_away_is_previewed_all_the_same(void **state)
{
	cJSON *identity;
	struct stand s;
	char *text;

	(void)state;
	with_server(&s);
	identity = meet(&s);
	stand_target(&s, &target_postgresql, "{\"conninfo\":\"host=127.0.0.1 port=%d\"}",
		     fixture_free_port());
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT $1\",\"params\":[null]}");
	assert_null(stand_preview(&s, NULL)); /* nobody has met it */
	s.target.identity = identity;
	text = stand_preview(&s, NULL);
	assert_says(text, "> SELECT $1\n> $1 = NULL\n! It can't be checked before it runs: ");
	free(text);
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	assert_null(stand_preview(&s, NULL));
	cJSON_Delete(identity);
	stand_release(&s);
}

/* ---- a standby ---- */

static char *
ask_at(const struct fixture_postgres *p, const char *sql)
{
	struct postgres_options options = { .conninfo = p->conninfo };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;
	char *text;

	if (postgres_connect(&options, &pg, &e) < 0)
		fail_msg("%s", e.message);
	text = ask_with(pg, sql);
	postgres_free(pg);
	return text;
}

/* Waits until the standby has all that the primary has done. */
static void
await_standby(void)
{
	char *wanted = ask("SELECT pg_current_wal_flush_lsn()");
	char *sql = xasprintf("SELECT pg_last_wal_replay_lsn() >= '%s'", wanted);
	int64_t until_ms = clock_mono_ms() + 10000;
	bool there = false;

	while (!there && clock_mono_ms() < until_ms) {
		char *text = ask_at(&standby, sql);

		there = strcmp(text, "true") == 0;
		free(text);
		fixture_pause();
	}
	assert_true(there);
	free(sql);
	free(wanted);
}

static void
with_both(struct stand *s, const char *attributes)
{
	with_server(s);
	stand_target(s, &target_postgresql,
		     "{\"conninfo\":\"host=127.0.0.1,127.0.0.1 port=%d,%d user=lifeboat "
		     "dbname=postgres target_session_attrs=%s\"}",
		     standby.port, server.port, attributes);
}

static void
steps_at_a_standby_read_and_do_not_write(void **state)
{
	enum probe_verdict verdict;
	cJSON *identity;
	struct stand s;
	char *text;

	(void)state;
	need_server();
	assert_true(fixture_postgres_follow(&standby, &server));
	with_both(&s, "any");
	await_standby();
	identity = meet(&s);
	assert_says(json_string(identity, "state", ""), "in recovery");
	assert_int_equal(strtol(json_string(identity, "port", ""), NULL, 10), standby.port);
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT count(*) AS n FROM kept\"}");
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "value", -1), 5);
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	assert_null(stand_preview(&s, NULL));
	assert_says(s.e.message, "takes no writes");
	assert_fails(&s, ERR_REMOTE, "SQLSTATE 25006");
	json_add_string(s.evidence, "transaction", "800");
	text = stand_probe(&s, &verdict);
	assert_int_equal(verdict, PROBE_UNSURE);
	assert_says(text, "It is in recovery");
	free(text);
	cJSON_Delete(identity);
	stand_release(&s);
}

static struct postgres_proxy proxy;

/* As where a name stands for several servers. */
static void
turn_proxy(struct stand *s)
{
	(void)s;
	proxy.server_port = standby.port;
}

static void
execute_whose_second_connection_reaches_another_server_is_not_called_durable(void **state)
{
	cJSON *identity;
	struct stand s;

	(void)state;
	need_server();
	postgres_proxy_start(&proxy, server.port);
	with_target(&s, proxy.port, "lifeboat");
	identity = meet(&s);
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept WHERE n = 5\"}");
	s.on_progress = turn_proxy;
	assert_ran(&s);
	assert_non_null(json_at(s.evidence, "durable"));
	assert_false(json_bool(s.evidence, "durable", true));
	assert_sql("SELECT count(*) FROM kept", "4");
	/* and what comes next is not sent there at all */
	s.on_progress = NULL;
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	assert_null(stand_preview(&s, NULL));
	assert_says(s.e.message, "takes no writes");
	cJSON_Delete(identity);
	stand_release(&s);
	postgres_proxy_stop(&proxy);
}

/* The primary is lost, and the standby takes its place. */
static void
fail_over(void)
{
	int64_t until_ms = clock_mono_ms() + 10000;
	bool done = false;

	fixture_stop(server.pid, SIGQUIT);
	server.pid = 0;
	free(ask_at(&standby, "SELECT pg_promote()"));
	while (!done && clock_mono_ms() < until_ms) {
		char *text = ask_at(&standby, "SELECT pg_is_in_recovery()");

		done = strcmp(text, "false") == 0;
		free(text);
		fixture_pause();
	}
	assert_true(done);
}

static void
execute_after_a_failover_is_refused_unless_it_is_meant(void **state)
{
	cJSON *identity;
	struct stand s;

	(void)state;
	with_both(&s, "read-write");
	await_standby();
	identity = meet(&s);
	assert_string_equal(json_string(identity, "timeline", ""), "00000001");
	stand_action(&s, &step_postgresql_execute,
		     "{\"sql\":\"DELETE FROM kept\",\"after_promotion\":true}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, ", timeline 00000001.");
	free(preview);
	fail_over();
	/* not the one that was confirmed */
	assert_fails(&s, ERR_CONFLICT, "it is on timeline 00000002 (lifeboat@127.0.0.1:");
	assert_says(s.e.message, "and was on 00000001 before");
	/* and without the word not the one that was met */
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_CONFLICT);
	assert_fails(&s, ERR_CONFLICT, "`after_promotion: true`");
	stand_action(&s, &step_postgresql_query, "{\"sql\":\"SELECT count(*) FROM kept\"}");
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "value", -1), 5);
	stand_action(&s, &step_postgresql_execute,
		     "{\"sql\":\"DELETE FROM kept\",\"after_promotion\":true}");
	free(stand_preview(&s, NULL));
	assert_ran(&s);
	cJSON_Delete(identity);
	/* what was met last is the newer one: the old primary comes back */
	identity = meet(&s);
	assert_true(fixture_postgres_launch(&server));
	stand_target(&s, &target_postgresql, "{\"conninfo\":\"%s\"}", server.conninfo);
	s.target.identity = identity;
	stand_action(&s, &step_postgresql_execute,
		     "{\"sql\":\"DELETE FROM kept\",\"after_promotion\":true}");
	assert_fails(&s, ERR_CONFLICT, "a server that was left behind");
	assert_sql("SELECT count(*) FROM kept", "5");
	cJSON_Delete(identity);
	stand_release(&s);
	fixture_postgres_stop(&standby);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_says_who_answers),
		cmocka_unit_test(identity_that_nothing_proves_is_insecure),
		cmocka_unit_test(identity_of_a_role_without_rights_has_a_remark),
		cmocka_unit_test(password_is_registered),
		cmocka_unit_test(steps_cancelled_while_they_connect_return_at_once),
		cmocka_unit_test(steps_refuse_another_server),
		cmocka_unit_test(steps_of_a_role_without_rights_stay_with_the_address),
		cmocka_unit_test(query_of_a_server_that_is_away_is_previewed_all_the_same),
		cmocka_unit_test(steps_at_a_standby_read_and_do_not_write),
		cmocka_unit_test(
			execute_whose_second_connection_reaches_another_server_is_not_called_durable),
		cmocka_unit_test(execute_after_a_failover_is_refused_unless_it_is_meant),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
