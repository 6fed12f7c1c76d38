#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "fake_plugin.h"
#include "harness.h"
#include "scenario.h"
#include "transcript.h"

static void
stop(struct scenario *s)
{
	scenario_push(s, RECORD_STOP, "{\"by\":\"ana\"}");
	scenario_event(s, EVENT_CLOSED, NULL, NULL);
}

/* Says on stdout what was submitted, and goes on as an engine would. */
static void
follow(struct scenario *s, const struct intent *intent)
{
	printf("<%d %s%s%s%s>\n", (int)intent->type, intent->step ? intent->step : "-",
	       intent->text ? " " : "", intent->text ? intent->text : "",
	       intent->by ? " by another" : "");
	switch (intent->type) {
	case INTENT_RUN:
		if (strcmp(intent->step, "signing-key") != 0 || intent->by) {
			stop(s);
			break;
		}
		scenario_push(s, RECORD_INTENT,
			      "{\"step\":\"signing-key\",\"confirmed\":\"y\",\"by\":\"ana\","
			      "\"attempt\":1}");
		scenario_event(s, EVENT_OUTPUT, "signing-key", "one\ntwo\n\nthr");
		scenario_event(s, EVENT_OUTPUT, "signing-key", "ee");
		scenario_push(s, RECORD_OUTCOME,
			      "{\"step\":\"signing-key\",\"status\":\"failed\",\"duration_ms\":"
			      "1500,\"error\":"
			      "{\"kind\":\"denied\",\"message\":\"403 \\u001b[31mForbidden\"}}");
		break;
	case INTENT_NOTE:
		scenario_push(s, RECORD_NOTE,
			      "{\"text\":\"looks odd\",\"by\":\"ana\",\"step\":\"signing-key\"}");
		break;
	case INTENT_END:
		scenario_push(s, RECORD_END,
			      "{\"id\":\"escalated\",\"title\":\"Handed to "
			      "support\",\"reason\":\"no right\"}");
		scenario_event(s, EVENT_CLOSED, NULL, NULL);
		break;
	default:
		break;
	}
}

static void
plain_whole_run_is_a_transcript(void **state)
{
	struct play play = { .stage = stage_ready, .answer = follow };
	struct transcript outcome =
		transcript_play(&play, "4\nlooks odd\n1\nn\n1\ny\n9\n5\n2\nno right\n");

	(void)state;
	golden_assert("plain-run", str_cstr(&outcome.out));
	transcript_assert_ends(&outcome, UI_END_RUN_OVER);
	transcript_release(&outcome);
}

/* Looks again, is offered the evidence as a reason, and takes it. */
static void
prove(struct scenario *s, const struct intent *intent)
{
	printf("<%d %s %s>\n", (int)intent->type, intent->step, intent->text ? intent->text : "-");
	if (intent->type == INTENT_PROBE) {
		scenario_push(s, RECORD_PROBE,
			      "{\"step\":\"signing-key\",\"verdict\":\"done\",\"lines\":[\"uid "
			      "5f1c, generation 7, last written by lifeboat\"],\"error\":null,"
			      "\"by\":\"bo\"}");
		return;
	}
	scenario_push(s, RECORD_OUTCOME,
		      "{\"step\":\"signing-key\",\"status\":\"ok\",\"marked\":true,\"reason\":"
		      "\"probe: it happened\",\"by\":\"bo\"}");
	stop(s);
}

static void
plain_unknown_step_is_shown_and_decided_by_numbers(void **state)
{
	struct play play = { .stage = stage_unknown, .answer = prove };
	struct transcript outcome = transcript_play(&play, "2\n\n1\n2\n\n");

	(void)state;
	golden_assert("plain-unknown", str_cstr(&outcome.out));
	transcript_assert_says(&outcome, "A reason is required; nothing was done.");
	transcript_release(&outcome);
}

/* While it is looked into there is nothing to decide: what was typed ahead waits. */
static void
plain_unknown_step_is_not_decided_before_the_probe(void **state)
{
	struct play play = { .stage = stage_probing, .answer = prove };
	struct tty *tty = NULL;

	(void)state;
	play.plain = true;
	tty = tty_start(100, 40, scenario_play, &play);
	tty_expect(tty, "looking whether it happened");
	tty_type(tty, "4\nbecause\n");
	tty_settle(tty);
	tty_signal(tty, SIGTERM);
	assert_true(WIFEXITED(tty_wait_end(tty)));
	char *text = tty_text(tty);
	assert_null(strstr(text, "signing-key because>"));
	free(text);
	tty_stop(tty);
}

