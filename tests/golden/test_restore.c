#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "harness.h"
#include "scenario.h"

/* A run with everything in it: several targets, sections, a pause, instances, objectives, impact, ways back. */

#define S(text) ((char[]){ text })

static const struct step_type types[] = {
	{ .uses = "kubernetes.get", .effect = EFFECT_READS, .target_kinds = TARGET_KUBERNETES },
	{ .uses = "manual.confirm", .effect = EFFECT_NONE },
	{ .uses = "kubernetes.apply", .effect = EFFECT_CHANGES, .target_kinds = TARGET_KUBERNETES },
	{ .uses = "command.run", .effect = EFFECT_CHANGES, .starts = "argv" },
	{ .uses = "kubernetes.restart",
	  .effect = EFFECT_CHANGES,
	  .target_kinds = TARGET_KUBERNETES },
	{ .uses = "dns.update", .effect = EFFECT_CHANGES, .target_kinds = TARGET_DNS },
	{ .uses = "dns.wait", .effect = EFFECT_READS, .target_kinds = TARGET_DNS },
	{ .uses = "http.check", .effect = EFFECT_READS, .target_kinds = TARGET_HTTP },
};

enum { GET, CONFIRM, APPLY, RUN, RESTART, UPDATE, WAIT, CHECK };

static struct check_spec dns_checks[] = {
	{ .action = { .type = &types[WAIT] },
	  .expect = S("[.servers[] | .addresses == [\"198.51.100.20\"]] | all"),
	  .message = S("Some name servers still hand out the old address.") },
};
static struct action_spec dns_undo = { .type = &types[UPDATE] };

static char why_dns[] =
	"Control planes find the Management Plane **by this name**. Until it points at the new "
	"address they keep the configuration that they have.\n\n"
	"- the record's TTL was 300, so the last resolver follows five minutes later\n"
	"- clients that connect by address are not helped by this step\n\n"
	"If the zone is signed, the primary signs the change by itself.\n";

static struct step_spec steps[] = {
	{ .id = S("look"),
	  .title = S("Look at the lost cluster"),
	  .section = S("Before"),
	  .action = { .type = &types[GET] },
	  .estimate_ms = 30000 },
	{ .id = S("go"),
	  .title = S("Go or no-go"),
	  .section = S("Before"),
	  .action = { .type = &types[CONFIRM] },
	  .estimate_ms = 60000 },
	{ .id = S("signing-key"),
	  .title = S("Restore the iam-signing-key"),
	  .section = S("Install"),
	  .action = { .type = &types[APPLY] },
	  .estimate_ms = 60000 },
	{ .id = S("helm"),
	  .title = S("Install with helm"),
	  .section = S("Install"),
	  .action = { .type = &types[RUN] },
	  .estimate_ms = 60000 },
	{ .id = S("rotate"),
	  .title = S("Restart the control planes"),
	  .section = S("Clusters"),
	  .action = { .type = &types[RESTART] },
	  .for_each_in = S(".targets.workloads"),
	  .estimate_ms = 120000 },
	{ .id = S("dns"),
	  .title = S("Point the name at the new address"),
	  .section = S("Name"),
	  .text = why_dns,
	  .action = { .type = &types[UPDATE] },
	  .verify = dns_checks,
	  .verify_count = 1,
	  .undo = &dns_undo,
	  .on_failure = ON_FAILURE_GOTO,
	  .goto_step = S("look"),
	  .goto_max = 2,
	  .estimate_ms = 120000 },
	{ .id = S("spread"),
	  .title = S("Wait for the resolvers"),
	  .section = S("Name"),
	  .action = { .type = &types[WAIT] },
	  .estimate_ms = 600000 },
	{ .id = S("sync"),
	  .title = S("Are all clusters in step?"),
	  .section = S("After"),
	  .action = { .type = &types[CONFIRM] } },
	{ .id = S("ui"),
	  .title = S("Open the UI by its name"),
	  .section = S("After"),
	  .action = { .type = &types[CHECK] },
	  .estimate_ms = 60000 },
};

