#include "config.h"

#include "run/journal/anchor.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { PATIENCE_MS = 8000 };

/* A place that writes down what it got, and does what it is told. */
struct world {
	pthread_mutex_t lock;
	struct str log; /* "7 intent\n" for each head */
	bool failing;
	bool holding; /* put() does not return until this is false, or a cancel comes */
	int tries;
	bool closed;
	struct str told; /* lines of tell() */
};

struct fixture {
	struct world world, other;
	struct run_link link;
	struct anchors *anchors;
	char prev[DIGEST_HEX_MAX];
	int64_t seq;
};

static bool
peek(struct world *world, bool *what)
{
	pthread_mutex_lock(&world->lock);
	bool value = *what;
	pthread_mutex_unlock(&world->lock);
	return value;
}

static void
set(struct world *world, bool *what, bool value)
{
	pthread_mutex_lock(&world->lock);
	*what = value;
	pthread_mutex_unlock(&world->lock);
}

static int
put(void *data, const struct anchor_head *head, const struct cancel *cancel, struct err *e)
{
	struct world *world = data;

	pthread_mutex_lock(&world->lock);
	world->tries++;
	pthread_mutex_unlock(&world->lock);
	while (peek(world, &world->holding))
		if (cancel_sleep(cancel, 2))
			return err_set(e, ERR_CANCELLED, "cancelled");
	if (peek(world, &world->failing))
		return err_set(e, ERR_NET, "no route to \x1b[31mhost");
	pthread_mutex_lock(&world->lock);
	str_printf(&world->log, "%lld %s %.4s\n", (long long)head->seq, head->type, head->hash);
	pthread_mutex_unlock(&world->lock);
	return 0;
}

static void
close_place(void *data)
{
	struct world *world = data;

	set(world, &world->closed, true);
}

static void
tell(void *data, const char *text)
{
	struct world *world = data;

	pthread_mutex_lock(&world->lock);
	str_printf(&world->told, "%s\n", text);
	pthread_mutex_unlock(&world->lock);
}

static bool
holds(struct world *world, struct str *text, const char *wanted)
{
	pthread_mutex_lock(&world->lock);
	bool found = strstr(str_cstr(text), wanted) != NULL;
	pthread_mutex_unlock(&world->lock);
	return found;
}

static void
await(struct world *world, struct str *text, const char *wanted)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_MS;

	while (!holds(world, text, wanted)) {
		if (clock_mono_ms() > until_ms)
			fail_msg("\"%s\" never came; there is:\n%s", wanted, str_cstr(text));
		poll(NULL, 0, 2);
	}
}

static int
tries_of(struct world *world)
{
	pthread_mutex_lock(&world->lock);
	int tries = world->tries;
	pthread_mutex_unlock(&world->lock);
	return tries;
}

static void
await_tries(struct world *world, int count)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_MS;

	while (tries_of(world) < count) {
		if (clock_mono_ms() > until_ms)
			fail_msg("only %d tries came", tries_of(world));
		poll(NULL, 0, 2);
	}
}

static struct run_event *
record_event(struct fixture *f, enum record_type type)
{
	struct run_event *event = run_event_new(EVENT_RECORD, NULL, NULL);

	event->record = record_new(f->seq++, 1000, "run", type, cJSON_CreateObject(), NULL);
	return event;
}

static void
happens(struct fixture *f, enum record_type type)
{
	queue_push(f->link.events, record_event(f, type));
}

static void
start(struct fixture *f, size_t places)
{
	struct anchor_place *list = xcalloc(2, sizeof(*list));
	struct world *worlds[] = { &f->world, &f->other };

	for (size_t i = 0; i < places; i++)
		list[i] = (struct anchor_place){
			.name = xstrdup(i == 0 ? "here" : "there"),
			.put = put,
			.close = close_place,
			.data = worlds[i],
		};
	f->anchors = anchors_start(&f->link, list, places, tell, &f->world);
}

static void
stop(struct fixture *f)
{
	queue_push(f->link.events, run_event_new(EVENT_CLOSED, NULL, NULL));
	anchors_stop(f->anchors);
	f->anchors = NULL;
}

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	pthread_mutex_init(&f->world.lock, NULL);
	pthread_mutex_init(&f->other.lock, NULL);
	f->link.events = queue_new();
	*state = f;
	return 0;
}

static void
free_event(void *event)
{
	run_event_free(event);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->anchors)
		stop(f);
	queue_free(f->link.events, free_event);
	str_release(&f->world.log);
	str_release(&f->world.told);
	str_release(&f->other.log);
	free(f);
	return 0;
}

