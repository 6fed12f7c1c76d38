#include "config.h"

#include "world/part/part_process.h"

#include "fixture_parts.h"

#include "base/file.h"

/* Shell scripts in the place of servers. */

static struct fixture_parts *told; /* only its callbacks are used */
static char *folder;
static struct part_user user;
static struct process_id orphan; /* whose owner was killed */

static void
tell(void *data, const char *name, struct process_id id, bool up)
{
	fixture_process(data, name, id.pid, id.start, up);
}

static int
begin(void **state)
{
	static const char *const names[] = { "nobody", NULL };
	struct err e = ERR_INIT;

	(void)state;
	told = xcalloc(1, sizeof(*told));
	pthread_mutex_init(&told->lock, NULL);
	pthread_cond_init(&told->changed, NULL);
	user = part_user_find(names);
	folder = fixture_folder();
	return part_user_give(&user, folder, &e);
}

static int
end(void **state)
{
	(void)state;
	free(told->lost);
	free(told);
	fixture_remove(folder);
	return 0;
}

static char *
log_path(void)
{
	return xasprintf("%s.log", folder);
}

static struct part_process *
start(const char *script, const char *ready)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	char *log = log_path();
	const struct part_process_options options = { .name = "script",
						      .argv = argv,
						      .folder = folder,
						      .log = log,
						      .ready = ready,
						      .user = &user,
						      .death_signal = SIGKILL,
						      .changed = tell,
						      .lost = fixture_lost,
						      .data = told };
	struct part_process *process = NULL;
	struct err e = ERR_INIT;

	if (part_process_start(&options, &process, &e) < 0)
		fail_msg("%s", e.message);
	free(log);
	return process;
}

static void
await_ready_saysSo_isReady(void **state)
{
	struct part_process *p =
		start("echo begin; echo now it is ready >&2; exec sleep 60", "it is ready");
	struct err e = ERR_INIT;

	(void)state;
	if (part_process_await_ready(p, FIXTURE_WAIT_MS, NULL, &e) < 0)
		fail_msg("%s", e.message);
	assert_true(part_process_runs(p));
	assert_int_equal(told->running, 1);
	assert_true(process_alive(told->last));
	part_process_end(p, SIGTERM, SIGTERM);
	assert_false(part_process_runs(p));
	assert_int_equal(told->running, 0);
	assert_null(told->lost);
	part_process_free(p);
}

