#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "kube/rollout.h"

/* The object of `spec` and `status`, as the server would give it: {"metadata": NAME, GENERATION, …}. */
static cJSON *
object_of(const char *kind, int generation, const char *spec, const char *status)
{
	struct str text = STR_INIT;
	cJSON *object;

	str_printf(&text,
		   "{\"apiVersion\":\"apps/v1\",\"kind\":\"%s\",\"metadata\":{\"name\":\"x\","
		   "\"uid\":\"u\",\"generation\":%d},\"spec\":{%s},\"status\":{%s}}",
		   kind, generation, spec, status);
	object = cJSON_Parse(str_cstr(&text));
	if (!object)
		fail_msg("%s", str_cstr(&text));
	str_release(&text);
	return object;
}

#define DEPLOYMENT(replicas, all, updated, available)                                              \
	"\"replicas\":" #replicas,                                                                 \
		"\"observedGeneration\":2,\"replicas\":" #all ",\"updatedReplicas\":" #updated     \
		",\"availableReplicas\":" #available
#define ROLLING "\"updateStrategy\":{\"type\":\"RollingUpdate\"}"
#define PARTITION(replicas, at)                                                                    \
	"\"replicas\":" #replicas ",\"updateStrategy\":{\"type\":\"RollingUpdate\","               \
	"\"rollingUpdate\":{\"partition\":" #at "}}"

