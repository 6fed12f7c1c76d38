#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static void
assert_utc(int64_t ms, const char *expected)
{
	char out[CLOCK_STAMP_MAX];

	assert_string_equal(clock_format_utc(ms, out), expected);
}

static void
format_utc_shows_milliseconds_and_z(void **state)
{
	char out[CLOCK_STAMP_MAX];

	(void)state;
	assert_utc(0, "1970-01-01T00:00:00.000Z");
	assert_utc(1795270052118, "2026-11-21T14:07:32.118Z");
	assert_utc(-1, "1969-12-31T23:59:59.999Z");
	assert_utc(-1000, "1969-12-31T23:59:59.000Z");
	assert_string_equal(clock_format_hms(1795270052118, out), "14:07:32Z");
}

static void
format_utc_of_any_time_stays_in_its_buffer(void **state)
{
	char out[CLOCK_STAMP_MAX];

	(void)state;
	clock_format_utc(INT64_MAX, out);
	clock_format_utc(INT64_MIN, out);
	clock_format_hms(INT64_MIN, out);
	assert_in_range(strlen(out), 1, CLOCK_STAMP_MAX - 1);
}

static void
parse_utc_reads_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-21T14:07:32.118Z", 1795270052118 },
		{ "2026-11-21T14:07:32.1189999Z", 1795270052118 },
		{ "2026-11-21T16:07:32.1+02:00", 1795270052100 },
		{ "2026-11-21T12:37:32-01:30", 1795270052000 },
		{ "2024-02-29T00:00:00Z", 1709164800000 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
		{ "1969-12-31T23:59:59.5Z", -500 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = 1;

		assert_int_equal(clock_parse_utc(cases[i].text, &ms), 0);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void
parse_utc_refuses_everything_else(void **state)
{
	static const char *const cases[] = {
		"",
		"2026",
		"2026-11-21",
		"2026-11-21T14:07:32",
		"2026-11-21 14:07:32Z",
		"2026-11-21T14:07:32Zx",
		"2026-11-21T14:07:32.Z",
		"2026-02-30T12:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-11-21T25:00:00Z",
		" 2026-11-21T14:07:32Z",
		"2026-11-21T14:07:32+2:00",
		"2026-11-21T14:07:32+-1:00",
		"2026-11-21T14:07:32+02:00x",
		"2026-11-21T14:07:32+24:00",
		"2026-1-1T00:00:00Z",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = 77;

		if (clock_parse_utc(cases[i], &ms) == 0)
			fail_msg("accepted \"%s\"", cases[i]);
		assert_int_equal(ms, 77);
	}
}

static void
duration_parse_reads_units_in_falling_order(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "0", 0 },	     { "0s", 0 },
		{ "90s", 90000 },    { "5m", 300000 },
		{ "1h", 3600000 },   { "1h30m", 5400000 },
		{ "250ms", 250 },    { "1m1ms", 60001 },
		{ "2d", 172800000 }, { "3650d", 3650 * INT64_C(86400000) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = -1;

		assert_int_equal(duration_parse(cases[i].text, &ms, NULL), 0);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void
duration_parse_refuses_everything_else(void **state)
{
	static const char *const cases[] = {
		"",	"5",   "s",   "-5s",   "+5s",  " 5s", "5 s",   "5s ",
		"1.5h", "5x",  "5sm", "30m1h", "1m1m", "1h5", "3651d", "99999999999999999999s",
		"00",	"1hm",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		int64_t ms = 77;

		if (duration_parse(cases[i], &ms, &e) == 0)
			fail_msg("accepted \"%s\"", cases[i]);
		assert_int_equal(ms, 77);
		assert_int_equal(e.kind, ERR_SPEC);
	}
}

static void
duration_format_is_read_back(void **state)
{
	static const int64_t cases[] = { 1,	  999,	    1000,     59999, 60000,
					 3600000, 86400000, 93784005, 90000, 5400000 };
	char out[CLOCK_STAMP_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = 0;

		assert_int_equal(duration_parse(duration_format(cases[i], out), &ms, NULL), 0);
		assert_int_equal(ms, cases[i]);
	}
	assert_string_equal(duration_format(90000, out), "1m30s");
	assert_string_equal(duration_format(93784005, out), "1d2h3m4s5ms");
	assert_string_equal(duration_format(0, out), "0s");
	assert_string_equal(duration_format(-5, out), "0s");
	assert_in_range(strlen(duration_format(INT64_MAX, out)), 1, CLOCK_STAMP_MAX - 1);
}

static void
duration_format_brief_leaves_out_what_nobody_reads(void **state)
{
	static const struct {
		int64_t ms;
		const char *expected;
	} cases[] = {
		{ -5, "0s" },	    { 0, "0s" },       { 1, "1ms" },	 { 999, "999ms" },
		{ 1000, "1s" },	    { 1028, "1s" },    { 1100, "1.1s" }, { 5436, "5.4s" },
		{ 9999, "9.9s" },   { 10000, "10s" },  { 12345, "12s" }, { 60900, "1m" },
		{ 185001, "3m5s" }, { 3600500, "1h" },
	};
	char out[CLOCK_STAMP_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(duration_format_brief(cases[i].ms, out), cases[i].expected);
	assert_in_range(strlen(duration_format_brief(INT64_MAX, out)), 1, CLOCK_STAMP_MAX - 1);
}

static void
duration_format_clock_counts_both_ways(void **state)
{
	char out[CLOCK_STAMP_MAX];

	(void)state;
	assert_string_equal(duration_format_clock(2322000, out), "0:38:42");
	assert_string_equal(duration_format_clock(360000000, out), "100:00:00");
	assert_string_equal(duration_format_clock(-61000, out), "-0:01:01");
	assert_string_equal(duration_format_clock(-999, out), "0:00:00");
	assert_string_equal(duration_format_clock(INT64_MIN, out), "-2562047788015:12:55");
}

static void
duration_format_human_is_what_kubectl_prints(void **state)
{
	static const struct {
		int64_t seconds;
		const char *expected;
	} cases[] = {
		{ -2, "<invalid>" },  { -1, "0s" },	   { 0, "0s" },
		{ 119, "119s" },      { 120, "2m" },	   { 190, "3m10s" },
		{ 599, "9m59s" },     { 600, "10m" },	   { 10799, "179m" },
		{ 10800, "3h" },      { 11100, "3h5m" },   { 28799, "7h59m" },
		{ 28800, "8h" },      { 172799, "47h" },   { 172800, "2d" },
		{ 187200, "2d4h" },   { 691199, "7d23h" }, { 691200, "8d" },
		{ 63071999, "729d" }, { 63072000, "2y" },  { 65664000, "2y30d" },
		{ 252288000, "8y" },
	};
	char out[CLOCK_STAMP_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(duration_format_human(cases[i].seconds * 1000, out),
				    cases[i].expected);
}

static void
mono_never_goes_back(void **state)
{
	int64_t before = clock_mono_ms();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t now = clock_mono_ms();

		assert_true(now >= before);
		before = now;
	}
	assert_true(clock_wall_ms() > INT64_C(1700000000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_utc_shows_milliseconds_and_z),
		cmocka_unit_test(format_utc_of_any_time_stays_in_its_buffer),
		cmocka_unit_test(parse_utc_reads_rfc_3339),
		cmocka_unit_test(parse_utc_refuses_everything_else),
		cmocka_unit_test(duration_parse_reads_units_in_falling_order),
		cmocka_unit_test(duration_parse_refuses_everything_else),
		cmocka_unit_test(duration_format_is_read_back),
		cmocka_unit_test(duration_format_clock_counts_both_ways),
		cmocka_unit_test(duration_format_brief_leaves_out_what_nobody_reads),
		cmocka_unit_test(duration_format_human_is_what_kubectl_prints),
		cmocka_unit_test(mono_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
