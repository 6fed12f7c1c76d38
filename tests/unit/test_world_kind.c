#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "fixture_object.h"
#include "world/object/kind.h"
#include "world/patch/patch.h"

#define WIDGETS                                                                                    \
	"{'metadata':{'name':'widgets.example.com'},'spec':{'group':'example.com','scope':"        \
	"'Namespaced','names':{'plural':'widgets','kind':'Widget','shortNames':['wd','w']},"       \
	"'versions':[{'name':'v1beta1','served':true,'storage':false},{'name':'v1','served':true," \
	"'storage':true,'subresources':{'status':{}},'additionalPrinterColumns':[{'name':'A'}]}]}" \
	"}"

static int
define(struct kinds *kinds, const char *text, struct refusal *r)
{
	cJSON *definition = object_of(text);
	int rc = kinds_define(kinds, definition, r);

	cJSON_Delete(definition);
	return rc;
}

/* ---- the built-in ones ---- */

struct order {
	struct str seen; /* groups that are over */
	const struct kind *last;
};

static void
check_row(void *data, const struct kind *kind)
{
	struct order *order = data;

	assert_true(*kind->version && *kind->resource && *kind->singular && *kind->name);
	assert_true((kind->printer != NULL) != ((kind->flags & KIND_CREATE_ONLY) != 0));
	assert_null(kind->columns);
	assert_non_null(kind->storage);
	if (order->last && strcmp(order->last->group, kind->group) == 0) {
		assert_true(strcmp(order->last->resource, kind->resource) < 0);
	} else {
		char *group = xasprintf("[%s]", kind->group);

		assert_null(strstr(str_cstr(&order->seen), group));
		str_append(&order->seen, group);
		free(group);
	}
	order->last = kind;
}

static void
every_built_in_kind_is_whole_and_in_order(void **state)
{
	struct order order = { .seen = STR_INIT };

	kinds_each(*state, check_row, &order);
	assert_true(str_starts_with(str_cstr(&order.seen), "[][apps]"));
	str_release(&order.seen);
}

static void
by_resource_and_by_name_find_the_same(void **state)
{
	const struct kind *kind = kinds_by_resource(*state, "apps", "v1", "deployments");

	assert_string_equal(kind->name, "Deployment");
	assert_string_equal(kind->short_names[0], "deploy");
	assert_null(kind->short_names[1]);
	assert_int_equal(kind->flags, KIND_NAMESPACED | KIND_STATUS | KIND_SCALE | KIND_GENERATION);
	assert_ptr_equal(kind, kinds_by_name(*state, "apps/v1", "Deployment"));
	assert_ptr_equal(kind->lists, patch_rules("apps", "Deployment"));
	assert_ptr_equal(kind->storage, kind);
	assert_ptr_equal(kinds_by_name(*state, "v1", "Pod"),
			 kinds_by_resource(*state, "", "v1", "pods"));
	assert_null(kinds_by_resource(*state, "apps", "v2", "deployments"));
	assert_null(kinds_by_resource(*state, "", "v1", "deployments"));
	assert_null(kinds_by_name(*state, "v1", "Deployment"));
	assert_null(kinds_by_name(*state, "apps", "Deployment"));
	assert_null(kinds_by_name(*state, "/v1", "Pod"));
}

