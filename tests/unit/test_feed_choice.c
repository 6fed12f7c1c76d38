#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "ui/feed_choice.h"

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
assert_labels(const struct runbook *runbook, const struct run_state *run, const char *wanted)
{
	struct feed_choices choices;
	struct str got = STR_INIT;

	feed_choices_make(FEED_PODS, runbook, run, &choices);
	for (size_t i = 0; i < choices.count; i++)
		str_printf(&got, "%s;", choices.items[i].label);
	assert_string_equal(str_cstr(&got), wanted);
	str_release(&got);
	feed_choices_release(&choices);
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
	for (int i = 0; i < 3; i++)
		cJSON_Delete(targets[i].spec);
	cJSON_Delete(run.params);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feed_choices_resolve_targets_groups_and_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
