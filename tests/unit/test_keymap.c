#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/text.h"
#include "ui/keymap.h"
#include "ui/situation.h"

static void
keymap_every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_count; i++) {
		assert_int_not_equal(keymap[i].keys[0], 0);
		assert_non_null(keymap[i].label);
		assert_true(keymap[i].label[0]);
		assert_int_not_equal(keymap[i].command, CMD_NONE);
		assert_int_not_equal(keymap[i].when & FACT_ANY, 0);
		assert_non_null(keymap[i].help);
		assert_true(str_ends_with(keymap[i].help, "."));
	}
}

/*
 * Rows of one key never apply at once, but for n, where a pane that searches comes before the note, and p, where a
 * step of unknown outcome comes before the logs.
 */
static bool
may_overlap(const struct key_binding *first, const struct key_binding *second)
{
	const unsigned pane = FACT_ON_TABLE | FACT_ON_LOGS;
	bool both = first->when & second->when;
	bool of_run_and_pane = (first->when & FACT_ALWAYS && !(second->when & FACT_ALWAYS)) ||
			       (second->when & FACT_ALWAYS && !(first->when & FACT_ALWAYS));

	if (first->command == CMD_SEARCH_NEXT && second->command == CMD_NOTE)
		return true;
	if (first->command == CMD_PROBE && second->command == CMD_PAUSE)
		return true;
	return !both && !of_run_and_pane &&
	       !((first->when & pane) && (second->when & ~(unsigned)FACT_ALWAYS & ~pane)) &&
	       !((second->when & pane) && (first->when & ~(unsigned)FACT_ALWAYS & ~pane));
}

static void
keymap_no_key_means_two_things_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_count; i++)
		for (size_t j = i + 1; j < keymap_count; j++)
			for (int a = 0; a < KEY_BINDING_MAX && keymap[i].keys[a]; a++)
				for (int b = 0; b < KEY_BINDING_MAX && keymap[j].keys[b]; b++)
					if (keymap[i].keys[a] == keymap[j].keys[b])
						assert_true(may_overlap(&keymap[i], &keymap[j]));
}

/* The key bar of an 80 column screen must show every decision, help and leave. */
static void
keymap_bar_shows_what_matters_in_80_columns(void **state)
{
	static const unsigned situations[] = {
		FACT_READY,
		FACT_STUCK | FACT_CAN_GO_BACK,
		FACT_UNKNOWN,
		FACT_UNKNOWN | FACT_ON_LOGS | FACT_SEARCHING,
		FACT_RUNNING,
		FACT_RUNNING | FACT_ASKED,
		FACT_PAST_LAST,
		FACT_BUSY,
		FACT_READY | FACT_PLUGIN | FACT_ON_LOGS | FACT_SEARCHING | FACT_FILTERED,
		FACT_STUCK | FACT_CAN_GO_BACK | FACT_PLUGIN | FACT_ON_TABLE | FACT_FILTERED,
	};

	(void)state;
	for (size_t s = 0; s < sizeof(situations) / sizeof(situations[0]); s++) {
		int x = 1;

		for (size_t i = 0; i < keymap_count; i++) {
			if (!keymap[i].word || !keymap_applies(&keymap[i], situations[s]))
				continue;
			x += text_width(keymap[i].label) + 1 + text_width(keymap[i].word) + 2;
			if (keymap[i].command == CMD_LEAVE)
				assert_true(x - 2 <= 80);
		}
	}
}

static void
keymap_find_depends_on_the_situation(void **state)
{
	(void)state;
	assert_int_equal(keymap_find('\n', FACT_READY)->command, CMD_RUN);
	assert_int_equal(keymap_find('\n', FACT_ASKED)->command, CMD_ANSWER);
	assert_int_equal(keymap_find('\n', FACT_PAST_LAST)->command, CMD_END);
	assert_null(keymap_find('\n', FACT_STUCK));
	assert_int_equal(keymap_find('r', FACT_STUCK)->command, CMD_RECHECK);
	assert_int_equal(keymap_find('p', FACT_UNKNOWN | FACT_ON_LOGS)->command, CMD_PROBE);
	assert_int_equal(keymap_find('p', FACT_READY | FACT_ON_LOGS)->command, CMD_PAUSE);
	assert_int_equal(keymap_find('u', FACT_UNKNOWN)->command, CMD_MARK_NOT_DONE);
	assert_null(keymap_find('m', FACT_STUCK));
	assert_null(keymap_find('s', FACT_RUNNING));
	assert_non_null(keymap_any('s'));
	assert_null(keymap_any('y'));
	assert_null(keymap_any(0));
}

static void
keymap_find_n_searching_is_next_then_note(void **state)
{
	(void)state;
	assert_int_equal(keymap_find('n', FACT_READY | FACT_ON_LOGS)->command, CMD_NOTE);
	assert_int_equal(keymap_find('n', FACT_READY | FACT_ON_LOGS | FACT_SEARCHING)->command,
			 CMD_SEARCH_NEXT);
	assert_int_equal(keymap_any('n')->command, CMD_NOTE);
	assert_int_equal(keymap_any('/')->command, CMD_SEARCH);
}

static void
keymap_applies_only_the_first_row_of_a_key(void **state)
{
	const unsigned facts = FACT_READY | FACT_ON_LOGS | FACT_SEARCHING;

	(void)state;
	for (size_t i = 0; i < keymap_count; i++) {
		if (keymap[i].command == CMD_NOTE) {
			assert_false(keymap_applies(&keymap[i], facts));
			assert_true(keymap_applies(&keymap[i], FACT_READY | FACT_ON_LOGS));
		}
		if (keymap[i].command == CMD_SEARCH_NEXT)
			assert_true(keymap_applies(&keymap[i], facts));
	}
}

/* Enter decides something of the run, whichever pane has the keys. */
static void
keymap_enter_is_never_a_key_of_a_pane(void **state)
{
	(void)state;
	assert_null(keymap_find('\r', FACT_ANY & ~FACT_ALWAYS));
	assert_null(keymap_find('\n', FACT_ANY & ~FACT_ALWAYS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keymap_every_row_is_complete),
		cmocka_unit_test(keymap_no_key_means_two_things_at_once),
		cmocka_unit_test(keymap_bar_shows_what_matters_in_80_columns),
		cmocka_unit_test(keymap_find_depends_on_the_situation),
		cmocka_unit_test(keymap_find_n_searching_is_next_then_note),
		cmocka_unit_test(keymap_applies_only_the_first_row_of_a_key),
		cmocka_unit_test(keymap_enter_is_never_a_key_of_a_pane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
