#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture_kube_world.h"

#define APPS "/apis/apps/v1/namespaces/tsb"
#define SCALE(name, uid, spec, replicas)                                                           \
	"{\"kind\":\"Scale\",\"metadata\":{\"name\":\"" name "\",\"uid\":\"" uid                   \
	"\"},\"spec\":{" spec "},\"status\":{\"replicas\":" replicas "}}"

static int
setup_apps(void **state)
{
	struct world *w;

	setup(state);
	w = *state;
	api_on(w->api, "GET", "/apis", 200,
	       "{\"kind\":\"APIGroupList\",\"groups\":[{\"name\":\"apps\",\"versions\":[{"
	       "\"groupVersion\":\"apps/v1\"}],\"preferredVersion\":{\"groupVersion\":\"apps/"
	       "v1\"}}]}",
	       0);
	api_on(w->api, "GET", "/apis/apps/v1", 200,
	       "{\"kind\":\"APIResourceList\",\"groupVersion\":\"apps/v1\",\"resources\":["
	       "{\"name\":\"deployments\",\"singularName\":\"\",\"namespaced\":true,\"kind\":"
	       "\"Deployment\",\"shortNames\":[\"deploy\"]},"
	       "{\"name\":\"deployments/scale\",\"namespaced\":true,\"kind\":\"Scale\"},"
	       "{\"name\":\"deployments/status\",\"namespaced\":true,\"kind\":\"Deployment\"},"
	       "{\"name\":\"statefulsets\",\"singularName\":\"\",\"namespaced\":true,\"kind\":"
	       "\"StatefulSet\"}]}",
	       0);
	return 0;
}

static void
scale_sends_the_change_with_what_was_seen(void **state)
{
	static const char with[] =
		"{\"resource\":\"deploy\",\"name\":[\"a\",\"b\"],\"replicas\":2}";
	struct world *w = *state;
	char *text;

	api_on(w->api, "GET", APPS "/deployments/a/scale", 200, SCALE("a", "u-a", "", "0"), 0);
	api_on(w->api, "GET", APPS "/deployments/b/scale", 200,
	       SCALE("b", "u-b", "\"replicas\":2", "2"), 0);
	text = bench_preview(w->b, &step_kubernetes_scale, with);
	assert_holds(text,
		     ">PATCH " APPS "/deployments/a/scale  /spec/replicas = 2, only uid u-a "
		     "with 0\n-deployment.apps/a replicas: 0\n+deployment.apps/a replicas: 2\n"
		     "=deployment.apps/b has 2 replicas already\n");
	free(text);
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200,
	       SCALE("a", "u-a", "\"replicas\":2", "2"), 0);
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200,
	       SCALE("a", "u-a", "\"replicas\":2", "1"), 1);
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200, SCALE("a", "u-a", "", "0"), 1);
	api_on(w->api, "PATCH", APPS "/deployments/a/scale?fieldManager=lifeboat", 200, "{}", 0);
	if (bench_run_previewed(w->b) < 0)
		fail_msg("%s", w->b->e.message);
	assert_true(api_saw(w->api,
			    "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u-a\"},"
			    "{\"op\":\"test\",\"path\":\"/spec\",\"value\":{}},"
			    "{\"op\":\"add\",\"path\":\"/spec/replicas\",\"value\":2}]"));
	assert_false(api_saw(w->api, "PATCH " APPS "/deployments/b/scale"));
	assert_string_equal(str_cstr(&w->b->progress), "a has 1 of 2 replicas\n");
	assert_int_equal(json_int(w->b->result, "objects/0/was", 9), 0);
	assert_int_equal(json_int(w->b->result, "before/objects/0/replicas", 9), 0);
	assert_int_equal(bench_probe(w->b), PROBE_DONE);
}

