#ifndef LIFEBOAT_TESTS_UNIT_FIXTURE_UNDO_H
#define LIFEBOAT_TESTS_UNIT_FIXTURE_UNDO_H

#include "fixture_engine.h"

/* Runs of the engine in which steps are taken back. */

#define assert_says(text, part)                                                                    \
	do {                                                                                       \
		const char *said_ = (text);                                                        \
		if (!said_ || !strstr(said_, part))                                                \
			fail_msg("\"%s\" lacks \"%s\"", said_ ? said_ : "(nothing)", part);        \
	} while (0)

#define assert_never_says(text, part) assert_null(strstr(text, part))

/* Two that can be taken back by themselves, one by the runbook's word, one not at all. */
static const char steps[] =
	" - {id: a, title: T, uses: test.turn, with: {text: '1'}}\n"
	" - {id: b, title: T, uses: test.change, with: {text: b-forth}, outputs: {got: .text},\n"
	"    undo: {uses: test.destroy, with: {text: '${.steps.b.outputs.got} and back'}}}\n"
	" - {id: look, title: T, uses: test.read, with: {text: it}}\n"
	" - {id: c, title: T, uses: test.turn, with: {text: '2'}}\n"
	" - {id: d, title: T, uses: test.change}\n"
	" - {id: seen, title: T, uses: test.read}\n"
	" - {id: e, title: T, uses: test.change}\n"
	"ends: [{id: good, title: Good}, {id: other, title: Other}]\n";

static inline const struct step_state *
step(const struct rig *rig, const char *id)
{
	const struct step_state *found = run_state_step(&rig->state, id);

	assert_non_null(found);
	return found;
}

static inline const char *
current(const struct rig *rig)
{
	return run_state_current(&rig->state) ? run_state_current(&rig->state)->id : "";
}

/* Until the step is current, and it has this status, in a run that waits. */
static inline const struct step_state *
wait_at(struct rig *rig, const char *id, enum step_status status)
{
	while (strcmp(current(rig), id) != 0 || step(rig, id)->status != status ||
	       rig->state.phase != RUN_WAITING) {
		if (rig->closed)
			fail_msg("the run is over, and %s was not reached", id);
		rig_take(rig);
	}
	return step(rig, id);
}

/* Runs step after step, up to this one. */
static inline void
run_to(struct rig *rig, const char *id)
{
	for (;;) {
		rig_wait(rig, STEP_PLANNED);
		if (strcmp(current(rig), id) == 0)
			return;
		int64_t seq = rig->state.decision_seq;
		rig_send(rig, INTENT_RUN, "y");
		while (rig->state.decision_seq == seq || rig->state.phase != RUN_WAITING)
			rig_take(rig);
	}
}

static inline void
begin(struct rig *rig, const char *runbook, const char *to)
{
	rig_init(rig, runbook);
	rig_start(rig, false);
	run_to(rig, to);
}

static inline const struct step_state *
undo(struct rig *rig, const char *id)
{
	rig_send(rig, INTENT_UNDO, NULL);
	while (!step(rig, id)->undoing)
		rig_take(rig);
	return wait_at(rig, id, STEP_PLANNED);
}

/* Takes the step back that is prepared for that; it is then prepared again, to be done. */
static inline const struct step_state *
run_undo(struct rig *rig, const char *typed)
{
	char *id = xstrdup(current(rig));

	rig_send(rig, INTENT_RUN, typed);
	while (step(rig, id)->undoing)
		rig_take(rig);
	const struct step_state *again = wait_at(rig, id, STEP_PLANNED);
	free(id);
	return again;
}

static inline char *
preview_of(const struct step_state *planned)
{
	struct str text = STR_INIT;

	for (size_t i = 0; i < planned->preview_count; i++)
		str_printf(&text, "%c%s\n", planned->preview[i].mark, planned->preview[i].text);
	return str_take(&text);
}

static inline void
assert_previews(const struct step_state *planned, const char *part)
{
	char *text = preview_of(planned);

	assert_says(text, part);
	free(text);
}

/* Another process takes up what is left of the run, and has told all that was before. */
static inline void
resume(struct rig *rig)
{
	char *path = xasprintf("%s/crashed/journal.jsonl", rig->root);
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	int64_t records = 0;

	assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
	for (size_t i = 0; i < text.len; i++)
		records += text.data[i] == '\n';
	rig_resume_crashed(rig);
	while (rig->state.seq < records)
		rig_take(rig);
	str_release(&text);
	free(path);
}

/* The process dies now: what its run's folder has is all that is left. */
static inline void
crash_now(struct rig *rig)
{
	char *folder = xasprintf("%s/crashed", rig->root);

	crash_folder = folder;
	leave_crashed_copy(rig->folder);
	resume(rig);
	free(folder);
}

#endif
