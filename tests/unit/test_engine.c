#include "config.h"

#include "run/engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/state/autopilot.h"

#include "fixture_engine.h"

static void
run_two_reads_reach_the_end(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig,
		 " - {id: a, title: T, uses: test.read, with: {text: one}, outputs: {got: .text}}\n"
		 " - {id: b, title: T, uses: test.read, with: {text: '${.steps.a.outputs.got} "
		 "two'},\n"
		 "    outputs: {got: .text}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_ENDED);
	assert_false(rig.state.failed);
	assert_string_equal(json_string(rig.state.steps[1].outputs, "got", ""), "one two");
	assert_non_null(strstr(str_cstr(&rig.said), "one\n\none two\n\n"));
	rig_release(&rig);
}

static void
run_change_intent_is_on_disk_before_the_act(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.change, with: {text: it}, verify: []}\n");
	watched_folder = rig.folder;
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	assert_non_null(strstr(journal_at_act, "\"type\":\"intent\""));
	assert_null(strstr(journal_at_act, "\"type\":\"outcome\""));
	rig_release(&rig);
}

static void
run_change_without_a_y_is_refused(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.change, with: {text: it}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "n");
	rig_wait_said(&rig, "not confirmed");
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_said(&rig, "needs a y");
	assert_int_equal(atomic_load(&acted), 0);
	rig_release(&rig);
	assert_int_equal(atomic_load(&acted), 0);
}

static void
run_destroy_wants_the_exact_name(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.destroy, with: {text: prod}}\n");
	rig_start(&rig, false);
	assert_string_equal(rig_wait(&rig, STEP_PLANNED)->confirm_name, "prod");
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "must be typed");
	rig_send(&rig, INTENT_RUN, "prod");
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	rig_release(&rig);
}

static void
run_stale_intent_is_refused(void **unused)
{
	struct rig rig;
	int64_t seen;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.change, with: {text: it}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	seen = rig.state.seq;
	rig_send(&rig, INTENT_RECHECK, NULL);
	while (rig.state.decision_seq <= seen)
		rig_take(&rig);
	rig.link->submit(rig.link->engine, intent_new(INTENT_RUN, seen, "a", "y"));
	rig_wait_said(&rig, "has changed since");
	assert_int_equal(atomic_load(&acted), 0);
	rig_release(&rig);
}

static void
run_when_false_skips_by_itself(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, when: '.params.word == \"yes\"', uses: test.change}\n"
		       " - {id: b, title: T, uses: test.ask, with: {text: name}}\n");
	rig_start(&rig, false);
	while (rig.state.prompt.seq < 0)
		rig_take(&rig);
	assert_int_equal(rig.state.steps[0].status, STEP_SKIPPED);
	rig_release(&rig);
	assert_int_equal(atomic_load(&acted), 0);
}

static void
run_ask_answer_is_journalled_and_returned(void **unused)
{
	struct rig rig;
	struct intent *intent;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.ask, with: {text: name}, outputs: {name: "
		       ".value}}\n");
	rig_start(&rig, false);
	while (rig.state.prompt.seq < 0)
		rig_take(&rig);
	intent = intent_new(INTENT_ANSWER, rig.state.seq, "a", NULL);
	intent->answer = cJSON_CreateObject();
	json_add_string(intent->answer, "value", "lifeboat");
	rig.link->submit(rig.link->engine, intent);
	rig_wait_closed(&rig);
	assert_string_equal(json_string(rig.state.steps[0].outputs, "name", ""), "lifeboat");
	rig_release(&rig);
}

static void
run_failed_step_pauses_and_can_be_retried(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read, with: {text: it}}\n");
	atomic_store(&fail_times, 1);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	step = rig_wait(&rig, STEP_FAILED);
	assert_string_equal(step->error, "the world said no");
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps[0].attempt, 2);
	rig_release(&rig);
}

static void
run_retry_rule_repeats_a_read_but_never_a_change(void **unused)
{
	static const char retry[] = "retry: {max_attempts: 3, backoff: {initial: 1ms}}";
	char *steps = xasprintf(" - {id: a, title: T, uses: test.read, with: {text: it}, %s}\n"
				" - {id: b, title: T, uses: test.change, idempotent: true, %s}\n",
				retry, retry);
	struct rig rig;

	(void)unused;
	rig_init(&rig, steps);
	atomic_store(&fail_times, 2);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 1)
		rig_take(&rig);
	assert_int_equal(rig.state.steps[0].attempt, 3);
	rig_wait(&rig, STEP_PLANNED);
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 2);
	rig_release(&rig);
	free(steps);
}

