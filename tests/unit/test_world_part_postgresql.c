#include "config.h"

#include "world/part/parts.h"

#include "fixture_parts.h"

#include "base/file.h"
#include "net/postgres/postgres.h"

enum { PORT = 5432, ADDRESS = 50 };

static struct fixture_parts *world;
static bool have_server;

static const char *const seed_sql =
	"CREATE TABLE organisation (id serial PRIMARY KEY, name text NOT NULL);\n"
	"INSERT INTO organisation (name) VALUES ('tetrate'), ('it''s'), ('third');\n"
	"CREATE TABLE audit_log (id int, time bigint);\n"
	"INSERT INTO audit_log SELECT i, 1700000000 + i FROM generate_series(1, 500) i;\n";

static void
need_server(void)
{
	if (have_server)
		return;
	print_message("skipped: PostgreSQL is not installed\n");
	skip();
}

static int
start_world(void **state)
{
	struct err e = ERR_INIT;
	char *sql, *element;

	(void)state;
	world = fixture_parts_new(1);
	sql = fixture_write(world->folder, "seed.sql", seed_sql);
	element = xasprintf(
		"{\"name\": \"config\", \"address\": %d, \"port\": %d,"
		" \"roles\": [{\"name\": \"tsb\", \"password\": \"o'ne\", \"createdb\": true},"
		"  {\"name\": \"reader\", \"password\": \"two\"}],"
		" \"databases\": [{\"name\": \"tsb\", \"owner\": \"tsb\", \"sql\": \"%s\"},"
		"  {\"name\": \"empty\", \"owner\": \"reader\"}]}",
		ADDRESS, PORT, sql);
	cJSON *value = fixture_json(element);
	have_server = parts_database(world->parts, value, &e) == 0;
	if (!have_server && e.kind != ERR_NOT_FOUND)
		fail_msg("%s", e.message);
	cJSON_Delete(value);
	free(element);
	free(sql);
	return 0;
}

static int
end_world(void **state)
{
	(void)state;
	fixture_parts_free(world);
	return 0;
}

static int
connect_at(int port, const char *password, const char *more, int64_t timeout_ms,
	   struct postgres **ret_pg, struct err *e)
{
	char *conninfo = xasprintf("host=%s%d port=%d user=tsb dbname=tsb %s", world->prefix,
				   ADDRESS, port, more);
	const struct postgres_options options = { .conninfo = conninfo,
						  .password = password,
						  .connect_timeout_ms = timeout_ms };
	int rc;

	need_server();
	rc = postgres_connect(&options, ret_pg, e);
	free(conninfo);
	return rc;
}

static struct postgres *
connect_operator(void)
{
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	if (connect_at(PORT, "o'ne", "", FIXTURE_WAIT_MS, &pg, &e) < 0)
		fail_msg("%s", e.message);
	return pg;
}

static int
door(void)
{
	char *address = NULL;
	int port = 0;
	struct err e = ERR_INIT;

	need_server();
	assert_int_equal(parts_database_door(world->parts, "config", &address, &port, &e), 0);
	assert_true(str_starts_with(address, world->prefix));
	free(address);
	return port;
}

/* The first value as a text. The caller frees. */
static char *
ask(struct postgres *pg, const char *sql)
{
	struct err e = ERR_INIT;
	cJSON *result = NULL;
	char *text;

	if (postgres_query(pg, sql, NULL, 0, 0, NULL, &result, &e) < 0)
		fail_msg("%s", e.message);
	text = json_text(json_at(result, "rows/0")->child);
	cJSON_Delete(result);
	return text;
}

static void
assert_answer(struct postgres *pg, const char *sql, const char *expected)
{
	char *text = ask(pg, sql);

	assert_string_equal(text, expected);
	free(text);
}

static void
parts_database_declared_servesWhatTheFileSays(void **state)
{
	struct postgres *pg = connect_operator();

	(void)state;
	assert_answer(pg, "SELECT count(*) FROM organisation", "3");
	assert_answer(pg,
		      "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'audit_log'",
		      "tsb");
	assert_answer(pg, "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'tsb'", "true");
	assert_answer(pg, "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'reader'", "false");
	assert_answer(pg, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'empty'",
		      "reader");
	assert_answer(pg, "SELECT host(inet_client_addr())", "127.0.0.1");
	postgres_free(pg);
}

