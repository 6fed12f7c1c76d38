#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixture_world_stage.h"

#define ONE_CLUSTER "clusters: [{name: one, address: 10}]\n"
#define SECRET(name, key, value)                                                                   \
	"{apiVersion: v1, kind: Secret, metadata: {name: " name ", namespace: app}, data: {" key   \
	": " value "}}"
#define MAP(name, more)                                                                            \
	"{apiVersion: v1, kind: ConfigMap, metadata: {name: " name ", namespace: app}, " more "}"

static void
object_comes_and_goes_is_seen(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER
		"conditions:\n"
		"  there: {object: {cluster: one, kind: Secret, namespace: app, name: a}}\n"
		"  absent: {not: there}\n",
		100);

	(void)state;
	wait_until(holds(t, "absent"));
	assert_false(holds(t, "there"));
	wait_until(sees(t, "there", "secrets \"a\" not found"));
	put(t, "one", SECRET("a", "k", "eA=="));
	wait_until(holds(t, "there"));
	wait_until(!holds(t, "absent"));
	take_away(t, "one", "secrets", "app", "a");
	wait_until(holds(t, "absent"));
	assert_int_equal(noted("condition", "there", "holds", "true"), 1);
	wait_until(noted("condition", "there", "holds", "false") == 2);
	theatre_free(t);
}

static void
object_where_expression_decides(void **state)
{
	struct theatre *t = theatre_new(ONE_CLUSTER "conditions:\n"
						    "  path: {object: {cluster: one, kind: cm, "
						    "namespace: app, name: a, where: .data.x}}\n"
						    "  jq: {object: {cluster: one, kind: cm, "
						    "namespace: app, name: a, where: '.data.x | "
						    "tonumber > 3'}}\n"
						    "  any: {object: {cluster: one, kind: cm, "
						    "namespace: app, where: '.data.x == \"9\"'}}\n"
						    "  broken: {object: {cluster: one, kind: cm, "
						    "namespace: app, name: a, where: '.data | "
						    "tonumber'}}\n",
					100);

	(void)state;
	wait_until(noted("condition", "path", "holds", "false") == 1);
	put(t, "one", MAP("a", "data: {x: '2'}"));
	wait_until(holds(t, "path"));
	wait_until(sees(t, "jq", "tonumber > 3 is false"));
	assert_false(holds(t, "any"));
	put(t, "one", MAP("a", "data: {x: '4'}"));
	wait_until(holds(t, "jq"));
	assert_false(holds(t, "any"));
	put(t, "one", MAP("b", "data: {x: '9'}"));
	wait_until(holds(t, "any"));
	assert_false(holds(t, "broken"));
	wait_until(sees(t, "broken", "tonumber"));
	theatre_free(t);
}

static void
object_selector_and_count_decide(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER
		"conditions:\n"
		"  two: {object: {cluster: one, kind: Secret, namespace: app, selector: "
		"a=b, count: 2}}\n",
		100);

	(void)state;
	put(t, "one",
	    "{apiVersion: v1, kind: Secret, metadata: {name: s1, namespace: app, labels: {a: b}}}");
	put(t, "one",
	    "{apiVersion: v1, kind: Secret, metadata: {name: s2, namespace: app, labels: {a: c}}}");
	wait_until(sees(t, "two", "1 of 2 secrets"));
	assert_false(holds(t, "two"));
	put(t, "one",
	    "{apiVersion: v1, kind: Secret, metadata: {name: s3, namespace: app, labels: {a: b}}}");
	wait_until(holds(t, "two"));
	take_away(t, "one", "secrets", "app", "s1");
	wait_until(!holds(t, "two"));
	theatre_free(t);
}

