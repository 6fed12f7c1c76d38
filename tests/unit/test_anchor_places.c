#include "config.h"

#include "cli/anchors.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "fixture_postgres.h"

#define HEAD "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct fixture_postgres server;
static bool have_server;

static const struct anchor_head head = {
	.run_id = "20261121T140732-7f3a",
	.seq = 12,
	.hash = HEAD,
	.ts_ms = 1795270052118,
	.type = "intent",
};

/* ---- words ---- */

static void
refuses(const char *word, const char *says)
{
	const char *words[] = { word, NULL };
	struct anchor_place *places = NULL;
	size_t count = 0;
	struct err e = ERR_INIT;

	assert_int_equal(anchor_places_open(words, NULL, &places, &count, &e), -1);
	assert_int_equal(e.kind, ERR_USAGE);
	if (!strstr(e.message, says))
		fail_msg("\"%s\" does not say \"%s\"", e.message, says);
	assert_null(strstr(e.message, "s3cret"));
}

static void
anchor_places_open_wrong_words_are_refused(void **state)
{
	(void)state;
	refuses("sislog", "sislog is not known");
	refuses("", "is not known");
	refuses("syslog:relative", "relative is not the path of a socket");
	refuses("postgresql", "no conninfo");
	refuses("postgresql:", "no conninfo");
	refuses("postgresql:evidence s3cret", "no conninfo");
	refuses("postgresql:host=db9 password=s3cret", "a password on a command line");
	refuses("postgresql://ana:s3cret@db9/evidence", "a password on a command line");
}

static void
free_places(struct anchor_place *places, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		places[i].close(places[i].data);
		free(places[i].name);
	}
	free(places);
}

static void
anchor_places_open_words_and_environment_are_added(void **state)
{
	const char *words[] = { "syslog", "postgresql:service=evidence", NULL };
	struct anchor_place *places = NULL;
	size_t count = 0;
	struct err e = ERR_INIT;

	(void)state;
	setenv("LIFEBOAT_ANCHORS", " syslog:/run/log \t postgresql://db9/evidence ", 1);
	assert_int_equal(anchor_places_open(words, NULL, &places, &count, &e), 0);
	assert_int_equal(count, 4);
	assert_string_equal(places[0].name, "syslog");
	assert_string_equal(places[1].name, "postgresql by service evidence");
	assert_string_equal(places[2].name, "syslog at /run/log");
	assert_string_equal(places[3].name, "postgresql at db9");
	free_places(places, count);
	setenv("LIFEBOAT_ANCHORS", "carrier-pigeon", 1);
	refuses("syslog", "LIFEBOAT_ANCHORS: --anchor carrier-pigeon is not known");
	unsetenv("LIFEBOAT_ANCHORS");
}

/* ---- syslog ---- */

static struct anchor_place
open_place(const char *word)
{
	const char *words[] = { word, NULL };
	struct anchor_place *places = NULL;
	size_t count = 0;
	struct err e = ERR_INIT;

	if (anchor_places_open(words, NULL, &places, &count, &e) < 0)
		fail_msg("%s", e.message);
	assert_int_equal(count, 1);
	struct anchor_place place = places[0];
	free(places);
	return place;
}

static void
close_place(struct anchor_place *place)
{
	place->close(place->data);
	free(place->name);
}

static int
listen_at(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void
check_line(const char *line)
{
	const char *tail = strstr(line, "]: ");

	assert_memory_equal(line, "<13>", 4);
	assert_non_null(strstr(line, " lifeboat["));
	assert_non_null(tail);
	assert_string_equal(tail + 3, "run=20261121T140732-7f3a seq=12 type=intent "
				      "time=2026-11-21T14:07:32.118Z head=" HEAD);
}

static void
syslog_put_either_kind_of_socket_gets_the_line(void **state)
{
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *folder = fixture_folder(), *path = xasprintf("%s/log", folder);
		char *word = xasprintf("syslog:%s", path), line[512] = "";
		struct anchor_place place = open_place(word);
		struct err e = ERR_INIT;

		assert_int_equal(place.put(place.data, &head, NULL, &e), -1);
		assert_non_null(strstr(e.message, path));
		int fd = listen_at(path, types[i]);
		assert_int_equal(place.put(place.data, &head, NULL, &e), 0);
		int from = types[i] == SOCK_STREAM ? accept(fd, NULL, NULL) : fd;
		assert_true(recv(from, line, sizeof(line) - 1, 0) > 0);
		check_line(line);
		if (from != fd)
			close(from);
		close(fd);
		close_place(&place);
		free(word);
		free(path);
		fixture_remove(folder);
	}
}

