#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_postgres_kept.h"
#include "runbook/diag.h"
#include "step/step_table.h"

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
	assert_says(text, "  It must touch 1 row, or everything is rolled back.\n");
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
		{ "{\"sql\":\"UPDATE kept SET n = $1\"}", "it has 1 parameter ($1 …), and `params` "
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
	assert_says(s.e.message,
		    "s): UPDATE kept SET name = 'mine' WHERE n = 1. Raise `lock_timeout`");
	stand_action(&s, &step_postgresql_execute, "{\"sql\":\"DELETE FROM kept\"}");
	s.on_progress = cancel_at_first_holder;
	begin_ms = clock_mono_ms();
	assert_fails(&s, ERR_CANCELLED, "Everything was rolled back");
	assert_in_range(clock_mono_ms() - begin_ms, 400, 1500);
	postgres_free(other);
	assert_sql("SELECT count(*) FROM kept", "5");
	stand_release(&s);
}

static void
conflict_with_it(struct stand *s)
{
	(void)s;
	free(ask("UPDATE kept SET name = 'theirs' WHERE n = 1"));
}

static void
execute_error_says_what_to_do(void **state)
{
	static const struct {
		const char *user, *sql;
		enum err_kind kind;
		const char *says;
		bool previewed; /* the preview can't find it */
	} cases[] = {
		{ "reader", "DELETE FROM closed", ERR_DENIED, "GRANT the role that right", false },
		{ "reader", "ALTER TABLE kept ADD m int", ERR_DENIED, "must be owner of table kept",
		  true },
		{ "looker", "DELETE FROM kept", ERR_REMOTE, "default_transaction_read_only", true },
		{ "lifeboat", "DELETE FROM kept; TABLE kept", ERR_REMOTE,
		  "`statements` for several", false },
		{ "lifeboat", "DELETE FROM kept WHERE n = 1/0", ERR_REMOTE, "22012", true },
	};
	struct stand s;

	(void)state;
	with_server(&s);
	free(ask("CREATE TABLE IF NOT EXISTS closed (n int)"));
	free(ask("CREATE ROLE looker LOGIN"));
	free(ask("ALTER ROLE looker SET default_transaction_read_only = on"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_target(&s, &target_postgresql,
			     "{\"conninfo\":\"host=127.0.0.1 port=%d user=%s dbname=postgres\"}",
			     server.port, cases[i].user);
		stand_action(&s, &step_postgresql_execute, "{\"sql\":\"%s\"}", cases[i].sql);
		if (cases[i].previewed) {
			free(stand_preview(&s, NULL));
		} else {
			assert_null(stand_preview(&s, NULL));
			assert_says(s.e.message, cases[i].says);
		}
		assert_fails(&s, cases[i].kind, cases[i].says);
		assert_says(s.e.message, "Everything was rolled back");
	}
	assert_sql("SELECT count(*) FROM kept", "5");
	stand_release(&s);
}

static void
conflict_at_second_statement(struct stand *s)
{
	if (str_ends_with(s->progress.data, "statement 2 of 2\n"))
		conflict_with_it(s);
}

static void
execute_in_conflict_with_another_is_to_be_run_again(void **state)
{
	struct stand s;

	(void)state;
	with_server(&s);
	free(ask("ALTER ROLE lifeboat SET default_transaction_isolation = 'repeatable read'"));
	stand_action(&s, &step_postgresql_execute,
		     "{\"statements\":[{\"sql\":\"TABLE kept\"},"
		     "{\"sql\":\"UPDATE kept SET name = 'ours' WHERE n = 1\"}]}");
	s.on_progress = conflict_at_second_statement;
	assert_fails(&s, ERR_REMOTE, "SQLSTATE 40001");
	free(ask("ALTER ROLE lifeboat RESET default_transaction_isolation"));
	assert_says(s.e.message, "run the step again. Everything was rolled back");
	assert_sql("SELECT name FROM kept WHERE n = 1", "theirs");
	stand_release(&s);
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
		cmocka_unit_test(execute_error_says_what_to_do),
		cmocka_unit_test(execute_in_conflict_with_another_is_to_be_run_again),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
