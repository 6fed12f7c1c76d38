#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "fixture_patch.h"

static cJSON *object;

static int
apply_spec(const char *spec, const char *manager, bool force, struct refusal *r)
{
	char *manifest = xasprintf("{'apiVersion':'v1','kind':'Pod','metadata':{'name':'x'},"
				   "'spec':%s}",
				   spec);
	int rc = apply_with(&object, manifest, manager, force, patch_rules("", "Pod"), "t", r);

	free(manifest);
	return rc;
}

static void
apply_well(const char *spec, const char *manager)
{
	struct refusal r = REFUSAL_INIT;

	if (apply_spec(spec, manager, false, &r) < 0)
		fail_msg("%s", r.message);
}

static void
assert_spec(const char *expected)
{
	assert_json(cJSON_Duplicate(json_at(object, "spec"), true), expected);
}

/* Replaces the spec, as a plain write does. */
static void
write_spec(const char *spec, const char *manager)
{
	char *manifest = xasprintf("{'apiVersion':'v1','kind':'Pod','metadata':{'name':'x'},"
				   "'spec':%s}",
				   spec);

	track_with(&object, manifest, manager, NULL, patch_rules("", "Pod"), "t");
	free(manifest);
}

static int
setup(void **state)
{
	(void)state;
	object = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cJSON_Delete(object);
	object = NULL;
	return 0;
}

static void
patch_apply_elements_belong_to_who_applies_them(void **state)
{
	(void)state;
	apply_well("{'containers':[{'name':'a','image':'i'}]}", "one");
	apply_well("{'containers':[{'name':'b','image':'j'}]}", "two");
	assert_spec("{'containers':[{'name':'a','image':'i'},{'name':'b','image':'j'}]}");
	assert_owns(object, "two", "Apply",
		    "{'f:spec':{'f:containers':{'k:{\\'name\\':\\'b\\'}':{'.':{},'f:image':{},"
		    "'f:name':{}}}}}");
	apply_well("{'containers':[{'name':'c','image':'j'}]}", "two");
	assert_spec("{'containers':[{'name':'a','image':'i'},{'name':'c','image':'j'}]}");
}

static void
patch_apply_conflict_in_an_element_has_its_key_in_the_path(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	write_spec("{'containers':[{'name':'a','image':'i','ports':[{'containerPort':80,"
		   "'protocol':'TCP','name':'p'}]}]}",
		   "one");
	assert_int_equal(apply_spec("{'containers':[{'name':'a','image':'j','ports':["
				    "{'containerPort':80,'name':'q'}]}]}",
				    "two", false, &r),
			 -1);
	assert_refusal(
		&r, 409, "Conflict",
		"Apply failed with 2 conflicts: conflicts with \"one\" using v1:\n"
		"- .spec.containers[name=\"a\"].image\n"
		"- .spec.containers[name=\"a\"].ports[containerPort=80,protocol=\"TCP\"].name");
}

static void
patch_apply_element_of_two_loses_only_what_one_owned(void **state)
{
	(void)state;
	apply_well("{'containers':[{'name':'a','image':'i','tty':true}]}", "one");
	apply_well("{'containers':[{'name':'a','image':'i'}]}", "two");
	apply_well("{'nodeName':'n'}", "one");
	assert_spec("{'containers':[{'name':'a','image':'i'}],'nodeName':'n'}");
}

static void
patch_apply_struct_that_is_left_out_goes_with_its_defaults(void **state)
{
	cJSON *probe;

	(void)state;
	apply_well("{'nodeName':'n','containers':[{'name':'a','livenessProbe':{'exec':{'command':["
		   "'x']}}}]}",
		   "one");
	probe = json_at(object, "spec/containers/0/livenessProbe");
	json_add_int(probe, "timeoutSeconds", 1);
	apply_well("{'nodeName':'n','containers':[{'name':'a'}]}", "one");
	assert_spec("{'nodeName':'n','containers':[{'name':'a'}]}");
}

