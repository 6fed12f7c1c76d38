#include "config.h"

#include "fixture_world_api.h"

/* Writing through the API server of a simulated cluster. */

static void
create_makes_an_object_with_its_fields_owner(void **state)
{
	struct world *w = *state;
	struct said *s =
		world_ask(w, "POST", CONFIGS, NULL,
			  "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\","
			  "\"metadata\":{\"generateName\":\"g-\"},\"data\":{\"a\":\"b\"}}");

	assert_int_equal(s->code, 201);
	assert_int_equal(strlen(json_string(s->json, "metadata/name", "")), 7);
	assert_string_equal(json_string(s->json, "metadata/namespace", ""), "default");
	assert_string_equal(json_string(s->json, "metadata/managedFields/0/manager", ""), "tester");
	assert_string_equal(json_string(s->json, "metadata/managedFields/0/operation", ""),
			    "Update");
	said_free(s);
}

/* Whatever its writer says of them; a backup of an object is applied with all of it. */
static void
create_gives_time_and_uid_of_its_own(void **state)
{
	static const char old[] = "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":"
				  "{\"name\":\"a\",\"uid\":\"u\",\"creationTimestamp\":"
				  "\"2001-01-01T00:00:00Z\"}}";
	static const char applied[] = "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\","
				      "\"metadata\":{\"name\":\"b\",\"creationTimestamp\":"
				      "\"2001-01-01T00:00:00Z\"}}";
	struct world *w = *state;

	world_expect(w, 201, "POST", CONFIGS, NULL, old);
	world_expect(w, 201, "PATCH", CONFIGS "/b?fieldManager=me", APPLY, applied);
	for (const char *const *path = (const char *const[]){ CONFIGS "/a", CONFIGS "/b", NULL };
	     *path; path++) {
		char *time = text_at(w, *path, "metadata/creationTimestamp");
		char *uid = text_at(w, *path, "metadata/uid");

		assert_true(strncmp(time, "2001", 4) != 0 && strlen(time) == 20);
		assert_int_equal(strlen(uid), 36);
		free(time);
		free(uid);
	}
	assert_message(
		w, 409, "PATCH", CONFIGS "/c?fieldManager=me", APPLY,
		"{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"c\","
		"\"uid\":\"u\"}}",
		"Operation cannot be fulfilled on configmaps \"c\": uid mismatch: the provided "
		"object specified uid u, and no existing object was found");
	assert_message(w, 500, "POST", CONFIGS, NULL,
		       "{\"metadata\":{\"name\":\"d\",\"resourceVersion\":\"5\"}}",
		       "resourceVersion should not be set on objects to be created");
}

static void
create_from_yaml_is_understood(void **state)
{
	struct world *w = *state;

	world_expect(w, 201, "POST", CONFIGS, "application/yaml",
		     "metadata:\n  name: plain\ndata: {of: \"1\"}\n");
	assert_text(w, CONFIGS "/plain", "data/of", "1");
	world_expect(w, 400, "POST", CONFIGS, "application/yaml", "a: [b\n");
}

static void
create_of_the_wrong_thing_is_refused(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	assert_message(w, 409, "POST", CONFIGS, NULL, "{\"metadata\":{\"name\":\"a\"}}",
		       "configmaps \"a\" already exists");
	assert_message(w, 422, "POST", CONFIGS, NULL, "{}",
		       "ConfigMap \"\" is invalid: metadata.name: Required value: name or "
		       "generateName is required");
	assert_message(
		w, 400, "POST", CONFIGS, NULL,
		"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"b\"}}",
		"Pod in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Pod) "
		"to (core.ConfigMap): unknown conversion");
	assert_message(
		w, 400, "POST", CONFIGS, NULL,
		"{\"metadata\":{\"name\":\"b\",\"namespace\":\"other\"}}",
		"the namespace of the provided object does not match the namespace sent on the "
		"request");
	world_expect(w, 400, "POST", CONFIGS, NULL, "{bad");
	world_expect(w, 415, "POST", CONFIGS, "text/plain", "{}");
	assert_message(w, 404, "POST", "/api/v1/namespaces/none/configmaps", NULL,
		       "{\"metadata\":{\"name\":\"b\"}}", "namespaces \"none\" not found");
	assert_message(w, 422, "POST", CONFIGS "?dryRun=foo", NULL,
		       "{\"metadata\":{\"name\":\"b\"}}",
		       "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: "
		       "[]string{\"foo\"}: supported values: \"All\"");
}

