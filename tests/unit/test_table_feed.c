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
#include "base/xalloc.h"
#include "feed/table.h"
#include "feed/table_columns.h"
#include "feed/table_fold.h"
#include "fixture_kube_api.h"

#define NOW_MS INT64_C(1795255200000) /* 2026-11-21T10:00:00Z */

static const char pod_columns[] =
	"[{\"name\":\"Name\",\"type\":\"string\"},{\"name\":\"Ready\",\"type\":\"string\"},"
	"{\"name\":\"Status\",\"type\":\"string\"},{\"name\":\"Restarts\",\"type\":\"integer\"},"
	"{\"name\":\"Age\",\"type\":\"string\"},{\"name\":\"IP\",\"type\":\"string\",\"priority\":"
	"1},"
	"{\"name\":\"Node\",\"type\":\"string\",\"priority\":1}]";

enum { READY = 1, STATUS = 2, RESTARTS = 3, AGE = 4, NODE = 6 };

static bool
define(struct table_fold *fold, const char *columns)
{
	cJSON *definitions = cJSON_Parse(columns);
	bool changed;

	assert_non_null(definitions);
	changed = table_fold_columns(fold, definitions);
	cJSON_Delete(definitions);
	return changed;
}

static struct table_fold *
fold_new(struct secrets *secrets, bool pods, const char *columns)
{
	struct table_fold *fold = table_fold_new(secrets, pods);

	define(fold, columns);
	return fold;
}

/* A row as a list gives it; uid NULL: as a glance does. */
static bool
add_at(struct table_fold *fold, const char *uid, const char *name, const char *cells,
       const char *metadata, int64_t now_ms)
{
	cJSON *parsed = cJSON_Parse(cells), *meta = uid ? cJSON_Parse(metadata) : NULL;
	struct kube_row row = { .uid = uid ? uid : "",
				.name = name,
				.ns = "tsb",
				.created = uid ? "2026-11-21T09:00:00Z" : "",
				.cells = parsed,
				.metadata = meta };
	bool changed = table_fold_row(fold, &row, now_ms);

	cJSON_Delete(parsed);
	cJSON_Delete(meta);
	return changed;
}

static bool
add(struct table_fold *fold, const char *uid, const char *name, const char *cells)
{
	return add_at(fold, uid, name, cells, "{}", NOW_MS);
}

static void
assert_cell(const struct table_snapshot *s, size_t row, size_t column, int64_t now_ms,
	    const char *expected)
{
	struct str text = STR_INIT;

	table_cell(s, row, column, now_ms, &text);
	assert_string_equal(str_cstr(&text), expected);
	str_release(&text);
}

static void
fold_columns_are_named_and_told_apart(void **state)
{
	struct table_fold *fold =
		fold_new(NULL, false,
			 "[{\"name\":\"Name\",\"type\":\"string\"},"
			 "{\"name\":\"Last Seen\",\"type\":\"string\"},"
			 "{\"name\":\"Count\",\"type\":\"integer\",\"priority\":1},"
			 "{\"name\":\"Weight\",\"type\":\"number\"},{\"name\":\"Until\",\"type\":"
			 "\"date\"}]");
	struct table_snapshot *s = table_fold_snapshot(fold, 1);

	(void)state;
	assert_int_equal(s->columns_count, 5);
	assert_string_equal(s->columns[0].name, "NAME");
	assert_string_equal(s->columns[1].name, "LAST SEEN");
	assert_true(s->columns[1].age);
	assert_true(s->columns[2].number && s->columns[2].wide && !s->columns[2].age);
	assert_true(s->columns[3].number && !s->columns[3].wide);
	assert_true(s->columns[4].age);
	assert_int_equal(table_column_find(s, "WEIGHT"), 3);
	assert_int_equal(table_column_find(s, "Weight"), -1);
	table_snapshot_release(s);
	table_fold_free(fold);
}

