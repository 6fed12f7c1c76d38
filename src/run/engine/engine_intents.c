#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/engine/engine_internal.h"

static void __attribute__((format(printf, 2, 3)))
refuse(struct engine *engine, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	engine_tell(engine, EVENT_REFUSED, NULL, text);
	free(text);
}

/* For what changes something, and for every decision. */
static void
refuse_unrecorded(struct engine *engine)
{
	refuse(engine,
	       "the journal cannot be written, and this would have to stand in it (%s). Looking is "
	       "still possible; leave, mend the cause, and resume",
	       engine->broken);
}

static const char *
by(const struct engine *engine, const struct intent *intent)
{
	return intent->by && *intent->by ? intent->by : engine->operator_name;
}

static bool
blank(const char *text)
{
	return !text || text[strspn(text, " \t\n")] == '\0';
}

/* True when the confirmation is of the kind that the plan demands; says why not otherwise. */
static bool
confirmed(struct engine *engine, const struct step_state *step, const struct intent *intent,
	  const char **ret_word)
{
	const char *text = intent->text ? intent->text : "";

	if (str_equal(step->confirm, "none")) {
		*ret_word = "none";
	} else if (str_equal(step->confirm, "ask")) {
		*ret_word = "y";
		if (strcmp(text, "y") != 0 && strcmp(text, "yes") != 0) {
			refuse(engine, "step %s was not confirmed: it needs a y", step->id);
			return false;
		}
	} else if (str_equal(step->confirm, "type-name")) {
		*ret_word = "name";
		if (!str_equal(text, step->confirm_name)) {
			refuse(engine,
			       "step %s was not confirmed: \"%s\" must be typed, not \"%.40s\"",
			       step->id, step->confirm_name, text);
			return false;
		}
	} else {
		*ret_word = "two-person";
		if (blank(intent->by) || str_equal(intent->by, engine->operator_name)) {
			refuse(engine, "step %s needs the name of a second person, other than %s",
			       step->id, engine->operator_name);
			return false;
		}
	}
	return true;
}

static void
on_run(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = run_state_current(&engine->state);
	const char *word = NULL;

	if (!step || step->status != STEP_PLANNED || !engine->prepared)
		refuse(engine, "there is no step that is ready to run");
	else if (engine->broken && !engine_only_reads(engine))
		refuse_unrecorded(engine);
	else if (confirmed(engine, step, intent, &word))
		engine_run(engine, word, by(engine, intent));
}

/* Puts on record what somebody says of the current step of unknown outcome, and goes on from there. */
static void
mark(struct engine *engine, const struct intent *intent, const char *status, const char *what)
{
	const struct step_state *step = run_state_current(&engine->state);

	/* what is to be taken back may have been, by hand */
	bool by_hand = step && step->undoing && str_equal(status, "ok");

	if (!step || (step->status != STEP_UNKNOWN && !by_hand)) {
		refuse(engine, "only a step of unknown outcome can be %s", what);
		return;
	}
	if (blank(intent->text)) {
		refuse(engine, "a step is %s only with a reason", what);
		return;
	}
	job_free(engine->prepared);
	engine->prepared = NULL;
	cJSON *data = engine_step_data(step->id);
	if (step->undoing)
		json_add_bool(data, "undo", true);
	else if (!str_equal(status, "not-done"))
		engine_add_way_back(engine, step, data);
	json_add_int(data, "intent", step->intent_seq);
	json_add_string(data, "status", status);
	json_add_bool(data, "marked", true);
	json_add_string(data, "reason", intent->text);
	json_add_string(data, "by", by(engine, intent));
	if (engine_append(engine, RECORD_OUTCOME, data, true) == 0)
		engine_proceed(engine);
}

static void
on_mark_done(struct engine *engine, const struct intent *intent)
{
	mark(engine, intent, "ok", "marked done");
}

static void
on_mark_not_done(struct engine *engine, const struct intent *intent)
{
	mark(engine, intent, "not-done", "marked not done");
}

