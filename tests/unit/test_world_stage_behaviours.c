#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixture_world_stage.h"

#define SWITCH                                                                                     \
	"faults: {f: {title: F}, g: {title: G}}\nconditions: {f: {fault: f}, g: {fault: g}}\n"
#define ONE_CLUSTER "clusters: [{name: one, address: 10}]\n" SWITCH
#define DEPLOYMENT                                                                                 \
	"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: app}, spec: "    \
	"{replicas: 1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, "   \
	"spec: {containers: [{name: main, image: good/i:1}, {name: side, image: good/s:1}]}}}}"
#define POD(name, image, more)                                                                     \
	"{apiVersion: v1, kind: Pod, metadata: {name: " name ", namespace: app}, spec: {" more     \
	"containers: [{name: main, image: '" image "'}]}}"

static void
turn(struct theatre *t, const char *fault, bool on)
{
	struct err e = ERR_INIT;

	assert_int_equal(stage_fault(t->stage, fault, on, &e), 0);
	wait_until(state_is(t, "conditions", fault, on ? "true" : "false"));
}

static bool
pod_is(struct theatre *t, const char *name, const char *path, const char *value)
{
	return value_is(t, "one", "pods", "app", name, path, value);
}

static struct pod_plan
plan_of(struct theatre *t, const char *pod_yaml, bool *ret_said)
{
	struct cluster *one = theatre_cluster(t, "one");
	const struct store_write how = { .dry_run = true, .grace_s = -1 };
	struct refusal r = REFUSAL_INIT;
	const struct stored *pod = NULL;
	struct pod_plan plan = { .fate = POD_RUNS };

	put(t, "one", "{apiVersion: v1, kind: Namespace, metadata: {name: app}}");
	if (store_create(one->store, kinds_by_word(one->kinds, "pods"), "app",
			 theatre_yaml(pod_yaml), &how, &pod, &r) < 0)
		fail_msg("%s", r.message);
	*ret_said = stage_plan(&t->places[0], pod, &plan);
	stored_drop(pod);
	return plan;
}

static void
plan_takes_the_exact_name_before_a_pattern(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER "behaviours:\n"
			    "  - {cluster: one, namespace: app, workload: 'pod/*', pull: 1s}\n"
			    "  - {cluster: one, namespace: app, workload: 'pod/web-*', pull: 2s}\n"
			    "  - {cluster: one, namespace: app, workload: pod/web-1, pull: 3s}\n"
			    "  - {cluster: one, namespace: other, workload: pod/x, pull: 4s}\n",
		100);
	bool said;

	(void)state;
	assert_int_equal(plan_of(t, POD("web-1", "i", ""), &said).pull_ms, 3000);
	assert_int_equal(plan_of(t, POD("web-2", "i", ""), &said).pull_ms, 2000);
	assert_int_equal(plan_of(t, POD("x", "i", ""), &said).pull_ms, 1000);
	assert_true(said);
	theatre_free(t);
}

static void
plan_of_what_nothing_is_said_about(void **state)
{
	struct theatre *t = theatre_new(ONE_CLUSTER, 100);
	bool said;

	(void)state;
	plan_of(t, POD("x", "i", ""), &said);
	assert_false(said);
	struct pod_plan plan = plan_of(t, POD("x", "i", "restartPolicy: Never, "), &said);
	assert_true(said);
	assert_int_equal(plan.fate, POD_COMPLETES);
	theatre_free(t);
}

static void
plan_image_of_no_registry_cannot_be_pulled(void **state)
{
	struct theatre *t = theatre_new(
		"clusters: [{name: one, address: 10, registries: [good/, fine/]}]\n" SWITCH
		"behaviours: [{cluster: one, namespace: app, workload: pod/x, needs: [f], "
		"otherwise: "
		"[{as: config, message: no}]}]\n",
		100);
	bool said;

	(void)state;
	struct pod_plan plan = plan_of(t, POD("x", "bad/i:1", ""), &said);
	assert_int_equal(plan.fate, POD_NO_IMAGE);
	assert_non_null(strstr(plan.message, "failed to pull and unpack image \"bad/i:1\""));
	plan_of(t, POD("other", "fine/i:1", ""), &said);
	assert_false(said);
	theatre_free(t);
}

