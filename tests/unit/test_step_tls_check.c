#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_executor.h"
#include "fixture_postgres.h"
#include "fixture_tls.h"

static struct family family;
static char *folder, *root_file, *namesake_file;

#define CHAIN LINKS(&family.server, &family.intermediate)

/* A server of the family's, and a step that has done nothing yet. */
struct scene {
	struct tls_server *server;
	struct stand s;
};

static void
scene_init(struct scene *scene, enum tls_manner manner, const struct link *const *links)
{
	scene->server = tls_server_new(manner, links, &family.root);
	stand_init(&scene->s);
}

static void
scene_release(struct scene *scene)
{
	tls_server_free(scene->server);
	stand_release(&scene->s);
}

/* Arguments that lead to the server under the family's name and with its root, and `more`. */
static void
act(struct scene *scene, const char *more)
{
	stand_action(&scene->s, &step_tls_check,
		     "{\"server\":\"tsb.example.com:%d\",\"resolve\":\"127.0.0.1\",\"ca_file\":\"%"
		     "s\"%s}",
		     scene->server->port, root_file, more);
}

static void
tls_check_right_chain_passes_and_is_shown(void **state)
{
	struct scene scene;
	char *preview, *wanted;

	(void)state;
	scene_init(&scene, TLS_SERVES, CHAIN);
	act(&scene, ",\"valid_for\":\"30d\",\"names\":[\"a.tsb.example.com\"]");
	preview = stand_preview(&scene.s, NULL);
	wanted = xasprintf("> TLS handshake with tsb.example.com:%d as tsb.example.com\n",
			   scene.server->port);
	assert_says(preview, wanted);
	assert_says(preview, " connecting to 127.0.0.1\n");
	assert_says(preview, "trusted is only the file ");
	assert_says(preview, "CN = Example Root, SHA-256 ");
	assert_says(preview, "good is: a chain that leads to the trust, and a certificate for "
			     "tsb.example.com, a.tsb.example.com");
	assert_says(preview, "every certificate valid for 30d yet");
	assert_int_equal(atomic_load(&scene.server->connections), 0);
	assert_ran(&scene.s);
	assert_says(scene.s.output.data, "at 127.0.0.1:");
	assert_says(scene.s.output.data, "TLSv1.3");
	assert_says(scene.s.output.data,
		    "Sent by the server: 2 certificates\n  1  CN = tsb.example.com\n");
	assert_says(scene.s.output.data, "The chain, verified:\n"
					 "  CN = Example Root  (trusted)\n"
					 "  +- CN = Issuing  (sent, 2)\n"
					 "     +- CN = tsb.example.com  (sent, 1)\n");
	assert_says(scene.s.output.data, "364 days left");
	assert_string_equal(json_string(scene.s.result, "name", ""), "tsb.example.com");
	assert_string_equal(json_string(scene.s.result, "chain/2/subject", ""),
			    "CN = Example Root");
	assert_string_equal(json_string(scene.s.result, "root/subject", ""), "CN = Example Root");
	assert_string_equal(json_string(scene.s.result, "sent/1/subject", ""), "CN = Issuing");
	assert_string_equal(json_string(scene.s.result, "version", ""), "TLSv1.3");
	assert_int_equal(json_int(scene.s.result, "days_left", -1), 364);
	assert_int_equal(cJSON_GetArraySize(json_at(scene.s.result, "addresses")), 1);
	assert_int_equal(cJSON_GetArraySize(json_at(scene.s.result, "warnings")), 0);
	free(preview);
	free(wanted);
	scene_release(&scene);
}

static void
tls_check_unverified_chain_fails_and_is_shown(void **state)
{
	struct scene scene;
	char *args =
		xasprintf(",\"server_name\":\"other.example\",\"ca_file\":\"%s\"", namesake_file);

	(void)state;
	scene_init(&scene, TLS_SERVES, CHAIN);
	stand_action(&scene.s, &step_tls_check, "{\"server\":\"127.0.0.1:%d\"%s}",
		     scene.server->port, args);
	assert_fails(&scene.s, ERR_CHECK, "): 1) The ");
	assert_says(scene.s.e.message, "the same name, another key");
	assert_says(scene.s.e.message, ". 2) The ");
	assert_says(scene.s.e.message,
		    "The certificate is not for other.example, but for tsb.example.com");
	assert_says(scene.s.output.data, "The chain, as far as it goes, NOT verified:");
	assert_says(scene.s.output.data,
		    "PROBLEM: The intermediate \"CN = Issuing\" comes from another");
	assert_null(scene.s.result);
	free(args);
	scene_release(&scene);
}

