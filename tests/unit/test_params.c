#include "config.h"

#include "runbook/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"

static void
assert_converts(const struct param *param, const char *text, const char *wanted)
{
	struct err e = ERR_INIT;
	cJSON *value = NULL;
	char *got;

	if (param_convert(param, text, &value, &e) < 0)
		fail_msg("\"%s\": %s", text, e.message);
	got = json_print(value);
	assert_string_equal(got, wanted);
	free(got);
	cJSON_Delete(value);
}

static void
assert_refuses(const struct param *param, const char *text, const char *part)
{
	struct err e = ERR_INIT;
	cJSON *value = NULL;

	if (param_convert(param, text, &value, &e) == 0)
		fail_msg("\"%s\" is taken", text);
	assert_null(value);
	assert_int_equal(e.kind, ERR_USAGE);
	if (!strstr(e.message, part))
		fail_msg("\"%s\" does not say \"%s\"", e.message, part);
}

static void
convert_of_bool_takes_words(void **state)
{
	const struct param param = { .name = "p", .type = PARAM_BOOL };

	(void)state;
	assert_converts(&param, "yes", "true");
	assert_converts(&param, "Y", "true");
	assert_converts(&param, "true", "true");
	assert_converts(&param, "1", "true");
	assert_converts(&param, "No", "false");
	assert_converts(&param, "n", "false");
	assert_converts(&param, "false", "false");
	assert_converts(&param, "0", "false");
	assert_refuses(&param, "maybe", "neither yes nor no");
	assert_refuses(&param, "", "neither yes nor no");
}

static void
convert_of_int_takes_whole_numbers(void **state)
{
	const struct param param = { .name = "p", .type = PARAM_INT };

	(void)state;
	assert_converts(&param, "42", "42");
	assert_converts(&param, "-7", "-7");
	assert_converts(&param, "007", "7");
	assert_refuses(&param, "4.2", "no whole number");
	assert_refuses(&param, "", "no whole number");
	assert_refuses(&param, " 1", "no whole number");
	assert_refuses(&param, "-", "no whole number");
	assert_refuses(&param, "0x10", "no whole number");
	assert_refuses(&param, "9007199254740993", "too large");
	assert_refuses(&param, "99999999999999999999", "too large");
}

static void
convert_of_choice_suggests_nearest(void **state)
{
	static char tsb[] = "tsb", tse[] = "standard";
	static char *choices[] = { tsb, tse, NULL };
	const struct param param = { .name = "p", .type = PARAM_CHOICE, .choices = choices };

	(void)state;
	assert_converts(&param, "tsb", "\"tsb\"");
	assert_refuses(&param, "standart", "Did you mean \"standard\"?");
	assert_refuses(&param, "zzz", "tsb or standard");
}

