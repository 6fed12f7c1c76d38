#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_world_defaults.h"

/* ---- pods ---- */

static void
fill_pod_gives_what_the_server_gives(void **state)
{
	char *text = filled(
		"v1", "Pod",
		NAMED("\"containers\":[{\"name\":\"a\",\"image\":\"nginx\",\"ports\":[{"
		      "\"containerPort\":80}],\"livenessProbe\":{\"httpGet\":{\"port\":80}},"
		      "\"resources\":{\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"}}}],"
		      "\"volumes\":[{\"name\":\"s\",\"secret\":{\"secretName\":\"s\"}},{\"name\":"
		      "\"e\"},{\"name\":\"h\",\"hostPath\":{\"path\":\"/x\"}}]"));

	(void)state;
	expect_members(
		text, "spec/containers/0",
		"{\"name\":\"a\",\"image\":\"nginx\",\"ports\":[{\"containerPort\":80,"
		"\"protocol\":\"TCP\"}],\"livenessProbe\":{\"httpGet\":{\"port\":80,\"path\":"
		"\"/\",\"scheme\":\"HTTP\"},\"timeoutSeconds\":1,\"periodSeconds\":10,"
		"\"successThreshold\":1,\"failureThreshold\":3},\"resources\":{\"limits\":{"
		"\"cpu\":\"1\",\"memory\":\"1Gi\"},\"requests\":{\"cpu\":\"1\",\"memory\":"
		"\"1Gi\"}},\"terminationMessagePath\":\"/dev/termination-log\","
		"\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":\"Always\"}");
	expect_members(text, "spec/volumes",
		       "[{\"name\":\"s\",\"secret\":{\"secretName\":\"s\",\"defaultMode\":420}},{"
		       "\"name\":\"e\",\"emptyDir\":{}},{\"name\":\"h\",\"hostPath\":{\"path\":"
		       "\"/x\",\"type\":\"\"}}]");
	expect_members(text, "spec/tolerations",
		       "[{\"key\":\"node.kubernetes.io/not-ready\",\"operator\":\"Exists\","
		       "\"effect\":\"NoExecute\",\"tolerationSeconds\":300},{\"key\":"
		       "\"node.kubernetes.io/unreachable\",\"operator\":\"Exists\",\"effect\":"
		       "\"NoExecute\",\"tolerationSeconds\":300}]");
	expect_members(text, "spec/restartPolicy", "\"Always\"");
	expect_members(text, "spec/serviceAccountName", "\"default\"");
	expect_members(text, "spec/serviceAccount", "\"default\"");
	expect_members(text, "spec/preemptionPolicy", "\"PreemptLowerPriority\"");
	expect_members(text, "spec/priority", "0");
	expect_members(text, "spec/enableServiceLinks", "true");
	expect_members(text, "status", "{\"phase\":\"Pending\",\"qosClass\":\"Guaranteed\"}");
	free(text);
}

static void
fill_pod_chooses_when_to_pull_by_the_tag(void **state)
{
	static const struct {
		const char *image, *policy;
	} cases[] = {
		{ "nginx", "\"Always\"" },
		{ "nginx:latest", "\"Always\"" },
		{ "nginx:1.2", "\"IfNotPresent\"" },
		{ "r.example.com:5000/nginx", "\"Always\"" },
		{ "r.example.com:5000/nginx:1", "\"IfNotPresent\"" },
		{ "nginx@sha256:4355", "\"IfNotPresent\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *json = xasprintf(NAMED("\"containers\":[{\"name\":\"a\",\"image\":\"%s\"}]"),
				       cases[i].image);
		char *text = filled("v1", "Pod", json);

		expect_members(text, "spec/containers/0/imagePullPolicy", cases[i].policy);
		expect_members(text, "status/qosClass", "\"BestEffort\"");
		free(text);
		free(json);
	}
}

