#ifndef LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_POD_H
#define LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_POD_H

#include "world/controller/controller_internal.h"

/* Where a pod is in its life, as its kubelet has it in mind. */
enum life_step {
	LIFE_UNBOUND,  /* waits for a node */
	LIFE_PULLING,  /* its images come */
	LIFE_INIT,     /* init container number `init` runs */
	LIFE_NO_IMAGE, /* waits for the next try */
	LIFE_CONFIG,   /* waits for what its containers need */
	LIFE_RUNNING,
	LIFE_BACKOFF, /* its first container has ended, and is started again */
	LIFE_STOPPING,
	LIFE_OVER,
};

enum {
	LIFE_MESSAGE_MAX = 512,
	POD_SYNC_MS =
		2000, /* of the world: until a kubelet looks again at a pod that has a problem */
};

/* The memory of a pod's thing. Times are of clock_mono_ms(). */
struct life {
	enum life_step step;
	bool entered; /* what is done once when a step begins is done */
	bool shown;   /* so is what is done in its middle */
	enum pod_fate fate;
	int64_t pull_ms, ready_ms;
	int exit_code;
	char message[LIFE_MESSAGE_MAX];
	int64_t since_ms; /* the step's begin */
	int64_t fated_ms; /* the fate's */
	int64_t told_ms;  /* when it was last said to be unhealthy */
	int init;
	int instance; /* of the first container, from 1 */
	int failures; /* in a row */
	int pulls;    /* that have failed, in a row */
};

/* ---- controller_pod_status.c: changes of a pod's status, for write_change() ---- */

struct pod_edit {
	struct controllers *c;
	const struct life *life;
	const char *reason, *message;
	const char *ip, *host;
	int exit_code;
	bool all; /* of the containers; else the first one */
};

/* PodScheduled: true without a reason. */
bool pod_edit_scheduled(void *edit, cJSON *pod);
/* On its node: nothing runs yet. */
bool pod_edit_begin(void *edit, cJSON *pod);
/* Init container life->init runs; has ended with 0. */
bool pod_edit_init_runs(void *edit, cJSON *pod);
bool pod_edit_init_done(void *edit, cJSON *pod);
/* The containers that do not run are started. */
bool pod_edit_start(void *edit, cJSON *pod);
/* All are ready; but the first is not, unless `all`. */
bool pod_edit_ready(void *edit, cJSON *pod);
/* They wait, for a reason with a message. */
bool pod_edit_wait(void *edit, cJSON *pod);
/* They have ended with exit_code. */
bool pod_edit_end(void *edit, cJSON *pod);

/* ---- controller_pod.c: what its steps have in common ---- */

const char *pod_node(const struct thing *pod);
/* "containers" or "initContainers" of its spec; NULL where it is gone. */
const cJSON *pod_containers(const struct thing *pod, const char *list);
const char *pod_first_name(const struct thing *pod);
/* An Event of its kubelet, about a container or (NULL) the whole. Nothing where it is gone. */
void pod_tell(struct controllers *c, const struct thing *pod, const char *container,
	      const char *type, const char *reason, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
/* Asks for its plan. True: its fate is another now. */
bool pod_ask(struct controllers *c, const struct thing *pod, struct life *life);
void pod_enter(struct controllers *c, struct thing *pod, struct life *life, enum life_step step);
/* True: the time has come; else it is looked at again then. */
bool pod_is_time(struct controllers *c, struct thing *pod, int64_t at_ms);
/* Writes its status. False: it is gone. */
bool pod_write(struct controllers *c, const struct thing *pod, struct pod_edit edit,
	       bool (*change)(void *data, cJSON *object));
/* 10 s, doubling to 5 min: of the world, before the speed. */
int64_t pod_backoff_ms(int times);

/* ---- controller_pod_images.c, controller_pod_run.c: the steps ---- */

void pod_live_pulling(struct controllers *c, struct thing *pod, struct life *life);
void pod_live_no_image(struct controllers *c, struct thing *pod, struct life *life);
void pod_live_init(struct controllers *c, struct thing *pod, struct life *life);
void pod_live_config(struct controllers *c, struct thing *pod, struct life *life);
void pod_live_running(struct controllers *c, struct thing *pod, struct life *life);
void pod_live_backoff(struct controllers *c, struct thing *pod, struct life *life);
void pod_start(struct controllers *c, struct thing *pod, struct life *life);
/* It is to be deleted. */
void pod_stop(struct controllers *c, struct thing *pod, struct life *life);

#endif
