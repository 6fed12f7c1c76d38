#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "fixture_server.h"
#include "net/child/child.h"
#include "net/child/child_find.h"
#include "net/child/child_words.h"

/* Commands that flood, do not end, leave others behind, or are none. */

struct heard {
	struct str first; /* of what came */
	size_t bytes;
	struct cancel *cancel; /* requested once there is so much */
	size_t enough;
	int64_t cancelled_ms;
};

static void
hear(void *data, const char *bytes, size_t len_bytes)
{
	struct heard *h = data;

	if (h->first.len < 200)
		str_append_bytes(&h->first, bytes, len_bytes < 200 ? len_bytes : 200);
	h->bytes += len_bytes;
	if (h->cancel && h->cancelled_ms == 0 && h->bytes >= h->enough) {
		h->cancelled_ms = clock_mono_ms();
		cancel_request(h->cancel);
	}
}

static int
run_shell(const char *script, struct child_options options, struct heard *h,
	  struct child_result *ret_result, struct err *e)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	options.argv = argv;
	options.on_output = hear;
	options.data = h;
	options.cancel = h->cancel;
	return child_run(&options, ret_result, e);
}

static void
env_only_is_all_that_it_gets(void **state)
{
	const char *env[] = { "A=b", NULL };
	const char *argv[] = { "env", NULL };
	struct heard h = { .bytes = 0 };
	struct child_options options = {
		.argv = argv, .env = env, .env_only = true, .on_output = hear, .data = &h
	};
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(child_run(&options, &result, &e), 0);
	assert_string_equal(str_cstr(&h.first), "A=b\n");
	str_release(&h.first);
}

static long
resident_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Nothing of it is kept by us, and the cancel is heard in the middle of it. */
static void
flood_is_cancelled_at_once_and_takes_no_memory(void **state)
{
	for (int pty = 0; pty < 2; pty++) {
		struct heard h = { .cancel = cancel_new(), .enough = 100 << 20 };
		struct child_result result;
		struct err e = ERR_INIT;
		long before = resident_kib();

		assert_int_equal(run_shell("exec yes", (struct child_options){ .pty = pty }, &h,
					   &result, &e),
				 -1);
		assert_int_equal(e.kind, ERR_CANCELLED);
		assert_non_null(strstr(e.message, "SIGTERM ended it"));
		assert_in_range(clock_mono_ms() - h.cancelled_ms, 0, 1000);
		assert_in_range(resident_kib() - before, 0, 4096);
		cancel_free(h.cancel);
		str_release(&h.first);
	}
	(void)state;
}

static pid_t
number_in(const struct heard *h)
{
	return (pid_t)strtol(str_cstr(&h->first), NULL, 10);
}

static bool
is_gone(pid_t pid)
{
	for (int i = 0; i < 600 && kill(pid, 0) == 0; i++) {
		waitpid(pid, NULL, WNOHANG);
		fixture_pause();
	}
	return kill(pid, 0) < 0;
}

