#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture_kube_world.h"

/* "signing-material" and "ab" */
#define SECRET                                                                                     \
	"{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"key\",\"uid\":\"u-"   \
	"1\","                                                                                     \
	"\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"YWI=\"}},"        \
	"\"data\":{\"private\":\"c2lnbmluZy1tYXRlcmlhbA==\",\"short\":\"YWI=\","                   \
	"\"kid\":\"a2lkLTEyMzQ1Njc4\"}}"

static void
get_secret_registers_values_and_prints_sizes(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/secrets/key*", 200, SECRET, 0);
	assert_int_equal(
		bench_run(w->b, &step_kubernetes_get,
			  "{\"resource\":\"secrets\",\"name\":\"key\",\"show\":[\"kid\"]}"),
		0);
	assert_hidden(w->b, "signing-material");
	assert_hidden(w->b, "c2lnbmluZy1tYXRlcmlhbA==");
	assert_holds(str_cstr(&w->b->output), "private  16 bytes");
	assert_holds(str_cstr(&w->b->output), "short  2 bytes");
	assert_holds(str_cstr(&w->b->output), "kid  kid-12345678");
	assert_null(strstr(str_cstr(&w->b->output), "YWI="));
	assert_string_equal(json_string(w->b->result, "data/private", ""),
			    "c2lnbmluZy1tYXRlcmlhbA==");
	assert_null(json_at(w->b->result, "metadata/annotations/kubectl.kubernetes.io"));
	assert_null(json_at(w->b->result, "metadata/annotations")->child);
	bench_run(w->b, &step_kubernetes_get, "{\"resource\":\"secret\",\"name\":\"key\"}");
	assert_holds(str_cstr(&w->b->output), "kid  12 bytes");
	assert_hidden(w->b, "kid-12345678");
}

static void
get_missing_names_cluster_and_namespace(void **state)
{
	struct world *w = *state;

	assert_int_equal(bench_run(w->b, &step_kubernetes_get,
				   "{\"resource\":\"secrets\",\"name\":\"key\"}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_NOT_FOUND);
	assert_holds(w->b->e.message, "kubernetes.get secret/key in mgmt/tsb");
	assert_holds(w->b->e.message, "mgmt is the right cluster");
}

static void
get_list_follows_pages_of_a_table(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods?*", 200,
	       "{\"kind\":\"Table\",\"metadata\":{\"continue\":\"t2\"},\"columnDefinitions\":["
	       "{\"name\":\"Name\",\"priority\":0},{\"name\":\"Ready\",\"priority\":0},"
	       "{\"name\":\"IP\",\"priority\":1}],\"rows\":[{\"cells\":[\"a\",\"1/"
	       "1\",\"10.0.0.1\"],"
	       "\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}}]}",
	       0);
	api_on(w->api, "GET", NS "/pods?*continue=t2*", 200,
	       "{\"kind\":\"Table\",\"metadata\":{},\"rows\":[{\"cells\":[\"longer-name\",\"0/"
	       "1\",\"\"],"
	       "\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"longer-name\"}}}]}",
	       0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_get,
				   "{\"resource\":\"po\",\"selector\":\"app in (a,b)\"}"),
			 0);
	assert_true(api_saw(w->api, "labelSelector=app%20in%20%28a%2Cb%29&limit=500"));
	assert_int_equal(json_int(w->b->result, "count", 0), 2);
	assert_string_equal(json_string(w->b->result, "items/1/metadata/name", ""), "longer-name");
	assert_string_equal(str_cstr(&w->b->output),
			    "NAME         READY\na            1/1\nlonger-name  0/1\n");
}