static void
run_verify_waits_until_it_holds(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - id: a\n   title: T\n   uses: test.read\n   wait: {interval: 100ms, "
		       "timeout: 5s}\n"
		       "   verify:\n"
		       "    - {uses: test.read, with: {text: x}, expect: '.text == \"x\"'}\n"
		       "    - {uses: test.read, expect: '.acted >= 1', message: not acted}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_said(&rig, "not acted");
	atomic_store(&acted, 1);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps[0].verify_count, 2);
	assert_true(rig.state.steps[0].verify[1].ok);
	rig_release(&rig);
}

static void
run_precondition_that_fails_blocks_the_step(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - id: a\n   title: T\n   uses: test.change\n   preconditions:\n"
		       "    - {uses: test.read, expect: '.acted == 1', message: somebody must act "
		       "first}\n");
	rig_start(&rig, false);
	step = rig_wait(&rig, STEP_BLOCKED);
	assert_non_null(strstr(step->error, "somebody must act first"));
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "no step that is ready");
	atomic_store(&acted, 1);
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_PLANNED);
	rig_release(&rig);
}

/* A check whose expression cannot be evaluated has not held. */
static void
run_precondition_with_an_error_blocks_the_step(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - id: a\n   title: T\n   uses: test.change\n   preconditions:\n"
		       "    - {uses: test.read, expect: '.acted | keys'}\n");
	rig_start(&rig, false);
	assert_non_null(strstr(rig_wait(&rig, STEP_BLOCKED)->error, ".acted | keys"));
	assert_false(rig.state.steps[0].preconditions[0].ok);
	rig_release(&rig);
}

static void
run_cancel_ends_the_step(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.slow}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait(&rig, STEP_RUNNING);
	rig_send(&rig, INTENT_CANCEL, NULL);
	rig_wait(&rig, STEP_CANCELLED);
	rig_release(&rig);
}

static void
run_timeout_stops_the_step(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.slow, timeout: 50ms}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	step = rig_wait(&rig, STEP_FAILED);
	assert_string_equal(step->error_kind, "timeout");
	assert_non_null(strstr(step->error, "timeout of 50ms"));
	rig_release(&rig);
}

static void
run_lost_answer_is_unknown_until_marked(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.lost}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_unknown(&rig);
	rig_send(&rig, INTENT_MARK_DONE, " ");
	rig_wait_said(&rig, "with a reason");
	rig_send(&rig, INTENT_MARK_DONE, "seen in the console");
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps[0].status, STEP_OK);
	rig_release(&rig);
}

static void
run_skip_needs_a_reason(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.change}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_SKIP, "  ");
	rig_wait_said(&rig, "only with a reason");
	rig_send(&rig, INTENT_SKIP, "done by hand");
	rig_wait_closed(&rig);
	assert_string_equal(rig.state.steps[0].reason, "done by hand");
	assert_int_equal(atomic_load(&acted), 0);
	rig_release(&rig);
}

static void
run_abort_on_failure_ends_the_run(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read, on_failure: abort}\n - {id: b, "
		       "title: T, uses: test.change}\n");
	atomic_store(&fail_times, 1);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_ENDED);
	assert_true(rig.state.failed);
	rig_release(&rig);
}

static void
run_goto_goes_back_and_resets(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read}\n"
		       " - {id: b, title: T, uses: test.read, on_failure: {goto: a, max: 1}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait(&rig, STEP_FAILED);
	rig_send(&rig, INTENT_GOTO, NULL);
	while (rig.state.current != 0)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	assert_int_equal(rig.state.steps[1].status, STEP_TODO);
	rig_release(&rig);
}

static void
run_for_each_makes_one_instance_an_item(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - id: a\n   title: T\n   for_each: {in: .params.list, as: cluster}\n   "
		       "uses: test.read\n"
		       "   with: {text: 'on ${.cluster}'}\n   outputs: {got: .text}\n"
		       " - {id: b, title: T, uses: test.read, with: {text: "
		       "'${.steps.a.items.two.outputs.got}'},\n"
		       "    outputs: {got: .text}}\n");
	json_add(rig.params, "list", cJSON_Parse("[\"one\",\"two\"]"));
	rig_start(&rig, false);
	for (int i = 0; i < 3; i++) {
		while (rig.state.current < i)
			rig_take(&rig);
		rig_wait(&rig, STEP_PLANNED);
		rig_send(&rig, INTENT_RUN, NULL);
	}
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps_count, 3);
	assert_string_equal(rig.state.steps[0].id, "a[one]");
	assert_string_equal(json_string(rig.state.steps[2].outputs, "got", ""), "on two");
	rig_release(&rig);
}

