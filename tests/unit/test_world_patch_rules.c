#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "fixture_patch.h"

static const struct list_rule *
rule(const char *group, const char *kind, const char *path)
{
	const struct list_rule *rules = patch_rules(group, kind);

	assert_non_null(rules);
	for (; rules->path; rules++)
		if (str_equal(rules->path, path))
			return rules;
	return NULL;
}

static void
patch_rules_of_pods_hold_wherever_a_template_is(void **state)
{
	static const struct {
		const char *group, *kind, *spec;
	} places[] = {
		{ "", "Pod", "spec" },
		{ "", "PodTemplate", "template.spec" },
		{ "", "ReplicationController", "spec.template.spec" },
		{ "apps", "Deployment", "spec.template.spec" },
		{ "apps", "ReplicaSet", "spec.template.spec" },
		{ "apps", "StatefulSet", "spec.template.spec" },
		{ "apps", "DaemonSet", "spec.template.spec" },
		{ "batch", "Job", "spec.template.spec" },
		{ "batch", "CronJob", "spec.jobTemplate.spec.template.spec" },
	};
	static const struct {
		const char *path, *keys;
	} wanted[] = {
		{ "containers", "name" },
		{ "initContainers", "name" },
		{ "ephemeralContainers", "name" },
		{ "containers.*.env", "name" },
		{ "initContainers.*.ports", "containerPort,protocol=TCP" },
		{ "containers.*.volumeMounts", "mountPath" },
		{ "volumes", "name" },
		{ "imagePullSecrets", "name" },
		{ "hostAliases", "ip" },
		{ "topologySpreadConstraints", "topologyKey,whenUnsatisfiable" },
		{ "nodeSelector", NULL },
		{ "containers.*.env.*.valueFrom.secretKeyRef", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (size_t k = 0; k < sizeof(wanted) / sizeof(wanted[0]); k++) {
			char *path = xasprintf("%s.%s", places[i].spec, wanted[k].path);
			const struct list_rule *found = rule(places[i].group, places[i].kind, path);

			if (!found || !str_equal(found->keys, wanted[k].keys))
				fail_msg("%s: %s", places[i].kind, path);
			free(path);
		}
}

static void
patch_rules_of_lists_that_are_whole_are_none(void **state)
{
	(void)state;
	assert_null(rule("", "Pod", "spec.tolerations"));
	assert_null(rule("", "Pod", "spec.containers.*.envFrom"));
	assert_null(rule("rbac.authorization.k8s.io", "Role", "rules"));
	assert_null(rule("", "ServiceAccount", "imagePullSecrets"));
	assert_null(rule("networking.k8s.io", "Ingress", "spec.rules"));
}

static void
patch_rules_of_services_and_accounts_are_known(void **state)
{
	const struct list_rule *ports = rule("", "Service", "spec.ports");

	(void)state;
	assert_string_equal(ports->keys, "port,protocol=TCP");
	assert_string_equal(ports->merge_key, "port");
	assert_null(rule("", "Service", "spec.selector")->keys);
	assert_string_equal(rule("", "ServiceAccount", "secrets")->keys, "name");
	assert_string_equal(rule("", "Node", "status.conditions")->keys, "type");
	assert_null(rule("batch", "Job", "status.conditions")->keys);
	assert_string_equal(rule("batch", "Job", "status.conditions")->merge_key, "type");
}

static void
patch_rules_of_metadata_hold_for_every_kind(void **state)
{
	static const struct {
		const char *group, *kind;
	} kinds[] = {
		{ "", "ConfigMap" },
		{ "", "Namespace" },
		{ "", "Secret" },
		{ "apiextensions.k8s.io", "CustomResourceDefinition" },
		{ "policy", "PodDisruptionBudget" },
		{ "rbac.authorization.k8s.io", "ClusterRole" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_string_equal(
			rule(kinds[i].group, kinds[i].kind, "metadata.finalizers")->keys, "");
		assert_string_equal(
			rule(kinds[i].group, kinds[i].kind, "metadata.ownerReferences")->keys,
			"uid");
	}
}

static void
patch_rules_of_unknown_kinds_are_none(void **state)
{
	(void)state;
	assert_null(patch_rules("install.tetrate.io", "ManagementPlane"));
	assert_null(patch_rules("apps", "Pod"));
	assert_null(patch_rules("", "Deployment"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patch_rules_of_pods_hold_wherever_a_template_is),
		cmocka_unit_test(patch_rules_of_lists_that_are_whole_are_none),
		cmocka_unit_test(patch_rules_of_services_and_accounts_are_known),
		cmocka_unit_test(patch_rules_of_metadata_hold_for_every_kind),
		cmocka_unit_test(patch_rules_of_unknown_kinds_are_none),
	};

	return cmocka_run_group_tests_name("world/patch_rules", tests, NULL, NULL);
}
