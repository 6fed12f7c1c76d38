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

static void
assert_fails(const struct executor *executor, const char *with, enum err_kind kind)
{
	assert_int_equal(bench_run(live->b, executor, with), -1);
	if (live->b->e.kind != kind)
		fail_msg("%s: %s", err_kind_name(live->b->e.kind), live->b->e.message);
}

static enum probe_verdict
probe_last(void)
{
	enum probe_verdict verdict = bench_probe(live->b);

	if (live->b->e.kind)
		fail_msg("%s", live->b->e.message);
	return verdict;
}

static void
assert_kubectl(const char *words, const char *expected)
{
	char *out = kubectl(live, words);

	assert_string_equal(out, expected);
	free(out);
}

static void
kubectl_silent(const char *words)
{
	free(kubectl(live, words));
}

/* {"file": PATH} of a manifest or folder. The caller frees. */
static char *
with_file(const char *name, const char *text)
{
	char *path = fixture_write(live->folder, name, text);
	char *with = xasprintf("{\"file\":\"%s\"}", path);

	free(path);
	return with;
}

static void
deploy(const char *name, int replicas, const char *annotations, const char *more)
{
	char *manifest = xasprintf(
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s}\n"
		"spec:\n  replicas: %d\n%s  selector: {matchLabels: {app: %s}}\n  template:\n"
		"    metadata: {labels: {app: %s}, annotations: {%s}}\n"
		"    spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: x}]}\n",
		name, replicas, more, name, name, annotations);

	assert_int_equal(live_apply(live, manifest), 0);
	free(manifest);
}

/* ---- apply ---- */

#define DEFINITION                                                                                 \
	"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"                    \
	"metadata: {name: \"crews.%s.example.com\"}\n"                                             \
	"spec:\n  group: \"%s.example.com\"\n  scope: Namespaced\n"                                \
	"  names: {kind: Crew, plural: crews, singular: crew}\n  versions:\n"                      \
	"  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n" \
	"        type: object\n        properties: {spec: {type: object, properties: {seats: "     \
	"{type: "                                                                                  \
	"integer}}}}\n"

static void
apply_folder_lays_foundations_before_what_needs_them(void **state)
{
	char *folder = xasprintf("%s/foundations", live ? live->folder : ""), *text, *more, *with;

	(void)state;
	need_cluster();
	more = xasprintf("%s-more", live->ns);
	assert_int_equal(mkdir(folder, 0700), 0);
	text = xasprintf("apiVersion: \"%s.example.com/v1\"\nkind: Crew\n"
			 "metadata: {name: one, namespace: %s}\nspec: {seats: 4}\n---\n"
			 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: %s}\n",
			 live->ns, more, more);
	free(fixture_write(folder, "1.yaml", text));
	free(text);
	text = xasprintf(DEFINITION, live->ns, live->ns);
	free(fixture_write(folder, "2.yaml", text));
	free(text);
	text = xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
			 "\"%s\",\"annotations\":{\"note\":\"\\ud83d\\udea3 \\u2028\"}}}",
			 more);
	free(fixture_write(folder, "3.json", text));
	free(text);
	with = xasprintf("{\"file\":\"%s\"}", folder);
	text = bench_preview(live->b, &step_kubernetes_apply, with);
	assert_holds(text, "Crew one cannot be tried before it is applied: it is of a kind that "
			   "this file defines");
	assert_holds(text, "configmap/one cannot be tried before it is applied: the namespace");
	free(text);
	if (bench_run_previewed(live->b) < 0)
		fail_msg("%s", live->b->e.message);
	assert_int_equal(json_int(live->b->result, "changed", 0), 4);
	assert_string_equal(json_string(live->b->result, "objects/0/kind", ""), "Namespace");
	assert_string_equal(json_string(live->b->result, "objects/3/kind", ""), "Crew");
	text = kubectl_with(live,
			    "get -n \"$1\" \"crews.$2.example.com\" one -o "
			    "'jsonpath={.spec.seats}'",
			    more, live->ns);
	assert_string_equal(text, "4");
	free(text);
	text = kubectl_with(live, "get ns \"$1\" -o 'jsonpath={.metadata.annotations.note}'", more,
			    "");
	assert_string_equal(text, "\U0001f6a3 \u2028");
	free(text);
	assert_int_equal(bench_run(live->b, &step_kubernetes_apply, with), 0);
	assert_int_equal(json_int(live->b->result, "changed", 9), 0);
	text = xasprintf("delete --wait=false ns/%s crd/crews.%s.example.com", more, live->ns);
	kubectl_silent(text);
	free(text);
	free(with);
	free(more);
	free(folder);
}

