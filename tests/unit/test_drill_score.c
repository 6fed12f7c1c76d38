#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture_drill_records.h"

/* All went as it should. */
static void
story_good(struct drill_story *s, const char *more)
{
	story_begin(s, more);
	story_run(s, "look", false, 100, "ok");
	story_run(s, "fix", true, 5000, "ok");
	story_plan(s, "harm", true);
	story_skip(s, "harm");
	story_run(s, "check", false, 100, "ok");
}

static int
size_of(const cJSON *debrief, const char *path)
{
	return cJSON_GetArraySize(json_at(debrief, path));
}

static void
assert_reason(const cJSON *debrief, const char *part)
{
	const cJSON *at;

	assert_false(json_bool(debrief, "passed", true));
	cJSON_ArrayForEach(at, json_at(debrief, "reasons"))
		if (strstr(at->valuestring, part))
			return;
	char *text = json_print(debrief);
	fail_msg("no \"%s\" in %s", part, text);
}

static void
assert_has_practice(const cJSON *debrief, const char *sentence)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(debrief, "practise"))
		if (strcmp(at->valuestring, sentence) == 0)
			return;
	char *text = json_print(debrief);
	fail_msg("no \"%s\" in %s", sentence, text);
}

static void
score_debrief_right_actions_passes(void **state)
{
	struct drill_story s;

	(void)state;
	story_good(&s, "");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_true(json_bool(debrief, "passed", false));
	assert_int_equal(size_of(debrief, "reasons"), 0);
	assert_string_equal(json_string(debrief, "scenario", ""), "lost");
	assert_string_equal(json_string(debrief, "variants/0/symptom", ""), "It shows");
	/* what the world calls wrong is right where a variant wants it */
	/* the wrong step was let be: caught, and no check that is missed */
	assert_int_equal(size_of(debrief, "wrong"), 1);
	assert_true(json_bool(debrief, "wrong/0/caught", false));
	assert_int_equal(size_of(debrief, "skipped_checks"), 0);
	assert_int_equal(size_of(debrief, "hasty"), 0);
	assert_int_equal(json_int(debrief, "points", 0), 95);
	cJSON_Delete(debrief);
}

static void
score_debrief_times_are_those_of_the_journal(void **state)
{
	struct drill_story s;

	(void)state;
	story_good(&s, "");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_int_equal(json_int(debrief, "times/detect_ms", 0), 1100);
	assert_int_equal(json_int(debrief, "times/decide_ms", 0), 8100);
	assert_int_equal(json_int(debrief, "times/restore_ms", 0), 9100);
	assert_int_equal(json_int(debrief, "times/verify_ms", 0), 14200);
	assert_int_equal(json_int(debrief, "times/rto_ms", 0), 30000);
	assert_int_equal(json_int(debrief, "objectives/0/taken_ms", 0), 12100);
	assert_true(json_bool(debrief, "objectives/0/kept", false));
	/* the expert beside it, and what the world did, in order */
	assert_int_equal(json_int(debrief, "timeline/0/at_ms", 0), 2100);
	assert_int_equal(json_int(debrief, "timeline/0/expert_ms", 0), 2000);
	assert_string_equal(json_string(debrief, "timeline/1/what", ""), "in the world: The disk");
	assert_int_equal(json_int(debrief, "timeline/2/expert_ms", -2), -2); /* null */
	cJSON_Delete(debrief);
}

static void
score_debrief_wrong_step_that_ran_fails(void **state)
{
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_run(&s, "look", false, 100, "ok");
	story_run(&s, "fix", true, 5000, "ok");
	story_run(&s, "harm", true, 5000, "ok");
	story_run(&s, "check", false, 100, "ok");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_reason(debrief, "Harm it (harm) harms here: It breaks more");
	assert_int_equal(size_of(debrief, "wrong"), 1);
	assert_false(json_bool(debrief, "wrong/0/caught", true));
	assert_string_equal(json_string(debrief, "practise/0", ""), "Remember: look first.");
	cJSON_Delete(debrief);
}

/* One that harms in every variant of the world; of two reasons the variant's is told. */
static void
score_debrief_step_that_is_always_wrong_fails(void **state)
{
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_run(&s, "look", false, 100, "ok");
	story_run(&s, "fix", true, 5000, "ok");
	story_run(&s, "harm", true, 5000, "ok");
	story_run(&s, "check", false, 100, "ok");
	story_run(&s, "rush", true, 5000, "ok");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_reason(debrief, "Rush it (rush) harms here: It only looks faster");
	assert_reason(debrief, "Harm it (harm) harms here: It breaks more");
	assert_int_equal(size_of(debrief, "wrong"), 2);
	assert_false(json_bool(debrief, "passed", true));
	cJSON_Delete(debrief);
}

