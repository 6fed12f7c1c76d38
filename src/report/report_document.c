#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "report/report_paper.h"
#include "run/state/identity.h"

static void
write_summary(const struct report *report, struct paper *paper)
{
	static const char *const labels[REPORT_SUMMARY_LINES] = {
		"Outcome", "Time", "Recovery times", "Steps", "Trust",
	};

	for (size_t i = 0; i < REPORT_SUMMARY_LINES; i++)
		paper_fact(paper, labels[i], "%s", report->summary[i]);
}

/* Nobody may take the one for the other. */
static const char *
mode_word(const struct report *report)
{
	return str_equal(report->state.mode, "drill") ? "DRILL" : "LIVE";
}

static void
write_verdict(const struct report *report, struct paper *paper)
{
	const struct verification *v = report->source->verification;
	struct str sentence = STR_INIT;

	verification_sentence(v, &sentence);
	paper_fact(paper, "Verdict", "%s", str_cstr(&sentence));
	if (v->notes.len)
		paper_fact(paper, "To know about it", "%s", str_cstr(&v->notes));
	if (report->damage)
		paper_fact(paper, "Read so far", "%zu records; then %s", report->entries_count,
			   report->damage);
	str_release(&sentence);
}

static void
write_facts(const struct report *report, struct paper *paper)
{
	const struct run_state *state = &report->state;
	const cJSON *first = report->entries[0].record->data;
	char stamp[CLOCK_STAMP_MAX];
	char *standing = report_standing(report);

	paper_literal(paper, "Run", state->run_id);
	paper_fact(paper, "Mode", "%s", mode_word(report));
	paper_fact(paper, "Runbook", "%s %s (%s)", state->runbook_title,
		   state->runbook_version ? state->runbook_version : "", state->runbook_id);
	paper_fact(paper, "Standing", "It %s", standing);
	paper_fact(paper, "Begun", "%s by %s on %s, pid %lld",
		   clock_format_utc(state->started_ms, stamp), json_string(first, "operator", "?"),
		   json_string(first, "host", "?"), (long long)json_int(first, "pid", 0));
	if (state->ended_ms)
		paper_fact(paper, state->phase == RUN_ENDED ? "Ended" : "Left", "%s",
			   clock_format_utc(state->ended_ms, stamp));
	else
		paper_fact(paper, "Last record", "%s", clock_format_utc(state->last_ts_ms, stamp));
	paper_fact(paper, "Duration", "%s",
		   run_state_took(state, report_duration_ms(report), stamp));
	if (!run_state_has_durations(state))
		paper_fact(paper, "Clock",
			   "it was set back by %s in all while the run went on: times of the run "
			   "do not tell how long anything took",
			   duration_format_clock(state->clock_back_ms, stamp));
	paper_fact(paper, "Program", "%s", json_string(first, "program", "?"));
	write_verdict(report, paper);
	paper_fact(paper, "This report", "made %s by " PACKAGE_STRING,
		   clock_format_utc(report->source->now_ms, stamp));
	free(standing);
}

static bool
has_rto(const struct report *report)
{
	return report->rto_count > 0;
}

static void
write_rto(const struct report *report, struct paper *paper)
{
	struct cells cells = { 0 };
	char took[CLOCK_STAMP_MAX], target[CLOCK_STAMP_MAX], stamp[CLOCK_STAMP_MAX];

	cells_add_all(&cells, "What", "Target", "Taken", "Result", "From the beginning of",
		      "To the end of", "Ended", NULL);
	for (size_t i = 0; i < report->rto_count; i++) {
		const struct report_rto *rto = &report->rto[i];

		cells_add(&cells, rto->spec->title);
		cells_add(&cells, duration_format_clock(rto->spec->target_ms, target));
		cells_add(&cells, rto->started_ms && rto->taken_ms >= 0
					  ? duration_format_clock(rto->taken_ms, took)
					  : "");
		cells_add(&cells, rto->result);
		cells_add(&cells, rto->spec->from);
		cells_add(&cells, rto->spec->to);
		cells_add(&cells, rto->ended_ms ? clock_format_utc(rto->ended_ms, stamp) : "");
	}
	paper_table(paper, "Recovery times against their targets", "tnnwkkn", &cells);
}

static bool
has_tries(const struct report *report)
{
	return report->tries_count > 0;
}

static void
write_picture(const struct report *report, struct paper *paper)
{
	struct picture picture;

	picture_init(&picture, report);
	paper->picture(paper, &picture);
	picture_release(&picture);
}

static bool
has_targets(const struct report *report)
{
	return report->state.targets_count > 0;
}

/* "uid 3f2a…, user ana": what an identity says; the caller frees. */
static char *
identity_words(const struct target_state *target)
{
	struct str out = STR_INIT;
	const cJSON *at;

	cJSON_ArrayForEach(at, target->identity) {
		char *text = json_text(at);

		str_printf(&out, "%s%s %s", out.len ? "\n" : "", at->string, text);
		free(text);
	}
	char *warning = identity_warning(target->identity);
	if (warning)
		str_printf(&out, "\n%s", warning);
	if (target->problem)
		str_printf(&out, "%snot reached: %s", out.len ? "\n" : "", target->problem);
	free(warning);
	return str_take(&out);
}

