#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_pod.h"

/* The status of a pod as its kubelet writes it. Source: k8s.io/kubernetes, pkg/kubelet/kubelet_pods.go and status/generate.go. */

static cJSON *
list_of(cJSON *pod, const char *name)
{
	return json_at(json_at(pod, "status"), name);
}

static bool
is_in(const cJSON *container, const char *state)
{
	return json_at(json_at(container, "state"), state);
}

/* ---- phase and conditions, from the containers ---- */

static int
count_pending_init(cJSON *pod)
{
	const cJSON *container;
	int pending = 0;

	cJSON_ArrayForEach(container, list_of(pod, "initContainerStatuses"))
		pending += json_int(container, "state/terminated/exitCode", 1) != 0;
	return pending;
}

static const char *
phase_of(cJSON *pod)
{
	const char *policy = json_string(pod, "spec/restartPolicy", "Always");
	int waiting = 0, running = 0, stopped = 0, succeeded = 0;
	const cJSON *container;

	cJSON_ArrayForEach(container, list_of(pod, "containerStatuses")) {
		bool ended = is_in(container, "terminated") ||
			     json_at(container, "lastState/terminated");

		if (is_in(container, "running"))
			running++;
		else if (!ended)
			waiting++;
		else
			stopped++;
		succeeded += json_int(container, "state/terminated/exitCode", 1) == 0;
	}
	if (count_pending_init(pod) || waiting)
		return "Pending";
	if (running || strcmp(policy, "Always") == 0)
		return "Running";
	if (stopped == succeeded)
		return "Succeeded";
	return strcmp(policy, "Never") == 0 ? "Failed" : "Running";
}

static void
set_pod_condition(cJSON *pod, const char *type, bool status, const char *reason,
		  const char *message)
{
	cJSON *conditions = need_array(need_object(pod, "status"), "conditions"), *condition;

	set_condition(conditions, type, status, reason, message, false);
	cJSON_ArrayForEach(condition, conditions)
		if (!cJSON_GetObjectItemCaseSensitive(condition, "lastProbeTime"))
			json_add(condition, "lastProbeTime", cJSON_CreateNull());
}

/* "containers with unready status: [a b]"; false: there are none. */
static bool
describe_unready(const cJSON *statuses, bool init, struct str *out)
{
	const cJSON *container;
	bool any = false;

	str_printf(out, "containers with %s status: [", init ? "incomplete" : "unready");
	cJSON_ArrayForEach(container, statuses) {
		if (init ? json_int(container, "state/terminated/exitCode", 1) == 0
			 : json_bool(container, "ready", false))
			continue;
		str_printf(out, "%s%s", any ? " " : "", json_string(container, "name", ""));
		any = true;
	}
	str_append_char(out, ']');
	return any;
}

static void
set_initialized(cJSON *pod, bool over)
{
	struct str text = STR_INIT;
	bool waits = describe_unready(list_of(pod, "initContainerStatuses"), true, &text);

	set_pod_condition(pod, "Initialized", !waits,
			  waits	 ? "ContainersNotInitialized"
			  : over ? "PodCompleted"
				 : NULL,
			  waits ? str_cstr(&text) : NULL);
	str_release(&text);
}

static void
set_conditions(cJSON *pod, const char *phase)
{
	struct str text = STR_INIT;
	bool unready = describe_unready(list_of(pod, "containerStatuses"), false, &text);
	bool succeeded = strcmp(phase, "Succeeded") == 0, failed = strcmp(phase, "Failed") == 0;
	const char *reason = succeeded ? "PodCompleted"
			     : failed  ? "PodFailed"
				       : "ContainersNotReady";
	const char *why = succeeded || failed ? NULL : str_cstr(&text);

	set_initialized(pod, succeeded);
	set_pod_condition(pod, "Ready", !unready, unready ? reason : NULL, unready ? why : NULL);
	set_pod_condition(pod, "ContainersReady", !unready, unready ? reason : NULL,
			  unready ? why : NULL);
	set_pod_condition(pod, "PodScheduled", true, NULL, NULL);
	str_release(&text);
}

static void
refresh(cJSON *pod)
{
	const char *phase = phase_of(pod);

	set_string(json_at(pod, "status"), "phase", phase);
	set_conditions(pod, phase);
}

/* ---- the class of its service ---- */

