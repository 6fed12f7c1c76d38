#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixture_world_stage.h"
#include "world/stage/stage_internal.h"

#define ONE_CLUSTER "clusters: [{name: one, address: 10}]\n"
#define SWITCH "faults: {f: {title: F}}\nconditions: {f: {fault: f}}\n"

static void
turn(struct theatre *t, bool on)
{
	struct err e = ERR_INIT;

	assert_int_equal(stage_fault(t->stage, "f", on, &e), 0);
	wait_until(state_is(t, "conditions", "f", on ? "true" : "false"));
}

static void
rule_without_conditions_acts_at_the_start_once(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER SWITCH "rules: [{name: r, do: [{signal: {name: s}}]}]\n", 100);

	(void)state;
	wait_until(state_is(t, "signals", "s", "true"));
	turn(t, true);
	assert_true(state_is(t, "rules", "r", "1"));
	theatre_free(t);
}

static void
rule_acts_each_time_and_with_once_the_first(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER SWITCH "rules:\n"
				   "  - {name: each, when: [f], do: [{signal: {name: s}}]}\n"
				   "  - {name: first, when: [f], once: true, do: [{signal: {name: "
				   "s}}]}\n",
		100);

	(void)state;
	for (int i = 1; i <= 3; i++) {
		char count[16];

		snprintf(count, sizeof(count), "%d", i);
		turn(t, true);
		wait_until(state_is(t, "rules", "each", count));
		turn(t, false);
	}
	assert_true(state_is(t, "rules", "first", "1"));
	assert_int_equal(noted("rule", "each", "times", "3"), 1);
	theatre_free(t);
}

/* Ten seconds of the world are a second here. */
static void
rule_that_waits_acts_only_when_it_has_held_all_the_while(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER SWITCH
		"rules: [{name: r, when: [f], after: 10s, do: [{signal: {name: s}}]}]\n",
		10);

	(void)state;
	turn(t, true);
	poll(NULL, 0, 500);
	turn(t, false);
	turn(t, true);
	int64_t from_ms = clock_mono_ms();
	wait_until(state_is(t, "rules", "r", "1"));
	assert_true(clock_mono_ms() - from_ms >= 900);
	theatre_free(t);
}

static void
rule_every_acts_until_it_does_not_hold(void **state)
{
	struct theatre *t =
		theatre_new(ONE_CLUSTER SWITCH
			    "rules: [{name: r, when: [f], every: 5s, do: [{signal: {name: s}}]}]\n",
			    100);

	(void)state;
	turn(t, true);
	wait_until(noted("rule", "r", "times", "4") == 1); /* its state may be further by now */
	turn(t, false);
	cJSON *before = stage_state(t->stage);
	poll(NULL, 0, 300);
	cJSON *after = stage_state(t->stage);
	assert_true(cJSON_Compare(json_at(before, "rules"), json_at(after, "rules"), true));
	cJSON_Delete(before);
	cJSON_Delete(after);
	theatre_free(t);
}

static void
rule_again_acts_when_a_value_is_another(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER SWITCH
		"live: {v: {object: {cluster: one, kind: cm, namespace: app, name: a, path: "
		".data.x}}}\n"
		"rules: [{name: r, when: [f], again: [v], do: [{site: {name: ui, body: "
		"'${.live.v}'}}]}]\n",
		100);

	(void)state;
	put(t, "one",
	    "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: app}, data: "
	    "{x: first}}");
	poll(NULL, 0, 100);
	assert_true(state_is(t, "rules", "r", "0"));
	turn(t, true);
	wait_until(noted("site", "ui", "body", "first") == 1);
	put(t, "one",
	    "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: app}, data: "
	    "{x: second}}");
	wait_until(noted("site", "ui", "body", "second") == 1);
	assert_true(state_is(t, "rules", "r", "2"));
	turn(t, false);
	put(t, "one",
	    "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: app}, data: "
	    "{x: third}}");
	poll(NULL, 0, 100);
	assert_true(state_is(t, "rules", "r", "2"));
	theatre_free(t);
}

