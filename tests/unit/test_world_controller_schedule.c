#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/clock.h"
#include "world/controller/controller_schedule.h"
#include "world/object/store_object.h"

static void
assert_next(const char *text, const char *after, const char *wanted)
{
	struct schedule schedule;
	int64_t after_ms;
	char stamp[CLOCK_STAMP_MAX];

	assert_true(schedule_parse(text, &schedule));
	assert_int_equal(clock_parse_utc(after, &after_ms), 0);
	object_time(schedule_next(&schedule, after_ms / 1000) * 1000, stamp);
	assert_string_equal(stamp, wanted);
}

static void
schedule_next_finds_the_minute(void **state)
{
	(void)state;
	assert_next("* * * * *", "2026-11-21T14:07:32Z", "2026-11-21T14:08:00Z");
	assert_next("* * * * *", "2026-11-21T14:08:00Z", "2026-11-21T14:09:00Z");
	assert_next("*/15 * * * *", "2026-11-21T14:07:32Z", "2026-11-21T14:15:00Z");
	assert_next("0 2 * * *", "2026-11-21T14:07:32Z", "2026-11-22T02:00:00Z");
	assert_next("5,35 1-3 * * *", "2026-11-21T03:06:00Z", "2026-11-21T03:35:00Z");
	assert_next("10/20 * * * *", "2026-11-21T14:11:00Z", "2026-11-21T14:30:00Z");
	assert_next("30 4 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T04:30:00Z");
	assert_next("@hourly", "2026-11-21T14:07:32Z", "2026-11-21T15:00:00Z");
	assert_next("@daily", "2026-12-31T14:07:32Z", "2027-01-01T00:00:00Z");
}

static void
schedule_next_knows_days_of_the_week(void **state)
{
	(void)state;
	/* 2026-11-21 is a Saturday */
	assert_next("0 9 * * mon-fri", "2026-11-21T14:00:00Z", "2026-11-23T09:00:00Z");
	assert_next("0 9 * * 7", "2026-11-21T14:00:00Z", "2026-11-22T09:00:00Z");
	assert_next("0 9 * JAN *", "2026-11-21T14:00:00Z", "2027-01-01T09:00:00Z");
	/* both are given: either will do */
	assert_next("0 9 24 * sun", "2026-11-21T14:00:00Z", "2026-11-22T09:00:00Z");
	assert_next("0 9 24 * sun", "2026-11-22T14:00:00Z", "2026-11-24T09:00:00Z");
}

static void
schedule_parse_of_nonsense_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	      "* * * *",     "* * * * * *", "60 * * * *",
		"* 24 * * *", "* * 0 * *",   "* * * 13 *",  "* * * * 8",
		"a * * * *",  "5-1 * * * *", "*/0 * * * *", "1, * * * *",
		"@never",     "*/x * * * *", "1 * * foo *"
	};
	struct schedule schedule;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (schedule_parse(texts[i], &schedule))
			fail_msg("\"%s\" was taken", texts[i]);
}

static void
schedule_next_without_such_a_day_is_none(void **state)
{
	struct schedule schedule;

	(void)state;
	assert_true(schedule_parse("0 0 31 2 *", &schedule));
	assert_int_equal(schedule_next(&schedule, 1795000000), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schedule_next_finds_the_minute),
		cmocka_unit_test(schedule_next_knows_days_of_the_week),
		cmocka_unit_test(schedule_parse_of_nonsense_is_refused),
		cmocka_unit_test(schedule_next_without_such_a_day_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
