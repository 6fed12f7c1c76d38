#ifndef LIFEBOAT_TESTS_FIXTURE_RESTORE_H
#define LIFEBOAT_TESTS_FIXTURE_RESTORE_H

/*
 * A PostgreSQL with a database "src" (two schemas, a foreign key, sequences, an owner role, grants, an extension),
 * its dumps in all formats, and an empty database to restore into for each test.
 */

#include "fixture_executor.h"
#include "fixture_postgres.h"
#include "net/postgres/postgres.h"

static struct fixture_postgres server;
static bool have_server;
static char *dumps;			   /* the folder of the dumps */
static char *plain, *custom, *folder_dump; /* their paths */
static char *plain_text;

enum { USERS = 300, ORDERS = 6000 };

static inline struct postgres *
connect_to(const char *database)
{
	struct postgres_options options = { .conninfo = server.conninfo, .database = database };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	if (postgres_connect(&options, &pg, &e) < 0)
		fail_msg("%s", e.message);
	return pg;
}

/* Starts a server again that was stopped. */
static inline void
fixture_postgres_again(struct fixture_postgres *p)
{
	char *program = xasprintf("%s/postgres", postgres_programs());
	char *data = xasprintf("%s/data", p->folder), *log = xasprintf("%s/log", p->folder);
	char *port = xasprintf("%d", p->port);
	const char *argv[] = { program,
			       "-D",
			       data,
			       "-p",
			       port,
			       "-c",
			       "listen_addresses=127.0.0.1",
			       "-c",
			       "unix_socket_directories=",
			       "-c",
			       "fsync=off",
			       NULL };
	struct postgres_options options = { .conninfo = p->conninfo };
	int64_t until_ms = clock_mono_ms() + 60000;
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	p->pid = fixture_spawn(argv, log);
	while (postgres_connect(&options, &pg, &e) < 0 && clock_mono_ms() < until_ms)
		fixture_pause();
	if (!pg)
		fail_msg("%s", e.message);
	postgres_free(pg);
	free(port);
	free(log);
	free(data);
	free(program);
}

static inline char *
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

static inline char *
ask(const char *database, const char *sql)
{
	struct postgres *pg = connect_to(database);
	char *text = ask_with(pg, sql);

	postgres_free(pg);
	return text;
}

static inline void
assert_sql(const char *database, const char *sql, const char *wanted)
{
	char *text = ask(database, sql);

	assert_string_equal(text, wanted);
	free(text);
}

static inline void
run_program(const char *const *argv)
{
	char *log = xasprintf("%s/log", server.folder);

	if (!fixture_run(argv, log))
		fail_msg("%s failed", argv[0]);
	free(log);
}

static inline char *
make_dump(const char *format, const char *name)
{
	char *program = xasprintf("%s/pg_dump", postgres_programs());
	char *path = xasprintf("%s/%s", dumps, name), *port = xasprintf("%d", server.port);
	const char *argv[] = { program, "-h",	"127.0.0.1", "-p", port,  "-U", "lifeboat",
			       "-F",	format, "-f",	     path, "src", NULL };

	run_program(argv);
	free(program);
	free(port);
	return path;
}

static inline char *
read_text(const char *path)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	if (file_read(path, 64 << 20, &text, &e) < 0)
		fail_msg("%s", e.message);
	return str_take(&text);
}

/* The plain dump with one piece of text replaced, as a file of its own. The caller frees the path. */
static inline char *
plain_with(const char *name, const char *old, const char *new)
{
	const char *at = strstr(plain_text, old);
	struct str text = STR_INIT;
	char *path;

	if (!at)
		fail_msg("the dump lacks \"%s\"", old);
	str_append_bytes(&text, plain_text, (size_t)(at - plain_text));
	str_append(&text, new);
	str_append(&text, at + strlen(old));
	path = fixture_write(dumps, name, text.data);
	str_release(&text);
	return path;
}

/* With a statement right before its end. */
static inline char *
plain_and(const char *name, const char *statement)
{
	char *new = xasprintf("%s\n\n--\n-- PostgreSQL database dump complete", statement);
	char *path = plain_with(name, "--\n-- PostgreSQL database dump complete", new);

	free(new);
	return path;
}

/* The first bytes of a file, as one of its own. */
static inline char *
cut_off(const char *path, const char *name, double part)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	char *cut = xasprintf("%s/%s", dumps, name);

	if (file_read(path, 64 << 20, &text, &e) < 0 ||
	    file_write_atomic(cut, text.data, (size_t)((double)text.len * part), 0600, &e) < 0)
		fail_msg("%s", e.message);
	str_release(&text);
	return cut;
}

