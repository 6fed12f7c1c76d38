#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_http.h"
#include "fixture_server.h"
#include "http_server.h"
#include "fixture_proxy.h"

static struct http_server *server;

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	(void)data;
	if (strcmp(r->target, "/cut") == 0)
		return server_print(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") &&
		       false;
	if (strcmp(r->target, "/cut-chunk") == 0)
		return server_begin_chunks(c, "text/plain") && server_chunk(c, "one") &&
		       server_print(c, "10\r\ntwo") && false;
	if (strcmp(r->target, "/cut-headers") == 0)
		return server_print(c, "HTTP/1.1 200 OK\r\nContent-Ty") && false;
	if (strcmp(r->target, "/cut-after-100") == 0)
		return server_print(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: ") &&
		       false;
	if (strcmp(r->target, "/close") == 0)
		return false;
	if (strcmp(r->target, "/garbage") == 0)
		return server_print(c, "\x15\x03\x01 what is this\r\n\r\n") && false;
	if (strcmp(r->target, "/trickle") == 0)
		return server_begin_chunks(c, "text/plain") && server_chunk(c, "one") &&
		       server_stay_silent(c);
	if (strcmp(r->target, "/silent") == 0)
		return server_stay_silent(c);
	if (strcmp(r->target, "/401") == 0)
		return server_reply(c, 401, "text/plain",
				    "WWW-Authenticate: Basic realm=\"es\"\r\n", "");
	if (strcmp(r->target, "/403") == 0)
		return server_reply(c, 403, "text/plain", "", "");
	if (strcmp(r->target, "/429") == 0)
		return server_reply(c, 429, "text/plain", "Retry-After: 30\r\n", "");
	if (strcmp(r->target, "/503") == 0)
		return server_reply(c, 503, "text/plain",
				    "Retry-After: Sat, 21 Nov 2026 20:00:00 GMT\r\n", "");
	if (strcmp(r->target, "/302") == 0)
		return server_reply(c, 302, "text/plain", "Location: https://sso.invalid/\r\n", "");
	if (strcmp(r->target, "/tls") == 0)
		return server_reply(c, 400, "text/plain", "",
				    "Client sent an HTTP request to an HTTPS server.");
	if (strcmp(r->target, "/zip") == 0)
		return server_reply(c, 200, "text/plain", "Content-Encoding: gzip\r\n",
				    "not packed");
	return server_reply(c, 200, "text/plain", "", "fine");
}

static void
check(struct stand *s, const char *path, const char *more)
{
	stand_action(s, &step_http_check, "{\"url\":\"%s%s\"%s%s}", server->url, path,
		     *more ? "," : "", more);
}

static int
set_up(void **state)
{
	struct stand *s = calloc(1, sizeof(*s));

	stand_init_http(s);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	stand_release(*state);
	free(*state);
	stand_without_proxies();
	return 0;
}

static void
failure_of_a_half_answer_says_how_much_came(void **state)
{
	struct stand *s = *state;

	check(s, "/cut", "");
	assert_fails(s, ERR_NET, "status 200 and 4 of 100 bytes of the body came");
	check(s, "/cut-chunk", "");
	assert_fails(s, ERR_NET, "status 200 and 6 bytes of the body came");
	check(s, "/close", "");
	assert_fails(s, ERR_NET, "ended too early, and nothing of an answer came");
	check(s, "/cut-headers", "");
	assert_fails(s, ERR_NET, "ended too early");
	check(s, "/cut-after-100", "");
	assert_fails(s, ERR_NET, "ended too early");
	check(s, "/trickle", "\"timeout\":\"600ms\"");
	assert_fails(s, ERR_TIMEOUT, "within 600ms: status 200 and 3 bytes of the body came");
	check(s, "/zip", "");
	assert_fails(s, ERR_REMOTE, "/zip (127.0.0.1): ");
}

static void
failure_of_no_http_guesses_tls(void **state)
{
	struct stand *s = *state;

	check(s, "/garbage", "");
	assert_fails(s, ERR_REMOTE, "is it https:// that is meant?");
	check(s, "/tls", "");
	assert_fails(s, ERR_CHECK, "The port speaks TLS: is it https:// that is meant?");
}

static void
failure_to_connect_says_why_and_what_to_look_at(void **state)
{
	struct stand *s = *state;

	stand_action(s, &step_http_check, "{\"url\":\"http://127.0.0.1:1/x\"}");
	assert_fails(s, ERR_NET, "Connection refused");
	assert_says(s->e.message, "nothing listens on that port");
	stand_action(s, &step_http_check, "{\"url\":\"http://no-such-name.invalid/x\"}");
	assert_fails(s, ERR_NET, "Ask with dns.lookup what this name is");
	stand_action(s, &step_http_check,
		     "{\"url\":\"http://127.0.0.1:%d/\",\"ip_version\":\"ipv6\"}", server->port);
	assert_int_equal(stand_run(s), -1);
}

/* A port whose queue is full lets nobody in, and refuses nobody. */
static void
failure_of_a_silent_port_names_the_firewall(void **state)
{
	struct stand *s = *state;
	int fd = fixture_bind(SOCK_STREAM, 0), port = fixture_port_of(fd), more[8];
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	assert_int_equal(listen(fd, 0), 0);
	for (size_t i = 0; i < 8; i++) {
		more[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(more[i], (struct sockaddr *)&at, sizeof(at));
	}
	stand_action(s, &step_http_check,
		     "{\"url\":\"http://127.0.0.1:%d/\",\"timeout\":\"200ms\"}", port);
	assert_fails(s, ERR_TIMEOUT, "the connection was not set up");
	assert_says(s->e.message, "Nobody answers there, not even with a refusal");
	stand_action(s, &step_http_check,
		     "{\"url\":\"http://127.0.0.1:%d/\",\"timeout\":\"200ms\",\"method\":\"POST\"}",
		     port);
	assert_fails(s, ERR_TIMEOUT, "the connection was not set up"); /* certainly not sent */
	for (size_t i = 0; i < 8; i++)
		close(more[i]);
	close(fd);
}

static void
failure_of_a_status_says_what_to_do(void **state)
{
	struct stand *s = *state;

	check(s, "/401", "");
	assert_fails(s, ERR_CHECK,
		     "We came without user, password or token, and the server asks who "
		     "we are: Basic realm=\"es\"");
	check(s, "/401", "\"user\":\"elastic\",\"password\":\"wrong-one\"");
	assert_fails(s, ERR_CHECK, "We came as user elastic");
	assert_lacks(s->e.message, "wrong-one");
	check(s, "/403", "\"bearer\":\"some-token\"");
	assert_fails(s, ERR_CHECK, "We came with a bearer token; that is not enough");
	check(s, "/429", "");
	assert_fails(s, ERR_CHECK, "The server asks to wait 30 seconds (Retry-After)");
	check(s, "/503", "");
	assert_fails(s, ERR_CHECK,
		     "asks to wait until Sat, 21 Nov 2026 20:00:00 GMT (Retry-After)");
	check(s, "/302", "");
	assert_fails(s, ERR_CHECK, "It leads to https://sso.invalid/: raise max_redirects");
	check(s, "/302", "\"max_redirects\":3");
	assert_fails(s, ERR_CHECK,
		     "a redirect to https://sso.invalid/, which leaves the host 127.0.0.1");
	check(s, "/302", "\"max_redirects\":3,\"method\":\"PUT\"");
	assert_fails(s, ERR_CHECK, "what changes something is not sent on");
	check(s, "/401", "\"expect_status\":401");
	assert_ran(s);
}

static void
proxy_of_the_environment_is_shown_and_used(void **state)
{
	struct stand *s = *state;
	struct fixture_proxy proxy;

	proxy_start(&proxy, 0);
	setenv("http_proxy", proxy.server->url, 1);
	stand_action(s, &step_http_check,
		     "{\"url\":\"http://host.invalid/x\",\"bearer\":\"abcd\"}");
	char *preview = stand_preview(s, NULL);
	assert_says(preview, "  through the proxy http://127.0.0.1:");
	assert_says(preview, ", by http_proxy\n");
	free(preview);
	assert_ran(s);
	assert_string_equal(json_string(s->result, "body", ""), "by the proxy");
	assert_says(s->output.data, "by the proxy http://127.0.0.1:");
	setenv("no_proxy", "127.0.0.1", 1);
	check(s, "/", "");
	preview = stand_preview(s, NULL);
	assert_says(preview, "  through no proxy, by no_proxy\n");
	free(preview);
	assert_ran(s);
	assert_string_equal(json_string(s->result, "body", ""), "fine");
	unsetenv("no_proxy");
	check(s, "/", "\"proxy\":\"none\"");
	assert_ran(s);
	assert_string_equal(json_string(s->result, "body", ""), "fine");
	assert_int_equal(proxy.server->requests, 1);
	server_stop(proxy.server);
}

static void
proxy_that_refuses_or_is_away_says_so(void **state)
{
	struct stand *s = *state;
	struct fixture_proxy proxy;

	proxy_start(&proxy, 0);
	proxy.authorization = "Basic dTpwYXNzd29yZA==";
	stand_action(s, &step_http_check,
		     "{\"url\":\"https://host.invalid/\",\"proxy\":\"%s\",\"method\":\"POST\"}",
		     proxy.server->url);
	assert_fails(s, ERR_NET, "wants a user and a password"); /* the POST was not sent */
	stand_action(s, &step_http_check, "{\"url\":\"http://host.invalid/\",\"proxy\":\"%s\"}",
		     proxy.server->url);
	assert_fails(s, ERR_CHECK, "It is the proxy that asks for a user and a password");
	stand_action(
		s, &step_http_check,
		"{\"url\":\"http://host.invalid/\",\"proxy\":\"http://u:password@127.0.0.1:%d\"}",
		proxy.server->port);
	assert_ran(s);
	assert_lacks(s->output.data, "password");
	proxy.authorization = NULL;
	proxy.refuses = true;
	stand_action(s, &step_http_check, "{\"url\":\"https://host.invalid/\",\"proxy\":\"%s\"}",
		     proxy.server->url);
	assert_fails(s, ERR_NET, "refused to connect there. `proxy: none` goes directly");
	server_stop(proxy.server);
	stand_action(s, &step_http_check,
		     "{\"url\":\"https://host.invalid/\",\"proxy\":\"http://127.0.0.1:1\"}");
	assert_fails(s, ERR_NET, "The way leads through the proxy http://127.0.0.1:1, by `proxy`");
	stand_action(s, &step_http_check,
		     "{\"url\":\"https://host.invalid/\",\"proxy\":\"http://no-proxy.invalid:1\"}");
	assert_fails(s, ERR_NET, "The way leads through the proxy http://no-proxy.invalid:1");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int
start_server(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	stand_without_proxies();
	server = server_start(answer, NULL, NULL);
	return 0;
}

static int
stop_server(void **state)
{
	(void)state;
	server_stop(server);
	stand_end_expressions();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(failure_of_a_half_answer_says_how_much_came),
		CASE(failure_of_no_http_guesses_tls),
		CASE(failure_to_connect_says_why_and_what_to_look_at),
		CASE(failure_of_a_silent_port_names_the_firewall),
		CASE(failure_of_a_status_says_what_to_do),
		CASE(proxy_of_the_environment_is_shown_and_used),
		CASE(proxy_that_refuses_or_is_away_says_so),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
