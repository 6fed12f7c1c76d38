#include "config.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "feed/log_match.h"
#include "feed/logs_private.h"

/* A feed that leads nowhere: its lines come from the test. */
static struct log_feed *
feed_new(size_t max_lines)
{
	struct feed_source source = { .kubeconfig = "/nonexistent/kubeconfig" };

	return log_feed_new(&source, NULL, 1 << 20, max_lines, -1);
}

static void
add(struct log_feed *feed, const char *text, bool marker)
{
	struct redactor *redactor = redactor_new(NULL);
	struct log_batch batch = { .count = 0 };
	uint32_t origin = log_feed_origin(feed, "pod");

	if (marker)
		log_batch_remark(&batch, redactor, text);
	else
		log_batch_add(&batch, redactor, "2026-11-21T10:00:00Z", text, strlen(text));
	log_feed_add(feed, origin, &batch);
	log_feed_origin_release(feed, origin);
	log_batch_release(&batch);
	redactor_free(redactor);
}

/* Every third line is an error. */
static void
add_lines(struct log_feed *feed, int count)
{
	static const char *const texts[] = { "an error", "fine", "fine too" };

	for (int i = 0; i < count; i++)
		add(feed, texts[i % 3], false);
}

static void
catch_up(struct log_match *match)
{
	int64_t deadline_ms = clock_mono_ms() + 10000;

	while (!log_match_advance(match, 5))
		assert_true(clock_mono_ms() < deadline_ms);
}

static void
advance_finds_old_and_new_lines_in_order(void **state)
{
	struct log_feed *feed = feed_new(100000);
	struct pattern *pattern = pattern_new("error", NULL);
	struct log_match *match;

	(void)state;
	add_lines(feed, 999);
	match = log_match_new(feed, pattern, false);
	assert_int_equal(log_match_count(match), 0);
	catch_up(match);
	assert_int_equal(log_match_count(match), 333);
	add_lines(feed, 300);
	catch_up(match);
	assert_int_equal(log_match_count(match), 433);
	for (size_t i = 0; i < 433; i++)
		assert_int_equal(log_match_at(match, i), 3 * i);
	assert_int_equal(log_match_index(match, 0), 0);
	assert_int_equal(log_match_index(match, 4), 2);
	assert_int_equal(log_match_index(match, 1296), 432);
	assert_int_equal(log_match_index(match, 1297), 433);
	log_match_free(match);
	log_match_free(NULL);
	pattern_free(pattern);
	log_feed_free(feed);
}

static void
advance_without_time_looks_at_the_newest_first(void **state)
{
	struct log_feed *feed = feed_new(100000);
	struct pattern *pattern = pattern_new("error", NULL);
	struct log_match *match;
	size_t steps = 0;
	int percent = 0;

	(void)state;
	add_lines(feed, 3000);
	match = log_match_new(feed, pattern, false);
	assert_int_equal(log_match_percent(match), 0);
	while (log_match_count(match) == 0)
		assert_false(log_match_advance(match, 0));
	assert_int_equal(log_match_at(match, 0), 2997);
	while (!log_match_advance(match, 0)) {
		assert_in_range(log_match_percent(match), percent, 100);
		percent = log_match_percent(match);
		steps++;
	}
	assert_int_equal(log_match_percent(match), 100);
	assert_true(percent > 50);
	assert_int_equal(log_match_count(match), 1000);
	assert_true(steps > 10);
	log_match_free(match);
	pattern_free(pattern);
	log_feed_free(feed);
}

static void
advance_forgets_what_is_no_longer_kept(void **state)
{
	struct log_feed *feed = feed_new(300);
	struct pattern *pattern = pattern_new("error", NULL);
	struct log_match *match;
	uint64_t first, next;

	(void)state;
	add_lines(feed, 300);
	match = log_match_new(feed, pattern, false);
	catch_up(match);
	assert_int_equal(log_match_count(match), 100);
	for (int i = 0; i < 50; i++) {
		add_lines(feed, 30);
		catch_up(match);
		log_feed_range(feed, &first, &next);
		assert_int_equal(next - first, 300);
		assert_int_equal(log_match_count(match), 100);
		assert_int_equal(log_match_at(match, 0), first);
		assert_int_equal(log_match_at(match, 99), next - 3);
	}
	log_match_free(match);
	pattern_free(pattern);
	log_feed_free(feed);
}

static void
remarks_pass_a_filter_and_are_no_find(void **state)
{
	struct log_feed *feed = feed_new(1000);
	struct pattern *pattern = pattern_new("error", NULL);
	struct log_match *filter, *search;

	(void)state;
	add(feed, "stream broke: an error", true);
	add(feed, "fine", false);
	add(feed, "an error", false);
	filter = log_match_new(feed, pattern, true);
	search = log_match_new(feed, pattern, false);
	catch_up(filter);
	catch_up(search);
	assert_int_equal(log_match_count(filter), 2);
	assert_int_equal(log_match_at(filter, 0), 0);
	assert_int_equal(log_match_count(search), 1);
	assert_int_equal(log_match_at(search, 0), 2);
	log_match_free(filter);
	log_match_free(search);
	pattern_free(pattern);
	log_feed_free(feed);
}

static void
lines_are_matched_as_the_screen_shows_them(void **state)
{
	struct log_feed *feed = feed_new(1000);
	struct pattern *pattern = pattern_new("/^red alert$/", NULL);
	struct log_match *match = log_match_new(feed, pattern, false);

	(void)state;
	add(feed, "\x1b[31mred\x1b[0m alert", false);
	catch_up(match);
	assert_int_equal(log_match_count(match), 1);
	log_match_free(match);
	pattern_free(pattern);
	log_feed_free(feed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advance_finds_old_and_new_lines_in_order),
		cmocka_unit_test(advance_without_time_looks_at_the_newest_first),
		cmocka_unit_test(advance_forgets_what_is_no_longer_kept),
		cmocka_unit_test(remarks_pass_a_filter_and_are_no_find),
		cmocka_unit_test(lines_are_matched_as_the_screen_shows_them),
	};

	return cmocka_run_group_tests_name("log_match", tests, NULL, NULL);
}
