#include "config.h"

#include "net/child/supervisor_status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "fixture_server.h"
#include "net/child/child.h"

/*
 * A program that runs a command with a supervisor, in a process of its own, so that it can be killed. What
 * is left behind becomes a child of the test, which sees all of it end.
 */
struct program {
	char *folder;	   /* the working folder of the command */
	char *status_file; /* in exit/, below that */
	pid_t pid;
	int said[2]; /* the program's word to the test */
};

/* What the program says when its command was let begin, or is about to be. */
struct said {
	struct child_supervision supervision;
};

struct part {
	struct program *program;
	bool stays_before; /* it gets no further than to on_supervised() */
	struct said said;
};

static void
program_init(struct program *p)
{
	char *exit_folder;

	*p = (struct program){ .folder = fixture_folder() };
	exit_folder = xasprintf("%s/exit", p->folder);
	p->status_file = xasprintf("%s/000007", exit_folder);
	assert_int_equal(mkdir(exit_folder, 0700), 0);
	assert_int_equal(pipe2(p->said, O_CLOEXEC), 0);
	free(exit_folder);
}

/* Nothing of it may be left: no process, and no file but the status. */
static void
program_release(struct program *p)
{
	close(p->said[0]);
	close(p->said[1]);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	fixture_remove(p->folder);
	free(p->status_file);
}

static char *
below(const struct program *p, const char *name)
{
	return xasprintf("%s/%s", p->folder, name);
}

