#include "config.h"

#include "net/child/child_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"

/* What came out, in colours too, and each redrawn line with a `|` behind it. */
struct seen {
	struct str text, coloured, redrawn;
};

static void
on_put(void *data, const char *bytes, size_t len_bytes, const char *coloured, size_t coloured_bytes)
{
	str_append_bytes(&((struct seen *)data)->text, bytes, len_bytes);
	str_append_bytes(&((struct seen *)data)->coloured, coloured, coloured_bytes);
}

static void
seen_release(struct seen *seen)
{
	str_release(&seen->text);
	str_release(&seen->coloured);
	str_release(&seen->redrawn);
}

static void
on_redrawn(void *data, const char *line, size_t len_bytes)
{
	struct seen *seen = data;

	str_append_bytes(&seen->redrawn, line, len_bytes);
	str_append_char(&seen->redrawn, '|');
}

static void
draw(struct seen *seen, const char *bytes, size_t len, size_t step)
{
	const struct child_lines_listener listener = { seen, on_put, on_redrawn };
	struct child_lines *l = child_lines_new(&listener);

	str_clear(&seen->text);
	str_clear(&seen->coloured);
	str_clear(&seen->redrawn);
	for (size_t at = 0; at < len; at += step)
		child_lines_push(l, bytes + at, len - at < step ? len - at : step);
	child_lines_flush(l);
	child_lines_free(l);
}

/* Whatever the pieces are in which it comes. */
static void
assert_drawn(const char *bytes, const char *wanted)
{
	struct seen seen = { STR_INIT, STR_INIT, STR_INIT };
	size_t len = strlen(bytes);

	for (size_t step = 1; step <= len; step++) {
		draw(&seen, bytes, len, step);
		if (strcmp(str_cstr(&seen.text), wanted) != 0)
			fail_msg("in pieces of %zu: \"%s\", and not \"%s\"", step,
				 str_cstr(&seen.text), wanted);
	}
	seen_release(&seen);
}

static void
assert_coloured(const char *bytes, const char *wanted)
{
	struct seen seen = { STR_INIT, STR_INIT, STR_INIT };
	size_t len = strlen(bytes);

	for (size_t step = 1; step <= len; step++) {
		draw(&seen, bytes, len, step);
		if (strcmp(str_cstr(&seen.coloured), wanted) != 0)
			fail_msg("in pieces of %zu: \"%s\", and not \"%s\"", step,
				 str_cstr(&seen.coloured), wanted);
	}
	seen_release(&seen);
}

static void
push_colours_come_beside_the_text(void **state)
{
	(void)state;
	assert_drawn("\x1b[31mill\x1b[0m so\n", "ill so\n");
	assert_coloured("\x1b[31mill\x1b[0m so\n", "\x1b[0;38;5;1mill\x1b[0m so\n");
	assert_coloured("\x1b[1;4mA\x1b[38;2;1;2;3mB\n",
			"\x1b[0;1;4mA\x1b[0;1;4;38;2;1;2;3mB\x1b[0m\n");
	/* they end with the line */
	assert_coloured("\x1b[32mone\ntwo\n", "\x1b[0;38;5;2mone\x1b[0m\ntwo\n");
	/* what is drawn over has the look of what was drawn last */
	assert_coloured("\x1b[31m10%\r\x1b[32m20%\x1b[m\n", "\x1b[0;38;5;2m20%\x1b[0m\n");
	assert_coloured("\x1b[31mab\x1b[3Gc\n", "\x1b[0;38;5;1mabc\x1b[0m\n");
	/* no sequences of colours: a terminal's keyboard, and one that is too long to be one */
	assert_coloured("\x1b[>4;1mtext\n", "text\n");
	assert_coloured("plain\n", "plain\n");
}

static void
push_plain_text_comes_out_as_it_is(void **state)
{
	(void)state;
	assert_drawn("one\ntwo\n\nthree", "one\ntwo\n\nthree");
	assert_drawn("a\tb\n", "a\tb\n");
	assert_drawn("Grüße, 日本語 👍\n", "Grüße, 日本語 👍\n");
	assert_drawn("", "");
}

static void
push_invalid_utf8_comes_out_as_it_is(void **state)
{
	(void)state;
	assert_drawn("\xff\xfe x \xc3(\xe2\x82 y\xed\xa0\x80z\xf0\x9f\x91",
		     "\xff\xfe x \xc3(\xe2\x82 y"
		     "\xed\xa0\x80z\xf0\x9f"
		     "\x91");
	assert_drawn("\r\xff\r\xe2\x82\xac\n", "\xe2\x82\xac\n");
}

