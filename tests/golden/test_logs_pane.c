#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "fake_logs.h"
#include "harness.h"
#include "scenario.h"

static struct pane_spec logs[] = {
	{ .target = (char[]){ "management" }, .selector = (char[]){ "app=tsb" } },
	{ .target = (char[]){ "management" }, .ns = (char[]){ "istio-system" } },
};

static const char operator_pod[] = "tsb-operator-7f9c8d5b6-x2k4q/manager";
static const char envoy_pod[] = "envoy-5d4f-8zz2k/envoy";

/* "2026-11-21T14:05:07.000000042Z" */
static void
stamp_of(int number, char out[40])
{
	snprintf(out, 40, "2026-11-21T14:%02d:%02d.%03d000042Z", number / 60 % 60, number % 60,
		 number % 1000);
}

static void
add(struct log_feed *feed, const char *origin, const char *text)
{
	uint64_t first, next;
	char stamp[40];

	log_feed_range(feed, &first, &next);
	stamp_of((int)next, stamp);
	fake_logs_add(feed, origin, stamp, text);
}

static void
add_numbered(struct log_feed *feed, int first, int count)
{
	char text[80];

	for (int i = first; i < first + count; i++) {
		snprintf(text, sizeof(text), "line %d of the operator%s", i,
			 i % 50 == 7 ? ": error, not reconciled" : "");
		add(feed, operator_pod, text);
	}
}

/* All kinds of lines, of two streams. */
static void
fill_mixed(struct log_feed *feed, const struct feed_source *source)
{
	struct feed_health health = { .state = FEED_LIVE };

	if (source->previous) {
		add(feed, operator_pod, "panic: the last words before the restart");
		return;
	}
	if (source->ns && strcmp(source->ns, "istio-system") == 0) {
		add(feed, "istiod-1", "another source");
		return;
	}
	add_numbered(feed, 0, 8);
	add(feed, operator_pod,
	    "{\"level\":\"error\",\"ts\":1795269600.5,\"msg\":\"cannot reach the database\","
	    "\"host\":\"pg-0\",\"attempt\":3}");
	add(feed, envoy_pod,
	    "[2026-11-21 14:00:09.118][1][warning][config] gRPC stream closed: 14");
	fake_logs_mark(feed, "tsb-operator-7f9c8d5b6-x2k4q/manager: stream reopened");
	add(feed, operator_pod,
	    "a long line that says much about little, and goes on doing so until whoever reads it "
	    "has forgotten how it began, which is a pity, for it began with nothing at all");
	add(feed, envoy_pod, "E1121 14:00:12.000000 1 server.go:42] TLS handshake error: EOF");
	add(feed, operator_pod, "colours are made visible: ^[[31mred");
	health.skipped = 2;
	snprintf(health.skipped_why, sizeof(health.skipped_why), "no time stamp");
	fake_logs_set_health(feed, &health, 2);
}

static void
fill_many(struct log_feed *feed, const struct feed_source *source)
{
	(void)source;
	add_numbered(feed, 0, 400);
	fake_logs_keep(feed, 300);
}

static void
with_logs(struct scenario *s)
{
	s->runbook.panes = (struct pane_set){ .logs = logs, .logs_count = 2 };
}

static void
with_mixed(struct scenario *s)
{
	with_logs(s);
	fake_logs_fill = fill_mixed;
}

/* What a test types as a note makes lines come in: "30" is thirty more of them. */
static void
more_lines(struct scenario *s, const struct intent *intent)
{
	uint64_t first, next;

	(void)s;
	if (intent->type != INTENT_NOTE || !fake_logs_now)
		return;
	log_feed_range(fake_logs_now, &first, &next);
	add_numbered(fake_logs_now, (int)next, atoi(intent->text));
}

static void
with_many(struct scenario *s)
{
	with_logs(s);
	fake_logs_fill = fill_many;
	s->answer = more_lines;
}

static struct tty *
start(int columns, int rows, void (*adjust)(struct scenario *))
{
	struct tty *tty = scenario_start_adjusted(columns, rows, stage_ready, adjust);

	tty_expect(tty, "Enter run");
	tty_type(tty, "4");
	tty_expect(tty, "/ search");
	return tty;
}

