#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "feed/log_ring.h"

enum { MANY = 1 << 20 };

static void
add(struct log_ring *ring, uint32_t origin, const char *text, size_t len)
{
	log_ring_add(ring, &(struct log_record){ .origin = origin,
						 .stamp = log_stamp_pack("2026-11-21T10:00:00Z"),
						 .text = text,
						 .len = len });
}

static void
stamp_comes_back_as_it_was(void **state)
{
	static const char *const stamps[] = {
		"2026-11-21T14:07:32.118200143Z", "2026-11-21T14:07:32Z", "2026-11-21T14:07:32.1Z",
		"2026-11-21T14:07:32.100Z",	  "1970-01-01T00:00:00Z", "2024-02-29T23:59:59.9Z",
		"2500-12-31T23:59:59.999999999Z",
	};
	char out[LOG_STAMP_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++)
		assert_string_equal(log_stamp_unpack(log_stamp_pack(stamps[i]), out), stamps[i]);
	assert_string_equal(log_stamp_unpack(log_stamp_pack("2026-11-21T15:07:32.25+01:00"), out),
			    "2026-11-21T14:07:32.25Z");
	assert_string_equal(log_stamp_unpack(log_stamp_pack(""), out), "");
	assert_string_equal(log_stamp_unpack(log_stamp_pack("yesterday, at about noon"), out), "");
	assert_string_equal(log_stamp_unpack(log_stamp_pack("2026-99-21T14:07:32Z"), out), "");
}

static void
get_returns_what_was_added(void **state)
{
	struct log_ring *ring = log_ring_new(8192, MANY);
	uint32_t a = log_ring_origin(ring, "pod/a"), b = log_ring_origin(ring, "pod/b");
	struct log_record r;
	uint64_t first, next;
	char stamp[LOG_STAMP_MAX];

	(void)state;
	log_ring_range(ring, &first, &next);
	assert_int_equal(first, 0);
	assert_int_equal(next, 0);
	assert_false(log_ring_get(ring, 0, &r));
	log_ring_add(ring, &(struct log_record){ .origin = b,
						 .stamp = { .digits = LOG_STAMP_NONE },
						 .text = "he\0lo world",
						 .len = 5,
						 .marker = true });
	add(ring, a, "", 0);
	assert_true(log_ring_get(ring, 0, &r));
	assert_string_equal(log_ring_origin_name(ring, r.origin), "pod/b");
	assert_string_equal(log_stamp_unpack(r.stamp, stamp), "");
	assert_int_equal(r.len, 5);
	assert_memory_equal(r.text, "he\0lo", 5);
	assert_true(r.marker);
	assert_true(log_ring_get(ring, 1, &r));
	assert_string_equal(log_ring_origin_name(ring, r.origin), "pod/a");
	assert_string_equal(log_stamp_unpack(r.stamp, stamp), "2026-11-21T10:00:00Z");
	assert_int_equal(r.len, 0);
	assert_false(r.marker);
	assert_false(log_ring_get(ring, 2, &r));
	log_ring_free(ring);
	log_ring_free(NULL);
}

/* Every kept line must be whole, whatever the lengths, and the kept ones must be the latest. */
static void
add_beyond_size_keeps_latest_whole(void **state)
{
	struct log_ring *ring = log_ring_new(5000, MANY);
	uint32_t origin = log_ring_origin(ring, "pod");
	uint64_t first = 0, next = 0;
	char text[400];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "%u:", i);
		size_t fill = (i * 7919u) % 300;

		memset(text + len, 'x', fill);
		add(ring, origin, text, len + fill);
		log_ring_range(ring, &first, &next);
		assert_int_equal(next, i + 1);
		assert_true(first < next);
	}
	assert_true(next - first > 5);
	for (uint64_t n = first; n < next; n++) {
		struct log_record r;
		char *copy, *end;

		assert_true(log_ring_get(ring, n, &r));
		copy = xstrndup(r.text, r.len);
		assert_int_equal(strtoull(copy, &end, 10), n);
		assert_int_equal(*end, ':');
		assert_int_equal(strlen(end + 1), (n * 7919u) % 300);
		assert_int_equal(strspn(end + 1, "x"), strlen(end + 1));
		free(copy);
	}
	assert_false(log_ring_get(ring, first - 1, &(struct log_record){ 0 }));
	log_ring_free(ring);
}

