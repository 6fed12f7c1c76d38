#include "config.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "feed/pod_fold.h"
#include "feed/pods.h"

static const char columns[] =
	"[{\"name\":\"Name\"},{\"name\":\"Ready\"},{\"name\":\"Status\"},{\"name\":\"Restarts\"},"
	"{\"name\":\"Age\"},{\"name\":\"IP\",\"priority\":1},{\"name\":\"Node\",\"priority\":1}]";

static bool
add_row(struct pod_fold *fold, const char *uid, const char *name, const char *cells)
{
	cJSON *parsed = cJSON_Parse(cells);
	struct kube_row row = { .uid = uid,
				.name = name,
				.ns = "tsb",
				.created = "2026-11-21T10:00:00Z",
				.cells = parsed };
	bool changed = pod_fold_row(fold, &row);

	cJSON_Delete(parsed);
	return changed;
}

static struct pod_fold *
fold_new(struct secrets *secrets)
{
	struct pod_fold *fold = pod_fold_new(secrets);
	cJSON *definitions = cJSON_Parse(columns);

	pod_fold_columns(fold, definitions);
	cJSON_Delete(definitions);
	return fold;
}

static void
fold_rows_are_sorted_and_cells_found_by_name(void **state)
{
	struct pod_fold *fold = fold_new(NULL);
	struct pod_snapshot *s;

	(void)state;
	pod_fold_list_begin(fold);
	assert_true(add_row(fold, "u2", "web",
			    "[\"web\",\"1/2\",\"CrashLoopBackOff\",7,\"3m\",\"ip\",\"n1\"]"));
	assert_true(add_row(fold, "u1", "edge",
			    "[\"edge\",\"2/2\",\"Running\",\"4 (3m ago)\",\"3m\",\"ip\",\"n2\"]"));
	assert_true(add_row(fold, "u3", "job",
			    "[\"job\",\"0/1\",\"Completed\",0,\"3m\",\"ip\",\"n2\"]"));
	s = pod_fold_snapshot(fold, 1);
	assert_false(s->complete);
	pod_snapshot_release(s);
	assert_true(pod_fold_listed(fold));
	s = pod_fold_snapshot(fold, 2);
	assert_true(s->complete);
	assert_int_equal(s->count, 3);
	assert_int_equal(s->unhealthy, 1);
	assert_string_equal(s->rows[0].name, "edge");
	assert_string_equal(s->rows[0].restarts, "4");
	assert_true(s->rows[0].healthy);
	assert_string_equal(s->rows[0].node, "n2");
	assert_true(s->rows[1].healthy); /* completed */
	assert_string_equal(s->rows[2].name, "web");
	assert_string_equal(s->rows[2].ready, "1/2");
	assert_string_equal(s->rows[2].status, "CrashLoopBackOff");
	assert_string_equal(s->rows[2].restarts, "7");
	assert_false(s->rows[2].healthy);
	assert_int_equal(s->rows[2].created_ms, 1795255200000);
	pod_snapshot_release(s);
	pod_fold_free(fold);
}

static void
fold_snapshot_stays_as_it_was(void **state)
{
	struct pod_fold *fold = fold_new(NULL);
	struct pod_snapshot *old, *new;

	(void)state;
	add_row(fold, "u1", "a", "[\"a\",\"0/1\",\"Pending\",0,\"3m\",\"\",\"\"]");
	old = pod_fold_snapshot(fold, 1);
	pod_snapshot_retain(old);
	assert_true(add_row(fold, "u1", "a", "[\"a\",\"1/1\",\"Running\",0,\"3m\",\"\",\"n\"]"));
	assert_false(add_row(fold, "u1", "a", "[\"a\",\"1/1\",\"Running\",0,\"9m\",\"\",\"n\"]"));
	new = pod_fold_snapshot(fold, 2);
	pod_fold_free(fold);
	pod_snapshot_release(old);
	assert_string_equal(old->rows[0].status, "Pending");
	assert_int_equal(old->unhealthy, 1);
	assert_string_equal(new->rows[0].status, "Running");
	assert_int_equal(new->unhealthy, 0);
	pod_snapshot_release(old);
	pod_snapshot_release(new);
}

