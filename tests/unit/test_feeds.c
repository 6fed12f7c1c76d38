#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "ui/model/feeds.h"

/* A run of which only the panes matter; none of its clusters can be reached. */
struct bench {
	struct runbook runbook;
	struct run_state state;
	struct ui_options options;
	struct model model;
	struct target_state targets[3];
	struct feeds *feeds;
};

static struct pane_spec pods[] = { { .target = (char[]){ "a" } },
				   { .target = (char[]){ "b" } },
				   { .target = (char[]){ "c" } } };
static struct pane_spec logs[] = { { .target = (char[]){ "a" } }, { .target = (char[]){ "b" } } };

static void
follow(struct bench *b, size_t pods_count, size_t logs_count)
{
	b->runbook.panes = (struct pane_set){
		.pods = pods, .pods_count = pods_count, .logs = logs, .logs_count = logs_count
	};
	b->state.seq++;
	feeds_follow(b->feeds, &b->model);
}

static int
setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	for (size_t i = 0; i < 3; i++) {
		b->targets[i].name = (char *[]){ "a", "b", "c" }[i];
		b->targets[i].spec = cJSON_Parse(
			"{\"kubeconfig\":\"/nonexistent/kubeconfig\",\"namespace\":\"tsb\"}");
		cJSON_AddStringToObject(b->targets[i].spec, "context", b->targets[i].name);
	}
	b->state.targets = b->targets;
	b->state.targets_count = 3;
	b->state.current = -1;
	b->options.runbook = &b->runbook;
	b->model.options = &b->options;
	b->model.state = &b->state;
	b->feeds = feeds_new(&b->options);
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	feeds_free(b->feeds);
	for (size_t i = 0; i < 3; i++)
		cJSON_Delete(b->targets[i].spec);
	free(b);
	return 0;
}

static void
assert_tables(const struct bench *b, const char *wanted)
{
	struct str got = STR_INIT;

	for (size_t i = 0; i < feeds_tables_count(b->feeds); i++) {
		const struct feed_choice *choice = feeds_table_choice(b->feeds, i);

		assert_non_null(feeds_table(b->feeds, i));
		str_printf(&got, "%s%s %s", i ? ", " : "", feed_choice_resource(choice),
			   choice->label);
	}
	assert_string_equal(str_cstr(&got), wanted);
	str_release(&got);
}

static void
feeds_follow_keeps_the_feeds_that_are_wanted_still(void **state)
{
	struct bench *b = *state;

	assert_tables(b, "");
	assert_null(feeds_choice(b->feeds, FEED_TABLES, NULL, NULL));
	follow(b, 2, 1);
	assert_tables(b, "pods a/tsb");
	feeds_switch_table(b->feeds, 0, 1);
	assert_tables(b, "pods b/tsb");

	struct table_feed *table = feeds_table(b->feeds, 0);
	struct log_feed *log = feeds_logs(b->feeds);
	uint64_t tables = feeds_tables_generation(b->feeds);
	uint64_t logs_generation = feeds_logs_generation(b->feeds);

	follow(b, 3, 2);
	assert_ptr_equal(feeds_table(b->feeds, 0), table);
	assert_ptr_equal(feeds_logs(b->feeds), log);
	assert_int_equal(feeds_tables_generation(b->feeds), tables);
	assert_int_equal(feeds_logs_generation(b->feeds), logs_generation);
	follow(b, 1, 0);
	assert_tables(b, "pods a/tsb");
	assert_null(feeds_logs(b->feeds));
	assert_null(feeds_choice(b->feeds, FEED_LOGS, NULL, NULL));
	follow(b, 0, 0);
	assert_tables(b, "");
}

