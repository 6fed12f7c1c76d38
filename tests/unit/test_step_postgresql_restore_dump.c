#include "config.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "fixture_restore.h"
#include "step/restore/step_postgresql_restore_dump.h"

/* ---- dumps that are refused, before anything is touched ---- */

static void
assert_refused(struct stand *s, const char *path, enum err_kind kind, const char *says)
{
	set_action(s, path, "");
	preview_fails(s, kind, says);
	assert_null(s->seen);
}

/* A file of data in the folder dump; the caller frees. */
static char *
data_file(void)
{
	DIR *folder = opendir(folder_dump);
	const struct dirent *entry;
	char *path = NULL;

	while (!path && (entry = readdir(folder)))
		if (str_ends_with(entry->d_name, ".dat.gz"))
			path = xasprintf("%s/%s", folder_dump, entry->d_name);
	closedir(folder);
	return path;
}

static void
preview_of_dump_that_is_cut_off_is_refused(void **state)
{
	static const double parts[] = { 0.3, 0.6, 0.95, 0.999 };
	struct stand s;
	char *cut, *data;

	(void)state;
	with_restore(&s);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		cut = cut_off(plain, "cut.sql", parts[i]);
		assert_refused(&s, cut, ERR_SPEC, "is not whole: it ends in line ");
		free(cut);
		cut = cut_off(custom, "cut.dump", parts[i]);
		assert_refused(&s, cut, ERR_SPEC, "end of file");
		free(cut);
	}
	cut = cut_off(custom, "head.dump", 0.01);
	assert_refused(&s, cut, ERR_SPEC, "table of contents");
	free(cut);
	data = data_file();
	cut = xasprintf("%s.kept", data);
	assert_int_equal(rename(data, cut), 0);
	assert_refused(&s, folder_dump, ERR_SPEC, "could not open input file");
	assert_int_equal(rename(cut, data), 0);
	free(cut);
	free(data);
	stand_release(&s);
}

static void
preview_of_what_is_no_dump_is_refused(void **state)
{
	char tar[1024] = "toc.dat";
	struct stand s;
	struct err e;
	char *path;

	(void)state;
	with_restore(&s);
	const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "is empty" },
		{ "SELECT 1;\n", "is no dump of pg_dump" },
		{ "\x1f\x8b\x08 and so on", "Unpack it first (gunzip -k)" },
		{ "--\n-- PostgreSQL database cluster dump\n--\n", "made by pg_dumpall" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = fixture_write(dumps, "other", cases[i].text);
		assert_refused(&s, path, ERR_SPEC, cases[i].says);
		free(path);
	}
	memcpy(tar + 257, "ustar", 5);
	path = xasprintf("%s/other", dumps);
	assert_int_equal(file_write_atomic(path, tar, sizeof(tar), 0600, &e), 0);
	assert_refused(&s, path, ERR_SPEC, "is a tar file");
	free(path);
	path = xasprintf("%s/data", server.folder);
	assert_refused(&s, path, ERR_SPEC, "has no toc.dat");
	free(path);
	assert_refused(&s, "/nonexistent/dump", ERR_NOT_FOUND,
		       "there is no dump /nonexistent/dump");
	assert_refused(&s, "/dev/null", ERR_SPEC, "neither a file nor a folder");
	stand_release(&s);
}

