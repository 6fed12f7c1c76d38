#include "config.h"

#include "kube/pod_status.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"

/* The walk through a pod's containers. */
struct walk {
	const cJSON *pod;
	struct str text;
	int64_t ready;
	int64_t restarts, restarted_ms;
	int64_t sidecar_restarts, sidecar_restarted_ms;
	bool has_running; /* a container runs and is ready */
};

const cJSON *
pod_status_condition(const cJSON *object, const char *type)
{
	const cJSON *condition;

	cJSON_ArrayForEach(condition, json_at(object, "status/conditions"))
		if (str_equal(json_string(condition, "type", NULL), type))
			return condition;
	return NULL;
}

static bool
condition_holds(const cJSON *pod, const char *type)
{
	return str_equal(json_string(pod_status_condition(pod, type), "status", NULL), "True");
}

const cJSON *
pod_status_spec(const cJSON *pod, const char *list, const char *name)
{
	const cJSON *spec;

	cJSON_ArrayForEach(spec, json_at(json_at(pod, "spec"), list))
		if (str_equal(json_string(spec, "name", NULL), name))
			return spec;
	return NULL;
}

bool
pod_status_is_sidecar(const cJSON *spec)
{
	return str_equal(json_string(spec, "restartPolicy", NULL), "Always");
}

static void
set_text(struct walk *w, const char *prefix, const char *text)
{
	str_clear(&w->text);
	str_printf(&w->text, "%s%s", prefix, text);
}

/* A run that ended without a reason is known by its signal or its exit code. */
static void
set_ending(struct walk *w, const char *prefix, const cJSON *terminated)
{
	const char *reason = json_string(terminated, "reason", "");
	int64_t signal = json_int(terminated, "signal", 0);

	set_text(w, prefix, reason);
	if (*reason)
		return;
	if (signal)
		str_printf(&w->text, "Signal:%lld", (long long)signal);
	else
		str_printf(&w->text, "ExitCode:%lld",
			   (long long)json_int(terminated, "exitCode", 0));
}

static void
count_restarts(const cJSON *container, int64_t *restarts, int64_t *restarted_ms)
{
	const char *finished = json_string(container, "lastState/terminated/finishedAt", "");
	int64_t ms;

	*restarts += json_int(container, "restartCount", 0);
	if (clock_parse_utc(finished, &ms) == 0 && ms > *restarted_ms)
		*restarted_ms = ms;
}

/* Returns true where the pod is held up by this init container, the index-th. */
static bool
walk_init_container(struct walk *w, const cJSON *container, int index)
{
	const cJSON *terminated = json_at(container, "state/terminated");
	const char *waiting = json_string(container, "state/waiting/reason", "");
	const cJSON *spec =
		pod_status_spec(w->pod, "initContainers", json_string(container, "name", NULL));

	count_restarts(container, &w->restarts, &w->restarted_ms);
	if (pod_status_is_sidecar(spec))
		count_restarts(container, &w->sidecar_restarts, &w->sidecar_restarted_ms);
	if (terminated && json_int(terminated, "exitCode", 0) == 0)
		return false;
	if (pod_status_is_sidecar(spec) && json_bool(container, "started", false)) {
		w->ready += json_bool(container, "ready", false);
		return false;
	}
	if (terminated) {
		set_ending(w, "Init:", terminated);
	} else if (*waiting && strcmp(waiting, "PodInitializing") != 0) {
		set_text(w, "Init:", waiting);
	} else {
		set_text(w, "Init:", "");
		str_printf(&w->text, "%d/%d", index,
			   cJSON_GetArraySize(json_at(w->pod, "spec/initContainers")));
	}
	return true;
}

static bool
walk_init_containers(struct walk *w)
{
	const cJSON *container;
	int index = 0;

	cJSON_ArrayForEach(container, json_at(w->pod, "status/initContainerStatuses"))
		if (walk_init_container(w, container, index++))
			return true;
	return false;
}

static void
walk_container(struct walk *w, const cJSON *container)
{
	const cJSON *terminated = json_at(container, "state/terminated");
	const char *waiting = json_string(container, "state/waiting/reason", "");

	count_restarts(container, &w->restarts, &w->restarted_ms);
	if (*waiting) {
		set_text(w, "", waiting);
	} else if (terminated) {
		set_ending(w, "", terminated);
	} else if (json_bool(container, "ready", false) && json_at(container, "state/running")) {
		w->has_running = true;
		w->ready++;
	}
}

/* From the last to the first, so that the first one has the last word. */
static void
walk_containers(struct walk *w)
{
	const cJSON *containers = json_at(w->pod, "status/containerStatuses");

	w->restarts = w->sidecar_restarts;
	w->restarted_ms = w->sidecar_restarted_ms;
	for (int i = cJSON_GetArraySize(containers) - 1; i >= 0; i--)
		walk_container(w, cJSON_GetArrayItem(containers, i));
	if (w->has_running && strcmp(str_cstr(&w->text), "Completed") == 0)
		set_text(w, "", condition_holds(w->pod, "Ready") ? "Running" : "NotReady");
}

static void
begin(struct walk *w, const cJSON *pod)
{
	const cJSON *scheduled = pod_status_condition(pod, "PodScheduled");
	const char *reason = json_string(pod, "status/reason", "");

	*w = (struct walk){ .pod = pod };
	set_text(w, "", *reason ? reason : json_string(pod, "status/phase", ""));
	if (str_equal(json_string(scheduled, "reason", NULL), "SchedulingGated"))
		set_text(w, "", "SchedulingGated");
}

static void
judge_deletion(struct walk *w)
{
	const char *phase = json_string(w->pod, "status/phase", "");

	if (!json_string(w->pod, "metadata/deletionTimestamp", NULL))
		return;
	if (strcmp(json_string(w->pod, "status/reason", ""), "NodeLost") == 0)
		set_text(w, "", "Unknown");
	else if (strcmp(phase, "Succeeded") != 0 && strcmp(phase, "Failed") != 0)
		set_text(w, "", "Terminating");
}

static int64_t
count_containers(const cJSON *pod)
{
	int64_t total = cJSON_GetArraySize(json_at(pod, "spec/containers"));
	const cJSON *spec;

	cJSON_ArrayForEach(spec, json_at(pod, "spec/initContainers"))
		total += pod_status_is_sidecar(spec);
	return total;
}

void
pod_status_init(struct pod_status *s, const cJSON *pod)
{
	struct walk w;
	bool initializing;

	begin(&w, pod);
	initializing = walk_init_containers(&w);
	if (!initializing || condition_holds(pod, "Initialized"))
		walk_containers(&w);
	judge_deletion(&w);
	*s = (struct pod_status){
		.text = str_take(&w.text),
		.ready = w.ready,
		.total = count_containers(pod),
		.restarts = w.restarts,
		.restarted_ms = w.restarted_ms,
	};
}

void
pod_status_release(struct pod_status *s)
{
	free(s->text);
	memset(s, 0, sizeof(*s));
}