static void
field_that_nobody_knows_is_a_warning_or_refused(void **state)
{
	struct world *w = *state;
	static const char odd[] = "{\"metadata\":{\"name\":\"odd\"},\"data\":{},\"daat\":{}}";
	static const char applied[] = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
				      "\"metadata\":{\"name\":\"odd\"},\"daat\":{}}";

	assert_message(
		w, 400, "POST", CONFIGS "?fieldValidation=Strict", NULL, odd,
		"ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding "
		"error: unknown field \"daat\"");
	assert_message(
		w, 500, "PATCH", CONFIGS "/odd?fieldManager=me", APPLY, applied,
		"failed to create typed patch object (default/odd; v1, Kind=ConfigMap): .daat: "
		"field not declared in schema");
	world_expect(w, 422, "POST", CONFIGS "?fieldValidation=Loud", NULL, odd);
	struct said *s = world_ask(w, "POST", CONFIGS "?fieldValidation=Warn", NULL, odd);
	assert_int_equal(s->code, 201);
	assert_non_null(
		strstr(str_cstr(&s->headers), "Warning: 299 - \"unknown field \\\"daat\\\"\""));
	said_free(s);
}

static void
all_that_is_wrong_is_said_at_once(void **state)
{
	struct world *w = *state;
	struct said *s =
		world_ask(w, "POST", "/api/v1/namespaces/default/pods", NULL,
			  "{\"metadata\":{\"name\":\"Upper\"},\"spec\":{\"restartPolicy\":\"Odd\","
			  "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");

	assert_int_equal(s->code, 422);
	assert_string_equal(json_string(s->json, "details/causes/1/field", ""), "metadata.name");
	assert_string_equal(json_string(s->json, "details/causes/0/field", ""),
			    "spec.restartPolicy");
	said_free(s);
}

static void
value_of_another_type_is_refused(void **state)
{
	struct world *w = *state;

	assert_message(
		w, 400, "POST", "/api/v1/namespaces/default/secrets", NULL,
		"{\"metadata\":{\"name\":\"s\"},\"stringData\":[\"x\"]}",
		"Secret in version \"v1\" cannot be handled as a Secret: json: cannot unmarshal "
		"array into Go struct field Secret.stringData of type map[string]string");
	world_expect(w, 201, "POST", "/api/v1/namespaces/default/resourcequotas", NULL,
		     "{\"metadata\":{\"name\":\"q\"}}");
	world_expect(w, 400, "PATCH", "/api/v1/namespaces/default/resourcequotas/q/status",
		     "application/merge-patch+json", "{\"status\":{\"hard\":[\"x\"]}}");
	world_expect(w, 400, "POST", "/api/v1/nodes", NULL,
		     "{\"metadata\":{\"name\":\"n\",\"labels\":[\"x\"]}}");
}

static void
body_beyond_the_bound_is_refused(void **state)
{
	struct world *w = *state;
	struct str text = STR_INIT;

	str_append(&text, "{\"metadata\":{\"name\":\"big\"},\"data\":{\"a\":\"");
	str_append_repeated(&text, 'x', 4 << 20);
	str_append(&text, "\"}}");
	world_expect(w, 413, "POST", CONFIGS, NULL, str_cstr(&text));
	world_expect(w, 404, "GET", CONFIGS "/big", NULL, NULL);
	str_release(&text);
}