/* As programs write to a terminal: what says something is kept, what hides or imitates is not. */
static void
fill_coloured(struct log_feed *feed, const struct feed_source *source)
{
	(void)source;
	add(feed, operator_pod,
	    "\033[32mINFO\033[0m  \033[1mready\033[0m after \033[4m12 s\033[0m");
	add(feed, operator_pod,
	    "\033[90m14:00:01\033[0m \033[38;5;208morange\033[0m \033[38;2;250;250;140mpale\033[m");
	add(feed, operator_pod, "\033[41;97mFATAL\033[0m in the colour of its ground, bold");
	add(feed, operator_pod,
	    "\033[30;40mhidden\033[0m, \033[8mconcealed\033[28m, \033[7mreverse\033[0m: all to be "
	    "read");
	add(feed, operator_pod, "\033[31mno end of it");
	add(feed, operator_pod,
	    "and the next line is plain \033[2J\033[1;1Hno cursor moves \033]0;t\a");
	add(feed, operator_pod,
	    "\033[33m{\"level\":\"error\",\"msg\":\"JSON has its own looks\"}\033[0m");
	add(feed, operator_pod, "level=warn \033[36mcyan\033[0m in a warning");
}

static void
with_coloured(struct scenario *s)
{
	with_logs(s);
	fake_logs_fill = fill_coloured;
}

static void
with_coloured_mono(struct scenario *s)
{
	with_coloured(s);
	s->options.look.mono = true;
}

static void
with_coloured_few(struct scenario *s)
{
	with_coloured(s);
	setenv("TERM", "xterm", 1);
}

/* The same golden screen in the three sizes that the layout knows. */
static void
assert_golden_sizes(const char *name, void (*adjust)(struct scenario *), const char *keys,
		    const char *until)
{
	static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 } };

	for (size_t i = 0; i < 3; i++) {
		struct tty *tty = start(sizes[i][0], sizes[i][1], adjust);

		tty_type(tty, keys);
		tty_expect(tty, until);
		tty_assert_golden(tty, name);
		tty_stop(tty);
	}
}

static void
screen_follows_all_kinds_of_lines(void **state)
{
	(void)state;
	assert_golden_sizes("logs-follow", with_mixed, "", "colours are made visible");
}

static void
screen_obeys_colours_that_hide_nothing(void **state)
{
	(void)state;
	assert_golden_sizes("logs-colours", with_coloured, "z", "in a warning");
}

static void
screen_colours_without_or_with_few_colours(void **state)
{
	static const struct {
		const char *name;
		void (*adjust)(struct scenario *);
	} cases[] = {
		{ "logs-colours-mono", with_coloured_mono },
		{ "logs-colours-eight", with_coloured_few },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tty *tty = start(80, 24, cases[i].adjust);

		tty_type(tty, "z");
		tty_expect(tty, "FATAL");
		tty_assert_golden(tty, cases[i].name);
		tty_stop(tty);
	}
}

/* What a search finds is found in the text that is seen, and marked over its colours. */
static void
screen_search_is_marked_over_colours(void **state)
{
	struct tty *tty = start(80, 24, with_coloured);

	(void)state;
	tty_type(tty, "z/ready after\r");
	tty_expect(tty, "match 1 of 1");
	tty_assert_golden(tty, "logs-colours-search");
	tty_stop(tty);
}

static void
screen_search_marks_and_counts_matches(void **state)
{
	(void)state;
	assert_golden_sizes("logs-search", with_many, "/error\r", "match 6 of 6");
}

static void
screen_filter_hides_the_rest_but_no_remarks(void **state)
{
	(void)state;
	assert_golden_sizes("logs-filter", with_mixed, "f/error|warning/\r",
			    "filter /error|warning/");
}

static void
screen_cut_lines_with_times_and_raw_json(void **state)
{
	(void)state;
	assert_golden_sizes("logs-cut", with_mixed, "wtJ", "14:00:13.013");
}

