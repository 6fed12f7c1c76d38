#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
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

#include "base/clock.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "fake_plugin.h"
#include "fixture_folder.h"
#include "harness.h"
#include "scenario.h"

/* Terminals that cannot do much, or are none: a sentence, or lines; never anything that nobody can read. */

enum { PATIENCE_MS = 30000 };

static const char runbook_text[] = "apiVersion: lifeboat/v1\nkind: Runbook\n"
				   "metadata: {id: little, title: \"A little r\xc3\xbcnbook\", "
				   "version: 1.0.0, owners: [sre], summary: s}\n"
				   "params:\n  fqdn: {type: hostname, title: DNS name}\n"
				   "steps:\n  - {id: look, title: Look around, uses: "
				   "manual.confirm, with: {question: \"All well?\"}}\n"
				   "ends: [{id: done, title: Done}]\n";

/* A command on a terminal, or on half of one. */
struct attempt {
	const struct cli_command *command;
	char *words[4];
	int count;
	const char *term;   /* NULL: not set */
	const char *locale; /* NULL: UTF-8 */
	int without;	    /* this standard file is /dev/null; -1: none is */
};

static char folder[] = "/tmp/lifeboat-odd-XXXXXX";
static char *runbook;

static void
prepare(const struct attempt *attempt)
{
	int nothing = open("/dev/null", O_RDWR);

	setlocale(LC_ALL, attempt->locale ? attempt->locale : "C.UTF-8");
	setenv("XDG_STATE_HOME", folder, 1);
	setenv("XDG_CONFIG_HOME", folder, 1);
	setenv("HOME", folder, 1);
	unsetenv("TERM");
	if (attempt->term)
		setenv("TERM", attempt->term, 1);
	if (attempt->without >= 0)
		dup2(nothing, attempt->without);
	close(nothing);
	assert_int_equal(chdir(folder), 0);
}

static int
run_command(void *data)
{
	struct attempt *attempt = data;
	struct cli_args *args = NULL;
	struct err e = ERR_INIT;
	int rc;

	prepare(attempt);
	rc = cli_parse(attempt->command, attempt->count, attempt->words, &args, &e);
	if (rc == 0)
		rc = attempt->command->run(args, &e);
	if (rc < 0)
		fprintf(stderr, "%s\n", e.message);
	if (rc < 0)
		tty_report(e.message);
	cli_args_free(args);
	return rc < 0 ? err_exit_code(e.kind) : rc;
}

static struct tty *
start(struct attempt *attempt)
{
	return tty_start(120, 36, run_command, attempt);
}

static void
assert_no_sequences(struct tty *tty)
{
	size_t len;
	const char *bytes = tty_all_sent(tty, &len);

	assert_true(len > 0);
	assert_null(memchr(bytes, '\033', len));
}

static const struct {
	const char *term, *sentence;
} unfit[] = {
	{ "dumb", "lifeboat: TERM=dumb cannot move its cursor: by lines, as with --plain" },
	{ NULL, "lifeboat: no TERM is set: by lines, as with --plain" },
	{ "", "lifeboat: no TERM is set: by lines, as with --plain" },
	{ "no-such-terminal", "TERM=no-such-terminal is not known here: by lines, as with" },
	{ "\033[2J\302\233x", "TERM=^[[2J\\x9bx is not known here: by lines, as with" },
};

enum { UNFIT = sizeof(unfit) / sizeof(unfit[0]) };

static void
start_page_on_an_unfit_terminal_is_by_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < UNFIT; i++) {
		struct attempt attempt = { &cmd_start, { NULL }, 0, unfit[i].term, NULL, -1 };
		struct tty *tty = start(&attempt);

		tty_expect(tty, unfit[i].sentence);
		tty_expect(tty, "or q>");
		tty_type(tty, "q\n");
		assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), 0);
		assert_no_sequences(tty);
		tty_stop(tty);
	}
}

/* The form and the run are one command, and it is said once. */
static void
form_and_run_on_an_unfit_terminal_are_by_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < UNFIT; i++) {
		struct attempt attempt = { &cmd_run, { runbook, (char[]){ "--ask" } },
					   2,	     unfit[i].term,
					   NULL,     -1 };
		struct tty *tty = start(&attempt);

		tty_expect(tty, unfit[i].sentence);
		tty_expect(tty, "DNS name");
		tty_type(tty, "tsb.example.com\n");
		tty_expect(tty, "Start? [y/N]");
		assert_no_sequences(tty);
		tty_stop(tty);
	}
}

static void
run_on_an_unfit_terminal_is_by_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < UNFIT; i++) {
		struct attempt attempt = { &cmd_run, { runbook, (char[]){ "-pfqdn=a.example" } },
					   2,	     unfit[i].term,
					   NULL,     -1 };
		struct tty *tty = start(&attempt);

		tty_expect(tty, unfit[i].sentence);
		tty_expect(tty, "Step 1 of 1: Look around");
		tty_expect(tty, "[y/n]"); /* what is typed ahead is forgotten */
		tty_type(tty, "\004");
		assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), 5);
		assert_no_sequences(tty);
		tty_stop(tty);
	}
}

static void
plain_was_asked_for_and_says_nothing_of_terminals(void **state)
{
	struct attempt attempt = {
		&cmd_run, { runbook, (char[]){ "-pfqdn=a.example" }, (char[]){ "--plain" } },
		3,	  "dumb",
		NULL,	  -1
	};
	struct tty *tty = start(&attempt);

	(void)state;
	tty_expect(tty, "Step 1 of 1: Look around");
	tty_expect_gone(tty, "by lines");
	tty_stop(tty);
}

