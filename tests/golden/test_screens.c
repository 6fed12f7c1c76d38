#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"
#include "scenario.h"

static struct tty *
play(int columns, int rows, void (*stage)(struct scenario *),
     void (*answer)(struct scenario *, const struct intent *))
{
	static struct play what;

	what = (struct play){ .stage = stage, .answer = answer };
	return tty_start(columns, rows, scenario_play, &what);
}

static struct tty *
play_adjusted(void (*stage)(struct scenario *), void (*adjust)(struct scenario *))
{
	static struct play what;

	what = (struct play){ .stage = stage, .adjust = adjust };
	return tty_start(80, 24, scenario_play, &what);
}

/* The same golden screen in the three sizes that the layout knows; `keys` first, if any. */
static void
assert_golden_sizes(const char *name, void (*stage)(struct scenario *), const char *keys,
		    const char *until)
{
	static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 } };

	for (size_t i = 0; i < 3; i++) {
		struct tty *tty = play(sizes[i][0], sizes[i][1], stage, NULL);

		tty_expect(tty, "LIVE");
		if (keys) {
			tty_expect(tty, "Now:");
			tty_type(tty, keys);
		}
		tty_expect(tty, until);
		tty_assert_golden(tty, name);
		tty_stop(tty);
	}
}

/* Leaves by q and y, and checks that the program ended as it should. */
static void
leave(struct tty *tty)
{
	tty_type(tty, "q");
	tty_expect(tty, "Leave the run now?");
	tty_type(tty, "y");
	assert_true(WIFEXITED(tty_wait_end(tty)));
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_LEFT);
	tty_stop(tty);
}

static void
screen_ready_step_shows_its_plan(void **state)
{
	(void)state;
	assert_golden_sizes("ready", stage_ready, NULL, "Enter run");
}

static void
screen_enter_on_change_asks(void **state)
{
	(void)state;
	assert_golden_sizes("confirm", stage_ready, "\r", "[y/N]");
}

static void
screen_enter_on_destroy_asks_for_the_name(void **state)
{
	(void)state;
	assert_golden_sizes("typed-name", stage_destroy, "\r", "Type  tsb/old-tokens");
}

static void
screen_running_step_shows_output(void **state)
{
	(void)state;
	assert_golden_sizes("running", stage_running, NULL, "2 of 3 servers");
}

static void
screen_failed_step_shows_error_and_choices(void **state)
{
	(void)state;
	assert_golden_sizes("failed", stage_failed, NULL, "WHAT NOW");
}

static void
screen_unknown_step_shows_choices(void **state)
{
	(void)state;
	assert_golden_sizes("unknown", stage_unknown, NULL, "mark it done");
}

static void
screen_checklist_opens_as_dialog(void **state)
{
	(void)state;
	assert_golden_sizes("checklist", stage_checklist, NULL, "[ Done ]");
}

static void
screen_help_lists_the_keymap(void **state)
{
	(void)state;
	assert_golden_sizes("help", stage_ready, "?", "Keys (those marked");
}

static void
screen_ended_run_shows_the_end_page(void **state)
{
	struct tty *tty;

	(void)state;
	for (int i = 0; i < 3; i++) {
		tty = play((int[]){ 80, 120, 160 }[i], (int[]){ 24, 36, 48 }[i], stage_ended, NULL);
		tty_expect(tty, "The run ended: Fully recovered");
		tty_assert_golden(tty, "ended");
		tty_type(tty, "q");
		assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_RUN_OVER);
		tty_stop(tty);
	}
}

static void
screen_too_small_still_tells_the_state(void **state)
{
	struct tty *tty = play(50, 10, stage_failed, NULL);

	(void)state;
	tty_expect(tty, "too small");
	tty_assert_golden(tty, "too-small");
	tty_resize(tty, 80, 24);
	tty_expect(tty, "WHAT NOW");
	tty_assert_golden(tty, "failed");
	leave(tty);
}

