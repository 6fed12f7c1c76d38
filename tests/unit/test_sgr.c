#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sgr.h"
#include "base/text.h"
#include "ui/terminal/colour.h"
#include "ui/terminal/theme.h"
#include "ui/text/lines.h"

/* "0:c1b 5:" – where a look begins, its colour, b(old) and u(nderline). */
static char *
spans_of(const struct sgr *sgr)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < sgr->count; i++) {
		const struct sgr_look *look = &sgr->spans[i].look;

		str_printf(&out, "%s%zu:", i ? " " : "", sgr->spans[i].begin);
		if (look->colour >= SGR_RGB)
			str_printf(&out, "#%06x", (unsigned)(look->colour - SGR_RGB));
		else if (look->colour >= 0)
			str_printf(&out, "c%d", (int)look->colour);
		str_printf(&out, "%s%s", look->bold ? "b" : "", look->underline ? "u" : "");
	}
	return str_take(&out);
}

static void
assert_coloured(const char *from, enum text_flags flags, const char *clean, const char *spans)
{
	struct str out = STR_INIT;
	struct sgr sgr = SGR_INIT;

	text_sanitise_coloured(from, strlen(from), flags, &out, &sgr);
	char *got = spans_of(&sgr);
	assert_string_equal(str_cstr(&out), clean);
	assert_string_equal(got, spans);
	free(got);
	str_release(&out);
	sgr_release(&sgr);
}

static void
sanitise_coloured_sequences_become_spans(void **state)
{
	(void)state;
	assert_coloured("plain", 0, "plain", "");
	assert_coloured("\033[31mred\033[0m on", 0, "red on", "0:c1 3:");
	assert_coloured("a\033[1;4;92mb\033[mc", 0, "abc", "1:c10bu 2:");
	assert_coloured("\033[38;5;208mx", 0, "x", "0:c208");
	assert_coloured("\033[38:5:208mx", 0, "x", "0:c208");
	assert_coloured("\033[38;2;1;2;3mx", 0, "x", "0:#010203");
	assert_coloured("\033[38:2::1:2:3mx", 0, "x", "0:#010203");
	assert_coloured("\033[38:2:1:2:3mx", 0, "x", "0:#010203");
	assert_coloured("\033[58;5;9;31mx", 0, "x", "0:c1");
	assert_coloured("\033[1mx\033[22my\033[4:3mz\033[4:0m.", 0, "xyz.", "0:b 1: 2:u 3:");
	assert_coloured("\033[31m\033[32mx\033[39m", 0, "x", "0:c2 1:");
}

/* A text in the colour of its ground, concealed, blinking or reverse is none of these. */
static void
sanitise_coloured_hiding_looks_are_not_obeyed(void **state)
{
	(void)state;
	assert_coloured("\033[8mhidden", 0, "hidden", "");
	assert_coloured("\033[5;6;9;3;2mx", 0, "x", "");
	assert_coloured("\033[31;41mx", 0, "x", "0:c1b");
	assert_coloured("\033[44mx", 0, "x", "0:c4b");
	assert_coloured("\033[7mx", 0, "x", "0:b");
	assert_coloured("\033[7;31mx", 0, "x", "0:c1b");
	assert_coloured("\033[7;42mx", 0, "x", "0:c2b");
}

static void
sanitise_coloured_nonsense_says_nothing(void **state)
{
	(void)state;
	assert_coloured("\033[38;5;999mx", 0, "x", "");
	assert_coloured("\033[38;5mx", 0, "x", "");
	assert_coloured("\033[38;2;1;2mx", 0, "x", "");
	assert_coloured("\033[38;7;31mx", 0, "x", "");
	assert_coloured("\033[99999999999999999999mx", 0, "x", "");
	assert_coloured("\033[;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;31mx", 0, "x", "");
	assert_coloured("\033[31", 0, "^[[31", "");
	assert_coloured("\033[31nx", 0, "^[[31nx", "");
	assert_coloured("\033[?31mx", 0, "^[[?31mx", "");
}

static void
sanitise_coloured_line_end_resets(void **state)
{
	(void)state;
	assert_coloured("\033[31ma\nb", TEXT_KEEP_NEWLINES, "a\nb", "0:c1 2:");
	assert_coloured("\033[31ma\nb", 0, "a^Jb", "0:c1");
}

static void
sanitise_coloured_pieces_go_on(void **state)
{
	struct str out = STR_INIT;
	struct sgr sgr = SGR_INIT, all = SGR_INIT;

	(void)state;
	text_sanitise_coloured("a\033[31mb", 7, TEXT_KEEP_NEWLINES, &out, &sgr);
	sgr_append(&all, sgr.spans, sgr.count, 0);
	sgr.count = 0;
	str_clear(&out);
	text_sanitise_coloured("c\nd", 3, TEXT_KEEP_NEWLINES, &out, &sgr);
	sgr_append(&all, sgr.spans, sgr.count, 2);
	char *got = spans_of(&all);
	assert_string_equal(got, "1:c1 4:");
	free(got);
	sgr_consume(&all, 3);
	got = spans_of(&all);
	assert_string_equal(got, "0:c1 1:");
	free(got);
	sgr_clear(&all);
	sgr_append(&all, &(struct sgr_span){ 0, { 1, false, false } }, 1, 0);
	sgr_append(&all, NULL, 0, 3); /* a plain piece behind a red one is plain */
	got = spans_of(&all);
	assert_string_equal(got, "0:c1 3:");
	free(got);
	sgr_release(&all);
	sgr_release(&sgr);
	str_release(&out);
}

