#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "report/report_paper.h"

static const char *const glyphs[] = {
	[STEP_TODO] = "[ ]",	[STEP_PLANNED] = "[>]",	  [STEP_BLOCKED] = "[!]",
	[STEP_RUNNING] = "[~]", [STEP_OK] = "[x]",	  [STEP_FAILED] = "[!]",
	[STEP_SKIPPED] = "[-]", [STEP_CANCELLED] = "[!]", [STEP_UNKNOWN] = "[?]",
};

static const struct {
	const char *word, *sentence;
} confirmations[] = {
	{ "y", "with y" },
	{ "name", "by typing its name" },
	{ "two-person", "as the second of two people" },
};

static const char *
confirmation(const char *word)
{
	for (size_t i = 0; i < sizeof(confirmations) / sizeof(confirmations[0]); i++)
		if (str_equal(confirmations[i].word, word))
			return confirmations[i].sentence;
	return "?";
}

static const struct {
	const char *effect, *sentence;
} effects[] = {
	{ "none", "which only asks" },
	{ "reads", "which only reads" },
	{ "changes", "which changes things" },
	{ "destroys", "which DESTROYS things" },
};

static const char *
effect_words(const char *effect)
{
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (str_equal(effects[i].effect, effect))
			return effects[i].sentence;
	return "whose effect is not known";
}

/* The marks and lines of a preview, as they stood on the screen. */
static void
write_request(const struct report_try *try, struct paper *paper)
{
	struct str lines = STR_INIT;
	const cJSON *at;

	if (!try->plan)
		return;
	cJSON_ArrayForEach(at, json_at(try->plan->data, "preview"))
		str_printf(&lines, "%s %s\n", json_string(at, "0", " "), json_string(at, "1", ""));
	if (lines.len)
		paper_block(paper, "Requested, as it was shown before", lines.data);
	str_release(&lines);
}

static void
write_checks(const struct report_try *try, const struct record *record, const char *member,
	     const char *what, struct paper *paper)
{
	struct cells cells = { 0 };
	const cJSON *checks = record ? json_at(record->data, member) : NULL, *at;
	char *caption = xasprintf("%s %s", what, try->step);

	cells_add_all(&cells, "Check", "Expected", "Held", "Seen", NULL);
	cJSON_ArrayForEach(at, checks) {
		cells_add(&cells, json_string(at, "title", ""));
		cells_add(&cells, json_string(at, "expect", ""));
		cells_add(&cells, json_bool(at, "ok", false) ? "yes" : "NO");
		cells_add(&cells, json_string(at, "message", ""));
	}
	paper_table(paper, caption, "tcwt", &cells);
	free(caption);
}

static void
write_outputs(const struct record *outcome, struct paper *paper)
{
	const cJSON *at;
	struct str lines = STR_INIT;

	cJSON_ArrayForEach(at, json_at(outcome->data, "outputs")) {
		char *text = json_text(at);

		str_printf(&lines, "%s = %s\n", at->string, text);
		free(text);
	}
	if (lines.len)
		paper_block(paper, "Outputs", lines.data);
	str_release(&lines);
}

static void
write_output_file(const struct report *report, const struct record *outcome, struct paper *paper)
{
	const char *file = json_string(outcome->data, "output/file", NULL);
	struct report_excerpt excerpt;

	if (!file)
		return;
	paper_literal(paper, "Output file", file);
	if (!report_excerpt_read(report, file, &excerpt)) {
		paper_fact(paper, "Its lines", "the file is not there, or is no file of a run");
		return;
	}
	if (excerpt.first.len)
		paper_block(paper, excerpt.last.len ? "Its first lines" : "Its lines",
			    str_cstr(&excerpt.first));
	if (excerpt.last.len)
		paper_block(paper, "Its last lines", str_cstr(&excerpt.last));
	report_excerpt_release(&excerpt);
}

/* "command /bin/sh; pid 7842": what was put on record; NULL: this is no evidence. The caller frees. */
static char *
evidence_words(const struct record *record)
{
	struct str out = STR_INIT;
	const cJSON *at;

	if (record->type != RECORD_EVIDENCE)
		return NULL;
	cJSON_ArrayForEach(at, json_at(record->data, "evidence")) {
		char *text = json_text(at);

		str_printf(&out, "%s%s %s", out.len ? "; " : "", at->string ? at->string : "",
			   text);
		free(text);
	}
	return str_take(&out);
}

/* Tries, questions, evidence, probes and cancels, each in its sentence; evidence whole. */
static void
write_others(const struct report *report, const struct report_try *try, struct paper *paper)
{
	struct cells cells = { 0 };
	char time[CLOCK_STAMP_MAX];
	char *caption = xasprintf("What happened during step %s", try->step);

	cells_add_all(&cells, "Record", "Time", "What", NULL);
	for (size_t i = 0; i < try->others_count; i++) {
		const struct record *record = try->others[i];
		char *evidence = evidence_words(record);

		cells_printf(&cells, "%lld", (long long)record->seq);
		cells_add(&cells, clock_format_utc(record->ts_ms, time));
		cells_printf(&cells, "%s%s%s", report_entry_of(report, record)->sentence,
			     evidence ? "\n" : "", evidence ? evidence : "");
		free(evidence);
	}
	paper_table(paper, caption, "nnt", &cells);
	free(caption);
}

