#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "ui/model/feed_choice.h"

/* A run with a group of two targets and a loop over them, as far as the panes are concerned. */
static void
make_run(struct run_state *run, struct target_state targets[3], struct step_state *step)
{
	targets[0] = (struct target_state){ .name = "mp" };
	targets[0].spec =
		cJSON_Parse("{\"context\":\"mgmt\",\"namespace\":\"tsb\",\"kubeconfig\":\"/k\"}");
	targets[1] = (struct target_state){ .name = "workloads[app-1]", .group = "workloads" };
	targets[1].spec = cJSON_Parse("{\"context\":\"app-1\"}");
	targets[2] = (struct target_state){ .name = "workloads[app-2]", .group = "workloads" };
	targets[2].spec = cJSON_Parse("{\"context\":\"app-2\"}");
	run->targets = targets;
	run->targets_count = 3;
	run->params = cJSON_Parse("{\"ns\":\"istio-system\"}");
	*step = (struct step_state){ .id = "rotate[app-2]",
				     .spec_id = "rotate",
				     .item = "app-2",
				     .target = "workloads[app-2]" };
	run->steps = step;
	run->steps_count = 1;
	run->current = 0;
}

static void
assert_labels_of(enum feed_choice_kind kind, const struct runbook *runbook,
		 const struct run_state *run, const char *wanted)
{
	struct feed_choices choices;
	struct str got = STR_INIT;

	feed_choices_make(kind, runbook, run, &choices);
	for (size_t i = 0; i < choices.count; i++) {
		const struct feed_choice *choice = &choices.items[i];

		if (choice->resource)
			str_printf(&got, "%s of ", choice->resource);
		str_printf(&got, "%s;", choice->label);
	}
	assert_string_equal(str_cstr(&got), wanted);
	str_release(&got);
	feed_choices_release(&choices);
}

static void
assert_labels(const struct runbook *runbook, const struct run_state *run, const char *wanted)
{
	assert_labels_of(FEED_TABLES, runbook, run, wanted);
}

static void
free_run(struct run_state *run)
{
	for (size_t i = 0; i < run->targets_count; i++)
		cJSON_Delete(run->targets[i].spec);
	cJSON_Delete(run->params);
}

static void
feed_choices_resolve_targets_groups_and_items(void **state)
{
	struct step_spec spec = { .id = "rotate", .for_each_as = "cluster" };
	struct runbook runbook = { .steps = &spec, .steps_count = 1 };
	struct run_state run = { .seq = 1 };
	struct target_state targets[3];
	struct step_state step;
	struct pane_spec pane = { .target = "mp" };

	(void)state;
	make_run(&run, targets, &step);
	assert_labels(&runbook, &run, "");
	runbook.panes = (struct pane_set){ .pods = &pane, .pods_count = 1 };
	assert_labels(&runbook, &run, "mgmt/tsb;");
	pane = (struct pane_spec){ .target = "workloads",
				   .ns = "${.params.ns}",
				   .selector = "app=x" };
	assert_labels(&runbook, &run, "app-1/istio-system app=x;app-2/istio-system app=x;");
	pane = (struct pane_spec){ .target = "${.cluster}" };
	assert_labels(&runbook, &run, "app-2;");
	struct pane_spec own = { .target = "mp", .ns = "kube-system" };
	spec.panes = (struct pane_set){ .pods = &own, .pods_count = 1 };
	assert_labels(&runbook, &run, "mgmt/kube-system;");
	pane = (struct pane_spec){ .target = "${.nonsense}" };
	spec.panes.pods_count = 0;
	assert_labels(&runbook, &run, "");
	free_run(&run);
}