static void
fold_rows_are_sorted_with_all_cells(void **state)
{
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct table_snapshot *s;

	(void)state;
	table_fold_list_begin(fold);
	assert_true(add(fold, "u2", "web",
			"[\"web\",\"1/2\",\"CrashLoopBackOff\",7,\"60m\",\"<none>\",\"n1\"]"));
	assert_true(add_at(fold, "u1", "edge",
			   "[\"edge\",\"2/2\",\"Running\",\"4 (3m ago)\",\"60m\",\"ip\",\"n2\"]",
			   "{\"labels\":{\"app\":\"edge\",\"tier\":\"web\"}}", NOW_MS));
	assert_true(
		add(fold, "u3", "job", "[\"job\",\"0/1\",\"Completed\",0,\"60m\",\"ip\",\"n2\"]"));
	s = table_fold_snapshot(fold, 1);
	assert_false(s->complete);
	table_snapshot_release(s);
	assert_true(table_fold_listed(fold, true));
	s = table_fold_snapshot(fold, 2);
	assert_true(s->complete && s->exact);
	assert_int_equal(s->count, 3);
	assert_int_equal(s->trouble, 1);
	assert_string_equal(s->rows[0].name, "edge");
	assert_string_equal(s->rows[0].ns, "tsb");
	assert_string_equal(s->rows[0].uid, "u1");
	assert_string_equal(s->rows[0].labels, "app=edge,tier=web");
	assert_int_equal(s->rows[0].created_ms, NOW_MS - 3600000);
	assert_false(s->rows[0].trouble);
	assert_ptr_equal(s->rows[0].cells[0], s->rows[0].name); /* one string, not two */
	assert_cell(s, 0, RESTARTS, NOW_MS, "4 (3m ago)");
	assert_cell(s, 0, AGE, NOW_MS, "60m");
	assert_cell(s, 0, AGE, NOW_MS + 15 * 60000, "75m");
	assert_ptr_equal(s->rows[1].cells[0], s->rows[1].name);
	assert_false(s->rows[1].trouble); /* completed */
	assert_cell(s, 2, READY, NOW_MS, "1/2");
	assert_cell(s, 2, RESTARTS, NOW_MS, "7");
	assert_true(s->rows[2].trouble);
	table_snapshot_release(s);
	table_fold_free(fold);
}

static void
fold_ages_of_a_glance_go_on_by_themselves(void **state)
{
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct table_snapshot *s;

	(void)state;
	table_fold_list_begin(fold);
	add(fold, NULL, "a", "[\"a\",\"1/1\",\"Running\",\"4 (3m1s ago)\",\"3d4h\",\"ip\",\"n\"]");
	add(fold, NULL, "b", "[\"b\",\"1/1\",\"Running\",0,\"<unknown>\",\"ip\",\"n\"]");
	assert_true(table_fold_listed(fold, false));
	s = table_fold_snapshot(fold, 1);
	assert_true(s->complete && !s->exact);
	assert_string_equal(s->rows[0].uid, "");
	assert_int_equal(s->rows[0].created_ms, 0);
	assert_cell(s, 0, AGE, NOW_MS, "3d4h");
	assert_cell(s, 0, AGE, NOW_MS + 3600000, "3d5h");
	assert_cell(s, 0, RESTARTS, NOW_MS + 60000, "4 (4m1s ago)");
	assert_cell(s, 1, AGE, NOW_MS + 60000, "<unknown>");
	table_snapshot_release(s);
	/* the creation time is the better one, and an event without news is none */
	assert_true(add_at(fold, "u", "a",
			   "[\"a\",\"1/1\",\"Running\",\"4 (4m1s ago)\",\"60m\",\"ip\",\"n\"]",
			   "{}", NOW_MS + 60000));
	assert_false(add_at(fold, "u", "a",
			    "[\"a\",\"1/1\",\"Running\",\"4 (5m1s ago)\",\"62m\",\"ip\",\"n\"]",
			    "{}", NOW_MS + 120000));
	/* a later glance takes nothing away of what is known */
	assert_false(add_at(fold, NULL, "a",
			    "[\"a\",\"1/1\",\"Running\",\"4 (5m1s ago)\",\"62m\",\"ip\",\"n\"]",
			    "{}", NOW_MS + 120000));
	s = table_fold_snapshot(fold, 2);
	assert_string_equal(s->rows[0].uid, "u");
	assert_cell(s, 0, AGE, NOW_MS + 120000, "62m");
	assert_cell(s, 0, RESTARTS, NOW_MS + 120000, "4 (5m1s ago)");
	table_snapshot_release(s);
	table_fold_free(fold);
}

