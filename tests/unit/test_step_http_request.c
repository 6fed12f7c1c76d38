#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "fixture_http.h"
#include "fixture_server.h"
#include "http_server.h"

/* What http.check sends, to whom, over which way, and what it shows of it: the server sends it back. */

static struct http_server *server;

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct str echo = STR_INIT;

	(void)data;
	str_printf(&echo, "%s %s\n%s%s", r->method, r->target, r->headers, r->body);
	bool ok = server_reply(c, 200, "text/plain", "", echo.data);
	str_release(&echo);
	return ok;
}

static void
with_target(struct stand *s, const char *more)
{
	stand_init_http(s);
	stand_target(s, &target_http, "{\"url\":\"%s/\"%s}", server->url, more);
}

static void
http_request_credentials_of_the_target_stay_with_it(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, ",\"user\":\"admin\",\"password\":\"hunter2222\",\"headers\":{\"X-Target\":"
			"\"yes\"}");
	stand_action(&s, &step_http_check, "{\"url\":\"echo\"}");
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "Authorization: Basic ");
	stand_action(&s, &step_http_check,
		     "{\"url\":\"http://localhost:%d/echo\",\"resolve\":\"127.0.0.1\"}",
		     server->port);
	assert_ran(&s);
	assert_null(strstr(json_string(s.result, "body", ""), "Authorization"));
	assert_null(strstr(json_string(s.result, "body", ""), "X-Target"));
	stand_release(&s);
}

static void
http_request_resolve_connects_elsewhere(void **state)
{
	struct stand s;

	(void)state;
	stand_init_http(&s);
	stand_action(&s, &step_http_check,
		     "{\"url\":\"http://ui.invalid:%d/echo\",\"resolve\":\"127.0.0.1\"}",
		     server->port);
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "  connecting to 127.0.0.1 in place of what DNS says of ui.invalid\n");
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "Host: ui.invalid");
	stand_action(&s, &step_http_check,
		     "{\"url\":\"http://db.face:%d/echo\","
		     "\"resolve\":\"db.face:%d:127.0.0.1\"}",
		     server->port, server->port);
	assert_ran(&s);
	stand_action(&s, &step_http_check,
		     "{\"url\":\"http://a.invalid/\",\"resolve\":\"elsewhere\"}");
	assert_fails(&s, ERR_SPEC, "elsewhere");
	stand_action(&s, &step_http_check, "{\"url\":\"/path\"}");
	assert_fails(&s, ERR_SPEC, "no URL");
	free(preview);
	stand_release(&s);
}

static void
http_request_address_of_the_target_is_for_its_host_alone(void **state)
{
	struct stand s;

	(void)state;
	stand_init_http(&s);
	stand_target(&s, &target_http,
		     "{\"url\":\"http://ui.invalid:%d\",\"resolve\":[\"127.0.0.1\",\"\"]}",
		     server->port);
	stand_action(&s, &step_http_check, "{\"url\":\"echo\"}");
	assert_ran(&s);
	stand_action(&s, &step_http_check, "{\"url\":\"http://other.invalid:%d/echo\"}",
		     server->port);
	assert_fails(&s, ERR_NET, "Could not resolve host: other.invalid");
	stand_action(&s, &step_http_check,
		     "{\"url\":\"http://other.invalid:%d/echo\",\"resolve\":\"127.0.0.1\"}",
		     server->port);
	assert_ran(&s);
	stand_release(&s);
}

static char *
redacted_preview(struct stand *s)
{
	char *preview = stand_preview(s, NULL);
	struct str out = STR_INIT;

	assert_non_null(preview);
	secrets_redact(s->ctx.secrets, preview, strlen(preview), &out);
	free(preview);
	return str_take(&out);
}