/* Where nobody can answer, the page says what to do; a run says what happened, by lines. */
static void
half_a_terminal_gets_a_sentence(void **state)
{
	(void)state;
	for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++) {
		struct attempt attempt = { &cmd_start, { NULL }, 0, "xterm-256color", NULL, fd };
		struct tty *tty = start(&attempt);

		tty_expect_report(tty, "needs a terminal for its input and output");
		assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), 2);
		assert_no_sequences(tty);
		tty_stop(tty);
	}
	struct attempt attempt = { &cmd_run, { runbook, (char[]){ "-pfqdn=a.example" } },
				   2,	     "xterm-256color",
				   NULL,     STDIN_FILENO };
	struct tty *tty = start(&attempt);
	tty_expect(tty, "Step 1 of 1: Look around");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), 5);
	assert_no_sequences(tty);
	tty_stop(tty);
}

static void
form_without_input_names_the_flag(void **state)
{
	struct attempt attempt = { &cmd_run, { runbook }, 1, "xterm-256color", NULL, STDIN_FILENO };
	struct tty *tty = start(&attempt);

	(void)state;
	tty_expect_report(tty, "-p fqdn");
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), 2);
	assert_no_sequences(tty);
	tty_stop(tty);
}

static void
assert_ascii(struct tty *tty)
{
	size_t len;
	const char *bytes = tty_all_sent(tty, &len);

	assert_true(len > 0);
	for (size_t i = 0; i < len; i++)
		assert_true((unsigned char)bytes[i] < 0x80);
}

static void
locale_without_utf8_gets_ascii(void **state)
{
	static const char *const locales[] = { "C", "POSIX" };

	(void)state;
	for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
		struct attempt attempt = { &cmd_run,   { runbook, (char[]){ "-pfqdn=a.example" } },
					   2,	       "xterm-256color",
					   locales[i], -1 };
		struct tty *tty = start(&attempt);

		tty_expect(tty, "Look around");
		tty_expect(tty, "A little r<U+00FC>nbook");
		tty_settle(tty);
		assert_ascii(tty);
		tty_stop(tty);
	}
}

static void
on_vt100(struct scenario *s)
{
	(void)s;
	setenv("TERM", "vt100", 1);
}

static void
terminal_without_colours_says_everything_in_words(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, on_vt100);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_assert_golden(tty, "odd-vt100");
	scenario_leave(tty);
}

static void
tiny_terminal_says_so_and_comes_back(void **state)
{
	struct tty *tty = scenario_start(10, 5, stage_ready, NULL);

	(void)state;
	tty_expect(tty, "too small");
	tty_type(tty, "\ry\r");
	tty_resize(tty, 1, 1);
	tty_settle(tty);
	tty_resize(tty, 80, 24);
	tty_expect(tty, "Enter run");
	assert_false(tty_reported(tty, "RUN"));
	scenario_leave(tty);
}

/* ---- what programs in the background say ---- */

static const char *const colourful[] = {
	"say \033[1mOpen\033[0m \033[34mhttps://login.example.com\033[0m\nand enter \033[7mABC",
	"say D\033[0m\n\033[31;8mhidden\033[0m \033[2Jno more\n", NULL
};

static void
with_colourful_plugin(struct scenario *s)
{
	(void)s;
	fake_plugin_start(colourful);
}

static void
page_of_a_plugin_obeys_colours(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, with_colourful_plugin);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, "and enter ABC");
	tty_signal(tty, SIGUSR1);
	tty_expect(tty, "no more");
	tty_assert_golden(tty, "plugin-colours");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	scenario_leave(tty);
}

/* ---- a terminal that goes away ---- */

static pid_t
start_on(int *ret_master)
{
	static struct play play;
	pid_t pid;

	play = (struct play){ .stage = stage_ready };
	fflush(NULL);
	pid = forkpty(ret_master, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		exit(scenario_play(&play));
	}
	return pid;
}

static int
wait_bounded(pid_t pid)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	struct pollfd none = { -1, 0, 0 };
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_mono_ms() > deadline_ms) {
			kill(pid, SIGKILL);
			fail_msg("it went on without a terminal");
		}
		poll(&none, 0, 20);
	}
	return status;
}

static void
terminal_that_is_gone_ends_the_screen_in_good_order(void **state)
{
	char byte;
	int master, status;
	pid_t pid = start_on(&master);

	(void)state;
	assert_int_equal(read(master, &byte, 1), 1);
	close(master);
	status = wait_bounded(pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), UI_END_LEFT);
}

static int
make_folder(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(folder));
	runbook = xasprintf("%s/little.yaml", folder);
	assert_int_equal(file_write_atomic(runbook, runbook_text, strlen(runbook_text), 0600, &e),
			 0);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	folder_remove(folder);
	free(runbook);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_page_on_an_unfit_terminal_is_by_lines),
		cmocka_unit_test(form_and_run_on_an_unfit_terminal_are_by_lines),
		cmocka_unit_test(run_on_an_unfit_terminal_is_by_lines),
		cmocka_unit_test(plain_was_asked_for_and_says_nothing_of_terminals),
		cmocka_unit_test(half_a_terminal_gets_a_sentence),
		cmocka_unit_test(form_without_input_names_the_flag),
		cmocka_unit_test(locale_without_utf8_gets_ascii),
		cmocka_unit_test(terminal_without_colours_says_everything_in_words),
		cmocka_unit_test(tiny_terminal_says_so_and_comes_back),
		cmocka_unit_test(page_of_a_plugin_obeys_colours),
		cmocka_unit_test(terminal_that_is_gone_ends_the_screen_in_good_order),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
