#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_command.h"

static void
command_run_output_and_exit_code_are_the_result(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"printf\",\"%%s\\\\n\",\"it's\",\"$HOME\"]}");
	char *preview = stand_preview(&s, NULL);
	assert_int_equal(strncmp(preview, "> $ printf '%s\\n' 'it'\\''s' '$HOME'\n", 33), 0);
	assert_ran(&s);
	assert_string_equal(str_cstr(&s.output), "it's\n$HOME\n");
	assert_string_equal(json_string(s.result, "output", ""), "it's\n$HOME\n");
	assert_int_equal(json_int(s.result, "exit_code", -1), 0);
	assert_true(cJSON_IsNull(json_at(s.result, "json")));
	free(preview);
	stand_release(&s);
}

static void
command_run_bad_exit_code_shows_the_last_lines(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"seq 1 100; echo it broke >&2; exit 7\"],\"shell\":true}");
	assert_fails(&s, ERR_REMOTE,
		     "ended with exit code 7. Its last output: 96; 97; 98; 99; 100; it broke");
	assert_null(strstr(s.e.message, "94"));
	assert_says(s.e.message, "It may have changed something before");
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"exit 7\"],\"shell\":true,\"exit_codes\":[0,7]}");
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "exit_code", -1), 7);
	stand_action(&s, &step_command_run, "{\"argv\":[\"false\"],\"effect\":\"reads\"}");
	assert_fails(&s, ERR_REMOTE, "false ended with exit code 1. It said nothing");
	assert_null(strstr(s.e.message, "changed"));
	stand_release(&s);
}

static void
command_run_ended_by_a_signal_is_unknown_unless_it_reads(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"echo half; kill -9 $$\"],\"shell\":true}");
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "ended by signal 9 (SIGKILL: ");
	assert_says(s.e.message, "lack of memory");
	assert_says(s.e.message, "Its last output: half");
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"kill -SEGV $$\"],\"shell\":true,\"effect\":\"reads\"}");
	assert_fails(&s, ERR_REMOTE, "ended by signal 11 (SIGSEGV: it crashed");
	stand_release(&s);
}

static void
command_run_exit_codes_have_meanings(void **state)
{
	static const char with[] =
		"{\"argv\":[\"exit "
		"%d\"],\"shell\":true,\"exit_codes\":[0,2],\"unknown_codes\":[124],"
		"\"exit_meanings\":{\"2\":\"it was there before\",\"3\":\"no such chart\"}}";
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run, with, 2);
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "meaning", ""), "it was there before");
	stand_action(&s, &step_command_run, with, 0);
	assert_ran(&s);
	assert_true(cJSON_IsNull(json_at(s.result, "meaning")));
	stand_action(&s, &step_command_run, with, 3);
	assert_fails(&s, ERR_REMOTE, "ended with exit code 3 (no such chart)");
	stand_action(&s, &step_command_run, with, 124);
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "ended with exit code 124");
	stand_action(&s, &step_command_run, with, 127);
	assert_fails(&s, ERR_REMOTE, "a command was not found");
	stand_action(&s, &step_command_run, with, 137);
	assert_fails(&s, ERR_REMOTE, "a command was ended by SIGKILL");
	stand_release(&s);
}

static void
command_run_senseless_fields_are_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "\"exit_codes\":[0,1],\"unknown_codes\":[1]", "good and unknown at once" },
		{ "\"unknown_codes\":[0]", "exit code 0 is good and unknown" },
		{ "\"exit_codes\":[256]", "exit codes are 0 to 255" },
		{ "\"exit_meanings\":{\"x\":\"y\"}", "is no exit code" },
		{ "\"columns\":5", "columns is 5, and must be 20 to 500" },
		{ "\"rows\":0", "rows is 0" },
		{ "\"stdin\":\"a\",\"stdin_file\":\"/etc/hostname\"", "both given" },
		{ "\"env\":{\"A=B\":\"c\"}", "\"A=B\" in env is no name" },
		{ "\"env\":{\"A\":\"b\"},\"secret_env\":{\"A\":\"c\"}", "A is given twice" },
		{ "\"inherit\":\"*\"", "inherit: all" },
		{ "\"inherit\":[\"A*B\"]", "only at the end" },
	};
	struct stand s;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stand_action(&s, &step_command_run, "{\"argv\":[\"true\"],%s}", rows[i][0]);
		assert_null(stand_preview(&s, NULL));
		assert_int_equal(s.e.kind, ERR_SPEC);
		assert_says(s.e.message, rows[i][1]);
		assert_fails(&s, ERR_SPEC, rows[i][1]);
	}
	stand_release(&s);
}

