#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fixture_controllers.h"
#include "kube/rollout.h"

static int
setup(void **state)
{
	*state = bench_new(SPEED, 3);
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

#define FULL "'progressDeadlineSeconds':600,'revisionHistoryLimit':2,"

static void
wait_done(struct bench *b, const char *name)
{
	wait_value(b, "deployments", name, "Progressing:", "NewReplicaSetAvailable");
}

static bool
is_rolled_out(struct bench *b, const void *name)
{
	const struct stored *stored = get(b, "deployments", name);
	struct str sentence = STR_INIT;
	bool done = stored && kube_rollout_status(stored->object, &sentence) == KUBE_ROLLOUT_DONE;

	str_release(&sentence);
	stored_drop(stored);
	return done;
}

static void
wait_rolled_out(struct bench *b, const char *name)
{
	if (!wait_for(b, is_rolled_out, name))
		fail_msg("%s is not rolled out", name);
}

static void
deployment_of_three_becomes_available(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("web", "3", FULL, "nginx:1"));
	wait_rolled_out(b, "web");
	wait_done(b, "web");
	assert_value(b, "deployments", "web", "status/replicas", "3");
	assert_value(b, "deployments", "web", "status/availableReplicas", "3");
	assert_value(b, "deployments", "web", "status/unavailableReplicas", NULL);
	assert_value(b, "deployments", "web", "Available:", "MinimumReplicasAvailable");
	size_t count;
	const struct stored **sets = get_all(b, "replicasets", "app=web", &count);
	assert_int_equal(count, 1);
	const cJSON *notes = json_at(sets[0]->object, "metadata/annotations");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
				    notes, "deployment.kubernetes.io/revision")),
			    "1");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
				    notes, "deployment.kubernetes.io/max-replicas")),
			    "4");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
				    notes, "kubernetes.io/change-cause")),
			    "first");
	assert_string_equal(
		json_string(sets[0]->object, "metadata/labels/pod-template-hash", ""),
		json_string(sets[0]->object, "spec/selector/matchLabels/pod-template-hash", "-"));
	drop_all(sets, count);
	wait_told(b, "web", "ScalingReplicaSet", "Scaled up replica set web-", 1);
	wait_told(b, "web-", "SuccessfulCreate", "Created pod: web-", 1);
	wait_told(b, "web-", "Scheduled", "Successfully assigned n/web-", 1);
	wait_told(b, "web-", "Started", "Started container c", 1);
}

/* ---- rolling ---- */

struct extremes {
	int64_t least_available, most;
};

/* Follows every version of the Deployments from `version` on, as a watcher sees them. */
static struct extremes
replay(struct bench *b, uint64_t version)
{
	struct extremes x = { INT64_MAX, 0 };
	struct store_watch *watch;
	struct refusal r = REFUSAL_INIT;
	struct store_event event;
	const struct kind *kind = kind_of(b, "deployments");

	assert_int_equal(store_watch_new(b->cluster.store, kind, "n", version, &watch, &r), 0);
	while (store_watch_next(watch, 0, &event, &r) == 0 && event.type != STORE_NOTHING) {
		const cJSON *status = json_at(event.stored->object, "status");
		int64_t available = json_int(status, "availableReplicas", 0);

		if (available < x.least_available)
			x.least_available = available;
		if (json_int(status, "replicas", 0) > x.most)
			x.most = json_int(status, "replicas", 0);
		stored_drop(event.stored);
		stored_drop(event.before);
	}
	store_watch_free(watch);
	return x;
}

static void
deployment_with_another_template_rolls_within_its_bounds(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("web", "4", FULL, "nginx:1"));
	wait_done(b, "web");
	uint64_t version = store_version(b->cluster.store);
	patch(b, "deployments", "web",
	      "{'metadata':{'annotations':{'kubernetes.io/change-cause':'second'}},"
	      "'spec':{'template':{'spec':{'containers':[{'name':'c','image':'nginx:2'}]}}}}");
	wait_value(b, "deployments", "web", "status/updatedReplicas", "4");
	wait_rolled_out(b, "web");
	struct extremes x = replay(b, version);
	assert_in_range(x.least_available, 3, 4);
	assert_in_range(x.most, 5, 5);
	wait_count(b, "pods", "app=web", 4);
	const struct stored *stored = get(b, "deployments", "web");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
				    json_at(stored->object, "metadata/annotations"),
				    "deployment.kubernetes.io/revision")),
			    "2");
	stored_drop(stored);
	wait_told(b, "web", "ScalingReplicaSet", "Scaled down replica set", 1);
	/* as `kubectl rollout history` shows them */
	size_t count, first = 0;
	const struct stored **sets = get_all(b, "replicasets", "app=web", &count);
	for (size_t i = 0; i < count; i++)
		first += str_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
					   json_at(sets[i]->object, "metadata/annotations"),
					   "kubernetes.io/change-cause")),
				   "first");
	assert_int_equal(first, 1);
	drop_all(sets, count);
}

