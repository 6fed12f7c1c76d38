#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/json.h"
#include "harness.h"
#include "scenario.h"

/* A run of another process, looked at; and one whose journal can be written no more. */

static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 } };

static void
follows(struct scenario *s)
{
	s->options.holder = "ana, pid 4711 on bastion-1";
}

static void
takes_over(struct scenario *s)
{
	follows(s);
	s->options.takes_over = true;
}

static void
assert_left(struct tty *tty, int end)
{
	int status = tty_wait_end(tty);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), end);
	tty_stop(tty);
}

static void
follow_running_step_names_the_holder(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct tty *tty =
			scenario_start_adjusted(sizes[i][0], sizes[i][1], stage_running, follows);

		tty_expect(tty, "FOLLOWING ana, pid 4711 on bastion-1");
		tty_expect(tty, "2 of 3 servers");
		tty_assert_golden(tty, "follow");
		tty_type(tty, "q");
		assert_left(tty, UI_END_LEFT);
	}
}

static void
follow_with_take_over_says_so(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, takes_over);

	(void)state;
	tty_expect(tty, "taken over here when that process ends");
	tty_assert_golden(tty, "follow-takes-over");
	tty_type(tty, "q");
	assert_left(tty, UI_END_LEFT);
}

/* A question, a failure, a plan: nothing of it is asked of whoever looks on, in no place. */
static void
follow_offers_no_decision(void **state)
{
	static void (*const stages[])(struct scenario *) = { stage_ready, stage_failed,
							     stage_unknown, stage_checklist,
							     stage_past_last };
	static const char *const words[] = { "Enter run", "skip",    "retry",  "mark",	  "cancel",
					     "note",	  "end the", "answer", "[ Done ]" };

	(void)state;
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		struct tty *tty = scenario_start_adjusted(160, 48, stages[i], follows);

		tty_expect(tty, "q leave");
		tty_expect(tty, "Now:");
		tty_settle(tty);
		char *text = tty_text(tty);
		const char *keys = strstr(text, "? help");
		assert_non_null(keys);
		while (keys > text && keys[-1] != '\n')
			keys--;
		for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
			if (strstr(keys, words[k]))
				fail_msg("\"%s\" is offered:\n%s", words[k], text);
		free(text);
		tty_type(tty, "sryn\r");
		tty_expect(tty, "only looked at here");
		tty_type(tty, "q");
		assert_left(tty, UI_END_LEFT);
	}
}

static void
follow_help_explains_no_decision(void **state)
{
	struct tty *tty = scenario_start_adjusted(160, 48, stage_ready, follows);

	(void)state;
	tty_expect(tty, "q leave");
	tty_type(tty, "?");
	tty_expect(tty, "Keys marked");
	tty_settle(tty);
	char *text = tty_text(tty);
	assert_null(strstr(text, "Passes over the current step"));
	assert_null(strstr(text, "Runs the current step"));
	assert_non_null(strstr(text, "Gives the keys to the next pane"));
	free(text);
	tty_type(tty, "q");
	tty_expect(tty, "Now:");
	tty_type(tty, "q");
	assert_left(tty, UI_END_LEFT);
}

static void
stage_released(struct scenario *s)
{
	stage_running(s);
	scenario_event(s, EVENT_CLOSED, NULL, NULL);
}

static void
follow_ends_with_its_process(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_released, follows);

	(void)state;
	assert_left(tty, UI_END_RELEASED);
}

static void
follow_ended_run_shows_its_end_until_q(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ended, follows);

	(void)state;
	tty_expect(tty, "The run ended: Fully recovered");
	tty_type(tty, "q");
	assert_left(tty, UI_END_RUN_OVER);
}

static void
stage_damaged(struct scenario *s)
{
	stage_running(s);
	scenario_event(s, EVENT_WARNING, NULL, "the journal is damaged at record 6");
	scenario_event(s, EVENT_CLOSED, NULL, NULL);
}

static void
follow_damage_is_an_error(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_damaged, follows);

	(void)state;
	tty_expect_report(tty, "the run cannot be followed any further: the journal is damaged at "
			       "record 6");
	assert_left(tty, 100);
}

