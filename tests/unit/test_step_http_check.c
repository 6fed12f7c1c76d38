#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_executor.h"
#include "http_server.h"

static struct http_server *server;

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct str echo = STR_INIT;

	(void)data;
	if (strcmp(r->target, "/json") == 0)
		return server_reply(c, 200, "application/json", "X-Odd: one\r\nX-odd: two\r\n",
				    "{\"state\":\"up\",\"nodes\":3}");
	if (strcmp(r->target, "/broken") == 0)
		return server_reply(c, 503, "text/plain", "", "no database\nat all");
	if (strcmp(r->target, "/moved") == 0)
		return server_reply(c, 302, "text/plain", "Location: /json\r\n", "");
	if (strcmp(r->target, "/bytes") == 0)
		return server_reply(c, 200, "application/octet-stream", "", "a\xff\x1b[2J");
	if (strcmp(r->target, "/silent") == 0)
		return server_stay_silent(c);
	str_printf(&echo, "%s %s\n%s%s", r->method, r->target, r->headers, r->body);
	bool ok = server_reply(c, 200, "text/plain", "", echo.data);
	str_release(&echo);
	return ok;
}

static void
with_target(struct stand *s, const char *more)
{
	stand_init(s);
	stand_target(s, &target_http, "{\"url\":\"%s/\"%s}", server->url, more);
}

static void
http_check_json_is_parsed(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check, "{\"url\":\"/json\",\"contains\":\"nodes\"}");
	enum step_effect effect;
	char *preview = stand_preview(&s, &effect);
	assert_says(preview, "> GET http://127.0.0.1:");
	assert_says(preview, "good is: status 200 to 299, and a body with: nodes");
	assert_true(effect <= EFFECT_READS);
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "status", -1), 200);
	assert_string_equal(json_string(s.result, "json/state", ""), "up");
	assert_string_equal(json_string(s.result, "headers/content-type", ""), "application/json");
	assert_string_equal(json_string(s.result, "headers/x-odd", ""), "one, two");
	assert_string_equal(json_string(s.result, "remote_ip", ""), "127.0.0.1");
	assert_says(json_string(s.result, "body", ""), "\"nodes\":3");
	assert_true(cJSON_IsNull(json_at(s.result, "certificate")));
	assert_says(s.output.data, "200 from 127.0.0.1 in");
	free(preview);
	stand_release(&s);
}

static void
http_check_unexpected_answer_is_a_check_error(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check, "{\"url\":\"broken\"}");
	assert_fails(&s, ERR_CHECK, "status 503, expected 200 to 299. The body: no database");
	assert_null(strchr(s.e.message, '\n'));
	stand_action(&s, &step_http_check, "{\"url\":\"broken\",\"expect_status\":[500,503]}");
	assert_ran(&s);
	stand_action(&s, &step_http_check,
		     "{\"url\":\"broken\",\"expect_status\":503,\"contains\":\"ready\"}");
	assert_fails(&s, ERR_CHECK, "lacks \"ready\"");
	stand_action(&s, &step_http_check, "{\"url\":\"json\",\"expect_status\":404}");
	assert_fails(&s, ERR_CHECK, "status 200, expected 404");
	stand_release(&s);
}

static void
http_check_redirects_are_followed_on_demand(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check, "{\"url\":\"moved\"}");
	assert_fails(&s, ERR_CHECK, "status 302");
	stand_action(&s, &step_http_check, "{\"url\":\"moved\",\"max_redirects\":3}");
	assert_ran(&s);
	assert_says(json_string(s.result, "url", ""), "/json");
	assert_says(json_string(s.result, "hops", ""), "/moved");
	stand_release(&s);
}

static void
http_check_post_is_a_change_and_sends_its_body(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, ",\"headers\":{\"X-Target\":\"yes\"}");
	stand_action(&s, &step_http_check,
		     "{\"url\":\"echo\",\"method\":\"POST\",\"body\":\"payload\",\"headers\":{\"X-"
		     "Step\":\"1\"}}");
	enum step_effect effect;
	char *preview = stand_preview(&s, &effect);
	assert_int_equal(effect, EFFECT_CHANGES);
	assert_says(preview, "> POST http://");
	assert_says(preview, "> X-Step: 1");
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "POST /echo");
	assert_says(json_string(s.result, "body", ""), "X-Step: 1");
	assert_says(json_string(s.result, "body", ""), "X-Target: yes");
	assert_says(json_string(s.result, "body", ""), "payload");
	free(preview);
	stand_release(&s);
}

