#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_http.h"
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
	if (strcmp(r->target, "/gateway") == 0)
		return server_reply(c, 504, "text/plain", "", "upstream timed out");
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
	stand_init_http(s);
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
	assert_says(preview, "  without user, password or token\n");
	assert_says(preview, "  expected: status 200 to 299\n  expected: body with \"nodes\"\n");
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
	assert_says(json_string(s.result, "hops/0/url", ""), "/moved");
	assert_int_equal(json_int(s.result, "hops/0/status", -1), 302);
	assert_string_equal(json_string(s.result, "hops/0/remote_ip", ""), "127.0.0.1");
	assert_says(s.output.data, "/moved: 302 from 127.0.0.1, a redirect\n");
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

/* The address of a target is that of its own host: others are asked for in DNS. */
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
assert_effect(struct stand *s, const char *with, enum step_effect expected, const char *line)
{
	enum step_effect effect;
	char *preview;

	stand_action(s, &step_http_check, "%s", with);
	preview = stand_preview(s, &effect);
	assert_says(preview, line);
	assert_int_equal(effect, expected);
	assert_int_equal(step_type_effect(&step_http_check.type, s->with), expected);
	free(preview);
}

static void
http_check_effect_is_that_of_the_method_unless_it_is_given(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	assert_effect(&s, "{}", EFFECT_READS, "> GET ");
	assert_effect(&s, "{\"method\":\"OPTIONS\"}", EFFECT_READS, "> OPTIONS ");
	assert_effect(&s, "{\"method\":\"PUT\"}", EFFECT_CHANGES, "> PUT ");
	assert_effect(&s, "{\"method\":\"PATCH\"}", EFFECT_CHANGES,
		      "> Idempotency-Key: run/step/1");
	assert_effect(&s, "{\"url\":\"a/b%20c/?x=1\",\"method\":\"DELETE\"}", EFFECT_DESTROYS,
		      "> DELETE ");
	assert_effect(&s, "{\"method\":\"POST\",\"effect\":\"reads\"}", EFFECT_READS, "> POST ");
	assert_effect(&s, "{\"effect\":\"destroys\"}", EFFECT_DESTROYS, "> GET ");
	assert_int_equal(step_type_effect(&step_http_check.type, NULL), EFFECT_READS);
	stand_release(&s);
}

/* What is destroyed is typed: its own name, not that of the server. */
static void
http_check_delete_is_confirmed_by_the_last_word_of_the_path(void **state)
{
	static const struct {
		const char *url, *name;
	} cases[] = { { "indices/metrics-2026/?force=1", "metrics-2026" }, { "/", "127.0.0.1" } };
	struct stand s;

	(void)state;
	with_target(&s, "");
	for (size_t i = 0; i < 2; i++) {
		struct preview *preview = preview_new();

		stand_action(&s, &step_http_check, "{\"url\":\"%s\",\"method\":\"DELETE\"}",
			     cases[i].url);
		assert_int_equal(step_http_check.preview(&s.ctx, &s.action, preview, &s.e), 0);
		assert_string_equal(preview_name(preview), cases[i].name);
		preview_free(preview);
	}
	assert_ran(&s);
	assert_non_null(json_at(s.evidence, "writing_ms"));
	stand_release(&s);
}

/* A POST that only searches is asked for again without harm, and nothing of it goes on record. */
static void
http_check_reading_post_is_no_write(void **state)
{
	enum probe_verdict verdict;
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(
		&s, &step_http_check,
		"{\"url\":\"echo\",\"method\":\"POST\",\"effect\":\"reads\",\"json\":{\"a\":[1,"
		"null]}}");
	assert_ran(&s);
	assert_says(json_string(s.result, "body", ""), "Content-Type: application/json");
	assert_says(json_string(s.result, "body", ""), "{\"a\":[1,null]}");
	assert_null(strcasestr(json_string(s.result, "body", ""), "idempotency"));
	assert_null(s.evidence->child);
	char *text = stand_probe(&s, &verdict);
	assert_int_equal(verdict, PROBE_NOT_DONE);
	free(text);
	stand_action(&s, &step_http_check,
		     "{\"url\":\"silent\",\"method\":\"POST\",\"effect\":\"reads\",\"timeout\":"
		     "\"80ms\"}");
	assert_fails(&s, ERR_TIMEOUT, "no complete answer within 80ms: nothing of an answer came");
	stand_action(&s, &step_http_check,
		     "{\"url\":\"silent\",\"method\":\"POST\",\"timeout\":\"80ms\"}");
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "look before you repeat it");
	stand_release(&s);
}

static void
http_check_lost_answer_of_a_gateway_is_unknown_for_a_write(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_http_check, "{\"url\":\"gateway\",\"method\":\"PUT\"}");
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "A gateway lost the answer");
	stand_action(&s, &step_http_check, "{\"url\":\"gateway\"}");
	assert_fails(&s, ERR_CHECK, "status 504");
	stand_release(&s);
}

/* As the engine does it with everything that is shown. */
static int
start_server(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as the program does: OpenSSL writes to what may be closed */
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
		cmocka_unit_test(http_check_json_is_parsed),
		cmocka_unit_test(http_check_unexpected_answer_is_a_check_error),
		cmocka_unit_test(http_check_redirects_are_followed_on_demand),
		cmocka_unit_test(http_check_post_is_a_change_and_sends_its_body),
		cmocka_unit_test(http_check_post_carries_the_key_that_its_probe_names),
		cmocka_unit_test(http_check_that_reads_is_harmless_to_repeat_and_remembers_nothing),
		cmocka_unit_test(http_check_bytes_that_are_no_text_are_made_visible),
		cmocka_unit_test(http_check_timeout_and_cancel_end_it),
		cmocka_unit_test(http_check_effect_is_that_of_the_method_unless_it_is_given),
		cmocka_unit_test(http_check_delete_is_confirmed_by_the_last_word_of_the_path),
		cmocka_unit_test(http_check_reading_post_is_no_write),
		cmocka_unit_test(http_check_lost_answer_of_a_gateway_is_unknown_for_a_write),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
