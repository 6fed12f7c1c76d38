#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "fake_logs.h"
#include "fixture_tables.h"
#include "harness.h"
#include "scenario.h"

/* Moving about: search and filter, the box of places, the command line, the clipboard, the mouse. */

static struct tty *
start(void (*stage)(struct scenario *))
{
	struct tty *tty = scenario_start(80, 24, stage, NULL);

	tty_expect(tty, "Now:");
	return tty;
}

/* ---- search and filter ---- */

static void
search_in_steps_goes_from_match_to_match(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, "/the\r");
	tty_expect(tty, "match 2 of 4"); /* the selected step is the first to be looked at */
	tty_type(tty, "nn");
	tty_expect(tty, "match 4 of 4");
	tty_expect(tty, "2 Step 4: Inspect");
	tty_type(tty, "n");
	tty_expect(tty, "match 1 of 4, from the top again");
	tty_type(tty, "N");
	tty_expect(tty, "match 4 of 4, from the end again");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "search: the");
	tty_type(tty, "n");
	tty_expect(tty, "A remark for the journal");
	tty_type(tty, "\033");
	scenario_leave(tty);
}

static void
search_takes_what_pods_and_logs_take(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, "//^.{3} [34] /\r");
	tty_expect(tty, "match 1 of 2");
	tty_type(tty, "/!the\r");
	tty_expect(tty, "Nothing here matches \"!the\"");
	tty_type(tty, "/TOKENS\r");
	tty_expect(tty, "Nothing here matches \"TOKENS\"");
	tty_type(tty, "//(/\r");
	tty_expect(tty, "missing closing parenthesis");
	tty_type(tty, "\033");
	scenario_leave(tty);
}

static void
search_marks_what_it_found(void **state)
{
	(void)state;
	scenario_assert_sizes("search-steps", stage_ready, NULL, "/the\rn", "match 3 of 4");
	scenario_assert_sizes("search-audit", stage_ready, NULL, "5/look\r", "match 3 of 3");
	scenario_assert_sizes("search-help", stage_ready, NULL, "?/unknown\rn", "match 2 of");
}

/* What Ctrl-P, the command line and the mouse do stands at the end of the help. */
static void
help_ends_with_what_has_no_keys(void **state)
{
	(void)state;
	scenario_assert_sizes("help-end", stage_ready, NULL, "?G", "Mouse");
}

static void
filter_of_steps_keeps_the_current_one(void **state)
{
	struct tty *tty;

	(void)state;
	scenario_assert_sizes("filter-steps", stage_ready, NULL, "ftokens\r", "2 of 4 shown");
	tty = start(stage_ready);
	tty_type(tty, "ftokens\r");
	tty_expect_gone(tty, "[x] 1");
	tty_expect(tty, "Restore the iam");
	tty_type(tty, "j");
	tty_expect(tty, "2 Step 3: Drop the old tokens");
	tty_type(tty, "j");
	tty_type(tty, "G");
	tty_expect(tty, "2 Step 3: Drop the old tokens");
	tty_type(tty, "\033");
	tty_expect(tty, "[x] 1");
	scenario_leave(tty);
}

static void
filter_of_the_audit_shows_only_what_matches(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, "5fpassed\r");
	tty_expect(tty, "filter: passed, 1 of 7");
	tty_expect(tty, "Step look passed");
	tty_expect_gone(tty, "Step look begins");
	tty_type(tty, "f\025\r");
	tty_expect(tty, "Step look begins");
	scenario_leave(tty);
}

static void
search_of_the_step_scrolls_to_its_match(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_expect_gone(tty, "the secret holds a key id");
	tty_type(tty, "2/a key id\r");
	tty_expect(tty, "match 1 of 1");
	tty_expect(tty, "the secret holds a key id");
	scenario_leave(tty);
}

static struct impact_spec impact[] = {
	{ .operation = (char[]){ "Running production workloads" },
	  .level = (char[]){ "none" },
	  .text = (char[]){ "Requests go on." } },
	{ .operation = (char[]){ "Management operations" },
	  .level = (char[]){ "total" },
	  .text = (char[]){ "Nothing can be changed." } },
};

