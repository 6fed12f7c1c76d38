#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "fixture_store.h"

static const char *
text_at(const struct stored *stored, const char *path)
{
	return json_string(stored->object, path, "-");
}

/* ---- create ---- */

static void
create_gives_what_only_the_server_gives(void **state)
{
	const struct stored *stored =
		create(*state, "cm",
		       "{'kind':'ConfigMap','metadata':{'name':'a','namespace':'other','uid':'u',"
		       "'creationTimestamp':null,'generation':7,'deletionTimestamp':'x',"
		       "'labels':{'k':'v'}},'data':{'x':'y'}}");
	int64_t at_ms;

	assert_string_equal(stored->name, "a");
	assert_string_equal(stored->ns, "ns");
	assert_string_equal(text_at(stored, "metadata/namespace"), "ns");
	assert_string_equal(text_at(stored, "metadata/labels/k"), "v");
	assert_string_equal(text_at(stored, "data/x"), "y");
	assert_int_equal(strlen(stored->uid), 36);
	assert_int_equal(stored->uid[14], '4');
	assert_int_equal(clock_parse_utc(text_at(stored, "metadata/creationTimestamp"), &at_ms), 0);
	assert_true(clock_wall_ms() - at_ms < 60000);
	assert_int_equal(atoll(text_at(stored, "metadata/resourceVersion")), stored->version);
	assert_null(json_at(stored->object, "metadata/generation"));
	assert_null(json_at(stored->object, "metadata/deletionTimestamp"));
	stored_drop(stored);
}

static void
create_without_metadata_but_a_prefix_gives_a_name(void **state)
{
	const struct stored *a = create(*state, "cm", "{'metadata':{'generateName':'web-'}}");
	const struct stored *b = create(*state, "cm", "{'metadata':{'generateName':'web-'}}");

	assert_true(str_starts_with(a->name, "web-"));
	assert_int_equal(strlen(a->name), 9);
	assert_string_not_equal(a->name, b->name);
	assert_null(strpbrk(a->name + 4, "aeiou013"));
	stored_drop(a);
	stored_drop(b);
	char *text =
		xasprintf("{'metadata':{'generateName':'%s'}}",
			  "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij");
	const struct stored *cut = create(*state, "cm", text);
	assert_int_equal(strlen(cut->name), 63);
	stored_drop(cut);
	free(text);
}

static void
create_of_what_is_there_is_refused(void **state)
{
	struct shelves *s = *state;

	make(s, "deploy", "{'metadata':{'name':'a'}}");
	assert_null(try_create(s, "deploy", "{'metadata':{'name':'a'}}", NULL));
	assert_int_equal(s->r.code, 409);
	assert_string_equal(s->r.reason, "AlreadyExists");
	assert_string_equal(s->r.message, "deployments.apps \"a\" already exists");
}

static void
create_in_no_namespace_is_refused(void **state)
{
	struct shelves *s = *state;
	const struct stored *stored = NULL;
	const struct store_write how = { .dry_run = true };

	assert_int_equal(store_create(s->store, store_kind(s, "cm"), "nope",
				      object_of("{'metadata':{'name':'a'}}"), &how, &stored, &s->r),
			 -1);
	assert_int_equal(s->r.code, 404);
	assert_string_equal(s->r.message, "namespaces \"nope\" not found");
}

static void
create_under_a_bad_name_is_refused_in_the_servers_words(void **state)
{
	static const struct {
		const char *word, *name, *message;
	} cases[] = {
		{ "cm", "",
		  "ConfigMap \"\" is invalid: metadata.name: Required value: name or "
		  "generateName is required" },
		{ "cm", "a_b", "Invalid value: \"a_b\": a lowercase RFC 1123 subdomain must " },
		{ "cm", "a..b", "Invalid value: \"a..b\": a lowercase RFC 1123 subdomain must " },
		{ "cm", "a-.b", "a lowercase RFC 1123 subdomain must " },
		{ "cm", ".a", "a lowercase RFC 1123 subdomain must " },
		{ "cm", "A", "a lowercase RFC 1123 subdomain must " },
		{ "ns", "a.b",
		  "Namespace \"a.b\" is invalid: metadata.name: Invalid value: "
		  "\"a.b\": a lowercase RFC 1123 label must " },
		{ "svc", "1a",
		  "Service \"1a\" is invalid: metadata.name: Invalid value: \"1a\": a "
		  "DNS-1035 label must " },
		{ "clusterrole", "a/b", "\"a/b\": may not contain '/'" },
		{ "clusterrole", "..", "\"..\": may not be '..'" },
		{ "clusterrole", "a%", "\"a%\": may not contain '%'" },
	};
	struct shelves *s = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf("{'metadata':{'name':'%s'}}", cases[i].name);

		assert_null(try_create(s, cases[i].word, text, NULL));
		assert_int_equal(s->r.code, 422);
		if (!strstr(s->r.message, cases[i].message))
			fail_msg("%s", s->r.message);
		free(text);
	}
	make(s, "clusterrole", "{'metadata':{'name':'System:a B'}}");
	make(s, "cm", "{'metadata':{'name':'1.a-b.c'}}");
}

