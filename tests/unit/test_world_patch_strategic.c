#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_patch.h"

static const struct list_rule rules[] = {
	{ "metadata.finalizers", "", NULL },
	{ "spec.c", "name", NULL },
	{ "spec.c.*.env", "name", NULL },
	{ "spec.c.*.ports", "containerPort,protocol=TCP", "containerPort" },
	{ "spec.replaced", "name", "" },
	{ "spec.pairs", "a,b=x", NULL },
	{ "spec.job", NULL, "type" },
	{ 0 },
};

struct example {
	const char *object, *patch, *result;
};

static void
check(const struct example *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct refusal r = REFUSAL_INIT;
		cJSON *object = json(cases[i].object), *patch = json(cases[i].patch);
		cJSON *result = NULL;

		if (patch_strategic(object, patch, rules, &result, &r) < 0)
			fail_msg("%s: %s", cases[i].patch, r.message);
		assert_json(object, cases[i].object);
		assert_json(patch, cases[i].patch);
		assert_json(result, cases[i].result);
	}
}
#define CHECK(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))

#define AB "{'spec':{'c':[{'name':'a','v':1},{'name':'b','v':2}]}}"

static void
patch_strategic_maps_merge_and_nulls_take_away(void **state)
{
	static const struct example cases[] = {
		{ "{'a':{'b':1,'c':2}}", "{'a':{'b':null,'d':3}}", "{'a':{'c':2,'d':3}}" },
		{ "{'a':1}", "{'b':{'c':null,'d':1}}", "{'a':1,'b':{'d':1}}" },
		{ "{'a':1}", "{'b':null}", "{'a':1}" },
		{ "{'a':{'b':1}}", "{'a':{'$patch':'replace','c':2}}", "{'a':{'c':2}}" },
		{ "{'a':{'b':1}}", "{'a':{'$patch':'delete'}}", "{'a':{}}" },
		{ "{'a':{'b':1}}", "{'a':'text'}", "{'a':'text'}" },
		{ "{'a':{'b':1,'c':2,'d':3}}", "{'a':{'$retainKeys':['b','e'],'e':5,'d':null}}",
		  "{'a':{'b':1,'e':5}}" },
		{ "{}", "{'a':{'$retainKeys':['b'],'b':1}}", "{'a':{'b':1}}" },
	};

	(void)state;
	CHECK(cases);
}

static void
patch_strategic_lists_merge_by_their_keys(void **state)
{
	static const struct example cases[] = {
		{ AB, "{'spec':{'c':[{'name':'b','v':9}]}}",
		  "{'spec':{'c':[{'name':'a','v':1},{'name':'b','v':9}]}}" },
		{ AB, "{'spec':{'c':[{'name':'n','v':3}]}}",
		  "{'spec':{'c':[{'name':'n','v':3},{'name':'a','v':1},{'name':'b','v':2}]}}" },
		{ AB, "{'spec':{'c':[{'name':'b'},{'name':'n'}]}}",
		  "{'spec':{'c':[{'name':'a','v':1},{'name':'b','v':2},{'name':'n'}]}}" },
		{ AB, "{'spec':{'c':[{'name':'b','v':null,'w':1}]}}",
		  "{'spec':{'c':[{'name':'a','v':1},{'name':'b','w':1}]}}" },
		{ AB,
		  "{'spec':{'c':[{'name':'a','$patch':'delete'},{'name':'z','$patch':'delete'}]}}",
		  "{'spec':{'c':[{'name':'b','v':2}]}}" },
		{ AB, "{'spec':{'c':[{'$patch':'replace'},{'name':'b'},{'name':'a'}]}}",
		  "{'spec':{'c':[{'name':'b'},{'name':'a'}]}}" },
		{ "{'spec':{}}",
		  "{'spec':{'c':[{'name':'a','x':null},{'name':'b','$patch':'delete'}]}}",
		  "{'spec':{'c':[{'name':'a'}]}}" },
		{ "{'spec':{'c':[{'name':'a','env':[{'name':'X','value':'1'}]}]}}",
		  "{'spec':{'c':[{'name':'a','env':[{'name':'X','value':'2'}]}]}}",
		  "{'spec':{'c':[{'name':'a','env':[{'name':'X','value':'2'}]}]}}" },
		{ "{'spec':{'c':[{'name':'a','ports':[{'containerPort':80,'protocol':'TCP'}]}]}}",
		  "{'spec':{'c':[{'name':'a','ports':[{'containerPort':80,'protocol':'UDP'}]}]}}",
		  "{'spec':{'c':[{'name':'a','ports':[{'containerPort':80,'protocol':'UDP'}]}]}}" },
		{ "{'spec':{'job':[{'type':'A','s':1}]}}", "{'spec':{'job':[{'type':'A','t':2}]}}",
		  "{'spec':{'job':[{'type':'A','s':1,'t':2}]}}" },
		{ "{'spec':{'replaced':[{'name':'a'}]}}", "{'spec':{'replaced':[{'name':'b'}]}}",
		  "{'spec':{'replaced':[{'name':'b'}]}}" },
		{ "{'spec':{'pairs':[{'a':1,'b':'x'}]}}", "{'spec':{'pairs':[{'a':1,'c':2}]}}",
		  "{'spec':{'pairs':[{'a':1,'b':'x','c':2}]}}" },
		{ "{'spec':{'other':[1,2]}}", "{'spec':{'other':[3]}}", "{'spec':{'other':[3]}}" },
	};

	(void)state;
	CHECK(cases);
}