static void
on_recheck(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = run_state_current(&engine->state);

	if (!step)
		refuse(engine, "there is no step to prepare");
	else if (step->status != STEP_UNKNOWN)
		engine_prepare(engine);
	else if (engine->broken)
		refuse_unrecorded(engine);
	else
		mark(engine, intent, "again", "run again");
}

static void
on_probe(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = run_state_current(&engine->state);

	if (!step || step->status != STEP_UNKNOWN)
		refuse(engine, "only a step of unknown outcome is looked into");
	else
		engine_probe(engine, by(engine, intent));
}

static void
refuse_while_undoing(struct engine *engine, const struct step_state *step, const char *what)
{
	refuse(engine,
	       "step %s is being taken back, and cannot be %s: take it back, or leave it as it is "
	       "first",
	       step->id, what);
}

static void
on_skip(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = run_state_current(&engine->state);

	if (!step || blank(intent->text)) {
		refuse(engine, "%s",
		       step ? "a step is skipped only with a reason" : "there is no step to skip");
		return;
	}
	if (step->undoing) {
		refuse_while_undoing(engine, step, "skipped");
		return;
	}
	cJSON *data = engine_step_data(step->id);
	if (step->status == STEP_UNKNOWN) /* it may have happened, and may be wanted back */
		engine_add_way_back(engine, step, data);
	json_add_string(data, "reason", intent->text);
	json_add_string(data, "by", by(engine, intent));
	if (engine_append(engine, RECORD_SKIP, data, true) == 0)
		engine_proceed(engine);
}

/* The member that an answer to this kind of question has. */
static const char *
answer_member(const char *kind)
{
	if (str_equal(kind, "confirm"))
		return "confirmed";
	if (str_equal(kind, "checklist"))
		return "items";
	return str_equal(kind, "input") ? "value" : "choice";
}

/* What was typed for a secret is known to the redactor before it is written anywhere. */
static int
register_secret_answer(struct engine *engine, const struct intent *intent)
{
	const char *value = json_string(intent->answer, "value", "");
	struct err e = ERR_INIT;

	if (secrets_add(engine->env.secrets, engine->job->step_id, value, strlen(value), &e) == 0)
		return 0;
	refuse(engine, "the answer was not taken: %s", e.message);
	return -1;
}

static void
on_answer(struct engine *engine, const struct intent *intent)
{
	const struct prompt_state *prompt = &engine->state.prompt;

	if (prompt->seq < 0 || !engine->job ||
	    !json_at(intent->answer, answer_member(prompt->kind))) {
		refuse(engine, "no question is open that this would answer");
		return;
	}
	if (prompt->secret && register_secret_answer(engine, intent) < 0)
		return;
	cJSON *data = engine_step_data(engine->job->step_id);
	json_add_int(data, "prompt", prompt->seq);
	json_add(data, "answer", cJSON_Duplicate(intent->answer, true));
	json_add_string(data, "by", by(engine, intent));
	if (engine_append(engine, RECORD_ANSWER, data, true) == 0)
		queue_push(engine->job->answers, cJSON_Duplicate(intent->answer, true));
}

static void
on_note(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = run_state_current(&engine->state);

	if (blank(intent->text) || engine->state.seq < 0) {
		refuse(engine, "an empty note is not kept");
		return;
	}
	cJSON *data = engine_step_data(intent->step ? intent->step : step ? step->id : NULL);
	json_add_string(data, "text", intent->text);
	json_add_string(data, "by", by(engine, intent));
	engine_append(engine, RECORD_NOTE, data, true);
}

static void
on_hint(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = intent->step ? run_state_step(&engine->state, intent->step)
						     : run_state_current(&engine->state);
	char *problem = engine_hint(engine, step);

	if (problem)
		refuse(engine, "%s", problem);
	free(problem);
}

