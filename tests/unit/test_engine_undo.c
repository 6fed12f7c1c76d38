#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_undo.h"
#include "run/state/autopilot.h"

static void
undo_goes_the_way_back(void **unused)
{
	const struct step_state *taken;
	struct rig rig;
	char *journal;

	(void)unused;
	begin(&rig, steps, "e");
	assert_int_equal(atomic_load(&turned), 2);
	assert_int_equal(run_state_undo_next(&rig.state), 3);
	assert_int_equal(run_state_undo_before(&rig.state, 3), 1);
	assert_int_equal(run_state_undo_before(&rig.state, 1), 0);
	assert_int_equal(run_state_undo_before(&rig.state, 0), -1);
	taken = undo(&rig, "c");
	assert_string_equal(taken->uses, "test.turn");
	assert_string_equal(taken->confirm, "ask");
	assert_previews(taken, " Takes step c back, to how things were before it:\n"
			       "!Later steps changed something too, and stay as they are: d\n"
			       "-turned to 2\n+turned to 1\n");
	assert_int_equal(atomic_load(&turned), 2); /* looked at, not done */
	rig_send(&rig, INTENT_RUN, "n");
	rig_wait_said(&rig, "not confirmed");
	taken = run_undo(&rig, "y");
	assert_int_equal(atomic_load(&turned), 1);
	assert_false(taken->undoing || taken->undoable);
	assert_null(taken->outputs);
	assert_true(taken->undone_ms > 0);
	assert_int_equal(step(&rig, "d")->status, STEP_OK);
	assert_int_equal(step(&rig, "look")->status, STEP_OK);
	assert_int_equal(step(&rig, "seen")->status, STEP_TODO); /* what it saw is no longer so */

	taken = undo(&rig, "b");
	assert_string_equal(taken->uses, "test.destroy");
	assert_string_equal(taken->effect, "destroys");
	assert_string_equal(taken->confirm_name, "b-forth and back");
	assert_previews(taken, ">do b-forth and back\n");
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "\"b-forth and back\" must be typed");
	int before = atomic_load(&acted);
	run_undo(&rig, "b-forth and back");
	assert_int_equal(atomic_load(&acted), before + 1);

	undo(&rig, "a");
	run_undo(&rig, "y");
	assert_int_equal(atomic_load(&turned), 0);
	rig_send(&rig, INTENT_UNDO, NULL);
	rig_wait_said(&rig, "nothing was done yet that could be taken back");

	journal = rig_journal(&rig);
	assert_says(journal, "\"undo\":true,\"attempt\":1,");
	assert_says(journal, "\"key\":\"one/c/undo/1\"");
	assert_says(journal, "\"undo\":{\"uses\":\"test.destroy\",\"title\":\"test.destroy\"}");
	assert_says(journal, "\"no_undo\":\"the runbook names no undo, and test.change has none");
	free(journal);
	rig_release(&rig);
}

/* What was taken back is done again under a key of its own, and what is in between is not. */
static void
undone_steps_are_done_again(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	run_undo(&rig, "y");
	int before = atomic_load(&acted);
	run_to(&rig, "e");
	assert_int_equal(atomic_load(&acted), before + 1); /* c, not d */
	assert_int_equal(atomic_load(&turned), 2);
	assert_string_equal(step(&rig, "c")->key, "one/c/2");
	assert_int_equal(step(&rig, "seen")->status, STEP_OK);
	undo(&rig, "c");
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait(&rig, STEP_RUNNING);
	assert_string_equal(step(&rig, "c")->key, "one/c/undo/2");
	rig_release(&rig);
}

static void
keep_leads_back_to_where_the_run_was(void **unused)
{
	struct rig rig;
	char *journal;

	(void)unused;
	begin(&rig, steps, "e");
	rig_send(&rig, INTENT_KEEP, NULL);
	rig_wait_said(&rig, "nothing is being taken back");
	undo(&rig, "c");
	assert_int_equal(step(&rig, "e")->status, STEP_TODO);
	rig_send(&rig, INTENT_KEEP, "on second thoughts");
	wait_at(&rig, "e", STEP_PLANNED);
	assert_int_equal(step(&rig, "c")->status, STEP_OK);
	assert_true(step(&rig, "c")->undoable);
	assert_string_equal(step(&rig, "c")->key, "one/c/1");
	assert_int_equal(atomic_load(&turned), 2);
	journal = rig_journal(&rig);
	assert_says(journal, "\"type\":\"kept\",\"data\":{\"step\":\"c\",\"reason\":\"on second "
			     "thoughts\",\"tried\":false,\"by\":\"ana\"}");
	free(journal);
	undo(&rig, "c");
	rig_release(&rig);
}

