#include "config.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "drill/score_internal.h"

/* What to practise next: the last thing of a debrief, made of all the rest of it. */

enum { EXPERT_TIMES = 2, SLOW_LEAST_MS = 60000 };

void
score_add_text(cJSON *array, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	cJSON_AddItemToArray(array, cJSON_CreateString(text));
	free(text);
}

static void
add_checks(const cJSON *out, cJSON *array)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(out, "skipped_checks"))
		score_add_text(array, "Never skip a check: %s.", json_string(at, "title", "?"));
}

static void
add_hints(const struct score *score, cJSON *array)
{
	for (size_t i = 0; i < score->count; i++) {
		const struct deed *deed = &score->deeds[i];

		if (deed->kind == DEED_HINTED && !str_equal(deed->text, "nudge"))
			score_add_text(array, "%s: without being told %s.", deed->title,
				       str_equal(deed->text, "where") ? "where to look"
								      : "what to type");
	}
}

static void
add_missing(const struct score *score, const cJSON *expected, cJSON *array)
{
	const cJSON *variant, *at;

	cJSON_ArrayForEach(variant, json_at(expected, "variants")) {
		cJSON_ArrayForEach(at, json_at(variant, "right"))
			if (cJSON_IsString(at) && !score_last_ok(score, at->valuestring, 0))
				score_add_text(array, "The step %s: an expert does it where %s",
					       at->valuestring, json_string(variant, "title", "?"));
	}
}

static void
add_late(const cJSON *out, cJSON *array)
{
	char over[CLOCK_STAMP_MAX];
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(out, "objectives")) {
		int64_t taken_ms = json_int(at, "taken_ms", -1);
		int64_t over_ms = taken_ms - json_int(at, "target_ms", 0);

		if (taken_ms >= 0 && over_ms > 0)
			score_add_text(array, "%s: %s over its recovery time.",
				       json_string(at, "title", "?"),
				       duration_format_brief(over_ms, over));
	}
}

/* Whether the expert has done the next step by the same moment: then they are one to him, as those of a for_each. */
static bool
goes_on(const cJSON *at, int64_t expert_ms)
{
	for (at = at->next; at; at = at->next)
		if (json_int(at, "expert_ms", -1) >= 0 && json_int(at, "at_ms", -1) >= 0)
			return json_int(at, "expert_ms", -1) == expert_ms;
	return false;
}

/* Where most was lost against an expert, between one step of his list and the next. */
static void
add_slowest(const cJSON *out, cJSON *array)
{
	int64_t worst_ms = 0, before_ms = 0, expert_before_ms = 0;
	const cJSON *at, *worst = NULL;
	char lost[CLOCK_STAMP_MAX];

	cJSON_ArrayForEach(at, json_at(out, "timeline")) {
		int64_t expert = json_int(at, "expert_ms", -1), mine = json_int(at, "at_ms", -1);
		int64_t taken_ms = mine - before_ms, wanted_ms = expert - expert_before_ms;

		if (expert < 0 || mine < 0 || goes_on(at, expert))
			continue;
		if (taken_ms > EXPERT_TIMES * wanted_ms && taken_ms - wanted_ms > SLOW_LEAST_MS &&
		    taken_ms - wanted_ms > worst_ms) {
			worst_ms = taken_ms - wanted_ms;
			worst = at;
		}
		before_ms = mine;
		expert_before_ms = expert;
	}
	if (worst)
		score_add_text(array, "The way to step %s: %s longer than an expert takes.",
			       json_string(worst, "step", "?"),
			       duration_format_brief(worst_ms, lost));
}

static void
add_remember(const cJSON *teaches, cJSON *array)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, teaches)
		if (cJSON_IsString(at))
			score_add_text(array, "Remember: %s.", at->valuestring);
}

static void
add_lessons(const cJSON *expected, cJSON *array)
{
	const cJSON *variant;

	add_remember(json_at(expected, "teaches"), array);
	cJSON_ArrayForEach(variant, json_at(expected, "variants"))
		add_remember(json_at(variant, "teaches"), array);
}

/* The same once more until it is passed; then what was not met yet. */
static void
add_next(const struct score *score, const cJSON *expected, bool passed, cJSON *array)
{
	const cJSON *next = cJSON_GetArrayItem(json_at(expected, "others"), 0), *at;
	const char *scenario = json_string(score->begin, "scenario", "");
	struct str words = STR_INIT;

	if (!passed)
		cJSON_ArrayForEach(at, json_at(expected, "variants"))
			str_printf(&words, " --variant %s", json_string(at, "name", "?"));
	else if (cJSON_IsString(next))
		str_printf(&words, " --variant %s", next->valuestring);
	if (!passed || words.len)
		score_add_text(array, "Next%s: lifeboat drill %s%s", passed ? "" : ", once more",
			       scenario, str_cstr(&words));
	else
		score_add_text(array, "Next: another scenario; lifeboat drill lists them.");
	str_release(&words);
}

void
score_add_practise(const struct score *score, const cJSON *expected, cJSON *out)
{
	cJSON *array = cJSON_AddArrayToObject(out, "practise");
	bool passed = json_bool(out, "passed", false);

	add_checks(out, array);
	add_hints(score, array);
	add_missing(score, expected, array);
	add_late(out, array);
	add_slowest(out, array);
	if (cJSON_GetArraySize(json_at(out, "hasty")))
		score_add_text(array, "Read what a step would do before you confirm it.");
	if (!passed)
		add_lessons(expected, array);
	add_next(score, expected, passed, array);
}
