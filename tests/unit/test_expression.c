#include "config.h"

#include "runbook/expression.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* A loaded machine must not fail a test that is not about time. */
enum { PATIENT_MS = 20000 };

static const char context_text[] =
	"{\"params\":{\"fqdn\":\"tsb.example.com\",\"have_key\":true,\"count\":42,\"big\":"
	"9007199254740991,"
	"\"list\":[1,2,3]},\"steps\":{\"signing-key\":{\"kid\":\"abc\"}},"
	"\"targets\":{\"management\":{\"context\":\"mgmt\"}},\"run\":{\"id\":\"r1\"},\"cluster\":"
	"\"c1\"}";

static const char *const common[] = {
	".params.count + 1",
	".data.kid != null and $params.have_key",
	"$steps[\"signing-key\"].kid | ascii_upcase",
	".params.list | map(. * 2)",
	"\"https://\\(.params.fqdn)/\"",
	"$cluster + \"!\"",
	".params.fqdn",
	". as $x | $x.params.count * 2",
};
enum { COMMON_COUNT = sizeof(common) / sizeof(common[0]) };

static cJSON *
context_new(void)
{
	return json_parse(context_text, strlen(context_text), NULL);
}

/* Evaluates over the context and compares the result's JSON text. */
static void
assert_gives(struct expressions *x, const char *text, const char *wanted)
{
	cJSON *context = context_new(), *value = NULL;
	struct err e = ERR_INIT;
	char *got;

	if (expressions_eval(x, text, context, context, PATIENT_MS, &value, &e) < 0)
		fail_msg("%s", e.message);
	got = json_print(value);
	assert_string_equal(got, wanted);
	free(got);
	cJSON_Delete(value);
	cJSON_Delete(context);
}

static enum err_kind
assert_fails(struct expressions *x, const char *text, int64_t timeout_ms, const char *message_part)
{
	cJSON *context = context_new(), *value = NULL;
	struct err e = ERR_INIT;

	if (expressions_eval(x, text, context, context, timeout_ms, &value, &e) == 0)
		fail_msg("%s gave a result", text);
	assert_null(value);
	if (!strstr(e.message, message_part))
		fail_msg("\"%s\" does not say \"%s\"", e.message, message_part);
	assert_true(str_starts_with(e.message, "expression "));
	cJSON_Delete(context);
	return e.kind;
}

static void
eval_of_compiled_expressions_gives_results(void **state)
{
	struct expressions *x = expressions_new(common, COMMON_COUNT);

	(void)state;
	assert_gives(x, common[0], "43");
	assert_gives(x, common[1], "false");
	assert_gives(x, common[2], "\"ABC\"");
	assert_gives(x, common[3], "[2,4,6]");
	assert_gives(x, common[4], "\"https://tsb.example.com/\"");
	assert_gives(x, common[5], "\"c1!\"");
	assert_gives(x, common[6], "\"tsb.example.com\"");
	assert_gives(x, common[7], "84");
	expressions_free(x);
}

static void
eval_of_another_expression_compiles_it(void **state)
{
	struct expressions *x = expressions_new(common, COMMON_COUNT);

	(void)state;
	assert_gives(x, "[.params.list[] | select(. > 1)] | length", "2");
	assert_gives(x, "def twice: . * 2; $params.count | twice", "84");
	assert_gives(x, "reduce .params.list[] as $n (0; . + $n)", "6");
	assert_gives(x, "label $out | 1, break $out", "1");
	assert_gives(x, "{params} | .params.count # a comment", "42");
	for (int i = 0; i < 40; i++) { /* more than the child keeps */
		char text[64], wanted[64];

		snprintf(text, sizeof(text), ".params.count + %d", i);
		snprintf(wanted, sizeof(wanted), "%d", 42 + i);
		assert_gives(x, text, wanted);
	}
	assert_gives(x, ".params.count + 0", "42");
	expressions_free(x);
}

static void
eval_without_expressions_works(void **state)
{
	struct expressions *x = expressions_new(NULL, 0);

	(void)state;
	assert_gives(x, ".params.count", "42");
	assert_gives(x, "1 + 1", "2");
	expressions_free(x);
}

