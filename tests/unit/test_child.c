#include "config.h"

#include "net/child/child.h"

#include <pthread.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fixture_server.h"

/* Where the supervisor of the second round leaves exit statuses; NULL: there is none. */
static char *status_folder, *status_file;

static void
collect(void *data, const char *bytes, size_t len_bytes)
{
	str_append_bytes(data, bytes, len_bytes);
}

/* Runs /bin/sh -c script. */
static int
run_shell(const char *script, struct child_options options, struct str *output,
	  struct child_result *ret_result, struct err *e)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	options.argv = argv;
	options.on_output = collect;
	options.data = output;
	options.status_file = options.terminal ? NULL : status_file;
	return child_run(&options, ret_result, e);
}

static void
assert_output(const char *script, struct child_options options, const char *wanted)
{
	struct str output = STR_INIT;
	struct child_result result;
	struct err e = ERR_INIT;

	if (run_shell(script, options, &output, &result, &e) < 0)
		fail_msg("%s", e.message);
	assert_int_equal(result.exit_code, 0);
	assert_string_equal(str_cstr(&output), wanted);
	str_release(&output);
}

static void
child_run_output_comes_in_order(void **state)
{
	(void)state;
	assert_output("echo one; echo two >&2; echo three", (struct child_options){ 0 },
		      "one\ntwo\nthree\n");
	assert_output("echo one; echo two >&2; echo three", (struct child_options){ .pty = true },
		      "one\ntwo\nthree\n");
}

static void
child_run_large_output_is_whole(void **state)
{
	for (int pty = 0; pty < 2; pty++) {
		struct child_options options = { .pty = pty };
		struct str output = STR_INIT;
		struct child_result result;
		struct err e = ERR_INIT;

		assert_int_equal(run_shell("seq 1 200000", options, &output, &result, &e), 0);
		assert_int_equal(output.len, 1288895);
		assert_string_equal(output.data + output.len - 7, "200000\n");
		str_release(&output);
	}
	(void)state;
}

static void
child_run_pty_is_a_terminal_of_the_size(void **state)
{
	(void)state;
	assert_output("test -t 1 && test -t 2 && ! test -t 0 && stty size <&1",
		      (struct child_options){ .pty = true, .columns = 132, .rows = 50 },
		      "50 132\n");
	assert_output("test -t 1 || echo pipe", (struct child_options){ 0 }, "pipe\n");
	assert_output("echo x >/dev/tty", (struct child_options){ .pty = true }, "x\n");
}

static void
child_run_exit_code_and_signal_are_results(void **state)
{
	struct str output = STR_INIT;
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(run_shell("exit 3", (struct child_options){ 0 }, &output, &result, &e), 0);
	assert_int_equal(result.exit_code, 3);
	assert_int_equal(result.signal, 0);
	assert_int_equal(run_shell("kill -9 $$", (struct child_options){ 0 }, &output, &result, &e),
			 0);
	assert_int_equal(result.exit_code, -1);
	assert_int_equal(result.signal, SIGKILL);
	str_release(&output);
}

static void
child_run_input_is_read_to_its_end(void **state)
{
	struct str input = STR_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		str_printf(&input, "%09d\n", i);
	assert_output("wc -c",
		      (struct child_options){ .input = input.data, .input_len = input.len },
		      "1000000\n");
	assert_output("true", (struct child_options){ .input = input.data, .input_len = input.len },
		      "");
	assert_output(
		"tail -n 1 /dev/stdin",
		(struct child_options){ .input = input.data, .input_len = input.len, .pty = true },
		"000099999\n");
	assert_output("cat", (struct child_options){ 0 }, "");
	str_release(&input);
}

