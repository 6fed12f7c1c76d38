#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "fixture_patch.h"

static int
run(const char *object, const char *operations, cJSON **ret, struct refusal *r)
{
	cJSON *before = json(object), *patch = json(operations), *copy = cJSON_Duplicate(before, 1);
	int rc = patch_json(before, patch, ret, r);

	assert_true(cJSON_Compare(before, copy, true));
	cJSON_Delete(before);
	cJSON_Delete(copy);
	cJSON_Delete(patch);
	return rc;
}

static void
patch_json_good_operations_change_the_object(void **state)
{
	static const struct {
		const char *object, *operations, *result;
	} cases[] = {
		{ "{'a':1}", "[]", "{'a':1}" },
		{ "{'a':1}", "[{'op':'add','path':'/b','value':{'c':2}}]", "{'a':1,'b':{'c':2}}" },
		{ "{'a':1}", "[{'op':'add','path':'/a','value':2}]", "{'a':2}" },
		{ "{'a':1,'b':2}", "[{'op':'remove','path':'/a'}]", "{'b':2}" },
		{ "{'a':{'b':1}}", "[{'op':'replace','path':'/a/b','value':null}]",
		  "{'a':{'b':null}}" },
		{ "{'a':1}", "[{'op':'replace','path':'/b','value':2}]", "{'a':1,'b':2}" },
		{ "{'a':1,'b':2}", "[{'op':'move','from':'/a','path':'/c'}]", "{'b':2,'c':1}" },
		{ "{'a':[1,2]}", "[{'op':'copy','from':'/a/0','path':'/b'}]", "{'a':[1,2],'b':1}" },
		{ "{'a':[1,2]}", "[{'op':'move','from':'/a/0','path':'/a/1'}]", "{'a':[2,1]}" },
		{ "{'l':[1,2,3]}", "[{'op':'add','path':'/l/0','value':0}]", "{'l':[0,1,2,3]}" },
		{ "{'l':[1,2,3]}", "[{'op':'add','path':'/l/1','value':0}]", "{'l':[1,0,2,3]}" },
		{ "{'l':[1,2,3]}", "[{'op':'add','path':'/l/3','value':0}]", "{'l':[1,2,3,0]}" },
		{ "{'l':[1,2,3]}", "[{'op':'add','path':'/l/-','value':0}]", "{'l':[1,2,3,0]}" },
		{ "{'l':[]}", "[{'op':'add','path':'/l/-','value':0}]", "{'l':[0]}" },
		{ "{'l':[1,2,3]}", "[{'op':'add','path':'/l/-1','value':0}]", "{'l':[1,2,3,0]}" },
		{ "{'l':[1,2,3]}", "[{'op':'remove','path':'/l/-1'}]", "{'l':[1,2]}" },
		{ "{'l':[1,2,3]}", "[{'op':'replace','path':'/l/2','value':0}]", "{'l':[1,2,0]}" },
		{ "{'a/b':1,'m~n':2}",
		  "[{'op':'remove','path':'/a~1b'},{'op':'replace','path':'/m~0n','value':3}]",
		  "{'m~n':3}" },
		{ "{'~1':1}", "[{'op':'remove','path':'/~01'}]", "{}" },
		{ "{'':1}", "[{'op':'remove','path':'/'}]", "{}" },
		{ "{'A':1,'a':2}", "[{'op':'remove','path':'/a'}]", "{'A':1}" },
		{ "{'a':{'b':[1,{'c':2}]}}",
		  "[{'op':'test','path':'/a','value':{'b':[1,{'c':2}]}},"
		  "{'op':'test','path':'/z','value':null},{'op':'remove','path':'/a/b/1/c'}]",
		  "{'a':{'b':[1,{}]}}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct refusal r = REFUSAL_INIT;
		cJSON *result = NULL;

		if (run(cases[i].object, cases[i].operations, &result, &r) < 0)
			fail_msg("%s: %s", cases[i].operations, r.message);
		assert_json(result, cases[i].result);
	}
}

static void
patch_json_operation_that_cannot_be_done_is_refused_without_a_word_which(void **state)
{
	static const char *const cases[] = {
		"[{'op':'test','path':'/a','value':2}]",
		"[{'op':'test','path':'/z','value':2}]",
		"[{'op':'test','path':'/l','value':[2,1]}]",
		"[{'op':'remove','path':'/z'}]",
		"[{'op':'remove','path':'/A'}]",
		"[{'op':'remove','path':'/l/2'}]",
		"[{'op':'remove','path':'/l/-3'}]",
		"[{'op':'remove','path':'/l/x'}]",
		"[{'op':'replace','path':'/l/2','value':1}]",
		"[{'op':'add','path':'/l/3','value':1}]",
		"[{'op':'add','path':'/l/-4','value':1}]",
		"[{'op':'add','path':'/l/x','value':1}]",
		"[{'op':'add','path':'/l/1x','value':1}]",
		"[{'op':'add','path':'/l/99999999999999999999','value':1}]",
		"[{'op':'add','path':'/z/y','value':1}]",
		"[{'op':'add','path':'/a/y','value':1}]",
		"[{'op':'add','path':'a','value':1}]",
		"[{'op':'replace','path':'','value':{}}]",
		"[{'op':'move','from':'/z','path':'/y'}]",
		"[{'op':'copy','from':'/z/z','path':'/y'}]",
		"[{'op':'copy','path':'/y'}]",
		"[{'op':'move','from':'/l','path':'/l/0'}]",
		"[{'op':'fly','path':'/a'}]",
		"[{'path':'/a'}]",
		"[{'op':'remove'}]",
		"[null]",
		"[{'op':'remove','path':'/a'},{'op':'remove','path':'/a'}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct refusal r = REFUSAL_INIT;
		cJSON *result = NULL;

		if (run("{'a':1,'l':[1,2]}", cases[i], &result, &r) == 0)
			fail_msg("%s is not refused", cases[i]);
		assert_null(result);
		assert_true(cJSON_IsObject(r.details));
		assert_refusal(&r, 422, "Invalid",
			       "the server rejected our request due to an error in our request");
	}
}

static void
patch_json_what_is_no_patch_is_a_bad_request(void **state)
{
	static const struct {
		const char *operations, *message;
	} cases[] = {
		{ "{'op':'remove'}",
		  "json: cannot unmarshal object into Go value of type jsonpatch.Patch" },
		{ "'x'", "json: cannot unmarshal string into Go value of type jsonpatch.Patch" },
		{ "[7]",
		  "json: cannot unmarshal number into Go value of type jsonpatch.Operation" },
		{ "[true]",
		  "json: cannot unmarshal bool into Go value of type jsonpatch.Operation" },
		{ "[[]]",
		  "json: cannot unmarshal array into Go value of type jsonpatch.Operation" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct refusal r = REFUSAL_INIT;
		cJSON *result = NULL;

		assert_int_equal(run("{}", cases[i].operations, &result, &r), -1);
		assert_refusal(&r, 400, "BadRequest", cases[i].message);
	}
}

static void
patch_json_too_many_operations_are_refused(void **state)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *object = json("{}"), *patch = cJSON_CreateArray(), *result = NULL;

	(void)state;
	for (int i = 0; i <= 10000; i++)
		cJSON_AddItemToArray(patch, cJSON_CreateObject());
	assert_int_equal(patch_json(object, patch, &result, &r), -1);
	assert_refusal(&r, 413, "RequestEntityTooLarge",
		       "The allowed maximum operations in a JSON patch is 10000, got 10001");
	cJSON_Delete(object);
	cJSON_Delete(patch);
}

static void
patch_json_copies_that_double_are_stopped(void **state)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *object = json("{'a':{'b':'0123456789'}}"), *result = NULL;
	cJSON *patch = cJSON_CreateArray();

	(void)state;
	for (int i = 0; i < 40; i++) {
		char *text = xasprintf("{'op':'copy','from':'/a','path':'/a/%d'}", i);

		cJSON_AddItemToArray(patch, json(text));
		free(text);
	}
	assert_int_equal(patch_json(object, patch, &result, &r), -1);
	assert_int_equal(r.code, 422);
	refusal_release(&r);
	cJSON_Delete(object);
	cJSON_Delete(patch);
}

