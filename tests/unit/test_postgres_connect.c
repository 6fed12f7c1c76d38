#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/json.h"
#include "fixture_postgres.h"
#include "net/postgres/postgres.h"

static struct fixture_postgres server;
static bool have_server;

static void
need_server(void)
{
	if (have_server)
		return;
	print_message("skipped: no PostgreSQL server is installed\n");
	skip();
}

static struct postgres *
connect_with(const struct postgres_options *options)
{
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	if (postgres_connect(options, &pg, &e) < 0)
		fail_msg("%s", e.message);
	return pg;
}

static void
run_sql(const char *sql)
{
	struct postgres_options options = { .conninfo = server.conninfo };
	struct postgres *pg = connect_with(&options);
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	if (postgres_query(pg, sql, NULL, 0, 0, NULL, &result, &e) < 0)
		fail_msg("%s: %s", sql, e.message);
	cJSON_Delete(result);
	postgres_free(pg);
}

static void
assert_options_fail(const struct postgres_options *options, enum err_kind kind, const char *says)
{
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(postgres_connect(options, &pg, &e), -1);
	if (!strstr(e.message, says))
		fail_msg("\"%s\" lacks \"%s\"", e.message, says);
	if (strstr(e.message, "LOCATION") || strstr(e.message, "hunter22"))
		fail_msg("\"%s\" says too much", e.message);
	if (e.kind != kind)
		fail_msg("\"%s\" is %s", e.message, err_kind_name(e.kind));
}

/* `format` makes the conninfo. */
static void __attribute__((format(printf, 3, 4)))
assert_fails(enum err_kind kind, const char *says, const char *format, ...)
{
	struct postgres_options options = { .connect_timeout_ms = 5000 };
	va_list ap;
	char *conninfo;

	va_start(ap, format);
	conninfo = xvasprintf(format, ap);
	va_end(ap);
	options.conninfo = conninfo;
	assert_options_fail(&options, kind, says);
	free(conninfo);
}

/* ---- credentials ---- */

static void
connect_with_password_is_denied_unless_it_is_right(void **state)
{
	struct postgres_options options = { .password = "hunter22" };
	char *conninfo =
		xasprintf("host=127.0.0.1 port=%d user=locked dbname=postgres", server.port);

	(void)state;
	need_server();
	run_sql("CREATE ROLE locked LOGIN PASSWORD 'the right one'");
	options.conninfo = conninfo;
	assert_options_fail(&options, ERR_DENIED, "28P01: password authentication failed");
	assert_options_fail(&options, ERR_DENIED, "(VALID UNTIL)");
	assert_options_fail(&options, ERR_DENIED, "database postgres, as locked: ");
	options.password = NULL;
	assert_options_fail(&options, ERR_DENIED, "`password` or a `passfile`");
	options.password = "the right one";
	postgres_free(connect_with(&options));
	run_sql("ALTER ROLE locked VALID UNTIL '2020-01-01'");
	assert_options_fail(&options, ERR_DENIED, "28P01");
	run_sql("DROP ROLE locked");
	assert_options_fail(&options, ERR_DENIED, "or there is no such role");
	free(conninfo);
}

static void
connect_with_passfile_that_others_may_read_says_so(void **state)
{
	char *conninfo =
		xasprintf("host=127.0.0.1 port=%d user=wrong dbname=postgres", server.port);
	char *passfile;

	(void)state;
	need_server();
	run_sql("CREATE ROLE wrong LOGIN PASSWORD 'hunter22'");
	passfile = fixture_write(server.folder, "passfile", "127.0.0.1:*:*:wrong:hunter22\n");
	struct postgres_options options = { .conninfo = conninfo, .passfile = passfile };
	chmod(passfile, 0600);
	postgres_free(connect_with(&options));
	options.passfile = NULL;
	setenv("PGPASSFILE", passfile, 1);
	postgres_free(connect_with(&options));
	chmod(passfile, 0640);
	/* libpq would say so on stderr, onto the screen */
	char *said = xasprintf("%s/said", server.folder);
	int fd = open(said, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), kept = dup(2);
	struct stat st;
	dup2(fd, 2);
	assert_options_fail(&options, ERR_DENIED,
			    "was not used, because others may read it: chmod");
	dup2(kept, 2);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	close(fd);
	close(kept);
	free(said);
	unsetenv("PGPASSFILE");
	run_sql("DROP ROLE wrong");
	free(passfile);
	free(conninfo);
}

