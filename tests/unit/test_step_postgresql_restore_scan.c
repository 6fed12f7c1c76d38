#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "step/restore/step_postgresql_restore_scan.h"

/* Pieces of every size must read the same. */
static struct dump_scan *
scan(const char *text, size_t piece)
{
	struct dump_scan *s = dump_scan_new();
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i += piece)
		dump_scan_push(s, text + i, len - i < piece ? len - i : piece);
	return s;
}

/* Whether psql would take a backslash that follows for a command. */
static bool
finds_command(const char *before, size_t piece)
{
	struct str text = STR_INIT;
	bool found;

	str_printf(&text, "%s\\! id\n", before);
	struct dump_scan *s = scan(text.data, piece);
	found = dump_scan_content(s)->problem != NULL;
	dump_scan_free(s);
	str_release(&text);
	return found;
}

static void
scan_takes_backslashes_for_what_psql_takes_them_for(void **state)
{
	static const struct {
		const char *before;
		bool command;
	} cases[] = {
		{ "", true },
		{ "SELECT 1 ", true },
		{ "SELECT 'a", false },
		{ "SELECT 'a' ", true },
		{ "SELECT 'a'' ", false },
		{ "SELECT 'a''' ", true },
		{ "SELECT 'a\\' ", true },
		{ "SELECT E'a\\' ", false },
		{ "SELECT E'a\\\\' ", true },
		{ "SELECT e'a''\\' ", false },
		{ "SELECT E'a'\n'\\' ", false },
		{ "SELECT E'a' '\\' ", true },
		{ "SELECT E'a', '\\' ", true },
		{ "SELECT typE'\\' ", true },
		{ "SET standard_conforming_strings = off; SELECT 'a\\' ", false },
		{ "SET standard_conforming_strings = off; SET standard_conforming_strings = on; "
		  "SELECT 'a\\' ",
		  true },
		{ "SELECT \"a", false },
		{ "SELECT \"a'\" ", true },
		{ "SELECT \"a\"\"", false },
		{ "-- a ' ", false },
		{ "-- a '\n", true },
		{ "/* a ' ", false },
		{ "/* a /* b */ ", false },
		{ "/* a /* b */ */ ", true },
		{ "/*/ ", false },
		{ "SELECT 1-/* ' */ ", true },
		{ "SELECT $$ ' ", false },
		{ "SELECT $$ ' $$ ", true },
		{ "SELECT $a$ $$ $b$ ", false },
		{ "SELECT $a$ $$ $a $a$ ", true },
		{ "SELECT $a$ $a$a$ ", true },
		{ "SELECT $1'", false },
		{ "SELECT a$b$ ", true },
		{ "SELECT $1 ", true },
		{ "COPY t FROM stdin;\n", false },
		{ "COPY t (a, \"b c\") FROM stdin;\n1\t\\N\n\\.x\n\\. \n", false },
		{ "COPY t FROM stdin;\n1\n\\.\n", true },
		{ "COPY t FROM stdin;\r\n1\r\n\\.\r\n", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t piece = 1; piece < 9; piece += 3)
			if (finds_command(cases[i].before, piece) != cases[i].command)
				fail_msg("\"%s\" in pieces of %zu", cases[i].before, piece);
}

static void
scan_counts_rows_and_statements(void **state)
{
	static const char text[] = "-- Dumped from database version 15.6 (Debian 15.6-0)\n"
				   "-- Dumped by pg_dump version 16.1\n"
				   "CREATE SCHEMA s;\nCREATE TABLE s.\"T;\" (a int); ;\n"
				   "CREATE UNLOGGED TABLE b (x int);\n"
				   "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT "
				   "CASE WHEN true THEN 1 "
				   "END; END;\n"
				   "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC; END;\n"
				   "COPY s.\"T;\" (a) FROM stdin;\n1\n\n2\n\\.\n\n"
				   "COPY b FROM stdin;\n\\.\n"
				   "COPY s.\"T;\" (a) FROM stdin;\n3\n\\.\n"
				   "--\n-- PostgreSQL database dump complete\n--\n";

	(void)state;
	for (size_t piece = 1; piece < 300; piece += 37) {
		struct dump_scan *s = scan(text, piece);
		const struct dump_content *c = dump_scan_content(s);

		assert_null(c->problem);
		assert_true(c->complete);
		assert_int_equal(c->ends_line, 0);
		assert_int_equal(c->tables, 2);
		assert_int_equal(c->statements, 8);
		assert_int_equal(c->rows_count, 2);
		assert_string_equal(c->rows[0].name, "s.\"T;\"");
		assert_int_equal(c->rows[0].rows, 4);
		assert_string_equal(c->rows[1].name, "b");
		assert_int_equal(c->rows[1].rows, 0);
		assert_string_equal(c->server_version, "15.6");
		assert_string_equal(c->client_version, "16.1");
		dump_scan_free(s);
	}
}

static void
scan_finds_what_is_needed_and_what_ends_a_transaction(void **state)
{
	struct dump_scan *s =
		scan("ALTER TABLE \"a OWNER TO b\" OWNER TO \"c \"\"d\";\n"
		     "GRANT ALL ON TABLE t TO e WITH GRANT OPTION;\n"
		     "REVOKE ALL ON SCHEMA public FROM PUBLIC;\n"
		     "SET SESSION AUTHORIZATION DEFAULT;\n"
		     "SET SESSION AUTHORIZATION 'f';\n"
		     "SET default_tablespace = '';\nSET default_tablespace = fast;\n"
		     "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA public;\n"
		     "SELECT 'COMMIT;';\nDROP TABLE x;\n"
		     "PREPARE TRANSACTION 'x';\n\\restrict abc\n\\unrestrict abc\n",
		     7);
	const struct dump_content *c = dump_scan_content(s);

	(void)state;
	assert_string_equal(c->owners.items[0], "c \"d");
	assert_string_equal(c->owners.items[1], "f");
	assert_int_equal(c->owners.count, 2);
	assert_int_equal(c->grantees.count, 2);
	assert_string_equal(c->grantees.items[0], "e");
	assert_int_equal(c->tablespaces.count, 1);
	assert_string_equal(c->tablespaces.items[0], "fast");
	assert_string_equal(c->extensions.items[0], "uuid-ossp");
	assert_true(c->grants && c->drops && c->restricted);
	assert_false(c->complete);
	assert_null(c->problem);
	assert_int_equal(c->ends_line, 11);
	dump_scan_free(s);
}

static void
scan_of_marker_inside_of_data_is_not_complete(void **state)
{
	static const char *const texts[] = {
		"COPY t FROM stdin;\n-- PostgreSQL database dump complete\n",
		"SELECT '\n-- PostgreSQL database dump complete\n",
		"SELECT $$\n-- PostgreSQL database dump complete\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct dump_scan *s = scan(texts[i], 5);

		assert_false(dump_scan_content(s)->complete);
		dump_scan_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_takes_backslashes_for_what_psql_takes_them_for),
		cmocka_unit_test(scan_counts_rows_and_statements),
		cmocka_unit_test(scan_finds_what_is_needed_and_what_ends_a_transaction),
		cmocka_unit_test(scan_of_marker_inside_of_data_is_not_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