/* ---- PostgreSQL ---- */

static PGconn *
connect_as(const char *role)
{
	char *conninfo =
		xasprintf("host=127.0.0.1 port=%d user=%s dbname=postgres", server.port, role);
	int64_t until_ms = clock_mono_ms() + 5000;
	PGconn *conn = PQconnectdb(conninfo);

	while (PQstatus(conn) != CONNECTION_OK) {
		if (clock_mono_ms() > until_ms)
			fail_msg("%s", PQerrorMessage(conn));
		fixture_pause();
		PQreset(conn);
	}
	free(conninfo);
	return conn;
}

static void
must(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(result);
}

static void
may_not(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (!str_equal(sqlstate, "42501"))
		fail_msg("%s: %s", sql, sqlstate ? PQerrorMessage(conn) : "was allowed");
	PQclear(result);
}

/* The first column of the first row. */
static char *
ask(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) == 0)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	char *value = xstrdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return value;
}

static void
check_answer(PGconn *conn, const char *sql, const char *expected)
{
	char *value = ask(conn, sql);

	assert_string_equal(value, expected);
	free(value);
}

/* The schema as it is shipped, and a writer. */
static void
need_table(void)
{
	struct str schema = STR_INIT;
	struct err e = ERR_INIT;

	if (!have_server) {
		print_message("skipped: no PostgreSQL server is installed\n");
		skip();
	}
	PGconn *conn = connect_as("lifeboat");
	must(conn, "DROP TABLE IF EXISTS lifeboat_anchor");
	assert_int_equal(file_read(SRCDIR "/share/anchor.sql", 1 << 20, &schema, &e), 0);
	must(conn, str_cstr(&schema));
	must(conn, "DROP ROLE IF EXISTS ana");
	must(conn, "CREATE ROLE ana LOGIN; GRANT lifeboat_anchor_writer TO ana");
	PQfinish(conn);
	str_release(&schema);
}

static struct anchor_place
open_writer(void)
{
	char *word = xasprintf("postgresql:host=127.0.0.1 port=%d user=ana dbname=postgres",
			       server.port);
	struct anchor_place place = open_place(word);

	free(word);
	return place;
}

static void
postgresql_put_writer_leaves_a_row(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	need_table();
	struct anchor_place place = open_writer();
	assert_string_equal(place.name, "postgresql at 127.0.0.1");
	for (int i = 0; i < 2; i++)
		if (place.put(place.data, &head, NULL, &e) < 0)
			fail_msg("%s", e.message);
	close_place(&place);
	PGconn *conn = connect_as("lifeboat");
	check_answer(conn, "SELECT count(*) FROM lifeboat_anchor", "2");
	check_answer(
		conn,
		"SELECT run || ' ' || seq || ' ' || type || ' ' || head || ' ' || recorded_by || "
		"' ' || host(recorded_from) FROM lifeboat_anchor",
		"20261121T140732-7f3a 12 intent " HEAD " ana 127.0.0.1");
	check_answer(conn,
		     "SELECT at = '2026-11-21T14:07:32.118Z' AND recorded_at > now() - interval "
		     "'1 minute' FROM lifeboat_anchor",
		     "t");
	PQfinish(conn);
}