static void
connect_of_a_role_that_is_not_let_in_says_why(void **state)
{
	(void)state;
	need_server();
	run_sql("CREATE ROLE refused LOGIN");
	run_sql("CREATE ROLE nologin");
	assert_fails(ERR_DENIED, "pg_hba.conf",
		     "host=127.0.0.1 port=%d user=refused dbname=postgres", server.port);
	assert_fails(ERR_DENIED, "is not permitted to log in",
		     "host=127.0.0.1 port=%d user=nologin dbname=postgres", server.port);
	assert_fails(ERR_DENIED, "Either there is no such role",
		     "host=127.0.0.1 port=%d user=nobody dbname=postgres", server.port);
	assert_fails(ERR_NOT_FOUND, "psql -l", "host=127.0.0.1 port=%d user=lifeboat dbname=nope",
		     server.port);
	run_sql("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC");
	run_sql("CREATE ROLE plain LOGIN");
	assert_fails(ERR_DENIED, "GRANT CONNECT",
		     "host=127.0.0.1 port=%d user=plain dbname=template1", server.port);
}

static void
connect_password_in_conninfo_is_refused(void **state)
{
	static const char *const texts[] = { "host=db password=hunter22",
					     "postgresql://u:hunter22@db/x",
					     "host=db sslpassword=hunter22", NULL };

	(void)state;
	for (const char *const *text = texts; *text; text++)
		assert_fails(ERR_SPEC, "holds a password", "%s", *text);
	assert_fails(ERR_SPEC, "hots", "hots=db");
}

/* ---- where ---- */

static void
connect_of_nobody_there_is_a_net_error(void **state)
{
	int port = fixture_free_port();

	(void)state;
	assert_fails(ERR_NET, "refused", "host=127.0.0.1 port=%d", port);
	assert_fails(ERR_NET, "looking up the address of nothing.invalid", "host=nothing.invalid");
	assert_fails(ERR_NET, "Check the host of the conninfo", "host=nothing.invalid");
	assert_fails(ERR_NET, "could not match 2 port numbers to 3 hosts",
		     "host=a,b,c hostaddr=127.0.0.1,127.0.0.1,127.0.0.1 port=1,2");
	assert_fails(ERR_NET, "invalid port", "host=127.0.0.1 port=70000");
}

/* A socket that takes connections, and says nothing. */
struct silence {
	int fd, port;
};

static struct silence
silence_begin(void)
{
	struct silence s = { .fd = fixture_bind(SOCK_STREAM, 0) };

	s.port = fixture_port_of(s.fd);
	listen(s.fd, 4);
	return s;
}

static void
connect_of_silent_server_times_out(void **state)
{
	struct silence silent = silence_begin();
	char *conninfo = xasprintf("host=127.0.0.1 port=%d", silent.port);
	struct postgres_options options = { .conninfo = conninfo, .connect_timeout_ms = 80 };

	(void)state;
	assert_options_fail(&options, ERR_TIMEOUT, "no answer within 80ms. It neither refuses");
	free(conninfo);
	conninfo = xasprintf("host=127.0.0.1 port=%d connect_timeout=1", silent.port);
	options = (struct postgres_options){ .conninfo = conninfo };
	assert_options_fail(&options, ERR_TIMEOUT, "no answer within 1s");
	free(conninfo);
	close(silent.fd);
}

static void
connect_leaves_a_silent_host_for_the_next(void **state)
{
	struct silence silent = silence_begin();
	int closed = fixture_free_port();
	struct postgres_options options = { .connect_timeout_ms = 200 };
	char *conninfo;
	struct postgres *pg;
	char *who;

	(void)state;
	need_server();
	conninfo =
		xasprintf("host=localhost,nothing.invalid,localhost,127.0.0.1 port=%d,5432,%d,%d "
			  "user=lifeboat dbname=postgres",
			  silent.port, closed, server.port);
	options.conninfo = conninfo;
	pg = connect_with(&options);
	who = postgres_describe(pg);
	char *wanted = xasprintf("lifeboat@127.0.0.1:%d/postgres, PostgreSQL ", server.port);
	assert_memory_equal(who, wanted, strlen(wanted));
	free(wanted);
	free(who);
	postgres_free(pg);
	free(conninfo);
	/* and says of each what became of it where none is good */
	conninfo = xasprintf("host=127.0.0.1,nothing.invalid,127.0.0.1 port=%d,5432,%d",
			     silent.port, closed);
	options.conninfo = conninfo;
	assert_options_fail(&options, ERR_NET, "nothing.invalid: ");
	assert_options_fail(&options, ERR_NET, ": no answer within 200ms; ");
	assert_options_fail(&options, ERR_NET, "refused");
	free(conninfo);
	close(silent.fd);
}

static void
connect_by_service_and_attributes(void **state)
{
	struct postgres_options options = { .conninfo = "service=tsb" };
	char *text, *path;
	struct postgres *pg;

	(void)state;
	need_server();
	text = xasprintf("[tsb]\nhost=localhost\nport=%d\nuser=lifeboat\ndbname=template1\n",
			 server.port);
	path = fixture_write(server.folder, "services", text);
	setenv("PGSERVICEFILE", path, 1);
	pg = connect_with(&options);
	char *who = postgres_describe(pg);
	assert_non_null(strstr(who, "lifeboat@localhost:"));
	assert_non_null(strstr(who, "/template1 at "));
	free(who);
	postgres_free(pg);
	assert_fails(ERR_SPEC, "definition of service \"none\" not found. Services stand in",
		     "service=none");
	assert_fails(ERR_NET, "target_session_attrs=standby asks for",
		     "service=tsb target_session_attrs=standby");
	unsetenv("PGSERVICEFILE");
	free(path);
	free(text);
}

