#include "config.h"

#include "fixture_world_api.h"

/* Definitions of custom resources, through the API server of a simulated cluster and past it. */

#define DEFINITIONS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define THINGS "/apis/example.com/v1/namespaces/default/things"
#define DEFINITION                                                                                 \
	"{\"metadata\":{\"name\":\"things.example.com\"},\"spec\":{\"group\":\"example.com\","     \
	"\"scope\":\"Namespaced\",\"names\":{\"plural\":\"things\",\"kind\":\"Thing\"},"           \
	"\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":true,\"schema\":"              \
	"{\"openAPIV3Schema\":{\"type\":\"object\"}}}]}}"

static void
definition_is_served_at_once_and_takes_its_objects_along(void **state)
{
	struct world *w = *state;
	static const char thing[] = "{\"kind\":\"Thing\",\"apiVersion\":\"example.com/v1\","
				    "\"metadata\":{\"name\":\"t\",\"finalizers\":[\"a.b/c\"]}}";

	world_expect(w, 404, "GET", THINGS, NULL, NULL);
	struct said *s = world_ask(w, "POST", DEFINITIONS, NULL, DEFINITION);
	assert_int_equal(s->code, 201);
	assert_string_equal(json_string(s->json, "status/conditions/1/type", ""), "Established");
	assert_string_equal(json_string(s->json, "status/acceptedNames/listKind", ""), "ThingList");
	said_free(s);
	world_expect(w, 201, "POST", THINGS, NULL, thing);
	s = world_ask(w, "GET", THINGS, NULL, NULL);
	assert_string_equal(json_string(s->json, "kind", ""), "ThingList");
	assert_string_equal(json_string(s->json, "items/0/kind", ""), "Thing");
	said_free(s);
	assert_message(
		w, 422, "PUT", THINGS "/t", NULL, thing,
		"Thing.example.com \"t\" is invalid: metadata.resourceVersion: Invalid value: "
		"0x0: must be specified for an update");
	world_expect(w, 415, "PATCH", THINGS "/t", STRATEGIC, "{}");
	world_expect(w, 200, "DELETE", DEFINITIONS "/things.example.com", NULL, NULL);
	assert_text(w, DEFINITIONS "/things.example.com", "metadata/finalizers/0",
		    "customresourcecleanup.apiextensions.k8s.io");
	world_expect(w, 200, "PATCH", THINGS "/t", MERGE, "{\"metadata\":{\"finalizers\":null}}");
	world_expect(w, 404, "GET", DEFINITIONS "/things.example.com", NULL, NULL);
	world_expect(w, 404, "GET", THINGS, NULL, NULL);
}

static void
definition_that_is_refused_is_not_served(void **state)
{
	struct world *w = *state;
	static const char *const other =
		"{\"metadata\":{\"name\":\"things.example.com\"},\"spec\":{"
		"\"group\":\"example.com\",\"scope\":\"Cluster\",\"names\":{"
		"\"plural\":\"things\",\"kind\":\"Other\"},\"versions\":[{"
		"\"name\":\"v2\",\"served\":true,\"storage\":true,"
		"\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\"}}}]}}";

	world_expect(w, 201, "POST", DEFINITIONS "?dryRun=All", NULL, DEFINITION);
	world_expect(w, 404, "GET", THINGS, NULL, NULL);
	world_expect(w, 201, "POST", DEFINITIONS, NULL, DEFINITION);
	world_expect(w, 409, "POST", DEFINITIONS, NULL, other);
	world_expect(w, 200, "GET", THINGS, NULL, NULL);
	world_expect(w, 404, "GET", "/apis/example.com/v2/things", NULL, NULL);
}

/* Whoever ends its last object: a controller does that without a request. */
static void
definition_goes_with_the_last_object_of_any_writer(void **state)
{
	struct world *w = *state;
	const struct store_write how = { .grace_s = -1 };
	const struct stored *after = NULL;
	struct refusal r = REFUSAL_INIT;

	world_expect(w, 201, "POST", DEFINITIONS, NULL, DEFINITION);
	world_expect(w, 201, "POST", THINGS, NULL,
		     "{\"kind\":\"Thing\",\"apiVersion\":\"example.com/v1\",\"metadata\":{\"name\":"
		     "\"t\",\"finalizers\":[\"a.b/c\"]}}");
	const struct kind *kind = kinds_by_word(w->cluster->kinds, "things");
	world_expect(w, 200, "DELETE", DEFINITIONS "/things.example.com", NULL, NULL);
	world_expect(w, 200, "GET", DEFINITIONS "/things.example.com", NULL, NULL);
	static const char bare[] =
		"{\"kind\":\"Thing\",\"apiVersion\":\"example.com/v1\",\"metadata\":"
		"{}}";
	assert_int_equal(store_update(w->cluster->store, kind, "default", "t",
				      json_parse(bare, strlen(bare), NULL), &how, &after, &r),
			 0);
	stored_drop(after);
	world_expect(w, 404, "GET", DEFINITIONS "/things.example.com", NULL, NULL);
	world_expect(w, 404, "GET", THINGS, NULL, NULL);
}

static void
definition_without_its_finalizer_is_served_no_more(void **state)
{
	struct world *w = *state;

	world_expect(w, 201, "POST", DEFINITIONS, NULL, DEFINITION);
	world_expect(w, 200, "PATCH", DEFINITIONS "/things.example.com", MERGE,
		     "{\"metadata\":{\"finalizers\":null}}");
	world_expect(w, 200, "GET", THINGS, NULL, NULL);
	world_expect(w, 200, "DELETE", DEFINITIONS "/things.example.com", NULL, NULL);
	world_expect(w, 404, "GET", THINGS, NULL, NULL);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(definition_is_served_at_once_and_takes_its_objects_along),
		ROW(definition_that_is_refused_is_not_served),
		ROW(definition_goes_with_the_last_object_of_any_writer),
		ROW(definition_without_its_finalizer_is_served_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