static void
write_targets(const struct report *report, struct paper *paper)
{
	struct cells cells = { 0 };

	cells_add_all(&cells, "Name", "Type", "Where", "Who answered", NULL);
	for (size_t i = 0; i < report->state.targets_count; i++) {
		const struct target_state *target = &report->state.targets[i];
		char *identity = identity_words(target);

		cells_add(&cells, target->name);
		cells_add(&cells, target->kind);
		cells_add(&cells, target->describe);
		cells_add(&cells, identity);
		free(identity);
	}
	paper_table(paper, "Targets and their identities", "kwtt", &cells);
}

static bool
has_params(const struct report *report)
{
	return cJSON_GetArraySize(report->state.params) > 0;
}

static void
write_params(const struct report *report, struct paper *paper)
{
	struct cells cells = { 0 };
	const cJSON *at;

	cells_add_all(&cells, "Name", "Value", NULL);
	cJSON_ArrayForEach(at, report->state.params) {
		char *text = json_text(at);

		cells_add(&cells, at->string);
		cells_add(&cells, text);
		free(text);
	}
	paper_table(paper, "Parameters; secrets are masked", "kc", &cells);
}

static bool
has_deviations(const struct report *report)
{
	for (size_t i = 0; i < report->entries_count; i++)
		if (report->entries[i].deviation)
			return true;
	return false;
}

/* An error's message, or the reason that somebody gave. */
static const char *
reason_of(const struct record *record)
{
	const char *reason = json_string(record->data, "reason", NULL);

	return reason ? reason : json_string(record->data, "error/message", "");
}

static void
write_deviations(const struct report *report, struct paper *paper)
{
	struct cells cells = { 0 };
	char time[CLOCK_STAMP_MAX];

	cells_add_all(&cells, "Record", "Time", "What", "Step", "Who", "Reason", NULL);
	for (size_t i = 0; i < report->entries_count; i++) {
		const struct report_entry *entry = &report->entries[i];
		const cJSON *data = entry->record->data;

		if (!entry->deviation)
			continue;
		cells_printf(&cells, "%lld", (long long)entry->record->seq);
		cells_add(&cells, clock_format_utc(entry->record->ts_ms, time));
		cells_add(&cells, entry->deviation);
		cells_add(&cells, json_string(data, "step", ""));
		cells_add(&cells, json_string(data, "by", json_string(data, "operator", "")));
		cells_add(&cells,
			  *reason_of(entry->record) ? reason_of(entry->record) : entry->sentence);
	}
	paper_table(paper, "What did not go as planned", "nnwkwt", &cells);
}

static bool
has_notes(const struct report *report)
{
	return report->state.notes_count > 0;
}

static void
write_notes(const struct report *report, struct paper *paper)
{
	struct cells cells = { 0 };
	char time[CLOCK_STAMP_MAX];

	cells_add_all(&cells, "Record", "Time", "Who", "At step", "Note", NULL);
	for (size_t i = 0; i < report->state.notes_count; i++) {
		const struct note_state *note = &report->state.notes[i];

		cells_printf(&cells, "%lld", (long long)note->seq);
		cells_add(&cells, clock_format_utc(note->ts_ms, time));
		cells_add(&cells, note->by);
		cells_add(&cells, note->step);
		cells_add(&cells, note->text);
	}
	paper_table(paper, "What was noted", "nnwkt", &cells);
}

static bool
has_impact(const struct report *report)
{
	return report->runbook && report->runbook->impact_count > 0;
}

static void
write_impact(const struct report *report, struct paper *paper)
{
	struct cells cells = { 0 };
	char time[CLOCK_STAMP_MAX];

	cells_add_all(&cells, "Operation", "Foreseen", "Observed", "Since", "What was seen", NULL);
	for (size_t i = 0; i < report->runbook->impact_count; i++) {
		const struct impact_spec *spec = &report->runbook->impact[i];
		const struct impact_state *seen =
			i < report->state.impact_count ? &report->state.impact[i] : NULL;
		bool looked = seen && seen->since_ms;

		cells_add(&cells, spec->operation);
		cells_add(&cells, impact_level_words(spec->level));
		cells_add(&cells, !looked	? "nobody looked"
				  : seen->level ? impact_level_words(seen->level)
						: "cannot be told");
		cells_add(&cells, looked ? clock_format_utc(seen->since_ms, time) : "");
		cells_add(&cells, looked && seen->text ? seen->text : "");
	}
	paper_table(paper, "What the failure took away: foreseen, and as observed last", "twwnt",
		    &cells);
}

static bool
has_gaps(const struct report *report)
{
	return report->gaps_count > 0;
}