static void
object_of_a_kind_that_comes_later_is_seen(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER "conditions:\n"
			    "  plane: {object: {cluster: one, kind: planes.example.com, namespace: "
			    "app, name: a}}\n",
		100);

	(void)state;
	wait_until(sees(t, "plane", "doesn't have a resource type \"planes.example.com\""));
	put(t, "one",
	    "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: "
	    "{name: planes.example.com}, spec: {group: example.com, scope: Namespaced, names: "
	    "{kind: Plane, listKind: PlaneList, plural: planes, singular: plane}, versions: "
	    "[{name: "
	    "v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, "
	    "x-kubernetes-preserve-unknown-fields: true}}}]}}");
	put(t, "one",
	    "{apiVersion: example.com/v1, kind: Plane, metadata: {name: a, namespace: app}}");
	wait_until(holds(t, "plane"));
	theatre_free(t);
}

static void
ready_workload_scaled_to_nothing_is_not(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER
		"conditions:\n"
		"  web: {ready: {cluster: one, namespace: app, workload: deployment/web}}\n",
		200);

	(void)state;
	wait_until(sees(t, "web", "deployments.apps \"web\" not found"));
	put(t, "one",
	    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: app}, spec: "
	    "{replicas: 2, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, "
	    "spec: {containers: [{name: c, image: i}]}}}}");
	wait_until(holds(t, "web"));
	assert_true(sees(t, "web", "2 of 2 ready"));
	put(t, "one",
	    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: app}, spec: "
	    "{replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, "
	    "spec: {containers: [{name: c, image: i}]}}}}");
	wait_until(!holds(t, "web"));
	theatre_free(t);
}

static void
same_values_of_two_secrets_are_compared(void **state)
{
	struct theatre *t =
		theatre_new("clusters: [{name: one, address: 10}, {name: two, address: 11}]\n"
			    "live:\n"
			    "  right: {secret: {cluster: one, namespace: app, name: a, key: k}}\n"
			    "conditions:\n"
			    "  same: {same: [{live: right}, {secret: {cluster: two, namespace: "
			    "app, name: a, key: "
			    "k}}]}\n"
			    "  text: {same: [{live: right}, {text: x}]}\n",
			    100);

	(void)state;
	wait_until(sees(t, "same", "secrets \"a\" not found"));
	put(t, "one", SECRET("a", "k", "eA=="));
	wait_until(holds(t, "text"));
	assert_false(holds(t, "same"));
	put(t, "two", SECRET("a", "k", "eQ=="));
	wait_until(sees(t, "same", "they differ"));
	assert_false(holds(t, "same"));
	put(t, "two", SECRET("a", "k", "eA=="));
	wait_until(holds(t, "same"));
	put(t, "one", SECRET("a", "k", "eg=="));
	wait_until(!holds(t, "same"));
	theatre_free(t);
}

static void
all_any_not_follow_switches(void **state)
{
	struct theatre *t =
		theatre_new(ONE_CLUSTER "faults: {f: {title: F}, g: {title: G, 'on': true}}\n"
					"conditions:\n"
					"  both: {all: [f, g]}\n"
					"  one: {any: [f, g]}\n"
					"  none: {not: one}\n"
					"  f: {fault: f}\n"
					"  g: {fault: g}\n",
			    100);
	struct err e = ERR_INIT;

	(void)state;
	wait_until(holds(t, "one"));
	assert_false(holds(t, "both"));
	assert_int_equal(stage_fault(t->stage, "f", true, &e), 0);
	wait_until(holds(t, "both"));
	assert_int_equal(stage_fault(t->stage, "g", false, &e), 0);
	wait_until(!holds(t, "both"));
	assert_true(holds(t, "one"));
	assert_int_equal(stage_fault(t->stage, "f", false, &e), 0);
	wait_until(holds(t, "none"));
	assert_true(state_is(t, "faults", "g", "false"));
	assert_int_equal(noted("fault", "f", "on", "true"), 1);
	assert_int_equal(noted("fault", "f", "title", "F"), 2);
	theatre_free(t);
}

static void
stage_fault_unknown_name_is_refused_with_the_nearest(void **state)
{
	struct theatre *t = theatre_new(ONE_CLUSTER "faults: {metrics-down: {title: M}}\n", 100);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(stage_fault(t->stage, "metric-down", true, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e.message, "did you mean \"metrics-down\"?"));
	theatre_free(t);
}