static void
as_follower(struct scenario *s)
{
	s->options.holder = "ana, pid 4711 on bastion-1";
}

static void
stage_released(struct scenario *s)
{
	stage_ready(s);
	scenario_event(s, EVENT_CLOSED, NULL, NULL);
}

static void
plain_follower_asks_nothing_and_ends_with_the_holder(void **state)
{
	struct play play = { .stage = stage_released, .adjust = as_follower };
	struct transcript outcome = transcript_play(&play, "1\ny\n");

	(void)state;
	transcript_assert_says(&outcome, "Following the run of ana, pid 4711 on bastion-1");
	assert_null(strstr(str_cstr(&outcome.out), "[1]"));
	transcript_assert_ends(&outcome, UI_END_RELEASED);
	transcript_release(&outcome);
}

static void
plain_follower_leaves_by_one_interrupt(void **state)
{
	struct play play = { .stage = stage_ready, .adjust = as_follower, .plain = true };
	struct tty *tty = tty_start(100, 40, scenario_play, &play);

	(void)state;
	tty_expect(tty, "signing-key is ready");
	tty_signal(tty, SIGINT);
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_LEFT);
	tty_stop(tty);
}

static void
plain_end_of_input_leaves_and_confirms_nothing(void **state)
{
	struct play play = { .stage = stage_ready, .answer = follow };
	struct transcript outcome = transcript_play(&play, "1\n");

	(void)state;
	golden_assert("plain-end-of-input", str_cstr(&outcome.out));
	transcript_assert_ends(&outcome, UI_END_LEFT);
	transcript_release(&outcome);
}

static void
plain_empty_answer_is_no(void **state)
{
	struct play play = { .stage = stage_ready, .answer = follow };
	struct transcript outcome = transcript_play(&play, "1\n\n1\nyess\n");

	(void)state;
	transcript_assert_says(&outcome, "Not run.");
	assert_null(strstr(str_cstr(&outcome.out), "<0 "));
	transcript_assert_ends(&outcome, UI_END_LEFT);
	transcript_release(&outcome);
}

static void
plain_typed_name_must_be_exact(void **state)
{
	struct play play = { .stage = stage_destroy, .answer = follow };
	struct transcript outcome = transcript_play(&play, "1\ny\n1\ntsb/old-tokens\n");

	(void)state;
	transcript_assert_says(&outcome, "That is not the name; nothing was done.");
	transcript_assert_says(&outcome, "<0 drop-tokens tsb/old-tokens>");
	transcript_release(&outcome);
}

static void
plain_two_person_is_another(void **state)
{
	struct play play = { .stage = stage_two_person, .answer = follow };
	struct transcript outcome = transcript_play(&play, "1\nana\n1\nbob\n");

	(void)state;
	transcript_assert_says(&outcome, "That is you: another person must confirm this.");
	transcript_assert_says(&outcome, "<0 signing-key by another>");
	transcript_release(&outcome);
}

static void
say_answer(struct scenario *s, const struct intent *intent)
{
	char *answer = intent->answer ? cJSON_PrintUnformatted(intent->answer) : NULL;

	printf("<answer %s>\n", answer ? answer : "none");
	free(answer);
	stop(s);
}

static void
assert_answers(void (*stage)(struct scenario *), const char *input, const char *answer)
{
	struct play play = { .stage = stage, .answer = say_answer };
	struct transcript outcome = transcript_play(&play, input);

	transcript_assert_says(&outcome, answer);
	transcript_release(&outcome);
}

static void
plain_questions_become_answers(void **state)
{
	(void)state;
	assert_answers(stage_confirm, "\nmaybe\ny\n", "<answer {\"confirmed\":true}>");
	assert_answers(stage_confirm, "n\n", "<answer {\"confirmed\":false}>");
	assert_answers(stage_input, "x\n12\n", "<answer {\"value\":\"12\"}>");
	assert_answers(stage_input, "\n", "<answer {\"value\":\"3\"}>");
	assert_answers(stage_choice, "9\n1\n", "<answer {\"choice\":\"left\"}>");
	assert_answers(stage_choice, "\n", "<answer {\"choice\":\"right\"}>");
	assert_answers(stage_checklist, "y\n\n14\n",
		       "<answer {\"items\":{\"ui\":{\"checked\":true,\"value\":\"\"},"
		       "\"count\":{\"checked\":false,\"value\":\"14\"}}}>");
}

