#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_command.h"

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
set_operator(void)
{
	setenv("AWS_PROFILE", "prod", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t-access-key", 1);
	setenv("PGPASSWORD", "hunter2-of-the-shell", 1);
	setenv("LIFEBOAT_TEST", "ours", 1);
	setenv("LC_TIME", "C.UTF-8", 1);
	setenv("https_proxy", "http://user:pass@proxy:3128", 1);
	setenv("TERM", "xterm-256color", 1);
	unsetenv("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE");
	unsetenv("NOT_SET_ANYWHERE");
}

static void
assert_variable(const struct stand *s, const char *name, const char *wanted)
{
	char *value = variable_in(str_cstr(&s->output), name);

	if (!str_equal(value, wanted))
		fail_msg("%s is %s, and not %s", name, value ? value : "(not there)",
			 wanted ? wanted : "(not there)");
	free(value);
}

/* Half of it is drawn over: neither half may be left. */
static void
command_run_secret_that_is_drawn_over_is_hidden(void **state)
{
	char *folder = fixture_folder();
	char *path = fixture_write(folder, "secret",
				   "hunter2222-and-more\rabc\nhunter2222-\b-and-more\n");
	struct stand s;

	(void)state;
	begin(&s);
	assert_int_equal(secrets_add(s.ctx.secrets, "password", "hunter2222-and-more", 19, &s.e),
			 0);
	stand_action(&s, &step_command_run, "{\"argv\":[\"cat\"],\"stdin_file\":\"%s\"}", path);
	assert_ran(&s);
	assert_null(strstr(json_string(s.result, "output", ""), "ter2222"));
	assert_null(strstr(json_string(s.result, "output", ""), "and-more"));
	*strchr(str_cstr(&s.output), '\n') = '\0'; /* what is made by drawing, the engine hides */
	assert_null(strstr(str_cstr(&s.output), "ter2222"));
	assert_null(strstr(str_cstr(&s.output), "and-more"));
	assert_null(strstr(str_cstr(&s.progress), "hunter"));
	free(path);
	fixture_remove(folder);
	stand_release(&s);
}

static void
command_run_environment_holds_what_is_listed_alone(void **state)
{
	struct stand s;

	(void)state;
	set_operator();
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"printenv\"],\"env\":{\"X\":\"y z\"}}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "with X=y z\n");
	assert_says(preview, "with TERM=dumb\n");
	assert_says(preview, "passed on as they are here: ");
	assert_says(preview, " usual variables (PATH, HOME, LANG and the like)\n");
	assert_says(preview, "https_proxy");
	assert_null(strstr(preview, "proxy:3128"));
	assert_says(preview, "not passed on: AWS_PROFILE, AWS_SECRET_ACCESS_KEY, ");
	assert_null(strstr(preview, "hunter2"));
	assert_ran(&s);
	assert_variable(&s, "PATH", getenv("PATH"));
	assert_variable(&s, "LC_TIME", "C.UTF-8");
	assert_variable(&s, "https_proxy", getenv("https_proxy"));
	assert_variable(&s, "X", "y z");
	assert_variable(&s, "TERM", "dumb");
	assert_variable(&s, "AWS_PROFILE", NULL);
	assert_variable(&s, "PGPASSWORD", NULL);
	assert_variable(&s, "LIFEBOAT_TEST", NULL);
	free(preview);
	stand_release(&s);
}

static void
command_run_inherit_names_what_else_is_passed_on(void **state)
{
	struct stand s;

	(void)state;
	set_operator();
	begin(&s);
	stand_action(
		&s, &step_command_run,
		"{\"argv\":[\"printenv\"],\"inherit\":[\"AWS_*\",\"TERM\",\"NOT_SET_ANYWHERE\"]}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "AWS_PROFILE, AWS_SECRET_ACCESS_KEY, ");
	assert_says(preview, "not set here, so not passed on: NOT_SET_ANYWHERE\n");
	assert_ran(&s);
	assert_variable(&s, "AWS_PROFILE", "prod");
	assert_variable(&s, "TERM", "xterm-256color");
	assert_variable(&s, "PGPASSWORD", NULL);
	/* what sounds like a secret is one: it was put out, and is not in the result */
	assert_null(strstr(json_string(s.result, "output", ""), "s3cr3t-access-key"));
	assert_says(json_string(s.result, "output", ""), "AWS_PROFILE=prod");
	free(preview);
	stand_release(&s);
}

static void
command_run_inherit_all_passes_everything_on(void **state)
{
	struct stand s;

	(void)state;
	set_operator();
	begin(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"printenv\"],\"inherit\":\"all\",\"env\":{\"LIFEBOAT_TEST\":"
		     "\"the step's\"}}");
	assert_ran(&s);
	assert_variable(&s, "PGPASSWORD", "‹secret:PGPASSWORD›");
	assert_variable(&s, "LIFEBOAT_TEST", "the step's");
	assert_variable(&s, "TERM", "dumb");
	const char *output = str_cstr(&s.output), *first = strstr(output, "LIFEBOAT_TEST=");
	assert_null(strstr(first + 1, "LIFEBOAT_TEST=")); /* once */
	stand_release(&s);
}

static void
command_run_path_of_the_step_is_where_it_is_looked_for(void **state)
{
	char *tool = fixture_write(run_folder, "only-here", "#!/bin/sh\necho found\n");
	struct stand s;

	(void)state;
	begin(&s);
	chmod(tool, 0700);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"only-here\"],\"env\":{\"PATH\":\"%s:/usr/bin:/bin\"}}",
		     run_folder);
	char *what = NULL;
	assert_int_equal(step_command_run.ready(&s.ctx, &s.action, &what, &s.e), 0);
	assert_string_equal(what, "command only-here");
	free(what);
	free(stand_preview(&s, NULL));
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "found\n");
	free(tool);
	stand_release(&s);
}

static void
command_run_stdin_is_read_and_shown(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_command_run, "{\"argv\":[\"cat\"],\"stdin\":\"yes\\nGrüße\\n\"}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "standard input: 12 bytes\n= yes\n= Grüße\n");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "yes\nGrüße\n");
	free(preview);
	stand_action(&s, &step_command_run, "{\"argv\":[\"cat\"]}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "");
	stand_release(&s);
}

static void
command_run_stdin_that_holds_a_secret_is_not_shown(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	assert_int_equal(secrets_add(s.ctx.secrets, "password", "hunter2222", 10, &s.e), 0);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"read x; test \\\"$x\\\" = 'user hunter2'222\"],\"shell\":true,"
		     "\"stdin\":\"user hunter2222\\n\"}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "standard input: 16 bytes, secret\n");
	assert_null(strstr(preview, "hunter2222"));
	assert_ran(&s);
	free(preview);
	stand_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_run_secret_in_argv_or_env_is_refused),
		cmocka_unit_test(command_run_secret_env_is_given_and_not_shown),
		cmocka_unit_test(command_run_secret_in_output_is_redacted_in_the_result),
		cmocka_unit_test(command_run_secret_that_is_drawn_over_is_hidden),
		cmocka_unit_test(command_run_environment_holds_what_is_listed_alone),
		cmocka_unit_test(command_run_inherit_names_what_else_is_passed_on),
		cmocka_unit_test(command_run_inherit_all_passes_everything_on),
		cmocka_unit_test(command_run_path_of_the_step_is_where_it_is_looked_for),
		cmocka_unit_test(command_run_stdin_is_read_and_shown),
		cmocka_unit_test(command_run_stdin_that_holds_a_secret_is_not_shown),
	};

	return cmocka_run_group_tests(tests, make_run_folder, remove_run_folder);
}
