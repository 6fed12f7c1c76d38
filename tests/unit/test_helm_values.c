#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "helm/helm_values.h"

static cJSON *
parsed(const char *text)
{
	struct err e = ERR_INIT;
	cJSON *value = json_parse(text, strlen(text), &e);

	assert_non_null(value);
	return value;
}

static void
assert_json(const cJSON *value, const char *expected)
{
	char *text = json_print(value);

	assert_string_equal(text, expected);
	free(text);
}

/* What --set makes of an object. */
static void
assert_set(const char *before, const char *text, const char *after)
{
	struct err e = ERR_INIT;
	cJSON *values = parsed(before);

	if (helm_values_set(text, false, false, values, &e) < 0)
		fail_msg("%s: %s", text, e.message);
	assert_json(values, after);
	cJSON_Delete(values);
}

static void
assert_set_fails(const char *text, const char *message)
{
	struct err e = ERR_INIT;
	cJSON *values = cJSON_CreateObject();

	assert_int_equal(helm_values_set(text, false, false, values, &e), -1);
	assert_string_equal(e.message, message);
	cJSON_Delete(values);
}

static void
set_plain_values_have_helms_types(void **state)
{
	(void)state;
	assert_set("{}", "a=1,b=x,c=true,d=null,e=",
		   "{\"a\":1,\"b\":\"x\",\"c\":true,\"d\":null,\"e\":\"\"}");
	assert_set("{}", "a=012,b=1.5,c=-3,d=0", "{\"a\":\"012\",\"b\":\"1.5\",\"c\":-3,\"d\":0}");
	assert_set("{}", "long=12345678901234567890", "{\"long\":\"12345678901234567890\"}");
}

static void
set_paths_make_what_is_missing(void **state)
{
	(void)state;
	assert_set("{\"a\":{\"x\":1}}", "a.b.c=v", "{\"a\":{\"x\":1,\"b\":{\"c\":\"v\"}}}");
	assert_set("{\"a\":7}", "a.b=v", "{\"a\":{\"b\":\"v\"}}");
	assert_set("{}", "a.b[0].c=v", "{\"a\":{\"b\":[{\"c\":\"v\"}]}}");
	assert_set("{}", "a[1]=v", "{\"a\":[null,\"v\"]}");
	assert_set("{\"a\":[1,2]}", "a[1]=3", "{\"a\":[1,3]}");
	assert_set("{}", "a[0][1]=v", "{\"a\":[[null,\"v\"]]}");
}

static void
set_lists_and_escapes_are_read(void **state)
{
	(void)state;
	assert_set("{}", "a={x,2},b=1", "{\"a\":[\"x\",2],\"b\":1}");
	assert_set("{}", "a={}", "{\"a\":[]}");
	assert_set("{}", "a=x\\,y", "{\"a\":\"x,y\"}");
	assert_set("{}", "a\\.b=1", "{\"a.b\":1}");
	assert_set("{}", "a=b=c", "{\"a\":\"b=c\"}");
}

static void
set_mistakes_are_refused(void **state)
{
	(void)state;
	assert_set_fails("a", "key \"a\" has no value");
	assert_set_fails("a,b=1", "key \"a\" has no value (cannot end with ,)");
	assert_set_fails("a={1", "list must terminate with '}'");
	assert_set_fails("a[x]=1",
			 "error parsing index: strconv.Atoi: parsing \"x\": invalid syntax");
	assert_set_fails("a[65537]=1",
			 "index of 65537 is greater than maximum supported index of 65536");
}

static void
set_string_and_json_keep_types(void **state)
{
	struct err e = ERR_INIT;
	cJSON *values = cJSON_CreateObject();

	(void)state;
	assert_int_equal(helm_values_set("a=1,b=true", true, false, values, &e), 0);
	assert_int_equal(helm_values_set_json("c=[1,{\"x\":\"y,z\"}]", values, &e), 0);
	assert_int_equal(helm_values_set_json("d.e={\"f\":1} ,g=,h= \"i,j\"", values, &e), 0);
	assert_json(values, "{\"a\":\"1\",\"b\":\"true\",\"c\":[1,{\"x\":\"y,z\"}],\"d\":{\"e\":{"
			    "\"f\":1}},\"g\":null,\"h\":\"i,j\"}");
	assert_int_equal(helm_values_set_json("k=[1,", values, &e), -1);
	cJSON_Delete(values);
}

static void
merge_maps_deeply_and_replaces_lists(void **state)
{
	cJSON *under = parsed("{\"a\":{\"x\":1,\"y\":2},\"l\":[1,2],\"k\":1}");
	cJSON *over = parsed("{\"a\":{\"y\":3},\"l\":[9],\"k\":null}"), *merged;

	(void)state;
	merged = helm_values_merge(under, over);
	assert_json(merged, "{\"a\":{\"x\":1,\"y\":3},\"l\":[9],\"k\":null}");
	cJSON_Delete(merged);
	cJSON_Delete(over);
	cJSON_Delete(under);
}

static void
coalesce_null_takes_the_charts_value_out(void **state)
{
	cJSON *chart = parsed("{\"a\":{\"x\":1,\"y\":2},\"b\":1,\"c\":2}");
	cJSON *user = parsed("{\"a\":{\"x\":null,\"z\":3},\"b\":null}"), *values;

	(void)state;
	values = helm_values_coalesce(user, chart);
	assert_json(values, "{\"a\":{\"z\":3,\"y\":2},\"c\":2}");
	cJSON_Delete(values);
	values = helm_values_coalesce(NULL, chart);
	assert_json(values, "{\"a\":{\"x\":1,\"y\":2},\"b\":1,\"c\":2}");
	cJSON_Delete(values);
	cJSON_Delete(user);
	cJSON_Delete(chart);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_plain_values_have_helms_types),
		cmocka_unit_test(set_paths_make_what_is_missing),
		cmocka_unit_test(set_lists_and_escapes_are_read),
		cmocka_unit_test(set_mistakes_are_refused),
		cmocka_unit_test(set_string_and_json_keep_types),
		cmocka_unit_test(merge_maps_deeply_and_replaces_lists),
		cmocka_unit_test(coalesce_null_takes_the_charts_value_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
