#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_postgres_proxy.h"

#include "fixture_postgres_kept.h"

/* ---- the line is cut ---- */

/* Probes until the server has noticed that we are gone. */
static enum probe_verdict
probe_settled(struct stand *s)
{
	int64_t until_ms = clock_mono_ms() + 5000;
	enum probe_verdict verdict;

	do {
		free(stand_probe(s, &verdict));
		fixture_pause();
	} while (verdict == PROBE_UNSURE && clock_mono_ms() < until_ms);
	return verdict;
}

static void
execute_with_lost_answer_is_unknown_and_probed(void **state)
{
	static const struct {
		enum postgres_cut cut;
		enum probe_verdict verdict;
		const char *left;
	} cases[] = {
		{ CUT_BEFORE_COMMIT, PROBE_NOT_DONE, "5" },
		{ CUT_BEFORE_ANSWER, PROBE_DONE, "0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct postgres_proxy proxy;
		struct stand s;

		need_server();
		postgres_proxy_start(&proxy, server.port);
		with_target(&s, proxy.port, "lifeboat");
		stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
		proxy.cut = cases[i].cut;
		assert_fails(&s, ERR_UNKNOWN_OUTCOME, "COMMIT was sent, and its answer is lost");
		assert_int_equal(probe_settled(&s), cases[i].verdict);
		assert_sql("SELECT count(*) FROM kept", cases[i].left);
		stand_release(&s);
		postgres_proxy_stop(&proxy);
	}
}

static struct postgres_proxy *silent_proxy;

static void *
cancel_soon(void *data)
{
	int64_t until_ms = clock_mono_ms() + 5000;

	while (silent_proxy->cut != CUT_NOTHING && clock_mono_ms() < until_ms)
		fixture_pause();
	cancel_request(data);
	return NULL;
}

static void
execute_cancelled_at_a_silent_commit_is_unknown_at_once(void **state)
{
	struct postgres_proxy proxy;
	pthread_t thread;
	int64_t begin_ms;
	struct stand s;

	(void)state;
	need_server();
	postgres_proxy_start(&proxy, server.port);
	with_target(&s, proxy.port, "lifeboat");
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	proxy.cut = CUT_SILENT;
	silent_proxy = &proxy;
	begin_ms = clock_mono_ms();
	pthread_create(&thread, NULL, cancel_soon, s.cancel);
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "its answer is lost");
	assert_in_range(clock_mono_ms() - begin_ms, 0, 1500);
	pthread_join(thread, NULL);
	cancel_free(s.cancel);
	s.ctx.cancel = s.cancel = cancel_new();
	assert_int_equal(probe_says(&s, ": in progress\nProcess "), PROBE_UNSURE);
	assert_int_equal(probe_says(&s, "idle in transaction, waiting for Client: ClientRead"),
			 PROBE_UNSURE);
	stand_release(&s);
	postgres_proxy_stop(&proxy);
	assert_sql("SELECT count(*) FROM kept", "5");
}

static void
terminate_backend(struct stand *s)
{
	char *sql = xasprintf("SELECT pg_terminate_backend(%lld)",
			      (long long)json_int(s->evidence, "backend", 0));

	free(ask(sql));
	free(sql);
}

static void
execute_whose_session_is_ended_before_commit_is_not_done(void **state)
{
	struct stand s;

	(void)state;
	with_server(&s);
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	s.on_remembered = terminate_backend;
	assert_int_equal(stand_run(&s), -1);
	assert_int_equal(probe_settled(&s), PROBE_NOT_DONE);
	assert_sql("SELECT count(*) FROM kept", "5");
	stand_release(&s);
}

/* ---- what a probe cannot be sure of ---- */

static void
replace(cJSON *object, const char *name, const char *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	json_add_string(object, name, value);
}

static void
probe_of_another_server_is_unsure(void **state)
{
	static const struct {
		const char *name, *value, *line;
	} cases[] = {
		{ "system_identifier", "7000000000000000001", "It is ANOTHER server" },
		{ "system_identifier", NULL, "cannot be told: the role could not call" },
		{ "timeline", "00000002",
		  "It is on timeline 00000001, and the transaction was on" },
		{ "timeline", NULL, "It is on timeline 00000001" },
		{ "transaction", "3", "so old that the server no longer knows" },
		{ "transaction", "999999999", "SQLSTATE 22023" },
	};
	enum probe_verdict verdicts[] = { PROBE_UNSURE, PROBE_UNSURE, PROBE_UNSURE,
					  PROBE_UNSURE, PROBE_UNSURE, PROBE_NOT_DONE };
	cJSON *evidence;
	struct stand s;

	(void)state;
	with_server(&s);
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	assert_ran(&s);
	evidence = cJSON_Duplicate(s.evidence, true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON_Delete(s.evidence);
		s.evidence = cJSON_Duplicate(evidence, true);
		replace(s.evidence, cases[i].name, cases[i].value);
		assert_int_equal(probe_says(&s, cases[i].line), verdicts[i]);
	}
	cJSON_Delete(s.evidence);
	s.evidence = evidence;
	cJSON_DeleteItemFromObjectCaseSensitive(s.evidence, "durable");
	assert_int_equal(probe_says(&s, "this may be somebody else's"), PROBE_UNSURE);
	stand_release(&s);
}

