#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ui/keys/scroll.h"
#include "ui/text/layout.h"

/* How many rectangles claim each cell of the largest screen that is tried. */
static unsigned char claims[200][320];

static void
claim(const struct rect *rect, int columns, int rows)
{
	assert_true(rect->rows >= 0 && rect->columns >= 0);
	for (int y = rect->y; y < rect->y + rect->rows; y++)
		for (int x = rect->x; x < rect->x + rect->columns; x++) {
			assert_in_range(y, 0, rows - 1);
			assert_in_range(x, 0, columns - 1);
			claims[y][x]++;
		}
}

/* Every cell belongs to exactly one rectangle. */
static void
assert_tiles(const struct layout *layout, int columns, int rows)
{
	memset(claims, 0, sizeof(claims));
	claim(&layout->header, columns, rows);
	claim(&layout->tail, columns, rows);
	claim(&layout->message, columns, rows);
	claim(&layout->keys, columns, rows);
	for (enum pane pane = 0; pane < PANE_COUNT; pane++)
		claim(&layout->panes[pane], columns, rows);
	for (int i = 0; i < layout->rules_count; i++)
		claim(&layout->rules[i], columns, rows);
	for (int y = 0; y < rows; y++)
		for (int x = 0; x < columns; x++)
			if (claims[y][x] != 1)
				fail_msg("%dx%d: cell %d,%d is claimed %d times", columns, rows, y,
					 x, claims[y][x]);
}

static void
compute(int columns, int rows, enum pane focus, enum pane lower, bool zoom, struct layout *layout)
{
	layout_compute(&(struct layout_wish){ columns, rows, focus, lower, zoom, true, 0, 4 },
		       layout);
}

static void
layout_any_size_covers_every_cell_once(void **state)
{
	struct layout layout;

	(void)state;
	for (int columns = LAYOUT_MIN_COLUMNS; columns <= 300; columns += 7)
		for (int rows = LAYOUT_MIN_ROWS; rows <= 120; rows += 3)
			for (enum pane lower = PANE_PODS; lower <= PANE_IMPACT; lower++) {
				compute(columns, rows, PANE_STEPS, lower, false, &layout);
				assert_false(layout.too_small);
				assert_tiles(&layout, columns, rows);
			}
}

static void
layout_any_size_leaves_room_for_the_step(void **state)
{
	struct layout layout;

	(void)state;
	for (int columns = LAYOUT_MIN_COLUMNS; columns <= 300; columns += 7)
		for (int rows = LAYOUT_MIN_ROWS; rows <= 120; rows += 3) {
			compute(columns, rows, PANE_STEPS, PANE_PODS, false, &layout);
			assert_true(layout.panes[PANE_STEP].rows >= 6);
			assert_true(layout.panes[PANE_STEP].columns >= 38);
			assert_true(layout.panes[PANE_STEPS].columns >= 20);
		}
}

static void
layout_small_screen_shows_one_lower_pane(void **state)
{
	struct layout layout;

	(void)state;
	compute(80, 24, PANE_STEPS, PANE_LOGS, false, &layout);
	assert_int_equal(layout.panes[PANE_PODS].rows, 0);
	assert_int_equal(layout.panes[PANE_AUDIT].rows, 0);
	assert_true(layout.panes[PANE_LOGS].rows > 1);
	assert_int_equal(layout.tail.rows, 1);
	compute(80, 24, PANE_STEPS, PANE_AUDIT, false, &layout);
	assert_int_equal(layout.tail.rows, 0);
}

static void
layout_larger_screens_show_all_panes(void **state)
{
	static const int sizes[][2] = { { 120, 36 }, { 160, 48 }, { 200, 50 } };
	struct layout layout;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		compute(sizes[i][0], sizes[i][1], PANE_STEPS, PANE_PODS, false, &layout);
		for (enum pane pane = 0; pane < PANE_COUNT; pane++)
			assert_true(layout.panes[pane].rows > 2);
	}
}

static void
layout_zoom_gives_everything_to_the_focus(void **state)
{
	struct layout layout;

	(void)state;
	compute(80, 24, PANE_AUDIT, PANE_PODS, true, &layout);
	assert_tiles(&layout, 80, 24);
	assert_int_equal(layout.panes[PANE_AUDIT].rows, 20);
	assert_int_equal(layout.panes[PANE_STEPS].rows, 0);
}

static void
layout_without_feeds_gives_their_room_away(void **state)
{
	struct layout_wish wish = { 160, 48, PANE_STEPS, PANE_AUDIT, false, false, 0, 0 };
	struct layout layout;

	(void)state;
	layout_compute(&wish, &layout);
	assert_tiles(&layout, 160, 48);
	assert_int_equal(layout.panes[PANE_PODS].rows, 0);
	assert_int_equal(layout.panes[PANE_LOGS].rows, 0);
	wish.focus = PANE_LOGS;
	layout_compute(&wish, &layout);
	assert_tiles(&layout, 160, 48);
	assert_true(layout.panes[PANE_LOGS].rows > 2);
}

