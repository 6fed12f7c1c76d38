#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fixture_tables.h"
#include "harness.h"
#include "scenario.h"

static const char pod_columns[] =
	"Ready|Status|Restarts#|Age|IP*|Node*|Nominated Node*|Readiness Gates*";

static const struct cluster_row pod_rows[] = {
	{ "edge", "edge-6f9cc8b6d5-2xkzq",
	  "\"1/1\",\"Running\",0,\"\",\"10.4.0.9\",\"node-7\",\"<none>\",\"<none>\"",
	  "2026-11-19T14:00:00Z" },
	{ "edge", "xcp-edge-0",
	  "\"0/1\",\"ImagePullBackOff\",0,\"\",\"10.4.0.10\",\"node-7\",\"<none>\",\"<none>\"",
	  "2026-11-21T14:30:12Z" },
	{ "tsb", "central-7d9c5b7f-x2k8v",
	  "\"2/2\",\"Running\",0,\"\",\"10.8.1.4\",\"node-1\",\"<none>\",\"<none>\"",
	  "2026-11-21T14:31:00Z" },
	{ "tsb", "envoy-0",
	  "\"1/1\",\"Running\",1,\"\",\"10.8.1.5\",\"node-2\",\"<none>\",\"<none>\"",
	  "2026-11-21T13:38:42Z" },
	{ "tsb", "iam-86d5f9c8d7-9hx2j",
	  "\"1/1\",\"Running\",0,\"\",\"10.8.1.6\",\"node-1\",\"<none>\",\"<none>\"",
	  "2026-11-21T14:31:00Z" },
	{ "tsb", "mpc-55d-q8z",
	  "\"0/1\",\"CrashLoopBackOff\",4,\"\",\"10.8.1.7\",\"node-2\",\"<none>\",\"<none>\"",
	  "2026-11-21T14:32:00Z" },
	{ "tsb", "teamsync-first-run-28891230-lw5zr",
	  "\"0/1\",\"Completed\",0,\"\",\"10.8.1.8\",\"node-3\",\"<none>\",\"<none>\"",
	  "2026-11-20T10:00:00Z" },
	{ "tsb", "tsb-operator-management-plane-646974f45c-b6mnz",
	  "\"1/1\",\"Running\",0,\"\",\"10.8.1.9\",\"node-3\",\"<none>\",\"<none>\"",
	  "2026-11-21T14:10:00Z" },
	{ "tsb", "web-5c6b8d7f9-zzzzz",
	  "\"0/1\",\"Pending\",0,\"\",\"<none>\",\"<none>\",\"<none>\",\"<none>\"",
	  "2026-11-21T14:38:02Z" },
};

static const struct cluster_row deployment_rows[] = {
	{ "tsb", "central", "\"1/1\",1,1,\"\",\"central\",\"registry/central:1\",\"app=central\"",
	  "2026-11-21T14:00:00Z" },
	{ "tsb", "mpc", "\"0/1\",1,0,\"\",\"mpc\",\"registry/mpc:1\",\"app=mpc\"",
	  "2026-11-21T14:00:00Z" },
};

static const struct cluster_row event_rows[] = {
	{ "tsb", "mpc-55d-q8z.1", "\"Warning\",\"BackOff\",\"Back-off restarting\"", "" },
};

enum { PODS = sizeof(pod_rows) / sizeof(pod_rows[0]) };

static const struct cluster_table tables[] = {
	{ "/api/v1/namespaces/tsb/pods", pod_columns, pod_rows, PODS, "tsb" },
	{ "/api/v1/namespaces/edge/pods", pod_columns, pod_rows, PODS, "edge" },
	{ "/api/v1/pods", pod_columns, pod_rows, PODS, NULL },
	{ "/api/v1/namespaces/empty/pods", pod_columns, pod_rows, PODS, "empty" },
	{ "/api/v1/namespaces/tsb/events", "Type|Reason|Message", event_rows, 1, "tsb" },
	{ "/apis/apps/v1/namespaces/tsb/deployments",
	  "Ready|Up-to-date#|Available#|Age|Containers*|Images*|Selector*", deployment_rows, 2,
	  "tsb" },
	{ .path = NULL },
};

