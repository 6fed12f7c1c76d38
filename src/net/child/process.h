#ifndef LIFEBOAT_NET_CHILD_PROCESS_H
#define LIFEBOAT_NET_CHILD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A process by a name that is not given twice while the machine is up: its number, and when it was started,
 * in clock ticks since boot (-1: that could not be read). Source: proc(5), /proc/pid/stat.
 */
struct process_id {
	pid_t pid;
	int64_t start;
};

/* The process that has this number now. Async-signal-safe. */
struct process_id process_identify(pid_t pid);

/*
 * Whether it may still be there: false where the number is free, or another's, or that of a zombie; true
 * where the system does not tell. Only for numbers of this boot.
 */
bool process_alive(struct process_id id);

/*
 * Sends a signal, and SIGCONT, to those processes of a session that have left the group of its leader; to nobody where
 * there is no /proc. The session's number must still be taken: by the leader, maybe a zombie, whom the caller has not reaped.
 */
void process_signal_strays(pid_t session, int number);

enum { PROCESS_BOOT_ID_MAX = 64 };

/* What this boot of the machine is called, or "" where the system does not tell. Returns out. */
char *process_boot_id(char out[PROCESS_BOOT_ID_MAX]);

#endif
