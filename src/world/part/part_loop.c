#include "config.h"

#include "world/part/part_loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/queue.h"
#include "base/xalloc.h"
#include "net/socket/wait.h"

struct part_loop {
	int epoll_fd;
	struct queue *calls;
	struct part_watch inbox;   /* of queue_fd() */
	struct part_timer *timers; /* the next one first */
	pthread_t thread;
	bool ends;
};

/* What another thread wants to have called; with `done` it waits for that. */
struct loop_call {
	void (*call)(void *data);
	void *data;
	struct loop_waiter *waiter;
};

struct loop_waiter {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done;
};

static void
answer(struct loop_waiter *waiter)
{
	if (!waiter)
		return;
	pthread_mutex_lock(&waiter->lock);
	waiter->done = true;
	pthread_cond_signal(&waiter->changed);
	pthread_mutex_unlock(&waiter->lock);
}

static void
take_calls(void *data, uint32_t events)
{
	struct part_loop *loop = data;
	struct loop_call *call;

	(void)events;
	while ((call = queue_pop(loop->calls, 0)) != NULL) {
		struct loop_waiter *waiter = call->waiter;

		call->call(call->data);
		free(call);
		answer(waiter);
	}
}

static void
ring_timers(struct part_loop *loop)
{
	int64_t now_ms = clock_mono_ms();

	while (loop->timers && loop->timers->at_ms <= now_ms) {
		struct part_timer *timer = loop->timers;

		part_loop_quiet(loop, timer);
		timer->ring(timer->data);
	}
}

static void *
run(void *data)
{
	struct part_loop *loop = data;

	while (!loop->ends) {
		/* One at a time: what an event's owner releases can have no event left in a batch. */
		struct epoll_event event;
		int timeout_ms = loop->timers ? wait_left_ms(loop->timers->at_ms) : -1;
		int count = epoll_wait(loop->epoll_fd, &event, 1, timeout_ms);

		if (count < 0 && errno != EINTR)
			abort();
		if (count == 1) {
			struct part_watch *w = event.data.ptr;

			w->ready(w->data, event.events);
		}
		ring_timers(loop);
	}
	return NULL;
}

struct part_loop *
part_loop_new(struct err *e)
{
	struct part_loop *loop = xcalloc(1, sizeof(*loop));

	loop->calls = queue_new();
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		err_errno(e, ERR_IO, "making an epoll descriptor");
		goto fail;
	}
	loop->inbox = (struct part_watch){ .fd = queue_fd(loop->calls),
					   .ready = take_calls,
					   .data = loop };
	part_loop_watch(loop, &loop->inbox, EPOLLIN);
	if ((errno = pthread_create(&loop->thread, NULL, run, loop)) == 0)
		return loop;
	err_errno(e, ERR_IO, "starting the thread of the world's servers");
	close(loop->epoll_fd);
fail:
	queue_free(loop->calls, NULL);
	free(loop);
	return NULL;
}

static void
end(void *data)
{
	((struct part_loop *)data)->ends = true;
}

void
part_loop_free(struct part_loop *loop)
{
	if (!loop)
		return;
	part_loop_post(loop, end, loop);
	pthread_join(loop->thread, NULL);
	close(loop->epoll_fd);
	queue_free(loop->calls, NULL);
	free(loop);
}

static void
push(struct part_loop *loop, void (*call)(void *data), void *data, struct loop_waiter *waiter)
{
	struct loop_call *item = xmalloc(sizeof(*item));

	*item = (struct loop_call){ call, data, waiter };
	queue_push(loop->calls, item);
}

void
part_loop_post(struct part_loop *loop, void (*call)(void *data), void *data)
{
	push(loop, call, data, NULL);
}

void
part_loop_call(struct part_loop *loop, void (*call)(void *data), void *data)
{
	struct loop_waiter waiter = { .lock = PTHREAD_MUTEX_INITIALIZER,
				      .changed = PTHREAD_COND_INITIALIZER };

	if (pthread_equal(pthread_self(), loop->thread)) {
		call(data);
		return;
	}
	push(loop, call, data, &waiter);
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.done)
		pthread_cond_wait(&waiter.changed, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);
}

void
part_loop_watch(struct part_loop *loop, struct part_watch *w, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = w };

	if (w->watched && w->events == events)
		return;
	/* Only a lack of memory or of watches can make it fail: nothing could go on then. */
	if (epoll_ctl(loop->epoll_fd, w->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->fd, &event) <
	    0)
		abort();
	w->watched = true;
	w->events = events;
}

void
part_loop_unwatch(struct part_loop *loop, struct part_watch *w)
{
	if (w->watched)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	w->watched = false;
}

void
part_loop_ring(struct part_loop *loop, struct part_timer *timer, int64_t at_ms)
{
	struct part_timer **at = &loop->timers;

	part_loop_quiet(loop, timer);
	while (*at && (*at)->at_ms <= at_ms)
		at = &(*at)->next;
	timer->at_ms = at_ms;
	timer->next = *at;
	timer->set = true;
	*at = timer;
}

void
part_loop_quiet(struct part_loop *loop, struct part_timer *timer)
{
	struct part_timer **at = &loop->timers;

	if (!timer->set)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->set = false;
}
