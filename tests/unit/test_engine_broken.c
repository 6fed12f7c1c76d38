#include "config.h"

#include "run/engine/engine.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

#include "fixture_engine.h"

/* The engine where its journal cannot be written, and where somebody wants it to end. */

static const char change_and_read[] =
	" - {id: a, title: T, uses: test.change, with: {text: it}}\n"
	" - {id: b, title: T, uses: test.read, with: {text: looked}}\n"
	" - {id: c, title: T, uses: test.ask, with: {text: name}}\n";

#define assert_says(text, wanted)                                                                  \
	do {                                                                                       \
		if (!(text) || !strstr(text, wanted))                                              \
			fail_msg("\"%s\" lacks \"%s\"", (text) ? (text) : "(null)", wanted);       \
	} while (0)

static void
broken_change_is_refused_and_not_done(void **unused)
{
	struct rig rig;
	char *before, *after;

	(void)unused;
	rig_init(&rig, change_and_read);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	before = rig_journal(&rig);
	fill_disk();
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "Nothing is changed any more");
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "the journal cannot be written, and this would have to stand in it");
	assert_int_equal(atomic_load(&acted), 0);
	assert_int_equal(rig.state.steps[0].status, STEP_PLANNED);
	mend_disk(); /* too late: a failure is final */
	rig_send(&rig, INTENT_LEAVE, NULL);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_STOPPED);
	assert_int_equal(rig.pretended, 1);
	after = rig_journal(&rig);
	assert_string_equal(before, after);
	free(before);
	free(after);
	rig_release(&rig);
}

static void
broken_decisions_are_refused(void **unused)
{
	static const enum intent_type decisions[] = { INTENT_SKIP, INTENT_NOTE, INTENT_END,
						      INTENT_GOTO, INTENT_MARK_DONE };
	struct rig rig;

	(void)unused;
	rig_init(&rig, change_and_read);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	fill_disk();
	rig_send(&rig, INTENT_NOTE, "hm");
	rig_wait_said(&rig, "Nothing is changed any more");
	for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
		str_clear(&rig.said);
		rig_send(&rig, decisions[i], "because");
		rig_wait_said(&rig, "would have to stand in it (");
	}
	assert_int_equal(rig.state.notes_count, 0);
	assert_int_equal(rig.state.steps[0].status, STEP_PLANNED);
	rig_release(&rig);
}

static void
broken_reads_go_on_and_are_pretended(void **unused)
{
	struct rig rig;
	char *before, *after;

	(void)unused;
	rig_init(&rig, change_and_read);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "y");
	while (rig.state.current < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	before = rig_journal(&rig);
	fill_disk();
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait_said(&rig, "Nothing is changed any more");
	while (rig.pretended < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 2)
		rig_take(&rig);
	assert_says(str_cstr(&rig.said), "looked\n");
	assert_null(strstr(str_cstr(&rig.said), "outcome could not be written"));
	/* a manual step is prepared, and not asked */
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_said(&rig, "would have to stand in it (");
	assert_int_equal(rig.state.prompt.seq, -1);
	mend_disk();
	after = rig_journal(&rig);
	assert_string_equal(before, after);
	free(before);
	free(after);
	/* what was pretended leaves no output behind that a later record's would collide with */
	char *folder =
		xasprintf("%s/out/%06lld", rig.folder, (long long)rig.state.steps[1].intent_seq);
	assert_false(file_exists(folder));
	free(folder);
	rig_release(&rig);
}

static void
broken_between_act_and_outcome_warns_and_resumes_unknown(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, change_and_read);
	atomic_store(&breaks_journal, true);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "step a has ended, and its outcome could not be written");
	assert_int_equal(rig.state.steps[0].status, STEP_OK);
	assert_int_equal(atomic_load(&acted), 1);
	while (rig.state.current < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	mend_disk();
	rig_send(&rig, INTENT_LEAVE, NULL);
	rig_wait_closed(&rig);
	run_state_release(&rig.state);
	rig_start(&rig, true);
	assert_string_equal(rig_wait_unknown(&rig)->id, "a");
	rig_release(&rig);
}