static void
patch_strategic_orders_are_set(void **state)
{
	static const struct example cases[] = {
		{ AB, "{'spec':{'$setElementOrder/c':[{'name':'b'},{'name':'a'}]}}",
		  "{'spec':{'c':[{'name':'b','v':2},{'name':'a','v':1}]}}" },
		{ AB,
		  "{'spec':{'$setElementOrder/c':[{'name':'n'},{'name':'b'}],"
		  "'c':[{'name':'n'},{'name':'b','v':3}]}}",
		  "{'spec':{'c':[{'name':'n'},{'name':'a','v':1},{'name':'b','v':3}]}}" },
		{ AB,
		  "{'spec':{'c':[{'name':'n'}],"
		  "'$setElementOrder/c':[{'name':'b'},{'name':'n'},{'name':'a'}],'x':1}}",
		  "{'spec':{'c':[{'name':'b','v':2},{'name':'n'},{'name':'a','v':1}],'x':1}}" },
		{ AB,
		  "{'spec':{'$setElementOrder/c':[{'name':'b'}],"
		  "'c':[{'name':'a','$patch':'delete'},{'name':'b','v':7}]}}",
		  "{'spec':{'c':[{'name':'b','v':7}]}}" },
		{ "{'spec':{}}",
		  "{'spec':{'$setElementOrder/c':[{'name':'b'}],'c':[{'name':'b','v':7}]}}",
		  "{'spec':{'c':[{'name':'b','v':7}]}}" },
		{ "{'spec':{}}",
		  "{'spec':{'$setElementOrder/c':[{'name':'b'}],"
		  "'c':[{'name':'a','$patch':'delete'},{'name':'b','w':null}]}}",
		  "{'spec':{'c':[{'name':'b'}]}}" },
		{ "{'spec':{}}", "{'spec':{'$setElementOrder/c':[{'name':'b'}]}}", "{'spec':{}}" },
		{ "{'spec':{'c':[{'name':'a'}]}}",
		  "{'spec':{'$setElementOrder/c':[{'name':'a'}],'$setElementOrder/d':[1],'y':1}}",
		  "{'spec':{'c':[{'name':'a'}],'y':1}}" },
	};

	(void)state;
	CHECK(cases);
}