static void
with_impact(struct scenario *s)
{
	s->runbook.impact = impact;
	s->runbook.impact_count = 2;
}

static void
search_of_the_impact_board_finds(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, with_impact);

	(void)state;
	tty_expect(tty, "Now:");
	tty_type(tty, "6/workloads\r");
	tty_expect(tty, "match 1 of 1");
	scenario_leave(tty);
}

static void
search_of_pages_ends_by_escape_before_they_do(void **state)
{
	struct tty *tty = start(stage_running);

	(void)state;
	tty_type(tty, "o");
	tty_expect(tty, "answer: 200 OK");
	tty_type(tty, "/answer\r");
	tty_expect(tty, "search: answer, match 1 of 1");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "search: answer");
	tty_expect(tty, "answer: 200 OK");
	tty_type(tty, "\033");
	tty_expect(tty, "1 Steps");
	scenario_leave(tty);
}

static void
search_of_the_end_page_does_not_leave(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ended, NULL);

	(void)state;
	tty_expect(tty, "Fully recovered");
	tty_type(tty, "/journal\r");
	tty_expect(tty, "search: journal, match 1");
	tty_type(tty, ":run\r");
	tty_expect(tty, "the run is over: search, copy, write and leave");
	tty_type(tty, "\025quit\r");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_RUN_OVER);
	tty_stop(tty);
}

/* ---- the box of places ---- */

static void
jump_shows_what_fits_best_first(void **state)
{
	(void)state;
	scenario_assert_sizes("jump", stage_ready, NULL, "\020re", "Go to");
}

static void
jump_goes_to_a_step_by_some_letters(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, "\020drtok");
	tty_expect(tty, "1 of");
	tty_type(tty, "\r");
	tty_expect_gone(tty, "Go to");
	tty_expect(tty, "2 Step 3: Drop the old tokens");
	tty_type(tty, "\020pane aud\r");
	tty_type(tty, "/");
	tty_type(tty, "\033");
	tty_type(tty, "/begins\r");
	tty_expect(tty, "match 1 of 1");
	scenario_leave(tty);
}

static void
jump_moves_and_closes(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, "\020step\016\016\020");
	tty_expect(tty, "Go to");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "Go to");
	tty_type(tty, "\020qqqqqq");
	tty_expect(tty, "nothing fits");
	tty_type(tty, "\r\033");
	tty_expect_gone(tty, "Go to");
	scenario_leave(tty);
}

static void
jump_from_a_page_leaves_it_only_to_go_somewhere(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, "?");
	tty_expect(tty, "Keys marked * apply now");
	tty_type(tty, "\020");
	tty_expect(tty, "some letters of a step");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "Go to");
	tty_expect(tty, "or Esc goes back");
	tty_type(tty, "\020tokens\r");
	tty_expect(tty, "2 Step 3: Drop the old tokens");
	tty_expect_gone(tty, "or Esc goes back");
	scenario_leave(tty);
}

/* What a box or a line leads to is the dialog of the key, with its No. */
static void
jump_to_a_command_asks_as_its_key_does(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, "\020:run");
	tty_expect(tty, ":run  Runs the current");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_type(tty, "\r");
	tty_expect(tty, "Not run.");
	assert_false(tty_reported(tty, "RUN"));
	scenario_leave(tty);
}

/* ---- the command line ---- */

static void
command_line_shows_how_it_could_go_on(void **state)
{
	(void)state;
	scenario_assert_sizes("command-line", stage_ready, NULL, ":re", "resource");
	scenario_assert_sizes("command-line-step", stage_ready, NULL, ":step ", "drop-tokens");
}

static void
command_line_completes_by_tab(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, ":ste\tdr\t");
	tty_expect(tty, ": step drop-tokens");
	tty_type(tty, "\r");
	tty_expect(tty, "2 Step 3: Drop the old tokens");
	tty_type(tty, ":step \t\t\033[Z");
	tty_expect(tty, ": step look");
	tty_type(tty, "\r");
	tty_expect(tty, "2 Step 1: Look at the cluster");
	scenario_leave(tty);
}

