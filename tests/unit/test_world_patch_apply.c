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

static int
apply(const char *manager, bool force, const char *data, const char *now, struct refusal *r)
{
	char *manifest =
		xasprintf("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'}%s}", data);
	int rc = apply_with(&object, manifest, manager, force, rules(), now, r);

	free(manifest);
	return rc;
}

static void
apply_well(const char *manager, bool force, const char *data, const char *now)
{
	struct refusal r = REFUSAL_INIT;

	if (apply(manager, force, data, now, &r) < 0)
		fail_msg("%s", r.message);
}

static void
write_by(const char *manager, const char *data, const char *now)
{
	char *manifest =
		xasprintf("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'}%s}", data);

	track_with(&object, manifest, manager, NULL, rules(), now);
	free(manifest);
}

static void
assert_data(const char *expected)
{
	assert_json(cJSON_Duplicate(json_at(object, "data"), true), expected);
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
patch_apply_to_nothing_creates_what_is_applied(void **state)
{
	(void)state;
	apply_well("one", false, ",'data':{'b':'1','a':'2'},'immutable':true", "t1");
	assert_json(
		cJSON_Duplicate(object, true),
		"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x','managedFields':[{"
		"'manager':'one','operation':'Apply','apiVersion':'v1','time':'t1',"
		"'fieldsType':'FieldsV1','fieldsV1':{'f:data':{'f:a':{},'f:b':{}},"
		"'f:immutable':{}}}]},'data':{'b':'1','a':'2'},'immutable':true}");
}

static void
patch_apply_of_a_name_alone_owns_nothing(void **state)
{
	(void)state;
	apply_well("one", false, "", "t1");
	assert_null(json_at(object, "metadata/managedFields"));
}

static void
patch_apply_of_the_same_changes_nothing(void **state)
{
	cJSON *first;

	(void)state;
	apply_well("one", false, ",'data':{'a':'1'}", "t1");
	first = cJSON_Duplicate(object, true);
	apply_well("one", false, ",'data':{'a':'1'}", "t2");
	assert_true(cJSON_Compare(first, object, true));
	cJSON_Delete(first);
}

static void
patch_apply_of_another_value_is_a_new_time(void **state)
{
	(void)state;
	apply_well("one", false, ",'data':{'a':'1'}", "t1");
	apply_well("one", false, ",'data':{'a':'2'}", "t2");
	assert_data("{'a':'2'}");
	assert_string_equal(json_string(entry_of(object, "one", "Apply"), "time", ""), "t2");
}

static void
patch_apply_what_is_left_out_goes_with_its_empty_parents(void **state)
{
	(void)state;
	apply_well("one", false, ",'data':{'a':'1','b':'2'}", "t1");
	apply_well("one", false, ",'data':{'b':'2'}", "t2");
	assert_data("{'b':'2'}");
	apply_well("one", false, "", "t3");
	assert_null(json_at(object, "data"));
	assert_string_equal(json_string(object, "metadata/name", ""), "x");
	assert_null(json_at(object, "metadata/managedFields"));
}

static void
patch_apply_what_another_has_stays(void **state)
{
	(void)state;
	apply_well("one", false, ",'data':{'a':'1','b':'1'}", "t1");
	apply_well("two", false, ",'data':{'a':'1'}", "t2");
	write_by("three", ",'data':{'a':'1','b':'1','c':'1'}", "t3");
	apply_well("one", false, "", "t4");
	assert_data("{'a':'1','c':'1'}");
	assert_owns(object, "two", "Apply", "{'f:data':{'f:a':{}}}");
	assert_owns(object, "three", "Update", "{'f:data':{'f:c':{}}}");
	assert_owns(object, "one", "Apply", NULL);
}

static void
patch_apply_what_nobody_owns_stays(void **state)
{
	(void)state;
	apply_well("one", false, ",'data':{'a':'1'}", "t1");
	json_add_string(json_at(object, "data"), "defaulted", "d");
	apply_well("one", false, ",'data':{'b':'1'}", "t2");
	assert_data("{'defaulted':'d','b':'1'}");
}

static void
patch_apply_of_what_another_owns_is_one_conflict(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	write_by("kubectl-client-side-apply", ",'data':{'a':'1'}", "t1");
	assert_int_equal(apply("two", false, ",'data':{'a':'2'}", "t2", &r), -1);
	assert_json(
		cJSON_Duplicate(r.details, true),
		"{'causes':[{'reason':'FieldManagerConflict','message':"
		"'conflict with \\'kubectl-client-side-apply\\' using v1','field':'.data.a'}]}");
	assert_refusal(&r, 409, "Conflict",
		       "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" "
		       "using v1: .data.a");
	assert_data("{'a':'1'}");
}

static void
patch_apply_conflicts_are_told_by_manager(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	write_by("zed", ",'data':{'a':'1','b':'1'}", "t1");
	apply_well("applier", false, ",'data':{'b':'1'}", "t2");
	assert_int_equal(apply("two", false, ",'data':{'a':'2','b':'2','c':'2'}", "t3", &r), -1);
	assert_int_equal(cJSON_GetArraySize(json_at(r.details, "causes")), 3);
	assert_refusal(&r, 409, "Conflict",
		       "Apply failed with 3 conflicts: conflicts with \"applier\":\n- .data.b\n"
		       "conflicts with \"zed\" using v1:\n- .data.a\n- .data.b");
}

static void
patch_apply_conflict_names_the_subresource(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	write_by("one", ",'data':{'a':'1'}", "t1");
	track_with(&object, MANIFEST(",'data':{'a':'1'},'status':{'phase':'A'}"), "one", "status",
		   rules(), "t2");
	assert_int_equal(apply("two", false, ",'status':{'phase':'B'}", "t3", &r), -1);
	assert_refusal(&r, 409, "Conflict",
		       "Apply failed with 1 conflict: conflict with \"one\" with subresource "
		       "\"status\" using v1: .status.phase");
}

static void
patch_apply_with_force_takes_from_all(void **state)
{
	(void)state;
	write_by("one", ",'data':{'a':'1','b':'1'}", "t1");
	apply_well("two", false, ",'data':{'a':'1'}", "t2");
	apply_well("three", true, ",'data':{'a':'3'}", "t3");
	assert_data("{'a':'3','b':'1'}");
	assert_owns(object, "one", "Update", "{'f:data':{'.':{},'f:b':{}}}");
	assert_owns(object, "two", "Apply", NULL);
	assert_owns(object, "three", "Apply", "{'f:data':{'f:a':{}}}");
}

static void
patch_apply_of_the_value_that_is_there_shares_it(void **state)
{
	(void)state;
	apply_well("one", false, ",'data':{'a':'1'}", "t1");
	apply_well("two", false, ",'data':{'a':'1'}", "t2");
	assert_owns(object, "one", "Apply", "{'f:data':{'f:a':{}}}");
	assert_owns(object, "two", "Apply", "{'f:data':{'f:a':{}}}");
	/* Whoever lets go of it leaves it to the other. */
	apply_well("one", false, ",'data':{'b':'1'}", "t3");
	assert_data("{'a':'1','b':'1'}");
	apply_well("two", false, "", "t4");
	assert_data("{'b':'1'}");
}

static void
patch_apply_conflicts_with_the_same_name_as_a_writer(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	write_by("one", ",'data':{'a':'1'}", "t1");
	assert_int_equal(apply("one", false, ",'data':{'a':'2'}", "t2", &r), -1);
	refusal_release(&r);
}

static void
patch_apply_over_what_has_no_owners_leaves_it_to_somebody_before(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	object = json(MANIFEST(",'data':{'a':'1'}"));
	assert_int_equal(apply("one", false, ",'data':{'a':'2'}", "t1", &r), -1);
	assert_refusal(
		&r, 409, "Conflict",
		"Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: "
		".data.a");
	apply_well("one", false, ",'data':{'b':'1'}", "t1");
	assert_owns(object, "before-first-apply", "Update", "{'f:data':{'.':{},'f:a':{}}}");
}

static void
patch_apply_owns_an_empty_map(void **state)
{
	(void)state;
	apply_well("one", false, ",'data':{}", "t1");
	assert_owns(object, "one", "Apply", "{'f:data':{}}");
}

static void
patch_apply_of_another_version_or_with_owners_is_a_bad_request(void **state)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *applied = json(MANIFEST("")), *result = NULL;

	(void)state;
	assert_int_equal(patch_apply(NULL, applied, "v2", "one", false, rules(), "t", &result, &r),
			 -1);
	assert_refusal(&r, 400, "BadRequest",
		       "Incorrect version specified in apply patch. Specified patch version: v1, "
		       "expected: v2");
	json_add(json_at(applied, "metadata"), "managedFields", cJSON_CreateArray());
	assert_int_equal(patch_apply(NULL, applied, "v1", "one", false, rules(), "t", &result, &r),
			 -1);
	assert_refusal(&r, 400, "BadRequest", "metadata.managedFields must be nil");
	assert_null(result);
	cJSON_Delete(applied);
}