static void
run_secret_is_in_no_journal_and_no_output(void **unused)
{
	static const char secret[] = "correct-horse-battery";
	struct err e = ERR_INIT;
	struct rig rig;
	char *journal;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read, with: {text: 'key=${.params.key}'},\n"
		       "    outputs: {got: .text}}\n"
		       " - {id: b, title: T, uses: test.read, with: {text: '${.steps.a.outputs.got "
		       "| length}'},\n"
		       "    outputs: {got: .text}}\n");
	json_add_string(rig.params, "key", secret);
	assert_int_equal(secrets_add(rig.secrets, "key", secret, strlen(secret), &e), 0);
	rig_start(&rig, false);
	for (int i = 0; i < 2; i++) {
		while (rig.state.current < i)
			rig_take(&rig);
		rig_wait(&rig, STEP_PLANNED);
		rig_send(&rig, INTENT_RUN, NULL);
	}
	rig_wait_closed(&rig);
	journal = rig_journal(&rig);
	assert_null(strstr(journal, secret));
	assert_null(strstr(str_cstr(&rig.said), secret));
	/* the next step still had the real value, whose length is not that of the mask */
	assert_string_equal(json_string(rig.state.steps[1].outputs, "got", ""), "25");
	free(journal);
	rig_release(&rig);
}

/* Colours come beside the text, which is clean, and stand in no file. */
static void
run_output_has_its_colours_beside_it(void **unused)
{
	struct str kept = STR_INIT;
	struct err e = ERR_INIT;
	struct rig rig;
	char *path;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read, with: {text: \"an \\e[31mill\\e[0m "
		       "one\"}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_closed(&rig);
	assert_non_null(strstr(str_cstr(&rig.said), "an ill one\n"));
	assert_int_equal(rig.looks.count, 2);
	assert_int_equal(rig.looks.spans[0].begin, 3);
	assert_int_equal(rig.looks.spans[0].look.colour, 1);
	assert_int_equal(rig.looks.spans[1].begin, 6);
	assert_int_equal(rig.looks.spans[1].look.colour, SGR_NO_COLOUR);
	path = xasprintf("%s/%s", rig.folder, rig.state.steps[0].output_file);
	assert_int_equal(file_read(path, 1000, &kept, &e), 0);
	assert_string_equal(str_cstr(&kept), "an ill one\n");
	str_release(&kept);
	free(path);
	rig_release(&rig);
}

static void
run_secret_that_colours_are_drawn_through_is_hidden(void **unused)
{
	struct str kept = STR_INIT;
	struct err e = ERR_INIT;
	struct rig rig;
	char *path;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read, with: {text: \""
		       "\\e[33mfirst\\e[0m\\n\\e[33msecond\\e[0m\\n"
		       "key open\\e[31msesame\\e[0m\"}}\n");
	assert_int_equal(secrets_add(rig.secrets, "key", "opensesame", 10, &e), 0);
	assert_int_equal(secrets_add(rig.secrets, "lines", "first\nsecond", 12, &e), 0);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_closed(&rig);
	assert_null(strstr(str_cstr(&rig.said), "sesame"));
	assert_null(strstr(str_cstr(&rig.said), "second"));
	assert_int_equal(rig.looks.count, 0);
	path = xasprintf("%s/%s", rig.folder, rig.state.steps[0].output_file);
	assert_int_equal(file_read(path, 1000, &kept, &e), 0);
	assert_null(strstr(str_cstr(&kept), "sesame"));
	assert_null(strstr(str_cstr(&kept), "second"));
	str_release(&kept);
	free(path);
	rig_release(&rig);
}

static void
resume_after_leaving_goes_on_with_the_next_step(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig,
		 " - {id: a, title: T, uses: test.read, with: {text: x}, outputs: {got: .text}}\n"
		 " - {id: b, title: T, uses: test.change, with: {text: "
		 "'${.steps.a.outputs.got}'}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_LEAVE, "hang-up");
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_STOPPED);
	run_state_release(&rig.state);
	rig_start(&rig, true);
	while (rig.state.phase != RUN_WAITING || rig.state.seq < 8)
		rig_take(&rig);
	assert_string_equal(rig_wait(&rig, STEP_PLANNED)->id, "b");
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	assert_int_equal(rig.state.phase, RUN_ENDED);
	rig_release(&rig);
}

