#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_authority.h"
#include "fixture_http.h"
#include "fixture_server.h"
#include "http_server.h"
#include "fixture_proxy.h"

enum { DAY_S = 24 * 3600 };

#define NAMES "DNS:ui.example.test,DNS:*.apps.example.test"

/* One root, one intermediate, and a server that comes with what the test gives it. */
struct world {
	struct link root, other_root, middle;
	char *root_pem;
	char *ca; /* the same for JSON */
	char *folder, *ca_file;
	struct http_server *server;
	struct http_server *plain;
	struct http_server *elsewhere; /* where /elsewhere leads, or NULL */
	struct stand s;
};

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct world *w = data;
	char text[256];

	if (strcmp(r->target, "/plain") == 0) {
		snprintf(text, sizeof(text), "Location: http://ui.example.test:%d/\r\n",
			 w->plain->port);
		return server_reply(c, 302, "text/plain", text, "");
	}
	if (strcmp(r->target, "/silent") == 0)
		return server_stay_silent(c);
	if (strcmp(r->target, "/elsewhere") == 0) {
		snprintf(text, sizeof(text), "Location: https://ui.example.test:%d/\r\n",
			 w->elsewhere->port);
		return server_reply(c, 302, "text/plain", text, "");
	}
	if (c->tls && SSL_get0_peer_certificate(c->tls))
		return server_reply(c, 200, "text/plain", "", "a client with a certificate");
	return server_reply(c, 200, "text/plain", "", r->headers);
}

/* A PEM text as it stands in a JSON string. */
static char *
escape(const char *text)
{
	struct str out = STR_INIT;

	for (; *text; text++) {
		if (*text == '\n')
			str_append(&out, "\\n");
		else
			str_append_char(&out, *text);
	}
	return str_take(&out);
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->root = issued_new(NULL, "Example Root", NULL, -60, 100 * DAY_S);
	w->other_root = issued_new(NULL, "Example Root", NULL, -60, 100 * DAY_S);
	w->middle = issued_new(&w->root, "Example Intermediate", NULL, -60, 50 * DAY_S);
	w->root_pem = links_pem(LINKS(&w->root));
	w->ca = escape(w->root_pem);
	w->folder = fixture_folder();
	chmod(w->folder, 0755); /* for a curl without privileges */
	w->ca_file = fixture_write(w->folder, "ca.pem", w->root_pem);
	w->plain = server_start(answer, w, NULL);
	stand_init_http(&w->s);
	*state = w;
	return 0;
}

static void
serve(struct world *w, const struct link *own, const struct link *more)
{
	if (w->server)
		server_stop(w->server);
	w->server = server_start(answer, w, issued_server(own, more));
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	if (w->server)
		server_stop(w->server);
	server_stop(w->plain);
	stand_release(&w->s);
	link_free(&w->root);
	link_free(&w->other_root);
	link_free(&w->middle);
	free(w->root_pem);
	free(w->ca);
	free(w->ca_file);
	fixture_remove(w->folder);
	free(w);
	return 0;
}

/* Asks the server under a name, trusting the root alone. */
static void
ask_path(struct world *w, const char *host, const char *path, const char *more)
{
	stand_action(&w->s, &step_http_check,
		     "{\"url\":\"https://%s:%d/%s\",\"resolve\":\"127.0.0.1\",\"ca\":\"%s\"%s%s}",
		     host, w->server->port, path, w->ca, *more ? "," : "", more);
}

static void
ask(struct world *w, const char *host, const char *more)
{
	ask_path(w, host, "", more);
}

/* What curl makes of the same server, name and trust; 0 and 1, or -1 where there is no curl. */
static int
ask_curl(struct world *w, const char *host)
{
	static const char *const programs[] = { "/usr/bin/curl", NULL };
	char *resolve = xasprintf("%s:%d:127.0.0.1", host, w->server->port);
	char *url = xasprintf("https://%s:%d/", host, w->server->port);
	char *log = xasprintf("%s/curl", w->folder);
	const char *const argv[] = { "curl",	  "-s",	   "-o",       "/dev/null",
				     "--noproxy", "*",	   "--cacert", w->ca_file,
				     "--resolve", resolve, url,	       NULL };
	int rc = -1;

	if (fixture_program(programs))
		rc = fixture_run(argv, log) ? 0 : 1;
	free(resolve);
	free(url);
	free(log);
	return rc;
}