static void
fold_relist_drops_what_it_does_not_name(void **state)
{
	struct pod_fold *fold = fold_new(NULL);
	struct pod_snapshot *s;

	(void)state;
	pod_fold_list_begin(fold);
	add_row(fold, "u1", "a", "[\"a\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]");
	add_row(fold, "u2", "b", "[\"b\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]");
	add_row(fold, "u3", "c", "[\"c\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]");
	pod_fold_listed(fold);
	pod_fold_list_begin(fold);
	assert_false(add_row(fold, "u1", "a", "[\"a\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]"));
	assert_false(add_row(fold, "u3", "c", "[\"c\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]"));
	assert_true(pod_fold_listed(fold));
	s = pod_fold_snapshot(fold, 1);
	assert_int_equal(s->count, 2);
	assert_string_equal(s->rows[1].name, "c");
	pod_snapshot_release(s);
	pod_fold_list_begin(fold);
	add_row(fold, "u1", "a", "[\"a\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]");
	add_row(fold, "u3", "c", "[\"c\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]");
	assert_false(pod_fold_listed(fold));
	pod_fold_free(fold);
}

static void
fold_removed_of_another_uid_keeps_the_new_one(void **state)
{
	struct pod_fold *fold = fold_new(NULL);
	struct kube_row row = { .uid = "old", .name = "db-0" };

	(void)state;
	add_row(fold, "old", "db-0", "[\"db-0\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]");
	assert_true(
		add_row(fold, "new", "db-0", "[\"db-0\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]"));
	assert_false(pod_fold_removed(fold, &row));
	row.uid = "new";
	assert_true(pod_fold_removed(fold, &row));
	assert_false(pod_fold_removed(fold, &row));
	pod_fold_free(fold);
}

static void
fold_foreign_text_passes_both_doors(void **state)
{
	struct secrets *secrets = secrets_new();
	struct pod_fold *fold = fold_new(secrets);
	struct pod_snapshot *s;

	(void)state;
	secrets_add(secrets, "token", "hunter2hunter2", 14, NULL);
	add_row(fold, "u", "a", "[\"a\",\"0/1\",\"x\\u001b[31mhunter2hunter2\",0,\"\",\"\",\"\"]");
	s = pod_fold_snapshot(fold, 1);
	assert_null(strchr(s->rows[0].status, '\x1b'));
	assert_null(strstr(s->rows[0].status, "hunter2"));
	assert_non_null(strstr(s->rows[0].status, "token"));
	pod_snapshot_release(s);
	pod_fold_free(fold);
	secrets_free(secrets);
}

static void
fold_cells_of_other_types_and_too_few_are_empty(void **state)
{
	struct pod_fold *fold = fold_new(NULL);
	struct pod_snapshot *s;

	(void)state;
	add_row(fold, "u", "a", "[\"a\",null,{}]");
	add_row(fold, NULL, "b", "null");
	s = pod_fold_snapshot(fold, 1);
	assert_int_equal(s->count, 2);
	assert_string_equal(s->rows[0].ready, "");
	assert_string_equal(s->rows[1].node, "");
	assert_int_equal(s->unhealthy, 2);
	pod_snapshot_release(s);
	pod_fold_free(fold);
}

static void
feed_without_kubeconfig_says_so_and_ends_at_once(void **state)
{
	struct feed_source source = { .kubeconfig = "/nonexistent/config", .context = "c" };
	struct pod_feed *feed = pod_feed_new(&source, NULL, -1);
	struct feed_health health = { .state = FEED_STARTING };
	struct pod_snapshot *s;
	int64_t start_ms = clock_mono_ms();

	(void)state;
	while (health.state != FEED_BROKEN && clock_mono_ms() - start_ms < 5000) {
		poll(NULL, 0, 5);
		pod_feed_health(feed, &health);
	}
	assert_int_equal(health.state, FEED_BROKEN);
	assert_non_null(strstr(health.problem, "/nonexistent/config"));
	assert_true(health.retry_at_ms > start_ms);
	s = pod_feed_snapshot(feed);
	assert_int_equal(s->count, 0);
	assert_false(s->complete);
	pod_snapshot_release(s);
	start_ms = clock_mono_ms();
	pod_feed_free(feed);
	print_message("freed in %lld ms\n", (long long)(clock_mono_ms() - start_ms));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fold_rows_are_sorted_and_cells_found_by_name),
		cmocka_unit_test(fold_snapshot_stays_as_it_was),
		cmocka_unit_test(fold_relist_drops_what_it_does_not_name),
		cmocka_unit_test(fold_removed_of_another_uid_keeps_the_new_one),
		cmocka_unit_test(fold_foreign_text_passes_both_doors),
		cmocka_unit_test(fold_cells_of_other_types_and_too_few_are_empty),
		cmocka_unit_test(feed_without_kubeconfig_says_so_and_ends_at_once),
	};

	return cmocka_run_group_tests_name("pod_feed", tests, NULL, NULL);
}
