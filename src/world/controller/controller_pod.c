#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_pod.h"

/* The life of a pod: a scheduler's and a kubelet's work, with a fate that somebody else decides. */

enum { DEFAULT_PULL_MS = 2000, DEFAULT_READY_MS = 1000 };

#define SCHEDULER "default-scheduler"

const char *
pod_node(const struct thing *pod)
{
	return json_string(pod->stored->object, "spec/nodeName", "");
}

const cJSON *
pod_containers(const struct thing *pod, const char *list)
{
	return pod->stored ? json_at(json_at(pod->stored->object, "spec"), list) : NULL;
}

const char *
pod_first_name(const struct thing *pod)
{
	return json_string(pod_containers(pod, "containers"), "0/name", "");
}

void
pod_tell(struct controllers *c, const struct thing *pod, const char *container, const char *type,
	 const char *reason, const char *format, ...)
{
	va_list ap;
	char *text, *field;

	if (!pod->stored)
		return;
	const struct stored *about = stored_hold(pod->stored);
	va_start(ap, format);
	text = xvasprintf(format, ap);
	va_end(ap);
	field = xasprintf("spec.containers{%s}", container ? container : "");
	event_tell(c, about, "kubelet", json_string(about->object, "spec/nodeName", ""),
		   container ? field : NULL, type, reason, "%s", text);
	stored_drop(about);
	free(field);
	free(text);
}

/* ---- the fate ---- */

static bool
is_of_job(const struct thing *pod)
{
	const cJSON *reference;

	cJSON_ArrayForEach(reference, json_at(pod->stored->object, "metadata/ownerReferences"))
		if (strcmp(json_string(reference, "kind", ""), "Job") == 0)
			return true;
	return false;
}

/* True: it is another now. */
bool
pod_ask(struct controllers *c, const struct thing *pod, struct life *life)
{
	struct pod_plan plan = { .fate = is_of_job(pod) ? POD_COMPLETES : POD_RUNS,
				 .pull_ms = DEFAULT_PULL_MS,
				 .ready_ms = DEFAULT_READY_MS };
	struct pod_plan given = { .fate = POD_RUNS };

	if (c->options.plan && c->options.plan(c->options.data, pod->stored, &given))
		plan = given;
	bool other = plan.fate != life->fate || plan.exit_code != life->exit_code;
	life->fate = plan.fate;
	life->exit_code = plan.exit_code;
	life->pull_ms = controllers_scaled(c, plan.pull_ms);
	life->ready_ms = controllers_scaled(c, plan.ready_ms);
	snprintf(life->message, sizeof(life->message), "%s", plan.message ? plan.message : "");
	if (other)
		life->fated_ms = clock_mono_ms();
	return other;
}

void
pod_enter(struct controllers *c, struct thing *pod, struct life *life, enum life_step step)
{
	life->step = step;
	life->entered = life->shown = false;
	life->since_ms = clock_mono_ms();
	controllers_no_timer(c, pod);
	controllers_enqueue(c, pod);
}

/* True: the time has come; else it is looked at again then. */
bool
pod_is_time(struct controllers *c, struct thing *pod, int64_t at_ms)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms >= at_ms)
		return true;
	controllers_later(c, pod, at_ms - now_ms);
	return false;
}

bool
pod_write(struct controllers *c, const struct thing *pod, struct pod_edit edit,
	  bool (*change)(void *data, cJSON *object))
{
	edit.c = c;
	edit.life = pod->memory;
	if (!edit.host)
		edit.host = machines_host(c, pod_node(pod));
	write_change(c, pod->stored, true, change, &edit);
	return pod->stored;
}

/* What was there before we looked, as it is. */
static void
recall(struct controllers *c, const struct thing *pod, struct life *life)
{
	const cJSON *object = pod->stored->object;
	const cJSON *state = json_at(object, "status/containerStatuses/0/state");
	const char *waits = json_string(state, "waiting/reason", "");
	int64_t restarts = json_int(object, "status/containerStatuses/0/restartCount", 0);

	if (json_at(state, "running") || json_at(state, "terminated") || restarts)
		life->instance = (int)restarts + 1;
	life->since_ms = clock_mono_ms();
	life->entered = true;
	pod_ask(c, pod, life);
	if (pod->pod.succeeded || pod->pod.failed)
		life->step = LIFE_OVER;
	else if (json_at(state, "running"))
		life->step = LIFE_RUNNING;
	else if (strcmp(waits, "CrashLoopBackOff") == 0 || json_at(state, "terminated"))
		life->step = LIFE_BACKOFF;
	else if (!pod->pod.bound || !state || strcmp(waits, "ContainerCreating") == 0)
		life->step = LIFE_UNBOUND;
	else
		life->step = LIFE_PULLING;
	life->entered = life->step != LIFE_UNBOUND && life->step != LIFE_PULLING;
}