static const char targeted[] =
	" - {id: a, title: T, uses: test.target, target: one, with: {text: it}}\n";

static void
resume_with_another_cluster_behind_the_name_is_blocked(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	assert_string_equal(json_string(rig.state.targets[0].identity, "uid", ""), "uid-1");
	rig_send(&rig, INTENT_LEAVE, "lunch");
	rig_wait_closed(&rig);
	run_state_release(&rig.state);
	present_uid = "uid-2";
	rig_start(&rig, true);
	step = rig_wait(&rig, STEP_BLOCKED);
	assert_non_null(strstr(step->error, "its uid was uid-1, now uid-2"));
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "no step that is ready");
	assert_int_equal(atomic_load(&acted), 0);
	present_uid = "uid-1";
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_PLANNED);
	rig_release(&rig);
}

/* The context leads to another cluster while the plan waits for its confirmation. */
static void
run_after_the_cluster_was_exchanged_does_nothing(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	present_uid = "uid-2";
	rig_send(&rig, INTENT_RUN, "y");
	assert_non_null(strstr(rig_wait(&rig, STEP_FAILED)->error, "its uid was uid-1, now uid-2"));
	assert_int_equal(atomic_load(&acted), 0);
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_BLOCKED);
	rig_release(&rig);
}

static void
run_change_on_a_target_that_is_away_does_nothing(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	present_uid = NULL;
	rig_send(&rig, INTENT_RUN, "y");
	assert_non_null(strstr(rig_wait(&rig, STEP_FAILED)->error, "nobody answers"));
	assert_int_equal(atomic_load(&acted), 0);
	rig_release(&rig);
}

/* What waits for a server to come back must be able to begin while it is away. */
static void
prepare_on_a_target_that_is_away_for_a_moment_goes_on(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	present_uid = NULL;
	rig_send(&rig, INTENT_RECHECK, NULL);
	int64_t seq = rig.state.decision_seq;
	while (rig.state.decision_seq == seq)
		rig_take(&rig);
	assert_int_equal(run_state_current(&rig.state)->status, STEP_PLANNED);
	rig_release(&rig);
}

static bool
preview_holds(const struct step_state *step, const char *text)
{
	for (size_t i = 0; i < step->preview_count; i++)
		if (step->preview[i].mark == '!' && strstr(step->preview[i].text, text))
			return true;
	return false;
}

static void
run_on_an_insecure_target_is_warned_of_and_not_automatic(void **unused)
{
	const char *const yes[] = { "*", NULL }, *const none[] = { NULL };
	struct autopilot pilot = { .yes = yes, .confirm = none, .answer = none };
	struct intent *intent = NULL;
	const struct step_state *step;
	struct rig rig;
	char *why = NULL;

	(void)unused;
	rig_init(&rig, targeted);
	atomic_store(&present_insecure, true);
	rig_start(&rig, false);
	step = rig_wait(&rig, STEP_PLANNED);
	assert_true(preview_holds(step, "certificate is not verified"));
	assert_string_equal(step->confirm, "ask");
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_STUCK);
	assert_non_null(strstr(why, "--allow-insecure"));
	free(why);
	pilot.allow_insecure = true;
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_ACT);
	rig.link->submit(rig.link->engine, intent);
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	rig_release(&rig);
}

/* A kubeconfig that was secure when the run began, and is not any more. */
static void
run_target_that_becomes_insecure_is_noticed(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	assert_false(json_bool(rig.state.targets[0].identity, "insecure", false));
	atomic_store(&present_insecure, true);
	rig_send(&rig, INTENT_RECHECK, NULL);
	while (!json_bool(rig.state.targets[0].identity, "insecure", false))
		rig_take(&rig);
	while (!preview_holds(run_state_current(&rig.state), "certificate is not verified"))
		rig_take(&rig);
	rig_release(&rig);
}

static void
preflight_record_tells_of_clock_and_user(void **unused)
{
	struct rig rig;
	char *journal;

	(void)unused;
	rig_init(&rig, targeted);
	atomic_store(&present_skew_ms, -45200);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	assert_true(rig.state.preflight[0].ok);
	assert_non_null(strstr(rig.state.preflight[0].message, "at least 45s behind"));
	journal = rig_journal(&rig);
	assert_non_null(strstr(journal, "\"target\":\"one\",\"user\":\"ana\",\"skew_ms\":-45200"));
	free(journal);
	rig_release(&rig);
}

