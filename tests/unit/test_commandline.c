#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture_app.h"
#include "ui/screen/commandline.h"

static void
assert_runs(const char *line)
{
	struct err e = ERR_INIT;

	if (commandline_run(app, line, &e) < 0)
		print_error("%s: %s\n", line, e.message);
	assert_int_equal(e.kind, ERR_NONE);
}

static void
assert_refused(const char *line, const char *part)
{
	struct err e = ERR_INIT;

	assert_int_equal(commandline_run(app, line, &e), -1);
	if (!strstr(e.message, part))
		print_error("%s: %s\n", line, e.message);
	assert_non_null(strstr(e.message, part));
}

static void
run_takes_words_numbers_and_blanks(void **state)
{
	(void)state;
	assert_runs("step inspect");
	assert_int_equal(app->selected, 3);
	assert_runs("1");
	assert_int_equal(app->selected, 0);
	assert_true(app->away);
	assert_runs("  :  pane   audit  ");
	assert_int_equal(app->focus, PANE_AUDIT);
	assert_runs("pane 2");
	assert_int_equal(app->focus, PANE_STEP);
	assert_runs("");
	assert_runs("   ");
	assert_runs("zoom");
	assert_true(app->zoom);
	assert_runs("set nozoom");
	assert_false(app->zoom);
	assert_runs("set clipboard");
	assert_true(app->clipboard);
	assert_runs("set noclipboard");
	assert_false(app->clipboard);
}

static void
run_refuses_what_it_does_not_know(void **state)
{
	(void)state;
	assert_refused("stp 3", "there is no command \"stp\"; did you mean \"step\"?");
	assert_refused("qqqqqqqqqqq", "Tab shows those there are");
	assert_refused("step", "step ID|N: what?");
	assert_refused("step 0", "there is no step \"0\"; there are 4");
	assert_refused("step 1x", "there is no step \"1x\"");
	assert_refused("99999999999999999999999", "there is no step");
	assert_refused("step -1", "there is no step \"-1\"");
	assert_refused("pane 7", "there is no pane \"7\"");
	assert_refused("zoom now", "zoom takes nothing behind it");
	assert_refused("set nothing", "\"nothing\" can't be set");
	assert_refused("set no", "\"no\" can't be set");
	assert_refused("copy teeth", "can't be copied");
	assert_refused("resource pods", "this runbook names no pods");
}

/* The keymap has rows of the start page too, which has no command line. */
static void
run_knows_no_commands_of_the_start_page(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_refused("start-open", "there is no command \"start-open\"");
	assert_int_equal(commandline_run(app, "start-opn", &e), -1);
	assert_null(strstr(e.message, "start-open"));
}

static void
run_help_opens_it_with_all_that_there_is(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	assert_runs("help");
	assert_true(app->page.shown);
	for (size_t i = 0; page_find_rows.prepare(app), i < page_find_rows.count(app); i++) {
		page_find_rows.text(app, i, &text);
		str_append_char(&text, '\n');
	}
	assert_non_null(strstr(str_cstr(&text), "Behind Ctrl-P\n"));
	assert_non_null(strstr(str_cstr(&text), "Behind :\n"));
	assert_non_null(strstr(str_cstr(&text), "  write FILE"));
	assert_non_null(strstr(str_cstr(&text), "Mouse\n"));
	assert_non_null(strstr(str_cstr(&text), ":set mouse"));
	str_release(&text);
	assert_runs("h");
	assert_true(app->page.shown);
}

/* A name is no way round what a key would have to be there for. */
static void
run_refuses_what_does_not_apply(void **state)
{
	(void)state;
	assert_refused("mark-done", "mark-done does not apply: step signing-key is ready");
	assert_refused("cancel", "cancel does not apply");
	fixture.state.phase = RUN_WORKING;
	fixture.state.steps[1].status = STEP_RUNNING;
	assert_refused("run", "run does not apply: step signing-key is running");
	assert_refused("skip it is there", "skip does not apply: step signing-key is running");
}

static void
run_very_long_word_is_refused_in_short(void **state)
{
	char line[4000];
	struct err e = ERR_INIT;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(commandline_run(app, line, &e), -1);
	assert_non_null(strstr(e.message, "Tab shows those there are"));
}

/* "a b|c " for a list of items. */
static void
assert_completes(const char *line, size_t from, const char *wanted)
{
	struct completions completions = { 0 };
	struct str all = STR_INIT;

	commandline_complete(app, line, &completions);
	for (size_t i = 0; i < completions.count; i++)
		str_printf(&all, "%s%s", i ? "|" : "", completions.items[i]);
	assert_string_equal(str_cstr(&all), wanted);
	assert_int_equal(completions.from, from);
	str_release(&all);
	completions_release(&completions);
}

