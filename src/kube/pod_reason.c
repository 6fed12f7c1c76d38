#include "config.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "kube/pod_status.h"

enum {
	REASON_BYTES = 400, /* of the server's own message in it */
	DELETION_GRACE_MS = 10000,
};

/* Appends a message as one line, of which so much is shown: it may be a stack trace. */
static void
append_line(struct str *out, const char *message)
{
	const char *last = message + strlen(message);
	size_t start = out->len;
	bool space = false;

	while (last > message && isspace((unsigned char)last[-1]))
		last--;
	for (const char *at = message; at < last; at++) {
		if (isspace((unsigned char)*at)) {
			space = out->len > start;
			continue;
		}
		/* never within a character */
		if (out->len - start >= REASON_BYTES && ((unsigned char)*at & 0xc0) != 0x80) {
			str_append(out, "…");
			return;
		}
		if (space)
			str_append_char(out, ' ');
		space = false;
		str_append_char(out, *at);
	}
}

void
pod_status_ending(const cJSON *terminated, struct str *out)
{
	const char *reason = json_string(terminated, "reason", "");
	int64_t signal = json_int(terminated, "signal", 0);

	str_printf(out, "%s%s", reason, *reason ? ", " : "");
	if (signal)
		str_printf(out, "signal %lld", (long long)signal);
	else
		str_printf(out, "exit %lld", (long long)json_int(terminated, "exitCode", 0));
}

static void
append_ending(const cJSON *terminated, struct str *out, int64_t *ret_since_ms)
{
	int64_t ms = 0;

	pod_status_ending(terminated, out);
	if (clock_parse_utc(json_string(terminated, "finishedAt", ""), &ms) == 0 && ms > 0) {
		str_append_char(out, ',');
		*ret_since_ms = ms;
	}
}

/* A pod that outlives its own deletion. */
static bool
describe_deletion(const cJSON *pod, int64_t now_ms, struct str *out, int64_t *ret_since_ms)
{
	const char *due = json_string(pod, "metadata/deletionTimestamp", "");
	const cJSON *finalizers = json_at(pod, "metadata/finalizers"), *finalizer;
	int64_t due_ms;

	if (clock_parse_utc(due, &due_ms) < 0 || now_ms < due_ms + DELETION_GRACE_MS)
		return false;
	if (cJSON_GetArraySize(finalizers) > 0) {
		str_append(out, "its deletion waits for the finalizers");
		cJSON_ArrayForEach(finalizer, finalizers)
			str_printf(out, "%s %s", finalizer == finalizers->child ? "" : ",",
				   cJSON_IsString(finalizer) ? finalizer->valuestring : "?");
		str_append(out, "; it");
	} else {
		str_append(out, "its node has not confirmed its end; it");
	}
	str_append(out, " should have been gone");
	*ret_since_ms = due_ms;
	return true;
}

/* "Evicted: The node was low on resource: memory." */
static bool
describe_failure(const cJSON *pod, struct str *out)
{
	const char *reason = json_string(pod, "status/reason", "");
	const char *message = json_string(pod, "status/message", "");

	if (!*reason && !*message)
		return false;
	str_printf(out, "%s%s", reason, *reason && *message ? ": " : "");
	append_line(out, message);
	return true;
}

/* A condition that does not hold, in the server's words. */
static bool
describe_condition(const cJSON *pod, const char *type, struct str *out)
{
	const cJSON *condition = pod_status_condition(pod, type);
	const char *reason = json_string(condition, "reason", "");
	const char *message = json_string(condition, "message", "");

	if (!str_equal(json_string(condition, "status", NULL), "False"))
		return false;
	str_append(out, *reason ? reason : type);
	str_append(out, *message ? ": " : *reason ? "" : " is False");
	append_line(out, message);
	return true;
}

static void
describe_waiting(const cJSON *waiting, struct str *out)
{
	const char *reason = json_string(waiting, "reason", "waiting");
	const char *message = json_string(waiting, "message", "");
	size_t start = out->len;
	const char *tail;

	append_line(out, *message ? message : reason);
	/* "back-off 5m0s restarting failed container=tsb pod=tsb-0_tsb(2f4…)" says its name twice */
	tail = strstr(out->data + start, "container=");
	if (tail && strstr(tail, " pod="))
		out->len = (size_t)(tail - out->data) + strlen("container");
	out->data[out->len] = '\0';
}

static void
describe_running(const cJSON *status, const cJSON *spec, struct str *out)
{
	const cJSON *started = json_at(status, "started");

	if (cJSON_IsFalse(started) && json_at(spec, "startupProbe"))
		str_append(out, "running, but its startup probe has not passed");
	else if (json_at(spec, "readinessProbe"))
		str_append(out, "running, but its readiness probe does not pass");
	else
		str_append(out, "running, but not ready");
}

static void
describe_last_run(const cJSON *status, struct str *out, int64_t *ret_since_ms)
{
	const cJSON *last = json_at(status, "lastState/terminated");

	if (!last)
		return;
	str_append(out, "; last end: ");
	append_ending(last, out, ret_since_ms);
}

static void
describe_container(const cJSON *status, const cJSON *spec, struct str *out, int64_t *ret_since_ms)
{
	const cJSON *terminated = json_at(status, "state/terminated");
	const cJSON *waiting = json_at(status, "state/waiting");
	const char *message = json_string(terminated, "message", "");

	str_printf(out, "%s: ", json_string(status, "name", "?"));
	if (terminated) {
		append_line(out, message);
		str_append(out, *message ? "; " : "");
		append_ending(terminated, out, ret_since_ms);
		return;
	}
	if (waiting)
		describe_waiting(waiting, out);
	else
		describe_running(status, spec, out);
	describe_last_run(status, out, ret_since_ms);
}

/* Whether an init container has done its part: it ended well, or it is a sidecar and ready. */
static bool
is_past(const cJSON *status, const cJSON *spec)
{
	const cJSON *terminated = json_at(status, "state/terminated");

	if (terminated && json_int(terminated, "exitCode", 0) == 0)
		return true;
	return pod_status_is_sidecar(spec) && json_bool(status, "ready", false);
}

/* The first init container that holds the pod up, else the first other that is not ready. */
static bool
describe_containers(const cJSON *pod, struct str *out, int64_t *ret_since_ms)
{
	const cJSON *status, *spec;

	cJSON_ArrayForEach(status, json_at(pod, "status/initContainerStatuses")) {
		spec = pod_status_spec(pod, "initContainers", json_string(status, "name", NULL));
		if (!is_past(status, spec)) {
			describe_container(status, spec, out, ret_since_ms);
			return true;
		}
	}
	cJSON_ArrayForEach(status, json_at(pod, "status/containerStatuses")) {
		spec = pod_status_spec(pod, "containers", json_string(status, "name", NULL));
		if (!json_bool(status, "ready", false)) {
			describe_container(status, spec, out, ret_since_ms);
			return true;
		}
	}
	return false;
}

void
pod_status_reason(const cJSON *pod, int64_t now_ms, struct str *out, int64_t *ret_since_ms)
{
	*ret_since_ms = 0;
	if (str_equal(json_string(pod, "status/phase", NULL), "Succeeded"))
		return;
	if (describe_deletion(pod, now_ms, out, ret_since_ms) || describe_failure(pod, out) ||
	    describe_condition(pod, "PodScheduled", out) ||
	    describe_containers(pod, out, ret_since_ms))
		return;
	describe_condition(pod, "Ready", out);
}