static void
get_list_of_a_server_without_tables_asks_again(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods?limit=500", 200,
	       "{\"kind\":\"PodList\",\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"a\"},"
	       "\"status\":{\"phase\":\"Running\"}}]}",
	       0);
	api_on(w->api, "GET", NS "/pods?*includeObject*", 200,
	       "{\"kind\":\"Table\",\"metadata\":{},\"rows\":[{\"cells\":[\"a\"],\"object\":"
	       "{\"kind\":\"PartialObjectMetadata\",\"metadata\":{\"name\":\"a\"}}}]}",
	       0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_get, "{\"resource\":\"pods\"}"), 0);
	assert_string_equal(json_string(w->b->result, "items/0/status/phase", ""), "Running");
	assert_string_equal(str_cstr(&w->b->output), "a  Running\n");
}

static void
get_wrong_fields_are_refused(void **state)
{
	static const char *const wrong[] = {
		"{\"resource\":\"pods\",\"name\":\"\"}",
		"{\"resource\":\"pods\",\"name\":\"../nodes\"}",
		"{\"resource\":\"pods\",\"name\":\"a\",\"selector\":\"b=c\"}",
		"{\"resource\":\"pods\",\"name\":\"a\",\"all_namespaces\":true}",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(bench_run(w->b, &step_kubernetes_get, wrong[i]), -1);
		assert_int_equal(w->b->e.kind, ERR_SPEC);
	}
	assert_false(api_saw(w->api, "GET " NS "/pods"));
}

static void
delete_preview_shows_uids_and_what_is_missing(void **state)
{
	struct world *w = *state;
	char *text;

	api_on(w->api, "GET", NS "/secrets/a", 200, METADATA("a", "u-a"), 0);
	text = bench_preview(w->b, &step_kubernetes_delete,
			     "{\"resource\":\"secrets\",\"names\":[\"a\",\"b\"]}");
	assert_holds(text, ">DELETE " NS
			   "/secrets/a  propagationPolicy=Background, only uid u-a as it is");
	assert_holds(text, "-secret/a  uid u-a  age ");
	assert_holds(text, "!secret/b is not there.");
	assert_holds(text, "name: management\n");
	free(text);
	text = bench_preview(w->b, &step_kubernetes_delete,
			     "{\"resource\":\"secrets\",\"names\":[\"a\"]}");
	assert_holds(text, "name: a\n");
	free(text);
	text = bench_preview(w->b, &step_kubernetes_delete,
			     "{\"resource\":\"secrets\",\"names\":\"b\",\"ignore_missing\":false}");
	assert_null(text);
	assert_int_equal(w->b->e.kind, ERR_NOT_FOUND);
	assert_false(api_saw(w->api, "DELETE"));
}

static void
delete_names_that_are_no_names_sends_nothing(void **state)
{
	static const char *const wrong[] = {
		"{\"resource\":\"secrets\",\"names\":\"\"}",
		"{\"resource\":\"secrets\",\"names\":[]}",
		"{\"resource\":\"secrets\",\"names\":[\"a\",\"\"]}",
		"{\"resource\":\"secrets\",\"names\":[\"a\",7]}",
		"{\"resource\":\"secrets\",\"names\":\"a?x\"}",
		"{\"resource\":\"secrets\",\"selector\":\"\"}",
		"{\"resource\":\"secrets\",\"names\":\"a\",\"selector\":\"b\"}",
		"{\"resource\":\"secrets\"}",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(bench_run(w->b, &step_kubernetes_delete, wrong[i]), -1);
		assert_int_equal(w->b->e.kind, ERR_SPEC);
	}
	assert_false(api_saw(w->api, "DELETE"));
}

static void
delete_run_waits_until_that_uid_is_gone(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/secrets/a", 200, METADATA("a", "u-new"), 0);
	api_on(w->api, "GET", NS "/secrets/a", 200, METADATA("a", "u-old"), 2);
	api_on(w->api, "DELETE", NS "/secrets/a", 200, "{\"kind\":\"Status\"}", 0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_delete,
				   "{\"resource\":\"secrets\",\"names\":[\"a\",\"b\"],"
				   "\"propagation\":\"foreground\"}"),
			 0);
	assert_true(api_saw(w->api, "\"preconditions\":{\"uid\":\"u-old\"}"));
	assert_true(api_saw(w->api, "\"propagationPolicy\":\"Foreground\""));
	assert_holds(str_cstr(&w->b->progress), "0 of 1 gone; still there: a");
	assert_string_equal(json_string(w->b->result, "deleted/0/uid", ""), "u-old");
	assert_string_equal(json_string(w->b->result, "missing/0", ""), "b");
}

