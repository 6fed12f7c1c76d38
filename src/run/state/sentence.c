#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "run/state/identity.h"
#include "run/state/state.h"

/* The sentence of one type of record; `step` is its step in the state after it, or NULL. */
typedef void sentence_fn(const struct record *record, const struct run_state *state,
			 const struct step_state *step, struct str *out);

static const char *
step_name(const struct record *record)
{
	return json_string(record->data, "step", "?");
}

/* " by ana", where somebody is named. */
static void
append_by(const struct record *record, struct str *out)
{
	const char *by = json_string(record->data, "by", NULL);

	if (by)
		str_printf(out, " by %s", by);
}

/* It is about taking its step back. */
static bool
is_undo(const struct record *record)
{
	return cJSON_IsTrue(json_at(record->data, "undo"));
}

static void
append_reason(const struct record *record, struct str *out)
{
	const char *reason = json_string(record->data, "reason", NULL);

	if (reason && *reason)
		str_printf(out, ": %s", reason);
}

const char *
impact_level_words(const char *level)
{
	return str_equal(level, "none") ? "works" : level;
}

static void
say_run(const struct record *record, const struct run_state *state, const struct step_state *step,
	struct str *out)
{
	(void)step;
	const char *version = state->runbook_version;

	str_printf(out, "Run %s of \"%s\"%s%s begun by %s on %s, %zu step%s", record->run_id,
		   state->runbook_title, version ? " " : "", version ? version : "",
		   state->operator_name, state->host, state->steps_count,
		   state->steps_count == 1 ? "" : "s");
}

static void
say_resumed(const struct record *record, const struct run_state *state,
	    const struct step_state *step, struct str *out)
{
	const cJSON *at;

	(void)step;
	if (state->phase == RUN_ENDED)
		str_printf(out, "The end of the run was sealed later by %s on %s",
			   json_string(record->data, "operator", "?"),
			   json_string(record->data, "host", "?"));
	else
		str_printf(out, "Run taken up again by %s on %s, %zu of %zu steps done",
			   state->operator_name, state->host, run_state_done(state),
			   state->steps_count);
	cJSON_ArrayForEach(at, json_at(record->data, "recovered"))
		str_printf(out, "; %lld unfinished bytes were cut off and kept in %s",
			   (long long)json_int(at, "bytes", 0), json_string(at, "file", "?"));
}

static void
say_preflight(const struct record *record, const struct run_state *state,
	      const struct step_state *step, struct str *out)
{
	size_t wrong = 0;

	(void)record;
	(void)step;
	for (size_t i = 0; i < state->preflight_count; i++)
		wrong += !state->preflight[i].ok;
	if (state->preflight_count == 0)
		str_append(out, "Preflight: there are no targets to reach");
	else
		str_printf(out, "Preflight: %zu of %zu targets reached",
			   state->preflight_count - wrong, state->preflight_count);
	for (size_t i = 0; i < state->preflight_count; i++)
		if (!state->preflight[i].ok || state->preflight[i].message)
			str_printf(out, "; %s: %s", state->preflight[i].title,
				   state->preflight[i].message ? state->preflight[i].message
							       : "failed");
}

static void
say_target(const struct record *record, const struct run_state *state,
	   const struct step_state *step, struct str *out)
{
	const cJSON *identity = json_at(record->data, "identity"), *at;

	(void)state;
	(void)step;
	str_printf(out, "Target %s reached", json_string(record->data, "name", "?"));
	cJSON_ArrayForEach(at, identity)
		if (cJSON_IsString(at) && !str_equal(at->string, "insecure_why"))
			str_printf(out, "%s%s %s", at == identity->child ? ": " : ", ", at->string,
				   at->valuestring);
	char *warning = identity_warning(identity);
	if (warning)
		str_printf(out, "; %s", warning);
	free(warning);
}

static void
say_expand(const struct record *record, const struct run_state *state,
	   const struct step_state *step, struct str *out)
{
	const cJSON *items = json_at(record->data, "items"), *at;

	(void)state;
	(void)step;
	str_printf(out, "Step %s is done for each of:", step_name(record));
	cJSON_ArrayForEach(at, items)
		str_printf(out, "%s %s", at == items->child ? "" : ",", at->valuestring);
}