static struct pane_spec panes[] = {
	{ .target = (char[]){ "management" }, .selector = (char[]){ "name=tsb-operator" } },
	{ .target = (char[]){ "management" }, .ns = (char[]){ "istio-system" } },
};

/* A feed of a cluster whose kubeconfig is not there: the pane says so instead of "no pods". */
static void
with_panes(struct scenario *s)
{
	s->runbook.panes = (struct pane_set){ panes, 2, panes, 1 };
}

static void
screen_unreachable_feeds_show_their_problem(void **state)
{
	static struct play what = { .stage = stage_ready, .adjust = with_panes };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct tty *tty = tty_start((int[]){ 80, 120, 160 }[i], (int[]){ 24, 36, 48 }[i],
					    scenario_play, &what);

		tty_expect(tty, "BROKEN");
		tty_expect(tty, "/nonexistent/kubeconfig");
		tty_assert_golden(tty, "feeds");
		tty_type(tty, "3]");
		tty_expect(tty, "mgmt-b/istio-system [2/2]");
		leave(tty);
	}
}

static void
in_ascii(struct scenario *s)
{
	s->options.ascii = true;
	s->options.mono = true;
}

static void
screen_ascii_mono_uses_neither_colour_nor_unicode(void **state)
{
	struct tty *tty = play_adjusted(stage_ready, in_ascii);
	char *text;

	(void)state;
	tty_expect(tty, "Enter run");
	tty_assert_golden(tty, "ascii");
	text = tty_text(tty);
	for (const char *at = text; *at; at++)
		assert_true((unsigned char)*at < 0x80);
	free(text);
	leave(tty);
}

static void
run_intent(struct scenario *s, const struct intent *intent)
{
	if (intent->type == INTENT_RUN)
		scenario_push(s, RECORD_INTENT, "{\"step\":\"signing-key\",\"confirmed\":\"y\"}");
}

static void
confirm_no_submits_nothing(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, run_intent);

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
	leave(tty);
}

static void
confirm_yes_carries_what_was_seen(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, run_intent);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_type(tty, "y");
	tty_expect_report(tty, "RUN signing-key seen=6 text=y");
	tty_expect(tty, "step signing-key is running");
	leave(tty);
}

/* What was typed before the dialog stood on the screen is no answer to it. */
static void
confirm_typed_ahead_is_forgotten(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, run_intent);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\ryyyy");
	tty_expect(tty, "[y/N]");
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "\033");
	tty_expect(tty, "Not run.");
	leave(tty);
}

static void
reads_only_runs_at_once(void **state)
{
	struct tty *tty = play(80, 24, stage_reads, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect_report(tty, "RUN look seen=3");
	leave(tty);
}

static void
typed_name_wrong_is_refused(void **state)
{
	struct tty *tty = play(80, 24, stage_destroy, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "Type  tsb/old-tokens");
	tty_type(tty, "y\r");
	tty_expect(tty, "That is not the name");
	tty_type(tty, "\025tsb/old-tokens\r");
	tty_expect_report(tty, "RUN drop-tokens seen=8 text=tsb/old-tokens");
	leave(tty);
}

static void
two_person_operator_is_not_the_second(void **state)
{
	struct tty *tty = play(80, 24, stage_two_person, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "A second person (not ana)");
	tty_type(tty, "ana\r");
	tty_expect(tty, "That is you");
	tty_type(tty, "\025bob\r");
	tty_expect_report(tty, "RUN signing-key seen=6 by=bob");
	leave(tty);
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
	struct tty *tty = play(80, 24, stage_ready, plan_again);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "rs");
	tty_expect_report(tty, "RECHECK signing-key seen=6");
	tty_expect(tty, "The situation has changed");
	assert_false(tty_reported(tty, "SKIP"));
	leave(tty);
}

