#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "report/report_model.h"

#define FORMAT "lifeboat-report/v1"

/* A time stamp; null for 0. */
static void
add_time(cJSON *object, const char *name, int64_t ms)
{
	char stamp[CLOCK_STAMP_MAX];

	json_add_string(object, name, ms ? clock_format_utc(ms, stamp) : NULL);
}

/* A number that may be unknown: null below 0. */
static void
add_count(cJSON *object, const char *name, int64_t value)
{
	if (value < 0)
		json_add_string(object, name, NULL);
	else
		json_add_int(object, name, value);
}

/* A copy of a member of a record, or null. */
static void
add_copy(cJSON *object, const char *name, const cJSON *value)
{
	json_add(object, name, value ? cJSON_Duplicate(value, true) : cJSON_CreateNull());
}

static void
add_member(cJSON *object, const char *name, const struct record *record, const char *path)
{
	add_copy(object, name, record ? json_at(record->data, path) : NULL);
}

static cJSON *
add_item(cJSON *array)
{
	cJSON *item = cJSON_CreateObject();

	cJSON_AddItemToArray(array, item);
	return item;
}

/* Number, time, type and sentence: how every record is told. */
static cJSON *
add_entry(cJSON *array, const struct report *report, const struct report_entry *entry)
{
	cJSON *item = add_item(array);

	json_add_int(item, "seq", entry->record->seq);
	add_time(item, "time", entry->record->ts_ms);
	json_add_string(item, "type", record_type_name(entry->record->type));
	json_add_string(item, "text", entry->sentence);
	json_add_bool(item, "sealed", report_is_sealed(report, entry->record));
	return item;
}

static void
add_lines(cJSON *array, const struct str *text)
{
	char *copy = xstrdup(str_cstr(text)), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			cJSON_AddItemToArray(array, cJSON_CreateString(line));
	free(copy);
}

static void
add_verdict(cJSON *document, const struct report *report)
{
	const struct verification *v = report->source->verification;
	cJSON *verdict = cJSON_AddObjectToObject(document, "verdict");
	struct str sentence = STR_INIT;

	verification_sentence(v, &sentence);
	json_add_string(verdict, "word", report_verdict_word(report));
	json_add_string(verdict, "text", str_cstr(&sentence));
	add_lines(cJSON_AddArrayToObject(verdict, "notes"), &v->notes);
	json_add_int(verdict, "records", v->chain.records);
	json_add_int(verdict, "sealed", v->chain.sealed);
	json_add_string(verdict, "head", v->chain.head);
	add_count(verdict, "damaged_record", v->chain.damaged_record);
	json_add_int(verdict, "records_read", (int64_t)report->entries_count);
	json_add_string(verdict, "damage", report->damage);
	str_release(&sentence);
}

static void
add_run(cJSON *document, const struct report *report)
{
	const struct run_state *state = &report->state;
	cJSON *run = cJSON_AddObjectToObject(document, "run");
	const struct record *first = report->entries[0].record;
	char *standing = report_standing(report);

	json_add_string(run, "id", state->run_id);
	json_add_string(run, "mode", state->mode);
	json_add_string(run, "standing", standing);
	json_add_bool(run, "ended", state->phase == RUN_ENDED);
	add_member(run, "operator", first, "operator");
	add_member(run, "host", first, "host");
	add_member(run, "pid", first, "pid");
	add_member(run, "program", first, "program");
	json_add_string(run, "holder", report->source->holder);
	add_time(run, "begin", state->started_ms);
	add_time(run, "end", state->phase == RUN_ENDED ? state->ended_ms : 0);
	add_count(run, "duration_ms",
		  run_state_has_durations(state) ? report_duration_ms(report) : -1);
	json_add_int(run, "clock_back_ms", state->clock_back_ms);
	add_member(run, "previous", first, "previous");
	cJSON *runbook = cJSON_AddObjectToObject(run, "runbook");
	json_add_string(runbook, "id", state->runbook_id);
	json_add_string(runbook, "title", state->runbook_title);
	json_add_string(runbook, "version", state->runbook_version);
	json_add_string(runbook, "sha256", state->runbook_sha256);
	free(standing);
}

