#include "config.h"

#include "feed/log_container.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* Where a pod lists its containers, and where what has become of them. */
static const struct {
	const char *spec, *status;
	enum log_container_kind kind;
} lists[] = {
	{ "spec/initContainers", "status/initContainerStatuses", LOG_CONTAINER_INIT },
	{ "spec/containers", "status/containerStatuses", LOG_CONTAINER_USUAL },
	{ "spec/ephemeralContainers", "status/ephemeralContainerStatuses",
	  LOG_CONTAINER_EPHEMERAL },
};

enum { LIST_COUNT = sizeof(lists) / sizeof(lists[0]) };

void
log_container_each(const cJSON *pod, void (*each)(void *data, const char *name), void *data)
{
	for (size_t i = 0; i < LIST_COUNT; i++) {
		const cJSON *c;

		cJSON_ArrayForEach(c, json_at(pod, lists[i].spec)) {
			const char *name = json_string(c, "name", "");

			if (*name)
				each(data, name);
		}
	}
}

static const cJSON *
find(const cJSON *pod, const char *list, const char *name)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(pod, list))
		if (str_equal(json_string(c, "name", ""), name))
			return c;
	return NULL;
}

/* The ID of a run, or what stands for it. */
static void
name_run(char out[LOG_CONTAINER_ID_MAX], const char *id, int64_t restarts)
{
	if (*id)
		snprintf(out, LOG_CONTAINER_ID_MAX, "%s", id);
	else
		snprintf(out, LOG_CONTAINER_ID_MAX, "run %lld", (long long)restarts);
}

static void
note_end(struct log_container *c, const cJSON *terminated)
{
	if (!terminated)
		return;
	c->has_end = true;
	c->exit_code = json_int(terminated, "exitCode", -1);
	snprintf(c->reason, sizeof(c->reason), "%s", json_string(terminated, "reason", ""));
}

static void
note_runs(struct log_container *c, const cJSON *status)
{
	const cJSON *ended = json_at(status, "state/terminated");
	const cJSON *last = json_at(status, "lastState/terminated");
	const char *last_id = json_string(last, "containerID", "");

	c->running = json_at(status, "state/running") != NULL;
	c->restarts = json_int(status, "restartCount", 0);
	note_end(c, ended ? ended : last);
	if (c->running || ended) {
		const char *id = json_string(ended, "containerID", "");

		name_run(c->id, *id ? id : json_string(status, "containerID", ""), c->restarts);
		if (last)
			name_run(c->previous, last_id, c->restarts - 1);
	} else if (last) {
		/* between two runs the log of the last one is served */
		name_run(c->id, last_id, c->restarts);
	}
}

static bool
is_finished(const cJSON *pod, const cJSON *status, enum log_container_kind kind)
{
	const char *phase = json_string(pod, "status/phase", "");
	const char *policy = json_string(pod, "spec/restartPolicy", "Always");
	const cJSON *ended = json_at(status, "state/terminated");
	bool well = json_int(ended, "exitCode", -1) == 0;

	if (json_at(status, "state/running"))
		return false;
	if (str_equal(phase, "Succeeded") || str_equal(phase, "Failed"))
		return true;
	if (!ended)
		return false;
	switch (kind) {
	case LOG_CONTAINER_EPHEMERAL:
		return true;
	case LOG_CONTAINER_SIDECAR:
		return false;
	case LOG_CONTAINER_INIT:
		return well || str_equal(policy, "Never");
	case LOG_CONTAINER_USUAL:
		break;
	}
	return str_equal(policy, "Never") || (str_equal(policy, "OnFailure") && well);
}

bool
log_container_look(const cJSON *pod, const char *name, struct log_container *ret_container)
{
	for (size_t i = 0; i < LIST_COUNT; i++) {
		const cJSON *spec = find(pod, lists[i].spec, name);
		const cJSON *status = find(pod, lists[i].status, name);
		struct log_container c = { .kind = lists[i].kind };

		if (!spec && !status)
			continue;
		if (c.kind == LOG_CONTAINER_INIT &&
		    str_equal(json_string(spec, "restartPolicy", ""), "Always"))
			c.kind = LOG_CONTAINER_SIDECAR;
		note_runs(&c, status);
		c.finished = is_finished(pod, status, c.kind);
		*ret_container = c;
		return true;
	}
	return false;
}
