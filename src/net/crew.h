#ifndef LIFEBOAT_NET_CREW_H
#define LIFEBOAT_NET_CREW_H

#include <stddef.h>

#include "base/err.h"

/*
 * Threads that do the same work on many things at a time, such as asking many servers. They take none of the
 * program's signals.
 */
struct crew;

/*
 * Calls work(data, i) for each i below count, each once, in threads: `most` of them at a time. `data` outlives the crew.
 * NULL: not one thread could be started (ERR_IO), and nothing is done; if some could, they do it all.
 */
struct crew *crew_start(size_t count, size_t most, void (*work)(void *data, size_t i), void *data,
			struct err *e);

/* How many threads it has. */
size_t crew_size(const struct crew *crew);

/* Waits until all the work is done, and frees. What the work blocks on must end by itself or by a cancel. */
void crew_join(struct crew *crew);

/* crew_start() and crew_join(). */
int crew_run(size_t count, size_t most, void (*work)(void *data, size_t i), void *data,
	     struct err *e);

#endif
