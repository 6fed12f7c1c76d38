#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/file.h"
#include "fixture_http.h"
#include "fixture_server.h"
#include "http_server.h"

static struct http_server *server;

/* {"packed":true}, as zlib packs it. */
static const char deflated[] = "\x78\xda\xab\x56\x2a\x48\x4c\xce\x4e\x4d\x51\xb2\x2a\x29\x2a\x4d"
			       "\xad\x05\x00\x2b\x74\x05\x9f";

static bool
reply_packed(struct server_connection *c, const char *coding, const char *bytes, size_t len)
{
	struct str head = STR_INIT;

	str_printf(&head, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
		   coding, len);
	bool ok = server_write(c, head.data, head.len) && server_write(c, bytes, len);
	str_release(&head);
	return ok;
}

/* What gzip makes of the output of a shell command. */
static bool
reply_gzip(struct server_connection *c, const char *command)
{
	char *folder = fixture_folder(), *path = xasprintf("%s/packed", folder);
	char *line = xasprintf("%s | gzip -9", command);
	const char *const argv[] = { "sh", "-c", line, NULL };
	struct str bytes = STR_INIT;
	struct err e = ERR_INIT;
	bool ok;

	fixture_give(folder);
	ok = fixture_run(argv, path) && file_read(path, 1 << 20, &bytes, &e) == 0 &&
	     reply_packed(c, "gzip", bytes.data, bytes.len);
	str_release(&bytes);
	free(line);
	free(path);
	fixture_remove(folder);
	return ok;
}

static bool
flood(struct server_connection *c)
{
	static char bytes[65536];

	memset(bytes, 'x', sizeof(bytes));
	bool ok = server_print(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nbegin");
	while (ok)
		ok = server_write(c, bytes, sizeof(bytes));
	return false;
}

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	(void)data;
	if (strcmp(r->target, "/health") == 0)
		return server_reply(c, 200, "application/json", "X-Node: a-1 \r\n",
				    "{\"status\":\"yellow\",\"nodes\":3,\"of\":{\"a b\":[1,2]}}");
	if (strcmp(r->target, "/broken-json") == 0)
		return server_json(c, 200, "{\"a\": 1,\n \"b\": ]}");
	if (strcmp(r->target, "/latin") == 0)
		return server_reply(c, 200, "text/plain; charset=\"ISO-8859-1\"", "", "caf\xe9");
	if (strcmp(r->target, "/odd-charset") == 0)
		return server_reply(c, 200, "text/plain; charset=klingon", "", "caf\xe9");
	if (strcmp(r->target, "/gzip") == 0)
		return reply_gzip(c, "printf '{\"packed\":true}'");
	if (strcmp(r->target, "/deflate") == 0)
		return reply_packed(c, "deflate", deflated, sizeof(deflated) - 1);
	if (strcmp(r->target, "/bomb") == 0)
		return reply_gzip(c, "head -c 64M /dev/zero");
	if (strcmp(r->target, "/flood") == 0)
		return flood(c);
	if (strcmp(r->target, "/empty") == 0)
		return server_json(c, 200, "");
	if (strcmp(r->target, "/slow") == 0)
		poll(NULL, 0, 50);
	if (strcmp(r->target, "/lines") == 0)
		return server_reply(c, 500, "text/plain", "", "first\r\n\tsecond  line\n\nthird");
	return server_reply(c, 404, "text/plain", "", "no such thing");
}

/* `format` makes the arguments behind the URL. */
static void __attribute__((format(printf, 3, 4)))
check(struct stand *s, const char *path, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *more = xvasprintf(format, ap);
	va_end(ap);
	stand_action(s, &step_http_check, "{\"url\":\"%s%s\"%s%s}", server->url, path,
		     *more ? "," : "", more);
	free(more);
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
	return 0;
}

static void
judge_of_what_all_holds_says_so_line_by_line(void **state)
{
	struct stand *s = *state;

	check(s, "/health",
	      "\"expect_headers\":{\"x-node\":\"a-1\",\"Content-Type\":\"/^application.json/\"},"
	      "\"contains\":\"yellow\",\"matches\":\"\\\"nodes\\\": *[0-9]\","
	      "\"expect_json\":[\".nodes == 3\",\".status | IN(\\\"yellow\\\",\\\"green\\\")\"],"
	      "\"max_duration\":\"20s\"");
	assert_ran(s);
	assert_says(s->output.data, "ok     status: expected 200 to 299; actual: 200\n");
	assert_says(s->output.data, "ok     header x-node: expected a-1; actual: a-1\n");
	assert_says(s->output.data, "ok     body: expected with \"yellow\"");
	assert_says(s->output.data, "ok     json: expected .nodes == 3; actual: .nodes is 3\n");
	assert_says(s->output.data, "ok     duration: expected at most 20s; actual: ");
	assert_lacks(s->output.data, "FAILED");
	assert_says(s->output.data, "\ntimes: ");
	assert_true(json_at(s->result, "times/first_byte_ms")->valuedouble > 0);
	assert_string_equal(json_string(s->result, "http_version", ""), "HTTP/1.1");
}

