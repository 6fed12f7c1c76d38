#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "harness.h"
#include "ui/keys/rebind.h"
#include "ui/start/start_page.h"
#include "ui/ui.h"

static struct start_entry *
entry(enum start_kind kind, enum start_state state, const char *id, const char *title,
      const char *about, const char *details)
{
	struct start_entry *made = xcalloc(1, sizeof(*made));

	*made = (struct start_entry){
		.kind = kind,
		.state = state,
		.word = xstrdup(id),
		.id = xstrdup(id),
		.title = xstrdup(title),
		.about = xstrdup(about),
		.details = xstrdup(details),
		.runbook = xstrdup(kind == START_RUNBOOK ? id : "management-plane-restore"),
	};
	return made;
}

static void
collect_runs(struct start_inbox *inbox)
{
	static const char title[] = "Restore the Management Plane on a new cluster";

	start_inbox_note(inbox, "management-plane-restore", "last 2026-11-20 by ana: recovered");
	start_inbox_add(
		inbox,
		entry(START_OPEN_RUN, START_HELD, "20261121T140732-7f3a", title,
		      "held, step 4 of 18",
		      "management-plane-restore 1.0.0, begun 2026-11-21 14:07Z by ana@db1. ana, "
		      "pid 4711 on db1 works on it: it can be looked on at."));
	start_inbox_add(inbox,
			entry(START_OPEN_RUN, START_UNKNOWN, "20261121T120000-aaaa", title,
			      "UNKNOWN OUTCOME, step 7 of 18",
			      "Step rotate-tokens may or may not have happened; taking the run up "
			      "looks into that."));
	start_inbox_add(inbox, entry(START_OPEN_RUN, START_LEFT, "20261120T090000-bbbb",
				     "A title from outside \033[31m\xe2\x80\xae",
				     "left, step 2 of 3", "It was left at step two."));
	start_inbox_add(inbox, entry(START_ENDED_RUN, START_PASSED, "20261120T080000-cccc", title,
				     "2026-11-20 recovered", "It ended as recovered."));
	start_inbox_add(inbox, entry(START_ENDED_RUN, START_FAILED, "20261119T080000-dddd", title,
				     "2026-11-19 escalated", "It ended as escalated."));
}

static void
collect_runbooks(struct start_inbox *inbox)
{
	start_inbox_add(inbox,
			entry(START_RUNBOOK, START_SOUND, "first-steps", "First steps in the boat",
			      "1.0.0", "first-steps 1.0.0, 14 steps, runbooks/first-steps.yaml."));
	start_inbox_add(inbox,
			entry(START_RUNBOOK, START_BROKEN, "half-written",
			      "This runbook has errors, and cannot be run", "3 errors",
			      "half-written.yaml has errors. lifeboat lint half-written.yaml shows "
			      "the errors."));
	start_inbox_add(inbox, entry(START_RUNBOOK, START_SOUND, "management-plane-restore",
				     "Restore the Management Plane on a new cluster", "1.0.0",
				     "management-plane-restore 1.0.0, 18 steps."));
}

static void
collect_many(struct start_inbox *inbox)
{
	for (int i = 0; i < 200; i++) {
		char *id = xasprintf("runbook-%03d", i);

		start_inbox_add(inbox,
				entry(START_RUNBOOK, START_SOUND, id, "One of many", "1.0.0", id));
		free(id);
	}
}

/* A disk that does not answer: gone with the process. */
static void
collect_nothing_ever(struct start_inbox *inbox)
{
	(void)inbox;
	for (;;)
		pause();
}

static void
show(const struct start_entry *entry, int columns, struct str *out)
{
	str_printf(out, "# %s\n\nAll about it, in %d columns.\n", entry->id, columns);
	for (int i = 1; i <= 60; i++)
		str_printf(out, "line %d\n", i);
}

static int64_t
noon(void)
{
	int64_t ms = 0;

	clock_parse_utc("2026-11-21T14:30:00Z", &ms);
	return ms;
}

static const struct start_collector usual[] = { { collect_runs }, { collect_runbooks }, { NULL } };
static const struct start_collector none[] = { { NULL } };
static const struct start_collector many[] = { { collect_many }, { NULL } };
static const struct start_collector hanging[] = {
	{ collect_nothing_ever },
	{ collect_runbooks },
	{ NULL },
};

struct scene {
	const struct start_collector *collectors;
	struct ui_look look;
	const struct key_override *keys;
	size_t keys_count;
};