static void
screen_top_tells_what_is_no_longer_kept(void **state)
{
	(void)state;
	assert_golden_sizes("logs-top", with_many, "g", "-- 100 lines no longer kept");
}

static void
screen_wrong_expression_is_explained_where_it_is_typed(void **state)
{
	(void)state;
	assert_golden_sizes("logs-entry", with_mixed, "//[0-9\r", "terminating ]");
}

static void
search_has_the_keys_n_until_escape(void **state)
{
	struct tty *tty = start(80, 24, with_many);

	(void)state;
	tty_type(tty, "/error\r");
	tty_expect(tty, "match 6 of 6");
	tty_expect(tty, "line 357 of the operator: error");
	tty_expect(tty, "n next");
	tty_type(tty, "N");
	tty_expect(tty, "match 5 of 6");
	tty_type(tty, "NNNN");
	tty_expect(tty, "match 1 of 6");
	tty_expect(tty, "line 107 of the operator: error");
	tty_type(tty, "N");
	tty_expect(tty, "No match further up");
	tty_type(tty, "n");
	tty_expect(tty, "match 2 of 6");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "match 2 of 6");
	tty_expect(tty, "n note");
	tty_type(tty, "n");
	tty_expect(tty, "A remark for the journal");
	tty_type(tty, "\033");
	scenario_leave(tty);
}

static void
search_without_match_says_so_and_follows(void **state)
{
	struct tty *tty = start(80, 24, with_many);

	(void)state;
	tty_type(tty, "/nowhere\r");
	tty_expect(tty, "No line matches nowhere");
	tty_expect(tty, "0 matches");
	tty_expect(tty, "line 399 of the operator");
	scenario_leave(tty);
}

/* Of the matches only those are gone to that the filter shows. */
static void
search_passes_over_what_the_filter_hides(void **state)
{
	struct tty *tty = start(80, 24, with_many);

	(void)state;
	tty_type(tty, "f7 of\r");
	tty_expect(tty, "filter 7 of");
	tty_type(tty, "/line 3\r");
	tty_expect(tty, "line 397 of the operator");
	tty_type(tty, "N");
	tty_expect(tty, "line 387 of the operator");
	tty_expect_gone(tty, "line 388 of the operator");
	scenario_leave(tty);
}

static void
pause_counts_new_lines_until_followed_again(void **state)
{
	struct tty *tty = start(120, 36, with_many);

	(void)state;
	tty_expect(tty, "line 399 of the operator");
	tty_type(tty, "p");
	tty_expect(tty, "paused, 0 new lines, G");
	tty_type(tty, "n");
	tty_expect(tty, "A remark for the journal");
	tty_type(tty, "30\r");
	tty_expect(tty, "paused, 30 new lines");
	tty_expect(tty, "line 399 of the operator");
	tty_type(tty, "G");
	tty_expect_gone(tty, "paused");
	tty_expect(tty, "line 429 of the operator");
	tty_type(tty, "\033OA"); /* up */
	tty_expect(tty, "paused, 0 new lines");
	tty_expect_gone(tty, "line 429 of the operator");
	tty_type(tty, "\033OB");
	tty_expect_gone(tty, "paused");
	scenario_leave(tty);
}

/* By rows, not by lines: every row of a long line can be reached. */
static void
fill_one_long(struct log_feed *feed, const struct feed_source *source)
{
	struct str text = STR_INIT;

	(void)source;
	for (int i = 0; i < 100; i++)
		str_printf(&text, "word-%03d ", i);
	add(feed, operator_pod, "the line above");
	add(feed, operator_pod, str_cstr(&text));
	str_release(&text);
}

static void
with_long(struct scenario *s)
{
	with_logs(s);
	fake_logs_fill = fill_one_long;
}

static void
scrolling_goes_by_rows_of_a_long_line(void **state)
{
	struct tty *tty = start(80, 24, with_long);

	(void)state;
	tty_expect(tty, "word-099");
	tty_expect_gone(tty, "word-000");
	tty_type(tty, "kk");
	tty_expect_gone(tty, "word-099");
	tty_type(tty, "g");
	tty_expect(tty, "the line above");
	tty_expect(tty, "word-000");
	tty_type(tty, " ");
	tty_expect_gone(tty, "the line above");
	scenario_leave(tty);
}