static void
broken_before_remember_lets_the_step_not_act(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.breaking, with: {text: it}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "y");
	assert_says(rig_wait(&rig, STEP_FAILED)->error,
		    "must be on record before the step goes on");
	assert_int_equal(atomic_load(&acted), 0);
	rig_release(&rig);
}

static void
broken_from_the_first_record_on_can_still_be_left(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: b, title: T, uses: test.read, with: {text: looked}}\n");
	atomic_store(&breaks_at_start, true);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 1)
		rig_take(&rig);
	assert_int_equal(rig.state.phase, RUN_WAITING); /* its end would be a decision */
	rig_send(&rig, INTENT_LEAVE, NULL);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_STOPPED);
	rig_release(&rig);
}

static void
resume_broken_still_looks_into_the_unknown_step(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.probed, with: {text: it}}\n");
	atomic_store(&probe_says, PROBE_DONE);
	rig_crash_in_first_step(&rig, "y");
	rig_wait_unknown(&rig);
	atomic_store(&breaks_at_start, true);
	rig_resume_crashed(&rig);
	while (rig.pretended == 0)
		rig_take(&rig);
	rig_wait_unknown(&rig);
	assert_string_equal(rig.state.steps[0].probe.verdict, "done");
	rig_send(&rig, INTENT_MARK_DONE, "seen");
	rig_wait_said(&rig, "would have to stand in it (");
	rig_send(&rig, INTENT_RECHECK, "seen");
	rig_wait_said(&rig, "would have to stand in it (");
	rig_release(&rig);
}

static void
rig_leave(struct rig *rig, const char *why, int64_t patience_ms)
{
	struct intent *intent = intent_new(INTENT_LEAVE, rig->state.seq, NULL, why);

	intent->patience_ms = patience_ms;
	rig->link->submit(rig->link->engine, intent);
}

static void
assert_left_by_cancel(struct rig *rig)
{
	char *journal;

	rig_wait_closed(rig);
	assert_int_equal(rig->state.steps[0].status, STEP_CANCELLED);
	assert_int_equal(rig->state.phase, RUN_STOPPED);
	journal = rig_journal(rig);
	assert_says(
		journal,
		"\"type\":\"cancel\",\"data\":{\"step\":\"a\",\"by\":null,\"reason\":\"SIGTERM\"}");
	assert_says(journal, "\"type\":\"stop\",\"data\":{\"reason\":\"SIGTERM\",\"by\":\"ana\"}");
	free(journal);
}

static void
leave_with_a_deadline_cancels_the_step_then(void **unused)
{
	struct rig rig;
	int64_t begin_ms;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.slow}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait(&rig, STEP_RUNNING);
	begin_ms = clock_mono_ms();
	rig_leave(&rig, "SIGTERM", 300);
	assert_left_by_cancel(&rig);
	assert_true(clock_mono_ms() - begin_ms >= 300);
	rig_release(&rig);
}

static void
leave_again_without_patience_cancels_at_once(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.slow}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait(&rig, STEP_RUNNING);
	rig_leave(&rig, "SIGTERM", 60000);
	rig_leave(&rig, "SIGTERM", 0);
	assert_left_by_cancel(&rig);
	rig_release(&rig);
}

static void
leave_while_it_is_looked_into_breaks_that_off(void **unused)
{
	struct rig rig;
	char *journal;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.probed, with: {text: it}}\n");
	rig_crash_in_first_step(&rig, "y");
	rig_wait_unknown(&rig);
	atomic_store(&probe_waits, true);
	rig_send(&rig, INTENT_PROBE, NULL);
	rig_wait_said(&rig, "looking whether it happened\nlooking whether it happened");
	rig_send(&rig, INTENT_LEAVE, "lunch");
	rig_wait_closed(&rig);
	journal = rig_journal(&rig);
	assert_null(strstr(strstr(journal, "\"type\":\"probe\"") + 1, "\"type\":\"probe\""));
	free(journal);
	rig_release(&rig);
}

