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
setup_slow(void **state)
{
	*state = bench_new(20, 3);
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

#define SPEC(name)                                                                                 \
	"'selector':{'matchLabels':{'app':'" name                                                  \
	"'}},'template':{'metadata':{'labels':{'app':'" name                                       \
	"'}},'spec':{'containers':[{'name':'c','image':'x:1'}]}}"
#define WORKLOAD(kind, name, more)                                                                 \
	"{'apiVersion':'apps/v1','kind':'" kind "','metadata':{'name':'" name "'},'spec':{" more   \
	SPEC(name) "}}"
#define NEW_IMAGE "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'x:2'}]}}}}"

static bool
is_rolled_out(struct bench *b, const void *arg)
{
	const struct wanted *w = arg;
	const struct stored *stored = get(b, w->word, w->name);
	struct str sentence = STR_INIT;
	bool done = stored && kube_rollout_status(stored->object, &sentence) == KUBE_ROLLOUT_DONE;

	str_release(&sentence);
	stored_drop(stored);
	return done;
}

static void
wait_rolled_out(struct bench *b, const char *word, const char *name)
{
	const struct wanted w = { .word = word, .name = name };

	if (!wait_for(b, is_rolled_out, &w))
		fail_msg("%s/%s is not rolled out", word, name);
}

/* ---- ReplicaSets ---- */

static void
replicaset_replaces_a_deleted_pod(void **state)
{
	struct bench *b = *state;
	size_t count;

	put(b, WORKLOAD("ReplicaSet", "rs", "'replicas':3,"));
	wait_value(b, "replicasets", "rs", "status/readyReplicas", "3");
	const struct stored **pods = get_all(b, "pods", "app=rs", &count);
	del(b, "pods", pods[0]->name, NULL);
	wait_value(b, "pods", pods[0]->name, "metadata/name", NULL);
	wait_value(b, "replicasets", "rs", "status/readyReplicas", "3");
	wait_count(b, "pods", "app=rs", 3);
	drop_all(pods, count);
	wait_told(b, "rs", "SuccessfulCreate", "Created pod: rs-", 1);
}

static void
replicaset_that_shrinks_ends_what_is_not_ready_first(void **state)
{
	struct bench *b = *state;
	size_t count;

	put(b, WORKLOAD("ReplicaSet", "rs", "'replicas':4,"));
	wait_value(b, "replicasets", "rs", "status/readyReplicas", "4");
	const struct stored **pods = get_all(b, "pods", "app=rs", &count);
	bench_set_fate(b, pods[2]->name, (struct pod_plan){ .fate = POD_UNREADY });
	wait_value(b, "replicasets", "rs", "status/readyReplicas", "3");
	patch(b, "replicasets", "rs", "{'spec':{'replicas':3}}");
	wait_value(b, "pods", pods[2]->name, "metadata/name", NULL);
	wait_count(b, "pods", "app=rs", 3);
	assert_value(b, "replicasets", "rs", "status/readyReplicas", "3");
	drop_all(pods, count);
	wait_told(b, "rs", "SuccessfulDelete", "Deleted pod: rs-", 1);
}

static void
replicaset_adopts_by_labels_and_lets_go(void **state)
{
	struct bench *b = *state;
	size_t count;

	put(b, "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'lone','labels':{'app':'rs'}},"
	       "'spec':{'containers':[{'name':'c','image':'x'}]}}");
	wait_value(b, "pods", "lone", "Ready=", "True");
	put(b, WORKLOAD("ReplicaSet", "rs", "'replicas':2,"));
	wait_value(b, "replicasets", "rs", "status/readyReplicas", "2");
	wait_count(b, "pods", "app=rs", 2);
	assert_value(b, "pods", "lone", "metadata/ownerReferences/0/name", "rs");
	patch(b, "pods", "lone", "{'metadata':{'labels':{'app':'debug'}}}");
	wait_value(b, "pods", "lone", "metadata/ownerReferences", NULL);
	wait_count(b, "pods", "app=rs", 2);
	wait_value(b, "replicasets", "rs", "status/readyReplicas", "2");
	const struct stored **pods = get_all(b, "pods", "app=debug", &count);
	assert_int_equal(count, 1);
	drop_all(pods, count);
}

static void
replicaset_with_min_ready_seconds_waits_for_them(void **state)
{
	struct bench *b = *state;
	int64_t begun_ms = clock_mono_ms();

	put(b, WORKLOAD("ReplicaSet", "rs", "'replicas':1,'minReadySeconds':6,"));
	wait_value(b, "replicasets", "rs", "status/readyReplicas", "1");
	wait_value(b, "replicasets", "rs", "status/availableReplicas", "1");
	assert_true(clock_mono_ms() - begun_ms >= 300); /* 6 s at 20 */
}

/* ---- StatefulSets ---- */

static void
statefulset_makes_its_pods_in_order(void **state)
{
	struct bench *b = *state;
	char *first, *second;

	put(b, WORKLOAD("StatefulSet", "db",
			"'replicas':3,'serviceName':'db','updateStrategy':"
			"{'type':'RollingUpdate'},"));
	wait_value(b, "statefulsets", "db", "status/readyReplicas", "3");
	wait_rolled_out(b, "statefulsets", "db");
	first = value_of(b, "pods", "db-0", "metadata/uid");
	second = value_of(b, "pods", "db-2", "metadata/uid");
	assert_non_null(first);
	assert_non_null(second);
	free(first);
	free(second);
	assert_value(b, "pods", "db-1", "spec/hostname", "db-1");
	assert_value(b, "pods", "db-1", "spec/subdomain", "db");
	wait_told(b, "db", "SuccessfulCreate", "create Pod db-2 in StatefulSet db successful", 1);
	patch(b, "statefulsets", "db", "{'spec':{'replicas':1}}");
	wait_count(b, "pods", "app=db", 1);
	assert_value(b, "pods", "db-0", "status/phase", "Running");
}

static void
statefulset_whose_first_pod_is_not_ready_waits(void **state)
{
	struct bench *b = *state;

	bench_set_fate(b, "db-0", (struct pod_plan){ .fate = POD_UNREADY });
	put(b, WORKLOAD("StatefulSet", "db", "'replicas':2,"));
	wait_told(b, "db-0", "Unhealthy", "Readiness probe failed", 1);
	wait_value(b, "pods", "db-1", "metadata/name", NULL);
	bench_set_fate(b, "db-0", (struct pod_plan){ .fate = POD_RUNS });
	wait_value(b, "statefulsets", "db", "status/readyReplicas", "2");
}

static void
statefulset_with_a_partition_updates_those_beyond(void **state)
{
	struct bench *b = *state;

	put(b, WORKLOAD("StatefulSet", "db",
			"'replicas':3,'updateStrategy':{'type':'RollingUpdate','rollingUpdate':"
			"{'partition':2}},"));
	wait_value(b, "statefulsets", "db", "status/readyReplicas", "3");
	patch(b, "statefulsets", "db", NEW_IMAGE);
	wait_value(b, "statefulsets", "db", "status/updatedReplicas", "1");
	wait_value(b, "pods", "db-2", "spec/containers/0/image", "x:2");
	wait_rolled_out(b, "statefulsets", "db");
	assert_value(b, "pods", "db-1", "spec/containers/0/image", "x:1");
	del(b, "pods", "db-0", NULL); /* comes back as it was */
	wait_told(b, "db-0", "Killing", "Stopping", 1);
	wait_value(b, "statefulsets", "db", "status/readyReplicas", "3");
	assert_value(b, "pods", "db-0", "spec/containers/0/image", "x:1");
	patch(b, "statefulsets", "db",
	      "{'spec':{'updateStrategy':{'rollingUpdate':{'partition':0}}}}");
	wait_value(b, "pods", "db-0", "spec/containers/0/image", "x:2");
	wait_rolled_out(b, "statefulsets", "db");
	char *current = value_of(b, "statefulsets", "db", "status/currentRevision");
	assert_value(b, "statefulsets", "db", "status/updateRevision", current);
	free(current);
	wait_count(b, "controllerrevisions", "app=db", 2);
}

static void
statefulset_with_claims_gets_volumes(void **state)
{
	struct bench *b = *state;

	put(b, WORKLOAD("StatefulSet", "db",
			"'replicas':1,'volumeClaimTemplates':[{'metadata':{'name':'data'},'spec':"
			"{'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':"
			"'3Gi'}}}}],"));
	wait_value(b, "persistentvolumeclaims", "data-db-0", "status/phase", "Bound");
	assert_value(b, "persistentvolumeclaims", "data-db-0", "status/capacity/storage", "3Gi");
	wait_value(b, "statefulsets", "db", "status/readyReplicas", "1");
	char *volume = value_of(b, "persistentvolumeclaims", "data-db-0", "spec/volumeName");
	wait_value(b, "persistentvolumes", volume, "status/phase", "Bound");
	del(b, "persistentvolumeclaims", "data-db-0", NULL);
	patch(b, "statefulsets", "db", "{'spec':{'replicas':0}}"); /* it is in use until then */
	wait_value(b, "persistentvolumes", volume, "metadata/name", NULL);
	free(volume);
}

/* ---- DaemonSets ---- */

static void
daemonset_has_a_pod_on_each_node(void **state)
{
	struct bench *b = *state;

	put(b, WORKLOAD("DaemonSet", "agent", "'updateStrategy':{'type':'RollingUpdate'},"));
	wait_value(b, "daemonsets", "agent", "status/numberAvailable", "3");
	assert_value(b, "daemonsets", "agent", "status/desiredNumberScheduled", "3");
	wait_rolled_out(b, "daemonsets", "agent");
	put(b, "{'apiVersion':'v1','kind':'Node','metadata':{'name':'c-node-9'}}");
	wait_value(b, "daemonsets", "agent", "status/numberAvailable", "4");
	del(b, "nodes", "c-node-9", NULL);
	wait_value(b, "daemonsets", "agent", "status/desiredNumberScheduled", "3");
	wait_count(b, "pods", "app=agent", 3);
	patch(b, "daemonsets", "agent", NEW_IMAGE);
	wait_value(b, "daemonsets", "agent", "status/observedGeneration", "2");
	wait_value(b, "daemonsets", "agent", "status/updatedNumberScheduled", "3");
	wait_rolled_out(b, "daemonsets", "agent");
	wait_count(b, "controllerrevisions", "app=agent", 2);
}

/* ---- Jobs ---- */

#define JOB(name, more)                                                                            \
	"{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'" name "'},'spec':{" more       \
	"'template':{'spec':{'restartPolicy':'Never','containers':[{'name':'c','image':"           \
	"'x'}]}}}}"

static void
job_with_completions_runs_them_in_parallel(void **state)
{
	struct bench *b = *state;

	put(b, JOB("j", "'completions':5,'parallelism':2,"));
	wait_value(b, "jobs", "j", "Complete=", "True");
	assert_value(b, "jobs", "j", "status/succeeded", "5");
	assert_value(b, "jobs", "j", "status/active", NULL);
	char *done = value_of(b, "jobs", "j", "status/completionTime");
	assert_non_null(done);
	free(done);
	wait_count(b, "pods", "job-name=j", 5);
	wait_told(b, "j", "Completed", "Job completed", 1);
	del(b, "jobs", "j", "Background");
	wait_count(b, "pods", "job-name=j", 0);
}

static void
job_that_fails_too_often_gives_up(void **state)
{
	struct bench *b = *state;

	bench_set_fate(b, "j-", (struct pod_plan){ .fate = POD_CRASHES, .exit_code = 1 });
	put(b, JOB("j", "'backoffLimit':2,"));
	wait_value(b, "jobs", "j", "Failed:", "BackoffLimitExceeded");
	assert_value(b, "jobs", "j", "status/failed", "3");
	wait_told(b, "j", "BackoffLimitExceeded", "Job has reached the specified backoff limit", 1);
}

/* What an API server takes as seconds has 64 bits. */
static void
job_with_an_endless_deadline_runs(void **state)
{
	struct bench *b = *state;

	put(b, JOB("j", "'activeDeadlineSeconds':9223372036854775807,"));
	wait_value(b, "jobs", "j", "Complete=", "True");
}

static void
job_with_a_time_to_live_goes(void **state)
{
	struct bench *b = *state;

	put(b, JOB("j", "'ttlSecondsAfterFinished':100,"));
	wait_told(b, "j", "Completed", "Job completed", 1);
	wait_value(b, "jobs", "j", "metadata/name", NULL);
	wait_count(b, "pods", "job-name=j", 0);
}

static void
job_suspended_has_no_pods_until_it_is_resumed(void **state)
{
	struct bench *b = *state;

	put(b, JOB("j", "'suspend':true,"));
	wait_value(b, "jobs", "j", "Suspended=", "True");
	wait_count(b, "pods", "job-name=j", 0);
	patch(b, "jobs", "j", "{'spec':{'suspend':false}}");
	wait_value(b, "jobs", "j", "Complete=", "True");
	assert_value(b, "jobs", "j", "Suspended:", "JobResumed");
}

static void
cronjob_that_missed_its_minute_starts_a_job(void **state)
{
	struct bench *b = *state;

	put(b, "{'apiVersion':'batch/v1','kind':'CronJob','metadata':{'name':'teamsync',"
	       "'creationTimestamp':'2020-01-01T00:00:00Z'},'spec':{'schedule':'@yearly',"
	       "'jobTemplate':{'metadata':{'labels':{'job':'sync'}},'spec':{'template':{'spec':{"
	       "'restartPolicy':'Never','containers':[{'name':'c','image':'x'}]}}}}}}");
	wait_told(b, "teamsync", "SuccessfulCreate", "Created job teamsync-", 1);
	wait_count(b, "jobs", "job=sync", 1);
	wait_told(b, "teamsync", "SawCompletedJob", "status: Complete", 1);
	wait_value(b, "cronjobs", "teamsync", "status/active", NULL);
	char *last = value_of(b, "cronjobs", "teamsync", "status/lastScheduleTime");
	assert_non_null(last);
	assert_string_equal(last + strlen("2026-"), "01-01T00:00:00Z"); /* this year's, no other */
	free(last);
	del(b, "cronjobs", "teamsync", "Background");
	wait_count(b, "jobs", "job=sync", 0);
}

static void
cronjob_suspended_starts_nothing(void **state)
{
	struct bench *b = *state;

	put(b, "{'apiVersion':'batch/v1','kind':'CronJob','metadata':{'name':'t',"
	       "'creationTimestamp':'2020-01-01T00:00:00Z'},'spec':{'schedule':'* * * * *',"
	       "'suspend':true,'jobTemplate':{'spec':{'template':{'spec':{'restartPolicy':'Never',"
	       "'containers':[{'name':'c','image':'x'}]}}}}}}");
	put(b, JOB("j", ""));
	wait_value(b, "jobs", "j", "Complete=", "True");
	wait_count(b, "jobs", "", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(replicaset_replaces_a_deleted_pod),
		TEST(replicaset_that_shrinks_ends_what_is_not_ready_first),
		TEST(replicaset_adopts_by_labels_and_lets_go),
		cmocka_unit_test_setup_teardown(replicaset_with_min_ready_seconds_waits_for_them,
						setup_slow, teardown),
		TEST(statefulset_makes_its_pods_in_order),
		TEST(statefulset_whose_first_pod_is_not_ready_waits),
		TEST(statefulset_with_a_partition_updates_those_beyond),
		TEST(statefulset_with_claims_gets_volumes),
		TEST(daemonset_has_a_pod_on_each_node),
		TEST(job_with_completions_runs_them_in_parallel),
		TEST(job_that_fails_too_often_gives_up),
		TEST(job_with_an_endless_deadline_runs),
		TEST(job_with_a_time_to_live_goes),
		TEST(job_suspended_has_no_pods_until_it_is_resumed),
		TEST(cronjob_that_missed_its_minute_starts_a_job),
		TEST(cronjob_suspended_starts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
