#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "helm/helm_kinds.h"
#include "helm/helm_patch.h"
#include "helm/helm_release.h"
#include "helm/helm_render.h"
#include "helm/helm_time.h"
#include "helm/helm_wait.h"
#include "helm/helm_yaml.h"

static cJSON *
parsed(const char *text)
{
	struct err e = ERR_INIT;
	cJSON *value = json_parse(text, strlen(text), &e);

	if (!value)
		fail_msg("%s: %s", text, e.message);
	return value;
}

static void
assert_json(const cJSON *value, const char *expected)
{
	char *text = json_print(value);

	assert_string_equal(text, expected);
	free(text);
}

/* ---- records ---- */

static void
release_decode_gives_what_encode_took(void **state)
{
	cJSON *chart = parsed("{\"name\":\"r/c\",\"version\":\"1.0.0\",\"values\":{\"a\":1},"
			      "\"templates\":[{\"name\":\"templates/a.yaml\",\"objects\":[]}]}");
	cJSON *release = helm_release_new("mp", "tsb", chart, NULL), *again;
	struct err e = ERR_INIT;
	char *data = helm_release_encode(release);

	(void)state;
	assert_true(str_starts_with(data, "SDRzSUFB")); /* base64 of base64 of gzip's first bytes */
	again = helm_release_decode(data, &e);
	assert_non_null(again);
	assert_true(cJSON_Compare(release, again, true));
	assert_string_equal(json_string(again, "chart/metadata/name", ""), "c");
	assert_null(json_at(again, "config"));
	assert_null(helm_release_decode("bm90aGluZw==", &e));
	assert_string_equal(e.message, "failed to decode release");
	cJSON_Delete(again);
	cJSON_Delete(release);
	cJSON_Delete(chart);
	free(data);
}

static void
time_texts_are_gos(void **state)
{
	char out[HELM_TIME_MAX];

	(void)state;
	assert_string_equal(helm_time_ansic("2026-11-01T21:15:33.5Z", out),
			    "Sun Nov  1 21:15:33 2026");
	assert_string_equal(helm_time_string("2026-11-21T21:15:33.123456789Z", out),
			    "2026-11-21 21:15:33.123456789 +0000 UTC");
	assert_string_equal(helm_time_string("2026-11-21T21:15:33+01:00", out),
			    "2026-11-21 21:15:33 +0100 +0100");
}

/* ---- YAML ---- */

static void
assert_yaml(const char *json, const char *expected)
{
	struct str out = STR_INIT;
	cJSON *value = parsed(json);

	helm_yaml_print(value, true, &out);
	assert_string_equal(str_cstr(&out), expected);
	str_release(&out);
	cJSON_Delete(value);
}

static void
yaml_print_is_as_go_prints(void **state)
{
	(void)state;
	assert_yaml("{\"b\":{},\"a\":[1,{\"x\":1,\"z\":[]}]}", "a:\n- 1\n- x: 1\n  z: []\nb: {}\n");
	assert_yaml("{\"a\":\"true\",\"b\":\"1\",\"c\":\"\",\"d\":\"*\",\"e\":\"a: b\"}",
		    "a: \"true\"\nb: \"1\"\nc: \"\"\nd: '*'\ne: 'a: b'\n");
	assert_yaml("{\"t\":\"2026-11-21T21:15:33Z\",\"v\":\"1.12.0\",\"k\":null}",
		    "k: null\nt: \"2026-11-21T21:15:33Z\"\nv: 1.12.0\n");
	assert_yaml("{\"a\":\"one\\ntwo\\n\",\"b\":[\"x\\ny\"]}",
		    "a: |\n  one\n  two\nb:\n- |-\n  x\n  y\n");
	assert_yaml("{\"a\":[[1,2]],\"y\":\"it's\"}", "a:\n- - 1\n  - 2\n\"y\": it's\n");
}

static void
yaml_objects_reads_what_print_wrote(void **state)
{
	static const char json[] =
		"{\"a\":\"- x\",\"b\":\"#\",\"c\":\" x\",\"d\":\"a\\n\\n b\\n\","
		"\"e\":\"0x1f\",\"f\":\"tab\\there\",\"g\":[[],{}],\"h\":\"a #b\","
		"\"i\":\"x:\",\"j\":\"null\",\"k\":\"-\",\"l\":\"%a\",\"m\":\"1_000\"}";
	cJSON *value = parsed(json), *objects;
	struct str out = STR_INIT;

	(void)state;
	helm_yaml_print(value, false, &out);
	objects = helm_yaml_objects(str_cstr(&out));
	assert_int_equal(cJSON_GetArraySize(objects), 1);
	assert_json(objects->child, json);
	cJSON_Delete(objects);
	cJSON_Delete(value);
	str_release(&out);
}

