#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "world/api/discovery.h"

static struct kinds *kinds;

static int
setup(void **state)
{
	(void)state;
	kinds = kinds_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kinds_free(kinds);
	return 0;
}

static const cJSON *
named(const cJSON *list, const char *member, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (strcmp(json_string(item, member, ""), name) == 0)
			return item;
	fail_msg("no %s %s", member, name);
	return NULL;
}

static void
expect(const cJSON *value, const char *wanted)
{
	char *text = json_print(value);

	assert_string_equal(text, wanted);
	free(text);
}

static void
core_names_the_server(void **state)
{
	cJSON *document = discovery_core("127.21.7.20:6443");

	(void)state;
	expect(document, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
			 "\"serverAddressByClientCIDRs\":[{\"clientCIDR\":\"0.0.0.0/0\","
			 "\"serverAddress\":\"127.21.7.20:6443\"}]}");
	cJSON_Delete(document);
}

static void
groups_are_all_but_the_core(void **state)
{
	cJSON *document = discovery_groups(kinds), *one = discovery_group(kinds, "apps");
	const cJSON *apps = named(json_at(document, "groups"), "name", "apps"), *group;

	(void)state;
	expect(apps, "{\"name\":\"apps\",\"versions\":[{\"groupVersion\":\"apps/v1\",\"version\":"
		     "\"v1\"}],\"preferredVersion\":{\"groupVersion\":\"apps/v1\",\"version\":"
		     "\"v1\"}}");
	expect(one, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",\"name\":\"apps\",\"versions\":[{"
		    "\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}],\"preferredVersion\":{"
		    "\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}}");
	cJSON_ArrayForEach(group, json_at(document, "groups"))
		assert_string_not_equal(json_string(group, "name", ""), "");
	assert_null(discovery_group(kinds, "none.example.com"));
	cJSON_Delete(one);
	cJSON_Delete(document);
}

static void
resources_have_verbs_names_and_subresources(void **state)
{
	cJSON *document = discovery_resources(kinds, "", "v1");
	const cJSON *list = json_at(document, "resources");

	(void)state;
	assert_string_equal(json_string(document, "groupVersion", ""), "v1");
	expect(named(list, "name", "pods"),
	       "{\"name\":\"pods\",\"singularName\":\"pod\",\"namespaced\":true,\"kind\":\"Pod\","
	       "\"verbs\":[\"create\",\"delete\",\"deletecollection\",\"get\",\"list\",\"patch\","
	       "\"update\",\"watch\"],\"shortNames\":[\"po\"],\"categories\":[\"all\"]}");
	expect(named(list, "name", "pods/log"),
	       "{\"name\":\"pods/log\",\"singularName\":\"\",\"namespaced\":true,\"kind\":\"Pod\","
	       "\"verbs\":[\"get\"]}");
	expect(json_at(named(list, "name", "namespaces"), "verbs"),
	       "[\"create\",\"delete\",\"get\",\"list\",\"patch\",\"update\",\"watch\"]");
	cJSON_Delete(document);
	document = discovery_resources(kinds, "apps", "v1");
	expect(named(json_at(document, "resources"), "name", "deployments/scale"),
	       "{\"name\":\"deployments/scale\",\"singularName\":\"\",\"namespaced\":true,"
	       "\"group\":\"autoscaling\",\"version\":\"v1\",\"kind\":\"Scale\",\"verbs\":[\"get\","
	       "\"patch\",\"update\"]}");
	cJSON_Delete(document);
	document = discovery_resources(kinds, "authorization.k8s.io", "v1");
	expect(json_at(named(json_at(document, "resources"), "name", "selfsubjectaccessreviews"),
		       "verbs"),
	       "[\"create\"]");
	cJSON_Delete(document);
	assert_null(discovery_resources(kinds, "apps", "v2"));
	assert_null(discovery_resources(kinds, "none", "v1"));
}

static void
aggregated_is_chosen_by_the_accept_header(void **state)
{
	(void)state;
	assert_string_equal(
		discovery_aggregated_version(
			"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
			"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
			"application/json"),
		"v2");
	assert_string_equal(
		discovery_aggregated_version("application/json; g=apidiscovery.k8s.io; v=v2beta1; "
					     "as=APIGroupDiscoveryList, application/json"),
		"v2beta1");
	assert_null(discovery_aggregated_version("application/json"));
	assert_null(discovery_aggregated_version("application/json;as=Table;v=v1;g=meta.k8s.io"));
	assert_null(discovery_aggregated_version(NULL));
	assert_string_equal(
		discovery_aggregated_type("v2beta1"),
		"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList");
}

static void
aggregated_tells_all_at_once(void **state)
{
	cJSON *core = discovery_aggregated(kinds, true, "v2"),
	      *others = discovery_aggregated(kinds, false, "v2beta1");
	const cJSON *resources = json_at(core, "items/0/versions/0/resources"), *item;

	(void)state;
	assert_string_equal(json_string(core, "apiVersion", ""), "apidiscovery.k8s.io/v2");
	assert_int_equal(cJSON_GetArraySize(json_at(core, "items")), 1);
	assert_string_equal(json_string(named(resources, "resource", "pods"), "scope", ""),
			    "Namespaced");
	assert_string_equal(json_string(named(resources, "resource", "nodes"), "scope", ""),
			    "Cluster");
	item = named(json_at(named(resources, "resource", "pods"), "subresources"), "subresource",
		     "log");
	assert_string_equal(json_string(item, "responseKind/kind", ""), "Pod");
	assert_string_equal(json_string(others, "apiVersion", ""), "apidiscovery.k8s.io/v2beta1");
	item = named(json_at(others, "items"), "metadata/name", "apps");
	resources = json_at(item, "versions/0/resources");
	expect(json_at(named(resources, "resource", "deployments"), "responseKind"),
	       "{\"group\":\"apps\",\"version\":\"v1\",\"kind\":\"Deployment\"}");
	cJSON_Delete(core);
	cJSON_Delete(others);
}

static void
version_has_its_numbers(void **state)
{
	cJSON *document = discovery_version("v1.29.14+x"), *usual = discovery_version(NULL);

	(void)state;
	assert_string_equal(json_string(document, "major", ""), "1");
	assert_string_equal(json_string(document, "minor", ""), "29");
	assert_string_equal(json_string(document, "gitVersion", ""), "v1.29.14+x");
	assert_string_equal(json_string(usual, "gitVersion", ""), DISCOVERY_VERSION);
	cJSON_Delete(document);
	cJSON_Delete(usual);
}

static void
health_is_brief_unless_asked(void **state)
{
	char *brief = discovery_health("healthz", false), *all = discovery_health("readyz", true);

	(void)state;
	assert_string_equal(brief, "ok");
	assert_non_null(strstr(all, "[+]etcd ok\n"));
	assert_non_null(strstr(all, "readyz check passed\n"));
	free(brief);
	free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(core_names_the_server),
		cmocka_unit_test(groups_are_all_but_the_core),
		cmocka_unit_test(resources_have_verbs_names_and_subresources),
		cmocka_unit_test(aggregated_is_chosen_by_the_accept_header),
		cmocka_unit_test(aggregated_tells_all_at_once),
		cmocka_unit_test(version_has_its_numbers),
		cmocka_unit_test(health_is_brief_unless_asked),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