static void
scale_of_what_is_another_by_now_changes_nothing(void **state)
{
	static const struct {
		const char *now, *says;
	} cases[] = {
		{ SCALE("b", "u-new", "\"replicas\":3", "3"), "made anew" },
		{ SCALE("b", "u-b", "\"replicas\":4", "4"),
		  "had 3 replicas when it was shown, and has 4 now" },
	};
	struct world *w = *state;

	api_on(w->api, "GET", APPS "/deployments/a/scale", 200,
	       SCALE("a", "u-a", "\"replicas\":3", "3"), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		api_on(w->api, "GET", APPS "/deployments/b/scale", 200,
		       SCALE("b", "u-b", "\"replicas\":3", "3"), 0);
		free(bench_preview(w->b, &step_kubernetes_scale,
				   "{\"resource\":\"deployments\",\"name\":[\"a\",\"b\"],"
				   "\"replicas\":0}"));
		assert_int_equal(bench_probe(w->b), PROBE_NOT_DONE);
		api_on(w->api, "GET", APPS "/deployments/b/scale", 200, cases[i].now, 0);
		assert_int_equal(bench_run_previewed(w->b), -1);
		assert_int_equal(w->b->e.kind, ERR_CONFLICT);
		assert_holds(w->b->e.message, cases[i].says);
		assert_false(api_saw(w->api, "PATCH"));
	}
}

static void
scale_that_the_server_finds_changed_is_a_conflict(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", APPS "/deployments/*/scale", 200,
	       SCALE("a", "u-a", "\"replicas\":3", "3"), 0);
	api_on(w->api, "PATCH", APPS "/deployments/a/*", 200, "{}", 0);
	api_on(w->api, "PATCH", APPS "/deployments/b/*", 422,
	       "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"the server rejected our "
	       "request due to an error in our request\",\"reason\":\"Invalid\",\"details\":{},"
	       "\"code\":422}",
	       0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_scale,
				   "{\"resource\":\"deployments\",\"name\":[\"a\",\"b\"],"
				   "\"replicas\":0}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_CONFLICT);
	assert_holds(w->b->e.message, "kubernetes.scale deployment.apps/b in mgmt/tsb: somebody "
				      "changed it at this very moment");
	assert_holds(w->b->e.message, "Scaled by then: a");
	api_on(w->api, "PATCH", APPS "/deployments/b/*", 422,
	       "{\"kind\":\"Status\",\"message\":\"Scale \\\"b\\\" is invalid\",\"reason\":"
	       "\"Invalid\",\"code\":422}",
	       0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_scale,
				   "{\"resource\":\"deployments\",\"name\":\"b\",\"replicas\":0}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_REMOTE);
}

static void
scale_that_does_not_arrive_says_how_far_it_came(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", APPS "/deployments/a/scale", 200,
	       SCALE("a", "u-a", "\"replicas\":5", "2"), 0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_scale,
				   "{\"resource\":\"deployments\",\"name\":\"a\",\"replicas\":5,"
				   "\"timeout\":0}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_TIMEOUT);
	assert_holds(w->b->e.message, "a has 2 of 5 replicas");
	assert_int_equal(bench_run(w->b, &step_kubernetes_scale,
				   "{\"resource\":\"deployments\",\"name\":\"a\",\"replicas\":5,"
				   "\"wait\":false}"),
			 0);
}

static void
scale_undo_sets_back_only_what_it_set(void **state)
{
	static const char with[] = "{\"resource\":\"deployments\",\"name\":\"a\",\"replicas\":0,"
				   "\"wait\":false}";
	struct world *w = *state;
	cJSON *before =
		cJSON_Parse("{\"objects\":[{\"name\":\"a\",\"uid\":\"u-a\",\"replicas\":3}]}");

	api_on(w->api, "PATCH", APPS "/deployments/a/*", 200, "{}", 0);
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200,
	       SCALE("a", "u-a", "\"replicas\":1", "1"), 0);
	bench_set(w->b, &step_kubernetes_scale, with);
	assert_int_equal(step_kubernetes_scale.undo(&w->b->ctx, &w->b->action, before, &w->b->e),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_CONFLICT);
	assert_false(api_saw(w->api, "PATCH"));
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200, SCALE("a", "u-a", "", "0"), 0);
	bench_set(w->b, &step_kubernetes_scale, with);
	assert_int_equal(step_kubernetes_scale.undo(&w->b->ctx, &w->b->action, before, &w->b->e),
			 0);
	assert_true(api_saw(w->api, "{\"op\":\"add\",\"path\":\"/spec/replicas\",\"value\":3}"));
	assert_int_equal(step_kubernetes_scale.undo(&w->b->ctx, &w->b->action, NULL, &w->b->e), -1);
	assert_int_equal(w->b->e.kind, ERR_SPEC);
	cJSON_Delete(before);
}

static void
scale_undo_preview_shows_the_way_back_and_is_obeyed(void **state)
{
	static const char with[] = "{\"resource\":\"deployments\",\"name\":\"a\",\"replicas\":0,"
				   "\"wait\":false}";
	struct world *w = *state;
	cJSON *before =
		cJSON_Parse("{\"objects\":[{\"name\":\"a\",\"uid\":\"u-a\",\"replicas\":3}]}");
	char *text;

	api_on(w->api, "PATCH", APPS "/deployments/a/*", 200, "{}", 0);
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200, SCALE("a", "u-a", "", "0"), 0);
	bench_set(w->b, &step_kubernetes_scale, with);
	text = bench_undo_preview(w->b, before);
	assert_holds(text, "/spec/replicas = 3, only uid u-a with 0");
	assert_holds(text, "-deployment.apps/a replicas: 0\n+deployment.apps/a replicas: 3\n");
	free(text);
	assert_false(api_saw(w->api, "PATCH"));
	bench_begin_writing(w->b);
	assert_int_equal(bench_undo_probe(w->b, before), PROBE_NOT_DONE);
	assert_holds(str_cstr(&w->b->probed), "as the preview saw it");
	/* somebody scales it back in the meantime: what was shown is no longer so */
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200,
	       SCALE("a", "u-a", "\"replicas\":3", "3"), 0);
	assert_int_equal(step_kubernetes_scale.undo(&w->b->ctx, &w->b->action, before, &w->b->e),
			 -1);
	assert_holds(w->b->e.message, "it had 0 replicas when it was shown, and has 3 now");
	assert_int_equal(bench_undo_probe(w->b, before), PROBE_DONE);
	assert_holds(str_cstr(&w->b->probed), "as it was before the step");
	/* another object of the name is left alone */
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200, SCALE("a", "u-2", "", "0"), 0);
	assert_null(bench_undo_preview(w->b, before));
	assert_holds(w->b->e.message, "it was made anew since it was scaled");
	cJSON_Delete(before);
}

