#include "config.h"

#include "run/engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "run/journal/journal.h"
#include "run/state/autopilot.h"

#include "fixture_engine.h"

/* The way back after a crash: a step that may or may not have happened. */

static const char probed[] =
	" - {id: a, title: T, uses: test.probed, target: one, with: {text: it}, "
	"outputs: {got: .text}}\n";

#define assert_says(text, wanted)                                                                  \
	do {                                                                                       \
		if (!(text) || !strstr(text, wanted))                                              \
			fail_msg("\"%s\" lacks \"%s\"", (text) ? (text) : "(null)", wanted);       \
	} while (0)

static void
resume_open_intent_is_looked_into_first(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, probed);
	rig_crash_in_first_step(&rig, "y");
	step = rig_wait_unknown(&rig);
	assert_string_equal(step->probe.verdict, "unsure");
	assert_string_equal(step->probe.lines[0], "the counter stands at 1");
	assert_null(step->probe.by);
	assert_string_equal(str_cstr(&probe_saw),
			    "key=one/a/1 intent=3 attempt=1 text=it uid=u-1 "
			    "evidence={\"intent\":3,\"xid\":\"4711\"} begun=1");
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "no step that is ready");
	assert_int_equal(atomic_load(&acted), 1);
	rig_release(&rig);
}

static void
resume_certain_done_is_marked_by_the_operator(void **unused)
{
	struct rig rig;
	const struct step_state *step;
	char *journal;

	(void)unused;
	rig_init(&rig, probed);
	atomic_store(&probe_says, PROBE_DONE);
	rig_crash_in_first_step(&rig, "y");
	step = rig_wait_unknown(&rig);
	assert_string_equal(step->probe.verdict, "done");
	rig_send(&rig, INTENT_MARK_DONE, NULL);
	rig_wait_said(&rig, "marked done only with a reason");
	rig_send(&rig, INTENT_MARK_DONE, "seen");
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_ENDED);
	assert_int_equal(atomic_load(&acted), 1);
	journal = rig_journal(&rig);
	assert_says(journal,
		    "\"status\":\"ok\",\"marked\":true,\"reason\":\"seen\",\"by\":\"ana\"");
	free(journal);
	rig_release(&rig);
}

/* Both ways back lead to the confirmation, not past it. */
static void
resume_not_done_waits_for_its_confirmation(void **unused)
{
	static const enum intent_type ways[] = { INTENT_MARK_NOT_DONE, INTENT_RECHECK };

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct rig rig;

		rig_init(&rig, probed);
		atomic_store(&probe_says, PROBE_NOT_DONE);
		rig_crash_in_first_step(&rig, "y");
		rig_wait_unknown(&rig);
		rig_send(&rig, ways[i], " ");
		rig_wait_said(&rig, "only with a reason");
		rig_send(&rig, ways[i], "nothing is there");
		rig_wait(&rig, STEP_PLANNED);
		assert_int_equal(atomic_load(&acted), 1);
		rig_send(&rig, INTENT_RUN, "n");
		rig_wait_said(&rig, "not confirmed");
		rig_send(&rig, INTENT_RUN, "y");
		rig_wait_closed(&rig);
		assert_int_equal(atomic_load(&acted), 2);
		/* what may have happened after all keeps its key */
		assert_string_equal(rig.state.steps[0].key,
				    ways[i] == INTENT_RECHECK ? "one/a/1" : "one/a/2");
		rig_release(&rig);
	}
}

static void
resume_again_runs_the_preconditions_again(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig,
		 " - id: a\n   title: T\n   uses: test.probed\n   preconditions:\n"
		 "    - {uses: test.read, expect: '.acted == 0', message: somebody has acted}\n");
	rig_crash_in_first_step(&rig, "y");
	rig_wait_unknown(&rig);
	rig_send(&rig, INTENT_RECHECK, "let us see");
	assert_says(rig_wait(&rig, STEP_BLOCKED)->error, "somebody has acted");
	rig_release(&rig);
}