static void
signal_ends_by_itself_and_is_taken_back(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER
		"conditions: {s: {signal: s}, none: {not: s}, t: {signal: t}}\n"
		"rules:\n"
		"  - {name: give, do: [{signal: {name: s, for: 20s}}, {signal: {name: t}}]}\n"
		"  - {name: take, when: [s], do: [{signal: {name: t, 'on': false}}]}\n"
		"  - {name: over, when: [none], do: [{signal: {name: u}}]}\n",
		100);

	(void)state;
	wait_until(noted("condition", "s", "holds", "true") == 1);
	wait_until(noted("condition", "t", "holds", "false") == 2);
	wait_until(noted("condition", "s", "holds", "false") == 2);
	wait_until(holds(t, "none"));
	assert_true(state_is(t, "signals", "s", "false"));
	theatre_free(t);
}

static void
actions_of_parts_are_expanded_and_in_order(void **state)
{
	cJSON *context = theatre_yaml("{sites: {ui: {address: 127.0.0.9}}}");
	struct err e = ERR_INIT;
	struct theatre *t = theatre_try(
		ONE_CLUSTER
		"conditions: {gone: {object: {cluster: one, kind: cm, namespace: app, name: x}}, "
		"absent: {not: gone}}\n"
		"rules:\n"
		"  - name: r\n"
		"    when: [absent]\n"
		"    do:\n"
		"      - site: {name: '!broken', state: up}\n"
		"      - zone: {name: example.com, records: [{name: ui, values: "
		"['${.sites.ui.address}']}]}\n"
		"      - database: {name: db, of: app, sql: 'select ${.looks.gone.error}'}\n"
		"      - cluster: {name: one, state: errors}\n"
		"      - cluster: {name: two, state: errors}\n",
		100, context, &e);

	(void)state;
	assert_non_null(t->stage);
	theatre_begin(t);
	wait_until(noted("rule", "r", NULL, NULL) == 1);
	assert_int_equal(noted("zone", "example.com", "records/0/values/0", "127.0.0.9"), 1);
	assert_int_equal(noted("database", "db", "sql", "select configmaps \"x\" not found"), 1);
	assert_int_equal(noted("rule", "r", "failed/0", "site: it does not want to"), 1);
	assert_int_equal(noted("rule", "r", "failed/1", "cluster: there is no cluster \"two\""), 1);
	theatre_free(t);
}

static void
rule_with_once_whose_conditions_were_lost_acts_the_next_time(void **state)
{
	struct theatre *t = theatre_new(ONE_CLUSTER SWITCH
					"rules: [{name: r, when: [f], after: 20s, once: true, do: "
					"[{signal: {name: s}}]}]\n",
					100);

	(void)state;
	turn(t, true);
	turn(t, false);
	assert_true(state_is(t, "rules", "r", "0"));
	turn(t, true);
	wait_until(state_is(t, "rules", "r", "1"));
	theatre_free(t);
}

/* Each time takes twice its pace: so one is always due. */
static void
rule_slower_than_its_pace_keeps_nobody_waiting(void **state)
{
	struct theatre *t = theatre_new(
		ONE_CLUSTER SWITCH
		"rules: [{name: r, every: 1s, do: [{site: {name: ~slow, state: up}}]}]\n",
		100);

	(void)state;
	wait_until(noted("site", "~slow", NULL, NULL) >= 3);
	turn(t, true);
	int64_t from_ms = clock_mono_ms();
	theatre_free(t);
	assert_true(clock_mono_ms() - from_ms < 2000);
}

#define SURPRISES                                                                                  \
	ONE_CLUSTER "faults: {f: {title: F}, g: {title: G}}\n"                                     \
		    "conditions: {f: {fault: f}, g: {fault: g}}\n"

static void
surprise_comes_between_its_times(void **state)
{
	struct theatre *t =
		theatre_new(SURPRISES "variants:\n"
				      "  mine: {surprise: {fault: f, after: 5s, before: 9s}}\n"
				      "  other: {surprise: {fault: g}}\n",
			    10);

	(void)state;
	stage_surprises(t->stage);
	int64_t from_ms = clock_mono_ms();
	wait_until(holds(t, "f"));
	assert_true(clock_mono_ms() - from_ms >= 490);
	assert_int_equal(noted("fault", "f", "by", "surprise-mine"), 1);
	assert_int_equal(noted("fault", "f", "title", "F"), 1);
	assert_int_equal(noted("fault", "g", NULL, NULL), 0);
	theatre_free(t);
}

