#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "helm/helm_args.h"
#include "helm/helm_flags.h"
#include "helm/helm_semver.h"

enum { MAX_WORDS = 16 };

static int
parse(const char *line, char *text, struct helm_args *args, bool *unknown, struct err *e)
{
	char *argv[MAX_WORDS + 1] = { "helm" }, *rest = memcpy(text, line, strlen(line) + 1), *word;
	int argc = 1;

	while ((word = strsep(&rest, " ")))
		argv[argc++] = word;
	return helm_args_parse(argc, argv, args, unknown, e);
}

static void
assert_refused(const char *line, const char *message)
{
	struct err e = ERR_INIT;
	struct helm_args args;
	char text[256];
	bool unknown;

	assert_int_equal(parse(line, text, &args, &unknown, &e), -1);
	assert_string_equal(e.message, message);
	helm_args_release(&args);
}

static void
args_runbooks_line_is_read(void **state)
{
	struct err e = ERR_INIT;
	struct helm_args args;
	char text[256];
	bool unknown;

	(void)state;
	if (parse("upgrade --install mp r/c --version= --namespace=tsb -fa.yaml --values b.yaml "
		  "--timeout=1h30m --wait=false -o json",
		  text, &args, &unknown, &e) < 0)
		fail_msg("%s", e.message);
	assert_string_equal(args.command->path, "upgrade");
	assert_int_equal(args.words.count, 2);
	assert_string_equal(args.words.items[1], "r/c");
	assert_string_equal(args.flags.version, "");
	assert_string_equal(args.flags.ns, "tsb");
	assert_int_equal(args.flags.values.count, 2);
	assert_string_equal(args.flags.values.items[0], "a.yaml");
	assert_string_equal(args.flags.values.items[1], "b.yaml");
	assert_int_equal(args.flags.timeout_ms, 5400000);
	assert_true(args.flags.install);
	assert_false(args.flags.wait);
	assert_int_equal(args.output, HELM_JSON);
	helm_args_release(&args);
}

static void
args_flags_before_the_command_are_read(void **state)
{
	struct err e = ERR_INIT;
	struct helm_args args;
	char text[256];
	bool unknown;

	(void)state;
	assert_int_equal(parse("-n tsb get values mp -ao yaml", text, &args, &unknown, &e), 0);
	assert_string_equal(args.command->path, "get values");
	assert_string_equal(args.flags.ns, "tsb");
	assert_true(args.flags.all);
	assert_int_equal(args.words.count, 1);
	helm_args_release(&args);
}

static void
args_mistakes_have_helms_words(void **state)
{
	(void)state;
	assert_refused("foo", "unknown command \"foo\" for \"helm\"");
	assert_refused("instal", "unknown command \"instal\" for \"helm\"\n\nDid you mean "
				 "this?\n\tinstall\n");
	assert_refused("list --bogus", "unknown flag: --bogus");
	assert_refused("list --wait", "unknown flag: --wait");
	assert_refused("list -x", "unknown shorthand flag: 'x' in -x");
	assert_refused("list -n", "flag needs an argument: 'n' in -n");
	assert_refused("status a --namespace", "flag needs an argument: --namespace");
	assert_refused("status", "\"helm status\" requires 1 argument\n\nUsage:  helm status "
				 "RELEASE_NAME [flags]");
	assert_refused("upgrade a", "\"helm upgrade\" requires 2 arguments\n\nUsage:  helm upgrade "
				    "[RELEASE] [CHART] [flags]");
	assert_refused("list -o wide", "invalid argument \"wide\" for \"-o, --output\" flag: "
				       "invalid format type");
	assert_refused("install a b --timeout 10",
		       "invalid argument \"10\" for \"--timeout\" flag: time: missing unit in "
		       "duration \"10\"");
	assert_refused("list --max 99999999999999999999",
		       "invalid argument \"99999999999999999999\" for \"-m, --max\" flag: "
		       "strconv.ParseInt: parsing \"99999999999999999999\": value out of range");
	assert_refused("list --selector a=b", "--selector: the helm of a practice world does not "
					      "have this flag");
	assert_refused("install a b --wait=maybe",
		       "invalid argument \"maybe\" for \"--wait\" flag: strconv.ParseBool: parsing "
		       "\"maybe\": invalid syntax");
}