/* Without times: their ages are those of the real clock. */
static const char pod_object[] =
	"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"mpc-55d-q8z\","
	"\"namespace\":"
	"\"tsb\",\"uid\":\"u-tsb-mpc-55d-q8z\",\"resourceVersion\":\"90\",\"labels\":{\"app\":"
	"\"mpc\"}},"
	"\"spec\":{\"nodeName\":\"node-2\",\"containers\":[{\"name\":\"mpc\",\"image\":"
	"\"registry/"
	"mpc:1.8\"}]},\"status\":{\"phase\":\"Running\",\"podIP\":\"10.8.1.7\",\"hostIP\":"
	"\"10.0.0.2\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\",\"reason\":"
	"\"ContainersNotReady\",\"message\":\"containers with unready status: [mpc]\"}],"
	"\"containerStatuses\":[{\"name\":\"mpc\",\"image\":\"registry/mpc:1.8\",\"ready\":false,"
	"\"restartCount\":4,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\",\"message\":"
	"\"back-off 40s restarting failed container=mpc pod=mpc-55d-q8z_tsb\"}},\"lastState\":{"
	"\"terminated\":{\"exitCode\":1,\"reason\":\"Error\"}}}]}}";

static const char event_object[] = "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"metadata\":{"
				   "\"name\":\"mpc-55d-q8z.1\",\"namespace\":"
				   "\"tsb\",\"uid\":\"e1\",\"resourceVersion\":\"91\"},"
				   "\"involvedObject\":{\"kind\":\"Pod\",\"name\":"
				   "\"mpc-55d-q8z\",\"uid\":\"u-tsb-mpc-55d-q8z\"},\"type\":"
				   "\"Warning\",\"reason\":\"BackOff\","
				   "\"message\":\"Back-off restarting failed "
				   "container\",\"count\":12,\"source\":{\"component\":"
				   "\"kubelet\"}}";

enum { PATIENCE_MS = 30000, TRIES = 4 };

static struct clusters *world;
static const char *look_at; /* namespace of the target management */

static int
setup(void **state)
{
	(void)state;
	world = clusters_new(tables);
	world->objects[0] = (struct cluster_object){ "mpc-55d-q8z", pod_object };
	world->objects[1] = (struct cluster_object){ "mpc-55d-q8z.1", event_object };
	world->arrival = pod_rows[2];
	look_at = "tsb";
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	clusters_free(world);
	return 0;
}

/*
 * A run on two clusters whose first step is planned. The kubeconfig comes by the environment: its path, which
 * is never the same, would change the journal's hash on the screen.
 */
static void
stage_clusters(struct scenario *s)
{
	char *run = xasprintf(
		"{\"runbook\":{\"id\":\"restore\",\"title\":\"Restore the Management Plane\","
		"\"version\":\"1.0.0\"},\"mode\":\"live\",\"operator\":\"ana\",\"host\":\"bastion-"
		"1\","
		"\"params\":{},\"targets\":[{\"name\":\"management\",\"kind\":\"kubernetes\","
		"\"describe\":\"ctx "
		"mgmt-b\",\"spec\":{\"context\":\"mgmt-b\",\"namespace\":\"%s\"}},"
		"{\"name\":\"edge\",\"kind\":\"kubernetes\",\"describe\":\"ctx edge-1\",\"spec\":{"
		"\"context\":\"edge-1\",\"namespace\":\"edge\"}}],\"steps\":[{\"id\":\"look\","
		"\"title\":\"Look at the cluster\"}]}",
		look_at);

	setenv("KUBECONFIG", world->kubeconfig, 1);
	scenario_push(s, RECORD_RUN, run);
	scenario_push(s, RECORD_PREFLIGHT, "{\"checks\":[]}");
	scenario_push(s, RECORD_PLAN,
		      "{\"step\":\"look\",\"uses\":\"kubernetes.get\",\"target\":\"management\","
		      "\"effect\":\"reads\",\"confirm\":\"none\",\"preview\":[[\">\","
		      "\"GET /api/v1/namespaces/tsb/pods\"]]}");
	free(run);
}

static struct pane_spec panes[] = {
	{ .target = (char[]){ "management" } },
	{ .target = (char[]){ "edge" } },
};

static void
with_one_source(struct scenario *s)
{
	s->runbook.panes = (struct pane_set){ .pods = panes, .pods_count = 1 };
}

static void
with_two_sources(struct scenario *s)
{
	s->runbook.panes = (struct pane_set){ .pods = panes, .pods_count = 2 };
}

static struct pane_spec everywhere = { .target = (char[]){ "management" }, .all_namespaces = true };

static void
with_all_namespaces(struct scenario *s)
{
	s->runbook.panes = (struct pane_set){ .pods = &everywhere, .pods_count = 1 };
}