static void
on_cancel(struct engine *engine, const struct intent *intent)
{
	if (!engine->job) {
		refuse(engine, "nothing is running that could be cancelled");
		return;
	}
	if (engine->job->kind == JOB_RUN) {
		cJSON *data = engine_step_data(engine->job->step_id);

		json_add_string(data, "by", by(engine, intent));
		engine_show(engine, RECORD_CANCEL, data, false);
	}
	cancel_request(engine->job->cancel);
}

static void
on_goto(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = run_state_current(&engine->state);
	const struct step_spec *spec = step ? engine_spec(engine, step) : NULL;
	int64_t taken = step ? json_int(engine->state.gotos, step->spec_id, 0) : 0;

	if (step && step->undoing) {
		refuse_while_undoing(engine, step, "gone on from");
		return;
	}
	if (!spec || spec->on_failure != ON_FAILURE_GOTO ||
	    (step->status != STEP_FAILED && step->status != STEP_BLOCKED)) {
		refuse(engine, "the runbook offers no way on from here but retry, skip and end");
		return;
	}
	if (spec->goto_max > 0 && taken >= spec->goto_max) {
		refuse(engine,
		       "the way to step %s was taken %lld times already, which is the runbook's "
		       "limit",
		       spec->goto_step, (long long)taken);
		return;
	}
	cJSON *data = engine_step_data(step->id);
	json_add_string(data, "to", spec->goto_step);
	json_add_string(data, "by", by(engine, intent));
	if (engine_append(engine, RECORD_GOTO, data, true) == 0)
		engine_proceed(engine);
}

/* What was to be taken back stays; true when that is on record. */
static bool
keep(struct engine *engine, const struct intent *intent, const char *reason)
{
	const struct step_state *step = run_state_current(&engine->state);
	cJSON *data = engine_step_data(step->id);

	json_add_string(data, "reason", reason);
	json_add_bool(data, "tried", step->attempt > step->was->undo_attempt);
	json_add_string(data, "by", by(engine, intent));
	if (engine_append(engine, RECORD_KEPT, data, true) < 0)
		return false;
	job_free(engine->prepared);
	engine->prepared = NULL;
	return true;
}

static void
on_keep(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = run_state_current(&engine->state);

	if (!step || !step->undoing)
		refuse(engine, "nothing is being taken back that could be left as it is");
	else if (step->status == STEP_UNKNOWN)
		refuse(engine, "step %s may have been taken back already: say first whether it was",
		       step->id);
	else if (keep(engine, intent, intent->text))
		engine_proceed(engine);
}

static void
on_undo(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = run_state_current(&engine->state);
	int next = run_state_undo_next(&engine->state);
	char *problem = engine_undo_problem(engine);

	if (problem)
		refuse(engine, "%s", problem);
	else if (!step || !step->undoing ||
		 keep(engine, intent, "the step before it is to be taken back instead"))
		engine_prepare_undo(engine, (size_t)next);
	free(problem);
}

/* The title of an end, or NULL where the runbook has none of that id. */
static const char *
end_title(const struct runbook *rb, const char *id)
{
	for (size_t i = 0; i < rb->ends_count; i++)
		if (str_equal(rb->ends[i].id, id))
			return rb->ends[i].title;
	if (str_equal(id, "aborted"))
		return "Aborted";
	return rb->ends_count == 0 && str_equal(id, "completed") ? "Completed" : NULL;
}

static void
on_end(struct engine *engine, const struct intent *intent)
{
	const struct runbook *rb = engine->env.runbook;
	const struct step_state *step = run_state_current(&engine->state);
	bool all_done = engine->state.seq >= 0 && !step;
	const char *id = intent->text;

	if (blank(id))
		id = !all_done ? "" : rb->ends_count ? rb->ends[0].id : "completed";
	const char *title = end_title(rb, id);
	if (!title) {
		refuse(engine, "the runbook knows no end \"%s\"", id);
	} else if (!all_done && blank(intent->reason)) {
		refuse(engine, "a run is ended before its last step only with a reason");
	} else if (!step || !step->undoing || step->status == STEP_UNKNOWN ||
		   keep(engine, intent, "the run ends")) {
		engine_end(engine, id, title, intent->reason, by(engine, intent),
			   str_equal(id, "aborted"));
	}
}

