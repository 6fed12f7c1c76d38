#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "fixture_executor.h"
#include "fixture_server.h"

static char *run_folder;

static void
begin(struct stand *s)
{
	stand_init(s);
	s->ctx.run_folder = run_folder;
}

static void
command_run_output_and_exit_code_are_the_result(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
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
	begin(&s);
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
	begin(&s);
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
command_run_secret_env_is_given_and_not_shown(void **state)
{
	struct stand s;
	char *preview;

	(void)state;
	begin(&s);
	assert_int_equal(secrets_add(s.ctx.secrets, "password", "hunter2222", 10, &s.e), 0);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"test \\\"$PGPASSWORD\\\" = hunter2\\\"\\\"222\"],\"shell\":true,"
		     "\"secret_env\":{\"PGPASSWORD\":\"hunter2222\"}}");
	preview = stand_preview(&s, NULL);
	assert_says(preview, "with PGPASSWORD, a secret");
	assert_null(strstr(preview, "hunter2222"));
	free(preview);
	assert_ran(&s);
	stand_release(&s);
}

static void
command_run_secret_in_output_is_redacted_in_the_result(void **state)
{
	char *folder = fixture_folder(), *path = fixture_write(folder, "secret", "hunter2222\n");
	struct stand s;

	(void)state;
	begin(&s);
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
	begin(&s);
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
	begin(&s);
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
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"no-such-command\"]}");
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_NOT_FOUND);
	assert_fails(&s, ERR_NOT_FOUND, "no-such-command");
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"],\"folder\":\"/nonexistent\"}");
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_NOT_FOUND);
	stand_release(&s);
}

static void
assert_probe(struct stand *s, enum probe_verdict wanted, const char *text)
{
	enum probe_verdict verdict;
	char *said = stand_probe(s, &verdict);

	if (!said)
		fail_msg("%s", s->e.message);
	assert_says(said, text);
	assert_int_equal(verdict, wanted);
	free(said);
}

/* "1.2s" or "436ms" stands before these words, and not "1s236ms". */
static void
assert_time_is_one_number(struct stand *s, const char *words)
{
	enum probe_verdict verdict;
	char *said = stand_probe(s, &verdict), *end = strstr(said, words);

	assert_non_null(end);
	*end = '\0';
	const char *time = strrchr(said, ' ') + 1;
	assert_ptr_equal(strchr(time, 's'), end - 1);
	free(said);
}

static void
command_run_remembers_its_processes_before_it_begins(void **state)
{
	char *path = xasprintf("%s/exit/000007", run_folder);
	struct stat st;
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"]}");
	assert_ran(&s);
	assert_string_equal(json_string(s.evidence, "command", ""), "true");
	assert_string_equal(json_string(s.evidence, "status_file", ""), "exit/000007");
	assert_true(json_int(s.evidence, "pid", -1) > 0);
	assert_true(json_int(s.evidence, "start", -1) > 0);
	assert_true(json_int(s.evidence, "supervisor", -1) > 0);
	assert_true(json_int(s.evidence, "supervisor_start", -1) > 0);
	assert_int_equal(strlen(json_string(s.evidence, "boot_id", "")), 36);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	path[strlen(path) - 7] = '\0';
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	stand_release(&s);
	free(path);
}

static void
command_run_that_cannot_be_remembered_is_not_begun(void **state)
{
	char *begun = xasprintf("%s/begun", run_folder);
	struct stand s;

	(void)state;
	begin(&s);
	s.refuses_to_keep = true;
	stand_action(&s, &step_command_run, "{\"argv\":[\"touch\",\"%s\"]}", begun);
	assert_fails(&s, ERR_IO, "journal cannot be written");
	assert_false(file_exists(begun));
	assert_probe(&s, PROBE_NOT_DONE, "never begun");
	stand_release(&s);
	free(begun);
}