static void
child_run_environment_is_added_and_replaced(void **state)
{
	const char *env[] = { "LIFEBOAT_A=new", "LIFEBOAT_B=two words", NULL };

	(void)state;
	setenv("LIFEBOAT_A", "old", 1);
	setenv("LIFEBOAT_AB", "kept", 1);
	assert_output("echo \"$LIFEBOAT_A,$LIFEBOAT_B,$LIFEBOAT_AB\"",
		      (struct child_options){ .env = env }, "new,two words,kept\n");
}

static void
child_run_folder_is_where_it_works(void **state)
{
	char *folder = fixture_folder();
	char *script = fixture_write(folder, "tool", "#!/bin/sh\npwd\n");
	const char *argv[] = { "./tool", NULL };
	struct str output = STR_INIT;
	struct child_options options = {
		.argv = argv,
		.folder = folder,
		.on_output = collect,
		.data = &output,
		.status_file = status_file,
	};
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	chmod(script, 0700);
	if (child_run(&options, &result, &e) < 0)
		fail_msg("%s", e.message);
	assert_memory_equal(output.data, folder, strlen(folder));
	options.folder = "/nonexistent";
	argv[0] = "true";
	assert_int_equal(child_run(&options, &result, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e.message, "/nonexistent"));
	str_release(&output);
	free(script);
	fixture_remove(folder);
}

static void
child_run_missing_command_is_not_found(void **state)
{
	const char *argv[] = { "no-such-command", NULL };
	struct child_options options = { .argv = argv, .status_file = status_file };
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(child_run(&options, &result, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e.message, getenv("PATH")));
	assert_null(child_find("/etc/passwd", &e));
	char *path = child_find("sh", &e);
	assert_non_null(path);
	assert_int_equal(path[0], '/');
	free(path);
}

static void
child_run_unreadable_program_says_why(void **state)
{
	char *folder = fixture_folder();
	char *script = fixture_write(folder, "tool", "#!/nonexistent/interpreter\n");
	const char *argv[] = { script, NULL };
	struct child_options options = { .argv = argv, .status_file = status_file };
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	chmod(script, 0700);
	assert_int_equal(child_run(&options, &result, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, script));
	free(script);
	fixture_remove(folder);
}

