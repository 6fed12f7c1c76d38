#ifndef LIFEBOAT_FEED_LOG_CONTAINER_H
#define LIFEBOAT_FEED_LOG_CONTAINER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum log_container_kind {
	LOG_CONTAINER_USUAL,
	LOG_CONTAINER_INIT,
	LOG_CONTAINER_SIDECAR, /* an init container that is restarted */
	LOG_CONTAINER_EPHEMERAL,
};

enum { LOG_CONTAINER_ID_MAX = 128 };

/* What a pod says of one of its containers, as far as its logs go. Plain data. */
struct log_container {
	enum log_container_kind kind;
	char id[LOG_CONTAINER_ID_MAX];	     /* of the run whose log is served now; "": none yet */
	char previous[LOG_CONTAINER_ID_MAX]; /* of the run before it, whose log is kept; or "" */
	bool running;
	bool finished; /* it will not run again: the end of its log is the end */
	int64_t restarts;
	bool has_end; /* a run has ended, the latest of them by what follows */
	int64_t exit_code;
	char reason[64];
};

/* Calls each() for every container of a pod: init containers first, ephemeral ones last. */
void log_container_each(const cJSON *pod, void (*each)(void *data, const char *name), void *data);

/*
 * Looks up a container in a pod; false where the pod has none of the name. A server that names no container
 * IDs is taken by its restart counts. Source: kubelet, validateContainerLogStatus().
 */
bool log_container_look(const cJSON *pod, const char *name, struct log_container *ret_container);

#endif