static void
fill_pod_keeps_what_it_has(void **state)
{
	char *text = filled("v1", "Pod",
			    NAMED("\"serviceAccountName\":\"op\",\"hostNetwork\":true,"
				  "\"restartPolicy\":\"Never\",\"tolerations\":[{\"operator\":"
				  "\"Exists\"}],\"containers\":[{\"name\":\"a\",\"image\":\"x\","
				  "\"imagePullPolicy\":\"Never\",\"ports\":[{\"containerPort\":80}]"
				  "}]"));

	(void)state;
	expect_members(text, "spec/serviceAccount", "\"op\"");
	expect_members(text, "spec/restartPolicy", "\"Never\"");
	expect_members(text, "spec/tolerations", "[{\"operator\":\"Exists\"}]");
	expect_members(text, "spec/containers/0/imagePullPolicy", "\"Never\"");
	expect_members(text, "spec/containers/0/ports/0/hostPort", "80");
	free(text);
}

static void
fill_pod_with_mistakes_names_all_of_them(void **state)
{
	(void)state;
	expect("v1", "Pod", "{\"metadata\":{\"name\":\"p\"}}",
	       "422 Pod \"p\" is invalid: spec.containers: Required value");
	expect("v1", "Pod",
	       NAMED("\"containers\":[{\"image\":\"x\"},{\"name\":\"c\",\"image\":\"x\"},{\"name\":"
		     "\"c\"}]"),
	       "422 Pod \"d\" is invalid: [spec.containers[0].name: Required value, "
	       "spec.containers[2].name: Duplicate value: \"c\", spec.containers[2].image: "
	       "Required "
	       "value]");
	expect("v1", "Pod",
	       NAMED("\"restartPolicy\":\"Sometimes\",\"containers\":[{\"name\":\"a\",\"image\":"
		     "\"x\",\"imagePullPolicy\":\"Bad\",\"volumeMounts\":[{\"name\":\"nov\","
		     "\"mountPath\":\"/x\"}],\"ports\":[{\"containerPort\":99999}],\"env\":[{"
		     "\"name\":\"\",\"value\":\"x\"}]}]"),
	       "422 Pod \"d\" is invalid: [spec.containers[0].ports[0].containerPort: Invalid "
	       "value: 99999: must be between 1 and 65535, inclusive, spec.containers[0].env[0]."
	       "name: Required value, spec.containers[0].volumeMounts[0].name: Not found: \"nov\", "
	       "spec.containers[0].imagePullPolicy: Unsupported value: \"Bad\": supported values: "
	       "\"Always\", \"IfNotPresent\", \"Never\", spec.restartPolicy: Unsupported value: "
	       "\"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"]");
}

static void
fill_pod_changes_only_its_images(void **state)
{
	char *old = filled("v1", "Pod", NAMED("\"containers\":[" CONTAINER "]"));
	cJSON *object = cJSON_Parse(old);

	(void)state;
	cJSON_SetValuestring(json_at(object, "spec/containers/0/image"), "y:2");
	char *json = json_print(object), *text = fill("v1", "Pod", old, json);
	assert_int_equal(text[0], '{');
	free(json);
	free(text);
	cJSON_SetValuestring(json_at(object, "spec/restartPolicy"), "Never");
	json = json_print(object);
	text = fill("v1", "Pod", old, json);
	assert_true(str_starts_with(text, "422 Pod \"d\" is invalid: spec: Forbidden: pod updates "
					  "may not change fields other than"));
	free(json);
	free(text);
	free(old);
	cJSON_Delete(object);
}

/* ---- what makes pods ---- */

static void
fill_deployment_gives_strategy_and_limits(void **state)
{
	char *text = filled("apps/v1", "Deployment", NAMED(SELECTOR ",\"template\":" TEMPLATE));

	(void)state;
	expect_members(text, "spec",
		       "{\"replicas\":1," SELECTOR
		       ",\"template\":{\"metadata\":{\"creationTimestamp\":null,\"labels\":{\"a\":"
		       "\"b\"}},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x\","
		       "\"resources\":{},\"terminationMessagePath\":\"/dev/termination-log\","
		       "\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":\"Always\"}],"
		       "\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,"
		       "\"dnsPolicy\":\"ClusterFirst\",\"securityContext\":{},\"schedulerName\":"
		       "\"default-scheduler\"}},\"strategy\":{\"type\":\"RollingUpdate\","
		       "\"rollingUpdate\":{\"maxUnavailable\":\"25%\",\"maxSurge\":\"25%\"}},"
		       "\"revisionHistoryLimit\":10,\"progressDeadlineSeconds\":600}");
	expect_members(text, "status", "{}");
	free(text);
	text = filled("apps/v1", "Deployment",
		      NAMED("\"replicas\":0,\"strategy\":{\"type\":\"Recreate\"}," SELECTOR
			    ",\"template\":" TEMPLATE));
	expect_members(text, "spec/strategy", "{\"type\":\"Recreate\"}");
	expect_members(text, "spec/replicas", "0");
	free(text);
}