static void
on_leave(struct engine *engine, const struct intent *intent)
{
	engine->leaving = true;
	if (!engine->leave_reason)
		engine->leave_reason = xstrdup(intent->text);
	if (intent->patience_ms >= 0 &&
	    clock_mono_ms() + intent->patience_ms < engine->cancel_at_ms)
		engine->cancel_at_ms = clock_mono_ms() + intent->patience_ms;
	if (!engine->job) {
		engine_proceed(engine);
		return;
	}
	/* looking and asking are broken off; what acts is brought to its end */
	if (engine->job->kind != JOB_RUN ||
	    engine->job->action.executor->type.effect == EFFECT_NONE)
		cancel_request(engine->job->cancel);
}

enum intent_needs {
	NEEDS_FRESH = 1 << 0,	/* the operator must have seen the present situation */
	NEEDS_IDLE = 1 << 1,	/* nothing may be under way */
	NEEDS_JOURNAL = 1 << 2, /* must stand in the journal, whatever it is about */
};

static const struct {
	void (*handle)(struct engine *engine, const struct intent *intent);
	unsigned needs;
} handlers[] = {
	[INTENT_RUN] = { on_run, NEEDS_FRESH | NEEDS_IDLE },
	[INTENT_RECHECK] = { on_recheck, NEEDS_FRESH | NEEDS_IDLE },
	[INTENT_SKIP] = { on_skip, NEEDS_FRESH | NEEDS_IDLE | NEEDS_JOURNAL },
	[INTENT_PROBE] = { on_probe, NEEDS_FRESH | NEEDS_IDLE },
	[INTENT_MARK_NOT_DONE] = { on_mark_not_done, NEEDS_FRESH | NEEDS_IDLE | NEEDS_JOURNAL },
	[INTENT_MARK_DONE] = { on_mark_done, NEEDS_FRESH | NEEDS_IDLE | NEEDS_JOURNAL },
	[INTENT_ANSWER] = { on_answer, NEEDS_FRESH | NEEDS_JOURNAL },
	[INTENT_NOTE] = { on_note, NEEDS_JOURNAL },
	[INTENT_HINT] = { on_hint, NEEDS_JOURNAL },
	[INTENT_CANCEL] = { on_cancel, 0 },
	[INTENT_UNDO] = { on_undo, NEEDS_FRESH | NEEDS_IDLE | NEEDS_JOURNAL },
	[INTENT_KEEP] = { on_keep, NEEDS_FRESH | NEEDS_IDLE | NEEDS_JOURNAL },
	[INTENT_GOTO] = { on_goto, NEEDS_FRESH | NEEDS_IDLE | NEEDS_JOURNAL },
	[INTENT_END] = { on_end, NEEDS_FRESH | NEEDS_IDLE | NEEDS_JOURNAL },
	[INTENT_LEAVE] = { on_leave, 0 },
};

void
engine_handle_intent(struct engine *engine, const struct intent *intent)
{
	const struct step_state *step = run_state_current(&engine->state);
	unsigned needs = handlers[intent->type].needs;

	if (((needs & NEEDS_JOURNAL) && engine->broken) ||
	    (engine->confused && needs & NEEDS_FRESH))
		refuse_unrecorded(engine);
	else if ((needs & NEEDS_IDLE) && engine->job)
		refuse(engine, "something is under way: wait for its end, or cancel it");
	else if ((needs & NEEDS_FRESH) &&
		 (intent->seen_seq < engine->state.decision_seq ||
		  (intent->step && step && !str_equal(intent->step, step->id))))
		refuse(engine, "the situation has changed since that was decided: look again");
	else
		handlers[intent->type].handle(engine, intent);
}