static void
probe_that_fails_can_be_repeated(void **unused)
{
	struct rig rig;
	const struct step_state *step;
	int64_t seq;

	(void)unused;
	rig_init(&rig, probed);
	atomic_store(&probe_says, PROBE_DONE);
	atomic_store(&probe_fails, true);
	rig_crash_in_first_step(&rig, "y");
	step = rig_wait_unknown(&rig);
	assert_string_equal(step->probe.verdict, "unsure");
	assert_string_equal(step->probe.error, "the counter does not answer");
	assert_int_equal(step->probe.lines_count, 1);
	atomic_store(&probe_fails, false);
	seq = rig.state.decision_seq;
	rig_send(&rig, INTENT_PROBE, NULL);
	while (rig.state.decision_seq == seq)
		rig_take(&rig);
	assert_string_equal(step->probe.verdict, "done");
	assert_null(step->probe.error);
	assert_string_equal(step->probe.by, "ana");
	/* what was decided before the second look is refused */
	rig.link->submit(rig.link->engine, intent_new(INTENT_MARK_NOT_DONE, seq, "a", "old"));
	rig_wait_said(&rig, "has changed since");
	rig_release(&rig);
}

static void
probe_on_a_target_that_is_another_one_looks_at_nothing(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, probed);
	atomic_store(&probe_says, PROBE_DONE);
	rig_crash_in_first_step(&rig, "y");
	rig_wait_unknown(&rig);
	present_uid = "uid-2";
	str_clear(&probe_saw);
	int64_t seq = rig.state.decision_seq;
	rig_send(&rig, INTENT_PROBE, NULL);
	while (rig.state.decision_seq == seq)
		rig_take(&rig);
	step = run_state_current(&rig.state);
	assert_string_equal(step->probe.verdict, "unsure");
	assert_says(step->probe.error, "its uid was uid-1, now uid-2");
	assert_int_equal(probe_saw.len, 0);
	rig_release(&rig);
}

/* A verify that holds may have held before: it proves nothing by itself. */
static void
probe_without_an_executor_is_unsure_whatever_verify_says(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - id: a\n   title: T\n   uses: test.change\n   verify:\n"
		       "    - {uses: test.read, with: {text: x}, expect: '.text == \"x\"'}\n");
	rig_crash_in_first_step(&rig, "y");
	step = rig_wait_unknown(&rig);
	assert_string_equal(step->probe.verdict, "unsure");
	assert_says(step->probe.lines[0], "test.change cannot look by itself");
	assert_says(step->probe.lines[1], "verify: test.read holds");
	rig_release(&rig);
}

static void
probe_done_with_a_verify_that_does_not_hold_is_unsure(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - id: a\n   title: T\n   uses: test.probed\n"
		       "   wait: {interval: 100ms, timeout: 0s}\n   verify:\n"
		       "    - {uses: test.read, expect: '.acted == 7', message: not seven}\n");
	atomic_store(&probe_says, PROBE_DONE);
	rig_crash_in_first_step(&rig, "y");
	step = rig_wait_unknown(&rig);
	assert_string_equal(step->probe.verdict, "unsure");
	assert_says(step->probe.lines[1], "does not hold: not seven");
	assert_says(step->probe.lines[2], "the step itself happened");
	rig_release(&rig);
}

static void
probe_compares_no_masks(void **unused)
{
	static const char secret[] = "correct-horse-battery";
	struct err e = ERR_INIT;
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, probed);
	atomic_store(&probe_says, PROBE_DONE);
	assert_int_equal(secrets_add(rig.secrets, "key", secret, strlen(secret), &e), 0);
	remembers = secret;
	rig_crash_in_first_step(&rig, "y");
	step = rig_wait_unknown(&rig);
	assert_says(str_cstr(&probe_saw), "‹secret:key›");
	assert_string_equal(step->probe.verdict, "unsure");
	assert_says(step->probe.lines[0], "holds a secret");
	rig_release(&rig);
}

/* Whoever resumes has another name, and that is part of what the step does. */
static void
probe_of_something_else_than_was_begun_is_unsure(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig,
		 " - {id: a, title: T, uses: test.probed, with: {text: 'by ${.run.operator}'}}\n");
	atomic_store(&probe_says, PROBE_DONE);
	rig.operator_name = "ana";
	rig_crash_in_first_step(&rig, "y");
	assert_string_equal(rig_wait_unknown(&rig)->probe.verdict, "done");
	rig_send(&rig, INTENT_LEAVE, NULL);
	rig_wait_closed(&rig);
	run_state_release(&rig.state);
	rig.operator_name = "bo";
	rig_start(&rig, true);
	while (!rig.state.operator_name || strcmp(rig.state.operator_name, "bo") != 0)
		rig_take(&rig);
	step = rig_wait_unknown(&rig);
	assert_string_equal(step->probe.verdict, "unsure");
	assert_says(step->probe.lines[0], "not what it was begun with");
	rig_release(&rig);
}

static void
probe_of_a_read_is_certain_by_itself(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.look, with: {text: it}}\n");
	rig_crash_in_first_step(&rig, NULL);
	step = rig_wait_unknown(&rig);
	assert_string_equal(step->probe.verdict, "not-done");
	assert_says(step->probe.lines[0], "only reads");
	rig_release(&rig);
}