/* A Secret has no status: the version that was seen is the one that may go. */
static void
delete_sends_the_version_that_was_seen(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/secrets/a", 200,
	       "{\"metadata\":{\"name\":\"a\",\"uid\":\"u-a\",\"resourceVersion\":\"41\"}}", 0);
	api_on(w->api, "DELETE", NS "/secrets/a", 409,
	       "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"Precondition failed\"}",
	       0);
	free(bench_preview(w->b, &step_kubernetes_delete,
			   "{\"resource\":\"secrets\",\"names\":\"a\"}"));
	assert_int_equal(bench_run_previewed(w->b), -1);
	assert_true(
		api_saw(w->api, "\"preconditions\":{\"uid\":\"u-a\",\"resourceVersion\":\"41\"}"));
	assert_int_equal(w->b->e.kind, ERR_CONFLICT);
	assert_holds(w->b->e.message, "changed or made anew since it was looked at");
}

static void
delete_that_hangs_names_the_finalizer(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/secrets/a", 200,
	       "{\"metadata\":{\"name\":\"a\",\"uid\":\"u-a\",\"finalizers\":[\"x/hold\"]}}", 0);
	api_on(w->api, "DELETE", NS "/secrets/a", 200, "{\"kind\":\"Status\"}", 0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_delete,
				   "{\"resource\":\"secrets\",\"names\":\"a\",\"timeout\":0}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_TIMEOUT);
	assert_holds(w->b->e.message, "a (held by finalizer x/hold)");
	assert_holds(w->b->e.message, "Deleted by then: a");
}

