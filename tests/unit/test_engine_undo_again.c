#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_undo.h"

/* What is taken back after several tries, or by another process. */

/* A step that is done twice goes back to how things were before the first time, not to what that made of them. */
static const char twice[] =
	" - {id: a, title: T, uses: test.turn, with: {text: '5'},\n"
	"    wait: {interval: 100ms, timeout: 0s},\n"
	"    verify: [{uses: test.read, expect: '.acted >= 2', message: not two}]}\n"
	" - {id: b, title: T, uses: test.change}\n";

/* The verify of the first try does not hold; then it is prepared again. */
static void
fail_once(struct rig *rig, const char *text)
{
	begin(rig, text, "a");
	rig_send(rig, INTENT_RUN, "y");
	wait_at(rig, "a", STEP_FAILED);
	rig_send(rig, INTENT_RECHECK, NULL);
	wait_at(rig, "a", STEP_PLANNED);
}

static void
undo_of_a_second_try_goes_back_before_the_first(void **unused)
{
	(void)unused;
	for (int crashes = 0; crashes < 2; crashes++) {
		struct rig rig;

		fail_once(&rig, twice);
		assert_true(step(&rig, "a")->undoable); /* prepared again, it is still done */
		if (crashes)
			crash_now(&rig);
		run_to(&rig, "b");
		assert_int_equal(atomic_load(&turned), 5);
		assert_previews(undo(&rig, "a"), "-turned to 5\n+turned to 0\n");
		run_undo(&rig, "y");
		assert_int_equal(atomic_load(&turned), 0);
		/* done anew, it begins where it is done from then on */
		atomic_store(&turned, 3);
		run_to(&rig, "b");
		assert_previews(undo(&rig, "a"), "-turned to 5\n+turned to 3\n");
		rig_release(&rig);
	}
}

static void
undo_of_a_second_try_that_changed_nothing(void **unused)
{
	struct rig rig;

	(void)unused;
	fail_once(&rig, twice);
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	while (step(&rig, "a")->status != STEP_FAILED)
		rig_take(&rig);
	assert_previews(undo(&rig, "a"), "-turned to 5\n+turned to 0\n");
	rig_release(&rig);
}

/* The first try of the first of two steps fails, and nothing can be taken back for that reason; then it is done. */
static void
fail_first(struct rig *rig, atomic_int *times, const char *why_no_way_back)
{
	begin(rig,
	      " - {id: a, title: T, uses: test.turn, with: {text: '5'}}\n"
	      " - {id: b, title: T, uses: test.change}\n",
	      "a");
	atomic_store(times, 1);
	rig_send(rig, INTENT_RUN, "y");
	wait_at(rig, "a", STEP_FAILED);
	rig_send(rig, INTENT_UNDO, NULL);
	rig_wait_said(rig, why_no_way_back);
	rig_send(rig, INTENT_RECHECK, NULL);
	run_to(rig, "b");
}

/* Nobody knows how far the first one came, nor what there was before it. */
static void
undo_of_a_try_that_broke_off_is_none(void **unused)
{
	struct rig rig;

	(void)unused;
	fail_first(&rig, &half_times, "step a (test.turn): it did not come to its end");
	assert_int_equal(step(&rig, "a")->status, STEP_OK);
	rig_send(&rig, INTENT_UNDO, NULL);
	rig_wait_said(&rig, "step a (test.turn): an earlier try of it changed something too");
	rig_release(&rig);
}

/* A try that was refused before it changed anything is no hindrance. */
static void
undo_after_a_try_that_did_nothing(void **unused)
{
	struct rig rig;

	(void)unused;
	fail_first(&rig, &fail_times, "nothing was done yet that could be taken back");
	undo(&rig, "a");
	run_undo(&rig, "y");
	assert_int_equal(atomic_load(&turned), 0);
	rig_release(&rig);
}

/* What was done before a try that nobody saw the end of is still done, and can be taken back. */
static void
undo_after_an_unknown_try_that_did_not_happen(void **unused)
{
	struct rig rig;
	char *folder;

	(void)unused;
	fail_once(&rig, twice);
	folder = xasprintf("%s/crashed", rig.root);
	crash_folder = folder;
	run_to(&rig, "b");
	resume(&rig);
	rig_wait_unknown(&rig);
	assert_string_equal(current(&rig), "a");
	rig_send(&rig, INTENT_MARK_NOT_DONE, "seen");
	wait_at(&rig, "a", STEP_PLANNED);
	assert_previews(undo(&rig, "a"), "+turned to 0\n");
	free(folder);
	rig_release(&rig);
}