static void
deployment_whose_template_comes_back_reuses_its_set(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("web", "2", FULL, "nginx:1"));
	wait_done(b, "web");
	patch(b, "deployments", "web",
	      "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'nginx:2'}]}}}}");
	wait_value(b, "deployments", "web", "status/observedGeneration", "2");
	wait_rolled_out(b, "web");
	patch(b, "deployments", "web",
	      "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'nginx:1'}]}}}}");
	wait_value(b, "deployments", "web", "status/observedGeneration", "3");
	wait_rolled_out(b, "web");
	wait_count(b, "replicasets", "app=web", 2);
	const struct stored *stored = get(b, "deployments", "web");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
				    json_at(stored->object, "metadata/annotations"),
				    "deployment.kubernetes.io/revision")),
			    "3");
	stored_drop(stored);
}

static void
deployment_with_many_revisions_forgets_the_oldest(void **state)
{
	struct bench *b = *state;
	char text[160];

	put(b, DEPLOYMENT("web", "1", FULL, "nginx:1"));
	wait_done(b, "web");
	for (int i = 2; i < 7; i++) {
		char generation[8];

		snprintf(text, sizeof(text),
			 "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'n:%d'}]}}"
			 "}}",
			 i);
		patch(b, "deployments", "web", text);
		snprintf(generation, sizeof(generation), "%d", i);
		wait_value(b, "deployments", "web", "status/observedGeneration", generation);
		wait_rolled_out(b, "web");
	}
	wait_count(b, "replicasets", "app=web", 3);
}

static void
deployment_that_recreates_ends_all_old_pods_first(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("web", "2", FULL "'strategy':{'type':'Recreate'},", "nginx:1"));
	wait_done(b, "web");
	uint64_t version = store_version(b->cluster.store);
	patch(b, "deployments", "web",
	      "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'nginx:2'}]}}}}");
	wait_value(b, "deployments", "web", "status/observedGeneration", "2");
	wait_rolled_out(b, "web");
	wait_done(b, "web");
	struct extremes x = replay(b, version);
	assert_int_equal(x.least_available, 0);
	assert_int_equal(x.most, 2);
	wait_count(b, "pods", "app=web", 2);
}

/* ---- scaling, pausing, failing ---- */

static void
deployment_scaled_to_nothing_and_back_follows(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("tsb", "1", FULL, "tsb:1"));
	wait_done(b, "tsb");
	patch(b, "deployments", "tsb", "{'spec':{'replicas':0}}");
	wait_count(b, "pods", "app=tsb", 0);
	wait_value(b, "deployments", "tsb", "status/replicas", NULL);
	wait_rolled_out(b, "tsb");
	patch(b, "deployments", "tsb", "{'spec':{'replicas':3}}");
	wait_value(b, "deployments", "tsb", "status/availableReplicas", "3");
	wait_rolled_out(b, "tsb");
	assert_value(b, "deployments", "tsb", "Progressing:", "NewReplicaSetAvailable");
	wait_told(b, "tsb", "ScalingReplicaSet", "Scaled down replica set tsb-", 1);
	wait_count(b, "replicasets", "app=tsb", 1);
}

static void
deployment_that_is_paused_keeps_its_pods(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("web", "2", FULL, "nginx:1"));
	wait_done(b, "web");
	patch(b, "deployments", "web", "{'spec':{'paused':true}}");
	wait_value(b, "deployments", "web", "Progressing:", "DeploymentPaused");
	patch(b, "deployments", "web",
	      "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'nginx:2'}]}}}}");
	wait_value(b, "deployments", "web", "status/observedGeneration", "3");
	wait_count(b, "replicasets", "app=web", 1);
	patch(b, "deployments", "web", "{'spec':{'paused':null}}");
	wait_value(b, "deployments", "web", "status/updatedReplicas", "2");
	wait_rolled_out(b, "web");
	wait_count(b, "replicasets", "app=web", 2);
}

static void
deployment_that_never_gets_ready_exceeds_its_deadline(void **state)
{
	struct bench *b = *state;

	bench_set_fate(b, "web-", (struct pod_plan){ .fate = POD_UNREADY, .pull_ms = 1000 });
	put(b, DEPLOYMENT("web", "2", "'progressDeadlineSeconds':300,", "nginx:1"));
	wait_value(b, "deployments", "web", "Available:", "MinimumReplicasUnavailable");
	wait_value(b, "deployments", "web", "Progressing:", "ProgressDeadlineExceeded");
	assert_value(b, "deployments", "web", "Progressing=", "False");
	assert_value(b, "deployments", "web", "status/unavailableReplicas", "2");
	bench_set_fate(b, "web-", (struct pod_plan){ .fate = POD_RUNS });
	wait_done(b, "web");
	wait_rolled_out(b, "web");
}

/* What fails since this morning was rolled out months ago: `kubectl rollout status` waits for it. */
static void
deployment_of_the_past_that_fails_has_no_deadline_behind_it(void **state)
{
	struct bench *b = *state;

	bench_set_fate(b, "web-", (struct pod_plan){ .fate = POD_UNREADY, .pull_ms = 1000 });
	store_set_age(b->cluster.store, INT64_C(86400000));
	put(b, DEPLOYMENT("web", "2", "'progressDeadlineSeconds':300,", "nginx:1"));
	wait_done(b, "web");
	wait_value(b, "deployments", "web", "status/unavailableReplicas", "2");
	store_set_age(b->cluster.store, 0);
	assert_false(is_rolled_out(b, "web"));
	patch(b, "deployments", "web",
	      "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'nginx:2'}]}}}}");
	wait_value(b, "deployments", "web", "Progressing:", "ProgressDeadlineExceeded");
}

