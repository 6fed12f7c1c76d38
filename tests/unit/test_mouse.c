#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture_app.h"
#include "ui/screen/mouse.h"

/* 80x24: the steps at the left from column 0, the step at its right, the audit below; no curses. */

enum { ROWS = 24, COLUMNS = 80 };

static int
setup(void **state)
{
	fixture_app_setup(state);
	mouse_set(app, true);
	app_lay_out(app);
	return 0;
}

static void
click(int y, int x)
{
	mouse_act(app, y, x, true, 0);
}

static const struct rect *
rect_of(enum pane pane)
{
	return &app->layout.panes[pane];
}

/* Where a row below the title of a pane is. */
static int
row_of(enum pane pane, int row)
{
	return rect_of(pane)->y + 1 + row;
}

static void
add_audit(size_t count)
{
	for (size_t i = 0; i < count; i++)
		*VEC_PUSH(app->model.audit, app->model.audit_count, app->model.audit_cap) =
			(struct audit_entry){ .seq = (int64_t)i,
					      .text = xasprintf("entry %zu", i) };
}

static void
click_selects_the_step_under_it(void **state)
{
	(void)state;
	app_focus(app, PANE_AUDIT);
	click(row_of(PANE_STEPS, 2), 0);
	assert_int_equal(app->selected, 2);
	assert_int_equal(app->focus, PANE_STEPS);
	click(row_of(PANE_STEPS, 0), rect_of(PANE_STEPS)->columns - 1);
	assert_int_equal(app->selected, 0);
	click(row_of(PANE_STEPS, 9), 1); /* below the last one */
	assert_int_equal(app->selected, 0);
}

/* Each cell of the screen belongs to one pane, or to none. */
static void
click_gives_the_keys_to_the_pane_under_it(void **state)
{
	const struct rect *left = rect_of(PANE_STEPS), *right = rect_of(PANE_STEP);

	(void)state;
	click(right->y, right->x);
	assert_int_equal(app->focus, PANE_STEP);
	click(left->y, left->x + left->columns - 1);
	assert_int_equal(app->focus, PANE_STEPS);
	click(right->y, left->x + left->columns); /* the rule between them */
	assert_int_equal(app->focus, PANE_STEPS);
	click(right->y + right->rows - 1, COLUMNS - 1);
	assert_int_equal(app->focus, PANE_STEP);
	click(rect_of(PANE_AUDIT)->y, 5);
	assert_int_equal(app->focus, PANE_AUDIT);
	click(0, 5);
	click(ROWS - 2, 5);
	assert_int_equal(app->focus, PANE_AUDIT);
}

static void
click_outside_of_the_screen_is_nothing(void **state)
{
	static const int places[][2] = {
		{ -1, -1 }, { ROWS, 5 }, { 5, COLUMNS }, { 30000, 30000 }
	};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		click(places[i][0], places[i][1]);
	assert_int_equal(app->focus, PANE_STEPS);
	assert_int_equal(app->selected, 1);
}

static void
click_goes_to_the_entry_of_the_audit(void **state)
{
	(void)state;
	add_audit(50);
	app->first[PANE_AUDIT] = 40;
	click(row_of(PANE_AUDIT, 1), 3);
	assert_true(app->finds[PANE_AUDIT].has_at);
	assert_int_equal(app->finds[PANE_AUDIT].at, 41);
	find_entered(app, CMD_FILTER, "entry 4", &(struct err)ERR_INIT);
	app->first[PANE_AUDIT] = 0;
	click(row_of(PANE_AUDIT, 1), 3);
	assert_int_equal(app->finds[PANE_AUDIT].at, 40); /* behind entry 4 */
}

static void
two_clicks_on_a_title_zoom_and_on_a_step_look(void **state)
{
	(void)state;
	click(rect_of(PANE_STEP)->y, 50);
	assert_false(app->zoom);
	click(rect_of(PANE_STEP)->y, 50);
	assert_true(app->zoom);
	app_zoom(app);
	click(row_of(PANE_STEPS, 3), 2);
	click(row_of(PANE_STEPS, 3), 2);
	assert_int_equal(app->selected, 3);
	assert_int_equal(app->focus, PANE_STEP);
}

static void
click_on_a_name_in_a_title_shows_that_pane(void **state)
{
	int y = rect_of(PANE_AUDIT)->y;

	(void)state;
	app->tabs[0] = (struct tab){ y, 60, 68, PANE_PODS };
	app->tabs[1] = (struct tab){ y, 68, 76, PANE_LOGS };
	app->tabs_count = 2;
	click(y, 67);
	assert_int_equal(app->focus, PANE_PODS);
	click(y, 68);
	assert_int_equal(app->focus, PANE_LOGS);
	click(y, 59);
	assert_int_equal(app->focus, PANE_AUDIT);
}

static void
wheel_moves_what_is_under_it_and_not_the_keys(void **state)
{
	(void)state;
	add_audit(50);
	app->first[PANE_AUDIT] = 45;
	mouse_act(app, row_of(PANE_AUDIT, 1), 5, false, -1);
	assert_int_equal(app->first[PANE_AUDIT], 42);
	assert_int_equal(app->focus, PANE_STEPS);
	mouse_act(app, row_of(PANE_STEPS, 9), 5, false, 1);
	assert_int_equal(app->selected, 2);
	mouse_act(app, row_of(PANE_STEPS, 9), 5, false, -1);
	mouse_act(app, row_of(PANE_STEPS, 9), 5, false, -1);
	assert_int_equal(app->selected, 0);
	mouse_act(app, 0, 0, false, 1); /* the header does not move */
	assert_int_equal(app->selected, 0);
}