static struct life *
life_of(struct controllers *c, struct thing *pod)
{
	if (!pod->memory) {
		pod->memory = xcalloc(1, sizeof(struct life));
		recall(c, pod, pod->memory);
	}
	return pod->memory;
}

enum { BACKOFF_MS = 10000, BACKOFF_MAX_MS = 300 * 1000 };

int64_t
pod_backoff_ms(int times)
{
	int64_t ms = BACKOFF_MS;

	for (int i = 1; i < times && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* ---- a place ---- */

static bool
bind(void *node, cJSON *pod)
{
	if (*json_string(pod, "spec/nodeName", ""))
		return true;
	set_string(json_at(pod, "spec"), "nodeName", node);
	return true;
}

static void
tell_unschedulable(struct controllers *c, struct thing *pod, const char *why)
{
	struct pod_edit edit = { .reason = "Unschedulable", .message = why };

	if (strcmp(json_string(pod_status_condition(pod->stored->object, "PodScheduled"), "message",
			       ""),
		   why) == 0)
		return;
	if (pod_write(c, pod, edit, pod_edit_scheduled))
		event_tell(c, pod->stored, SCHEDULER, NULL, NULL, "Warning", "FailedScheduling",
			   "%s", why);
}

static void
bind_to(struct controllers *c, struct thing *pod, struct life *life, const char *chosen)
{
	char *node = xstrdup(chosen);
	bool was_bound = pod->pod.bound;

	write_change(c, pod->stored, false, bind, node);
	if (pod->stored && pod_write(c, pod, (struct pod_edit){ .host = "" }, pod_edit_scheduled)) {
		if (!was_bound)
			event_tell(c, pod->stored, SCHEDULER, NULL, NULL, "Normal", "Scheduled",
				   "Successfully assigned %s/%s to %s", pod->stored->ns,
				   pod->stored->name, node);
		if (pod->stored)
			pod_enter(c, pod, life, LIFE_PULLING);
	}
	free(node);
}

static void
pod_live_unbound(struct controllers *c, struct thing *pod, struct life *life)
{
	struct str why = STR_INIT;
	const char *node = pod_node(pod);

	pod_ask(c, pod, life);
	if (!*node && life->fate == POD_PENDING)
		str_append(&why, *life->message ? life->message : "0 nodes are available");
	else if (!*node)
		node = machines_choose(c, pod->stored, &why);
	if (why.len)
		tell_unschedulable(c, pod, str_cstr(&why));
	else
		bind_to(c, pod, life, node);
	str_release(&why);
}

static void (*const steps[])(struct controllers *c, struct thing *pod, struct life *life) = {
	[LIFE_UNBOUND] = pod_live_unbound,
	[LIFE_PULLING] = pod_live_pulling,
	[LIFE_INIT] = pod_live_init,
	[LIFE_NO_IMAGE] = pod_live_no_image,
	[LIFE_CONFIG] = pod_live_config,
	[LIFE_RUNNING] = pod_live_running,
	[LIFE_BACKOFF] = pod_live_backoff,
	[LIFE_STOPPING] = NULL,
	[LIFE_OVER] = NULL,
};

void
pod_reconcile(struct controllers *c, struct thing *thing)
{
	struct life *life = life_of(c, thing);

	if (thing->pod.terminating)
		pod_stop(c, thing, life);
	else if (steps[life->step])
		steps[life->step](c, thing, life);
}

void
pod_look(struct controllers *c, struct thing *thing)
{
	struct life *life = life_of(c, thing);

	if (pod_ask(c, thing, life) || life->step == LIFE_UNBOUND)
		controllers_enqueue(c, thing);
}

/* ---- what others ask of a pod ---- */

static int64_t
ready_since(const cJSON *condition)
{
	int64_t wall_ms, now_ms = clock_mono_ms();

	if (clock_parse_utc(json_string(condition, "lastTransitionTime", ""), &wall_ms) < 0)
		return now_ms;
	return now_ms - (here_ms() - wall_ms);
}

void
pod_read_facts(struct thing *thing, const struct stored *before)
{
	const cJSON *object = thing->stored->object, *ready = pod_status_condition(object, "Ready");
	const char *phase = json_string(object, "status/phase", "");
	struct pod_facts facts = {
		.node = json_string(object, "spec/nodeName", ""),
		.ready = strcmp(json_string(ready, "status", ""), "True") == 0,
		.terminating = json_at(object, "metadata/deletionTimestamp"),
		.succeeded = strcmp(phase, "Succeeded") == 0,
		.failed = strcmp(phase, "Failed") == 0,
		.ready_ms = thing->pod.ready_ms,
	};

	facts.bound = *facts.node;
	if (facts.ready && !(before && thing->pod.ready))
		facts.ready_ms = before ? clock_mono_ms() : ready_since(ready);
	thing->pod = facts;
}
