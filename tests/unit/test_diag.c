#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "runbook/diag.h"

static void
assert_renders(const char *source, struct mark mark, int length, const char *wanted)
{
	struct diags diags;
	struct str out = STR_INIT;

	diags_init(&diags, "f.yaml");
	diags_set_source(&diags, source, strlen(source));
	diags_error(&diags, mark, length, "wrong");
	diags_render(&diags, &out);
	assert_string_equal(str_cstr(&out), wanted);
	diags_release(&diags);
	str_release(&out);
}

static void
diags_render_of_one_error_underlines_it(void **state)
{
	(void)state;
	assert_renders("a: 1\n    timout: 5m\n", (struct mark){ 2, 5 }, 6,
		       "f.yaml:2:5: error: wrong\n"
		       "   2 |     timout: 5m\n"
		       "     |     ^~~~~~\n");
}

static void
diags_render_of_line_12_widens_gutter(void **state)
{
	(void)state;
	assert_renders("\n\n\n\n\n\n\n\n\n\n\nab\n", (struct mark){ 12, 2 }, 1,
		       "f.yaml:12:2: error: wrong\n"
		       "   12 | ab\n"
		       "      |  ^\n");
}

static void
diags_render_of_tabs_aligns_caret(void **state)
{
	(void)state;
	assert_renders("\ta\tb: c\n", (struct mark){ 1, 4 }, 1,
		       "f.yaml:1:4: error: wrong\n"
		       "   1 |         a       b: c\n"
		       "     |                 ^\n");
}

static void
diags_render_of_wide_characters_aligns_caret(void **state)
{
	(void)state;
	assert_renders("日本: x\n", (struct mark){ 1, 5 }, 1,
		       "f.yaml:1:5: error: wrong\n"
		       "   1 | 日本: x\n"
		       "     |       ^\n");
}

static void
diags_render_of_escape_sequences_shows_them(void **state)
{
	(void)state;
	assert_renders("a: \x1b[31mred\n", (struct mark){ 1, 9 }, 3,
		       "f.yaml:1:9: error: wrong\n"
		       "   1 | a: ^[[31mred\n"
		       "     |          ^~~\n");
}

static void
diags_render_of_any_line_break_counts_lines(void **state)
{
	(void)state;
	assert_renders("a\r\nb\rc\xc2\x85"
		       "d\xe2\x80\xa8"
		       "e\n",
		       (struct mark){ 5, 1 }, 1,
		       "f.yaml:5:1: error: wrong\n"
		       "   5 | e\n"
		       "     | ^\n");
	assert_renders("a\r\nbc\r\n", (struct mark){ 2, 2 }, 1,
		       "f.yaml:2:2: error: wrong\n"
		       "   2 | bc\n"
		       "     |  ^\n");
}

static void
diags_render_of_byte_order_mark_leaves_it_out(void **state)
{
	(void)state;
	assert_renders("\xef\xbb\xbf"
		       "abc\n",
		       (struct mark){ 1, 2 }, 1,
		       "f.yaml:1:2: error: wrong\n"
		       "   1 | abc\n"
		       "     |  ^\n");
}

static void
diags_render_of_place_outside_source_shows_no_line(void **state)
{
	(void)state;
	assert_renders("abc\n", (struct mark){ 2, 1 }, 1, "f.yaml:2:1: error: wrong\n");
	assert_renders("", (struct mark){ 1, 1 }, 1, "f.yaml:1:1: error: wrong\n");
}

static void
diags_render_of_place_behind_line_points_to_its_end(void **state)
{
	(void)state;
	assert_renders("abc\n", (struct mark){ 1, 9 }, 4,
		       "f.yaml:1:9: error: wrong\n"
		       "   1 | abc\n"
		       "     |    ^\n");
}

