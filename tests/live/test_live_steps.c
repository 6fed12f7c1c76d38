#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture_live_shared.h"

static char *
preview_manifest(const char *manifest)
{
	char *path = fixture_write(live->folder, "manifest.yaml", manifest);
	char *with = xasprintf("{\"file\":\"%s\"}", path);
	char *text = bench_preview(live->b, &step_kubernetes_apply, with);

	free(with);
	free(path);
	return text;
}

static enum probe_verdict
probe_last(void)
{
	enum probe_verdict verdict = bench_probe(live->b);

	if (live->b->e.kind)
		fail_msg("%s", live->b->e.message);
	return verdict;
}

/* As `kubectl get -o yaml` wrote it on another cluster. */
static const char backup[] =
	"apiVersion: v1\nkind: Secret\nmetadata:\n  name: iam-signing-key\n"
	"  uid: 0b5f0d4e-58ee-4b1c-a4d8-7e3f0b7f5a11\n  resourceVersion: \"4711\"\n"
	"  creationTimestamp: \"2026-01-01T00:00:00Z\"\n"
	"data: {kid: a2lkLTEyMzQ1Njc4, private: c2lnbmluZy1tYXRlcmlhbA==}\n";

static void
apply_backup_of_a_secret_is_previewed_done_and_probed(void **state)
{
	char *text;

	(void)state;
	need_cluster();
	text = preview_manifest(backup);
	assert_holds(text, "(new)");
	assert_holds(text, "+data.private: 16 bytes");
	assert_int_equal(probe_last(), PROBE_NOT_DONE);
	free(text);
	assert_int_equal(live_apply(live, backup), 0);
	assert_string_equal(str_cstr(&live->b->output), "secret/iam-signing-key created\n");
	assert_int_equal(probe_last(), PROBE_DONE);
	text = preview_manifest(backup);
	assert_holds(text, "nothing changes");
	free(text);
	assert_int_equal(live_apply(live, backup), 0);
	assert_int_equal(json_int(live->b->result, "changed", 1), 0);
	text = preview_manifest(
		"apiVersion: v1\nkind: Secret\nmetadata: {name: iam-signing-key}\n"
		"data: {kid: a2lkLTEyMzQ1Njc4, private: c2lnbmluZy1tYXRlcmlhbQ==}\n");
	assert_holds(text, "+data.private");
	free(text);
	assert_int_equal(probe_last(), PROBE_NOT_DONE);
}

static void
apply_field_of_another_manager_is_a_conflict_until_forced(void **state)
{
	static const char map[] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: owned}\n"
				  "data: {a: \"%d\"}\n";
	char *path, *text, *with;

	(void)state;
	need_cluster();
	text = xasprintf(map, 1);
	path = fixture_write(live->folder, "owned.yaml", text);
	free(text);
	with = xasprintf("{\"file\":\"%s\",\"field_manager\":\"helm\"}", path);
	run(&step_kubernetes_apply, with);
	free(with);
	free(path);
	text = xasprintf(map, 2);
	path = fixture_write(live->folder, "owned.yaml", text);
	free(text);
	with = xasprintf("{\"file\":\"%s\"}", path);
	assert_int_equal(bench_run(live->b, &step_kubernetes_apply, with), -1);
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	assert_holds(live->b->e.message, "helm");
	assert_holds(live->b->e.message, ".data.a");
	free(with);
	with = xasprintf("{\"file\":\"%s\",\"force\":true}", path);
	run(&step_kubernetes_apply, with);
	assert_string_equal(json_string(live->b->result, "objects/0/data/a", ""), "2");
	free(with);
	free(path);
}