static void
dry_run_changes_nothing(void **state)
{
	struct world *w = *state;
	uint64_t before;

	world_config(w, "a", "");
	before = store_version(w->cluster->store);
	world_expect(w, 201, "POST", CONFIGS "?dryRun=All", NULL,
		     "{\"metadata\":{\"name\":\"b\"}}");
	world_expect(w, 200, "PATCH", CONFIGS "/a?dryRun=All", MERGE, "{\"data\":{\"a\":\"2\"}}");
	world_expect(w, 200, "DELETE", CONFIGS "/a?dryRun=All", NULL, NULL);
	assert_int_equal(store_version(w->cluster->store), before);
}

static void
update_of_an_old_version_is_a_conflict(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	char *version = text_at(w, CONFIGS "/a", "metadata/resourceVersion");
	char *body = xasprintf("{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"%s\"},"
			       "\"data\":{\"a\":\"2\"}}",
			       version);

	world_expect(w, 200, "PUT", CONFIGS "/a", NULL, body);
	assert_message(w, 409, "PUT", CONFIGS "/a", NULL, body,
		       "Operation cannot be fulfilled on configmaps \"a\": the object has been "
		       "modified; please apply your changes to the latest version and try again");
	world_expect(w, 200, "PUT", CONFIGS "/a", NULL,
		     "{\"metadata\":{\"name\":\"a\"},\"data\":{\"b\":\"3\"}}");
	assert_text(w, CONFIGS "/a", "data/a", "");
	assert_text(w, CONFIGS "/a", "data/b", "3");
	world_expect(w, 404, "PUT", CONFIGS "/none", NULL, "{\"metadata\":{\"name\":\"none\"}}");
	assert_message(w, 400, "PUT", CONFIGS "/a", NULL, "{\"data\":{}}",
		       "the name of the object (a based on URL) was undeterminable: name must be "
		       "provided");
	assert_message(w, 400, "PUT", CONFIGS "/b", NULL, "{\"metadata\":{\"name\":\"a\"}}",
		       "the name of the object (a) does not match the name on the URL (b)");
	free(body);
	free(version);
}