static void
command_run_shell_is_shown_and_takes_one_string(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"echo a | tr a b\"],\"shell\":true}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "> $ /bin/sh -c 'echo a | tr a b'\n");
	assert_says(preview, "! A shell interprets this line\n");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "b\n");
	stand_action(&s, &step_command_run, "{\"argv\":[\"echo\",\"a\"],\"shell\":true}");
	assert_fails(&s, ERR_SPEC, "exactly one string");
	free(preview);
	stand_release(&s);
}

static void
command_run_json_is_parsed_apart_from_warnings(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"echo warning >&2; echo "
		     "'{\\\"a\\\":[1,2]}'\"],\"shell\":true,\"json\":true}");
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "json/a/1", -1), 2);
	assert_says(str_cstr(&s.output), "warning\n");
	assert_says(str_cstr(&s.output), "{\"a\":[1,2]}");
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"echo\",\"none\"],\"json\":true,\"effect\":\"reads\"}");
	assert_fails(&s, ERR_REMOTE, "is no JSON");
	assert_says(s.e.message, "Its 5 bytes begin: none");
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"],\"json\":true}");
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "It wrote nothing there. What it does is done");
	stand_release(&s);
}

static void
command_run_too_much_json_is_refused(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"head\",\"-c\",\"17000000\",\"/dev/zero\"],\"json\":true,"
		     "\"effect\":\"reads\"}");
	assert_fails(&s, ERR_REMOTE, "more than 16777216 bytes");
	stand_release(&s);
}

static void
command_run_redrawn_lines_are_progress_and_end_as_they_were_last(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"printf 'load 10%%%%\\\\rload 99%%%%\\\\rload "
		     "100%%%%\\\\nover\\\\n'\"],"
		     "\"shell\":true}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "load 100%\nover\n");
	assert_string_equal(str_cstr(&s.output), "load 100%\nover\n");
	assert_says(str_cstr(&s.progress), "load 10%\n");
	stand_release(&s);
}

static void
command_run_terminal_has_the_size_and_draws_no_pictures(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"stty size <&1; echo $TERM\"],\"shell\":true}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "24 80\ndumb\n");
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"stty size <&1; echo $TERM\"],\"shell\":true,\"columns\":132,"
		     "\"rows\":50,\"env\":{\"TERM\":\"vt100\"}}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "50 132\nvt100\n");
	stand_release(&s);
}

static void
command_run_invalid_utf8_is_shown_as_bytes(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"printf 'a\\\\377b\\\\n'\"],\"shell\":true}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "a\\xffb\n");
	stand_release(&s);
}

static void
command_run_daemon_left_behind_is_told(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"setsid sleep 3 & echo started\"],\"shell\":true,\"pty\":false}");
	int64_t begin_ms = clock_mono_ms();
	assert_ran(&s);
	assert_in_range(clock_mono_ms() - begin_ms, 0, 2500);
	assert_says(str_cstr(&s.output), "started\n[processes that it started still have");
	stand_release(&s);
}

static void
command_run_long_output_keeps_its_end(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"seq\",\"1\",\"100000\"]}");
	assert_ran(&s);
	const char *kept = json_string(s.result, "output", "");
	assert_int_equal(strlen(kept), 65536);
	assert_string_equal(kept + 65536 - 7, "100000\n");
	assert_int_equal(s.output.len, 588895);
	stand_release(&s);
}

static void *
request_cancel(void *data)
{
	poll(NULL, 0, 40);
	cancel_request(data);
	return NULL;
}

static enum err_kind
cancelled_kind(const char *effect)
{
	struct stand s;
	pthread_t thread;
	enum err_kind kind;

	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"sleep\",\"20\"],\"effect\":\"%s\"}",
		     effect);
	pthread_create(&thread, NULL, request_cancel, s.cancel);
	assert_int_equal(stand_run(&s), -1);
	kind = s.e.kind;
	pthread_join(thread, NULL);
	stand_release(&s);
	return kind;
}

static void
command_run_stopped_half_way_is_in_doubt_unless_it_reads(void **state)
{
	struct stand s;

	(void)state;
	assert_int_equal(cancelled_kind("reads"), ERR_CANCELLED);
	assert_int_equal(cancelled_kind("changes"), ERR_UNKNOWN_OUTCOME);
	begin(&s);
	s.ctx.deadline_ms = clock_mono_ms() + 500;
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"echo waiting for pods; sleep 20\"],\"shell\":true}");
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "still running after");
	assert_says(s.e.message, "Its last output: waiting for pods. It may have changed");
	cancel_request(s.cancel);
	assert_fails(&s, ERR_CANCELLED, "before it was started");
	stand_release(&s);
}

static void
cancel_on_progress(struct stand *s)
{
	cancel_request(s->cancel);
}