static void
tls_check_each_single_fault_fails(void **state)
{
	struct link expired =
		link_new(&family.intermediate, &(struct link_options){ .name = "a",
								       .alternatives = FAMILY_NAMES,
								       .from_s = -90 * 86400L,
								       .until_s = -7200 });
	struct link old = link_new(&family.root, &(struct link_options){ .name = "Old",
									 .is_ca = true,
									 .from_s = -90 * 86400L,
									 .until_s = -7200 });
	struct link by_old =
		link_new(&old, &(struct link_options){ .name = "c", .alternatives = FAMILY_NAMES });
	struct link own =
		link_new(NULL, &(struct link_options){ .name = "b", .alternatives = FAMILY_NAMES });
	const struct {
		const struct link *const *links;
		const char *more, *told;
	} cases[] = {
		{ LINKS(&expired, &family.intermediate), "",
		  "The server's certificate expired 20" },
		{ LINKS(&by_old, &old), "", "The intermediate \"CN = Old\" expired 20" },
		{ LINKS(&family.server), "", "the server sends only its own certificate" },
		{ LINKS(&own), "", "The server's certificate is self-signed, and not trusted" },
		{ CHAIN, ",\"server_name\":\"x.org\"", "The certificate is not for x.org" },
		{ CHAIN, ",\"names\":\"x.org\"", "The certificate does not cover x.org" },
		{ CHAIN, ",\"valid_for\":\"800d\"", "800d are wanted" },
		{ CHAIN,
		  ",\"root_sha256\":"
		  "\"0000000000000000000000000000000000000000000000000000000000000000\"",
		  "it is another root" },
	};
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene_init(&scene, TLS_SERVES, cases[i].links);
		act(&scene, cases[i].more);
		assert_fails(&scene.s, ERR_CHECK, cases[i].told);
		assert_says(scene.s.e.message, "tls.check tsb.example.com:");
		assert_says(scene.s.output.data, "PROBLEM: ");
		assert_null(scene.s.result);
		scene_release(&scene);
	}
	link_free(&expired);
	link_free(&old);
	link_free(&by_old);
	link_free(&own);
}

static void
tls_check_handshake_that_fails_is_told(void **state)
{
	static const struct {
		enum tls_manner manner;
		enum err_kind kind;
		const char *told;
	} cases[] = {
		{ TLS_WANTS_CLIENT, ERR_DENIED, "it wants a client certificate" },
		{ TLS_KNOWS_NO_NAME, ERR_REMOTE, "it does not serve the name tsb.example.com" },
		{ TLS_IS_OLD, ERR_REMOTE, "It agrees only to TLSv1 with" },
		{ TLS_CLOSES, ERR_NET, "it closed the connection at once" },
		{ TLS_IS_SILENT, ERR_TIMEOUT, "and then said nothing" },
	};
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene_init(&scene, cases[i].manner, CHAIN);
		act(&scene, cases[i].kind == ERR_TIMEOUT ? ",\"timeout\":\"200ms\"" : "");
		assert_fails(&scene.s, cases[i].kind, cases[i].told);
		assert_null(scene.s.result);
		if (cases[i].kind == ERR_DENIED || cases[i].manner == TLS_IS_OLD)
			assert_says(scene.s.output.data, "The chain, verified:"); /* all the same */
		scene_release(&scene);
	}
}

static void
tls_check_client_certificate_opens_the_door(void **state)
{
	struct link own = link_new(&family.root, &(struct link_options){ .name = "operator" });
	char *pem = links_pem(LINKS(&own)), *key = link_key_pem(&own),
	     *files[] = { fixture_write(folder, "client.pem", pem),
			  fixture_write(folder, "client.key", key) },
	     *more;
	struct str redacted = STR_INIT;
	struct scene scene;

	(void)state;
	scene_init(&scene, TLS_WANTS_CLIENT, CHAIN);
	more = xasprintf(",\"client_cert_file\":\"%s\",\"client_key_file\":\"%s\"", files[0],
			 files[1]);
	act(&scene, more);
	assert_ran(&scene.s);
	assert_true(json_bool(scene.s.result, "asks_for_client_certificate", false));
	assert_says(scene.s.output.data, "It asks for a client certificate issued by: CN = Example "
					 "Root, and got ours");
	secrets_redact(scene.s.ctx.secrets, key, strlen(key), &redacted);
	assert_says(redacted.data, "secret:client key");
	free(more);
	more = xasprintf(",\"client_cert_file\":\"%s\"", files[0]);
	act(&scene, more);
	assert_fails(&scene.s, ERR_SPEC, "go together");
	str_release(&redacted);
	for (int i = 0; i < 2; i++)
		free(files[i]);
	free(more);
	free(pem);
	free(key);
	link_free(&own);
	scene_release(&scene);
}

