#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_executor.h"
#include "fixture_postgres.h"
#include "fixture_postgres_proxy.h"
#include "net/postgres.h"
#include "runbook/diag.h"
#include "step/step_table.h"

static struct fixture_postgres server;
static bool have_server;

/* A connection of the test's own. */
static struct postgres *
connect_beside(void)
{
	struct postgres_options options = { .conninfo = server.conninfo };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	if (postgres_connect(&options, &pg, &e) < 0)
		fail_msg("%s", e.message);
	return pg;
}

static char *
ask_with(struct postgres *pg, const char *sql)
{
	cJSON *result = NULL;
	struct err e = ERR_INIT;
	char *text;

	if (postgres_query(pg, sql, NULL, 0, 10, NULL, &result, &e) < 0)
		fail_msg("%s: %s", sql, e.message);
	const cJSON *row = json_at(result, "rows/0");
	text = row && row->child ? json_text(row->child) : xstrdup("");
	cJSON_Delete(result);
	return text;
}

static char *
ask(const char *sql)
{
	struct postgres *pg = connect_beside();
	char *text = ask_with(pg, sql);

	postgres_free(pg);
	return text;
}

static void
assert_sql(const char *sql, const char *wanted)
{
	char *text = ask(sql);

	assert_string_equal(text, wanted);
	free(text);
}

static void
with_target(struct stand *s, int port, const char *user)
{
	if (!have_server) {
		print_message("skipped: no PostgreSQL server is installed\n");
		skip();
	}
	free(ask("DROP TABLE IF EXISTS made"));
	free(ask("DROP TABLE IF EXISTS kept"));
	free(ask("CREATE TABLE kept (n int PRIMARY KEY, name text)"));
	free(ask("INSERT INTO kept SELECT g, 'row ' || g FROM generate_series(1, 5) AS g"));
	free(ask("GRANT ALL ON kept TO PUBLIC"));
	stand_init(s);
	stand_target(s, &target_postgresql,
		     "{\"conninfo\":\"host=127.0.0.1 port=%d user=%s dbname=postgres\"}", port,
		     user);
}

static void
with_server(struct stand *s)
{
	with_target(s, server.port, "lifeboat");
}

static enum probe_verdict
probe_says(struct stand *s, const char *wanted)
{
	enum probe_verdict verdict;
	char *lines = stand_probe(s, &verdict);

	if (!lines)
		fail_msg("%s", s->e.message);
	assert_says(lines, wanted);
	free(lines);
	return verdict;
}

/* ---- the document ---- */

#define VERIFY                                                                                     \
	"    verify: [{uses: postgresql.query, with: {sql: TABLE t}, expect: .row_count == 1}]\n"

/* What lint says of a step with these arguments; "" where it takes no offence. The caller frees. */
static char *
lint_says(const char *with)
{
	char *text = xasprintf("apiVersion: lifeboat/v1\nkind: Runbook\n"
			       "metadata: {id: x, title: X}\n"
			       "params: {old: {type: string}, password: {type: secret}}\n"
			       "targets: {db: {type: postgresql, conninfo: \"service=tsb\"}}\n"
			       "steps:\n  - id: a\n    title: A\n    target: db\n"
			       "    uses: postgresql.execute\n    with: %s\n"
			       "    outputs: {n: \".rows_affected[0]\"}\n%s",
			       with, strstr(with, "destroys") ? "" : VERIFY);
	struct str out = STR_INIT;
	struct diags diags = { 0 };
	struct runbook *rb =
		runbook_parse(STAND_RUNBOOK, text, strlen(text), &step_catalogue, &diags);

	diags_render(&diags, &out);
	runbook_free(rb);
	diags_release(&diags);
	free(text);
	return str_take(&out);
}

