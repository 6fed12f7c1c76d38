#ifndef LIFEBOAT_RUNBOOK_EXPRESSION_CHILD_H
#define LIFEBOAT_RUNBOOK_EXPRESSION_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "runbook/expression_frame.h"

/*
 * The process that runs jq (lifeboat-jq), seen from outside: joined to this one by a socket, and at its mercy: it is
 * killed by its id whenever it does not answer in time. Internal to src/runbook; not thread-safe.
 */
struct expression_child {
	pid_t pid; /* 0: none runs */
	int fd;
	bool ready;
	bool sound; /* once it is ready: the common program compiled */
};

#define EXPRESSION_CHILD_INIT                                                                      \
	{                                                                                          \
		0, -1, false, false                                                                \
	}

/* What the child knows from the beginning. */
struct expression_set {
	const char *const *texts;
	size_t count;
	bool combine; /* compile them into one program at once */
};

enum child_outcome {
	CHILD_VALUE,	 /* the answer is the result */
	CHILD_ERROR,	 /* the answer is a message */
	CHILD_LATE,	 /* the deadline passed; killed, unless it still compiles */
	CHILD_DIED,	 /* the answer says of what; it has been cleared away */
	CHILD_STILLBORN, /* the same, before it had compiled what it was started with */
};

/* Appends the JSON array of the texts, as FRAME_BEGIN and FRAME_COMPILE have it. */
void expression_list_append(struct str *out, const char *const *texts, size_t count);

int expression_child_start(struct expression_child *child, const struct expression_set *set,
			   struct err *e);
void expression_child_stop(struct expression_child *child);

/* Waits until it has compiled what it was started with; child->sound tells how that went. */
bool expression_child_await(struct expression_child *child, int64_t deadline_ms);

/* Sends one request, once the child is ready, and waits for its answer. */
enum child_outcome expression_child_call(struct expression_child *child, enum frame_kind kind,
					 const struct str *payload, int64_t deadline_ms,
					 struct str *answer);

#endif
