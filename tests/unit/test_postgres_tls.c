#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "fixture_postgres_tls.h"
#include "net/postgres/postgres.h"

static struct fixture_postgres server;
static struct fixture_issuer ours, theirs;
static bool have_server;

enum { DAY_S = 86400 };

static void
need_server(void)
{
	if (have_server)
		return;
	print_message("skipped: no PostgreSQL server is installed\n");
	skip();
}

/* The load time of the settings, which a new connection sees. */
static char *
load_time(void)
{
	struct postgres_options options = { .conninfo = server.conninfo };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;
	cJSON *result = NULL;
	char *text;

	if (postgres_connect(&options, &pg, &e) < 0 ||
	    postgres_query(pg, "SELECT pg_conf_load_time()::text AS t", NULL, 0, 1, NULL, &result,
			   &e) < 0)
		fail_msg("%s", e.message);
	text = xstrdup(json_string(result, "value", ""));
	cJSON_Delete(result);
	postgres_free(pg);
	return text;
}

/* Has the server show a certificate, and waits until it does. */
static void
show(const struct fixture_issuer *issuer, const char *name, const char *names, long until_s)
{
	struct fixture_pair pair = fixture_issue(issuer, name, names, until_s);
	int64_t until_ms = clock_mono_ms() + 5000;
	char *before, *now;

	need_server();
	before = load_time();
	fixture_postgres_show(&server, &pair);
	now = load_time();
	while (strcmp(now, before) == 0 && clock_mono_ms() < until_ms) {
		free(now);
		fixture_pause();
		now = load_time();
	}
	free(now);
	free(before);
	fixture_pair_free(&pair);
}

static int
try_connect(const char *settings, struct postgres **ret_pg, struct err *e)
{
	char *conninfo = xasprintf("port=%d user=lifeboat dbname=postgres sslrootcert=%s %s",
				   server.port, ours.path, settings);
	struct postgres_options options = { .conninfo = conninfo };
	int rc = postgres_connect(&options, ret_pg, e);

	free(conninfo);
	return rc;
}

static void
assert_fails(const char *settings, enum err_kind kind, const char *const *says)
{
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(try_connect(settings, &pg, &e), -1);
	for (; *says; says++)
		if (!strstr(e.message, *says))
			fail_msg("\"%s\" lacks \"%s\"", e.message, *says);
	if (e.kind != kind)
		fail_msg("\"%s\" is %s", e.message, err_kind_name(e.kind));
}

static void
assert_proof(const char *settings, const char *tls)
{
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;
	cJSON *facts;

	if (try_connect(settings, &pg, &e) < 0)
		fail_msg("%s: %s", settings, e.message);
	facts = postgres_facts(pg);
	assert_string_equal(json_string(facts, "tls", ""), tls);
	assert_non_null(json_string(facts, "cipher", NULL));
	cJSON_Delete(facts);
	postgres_free(pg);
}

static void
connect_without_tls_at_the_server_says_so(void **state)
{
	static const char *const says[] = { "does not support SSL", "(ssl = on)", NULL };

	(void)state;
	need_server();
	assert_fails("host=localhost sslmode=verify-full", ERR_NET, says);
}

static void
connect_by_a_good_certificate_is_verified(void **state)
{
	(void)state;
	show(&ours, "db", "DNS:localhost,DNS:db.example.com", DAY_S);
	assert_proof("host=localhost sslmode=verify-full", "TLSv1.3 verified");
	assert_proof("host=db.example.com hostaddr=127.0.0.1 sslmode=verify-full",
		     "TLSv1.3 verified");
	assert_proof("host=elsewhere hostaddr=127.0.0.1 sslmode=verify-ca",
		     "TLSv1.3 verified but for its name");
	assert_proof("host=localhost sslmode=require", "TLSv1.3 verified but for its name");
	assert_proof("host=localhost sslmode=require sslrootcert=/nonexistent/root",
		     "TLSv1.3 not verified");
}

static void
connect_by_another_name_says_which_it_has(void **state)
{
	static const char *const says[] = { "\"db.example.com\"", "\"localhost\"",
					    "with hostaddr= for the address", NULL };

	(void)state;
	show(&ours, "db", "DNS:db.example.com", DAY_S);
	assert_fails("host=localhost sslmode=verify-full", ERR_DENIED, says);
}

static void
connect_by_another_authority_names_it(void **state)
{
	static const char *const says[] = { "certificate verify failed",
					    "CN = db, from CN = theirs",
					    "unable to get local issuer",
					    "does not hold the authority", NULL };

	(void)state;
	show(&theirs, "db", "DNS:localhost", DAY_S);
	assert_fails("host=localhost sslmode=verify-full", ERR_DENIED, says);
	assert_fails("host=localhost sslmode=verify-ca", ERR_DENIED, says);
}

static void
connect_by_an_expired_certificate_says_since_when(void **state)
{
	static const char *const says[] = {
		"certificate verify failed", "valid 20",	" to 20",
		"certificate has expired",   "Have it renewed", NULL
	};

	(void)state;
	show(&ours, "db", "DNS:localhost", -60);
	assert_fails("host=localhost sslmode=verify-full", ERR_DENIED, says);
}

