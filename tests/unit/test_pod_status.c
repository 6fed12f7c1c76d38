#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "fixture_pods.h"
#include "kube/pod_status.h"

#define NOW_MS INT64_C(1795255200000) /* 2026-11-21T10:00:00Z */

static cJSON *
parse(const char *text)
{
	struct err e = ERR_INIT;
	cJSON *value = json_parse(text, strlen(text), &e);

	if (!value)
		fail_msg("%s in %s", e.message, text);
	return value;
}

static cJSON *
pod_of(const struct pod_case *c)
{
	struct str text = STR_INIT;
	cJSON *pod;

	str_printf(&text, "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\"%s},", c->name,
		   c->deleted ? ",\"deletionTimestamp\":\"2026-11-21T09:00:00Z\"" : "");
	str_printf(&text, "\"spec\":{\"initContainers\":%s,\"containers\":[", c->init);
	for (int i = 0; i < c->containers; i++)
		str_printf(&text, "%s{\"name\":\"c%d\"}", i ? "," : "", i);
	str_printf(&text, "]},\"status\":%s}", c->status);
	pod = parse(str_cstr(&text));
	str_release(&text);
	return pod;
}

static void
pod_status_of_every_state_is_what_the_printer_prints(void **state)
{
	(void)state;
	for (size_t i = 0; i < POD_CASES; i++) {
		const struct pod_case *c = &pod_cases[i];
		cJSON *pod = pod_of(c);
		struct pod_status s;
		char ready[32], restarts[32];

		pod_status_init(&s, pod);
		snprintf(ready, sizeof(ready), "%lld/%lld", (long long)s.ready, (long long)s.total);
		snprintf(restarts, sizeof(restarts), "%lld", (long long)s.restarts);
		if (strcmp(s.text, c->printed) != 0 || strcmp(ready, c->ready) != 0 ||
		    strcmp(restarts, c->restarts) != 0)
			fail_msg("%s: %s %s %s, not %s %s %s", c->name, ready, s.text, restarts,
				 c->ready, c->printed, c->restarts);
		pod_status_release(&s);
		cJSON_Delete(pod);
	}
	assert_true(POD_CASES >= 40);
}

static void
pod_status_restarted_is_the_latest_end(void **state)
{
	static const struct pod_case c = {
		.init = INIT_AND_SIDECAR,
		.containers = 2,
		.status = STATUS(
			"Running",
			INIT(C_LAST("i0", "true", "1", ENDED("0", "Completed"),
				    ENDED_AT("1", "Error",
					     "2026-11-21T09:59:00Z")) ","
								      "{\"name\":\"s0\",\"ready\":"
								      "true,\"started\":true,"
								      "\"restartCount\":1,"
								      "\"state\":{" RUNNING
								      "},\"lastState\":{" ENDED_AT(
									      "1", "Error",
									      "2026-11-21T09:40:"
									      "00Z") "}}")
				MAIN(C_LAST(
					"c0", "true", "1", RUNNING,
					ENDED_AT(
						"1", "Error",
						"2026-11-21T09:30:00Z")) "," C_LAST("c1", "true",
										    "1", RUNNING,
										    ENDED_AT(
											    "1",
											    "Error",
											    "2026-"
											    "11-"
											    "21T09:"
											    "20:"
											    "00"
											    "Z")))),
	};
	cJSON *pod = pod_of(&c);
	struct pod_status s;

	(void)state;
	pod_status_init(&s, pod);
	/* of the init container, which has done its work, nobody speaks any more */
	assert_int_equal(s.restarted_ms, NOW_MS - 20 * 60000);
	assert_int_equal(s.restarts, 3);
	pod_status_release(&s);
	cJSON_Delete(pod);
}

static void
pod_status_of_nonsense_is_empty(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"null",
		"{\"spec\":7,\"status\":[]}",
		"{\"status\":{\"containerStatuses\":[null,7,{\"state\":{\"terminated\":7}}]}}",
		"{\"spec\":{\"initContainers\":{\"a\":1}},\"status\":{\"initContainerStatuses\":[1]"
		"}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cJSON *pod = parse(texts[i]);
		struct str reason = STR_INIT;
		struct pod_status s;
		int64_t since_ms;

		pod_status_init(&s, pod);
		assert_non_null(s.text);
		assert_int_equal(s.ready, 0);
		pod_status_release(&s);
		pod_status_reason(pod, NOW_MS, &reason, &since_ms);
		str_release(&reason);
		cJSON_Delete(pod);
	}
}

/* The reason of a pod, followed by how long ago. The caller frees. */
static char *
reason_of(const char *text)
{
	cJSON *pod = parse(text);
	struct str reason = STR_INIT;
	char age[CLOCK_STAMP_MAX];
	int64_t since_ms;

	pod_status_reason(pod, NOW_MS, &reason, &since_ms);
	if (since_ms)
		str_printf(&reason, " %s ago", duration_format_human(NOW_MS - since_ms, age));
	cJSON_Delete(pod);
	return str_take(&reason);
}

#define POD(spec, status) "{\"spec\":{" spec "},\"status\":" status "}"
#define PROBES                                                                                     \
	"\"containers\":[{\"name\":\"c0\",\"readinessProbe\":{},\"startupProbe\":{}},"             \
	"{\"name\":\"c1\"}]"

