#include "config.h"

/*
 * Texts that mean harm, wherever texts come from outside, on the real screen and in line mode: what leaves for
 * the terminal is what a list of allowed sequences allows, and nothing else. The first argument is how many
 * rounds there are to be; LIFEBOAT_FUZZ_SEED is where they begin.
 */

#include <curses.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sgr.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "fake_logs.h"
#include "fuzz.h"
#include "grammar.h"
#include "harness.h"
#include "hostile.h"
#include "scenario.h"
#include "ui/screen/app.h"
#include "ui/text/lines.h"
#include "ui/text/paint.h"

enum {
	ROUNDS = 5,
	SANITISER_TEXTS = 4000, /* a round */
	PAINTED_SCREENS = 60,
	STEPS = 4,
	LINE_MAX_BYTES = 300,
};

/* ---- the sanitiser alone ---- */

static void
assert_clean(int round, const struct str *from, enum text_flags flags)
{
	const struct grammar grammar = { .columns = 1 };
	struct str once = STR_INIT, twice = STR_INIT, coloured = STR_INIT;
	struct sgr sgr = SGR_INIT;

	text_sanitise(from->data, from->len, flags, &once);
	fuzz_assert("sanitiser", round, once.data, once.len,
		    grammar_of_text(&grammar, once.data, once.len));
	assert_true(once.len <= from->len * 10 + 32);
	if (!(flags & TEXT_KEEP_NEWLINES))
		assert_null(memchr(once.data, '\n', once.len));
	text_sanitise(once.data, once.len, flags, &twice);
	assert_string_equal(once.data, twice.data);
	text_sanitise_coloured(from->data, from->len, flags, &coloured, &sgr);
	if (flags & TEXT_DROP_SGR)
		assert_string_equal(once.data, coloured.data);
	for (size_t i = 0; i < sgr.count; i++)
		assert_true(sgr.spans[i].begin <= coloured.len &&
			    (i == 0 || sgr.spans[i].begin > sgr.spans[i - 1].begin));
	str_release(&once);
	str_release(&twice);
	str_release(&coloured);
	sgr_release(&sgr);
}

static void
sanitiser_lets_only_text_through(void **state)
{
	static const enum text_flags flags[] = { 0, TEXT_KEEP_NEWLINES, TEXT_DROP_SGR,
						 TEXT_KEEP_NEWLINES | TEXT_DROP_SGR };

	(void)state;
	for (int round = 0; round < fuzz_rounds(); round++) {
		struct hostile h = fuzz_hostile(round, 1);
		struct str from = STR_INIT;

		for (int i = 0; i < SANITISER_TEXTS; i++) {
			str_clear(&from);
			hostile_bytes(&h, 400, &from);
			if (i % 7 == 0)
				str_append_bytes(&from, "\0\0x", 3);
			assert_clean(round, &from, flags[i % 4]);
		}
		str_release(&from);
	}
}

/* ---- what puts texts on the screen, many times over ---- */

static void
paint_lines_of(struct hostile *h, const char *text)
{
	struct lines lines;
	struct str clean = STR_INIT;
	struct sgr sgr = SGR_INIT;

	lines_init(&lines, 2 + (int)hostile_number(h, 90));
	lines_wrap(&lines, ROLE_LABEL, "> ", ROLE_BAD, text);
	lines_markdown(&lines, text);
	lines_add(&lines, ROLE_CODE, "%s", text);
	lines_append(&lines, ROLE_DIM, "%s", text);
	text_sanitise_coloured(text, strlen(text), TEXT_KEEP_NEWLINES, &clean, &sgr);
	lines_wrap_coloured(&lines, str_cstr(&clean), &sgr);
	for (size_t i = 0; i < lines.count; i++)
		paint_line((int)hostile_number(h, 48), (int)hostile_number(h, 30),
			   (int)hostile_number(h, 120), &lines.items[i], i % 9 == 0);
	lines_release(&lines);
	str_release(&clean);
	sgr_release(&sgr);
}

static void
paint_screen(struct hostile *h)
{
	struct line_edit edit = { .text = STR_INIT };

	erase();
	for (int y = 0; y < LINES; y++) {
		char *text = hostile_line(h, LINE_MAX_BYTES);

		paint_text(y, (int)hostile_number(h, 20), (int)hostile_number(h, 100),
			   (enum role)hostile_number(h, ROLE_COUNT), text);
		if (y % 6 == 0)
			paint_lines_of(h, text);
		if (y % 11 == 0)
			paint_frame(&(struct rect){ y, 3, 4, 40 }, text);
		line_edit_set(&edit, text);
		free(text);
	}
	paint_edit(LINES - 1, 0, COLS / 2, &edit, false);
	line_edit_release(&edit);
	refresh();
}