static int
play(void *data)
{
	static const char *const actions[] = { "LEAVE", "BEGIN", "RESUME", "FOLLOW" };
	const struct scene *scene = data;
	const struct start_source source = { scene->collectors, show, false, noon };
	struct err e = ERR_INIT;
	enum start_action action;
	char *word, *line;

	setlocale(LC_ALL, "C.UTF-8");
	if (scene->keys_count)
		keymap_rebind(scene->keys, scene->keys_count);
	if (ui_open(&scene->look, &e) < 0)
		return 100;
	ui_start_page(&source, &action, &word);
	ui_close();
	line = xasprintf("%s %s", actions[action], word ? word : "-");
	tty_report(line);
	free(line);
	free(word);
	keymap_reset();
	return 0;
}

static struct tty *
begin(int columns, int rows, struct scene *scene)
{
	return tty_start(columns, rows, play, scene);
}

static void
end(struct tty *tty, const char *report)
{
	tty_expect_report(tty, report);
	assert_int_equal(tty_wait_end(tty), 0);
	assert_false(tty_alternate(tty));
	tty_stop(tty);
}

static void
start_page_looks_as_it_should(void **state)
{
	static const int sizes[][2] = { { 60, 15 }, { 80, 24 }, { 120, 36 }, { 160, 48 } };
	struct scene scene = { .collectors = usual };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct tty *tty = begin(sizes[i][0], sizes[i][1], &scene);

		tty_expect(tty, "Open runs");
		tty_expect_gone(tty, "Reading");
		tty_assert_golden(tty, "start");
		tty_type(tty, "q");
		end(tty, "LEAVE -");
	}
}

static void
start_page_mono_ascii_looks_as_it_should(void **state)
{
	struct scene scene = { .collectors = usual, .look = { .ascii = true, .mono = true } };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect_gone(tty, "Reading");
	tty_assert_golden(tty, "start-mono-ascii");
	tty_type(tty, "q");
	end(tty, "LEAVE -");
}

static void
start_page_empty_library_says_what_to_do(void **state)
{
	struct scene scene = { .collectors = none };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect(tty, "LIFEBOAT_RUNBOOKS");
	tty_assert_golden(tty, "start-empty");
	tty_type(tty, "\rv");
	tty_type(tty, "q");
	end(tty, "LEAVE -");
}

static void
start_page_enter_chooses_by_what_the_row_is(void **state)
{
	static const struct {
		const char *keys, *bar, *report;
	} cases[] = {
		{ "", "Enter follow", "FOLLOW 20261121T140732-7f3a" },
		{ "j", "Enter resume", "RESUME 20261121T120000-aaaa" },
		{ "jjj", "Enter run", "BEGIN first-steps" },
	};
	struct scene scene = { .collectors = usual };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tty *tty = begin(80, 24, &scene);

		tty_expect(tty, "Open runs");
		tty_expect_gone(tty, "Reading");
		tty_type(tty, cases[i].keys);
		tty_expect(tty, cases[i].bar);
		tty_type(tty, "\r");
		end(tty, cases[i].report);
	}
}

static void
start_page_broken_runbook_shows_its_errors_only(void **state)
{
	struct scene scene = { .collectors = usual };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect_gone(tty, "Reading");
	tty_type(tty, "/half\r");
	tty_expect(tty, "Enter errors");
	tty_assert_golden(tty, "start-filtered");
	tty_type(tty, "\r");
	tty_expect(tty, "All about it");
	tty_assert_golden(tty, "start-view");
	tty_type(tty, "G");
	tty_expect(tty, "line 60");
	tty_type(tty, "q");
	tty_expect(tty, "half-written.yaml");
	tty_type(tty, "/\033");
	tty_expect(tty, "Open runs");
	tty_type(tty, "q");
	end(tty, "LEAVE -");
}

static void
start_page_cursor_is_on_the_row(void **state)
{
	struct scene scene = { .collectors = usual };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect_gone(tty, "Reading");
	tty_expect_cursor(tty, 2, 0);
	tty_type(tty, "j");
	tty_expect_cursor(tty, 3, 0);
	tty_type(tty, "G");
	tty_expect(tty, "Enter report");
	tty_type(tty, "q");
	end(tty, "LEAVE -");
}

static void
start_page_many_rows_scroll(void **state)
{
	struct scene scene = { .collectors = many };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect(tty, "runbook-000");
	tty_type(tty, "G");
	tty_expect(tty, "runbook-199");
	tty_type(tty, "g");
	tty_expect(tty, "Runbooks");
	tty_type(tty, "\006");
	tty_expect(tty, "runbook-016");
	tty_type(tty, "q");
	end(tty, "LEAVE -");
}