static void
wrong_fields_send_nothing(void **state)
{
	static const struct {
		const struct executor *executor;
		const char *with;
	} wrong[] = {
		{ &step_kubernetes_scale,
		  "{\"resource\":\"deployments\",\"name\":\"a\",\"replicas\":-1}" },
		{ &step_kubernetes_scale, "{\"resource\":\"deployments\",\"name\":\"a\"}" },
		{ &step_kubernetes_scale,
		  "{\"resource\":\"deployments\",\"name\":\"\",\"replicas\":1}" },
		{ &step_kubernetes_scale,
		  "{\"resource\":\"deployments\",\"name\":[],\"replicas\":1}" },
		{ &step_kubernetes_scale,
		  "{\"resource\":\"deployments\",\"name\":[\"a\",\"a\"],\"replicas\":1}" },
		{ &step_kubernetes_scale,
		  "{\"resource\":\"secrets\",\"name\":\"a\",\"replicas\":1}" },
		{ &step_kubernetes_restart, "{\"resource\":\"pods\",\"name\":\"a\"}" },
		{ &step_kubernetes_restart, "{\"resource\":\"deployments\",\"name\":\"a/b\"}" },
		{ &step_kubernetes_rollout, "{\"resource\":\"deployments\"}" },
		{ &step_kubernetes_rollout,
		  "{\"resource\":\"deployments\",\"name\":\"a\",\"selector\":\"b\"}" },
		{ &step_kubernetes_rollout, "{\"resource\":\"pods\",\"name\":\"a\"}" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(bench_run(w->b, wrong[i].executor, wrong[i].with), -1);
		assert_int_equal(w->b->e.kind, ERR_SPEC);
		assert_holds(w->b->e.message, wrong[i].executor->type.uses);
	}
	assert_false(api_saw(w->api, "/namespaces/tsb/"));
}

#define DEPLOYMENT(uid, generation, annotations, more, available)                                  \
	"{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"a\",\"uid\":\"" uid                     \
	"\",\"generation\":" generation                                                            \
	",\"annotations\":{\"deployment.kubernetes.io/revision\":\"7\"}},\"spec\":{\"replicas\":2" \
	",\"selector\":{\"matchLabels\":{\"app\":\"a\"}}," more                                    \
	"\"template\":{\"metadata\":{" annotations                                                 \
	"}}},\"status\":{\"observedGeneration\":" generation ",\"replicas\":2,"                    \
	"\"updatedReplicas\":2,\"availableReplicas\":" available "}}"
#define STAMPED "\"annotations\":{\"kubectl.kubernetes.io/restartedAt\":\"then\"}"

static void
restart_stamps_the_template_and_waits(void **state)
{
	static const char with[] = "{\"resource\":\"deployments\",\"name\":\"a\"}";
	struct world *w = *state;
	char *text;

	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("u", "4", "", "", "2"), 0);
	api_on(w->api, "PATCH", APPS "/deployments/a?*", 200, "{}", 0);
	text = bench_preview(w->b, &step_kubernetes_restart, with);
	assert_holds(text, "only uid u in generation 4");
	assert_holds(text, "deployment.apps/a: 2 pods are replaced");
	free(text);
	if (bench_run_previewed(w->b) < 0)
		fail_msg("%s", w->b->e.message);
	assert_true(api_saw(w->api,
			    "{\"op\":\"test\",\"path\":\"/metadata/generation\",\"value\":4},"
			    "{\"op\":\"add\",\"path\":\"/spec/template/metadata/annotations\","
			    "\"value\":{\"kubectl.kubernetes.io/restartedAt\":\"20"));
	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("u", "5", STAMPED, "", "2"),
	       0);
	assert_int_equal(bench_run_previewed(w->b), -1);
	assert_int_equal(w->b->e.kind, ERR_CONFLICT);
	free(bench_preview(w->b, &step_kubernetes_restart, with));
	assert_int_equal(bench_run_previewed(w->b), 0);
	assert_true(api_saw(w->api, "\"path\":\"/spec/template/metadata/annotations/"
				    "kubectl.kubernetes.io~1restartedAt\",\"value\":\"20"));
}

