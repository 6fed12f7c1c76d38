#include "config.h"

#include "ui/terminal/signals.h"

#include <fcntl.h>
#include <poll.h>
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
#include "run/state/autopilot.h"
#include "ui/ui.h"

#include "fixture_engine.h"

/* A whole process, engine and line mode, that gets signals while a step runs. */

enum { PATIENCE_MS = 20000 };

static const char steps[] = " - {id: a, title: T, uses: test.gate, with: {text: it}}\n"
			    " - {id: b, title: T, uses: test.read}\n";

struct victim {
	char root[64];
	char *folder, *gate;
	pid_t pid;
	int out;
	struct str said;
};

/* In the child: runs what needs no decision; the exit status is the enum ui_end. */
static void
live(const struct victim *v)
{
	const struct autopilot pilot = { 0 };
	enum ui_end end = UI_END_RUN_OVER;
	struct err e = ERR_INIT;
	struct rig rig;

	rig_init(&rig, steps);
	free(rig.folder);
	rig.folder = xstrdup(v->folder);
	gate = v->gate;
	rig_start(&rig, false);
	struct ui_options options = {
		.runbook = rig.runbook,
		.run_folder = rig.folder,
		.secrets = rig.secrets,
		.autopilot = &pilot,
	};
	int rc = ui_plain_run(&options, rig.link, &rig.state, &end, &e);
	if (rc < 0)
		fprintf(stderr, "%s\n", e.message);
	engine_free(rig.engine);
	rig.engine = NULL;
	rig_release(&rig);
	_exit(rc < 0 ? 100 : (int)end);
}

static void
victim_start(struct victim *v)
{
	int out[2];

	*v = (struct victim){ .root = "/tmp/test-signals-XXXXXX" };
	assert_non_null(mkdtemp(v->root));
	v->folder = xasprintf("%s/run", v->root);
	v->gate = xasprintf("%s/gate", v->root);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	fflush(NULL);
	v->pid = fork();
	assert_true(v->pid >= 0);
	if (v->pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		live(v);
	}
	close(out[1]);
	v->out = out[0];
}

/* Reads what the process says until it has said that, or has ended. */
static void
victim_wait(struct victim *v, const char *text)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;
	struct pollfd pfd = { v->out, POLLIN, 0 };
	char bytes[1024];

	while (!text || !strstr(str_cstr(&v->said), text)) {
		int64_t left_ms = end_ms - clock_mono_ms();

		if (left_ms <= 0 || poll(&pfd, 1, (int)left_ms) <= 0)
			fail_msg("it never said \"%s\", only: %s", text, str_cstr(&v->said));
		ssize_t got = read(v->out, bytes, sizeof(bytes));
		if (got <= 0 && text)
			fail_msg("it ended before it said \"%s\": %s", text, str_cstr(&v->said));
		if (got <= 0)
			return;
		str_append_bytes(&v->said, bytes, (size_t)got);
	}
}

static void
victim_open_gate(struct victim *v)
{
	struct err e = ERR_INIT;

	assert_int_equal(file_write_atomic(v->gate, "", 0, 0600, &e), 0);
}

/* Its journal, once it has ended in good order. */
static char *
victim_end(struct victim *v)
{
	char *path = xasprintf("%s/journal.jsonl", v->folder);
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	int status = 0;

	victim_wait(v, NULL);
	assert_int_equal(waitpid(v->pid, &status, 0), v->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), UI_END_LEFT);
	assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
	free(path);
	close(v->out);
	str_release(&v->said);
	folder_remove(v->root);
	free(v->folder);
	free(v->gate);
	return str_take(&text);
}

static void
assert_holds(const char *journal, const char *text)
{
	if (!strstr(journal, text))
		fail_msg("\"%s\" is not in %s", text, journal);
}

static void
sighup_finishes_the_step_and_nothing_more(void **unused)
{
	struct victim v;
	char *journal;

	(void)unused;
	victim_start(&v);
	victim_wait(&v, "at the gate");
	kill(v.pid, SIGHUP);
	victim_wait(&v, "Leaving; what is running is finished first");
	victim_open_gate(&v);
	journal = victim_end(&v);
	assert_holds(journal, "\"step\":\"a\",\"intent\":3,\"status\":\"ok\"");
	assert_holds(journal,
		     "\"type\":\"stop\",\"data\":{\"reason\":\"the terminal was hung up\"");
	assert_null(strstr(journal, "\"data\":{\"step\":\"b\""));
	free(journal);
}

static void
sigterm_finishes_the_step_that_is_quick_enough(void **unused)
{
	struct victim v;
	char *journal;

	(void)unused;
	victim_start(&v);
	victim_wait(&v, "at the gate");
	kill(v.pid, SIGTERM);
	victim_wait(&v, "the running step is cancelled in 20s");
	victim_open_gate(&v);
	journal = victim_end(&v);
	assert_holds(journal, "\"step\":\"a\",\"intent\":3,\"status\":\"ok\"");
	assert_holds(journal, "\"type\":\"stop\",\"data\":{\"reason\":\"SIGTERM\"");
	assert_null(strstr(journal, "\"type\":\"cancel\""));
	free(journal);
}

static void
sigterm_twice_cancels_the_step_at_once(void **unused)
{
	struct victim v;
	char *journal;

	(void)unused;
	victim_start(&v);
	victim_wait(&v, "at the gate");
	kill(v.pid, SIGTERM);
	victim_wait(&v, "the running step is cancelled in 20s");
	kill(v.pid, SIGTERM);
	journal = victim_end(&v);
	assert_holds(journal, "\"type\":\"cancel\",\"data\":{\"step\":\"a\",\"by\":null,\"reason\":"
			      "\"SIGTERM\"}");
	assert_holds(journal, "\"step\":\"a\",\"intent\":3,\"status\":\"cancelled\"");
	assert_holds(journal, "\"type\":\"stop\",\"data\":{\"reason\":\"SIGTERM\"");
	free(journal);
}

static void
hurry_shortens_with_each_sigterm(void **unused)
{
	struct err e = ERR_INIT;
	struct intent *intent;

	(void)unused;
	assert_int_equal(signals_open(WISH_LEAVE, &e), 0);
	raise(SIGTERM);
	assert_int_equal(signals_wishes(), WISH_LEAVE | WISH_TERMINATE);
	intent = signals_hurry(7);
	assert_int_equal(intent->type, INTENT_LEAVE);
	assert_int_equal(intent->patience_ms, SIGNALS_PATIENCE_MS);
	intent_free(intent);
	raise(SIGTERM);
	intent = signals_hurry(7);
	assert_int_equal(intent->patience_ms, 0);
	intent_free(intent);
	raise(SIGHUP);
	signals_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sighup_finishes_the_step_and_nothing_more),
		cmocka_unit_test(sigterm_finishes_the_step_that_is_quick_enough),
		cmocka_unit_test(sigterm_twice_cancels_the_step_at_once),
		cmocka_unit_test(hurry_shortens_with_each_sigterm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