static void
surprise_waits_for_the_drill_and_for_its_conditions(void **state)
{
	struct theatre *t = theatre_new(
		SURPRISES "variants: {mine: {surprise: {fault: g, when: [f], after: 10s}}}\n"
			  "rules: [{name: r, when: [f], after: 10s, do: [{signal: {name: s}}]}]\n",
		100);

	(void)state;
	turn(t, true);
	wait_until(state_is(t, "rules", "r", "1"));
	assert_true(state_is(t, "rules", "surprise-mine", "0"));
	turn(t, false);
	assert_int_equal(noted("fault", "g", NULL, NULL), 0);
	stage_surprises(t->stage);
	turn(t, true);
	wait_until(holds(t, "g"));
	theatre_free(t);
}

/* What has set it off may be over before it comes; and it comes once. */
static void
surprise_that_is_on_its_way_comes(void **state)
{
	struct theatre *t = theatre_new(
		SURPRISES "variants: {mine: {surprise: {fault: g, when: [f], after: 30s}}}\n", 100);

	(void)state;
	stage_surprises(t->stage);
	int64_t from_ms = clock_mono_ms();
	turn(t, true);
	turn(t, false);
	turn(t, true);
	turn(t, false);
	wait_until(holds(t, "g"));
	assert_true(clock_mono_ms() - from_ms >= 290);
	turn(t, true);
	assert_true(state_is(t, "rules", "surprise-mine", "1"));
	theatre_free(t);
}

static int64_t
moment_of(uint64_t seed)
{
	struct err e = ERR_INIT;
	struct theatre *t;

	theatre_seed = seed;
	t = theatre_try(SURPRISES
			"variants: {mine: {surprise: {fault: f, after: 10s, before: 110s}}}\n",
			100, NULL, &e);
	theatre_seed = 7;
	assert_non_null(t->stage);
	int64_t after_ms = t->stage->rules[0]->after_ms;
	theatre_free(t);
	return after_ms;
}

static void
surprise_comes_when_the_seed_says(void **state)
{
	int64_t first_ms = moment_of(1), least_ms = first_ms, most_ms = first_ms;

	(void)state;
	assert_int_equal(moment_of(1), first_ms);
	for (uint64_t seed = 2; seed < 20; seed++) {
		int64_t ms = moment_of(seed);

		least_ms = ms < least_ms ? ms : least_ms;
		most_ms = ms > most_ms ? ms : most_ms;
	}
	assert_true(least_ms >= 10000 && most_ms < 110000);
	assert_true(most_ms - least_ms > 50000);
}

static void
surprise_of_an_unknown_fault_is_refused(void **state)
{
	struct err e = ERR_INIT;
	struct theatre *t =
		theatre_try(SURPRISES "variants: {mine: {surprise: {fault: h}}}\n", 10, NULL, &e);

	(void)state;
	assert_null(t->stage);
	assert_string_equal(e.message, "the surprise of variant mine: there is no fault \"h\"");
	theatre_free(t);
}

static void
rule_does_not_act_on_what_is_not_known_yet(void **state)
{
	struct theatre *t;

	(void)state;
	memcpy(query_value, "x", 2); /* before anybody asks */
	t = theatre_new(ONE_CLUSTER
			"live: {v: {sql: {database: db, of: app, query: q}}}\n"
			"conditions: {right: {same: [{live: v}, {text: x}]}, wrong: {not: right}}\n"
			"rules: [{name: r, when: [wrong], do: [{signal: {name: s}}]}]\n",
			100);

	wait_until(holds(t, "right"));
	assert_int_equal(noted("condition", "wrong", "holds", "true"), 0);
	assert_true(state_is(t, "rules", "r", "0"));
	theatre_free(t);
}