static bool
is_there(const struct program *p, const char *name)
{
	char *path = below(p, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void
allow(const struct program *p, const char *name)
{
	free(fixture_write(p->folder, name, ""));
}

static int
on_supervised(void *data, const struct child_supervision *supervision, struct err *e)
{
	struct part *part = data;

	(void)e;
	part->said.supervision = *supervision;
	if (!part->stays_before)
		return 0;
	if (write(part->program->said[1], &part->said, sizeof(part->said)) < 0)
		_exit(9);
	for (;;)
		pause();
}

static void
on_output(void *data, const char *bytes, size_t len_bytes)
{
	const struct part *part = data;

	(void)bytes;
	(void)len_bytes;
	if (write(part->program->said[1], &part->said, sizeof(part->said)) < 0)
		_exit(9);
}

/* In the program's process. */
static void
run(struct program *p, struct child_options options, const char *script, bool stays_before)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct part part = { .program = p, .stays_before = stays_before };
	struct child_result result;
	struct err e = ERR_INIT;

	options.argv = argv;
	options.folder = p->folder;
	options.status_file = p->status_file;
	options.on_supervised = on_supervised;
	options.on_output = on_output;
	options.data = &part;
	if (child_run(&options, &result, &e) < 0)
		_exit(100 + (int)e.kind);
	_exit(result.signal ? 50 + result.signal : result.exit_code);
}

static struct said
program_start(struct program *p, struct child_options options, const char *script,
	      bool stays_before)
{
	struct said said = { 0 };

	p->pid = fork();
	if (p->pid == 0)
		run(p, options, script, stays_before);
	assert_int_equal(read(p->said[0], &said, sizeof(said)), sizeof(said));
	return said;
}

static void
program_kill(struct program *p)
{
	assert_int_equal(kill(p->pid, SIGKILL), 0);
	assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
}

static int
program_wait(const struct program *p)
{
	int status = -1;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Our grandchild, which became our child when the program died. */
static void
await_supervisor(pid_t supervisor)
{
	int status = -1;

	assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
	assert_int_equal(status, 0);
}

static struct supervisor_status
read_status(const struct program *p)
{
	struct supervisor_status status = { 0 };
	struct err e = ERR_INIT;

	if (supervisor_status_read(p->status_file, &status, &e) < 0)
		fail_msg("%s", e.message);
	assert_false(is_there(p, "exit/.000007.new"));
	return status;
}

static const char waits[] = "echo begun; while [ ! -e go ]; do sleep 0.01; done; "
			    "printf 12345678; : >over; exit 3";

static void
assert_outlives(struct child_options options)
{
	struct program p;
	struct said said;
	int64_t begin_ms = clock_wall_ms(), killed_ms;

	program_init(&p);
	said = program_start(&p, options, waits, false);
	program_kill(&p);
	killed_ms = clock_wall_ms();
	assert_true(process_alive(said.supervision.supervisor));
	assert_true(process_alive(said.supervision.command));
	assert_false(is_there(&p, "exit/000007"));
	allow(&p, "go");
	await_supervisor(said.supervision.supervisor.pid);
	assert_true(is_there(&p, "over"));
	struct supervisor_status status = read_status(&p);
	assert_true(status.begun);
	assert_int_equal(status.supervisor, said.supervision.supervisor.pid);
	assert_int_equal(status.exit_code, 3);
	assert_int_equal(status.signal, 0);
	assert_int_equal(status.lost_bytes, 8);
	assert_in_range(status.started_ms, begin_ms, killed_ms);
	assert_in_range(status.orphaned_ms, status.started_ms, status.ended_ms);
	assert_in_range(status.ended_ms, killed_ms, clock_wall_ms());
	assert_false(process_alive(said.supervision.supervisor));
	assert_false(process_alive(said.supervision.command));
	program_release(&p);
}

static void
supervised_command_outlives_us(void **state)
{
	(void)state;
	assert_outlives((struct child_options){ .pty = false });
	assert_outlives((struct child_options){ .pty = true });
	assert_outlives((struct child_options){ .pty = false, .timeout_ms = 60000 });
}

static void
supervised_flood_does_not_block_without_a_reader(void **state)
{
	static const char script[] = "echo begun; while [ ! -e go ]; do sleep 0.01; done; "
				     "head -c 20000000 /dev/zero; head -c 3000000 /dev/zero >&2";

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct str captured = STR_INIT;
		struct child_options options = {
			.pty = round != 0,
			.capture = round == 2 ? &captured : NULL,
			.capture_max = 100,
		};
		struct program p;
		struct said said;

		program_init(&p);
		said = program_start(&p, options,
				     round == 2 ? "echo begun >&2; while [ ! -e go ]; do "
						  "sleep 0.01; done; head -c 20000000 /dev/zero; "
						  "exec >&-; head -c 3000000 /dev/zero >&2"
						: script,
				     false);
		program_kill(&p);
		allow(&p, "go");
		await_supervisor(said.supervision.supervisor.pid);
		struct supervisor_status status = read_status(&p);
		assert_int_equal(status.exit_code, 0);
		assert_int_equal(status.lost_bytes, 23000000);
		program_release(&p);
	}
}

static void
supervised_pty_that_is_opened_again_is_still_read(void **state)
{
	struct child_options options = { .pty = true };
	struct program p;
	struct said said;

	(void)state;
	program_init(&p);
	said = program_start(&p, options,
			     "echo begun; exec >&- 2>&-; while [ ! -e go ]; do :; done; "
			     "head -c 1000000 /dev/zero >/dev/tty",
			     false);
	program_kill(&p);
	allow(&p, "go");
	await_supervisor(said.supervision.supervisor.pid);
	assert_int_equal(read_status(&p).exit_code, 0);
	assert_int_equal(read_status(&p).lost_bytes, 1000000);
	program_release(&p);
}

static void
supervised_command_ended_by_a_signal_is_told(void **state)
{
	struct child_options options = { .pty = true };
	struct program p;
	struct said said;

	(void)state;
	program_init(&p);
	said = program_start(&p, options,
			     "echo begun; while [ ! -e go ]; do sleep 0.01; done; kill -9 $$",
			     false);
	program_kill(&p);
	allow(&p, "go");
	await_supervisor(said.supervision.supervisor.pid);
	assert_int_equal(read_status(&p).exit_code, -1);
	assert_int_equal(read_status(&p).signal, SIGKILL);
	program_release(&p);
}

static void
status_of_a_watched_command_is_left_too(void **state)
{
	struct child_options options = { .pty = true };
	struct program p;

	(void)state;
	program_init(&p);
	free(fixture_write(p.folder, "exit/000007", "the status of an earlier try"));
	program_start(&p, options, "test ! -e exit/000007 || exit 9; echo begun; exit 4", false);
	assert_int_equal(program_wait(&p), 4);
	struct supervisor_status status = read_status(&p);
	assert_int_equal(status.exit_code, 4);
	assert_int_equal(status.orphaned_ms, -1);
	assert_int_equal(status.lost_bytes, 0);
	program_release(&p);
}

static void
command_that_was_not_let_begin_is_told(void **state)
{
	struct program p;
	struct said said;

	(void)state;
	program_init(&p);
	said = program_start(&p, (struct child_options){ .pty = true }, ": >begun", true);
	assert_true(process_alive(said.supervision.command));
	program_kill(&p);
	await_supervisor(said.supervision.supervisor.pid);
	assert_false(is_there(&p, "begun"));
	assert_false(read_status(&p).begun);
	assert_int_equal(read_status(&p).supervisor, said.supervision.supervisor.pid);
	program_release(&p);
}

static int
refuse(void *data, const struct child_supervision *supervision, struct err *e)
{
	*(pid_t *)data = supervision->supervisor.pid;
	return err_set(e, ERR_IO, "the journal is full");
}

static void
child_run_refused_begins_nothing(void **state)
{
	pid_t supervisor = 0;
	struct program p;
	const char *argv[] = { "touch", "begun", NULL };
	struct child_options options = { .argv = argv,
					 .on_supervised = refuse,
					 .data = &supervisor };
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	program_init(&p);
	options.folder = p.folder;
	options.status_file = p.status_file;
	assert_int_equal(child_run(&options, &result, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_string_equal(e.message, "the journal is full");
	assert_true(supervisor > 0);
	assert_int_equal(kill(supervisor, 0), -1);
	assert_false(is_there(&p, "begun"));
	assert_false(read_status(&p).begun);
	program_release(&p);
}

static void
command_that_cannot_be_executed_is_told(void **state)
{
	struct program p;
	struct child_options options = { 0 };
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	program_init(&p);
	char *script = fixture_write(p.folder, "tool", "#!/nonexistent/interpreter\n");
	const char *argv[] = { script, NULL };
	chmod(script, 0700);
	options.argv = argv;
	options.status_file = p.status_file;
	assert_int_equal(child_run(&options, &result, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, script));
	assert_false(read_status(&p).begun);
	free(script);
	program_release(&p);
}

static void
missing_folder_of_the_status_is_an_error(void **state)
{
	const char *argv[] = { "touch", "begun", NULL };
	struct program p;
	struct child_options options = { .argv = argv };
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	program_init(&p);
	char *path = below(&p, "nowhere/000001");
	options.folder = p.folder;
	options.status_file = path;
	assert_int_equal(child_run(&options, &result, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, "/nowhere"));
	assert_false(is_there(&p, "begun"));
	free(path);
	program_release(&p);
}

/* Neither supervisor nor command may hold what is ours: a lock would outlive us with it. */
static void
descriptors_of_ours_are_not_held(void **state)
{
	struct program p;
	char *path, byte;
	struct said said;
	int fds[2], locked, other;

	(void)state;
	program_init(&p);
	path = below(&p, "lock");
	locked = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(flock(locked, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(pipe(fds), 0);
	said = program_start(&p, (struct child_options){ .pty = true }, waits, false);
	program_kill(&p);
	close(fds[1]);
	close(locked);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	other = open(path, O_RDWR);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	close(fds[0]);
	free(path);
	allow(&p, "go");
	await_supervisor(said.supervision.supervisor.pid);
	program_release(&p);
}

static void
assert_proc_says(pid_t pid, const char *file, const char *wanted)
{
	char *path = xasprintf("/proc/%d/%s", (int)pid, file), text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[got > 0 ? got : 0] = '\0';
	if (!strstr(text, wanted))
		fail_msg("%s says \"%s\", and not \"%s\"", path, text, wanted);
	free(path);
}

static void
supervisor_is_a_session_that_no_signal_ends(void **state)
{
	static const int numbers[] = { SIGHUP,	SIGINT,	 SIGQUIT, SIGTERM, SIGPIPE,
				       SIGUSR1, SIGTSTP, SIGXFSZ, SIGALRM };
	struct program p;
	struct said said;

	(void)state;
	program_init(&p);
	said = program_start(&p, (struct child_options){ .pty = true }, waits, false);
	pid_t supervisor = said.supervision.supervisor.pid;
	assert_proc_says(supervisor, "comm", "lifeboat-wait\n");
	assert_int_equal(getsid(supervisor), supervisor);
	assert_int_equal(getsid(said.supervision.command.pid), said.supervision.command.pid);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(kill(supervisor, numbers[i]), 0);
	program_kill(&p);
	allow(&p, "go");
	await_supervisor(supervisor);
	assert_int_equal(read_status(&p).exit_code, 3);
	program_release(&p);
}

static void
killed_supervisor_leaves_the_outcome_unknown(void **state)
{
	struct program p;
	struct said said;

	(void)state;
	program_init(&p);
	said = program_start(&p, (struct child_options){ .pty = true }, waits, false);
	assert_int_equal(kill(said.supervision.supervisor.pid, SIGKILL), 0);
	allow(&p, "go");
	assert_int_equal(program_wait(&p), 100 + ERR_UNKNOWN_OUTCOME);
	assert_true(is_there(&p, "over"));
	assert_false(is_there(&p, "exit/000007"));
	assert_int_equal(waitpid(said.supervision.command.pid, NULL, 0),
			 said.supervision.command.pid);
	program_release(&p);
}

static void
cancel_stops_it_through_the_supervisor(void **state)
{
	struct cancel *cancel = cancel_new();
	struct program p;
	const char *argv[] = { "sleep", "60", NULL };
	struct child_options options = { .argv = argv, .pty = true, .timeout_ms = 30 };
	struct child_result result;
	struct err e = ERR_INIT;
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	program_init(&p);
	options.status_file = p.status_file;
	options.cancel = cancel;
	assert_int_equal(child_run(&options, &result, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_in_range(clock_mono_ms() - begin_ms, 30, 1900); /* not the grace of 2 s */
	assert_int_equal(read_status(&p).signal, SIGTERM);
	assert_int_equal(read_status(&p).orphaned_ms, -1);
	cancel_free(cancel);
	program_release(&p);
}

/* What a full disk does to it: in a process of its own, whose files may not grow. */
static int
run_without_room(const struct program *p)
{
	const struct rlimit none = { 0, 0 };
	const char *argv[] = { "sh", "-c", "exit 6", NULL };
	struct child_options options = { .argv = argv, .status_file = p->status_file };
	struct child_result result = { .exit_code = -1 };
	struct err e = ERR_INIT;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	if (child_run(&options, &result, &e) < 0)
		return 1;
	return result.exit_code == 6 ? 0 : 2;
}

static void
status_that_cannot_be_written_holds_nobody(void **state)
{
	struct program p;

	(void)state;
	program_init(&p);
	p.pid = fork();
	if (p.pid == 0)
		_exit(run_without_room(&p));
	assert_int_equal(program_wait(&p), 0);
	assert_false(is_there(&p, "exit/000007"));
	assert_false(is_there(&p, "exit/.000007.new"));
	program_start(&p, (struct child_options){ 0 }, "rm -r exit; echo gone; exit 5", false);
	assert_int_equal(program_wait(&p), 5);
	program_release(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(supervised_command_outlives_us),
		cmocka_unit_test(supervised_flood_does_not_block_without_a_reader),
		cmocka_unit_test(supervised_pty_that_is_opened_again_is_still_read),
		cmocka_unit_test(supervised_command_ended_by_a_signal_is_told),
		cmocka_unit_test(status_of_a_watched_command_is_left_too),
		cmocka_unit_test(command_that_was_not_let_begin_is_told),
		cmocka_unit_test(child_run_refused_begins_nothing),
		cmocka_unit_test(command_that_cannot_be_executed_is_told),
		cmocka_unit_test(missing_folder_of_the_status_is_an_error),
		cmocka_unit_test(descriptors_of_ours_are_not_held),
		cmocka_unit_test(supervisor_is_a_session_that_no_signal_ends),
		cmocka_unit_test(killed_supervisor_leaves_the_outcome_unknown),
		cmocka_unit_test(cancel_stops_it_through_the_supervisor),
		cmocka_unit_test(status_that_cannot_be_written_holds_nobody),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