static void
add_outcome(cJSON *document, const struct report *report)
{
	const struct run_state *state = &report->state;

	if (state->phase != RUN_ENDED) {
		json_add_string(document, "outcome", NULL);
		return;
	}
	cJSON *outcome = cJSON_AddObjectToObject(document, "outcome");
	json_add_string(outcome, "id", state->end_id);
	json_add_string(outcome, "title", state->end_title);
	json_add_string(outcome, "reason", state->end_reason);
	json_add_bool(outcome, "failed", state->failed);
}

static void
add_summary(cJSON *document, const struct report *report)
{
	cJSON *lines = cJSON_AddArrayToObject(document, "summary");

	for (size_t i = 0; i < REPORT_SUMMARY_LINES; i++)
		cJSON_AddItemToArray(lines, cJSON_CreateString(report->summary[i]));
}

static void
add_rto(cJSON *document, const struct report *report)
{
	cJSON *array = cJSON_AddArrayToObject(document, "recovery_times");

	for (size_t i = 0; i < report->rto_count; i++) {
		const struct report_rto *rto = &report->rto[i];
		cJSON *item = add_item(array);

		json_add_string(item, "title", rto->spec->title);
		json_add_int(item, "target_ms", rto->spec->target_ms);
		json_add_string(item, "from", rto->spec->from);
		json_add_string(item, "to", rto->spec->to);
		add_time(item, "begin", rto->started_ms);
		add_time(item, "end", rto->ended_ms);
		add_count(item, "taken_ms", rto->started_ms ? rto->taken_ms : -1);
		json_add_string(item, "result", rto->result);
	}
}

static void
add_targets(cJSON *document, const struct report *report)
{
	cJSON *array = cJSON_AddArrayToObject(document, "targets");

	for (size_t i = 0; i < report->state.targets_count; i++) {
		const struct target_state *target = &report->state.targets[i];
		cJSON *item = add_item(array);

		json_add_string(item, "name", target->name);
		json_add_string(item, "kind", target->kind);
		json_add_string(item, "group", target->group);
		json_add_string(item, "describe", target->describe);
		add_copy(item, "spec", target->spec);
		add_copy(item, "identity", target->identity);
		json_add_string(item, "problem", target->problem);
	}
}

static void
add_output(cJSON *item, const struct report *report, const struct record *outcome)
{
	const cJSON *output = outcome ? json_at(outcome->data, "output") : NULL;
	struct report_excerpt excerpt;

	add_copy(item, "output", output);
	if (!cJSON_IsObject(output) ||
	    !report_excerpt_read(report, json_string(output, "file", NULL), &excerpt))
		return;
	json_add_string(json_at(item, "output"), "first_lines", str_cstr(&excerpt.first));
	json_add_string(json_at(item, "output"), "last_lines",
			excerpt.last.len ? excerpt.last.data : NULL);
	report_excerpt_release(&excerpt);
}

static void
add_mark(cJSON *item, const struct record *marked)
{
	if (!marked) {
		json_add_string(item, "marked", NULL);
		return;
	}
	cJSON *mark = cJSON_AddObjectToObject(item, "marked");
	json_add_int(mark, "seq", marked->seq);
	add_time(mark, "time", marked->ts_ms);
	add_member(mark, "status", marked, "status");
	add_member(mark, "reason", marked, "reason");
	add_member(mark, "by", marked, "by");
}

/* What came between intent and outcome, with its data as the journal has it. */
static void
add_others(cJSON *item, const struct report *report, const struct report_try *try)
{
	cJSON *array = cJSON_AddArrayToObject(item, "records");

	for (size_t i = 0; i < try->others_count; i++) {
		const struct record *record = try->others[i];

		add_copy(add_entry(array, report, report_entry_of(report, record)), "data",
			 record->data);
	}
}

