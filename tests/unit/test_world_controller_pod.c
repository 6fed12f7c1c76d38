#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fixture_controllers.h"
#include "kube/pod_status.h"

static int
setup(void **state)
{
	*state = bench_new(SPEED, 3);
	return 0;
}

static int
setup_slow(void **state)
{
	*state = bench_new(50, 3);
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

#define POD(name, more)                                                                            \
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'" name "','labels':{'app':'" name     \
	"'}},'spec':{" more "'containers':[{'name':'main','image':'registry/x:1'}]}}"

static void
pod_without_a_plan_gets_ready(void **state)
{
	struct bench *b = *state;

	put(b, POD("p", ""));
	wait_value(b, "pods", "p", "Ready=", "True");
	assert_value(b, "pods", "p", "status/phase", "Running");
	assert_value(b, "pods", "p", "status/qosClass", "BestEffort");
	assert_value(b, "pods", "p", "Initialized=", "True");
	assert_value(b, "pods", "p", "ContainersReady=", "True");
	assert_value(b, "pods", "p", "PodScheduled=", "True");
	assert_value(b, "pods", "p", "status/containerStatuses/0/restartCount", "0");
	assert_value(b, "pods", "p", "status/containerStatuses/0/started", "true");
	char *ip = value_of(b, "pods", "p", "status/podIP");
	char *again = value_of(b, "pods", "p", "status/podIPs/0/ip");
	char *id = value_of(b, "pods", "p", "status/containerStatuses/0/containerID");
	assert_true(str_starts_with(ip, "10."));
	assert_string_equal(ip, again);
	assert_int_equal(strlen(id), strlen("containerd://") + 64);
	free(ip);
	free(again);
	free(id);
	wait_told(b, "p", "Scheduled", "Successfully assigned n/p to c-node-", 1);
	wait_told(b, "p", "Pulling", "Pulling image \"registry/x:1\"", 1);
	wait_told(b, "p", "Pulled", "Successfully pulled image \"registry/x:1\" in", 1);
	wait_told(b, "p", "Created", "Created container main", 1);
	wait_told(b, "p", "Started", "Started container main", 1);
	assert_int_equal(b->instance, 1);
}

static void
pods_are_spread_over_nodes_with_addresses_of_their_own(void **state)
{
	struct bench *b = *state;
	size_t count, on_first = 0;

	put(b, DEPLOYMENT("web", "9", "", "x"));
	wait_value(b, "deployments", "web", "status/availableReplicas", "9");
	const struct stored **pods = get_all(b, "pods", "app=web", &count);
	for (size_t i = 0; i < count; i++) {
		const char *ip = json_string(pods[i]->object, "status/podIP", "");

		assert_true(*ip);
		on_first +=
			strcmp(json_string(pods[i]->object, "spec/nodeName", ""), "c-node-1") == 0;
		for (size_t at = 0; at < i; at++)
			assert_string_not_equal(ip,
						json_string(pods[at]->object, "status/podIP", ""));
	}
	assert_int_equal(on_first, 3);
	drop_all(pods, count);
}

static void
pod_with_init_containers_starts_them_first(void **state)
{
	struct bench *b = *state;

	put(b, POD("p", "'initContainers':[{'name':'one','image':'i:1'},"
			"{'name':'two','image':'i:2'}],"));
	wait_value(b, "pods", "p", "Ready=", "True");
	assert_value(b, "pods", "p", "status/initContainerStatuses/0/state/terminated/reason",
		     "Completed");
	assert_value(b, "pods", "p", "status/initContainerStatuses/1/state/terminated/exitCode",
		     "0");
	assert_int_equal(b->started, 3);
	wait_told(b, "p", "Started", "Started container two", 1);
}

/* What `kubectl get pods` says of it. */
struct shown {
	const char *name, *text;
};

static bool
is_shown(struct bench *b, const void *arg)
{
	const struct shown *w = arg;
	const struct stored *stored = get(b, "pods", w->name);
	struct pod_status status;

	if (!stored)
		return false;
	pod_status_init(&status, stored->object);
	bool same = strcmp(status.text, w->text) == 0;
	snprintf(seen, sizeof(seen), "%s", status.text);
	pod_status_release(&status);
	stored_drop(stored);
	return same;
}

#define wait_shown(b, ...)                                                                         \
	do {                                                                                       \
		const struct shown w_ = { __VA_ARGS__ };                                           \
		if (!wait_for(b, is_shown, &w_))                                                   \
			fail_msg("%s is shown as %s, not %s", w_.name, seen, w_.text);             \
	} while (0)