static void
patch_apply_port_without_a_protocol_is_that_of_tcp(void **state)
{
	(void)state;
	apply_well("{'containers':[{'name':'a','ports':[{'containerPort':80,'protocol':'TCP'}]}]}",
		   "one");
	apply_well("{'containers':[{'name':'a','ports':[{'containerPort':80,'name':'p'},"
		   "{'containerPort':80,'protocol':'UDP'}]}]}",
		   "two");
	assert_spec("{'containers':[{'name':'a','ports':[{'containerPort':80,'protocol':'TCP',"
		    "'name':'p'},{'containerPort':80,'protocol':'UDP'}]}]}");
}

static void
patch_apply_order_is_that_of_what_is_applied(void **state)
{
	static const struct {
		const char *there, *applied, *result;
	} cases[] = {
		{ "ab", "ba", "ba" },	  { "ab", "bca", "bca" },     { "abc", "b", "abc" },
		{ "abc", "bd", "abcd" },  { "abc", "db", "adbc" },    { "abc", "ca", "bca" },
		{ "", "ba", "ba" },	  { "xaybz", "ba", "xybza" }, { "ab", "d", "abd" },
		{ "axby", "ab", "axby" }, { "abz", "ba", "bza" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const words[] = { cases[i].there, cases[i].applied };
		struct str specs[] = { STR_INIT, STR_INIT }, seen = STR_INIT;
		const cJSON *item;

		for (size_t k = 0; k < 2; k++) {
			for (const char *c = words[k]; *c; c++)
				str_printf(&specs[k], "%s{'name':'%c'}", c == words[k] ? "" : ",",
					   *c);
			char *spec = xasprintf("{'containers':[%s]}", str_cstr(&specs[k]));

			if (k == 0)
				write_spec(spec, "one");
			else
				apply_well(spec, "two");
			free(spec);
			str_release(&specs[k]);
		}
		cJSON_ArrayForEach(item, json_at(object, "spec/containers"))
			str_append(&seen, json_string(item, "name", ""));
		assert_string_equal(str_cstr(&seen), cases[i].result);
		str_release(&seen);
		cJSON_Delete(object);
		object = NULL;
	}
}

static void
patch_apply_whole_values_are_replaced_and_owned_as_one(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	apply_well("{'nodeSelector':{'a':'1'},'tolerations':[{'key':'a'}]}", "one");
	assert_owns(object, "one", "Apply", "{'f:spec':{'f:nodeSelector':{},'f:tolerations':{}}}");
	assert_int_equal(apply_spec("{'nodeSelector':{'b':'1'},'tolerations':[{'key':'b'}]}", "two",
				    false, &r),
			 -1);
	assert_refusal(&r, 409, "Conflict",
		       "Apply failed with 2 conflicts: conflicts with \"one\":\n"
		       "- .spec.nodeSelector\n- .spec.tolerations");
	assert_int_equal(apply_spec("{'nodeSelector':{'b':'1'}}", "two", true, &r), 0);
	assert_spec("{'nodeSelector':{'b':'1'},'tolerations':[{'key':'a'}]}");
	assert_owns(object, "one", "Apply", "{'f:spec':{'f:tolerations':{}}}");
}

static void
patch_apply_sets_have_an_owner_for_each_value(void **state)
{
	const struct list_rule *rules = patch_rules("", "Pod");
	struct refusal r = REFUSAL_INIT;

	(void)state;
	assert_int_equal(apply_with(&object,
				    "{'apiVersion':'v1','metadata':{'name':'x','finalizers':"
				    "['a','b']}}",
				    "one", false, rules, "t", &r),
			 0);
	assert_int_equal(apply_with(&object,
				    "{'apiVersion':'v1','metadata':{'name':'x','finalizers':"
				    "['b','c']}}",
				    "two", false, rules, "t", &r),
			 0);
	assert_owns(object, "two", "Apply",
		    "{'f:metadata':{'f:finalizers':{'v:\\'b\\'':{},'v:\\'c\\'':{}}}}");
	assert_int_equal(apply_with(&object, "{'apiVersion':'v1','metadata':{'name':'x'}}", "one",
				    false, rules, "t", &r),
			 0);
	assert_json(cJSON_Duplicate(json_at(object, "metadata/finalizers"), true), "['b','c']");
}

static void
patch_apply_lists_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *spec, *message;
	} cases[] = {
		{ "{'containers':[{'name':'a'},{'name':'a'}]}",
		  ".spec.containers: duplicate entries for key [name=\"a\"]" },
		{ "{'containers':[{'name':'a'},{'image':'a'}]}",
		  ".spec.containers: element 1: associative list with keys has an element that "
		  "omits key field \"name\" (and doesn't have default value)" },
		{ "{'containers':[null]}",
		  ".spec.containers: element 0: associative list with keys may not have a null "
		  "element" },
		{ "{'containers':['a']}",
		  ".spec.containers: element 0: associative list with keys may not have non-map "
		  "elements" },
		{ "{'containers':{'a':1}}", ".spec.containers: expected list, got &{map[a:1]}" },
		{ "{'containers':[{'name':'a','env':[{'name':'A'},{'name':'A'}]}]}",
		  ".spec.containers[name=\"a\"].env: duplicate entries for key [name=\"A\"]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct refusal r = REFUSAL_INIT;
		char *message =
			xasprintf("failed to create typed patch object: %s", cases[i].message);

		assert_int_equal(apply_spec(cases[i].spec, "one", false, &r), -1);
		assert_refusal(&r, 500, "", message);
		free(message);
	}
}