static void
undo_while_undoing_goes_on_to_the_one_before(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	assert_int_equal(run_state_undo_next(&rig.state), 1);
	assert_previews(undo(&rig, "b"), "stay as they are: c, d\n");
	assert_int_equal(step(&rig, "c")->status, STEP_OK);
	undo(&rig, "a");
	rig_send(&rig, INTENT_UNDO, NULL);
	rig_wait_said(&rig, "no step before a can be taken back");
	assert_string_equal(current(&rig), "a");
	rig_send(&rig, INTENT_KEEP, NULL);
	wait_at(&rig, "e", STEP_PLANNED);
	assert_int_equal(run_state_undo_next(&rig.state), 3);
	rig_release(&rig);
}

static void
undo_that_fails_can_be_repeated_or_kept(void **unused)
{
	const struct step_state *taken;
	struct rig rig;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	taken = wait_at(&rig, "c", STEP_FAILED);
	assert_true(taken->undoing);
	assert_string_equal(taken->error, "the world said no");
	assert_int_equal(atomic_load(&turned), 2);
	rig_send(&rig, INTENT_SKIP, "why not");
	rig_wait_said(&rig, "step c is being taken back, and cannot be skipped");
	rig_send(&rig, INTENT_GOTO, NULL);
	rig_wait_said(&rig, "cannot be gone on from");
	rig_send(&rig, INTENT_RECHECK, NULL);
	wait_at(&rig, "c", STEP_PLANNED);
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	wait_at(&rig, "c", STEP_FAILED);
	assert_string_equal(step(&rig, "c")->key, "one/c/undo/2");
	rig_send(&rig, INTENT_KEEP, NULL);
	wait_at(&rig, "e", STEP_PLANNED);
	assert_int_equal(step(&rig, "c")->status, STEP_OK);
	assert_null(step(&rig, "c")->error);
	undo(&rig, "c");
	run_undo(&rig, "y");
	assert_int_equal(atomic_load(&turned), 1);
	rig_release(&rig);
}

/* Whatever the program could not take back, somebody may have, and says so with a reason. */
static void
undo_by_hand_is_marked(void **unused)
{
	struct rig rig;
	char *journal;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	wait_at(&rig, "c", STEP_FAILED);
	rig_send(&rig, INTENT_MARK_NOT_DONE, "no");
	rig_wait_said(&rig, "only a step of unknown outcome can be");
	rig_send(&rig, INTENT_MARK_DONE, " ");
	rig_wait_said(&rig, "only with a reason");
	rig_send(&rig, INTENT_MARK_DONE, "by kubectl");
	wait_at(&rig, "c", STEP_PLANNED);
	assert_false(step(&rig, "c")->undoing || step(&rig, "c")->undoable);
	undo(&rig, "b"); /* and before anything was tried */
	rig_send(&rig, INTENT_MARK_DONE, "by kubectl");
	while (step(&rig, "b")->undoing)
		rig_take(&rig);
	wait_at(&rig, "b", STEP_PLANNED);
	journal = rig_journal(&rig);
	assert_says(journal, "\"undo\":true,\"intent\":-1,\"status\":\"ok\",\"marked\":true");
	free(journal);
	rig_release(&rig);
}

/* What the operator has confirmed is what was shown, or nothing. */
static void
undo_acts_on_what_was_seen(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	atomic_store(&turned, 7);
	rig_send(&rig, INTENT_RUN, "y");
	assert_says(wait_at(&rig, "c", STEP_FAILED)->error, "somebody has turned it since");
	assert_int_equal(atomic_load(&turned), 7);
	rig_release(&rig);
}

