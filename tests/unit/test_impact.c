#include "config.h"

#include "run/job/impact.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

#include "fixture_engine.h"

/* The live side of the impact board: what is seen of operations while an engine runs. */

#define STEP " - {id: a, title: T, uses: test.change, with: {text: it}}\n"
#define OPERATION(level, probe)                                                                    \
	"impact:\n - {operation: Management, level: " level ", probe: {uses: test.world, " probe   \
	"}}\n"
#define ONE_OK "target: one, expect: .ok, message: it is down"

static const struct impact_pace quick = {
	.interval_ms = 10,
	.timeout_ms = 20000,
	.text_pause_ms = 10,
};

static void
start(struct rig *rig, const char *text, const struct impact_pace *pace)
{
	rig_init(rig, text);
	rig->pace = pace;
	rig_start(rig, false);
}

static void
add_members(struct rig *rig)
{
	cJSON *members = cJSON_GetObjectItemCaseSensitive(rig->params, "members");

	cJSON_AddItemToArray(members, cJSON_CreateString("app-1"));
	cJSON_AddItemToArray(members, cJSON_CreateString("app-2"));
}

static const struct impact_state *
seen(const struct rig *rig)
{
	static const struct impact_state nothing;

	return rig->state.impact_count ? &rig->state.impact[0] : &nothing;
}

/* Until the first operation is on record as `level` (NULL: it cannot be told). */
static void
wait_level(struct rig *rig, const char *level)
{
	while (!seen(rig)->since_ms || !str_equal(seen(rig)->level, level))
		rig_take(rig);
}

/* How many impact records the journal holds; the run must be over. */
static int
count_records(const struct rig *rig)
{
	char *journal = rig_journal(rig);
	int count = 0;

	for (const char *at = journal; (at = strstr(at, "\"type\":\"impact\"")); at++)
		count++;
	free(journal);
	return count;
}

static void
leave(struct rig *rig)
{
	rig_send(rig, INTENT_LEAVE, NULL);
	rig_wait_closed(rig);
}

#define assert_text(rig, wanted)                                                                   \
	do {                                                                                       \
		const char *text_ = seen(rig)->text;                                               \
		if (!text_ || !strstr(text_, wanted))                                              \
			fail_msg("\"%s\" lacks \"%s\"", text_ ? text_ : "(null)", wanted);         \
	} while (0)

static void
look_first_is_recorded_and_repeats_are_not(void **unused)
{
	struct rig rig;

	(void)unused;
	start(&rig, STEP OPERATION("none", ONE_OK), &quick);
	wait_level(&rig, "none");
	assert_null(seen(&rig)->text);
	while (rig.looked < 5)
		rig_take(&rig);
	leave(&rig);
	assert_int_equal(count_records(&rig), 1);
	rig_release(&rig);
}

static void
look_change_is_recorded_with_its_time(void **unused)
{
	struct rig rig;
	int64_t since_ms, decided;

	(void)unused;
	start(&rig, STEP OPERATION("none", ONE_OK), &quick);
	wait_level(&rig, "none");
	rig_wait(&rig, STEP_PLANNED);
	since_ms = seen(&rig)->since_ms;
	decided = rig.state.decision_seq;
	atomic_store(&worlds[0], WORLD_ILL);
	wait_level(&rig, "total"); /* nothing was foreseen to be lost, and it is gone */
	assert_text(&rig, "it is down (expected .ok)");
	assert_true(seen(&rig)->since_ms >= since_ms);
	assert_int_equal(rig.state.decision_seq, decided);
	atomic_store(&worlds[0], WORLD_WELL);
	wait_level(&rig, "none");
	assert_null(seen(&rig)->text);
	leave(&rig);
	assert_int_equal(count_records(&rig), 3);
	rig_release(&rig);
}

