#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "world/api/podlog.h"

#define SECOND INT64_C(1000000000)
#define NOON (INT64_C(1795262400) * SECOND) /* 2026-11-21T12:00:00Z */

enum { LONG_MS = 30000 };

/* All that a query gives until its end. The caller frees. */
static char *
read_all(struct podlogs *logs, const char *uid, const char *container, struct podlog_query query)
{
	struct podlog_reader *reader = podlog_read(logs, uid, container, &query);
	struct str text = STR_INIT;
	char bytes[7];
	long n;

	assert_non_null(reader);
	while ((n = podlog_next(reader, bytes, sizeof(bytes), LONG_MS)) > 0)
		str_append_bytes(&text, bytes, (size_t)n);
	assert_int_equal(n, -1);
	podlog_reader_free(reader);
	return str_take(&text);
}

static void
expect(struct podlogs *logs, struct podlog_query query, const char *wanted)
{
	char *text = read_all(logs, "u1", "main", query);

	assert_string_equal(text, wanted);
	free(text);
}

static struct podlogs *
three_lines(void)
{
	struct podlogs *logs = podlogs_new();

	podlogs_write(logs, "u1", "main", NOON, "one");
	podlogs_write(logs, "u1", "main", NOON + SECOND / 2, "two");
	podlogs_write(logs, "u1", "main", NOON + 2 * SECOND, "three");
	podlogs_write(logs, "u1", "side", NOON, "elsewhere");
	podlogs_write(logs, "u2", "main", NOON, "another pod");
	return logs;
}

static void
read_without_wishes_gives_all_lines_of_the_container(void **state)
{
	struct podlogs *logs = three_lines();

	(void)state;
	expect(logs, (struct podlog_query){ .tail = -1 }, "one\ntwo\nthree\n");
	podlogs_free(logs);
}

static void
read_with_timestamps_has_nine_digits(void **state)
{
	struct podlogs *logs = three_lines();

	(void)state;
	expect(logs, (struct podlog_query){ .tail = 2, .timestamps = true },
	       "2026-11-21T12:00:00.500000000Z two\n2026-11-21T12:00:02.000000000Z three\n");
	podlogs_free(logs);
}

static void
read_tail_since_and_limit_cut_in_the_kubelets_order(void **state)
{
	struct podlogs *logs = three_lines();

	(void)state;
	expect(logs, (struct podlog_query){ .tail = 1 }, "three\n");
	expect(logs, (struct podlog_query){ .tail = 0 }, "");
	expect(logs, (struct podlog_query){ .tail = 9 }, "one\ntwo\nthree\n");
	expect(logs, (struct podlog_query){ .tail = -1, .since_ns = NOON + SECOND / 2 },
	       "two\nthree\n");
	expect(logs, (struct podlog_query){ .tail = 2, .since_ns = NOON + SECOND }, "three\n");
	expect(logs, (struct podlog_query){ .tail = -1, .limit_bytes = 6 }, "one\ntw");
	expect(logs, (struct podlog_query){ .tail = -1, .limit_bytes = 100 }, "one\ntwo\nthree\n");
	podlogs_free(logs);
}

static void
read_of_what_is_not_there_is_null(void **state)
{
	struct podlogs *logs = three_lines();

	(void)state;
	assert_null(podlog_read(logs, "u3", "main", &(struct podlog_query){ .tail = -1 }));
	assert_null(podlog_read(logs, "u1", "none", &(struct podlog_query){ .tail = -1 }));
	assert_null(podlog_read(logs, "u1", "main",
				&(struct podlog_query){ .tail = -1, .previous = true }));
	podlogs_free(logs);
}

static void
restart_makes_the_log_before(void **state)
{
	struct podlogs *logs = three_lines();

	(void)state;
	podlogs_restart(logs, "u1", "main");
	expect(logs, (struct podlog_query){ .tail = -1 }, "");
	podlogs_write(logs, "u1", "main", NOON + 3 * SECOND, "four");
	expect(logs, (struct podlog_query){ .tail = -1 }, "four\n");
	expect(logs, (struct podlog_query){ .tail = 1, .previous = true }, "three\n");
	podlogs_restart(logs, "u1", "main");
	expect(logs, (struct podlog_query){ .tail = -1, .previous = true, .follow = true },
	       "four\n");
	podlogs_free(logs);
}