static void
say_plan(const struct record *record, const struct run_state *state, const struct step_state *step,
	 struct str *out)
{
	const char *target = json_string(record->data, "target", NULL);
	const char *effect = json_string(record->data, "effect", "none");

	(void)state;
	str_printf(out, "Step %s is %s (%s): %s", step_name(record),
		   is_undo(record) ? "ready to be taken back" : "ready", step ? step->title : "?",
		   json_string(record->data, "uses", "?"));
	if (target)
		str_printf(out, " on %s", target);
	if (strcmp(effect, "none") != 0)
		str_printf(out, ", it %s", effect);
}

static void
say_blocked(const struct record *record, const struct run_state *state,
	    const struct step_state *step, struct str *out)
{
	(void)state;
	(void)step;
	str_printf(out, "Step %s can't %s: %s", step_name(record),
		   is_undo(record) ? "be taken back" : "begin",
		   json_string(record->data, "error/message", "its preconditions do not hold"));
}

static void
say_intent(const struct record *record, const struct run_state *state,
	   const struct step_state *step, struct str *out)
{
	(void)state;
	str_printf(out, "Step %s %s", step_name(record),
		   is_undo(record) ? "is being taken back" : "begins");
	if (step && step->attempt > 1)
		str_printf(out, ", attempt %d", step->attempt);
	if (strcmp(json_string(record->data, "confirmed", "none"), "none") != 0) {
		str_append(out, ", confirmed");
		append_by(record, out);
	}
}

/* What a step remembers is for its probe. */
static void
say_evidence(const struct record *record, const struct run_state *state,
	     const struct step_state *step, struct str *out)
{
	(void)state;
	(void)step;
	str_printf(out, "Step %s has put on record what would tell whether it happened",
		   step_name(record));
}

static void
say_attempt(const struct record *record, const struct run_state *state,
	    const struct step_state *step, struct str *out)
{
	char wait[CLOCK_STAMP_MAX];

	(void)state;
	(void)step;
	str_printf(out, "Step %s, attempt %lld failed, again in %s: %s", step_name(record),
		   (long long)json_int(record->data, "attempt", 0),
		   duration_format(json_int(record->data, "next_ms", 0), wait),
		   json_string(record->data, "error/message", "?"));
}

static void
say_prompt(const struct record *record, const struct run_state *state,
	   const struct step_state *step, struct str *out)
{
	(void)state;
	(void)step;
	str_printf(out, "Step %s asks: %s", step_name(record),
		   json_string(record->data, "question", "?"));
}

static void
say_answer(const struct record *record, const struct run_state *state,
	   const struct step_state *step, struct str *out)
{
	char *text = json_text(json_at(record->data, "answer"));

	(void)state;
	(void)step;
	str_printf(out, "Step %s answered", step_name(record));
	append_by(record, out);
	str_printf(out, ": %s", text);
	free(text);
}

static void
append_outputs(const struct step_state *step, struct str *out)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, step->outputs) {
		char *text = json_text(at);

		str_printf(out, ", %s = %.80s", at->string, text);
		free(text);
	}
}

/* What somebody has said of a step whose outcome nobody knew. */
static void
say_mark(const struct record *record, struct str *out)
{
	const char *status = json_string(record->data, "status", "?");

	if (is_undo(record) && str_equal(status, "again"))
		str_printf(out,
			   "Step %s is to be taken back again, though it may have been already",
			   step_name(record));
	else if (is_undo(record))
		str_printf(out, "Step %s marked %s", step_name(record),
			   str_equal(status, "ok") ? "taken back" : "not taken back");
	else if (str_equal(status, "again"))
		str_printf(out, "Step %s is to be run again, though it may have happened",
			   step_name(record));
	else
		str_printf(out, "Step %s marked %s", step_name(record),
			   str_equal(status, "ok") ? "done" : "not done");
	/* what a probe says, says that it is one */
	if (!str_equal(json_string(record->data, "by", NULL), "probe"))
		append_by(record, out);
	append_reason(record, out);
}