static void
convert_of_hostname_follows_rfc1123(void **state)
{
	const struct param param = { .name = "p", .type = PARAM_HOSTNAME };
	char label[65] = "", longest[300] = "";

	(void)state;
	memset(label, 'a', 64);
	for (int i = 0; i < 51; i++)
		memcpy(longest + (size_t)i * 5, "abcd.", 5);
	assert_converts(&param, "tsb.example.com", "\"tsb.example.com\"");
	assert_converts(&param, "tsb.example.com.", "\"tsb.example.com\"");
	assert_converts(&param, "localhost", "\"localhost\"");
	assert_converts(&param, "3com.x", "\"3com.x\"");
	assert_converts(&param, label + 1,
			"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"");
	assert_refuses(&param, label, "no host name");
	assert_refuses(&param, longest, "no host name");
	assert_refuses(&param, "", "no host name");
	assert_refuses(&param, ".", "no host name");
	assert_refuses(&param, "a..b", "no host name");
	assert_refuses(&param, "-a.b", "no host name");
	assert_refuses(&param, "a-.b", "no host name");
	assert_refuses(&param, "a_b.c", "no host name");
	assert_refuses(&param, "a b", "no host name");
	assert_refuses(&param, "10.0.0.1", "no host name");
	assert_refuses(&param, "https://a.b", "no host name");
	assert_refuses(&param,
		       "b\xc3\xbc"
		       "cher.example",
		       "no host name");
}

static void
convert_of_ip_takes_both_families(void **state)
{
	const struct param param = { .name = "p", .type = PARAM_IP };

	(void)state;
	assert_converts(&param, "192.0.2.10", "\"192.0.2.10\"");
	assert_converts(&param, "2001:db8::1", "\"2001:db8::1\"");
	assert_refuses(&param, "192.0.2.256", "no IP address");
	assert_refuses(&param, "192.0.2", "no IP address");
	assert_refuses(&param, "2001:db8::1/64", "no IP address");
	assert_refuses(&param, "", "no IP address");
}

static void
convert_of_url_takes_http_and_https(void **state)
{
	const struct param param = { .name = "p", .type = PARAM_URL };

	(void)state;
	assert_converts(&param, "https://tsb.example.com:8443/a?b#c",
			"\"https://tsb.example.com:8443/a?b#c\"");
	assert_converts(&param, "http://10.0.0.1", "\"http://10.0.0.1\"");
	assert_converts(&param, "http://[2001:db8::1]:80/", "\"http://[2001:db8::1]:80/\"");
	assert_converts(&param, "https://a/x@y", "\"https://a/x@y\"");
	assert_refuses(&param, "ftp://a.b", "no URL");
	assert_refuses(&param, "https://", "no URL");
	assert_refuses(&param, "https:///x", "no URL");
	assert_refuses(&param, "tsb.example.com", "no URL");
	assert_refuses(&param, "https://a.b:0/", "no URL");
	assert_refuses(&param, "https://a.b:65536/", "no URL");
	assert_refuses(&param, "https://a.b:/", "no URL");
	assert_refuses(&param, "https://a.b/x y", "no URL");
	assert_refuses(&param, "https://[::1/", "no URL");
	assert_refuses(&param, "https://[]/", "no URL");
	assert_refuses(&param, "https://joe:hunter2@a.b/", "must not hold a user or password");
}

static void
convert_of_path_makes_it_absolute(void **state)
{
	struct param param = { .name = "p", .type = PARAM_PATH };
	char folder[] = "/tmp/lifeboat-params-XXXXXX", *before = getcwd(NULL, 0), *wanted;
	char *home = xstrdup(getenv("HOME"));

	(void)state;
	assert_non_null(before);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	setenv("HOME", folder, 1);
	wanted = xasprintf("\"%s/keys\"", folder);
	assert_converts(&param, "keys", wanted);
	assert_converts(&param, "./keys", wanted);
	assert_converts(&param, "~/keys", wanted);
	assert_converts(&param, "/keys", "\"/keys\"");
	assert_refuses(&param, "", "it is empty");
	param.must_exist = true;
	assert_refuses(&param, "keys", "there is no ");
	assert_int_equal(mkdir("keys", 0700), 0);
	assert_converts(&param, "keys", wanted);
	assert_int_equal(rmdir("keys"), 0);
	assert_int_equal(chdir(before), 0);
	if (home)
		setenv("HOME", home, 1);
	rmdir(folder);
	free(wanted);
	free(home);
	free(before);
}

static void
convert_of_duration_keeps_it_readable(void **state)
{
	const struct param param = { .name = "p", .type = PARAM_DURATION };

	(void)state;
	assert_converts(&param, "90s", "\"1m30s\"");
	assert_converts(&param, "5m", "\"5m\"");
	assert_refuses(&param, "5", "no duration");
}

static void
convert_of_list_splits_and_checks_elements(void **state)
{
	struct param param = { .name = "p", .type = PARAM_LIST, .items = PARAM_STRING };

	(void)state;
	assert_converts(&param, "a,b", "[\"a\",\"b\"]");
	assert_converts(&param, " a , b c ", "[\"a\",\"b c\"]");
	assert_converts(&param, "[\"a,b\", \"c\", 1]", "[\"a,b\",\"c\",\"1\"]");
	assert_converts(&param, "", "[]");
	assert_converts(&param, "[]", "[]");
	assert_refuses(&param, "a,,b", "element 2: a value is wanted");
	assert_refuses(&param, "[\"a\"", "not valid JSON");
	assert_refuses(&param, "[[1]]", "element 1 is no simple value");
	assert_refuses(&param, "[\"a\", null]", "element 2 is no simple value");
	param.required = true;
	assert_refuses(&param, "", "at least one element is wanted");
	param.items = PARAM_INT;
	assert_converts(&param, "1,2", "[1,2]");
	assert_converts(&param, "[1,2]", "[1,2]");
	assert_refuses(&param, "1,x", "element 2: \"x\" is no whole number");
}

static void
convert_with_pattern_matches_whole_value(void **state)
{
	static char pattern[] = "[a-z]+|x[0-9]";
	struct param param = {
		.name = "p", .type = PARAM_STRING, .pattern = pattern, .required = true
	};

	(void)state;
	assert_converts(&param, "abc", "\"abc\"");
	assert_converts(&param, "x1", "\"x1\"");
	assert_refuses(&param, "abc1", "does not match [a-z]+|x[0-9]");
	assert_refuses(&param, "ABCabc", "does not match");
	assert_refuses(&param, "", "it is empty");
	param.type = PARAM_LIST;
	param.items = PARAM_STRING;
	assert_converts(&param, "a,b", "[\"a\",\"b\"]");
	assert_refuses(&param, "a,B", "element 2: \"B\" does not match");
}

static void
convert_of_secret_is_refused(void **state)
{
	const struct param param = { .name = "p", .type = PARAM_SECRET };

	(void)state;
	assert_refuses(&param, "hunter2", "cannot be typed on the command line");
}

static cJSON *
parse(const char *text)
{
	cJSON *value = json_parse(text, strlen(text), NULL);

	assert_non_null(value);
	return value;
}

static struct param
param_of(const char *name, enum param_type type, const char *otherwise)
{
	return (struct param){ .name = xstrdup(name),
			       .type = type,
			       .items = PARAM_STRING,
			       .otherwise = otherwise ? parse(otherwise) : NULL,
			       .required = !otherwise };
}

static void
params_release(struct param *params, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(params[i].name);
		cJSON_Delete(params[i].otherwise);
	}
}