static void
execute_is_part_of_the_format(void **state)
{
	static const struct {
		const char *with, *says;
	} cases[] = {
		{ "{sql: 'UPDATE t SET a = $1', params: ['${.params.old}', 3, null], expect_rows: "
		  "1, "
		  "effect: changes, lock_timeout: 5s}",
		  NULL },
		{ "{statements: [{sql: 'UPDATE t SET p = $1', params: ['${.params.password}']}, "
		  "{sql: DELETE FROM t, expect_rows: [1, 3]}], role: tsb}",
		  NULL },
		{ "{sql: DROP TABLE t, effect: destroys}",
		  "destroys things, and nothing verifies" },
		{ "{sql: DELETE FROM t, effect: reads}", "\"reads\"" },
		{ "{statements: [{sqll: DELETE FROM t}]}", "\"sqll\"" },
		{ "{statements: [{params: [1]}]}", "\"sql\"" },
		{ "{statements: []}", "statements" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = lint_says(cases[i].with);

		if (cases[i].says)
			assert_says(text, cases[i].says);
		else
			assert_string_equal(text, "");
		free(text);
	}
}

/* ---- preview ---- */

static void
execute_preview_shows_all_and_finds_mistakes(void **state)
{
	enum step_effect effect;
	struct stand s;
	char *text;

	(void)state;
	with_server(&s);
	secrets_add(s.ctx.secrets, "token", "sesame-open", 11, NULL);
	stand_action(&s, &step_postgresql_execute,
		     "{\"sql\":\"UPDATE kept SET name = $2 WHERE n = $1\","
		     "\"params\":[3,\"sesame-open\"],\"expect_rows\":1,\"role\":\"lifeboat\"}");
	text = stand_preview(&s, &effect);
	assert_says(text, "  Executes 1 statement in one transaction at lifeboat@127.0.0.1:");
	assert_says(text, "/postgres, PostgreSQL ");
	assert_says(text, ", as role lifeboat:\n> UPDATE kept SET name = $2 WHERE n = $1\n");
	assert_says(text, "> $1 = 3  (integer)\n> $2 = sesame-open  (text)\n");
	assert_says(text, "  It must touch 1 rows, or everything is rolled back.\n");
	free(text);
	assert_sql("SELECT name FROM kept WHERE n = 3", "row 3");
	stand_action(&s, &step_postgresql_execute,
		     "{\"statements\":[{\"sql\":\"CREATE TABLE made (n int)\"},"
		     "{\"sql\":\"INSERT INTO made VALUES (1)\",\"expect_rows\":[0,2]}]}");
	text = stand_preview(&s, NULL);
	assert_says(text, "! It can't be checked before it runs: SQLSTATE 42P01");
	assert_says(text, "must touch 0 to 2 rows");
	free(text);
	stand_action(&s, &step_postgresql_execute,
		     "{\"sql\":\"CREATE UNIQUE INDEX CONCURRENTLY i ON kept (name)\"}");
	text = stand_preview(&s, NULL);
	assert_says(text, "! PostgreSQL does not run this inside of a transaction");
	free(text);
	assert_fails(&s, ERR_REMOTE, "SQLSTATE 25001");
	stand_release(&s);
}

static void
execute_preview_refuses_what_cannot_run(void **state)
{
	static const struct {
		const char *with, *message;
	} wrong[] = {
		{ "{\"sql\":\"UPDATE nothing SET n = 1\"}", "SQLSTATE 42P01" },
		{ "{\"sql\":\"UPDATE kept SET n = $1\"}",
		  "it has 1 parameters ($1 …), and `params` "
		  "holds 0" },
		{ "{\"sql\":\"DELETE FROM kept; DELETE FROM kept\"}", "SQLSTATE 42601" },
		{ "{\"statements\":[{\"sql\":\"DELETE FROM kept\"},{\"sql\":\"DELET FROM kept\"}]}",
		  "statement 2 of 2: SQLSTATE 42601" },
		{ "{\"statements\":[{\"sql\":\"DELETE FROM kept\"},{\"sql\":\"commit\"}]}",
		  "statement 2 of 2: commit is refused" },
		{ "{\"sql\":\"/* x */ ROLLBACK\"}", "ROLLBACK is refused" },
		{ "{\"sql\":\"END\"}", "END is refused" },
		{ "{\"sql\":\"; COMMIT\"}", "does not begin with a word" },
		{ "{\"sql\":\"prepare /* x */ transaction 'a'\"}", "prepare is refused" },
		{ "{}", "either `sql` or `statements`" },
		{ "{\"sql\":\"DELETE FROM kept\",\"statements\":[{\"sql\":\"TABLE kept\"}]}",
		  "either `sql` or `statements`" },
		{ "{\"params\":[1],\"statements\":[{\"sql\":\"TABLE kept\"}]}",
		  "belong to one statement" },
		{ "{\"sql\":\"DELETE FROM kept\",\"expect_rows\":[3,1]}", "`expect_rows` must be" },
		{ "{\"sql\":\"DELETE FROM kept\",\"expect_rows\":[1,2,3]}",
		  "`expect_rows` must be" },
		{ "{\"sql\":\"DELETE FROM kept\",\"role\":\"nobody-here\"}", "acting as role" },
		{ "{\"sql\":\"DELETE FROM kept\",\"max_rows\":0}", "max_rows is 0" },
	};
	struct stand s;

	(void)state;
	with_server(&s);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		stand_action(&s, &step_postgresql_execute, "%s", wrong[i].with);
		if (stand_preview(&s, NULL))
			fail_msg("%s is previewed", wrong[i].with);
		assert_says(s.e.message, wrong[i].message);
		assert_int_equal(stand_run(&s), -1);
		assert_int_not_equal(s.e.kind, ERR_UNKNOWN_OUTCOME);
	}
	assert_sql("SELECT count(*) FROM kept", "5");
	stand_release(&s);
}

