#include "config.h"

#include "report/report_model.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "run/journal/journal.h"

enum { RUNBOOK_MAX_BYTES = 4 << 20 };

/* What one type of record adds to the report; `step` is the id of its step, or NULL. */
typedef void note_fn(struct report *report, struct report_entry *entry, const char *step);

static const char *
by_of(const struct record *record)
{
	return json_string(record->data, "by", NULL);
}

/* The latest try of a step, or NULL. */
static struct report_try *
latest_try(struct report *report, const char *step)
{
	for (size_t i = report->tries_count; step && i-- > 0;)
		if (str_equal(report->tries[i].step, step))
			return &report->tries[i];
	return NULL;
}

/* The entry before this one that has its type and step, or NULL. */
static const struct record *
latest_record(const struct report *report, enum record_type type, const char *step)
{
	for (size_t i = report->entries_count; i-- > 0;) {
		const struct record *record = report->entries[i].record;

		if (record->type == type &&
		    str_equal(json_string(record->data, "step", NULL), step))
			return record;
	}
	return NULL;
}

static void
note_other(struct report *report, struct report_entry *entry, const char *step)
{
	struct report_try *try = latest_try(report, step);

	if (try)
		*VEC_PUSH(try->others, try->others_count, try->others_cap) = entry->record;
	if (entry->record->type == RECORD_ATTEMPT)
		entry->deviation = "tried again";
	else if (entry->record->type == RECORD_CANCEL)
		entry->deviation = "cancel asked for";
}

static void
note_preflight(struct report *report, struct report_entry *entry, const char *step)
{
	(void)step;
	for (size_t i = 0; i < report->state.preflight_count; i++)
		if (!report->state.preflight[i].ok)
			entry->deviation = "not reached";
}

static void
note_blocked(struct report *report, struct report_entry *entry, const char *step)
{
	(void)report;
	(void)step;
	entry->deviation = "blocked";
}

static void
note_intent(struct report *report, struct report_entry *entry, const char *step)
{
	bool undo = cJSON_IsTrue(json_at(entry->record->data, "undo"));

	if (undo)
		entry->deviation = "taking back";
	else if (latest_try(report, step))
		entry->deviation = "run again";
	*VEC_PUSH(report->tries, report->tries_count, report->tries_cap) = (struct report_try){
		.step = step ? step : "",
		.undo = undo,
		.plan = latest_record(report, RECORD_PLAN, step),
		.intent = entry->record,
		.status = "running",
		.started_ms = entry->record->ts_ms,
		.duration_ms = -1,
	};
}

/* The first outcome is the program's own; what is marked comes later, or in its place. */
static void
note_outcome(struct report *report, struct report_entry *entry, const char *step)
{
	struct report_try *try = latest_try(report, step);
	const struct record *record = entry->record;
	const char *status = json_string(record->data, "status", "unknown");

	if (json_bool(record->data, "marked", false))
		entry->deviation = "marked";
	else if (!str_equal(status, "ok"))
		entry->deviation = status;
	else if (cJSON_IsTrue(json_at(record->data, "undo")))
		entry->deviation = "taken back";
	/* what was taken back by hand, without a try, is no end of an earlier one */
	if (!try || json_int(record->data, "intent", try->intent->seq) != try->intent->seq)
		return;
	if (json_bool(record->data, "marked", false))
		try->marked = record;
	else
		try->outcome = record;
	try->status = status;
	if (!try->ended_ms)
		try->ended_ms = record->ts_ms;
	try->duration_ms = json_int(record->data, "duration_ms", try->duration_ms);
}

/* Left out by its own condition, a step is as planned. */
static void
note_skip(struct report *report, struct report_entry *entry, const char *step)
{
	(void)report;
	(void)step;
	if (by_of(entry->record))
		entry->deviation = "skipped";
}

static void
note_kept(struct report *report, struct report_entry *entry, const char *step)
{
	(void)report;
	(void)step;
	entry->deviation = "not taken back";
}

static void
note_goto(struct report *report, struct report_entry *entry, const char *step)
{
	(void)report;
	(void)step;
	entry->deviation = "went elsewhere";
}

/* A step that was under way when its process died has no outcome of its own; a question is asked again. */
static void
end_open_try(struct report *report, int64_t last_sign_ms)
{
	struct report_try *try =
		report->tries_count ? &report->tries[report->tries_count - 1] : NULL;

	if (!try || !str_equal(try->status, "running"))
		return;
	try->status = str_equal(json_string(try->intent->data, "effect", NULL), "none") ? "cut off"
											: "unknown";
	try->ended_ms = last_sign_ms;
}