static void
undo_stale_intents_are_refused(void **unused)
{
	struct rig rig;
	int64_t seq;

	(void)unused;
	begin(&rig, steps, "e");
	seq = rig.state.seq;
	rig.link->submit(rig.link->engine, intent_new(INTENT_UNDO, seq - 2, "e", NULL));
	rig_wait_said(&rig, "has changed since");
	str_clear(&rig.said);
	undo(&rig, "c");
	/* what was meant for step e, before */
	rig.link->submit(rig.link->engine, intent_new(INTENT_RUN, seq, "e", "y"));
	rig_wait_said(&rig, "has changed since");
	str_clear(&rig.said);
	rig.link->submit(rig.link->engine, intent_new(INTENT_UNDO, seq, "e", NULL));
	rig_wait_said(&rig, "has changed since");
	assert_int_equal(atomic_load(&turned), 2);
	assert_string_equal(current(&rig), "c");
	rig_release(&rig);
}

static void
undo_without_a_journal_is_refused(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig, steps, "e");
	atomic_store(&breaks_journal, true);
	rig_send(&rig, INTENT_RUN, "y"); /* its outcome is pretended */
	while (run_state_current(&rig.state))
		rig_take(&rig);
	rig_send(&rig, INTENT_UNDO, NULL);
	rig_wait_said(&rig, "the journal cannot be written");
	assert_int_equal(atomic_load(&undo_previews), 0);
	rig_release(&rig);
}

static void
undo_prepared_when_the_journal_breaks_is_not_run(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	fill_disk();
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "Nothing is changed any more");
	assert_int_equal(atomic_load(&turned), 2);
	mend_disk();
	rig_release(&rig);
}

static void
undo_of_an_instance_is_about_that_instance(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig,
	      " - {id: a, title: T, uses: test.turn, with: {text: '${.n}'},\n"
	      "    for_each: {in: '[\"3\", \"5\"]', as: n}}\n"
	      " - {id: z, title: T, uses: test.change}\n",
	      "z");
	assert_int_equal(atomic_load(&turned), 5);
	assert_previews(undo(&rig, "a[5]"), "-turned to 5\n+turned to 3\n");
	run_undo(&rig, "y");
	assert_int_equal(atomic_load(&turned), 3);
	assert_int_equal(step(&rig, "a[3]")->status, STEP_OK);
	undo(&rig, "a[3]");
	run_undo(&rig, "y");
	assert_int_equal(atomic_load(&turned), 0);
	rig_release(&rig);
}

static void
undo_of_a_step_that_failed_half_way(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig,
	      " - {id: a, title: T, uses: test.turn, with: {text: '1'}}\n"
	      " - {id: b, title: T, uses: test.change, on_failure: {goto: a, max: 1},\n"
	      "    undo: {uses: test.change, with: {text: tidied}}}\n",
	      "b");
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	wait_at(&rig, "b", STEP_FAILED);
	assert_int_equal(run_state_undo_next(&rig.state), 1);
	assert_previews(undo(&rig, "b"), ">do tidied\n");
	rig_send(&rig, INTENT_KEEP, NULL);
	/* its failure is as it was, with all that can be done about it */
	wait_at(&rig, "b", STEP_FAILED);
	assert_string_equal(step(&rig, "b")->error, "the world said no");
	assert_true(step(&rig, "b")->undoable);
	/* prepared again it has still half happened */
	rig_send(&rig, INTENT_RECHECK, NULL);
	wait_at(&rig, "b", STEP_PLANNED);
	undo(&rig, "b");
	run_undo(&rig, "y");
	assert_int_equal(run_state_undo_next(&rig.state), 0);
	rig_release(&rig);
}

/* What it did is done, though the check after it does not hold: that is when people want it back. */
static void
undo_of_a_step_whose_verify_failed(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig,
	      " - {id: a, title: T, uses: test.turn, with: {text: '1'},\n"
	      "    wait: {interval: 100ms, timeout: 0s}, on_failure: abort,\n"
	      "    verify: [{uses: test.read, expect: '.acted == 7', message: not seven}]}\n"
	      " - {id: b, title: T, uses: test.change}\n",
	      "a");
	free(rig.runbook->steps[0].goto_step);
	rig.runbook->steps[0].goto_step = NULL;
	rig.runbook->steps[0].on_failure = ON_FAILURE_PAUSE;
	rig_send(&rig, INTENT_RUN, "y");
	wait_at(&rig, "a", STEP_FAILED);
	assert_int_equal(atomic_load(&turned), 1);
	undo(&rig, "a");
	rig.runbook->steps[0].on_failure = ON_FAILURE_ABORT;
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	wait_at(&rig, "a", STEP_FAILED); /* that an undo fails ends no run */
	rig_send(&rig, INTENT_RECHECK, NULL);
	wait_at(&rig, "a", STEP_PLANNED);
	run_undo(&rig, "y");
	assert_int_equal(atomic_load(&turned), 0);
	rig_release(&rig);
}

