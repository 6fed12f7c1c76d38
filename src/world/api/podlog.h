#ifndef LIFEBOAT_WORLD_API_PODLOG_H
#define LIFEBOAT_WORLD_API_PODLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The lines that the containers of one cluster have written, by pod uid and container, for the instance that runs and for
 * the one before it. Bounded: the oldest lines of a container go. Any thread.
 */
struct podlogs;

enum { PODLOG_MAX_BYTES = 1 << 20 }; /* of one container's instance */

struct podlogs *podlogs_new(void);
void podlogs_free(struct podlogs *logs);

/* One line without its LF; ns since 1970 never go back for a container. */
void podlogs_write(struct podlogs *logs, const char *uid, const char *container, int64_t time_ns,
		   const char *line);
/* The container was started anew: what it wrote is the log before. */
void podlogs_restart(struct podlogs *logs, const char *uid, const char *container);
/* It will write no more: followers end behind the last line. */
void podlogs_end(struct podlogs *logs, const char *uid, const char *container);
/* The pod is gone. */
void podlogs_remove(struct podlogs *logs, const char *uid);

/* What a reader wants; 0, false and -1 stand for "not asked for". */
struct podlog_query {
	bool previous, follow, timestamps;
	int64_t since_ns; /* lines from that time on */
	int64_t tail;	  /* the last so many; -1: all */
	int64_t limit_bytes;
};

/* Reads one container. NULL: there is no such log (previous of a first instance, a container that never began). */
struct podlog_reader;
struct podlog_reader *podlog_read(struct podlogs *logs, const char *uid, const char *container,
				  const struct podlog_query *query);
/*
 * Up to `size` bytes of whole or partial lines; 0: nothing came within timeout_ms; -1: the end. One thread at a time.
 */
long podlog_next(struct podlog_reader *reader, char *bytes, size_t size, int64_t timeout_ms);
void podlog_reader_free(struct podlog_reader *reader);
/* Wakes all who wait; for the end. */
void podlogs_wake(struct podlogs *logs);

#endif