static void
pod_that_crashes_backs_off_and_recovers(void **state)
{
	struct bench *b = *state;

	bench_set_fate(
		b, "p",
		(struct pod_plan){
			.fate = POD_CRASHES, .pull_ms = 100, .ready_ms = 2000, .exit_code = 3 });
	put(b, POD("p", ""));
	wait_shown(b, "p", "Error");
	wait_shown(b, "p", "CrashLoopBackOff");
	assert_value(b, "pods", "p", "status/containerStatuses/0/lastState/terminated/exitCode",
		     "3");
	assert_value(b, "pods", "p", "status/phase", "Running");
	assert_value(b, "pods", "p", "Ready:", "ContainersNotReady");
	wait_told(b, "p", "BackOff", "Back-off restarting failed container", 3);
	wait_told(b, "p", "Pulled", "already present on machine", 1);
	char *restarts = value_of(b, "pods", "p", "status/containerStatuses/0/restartCount");
	assert_true(atoi(restarts) >= 2);
	free(restarts);
	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_RUNS });
	wait_value(b, "pods", "p", "Ready=", "True");
	assert_true(b->instance > 3);
}

struct backing_off {
	const char *delay;
	int64_t restarts;
};

/* In one and the same version. */
static bool
is_backing_off(struct bench *b, const void *arg)
{
	const struct backing_off *w = arg;
	const struct stored *stored = get(b, "pods", "p");
	const cJSON *status = json_at(stored->object, "status/containerStatuses/0");
	char *text = xasprintf("back-off %s restarting failed container=main pod=p_n(%s)", w->delay,
			       stored->uid);
	bool same = strcmp(json_string(status, "state/waiting/message", ""), text) == 0 &&
		    json_int(status, "restartCount", -1) == w->restarts;

	free(text);
	stored_drop(stored);
	return same;
}

static void
backoff_doubles_from_ten_seconds(void **state)
{
	static const struct backing_off expected[] = {
		{ "10s", 1 }, { "20s", 2 }, { "40s", 3 }, { "1m20s", 4 }
	};
	struct bench *b = *state;

	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_CRASHES, .exit_code = 1 });
	put(b, POD("p", ""));
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (!wait_for(b, is_backing_off, &expected[i]))
			fail_msg("never waited %s", expected[i].delay);
}

static void
pod_without_its_image_waits_and_tries_again(void **state)
{
	struct bench *b = *state;

	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_NO_IMAGE, .message = "no such tag" });
	put(b, POD("p", ""));
	wait_shown(b, "p", "ErrImagePull");
	wait_value(b, "pods", "p", "status/containerStatuses/0/state/waiting/message",
		   "Back-off pulling image \"registry/x:1\"");
	wait_shown(b, "p", "ImagePullBackOff");
	assert_value(b, "pods", "p", "status/phase", "Pending");
	wait_told(b, "p", "Failed", "Failed to pull image \"registry/x:1\": no such tag", 2);
	wait_told(b, "p", "Failed", "Error: ImagePullBackOff", 1);
	assert_int_equal(b->started, 0);
	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_RUNS });
	wait_value(b, "pods", "p", "Ready=", "True");
}

static void
pod_whose_configuration_lacks_something_starts_when_it_is_there(void **state)
{
	struct bench *b = *state;

	bench_set_fate(
		b, "p",
		(struct pod_plan){ .fate = POD_CONFIG, .message = "secret \"s\" not found" });
	put(b, POD("p", ""));
	wait_shown(b, "p", "CreateContainerConfigError");
	wait_told(b, "p", "Failed", "Error: secret \"s\" not found", 1);
	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_RUNS });
	wait_value(b, "pods", "p", "Ready=", "True");
	assert_value(b, "pods", "p", "status/containerStatuses/0/restartCount", "0");
}

static void
pod_that_cannot_be_scheduled_waits(void **state)
{
	struct bench *b = *state;

	put(b, POD("p", "'nodeSelector':{'disk':'fast'},"));
	wait_value(b, "pods", "p", "PodScheduled:", "Unschedulable");
	wait_told(b, "p", "FailedScheduling",
		  "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
		  1);
	assert_value(b, "pods", "p", "status/phase", "Pending");
	patch(b, "nodes", "c-node-2", "{'metadata':{'labels':{'disk':'fast'}}}");
	wait_value(b, "pods", "p", "Ready=", "True");
	assert_value(b, "pods", "p", "spec/nodeName", "c-node-2");
	assert_value(b, "pods", "p", "PodScheduled=", "True");
}

static void
pod_with_a_pending_fate_is_scheduled_when_it_may(void **state)
{
	struct bench *b = *state;

	bench_set_fate(b, "p",
		       (struct pod_plan){ .fate = POD_PENDING, .message = "0/3 nodes: no memory" });
	put(b, POD("p", ""));
	wait_told(b, "p", "FailedScheduling", "0/3 nodes: no memory", 1);
	assert_value(b, "pods", "p", "spec/nodeName", NULL);
	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_RUNS });
	wait_value(b, "pods", "p", "Ready=", "True");
}