static void
apply_definition_and_its_object_come_in_one_file(void **state)
{
	char *manifest;

	(void)state;
	need_cluster();
	manifest = xasprintf("apiVersion: lb-%ld.example.com/v1\nkind: Boat\nmetadata: {name: "
			     "one}\nspec: {seats: 4}\n"
			     "---\n"
			     "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
			     "metadata: {name: boats.lb-%ld.example.com}\n"
			     "spec:\n  group: lb-%ld.example.com\n  scope: Namespaced\n"
			     "  names: {kind: Boat, plural: boats, singular: boat}\n"
			     "  versions:\n  - name: v1\n    served: true\n    storage: true\n"
			     "    schema: {openAPIV3Schema: {type: object, "
			     "x-kubernetes-preserve-unknown-fields: true}}\n",
			     (long)getpid(), (long)getpid(), (long)getpid());
	char *text = preview_manifest(manifest);
	assert_holds(text, "of a kind that this file defines");
	free(text);
	assert_int_equal(live_apply(live, manifest), 0);
	assert_int_equal(json_int(live->b->result, "changed", 0), 2);
	run(&step_kubernetes_get, "{\"resource\":\"boats\",\"name\":\"one\"}");
	assert_int_equal(json_int(live->b->result, "spec/seats", 0), 4);
	free(manifest);
	manifest = xasprintf("{\"resource\":\"crd\",\"names\":\"boats.lb-%ld.example.com\"}",
			     (long)getpid());
	run(&step_kubernetes_delete, manifest);
	free(manifest);
}

static void
get_prints_the_columns_of_the_server(void **state)
{
	(void)state;
	need_cluster();
	assert_int_equal(live_apply(live, "apiVersion: v1\nkind: Service\nmetadata: {name: envoy}\n"
					  "spec: {ports: [{port: 443, protocol: TCP}]}\n"),
			 0);
	run(&step_kubernetes_get, "{\"resource\":\"svc\",\"name\":\"envoy\"}");
	assert_holds(str_cstr(&live->b->output), "EXTERNAL-IP");
	assert_holds(str_cstr(&live->b->output), "443/TCP");
	assert_int_equal(json_int(live->b->result, "spec/ports/0/port", 0), 443);
	run(&step_kubernetes_get, "{\"resource\":\"namespaces\",\"field_selector\":"
				  "\"metadata.name=kube-system\"}");
	assert_int_equal(json_int(live->b->result, "count", 0), 1);
	assert_string_equal(json_string(live->b->result, "items/0/kind", ""), "Namespace");
	assert_int_equal(bench_run(live->b, &step_kubernetes_get, "{\"resource\":\"secert\"}"), -1);
	assert_int_equal(live->b->e.kind, ERR_NOT_FOUND);
	assert_holds(live->b->e.message, "secret");
}

/* What was confirmed is one object, not whatever has its name by then. */
static void
delete_of_secret_made_anew_since_the_preview_is_a_conflict(void **state)
{
	static const char manifest[] = "apiVersion: v1\nkind: Secret\nmetadata: {name: renewed}\n";
	static const char with[] = "{\"resource\":\"secrets\",\"names\":\"renewed\"}";
	cJSON *seen;
	char *text;

	(void)state;
	need_cluster();
	assert_int_equal(live_apply(live, manifest), 0);
	text = bench_preview(live->b, &step_kubernetes_delete, with);
	assert_holds(text, "name: renewed");
	free(text);
	seen = live->b->seen;
	live->b->seen = NULL;
	run(&step_kubernetes_delete, with);
	assert_int_equal(live_apply(live, manifest), 0);
	bench_set(live->b, &step_kubernetes_delete, with);
	live->b->action.seen = seen;
	assert_int_equal(bench_run_previewed(live->b), -1);
	assert_int_equal(live->b->e.kind, ERR_CONFLICT);
	assert_holds(live->b->e.message, "made anew");
	run(&step_kubernetes_get, "{\"resource\":\"secrets\",\"name\":\"renewed\"}");
	cJSON_Delete(seen);
}

static void
delete_tokens_waits_and_reports_the_missing(void **state)
{
	(void)state;
	need_cluster();
	assert_int_equal(live_apply(live,
				    "apiVersion: v1\nkind: Secret\nmetadata: {name: otel-token}\n"
				    "---\n"
				    "apiVersion: v1\nkind: Secret\nmetadata: {name: oap-token}\n"),
			 0);
	free(bench_preview(live->b, &step_kubernetes_delete,
			   "{\"resource\":\"secrets\",\"names\":[\"otel-token\",\"oap-token\","
			   "\"ngac-token\"]}"));
	if (bench_run_previewed(live->b) < 0)
		fail_msg("%s", live->b->e.message);
	assert_string_equal(json_string(live->b->result, "deleted/1/name", ""), "oap-token");
	assert_string_equal(json_string(live->b->result, "missing/0", ""), "ngac-token");
	assert_int_equal(probe_last(), PROBE_DONE);
}

