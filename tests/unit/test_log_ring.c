#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "feed/log_ring.h"

static void
add(struct log_ring *ring, const char *text)
{
	log_ring_add(ring, "pod", "2026-11-21T10:00:00Z", text, strlen(text), false);
}

static void
get_returns_what_was_added(void **state)
{
	struct log_ring *ring = log_ring_new(8192);
	struct log_line line;
	uint64_t first, next;

	(void)state;
	log_ring_range(ring, &first, &next);
	assert_int_equal(first, 0);
	assert_int_equal(next, 0);
	assert_false(log_ring_get(ring, 0, &line));
	log_ring_add(ring, "pod/a", "stamp", "hello world", 5, true);
	add(ring, "");
	assert_true(log_ring_get(ring, 0, &line));
	assert_string_equal(line.origin, "pod/a");
	assert_string_equal(line.stamp, "stamp");
	assert_string_equal(line.text, "hello");
	assert_true(line.marker);
	assert_int_equal(line.number, 0);
	assert_true(log_ring_get(ring, 1, &line));
	assert_string_equal(line.text, "");
	assert_false(line.marker);
	assert_false(log_ring_get(ring, 2, &line));
	log_ring_free(ring);
	log_ring_free(NULL);
}

/* Every kept line must be whole, whatever the lengths, and the kept ones must be the latest. */
static void
add_beyond_size_keeps_latest_whole(void **state)
{
	struct log_ring *ring = log_ring_new(5000);
	uint64_t first = 0, next = 0;
	char text[400];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "%u:", i);
		size_t fill = (i * 7919u) % 300;

		memset(text + len, 'x', fill);
		text[len + fill] = '\0';
		add(ring, text);
		log_ring_range(ring, &first, &next);
		assert_int_equal(next, i + 1);
		assert_true(first < next);
	}
	assert_true(next - first > 5);
	for (uint64_t n = first; n < next; n++) {
		struct log_line line;
		char *end;

		assert_true(log_ring_get(ring, n, &line));
		assert_int_equal(strtoull(line.text, &end, 10), n);
		assert_int_equal(*end, ':');
		assert_int_equal(strlen(end + 1), (n * 7919u) % 300);
		assert_int_equal(strspn(end + 1, "x"), strlen(end + 1));
		assert_string_equal(line.origin, "pod");
	}
	assert_false(log_ring_get(ring, first - 1, &(struct log_line){ 0 }));
	log_ring_free(ring);
}

static void
add_short_lines_are_bounded_too(void **state)
{
	struct log_ring *ring = log_ring_new(1 << 16);
	uint64_t first, next;

	(void)state;
	for (int i = 0; i < 100000; i++)
		log_ring_add(ring, "", "", "", 0, false);
	log_ring_range(ring, &first, &next);
	assert_int_equal(next, 100000);
	assert_in_range(next - first, 1000, (1 << 16) / 32);
	log_ring_free(ring);
}

static void
add_huge_line_is_cut_at_a_character_and_says_so(void **state)
{
	struct log_ring *ring = log_ring_new(8192);
	struct log_line line;
	char text[3001];

	(void)state;
	for (size_t i = 0; i < 3000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[3000] = '\0';
	add(ring, text);
	assert_true(log_ring_get(ring, 0, &line));
	assert_non_null(strstr(line.text, "\xe2\x82\xac … [1977 bytes cut]"));
	log_ring_free(ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_returns_what_was_added),
		cmocka_unit_test(add_beyond_size_keeps_latest_whole),
		cmocka_unit_test(add_short_lines_are_bounded_too),
		cmocka_unit_test(add_huge_line_is_cut_at_a_character_and_says_so),
	};

	return cmocka_run_group_tests_name("log_ring", tests, NULL, NULL);
}