static void
facts_name_who_answered(void **state)
{
	struct postgres_options options = { .conninfo = server.conninfo };
	struct postgres *pg;
	cJSON *facts;

	(void)state;
	need_server();
	pg = connect_with(&options);
	facts = postgres_facts(pg);
	assert_string_equal(json_string(facts, "address", ""), "127.0.0.1");
	assert_string_equal(json_string(facts, "tls", ""), "no TLS");
	assert_null(json_at(facts, "cipher"));
	assert_null(json_at(facts, "insecure")); /* nobody stands in between on loopback */
	cJSON_Delete(facts);
	postgres_free(pg);
}

/* A server that says this to whoever comes, and hangs up. */
static void *
speak_main(void *data)
{
	const struct silence *at = data;
	static const char words[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	char bytes[1024];

	for (int i = 0; i < 2; i++) {
		int fd = accept4(at->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 || read(fd, bytes, sizeof(bytes)) <= 0 ||
		    (i == 0 && write(fd, words, strlen(words)) <= 0))
			abort();
		close(fd);
	}
	return NULL;
}

static void
connect_to_something_else_says_so(void **state)
{
	struct silence at = silence_begin();
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, speak_main, &at);
	for (int i = 0; i < 2; i++)
		assert_fails(ERR_NET, "Is it a PostgreSQL server",
			     "host=127.0.0.1 port=%d sslmode=disable gssencmode=disable", at.port);
	pthread_join(thread, NULL);
	close(at.fd);
}

/* ---- cancel ---- */

/* A server that agrees to TLS and then says nothing, once somebody has come so far. */
struct staller {
	struct silence at;
	struct cancel *cancel;
	bool agrees;
	int64_t cancelled_ms;
};

static void *
staller_main(void *data)
{
	struct staller *s = data;
	int fd = accept4(s->at.fd, NULL, NULL, SOCK_CLOEXEC);
	char bytes[1024];

	if (fd < 0 || read(fd, bytes, sizeof(bytes)) <= 0)
		abort();
	if (s->agrees && (write(fd, "S", 1) != 1 || read(fd, bytes, sizeof(bytes)) <= 0))
		abort();
	s->cancelled_ms = clock_mono_ms();
	cancel_request(s->cancel);
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
	return NULL;
}

static void
connect_cancelled_returns_at_once(void **state)
{
	(void)state;
	for (int agrees = 0; agrees < 2; agrees++) {
		struct staller staller = { .at = silence_begin(),
					   .cancel = cancel_new(),
					   .agrees = agrees };
		char *conninfo =
			xasprintf("host=127.0.0.1 port=%d sslmode=require gssencmode=disable",
				  staller.at.port);
		struct postgres_options options = { .conninfo = conninfo,
						    .cancel = staller.cancel };
		int64_t returned_ms;
		pthread_t thread;

		pthread_create(&thread, NULL, staller_main, &staller);
		assert_options_fail(&options, ERR_CANCELLED, "cancelled");
		returned_ms = clock_mono_ms();
		pthread_join(thread, NULL);
		assert_in_range(returned_ms - staller.cancelled_ms, 0, 1000);
		cancel_free(staller.cancel);
		close(staller.at.fd);
		free(conninfo);
	}
}

static void
connect_cancelled_before_contacts_nobody(void **state)
{
	struct cancel *cancel = cancel_new();
	struct postgres_options options = { .conninfo = "host=slow.invalid", .cancel = cancel };

	(void)state;
	cancel_request(cancel);
	assert_options_fail(&options, ERR_CANCELLED, "cancelled");
	options.conninfo = "host=192.0.2.1";
	assert_options_fail(&options, ERR_CANCELLED, "cancelled");
	cancel_free(cancel);
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
	fixture_postgres_stop(&server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect_with_password_is_denied_unless_it_is_right),
		cmocka_unit_test(connect_with_passfile_that_others_may_read_says_so),
		cmocka_unit_test(connect_of_a_role_that_is_not_let_in_says_why),
		cmocka_unit_test(connect_password_in_conninfo_is_refused),
		cmocka_unit_test(connect_of_nobody_there_is_a_net_error),
		cmocka_unit_test(connect_of_silent_server_times_out),
		cmocka_unit_test(connect_leaves_a_silent_host_for_the_next),
		cmocka_unit_test(connect_by_service_and_attributes),
		cmocka_unit_test(connect_to_something_else_says_so),
		cmocka_unit_test(facts_name_who_answered),
		cmocka_unit_test(connect_cancelled_returns_at_once),
		cmocka_unit_test(connect_cancelled_before_contacts_nobody),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