static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 } };

static struct tty *
start(int columns, int rows, void (*adjust)(struct scenario *))
{
	struct tty *tty = scenario_start_adjusted(columns, rows, stage_clusters, adjust);

	tty_expect(tty, "Now:");
	tty_type(tty, "3");
	return tty;
}

/* The golden screen in three sizes, after `keys` typed one by one, each when the screen is as waited for. */
static void
assert_golden_sizes(const char *name, void (*adjust)(struct scenario *), const char *const *steps)
{
	for (size_t i = 0; i < 3; i++) {
		struct tty *tty = start(sizes[i][0], sizes[i][1], adjust);

		tty_expect(tty, "central-7d9c5b7f-x2k8v");
		tty_expect_gone(tty, "cache");
		for (const char *const *step = steps; step && *step; step += 2) {
			tty_type(tty, step[0]);
			tty_expect(tty, step[1]);
		}
		tty_expect(tty, "live");
		tty_assert_golden(tty, name);
		tty_stop(tty);
	}
}

static void
table_shows_pods_as_the_server_prints_them(void **state)
{
	(void)state;
	assert_golden_sizes("table", with_one_source, NULL);
}

static void
table_zoomed_shows_wide_columns_and_reasons(void **state)
{
	(void)state;
	assert_golden_sizes("table-zoom", with_one_source,
			    (const char *const[]){ "z", "web-5c6b8d7f9-zzzzz", NULL });
}

static void
table_split_shows_two_sources(void **state)
{
	(void)state;
	assert_golden_sizes("table-split", with_two_sources,
			    (const char *const[]){ "z", "tsb-operator", "v", "xcp-edge-0", "v",
						   "xcp-edge-0", NULL });
}

static void
table_merged_names_where_each_row_is(void **state)
{
	(void)state;
	assert_golden_sizes("table-merged", with_two_sources,
			    (const char *const[]){ "z", "tsb-operator", "a", "edge-1/edge", NULL });
}

static void
table_filter_says_how_much_it_hides(void **state)
{
	(void)state;
	assert_golden_sizes("table-filter", with_one_source,
			    (const char *const[]){ "f", "Show only rows", "/^(mpc|web)/\r",
						   "5 hidden", ">>>", "by STATUS", "i", "desc",
						   NULL });
}

static void
table_of_another_resource_has_its_columns(void **state)
{
	(void)state;
	assert_golden_sizes(
		"table-resource", with_one_source,
		(const char *const[]){ "R", "Resource", "deploy\r", "AVAILABLE", NULL });
}

static void
table_search_marks_what_it_finds(void **state)
{
	struct tty *tty = start(120, 36, with_one_source);

	(void)state;
	tty_expect(tty, "web-5c6b8d7f9-zzzzz");
	tty_expect_gone(tty, "cache");
	tty_type(tty, "/running\r");
	tty_expect(tty, "search: running");
	tty_expect(tty, "live");
	tty_expect(tty, "match ");
	tty_assert_golden(tty, "table-search");
	tty_type(tty, "N");
	tty_expect(tty, "match 1 of 4");
	tty_type(tty, "/nowhere\r");
	tty_expect(tty, "No row matches \"nowhere\"");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "search:");
	scenario_leave(tty);
}

static void
table_filter_that_hides_all_says_so(void **state)
{
	struct tty *tty = start(80, 24, with_one_source);

	(void)state;
	tty_expect(tty, "central-7d9c5b7f-x2k8v");
	tty_type(tty, "fnonesuch\r");
	tty_expect(tty, "no row matches; Esc shows all");
	tty_expect(tty, "7 hidden");
	tty_type(tty, "\033");
	tty_expect(tty, "central-7d9c5b7f-x2k8v");
	tty_type(tty, "!");
	tty_expect_gone(tty, "central-7d9c5b7f-x2k8v");
	tty_expect(tty, "only what is in trouble");
	tty_expect(tty, "mpc-55d-q8z");
	scenario_leave(tty);
}

static void
table_cursor_stays_on_its_object(void **state)
{
	struct tty *tty = start(120, 36, with_one_source);

	(void)state;
	tty_expect(tty, "web-5c6b8d7f9-zzzzz");
	tty_type(tty, "jj");
	tty_expect_cursor(tty, 23, 0);
	world->arrival.name = "aaa-new-5b9-xxxxx";
	world->arrivals++;
	tty_expect(tty, "aaa-new-5b9-xxxxx");
	tty_expect_cursor(tty, 24, 0);
	tty_type(tty, "g");
	tty_expect_cursor(tty, 21, 0);
	scenario_leave(tty);
}