static void
add_try(cJSON *array, const struct report *report, const struct report_try *try)
{
	static const char *const of_intent[] = { "attempt",   "uses", "target", "effect",
						 "confirmed", "by",   "key" };
	cJSON *item = add_item(array);

	json_add_int(item, "seq", try->intent->seq);
	json_add_string(item, "status", try->status);
	add_time(item, "begin", try->started_ms);
	add_time(item, "end", try->ended_ms);
	add_count(item, "duration_ms", try->duration_ms);
	for (size_t i = 0; i < sizeof(of_intent) / sizeof(of_intent[0]); i++)
		add_member(item, of_intent[i], try->intent, of_intent[i]);
	if (try->undo)
		json_add_bool(item, "undo", true);
	add_member(item, "requested", try->plan, "preview");
	add_member(item, "with", try->plan, "with");
	add_member(item, "preconditions", try->plan, "preconditions");
	add_member(item, "error", try->outcome, "error");
	add_member(item, "outputs", try->outcome, "outputs");
	add_member(item, "verify", try->outcome, "verify");
	add_member(item, "before", try->outcome, "before");
	add_output(item, report, try->outcome);
	add_mark(item, try->marked);
	add_others(item, report, try);
}

static void
add_steps(cJSON *document, const struct report *report)
{
	cJSON *array = cJSON_AddArrayToObject(document, "steps");

	for (size_t i = 0; i < report->state.steps_count; i++) {
		const struct step_state *step = &report->state.steps[i];
		cJSON *item = add_item(array);

		json_add_string(item, "id", step->id);
		json_add_string(item, "title", step->title);
		json_add_string(item, "section", step->section);
		json_add_string(item, "status", step_status_name(step->status));
		json_add_int(item, "estimate_ms", step->estimate_ms);
		json_add_string(item, "reason", step->reason);
		json_add_string(item, "by", step->by);
		json_add_bool(item, "undoable", step->undoable);
		if (step->undone_ms)
			add_time(item, "undone", step->undone_ms);
		cJSON *tries = cJSON_AddArrayToObject(item, "tries");
		for (size_t k = 0; k < report->tries_count; k++)
			if (str_equal(report->tries[k].step, step->id))
				add_try(tries, report, &report->tries[k]);
	}
}

static void
add_deviations(cJSON *document, const struct report *report)
{
	cJSON *array = cJSON_AddArrayToObject(document, "deviations");

	for (size_t i = 0; i < report->entries_count; i++) {
		const struct report_entry *entry = &report->entries[i];

		if (!entry->deviation)
			continue;
		cJSON *item = add_entry(array, report, entry);
		json_add_string(item, "what", entry->deviation);
		add_member(item, "step", entry->record, "step");
		add_member(item, "by", entry->record, "by");
		add_member(item, "reason", entry->record, "reason");
		add_member(item, "error", entry->record, "error");
	}
}

static void
add_notes(cJSON *document, const struct report *report)
{
	cJSON *array = cJSON_AddArrayToObject(document, "notes");

	for (size_t i = 0; i < report->state.notes_count; i++) {
		const struct note_state *note = &report->state.notes[i];
		cJSON *item = add_item(array);

		json_add_int(item, "seq", note->seq);
		add_time(item, "time", note->ts_ms);
		json_add_string(item, "step", note->step);
		json_add_string(item, "by", note->by);
		json_add_string(item, "text", note->text);
	}
}

/* Of each operation: what was foreseen of it, and what was seen last. */
static void
add_impact(cJSON *document, const struct report *report)
{
	cJSON *array = cJSON_AddArrayToObject(document, "impact");
	const struct runbook *rb = report->runbook;

	for (size_t i = 0; rb && i < rb->impact_count; i++) {
		static const struct impact_state nothing;
		const struct impact_state *seen =
			i < report->state.impact_count ? &report->state.impact[i] : &nothing;
		cJSON *item = add_item(array);

		json_add_string(item, "operation", rb->impact[i].operation);
		json_add_string(item, "predicted", rb->impact[i].level);
		json_add_bool(item, "looked", seen->since_ms != 0);
		json_add_string(item, "level", seen->level);
		json_add_string(item, "text", seen->text);
		add_time(item, "since", seen->since_ms);
	}
}