static void
anchors_start_durable_records_puts_their_heads(void **state)
{
	struct fixture *f = *state;

	start(f, 1);
	happens(f, RECORD_RUN);
	await(&f->world, &f->world.log, "0 run ");
	happens(f, RECORD_PLAN);
	happens(f, RECORD_PROMPT);
	happens(f, RECORD_INTENT);
	await(&f->world, &f->world.log, "3 intent ");
	stop(f);
	assert_null(strstr(str_cstr(&f->world.log), "plan"));
	assert_null(strstr(str_cstr(&f->world.log), "prompt"));
	assert_true(f->world.closed);
	assert_string_equal(str_cstr(&f->world.told), "");
}

static void
anchors_start_replayed_or_pretended_puts_nothing(void **state)
{
	struct fixture *f = *state;
	struct run_event *old = record_event(f, RECORD_RUN), *seeming = NULL;

	start(f, 1);
	old->replayed = true;
	queue_push(f->link.events, old);
	seeming = record_event(f, RECORD_INTENT);
	seeming->pretended = true;
	queue_push(f->link.events, seeming);
	stop(f);
	assert_int_equal(f->world.tries, 0);
}

static void
anchors_start_slow_place_only_the_latest_waits(void **state)
{
	struct fixture *f = *state;

	f->world.holding = true;
	start(f, 1);
	happens(f, RECORD_RUN);
	await_tries(&f->world, 1);
	for (int i = 0; i < 50; i++)
		happens(f, RECORD_NOTE);
	queue_push(f->link.events, run_event_new(EVENT_CLOSED, NULL, NULL));
	while (queue_len(f->link.events) > 0)
		poll(NULL, 0, 1);
	set(&f->world, &f->world.holding, false);
	await(&f->world, &f->world.log, "50 note");
	anchors_stop(f->anchors);
	f->anchors = NULL;
	/* one that the collector had not yet taken when the first was let go may have come between */
	assert_in_range(f->world.tries, 2, 3);
}

static void
anchors_start_one_hangs_the_other_goes_on(void **state)
{
	struct fixture *f = *state;

	f->world.holding = true;
	start(f, 2);
	happens(f, RECORD_RUN);
	await(&f->other, &f->other.log, "0 run");
	happens(f, RECORD_INTENT);
	await(&f->other, &f->other.log, "1 intent");
	assert_string_equal(str_cstr(&f->world.log), "");
	set(&f->world, &f->world.holding, false);
	await(&f->world, &f->world.log, "1 intent");
}

static void
anchors_start_failing_place_is_told_once_and_when_it_is_back(void **state)
{
	struct fixture *f = *state;

	f->world.failing = true;
	start(f, 1);
	happens(f, RECORD_RUN);
	await(&f->world, &f->world.told, "until it gets there: no route to ^[[31mhost");
	happens(f, RECORD_INTENT);
	await_tries(&f->world, 2);
	set(&f->world, &f->world.failing, false);
	await(&f->world, &f->world.told, "copied to here again, up to record 1");
	await(&f->world, &f->world.log, "1 intent");
	happens(f, RECORD_OUTCOME);
	await(&f->world, &f->world.log, "2 outcome");
	stop(f);
	assert_null(strstr(str_cstr(&f->world.log), "0 run"));
	const char *once = strstr(f->world.told.data, "cannot");
	assert_null(strstr(once + 1, "cannot"));
	once = strstr(f->world.told.data, "again, up to");
	assert_null(strstr(once + 1, "again, up to"));
}

static void
anchors_stop_failing_place_gets_a_last_chance(void **state)
{
	struct fixture *f = *state;

	f->world.failing = true;
	start(f, 1);
	happens(f, RECORD_END);
	await(&f->world, &f->world.told, "cannot");
	set(&f->world, &f->world.failing, false);
	stop(f);
	assert_non_null(strstr(str_cstr(&f->world.log), "0 end"));
}

static void
anchors_stop_hanging_place_ends_in_time_and_says_so(void **state)
{
	struct fixture *f = *state;
	int64_t begin_ms = clock_mono_ms();

	f->world.holding = true;
	start(f, 1);
	happens(f, RECORD_END);
	await_tries(&f->world, 1);
	stop(f);
	assert_in_range(clock_mono_ms() - begin_ms, 2500, 6000);
	assert_non_null(strstr(str_cstr(&f->world.told), "last head, of record 0, was not copied"));
	assert_true(f->world.closed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(anchors_start_durable_records_puts_their_heads,
						setup, teardown),
		cmocka_unit_test_setup_teardown(anchors_start_replayed_or_pretended_puts_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(anchors_start_slow_place_only_the_latest_waits,
						setup, teardown),
		cmocka_unit_test_setup_teardown(anchors_start_one_hangs_the_other_goes_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			anchors_start_failing_place_is_told_once_and_when_it_is_back, setup,
			teardown),
		cmocka_unit_test_setup_teardown(anchors_stop_failing_place_gets_a_last_chance,
						setup, teardown),
		cmocka_unit_test_setup_teardown(anchors_stop_hanging_place_ends_in_time_and_says_so,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