static void
skip_wants_a_reason(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "s");
	tty_expect(tty, "Why is this step passed over?");
	tty_type(tty, "\r");
	tty_expect(tty, "Something must be written");
	tty_type(tty, "it is there already\r");
	tty_expect_report(tty, "SKIP signing-key seen=6 text=it is there already");
	leave(tty);
}

static void
note_is_written_and_shown(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, plan_again);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "n");
	tty_expect(tty, "A remark for the journal");
	tty_type(tty, "gr\303\274n\r");
	tty_expect_report(tty, "NOTE signing-key seen=6 text=gr\303\274n");
	tty_expect(tty, "Note by ana: seen");
	leave(tty);
}

static void
failed_step_offers_goto_and_retry(void **state)
{
	struct tty *tty = play(80, 24, stage_failed, NULL);

	(void)state;
	tty_expect(tty, "WHAT NOW");
	tty_type(tty, "b");
	tty_expect(tty, "Go to step look?");
	tty_type(tty, "y");
	tty_expect_report(tty, "GOTO signing-key seen=8");
	tty_type(tty, "r");
	tty_expect_report(tty, "RECHECK signing-key seen=8");
	leave(tty);
}

static void
end_takes_a_choice_and_a_reason(void **state)
{
	struct tty *tty = play(80, 24, stage_failed, NULL);

	(void)state;
	tty_expect(tty, "WHAT NOW");
	tty_type(tty, "e");
	tty_expect(tty, "How does the run end?");
	tty_type(tty, "2\r");
	tty_expect(tty, "Why does it end here?");
	tty_type(tty, "support took over\r");
	tty_expect_report(tty, "END signing-key seen=8 text=escalated reason=support took over");
	leave(tty);
}

static void
end_past_the_last_step_needs_no_reason(void **state)
{
	struct tty *tty = play(80, 24, stage_past_last, NULL);

	(void)state;
	tty_expect(tty, "Enter end the run");
	tty_type(tty, "\r");
	tty_expect(tty, "Fully recovered");
	tty_type(tty, "\r");
	tty_expect_report(tty, "END - seen=14 text=recovered");
	leave(tty);
}

static void
unknown_step_is_marked_done_with_a_reason(void **state)
{
	struct tty *tty = play(80, 24, stage_unknown, NULL);

	(void)state;
	tty_expect(tty, "mark it done");
	tty_type(tty, "m");
	tty_expect(tty, "How do you know");
	tty_type(tty, "kubectl shows it\r");
	tty_expect_report(tty, "MARK_DONE signing-key seen=8 text=kubectl shows it");
	leave(tty);
}

static void
cancel_asks_first(void **state)
{
	struct tty *tty = play(80, 24, stage_running, NULL);

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
	leave(tty);
}

static void
checklist_sends_ticks_and_values(void **state)
{
	struct tty *tty = play(80, 24, stage_checklist, NULL);

	(void)state;
	tty_expect(tty, "[ Done ]");
	tty_type(tty, " jx\t14\r");
	tty_expect(tty, "seen: 14");
	tty_type(tty, "\r");
	tty_expect_report(tty, "answer={\"items\":{\"ui\":{\"checked\":true,\"value\":\"\"},"
			  "\"count\":{\"checked\":true,\"value\":\"14\"}}}");
	leave(tty);
}

static void
question_closed_by_escape_comes_back_by_enter(void **state)
{
	struct tty *tty = play(80, 24, stage_choice, NULL);

	(void)state;
	tty_expect(tty, "Which way?");
	tty_type(tty, "\033");
	tty_expect(tty, "The question stays open");
	tty_type(tty, "\r");
	tty_expect(tty, "> 2 The right one");
	tty_type(tty, "k\r");
	tty_expect_report(tty, "answer={\"choice\":\"left\"}");
	leave(tty);
}