static void
pod_whose_fate_turns_loses_and_regains_readiness(void **state)
{
	struct bench *b = *state;

	put(b, POD("p", ""));
	wait_value(b, "pods", "p", "Ready=", "True");
	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_UNREADY, .message = "no database" });
	wait_value(b, "pods", "p", "Ready=", "False");
	wait_told(b, "p", "Unhealthy", "Readiness probe failed: no database", 2);
	assert_value(b, "pods", "p", "status/containerStatuses/0/restartCount", "0");
	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_RUNS });
	wait_value(b, "pods", "p", "Ready=", "True");
}

static void
pod_that_is_never_restarted_ends_by_its_exit_code(void **state)
{
	struct bench *b = *state;

	bench_set_fate(b, "good", (struct pod_plan){ .fate = POD_COMPLETES });
	bench_set_fate(b, "bad", (struct pod_plan){ .fate = POD_CRASHES, .exit_code = 7 });
	put(b, POD("good", "'restartPolicy':'Never',"));
	put(b, POD("bad", "'restartPolicy':'Never',"));
	wait_value(b, "pods", "good", "status/phase", "Succeeded");
	wait_value(b, "pods", "bad", "status/phase", "Failed");
	wait_shown(b, "good", "Completed");
	wait_shown(b, "bad", "Error");
	assert_value(b, "pods", "bad", "status/containerStatuses/0/state/terminated/exitCode", "7");
	assert_value(b, "pods", "good", "Ready:", "PodCompleted");
}

static bool
has_no_log(struct bench *b, const void *uid)
{
	const struct podlog_query query = { .tail = -1 };
	struct podlog_reader *reader = podlog_read(b->cluster.logs, uid, "main", &query);

	podlog_reader_free(reader);
	return !reader;
}

static void
pod_deleted_ends_with_its_grace(void **state)
{
	struct bench *b = *state;
	put(b, POD("p", ""));
	wait_value(b, "pods", "p", "Ready=", "True");
	char *uid = value_of(b, "pods", "p", "metadata/uid");
	podlogs_write(b->cluster.logs, uid, "main", 1, "hello");
	int64_t begun_ms = clock_mono_ms();
	del(b, "pods", "p", NULL);
	wait_shown(b, "p", "Terminating");
	wait_value(b, "pods", "p", "metadata/name", NULL);
	assert_true(clock_mono_ms() - begun_ms >= 39); /* 2 s at 50 */
	wait_told(b, "p", "Killing", "Stopping container main", 1);
	assert_true(wait_for(b, has_no_log, uid));
	free(uid);
}

static void
pod_that_was_there_before_is_left_as_it_is(void **state)
{
	struct bench *b = *state;

	put(b, "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{'nodeName':"
	       "'c-node-1','containers':[{'name':'main','image':'x'}]},'status':{'phase':'Running',"
	       "'podIP':'10.64.0.77','conditions':[{'type':'Ready','status':'True',"
	       "'lastTransitionTime':'2020-01-01T00:00:00Z'}],'containerStatuses':[{'name':'main',"
	       "'image':'x','ready':true,'restartCount':4,'state':{'running':{'startedAt':"
	       "'2020-01-01T00:00:00Z'}}}]}}");
	put(b, POD("q", ""));
	wait_value(b, "pods", "q", "Ready=", "True");
	assert_value(b, "pods", "p", "status/containerStatuses/0/restartCount", "4");
	assert_value(b, "pods", "p", "status/podIP", "10.64.0.77");
	assert_value(b, "pods", "p", "status/containerStatuses/0/state/running/startedAt",
		     "2020-01-01T00:00:00Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(pod_without_a_plan_gets_ready),
		TEST(pods_are_spread_over_nodes_with_addresses_of_their_own),
		TEST(pod_with_init_containers_starts_them_first),
		TEST(pod_that_crashes_backs_off_and_recovers),
		cmocka_unit_test_setup_teardown(backoff_doubles_from_ten_seconds, setup_slow,
						teardown),
		TEST(pod_without_its_image_waits_and_tries_again),
		TEST(pod_whose_configuration_lacks_something_starts_when_it_is_there),
		TEST(pod_that_cannot_be_scheduled_waits),
		TEST(pod_with_a_pending_fate_is_scheduled_when_it_may),
		TEST(pod_whose_fate_turns_loses_and_regains_readiness),
		TEST(pod_that_is_never_restarted_ends_by_its_exit_code),
		cmocka_unit_test_setup_teardown(pod_deleted_ends_with_its_grace, setup_slow,
						teardown),
		TEST(pod_that_was_there_before_is_left_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