/* ---- patches ---- */

static void
assert_patch(const char *before, const char *after, bool strategic, const char *expected)
{
	cJSON *old = parsed(before), *new = parsed(after);
	cJSON *patch = helm_patch_make(old, new, strategic);

	assert_json(patch, expected);
	cJSON_Delete(patch);
	cJSON_Delete(new);
	cJSON_Delete(old);
}

static void
patch_make_takes_out_what_is_gone(void **state)
{
	(void)state;
	assert_patch("{\"a\":1,\"m\":{\"x\":1,\"y\":2}}", "{\"m\":{\"x\":3}}", true,
		     "{\"m\":{\"x\":3,\"y\":null},\"a\":null}");
	assert_patch("{\"env\":[{\"name\":\"A\"},{\"name\":\"B\",\"value\":\"1\"}]}",
		     "{\"env\":[{\"name\":\"B\"}]}", true,
		     "{\"env\":[{\"name\":\"B\",\"value\":null},{\"$patch\":\"delete\",\"name\":"
		     "\"A\"}]}");
	assert_patch("{\"env\":[{\"name\":\"A\"}]}", "{\"env\":[{\"name\":\"B\"}]}", false,
		     "{\"env\":[{\"name\":\"B\"}]}");
	assert_patch("{\"args\":[\"a\"]}", "{\"args\":[\"b\"]}", true, "{\"args\":[\"b\"]}");
	assert_patch("{\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{}}}",
		     "{\"strategy\":{\"type\":\"Recreate\"}}", true,
		     "{\"strategy\":{\"type\":\"Recreate\",\"rollingUpdate\":null,"
		     "\"$retainKeys\":[\"type\"]}}");
}

static void
patch_is_strategic_for_the_servers_own_kinds(void **state)
{
	(void)state;
	assert_true(helm_patch_is_strategic(""));
	assert_true(helm_patch_is_strategic("apps"));
	assert_true(helm_patch_is_strategic("rbac.authorization.k8s.io"));
	assert_false(helm_patch_is_strategic("apiextensions.k8s.io"));
	assert_false(helm_patch_is_strategic("install.tetrate.io"));
}

/* ---- order and readiness ---- */

static void
kinds_compare_is_helms_order(void **state)
{
	static const char *const order[] = { "Namespace",  "Secret",	 "ClusterRole", "Service",
					     "Deployment", "APIService", "Anything",	"Buoy" };
	static const char *const removal[] = { "APIService",  "Ingress",   "IngressClass",
					       "Service",     "CronJob",   "Deployment",
					       "ClusterRole", "Namespace", "Buoy" };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(order) / sizeof(order[0]); i++)
		assert_true(helm_kinds_compare(order[i], order[i + 1]) < 0);
	for (size_t i = 0; i + 1 < sizeof(removal) / sizeof(removal[0]); i++)
		assert_true(helm_kinds_compare_removal(removal[i], removal[i + 1]) < 0);
	assert_int_equal(helm_kinds_compare("Service", "Service"), 0);
}

static void
assert_ready(const char *object, const char *newest, int expected)
{
	struct err e = ERR_INIT;
	cJSON *value = parsed(object), *set = newest ? parsed(newest) : NULL;

	if (helm_ready(value, set, true, &e) != expected)
		fail_msg("%s is not %d", object, expected);
	cJSON_Delete(set);
	cJSON_Delete(value);
}