/* As a shell with job control does it, or make -j, or timeout(1). */
static void
deadline_reaches_those_in_groups_of_their_own(void **state)
{
	struct heard h = { .bytes = 0 };
	struct child_options options = { .pty = true, .timeout_ms = 300, .grace_ms = 100 };
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(run_shell("set -m; (trap '' TERM HUP; exec sleep 60) & echo $!; wait",
				   options, &h, &result, &e),
			 -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_true(number_in(&h) > 0);
	assert_true(is_gone(number_in(&h)));
	str_release(&h.first);
}

static void
deadline_says_that_others_may_still_run(void **state)
{
	struct heard h = { .bytes = 0 };
	struct child_options options = { .timeout_ms = 300, .grace_ms = 100 };
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(run_shell("setsid sleep 60 & echo $!; wait", options, &h, &result, &e),
			 -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_non_null(strstr(e.message, "may still run"));
	assert_int_equal(kill(number_in(&h), SIGKILL), 0);
	assert_true(is_gone(number_in(&h)));
	str_release(&h.first);
}

static void
output_that_is_kept_open_is_told(void **state)
{
	struct heard h = { .bytes = 0 };
	struct child_result result;
	struct err e = ERR_INIT;
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(run_shell("setsid sleep 60 & echo $!", (struct child_options){ 0 }, &h,
				   &result, &e),
			 0);
	assert_true(result.left_behind);
	assert_in_range(clock_mono_ms() - begin_ms, 400, 5000);
	assert_int_equal(kill(number_in(&h), SIGKILL), 0);
	assert_true(is_gone(number_in(&h)));
	assert_int_equal(run_shell("echo done", (struct child_options){ 0 }, &h, &result, &e), 0);
	assert_false(result.left_behind);
	assert_int_equal(
		run_shell("echo done", (struct child_options){ .pty = true }, &h, &result, &e), 0);
	assert_false(result.left_behind);
	str_release(&h.first);
}

/* It ignores SIGTERM, and SIGHUP, which comes when its terminal is closed. */
static void
stubborn_flood_is_killed(void **state)
{
	struct heard h = { .cancel = cancel_new(), .enough = 1 << 20 };
	struct child_options options = { .pty = true, .grace_ms = 100 };
	struct child_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(run_shell("trap '' TERM HUP INT; yes; sleep 60", options, &h, &result, &e),
			 -1);
	assert_non_null(strstr(e.message, "SIGKILL did"));
	assert_in_range(clock_mono_ms() - h.cancelled_ms, 100, 3000);
	cancel_free(h.cancel);
	str_release(&h.first);
}

static void
signals_are_described(void **state)
{
	char *text = child_signal_describe(SIGKILL);

	(void)state;
	assert_non_null(strstr(text, "signal 9 (SIGKILL: "));
	assert_non_null(strstr(text, "memory"));
	free(text);
	text = child_signal_describe(SIGUSR1);
	assert_string_equal(text, "signal 10 (User defined signal 1)");
	free(text);
}

static void
assert_last(const char *text, int lines, size_t most, const char *wanted)
{
	struct str out = STR_INIT;

	child_last_lines(text, strlen(text), lines, most, &out);
	assert_string_equal(str_cstr(&out), wanted);
	str_release(&out);
}

static void
child_last_lines_are_one_sentence(void **state)
{
	(void)state;
	assert_last("", 3, 100, "");
	assert_last("\n  \n", 3, 100, "");
	assert_last("one", 3, 100, "one");
	assert_last("one\ntwo\n\n  three  \nfour\n\n", 3, 100, "two; three; four");
	assert_last("one\r\ntwo\x1b[0m\n", 3, 100, "one; two");
	assert_last("Grüße", 3, 3, "ße");
	assert_last("Grüße", 3, 2, "e");
}

static void
child_find_says_what_is_there_instead(void **state)
{
	char *folder = fixture_folder(), *tool = fixture_write(folder, "tool", "");
	char *path = xasprintf("/nonexistent:%s", folder), *found;
	struct err e = ERR_INIT;

	(void)state;
	assert_null(child_find_for("tool", NULL, path, &e));
	assert_non_null(strstr(e.message, "is there, but not executable"));
	assert_null(child_find(tool, &e));
	assert_non_null(strstr(e.message, "chmod +x"));
	assert_null(child_find(folder, &e));
	assert_non_null(strstr(e.message, "but a folder"));
	assert_null(child_find("", &e));
	assert_null(child_find("/nonexistent/x", &e));
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	chmod(tool, 0700);
	found = child_find_for("tool", NULL, path, &e);
	assert_string_equal(found, tool);
	free(found);
	found = child_find_for("./tool", folder, NULL, &e);
	assert_non_null(found);
	free(found);
	free(path);
	free(tool);
	fixture_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(env_only_is_all_that_it_gets),
		cmocka_unit_test(flood_is_cancelled_at_once_and_takes_no_memory),
		cmocka_unit_test(deadline_reaches_those_in_groups_of_their_own),
		cmocka_unit_test(deadline_says_that_others_may_still_run),
		cmocka_unit_test(output_that_is_kept_open_is_told),
		cmocka_unit_test(stubborn_flood_is_killed),
		cmocka_unit_test(signals_are_described),
		cmocka_unit_test(child_last_lines_are_one_sentence),
		cmocka_unit_test(child_find_says_what_is_there_instead),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