static void
append_recovered(const cJSON *resumed, struct str *out)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(resumed, "recovered"))
		str_printf(out, "; %lld bytes were put aside in %s",
			   (long long)json_int(at, "bytes", 0), json_string(at, "file", "?"));
}

static void
write_gaps(const struct report *report, struct paper *paper)
{
	struct cells cells = { 0 };
	char from[CLOCK_STAMP_MAX], to[CLOCK_STAMP_MAX], took[CLOCK_STAMP_MAX];

	cells_add_all(&cells, "Last record", "Taken up again", "Between", "By", "How", NULL);
	for (size_t i = 0; i < report->gaps_count; i++) {
		const struct report_gap *gap = &report->gaps[i];
		const cJSON *data = gap->resumed->data;
		struct str how = STR_INIT;

		str_append(&how, gap->crashed ? "its process had died" : "it had been left");
		append_recovered(data, &how);
		cells_add(&cells, clock_format_utc(gap->from_ms, from));
		cells_add(&cells, clock_format_utc(gap->to_ms, to));
		cells_add(&cells, gap->to_ms < gap->from_ms
					  ? "unknown"
					  : duration_format_clock(gap->to_ms - gap->from_ms, took));
		cells_printf(&cells, "%s on %s, pid %lld", json_string(data, "operator", "?"),
			     json_string(data, "host", "?"), (long long)json_int(data, "pid", 0));
		cells_add(&cells, str_cstr(&how));
		str_release(&how);
	}
	paper_table(paper, "Times without anybody working on the run", "nnntt", &cells);
}

static void
write_people(const struct report *report, struct paper *paper)
{
	struct cells cells = { 0 };

	cells_add_all(&cells, "Who", "Began or took up", "Confirmed", "Answered", "Passed over",
		      "Marked", "Notes", NULL);
	for (size_t i = 0; i < report->people_count; i++) {
		const struct report_person *at = &report->people[i];
		const size_t counts[] = { at->sessions,	   at->confirmed, at->answered,
					  at->passed_over, at->marked,	  at->notes };

		cells_add(&cells, at->name);
		for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
			cells_printf(&cells, "%zu", counts[k]);
	}
	paper_table(paper, "Who did what, in numbers", "wnnnnnn", &cells);
}

const struct report_section report_sections[] = {
	{ "summary", "Summary", NULL, write_summary },
	{ "drill", "Drill", report_is_drill, report_write_drill },
	{ "facts", "Facts", NULL, write_facts },
	{ "recovery-times", "Recovery times", has_rto, write_rto },
	{ "picture", "Steps against time", has_tries, write_picture },
	{ "deviations", "Deviations", has_deviations, write_deviations },
	{ "notes", "Notes", has_notes, write_notes },
	{ "impact", "Impact", has_impact, write_impact },
	{ "interruptions", "Interruptions", has_gaps, write_gaps },
	{ "people", "People", NULL, write_people },
	{ "targets", "Targets", has_targets, write_targets },
	{ "parameters", "Parameters", has_params, write_params },
	{ "steps", "Steps", NULL, report_write_steps },
	{ "timeline", "Timeline", NULL, report_write_timeline },
	{ "evidence", "Evidence", NULL, report_write_appendix },
};

const size_t report_sections_count = sizeof(report_sections) / sizeof(report_sections[0]);

/* A record that cannot be trusted says so before anything else, title included. */
static void
warn(const struct report *report, struct paper *paper)
{
	bool is_corrupt = report->source->verification->verdict == VERIFY_CORRUPT;
	struct str words = STR_INIT;

	if (!is_corrupt && !report->damage)
		return;
	if (is_corrupt)
		verification_sentence(report->source->verification, &words);
	else
		str_append(&words, report->damage);
	str_append(&words, ".\nWhat follows is what could still be read; do not rely on it.");
	char *clean = text_clean(str_cstr(&words), TEXT_KEEP_NEWLINES);
	paper->banner(paper,
		      is_corrupt ? "THE RECORD IS CORRUPT" : "THE RECORD CANNOT BE READ WHOLE",
		      clean);
	free(clean);
	str_release(&words);
}

void
report_to_paper(const struct report *report, struct paper *paper)
{
	char *title = xasprintf("%s, %s run %s", report->state.runbook_title, mode_word(report),
				report->state.run_id);
	char *clean = text_clean(title, 0);

	warn(report, paper);
	paper->begin(paper, report, clean);
	for (size_t i = 0; i < report_sections_count; i++) {
		const struct report_section *at = &report_sections[i];

		if (at->applies && !at->applies(report))
			continue;
		paper_heading(paper, 2, at->anchor, at->title);
		at->write(report, paper);
	}
	paper->end(paper);
	free(clean);
	free(title);
}

void
report_write(const struct report *report, enum report_format format, struct str *out)
{
	static void (*const writers[])(const struct report *, struct str *) = {
		[REPORT_MARKDOWN] = report_write_markdown,
		[REPORT_JSON] = report_write_json,
		[REPORT_HTML] = report_write_html,
	};

	writers[format](report, out);
}