/* What a step was passed over for may be otherwise, once something before it is taken back. */
static void
undo_looks_anew_at_conditions(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig,
	      " - {id: a, title: T, uses: test.turn, with: {text: '5'}, outputs: {n: .acted}}\n"
	      " - {id: maybe, title: T, uses: test.change, when: '.steps.a.outputs.n > 1'}\n"
	      " - {id: c, title: T, uses: test.change}\n",
	      "c");
	assert_int_equal(step(&rig, "maybe")->status, STEP_SKIPPED);
	undo(&rig, "a");
	run_undo(&rig, "y");
	assert_int_equal(step(&rig, "maybe")->status, STEP_TODO);
	run_to(&rig, "maybe");
	rig_release(&rig);
}

/* Who ends a run in the midst of it leaves the step as it is, and the journal says so. */
static void
end_while_undoing_keeps_the_step(void **unused)
{
	struct rig rig;
	struct intent *intent;
	char *journal;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	wait_at(&rig, "c", STEP_FAILED);
	intent = intent_new(INTENT_END, rig.state.seq, "c", "other");
	intent->reason = xstrdup("enough");
	rig.link->submit(rig.link->engine, intent);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_ENDED);
	assert_false(step(&rig, "c")->undoing);
	assert_int_equal(step(&rig, "c")->status, STEP_OK);
	journal = rig_journal(&rig);
	assert_says(journal, "\"reason\":\"the run ends\",\"tried\":true");
	free(journal);
	rig_release(&rig);
}

/* ---- a process that dies ---- */

static void
crash_while_prepared_is_prepared_again(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	crash_now(&rig);
	wait_at(&rig, "c", STEP_PLANNED);
	assert_true(step(&rig, "c")->undoing);
	assert_int_equal(atomic_load(&undo_previews), 2);
	rig_send(&rig, INTENT_KEEP, NULL);
	wait_at(&rig, "e", STEP_PLANNED);
	undo(&rig, "c"); /* by what the journal tells of how things were */
	run_undo(&rig, "y");
	assert_int_equal(atomic_load(&turned), 1);
	rig_release(&rig);
}

/* Takes step c back in a process that dies meanwhile; `done`: it had come to its end. */
static void
crash_in_undo(struct rig *rig, bool done)
{
	begin(rig, steps, "e");
	undo(rig, "c");
	char *folder = xasprintf("%s/crashed", rig->root);
	crash_folder = folder;
	run_undo(rig, "y");
	assert_int_equal(atomic_load(&turned), 1);
	if (!done)
		atomic_store(&turned, 2);
	resume(rig);
	free(folder);
}

static void
crash_in_undo_that_was_done(void **unused)
{
	const struct step_state *unknown;
	struct rig rig;
	char *journal;

	(void)unused;
	crash_in_undo(&rig, true);
	unknown = rig_wait_unknown(&rig);
	assert_true(unknown->undoing);
	assert_string_equal(unknown->probe.verdict, "done");
	assert_string_equal(unknown->probe.lines[0], "one/c/undo/1: it is at 1, was 2");
	rig_send(&rig, INTENT_UNDO, NULL);
	rig_wait_said(&rig, "step c may or may not have been taken back: say first");
	rig_send(&rig, INTENT_KEEP, NULL);
	rig_wait_said(&rig, "may have been taken back already");
	rig_send(&rig, INTENT_MARK_DONE, "the probe says so");
	wait_at(&rig, "c", STEP_PLANNED);
	assert_false(step(&rig, "c")->undoing);
	assert_int_equal(atomic_load(&turned), 1);
	journal = rig_journal(&rig);
	assert_says(journal, "\"undo\":true,\"intent\":");
	free(journal);
	undo(&rig, "b");
	rig_release(&rig);
}

static void
crash_in_undo_that_was_not_done(void **unused)
{
	static const enum intent_type ways[] = { INTENT_MARK_NOT_DONE, INTENT_RECHECK };

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct rig rig;

		crash_in_undo(&rig, false);
		assert_string_equal(rig_wait_unknown(&rig)->probe.verdict, "not-done");
		rig_send(&rig, ways[i], "nothing was turned");
		wait_at(&rig, "c", STEP_PLANNED);
		assert_true(step(&rig, "c")->undoing);
		run_undo(&rig, "y");
		assert_int_equal(atomic_load(&turned), 1);
		char *journal = rig_journal(&rig);
		assert_says(journal, i == 0 ? "one/c/undo/2" : "\"undo\":true,\"attempt\":2");
		free(journal);
		rig_release(&rig);
	}
}