static void
restart_of_what_never_ran_begins_a_first_instance(void **state)
{
	struct podlogs *logs = podlogs_new();

	(void)state;
	podlogs_restart(logs, "u1", "main");
	expect(logs, (struct podlog_query){ .tail = -1 }, "");
	assert_null(podlog_read(logs, "u1", "main",
				&(struct podlog_query){ .tail = -1, .previous = true }));
	podlogs_free(logs);
}

static void
write_back_in_time_keeps_the_order(void **state)
{
	struct podlogs *logs = podlogs_new();

	(void)state;
	podlogs_write(logs, "u1", "main", NOON + SECOND, "late");
	podlogs_write(logs, "u1", "main", NOON, "early");
	expect(logs, (struct podlog_query){ .tail = 1, .timestamps = true },
	       "2026-11-21T12:00:01.000000000Z early\n");
	podlogs_free(logs);
}

static void
write_of_several_lines_at_once_makes_lines(void **state)
{
	struct podlogs *logs = podlogs_new();

	(void)state;
	podlogs_write(logs, "u1", "main", NOON, "a\nb");
	expect(logs, (struct podlog_query){ .tail = 1 }, "b\n");
	podlogs_free(logs);
}

static void
write_without_end_forgets_the_oldest_lines_only(void **state)
{
	struct podlogs *logs = podlogs_new();
	char line[32], *text, *huge = malloc(PODLOG_MAX_BYTES + 2);
	enum { LINES = 200000 };

	(void)state;
	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "line %06d", i);
		podlogs_write(logs, "u1", "main", NOON + i, line);
	}
	text = read_all(logs, "u1", "main", (struct podlog_query){ .tail = -1 });
	assert_true(strlen(text) < PODLOG_MAX_BYTES);
	assert_true(strlen(text) > PODLOG_MAX_BYTES / 4);
	assert_true(str_ends_with(text, "line 199999\n"));
	int number = LINES - (int)(strlen(text) / strlen("line 000000\n"));
	snprintf(line, sizeof(line), "line %06d\n", number);
	assert_true(str_starts_with(text, line));
	free(text);

	memset(huge, 'x', PODLOG_MAX_BYTES + 1);
	huge[PODLOG_MAX_BYTES + 1] = '\0';
	podlogs_write(logs, "u1", "main", NOON + LINES, huge);
	text = read_all(logs, "u1", "main", (struct podlog_query){ .tail = -1 });
	assert_true(strlen(text) > PODLOG_MAX_BYTES - 100 && strlen(text) <= PODLOG_MAX_BYTES);
	free(text);
	free(huge);
	podlogs_free(logs);
}

static void
next_of_a_slow_reader_goes_on_with_the_oldest_line_that_is_left(void **state)
{
	struct podlogs *logs = podlogs_new();
	struct podlog_reader *reader;
	char line[32], bytes[32];

	(void)state;
	podlogs_write(logs, "u1", "main", NOON, "first");
	reader = podlog_read(logs, "u1", "main",
			     &(struct podlog_query){ .tail = -1, .follow = true });
	for (int i = 0; i < 100000; i++) {
		snprintf(line, sizeof(line), "line %06d", i);
		podlogs_write(logs, "u1", "main", NOON + i, line);
	}
	assert_int_equal(podlog_next(reader, bytes, 12, LONG_MS), 12);
	assert_memory_equal(bytes, "line ", 5);
	assert_int_equal(bytes[11], '\n');
	podlog_reader_free(reader);
	podlogs_free(logs);
}

static void
next_of_a_reader_that_keeps_up_gives_every_line_once(void **state)
{
	struct podlogs *logs = podlogs_new();
	struct podlog_reader *reader;
	char line[32], bytes[4096];
	size_t all = 0;
	enum { LINES = 150000, STEP = 250 };

	(void)state;
	podlogs_restart(logs, "u1", "main");
	reader = podlog_read(logs, "u1", "main",
			     &(struct podlog_query){ .tail = -1, .follow = true });
	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "line %06d", i);
		podlogs_write(logs, "u1", "main", NOON + i, line);
		if (i % STEP != STEP - 1)
			continue;
		long n = podlog_next(reader, bytes, sizeof(bytes), LONG_MS);
		assert_int_equal(n, STEP * 12);
		assert_memory_equal(bytes + n - 12, line, 11);
		all += (size_t)n;
	}
	assert_int_equal(all, LINES * 12);
	podlog_reader_free(reader);
	podlogs_free(logs);
}

