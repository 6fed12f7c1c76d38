#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture_kubectl.h"
#include "fixture_live_shared.h"

/*
 * What probes tell of writes to a real API server. A step that is cut off is one whose preview is kept, and
 * of which another does as much as was done.
 */

static void
kubectl_silent(const char *words)
{
	free(kubectl(live, words));
}

/* Somebody who works beside the step. */
static void
beside(const struct executor *executor, const char *with)
{
	struct bench *b = bench_new(live_kubeconfig(), live->ns);

	if (bench_run(b, executor, with) < 0)
		fail_msg("%s", b->e.message);
	bench_free(b);
}

static void
apply_beside(const char *manifest)
{
	char *path = fixture_write(live->folder, "beside.yaml", manifest);
	char *with = xasprintf("{\"file\":\"%s\"}", path);

	beside(&step_kubernetes_apply, with);
	free(with);
	free(path);
}

static void
preview(const struct executor *executor, const char *with)
{
	char *text = bench_preview(live->b, executor, with);

	if (!text)
		fail_msg("%s", live->b->e.message);
	free(text);
	live->b->action.begun_ms = clock_wall_ms();
}

static void
preview_manifest(const char *manifest)
{
	char *path = fixture_write(live->folder, "probed.yaml", manifest);
	char *with = xasprintf("{\"file\":\"%s\"}", path);

	preview(&step_kubernetes_apply, with);
	free(with);
	free(path);
}

/* The step has sent its first write, so long ago. */
static void
write_was_sent(int64_t ago_ms)
{
	if (!live->b->evidence)
		live->b->evidence = cJSON_CreateObject();
	bench_age_evidence(live->b, ago_ms);
}

static void
assert_probe(enum probe_verdict wanted, const char *says)
{
	enum probe_verdict verdict = bench_probe(live->b);

	if (live->b->e.kind)
		fail_msg("%s", live->b->e.message);
	assert_holds(str_cstr(&live->b->probed), says);
	if (verdict != wanted)
		fail_msg("verdict %d, not %d:\n%s", (int)verdict, (int)wanted,
			 str_cstr(&live->b->probed));
}

#define ONE(value) "kind: ConfigMap\napiVersion: v1\nmetadata: {name: one}\ndata: {a: " value "}\n"
#define TWO                                                                                        \
	"kind: Secret\napiVersion: v1\nmetadata: {name: two}\nstringData: {key: "                  \
	"sesame-open-wide}\n"

/* ---- apply ---- */

static void
apply_cut_off_in_the_middle_says_how_far_it_came(void **state)
{
	(void)state;
	need_cluster();
	preview_manifest(ONE("x") "---\n" TWO "---\nkind: ConfigMap\napiVersion: v1\n"
				  "metadata: {name: three}\n");
	assert_probe(PROBE_NOT_DONE, "No write was sent");
	assert_holds(str_cstr(&live->b->probed), "it is not there, as the preview saw it");
	write_was_sent(0);
	assert_probe(PROBE_UNSURE, "may be under way until");
	write_was_sent(61000);
	assert_probe(PROBE_NOT_DONE, "0 of 3 are done, 3 are as they were");
	apply_beside(TWO);
	assert_probe(PROBE_UNSURE, "1 of 3 are done, 2 are as they were");
	assert_holds(str_cstr(&live->b->probed), "secret/two in ");
	assert_holds(str_cstr(&live->b->probed), "last written by lifeboat at 20");
	assert_holds(str_cstr(&live->b->probed), "applying it would change nothing");
	assert_null(strstr(str_cstr(&live->b->probed), "sesame"));
	apply_beside(ONE("x") "---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: three}\n");
	assert_probe(PROBE_DONE, "(after the step began)");
	kubectl_silent("patch configmap one --type=merge -p '{\"data\":{\"a\":\"edited\"}}'");
	assert_probe(PROBE_UNSURE, "last written by kubectl-patch at ");
	assert_holds(str_cstr(&live->b->probed), "by lifeboat at ");
	assert_holds(str_cstr(&live->b->probed), "; a trial is refused: ");
}

static void
apply_over_objects_that_move_by_themselves_is_still_told(void **state)
{
	(void)state;
	need_cluster();
	kubectl_silent("delete configmap one --ignore-not-found");
	apply_beside(ONE("before"));
	kubectl_silent("annotate configmap one moved=yes --overwrite");
	preview_manifest(ONE("after"));
	write_was_sent(61000);
	assert_probe(PROBE_NOT_DONE, "as the preview saw it; applying it would change 2 lines");
	kubectl_silent("annotate configmap one moved=again --overwrite");
	assert_probe(PROBE_UNSURE, "applying it would change 2 lines");
	live->b->action.begun_ms += 60000; /* long after anything of ours */
	assert_probe(PROBE_NOT_DONE, "as the preview saw it; applying it would change 2 lines");
	apply_beside(ONE("after"));
	assert_probe(PROBE_DONE, "applying it would change nothing");
	kubectl_silent("delete configmap one");
	kubectl_silent("create configmap one --from-literal=a=after");
	assert_probe(PROBE_UNSURE,
		     "never by lifeboat; applying it would change no value, but make");
}