static void
assert_refused(struct world *w, const char *host, const char *why, const char *advice)
{
	assert_int_not_equal(ask_curl(w, host), 0);
	assert_int_equal(w->server->requests, 0);
	ask(w, host, "");
	assert_fails(&w->s, ERR_DENIED, why);
	assert_says(w->s.e.message, advice);
	assert_int_equal(w->server->requests, 0);
}

static void
tls_of_a_right_chain_reports_the_certificate(void **state)
{
	struct world *w = *state;
	struct link leaf = issued_new(&w->middle, "UI", NAMES, -60, 10 * DAY_S);

	serve(w, &leaf, &w->middle);
	assert_int_not_equal(ask_curl(w, "ui.example.test"), 1);
	ask(w, "ui.example.test", "\"min_certificate_validity\":\"9d\"");
	char *preview = stand_preview(&w->s, NULL);
	assert_says(preview, "  trusting `ca` alone\n");
	assert_says(preview,
		    "  connecting to 127.0.0.1 in place of what DNS says of ui.example.test\n");
	assert_says(preview, "  expected: certificate valid for at least 9d\n");
	free(preview);
	assert_ran(&w->s);
	assert_string_equal(json_string(w->s.result, "certificate/subject", ""), "CN = UI");
	assert_string_equal(json_string(w->s.result, "certificate/issuer", ""),
			    "CN = Example Intermediate");
	assert_in_range(json_int(w->s.result, "certificate/expires_in_s", -1), 10 * DAY_S - 600,
			10 * DAY_S);
	assert_true(json_at(w->s.result, "times/tls_ms")->valuedouble > 0);
	assert_says(w->s.output.data, "certificate: CN = UI, issued by CN = Example Intermediate");
	assert_says(w->s.output.data, "warning: the certificate expires in 9d");
	assert_says(json_string(w->s.result, "body", ""), "Host: ui.example.test:");
	ask(w, "ui.example.test",
	    "\"expect_certificate\":{\"subject\":\"CN = UI\",\"issuer\":\"/intermediate$/\"}");
	assert_ran(&w->s);
	ask(w, "ui.example.test",
	    "\"expect_certificate\":{\"subject\":\"UI\",\"issuer\":\"/^CN = Other/\"}");
	assert_fails(&w->s, ERR_CHECK,
		     "certificate's subject CN = UI, expected UI; certificate's issuer "
		     "CN = Example Intermediate, expected /^CN = Other/");
	ask(w, "one.apps.example.test", "\"min_certificate_validity\":\"11d\"");
	assert_fails(&w->s, ERR_CHECK, "certificate valid for 9d");
	assert_says(w->s.e.message, ", expected valid for at least 11d");
	stand_action(&w->s, &step_http_check,
		     "{\"url\":\"https://ui.example.test:%d/\",\"resolve\":\"127.0.0.1\","
		     "\"ca_file\":\"%s\"}",
		     w->server->port, w->ca_file);
	assert_ran(&w->s);
	link_free(&leaf);
}

static void
tls_of_an_expired_certificate_says_since_when(void **state)
{
	struct world *w = *state;
	struct link old = issued_new(&w->root, "UI", NAMES, -30 * DAY_S, -3 * DAY_S);
	struct link early = issued_new(&w->root, "UI", NAMES, 2 * DAY_S, 3 * DAY_S);

	serve(w, &old, NULL);
	assert_refused(w, "ui.example.test", "the certificate of CN = UI expired 2",
		       "3d ago. Trusted is");
	serve(w, &early, NULL);
	assert_refused(w, "ui.example.test", "the certificate of CN = UI is valid from 2",
		       "by our clock");
	link_free(&old);
	link_free(&early);
}