static void
tls_check_bad_arguments_say_what_is_wanted(void **state)
{
	static const struct {
		const char *with, *told;
	} cases[] = {
		{ "{}", "no server. Give `server`, or a target of type http" },
		{ "{\"server\":\"http://a.example\"}", "is plain HTTP" },
		{ "{\"server\":\"ftp://a.example\"}", "is no server: host, host:port or https://" },
		{ "{\"server\":\"a b\"}", "is no server" },
		{ "{\"server\":\"a:99999\"}", "is no server" },
		{ "{\"server\":\"münchen.example\",\"server_name\":\"münchen.example\"}", "xn--" },
		{ "{\"server\":\"a\",\"ca_file\":\"/x\",\"ca\":\"y\"}", "exclude each other" },
		{ "{\"server\":\"a\",\"ca_file\":\"/nonexistent/ca\"}", "`ca_file`: opening" },
		{ "{\"server\":\"a\",\"ca\":\"nonsense\"}", "it holds no certificate" },
		{ "{\"server\":\"a\",\"root_sha256\":\"12:34\"}", "64 hexadecimal digits" },
		{ "{\"server\":\"a\",\"resolve\":\"b:443:127.0.0.1\"}", "host:port:address with" },
		{ "{\"server\":\"a\",\"same_root_as\":{}}", "and there are 0" },
		{ "{\"server\":\"a\",\"same_root_as\":{\"file\":\"/x\",\"server\":\"b\"}}",
		  "are 2" },
		{ "{\"server\":\"a\",\"same_root_as\":{\"secret\":\"b\"}}",
		  "one of type kubernetes" },
		{ "{\"server\":\"a\",\"same_root_as\":{\"server\":\"http://b\"}}",
		  "is plain HTTP" },
	};
	struct stand s;

	(void)state;
	stand_init(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_tls_check, "%s", cases[i].with);
		assert_null(stand_preview(&s, NULL));
		assert_says(s.e.message, cases[i].told);
		assert_says(s.e.message, "tls.check");
		assert_int_equal(stand_run(&s), -1);
		assert_says(s.e.message, cases[i].told);
	}
	stand_release(&s);
}

static void
tls_check_target_gives_server_trust_and_address(void **state)
{
	struct scene scene;
	char *preview;

	(void)state;
	scene_init(&scene, TLS_SERVES, CHAIN);
	stand_target(&scene.s, &target_http,
		     "{\"url\":\"https://tsb.example.com:%d/ui\",\"ca_file\":\"%s\",\"resolve\":"
		     "[\"tsb.example.com:%d:127.0.0.1\",\"other:1:10.0.0.1\"]}",
		     scene.server->port, root_file, scene.server->port);
	stand_action(&scene.s, &step_tls_check, "{}");
	assert_ran(&scene.s);
	assert_string_equal(json_string(scene.s.result, "server", ""), "tsb.example.com");
	stand_target(&scene.s, &target_http,
		     "{\"url\":\"https://tsb.example.com:%d\",\"resolve\":\"127.0.0.1\"}",
		     scene.server->port);
	stand_action(&scene.s, &step_tls_check, "{}");
	preview = stand_preview(&scene.s, NULL);
	assert_says(preview, "trusted is what this system trusts");
	assert_says(preview, "connecting to 127.0.0.1");
	free(preview);
	assert_fails(&scene.s, ERR_CHECK, "Trusted is: what the system trusts");
	setenv("SSL_CERT_FILE", root_file, 1);
	assert_ran(&scene.s);
	unsetenv("SSL_CERT_FILE");
	stand_action(&scene.s, &step_tls_check, "{\"server\":\"other.example\"}");
	preview = stand_preview(&scene.s, NULL);
	assert_null(strstr(preview, "connecting to")); /* that is for the target's own host */
	free(preview);
	scene_release(&scene);
}