static void
ready_judges_each_kind_as_helm(void **state)
{
	static const char four[] =
		"{\"kind\":\"Deployment\",\"metadata\":{\"generation\":2},\"spec\":"
		"{\"replicas\":4,\"strategy\":{\"rollingUpdate\":{\"maxUnavailable\":"
		"\"25%\",\"maxSurge\":\"25%\"}}},\"status\":{\"observedGeneration\":2}}";

	(void)state;
	assert_ready(four, NULL, 0);
	assert_ready(four, "{\"status\":{\"readyReplicas\":2}}", 0);
	assert_ready(four, "{\"status\":{\"readyReplicas\":3}}", 1);
	assert_ready("{\"kind\":\"Deployment\",\"metadata\":{\"generation\":3},\"spec\":{"
		     "\"replicas\":1},"
		     "\"status\":{\"observedGeneration\":2}}",
		     "{\"status\":{\"readyReplicas\":1}}", 0);
	assert_ready("{\"kind\":\"Service\",\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"10.0."
		     "0.1\"}}",
		     NULL, 1);
	assert_ready(
		"{\"kind\":\"Service\",\"spec\":{\"type\":\"LoadBalancer\",\"clusterIP\":\"1\"}}",
		NULL, 0);
	assert_ready(
		"{\"kind\":\"Service\",\"spec\":{\"type\":\"LoadBalancer\",\"clusterIP\":\"1\"},"
		"\"status\":{\"loadBalancer\":{\"ingress\":[{}]}}}",
		NULL, 1);
	assert_ready("{\"kind\":\"PersistentVolumeClaim\",\"status\":{\"phase\":\"Pending\"}}",
		     NULL, 0);
	assert_ready("{\"kind\":\"Job\",\"spec\":{\"completions\":1},\"status\":{\"succeeded\":1}}",
		     NULL, 1);
	assert_ready("{\"kind\":\"Job\",\"spec\":{\"backoffLimit\":0},\"status\":{\"failed\":1}}",
		     NULL, -1);
	assert_ready("{\"kind\":\"StatefulSet\",\"spec\":{\"replicas\":2},\"status\":"
		     "{\"updatedReplicas\":2,\"readyReplicas\":1}}",
		     NULL, 0);
	assert_ready("{\"kind\":\"ConfigMap\"}", NULL, 1);
}

/* ---- rendering ---- */

static int
render(const char *values, char **manifest, char **notes, struct err *e)
{
	cJSON *chart = parsed(
		"{\"name\":\"r/quay\",\"version\":\"1.0.0\",\"notes\":\"Hello ${.release.name}\","
		"\"checks\":[{\"expect\":\".values.n < 3\",\"message\":\"too many\"}],"
		"\"templates\":[{\"name\":\"templates/"
		"b.yaml\",\"objects\":[{\"kind\":\"Buoy\",\"n\":"
		"\"${.values.n}\",\"gone\":\"${.values.gone}\",\"l\":[\"${.values.gone}\",\"x\"]}]}"
		","
		"{\"name\":\"templates/a.yaml\",\"when\":\".values.n > 1\",\"objects\":[{\"kind\":"
		"\"Service\",\"in\":\"${.release.namespace}-${.release.revision}\"}]}]}");
	cJSON *object = parsed(values);
	struct helm_rendering rendering = {
		.chart = chart, .values = object, .name = "mp", .ns = "tsb", .revision = 4
	};
	int rc = helm_render(&rendering, manifest, notes, e);

	cJSON_Delete(object);
	cJSON_Delete(chart);
	return rc;
}

static void
render_expands_orders_and_leaves_out(void **state)
{
	struct err e = ERR_INIT;
	char *manifest = NULL, *notes = NULL;

	(void)state;
	if (render("{\"n\":2}", &manifest, &notes, &e) < 0)
		fail_msg("%s", e.message);
	assert_string_equal(manifest,
			    "---\n# Source: quay/templates/a.yaml\nkind: Service\nin: tsb-4\n"
			    "---\n# Source: quay/templates/b.yaml\nkind: Buoy\n\"n\": 2\nl:\n"
			    "- x\n");
	assert_string_equal(notes, "Hello mp");
	free(manifest);
	free(notes);
	assert_int_equal(render("{\"n\":1}", &manifest, &notes, &e), 0);
	assert_null(strstr(manifest, "templates/a.yaml"));
	free(manifest);
	free(notes);
	assert_int_equal(render("{\"n\":3}", &manifest, &notes, &e), -1);
	assert_string_equal(e.message,
			    "execution error at (quay/templates/_checks.tpl:1:4): too many");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(release_decode_gives_what_encode_took),
		cmocka_unit_test(time_texts_are_gos),
		cmocka_unit_test(yaml_print_is_as_go_prints),
		cmocka_unit_test(yaml_objects_reads_what_print_wrote),
		cmocka_unit_test(patch_make_takes_out_what_is_gone),
		cmocka_unit_test(patch_is_strategic_for_the_servers_own_kinds),
		cmocka_unit_test(kinds_compare_is_helms_order),
		cmocka_unit_test(ready_judges_each_kind_as_helm),
		cmocka_unit_test(render_expands_orders_and_leaves_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