static void
delete_failure_tells_what_was_deleted(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/secrets/a", 200, METADATA("a", "u-a"), 0);
	api_on(w->api, "GET", NS "/secrets/b", 200, METADATA("b", "u-b"), 0);
	api_on(w->api, "DELETE", NS "/secrets/a", 200, "{\"kind\":\"Status\"}", 0);
	api_on(w->api, "DELETE", NS "/secrets/b", 403,
	       "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no\"}", 0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_delete,
				   "{\"resource\":\"secrets\",\"names\":[\"a\",\"b\"]}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_DENIED);
	assert_holds(w->b->e.message, "secret/b in mgmt/tsb");
	assert_holds(w->b->e.message, "Ask for that right");
	assert_holds(w->b->e.message, "Deleted by then: a");
}

static void
delete_probe_goes_by_uid(void **state)
{
	static const char going[] =
		"{\"kind\":\"PartialObjectMetadata\",\"metadata\":{\"name\":\"a\",\"uid\":\"u-a\","
		"\"resourceVersion\":\"9\",\"deletionTimestamp\":\"2026-11-21T14:07:32Z\","
		"\"finalizers\":[\"x/hold\"]}}";
	struct world *w = *state;

	api_on(w->api, "GET", NS "/secrets/a", 200, METADATA("a", "u-a"), 0);
	api_on(w->api, "GET", NS "/secrets/b", 200, METADATA("b", "u-b"), 0);
	api_on(w->api, "DELETE", NS "/secrets/*", 500, "{\"kind\":\"Status\"}", 0);
	free(bench_preview(w->b, &step_kubernetes_delete,
			   "{\"resource\":\"secrets\",\"names\":[\"a\",\"b\"]}"));
	assert_int_equal(bench_probe(w->b), PROBE_NOT_DONE);
	assert_holds(str_cstr(&w->b->probed), "secret/a in mgmt/tsb: it is there: uid u-a");
	assert_holds(str_cstr(&w->b->probed), "No write was sent");
	assert_int_equal(bench_run_previewed(w->b), -1);
	assert_int_equal(bench_probe(w->b), PROBE_UNSURE);
	assert_holds(str_cstr(&w->b->probed), "may be under way until");
	bench_age_evidence(w->b, 61000);
	assert_int_equal(bench_probe(w->b), PROBE_NOT_DONE);
	api_on(w->api, "GET", NS "/secrets/b", 200, METADATA("b", "u-new"), 0);
	assert_int_equal(bench_probe(w->b), PROBE_UNSURE);
	assert_holds(str_cstr(&w->b->probed), "ANOTHER one of that name is there");
	assert_holds(str_cstr(&w->b->probed), "1 of 2 are done, 1 are as they were");
	api_on(w->api, "GET", NS "/secrets/a", 200, going, 0);
	assert_int_equal(bench_probe(w->b), PROBE_UNSURE);
	assert_holds(str_cstr(&w->b->probed),
		     "it is being deleted since 2026-11-21T14:07:32Z, held by finalizer x/hold: "
		     "uid u-a, resourceVersion 9");
	json_add_bool(w->b->with, "wait", false);
	assert_int_equal(bench_probe(w->b), PROBE_DONE);
	api_on(w->api, "GET", NS "/secrets/a", 404,
	       "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"no\"}", 0);
	cJSON_DeleteItemFromObjectCaseSensitive(w->b->with, "wait");
	assert_int_equal(bench_probe(w->b), PROBE_DONE);
	assert_holds(str_cstr(&w->b->probed), "secret/a in mgmt/tsb: gone; it was uid u-a");
	api_on(w->api, "GET", NS "/secrets/a", 403,
	       "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no\"}", 0);
	assert_int_equal(bench_probe(w->b), PROBE_UNSURE);
	assert_int_equal(w->b->e.kind, ERR_DENIED);
	w->b->action.seen = NULL;
	assert_int_equal(bench_probe(w->b), PROBE_UNSURE);
	assert_holds(str_cstr(&w->b->probed), "does not say which objects");
}

static void
apply_into_a_namespace_that_nobody_makes_is_refused_before_any_write(void **state)
{
	struct world *w = *state;
	char *path = fixture_write(w->api->folder, "m.yaml",
				   "kind: Secret\napiVersion: v1\nmetadata: {name: key}\n"
				   "stringData: {password: open-sesame-now}\n");
	char *with = xasprintf("{\"file\":\"%s\"}", path);

	assert_null(bench_preview(w->b, &step_kubernetes_apply, with));
	assert_int_equal(w->b->e.kind, ERR_NOT_FOUND);
	assert_holds(w->b->e.message, "do not make the namespace tsb: make it first");
	assert_int_equal(bench_run(w->b, &step_kubernetes_apply, with), -1);
	assert_holds(w->b->e.message, "Nothing was applied");
	assert_false(api_saw(w->api, "force=false\n"));
	assert_hidden(w->b, "open-sesame-now");
	free(with);
	free(path);
}

static void
apply_preview_shows_sizes_alone(void **state)
{
	struct world *w = *state;
	char *path = fixture_write(w->api->folder, "m.yaml",
				   "kind: Secret\napiVersion: v1\nmetadata: {name: key}\n"
				   "stringData: {password: open-sesame-now}\n");
	char *with = xasprintf("{\"file\":\"%s\"}", path), *text;

	api_on(w->api, "PATCH", NS "/secrets/key?*dryRun=All", 200, SECRET, 0);
	text = bench_preview(w->b, &step_kubernetes_apply, with);
	assert_holds(text, ">PATCH " NS "/secrets/key?fieldManager=lifeboat&fieldValidation=Strict&"
			   "force=false");
	assert_holds(text, "secret/key (new)");
	assert_holds(text, "+data.private: 16 bytes");
	assert_null(strstr(text, "c2lnbmluZy"));
	free(text);
	free(with);
	free(path);
}

static void
apply_run_counts_changes_and_hides_values(void **state)
{
	struct world *w = *state;
	char *path = fixture_write(w->api->folder, "m.yaml",
				   "kind: Secret\napiVersion: v1\nmetadata: {name: key}\n"
				   "data: {private: c2lnbmluZy1tYXRlcmlhbA==}\n");
	char *with = xasprintf("{\"file\":\"%s\"}", path);

	api_on(w->api, "PATCH", NS "/secrets/key?*", 200, SECRET, 0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_apply, with), 0);
	assert_string_equal(str_cstr(&w->b->output), "secret/key created\n");
	assert_int_equal(json_int(w->b->result, "changed", 0), 1);
	assert_hidden(w->b, "signing-material");
	assert_hidden(w->b, "kid-12345678"); /* the server's own, not in the file */
	api_on(w->api, "GET", NS "/secrets/key", 200, SECRET, 0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_apply, with), 0);
	assert_string_equal(str_cstr(&w->b->output), "secret/key unchanged\n");
	assert_int_equal(json_int(w->b->result, "changed", 1), 0);
	free(with);
	free(path);
}