static void
command_run_in_a_check_needs_no_run_folder(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	s.ctx.run_folder = NULL;
	s.refuses_to_keep = true;
	stand_action(&s, &step_command_run, "{\"argv\":[\"echo\",\"looked\"]}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "looked\n");
	s.ctx.run_folder = "/nonexistent/run";
	assert_fails(&s, ERR_IO, "/nonexistent/run/exit");
	stand_release(&s);
}

static void
command_probe_judges_the_exit_status(void **state)
{
	static const struct {
		const char *with;
		enum probe_verdict verdict;
		const char *text;
	} rows[] = {
		{ "{\"argv\":[\"true\"]}", PROBE_DONE, "ended with exit code 0 at " },
		{ "{\"argv\":[\"true\"]}", PROBE_DONE, "while the program that watched it" },
		{ "{\"argv\":[\"false\"]}", PROBE_UNSURE, "ended with exit code 1 at " },
		{ "{\"argv\":[\"false\"]}", PROBE_UNSURE, "may have done a part of its work" },
		{ "{\"argv\":[\"false\"],\"exit_codes\":[1]}", PROBE_DONE, "exit code 1" },
		{ "{\"argv\":[\"true\"],\"exit_codes\":[1]}", PROBE_UNSURE, "exit code 0" },
		{ "{\"argv\":[\"false\"],\"effect\":\"reads\"}", PROBE_NOT_DONE, "It only reads" },
		{ "{\"argv\":[\"kill -9 $$\"],\"shell\":true}", PROBE_UNSURE,
		  "was ended by signal 9 (Killed)" },
	};
	struct stand s;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stand_action(&s, &step_command_run, "%s", rows[i].with);
		stand_run(&s);
		assert_probe(&s, rows[i].verdict, rows[i].text);
	}
	stand_release(&s);
}

static void
command_probe_without_evidence_is_not_done(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"]}");
	assert_probe(&s, PROBE_NOT_DONE, "never begun");
	stand_release(&s);
}

static void
command_probe_of_an_unreadable_status_is_an_error(void **state)
{
	char *exit_folder = xasprintf("%s/exit", run_folder);
	enum probe_verdict verdict;
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"]}");
	assert_ran(&s);
	free(fixture_write(exit_folder, "000007", "{\"v\":1"));
	assert_null(stand_probe(&s, &verdict));
	assert_int_equal(s.e.kind, ERR_SPEC);
	assert_says(s.e.message, "exit/000007");
	free(exit_folder);
	stand_release(&s);
}

static void
command_probe_of_a_status_that_says_never_begun_is_not_done(void **state)
{
	char *exit_folder = xasprintf("%s/exit", run_folder), *status;
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"]}");
	assert_ran(&s);
	status = xasprintf("{\"v\":1,\"supervisor\":%d,\"ended_ms\":5}",
			   (int)json_int(s.evidence, "supervisor", -1));
	free(fixture_write(exit_folder, "000007", status));
	assert_probe(&s, PROBE_NOT_DONE, "was never begun");
	free(fixture_write(exit_folder, "000007", "{\"v\":1,\"supervisor\":1,\"ended_ms\":5}"));
	assert_probe(&s, PROBE_UNSURE, "is gone"); /* it is that of an earlier try */
	free(status);
	free(exit_folder);
	stand_release(&s);
}

/* A process that runs the action of a stand, to be killed; the stand of the test learns what it remembered. */
struct doomed {
	pid_t pid;
	int fds[2];
};

static struct doomed *doomed;

static int
remember_for_the_test(struct step_context *ctx, cJSON *evidence, struct err *e)
{
	char *text = json_print(evidence);
	struct err failure = ERR_INIT;

	(void)ctx;
	(void)e;
	if (file_write_all(doomed->fds[1], text, strlen(text) + 1, &failure) < 0)
		_exit(9);
	free(text);
	cJSON_Delete(evidence);
	return 0;
}

static void
output_for_the_test(struct step_context *ctx, const char *bytes, size_t len_bytes)
{
	struct err failure = ERR_INIT;

	(void)ctx;
	if (file_write_all(doomed->fds[1], bytes, len_bytes, &failure) < 0)
		_exit(9);
}

/* What it said until a byte, which is left out. */
static char *
hear_until(int fd, char end)
{
	struct str text = STR_INIT;
	char byte;

	while (read(fd, &byte, 1) == 1 && byte != end)
		str_append_char(&text, byte);
	return str_take(&text);
}

