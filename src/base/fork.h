#ifndef LIFEBOAT_BASE_FORK_H
#define LIFEBOAT_BASE_FORK_H

#include <sys/types.h>

/*
 * fork(2), with all signals held back meanwhile, so that no handler of ours runs in the child: that begins with
 * all of them blocked, and unblocks them once it has its own. Async-signal-safe.
 */
pid_t fork_quietly(void);

#endif