static void
command_line_takes_a_number_as_a_step(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, ":4\r");
	tty_expect(tty, "2 Step 4: Inspect");
	tty_type(tty, ":9\r");
	tty_expect(tty, "there is no step \"9\"; there are 4");
	tty_type(tty, "\025step drop-tokns\r");
	tty_expect(tty, "did you mean \"drop-tokens\"?");
	tty_type(tty, "\033");
	scenario_leave(tty);
}

static void
command_line_unknown_word_is_named_with_what_was_meant(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, ":skp\r");
	tty_expect(tty, "there is no command \"skp\"; did you mean \"skip\"?");
	tty_type(tty, "\025mark-done\r");
	tty_expect(tty, "mark-done does not apply: step signing-key is ready");
	tty_type(tty, "\025version now\r");
	tty_expect(tty, "version takes nothing behind it");
	tty_type(tty, "\025version\r");
	tty_expect(tty, "lifeboat ");
	scenario_leave(tty);
}

static void
command_line_brings_back_what_was_entered(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, ":pane audit\r");
	tty_type(tty, ":version\r");
	tty_expect(tty, "lifeboat ");
	tty_type(tty, ":\033OA\033OA");
	tty_expect(tty, ": pane audit");
	tty_type(tty, "\033OB");
	tty_expect(tty, ": version");
	tty_type(tty, "\033");
	scenario_leave(tty);
}

static void
command_line_decides_nothing_by_itself(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, ":run\r");
	tty_expect(tty, "[y/N]");
	tty_type(tty, "n");
	tty_expect(tty, "Not run.");
	tty_type(tty, ":skip it is there\r");
	tty_expect(tty, "Why is this step passed over?");
	tty_expect(tty, "it is there");
	assert_false(tty_reported(tty, "SKIP"));
	tty_type(tty, "\r");
	tty_expect_report(tty, "SKIP signing-key seen=6 text=it is there");
	tty_type(tty, ":note seen by all\r");
	tty_expect(tty, "A remark for the journal");
	tty_type(tty, "\r");
	tty_expect_report(tty, "NOTE signing-key seen=6 text=seen by all");
	tty_type(tty, ":q\r");
	tty_expect(tty, "Leave the run now?");
	tty_type(tty, "n");
	tty_expect_gone(tty, "Leave the run now?");
	scenario_leave(tty);
}

static void
command_line_pasted_text_is_not_carried_out(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, ":\033[200~skip because\r\033[201~");
	tty_expect(tty, ": skip because");
	assert_false(tty_reported(tty, "SKIP"));
	tty_type(tty, "\033");
	scenario_leave(tty);
}

static void
command_line_writes_what_is_shown(void **state)
{
	struct tty *tty = start(stage_ready);
	char *folder = fixture_folder(), *path = xasprintf("%s/audit.txt", folder);
	char *line = xasprintf(":pane audit\r:write %s\r", path);
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct stat status;

	(void)state;
	tty_type(tty, line);
	tty_expect(tty, "Saved ");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(file_read(path, 1 << 16, &text, &e), 0);
	assert_non_null(strstr(str_cstr(&text), "#5    Step look passed after"));
	tty_type(tty, line);
	tty_expect(tty, "is there already, and is not written over");
	tty_type(tty, "\033");
	scenario_leave(tty);
	str_release(&text);
	free(line);
	free(path);
	fixture_remove(folder);
}

static void
command_line_sets_what_can_be_switched(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, ":set nowrap\r");
	tty_expect(tty, "wrap is off");
	tty_type(tty, ":set zoom\r");
	tty_expect_gone(tty, "2 Step");
	tty_type(tty, ":set nozoom\r");
	tty_expect(tty, "2 Step");
	tty_type(tty, ":set colour\r");
	tty_expect(tty, "\"colour\" can't be set: wrap, times");
	tty_type(tty, "\033");
	scenario_leave(tty);
}

