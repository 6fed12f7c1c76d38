#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "fake_plugin.h"
#include "harness.h"
#include "scenario.h"

/* Behind the last place where the child sent these bytes; 0: it never did. */
static size_t
last_sent(struct tty *tty, const char *sequence)
{
	size_t len, behind = 0;
	const char *bytes = tty_all_sent(tty, &len), *at = bytes;

	while ((at = memmem(at, len - (size_t)(at - bytes), sequence, strlen(sequence)))) {
		at += strlen(sequence);
		behind = (size_t)(at - bytes);
	}
	return behind;
}

static bool
marks_pastes(struct tty *tty)
{
	return last_sent(tty, "\033[?2004h") > last_sent(tty, "\033[?2004l");
}

static void
assert_restored(struct tty *tty)
{
	struct termios modes = tty_modes(tty);

	assert_false(marks_pastes(tty));
	assert_true(last_sent(tty, "\033[?1l\033>") >=
		    last_sent(tty, "\033[?1h\033=")); /* the keypad */
	assert_true(last_sent(tty, "\033[?25h") >= last_sent(tty, "\033[?25l"));

	assert_true(modes.c_lflag & ECHO);
	assert_true(modes.c_lflag & ICANON);
	assert_true(modes.c_lflag & ISIG);
	assert_false(tty_alternate(tty));
	assert_false(tty_mouse(tty));
}

static void
leaving_restores_the_terminal(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

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
	struct tty *tty = scenario_start(80, 24, stage_reads, die);

	tty_expect(tty, "Nothing was changed yet");
	tty_type(tty, "q");
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
	struct tty *tty = scenario_start(80, 24, stage_running, NULL);

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
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

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
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_signal(tty, SIGTSTP);
	tty_wait_stopped(tty);
	assert_restored(tty);
	tty_signal(tty, SIGCONT);
	tty_expect(tty, "Enter run");
	assert_true(tty_alternate(tty));
	assert_false(tty_modes(tty).c_lflag & ICANON);
	scenario_leave(tty);
}

static void
suspend_by_key_is_refused_while_a_step_runs(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_running, NULL);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_type(tty, "\032");
	tty_expect(tty, "Not now");
	scenario_leave(tty);
}

/* ---- with a box open and the mouse on ---- */

static void
with_mouse(struct scenario *s)
{
	s->options.look.mouse = true;
}

static struct tty *
start_with_mouse(void (*stage)(struct scenario *), const char *keys, const char *until)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage, with_mouse);

	tty_expect(tty, "Now:");
	tty_expect_mouse(tty, true);
	tty_type(tty, keys);
	tty_expect(tty, until);
	return tty;
}

static void
assert_suspends(const char *keys, const char *until)
{
	struct tty *tty = start_with_mouse(stage_ready, keys, until);

	tty_type(tty, "\032");
	tty_wait_stopped(tty);
	assert_restored(tty);
	tty_resize(tty, 120, 36);
	tty_signal(tty, SIGCONT);
	tty_expect(tty, until);
	tty_expect_mouse(tty, true);
	assert_true(tty_alternate(tty));
	assert_true(marks_pastes(tty));
	assert_false(tty_modes(tty).c_lflag & ICANON);
	tty_stop(tty);
}

static void
suspend_with_anything_open_restores_the_terminal(void **state)
{
	(void)state;
	assert_suspends("\020key", "Go to");
	assert_suspends(":re", "resource");
	assert_suspends("/kid", "Search:");
	assert_suspends("?", "Keys marked * apply now");
	assert_suspends("F", "Preflight:");
	assert_suspends("h", "Why step 2");
}

/* What was typed while somebody else had the terminal is no answer to what stands there afterwards. */
static void
suspend_with_a_question_open_brings_it_back_unanswered(void **state)
{
	struct tty *tty = start_with_mouse(stage_ready, "\r", "[y/N]");

	(void)state;
	tty_signal(tty, SIGTSTP);
	tty_wait_stopped(tty);
	assert_restored(tty);
	tty_type(tty, "y\n");
	tty_resize(tty, 120, 36);
	tty_signal(tty, SIGCONT);
	tty_expect_mouse(tty, true);
	tty_expect(tty, "[y/N]");
	tty_settle(tty);
	tty_expect(tty, "[y/N]");
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "n");
	tty_expect(tty, "Not run.");
	scenario_leave(tty);
}

static void
assert_death_restores(const char *keys, const char *until, int signal)
{
	struct tty *tty = start_with_mouse(stage_ready, keys, until);

	tty_signal(tty, signal);
	tty_wait_end(tty);
	assert_restored(tty);
	tty_stop(tty);
}

