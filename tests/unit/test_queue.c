#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/queue.h"
#include "base/xalloc.h"

enum { SENDERS = 3, ITEMS = 5000 };

struct item {
	int sender, number;
};

static bool
is_readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

static void
pop_returns_items_in_order(void **state)
{
	struct queue *q = queue_new();
	int items[3];

	(void)state;
	assert_null(queue_pop(q, 0));
	for (int i = 0; i < 3; i++)
		queue_push(q, &items[i]);
	assert_int_equal(queue_len(q), 3);
	for (int i = 0; i < 3; i++)
		assert_ptr_equal(queue_pop(q, -1), &items[i]);
	assert_null(queue_pop(q, 0));
	queue_push(q, &items[1]);
	assert_ptr_equal(queue_pop(q, INT64_MAX), &items[1]);
	queue_free(q, NULL);
	queue_free(NULL, NULL);
}

static void
fd_is_readable_while_something_is_there(void **state)
{
	struct queue *q = queue_new();
	int items[2];

	(void)state;
	assert_false(is_readable(queue_fd(q)));
	queue_push(q, &items[0]);
	queue_push(q, &items[1]);
	assert_true(is_readable(queue_fd(q)));
	queue_pop(q, 0);
	assert_true(is_readable(queue_fd(q)));
	queue_pop(q, 0);
	assert_false(is_readable(queue_fd(q)));
	queue_free(q, NULL);
}

static void
pop_without_items_returns_when_the_time_has_passed(void **state)
{
	struct queue *q = queue_new();
	int64_t before = clock_mono_ms();

	(void)state;
	assert_null(queue_pop(q, 30));
	assert_in_range(clock_mono_ms() - before, 30, 5000);
	queue_free(q, NULL);
}

static void
free_hands_over_what_is_left(void **state)
{
	struct queue *q = queue_new();

	(void)state;
	for (int i = 0; i < 5; i++)
		queue_push(q, xmalloc(8));
	queue_free(q, free); /* the leak checker sees whether all went */
}

struct sender {
	struct queue *queue;
	int number;
};

static void *
send_items(void *data)
{
	struct sender *sender = data;

	for (int i = 0; i < ITEMS; i++) {
		struct item *item = xmalloc(sizeof(*item));

		*item = (struct item){ sender->number, i };
		queue_push(sender->queue, item);
	}
	return NULL;
}

static void
push_from_many_threads_keeps_the_order_of_each(void **state)
{
	struct queue *q = queue_new();
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	int next[SENDERS] = { 0 };

	(void)state;
	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ q, i };
		assert_int_equal(pthread_create(&threads[i], NULL, send_items, &senders[i]), 0);
	}
	for (int i = 0; i < SENDERS * ITEMS; i++) {
		struct item *item = queue_pop(q, 10000);

		assert_non_null(item);
		assert_int_equal(item->number, next[item->sender]++);
		free(item);
	}
	assert_null(queue_pop(q, 0));
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_false(is_readable(queue_fd(q)));
	queue_free(q, NULL);
}

static void *
sleep_until_cancelled(void *data)
{
	return cancel_sleep(data, 60000) ? data : NULL;
}

static void
cancel_request_wakes_every_sleeper(void **state)
{
	struct cancel *c = cancel_new();
	pthread_t threads[2];
	int64_t before = clock_mono_ms();

	(void)state;
	assert_false(cancel_requested(c));
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sleep_until_cancelled, c), 0);
	cancel_request(c);
	for (int i = 0; i < 2; i++) {
		void *woken;

		pthread_join(threads[i], &woken);
		assert_ptr_equal(woken, c);
	}
	assert_true(clock_mono_ms() - before < 10000);
	cancel_free(c);
}

static void
cancel_stays_requested(void **state)
{
	struct cancel *c = cancel_new();

	(void)state;
	cancel_request(c);
	cancel_request(c);
	assert_true(cancel_requested(c));
	assert_true(is_readable(cancel_fd(c)));
	assert_true(cancel_sleep(c, INT64_MAX));
	assert_true(cancel_sleep(c, 0));
	assert_true(is_readable(cancel_fd(c)));
	cancel_free(c);
}

static void
cancel_none_is_never_requested(void **state)
{
	int64_t before = clock_mono_ms();

	(void)state;
	assert_false(cancel_requested(NULL));
	assert_int_equal(cancel_fd(NULL), -1);
	assert_false(cancel_sleep(NULL, 20));
	assert_true(clock_mono_ms() - before >= 20);
	cancel_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pop_returns_items_in_order),
		cmocka_unit_test(fd_is_readable_while_something_is_there),
		cmocka_unit_test(pop_without_items_returns_when_the_time_has_passed),
		cmocka_unit_test(free_hands_over_what_is_left),
		cmocka_unit_test(push_from_many_threads_keeps_the_order_of_each),
		cmocka_unit_test(cancel_request_wakes_every_sleeper),
		cmocka_unit_test(cancel_stays_requested),
		cmocka_unit_test(cancel_none_is_never_requested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
