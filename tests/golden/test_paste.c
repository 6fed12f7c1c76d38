#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "harness.h"
#include "scenario.h"

/* What is pasted, or typed before anybody could see the question, is no answer to it. */

enum { PASTE_BYTES = 10 * 1024 };

static struct tty *
start_plain(void (*stage)(struct scenario *))
{
	static struct play play;

	play = (struct play){ .stage = stage, .plain = true };
	return tty_start(120, 60, scenario_play, &play);
}

/* Ten kilobytes that begin and end with the very name, in the marks of a bracketed paste or without. */
static char *
paste(const char *name, bool bracketed)
{
	struct str text = STR_INIT;

	if (bracketed)
		str_append(&text, "\033[200~");
	str_append(&text, name);
	while (text.len < PASTE_BYTES)
		str_append(&text, bracketed ? "\nyes \t\xc3\xa9 " : " yes \xc3\xa9 ");
	str_append(&text, "\n");
	str_append(&text, name);
	if (bracketed)
		str_append(&text, "\n\033[201~");
	return str_take(&text);
}

static void
typed_name_takes_no_ten_kilobytes(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_destroy, NULL);
	char *text = paste("tsb/old-tokens", true);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "Type  tsb/old-tokens");
	tty_type(tty, text);
	tty_expect(tty, "Too long: no more than 78 bytes fit here");
	tty_assert_golden(tty, "paste-too-long");
	tty_type(tty, "\r");
	tty_settle(tty);
	tty_type(tty, "\177\177\177\r"); /* a part of it is no answer either */
	tty_settle(tty);
	tty_expect(tty, "Too long");
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "\025");
	tty_expect_gone(tty, "Too long");
	tty_type(tty, "tsb/old-tokens\r");
	tty_expect_report(tty, "RUN drop-tokens seen=8 text=tsb/old-tokens");
	free(text);
	scenario_leave(tty);
}

/* What comes after the mark is typed again, be the mark torn on a slow line. */
static void
paste_ends_where_its_mark_came_in_parts(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_type(tty, "\033[200~y\033");
	tty_settle(tty);
	tty_type(tty, "[201~");
	tty_expect(tty, "as if it was pasted");
	tty_settle(tty);
	tty_type(tty, "n");
	tty_expect(tty, "Not run.");
	assert_false(tty_reported(tty, "RUN"));
	scenario_leave(tty);
}

/* A terminal that marks no paste sends it like keys. */
static void
typed_name_takes_no_unmarked_paste(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_destroy, NULL);
	char *text = paste("tsb/old-tokens", false);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "Type  tsb/old-tokens");
	tty_type(tty, text);
	tty_expect(tty, "Too long");
	tty_settle(tty);
	assert_false(tty_reported(tty, "RUN"));
	free(text);
	tty_type(tty, "\033");
	tty_expect(tty, "Not run.");
	scenario_leave(tty);
}

static void
confirmation_takes_nothing_that_is_pasted(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);
	char *text = paste("y", true);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_type(tty, text);
	tty_settle(tty);
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "n");
	tty_expect(tty, "Not run.");
	free(text);
	scenario_leave(tty);
}

/* A reason may be long, but not longer than is kept of it. */
static void
reason_takes_no_more_than_is_kept(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);
	char *text = paste("because", true);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "s");
	tty_expect(tty, "Why is this step passed over?");
	tty_type(tty, text);
	tty_expect(tty, "Too long: no more than 4096 bytes fit here");
	tty_type(tty, "\r");
	tty_settle(tty);
	assert_false(tty_reported(tty, "SKIP"));
	tty_type(tty, "\025it is there\r");
	tty_expect_report(tty, "SKIP signing-key seen=6 text=it is there");
	free(text);
	scenario_leave(tty);
}

static void
plain_name_takes_no_ten_kilobytes(void **state)
{
	struct tty *tty = start_plain(stage_destroy);
	char *text = paste("tsb/old-tokens", false);

	(void)state;
	tty_expect(tty, "[1] run");
	tty_type(tty, "1\n");
	tty_expect(tty, "Type tsb/old-tokens to run this step>");
	tty_type(tty, text);
	tty_type(tty, "\n");
	tty_expect(tty, "That is not the name; nothing was done.");
	tty_settle(tty);
	assert_false(tty_reported(tty, "RUN"));
	free(text);
	tty_stop(tty);
}

/* A terminal that marks no paste sends it like keys: a y in it, or at its end, is none that was pressed. */
static void
confirmation_takes_no_unmarked_paste(void **state)
{
	static const char *const texts[] = { "y\n", "yes\r", "\ny", "all of it\ny" };
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);
	char *text = paste("y", false);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\r");
	tty_expect(tty, "[y/N]");
	tty_type(tty, text);
	tty_expect(tty, "as if it was pasted");
	tty_assert_golden(tty, "paste-confirm");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tty_settle(tty);
		tty_type(tty, texts[i]);
	}
	tty_settle(tty);
	tty_expect(tty, "[y/N]");
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "y");
	tty_expect_report(tty, "RUN signing-key seen=6 text=y");
	free(text);
	scenario_leave(tty);
}