static void
probe_by_a_role_without_rights_is_unsure_and_of_no_server_fails(void **state)
{
	enum probe_verdict verdict;
	struct stand s;

	(void)state;
	with_target(&s, server.port, "reader");
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	assert_ran(&s);
	assert_null(json_string(s.evidence, "system_identifier", NULL));
	assert_int_equal(probe_says(&s, ": committed\n"), PROBE_UNSURE);
	stand_target(&s, &target_postgresql, "{\"conninfo\":\"host=127.0.0.1 port=%d\"}",
		     fixture_free_port());
	assert_null(stand_probe(&s, &verdict));
	assert_int_equal(s.e.kind, ERR_NET);
	stand_release(&s);
}

/* ---- the server crashes ---- */

static void
crash_server(struct stand *s)
{
	(void)s;
	fixture_stop(server.pid, SIGQUIT);
	server.pid = 0;
}

static void
execute_cut_off_by_a_crash_of_the_server_is_not_done(void **state)
{
	long long id, next;
	struct stand s;
	char *text;

	(void)state;
	with_server(&s);
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	s.on_remembered = crash_server;
	assert_int_equal(stand_run(&s), -1);
	assert_true(fixture_postgres_launch(&server));
	text = ask("SELECT pg_current_xact_id()");
	next = strtoll(text, NULL, 10);
	id = strtoll(json_string(s.evidence, "transaction", "0"), NULL, 10);
	free(text);
	if (next <= id)
		fail_msg("the id %lld was given again: %lld", id, next);
	assert_int_equal(probe_says(&s, ": aborted\n"), PROBE_NOT_DONE);
	assert_sql("SELECT count(*) FROM kept", "5");
	stand_release(&s);
}

/* ---- the server waits in the middle of COMMIT ---- */

static void
set_and_await(const char *settings, const char *name, const char *wanted)
{
	char *sql = xasprintf("SHOW %s", name), *value = ask(sql);
	int64_t until_ms = clock_mono_ms() + 5000;

	fixture_postgres_set(&server, settings);
	while (strcmp(value, wanted) != 0 && clock_mono_ms() < until_ms) {
		fixture_pause();
		free(value);
		value = ask(sql);
	}
	assert_string_equal(value, wanted);
	free(value);
	free(sql);
}

struct interruption {
	struct cancel *cancel; /* or NULL: the server is stopped */
};

/* COMMIT waits for a standby that is not there: the transaction is done, and nobody has been told. */
static void *
interrupt_commit(void *data)
{
	const struct interruption *interruption = data;
	int64_t until_ms = clock_mono_ms() + 8000;
	bool waits = false;

	while (!waits && clock_mono_ms() < until_ms) {
		char *n = ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");

		waits = strcmp(n, "0") != 0;
		free(n);
		fixture_pause();
	}
	if (interruption->cancel) {
		cancel_request(interruption->cancel);
	} else {
		fixture_stop(server.pid, SIGINT);
		server.pid = 0;
	}
	return NULL;
}

static void
begin_waiting_commit(struct stand *s)
{
	with_server(s);
	set_and_await("synchronous_standby_names = 'nobody'\n", "synchronous_standby_names",
		      "nobody");
	stand_action(s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
}

static void
execute_restarted_in_the_middle_of_commit_is_unknown_and_done(void **state)
{
	struct interruption interruption = { NULL };
	pthread_t thread;
	struct stand s;

	(void)state;
	begin_waiting_commit(&s);
	pthread_create(&thread, NULL, interrupt_commit, &interruption);
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "COMMIT was sent, and its answer is lost");
	pthread_join(thread, NULL);
	char *path = xasprintf("%s/data/postgresql.conf", server.folder);
	FILE *file = fopen(path, "a");
	assert_true(file && fputs("synchronous_standby_names = ''\n", file) >= 0);
	fclose(file);
	free(path);
	assert_true(fixture_postgres_launch(&server));
	assert_int_equal(probe_says(&s, ": committed\n"), PROBE_DONE);
	assert_sql("SELECT count(*) FROM kept", "0");
	stand_release(&s);
}

static void
execute_cancelled_too_late_is_done(void **state)
{
	struct interruption interruption;
	pthread_t thread;
	struct stand s;

	(void)state;
	begin_waiting_commit(&s);
	interruption.cancel = s.cancel;
	pthread_create(&thread, NULL, interrupt_commit, &interruption);
	/* the server answers the cancel by the commit's success, or is too slow to be waited for */
	if (stand_run(&s) < 0)
		assert_int_equal(s.e.kind, ERR_UNKNOWN_OUTCOME);
	pthread_join(thread, NULL);
	set_and_await("synchronous_standby_names = ''\n", "synchronous_standby_names", "");
	cancel_free(s.cancel);
	s.ctx.cancel = s.cancel = cancel_new();
	assert_int_equal(probe_settled(&s), PROBE_DONE);
	assert_sql("SELECT count(*) FROM kept", "0");
	stand_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(execute_with_lost_answer_is_unknown_and_probed),
		cmocka_unit_test(execute_cancelled_at_a_silent_commit_is_unknown_at_once),
		cmocka_unit_test(execute_whose_session_is_ended_before_commit_is_not_done),
		cmocka_unit_test(probe_of_another_server_is_unsure),
		cmocka_unit_test(probe_by_a_role_without_rights_is_unsure_and_of_no_server_fails),
		cmocka_unit_test(execute_cut_off_by_a_crash_of_the_server_is_not_done),
		cmocka_unit_test(execute_restarted_in_the_middle_of_commit_is_unknown_and_done),
		cmocka_unit_test(execute_cancelled_too_late_is_done),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
