#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "fixture_restore.h"

/* ---- it works ---- */

static const char *const all_as_in_source =
	"SELECT (SELECT count(*) FROM public.users) || ' ' || (SELECT count(*) FROM s2.\"Or "
	"ders\") "
	"|| ' ' || (SELECT tableowner FROM pg_tables WHERE tablename = 'users') || ' ' || "
	"has_table_privilege('reader', 's2.\"Or ders\"', 'SELECT')";

static void
assert_restored(struct stand *s)
{
	const cJSON *tables = json_at(s->result, "tables");

	assert_sql("dst", all_as_in_source, "300 6000 app true");
	assert_int_equal(cJSON_GetArraySize(tables), 2);
	assert_string_equal(json_string(tables, "0/table", ""), "public.users");
	assert_int_equal(json_int(tables, "0/rows", -1), USERS);
	assert_string_equal(json_string(tables, "1/table", ""), "s2.\"Or ders\"");
	assert_int_equal(json_int(tables, "1/rows", -1), ORDERS);
	assert_true(json_bool(s->result, "analyzed", false));
	assert_sql("dst", "SELECT reltuples::int FROM pg_class WHERE relname = 'users'", "300");
}

static void
restore_of_each_format_is_complete_and_verified(void **state)
{
	struct stand s;

	(void)state;
	with_restore(&s);
	const struct {
		const char *dump, *format, *more, *argv;
		bool single;
	} cases[] = {
		{ plain, "plain", "",
		  "psql --no-psqlrc --no-password --set=ON_ERROR_STOP=1 "
		  "--single-transaction",
		  true },
		{ custom, "custom", "",
		  "pg_restore --exit-on-error --verbose --no-password "
		  "--single-transaction",
		  true },
		{ folder_dump, "directory", ",\"jobs\":2", "--no-password --jobs=2", false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text;

		free(ask("postgres", "DROP DATABASE IF EXISTS dst"));
		free(ask("postgres", "CREATE DATABASE dst"));
		set_action(&s, cases[i].dump, cases[i].more);
		text = preview_of(&s);
		assert_says(text, "6300 rows of 2 tables.");
		assert_says(text, "from PostgreSQL ");
		assert_says(text, "is empty");
		assert_says(text, "Nobody else is connected");
		assert_says(text, "are free on the disk of ");
		assert_says(text, cases[i].argv);
		free(text);
		assert_ran(&s);
		assert_string_equal(json_string(s.result, "format", ""), cases[i].format);
		assert_int_equal(json_bool(s.result, "single_transaction", !cases[i].single),
				 cases[i].single);
		assert_true(json_int(s.result, "entries", 0) > 10);
		assert_restored(&s);
		assert_int_equal(probe_says(&s, "rows: 2 tables have what the dump has"),
				 PROBE_DONE);
	}
	stand_release(&s);
}

static void
restore_counts_are_those_of_psql(void **state)
{
	char *port, *log, *psql;
	struct stand s;

	(void)state;
	with_restore(&s);
	/* the server's own, since what PATH has may be a wrapper that says more */
	psql = xasprintf("%s/psql", postgres_programs());
	port = xasprintf("%d", server.port);
	log = xasprintf("%s/count", dumps);
	previewed(&s, custom, "");
	assert_ran(&s);
	const char *argv[] = { psql, "-XAt", "-h", "127.0.0.1",
			       "-p", port,   "-U", "lifeboat",
			       "-d", "dst",  "-c", "SELECT count(*) FROM s2.\"Or ders\"",
			       NULL };
	assert_true(fixture_run(argv, log));
	char *text = read_text(log);
	assert_int_equal(strtoll(text, NULL, 10), json_int(s.result, "tables/1/rows", -1));
	free(text);
	free(log);
	free(port);
	free(psql);
	stand_release(&s);
}

static void
restore_into_missing_database_makes_it(void **state)
{
	struct stand s;
	char *text;

	(void)state;
	with_restore(&s);
	free(ask("postgres", "DROP DATABASE dst"));
	set_action(&s, custom, "");
	preview_fails(&s, ERR_NOT_FOUND, "Set `create: true`");
	set_action(&s, custom, ",\"create\":true,\"owner\":\"app\"");
	text = preview_of(&s);
	assert_says(text, "Database dst is made first");
	free(text);
	assert_ran(&s);
	assert_sql("dst",
		   "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 's2') AND "
		   "tableowner = 'app'",
		   "2");
	assert_sql("postgres",
		   "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE "
		   "datname = 'dst'",
		   "app");
	stand_release(&s);
}

static void
restore_without_owners_and_grants_gives_them_to_one(void **state)
{
	struct stand s;

	(void)state;
	with_restore(&s);
	free(ask("postgres", "GRANT CREATE ON DATABASE dst TO other"));
	free(ask("dst", "GRANT CREATE ON SCHEMA public TO other"));
	free(ask("dst", "CREATE EXTENSION pgcrypto"));
	free(ask("dst", "ALTER DATABASE dst OWNER TO other"));
	previewed(&s, custom, ",\"owner\":\"app\",\"grants\":\"drop\"");
	free(ask("postgres", "ALTER DATABASE dst OWNER TO app"));
	free(ask("dst", "DROP EXTENSION pgcrypto"));
	assert_ran(&s);
	assert_sql("dst",
		   "SELECT tableowner || has_table_privilege('reader', 's2.\"Or ders\"', "
		   "'SELECT') FROM pg_tables WHERE tablename = 'Or ders'",
		   "appfalse");
	set_action(&s, plain, ",\"owner\":\"app\",\"when_not_empty\":\"replace\"");
	preview_fails(&s, ERR_SPEC, "Dump with --no-owner");
	set_action(&s, plain, ",\"grants\":\"drop\",\"when_not_empty\":\"replace\"");
	preview_fails(&s, ERR_SPEC, "Dump with --no-privileges");
	set_action(&s, plain, ",\"jobs\":3,\"when_not_empty\":\"replace\"");
	preview_fails(&s, ERR_SPEC, "psql works alone");
	stand_release(&s);
}

static void
restore_shows_what_it_reads_and_what_the_server_has_got(void **state)
{
	struct stand s;
	char *path;

	(void)state;
	with_restore(&s);
	path = plain_with(
		"slow.sql", "COPY s2.\"Or ders\" (",
		"CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
		"IF NEW.id % 5 = 0 THEN PERFORM pg_catalog.pg_sleep(0.0005); END IF; "
		"RETURN NEW; END$$;\n"
		"CREATE TRIGGER slow BEFORE INSERT ON s2.\"Or ders\" FOR EACH ROW EXECUTE "
		"FUNCTION public.slow();\nCOPY s2.\"Or ders\" (");
	previewed(&s, path, "");
	assert_ran(&s);
	assert_says(s.progress.data, "psql has read ");
	assert_says(s.progress.data, "; s2.\"Or ders\": ");
	assert_says(s.progress.data, " rows, ");
	assert_restored(&s);
	assert_string_equal(json_string(s.result, "transaction", "none"),
			    json_string(s.evidence, "transaction", "not on record"));
	assert_true(json_bool(s.evidence, "durable", false));
	free(path);
	stand_release(&s);
}

/* ---- a target that is not empty ---- */

static void
restore_into_filled_database_is_refused_or_replaces(void **state)
{
	struct stand s;
	char *text;

	(void)state;
	with_restore(&s);
	free(ask("dst", "CREATE SCHEMA old"));
	set_action(&s, plain, "");
	preview_fails(&s, ERR_CONFLICT, "is not empty: schemas without anything in them");
	free(ask("dst", "CREATE TABLE old.left AS SELECT 1 AS n"));
	free(ask("dst", "CREATE TABLE public.users (wrong text)"));
	free(ask("dst", "SELECT lo_from_bytea(0, 'abc')"));
	set_action(&s, plain, "");
	preview_fails(&s, ERR_CONFLICT, "2 tables (about ");
	set_action(&s, plain, ",\"when_not_empty\":\"replace\"");
	text = preview_of(&s);
	assert_says(text, "NOT EMPTY");
	assert_says(text, "DROP SCHEMA IF EXISTS \"old\" CASCADE");
	assert_says(text, "in the same transaction");
	free(text);
	assert_ran(&s);
	assert_restored(&s);
	assert_sql("dst",
		   "SELECT to_regclass('old.left') IS NULL AND (SELECT count(*) FROM "
		   "pg_largeobject_metadata) = 0",
		   "true");
	assert_sql("dst",
		   "SELECT nspowner::regrole::text || has_schema_privilege('poor', 'public', "
		   "'USAGE') FROM pg_namespace WHERE nspname = 'public'",
		   "pg_database_ownertrue");
	free(ask("dst", "CREATE TABLE public.mine (n int)"));
	free(ask("dst", "DELETE FROM s2.\"Or ders\""));
	set_action(&s, custom, ",\"when_not_empty\":\"replace\"");
	text = preview_of(&s);
	assert_says(text, "--clean --if-exists");
	assert_says(text, "what only the database has stays.\n");
	assert_says(text, "stays: table public.mine\n");
	assert_null(strstr(text, "table s2"));
	free(text);
	assert_ran(&s);
	assert_restored(&s);
	assert_sql("dst", "SELECT count(*) FROM public.mine", "0");
	stand_release(&s);
}

static void
restore_ends_sessions_that_it_has_shown(void **state)
{
	struct postgres *other;
	struct stand s;
	struct err e;
	cJSON *result;
	char *text;

	(void)state;
	with_restore(&s);
	other = connect_to("dst");
	set_action(&s, custom, "");
	text = preview_of(&s);
	assert_says(text, "1 other session is connected, and may hold locks");
	assert_says(text, "lifeboat, lifeboat, from 127.0.0.1, idle");
	free(text);
	set_action(&s, custom, ",\"terminate_sessions\":true");
	text = preview_of(&s);
	assert_says(text, "1 other session is connected and will be ended");
	free(text);
	assert_ran(&s);
	assert_int_equal(postgres_query(other, "SELECT 1", NULL, 0, 1, NULL, &result, &e), -1);
	postgres_free(other);
	stand_release(&s);
}

static void
restore_of_what_has_changed_since_the_preview_is_refused(void **state)
{
	char *copy;
	struct stand s;

	(void)state;
	with_restore(&s);
	copy = plain_with("changing.sql", "SET row_security", "SET row_security");
	previewed(&s, copy, "");
	free(plain_and("changing.sql", "SELECT 1;"));
	assert_fails(&s, ERR_CONFLICT, "has changed since it was looked at");
	previewed(&s, copy, "");
	free(ask("dst", "CREATE TABLE t (n int)"));
	assert_fails(&s, ERR_CONFLICT, "was empty at the preview, and is not any more");
	free(ask("dst", "DROP TABLE t"));
	free(ask("postgres", "DROP DATABASE dst"));
	free(ask("postgres", "CREATE DATABASE dst"));
	assert_fails(&s, ERR_CONFLICT, "is another one than at the preview");
	assert_int_equal(probe_says(&s, "Nothing was begun"), PROBE_NOT_DONE);
	free(copy);
	stand_release(&s);
}

/* ---- secrets ---- */

static void
restore_with_password_keeps_it_from_argv_and_environment(void **state)
{
	const char *dumps_of_it[] = { plain, custom, folder_dump };
	struct stand s;
	char *text;

	(void)state;
	with_restore(&s);
	setenv("PGPASSWORD", "wrong", 1);
	stand_target(&s, &target_postgresql,
		     "{\"conninfo\":\"host=127.0.0.1 port=%d user=locked dbname=postgres\","
		     "\"password\":\"se:cr\\\\et 1\"}",
		     server.port);
	for (size_t i = 0; i < 3; i++) {
		set_action(&s, dumps_of_it[i],
			   i == 2 ? ",\"when_not_empty\":\"replace\",\"jobs\":3"
				  : ",\"when_not_empty\":\"replace\"");
		text = preview_of(&s);
		assert_null(strstr(text, "se:cr"));
		assert_says(text, "passfile=/dev/stdin password=");
		free(text);
		assert_ran(&s);
		text = json_print(s.evidence);
		assert_null(strstr(text, "se:cr"));
		free(text);
	}
	unsetenv("PGPASSWORD");
	assert_restored(&s);
	stand_release(&s);
}

/* ---- after it ---- */

static void
restore_with_other_counts_lists_all_of_them(void **state)
{
	struct stand s;
	char *file, *more;

	(void)state;
	with_restore(&s);
	file = fixture_write(dumps, "counts",
			     "# made with the dump\npublic.users|299\n"
			     "s2.\"Or ders\"\t6000\npublic.none 3\n");
	more = xasprintf(",\"counts_file\":\"%s\",\"expect_counts\":{\"s2.\\\"Or ders\\\"\":7},"
			 "\"newest\":{\"table\":\"public.users\",\"column\":\"at\"}",
			 file);
	previewed(&s, custom, more);
	assert_fails(&s, ERR_CHECK, "the dump is in database dst, but 3 checks do not hold");
	assert_says(s.e.message, "public.users has 300 rows, expected 299");
	assert_says(s.e.message, "public.none is not there");
	assert_says(s.e.message, "s2.\"Or ders\" has 6000 rows, expected 7");
	assert_says(s.output.data, "ok   newest: public.users.at is ");
	assert_says(s.output.data, "60m ago. All that came later is lost");
	assert_int_equal(probe_says(&s, "NOT AS EXPECTED: manifest: public.users"), PROBE_UNSURE);
	free(fixture_write(dumps, "counts", "public.users\n"));
	set_action(&s, custom, more);
	preview_fails(&s, ERR_SPEC,
		      "counts, line 1: \"public.users\" is not a table and its number");
	free(fixture_write(dumps, "counts", "{\"public.users\": \"x\"}"));
	preview_fails(&s, ERR_SPEC, "not an object of numbers");
	free(more);
	free(file);
	stand_release(&s);
}

static void
restore_finds_sequences_behind_and_invalid_indexes(void **state)
{
	struct stand s;
	char *file;

	(void)state;
	with_restore(&s);
	file = plain_and("broken.sql",
			 "SELECT pg_catalog.setval('public.users_id_seq', 5, true);\n"
			 "DELETE FROM public.users WHERE id = 300 AND NOT EXISTS (SELECT FROM "
			 "s2.\"Or ders\" WHERE u = 300);\n"
			 "ALTER TABLE s2.\"Or ders\" DISABLE TRIGGER ALL;\n"
			 "DELETE FROM s2.\"Or ders\" WHERE id = 17;\n"
			 "UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = "
			 "'s2.\"Or ders_u_idx\"'::regclass;");
	previewed(&s, file, "");
	assert_fails(&s, ERR_CHECK, "3 checks do not hold");
	assert_says(s.e.message, "s2.\"Or ders\" has 5999, the dump 6000");
	assert_says(s.e.message, "public.users_id_seq stands at 5, and public.users.id has 300");
	assert_says(s.e.message, "not valid: s2.\"Or ders_u_idx\"");
	free(file);
	stand_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restore_of_each_format_is_complete_and_verified),
		cmocka_unit_test(restore_counts_are_those_of_psql),
		cmocka_unit_test(restore_into_missing_database_makes_it),
		cmocka_unit_test(restore_without_owners_and_grants_gives_them_to_one),
		cmocka_unit_test(restore_shows_what_it_reads_and_what_the_server_has_got),
		cmocka_unit_test(restore_into_filled_database_is_refused_or_replaces),
		cmocka_unit_test(restore_ends_sessions_that_it_has_shown),
		cmocka_unit_test(restore_of_what_has_changed_since_the_preview_is_refused),
		cmocka_unit_test(restore_with_password_keeps_it_from_argv_and_environment),
		cmocka_unit_test(restore_with_other_counts_lists_all_of_them),
		cmocka_unit_test(restore_finds_sequences_behind_and_invalid_indexes),
	};

	return cmocka_run_group_tests(tests, start_world, stop_world);
}