static void
create_of_a_kind_without_namespace_is_in_none(void **state)
{
	const struct stored *stored = create(*state, "node", "{'metadata':{'name':'n'}}");

	assert_string_equal(stored->ns, "");
	assert_null(json_at(stored->object, "metadata/namespace"));
	stored_drop(stored);
}

static void
create_as_a_dry_run_stores_nothing(void **state)
{
	struct shelves *s = *state;
	const struct store_write how = { .dry_run = true };
	uint64_t version = store_version(s->store);
	const struct stored *stored = try_create(s, "cm", "{'metadata':{'name':'a'}}", &how);

	assert_int_equal(strlen(stored->uid), 36);
	assert_null(json_at(stored->object, "metadata/resourceVersion"));
	assert_false(exists(s, "cm", "a"));
	assert_int_equal(store_version(s->store), version);
	stored_drop(stored);
	make(s, "cm", "{'metadata':{'name':'a'}}");
	assert_null(try_create(s, "cm", "{'metadata':{'name':'a'}}", &how));
	assert_int_equal(s->r.code, 409);
}

static void
create_keeps_the_names_of_members_once_for_all(void **state)
{
	struct shelves *s = *state;
	const struct stored *a = create(s, "cm", "{'metadata':{'name':'a'},'data':{'often':'1'}}");
	const struct stored *b = create(s, "cm", "{'metadata':{'name':'b'},'data':{'often':'2'}}");
	cJSON *copy = cJSON_Duplicate(b->object, true);

	assert_ptr_equal(json_at(a->object, "data/often")->string,
			 json_at(b->object, "data/often")->string);
	stored_drop(a);
	stored_drop(b);
	/* a copy is the caller's own, to be changed and freed as any other */
	json_add_string(json_at(copy, "data"), "more", "3");
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(copy, "data"), "often");
	assert_json(json_at(copy, "data"), "{'more':'3'}");
	cJSON_Delete(copy);
}

/* ---- update ---- */

static void
update_changes_what_its_writer_decides_and_keeps_the_rest(void **state)
{
	struct shelves *s = *state;
	const struct stored *a =
		create(s, "deploy", "{'metadata':{'name':'a'},'spec':{'n':1},'status':{'x':1}}");
	const struct stored *b = update(
		s, "deploy", "a",
		"{'metadata':{'name':'z','uid':'u','labels':{'k':'v'},'generation':9,"
		"'creationTimestamp':'2001-01-01T00:00:00Z'},'spec':{'n':2},'status':{'x':2}}");

	assert_string_equal(b->name, "a");
	assert_string_equal(b->uid, a->uid);
	assert_true(b->version > a->version);
	assert_string_equal(text_at(b, "metadata/creationTimestamp"),
			    text_at(a, "metadata/creationTimestamp"));
	assert_string_equal(text_at(b, "metadata/labels/k"), "v");
	assert_int_equal(json_int(b->object, "spec/n", 0), 2);
	assert_int_equal(json_int(b->object, "status/x", 0), 1);
	assert_int_equal(json_int(b->object, "metadata/generation", 0), 2);
	assert_int_equal(json_int(a->object, "spec/n", 0), 1); /* who holds it still has it */
	stored_drop(a);
	stored_drop(b);
}