static void
undo_of_what_only_reads_is_none(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig,
	      " - {id: a, title: T, uses: test.read, undo: {uses: test.change}}\n"
	      " - {id: b, title: T, uses: test.change}\n"
	      " - {id: c, title: T, uses: test.change}\n",
	      "c");
	rig_send(&rig, INTENT_UNDO, NULL);
	rig_wait_said(&rig, "nothing can be taken back; step b (test.change): the runbook names no "
			    "undo, and test.change has none of its own");
	rig_release(&rig);
}

static void
undo_of_an_unknown_step_waits_for_its_decision(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig,
	      " - {id: a, title: T, uses: test.turn, with: {text: '1'}}\n"
	      " - {id: b, title: T, uses: test.lost, undo: {uses: test.change}}\n"
	      " - {id: c, title: T, uses: test.change}\n",
	      "b");
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_unknown(&rig);
	rig_send(&rig, INTENT_UNDO, NULL);
	rig_wait_said(&rig, "step b may or may not have happened: say first");
	rig_send(&rig, INTENT_MARK_DONE, "seen");
	wait_at(&rig, "c", STEP_PLANNED);
	undo(&rig, "b"); /* the runbook knows how, whoever saw its end */
	rig_release(&rig);
}

static void
undo_past_the_last_step(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig, steps, "e");
	rig_send(&rig, INTENT_RUN, "y");
	while (run_state_current(&rig.state))
		rig_take(&rig);
	undo(&rig, "c");
	rig_send(&rig, INTENT_KEEP, NULL);
	while (run_state_current(&rig.state))
		rig_take(&rig);
	assert_int_equal(rig.state.phase, RUN_WAITING);
	undo(&rig, "c");
	rig.link->submit(rig.link->engine, intent_new(INTENT_END, rig.state.seq, "c", "other"));
	rig_wait_said(&rig, "only with a reason");
	struct intent *intent = intent_new(INTENT_END, rig.state.seq, "c", "other");
	intent->reason = xstrdup("enough");
	rig.link->submit(rig.link->engine, intent);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_ENDED);
	rig_release(&rig);
}

static void
autopilot_takes_nothing_back(void **unused)
{
	static const char *const yes[] = { "*", NULL };
	const struct autopilot pilot = { .yes = yes, .confirm = yes };
	struct intent *intent = NULL;
	struct rig rig;
	char *why = NULL;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_STUCK);
	assert_says(why, "step c is being taken back, which only a person decides");
	free(why);
	rig_release(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(undo_goes_the_way_back),
		cmocka_unit_test(undone_steps_are_done_again),
		cmocka_unit_test(keep_leads_back_to_where_the_run_was),
		cmocka_unit_test(undo_while_undoing_goes_on_to_the_one_before),
		cmocka_unit_test(undo_that_fails_can_be_repeated_or_kept),
		cmocka_unit_test(undo_by_hand_is_marked),
		cmocka_unit_test(undo_acts_on_what_was_seen),
		cmocka_unit_test(undo_stale_intents_are_refused),
		cmocka_unit_test(undo_without_a_journal_is_refused),
		cmocka_unit_test(undo_prepared_when_the_journal_breaks_is_not_run),
		cmocka_unit_test(undo_of_an_instance_is_about_that_instance),
		cmocka_unit_test(undo_of_a_step_that_failed_half_way),
		cmocka_unit_test(undo_of_a_step_whose_verify_failed),
		cmocka_unit_test(undo_of_what_only_reads_is_none),
		cmocka_unit_test(undo_of_an_unknown_step_waits_for_its_decision),
		cmocka_unit_test(undo_past_the_last_step),
		cmocka_unit_test(autopilot_takes_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
