#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake_plugin.h"
#include "harness.h"
#include "scenario.h"

static void
screen_ready_step_shows_its_plan(void **state)
{
	(void)state;
	scenario_assert_sizes("ready", stage_ready, NULL, NULL, "Enter run");
}

static void
screen_enter_on_change_asks(void **state)
{
	(void)state;
	scenario_assert_sizes("confirm", stage_ready, NULL, "\r", "[y/N]");
}

static void
screen_enter_on_destroy_asks_for_the_name(void **state)
{
	(void)state;
	scenario_assert_sizes("typed-name", stage_destroy, NULL, "\r", "Type  tsb/old-tokens");
}

static void
screen_running_step_shows_output(void **state)
{
	(void)state;
	scenario_assert_sizes("running", stage_running, NULL, NULL, "2 of 3 servers");
}

/* What commands write in colours; what would hide a text is not obeyed. */
static void
stage_coloured(struct scenario *s)
{
	stage_running(s);
	scenario_output(
		s, "signing-key",
		"\033[32mOK\033[0m secret/tsb-certs \033[1munchanged\033[0m\n"
		"\033[1;31mError:\033[0m \033[33mretrying\033[0m \033[8mhidden\033[0m in 2s\n"
		"\033[44;97mon a ground\033[0m and \033[2Jno screen is cleared\n"
		"in \033[36mtwo");
	scenario_output(s, "signing-key", " pieces\033[0m\n");
}

static void
screen_output_has_its_colours(void **state)
{
	struct tty *tty;

	(void)state;
	scenario_assert_sizes("output-colours", stage_coloured, NULL, "o", "two pieces");
	tty = scenario_start(120, 36, stage_coloured, NULL);
	tty_expect(tty, "two pieces");
	tty_assert_golden(tty, "running-colours");
	scenario_leave(tty);
}

static void
screen_failed_step_shows_error_and_choices(void **state)
{
	(void)state;
	scenario_assert_sizes("failed", stage_failed, NULL, NULL, "WHAT NOW");
}

static void
screen_unknown_step_shows_choices(void **state)
{
	(void)state;
	scenario_assert_sizes("unknown", stage_unknown, NULL, NULL, "NOT SURE");
}

static void
screen_checklist_opens_as_dialog(void **state)
{
	(void)state;
	scenario_assert_sizes("checklist", stage_checklist, NULL, NULL, "[ Done ]");
}

static void
screen_pause_asks_for_a_word(void **state)
{
	(void)state;
	scenario_assert_sizes("pause", stage_confirm, NULL, NULL, "[y/n]");
}

static void
screen_choice_opens_as_dialog(void **state)
{
	(void)state;
	scenario_assert_sizes("choice", stage_choice, NULL, NULL, "The right one");
}

static void
screen_input_opens_as_dialog(void **state)
{
	(void)state;
	scenario_assert_sizes("input", stage_input, NULL, NULL, "How many clusters?");
}

static void
screen_two_person_asks_for_the_second(void **state)
{
	(void)state;
	scenario_assert_sizes("two-person", stage_two_person, NULL, "\r", "A second person");
}

static void
screen_note_skip_end_and_leave_are_dialogs(void **state)
{
	(void)state;
	scenario_assert_sizes("note", stage_ready, NULL, "n", "Enter accepts");
	scenario_assert_sizes("skip", stage_ready, NULL, "s", "Enter accepts");
	scenario_assert_sizes("end", stage_ready, NULL, "e", "Enter takes it");
	scenario_assert_sizes("leave", stage_running, NULL, "q", "[y/N]");
	scenario_assert_sizes("cancel", stage_running, NULL, "c", "Stop the running step?");
}

static void
screen_past_the_last_step_wants_an_end(void **state)
{
	(void)state;
	scenario_assert_sizes("past-last", stage_past_last, NULL, NULL, "Enter end");
}

