#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/text/fuzzy.h"

static void
fuzzy_score_takes_characters_in_their_order(void **state)
{
	(void)state;
	assert_true(fuzzy_score("drtok", "3 drop-tokens") > 0);
	assert_int_equal(fuzzy_score("kotrd", "3 drop-tokens"), -1);
	assert_int_equal(fuzzy_score("tokenss", "3 drop-token"), -1);
	assert_int_equal(fuzzy_score("x", ""), -1);
}

static void
fuzzy_score_nothing_typed_fits_everything_alike(void **state)
{
	(void)state;
	assert_int_equal(fuzzy_score("", "a"), 0);
	assert_int_equal(fuzzy_score("  ", "quite another one"), 0);
}

static void
fuzzy_score_prefers_beginnings_of_words(void **state)
{
	(void)state;
	assert_true(fuzzy_score("dt", "drop-tokens") > fuzzy_score("dt", "addition"));
	assert_true(fuzzy_score("pod", "pane Pods") > fuzzy_score("pod", "stopped"));
}

static void
fuzzy_score_prefers_characters_in_a_row(void **state)
{
	(void)state;
	assert_true(fuzzy_score("key", "signing-key") > fuzzy_score("key", "kubernetes-every"));
	/* the run at the end of the text counts, though its letters stand before it one by one */
	assert_true(fuzzy_score("abc", "xaxbxcxabc") > fuzzy_score("abc", "xaxbxcxaxbc"));
}

static void
fuzzy_score_prefers_the_shorter_text(void **state)
{
	(void)state;
	assert_true(fuzzy_score("mpc", "mpc") >
		    fuzzy_score("mpc", "mpc-55d-q8z-and-much-that-follows-it-here"));
}

static void
fuzzy_score_words_may_stand_in_any_order(void **state)
{
	(void)state;
	assert_true(fuzzy_score("tokens drop", "Drop the old tokens") > 0);
	assert_int_equal(fuzzy_score("tokens nothing", "Drop the old tokens"), -1);
}

static void
fuzzy_score_case_counts_where_a_capital_is_typed(void **state)
{
	(void)state;
	assert_true(fuzzy_score("drop", "Drop") > 0);
	assert_int_equal(fuzzy_score("Drop", "drop"), -1);
}

/* Neither a long line nor a long text takes more than a bound, and what is behind it is not seen. */
static void
fuzzy_score_is_bounded(void **state)
{
	char typed[4096], text[4096];

	(void)state;
	memset(typed, 'a', sizeof(typed) - 1);
	memset(text, 'a', sizeof(text) - 1);
	typed[sizeof(typed) - 1] = text[sizeof(text) - 1] = '\0';
	assert_true(fuzzy_score(typed, text) > 0);
	memset(text, 'b', 1000);
	assert_int_equal(fuzzy_score("a", text), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fuzzy_score_takes_characters_in_their_order),
		cmocka_unit_test(fuzzy_score_nothing_typed_fits_everything_alike),
		cmocka_unit_test(fuzzy_score_prefers_beginnings_of_words),
		cmocka_unit_test(fuzzy_score_prefers_characters_in_a_row),
		cmocka_unit_test(fuzzy_score_prefers_the_shorter_text),
		cmocka_unit_test(fuzzy_score_words_may_stand_in_any_order),
		cmocka_unit_test(fuzzy_score_case_counts_where_a_capital_is_typed),
		cmocka_unit_test(fuzzy_score_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
