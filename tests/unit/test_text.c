#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/xalloc.h"

static void
assert_clean(const char *from, enum text_flags flags, const char *expected)
{
	char *clean = text_clean(from, flags);

	assert_string_equal(clean, expected);
	free(clean);
}

static void
decode_valid_sequences_returns_code_points(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int32_t code;
	} cases[] = {
		{ "a", 1, 'a' },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int32_t code;

		assert_int_equal(text_decode(cases[i].bytes, cases[i].len, &code), cases[i].len);
		assert_int_equal(code, cases[i].code);
		if (cases[i].len > 1) {
			assert_int_equal(text_decode(cases[i].bytes, cases[i].len - 1, &code), 1);
			assert_int_equal(code, -1);
		}
	}
}

static void
decode_invalid_sequences_takes_one_byte(void **state)
{
	static const char *const cases[] = {
		"\x80",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xc3(",
		"\xe2\x82(",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int32_t code = 0;

		assert_int_equal(text_decode(cases[i], strlen(cases[i]), &code), 1);
		assert_int_equal(code, -1);
	}
}

static void
decode_nothing_takes_nothing(void **state)
{
	int32_t code;

	(void)state;
	assert_int_equal(text_decode("", 0, &code), 0);
}

static void
width_of_known_code_points_is_the_same_in_every_locale(void **state)
{
	static const char *const locales[] = { "C", "C.UTF-8" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_non_null(setlocale(LC_CTYPE, locales[i]));
		assert_int_equal(text_width_of('a'), 1);
		assert_int_equal(text_width_of('\n'), 0);
		assert_int_equal(text_width_of(0x9b), 0);
		assert_int_equal(text_width_of(0xe9), 1);
		assert_int_equal(text_width_of(0x301), 0);
		assert_int_equal(text_width_of(0x4e2d), 2);
		assert_int_equal(text_width_of(0xac00), 2);
		assert_int_equal(text_width_of(0x1f600), 2);
		assert_int_equal(text_width_of(0x2026), 1);
		assert_int_equal(text_width("ae\u0301中"), 4);
	}
}

static void
fit_keeps_combining_marks_with_their_character(void **state)
{
	(void)state;
	assert_int_equal(text_fit("abc", 2), 2);
	assert_int_equal(text_fit("abc", 0), 0);
	assert_int_equal(text_fit("abc", -1), 0);
	assert_int_equal(text_fit("e\u0301x", 1), 3);
	assert_int_equal(text_fit("a中", 2), 1);
	assert_int_equal(text_fit("a中", 3), 4);
}

static void
append_cut_marks_what_was_cut(void **state)
{
	static const struct {
		const char *text;
		int columns;
		bool ascii;
		const char *expected;
	} cases[] = {
		{ "hello", 5, false, "hello" }, { "hello", 4, false, "hel…" },
		{ "hello", 4, true, "hel~" },	{ "hello", 1, false, "…" },
		{ "hello", 0, false, "" },	{ "中中", 3, false, "中…" },
		{ "中中", 2, false, "…" },	{ "", 3, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str out = STR_INIT;

		text_append_cut(&out, cases[i].text, cases[i].columns, cases[i].ascii);
		assert_string_equal(str_cstr(&out), cases[i].expected);
		str_release(&out);
	}
}

static void
sanitise_controls_become_visible(void **state)
{
	struct str out = STR_INIT;

	(void)state;
	text_sanitise("a\0b", 3, 0, &out);
	assert_string_equal(str_cstr(&out), "a^@b");
	str_release(&out);
	assert_clean("a\x1b]52;c;x\a", 0, "a^[]52;c;x^G");
	assert_clean("\x7f", 0, "^?");
	assert_clean("a\nb", 0, "a^Jb");
	assert_clean("a\nb\n", TEXT_KEEP_NEWLINES, "a\nb\n");
	assert_clean("\x9b"
		     "31m",
		     0, "\\x9b31m");
	assert_clean("\xc2\x9b"
		     "31m",
		     0, "\\x9b31m");
	assert_clean("\xc0\xaf", 0, "\\xc0\\xaf");
}

static void
sanitise_carriage_returns_vanish_at_the_end_of_a_line_only(void **state)
{
	(void)state;
	assert_clean("a\r\nb\r", TEXT_KEEP_NEWLINES, "a\nb");
	assert_clean("a\r\r\nb", TEXT_KEEP_NEWLINES, "a\nb");
	assert_clean("real\rfake", 0, "real^Mfake");
	assert_clean("real\r\rfake", 0, "real^M^Mfake");
}

static void
sanitise_tabs_reach_the_next_multiple_of_eight(void **state)
{
	(void)state;
	assert_clean("\tx", 0, "        x");
	assert_clean("ab\tx", 0, "ab      x");
	assert_clean("12345678\tx", 0, "12345678        x");
	assert_clean("abc\n\tx", TEXT_KEEP_NEWLINES, "abc\n        x");
	assert_clean("中\tx", 0, "中      x");
	assert_clean("\x01\tx", 0, "^A      x");
}

static void
sanitise_deceiving_characters_become_codes(void **state)
{
	(void)state;
	assert_clean("a\xe2\x80\xae"
		     "b",
		     0, "a<U+202E>b");
	assert_clean("\u200b\xe2\x81\xa6"
		     "\ufeff\u00ad",
		     0, "<U+200B><U+2066><U+FEFF><U+00AD>");
	assert_clean("\ue000\U0010fffe\ufdd0\uffff", 0, "<U+E000><U+10FFFE><U+FDD0><U+FFFF>");
	assert_clean("\U000e0041\u3164\u2028", 0, "<U+E0041><U+3164><U+2028>");
}

static void
sanitise_emoji_parts_vanish(void **state)
{
	(void)state;
	assert_clean("\u2601\ufe0f", 0, "\u2601");
	assert_clean("\U0001f44d\U0001f3fd", 0, "\U0001f44d");
	assert_clean("\U0001f468\u200d\U0001f469", 0, "\U0001f468\U0001f469");
}

static void
sanitise_many_marks_are_counted(void **state)
{
	struct str text = STR_INIT;
	char *clean;

	(void)state;
	str_append(&text, "a");
	for (int i = 0; i < 10000; i++)
		str_append(&text, "\u0301");
	str_append(&text, "b");
	clean = text_clean(text.data, 0);
	assert_string_equal(clean, "a\u0301\u0301\u0301\u0301<+9996 marks>b");
	free(clean);
	str_release(&text);
	assert_clean("a\u0301\u0301\u0301\u0301b", 0, "a\u0301\u0301\u0301\u0301b");
	assert_clean("a\u0301\u0301\u0301\u0301\ufe0f\u0301", 0,
		     "a\u0301\u0301\u0301\u0301<+1 marks>");
}

static void
sanitise_mark_without_character_gets_a_base(void **state)
{
	(void)state;
	assert_clean("\u0301x", 0, "◌\u0301x");
	assert_clean("a\n\u0301", TEXT_KEEP_NEWLINES, "a\n◌\u0301");
}

static void
sanitise_drop_sgr_drops_complete_colours_only(void **state)
{
	(void)state;
	assert_clean("\x1b[1;31mred\x1b[0m", TEXT_DROP_SGR, "red");
	assert_clean("\x1b[38:5:1mx\x1b[mx", TEXT_DROP_SGR, "xx");
	assert_clean("\x1b[1;31mred", 0, "^[[1;31mred");
	assert_clean("\x1b[2J", TEXT_DROP_SGR, "^[[2J");
	assert_clean("\x1b[1", TEXT_DROP_SGR, "^[[1");
	assert_clean("\x1b[?1m", TEXT_DROP_SGR, "^[[?1m");
	assert_clean("\x1b\x1b[0m[1m", TEXT_DROP_SGR, "^[[1m");
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Bytes of which every kind is likely: plain, controls, pieces of UTF-8, whole dangerous characters. */
static void
fill_random(struct str *text, uint32_t *seed)
{
	static const char *const pieces[] = {
		"\x1b[0m",
		"\x1b[",
		"\xe2\x80\xae"
		"",
		"\u0301",
		"\u200d",
		"\ufe0f",
		"\r\n",
		"\r",
		"\n",
		"\t",
		"\xc2\x9b",
		"\xe2\x80",
		"中",
		"a",
		"\u3164",
		"\U000e0041",
		"\u0489",
		"\U0001f3fb",
	};
	size_t len = next_random(seed) % 64;

	str_clear(text);
	for (size_t i = 0; i < len; i++) {
		if (next_random(seed) % 2)
			str_append_char(text, (char)(next_random(seed) & 0xff));
		else
			str_append(
				text,
				pieces[next_random(seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
	}
	str_append(text, "");
}

static void
assert_safe(const struct str *text, enum text_flags flags)
{
	size_t marks = 0, used;

	for (size_t at = 0; at < text->len; at += used) {
		int32_t code;

		used = text_decode(text->data + at, text->len - at, &code);
		assert_true(code >= 0x20 || (code == '\n' && (flags & TEXT_KEEP_NEWLINES)));
		assert_false(code >= 0x7f && code < 0xa0);
		assert_false(code >= 0x202a && code <= 0x202e);
		marks = text_width_of(code) || code == '\n' ? 0 : marks + 1;
		assert_true(marks <= 4);
	}
}

static void
sanitise_any_bytes_yields_safe_text_that_stays_the_same(void **state)
{
	struct str text = STR_INIT, once = STR_INIT, twice = STR_INIT;
	uint32_t seed = 20261121;

	(void)state;
	for (int round = 0; round < 40000; round++) {
		enum text_flags flags = (enum text_flags)(round % 4);

		setlocale(LC_CTYPE, round % 8 < 4 ? "C" : "C.UTF-8");
		fill_random(&text, &seed);
		str_clear(&once);
		str_clear(&twice);
		text_sanitise(text.data, text.len, flags, &once);
		assert_safe(&once, flags);
		text_sanitise(once.data, once.len, flags, &twice);
		assert_string_equal(once.data, twice.data);
	}
	str_release(&text);
	str_release(&once);
	str_release(&twice);
}

static void
sanitise_long_runs_takes_linear_time(void **state)
{
	static const char *const runs[] = { "\r", "\x1b[1", "\u0301", "\xe2", "\t" };

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct str text = STR_INIT;
		char *clean;

		while (text.len < 1000000)
			str_append(&text, runs[i]);
		str_append(&text, "x");
		clean = text_clean(text.data, TEXT_DROP_SGR);
		assert_true(str_ends_with(clean, "x"));
		free(clean);
		str_release(&text);
	}
}

static void
join_line(void *data, const char *text, size_t len)
{
	struct str *out = data;

	str_append_bytes(out, text, len);
	str_append_char(out, '|');
}

static void
assert_wrapped(const char *text, int columns, const char *expected)
{
	struct str out = STR_INIT;

	text_wrap(text, columns, join_line, &out);
	assert_string_equal(str_cstr(&out), expected);
	str_release(&out);
}

static void
wrap_breaks_at_spaces(void **state)
{
	(void)state;
	assert_wrapped("one two three", 7, "one two|three|");
	assert_wrapped("one two three", 8, "one two|three|");
	assert_wrapped("one two three", 100, "one two three|");
	assert_wrapped("abcdefghij", 4, "abcd|efgh|ij|");
	assert_wrapped("a bcdefghij", 4, "a|bcde|fghi|j|");
	assert_wrapped("one   two", 4, "one|two|");
	assert_wrapped("中中中", 4, "中中|中|");
	assert_wrapped("中中", 1, "中|中|");
	assert_wrapped("eeeee\u0301e", 5, "eeeee\u0301|e|");
}

static void
wrap_newlines_always_break(void **state)
{
	(void)state;
	assert_wrapped("", 10, "");
	assert_wrapped("a\n", 10, "a|");
	assert_wrapped("a\n\nb", 10, "a||b|");
	assert_wrapped("\n", 10, "|");
}

static void
wrap_indents_are_kept(void **state)
{
	(void)state;
	assert_wrapped("  one two", 6, "  one|  two|");
	assert_wrapped("- one two", 6, "- one|  two|");
	assert_wrapped("12. aa bb", 8, "12. aa|    bb|");
	assert_wrapped("        a b", 4, "  a|  b|");
	assert_wrapped("-one two", 5, "-one|two|");
	assert_wrapped("   ", 5, "|");
}

static int
use_utf8(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static void
text_whole_ends_between_characters(void **state)
{
	static const char text[] = "a\xc3\xa9\xe2\x80\xa6z"; /* a é … z */
	static const size_t expected[] = { 0, 1, 1, 3, 3, 3, 6, 7, 7 };

	(void)state;
	for (size_t most = 0; most < sizeof(expected) / sizeof(expected[0]); most++)
		assert_int_equal(text_whole(text, sizeof(text) - 1, most), expected[most]);
	assert_int_equal(text_whole("", 0, 5), 0);
	assert_int_equal(text_whole("\x80\x80\x80", 3, 2), 0);
	assert_int_equal(text_characters(text), 4);
	assert_int_equal(text_characters(""), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_whole_ends_between_characters),
		cmocka_unit_test(decode_valid_sequences_returns_code_points),
		cmocka_unit_test(decode_invalid_sequences_takes_one_byte),
		cmocka_unit_test(decode_nothing_takes_nothing),
		cmocka_unit_test(width_of_known_code_points_is_the_same_in_every_locale),
		cmocka_unit_test_setup(fit_keeps_combining_marks_with_their_character, use_utf8),
		cmocka_unit_test_setup(append_cut_marks_what_was_cut, use_utf8),
		cmocka_unit_test_setup(sanitise_controls_become_visible, use_utf8),
		cmocka_unit_test_setup(sanitise_carriage_returns_vanish_at_the_end_of_a_line_only,
				       use_utf8),
		cmocka_unit_test_setup(sanitise_tabs_reach_the_next_multiple_of_eight, use_utf8),
		cmocka_unit_test_setup(sanitise_deceiving_characters_become_codes, use_utf8),
		cmocka_unit_test_setup(sanitise_emoji_parts_vanish, use_utf8),
		cmocka_unit_test_setup(sanitise_many_marks_are_counted, use_utf8),
		cmocka_unit_test_setup(sanitise_mark_without_character_gets_a_base, use_utf8),
		cmocka_unit_test_setup(sanitise_drop_sgr_drops_complete_colours_only, use_utf8),
		cmocka_unit_test(sanitise_any_bytes_yields_safe_text_that_stays_the_same),
		cmocka_unit_test_setup(sanitise_long_runs_takes_linear_time, use_utf8),
		cmocka_unit_test_setup(wrap_breaks_at_spaces, use_utf8),
		cmocka_unit_test_setup(wrap_newlines_always_break, use_utf8),
		cmocka_unit_test_setup(wrap_indents_are_kept, use_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