static void
feeds_split_shows_two_different_sources(void **state)
{
	struct bench *b = *state;

	follow(b, 1, 0);
	feeds_set_shape(b->feeds, FEEDS_SPLIT);
	assert_int_equal(feeds_shape(b->feeds), FEEDS_ONE);
	assert_tables(b, "pods a/tsb");
	follow(b, 2, 0);
	assert_tables(b, "pods a/tsb, pods b/tsb");
	feeds_switch_table(b->feeds, 0, 1); /* of two sources they change places */
	assert_tables(b, "pods b/tsb, pods a/tsb");
	follow(b, 3, 0);
	feeds_switch_table(b->feeds, 1, 1); /* over the other half's source */
	assert_tables(b, "pods b/tsb, pods c/tsb");

	struct table_feed *right = feeds_table(b->feeds, 1);

	feeds_switch_table(b->feeds, 0, -1);
	assert_tables(b, "pods a/tsb, pods c/tsb");
	assert_ptr_equal(feeds_table(b->feeds, 1), right);
	feeds_set_shape(b->feeds, FEEDS_ONE);
	assert_tables(b, "pods a/tsb");
}

static void
feeds_merged_shows_what_is_of_one_kind(void **state)
{
	struct bench *b = *state;

	follow(b, 3, 0);
	feeds_set_shape(b->feeds, FEEDS_MERGED);
	assert_tables(b, "pods a/tsb, pods b/tsb, pods c/tsb");
	feeds_add_resource(b->feeds, 0, "nodes", false);
	assert_int_equal(feeds_shape(b->feeds), FEEDS_MERGED);
	assert_tables(b, "nodes a/tsb, nodes b/tsb, nodes c/tsb");
	feeds_set_shape(b->feeds, FEEDS_ONE);
	assert_tables(b, "nodes a/tsb");
	feeds_add_resource(b->feeds, 0, "pods", true);
	feeds_set_shape(b->feeds,
			FEEDS_MERGED); /* all of a cluster's pods cover those of one namespace */
	assert_tables(b, "pods b/tsb, pods c/tsb, pods a/*");
}

static void
feeds_of_the_operator_survive_the_next_step(void **state)
{
	struct bench *b = *state;
	size_t index, count;

	follow(b, 2, 1);
	feeds_add_resource(b->feeds, 0, "deployments", false);
	assert_tables(b, "deployments a/tsb");
	assert_true(feeds_add_logs(b->feeds, feeds_table_choice(b->feeds, 0), "tsb", "web"));
	assert_string_equal(feeds_choice(b->feeds, FEED_LOGS, NULL, NULL)->label,
			    "a/tsb deployments/web");
	feeds_add_resource(b->feeds, 0, "deployments", false);
	follow(b, 1, 0);
	assert_tables(b, "deployments a/tsb");
	feeds_choice(b->feeds, FEED_TABLES, &index, &count);
	assert_int_equal(index, 1);
	assert_int_equal(count, 2);
	assert_string_equal(feeds_choice(b->feeds, FEED_LOGS, &index, &count)->workload,
			    "deployments/web");
	assert_int_equal(count, 1);
	feeds_add_resource(b->feeds, 0, "nodes", false);
	assert_false(feeds_add_logs(b->feeds, feeds_table_choice(b->feeds, 0), "", "node-1"));
}

static void
feeds_set_previous_is_of_one_source(void **state)
{
	struct bench *b = *state;

	follow(b, 1, 2);

	uint64_t generation = feeds_logs_generation(b->feeds);

	feeds_set_previous(b->feeds, false);
	assert_int_equal(feeds_logs_generation(b->feeds), generation);
	feeds_set_previous(b->feeds, true);
	assert_int_equal(feeds_logs_generation(b->feeds), generation + 1);
	assert_true(feeds_choice(b->feeds, FEED_LOGS, NULL, NULL)->previous);
	follow(b, 1, 2); /* the run goes on */
	assert_int_equal(feeds_logs_generation(b->feeds), generation + 1);
	feeds_switch_logs(b->feeds, 1);
	assert_string_equal(feeds_choice(b->feeds, FEED_LOGS, NULL, NULL)->label, "b/tsb");
	assert_false(feeds_choice(b->feeds, FEED_LOGS, NULL, NULL)->previous);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(feeds_follow_keeps_the_feeds_that_are_wanted_still),
		TEST(feeds_split_shows_two_different_sources),
		TEST(feeds_merged_shows_what_is_of_one_kind),
		TEST(feeds_of_the_operator_survive_the_next_step),
		TEST(feeds_set_previous_is_of_one_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
