#ifndef LIFEBOAT_FEED_CONDITION_H
#define LIFEBOAT_FEED_CONDITION_H

#include <pthread.h>
#include <stdint.h>

/* A condition whose waits are measured by the clock that never jumps. */
void condition_init(pthread_cond_t *condition);

/* Waits for it, but for no longer than so; the caller holds the lock. */
void condition_wait_ms(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t timeout_ms);

#endif