static void
plan_otherwise_follows_the_missing_need(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER
		"behaviours:\n"
		"  - cluster: [one]\n"
		"    namespace: app\n"
		"    workload: pod/x\n"
		"    ready: 9s\n"
		"    needs: [f, g]\n"
		"    otherwise:\n"
		"      - {without: f, as: crash-loop, after: 4s, exit: 3}\n"
		"      - {without: g, as: pending, message: 'g is ${.looks.g.holds}'}\n",
		100);
	bool said;

	(void)state;
	wait_until(noted("condition", "g", "holds", "false") == 1);
	struct pod_plan plan = plan_of(t, POD("x", "i", ""), &said);
	assert_int_equal(plan.fate, POD_CRASHES);
	assert_int_equal(plan.ready_ms, 4000);
	assert_int_equal(plan.exit_code, 3);
	turn(t, "f", true);
	plan = plan_of(t, POD("x", "i", ""), &said);
	assert_int_equal(plan.fate, POD_PENDING);
	assert_string_equal(plan.message, "g is false");
	turn(t, "g", true);
	plan = plan_of(t, POD("x", "i", ""), &said);
	assert_int_equal(plan.fate, POD_RUNS);
	assert_int_equal(plan.ready_ms, 9000);
	theatre_free(t);
}

/* As long as a look has not come back, nobody is accused. */
static void
plan_with_an_unknown_need_waits(void **state)
{
	struct err e = ERR_INIT;
	bool said;

	(void)state;
	struct theatre *t = theatre_try(
		"clusters: [{name: one, address: 10}]\n"
		"live: {v: {sql: {database: db, of: a, query: q}}}\n"
		"conditions: {c: {same: [{live: v}, {text: x}]}}\n"
		"behaviours: [{cluster: one, namespace: app, workload: pod/x, needs: [c], "
		"otherwise: [{as: crash-loop}]}]\n",
		100, NULL, &e);
	assert_int_equal(plan_of(t, POD("x", "i", ""), &said).fate, POD_UNREADY);
	theatre_begin(t);
	wait_until(noted("condition", "c", "holds", "false") == 1);
	assert_int_equal(plan_of(t, POD("x", "i", ""), &said).fate, POD_CRASHES);
	theatre_free(t);
}

static void
deployment_crashes_until_its_need_is_there(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER
		"behaviours:\n"
		"  - cluster: one\n"
		"    namespace: app\n"
		"    workload: deployment/web\n"
		"    needs: [f]\n"
		"    otherwise: [{as: crash-loop, after: 20s, log: ['cannot: "
		"${.looks.f.error}', giving up]}]\n"
		"    log: {start: [starting], ready: ['ready, start ${.pod.instance}']}\n",
		100);

	(void)state;
	put(t, "one", DEPLOYMENT);
	wait_until(log_has(t, "one", "app", "web-", "cannot: F\ngiving up\n"));
	turn(t, "f", true);
	wait_until(value_is(t, "one", "deploy", "app", "web", "status/readyReplicas", "1"));
	wait_until(log_has(t, "one", "app", "web-", "ready, start "));
	assert_true(log_has(t, "one", "app", "web-", "starting\n"));
	turn(t, "f", false);
	wait_until(value_is(t, "one", "deploy", "app", "web", "status/readyReplicas", NULL) ||
		   value_is(t, "one", "deploy", "app", "web", "status/readyReplicas", "0"));
	theatre_free(t);
}

static void
unready_says_why_each_time_that_it_changes(void **state)
{
	struct theatre *t =
		theatre_new(ONE_CLUSTER "behaviours:\n"
					"  - cluster: one\n"
					"    namespace: app\n"
					"    workload: pod/x\n"
					"    needs: [f, g]\n"
					"    otherwise:\n"
					"      - {without: f, as: unready, log: [without f]}\n"
					"      - {as: unready, log: [without g]}\n"
					"    log: {ready: [all is well]}\n",
			    100);

	(void)state;
	put(t, "one", POD("x", "i", ""));
	wait_until(log_has(t, "one", "app", "x", "without f\n"));
	assert_false(pod_is(t, "x", "status/containerStatuses/0/ready", "true"));
	turn(t, "f", true);
	wait_until(log_has(t, "one", "app", "x", "without f\nwithout g\n"));
	turn(t, "g", true);
	wait_until(log_has(t, "one", "app", "x", "without f\nwithout g\nall is well\n"));
	wait_until(pod_is(t, "x", "status/containerStatuses/0/ready", "true"));
	put(t, "one",
	    "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: app, labels: {l: m}}, "
	    "spec: "
	    "{containers: [{name: main, image: i}]}}");
	poll(NULL, 0, 100);
	char *text = log_of(t, "one", "app", "x", false);
	assert_string_equal(text, "without f\nwithout g\nall is well\n");
	free(text);
	assert_true(pod_is(t, "x", "status/containerStatuses/0/restartCount", "0"));
	theatre_free(t);
}