static bool
is_guaranteed(const cJSON *container)
{
	static const char *const names[] = { "cpu", "memory" };

	for (int i = 0; i < 2; i++) {
		const cJSON *limit = json_at(json_at(container, "resources/limits"), names[i]);
		const cJSON *request = json_at(json_at(container, "resources/requests"), names[i]);

		if (!limit || (request && !cJSON_Compare(limit, request, true)))
			return false;
	}
	return true;
}

static const char *
class_of(const cJSON *pod)
{
	static const char *const lists[] = { "spec/containers", "spec/initContainers" };
	bool guaranteed = true, any = false;
	const cJSON *container;

	for (int i = 0; i < 2; i++)
		cJSON_ArrayForEach(container, json_at(pod, lists[i])) {
			guaranteed = guaranteed && is_guaranteed(container);
			any = any || cJSON_GetArraySize(json_at(container, "resources/limits")) ||
			      cJSON_GetArraySize(json_at(container, "resources/requests"));
		}
	return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

/* ---- one container ---- */

static cJSON *
new_state(cJSON *container, const char *state)
{
	cJSON *states = need_object(container, "state");

	while (states->child)
		cJSON_Delete(cJSON_DetachItemViaPointer(states, states->child));
	return cJSON_AddObjectToObject(states, state);
}

static void
set_flag(cJSON *container, const char *name, bool value)
{
	unset(container, name);
	json_add_bool(container, name, value);
}

static void
wait_for(cJSON *container, const char *reason, const char *message)
{
	const cJSON *ended = json_at(container, "state/terminated");
	cJSON *state;

	if (ended)
		set_copy(need_object(container, "lastState"), "terminated", ended);
	state = new_state(container, "waiting");
	if (message && *message)
		json_add_string(state, "message", message);
	json_add_string(state, "reason", reason);
	set_flag(container, "ready", false);
}

static void
set_container_ids(cJSON *container, const char *uid, int instance)
{
	const char *image = json_string(container, "image", "");
	char hex[DIGEST_HEX_MAX];
	char *seed = xasprintf("%s/%s/%d", uid, json_string(container, "name", ""), instance), *id;

	digest_sha256(seed, strlen(seed), hex);
	free(seed);
	id = xasprintf("containerd://%s", hex);
	set_string(container, "containerID", id);
	free(id);
	digest_sha256(image, strlen(image), hex);
	id = xasprintf("%.*s@sha256:%s", (int)strcspn(image, "@"), image, hex);
	set_string(container, "imageID", id);
	free(id);
}

static void
run_container(cJSON *pod, cJSON *container)
{
	const cJSON *ended = json_at(container, "state/terminated");
	int64_t restarts = json_int(container, "restartCount", 0);
	char now[32];

	if (ended)
		set_copy(need_object(container, "lastState"), "terminated", ended);
	if (json_at(container, "lastState/terminated"))
		set_int(container, "restartCount", ++restarts);
	set_container_ids(container, json_string(pod, "metadata/uid", ""), (int)restarts);
	json_add_string(new_state(container, "running"), "startedAt", now_text(now));
	set_flag(container, "started", true);
	set_flag(container, "ready", false);
}

static void
end_container(cJSON *container, int exit_code)
{
	char *started = xstrdup(json_string(container, "state/running/startedAt", "")), now[32];
	char *id = xstrdup(json_string(container, "containerID", ""));
	cJSON *state = new_state(container, "terminated");

	now_text(now);
	json_add_string(state, "containerID", id);
	json_add_int(state, "exitCode", exit_code);
	json_add_string(state, "finishedAt", now);
	json_add_string(state, "reason",
			exit_code == 0	   ? "Completed"
			: exit_code == 137 ? "OOMKilled"
					   : "Error");
	json_add_string(state, "startedAt", *started ? started : now);
	set_flag(container, "started", false);
	set_flag(container, "ready", false);
	free(started);
	free(id);
}

/* ---- the changes ---- */

bool
pod_edit_scheduled(void *data, cJSON *pod)
{
	const struct pod_edit *edit = data;
	cJSON *status = need_object(pod, "status");

	if (!json_at(status, "phase"))
		set_string(status, "phase", "Pending");
	if (!json_at(status, "qosClass"))
		set_string(status, "qosClass", class_of(pod));
	set_pod_condition(pod, "PodScheduled", !edit->reason, edit->reason, edit->message);
	return true;
}

static void
begin_list(cJSON *pod, const char *specs, const char *statuses, const char *reason)
{
	const cJSON *spec;
	cJSON *list;

	if (!json_at(json_at(pod, "spec"), specs))
		return;
	unset(json_at(pod, "status"), statuses);
	list = cJSON_AddArrayToObject(json_at(pod, "status"), statuses);
	cJSON_ArrayForEach(spec, json_at(json_at(pod, "spec"), specs)) {
		cJSON *container = cJSON_CreateObject();

		json_add_string(container, "image", json_string(spec, "image", ""));
		json_add_string(container, "imageID", "");
		json_add(container, "lastState", cJSON_CreateObject());
		json_add_string(container, "name", json_string(spec, "name", ""));
		json_add_int(container, "restartCount", 0);
		json_add_bool(container, "started", false);
		wait_for(container, reason, NULL);
		cJSON_AddItemToArray(list, container);
	}
}

bool
pod_edit_begin(void *data, cJSON *pod)
{
	const struct pod_edit *edit = data;
	cJSON *status = need_object(pod, "status");
	bool init = cJSON_GetArraySize(json_at(pod, "spec/initContainers"));
	char now[32];

	set_string(status, "qosClass", class_of(pod));
	set_string(status, "startTime", now_text(now));
	if (*edit->host)
		set_string(status, "hostIP", edit->host);
	begin_list(pod, "initContainers", "initContainerStatuses", "PodInitializing");
	begin_list(pod, "containers", "containerStatuses",
		   init ? "PodInitializing" : "ContainerCreating");
	refresh(pod);
	return true;
}

static void
give_address(cJSON *pod, const char *ip)
{
	cJSON *status = json_at(pod, "status"), *item = cJSON_CreateObject(), *list;

	unset(status, "podIPs");
	set_string(status, "podIP", ip);
	json_add_string(item, "ip", ip);
	list = cJSON_AddArrayToObject(status, "podIPs");
	cJSON_AddItemToArray(list, item);
}

static cJSON *
init_container(const struct pod_edit *edit, cJSON *pod)
{
	return cJSON_GetArrayItem(list_of(pod, "initContainerStatuses"), edit->life->init);
}

bool
pod_edit_init_runs(void *data, cJSON *pod)
{
	const struct pod_edit *edit = data;
	cJSON *container = init_container(edit, pod);

	if (!container)
		return false;
	if (edit->ip && *edit->ip)
		give_address(pod, edit->ip);
	run_container(pod, container);
	refresh(pod);
	return true;
}

bool
pod_edit_init_done(void *data, cJSON *pod)
{
	cJSON *container = init_container(data, pod);

	if (!container)
		return false;
	end_container(container, 0);
	set_flag(container, "ready", true);
	refresh(pod);
	return true;
}

bool
pod_edit_start(void *data, cJSON *pod)
{
	const struct pod_edit *edit = data;
	cJSON *container;

	if (edit->ip && *edit->ip)
		give_address(pod, edit->ip);
	cJSON_ArrayForEach(container, list_of(pod, "containerStatuses"))
		if (!is_in(container, "running"))
			run_container(pod, container);
	refresh(pod);
	return true;
}

bool
pod_edit_ready(void *data, cJSON *pod)
{
	const struct pod_edit *edit = data;
	cJSON *list = list_of(pod, "containerStatuses"), *container;

	cJSON_ArrayForEach(container, list)
		if (is_in(container, "running"))
			set_flag(container, "ready", edit->all || container != list->child);
	refresh(pod);
	return true;
}

bool
pod_edit_wait(void *data, cJSON *pod)
{
	const struct pod_edit *edit = data;
	cJSON *container;
	const char *list = "containerStatuses";

	if (count_pending_init(pod))
		list = "initContainerStatuses";
	cJSON_ArrayForEach(container, list_of(pod, list)) {
		if (!is_in(container, "running"))
			wait_for(container, edit->reason, edit->message);
		if (!edit->all)
			break;
	}
	refresh(pod);
	return true;
}

bool
pod_edit_end(void *data, cJSON *pod)
{
	const struct pod_edit *edit = data;
	cJSON *container;

	cJSON_ArrayForEach(container, list_of(pod, "containerStatuses")) {
		if (is_in(container, "running"))
			end_container(container, edit->exit_code);
		if (!edit->all)
			break;
	}
	refresh(pod);
	return true;
}