static void
child_run_deadline_stops_the_group(void **state)
{
	struct child_options options = { .pty = true, .timeout_ms = 500 };
	struct str output = STR_INIT;
	struct child_result result;
	struct err e = ERR_INIT;
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(run_shell("sleep 60 & echo $!; wait", options, &output, &result, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_in_range(clock_mono_ms() - begin_ms, 500, 2400); /* not the grace of 2 s */
	pid_t grandchild = (pid_t)strtol(str_cstr(&output), NULL, 10);
	assert_true(grandchild > 0);
	for (int i = 0; i < 400 && kill(grandchild, 0) == 0; i++)
		fixture_pause();
	assert_int_equal(kill(grandchild, 0), -1);
	str_release(&output);
}

static void
child_run_stubborn_command_is_killed(void **state)
{
	struct child_options options = { .timeout_ms = 1000, .grace_ms = 50 }; /* a shell's start */
	struct str output = STR_INIT;
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(run_shell("trap '' TERM; echo ready; while :; do sleep 60; done", options,
				   &output, &result, &e),
			 -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_string_equal(str_cstr(&output), "ready\n");
	assert_non_null(strstr(e.message, "SIGKILL did"));
	str_release(&output);
}

static void *
request_cancel(void *data)
{
	poll(NULL, 0, 30);
	cancel_request(data);
	return NULL;
}

static void
child_run_cancelled_stops_it(void **state)
{
	struct cancel *cancel = cancel_new();
	struct child_options options = { .cancel = cancel };
	struct str output = STR_INIT;
	struct child_result result;
	struct err e = ERR_INIT;
	pthread_t thread;
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	pthread_create(&thread, NULL, request_cancel, cancel);
	assert_int_equal(run_shell("exec sleep 60", options, &output, &result, &e), -1);
	assert_int_equal(e.kind, ERR_CANCELLED);
	assert_in_range(clock_mono_ms() - begin_ms, 20, 1500);
	pthread_join(thread, NULL);
	assert_int_equal(run_shell("echo never", options, &output, &result, &e), -1);
	assert_non_null(strstr(e.message, "before it was started"));
	assert_int_equal(output.len, 0);
	cancel_free(cancel);
	str_release(&output);
}

static void
child_run_daemon_that_keeps_the_terminal_does_not_hold_us(void **state)
{
	struct child_options options = { .pty = true };
	struct str output = STR_INIT;
	struct child_result result;
	struct err e = ERR_INIT;
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(run_shell("setsid sleep 4 & echo started", options, &output, &result, &e),
			 0);
	assert_in_range(clock_mono_ms() - begin_ms, 0, 2500);
	assert_string_equal(str_cstr(&output), "started\n");
	str_release(&output);
}

static void
child_run_command_that_closes_its_output_lives_on(void **state)
{
	static const char script[] = "exec >&- 2>&-; i=0; "
				     "while [ $i -lt 50000 ]; do i=$((i+1)); done; exit 5";
	struct child_options options = { .pty = true };
	struct str output = STR_INIT;
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(run_shell(script, options, &output, &result, &e), 0);
	assert_int_equal(result.signal, 0);
	assert_int_equal(result.exit_code, 5);
	str_release(&output);
}

static void
child_run_signals_and_descriptors_are_not_inherited(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_output("ls /proc/self/fd | tr '\\n' ' '", (struct child_options){ 0 }, "0 1 2 3 ");
	assert_output("yes | head -n 1", (struct child_options){ 0 }, "y\n");
	signal(SIGPIPE, SIG_DFL);
	close(fds[0]);
	close(fds[1]);
}

static void
child_run_captured_output_is_apart(void **state)
{
	struct str captured = STR_INIT, output = STR_INIT;
	struct child_options options = { .pty = true, .capture = &captured, .capture_max = 100 };
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(run_shell("echo '{}'; echo warning >&2", options, &output, &result, &e),
			 0);
	assert_string_equal(str_cstr(&captured), "{}\n");
	assert_string_equal(str_cstr(&output), "warning\n");
	assert_int_equal(run_shell("seq 1 1000", options, &output, &result, &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_true(captured.len <= 100);
	str_release(&captured);
	str_release(&output);
}

static void
child_run_speaking_has_a_deadline_of_its_own(void **state)
{
	struct child_options options = { .timeout_ms = 60000, .speaking_timeout_ms = 100 };
	struct str output = STR_INIT;
	struct child_result result;
	struct err e = ERR_INIT;
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(run_shell("echo ready; exec sleep 60", options, &output, &result, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_in_range(clock_mono_ms() - begin_ms, 100, 5000);
	str_release(&output);
}

/* In a process of its own, whose terminal is a pty: 0, or what was wrong. */
static int
run_on_our_terminal(const char *script, const char *wanted)
{
	struct str captured = STR_INIT, output = STR_INIT;
	struct child_options options = { .terminal = true,
					 .capture = &captured,
					 .capture_max = 100 };
	struct child_result result;
	struct err e = ERR_INIT;

	if (run_shell(script, options, &output, &result, &e) < 0)
		return e.kind == ERR_IO ? 11 : 12;
	if (strcmp(str_cstr(&captured), wanted) != 0 || output.len > 0)
		return 13;
	return tcgetpgrp(STDIN_FILENO) == getpgrp() ? 0 : 14;
}

static int
in_front(void)
{
	return run_on_our_terminal("test -t 0 && ! test -t 1 && test -t 2 && "
				   "test $(ps -o tpgid= -p $$) = $$ && echo front",
				   "front\n");
}

static int
again_after_a_missing_command(void)
{
	const char *argv[] = { "/etc/passwd", NULL };
	struct str captured = STR_INIT;
	struct child_options options = { .argv = argv, .terminal = true, .capture = &captured };
	struct child_result result;
	struct err e = ERR_INIT;

	if (child_run(&options, &result, &e) == 0 || tcgetpgrp(STDIN_FILENO) != getpgrp())
		return 1;
	return in_front();
}

static int
without_one(void)
{
	setsid();
	return run_on_our_terminal("echo never", "never\n") == 11 ? 0 : 1;
}

static void
assert_on_pty(int (*part)(void))
{
	int master, status = -1;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (pid == 0)
		_exit(part());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(master);
	assert_int_equal(status, 0);
}

static void
child_run_on_our_terminal_is_in_front_and_leaves_it(void **state)
{
	(void)state;
	assert_on_pty(in_front);
	assert_on_pty(again_after_a_missing_command);
}

static void
child_run_without_a_terminal_of_ours_is_an_io_error(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(without_one());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
child_run_given_input_is_closed(void **state)
{
	struct cancel *cancel = cancel_new();
	struct child_options options = { .cancel = cancel };
	struct str output = STR_INIT;
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	for (int round = 0; round < 3; round++) {
		options.input_fd = child_input_open("some words", 10, &e);
		assert_true(options.input_fd > 0);
		options.folder = round == 1 ? "/nonexistent" : NULL;
		if (round == 2)
			cancel_request(cancel);
		assert_int_equal(run_shell("cat", options, &output, &result, &e),
				 round == 0 ? 0 : -1);
		assert_int_equal(fcntl(options.input_fd, F_GETFD), -1);
	}
	assert_string_equal(str_cstr(&output), "some words");
	str_release(&output);
	cancel_free(cancel);
}

static int
supervise(void **state)
{
	(void)state;
	status_folder = fixture_folder();
	status_file = xasprintf("%s/000001", status_folder);
	return 0;
}

static int
supervise_no_more(void **state)
{
	(void)state;
	fixture_remove(status_folder);
	free(status_file);
	status_folder = status_file = NULL;
	return 0;
}

int
main(void)
{
	/* all of it holds without a supervisor, and with one */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(child_run_output_comes_in_order),
		cmocka_unit_test(child_run_large_output_is_whole),
		cmocka_unit_test(child_run_pty_is_a_terminal_of_the_size),
		cmocka_unit_test(child_run_exit_code_and_signal_are_results),
		cmocka_unit_test(child_run_input_is_read_to_its_end),
		cmocka_unit_test(child_run_environment_is_added_and_replaced),
		cmocka_unit_test(child_run_folder_is_where_it_works),
		cmocka_unit_test(child_run_missing_command_is_not_found),
		cmocka_unit_test(child_run_unreadable_program_says_why),
		cmocka_unit_test(child_run_deadline_stops_the_group),
		cmocka_unit_test(child_run_stubborn_command_is_killed),
		cmocka_unit_test(child_run_cancelled_stops_it),
		cmocka_unit_test(child_run_daemon_that_keeps_the_terminal_does_not_hold_us),
		cmocka_unit_test(child_run_command_that_closes_its_output_lives_on),
		cmocka_unit_test(child_run_signals_and_descriptors_are_not_inherited),
		cmocka_unit_test(child_run_captured_output_is_apart),
		cmocka_unit_test(child_run_speaking_has_a_deadline_of_its_own),
		cmocka_unit_test(child_run_given_input_is_closed),
	};
	const struct CMUnitTest terminal_tests[] = {
		cmocka_unit_test(child_run_on_our_terminal_is_in_front_and_leaves_it),
		cmocka_unit_test(child_run_without_a_terminal_of_ours_is_an_io_error),
	};
	int failed = cmocka_run_group_tests_name("without a supervisor", tests, NULL, NULL);

	failed += cmocka_run_group_tests_name("with a supervisor", tests, supervise,
					      supervise_no_more);
	failed += cmocka_run_group_tests_name("on our terminal", terminal_tests, NULL, NULL);
	return failed;
}