#define LAST "kubectl.kubernetes.io/last-applied-configuration"

/* kubectl has applied {'data':{'a':'1','b':'1'}} by itself; then somebody else has changed b. */
static void
apply_on_the_client_side(void)
{
	cJSON *written = json(MANIFEST(",'data':{'a':'1','b':'1'}"));
	cJSON *annotations = cJSON_AddObjectToObject(json_at(written, "metadata"), "annotations");

	json_add_string(annotations, LAST,
			"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
			"\"x\"},\"data\":{\"a\":\"1\",\"b\":\"1\"}}");
	patch_track(NULL, written, "v1", "kubectl-client-side-apply", NULL, rules(), "t1");
	object = cJSON_Duplicate(written, true);
	cJSON_ReplaceItemInObject(json_at(written, "data"), "b", cJSON_CreateString("2"));
	patch_track(object, written, "v1", "editor", NULL, rules(), "t2");
	cJSON_Delete(object);
	object = written;
}

static void
patch_apply_by_kubectl_goes_on_from_its_client_side(void **state)
{
	const char *text;

	(void)state;
	apply_on_the_client_side();
	apply_well("kubectl", false, ",'data':{'a':'<9>'}", "t3");
	assert_data("{'a':'<9>','b':'2'}");
	text = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(json_at(object, "metadata/annotations"), LAST));
	assert_string_equal(text, "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"\\u003c9\\u003e\"},"
				  "\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\n");
}