/* The Deployment as it is once our own stamp is in it. The caller frees. */
static char *
stamped_by_us(const struct world *w, const char *available)
{
	return xasprintf(
		"{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\","
		"\"generation\":5,\"managedFields\":[{\"manager\":\"lifeboat\","
		"\"operation\":\"Update\",\"time\":\"2020-01-01T00:00:00Z\"}]},\"spec\":{"
		"\"replicas\":2,\"template\":{\"metadata\":{\"annotations\":{\"kubectl."
		"kubernetes.io/restartedAt\":\"%s\"}}}},\"status\":{\"observedGeneration\":5,"
		"\"replicas\":2,\"updatedReplicas\":2,\"availableReplicas\":%s}}",
		json_string(w->b->evidence, "restarted_at", "?"), available);
}

static void
restart_probe_knows_its_own_stamp(void **state)
{
	static const char with[] = "{\"resource\":\"deployments\",\"name\":\"a\"}";
	struct world *w = *state;
	char *rolled_out, *rolling;

	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("u", "4", "", "", "2"), 0);
	api_on(w->api, "PATCH", APPS "/deployments/a?*", 200, "{}", 0);
	free(bench_preview(w->b, &step_kubernetes_restart, with));
	assert_int_equal(bench_probe(w->b), PROBE_NOT_DONE);
	assert_holds(str_cstr(&w->b->probed), "No write was sent");
	assert_int_equal(bench_run_previewed(w->b), 0);
	assert_int_equal(bench_probe(w->b), PROBE_UNSURE);
	assert_holds(str_cstr(&w->b->probed), "restarted last: never, as the preview saw it");
	assert_holds(str_cstr(&w->b->probed), "may be under way until ");
	bench_age_evidence(w->b, 61000);
	assert_int_equal(bench_probe(w->b), PROBE_NOT_DONE);
	rolling = stamped_by_us(w, "1");
	rolled_out = stamped_by_us(w, "2");
	api_on(w->api, "GET", APPS "/deployments/a", 200, rolling, 0);
	assert_int_equal(bench_probe(w->b), PROBE_UNSURE);
	assert_holds(str_cstr(&w->b->probed), "(by this step); Waiting for deployment \"a\"");
	api_on(w->api, "GET", APPS "/deployments/a", 200, rolled_out, 0);
	w->b->action.begun_ms = clock_wall_ms();
	assert_int_equal(bench_probe(w->b), PROBE_DONE);
	assert_holds(str_cstr(&w->b->probed),
		     "deployment.apps/a in mgmt/tsb: uid u, generation 5 (observed 5), "
		     "resourceVersion ?, last written by lifeboat at 2020-01-01T00:00:00Z (before "
		     "the step began); restarted last: ");
	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("u", "5", STAMPED, "", "2"),
	       0);
	assert_int_equal(bench_probe(w->b), PROBE_UNSURE);
	assert_holds(str_cstr(&w->b->probed), "restarted last: then, by somebody else");
	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("v", "1", "", "", "2"), 0);
	assert_int_equal(bench_probe(w->b), PROBE_UNSURE);
	assert_holds(str_cstr(&w->b->probed), "NOT the object that the preview saw");
	free(rolling);
	free(rolled_out);
}