/* ---- the clipboard ---- */

static void
copy_off_shows_and_says_how(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	tty_type(tty, "y");
	tty_expect(tty,
		   "The clipboard is off (\":set clipboard\" switches it on). It is: signing-key");
	assert_false(tty_sent(tty, "\033]52"));
	scenario_leave(tty);
}

static void
with_clipboard(struct scenario *s)
{
	s->options.look.clipboard = true;
}

static void
copy_on_sends_what_the_cursor_stands_on(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, with_clipboard);

	(void)state;
	tty_expect(tty, "Now:");
	tty_type(tty, "y");
	tty_expect_sent(tty, "\033]52;c;c2lnbmluZy1rZXk=\a"); /* signing-key */
	tty_expect(tty, "Copied 11 bytes: signing-key");
	tty_type(tty, ":set noclipboard\r");
	tty_expect(tty, "clipboard is off");
	tty_type(tty, "y");
	tty_expect(tty, "It is: signing-key");
	tty_type(tty, ":set clipboard\r:copy run\r");
	tty_expect_sent(tty, "\033]52;c;MjAyNjExMjEtN2YzYQ==\a"); /* 20261121-7f3a */
	tty_type(tty, "2y");
	tty_expect(tty, "bytes: PATCH /api/v1/namespaces/tsb/secrets/iam-signing-key");
	tty_type(tty, ":copy nose\r");
	tty_expect(tty, "\"nose\" can't be copied");
	tty_type(tty, "\033");
	scenario_leave(tty);
}

/* ---- the mouse ---- */

static void
with_mouse(struct scenario *s)
{
	s->options.look.mouse = true;
	s->options.look.clipboard = true;
}

static struct tty *
start_with_mouse(void)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, with_mouse);

	tty_expect(tty, "Enter run");
	assert_true(tty_mouse(tty));
	return tty;
}

static void
mouse_is_the_terminals_own_until_switched_on(void **state)
{
	struct tty *tty = start(stage_ready);

	(void)state;
	assert_false(tty_mouse(tty));
	tty_type(tty, ":set mouse\r");
	tty_expect(tty, "mouse is on");
	assert_true(tty_mouse(tty));
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "[ ] 4"), 6);
	tty_expect(tty, "2 Step 4: Inspect");
	tty_type(tty, ":set nomouse\r");
	tty_expect(tty, "mouse is off");
	assert_false(tty_mouse(tty));
	scenario_leave(tty);
}

static void
mouse_click_selects_and_double_click_looks(void **state)
{
	struct tty *tty = start_with_mouse();

	(void)state;
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "[ ] 3"), 6);
	tty_expect(tty, "2 Step 3: Drop");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "[ ] 4"), 6);
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "[ ] 4"), 6);
	tty_expect(tty, "2 Step 4: Inspect");
	tty_type(tty, "y"); /* of the step now, which has no request */
	tty_expect(tty, "Copied 26 bytes: Inspect the control planes");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "14:04:00Z"), 30);
	tty_type(tty, "y");
	tty_expect(tty, "bytes: 14:04:00Z #4    Step look begins");
	scenario_leave(tty);
}

static void
mouse_click_on_a_name_shows_that_pane(void **state)
{
	struct tty *tty = start_with_mouse();

	(void)state;
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "5 Audit"), tty_column_of(tty, "4 Logs") + 3);
	tty_expect(tty, "this runbook names no logs to follow");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "4 Logs"), tty_column_of(tty, "5 Audit"));
	tty_expect(tty, "5 Audit 7 entries");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "5 Audit"), 3);
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "5 Audit"), 3);
	tty_expect_gone(tty, "2 Step");
	scenario_leave(tty);
}

static struct pane_spec logs = { .target = (char[]){ "management" } };