static void
patch_apply_over_a_list_with_doubles_takes_it_as_one_value(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	write_spec("{'containers':[{'name':'a','env':[{'name':'A','value':'1'},{'name':'A',"
		   "'value':'2'}]}]}",
		   "one");
	assert_int_equal(
		apply_spec("{'containers':[{'name':'a','env':[{'name':'A','value':'3'}]}]}", "two",
			   true, &r),
		0);
	assert_spec("{'containers':[{'name':'a','env':[{'name':'A','value':'3'}]}]}");
}

static void
patch_apply_unknown_kinds_have_maps_and_whole_lists(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	assert_int_equal(apply_with(&object,
				    "{'apiVersion':'e.com/v1','metadata':{'name':'x','labels':{'l':"
				    "'1'}},'spec':{'m':{'a':1},'containers':[{'name':'a'}]}}",
				    "one", false, NULL, "t", &r),
			 0);
	assert_owns(object, "one", "Apply",
		    "{'f:metadata':{'f:labels':{'f:l':{}}},'f:spec':{'.':{},'f:containers':{},"
		    "'f:m':{'.':{},'f:a':{}}}}");
	assert_int_equal(apply_with(&object,
				    "{'apiVersion':'e.com/v1','metadata':{'name':'x'},'spec':{'m':"
				    "{'b':1},'containers':[{'name':'b'}]}}",
				    "two", false, NULL, "t", &r),
			 -1);
	assert_refusal(&r, 409, "Conflict",
		       "Apply failed with 1 conflict: conflict with \"one\": .spec.containers");
	assert_int_equal(
		apply_with(&object,
			   "{'apiVersion':'e.com/v1','metadata':{'name':'x'},'spec':{'m':5}}",
			   "two", true, NULL, "t", &r),
		0);
	assert_spec("{'m':5,'containers':[{'name':'a'}]}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(patch_apply_elements_belong_to_who_applies_them),
		TEST(patch_apply_conflict_in_an_element_has_its_key_in_the_path),
		TEST(patch_apply_element_of_two_loses_only_what_one_owned),
		TEST(patch_apply_struct_that_is_left_out_goes_with_its_defaults),
		TEST(patch_apply_port_without_a_protocol_is_that_of_tcp),
		TEST(patch_apply_order_is_that_of_what_is_applied),
		TEST(patch_apply_whole_values_are_replaced_and_owned_as_one),
		TEST(patch_apply_sets_have_an_owner_for_each_value),
		TEST(patch_apply_lists_that_are_none_are_refused),
		TEST(patch_apply_over_a_list_with_doubles_takes_it_as_one_value),
		TEST(patch_apply_unknown_kinds_have_maps_and_whole_lists),
	};

	return cmocka_run_group_tests_name("world/patch_apply_lists", tests, NULL, NULL);
}