static void
judge_tells_every_expectation_that_failed(void **state)
{
	static const char *const said[] = {
		"status 200, expected 201, 204",
		"header x-node a-1, expected b-1",
		"header X-None is not there, expected 1",
		"the body lacks \"green\"",
		"the body lacks /^green/",
		"json .status == \"green\": .status is \"yellow\"",
		"json .nodes: it is 3",
		"json .of[\"a b\"][1] > 2: .of[\"a b\"][1] is 2",
		"SHA-256 of the body ",
		"certificate is not there: the answer came without TLS, expected valid for at "
		"least 2d",
		". The body: {\"status\":\"yellow\"",
		NULL,
	};
	struct stand *s = *state;

	check(s, "/health",
	      "\"expect_status\":[201,204],\"expect_headers\":{\"x-node\":\"b-1\",\"X-None\":\"1\"}"
	      ","
	      "\"contains\":\"green\",\"matches\":\"^green\",\"expect_json\":[\".status == "
	      "\\\"green\\\"\",\".nodes\",\".of[\\\"a b\\\"][1] > 2\",\"true\"],"
	      "\"min_certificate_validity\":\"2d\",\"body_sha256\":"
	      "\"0000000000000000000000000000000000000000000000000000000000000000\"");
	assert_fails(s, ERR_CHECK, "/health (127.0.0.1): status 200");
	for (size_t i = 0; said[i]; i++)
		assert_says(s->e.message, said[i]);
	assert_says(s->output.data, "FAILED status: expected 201, 204; actual: 200\n");
	assert_says(s->output.data, "ok     json: expected true; actual: it is true\n");
	assert_null(s->result);
}

static void
judge_of_json_names_the_place_where_it_breaks(void **state)
{
	struct stand *s = *state;

	check(s, "/broken-json", "\"expect_json\":\".a == 1\"");
	assert_fails(s, ERR_CHECK, "the body is no JSON: it breaks at line 2, column 7");
	check(s, "/empty", "\"expect_json\":\".a == 1\"");
	assert_fails(s, ERR_CHECK, "the body is no JSON: the body is empty");
	check(s, "/broken-json", "%s", "");
	assert_ran(s);
	assert_true(cJSON_IsNull(json_at(s->result, "json")));
}

static void
judge_of_json_of_another_shape_does_not_hold(void **state)
{
	struct stand *s = *state;

	check(s, "/health", "\"expect_json\":[\".status.x == 1\",\".nodes >= 3\"]");
	assert_fails(s, ERR_CHECK, "json .status.x == 1: ");
	assert_says(s->e.message, "Cannot index string");
	assert_says(s->output.data, "ok     json: expected .nodes >= 3");
}

static void
judge_of_sha256_is_over_the_unpacked_bytes(void **state)
{
	const char *text = "{\"packed\":true}";
	static const char *const paths[] = { "/gzip", "/deflate" };
	char digest[DIGEST_HEX_MAX];
	struct stand *s = *state;

	digest_sha256(text, strlen(text), digest);
	for (size_t i = 0; i < 2; i++) {
		check(s, paths[i], "\"body_sha256\":\"%s\",\"expect_json\":\".packed\"", digest);
		assert_ran(s);
		assert_string_equal(json_string(s->result, "body", ""), text);
	}
}

static void
judge_of_a_flood_stops_at_max_body(void **state)
{
	static const char *const paths[] = { "/flood", "/bomb" };
	struct stand *s = *state;

	for (size_t i = 0; i < 2; i++) {
		check(s, paths[i], "\"max_body\":100000");
		assert_ran(s);
		assert_int_equal(json_int(s->result, "body_bytes", -1), 100000);
		assert_true(json_bool(s->result, "body_cut", false));
		assert_says(s->output.data, "the body is larger than 100000 bytes (max_body)");
	}
	check(s, "/flood", "\"max_body\":1000,\"contains\":\"begin\"");
	assert_ran(s);
	check(s, "/flood",
	      "\"max_body\":1000,\"contains\":\"end\",\"expect_json\":\".a\",\"body_sha256\":"
	      "\"0000000000000000000000000000000000000000000000000000000000000000\"");
	assert_fails(s, ERR_CHECK, "\"end\" is not in the first 1000 bytes of the body");
	assert_says(s->e.message, "the rest of the body was not read");
	assert_says(s->e.message, "is not known: the body has more than 1000 bytes");
}

static void
judge_of_another_charset_sees_the_characters(void **state)
{
	struct stand *s = *state;

	check(s, "/latin", "\"contains\":\"caf\u00e9\"");
	assert_ran(s);
	assert_string_equal(json_string(s->result, "body", ""), "café");
	check(s, "/odd-charset", "%s", "");
	assert_ran(s);
	assert_says(s->output.data, "its charset is not known here");
	assert_string_equal(json_string(s->result, "body", ""), "caf\\xe9");
}

static void
judge_shows_the_body_of_an_error_on_one_line(void **state)
{
	struct stand *s = *state;

	check(s, "/lines", "%s", "");
	assert_fails(s, ERR_CHECK, "The body: first second line third");
	check(s, "/empty", "\"expect_status\":404");
	assert_fails(s, ERR_CHECK, "status 200, expected 404. The body: (empty)");
}

static void
judge_of_a_slow_answer_says_how_long_it_took(void **state)
{
	struct stand *s = *state;

	check(s, "/slow", "\"expect_status\":404,\"max_duration\":\"20ms\"");
	assert_fails(s, ERR_CHECK, "ms, expected at most 20ms. The body: no such thing");
	check(s, "/slow", "\"expect_status\":404,\"max_duration\":\"20s\"");
	assert_ran(s);
	assert_in_range(json_int(s->result, "duration_ms", -1), 49, 20000);
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
		CASE(judge_of_what_all_holds_says_so_line_by_line),
		CASE(judge_tells_every_expectation_that_failed),
		CASE(judge_of_json_names_the_place_where_it_breaks),
		CASE(judge_of_json_of_another_shape_does_not_hold),
		CASE(judge_of_sha256_is_over_the_unpacked_bytes),
		CASE(judge_of_a_flood_stops_at_max_body),
		CASE(judge_of_another_charset_sees_the_characters),
		CASE(judge_of_a_slow_answer_says_how_long_it_took),
		CASE(judge_shows_the_body_of_an_error_on_one_line),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