static void
cancel_breaks_a_look_off_and_leaves_it_unsure(void **unused)
{
	struct rig rig;
	int64_t seq;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.probed, with: {text: it}}\n");
	rig_crash_in_first_step(&rig, "y");
	rig_wait_unknown(&rig);
	seq = rig.state.decision_seq;
	atomic_store(&probe_waits, true);
	rig_send(&rig, INTENT_PROBE, NULL);
	rig_wait_said(&rig, "looking whether it happened\nlooking whether it happened");
	rig_send(&rig, INTENT_CANCEL, NULL);
	while (rig.state.decision_seq == seq)
		rig_take(&rig);
	assert_string_equal(rig.state.steps[0].probe.verdict, "unsure");
	assert_string_equal(rig.state.steps[0].probe.error, "cancelled");
	rig_release(&rig);
}

static void *
warn_often(void *engine)
{
	for (int i = 0; i < 100; i++)
		engine_warn(engine, i == 99 ? "the last one" : "from another thread");
	return NULL;
}

static void
warn_from_any_thread_reaches_all(void **unused)
{
	struct rig rig;
	pthread_t threads[2];

	(void)unused;
	rig_init(&rig, change_and_read);
	rig_start(&rig, false);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, warn_often, rig.engine), 0);
	rig_wait_said(&rig, "the last one");
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	rig_release(&rig);
}

static void
create_leaves_key_script_and_predecessor(void **unused)
{
	struct rig rig;
	struct stat script;
	char *path, *journal;

	(void)unused;
	rig_init(&rig, change_and_read);
	rig.previous = "zero";
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	path = xasprintf("%s/verify.sh", rig.folder);
	assert_int_equal(stat(path, &script), 0);
	assert_int_equal(script.st_mode & 07777, 0700);
	journal = rig_journal(&rig);
	assert_says(journal, "\"previous\":{\"run\":\"zero\",\"checkpoint\":\"ab12\"}");
	assert_says(journal, "\"key\":{\"name\":\"lifeboat/one");
	free(journal);
	free(path);
	rig_release(&rig);
}

/* The disk takes the journal's reserve, but not all the files beside it: what could not be begun is not there. */
static void
create_without_room_leaves_nothing(void **unused)
{
	enum { ROOM_BYTES = 100 << 10 };
	char *script = xcalloc(1, ROOM_BYTES + 2);
	struct rlimit limit, before;
	struct rig rig;
	struct err e = ERR_INIT;

	(void)unused;
	rig_init(&rig, change_and_read);
	struct engine_options options = rig_options(&rig);
	options.verify_script = memset(script, '#', ROOM_BYTES + 1);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = (struct rlimit){ ROOM_BYTES, before.rlim_max };
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(engine_create(&options, &rig.engine, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, "verify.sh"));
	assert_false(file_exists(rig.folder));
	setrlimit(RLIMIT_FSIZE, &before);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_release(&rig);
	free(script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_without_room_leaves_nothing),
		cmocka_unit_test(broken_change_is_refused_and_not_done),
		cmocka_unit_test(broken_decisions_are_refused),
		cmocka_unit_test(broken_reads_go_on_and_are_pretended),
		cmocka_unit_test(broken_between_act_and_outcome_warns_and_resumes_unknown),
		cmocka_unit_test(broken_before_remember_lets_the_step_not_act),
		cmocka_unit_test(broken_from_the_first_record_on_can_still_be_left),
		cmocka_unit_test(resume_broken_still_looks_into_the_unknown_step),
		cmocka_unit_test(leave_with_a_deadline_cancels_the_step_then),
		cmocka_unit_test(leave_again_without_patience_cancels_at_once),
		cmocka_unit_test(leave_while_it_is_looked_into_breaks_that_off),
		cmocka_unit_test(cancel_breaks_a_look_off_and_leaves_it_unsure),
		cmocka_unit_test(warn_from_any_thread_reaches_all),
		cmocka_unit_test(create_leaves_key_script_and_predecessor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
