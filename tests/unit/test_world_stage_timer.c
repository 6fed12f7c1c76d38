#include "config.h"

#include "world/stage/stage_timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

enum { MANY = 500 };

static void
timers_ring_in_their_order(void **state)
{
	struct timers timers = { 0 };
	struct timer many[MANY] = { 0 };
	int64_t last_ms = -1;
	uint64_t last_order = 0;
	struct timer *timer;
	int count = 0;

	(void)state;
	srand(11);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < MANY; i++)
			timers_set(&timers, &many[i], rand() % 50);
	for (int i = 0; i < MANY; i += 7)
		timers_clear(&timers, &many[i]);
	timers_clear(&timers, &many[0]);
	assert_int_equal(timers_next(&timers) <= 5, 1);
	while ((timer = timers_due(&timers, 100))) {
		assert_true(timer->at_ms > last_ms ||
			    (timer->at_ms == last_ms && timer->order > last_order));
		assert_true((timer - many) % 7 != 0);
		assert_int_equal(timer->place, 0);
		last_ms = timer->at_ms;
		last_order = timer->order;
		count++;
	}
	assert_int_equal(count, MANY - (MANY + 6) / 7);
	assert_true(timers_next(&timers) == INT64_MAX);
	timers_release(&timers);
}

static void
timers_due_waits_for_the_time(void **state)
{
	struct timers timers = { 0 };
	struct timer a = { 0 }, b = { 0 };

	(void)state;
	assert_null(timers_due(&timers, INT64_MAX - 1));
	timers_set(&timers, &a, 100);
	timers_set(&timers, &b, 50);
	timers_set(&timers, &b, 200); /* anew */
	assert_null(timers_due(&timers, 99));
	assert_ptr_equal(timers_due(&timers, 100), &a);
	assert_null(timers_due(&timers, 199));
	assert_ptr_equal(timers_due(&timers, 200), &b);
	timers_release(&timers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_ring_in_their_order),
		cmocka_unit_test(timers_due_waits_for_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
