#ifndef LIFEBOAT_KUBE_LOGS_H
#define LIFEBOAT_KUBE_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "kube/client.h"

struct kube_logs_options {
	const char *ns, *pod;
	const char *container; /* NULL: the pod's only one */
	bool follow;
	bool previous;
	int64_t tail_lines;	 /* -1: all */
	const char *since_time;	 /* RFC 3339, or NULL */
	int64_t idle_timeout_ms; /* follow only; 0: none */

	/*
	 * The caller keeps a cursor and asks again from there. So a line is passed on only when it is whole: the
	 * beginning of one that a broken stream ends in will come again.
	 */
	bool resumes;
	/*
	 * Lines are cut at max_line_bytes (and not passed on in pieces), after which cut() tells how many bytes
	 * are missing from the latest one. NULL: no cutting.
	 */
	size_t max_line_bytes;
	void (*cut)(void *data, size_t missing_bytes);
	/* All that came at once has been passed on; NULL: not wanted. */
	void (*pause)(void *data);
};

/*
 * Reads a container's log. Each line goes to line(), without its LF, its time stamp split off (time
 * stamps are always asked for; "" where the line has none). A line longer than 1 MiB comes in
 * pieces, unless it is to be cut. line() returns false to stop. Returns 0 at the end of the stream or
 * when line() stopped it; errors as kube_request().
 */
int kube_logs(struct kube_client *client, const struct kube_logs_options *options,
	      bool (*line)(void *data, const char *stamp, const char *text, size_t len_bytes),
	      void *data, const struct cancel *cancel, struct err *e);

#endif