static void
stage_free_with_all_timers_set(void **state)
{
	struct theatre *t = theatre_new(ONE_CLUSTER SWITCH
					"behaviours: [{cluster: one, namespace: app, workload: "
					"pod/*, log: {while: [{every: "
					"100s, lines: [a]}]}}]\n"
					"rules:\n"
					"  - {name: early, after: 1h, do: [{signal: {name: s}}]}\n"
					"  - {name: give, do: [{signal: {name: s, for: 2h}}]}\n"
					"  - {name: late, every: 3h, do: [{signal: {name: u}}]}\n",
					100);

	(void)state;
	for (int i = 0; i < 5; i++) {
		char *yaml =
			xasprintf("{apiVersion: v1, kind: Pod, metadata: {name: p%d, namespace: "
				  "app}, spec: {containers: [{name: c, image: i}]}}",
				  i);

		put(t, "one", yaml);
		free(yaml);
	}
	wait_until(log_has(t, "one", "app", "p4", "a\n"));
	wait_until(state_is(t, "rules", "late", "1"));
	theatre_free(t);
}

/* 200 conditions and 100 rules, a few of them on objects that change. */
static void
big_stage_rests(void **state)
{
	struct str yaml = STR_INIT;
	struct timespec before, after;

	(void)state;
	str_append(&yaml, ONE_CLUSTER "conditions:\n");
	for (int i = 0; i < 100; i++)
		str_printf(&yaml,
			   "  o%d: {object: {cluster: one, kind: cm, namespace: app, name: m%d}}\n"
			   "  a%d: {all: [o%d, o0]}\n",
			   i, i, i, i);
	str_append(&yaml, "rules:\n");
	for (int i = 0; i < 100; i++)
		str_printf(&yaml, "  - {name: r%d, when: [a%d], do: [{signal: {name: s%d}}]}\n", i,
			   i, i);
	struct theatre *t = theatre_new(str_cstr(&yaml), 100);
	str_release(&yaml);
	put(t, "one", "{apiVersion: v1, kind: ConfigMap, metadata: {name: m0, namespace: app}}");
	put(t, "one", "{apiVersion: v1, kind: ConfigMap, metadata: {name: m99, namespace: app}}");
	wait_until(state_is(t, "signals", "s99", "true"));
	poll(NULL, 0, 300); /* until what the controllers begin with is over */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	poll(NULL, 0, 1000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	double ms = (double)(after.tv_sec - before.tv_sec) * 1000 +
		    (double)(after.tv_nsec - before.tv_nsec) / 1e6;
	print_message("at rest: %.2f ms of CPU in a second\n", ms);
	assert_true(ms < 50);
	int64_t from_ms = clock_mono_ms();
	theatre_free(t);
	assert_true(clock_mono_ms() - from_ms < 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_without_conditions_acts_at_the_start_once),
		cmocka_unit_test(rule_acts_each_time_and_with_once_the_first),
		cmocka_unit_test(rule_that_waits_acts_only_when_it_has_held_all_the_while),
		cmocka_unit_test(rule_every_acts_until_it_does_not_hold),
		cmocka_unit_test(rule_again_acts_when_a_value_is_another),
		cmocka_unit_test(signal_ends_by_itself_and_is_taken_back),
		cmocka_unit_test(actions_of_parts_are_expanded_and_in_order),
		cmocka_unit_test(rule_with_once_whose_conditions_were_lost_acts_the_next_time),
		cmocka_unit_test(rule_slower_than_its_pace_keeps_nobody_waiting),
		cmocka_unit_test(surprise_comes_between_its_times),
		cmocka_unit_test(surprise_waits_for_the_drill_and_for_its_conditions),
		cmocka_unit_test(surprise_that_is_on_its_way_comes),
		cmocka_unit_test(surprise_comes_when_the_seed_says),
		cmocka_unit_test(surprise_of_an_unknown_fault_is_refused),
		cmocka_unit_test(rule_does_not_act_on_what_is_not_known_yet),
		cmocka_unit_test(stage_free_with_all_timers_set),
		cmocka_unit_test(big_stage_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