static void
table_without_an_exact_list_says_so(void **state)
{
	struct tty *tty;

	(void)state;
	world->fault = FAULT_STALLED;
	tty = start(120, 36, with_one_source);
	tty_expect(tty, "7 pods, 2 not ready (cached)");
	tty_type(tty, "z");
	tty_expect(tty, "7 pods, 2 not ready (from the server's cache)");
	tty_type(tty, "fnonesuch\r");
	tty_expect(tty, "no row matches so far; Esc shows all");
	tty_stop(tty);
	look_at = "empty";
	tty = start(120, 36, with_one_source);
	tty_expect(tty, "nothing in the server's cache; waiting for the exact list");
	tty_stop(tty);
	world->fault = FAULT_NONE;
	tty = start(120, 36, with_one_source);
	tty_expect(tty, "no pods there");
	scenario_leave(tty);
}

static void
table_tells_how_far_a_long_list_is(void **state)
{
	struct tty *tty;

	(void)state;
	world->fault = FAULT_SECOND_PAGE;
	tty = start(160, 48, with_one_source);
	tty_type(tty, "z");
	tty_expect(tty, "7 pods, 2 not ready (from the server's cache, 9,500 to come)");
	tty_stop(tty);
	tty = start(160, 48, with_all_namespaces); /* which has no glance */
	tty_type(tty, "z");
	tty_expect(tty, "9 pods, 3 not ready, 9,500 to come");
	scenario_leave(tty);
}

/* The text of a screen, with # for a number of seconds that go by, and for a port. */
static char *
without_numbers(struct tty *tty)
{
	static const char *const before[] = { "retry in ", "rows are ", "BROKEN, ", "127.0.0.1:" };
	char *text = tty_text(tty);

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		for (char *at = text; (at = strstr(at, before[i]));) {
			size_t digits;

			at += strlen(before[i]);
			digits = strspn(at, "0123456789");
			if (digits == 0)
				continue;
			*at = '#';
			memmove(at + 1, at + digits, strlen(at + digits) + 1);
		}
	return text;
}

static void
table_broken_keeps_its_rows_and_their_age(void **state)
{
	static const int cursor_rows[] = { 20, 23, 5 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char name[64], *text;
		struct tty *tty = start(sizes[i][0], sizes[i][1], with_one_source);

		tty_expect(
			tty,
			"7m42s"); /* which the exact list tells, and the glance before it does not */
		tty_expect_gone(tty, "cache");
		if (i == 2) {
			tty_type(tty, "z");
			tty_expect(tty, "mpc: back-off");
		}
		world->fault = FAULT_DOWN;
		tty_expect(tty, "BROKEN");
		tty_expect(tty, "overloaded");
		tty_expect_gone(tty, "outstanding"); /* the watch broke off before */
		tty_expect_cursor(tty, cursor_rows[i], 0);
		tty_settle(tty);
		text = without_numbers(tty);
		snprintf(name, sizeof(name), "table-broken-%dx%d", sizes[i][0], sizes[i][1]);
		golden_assert(name, text);
		free(text);
		tty_stop(tty);
		world->fault = FAULT_NONE;
	}
}

static void
table_of_an_unknown_resource_says_so(void **state)
{
	struct tty *tty = start(120, 36, with_one_source);

	(void)state;
	tty_expect(tty, "central-7d9c5b7f-x2k8v");
	tty_type(tty, "Rdeploy nonsense\r");
	tty_expect(tty, "one resource, and -A for all namespaces");
	tty_type(tty, "\033");
	tty_type(tty, "Rgateways.nowhere\r");
	tty_expect(tty, "BROKEN");
	tty_expect(tty, "gateways.nowhere");
	tty_type(tty, "[");
	tty_expect(tty, "central-7d9c5b7f-x2k8v");
	tty_expect(tty, "3 Pods mgmt-b/tsb [1/2]");
	tty_type(tty, "a");
	tty_expect(tty, "no two sources to show together");
	tty_type(tty, "R-A\r");
	tty_expect(tty, "NAMESPACE");
	tty_expect(tty, "xcp-edge-0");
	scenario_leave(tty);
}