static void
cut_lines_move_sideways(void **state)
{
	struct tty *tty = start(80, 24, with_long);

	(void)state;
	tty_type(tty, "\033OC");
	tty_expect(tty, "Lines are wrapped");
	tty_type(tty, "w");
	tty_expect(tty, "word-000");
	tty_expect(tty, "…");
	tty_type(tty, "\033OC\033OC");
	tty_expect_gone(tty, "word-000");
	tty_expect(tty, "word-011");
	tty_type(tty, "\033OD\033OD\033OD");
	tty_expect(tty, "word-000");
	scenario_leave(tty);
}

static void
other_source_and_previous_log_start_afresh(void **state)
{
	struct tty *tty = start(120, 36, with_mixed);

	(void)state;
	tty_type(tty, "/operator\rkkk");
	tty_expect(tty, "paused");
	tty_type(tty, "]");
	tty_expect(tty, "another source");
	tty_expect_gone(tty, "paused");
	tty_expect(tty, "0 matches");
	tty_type(tty, "[");
	tty_expect(tty, "colours are made visible");
	tty_type(tty, "P");
	tty_expect(tty, "panic: the last words before the restart");
	tty_type(tty, "P");
	tty_expect(tty, "colours are made visible");
	scenario_leave(tty);
}

static void
entry_brings_back_what_was_entered_and_takes_pastes(void **state)
{
	struct tty *tty = start(80, 24, with_many);

	(void)state;
	tty_type(tty, "/first\r");
	tty_expect(tty, "0 matches");
	tty_type(tty, "/");
	tty_expect(tty, "Search the logs:");
	tty_type(tty, "\033[200~sec\nond q\033[201~");
	tty_expect(tty, "Search the logs: sec ond q");
	tty_type(tty, "\r");
	tty_expect_gone(tty, "Search the logs:");
	tty_type(tty, "/dra\033OA");
	tty_expect(tty, "Search the logs: sec ond q");
	tty_type(tty, "\033OA");
	tty_expect(tty, "Search the logs: first");
	tty_type(tty, "\033OB\033OB");
	tty_expect(tty, "Search the logs: dra");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "Search the logs:");
	tty_type(tty, "f\033OA");
	tty_expect(tty, "Show only lines with:");
	tty_expect_gone(tty, "Show only lines with: first");
	tty_type(tty, "\003");
	tty_expect_gone(tty, "Show only lines with:");
	scenario_leave(tty);
}

static char folder[] = "/tmp/lifeboat-logs-XXXXXX";

static void
save_writes_what_the_filter_shows_and_never_over_a_file(void **state)
{
	struct tty *tty;
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct stat info;
	char *path = xasprintf("%s/kept.log", folder), *keys = xasprintf("\025%s\r", path);

	(void)state;
	tty = start(120, 36, with_many);
	tty_type(tty, "ferror\r");
	tty_expect(tty, "filter error");
	tty_type(tty, "S");
	tty_expect(tty, "Save the log as lifeboat-20261121-7f3a-app-tsb-20261121T143842Z.log");
	tty_type(tty, keys);
	tty_expect(tty, "Saved 6 lines of the filter, secrets redacted, to ");
	tty_type(tty, "S");
	tty_expect(tty, "Save the log as");
	tty_type(tty, keys);
	tty_expect(tty, "File exists");
	tty_expect(tty, "Save the log as");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "Save the log as");
	scenario_leave(tty);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
	assert_non_null(strstr(str_cstr(&text), "line 107 of the operator: error"));
	assert_null(strstr(str_cstr(&text), "line 108"));
	unlink(path);
	str_release(&text);
	free(path);
	free(keys);
}