static void
apply_object_that_its_own_definition_refuses_is_said_with_what_was_applied(void **state)
{
	char *group, *definition, *text, *with;

	(void)state;
	need_cluster();
	group = xasprintf("bad-%s", live->ns);
	definition = xasprintf(DEFINITION, group, group);
	text = xasprintf("%s---\napiVersion: \"%s.example.com/v1\"\nkind: Crew\n"
			 "metadata: {name: bad}\nspec: {seats: many}\n",
			 definition, group);
	with = with_file("bad-crew.yaml", text);
	free(text);
	assert_int_equal(bench_run(live->b, &step_kubernetes_apply, with), -1);
	assert_holds(live->b->e.message, "bad");
	assert_holds(live->b->e.message, "spec.seats");
	assert_holds(live->b->e.message, "Applied by then: CustomResourceDefinition crews.");
	text = xasprintf("delete --wait=false crd/crews.%s.example.com", group);
	kubectl_silent(text);
	free(text);
	free(with);
	free(definition);
	free(group);
}

static void
apply_of_several_bad_manifests_shows_all_and_applies_nothing(void **state)
{
	static const char manifests[] =
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: innocent}\n---\n"
		"apiVersion: v1\nkind: Service\nmetadata: {name: ports}\n"
		"spec: {ports: [{port: 70000, protocol: TCP}, {port: -1, protocol: UDP, name: "
		"u}]}\n---\n"
		"apiVersion: apps/v1\nkind: Deploymint\nmetadata: {name: kind}\n---\n"
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: type}\ndata: {a: 1}\n---\n"
		"apiVersion: v1\nkind: Secret\nmetadata: {name: elsewhere, namespace: not-there}\n";
	char *with, *text;

	(void)state;
	need_cluster();
	with = with_file("bad.yaml", manifests);
	text = bench_preview(live->b, &step_kubernetes_apply, with);
	assert_null(text);
	assert_fails(&step_kubernetes_apply, with, live->b->e.kind);
	text = live->b->e.message;
	assert_holds(text, "service/ports in ");
	assert_holds(text, "spec.ports[0].port");
	assert_holds(text, "spec.ports[1].port");
	assert_holds(text, "Did you mean Deployment?");
	assert_holds(text, "configmap/type in ");
	assert_holds(text, "make it first");
	assert_holds(text, "Nothing was applied");
	assert_holds(str_cstr(&live->b->output), "secret/elsewhere in ");
	text = kubectl(live, "get configmap innocent");
	assert_holds(text, "NotFound");
	free(text);
	free(with);
}

static void
apply_of_an_invalid_object_says_its_causes(void **state)
{
	char *with;

	(void)state;
	need_cluster();
	with = with_file("invalid.yaml",
			 "apiVersion: v1\nkind: Pod\nmetadata: {name: Upper}\n"
			 "spec: {restartPolicy: Sometimes, containers: [{name: c, image: x}]}\n");
	assert_fails(&step_kubernetes_apply, with, ERR_REMOTE);
	assert_holds(live->b->e.message, "422 Invalid");
	assert_holds(live->b->e.message, "metadata.name");
	assert_holds(live->b->e.message, "spec.restartPolicy");
	free(with);
}