static void
table_logs_of_a_pod_are_shown(void **state)
{
	struct tty *tty = start(120, 36, with_one_source);

	(void)state;
	tty_expect(tty, "central-7d9c5b7f-x2k8v");
	tty_type(tty, "l");
	tty_expect(tty, "4 Logs mgmt-b/tsb pod/central-7d9c5b7f");
	scenario_leave(tty);
}

static void
detail_page_follows_the_object(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct tty *tty = start(sizes[i][0], sizes[i][1], with_one_source);

		tty_expect(tty, "central-7d9c5b7f-x2k8v");
		tty_expect_gone(tty, "cache");
		tty_type(tty, "/mpc\r");
		tty_expect(tty, "! mpc-55d-q8z");
		tty_type(tty, "d");
		tty_expect(tty, "registry/mpc:1.8");
		tty_expect(tty, "live");
		tty_expect(tty, i ? "kubelet" : "lines 1-20 of 26"); /* the events are there */
		tty_assert_golden(tty, "detail");
		world->is_gone = true;
		tty_expect(tty, "GONE");
		tty_expect(tty, "gone: this object has been deleted");
		tty_expect(tty, "registry/mpc:1.8");
		world->is_gone = false;
		tty_type(tty, "q");
		tty_expect(tty, "3 Pods");
		scenario_leave(tty);
	}
}

static struct tty *
start_plain(void (*adjust)(struct scenario *))
{
	struct play play = { .stage = stage_clusters, .adjust = adjust, .plain = true };
	struct tty *tty = tty_start(130, 100, scenario_play, &play);

	tty_choose(tty, "show the pods");
	return tty;
}

/* The screen once the last source's pods stand there for the n-th time. */
static char *
listed(struct tty *tty, int n)
{
	static const char last[] = "pods of edge-1/edge: 2, 1 in trouble; live";

	for (int64_t until_ms = clock_mono_ms() + PATIENCE_MS;;) {
		tty_settle(tty);
		char *text = tty_text(tty);
		int count = 0;
		for (const char *at = text; (at = strstr(at, last)); at++)
			count++;
		if (count == n)
			return text;
		if (clock_mono_ms() > until_ms)
			fail_msg("%s", text);
		free(text);
	}
}

/* Those in trouble first, each with why; of every source. Why takes an answer more, which a busy machine may give late. */
static void
plain_lists_the_pods_when_asked(void **state)
{
	static const char why[] = "! mpc-55d-q8z: READY 0/1, STATUS CrashLoopBackOff, "
				  "RESTARTS 4, AGE 6m42s; mpc: back-off 40s";
	struct tty *tty = start_plain(with_two_sources);
	int asked = 1;

	(void)state;
	char *text = listed(tty, asked);
	while (!strstr(text, why) && asked < TRIES) {
		free(text);
		tty_choose(tty, "show the pods");
		text = listed(tty, ++asked);
	}
	const char *title = strstr(text, "pods of mgmt-b/tsb: 7, 2 in trouble; live"),
		   *trouble = strstr(text, why),
		   *well = trouble ? strstr(trouble, "  central-7d9c5b7f-x2k8v: READY 2/2, STATUS "
						     "Running")
				   : NULL;
	if (!title || !well || title > trouble ||
	    !strstr(well,
		    "! xcp-edge-0: READY 0/1, STATUS ImagePullBackOff, RESTARTS 0, AGE 8m30s"))
		fail_msg("%s", text);
	free(text);
	tty_choose(tty, "leave");
	tty_stop(tty);
}

static void
plain_that_cannot_list_says_why(void **state)
{
	(void)state;
	atomic_store(&world->fault, FAULT_DOWN);
	struct tty *tty = start_plain(with_one_source);
	tty_expect(tty, "pods of mgmt-b/tsb: 0 so far; BROKEN");
	tty_expect(tty, "! GET pods in tsb on ");
	tty_type(tty, "details mpc\r");
	tty_expect(tty, "nothing that could be listed so far is called \"mpc\"");
	tty_choose(tty, "leave");
	tty_stop(tty);
}

/* Ctrl-C ends the waiting, and nothing else. */
static void
plain_that_waits_for_pods_can_be_told_not_to(void **state)
{
	(void)state;
	atomic_store(&world->fault, FAULT_STALLED);
	struct tty *tty = start_plain(with_one_source);
	tty_expect(tty, "Waiting for the cluster; Ctrl-C gives up.");
	tty_type(tty, "\003");
	tty_expect(tty, "Not shown.");
	tty_type(tty, "\003");
	tty_expect(tty, "Nothing is running; Ctrl-C again within 2 s leaves.");
	tty_choose(tty, "list the steps");
	tty_expect(tty, "  [>] step 1, ready: Look at the cluster (look)");
	tty_stop(tty);
}