/* What takes long is done in pieces: keys are answered meanwhile, and nothing is lost in the end. */
static void
fill_huge(struct log_feed *feed, const struct feed_source *source)
{
	(void)source;
	fake_logs_add(feed, "pod", "", "the needle, which is the oldest line of all");
	for (int i = 0; i < 300000; i++)
		fake_logs_add(feed, "pod", "",
			      "2026-11-21T14:00:00Z INFO some service did what it does all day");
}

static void
with_huge(struct scenario *s)
{
	with_logs(s);
	fake_logs_fill = fill_huge;
}

static void
search_of_many_lines_leaves_the_keys_alone(void **state)
{
	struct tty *tty = start(80, 24, with_huge);

	(void)state;
	tty_type(tty, "//n(e|x)+dl.*oldest/\r1");
	tty_expect(tty, "Tab pane"); /* of the steps: the key was answered */
	tty_type(tty, "4");
	tty_expect(tty, "match 1 of 1");
	tty_expect(tty, "the needle");
	scenario_leave(tty);
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* The last lines of every source, each with whose it is. */
static void
plain_shows_the_last_lines_when_asked(void **state)
{
	struct play play = { .stage = stage_ready, .adjust = with_many, .plain = true };
	struct tty *tty = tty_start(110, 70, scenario_play, &play);

	(void)state;
	tty_choose(tty, "show the logs");
	tty_expect(tty, "logs of mgmt-b/tsb app=tsb: the last 20 lines; ");
	tty_expect(tty, "  tsb-operator-7f9c8d5b6-x2k4q/manager: line 399 of the operator");
	char *text = tty_text(tty);
	assert_null(strstr(text, "line 379 of"));
	assert_non_null(strstr(text, "line 380 of"));
	free(text);
	tty_choose(tty, "leave");
	tty_stop(tty);
}

/* Of all lines that are kept those that match, the last so many of them. */
static void
plain_logs_are_filtered_and_counted(void **state)
{
	struct play play = { .stage = stage_ready, .adjust = with_many, .plain = true };
	struct tty *tty = tty_start(110, 70, scenario_play, &play);

	(void)state;
	tty_expect(tty, "[?]");
	tty_type(tty, "logs -n 3 | /line \\d*5 /\r");
	tty_expect(tty, "logs of mgmt-b/tsb app=tsb: the last 3 lines of 30 that match; ");
	tty_expect(tty, "line 375 of the operator");
	tty_expect(tty, "(60 of 600 lines match");
	tty_expect_gone(tty, "line 365 of");
	tty_type(tty, "logs -n 30\r");
	tty_expect(tty, "line 370 of the operator");
	tty_choose(tty, "leave");
	tty_stop(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_logs_are_filtered_and_counted),
		cmocka_unit_test(plain_shows_the_last_lines_when_asked),
		cmocka_unit_test(screen_follows_all_kinds_of_lines),
		cmocka_unit_test(screen_obeys_colours_that_hide_nothing),
		cmocka_unit_test(screen_colours_without_or_with_few_colours),
		cmocka_unit_test(screen_search_is_marked_over_colours),
		cmocka_unit_test(screen_search_marks_and_counts_matches),
		cmocka_unit_test(screen_filter_hides_the_rest_but_no_remarks),
		cmocka_unit_test(screen_cut_lines_with_times_and_raw_json),
		cmocka_unit_test(screen_top_tells_what_is_no_longer_kept),
		cmocka_unit_test(screen_wrong_expression_is_explained_where_it_is_typed),
		cmocka_unit_test(search_has_the_keys_n_until_escape),
		cmocka_unit_test(search_without_match_says_so_and_follows),
		cmocka_unit_test(search_passes_over_what_the_filter_hides),
		cmocka_unit_test(pause_counts_new_lines_until_followed_again),
		cmocka_unit_test(scrolling_goes_by_rows_of_a_long_line),
		cmocka_unit_test(cut_lines_move_sideways),
		cmocka_unit_test(other_source_and_previous_log_start_afresh),
		cmocka_unit_test(entry_brings_back_what_was_entered_and_takes_pastes),
		cmocka_unit_test(save_writes_what_the_filter_shows_and_never_over_a_file),
		cmocka_unit_test(search_of_many_lines_leaves_the_keys_alone),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