static void
apply_of_what_was_as_wanted_before_is_done(void **state)
{
	(void)state;
	need_cluster();
	apply_beside(TWO);
	preview_manifest(TWO);
	assert_probe(PROBE_DONE, "applying it would change nothing");
}

/* ---- scale and restart ---- */

static void
deploy(const char *name, int replicas)
{
	char *manifest = xasprintf(
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s}\n"
		"spec:\n  replicas: %d\n  selector: {matchLabels: {app: %s}}\n  template:\n"
		"    metadata: {labels: {app: %s}}\n"
		"    spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: x}]}\n",
		name, replicas, name, name);
	char *with = xasprintf("{\"name\":\"%s\",\"resource\":\"deployments\",\"interval\":200,"
			       "\"timeout\":30000}",
			       name);

	apply_beside(manifest);
	beside(&step_kubernetes_rollout, with);
	free(with);
	free(manifest);
}

static void
scale_is_told_from_what_others_set(void **state)
{
	static const char with[] =
		"{\"resource\":\"deployments\",\"name\":\"probed\",\"replicas\":3,"
		"\"timeout\":20000}";

	(void)state;
	need_cluster();
	deploy("probed", 1);
	preview(&step_kubernetes_scale, with);
	write_was_sent(61000);
	assert_probe(PROBE_NOT_DONE,
		     "1 replicas are wanted there, 1 are there, as the preview saw");
	assert_holds(str_cstr(&live->b->probed), ", generation 1 (observed 1), resourceVersion ");
	kubectl_silent("scale deployment probed --replicas=2");
	assert_probe(PROBE_UNSURE, "set by somebody else: the preview saw 1");
	kubectl_silent("scale deployment probed --replicas=1");
	if (bench_run_previewed(live->b) < 0)
		fail_msg("%s", live->b->e.message);
	assert_probe(PROBE_DONE, "3 replicas are wanted there, 3 are there, as this step sets it");
	assert_holds(str_cstr(&live->b->probed), ", generation 4 (observed 4), ");
	kubectl_silent("delete deployment probed");
	deploy("probed", 3);
	assert_probe(PROBE_UNSURE, "NOT the object that the preview saw");
}

static void
restart_of_ours_is_told_from_others(void **state)
{
	static const char with[] = "{\"resource\":\"deployments\",\"name\":\"stamped\","
				   "\"timeout\":30000}";

	(void)state;
	need_cluster();
	deploy("stamped", 1);
	preview(&step_kubernetes_restart, with);
	assert_probe(PROBE_NOT_DONE, "restarted last: never, as the preview saw it");
	if (bench_run_previewed(live->b) < 0)
		fail_msg("%s", live->b->e.message);
	assert_probe(PROBE_DONE, "(by this step); deployment \"stamped\" successfully rolled out");
	preview(&step_kubernetes_restart, with);
	write_was_sent(61000);
	assert_probe(PROBE_NOT_DONE, "as the preview saw it");
	kubectl_silent("rollout restart deployment stamped");
	assert_probe(PROBE_UNSURE, "by somebody else");
	assert_holds(str_cstr(&live->b->probed), "by lifeboat at ");
}

/* ---- delete ---- */

static void
delete_is_told_by_uid(void **state)
{
	(void)state;
	need_cluster();
	apply_beside("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: "
		     "[example.com/hold]}\n");
	preview(&step_kubernetes_delete,
		"{\"resource\":\"configmaps\",\"names\":\"held\",\"timeout\":100}");
	assert_probe(PROBE_NOT_DONE, "it is there: uid ");
	assert_int_equal(bench_run_previewed(live->b), -1);
	assert_int_equal(live->b->remembered, 1);
	assert_probe(PROBE_UNSURE, "held by finalizer example.com/hold: uid ");
	kubectl_silent(
		"patch configmap held --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
	assert_probe(PROBE_DONE, "gone; it was uid ");
	apply_beside("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held}\n");
	assert_probe(PROBE_DONE, "gone; ANOTHER one of that name is there since ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apply_cut_off_in_the_middle_says_how_far_it_came),
		cmocka_unit_test(apply_over_objects_that_move_by_themselves_is_still_told),
		cmocka_unit_test(apply_of_what_was_as_wanted_before_is_done),
		cmocka_unit_test(scale_is_told_from_what_others_set),
		cmocka_unit_test(restart_of_ours_is_told_from_others),
		cmocka_unit_test(delete_is_told_by_uid),
	};

	return cmocka_run_group_tests_name("live_probe", tests, setup, teardown);
}
