#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "feed/table_fold.h"
#include "feed/table_view.h"

#define NOW_MS INT64_C(1795255200000)

/* One pod of a table: its cells, and what its metadata say. */
struct pod {
	const char *ns, *name, *ready, *status, *restarts, *age, *labels;
};

static struct table_snapshot *
snapshot_of(const struct pod *pods, size_t count)
{
	struct table_fold *fold = table_fold_new(NULL, true);
	cJSON *columns =
		cJSON_Parse("[{\"name\":\"Name\"},{\"name\":\"Ready\"},{\"name\":\"Status\"},"
			    "{\"name\":\"Restarts\"},{\"name\":\"Age\"}]");
	struct table_snapshot *s;

	table_fold_columns(fold, columns);
	cJSON_Delete(columns);
	for (size_t i = 0; i < count; i++) {
		char *cells =
			xasprintf("[\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"]", pods[i].name,
				  pods[i].ready, pods[i].status, pods[i].restarts, pods[i].age);
		char *meta = xasprintf("{\"labels\":%s}", pods[i].labels ? pods[i].labels : "{}");
		cJSON *parsed = cJSON_Parse(cells), *metadata = cJSON_Parse(meta);
		struct kube_row row = { .uid = "u",
					.name = pods[i].name,
					.ns = pods[i].ns,
					.cells = parsed,
					.metadata = metadata };

		assert_non_null(parsed);
		table_fold_row(fold, &row, NOW_MS);
		cJSON_Delete(parsed);
		cJSON_Delete(metadata);
		free(meta);
		free(cells);
	}
	s = table_fold_snapshot(fold, 1);
	table_fold_free(fold);
	return s;
}

static const struct pod few[] = {
	{ "tsb", "api", "1/1", "Running", "10 (2d ago)", "3d4h", "{\"app\":\"api\"}" },
	{ "tsb", "db", "1/3", "CrashLoopBackOff", "9", "45s",
	  "{\"app\":\"db\",\"tier\":\"data\"}" },
	{ "tsb", "job", "0/1", "Completed", "0", "2y", NULL },
	{ "tsb", "new", "0/1", "Pending", "", "<unknown>", NULL },
	{ "tsb", "web", "2/2", "Running", "100", "5m", "{\"myapp\":\"api\"}" },
};

enum { FEW = sizeof(few) / sizeof(few[0]) };

/* The names in the order of the view, separated by spaces. */
static void
assert_names(const struct table_view *view, const char *expected)
{
	struct str names = STR_INIT;

	for (size_t i = 0; i < table_view_count(view); i++)
		str_printf(&names, "%s%s", i ? " " : "", table_view_row(view, i)->name);
	assert_string_equal(str_cstr(&names), expected);
	str_release(&names);
}

static void
assert_sorted(const char *column, bool descending, const char *expected)
{
	struct table_snapshot *s = snapshot_of(few, FEW);
	struct table_view *view = table_view_new();
	struct table_view_options options = { .sort = column, .descending = descending };

	table_view_update(view, &s, 1, &options);
	assert_names(view, expected);
	table_view_free(view);
	table_snapshot_release(s);
}

static void
update_sorts_each_column_by_its_own_kind(void **state)
{
	(void)state;
	assert_sorted(NULL, false, "api db job new web");
	assert_sorted(NULL, true, "web new job db api");
	assert_sorted("NAME", true, "web new job db api");
	assert_sorted("STATUS", false, "job db new api web");
	assert_sorted("STATUS", true, "api web new db job"); /* equal ones keep their order */
	assert_sorted("READY", true, "db job new api web");
	assert_sorted("READY", false, "api web job new db");
	assert_sorted("RESTARTS", false, "job db api web new"); /* what has none comes last */
	assert_sorted("RESTARTS", true, "web api db job new");
	assert_sorted("AGE", false, "db web api job new");
	assert_sorted("AGE", true, "job api web db new");
	assert_sorted("NO SUCH", false, "api db job new web");
}

static void
assert_filtered(const char *text, const char *expected)
{
	struct table_snapshot *s = snapshot_of(few, FEW);
	struct table_view *view = table_view_new();
	struct err e = ERR_INIT;
	struct pattern *pattern = pattern_new(text, &e);
	struct table_view_options options = { .filter = pattern };

	table_view_update(view, &s, 1, &options);
	assert_names(view, expected);
	assert_int_equal(table_view_hidden(view), FEW - table_view_count(view));
	table_view_free(view);
	pattern_free(pattern);
	table_snapshot_release(s);
}