static void
deployment_whose_new_image_is_not_there_keeps_what_is_available(void **state)
{
	struct bench *b = *state;

	bench_set_fate(b, "nginx:2", (struct pod_plan){ .fate = POD_NO_IMAGE });
	put(b, DEPLOYMENT("web", "4", FULL, "nginx:1"));
	wait_done(b, "web");
	patch(b, "deployments", "web",
	      "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'nginx:2'}]}}}}");
	wait_value(b, "deployments", "web", "Progressing:", "ProgressDeadlineExceeded");
	assert_value(b, "deployments", "web", "status/availableReplicas", "3");
	assert_value(b, "deployments", "web", "status/updatedReplicas", "2");
	assert_value(b, "deployments", "web", "status/unavailableReplicas", "2");
	/* as `kubectl rollout undo` does */
	patch(b, "deployments", "web",
	      "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'nginx:1'}]}}}}");
	wait_value(b, "deployments", "web", "status/observedGeneration", "3");
	wait_rolled_out(b, "web");
	wait_done(b, "web");
}

static void
deployment_scaled_in_a_rollout_grows_in_proportion(void **state)
{
	struct bench *b = *state;

	bench_set_fate(b, "nginx:2", (struct pod_plan){ .fate = POD_UNREADY });
	put(b, DEPLOYMENT("web", "10",
			  FULL "'strategy':{'type':'RollingUpdate','rollingUpdate':"
			       "{'maxSurge':3,'maxUnavailable':2}},",
			  "nginx:1"));
	wait_done(b, "web");
	patch(b, "deployments", "web",
	      "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'nginx:2'}]}}}}");
	wait_value(b, "deployments", "web", "status/updatedReplicas", "5");
	wait_value(b, "deployments", "web", "status/availableReplicas", "8");
	patch(b, "deployments", "web", "{'spec':{'replicas':15}}");
	/* 18 in all: 8 and 5 of 13 grow by 3 and 2 */
	wait_value(b, "deployments", "web", "status/updatedReplicas", "7");
	wait_value(b, "deployments", "web", "status/replicas", "18");
}

static void
deployment_deleted_takes_its_sets_and_pods_along(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("web", "2", FULL, "nginx:1"));
	wait_done(b, "web");
	del(b, "deployments", "web", "Background");
	wait_count(b, "replicasets", "app=web", 0);
	wait_count(b, "pods", "app=web", 0);
}

static void
deployment_deleted_in_the_foreground_goes_last(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("web", "2", FULL, "nginx:1"));
	wait_done(b, "web");
	del(b, "deployments", "web", "Foreground");
	const struct stored *stored = get(b, "deployments", "web");
	assert_non_null(stored); /* it waits */
	stored_drop(stored);
	wait_value(b, "deployments", "web", "metadata/name", NULL);
	size_t count;
	const struct stored **items = get_all(b, "pods", "app=web", &count);
	assert_int_equal(count, 0);
	drop_all(items, count);
}

static void
deployment_deleted_as_orphan_leaves_its_set(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("web", "2", FULL, "nginx:1"));
	wait_done(b, "web");
	del(b, "deployments", "web", "Orphan");
	wait_value(b, "deployments", "web", "metadata/name", NULL);
	size_t count;
	const struct stored **items = get_all(b, "replicasets", "app=web", &count);
	assert_int_equal(count, 1);
	assert_null(json_at(items[0]->object, "metadata/ownerReferences"));
	drop_all(items, count);
	put(b, DEPLOYMENT("web", "2", FULL, "nginx:1"));
	wait_done(b, "web");
	wait_count(b, "replicasets", "app=web", 1); /* adopted again */
	wait_count(b, "pods", "app=web", 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(deployment_of_three_becomes_available),
		TEST(deployment_with_another_template_rolls_within_its_bounds),
		TEST(deployment_whose_template_comes_back_reuses_its_set),
		TEST(deployment_with_many_revisions_forgets_the_oldest),
		TEST(deployment_that_recreates_ends_all_old_pods_first),
		TEST(deployment_scaled_to_nothing_and_back_follows),
		TEST(deployment_that_is_paused_keeps_its_pods),
		TEST(deployment_that_never_gets_ready_exceeds_its_deadline),
		TEST(deployment_of_the_past_that_fails_has_no_deadline_behind_it),
		TEST(deployment_whose_new_image_is_not_there_keeps_what_is_available),
		TEST(deployment_scaled_in_a_rollout_grows_in_proportion),
		TEST(deployment_deleted_takes_its_sets_and_pods_along),
		TEST(deployment_deleted_in_the_foreground_goes_last),
		TEST(deployment_deleted_as_orphan_leaves_its_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