static void
apply_conflict_names_field_and_owner(void **state)
{
	char *path, *with, *text;

	(void)state;
	need_cluster();
	path = fixture_write(live->folder, "helm.yaml",
			     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: helmed}\n"
			     "data: {a: \"1\", b: \"1\"}\n");
	text = kubectl_with(live, "apply --server-side --field-manager=helm -f \"$1\"", path, "");
	assert_holds(text, "serverside-applied");
	free(text);
	free(path);
	with = with_file("ours.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: helmed}\n"
				      "data: {a: \"2\", b: \"1\"}\n");
	assert_null(bench_preview(live->b, &step_kubernetes_apply, with));
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	assert_fails(&step_kubernetes_apply, with, ERR_CONFLICT);
	assert_holds(live->b->e.message, ".data.a: conflict with \"helm\"");
	assert_null(strstr(live->b->e.message, ".data.b"));
	assert_kubectl("get configmap helmed -o 'jsonpath={.data.a}'", "1");
	free(with);
}

static void
apply_of_what_changed_since_the_preview_is_a_conflict(void **state)
{
	static const char before[] = "apiVersion: v1\nkind: Secret\nmetadata: {name: sealed}\n"
				     "stringData: {a: \"one\"}\n",
			  after[] = "apiVersion: v1\nkind: Secret\nmetadata: {name: sealed}\n"
				    "stringData: {a: \"two\"}\n";
	char *with, *text;

	(void)state;
	need_cluster();
	with = with_file("sealed.yaml", before);
	text = bench_preview(live->b, &step_kubernetes_apply, with);
	assert_holds(text, "+data.a: 3 bytes");
	free(text);
	free(with_file("sealed.yaml", after));
	assert_int_equal(bench_run_previewed(live->b), -1);
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	assert_holds(live->b->e.message, "Secret sealed is not as it was shown");
	text = kubectl(live, "get secret sealed");
	assert_holds(text, "NotFound");
	free(text);
	text = bench_preview(live->b, &step_kubernetes_apply, with);
	kubectl_silent("create secret generic sealed --from-literal=a=three");
	assert_int_equal(bench_run_previewed(live->b), -1);
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	free(text);
	free(with);
}

/* ---- scale ---- */

static void
scale_is_previewed_done_probed_and_taken_back(void **state)
{
	static const char up[] = "{\"resource\":\"deployments\",\"name\":\"web\",\"replicas\":3,"
				 "\"current\":1,\"timeout\":20000}";
	cJSON *before;
	char *text;

	(void)state;
	need_cluster();
	deploy("web", 1, "", "");
	text = bench_preview(live->b, &step_kubernetes_scale, up);
	assert_holds(text, "-deployment.apps/web replicas: 1");
	assert_holds(text, "+deployment.apps/web replicas: 3");
	free(text);
	assert_int_equal(probe_last(), PROBE_NOT_DONE);
	if (bench_run_previewed(live->b) < 0)
		fail_msg("%s", live->b->e.message);
	assert_int_equal(probe_last(), PROBE_DONE);
	assert_kubectl("get deployment web -o 'jsonpath={.spec.replicas} {.status.replicas}'",
		       "3 3");
	before = cJSON_Duplicate(json_at(live->b->result, "before"), true);
	assert_int_equal(json_int(before, "objects/0/replicas", 0), 1);
	live->b->action.seen = NULL;
	assert_fails(&step_kubernetes_scale, up, ERR_CONFLICT);
	assert_holds(live->b->e.message, "has 3 replicas, where `current` expects 1");
	if (step_kubernetes_scale.undo(&live->b->ctx, &live->b->action, before, &live->b->e) < 0)
		fail_msg("%s", live->b->e.message);
	assert_kubectl("get deployment web -o 'jsonpath={.spec.replicas} {.status.replicas}'",
		       "1 1");
	kubectl_silent("scale deployment web --replicas=2");
	assert_int_equal(
		step_kubernetes_scale.undo(&live->b->ctx, &live->b->action, before, &live->b->e),
		-1);
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	cJSON_Delete(before);
	text = bench_preview(live->b, &step_kubernetes_scale,
			     "{\"resource\":\"deploy\",\"name\":[\"web\"],\"replicas\":0}");
	assert_holds(text, "!0 replicas stop everything that deployment.apps/web runs");
	free(text);
	kubectl_silent("scale deployment web --replicas=1");
	assert_int_equal(bench_run_previewed(live->b), -1);
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	assert_holds(live->b->e.message, "had 2 replicas when it was shown, and has 1 now");
	run(&step_kubernetes_scale, "{\"resource\":\"deploy\",\"name\":[\"web\"],\"replicas\":0,"
				    "\"timeout\":20000}");
	assert_kubectl("get pods -l app=web -o name", "");
	assert_fails(&step_kubernetes_scale,
		     "{\"resource\":\"configmaps\",\"name\":\"web\",\"replicas\":0}", ERR_SPEC);
	assert_fails(&step_kubernetes_scale,
		     "{\"resource\":\"deploy\",\"name\":[\"web\",\"nothing\"],\"replicas\":2}",
		     ERR_NOT_FOUND);
	assert_kubectl("get deployment web -o 'jsonpath={.spec.replicas}'", "0");
}