/* How taking a step back has ended. */
static void
say_undone(const struct record *record, struct str *out)
{
	static const struct {
		const char *status, *words;
	} ends[] = {
		{ "ok", "was taken back" },
		{ "cancelled", "was not taken back: that was cancelled" },
		{ "unknown", "may or may not have been taken back, it was lost" },
	};
	const char *error = json_string(record->data, "error/message", NULL);
	const char *words = "was not taken back: that failed";
	char took[CLOCK_STAMP_MAX];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (str_equal(ends[i].status, json_string(record->data, "status", NULL)))
			words = ends[i].words;
	str_printf(out, "Step %s %s after %s", step_name(record), words,
		   duration_format(json_int(record->data, "duration_ms", 0), took));
	if (error)
		str_printf(out, ": %s", error);
}

static void
say_outcome(const struct record *record, const struct run_state *state,
	    const struct step_state *step, struct str *out)
{
	char took[CLOCK_STAMP_MAX];

	(void)state;
	if (json_bool(record->data, "marked", false)) {
		say_mark(record, out);
		return;
	}
	if (is_undo(record)) {
		say_undone(record, out);
		return;
	}
	str_printf(out, "Step %s %s after %s", step_name(record),
		   step ? step_status_name(step->status) : "?",
		   duration_format(json_int(record->data, "duration_ms", 0), took));
	if (step && step->error)
		str_printf(out, ": %s", step->error);
	if (step)
		append_outputs(step, out);
}

static const struct {
	const char *verdict, *words;
} verdicts[] = {
	{ "done", "it happened" },
	{ "not-done", "it did not happen" },
	{ "unsure", "it may or may not have happened" },
};

static const char *
verdict_words(const char *verdict)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (str_equal(verdicts[i].verdict, verdict))
			return verdicts[i].words;
	return "?";
}

static void
say_probe(const struct record *record, const struct run_state *state, const struct step_state *step,
	  struct str *out)
{
	const char *error = json_string(record->data, "error/message", NULL);
	const cJSON *at;

	bool undoing = step && step->undoing;

	(void)state;
	str_printf(out, "%s %s was looked into", undoing ? "Taking back step" : "Step",
		   step_name(record));
	append_by(record, out);
	str_printf(out, ": %s", verdict_words(json_string(record->data, "verdict", "")));
	if (error)
		str_printf(out, "; it could not be looked: %s", error);
	cJSON_ArrayForEach(at, json_at(record->data, "lines"))
		str_printf(out, "; %s", cJSON_IsString(at) ? at->valuestring : "?");
}

void
probe_sentence(const struct probe_state *probe, struct str *out)
{
	enum { ENOUGH_BYTES = 400 };
	size_t begin = out->len;

	str_printf(out, "probe: %s", verdict_words(probe->verdict));
	for (size_t i = 0; i < probe->lines_count; i++) {
		if (out->len - begin + strlen(probe->lines[i]) > ENOUGH_BYTES) {
			str_append(out, "; …");
			break;
		}
		str_printf(out, "; %s", probe->lines[i]);
	}
}

static void
say_skip(const struct record *record, const struct run_state *state, const struct step_state *step,
	 struct str *out)
{
	(void)state;
	(void)step;
	str_printf(out, "Step %s skipped", step_name(record));
	append_by(record, out);
	append_reason(record, out);
}

static void
say_goto(const struct record *record, const struct run_state *state, const struct step_state *step,
	 struct str *out)
{
	(void)state;
	(void)step;
	str_printf(out, "The run goes from step %s to step %s", step_name(record),
		   json_string(record->data, "to", "?"));
	append_by(record, out);
}

/* "Management operations: total (foreseen: total): no answer from 203.0.113.10". */
static void
say_impact(const struct record *record, const struct run_state *state,
	   const struct step_state *step, struct str *out)
{
	const char *text = json_string(record->data, "text", NULL);
	const char *level = json_string(record->data, "level", NULL);

	(void)state;
	(void)step;
	str_printf(out, "%s: %s", json_string(record->data, "operation", "?"),
		   level ? impact_level_words(level) : "it cannot be told whether it works");
	str_printf(out, " (foreseen: %s)",
		   impact_level_words(json_string(record->data, "predicted", "?")));
	if (text)
		str_printf(out, ": %s", text);
}