static void
eval_of_numbers_keeps_integers(void **state)
{
	struct expressions *x = expressions_new(NULL, 0);

	(void)state;
	assert_gives(x, "42.0 | . + 0", "42");
	assert_gives(x, ".params.big / 9007199254740991", "1");
	assert_gives(x, "1700000000123 + 0", "1700000000123");
	assert_gives(x, "-3 | . * 1", "-3");
	assert_gives(x, "0.25 + 0", "0.25");
	expressions_free(x);
}

static void
eval_without_output_gives_null(void **state)
{
	struct expressions *x = expressions_new(NULL, 0);

	(void)state;
	assert_gives(x, "empty", "null");
	assert_gives(x, "(1, 2, 3)", "1");
	assert_gives(x, ".params.list[]", "1");
	expressions_free(x);
}

static void
eval_of_error_reports_jq_message(void **state)
{
	struct expressions *x = expressions_new(common, COMMON_COUNT);

	(void)state;
	assert_int_equal(
		assert_fails(x, "error(\"no such cluster\")", PATIENT_MS, ": no such cluster"),
		ERR_SPEC);
	assert_int_equal(
		assert_fails(x, ".params.fqdn | map(1)", PATIENT_MS, "Cannot iterate over"),
		ERR_SPEC);
	assert_int_equal(assert_fails(x, ".params.fqdn.host", PATIENT_MS, "a string has no member"),
			 ERR_SPEC);
	assert_int_equal(assert_fails(x, "nonsense(1)", PATIENT_MS, ": nonsense/1 is not defined"),
			 ERR_SPEC);
	assert_int_equal(assert_fails(x, "1 +", PATIENT_MS,
				      "syntax error, unexpected the end of the expression"),
			 ERR_SPEC);
	assert_gives(x, common[0], "43");
	expressions_free(x);
}

static void
eval_of_unknown_variable_lists_known_ones(void **state)
{
	struct expressions *x = expressions_new(NULL, 0);

	(void)state;
	assert_int_equal(
		assert_fails(x, "$parms.fqdn | length", PATIENT_MS,
			     "$parms is not known here; known are: $params, $steps, $targets, "
			     "$run, $cluster"),
		ERR_SPEC);
	expressions_free(x);
}