static void
fold_snapshot_stays_as_it_was(void **state)
{
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct table_snapshot *first, *second, *third;

	(void)state;
	add(fold, "u1", "a", "[\"a\",\"0/1\",\"Pending\",0,\"3m\",\"\",\"\"]");
	add(fold, "u2", "b", "[\"b\",\"1/1\",\"Running\",0,\"3m\",\"\",\"\"]");
	first = table_fold_snapshot(fold, 1);
	table_snapshot_retain(first);
	assert_true(add(fold, "u1", "a", "[\"a\",\"1/1\",\"Running\",0,\"3m\",\"\",\"n\"]"));
	assert_false(add(fold, "u1", "a", "[\"a\",\"1/1\",\"Running\",0,\"9m\",\"\",\"n\"]"));
	second = table_fold_snapshot(fold, 2);
	assert_true(add(fold, "u1", "a", "[\"a\",\"1/1\",\"Failed\",0,\"9m\",\"\",\"n\"]"));
	third = table_fold_snapshot(fold, 3);
	table_snapshot_release(second); /* what it alone showed goes, the rest stays */
	table_fold_free(fold);
	table_snapshot_release(first);
	assert_string_equal(first->rows[0].cells[STATUS], "Pending");
	assert_string_equal(first->rows[1].cells[STATUS], "Running");
	assert_int_equal(first->trouble, 1);
	assert_string_equal(third->rows[0].cells[STATUS], "Failed");
	assert_int_equal(third->trouble, 0);
	table_snapshot_release(first);
	assert_string_equal(third->rows[1].name, "b");
	assert_string_equal(third->columns[STATUS].name, "STATUS");
	table_snapshot_release(third);
}

static void
fold_relist_drops_what_it_does_not_name(void **state)
{
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct table_snapshot *s;

	(void)state;
	table_fold_list_begin(fold);
	add(fold, NULL, "a", "[\"a\",\"1/1\",\"Running\",0]");
	add(fold, NULL, "b", "[\"b\",\"1/1\",\"Running\",0]");
	add(fold, NULL, "c", "[\"c\",\"1/1\",\"Running\",0]");
	table_fold_listed(fold, false);
	table_fold_list_begin(fold);
	add(fold, "u1", "a", "[\"a\",\"1/1\",\"Running\",0]");
	add(fold, "u3", "c", "[\"c\",\"1/1\",\"Running\",0]");
	s = table_fold_snapshot(fold, 1);
	assert_int_equal(s->count, 3); /* until the list is complete, nothing is known to be gone */
	table_snapshot_release(s);
	assert_true(table_fold_listed(fold, true));
	s = table_fold_snapshot(fold, 2);
	assert_int_equal(s->count, 2);
	assert_string_equal(s->rows[1].name, "c");
	table_snapshot_release(s);
	table_fold_list_begin(fold);
	assert_false(add(fold, "u1", "a", "[\"a\",\"1/1\",\"Running\",0]"));
	assert_false(add(fold, "u3", "c", "[\"c\",\"1/1\",\"Running\",0]"));
	assert_false(table_fold_listed(fold, true));
	table_fold_free(fold);
}

static void
fold_removed_of_another_uid_keeps_the_new_one(void **state)
{
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct kube_row row = { .uid = "old", .name = "db-0", .ns = "tsb" };

	(void)state;
	add(fold, "old", "db-0", "[\"db-0\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]");
	assert_true(add(fold, "new", "db-0", "[\"db-0\",\"1/1\",\"Running\",0,\"\",\"\",\"\"]"));
	assert_false(table_fold_removed(fold, &row));
	row.uid = "new";
	assert_true(table_fold_removed(fold, &row));
	assert_false(table_fold_removed(fold, &row));
	table_fold_free(fold);
}

static void
fold_of_all_namespaces_is_sorted_by_them_first(void **state)
{
	static const char *const names[][2] = {
		{ "tsb", "a" }, { "istio-system", "z" }, { "tsb", "Z" }, { "default", "m" }
	};
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct table_snapshot *s;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct kube_row row = { .uid = "u", .ns = names[i][0], .name = names[i][1] };

		assert_true(table_fold_row(fold, &row, NOW_MS));
	}
	s = table_fold_snapshot(fold, 1);
	assert_string_equal(s->rows[0].ns, "default");
	assert_string_equal(s->rows[1].ns, "istio-system");
	assert_string_equal(s->rows[2].name, "Z");
	assert_string_equal(s->rows[3].name, "a");
	table_snapshot_release(s);
	table_fold_free(fold);
}