static void
preview_of_newer_dump_is_refused_with_versions(void **state)
{
	struct str bytes = STR_INIT;
	struct stand s;
	struct err e;
	char *path, *version;

	(void)state;
	with_restore(&s);
	version = ask("dst", "SELECT 'server is ' || split_part(current_setting('server_version'), "
			     "' ', 1)");
	path = xasprintf("%s/newer.dump", dumps);
	assert_int_equal(file_read(custom, 64 << 20, &bytes, &e), 0);
	bytes.data[6] = 99; /* the minor version of the format */
	assert_int_equal(file_write_atomic(path, bytes.data, bytes.len, 0600, &e), 0);
	assert_refused(&s, path, ERR_CONFLICT, "of a newer pg_dump than pg_restore ");
	assert_says(s.e.message, "1.99");
	str_release(&bytes);
	free(path);
	path = plain_with("newer.sql", "Dumped from database version ",
			  "Dumped from database version 9");
	assert_refused(&s, path, ERR_CONFLICT, "an older server does not take the dump of a newer");
	assert_says(s.e.message, version);
	free(path);
	path = plain_with("newer.sql", "Dumped by pg_dump version ", "Dumped by pg_dump version 9");
	assert_refused(&s, path, ERR_CONFLICT, "was made by pg_dump 9");
	assert_says(s.e.message, "psql here is ");
	free(path);
	free(version);
	stand_release(&s);
}

static void
preview_of_dump_with_commands_is_refused(void **state)
{
	static const struct {
		const char *statement, *says;
	} cases[] = {
		{ "\\! touch /tmp/x", "has the psql command \\! touch" },
		{ "SELECT 1 \\g |sh", "has the psql command \\g |sh" },
		{ "\\copy t from program 'id'", "has the psql command \\copy" },
		{ "SELECT E'\\'';\n\\i /etc/passwd", "has the psql command \\i /etc/passwd" },
		{ "COPY public.users FROM PROGRAM 'id';", "a COPY that does not read the dump" },
		{ "COPY public.users TO '/tmp/x';", "a COPY that does not read the dump" },
		{ "CREATE DATABASE other;", "makes a database of its own" },
		{ "\\connect other", "leads to another database" },
	};
	struct stand s;
	char *path;

	(void)state;
	with_restore(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = plain_and("evil.sql", cases[i].statement);
		assert_refused(&s, path, ERR_SPEC, cases[i].says);
		free(path);
	}
	stand_release(&s);
}

/* psql is told itself, too, where it knows how. */
static void
restore_of_plain_dump_without_restrict_gets_one(void **state)
{
	struct stand s;
	char *line, *path, *text;

	(void)state;
	with_restore(&s);
	line = strstr(plain_text, "\\restrict ");
	if (!line || !psql_knows_restrict("15.14")) {
		stand_release(&s);
		return;
	}
	line = xstrndup(line, strcspn(line, "\n"));
	path = plain_with("free.sql", line, "");
	text = read_text(path);
	free(line);
	line = strstr(text, "\\unrestrict ");
	*line = '-';
	line[1] = '-';
	free(fixture_write(dumps, "free.sql", text));
	free(text);
	set_action(&s, path, "");
	text = preview_of(&s);
	assert_says(text, "--command=\\restrict ");
	free(text);
	assert_ran(&s);
	assert_sql("dst", "SELECT public.g()", "\\! $y$ $x");
	free(path);
	stand_release(&s);
}

static void
psql_knows_restrict_by_its_version(void **state)
{
	(void)state;
	assert_false(psql_knows_restrict("15.13"));
	assert_true(psql_knows_restrict("15.14"));
	assert_false(psql_knows_restrict("16.9"));
	assert_true(psql_knows_restrict("17.6 (Debian)"));
	assert_false(psql_knows_restrict("12.99"));
	assert_true(psql_knows_restrict("18.0"));
	assert_true(psql_knows_restrict("18beta1"));
	assert_false(psql_knows_restrict("?"));
}

/* ---- targets that are not ready ---- */

