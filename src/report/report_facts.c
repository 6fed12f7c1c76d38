#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "report/report_model.h"

/* ---- people ---- */

static struct report_person *
person(struct report *report, const char *name)
{
	for (size_t i = 0; i < report->people_count; i++)
		if (str_equal(report->people[i].name, name))
			return &report->people[i];
	struct report_person *added =
		VEC_PUSH(report->people, report->people_count, report->people_cap);
	added->name = name;
	return added;
}

void
report_add_person(struct report *report, const struct record *record)
{
	bool begins = record->type == RECORD_RUN || record->type == RECORD_RESUMED;
	const char *name = json_string(record->data, begins ? "operator" : "by", NULL);

	if (!name)
		return;
	struct report_person *at = person(report, name);
	at->sessions += begins;
	at->confirmed += record->type == RECORD_INTENT;
	at->answered += record->type == RECORD_ANSWER;
	at->passed_over += record->type == RECORD_SKIP || record->type == RECORD_GOTO;
	at->marked += record->type == RECORD_OUTCOME;
	at->notes += record->type == RECORD_NOTE;
}

/* ---- objectives ---- */

static void
began(const struct report *report, const char *step, int64_t *ret_ms)
{
	for (size_t i = 0; i < report->tries_count; i++) {
		const struct report_try *try = &report->tries[i];
		const struct step_state *state = run_state_step(&report->state, try->step);

		if (state && str_equal(state->spec_id, step)) {
			*ret_ms = try->started_ms;
			return;
		}
	}
}

/*
 * When a step, or the last of its instances, had passed; unchanged while it has not. A step that was skipped reached
 * nothing: true.
 */
static bool
ended(const struct report *report, const char *step, int64_t *ret_ms)
{
	int64_t latest_ms = 0;
	bool skipped = false;

	for (size_t i = 0; i < report->state.steps_count; i++) {
		const struct step_state *at = &report->state.steps[i];

		if (!str_equal(at->spec_id, step))
			continue;
		if (!step_status_done(at->status))
			return false;
		skipped |= at->status == STEP_SKIPPED;
		if (at->ended_ms > latest_ms)
			latest_ms = at->ended_ms;
	}
	if (!skipped)
		*ret_ms = latest_ms;
	return skipped;
}

static void
judge(const struct report *report, struct report_rto *rto, bool skipped)
{
	bool is_over = report->state.phase == RUN_ENDED;
	int64_t until_ms = is_over ? report->state.ended_ms : report->source->now_ms;

	if (!rto->started_ms) {
		rto->result = "not begun";
		return;
	}
	if (!run_state_has_durations(&report->state)) {
		rto->taken_ms = -1;
		rto->result = "cannot be told";
		return;
	}
	rto->taken_ms = (rto->ended_ms ? rto->ended_ms : until_ms) - rto->started_ms;
	bool is_late = rto->taken_ms > rto->spec->target_ms;
	if (skipped)
		rto->result = "passed over";
	else if (rto->ended_ms)
		rto->result = is_late ? "missed" : "kept";
	else if (is_over)
		rto->result = "not reached";
	else
		rto->result = is_late ? "overdue" : "running";
}

void
report_measure_rto(struct report *report)
{
	for (size_t i = 0; report->runbook && i < report->runbook->rto_count; i++) {
		struct report_rto *rto = VEC_PUSH(report->rto, report->rto_count, report->rto_cap);
		bool skipped = false;

		rto->spec = &report->runbook->rto[i];
		began(report, rto->spec->from, &rto->started_ms);
		if (rto->started_ms)
			skipped = ended(report, rto->spec->to, &rto->ended_ms);
		judge(report, rto, skipped);
	}
}

/* ---- words ---- */

const char *
report_verdict_word(const struct report *report)
{
	static const char *const words[] = {
		[VERIFY_FINAL] = "final",
		[VERIFY_SEALED] = "sealed",
		[VERIFY_CORRUPT] = "corrupt",
	};

	return words[report->source->verification->verdict];
}

int64_t
report_duration_ms(const struct report *report)
{
	const struct run_state *state = &report->state;
	int64_t until_ms = state->ended_ms ? state->ended_ms : state->last_ts_ms;

	if (report->source->holder && state->phase != RUN_ENDED)
		until_ms = report->source->now_ms;
	return until_ms - state->started_ms;
}

bool
report_is_sealed(const struct report *report, const struct record *record)
{
	const struct chain *chain = &report->source->verification->chain;

	return record->seq < chain->sealed &&
	       (chain->damaged_record < 0 || record->seq < chain->damaged_record);
}

/* What somebody has to decide before the run can go on. */
static void
append_open_question(const struct step_state *current, struct str *out)
{
	if (!current)
		return;
	if (current->status == STEP_UNKNOWN)
		str_printf(out, ", and step %s may or may not have happened", current->id);
	else if (current->status == STEP_FAILED || current->status == STEP_CANCELLED ||
		 current->status == STEP_BLOCKED)
		str_printf(out, ", and step %s %s", current->id,
			   current->status == STEP_FAILED      ? "has failed"
			   : current->status == STEP_CANCELLED ? "was cancelled"
							       : "cannot begin");
}