static void
patch_strategic_sets_grow_and_shrink_by_values(void **state)
{
	static const struct example cases[] = {
		{ "{'metadata':{'finalizers':['a','b']}}", "{'metadata':{'finalizers':['c','b']}}",
		  "{'metadata':{'finalizers':['c','a','b']}}" },
		{ "{'metadata':{'finalizers':['a','b','c']}}",
		  "{'metadata':{'$deleteFromPrimitiveList/finalizers':['b','z']}}",
		  "{'metadata':{'finalizers':['a','c']}}" },
		{ "{'metadata':{'finalizers':['a','b','c']}}",
		  "{'metadata':{'$deleteFromPrimitiveList/finalizers':['b'],"
		  "'$setElementOrder/finalizers':['c','a']}}",
		  "{'metadata':{'finalizers':['c','a']}}" },
		{ "{'metadata':{}}", "{'metadata':{'$deleteFromPrimitiveList/finalizers':['b']}}",
		  "{'metadata':{}}" },
	};

	(void)state;
	CHECK(cases);
}

static void
patch_strategic_wrong_directives_are_refused_in_the_servers_words(void **state)
{
	static const struct {
		const char *patch;
		int code;
		const char *reason, *message;
	} cases[] = {
		{ "{'spec':{'c':[{'v':1}]}}", 500, "",
		  "map: map[v:1] does not contain declared merge key: name" },
		{ "{'spec':{'c':[{'$patch':'delete'}]}}", 500, "",
		  "map: map[$patch:delete] does not contain declared merge key: name" },
		{ "{'spec':{'c':[{'name':'a','$patch':'merge'}]}}", 500, "",
		  "merging lists cannot yet be specified in the patch" },
		{ "{'spec':{'c':[{'name':'a','$patch':'fly'}]}}", 500, "",
		  "unknown patch type: fly in map: map[$patch:fly name:a]" },
		{ "{'spec':{'$patch':'fly'}}", 500, "",
		  "unknown patch type: fly in map: map[$patch:fly]" },
		{ "{'spec':{'c':['x']}}", 500, "",
		  "list element types are not identical: "
		  "[[map[name:a v:1] map[name:b v:2]] [x]]" },
		{ "{'spec':{'$retainKeys':'x'}}", 400, "BadRequest",
		  "invalid patch format of retainKeys" },
		{ "{'spec':{'$retainKeys':['c'],'d':1}}", 400, "BadRequest",
		  "invalid patch format of retainKeys" },
		{ "{'spec':{'$setElementOrder/c':[{'name':'a'}],'c':[{'name':'n','l':[1,null]}]}}",
		  500, "",
		  "The order in patch list:\n[map[l:[1 <nil>] name:n]]\n doesn't match "
		  "$setElementOrder list:\n[map[name:a]]\n" },
		{ "{'spec':{'$setElementOrder/c':[{'name':'b'},{'name':'a'}],"
		  "'c':[{'name':'a'},{'name':'b'}]}}",
		  500, "",
		  "The order in patch list:\n[map[name:a] map[name:b]]\n doesn't match "
		  "$setElementOrder list:\n[map[name:b] map[name:a]]\n" },
		{ "{'spec':{'$setElementOrder/c':'x'}}", 500, "",
		  "expected a []interface {}, but received a string" },
		{ "[1]", 400, "BadRequest",
		  "json: cannot unmarshal array into Go value of type map[string]interface {}" },
		{ "'x'", 400, "BadRequest",
		  "json: cannot unmarshal string into Go value of type map[string]interface {}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct refusal r = REFUSAL_INIT;
		cJSON *object = json(AB), *patch = json(cases[i].patch), *result = NULL;

		if (patch_strategic(object, patch, rules, &result, &r) == 0)
			fail_msg("%s is not refused", cases[i].patch);
		assert_null(result);
		assert_refusal(&r, cases[i].code, cases[i].reason, cases[i].message);
		cJSON_Delete(object);
		cJSON_Delete(patch);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patch_strategic_maps_merge_and_nulls_take_away),
		cmocka_unit_test(patch_strategic_lists_merge_by_their_keys),
		cmocka_unit_test(patch_strategic_orders_are_set),
		cmocka_unit_test(patch_strategic_sets_grow_and_shrink_by_values),
		cmocka_unit_test(patch_strategic_wrong_directives_are_refused_in_the_servers_words),
	};

	return cmocka_run_group_tests_name("world/patch_strategic", tests, NULL, NULL);
}
