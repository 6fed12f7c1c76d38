#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_CHILD_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_CHILD_H

#include "net/child/child.h"
#include "run/executor.h"

/*
 * Internal to postgresql.restore: a supervised command that is looked after while it runs. child_run() blocks, and
 * a step may speak to the engine only on its own thread; so the command is waited for by a thread of its own,
 * and whoever called goes on here.
 */
struct watched_child {
	struct step_context *ctx;
	const struct action *action;
	const char *const *argv;
	const char *const *env;
	int input_fd; /* > 0: its standard input; closed in any case */
	/* All on the thread of the caller. */
	void (*on_output)(void *data, const char *bytes, size_t len);
	void (*look)(void *data); /* every `every_ms` */
	void *data;
	int64_t every_ms;
	pid_t pid; /* of the command, once it has begun */
};

/*
 * As child_run(). The processes are on record before the command begins. A cancel ends it, and what it still says
 * is taken until it has ended.
 */
int watched_child_run(struct watched_child *w, struct child_result *ret_done, struct err *e);

#endif
