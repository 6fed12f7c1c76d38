#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_executor.h"
#include "fixture_server.h"

static void
command_run_output_and_exit_code_are_the_result(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"printf\",\"%%s\\\\n\",\"it's\",\"$HOME\"]}");
	char *preview = stand_preview(&s, NULL);
	assert_string_equal(preview, "> $ printf '%s\\n' 'it'\\''s' '$HOME'\n");
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
	stand_init(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"seq 1 100; echo it broke >&2; exit 7\"],\"shell\":true}");
	assert_fails(&s, ERR_REMOTE,
		     "ended with exit code 7. Its last output: 96\n97\n98\n99\n100\nit broke");
	assert_null(strstr(s.e.message, "94"));
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"exit 7\"],\"shell\":true,\"exit_codes\":[0,7]}");
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "exit_code", -1), 7);
	stand_action(&s, &step_command_run, "{\"argv\":[\"kill -9 $$\"],\"shell\":true}");
	assert_fails(&s, ERR_REMOTE, "ended by signal 9");
	stand_release(&s);
}

static void
command_run_shell_is_shown_and_takes_one_string(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
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
	stand_init(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"echo warning >&2; echo "
		     "'{\\\"a\\\":[1,2]}'\"],\"shell\":true,\"json\":true}");
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "json/a/1", -1), 2);
	assert_says(str_cstr(&s.output), "warning\n");
	assert_says(str_cstr(&s.output), "{\"a\":[1,2]}");
	stand_action(&s, &step_command_run, "{\"argv\":[\"echo\",\"none\"],\"json\":true}");
	assert_fails(&s, ERR_REMOTE, "is no JSON");
	stand_release(&s);
}

static void
command_run_secret_in_argv_or_env_is_refused(void **state)
{
	static const char *const actions[] = {
		"{\"argv\":[\"echo\",\"--password=hunter2222\"]}",
		"{\"argv\":[\"echo\"],\"env\":{\"PASSWORD\":\"hunter2222\"}}",
		"{\"argv\":[\"echo aHVudGVyMjIyMg== | base64 -d\"],\"shell\":true}",
		NULL,
	};
	struct stand s;

	(void)state;
	stand_init(&s);
	assert_int_equal(secrets_add(s.ctx.secrets, "password", "hunter2222", 10, &s.e), 0);
	for (const char *const *action = actions; *action; action++) {
		stand_action(&s, &step_command_run, "%s", *action);
		assert_null(stand_preview(&s, NULL));
		assert_fails(&s, ERR_SPEC, "stdin_file");
		assert_null(strstr(s.e.message, "hunter2222"));
		assert_int_equal(s.output.len, 0);
	}
	stand_release(&s);
}

static void
command_run_secret_in_output_is_redacted_in_the_result(void **state)
{
	char *folder = fixture_folder(), *path = fixture_write(folder, "secret", "hunter2222\n");
	struct stand s;

	(void)state;
	stand_init(&s);
	assert_int_equal(secrets_add(s.ctx.secrets, "password", "hunter2222", 10, &s.e), 0);
	stand_action(&s, &step_command_run, "{\"argv\":[\"cat\"],\"stdin_file\":\"%s\"}", path);
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "reading ");
	assert_ran(&s);
	assert_null(strstr(json_string(s.result, "output", ""), "hunter2222"));
	assert_says(json_string(s.result, "output", ""), "password");
	unlink(path);
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_NOT_FOUND);
	free(preview);
	free(path);
	fixture_remove(folder);
	stand_release(&s);
}

static void
command_run_cluster_is_pinned(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_target(&s, &target_kubernetes,
		     "{\"context\":\"mgmt-b\",\"kubeconfig\":\"/tmp/kube config\"}");
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"echo "
		     "\\\"$KUBECONFIG,$HELM_KUBECONTEXT,$X\\\"\"],\"shell\":true,\"env\":{\"X\":"
		     "\"y\"}}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "with KUBECONFIG=/tmp/kube config\n");
	assert_says(preview, "with HELM_KUBECONTEXT=mgmt-b\n");
	assert_says(preview, "with X=y\n");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "/tmp/kube config,mgmt-b,y\n");
	stand_release(&s);
	free(preview);
	stand_init(&s);
	setenv("KUBECONFIG", "/tmp/inherited", 1);
	stand_target(&s, &target_kubernetes, "{\"context\":\"mgmt-b\"}");
	stand_action(&s, &step_command_run, "{\"argv\":[\"printenv\",\"KUBECONFIG\"]}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "/tmp/inherited\n");
	stand_release(&s);
}

static void
command_run_long_output_keeps_its_end(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
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

	stand_init(&s);
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
	stand_init(&s);
	s.ctx.deadline_ms = clock_mono_ms() + 50;
	stand_action(&s, &step_command_run, "{\"argv\":[\"sleep\",\"20\"]}");
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "still running after");
	cancel_request(s.cancel);
	assert_fails(&s, ERR_CANCELLED, "before it was started");
	stand_release(&s);
}

static void
command_run_missing_command_fails_in_the_preview(void **state)
{
	struct stand s;

	(void)state;
	stand_init(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"no-such-command\"]}");
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_NOT_FOUND);
	assert_fails(&s, ERR_NOT_FOUND, "no-such-command");
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"],\"folder\":\"/nonexistent\"}");
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_NOT_FOUND);
	stand_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_run_output_and_exit_code_are_the_result),
		cmocka_unit_test(command_run_bad_exit_code_shows_the_last_lines),
		cmocka_unit_test(command_run_shell_is_shown_and_takes_one_string),
		cmocka_unit_test(command_run_json_is_parsed_apart_from_warnings),
		cmocka_unit_test(command_run_secret_in_argv_or_env_is_refused),
		cmocka_unit_test(command_run_secret_in_output_is_redacted_in_the_result),
		cmocka_unit_test(command_run_cluster_is_pinned),
		cmocka_unit_test(command_run_long_output_keeps_its_end),
		cmocka_unit_test(command_run_stopped_half_way_is_in_doubt_unless_it_reads),
		cmocka_unit_test(command_run_missing_command_fails_in_the_preview),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