/* ---- rollout and restart ---- */

static void
rollout_of_each_kind_ends_with_the_words_of_kubectl(void **state)
{
	static const char others[] =
		"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: store}\n"
		"spec:\n  replicas: 2\n  serviceName: store\n"
		"  selector: {matchLabels: {app: store}}\n  template:\n"
		"    metadata: {labels: {app: store}}\n"
		"    spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: x}]}\n"
		"---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\n"
		"spec:\n  selector: {matchLabels: {app: agent}}\n  template:\n"
		"    metadata: {labels: {app: agent}}\n"
		"    spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: x}]}\n";
	static const struct {
		const char *resource, *name;
	} kinds[] = {
		{ "deployments", "front" },
		{ "statefulsets", "store" },
		{ "daemonsets", "agent" },
	};

	(void)state;
	need_cluster();
	deploy("front", 2, "", "");
	assert_int_equal(live_apply(live, others), 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char *with = xasprintf("{\"resource\":\"%s\",\"name\":\"%s\",\"interval\":200,"
				       "\"timeout\":30000,\"fail_on\":[\"CrashLoopBackOff\"]}",
				       kinds[i].resource, kinds[i].name);
		char *words = xasprintf("rollout status --watch=false %s/%s", kinds[i].resource,
					kinds[i].name);
		char *said;

		run(&step_kubernetes_rollout, with);
		said = kubectl(live, words);
		assert_holds(str_cstr(&live->b->output), said);
		assert_string_equal(json_string(live->b->result, "metadata/name", ""),
				    kinds[i].name);
		free(said);
		free(words);
		free(with);
	}
	run(&step_kubernetes_rollout,
	    "{\"resource\":\"deployments\",\"selector\":\"!nothing\",\"timeout\":0}");
	assert_int_equal(json_int(live->b->result, "count", 0) > 0, 1);
}

static void
rollout_past_its_deadline_fails(void **state)
{
	char *said;

	(void)state;
	need_cluster();
	deploy("slow", 1, "test/status: skip",
	       "  progressDeadlineSeconds: 1\n  minReadySeconds: 0\n");
	assert_fails(&step_kubernetes_rollout,
		     "{\"resource\":\"deployments\",\"name\":\"slow\",\"interval\":200,"
		     "\"timeout\":30000}",
		     ERR_CHECK);
	assert_holds(live->b->e.message, "deployment \"slow\" exceeded its progress deadline");
	said = kubectl(live, "rollout status --watch=false deployment/slow");
	assert_string_equal(said, "error: deployment \"slow\" exceeded its progress deadline\n");
	free(said);
	kubectl_silent("delete deployment slow");
}

#define PULLING                                                                                    \
	"test/status: '{\"phase\": \"Pending\", \"containerStatuses\": [{\"name\": \"c\", "        \
	"\"ready\": false, \"restartCount\": 0, \"image\": \"x\", \"imageID\": \"\", \"state\": "  \
	"{\"waiting\": {\"reason\": \"ImagePullBackOff\"}}}]}'"