static void
fill_logs(struct log_feed *feed, const struct feed_source *source)
{
	(void)source;
	for (int i = 1; i <= 50; i++) {
		char *text = xasprintf("line %03d%s", i, i % 10 == 0 ? ", a tenth" : "");

		fake_logs_add(feed, "operator", "2026-11-21T14:00:00Z", text);
		free(text);
	}
}

static void
with_logs(struct scenario *s)
{
	with_mouse(s);
	s->runbook.panes = (struct pane_set){ .logs = &logs, .logs_count = 1 };
	fake_logs_fill = fill_logs;
}

static void
mouse_click_holds_the_logs_on_a_line(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, with_logs);

	(void)state;
	tty_expect(tty, "line 050");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "line 048"), 5);
	tty_expect(tty, "paused");
	tty_type(tty, "y");
	tty_expect(tty, "bytes: line 048");
	tty_type(tty, "/tenth\r");
	tty_expect(tty, "match 5 of 5");
	tty_type(tty, "N");
	tty_expect(tty, "match 4 of 5");
	tty_press(tty, TTY_WHEEL_DOWN, tty_row_of(tty, "4 Logs") + 1, 5);
	tty_press(tty, TTY_WHEEL_DOWN, tty_row_of(tty, "4 Logs") + 1, 5);
	tty_press(tty, TTY_WHEEL_DOWN, tty_row_of(tty, "4 Logs") + 1, 5);
	tty_press(tty, TTY_WHEEL_DOWN, tty_row_of(tty, "4 Logs") + 1, 5);
	tty_expect(tty, "line 050");
	scenario_leave(tty);
}

/* Something that looks like a click and was pasted is none. */
static void
mouse_pasted_click_is_none(void **state)
{
	struct tty *tty = start_with_mouse();
	int y = tty_row_of(tty, "[ ] 4") + 1;
	char *bytes = xasprintf("\033[200~\033[<0;6;%dM\033[<0;6;%dm\033[201~", y, y);

	(void)state;
	tty_type(tty, bytes);
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "[ ] 3"), 6);
	tty_expect(tty, "2 Step 3: Drop");
	scenario_leave(tty);
	free(bytes);
}

static void
mouse_wheel_moves_what_is_under_it(void **state)
{
	struct tty *tty = start_with_mouse();

	(void)state;
	tty_press(tty, TTY_WHEEL_DOWN, 6, 60);
	tty_press(tty, TTY_WHEEL_DOWN, 6, 60);
	tty_expect(tty, "the secret holds a key id");
	tty_press(tty, TTY_WHEEL_DOWN, 6, 5);
	tty_expect(tty, "2 Step 3: Drop");
	tty_press(tty, TTY_WHEEL_UP, 6, 5);
	tty_expect(tty, "2 Step 2: Restore");
	tty_type(tty, "?");
	tty_expect(tty, "Keys marked * apply now");
	tty_press(tty, TTY_WHEEL_DOWN, 6, 5);
	tty_expect(tty, "lines 4-");
	tty_type(tty, "q");
	scenario_leave(tty);
}

static void
mouse_decides_nothing(void **state)
{
	struct tty *tty = start_with_mouse();

	(void)state;
	tty_press(tty, TTY_LEFT, 23, tty_column_of(tty, "Enter run") + 2);
	tty_expect(tty, "That takes the key Enter: the mouse decides nothing");
	assert_false(tty_reported(tty, "RUN"));
	tty_press(tty, TTY_LEFT, 23, tty_column_of(tty, "? help"));
	tty_expect(tty, "Keys marked * apply now");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "[y/N]"), 10);
	tty_press(tty, TTY_LEFT, 23, 3);
	tty_type(tty, "n");
	tty_expect(tty, "Not run.");
	scenario_leave(tty);
}

static void
mouse_click_in_the_box_goes_there(void **state)
{
	struct tty *tty = start_with_mouse();

	(void)state;
	tty_type(tty, "\020tokens");
	tty_expect(tty, "3 drop-tokens");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "3 drop-tokens"), 20);
	tty_expect_gone(tty, "Go to");
	tty_expect(tty, "2 Step 3: Drop");
	scenario_leave(tty);
}