/* Keys that begin alike, that end early, and bytes of both signs: the order is that of strcmp(3). */
static void
fold_rows_in_no_order_have_the_order_of_their_names(void **state)
{
	static const char *const names[][2] = {
		{ "ns", "app-77-000001" }, { "ns", "app-7" },	   { "ns", "app-70" },
		{ "ns", "app-\xc3\xa9" },  { "ns", "app-" },	   { "ns-a", "app" },
		{ "ns", "app-77-000002" }, { "ns", "app-77-000" }, { "ns", "app-7-" },
	};
	static const int order[] = { 4, 1, 8, 2, 7, 0, 6, 3, 5 };
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct table_snapshot *s;

	(void)state;
	for (size_t to = 5; to <= 9; to += 4) { /* those of one namespace first */
		for (size_t i = 0; i < to; i++) {
			struct kube_row row = { .uid = "u",
						.ns = names[i][0],
						.name = names[i][1] };

			table_fold_row(fold, &row, NOW_MS);
		}
		s = table_fold_snapshot(fold, 1);
		assert_int_equal(s->count, to);
		for (size_t i = 0, at = 0; i < 9; i++) {
			if ((size_t)order[i] >= to)
				continue;
			assert_string_equal(s->rows[at].ns, names[order[i]][0]);
			assert_string_equal(s->rows[at++].name, names[order[i]][1]);
		}
		table_snapshot_release(s);
	}
	table_fold_free(fold);
}

static void
fold_of_rows_in_no_order_is_sorted_and_knows_each_once(void **state)
{
	enum { COUNT = 1000 };
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct kube_row gone = { .uid = "u", .name = "p-0500", .ns = "tsb" };
	struct table_snapshot *s;
	char name[16];

	(void)state;
	table_fold_list_begin(fold);
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "p-%04u", i * 7919 % COUNT);
		assert_true(add(fold, "u", name, "[\"x\",\"0/1\",\"Pending\",0]"));
		if (i % 100 == 0) /* in the middle of the list */
			table_snapshot_release(table_fold_snapshot(fold, 1));
		add(fold, "u", name, "[\"x\",\"1/1\",\"Running\",0]");
	}
	assert_true(table_fold_removed(fold, &gone));
	assert_true(table_fold_listed(fold, true));
	s = table_fold_snapshot(fold, 2);
	assert_int_equal(s->count, COUNT - 1);
	for (size_t i = 0; i < s->count; i++) {
		assert_string_equal(s->rows[i].cells[STATUS], "Running");
		assert_true(i == 0 || strcmp(s->rows[i - 1].name, s->rows[i].name) < 0);
	}
	assert_null(strstr(s->rows[500].name, "p-0500"));
	table_snapshot_release(s);
	table_fold_free(fold);
}

static void
fold_foreign_text_passes_both_doors(void **state)
{
	struct secrets *secrets = secrets_new();
	struct table_fold *fold;
	struct table_snapshot *s;
	struct str text = STR_INIT;

	(void)state;
	secrets_add(secrets, "token", "hunter2hunter2", 14, NULL);
	fold = fold_new(secrets, true,
			"[{\"name\":\"Na\\u001bme\"},{\"name\":\"Age\",\"type\":\"date\"}]");
	add_at(fold, "u", "a", "[\"x\\u001b[31mhunter2hunter2\",\"\\u001b[31mx\"]",
	       "{\"labels\":{\"a\":\"hunter2hunter2\\u0007\"}}", NOW_MS);
	s = table_fold_snapshot(fold, 1);
	assert_string_equal(s->columns[0].name, "NA^[ME");
	assert_null(strpbrk(s->rows[0].cells[0], "\x1b"));
	assert_null(strstr(s->rows[0].cells[0], "hunter2"));
	assert_non_null(strstr(s->rows[0].cells[0], "token"));
	assert_null(strstr(s->rows[0].labels, "hunter2"));
	assert_null(strchr(s->rows[0].labels, '\a'));
	table_cell(s, 0, 0, NOW_MS, &text);
	assert_null(strpbrk(str_cstr(&text), "\x1b"));
	table_snapshot_release(s);
	table_fold_free(fold);
	secrets_free(secrets);
	str_release(&text);
}

