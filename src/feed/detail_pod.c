#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "feed/detail_page.h"
#include "kube/pod_status.h"

/* The lists of a pod's containers, in the order in which they start. */
static const struct {
	const char *specs, *statuses, *word;
} lists[] = {
	{ "spec/initContainers", "status/initContainerStatuses", " (init)" },
	{ "spec/containers", "status/containerStatuses", "" },
	{ "spec/ephemeralContainers", "status/ephemeralContainerStatuses", " (ephemeral)" },
};

static void
add_field(struct detail_page *page, const char *label, const char *value)
{
	if (value && *value)
		detail_add(page, DETAIL_TEXT, "%-9s %s", label, value);
}

static void
add_reason(struct detail_page *page, const cJSON *pod)
{
	struct str reason = STR_INIT;
	char age[CLOCK_STAMP_MAX];
	int64_t since_ms;

	pod_status_reason(pod, page->now_ms, &reason, &since_ms);
	if (since_ms)
		str_printf(&reason, " %s ago", duration_format_human(page->now_ms - since_ms, age));
	if (reason.len)
		detail_add(page, DETAIL_BAD, "%-9s %s", "Why", str_cstr(&reason));
	str_release(&reason);
}

static void
add_status(struct detail_page *page, const cJSON *pod)
{
	struct pod_status status;
	struct str restarts = STR_INIT;
	char age[CLOCK_STAMP_MAX];
	bool well;

	pod_status_init(&status, pod);
	well = strcmp(status.text, "Completed") == 0 || strcmp(status.text, "Succeeded") == 0 ||
	       (status.ready == status.total && strcmp(status.text, "Running") == 0);
	if (status.restarts)
		str_printf(&restarts, ", %lld restart%s", (long long)status.restarts,
			   status.restarts == 1 ? "" : "s");
	if (status.restarts && status.restarted_ms)
		str_printf(&restarts, ", the last %s ago",
			   duration_format_human(page->now_ms - status.restarted_ms, age));
	detail_add(page, well ? DETAIL_GOOD : DETAIL_BAD, "%-9s %s, %lld/%lld ready%s", "Status",
		   status.text, (long long)status.ready, (long long)status.total,
		   str_cstr(&restarts));
	if (!well)
		add_reason(page, pod);
	str_release(&restarts);
	pod_status_release(&status);
}

static void
add_origin(struct detail_page *page, const cJSON *pod)
{
	const cJSON *owner = json_at(pod, "metadata/ownerReferences/0");
	const char *created = json_string(pod, "metadata/creationTimestamp", "");
	const char *deleted = json_string(pod, "metadata/deletionTimestamp", NULL);
	const char *host = json_string(pod, "status/hostIP", "");
	char ago[DETAIL_AGO_MAX];

	if (json_at(pod, "spec/nodeName"))
		detail_add(page, DETAIL_TEXT, "%-9s %s%s%s%s", "Node",
			   json_string(pod, "spec/nodeName", ""), *host ? " (" : "", host,
			   *host ? ")" : "");
	else
		detail_add(page, DETAIL_DIM, "%-9s none yet", "Node");
	add_field(page, "IP", json_string(pod, "status/podIP", ""));
	detail_add(page, DETAIL_TEXT, "%-9s %s%s%s%s", "Created", detail_ago(page, created, ago),
		   *created ? " (" : "", created, *created ? ")" : "");
	if (deleted)
		detail_add(page, DETAIL_BAD, "%-9s due by %s", "Deletion", deleted);
	if (owner)
		detail_add(page, DETAIL_TEXT, "%-9s %s/%s", "Owner",
			   json_string(owner, "kind", "?"), json_string(owner, "name", "?"));
	add_field(page, "QoS", json_string(pod, "status/qosClass", ""));
	add_field(page, "Priority", json_string(pod, "spec/priorityClassName", ""));
	add_field(page, "Account", json_string(pod, "spec/serviceAccountName", ""));
}

/* How long a run took, where both ends are known. */
static void
append_run(const cJSON *terminated, struct str *out)
{
	char took[CLOCK_STAMP_MAX];
	int64_t from_ms, to_ms;

	if (clock_parse_utc(json_string(terminated, "startedAt", ""), &from_ms) == 0 &&
	    clock_parse_utc(json_string(terminated, "finishedAt", ""), &to_ms) == 0 &&
	    to_ms >= from_ms && from_ms > 0)
		str_printf(out, " after %s", duration_format_human(to_ms - from_ms, took));
}

