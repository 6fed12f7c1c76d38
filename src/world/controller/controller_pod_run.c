#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_pod.h"

/* A pod whose containers run, end, and are started again. */

enum {
	INIT_MS = 1000, /* how long an init container runs */
	RETRY_MS =
		10000, /* its look at one whose configuration lacks something, or whose probe fails */
	FORGIVEN_MS = 600 * 1000, /* one that ran so long begins anew */
	GRACE_MAX_MS = 2000,
};

/* ---- containers ---- */

static char *
new_address(struct controllers *c, const struct thing *pod)
{
	if (*json_string(pod->stored->object, "status/podIP", ""))
		return xstrdup("");
	if (json_bool(pod->stored->object, "spec/hostNetwork", false))
		return xstrdup(machines_host(c, pod_node(pod)));
	return machines_address(c, pod_node(pod));
}

static void
tell_started(struct controllers *c, struct thing *pod, const char *name, int instance)
{
	pod_tell(c, pod, name, "Normal", "Created", "Created container %s", name);
	pod_tell(c, pod, name, "Normal", "Started", "Started container %s", name);
	if (!pod->stored)
		return;
	if (instance > 1 && c->cluster->logs)
		podlogs_restart(c->cluster->logs, pod->stored->uid, name);
	if (c->options.started)
		c->options.started(c->options.data, pod->stored, name, instance);
}

static void
end_log(struct controllers *c, const struct thing *pod, const char *name)
{
	if (c->cluster->logs && pod->stored)
		podlogs_end(c->cluster->logs, pod->stored->uid, name);
}

void
pod_live_init(struct controllers *c, struct thing *pod, struct life *life)
{
	const cJSON *one = cJSON_GetArrayItem(pod_containers(pod, "initContainers"), life->init);

	if (!one) {
		pod_start(c, pod, life);
		return;
	}
	char *name = xstrdup(json_string(one, "name", ""));
	if (!life->entered) {
		char *ip = new_address(c, pod);

		life->entered = true;
		pod_write(c, pod, (struct pod_edit){ .ip = ip }, pod_edit_init_runs);
		tell_started(c, pod, name, 1);
		free(ip);
	}
	if (pod->stored && pod_is_time(c, pod, life->since_ms + controllers_scaled(c, INIT_MS))) {
		pod_write(c, pod, (struct pod_edit){ .c = c }, pod_edit_init_done);
		end_log(c, pod, name);
		if (pod->stored) {
			life->init++;
			pod_enter(c, pod, life, LIFE_INIT);
		}
	}
	free(name);
}

/* All of them at the first time; later the one that has ended. */
static void
tell_all_started(struct controllers *c, struct thing *pod, int instance)
{
	for (int at = 0; pod->stored; at++) {
		const cJSON *one = cJSON_GetArrayItem(pod_containers(pod, "containers"), at);

		if (!one || (instance > 1 && at > 0))
			break;
		char *name = xstrdup(json_string(one, "name", ""));
		if (instance > 1)
			pod_tell(c, pod, name, "Normal", "Pulled",
				 "Container image \"%s\" already present on machine",
				 json_string(one, "image", ""));
		tell_started(c, pod, name, instance);
		free(name);
	}
}

void
pod_start(struct controllers *c, struct thing *pod, struct life *life)
{
	char *ip;

	pod_ask(c, pod, life);
	if (life->fate == POD_NO_IMAGE || life->fate == POD_CONFIG) {
		pod_enter(c, pod, life, life->fate == POD_CONFIG ? LIFE_CONFIG : LIFE_NO_IMAGE);
		return;
	}
	ip = new_address(c, pod);
	life->instance++;
	pod_enter(c, pod, life, LIFE_RUNNING);
	life->fated_ms = life->told_ms = life->since_ms;
	if (pod_write(c, pod, (struct pod_edit){ .ip = ip }, pod_edit_start))
		tell_all_started(c, pod, life->instance);
	free(ip);
}

void
pod_live_config(struct controllers *c, struct thing *pod, struct life *life)
{
	const char *why = *life->message ? life->message : "couldn't find what the container needs";

	if (life->fate != POD_CONFIG) {
		pod_start(c, pod, life);
		return;
	}
	if (!life->entered) {
		life->entered = true;
		pod_write(c, pod,
			  (struct pod_edit){ .reason = "CreateContainerConfigError",
					     .message = why,
					     .all = true },
			  pod_edit_wait);
		if (pod->stored)
			pod_tell(c, pod, pod_first_name(pod), "Warning", "Failed", "Error: %s",
				 why);
	}
	if (pod->stored && pod_is_time(c, pod, life->since_ms + controllers_scaled(c, RETRY_MS))) {
		pod_ask(c, pod, life);
		pod_enter(c, pod, life, LIFE_CONFIG);
	}
}

/* ---- running, and what ends it ---- */

static bool
is_ready(const struct thing *pod, bool all)
{
	const cJSON *list = json_at(pod->stored->object, "status/containerStatuses"), *container;

	cJSON_ArrayForEach(container, list)
		if (json_bool(container, "ready", false) != (all || container != list->child))
			return false;
	return true;
}

static void
make_ready(struct controllers *c, struct thing *pod, bool all)
{
	if (!is_ready(pod, all))
		pod_write(c, pod, (struct pod_edit){ .all = all }, pod_edit_ready);
}

static void
end_all_logs(struct controllers *c, const struct thing *pod)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, pod_containers(pod, "containers"))
		end_log(c, pod, json_string(one, "name", ""));
}