static void
http_request_secrets_are_sent_and_never_shown(void **state)
{
	static const char *const hidden[] = { "t0ken-of-the-step", "c00kie",  "key-4711",
					      "pr0xy-pass",	   "urlpass", NULL };
	struct stand s;

	(void)state;
	stand_init_http(&s);
	stand_action(
		&s, &step_http_check,
		"{\"url\":\"http://me:urlpass@127.0.0.1:%d/echo\",\"proxy\":\"none\",\"bearer\":"
		"\"t0ken-of-the-step\",\"headers\":{\"Cookie\":\"id=c00kie\",\"X-Api-Key\":"
		"\"key-4711\",\"X-Plain\":\"seen\"}}",
		server->port);
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "> Authorization: Bearer ‹hidden›\n");
	assert_says(preview, "> Cookie: ‹hidden›\n");
	assert_says(preview, "> X-Plain: seen\n");
	assert_says(preview, "  with a bearer token\n");
	for (size_t i = 0; hidden[i]; i++)
		assert_lacks(preview, hidden[i]);
	free(preview);
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "Authorization: Bearer t0ken-of-the-step");
	assert_says(json_string(s.result, "body", ""), "id=c00kie");
	struct str out = STR_INIT; /* the server's echo, through the door */
	secrets_redact(s.ctx.secrets, s.output.data, s.output.len, &out);
	assert_says(out.data, "X-Plain: seen");
	for (size_t i = 0; hidden[i]; i++)
		assert_lacks(out.data, hidden[i]);
	str_release(&out);
	stand_action(
		&s, &step_http_check,
		"{\"url\":\"http://a.invalid/\",\"proxy\":\"http://u:pr0xy-pass@127.0.0.1:1\"}");
	preview = redacted_preview(&s);
	assert_says(preview, "  through the proxy http://127.0.0.1:1, by `proxy`\n");
	assert_fails(&s, ERR_NET, "through the proxy http://127.0.0.1:1");
	assert_lacks(s.e.message, "pr0xy-pass");
	free(preview);
	stand_release(&s);
}

static void
http_request_credentials_of_the_step_replace_those_of_the_target(void **state)
{
	struct str hidden = STR_INIT;
	struct stand s;

	(void)state;
	with_target(&s, ",\"bearer\":\"targets-token\",\"headers\":{\"X-Odd\":\"target\"}");
	secrets_redact(s.ctx.secrets, "targets-token", strlen("targets-token"), &hidden);
	assert_string_equal(hidden.data, "‹secret:bearer›"); /* before it is ever used */
	str_release(&hidden);
	stand_action(&s, &step_http_check, "{\"url\":\"echo\",\"max_redirects\":1}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "  with a bearer token\n");
	assert_says(preview, "  follows 1 redirect at most, on the same host\n");
	free(preview);
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "Bearer targets-token");
	stand_action(&s, &step_http_check,
		     "{\"url\":\"echo\",\"max_redirects\":1,\"method\":\"PUT\"}");
	preview = stand_preview(&s, NULL);
	assert_lacks(preview, "redirect");
	free(preview);
	stand_action(
		&s, &step_http_check,
		"{\"url\":\"echo\",\"user\":\"me\",\"password\":\"mypass\",\"headers\":{\"x-odd\":"
		"\"step\"}}");
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "Authorization: Basic bWU6bXlwYXNz");
	assert_says(json_string(s.result, "body", ""), "x-odd: step");
	assert_lacks(json_string(s.result, "body", ""), "target");
	stand_target(&s, &target_http,
		     "{\"url\":\"%s/\",\"headers\":{\"Authorization\":\"Odd targets\"}}",
		     server->url);
	stand_action(&s, &step_http_check, "{\"url\":\"echo\",\"bearer\":\"steps-token\"}");
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "Bearer steps-token");
	assert_lacks(json_string(s.result, "body", ""), "Odd");
	stand_release(&s);
}

