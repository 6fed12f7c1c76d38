#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_engine.h"

static const char hinted[] = "  - {id: one, title: One, uses: test.change, idempotent: true, "
			     "drill: {hint: [Think., There., Type this.]}}\n"
			     "  - {id: two, title: Two, uses: test.change, idempotent: true}\n";

static cJSON *
open_it(void *data)
{
	cJSON *opened = cJSON_CreateObject();

	(*(int *)data)++;
	json_add_string(opened, "what", "opened");
	json_add_string(opened, "text", "what was kept back");
	return opened;
}

static void
begin(struct rig *rig, struct engine_drill *drill, int *opened, bool explain)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "what", "begin");
	json_add_string(data, "title", "It is lost");
	json_add_bool(data, "explain", explain);
	json_add_string(data, "commitment", "ab12");
	*opened = 0;
	*drill = (struct engine_drill){ .begin = data, .open = open_it, .data = opened };
	rig_init(rig, hinted);
	rig->drill = drill;
	rig_start(rig, false);
	rig_wait(rig, STEP_PLANNED);
}

static void
release(struct rig *rig, struct engine_drill *drill)
{
	rig_release(rig);
	cJSON_Delete((cJSON *)(uintptr_t)drill->begin);
}

static void
wait_hints(struct rig *rig, size_t count)
{
	while (rig->state.hints_count < count)
		rig_take(rig);
}

static void
hint_grades_come_one_after_the_other(void **state)
{
	static const char *const grades[] = { "nudge", "where", "command" };
	static const char *const texts[] = { "Think.", "There.", "Type this." };
	static const int costs[] = { 1, 3, 5 };
	struct engine_drill drill;
	struct rig rig;
	int opened;

	(void)state;
	begin(&rig, &drill, &opened, false);
	int64_t decision_seq = rig.state.decision_seq;
	for (size_t i = 0; i < 3; i++) {
		rig_send(&rig, INTENT_HINT, NULL);
		wait_hints(&rig, i + 1);
		assert_string_equal(rig.state.hints[i].step, "one");
		assert_string_equal(rig.state.hints[i].grade, grades[i]);
		assert_string_equal(rig.state.hints[i].text, texts[i]);
		assert_int_equal(rig.state.hints[i].cost, costs[i]);
	}
	/* what was decided upon is still what it was */
	assert_int_equal(rig.state.decision_seq, decision_seq);
	rig_send(&rig, INTENT_HINT, NULL);
	rig_wait_said(&rig, "there is no further hint for step one");
	release(&rig, &drill);
}

static void
hint_that_is_explained_is_not_sold(void **state)
{
	struct engine_drill drill;
	struct rig rig;
	int opened;

	(void)state;
	begin(&rig, &drill, &opened, true);
	rig_send(&rig, INTENT_HINT, NULL);
	wait_hints(&rig, 1);
	assert_string_equal(rig.state.hints[0].grade, "where");
	release(&rig, &drill);
}

static void
hint_in_a_live_run_is_refused(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, hinted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_HINT, NULL);
	rig_wait_said(&rig, "there are no hints but in a drill");
	assert_int_equal(rig.state.hints_count, 0);
	rig_release(&rig);
}

/* The place of the n-th record of a type in the journal's text, or NULL. */
static const char *
place_of(const char *journal, const char *part)
{
	return strstr(journal, part);
}

static void
drill_keeps_back_until_the_end(void **state)
{
	struct engine_drill drill;
	struct rig rig;
	int opened;

	(void)state;
	begin(&rig, &drill, &opened, false);
	char *journal = rig_journal(&rig);
	assert_non_null(place_of(journal, "\"what\":\"begin\""));
	assert_null(place_of(journal, "opened"));
	assert_int_equal(opened, 0);
	free(journal);
	struct intent *intent = intent_new(INTENT_END, rig.state.seq, "one", "aborted");
	intent->reason = xstrdup("enough");
	rig.link->submit(rig.link->engine, intent);
	rig_wait_closed(&rig);
	journal = rig_journal(&rig);
	assert_int_equal(opened, 1);
	assert_non_null(place_of(journal, "what was kept back"));
	assert_true(place_of(journal, "\"what\":\"opened\"") <
		    place_of(journal, "\"type\":\"end\""));
	free(journal);
	release(&rig, &drill);
}

static void
drill_that_is_left_opens_before_it_stops(void **state)
{
	struct engine_drill drill;
	struct rig rig;
	int opened;

	(void)state;
	begin(&rig, &drill, &opened, false);
	rig_send(&rig, INTENT_LEAVE, NULL);
	rig_wait_closed(&rig);
	char *journal = rig_journal(&rig);
	assert_int_equal(opened, 1);
	assert_true(place_of(journal, "\"what\":\"opened\"") <
		    place_of(journal, "\"type\":\"stop\""));
	free(journal);
	release(&rig, &drill);
}

static void
state_apply_drill_that_says_nothing_is_refused(void **state)
{
	static const char *const wrong[] = {
		"{}", "{\"what\":\"x\"}", "{\"what\":\"hint\",\"step\":\"none\"}",
		"{\"what\":\"hint\",\"step\":\"one\",\"grade\":\"nudge\"}"
	};
	struct engine_drill drill;
	struct rig rig;
	int opened;

	(void)state;
	begin(&rig, &drill, &opened, false);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err e = ERR_INIT;
		struct record *record =
			record_new(rig.state.seq + 1, rig.state.last_ts_ms, "one", RECORD_DRILL,
				   json_parse(wrong[i], strlen(wrong[i]), NULL), rig.state.head);

		assert_int_equal(run_state_apply(&rig.state, record, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		record_free(record);
	}
	release(&rig, &drill);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hint_grades_come_one_after_the_other),
		cmocka_unit_test(hint_that_is_explained_is_not_sold),
		cmocka_unit_test(hint_in_a_live_run_is_refused),
		cmocka_unit_test(drill_keeps_back_until_the_end),
		cmocka_unit_test(drill_that_is_left_opens_before_it_stops),
		cmocka_unit_test(state_apply_drill_that_says_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
