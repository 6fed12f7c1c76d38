#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/queue.h"
#include "run/state/event.h"

#include "harness.h"
#include "scenario.h"

/* The impact board: what was foreseen of each operation, and what probes observe. */

#define S(text) ((char[]){ text })

enum { NOW_S = 1795269600 + 38 * 60 + 42 }; /* the clock of the scenario */

static struct check_spec probe;

static struct impact_spec impact[] = {
	{ S("Running production workloads"), S("none"),
	  S("Requests go on with the configuration that was received last."), NULL },
	{ S("Local cluster operations"), S("limited"),
	  S("kubectl works; what a cluster knows about others grows old."), &probe },
	{ S("Metrics collection"), S("total"), S("None are collected from workload clusters."),
	  &probe },
	{ S("Management operations"), S("total"), S("Nothing central can be changed."), &probe },
};

static void
adjust(struct scenario *s)
{
	s->runbook.impact = impact;
	s->runbook.impact_count = 4;
}

static void
adjust_ascii(struct scenario *s)
{
	adjust(s);
	s->options.look.ascii = s->options.look.mono = true;
}

static void
looked(struct scenario *s, size_t index, int ago_s)
{
	struct run_event *event = run_event_new(EVENT_IMPACT, NULL, NULL);

	event->index = index;
	event->ts_ms = (NOW_S - ago_s) * INT64_C(1000);
	queue_push(s->link.events, event);
}

static void
stage_observed(struct scenario *s)
{
	stage_ready(s);
	scenario_push(s, RECORD_IMPACT,
		      "{\"index\":3,\"operation\":\"Management operations\",\"level\":\"total\","
		      "\"text\":\"no answer from 203.0.113.10\",\"predicted\":\"total\"}");
	scenario_push(s, RECORD_IMPACT,
		      "{\"index\":1,\"operation\":\"Local cluster operations\",\"level\":\"total\","
		      "\"text\":\"0 of 3 works; app-1: no connection to https://10.0.0.11:6443; "
		      "app-2: no connection to https://10.0.0.12:6443; app-3: 503 Service "
		      "Unavailable\",\"predicted\":\"limited\"}");
	scenario_push(s, RECORD_IMPACT,
		      "{\"index\":2,\"operation\":\"Metrics collection\",\"level\":\"none\","
		      "\"text\":null,\"predicted\":\"total\"}");
	looked(s, 3, 3);
	looked(s, 1, 12);
	looked(s, 2, 7);
}

/* What is outside our reach has hostile words, and one target may not be asked. */
static void
stage_hostile(struct scenario *s)
{
	stage_ready(s);
	scenario_push(
		s, RECORD_IMPACT,
		"{\"index\":2,\"operation\":\"Metrics\",\"level\":null,"
		"\"text\":\"users \\\"dr\\\" may not get deployments\",\"predicted\":\"total\"}");
	scenario_push(s, RECORD_IMPACT,
		      "{\"index\":3,\"operation\":\"Management operations\",\"level\":\"total\","
		      "\"text\":\"\\u001b]0;owned\\u0007 \\u001b[31mred\\u202e\",\"predicted\":"
		      "\"total\"}");
	looked(s, 3, 3);
}

static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 } };

static void
assert_pictures(const char *name, void (*stage)(struct scenario *),
		void (*prepare)(struct scenario *), const char *keys, const char *until)
{
	for (size_t i = 0; i < 3; i++) {
		struct tty *tty = scenario_start_adjusted(sizes[i][0], sizes[i][1], stage, prepare);

		tty_expect(tty, "Enter run");
		if (keys)
			tty_type(tty, keys);
		tty_expect(tty, until);
		tty_assert_golden(tty, name);
		tty_stop(tty);
	}
}

static void
board_focused(void **state)
{
	(void)state;
	assert_pictures("impact", stage_observed, adjust, "6", "2 not as foreseen");
}