static void
add_ending(struct detail_page *page, const char *label, const cJSON *terminated)
{
	const char *message = json_string(terminated, "message", "");
	bool well =
		json_int(terminated, "exitCode", 0) == 0 && json_int(terminated, "signal", 0) == 0;
	struct str words = STR_INIT;
	char ago[DETAIL_AGO_MAX];

	pod_status_ending(terminated, &words);
	append_run(terminated, &words);
	detail_add(page, well ? DETAIL_DIM : DETAIL_BAD, "    %-8s ended %s: %s", label,
		   detail_ago(page, json_string(terminated, "finishedAt", ""), ago),
		   str_cstr(&words));
	for (const char *line = message; *line; line += strspn(line, "\n")) {
		size_t len = strcspn(line, "\n");

		detail_add(page, DETAIL_TEXT, "             %.*s", (int)len, line);
		line += len;
	}
	str_release(&words);
}

static void
add_state(struct detail_page *page, const cJSON *status)
{
	const cJSON *running = json_at(status, "state/running");
	const cJSON *waiting = json_at(status, "state/waiting");
	const char *message = json_string(waiting, "message", "");
	bool ready = json_bool(status, "ready", false);
	char ago[DETAIL_AGO_MAX];

	if (running)
		detail_add(page, ready ? DETAIL_GOOD : DETAIL_BAD,
			   "    %-8s running, %s, started %s", "state",
			   ready ? "ready" : "not ready",
			   detail_ago(page, json_string(running, "startedAt", ""), ago));
	else if (json_at(status, "state/terminated"))
		add_ending(page, "state", json_at(status, "state/terminated"));
	else if (waiting)
		detail_add(page, DETAIL_BAD, "    %-8s waiting: %s%s%s", "state",
			   json_string(waiting, "reason", "no reason given"), *message ? ", " : "",
			   message);
	else
		detail_add(page, DETAIL_DIM, "    %-8s not known yet", "state");
}

static const cJSON *
status_of(const cJSON *pod, const char *list, const char *name)
{
	const cJSON *status;

	cJSON_ArrayForEach(status, json_at(pod, list))
		if (str_equal(json_string(status, "name", NULL), name))
			return status;
	return NULL;
}

static void
add_container(struct detail_page *page, const cJSON *spec, const cJSON *status, const char *word)
{
	int64_t restarts = json_int(status, "restartCount", 0);

	if (pod_status_is_sidecar(spec))
		word = " (sidecar)";
	detail_add(page, DETAIL_TEXT, "  %s%s", json_string(spec, "name", "?"), word);
	detail_add(page, DETAIL_TEXT, "    %-8s %s", "image", json_string(spec, "image", "none"));
	add_state(page, status);
	if (restarts)
		detail_add(page, DETAIL_BAD, "    %-8s %lld", "restarts", (long long)restarts);
	if (json_at(status, "lastState/terminated"))
		add_ending(page, "last run", json_at(status, "lastState/terminated"));
}

static void
add_containers(struct detail_page *page, const cJSON *pod)
{
	const cJSON *spec;

	detail_add(page, DETAIL_TEXT, "%s", "");
	detail_add(page, DETAIL_HEADING, "Containers");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		cJSON_ArrayForEach(spec, json_at(pod, lists[i].specs))
			add_container(
				page, spec,
				status_of(pod, lists[i].statuses, json_string(spec, "name", NULL)),
				lists[i].word);
	}
}

static void
add_condition(struct detail_page *page, const cJSON *condition)
{
	const char *status = json_string(condition, "status", "?");
	const char *reason = json_string(condition, "reason", "");
	const char *message = json_string(condition, "message", "");
	const char *since = json_string(condition, "lastTransitionTime", "");
	char ago[DETAIL_AGO_MAX] = "";

	if (*since)
		detail_ago(page, since, ago);
	detail_add(page, strcmp(status, "True") == 0 ? DETAIL_TEXT : DETAIL_BAD,
		   "  %-16s %-7s %s%s%s%s%s", json_string(condition, "type", "?"), status, ago,
		   *reason ? "  " : "", reason, *message ? ": " : "", message);
}

void
detail_pod(struct detail_page *page, const cJSON *pod)
{
	const cJSON *condition, *conditions = json_at(pod, "status/conditions");

	add_status(page, pod);
	add_origin(page, pod);
	add_containers(page, pod);
	if (cJSON_GetArraySize(conditions) > 0) {
		detail_add(page, DETAIL_TEXT, "%s", "");
		detail_add(page, DETAIL_HEADING, "Conditions");
	}
	cJSON_ArrayForEach(condition, conditions)
		add_condition(page, condition);
}
