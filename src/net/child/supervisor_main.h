#ifndef LIFEBOAT_NET_CHILD_SUPERVISOR_MAIN_H
#define LIFEBOAT_NET_CHILD_SUPERVISOR_MAIN_H

#include <sys/types.h>

#include "net/child/child_exec.h"
#include "net/child/process.h"

/*
 * The process between us and a command. Between us and it is one socket of the kind SOCK_SEQPACKET: it
 * reports, we send one byte that lets the command begin, and the end of the socket is our end.
 */

enum supervisor_word {
	SUPERVISOR_READY,  /* the command is forked, and waits: `command` */
	SUPERVISOR_FAILED, /* it could not be executed: `failure` */
	SUPERVISOR_BEGUN,
	SUPERVISOR_ENDED, /* `exit_code`, `signal`; the status file is in place */
};

struct supervisor_message {
	enum supervisor_word word;
	struct process_id command;
	struct child_failure failure;
	int exit_code; /* -1 where a signal ended it */
	int signal;
};

struct supervisor_job {
	struct child_exec *exec;   /* gated */
	int control_fd;		   /* its end of the socket */
	int output_fd, capture_fd; /* shared with us, who read them while we are there; or -1 */
	int folder_fd, status_fd;  /* the folder of the status file, and the file to be */
	const char *temporary;	   /* its name in the folder while it is written, */
	const char *name;	   /* and then */
};

/*
 * What the forked process does until its end: it leaves all descriptors but these behind, ignores signals,
 * forks the command, watches it, and puts the status file in place. It reaps its command, whose number is
 * nobody else's until then, when we have closed the socket. Calls nothing that is not async-signal-safe,
 * as other threads may have held any lock at the fork.
 */
_Noreturn void supervisor_main(struct supervisor_job *job);

#endif