static void
command_run_cancelled_before_it_begins_has_changed_nothing(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"touch\",\"%s/made\"]}", run_folder);
	s.on_progress = cancel_on_progress; /* the last thing before it is begun */
	assert_fails(&s, ERR_CANCELLED, "before it was started");
	s.on_progress = NULL;
	assert_fails(&s, ERR_CANCELLED, "before it was started");
	stand_release(&s);
}

static void
assert_not_ready(struct stand *s, const char *with, enum err_kind kind, const char *text)
{
	stand_action(s, &step_command_run, "%s", with);
	assert_null(stand_preview(s, NULL));
	assert_says(s->e.message, text);
	assert_int_equal(s->e.kind, kind);
	assert_int_equal(stand_run(s), -1);
}

static void
command_run_what_is_missing_fails_in_the_preview(void **state)
{
	char *data = xasprintf("%s/data", run_folder), *with;
	struct stand s;

	(void)state;
	begin(&s);
	free(fixture_write(run_folder, "data", "no program\n"));
	assert_not_ready(&s, "{\"argv\":[\"no-such-command\"]}", ERR_NOT_FOUND,
			 "no command \"no-such-command\" in PATH (");
	assert_not_ready(&s, "{\"argv\":[\"true\"],\"folder\":\"/nonexistent\"}", ERR_NOT_FOUND,
			 "the folder /nonexistent");
	assert_not_ready(&s, "{\"argv\":[\"true\"],\"folder\":\"/etc/passwd\"}", ERR_NOT_FOUND,
			 "/etc/passwd is a file");
	assert_not_ready(&s, "{\"argv\":[\"cat\"],\"stdin_file\":\"/nonexistent\"}", ERR_NOT_FOUND,
			 "/nonexistent for the standard input");
	assert_not_ready(&s, "{\"argv\":[\"cat\"],\"stdin_file\":\"/dev/zero\"}", ERR_SPEC,
			 "no regular file");
	assert_not_ready(&s, "{\"argv\":[\"/etc\"]}", ERR_NOT_FOUND, "but a folder");
	with = xasprintf("{\"argv\":[\"%s\"]}", data);
	assert_not_ready(&s, with, ERR_NOT_FOUND, "chmod +x");
	free(with);
	with = xasprintf("{\"argv\":[\"data\"],\"env\":{\"PATH\":\"%s\"}}", run_folder);
	assert_not_ready(&s, with, ERR_NOT_FOUND, "is there, but not executable");
	assert_says(s.e.message, "in PATH (/tmp");
	free(with);
	free(data);
	stand_release(&s);
}

static void
command_run_script_without_an_interpreter_says_so(void **state)
{
	char *script = fixture_write(run_folder, "script", "echo hello\n");
	struct stand s;

	(void)state;
	begin(&s);
	chmod(script, 0700);
	stand_action(&s, &step_command_run, "{\"argv\":[\"./script\"],\"folder\":\"%s\"}",
		     run_folder);
	assert_fails(&s, ERR_IO, "#!/bin/sh");
	free(fixture_write(run_folder, "script", "#!/no/such/shell\n"));
	assert_fails(&s, ERR_IO, "The interpreter that its first line names is not there");
	free(script);
	stand_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_run_output_and_exit_code_are_the_result),
		cmocka_unit_test(command_run_bad_exit_code_shows_the_last_lines),
		cmocka_unit_test(command_run_ended_by_a_signal_is_unknown_unless_it_reads),
		cmocka_unit_test(command_run_exit_codes_have_meanings),
		cmocka_unit_test(command_run_senseless_fields_are_refused),
		cmocka_unit_test(command_run_shell_is_shown_and_takes_one_string),
		cmocka_unit_test(command_run_json_is_parsed_apart_from_warnings),
		cmocka_unit_test(command_run_too_much_json_is_refused),
		cmocka_unit_test(command_run_redrawn_lines_are_progress_and_end_as_they_were_last),
		cmocka_unit_test(command_run_terminal_has_the_size_and_draws_no_pictures),
		cmocka_unit_test(command_run_invalid_utf8_is_shown_as_bytes),
		cmocka_unit_test(command_run_daemon_left_behind_is_told),
		cmocka_unit_test(command_run_long_output_keeps_its_end),
		cmocka_unit_test(command_run_stopped_half_way_is_in_doubt_unless_it_reads),
		cmocka_unit_test(command_run_cancelled_before_it_begins_has_changed_nothing),
		cmocka_unit_test(command_run_what_is_missing_fails_in_the_preview),
		cmocka_unit_test(command_run_script_without_an_interpreter_says_so),
	};

	return cmocka_run_group_tests(tests, make_run_folder, remove_run_folder);
}