/* A certificate is public wherever it stands, and hiding it would hide it everywhere. */
static void
apply_of_a_certificate_hides_the_key_beside_it_alone(void **state)
{
	static const char certificate[] = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n"
					  "-----END CERTIFICATE-----\n";
	struct world *w = *state;
	char *path = fixture_write(w->api->folder, "m.yaml",
				   "kind: Secret\napiVersion: v1\nmetadata: {name: key}\n"
				   "stringData:\n  private: signing-material\n  ca.crt: |\n"
				   "    -----BEGIN CERTIFICATE-----\n    MIIBszCCAVmgAwIBAgIU\n"
				   "    -----END CERTIFICATE-----\n");
	char *with = xasprintf("{\"file\":\"%s\"}", path);
	struct str shown = STR_INIT;

	api_on(w->api, "PATCH", NS "/secrets/key?*", 200, SECRET, 0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_apply, with), 0);
	assert_hidden(w->b, "signing-material");
	secrets_redact(w->b->ctx.secrets, certificate, strlen(certificate), &shown);
	assert_string_equal(str_cstr(&shown), certificate);
	str_release(&shown);
	free(with);
	free(path);
}

static void
apply_conflict_names_owner_and_advice(void **state)
{
	struct world *w = *state;
	char *path = fixture_write(w->api->folder, "m.yaml",
				   "kind: Secret\napiVersion: v1\nmetadata: {name: key}\n");
	char *with = xasprintf("{\"file\":\"%s\"}", path);

	api_on(w->api, "GET", NS "/secrets/key", 200, SECRET, 0);
	api_on(w->api, "PATCH", NS "/secrets/key?*", 409,
	       "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"1 "
	       "conflict\",\"details\":"
	       "{\"causes\":[{\"reason\":\"FieldManagerConflict\",\"field\":\".data.a\","
	       "\"message\":"
	       "\"conflict with \\\"helm\\\"\"}]}}",
	       0);
	assert_null(bench_preview(w->b, &step_kubernetes_apply, with));
	assert_int_equal(w->b->e.kind, ERR_CONFLICT);
	assert_holds(w->b->e.message, "helm");
	assert_holds(w->b->e.message, "force: true");
	free(with);
	free(path);
}