static void
fill_takes_defaults_in_order_and_counts_missing(void **state)
{
	struct param params[] = {
		param_of("product", PARAM_STRING, "\"tsb\""),
		param_of("namespace", PARAM_STRING, "\"${.params.product}\""),
		param_of("fqdn", PARAM_HOSTNAME, NULL),
		param_of("url", PARAM_URL, "\"https://${.params.namespace}.example.com/\""),
		param_of("count", PARAM_INT, "3"),
		param_of("on", PARAM_BOOL, "true"),
		param_of("hosts", PARAM_LIST, "[\"a\", \"${.params.product}\"]"),
		param_of("optional", PARAM_STRING, "null"),
		param_of("password", PARAM_SECRET, NULL),
	};
	enum { COUNT = sizeof(params) / sizeof(params[0]) };
	struct runbook rb = { .params = params, .params_count = COUNT };
	struct expressions *x = expressions_new(NULL, 0);
	const struct param *missing[COUNT] = { NULL };
	cJSON *values = parse("{\"product\":\"tse\"}");
	struct err e = ERR_INIT;
	char *got;

	(void)state;
	assert_int_equal(params_fill(&rb, x, values, missing, &e), 2);
	assert_ptr_equal(missing[0], &params[2]);
	assert_ptr_equal(missing[1], &params[8]);
	got = json_print(values);
	assert_string_equal(
		got,
		"{\"product\":\"tse\",\"namespace\":\"tse\",\"url\":"
		"\"https://tse.example.com/\",\"count\":3,\"on\":true,\"hosts\":[\"a\",\"tse\"]}");
	free(got);
	cJSON_Delete(values);
	expressions_free(x);
	params_release(params, COUNT);
}

