#include "config.h"

#include "world/stage/look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

enum { WAIT_MS = 10000 };

/* A look that waits so long, and then sees its word. */
struct slow {
	const char *word;
	int64_t ms;
};

static atomic_int runs, frees;

static void
slow_run(void *ask, const struct cancel *cancel, struct look_answer *ret_answer)
{
	const struct slow *slow = ask;

	atomic_fetch_add(&runs, 1);
	cancel_sleep(cancel, slow->ms);
	ret_answer->holds = true;
	ret_answer->seen =
		*slow->word == '#' ? xasprintf("%d", atomic_load(&runs)) : xstrdup(slow->word);
}

static bool
slow_same(const void *ask, const void *other)
{
	return strcmp(((const struct slow *)ask)->word, ((const struct slow *)other)->word) == 0;
}

static void
slow_free(void *ask)
{
	atomic_fetch_add(&frees, 1);
	free(ask);
}

static const struct look_kind slow_kind = { slow_run, slow_same, slow_free };

static struct slow *
slow_new(const char *word, int64_t ms)
{
	struct slow *slow = xcalloc(1, sizeof(*slow));

	*slow = (struct slow){ word, ms };
	return slow;
}

/* What one look has heard. */
struct ear {
	pthread_mutex_t lock;
	int count;
	char last[32];
	uint64_t number;
	int of_first; /* answers to what was asked first */
};

static void
came(void *data, void *owner, uint64_t number, struct look_answer *answer)
{
	struct ear *ear = owner;

	(void)data;
	pthread_mutex_lock(&ear->lock);
	ear->count++;
	ear->number = number;
	ear->of_first += number == 1;
	snprintf(ear->last, sizeof(ear->last), "%s", answer->seen);
	pthread_mutex_unlock(&ear->lock);
}

static int
heard(struct ear *ear)
{
	pthread_mutex_lock(&ear->lock);
	int count = ear->count;
	pthread_mutex_unlock(&ear->lock);
	return count;
}

static bool
heard_last(struct ear *ear, const char *word, uint64_t number)
{
	pthread_mutex_lock(&ear->lock);
	bool is = strcmp(ear->last, word) == 0 && ear->number == number;
	pthread_mutex_unlock(&ear->lock);
	return is;
}

#define EAR_INIT                                                                                   \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER                                                  \
	}

#define wait_until(condition)                                                                      \
	do {                                                                                       \
		int64_t until_ms = clock_mono_ms() + WAIT_MS;                                      \
		while (!(condition)) {                                                             \
			assert_true(clock_mono_ms() < until_ms);                                   \
			poll(NULL, 0, 2);                                                          \
		}                                                                                  \
	} while (0)

static int
reset(void **state)
{
	(void)state;
	atomic_store(&runs, 0);
	atomic_store(&frees, 0);
	return 0;
}

static void
look_goes_on_at_its_pace(void **state)
{
	struct ear quick = EAR_INIT, once = EAR_INIT;
	struct looks *looks = looks_new(came, NULL);
	struct look *a = look_new(looks, &slow_kind, 20, &quick);
	struct look *b = look_new(looks, &slow_kind, 3600000, &once);

	(void)state;
	look_ask(a, slow_new("#", 0)); /* another answer each time */
	look_ask(b, slow_new("b", 0));
	int64_t from_ms = clock_mono_ms();
	wait_until(heard(&quick) >= 10);
	assert_true(clock_mono_ms() - from_ms >= 9 * 20);
	assert_int_equal(heard(&once), 1);
	looks_free(looks);
	assert_int_equal(atomic_load(&frees), 2);
}

static void
look_that_sees_the_same_slows_down_until_something_happens(void **state)
{
	struct ear ear = EAR_INIT;
	struct looks *looks = looks_new(came, NULL);

	(void)state;
	look_ask(look_new(looks, &slow_kind, 10, &ear), slow_new("a", 0));
	wait_until(heard(&ear) == 8); /* the next one comes 1280 ms later */
	poll(NULL, 0, 300);
	assert_int_equal(heard(&ear), 8);
	looks_hurry(looks);
	poll(NULL, 0, 300);
	assert_true(heard(&ear) >= 10);
	looks_free(looks);
}

static void
look_that_hangs_keeps_nobody_waiting(void **state)
{
	struct ear ears[6] = { EAR_INIT, EAR_INIT, EAR_INIT, EAR_INIT, EAR_INIT, EAR_INIT };
	struct looks *looks = looks_new(came, NULL);

	(void)state;
	for (int i = 0; i < 6; i++)
		look_ask(look_new(looks, &slow_kind, 10, &ears[i]),
			 slow_new(i < 5 ? "x" : "#", i < 5 ? 3600000 : 0));
	wait_until(heard(&ears[5]) >= 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(heard(&ears[i]), 0);
	int64_t from_ms = clock_mono_ms();
	looks_free(looks);
	assert_true(clock_mono_ms() - from_ms < 1000);
}

static void
look_asked_something_else_forgets_the_old_answer(void **state)
{
	struct ear ear = EAR_INIT;
	struct looks *looks = looks_new(came, NULL);
	struct look *look = look_new(looks, &slow_kind, 10, &ear);

	(void)state;
	uint64_t first = look_ask(look, slow_new("first", 300));
	wait_until(atomic_load(&runs) == 1);
	uint64_t second = look_ask(look, slow_new("second", 0));
	uint64_t third = look_ask(look, slow_new("third", 0));
	assert_true(first != second && second != third);
	assert_true(look_ask(look, slow_new("third", 0)) == third);
	wait_until(heard(&ear) >= 3);
	assert_true(heard_last(&ear, "third", third));
	looks_free(looks);
	assert_int_equal(first, 1);
	assert_int_equal(ear.of_first, 0);
	assert_int_equal(atomic_load(&frees), 4);
}

static void
look_asked_nothing_rests(void **state)
{
	struct ear ear = EAR_INIT;
	struct looks *looks = looks_new(came, NULL);
	struct look *look = look_new(looks, &slow_kind, 10, &ear);

	(void)state;
	look_ask(look, slow_new("a", 0));
	wait_until(heard(&ear) >= 2);
	look_ask(look, NULL);
	look_ask(look, NULL);
	poll(NULL, 0, 100);
	int count = heard(&ear);
	poll(NULL, 0, 200);
	assert_int_equal(heard(&ear), count);
	uint64_t number = look_ask(look, slow_new("b", 0));
	wait_until(heard_last(&ear, "b", number));
	looks_free(looks);
	assert_int_equal(atomic_load(&frees), 2);
}

/* Fifty looks every five seconds, as the most of a world: between their times nobody wakes up. */
static void
many_looks_rest(void **state)
{
	struct ear ear = EAR_INIT;
	struct looks *looks = looks_new(came, NULL);
	struct timespec before, after;

	(void)state;
	for (int i = 0; i < 50; i++)
		look_ask(look_new(looks, &slow_kind, 5000, &ear), slow_new("x", 0));
	wait_until(heard(&ear) == 50);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	poll(NULL, 0, 1000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 +
			    (after.tv_nsec - before.tv_nsec) / 1000000 <
		    50);
	looks_free(looks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(look_goes_on_at_its_pace, reset),
		cmocka_unit_test_setup(look_that_sees_the_same_slows_down_until_something_happens,
				       reset),
		cmocka_unit_test_setup(look_that_hangs_keeps_nobody_waiting, reset),
		cmocka_unit_test_setup(look_asked_something_else_forgets_the_old_answer, reset),
		cmocka_unit_test_setup(look_asked_nothing_rests, reset),
		cmocka_unit_test_setup(many_looks_rest, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
