#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "drill/score.h"

/* The debrief as a page that somebody reads with a coffee, and keeps. */

enum { ALWAYS_TOLD = 4 };

/* A cell or a sentence: no line breaks, nothing that Markdown would take for its own. */
static void
append_plain(struct str *out, const char *text)
{
	char *clean = text_clean(text ? text : "", TEXT_KEEP_NEWLINES | TEXT_DROP_SGR);

	for (const char *at = clean; *at; at++) {
		if (strchr("\\|`*_<>[]", *at))
			str_append_char(out, '\\');
		str_append_char(out, *at == '\n' ? ' ' : *at);
	}
	free(clean);
}

static const char *
clock_or_dash(const cJSON *object, const char *name, char stamp[CLOCK_STAMP_MAX])
{
	int64_t ms = json_int(object, name, -1);

	return ms < 0 ? "-" : duration_format_clock(ms, stamp);
}

static void
write_head(const cJSON *debrief, struct str *out)
{
	const cJSON *variants = json_at(debrief, "variants"), *at;
	double speed = cJSON_GetNumberValue(json_at(debrief, "speed"));

	str_append(out, "# Debrief: ");
	append_plain(out,
		     json_string(debrief, "title", json_string(debrief, "scenario", "a drill")));
	str_printf(out, "\n\n**%s**, %lld of 100 points.",
		   json_bool(debrief, "passed", false) ? "Passed" : "Not passed",
		   (long long)json_int(debrief, "points", 0));
	if (speed > 0 && (speed < 1 || speed > 1))
		str_printf(out, " The world ran at %g times its pace.", speed);
	if (json_bool(debrief, "auto", false))
		str_append(out, " Nobody decided: it ran with --auto.");
	str_append(out, "\n");
	if (cJSON_GetArraySize(json_at(debrief, "reasons")))
		str_append_char(out, '\n');
	cJSON_ArrayForEach(at, json_at(debrief, "reasons")) {
		str_append(out, "- ");
		append_plain(out, at->valuestring);
		str_append_char(out, '\n');
	}
	if (cJSON_GetArraySize(variants) == 0)
		return;
	str_append(out, "\n## What was different\n\n");
	cJSON_ArrayForEach(at, variants) {
		str_append(out, "- **");
		append_plain(out, json_string(at, "name", "?"));
		str_append(out, "**: ");
		append_plain(out, json_string(at, "title", ""));
		str_append(out, ". What showed of it: ");
		append_plain(out, json_string(at, "symptom", ""));
		if (json_string(at, "fix", NULL)) {
			str_append(out, ". What helps: ");
			append_plain(out, json_string(at, "fix", ""));
		}
		str_append_char(out, '\n');
	}
}

/* Each until when, and how long it took. */
struct time_row {
	char *until, *time;
};

struct time_rows {
	struct time_row *items;
	size_t count, cap;
};

/* Takes over `time`. */
static void
add_time(struct time_rows *rows, const char *until, char *time)
{
	struct time_row *row = VEC_PUSH(rows->items, rows->count, rows->cap);
	struct str plain = STR_INIT;

	append_plain(&plain, until);
	*row = (struct time_row){ .until = str_take(&plain), .time = time };
}

static void
add_objective(struct time_rows *rows, const cJSON *objective)
{
	bool is_reached = json_int(objective, "taken_ms", -1) >= 0;
	char taken[CLOCK_STAMP_MAX], target[CLOCK_STAMP_MAX];
	char *until = xasprintf("%s, within %s", json_string(objective, "title", ""),
				clock_or_dash(objective, "target_ms", target));

	add_time(rows, until,
		 !is_reached ? xstrdup("not reached")
			     : xasprintf("%s %s",
					 json_bool(objective, "kept", false) ? "kept:" : "missed:",
					 clock_or_dash(objective, "taken_ms", taken)));
	free(until);
}

static void
collect_times(const cJSON *debrief, struct time_rows *rows)
{
	static const struct {
		const char *member, *title;
	} known[] = {
		{ "detect_ms", "Detect: the first step taken" },
		{ "decide_ms", "Decide: the first change begun" },
		{ "restore_ms", "Restore: the last change passed" },
		{ "verify_ms", "Verify: the end" },
		{ "rto_ms", "Recovery time to keep" },
	};
	const cJSON *times = json_at(debrief, "times"), *at;
	char taken[CLOCK_STAMP_MAX];

	add_time(rows, "Until", xstrdup("Time"));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (i < ALWAYS_TOLD || json_int(times, known[i].member, -1) >= 0)
			add_time(rows, known[i].title,
				 xstrdup(clock_or_dash(times, known[i].member, taken)));
	cJSON_ArrayForEach(at, json_at(debrief, "objectives"))
		add_objective(rows, at);
}