static void
fill_others_gives_their_strategies(void **state)
{
	char *text = filled("apps/v1", "StatefulSet",
			    NAMED(SELECTOR ",\"template\":" TEMPLATE
					   ",\"volumeClaimTemplates\":[{\"metadata\":{\"name\":"
					   "\"data\"}}]"));

	(void)state;
	expect_members(text, "spec/updateStrategy",
		       "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":0}}");
	expect_members(text, "spec/podManagementPolicy", "\"OrderedReady\"");
	expect_members(text, "spec/volumeClaimTemplates/0/spec/volumeMode", "\"Filesystem\"");
	free(text);
	text = filled("apps/v1", "DaemonSet", NAMED(SELECTOR ",\"template\":" TEMPLATE));
	expect_members(text, "spec/updateStrategy",
		       "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxUnavailable\":1,"
		       "\"maxSurge\":0}}");
	free(text);
	text = filled("apps/v1", "ReplicaSet", NAMED(SELECTOR ",\"template\":" TEMPLATE));
	expect_members(text, "spec/replicas", "1");
	expect_members(text, "status", "{\"replicas\":0}");
	free(text);
	text = filled("batch/v1", "Job", NAMED("\"template\":" TEMPLATE_OF_JOB));
	expect_members(text, "spec/backoffLimit", "6");
	expect_members(text, "spec/completions", "1");
	expect_members(text, "spec/parallelism", "1");
	free(text);
	text = filled("batch/v1", "CronJob",
		      NAMED("\"schedule\":\"* * * * "
			    "*\",\"jobTemplate\":{\"spec\":{\"template\":" TEMPLATE_OF_JOB "}}"));
	expect_members(text, "spec/concurrencyPolicy", "\"Allow\"");
	expect_members(text, "spec/successfulJobsHistoryLimit", "3");
	expect_members(text, "spec/jobTemplate/spec/template/spec/dnsPolicy", "\"ClusterFirst\"");
	free(text);
}

static void
fill_workload_with_mistakes_says_what_the_server_says(void **state)
{
	static const char *const kinds_with_selectors[] = { "Deployment", "ReplicaSet",
							    "StatefulSet", "DaemonSet" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *wanted =
			xasprintf("422 %s.apps \"d\" is invalid: "
				  "spec.template.metadata.labels: Invalid value: "
				  "map[string]string{\"a\":\"b\"}: `selector` does not match "
				  "template `labels`",
				  kinds_with_selectors[i]);

		expect("apps/v1", kinds_with_selectors[i],
		       NAMED("\"selector\":{\"matchLabels\":{\"a\":\"c\"}},\"template\":" TEMPLATE),
		       wanted);
		free(wanted);
	}
	expect("apps/v1", "Deployment", "{\"metadata\":{\"name\":\"d\"}}",
	       "422 Deployment.apps \"d\" is invalid: [spec.selector: Required value, "
	       "spec.template.metadata.labels: Invalid value: map[string]string(nil): `selector` "
	       "does not match template `labels`, spec.template.spec.containers: Required value]");
	expect("apps/v1", "Deployment",
	       NAMED("\"replicas\":-1," SELECTOR ",\"template\":" TEMPLATE),
	       "422 Deployment.apps \"d\" is invalid: spec.replicas: Invalid value: -1: must be "
	       "greater than or equal to 0");
	expect("batch/v1", "Job", NAMED("\"template\":" TEMPLATE),
	       "422 Job.batch \"d\" is invalid: spec.template.spec.restartPolicy: Required value: "
	       "valid values: \"OnFailure\", \"Never\"");
	expect("batch/v1", "CronJob",
	       NAMED("\"schedule\":\"x y\",\"jobTemplate\":{\"spec\":{\"template\":" TEMPLATE_OF_JOB
		     "}}"),
	       "422 CronJob.batch \"d\" is invalid: spec.schedule: Invalid value: \"x y\": "
	       "Expected "
	       "exactly 5 fields, found 2: x y");
}

