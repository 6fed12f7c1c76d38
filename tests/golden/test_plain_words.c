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
#include "base/xalloc.h"
#include "fixture_folder.h"
#include "harness.h"
#include "scenario.h"
#include "transcript.h"

/* What can be said in line mode instead of a number. */

static void
words_show_what_is_known(void **state)
{
	struct play play = { .stage = stage_failed };
	struct transcript t = transcript_play(
		&play, "?\nsteps\nsteps | /^  \\[!/\nstep\nstep 2\nwhy signing-key\noutput\n"
		       "output|200\naudit | !outcome\nsearch 403\nsearch nowhere\npreflight\n");

	(void)state;
	golden_assert("plain-words", str_cstr(&t.out));
	transcript_assert_ends(&t, UI_END_LEFT);
	transcript_release(&t);
}

static void
words_that_are_wrong_say_what_is_right(void **state)
{
	static const char *const pairs[][2] = {
		{ "outptu", "There is no word \"outptu\"; did you mean \"output\"? ? lists them." },
		{ "xyzzy", "There is no word \"xyzzy\"; ? lists them." },
		{ "step signign-key", "did you mean \"signing-key\"?" },
		{ "step 99", "step: there is no step \"99\"" },
		{ "steps kid", "steps: it takes nothing more: \"steps | kid\"" },
		{ "steps | /(/", "steps: " },
		{ "search", "search: it wants a text" },
		{ "impact", "impact: this runbook has no impact board" },
		{ "pods web", "pods: it takes nothing more: \"pods | web\"" },
		{ "logs -n 0", "logs: it is written \"logs [-p] [-n COUNT] [NAME]\"" },
		{ "logs a b", "logs: it is written" },
		{ "resource", "resource: it wants the name of a resource" },
		{ "resource pods -B", "resource: it wants the name of a resource" },
		{ "details", "details: it wants the name of an object" },
		{ "write x", "write: nothing was looked at yet" },
		{ "cancel", "cancel: nothing is running" },
		{ "77", "Give one of the numbers 1 to " },
		{ "", "Give one of the numbers 1 to " },
	};
	struct str input = STR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		str_printf(&input, "%s\n", pairs[i][0]);
	struct play play = { .stage = stage_failed };
	struct transcript t = transcript_play(&play, str_cstr(&input));
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		transcript_assert_says(&t, pairs[i][1]);
	transcript_release(&t);
	str_release(&input);
}