static void
push_carriage_return_begins_the_line_again(void **state)
{
	(void)state;
	assert_drawn("10%\r50%\r100%\ndone\n", "100%\ndone\n");
	assert_drawn("a long line\rshort\n", "shortg line\n"); /* as a terminal shows it */
	assert_drawn("windows\r\nlines\r\n", "windows\nlines\n");
	assert_drawn("50%\r", "50%");
	assert_drawn("⠋ installing\r✔ installed \n", "✔ installed \n");
	assert_drawn("ab\b\bxy\n", "xy\n");
	assert_drawn("\b\b\bxy\n", "xy\n");
}

static void
push_erasing_erases(void **state)
{
	(void)state;
	assert_drawn("a long line\r\x1b[Kshort\n", "short\n");
	assert_drawn("a long line\x1b[2K\rshort\n", "short\n");
	assert_drawn("a long line\r\x1b[Jshort\n", "short\n");
	assert_drawn("abc\x1b[1Kd\n", "   d\n");
	assert_drawn("abc\x1b[1Gx\n", "xbc\n");
	assert_drawn("abc\x1b[2Dx\n", "axc\n");
	assert_drawn("a\x1b[3Cb\n", "a   b\n");
	assert_drawn("a\x1b[99999999999Db\x1b[5000Dc\n", "c\n");
}

static void
push_other_lines_begin_a_line(void **state)
{
	(void)state;
	assert_drawn("one\x1b[1Atwo\x1b[2;5Hthree\x1b[2Jfour\n", "one\ntwo\nthree\nfour\n");
	assert_drawn("\x1b[H\x1b[2Jtop\n", "top\n");
}

static void
push_colours_and_titles_are_left_out(void **state)
{
	(void)state;
	assert_drawn("\x1b[1;32mok\x1b[0m\x1b[?25l\n", "ok\n");
	assert_drawn("\x1b]0;a title\x07text\n", "text\n");
	assert_drawn("\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\\n", "link\n");
	assert_drawn("\x1b(Bx\x1b"
		     "7y\x1b=z\x07\n",
		     "xyz\n");
}

static void
push_broken_sequences_swallow_nothing_behind_them(void **state)
{
	(void)state;
	assert_drawn("\x1b]0;no end\nnext\n", "\nnext\n");
	assert_drawn("\x1b[12\nnext\n", "\nnext\n");
	assert_drawn("a\x1b\x01"
		     "b\n",
		     "a\x1b\x01"
		     "b\n");
	assert_drawn("x\x1b", "x");
}

static void
push_long_line_goes_on_in_pieces(void **state)
{
	struct seen seen = { STR_INIT, STR_INIT, STR_INIT };
	struct str line = STR_INIT;

	(void)state;
	str_append_char(&line, '\r');
	str_append_repeated(&line, 'x', 100000);
	str_append_char(&line, '\n');
	draw(&seen, line.data, line.len, 1000);
	assert_int_equal(seen.text.len, 100001);
	str_release(&line);
	str_append_repeated(&line, '\r', 1 << 20);
	int64_t begin_ms = clock_mono_ms();
	draw(&seen, line.data, line.len, 65536);
	assert_in_range(clock_mono_ms() - begin_ms, 0, 5000);
	assert_int_equal(seen.text.len, 0);
	str_release(&line);
	seen_release(&seen);
}

static void
redrawn_is_told_before_something_is_drawn_over(void **state)
{
	static const char text[] = "10%\r50%\r\x1b[K100%\x1b[2K\rdone\r\n";
	struct seen seen = { STR_INIT, STR_INIT, STR_INIT };

	(void)state;
	draw(&seen, text, sizeof(text) - 1, 1);
	assert_string_equal(str_cstr(&seen.redrawn), "10%|50%|100%|done|");
	assert_string_equal(str_cstr(&seen.text), "done\n");
	draw(&seen, "plain\nlines\n", 12, 12);
	assert_int_equal(seen.redrawn.len, 0);
	seen_release(&seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_colours_come_beside_the_text),
		cmocka_unit_test(push_plain_text_comes_out_as_it_is),
		cmocka_unit_test(push_invalid_utf8_comes_out_as_it_is),
		cmocka_unit_test(push_carriage_return_begins_the_line_again),
		cmocka_unit_test(push_erasing_erases),
		cmocka_unit_test(push_other_lines_begin_a_line),
		cmocka_unit_test(push_colours_and_titles_are_left_out),
		cmocka_unit_test(push_broken_sequences_swallow_nothing_behind_them),
		cmocka_unit_test(push_long_line_goes_on_in_pieces),
		cmocka_unit_test(redrawn_is_told_before_something_is_drawn_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