static void
patches_of_all_types_change(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	world_expect(w, 200, "PATCH", CONFIGS "/a", MERGE, "{\"data\":{\"a\":null,\"m\":\"1\"}}");
	world_expect(w, 200, "PATCH", CONFIGS "/a", STRATEGIC, "{\"data\":{\"s\":\"1\"}}");
	world_expect(w, 200, "PATCH", CONFIGS "/a", JSONPATCH,
		     "[{\"op\":\"add\",\"path\":\"/data/j\",\"value\":\"1\"}]");
	world_expect(w, 200, "PATCH", CONFIGS "/a?fieldManager=x", APPLY,
		     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {z: \"1\"}\n");
	struct said *s = world_ask(w, "GET", CONFIGS "/a", NULL, NULL);
	char *data = json_print(json_at(s->json, "data"));
	assert_string_equal(data, "{\"m\":\"1\",\"s\":\"1\",\"j\":\"1\",\"z\":\"1\"}");
	free(data);
	said_free(s);
	world_expect(w, 415, "PATCH", CONFIGS "/a", "application/json", "{}");
	assert_message(w, 404, "PATCH", CONFIGS "/none", MERGE, "{}",
		       "configmaps \"none\" not found");
	assert_message(w, 400, "PATCH", CONFIGS "/a", JSONPATCH, "{}",
		       "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
	world_expect(w, 409, "PATCH", CONFIGS "/a", MERGE,
		     "{\"metadata\":{\"resourceVersion\":\"4\"}}");
}

static void
apply_makes_what_is_not_there_and_guards_fields(void **state)
{
	struct world *w = *state;
	static const char mine[] = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":"
				   "{\"name\":\"a\"},\"data\":{\"a\":\"1\"}}";
	static const char yours[] = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":"
				    "{\"name\":\"a\"},\"data\":{\"a\":\"2\"}}";

	world_expect(w, 201, "PATCH", CONFIGS "/a?fieldManager=me", APPLY, mine);
	world_expect(w, 200, "PATCH", CONFIGS "/a?fieldManager=me", APPLY, mine);
	struct said *s = world_ask(w, "PATCH", CONFIGS "/a?fieldManager=you", APPLY, yours);
	assert_int_equal(s->code, 409);
	assert_string_equal(json_string(s->json, "details/causes/0/reason", ""),
			    "FieldManagerConflict");
	assert_string_equal(json_string(s->json, "details/causes/0/field", ""), ".data.a");
	said_free(s);
	world_expect(w, 200, "PATCH", CONFIGS "/a?fieldManager=you&force=true", APPLY, yours);
	assert_text(w, CONFIGS "/a", "data/a", "2");
	assert_message(w, 422, "PATCH", CONFIGS "/a", APPLY, mine,
		       "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is "
		       "required for apply patch");
	assert_message(w, 400, "PATCH", CONFIGS "/a?fieldManager=x", APPLY, "{}",
		       "Incorrect version specified in apply patch. Specified patch version: , "
		       "expected: v1");
}

static void
status_is_a_part_of_its_own(void **state)
{
	struct world *w = *state;

	make_deployment(w);
	assert_text(w, DEPLOYMENTS "/d", "status/replicas", "");
	world_expect(w, 200, "PATCH", DEPLOYMENTS "/d/status", MERGE,
		     "{\"spec\":{\"replicas\":9},\"status\":{\"replicas\":2}}");
	assert_text(w, DEPLOYMENTS "/d", "status/replicas", "2");
	assert_text(w, DEPLOYMENTS "/d", "spec/replicas", "2");
	assert_text(w, DEPLOYMENTS "/d", "metadata/generation", "1");
	world_expect(w, 200, "PATCH", DEPLOYMENTS "/d", MERGE,
		     "{\"spec\":{\"replicas\":3},\"status\":{\"replicas\":9}}");
	assert_text(w, DEPLOYMENTS "/d", "status/replicas", "2");
	assert_text(w, DEPLOYMENTS "/d", "metadata/generation", "2");
	assert_text(w, DEPLOYMENTS "/d/status", "spec/replicas", "3");
	world_expect(
		w, 200, "PATCH", DEPLOYMENTS "/d?fieldManager=me", APPLY,
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},"
		"\"status\":{\"replicas\":9}}");
	assert_text(w, DEPLOYMENTS "/d", "status/replicas", "2");
	struct said *s = world_ask(w, "GET", DEPLOYMENTS "/d", NULL, NULL);
	char *owners = json_print(json_at(s->json, "metadata/managedFields"));
	assert_null(strstr(owners, "\"manager\":\"me\",\"operation\":\"Apply\",\"apiVersion\":"
				   "\"apps/v1\",\"time\""));
	free(owners);
	said_free(s);
}

/* ---- deleting ---- */

static void
delete_tells_that_it_is_done(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	char *uid = text_at(w, CONFIGS "/a", "metadata/uid");
	world_expect(w, 409, "DELETE", CONFIGS "/a", NULL,
		     "{\"preconditions\":{\"uid\":\"11111111-2222-4333-8444-555555555555\"}}");
	struct said *s = world_ask(w, "DELETE", CONFIGS "/a", NULL, NULL);
	assert_int_equal(s->code, 200);
	assert_string_equal(json_string(s->json, "status", ""), "Success");
	assert_string_equal(json_string(s->json, "details/uid", ""), uid);
	said_free(s);
	free(uid);
	world_expect(w, 404, "DELETE", CONFIGS "/a", NULL, NULL);
}

static void
delete_with_propagation_waits_for_the_finalizer(void **state)
{
	struct world *w = *state;

	make_deployment(w);
	world_expect(w, 422, "DELETE", DEPLOYMENTS "/d?propagationPolicy=Foo", NULL, NULL);
	struct said *s =
		world_ask(w, "DELETE", DEPLOYMENTS "/d?propagationPolicy=Foreground", NULL, NULL);
	assert_string_equal(json_string(s->json, "metadata/finalizers/0", ""),
			    "foregroundDeletion");
	assert_non_null(json_at(s->json, "metadata/deletionTimestamp"));
	said_free(s);
	world_expect(w, 200, "PATCH", DEPLOYMENTS "/d", MERGE,
		     "{\"metadata\":{\"finalizers\":null}}");
	world_expect(w, 404, "GET", DEPLOYMENTS "/d", NULL, NULL);
}

static void
delete_of_a_collection_takes_what_is_selected(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "\"x\":\"y\"");
	world_config(w, "b", "\"x\":\"y\"");
	world_config(w, "c", "");
	struct said *s = world_ask(w, "DELETE", CONFIGS "?labelSelector=x%3Dy", NULL, NULL);
	assert_int_equal(s->code, 200);
	assert_int_equal(cJSON_GetArraySize(json_at(s->json, "items")), 2);
	said_free(s);
	s = world_ask(w, "GET", CONFIGS, NULL, NULL);
	assert_int_equal(cJSON_GetArraySize(json_at(s->json, "items")), 1);
	said_free(s);
}