static void
fill_of_wrong_default_names_parameter(void **state)
{
	struct param params[] = {
		param_of("a", PARAM_STRING, "\"x y\""),
		param_of("host", PARAM_HOSTNAME, "\"${.params.a}\""),
	};
	struct runbook rb = { .params = params, .params_count = 2 };
	struct expressions *x = expressions_new(NULL, 0);
	const struct param *missing[2];
	cJSON *values = cJSON_CreateObject();
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(params_fill(&rb, x, values, missing, &e), -1);
	assert_non_null(
		strstr(e.message, "the default of parameter host: \"x y\" is no host name"));
	cJSON_Delete(values);
	expressions_free(x);
	params_release(params, 2);
}

static void
assert_loads(const struct param *param, const char *source, const char *wanted)
{
	struct secrets *secrets = secrets_new();
	struct str out = STR_INIT;
	struct err e = ERR_INIT;
	cJSON *value = NULL;

	if (param_load_secret(param, source, secrets, &value, &e) < 0)
		fail_msg("%s: %s", source, e.message);
	assert_string_equal(value->valuestring, wanted);
	secrets_redact(secrets, wanted, strlen(wanted), &out);
	assert_null(strstr(str_cstr(&out), wanted));
	assert_non_null(strstr(str_cstr(&out), "secret:pw"));
	str_release(&out);
	cJSON_Delete(value);
	secrets_free(secrets);
}

static void
assert_load_fails(const struct param *param, const char *source, const char *part)
{
	struct secrets *secrets = secrets_new();
	struct err e = ERR_INIT;
	cJSON *value = NULL;

	assert_int_equal(param_load_secret(param, source, secrets, &value, &e), -1);
	assert_null(value);
	if (!strstr(e.message, part))
		fail_msg("\"%s\" does not say \"%s\"", e.message, part);
	assert_null(strstr(e.message, "hunter2"));
	secrets_free(secrets);
}

static void
write_file(const char *path, const char *bytes, size_t len)
{
	struct err e = ERR_INIT;

	if (file_write_atomic(path, bytes, len, 0600, &e) < 0)
		fail_msg("%s", e.message);
}

static void
load_secret_reads_allowed_sources(void **state)
{
	static char name[] = "pw", pattern[] = "[a-z]+";
	struct param param = { .name = name,
			       .type = PARAM_SECRET,
			       .from = SECRET_FROM_FILE | SECRET_FROM_ENV | SECRET_FROM_PROMPT };
	char folder[] = "/tmp/lifeboat-params-XXXXXX", *path, *source;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/secret", folder);
	source = xasprintf("file:%s", path);
	assert_load_fails(&param, source, "parameter pw: ");
	write_file(path, "hunter2-hunter2\n", 16);
	assert_loads(&param, source, "hunter2-hunter2");
	write_file(path, "hunter2-hunter2\r\n", 17);
	assert_loads(&param, source, "hunter2-hunter2");
	write_file(path, "two\nhunter2\n\n", 13);
	assert_loads(&param, source, "two\nhunter2\n");
	write_file(path, "hunter2\0x", 9);
	assert_load_fails(&param, source, "NUL byte");
	write_file(path, "\n", 1);
	assert_load_fails(&param, source, "the secret is empty");
	param.pattern = pattern;
	setenv("LIFEBOAT_TEST_SECRET", "hunter2-from-env", 1);
	assert_load_fails(&param, "env:LIFEBOAT_TEST_SECRET", "the secret does not match [a-z]+");
	param.pattern = NULL;
	assert_load_fails(&param, "env:LIFEBOAT_TEST_NOTHING", "no variable LIFEBOAT_TEST_NOTHING");
	assert_load_fails(&param, "hunter2", "cannot be typed on the command line");
	assert_load_fails(&param, "hunter2", "holds it, file:PATH or env:NAME");
	assert_load_fails(&param, "-", "cannot be typed on the command line");
	param.from = SECRET_FROM_PROMPT;
	assert_load_fails(&param, source,
			  "does not take this secret from a file, but from the keyboard");
	assert_load_fails(&param, "env:LIFEBOAT_TEST_SECRET", "from the environment");
	assert_load_fails(&param, "hunter2", "leave it out, and it is asked for");
	unlink(path);
	rmdir(folder);
	free(source);
	free(path);
}