static void
doomed_start(struct doomed *d, struct stand *s)
{
	char *evidence;

	assert_int_equal(pipe2(d->fds, O_CLOEXEC), 0);
	d->pid = fork();
	if (d->pid == 0) {
		doomed = d;
		s->ctx.remember = remember_for_the_test;
		s->ctx.output = output_for_the_test;
		stand_run(s);
		_exit(0);
	}
	evidence = hear_until(d->fds[0], '\0');
	cJSON_Delete(s->evidence);
	s->evidence = json_parse(evidence, strlen(evidence), &s->e);
	s->action.begun_ms = clock_wall_ms();
	assert_non_null(s->evidence);
	free(evidence);
	free(hear_until(d->fds[0], '\n'));
}

static void
doomed_kill(struct doomed *d)
{
	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	close(d->fds[0]);
	close(d->fds[1]);
}

static void
command_probe_after_our_death_finds_how_it_ended(void **state)
{
	struct stand s;
	struct doomed d;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"echo begun; while [ ! -e %s/go ]; do sleep 0.01; done; "
		     "printf 12345\"],\"shell\":true}",
		     run_folder);
	doomed_start(&d, &s);
	doomed_kill(&d);
	assert_probe(&s, PROBE_UNSURE, "is still running, since ");
	assert_probe(&s, PROBE_UNSURE, "probe again when it has ended");
	free(fixture_write(run_folder, "go", ""));
	assert_true(waitpid((pid_t)json_int(s.evidence, "supervisor", -1), NULL, 0) > 0);
	assert_probe(&s, PROBE_DONE, "ended with exit code 0 at ");
	assert_probe(&s, PROBE_DONE, " after the program that watched it had died");
	assert_time_is_one_number(&s, " after the program that watched it had died");
	assert_probe(&s, PROBE_DONE, "5 bytes of its output came after that, and are lost");
	stand_release(&s);
}

static void
command_probe_of_what_nobody_watches_is_unsure(void **state)
{
	struct stand s;
	struct doomed d;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"echo begun; exec sleep 60\"],\"shell\":true,\"pty\":false}");
	doomed_start(&d, &s);
	pid_t supervisor = (pid_t)json_int(s.evidence, "supervisor", -1);
	pid_t command = (pid_t)json_int(s.evidence, "pid", -1);
	kill(supervisor, SIGKILL);
	doomed_kill(&d);
	waitpid(supervisor, NULL, 0);
	assert_probe(&s, PROBE_UNSURE, "is still running, since ");
	assert_probe(&s, PROBE_UNSURE, "the process that would have kept its exit status");
	kill(command, SIGKILL);
	waitpid(command, NULL, 0);
	assert_probe(&s, PROBE_UNSURE, "is gone, and so is the process that would have kept");
	cJSON_ReplaceItemInObject(s.evidence, "boot_id", cJSON_CreateString("another"));
	assert_probe(&s, PROBE_UNSURE, "this machine was started anew since");
	stand_release(&s);
}

static int
make_run_folder(void **state)
{
	(void)state;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	run_folder = fixture_folder();
	return 0;
}

static int
remove_run_folder(void **state)
{
	(void)state;
	fixture_remove(run_folder);
	return 0;
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
		cmocka_unit_test(command_run_secret_env_is_given_and_not_shown),
		cmocka_unit_test(command_run_secret_in_output_is_redacted_in_the_result),
		cmocka_unit_test(command_run_cluster_is_pinned),
		cmocka_unit_test(command_run_long_output_keeps_its_end),
		cmocka_unit_test(command_run_stopped_half_way_is_in_doubt_unless_it_reads),
		cmocka_unit_test(command_run_missing_command_fails_in_the_preview),
		cmocka_unit_test(command_run_remembers_its_processes_before_it_begins),
		cmocka_unit_test(command_run_that_cannot_be_remembered_is_not_begun),
		cmocka_unit_test(command_run_in_a_check_needs_no_run_folder),
		cmocka_unit_test(command_probe_judges_the_exit_status),
		cmocka_unit_test(command_probe_without_evidence_is_not_done),
		cmocka_unit_test(command_probe_of_an_unreadable_status_is_an_error),
		cmocka_unit_test(command_probe_of_a_status_that_says_never_begun_is_not_done),
		cmocka_unit_test(command_probe_after_our_death_finds_how_it_ended),
		cmocka_unit_test(command_probe_of_what_nobody_watches_is_unsure),
	};

	return cmocka_run_group_tests(tests, make_run_folder, remove_run_folder);
}