static void
preview_names_all_that_the_server_lacks(void **state)
{
	struct stand s;
	char *path;

	(void)state;
	with_restore(&s);
	path = plain_and("needs.sql", "ALTER TABLE public.users OWNER TO ghost;\n"
				      "GRANT SELECT ON TABLE public.users TO \"Odd \"\"One\";\n"
				      "GRANT SELECT ON TABLE public.users TO PUBLIC;\n"
				      "CREATE EXTENSION IF NOT EXISTS nosuch WITH SCHEMA public;\n"
				      "SET default_tablespace = fast;\n"
				      "ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA public "
				      "GRANT SELECT ON TABLES  TO taker;");
	assert_refused(&s, path, ERR_CONFLICT, "is not ready for it: the server lacks the roles: ");
	assert_says(s.e.message, "ghost, maker, Odd \"One, taker");
	assert_says(s.e.message, "no such extensions to install: nosuch");
	assert_says(s.e.message, "no such tablespaces: fast");
	free(path);
	set_action(&s, custom, ",\"owner\":\"nobody at all\"");
	preview_fails(&s, ERR_CONFLICT, "lacks the roles: nobody at all");
	stand_release(&s);
}

static void
preview_without_rights_or_server_says_so(void **state)
{
	struct stand s;

	(void)state;
	with_restore(&s);
	stand_target(&s, &target_postgresql,
		     "{\"conninfo\":\"host=127.0.0.1 port=%d user=poor dbname=postgres\"}",
		     server.port);
	assert_refused(&s, custom, ERR_CONFLICT, "role poor may not make schemas and extensions");
	assert_says(s.e.message, "owns what the dump holds");
	stand_target(&s, &target_postgresql,
		     "{\"conninfo\":\"host=127.0.0.1 port=%d user=locked dbname=postgres\","
		     "\"password\":\"not that one\"}",
		     server.port);
	assert_refused(&s, custom, ERR_DENIED, "28P01");
	stand_target(&s, &target_postgresql,
		     "{\"conninfo\":\"host=127.0.0.1 port=%d user=lifeboat sslpassword=x\"}",
		     server.port);
	assert_refused(&s, custom, ERR_SPEC, "holds a password (`sslpassword`)");
	stand_target(&s, &target_postgresql, "{\"conninfo\":\"host=127.0.0.1 port=%d\"}",
		     fixture_free_port());
	assert_refused(&s, custom, ERR_NET, "connecting to PostgreSQL at 127.0.0.1");
	stand_release(&s);
}

static void
cancel_at_once(struct stand *s)
{
	cancel_request(s->cancel);
}

static void
preview_that_is_cancelled_ends_at_once(void **state)
{
	const char *paths[] = { plain, custom };
	struct stand s;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		with_restore(&s);
		cancel_at_once(&s);
		set_action(&s, paths[i], "");
		assert_null(stand_preview(&s, NULL));
		assert_int_equal(s.e.kind, ERR_CANCELLED);
		stand_release(&s);
	}
}

static void
ready_names_the_program_of_the_dump(void **state)
{
	struct stand s;
	char *what;

	(void)state;
	with_restore(&s);
	const struct {
		const char *path, *what;
	} cases[] = {
		{ plain, "command psql" },
		{ custom, "command pg_restore" },
		{ folder_dump, "command pg_restore" },
		{ "/nonexistent/later", "commands psql and pg_restore" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_action(&s, cases[i].path, "");
		assert_int_equal(step_postgresql_restore.ready(&s.ctx, &s.action, &what, &s.e), 0);
		assert_string_equal(what, cases[i].what);
		free(what);
	}
	stand_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preview_of_dump_that_is_cut_off_is_refused),
		cmocka_unit_test(preview_of_what_is_no_dump_is_refused),
		cmocka_unit_test(preview_of_newer_dump_is_refused_with_versions),
		cmocka_unit_test(preview_of_dump_with_commands_is_refused),
		cmocka_unit_test(restore_of_plain_dump_without_restrict_gets_one),
		cmocka_unit_test(psql_knows_restrict_by_its_version),
		cmocka_unit_test(preview_names_all_that_the_server_lacks),
		cmocka_unit_test(preview_without_rights_or_server_says_so),
		cmocka_unit_test(preview_that_is_cancelled_ends_at_once),
		cmocka_unit_test(ready_names_the_program_of_the_dump),
	};

	return cmocka_run_group_tests(tests, start_world, stop_world);
}
