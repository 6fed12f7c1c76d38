#ifndef LIFEBOAT_WORLD_PART_PART_PROCESS_H
#define LIFEBOAT_WORLD_PART_PART_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cancel.h"
#include "base/err.h"
#include "net/child/process.h"

/*
 * A server of a world, as a process of its own: started, awaited, ended by its number. It never outlives us: the kernel
 * ends it with us. One thread at a time for each process, but for what it says itself.
 */
struct part_process;

/* Who a server is, where we are root and it must not be. Plain data. */
struct part_user {
	bool drops; /* we are root: uid and gid are taken */
	uid_t uid;
	gid_t gid;
};

/* The first of `names` (end with NULL) that this machine knows, or the one with the numbers of nobody. */
struct part_user part_user_find(const char *const *names);
/* Gives it a file or a folder, if it is another than we are. Errors: ERR_IO. */
int part_user_give(const struct part_user *user, const char *path, struct err *e);
/* The folder of a process (its options' `folder`) by a descriptor that it gets, whoever it is and however long its name. */
#define PART_FOLDER "/proc/self/fd/3"
/*
 * What that folder is called by the process itself: one that is not us cannot come through the folders above, which are
 * ours alone, and has PART_FOLDER. `folder` is borrowed.
 */
const char *part_user_path(const struct part_user *user, const char *folder);

struct part_process_options {
	const char *name;	 /* "postgresql-config": for messages and world.json */
	const char *const *argv; /* end with NULL; argv[0] is a path */
	const char *folder;	 /* its working folder, and the one of part_user_path() */
	const char *log;	 /* file for what it says, begun anew; at most 4 MiB are kept */
	const char *ready; /* what it says once it serves; NULL: it does something, and ends */
	const struct part_user *user; /* borrowed only for the call */
	int death_signal;	      /* when we die */
	/* It was started, or it has ended. On its own thread. */
	void (*changed)(void *data, const char *name, struct process_id id, bool up);
	/* It has ended, and nobody asked it to; `why` is for people. On its own thread. */
	void (*lost)(void *data, const char *name, const char *why);
	void *data;
};

/* Starts it; all of the options are copied. Errors: ERR_IO. */
int part_process_start(const struct part_process_options *options,
		       struct part_process **ret_process, struct err *e);

/* Waits until it serves. Errors: ERR_REMOTE with its last words where it has ended; ERR_TIMEOUT, ERR_CANCELLED. */
int part_process_await_ready(struct part_process *p, int64_t timeout_ms,
			     const struct cancel *cancel, struct err *e);
/* Waits until it has ended well. Errors: as above. */
int part_process_await_done(struct part_process *p, int64_t timeout_ms, const struct cancel *cancel,
			    struct err *e);

/* Whether it has not ended. Any thread. */
bool part_process_runs(struct part_process *p);

/* Asks it to end; part_process_end() counts from here. */
void part_process_ask(struct part_process *p, int signal);
/* Ends it: `first`, after 1.5 s `second`, after 3 s SIGKILL. It has been reaped then. */
void part_process_end(struct part_process *p, int first, int second);
/* After its end; or ends it by SIGKILL. NULL is legal. */
void part_process_free(struct part_process *p);

#endif
