#include "config.h"

#include "base/queue.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

struct node {
	struct node *next;
	void *item;
};

struct queue {
	pthread_mutex_t lock;
	struct node *first, **last;
	size_t len;
	int fd; /* an eventfd whose value is above 0 while len is */
};

struct queue *
queue_new(void)
{
	struct queue *q = xcalloc(1, sizeof(*q));

	pthread_mutex_init(&q->lock, NULL);
	q->last = &q->first;
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0)
		abort();
	return q;
}

void
queue_free(struct queue *q, void (*free_item)(void *))
{
	void *item;

	if (!q)
		return;
	while ((item = queue_pop(q, 0)))
		if (free_item)
			free_item(item);
	pthread_mutex_destroy(&q->lock);
	close(q->fd);
	free(q);
}

void
queue_push(struct queue *q, void *item)
{
	struct node *node = xmalloc(sizeof(*node));

	*node = (struct node){ NULL, item };
	pthread_mutex_lock(&q->lock);
	*q->last = node;
	q->last = &node->next;
	if (q->len++ == 0)
		eventfd_write(q->fd, 1);
	pthread_mutex_unlock(&q->lock);
}

static void *
take_first(struct queue *q)
{
	struct node *node;
	void *item = NULL;

	pthread_mutex_lock(&q->lock);
	node = q->first;
	if (node) {
		eventfd_t ignored;

		q->first = node->next;
		if (!q->first)
			q->last = &q->first;
		if (--q->len == 0)
			eventfd_read(q->fd, &ignored);
		item = node->item;
	}
	pthread_mutex_unlock(&q->lock);
	free(node);
	return item;
}

void *
queue_pop(struct queue *q, int64_t timeout_ms)
{
	int64_t now_ms = clock_mono_ms();
	bool for_ever = timeout_ms < 0 || timeout_ms >= INT64_MAX - now_ms;
	int64_t deadline_ms = for_ever ? INT64_MAX : now_ms + timeout_ms;

	for (;;) {
		void *item = take_first(q);
		int64_t left_ms = deadline_ms - clock_mono_ms();
		struct pollfd pfd = { .fd = q->fd, .events = POLLIN };

		if (item || left_ms <= 0)
			return item;
		poll(&pfd, 1, for_ever ? -1 : left_ms > INT_MAX ? INT_MAX : (int)left_ms);
	}
}

int
queue_fd(const struct queue *q)
{
	return q->fd;
}

size_t
queue_len(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	size_t len = q->len;
	pthread_mutex_unlock(&q->lock);
	return len;
}
