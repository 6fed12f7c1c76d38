#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "fixture_server.h"
#include "net/route53/aws_credentials.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* A home of its own for each test. */
struct home {
	char *folder, *credentials_path, *config_path;
	struct secrets *secrets;
	struct aws_credentials_options options;
	struct aws_credentials found;
	struct err e;
};

static const char *const variables[] = {
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AWS_CREDENTIAL_EXPIRATION",
	"AWS_PROFILE",
	"AWS_DEFAULT_PROFILE",
	"AWS_REGION",
	"AWS_DEFAULT_REGION",
	"AWS_CA_BUNDLE",
	"AWS_SHARED_CREDENTIALS_FILE",
	"AWS_CONFIG_FILE",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
};

static void
write_private(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0 || chmod(path, 0600) < 0)
		abort();
}

static void
home_init(struct home *h, const char *credentials, const char *config)
{
	char *aws;

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
	*h = (struct home){ .folder = fixture_folder(), .secrets = secrets_new() };
	h->options.secrets = h->secrets;
	setenv("HOME", h->folder, 1);
	aws = xasprintf("%s/.aws", h->folder);
	if (mkdir(aws, 0700) < 0)
		abort();
	h->credentials_path = xasprintf("%s/credentials", aws);
	h->config_path = xasprintf("%s/config", aws);
	if (credentials)
		write_private(h->credentials_path, credentials);
	if (config)
		write_private(h->config_path, config);
	free(aws);
}

static void
home_release(struct home *h)
{
	aws_credentials_release(&h->found);
	secrets_free(h->secrets);
	fixture_remove(h->folder);
	free(h->credentials_path);
	free(h->config_path);
}

static void
assert_says(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text ? text : "(nothing)", part);
}

static void
assert_found(struct home *h, const char *key, const char *source)
{
	struct str out = STR_INIT;

	h->e = (struct err)ERR_INIT;
	aws_credentials_release(&h->found);
	if (aws_credentials_load(&h->options, &h->found, &h->e) < 0)
		fail_msg("%s", h->e.message);
	assert_string_equal(h->found.access_key_id, key);
	assert_says(h->found.source, source);
	secrets_redact(h->secrets, h->found.secret_access_key, strlen(h->found.secret_access_key),
		       &out);
	assert_string_equal(str_cstr(&out), "‹secret:aws secret key›");
	str_release(&out);
}

static void
assert_refused(struct home *h, enum err_kind kind, const char *part)
{
	h->e = (struct err)ERR_INIT;
	aws_credentials_release(&h->found);
	assert_int_equal(aws_credentials_load(&h->options, &h->found, &h->e), -1);
	assert_says(h->e.message, part);
	assert_int_equal(h->e.kind, kind);
	assert_null(strstr(h->e.message, SECRET));
	assert_null(h->found.access_key_id);
}

static const char two_profiles[] = "# mine\n"
				   "[default]\n"
				   "aws_access_key_id = AKIADEFAULT\n"
				   "aws_secret_access_key=" SECRET "\n"
				   "\n"
				   "[dr]\r\n"
				   "AWS_Access_Key_Id = ASIADR\r\n"
				   "aws_secret_access_key = " SECRET "\r\n"
				   "aws_session_token = token-of-the-session==\r\n";

static void
aws_credentials_load_environment_comes_first(void **state)
{
	struct home h;

	(void)state;
	home_init(&h, two_profiles, NULL);
	setenv("AWS_ACCESS_KEY_ID", "AKIAENV", 1);
	assert_refused(&h, ERR_SPEC, "AWS_SECRET_ACCESS_KEY is not");
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	setenv("AWS_PROFILE", "dr", 1);
	assert_found(&h, "AKIAENV", "the environment");
	assert_null(h.found.session_token);
	assert_false(aws_credentials_are_stale(&h.found));
	h.options.profile = "dr"; /* the runbook's word counts more */
	assert_found(&h, "ASIADR", "profile dr of ");
	home_release(&h);
}