/* The variable as this process's own /proc has it: what a child would be born with. */
static bool
environment_has(const char *name)
{
	for (char **at = environ; *at; at++)
		if (strncmp(*at, name, strlen(name)) == 0)
			return true;
	return false;
}

static void
load_secret_of_a_variable_takes_it_out_of_the_environment(void **state)
{
	static char name[] = "pw";
	const struct param param = { .name = name, .type = PARAM_SECRET, .from = SECRET_FROM_ENV };
	char *there;

	(void)state;
	setenv("LIFEBOAT_TEST_SECRET", "hunter2-from-env", 1);
	there = getenv("LIFEBOAT_TEST_SECRET");
	assert_loads(&param, "env:LIFEBOAT_TEST_SECRET", "hunter2-from-env");
	assert_false(environment_has("LIFEBOAT_TEST_SECRET"));
	assert_int_equal(*there, 0);
	assert_load_fails(&param, "env:LIFEBOAT_TEST_SECRET", "or no longer");
}

static void
take_secret_that_cannot_be_used_is_refused_without_its_value(void **state)
{
	static char name[] = "pw", pattern[] = "[a-z]+";
	const struct param param = { .name = name, .type = PARAM_SECRET, .pattern = pattern };
	struct secrets *secrets = secrets_new();
	struct err e = ERR_INIT;
	cJSON *value = NULL;

	(void)state;
	assert_int_equal(param_take_secret(&param, "", 0, secrets, &value, &e), -1);
	assert_non_null(strstr(e.message, "empty"));
	assert_int_equal(param_take_secret(&param, "a\0bcdefgh", 9, secrets, &value, &e), -1);
	assert_non_null(strstr(e.message, "NUL"));
	assert_int_equal(param_take_secret(&param, "ab!", 3, secrets, &value, &e), -1);
	assert_non_null(strstr(e.message, "~/.pgpass"));
	assert_int_equal(param_take_secret(&param, "hunter2-HUNTER2", 15, secrets, &value, &e), -1);
	assert_null(strstr(e.message, "hunter2"));
	assert_null(value);
	assert_int_equal(param_take_secret(&param, "hunterhunter", 6, secrets, &value, &e), 0);
	assert_string_equal(value->valuestring, "hunter");
	cJSON_Delete(value);
	secrets_free(secrets);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(convert_of_bool_takes_words),
		cmocka_unit_test(convert_of_int_takes_whole_numbers),
		cmocka_unit_test(convert_of_choice_suggests_nearest),
		cmocka_unit_test(convert_of_hostname_follows_rfc1123),
		cmocka_unit_test(convert_of_ip_takes_both_families),
		cmocka_unit_test(convert_of_url_takes_http_and_https),
		cmocka_unit_test(convert_of_path_makes_it_absolute),
		cmocka_unit_test(convert_of_duration_keeps_it_readable),
		cmocka_unit_test(convert_of_list_splits_and_checks_elements),
		cmocka_unit_test(convert_with_pattern_matches_whole_value),
		cmocka_unit_test(convert_of_secret_is_refused),
		cmocka_unit_test(fill_takes_defaults_in_order_and_counts_missing),
		cmocka_unit_test(fill_of_wrong_default_names_parameter),
		cmocka_unit_test(load_secret_reads_allowed_sources),
		cmocka_unit_test(load_secret_of_a_variable_takes_it_out_of_the_environment),
		cmocka_unit_test(take_secret_that_cannot_be_used_is_refused_without_its_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
