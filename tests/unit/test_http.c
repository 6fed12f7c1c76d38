#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "http_server.h"
#include "net/http/http.h"

/* One server that behaves as its path says, and a client of it. */
struct world {
	struct http_server *server;
	struct http_client *client;
	struct cancel *cancel;
	struct http_response response;
	struct err e;
	char url[256];
};

enum { PIECES = 300 };

/* So many small pieces one after the other, then silence. */
static bool
serve_pieces(struct server_connection *c)
{
	char piece[16];
	bool ok = server_begin_chunks(c, "text/plain");

	for (int i = 0; ok && i < PIECES; i++) {
		snprintf(piece, sizeof(piece), "%d\n", i);
		ok = server_chunk(c, piece);
	}
	return ok && server_stay_silent(c);
}

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	(void)data;
	if (strcmp(r->target, "/silent") == 0)
		return server_stay_silent(c);
	if (strcmp(r->target, "/close") == 0)
		return false;
	if (strcmp(r->target, "/garbage") == 0)
		return server_print(c, "\x01\x02 what is this\r\n\r\n") && false;
	if (strcmp(r->target, "/cut") == 0)
		return server_print(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") &&
		       false;
	if (strcmp(r->target, "/trickle") == 0)
		return server_begin_chunks(c, "text/plain") && server_chunk(c, "one") &&
		       server_stay_silent(c);
	if (strcmp(r->target, "/pieces") == 0)
		return serve_pieces(c);
	if (strcmp(r->target, "/agent") == 0)
		return server_reply(c, 200, "text/plain", "X-Odd:  value \r\n",
				    server_has_header(r, "User-Agent: lifeboat/" PACKAGE_VERSION)
					    ? "ours"
					    : r->headers);
	if (strcmp(r->target, "/moved") == 0)
		return server_reply(c, 302, "text/plain", "Location: /agent\r\n", "");
	if (strcmp(r->target, "/missing") == 0)
		return server_reply(c, 404, "text/plain", "", "no such thing");
	if (strcmp(r->target, "/once") == 0) {
		server_reply(c, 200, "text/plain", "", "once");
		return false; /* closed without a word, though kept alive */
	}
	return server_reply(c, 200, "text/plain", "", r->body);
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct http_options options = { .proxy_url = "" };

	w->server = server_start(answer, w, NULL);
	w->client = http_client_new(&options, &w->e);
	w->cancel = cancel_new();
	*state = w;
	return w->client ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	http_response_release(&w->response);
	http_client_free(w->client);
	cancel_free(w->cancel);
	server_stop(w->server);
	free(w);
	return 0;
}

static int
perform(struct world *w, const char *path, struct http_request request)
{
	snprintf(w->url, sizeof(w->url), "%s%s", w->server->url, path);
	request.url = w->url;
	if (!request.method)
		request.method = "GET";
	request.cancel = w->cancel;
	http_response_release(&w->response);
	return http_perform(w->client, &request, &w->response, &w->e);
}

