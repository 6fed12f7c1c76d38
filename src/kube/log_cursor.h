#ifndef LIFEBOAT_KUBE_LOG_CURSOR_H
#define LIFEBOAT_KUBE_LOG_CURSOR_H

#include <stdbool.h>

/*
 * Where the reading of a container's log stands: the latest time stamp, and how many lines bore it.
 * A server cuts `sinceTime` to whole seconds, so a log that is asked for again repeats lines: those
 * before the stamp, and as many at it as were seen, are dropped. Plain data; zeros: the beginning.
 * Source: kubelet, ReadLogs; kubernetes/kubernetes#115836.
 */
struct log_cursor {
	char stamp[40]; /* as the server gave it; "": nothing was read */
	unsigned count; /* lines that bore it */
	unsigned skip;	/* of these, how many are still to be repeated */
	bool replaying;
	bool gap; /* the latest repetition did not reach back to the stamp: lines may be lost */
};

/* What to ask for as since_time, or NULL for the beginning. */
const char *log_cursor_since(const struct log_cursor *c);
/* A reading begins: from here on the log may repeat what was seen. */
void log_cursor_restart(struct log_cursor *c);
/*
 * True for a line that was not seen before, which moves the cursor. Outside of a repetition no line
 * is ever dropped, whatever its stamp: the two streams of a container may be out of order.
 */
bool log_cursor_take(struct log_cursor *c, const char *stamp);

#endif
