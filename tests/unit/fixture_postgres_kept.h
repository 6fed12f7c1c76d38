#ifndef LIFEBOAT_TESTS_FIXTURE_POSTGRES_KEPT_H
#define LIFEBOAT_TESTS_FIXTURE_POSTGRES_KEPT_H

/*
 * A PostgreSQL with a table "kept" of five rows (n, name), made anew for each target, and a role "reader" that
 * may not read the system identifier.
 */

#include "fixture_executor.h"
#include "fixture_postgres.h"
#include "net/postgres/postgres.h"

static struct fixture_postgres server;
static bool have_server;

/* A connection of the test's own. */
static inline struct postgres *
connect_beside(void)
{
	struct postgres_options options = { .conninfo = server.conninfo };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	if (postgres_connect(&options, &pg, &e) < 0)
		fail_msg("%s", e.message);
	return pg;
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
ask(const char *sql)
{
	struct postgres *pg = connect_beside();
	char *text = ask_with(pg, sql);

	postgres_free(pg);
	return text;
}

static inline void
assert_sql(const char *sql, const char *wanted)
{
	char *text = ask(sql);

	assert_string_equal(text, wanted);
	free(text);
}

static inline void
need_server(void)
{
	if (have_server)
		return;
	print_message("skipped: no PostgreSQL server is installed\n");
	skip();
}

static inline void
with_target(struct stand *s, int port, const char *user)
{
	need_server();
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

static inline void
with_server(struct stand *s)
{
	with_target(s, server.port, "lifeboat");
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

static inline int
start_server(void **state)
{
	(void)state;
	have_server = fixture_postgres_start(&server);
	if (!have_server)
		return 0;
	free(ask("CREATE ROLE reader LOGIN"));
	free(ask("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"));
	return 0;
}

static inline int
stop_server(void **state)
{
	(void)state;
	fixture_postgres_stop(&server);
	return 0;
}

#endif