static void
update_counts_generations_of_what_is_wanted_only(void **state)
{
	struct shelves *s = *state;
	const struct store_write status = { .subresource = "status" };

	make(s, "deploy", "{'metadata':{'name':'a'},'spec':{'n':1}}");
	stored_drop(update(s, "deploy", "a", "{'metadata':{'labels':{'k':'v'}},'spec':{'n':1}}"));
	const struct stored *stored =
		try_update(s, "deploy", "a",
			   "{'metadata':{'labels':{}},'spec':{'n':5},'status':{'x':1}}", &status);
	assert_int_equal(json_int(stored->object, "metadata/generation", 0), 1);
	assert_int_equal(json_int(stored->object, "spec/n", 0), 1);
	assert_int_equal(json_int(stored->object, "status/x", 0), 1);
	assert_string_equal(text_at(stored, "metadata/labels/k"), "v");
	stored_drop(stored);
	stored = update(s, "deploy", "a", "{'metadata':{},'spec':{}}");
	assert_int_equal(json_int(stored->object, "metadata/generation", 0), 2);
	stored_drop(stored);
}

static void
update_of_a_status_that_is_no_subresource_counts(void **state)
{
	struct shelves *s = *state;
	cJSON *definition = object_of("{'metadata':{'name':'as.z.io'},'spec':{'group':'z.io','"
				      "scope':'Namespaced','names':"
				      "{'plural':'as','kind':'A'},'versions':[{'name':'v1','served'"
				      ":true,'storage':true}]}}");

	assert_int_equal(kinds_define(s->kinds, definition, &s->r), 0);
	cJSON_Delete(definition);
	make(s, "as", "{'metadata':{'name':'a'},'status':{'x':1}}");
	const struct stored *stored = update(s, "as", "a", "{'status':{'x':2}}");
	assert_int_equal(json_int(stored->object, "metadata/generation", 0), 2);
	assert_int_equal(json_int(stored->object, "status/x", 0), 2);
	stored_drop(stored);
}

static void
update_that_changes_nothing_makes_no_version(void **state)
{
	struct shelves *s = *state;
	const struct stored *a =
		create(s, "cm", "{'metadata':{'name':'a'},'data':{'x':'1','y':'2'}}");
	const struct stored *b = update(s, "cm", "a", "{'data':{'y':'2','x':'1'},'metadata':{}}");

	assert_ptr_equal(a, b);
	assert_int_equal(store_version(s->store), a->version);
	stored_drop(a);
	stored_drop(b);
}

static void
update_of_another_version_or_object_conflicts(void **state)
{
	struct shelves *s = *state;
	const struct stored *a = create(s, "cm", "{'metadata':{'name':'a'}}");
	struct store_write how = { .version = a->version };
	const struct stored *b = try_update(s, "cm", "a", "{'data':{'x':'1'}}", &how);

	assert_non_null(b);
	assert_null(try_update(s, "cm", "a", "{'data':{'x':'2'}}", &how));
	assert_int_equal(s->r.code, 409);
	assert_string_equal(s->r.reason, "Conflict");
	assert_string_equal(
		s->r.message,
		"Operation cannot be fulfilled on configmaps \"a\": the object has been "
		"modified; please apply your changes to the latest version and try again");
	how = (struct store_write){ .uid = "other" };
	assert_null(try_update(s, "cm", "a", "{'data':{'x':'2'}}", &how));
	assert_non_null(strstr(s->r.message,
			       "Precondition failed: UID in precondition: other, UID in "
			       "object meta: "));
	assert_null(try_update(s, "cm", "b", "{}", NULL));
	assert_int_equal(s->r.code, 404);
	stored_drop(a);
	stored_drop(b);
}

static void
update_as_a_dry_run_stores_nothing(void **state)
{
	struct shelves *s = *state;
	const struct store_write how = { .dry_run = true };
	const struct stored *a = create(s, "cm", "{'metadata':{'name':'a'},'data':{'x':'1'}}");
	const struct stored *b = try_update(s, "cm", "a", "{'data':{'x':'2'}}", &how);
	const struct stored *now = store_get(s->store, store_kind(s, "cm"), "ns", "a");

	assert_string_equal(text_at(b, "data/x"), "2");
	assert_string_equal(text_at(b, "metadata/resourceVersion"),
			    text_at(a, "metadata/resourceVersion"));
	assert_ptr_equal(now, a);
	stored_drop(a);
	stored_drop(b);
	stored_drop(now);
}

static bool
add_one(void *data, cJSON *object)
{
	int64_t *most = data, n = json_int(object, "data/n", 0);

	if (n >= *most)
		return false;
	cJSON_DeleteItemFromObjectCaseSensitive(object, "data");
	json_add_int(cJSON_AddObjectToObject(object, "data"), "n", n + 1);
	return true;
}

