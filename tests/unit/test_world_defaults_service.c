#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_world_defaults.h"

/* ---- services ---- */

static void
fill_service_gives_addresses_and_ports(void **state)
{
	char *text = filled("v1", "Service", NAMED("\"ports\":[{\"port\":80}]"));

	(void)state;
	expect_members(text, "spec",
		       "{\"ports\":[{\"port\":80,\"protocol\":\"TCP\",\"targetPort\":80}],\"type\":"
		       "\"ClusterIP\",\"sessionAffinity\":\"None\",\"clusterIP\":\"10.96.1.1\","
		       "\"clusterIPs\":[\"10.96.1.1\"],\"ipFamilies\":[\"IPv4\"],"
		       "\"ipFamilyPolicy\":\"SingleStack\",\"internalTrafficPolicy\":\"Cluster\"}");
	expect_members(text, "status", "{\"loadBalancer\":{}}");
	free(text);
	text = filled("v1", "Service",
		      NAMED("\"type\":\"LoadBalancer\",\"ports\":[{\"port\":80,\"name\":\"a\","
			    "\"targetPort\":\"http\"},{\"port\":81,\"name\":\"b\"}]"));
	expect_members(text, "spec/ports",
		       "[{\"port\":80,\"name\":\"a\",\"targetPort\":\"http\",\"protocol\":\"TCP\","
		       "\"nodePort\":30001},{\"port\":81,\"name\":\"b\",\"protocol\":\"TCP\","
		       "\"targetPort\":81,\"nodePort\":30002}]");
	expect_members(text, "spec/externalTrafficPolicy", "\"Cluster\"");
	free(text);
	text = filled("v1", "Service", NAMED("\"clusterIP\":\"None\",\"ports\":[{\"port\":80}]"));
	expect_members(text, "spec/clusterIPs", "[\"None\"]");
	free(text);
	text = filled("v1", "Service", NAMED("\"type\":\"ExternalName\",\"externalName\":\"x.y\""));
	expect_members(text, "spec",
		       "{\"type\":\"ExternalName\",\"sessionAffinity\":\"None\",\"externalName\":"
		       "\"x.y\"}");
	free(text);
}

static void
fill_service_that_changes_keeps_its_address_and_ports(void **state)
{
	char *old = filled("v1", "Service",
			   NAMED("\"type\":\"NodePort\",\"clusterIP\":\"10.96.7.7\",\"ports\":[{"
				 "\"port\":80,\"nodePort\":31234}]"));
	char *text = fill("v1", "Service", old,
			  NAMED("\"type\":\"NodePort\",\"ports\":[{\"port\":80}]"));

	(void)state;
	expect_members(text, "spec/clusterIP", "\"10.96.7.7\"");
	expect_members(text, "spec/ports/0/nodePort", "31234");
	free(text);
	text = fill("v1", "Service", old,
		    NAMED("\"clusterIP\":\"10.96.8.8\",\"ports\":[{\"port\":80}]"));
	assert_string_equal(text,
			    "422 Service \"d\" is invalid: spec.clusterIPs[0]: Invalid value: "
			    "[]string{\"10.96.8.8\"}: may not change once set");
	free(text);
	text = fill("v1", "Service", old,
		    NAMED("\"type\":\"ExternalName\",\"externalName\":\"a.b\",\"clusterIP\":"
			  "\"10.96.7.7\""));
	expect_members(text, "spec",
		       "{\"type\":\"ExternalName\",\"sessionAffinity\":\"None\",\"externalName\":"
		       "\"a.b\"}");
	free(text);
	free(old);
}

