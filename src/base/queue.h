#ifndef LIFEBOAT_BASE_QUEUE_H
#define LIFEBOAT_BASE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A queue of pointers between threads: any thread pushes, one thread pops. The receiver either blocks
 * in queue_pop() or polls queue_fd(), which is readable while something is there. Order is kept for
 * each sender. Ownership of an item passes with it.
 */
struct queue;

struct queue *queue_new(void);
/* Hands every item that is left to free_item (may be NULL: nothing is done to them). */
void queue_free(struct queue *q, void (*free_item)(void *));
void queue_push(struct queue *q, void *item);
/* The oldest item, or NULL when none came within timeout_ms (0: at once, -1: wait for ever). */
void *queue_pop(struct queue *q, int64_t timeout_ms);
int queue_fd(const struct queue *q);
size_t queue_len(struct queue *q);

#endif
