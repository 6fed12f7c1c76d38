#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "fixture_folder.h"
#include "fixture_world_stage.h"

/* What rules do to objects, over a real store with its controllers. */

#define ONE_CLUSTER "clusters: [{name: one, address: 10}]\n"
#define GO "conditions: {go: {object: {cluster: one, kind: cm, namespace: app, name: go}}}\n"
#define GO_MAP "{apiVersion: v1, kind: ConfigMap, metadata: {name: go, namespace: app}}"

static void
apply_makes_changes_and_leaves_nulls_out(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER GO
		"live: {none: {secret: {cluster: one, namespace: app, name: none, key: k}}}\n"
		"rules:\n"
		"  - name: make\n"
		"    do: [{apply: {cluster: one, objects: [{apiVersion: v1, kind: ConfigMap, "
		"metadata: {name: a, namespace: app}, data: {x: '${.live.none}', k: v}}]}}]\n"
		"  - name: change\n"
		"    when: [go]\n"
		"    do: [{apply: {cluster: one, objects: [{apiVersion: v1, kind: ConfigMap, "
		"metadata: {name: a, namespace: app}, data: {k: w, sum: '${1 + 1 | "
		"tostring}'}}]}}]\n",
		100);

	(void)state;
	wait_until(value_is(t, "one", "cm", "app", "a", "data/k", "v"));
	assert_true(value_is(t, "one", "cm", "app", "a", "data/x", NULL));
	put(t, "one", GO_MAP);
	wait_until(value_is(t, "one", "cm", "app", "a", "data/k", "w"));
	assert_true(value_is(t, "one", "cm", "app", "a", "data/sum", "2"));
	theatre_free(t);
}

static void
apply_takes_files_and_sets_an_owner(void **state)
{
	char folder[] = "/tmp/lifeboat-test-XXXXXX";
	static const char manifests[] =
		"---\n# nothing\n---\n"
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: f1, namespace: app}}\n---\n"
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: f2, namespace: app}}\n";
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(folder));
	char *path = xasprintf("%s/more.yaml", folder);
	assert_int_equal(file_write_atomic(path, manifests, strlen(manifests), 0600, &e), 0);
	char *yaml = xasprintf(ONE_CLUSTER GO
			       "rules:\n"
			       "  - name: make\n"
			       "    when: [go]\n"
			       "    do:\n"
			       "      - apply: {cluster: one, owner: ConfigMap/go, files: ['%s']}\n"
			       "      - apply: {cluster: one, owner: ConfigMap/none, objects: "
			       "[{apiVersion: v1, kind: ConfigMap, metadata: {name: o, namespace: "
			       "app}}]}\n"
			       "      - apply: {cluster: one, files: ['/nowhere/x.yaml']}\n",
			       path);
	struct theatre *t = theatre_new(yaml, 100);
	put(t, "one", GO_MAP);
	wait_until(noted("rule", "make", NULL, NULL) == 1);
	assert_true(value_is(t, "one", "cm", "app", "f1", "metadata/ownerReferences/0/name", "go"));
	assert_true(value_is(t, "one", "cm", "app", "f2", "metadata/ownerReferences/0/kind",
			     "ConfigMap"));
	assert_int_equal(noted("rule", "make", "failed/0",
			       "apply: the owner ConfigMap/none: configmaps \"none\" not found"),
			 1);
	take_away(t, "one", "cm", "app", "go"); /* what is owned goes with it */
	wait_until(value_is(t, "one", "cm", "app", "f1", "metadata/name", NULL));
	theatre_free(t);
	free(yaml);
	free(path);
	folder_remove(folder);
}

static void
delete_by_name_and_by_selector(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER GO
		"rules:\n"
		"  - name: clean\n"
		"    when: [go]\n"
		"    do:\n"
		"      - delete: {cluster: one, kind: Secret, namespace: app, name: a}\n"
		"      - delete: {cluster: one, kind: Secret, namespace: app, name: none}\n"
		"      - delete: {cluster: one, kind: Secret, namespace: app, selector: t=1}\n"
		"      - delete: {cluster: one, kind: Secret, namespace: app}\n"
		"      - delete: {cluster: one, kind: Nonsense, namespace: app, name: a}\n",
		100);

	(void)state;
	put(t, "one", "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: app}}");
	put(t, "one",
	    "{apiVersion: v1, kind: Secret, metadata: {name: b, namespace: app, labels: {t: "
	    "'1'}}}");
	put(t, "one",
	    "{apiVersion: v1, kind: Secret, metadata: {name: c, namespace: app, labels: {t: "
	    "'2'}}}");
	put(t, "one", GO_MAP);
	wait_until(noted("rule", "clean", NULL, NULL) == 1);
	assert_true(value_is(t, "one", "secrets", "app", "a", "metadata/name", NULL));
	assert_true(value_is(t, "one", "secrets", "app", "b", "metadata/name", NULL));
	assert_true(value_is(t, "one", "secrets", "app", "c", "metadata/name", "c"));
	assert_int_equal(noted("rule", "clean", "failed/0",
			       "delete: neither a name nor a selector is given"),
			 1);
	assert_int_equal(noted("rule", "clean", "failed/1", "delete: one has no kind \"Nonsense\""),
			 1);
	theatre_free(t);
}

