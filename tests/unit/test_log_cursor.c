#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kube/log_cursor.h"

#define T1 "2026-11-21T10:00:00.100000000Z"
#define T2 "2026-11-21T10:00:00.200000000Z"
#define T3 "2026-11-21T10:00:01.000000000Z"

static void
take_first_reading_takes_everything(void **state)
{
	struct log_cursor c = { .stamp = "" };

	(void)state;
	log_cursor_restart(&c);
	assert_null(log_cursor_since(&c));
	assert_true(log_cursor_take(&c, T2));
	assert_true(log_cursor_take(&c, T1)); /* out of order, but not seen before */
	assert_true(log_cursor_take(&c, ""));
	assert_string_equal(log_cursor_since(&c), T2);
}

static void
take_repeated_lines_drops_exactly_those(void **state)
{
	struct log_cursor c = { .stamp = "" };

	(void)state;
	assert_true(log_cursor_take(&c, T1));
	assert_true(log_cursor_take(&c, T2));
	assert_true(log_cursor_take(&c, T2));
	log_cursor_restart(&c);
	assert_false(log_cursor_take(&c, T1));
	assert_false(log_cursor_take(&c, T2));
	assert_false(log_cursor_take(&c, T2));
	assert_true(log_cursor_take(&c, T2)); /* a third one of the same instant is new */
	assert_true(log_cursor_take(&c, T3));
	assert_true(log_cursor_take(&c, T1)); /* the repetition is over */
	log_cursor_restart(&c);
	assert_false(log_cursor_take(&c, T3));
	assert_true(log_cursor_take(&c, T3));
}

static void
take_stamps_of_other_forms_compares_instants(void **state)
{
	struct log_cursor c = { .stamp = "" };

	(void)state;
	assert_true(log_cursor_take(&c, "2026-11-21T10:00:00.12Z"));
	log_cursor_restart(&c);
	assert_false(log_cursor_take(&c, "2026-11-21T10:00:00.1Z"));
	assert_false(log_cursor_take(&c, "2026-11-21T11:00:00.120000000+01:00"));
	assert_true(log_cursor_take(&c, "2026-11-21T10:00:00.120000001Z"));
}

static void
take_log_that_does_not_reach_back_is_a_gap(void **state)
{
	struct log_cursor c = { .stamp = "" };

	(void)state;
	assert_true(log_cursor_take(&c, T2));
	assert_true(log_cursor_take(&c, T2));
	log_cursor_restart(&c);
	assert_false(log_cursor_take(&c, T2));
	assert_false(log_cursor_take(&c, T2));
	assert_true(log_cursor_take(&c, T3));
	assert_false(c.gap);
	log_cursor_restart(&c);
	assert_true(log_cursor_take(&c, "2026-11-21T10:00:01.5Z"));
	assert_true(c.gap);
	log_cursor_restart(&c);
	assert_false(c.gap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(take_first_reading_takes_everything),
		cmocka_unit_test(take_repeated_lines_drops_exactly_those),
		cmocka_unit_test(take_log_that_does_not_reach_back_is_a_gap),
		cmocka_unit_test(take_stamps_of_other_forms_compares_instants),
	};

	return cmocka_run_group_tests_name("log_cursor", tests, NULL, NULL);
}