/* A byte that is not to be shown, at every place of a cell, and a secret that is known since the row before. */
static void
fold_cells_pass_both_doors_whatever_came_before(void **state)
{
	static const char *const odd[] = { "\x01",     "\x1f",	       "\x7f",
					   "\xc2\x9b", "\xe2\x80\xae", "\xff" };
	struct secrets *secrets = secrets_new();
	struct table_fold *fold = fold_new(secrets, true, pod_columns);
	struct table_snapshot *s;

	(void)state;
	for (int at = 0; at < 20; at++)
		for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
			char *cells = xasprintf("[\"x\",\"%.*s%s%.*s\",\"Running\",0]", at,
						"~~~~~~~~~~~~~~~~~~~~", odd[i], 20 - at,
						"                    ");

			add(fold, "u", "a", cells);
			s = table_fold_snapshot(fold, 1);
			assert_null(strstr(s->rows[0].cells[READY], odd[i]));
			table_snapshot_release(s);
			free(cells);
		}
	add(fold, "u", "b", "[\"b\",\"hunter2hunter2\",\"x hunter2hunter2\",0]");
	secrets_add(secrets, "token", "hunter2hunter2", 14, NULL);
	add(fold, "u", "c", "[\"c\",\"hunter2hunter2\",\"x hunter2hunter2\",0]");
	s = table_fold_snapshot(fold, 2);
	assert_string_equal(s->rows[1].cells[READY], "hunter2hunter2");
	assert_string_equal(s->rows[2].cells[READY], "‹secret:token›");
	assert_string_equal(s->rows[2].cells[STATUS], "x ‹secret:token›");
	table_snapshot_release(s);
	table_fold_free(fold);
	secrets_free(secrets);
}

static void
fold_cells_of_other_types_too_few_and_several_lines(void **state)
{
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct table_snapshot *s;

	(void)state;
	add(fold, "u", "a", "[\"a\",null,true,1.5,7,\"one\\ntwo\",{\"x\":1},\"more\",\"cells\"]");
	add(fold, NULL, "b", "null");
	s = table_fold_snapshot(fold, 1);
	assert_int_equal(s->count, 2);
	assert_string_equal(s->rows[0].cells[READY], "");
	assert_string_equal(s->rows[0].cells[STATUS], "true");
	assert_string_equal(s->rows[0].cells[RESTARTS], "1.5");
	assert_string_equal(s->rows[0].cells[5], "one..."); /* as kubectl cuts it */
	assert_string_equal(s->rows[0].cells[NODE], "{\"x\":1}");
	assert_string_equal(s->rows[1].cells[NODE], "");
	assert_int_equal(s->trouble, 2);
	table_snapshot_release(s);
	table_fold_free(fold);
}

static void
fold_other_columns_keep_the_rows(void **state)
{
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct table_snapshot *before, *s;

	(void)state;
	add(fold, "u", "a", "[\"a\",\"0/1\",\"Pending\",\"4 (3m ago)\",\"60m\",\"ip\",\"n\"]");
	before = table_fold_snapshot(fold, 1);
	assert_false(define(fold, pod_columns));
	assert_true(
		define(fold, "[{\"name\":\"Restarts\"},{\"name\":\"New\"},{\"name\":\"Name\"}]"));
	s = table_fold_snapshot(fold, 2);
	assert_int_equal(s->columns_count, 3);
	assert_cell(s, 0, 0, NOW_MS + 60000, "4 (4m ago)");
	assert_cell(s, 0, 1, NOW_MS, "");
	assert_cell(s, 0, 2, NOW_MS, "a");
	assert_string_equal(s->rows[0].uid, "u");
	assert_cell(before, 0, NODE, NOW_MS, "n");
	table_snapshot_release(s);
	table_snapshot_release(before);
	table_fold_free(fold);
}