static void
chatter_speaks_by_turns_while_its_conditions_hold(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER "behaviours:\n"
			    "  - cluster: one\n"
			    "    namespace: app\n"
			    "    workload: deployment/*\n"
			    "    log:\n"
			    "      container: side\n"
			    "      while:\n"
			    "        - {when: [f], every: 15s, lines: [f is on]}\n"
			    "        - {every: 15s, lines: ['one ${.line.number}', 'two "
			    "${.line.number}', '${.live.nothing} is told']}\n",
		100);
	struct cluster *one = theatre_cluster(t, "one");
	struct str out = STR_INIT;

	(void)state;
	put(t, "one", DEPLOYMENT);
	wait_until(holds(t, "f") == false &&
		   value_is(t, "one", "deploy", "app", "web", "status/readyReplicas", "1"));
	uint64_t version;
	size_t count;
	const struct stored **pods =
		store_list(one->store, kinds_by_word(one->kinds, "pods"), "app", &count, &version);
	assert_int_equal(count, 1);
	const struct podlog_query query = { .tail = -1, .limit_bytes = -1, .follow = true };
	struct podlog_reader *reader = NULL;
	wait_until((reader = podlog_read(one->logs, pods[0]->uid, "side", &query)));
	bool turned = false;
	wait_until(({
		char bytes[512];
		long got = podlog_next(reader, bytes, sizeof(bytes), 100);
		if (got > 0)
			str_append_bytes(&out, bytes, (size_t)got);
		if (!turned && strstr(str_cstr(&out), "one 4")) {
			turned = true;
			turn(t, "f", true);
		}
		strstr(str_cstr(&out), "f is on\nf is on\n");
	}));
	assert_true(str_starts_with(str_cstr(&out), "one 1\ntwo 2\none 4\n"));
	assert_true(noted("line", pods[0]->name, NULL, NULL) >= 1);
	podlog_reader_free(reader);
	stored_drop(pods[0]);
	free(pods);
	str_release(&out);
	theatre_free(t);
}

static void
start_of_a_pod_that_has_gone_writes_nothing(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER "behaviours: [{cluster: one, namespace: app, workload: 'pod/*', log: "
			    "{start: ['${.no.such.thing} is told']}}]\n",
		100);
	struct cluster *one = theatre_cluster(t, "one");

	(void)state;
	put(t, "one", POD("x", "i", ""));
	wait_until(noted("line", "x", NULL, NULL) == 1);
	const struct stored *pod =
		store_get(one->store, kinds_by_word(one->kinds, "pods"), "app", "x");
	take_away(t, "one", "pods", "app", "x");
	wait_until(!value_is(t, "one", "pods", "app", "x", "metadata/name", "x"));
	stage_started(&t->places[0], pod, "main", 1);
	turn(t, "f", true); /* the message before it has been heard */
	assert_int_equal(noted("line", "x", NULL, NULL), 1);
	stored_drop(pod);
	theatre_free(t);
}

static void
stamp_and_pod_stand_in_lines(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER
		"behaviours:\n"
		"  - cluster: one\n"
		"    namespace: app\n"
		"    workload: pod/x\n"
		"    log: {stamp: \"%Y-%m-%dT%H:%M:%S.%fZ\\t\", start: ['${.pod.name} of "
		"${.pod.namespace} on ${.pod.node} in ${.pod.cluster} ${.line.hex} ${.line.ms}', "
		"\"two\\nlines\"]}\n"
		"rules: [{name: say, when: [f], do: [{log: {cluster: one, namespace: app, "
		"workload: "
		"pod/x, lines: ['${.line.number} by a rule']}}]}]\n",
		100);
	int year, month, day, hour, minute, second, fraction;
	char hex[16], node[64], rest[8];
	long ms;

	(void)state;
	put(t, "one", POD("x", "i", ""));
	wait_until(log_has(t, "one", "app", "x", "Z\tlines\n"));
	char *text = log_of(t, "one", "app", "x", false);
	int got = sscanf(
		text, "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ\tx of app on %63s in one %8[0-9a-f] %ld%7[\n]",
		&year, &month, &day, &hour, &minute, &second, &fraction, node, hex, &ms, rest);
	if (got != 11 || strlen(hex) != 8)
		fail_msg("%d: %s", got, text);
	assert_true(ms >= 0 && ms < 1000);
	free(text);
	wait_until(pod_is(t, "x", "status/phase", "Running"));
	turn(t, "f", true);
	wait_until(log_has(t, "one", "app", "x", "3 by a rule\n"));
	theatre_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_takes_the_exact_name_before_a_pattern),
		cmocka_unit_test(plan_of_what_nothing_is_said_about),
		cmocka_unit_test(plan_image_of_no_registry_cannot_be_pulled),
		cmocka_unit_test(plan_otherwise_follows_the_missing_need),
		cmocka_unit_test(plan_with_an_unknown_need_waits),
		cmocka_unit_test(deployment_crashes_until_its_need_is_there),
		cmocka_unit_test(unready_says_why_each_time_that_it_changes),
		cmocka_unit_test(chatter_speaks_by_turns_while_its_conditions_hold),
		cmocka_unit_test(start_of_a_pod_that_has_gone_writes_nothing),
		cmocka_unit_test(stamp_and_pod_stand_in_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
