#include "config.h"

#include "fixture_world_api.h"

/* Subresources that are something to do, through the API server of a simulated cluster. */

static void
scale_tells_and_sets_replicas(void **state)
{
	struct world *w = *state;

	make_deployment(w);
	struct said *s = world_ask(w, "GET", DEPLOYMENTS "/d/scale", NULL, NULL);
	assert_string_equal(json_string(s->json, "apiVersion", ""), "autoscaling/v1");
	assert_int_equal(json_int(s->json, "spec/replicas", -1), 2);
	assert_string_equal(json_string(s->json, "status/selector", ""), "app=d");
	said_free(s);
	world_expect(w, 200, "PUT", DEPLOYMENTS "/d/scale", NULL,
		     "{\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":5}}");
	assert_text(w, DEPLOYMENTS "/d", "spec/replicas", "5");
	world_expect(w, 200, "PATCH", DEPLOYMENTS "/d/scale", MERGE, "{\"spec\":{\"replicas\":0}}");
	assert_text(w, DEPLOYMENTS "/d", "spec/replicas", "0");
	assert_message(
		w, 422, "PATCH", DEPLOYMENTS "/d/scale", MERGE, "{\"spec\":{\"replicas\":-1}}",
		"Scale.autoscaling \"d\" is invalid: spec.replicas: Invalid value: -1: must be "
		"greater than or equal to 0");
	world_expect(w, 409, "PUT", DEPLOYMENTS "/d/scale", NULL,
		     "{\"metadata\":{\"name\":\"d\",\"resourceVersion\":\"4\"},"
		     "\"spec\":{\"replicas\":5}}");
	world_expect(w, 404, "GET", CONFIGS "/a/scale", NULL, NULL);
}

static void
scale_of_the_wrong_thing_changes_nothing(void **state)
{
	static const struct {
		const char *method, *type;
		long code;
		const char *text;
	} cases[] = {
		{ "PUT", NULL, 400, "{}" },
		{ "PUT", NULL, 400, "[]" },
		{ "PUT", NULL, 400, "{\"metadata\":{\"name\":\"x\"},\"spec\":{\"replicas\":1}}" },
		{ "PUT", NULL, 400,
		  "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":"
		  "{\"name\":\"d\"},\"spec\":{\"replicas\":1}}" },
		{ "PATCH", MERGE, 422, "[]" },
		{ "PATCH", MERGE, 400, "{\"spec\":{\"replicas\":\"1\"}}" },
	};
	struct world *w = *state;

	make_deployment(w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		world_expect(w, cases[i].code, cases[i].method, DEPLOYMENTS "/d/scale",
			     cases[i].type, cases[i].text);
	assert_text(w, DEPLOYMENTS "/d", "spec/replicas", "2");
}

/* Writes the Deployment until it is told to end. */
struct meddler {
	struct world *world;
	atomic_bool over;
};

static bool
count_up(void *data, cJSON *object)
{
	cJSON *annotations = json_at(object, "metadata/annotations");

	if (!annotations)
		annotations = cJSON_AddObjectToObject(json_at(object, "metadata"), "annotations");
	cJSON_DeleteItemFromObjectCaseSensitive(annotations, "n");
	char *text = xasprintf("%d", ++*(int *)data);
	json_add_string(annotations, "n", text);
	free(text);
	return true;
}

static void *
meddle(void *data)
{
	const struct store_write how = { .grace_s = -1 };
	struct meddler *m = data;
	struct store *store = m->world->cluster->store;
	const struct kind *kind = kinds_by_word(m->world->cluster->kinds, "deploy");
	int count = 0;

	while (!atomic_load(&m->over)) {
		const struct timespec moment = { .tv_nsec = 1000000 };
		const struct stored *after = NULL;
		struct refusal r = REFUSAL_INIT;

		store_change(store, kind, "default", "d", &how, count_up, &count, &after, &r);
		stored_drop(after);
		refusal_release(&r);
		nanosleep(&moment, NULL);
	}
	return NULL;
}

/* As kubectl scale does it beside a controller that writes all the time. */
static void
scale_by_a_patch_does_not_mind_other_writers(void **state)
{
	struct world *w = *state;
	struct meddler m = { .world = w };
	pthread_t thread;

	make_deployment(w);
	assert_int_equal(pthread_create(&thread, NULL, meddle, &m), 0);
	for (int i = 0; i < 50; i++)
		world_expect(w, 200, "PATCH", DEPLOYMENTS "/d/scale", MERGE,
			     i % 2 ? "{\"spec\":{\"replicas\":1}}" : "{\"spec\":{\"replicas\":3}}");
	atomic_store(&m.over, true);
	pthread_join(thread, NULL);
}

static void
exec_in_a_container_says_why_not(void **state)
{
	struct world *w = *state;
	static const char pods[] = "/api/v1/namespaces/default/pods";

	world_expect(w, 404, "POST", "/api/v1/namespaces/default/pods/p/exec?command=ls", NULL,
		     NULL);
	world_expect(w, 201, "POST", pods, NULL,
		     "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\","
		     "\"image\":\"i\"}]}}");
	assert_message(w, 400, "POST", "/api/v1/namespaces/default/pods/p/exec?command=ls", NULL,
		       NULL,
		       "containers of a practice world run no programs: exec of pod p is not "
		       "possible");
}

static void
service_account_gets_a_token(void **state)
{
	struct world *w = *state;
	static const char *const path = "/api/v1/namespaces/default/serviceaccounts";

	world_expect(w, 201, "POST", path, NULL, "{\"metadata\":{\"name\":\"robot\"}}");
	struct said *s =
		world_ask(w, "POST", "/api/v1/namespaces/default/serviceaccounts/robot/token", NULL,
			  "{\"spec\":{\"expirationSeconds\":600}}");
	assert_int_equal(s->code, 201);
	char *bearer = xasprintf("Bearer %s", json_string(s->json, "status/token", ""));
	said_free(s);
	s = said_new(w, "GET", CONFIGS, NULL, NULL);
	s->nobody = true;
	s->token = bearer;
	said_perform(s);
	assert_int_equal(s->code, 403);
	assert_non_null(strstr(str_cstr(&s->body), "system:serviceaccount:default:robot"));
	said_free(s);
	free(bearer);
}

static void
token_for_no_time_or_for_ever_is_refused(void **state)
{
	static const char path[] = "/api/v1/namespaces/default/serviceaccounts/robot/token";
	struct world *w = *state;

	world_expect(w, 201, "POST", "/api/v1/namespaces/default/serviceaccounts", NULL,
		     "{\"metadata\":{\"name\":\"robot\"}}");
	assert_message(
		w, 422, "POST", path, NULL, "{\"spec\":{\"expirationSeconds\":60}}",
		"TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: "
		"Invalid value: 60: may not specify a duration less than 10 minutes");
	world_expect(w, 422, "POST", path, NULL,
		     "{\"spec\":{\"expirationSeconds\":9223372036854775807}}");
	world_expect(w, 400, "POST", path, NULL, "[]");
	world_expect(w, 201, "POST", path, NULL, NULL);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(scale_tells_and_sets_replicas),
		ROW(scale_of_the_wrong_thing_changes_nothing),
		ROW(scale_by_a_patch_does_not_mind_other_writers),
		ROW(exec_in_a_container_says_why_not),
		ROW(service_account_gets_a_token),
		ROW(token_for_no_time_or_for_ever_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