static void
parts_database_declared_hasCertificateOfTheWorld(void **state)
{
	char *ca = fixture_write(world->folder, "ca.pem", authority_pem(world->root));
	char *more = xasprintf("sslmode=verify-full sslrootcert=%s", ca);
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	(void)state;
	if (connect_at(PORT, "o'ne", more, FIXTURE_WAIT_MS, &pg, &e) < 0)
		fail_msg("%s", e.message);
	assert_answer(pg, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "true");
	postgres_free(pg);
	free(more);
	free(ca);
}

static void
parts_database_wrongPassword_isDenied(void **state)
{
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(connect_at(PORT, "wrong", "", FIXTURE_WAIT_MS, &pg, &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
}

static void
parts_query_anyDatabase_isAnsweredAsSuperuser(void **state)
{
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	(void)state;
	need_server();
	if (parts_query(world->parts, "config", "tsb",
			"SELECT usesuper FROM pg_user WHERE usename = current_user", &result,
			&e) < 0)
		fail_msg("%s", e.message);
	assert_true(json_bool(result, "rows/0/usesuper", false));
	cJSON_Delete(result);
	assert_int_equal(parts_query(world->parts, "none", "tsb", "SELECT 1", &result, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static void
parts_change_passwordBySql_holdsForTheNextLogin(void **state)
{
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	(void)state;
	need_server();
	fixture_change(world, "database",
		       "{\"name\": \"config\", \"sql\": \"ALTER ROLE tsb PASSWORD 'new'\"}");
	assert_int_equal(connect_at(PORT, "o'ne", "", FIXTURE_WAIT_MS, &pg, &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	fixture_change(world, "database",
		       "{\"name\": \"config\", \"sql\": \"ALTER ROLE tsb PASSWORD 'o''ne'\"}");
	postgres_free(connect_operator());
}

static void
parts_change_badSql_saysWhere(void **state)
{
	cJSON *change =
		fixture_json("{\"name\": \"config\", \"of\": \"tsb\", \"sql\": \"SELECT 1; DROP "
			     "TABLE nothing\"}");
	struct err e = ERR_INIT;

	(void)state;
	need_server();
	assert_int_equal(parts_change(world->parts, "database", change, &e), -1);
	assert_non_null(strstr(e.message, "config"));
	assert_non_null(strstr(e.message, "\"nothing\" does not exist"));
	cJSON_Delete(change);
}

static void
parts_change_blocked_shutsActorsOutAndLetsTheOperatorIn(void **state)
{
	struct postgres *actor = NULL, *late = NULL, *operator;
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	(void)state;
	if (connect_at(door(), "o'ne", "", FIXTURE_WAIT_MS, &actor, &e) < 0)
		fail_msg("%s", e.message);
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"blocked\"}");
	assert_int_equal(connect_at(door(), "o'ne", "", 300, &late, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	postgres_set_limit(actor, 300);
	assert_int_equal(postgres_query(actor, "SELECT 1", NULL, 0, 0, NULL, &result, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	operator= connect_operator();
	assert_answer(operator, "SELECT count(*) FROM organisation", "3");
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"up\"}");
	postgres_free(actor);
	postgres_free(operator);
	if (connect_at(door(), "o'ne", "", FIXTURE_WAIT_MS, &late, &e) < 0)
		fail_msg("%s", e.message);
	postgres_free(late);
}

/* What hung behind a firewall goes on where it was, when that is opened again. */
static void *
open_soon(void *data)
{
	(void)data;
	poll(NULL, 0, 100);
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"up\"}");
	return NULL;
}

static void
parts_change_upAgain_hangingConnectionsGoOn(void **state)
{
	struct postgres *pg = NULL, *open;
	struct err e = ERR_INIT;
	pthread_t thread;

	(void)state;
	open = connect_operator();
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"silent\"}");
	pthread_create(&thread, NULL, open_soon, NULL);
	if (connect_at(PORT, "o'ne", "", FIXTURE_WAIT_MS, &pg, &e) < 0)
		fail_msg("%s", e.message);
	pthread_join(thread, NULL);
	assert_answer(pg, "SELECT 1", "1");
	assert_answer(open, "SELECT 2", "2");
	postgres_free(pg);
	postgres_free(open);
}

static void
parts_change_stopped_refusesAndKeepsTheData(void **state)
{
	struct postgres *pg = connect_operator();
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	(void)state;
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"stopped\"}");
	assert_int_equal(world->running, 0);
	assert_int_equal(postgres_query(pg, "SELECT 1", NULL, 0, 0, NULL, &result, &e), -1);
	postgres_free(pg);
	assert_int_equal(connect_at(PORT, "o'ne", "", FIXTURE_WAIT_MS, &pg, &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "refused"));
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"up\"}");
	pg = connect_operator();
	assert_answer(pg, "SELECT count(*) FROM audit_log", "500");
	postgres_free(pg);
}

static void
parts_change_cut_breaksSessions(void **state)
{
	struct postgres *pg = connect_operator();
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	(void)state;
	fixture_change(world, "database", "{\"name\": \"config\", \"cut\": true}");
	assert_int_equal(postgres_query(pg, "SELECT 1", NULL, 0, 0, NULL, &result, &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	postgres_free(pg);
	postgres_free(connect_operator());
}

static void
parts_change_killedServer_isToldAndStartsAgain(void **state)
{
	struct process_id before;
	struct postgres *pg;
	char *lost;

	(void)state;
	need_server();
	before = world->last;
	kill(before.pid, SIGKILL);
	lost = fixture_await_lost(world);
	assert_non_null(lost);
	assert_string_equal(lost, "postgresql-config ended by signal 9 (KILL)");
	free(lost);
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"up\"}");
	assert_int_not_equal(world->last.pid, before.pid);
	pg = connect_operator();
	assert_answer(pg, "SELECT count(*) FROM organisation", "3");
	postgres_free(pg);
}

static char *
dump(const char *more, struct str *text)
{
	char *path = xasprintf("%s/dump", world->folder);
	char *element = xasprintf("{\"database\": \"config\", \"of\": \"tsb\", %s}", more);
	cJSON *value = fixture_json(element);
	struct err e = ERR_INIT;

	need_server();
	if (parts_dump(world->parts, value, path, &e) < 0)
		fail_msg("%s", e.message);
	assert_int_equal(file_read(path, 1 << 20, text, &e), 0);
	cJSON_Delete(value);
	free(element);
	return path;
}

static void
parts_dump_whole_endsAsPgDumpEndsIt(void **state)
{
	struct str text = STR_INIT;
	char *path = dump("\"format\": \"plain\", \"truncated\": false", &text);
	struct stat st;

	(void)state;
	assert_non_null(strstr(str_cstr(&text), "COPY public.audit_log"));
	assert_non_null(strstr(str_cstr(&text), "-- PostgreSQL database dump complete"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	str_release(&text);
	free(path);
}

static void
parts_dump_truncated_endsInTheMiddle(void **state)
{
	struct str whole = STR_INIT, part = STR_INIT;

	(void)state;
	free(dump("\"format\": \"plain\"", &whole));
	free(dump("\"format\": \"plain\", \"truncated\": 0.25", &part));
	assert_true(part.len > 0 && part.len == whole.len / 4);
	assert_null(strstr(str_cstr(&part), "dump complete"));
	str_release(&part);
	free(dump("\"format\": \"plain\", \"truncated\": true", &part));
	assert_true(part.len > whole.len / 2 && part.len < whole.len);
	str_release(&part);
	str_release(&whole);
}

static void
parts_dump_customOfStoppedServer_isMadeAndItStaysStopped(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	need_server();
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"stopped\"}");
	free(dump("\"format\": \"custom\"", &text));
	assert_true(str_starts_with(str_cstr(&text), "PGDMP"));
	assert_int_equal(world->running, 0);
	fixture_change(world, "database", "{\"name\": \"config\", \"sql\": \"SELECT 1\"}");
	assert_int_equal(world->running, 0);
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"up\"}");
	str_release(&text);
}

static void
parts_dump_unknownDatabase_saysWhatPgDumpSays(void **state)
{
	cJSON *value = fixture_json("{\"database\": \"config\", \"of\": \"nothing\"}");
	char *path = xasprintf("%s/none", world->folder);
	struct err e = ERR_INIT;

	(void)state;
	need_server();
	assert_int_equal(parts_dump(world->parts, value, path, &e), -1);
	assert_non_null(strstr(e.message, "database \"nothing\" does not exist"));
	cJSON_Delete(value);
	free(path);
}

/* --- what cannot be started ------------------------------------------------------------------------- */

static void
parts_database_addressTaken_isNetError(void **state)
{
	struct err e;

	(void)state;
	need_server();
	e = fixture_start_fails(world, parts_database,
				"{\"name\": \"second\", \"address\": 50, \"port\": 5432}");
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "50:5432"));
}

static void
parts_database_brokenSql_namesTheFile(void **state)
{
	char *sql = fixture_write(world->folder, "broken.sql", "CREATE TABLE a (b nonsense);\n");
	char *element = xasprintf("{\"name\": \"broken\", \"address\": 51, \"databases\": "
				  "[{\"name\": \"x\", \"sql\": \"%s\"}]}",
				  sql);
	struct err e;

	(void)state;
	need_server();
	e = fixture_start_fails(world, parts_database, element);
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_non_null(strstr(e.message, "broken.sql"));
	assert_non_null(strstr(e.message, "type \"nonsense\" does not exist"));
	assert_int_equal(world->running, 1);
	free(element);
	free(sql);
}

static void
parts_database_cancelled_endsWhatItHasBegun(void **state)
{
	struct fixture_parts *f;
	struct err e;

	(void)state;
	need_server();
	f = fixture_parts_new(1);
	cancel_request(f->cancel);
	e = fixture_start_fails(f, parts_database,
				"{\"name\": \"never\", \"address\": 60, \"port\": 5432}");
	assert_int_equal(e.kind, ERR_CANCELLED);
	assert_int_equal(f->running, 0);
	fixture_parts_free(f);
}

static void
parts_database_foreignAddress_isSpecError(void **state)
{
	struct err e;

	(void)state;
	need_server();
	e = fixture_start_fails(world, parts_database,
				"{\"name\": \"away\", \"address\": \"127.0.0.1\"}");
	assert_int_equal(e.kind, ERR_SPEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_database_declared_servesWhatTheFileSays),
		cmocka_unit_test(parts_database_declared_hasCertificateOfTheWorld),
		cmocka_unit_test(parts_database_wrongPassword_isDenied),
		cmocka_unit_test(parts_query_anyDatabase_isAnsweredAsSuperuser),
		cmocka_unit_test(parts_change_passwordBySql_holdsForTheNextLogin),
		cmocka_unit_test(parts_change_badSql_saysWhere),
		cmocka_unit_test(parts_change_blocked_shutsActorsOutAndLetsTheOperatorIn),
		cmocka_unit_test(parts_change_upAgain_hangingConnectionsGoOn),
		cmocka_unit_test(parts_change_stopped_refusesAndKeepsTheData),
		cmocka_unit_test(parts_change_cut_breaksSessions),
		cmocka_unit_test(parts_change_killedServer_isToldAndStartsAgain),
		cmocka_unit_test(parts_dump_whole_endsAsPgDumpEndsIt),
		cmocka_unit_test(parts_dump_truncated_endsInTheMiddle),
		cmocka_unit_test(parts_dump_customOfStoppedServer_isMadeAndItStaysStopped),
		cmocka_unit_test(parts_dump_unknownDatabase_saysWhatPgDumpSays),
		cmocka_unit_test(parts_database_addressTaken_isNetError),
		cmocka_unit_test(parts_database_brokenSql_namesTheFile),
		cmocka_unit_test(parts_database_cancelled_endsWhatItHasBegun),
		cmocka_unit_test(parts_database_foreignAddress_isSpecError),
	};

	return cmocka_run_group_tests(tests, start_world, end_world);
}