/* ---- following ---- */

struct follower {
	struct podlogs *logs;
	struct podlog_reader *reader;
	struct str text;
	pthread_t thread;
};

static void *
follow(void *data)
{
	struct follower *f = data;
	char bytes[100];
	long n;

	while ((n = podlog_next(f->reader, bytes, sizeof(bytes), LONG_MS)) > 0)
		str_append_bytes(&f->text, bytes, (size_t)n);
	return NULL;
}

static void
follower_begin(struct follower *f, struct podlogs *logs, struct podlog_query query)
{
	*f = (struct follower){ .logs = logs };
	query.follow = true;
	f->reader = podlog_read(logs, "u1", "main", &query);
	assert_non_null(f->reader);
	assert_int_equal(pthread_create(&f->thread, NULL, follow, f), 0);
}

static void
follower_expect(struct follower *f, const char *wanted)
{
	pthread_join(f->thread, NULL);
	assert_string_equal(str_cstr(&f->text), wanted);
	podlog_reader_free(f->reader);
	str_release(&f->text);
}

static void
follow_until_the_end_of_the_container_gives_what_was_and_what_comes(void **state)
{
	struct podlogs *logs = three_lines();
	struct follower f;

	(void)state;
	follower_begin(&f, logs, (struct podlog_query){ .tail = 1 });
	podlogs_write(logs, "u1", "main", NOON + 3 * SECOND, "four");
	podlogs_write(logs, "u1", "side", NOON + 3 * SECOND, "elsewhere");
	podlogs_end(logs, "u1", "main");
	follower_expect(&f, "three\nfour\n");
	podlogs_free(logs);
}

static void
follow_of_a_container_that_starts_anew_ends_with_its_instance(void **state)
{
	struct podlogs *logs = three_lines();
	struct follower f;

	(void)state;
	follower_begin(&f, logs, (struct podlog_query){ .tail = 0 });
	podlogs_write(logs, "u1", "main", NOON + 3 * SECOND, "last words");
	podlogs_restart(logs, "u1", "main");
	podlogs_write(logs, "u1", "main", NOON + 4 * SECOND, "anew");
	follower_expect(&f, "last words\n");
	follower_begin(&f, logs, (struct podlog_query){ .tail = -1 });
	podlogs_end(logs, "u1", "main");
	follower_expect(&f, "anew\n");
	podlogs_free(logs);
}

static void
follow_of_a_pod_that_goes_ends(void **state)
{
	struct podlogs *logs = three_lines();
	struct follower f;

	(void)state;
	follower_begin(&f, logs, (struct podlog_query){ .tail = -1 });
	podlogs_remove(logs, "u1");
	follower_expect(&f, "one\ntwo\nthree\n");
	assert_null(podlog_read(logs, "u1", "side", &(struct podlog_query){ .tail = -1 }));
	assert_null(podlog_read(logs, "u1", "main", &(struct podlog_query){ .tail = -1 }));
	char *text = read_all(logs, "u2", "main", (struct podlog_query){ .tail = -1 });
	assert_string_equal(text, "another pod\n");
	free(text);
	podlogs_free(logs);
}

static void
follow_with_a_limit_ends_at_it(void **state)
{
	struct podlogs *logs = three_lines();
	struct follower f;

	(void)state;
	follower_begin(&f, logs, (struct podlog_query){ .tail = 0, .limit_bytes = 4 });
	podlogs_write(logs, "u1", "main", NOON + 3 * SECOND, "four");
	follower_expect(&f, "four");
	podlogs_free(logs);
}

static void
next_when_nothing_comes_returns_nothing_after_its_time(void **state)
{
	struct podlogs *logs = three_lines();
	struct podlog_reader *reader = podlog_read(
		logs, "u1", "main", &(struct podlog_query){ .tail = 0, .follow = true });
	int64_t begin = clock_mono_ms();
	char bytes[8];

	(void)state;
	assert_int_equal(podlog_next(reader, bytes, sizeof(bytes), 50), 0);
	assert_true(clock_mono_ms() - begin >= 49);
	podlog_reader_free(reader);
	podlogs_free(logs);
}