static struct rto_spec rto[] = {
	{ S("Configuration is back"), 2700000, S("look"), S("helm") },
	{ S("Control planes follow"), 3600000, S("look"), S("spread") },
};

static struct impact_spec impact[] = {
	{ S("Production workloads"), S("none"),
	  S("They run on with the configuration they last received."), NULL },
	{ S("Work inside a cluster"), S("limited"),
	  S("kubectl works; what a cluster knows about others grows old."), NULL },
	{ S("Metrics"), S("total"), S("None are collected until the new Management Plane is up."),
	  NULL },
	{ S("Changes by UI, API and GitOps"), S("total"), S("Nothing central can be changed."),
	  NULL },
};

static struct end_spec ends[] = {
	{ S("recovered"), S("Fully recovered") },
	{ S("escalated"), S("Handed to support") },
};

static char runbook_title[] = "Restore the Management Plane on a new cluster";
static char runbook_version[] = "2.1.0";
static char *sources[] = { S("management-plane-dr.md"), S("dns-failover.md"), NULL };
static char *owners[] = { S("platform-sre"), NULL };
static struct pane_spec pods[] = { { .target = S("mgmt-b") } };

#define IDENTITY(uid, server)                                                                      \
	"\"identity\":{\"uid\":\"" uid "\",\"server\":\"" server                                   \
	"\",\"version\":\"v1.29.4\",\"user\":\"ana@example.com\"}"
#define CLUSTER_AS(name, context, ns, uid)                                                         \
	"{\"name\":\"" name "\",\"kind\":\"kubernetes\",\"describe\":\"ctx " context " ns " ns     \
	"\",\"spec\":{\"context\":\"" context "\",\"namespace\":\"" ns                             \
	"\",\"kubeconfig\":\"/nonexistent/kubeconfig\"}," IDENTITY(uid, "https://" context         \
									".example.com:6443") "}"
#define CLUSTER(name, ns, uid) CLUSTER_AS(name, name, ns, uid)
#define STEP(id, title, section, more)                                                             \
	"{\"id\":\"" id "\",\"title\":\"" title "\",\"section\":\"" section "\"" more "}"

static const char run_data[] =
	"{\"runbook\":{\"id\":\"restore\",\"title\":\"Restore the Management Plane on a "
	"new "
	"cluster\",\"version\":\"2.1.0\"},\"mode\":\"live\",\"operator\":\"ana\",\"host\":"
	"\"bastion-1\",\"pid\":4711,\"params\":{},\"targets\":[" CLUSTER("mgmt-b", "tsb", "5f1c0a7e-91d3-4c58-a0de-7be2a4f81c11") "," CLUSTER("app-1",
																	      "istio-system",
																	      "b20e77d1-3c1a-4f0e-8c55-0a2b6b1f9d02") "," CLUSTER_AS("affected", "app-1", "istio-system", "b20e77d1-3c1a-4f0e-8c55-0a2b6b1f9d02") "," CLUSTER("app-2", "istio-system", "c9a1e5f4-7d2b-4a7b-9f31-5d8e0c6a7b03") ","
																																											       "{\"name\":\"config_db\",\"kind\":\"postgresql\",\"describe\":\"service=tsb database tsb\","
																																											       "\"spec\":{},\"identity\":{\"system_identifier\":\"7301234567890123456\",\"version\":"
																																											       "\"14.11\"}},"
																																											       "{\"name\":\"zone\",\"kind\":\"dns\",\"describe\":\"zone example.com at ns1\",\"spec\":{},"
																																											       "\"identity\":{\"primary\":\"ns1.example.com\"}}],\"steps\":[" STEP(
																																												       "look", "Look at the lost cluster", "Before", ",\"estimate_ms\":30000") "," STEP("go",
																																																							"Go or no-go", "Before", ",\"estimate_ms\":60000") "," STEP("signing-key",
																																																														    "Restore the iam-signing-key", "Install", ",\"estimate_ms\":60000") "," STEP("helm",
																																																																								 "Install with helm", "Install", ",\"estimate_ms\":60000") "," STEP("rotate", "Restart the control planes", "Clusters", ",\"estimate_ms\":120000,\"for_each\":true") "," STEP("dns", "Point the name at the new address", "Name", ",\"estimate_ms\":120000") "," STEP("spread", "Wait for the resolvers", "Name", ",\"estimate_ms\":600000") "," STEP("sync",
																																																																																																																		      "Are all clusters in step?", "After", "") "," STEP("ui",
																																																																																																																									 "Open the UI by its name",
																																																																																																																									 "After",
																																																																																																																									 ",\"estimate_ms\":60000") "]}";