static void
complete_offers_commands_and_their_words(void **state)
{
	(void)state;
	assert_completes("ver", 0, "version");
	assert_completes(":sta", 1, "");
	assert_completes("step ", 5, "look|signing-key|drop-tokens|inspect");
	assert_completes("step s", 5, "signing-key");
	assert_completes("pane ", 5, "steps|step|pods|logs|audit|impact");
	assert_completes("set no", 4, "nowrap|notimes|nojson|notrouble|nozoom|noclipboard|nomouse");
	assert_completes("resource dep", 9, "deployments ");
	assert_completes("copy ", 5, "head|run|folder");
	assert_completes("note a", 0, "");
	assert_completes("nonsense a", 0, "");
}

static void
complete_offers_only_what_applies(void **state)
{
	(void)state;
	assert_completes("mark", 0, "");
	assert_completes("re-", 0, "re-check");
	fixture.state.steps[1].status = STEP_UNKNOWN;
	assert_completes("mark", 0, "mark-done|mark-not-done");
}

static void
complete_explains_a_whole_word(void **state)
{
	struct completions completions = { 0 };

	(void)state;
	commandline_complete(app, "write x", &completions);
	assert_non_null(strstr(completions.hint, "write FILE: "));
	completions_release(&completions);
	commandline_complete(app, "run", &completions);
	assert_non_null(strstr(completions.hint, "run (Enter): "));
	completions_release(&completions);
}

/* Each word is found again, and none hides a row of the keymap that does something else. */
static void
every_row_of_the_keymap_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_count; i++) {
		assert_true(*keymap[i].name);
		assert_int_equal(strspn(keymap[i].name, "abcdefghijklmnopqrstuvwxyz-"),
				 strlen(keymap[i].name));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(keymap[i].name, keymap[j].name);
	}
}

/* ---- typing ---- */

static void
type(const char *keys)
{
	for (; *keys; keys++)
		entry_key(app, &(struct key){ .code = *keys });
}

static void
press(int32_t code)
{
	entry_key(app, &(struct key){ .code = code, .function = true });
}

static void
tab_completes_as_far_as_there_is_no_doubt(void **state)
{
	(void)state;
	commandline_open(app);
	type("ste\tdr\t\r");
	assert_null(app->entry);
	assert_int_equal(app->selected, 2);
}

static void
tab_goes_round_and_back(void **state)
{
	(void)state;
	commandline_open(app);
	type("step \t\t\t\t\t\r"); /* four steps, and the first one again */
	assert_int_equal(app->selected, 0);
	commandline_open(app);
	type("step \t");
	press(KEY_BTAB);
	type("\r");
	assert_int_equal(app->selected, 3);
}

static void
error_stays_to_be_mended(void **state)
{
	(void)state;
	commandline_open(app);
	type("step 5\r");
	assert_non_null(app->entry);
	type("\b4\r");
	assert_null(app->entry);
	assert_int_equal(app->selected, 3);
}

static void
up_brings_back_commands_but_no_searches(void **state)
{
	(void)state;
	commandline_open(app);
	type("step 4\r");
	find_command(app, CMD_SEARCH);
	type("look\r");
	assert_int_equal(app->selected, 0);
	commandline_open(app);
	press(KEY_UP);
	type("\r");
	assert_int_equal(app->selected, 3);
}

#define WITH_APP(test)                                                                             \
	cmocka_unit_test_setup_teardown(test, fixture_app_setup, fixture_app_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_APP(run_takes_words_numbers_and_blanks),
		WITH_APP(run_refuses_what_it_does_not_know),
		WITH_APP(run_knows_no_commands_of_the_start_page),
		WITH_APP(run_help_opens_it_with_all_that_there_is),
		WITH_APP(run_refuses_what_does_not_apply),
		WITH_APP(run_very_long_word_is_refused_in_short),
		WITH_APP(complete_offers_commands_and_their_words),
		WITH_APP(complete_offers_only_what_applies),
		WITH_APP(complete_explains_a_whole_word),
		WITH_APP(every_row_of_the_keymap_has_a_name_of_its_own),
		WITH_APP(tab_completes_as_far_as_there_is_no_doubt),
		WITH_APP(tab_goes_round_and_back),
		WITH_APP(error_stays_to_be_mended),
		WITH_APP(up_brings_back_commands_but_no_searches),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
