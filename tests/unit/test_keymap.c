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
		assert_int_not_equal(keymap[i].when & FACT_ALWAYS, 0);
		assert_non_null(keymap[i].help);
		assert_true(str_ends_with(keymap[i].help, "."));
	}
}

/* A key must never mean two things at once. */
static void
keymap_no_key_means_two_things_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_count; i++)
		for (size_t j = i + 1; j < keymap_count; j++)
			for (int a = 0; a < KEY_BINDING_MAX && keymap[i].keys[a]; a++)
				for (int b = 0; b < KEY_BINDING_MAX && keymap[j].keys[b]; b++)
					if (keymap[i].keys[a] == keymap[j].keys[b])
						assert_int_equal(keymap[i].when & keymap[j].when,
								 0);
}

/* The key bar of an 80 column screen must show every decision, help and leave. */
static void
keymap_bar_shows_what_matters_in_80_columns(void **state)
{
	static const unsigned situations[] = {
		FACT_READY,   FACT_STUCK | FACT_CAN_GO_BACK, FACT_UNKNOWN,
		FACT_RUNNING, FACT_RUNNING | FACT_ASKED,     FACT_PAST_LAST,
		FACT_BUSY,
	};

	(void)state;
	for (size_t s = 0; s < sizeof(situations) / sizeof(situations[0]); s++) {
		int x = 1;

		for (size_t i = 0; i < keymap_count; i++) {
			if (!keymap[i].word || !(keymap[i].when & situations[s]))
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
	assert_null(keymap_find('s', FACT_RUNNING));
	assert_non_null(keymap_any('s'));
	assert_null(keymap_any('y'));
	assert_null(keymap_any(0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keymap_every_row_is_complete),
		cmocka_unit_test(keymap_no_key_means_two_things_at_once),
		cmocka_unit_test(keymap_bar_shows_what_matters_in_80_columns),
		cmocka_unit_test(keymap_find_depends_on_the_situation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