static void
score_debrief_wrong_step_that_was_blocked_is_caught(void **state)
{
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_run(&s, "look", false, 100, "ok");
	story_run(&s, "fix", true, 5000, "ok");
	story_put(&s, 1000, RECORD_BLOCKED,
		  "{\"step\":\"harm\",\"error\":{\"kind\":\"check\",\"message\":\"no\"}}");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "escalated");
	cJSON *debrief = story_debrief(&s);
	assert_int_equal(size_of(debrief, "wrong"), 1);
	assert_true(json_bool(debrief, "wrong/0/caught", false));
	cJSON_Delete(debrief);
}

static void
score_debrief_step_before_its_time_fails(void **state)
{
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_plan(&s, "look", false);
	story_skip(&s, "look");
	story_run(&s, "fix", true, 5000, "ok");
	story_skip(&s, "harm");
	story_run(&s, "check", false, 100, "ok");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_reason(debrief, "You must look before");
	assert_reason(debrief, "A check was skipped: Look (look)");
	cJSON_Delete(debrief);
}

static void
score_debrief_skipped_check_fails(void **state)
{
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_run(&s, "look", false, 100, "ok");
	story_run(&s, "fix", true, 5000, "ok");
	story_skip(&s, "harm");
	story_plan(&s, "check", false);
	story_skip(&s, "check");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_reason(debrief, "A check was skipped: Check it (check)");
	assert_string_equal(json_string(debrief, "skipped_checks/0/reason", ""), "no time");
	cJSON_Delete(debrief);
}

static void
score_debrief_haste_counts_unless_nobody_was_there(void **state)
{
	static const char *const more[] = { "", ",\"auto\":true" };

	(void)state;
	for (int automatic = 0; automatic < 2; automatic++) {
		struct drill_story s;

		story_begin(&s, more[automatic]);
		story_run(&s, "look", false, 100, "ok"); /* what is not asked about is no haste */
		story_run(&s, "fix", true, 1999, "ok");
		story_skip(&s, "harm");
		story_run(&s, "check", false, 100, "ok");
		story_open(&s, DRILL_EXPECTED, true);
		story_end(&s, "recovered");
		cJSON *debrief = story_debrief(&s);
		assert_int_equal(size_of(debrief, "hasty"), automatic ? 0 : 1);
		if (!automatic)
			assert_int_equal(json_int(debrief, "hasty/0/ms", 0), 1999);
		cJSON_Delete(debrief);
	}
}

static void
score_debrief_hints_cost_and_come_back_as_practice(void **state)
{
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_put(&s, 10, RECORD_DRILL,
		  "{\"what\":\"hint\",\"step\":\"look\",\"grade\":\"nudge\",\"text\":\"Think\","
		  "\"cost\":1}");
	story_put(&s, 10, RECORD_DRILL,
		  "{\"what\":\"hint\",\"step\":\"look\",\"grade\":\"where\",\"text\":\"There\","
		  "\"cost\":3}");
	assert_int_equal(run_state_hints(&s.state, "look"), 2);
	story_run(&s, "look", false, 100, "ok");
	story_run(&s, "fix", true, 3000, "ok");
	story_skip(&s, "harm");
	story_run(&s, "check", false, 100, "ok");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_int_equal(json_int(debrief, "hints/nudge", 0), 1);
	assert_int_equal(json_int(debrief, "hints/where", 0), 1);
	assert_int_equal(json_int(debrief, "hints/command", -1), 0);
	assert_int_equal(json_int(debrief, "hints/cost", 0), 4);
	assert_string_equal(json_string(debrief, "practise/0", ""),
			    "Look: without being told where to look.");
	assert_true(json_bool(debrief, "passed", false));
	cJSON_Delete(debrief);
}

