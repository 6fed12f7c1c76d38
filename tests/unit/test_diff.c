#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "kube/apply.h"

static void
collect(void *data, char mark, const char *line)
{
	str_printf(data, "%c %s\n", mark, line);
}

static cJSON *
parse(const char *text)
{
	struct err e = ERR_INIT;
	cJSON *value = text ? json_parse(text, strlen(text), &e) : NULL;

	if (text && !value)
		fail_msg("%s: %s", e.message, text);
	return value;
}

static void
assert_diff(const char *before, const char *after, const char *expected)
{
	struct str got = STR_INIT;
	cJSON *old = parse(before), *new = parse(after);

	kube_diff(old, new, collect, &got);
	assert_string_equal(str_cstr(&got), expected);
	str_release(&got);
	cJSON_Delete(old);
	cJSON_Delete(new);
}

static void
diff_of_equal_objects_is_empty(void **state)
{
	(void)state;
	assert_diff("{\"a\":1,\"b\":[1,{\"c\":null}]}", "{\"b\":[1,{\"c\":null}],\"a\":1}", "");
}

static void
diff_without_before_is_all_new(void **state)
{
	(void)state;
	assert_diff(NULL, "{\"kind\":\"X\",\"spec\":{\"n\":2,\"on\":true,\"none\":{},\"e\":\"\"}}",
		    "+ kind: X\n+ spec.e: \"\"\n+ spec.n: 2\n+ spec.none: {}\n+ spec.on: true\n");
}

static void
diff_shows_changes_in_order_of_path(void **state)
{
	(void)state;
	assert_diff("{\"spec\":{\"replicas\":1,\"old\":\"x\"}}",
		    "{\"spec\":{\"replicas\":2,\"new\":\"y\"}}",
		    "+ spec.new: y\n- spec.old: x\n- spec.replicas: 1\n+ spec.replicas: 2\n");
}

static void
diff_finds_list_items_by_name(void **state)
{
	(void)state;
	assert_diff("{\"c\":[{\"name\":\"a\",\"image\":\"1\"},{\"name\":\"b\",\"image\":\"1\"}]}",
		    "{\"c\":[{\"name\":\"b\",\"image\":\"2\"},{\"name\":\"a\",\"image\":\"1\"}]}",
		    "- c[name=b].image: 1\n+ c[name=b].image: 2\n");
	assert_diff("{\"c\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", "{\"c\":[{\"name\":\"a\"}]}",
		    "- c[0].name: a\n- c[1].name: a\n+ c[name=a].name: a\n");
}

static void
diff_counts_indices_as_numbers(void **state)
{
	(void)state;
	assert_diff("{\"l\":[0,0,0,0,0,0,0,0,0,0,0]}", "{\"l\":[0,0,1,0,0,0,0,0,0,0,1]}",
		    "- l[2]: 0\n+ l[2]: 1\n- l[10]: 0\n+ l[10]: 1\n");
}

static void
diff_quotes_odd_keys(void **state)
{
	(void)state;
	assert_diff("{}", "{\"metadata\":{\"labels\":{\"app.kubernetes.io/name\":\"x\"}}}",
		    "+ metadata.labels[\"app.kubernetes.io/name\"]: x\n");
}

static void
diff_leaves_bookkeeping_out(void **state)
{
	(void)state;
	assert_diff("{\"metadata\":{\"uid\":\"1\",\"resourceVersion\":\"1\",\"generation\":1,"
		    "\"managedFields\":[{\"a\":1}],\"creationTimestamp\":\"x\",\"selfLink\":\"/\"},"
		    "\"status\":{\"ready\":1}}",
		    "{\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/"
		    "last-applied-configuration\":"
		    "\"hidden\"}},\"status\":{\"ready\":2}}",
		    "");
}

static void
diff_of_secret_shows_sizes_alone(void **state)
{
	(void)state;
	assert_diff(
		"{\"kind\":\"Secret\",\"data\":{\"password\":\"aHVudGVyMg==\",\"gone\":\"eA==\"}}",
		"{\"kind\":\"Secret\",\"data\":{\"password\":\"aHVudGVyMw==\",\"tls.crt\":\"YWJj\"}"
		","
		"\"stringData\":{\"plain\":\"s3cret\"},\"type\":\"Opaque\"}",
		"- data.gone: 1 byte\n"
		"- data.password: 7 bytes\n"
		"+ data.password: 7 bytes (changed)\n"
		"+ data[\"tls.crt\"]: 3 bytes\n"
		"+ stringData.plain: 6 bytes\n"
		"+ type: Opaque\n");
}

static void
diff_of_malformed_secret_shows_nothing_of_it(void **state)
{
	(void)state;
	assert_diff(NULL, "{\"kind\":\"Secret\",\"data\":\"s3cret\",\"stringData\":[\"s3cret\"]}",
		    "+ data: 6 bytes\n+ kind: Secret\n+ stringData[0]: 6 bytes\n");
}

static void
diff_cuts_long_values_and_quotes_controls(void **state)
{
	char text[400], expected[400];

	(void)state;
	snprintf(text, sizeof(text), "{\"a\":\"%0*d\",\"b\":\"one\\ntwo\"}", 300, 0);
	snprintf(expected, sizeof(expected), "+ a: %0*d… (300 bytes)\n+ b: \"one\\ntwo\"\n", 160,
		 0);
	assert_diff(NULL, text, expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diff_of_equal_objects_is_empty),
		cmocka_unit_test(diff_without_before_is_all_new),
		cmocka_unit_test(diff_shows_changes_in_order_of_path),
		cmocka_unit_test(diff_finds_list_items_by_name),
		cmocka_unit_test(diff_counts_indices_as_numbers),
		cmocka_unit_test(diff_quotes_odd_keys),
		cmocka_unit_test(diff_leaves_bookkeeping_out),
		cmocka_unit_test(diff_of_secret_shows_sizes_alone),
		cmocka_unit_test(diff_of_malformed_secret_shows_nothing_of_it),
		cmocka_unit_test(diff_cuts_long_values_and_quotes_controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