static void
execute_preview_does_not_wait_for_a_lock(void **state)
{
	struct postgres *other;
	struct stand s;
	char *text;

	(void)state;
	with_server(&s);
	other = connect_beside();
	free(ask_with(other, "BEGIN"));
	free(ask_with(other, "LOCK TABLE kept IN ACCESS EXCLUSIVE MODE"));
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	text = stand_preview(&s, NULL);
	assert_says(text, "! It can't be checked before it runs: SQLSTATE 55P03");
	free(text);
	postgres_free(other);
	stand_release(&s);
}

/* ---- run ---- */

static void
execute_of_several_statements_commits_once_and_probe_is_certain(void **state)
{
	struct stand s;

	(void)state;
	with_server(&s);
	stand_action(&s, &step_postgresql_execute,
		     "{\"statements\":[{\"sql\":\"CREATE TABLE made AS SELECT 1 AS n\"},"
		     "{\"sql\":\"DELETE FROM kept WHERE n > $1 RETURNING n, name\",\"params\":[3],"
		     "\"expect_rows\":2},{\"sql\":\"ALTER TABLE made ADD m int\"}]}");
	assert_ran(&s);
	char *affected = json_print(json_at(s.result, "rows_affected"));
	assert_string_equal(affected, "[1,2,null]");
	free(affected);
	assert_string_equal(json_string(s.result, "rows/0/name", ""), "row 4");
	assert_int_equal(json_int(s.result, "row_count", -1), 2);
	assert_says(s.output.data,
		    "DELETE 2\nn  name\n4  row 4\n5  row 5\n(2 rows)\nALTER TABLE\n");
	assert_sql("SELECT count(*) FROM kept, made", "3");
	assert_string_equal(json_string(s.evidence, "transaction", "?"),
			    json_string(s.result, "transaction", "!"));
	assert_string_equal(json_string(s.evidence, "timeline", ""), "00000001");
	assert_true(json_bool(s.evidence, "durable", false));
	char *line =
		xasprintf("Transaction %s: committed\n", json_string(s.result, "transaction", "!"));
	assert_int_equal(probe_says(&s, line), PROBE_DONE);
	free(line);
	stand_release(&s);
}