static void
adjust(struct scenario *s)
{
	s->runbook = (struct runbook){ .title = runbook_title,
				       .version = runbook_version,
				       .sources = sources,
				       .owners = owners,
				       .steps = steps,
				       .steps_count = sizeof(steps) / sizeof(steps[0]),
				       .rto = rto,
				       .rto_count = 2,
				       .impact = impact,
				       .impact_count = 4,
				       .ends = ends,
				       .ends_count = 2 };
}

/* The pods of a cluster whose kubeconfig is not there. */
static void
adjust_live(struct scenario *s)
{
	adjust(s);
	s->runbook.panes = (struct pane_set){ .pods = pods, .pods_count = 1 };
}

static void
adjust_ascii(struct scenario *s)
{
	adjust(s);
	s->options.look.ascii = true;
	s->options.look.mono = true;
}

static void
adjust_overdue(struct scenario *s)
{
	adjust(s);
	rto[1].target_ms = 1500000;
}

static void
push(struct scenario *s, enum record_type type, const char *format, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	scenario_push(s, type, text);
}

/* Prepared, begun, and passed; `more` stands in the outcome. */
static void
pass(struct scenario *s, const char *step, const char *uses, const char *effect, const char *more)
{
	push(s, RECORD_PLAN,
	     "{\"step\":\"%s\",\"uses\":\"%s\",\"target\":\"mgmt-b\",\"effect\":\"%s\",\"confirm\":"
	     "\"ask\",\"preview\":[[\">\",\"GET /api/v1/namespaces/tsb\"]]}",
	     step, uses, effect);
	push(s, RECORD_INTENT, "{\"step\":\"%s\",\"confirmed\":\"y\",\"by\":\"ana\",\"attempt\":1}",
	     step);
	push(s, RECORD_OUTCOME, "{\"step\":\"%s\",\"status\":\"ok\",\"duration_ms\":60000%s}", step,
	     more);
}

static void
stage_begun(struct scenario *s)
{
	scenario_push(s, RECORD_RUN, run_data);
	scenario_push(s, RECORD_PREFLIGHT,
		      "{\"checks\":[{\"title\":\"target mgmt-b (ctx mgmt-b ns tsb)\",\"ok\":true},"
		      "{\"title\":\"target zone (zone example.com at ns1)\",\"ok\":true}]}");
}

static void
stage_unreached(struct scenario *s)
{
	scenario_push(s, RECORD_RUN, run_data);
	scenario_push(
		s, RECORD_PREFLIGHT,
		"{\"checks\":[{\"title\":\"target mgmt-b (ctx mgmt-b ns tsb)\",\"ok\":true,"
		"\"message\":\"its clock is at least 41s ahead of ours\"},"
		"{\"title\":\"target app-1 (ctx app-1 ns istio-system)\",\"ok\":false,\"message\":"
		"\"identity of the cluster of context app-1: connecting to "
		"https://app-1.example.com:6443: connection refused. Look whether the API server "
		"runs, and whether a firewall stands between\"},"
		"{\"title\":\"target config_db (service=tsb database tsb)\",\"ok\":true}]}");
	push(s, RECORD_PLAN,
	     "{\"step\":\"look\",\"uses\":\"kubernetes.get\",\"target\":\"mgmt-b\",\"effect\":"
	     "\"reads\",\"confirm\":\"none\",\"preview\":[[\">\",\"GET "
	     "/api/v1/namespaces/tsb/pods\"]]}");
}