static void
screen_preflight_opens_before_the_first_step(void **state)
{
	struct tty *tty;

	(void)state;
	scenario_assert_sizes("preflight", stage_reads, NULL, NULL, "Nothing was changed yet");
	tty = scenario_start(80, 24, stage_reads, NULL);
	tty_expect(tty, "Nothing was changed yet");
	tty_type(tty, "\r");
	tty_expect(tty, "Enter run");
	assert_false(tty_reported(tty, "RUN"));
	scenario_leave(tty);
}

static void
screen_why_and_output_are_pages(void **state)
{
	(void)state;
	scenario_assert_sizes("why", stage_ready, NULL, "h", "Why step 2 is there");
	scenario_assert_sizes("output", stage_running, NULL, "o", "Output of step 2");
}

static void
screen_earlier_step_says_what_came_of_it(void **state)
{
	(void)state;
	scenario_assert_sizes("passed", stage_ready, NULL, "k", "shown is step 1");
}

static void
screen_help_lists_the_keymap(void **state)
{
	(void)state;
	scenario_assert_sizes("help", stage_ready, NULL, "?", "Keys marked");
}

static void
screen_ended_run_shows_the_end_page(void **state)
{
	struct tty *tty;

	(void)state;
	for (int i = 0; i < 3; i++) {
		tty = scenario_start((int[]){ 80, 120, 160 }[i], (int[]){ 24, 36, 48 }[i],
				     stage_ended, NULL);
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
	struct tty *tty = scenario_start(50, 10, stage_failed, NULL);

	(void)state;
	tty_expect(tty, "too small");
	tty_assert_golden(tty, "too-small");
	tty_resize(tty, 80, 24);
	tty_expect(tty, "WHAT NOW");
	tty_assert_golden(tty, "failed");
	scenario_leave(tty);
}

static struct pane_spec panes[] = {
	{ .target = (char[]){ "management" }, .selector = (char[]){ "name=tsb-operator" } },
	{ .target = (char[]){ "management" }, .ns = (char[]){ "istio-system" } },
};

/* A feed of a cluster whose kubeconfig is not there: the pane says so instead of "no pods". */
static void
with_panes(struct scenario *s)
{
	s->runbook.panes =
		(struct pane_set){ .pods = panes, .pods_count = 2, .logs = panes, .logs_count = 1 };
}

static void
screen_unreachable_feeds_show_their_problem(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct tty *tty =
			scenario_start_adjusted((int[]){ 80, 120, 160 }[i],
						(int[]){ 24, 36, 48 }[i], stage_ready, with_panes);

		tty_expect(tty, "BROKEN");
		tty_expect(tty, "/nonexistent/kubeconfig");
		tty_assert_golden(tty, "feeds");
		tty_type(tty, "3]");
		tty_expect(tty, "mgmt-b/istio-system [2/2]");
		scenario_leave(tty);
	}
}

static const char *const login[] = {
	"say To sign in, open https://example.com/device and enter the code ",
	"say BQXD-2219.\nWaiting \033[1mfor you\033[0m…\n",
	"done",
	NULL,
};

static void
with_login(struct scenario *s)
{
	(void)s;
	fake_plugin_start(login);
}

static void
screen_plugin_is_heard_over_the_panes(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct tty *tty =
			scenario_start_adjusted((int[]){ 80, 120, 160 }[i],
						(int[]){ 24, 36, 48 }[i], stage_ready, with_login);

		tty_expect(tty, "Enter run");
		tty_signal(tty, SIGUSR1);
		tty_expect(tty, "enter the code");
		tty_signal(tty, SIGUSR1);
		tty_expect(tty, "Waiting for you");
		tty_assert_golden(tty, "plugin");
		tty_signal(tty, SIGUSR1);
		tty_expect_gone(tty, FAKE_PLUGIN " says");
		tty_expect(tty, "Enter run");
		scenario_leave(tty);
	}
}

/* The target proves its identity to nobody. */
static void
stage_insecure(struct scenario *s)
{
	stage_ready(s);
	scenario_push(
		s, RECORD_TARGET,
		"{\"name\":\"management\",\"identity\":{\"uid\":\"5f1c\",\"insecure\":true}}");
}