static void
fill_change_of_what_is_immutable_is_refused(void **state)
{
	(void)state;
	expect_change("apps/v1", "Deployment", NAMED(SELECTOR ",\"template\":" TEMPLATE),
		      NAMED("\"selector\":{\"matchLabels\":{\"c\":\"d\",\"a\":\"b\"}},\"template\":"
			    "{\"metadata\":{\"labels\":{\"a\":\"b\",\"c\":\"d\"}},\"spec\":{"
			    "\"containers\":[" CONTAINER "]}}"),
		      "422 Deployment.apps \"d\" is invalid: spec.selector: Invalid value: "
		      "v1.LabelSelector{MatchLabels:map[string]string{\"a\":\"b\", \"c\":\"d\"}, "
		      "MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable");
	expect_change(
		"batch/v1", "Job", NAMED("\"template\":" TEMPLATE_OF_JOB),
		NAMED("\"completions\":3,\"template\":" TEMPLATE_OF_JOB),
		"422 Job.batch \"d\" is invalid: spec.completions: Invalid value: 3: field is "
		"immutable");
	char *old = filled("apps/v1", "StatefulSet",
			   NAMED(SELECTOR ",\"serviceName\":\"x\",\"template\":" TEMPLATE));
	char *text = fill("apps/v1", "StatefulSet", old,
			  NAMED(SELECTOR ",\"serviceName\":\"y\",\"template\":" TEMPLATE));
	assert_non_null(strstr(text, "spec: Forbidden: updates to statefulset spec for fields"));
	free(text);
	text = fill("apps/v1", "StatefulSet", old,
		    NAMED(SELECTOR ",\"serviceName\":\"x\",\"replicas\":5,\"template\":" TEMPLATE));
	assert_int_equal(text[0], '{');
	free(text);
	free(old);
}

/* Controllers write without defaults: a label on such an object is no change of its spec. */
static void
fill_change_of_what_had_no_defaults_is_allowed(void **state)
{
	static const struct {
		const char *api_version, *kind, *json;
	} cases[] = {
		{ "v1", "Pod", NAMED("\"containers\":[" CONTAINER "]") },
		{ "batch/v1", "Job", NAMED("\"template\":" TEMPLATE_OF_JOB) },
		{ "apps/v1", "StatefulSet",
		  NAMED(SELECTOR ",\"template\":" TEMPLATE
				 ",\"volumeClaimTemplates\":[{\"metadata\":{\"name\":\"v\"}}]") },
		{ "apps/v1", "Deployment", NAMED(SELECTOR ",\"template\":" TEMPLATE) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
			fill(cases[i].api_version, cases[i].kind, cases[i].json, cases[i].json);

		if (text[0] != '{')
			fail_msg("%s", text);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fill_pod_gives_what_the_server_gives),
		cmocka_unit_test(fill_pod_chooses_when_to_pull_by_the_tag),
		cmocka_unit_test(fill_pod_keeps_what_it_has),
		cmocka_unit_test(fill_pod_with_mistakes_names_all_of_them),
		cmocka_unit_test(fill_pod_changes_only_its_images),
		cmocka_unit_test(fill_deployment_gives_strategy_and_limits),
		cmocka_unit_test(fill_others_gives_their_strategies),
		cmocka_unit_test(fill_workload_with_mistakes_says_what_the_server_says),
		cmocka_unit_test(fill_change_of_what_is_immutable_is_refused),
		cmocka_unit_test(fill_change_of_what_had_no_defaults_is_allowed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