/* A look is saved as it was shown, for its owner alone, and never over another file. */
static void
words_save_what_was_looked_at(void **state)
{
	char folder[] = "/tmp/lifeboat-words-XXXXXX";
	char *path = xasprintf("%s/steps", mkdtemp(folder));
	char *input = xasprintf("steps | signing\nwrite %s\nwrite %s\nwrite\n", path, path);
	struct play play = { .stage = stage_ready };
	struct transcript t = transcript_play(&play, input);
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct stat st;

	(void)state;
	transcript_assert_says(&t, "Saved ");
	transcript_assert_says(&t, "is there already, and is not written over");
	transcript_assert_says(&t, "write: it wants the name of a file");
	assert_int_equal(file_read(path, 4096, &text, &e), 0);
	assert_non_null(strstr(str_cstr(&text), "(signing-key)"));
	assert_non_null(strstr(str_cstr(&text), "lines match signing)"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	str_release(&text);
	transcript_release(&t);
	free(input);
	free(path);
	folder_remove(folder);
}

/* Choices have the names of their keys; a note is written at once. */
static void
words_name_choices_and_take_notes(void **state)
{
	static struct play play = { .stage = stage_ready, .plain = true };
	struct tty *tty = tty_start(100, 60, scenario_play, &play);

	(void)state;
	tty_expect(tty, "[?] more >");
	tty_type(tty, "note the call | began late\r");
	tty_expect_report(tty, "NOTE signing-key seen=6 text=the call | began late");
	tty_expect(tty, "late\n[1] run"); /* asked again */
	tty_type(tty, "run\r");
	tty_expect(tty, "Run this step? [y/N]");
	tty_type(tty, "y\r");
	tty_expect_report(tty, "RUN signing-key seen=6 text=y");
	tty_stop(tty);
}

/* The terminal echoes at once; the answer stands behind its prompt too, and nothing else does. */
static void
words_typed_ahead_stand_behind_their_prompt(void **state)
{
	static struct play play = { .stage = stage_ready, .plain = true };
	struct tty *tty = tty_start(120, 60, scenario_play, &play);

	(void)state;
	tty_expect(tty, "[?] more >");
	tty_type(tty, "note late\rrun\r");
	tty_expect_report(tty, "NOTE signing-key seen=6 text=late");
	tty_expect(tty, "[?] more > run\nRun this step? [y/N]");
	tty_expect(tty, "[?] more > note late\nrun\n[1]");
	tty_stop(tty);
}

/* At a terminal one can look around, note and stop what runs; a number decides nothing. */
static void
words_are_heard_while_a_step_runs(void **state)
{
	static struct play play = { .stage = stage_running, .plain = true };
	struct tty *tty = tty_start(100, 80, scenario_play, &play);

	(void)state;
	tty_expect(tty, "Meanwhile: ");
	tty_type(tty, "steps | signing\r");
	tty_expect(tty, "running: ");
	tty_type(tty, "1\r");
	tty_expect(tty, "There is nothing to choose just now");
	tty_type(tty, "output\r");
	tty_expect(tty, "Output of step ");
	tty_type(tty, "search answer\r");
	tty_expect(tty, "output of step 2 (signing-key): answer: 200 OK");
	tty_type(tty, "note slow\r");
	tty_expect_report(tty, "NOTE signing-key seen=7 text=slow");
	tty_type(tty, "cancel\r");
	tty_expect_report(tty, "CANCEL signing-key");
	tty_type(tty, "leave\r");
	tty_expect_report(tty, "LEAVE");
	tty_stop(tty);
}

/* On a pipe all answers are there in advance: none is taken before something asks. */
static void
words_on_a_pipe_wait_for_what_asks(void **state)
{
	struct play play = { .stage = stage_running };
	struct transcript t = transcript_play(&play, "steps\ny\n");

	(void)state;
	assert_null(strstr(str_cstr(&t.out), "Meanwhile"));
	assert_null(strstr(str_cstr(&t.out), "running: "));
	transcript_release(&t);
}

static void
as_follower(struct scenario *s)
{
	s->options.holder = "ana, pid 4711 on bastion-1";
}

static void
words_of_a_follower_look_and_decide_nothing(void **state)
{
	static struct play play = { .stage = stage_ready, .adjust = as_follower, .plain = true };
	struct tty *tty = tty_start(100, 80, scenario_play, &play);

	(void)state;
	tty_expect(tty, "Following the run of ana");
	tty_type(tty, "steps\r");
	tty_expect(tty, "(signing-key)");
	tty_type(tty, "note x\r");
	tty_expect(tty, "note: this run is another's, and only looked at");
	tty_type(tty, "cancel\r");
	tty_expect(tty, "cancel: nothing is running that could be stopped here");
	tty_type(tty, "run\r");
	tty_expect(tty, "There is no word \"run\"");
	tty_type(tty, "leave\r");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_LEFT);
	tty_stop(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_show_what_is_known),
		cmocka_unit_test(words_that_are_wrong_say_what_is_right),
		cmocka_unit_test(words_save_what_was_looked_at),
		cmocka_unit_test(words_name_choices_and_take_notes),
		cmocka_unit_test(words_typed_ahead_stand_behind_their_prompt),
		cmocka_unit_test(words_are_heard_while_a_step_runs),
		cmocka_unit_test(words_on_a_pipe_wait_for_what_asks),
		cmocka_unit_test(words_of_a_follower_look_and_decide_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