/* Its process has ended: by the restart policy that was it, or it is started again. */
static void
end(struct controllers *c, struct thing *pod, struct life *life)
{
	const char *policy = json_string(pod->stored->object, "spec/restartPolicy", "Always");
	int code = life->fate == POD_COMPLETES ? 0 : life->exit_code ? life->exit_code : 1;
	bool over = strcmp(policy, "Never") == 0 || (strcmp(policy, "OnFailure") == 0 && code == 0);

	life->failures = clock_mono_ms() - life->since_ms > controllers_scaled(c, FORGIVEN_MS)
				 ? 1
				 : life->failures + 1;
	pod_enter(c, pod, life, over ? LIFE_OVER : LIFE_BACKOFF);
	if (over)
		end_all_logs(c, pod);
	else
		end_log(c, pod, pod_first_name(pod));
	pod_write(c, pod, (struct pod_edit){ .exit_code = code, .all = over }, pod_edit_end);
}

static void
tell_unhealthy(struct controllers *c, struct thing *pod, struct life *life)
{
	int64_t now_ms = clock_mono_ms(), late_ms = now_ms - life->since_ms;
	/* a probe fails every ten seconds; it is told of more and more seldom */
	int64_t pause_ms = controllers_scaled(c, RETRY_MS) + late_ms / 2;

	if (!pod_is_time(c, pod, life->told_ms + pause_ms))
		return;
	life->told_ms = now_ms;
	pod_tell(c, pod, pod_first_name(pod), "Warning", "Unhealthy", "Readiness probe failed: %s",
		 *life->message ? life->message : "HTTP probe failed with statuscode: 503");
	if (pod->stored)
		controllers_later(c, pod, pause_ms);
}

void
pod_live_running(struct controllers *c, struct thing *pod, struct life *life)
{
	int64_t ready_ms = life->since_ms + life->ready_ms;
	int64_t end_ms = (life->fated_ms > life->since_ms ? life->fated_ms : life->since_ms) +
			 life->ready_ms;

	switch (life->fate) {
	case POD_CRASHES:
	case POD_COMPLETES:
		if (pod_is_time(c, pod, end_ms))
			end(c, pod, life);
		break;
	case POD_UNREADY:
		if (is_ready(pod, true) || pod_is_time(c, pod, ready_ms))
			make_ready(c, pod, false);
		if (pod->stored)
			tell_unhealthy(c, pod, life);
		break;
	case POD_RUNS:
	case POD_NO_IMAGE:
	case POD_PENDING:
	case POD_CONFIG:
		if (pod_is_time(c, pod, ready_ms))
			make_ready(c, pod, true);
		break;
	}
}

static void
show_backoff(struct controllers *c, struct thing *pod, int64_t delay_ms)
{
	const struct stored *stored = stored_hold(pod->stored);
	const char *name = json_string(stored->object, "spec/containers/0/name", "");
	char delay[CLOCK_STAMP_MAX];

	duration_format(delay_ms, delay);
	char *text = xasprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)", delay,
			       name, stored->name, stored->ns, stored->uid);
	pod_write(c, pod, (struct pod_edit){ .reason = "CrashLoopBackOff", .message = text },
		  pod_edit_wait);
	pod_tell(c, pod, name, "Warning", "BackOff",
		 "Back-off restarting failed container %s in pod %s_%s(%s)", name, stored->name,
		 stored->ns, stored->uid);
	free(text);
	stored_drop(stored);
}

/* The first time it is started again at once. */
void
pod_live_backoff(struct controllers *c, struct thing *pod, struct life *life)
{
	int64_t delay_ms = life->failures > 1 ? pod_backoff_ms(life->failures - 1) : 0;

	if (!pod_is_time(c, pod, life->since_ms + controllers_scaled(c, POD_SYNC_MS)))
		return;
	if (!life->shown && delay_ms) {
		life->shown = true;
		show_backoff(c, pod, delay_ms);
	}
	if (pod->stored && pod_is_time(c, pod, life->since_ms + controllers_scaled(c, delay_ms)))
		pod_start(c, pod, life);
}

/* ---- the end ---- */

static bool
has_running(const struct thing *pod)
{
	const cJSON *container;

	cJSON_ArrayForEach(container, json_at(pod->stored->object, "status/containerStatuses"))
		if (json_at(container, "state/running"))
			return true;
	return false;
}

static void
tell_killing(struct controllers *c, struct thing *pod)
{
	for (int at = 0; pod->stored; at++) {
		const cJSON *one = cJSON_GetArrayItem(pod_containers(pod, "containers"), at);

		if (!one)
			break;
		char *name = xstrdup(json_string(one, "name", ""));
		pod_tell(c, pod, name, "Normal", "Killing", "Stopping container %s", name);
		free(name);
	}
}

static int64_t
grace_ms(const struct thing *pod)
{
	int64_t seconds = json_int(pod->stored->object, "metadata/deletionGracePeriodSeconds", 0);

	return seconds < GRACE_MAX_MS / 1000 ? seconds * 1000 : GRACE_MAX_MS;
}

void
pod_stop(struct controllers *c, struct thing *pod, struct life *life)
{
	if (life->step != LIFE_STOPPING) {
		pod_enter(c, pod, life, LIFE_STOPPING);
		if (has_running(pod))
			tell_killing(c, pod);
		else
			life->since_ms = 0;
	}
	if (!pod->stored || life->shown)
		return;
	if (life->since_ms &&
	    !pod_is_time(c, pod, life->since_ms + controllers_scaled(c, grace_ms(pod))))
		return;
	life->shown = true;
	end_all_logs(c, pod);
	if (has_running(pod))
		pod_write(c, pod, (struct pod_edit){ .all = true }, pod_edit_end);
	if (pod->stored)
		write_delete(c, pod->stored, NULL, 0);
}