static void
postgresql_schema_writer_may_insert_and_nothing_else(void **state)
{
	(void)state;
	need_table();
	PGconn *conn = connect_as("ana");
	must(conn, "INSERT INTO lifeboat_anchor (run, seq, type, at, head) VALUES "
		   "('r', 1, 'run', now(), '" HEAD "')");
	may_not(conn, "SELECT * FROM lifeboat_anchor");
	may_not(conn, "SELECT head FROM lifeboat_anchor");
	may_not(conn, "UPDATE lifeboat_anchor SET head = '" HEAD "'");
	may_not(conn, "DELETE FROM lifeboat_anchor");
	may_not(conn, "TRUNCATE lifeboat_anchor");
	may_not(conn, "DROP TABLE lifeboat_anchor");
	may_not(conn, "ALTER TABLE lifeboat_anchor DISABLE TRIGGER ALL");
	may_not(conn, "INSERT INTO lifeboat_anchor (run, seq, type, at, head, recorded_at) VALUES "
		      "('r', 1, 'run', now(), '" HEAD "', now())");
	may_not(conn, "INSERT INTO lifeboat_anchor (run, seq, type, at, head, recorded_by) VALUES "
		      "('r', 1, 'run', now(), '" HEAD "', 'ben')");
	may_not(conn,
		"INSERT INTO lifeboat_anchor (id, run, seq, type, at, head) OVERRIDING SYSTEM "
		"VALUE VALUES (1, 'r', 1, 'run', now(), '" HEAD "')");
	may_not(conn, "INSERT INTO lifeboat_anchor (run, seq, type, at, head) VALUES "
		      "('r', 1, 'run', now(), '" HEAD "') ON CONFLICT (id) DO UPDATE SET seq = 2");
	PQfinish(conn);
	conn = connect_as("lifeboat");
	check_answer(conn, "SELECT count(*) FROM lifeboat_anchor", "1");
	PQfinish(conn);
}