static void
assert_message(const struct world *w, const char *part)
{
	if (!strstr(w->e.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, w->e.message);
}

static void
perform_get_gives_body_and_headers(void **state)
{
	struct world *w = *state;
	char *odd;

	assert_int_equal(perform(w, "/agent", (struct http_request){ 0 }), 0);
	assert_int_equal(w->response.status, 200);
	assert_string_equal(w->response.body.data, "ours");
	assert_string_equal(w->response.content_type, "text/plain");
	assert_string_equal(w->response.remote_ip, "127.0.0.1");
	assert_string_equal(w->response.version, "HTTP/1.1");
	assert_true(w->response.times.first_byte_us > 0);
	assert_null(w->response.redirect_url);
	assert_null(w->response.certificate_subject);
	odd = http_response_header(&w->response, "x-odd");
	assert_string_equal(odd, "value ");
	free(odd);
	assert_null(http_response_header(&w->response, "X-Od"));
}

static void
perform_error_status_is_an_answer(void **state)
{
	struct world *w = *state;

	assert_int_equal(perform(w, "/missing", (struct http_request){ 0 }), 0);
	assert_int_equal(w->response.status, 404);
	assert_string_equal(w->response.body.data, "no such thing");
}

static void
perform_post_and_patch_send_the_body(void **state)
{
	struct world *w = *state;
	struct http_request request = { .method = "POST", .body = "{\"a\":1}", .body_len = 7 };

	assert_int_equal(perform(w, "/echo", request), 0);
	assert_string_equal(w->response.body.data, "{\"a\":1}");
	request.method = "PATCH";
	assert_int_equal(perform(w, "/echo", request), 0);
	assert_string_equal(w->response.body.data, "{\"a\":1}");
	assert_int_equal(server_count(w->server, "PATCH /echo"), 1);
	assert_int_equal(perform(w, "/echo", (struct http_request){ .method = "DELETE" }), 0);
	assert_int_equal(server_count(w->server, "DELETE /echo"), 1);
}

static void
perform_head_has_no_body(void **state)
{
	struct world *w = *state;

	assert_int_equal(perform(w, "/missing", (struct http_request){ .method = "HEAD" }), 0);
	assert_int_equal(w->response.status, 404);
	assert_int_equal(w->response.body.len, 0);
}

static void
perform_get_again_keeps_the_connection(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(perform(w, "/agent", (struct http_request){ 0 }), 0);
	assert_int_equal(w->server->count, 1);
	assert_int_equal(w->server->requests, 3);
}

static void
perform_write_never_uses_a_kept_connection(void **state)
{
	struct world *w = *state;

	assert_int_equal(perform(w, "/once", (struct http_request){ 0 }), 0);
	assert_int_equal(perform(w, "/close", (struct http_request){ .method = "POST" }), -1);
	assert_int_equal(w->e.kind, ERR_UNKNOWN_OUTCOME);
	assert_int_equal(server_count(w->server, "POST /close"), 1);
	assert_int_equal(w->server->count, 2);
}

static void
perform_refused_is_net_even_for_a_write(void **state)
{
	struct world *w = *state;
	struct http_request request = { .method = "POST", .url = "http://127.0.0.1:1/x" };

	assert_int_equal(http_perform(w->client, &request, &w->response, &w->e), -1);
	assert_int_equal(w->e.kind, ERR_NET);
	assert_message(w, "POST http://127.0.0.1:1/x");
	assert_message(w, "onnect");
}

static void
perform_closed_read_is_net(void **state)
{
	struct world *w = *state;

	assert_int_equal(perform(w, "/close", (struct http_request){ 0 }), -1);
	assert_int_equal(w->e.kind, ERR_NET);
	assert_message(w, "127.0.0.1");
}

static void
perform_cut_body_is_net_and_keeps_the_status(void **state)
{
	struct world *w = *state;

	assert_int_equal(perform(w, "/cut", (struct http_request){ 0 }), -1);
	assert_int_equal(w->e.kind, ERR_NET);
	assert_int_equal(w->response.status, 200);
	assert_int_equal(perform(w, "/cut", (struct http_request){ .method = "PUT" }), -1);
	assert_int_equal(w->e.kind, ERR_UNKNOWN_OUTCOME);
	assert_message(w, "look before you repeat it");
}

static void
perform_reading_post_is_no_unknown_outcome(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		perform(w, "/close", (struct http_request){ .method = "POST", .reads = true }), -1);
	assert_int_equal(w->e.kind, ERR_NET);
}

static void
perform_garbage_is_an_error(void **state)
{
	struct world *w = *state;

	assert_int_equal(perform(w, "/garbage", (struct http_request){ 0 }), -1);
	assert_int_equal(w->e.kind, ERR_REMOTE);
}