static void
layout_without_impact_gives_it_no_place(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 }, { 200, 60 } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int live = 0; live <= 1; live++) {
			struct layout_wish wish = { .columns = sizes[i][0],
						    .rows = sizes[i][1],
						    .lower = PANE_AUDIT,
						    .live = live };
			struct layout layout;

			layout_compute(&wish, &layout);
			assert_tiles(&layout, wish.columns, wish.rows);
			assert_int_equal(layout.panes[PANE_IMPACT].rows, 0);
			wish.impact = 4;
			layout_compute(&wish, &layout);
			assert_tiles(&layout, wish.columns, wish.rows);
			assert_int_equal(layout.panes[PANE_IMPACT].rows,
					 i ? layout.panes[PANE_AUDIT].rows : 0);
		}
}

/* Whoever asks for it sees the pane, if only to read that there is nothing in it. */
static void
layout_focus_on_impact_shows_it(void **state)
{
	struct layout_wish wish = { 120, 36, PANE_IMPACT, PANE_IMPACT, false, true, 0, 0 };
	struct layout layout;

	(void)state;
	layout_compute(&wish, &layout);
	assert_true(layout.panes[PANE_IMPACT].rows > 2);
	wish.columns = 80;
	wish.rows = 24;
	layout_compute(&wish, &layout);
	assert_true(layout.panes[PANE_IMPACT].rows > 2);
	assert_int_equal(layout.tail.rows, 1);
}

/* A request and what is expected of it must be read without scrolling. */
static void
layout_80x24_gives_the_step_most_of_the_screen(void **state)
{
	struct layout layout;

	(void)state;
	compute(80, 24, PANE_STEPS, PANE_PODS, false, &layout);
	assert_true(layout.panes[PANE_STEP].rows >= 13);
	assert_true(layout.panes[PANE_STEP].columns >= 50);
}

static void
layout_below_the_least_is_too_small(void **state)
{
	struct layout layout;

	(void)state;
	compute(LAYOUT_MIN_COLUMNS - 1, 40, PANE_STEPS, PANE_PODS, false, &layout);
	assert_true(layout.too_small);
	compute(100, LAYOUT_MIN_ROWS - 1, PANE_STEPS, PANE_PODS, false, &layout);
	assert_true(layout.too_small);
	compute(LAYOUT_MIN_COLUMNS, LAYOUT_MIN_ROWS, PANE_STEPS, PANE_PODS, false, &layout);
	assert_false(layout.too_small);
}

static void
scroll_move_stays_within_the_lines(void **state)
{
	(void)state;
	assert_int_equal(scroll_move(0, CMD_UP, 100, 10), 0);
	assert_int_equal(scroll_move(0, CMD_DOWN, 100, 10), 1);
	assert_int_equal(scroll_move(88, CMD_PAGE_DOWN, 100, 10), 90);
	assert_int_equal(scroll_move(5, CMD_PAGE_UP, 100, 10), 0);
	assert_int_equal(scroll_move(5, CMD_BOTTOM, 100, 10), 90);
	assert_int_equal(scroll_move(50, CMD_NONE, 20, 10), 10);
	assert_int_equal(scroll_move(3, CMD_DOWN, 2, 10), 0);
	assert_int_equal(scroll_move(0, CMD_BOTTOM, 0, 0), 0);
}

static void
scroll_to_moves_as_little_as_possible(void **state)
{
	(void)state;
	assert_int_equal(scroll_to(10, 12, 100, 10), 10);
	assert_int_equal(scroll_to(10, 20, 100, 10), 11);
	assert_int_equal(scroll_to(10, 4, 100, 10), 4);
	assert_int_equal(scroll_to(95, 99, 100, 10), 90);
	assert_int_equal(scroll_cursor(99, CMD_DOWN, 100, 10), 99);
	assert_int_equal(scroll_cursor(0, CMD_DOWN, 0, 10), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_any_size_covers_every_cell_once),
		cmocka_unit_test(layout_any_size_leaves_room_for_the_step),
		cmocka_unit_test(layout_small_screen_shows_one_lower_pane),
		cmocka_unit_test(layout_larger_screens_show_all_panes),
		cmocka_unit_test(layout_zoom_gives_everything_to_the_focus),
		cmocka_unit_test(layout_without_feeds_gives_their_room_away),
		cmocka_unit_test(layout_without_impact_gives_it_no_place),
		cmocka_unit_test(layout_focus_on_impact_shows_it),
		cmocka_unit_test(layout_80x24_gives_the_step_most_of_the_screen),
		cmocka_unit_test(layout_below_the_least_is_too_small),
		cmocka_unit_test(scroll_move_stays_within_the_lines),
		cmocka_unit_test(scroll_to_moves_as_little_as_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