static void
eval_of_evil_expression_leaves_next_one_working(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind; /* ERR_NONE: whichever, it depends on the machine */
		const char *message_part;
	} rows[] = {
		{ ".[1e9]=1", ERR_NONE, "" },
		{ "null | .[1e9]=1", ERR_NONE, "" },
		{ "[repeat(1)]", ERR_NONE, "" },
		{ "def f: f; f", ERR_TIMEOUT, "no result after 300 ms" },
		{ "def f: [f]; f", ERR_NONE, "" },
		{ "\"x\" * 1e9", ERR_NONE, "" },
		{ "[limit(1e9; repeat(\"xxxxxxxx\"))] | add", ERR_NONE, "" },
		{ "[range(1e9)] | length", ERR_NONE, "" },
		{ "env", ERR_SPEC, "env is not available" },
		{ "env.PATH", ERR_SPEC, "env is not available" },
		{ "$ENV.PATH", ERR_SPEC, "$ENV is not available" },
		{ "$ ENV", ERR_SPEC, "$ENV is not available" },
		{ "[$ENV]", ERR_SPEC, "$ENV is not available" },
		{ "\"\\(env)\"", ERR_SPEC, "env is not available" },
		{ "{env: env}", ERR_SPEC, "env is not available" },
		{ "import \"a\" as a; 1", ERR_SPEC, "import is not available" },
		{ "include \"a\"; 1", ERR_SPEC, "include is not available" },
		{ "# \nimport \"a\" as a; 1", ERR_SPEC, "import is not available" },
		{ "1; import \"a\" as a", ERR_SPEC, "syntax error" },
		{ "1) | (env", ERR_SPEC, "a bracket is closed" },
		{ "1) | (2", ERR_SPEC, "a bracket is closed" },
		{ "1; def e0: 2", ERR_SPEC, "syntax error" },
		{ "def e0: 2;", ERR_SPEC, "syntax error" },
		{ "\"", ERR_SPEC, "a string is not closed" },
		{ "\"\\(\"", ERR_SPEC, "a string is not closed" },
		{ "\"\\(1", ERR_SPEC, "a bracket is not closed" },
		{ "1 # \\\n\"\n) | env | (\n# \\\n\"", ERR_SPEC, "a comment must not end" },
		{ "__lifeboat_0", ERR_SPEC, "reserved" },
		{ "$__lifeboat_in", ERR_SPEC, "reserved" },
		{ "input", ERR_SPEC, "input is not available" },
		{ "[inputs]", ERR_SPEC, "inputs is not available" },
		{ "debug", ERR_SPEC, "debug is not available" },
		{ "stderr", ERR_SPEC, "stderr is not available" },
		{ "halt", ERR_SPEC, "halt is not available" },
		{ "\"x\" | halt_error", ERR_SPEC, "halt_error is not available" },
		{ "\"a\" | modulemeta", ERR_SPEC, "modulemeta is not available" },
		{ "\"%%%\" | @base64d", ERR_SPEC, "base64" },
		{ "\"\\u0000\"", ERR_SPEC, "NUL" },
		{ "", ERR_SPEC, "an empty expression" },
		{ " # nothing", ERR_SPEC, "an empty expression" },
		{ "|", ERR_SPEC, "syntax error" },
	};
	struct expressions *x = expressions_new(common, COMMON_COUNT);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t timeout_ms = rows[i].kind == ERR_SPEC ? PATIENT_MS : 300;
		enum err_kind kind;

		/* Once this is known, all is compiled: the time below is the expression's own. */
		assert_gives(x, common[2], "\"ABC\"");
		kind = assert_fails(x, rows[i].text, timeout_ms, rows[i].message_part);
		if (rows[i].kind != ERR_NONE)
			assert_int_equal(kind, rows[i].kind);
		assert_gives(x, common[0], "43");
	}
	expressions_free(x);
}

static void
eval_of_evil_expression_in_common_program_harms_only_itself(void **state)
{
	static const char *const texts[] = {
		".params.count + 1", "1) | (env", "1; def e0: 2",      "def f: f; f",
		"null | .[1e9]=1",   "nonsense",  "$params.count + 2",
	};
	struct expressions *x = expressions_new(texts, sizeof(texts) / sizeof(texts[0]));

	(void)state;
	assert_gives(x, texts[0], "43");
	assert_fails(x, texts[3], 300, "no result after");
	assert_gives(x, texts[0], "43");
	assert_fails(x, texts[4], 300, "");
	assert_fails(x, texts[5], PATIENT_MS, "nonsense/0 is not defined");
	assert_gives(x, texts[6], "44");
	expressions_free(x);
}

static void
eval_beyond_memory_says_so(void **state)
{
	struct expressions *x;

	(void)state;
	if (SANITIZED)
		skip();
	x = expressions_new(NULL, 0);
	assert_int_equal(assert_fails(x, "null | .[1e9] = 1", PATIENT_MS,
				      "needs more than 256 MiB of memory"),
			 ERR_SPEC);
	assert_gives(x, "1 + 1", "2");
	expressions_free(x);
}

static void
eval_with_large_input_works_up_to_its_bound(void **state)
{
	struct expressions *x = expressions_new(NULL, 0);
	char *large = xmalloc((17 << 20) + 1);
	cJSON *input, *value = NULL;
	struct err e = ERR_INIT;

	(void)state;
	memset(large, 'x', 17 << 20);
	large[17 << 20] = '\0';
	input = cJSON_CreateString(large + (7 << 20));
	assert_int_equal(expressions_eval(x, "length + 0", input, NULL, PATIENT_MS, &value, &e), 0);
	assert_int_equal((int)value->valuedouble, 10 << 20);
	cJSON_Delete(value);
	cJSON_Delete(input);
	input = cJSON_CreateString(large);
	assert_int_equal(expressions_eval(x, "length + 0", input, NULL, PATIENT_MS, &value, &e),
			 -1);
	assert_non_null(strstr(e.message, "larger than 16 MiB"));
	cJSON_Delete(input);
	free(large);
	expressions_free(x);
}