struct painting {
	const struct fuzz_place *place;
	int round;
};

static int
paint_screens(void *data)
{
	const struct painting *painting = data;
	struct hostile h = fuzz_hostile(painting->round, 2);
	struct ui_look look = { .ascii = painting->place->ascii, .mono = painting->place->mono };
	struct err e = ERR_INIT;

	setlocale(LC_ALL, painting->place->ascii ? "C" : "C.UTF-8");
	setenv("TERM", painting->place->term, 1);
	if (ui_open(&look, &e) < 0)
		return 100;
	for (int i = 0; i < PAINTED_SCREENS; i++)
		paint_screen(&h);
	ui_close();
	return 0;
}

static void
painting_sends_only_expected_bytes(void **state)
{
	(void)state;
	for (int round = 0; round < fuzz_rounds(); round++) {
		const struct fuzz_place *place = fuzz_place(round);
		struct painting painting = { place, round };
		struct tty *tty = tty_start(place->columns, place->rows, paint_screens, &painting);

		assert_int_equal(tty_wait_end(tty), 0);
		fuzz_assert_sent(tty, place, "painting", round);
		tty_stop(tty);
	}
}

/* ---- a whole run, of which every word means harm ---- */

static struct hostile words;
static struct pane_spec logs[1];
static char target[] = "management";

static void
push_hostile(struct scenario *s, enum record_type type, const char *format)
{
	struct str data = STR_INIT;

	for (; *format; format++) {
		if (*format == '$') {
			char *text = hostile_json(&words, 120);

			str_append(&data, text);
			free(text);
		} else {
			str_append_char(&data, *format);
		}
	}
	scenario_push(s, type, str_cstr(&data));
	str_release(&data);
}

static void
say_hostile(struct scenario *s, enum run_event_type type, const char *step)
{
	struct str text = STR_INIT;

	hostile_bytes(&words, 2000, &text);
	if (type == EVENT_OUTPUT && hostile_number(&words, 2))
		scenario_output(s, step, str_cstr(&text));
	else
		scenario_event(s, type, step, str_cstr(&text));
	str_release(&text);
}

static void
stage_planned(struct scenario *s)
{
	push_hostile(
		s, RECORD_RUN,
		"{\"runbook\":{\"id\":\"restore\",\"title\":$,\"version\":$},\"mode\":\"live\","
		"\"operator\":$,\"host\":$,\"pid\":4711,\"params\":{\"fqdn\":$},\"targets\":[{"
		"\"name\":\"management\",\"kind\":\"kubernetes\",\"describe\":$,\"spec\":{"
		"\"context\":$,\"namespace\":$,\"kubeconfig\":\"/nonexistent/kubeconfig\"}}],"
		"\"steps\":[{\"id\":\"look\",\"title\":$,\"section\":$},{\"id\":\"signing-key\","
		"\"title\":$,\"section\":$,\"estimate_ms\":60000},{\"id\":\"drop-tokens\","
		"\"title\":$},{\"id\":\"inspect\",\"title\":$}]}");
	push_hostile(s, RECORD_TARGET, "{\"name\":\"management\",\"identity\":{\"uid\":$}}");
	push_hostile(s, RECORD_PREFLIGHT,
		     "{\"checks\":[{\"title\":$,\"ok\":true},{\"title\":$,"
		     "\"ok\":false,\"message\":$}]}");
	push_hostile(s, RECORD_PLAN,
		     "{\"step\":\"look\",\"uses\":\"kubernetes.get\",\"target\":"
		     "\"management\",\"effect\":\"reads\",\"confirm\":\"none\","
		     "\"preview\":[[\">\",$]]}");
	push_hostile(s, RECORD_INTENT, "{\"step\":\"look\",\"confirmed\":\"none\",\"attempt\":1}");
	push_hostile(
		s, RECORD_OUTCOME,
		"{\"step\":\"look\",\"status\":\"ok\",\"duration_ms\":1200,\"outputs\":{\"row\":"
		"$,\"rows\":[$,$]},\"verify\":[{\"title\":$,\"ok\":true}]}");
	push_hostile(s, RECORD_NOTE, "{\"by\":$,\"text\":$}");
	push_hostile(
		s, RECORD_PLAN,
		"{\"step\":\"signing-key\",\"uses\":\"kubernetes.apply\",\"target\":"
		"\"management\",\"effect\":\"changes\",\"confirm\":\"ask\",\"preview\":[[\" \",$],"
		"[\">\",$],[\"=\",$],[\"-\",$],[\"+\",$],[\"!\",$]],\"preconditions\":[{\"title\":"
		"$,\"ok\":true}]}");
}