static void
plain_secret_is_not_echoed(void **state)
{
	struct play play = { .stage = stage_secret, .answer = say_answer };
	struct transcript outcome = transcript_play(&play, "hunter2\n");

	(void)state;
	transcript_assert_says(
		&outcome,
		"The admin password (hidden)> (hidden)\n<answer {\"value\":\"hunter2\"}>");
	transcript_release(&outcome);
}

static void
with_autopilot(struct scenario *s)
{
	s->options.autopilot = &s->autopilot;
}

static void
auto_without_decision_is_stuck(void **state)
{
	struct play play = { .stage = stage_ready, .answer = follow, .adjust = with_autopilot };
	struct transcript outcome = transcript_play(&play, "");

	(void)state;
	transcript_assert_ends(&outcome, UI_END_NEEDS_DECISION);
	assert_non_null(strstr(str_cstr(&outcome.errors), "--yes 'signing-key'"));
	transcript_release(&outcome);
}

static void
with_yes(struct scenario *s)
{
	static const char *const yes[] = { "signing-key", NULL };

	s->autopilot.yes = yes;
	s->options.autopilot = &s->autopilot;
}

static void
auto_with_decision_runs_and_stops_at_failure(void **state)
{
	struct play play = { .stage = stage_ready, .answer = follow, .adjust = with_yes };
	struct transcript outcome = transcript_play(&play, "");

	(void)state;
	transcript_assert_says(&outcome, "<0 signing-key y>");
	transcript_assert_says(&outcome, "| three");
	transcript_assert_ends(&outcome, UI_END_LEFT);
	assert_non_null(strstr(str_cstr(&outcome.errors), "step signing-key failed"));
	transcript_release(&outcome);
}

static void
refuse(struct scenario *s, const struct intent *intent)
{
	if (intent->type == INTENT_RUN)
		scenario_event(s, EVENT_REFUSED, NULL, "something is under way");
}

static void
auto_unknown_without_certainty_is_stuck(void **state)
{
	struct play play = { .stage = stage_unknown, .answer = follow, .adjust = with_yes };
	struct transcript outcome = transcript_play(&play, "");

	(void)state;
	transcript_assert_ends(&outcome, UI_END_NEEDS_DECISION);
	assert_non_null(strstr(str_cstr(&outcome.errors), "nobody knows whether it happened"));
	transcript_release(&outcome);
}

static void
auto_refused_does_not_try_for_ever(void **state)
{
	struct play play = { .stage = stage_ready, .answer = refuse, .adjust = with_yes };
	struct transcript outcome = transcript_play(&play, "");

	(void)state;
	transcript_assert_says(&outcome, "Refused: something is under way");
	transcript_assert_ends(&outcome, UI_END_NEEDS_DECISION);
	transcript_release(&outcome);
}

static void
in_ascii(struct scenario *s)
{
	s->options.look.ascii = true;
}

static void
plain_ascii_stays_in_ascii(void **state)
{
	struct play play = { .stage = stage_ready, .answer = follow, .adjust = in_ascii };
	struct transcript outcome = transcript_play(&play, "");

	(void)state;
	transcript_assert_says(&outcome, "kid: <secret:kid>");
	for (size_t i = 0; i < outcome.out.len; i++)
		assert_true((unsigned char)outcome.out.data[i] < 0x80);
	transcript_release(&outcome);
}

/* On a terminal: the first interrupt asks the step to stop, a second one leaves. */
static void
plain_interrupts_cancel_then_leave(void **state)
{
	static struct play play = { .stage = stage_running, .plain = true };
	struct tty *tty = tty_start(100, 40, scenario_play, &play);

	(void)state;
	tty_expect(tty, "| answer: 200 OK");
	tty_type(tty, "\003");
	tty_expect_report(tty, "CANCEL signing-key");
	tty_type(tty, "\003");
	tty_expect_report(tty, "LEAVE - seen=7 text=interrupted");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_INTERRUPTED);
	tty_stop(tty);
}