static void
input_checks_its_pattern(void **state)
{
	struct tty *tty = play(80, 24, stage_input, NULL);

	(void)state;
	tty_expect(tty, "How many clusters?");
	tty_type(tty, "x\r");
	tty_expect(tty, "does not match");
	tty_type(tty, "\0254\r");
	tty_expect_report(tty, "answer={\"value\":\"4\"}");
	leave(tty);
}

static void
secret_is_never_shown(void **state)
{
	struct tty *tty = play(80, 24, stage_secret, NULL);

	(void)state;
	tty_expect(tty, "The admin password");
	tty_type(tty, "hunter2");
	tty_expect(tty, "(hidden)");
	tty_type(tty, "\r");
	tty_expect_report(tty, "answer={\"value\":\"hunter2\"}");
	char *text = tty_text(tty);
	assert_null(strstr(text, "hunter2"));
	free(text);
	leave(tty);
}

static void
paste_triggers_no_keys(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, run_intent);

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
	leave(tty);
}

static void
selection_moved_away_says_how_to_return(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "jj");
	tty_expect(tty, "Inspect the control planes");
	tty_expect(tty, "current: step 2, press . to return");
	tty_type(tty, ".");
	tty_expect(tty, "2: Restore the iam-signing-key");
	tty_expect_cursor(tty, 6, 0);
	leave(tty);
}

/* Runbook text and records with escape sequences show them; the terminal never sees one. */
static void
hostile_text_is_made_visible(void **state)
{
	struct tty *tty = play(80, 24, stage_destroy, NULL);

	(void)state;
	tty_expect(tty, "^[[31mcolours");
	tty_expect(tty, "\\x9b");
	tty_expect(tty, "<U+202E>");
	leave(tty);
}

static void
key_that_does_not_apply_says_why(void **state)
{
	struct tty *tty = play(80, 24, stage_running, NULL);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_type(tty, "s");
	tty_expect(tty, "s does not apply: step signing-key is running");
	leave(tty);
}

static void
zoom_gives_the_room_to_one_pane(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "5z");
	tty_expect(tty, "Run 20261121-7f3a of");
	tty_expect_gone(tty, "1 Steps");
	tty_type(tty, "z");
	tty_expect(tty, "1 Steps");
	leave(tty);
}

static void
output_page_shows_everything(void **state)
{
	struct tty *tty = play(80, 24, stage_running, NULL);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_type(tty, "o");
	tty_expect(tty, "Output of step 2");
	tty_expect(tty, "answer: 200 OK");
	tty_type(tty, "q");
	tty_expect(tty, "1 Steps");
	leave(tty);
}

static void
assert_restored(struct tty *tty)
{
	struct termios modes = tty_modes(tty);

	assert_true(modes.c_lflag & ECHO);
	assert_true(modes.c_lflag & ICANON);
	assert_true(modes.c_lflag & ISIG);
	assert_false(tty_alternate(tty));
}

static void
leaving_restores_the_terminal(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	assert_true(tty_alternate(tty));
	assert_false(tty_modes(tty).c_lflag & ICANON);
	tty_type(tty, "qy");
	tty_expect(tty, "Leave the run now?");
	tty_type(tty, "y");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_LEFT);
	assert_restored(tty);
	tty_stop(tty);
}

static void
die_by_abort(struct scenario *s, const struct intent *intent)
{
	(void)s;
	(void)intent;
	abort();
}

static void
die_by_fault(struct scenario *s, const struct intent *intent)
{
	(void)s;
	(void)intent;
	raise(SIGSEGV);
}

static void
die_by_exit(struct scenario *s, const struct intent *intent)
{
	(void)s;
	(void)intent;
	exit(7);
}

static void
assert_restored_after(void (*die)(struct scenario *, const struct intent *))
{
	struct tty *tty = play(80, 24, stage_reads, die);

	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_wait_end(tty);
	assert_restored(tty);
	tty_stop(tty);
}

static void
abort_restores_the_terminal(void **state)
{
	(void)state;
	assert_restored_after(die_by_abort);
}

