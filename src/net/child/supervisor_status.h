#ifndef LIFEBOAT_NET_CHILD_SUPERVISOR_STATUS_H
#define LIFEBOAT_NET_CHILD_SUPERVISOR_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "net/child/process.h"

/* What a supervisor has left in the status file of its command. Format: lifeboat-journal(5). */
struct supervisor_status {
	pid_t supervisor;
	bool begun;    /* false: the command was never executed; only the above counts */
	int exit_code; /* -1 where a signal ended it */
	int signal;    /* 0, or the signal */
	int64_t started_ms, ended_ms; /* wall clock */
	int64_t orphaned_ms;	      /* when we were gone, before the command had ended; or -1 */
	int64_t lost_bytes;	      /* of its output, thrown away after that */
};

/* Errors: ERR_NOT_FOUND (there is none), ERR_IO, ERR_SPEC (it is not one of ours). */
int supervisor_status_read(const char *path, struct supervisor_status *ret_status, struct err *e);

#endif