static void
fold_reason_is_asked_for_once_for_each_change(void **state)
{
	struct table_fold *fold = fold_new(NULL, true, pod_columns);
	struct table_snapshot *s, *old;
	char *uid = NULL;

	(void)state;
	add(fold, NULL, "a", "[\"a\",\"0/1\",\"Pending\",0]");
	assert_false(table_fold_ask(fold, "tsb", "a", &uid)); /* nobody knows of which pod */
	add(fold, "u", "a", "[\"a\",\"0/1\",\"Pending\",0]");
	add(fold, "v", "b", "[\"b\",\"1/1\",\"Running\",0]");
	assert_false(table_fold_ask(fold, "tsb", "b", &uid));
	assert_false(table_fold_ask(fold, "tsb", "none", &uid));
	assert_true(table_fold_ask(fold, "tsb", "a", &uid));
	assert_string_equal(uid, "u");
	free(uid);
	assert_false(table_fold_ask(fold, "tsb", "a", &uid));
	table_fold_unask(fold, "tsb", "a");
	assert_true(table_fold_ask(fold, "tsb", "a", &uid));
	free(uid);
	assert_false(
		table_fold_set_reason(fold, "tsb", "a", "other", "not of this one", 0, NOW_MS));
	assert_true(table_fold_set_reason(fold, "tsb", "a", "u", "c0: Error\x1b[1m, exit 1,",
					  NOW_MS - 60000, NOW_MS));
	old = table_fold_snapshot(fold, 1);
	assert_string_equal(old->rows[0].reason, "c0: Error, exit 1, 60s ago");
	assert_false(table_fold_tick(fold, "tsb", "a", NOW_MS));
	assert_true(table_fold_tick(fold, "tsb", "a", NOW_MS + 120000));
	assert_false(table_fold_tick(fold, "tsb", "b", NOW_MS + 120000));
	/* another state of the same pod keeps it until the next one is known; another pod does not */
	add(fold, "u", "a", "[\"a\",\"0/1\",\"Error\",1]");
	s = table_fold_snapshot(fold, 2);
	assert_string_equal(s->rows[0].reason, "c0: Error, exit 1, 3m ago");
	assert_string_equal(old->rows[0].reason, "c0: Error, exit 1, 60s ago");
	table_snapshot_release(s);
	assert_true(table_fold_ask(fold, "tsb", "a", &uid));
	free(uid);
	add(fold, "w", "a", "[\"a\",\"0/1\",\"Error\",1]");
	s = table_fold_snapshot(fold, 3);
	assert_string_equal(s->rows[0].reason, "");
	table_snapshot_release(s);
	table_snapshot_release(old);
	table_fold_free(fold);
}

static const struct {
	const char *columns, *cells;
	bool trouble;
} troubles[] = {
	{ "Ready", "[\"1/2\"]", true },
	{ "Ready", "[\"2/2\"]", false },
	{ "Ready", "[\"0/0\"]", false },
	{ "Ready", "[\"10/1\"]", true },
	{ "Ready", "[\"False\"]", true },
	{ "Ready", "[\"True\"]", false },
	{ "Ready", "[\"Unknown\"]", true },
	{ "Desired Ready", "[3,3]", false },
	{ "Desired Ready", "[3,2]", true },
	{ "Status", "[\"Ready\"]", false },
	{ "Status", "[\"Ready,SchedulingDisabled\"]", true },
	{ "Status", "[\"NotReady\"]", true },
	{ "Status", "[\"Terminating\"]", true },
	{ "Status", "[\"Active\"]", false },
	{ "Status", "[\"Bound\"]", false },
	{ "Status", "[\"Pending\"]", true },
	{ "Phase", "[\"Failed\"]", true },
	{ "Available", "[\"False (MissingEndpoints)\"]", true },
	{ "Available", "[\"True\"]", false },
	{ "Available", "[3]", false },
	{ "Type", "[\"Warning\"]", true },
	{ "Type", "[\"ClusterIP\"]", false },
	{ "Message", "[\"Failed\"]", false },
};

static void
trouble_of_other_resources_is_read_from_their_columns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		struct str columns = STR_INIT;
		char *words = xstrdup(troubles[i].columns), *rest = words, *word;
		struct table_fold *fold;
		struct table_snapshot *s;

		while ((word = strsep(&rest, " ")))
			str_printf(&columns, "%s{\"name\":\"%s\"}", columns.len ? "," : "[", word);
		str_append(&columns, "]");
		fold = fold_new(NULL, false, str_cstr(&columns));
		add(fold, "u", "a", troubles[i].cells);
		s = table_fold_snapshot(fold, 1);
		if (s->rows[0].trouble != troubles[i].trouble)
			fail_msg("%s %s", troubles[i].columns, troubles[i].cells);
		table_snapshot_release(s);
		table_fold_free(fold);
		free(words);
		str_release(&columns);
	}
}