static inline void
make_source(void)
{
	static const char *const statements[] = {
		"CREATE EXTENSION pgcrypto",
		"CREATE SCHEMA s2",
		"CREATE TABLE public.users (id serial PRIMARY KEY, name text, at timestamptz "
		"DEFAULT now() - interval '1 hour')",
		"CREATE TABLE s2.\"Or ders\" (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY "
		"KEY, "
		"u int REFERENCES public.users, note text)",
		"INSERT INTO public.users (name) SELECT 'u\\' || g || E'\\n\\\\.\\n' FROM "
		"generate_series(1, 300) AS g",
		"INSERT INTO s2.\"Or ders\" (u, note) SELECT 1 + g % 300, repeat('x', 100) FROM "
		"generate_series(1, 6000) AS g",
		"CREATE INDEX ON s2.\"Or ders\" (u)",
		"ALTER TABLE public.users OWNER TO app",
		"GRANT SELECT ON s2.\"Or ders\" TO reader",
		"CREATE FUNCTION public.f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT "
		"CASE WHEN true THEN 1 END; END",
		"CREATE FUNCTION public.g() RETURNS text LANGUAGE sql AS $x$ SELECT '\\! $y$ "
		"$x'::text "
		"$x$",
		"ANALYZE",
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		free(ask("src", statements[i]));
}

static inline int
start_world(void **state)
{
	struct postgres_options options = { 0 };
	struct postgres *pg = NULL;
	int64_t until_ms;
	struct err e;

	(void)state;
	have_server = fixture_postgres_start(&server);
	if (!have_server)
		return 0;
	options.conninfo = server.conninfo;
	until_ms = clock_mono_ms() + 5000;
	while (postgres_connect(&options, &pg, &e) < 0 && clock_mono_ms() < until_ms)
		fixture_pause();
	postgres_free(pg);
	dumps = fixture_folder();
	fixture_give(dumps);
	free(ask("postgres", "CREATE ROLE app"));
	free(ask("postgres", "CREATE ROLE reader"));
	free(ask("postgres", "CREATE ROLE other"));
	free(ask("postgres", "CREATE ROLE poor LOGIN"));
	free(ask("postgres", "CREATE ROLE locked LOGIN SUPERUSER PASSWORD 'se:cr\\et 1'"));
	free(ask("postgres", "CREATE DATABASE src"));
	make_source();
	plain = make_dump("p", "plain.sql");
	custom = make_dump("c", "custom.dump");
	folder_dump = make_dump("d", "folder");
	plain_text = read_text(plain);
	return 0;
}

static inline int
stop_world(void **state)
{
	(void)state;
	if (!have_server)
		return 0;
	fixture_postgres_stop(&server);
	fixture_remove(dumps);
	free(plain);
	free(custom);
	free(folder_dump);
	free(plain_text);
	return 0;
}

/* An empty database "dst", and a stand whose target is the server. */
static inline void
with_restore(struct stand *s)
{
	if (!have_server) {
		print_message("skipped: no PostgreSQL server is installed\n");
		skip();
	}
	free(ask("postgres", "DROP DATABASE IF EXISTS dst WITH (FORCE)"));
	free(ask("postgres", "CREATE DATABASE dst"));
	stand_init(s);
	s->ctx.run_folder = dumps;
	s->ctx.deadline_ms = clock_mono_ms() + 60000; /* a test that waits in vain fails */
	stand_target(s, &target_postgresql,
		     "{\"conninfo\":\"host=127.0.0.1 port=%d user=lifeboat dbname=postgres\"}",
		     server.port);
}

/* `more`: further arguments, each with a comma before it. */
static inline void
set_action(struct stand *s, const char *dump, const char *more)
{
	stand_action(s, &step_postgresql_restore, "{\"dump\":\"%s\",\"database\":\"dst\"%s}", dump,
		     more);
}

static inline char *
preview_of(struct stand *s)
{
	char *text = stand_preview(s, NULL);

	if (!text)
		fail_msg("%s", s->e.message);
	return text;
}

static inline void
preview_fails(struct stand *s, enum err_kind kind, const char *says)
{
	char *text = stand_preview(s, NULL);

	if (text)
		fail_msg("no error, but: %s", text);
	assert_says(s->e.message, says);
	assert_int_equal(s->e.kind, kind);
}

static inline void
previewed(struct stand *s, const char *dump, const char *more)
{
	set_action(s, dump, more);
	free(preview_of(s));
}

static inline enum probe_verdict
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

#endif