static void
tls_of_another_host_says_whom_the_certificate_is_for(void **state)
{
	struct world *w = *state;
	struct link leaf = issued_new(&w->root, "UI", NAMES, -60, DAY_S);

	serve(w, &leaf, NULL);
	assert_refused(w, "other.example.test", "other.example.test",
		       "The server's certificate is for ui.example.test, *.apps.example.test");
	assert_lacks(w->s.e.message, "`resolve`");
	stand_action(&w->s, &step_http_check, "{\"url\":\"https://127.0.0.1:%d/\",\"ca\":\"%s\"}",
		     w->server->port, w->ca);
	assert_fails(&w->s, ERR_DENIED, "put that into the URL and the address into `resolve`");
	assert_int_equal(w->server->requests, 0);
	link_free(&leaf);
}

static void
tls_of_another_root_of_the_same_name_says_so(void **state)
{
	struct world *w = *state;
	struct link leaf = issued_new(&w->other_root, "UI", NAMES, -60, DAY_S);

	serve(w, &leaf, NULL);
	assert_refused(w, "ui.example.test", "the name is the same, the key is not",
		       "tls.check shows the whole chain");
	serve(w, &leaf, &w->other_root);
	assert_refused(w, "ui.example.test",
		       "that has the name of the trusted one, and another key",
		       "tls.check shows the whole chain");
	link_free(&leaf);
}

/* Without identifiers of keys the trusted root is taken for the issuer, and only the signature tells. */
static void
tls_of_another_root_of_the_same_name_without_key_ids_says_so(void **state)
{
	struct world *w = *state;
	struct link leaf;

	issued_without_key_ids = true;
	leaf = issued_new(&w->other_root, "UI", NAMES, -60, DAY_S);
	issued_without_key_ids = false;
	serve(w, &leaf, NULL);
	assert_refused(w, "ui.example.test", "the name is the same, the key is not",
		       "tls.check shows the whole chain");
	link_free(&leaf);
}

static void
tls_of_an_unknown_root_or_a_missing_intermediate_names_the_issuer(void **state)
{
	struct world *w = *state;
	struct link stranger = issued_new(NULL, "Somebody", NULL, -60, DAY_S);
	struct link strange = issued_new(&stranger, "UI", NAMES, -60, DAY_S);
	struct link leaf = issued_new(&w->middle, "UI", NAMES, -60, DAY_S);
	struct link alone = issued_new(NULL, "UI", NAMES, -60, DAY_S);

	serve(w, &leaf, NULL);
	assert_refused(w, "ui.example.test",
		       "the issuer of CN = UI, CN = Example Intermediate, is not trusted",
		       "the server sent 1 certificate without it: an intermediate certificate is "
		       "missing");
	serve(w, &strange, &stranger);
	assert_refused(w, "ui.example.test",
		       "the chain ends in the root CN = Somebody, which is not trusted",
		       "Trusted is `ca`");
	serve(w, &alone, NULL);
	assert_refused(w, "ui.example.test", "the certificate of CN = UI is signed by itself",
		       "Trusted is `ca`");
	link_free(&stranger);
	link_free(&strange);
	link_free(&leaf);
	link_free(&alone);
}

/* The system's store, or an empty one, does not know our root. */
static void
tls_without_a_trust_of_its_own_takes_the_system_s(void **state)
{
	struct world *w = *state;
	struct link leaf = issued_new(&w->root, "UI", NAMES, -60, DAY_S);

	serve(w, &leaf, NULL);
	stand_action(&w->s, &step_http_check,
		     "{\"url\":\"https://ui.example.test:%d/\",\"resolve\":\"127.0.0.1\"}",
		     w->server->port);
	assert_fails(&w->s, ERR_DENIED, "Trusted is what this system trusts");
	link_free(&leaf);
}