static void
run_lost_answer_is_looked_into_at_once(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.lost}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "y");
	step = rig_wait_unknown(&rig);
	assert_string_equal(step->error, "the request was sent, the answer lost");
	assert_says(step->probe.lines[0], "cannot look by itself");
	rig_release(&rig);
}

static void
mark_done_step_has_no_outputs_for_later_ones(void **unused)
{
	static const char *const uses[] = {
		"with: {text: '${.steps.a.outputs.got}'}",
		"when: '.steps.a.outputs.got == \"it\"'",
		"preconditions: [{uses: test.read, expect: '$steps.a.outputs.got == \"it\"'}]",
		"preconditions: [{uses: test.read, with: {text: 'x "
		"${.steps[\"a\"].outputs.got}'}}]",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		char *steps = xasprintf("%s - {id: b, title: T, uses: test.read, %s}\n"
					" - {id: c, title: T, uses: test.read, when: "
					"'.steps.a.status == \"passed\"'}\n",
					probed, uses[i]);
		struct rig rig;

		rig_init(&rig, steps);
		rig_crash_in_first_step(&rig, "y");
		rig_wait_unknown(&rig);
		rig_send(&rig, INTENT_MARK_DONE, "seen");
		assert_says(rig_wait(&rig, STEP_BLOCKED)->error,
			    "it uses what step a would have yielded");
		rig_send(&rig, INTENT_SKIP, "done by hand");
		while (rig.state.current < 2)
			rig_take(&rig);
		rig_wait(&rig, STEP_PLANNED);
		rig_release(&rig);
		free(steps);
	}
}

static const struct autopilot nothing_decided = { 0 };

static enum autopilot_verdict
decide(struct rig *rig, struct intent **ret_intent, char **ret_why)
{
	return autopilot_decide(&nothing_decided, &rig->state, ret_intent, ret_why);
}

static void
autopilot_marks_what_is_certain(void **unused)
{
	static const struct {
		enum probe_verdict verdict;
		enum intent_type type;
	} cases[] = {
		{ PROBE_DONE, INTENT_MARK_DONE },
		{ PROBE_NOT_DONE, INTENT_MARK_NOT_DONE },
	};

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct intent *intent = NULL;
		struct rig rig;
		char *why = NULL, *journal;

		rig_init(&rig, probed);
		atomic_store(&probe_says, cases[i].verdict);
		rig_crash_in_first_step(&rig, "y");
		rig_wait_unknown(&rig);
		assert_int_equal(decide(&rig, &intent, &why), AUTOPILOT_ACT);
		assert_int_equal(intent->type, cases[i].type);
		assert_says(intent->text, "the counter stands at 1");
		rig.link->submit(rig.link->engine, intent);
		while (rig.state.steps[0].status == STEP_UNKNOWN)
			rig_take(&rig);
		journal = rig_journal(&rig);
		assert_says(journal, "\"by\":\"probe\"");
		free(journal);
		if (cases[i].verdict == PROBE_NOT_DONE) {
			rig_wait(&rig, STEP_PLANNED); /* and then it is confirmed as any */
			assert_int_equal(decide(&rig, &intent, &why), AUTOPILOT_STUCK);
			assert_says(why, "--yes 'a'");
			free(why);
		} else {
			rig_wait_closed(&rig);
		}
		assert_int_equal(atomic_load(&acted), 1);
		rig_release(&rig);
	}
}

static void
autopilot_is_stuck_where_nobody_knows(void **unused)
{
	struct intent *intent = NULL;
	struct rig rig;
	char *why = NULL;

	(void)unused;
	rig_init(&rig, probed);
	rig_crash_in_first_step(&rig, "y");
	rig_wait_unknown(&rig);
	assert_int_equal(decide(&rig, &intent, &why), AUTOPILOT_STUCK);
	assert_says(why, "nobody knows whether it happened");
	assert_says(why, "the counter stands at 1");
	assert_says(why, "lifeboat resume one");
	free(why);
	rig_release(&rig);
}

