#include "config.h"

#include "base/clock.h"
#include "base/json.h"
#include "report/report_paper.h"

/* How a drill went: from its debrief, which the caller has made of the same records. */

enum { ALWAYS_TOLD = 4 };

bool
report_is_drill(const struct report *report)
{
	return report->source->debrief != NULL;
}

static const char *
clock_of(const cJSON *object, const char *name, char out[CLOCK_STAMP_MAX])
{
	int64_t ms = json_int(object, name, -1);

	return ms < 0 ? "-" : duration_format_clock(ms, out);
}

static void
write_pace(const cJSON *debrief, struct paper *paper)
{
	double speed = cJSON_GetNumberValue(json_at(debrief, "speed"));

	if (speed > 0 && (speed < 1 || speed > 1))
		paper_fact(paper, "Pace", "%g times the world's own", speed);
	if (json_bool(debrief, "auto", false))
		paper_fact(paper, "Who decided", "nobody: it ran with --auto");
	if (json_bool(debrief, "explain", false))
		paper_fact(paper, "Help", "for the first time, with --explain");
}

static void
write_verdict(const cJSON *debrief, struct paper *paper)
{
	const cJSON *at;

	paper_fact(paper, "Result", "%s, %lld of 100 points",
		   json_bool(debrief, "passed", false) ? "passed" : "not passed",
		   (long long)json_int(debrief, "points", 0));
	write_pace(debrief, paper);
	cJSON_ArrayForEach(at, json_at(debrief, "reasons"))
		paper_fact(paper, "Why not", "%s", at->valuestring);
	cJSON_ArrayForEach(at, json_at(debrief, "variants"))
		paper_fact(paper, "What was different", "%s: %s", json_string(at, "name", "?"),
			   json_string(at, "title", ""));
	paper_fact(paper, "Hints", "%lld to think, %lld where to look, %lld what to do",
		   (long long)json_int(debrief, "hints/nudge", 0),
		   (long long)json_int(debrief, "hints/where", 0),
		   (long long)json_int(debrief, "hints/command", 0));
	cJSON_ArrayForEach(at, json_at(debrief, "hasty"))
		paper_fact(paper, "Confirmed in haste", "%s, after %lld ms",
			   json_string(at, "title", "?"), (long long)json_int(at, "ms", 0));
	cJSON_ArrayForEach(at, json_at(debrief, "practise"))
		paper_fact(paper, "To practise", "%s", at->valuestring);
}

static void
write_times(const cJSON *debrief, struct paper *paper)
{
	static const char *const rows[][2] = {
		{ "detect_ms", "Detect" },
		{ "decide_ms", "Decide" },
		{ "restore_ms", "Restore" },
		{ "verify_ms", "Verify" },
		{ "rto_ms", "Recovery time to keep" },
	};
	struct cells cells = { 0 };
	char text[CLOCK_STAMP_MAX];

	cells_add_all(&cells, "Until", "Time", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (i >= ALWAYS_TOLD && json_int(json_at(debrief, "times"), rows[i][0], -1) < 0)
			continue;
		cells_add(&cells, rows[i][1]);
		cells_add(&cells, clock_of(json_at(debrief, "times"), rows[i][0], text));
	}
	paper_table(paper, "Times of the drill, from its beginning", "tn", &cells);
}

static void
write_wrong(const cJSON *debrief, struct paper *paper)
{
	struct cells cells = { 0 };
	const cJSON *at;

	cells_add_all(&cells, "Step", "What became of it", "Why it is wrong here", NULL);
	cJSON_ArrayForEach(at, json_at(debrief, "wrong")) {
		cells_add(&cells, json_string(at, "step", "?"));
		cells_add(&cells, json_bool(at, "caught", false) ? "caught" : "landed");
		cells_add(&cells, json_string(at, "why", ""));
	}
	paper_table(paper, "Wrong actions", "kwt", &cells);
}

static void
write_moments(const cJSON *debrief, struct paper *paper)
{
	char mine[CLOCK_STAMP_MAX], expert[CLOCK_STAMP_MAX];
	struct cells cells = { 0 };
	const cJSON *at;

	cells_add_all(&cells, "You", "Expert", "What", NULL);
	cJSON_ArrayForEach(at, json_at(debrief, "timeline")) {
		cells_add(&cells, clock_of(at, "at_ms", mine));
		cells_add(&cells, clock_of(at, "expert_ms", expert));
		cells_add(&cells, json_string(at, "what", ""));
	}
	paper_table(paper, "The drill beside an expert's, who works at the world's own pace", "nnt",
		    &cells);
}

void
report_write_drill(const struct report *report, struct paper *paper)
{
	const cJSON *debrief = report->source->debrief;

	write_verdict(debrief, paper);
	write_times(debrief, paper);
	write_wrong(debrief, paper);
	write_moments(debrief, paper);
}