/* For ten seconds of the world: at ten times its pace. */
static void
held_condition_needs_an_unbroken_stretch(void **state)
{
	struct theatre *t = theatre_new(ONE_CLUSTER "faults: {f: {title: F}}\n"
						    "conditions:\n"
						    "  f: {fault: f}\n"
						    "  long: {held: {condition: f, for: 10s}}\n",
					10);
	struct err e = ERR_INIT;

	(void)state;
	stage_fault(t->stage, "f", true, &e);
	wait_until(holds(t, "f"));
	poll(NULL, 0, 500);
	assert_false(holds(t, "long"));
	stage_fault(t->stage, "f", false, &e);
	wait_until(!holds(t, "f"));
	stage_fault(t->stage, "f", true, &e);
	int64_t from_ms = clock_mono_ms();
	wait_until(holds(t, "long"));
	assert_true(clock_mono_ms() - from_ms >= 900);
	stage_fault(t->stage, "f", false, &e);
	wait_until(!holds(t, "long"));
	theatre_free(t);
}

/* Whether one condition was said to hold before another one was. */
static bool
told_before(const char *one, const char *other)
{
	const cJSON *item;
	const char *first = "";

	pthread_mutex_lock(&notes_lock);
	cJSON_ArrayForEach(item, notes) {
		const char *name = json_string(item, "name", "");

		if (!*first && json_bool(item, "details/holds", false) &&
		    (strcmp(name, one) == 0 || strcmp(name, other) == 0))
			first = name;
	}
	bool is = strcmp(first, one) == 0;
	pthread_mutex_unlock(&notes_lock);
	return is;
}

/* Nothing may act on "it has not held for so long" before it is known whether it holds. */
static void
held_condition_of_what_is_not_known_is_not_known(void **state)
{
	struct theatre *t =
		theatre_new(ONE_CLUSTER "live: {v: {sql: {database: db, of: app, query: q}}}\n"
					"conditions:\n"
					"  right: {same: [{live: v}, {text: x}]}\n"
					"  wrong: {not: right}\n"
					"  long: {held: {condition: right, for: 1ms}}\n"
					"  short: {not: long}\n",
			    100);

	(void)state;
	wait_until(holds(t, "wrong"));
	wait_until(holds(t, "short"));
	assert_true(told_before("wrong", "short"));
	theatre_free(t);
}

static void
resolve_address_holds_and_is_where_it_is_to_be(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER
		"conditions:\n"
		"  any: {resolve: {from: one, host: 127.0.0.9}}\n"
		"  right: {resolve: {from: one, host: 127.0.0.9, to: 127.0.0.9}}\n"
		"  wrong: {resolve: {from: one, host: 127.0.0.9, to: 127.0.0.8}}\n"
		"  nowhere: {resolve: {from: one, host: a.example.com}}\n"
		"  pod: {resolve: {from: one, namespace: app, workload: pod/p, host: 127.0.0.9}}\n"
		"rules: [{name: r, when: [right], do: [{site: {name: ui, body: "
		"'${.looks.right.address}'}}]}]\n",
		100);

	(void)state;
	wait_until(holds(t, "any") && holds(t, "right"));
	wait_until(sees(t, "wrong", "127.0.0.9"));
	assert_false(holds(t, "wrong"));
	wait_until(sees(t, "nowhere", "lookup a.example.com: no such host"));
	wait_until(noted("site", "ui", "body", "127.0.0.9") == 1);
	assert_false(holds(t, "pod"));
	put(t, "one",
	    "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: app}, spec: {containers: "
	    "[{name: c, image: i}]}}");
	wait_until(holds(t, "pod"));
	theatre_free(t);
}