static void
write_row(const struct time_row *row, int until, int time, struct str *out)
{
	str_printf(out, "| %s", row->until);
	str_append_repeated(out, ' ', until - text_width(row->until));
	str_append(out, " | ");
	str_append_repeated(out, ' ', time - text_width(row->time));
	str_printf(out, "%s |\n", row->time);
}

/* Padded: who reads it as it stands, on a terminal, sees a table just as well. */
static void
write_times(const cJSON *debrief, struct str *out)
{
	struct time_rows rows = { 0 };
	int until = 0, time = 0;

	collect_times(debrief, &rows);
	for (size_t i = 0; i < rows.count; i++) {
		int title = text_width(rows.items[i].until), taken = text_width(rows.items[i].time);

		until = title > until ? title : until;
		time = taken > time ? taken : time;
	}
	str_append(out, "\n## Times\n\n");
	for (size_t i = 0; i < rows.count; i++) {
		write_row(&rows.items[i], until, time, out);
		if (i == 0) {
			str_append_char(out, '|');
			str_append_repeated(out, '-', until + 2);
			str_append_char(out, '|');
			str_append_repeated(out, '-', time + 1);
			str_append(out, ":|\n");
		}
		free(rows.items[i].until);
		free(rows.items[i].time);
	}
	free(rows.items);
}

static void
write_wrong(const cJSON *debrief, struct str *out)
{
	const cJSON *at;

	if (cJSON_GetArraySize(json_at(debrief, "wrong")) == 0)
		return;
	str_append(out, "\n## Wrong actions\n\n");
	cJSON_ArrayForEach(at, json_at(debrief, "wrong")) {
		str_append(out, json_bool(at, "caught", false) ? "- caught: " : "- **landed**: ");
		append_plain(out, json_string(at, "title", ""));
		str_append(out, ". ");
		append_plain(out, json_string(at, "why", ""));
		str_append_char(out, '\n');
	}
}

static void
write_checks(const cJSON *debrief, struct str *out)
{
	const cJSON *at;

	if (cJSON_GetArraySize(json_at(debrief, "skipped_checks")) == 0)
		return;
	str_append(out, "\n## Checks that were skipped\n\n");
	cJSON_ArrayForEach(at, json_at(debrief, "skipped_checks")) {
		str_append(out, "- ");
		append_plain(out, json_string(at, "title", ""));
		str_append(out, ": ");
		append_plain(out, json_string(at, "reason", ""));
		str_append_char(out, '\n');
	}
}

static void
write_habits(const cJSON *debrief, struct str *out)
{
	const cJSON *hints = json_at(debrief, "hints"), *at;

	str_printf(
		out,
		"\n## Hints and haste\n\n- hints: %lld to think, %lld where to look, %lld what to "
		"type; %lld point%s\n",
		(long long)json_int(hints, "nudge", 0), (long long)json_int(hints, "where", 0),
		(long long)json_int(hints, "command", 0), (long long)json_int(hints, "cost", 0),
		json_int(hints, "cost", 0) == 1 ? "" : "s");
	cJSON_ArrayForEach(at, json_at(debrief, "hasty")) {
		char ms[CLOCK_STAMP_MAX];

		str_printf(out, "- confirmed after %s: ",
			   duration_format_brief(json_int(at, "ms", 0), ms));
		append_plain(out, json_string(at, "title", ""));
		str_append_char(out, '\n');
	}
}

static void
write_timeline(const cJSON *debrief, struct str *out)
{
	char mine[CLOCK_STAMP_MAX], expert[CLOCK_STAMP_MAX];
	const cJSON *at;

	if (cJSON_GetArraySize(json_at(debrief, "timeline")) == 0)
		return;
	str_append(out, "\n## Timeline\n\nThe expert's times are at the world's own pace.\n\n"
			"|     you |  expert | what |\n|--------:|--------:|---|\n");
	cJSON_ArrayForEach(at, json_at(debrief, "timeline")) {
		str_printf(out, "| %7s | %7s | ", clock_or_dash(at, "at_ms", mine),
			   json_int(at, "expert_ms", -1) < 0
				   ? ""
				   : clock_or_dash(at, "expert_ms", expert));
		append_plain(out, json_string(at, "what", ""));
		str_append(out, " |\n");
	}
}

static void
write_practise(const cJSON *debrief, struct str *out)
{
	const cJSON *at;

	if (cJSON_GetArraySize(json_at(debrief, "practise")) == 0)
		return;
	str_append(out, "\n## What to practise next\n\n");
	cJSON_ArrayForEach(at, json_at(debrief, "practise")) {
		str_append(out, "- ");
		append_plain(out, at->valuestring);
		str_append_char(out, '\n');
	}
}

void
score_markdown(const cJSON *debrief, struct str *out)
{
	write_head(debrief, out);
	write_times(debrief, out);
	write_wrong(debrief, out);
	write_checks(debrief, out);
	write_habits(debrief, out);
	write_timeline(debrief, out);
	write_practise(debrief, out);
}