static void
add_gaps(cJSON *document, const struct report *report)
{
	cJSON *array = cJSON_AddArrayToObject(document, "interruptions");

	for (size_t i = 0; i < report->gaps_count; i++) {
		const struct report_gap *gap = &report->gaps[i];
		cJSON *item = add_item(array);

		json_add_int(item, "seq", gap->resumed->seq);
		add_time(item, "from", gap->from_ms);
		add_time(item, "to", gap->to_ms);
		json_add_bool(item, "crashed", gap->crashed);
		add_member(item, "operator", gap->resumed, "operator");
		add_member(item, "host", gap->resumed, "host");
		add_member(item, "pid", gap->resumed, "pid");
		add_member(item, "recovered", gap->resumed, "recovered");
	}
}

static void
add_people(cJSON *document, const struct report *report)
{
	cJSON *array = cJSON_AddArrayToObject(document, "people");

	for (size_t i = 0; i < report->people_count; i++) {
		const struct report_person *at = &report->people[i];
		cJSON *item = add_item(array);

		json_add_string(item, "name", at->name);
		json_add_int(item, "sessions", (int64_t)at->sessions);
		json_add_int(item, "confirmed", (int64_t)at->confirmed);
		json_add_int(item, "answered", (int64_t)at->answered);
		json_add_int(item, "passed_over", (int64_t)at->passed_over);
		json_add_int(item, "marked", (int64_t)at->marked);
		json_add_int(item, "notes", (int64_t)at->notes);
	}
}

static void
add_timeline(cJSON *document, const struct report *report)
{
	cJSON *array = cJSON_AddArrayToObject(document, "timeline");

	for (size_t i = 0; i < report->entries_count; i++)
		add_entry(array, report, &report->entries[i]);
}

static void
add_keys(cJSON *document, const struct report *report)
{
	const struct chain *chain = &report->source->verification->chain;
	cJSON *array = cJSON_AddArrayToObject(document, "keys");

	for (size_t i = 0; i < chain->keys_count; i++) {
		cJSON *item = add_item(array);
		struct str key = STR_INIT, issuer = STR_INIT;

		note_key_format(&chain->keys[i].key, &key);
		if (chain->keys[i].is_certified)
			note_key_format(&chain->keys[i].issuer, &issuer);
		json_add_string(item, "key", str_cstr(&key));
		json_add_int(item, "seq", chain->keys[i].seq);
		json_add_int(item, "sealed", chain->keys[i].sealed);
		json_add_string(item, "certified_by", issuer.len ? issuer.data : NULL);
		str_release(&key);
		str_release(&issuer);
	}
}

/* ---- the sanitiser, for every name and every text ---- */

static void
clean_text(char **text)
{
	char *clean = text_clean(*text, TEXT_KEEP_NEWLINES);

	cJSON_free(*text);
	*text = clean;
}

static void
clean_all(cJSON *value)
{
	cJSON *at;

	if (cJSON_IsString(value))
		clean_text(&value->valuestring);
	cJSON_ArrayForEach(at, value) {
		if (at->string)
			clean_text(&at->string);
		clean_all(at);
	}
}

void
report_write_json(const struct report *report, struct str *out)
{
	cJSON *document = cJSON_CreateObject();

	json_add_string(document, "format", FORMAT);
	add_time(document, "made", report->source->now_ms);
	json_add_string(document, "made_by", PACKAGE_STRING);
	add_verdict(document, report);
	add_run(document, report);
	add_outcome(document, report);
	add_summary(document, report);
	add_rto(document, report);
	add_targets(document, report);
	add_copy(document, "params", report->state.params);
	add_steps(document, report);
	add_deviations(document, report);
	add_notes(document, report);
	add_impact(document, report);
	add_gaps(document, report);
	add_people(document, report);
	add_timeline(document, report);
	add_keys(document, report);
	if (report->source->debrief)
		add_copy(document, "drill", report->source->debrief);
	clean_all(document);
	char *text = json_print_pretty(document);
	str_printf(out, "%s\n", text);
	free(text);
	cJSON_Delete(document);
}