char *
report_standing(const struct report *report)
{
	const struct run_state *state = &report->state;
	struct str out = STR_INIT;

	if (state->phase == RUN_ENDED)
		return xasprintf("ended %s: %s%s%s", state->failed ? "without success" : "well",
				 state->end_title ? state->end_title : state->end_id,
				 state->end_reason ? ", " : "",
				 state->end_reason ? state->end_reason : "");
	if (report->damage)
		return xasprintf("cannot be followed past record %lld: the record is damaged there",
				 (long long)state->seq);
	str_append(&out, "is not at its end: ");
	if (report->source->holder)
		str_printf(&out, "%s works on it", report->source->holder);
	else
		str_append(&out, state->phase == RUN_STOPPED ? "it was left in good order"
							     : "its process died");
	append_open_question(run_state_current(state), &out);
	return str_take(&out);
}

/* ---- five lines for who has no time ---- */

static char *
line_of_outcome(const struct report *report)
{
	const struct run_state *state = &report->state;
	char *standing = report_standing(report);
	char *line =
		xasprintf("The %s of \"%s\" %s.", str_equal(state->mode, "drill") ? "drill" : "run",
			  state->runbook_title, standing);

	free(standing);
	return line;
}

static char *
line_of_time(const struct report *report)
{
	const struct run_state *state = &report->state;
	char begin[CLOCK_STAMP_MAX], took[CLOCK_STAMP_MAX], away[CLOCK_STAMP_MAX];
	int64_t away_ms = 0;
	struct str out = STR_INIT;

	for (size_t i = 0; i < report->gaps_count; i++)
		away_ms += report->gaps[i].to_ms - report->gaps[i].from_ms;
	str_printf(&out, "It %s %s, from %s on", state->phase == RUN_ENDED ? "took" : "has taken",
		   run_state_took(state, report_duration_ms(report), took),
		   clock_format_utc(state->started_ms, begin));
	if (!run_state_has_durations(state))
		str_printf(&out, "; the clock of the machine was set back by %s meanwhile",
			   duration_format_clock(state->clock_back_ms, away));
	else if (report->gaps_count)
		str_printf(&out, "; for %s of it nobody worked on it",
			   duration_format_clock(away_ms, away));
	for (size_t i = 0; i < report->people_count; i++)
		str_printf(&out, "%s%s", i ? ", " : "; by ", report->people[i].name);
	str_append_char(&out, '.');
	return str_take(&out);
}

static char *
line_of_objectives(const struct report *report)
{
	struct str out = STR_INIT;
	char took[CLOCK_STAMP_MAX], target[CLOCK_STAMP_MAX];

	if (!report->runbook)
		return xasprintf("Recovery times cannot be judged: %s.", report->runbook_problem);
	if (report->rto_count == 0)
		return xstrdup("The runbook sets no recovery time to keep.");
	for (size_t i = 0; i < report->rto_count; i++) {
		const struct report_rto *rto = &report->rto[i];

		str_printf(&out, "%s%s: %s", i ? "; " : "", rto->spec->title, rto->result);
		if (rto->started_ms && rto->taken_ms >= 0)
			str_printf(&out, " (%s of %s)", duration_format_clock(rto->taken_ms, took),
				   duration_format_clock(rto->spec->target_ms, target));
	}
	str_append_char(&out, '.');
	return str_take(&out);
}

static size_t
count_status(const struct report *report, enum step_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < report->state.steps_count; i++)
		count += report->state.steps[i].status == status;
	return count;
}

static size_t
count_changes(const struct report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->tries_count; i++) {
		const char *effect = json_string(report->tries[i].intent->data, "effect", "none");

		count += str_equal(effect, "changes") || str_equal(effect, "destroys");
	}
	return count;
}

static char *
line_of_steps(const struct report *report)
{
	struct str out = STR_INIT;
	size_t changes = count_changes(report);

	str_printf(&out, "%zu of %zu steps are done", run_state_done(&report->state),
		   report->state.steps_count);
	for (int status = STEP_TODO, said = 0; status <= STEP_UNKNOWN; status++) {
		size_t count = count_status(report, (enum step_status)status);

		if (count)
			str_printf(&out, "%s %zu %s", said++ ? "," : ":", count,
				   step_status_name((enum step_status)status));
	}
	str_printf(&out, "; %zu tr%s meant to change something.", changes,
		   changes == 1 ? "y was" : "ies were");
	return str_take(&out);
}

static char *
line_of_trust(const struct report *report)
{
	struct str out = STR_INIT;
	size_t deviations = 0;

	for (size_t i = 0; i < report->entries_count; i++)
		deviations += report->entries[i].deviation != NULL;
	str_printf(&out, "%zu deviation%s from the plan, %zu note%s; the record is ", deviations,
		   deviations == 1 ? "" : "s", report->state.notes_count,
		   report->state.notes_count == 1 ? "" : "s");
	verification_sentence(report->source->verification, &out);
	str_append_char(&out, '.');
	return str_take(&out);
}

void
report_summarise(struct report *report)
{
	report->summary[0] = line_of_outcome(report);
	report->summary[1] = line_of_time(report);
	report->summary[2] = line_of_objectives(report);
	report->summary[3] = line_of_steps(report);
	report->summary[4] = line_of_trust(report);
}