static void
eval_sees_no_environment_and_no_home(void **state)
{
	static const char rc[] = "def length: 4242;\n";
	char folder[] = "/tmp/lifeboat-expression-XXXXXX", *path, *home = xstrdup(getenv("HOME"));
	struct expressions *x;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/.jq", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(rc, file);
	fclose(file);
	setenv("HOME", folder, 1);
	x = expressions_new(NULL, 0);
	assert_gives(x, ".params.list | length", "3");
	expressions_free(x);
	if (home)
		setenv("HOME", home, 1);
	unlink(path);
	rmdir(folder);
	free(path);
	free(home);
}

struct caller {
	struct expressions *x;
	pthread_t thread;
	int wrong;
};

static void *
call_often(void *data)
{
	struct caller *caller = data;
	cJSON *context = context_new();

	for (int i = 0; i < 25; i++) {
		struct err e = ERR_INIT;
		cJSON *value = NULL;

		if (expressions_eval(caller->x, i % 2 ? common[0] : common[7], context, context,
				     PATIENT_MS, &value, &e) < 0 ||
		    (int)value->valuedouble != (i % 2 ? 43 : 84))
			caller->wrong++;
		cJSON_Delete(value);
	}
	cJSON_Delete(context);
	return NULL;
}

static void
eval_from_many_threads_serves_each(void **state)
{
	struct caller callers[4] = { { 0 } };
	struct expressions *x = expressions_new(common, COMMON_COUNT);

	(void)state;
	for (int i = 0; i < 4; i++) {
		callers[i].x = x;
		assert_int_equal(pthread_create(&callers[i].thread, NULL, call_often, &callers[i]),
				 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].wrong, 0);
	}
	expressions_free(x);
}

static void *
first_use(void *data)
{
	assert_gives(data, "2 + 2", "4");
	return NULL;
}

static void
eval_after_starting_thread_ended_works(void **state)
{
	struct expressions *x = expressions_new(NULL, 0);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, first_use, x), 0);
	pthread_join(thread, NULL);
	assert_gives(x, "2 + 3", "5");
	expressions_free(x);
}

static void
check_of_good_expressions_reports_nothing(void **state)
{
	enum { COUNT = 100 };
	char *texts[COUNT], *errors[COUNT];
	struct err e = ERR_INIT;
	int64_t started_ms;

	(void)state;
	for (int i = 0; i < COUNT; i++)
		texts[i] = xasprintf(
			"[.items[] | select(.status.phase == \"Running\")] | length >= %d and "
			"$params.have_key and (\"\\(.x)\" | test(\"^a{%d}\"))",
			i, i);
	started_ms = clock_mono_ms();
	assert_int_equal(expressions_check((const char *const *)texts, COUNT, errors, &e), 0);
	print_message("%d expressions checked in %lld ms\n", COUNT,
		      (long long)(clock_mono_ms() - started_ms));
	for (int i = 0; i < COUNT; i++) {
		assert_null(errors[i]);
		free(texts[i]);
	}
}

static void
check_of_bad_expressions_names_each(void **state)
{
	static const char *const texts[] = {
		".a | length",
		"1 +",
		".b | nonsense",
		"1) | (env",
		"$anything | length",
		".a.b",
		"1; def e0: 2",
		"env",
		"if .a then 1 end",
		"\"\\(1 + 2\"",
		"[.[] | {a: .b}] | $known",
	};
	static const char *const parts[] = {
		NULL,
		"syntax error",
		"nonsense/0 is not defined",
		"a bracket is closed",
		NULL,
		NULL,
		"syntax error",
		"env is not available",
		"syntax error",
		"a string is not closed",
		NULL,
	};
	enum { COUNT = sizeof(texts) / sizeof(texts[0]) };
	char *errors[COUNT];
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(expressions_check(texts, COUNT, errors, &e), 0);
	for (int i = 0; i < COUNT; i++) {
		if (!parts[i] && errors[i])
			fail_msg("%s: %s", texts[i], errors[i]);
		if (parts[i] && (!errors[i] || !strstr(errors[i], parts[i])))
			fail_msg("%s: %s", texts[i], errors[i] ? errors[i] : "no error");
		if (parts[i])
			assert_null(strstr(errors[i], "top-level"));
		free(errors[i]);
	}
}