static void
age_parse_reads_what_human_duration_writes(void **state)
{
	static const int64_t seconds[] = {
		0,     1,      119,    120,    599,    600,	 10799,	   10800,     28799,
		28800, 172799, 172800, 691199, 691200, 63071999, 63072000, 252288000, 500000000
	};
	char text[CLOCK_STAMP_MAX], again[CLOCK_STAMP_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		duration_format_human(seconds[i] * 1000, text);
		duration_format_human(table_age_parse(text, strlen(text)), again);
		assert_string_equal(again, text);
	}
	assert_int_equal(table_age_parse("", 0), -1);
	assert_int_equal(table_age_parse("5", 1), -1);
	assert_int_equal(table_age_parse("5m1h", 4), -1);
	assert_int_equal(table_age_parse("<unknown>", 9), -1);
	assert_int_equal(table_age_parse("m", 1), -1);
	assert_true(table_age_parse("99999999999999999999y", 21) > 0);
}

/* ---- the feed, against a server ---- */

#define TABLE(rows)                                                                                \
	"{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":\"5\"},\"columnDefinitions\":["     \
	"{\"name\":\"Name\",\"type\":\"string\"},{\"name\":\"Ready\",\"type\":\"string\"},"        \
	"{\"name\":\"Status\",\"type\":\"string\"}],\"rows\":[" rows "]}"
#define ROW(name, uid, ready, status)                                                              \
	"{\"cells\":[\"" name "\",\"" ready "\",\"" status                                         \
	"\"],\"object\":{\"kind\":\"PartialObjectMetadata\",\"metadata\":{\"name\":\"" name        \
	"\",\"namespace\":\"tsb\",\"uid\":\"" uid "\",\"resourceVersion\":\"4\"}}}"

enum { PATIENCE_MS = 8000 };

static struct table_snapshot *
await_count(struct table_feed *feed, size_t count, bool exact)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	struct table_snapshot *s = table_feed_snapshot(feed);

	while (s->count != count || s->exact != exact) {
		if (clock_mono_ms() > deadline_ms) {
			struct feed_health h;

			table_feed_health(feed, &h);
			fail_msg("%zu rows, exact %d, problem \"%s\"", s->count, s->exact,
				 h.problem);
		}
		table_snapshot_release(s);
		fixture_pause();
		s = table_feed_snapshot(feed);
	}
	return s;
}

static void
feed_look_fetches_the_reason_of_what_is_in_trouble(void **state)
{
	struct api *api = api_new();
	struct feed_source source = { .kubeconfig = api->kubeconfig };
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	const struct table_row *rows[2];
	struct table_snapshot *s;
	struct table_feed *feed;

	(void)state;
	api_on(api, "GET", "/api/v1/namespaces/tsb/pods?*", 200,
	       TABLE(ROW("bad", "u1", "0/1", "Error") "," ROW("good", "u2", "1/1", "Running")), 0);
	api_on(api, "GET", "/api/v1/namespaces/tsb/pods/bad", 200,
	       "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"bad\",\"uid\":\"u1\"},\"status\":{"
	       "\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"low on memory\"}}",
	       0);
	feed = table_feed_new(&source, NULL, -1);
	s = await_count(feed, 2, true);
	assert_int_equal(s->trouble, 1);
	rows[0] = &s->rows[0];
	rows[1] = &s->rows[1];
	table_feed_look(feed, rows, 2);
	while (!*s->rows[0].reason && clock_mono_ms() < deadline_ms) {
		table_snapshot_release(s);
		fixture_pause();
		s = table_feed_snapshot(feed);
	}
	assert_string_equal(s->rows[0].reason, "Evicted: low on memory");
	assert_string_equal(s->rows[1].reason, "");
	assert_false(api_saw(api, "/pods/good"));
	table_snapshot_release(s);
	table_feed_free(feed);
	api_free(api);
}