static void
permissions_name_what_is_needed(void **state)
{
	struct world *w = *state;
	char *text;

	text = bench_permissions(
		w->b, &step_kubernetes_delete,
		"{\"resource\":\"secrets\",\"names\":[\"a\"],\"namespace\":\"n\"}");
	assert_string_equal(text, "[{\"verb\":\"get\",\"group\":\"\",\"resource\":\"secrets\","
				  "\"subresource\":null,\"name\":\"a\",\"namespace\":\"n\"},"
				  "{\"verb\":\"delete\",\"group\":\"\",\"resource\":\"secrets\","
				  "\"subresource\":null,\"name\":\"a\",\"namespace\":\"n\"}]");
	free(text);
	text = bench_permissions(w->b, &step_kubernetes_get, "{\"resource\":\"namespaces\"}");
	assert_string_equal(text, "[{\"verb\":\"list\",\"group\":\"\",\"resource\":\"namespaces\","
				  "\"subresource\":null,\"name\":null,\"namespace\":null}]");
	free(text);
	text = bench_permissions(w->b, &step_kubernetes_logs, "{\"selector\":\"a=b\"}");
	assert_holds(text, "\"subresource\":\"log\"");
	free(text);
}

static void
target_describes_itself_and_hides_its_token(void **state)
{
	struct world *w = *state;
	cJSON *spec = cJSON_Parse("{\"context\":\"mgmt-b\",\"namespace\":\"tsb\"}"),
	      *identity = NULL;
	char *text = target_kubernetes.describe(spec);

	assert_string_equal(text, "ctx mgmt-b ns tsb");
	free(text);
	cJSON_Delete(spec);
	api_on(w->api, "GET", "/api/v1/namespaces/kube-system", 200,
	       "{\"metadata\":{\"uid\":\"1234\"}}", 0);
	assert_int_equal(
		target_kubernetes.identify(w->b->target.connection, NULL, &identity, &w->b->e), 0);
	assert_string_equal(json_string(identity, "uid", ""), "1234");
	assert_string_equal(json_string(identity, "context", ""), "mgmt");
	cJSON_Delete(identity);
	assert_hidden(w->b, "sesame-open-sesame");
}

static void
errors_of_an_absent_cluster_name_the_server(void **state)
{
	struct world *w = *state;
	char *path = fixture_write(w->api->folder, "gone",
				   "current-context: x\nclusters: [{name: c, cluster: {server: "
				   "'http://127.0.0.1:1'}}]\nusers: []\n"
				   "contexts: [{name: x, context: {cluster: c, user: ''}}]\n");
	struct bench *b = bench_new(path, NULL);

	assert_int_equal(bench_run(b, &step_kubernetes_get, "{\"resource\":\"pods\"}"), -1);
	assert_int_equal(b->e.kind, ERR_NET);
	assert_holds(b->e.message, "127.0.0.1:1");
	assert_holds(b->e.message, "kubernetes.get pods on x");
	bench_free(b);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(get_secret_registers_values_and_prints_sizes),
		TEST(get_missing_names_cluster_and_namespace),
		TEST(get_list_follows_pages_of_a_table),
		TEST(get_list_of_a_server_without_tables_asks_again),
		TEST(get_wrong_fields_are_refused),
		TEST(delete_preview_shows_uids_and_what_is_missing),
		TEST(delete_names_that_are_no_names_sends_nothing),
		TEST(delete_run_waits_until_that_uid_is_gone),
		TEST(delete_sends_the_version_that_was_seen),
		TEST(delete_that_hangs_names_the_finalizer),
		TEST(delete_failure_tells_what_was_deleted),
		TEST(delete_probe_goes_by_uid),
		TEST(apply_into_a_namespace_that_nobody_makes_is_refused_before_any_write),
		TEST(apply_preview_shows_sizes_alone),
		TEST(apply_run_counts_changes_and_hides_values),
		TEST(apply_of_a_certificate_hides_the_key_beside_it_alone),
		TEST(apply_conflict_names_owner_and_advice),
		TEST(permissions_name_what_is_needed),
		TEST(target_describes_itself_and_hides_its_token),
		TEST(errors_of_an_absent_cluster_name_the_server),
	};

	return cmocka_run_group_tests_name("step_kubernetes", tests, NULL, NULL);
}