static void
await_ready_endsBefore_saysItsLastWords(void **state)
{
	struct part_process *p = start("echo first; echo 'the port is taken'; exit 3", "ready");
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(part_process_await_ready(p, FIXTURE_WAIT_MS, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_non_null(strstr(e.message, "exit status 3"));
	assert_non_null(strstr(e.message, "first | the port is taken"));
	assert_null(told->lost); /* whoever waits has said it */
	part_process_free(p);
}

static void
await_ready_neverReady_timesOut(void **state)
{
	struct part_process *p = start("exec sleep 60", "ready");
	struct cancel *cancel = cancel_new();
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(part_process_await_ready(p, 50, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	cancel_request(cancel);
	assert_int_equal(part_process_await_ready(p, FIXTURE_WAIT_MS, cancel, &e), -1);
	assert_int_equal(e.kind, ERR_CANCELLED);
	cancel_free(cancel);
	part_process_free(p);
	assert_int_equal(told->running, 0);
}

static void
await_done_exitStatus_isTheResult(void **state)
{
	struct part_process *good = start("exit 0", NULL), *bad = start("kill -9 $$", NULL);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(part_process_await_done(good, FIXTURE_WAIT_MS, NULL, &e), 0);
	assert_int_equal(part_process_await_done(bad, FIXTURE_WAIT_MS, NULL, &e), -1);
	assert_non_null(strstr(e.message, "signal 9 (KILL)"));
	part_process_free(good);
	part_process_free(bad);
}

static void
start_noProgram_isIoError(void **state)
{
	const char *argv[] = { "/nonexistent/program", NULL };
	char *log = log_path();
	const struct part_process_options options = { .name = "none",
						      .argv = argv,
						      .folder = folder,
						      .log = log,
						      .user = &user,
						      .changed = tell,
						      .data = told };
	struct part_process *process = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(part_process_start(&options, &process, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, "/nonexistent/program"));
	assert_non_null(strstr(e.message, "No such file"));
	unlink(log);
	free(log);
}

/* One that does not want to end is killed, with what it has started. */
static void
end_stubborn_isKilledAfterThreeSeconds(void **state)
{
	struct part_process *p = start("trap '' TERM INT; sleep 60 & echo $!; echo ready; wait; "
				       "wait; wait",
				       "ready");
	int64_t begun_ms = clock_mono_ms();
	char *log = log_path();
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	int child = 0;

	(void)state;
	assert_int_equal(part_process_await_ready(p, FIXTURE_WAIT_MS, NULL, &e), 0);
	assert_int_equal(file_read(log, 4096, &text, &e), 0);
	assert_int_equal(sscanf(str_cstr(&text), "%d", &child), 1);
	part_process_end(p, SIGINT, SIGTERM);
	assert_true(clock_mono_ms() - begun_ms >= 2900);
	while (process_alive(process_identify(child)) &&
	       clock_mono_ms() - begun_ms < FIXTURE_WAIT_MS)
		fixture_pause();
	assert_false(process_alive(process_identify(child)));
	part_process_free(p);
	str_release(&text);
	unlink(log);
	free(log);
}

static void
ends_byItself_isTold(void **state)
{
	struct part_process *p = start("echo ready; exit 7", "ready");
	struct err e = ERR_INIT;
	char *lost;

	(void)state;
	part_process_await_ready(p, FIXTURE_WAIT_MS, NULL, &e);
	lost = fixture_await_lost(told);
	assert_non_null(lost);
	assert_string_equal(lost, "script ended with exit status 7");
	free(lost);
	part_process_free(p);
}

/* As root it is somebody else, who cannot come through a folder of ours, and has its own all the same. */
static void
start_folder_isReachedWithoutTheFoldersAbove(void **state)
{
	struct part_process *p = start("id -u; echo made > " PART_FOLDER
				       "/file && pwd -P && cat " PART_FOLDER "/file && test -w .",
				       NULL);
	char *log = log_path(), *file = xasprintf("%s/file", folder);
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	char line[32];

	(void)state;
	if (part_process_await_done(p, FIXTURE_WAIT_MS, NULL, &e) < 0)
		fail_msg("%s", e.message);
	assert_int_equal(file_read(log, 4096, &text, &e), 0);
	snprintf(line, sizeof(line), "%u\n", user.drops ? user.uid : geteuid());
	assert_true(str_starts_with(str_cstr(&text), line));
	assert_true(!user.drops || user.uid != 0);
	assert_non_null(strstr(str_cstr(&text), "made\n"));
	part_process_free(p);
	unlink(log);
	str_release(&text);
	free(file);
	free(log);
}

static void
owner_killed_takesTheServerAlong(void **state)
{
	int64_t until_ms = clock_mono_ms() + FIXTURE_WAIT_MS;

	(void)state;
	assert_true(orphan.pid > 0);
	while (process_alive(orphan) && clock_mono_ms() < until_ms)
		fixture_pause();
	assert_false(process_alive(orphan));
}

/* Another process starts a server, says which, and is killed. Before this one has threads. */
static void
make_orphan(void)
{
	int ends[2];
	pid_t owner;

	if (pipe(ends) < 0)
		abort();
	owner = fork();
	if (owner == 0) {
		struct err e = ERR_INIT;

		begin(NULL);
		part_process_await_ready(start("echo ready; exec sleep 60", "ready"),
					 FIXTURE_WAIT_MS, NULL, &e);
		unlink(log_path());
		fixture_remove(folder);
		if (write(ends[1], &told->last, sizeof(told->last)) > 0)
			pause();
		_exit(1);
	}
	close(ends[1]);
	if (read(ends[0], &orphan, sizeof(orphan)) != sizeof(orphan))
		orphan.pid = 0;
	close(ends[0]);
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owner_killed_takesTheServerAlong),
		cmocka_unit_test(await_ready_saysSo_isReady),
		cmocka_unit_test(await_ready_endsBefore_saysItsLastWords),
		cmocka_unit_test(await_ready_neverReady_timesOut),
		cmocka_unit_test(await_done_exitStatus_isTheResult),
		cmocka_unit_test(start_noProgram_isIoError),
		cmocka_unit_test(end_stubborn_isKilledAfterThreeSeconds),
		cmocka_unit_test(ends_byItself_isTold),
		cmocka_unit_test(start_folder_isReachedWithoutTheFoldersAbove),
	};

	make_orphan();
	return cmocka_run_group_tests(tests, begin, end);
}