static void
run_target_reached_later_is_frozen_then(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	present_uid = NULL;
	rig_start(&rig, false);
	rig_wait(&rig, STEP_BLOCKED);
	assert_false(rig.state.preflight[0].ok);
	assert_null(rig.state.targets[0].identity);
	assert_non_null(strstr(run_state_current(&rig.state)->error, "target one: nobody answers"));
	present_uid = "uid-9";
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_PLANNED);
	assert_string_equal(json_string(rig.state.targets[0].identity, "uid", ""), "uid-9");
	rig_release(&rig);
}

static void
leave_waits_for_the_running_step(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.slow, timeout: 300ms}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait(&rig, STEP_RUNNING);
	rig_send(&rig, INTENT_LEAVE, "hang-up");
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps[0].status, STEP_FAILED);
	assert_int_equal(rig.state.phase, RUN_STOPPED);
	rig_release(&rig);
}

static void
autopilot_runs_reads_and_stops_at_changes(void **unused)
{
	const char *const yes[] = { "b*", NULL }, *const none[] = { NULL };
	struct autopilot pilot = { .yes = none, .confirm = none, .answer = none };
	struct intent *intent = NULL;
	struct rig rig;
	char *why = NULL;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read}\n - {id: bb, title: T, uses: "
		       "test.change}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_ACT);
	rig.link->submit(rig.link->engine, intent);
	while (rig.state.current < 1)
		rig_take(&rig);
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_WAIT);
	rig_wait(&rig, STEP_PLANNED);
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_STUCK);
	assert_non_null(strstr(why, "--yes 'bb'"));
	free(why);
	pilot.yes = yes;
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_ACT);
	rig.link->submit(rig.link->engine, intent);
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	rig_release(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_two_reads_reach_the_end),
		cmocka_unit_test(run_change_intent_is_on_disk_before_the_act),
		cmocka_unit_test(run_change_without_a_y_is_refused),
		cmocka_unit_test(run_destroy_wants_the_exact_name),
		cmocka_unit_test(run_stale_intent_is_refused),
		cmocka_unit_test(run_when_false_skips_by_itself),
		cmocka_unit_test(run_ask_answer_is_journalled_and_returned),
		cmocka_unit_test(run_failed_step_pauses_and_can_be_retried),
		cmocka_unit_test(run_retry_rule_repeats_a_read_but_never_a_change),
		cmocka_unit_test(run_verify_waits_until_it_holds),
		cmocka_unit_test(run_precondition_that_fails_blocks_the_step),
		cmocka_unit_test(run_precondition_with_an_error_blocks_the_step),
		cmocka_unit_test(run_cancel_ends_the_step),
		cmocka_unit_test(run_timeout_stops_the_step),
		cmocka_unit_test(run_lost_answer_is_unknown_until_marked),
		cmocka_unit_test(run_skip_needs_a_reason),
		cmocka_unit_test(run_abort_on_failure_ends_the_run),
		cmocka_unit_test(run_goto_goes_back_and_resets),
		cmocka_unit_test(run_for_each_makes_one_instance_an_item),
		cmocka_unit_test(run_secret_is_in_no_journal_and_no_output),
		cmocka_unit_test(run_output_has_its_colours_beside_it),
		cmocka_unit_test(run_secret_that_colours_are_drawn_through_is_hidden),
		cmocka_unit_test(resume_after_leaving_goes_on_with_the_next_step),
		cmocka_unit_test(resume_with_another_cluster_behind_the_name_is_blocked),
		cmocka_unit_test(run_after_the_cluster_was_exchanged_does_nothing),
		cmocka_unit_test(run_change_on_a_target_that_is_away_does_nothing),
		cmocka_unit_test(prepare_on_a_target_that_is_away_for_a_moment_goes_on),
		cmocka_unit_test(run_on_an_insecure_target_is_warned_of_and_not_automatic),
		cmocka_unit_test(run_target_that_becomes_insecure_is_noticed),
		cmocka_unit_test(preflight_record_tells_of_clock_and_user),
		cmocka_unit_test(run_target_reached_later_is_frozen_then),
		cmocka_unit_test(leave_waits_for_the_running_step),
		cmocka_unit_test(autopilot_runs_reads_and_stops_at_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
