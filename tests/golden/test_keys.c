#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_plugin.h"
#include "harness.h"
#include "scenario.h"

static void
run_intent(struct scenario *s, const struct intent *intent)
{
	if (intent->type == INTENT_RUN)
		scenario_push(s, RECORD_INTENT, "{\"step\":\"signing-key\",\"confirmed\":\"y\"}");
}

static void
confirm_no_submits_nothing(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, run_intent);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_type(tty, "\r");
	tty_expect(tty, "Not run.");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_type(tty, "n");
	tty_expect_gone(tty, "[y/N]");
	assert_false(tty_reported(tty, "RUN"));
	scenario_leave(tty);
}

static void
confirm_yes_carries_what_was_seen(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, run_intent);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_type(tty, "y");
	tty_expect_report(tty, "RUN signing-key seen=6 text=y");
	tty_expect(tty, "step signing-key is running");
	scenario_leave(tty);
}

/* What was typed before the dialog stood on the screen is no answer to it. */
static void
confirm_typed_ahead_is_forgotten(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, run_intent);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\ryyyy");
	tty_expect(tty, "[y/N]");
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "\033");
	tty_expect(tty, "Not run.");
	scenario_leave(tty);
}

static void
reads_only_runs_at_once(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_reads, NULL);

	(void)state;
	tty_expect(tty, "Nothing was changed yet");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect_report(tty, "RUN look seen=3");
	scenario_leave(tty);
}

static void
typed_name_wrong_is_refused(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_destroy, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "Type  tsb/old-tokens");
	tty_type(tty, "y\r");
	tty_expect(tty, "That is not the name");
	tty_type(tty, "\025tsb/old-tokens\r");
	tty_expect_report(tty, "RUN drop-tokens seen=8 text=tsb/old-tokens");
	scenario_leave(tty);
}

static void
two_person_operator_is_not_the_second(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_two_person, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "A second person (not ana)");
	tty_type(tty, "ana\r");
	tty_expect(tty, "That is you");
	tty_type(tty, "\025bob\r");
	tty_expect_report(tty, "RUN signing-key seen=6 by=bob");
	scenario_leave(tty);
}

/* The engine moved on while the dialog was open: it goes, and nothing is submitted. */
static void
plan_again(struct scenario *s, const struct intent *intent)
{
	if (intent->type == INTENT_NOTE)
		scenario_push(s, RECORD_NOTE, "{\"text\":\"seen\",\"by\":\"ana\"}");
	if (intent->type == INTENT_RECHECK)
		scenario_push(s, RECORD_PLAN,
			      "{\"step\":\"signing-key\",\"uses\":\"kubernetes.apply\",\"effect\":"
			      "\"changes\",\"confirm\":\"ask\",\"preview\":[[\" \",\"nothing\"]]}");
}

static void
recheck_closes_a_stale_dialog(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, plan_again);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "rs");
	tty_expect_report(tty, "RECHECK signing-key seen=6");
	tty_expect(tty, "The situation has changed");
	assert_false(tty_reported(tty, "SKIP"));
	scenario_leave(tty);
}

static void
skip_wants_a_reason(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "s");
	tty_expect(tty, "Why is this step passed over?");
	tty_type(tty, "\r");
	tty_expect(tty, "Something must be written");
	tty_type(tty, "it is there already\r");
	tty_expect_report(tty, "SKIP signing-key seen=6 text=it is there already");
	scenario_leave(tty);
}

static void
note_is_written_and_shown(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, plan_again);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "n");
	tty_expect(tty, "A remark for the journal");
	tty_type(tty, "gr\303\274n\r");
	tty_expect_report(tty, "NOTE signing-key seen=6 text=gr\303\274n");
	tty_expect(tty, "Note by ana: seen");
	scenario_leave(tty);
}

static void
failed_step_offers_goto_and_retry(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_failed, NULL);

	(void)state;
	tty_expect(tty, "WHAT NOW");
	tty_type(tty, "b");
	tty_expect(tty, "Go to step look?");
	tty_type(tty, "y");
	tty_expect_report(tty, "GOTO signing-key seen=8");
	tty_type(tty, "r");
	tty_expect_report(tty, "RECHECK signing-key seen=8");
	scenario_leave(tty);
}