static void
plain_secret_on_a_terminal_is_hidden_and_echo_comes_back(void **state)
{
	static struct play play = { .stage = stage_secret, .plain = true };
	struct tty *tty = tty_start(100, 40, scenario_play, &play);

	(void)state;
	tty_expect(tty, "The admin password (hidden)>");
	assert_false(tty_modes(tty).c_lflag & ECHO);
	tty_type(tty, "hunter2\n");
	tty_expect_report(tty, "answer={\"value\":\"hunter2\"}");
	assert_true(tty_modes(tty).c_lflag & ECHO);
	char *text = tty_text(tty);
	assert_null(strstr(text, "hunter2"));
	free(text);
	tty_stop(tty);
}

static const char *const login[] = { "say Open https://example.com/device\nCode: AB", "borrow",
				     NULL };

static void
with_login(struct scenario *s)
{
	(void)s;
	fake_plugin_start(login);
}

static void
plain_plugin_is_heard_and_gets_the_terminal(void **state)
{
	static struct play play = { .stage = stage_secret, .adjust = with_login, .plain = true };
	struct tty *tty = tty_start(100, 40, scenario_play, &play);

	(void)state;
	tty_expect(tty, "The admin password (hidden)>");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, FAKE_PLUGIN "| Open https://example.com/device");
	tty_expect(tty, FAKE_PLUGIN "| Code: AB");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, FAKE_PLUGIN " uses this terminal now; Ctrl-C ends it");
	tty_expect(tty, "One-time code:");
	assert_true(tty_modes(tty).c_lflag & ECHO);
	tty_type(tty, "4711\n");
	tty_expect_report(tty, "BORROWED 4711");
	tty_expect(tty, "The terminal is back.");
	tty_expect(tty, "The terminal is back.\nThe admin password (hidden)>");
	assert_false(tty_modes(tty).c_lflag & ECHO);
	tty_type(tty, "hunter2\n");
	tty_expect_report(tty, "answer={\"value\":\"hunter2\"}");
	tty_stop(tty);
}

static void
stage_insecure(struct scenario *s)
{
	stage_ready(s);
	scenario_push(
		s, RECORD_TARGET,
		"{\"name\":\"management\",\"identity\":{\"uid\":\"5f1c\",\"insecure\":true}}");
}

static void
plain_insecure_target_is_said_at_the_start_and_before_confirming(void **state)
{
	struct play play = { .stage = stage_insecure, .answer = follow };
	struct transcript outcome = transcript_play(&play, "1\nn\n");
	const char *warning = "WARNING: SERVER NOT VERIFIED: management\n", *first;

	(void)state;
	transcript_assert_says(&outcome, warning);
	first = strstr(str_cstr(&outcome.out), warning);
	assert_true(first < strstr(str_cstr(&outcome.out), "[1] run"));
	transcript_assert_says(&outcome,
			       "WARNING: SERVER NOT VERIFIED: management\nRun this step? [y/N]");
	assert_null(strstr(strstr(first + 1, warning) + 1, warning));
	transcript_release(&outcome);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_whole_run_is_a_transcript),
		cmocka_unit_test(plain_unknown_step_is_shown_and_decided_by_numbers),
		cmocka_unit_test(plain_unknown_step_is_not_decided_before_the_probe),
		cmocka_unit_test(plain_follower_asks_nothing_and_ends_with_the_holder),
		cmocka_unit_test(plain_follower_leaves_by_one_interrupt),
		cmocka_unit_test(plain_end_of_input_leaves_and_confirms_nothing),
		cmocka_unit_test(plain_empty_answer_is_no),
		cmocka_unit_test(plain_typed_name_must_be_exact),
		cmocka_unit_test(plain_two_person_is_another),
		cmocka_unit_test(plain_questions_become_answers),
		cmocka_unit_test(plain_secret_is_not_echoed),
		cmocka_unit_test(auto_without_decision_is_stuck),
		cmocka_unit_test(auto_with_decision_runs_and_stops_at_failure),
		cmocka_unit_test(auto_unknown_without_certainty_is_stuck),
		cmocka_unit_test(auto_refused_does_not_try_for_ever),
		cmocka_unit_test(plain_ascii_stays_in_ascii),
		cmocka_unit_test(plain_interrupts_cancel_then_leave),
		cmocka_unit_test(plain_secret_on_a_terminal_is_hidden_and_echo_comes_back),
		cmocka_unit_test(plain_plugin_is_heard_and_gets_the_terminal),
		cmocka_unit_test(plain_insecure_target_is_said_at_the_start_and_before_confirming),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
