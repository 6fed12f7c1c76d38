#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "fixture_patch.h"

static const struct list_rule *
rules(void)
{
	return patch_rules("", "ConfigMap");
}

static cJSON *object;

static void
write_by(const char *manager, const char *data, const char *now)
{
	char *manifest =
		xasprintf("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'}%s}", data);

	track_with(&object, manifest, manager, NULL, rules(), now);
	free(manifest);
}

static const char *
time_of(const char *manager)
{
	return json_string(entry_of(object, manager, "Update"), "time", "");
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
patch_track_creation_owns_all_but_what_the_server_decides(void **state)
{
	(void)state;
	track_with(&object,
		   "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x','namespace':'n',"
		   "'uid':'u','resourceVersion':'1','generation':1,'creationTimestamp':'t',"
		   "'labels':{'a':'b'},'finalizers':['f.io/x']},'data':{'k':'v'}}",
		   "one", NULL, rules(), "t1");
	assert_json(cJSON_Duplicate(json_at(object, "metadata/managedFields"), true),
		    "[{'manager':'one','operation':'Update','apiVersion':'v1','time':'t1',"
		    "'fieldsType':'FieldsV1','fieldsV1':{'f:data':{'.':{},'f:k':{}},'f:metadata':{"
		    "'f:finalizers':{'.':{},'v:\\'f.io/x\\'':{}},'f:labels':{'.':{},'f:a':{}}}}}]");
}

static void
patch_track_creation_of_a_pod_does_not_own_its_list_of_containers(void **state)
{
	(void)state;
	track_with(
		&object,
		"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'x'},'spec':{'containers':[{"
		"'name':'b','ports':[{'containerPort':443},{'containerPort':80}]}]},'status':{}}",
		"one", NULL, patch_rules("", "Pod"), "t1");
	assert_owns(object, "one", "Update",
		    "{'f:spec':{'f:containers':{'k:{\\'name\\':\\'b\\'}':{'.':{},'f:name':{},"
		    "'f:ports':{'.':{},"
		    "'k:{\\'containerPort\\':80,\\'protocol\\':\\'TCP\\'}':{'.':{},"
		    "'f:containerPort':{}},"
		    "'k:{\\'containerPort\\':443,\\'protocol\\':\\'TCP\\'}':{'.':{},"
		    "'f:containerPort':{}}}}}}}");
}

static void
patch_track_creation_of_an_unknown_kind_owns_its_spec_too(void **state)
{
	(void)state;
	track_with(
		&object,
		"{'apiVersion':'e.com/v1','kind':'Crew','metadata':{'name':'x'},'spec':{'a':[1]}}",
		"one", NULL, NULL, "t1");
	assert_owns(object, "one", "Update", "{'f:spec':{'.':{},'f:a':{}}}");
}

static void
patch_track_change_is_taken_from_whoever_had_it(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	write_by("one", ",'data':{'a':'1','b':'1'}", "t1");
	assert_int_equal(apply_with(&object, MANIFEST(",'data':{'a':'1'}"), "applier", false,
				    rules(), "t2", &r),
			 0);
	write_by("two", ",'data':{'a':'2','b':'1'}", "t3");
	assert_owns(object, "one", "Update", "{'f:data':{'.':{},'f:b':{}}}");
	assert_owns(object, "applier", "Apply", NULL);
	assert_owns(object, "two", "Update", "{'f:data':{'f:a':{}}}");
	assert_string_equal(time_of("one"), "t1");
	assert_string_equal(time_of("two"), "t3");
}

static void
patch_track_changes_of_one_manager_are_one_entry(void **state)
{
	(void)state;
	write_by("one", ",'data':{'a':'1'}", "t1");
	write_by("one", ",'data':{'a':'1','b':'1'}", "t2");
	assert_int_equal(cJSON_GetArraySize(json_at(object, "metadata/managedFields")), 1);
	assert_owns(object, "one", "Update", "{'f:data':{'.':{},'f:a':{},'f:b':{}}}");
	assert_string_equal(time_of("one"), "t2");
}

static void
patch_track_removal_is_nobodys_and_no_news(void **state)
{
	(void)state;
	write_by("one", ",'data':{'a':'1','b':'1'}", "t1");
	write_by("two", ",'data':{'a':'1'}", "t2");
	assert_owns(object, "one", "Update", "{'f:data':{'.':{},'f:a':{}}}");
	assert_owns(object, "two", "Update", NULL);
	assert_string_equal(time_of("one"), "t1");
}

static void
patch_track_nothing_changed_is_nothing_new(void **state)
{
	cJSON *before;

	(void)state;
	write_by("one", ",'data':{'a':'1'}", "t1");
	before = cJSON_Duplicate(object, true);
	write_by("two", ",'data':{'a':'1'}", "t2");
	assert_true(cJSON_Compare(before, object, true));
	cJSON_Delete(before);
}

static void
patch_track_versions_and_subresources_have_entries_of_their_own(void **state)
{
	(void)state;
	write_by("one", ",'data':{'a':'1'}", "t1");
	track_with(&object, MANIFEST(",'data':{'a':'1'},'status':{'x':1}"), "one", "status",
		   rules(), "t2");
	track_with(&object,
		   "{'apiVersion':'v2','kind':'ConfigMap','metadata':{'name':'x'},'data':{'a':'1',"
		   "'b':'2'},'status':{'x':1}}",
		   "one", NULL, rules(), "t3");

	const cJSON *entries = json_at(object, "metadata/managedFields");

	assert_int_equal(cJSON_GetArraySize(entries), 3);
	assert_string_equal(json_string(entries, "1/subresource", ""), "status");
	assert_json(cJSON_Duplicate(json_at(entries, "1/fieldsV1"), true),
		    "{'f:status':{'.':{},'f:x':{}}}");
	assert_string_equal(json_string(entries, "2/apiVersion", ""), "v2");
	assert_null(json_at(entries, "0/subresource"));
}

static void
patch_track_entries_that_come_with_the_object_count(void **state)
{
	const char *after =
		"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x','managedFields':[{"
		"'manager':'other','operation':'Apply','apiVersion':'v1','fieldsType':'FieldsV1',"
		"'fieldsV1':{'f:data':{'f:a':{}}}}]},'data':{'a':'1'}}";

	(void)state;
	write_by("one", ",'data':{'a':'1'}", "t1");
	track_with(&object, after, "two", NULL, rules(), "t2");
	assert_owns(object, "one", "Update", NULL);
	assert_owns(object, "other", "Apply", "{'f:data':{'f:a':{}}}");
}

static void
patch_track_one_empty_entry_asks_for_none(void **state)
{
	(void)state;
	write_by("one", ",'data':{'a':'1'}", "t1");
	track_with(&object,
		   "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x','managedFields':[{"
		   "}]},"
		   "'data':{'a':'2'}}",
		   "two", NULL, rules(), "t2");
	assert_null(json_at(object, "metadata/managedFields"));
	/* What has no owners gets none by a plain write. */
	write_by("two", ",'data':{'a':'3'}", "t3");
	assert_null(json_at(object, "metadata/managedFields"));
}

static void
patch_track_entries_are_in_the_servers_order(void **state)
{
	static const char *const wanted[] = { "zed", "late", "amy", "bob" };
	struct refusal r = REFUSAL_INIT;

	(void)state;
	write_by("bob", ",'data':{'a':'1'}", "t3");
	write_by("amy", ",'data':{'a':'1','b':'1'}", "t3");
	assert_int_equal(apply_with(&object, MANIFEST(",'data':{'c':'1'}"), "late", false, rules(),
				    "t9", &r),
			 0);
	assert_int_equal(
		apply_with(&object, MANIFEST(",'data':{'d':'1'}"), "zed", false, rules(), "t2", &r),
		0);
	for (int i = 0; i < 4; i++)
		assert_string_equal(json_string(cJSON_GetArrayItem(json_at(object, "metadata/"
										   "managedFields"),
								   i),
						"manager", ""),
				    wanted[i]);
}

static void
patch_track_more_than_ten_writers_become_ancient_changes(void **state)
{
	struct str data = STR_INIT;
	const cJSON *entries;

	(void)state;
	for (int i = 0; i < 13; i++) {
		char *manager = xasprintf("m%02d", i), *now = xasprintf("t%02d", i);
		char *manifest;

		str_printf(&data, "%s'k%02d':'1'", i ? "," : "", i);
		manifest = xasprintf(",'data':{%s}", str_cstr(&data));
		write_by(manager, manifest, now);
		free(manager);
		free(now);
		free(manifest);
	}
	str_release(&data);
	entries = json_at(object, "metadata/managedFields");
	assert_int_equal(cJSON_GetArraySize(entries), 10);
	assert_owns(object, "ancient-changes", "Update",
		    "{'f:data':{'.':{},'f:k00':{},'f:k01':{},'f:k02':{},'f:k03':{}}}");
	assert_string_equal(time_of("ancient-changes"), "t03");
	assert_string_equal(json_string(entries, "1/manager", ""), "m04");
}

static void
patch_track_entries_that_cannot_be_read_are_dropped(void **state)
{
	(void)state;
	object = json("{'apiVersion':'v1','metadata':{'name':'x','managedFields':[{'manager':'a',"
		      "'operation':'Sing','fieldsV1':{}},{'manager':'b','operation':'Update',"
		      "'fieldsV1':7},{'manager':'c','operation':'Update','apiVersion':'v1',"
		      "'fieldsV1':{'f:data':{'f:a':{}},'x':{},'k:[':{},'i:3':{}}},7]},"
		      "'data':{'a':'1'}}");
	write_by("two", ",'data':{'a':'1','b':'1'}", "t2");
	assert_int_equal(cJSON_GetArraySize(json_at(object, "metadata/managedFields")), 2);
	assert_owns(object, "c", "Update", "{'f:data':{'f:a':{}},'k:[':{},'i:3':{},'x':{}}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(patch_track_creation_owns_all_but_what_the_server_decides),
		TEST(patch_track_creation_of_a_pod_does_not_own_its_list_of_containers),
		TEST(patch_track_creation_of_an_unknown_kind_owns_its_spec_too),
		TEST(patch_track_change_is_taken_from_whoever_had_it),
		TEST(patch_track_changes_of_one_manager_are_one_entry),
		TEST(patch_track_removal_is_nobodys_and_no_news),
		TEST(patch_track_nothing_changed_is_nothing_new),
		TEST(patch_track_versions_and_subresources_have_entries_of_their_own),
		TEST(patch_track_entries_that_come_with_the_object_count),
		TEST(patch_track_one_empty_entry_asks_for_none),
		TEST(patch_track_entries_are_in_the_servers_order),
		TEST(patch_track_more_than_ten_writers_become_ancient_changes),
		TEST(patch_track_entries_that_cannot_be_read_are_dropped),
	};

	return cmocka_run_group_tests_name("world/patch_track", tests, NULL, NULL);
}