static void
flags_table_is_sorted(void **state)
{
	(void)state;
	for (const struct helm_flag *flag = helm_flags; flag[1].name; flag++)
		assert_true(strcmp(flag->name, flag[1].name) <= 0);
	for (const struct helm_command *command = helm_commands; command[1].path; command++)
		assert_true(strcmp(command->path, command[1].path) < 0);
	for (size_t i = 0; helm_flags_refused[i + 1]; i++)
		assert_true(strcmp(helm_flags_refused[i], helm_flags_refused[i + 1]) < 0);
}

static void
semver_compare_orders_as_the_specification(void **state)
{
	static const char *const order[] = { "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
					     "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
					     "1.0.0-rc.1",  "1.0.0",	     "1.2.0",
					     "1.10.0",	    "2.0.0" };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(order) / sizeof(order[0]); i++) {
		assert_true(helm_semver_compare(order[i], order[i + 1]) < 0);
		assert_true(helm_semver_compare(order[i + 1], order[i]) > 0);
	}
	assert_int_equal(helm_semver_compare("v1.2.3+a", "1.2.3+b"), 0);
}

static void
semver_meets_reads_constraints(void **state)
{
	static const struct {
		const char *constraint, *version;
		int meets;
	} rows[] = {
		{ "1.2.3", "1.2.3", 1 },
		{ "1.2.3", "1.2.4", 0 },
		{ "1.2", "1.2.9", 1 },
		{ "1.2", "1.3.0", 0 },
		{ "^1.2.3", "1.9.0", 1 },
		{ "^1.2.3", "2.0.0", 0 },
		{ "^0.2.3", "0.2.9", 1 },
		{ "^0.2.3", "0.3.0", 0 },
		{ "~1.2.3", "1.2.9", 1 },
		{ "~1.2.3", "1.3.0", 0 },
		{ "~1", "1.9.0", 1 },
		{ "1.x", "1.7.0", 1 },
		{ "*", "3.0.0", 1 },
		{ ">=1.0, <2.0", "1.5.0", 1 },
		{ ">=1.0 <2.0", "2.0.0", 0 },
		{ ">1.2", "1.2.5", 0 },
		{ ">1.2", "1.3.0", 1 },
		{ "<=1.2", "1.2.5", 1 },
		{ "<=1.2.3", "1.2.3", 1 },
		{ "=<1.2.3", "1.2.3", 1 },
		{ "=<1.2.3", "1.2.2", 1 },
		{ "=<1.2.3", "1.2.4", 0 },
		{ "=>1.2.3", "1.2.4", 1 },
		{ "~>1.2.3", "1.3.0", 0 },
		{ "!=1.2.3", "1.2.3", 0 },
		{ "1.x || 3.x", "3.1.0", 1 },
		{ "1.x || 3.x", "2.1.0", 0 },
		{ ">0.0.0", "1.0.0-rc1", 0 },
		{ ">0.0.0-0", "1.0.0-rc1", 1 },
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (helm_semver_meets(rows[i].version, rows[i].constraint, &e) != rows[i].meets)
			fail_msg("%s %s", rows[i].constraint, rows[i].version);
	assert_int_equal(helm_semver_meets("1.0.0", "newest", &e), -1);
	assert_string_equal(e.message, "improper constraint: newest");
	assert_int_equal(helm_semver_meets("1.0.0", "^<1.0.0", &e), -1);
	assert_int_equal(helm_semver_meets("1.0.0", "^99999999999999999999", &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(args_runbooks_line_is_read),
		cmocka_unit_test(args_flags_before_the_command_are_read),
		cmocka_unit_test(args_mistakes_have_helms_words),
		cmocka_unit_test(flags_table_is_sorted),
		cmocka_unit_test(semver_compare_orders_as_the_specification),
		cmocka_unit_test(semver_meets_reads_constraints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