static void
screen_insecure_target_has_a_banner_everywhere(void **state)
{
	struct tty *tty;

	(void)state;
	scenario_assert_sizes("insecure", stage_insecure, NULL, "\r", "[y/N]");
	tty = scenario_start(80, 24, stage_insecure, NULL);
	tty_expect(tty, "SERVER NOT VERIFIED: management");
	tty_type(tty, "?");
	tty_expect(tty, "Keys marked");
	tty_expect(tty, "SERVER NOT VERIFIED: management");
	tty_assert_golden(tty, "insecure-help");
	tty_resize(tty, 50, 10);
	tty_expect(tty, "too small");
	tty_expect(tty, "SERVER NOT VERIFIED: management");
	tty_resize(tty, 80, 24);
	tty_expect(tty, "Keys marked");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	scenario_leave(tty);
}

static void
in_ascii(struct scenario *s)
{
	s->options.look.ascii = true;
	s->options.look.mono = true;
}

static void
screen_ascii_mono_uses_neither_colour_nor_unicode(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, in_ascii);
	char *text;

	(void)state;
	tty_expect(tty, "Enter run");
	tty_assert_golden(tty, "ascii");
	text = tty_text(tty);
	for (const char *at = text; *at; at++)
		assert_true((unsigned char)*at < 0x80);
	free(text);
	scenario_leave(tty);
}

static void
in_mono(struct scenario *s)
{
	s->options.look.mono = true;
}

/* What matters most, without colours, and without colours and Unicode. */
static void
screen_main_ones_do_without_colour_and_unicode(void **state)
{
	static const struct {
		const char *mono, *ascii;
		void (*stage)(struct scenario *);
		const char *keys, *until;
	} mains[] = {
		{ "mono-ready", NULL, stage_ready, NULL, "Enter run" },
		{ "mono-confirm", "ascii-confirm", stage_ready, "\r", "[y/N]" },
		{ "mono-running", "ascii-running", stage_running, NULL, "2 of 3 servers" },
		{ "mono-failed", "ascii-failed", stage_failed, NULL, "WHAT NOW" },
		{ "mono-ended", "ascii-ended", stage_ended, NULL, "The run ended" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mains) / sizeof(mains[0]); i++)
		for (int ascii = 0; ascii <= 1; ascii++) {
			const char *name = ascii ? mains[i].ascii : mains[i].mono;

			if (!name)
				continue;
			struct tty *tty = scenario_start_adjusted(80, 24, mains[i].stage,
								  ascii ? in_ascii : in_mono);

			tty_expect(tty, "T+");
			if (mains[i].keys) {
				tty_expect(tty, "Now:");
				tty_type(tty, mains[i].keys);
			}
			tty_expect(tty, mains[i].until);
			tty_assert_golden(tty, name);
			tty_stop(tty);
		}
}

/* ---- sizes, and how much is painted ---- */

static void
resize_there_and_back_shows_the_same(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_assert_golden(tty, "ready");
	tty_resize(tty, 160, 48);
	tty_assert_golden(tty, "ready");
	tty_resize(tty, 80, 24);
	tty_assert_golden(tty, "ready");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_resize(tty, 120, 36);
	tty_assert_golden(tty, "confirm");
	tty_resize(tty, 80, 24);
	tty_assert_golden(tty, "confirm");
	tty_type(tty, "n");
	tty_expect(tty, "Not run.");
	scenario_leave(tty);
}

enum {
	TICK_BYTES_MAX =
		160, /* of a second that passes: digits of clocks, and how to get to them */
	MOVE_BYTES_MAX =
		400, /* of a cursor that moves in a list: two rows, and the place in words */
	TICKS = 3,
};

/* The clock that stages begin at, which goes. */
static int64_t
running_clock(void)
{
	static int64_t begun_ms;

	if (!begun_ms)
		begun_ms = clock_mono_ms();
	return (INT64_C(1795269600) + 38 * 60 + 42) * 1000 + clock_mono_ms() - begun_ms;
}

static void
with_clock(struct scenario *s)
{
	s->options.now_ms = running_clock;
}