/* Another operator has taken the run up: the header follows. */
static void
stage_changed_hands(struct scenario *s)
{
	stage_running(s);
	scenario_push(s, RECORD_RESUMED,
		      "{\"operator\":\"ben\",\"host\":\"bastion-2\",\"pid\":12}");
}

static void
follow_header_knows_the_present_holder(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_changed_hands, follows);

	(void)state;
	tty_expect(tty, "FOLLOWING ben, pid 12 on bastion-2");
	tty_type(tty, "q");
	assert_left(tty, UI_END_LEFT);
}

static void
follow_interrupt_leaves_at_once(void **state)
{
	struct tty *tty = scenario_start_adjusted(50, 10, stage_running, follows);

	(void)state;
	tty_expect(tty, "too small");
	tty_signal(tty, SIGINT);
	assert_left(tty, UI_END_LEFT);
}

/* The disk is full: what is looked at from then on is told, and written nowhere. */
static void
stage_broken(struct scenario *s)
{
	struct run_event *event =
		run_event_new(EVENT_WARNING, NULL,
			      "writing the journal /var/lib/dr/lifeboat/runs/20261121-7f3a/"
			      "journal.jsonl: No space left on device. Leave, make room, resume");
	static const char plan[] =
		"{\"step\":\"signing-key\",\"uses\":\"kubernetes.apply\",\"target\":\"management\","
		"\"effect\":\"changes\",\"confirm\":\"ask\",\"preview\":[[\">\",\"PATCH …\"]]}";
	struct err e = ERR_INIT;

	stage_ready(s);
	event->pretended = true;
	queue_push(s->link.events, event);
	event = run_event_new(EVENT_RECORD, NULL, NULL);
	event->pretended = true;
	event->record = record_new(s->seq, INT64_C(1795270000000), "20261121-7f3a", RECORD_PLAN,
				   json_parse(plan, strlen(plan), &e), s->head);
	memcpy(s->head, event->record->hash, sizeof(s->head));
	s->seq++;
	queue_push(s->link.events, event);
}

static void
broken_journal_has_a_banner(void **state)
{
	struct tty *tty;

	(void)state;
	for (int i = 0; i < 3; i++) {
		tty = scenario_start(sizes[i][0], sizes[i][1], stage_broken, NULL);
		tty_expect(tty, "JOURNAL BROKEN: only reads are allowed");
		tty_expect(tty, "NOT WRITTEN: Step");
		tty_assert_golden(tty, "broken");
		scenario_leave(tty);
	}
	tty = scenario_start(80, 24, stage_broken, NULL);
	tty_expect(tty, "JOURNAL BROKEN");
	tty_type(tty, "?");
	tty_expect(tty, "Keys marked");
	tty_expect(tty, "JOURNAL BROKEN");
	tty_resize(tty, 50, 10);
	tty_expect(tty, "too small");
	tty_expect(tty, "JOURNAL BROKEN");
	tty_stop(tty);
}

static void
stage_warned(struct scenario *s)
{
	stage_ready(s);
	scenario_event(s, EVENT_WARNING, NULL, "the anchor syslog cannot be reached");
}

static void
warning_stays_until_escape(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_warned, NULL);

	(void)state;
	tty_expect(tty, "WARNING: the anchor");
	tty_expect(tty, "journal ok");
	tty_type(tty, "5");
	tty_expect(tty, "5 Audit 8 entries");
	tty_expect(tty, " WARNING: the anchor");
	tty_type(tty, "\033");
	tty_expect(tty, "Now: step signing-key is ready");
	scenario_leave(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follow_running_step_names_the_holder),
		cmocka_unit_test(follow_with_take_over_says_so),
		cmocka_unit_test(follow_offers_no_decision),
		cmocka_unit_test(follow_help_explains_no_decision),
		cmocka_unit_test(follow_ends_with_its_process),
		cmocka_unit_test(follow_ended_run_shows_its_end_until_q),
		cmocka_unit_test(follow_damage_is_an_error),
		cmocka_unit_test(follow_header_knows_the_present_holder),
		cmocka_unit_test(follow_interrupt_leaves_at_once),
		cmocka_unit_test(broken_journal_has_a_banner),
		cmocka_unit_test(warning_stays_until_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