static const struct {
	const char *pod, *reason;
} reasons[] = {
	{ POD("", STATUS("Running", MAIN(C("c0", "true", "0", RUNNING)))), "" },
	{ POD("", STATUS("Succeeded", MAIN(C("c0", "false", "0", ENDED("0", "Completed"))))), "" },
	{ POD("", STATUS("Running", MAIN(C_LAST("c0", "false", "7",
						WAITING_SAYING("CrashLoopBackOff",
							       "back-off 5m0s restarting failed "
							       "container=c0 pod=tsb-0_tsb(2f4)"),
						ENDED_AT("1", "Error", "2026-11-21T09:57:00Z"))))),
	  "c0: back-off 5m0s restarting failed container; last end: Error, exit 1, 3m ago" },
	{ POD("", STATUS("Pending", MAIN(C("c0", "true", "0", RUNNING) "," C(
					    "c1", "false", "0", WAITING("ImagePullBackOff"))))),
	  "c1: ImagePullBackOff" },
	{ POD("", STATUS("Running", MAIN(C("c0", "false", "0",
					   ENDED_AT("137", "OOMKilled", "2026-11-21T09:59:15Z"))))),
	  "c0: OOMKilled, exit 137, 45s ago" },
	{ POD("", STATUS("Failed", MAIN(C("c0", "false", "0",
					  "\"terminated\":{\"exitCode\":2,\"reason\":\"Error\","
					  "\"message\":\" panic: no\\n\\tkey\\n\"}")))),
	  "c0: panic: no key; Error, exit 2" },
	{ POD("", STATUS("Failed", MAIN(C("c0", "false", "0", KILLED("9"))))), "c0: signal 9" },
	{ POD(PROBES, STATUS("Running", MAIN(C("c0", "false", "0", RUNNING)))),
	  "c0: running, but its readiness probe does not pass" },
	{ POD(PROBES, STATUS("Running", MAIN(C_STARTED("c0", "false", "0", "false", RUNNING)))),
	  "c0: running, but its startup probe has not passed" },
	{ POD(PROBES, STATUS("Running", MAIN(C("c1", "false", "0", RUNNING)))),
	  "c1: running, but not ready" },
	{ POD("", STATUS("Pending", UNSCHEDULABLE)),
	  "Unschedulable: 0/3 nodes are available: 3 Insufficient cpu." },
	{ POD("", STATUS("Pending", GATED)), "SchedulingGated" },
	{ POD("", STATUS("Failed", REASON("Evicted", "The node was low on resource: memory."))),
	  "Evicted: The node was low on resource: memory." },
	{ POD("\"initContainers\":[{\"name\":\"i0\"},{\"name\":\"i1\"}]",
	      STATUS("Pending", INIT(I0_DONE "," C("i1", "false", "3", WAITING("ErrImagePull")))
					MAIN(C0_WAITS))),
	  "i1: ErrImagePull" },
	{ POD("\"initContainers\":" SIDECAR,
	      STATUS("Running", INIT(C_STARTED("s0", "true", "0", "true", RUNNING))
					MAIN(C("c0", "false", "0", WAITING("CrashLoopBackOff"))))),
	  "c0: CrashLoopBackOff" },
	{ POD("", STATUS("Running", ",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\","
				    "\"reason\":\"ReadinessGatesNotReady\",\"message\":\"the "
				    "status of pod readiness gate is not True\"}]" MAIN(
					    C("c0", "true", "0", RUNNING)))),
	  "ReadinessGatesNotReady: the status of pod readiness gate is not True" },
	{ "{\"metadata\":{\"deletionTimestamp\":\"2026-11-21T09:55:00Z\",\"finalizers\":[\"a/b\","
	  "\"c/d\"]},\"status\":{}}",
	  "its deletion waits for the finalizers a/b, c/d; it should have been gone 5m ago" },
	{ "{\"metadata\":{\"deletionTimestamp\":\"2026-11-21T09:55:00Z\"},\"status\":{}}",
	  "its node has not confirmed its end; it should have been gone 5m ago" },
	{ "{\"metadata\":{\"deletionTimestamp\":\"2026-11-21T10:00:30Z\"},\"status\":" STATUS(
		  "Running", MAIN(C("c0", "false", "0", WAITING("ErrImagePull")))) "}",
	  "c0: ErrImagePull" },
};

static void
pod_status_reason_names_what_is_wrong_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		char *reason = reason_of(reasons[i].pod);

		assert_string_equal(reason, reasons[i].reason);
		free(reason);
	}
}

static void
pod_status_reason_of_a_long_message_is_cut_at_a_character(void **state)
{
	struct str text = STR_INIT;
	char *reason;

	(void)state;
	str_append(&text, "{\"status\":{\"phase\":\"Failed\",\"reason\":\"E\",\"message\":\"");
	for (int i = 0; i < 1000; i++)
		str_append(&text, "é");
	str_append(&text, "\"}}");
	reason = reason_of(str_cstr(&text));
	assert_int_equal(strlen(reason), strlen("E: ") + 400 + strlen("…"));
	assert_string_equal(reason + 3 + 398, "é…");
	free(reason);
	str_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pod_status_of_every_state_is_what_the_printer_prints),
		cmocka_unit_test(pod_status_restarted_is_the_latest_end),
		cmocka_unit_test(pod_status_of_nonsense_is_empty),
		cmocka_unit_test(pod_status_reason_names_what_is_wrong_first),
		cmocka_unit_test(pod_status_reason_of_a_long_message_is_cut_at_a_character),
	};

	return cmocka_run_group_tests_name("pod_status", tests, NULL, NULL);
}