/* Everything before the step that this is about. */
static void
stage_installed(struct scenario *s)
{
	stage_begun(s);
	pass(s, "look", "kubernetes.get", "reads", ",\"outputs\":{\"pods\":9}");
	pass(s, "go", "manual.confirm", "none", "");
	push(s, RECORD_NOTE,
	     "{\"text\":\"bridge call 4471, incident commander is Tom\",\"by\":"
	     "\"ana\",\"step\":\"signing-key\"}");
	pass(s, "signing-key", "kubernetes.apply", "changes",
	     ",\"undo\":{\"title\":\"kubernetes.delete secrets/iam-signing-key\"}");
	push(s, RECORD_PLAN,
	     "{\"step\":\"helm\",\"uses\":\"command.run\",\"effect\":\"changes\",\"confirm\":"
	     "\"ask\","
	     "\"preview\":[[\">\",\"helm install tsb\"]]}");
	push(s, RECORD_INTENT,
	     "{\"step\":\"helm\",\"confirmed\":\"y\",\"by\":\"ana\",\"attempt\":1}");
	push(s, RECORD_NOTE, "{\"text\":\"slow image pulls\",\"by\":\"ana\",\"step\":\"helm\"}");
	push(s, RECORD_IMPACT,
	     "{\"index\":2,\"operation\":\"Metrics\",\"level\":\"total\",\"predicted\":\"total\","
	     "\"text\":\"oap is not available on the new cluster\"}");
	push(s, RECORD_OUTCOME,
	     "{\"step\":\"helm\",\"status\":\"ok\",\"duration_ms\":180000,\"undo\":{\"title\":"
	     "\"command.run helm uninstall tsb\"}}");
	push(s, RECORD_EXPAND, "{\"step\":\"rotate\",\"items\":[\"app-1\",\"app-2\"]}");
	pass(s, "rotate[app-1]", "kubernetes.restart", "changes", "");
	push(s, RECORD_SKIP,
	     "{\"step\":\"rotate[app-2]\",\"by\":\"ana\",\"reason\":\"app-2 is drained, its team "
	     "restarts it themselves\"}");
}

static void
stage_name(struct scenario *s)
{
	stage_installed(s);
	push(s, RECORD_PLAN,
	     "{\"step\":\"dns\",\"uses\":\"dns.update\",\"target\":\"zone\",\"effect\":\"changes\","
	     "\"confirm\":\"ask\",\"preview\":[[\">\",\"RFC2136 UPDATE ns1.example.com key=dr\"],"
	     "[\"-\",\"tsb.example.com 300 A 203.0.113.10\"],[\"+\",\"tsb.example.com  60 A "
	     "198.51.100.20\"],[\" \",\"only if the RRset is exactly 203.0.113.10\"]],"
	     "\"preconditions\":[{\"title\":\"dns.lookup tsb.example.com\",\"ok\":true},"
	     "{\"title\":\"http.check https://198.51.100.20\",\"expect\":\".status == "
	     "200\",\"ok\":true}]}");
}

static void
stage_name_running(struct scenario *s)
{
	stage_name(s);
	push(s, RECORD_INTENT,
	     "{\"step\":\"dns\",\"confirmed\":\"y\",\"by\":\"ana\",\"attempt\":1}");
	scenario_event(s, EVENT_OUTPUT, "dns",
		       "update sent to ns1.example.com\nanswer: NOERROR\nns1: 198.51.100.20\n"
		       "ns2: 203.0.113.10\n");
	scenario_event(s, EVENT_PROGRESS, "dns", "1 of 3 name servers shows the new address");
}

static void
stage_name_failed(struct scenario *s)
{
	stage_name_running(s);
	push(s, RECORD_OUTCOME,
	     "{\"step\":\"dns\",\"status\":\"failed\",\"duration_ms\":60000,\"error\":{\"kind\":"
	     "\"check\",\"message\":\"what was done did not have the effect that is expected: 1 of "
	     "2 checks does not hold after 10m\"},\"undo\":{\"title\":\"dns.update "
	     "tsb.example.com\"},\"verify\":[{\"title\":\"dns.wait tsb.example.com\",\"expect\":"
	     "\"[.servers[] | .addresses == [\\\"198.51.100.20\\\"]] | all\",\"message\":\"ns2 and "
	     "ns3 answer 203.0.113.10. Some name servers still hand out the old address.\",\"ok\":"
	     "false},{\"title\":\"dns.lookup ns1.example.com\",\"expect\":\".serial > "
	     "2026112101\",\"ok\":true}]}");
}

