#include "config.h"

#include "net/child/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_server.h"
#include "net/child/supervisor_status.h"

static void
supervisor_status_read_refuses_what_is_none(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"v\":2,\"supervisor\":4,\"ended_ms\":5}",
		"{\"v\":1,\"ended_ms\":5}",
		"{\"v\":1,\"supervisor\":4}",
		NULL,
	};
	char *folder = fixture_folder(), *missing = xasprintf("%s/missing", folder);
	struct supervisor_status status;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(supervisor_status_read(missing, &status, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	for (const char *const *text = texts; *text; text++) {
		char *path = fixture_write(folder, "status", *text);

		assert_int_equal(supervisor_status_read(path, &status, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		assert_non_null(strstr(e.message, path));
		free(path);
	}
	free(missing);
	fixture_remove(folder);
}

static void
process_alive_tells_a_number_from_a_process(void **state)
{
	struct process_id ours = process_identify(getpid()), other = ours;
	char boot_id[PROCESS_BOOT_ID_MAX];
	siginfo_t info;
	pid_t pid;

	(void)state;
	assert_true(ours.start > 0);
	assert_true(process_alive(ours));
	other.start++;
	assert_false(process_alive(other));
	assert_false(process_alive((struct process_id){ .pid = -1, .start = -1 }));
	pid = fork();
	if (pid == 0)
		_exit(0);
	other = process_identify(pid);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(process_alive(other)); /* a zombie */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_alive(other));
	assert_int_equal(strlen(process_boot_id(boot_id)), 36);
}

/* In a session of its own: a child in a group of its own, one in the leader's, and a pipe that both hold. */
static _Noreturn void
lead(int fd)
{
	setsid();
	for (int i = 0; i < 2; i++) {
		if (fork() > 0)
			continue;
		if (i == 0)
			setpgid(0, 0);
		if (write(fd, i == 0 ? "a" : "b", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	for (;;)
		pause();
}

static void
process_signal_strays_reaches_those_outside_the_group_alone(void **state)
{
	char both[2];
	int fds[2], status = 0;
	pid_t leader;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	leader = fork();
	if (leader == 0)
		lead(fds[1]);
	for (size_t got = 0; got < sizeof(both); got++)
		assert_int_equal(read(fds[0], both + got, 1), 1);
	process_signal_strays(leader, SIGTERM);
	assert_int_equal(waitpid(leader, NULL, WNOHANG), 0);
	assert_int_equal(kill(-leader, SIGKILL), 0);
	assert_int_equal(waitpid(leader, NULL, 0), leader);
	int ended[NSIG] = { 0 };
	for (int i = 0; i < 2; i++) {
		assert_true(waitpid(-1, &status, 0) > 0);
		assert_true(WIFSIGNALED(status));
		ended[WTERMSIG(status)]++;
	}
	assert_int_equal(ended[SIGTERM], 1); /* whoever had left */
	assert_int_equal(ended[SIGKILL], 1); /* whoever had not */
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(supervisor_status_read_refuses_what_is_none),
		cmocka_unit_test(process_alive_tells_a_number_from_a_process),
		cmocka_unit_test(process_signal_strays_reaches_those_outside_the_group_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