static void
fault_restores_the_terminal(void **state)
{
	(void)state;
	assert_restored_after(die_by_fault);
}

static void
exit_restores_the_terminal(void **state)
{
	(void)state;
	assert_restored_after(die_by_exit);
}

static void
terminate_leaves_in_good_order(void **state)
{
	struct tty *tty = play(80, 24, stage_running, NULL);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_signal(tty, SIGTERM);
	tty_expect_report(tty, "LEAVE - seen=7 text=SIGTERM");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_LEFT);
	assert_restored(tty);
	tty_stop(tty);
}

static void
hangup_leaves_in_good_order(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_signal(tty, SIGHUP);
	tty_expect_report(tty, "LEAVE - seen=6 text=the terminal was hung up");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_LEFT);
	tty_stop(tty);
}

static void
suspend_gives_the_terminal_back_and_takes_it_again(void **state)
{
	struct tty *tty = play(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_signal(tty, SIGTSTP);
	tty_wait_stopped(tty);
	assert_restored(tty);
	tty_signal(tty, SIGCONT);
	tty_expect(tty, "Enter run");
	assert_true(tty_alternate(tty));
	assert_false(tty_modes(tty).c_lflag & ICANON);
	leave(tty);
}

static void
suspend_by_key_is_refused_while_a_step_runs(void **state)
{
	struct tty *tty = play(80, 24, stage_running, NULL);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_type(tty, "\032");
	tty_expect(tty, "Not now");
	leave(tty);
}

static void
stop_by_itself(struct scenario *s, const struct intent *intent)
{
	if (intent->type != INTENT_RUN)
		return;
	scenario_event(s, EVENT_WARNING, NULL, "the journal cannot be written: No space left on device");
	scenario_event(s, EVENT_CLOSED, NULL, NULL);
}

static void
engine_that_stops_is_an_error(void **state)
{
	struct tty *tty = play(80, 24, stage_reads, stop_by_itself);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect_report(tty, "the run stopped by itself: the journal cannot be written");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), 100);
	assert_restored(tty);
	tty_stop(tty);
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
	struct tty *tty = play(80, 24, stage_reads, refuse);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "Refused: something is under way");
	leave(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(screen_ready_step_shows_its_plan),
		cmocka_unit_test(screen_enter_on_change_asks),
		cmocka_unit_test(screen_enter_on_destroy_asks_for_the_name),
		cmocka_unit_test(screen_running_step_shows_output),
		cmocka_unit_test(screen_failed_step_shows_error_and_choices),
		cmocka_unit_test(screen_unknown_step_shows_choices),
		cmocka_unit_test(screen_checklist_opens_as_dialog),
		cmocka_unit_test(screen_help_lists_the_keymap),
		cmocka_unit_test(screen_ended_run_shows_the_end_page),
		cmocka_unit_test(screen_too_small_still_tells_the_state),
		cmocka_unit_test(screen_unreachable_feeds_show_their_problem),
		cmocka_unit_test(screen_ascii_mono_uses_neither_colour_nor_unicode),
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
		cmocka_unit_test(hostile_text_is_made_visible),
		cmocka_unit_test(key_that_does_not_apply_says_why),
		cmocka_unit_test(zoom_gives_the_room_to_one_pane),
		cmocka_unit_test(output_page_shows_everything),
		cmocka_unit_test(leaving_restores_the_terminal),
		cmocka_unit_test(abort_restores_the_terminal),
		cmocka_unit_test(fault_restores_the_terminal),
		cmocka_unit_test(exit_restores_the_terminal),
		cmocka_unit_test(terminate_leaves_in_good_order),
		cmocka_unit_test(hangup_leaves_in_good_order),
		cmocka_unit_test(suspend_gives_the_terminal_back_and_takes_it_again),
		cmocka_unit_test(suspend_by_key_is_refused_while_a_step_runs),
		cmocka_unit_test(engine_that_stops_is_an_error),
		cmocka_unit_test(refusal_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