static void
update_filters_by_any_text_of_a_row(void **state)
{
	(void)state;
	assert_filtered("running", "api web");
	assert_filtered("tsb", "api db job new web");
	assert_filtered("/^(db|job)$/", "db job");
	assert_filtered("tier=data", "db");
	assert_filtered("/^app=/", "api db"); /* each label is a text of its own */
	assert_filtered("1/3", "db");
	assert_filtered("45s", ""); /* an age moves on */
	assert_filtered("!running", "db job new");
	assert_filtered("!app=", "job new");
	assert_filtered("nothing like it", "");
}

static void
update_filters_by_the_reason_too(void **state)
{
	struct table_fold *fold = table_fold_new(NULL, true);
	struct kube_row row = { .uid = "u", .name = "a", .ns = "tsb" };
	struct err e = ERR_INIT;
	struct pattern *pattern = pattern_new("insufficient", &e);
	struct table_view *view = table_view_new();
	struct table_view_options options = { .filter = pattern };
	struct table_snapshot *s;

	(void)state;
	table_fold_row(fold, &row, NOW_MS);
	s = table_fold_snapshot(fold, 1);
	table_view_update(view, &s, 1, &options);
	assert_int_equal(table_view_count(view), 0);
	table_snapshot_release(s);
	assert_true(table_fold_set_reason(fold, "tsb", "a", "u", "3 Insufficient cpu", 0, NOW_MS));
	s = table_fold_snapshot(fold, 2);
	table_view_update(view, &s, 1, &options);
	assert_names(view, "a");
	table_snapshot_release(s);
	table_view_free(view);
	table_fold_free(fold);
	pattern_free(pattern);
}

static void
update_shows_trouble_only(void **state)
{
	struct table_snapshot *s = snapshot_of(few, FEW);
	struct table_view *view = table_view_new();
	struct table_view_options options = { .trouble_only = true };

	(void)state;
	table_view_update(view, &s, 1, &options);
	assert_names(view, "db new");
	assert_int_equal(table_view_hidden(view), 3);
	table_view_free(view);
	table_snapshot_release(s);
}

static void
update_merges_several_snapshots(void **state)
{
	static const struct pod left[] = {
		{ "a", "m", "1/1", "Running", "2", "1m", NULL },
		{ "b", "a", "1/1", "Running", "1", "1m", NULL },
		{ "b", "c", "1/1", "Running", "3", "1m", NULL },
	};
	static const struct pod right[] = {
		{ "a", "z", "1/1", "Running", "1", "1m", NULL },
		{ "b", "a", "1/1", "Running", "1", "1m", NULL },
		{ "b", "b", "1/1", "Running", "0", "1m", NULL },
	};
	struct table_snapshot *s[3] = { snapshot_of(left, 3), snapshot_of(NULL, 0),
					snapshot_of(right, 3) };
	struct table_view *view = table_view_new();
	struct table_view_options options = { .sort = NULL };

	(void)state;
	table_view_update(view, s, 3, &options);
	assert_names(view, "m z a a b c");
	assert_int_equal(table_view_at(view, 2).snapshot, 0);
	assert_int_equal(table_view_at(view, 3).snapshot, 2);
	assert_ptr_equal(table_view_snapshot(view, 2), s[2]);
	options.sort = "RESTARTS";
	table_view_update(view, s, 3, &options);
	assert_names(view, "b a z a m c"); /* equal ones: the first snapshot's before the other's */
	assert_int_equal(table_view_find(view, 0, "b", "a"), 1);
	assert_int_equal(table_view_find(view, 2, "b", "a"), 3);
	assert_int_equal(table_view_find(view, 2, "b", "c"), SIZE_MAX);
	assert_int_equal(table_view_find(view, 0, "a", "a"), SIZE_MAX);
	for (size_t i = 0; i < 3; i++)
		table_snapshot_release(s[i]);
	assert_names(view, "b a z a m c"); /* it holds what it shows */
	table_view_free(view);
}

static void
assert_hit(const struct table_view *view, const struct pattern *pattern, size_t from, int direction,
	   const char *wanted)
{
	struct table_hit hit;
	char seen[80] = "none";

	if (table_view_search(view, pattern, from, direction, &hit))
		snprintf(seen, sizeof(seen), "row %zu, %zu of %zu%s", hit.row, hit.index + 1,
			 hit.count, hit.around ? ", around" : "");
	assert_string_equal(seen, wanted ? wanted : "none");
}