static void
end_takes_a_choice_and_a_reason(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_failed, NULL);

	(void)state;
	tty_expect(tty, "WHAT NOW");
	tty_type(tty, "e");
	tty_expect(tty, "How does the run end?");
	tty_type(tty, "2\r");
	tty_expect(tty, "Why does it end here?");
	tty_type(tty, "support took over\r");
	tty_expect_report(tty, "END signing-key seen=8 text=escalated reason=support took over");
	scenario_leave(tty);
}

static void
end_past_the_last_step_needs_no_reason(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_past_last, NULL);

	(void)state;
	tty_expect(tty, "Enter end the run");
	tty_type(tty, "\r");
	tty_expect(tty, "Fully recovered");
	tty_type(tty, "\r");
	tty_expect_report(tty, "END - seen=14 text=recovered");
	scenario_leave(tty);
}

static void
unknown_step_is_marked_done_with_a_reason(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_unknown, NULL);

	(void)state;
	tty_expect(tty, "m done");
	tty_type(tty, "m");
	tty_expect(tty, "How do you know");
	tty_type(tty, "kubectl shows it\r");
	tty_expect_report(tty, "MARK_DONE signing-key seen=9 text=kubectl shows it");
	scenario_leave(tty);
}

static void
cancel_asks_first(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_running, NULL);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_type(tty, "\003");
	tty_expect(tty, "Stop the running step?");
	tty_type(tty, "\r");
	tty_expect_gone(tty, "Stop the running step?");
	assert_false(tty_reported(tty, "CANCEL"));
	tty_type(tty, "c");
	tty_expect(tty, "Stop the running step?");
	tty_type(tty, "y");
	tty_expect_report(tty, "CANCEL signing-key");
	scenario_leave(tty);
}

static void
checklist_sends_ticks_and_values(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_checklist, NULL);

	(void)state;
	tty_expect(tty, "[ Done ]");
	tty_type(tty, " jx\t14\r");
	tty_expect(tty, "seen: 14");
	tty_type(tty, "\r");
	tty_expect_report(tty, "answer={\"items\":{\"ui\":{\"checked\":true,\"value\":\"\"},"
			       "\"count\":{\"checked\":true,\"value\":\"14\"}}}");
	scenario_leave(tty);
}

static void
question_closed_by_escape_comes_back_by_enter(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_choice, NULL);

	(void)state;
	tty_expect(tty, "Which way?");
	tty_type(tty, "\033");
	tty_expect(tty, "The question stays open");
	tty_type(tty, "\r");
	tty_expect(tty, "> 2 The right one");
	tty_type(tty, "k\r");
	tty_expect_report(tty, "answer={\"choice\":\"left\"}");
	scenario_leave(tty);
}

static void
input_checks_its_pattern(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_input, NULL);

	(void)state;
	tty_expect(tty, "How many clusters?");
	tty_type(tty, "x\r");
	tty_expect(tty, "does not match");
	tty_type(tty, "\0254\r");
	tty_expect_report(tty, "answer={\"value\":\"4\"}");
	scenario_leave(tty);
}

static void
secret_is_never_shown(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_secret, NULL);

	(void)state;
	tty_expect(tty, "The admin password");
	tty_type(tty, "hunter2");
	tty_expect(tty, "(hidden)");
	tty_type(tty, "\r");
	tty_expect_report(tty, "answer={\"value\":\"hunter2\"}");
	char *text = tty_text(tty);
	assert_null(strstr(text, "hunter2"));
	free(text);
	scenario_leave(tty);
}

static void
paste_triggers_no_keys(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, run_intent);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\033[200~\rys\r\033[201~");
	tty_expect(tty, "Pasted text is not taken as keys");
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "s");
	tty_expect(tty, "Why is this step passed over?");
	tty_type(tty, "\033[200~one\ntwo\033[201~");
	tty_expect(tty, "> one two");
	assert_false(tty_reported(tty, "SKIP"));
	tty_type(tty, "\r");
	tty_expect_report(tty, "SKIP signing-key seen=6 text=one two");
	scenario_leave(tty);
}