static void
crash_with_anything_open_restores_the_terminal(void **state)
{
	(void)state;
	assert_death_restores("\020key", "Go to", SIGABRT);
	assert_death_restores(":re", "resource", SIGSEGV);
	assert_death_restores("\r", "[y/N]", SIGSEGV);
	assert_death_restores("?", "Keys marked", SIGBUS);
}

/* The box and the line are no decision: SIGTERM does not wait for them. */
static void
terminate_with_anything_open_leaves_in_good_order(void **state)
{
	(void)state;
	assert_death_restores("\020key", "Go to", SIGTERM);
	assert_death_restores(":re", "resource", SIGTERM);
}

static void
resize_with_the_box_open_paints_it_anew(void **state)
{
	struct tty *tty = start_with_mouse(stage_ready, "\020tokens", "1 of");

	(void)state;
	tty_resize(tty, 50, 10);
	tty_expect(tty, "too small");
	tty_expect_gone(tty, "Go to");
	tty_resize(tty, 160, 48);
	tty_expect(tty, "Go to");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "Go to");
	scenario_leave(tty);
}

static const char *const borrowing[] = { "borrow", "borrow", NULL };

static void
with_borrower(struct scenario *s)
{
	(void)s;
	fake_plugin_start(borrowing);
}

static void
lending_gives_the_terminal_and_takes_it_again(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_running, with_borrower);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, "One-time code:");
	tty_expect(tty, FAKE_PLUGIN " uses this terminal now");
	assert_restored(tty);
	tty_resize(tty, 120, 36);
	tty_type(tty, "\032123456\n"); /* Ctrl-Z is no way to stop it */
	tty_expect_report(tty, "BORROWED \032123456");
	tty_expect(tty, "2 of 3 servers");
	tty_expect(tty, "zoom");
	assert_true(tty_alternate(tty));
	assert_true(marks_pastes(tty));
	assert_false(tty_modes(tty).c_lflag & ICANON);
	scenario_leave(tty);
}

/* Ctrl-C is for whoever has the terminal: the run is neither cancelled nor asked about. */
static void
lending_keeps_interrupts_from_the_run(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_running, with_borrower);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, "One-time code:");
	tty_type(tty, "\003");
	tty_type(tty, "x\n");
	tty_expect_report(tty, "BORROWED x");
	tty_expect(tty, "2 of 3 servers");
	assert_false(tty_reported(tty, "CANCEL"));
	scenario_leave(tty);
}

static void
lending_after_a_hangup_is_refused(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_running, with_borrower);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, "One-time code:");
	tty_signal(tty, SIGHUP);
	tty_type(tty, "x\n");
	tty_expect_report(tty, "LEAVE - seen=7 text=the terminal was hung up");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_LEFT);
	assert_restored(tty);
	tty_stop(tty);
}

static void
stop_by_itself(struct scenario *s, const struct intent *intent)
{
	if (intent->type != INTENT_RUN)
		return;
	scenario_event(s, EVENT_WARNING, NULL,
		       "the journal cannot be written: No space left on device");
	scenario_event(s, EVENT_CLOSED, NULL, NULL);
}

static void
engine_that_stops_is_an_error(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_reads, stop_by_itself);

	(void)state;
	tty_expect(tty, "Nothing was changed yet");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect_report(tty, "the run stopped by itself: the journal cannot be written");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), 100);
	assert_restored(tty);
	tty_stop(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaving_restores_the_terminal),
		cmocka_unit_test(abort_restores_the_terminal),
		cmocka_unit_test(fault_restores_the_terminal),
		cmocka_unit_test(exit_restores_the_terminal),
		cmocka_unit_test(terminate_leaves_in_good_order),
		cmocka_unit_test(hangup_leaves_in_good_order),
		cmocka_unit_test(suspend_gives_the_terminal_back_and_takes_it_again),
		cmocka_unit_test(suspend_by_key_is_refused_while_a_step_runs),
		cmocka_unit_test(suspend_with_anything_open_restores_the_terminal),
		cmocka_unit_test(suspend_with_a_question_open_brings_it_back_unanswered),
		cmocka_unit_test(crash_with_anything_open_restores_the_terminal),
		cmocka_unit_test(terminate_with_anything_open_leaves_in_good_order),
		cmocka_unit_test(resize_with_the_box_open_paints_it_anew),
		cmocka_unit_test(lending_gives_the_terminal_and_takes_it_again),
		cmocka_unit_test(lending_keeps_interrupts_from_the_run),
		cmocka_unit_test(lending_after_a_hangup_is_refused),
		cmocka_unit_test(engine_that_stops_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