static void
search_goes_around_and_past_where_it_stands(void **state)
{
	struct table_snapshot *s = snapshot_of(few, FEW);
	struct table_view *view = table_view_new();
	struct table_view_options options = { .sort = NULL };
	struct err e = ERR_INIT;
	struct pattern *running = pattern_new("running", &e), *none = pattern_new("none", &e),
		       *job = pattern_new("job", &e);

	(void)state;
	assert_hit(view, running, 0, 1, NULL);
	table_view_update(view, &s, 1, &options);
	assert_hit(view, running, 0, 1, "row 4, 2 of 2");
	assert_hit(view, running, 4, 1, "row 0, 1 of 2, around");
	assert_hit(view, running, 4, -1, "row 0, 1 of 2");
	assert_hit(view, running, 0, -1, "row 4, 2 of 2, around");
	assert_hit(view, running, 2, 1, "row 4, 2 of 2");
	assert_hit(view, running, SIZE_MAX, 1, "row 0, 1 of 2");
	assert_hit(view, running, SIZE_MAX, -1, "row 4, 2 of 2");
	assert_hit(view, none, 2, 1, NULL);
	assert_hit(view, job, 2, 1, "row 2, 1 of 1, around"); /* only itself */
	table_view_free(view);
	pattern_free(running);
	pattern_free(none);
	pattern_free(job);
	table_snapshot_release(s);
}

enum { MANY = 13000 };

static struct table_snapshot *
many_pods(void)
{
	struct pod *pods = xcalloc(MANY, sizeof(*pods));
	struct table_snapshot *s;

	for (size_t i = 0; i < MANY; i++)
		pods[i] = (struct pod){
			.ns = "tsb",
			.name = xasprintf("app-%zu-%05zu", i % 97, i),
			.ready = i % 13 ? "1/1" : "0/1",
			.status = i % 13 ? "Running" : "CrashLoopBackOff",
			.restarts = i % 7 ? "0" : "12 (3m ago)",
			.age = i % 3 ? "3d4h" : "45s",
			.labels = "{\"app\":\"api\",\"tier\":\"backend\"}",
		};
	s = snapshot_of(pods, MANY);
	for (size_t i = 0; i < MANY; i++)
		free((char *)pods[i].name);
	free(pods);
	return s;
}

/* Of the processor, since others may be using it as well. */
static int64_t
cpu_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static int64_t
update_ms(struct table_view *view, struct table_snapshot *s, const struct table_view_options *o)
{
	int64_t start_ms = cpu_ms();

	table_view_update(view, &s, 1, o);
	return cpu_ms() - start_ms;
}

static void
update_of_13000_rows_holds_nobody_up(void **state)
{
	struct table_snapshot *s = many_pods();
	struct table_view *view = table_view_new();
	struct err e = ERR_INIT;
	struct pattern *literal = pattern_new("no such text", &e);
	struct table_view_options options = { .sort = "RESTARTS", .descending = true };
	int64_t sort_ms, filter_ms, again_ms;

	(void)state;
	sort_ms = update_ms(view, s, &options);
	assert_string_equal(table_view_row(view, 0)->cells[3], "12 (3m ago)");
	again_ms = update_ms(view, s, &options);
	options.sort = NULL;
	options.filter = literal;
	filter_ms = update_ms(view, s, &options);
	assert_int_equal(table_view_hidden(view), MANY);
	print_message("sort %lld ms, filter %lld ms, unchanged %lld ms\n", (long long)sort_ms,
		      (long long)filter_ms, (long long)again_ms);
	/* far above what it takes, for a build that checks itself */
	assert_true(sort_ms < 1000 && filter_ms < 2000 && again_ms < 100);
	table_view_free(view);
	pattern_free(literal);
	table_snapshot_release(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(update_sorts_each_column_by_its_own_kind),
		cmocka_unit_test(update_filters_by_any_text_of_a_row),
		cmocka_unit_test(update_filters_by_the_reason_too),
		cmocka_unit_test(update_shows_trouble_only),
		cmocka_unit_test(update_merges_several_snapshots),
		cmocka_unit_test(search_goes_around_and_past_where_it_stands),
		cmocka_unit_test(update_of_13000_rows_holds_nobody_up),
	};

	return cmocka_run_group_tests_name("table_view", tests, NULL, NULL);
}