static void
http_check_post_carries_the_key_that_its_probe_names(void **state)
{
	enum probe_verdict verdict;
	struct stand s;
	char *text;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check, "{\"url\":\"echo\",\"method\":\"POST\"}");
	text = stand_preview(&s, NULL);
	assert_says(text, "> Idempotency-Key: run/step/1\n");
	free(text);
	text = stand_probe(&s, &verdict);
	assert_says(text, "/echo was not sent: it would be on record");
	assert_int_equal(verdict, PROBE_NOT_DONE);
	free(text);
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "Idempotency-Key: run/step/1");
	text = stand_probe(&s, &verdict);
	assert_says(text, "POST http://127.0.0.1:");
	assert_says(text, "It was sent with Idempotency-Key: run/step/1. Where the server honours");
	assert_int_equal(verdict, PROBE_UNSURE);
	free(text);
	stand_action(&s, &step_http_check,
		     "{\"url\":\"echo\",\"method\":\"POST\",\"headers\":{\"idempotency-key\":"
		     "\"mine\"}}");
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "idempotency-key: mine");
	assert_null(strstr(json_string(s.result, "body", ""), "run/step/1"));
	text = stand_probe(&s, &verdict);
	assert_says(text, "is the runbook's own");
	assert_int_equal(verdict, PROBE_UNSURE);
	free(text);
	stand_release(&s);
}

static void
http_check_that_reads_is_harmless_to_repeat_and_remembers_nothing(void **state)
{
	enum probe_verdict verdict;
	struct stand s;
	char *text;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check, "{\"url\":\"echo\"}");
	assert_ran(&s);
	assert_null(s.evidence->child);
	assert_null(strcasestr(json_string(s.result, "body", ""), "idempotency"));
	text = stand_probe(&s, &verdict);
	assert_says(text, "/echo only reads");
	assert_int_equal(verdict, PROBE_NOT_DONE);
	free(text);
	stand_action(&s, &step_http_check, "{\"url\":\"echo\",\"method\":\"POST\"}");
	s.refuses_to_keep = true;
	assert_fails(&s, ERR_IO, "nothing was sent: the journal cannot be written");
	stand_release(&s);
}

static void
http_check_credentials_of_the_target_stay_with_it(void **state)
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
http_check_resolve_connects_elsewhere(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_http_check,
		     "{\"url\":\"http://ui.invalid:%d/echo\",\"resolve\":\"127.0.0.1\"}",
		     server->port);
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "connecting to ui.invalid:");
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
http_check_bytes_that_are_no_text_are_made_visible(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check, "{\"url\":\"bytes\"}");
	assert_ran(&s);
	assert_null(strchr(json_string(s.result, "body", ""), 0x1b));
	assert_says(json_string(s.result, "body", ""), "a\\xff");
	stand_release(&s);
}

static void
http_check_timeout_and_cancel_end_it(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check, "{\"url\":\"silent\",\"timeout\":\"80ms\"}");
	assert_int_equal(stand_run(&s), -1);
	assert_int_equal(s.e.kind, ERR_TIMEOUT);
	cancel_request(s.cancel);
	assert_int_equal(stand_run(&s), -1);
	assert_int_equal(s.e.kind, ERR_CANCELLED);
	stand_release(&s);
}

static void
http_check_tls_reports_the_certificate(void **state)
{
	char *ca = NULL;
	struct http_server *tls = server_start(answer, NULL, server_tls("ui.example.test", &ca));
	char path[] = "/tmp/lifeboat-ca-XXXXXX";
	int fd = mkstemp(path);
	struct stand s;

	(void)state;
	assert_int_equal(write(fd, ca, strlen(ca)), strlen(ca));
	close(fd);
	stand_init(&s);
	stand_action(&s, &step_http_check,
		     "{\"url\":\"https://ui.example.test:%d/json\","
		     "\"resolve\":\"127.0.0.1\",\"ca_file\":\"%s\"}",
		     tls->port, path);
	assert_ran(&s);
	assert_says(json_string(s.result, "certificate/subject", ""), "ui.example.test");
	assert_non_null(json_string(s.result, "certificate/expires", NULL));
	stand_action(&s, &step_http_check,
		     "{\"url\":\"https://wrong.example.test:%d/json\","
		     "\"resolve\":\"127.0.0.1\",\"ca_file\":\"%s\"}",
		     tls->port, path);
	assert_int_equal(stand_run(&s), -1);
	assert_int_equal(s.e.kind, ERR_DENIED);
	stand_release(&s);
	unlink(path);
	free(ca);
	server_stop(tls);
}

static int
start_server(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as the program does: OpenSSL writes to what may be closed */
	server = server_start(answer, NULL, NULL);
	return 0;
}

static int
stop_server(void **state)
{
	(void)state;
	server_stop(server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_check_json_is_parsed),
		cmocka_unit_test(http_check_unexpected_answer_is_a_check_error),
		cmocka_unit_test(http_check_redirects_are_followed_on_demand),
		cmocka_unit_test(http_check_post_is_a_change_and_sends_its_body),
		cmocka_unit_test(http_check_post_carries_the_key_that_its_probe_names),
		cmocka_unit_test(http_check_that_reads_is_harmless_to_repeat_and_remembers_nothing),
		cmocka_unit_test(http_check_credentials_of_the_target_stay_with_it),
		cmocka_unit_test(http_check_resolve_connects_elsewhere),
		cmocka_unit_test(http_check_bytes_that_are_no_text_are_made_visible),
		cmocka_unit_test(http_check_timeout_and_cancel_end_it),
		cmocka_unit_test(http_check_tls_reports_the_certificate),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