/* The sentences are those of kubectl rollout status. */
static const struct {
	const char *kind;
	int generation;
	const char *spec, *status;
	enum kube_rollout state;
	const char *sentence;
} cases[] = {
	{ "Deployment", 3, DEPLOYMENT(3, 3, 3, 3), KUBE_ROLLOUT_WAITING,
	  "Waiting for deployment spec update to be observed..." },
	{ "Deployment", 2, DEPLOYMENT(3, 4, 2, 2), KUBE_ROLLOUT_WAITING,
	  "Waiting for deployment \"x\" rollout to finish: 2 out of 3 new replicas have been "
	  "updated..." },
	{ "Deployment", 2, DEPLOYMENT(3, 4, 3, 3), KUBE_ROLLOUT_WAITING,
	  "Waiting for deployment \"x\" rollout to finish: 1 old replicas are pending "
	  "termination..." },
	{ "Deployment", 2, DEPLOYMENT(3, 3, 3, 2), KUBE_ROLLOUT_WAITING,
	  "Waiting for deployment \"x\" rollout to finish: 2 of 3 updated replicas are "
	  "available..." },
	{ "Deployment", 2, DEPLOYMENT(3, 3, 3, 3), KUBE_ROLLOUT_DONE,
	  "deployment \"x\" successfully rolled out" },
	{ "Deployment", 1, DEPLOYMENT(3, 3, 3, 3), KUBE_ROLLOUT_DONE,
	  "deployment \"x\" successfully rolled out" },
	{ "Deployment", 2, DEPLOYMENT(0, 0, 0, 0), KUBE_ROLLOUT_DONE,
	  "deployment \"x\" successfully rolled out" },
	{ "Deployment", 1, "", "\"observedGeneration\":1", KUBE_ROLLOUT_WAITING,
	  "Waiting for deployment \"x\" rollout to finish: 0 out of 1 new replicas have been "
	  "updated..." },
	{ "Deployment", 2, "\"replicas\":1",
	  "\"observedGeneration\":2,\"conditions\":[{\"type\":\"Available\",\"reason\":"
	  "\"ProgressDeadlineExceeded\"},{\"type\":\"Progressing\",\"status\":\"False\","
	  "\"reason\":\"ProgressDeadlineExceeded\"}]",
	  KUBE_ROLLOUT_FAILED, "deployment \"x\" exceeded its progress deadline" },
	{ "Deployment", 3, "\"replicas\":1",
	  "\"observedGeneration\":2,\"conditions\":[{\"type\":\"Progressing\",\"reason\":"
	  "\"ProgressDeadlineExceeded\"}]",
	  KUBE_ROLLOUT_WAITING, "Waiting for deployment spec update to be observed..." },
	{ "Deployment", 2, "\"replicas\":0",
	  "\"observedGeneration\":2,\"conditions\":[{\"type\":\"Available\",\"reason\":"
	  "\"ProgressDeadlineExceeded\"}]",
	  KUBE_ROLLOUT_DONE, "deployment \"x\" successfully rolled out" },
	{ "DaemonSet", 2, ROLLING, "\"observedGeneration\":1", KUBE_ROLLOUT_WAITING,
	  "Waiting for daemon set spec update to be observed..." },
	{ "DaemonSet", 2, ROLLING,
	  "\"observedGeneration\":2,\"desiredNumberScheduled\":5,\"updatedNumberScheduled\":2,"
	  "\"numberAvailable\":5",
	  KUBE_ROLLOUT_WAITING,
	  "Waiting for daemon set \"x\" rollout to finish: 2 out of 5 new pods have been "
	  "updated..." },
	{ "DaemonSet", 2, ROLLING,
	  "\"observedGeneration\":2,\"desiredNumberScheduled\":5,\"updatedNumberScheduled\":5,"
	  "\"numberAvailable\":4",
	  KUBE_ROLLOUT_WAITING,
	  "Waiting for daemon set \"x\" rollout to finish: 4 of 5 updated pods are available..." },
	{ "DaemonSet", 2, ROLLING,
	  "\"observedGeneration\":2,\"desiredNumberScheduled\":5,\"updatedNumberScheduled\":5,"
	  "\"numberAvailable\":5",
	  KUBE_ROLLOUT_DONE, "daemon set \"x\" successfully rolled out" },
	{ "DaemonSet", 1, "\"updateStrategy\":{\"type\":\"OnDelete\"}", "\"observedGeneration\":1",
	  KUBE_ROLLOUT_UNSUPPORTED,
	  "rollout status is only available for RollingUpdate strategy type" },
	{ "StatefulSet", 1, PARTITION(3, 0), "", KUBE_ROLLOUT_WAITING,
	  "Waiting for statefulset spec update to be observed..." },
	{ "StatefulSet", 2, PARTITION(3, 0), "\"observedGeneration\":1", KUBE_ROLLOUT_WAITING,
	  "Waiting for statefulset spec update to be observed..." },
	{ "StatefulSet", 2, PARTITION(3, 0), "\"observedGeneration\":2,\"readyReplicas\":1",
	  KUBE_ROLLOUT_WAITING, "Waiting for 2 pods to be ready..." },
	{ "StatefulSet", 2, PARTITION(3, 1),
	  "\"observedGeneration\":2,\"readyReplicas\":3,\"updatedReplicas\":1,"
	  "\"currentRevision\":\"a\",\"updateRevision\":\"b\"",
	  KUBE_ROLLOUT_WAITING,
	  "Waiting for partitioned roll out to finish: 1 out of 2 new pods have been "
	  "updated..." },
	{ "StatefulSet", 2, PARTITION(3, 1),
	  "\"observedGeneration\":2,\"readyReplicas\":3,\"updatedReplicas\":2,"
	  "\"currentRevision\":\"a\",\"updateRevision\":\"b\"",
	  KUBE_ROLLOUT_DONE, "partitioned roll out complete: 2 new pods have been updated..." },
	{ "StatefulSet", 2, PARTITION(3, 0),
	  "\"observedGeneration\":2,\"readyReplicas\":3,\"updatedReplicas\":3,"
	  "\"currentRevision\":\"b\",\"updateRevision\":\"b\"",
	  KUBE_ROLLOUT_DONE, "partitioned roll out complete: 3 new pods have been updated..." },
	{ "StatefulSet", 2, PARTITION(3, 0), /* beyond kubectl */
	  "\"observedGeneration\":2,\"readyReplicas\":3,\"updatedReplicas\":3,"
	  "\"currentRevision\":\"a\",\"updateRevision\":\"b\"",
	  KUBE_ROLLOUT_WAITING,
	  "waiting for statefulset rolling update to complete 3 pods at revision b..." },
	{ "StatefulSet", 2, "\"replicas\":2," ROLLING,
	  "\"observedGeneration\":2,\"readyReplicas\":2,\"updatedReplicas\":2,"
	  "\"currentReplicas\":2,\"currentRevision\":\"b\",\"updateRevision\":\"b\"",
	  KUBE_ROLLOUT_DONE, "statefulset rolling update complete 2 pods at revision b..." },
	{ "StatefulSet", 1, "\"updateStrategy\":{\"type\":\"OnDelete\"}", "",
	  KUBE_ROLLOUT_UNSUPPORTED,
	  "rollout status is only available for RollingUpdate strategy type" },
	{ "ReplicaSet", 1, "", "", KUBE_ROLLOUT_UNSUPPORTED,
	  "only a Deployment, a StatefulSet or a DaemonSet rolls out" },
};