/* Wherever it is clicked, twice too: the question stays open, with its No. */
static void
dialog_takes_no_click(void **state)
{
	struct dialog *dialog;

	(void)state;
	for (enum dialog_kind kind = DIALOG_CONFIRM; kind <= DIALOG_CHOICE; kind++) {
		dialog = app->dialog = dialog_new(kind, CMD_RUN, "Run", "Run it?");
		dialog_add_item(dialog, "a", "one", false);
		dialog_add_item(dialog, "b", "other", false);
		for (int y = 0; y < ROWS; y++)
			for (int x = 0; x < COLUMNS; x++)
				click(y, x);
		assert_ptr_equal(app->dialog, dialog);
		assert_false(dialog->yes);
		assert_int_equal(dialog->focus, 0);
		assert_false(dialog->items[0].checked);
		dialog_free(dialog);
		app->dialog = NULL;
	}
	assert_int_equal(app->focus, PANE_STEPS);
	assert_int_equal(app->selected, 1);
}

static void
wheel_moves_only_the_text_of_a_dialog(void **state)
{
	struct dialog *dialog = app->dialog = dialog_new(DIALOG_CHOICE, CMD_END, "End", "How?");

	(void)state;
	dialog_add_item(dialog, "a", "one", false);
	dialog_add_item(dialog, "b", "other", false);
	dialog->overflow = 4;
	mouse_act(app, 10, 10, false, 1);
	assert_int_equal(dialog->scroll, 3);
	mouse_act(app, 10, 10, false, 1);
	assert_int_equal(dialog->scroll, 4);
	mouse_act(app, 10, 10, false, -1);
	mouse_act(app, 10, 10, false, -1);
	assert_int_equal(dialog->scroll, 0);
	assert_int_equal(dialog->focus, 0);
}

/* A word of the key bar is its key, but for what would open a question. */
static void
click_on_the_key_bar_decides_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_count; i++) {
		const struct key_binding *row = &keymap[i];
		bool asks = row->command > CMD_NONE && row->command <= CMD_LEAVE &&
			    row->command != CMD_SHOW_OUTPUT;

		if (!asks && row->command != CMD_SUSPEND)
			continue;
		app->bar[0] = (struct bar_word){ 1, 10, row };
		app->bar_count = 1;
		click(ROWS - 1, 5);
		assert_null(app->dialog);
		assert_non_null(strstr(app->message, "the mouse decides nothing"));
		assert_false(app->leaving);
	}
	for (size_t i = 0; i < keymap_count; i++)
		if (keymap[i].command == CMD_ZOOM)
			app->bar[0].binding = &keymap[i];
	click(ROWS - 1, 10); /* beside it */
	assert_false(app->zoom);
	click(ROWS - 1, 9);
	assert_true(app->zoom);
}

static void
fill(const struct app *of, struct lines *lines)
{
	(void)of;
	for (int i = 0; i < 100; i++)
		lines_add(lines, ROLE_TEXT, "line %d", i);
}

static void
page_takes_the_clicks_and_the_wheel(void **state)
{
	int y = 0;

	(void)state;
	page_open(app, "Page", fill);
	find_entered(app, CMD_SEARCH, "", &(struct err)ERR_INIT); /* lays it out */
	while (y < ROWS && !app->page.find.has_at)
		click(y++, 10); /* the header and the title are none of its lines */
	assert_in_range(y, 2, 5);
	assert_int_equal(app->page.find.at, 0);
	click(y + 1, 10);
	assert_int_equal(app->page.find.at, 2);
	mouse_act(app, 4, 10, false, 1);
	assert_int_equal(app->page.first, 3);
	assert_false(app->page.find.has_at);
	click(ROWS - 1, 10);
	assert_false(app->page.find.has_at);
	assert_true(app->page.shown);
	assert_int_equal(app->selected, 1);
	page_close(app);
}

static void
mouse_that_is_off_does_nothing(void **state)
{
	(void)state;
	mouse_set(app, false);
	click(row_of(PANE_STEPS, 3), 2);
	mouse_act(app, row_of(PANE_STEPS, 3), 2, false, 1);
	assert_int_equal(app->selected, 1);
}

#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, setup, fixture_app_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_APP(click_selects_the_step_under_it),
		WITH_APP(click_gives_the_keys_to_the_pane_under_it),
		WITH_APP(click_outside_of_the_screen_is_nothing),
		WITH_APP(click_goes_to_the_entry_of_the_audit),
		WITH_APP(two_clicks_on_a_title_zoom_and_on_a_step_look),
		WITH_APP(click_on_a_name_in_a_title_shows_that_pane),
		WITH_APP(wheel_moves_what_is_under_it_and_not_the_keys),
		WITH_APP(dialog_takes_no_click),
		WITH_APP(wheel_moves_only_the_text_of_a_dialog),
		WITH_APP(click_on_the_key_bar_decides_nothing),
		WITH_APP(page_takes_the_clicks_and_the_wheel),
		WITH_APP(mouse_that_is_off_does_nothing),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