static void
execute_of_other_number_of_rows_is_rolled_back(void **state)
{
	struct stand s;

	(void)state;
	with_server(&s);
	stand_action(&s, &step_postgresql_execute,
		     "{\"statements\":[{\"sql\":\"DELETE FROM kept WHERE n = 1\"},"
		     "{\"sql\":\"DELETE FROM kept\",\"expect_rows\":[1,3]}]}");
	assert_fails(
		&s, ERR_CHECK,
		"statement 2 of 2: it touched 4 rows, and 1 to 3 were expected. Everything was "
		"rolled back");
	assert_says(s.e.message, "postgresql.execute at lifeboat@127.0.0.1:");
	assert_sql("SELECT count(*) FROM kept", "5");
	assert_null(s.evidence->child);
	assert_int_equal(probe_says(&s, "COMMIT was never sent"), PROBE_NOT_DONE);
	stand_action(&s, &step_postgresql_execute,
		     "{\"sql\":\"CREATE TABLE made (n int)\",\"expect_rows\":0}");
	assert_fails(&s, ERR_CHECK, "CREATE TABLE has no number of rows");
	stand_release(&s);
}

static void
execute_that_cannot_be_put_on_record_is_rolled_back(void **state)
{
	struct stand s;

	(void)state;
	with_server(&s);
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	s.refuses_to_keep = true;
	assert_fails(&s, ERR_IO, "the journal cannot be written. Everything was rolled back");
	assert_sql("SELECT count(*) FROM kept", "5");
	stand_release(&s);
}

static void
execute_refused_at_commit_has_changed_nothing(void **state)
{
	struct stand s;

	(void)state;
	with_server(&s);
	free(ask("ALTER TABLE kept ADD CONSTRAINT once UNIQUE (name) DEFERRABLE INITIALLY "
		 "DEFERRED"));
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"UPDATE kept SET name = 'same'\"}");
	assert_fails(&s, ERR_REMOTE, "COMMIT: SQLSTATE 23505");
	assert_says(s.e.message, "Everything was rolled back");
	assert_int_equal(probe_says(&s, ": aborted\n"), PROBE_NOT_DONE);
	assert_sql("SELECT count(DISTINCT name) FROM kept", "5");
	stand_release(&s);
}

static void
execute_role_and_limits_end_with_the_transaction(void **state)
{
	struct stand s;

	(void)state;
	with_server(&s);
	stand_action(&s, &step_postgresql_execute,
		     "{\"sql\":\"INSERT INTO kept SELECT 9, current_user || current_setting("
		     "'lock_timeout') || current_setting('synchronous_commit') RETURNING name\","
		     "\"role\":\"reader\",\"lock_timeout\":\"3s\"}");
	free(ask("ALTER ROLE lifeboat SET synchronous_commit = off"));
	assert_ran(&s);
	free(ask("ALTER ROLE lifeboat RESET synchronous_commit"));
	assert_string_equal(json_string(s.result, "rows/0/name", ""), "reader3son");
	stand_action(&s, &step_postgresql_execute,
		     "{\"sql\":\"SELECT pg_sleep(20)\",\"statement_timeout\":\"40ms\"}");
	assert_fails(&s, ERR_TIMEOUT, "SQLSTATE 57014");
	stand_release(&s);
}

static void
cancel_at_first_holder(struct stand *s)
{
	if (strstr(s->progress.data, "waiting for a lock held by process"))
		cancel_request(s->cancel);
}