static void
aws_credentials_load_expired_environment_is_denied(void **state)
{
	struct home h;

	(void)state;
	home_init(&h, NULL, NULL);
	setenv("AWS_ACCESS_KEY_ID", "ASIAENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	setenv("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z", 1);
	assert_refused(&h, ERR_DENIED, "of the environment expired at 2020-01-01T00:00:00");
	assert_says(h.e.message, "Log in again");
	home_release(&h);
}

static void
aws_credentials_load_profiles_are_found_by_every_name(void **state)
{
	struct home h;
	char *elsewhere;

	(void)state;
	home_init(&h, two_profiles,
		  "[profile dr]\nregion = cn-north-1\ns3 =\n  region = nested\n"
		  "ca_bundle = ~/ca.pem\n");
	assert_found(&h, "AKIADEFAULT", "profile default of ");
	assert_null(h.found.region);
	setenv("AWS_PROFILE", "dr", 1);
	assert_found(&h, "ASIADR", "profile dr of ");
	assert_string_equal(h.found.session_token, "token-of-the-session==");
	assert_string_equal(h.found.region, "cn-north-1");
	assert_true(str_ends_with(h.found.ca_bundle, "/ca.pem") && h.found.ca_bundle[0] == '/');
	unsetenv("AWS_PROFILE");
	elsewhere = xasprintf("%s/keys", h.folder);
	write_private(elsewhere,
		      "[default]\naws_access_key_id=AKIAELSE\naws_secret_access_key=" SECRET "\n");
	setenv("AWS_SHARED_CREDENTIALS_FILE", elsewhere, 1);
	assert_found(&h, "AKIAELSE", "/keys");
	h.options.credentials_file = h.credentials_path;
	assert_found(&h, "AKIADEFAULT", "/.aws/credentials");
	h.options.credentials_file = "/nonexistent/keys";
	assert_refused(&h, ERR_SPEC, "no credentials file /nonexistent/keys");
	free(elsewhere);
	home_release(&h);
}

static void
aws_credentials_load_config_file_has_profiles_of_its_own_spelling(void **state)
{
	struct home h;

	(void)state;
	home_init(&h, NULL,
		  "[dr]\naws_access_key_id = AKIAWRONG\n[profile \"dr\"]\n"
		  "aws_access_key_id = AKIARIGHT\naws_secret_access_key = " SECRET "\n"
		  "[sso-session dr]\nsso_region = x\n");
	h.options.profile = "dr";
	assert_found(&h, "AKIARIGHT", "/.aws/config");
	home_release(&h);
}

static void
aws_credentials_load_missing_profiles_are_named_with_those_there_are(void **state)
{
	struct home h;

	(void)state;
	home_init(&h, two_profiles, "[default]\n[profile prod]\n");
	h.options.profile = "rd";
	assert_refused(&h, ERR_SPEC, "no AWS profile rd in ");
	assert_says(h.e.message, "There are: default, dr, prod");
	home_release(&h);
	home_init(&h, NULL, NULL);
	assert_refused(&h, ERR_SPEC, "no AWS credentials in the environment");
	assert_says(h.e.message, "roles of instances are not asked");
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/x", 1);
	assert_refused(&h, ERR_SPEC, "speaks of a web identity, which is not asked here");
	home_release(&h);
}

static void
aws_credentials_load_other_ways_in_are_refused_with_advice(void **state)
{
	static const char *const ways[] = { "sso_session = corp", "sso_start_url = https://x",
					    "role_arn = arn:aws:iam::1:role/dr",
					    "web_identity_token_file = /x" };
	struct home h;
	char *config;

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		config = xasprintf("[profile corp]\n%s\n", ways[i]);
		/* keys of the same name would be somebody else */
		home_init(&h, "[corp]\naws_access_key_id = A\naws_secret_access_key = " SECRET "\n",
			  config);
		h.options.profile = "corp";
		assert_refused(&h, ERR_SPEC, "only AWS's own tools know");
		assert_says(h.e.message, "credential_process = aws configure export-credentials "
					 "--profile corp --format process");
		home_release(&h);
		free(config);
	}
}

static void
aws_credentials_load_half_a_key_is_refused(void **state)
{
	struct home h;

	(void)state;
	home_init(&h, "[default]\naws_access_key_id = AKIA\n[none]\nregion = x\n", NULL);
	assert_refused(&h, ERR_SPEC, "has no aws_secret_access_key");
	h.options.profile = "none";
	assert_refused(&h, ERR_SPEC, "neither aws_access_key_id");
	home_release(&h);
	home_init(&h, "[default]\naws_access_key_id = AKIA\naws_secret_access_key = two words\n",
		  NULL);
	assert_refused(&h, ERR_SPEC, "odd character");
	home_release(&h);
}

static void
aws_credentials_load_broken_files_are_named_with_the_line(void **state)
{
	struct home h;

	(void)state;
	home_init(&h, "[default]\nregion = x\n" SECRET "\n", NULL);
	assert_refused(&h, ERR_SPEC, "credentials:3: neither a [section]");
	write_private(h.credentials_path, "region = x\n");
	assert_refused(&h, ERR_SPEC, "credentials:1: a line before the first [section]");
	write_private(h.credentials_path, "[default\n");
	assert_refused(&h, ERR_SPEC, "credentials:1: a section's name");
	home_release(&h);
}

static void
aws_credentials_load_readable_by_all_is_a_warning(void **state)
{
	struct home h;

	(void)state;
	home_init(&h, two_profiles, NULL);
	assert_found(&h, "AKIADEFAULT", "profile default");
	assert_null(h.found.warning);
	if (chmod(h.credentials_path, 0644) < 0)
		abort();
	assert_found(&h, "AKIADEFAULT", "profile default");
	assert_says(h.found.warning, "everybody on this machine may read it: chmod 600");
	home_release(&h);
}