static void
perform_no_answer_times_out(void **state)
{
	struct world *w = *state;
	int64_t start_ms = clock_mono_ms();

	assert_int_equal(perform(w, "/silent", (struct http_request){ .timeout_ms = 200 }), -1);
	assert_int_equal(w->e.kind, ERR_TIMEOUT);
	assert_message(w, "no complete answer within 200ms");
	assert_in_range(clock_mono_ms() - start_ms, 190, 1000);
	assert_int_equal(
		perform(w, "/silent", (struct http_request){ .method = "PUT", .timeout_ms = 100 }),
		-1);
	assert_int_equal(w->e.kind, ERR_UNKNOWN_OUTCOME);
}

static void
perform_silent_stream_times_out_by_idleness(void **state)
{
	struct world *w = *state;

	assert_int_equal(perform(w, "/trickle", (struct http_request){ .idle_timeout_ms = 150 }),
			 -1);
	assert_int_equal(w->e.kind, ERR_TIMEOUT);
	assert_message(w, "nothing came for 150ms");
}

static void *
cancel_when_asked(void *data)
{
	struct world *w = data;

	while (w->server->requests == 0)
		sched_yield();
	int64_t asked_ms = clock_mono_ms();
	cancel_request(w->cancel);
	return (void *)(intptr_t)asked_ms;
}

static void
perform_cancelled_returns_at_once(void **state)
{
	struct world *w = *state;
	pthread_t thread;
	void *asked;

	pthread_create(&thread, NULL, cancel_when_asked, w);
	assert_int_equal(perform(w, "/silent", (struct http_request){ 0 }), -1);
	int64_t now_ms = clock_mono_ms();
	pthread_join(thread, &asked);
	assert_int_equal(w->e.kind, ERR_CANCELLED);
	assert_in_range(now_ms - (int64_t)(intptr_t)asked, 0, 500);
	int seen = w->server->requests;
	assert_int_equal(perform(w, "/agent", (struct http_request){ 0 }), -1);
	assert_int_equal(w->e.kind, ERR_CANCELLED);
	assert_int_equal(w->server->requests, seen);
}

static void
perform_too_large_body_is_remote(void **state)
{
	struct world *w = *state;

	assert_int_equal(perform(w, "/missing", (struct http_request){ .max_body_bytes = 12 }), -1);
	assert_int_equal(w->e.kind, ERR_REMOTE);
	assert_message(w, "larger than 12 bytes");
	assert_int_equal(perform(w, "/missing", (struct http_request){ .max_body_bytes = 13 }), 0);
}

static void
perform_redirect_is_an_answer_that_says_where_to(void **state)
{
	struct world *w = *state;
	char expected[300];

	assert_int_equal(perform(w, "/moved", (struct http_request){ 0 }), 0);
	assert_int_equal(w->response.status, 302);
	snprintf(expected, sizeof(expected), "%s/agent", w->server->url);
	assert_string_equal(w->response.redirect_url, expected);
	assert_int_equal(w->server->requests, 1);
}

static void
perform_get_and_put_with_a_body_keep_their_methods(void **state)
{
	static const char *const methods[] = { "GET", "PUT", "DELETE", "OPTIONS" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct http_request request = { .method = methods[i], .body = "b", .body_len = 1 };
		char line[32];

		assert_int_equal(perform(w, "/echo", request), 0);
		assert_string_equal(w->response.body.data, "b");
		snprintf(line, sizeof(line), "%s /echo\n", methods[i]);
		assert_int_equal(server_count(w->server, line), 1);
	}
}

static void
perform_cutting_body_takes_what_fits(void **state)
{
	struct world *w = *state;
	struct http_request request = { .max_body_bytes = 2, .cuts_body = true };

	assert_int_equal(perform(w, "/missing", request), 0);
	assert_string_equal(w->response.body.data, "no");
	assert_int_equal(w->response.status, 404);
	assert_true(w->response.is_cut);
	request.max_body_bytes = strlen("no such thing");
	assert_int_equal(perform(w, "/missing", request), 0);
	assert_false(w->response.is_cut);
}