/* A server of plain HTTP that, like most, answers what it does not understand. */
static void *
answer_in_plain(void *data)
{
	static const char bad[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
	int fd = accept(*(int *)data, NULL, NULL);
	char bytes[4096];

	if (read(fd, bytes, sizeof(bytes)) > 0)
		(void)!write(fd, bad, sizeof(bad) - 1);
	close(fd);
	return NULL;
}

static void
tls_and_plain_ports_are_told_apart(void **state)
{
	struct world *w = *state;
	struct link leaf = issued_new(&w->root, "UI", NAMES, -60, DAY_S);

	int fd = fixture_bind(SOCK_STREAM, 0);
	pthread_t thread;

	serve(w, &leaf, NULL);
	assert_int_equal(listen(fd, 1), 0);
	pthread_create(&thread, NULL, answer_in_plain, &fd);
	stand_action(&w->s, &step_http_check, "{\"url\":\"https://127.0.0.1:%d/\"}",
		     fixture_port_of(fd));
	assert_fails(&w->s, ERR_NET, "The port does not speak TLS: is it http:// that is meant?");
	pthread_join(thread, NULL);
	close(fd);
	stand_action(&w->s, &step_http_check,
		     "{\"url\":\"https://127.0.0.1:%d/\",\"timeout\":\"200ms\"}", w->plain->port);
	assert_fails(&w->s, ERR_TIMEOUT, "Somebody listens there, and does not answer in TLS");
	ask_path(w, "ui.example.test", "silent", "\"timeout\":\"300ms\"");
	assert_fails(&w->s, ERR_TIMEOUT, "nothing of an answer came");
	assert_lacks(w->s.e.message, "in TLS");
	stand_action(&w->s, &step_http_check, "{\"url\":\"http://127.0.0.1:%d/\"}",
		     w->server->port);
	assert_int_equal(stand_run(&w->s), -1);
	assert_says(w->s.e.message, "https://");
	link_free(&leaf);
}

static void
tls_with_a_client_certificate_lets_us_in(void **state)
{
	struct world *w = *state;
	struct link leaf = issued_new(&w->root, "UI", NAMES, -60, DAY_S);
	struct link me = issued_new(&w->root, "operator", "DNS:me", -60, DAY_S);
	struct link foreign = issued_new(&w->other_root, "operator", "DNS:me", -60, DAY_S);
	char *certificate = links_pem(LINKS(&me)), *key = link_key_pem(&me);
	char *both = xasprintf("%s%s", certificate, key), *wrong = links_pem(LINKS(&foreign));
	char *wrong_key = link_key_pem(&foreign), *wrong_both = xasprintf("%s%s", wrong, wrong_key);
	char *path = fixture_write(w->folder, "me.pem", both), *more;
	char *wrong_path = fixture_write(w->folder, "wrong.pem", wrong_both);
	char *key_path = fixture_write(w->folder, "other.key", wrong_key);
	SSL_CTX *context = issued_server(&leaf, NULL);

	issued_demand(context, &w->root);
	w->server = server_start(answer, w, context);
	ask(w, "ui.example.test", "");
	assert_int_equal(stand_run(&w->s), -1);
	assert_says(w->s.e.message, "The server wants a client certificate");
	more = xasprintf("\"client_cert_file\":\"%s\"", path);
	ask(w, "ui.example.test", more);
	char *preview = stand_preview(&w->s, NULL);
	assert_says(preview, ", with the client certificate /");
	free(preview);
	assert_ran(&w->s);
	free(more);
	more = xasprintf("\"client_cert_file\":\"%s\"", wrong_path);
	ask(w, "ui.example.test", more);
	assert_int_equal(stand_run(&w->s), -1);
	assert_says(w->s.e.message, "The server refused the client certificate");
	free(more);
	more = xasprintf("\"client_cert_file\":\"%s\",\"client_key_file\":\"%s\"", path, key_path);
	ask(w, "ui.example.test", more);
	assert_fails(&w->s, ERR_SPEC, "does not belong to the client certificate");
	free(more);
	free(certificate);
	free(key);
	free(both);
	free(wrong);
	free(wrong_key);
	free(wrong_both);
	free(path);
	free(wrong_path);
	free(key_path);
	link_free(&leaf);
	link_free(&me);
	link_free(&foreign);
}

/* A server on another port of the host may be somebody else's, and learns nothing of us. */
static void
tls_redirect_to_another_port_does_not_show_our_certificate(void **state)
{
	struct world *w = *state;
	struct link leaf = issued_new(&w->root, "UI", NAMES, -60, DAY_S);
	struct link me = issued_new(&w->root, "operator", "DNS:me", -60, DAY_S);
	char *certificate = links_pem(LINKS(&me)), *key = link_key_pem(&me);
	char *both = xasprintf("%s%s", certificate, key);
	char *path = fixture_write(w->folder, "me.pem", both);
	SSL_CTX *asks = issued_server(&leaf, NULL);
	struct http_server *swap;

	SSL_CTX_set_verify(asks, SSL_VERIFY_PEER, NULL);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(asks), w->root.certificate);
	w->elsewhere = server_start(answer, w, asks);
	serve(w, &leaf, NULL);
	char *more = xasprintf("\"client_cert_file\":\"%s\",\"max_redirects\":1", path);
	ask_path(w, "ui.example.test", "elsewhere", more);
	assert_ran(&w->s);
	assert_lacks(json_string(w->s.result, "body", ""), "with a certificate");
	assert_says(w->s.output.data, "headers and credentials were not sent along");
	/* straight there, it is shown */
	swap = w->server;
	w->server = w->elsewhere;
	ask(w, "ui.example.test", more);
	w->server = swap;
	assert_ran(&w->s);
	assert_says(json_string(w->s.result, "body", ""), "with a certificate");
	free(more);
	server_stop(w->elsewhere);
	free(certificate);
	free(key);
	free(both);
	free(path);
	link_free(&leaf);
	link_free(&me);
}