static void
board_zoomed(void **state)
{
	(void)state;
	assert_pictures("impact-zoom", stage_observed, adjust, "6z", "app-3: 503");
}

static void
board_without_colour_and_unicode(void **state)
{
	(void)state;
	assert_pictures("impact-ascii", stage_observed, adjust_ascii, "6", "2 not as foreseen");
}

static void
board_before_anybody_looked(void **state)
{
	(void)state;
	assert_pictures("impact-foreseen", stage_ready, adjust, "6", "nobody has looked");
}

static void
board_with_hostile_texts_shows_them(void **state)
{
	struct tty *tty = scenario_start_adjusted(120, 36, stage_hostile, adjust);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "6z");
	tty_expect(tty, "cannot be told");
	tty_expect(tty, "^[]0;owned^G ^[[31mred<U+202E>");
	tty_expect(tty, "may not get deployments");
	scenario_leave(tty);
}

static void
cursor_moves_and_details_follow(void **state)
{
	struct tty *tty = scenario_start_adjusted(120, 36, stage_observed, adjust);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "6z");
	tty_expect(tty, "app-3: 503");
	tty_expect_cursor(tty, 4, 0); /* what is worst, and not as foreseen */
	tty_type(tty, "j");
	tty_expect_cursor(tty, 5, 0);
	tty_type(tty, "G");
	tty_expect_cursor(tty, 6, 0);
	tty_type(tty, "g");
	tty_expect_cursor(tty, 3, 0);
	scenario_leave(tty);
}

static void
board_of_few_rows_begins_with_the_worst(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 15, stage_observed, adjust);
	char *text;

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "6");
	tty_expect(tty, "2 not as foreseen");
	tty_settle(tty);
	text = tty_text(tty);
	char *worst = strstr(text, "Local cluster operations");
	char *well = strstr(text, "Running production workloads");
	if (!worst || (well && well < worst))
		fail_msg("%s", text);
	free(text);
	scenario_leave(tty);
}

static void
search_finds_what_was_foreseen(void **state)
{
	struct tty *tty = scenario_start_adjusted(120, 36, stage_observed, adjust);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "6/grows old\r");
	tty_expect(tty, "match 1 of 1");
	scenario_leave(tty);
}

static void
runbook_without_impact_says_so(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "6j");
	tty_expect(tty, "does not say what the failure takes away");
	scenario_leave(tty);
}

static void
plain_shows_the_board_at_first_and_when_asked(void **state)
{
	struct play play = { .stage = stage_observed, .adjust = adjust, .plain = true };
	struct tty *tty = tty_start(110, 70, scenario_play, &play);

	(void)state;
	tty_expect(tty, "Impact: 2 of 4 impaired, 2 not as foreseen");
	tty_expect(tty, "  observed  NOW ✓ works since 14:09:00Z, looked 7s ago");
	tty_expect(tty, "14:09:00Z Metrics collection: works (foreseen: total)");
	tty_expect(tty, "show the impact board");
	tty_choose(tty, "show the impact board");
	tty_settle(tty);
	char *text = tty_text(tty), *first = strstr(text, "Impact: 2 of 4");
	assert_non_null(first);
	if (!strstr(first + 1, "Impact: 2 of 4"))
		fail_msg("%s", text);
	free(text);
	tty_stop(tty);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(board_focused),
		cmocka_unit_test(board_zoomed),
		cmocka_unit_test(board_without_colour_and_unicode),
		cmocka_unit_test(board_before_anybody_looked),
		cmocka_unit_test(board_with_hostile_texts_shows_them),
		cmocka_unit_test(cursor_moves_and_details_follow),
		cmocka_unit_test(board_of_few_rows_begins_with_the_worst),
		cmocka_unit_test(search_finds_what_was_foreseen),
		cmocka_unit_test(runbook_without_impact_says_so),
		cmocka_unit_test(plain_shows_the_board_at_first_and_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
