#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed/log_json.h"

static void
readable_lines_of_known_loggers(void **state)
{
	static const struct {
		const char *line, *expected;
		enum log_level level;
	} cases[] = {
		{ "{\"level\":\"info\",\"ts\":1795255200.118,\"logger\":\"xds\",\"caller\":\"a.go:"
		  "3\","
		  "\"msg\":\"pushed config\",\"n\":41}",
		  "INFO pushed config  logger=xds  caller=a.go:3  n=41", LOG_LEVEL_INFO },
		{ "{\"level\":\"warning\",\"msg\":\"slow\",\"time\":\"2026-11-21T10:00:00Z\"}",
		  "WARNING slow", LOG_LEVEL_WARN },
		{ "{\"time\":\"2026-11-21T10:00:00Z\",\"level\":\"ERROR\",\"msg\":\"it failed\","
		  "\"err\":\"no route to \\\"db\\\"\",\"req\":{\"id\":7, \"tags\":[\"a\",\"}\"]}}",
		  "ERROR it failed  err=\"no route to \\\"db\\\"\"  req={\"id\":7, "
		  "\"tags\":[\"a\",\"}\"]}",
		  LOG_LEVEL_ERROR },
		{ "{\"name\":\"api\",\"hostname\":\"h\",\"pid\":3,\"level\":50,\"msg\":\"bad\","
		  "\"time\":\"t\",\"v\":0}",
		  "ERROR bad  name=api  hostname=h  pid=3  v=0", LOG_LEVEL_ERROR },
		{ "{\"L\":\"DEBUG\",\"T\":\"10:00\",\"M\":\"zap in development\"}",
		  "DEBUG zap in development", LOG_LEVEL_DEBUG },
		{ "{\"start_time\":\"t\",\"method\":\"GET\",\"path\":\"/a "
		  "b\",\"response_code\":503,"
		  "\"bytes\":null,\"ok\":false}",
		  "method=GET  path=\"/a b\"  response_code=503  bytes=null  ok=false",
		  LOG_LEVEL_NONE },
		{ "{\"severity\":\"CRITICAL\",\"message\":\"\"}", "CRITICAL ", LOG_LEVEL_ERROR },
		{ " {\"msg\":\"x\",\"id\":1234567890123456789} ", "x  id=1234567890123456789",
		  LOG_LEVEL_NONE },
		{ "{\"msg\":\"panic\\nat line 1\",\"s\":\"a\\tb\"}",
		  "panic\\nat line 1  s=\"a\\tb\"", LOG_LEVEL_NONE },
		{ "{\"msg\":\"evil \\u202e text\",\"\\u202e\":\"\\u202e\"}",
		  "evil <U+202E> text  <U+202E>=\"\\u202e\"", LOG_LEVEL_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str out = STR_INIT;
		enum log_level level = LOG_LEVEL_NONE;

		str_append(&out, "> ");
		assert_true(log_json_readable(cases[i].line, strlen(cases[i].line), &out, &level));
		assert_string_equal(str_cstr(&out) + 2, cases[i].expected);
		assert_int_equal(level, cases[i].level);
		str_release(&out);
	}
}

static void
readable_other_lines_are_left_alone(void **state)
{
	static const char *const cases[] = {
		"",
		"plain",
		"{",
		"{}",
		"[1,2]",
		"{\"a\":1}",
		"{\"msg\":\"cut",
		"{'msg':1}",
		"{\"msg\":1} and more",
		"\"msg\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str out = STR_INIT;
		enum log_level level = LOG_LEVEL_NONE;

		assert_false(log_json_readable(cases[i], strlen(cases[i]), &out, &level));
		assert_int_equal(out.len, 0);
		str_release(&out);
	}
}

static void
level_of_plain_lines(void **state)
{
	static const struct {
		const char *line;
		enum log_level level;
	} cases[] = {
		{ "2026-11-21 10:00:00 ERROR [main] it failed", LOG_LEVEL_ERROR },
		{ "E0412 14:07:32.118200 1 a.go:3] x", LOG_LEVEL_ERROR },
		{ "I0412 14:07:32.118200 1 a.go:3] an ERROR", LOG_LEVEL_INFO },
		{ "time=\"x\" level=warn msg=\"y\"", LOG_LEVEL_WARN },
		{ "level=\"error\" msg=y", LOG_LEVEL_ERROR },
		{ "[2026-11-21][1][warning][main] x", LOG_LEVEL_WARN },
		{ "2026-11-21T10:00:00.000000Z     info    xdsproxy connected", LOG_LEVEL_INFO },
		{ "error: no such file", LOG_LEVEL_ERROR },
		{ "2026-11-21 FATAL:  the database system is starting up", LOG_LEVEL_ERROR },
		{ "no errors, all is well, more info follows", LOG_LEVEL_NONE },
		{ "found 3 error codes", LOG_LEVEL_NONE },
		{ "LOG_ERROR_COUNT=0", LOG_LEVEL_NONE },
		{ "", LOG_LEVEL_NONE },
		{ "E", LOG_LEVEL_NONE },
		{ "DEBUG x", LOG_LEVEL_DEBUG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (log_level_of(cases[i].line, strlen(cases[i].line)) != cases[i].level)
			fail_msg("%s: %d", cases[i].line,
				 log_level_of(cases[i].line, strlen(cases[i].line)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable_lines_of_known_loggers),
		cmocka_unit_test(readable_other_lines_are_left_alone),
		cmocka_unit_test(level_of_plain_lines),
	};

	return cmocka_run_group_tests_name("log_json", tests, NULL, NULL);
}