static void
rollout_with_a_sign_of_failure_ends_at_once(void **state)
{
	int64_t start_ms = clock_mono_ms();
	char *said;

	(void)state;
	need_cluster();
	deploy("broken", 1, PULLING, "");
	assert_fails(&step_kubernetes_rollout,
		     "{\"resource\":\"deployments\",\"name\":\"broken\",\"interval\":200,"
		     "\"timeout\":60000,\"fail_on\":[\"CrashLoopBackOff\",\"ImagePullBackOff\"]}",
		     ERR_CHECK);
	assert_holds(live->b->e.message, "its pod broken-");
	assert_holds(live->b->e.message, "says ImagePullBackOff");
	assert_true(clock_mono_ms() - start_ms < 60000);
	said = kubectl(live, "rollout status --watch=false deployment/broken");
	assert_holds(str_cstr(&live->b->output), said);
	free(said);
}

static void
delete_it(struct step_context *ctx, const char *format, ...)
{
	(void)format;
	ctx->progress = bench_progress;
	kubectl_silent("delete deployment broken");
}

static void
rollout_of_what_is_deleted_meanwhile_fails(void **state)
{
	(void)state;
	need_cluster();
	deploy("broken", 1, PULLING, "");
	live->b->ctx.progress = delete_it;
	assert_fails(&step_kubernetes_rollout,
		     "{\"resource\":\"deployments\",\"name\":\"broken\",\"interval\":200,"
		     "\"timeout\":60000}",
		     ERR_CHECK);
	assert_holds(live->b->e.message, "was deleted while its rollout was awaited");
}

static void
rollout_cancelled_returns_at_once(void **state)
{
	(void)state;
	need_cluster();
	cancel_request((struct cancel *)(uintptr_t)live->b->ctx.cancel);
	int64_t start_ms = clock_mono_ms();
	assert_fails(&step_kubernetes_rollout,
		     "{\"resource\":\"deployments\",\"name\":\"web\",\"timeout\":60000}",
		     ERR_CANCELLED);
	assert_true(clock_mono_ms() - start_ms < 500);
	cancel_free((struct cancel *)(uintptr_t)live->b->ctx.cancel);
	live->b->ctx.cancel = cancel_new();
}

static void
restart_replaces_the_pods(void **state)
{
	static const char with[] = "{\"resource\":\"deployments\",\"name\":\"again\","
				   "\"interval\":200,\"timeout\":30000}";
	char *before, *after, *text;

	(void)state;
	need_cluster();
	deploy("again", 1, "kept: \"yes\"", "");
	run(&step_kubernetes_rollout, with);
	before = kubectl(live, "get pods -l app=again -o 'jsonpath={.items[*].metadata.uid}'");
	text = bench_preview(live->b, &step_kubernetes_restart, with);
	assert_holds(text, "deployment.apps/again: 1 pods are replaced by new ones");
	free(text);
	assert_int_equal(probe_last(), PROBE_NOT_DONE);
	if (bench_run_previewed(live->b) < 0)
		fail_msg("%s", live->b->e.message);
	assert_int_equal(probe_last(), PROBE_DONE);
	after = kubectl(live, "get pods -l app=again -o 'jsonpath={.items[*].metadata.uid}'");
	assert_null(strstr(after, before));
	free(before);
	free(after);
	text = kubectl(live,
		       "get deployment again -o 'jsonpath={.spec.template.metadata.annotations}'");
	assert_holds(text, json_string(live->b->result, "objects/0/restarted_at", "?"));
	assert_holds(text, "\"kept\":\"yes\"");
	free(text);
	assert_int_equal(bench_run_previewed(live->b), -1); /* of the same preview */
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	kubectl_silent("rollout pause deployment again");
	assert_null(bench_preview(live->b, &step_kubernetes_restart, with));
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	assert_holds(live->b->e.message, "paused");
	assert_fails(&step_kubernetes_restart, "{\"resource\":\"configmaps\",\"name\":\"again\"}",
		     ERR_SPEC);
}

/* ---- delete ---- */