static void
is_path_tells_paths_from_programs(void **state)
{
	static const char *const paths[] = {
		".",	      ".params.fqdn", " .a ", ".steps[\"signing-key\"].kid",
		".a[0]",      ".a[-1].b",     ".[0]", ".[\"a\"]",
		".\"a b\".c", ".a.\"b\"",
	};
	static const char *const programs[] = {
		"",
		"..",
		".a[]",
		".a?",
		".a | .b",
		".a[0:1]",
		".a[1.5]",
		".a, .b",
		"a",
		"[0]",
		".a.",
		".[",
		".a[\"x\\ny\"]",
		".[\"\\(1)\"]",
		"\"a\"",
		".a \"b\"",
		"$params.a",
		"1",
		".a[99999999999]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (!expression_is_path(paths[i]))
			fail_msg("%s is a path", paths[i]);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (expression_is_path(programs[i]))
			fail_msg("%s is no path", programs[i]);
}

static void
path_get_finds_value_or_nothing(void **state)
{
	cJSON *context = context_new();

	(void)state;
	assert_string_equal(expression_path_get(".params.fqdn", context)->valuestring,
			    "tsb.example.com");
	assert_string_equal(
		expression_path_get(".steps[\"signing-key\"].kid", context)->valuestring, "abc");
	assert_int_equal(expression_path_get(".params.list[-1]", context)->valueint, 3);
	assert_ptr_equal(expression_path_get(".", context), context);
	assert_null(expression_path_get(".params.nothing", context));
	assert_null(expression_path_get(".nothing.nothing[3].x", context));
	assert_null(expression_path_get(".params.list[3]", context));
	assert_null(expression_path_get(".params.fqdn.x", context));
	assert_null(expression_path_get(".params | .fqdn", context));
	cJSON_Delete(context);
}

static void
eval_of_variable_path_needs_no_child(void **state)
{
	struct expressions *x = expressions_new(NULL, 0);

	(void)state;
	assert_gives(x, "$params.list[1]", "2");
	assert_gives(x, "$cluster", "\"c1\"");
	assert_gives(x, "$params.nothing", "null");
	expressions_free(x);
}

static void
add_found(void *data, const char *name, size_t offset)
{
	str_printf(data, "%s@%zu ", name, offset);
}

static void
assert_references(const char *text, const char *wanted)
{
	struct str found = STR_INIT;

	expression_references(text, "params", add_found, &found);
	assert_string_equal(str_cstr(&found), wanted);
	str_release(&found);
}

static void
references_finds_names_below_root(void **state)
{
	(void)state;
	assert_references(".params.fqdn", "fqdn@8 ");
	assert_references("$params[\"a-b\"].c", "a-b@9 ");
	assert_references(".params.\"x y\"", "x y@9 ");
	assert_references(".params?.a and (.params.b | not)", "a@9 b@24 ");
	assert_references("\"\\(.params.a) \\(.params.b)\"", "a@11 b@24 ");
	assert_references("if .x | .y then .params.a else .params.b end", "a@24 b@39 ");
	assert_references(". as $x | .params.a", "a@18 ");
	assert_references(".x | map($params.a)", "a@17 ");
	assert_references("{params: .params.a, params}", "a@17 ");
}

static void
references_leaves_out_what_may_be_something_else(void **state)
{
	(void)state;
	assert_references(".spec.params.a", "");
	assert_references(".x | .params.a", "");
	assert_references("map(.params.a)", "");
	assert_references("first.params.a", "");
	assert_references("\".params.a\"", "");
	assert_references("# .params.a\n1", "");
	assert_references(".params[0]", "");
	assert_references(".params | keys", "");
	assert_references("reduce .a[] as $n (0; .params.a)", "");
	assert_references("\"\\(.x | .y) \\(1 | .params.z)\"", "");
}

static void
assert_variables(const char *text, const char *wanted)
{
	struct str found = STR_INIT;

	expression_variables(text, add_found, &found);
	assert_string_equal(str_cstr(&found), wanted);
	str_release(&found);
}

static void
variables_finds_free_ones(void **state)
{
	(void)state;
	assert_variables("$params.a + $cluster", "params@1 cluster@13 ");
	assert_variables(". as $x | $x + $y", "y@16 ");
	assert_variables(". as [$a, {b: $c, (.k): $d}] | $a + $c + $d + $e", "e@47 ");
	assert_variables("reduce .[] as $n (0; . + $n + $m)", "m@31 ");
	assert_variables("def f($a; g): $a + $b; f(1; 2)", "b@20 ");
	assert_variables("label $out | break $out", "");
	assert_variables("\"\\($a) $b\" # $c\n", "a@4 ");
	assert_variables("$__loc__.line", "");
	assert_variables("{$a, b: $c}", "a@2 c@9 ");
}

static bool
are_sound(const char *const *texts, size_t count)
{
	struct expressions *x = expressions_new(texts, count);
	bool is_sound = expressions_are_sound(x, PATIENT_MS);

	assert_int_equal(expressions_are_sound(x, PATIENT_MS), is_sound);
	assert_gives(x, ".params.count + 2", "44");
	expressions_free(x);
	return is_sound;
}

static void
are_sound_tells_whether_all_compile(void **state)
{
	static const char *const paths[] = { ".params.fqdn", ".a.b" };
	static const char *const broken[] = { ".a + 1", ".a |", ".b + 1" };
	static const char *const refused[] = { ".a + 1", "input" };

	(void)state;
	assert_true(are_sound(common, COMMON_COUNT));
	assert_true(are_sound(NULL, 0));
	assert_true(are_sound(paths, 2));
	assert_false(are_sound(broken, 3));
	assert_false(are_sound(refused, 2));
}

/* What is not known in time is not taken for sound. */
static void
are_sound_without_patience_is_false(void **state)
{
	struct expressions *x = expressions_new(common, COMMON_COUNT);

	(void)state;
	assert_false(expressions_are_sound(x, 0));
	assert_true(expressions_are_sound(x, PATIENT_MS));
	expressions_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eval_of_compiled_expressions_gives_results),
		cmocka_unit_test(eval_of_another_expression_compiles_it),
		cmocka_unit_test(eval_without_expressions_works),
		cmocka_unit_test(eval_of_numbers_keeps_integers),
		cmocka_unit_test(eval_without_output_gives_null),
		cmocka_unit_test(eval_of_error_reports_jq_message),
		cmocka_unit_test(eval_of_unknown_variable_lists_known_ones),
		cmocka_unit_test(eval_of_evil_expression_leaves_next_one_working),
		cmocka_unit_test(eval_of_evil_expression_in_common_program_harms_only_itself),
		cmocka_unit_test(eval_beyond_memory_says_so),
		cmocka_unit_test(eval_with_large_input_works_up_to_its_bound),
		cmocka_unit_test(eval_sees_no_environment_and_no_home),
		cmocka_unit_test(eval_from_many_threads_serves_each),
		cmocka_unit_test(eval_after_starting_thread_ended_works),
		cmocka_unit_test(are_sound_tells_whether_all_compile),
		cmocka_unit_test(are_sound_without_patience_is_false),
		cmocka_unit_test(check_of_good_expressions_reports_nothing),
		cmocka_unit_test(check_of_bad_expressions_names_each),
		cmocka_unit_test(is_path_tells_paths_from_programs),
		cmocka_unit_test(path_get_finds_value_or_nothing),
		cmocka_unit_test(eval_of_variable_path_needs_no_child),
		cmocka_unit_test(references_finds_names_below_root),
		cmocka_unit_test(references_leaves_out_what_may_be_something_else),
		cmocka_unit_test(variables_finds_free_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