static void
connect_without_the_root_certificate_names_the_file(void **state)
{
	static const char *const says[] = { "/nonexistent/root", NULL };

	(void)state;
	show(&ours, "db", "DNS:localhost", DAY_S);
	assert_fails("host=localhost sslmode=verify-full sslrootcert=/nonexistent/root", ERR_NET,
		     says);
}

/* 0.0.0.0 is this machine, too, but nothing that says so by itself. */
static void
connect_that_nothing_proves_is_insecure(void **state)
{
	static const struct {
		const char *settings, *why;
	} cases[] = {
		{ "sslmode=disable", "has no TLS (sslmode=disable)" },
		{ "sslmode=require sslrootcert=/nonexistent/root",
		  "is not verified (sslmode=require)" },
		{ "sslmode=verify-ca", NULL },
		{ "sslmode=prefer", NULL }, /* there is a root certificate, and libpq uses it */
		{ "user=bound password=hunter22 sslmode=require channel_binding=require "
		  "sslrootcert=/nonexistent/root",
		  NULL },
	};

	(void)state;
	show(&ours, "db", "DNS:localhost", DAY_S);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *settings = xasprintf("host=0.0.0.0 %s", cases[i].settings);
		char *secret = strstr(settings, "password=hunter22 ");
		struct postgres *pg = NULL;
		struct err e = ERR_INIT;
		cJSON *facts;

		if (secret) { /* a conninfo may not hold one */
			memset(secret, ' ', strlen("password=hunter22"));
			setenv("PGPASSWORD", "hunter22", 1);
		}
		if (try_connect(settings, &pg, &e) < 0)
			fail_msg("%s: %s", settings, e.message);
		unsetenv("PGPASSWORD");
		facts = postgres_facts(pg);
		assert_int_equal(json_bool(facts, "insecure", false), cases[i].why != NULL);
		if (cases[i].why && !strstr(json_string(facts, "insecure_why", ""), cases[i].why))
			fail_msg("%s lacks %s", json_string(facts, "insecure_why", ""),
				 cases[i].why);
		cJSON_Delete(facts);
		postgres_free(pg);
		free(settings);
	}
}

static void
connect_by_client_certificate_is_who_it_names(void **state)
{
	static const char *const says[] = { "28000", NULL };
	struct fixture_pair pair;
	char *ca = NULL, *settings, *identity;
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	(void)state;
	need_server();
	ca = xasprintf("ssl_ca_file = '%s'\n", ours.path);
	fixture_postgres_set(&server, ca);
	show(&ours, "db", "DNS:localhost", DAY_S);
	assert_fails("host=localhost user=certified sslmode=verify-full", ERR_DENIED, says);
	pair = fixture_issue(&ours, "certified", NULL, DAY_S);
	char *certificate = fixture_write(server.folder, "me.crt", pair.certificate);
	char *key = fixture_write(server.folder, "me.key", pair.key);
	chmod(key, 0600);
	settings =
		xasprintf("host=localhost user=certified sslmode=verify-full sslcert=%s sslkey=%s",
			  certificate, key);
	if (try_connect(settings, &pg, &e) < 0)
		fail_msg("%s", e.message);
	identity = postgres_describe(pg);
	assert_non_null(strstr(identity, "certified@localhost:"));
	postgres_free(pg);
	chmod(key, 0644);
	static const char *const open_key[] = { "group or world access", NULL };
	assert_fails(settings, ERR_NET, open_key);
	assert_int_equal(try_connect(settings, &pg, &e), -1);
	assert_null(strstr(e.message, "The certificate is")); /* it is right */
	assert_null(strstr(e.message, "ssl = on"));
	free(identity);
	free(settings);
	free(certificate);
	free(key);
	free(ca);
	fixture_pair_free(&pair);
}

static int
start_server(void **state)
{
	struct postgres_options options = { 0 };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;
	cJSON *result = NULL;

	(void)state;
	have_server = fixture_postgres_start(&server);
	if (!have_server)
		return 0;
	chmod(server.folder, 0755);
	fixture_issuer_init(&ours, server.folder, "ours");
	fixture_issuer_init(&theirs, server.folder, "theirs");
	options.conninfo = server.conninfo;
	if (postgres_connect(&options, &pg, &e) < 0 ||
	    postgres_query(pg,
			   "DO $$BEGIN CREATE ROLE certified LOGIN; CREATE ROLE bound LOGIN "
			   "PASSWORD 'hunter22'; END$$",
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
	if (have_server) {
		fixture_issuer_release(&ours);
		fixture_issuer_release(&theirs);
	}
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect_without_tls_at_the_server_says_so),
		cmocka_unit_test(connect_by_a_good_certificate_is_verified),
		cmocka_unit_test(connect_by_another_name_says_which_it_has),
		cmocka_unit_test(connect_by_another_authority_names_it),
		cmocka_unit_test(connect_by_an_expired_certificate_says_since_when),
		cmocka_unit_test(connect_without_the_root_certificate_names_the_file),
		cmocka_unit_test(connect_that_nothing_proves_is_insecure),
		cmocka_unit_test(connect_by_client_certificate_is_who_it_names),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