static void
tls_check_every_address_counts_where_all_are_asked(void **state)
{
	struct tls_server *second;
	struct scene scene;
	struct link other;

	(void)state;
	scene_init(&scene, TLS_SERVES, CHAIN);
	second = tls_server_on("127.0.0.2", scene.server->port, TLS_SERVES, LINKS(&family.server),
			       NULL);
	stand_action(&scene.s, &step_tls_check,
		     "{\"server\":\"tsb.example.com:%d\",\"resolve\":[\"127.0.0.1\",\"127.0.0.2\"],"
		     "\"ca_file\":\"%s\"}",
		     scene.server->port, root_file);
	assert_fails(&scene.s, ERR_CHECK, "127.0.0.2:");
	assert_null(strstr(scene.s.e.message, "127.0.0.1:"));
	assert_says(scene.s.e.message, "the server sends only its own certificate");
	assert_says(scene.s.output.data, "The chain, verified:");
	tls_server_free(second);
	assert_fails(&scene.s, ERR_NET, "connection refused");
	second = tls_server_on("127.0.0.2", scene.server->port, TLS_SERVES, CHAIN, NULL);
	assert_ran(&scene.s);
	assert_int_equal(cJSON_GetArraySize(json_at(scene.s.result, "addresses")), 2);
	assert_says(scene.s.progress.data, "(2 of 2)");
	tls_server_free(second);
	other = link_new(&family.intermediate,
			 &(struct link_options){ .name = "n", .alternatives = FAMILY_NAMES });
	second = tls_server_on("127.0.0.2", scene.server->port, TLS_SERVES,
			       LINKS(&other, &family.intermediate), NULL);
	assert_ran(&scene.s);
	assert_says(json_string(scene.s.result, "warnings/0", ""),
		    " serves another certificate than");
	assert_int_equal(cJSON_GetArraySize(json_at(scene.s.result, "addresses/0/warnings")), 0);
	tls_server_free(second);
	link_free(&other);
	scene_release(&scene);
}

static void
tls_check_first_address_that_answers_will_do(void **state)
{
	struct tls_server *server = tls_server_on("127.0.0.2", 0, TLS_SERVES, CHAIN, NULL);
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(
		&s, &step_tls_check,
		"{\"server\":\"tsb.example.com:%d\",\"ca_file\":\"%s\",\"all_addresses\":false,"
		"\"resolve\":[\"127.0.0.1\",\"127.0.0.2\",\"127.0.0.3\"]}",
		server->port, root_file);
	assert_ran(&s);
	assert_says(json_string(s.result, "address", ""), "127.0.0.2:");
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "addresses")), 1);
	assert_says(s.output.data, "PROBLEM: connection refused");
	assert_null(strstr(s.output.data, "127.0.0.3"));
	assert_int_equal(atomic_load(&server->connections), 1);
	stand_release(&s);
	tls_server_free(server);
}

static void
tls_check_ipv6_address_is_a_server(void **state)
{
	struct tls_server *server = tls_server_on("::1", 0, TLS_SERVES, CHAIN, NULL);
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_tls_check, "{\"server\":\"[::1]:%d\",\"ca_file\":\"%s\"}",
		     server->port, root_file);
	assert_ran(&s);
	assert_says(json_string(s.result, "address", ""), "[::1]:");
	stand_release(&s);
	tls_server_free(server);
}

static void
tls_check_unknown_host_is_told(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_tls_check,
		     "{\"server\":\"no-such-host.invalid\",\"timeout\":\"3s\"}");
	assert_int_equal(stand_run(&s), -1);
	assert_says(s.e.message, "tls.check no-such-host.invalid:443: looking up the address of "
				 "no-such-host.invalid: ");
	assert_says(s.e.message, "Check the name");
	cancel_request(s.cancel);
	stand_action(&s, &step_tls_check, "{\"server\":\"no-such-host.invalid\"}");
	assert_fails(&s, ERR_CANCELLED, "cancelled");
	stand_release(&s);
}

static void
cancel_now(struct stand *s)
{
	cancel_request(s->cancel);
}

static void
tls_check_cancel_ends_it(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, TLS_IS_SILENT, CHAIN);
	scene.s.on_progress = cancel_now;
	act(&scene, "");
	assert_fails(&scene.s, ERR_CANCELLED, "cancelled");
	scene_release(&scene);
}

/* The server of everybody's, and not one that this suite has written. */
static void
tls_check_openssl_s_server_is_judged_alike(void **state)
{
	char *chain = links_pem(LINKS(&family.intermediate)),
	     *own = links_pem(LINKS(&family.server)), *key = link_key_pem(&family.server),
	     *log = xasprintf("%s/s_server.log", folder),
	     *files[] = { fixture_write(folder, "chain.pem", chain),
			  fixture_write(folder, "own.pem", own),
			  fixture_write(folder, "own.key", key) };
	char port[16];
	struct stand s;

	(void)state;
	snprintf(port, sizeof(port), "%d", fixture_free_port());
	const char *argv[] = { "openssl", "s_server", "-accept", port,		"-cert",
			       files[1],  "-key",     files[2],	 "-cert_chain", files[0],
			       "-quiet",  "-tls1_2",  "-verify", "1",		NULL };
	pid_t pid = fixture_spawn(argv, log);
	assert_true(fixture_wait_port(atoi(port), pid, 8000));
	stand_init(&s);
	stand_action(&s, &step_tls_check, "{\"server\":\"127.0.0.1:%s\",\"ca_file\":\"%s\"}", port,
		     root_file);
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "version", ""), "TLSv1.2");
	assert_true(json_bool(s.result, "asks_for_client_certificate", false));
	assert_says(s.output.data, "and does without one");
	stand_release(&s);
	fixture_stop(pid, SIGTERM);
	for (int i = 0; i < 3; i++)
		free(files[i]);
	free(chain);
	free(own);
	free(key);
	free(log);
}