static void
change_writes_until_there_is_nothing_to_write(void **state)
{
	struct shelves *s = *state;
	const struct store_write how = { .dry_run = false };
	const struct kind *kind = store_kind(s, "cm");
	const struct stored *a, *b, *c = NULL;
	int64_t most = 1;

	make(s, "cm", "{'metadata':{'name':'a'}}");
	assert_int_equal(store_change(s->store, kind, "ns", "a", &how, add_one, &most, &a, &s->r),
			 0);
	assert_int_equal(json_int(a->object, "data/n", 0), 1);
	assert_int_equal(store_change(s->store, kind, "ns", "a", &how, add_one, &most, &b, &s->r),
			 0);
	assert_ptr_equal(a, b);
	assert_int_equal(store_change(s->store, kind, "ns", "z", &how, add_one, &most, &c, &s->r),
			 -1);
	assert_int_equal(s->r.code, 404);
	const struct store_write old = { .version = a->version - 1 };
	most = 9;
	assert_int_equal(store_change(s->store, kind, "ns", "a", &old, add_one, &most, &c, &s->r),
			 -1);
	assert_int_equal(s->r.code, 409);
	stored_drop(a);
	stored_drop(b);
}

/* ---- delete ---- */

static void
delete_removes_what_nothing_holds(void **state)
{
	struct shelves *s = *state;
	const struct stored *a = create(s, "cm", "{'metadata':{'name':'a'}}");
	const struct stored *last = try_delete(s, "cm", "a", NULL);

	assert_true(s->gone);
	assert_true(last->version > a->version);
	assert_string_equal(last->uid, a->uid);
	assert_null(json_at(last->object, "metadata/deletionTimestamp"));
	assert_false(exists(s, "cm", "a"));
	assert_null(try_delete(s, "cm", "a", NULL));
	assert_int_equal(s->r.code, 404);
	stored_drop(a);
	stored_drop(last);
	const struct stored *again = create(s, "cm", "{'metadata':{'name':'a'}}");
	struct store_write how = { .uid = "other" };
	assert_null(try_delete(s, "cm", "a", &how));
	assert_int_equal(s->r.code, 409);
	assert_true(exists(s, "cm", "a"));
	stored_drop(again);
}

static void
delete_waits_for_finalizers(void **state)
{
	struct shelves *s = *state;

	make(s, "deploy", "{'metadata':{'name':'a','finalizers':['x/y']},'spec':{}}");
	const struct stored *a = try_delete(s, "deploy", "a", NULL);
	assert_false(s->gone);
	assert_non_null(json_at(a->object, "metadata/deletionTimestamp"));
	assert_int_equal(json_int(a->object, "metadata/deletionGracePeriodSeconds", -1), 0);
	assert_int_equal(json_int(a->object, "metadata/generation", 0), 2);
	const struct stored *b = try_delete(s, "deploy", "a", NULL);
	assert_false(s->gone);
	assert_ptr_equal(a, b);
	/* a writer cannot take the deletion back */
	const struct stored *c = update(s, "deploy", "a",
					"{'metadata':{'finalizers':['x/y'],'labels':{'k':'v'}},"
					"'spec':{}}");
	assert_non_null(json_at(c->object, "metadata/deletionTimestamp"));
	assert_true(exists(s, "deploy", "a"));
	const struct stored *last = update(s, "deploy", "a", "{'metadata':{},'spec':{}}");
	assert_true(last->version > c->version);
	assert_false(exists(s, "deploy", "a"));
	stored_drop(a);
	stored_drop(b);
	stored_drop(c);
	stored_drop(last);
}

static void
delete_with_propagation_leaves_a_finalizer_for_it(void **state)
{
	static const char *const cases[][2] = { { "Foreground", "['foregroundDeletion']" },
						{ "Orphan", "['orphan']" } };
	struct shelves *s = *state;

	for (size_t i = 0; i < 2; i++) {
		char *text = xasprintf("{'metadata':{'name':'a%zu'}}", i);
		char *name = xasprintf("a%zu", i);
		struct store_write how = { .propagation = cases[i][0] };

		make(s, "rs", text);
		const struct stored *a = try_delete(s, "rs", name, &how);
		assert_false(s->gone);
		assert_json(json_at(a->object, "metadata/finalizers"), cases[i][1]);
		stored_drop(a);
		free(text);
		free(name);
	}
}