static void
patch_changes_spec_and_status(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER GO
		"rules:\n"
		"  - name: patch\n"
		"    when: [go]\n"
		"    do:\n"
		"      - patch: {cluster: one, kind: deploy, namespace: app, name: d, merge: "
		"{spec: "
		"{replicas: 3}, metadata: {labels: {l: 'old', gone: null}}, status: {conditions: "
		"[{type: Odd, status: 'True'}]}}}\n"
		"      - patch: {cluster: one, kind: ingress, namespace: app, name: i, merge: "
		"{status: {loadBalancer: {ingress: [{ip: 127.0.0.7}]}}}}\n"
		"      - patch: {cluster: one, kind: cm, namespace: app, name: none, merge: {data: "
		"{a: "
		"b}}}\n",
		100);

	(void)state;
	put(t, "one",
	    "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: "
	    "app}, "
	    "spec: {defaultBackend: {service: {name: s, port: {number: 80}}}}}");
	put(t, "one",
	    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: app, labels: "
	    "{gone: x}}, spec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: "
	    "{labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}");
	put(t, "one", GO_MAP);
	wait_until(noted("rule", "patch", NULL, NULL) == 1);
	assert_true(value_is(t, "one", "ingress", "app", "i", "status/loadBalancer/ingress/0/ip",
			     "127.0.0.7"));
	assert_true(value_is(t, "one", "deploy", "app", "d", "spec/replicas", "3"));
	assert_true(value_is(t, "one", "deploy", "app", "d", "metadata/labels/l", "old"));
	assert_true(value_is(t, "one", "deploy", "app", "d", "metadata/labels/gone", NULL));
	assert_true(value_is(t, "one", "cm", "app", "none", "data/a", NULL));
	assert_int_equal(noted("rule", "patch", "failed/0", ""), 0);
	theatre_free(t);
}

static int
count_events(struct theatre *t, const char *reason, int64_t *ret_told)
{
	struct cluster *one = theatre_cluster(t, "one");
	uint64_t version;
	size_t count;
	const struct stored **items = store_list(one->store, kinds_by_word(one->kinds, "events"),
						 "app", &count, &version);
	int found = 0;

	*ret_told = 0;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(json_string(items[i]->object, "reason", ""), reason) == 0) {
			found++;
			*ret_told = json_int(items[i]->object, "count",
					     json_int(items[i]->object, "deprecatedCount", 0));
		}
		stored_drop(items[i]);
	}
	free(items);
	return found;
}

static void
event_that_is_told_again_counts_up(void **state)
{
	struct theatre *t =
		theatre_new(ONE_CLUSTER GO "rules:\n"
					   "  - name: tell\n"
					   "    when: [go]\n"
					   "    every: 10s\n"
					   "    do: [{event: {cluster: one, namespace: app, kind: "
					   "cm, name: go, type: Warning, "
					   "reason: Odd, message: 'It is ${1 + 1}'}}]\n",
			    100);
	int64_t told;

	(void)state;
	put(t, "one", GO_MAP);
	wait_until(count_events(t, "Odd", &told) == 1 && told >= 3);
	theatre_free(t);
}

static void
service_gets_its_address(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER GO
		"rules: [{name: give, when: [go], do: [{service: {cluster: one, namespace: app, "
		"name: envoy, address: 127.9.9.9}}]}]\n",
		100);

	(void)state;
	put(t, "one",
	    "{apiVersion: v1, kind: Service, metadata: {name: envoy, namespace: app}, spec: {type: "
	    "LoadBalancer, selector: {a: b}, ports: [{port: 80}]}}");
	poll(NULL, 0, 100);
	assert_true(value_is(t, "one", "svc", "app", "envoy", "status/loadBalancer/ingress/0/ip",
			     NULL));
	put(t, "one", GO_MAP);
	wait_until(value_is(t, "one", "svc", "app", "envoy", "status/loadBalancer/ingress/0/ip",
			    "127.9.9.9"));
	theatre_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apply_makes_changes_and_leaves_nulls_out),
		cmocka_unit_test(apply_takes_files_and_sets_an_owner),
		cmocka_unit_test(delete_by_name_and_by_selector),
		cmocka_unit_test(patch_changes_spec_and_status),
		cmocka_unit_test(event_that_is_told_again_counts_up),
		cmocka_unit_test(service_gets_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