static void
scale_probe_is_certain_only_of_what_it_sees(void **state)
{
	static const struct {
		const char *now;
		enum probe_verdict verdict;
		const char *says;
	} cases[] = {
		{ SCALE("a", "u", "\"replicas\":3", "3"), PROBE_UNSURE, "may be under way until" },
		{ SCALE("a", "u", "\"replicas\":0", "2"), PROBE_UNSURE,
		  "0 replicas are wanted there, 2 are there, as this step sets it" },
		{ SCALE("a", "u", "\"replicas\":0", "0"), PROBE_DONE, "as this step sets it" },
		{ SCALE("a", "u", "\"replicas\":5", "5"), PROBE_UNSURE,
		  "set by somebody else: the preview saw 3" },
		{ SCALE("a", "other", "\"replicas\":0", "0"), PROBE_UNSURE,
		  "NOT the object that the preview saw" },
	};
	struct world *w = *state;

	api_on(w->api, "GET", APPS "/deployments/a/scale", 200,
	       SCALE("a", "u", "\"replicas\":3", "3"), 0);
	api_on(w->api, "PATCH", APPS "/deployments/a/scale?*", 200, "{}", 0);
	free(bench_preview(w->b, &step_kubernetes_scale,
			   "{\"resource\":\"deploy\",\"name\":[\"a\"],\"replicas\":0,"
			   "\"timeout\":0}"));
	assert_int_equal(bench_run_previewed(w->b), -1);
	assert_int_equal(w->b->remembered, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		api_on(w->api, "GET", APPS "/deployments/a/scale", 200, cases[i].now, 0);
		assert_int_equal(bench_probe(w->b), cases[i].verdict);
		assert_holds(str_cstr(&w->b->probed), cases[i].says);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(w->b->with, "wait");
	json_add_bool(w->b->with, "wait", false);
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200, cases[1].now, 0);
	assert_int_equal(bench_probe(w->b), PROBE_DONE);
	api_on(w->api, "GET", APPS "/deployments/a/scale", 200, cases[0].now, 0);
	bench_age_evidence(w->b, 61000);
	assert_int_equal(bench_probe(w->b), PROBE_NOT_DONE);
	assert_holds(str_cstr(&w->b->probed), "a server gives up on one after a minute");
}

static void
restart_of_what_cannot_restart_is_refused(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", APPS "/deployments/a", 200,
	       DEPLOYMENT("u", "4", "", "\"paused\":true,", "2"), 0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_restart,
				   "{\"resource\":\"deployments\",\"name\":\"a\"}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_CONFLICT);
	assert_holds(w->b->e.message, "kubectl rollout resume");
	api_on(w->api, "GET", APPS "/statefulsets/a", 200,
	       "{\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"a\"},\"spec\":{"
	       "\"updateStrategy\":{\"type\":\"OnDelete\"}}}",
	       0);
	assert_null(bench_preview(w->b, &step_kubernetes_restart,
				  "{\"resource\":\"statefulsets\",\"name\":\"a\"}"));
	assert_holds(w->b->e.message, "OnDelete");
	assert_false(api_saw(w->api, "PATCH"));
}

static void
rollout_tells_how_it_goes_until_it_is_done(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("u", "4", "", "", "2"), 0);
	api_on(w->api, "GET", APPS "/deployments/a", 503,
	       "{\"kind\":\"Status\",\"reason\":\"ServiceUnavailable\",\"message\":\"later\"}", 1);
	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("u", "4", "", "", "1"), 2);
	assert_int_equal(
		bench_run(w->b, &step_kubernetes_rollout,
			  "{\"resource\":\"deployments\",\"name\":\"a\",\"interval\":100}"),
		0);
	assert_string_equal(
		str_cstr(&w->b->output),
		"Waiting for deployment \"a\" rollout to finish: 1 of 2 updated "
		"replicas are available...\ndeployment \"a\" successfully rolled out\n");
	assert_holds(str_cstr(&w->b->progress), "1 of 2 updated replicas are available...\n");
	assert_holds(str_cstr(&w->b->progress), "later");
	assert_string_equal(json_string(w->b->result, "metadata/name", ""), "a");
}