static void
feed_choices_join_pods_and_resources(void **state)
{
	struct pane_spec pods = { .target = "mp", .all_namespaces = true };
	struct pane_spec resources[] = { { .target = "mp", .resource = "${.params.what}" },
					 { .target = "workloads", .resource = "nodes" } };
	struct step_spec spec = { .id = "rotate", .for_each_as = "cluster" };
	struct runbook runbook = { .steps = &spec, .steps_count = 1 };
	struct run_state run = { .seq = 1 };
	struct target_state targets[3];
	struct step_state step;

	(void)state;
	make_run(&run, targets, &step);
	cJSON_AddStringToObject(run.params, "what", "deployments.apps");
	runbook.panes = (struct pane_set){
		.pods = &pods, .pods_count = 1, .resources = resources, .resources_count = 2
	};
	assert_labels(&runbook, &run,
		      "mgmt/*;deployments.apps of mgmt/tsb;nodes of app-1;nodes of app-2;");
	spec.panes = (struct pane_set){ .resources = &resources[1], .resources_count = 1 };
	assert_labels(&runbook, &run, "nodes of app-1;nodes of app-2;");
	free_run(&run);
}

static void
feed_choices_of_logs_name_pods_and_workloads(void **state)
{
	struct pane_spec logs[] = { { .target = "mp", .pod = "web-0", .container = "envoy" },
				    { .target = "mp", .workload = "deployment/tsb" },
				    { .target = "mp", .pod = "web-0", .previous = true },
				    { .target = "mp", .workload = "deployment/tsb" } };
	struct runbook runbook = { .panes = { .logs = logs, .logs_count = 4 } };
	struct run_state run = { .seq = 1 };
	struct target_state targets[3];
	struct step_state step;

	(void)state;
	make_run(&run, targets, &step);
	assert_labels_of(FEED_LOGS, &runbook, &run,
			 "mgmt/tsb pod/web-0 envoy;mgmt/tsb deployment/tsb;"
			 "mgmt/tsb pod/web-0 (before the last restart);");
	free_run(&run);
}

/* Without its selector a source would show what nobody asked for. */
static void
feed_choices_without_a_value_are_left_out(void **state)
{
	struct pane_spec pods[] = { { .target = "mp", .selector = "app=${.params.missing}" },
				    { .target = "mp", .ns = "${.nonsense}" },
				    { .target = "mp", .selector = "" } };
	struct runbook runbook = { .panes = { .pods = pods, .pods_count = 3 } };
	struct run_state run = { .seq = 1 };
	struct target_state targets[3];
	struct step_state step;

	(void)state;
	make_run(&run, targets, &step);
	assert_labels(&runbook, &run, "mgmt/tsb;");
	free_run(&run);
}

static void
feed_choice_equal_compares_what_is_read(void **state)
{
	struct feed_choice a = { .label = "a", .context = "mgmt", .ns = "tsb" };
	struct feed_choice b = { .label = "b", .context = "mgmt", .ns = "tsb", .resource = "po" };
	struct feed_choices choices = { 0 };

	(void)state;
	assert_true(feed_choice_equal(&a, &b));
	assert_int_equal(feed_choices_add(&choices, &a), 0);
	assert_int_equal(feed_choices_add(&choices, &b), 0);
	b.selector = "app=web";
	assert_false(feed_choice_equal(&a, &b));
	assert_true(feed_choice_covers(&a, &b));
	assert_false(feed_choice_covers(&b, &a));
	assert_int_equal(feed_choices_find(&choices, &b), SIZE_MAX);
	assert_int_equal(feed_choices_add(&choices, &b), 1);
	b.ns = "istio-system";
	assert_false(feed_choice_covers(&a, &b));
	a.all_namespaces = true;
	assert_true(feed_choice_covers(&a, &b));
	b.resource = "nodes";
	assert_false(feed_choice_covers(&a, &b));
	assert_false(feed_choice_alike(&a, &b));
	feed_choices_release(&choices);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feed_choices_resolve_targets_groups_and_items),
		cmocka_unit_test(feed_choices_join_pods_and_resources),
		cmocka_unit_test(feed_choices_of_logs_name_pods_and_workloads),
		cmocka_unit_test(feed_choices_without_a_value_are_left_out),
		cmocka_unit_test(feed_choice_equal_compares_what_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