static void
stage_hostile_running(struct scenario *s)
{
	stage_planned(s);
	push_hostile(s, RECORD_INTENT,
		     "{\"step\":\"signing-key\",\"confirmed\":\"y\",\"by\":$,\"attempt\":1}");
	for (int i = 0; i < 6; i++)
		say_hostile(s, EVENT_OUTPUT, "signing-key");
	say_hostile(s, EVENT_PROGRESS, "signing-key");
	say_hostile(s, EVENT_WARNING, NULL);
}

static void
stage_hostile_failed(struct scenario *s)
{
	stage_hostile_running(s);
	push_hostile(
		s, RECORD_OUTCOME,
		"{\"step\":\"signing-key\",\"status\":\"failed\",\"duration_ms\":60000,\"error\":{"
		"\"kind\":\"denied\",\"message\":$},\"verify\":[{\"title\":$,\"expect\":$,"
		"\"message\":$,\"ok\":false}]}");
	say_hostile(s, EVENT_REFUSED, NULL);
}

static void
stage_hostile_question(struct scenario *s)
{
	stage_planned(s);
	push_hostile(s, RECORD_SKIP, "{\"step\":\"signing-key\",\"by\":$,\"reason\":$}");
	push_hostile(s, RECORD_PLAN,
		     "{\"step\":\"drop-tokens\",\"uses\":\"manual.checklist\","
		     "\"effect\":\"none\",\"confirm\":\"none\",\"preview\":[]}");
	push_hostile(s, RECORD_INTENT,
		     "{\"step\":\"drop-tokens\",\"confirmed\":\"none\",\"attempt\":1}");
	push_hostile(
		s, RECORD_PROMPT,
		hostile_number(&words, 2)
			? "{\"step\":\"drop-tokens\",\"kind\":\"checklist\",\"question\":$,"
			  "\"items\":[{\"id\":\"a\",\"text\":$},{\"id\":\"b\",\"text\":$,"
			  "\"value\":true}]}"
			: "{\"step\":\"drop-tokens\",\"kind\":\"choice\",\"question\":$,"
			  "\"default\":"
			  "\"b\",\"items\":[{\"id\":\"a\",\"text\":$},{\"id\":\"b\",\"text\":$}]}");
}

static void
leave(struct scenario *s, const struct intent *intent)
{
	(void)intent;
	push_hostile(s, RECORD_STOP, "{\"by\":$}");
	scenario_event(s, EVENT_CLOSED, NULL, NULL);
}

/* Of a step that runs, line mode only waits for the end. */
static void
stage_hostile_left(struct scenario *s)
{
	stage_hostile_running(s);
	leave(s, NULL);
}

static void
stage_hostile_ended(struct scenario *s)
{
	stage_hostile_failed(s);
	push_hostile(s, RECORD_END, "{\"id\":\"escalated\",\"title\":$,\"by\":$,\"reason\":$}");
	scenario_event(s, EVENT_CLOSED, NULL, NULL);
}

static void (*const stages[])(struct scenario *) = {
	stage_planned,		stage_hostile_running, stage_hostile_failed,
	stage_hostile_question, stage_hostile_ended,
};

enum { STAGES = sizeof(stages) / sizeof(stages[0]), RUNNING = 1 };

static void
assert_left_or_over(int status)
{
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == UI_END_LEFT || WEXITSTATUS(status) == UI_END_RUN_OVER);
}

static void
fill_logs(struct log_feed *feed, const struct feed_source *source)
{
	(void)source;
	for (int i = 0; i < 60; i++) {
		char *text = hostile_line(&words, LINE_MAX_BYTES);

		fake_logs_add(feed, i % 2 ? "tsb-1/manager" : "envoy-2/envoy",
			      "2026-11-21T14:00:00Z", text);
		free(text);
	}
}