static void
delete_that_hangs_names_the_finalizer(void **state)
{
	(void)state;
	need_cluster();
	assert_int_equal(live_apply(live, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, "
					  "finalizers: [example.com/hold]}\n"),
			 0);
	assert_fails(&step_kubernetes_delete,
		     "{\"resource\":\"configmaps\",\"names\":\"held\",\"timeout\":100}",
		     ERR_TIMEOUT);
	assert_holds(live->b->e.message, "held (held by finalizer example.com/hold)");
	assert_holds(live->b->e.message, "Deleted by then: held");
	kubectl_silent(
		"patch configmap held --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
}

static void
delete_of_a_secret_that_changed_since_the_preview_is_a_conflict(void **state)
{
	char *text;

	(void)state;
	need_cluster();
	kubectl_silent("create secret generic changing --from-literal=a=1");
	text = bench_preview(live->b, &step_kubernetes_delete,
			     "{\"resource\":\"secrets\",\"names\":\"changing\"}");
	free(text);
	kubectl_silent("patch secret changing -p '{\"stringData\":{\"a\":\"2\"}}'");
	assert_int_equal(bench_run_previewed(live->b), -1);
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	assert_holds(live->b->e.message, "changed or made anew");
	assert_kubectl("get secret changing -o name", "secret/changing\n");
}

/* ---- a user without rights ---- */

static void
writes_of_a_user_without_rights_are_denied(void **state)
{
	static const struct {
		const struct executor *executor;
		const char *with, *says;
	} writes[] = {
		{ &step_kubernetes_scale,
		  "{\"resource\":\"deployments\",\"name\":\"web\",\"replicas\":0}",
		  "deployments/scale" },
		{ &step_kubernetes_restart, "{\"resource\":\"deployments\",\"name\":\"web\"}",
		  "deployments" },
		{ &step_kubernetes_delete, "{\"resource\":\"secrets\",\"names\":\"changing\"}",
		  "secrets" },
		{ &step_kubernetes_rollout, "{\"resource\":\"deployments\",\"name\":\"web\"}",
		  "deployments" },
	};
	struct bench *viewer;
	char *path, *with;

	(void)state;
	need_cluster();
	path = file_resolve(live_kubeconfig(), "viewer.kubeconfig");
	if (!file_exists(path)) {
		free(path);
		skip();
	}
	viewer = bench_new(path, live->ns);
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		assert_int_equal(bench_run(viewer, writes[i].executor, writes[i].with), -1);
		assert_int_equal(viewer->e.kind, ERR_DENIED);
		assert_holds(viewer->e.message, "403 Forbidden");
		assert_holds(viewer->e.message, writes[i].says);
		assert_holds(viewer->e.message, "Ask for that right");
	}
	with = with_file("denied.yaml",
			 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: denied}\n");
	assert_int_equal(bench_run(viewer, &step_kubernetes_apply, with), -1);
	assert_int_equal(viewer->e.kind, ERR_DENIED);
	assert_holds(viewer->e.message, "Ask for that right");
	free(with);
	bench_free(viewer);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apply_folder_lays_foundations_before_what_needs_them),
		cmocka_unit_test(apply_of_several_bad_manifests_shows_all_and_applies_nothing),
		cmocka_unit_test(apply_of_an_invalid_object_says_its_causes),
		cmocka_unit_test(apply_conflict_names_field_and_owner),
		cmocka_unit_test(apply_of_what_changed_since_the_preview_is_a_conflict),
		cmocka_unit_test(scale_is_previewed_done_probed_and_taken_back),
		cmocka_unit_test(rollout_of_each_kind_ends_with_the_words_of_kubectl),
		cmocka_unit_test(rollout_past_its_deadline_fails),
		cmocka_unit_test(rollout_with_a_sign_of_failure_ends_at_once),
		cmocka_unit_test(rollout_of_what_is_deleted_meanwhile_fails),
		cmocka_unit_test(rollout_cancelled_returns_at_once),
		cmocka_unit_test(restart_replaces_the_pods),
		cmocka_unit_test(delete_that_hangs_names_the_finalizer),
		cmocka_unit_test(delete_of_a_secret_that_changed_since_the_preview_is_a_conflict),
		cmocka_unit_test(writes_of_a_user_without_rights_are_denied),
		cmocka_unit_test(
			apply_object_that_its_own_definition_refuses_is_said_with_what_was_applied),
	};

	return cmocka_run_group_tests_name("live_writes", tests, setup, teardown);
}