static void
write_times(const struct report_try *try, const struct step_state *step, struct paper *paper)
{
	char stamp[CLOCK_STAMP_MAX], took[CLOCK_STAMP_MAX], estimate[CLOCK_STAMP_MAX];

	paper_fact(paper, "Began", "%s (record %lld)", clock_format_utc(try->started_ms, stamp),
		   (long long)try->intent->seq);
	if (try->duration_ms < 0)
		paper_fact(paper, "Duration", "not known");
	else if (step->estimate_ms)
		paper_fact(paper, "Duration", "%s; estimated %s",
			   duration_format_brief(try->duration_ms, took),
			   duration_format(step->estimate_ms, estimate));
	else
		paper_fact(paper, "Duration", "%s", duration_format_brief(try->duration_ms, took));
}

static void
write_confirmation(const struct record *intent, struct paper *paper)
{
	const char *by = json_string(intent->data, "by", NULL);
	const char *how = json_string(intent->data, "confirmed", NULL);

	if (!by)
		paper_fact(paper, "Confirmed", "by nobody: it began by itself");
	else if (str_equal(how, "none"))
		paper_fact(paper, "Confirmed", "not needed; begun by %s", by);
	else
		paper_fact(paper, "Confirmed", "by %s, %s", by, confirmation(how));
}

static void
write_mark(const struct record *marked, struct paper *paper)
{
	char time[CLOCK_STAMP_MAX];

	paper_fact(paper, "Marked", "%s by %s at %s (record %lld): %s",
		   json_string(marked->data, "status", "?"), json_string(marked->data, "by", "?"),
		   clock_format_utc(marked->ts_ms, time), (long long)marked->seq,
		   json_string(marked->data, "reason", "no reason was given"));
}

static void
write_try(const struct report *report, const struct report_try *try, const struct step_state *step,
	  struct paper *paper)
{
	const cJSON *intent = try->intent->data;
	const char *error =
		try->outcome ? json_string(try->outcome->data, "error/message", NULL) : NULL;

	paper_fact(paper, "Status", "%s",
		   try->undo && str_equal(try->status, "ok") ? "taken back"
							     : status_words(try->status));
	write_times(try, step, paper);
	paper_fact(paper, "Action", "%s%s%s, %s", json_string(intent, "uses", "?"),
		   json_string(intent, "target", NULL) ? " on " : "",
		   json_string(intent, "target", ""),
		   effect_words(json_string(intent, "effect", NULL)));
	write_confirmation(try->intent, paper);
	paper_literal(paper, "Idempotency key", json_string(intent, "key", NULL));
	if (error)
		paper_fact(paper, "Error", "%s: %s",
			   json_string(try->outcome->data, "error/kind", "?"), error);
	if (try->marked)
		write_mark(try->marked, paper);
	write_request(try, paper);
	write_checks(try, try->plan, "preconditions", "Checks before step", paper);
	if (try->outcome) {
		write_outputs(try->outcome, paper);
		write_checks(try, try->outcome, "verify", "Checks after step", paper);
		write_output_file(report, try->outcome, paper);
	}
	write_others(report, try, paper);
}

static size_t
count_tries(const struct report *report, const struct step_state *step)
{
	size_t count = 0;

	for (size_t i = 0; i < report->tries_count; i++)
		count += str_equal(report->tries[i].step, step->id);
	return count;
}

/* Whether it was taken back, or can be. */
static void
write_way_back(const struct step_state *step, struct paper *paper)
{
	char stamp[CLOCK_STAMP_MAX];

	if (step->undoing)
		paper_fact(paper, "Way back", "it is being taken back");
	else if (step->undone_ms && !step->undo_title)
		paper_fact(paper, "Way back", "it was taken back at %s",
			   clock_format_utc(step->undone_ms, stamp));
	else if (step->undo_title)
		paper_fact(paper, "Way back", "%s%s",
			   step->undoable ? "" : "none: ", step->undo_title);
}

static void
write_step(const struct report *report, const struct step_state *step, struct paper *paper)
{
	char *title = xasprintf("%s %s", glyphs[step->status], step->title);
	size_t count = count_tries(report, step), number = 0;

	paper_heading(paper, 3, NULL, title);
	paper_literal(paper, "Step", step->id);
	if (step->section)
		paper_fact(paper, "Section", "%s", step->section);
	paper_fact(paper, "Now", "%s%s%s%s%s", step_status_name(step->status),
		   step->status == STEP_SKIPPED && step->by ? " by " : "",
		   step->status == STEP_SKIPPED && step->by ? step->by : "",
		   step->reason ? ": " : "", step->reason ? step->reason : "");
	write_way_back(step, paper);
	if (count == 0 && step->error)
		paper_fact(paper, "Error", "%s", step->error);
	for (size_t i = 0; i < report->tries_count; i++) {
		if (!str_equal(report->tries[i].step, step->id))
			continue;
		if (count > 1) {
			char *which = xasprintf("%s %zu of %zu of step %s",
						report->tries[i].undo ? "Taking back, try" : "Try",
						++number, count, step->id);

			paper_heading(paper, 4, NULL, which);
			free(which);
		}
		write_try(report, &report->tries[i], step, paper);
	}
	free(title);
}

void
report_write_steps(const struct report *report, struct paper *paper)
{
	for (size_t i = 0; i < report->state.steps_count; i++)
		write_step(report, &report->state.steps[i], paper);
}