static void
sanitise_coloured_many_spans_are_bounded(void **state)
{
	struct str from = STR_INIT, out = STR_INIT;
	struct sgr sgr = SGR_INIT;

	(void)state;
	for (int i = 0; i < 20000; i++)
		str_printf(&from, "\033[%dmx", 31 + i % 2);
	text_sanitise_coloured(str_cstr(&from), from.len, 0, &out, &sgr);
	assert_int_equal(out.len, 20000);
	assert_true(sgr.count <= 1024);
	assert_int_equal(sgr.spans[sgr.count - 1].look.colour, SGR_NO_COLOUR);
	sgr_release(&sgr);
	str_release(&out);
	str_release(&from);
}

/* WCAG 2.1, relative luminance; by a square instead of the power 2.2, which is near enough. */
static double
luminance(int32_t rgb)
{
	double red = (rgb >> 16 & 0xff) / 255.0, green = (rgb >> 8 & 0xff) / 255.0;
	double blue = (rgb & 0xff) / 255.0;

	return .2126 * red * red + .7152 * green * green + .0722 * blue * blue;
}

/* Of the cube and the greys. */
static int32_t
rgb_of(int colour)
{
	static const int32_t steps[] = { 0, 95, 135, 175, 215, 255 };

	if (colour >= 232)
		return (8 + 10 * (colour - 232)) * 0x10101;
	colour -= 16;
	return steps[colour / 36] << 16 | steps[colour / 6 % 6] << 8 | steps[colour % 6];
}

static void
assert_readable(int32_t colour)
{
	int shown = colour_readable(colour);

	assert_in_range(shown, 16, 255);
	double light = luminance(rgb_of(shown));
	assert_true((light + .05) / .05 >= 1.99);
	assert_true(1.05 / (light + .05) >= 1.99);
}

static void
colour_readable_is_neither_black_nor_white(void **state)
{
	(void)state;
	for (int32_t i = 16; i < 256; i++)
		assert_readable(i);
	for (int32_t i = 0; i <= 0xffffff; i += 0x010305)
		assert_readable(SGR_RGB | i);
	assert_readable(SGR_RGB | 0xffffff);
	assert_readable(8);
	assert_int_equal(colour_readable(0), -1);
	assert_int_equal(colour_readable(7), -1);
	assert_int_equal(colour_readable(15), -1);
	assert_int_equal(colour_readable(SGR_NO_COLOUR), -1);
	assert_int_equal(colour_readable(1), 1);
	assert_int_equal(colour_readable(14), 14);
}

static void
colour_few_is_one_of_the_terminal(void **state)
{
	(void)state;
	for (int i = 16; i < 256; i++) {
		int eight = colour_few(i, 8), sixteen = colour_few(i, 16);

		assert_true(eight == -1 || (eight >= 1 && eight <= 6));
		assert_true(sixteen == -1 || (sixteen >= 1 && sixteen <= 6) ||
			    (sixteen >= 9 && sixteen <= 14));
	}
	assert_int_equal(colour_few(9, 8), 1);
	assert_int_equal(colour_few(-1, 8), -1);
}

static void
foreign_role_plain_is_text(void **state)
{
	const struct sgr_look plain = { SGR_NO_COLOUR, false, false };
	const struct sgr_look black = { 0, false, false }, bold = { 0, true, false };

	(void)state;
	assert_int_equal(theme_foreign_role(&plain), ROLE_TEXT);
	assert_int_equal(theme_foreign_role(&black), ROLE_TEXT);
	assert_true(theme_foreign_role(&bold) >= ROLE_COUNT);
}

static void
wrap_coloured_breaks_between_looks(void **state)
{
	struct str out = STR_INIT;
	struct sgr sgr = SGR_INIT;
	struct lines lines;
	static const char from[] = "one \033[31mtwo three\033[0m\nfour";

	(void)state;
	text_sanitise_coloured(from, sizeof(from) - 1, TEXT_KEEP_NEWLINES, &out, &sgr);
	lines_init(&lines, 8);
	lines_wrap_coloured(&lines, str_cstr(&out), &sgr);
	assert_int_equal(lines.count, 3);
	assert_string_equal(lines.items[0].text, "one two");
	assert_int_equal(lines.items[0].spans_count, 2);
	assert_int_equal(lines.items[0].spans[0].role, ROLE_TEXT);
	assert_true(lines.items[0].spans[1].role >= ROLE_COUNT);
	assert_string_equal(lines.items[1].text, "three");
	assert_int_equal(lines.items[1].spans[0].role, lines.items[0].spans[1].role);
	assert_string_equal(lines.items[2].text, "four");
	assert_int_equal(lines.items[2].spans[0].role, ROLE_TEXT);
	lines_release(&lines);
	sgr_release(&sgr);
	str_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sanitise_coloured_sequences_become_spans),
		cmocka_unit_test(sanitise_coloured_hiding_looks_are_not_obeyed),
		cmocka_unit_test(sanitise_coloured_nonsense_says_nothing),
		cmocka_unit_test(sanitise_coloured_line_end_resets),
		cmocka_unit_test(sanitise_coloured_pieces_go_on),
		cmocka_unit_test(sanitise_coloured_many_spans_are_bounded),
		cmocka_unit_test(colour_readable_is_neither_black_nor_white),
		cmocka_unit_test(colour_few_is_one_of_the_terminal),
		cmocka_unit_test(foreign_role_plain_is_text),
		cmocka_unit_test(wrap_coloured_breaks_between_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