static void
status_follows_the_rules_and_words_of_kubectl(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *object = object_of(cases[i].kind, cases[i].generation, cases[i].spec,
					  cases[i].status);
		struct str sentence = STR_INIT;
		enum kube_rollout got = kube_rollout_status(object, &sentence);

		assert_string_equal(str_cstr(&sentence), cases[i].sentence);
		if (got != cases[i].state)
			fail_msg("case %zu: %d instead of %d", i, (int)got, (int)cases[i].state);
		str_release(&sentence);
		cJSON_Delete(object);
	}
}

static void
paused_is_said_of_deployments_alone(void **state)
{
	cJSON *paused = object_of("Deployment", 1, "\"paused\":true", "");
	cJSON *other = object_of("StatefulSet", 1, "\"paused\":true", "");

	(void)state;
	assert_true(kube_rollout_paused(paused));
	assert_false(kube_rollout_paused(other));
	cJSON_Delete(paused);
	cJSON_Delete(other);
}

static void
assert_newest(const cJSON *workload, const cJSON *sets, const char *expected)
{
	char *text = kube_rollout_newest_selector(workload, sets);

	if (expected)
		assert_string_equal(text, expected);
	else
		assert_null(text);
	free(text);
}

#define SELECTOR "\"selector\":{\"matchLabels\":{\"app\":\"x\"}}"
#define SET(owner, revision, hash)                                                                 \
	"{\"metadata\":{\"annotations\":{\"deployment.kubernetes.io/revision\":\"" revision        \
	"\"},\"labels\":{\"pod-template-hash\":\"" hash "\"},\"ownerReferences\":[{\"uid\":"       \
	"\"other\"},{\"controller\":true,\"uid\":\"" owner "\"}]}}"

static void
newest_selector_names_the_newest_revision(void **state)
{
	cJSON *deployment = object_of("Deployment", 1, SELECTOR, "");
	cJSON *store = object_of("StatefulSet", 1, SELECTOR, "\"updateRevision\":\"x-7\"");
	cJSON *agent = object_of("DaemonSet", 1, SELECTOR, "");
	cJSON *sets = cJSON_Parse(
		"[" SET("u", "1", "old") "," SET("v", "2", "foreign") "," SET("u", "2", "new") "]");
	cJSON *annotations = cJSON_CreateObject();

	(void)state;
	assert_newest(deployment, sets, NULL); /* its controller has not looked at it */
	cJSON_AddItemToObject(cJSON_GetObjectItem(deployment, "metadata"), "annotations",
			      annotations);
	cJSON_AddStringToObject(annotations, "deployment.kubernetes.io/revision", "2");
	assert_newest(deployment, sets, "app=x,pod-template-hash=new");
	assert_newest(deployment, NULL, NULL);
	assert_newest(store, NULL, "app=x,controller-revision-hash=x-7");
	assert_newest(agent, NULL, NULL);
	annotations = cJSON_CreateObject();
	cJSON_AddItemToObject(cJSON_GetObjectItem(agent, "metadata"), "annotations", annotations);
	cJSON_AddStringToObject(annotations, "deprecated.daemonset.template.generation", "4");
	assert_newest(agent, NULL, "app=x,pod-template-generation=4");
	cJSON_Delete(sets);
	cJSON_Delete(agent);
	cJSON_Delete(store);
	cJSON_Delete(deployment);
}

static void
selector_has_every_requirement(void **state)
{
	cJSON *object = object_of(
		"Deployment", 1,
		"\"selector\":{\"matchLabels\":{\"a\":\"1\",\"b\":\"\"},\"matchExpressions\":["
		"{\"key\":\"c\",\"operator\":\"In\",\"values\":[\"x\",\"y\"]},"
		"{\"key\":\"d\",\"operator\":\"NotIn\",\"values\":[\"z\"]},"
		"{\"key\":\"e\",\"operator\":\"Exists\"},"
		"{\"key\":\"f\",\"operator\":\"DoesNotExist\"}]}",
		"");
	char *text = kube_rollout_selector(object);

	(void)state;
	assert_string_equal(text, "a=1,b=,c in (x,y),d notin (z),e,!f");
	free(text);
	cJSON_Delete(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_follows_the_rules_and_words_of_kubectl),
		cmocka_unit_test(paused_is_said_of_deployments_alone),
		cmocka_unit_test(newest_selector_names_the_newest_revision),
		cmocka_unit_test(selector_has_every_requirement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
