#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture_app.h"
#include "ui/model/situation.h"
#include "ui/screen/find.h"

static void
fill(const struct app *of, struct lines *lines)
{
	(void)of;
	for (int i = 0; i < 100; i++)
		lines_add(lines, ROLE_TEXT, "line %d%s", i, i % 10 == 5 ? " of fives" : "");
}

static void
enter(enum command purpose, const char *text)
{
	struct err e = ERR_INIT;

	assert_int_equal(find_entered(app, purpose, text, &e), 0);
}

static void
find_entered_selects_the_next_match_from_here(void **state)
{
	(void)state;
	enter(CMD_SEARCH, "the");
	assert_int_equal(app->selected, 1);
	assert_string_equal(app->finds[PANE_STEPS].status, "match 2 of 4");
	assert_int_equal(find_facts(&app->finds[PANE_STEPS]), FACT_SEARCHING);
	enter(CMD_SEARCH, "inspect");
	assert_int_equal(app->selected, 3);
	enter(CMD_SEARCH, "");
	assert_int_equal(find_facts(&app->finds[PANE_STEPS]), 0);
	assert_int_equal(app->selected, 3);
}

static void
find_command_goes_round_in_both_directions(void **state)
{
	(void)state;
	enter(CMD_SEARCH, "/look|drop/");
	assert_int_equal(app->selected, 2);
	find_command(app, CMD_SEARCH_NEXT);
	assert_int_equal(app->selected, 0);
	assert_string_equal(app->finds[PANE_STEPS].status, "match 1 of 2, from the top again");
	find_command(app, CMD_SEARCH_PREVIOUS);
	assert_int_equal(app->selected, 2);
	assert_string_equal(app->finds[PANE_STEPS].status, "match 2 of 2, from the end again");
	find_command(app, CMD_SEARCH_PREVIOUS);
	assert_string_equal(app->finds[PANE_STEPS].status, "match 1 of 2");
}

/* Whoever has moved on since searches from there. */
static void
find_command_goes_on_from_where_the_operator_is(void **state)
{
	(void)state;
	enter(CMD_SEARCH, "the");
	assert_int_equal(app->selected, 1);
	app_select(app, 3);
	find_command(app, CMD_SEARCH_NEXT);
	assert_int_equal(app->selected, 0);
	app_select(app, 2);
	find_command(app, CMD_SEARCH_PREVIOUS);
	assert_int_equal(app->selected, 1);
}

static struct impact_spec operations[] = {
	{ .operation = (char[]){ "Workloads" }, .level = (char[]){ "none" } },
	{ .operation = (char[]){ "Metrics" }, .level = (char[]){ "none" } },
	{ .operation = (char[]){ "Management" }, .level = (char[]){ "none" } },
};

static void
move_of_the_impact_board_goes_row_by_row(void **state)
{
	const struct find *find = &app->finds[PANE_IMPACT];

	(void)state;
	fixture.runbook.impact = operations;
	fixture.runbook.impact_count = 3;
	app->model.looked_ms = xrealloc(app->model.looked_ms, 3 * sizeof(*app->model.looked_ms));
	memset(app->model.looked_ms, 0, 3 * sizeof(*app->model.looked_ms));
	app_focus(app, PANE_IMPACT);
	app_lay_out(app);
	app_command(app, CMD_DOWN);
	app_command(app, CMD_DOWN);
	assert_int_equal(find->at, 2);
	app_command(app, CMD_UP);
	assert_int_equal(find->at, 1);
	fixture.runbook.impact_count = 0;
}

static void
find_entered_without_a_match_says_so(void **state)
{
	(void)state;
	enter(CMD_SEARCH, "nowhere");
	assert_int_equal(app->selected, 1);
	assert_string_equal(app->message, "Nothing here matches \"nowhere\"");
	find_command(app, CMD_SEARCH_NEXT);
	assert_int_equal(app->selected, 1);
}

static void
find_entered_bad_expression_is_an_error_and_changes_nothing(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	enter(CMD_SEARCH, "drop");
	assert_int_equal(find_entered(app, CMD_SEARCH, "/(/", &e), -1);
	assert_int_equal(e.kind, ERR_USAGE);
	assert_string_equal(pattern_text(app->finds[PANE_STEPS].search), "drop");
}

static void
find_filter_keeps_the_current_step(void **state)
{
	(void)state;
	app_select(app, 3);
	enter(CMD_FILTER, "tokens");
	assert_int_equal(find_facts(&app->finds[PANE_STEPS]), FACT_FILTERED);
	assert_int_equal(find_count(app, PANE_STEPS), 2);
	assert_int_equal(find_row(app, PANE_STEPS, 0), 1); /* the current one */
	assert_int_equal(find_row(app, PANE_STEPS, 1), 2);
	assert_false(find_shows(app, PANE_STEPS, 0));
	assert_true(find_shows(app, PANE_STEPS, 1));
	assert_false(find_shows(app, PANE_STEPS, 3));
	assert_int_equal(app->selected, 2); /* what was selected is hidden now */
	fixture.state.current = 3;
	app->model.generation++;
	assert_true(find_shows(app, PANE_STEPS, 3));
	assert_false(find_shows(app, PANE_STEPS, 1));
}