/* Each move puts what is there below 500 containers more. */
static void
patch_json_of_what_becomes_too_deep_is_stopped(void **state)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *object = json("{'v':{},'a':{},'b':{}}"), *result = NULL, *patch;
	struct str deep = STR_INIT, path = STR_INIT;

	(void)state;
	for (int i = 0; i < 500; i++) {
		str_append(&deep, "{'a':");
		str_append(&path, "/a");
	}
	str_append_char(&deep, '7');
	str_append_repeated(&deep, '}', 500);
	for (int moves = 1; moves < 4; moves++) {
		struct str text = STR_INIT;

		str_append_char(&text, '[');
		for (int i = 0; i < moves; i++)
			str_printf(&text,
				   "%s{'op':'add','path':'/b','value':%s},"
				   "{'op':'move','from':'/v','path':'/b%s'},"
				   "{'op':'move','from':'/b','path':'/v'}",
				   i ? "," : "", str_cstr(&deep), str_cstr(&path));
		str_append_char(&text, ']');
		patch = json(str_cstr(&text));
		assert_int_equal(patch_json(object, patch, &result, &r), moves < 2 ? 0 : -1);
		assert_int_equal(r.code, moves < 2 ? 0 : 422);
		cJSON_Delete(moves < 2 ? result : NULL);
		refusal_release(&r);
		cJSON_Delete(patch);
		str_release(&text);
	}
	str_release(&deep);
	str_release(&path);
	cJSON_Delete(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patch_json_good_operations_change_the_object),
		cmocka_unit_test(
			patch_json_operation_that_cannot_be_done_is_refused_without_a_word_which),
		cmocka_unit_test(patch_json_what_is_no_patch_is_a_bad_request),
		cmocka_unit_test(patch_json_too_many_operations_are_refused),
		cmocka_unit_test(patch_json_copies_that_double_are_stopped),
		cmocka_unit_test(patch_json_of_what_becomes_too_deep_is_stopped),
	};

	return cmocka_run_group_tests_name("world/patch_json", tests, NULL, NULL);
}