static void
note_resumed(struct report *report, struct report_entry *entry, const char *step)
{
	const struct record *before = report->entries_count > 1 ? entry[-1].record : entry->record;
	bool crashed = before->type != RECORD_STOP;

	(void)step;
	/* a process may have died between the end and its seal: nothing was left to be worked on */
	if (report->state.phase == RUN_ENDED)
		return;
	*VEC_PUSH(report->gaps, report->gaps_count, report->gaps_cap) = (struct report_gap){
		.from_ms = before->ts_ms,
		.to_ms = entry->record->ts_ms,
		.crashed = crashed,
		.resumed = entry->record,
	};
	if (crashed)
		entry->deviation = "resumed after a crash";
	end_open_try(report, before->ts_ms);
}

static void
note_end(struct report *report, struct report_entry *entry, const char *step)
{
	(void)report;
	(void)step;
	if (json_bool(entry->record->data, "failed", false))
		entry->deviation = "ended early";
}

static note_fn *const notes[RECORD_TYPE_COUNT] = {
	[RECORD_RESUMED] = note_resumed, [RECORD_PREFLIGHT] = note_preflight,
	[RECORD_BLOCKED] = note_blocked, [RECORD_INTENT] = note_intent,
	[RECORD_EVIDENCE] = note_other,	 [RECORD_ATTEMPT] = note_other,
	[RECORD_PROMPT] = note_other,	 [RECORD_ANSWER] = note_other,
	[RECORD_OUTCOME] = note_outcome, [RECORD_PROBE] = note_other,
	[RECORD_SKIP] = note_skip,	 [RECORD_GOTO] = note_goto,
	[RECORD_KEPT] = note_kept,	 [RECORD_CANCEL] = note_other,
	[RECORD_END] = note_end,
};

static int
take_record(void *data, struct record *record, struct err *e)
{
	struct report *report = data;
	struct str sentence = STR_INIT;

	if (run_state_apply(&report->state, record, e) < 0)
		return -1;
	record_sentence(record, &report->state, &sentence);
	struct report_entry *entry =
		VEC_PUSH(report->entries, report->entries_count, report->entries_cap);
	*entry = (struct report_entry){ .record = record_ref(record),
					.sentence = str_take(&sentence) };
	if (notes[record->type])
		notes[record->type](report, entry, json_string(record->data, "step", NULL));
	report_add_person(report, record);
	return 0;
}

/* Whoever does not hold it may have died: then a step under way is unknown, as `resume` will have it. */
static void
close_run(struct report *report)
{
	if (report->source->holder || report->state.phase == RUN_ENDED ||
	    report->state.phase == RUN_STOPPED)
		return;
	run_state_close_crashed(&report->state);
	end_open_try(report, report->state.last_ts_ms);
}

/* The copy that was run; without it there are no objectives to measure by. */
static void
read_runbook(struct report *report)
{
	char *path = xasprintf("%s/runbook.yaml", report->source->folder);
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct diags diags;

	diags_init(&diags, path);
	if (file_read(path, RUNBOOK_MAX_BYTES, &text, &e) < 0) {
		report->runbook_problem = xstrdup(e.message);
	} else {
		report->runbook = runbook_parse(path, str_cstr(&text), text.len,
						report->source->catalogue, &diags);
		if (!report->runbook)
			report->runbook_problem = xstrdup(
				"runbook.yaml is not sound for this version of the program");
	}
	diags_release(&diags);
	str_release(&text);
	free(path);
}

int
report_read(const struct report_source *source, struct report **ret_report, struct err *e)
{
	struct report *report = xcalloc(1, sizeof(*report));
	struct err damage = ERR_INIT;

	report->source = source;
	run_state_init(&report->state);
	if (journal_read(source->folder, take_record, report, &damage) < 0) {
		if (report->entries_count == 0) {
			*e = damage;
			report_free(report);
			return -1;
		}
		report->damage = xstrdup(damage.message);
	}
	close_run(report);
	read_runbook(report);
	report_measure_rto(report);
	report_summarise(report);
	*ret_report = report;
	return 0;
}

void
report_free(struct report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->entries_count; i++) {
		record_free(report->entries[i].record);
		free(report->entries[i].sentence);
	}
	for (size_t i = 0; i < report->tries_count; i++)
		free(report->tries[i].others);
	for (size_t i = 0; i < REPORT_SUMMARY_LINES; i++)
		free(report->summary[i]);
	free(report->entries);
	free(report->tries);
	free(report->gaps);
	free(report->people);
	free(report->rto);
	free(report->runbook_problem);
	free(report->damage);
	runbook_free(report->runbook);
	run_state_release(&report->state);
	free(report);
}