static bool
sql(const struct fixture_postgres *p, const char *statement)
{
	char *psql = xasprintf("%s/psql", postgres_programs()),
	     *log = xasprintf("%s/psql.log", folder);
	const char *argv[] = { psql, "-X", "-q", p->conninfo, "-c", statement, NULL };
	bool good = fixture_run(argv, log);

	free(psql);
	free(log);
	return good;
}

static void
tls_check_postgresql_with_and_without_tls(void **state)
{
	struct fixture_postgres p = { 0 };
	char *chain = links_pem(CHAIN), *key = link_key_pem(&family.server);
	struct stand s;

	(void)state;
	if (!fixture_postgres_start(&p))
		skip();
	stand_init(&s);
	stand_action(&s, &step_tls_check,
		     "{\"server\":\"localhost:%d\",\"resolve\":\"127.0.0.1\",\"starttls\":"
		     "\"postgresql\","
		     "\"ca_file\":\"%s\"}",
		     p.port, root_file);
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, ", after PostgreSQL's SSLRequest");
	free(preview);
	assert_fails(&s, ERR_REMOTE, "PostgreSQL answers N to the request for TLS");
	char *data = xasprintf("%s/data", p.folder),
	     *file = fixture_write(data, "server.crt", chain),
	     *key_file = fixture_write(data, "server.key", key);
	fixture_give(file);
	fixture_give(key_file);
	chmod(key_file, 0600);
	assert_true(sql(&p, "ALTER SYSTEM SET ssl = on"));
	assert_true(sql(&p, "SELECT pg_reload_conf()"));
	int64_t until_ms = clock_mono_ms() + 8000;
	while (stand_run(&s) < 0 && clock_mono_ms() < until_ms)
		fixture_pause(); /* until it has read its configuration */
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "chain/2/subject", ""), "CN = Example Root");
	stand_action(&s, &step_tls_check,
		     "{\"server\":\"127.0.0.1:%d\",\"ca_file\":\"%s\",\"timeout\":\"3s\"}", p.port,
		     root_file);
	assert_fails(&s, ERR_NET, "it closed the connection at once, without a word of TLS");
	stand_release(&s);
	fixture_postgres_stop(&p);
	free(chain);
	free(key);
	free(data);
	free(file);
	free(key_file);
}

static int
make_family(void **state)
{
	char *pem;

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* the test's own server may write to one who has gone */
	family_init(&family);
	folder = fixture_folder();
	fixture_give(folder);
	pem = links_pem(LINKS(&family.root));
	root_file = fixture_write(folder, "root.pem", pem);
	free(pem);
	pem = links_pem(LINKS(&family.namesake));
	namesake_file = fixture_write(folder, "namesake.pem", pem);
	free(pem);
	return 0;
}

static int
free_family(void **state)
{
	(void)state;
	family_release(&family);
	free(root_file);
	free(namesake_file);
	fixture_remove(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_check_right_chain_passes_and_is_shown),
		cmocka_unit_test(tls_check_unverified_chain_fails_and_is_shown),
		cmocka_unit_test(tls_check_each_single_fault_fails),
		cmocka_unit_test(tls_check_handshake_that_fails_is_told),
		cmocka_unit_test(tls_check_client_certificate_opens_the_door),
		cmocka_unit_test(tls_check_bad_arguments_say_what_is_wanted),
		cmocka_unit_test(tls_check_target_gives_server_trust_and_address),
		cmocka_unit_test(tls_check_every_address_counts_where_all_are_asked),
		cmocka_unit_test(tls_check_first_address_that_answers_will_do),
		cmocka_unit_test(tls_check_ipv6_address_is_a_server),
		cmocka_unit_test(tls_check_unknown_host_is_told),
		cmocka_unit_test(tls_check_cancel_ends_it),
		cmocka_unit_test(tls_check_openssl_s_server_is_judged_alike),
		cmocka_unit_test(tls_check_postgresql_with_and_without_tls),
	};

	return cmocka_run_group_tests(tests, make_family, free_family);
}