/* The runbook's own words; ids and types are checked when it is loaded, so they do no harm. */
static void
spoil_runbook(struct scenario *s)
{
	static struct step_spec steps[STEPS];
	static struct impact_spec impact[1];

	memcpy(steps, s->runbook.steps, sizeof(steps));
	for (size_t i = 0; i < STEPS; i++) {
		struct str text = STR_INIT;

		hostile_bytes(&words, 1500, &text);
		steps[i].title = hostile_line(&words, 80);
		steps[i].section = hostile_line(&words, 40);
		steps[i].text = str_take(&text);
	}
	impact[0] = (struct impact_spec){ .operation = hostile_line(&words, 40),
					  .level = (char[]){ "total" },
					  .text = hostile_line(&words, 200) };
	logs[0] = (struct pane_spec){ .target = target, .selector = hostile_line(&words, 30) };
	s->runbook.title = hostile_line(&words, 80);
	s->runbook.steps = steps;
	s->runbook.impact = impact;
	s->runbook.impact_count = 1;
	s->runbook.panes = (struct pane_set){ .logs = logs, .logs_count = 1 };
	fake_logs_fill = fill_logs;
}

static const struct fuzz_place *place_now;

static void
go_there(struct scenario *s)
{
	setenv("TERM", place_now->term, 1);
	if (place_now->ascii)
		setlocale(LC_ALL, "C");
	s->options.look.mono = place_now->mono;
	spoil_runbook(s);
}

/* Every pane and page that a run has, and the boxes over them. */
static void
look_around(struct tty *tty)
{
	static const char *const keys[] = {
		"1",	"jj", "2",    "4", "wJt",  "/e\r", "nN",   "fo\r", "gG",   "5",
		"G",	"6",  "z",    "z", "?",	   "G",	   "q",	   "h",	   "q",	   "o",
		"G",	"q",  "F",    "q", "\020", "e",	   "\033", ":st",  "\033", "s",
		"\033", "U",  "\033", "y", "\014", "\r",   "\033",
	};

	fuzz_type(tty, keys, sizeof(keys) / sizeof(keys[0]));
	tty_ask_to_leave(tty);
}

static void
screens_send_only_expected_bytes(void **state)
{
	(void)state;
	for (int round = 0; round < fuzz_rounds(); round++) {
		struct play play = { .stage = stages[round % STAGES], .adjust = go_there };

		place_now = fuzz_place(round + round / STAGES);
		words = fuzz_hostile(round, 3);
		struct tty *tty =
			tty_start(place_now->columns, place_now->rows, scenario_play, &play);
		look_around(tty);
		assert_left_or_over(tty_wait_end(tty));
		fuzz_assert_sent(tty, place_now, "a run", round);
		tty_stop(tty);
	}
}

/* ---- line mode ---- */

static void
read_all(int fd, struct str *out)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		str_append_bytes(out, bytes, (size_t)got);
}

/* A front end in line mode, that is told a few answers which mean harm too, on pipes. */
static pid_t
start_lines(struct play *play, int *ret_out)
{
	static const char input[] = "h\no\n\033[4242m\n?\n9\n\302\2334242m\n";
	int in[2], out[2];
	pid_t pid;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(write(in[1], input, sizeof(input) - 1), sizeof(input) - 1);
	close(in[1]);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		alarm(60);
		exit(scenario_play(play));
	}
	close(in[0]);
	close(out[1]);
	*ret_out = out[0];
	return pid;
}

static void
lines_send_only_text(void **state)
{
	const struct grammar grammar = { .columns = 1 };
	int fd, status;

	(void)state;
	for (int round = 0; round < fuzz_rounds(); round++) {
		struct play play = { .stage = round % STAGES == RUNNING ? stage_hostile_left
									: stages[round % STAGES],
				     .adjust = spoil_runbook,
				     .answer = leave,
				     .plain = true };
		struct str out = STR_INIT;

		words = fuzz_hostile(round, 4);
		pid_t pid = start_lines(&play, &fd);
		read_all(fd, &out);
		close(fd);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_left_or_over(status);
		fuzz_assert("line mode", round, out.data, out.len,
			    grammar_of_text(&grammar, out.data, out.len));
		str_release(&out);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sanitiser_lets_only_text_through),
		cmocka_unit_test(painting_sends_only_expected_bytes),
		cmocka_unit_test(screens_send_only_expected_bytes),
		cmocka_unit_test(lines_send_only_text),
	};

	fuzz_begin(argc, argv, ROUNDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