static void
patch_apply_by_kubectl_still_conflicts_with_others(void **state)
{
	struct refusal r = REFUSAL_INIT;

	(void)state;
	apply_on_the_client_side();
	assert_int_equal(apply("kubectl", false, ",'data':{'a':'9','b':'9'}", "t3", &r), -1);
	assert_refusal(&r, 409, "Conflict",
		       "Apply failed with 1 conflict: conflict with \"editor\" using v1: .data.b");
	assert_int_equal(apply("other", false, ",'data':{'a':'9'}", "t3", &r), -1);
	refusal_release(&r);
}

static void
patch_apply_status_is_apart_from_what_is_applied_otherwise(void **state)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *applied = json(MANIFEST(",'status':{'phase':'A'}")), *result = NULL;

	(void)state;
	apply_well("one", false, ",'data':{'a':'1'}", "t1");
	assert_int_equal(
		patch_apply_status(object, applied, "v1", "one", false, rules(), "t2", &result, &r),
		0);
	cJSON_Delete(object);
	cJSON_Delete(applied);
	object = result;
	assert_data("{'a':'1'}");
	assert_int_equal(cJSON_GetArraySize(json_at(object, "metadata/managedFields")), 2);
	assert_string_equal(json_string(object, "metadata/managedFields/1/subresource", ""),
			    "status");
	apply_well("one", false, "", "t3");
	assert_null(json_at(object, "data"));
	assert_string_equal(json_string(object, "status/phase", ""), "A");
}

static void
patch_apply_does_not_change_what_it_is_given(void **state)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *applied, *before, *copy, *result = NULL;

	(void)state;
	apply_well("one", false, ",'data':{'a':'1'}", "t1");
	applied = json(MANIFEST(",'data':{'b':'1'}"));
	before = cJSON_Duplicate(object, true);
	copy = cJSON_Duplicate(applied, true);
	assert_int_equal(
		patch_apply(object, applied, "v1", "one", false, rules(), "t2", &result, &r), 0);
	assert_true(cJSON_Compare(before, object, true));
	assert_true(cJSON_Compare(copy, applied, true));
	cJSON_Delete(result);
	cJSON_Delete(applied);
	cJSON_Delete(before);
	cJSON_Delete(copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(patch_apply_to_nothing_creates_what_is_applied),
		TEST(patch_apply_of_a_name_alone_owns_nothing),
		TEST(patch_apply_of_the_same_changes_nothing),
		TEST(patch_apply_of_another_value_is_a_new_time),
		TEST(patch_apply_what_is_left_out_goes_with_its_empty_parents),
		TEST(patch_apply_what_another_has_stays),
		TEST(patch_apply_what_nobody_owns_stays),
		TEST(patch_apply_of_what_another_owns_is_one_conflict),
		TEST(patch_apply_conflicts_are_told_by_manager),
		TEST(patch_apply_conflict_names_the_subresource),
		TEST(patch_apply_with_force_takes_from_all),
		TEST(patch_apply_of_the_value_that_is_there_shares_it),
		TEST(patch_apply_conflicts_with_the_same_name_as_a_writer),
		TEST(patch_apply_over_what_has_no_owners_leaves_it_to_somebody_before),
		TEST(patch_apply_owns_an_empty_map),
		TEST(patch_apply_of_another_version_or_with_owners_is_a_bad_request),
		TEST(patch_apply_by_kubectl_goes_on_from_its_client_side),
		TEST(patch_apply_by_kubectl_still_conflicts_with_others),
		TEST(patch_apply_status_is_apart_from_what_is_applied_otherwise),
		TEST(patch_apply_does_not_change_what_it_is_given),
	};

	return cmocka_run_group_tests_name("world/patch_apply", tests, NULL, NULL);
}
