#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/pattern.h"
#include "base/str.h"
#include "base/xalloc.h"

static bool
matches(const char *text, const char *line, size_t len)
{
	struct err e = ERR_INIT;
	struct pattern *p = pattern_new(text, &e);
	bool yes;

	if (!p)
		fail_msg("%s", e.message);
	assert_string_equal(pattern_text(p), text);
	yes = pattern_matches(p, line, len);
	pattern_free(p);
	return yes;
}

struct match_case {
	const char *pattern, *line;
	bool expected;
};

static void
assert_cases(const struct match_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (matches(cases[i].pattern, cases[i].line, strlen(cases[i].line)) !=
		    cases[i].expected)
			fail_msg("%s on \"%s\"", cases[i].pattern, cases[i].line);
}

#define ASSERT_CASES(cases) assert_cases(cases, sizeof(cases) / sizeof((cases)[0]))

static void
matches_literal_takes_every_character_as_it_is(void **state)
{
	static const struct match_case cases[] = {
		{ "a.c", "xa.cx", true },	  { "a.c", "abc", false },
		{ "[x](y)*", "-[x](y)*-", true }, { "a/b", "path a/b", true },
		{ "back\\d", "back\\d", true },	  { "back\\d", "back1", false },
		{ "#x", "a #x", true },		  { "a!", "a!", true },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void
matches_expression_between_slashes_is_regular(void **state)
{
	static const struct match_case cases[] = {
		{ "/a.c/", "abc", true },
		{ "/a.c", "abc", true },
		{ "/^err(or)?:/", "error: x", true },
		{ "/^err(or)?:/", "an error: x", false },
		{ "/a\\/", "a/", true },
		{ "/a\\//", "a/b", true },
		{ "/\\\\/", "back\\slash", true },
		{ "/a|b/", "b", true },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void
matches_case_counts_only_with_a_capital(void **state)
{
	static const struct match_case cases[] = {
		{ "error", "ERROR", true },	 { "Error", "ERROR", false },
		{ "Error", "an Error", true },	 { "/err\\W/", "ERR!", true },
		{ "/\\p{Lu}rr/", "xERR", true }, { "/\\x{4A}ob/", "JOB", true },
		{ "/\\x4Aob/", "JOB", true },	 { "/Err\\w/", "ERRO", false },
		{ "größe", "GRÖSSE", false },	 { "öl", "ÖL", true },
		{ "Öl", "öl", false },		 { "!error", "ERROR", false },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void
matches_exclamation_mark_negates(void **state)
{
	static const struct match_case cases[] = {
		{ "!health", "GET /health", false },
		{ "!health", "GET /x", true },
		{ "!/^GET/", "GET /x", false },
		{ "!/^GET/", "POST /x", true },
		{ "!!", "a!", false },
		{ "!!", "a", true },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void
matches_bytes_that_are_no_text_are_passed_over(void **state)
{
	(void)state;
	assert_true(matches("end", "\xff\xfe\x80 end", 7));
	assert_true(matches("/^.*d$/", "a end", 5));
	assert_true(matches("end", "a\0end", 5));
	assert_false(matches("/a.b/",
			     "a\xff"
			     "b",
			     3));
}

static void
new_broken_expression_is_refused_with_the_place(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(pattern_new("/ö(b/", &e));
	assert_int_equal(e.kind, ERR_USAGE);
	assert_non_null(strstr(e.message, "missing closing parenthesis, at character 5"));
	assert_non_null(strstr(e.message, "pattern /ö(b/"));
	assert_null(pattern_new("/a\\", &e));
	assert_null(pattern_new("/\\C/", &e));
	assert_null(pattern_new("/[z-a]/", NULL));
}

static void
new_nothing_to_look_for_is_refused(void **state)
{
	static const char *const cases[] = { "", "!", "/", "//", "!/" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(pattern_new(cases[i], &e));
		assert_int_equal(e.kind, ERR_USAGE);
		assert_non_null(strstr(e.message, "nothing to look for"));
	}
}

static void
find_walks_from_match_to_match(void **state)
{
	static const char line[] = "ab xAB ab";
	struct pattern *p = pattern_new("ab", NULL);
	size_t start = 0, end = 0;

	(void)state;
	assert_true(pattern_find(p, line, 9, 0, &start, &end));
	assert_int_equal(start, 0);
	assert_int_equal(end, 2);
	assert_true(pattern_find(p, line, 9, end, &start, &end));
	assert_int_equal(start, 4);
	assert_true(pattern_find(p, line, 9, end, &start, &end));
	assert_int_equal(start, 7);
	assert_int_equal(end, 9);
	assert_false(pattern_find(p, line, 9, end, &start, &end));
	assert_false(pattern_find(p, line, 9, 100, &start, &end));
	assert_int_equal(start, 7);
	pattern_free(p);
}

static void
find_empty_match_is_passed_over(void **state)
{
	struct pattern *p = pattern_new("/x*/", NULL);
	size_t start = 0, end = 0;

	(void)state;
	assert_true(pattern_matches(p, "abc", 3));
	assert_false(pattern_find(p, "abc", 3, 0, &start, &end));
	assert_true(pattern_find(p, "abxx", 4, 0, &start, &end));
	assert_int_equal(start, 2);
	assert_int_equal(end, 4);
	pattern_free(p);
}

static void
find_negated_pattern_paints_nothing(void **state)
{
	struct pattern *p = pattern_new("!a", NULL);
	size_t start, end;

	(void)state;
	assert_false(pattern_find(p, "bcd", 3, 0, &start, &end));
	assert_false(pattern_find(p, "a", 1, 0, &start, &end));
	pattern_free(p);
}

static void
find_beginning_is_that_of_the_line(void **state)
{
	struct pattern *p = pattern_new("/^a/", NULL);
	size_t start, end;

	(void)state;
	assert_true(pattern_find(p, "aa", 2, 0, &start, &end));
	assert_false(pattern_find(p, "aa", 2, 1, &start, &end));
	pattern_free(p);
}

static void
matches_expression_that_explodes_ends_soon(void **state)
{
	struct str line = STR_INIT;
	struct pattern *p = pattern_new("/^(a+)+$/", NULL),
		       *deep = pattern_new("/(?:(a)|b)*c/", NULL);
	int64_t start_ms = clock_mono_ms();

	(void)state;
	for (int i = 0; i < 5000; i++)
		str_append_char(&line, 'a');
	str_append_char(&line, '!');
	assert_false(pattern_matches(p, line.data, line.len));
	assert_false(pattern_matches(deep, line.data, line.len));
	assert_true(clock_mono_ms() - start_ms < 2000);
	pattern_free(p);
	pattern_free(deep);
	str_release(&line);
}

static int
use_utf8(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_literal_takes_every_character_as_it_is),
		cmocka_unit_test(matches_expression_between_slashes_is_regular),
		cmocka_unit_test_setup(matches_case_counts_only_with_a_capital, use_utf8),
		cmocka_unit_test(matches_exclamation_mark_negates),
		cmocka_unit_test(matches_bytes_that_are_no_text_are_passed_over),
		cmocka_unit_test(new_broken_expression_is_refused_with_the_place),
		cmocka_unit_test(new_nothing_to_look_for_is_refused),
		cmocka_unit_test(find_walks_from_match_to_match),
		cmocka_unit_test(find_empty_match_is_passed_over),
		cmocka_unit_test(find_negated_pattern_paints_nothing),
		cmocka_unit_test(find_beginning_is_that_of_the_line),
		cmocka_unit_test(matches_expression_that_explodes_ends_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