static void
perform_url_with_credentials_hides_them(void **state)
{
	struct world *w = *state;
	struct http_request request = { .method = "GET",
					.url = "http://me:s3cret@127.0.0.1:1/x@y" };

	assert_int_equal(http_perform(w->client, &request, &w->response, &w->e), -1);
	assert_null(strstr(w->e.message, "s3cret"));
	assert_message(w, "GET http://127.0.0.1:1/x@y");
}

static void
perform_strange_url_is_a_spec_error(void **state)
{
	struct world *w = *state;
	struct http_request request = { .method = "GET", .url = "file:///etc/passwd" };

	assert_int_equal(http_perform(w->client, &request, &w->response, &w->e), -1);
	assert_int_equal(w->e.kind, ERR_SPEC);
}

static bool
stop_at_first(void *data, const char *bytes, size_t len_bytes)
{
	str_append_bytes(data, bytes, len_bytes);
	return false;
}

static void
perform_stream_can_be_stopped(void **state)
{
	struct world *w = *state;
	struct str got = STR_INIT;
	struct http_request request = { .on_data = stop_at_first, .data = &got };

	assert_int_equal(perform(w, "/trickle", request), 0);
	assert_string_equal(got.data, "one");
	str_clear(&got);
	assert_int_equal(perform(w, "/missing", request),
			 0); /* an error is collected, not streamed */
	assert_int_equal(got.len, 0);
	assert_string_equal(w->response.body.data, "no such thing");
	str_release(&got);
}

struct pieces {
	struct str text;
	int lines;
};

static bool
count_lines(void *data, const char *bytes, size_t len_bytes)
{
	struct pieces *p = data;

	str_append_bytes(&p->text, bytes, len_bytes);
	for (size_t i = 0; i < len_bytes; i++)
		p->lines += bytes[i] == '\n';
	return p->lines < PIECES;
}

/* Many small pieces are gathered, but none of them waits for one that does not come. */
static void
perform_stream_of_small_pieces_is_read_in_time(void **state)
{
	struct world *w = *state;
	struct pieces pieces = { .lines = 0 };
	struct str expected = STR_INIT;
	struct http_request request = { .on_data = count_lines, .gather_ms = 20, .data = &pieces };
	int64_t start_ms = clock_mono_ms();

	for (int i = 0; i < PIECES; i++)
		str_printf(&expected, "%d\n", i);
	assert_int_equal(perform(w, "/pieces", request), 0);
	assert_in_range(clock_mono_ms() - start_ms, 0, 2000);
	assert_string_equal(pieces.text.data, expected.data);
	str_release(&pieces.text);
	str_release(&expected);
}

static void
append_warning(void *data, const char *text)
{
	str_printf(data, "<%s>", text);
}

static void
assert_warnings(const char *headers, const char *expected)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	struct str out = STR_INIT;

	str_append(&response.headers, headers);
	http_response_warnings(&response, append_warning, &out);
	assert_string_equal(str_cstr(&out), expected);
	http_response_release(&response);
	str_release(&out);
}

static void
response_warnings_are_those_for_people(void **state)
{
	(void)state;
	assert_warnings("HTTP/1.1 200 OK\nWarning: 299 - \"old\"\nX: y\nwarning:299 a \"two\"\n",
			"<old><two>");
	assert_warnings(
		"Warning: 299 - \"a, \\\"b\\\"\" \"Sat, 21 Nov 2026 06:22:06 GMT\", 299 - \"c\"\n",
		"<a, \"b\"><c>");
	assert_warnings("Warning: 199 - \"misc\", 110 x \"stale\"\n", "");
	assert_warnings(
		"Warning: 299 - \"cut \\\nWarning: 299\nWarning: 299 -\nWarning:\nWarning: ,,\n",
		"<cut \\>");
	assert_warnings("X-Warning: 299 - \"no\"\n", "");
	assert_warnings("", "");
}