static void
postgresql_put_without_the_right_says_so(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	need_table();
	PGconn *conn = connect_as("lifeboat");
	must(conn, "REVOKE lifeboat_anchor_writer FROM ana");
	PQfinish(conn);
	struct anchor_place place = open_writer();
	assert_int_equal(place.put(place.data, &head, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_non_null(strstr(e.message, "lifeboat_anchor"));
	close_place(&place);
}

/* Asks for a cancel as soon as the writer waits for a lock; tells when. */
struct impatience {
	struct cancel *cancel;
	int64_t asked_ms;
};

static void *
cancel_waiting_writer(void *data)
{
	struct impatience *impatience = data;
	PGconn *conn = connect_as("lifeboat");
	bool waits = false;

	while (!waits) {
		char *count = ask(conn, "SELECT count(*) FROM pg_stat_activity "
					"WHERE usename = 'ana' AND wait_event_type = 'Lock'");

		waits = str_equal(count, "1");
		free(count);
		fixture_pause();
	}
	PQfinish(conn);
	impatience->asked_ms = clock_mono_ms();
	cancel_request(impatience->cancel);
	return NULL;
}

static void
postgresql_put_table_is_locked_a_cancel_ends_it(void **state)
{
	struct impatience impatience = { .cancel = cancel_new() };
	struct err e = ERR_INIT;
	pthread_t thread;

	(void)state;
	need_table();
	PGconn *conn = connect_as("lifeboat");
	must(conn, "BEGIN");
	must(conn, "LOCK TABLE lifeboat_anchor IN ACCESS EXCLUSIVE MODE");
	struct anchor_place place = open_writer();
	assert_int_equal(pthread_create(&thread, NULL, cancel_waiting_writer, &impatience), 0);
	assert_int_equal(place.put(place.data, &head, impatience.cancel, &e), -1);
	int64_t ended_ms = clock_mono_ms();
	pthread_join(thread, NULL);
	assert_int_equal(e.kind, ERR_CANCELLED);
	assert_true(ended_ms - impatience.asked_ms < 1000);
	must(conn, "ROLLBACK");
	PQfinish(conn);
	e = (struct err)ERR_INIT;
	if (place.put(place.data, &head, NULL, &e) < 0)
		fail_msg("%s", e.message);
	close_place(&place);
	cancel_free(impatience.cancel);
}

/* Ends every connection of the writer, as a server that is restarted does. */
static void
postgresql_put_connection_was_cut_connects_anew(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	need_table();
	struct anchor_place place = open_writer();
	assert_int_equal(place.put(place.data, &head, NULL, &e), 0);
	PGconn *conn = connect_as("lifeboat");
	must(conn, "SELECT pg_terminate_backend(pid, 3000) FROM pg_stat_activity "
		   "WHERE usename = 'ana'");
	if (place.put(place.data, &head, NULL, &e) < 0)
		fail_msg("%s", e.message);
	check_answer(conn, "SELECT count(*) FROM lifeboat_anchor", "2");
	close_place(&place);
	PQfinish(conn);
}

/* ---- the whole way ---- */

struct voice {
	pthread_mutex_t lock;
	struct str told;
};

static void
tell(void *data, const char *text)
{
	struct voice *voice = data;

	pthread_mutex_lock(&voice->lock);
	str_printf(&voice->told, "%s\n", text);
	pthread_mutex_unlock(&voice->lock);
}

static void
await_word(struct voice *voice, const char *word)
{
	int64_t until_ms = clock_mono_ms() + 12000;

	for (;;) {
		pthread_mutex_lock(&voice->lock);
		bool found = strstr(str_cstr(&voice->told), word) != NULL;
		pthread_mutex_unlock(&voice->lock);
		if (found)
			return;
		if (clock_mono_ms() > until_ms)
			fail_msg("\"%s\" was not told", word);
		fixture_pause();
	}
}

static void
push(struct queue *events, int64_t seq, enum record_type type)
{
	struct run_event *event = run_event_new(EVENT_RECORD, NULL, NULL);

	event->record = record_new(seq, 1000, "run", type, cJSON_CreateObject(), NULL);
	queue_push(events, event);
}

static void
await_rows(PGconn *conn, const char *count)
{
	int64_t until_ms = clock_mono_ms() + 5000;

	for (;;) {
		char *value = ask(conn, "SELECT count(*) FROM lifeboat_anchor");
		bool same = str_equal(value, count);

		free(value);
		if (same)
			return;
		if (clock_mono_ms() > until_ms)
			fail_msg("there are never %s rows", count);
		fixture_pause();
	}
}

static void
anchors_server_goes_away_and_comes_back(void **state)
{
	struct voice voice = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct run_link link = { .events = queue_new() };
	struct anchor_place *places = xcalloc(1, sizeof(*places));

	(void)state;
	need_table();
	PGconn *conn = connect_as("lifeboat");
	places[0] = open_writer();
	struct anchors *anchors = anchors_start(&link, places, 1, tell, &voice);
	push(link.events, 0, RECORD_RUN);
	await_rows(conn, "1");
	must(conn, "ALTER ROLE ana NOLOGIN");
	must(conn, "SELECT pg_terminate_backend(pid, 3000) FROM pg_stat_activity "
		   "WHERE usename = 'ana'");
	push(link.events, 1, RECORD_INTENT);
	await_word(&voice, "cannot be copied to postgresql at 127.0.0.1");
	push(link.events, 2, RECORD_OUTCOME);
	must(conn, "ALTER ROLE ana LOGIN");
	await_word(&voice, "again, up to record 2");
	push(link.events, 3, RECORD_END);
	queue_push(link.events, run_event_new(EVENT_CLOSED, NULL, NULL));
	anchors_stop(anchors);
	check_answer(conn, "SELECT string_agg(seq::text, ',' ORDER BY id) FROM lifeboat_anchor",
		     "0,2,3");
	PQfinish(conn);
	queue_free(link.events, NULL);
	str_release(&voice.told);
}

static int
start_server(void **state)
{
	(void)state;
	have_server = fixture_postgres_start(&server);
	return 0;
}

static int
stop_server(void **state)
{
	(void)state;
	if (have_server)
		fixture_postgres_stop(&server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anchor_places_open_wrong_words_are_refused),
		cmocka_unit_test(anchor_places_open_words_and_environment_are_added),
		cmocka_unit_test(syslog_put_either_kind_of_socket_gets_the_line),
		cmocka_unit_test(postgresql_put_writer_leaves_a_row),
		cmocka_unit_test(postgresql_schema_writer_may_insert_and_nothing_else),
		cmocka_unit_test(postgresql_put_without_the_right_says_so),
		cmocka_unit_test(postgresql_put_table_is_locked_a_cancel_ends_it),
		cmocka_unit_test(postgresql_put_connection_was_cut_connects_anew),
		cmocka_unit_test(anchors_server_goes_away_and_comes_back),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