static void
http_request_of_a_site_is_seen(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER "conditions: {asked: {http: {site: ui, path: /login}}}\n", 100);

	(void)state;
	wait_until(sees(t, "asked", "0 requests"));
	assert_false(holds(t, "asked"));
	pthread_mutex_lock(&notes_lock);
	requests = 1;
	pthread_mutex_unlock(&notes_lock);
	wait_until(holds(t, "asked"));
	assert_true(sees(t, "asked", "1 request"));
	theatre_free(t);
}

static void
live_query_is_asked_again(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER "live: {owner: {sql: {database: db, of: app, query: select 1}}}\n"
			    "conditions:\n"
			    "  ana: {same: [{live: owner}, {text: ana}]}\n"
			    "  other: {not: ana}\n",
		100);

	(void)state;
	wait_until(sees(t, "ana", "nothing to say"));
	assert_true(holds(t, "other"));
	pthread_mutex_lock(&notes_lock);
	memcpy(query_value, "ana", 4);
	pthread_mutex_unlock(&notes_lock);
	wait_until(holds(t, "ana"));
	theatre_free(t);
}

static void
stage_new_wrong_names_are_refused(void **state)
{
	static const struct {
		const char *yaml, *message;
	} rows[] = {
		{ "conditions: {a: {all: [b]}}\n", "condition a: there is no condition \"b\"" },
		{ "conditions: {a: {fault: f}}\n", "condition a: there is no fault \"f\"" },
		{ "conditions: {a: {object: {cluster: x, kind: Pod}}}\n",
		  "condition a: there is no cluster \"x\"" },
		{ "conditions: {a: {same: [{live: v}]}}\n", "there is no live value \"v\"" },
		{ "conditions: {a: {resolve: {from: one, host: h, zone: z}}}\n",
		  "condition a: there is no zone \"z\"" },
		{ "conditions: {a: {resolve: {from: one, host: h, kept: 127.0.0.2}}}\n",
		  "condition a: \"kept\" has no meaning without \"keeps\"" },
		{ "conditions: {a: {resolve: {from: one, host: h, keeps: 1h, kept: h}}}\n",
		  "condition a: \"kept\" is no address: \"h\"" },
		{ "conditions: {a: {dial: {from: one, host: h, port: 65536}}}\n",
		  "condition a: 65536 is not a port" },
		{ "rules: [{name: r, when: [c], do: []}]\n",
		  "rule r: there is no condition \"c\"" },
		{ "rules: [{name: r, again: [v], do: []}]\n",
		  "rule r: there is no live value \"v\"" },
		{ "behaviours: [{cluster: one, namespace: app, workload: pod/p, needs: [c]}]\n",
		  "behaviour of pod/p: there is no condition \"c\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *yaml = xasprintf(ONE_CLUSTER "%s", rows[i].yaml);
		struct err e = ERR_INIT;
		struct theatre *t = theatre_try(yaml, 1, NULL, &e);

		assert_null(t->stage);
		assert_int_equal(e.kind, ERR_SPEC);
		if (!strstr(e.message, rows[i].message))
			fail_msg("\"%s\" is not in \"%s\"", rows[i].message, e.message);
		theatre_free(t);
		free(yaml);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(object_comes_and_goes_is_seen),
		cmocka_unit_test(object_where_expression_decides),
		cmocka_unit_test(object_selector_and_count_decide),
		cmocka_unit_test(object_of_a_kind_that_comes_later_is_seen),
		cmocka_unit_test(ready_workload_scaled_to_nothing_is_not),
		cmocka_unit_test(same_values_of_two_secrets_are_compared),
		cmocka_unit_test(all_any_not_follow_switches),
		cmocka_unit_test(stage_fault_unknown_name_is_refused_with_the_nearest),
		cmocka_unit_test(held_condition_needs_an_unbroken_stretch),
		cmocka_unit_test(held_condition_of_what_is_not_known_is_not_known),
		cmocka_unit_test(resolve_address_holds_and_is_where_it_is_to_be),
		cmocka_unit_test(http_request_of_a_site_is_seen),
		cmocka_unit_test(live_query_is_asked_again),
		cmocka_unit_test(stage_new_wrong_names_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