static void
review_is_answered_and_not_kept(void **state)
{
	struct world *w = *state;
	struct said *s =
		world_ask(w, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", NULL,
			  "{\"spec\":{\"resourceAttributes\":{\"verb\":\"get\","
			  "\"resource\":\"pods\"}}}");

	assert_int_equal(s->code, 201);
	assert_true(json_bool(s->json, "status/allowed", false));
	said_free(s);
}

static void
put_of_a_manifest_makes_and_changes(void **state)
{
	struct world *w = *state;
	struct refusal r = REFUSAL_INIT;
	static const char *const texts[] = {
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m\"},"
		"\"data\":{\"a\":\"1\"}}",
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m\"},"
		"\"data\":{\"b\":\"2\"}}",
	};

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(cluster_put(w->cluster, "new",
					     json_parse(texts[i], strlen(texts[i]), NULL), &r),
				 0);
	assert_text(w, "/api/v1/namespaces/new/configmaps/m", "data/a", "1");
	assert_text(w, "/api/v1/namespaces/new/configmaps/m", "data/b", "2");
	static const char odd[] = "{\"apiVersion\":\"v9\",\"kind\":\"Odd\"}";
	assert_int_equal(cluster_put(w->cluster, "new", json_parse(odd, strlen(odd), NULL), &r),
			 -1);
	assert_int_equal(r.code, 400);
	refusal_release(&r);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(create_makes_an_object_with_its_fields_owner),
		ROW(create_gives_time_and_uid_of_its_own),
		ROW(create_from_yaml_is_understood),
		ROW(create_of_the_wrong_thing_is_refused),
		ROW(field_that_nobody_knows_is_a_warning_or_refused),
		ROW(all_that_is_wrong_is_said_at_once),
		ROW(value_of_another_type_is_refused),
		ROW(body_beyond_the_bound_is_refused),
		ROW(dry_run_changes_nothing),
		ROW(update_of_an_old_version_is_a_conflict),
		ROW(patches_of_all_types_change),
		ROW(apply_makes_what_is_not_there_and_guards_fields),
		ROW(status_is_a_part_of_its_own),
		ROW(delete_tells_that_it_is_done),
		ROW(delete_with_propagation_waits_for_the_finalizer),
		ROW(delete_of_a_collection_takes_what_is_selected),
		ROW(review_is_answered_and_not_kept),
		ROW(put_of_a_manifest_makes_and_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