static void
fill_service_with_mistakes_says_what_the_server_says(void **state)
{
	(void)state;
	expect("v1", "Service", NAMED("\"selector\":{\"a\":\"b\"}"),
	       "422 Service \"d\" is invalid: spec.ports: Required value");
	expect("v1", "Service", NAMED("\"type\":\"Bad\",\"ports\":[{\"port\":0},{\"port\":1}]"),
	       "422 Service \"d\" is invalid: [spec.ports[0].name: Required value, spec.ports[0]."
	       "port: Invalid value: 0: must be between 1 and 65535, inclusive, spec.ports[0]."
	       "targetPort: Invalid value: 0: must be between 1 and 65535, inclusive, "
	       "spec.ports[1].name: Required value, spec.type: Unsupported value: \"Bad\": "
	       "supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", "
	       "\"NodePort\"]");
	expect("v1", "Service", NAMED("\"type\":\"ExternalName\""),
	       "422 Service \"d\" is invalid: spec.externalName: Required value");
}

/* ---- data ---- */

static void
fill_secret_puts_texts_into_data(void **state)
{
	(void)state;
	expect("v1", "Secret",
	       "{\"metadata\":{\"name\":\"s\"},\"stringData\":{\"a\":\"b\",\"e\":\"\"},\"data\":{"
	       "\"a\":\"eA==\",\"c\":\"eQ==\"}}",
	       "{\"metadata\":{\"name\":\"s\"},\"data\":{\"c\":\"eQ==\",\"a\":\"Yg==\",\"e\":\"\"},"
	       "\"type\":\"Opaque\"}");
}

