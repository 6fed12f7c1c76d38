#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "scenario.h"

/* What is seen while a run is being begun, which goes on for as long as the test wants it to. */

static int gate[2]; /* one byte lets it go on: 'y', it has begun; else it cannot */

static const struct run_link *
begin(void *data, struct err *e)
{
	struct scenario *s = data;
	char how = '\0';

	if (read(gate[0], &how, 1) != 1)
		how = 'n';
	if (how == 'y')
		return &s->link;
	err_set(e, ERR_IO, "making the folder of the run: no space left");
	return NULL;
}

static void
begins(struct scenario *s)
{
	static struct ui_beginning beginning = { .mode = "live", .begin = begin };

	beginning.data = s;
	s->options.beginning = &beginning;
}

static struct tty *
start(int columns, int rows, bool plain)
{
	static struct play play = { .stage = stage_ready, .adjust = begins };

	play.plain = plain;
	assert_int_equal(pipe(gate), 0);
	return tty_start(columns, rows, scenario_play, &play);
}

static void
let_it(const char *how)
{
	assert_int_equal(write(gate[1], how, 1), 1);
	close(gate[0]);
	close(gate[1]);
}

static void
steps_are_seen_before_the_run_is_there(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 160, 48 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tty *tty = start(sizes[i][0], sizes[i][1], false);

		tty_expect(tty, "Nothing has begun yet");
		tty_assert_golden(tty, "beginning");
		let_it("y");
		tty_expect(tty, "step signing-key is ready");
		tty_expect_gone(tty, "Nothing has begun yet");
		scenario_leave(tty);
	}
}

/* A key of that time would be about what nobody has seen. */
static void
keys_before_the_run_is_there_are_dropped(void **state)
{
	struct tty *tty = start(80, 24, false);

	(void)state;
	tty_expect(tty, "Nothing has begun yet");
	tty_type(tty, "\ry");
	let_it("y");
	tty_expect(tty, "step signing-key is ready");
	tty_settle(tty);
	char *text = tty_text(tty);
	assert_null(strstr(text, "Run this step?"));
	free(text);
	scenario_leave(tty);
}

static void
assert_fails(struct tty *tty)
{
	tty_expect_report(tty, "making the folder of the run: no space left");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), 100);
	assert_false(tty_alternate(tty));
	tty_stop(tty);
}

static void
run_that_cannot_begin_gives_the_terminal_back(void **state)
{
	struct tty *tty = start(80, 24, false);

	(void)state;
	tty_expect(tty, "Nothing has begun yet");
	let_it("n");
	assert_fails(tty);
}

static void
plain_run_that_cannot_begin_says_nothing_else(void **state)
{
	struct tty *tty = start(80, 24, true);

	(void)state;
	let_it("n");
	assert_fails(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_seen_before_the_run_is_there),
		cmocka_unit_test(keys_before_the_run_is_there_are_dropped),
		cmocka_unit_test(run_that_cannot_begin_gives_the_terminal_back),
		cmocka_unit_test(plain_run_that_cannot_begin_says_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