static void
look_result_is_a_level(void **unused)
{
	static const struct {
		const char *operation;
		enum world world;
		const char *level, *text;
	} cases[] = {
		{ OPERATION("limited", ONE_OK), WORLD_ILL, "limited", "it is down" },
		{ OPERATION("total", ONE_OK), WORLD_ILL, "total", "it is down" },
		{ OPERATION("none", ONE_OK), WORLD_AWAY, "total", "it is down (no answer)" },
		{ OPERATION("limited", "target: one"), WORLD_AWAY, "limited", "no answer" },
		{ OPERATION("limited", "target: one"), WORLD_ILL, "none", NULL },
		{ OPERATION("total", "target: one"), WORLD_DENIED, NULL, "you may not look" },
		{ OPERATION("total", "expect: .word, message: slow"), WORLD_LIMITED, "limited",
		  "slow" },
		{ OPERATION("none", "expect: .word"), WORLD_ILL, "total", NULL },
		{ OPERATION("total", "expect: .word"), WORLD_WELL, "none", NULL },
		{ OPERATION("total", "expect: .word"), WORLD_ODD, NULL,
		  "neither true nor false, nor none" },
		{ OPERATION("total", "expect: '.ok | error'"), WORLD_ILL, NULL, ".ok | error" },
		{ OPERATION("total", "with: {text: '${[1] | .x}'}"), WORLD_WELL, NULL, "[1] | .x" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf("%s%s", STEP, cases[i].operation);
		struct rig rig;

		rig_init(&rig, text);
		rig.pace = &quick;
		atomic_store(&worlds[0], cases[i].world);
		rig_start(&rig, false);
		while (!seen(&rig)->since_ms)
			rig_take(&rig);
		if (!str_equal(seen(&rig)->level, cases[i].level))
			fail_msg("%zu: %s (%s)", i, seen(&rig)->level, seen(&rig)->text);
		if (cases[i].text)
			assert_text(&rig, cases[i].text);
		else
			assert_null(seen(&rig)->text);
		rig_release(&rig);
		free(text);
	}
}

static void
look_group_is_summed_up(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, STEP OPERATION("limited", "target: many, expect: .ok, message: down"));
	rig.pace = &quick;
	add_members(&rig);
	rig_start(&rig, false);
	wait_level(&rig, "none");
	assert_null(seen(&rig)->text);
	atomic_store(&worlds[2], WORLD_AWAY);
	wait_level(&rig, "limited");
	assert_string_equal(seen(&rig)->text, "1 of 2 works; app-2: down (no answer)");
	atomic_store(&worlds[1], WORLD_ILL);
	wait_level(&rig, "total");
	assert_text(&rig, "0 of 2 works; app-1: down (expected .ok); app-2: down (no answer)");
	atomic_store(&worlds[1], WORLD_WELL);
	atomic_store(&worlds[2], WORLD_DENIED);
	wait_level(&rig, NULL);
	assert_string_equal(seen(&rig)->text,
			    "1 of 2 works; app-2 cannot be told: you may not look");
	rig_release(&rig);
}

static void
look_group_without_members_cannot_be_told(void **unused)
{
	struct rig rig;

	(void)unused;
	start(&rig, STEP OPERATION("limited", "target: many"), &quick);
	wait_level(&rig, NULL);
	assert_string_equal(seen(&rig)->text, "the group many has no members");
	rig_release(&rig);
}

/* Every look finds something else: records come no oftener than the pause allows. */
static void
change_that_flaps_is_recorded_with_pauses(void **unused)
{
	static const struct impact_pace pace = {
		.interval_ms = 5, .timeout_ms = 20000, .pause_ms = 150, .text_pause_ms = 150
	};
	int64_t times[4];
	struct rig rig;
	int count = 0;

	(void)unused;
	start(&rig, STEP OPERATION("none", ONE_OK), &pace);
	while (count < 4) {
		int64_t before_ms = seen(&rig)->since_ms;
		const char *level = seen(&rig)->level;

		rig_take(&rig);
		if (seen(&rig)->since_ms == before_ms)
			continue;
		times[count++] = seen(&rig)->since_ms;
		level = seen(&rig)->level;
		atomic_store(&worlds[0], str_equal(level, "none") ? WORLD_ILL : WORLD_WELL);
	}
	for (int i = 1; i < count; i++)
		assert_true(times[i] - times[i - 1] >= 140);
	rig_release(&rig);
}