/* A profile "dr" whose process is a script. */
static void
home_init_process(struct home *h, const char *script)
{
	char *path, *config;

	home_init(h, NULL, NULL);
	path = xasprintf("%s/a script", h->folder);
	write_private(path, script);
	config = xasprintf("[profile dr]\ncredential_process = sh '%s' \"the \\\"second\\\"\"\n",
			   path);
	write_private(h->config_path, config);
	h->options.profile = "dr";
	free(path);
	free(config);
}

static void
aws_credentials_load_process_gives_credentials_that_expire(void **state)
{
	struct home h;

	(void)state;
	home_init_process(&h,
			  "[ \"$1\" = 'the \"second\"' ] || exit 3\n"
			  "echo '{\"Version\":1,\"AccessKeyId\":\"ASIAPROC\",\"SecretAccessKey\":"
			  "\"" SECRET "\",\"SessionToken\":\"token-of-the-process\",\"Expiration\":"
			  "\"2999-01-01T00:00:00+00:00\"}'\n");
	setenv("AWS_REGION", "us-gov-west-1", 1);
	assert_found(&h, "ASIAPROC", "profile dr (credential_process)");
	assert_string_equal(h.found.session_token, "token-of-the-process");
	assert_string_equal(h.found.region, "us-gov-west-1");
	assert_false(aws_credentials_are_stale(&h.found));
	h.found.expires_ms = clock_wall_ms() + 30000;
	assert_true(aws_credentials_are_stale(&h.found));
	home_release(&h);
}

static void
aws_credentials_load_process_failures_say_what_it_said(void **state)
{
	static const struct {
		const char *script;
		enum err_kind kind;
		const char *part;
	} cases[] = {
		{ "echo first >&2; echo 'Token has expired' >&2; exit 255", ERR_DENIED,
		  "exit code 255. It said: Token has expired" },
		{ "kill -9 $$", ERR_DENIED, "signal 9" },
		{ "echo hello " SECRET, ERR_SPEC, "its answer is no JSON object" },
		{ "echo '{\"Version\":2}'", ERR_SPEC, "no \"Version\": 1" },
		{ "echo '{\"Version\":1,\"AccessKeyId\":\"A\"}'", ERR_SPEC,
		  "lacks \"AccessKeyId\" or \"SecretAccessKey\"" },
		{ "echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET
		  "\",\"Expiration\":\"soon\"}'",
		  ERR_SPEC, "no time stamp" },
		{ "echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET
		  "\",\"Expiration\":\"2020-01-01T00:00:00Z\"}'",
		  ERR_DENIED, "expired at 2020-01-01" },
		{ "head -c 100000 /dev/zero", ERR_REMOTE, "65536" },
	};
	struct home h;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		home_init_process(&h, cases[i].script);
		assert_refused(&h, cases[i].kind, cases[i].part);
		home_release(&h);
	}
}

static void
aws_credentials_load_wrong_process_lines_are_spec_errors(void **state)
{
	struct home h;

	(void)state;
	home_init(&h, NULL, "[default]\ncredential_process = no-such-command-of-the-tests x\n");
	assert_refused(&h, ERR_SPEC, "no-such-command-of-the-tests");
	write_private(h.config_path, "[default]\ncredential_process = sh 'x\n");
	assert_refused(&h, ERR_SPEC, "a quote in it has no end");
	home_release(&h);
}

static void
aws_credentials_load_process_is_stopped_by_a_cancel(void **state)
{
	struct cancel *cancel = cancel_new();
	int64_t begin_ms = clock_mono_ms();
	struct home h;

	(void)state;
	home_init_process(&h, "exec sleep 60\n");
	cancel_request(cancel);
	h.options.cancel = cancel;
	assert_refused(&h, ERR_CANCELLED, "credential_process sh");
	assert_true(clock_mono_ms() - begin_ms < 10000);
	home_release(&h);
	cancel_free(cancel);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aws_credentials_load_environment_comes_first),
		cmocka_unit_test(aws_credentials_load_expired_environment_is_denied),
		cmocka_unit_test(aws_credentials_load_profiles_are_found_by_every_name),
		cmocka_unit_test(aws_credentials_load_config_file_has_profiles_of_its_own_spelling),
		cmocka_unit_test(
			aws_credentials_load_missing_profiles_are_named_with_those_there_are),
		cmocka_unit_test(aws_credentials_load_other_ways_in_are_refused_with_advice),
		cmocka_unit_test(aws_credentials_load_half_a_key_is_refused),
		cmocka_unit_test(aws_credentials_load_broken_files_are_named_with_the_line),
		cmocka_unit_test(aws_credentials_load_readable_by_all_is_a_warning),
		cmocka_unit_test(aws_credentials_load_process_gives_credentials_that_expire),
		cmocka_unit_test(aws_credentials_load_process_failures_say_what_it_said),
		cmocka_unit_test(aws_credentials_load_wrong_process_lines_are_spec_errors),
		cmocka_unit_test(aws_credentials_load_process_is_stopped_by_a_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