static void
start_page_what_hangs_holds_up_nobody(void **state)
{
	struct scene scene = { .collectors = hanging };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect(tty, "management-plane-restore");
	tty_expect(tty, "Reading runbooks and runs");
	tty_type(tty, "\r");
	tty_expect(tty, "Still reading");
	tty_type(tty, "j\r");
	tty_expect(tty, "All about it");
	tty_type(tty, "qj\r");
	end(tty, "BEGIN management-plane-restore");
}

static void
start_page_resize_and_hang_up(void **state)
{
	struct scene scene = { .collectors = usual };
	struct tty *tty = begin(160, 48, &scene);

	(void)state;
	tty_expect(tty, "Open runs");
	tty_resize(tty, 50, 10);
	tty_expect(tty, "too small: 50x10");
	tty_type(tty, "\r");
	tty_settle(tty);
	tty_resize(tty, 80, 24);
	tty_expect_gone(tty, "Reading");
	tty_assert_golden(tty, "start");
	tty_signal(tty, SIGHUP);
	end(tty, "LEAVE -");
}

static void
start_page_paste_chooses_nothing(void **state)
{
	struct scene scene = { .collectors = usual };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect_gone(tty, "Reading");
	tty_type(tty, "\033[200~q\r\r\033[201~");
	tty_expect(tty, "Pasted text");
	tty_type(tty, "q");
	end(tty, "LEAVE -");
}

static void
start_page_help_lists_the_keys(void **state)
{
	struct scene scene = { .collectors = usual };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect_gone(tty, "Reading");
	tty_type(tty, "?");
	tty_expect(tty, "Marks");
	tty_assert_golden(tty, "start-help");
	tty_type(tty, "\033");
	tty_expect(tty, "Open runs");
	tty_type(tty, "q");
	end(tty, "LEAVE -");
}

static void
start_page_rebound_keys_are_shown_and_work(void **state)
{
	static const struct key_override keys[] = {
		{ "leave", { 'Q' } },
		{ "start-open", { 'o' } },
	};
	struct scene scene = { .collectors = usual, .keys = keys, .keys_count = 2 };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect_gone(tty, "Reading");
	tty_expect(tty, "o follow");
	tty_expect(tty, "Q leave");
	tty_type(tty, "q\r");
	tty_type(tty, "jo");
	end(tty, "RESUME 20261121T120000-aaaa");
}

/* It goes to a row and scrolls what is shown; only a key opens. */
static void
start_mouse_goes_to_a_row_and_opens_none(void **state)
{
	struct scene scene = { .collectors = usual, .look = { .mouse = true } };
	struct tty *tty = begin(80, 24, &scene);

	(void)state;
	tty_expect(tty, "Open runs");
	tty_expect_gone(tty, "Reading");
	assert_true(tty_mouse(tty));
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "half-written"), 10);
	tty_expect(tty, "lint half-written.yaml");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "Runbooks"), 1); /* a heading */
	tty_press(tty, TTY_WHEEL_DOWN, 3, 3);
	tty_expect(tty, "management-plane-restore 1.0.0, 18");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "first-steps"), 1);
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "first-steps"), 1);
	tty_expect(tty, "1.0.0, 14 steps");
	tty_type(tty, "v");
	tty_expect(tty, "line 5");
	tty_press(tty, TTY_WHEEL_DOWN, 10, 10);
	tty_expect_gone(tty, "All about it");
	tty_press(tty, TTY_LEFT, 10, 10);
	tty_press(tty, TTY_WHEEL_UP, 10, 10);
	tty_expect(tty, "All about it");
	tty_type(tty, "q\r");
	end(tty, "BEGIN first-steps");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_page_looks_as_it_should),
		cmocka_unit_test(start_mouse_goes_to_a_row_and_opens_none),
		cmocka_unit_test(start_page_mono_ascii_looks_as_it_should),
		cmocka_unit_test(start_page_empty_library_says_what_to_do),
		cmocka_unit_test(start_page_enter_chooses_by_what_the_row_is),
		cmocka_unit_test(start_page_broken_runbook_shows_its_errors_only),
		cmocka_unit_test(start_page_cursor_is_on_the_row),
		cmocka_unit_test(start_page_many_rows_scroll),
		cmocka_unit_test(start_page_what_hangs_holds_up_nobody),
		cmocka_unit_test(start_page_resize_and_hang_up),
		cmocka_unit_test(start_page_paste_chooses_nothing),
		cmocka_unit_test(start_page_help_lists_the_keys),
		cmocka_unit_test(start_page_rebound_keys_are_shown_and_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
