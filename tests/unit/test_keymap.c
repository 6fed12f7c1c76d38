#include "config.h"

#include <curses.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/text.h"
#include "ui/keys/key_name.h"
#include "ui/keys/keymap.h"
#include "ui/keys/rebind.h"
#include "ui/model/situation.h"

static void
keymap_every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_count; i++) {
		assert_int_not_equal(keymap[i].keys[0], 0);
		assert_non_null(keymap[i].label);
		assert_true(keymap[i].label[0]);
		assert_int_not_equal(keymap[i].command, CMD_NONE);
		assert_int_not_equal(keymap[i].when & (FACT_ANY | FACT_ON_START), 0);
		assert_non_null(keymap[i].help);
		assert_true(str_ends_with(keymap[i].help, "."));
	}
}

/* Where two rows of a key may apply at once, the first is meant on purpose. */
static bool
is_on_purpose(const struct key_binding *first, const struct key_binding *second)
{
	static const struct {
		const char *first, *second;
	} pairs[] = {
		{ "next-match", "note" },      /* a pane that searches comes before the note */
		{ "probe", "pause" },	       /* a step of unknown outcome comes before the logs */
		{ "page-down", "start-show" }, /* the start page asks for its own rows first */
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(pairs[i].first, first->name) == 0 &&
		    strcmp(pairs[i].second, second->name) == 0)
			return true;
	return false;
}

static bool
share_a_key(const struct key_binding *a, const struct key_binding *b)
{
	for (int i = 0; i < KEY_BINDING_MAX && a->keys[i]; i++)
		for (int k = 0; k < KEY_BINDING_MAX && b->keys[k]; k++)
			if (key_canonical(a->keys[i]) == key_canonical(b->keys[k]))
				return true;
	return false;
}

static void
keymap_no_key_means_two_things_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_count; i++)
		for (size_t j = i + 1; j < keymap_count; j++)
			if (share_a_key(&keymap[i], &keymap[j]) &&
			    keymap_may_meet(&keymap[i], &keymap[j]) &&
			    !is_on_purpose(&keymap[i], &keymap[j])) {
				print_error("%s and %s\n", keymap[i].name, keymap[j].name);
				fail();
			}
}

static void
keymap_names_are_unique_and_labels_are_the_first_key(void **state)
{
	char name[KEY_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < keymap_count; i++) {
		assert_string_equal(keymap[i].label, key_name_print(keymap[i].keys[0], name));
		for (size_t j = i + 1; j < keymap_count; j++)
			assert_string_not_equal(keymap[i].name, keymap[j].name);
	}
}

static void
keymap_help_names_the_keys_that_hold(void **state)
{
	const struct key_override moved = { "clear", { KEY_F(4) } };
	struct str help = STR_INIT;

	(void)state;
	keymap_rebind(&moved, 1);
	keymap_help(keymap_find('n', FACT_SEARCHING), &help);
	assert_non_null(strstr(str_cstr(&help), "F4 ends the search"));
	assert_null(strchr(str_cstr(&help), '{'));
	keymap_reset();
	str_release(&help);
	for (size_t i = 0; i < keymap_count; i++) {
		str_clear(&help);
		keymap_help(&keymap[i], &help);
		assert_null(strstr(str_cstr(&help), "{"));
	}
	str_release(&help);
}

static void
keymap_rebind_moves_keys_and_takes_them_away(void **state)
{
	const struct key_override overrides[] = {
		{ "skip", { 'X', KEY_F(5) } },
		{ "zoom", { 0 } },
		{ "run", { 'g' & 0x1f } },
	};

	(void)state;
	keymap_rebind(overrides, 3);
	assert_int_equal(keymap_find('X', FACT_STUCK | FACT_CAN_SKIP)->command, CMD_SKIP);
	assert_int_equal(keymap_find(KEY_F(5), FACT_STUCK | FACT_CAN_SKIP)->command, CMD_SKIP);
	assert_null(keymap_find('s', FACT_STUCK | FACT_CAN_SKIP));
	assert_null(keymap_find('z', FACT_READY));
	assert_null(keymap_find('\n', FACT_READY));
	assert_int_equal(keymap_find('g' & 0x1f, FACT_READY)->command, CMD_RUN);
	assert_string_equal(keymap_label(CMD_RUN), "Ctrl-G");
	assert_string_equal(keymap_label(CMD_ZOOM), "");
	for (size_t i = 0; i < keymap_count; i++)
		if (keymap[i].command == CMD_ZOOM)
			assert_false(keymap_applies(&keymap[i], FACT_READY));
	keymap_reset();
	assert_int_equal(keymap_find('s', FACT_STUCK | FACT_CAN_SKIP)->command, CMD_SKIP);
	assert_int_equal(keymap_find('\r', FACT_READY)->command, CMD_RUN);
	assert_int_equal(keymap_find(KEY_ENTER, FACT_READY)->command, CMD_RUN);
}

/* The key bar of an 80 column screen must show every decision, help and leave. */
static void
keymap_bar_shows_what_matters_in_80_columns(void **state)
{
	static const unsigned situations[] = {
		FACT_READY | FACT_CAN_SKIP | FACT_CAN_UNDO,
		FACT_READY | FACT_UNDOING | FACT_CAN_UNDO,
		FACT_STUCK | FACT_CAN_GO_BACK | FACT_CAN_SKIP | FACT_CAN_UNDO,
		FACT_STUCK | FACT_UNDOING | FACT_CAN_UNDO,
		FACT_UNKNOWN | FACT_CAN_SKIP,
		FACT_UNKNOWN | FACT_ON_LOGS | FACT_SEARCHING,
		FACT_RUNNING,
		FACT_RUNNING | FACT_ASKED,
		FACT_PAST_LAST,
		FACT_BUSY,
		FACT_READY | FACT_CAN_SKIP | FACT_CAN_UNDO | FACT_PLUGIN | FACT_ON_LOGS |
			FACT_SEARCHING | FACT_FILTERED,
		FACT_STUCK | FACT_CAN_GO_BACK | FACT_CAN_SKIP | FACT_PLUGIN | FACT_ON_TABLE |
			FACT_FILTERED,
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
	assert_null(keymap_any('%'));
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
		cmocka_unit_test(keymap_names_are_unique_and_labels_are_the_first_key),
		cmocka_unit_test(keymap_help_names_the_keys_that_hold),
		cmocka_unit_test(keymap_rebind_moves_keys_and_takes_them_away),
		cmocka_unit_test(keymap_bar_shows_what_matters_in_80_columns),
		cmocka_unit_test(keymap_find_depends_on_the_situation),
		cmocka_unit_test(keymap_find_n_searching_is_next_then_note),
		cmocka_unit_test(keymap_applies_only_the_first_row_of_a_key),
		cmocka_unit_test(keymap_enter_is_never_a_key_of_a_pane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
