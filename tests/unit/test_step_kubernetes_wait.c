#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture_kube_world.h"

static void
wait_for_that_is_not_understood_is_refused(void **state)
{
	static const char *const wrong[] = { "ready", "condition=", "condition==True",
					     "condition=Ready=", "" };
	struct world *w = *state;
	char with[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(with, sizeof(with),
			 "{\"resource\":\"pods\",\"name\":\"a\",\"for\":\"%s\"}", wrong[i]);
		assert_int_equal(bench_run(w->b, &step_kubernetes_wait, with), -1);
		assert_int_equal(w->b->e.kind, ERR_SPEC);
		assert_holds(w->b->e.message, "condition=Ready");
	}
	assert_int_equal(
		bench_run(w->b, &step_kubernetes_wait, "{\"resource\":\"pods\",\"name\":\"a\"}"),
		-1);
	assert_int_equal(w->b->e.kind, ERR_SPEC);
}

#define POD(name, generation, observed, ready, reason)                                             \
	"{\"metadata\":{\"name\":\"" name "\",\"uid\":\"" name "\",\"generation\":" generation     \
	"},"                                                                                       \
	"\"status\":{\"observedGeneration\":" observed ",\"phase\":\"Pending\",\"conditions\":["   \
	"{\"type\":\"Ready\",\"status\":\"" ready "\"}],\"containerStatuses\":[{\"name\":\"c\","   \
	"\"state\":{\"waiting\":{\"reason\":\"" reason "\"}}}]}}"

static void
wait_condition_says_what_is_seen_and_ends_when_met(void **state)
{
	struct world *w = *state;
	const char *with =
		"{\"resource\":\"pods\",\"selector\":\"app=x\",\"for\":\"condition=ready\","
		"\"count\":2,\"interval\":100,\"timeout\":5000}";

	api_on(w->api, "GET", NS "/pods?*", 200,
	       "{\"items\":[" POD("a", "1", "1", "True", "") "," POD("b", "1", "1", "true",
								     "") "]}",
	       0);
	api_on(w->api, "GET", NS "/pods?*", 200,
	       "{\"items\":[" POD("a", "1", "1", "True", "") "," POD("b", "1", "1", "False",
								     "ContainerCreating") "]}",
	       1);
	api_on(w->api, "GET", NS "/pods?*", 200, "{\"items\":[]}", 1);
	assert_int_equal(bench_run(w->b, &step_kubernetes_wait, with), 0);
	assert_string_equal(str_cstr(&w->b->progress), "0/2 ready; nothing is there yet\n"
						       "1/2 ready; b: ContainerCreating\n");
	assert_int_equal(json_int(w->b->result, "count", 0), 2);
}

static void
wait_condition_must_hold_for_all_that_match(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods?*", 200,
	       "{\"items\":[" POD("a", "1", "1", "True", "") "," POD("b", "1", "1", "False",
								     "") "]}",
	       0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_wait,
				   "{\"resource\":\"pods\",\"selector\":\"app=x\",\"timeout\":50,"
				   "\"for\":\"condition=Ready\",\"count\":1}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_TIMEOUT);
	assert_holds(w->b->e.message, "1/2 Ready; b");
}

static void
wait_outdated_status_is_not_met_and_times_out(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods/a", 200, POD("a", "3", "2", "True", "Slow"), 0);
	assert_int_equal(
		bench_run(w->b, &step_kubernetes_wait,
			  "{\"resource\":\"pods\",\"name\":\"a\",\"for\":\"condition=Ready\","
			  "\"interval\":100,\"timeout\":150}"),
		-1);
	assert_int_equal(w->b->e.kind, ERR_TIMEOUT);
	assert_holds(w->b->e.message, "Last seen: 0/1 Ready; a: Slow");
	assert_holds(w->b->e.message, "mgmt/tsb");
}

static void
wait_timeout_zero_looks_once(void **state)
{
	static const char with[] = "{\"resource\":\"pods\",\"name\":\"a\",\"for\":"
				   "\"condition=READY=true\",\"timeout\":0}";
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods/a", 200, POD("a", "1", "1", "True", ""), 0);
	api_on(w->api, "GET", NS "/pods/a", 200, POD("a", "1", "1", "False", ""), 1);
	assert_int_equal(bench_run(w->b, &step_kubernetes_wait, with), -1);
	assert_int_equal(w->b->e.kind, ERR_TIMEOUT);
	assert_int_equal(bench_run(w->b, &step_kubernetes_wait, with), 0);
}

static void
wait_fail_on_ends_at_once(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods/a", 200, POD("a", "1", "1", "False", "ImagePullBackOff"),
	       0);
	assert_int_equal(
		bench_run(w->b, &step_kubernetes_wait,
			  "{\"resource\":\"pods\",\"name\":\"a\",\"for\":\"condition=Ready\","
			  "\"fail_on\":[\"Ready=Unknown\",\"imagepullbackoff\"]}"),
		-1);
	assert_int_equal(w->b->e.kind, ERR_CHECK);
	assert_holds(w->b->e.message, "imagepullbackoff");
}