static void
selection_moved_away_says_how_to_return(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "jj");
	tty_expect(tty, "Inspect the control planes");
	tty_expect(tty, "shown is step 4, . goes back to step 2");
	tty_type(tty, ".");
	tty_expect(tty, "2: Restore the iam-signing-key");
	tty_expect_cursor(tty, 6, 0);
	scenario_leave(tty);
}

/* What is run is what is seen: the first Enter leads back to the step that would run. */
static void
enter_on_another_step_leads_back_before_it_runs(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "k");
	tty_expect(tty, "shown is step 1");
	tty_type(tty, "\r");
	tty_expect(tty, "This is the current step, 2: Enter once more runs it.");
	tty_expect_cursor(tty, 6, 0);
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "n");
	tty_expect(tty, "Not run.");
	scenario_leave(tty);
}

/* Runbook text and records with escape sequences show them; the terminal never sees one. */
static void
hostile_text_is_made_visible(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_destroy, NULL);

	(void)state;
	tty_expect(tty, "^[[31mcolours");
	tty_expect(tty, "\\x9b");
	tty_expect(tty, "<U+202E>");
	scenario_leave(tty);
}

static void
key_that_does_not_apply_says_why(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_running, NULL);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_type(tty, "s");
	tty_expect(tty, "s does not apply: step signing-key is running");
	scenario_leave(tty);
}

static void
key_of_another_pane_says_whose_it_is(void **state)
{
	struct tty *tty = scenario_start(120, 36, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "d");
	tty_expect(tty, "d does not apply: the keys go to the pane Steps");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "does not apply");
	scenario_leave(tty);
}

static const char *const talk[] = { "say Open the page\n", "say and enter ABC\n", "done", NULL };
static const char *const need[] = { "borrow", NULL };

static void
with_talk(struct scenario *s)
{
	s->answer = run_intent;
	fake_plugin_start(talk);
}

/* What is being decided is never covered: the key that shows the page is named instead. */
static void
plugin_never_covers_a_confirmation(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, with_talk);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, FAKE_PLUGIN " wants something of you: x shows it");
	tty_expect(tty, "[y/N]");
	tty_type(tty, "n");
	tty_expect(tty, "x plugin");
	tty_type(tty, "x");
	tty_expect(tty, FAKE_PLUGIN " says");
	tty_expect(tty, "Open the page");
	tty_type(tty, "q");
	tty_expect(tty, "x plugin");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, "and enter ABC");
	tty_signal(tty, SIGUSR1);
	tty_expect_gone(tty, FAKE_PLUGIN " says");
	tty_expect_gone(tty, "x plugin");
	assert_false(tty_reported(tty, "RUN"));
	scenario_leave(tty);
}

/* Whoever reads back is not interrupted by the end of the program. */
static const char *const lecture[] = {
	"say "
	"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21\n22\n23\n24\n"
	"the end of it\n",
	"done", NULL
};

static void
with_lecture(struct scenario *s)
{
	(void)s;
	fake_plugin_start(lecture);
}

static void
plugin_page_that_was_scrolled_stays(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, with_lecture);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, "the end of it");
	tty_type(tty, "k");
	tty_expect(tty, "held");
	tty_expect_gone(tty, "the end of it");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, "of 26");
	tty_type(tty, "G");
	tty_expect(tty, "-- " FAKE_PLUGIN " has ended");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	tty_expect_gone(tty, "x plugin");
	scenario_leave(tty);
}

static void
with_need(struct scenario *s)
{
	s->answer = run_intent;
	fake_plugin_start(need);
}

/* Whoever had the terminal may have seen anything: nothing that was asked before is still open. */
static void
borrowed_terminal_closes_the_confirmation(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, with_need);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, "uses this terminal now; Ctrl-C ends it");
	tty_type(tty, "y\n");
	tty_expect_report(tty, "BORROWED y");
	tty_expect(tty, "The situation has changed");
	tty_expect_gone(tty, "[y/N]");
	tty_type(tty, "yy");
	assert_false(tty_reported(tty, "RUN"));
	scenario_leave(tty);
}