/* Lines of a paste end no line that is typed: what is behind the first one must not become keys. */
static void
note_takes_an_unmarked_paste_as_one_line(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "n");
	tty_expect(tty, "A remark for the journal:");
	tty_type(tty, "from the call:\rsite b is up\rsry\r");
	tty_expect_report(tty, "NOTE signing-key seen=6 text=from the call: site b is up sry");
	tty_settle(tty);
	assert_false(tty_reported(tty, "RUN"));
	assert_false(tty_reported(tty, "SKIP"));
	scenario_leave(tty);
}

static void
note_takes_no_ten_kilobytes(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);
	char *text = paste("y", false);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "n");
	tty_expect(tty, "A remark for the journal:");
	tty_type(tty, text);
	tty_expect(tty, "Too long");
	tty_type(tty, "\r");
	tty_settle(tty);
	assert_false(tty_reported(tty, "NOTE"));
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "\003");
	tty_expect_gone(tty, "Too long");
	free(text);
	scenario_leave(tty);
}

static void
choice_takes_no_paste(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_choice, NULL);
	char *bracketed = paste("2\r", true), *unmarked = paste("jk 2\r", false);

	(void)state;
	tty_expect(tty, "Enter takes it");
	tty_type(tty, bracketed);
	tty_settle(tty);
	tty_type(tty, unmarked);
	tty_settle(tty);
	tty_type(tty, "one\rtwo\rthree\r2\r");
	tty_settle(tty);
	tty_expect(tty, "as if it was pasted");
	assert_false(tty_reported(tty, "ANSWER"));
	tty_type(tty, "\r");
	tty_expect_report(tty, "ANSWER inspect");
	free(bracketed);
	free(unmarked);
	scenario_leave(tty);
}

static void
checklist_takes_no_paste(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_checklist, NULL);
	char *bracketed = paste(" \r", true), *unmarked = paste("x j x \r", false);

	(void)state;
	tty_expect(tty, "Space ticks");
	tty_type(tty, bracketed);
	tty_settle(tty);
	tty_type(tty, unmarked);
	tty_settle(tty);
	tty_type(tty, "\r\r\r\r\r\r\r\r\r\r\r\r");
	tty_settle(tty);
	assert_false(tty_reported(tty, "ANSWER"));
	tty_type(tty, "\033");
	tty_expect(tty, "The question stays open");
	free(bracketed);
	free(unmarked);
	scenario_leave(tty);
}

/* Whoever types faster than the screen shows has not seen what is asked. */
static void
confirmation_forgets_what_was_typed_ahead(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\ry\n");
	tty_expect(tty, "[y/N]");
	tty_settle(tty);
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "y");
	tty_expect_report(tty, "RUN signing-key seen=6 text=y");
	scenario_leave(tty);
}

static void
typed_name_forgets_what_was_typed_ahead(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_destroy, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "\rtsb/old-tokens\r");
	tty_expect(tty, "Type  tsb/old-tokens");
	tty_settle(tty);
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "\033");
	tty_expect(tty, "Not run.");
	scenario_leave(tty);
}

static void
plain_confirmation_forgets_what_was_typed_ahead(void **state)
{
	struct tty *tty = start_plain(stage_ready);

	(void)state;
	tty_expect(tty, "[1] run");
	tty_type(tty, "1\ny\ny\n");
	tty_expect(tty, "[y/N]");
	tty_settle(tty);
	assert_false(tty_reported(tty, "RUN"));
	tty_type(tty, "y\n");
	tty_expect_report(tty, "RUN signing-key seen=6 text=y");
	tty_stop(tty);
}

static void
plain_confirmation_takes_no_ten_kilobytes(void **state)
{
	struct tty *tty = start_plain(stage_ready);
	char *text = paste("y", false);

	(void)state;
	tty_expect(tty, "[1] run");
	tty_type(tty, "1\n");
	tty_expect(tty, "[y/N]");
	tty_type(tty, text);
	tty_type(tty, "\n");
	tty_expect(tty, "Not run.");
	tty_settle(tty);
	assert_false(tty_reported(tty, "RUN"));
	free(text);
	tty_stop(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typed_name_takes_no_ten_kilobytes),
		cmocka_unit_test(typed_name_takes_no_unmarked_paste),
		cmocka_unit_test(typed_name_forgets_what_was_typed_ahead),
		cmocka_unit_test(confirmation_takes_nothing_that_is_pasted),
		cmocka_unit_test(paste_ends_where_its_mark_came_in_parts),
		cmocka_unit_test(confirmation_takes_no_unmarked_paste),
		cmocka_unit_test(confirmation_forgets_what_was_typed_ahead),
		cmocka_unit_test(reason_takes_no_more_than_is_kept),
		cmocka_unit_test(note_takes_an_unmarked_paste_as_one_line),
		cmocka_unit_test(note_takes_no_ten_kilobytes),
		cmocka_unit_test(choice_takes_no_paste),
		cmocka_unit_test(checklist_takes_no_paste),
		cmocka_unit_test(plain_name_takes_no_ten_kilobytes),
		cmocka_unit_test(plain_confirmation_takes_no_ten_kilobytes),
		cmocka_unit_test(plain_confirmation_forgets_what_was_typed_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