static void
stage_taking_back(struct scenario *s)
{
	stage_name_failed(s);
	push(s, RECORD_PLAN,
	     "{\"step\":\"dns\",\"undo\":true,\"uses\":\"dns.update\",\"target\":\"zone\","
	     "\"effect\":"
	     "\"changes\",\"confirm\":\"ask\",\"preview\":[[\">\",\"RFC2136 UPDATE ns1.example.com "
	     "key=dr\"],[\"-\",\"tsb.example.com  60 A 198.51.100.20\"],[\"+\",\"tsb.example.com "
	     "300 "
	     "A 203.0.113.10\"]]}");
}

static void
stage_name_done(struct scenario *s)
{
	stage_name_running(s);
	push(s, RECORD_OUTCOME,
	     "{\"step\":\"dns\",\"status\":\"ok\",\"duration_ms\":60000,\"outputs\":{\"serial\":"
	     "2026112102},\"undo\":{\"title\":\"dns.update tsb.example.com\"},\"verify\":[{"
	     "\"title\":\"dns.wait tsb.example.com\",\"expect\":\"[.servers[] | .addresses == "
	     "[\\\"198.51.100.20\\\"]] | all\",\"ok\":true}]}");
	push(s, RECORD_PLAN,
	     "{\"step\":\"spread\",\"uses\":\"dns.wait\",\"target\":\"zone\",\"effect\":\"reads\","
	     "\"confirm\":\"none\",\"preview\":[]}");
}

static void
stage_over(struct scenario *s)
{
	stage_name_failed(s);
	push(s, RECORD_END,
	     "{\"id\":\"escalated\",\"title\":\"Handed to support\",\"reason\":\"two name servers "
	     "do "
	     "not transfer the zone; DNS team has the incident now\",\"failed\":true}");
}

/* ---- pictures ---- */

static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 }, { 200, 60 } };

/* A picture in the first `count` sizes; `keys` are typed first, if any. */
static void
assert_pictures(const char *name, size_t count, void (*stage)(struct scenario *),
		void (*prepare)(struct scenario *), const char *keys, const char *until)
{
	for (size_t i = 0; i < count; i++) {
		struct tty *tty = scenario_start_adjusted(sizes[i][0], sizes[i][1], stage, prepare);

		tty_expect(tty, "T+");
		if (keys) {
			tty_expect(tty, "? help");
			tty_type(tty, keys);
		}
		tty_expect(tty, until);
		tty_assert_golden(tty, name);
		tty_stop(tty);
	}
}

static void
restore_ready_step(void **state)
{
	(void)state;
	assert_pictures("restore-ready", 4, stage_name, adjust, NULL, "Enter run");
}

static void
restore_ready_step_with_live_panes(void **state)
{
	(void)state;
	assert_pictures("restore-live", 4, stage_name, adjust_live, NULL, "BROKEN");
}

static void
restore_confirmation(void **state)
{
	(void)state;
	assert_pictures("restore-confirm", 3, stage_name, adjust, "\r", "[y/N]");
}

static void
restore_running_step(void **state)
{
	(void)state;
	assert_pictures("restore-running", 3, stage_name_running, adjust, NULL, "1 of 3");
}

static void
restore_overdue_objective(void **state)
{
	(void)state;
	assert_pictures("restore-overdue", 3, stage_name_running, adjust_overdue, NULL, "OVERDUE");
}

static void
restore_failed_step(void **state)
{
	(void)state;
	assert_pictures("restore-failed", 3, stage_name_failed, adjust, NULL, "WHAT NOW");
}

static void
restore_step_to_be_taken_back(void **state)
{
	(void)state;
	assert_pictures("restore-back", 3, stage_taking_back, adjust, NULL, "TAKES BACK");
}

static void
restore_done_step(void **state)
{
	(void)state;
	assert_pictures("restore-done", 3, stage_name_done, adjust, "k", "VERIFIED");
}