static void
find_move_passes_over_what_is_hidden(void **state)
{
	(void)state;
	enter(CMD_FILTER, "/look|inspect/");
	assert_int_equal(find_move(app, PANE_STEPS, 0, CMD_DOWN, 10), 1);
	assert_int_equal(find_move(app, PANE_STEPS, 1, CMD_DOWN, 10), 3);
	assert_int_equal(find_move(app, PANE_STEPS, 3, CMD_UP, 10), 1);
	assert_int_equal(find_move(app, PANE_STEPS, 1, CMD_BOTTOM, 10), 3);
	enter(CMD_FILTER, "");
	assert_int_equal(find_move(app, PANE_STEPS, 1, CMD_DOWN, 10), 2);
}

static void
find_search_finds_only_what_the_filter_shows(void **state)
{
	(void)state;
	enter(CMD_FILTER, "tokens");
	enter(CMD_SEARCH, "the");
	assert_string_equal(app->finds[PANE_STEPS].status, "match 1 of 2");
}

static void
find_of_a_page_scrolls_to_its_match(void **state)
{
	(void)state;
	page_open(app, "Page", fill);
	enter(CMD_SEARCH, "fives");
	assert_string_equal(app->page.find.status, "match 1 of 10");
	assert_int_equal(app->page.first, 0); /* it is in sight */
	for (int i = 0; i < 4; i++)
		find_command(app, CMD_SEARCH_NEXT);
	assert_int_equal(app->page.find.at, 45);
	assert_true(app->page.first > 0 && app->page.first <= 45);
	enter(CMD_SEARCH, "!line");
	assert_string_equal(app->page.find.status, "no match");
	page_close(app);
	assert_int_equal(find_facts(&app->page.find), 0);
}

/* A word that is wider than a page of 80 columns. */
#define TOKEN                                                                                      \
	"eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMzQ1Njc4OTAifQ"                                           \
	"eyJpc3MiOiJtcCIsInN1YiI6InN2YyIsImF1ZCI6WyJwbGF0Zm9ybSJdfQ"

static void
fill_wrapped(const struct app *of, struct lines *lines)
{
	(void)of;
	lines_wrap(lines, ROLE_TEXT, "", ROLE_TEXT,
		   "The signing key of the old management plane must be restored before its first "
		   "start\nstart: " TOKEN);
}

/* Somebody looks for what the text says, not for how it happens to be broken at this width. */
static void
find_entered_finds_what_a_wrap_has_broken(void **state)
{
	(void)state;
	page_open(app, "Page", fill_wrapped);
	enter(CMD_SEARCH, "first start");
	assert_string_equal(app->page.find.status, "match 1 of 1");
	assert_int_equal(app->page.find.at, 0);
	enter(CMD_SEARCH, TOKEN);
	assert_string_equal(app->page.find.status, "match 1 of 1");
	enter(CMD_SEARCH, "start start"); /* a line's end is none of a wrap's */
	assert_string_equal(app->page.find.status, "no match");
	page_close(app);
}

static void
find_append_title_names_both(void **state)
{
	struct str title = STR_INIT;

	(void)state;
	enter(CMD_FILTER, "tokens");
	enter(CMD_SEARCH, "drop");
	find_append_title(app, PANE_STEPS, &title);
	assert_string_equal(str_cstr(&title), "  filter: tokens, 2 of 4  search: drop");
	str_release(&title);
}

#define WITH_APP(test)                                                                             \
	cmocka_unit_test_setup_teardown(test, fixture_app_setup, fixture_app_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_APP(find_entered_selects_the_next_match_from_here),
		WITH_APP(find_command_goes_round_in_both_directions),
		WITH_APP(find_command_goes_on_from_where_the_operator_is),
		WITH_APP(move_of_the_impact_board_goes_row_by_row),
		WITH_APP(find_entered_without_a_match_says_so),
		WITH_APP(find_entered_bad_expression_is_an_error_and_changes_nothing),
		WITH_APP(find_filter_keeps_the_current_step),
		WITH_APP(find_move_passes_over_what_is_hidden),
		WITH_APP(find_search_finds_only_what_the_filter_shows),
		WITH_APP(find_of_a_page_scrolls_to_its_match),
		WITH_APP(find_entered_finds_what_a_wrap_has_broken),
		WITH_APP(find_append_title_names_both),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
