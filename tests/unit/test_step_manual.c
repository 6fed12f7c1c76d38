#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_executor.h"

static void
answer(struct stand *s, const char *json)
{
	cJSON_Delete(s->answer);
	s->answer = json ? cJSON_Parse(json) : NULL;
}

static void
manual_confirm_yes_is_the_result_and_no_a_failure(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_manual_confirm, "{}");
	answer(&s, "{\"confirmed\":true}");
	assert_ran(&s);
	assert_string_equal(s.asked.data, "0 Done?\n");
	assert_true(json_bool(s.result, "confirmed", false));
	stand_action(&s, &step_manual_confirm, "{\"question\":\"Is it up?\"}");
	char *preview = stand_preview(&s, NULL);
	assert_string_equal(preview, "  Is it up?\n");
	answer(&s, "{\"confirmed\":false}");
	assert_fails(&s, ERR_CHECK, "not confirmed by the operator: Is it up?");
	answer(&s, NULL);
	assert_fails(&s, ERR_CANCELLED, "nobody");
	free(preview);
	stand_release(&s);
}

static void
manual_checklist_open_items_are_a_failure(void **state)
{
	static const char list[] = "{\"items\":[{\"text\":\"Look\"},"
				   "{\"id\":\"lag\",\"text\":\"Read the lag\",\"value\":true}]}";
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_manual_checklist, "%s", list);
	answer(&s, "{\"items\":{\"item-1\":{\"checked\":true},\"lag\":{\"checked\":true,\"value\":"
		   "\"3 s\"}}}");
	assert_ran(&s);
	assert_says(s.asked.data, "item-1: Look\nlag: Read the lag = ?\n");
	assert_string_equal(json_string(s.result, "items/lag/value", ""), "3 s");
	answer(&s, "{\"items\":{\"item-1\":{\"checked\":true},\"lag\":{\"checked\":true}}}");
	assert_fails(&s, ERR_CHECK, "not confirmed by the operator: Read the lag");
	answer(&s, "{\"items\":{\"item-1\":{\"checked\":false},\"lag\":{\"checked\":false}}}");
	assert_fails(&s, ERR_CHECK, "Look; Read the lag");
	stand_action(&s, &step_manual_checklist,
		     "{\"items\":[{\"id\":\"a\",\"text\":\"x\"},{\"id\":\"a\",\"text\":\"y\"}]}");
	assert_fails(&s, ERR_SPEC, "two items have the id \"a\"");
	stand_release(&s);
}

static void
manual_input_must_match_the_pattern(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_manual_input,
		     "{\"question\":\"Which?\",\"pattern\":\"[a-z]+|[0-9]+\",\"secret\":true}");
	answer(&s, "{\"value\":\"abc\"}");
	assert_ran(&s);
	assert_string_equal(s.asked.data, "2 Which? (secret)\n");
	assert_string_equal(json_string(s.result, "value", ""), "abc");
	answer(&s, "{\"value\":\"abc1\"}");
	assert_fails(&s, ERR_CHECK, "does not match");
	assert_null(strstr(s.e.message, "abc1"));
	stand_action(&s, &step_manual_input, "{\"question\":\"Which?\",\"pattern\":\"(\"}");
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_SPEC);
	stand_release(&s);
}

static void
manual_choice_must_be_one_of_the_choices(void **state)
{
	static const char choices[] =
		"\"question\":\"Where?\",\"choices\":[{\"id\":\"here\",\"text\":\"Here\"},"
		"{\"id\":\"there\",\"text\":\"Over there\"}]";
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_manual_choice, "{%s}", choices);
	char *preview = stand_preview(&s, NULL);
	assert_string_equal(preview, "  Where?\n  - Here\n  - Over there\n");
	answer(&s, "{\"choice\":\"there\"}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "choice", ""), "there");
	assert_string_equal(json_string(s.result, "text", ""), "Over there");
	answer(&s, "{\"choice\":\"elsewhere\"}");
	assert_fails(&s, ERR_CHECK, "none of the choices");
	stand_action(&s, &step_manual_choice, "{%s,\"default\":\"nowhere\"}", choices);
	assert_fails(&s, ERR_SPEC, "nowhere");
	free(preview);
	stand_release(&s);
}

#define CHECK                                                                                      \
	"\"check\":{\"uses\":\"dns.lookup\",\"with\":{\"name\":\"a.test\"},\"expect\":\".ttl > "   \
	"1\"}"

static void
wait_until_repeats_until_it_holds(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_wait_until, "{" CHECK ",\"interval\":\"50ms\",\"timeout\":\"5s\"}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "> dns.lookup {\"name\":\"a.test\"}\n> expect: .ttl > 1\n");
	s.checks = "feft";
	assert_ran(&s);
	assert_string_equal(s.progress.data, "check 1: 2 of 3 ready\ncheck 2: no connection\n"
					     "check 3: 2 of 3 ready\n");
	assert_int_equal(json_int(s.result, "checks", -1), 4);
	free(preview);
	stand_release(&s);
}

static void
wait_until_gives_up_with_the_last_seen(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_wait_until,
		     "{" CHECK ",\"interval\":\"50ms\",\"timeout\":\"120ms\"}");
	s.checks = "";
	assert_fails(&s, ERR_TIMEOUT, "the last: 2 of 3 ready");
	s.checks = "fd";
	assert_fails(&s, ERR_DENIED, "not allowed");
	cancel_request(s.cancel);
	s.checks = "f";
	assert_fails(&s, ERR_CANCELLED, "2 of 3 ready");
	stand_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_confirm_yes_is_the_result_and_no_a_failure),
		cmocka_unit_test(manual_checklist_open_items_are_a_failure),
		cmocka_unit_test(manual_input_must_match_the_pattern),
		cmocka_unit_test(manual_choice_must_be_one_of_the_choices),
		cmocka_unit_test(wait_until_repeats_until_it_holds),
		cmocka_unit_test(wait_until_gives_up_with_the_last_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