static void
fill_data_with_mistakes_is_refused(void **state)
{
	(void)state;
	expect("v1", "Secret",
	       "{\"metadata\":{\"name\":\"s\"},\"type\":\"kubernetes.io/tls\",\"data\":{}}",
	       "422 Secret \"s\" is invalid: [data[tls.crt]: Required value, data[tls.key]: "
	       "Required value]");
	expect("v1", "ConfigMap", "{\"metadata\":{\"name\":\"c\"},\"data\":{\"a b\":\"x\"}}",
	       "422 ConfigMap \"c\" is invalid: data[a b]: Invalid value: \"a b\": a valid config "
	       "key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
	       "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
	char *text = fill("v1", "Secret", NULL,
			  "{\"metadata\":{\"name\":\"s\"},\"data\":{\"a\":\"%%\"}}");
	assert_true(str_starts_with(text, "400 "));
	free(text);
	text = fill("v1", "ConfigMap", NULL, "{\"metadata\":{\"name\":\"s\"},\"data\":{\"a\":1}}");
	assert_true(str_starts_with(text, "400 "));
	free(text);
}

static void
fill_data_that_is_immutable_does_not_change(void **state)
{
	static const char before[] = "{\"metadata\":{\"name\":\"s\"},\"immutable\":true,\"data\":{"
				     "\"a\":\"Yg==\"}}";

	(void)state;
	expect_change(
		"v1", "Secret", before,
		"{\"metadata\":{\"name\":\"s\"},\"immutable\":true,\"data\":{\"a\":\"eA==\"}}",
		"422 Secret \"s\" is invalid: data: Forbidden: field is immutable when "
		"`immutable` is set");
	expect_change("v1", "Secret", before,
		      "{\"metadata\":{\"name\":\"s\"},\"data\":{\"a\":\"Yg==\"}}",
		      "422 Secret \"s\" is invalid: immutable: Forbidden: field is immutable when "
		      "`immutable` is set");
	expect_change(
		"v1", "Secret", "{\"metadata\":{\"name\":\"s\"}}",
		"{\"metadata\":{\"name\":\"s\"},\"type\":\"x\"}",
		"422 Secret \"s\" is invalid: type: Invalid value: \"x\": field is immutable");
}

/* ---- others ---- */

static void
fill_others_gives_what_they_lack(void **state)
{
	char *text =
		filled("rbac.authorization.k8s.io/v1", "RoleBinding",
		       "{\"metadata\":{\"name\":\"r\"},\"roleRef\":{\"kind\":\"ClusterRole\","
		       "\"name\":\"view\"},\"subjects\":[{\"kind\":\"User\",\"name\":\"a\"}]}");

	(void)state;
	expect_members(text, "roleRef/apiGroup", "\"rbac.authorization.k8s.io\"");
	expect_members(text, "subjects/0/apiGroup", "\"rbac.authorization.k8s.io\"");
	char *changed = fill("rbac.authorization.k8s.io/v1", "RoleBinding", text,
			     "{\"metadata\":{\"name\":\"r\"},\"roleRef\":{\"kind\":\"ClusterRole\","
			     "\"name\":\"y\"}}");
	assert_string_equal(changed,
			    "422 RoleBinding.rbac.authorization.k8s.io \"r\" is invalid: roleRef: "
			    "Invalid value: rbac.RoleRef{APIGroup:\"rbac.authorization.k8s.io\", "
			    "Kind:\"ClusterRole\", Name:\"y\"}: cannot change roleRef");
	free(changed);
	free(text);
	expect("rbac.authorization.k8s.io/v1", "Role",
	       "{\"metadata\":{\"name\":\"r\"},\"rules\":[{\"resources\":[\"pods\"]}]}",
	       "422 Role.rbac.authorization.k8s.io \"r\" is invalid: rules[0].verbs: Required "
	       "value: "
	       "verbs must contain at least one value");
	text = filled("v1", "PersistentVolumeClaim",
		      NAMED("\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{"
			    "\"storage\":\"1Gi\"}}"));
	expect_members(text, "metadata/finalizers", "[\"kubernetes.io/pvc-protection\"]");
	expect_members(text, "status/phase", "\"Pending\"");
	free(text);
	expect("v1", "Namespace", "{\"metadata\":{\"name\":\"n\"}}",
	       "{\"metadata\":{\"name\":\"n\"}}");
}

static void
free_address_and_port_are_not_taken_ones(void **state)
{
	struct store *store = store_new(kinds);
	struct defaults_pool pool = { store, kinds };
	char *a = defaults_free_address(&pool), *b = defaults_free_address(&pool);
	int port = defaults_free_port(&pool);

	(void)state;
	assert_true(str_starts_with(a, "10."));
	int second = atoi(a + 3);
	assert_true(second >= 96 && second <= 111);
	assert_string_not_equal(a, b);
	assert_true(port >= 30000 && port <= 32767);
	free(a);
	free(b);
	store_free(store);
}

static void
free_port_beside_a_service_that_has_all_others_is_the_last_one(void **state)
{
	struct store *store = store_new(kinds);
	struct defaults_pool pool = { store, kinds };
	struct store_write how = { 0 };
	struct refusal r = REFUSAL_INIT;
	const struct stored *stored = NULL;
	cJSON *service = cJSON_Parse(NAMED("\"ports\":[]")),
	      *space = cJSON_Parse("{\"metadata\":{\"name\":\"tsb\"}}");

	(void)state;
	for (int port = 30000; port <= 32767; port++) {
		cJSON *item = cJSON_CreateObject();

		json_add_int(item, "nodePort", port == 31000 ? 0 : port);
		cJSON_AddItemToArray(json_at(service, "spec/ports"), item);
	}
	assert_int_equal(store_create(store, kinds_by_resource(kinds, "", "v1", "namespaces"), "",
				      space, &how, &stored, &r),
			 0);
	stored_drop(stored);
	assert_int_equal(store_create(store, kinds_by_resource(kinds, "", "v1", "services"), "tsb",
				      service, &how, &stored, &r),
			 0);
	stored_drop(stored);
	int port = defaults_free_port(&pool); /* it does not look for ever */
	assert_true(port == 31000 || port == 0);
	store_free(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fill_service_gives_addresses_and_ports),
		cmocka_unit_test(fill_service_that_changes_keeps_its_address_and_ports),
		cmocka_unit_test(fill_service_with_mistakes_says_what_the_server_says),
		cmocka_unit_test(fill_secret_puts_texts_into_data),
		cmocka_unit_test(fill_data_with_mistakes_is_refused),
		cmocka_unit_test(fill_data_that_is_immutable_does_not_change),
		cmocka_unit_test(fill_others_gives_what_they_lack),
		cmocka_unit_test(free_address_and_port_are_not_taken_ones),
		cmocka_unit_test(free_port_beside_a_service_that_has_all_others_is_the_last_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