static void
http_request_request_that_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *with, *why;
	} cases[] = {
		{ "\"body\":\"a\",\"json\":1", "only one can be sent" },
		{ "\"method\":\"HEAD\",\"body\":\"a\"", "a HEAD has no body" },
		{ "\"user\":\"a\",\"bearer\":\"bbbb\"", "`user` and `bearer` are both given" },
		{ "\"bearer\":\"bbbb\",\"headers\":{\"authorization\":\"x\"}", "both given" },
		{ "\"headers\":{\"X\":\"a\\r\\nY: b\"}", "holds a line end" },
		{ "\"headers\":{\"X Y\":\"a\"}", "is no name of a header" },
		{ "\"proxy\":\"proxy:3128\"", "none is wanted, or a URL" },
		{ "\"ca\":\"x\",\"ca_file\":\"/x\"", "the trust is one of them" },
		{ "\"ca\":\"no PEM\"", "the certificate authority is not readable" },
		{ "\"ca_file\":\"/nonexistent/ca.pem\"", "/nonexistent/ca.pem" },
		{ "\"client_cert_file\":\"/nonexistent/me.pem\"", "/nonexistent/me.pem" },
		{ "\"body_file\":\"/nonexistent/body\"", "/nonexistent/body" },
		{ "\"body_sha256\":\"abc\"", "64 hexadecimal digits" },
		{ "\"matches\":\"(\"", "`matches`: pattern /(/: missing closing parenthesis" },
		{ "\"expect_headers\":{\"A\":\"/[/\"}", "header A: pattern /[/" },
		{ "\"max_body\":0", "`max_body` is 0: from 1 to 268435456 is wanted" },
		{ "\"max_redirects\":-1", "`max_redirects` is -1" },
		{ "\"timeout\":\"0\"", "`timeout` is 0: from 1 to" },
		{ "\"expect_certificate\":{\"issuer\":\"/(/\"}", "certificate's issuer: pattern" },
		{ "\"resolve\":\"a:b:c\"", "host:port:address" },
		{ "\"url\":\"http://a b/\"", "is no URL" },
	};
	struct stand s;

	(void)state;
	stand_init_http(&s);
	int before = server->requests;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_http_check, "{%s%s%s}", cases[i].with,
			     strstr(cases[i].with, "\"url\"") ? "" : ",\"url\":",
			     strstr(cases[i].with, "\"url\"") ? "" : "\"http://127.0.0.1:1/\"");
		if (stand_preview(&s, NULL))
			fail_msg("%s was accepted", cases[i].with);
		assert_says(s.e.message, cases[i].why);
	}
	assert_int_equal(server->requests, before);
	stand_release(&s);
}

static void
http_request_body_of_a_file_is_the_one_that_was_shown(void **state)
{
	char *folder = fixture_folder(), digest[DIGEST_HEX_MAX];
	char *path = fixture_write(folder, "body", "as shown");
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check,
		     "{\"url\":\"echo\",\"method\":\"PUT\",\"body_file\":\"%s\"}", path);
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "/body, 8 bytes\n");
	assert_says(preview, digest_sha256("as shown", 8, digest));
	free(preview);
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "as shown");
	free(fixture_write(folder, "body", "otherwise"));
	assert_fails(&s, ERR_CONFLICT, "nothing was sent: the file ");
	free(path);
	fixture_remove(folder);
	stand_release(&s);
}

static void
http_request_empty_header_is_sent_as_one(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check,
		     "{\"url\":\"echo\",\"headers\":{\"X-Empty\":\"\",\"Accept\":\"a/b\"}}");
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "X-Empty:");
	assert_says(json_string(s.result, "body", ""), "Accept: a/b");
	assert_lacks(json_string(s.result, "body", ""), "Accept: */*");
	stand_release(&s);
}

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
		cmocka_unit_test(http_request_credentials_of_the_target_stay_with_it),
		cmocka_unit_test(http_request_resolve_connects_elsewhere),
		cmocka_unit_test(http_request_address_of_the_target_is_for_its_host_alone),
		cmocka_unit_test(http_request_secrets_are_sent_and_never_shown),
		cmocka_unit_test(http_request_credentials_of_the_step_replace_those_of_the_target),
		cmocka_unit_test(http_request_request_that_makes_no_sense_is_refused),
		cmocka_unit_test(http_request_body_of_a_file_is_the_one_that_was_shown),
		cmocka_unit_test(http_request_empty_header_is_sent_as_one),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