static void
wait_deleted_accepts_a_new_object_of_the_name(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods/a", 200, METADATA("a", "u-2"), 0);
	api_on(w->api, "GET", NS "/pods/a", 200, METADATA("a", "u-1"), 2);
	assert_int_equal(bench_run(w->b, &step_kubernetes_wait,
				   "{\"resource\":\"pods\",\"name\":\"a\",\"for\":\"deleted\","
				   "\"interval\":100,\"timeout\":5000}"),
			 0);
	assert_string_equal(str_cstr(&w->b->progress), "1 of 1 still there\n1 of 1 still there\n");
	assert_true(json_bool(w->b->result, "deleted", false));
}

static void
wait_expect_is_evaluated_and_survives_an_absent_server(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods/a", 200,
	       "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"ok\":7}}", 0);
	api_on(w->api, "GET", NS "/pods/a", 503,
	       "{\"kind\":\"Status\",\"reason\":\"ServiceUnavailable\",\"message\":\"later\"}", 1);
	assert_int_equal(bench_run(w->b, &step_kubernetes_wait,
				   "{\"resource\":\"pods\",\"name\":\"a\",\"expect\":\"spec/ok\","
				   "\"interval\":100,\"timeout\":5000}"),
			 0);
	assert_int_equal(json_int(w->b->result, "spec/ok", 0), 7);
	assert_holds(str_cstr(&w->b->progress), "later");
}

static void
wait_cancelled_says_so(void **state)
{
	struct world *w = *state;

	cancel_request((struct cancel *)w->b->ctx.cancel);
	assert_int_equal(bench_run(w->b, &step_kubernetes_wait,
				   "{\"resource\":\"pods\",\"name\":\"a\",\"for\":\"exists\"}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_CANCELLED);
}

#define LOG_POD                                                                                    \
	"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"uid\":\"u\"},\"spec\":{\"containers\":[" \
	"{\"name\":\"c\"}]}}"

static void
logs_read_once_checks_contents(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods/p", 200, LOG_POD, 0);
	api_on(w->api, "GET", NS "/pods/p/log?*", 200,
	       "2026-11-21T10:00:00.1Z starting\n2026-11-21T10:00:00.2Z token \x1b[31mrejected\n",
	       0);
	assert_int_equal(bench_run(w->b, &step_kubernetes_logs,
				   "{\"pod\":\"p\",\"tail\":5,\"contains\":\"token\"}"),
			 0);
	assert_true(api_saw(w->api, "container=c&tailLines=5"));
	assert_holds(str_cstr(&w->b->output), "p/c: starting\n");
	assert_int_equal(json_int(w->b->result, "count", 0), 2);
	assert_string_equal(json_string(w->b->result, "matched", ""), "token rejected");
	assert_int_equal(
		bench_run(w->b, &step_kubernetes_logs, "{\"pod\":\"p\",\"absent\":\"rejected\"}"),
		-1);
	assert_int_equal(w->b->e.kind, ERR_CHECK);
	assert_int_equal(bench_run(w->b, &step_kubernetes_logs,
				   "{\"pod\":\"p\",\"contains\":\"synchronised\"}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_CHECK);
	assert_holds(w->b->e.message, "none of 2 lines contains \"synchronised\"");
	assert_int_equal(
		bench_run(w->b, &step_kubernetes_logs, "{\"pod\":\"p\",\"container\":\"x\"}"), -1);
	assert_int_equal(w->b->e.kind, ERR_NOT_FOUND);
}

static void
logs_followed_drop_repeated_lines(void **state)
{
	struct world *w = *state;

	api_on(w->api, "GET", NS "/pods/p", 200, LOG_POD, 0);
	api_on(w->api, "GET", NS "/pods/p/log?*", 200,
	       "2026-11-21T10:00:00.2Z two\n2026-11-21T10:00:00.3Z ready now\n"
	       "2026-11-21T10:00:00.4Z after\n",
	       0);
	api_on(w->api, "GET", NS "/pods/p/log?*", 200,
	       "2026-11-21T10:00:00.1Z one\n2026-11-21T10:00:00.2Z two\n", 1);
	assert_int_equal(bench_run(w->b, &step_kubernetes_logs,
				   "{\"pod\":\"p\",\"follow_until\":\"ready\"}"),
			 0);
	assert_string_equal(str_cstr(&w->b->output), "p/c: one\np/c: two\np/c: ready now\n");
	assert_true(api_saw(w->api, "sinceTime=2026-11-21T10%3A00%3A00.2Z"));
	assert_string_equal(json_string(w->b->result, "matched", ""), "ready now");
	assert_int_equal(bench_run(w->b, &step_kubernetes_logs,
				   "{\"pod\":\"p\",\"follow_until\":\"never\",\"timeout\":1}"),
			 -1);
	assert_int_equal(w->b->e.kind, ERR_TIMEOUT);
	assert_holds(w->b->e.message, "Last seen: after");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wait_for_that_is_not_understood_is_refused),
		TEST(wait_condition_says_what_is_seen_and_ends_when_met),
		TEST(wait_condition_must_hold_for_all_that_match),
		TEST(wait_outdated_status_is_not_met_and_times_out),
		TEST(wait_timeout_zero_looks_once),
		TEST(wait_fail_on_ends_at_once),
		TEST(wait_deleted_accepts_a_new_object_of_the_name),
		TEST(wait_expect_is_evaluated_and_survives_an_absent_server),
		TEST(wait_cancelled_says_so),
		TEST(logs_read_once_checks_contents),
		TEST(logs_followed_drop_repeated_lines),
	};

	return cmocka_run_group_tests_name("step_kubernetes_wait", tests, NULL, NULL);
}
