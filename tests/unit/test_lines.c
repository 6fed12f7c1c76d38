#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "ui/text/line_edit.h"
#include "ui/text/lines.h"

static char *
joined(const struct lines *lines)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < lines->count; i++)
		str_printf(&out, "%s\n", lines->items[i].text);
	return str_take(&out);
}

static void
assert_markdown(const char *text, int columns, const char *wanted)
{
	struct lines lines;
	char *got;

	lines_init(&lines, columns);
	lines_markdown(&lines, text);
	got = joined(&lines);
	assert_string_equal(got, wanted);
	free(got);
	lines_release(&lines);
}

static void
lines_markdown_lays_out_blocks(void **state)
{
	(void)state;
	assert_markdown("one\ntwo\n\nthree\n", 20, "one two\n\nthree\n\n");
	assert_markdown("- a b c d e\n- f\n", 8, "- a b c\n  d e\n- f\n\n");
	assert_markdown("1. x\n2. y", 20, "1. x\n2. y\n");
	assert_markdown("see\n```\n  raw  text\n```\nend", 30, "see\n      raw  text\nend\n");
	assert_markdown("# Head\ntext", 20, "Head\ntext\n");
	assert_markdown("**not closed", 20, "**not closed\n");
}

/* A name in front of a note comes from outside as the note does. */
static void
lines_wrap_prefix_is_sanitised(void **state)
{
	struct lines lines;

	(void)state;
	lines_init(&lines, 40);
	lines_wrap(&lines, ROLE_DIM, "a\033[2J\302\233\342\200\256\n: ", ROLE_TEXT, "note");
	lines_wrap(&lines, ROLE_DIM, "\033", ROLE_TEXT, "");
	assert_string_equal(lines.items[0].text, "a^[[2J\\x9b<U+202E>^J: note");
	assert_string_equal(lines.items[1].text, "^[");
	lines_release(&lines);
}

static enum role
role_of(const struct line *line, size_t byte)
{
	size_t i = 0;

	while (i + 1 < line->spans_count && line->spans[i].end <= byte)
		i++;
	return line->spans[i].role;
}

static void
lines_markdown_marks_become_roles(void **state)
{
	struct lines lines;

	(void)state;
	lines_init(&lines, 9);
	lines_markdown(&lines, "a **bold words** and `code`");
	assert_string_equal(lines.items[0].text, "a bold");
	assert_int_equal(role_of(&lines.items[0], 0), ROLE_TEXT);
	assert_int_equal(role_of(&lines.items[0], 2), ROLE_STRONG);
	assert_string_equal(lines.items[1].text, "words and");
	assert_int_equal(role_of(&lines.items[1], 0), ROLE_STRONG);
	assert_int_equal(role_of(&lines.items[1], 6), ROLE_TEXT);
	assert_string_equal(lines.items[2].text, "code");
	assert_int_equal(role_of(&lines.items[2], 0), ROLE_CODE);
	lines_release(&lines);
}

static void
lines_wrap_sanitises_and_indents(void **state)
{
	struct lines lines;
	char *got;

	(void)state;
	lines_init(&lines, 12);
	lines_wrap(&lines, ROLE_LABEL, "ERR ", ROLE_TEXT, "a\033[1m word or two");
	lines_wrap(&lines, ROLE_LABEL, "- ", ROLE_TEXT, "");
	got = joined(&lines);
	assert_string_equal(got, "ERR a^[[1m\n    word or\n    two\n- \n");
	free(got);
	lines_release(&lines);
}

static void
assert_unwrapped(const struct lines *lines, size_t index, size_t room, const char *wanted,
		 size_t wanted_begin)
{
	struct str text = STR_INIT;
	size_t begin = lines_unwrap(lines, index, room, &text);

	assert_string_equal(str_cstr(&text), wanted);
	assert_int_equal(begin, wanted_begin);
	str_release(&text);
}

static void
lines_unwrap_joins_what_a_wrap_has_broken(void **state)
{
	struct lines lines;
	char *got;

	(void)state;
	lines_init(&lines, 12);
	lines_add(&lines, ROLE_TEXT, "before");
	lines_wrap(&lines, ROLE_LABEL, "ERR ", ROLE_TEXT, "word or two\nabcdefghijklm x");
	lines_add(&lines, ROLE_TEXT, "behind");
	got = joined(&lines);
	assert_string_equal(got,
			    "before\nERR word or\n    two\n    abcdefgh\n    ijklm x\nbehind\n");
	assert_unwrapped(&lines, 0, 100, "before", 0);
	assert_unwrapped(&lines, 1, 100, "ERR word or two", 0);
	assert_unwrapped(&lines, 2, 100, "ERR word or two", 12);
	assert_unwrapped(&lines, 3, 100, "    abcdefghijklm x", 0);
	assert_unwrapped(&lines, 4, 100, "    abcdefghijklm x", 12);
	assert_unwrapped(&lines, 1, 0, "ERR word or", 0);
	assert_unwrapped(&lines, 2, 0, "two", 0);
	assert_unwrapped(&lines, 5, 100, "behind", 0);
	free(got);
	lines_release(&lines);
}

static void
type(struct line_edit *edit, int32_t code, bool pasted)
{
	line_edit_key(edit, &(struct key){ .code = code, .pasted = pasted });
}

static void
line_edit_moves_by_characters(void **state)
{
	struct line_edit edit = { .cursor = 0 };

	(void)state;
	line_edit_set(&edit, "g\303\274n");
	type(&edit, 2, false);	  /* Ctrl-B, before the n */
	type(&edit, 0x7f, false); /* the umlaut goes as one */
	assert_string_equal(str_cstr(&edit.text), "gn");
	type(&edit, 0x20ac, false);
	assert_string_equal(str_cstr(&edit.text), "g\342\202\254n");
	type(&edit, 21, false); /* Ctrl-U */
	assert_string_equal(str_cstr(&edit.text), "n");
	line_edit_release(&edit);
}

static void
line_edit_takes_no_line_ends_from_a_paste(void **state)
{
	struct line_edit edit = { .cursor = 0 };

	(void)state;
	type(&edit, 'a', true);
	type(&edit, '\n', true);
	type(&edit, '\033', true);
	type(&edit, 21, true);
	type(&edit, 'b', true);
	assert_string_equal(str_cstr(&edit.text), "a b");
	line_edit_release(&edit);
}

static void
line_edit_is_bounded(void **state)
{
	struct line_edit edit = { .cursor = 0 };

	(void)state;
	for (int i = 0; i < LINE_EDIT_MAX + 100; i++)
		type(&edit, 'x', true);
	assert_int_equal(edit.text.len, LINE_EDIT_MAX);
	line_edit_release(&edit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_markdown_lays_out_blocks),
		cmocka_unit_test(lines_wrap_prefix_is_sanitised),
		cmocka_unit_test(lines_markdown_marks_become_roles),
		cmocka_unit_test(lines_wrap_sanitises_and_indents),
		cmocka_unit_test(lines_unwrap_joins_what_a_wrap_has_broken),
		cmocka_unit_test(line_edit_moves_by_characters),
		cmocka_unit_test(line_edit_takes_no_line_ends_from_a_paste),
		cmocka_unit_test(line_edit_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
