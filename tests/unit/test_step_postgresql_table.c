#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "fixture_executor.h"
#include "fixture_postgres.h"
#include "net/postgres/postgres.h"
#include "step/postgresql/step_postgresql_table.h"

static struct fixture_postgres server;
static bool have_server;

/* What a query of this database looks like. */
static void
show_from(struct stand *s, const char *database, const char *sql, size_t max_rows)
{
	struct postgres_options options = { .conninfo = server.conninfo, .database = database };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	if (!have_server) {
		print_message("skipped: no PostgreSQL server is installed\n");
		skip();
	}
	stand_init(s);
	if (postgres_connect(&options, &pg, &e) < 0 ||
	    postgres_query(pg, sql, NULL, 0, max_rows, NULL, &s->result, &e) < 0)
		fail_msg("%s: %s", sql, e.message);
	sql_output_table(&s->ctx, s->result);
	postgres_free(pg);
}

static void
assert_shown(const char *sql, const char *wanted)
{
	struct stand s;

	show_from(&s, NULL, sql, 0);
	assert_string_equal(str_cstr(&s.output), wanted);
	stand_release(&s);
}

static void
numbers_stand_right_and_nothing_is_ambiguous(void **state)
{
	(void)state;
	assert_shown("SELECT * FROM (VALUES (7, 'a', 1.5::numeric, true), (1000, NULL, 22, false), "
		     "(NULL, '', NULL, NULL), (-1, 'NULL', 0.25, true)) AS t (n, word, money, yes)",
		     "   n  word    money  yes\n"
		     "   7  a         1.5  true\n"
		     "1000  NULL       22  false\n"
		     "NULL  \"\"       NULL  NULL\n"
		     "  -1  \"NULL\"   0.25  true\n"
		     "(4 rows)\n");
	assert_shown("SELECT 1 AS a, 'x' AS word WHERE false", "a  word\n(0 rows)\n");
	assert_shown("SELECT 5 AS five, 'x' AS x", "five  x\n   5  x\n(1 row)\n");
}

static void
wide_and_combining_characters_are_aligned(void **state)
{
	(void)state;
	assert_shown(
		"SELECT * FROM (VALUES ('日本', 1), (U&'e\\0301', 2), ('plain', 3)) AS t (w, n)",
		"w      n\n"
		"日本   1\n"
		"e\xcc\x81      2\n"
		"plain  3\n"
		"(3 rows)\n");
}

static void
what_would_move_the_screen_is_made_visible(void **state)
{
	(void)state;
	assert_shown("SELECT E'one\\ntwo' AS a, E'\\x1b[31mred' AS b, U&'\\202E' AS c",
		     "a         b          c\none^Jtwo  ^[[31mred  <U+202E>\n(1 row)\n");
	assert_shown("SELECT '\\x00ff'::bytea AS b, ARRAY['x', NULL, 'y z'] AS list, "
		     "'{\"a\": [1, null]}'::jsonb AS doc, 'NaN'::float8 AS f",
		     "b       list            doc               f\n"
		     "\\x00ff  {x,NULL,\"y z\"}  {\"a\":[1,null]}  NaN\n(1 row)\n");
}

static void
bytes_that_are_no_text_are_made_visible(void **state)
{
	struct stand s;

	(void)state;
	show_from(&s, "bytes", "SELECT E'caf\\351 \\303\\251' AS word, '\\xff'::bytea AS b", 0);
	assert_string_equal(json_string(s.result, "rows/0/word", ""), "caf\\xe9 é");
	assert_string_equal(str_cstr(&s.output), "word       b\ncaf\\xe9 é  \\xff\n(1 row)\n");
	stand_release(&s);
}

static int
widest_line(const char *text)
{
	int widest = 0;

	for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
		char *line = xstrndup(at, strcspn(at, "\n"));
		int width = text_width(line);

		if (width > widest)
			widest = width;
		free(line);
	}
	return widest;
}

static void
many_wide_rows_are_cut_to_the_width(void **state)
{
	struct stand s;

	(void)state;
	show_from(&s, NULL,
		  "SELECT g, repeat('x', 100) AS a, repeat('y', 20) AS b, repeat('z', 300) AS c "
		  "FROM generate_series(1, 9) g",
		  0);
	assert_int_equal(widest_line(s.output.data), 120);
	assert_says(s.output.data, "x…  yyyyyyyyyyyyyyyyyyyy  z");
	assert_says(s.output.data, "z…\n");
	assert_int_equal(strlen(json_string(s.result, "rows/0/c", "")), 300);
	stand_release(&s);
}

static void
few_wide_rows_stand_below_each_other(void **state)
{
	struct stand s;

	(void)state;
	show_from(&s, NULL,
		  "SELECT g AS number, repeat('x', 80) AS a, repeat('z', 300) AS c, NULL AS d "
		  "FROM generate_series(1, 2) g",
		  0);
	assert_memory_equal(s.output.data, "-- row 1\nnumber  1\na       xxx", 30);
	assert_says(s.output.data, "z…\nd       NULL\n-- row 2\nnumber  2\n");
	assert_int_equal(widest_line(s.output.data), 120);
	stand_release(&s);
}

static void
what_is_missing_is_said(void **state)
{
	struct stand s;

	(void)state;
	show_from(&s, NULL, "SELECT g FROM generate_series(1, 1000) g", 300);
	assert_says(s.output.data,
		    "\n200\n(1000 rows; the first 300 were kept; the first 200 are shown)\n");
	stand_release(&s);
	show_from(&s, NULL, "SELECT g FROM generate_series(1, 3) g", 1);
	assert_says(s.output.data, "(3 rows; the first 1 was kept)\n");
	stand_release(&s);
	/* a value that nobody expected */
	show_from(&s, NULL, "SELECT repeat('x', 3000000) AS big, 7 AS n", 0);
	assert_true(json_bool(s.result, "truncated", false));
	assert_int_equal(strlen(json_string(s.result, "rows/0/big", "")), 1 << 20);
	assert_int_equal(json_int(s.result, "rows/0/n", 0), 7);
	assert_says(s.output.data, "(1 row; values too long to keep were cut)\n");
	stand_release(&s);
	/* and many of them */
	show_from(&s, NULL, "SELECT repeat('x', 900000) AS big FROM generate_series(1, 40)", 0);
	assert_int_equal(json_int(s.result, "row_count", 0), 40);
	assert_in_range(cJSON_GetArraySize(json_at(s.result, "rows")), 17, 20);
	assert_says(s.output.data, "(40 rows; the first ");
	stand_release(&s);
}

static int
start_server(void **state)
{
	struct postgres_options options;
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	have_server = fixture_postgres_start(&server);
	if (!have_server)
		return 0;
	options = (struct postgres_options){ .conninfo = server.conninfo };
	if (postgres_connect(&options, &pg, &e) < 0 ||
	    postgres_query(pg, "CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII'",
			   NULL, 0, 1, NULL, &result, &e) < 0)
		return -1;
	cJSON_Delete(result);
	postgres_free(pg);
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
		cmocka_unit_test(numbers_stand_right_and_nothing_is_ambiguous),
		cmocka_unit_test(wide_and_combining_characters_are_aligned),
		cmocka_unit_test(what_would_move_the_screen_is_made_visible),
		cmocka_unit_test(bytes_that_are_no_text_are_made_visible),
		cmocka_unit_test(many_wide_rows_are_cut_to_the_width),
		cmocka_unit_test(few_wide_rows_stand_below_each_other),
		cmocka_unit_test(what_is_missing_is_said),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