/* On a terminal of line mode with that said at its prompt. */
static struct tty *
start_plain_word(void (*adjust)(struct scenario *), const char *word)
{
	struct play play = { .stage = stage_clusters, .adjust = adjust, .plain = true };
	struct tty *tty = tty_start(130, 100, scenario_play, &play);

	tty_expect(tty, "[?] more >");
	tty_type(tty, word);
	tty_type(tty, "\r");
	return tty;
}

static void
plain_rows_are_filtered(void **state)
{
	struct tty *tty = start_plain_word(with_one_source, "pods | /central|Pending/");

	(void)state;
	tty_expect(tty, "(2 of 7 lines match /central|Pending/)");
	tty_expect(tty, "central-7d9c5b7f-x2k8v: READY 2/2");
	tty_expect_gone(tty, "envoy-0");
	tty_choose(tty, "leave");
	tty_stop(tty);
}

/* In each cluster once; where it is unknown that is said. What was shown last can be named. */
static void
plain_other_resources_and_their_objects(void **state)
{
	struct tty *tty = start_plain_word(with_one_source, "resource deployments");

	(void)state;
	tty_expect(tty, "deployments of mgmt-b/tsb: 2, 1 in trouble; live");
	tty_expect(tty, "  central: READY 1/1, UP-TO-DATE 1, AVAILABLE 1");
	tty_type(tty, "resource nonsense\r");
	tty_expect(tty, "nonsense of mgmt-b/tsb: 0 so far; BROKEN");
	tty_type(tty, "details mpc\r");
	tty_expect(tty, "pods tsb/mpc-55d-q8z of mgmt-b; ");
	tty_type(tty, "details deployments/nothing\r");
	tty_expect(tty, "details: nothing is called \"nothing\"");
	tty_type(tty, "details -\r");
	tty_expect(tty, "details: \"-\" is in several names: ");
	tty_choose(tty, "leave");
	tty_stop(tty);
}

static void
plain_details_are_everything_about_an_object(void **state)
{
	struct tty *tty = start_plain_word(with_one_source, "details mpc");

	(void)state;
	tty_expect(tty, "pods tsb/mpc-55d-q8z of mgmt-b; live");
	tty_expect(tty, "registry/mpc:1.8");
	tty_expect(tty, "Back-off restarting failed container");
	tty_type(tty, "details mpc-55d-q8z | Back\r");
	tty_expect(tty, " lines match Back)");
	tty_choose(tty, "leave");
	tty_stop(tty);
}

static void
plain_logs_of_a_pod_are_asked_for_by_its_name(void **state)
{
	struct tty *tty = start_plain_word(with_one_source, "logs central");

	(void)state;
	tty_expect(tty, "logs of mgmt-b/tsb pod/central-7d9c5b7f-x2k8v: ");
	tty_choose(tty, "leave");
	tty_stop(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(plain_rows_are_filtered, setup, teardown),
		cmocka_unit_test_setup_teardown(plain_other_resources_and_their_objects, setup,
						teardown),
		cmocka_unit_test_setup_teardown(plain_details_are_everything_about_an_object, setup,
						teardown),
		cmocka_unit_test_setup_teardown(plain_logs_of_a_pod_are_asked_for_by_its_name,
						setup, teardown),
		cmocka_unit_test_setup_teardown(plain_lists_the_pods_when_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(plain_that_cannot_list_says_why, setup, teardown),
		cmocka_unit_test_setup_teardown(plain_that_waits_for_pods_can_be_told_not_to, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_shows_pods_as_the_server_prints_them, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_zoomed_shows_wide_columns_and_reasons, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_split_shows_two_sources, setup, teardown),
		cmocka_unit_test_setup_teardown(table_merged_names_where_each_row_is, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_filter_says_how_much_it_hides, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_of_another_resource_has_its_columns, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_search_marks_what_it_finds, setup, teardown),
		cmocka_unit_test_setup_teardown(table_filter_that_hides_all_says_so, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_cursor_stays_on_its_object, setup, teardown),
		cmocka_unit_test_setup_teardown(table_without_an_exact_list_says_so, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_tells_how_far_a_long_list_is, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_broken_keeps_its_rows_and_their_age, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_of_an_unknown_resource_says_so, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_logs_of_a_pod_are_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(detail_page_follows_the_object, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