static void
autopilot_repeats_what_is_idempotent_a_few_times(void **unused)
{
	struct intent *intent = NULL;
	struct rig rig;
	char *why = NULL;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.lost, idempotent: true}\n");
	rig_start(&rig, false);
	for (int i = 1; i <= 3; i++) {
		rig_wait(&rig, STEP_PLANNED);
		rig_send(&rig, INTENT_RUN, "y");
		rig_wait_unknown(&rig);
		if (i == 3)
			break;
		assert_int_equal(decide(&rig, &intent, &why), AUTOPILOT_ACT);
		assert_int_equal(intent->type, INTENT_RECHECK);
		assert_string_equal(intent->by, "runbook");
		rig.link->submit(rig.link->engine, intent);
	}
	assert_int_equal(decide(&rig, &intent, &why), AUTOPILOT_STUCK);
	assert_says(why, "was begun 3 times");
	free(why);
	rig_release(&rig);
}

static void
resume_notices_a_changed_runbook(void **unused)
{
	struct err e = ERR_INIT;
	struct rig rig;
	char *path;

	(void)unused;
	rig_init(&rig, probed);
	path = xasprintf("%s/original.yaml", rig.root);
	free(rig.runbook->path);
	rig.runbook->path = xstrdup(path);
	assert_int_equal(
		file_write_atomic(path, rig.runbook->source, rig.runbook->source_len, 0600, &e), 0);
	rig_crash_in_first_step(&rig, "y");
	rig_wait_unknown(&rig);
	assert_null(strstr(str_cstr(&rig.said), "the runbook"));
	assert_int_equal(file_write_atomic(path, "other\n", 6, 0600, &e), 0);
	rig_resume_crashed(&rig);
	rig_wait_said(&rig, "original.yaml has changed since this run began");
	unlink(path);
	rig_resume_crashed(&rig);
	rig_wait_said(&rig, "cannot be read any more");
	rig_wait_unknown(&rig);
	free(path);
	rig_release(&rig);
}

/* The process died between the last record and its seal. */
static void
resume_of_an_ended_run_seals_the_end(void **unused)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct engine *engine = NULL;
	struct rig rig;
	char *checkpoints, *last;

	(void)unused;
	rig_init(&rig, probed);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_SKIP, "not needed");
	rig_wait_closed(&rig);
	checkpoints = xasprintf("%s/checkpoints", rig.folder);
	assert_int_equal(file_read(checkpoints, 1 << 20, &text, &e), 0);
	last = strstr(str_cstr(&text), "state final");
	assert_non_null(last);
	while (last > text.data && strncmp(last, "lifeboat-checkpoint/v1", 22) != 0)
		last--;
	assert_int_equal(truncate(checkpoints, last - text.data), 0);

	struct engine_options options = {
		.runbook = rig.runbook,
		.table = &table,
		.expressions = rig.expressions,
		.secrets = rig.secrets,
		.folder = rig.folder,
		.mode = "live",
		.operator_name = "bo",
		.host = "there",
	};
	assert_int_equal(engine_resume(&options, &engine, &e), -1);
	assert_says(e.message, "Its end was not sealed yet, and is now");
	str_clear(&text);
	assert_int_equal(file_read(checkpoints, 1 << 20, &text, &e), 0);
	assert_says(str_cstr(&text), "state final");
	e = (struct err)ERR_INIT;
	assert_int_equal(engine_resume(&options, &engine, &e), -1);
	assert_says(e.message, "there is nothing to resume");
	assert_null(strstr(e.message, "sealed"));
	str_release(&text);
	free(checkpoints);
	rig_release(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resume_open_intent_is_looked_into_first),
		cmocka_unit_test(resume_certain_done_is_marked_by_the_operator),
		cmocka_unit_test(resume_not_done_waits_for_its_confirmation),
		cmocka_unit_test(resume_again_runs_the_preconditions_again),
		cmocka_unit_test(probe_that_fails_can_be_repeated),
		cmocka_unit_test(probe_on_a_target_that_is_another_one_looks_at_nothing),
		cmocka_unit_test(probe_without_an_executor_is_unsure_whatever_verify_says),
		cmocka_unit_test(probe_done_with_a_verify_that_does_not_hold_is_unsure),
		cmocka_unit_test(probe_compares_no_masks),
		cmocka_unit_test(probe_of_something_else_than_was_begun_is_unsure),
		cmocka_unit_test(probe_of_a_read_is_certain_by_itself),
		cmocka_unit_test(run_lost_answer_is_looked_into_at_once),
		cmocka_unit_test(mark_done_step_has_no_outputs_for_later_ones),
		cmocka_unit_test(autopilot_marks_what_is_certain),
		cmocka_unit_test(autopilot_is_stuck_where_nobody_knows),
		cmocka_unit_test(autopilot_repeats_what_is_idempotent_a_few_times),
		cmocka_unit_test(resume_notices_a_changed_runbook),
		cmocka_unit_test(resume_of_an_ended_run_seals_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
