#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_patch.h"

static void
patch_merge_members_are_set_and_nulls_take_away(void **state)
{
	static const struct {
		const char *object, *patch, *result;
	} cases[] = {
		{ "{'a':'b'}", "{'a':'c'}", "{'a':'c'}" },
		{ "{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}" },
		{ "{'a':'b'}", "{'a':null}", "{}" },
		{ "{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}" },
		{ "{'a':['b']}", "{'a':'c'}", "{'a':'c'}" },
		{ "{'a':'c'}", "{'a':['b']}", "{'a':['b']}" },
		{ "{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}" },
		{ "{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}" },
		{ "{'e':null}", "{'a':1}", "{'e':null,'a':1}" },
		{ "{'e':null}", "{'e':{'x':null,'y':1}}", "{'e':{'y':1}}" },
		{ "{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}" },
		{ "{}", "{'a':[1,null,{'b':null}]}", "{'a':[1,{}]}" },
		{ "{'a':[1]}", "{'a':{'b':1}}", "{'a':{'b':1}}" },
		{ "{'A':1}", "{'a':2}", "{'A':1,'a':2}" },
		{ "{'a':1}", "{}", "{'a':1}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct refusal r = REFUSAL_INIT;
		cJSON *object = json(cases[i].object), *patch = json(cases[i].patch);
		cJSON *result = NULL;

		assert_int_equal(patch_merge(object, patch, &result, &r), 0);
		assert_json(object, cases[i].object);
		assert_json(patch, cases[i].patch);
		assert_json(result, cases[i].result);
	}
}

static void
patch_merge_what_is_no_object_is_refused(void **state)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *object = json("{}"), *list = json("[1]"), *word = json("'x'"), *result = NULL;

	(void)state;
	assert_int_equal(patch_merge(object, word, &result, &r), -1);
	assert_refusal(&r, 500, "", "Invalid JSON Patch");
	assert_int_equal(patch_merge(object, list, &result, &r), -1);
	assert_string_equal(json_string(r.details, "causes/0/field", ""), "patch");
	assert_refusal(
		&r, 422, "Invalid",
		" \"\" is invalid: patch: Invalid value: \"[1]\": couldn't get version/kind; "
		"json parse error: json: cannot unmarshal array into Go value of type struct "
		"{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
		"\"json:\\\"kind,omitempty\\\"\" }");
	assert_null(result);
	cJSON_Delete(object);
	cJSON_Delete(list);
	cJSON_Delete(word);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patch_merge_members_are_set_and_nulls_take_away),
		cmocka_unit_test(patch_merge_what_is_no_object_is_refused),
	};

	return cmocka_run_group_tests_name("world/patch_merge", tests, NULL, NULL);
}