static void
wake_lets_every_reader_return_once(void **state)
{
	struct podlogs *logs = three_lines();
	struct follower f;
	char bytes[8];

	(void)state;
	follower_begin(&f, logs, (struct podlog_query){ .tail = 0 });
	podlogs_wake(logs); /* before or while it waits */
	follower_expect(&f, "");
	struct podlog_reader *reader = podlog_read(
		logs, "u1", "main", &(struct podlog_query){ .tail = 0, .follow = true });
	podlogs_wake(logs);
	assert_int_equal(podlog_next(reader, bytes, sizeof(bytes), LONG_MS), 0);
	podlogs_write(logs, "u1", "main", NOON + 9 * SECOND, "on");
	assert_int_equal(podlog_next(reader, bytes, sizeof(bytes), LONG_MS), 3);
	podlog_reader_free(reader);
	podlogs_free(logs);
}

enum { WRITERS = 4, FOLLOWERS = 12, LINES_EACH = 1500 };

struct writer {
	struct podlogs *logs;
	pthread_t thread;
	int number;
};

static void *
write_many(void *data)
{
	const struct writer *w = data;
	char line[32];

	for (int i = 0; i < LINES_EACH; i++) {
		snprintf(line, sizeof(line), "%d %04d", w->number, i);
		podlogs_write(w->logs, "u1", "main", NOON + i, line);
		podlogs_write(w->logs, "u3", line, NOON, "noise");
		if (i % 100 == 0)
			podlogs_remove(w->logs, "u3");
	}
	return NULL;
}

static void
follow_by_many_beside_many_writers_loses_nothing(void **state)
{
	struct podlogs *logs = podlogs_new();
	struct follower followers[FOLLOWERS];
	struct writer writers[WRITERS];
	size_t wanted = (size_t)WRITERS * LINES_EACH * strlen("0 0000\n");

	(void)state;
	podlogs_restart(logs, "u1", "main");
	for (int i = 0; i < FOLLOWERS; i++)
		follower_begin(&followers[i], logs, (struct podlog_query){ .tail = -1 });
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .logs = logs, .number = i };
		pthread_create(&writers[i].thread, NULL, write_many, &writers[i]);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	podlogs_end(logs, "u1", "main");
	for (int i = 0; i < FOLLOWERS; i++) {
		pthread_join(followers[i].thread, NULL);
		assert_int_equal(followers[i].text.len, wanted);
		podlog_reader_free(followers[i].reader);
		str_release(&followers[i].text);
	}
	podlogs_free(logs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_without_wishes_gives_all_lines_of_the_container),
		cmocka_unit_test(read_with_timestamps_has_nine_digits),
		cmocka_unit_test(read_tail_since_and_limit_cut_in_the_kubelets_order),
		cmocka_unit_test(read_of_what_is_not_there_is_null),
		cmocka_unit_test(restart_makes_the_log_before),
		cmocka_unit_test(restart_of_what_never_ran_begins_a_first_instance),
		cmocka_unit_test(write_back_in_time_keeps_the_order),
		cmocka_unit_test(write_of_several_lines_at_once_makes_lines),
		cmocka_unit_test(write_without_end_forgets_the_oldest_lines_only),
		cmocka_unit_test(next_of_a_slow_reader_goes_on_with_the_oldest_line_that_is_left),
		cmocka_unit_test(next_of_a_reader_that_keeps_up_gives_every_line_once),
		cmocka_unit_test(
			follow_until_the_end_of_the_container_gives_what_was_and_what_comes),
		cmocka_unit_test(follow_of_a_container_that_starts_anew_ends_with_its_instance),
		cmocka_unit_test(follow_of_a_pod_that_goes_ends),
		cmocka_unit_test(follow_with_a_limit_ends_at_it),
		cmocka_unit_test(next_when_nothing_comes_returns_nothing_after_its_time),
		cmocka_unit_test(wake_lets_every_reader_return_once),
		cmocka_unit_test(follow_by_many_beside_many_writers_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