static void
tls_redirect_to_plain_http_is_refused(void **state)
{
	struct world *w = *state;
	struct link leaf = issued_new(&w->root, "UI", NAMES, -60, DAY_S);

	serve(w, &leaf, NULL);
	stand_action(&w->s, &step_http_check,
		     "{\"url\":\"https://ui.example.test:%d/plain\",\"resolve\":\"127.0.0.1\","
		     "\"ca\":\"%s\",\"max_redirects\":3,\"stay_on_host\":false}",
		     w->server->port, w->ca);
	assert_fails(&w->s, ERR_CHECK, "which gives up TLS");
	assert_int_equal(w->plain->requests, 0);
	link_free(&leaf);
}

/* The new address is tried by way of the proxy, and still under the real name. */
static void
tls_through_a_proxy_reaches_the_resolved_address(void **state)
{
	struct world *w = *state;
	struct link leaf = issued_new(&w->root, "UI", NAMES, -60, DAY_S);
	struct fixture_proxy proxy;
	char *more;

	serve(w, &leaf, NULL);
	proxy_start(&proxy, w->server->port);
	more = xasprintf("\"proxy\":\"%s\"", proxy.server->url);
	ask(w, "ui.example.test", more);
	assert_ran(&w->s);
	assert_int_equal(proxy.tunnels, 1);
	assert_int_equal(w->server->requests, 1);
	char *line = xasprintf("CONNECT 127.0.0.1:%d\n", w->server->port);
	assert_int_equal(server_count(proxy.server, line), 1);
	assert_says(json_string(w->s.result, "body", ""), "Host: ui.example.test:");
	stand_action(&w->s, &step_http_check,
		     "{\"url\":\"https://ui.example.test:%d/\",\"ca\":\"%s\",\"resolve\":"
		     "\"ui.example.test:%d:127.0.0.1,127.0.0.2\",%s}",
		     w->server->port, w->ca, w->server->port, more);
	assert_ran(&w->s);
	assert_int_equal(server_count(proxy.server, line), 2);
	free(line);
	ask(w, "other.example.test", more);
	assert_fails(&w->s, ERR_DENIED, "The server's certificate is for ui.example.test");
	free(more);
	server_stop(proxy.server);
	link_free(&leaf);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tls_of_a_right_chain_reports_the_certificate),
		CASE(tls_of_an_expired_certificate_says_since_when),
		CASE(tls_of_another_host_says_whom_the_certificate_is_for),
		CASE(tls_of_another_root_of_the_same_name_says_so),
		CASE(tls_of_another_root_of_the_same_name_without_key_ids_says_so),
		CASE(tls_of_an_unknown_root_or_a_missing_intermediate_names_the_issuer),
		CASE(tls_without_a_trust_of_its_own_takes_the_system_s),
		CASE(tls_and_plain_ports_are_told_apart),
		CASE(tls_with_a_client_certificate_lets_us_in),
		CASE(tls_redirect_to_plain_http_is_refused),
		CASE(tls_redirect_to_another_port_does_not_show_our_certificate),
		CASE(tls_through_a_proxy_reaches_the_resolved_address),
	};

	signal(SIGPIPE, SIG_IGN);
	stand_without_proxies();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