/* ---- pods, some of which have names that nobody would give them ---- */

#define EVIL "evil\\u001b]52;c;cm0gLXJmIC8=\\u0007\\u009b2J\\u202e"

static const char cells[] = "\"1/1\",\"Running\",0,\"\"";
static const struct cluster_row pod_rows[] = {
	{ "tsb", EVIL, cells, "2026-11-21T14:31:00Z" },
	{ "tsb", "central-7d9c5b7f-x2k8v", cells, "2026-11-21T14:31:00Z" },
	{ "tsb", "mpc-55d-q8z", cells, "2026-11-21T14:32:00Z" },
};

static const struct cluster_table tables[] = {
	{ "/api/v1/namespaces/tsb/pods", "Ready|Status|Restarts#|Age", pod_rows, 3, "tsb" },
	{ .path = NULL },
};

static struct clusters *world;

static int
setup(void **state)
{
	(void)state;
	world = clusters_new(tables);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	clusters_free(world);
	return 0;
}

static struct pane_spec pods = { .target = (char[]){ "management" } };

static void
with_pods(struct scenario *s)
{
	s->runbook.panes = (struct pane_set){ .pods = &pods, .pods_count = 1 };
	s->options.look.clipboard = true;
	s->options.look.mouse = true;
}

static void
stage_pods(struct scenario *s)
{
	setenv("KUBECONFIG", world->kubeconfig, 1);
	scenario_push(s, RECORD_RUN,
		      "{\"runbook\":{\"id\":\"restore\",\"title\":\"Restore\",\"version\":\"1\"},"
		      "\"mode\":\"live\",\"operator\":\"ana\",\"host\":\"bastion-1\",\"params\":{},"
		      "\"targets\":[{\"name\":\"management\",\"kind\":\"kubernetes\",\"describe\":"
		      "\"ctx mgmt-b\",\"spec\":{\"context\":\"mgmt-b\",\"namespace\":\"tsb\"}}],"
		      "\"steps\":[{\"id\":\"look\",\"title\":\"Look at the cluster\"}]}");
	scenario_push(s, RECORD_PREFLIGHT, "{\"checks\":[]}");
	scenario_push(s, RECORD_PLAN,
		      "{\"step\":\"look\",\"uses\":\"kubernetes.get\",\"target\":\"management\","
		      "\"effect\":\"reads\",\"confirm\":\"none\",\"preview\":[]}");
}

static struct tty *
start_pods(void)
{
	struct tty *tty = scenario_start_adjusted(120, 36, stage_pods, with_pods);

	tty_expect(tty, "central-7d9c5b7f-x2k8v");
	tty_expect(tty, "live");
	return tty;
}

static void
jump_goes_to_a_pod(void **state)
{
	struct tty *tty = start_pods();

	(void)state;
	tty_type(tty, "\020mpc");
	tty_expect(tty, "pods mpc-55d-q8z");
	tty_type(tty, "\r");
	tty_expect_gone(tty, "Go to");
	tty_type(tty, "y");
	tty_expect(tty, "Copied 11 bytes: mpc-55d-q8z");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "  central-7d9c5b7f-x2k8v"), 5);
	tty_type(tty, "y");
	tty_expect(tty, "Copied 22 bytes: central-7d9c5b7f-x2k8v");
	scenario_leave(tty);
}

static void
command_line_goes_to_logs_and_resources(void **state)
{
	struct tty *tty = start_pods();

	(void)state;
	tty_type(tty, ":logs mp\t\r");
	tty_expect(tty, "4 Logs mgmt-b/tsb pod/mpc-55d-q8z");
	tty_type(tty, ":logs nobody\r");
	tty_expect(tty, "no pod \"nobody\" is shown");
	tty_type(tty, "\025pods edge\r");
	tty_expect(tty, "no target \"edge\" is shown among the pods");
	tty_type(tty, "\025pods \t\r");
	tty_type(tty, ":resource widgets\r");
	tty_expect(tty, "widgets");
	scenario_leave(tty);
}

