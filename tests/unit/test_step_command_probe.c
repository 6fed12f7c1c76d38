#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_command.h"

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
		  "was ended by signal 9 (SIGKILL: " },
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

/* A command that outlives us still finds its cluster, and no other. */
static void
command_that_outlives_us_keeps_its_cluster(void **state)
{
	char *kubeconfig = fixture_write(
		run_folder, "kubeconfig",
		"current-context: other\nclusters: [{name: c, cluster: {server: 'https://h'}}]\n"
		"contexts: [{name: other, context: {cluster: c}}, {name: ours, context: {cluster: "
		"c}}]\n");
	char *seen = xasprintf("%s/seen", run_folder);
	struct str text = STR_INIT;
	struct stand s;
	struct doomed d;

	(void)state;
	if (!is_installed("kubectl"))
		skip();
	begin(&s);
	stand_target(&s, &target_kubernetes, "{\"context\":\"ours\",\"kubeconfig\":\"%s\"}",
		     kubeconfig);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"echo begun; while [ ! -e %s/go-on ]; do sleep 0.01; done; "
		     "kubectl config current-context >%s\"],\"shell\":true}",
		     run_folder, seen);
	doomed_start(&d, &s);
	doomed_kill(&d);
	free(fixture_write(run_folder, "go-on", ""));
	assert_true(waitpid((pid_t)json_int(s.evidence, "supervisor", -1), NULL, 0) > 0);
	assert_probe(&s, PROBE_DONE, "ended with exit code 0 at ");
	assert_int_equal(file_read(seen, 100, &text, &s.e), 0);
	assert_string_equal(str_cstr(&text), "ours\n");
	str_release(&text);
	stand_release(&s);
	free(seen);
	free(kubeconfig);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_run_remembers_its_processes_before_it_begins),
		cmocka_unit_test(command_run_that_cannot_be_remembered_is_not_begun),
		cmocka_unit_test(command_run_in_a_check_needs_no_run_folder),
		cmocka_unit_test(command_probe_judges_the_exit_status),
		cmocka_unit_test(command_probe_without_evidence_is_not_done),
		cmocka_unit_test(command_probe_of_an_unreadable_status_is_an_error),
		cmocka_unit_test(command_probe_of_a_status_that_says_never_begun_is_not_done),
		cmocka_unit_test(command_probe_after_our_death_finds_how_it_ended),
		cmocka_unit_test(command_that_outlives_us_keeps_its_cluster),
		cmocka_unit_test(command_probe_of_what_nobody_watches_is_unsure),
	};

	return cmocka_run_group_tests(tests, make_run_folder, remove_run_folder);
}