static void
rollout_of_an_object_made_anew_fails(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("v", "1", "", "", "2"), 0);
	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("u", "4", "", "", "1"), 2);
	assert_int_equal(
		bench_run(w->b, &step_kubernetes_rollout,
			  "{\"resource\":\"deployments\",\"name\":\"a\",\"interval\":100}"),
		-1);
	assert_int_equal(w->b->e.kind, ERR_CHECK);
	assert_holds(w->b->e.message, "deleted and made anew");
}

static void
rollout_with_timeout_zero_looks_once(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("u", "4", "", "", "1"), 0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_rollout,
				   "{\"resource\":\"deployments\",\"name\":\"a\",\"timeout\":0}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_TIMEOUT);
	assert_holds(w->b->e.message, "Last seen: Waiting for deployment \"a\" rollout to finish");
}

static void
rollout_fails_on_a_pod_of_the_newest_revision(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", APPS "/deployments/a", 200, DEPLOYMENT("u", "4", "", "", "1"), 0);
	api_on(w->api, "GET", APPS "/replicasets?labelSelector=app%3Da&limit=500", 200,
	       "{\"items\":[{\"metadata\":{\"annotations\":{\"deployment.kubernetes.io/"
	       "revision\":\"7\"},\"labels\":{\"pod-template-hash\":\"h\"},\"ownerReferences\":[{"
	       "\"controller\":true,\"uid\":\"u\"}]}}]}",
	       0);
	api_on(w->api, "GET", NS "/pods?labelSelector=app%3Da%2Cpod-template-hash%3Dh&limit=500",
	       200,
	       "{\"items\":[{\"metadata\":{\"name\":\"a-h-1\"},\"status\":{\"containerStatuses\":["
	       "{\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}}]}}]}",
	       0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_rollout,
				   "{\"resource\":\"deployments\",\"name\":\"a\",\"fail_on\":"
				   "[\"imagepullbackoff\",\"crashloopbackoff\"]}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_CHECK);
	assert_holds(w->b->e.message, "its pod a-h-1 says crashloopbackoff");
}

static void
permissions_are_those_of_what_is_sent(void **state)
{
	struct world *w = *state;
	char *text =
		bench_permissions(w->b, &step_kubernetes_scale,
				  "{\"resource\":\"deployments\",\"name\":\"a\",\"replicas\":1}");

	assert_holds(text, "{\"verb\":\"patch\",\"group\":\"apps\",\"resource\":\"deployments\","
			   "\"subresource\":\"scale\",\"name\":\"a\",\"namespace\":\"tsb\"}");
	free(text);
	text = bench_permissions(
		w->b, &step_kubernetes_rollout,
		"{\"resource\":\"deployments\",\"name\":\"a\",\"fail_on\":[\"x\"]}");
	assert_holds(text, "\"resource\":\"replicasets\"");
	assert_holds(text, "\"resource\":\"pods\"");
	free(text);
	text = bench_permissions(w->b, &step_kubernetes_restart,
				 "{\"resource\":\"deployments\",\"name\":\"a\"}");
	assert_holds(text, "\"verb\":\"patch\"");
	assert_null(strstr(text, "replicasets"));
	free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup_apps, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(scale_sends_the_change_with_what_was_seen),
		CASE(scale_of_what_is_another_by_now_changes_nothing),
		CASE(scale_that_the_server_finds_changed_is_a_conflict),
		CASE(scale_that_does_not_arrive_says_how_far_it_came),
		CASE(scale_undo_sets_back_only_what_it_set),
		CASE(scale_undo_preview_shows_the_way_back_and_is_obeyed),
		CASE(wrong_fields_send_nothing),
		CASE(restart_stamps_the_template_and_waits),
		CASE(restart_probe_knows_its_own_stamp),
		CASE(scale_probe_is_certain_only_of_what_it_sees),
		CASE(restart_of_what_cannot_restart_is_refused),
		CASE(rollout_tells_how_it_goes_until_it_is_done),
		CASE(rollout_of_an_object_made_anew_fails),
		CASE(rollout_with_timeout_zero_looks_once),
		CASE(rollout_fails_on_a_pod_of_the_newest_revision),
		CASE(permissions_are_those_of_what_is_sent),
	};

	return cmocka_run_group_tests_name("step_kubernetes_workload", tests, NULL, NULL);
}