static void
delete_of_a_bound_pod_gives_it_its_grace(void **state)
{
	struct shelves *s = *state;
	const struct store_write at_once = { .grace_s = 0 }, soon = { .grace_s = 5 };

	make(s, "pod", "{'metadata':{'name':'a'},'spec':{'nodeName':'n'}}");
	const struct stored *a = try_delete(s, "pod", "a", NULL);
	assert_false(s->gone);
	assert_int_equal(json_int(a->object, "metadata/deletionGracePeriodSeconds", 0), 30);
	stored_drop(a);
	a = try_delete(s, "pod", "a", &soon);
	assert_false(s->gone);
	assert_int_equal(json_int(a->object, "metadata/deletionGracePeriodSeconds", 0), 5);
	stored_drop(a);
	stored_drop(try_delete(s, "pod", "a", &at_once));
	assert_true(s->gone);
	assert_false(exists(s, "pod", "a"));
	make(s, "pod",
	     "{'metadata':{'name':'b'},'spec':{'nodeName':'n','terminationGracePeriodSeconds':7}}");
	a = try_delete(s, "pod", "b", NULL);
	assert_int_equal(json_int(a->object, "metadata/deletionGracePeriodSeconds", 0), 7);
	stored_drop(a);
	make(s, "pod", "{'metadata':{'name':'c'},'spec':{}}");
	stored_drop(try_delete(s, "pod", "c", NULL));
	assert_true(s->gone); /* nobody runs it */
}

static void
delete_as_a_dry_run_leaves_it(void **state)
{
	struct shelves *s = *state;
	const struct store_write how = { .dry_run = true };

	make(s, "cm", "{'metadata':{'name':'a'}}");
	stored_drop(try_delete(s, "cm", "a", &how));
	const struct stored *a = store_get(s->store, store_kind(s, "cm"), "ns", "a");
	assert_null(json_at(a->object, "metadata/deletionTimestamp"));
	stored_drop(a);
}

static void
delete_of_a_namespace_ends_it_when_its_finalizer_goes(void **state)
{
	struct shelves *s = *state;
	const struct stored *ns = try_delete(s, "ns", "ns", NULL);

	assert_false(s->gone);
	assert_string_equal(text_at(ns, "status/phase"), "Terminating");
	assert_string_equal(text_at(ns, "spec/finalizers/0"), "kubernetes");
	stored_drop(ns);
	assert_null(try_create(s, "cm", "{'metadata':{'name':'a'}}", NULL));
	assert_int_equal(s->r.code, 403);
	assert_string_equal(
		s->r.message,
		"configmaps \"a\" is forbidden: unable to create new content in namespace "
		"ns because it is being terminated");
	stored_drop(update(s, "ns", "ns", "{'metadata':{},'spec':{'finalizers':[]}}"));
	assert_false(exists(s, "ns", "ns"));
	assert_null(try_create(s, "cm", "{'metadata':{'name':'a'}}", NULL));
	assert_int_equal(s->r.code, 404);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shelves_up, shelves_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(create_gives_what_only_the_server_gives),
		TEST(create_without_metadata_but_a_prefix_gives_a_name),
		TEST(create_of_what_is_there_is_refused),
		TEST(create_in_no_namespace_is_refused),
		TEST(create_under_a_bad_name_is_refused_in_the_servers_words),
		TEST(create_of_a_kind_without_namespace_is_in_none),
		TEST(create_as_a_dry_run_stores_nothing),
		TEST(create_keeps_the_names_of_members_once_for_all),
		TEST(update_changes_what_its_writer_decides_and_keeps_the_rest),
		TEST(update_counts_generations_of_what_is_wanted_only),
		TEST(update_of_a_status_that_is_no_subresource_counts),
		TEST(update_that_changes_nothing_makes_no_version),
		TEST(update_of_another_version_or_object_conflicts),
		TEST(update_as_a_dry_run_stores_nothing),
		TEST(change_writes_until_there_is_nothing_to_write),
		TEST(delete_removes_what_nothing_holds),
		TEST(delete_waits_for_finalizers),
		TEST(delete_with_propagation_leaves_a_finalizer_for_it),
		TEST(delete_of_a_bound_pod_gives_it_its_grace),
		TEST(delete_as_a_dry_run_leaves_it),
		TEST(delete_of_a_namespace_ends_it_when_its_finalizer_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