/* What the server calls its pods reaches the terminal neither as text nor by the clipboard as it came. */
static void
copy_of_a_hostile_name_is_harmless(void **state)
{
	/* evil^[]52;c;cm0gLXJmIC8=^G\x9b2J<U+202E> */
	static const char encoded[] =
		"\033]52;c;ZXZpbF5bXTUyO2M7Y20wZ0xYSm1JQzg9XkdceDliMko8VSsyMDJFPg==\a";
	struct tty *tty = start_pods();

	(void)state;
	tty_expect(tty, "evil^[]52;");
	tty_type(tty, "\020evil");
	tty_expect(tty, "1 of");
	tty_type(tty, "\r");
	tty_expect_gone(tty, "Go to");
	tty_type(tty, "y");
	tty_expect_sent(tty, encoded);
	tty_type(tty, ":logs evil");
	tty_expect(tty, "logs [POD]");
	tty_type(tty, "\t");
	tty_settle(tty);
	assert_false(tty_sent(tty, "\033]52;c;cm0gLXJmIC8="));
	assert_false(tty_sent(tty, "\302\233"));
	assert_false(tty_sent(tty, "\342\200\256"));
	tty_type(tty, "\033");
	scenario_leave(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search_in_steps_goes_from_match_to_match),
		cmocka_unit_test(search_takes_what_pods_and_logs_take),
		cmocka_unit_test(search_marks_what_it_found),
		cmocka_unit_test(help_ends_with_what_has_no_keys),
		cmocka_unit_test(filter_of_steps_keeps_the_current_one),
		cmocka_unit_test(filter_of_the_audit_shows_only_what_matches),
		cmocka_unit_test(search_of_the_step_scrolls_to_its_match),
		cmocka_unit_test(search_of_the_impact_board_finds),
		cmocka_unit_test(search_of_pages_ends_by_escape_before_they_do),
		cmocka_unit_test(search_of_the_end_page_does_not_leave),
		cmocka_unit_test(jump_shows_what_fits_best_first),
		cmocka_unit_test(jump_goes_to_a_step_by_some_letters),
		cmocka_unit_test(jump_moves_and_closes),
		cmocka_unit_test(jump_from_a_page_leaves_it_only_to_go_somewhere),
		cmocka_unit_test(jump_to_a_command_asks_as_its_key_does),
		cmocka_unit_test(command_line_shows_how_it_could_go_on),
		cmocka_unit_test(command_line_completes_by_tab),
		cmocka_unit_test(command_line_takes_a_number_as_a_step),
		cmocka_unit_test(command_line_unknown_word_is_named_with_what_was_meant),
		cmocka_unit_test(command_line_brings_back_what_was_entered),
		cmocka_unit_test(command_line_decides_nothing_by_itself),
		cmocka_unit_test(command_line_pasted_text_is_not_carried_out),
		cmocka_unit_test(command_line_writes_what_is_shown),
		cmocka_unit_test(command_line_sets_what_can_be_switched),
		cmocka_unit_test(copy_off_shows_and_says_how),
		cmocka_unit_test(copy_on_sends_what_the_cursor_stands_on),
		cmocka_unit_test(mouse_is_the_terminals_own_until_switched_on),
		cmocka_unit_test(mouse_click_selects_and_double_click_looks),
		cmocka_unit_test(mouse_click_on_a_name_shows_that_pane),
		cmocka_unit_test(mouse_click_holds_the_logs_on_a_line),
		cmocka_unit_test(mouse_pasted_click_is_none),
		cmocka_unit_test(mouse_wheel_moves_what_is_under_it),
		cmocka_unit_test(mouse_decides_nothing),
		cmocka_unit_test(mouse_click_in_the_box_goes_there),
		cmocka_unit_test_setup_teardown(jump_goes_to_a_pod, setup, teardown),
		cmocka_unit_test_setup_teardown(command_line_goes_to_logs_and_resources, setup,
						teardown),
		cmocka_unit_test_setup_teardown(copy_of_a_hostile_name_is_harmless, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