static void
by_word_knows_every_name_of_a_kind(void **state)
{
	static const char *const words[][2] = {
		{ "pods", "Pod" },
		{ "pod", "Pod" },
		{ "po", "Pod" },
		{ "Pod", "Pod" },
		{ "POD", "Pod" },
		{ "deploy", "Deployment" },
		{ "deployments.apps", "Deployment" },
		{ "deploy.v1.apps", "Deployment" },
		{ "pods.v1", "Pod" },
		{ "pods.", "Pod" },
		{ "crd", "CustomResourceDefinition" },
		{ "crds", "CustomResourceDefinition" },
		{ "ing", "Ingress" },
		{ "networkpolicy", "NetworkPolicy" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct kind *kind = kinds_by_word(*state, words[i][0]);

		if (!kind)
			fail_msg("%s", words[i][0]);
		assert_string_equal(kind->name, words[i][1]);
	}
	assert_null(kinds_by_word(*state, "podz"));
	assert_null(kinds_by_word(*state, "pods.apps"));
	assert_null(kinds_by_word(*state, "deployments.v2.apps"));
	assert_string_equal(kinds_by_word(*state, "events")->group, "");
	assert_string_equal(kinds_by_word(*state, "ev.events.k8s.io")->group, "events.k8s.io");
}

static void
api_version_has_no_slash_in_the_core_group(void **state)
{
	char *core = kind_api_version(kinds_by_word(*state, "pods"));
	char *apps = kind_api_version(kinds_by_word(*state, "deploy"));

	assert_string_equal(core, "v1");
	assert_string_equal(apps, "apps/v1");
	free(core);
	free(apps);
}

static void
events_of_both_groups_are_the_same_objects(void **state)
{
	const struct kind *core = kinds_by_resource(*state, "", "v1", "events");
	const struct kind *other = kinds_by_resource(*state, "events.k8s.io", "v1", "events");
	cJSON *event = object_of("{'kind':'Event','apiVersion':'events.k8s.io/v1','note':'n',"
				 "'regarding':{'name':'p'},'deprecatedCount':3,'reason':'r',"
				 "'reportingController':'c','deprecatedSource':{'component':'k'}}");

	assert_ptr_equal(other->storage, core);
	kind_convert(core, event);
	assert_string_equal(json_string(event, "apiVersion", ""), "v1");
	assert_string_equal(json_string(event, "message", ""), "n");
	assert_string_equal(json_string(event, "involvedObject/name", ""), "p");
	assert_string_equal(json_string(event, "source/component", ""), "k");
	assert_string_equal(json_string(event, "reportingComponent", ""), "c");
	assert_int_equal(json_int(event, "count", 0), 3);
	assert_null(json_at(event, "note"));
	kind_convert(core, event);
	assert_string_equal(json_string(event, "message", ""), "n");
	kind_convert(other, event);
	assert_string_equal(json_string(event, "apiVersion", ""), "events.k8s.io/v1");
	assert_string_equal(json_string(event, "note", ""), "n");
	assert_null(json_at(event, "message"));
	cJSON_Delete(event);
}

/* ---- definitions ---- */

static void
define_serves_each_version_with_one_storage(void **state)
{
	struct refusal r = REFUSAL_INIT;

	assert_int_equal(define(*state, WIDGETS, &r), 0);
	const struct kind *v1 = kinds_by_resource(*state, "example.com", "v1", "widgets");
	const struct kind *beta = kinds_by_resource(*state, "example.com", "v1beta1", "widgets");
	assert_ptr_equal(v1->storage, v1);
	assert_ptr_equal(beta->storage, v1);
	assert_string_equal(v1->singular, "widget");
	assert_string_equal(v1->short_names[1], "w");
	assert_null(v1->categories);
	assert_int_equal(v1->flags, KIND_NAMESPACED | KIND_STATUS | KIND_GENERATION);
	assert_int_equal(beta->flags, KIND_NAMESPACED | KIND_GENERATION);
	assert_int_equal(cJSON_GetArraySize(v1->columns), 1);
	assert_int_equal(cJSON_GetArraySize(beta->columns), 0);
	assert_null(v1->printer);
	assert_ptr_equal(kinds_by_word(*state, "wd"), v1);
	assert_ptr_equal(kinds_by_name(*state, "example.com/v1beta1", "Widget"), beta);
}

static void
collect(void *data, const struct kind *kind)
{
	if (kind->columns)
		str_printf(data, "%s/%s %s;", kind->group, kind->version, kind->resource);
}

static void
each_gives_definitions_behind_the_rest_the_best_version_first(void **state)
{
	static const char *const versions[] = { "v2alpha1", "next", "v1",     "v10",
						"v2beta1",  "v2",   "v2beta3" };
	struct refusal r = REFUSAL_INIT;
	struct str list = STR_INIT, all = STR_INIT;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		str_printf(&list, "%s{'name':'%s','served':true,'storage':%s}", i ? "," : "",
			   versions[i], i ? "false" : "true");
	char *text = xasprintf("{'metadata':{'name':'as.z.io'},'spec':{'group':'z.io','scope':"
			       "'Cluster','names':{'plural':'as','kind':'A'},'versions':[%s]}}",
			       str_cstr(&list));
	assert_int_equal(define(*state, text, &r), 0);
	assert_int_equal(define(*state, WIDGETS, &r), 0);
	kinds_each(*state, collect, &all);
	assert_string_equal(str_cstr(&all),
			    "example.com/v1 widgets;example.com/v1beta1 widgets;z.io/v10 as;"
			    "z.io/v2 as;z.io/v1 as;z.io/v2beta3 as;z.io/v2beta1 as;z.io/v2alpha1 "
			    "as;z.io/next as;");
	str_release(&all);
	str_release(&list);
	free(text);
}

static void
define_again_keeps_the_storage_kind(void **state)
{
	struct refusal r = REFUSAL_INIT;

	assert_int_equal(define(*state, WIDGETS, &r), 0);
	const struct kind *before = kinds_by_resource(*state, "example.com", "v1", "widgets");
	assert_int_equal(define(*state, WIDGETS, &r), 0);
	assert_ptr_equal(kinds_by_resource(*state, "example.com", "v1", "widgets"), before);
	assert_int_equal(
		define(*state,
		       "{'metadata':{'name':'widgets.example.com'},'spec':{'group':'example.com',"
		       "'scope':'Namespaced','names':{'plural':'widgets','kind':'Widget'},"
		       "'versions':[{'name':'v1','served':false,'storage':false},{'name':'v2',"
		       "'served':true,'storage':true}]}}",
		       &r),
		0);
	assert_null(kinds_by_resource(*state, "example.com", "v1", "widgets"));
	assert_null(kinds_by_resource(*state, "example.com", "v1beta1", "widgets"));
	const struct kind *after = kinds_by_resource(*state, "example.com", "v2", "widgets");
	assert_ptr_equal(after->storage, before);
	assert_string_equal(before->version, "v1"); /* who holds it may go on reading */
	assert_null(kinds_by_word(*state, "wd"));
}

static void
undefine_takes_the_names_away_until_they_come_again(void **state)
{
	struct refusal r = REFUSAL_INIT;

	assert_int_equal(define(*state, WIDGETS, &r), 0);
	const struct kind *before = kinds_by_word(*state, "widgets");
	kinds_undefine(*state, "other.example.com");
	assert_non_null(kinds_by_word(*state, "widgets"));
	kinds_undefine(*state, "widgets.example.com");
	assert_null(kinds_by_word(*state, "widgets"));
	assert_null(kinds_by_name(*state, "example.com/v1", "Widget"));
	assert_int_equal(define(*state, WIDGETS, &r), 0);
	assert_ptr_equal(kinds_by_word(*state, "widgets")->storage, before->storage);
}

static void
a_storage_version_that_is_not_served_still_stores(void **state)
{
	struct refusal r = REFUSAL_INIT;

	assert_int_equal(
		define(*state,
		       "{'metadata':{'name':'as.z.io'},'spec':{'group':'z.io','scope':'Cluster',"
		       "'names':{'plural':'as','singular':'one','kind':'A','categories':['all']},"
		       "'versions':[{'name':'v1','served':false,'storage':true},{'name':'v2',"
		       "'served':true,'storage':false,'subresources':{'scale':"
		       "{'specReplicasPath':'.spec.n'}}}]}}",
		       &r),
		0);
	assert_null(kinds_by_resource(*state, "z.io", "v1", "as"));
	const struct kind *kind = kinds_by_word(*state, "one");
	assert_string_equal(kind->storage->version, "v1");
	assert_string_equal(kind->categories[0], "all");
	assert_int_equal(kind->flags, KIND_SCALE | KIND_GENERATION);
	assert_json(kind->scale, "{'specReplicasPath':'.spec.n'}");
}

static void
define_of_something_wrong_is_refused(void **state)
{
	static const struct {
		const char *group, *scope, *names, *versions, *message;
	} cases[] = {
		{ "x.io", "'Cluster'", "{'plural':'widgets','kind':'W'}",
		  "[{'name':'v1','served':true,'storage':true}]",
		  "metadata.name: Invalid value: \"widgets.example.com\": must be "
		  "spec.names.plural+\".\"+spec.group" },
		{ "example.com", "'Cluster'", "{'plural':'widgets'}",
		  "[{'name':'v1','served':true,'storage':true}]",
		  "spec.names.kind: Required value" },
		{ "example.com", "'All'", "{'plural':'widgets','kind':'W'}",
		  "[{'name':'v1','served':true,'storage':true}]",
		  "spec.scope: Unsupported value: \"All\": supported values: \"Cluster\", "
		  "\"Namespaced\"" },
		{ "example.com", "null", "{'plural':'widgets','kind':'W'}",
		  "[{'name':'v1','served':true,'storage':true}]", "spec.scope: Required value" },
		{ "example.com", "'Cluster'", "{'plural':'widgets','kind':'W'}", "[]",
		  "spec.versions: Invalid value: []: must have exactly one version marked as "
		  "storage "
		  "version" },
		{ "example.com", "'Cluster'", "{'plural':'widgets','kind':'W'}",
		  "[{'name':'v1','storage':true},{'name':'v2','storage':true}]",
		  "spec.versions: Invalid value: [\"v1\",\"v2\"]: must have exactly one version "
		  "marked "
		  "as storage version" },
		{ "example.com", "'Cluster'", "{'plural':'widgets','kind':'W'}",
		  "[{'name':'v1','storage':true},{'name':'v1','storage':false}]",
		  "spec.versions: Invalid value: [\"v1\",\"v1\"]: must contain unique version "
		  "names" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf("{'metadata':{'name':'widgets.example.com'},'spec':{'group':"
				       "'%s','scope':%s,'names':%s,'versions':%s}}",
				       cases[i].group, cases[i].scope, cases[i].names,
				       cases[i].versions);
		char *message = xasprintf("CustomResourceDefinition.apiextensions.k8s.io "
					  "\"widgets.example.com\" is invalid: %s",
					  cases[i].message);
		struct refusal r = REFUSAL_INIT;

		assert_int_equal(define(*state, text, &r), -1);
		assert_int_equal(r.code, 422);
		assert_string_equal(r.message, message);
		assert_null(kinds_by_word(*state, "widgets"));
		refusal_release(&r);
		free(text);
		free(message);
	}
}

static void
define_of_names_that_are_taken_is_refused(void **state)
{
	struct refusal r = REFUSAL_INIT;

	assert_int_equal(define(*state, WIDGETS, &r), 0);
	assert_int_equal(
		define(*state,
		       "{'metadata':{'name':'gadgets.example.com'},'spec':{'group':"
		       "'example.com','scope':'Cluster','names':{'plural':'gadgets','kind':"
		       "'Widget'},'versions':[{'name':'v1','served':true,'storage':true}]}}",
		       &r),
		-1);
	assert_non_null(
		strstr(r.message, "spec.names.kind: Invalid value: \"Widget\": is already in use"));
	assert_null(kinds_by_word(*state, "gadgets"));
	refusal_release(&r);
	assert_int_equal(define(*state,
				"{'metadata':{'name':'deployments.apps'},'spec':{'group':'apps',"
				"'scope':'Cluster','names':{'plural':'deployments','kind':'D'},"
				"'versions':[{'name':'v9','served':true,'storage':true}]}}",
				&r),
			 -1);
	refusal_release(&r);
	assert_non_null(kinds_by_resource(*state, "apps", "v1", "deployments"));
}

/* ---- threads ---- */

enum { ROUNDS = 300 };

static void *
look_up(void *kinds)
{
	size_t found = 0;

	for (int i = 0; i < ROUNDS; i++) {
		const struct kind *kind = kinds_by_word(kinds, "widgets");

		found += kind ? strlen(kind->storage->version) : 0;
		found += kinds_by_resource(kinds, "", "v1", "pods") != NULL;
	}
	return found ? kinds : NULL;
}

static void
definitions_may_come_and_go_while_others_look(void **state)
{
	struct refusal r = REFUSAL_INIT;
	pthread_t threads[3];
	void *found;

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_up, *state), 0);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(define(*state, WIDGETS, &r), 0);
		kinds_undefine(*state, "widgets.example.com");
	}
	for (size_t i = 0; i < 3; i++) {
		pthread_join(threads[i], &found);
		assert_non_null(found);
	}
}

static int
set_up(void **state)
{
	*state = kinds_new();
	return 0;
}

static int
tear_down(void **state)
{
	kinds_free(*state);
	kinds_free(NULL);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_built_in_kind_is_whole_and_in_order),
		TEST(by_resource_and_by_name_find_the_same),
		TEST(by_word_knows_every_name_of_a_kind),
		TEST(api_version_has_no_slash_in_the_core_group),
		TEST(events_of_both_groups_are_the_same_objects),
		TEST(define_serves_each_version_with_one_storage),
		TEST(each_gives_definitions_behind_the_rest_the_best_version_first),
		TEST(define_again_keeps_the_storage_kind),
		TEST(undefine_takes_the_names_away_until_they_come_again),
		TEST(a_storage_version_that_is_not_served_still_stores),
		TEST(define_of_something_wrong_is_refused),
		TEST(define_of_names_that_are_taken_is_refused),
		TEST(definitions_may_come_and_go_while_others_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