static void
execute_waiting_for_a_lock_names_the_holder_and_is_cancelled_at_once(void **state)
{
	struct postgres *other;
	int64_t begin_ms;
	struct stand s;

	(void)state;
	with_server(&s);
	other = connect_beside();
	free(ask_with(other, "BEGIN"));
	free(ask_with(other, "UPDATE kept SET name = 'mine' WHERE n = 1"));
	stand_action(&s, &step_postgresql_execute,
		     "{\"sql\":\"DELETE FROM kept\",\"lock_timeout\":\"700ms\"}");
	assert_fails(&s, ERR_TIMEOUT, "SQLSTATE 55P03");
	assert_says(s.e.message, "It waited for a lock held by process ");
	assert_says(s.e.message, "(lifeboat, idle in transaction for ");
	assert_says(s.e.message, "s): UPDATE kept SET name = 'mine' WHERE n = 1. Everything was");
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	s.on_progress = cancel_at_first_holder;
	begin_ms = clock_mono_ms();
	assert_fails(&s, ERR_CANCELLED, "Everything was rolled back");
	assert_in_range(clock_mono_ms() - begin_ms, 400, 1500);
	postgres_free(other);
	assert_sql("SELECT count(*) FROM kept", "5");
	stand_release(&s);
}

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
start_again(void)
{
	const char *programs = postgres_programs();
	char *program = xasprintf("%s/postgres", programs);
	char *data = xasprintf("%s/data", server.folder), *log = xasprintf("%s/log", server.folder);
	char *port = xasprintf("%d", server.port);
	const char *argv[] = { program,
			       "-D",
			       data,
			       "-p",
			       port,
			       "-c",
			       "listen_addresses=127.0.0.1",
			       "-c",
			       "unix_socket_directories=",
			       NULL };
	struct postgres_options options = { .conninfo = server.conninfo };
	int64_t until_ms = clock_mono_ms() + 8000;
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	server.pid = fixture_spawn(argv, log);
	while (postgres_connect(&options, &pg, &e) < 0 && clock_mono_ms() < until_ms)
		fixture_pause();
	postgres_free(pg);
	free(port);
	free(log);
	free(data);
	free(program);
}

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
	start_again();
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

static int
start_server(void **state)
{
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	(void)state;
	have_server = fixture_postgres_start(&server);
	if (!have_server)
		return 0;
	struct postgres_options options = { .conninfo = server.conninfo };
	int64_t until_ms = clock_mono_ms() + 5000;
	while (postgres_connect(&options, &pg, &e) < 0 && clock_mono_ms() < until_ms)
		fixture_pause();
	postgres_free(pg);
	free(ask("CREATE ROLE reader LOGIN"));
	free(ask("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"));
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
		cmocka_unit_test(execute_is_part_of_the_format),
		cmocka_unit_test(execute_preview_shows_all_and_finds_mistakes),
		cmocka_unit_test(execute_preview_refuses_what_cannot_run),
		cmocka_unit_test(execute_preview_does_not_wait_for_a_lock),
		cmocka_unit_test(execute_of_several_statements_commits_once_and_probe_is_certain),
		cmocka_unit_test(execute_of_other_number_of_rows_is_rolled_back),
		cmocka_unit_test(execute_that_cannot_be_put_on_record_is_rolled_back),
		cmocka_unit_test(execute_refused_at_commit_has_changed_nothing),
		cmocka_unit_test(execute_role_and_limits_end_with_the_transaction),
		cmocka_unit_test(
			execute_waiting_for_a_lock_names_the_holder_and_is_cancelled_at_once),
		cmocka_unit_test(execute_with_lost_answer_is_unknown_and_probed),
		cmocka_unit_test(execute_cancelled_at_a_silent_commit_is_unknown_at_once),
		cmocka_unit_test(execute_whose_session_is_ended_before_commit_is_not_done),
		cmocka_unit_test(probe_of_another_server_is_unsure),
		cmocka_unit_test(probe_by_a_role_without_rights_is_unsure_and_of_no_server_fails),
		cmocka_unit_test(execute_cut_off_by_a_crash_of_the_server_is_not_done),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