static void
restore_preflight_page_opens_by_itself(void **state)
{
	struct tty *tty;

	(void)state;
	assert_pictures("restore-preflight", 3, stage_unreached, adjust, NULL, "does not answer");
	tty = scenario_start_adjusted(80, 24, stage_unreached, adjust);
	tty_expect(tty, "does not answer");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	tty_type(tty, "F");
	tty_expect(tty, "does not answer");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	scenario_leave(tty);
}

static bool
is_helm(const char *name)
{
	return strcmp(name, "helm") == 0;
}

/* A program that is there, one that is not, and a line for the shell, which is no program. */
static void
with_programs(struct scenario *s)
{
	static struct check_spec checks[2];

	adjust(s);
	steps[3].action.with = cJSON_Parse("{\"argv\":[\"helm\",\"install\"]}");
	checks[0].action = (struct action_spec){ .type = &types[RUN],
						 .with = cJSON_Parse("{\"argv\":[\"tctl\"]}") };
	checks[1].action = (struct action_spec){
		.type = &types[RUN],
		.with = cJSON_Parse("{\"argv\":[\"tctl get | wc\"],\"shell\":true}"),
	};
	steps[3].verify = checks;
	steps[3].verify_count = 2;
	s->options.has_program = is_helm;
}

static void
preflight_tells_which_programs_are_there(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_unreached, with_programs);

	(void)state;
	tty_expect(tty, "does not answer");
	tty_type(tty, "/PROGRAMS\r");
	tty_expect(tty, "[!] tctl: not found here");
	tty_expect(tty, "[x] helm");
	tty_assert_golden(tty, "preflight-programs");
	tty_stop(tty);
}

static void
preflight_of_a_run_under_way_does_not_open(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_name, adjust);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "F");
	tty_expect(tty, "All of its 2 targets answer");
	tty_type(tty, "q");
	tty_expect(tty, "Enter run");
	scenario_leave(tty);
}

static void
restore_why_page(void **state)
{
	(void)state;
	assert_pictures("restore-why", 3, stage_name, adjust, "h", "dns-failover.md");
}

static void
restore_end_page(void **state)
{
	(void)state;
	assert_pictures("restore-ended", 3, stage_over, adjust, NULL, "The run ended");
}

static void
restore_zoomed_panes(void **state)
{
	(void)state;
	assert_pictures("restore-zoom-steps", 3, stage_name, adjust, "1z", "back out");
	assert_pictures("restore-zoom-step", 3, stage_name, adjust, "2z", "would take it back");
	assert_pictures("restore-zoom-audit", 3, stage_name, adjust, "5z", "is ready");
	assert_pictures("restore-zoom-impact", 3, stage_name, adjust, "6z", "Metrics");
}

static void
restore_without_colour_and_unicode(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct tty *tty = scenario_start_adjusted(sizes[i][0], sizes[i][1],
							  stage_name_failed, adjust_ascii);

		tty_expect(tty, "WHAT NOW");
		tty_assert_golden(tty, "restore-ascii");
		char *text = tty_text(tty);
		for (const char *at = text; *at; at++)
			assert_true((unsigned char)*at < 0x80);
		free(text);
		scenario_leave(tty);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restore_ready_step),
		cmocka_unit_test(restore_ready_step_with_live_panes),
		cmocka_unit_test(restore_confirmation),
		cmocka_unit_test(restore_running_step),
		cmocka_unit_test(restore_overdue_objective),
		cmocka_unit_test(restore_failed_step),
		cmocka_unit_test(restore_step_to_be_taken_back),
		cmocka_unit_test(restore_done_step),
		cmocka_unit_test(restore_preflight_page_opens_by_itself),
		cmocka_unit_test(preflight_tells_which_programs_are_there),
		cmocka_unit_test(preflight_of_a_run_under_way_does_not_open),
		cmocka_unit_test(restore_why_page),
		cmocka_unit_test(restore_end_page),
		cmocka_unit_test(restore_zoomed_panes),
		cmocka_unit_test(restore_without_colour_and_unicode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