static void
change_of_words_alone_is_told_but_not_a_measured_time(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, STEP OPERATION("total", "target: one"));
	rig.pace = &quick;
	atomic_store(&worlds[0], WORLD_AWAY);
	world_says = "nobody answered after 3051 ms (try 1s)";
	rig_start(&rig, false);
	wait_level(&rig, "total");
	world_says = "nobody answered after 27 ms (try 2.5s)";
	for (int looked = rig.looked; rig.looked < looked + 3;)
		rig_take(&rig);
	assert_text(&rig, "3051 ms");
	world_says = "status 503";
	while (!strstr(seen(&rig)->text, "status 503"))
		rig_take(&rig);
	leave(&rig);
	assert_int_equal(count_records(&rig), 2);
	rig_release(&rig);
}

static void
look_that_hangs_is_given_up(void **unused)
{
	static const struct impact_pace pace = { .interval_ms = 10, .timeout_ms = 30 };
	struct rig rig;

	(void)unused;
	rig_init(&rig, STEP OPERATION("limited", "target: one, message: it is down"));
	rig.pace = &pace;
	atomic_store(&worlds[0], WORLD_HANGS);
	rig_start(&rig, false);
	wait_level(&rig, "limited");
	assert_string_equal(seen(&rig)->text, "it is down (no answer within 30ms)");
	rig_release(&rig);
}

static void
leave_while_looks_hang_is_quick(void **unused)
{
	struct rig rig;
	int64_t begin_ms;

	(void)unused;
	rig_init(&rig, STEP OPERATION("limited", "target: many"));
	rig.pace = &quick;
	add_members(&rig);
	atomic_store(&worlds[1], WORLD_HANGS);
	atomic_store(&worlds[2], WORLD_HANGS);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	begin_ms = clock_mono_ms();
	while (atomic_load(&world_looks) < 2 && clock_mono_ms() - begin_ms < 10000)
		sched_yield();
	assert_int_equal(atomic_load(&world_looks), 2);
	begin_ms = clock_mono_ms();
	leave(&rig);
	assert_true(clock_mono_ms() - begin_ms < 1000);
	rig_release(&rig);
}

/* The board is not asked often, but what a step has changed is looked at as soon as it has ended. */
static void
step_that_ends_is_followed_by_a_look(void **unused)
{
	static const struct impact_pace pace = { .interval_ms = 3600000, .timeout_ms = 20000 };
	struct rig rig;

	(void)unused;
	start(&rig, STEP OPERATION("none", ONE_OK), &pace);
	wait_level(&rig, "none");
	rig_wait(&rig, STEP_PLANNED);
	atomic_store(&worlds[0], WORLD_ILL);
	rig_send(&rig, INTENT_NOTE, "nothing follows from that");
	while (rig.state.notes_count == 0)
		rig_take(&rig);
	assert_int_equal(atomic_load(&world_looks), 1);
	/* the run of one step must not end with it */
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	wait_level(&rig, "total");
	rig_release(&rig);
}

static void
journal_that_is_broken_pretends_changes(void **unused)
{
	struct rig rig;

	(void)unused;
	start(&rig, STEP OPERATION("none", ONE_OK), &quick);
	wait_level(&rig, "none");
	rig_wait(&rig, STEP_PLANNED);
	fill_disk();
	atomic_store(&worlds[0], WORLD_ILL);
	wait_level(&rig, "total");
	assert_int_equal(rig.pretended, 1);
	assert_non_null(strstr(str_cstr(&rig.said), "Nothing is changed any more"));
	rig_release(&rig);
}

static void
resume_looks_anew(void **unused)
{
	struct rig rig;
	int64_t since_ms;

	(void)unused;
	start(&rig, STEP OPERATION("none", ONE_OK), &quick);
	wait_level(&rig, "none");
	rig_wait(&rig, STEP_PLANNED);
	leave(&rig);
	since_ms = seen(&rig)->since_ms;
	run_state_release(&rig.state);
	rig.looked = 0;
	rig_start(&rig, true);
	while (rig.looked == 0)
		rig_take(&rig);
	assert_string_equal(seen(&rig)->level, "none");
	assert_int_equal(seen(&rig)->since_ms, since_ms);
	leave(&rig);
	assert_int_equal(count_records(&rig), 2);
	rig_release(&rig);
}