static void
zoom_gives_the_room_to_one_pane(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "5z");
	tty_expect(tty, "Run 20261121-7f3a of");
	tty_expect_gone(tty, "1 Steps");
	tty_type(tty, "z");
	tty_expect(tty, "1 Steps");
	scenario_leave(tty);
}

static void
output_page_shows_everything(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_running, NULL);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_type(tty, "o");
	tty_expect(tty, "Output of step 2");
	tty_expect(tty, "answer: 200 OK");
	tty_type(tty, "q");
	tty_expect(tty, "1 Steps");
	scenario_leave(tty);
}

/* Nothing can be confirmed on a screen that is too small to show it. */
static void
too_small_screen_takes_no_decision(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, run_intent);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_resize(tty, 50, 10);
	tty_expect(tty, "too small");
	tty_type(tty, "y");
	tty_resize(tty, 80, 24);
	tty_expect(tty, "[y/N]");
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "y");
	tty_expect_report(tty, "RUN signing-key seen=6 text=y");
	scenario_leave(tty);
}

static void
stage_much_output(struct scenario *s)
{
	stage_running(s);
	for (int i = 0; i < 3000; i++) {
		char line[64];

		snprintf(line, sizeof(line), "line %d of the restore\n", i);
		scenario_event(s, EVENT_OUTPUT, "signing-key", line);
	}
}

static void
running_step_shows_the_end_of_its_output(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_much_output, NULL);

	(void)state;
	tty_expect(tty, "line 2999 of the restore");
	tty_expect(tty, "the end of it; o shows all");
	tty_type(tty, "o");
	tty_expect(tty, "applying secret/iam-signing-key");
	tty_type(tty, "G");
	tty_expect(tty, "line 2999 of the restore");
	tty_type(tty, "q");
	scenario_leave(tty);
}

static void
refuse(struct scenario *s, const struct intent *intent)
{
	if (intent->type == INTENT_RUN)
		scenario_event(s, EVENT_REFUSED, NULL, "something is under way");
}

static void
refusal_is_shown(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_reads, refuse);

	(void)state;
	tty_expect(tty, "Nothing was changed yet");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "Refused: something is under way");
	scenario_leave(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confirm_no_submits_nothing),
		cmocka_unit_test(confirm_yes_carries_what_was_seen),
		cmocka_unit_test(confirm_typed_ahead_is_forgotten),
		cmocka_unit_test(reads_only_runs_at_once),
		cmocka_unit_test(typed_name_wrong_is_refused),
		cmocka_unit_test(two_person_operator_is_not_the_second),
		cmocka_unit_test(recheck_closes_a_stale_dialog),
		cmocka_unit_test(skip_wants_a_reason),
		cmocka_unit_test(note_is_written_and_shown),
		cmocka_unit_test(failed_step_offers_goto_and_retry),
		cmocka_unit_test(end_takes_a_choice_and_a_reason),
		cmocka_unit_test(end_past_the_last_step_needs_no_reason),
		cmocka_unit_test(unknown_step_is_marked_done_with_a_reason),
		cmocka_unit_test(cancel_asks_first),
		cmocka_unit_test(checklist_sends_ticks_and_values),
		cmocka_unit_test(question_closed_by_escape_comes_back_by_enter),
		cmocka_unit_test(input_checks_its_pattern),
		cmocka_unit_test(secret_is_never_shown),
		cmocka_unit_test(paste_triggers_no_keys),
		cmocka_unit_test(selection_moved_away_says_how_to_return),
		cmocka_unit_test(enter_on_another_step_leads_back_before_it_runs),
		cmocka_unit_test(hostile_text_is_made_visible),
		cmocka_unit_test(key_that_does_not_apply_says_why),
		cmocka_unit_test(key_of_another_pane_says_whose_it_is),
		cmocka_unit_test(plugin_never_covers_a_confirmation),
		cmocka_unit_test(plugin_page_that_was_scrolled_stays),
		cmocka_unit_test(borrowed_terminal_closes_the_confirmation),
		cmocka_unit_test(zoom_gives_the_room_to_one_pane),
		cmocka_unit_test(output_page_shows_everything),
		cmocka_unit_test(too_small_screen_takes_no_decision),
		cmocka_unit_test(running_step_shows_the_end_of_its_output),
		cmocka_unit_test(refusal_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