/* One whose way back is the runbook's is probed by the executor of that. */
static void
crash_in_undo_of_the_runbook(void **unused)
{
	static const char text[] = " - {id: a, title: T, uses: test.change, undo: {uses: "
				   "test.probed, with: {text: x}}}\n"
				   " - {id: b, title: T, uses: test.change}\n";
	struct rig rig;

	(void)unused;
	begin(&rig, text, "b");
	undo(&rig, "a");
	char *folder = xasprintf("%s/crashed", rig.root);
	crash_folder = folder;
	run_undo(&rig, "y");
	atomic_store(&probe_says, PROBE_DONE);
	resume(&rig);
	assert_string_equal(rig_wait_unknown(&rig)->probe.verdict, "done");
	assert_says(str_cstr(&probe_saw), "key=one/a/undo/1 ");
	assert_says(str_cstr(&probe_saw), "text=x uid=u-1 ");
	assert_says(str_cstr(&probe_saw), "\"xid\":\"4711\"");
	free(folder);
	rig_release(&rig);
}

static void
crash_after_undo_has_taken_it_back(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig, steps, "e");
	undo(&rig, "c");
	run_undo(&rig, "y");
	crash_now(&rig);
	wait_at(&rig, "c", STEP_PLANNED);
	assert_false(step(&rig, "c")->undoing);
	undo(&rig, "b");
	rig_release(&rig);
}

static void
resume_of_what_was_secret_cannot_take_back(void **unused)
{
	static const char secret[] = "correct-horse-battery";
	struct err e = ERR_INIT;
	struct rig rig;
	char *journal;

	(void)unused;
	rig_init(&rig, steps);
	assert_int_equal(secrets_add(rig.secrets, "key", secret, strlen(secret), &e), 0);
	remembers = secret;
	rig_start(&rig, false);
	run_to(&rig, "e");
	journal = rig_journal(&rig);
	assert_never_says(journal, secret);
	free(journal);
	undo(&rig, "c"); /* this process knows it */
	crash_now(&rig);
	assert_says(wait_at(&rig, "c", STEP_BLOCKED)->error,
		    "is a secret, which the journal only names");
	rig_send(&rig, INTENT_KEEP, NULL);
	wait_at(&rig, "e", STEP_PLANNED);
	rig_release(&rig);
}

static void
resume_of_another_action_cannot_take_back(void **unused)
{
	struct rig rig;

	(void)unused;
	begin(&rig,
	      " - {id: a, title: T, uses: test.turn, with: {text: '1 ${.run.operator}'}}\n"
	      " - {id: b, title: T, uses: test.change}\n",
	      "b");
	rig_send(&rig, INTENT_LEAVE, NULL);
	rig_wait_closed(&rig);
	run_state_release(&rig.state);
	rig.operator_name = "bo";
	rig_start(&rig, true);
	while (!rig.state.operator_name || strcmp(rig.state.operator_name, "bo") != 0)
		rig_take(&rig);
	wait_at(&rig, "b", STEP_PLANNED);
	rig_send(&rig, INTENT_UNDO, NULL);
	assert_says(wait_at(&rig, "a", STEP_BLOCKED)->error, "is not what it did");
	assert_true(step(&rig, "a")->undoing);
	rig_release(&rig);
}
int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(undo_of_a_second_try_goes_back_before_the_first),
		cmocka_unit_test(undo_of_a_second_try_that_changed_nothing),
		cmocka_unit_test(undo_of_a_try_that_broke_off_is_none),
		cmocka_unit_test(undo_after_a_try_that_did_nothing),
		cmocka_unit_test(undo_after_an_unknown_try_that_did_not_happen),
		cmocka_unit_test(undo_looks_anew_at_conditions),
		cmocka_unit_test(end_while_undoing_keeps_the_step),
		cmocka_unit_test(crash_while_prepared_is_prepared_again),
		cmocka_unit_test(crash_in_undo_that_was_done),
		cmocka_unit_test(crash_in_undo_that_was_not_done),
		cmocka_unit_test(crash_in_undo_of_the_runbook),
		cmocka_unit_test(crash_after_undo_has_taken_it_back),
		cmocka_unit_test(resume_of_what_was_secret_cannot_take_back),
		cmocka_unit_test(resume_of_another_action_cannot_take_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