static void
say_kept(const struct record *record, const struct run_state *state, const struct step_state *step,
	 struct str *out)
{
	(void)state;
	(void)step;
	str_printf(out, "Step %s is not taken back, and stays as it is%s", step_name(record),
		   json_bool(record->data, "tried", false)
			   ? "; that was tried, and part of it may be taken back"
			   : "");
	append_by(record, out);
	append_reason(record, out);
}

static void
say_note(const struct record *record, const struct run_state *state, const struct step_state *step,
	 struct str *out)
{
	(void)state;
	(void)step;
	str_append(out, "Note");
	append_by(record, out);
	str_printf(out, ": %s", json_string(record->data, "text", ""));
}

static void
say_cancel(const struct record *record, const struct run_state *state,
	   const struct step_state *step, struct str *out)
{
	(void)state;
	(void)step;
	str_printf(out, "Step %s: cancel asked for", step_name(record));
	append_by(record, out);
	append_reason(record, out);
}

static void
say_stop(const struct record *record, const struct run_state *state, const struct step_state *step,
	 struct str *out)
{
	(void)step;
	str_append(out, "Run left in good order");
	append_by(record, out);
	append_reason(record, out);
	if (!str_equal(state->mode, "drill"))
		str_printf(out, "; go on with: lifeboat resume %s", record->run_id);
}

static void
say_end(const struct record *record, const struct run_state *state, const struct step_state *step,
	struct str *out)
{
	char took[CLOCK_STAMP_MAX];

	(void)step;
	str_printf(out, "Run ended: %s, %zu of %zu steps done in %s",
		   state->end_title ? state->end_title : state->end_id, run_state_done(state),
		   state->steps_count,
		   run_state_took(state, record->ts_ms - state->started_ms, took));
	append_reason(record, out);
}

static void
say_drill(const struct record *record, const struct run_state *state, const struct step_state *step,
	  struct str *out)
{
	const char *what = json_string(record->data, "what", "");

	(void)state;
	if (str_equal(what, "hint"))
		str_printf(out, "Hint for step %s (%s, %lld point%s): %s",
			   step ? step->id : step_name(record),
			   json_string(record->data, "grade", "?"),
			   (long long)json_int(record->data, "cost", 0),
			   json_int(record->data, "cost", 0) == 1 ? "" : "s",
			   json_string(record->data, "text", ""));
	else if (str_equal(what, "opened"))
		str_append(out, "The drill opens what it kept back");
	else
		str_printf(out,
			   "Drill: %s, at %g times the pace; what it keeps back is sealed as "
			   "%.12s",
			   json_string(record->data, "title", "?"),
			   cJSON_GetNumberValue(json_at(record->data, "speed")),
			   json_string(record->data, "commitment", "?"));
}

static sentence_fn *const sentences[RECORD_TYPE_COUNT] = {
	[RECORD_RUN] = say_run,
	[RECORD_RESUMED] = say_resumed,
	[RECORD_PREFLIGHT] = say_preflight,
	[RECORD_TARGET] = say_target,
	[RECORD_EXPAND] = say_expand,
	[RECORD_PLAN] = say_plan,
	[RECORD_BLOCKED] = say_blocked,
	[RECORD_INTENT] = say_intent,
	[RECORD_EVIDENCE] = say_evidence,
	[RECORD_ATTEMPT] = say_attempt,
	[RECORD_PROMPT] = say_prompt,
	[RECORD_ANSWER] = say_answer,
	[RECORD_OUTCOME] = say_outcome,
	[RECORD_PROBE] = say_probe,
	[RECORD_SKIP] = say_skip,
	[RECORD_GOTO] = say_goto,
	[RECORD_KEPT] = say_kept,
	[RECORD_IMPACT] = say_impact,
	[RECORD_DRILL] = say_drill,
	[RECORD_NOTE] = say_note,
	[RECORD_CANCEL] = say_cancel,
	[RECORD_STOP] = say_stop,
	[RECORD_END] = say_end,
};

void
record_sentence(const struct record *record, const struct run_state *state, struct str *out)
{
	const struct step_state *step =
		run_state_step(state, json_string(record->data, "step", NULL));

	sentences[record->type](record, state, step, out);
}