static void
feed_of_another_resource_is_found_by_discovery(void **state)
{
	struct api *api = api_new();
	struct feed_source source = { .kubeconfig = api->kubeconfig,
				      .resource = "namespace",
				      .selector = "a=b" };
	struct table_snapshot *s;
	struct table_feed *feed;

	(void)state;
	api_on(api, "GET", "/api/v1/namespaces?*", 200,
	       TABLE(ROW("kube-system", "u1", "", "Terminating")), 0);
	feed = table_feed_new(&source, NULL, -1);
	s = await_count(feed, 1, true);
	assert_true(s->rows[0].trouble);
	assert_true(api_saw(api, "labelSelector=a%3Db"));
	table_snapshot_release(s);
	table_feed_free(feed);
	api_free(api);
}

static void
feed_of_an_unknown_resource_says_so_and_tries_again(void **state)
{
	struct api *api = api_new();
	struct feed_source source = { .kubeconfig = api->kubeconfig, .resource = "podz" };
	struct table_feed *feed = table_feed_new(&source, NULL, -1);
	struct feed_health health = { .state = FEED_STARTING };
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS, start_ms;

	(void)state;
	while (health.state != FEED_BROKEN && clock_mono_ms() < deadline_ms) {
		fixture_pause();
		table_feed_health(feed, &health);
	}
	assert_int_equal(health.state, FEED_BROKEN);
	assert_non_null(strstr(health.problem, "\"podz\""));
	assert_non_null(strstr(health.problem, "pods"));
	assert_true(health.retry_at_ms > clock_mono_ms());
	start_ms = clock_mono_ms();
	table_feed_free(feed);
	assert_in_range(clock_mono_ms() - start_ms, 0, 500);
	api_free(api);
}

static void
feed_without_kubeconfig_says_so_and_ends_at_once(void **state)
{
	struct feed_source source = { .kubeconfig = "/nonexistent/config", .context = "c" };
	struct table_feed *feed = table_feed_new(&source, NULL, -1);
	struct feed_health health = { .state = FEED_STARTING };
	struct table_snapshot *s;
	int64_t start_ms = clock_mono_ms();

	(void)state;
	while (health.state != FEED_BROKEN && clock_mono_ms() - start_ms < PATIENCE_MS) {
		fixture_pause();
		table_feed_health(feed, &health);
	}
	assert_int_equal(health.state, FEED_BROKEN);
	assert_non_null(strstr(health.problem, "/nonexistent/config"));
	assert_true(health.retry_at_ms > start_ms);
	s = table_feed_snapshot(feed);
	assert_int_equal(s->count, 0);
	assert_false(s->complete);
	table_snapshot_release(s);
	start_ms = clock_mono_ms();
	table_feed_free(feed);
	print_message("freed in %lld ms\n", (long long)(clock_mono_ms() - start_ms));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fold_columns_are_named_and_told_apart),
		cmocka_unit_test(fold_rows_are_sorted_with_all_cells),
		cmocka_unit_test(fold_ages_of_a_glance_go_on_by_themselves),
		cmocka_unit_test(fold_snapshot_stays_as_it_was),
		cmocka_unit_test(fold_relist_drops_what_it_does_not_name),
		cmocka_unit_test(fold_removed_of_another_uid_keeps_the_new_one),
		cmocka_unit_test(fold_of_all_namespaces_is_sorted_by_them_first),
		cmocka_unit_test(fold_rows_in_no_order_have_the_order_of_their_names),
		cmocka_unit_test(fold_of_rows_in_no_order_is_sorted_and_knows_each_once),
		cmocka_unit_test(fold_foreign_text_passes_both_doors),
		cmocka_unit_test(fold_cells_pass_both_doors_whatever_came_before),
		cmocka_unit_test(fold_cells_of_other_types_too_few_and_several_lines),
		cmocka_unit_test(fold_other_columns_keep_the_rows),
		cmocka_unit_test(fold_reason_is_asked_for_once_for_each_change),
		cmocka_unit_test(trouble_of_other_resources_is_read_from_their_columns),
		cmocka_unit_test(age_parse_reads_what_human_duration_writes),
		cmocka_unit_test(feed_look_fetches_the_reason_of_what_is_in_trouble),
		cmocka_unit_test(feed_of_another_resource_is_found_by_discovery),
		cmocka_unit_test(feed_of_an_unknown_resource_says_so_and_tries_again),
		cmocka_unit_test(feed_without_kubeconfig_says_so_and_ends_at_once),
	};

	return cmocka_run_group_tests_name("table_feed", tests, NULL, NULL);
}