/* A TLS server named "api.example", and a client that trusts `ca`. */
static int
perform_tls(struct world *w, const char *name, const char *ca, const char *more_trust)
{
	char connect_to[128], url[128];
	const char *const list[] = { connect_to, NULL };
	struct http_options options = {
		.proxy_url = "", .ca_pem = ca, .ca_file = more_trust, .connect_to = list
	};
	struct http_request request = { .method = "GET", .url = url };
	struct http_client *client;
	int rc;

	snprintf(connect_to, sizeof(connect_to), "%s:443:127.0.0.1:%d", name, w->server->port);
	snprintf(url, sizeof(url), "https://%s/agent", name);
	client = http_client_new(&options, &w->e);
	for (int i = 0; i < 2; i++) { /* the second time over the kept connection */
		http_response_release(&w->response);
		rc = http_perform(client, &request, &w->response, &w->e);
	}
	http_client_free(client);
	return rc;
}

static void
perform_tls_trusts_its_authority_alone(void **state)
{
	struct world *w = *state;
	char *ca, *wrong;
	int64_t expires_ms;

	server_stop(w->server);
	SSL_CTX_free(server_tls("api.example", &wrong));
	w->server = server_start(answer, w, server_tls("api.example", &ca));
	assert_int_equal(perform_tls(w, "api.example", ca, NULL), 0);
	assert_string_equal(w->response.body.data, "ours");
	assert_int_equal(w->server->count, 1);
	assert_string_equal(w->response.certificate_subject, "CN = api.example");
	assert_string_equal(w->response.certificate_issuer, "CN = api.example");
	assert_int_equal(clock_parse_utc(w->response.certificate_expires, &expires_ms), 0);
	assert_in_range(expires_ms - clock_wall_ms(), 3500000, 3600000);
	assert_int_equal(perform_tls(w, "api.example", wrong, NULL), -1);
	assert_int_equal(w->e.kind, ERR_DENIED);
	assert_message(w, "certificate");
	assert_int_equal(perform_tls(w, "other.example", ca, NULL), -1);
	assert_int_equal(w->e.kind, ERR_DENIED);
	assert_int_equal(perform_tls(w, "api.example", NULL, NULL), -1);
	assert_int_equal(w->e.kind, ERR_DENIED);
	free(ca);
	free(wrong);
}

static void
encode_keeps_unreserved_only(void **state)
{
	char *text = http_encode("a-Z_0.~ /?&=%:é");

	(void)state;
	assert_string_equal(text, "a-Z_0.~%20%2F%3F%26%3D%25%3A%C3%A9");
	free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(perform_get_gives_body_and_headers),
		CASE(perform_error_status_is_an_answer),
		CASE(perform_post_and_patch_send_the_body),
		CASE(perform_head_has_no_body),
		CASE(perform_get_again_keeps_the_connection),
		CASE(perform_write_never_uses_a_kept_connection),
		CASE(perform_refused_is_net_even_for_a_write),
		CASE(perform_closed_read_is_net),
		CASE(perform_cut_body_is_net_and_keeps_the_status),
		CASE(perform_reading_post_is_no_unknown_outcome),
		CASE(perform_garbage_is_an_error),
		CASE(perform_no_answer_times_out),
		CASE(perform_silent_stream_times_out_by_idleness),
		CASE(perform_cancelled_returns_at_once),
		CASE(perform_too_large_body_is_remote),
		CASE(perform_redirect_is_an_answer_that_says_where_to),
		CASE(perform_get_and_put_with_a_body_keep_their_methods),
		CASE(perform_cutting_body_takes_what_fits),
		CASE(perform_url_with_credentials_hides_them),
		CASE(perform_strange_url_is_a_spec_error),
		CASE(perform_stream_can_be_stopped),
		CASE(perform_stream_of_small_pieces_is_read_in_time),
		CASE(perform_tls_trusts_its_authority_alone),
		cmocka_unit_test(response_warnings_are_those_for_people),
		cmocka_unit_test(encode_keeps_unreserved_only),
	};

	signal(SIGPIPE, SIG_IGN); /* the server's TLS writes have no MSG_NOSIGNAL */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