static void
add_beyond_lines_drops_the_oldest(void **state)
{
	struct log_ring *ring = log_ring_new(1 << 20, 100);
	uint32_t origin = log_ring_origin(ring, "pod");
	uint64_t first, next;

	(void)state;
	for (int i = 0; i < 1234; i++)
		add(ring, origin, "x", 1);
	log_ring_range(ring, &first, &next);
	assert_int_equal(next, 1234);
	assert_int_equal(first, 1134);
	log_ring_free(ring);
}

static void
add_short_lines_are_bounded_too(void **state)
{
	struct log_ring *ring = log_ring_new(1 << 16, MANY);
	uint32_t origin = log_ring_origin(ring, "");
	uint64_t first, next;

	(void)state;
	for (int i = 0; i < 100000; i++)
		add(ring, origin, "", 0);
	log_ring_range(ring, &first, &next);
	assert_int_equal(next, 100000);
	assert_in_range(next - first, 1000, (1 << 16) / 16);
	log_ring_free(ring);
}

static void
add_huge_line_is_cut_at_a_character_and_says_so(void **state)
{
	struct log_ring *ring = log_ring_new(8192, MANY);
	uint32_t origin = log_ring_origin(ring, "pod");
	struct log_record r;
	char text[3000], *copy;

	(void)state;
	for (size_t i = 0; i < 3000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	add(ring, origin, text, sizeof(text));
	assert_true(log_ring_get(ring, 0, &r));
	copy = xstrndup(r.text, r.len);
	assert_non_null(strstr(copy, "\xe2\x82\xac … [1977 bytes cut]"));
	free(copy);
	log_ring_free(ring);
}

/* An origin lives as long as somebody holds it or a line bears it; then its number is free again. */
static void
origin_is_kept_while_a_line_bears_it(void **state)
{
	struct log_ring *ring = log_ring_new(1 << 16, 16);
	uint32_t old = log_ring_origin(ring, "old"), new;
	struct log_record r;

	(void)state;
	assert_int_equal(log_ring_origin(ring, "old"), old);
	add(ring, old, "x", 1);
	log_ring_origin_release(ring, old);
	log_ring_origin_release(ring, old);
	assert_true(log_ring_get(ring, 0, &r));
	assert_string_equal(log_ring_origin_name(ring, r.origin), "old");
	new = log_ring_origin(ring, "new");
	assert_int_not_equal(new, old);
	for (int i = 0; i < 16; i++)
		add(ring, new, "x", 1);
	assert_int_equal(log_ring_origin(ring, "third"), old);
	log_ring_free(ring);
}

static size_t
resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	size_t all = 0, resident = 0;

	if (!file || fscanf(file, "%zu %zu", &all, &resident) != 2)
		abort();
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void
new_takes_no_memory_before_it_is_filled(void **state)
{
	size_t before = resident_bytes();
	struct log_ring *ring = log_ring_new(200 << 20, MANY);
	uint32_t origin = log_ring_origin(ring, "pod");

	(void)state;
	add(ring, origin, "x", 1);
	assert_true(resident_bytes() < before + (8 << 20));
	log_ring_free(ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamp_comes_back_as_it_was),
		cmocka_unit_test(get_returns_what_was_added),
		cmocka_unit_test(add_beyond_size_keeps_latest_whole),
		cmocka_unit_test(add_beyond_lines_drops_the_oldest),
		cmocka_unit_test(add_short_lines_are_bounded_too),
		cmocka_unit_test(add_huge_line_is_cut_at_a_character_and_says_so),
		cmocka_unit_test(origin_is_kept_while_a_line_bears_it),
		cmocka_unit_test(new_takes_no_memory_before_it_is_filled),
	};

	return cmocka_run_group_tests_name("log_ring", tests, NULL, NULL);
}