/* Two steps that the expert has done by one moment are one way, on which only its end is late. */
static void
score_debrief_steps_of_one_moment_are_one_way(void **state)
{
	static const char expected[] =
		"{\"scenario\":\"lost\",\"expert\":[{\"step\":\"look\",\"at\":2000},{\"step\":"
		"\"fix\",\"at\":900000},{\"step\":\"check\",\"at\":900000}],\"passes\":{\"ends\":"
		"[\"recovered\"]},\"salt\":\"00\"}";
	struct drill_story s;
	const cJSON *at;

	(void)state;
	story_begin_with(&s, expected, "");
	story_run(&s, "look", false, 100, "ok");
	story_run(&s, "fix", true, 3000, "ok");
	story_skip(&s, "harm");
	s.now_ms += 800000;
	story_run(&s, "check", false, 100, "ok");
	story_open(&s, expected, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	cJSON_ArrayForEach(at, json_at(debrief, "practise"))
		assert_null(strstr(at->valuestring, "The way to step"));
	cJSON_Delete(debrief);
}

/* What an expert does, and nobody did, stands at the end; and the day ends with what to do next. */
static void
score_debrief_unfinished_names_what_is_missing_and_what_is_next(void **state)
{
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_run(&s, "look", false, 100, "ok");
	story_open(&s, DRILL_EXPECTED, false);
	story_put(&s, 1000, RECORD_STOP, "{\"reason\":\"enough\",\"by\":\"ana\"}");
	cJSON *debrief = story_debrief(&s);
	assert_string_equal(json_string(debrief, "timeline/2/what", ""), "Check it: not done");
	assert_int_equal(json_int(debrief, "timeline/2/expert_ms", 0), 9000);
	assert_true(cJSON_IsNull(json_at(debrief, "timeline/2/at_ms")));
	assert_has_practice(debrief, "Remember: look first.");
	assert_has_practice(debrief, "Next, once more: lifeboat drill lost --variant v");
	cJSON_Delete(debrief);
}

static void
score_debrief_recovery_time_missed_comes_back_as_practice(void **state)
{
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_run(&s, "look", false, 100, "ok");
	story_run(&s, "fix", true, 30900, "ok");
	story_skip(&s, "harm");
	story_run(&s, "check", false, 100, "ok");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_true(json_bool(debrief, "passed", false));
	assert_has_practice(debrief, "Back: 7s over its recovery time.");
	assert_has_practice(debrief, "Next: lifeboat drill lost --variant w");
	cJSON_Delete(debrief);
}

/* Times between two boots of a clock that was set are no times. */
static void
score_debrief_clock_that_was_set_blames_nobody(void **state)
{
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_run(&s, "look", false, 100, "ok");
	story_plan(&s, "fix", true);
	story_put(&s, -500000, RECORD_INTENT,
		  "{\"step\":\"fix\",\"attempt\":1,\"effect\":\"changes\",\"by\":\"ana\"}");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_int_equal(size_of(debrief, "hasty"), 0);
	assert_true(cJSON_IsNull(json_at(debrief, "times/detect_ms")));
	cJSON_Delete(debrief);
}

static void
score_debrief_other_text_than_sealed_fails(void **state)
{
	struct drill_story s;

	(void)state;
	story_good(&s, "");
	story_open(&s, "{\"variants\":[]}", true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_reason(debrief, "is not what it had sealed");
	cJSON_Delete(debrief);
}

static void
score_debrief_world_that_is_not_well_fails(void **state)
{
	struct drill_story s;

	(void)state;
	story_good(&s, "");
	story_open(&s, DRILL_EXPECTED, false);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	assert_reason(debrief, "\"in-step\" did not hold");
	cJSON_Delete(debrief);
}

static void
score_debrief_other_end_fails(void **state)
{
	static const char *const ends[] = { "escalated", "aborted" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct drill_story s;

		story_good(&s, "");
		story_open(&s, DRILL_EXPECTED, true);
		story_end(&s, ends[i]);
		cJSON *debrief = story_debrief(&s);
		assert_reason(debrief, "It ended as");
		cJSON_Delete(debrief);
	}
}

static void
score_debrief_stopped_or_cut_off_fails(void **state)
{
	struct drill_story s;

	(void)state;
	story_good(&s, "");
	story_open(&s, DRILL_EXPECTED, true);
	story_put(&s, 10, RECORD_STOP, "{\"reason\":null,\"by\":\"ana\"}");
	cJSON *debrief = story_debrief(&s);
	assert_reason(debrief, "stopped before its end");
	assert_int_equal(json_int(debrief, "points", -1), 0);
	cJSON_Delete(debrief);
	story_good(&s, "");
	debrief = story_debrief(&s);
	assert_reason(debrief, "never opened");
	cJSON_Delete(debrief);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(score_debrief_right_actions_passes),
		cmocka_unit_test(score_debrief_times_are_those_of_the_journal),
		cmocka_unit_test(score_debrief_wrong_step_that_ran_fails),
		cmocka_unit_test(score_debrief_step_that_is_always_wrong_fails),
		cmocka_unit_test(score_debrief_wrong_step_that_was_blocked_is_caught),
		cmocka_unit_test(score_debrief_step_before_its_time_fails),
		cmocka_unit_test(score_debrief_skipped_check_fails),
		cmocka_unit_test(score_debrief_haste_counts_unless_nobody_was_there),
		cmocka_unit_test(score_debrief_hints_cost_and_come_back_as_practice),
		cmocka_unit_test(score_debrief_steps_of_one_moment_are_one_way),
		cmocka_unit_test(score_debrief_unfinished_names_what_is_missing_and_what_is_next),
		cmocka_unit_test(score_debrief_recovery_time_missed_comes_back_as_practice),
		cmocka_unit_test(score_debrief_clock_that_was_set_blames_nobody),
		cmocka_unit_test(score_debrief_other_text_than_sealed_fails),
		cmocka_unit_test(score_debrief_world_that_is_not_well_fails),
		cmocka_unit_test(score_debrief_other_end_fails),
		cmocka_unit_test(score_debrief_stopped_or_cut_off_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