static void
wait_that_fails_names_the_last_state(void **state)
{
	(void)state;
	need_cluster();
	assert_int_equal(
		bench_run(live->b, &step_kubernetes_wait,
			  "{\"resource\":\"configmaps\",\"name\":\"never\",\"for\":\"exists\","
			  "\"interval\":100,\"timeout\":200}"),
		-1);
	assert_int_equal(live->b->e.kind, ERR_TIMEOUT);
	assert_holds(live->b->e.message, "nothing is there yet");
}

static const char pods[] =
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {app: operator}}\n"
	"spec: {containers: [{name: c, image: x}]}\n---\n"
	"apiVersion: v1\nkind: Pod\nmetadata: {name: b, labels: {app: operator}}\n"
	"spec: {containers: [{name: c, image: x}]}\n";

static void
log_more(struct step_context *ctx, const char *format, ...)
{
	(void)format;
	ctx->progress = bench_progress;
	live_log(live, "a", "c", "reconciled everything\n");
}

static void
wait_and_logs_of_running_pods(void **state)
{
	(void)state;
	need_cluster();
	if (!live->logs)
		skip();
	live_log(live, "a", "c", "starting\nworking\n");
	live_log(live, "b", "c", "starting\n");
	assert_int_equal(live_apply(live, pods), 0);
	run(&step_kubernetes_wait,
	    "{\"resource\":\"pods\",\"selector\":\"app=operator\",\"count\":2,"
	    "\"for\":\"condition=Ready\",\"interval\":200,\"timeout\":30000,"
	    "\"fail_on\":[\"CrashLoopBackOff\"]}");
	assert_int_equal(json_int(live->b->result, "count", 0), 2);
	run(&step_kubernetes_logs, "{\"selector\":\"app=operator\",\"contains\":\"working\"}");
	assert_holds(str_cstr(&live->b->output), "a/c: working\n");
	assert_int_equal(json_int(live->b->result, "count", 0), 3);
	live->b->ctx.progress = log_more;
	run(&step_kubernetes_logs, "{\"selector\":\"app=operator\",\"follow_until\":\"reconciled\","
				   "\"timeout\":20000}");
	assert_string_equal(json_string(live->b->result, "matched", ""), "reconciled everything");
	run(&step_kubernetes_delete, "{\"resource\":\"pods\",\"selector\":\"app=operator\"}");
	assert_int_equal(cJSON_GetArraySize(json_at(live->b->result, "deleted")), 2);
}

static void
identify_yields_the_uid_of_kube_system(void **state)
{
	cJSON *identity = NULL;

	(void)state;
	need_cluster();
	assert_int_equal(target_kubernetes.identify(live->b->target.connection, NULL, &identity,
						    &live->b->e),
			 0);
	assert_int_equal(strlen(json_string(identity, "uid", "")), 36);
	cJSON_Delete(identity);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apply_backup_of_a_secret_is_previewed_done_and_probed),
		cmocka_unit_test(apply_field_of_another_manager_is_a_conflict_until_forced),
		cmocka_unit_test(apply_definition_and_its_object_come_in_one_file),
		cmocka_unit_test(get_prints_the_columns_of_the_server),
		cmocka_unit_test(delete_of_secret_made_anew_since_the_preview_is_a_conflict),
		cmocka_unit_test(delete_tokens_waits_and_reports_the_missing),
		cmocka_unit_test(wait_that_fails_names_the_last_state),
		cmocka_unit_test(wait_and_logs_of_running_pods),
		cmocka_unit_test(identify_yields_the_uid_of_kube_system),
	};

	return cmocka_run_group_tests_name("live_steps", tests, setup, teardown);
}