/* The character above the caret, in a line of digits and letters that is `len` long. */
static void
assert_window(size_t len, int column)
{
	struct diags diags;
	struct str source = STR_INIT, out = STR_INIT;
	char *line, *caret;

	for (size_t i = 0; i < len; i++)
		str_append_char(&source, (char)('0' + i % 75));
	diags_init(&diags, "f.yaml");
	diags_set_source(&diags, source.data, source.len);
	diags_error(&diags, (struct mark){ 1, column }, 400, "wrong");
	diags_render(&diags, &out);
	line = strchr(out.data, '\n') + 1;
	caret = strchr(line, '\n') + 1;
	caret[-1] = '\0';
	caret[strcspn(caret, "\n")] = '\0';
	assert_true(text_width(line) <= 120);
	assert_true(text_width(caret) <= 120);
	/* Both are ASCII up to there but for one ellipsis, which is three bytes wide and one column. */
	size_t at = strcspn(caret, "^");
	at += strstr(line, "…") && strstr(line, "…") < line + at ? 2 : 0;
	assert_int_equal(line[at], source.data[column - 1]);
	diags_release(&diags);
	str_release(&source);
	str_release(&out);
}

static void
diags_render_of_long_line_cuts_around_caret(void **state)
{
	(void)state;
	for (int column = 1; column <= 500; column++)
		assert_window(500, column);
	for (int column = 1; column <= 120; column++)
		assert_window(120, column);
	assert_window(114, 114);
	assert_window(113, 113);
}

static void
diags_render_sorts_by_place_and_keeps_order_of_equals(void **state)
{
	struct diags diags;
	struct str out = STR_INIT;

	(void)state;
	diags_init(&diags, "f.yaml");
	for (int i = 0; i < 20; i++)
		diags_warning(&diags, (struct mark){ 3, 1 }, 1, "w%02d", i);
	diags_error(&diags, (struct mark){ 2, 5 }, 1, "b");
	diags_error(&diags, (struct mark){ 2, 1 }, 1, "a");
	assert_int_equal(diags.errors, 2);
	assert_int_equal(diags.count, 22);
	diags_render(&diags, &out);
	assert_non_null(strstr(out.data,
			       "2:1: error: a\nf.yaml:2:5: error: b\nf.yaml:3:1: warning: w00\n"
			       "f.yaml:3:1: warning: w01\n"));
	assert_non_null(strstr(out.data, "w18\nf.yaml:3:1: warning: w19\n"));
	diags_release(&diags);
	str_release(&out);
}

static void
diags_render_of_hostile_path_and_message_is_sanitised(void **state)
{
	struct diags diags;
	struct str out = STR_INIT;

	(void)state;
	diags_init(&diags, "f\n\x1b.yaml");
	diags_error(&diags, (struct mark){ 1, 1 }, 1, "no \"%s\"", "\x1b]0;x\a\n");
	diags_render(&diags, &out);
	assert_string_equal(out.data, "f^J^[.yaml:1:1: error: no \"^[]0;x^G^J\"\n");
	diags_release(&diags);
	str_release(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(diags_render_of_one_error_underlines_it),
		cmocka_unit_test(diags_render_of_line_12_widens_gutter),
		cmocka_unit_test(diags_render_of_tabs_aligns_caret),
		cmocka_unit_test(diags_render_of_wide_characters_aligns_caret),
		cmocka_unit_test(diags_render_of_escape_sequences_shows_them),
		cmocka_unit_test(diags_render_of_any_line_break_counts_lines),
		cmocka_unit_test(diags_render_of_byte_order_mark_leaves_it_out),
		cmocka_unit_test(diags_render_of_place_outside_source_shows_no_line),
		cmocka_unit_test(diags_render_of_place_behind_line_points_to_its_end),
		cmocka_unit_test(diags_render_of_long_line_cuts_around_caret),
		cmocka_unit_test(diags_render_sorts_by_place_and_keeps_order_of_equals),
		cmocka_unit_test(diags_render_of_hostile_path_and_message_is_sanitised),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
