#include "config.h"

#include "net/skew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* 2026-11-21T14:07:32Z */
#define DATE "Sat, 21 Nov 2026 14:07:32 GMT"
#define DATE_MS INT64_C(1795270052000)

static void
skew_add_answer_within_its_second_proves_nothing(void **state)
{
	struct skew skew = SKEW_INIT;

	(void)state;
	skew_add_date(&skew, DATE_MS + 400, DATE_MS + 900, DATE);
	assert_true(skew.known);
	assert_int_equal(skew_ms(&skew), 0);
}

static void
skew_add_clock_ahead_is_at_least_so_much(void **state)
{
	struct skew skew = SKEW_INIT;

	(void)state;
	/* received five seconds before the server says it is */
	skew_add_date(&skew, DATE_MS - 5100, DATE_MS - 5000, DATE);
	assert_int_equal(skew_ms(&skew), 5000);
}

static void
skew_add_clock_behind_leaves_out_the_second_and_the_way(void **state)
{
	struct skew skew = SKEW_INIT;

	(void)state;
	/* sent 45 s after the stamp, which may have been a second later in truth */
	skew_add_date(&skew, DATE_MS + 45000, DATE_MS + 49000, DATE);
	assert_int_equal(skew_ms(&skew), -44000);
}

static void
skew_add_several_answers_narrow_the_range(void **state)
{
	struct skew skew = SKEW_INIT;

	(void)state;
	skew_add(&skew, 10000, 13000, 13500, 1000);
	assert_int_equal(skew_ms(&skew), 500);
	skew_add(&skew, 20000, 20100, 21500, 1000);
	assert_int_equal(skew_ms(&skew), 1400);
	assert_int_equal(skew.high_ms, 2500);
}

static void
skew_add_contradiction_takes_the_place_of_what_was(void **state)
{
	struct skew skew = SKEW_INIT;

	(void)state;
	skew_add(&skew, 10000, 10100, 70000, 1);
	skew_add(&skew, 20000, 20100, 20050, 1);
	assert_int_equal(skew_ms(&skew), 0);
}

static void
skew_add_date_of_another_form_teaches_nothing(void **state)
{
	static const char *const wrong[] = { NULL,
					     "",
					     "now",
					     "Saturday, 21-Nov-26 14:07:32 GMT",
					     "Sat, 21 Now 2026 14:07:32 GMT",
					     "Sat, 21 anF 2026 14:07:32 GMT",
					     "Sat, 21 Nov 2026 14:07:32 CET" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct skew skew = SKEW_INIT;

		skew_add_date(&skew, 0, 1, wrong[i]);
		assert_false(skew.known);
		assert_int_equal(skew_ms(&skew), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(skew_add_answer_within_its_second_proves_nothing),
		cmocka_unit_test(skew_add_clock_ahead_is_at_least_so_much),
		cmocka_unit_test(skew_add_clock_behind_leaves_out_the_second_and_the_way),
		cmocka_unit_test(skew_add_several_answers_narrow_the_range),
		cmocka_unit_test(skew_add_contradiction_takes_the_place_of_what_was),
		cmocka_unit_test(skew_add_date_of_another_form_teaches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
