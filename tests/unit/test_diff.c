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
#include "kube/secret_value.h"

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

/* Fingerprints under a key that the test knows, so that what they say can be written down. */
static void
know_the_key(void)
{
	static const unsigned char key[FINGERPRINT_KEY_BYTES] = "a key of thirty-two bytes, or so";

	secret_value_set_key(key);
}

static void
diff_of_secret_shows_sizes_and_fingerprints_alone(void **state)
{
	(void)state;
	assert_diff(
		"{\"kind\":\"Secret\",\"data\":{\"password\":\"aHVudGVyMg==\",\"gone\":\"eA==\"}}",
		"{\"kind\":\"Secret\",\"data\":{\"password\":\"aHVudGVyMw==\",\"tls.crt\":\"YWJj\"}"
		","
		"\"stringData\":{\"plain\":\"hunter2\"},\"type\":\"Opaque\"}",
		"- data.gone: 1 byte, #ffa9867d\n"
		"- data.password: 7 bytes, #e27a188d\n"
		"+ data.password: 7 bytes, #052885b9\n"
		"+ data[\"tls.crt\"]: 3 bytes, #01f033ae\n"
		"+ stringData.plain: 7 bytes, #e27a188d\n"
		"+ type: Opaque\n");
}

static void
diff_of_secret_that_is_the_same_in_other_base64_says_changed(void **state)
{
	(void)state;
	assert_diff("{\"kind\":\"Secret\",\"data\":{\"p\":\"aHVudGVyMg==\"}}",
		    "{\"kind\":\"Secret\",\"data\":{\"p\":\"aHVu\\ndGVyMg==\"}}",
		    "- data.p: 7 bytes, #e27a188d\n+ data.p: 7 bytes, #e27a188d (changed)\n");
}

static void
diff_of_secret_has_nothing_of_its_copies(void **state)
{
	(void)state;
	assert_diff(
		NULL,
		"{\"kind\":\"Secret\",\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/"
		"last-applied-configuration\":\"{\\\"data\\\":{\\\"p\\\":\\\"aHVudGVyMg==\\\"}}\"},"
		"\"managedFields\":[{\"fieldsV1\":{\"f:data\":{\"f:p\":\"hunter2\"}}}]}}",
		"+ kind: Secret\n");
}

static void
diff_of_malformed_secret_shows_nothing_of_it(void **state)
{
	(void)state;
	assert_diff(NULL, "{\"kind\":\"Secret\",\"data\":\"hunter2\",\"stringData\":[\"hunter2\"]}",
		    "+ data: 7 bytes, #e27a188d\n+ kind: Secret\n"
		    "+ stringData[0]: 7 bytes, #e27a188d\n");
}

static void
withhold_value_leaves_its_size(void **state)
{
	cJSON *value = cJSON_CreateString("hunter2"), *number = cJSON_CreateNumber(2);

	(void)state;
	secret_value_withhold(value);
	secret_value_withhold(number);
	assert_string_equal(value->valuestring, "[withheld 7 bytes]");
	assert_true(cJSON_IsNumber(number));
	cJSON_Delete(value);
	cJSON_Delete(number);
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
		cmocka_unit_test(diff_of_secret_shows_sizes_and_fingerprints_alone),
		cmocka_unit_test(diff_of_secret_that_is_the_same_in_other_base64_says_changed),
		cmocka_unit_test(diff_of_secret_has_nothing_of_its_copies),
		cmocka_unit_test(diff_of_malformed_secret_shows_nothing_of_it),
		cmocka_unit_test(withhold_value_leaves_its_size),
		cmocka_unit_test(diff_cuts_long_values_and_quotes_controls),
	};

	know_the_key();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