/* Waits until the clock shows another second than now. */
static void
wait_tick(struct tty *tty)
{
	char *text = tty_text(tty), *at = strstr(text, "T+"), now[16];

	assert_non_null(at);
	snprintf(now, sizeof(now), "%.9s", at);
	free(text);
	tty_expect_gone(tty, now);
}

static void
tick_paints_the_digits_that_change(void **state)
{
	struct tty *tty = scenario_start_adjusted(160, 48, stage_running, with_clock);

	(void)state;
	tty_expect(tty, "2 of 3 servers");
	wait_tick(tty);
	tty_settle(tty);
	size_t before = tty_sent_count(tty);
	for (int i = 0; i < TICKS; i++)
		wait_tick(tty);
	assert_in_range(tty_sent_count(tty) - before, 1, (TICKS + 1) * TICK_BYTES_MAX);
	tty_stop(tty);
}

static void
key_without_effect_paints_nothing(void **state)
{
	struct tty *tty = scenario_start(160, 48, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_settle(tty);
	size_t before = tty_sent_count(tty);
	tty_type(tty, "~~~~");
	tty_settle(tty);
	assert_int_equal(tty_sent_count(tty) - before, 0);
	scenario_leave(tty);
}

static void
move_paints_the_rows_that_change(void **state)
{
	struct tty *tty = scenario_start(160, 48, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "1z");
	tty_expect_gone(tty, "WILL DO");
	tty_settle(tty);
	size_t before = tty_sent_count(tty);
	tty_type(tty, "j");
	tty_expect(tty, "shown is step 3");
	tty_settle(tty);
	assert_in_range(tty_sent_count(tty) - before, 1, MOVE_BYTES_MAX);
	scenario_leave(tty);
}

/* A page is laid out anew for another width, and stays open. */
static void
resize_keeps_the_page(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ended, NULL);

	(void)state;
	tty_expect(tty, "The run ended: Fully recovered");
	tty_resize(tty, 120, 36);
	tty_assert_golden(tty, "ended");
	tty_type(tty, "x");
	tty_type(tty, "q");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_RUN_OVER);
	tty_stop(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(screen_ready_step_shows_its_plan),
		cmocka_unit_test(screen_enter_on_change_asks),
		cmocka_unit_test(screen_enter_on_destroy_asks_for_the_name),
		cmocka_unit_test(screen_running_step_shows_output),
		cmocka_unit_test(screen_output_has_its_colours),
		cmocka_unit_test(screen_failed_step_shows_error_and_choices),
		cmocka_unit_test(screen_unknown_step_shows_choices),
		cmocka_unit_test(screen_checklist_opens_as_dialog),
		cmocka_unit_test(screen_pause_asks_for_a_word),
		cmocka_unit_test(screen_choice_opens_as_dialog),
		cmocka_unit_test(screen_input_opens_as_dialog),
		cmocka_unit_test(screen_two_person_asks_for_the_second),
		cmocka_unit_test(screen_note_skip_end_and_leave_are_dialogs),
		cmocka_unit_test(screen_past_the_last_step_wants_an_end),
		cmocka_unit_test(screen_preflight_opens_before_the_first_step),
		cmocka_unit_test(screen_why_and_output_are_pages),
		cmocka_unit_test(screen_earlier_step_says_what_came_of_it),
		cmocka_unit_test(screen_help_lists_the_keymap),
		cmocka_unit_test(screen_ended_run_shows_the_end_page),
		cmocka_unit_test(screen_too_small_still_tells_the_state),
		cmocka_unit_test(screen_unreachable_feeds_show_their_problem),
		cmocka_unit_test(screen_plugin_is_heard_over_the_panes),
		cmocka_unit_test(screen_insecure_target_has_a_banner_everywhere),
		cmocka_unit_test(screen_ascii_mono_uses_neither_colour_nor_unicode),
		cmocka_unit_test(screen_main_ones_do_without_colour_and_unicode),
		cmocka_unit_test(resize_there_and_back_shows_the_same),
		cmocka_unit_test(tick_paints_the_digits_that_change),
		cmocka_unit_test(key_without_effect_paints_nothing),
		cmocka_unit_test(move_paints_the_rows_that_change),
		cmocka_unit_test(resize_keeps_the_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