static void
target_that_is_another_one_cannot_be_told(void **unused)
{
	struct rig rig;

	(void)unused;
	start(&rig, STEP OPERATION("none", ONE_OK), &quick);
	wait_level(&rig, "none");
	present_uid = "uid-2";
	wait_level(&rig, NULL);
	assert_text(&rig, "its uid was uid-1, now uid-2");
	rig_release(&rig);
}

/* Whom the run stays with is not decided by a look of the board. */
static void
target_that_the_run_has_not_met_is_looked_at_and_not_frozen(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, STEP " - {id: b, title: T, uses: test.target, target: one, with: {text: "
			    "it}}\n" OPERATION("none", ONE_OK));
	rig.pace = &quick;
	present_uid = NULL;
	rig_start(&rig, false);
	wait_level(&rig, "total");
	assert_text(&rig, "target one: nobody answers");
	rig_wait(&rig, STEP_PLANNED);
	present_uid = "uid-8";
	wait_level(&rig, "none");
	assert_null(rig.state.targets[0].identity);
	present_uid = "uid-9";
	rig_send(&rig, INTENT_RUN, "y");
	while (rig.state.current < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	assert_string_equal(json_string(rig.state.targets[0].identity, "uid", ""), "uid-9");
	assert_string_equal(seen(&rig)->level, "none");
	present_uid = "uid-8";
	wait_level(&rig, NULL);
	assert_text(&rig, "its uid was uid-9, now uid-8");
	rig_release(&rig);
}

static void
text_with_a_secret_is_redacted(void **unused)
{
	struct rig rig;
	struct err e = ERR_INIT;
	char *journal;

	(void)unused;
	rig_init(&rig, STEP OPERATION("none", "target: one"));
	rig.pace = &quick;
	assert_int_equal(secrets_add(rig.secrets, "key", "hunter2hunter2", 14, &e), 0);
	atomic_store(&worlds[0], WORLD_AWAY);
	world_says = "no answer to hunter2hunter2";
	rig_start(&rig, false);
	wait_level(&rig, "total");
	assert_text(&rig, "no answer to ‹secret:key›");
	leave(&rig);
	journal = rig_journal(&rig);
	assert_null(strstr(journal, "hunter2"));
	free(journal);
	rig_release(&rig);
}

static void
new_without_probes_is_nothing(void **unused)
{
	struct rig rig;
	struct job_env env;

	(void)unused;
	rig_init(&rig, STEP "impact: [{operation: O, level: none}]\n");
	env = (struct job_env){ .runbook = rig.runbook, .table = &table };
	assert_null(impact_new(&env, cJSON_CreateObject(), NULL));
	rig_release(&rig);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(look_first_is_recorded_and_repeats_are_not),
		cmocka_unit_test(look_change_is_recorded_with_its_time),
		cmocka_unit_test(look_result_is_a_level),
		cmocka_unit_test(look_group_is_summed_up),
		cmocka_unit_test(look_group_without_members_cannot_be_told),
		cmocka_unit_test(change_that_flaps_is_recorded_with_pauses),
		cmocka_unit_test(change_of_words_alone_is_told_but_not_a_measured_time),
		cmocka_unit_test(look_that_hangs_is_given_up),
		cmocka_unit_test(leave_while_looks_hang_is_quick),
		cmocka_unit_test(step_that_ends_is_followed_by_a_look),
		cmocka_unit_test(journal_that_is_broken_pretends_changes),
		cmocka_unit_test(resume_looks_anew),
		cmocka_unit_test(target_that_is_another_one_cannot_be_told),
		cmocka_unit_test(target_that_the_run_has_not_met_is_looked_at_and_not_frozen),
		cmocka_unit_test(text_with_a_secret_is_redacted),
		cmocka_unit_test(new_without_probes_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
