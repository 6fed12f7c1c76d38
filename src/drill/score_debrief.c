#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "drill/score_internal.h"

/* From what the fold remembers, and what the scenario expected, to the debrief. */

enum { HASTY_MS = 2000 };

struct judgement {
	const struct score *score;
	cJSON *expected; /* what was sealed at the beginning; NULL: it was not opened, or is another text */
	cJSON *out;
};

static void
add_ms(cJSON *object, const char *name, int64_t ms)
{
	if (ms < 0)
		cJSON_AddNullToObject(object, name);
	else
		json_add_int(object, name, ms);
}

/* ---- what was kept back ---- */

static bool
is_as_sealed(const struct score *score)
{
	const char *text = json_string(score->opened, "text", NULL);
	char sha256[DIGEST_HEX_MAX];

	return text && str_equal(digest_sha256(text, strlen(text), sha256),
				 json_string(score->begin, "commitment", NULL));
}

static cJSON *
open_expected(const struct score *score)
{
	const char *text = json_string(score->opened, "text", NULL);

	return is_as_sealed(score) ? json_parse(text, strlen(text), NULL) : NULL;
}

static void
add_scenario(const struct judgement *j)
{
	const struct score *score = j->score;
	cJSON *variants;
	const cJSON *at;

	json_add_string(j->out, "scenario", json_string(score->begin, "scenario", NULL));
	json_add_string(j->out, "title", json_string(score->begin, "title", NULL));
	json_add(j->out, "speed", cJSON_Duplicate(json_at(score->begin, "speed"), true));
	json_add_bool(j->out, "explain", json_bool(score->begin, "explain", false));
	json_add_bool(j->out, "auto", json_bool(score->begin, "auto", false));
	if (json_at(j->expected, "seed"))
		json_add(j->out, "seed", cJSON_Duplicate(json_at(j->expected, "seed"), true));
	variants = cJSON_AddArrayToObject(j->out, "variants");
	cJSON_ArrayForEach(at, json_at(j->expected, "variants")) {
		cJSON *variant = cJSON_CreateObject();

		json_add_string(variant, "name", json_string(at, "name", NULL));
		json_add_string(variant, "title", json_string(at, "title", NULL));
		json_add_string(variant, "symptom", json_string(at, "symptom", NULL));
		json_add_string(variant, "fix", json_string(at, "fix", NULL));
		cJSON_AddItemToArray(variants, variant);
	}
}

/* ---- times ---- */

static int64_t
since_begin(const struct score *score, int64_t at_ms)
{
	return at_ms && score->has_durations ? at_ms - score->began_ms : -1;
}

/* The first step that somebody decided to begin, or a question that was answered. */
static int64_t
first_done(const struct score *score)
{
	for (size_t i = 0; i < score->count; i++) {
		const struct deed *deed = &score->deeds[i];

		if ((deed->kind == DEED_BEGUN && deed->decided) ||
		    (deed->kind == DEED_ENDED && deed->ok))
			return deed->at_ms;
	}
	return 0;
}

static int64_t
first_change(const struct score *score)
{
	for (size_t i = 0; i < score->count; i++)
		if (score->deeds[i].kind == DEED_BEGUN && score->deeds[i].changes)
			return score->deeds[i].at_ms;
	return 0;
}

/* When the last step that changed something had passed. */
static int64_t
restored(const struct score *score)
{
	int64_t last_ms = 0;

	for (size_t i = 0; i < score->count; i++) {
		const struct deed *deed = &score->deeds[i];
		const struct deed *done;

		if (deed->kind != DEED_BEGUN || !deed->changes)
			continue;
		done = score_last_ok(score, deed->spec, 0);
		if (done && done->at_ms > last_ms)
			last_ms = done->at_ms;
	}
	return last_ms;
}

static void
add_objective(const struct score *score, const struct rto_spec *rto, cJSON *array)
{
	const struct deed *from = score_first(score, DEED_BEGUN, rto->from);
	const struct deed *to = score_last_ok(score, rto->to, 0);
	bool reached = from && to && score->has_durations;
	cJSON *item = cJSON_CreateObject();

	json_add_string(item, "title", rto->title);
	json_add_int(item, "target_ms", rto->target_ms);
	add_ms(item, "taken_ms", reached ? to->at_ms - from->at_ms : -1);
	json_add_bool(item, "kept", reached && to->at_ms - from->at_ms <= rto->target_ms);
	cJSON_AddItemToArray(array, item);
}

static void
add_times(const struct judgement *j)
{
	const struct score *score = j->score;
	cJSON *times = cJSON_AddObjectToObject(j->out, "times");
	int64_t rto_ms = -1;

	for (size_t i = 0; score->rb && i < score->rb->rto_count; i++)
		if (score->rb->rto[i].target_ms > rto_ms)
			rto_ms = score->rb->rto[i].target_ms;
	add_ms(times, "detect_ms", since_begin(score, first_done(score)));
	add_ms(times, "decide_ms", since_begin(score, first_change(score)));
	add_ms(times, "restore_ms", since_begin(score, restored(score)));
	add_ms(times, "verify_ms",
	       score->has_ended && !score->failed ? since_begin(score, score->over_ms) : -1);
	add_ms(times, "total_ms", since_begin(score, score->over_ms));
	add_ms(times, "rto_ms", rto_ms);
	cJSON *objectives = cJSON_AddArrayToObject(j->out, "objectives");
	for (size_t i = 0; score->rb && i < score->rb->rto_count; i++)
		add_objective(score, &score->rb->rto[i], objectives);
}

/* ---- hints, checks, haste ---- */

static void
add_hints(const struct judgement *j)
{
	static const char *const grades[] = { "nudge", "where", "command" };
	cJSON *hints = cJSON_AddObjectToObject(j->out, "hints");
	int64_t cost = 0;

	for (size_t g = 0; g < sizeof(grades) / sizeof(grades[0]); g++) {
		int64_t count = 0;

		for (size_t i = 0; i < j->score->count; i++) {
			const struct deed *deed = &j->score->deeds[i];

			if (deed->kind != DEED_HINTED || !str_equal(deed->text, grades[g]))
				continue;
			count++;
			cost += deed->cost;
		}
		json_add_int(hints, grades[g], count);
	}
	json_add_int(hints, "cost", cost);
}

static const struct step_spec *
spec_of(const struct score *score, const char *id)
{
	int index = score->rb ? runbook_step_index(score->rb, id) : -1;

	return index < 0 ? NULL : &score->rb->steps[index];
}

/* What the step is there for is to look, or it looks at what it has done. */
static bool
is_check(const struct score *score, const struct deed *deed)
{
	const struct step_spec *spec = spec_of(score, deed->spec);
	const struct deed *planned = score_first(score, DEED_PLANNED, deed->spec);

	if (spec && spec->verify_count)
		return true;
	if (planned)
		return !planned->changes;
	return spec && step_type_effect(spec->action.type, spec->action.with) == EFFECT_READS;
}

static void
add_skipped_checks(const struct judgement *j)
{
	cJSON *array = cJSON_AddArrayToObject(j->out, "skipped_checks");

	for (size_t i = 0; i < j->score->count; i++) {
		const struct deed *deed = &j->score->deeds[i];
		bool let_go = deed->kind == DEED_SKIPPED ||
			      (deed->kind == DEED_ENDED && deed->ok && deed->marked);

		if (!let_go || score_is_wrong(j->expected, deed->spec) || !is_check(j->score, deed))
			continue;
		cJSON *item = cJSON_CreateObject();
		json_add_string(item, "step", deed->step);
		json_add_string(item, "title", deed->title);
		json_add_string(item, "reason",
				deed->kind == DEED_SKIPPED ? deed->text : "marked done by hand");
		cJSON_AddItemToArray(array, item);
	}
}

/* The plan that the operator had before him, before the deed at `index`. */
static const struct deed *
plan_before(const struct score *score, size_t index)
{
	for (size_t i = index; i-- > 0;)
		if (score->deeds[i].kind == DEED_PLANNED &&
		    str_equal(score->deeds[i].step, score->deeds[index].step))
			return &score->deeds[i];
	return NULL;
}

/* Nobody reads in two seconds what a step is about to change; a machine does not read at all. */
static void
add_hasty(const struct judgement *j)
{
	cJSON *array = cJSON_AddArrayToObject(j->out, "hasty");

	if (!j->score->has_durations || json_bool(j->score->begin, "auto", false))
		return;
	for (size_t i = 0; i < j->score->count; i++) {
		const struct deed *deed = &j->score->deeds[i];
		const struct deed *plan =
			deed->kind == DEED_BEGUN ? plan_before(j->score, i) : NULL;

		if (!plan || !plan->asks || deed->at_ms - plan->at_ms >= HASTY_MS)
			continue;
		cJSON *item = cJSON_CreateObject();
		json_add_string(item, "step", deed->step);
		json_add_string(item, "title", deed->title);
		json_add_int(item, "ms", deed->at_ms - plan->at_ms);
		cJSON_AddItemToArray(array, item);
	}
}

/* ---- the timeline ---- */

static int64_t
expert_ms(const struct judgement *j, const char *spec)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(j->expected, "expert"))
		if (str_equal(json_string(at, "step", NULL), spec))
			return json_int(at, "at", -1);
	return -1;
}

static void
add_moment(cJSON *array, int64_t at_ms, const char *step, char *what, int64_t expert)
{
	cJSON *item = cJSON_CreateObject();

	add_ms(item, "at_ms", at_ms);
	json_add_string(item, "what", what);
	json_add_string(item, "step", step);
	add_ms(item, "expert_ms", expert);
	cJSON_AddItemToArray(array, item);
	free(what);
}

static void
add_deed_moment(const struct judgement *j, const struct deed *deed, cJSON *array)
{
	int64_t at_ms = deed->at_ms - j->score->began_ms;
	char *what = NULL;

	if (deed->kind == DEED_ENDED)
		what = xasprintf("%s: %s", deed->title,
				 !deed->ok	? deed->text
				 : deed->marked ? "marked done"
						: "passed");
	else if (deed->kind == DEED_BLOCKED)
		what = xasprintf("%s was blocked", deed->title);
	else if (deed->kind == DEED_SKIPPED)
		what = xasprintf("%s was skipped: %s", deed->title, deed->text);
	else if (deed->kind == DEED_HINTED)
		what = xasprintf("a hint for %s (%s)", deed->title, deed->text);
	if (what)
		add_moment(array, at_ms, deed->step, what,
			   deed->kind == DEED_ENDED && deed->ok ? expert_ms(j, deed->spec) : -1);
}

static void
add_faults(const struct judgement *j, cJSON *array)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(j->score->opened, "faults")) {
		const char *title = json_string(at, "title", NULL);

		add_moment(array, json_int(at, "at_ms", 0), NULL,
			   xasprintf("in the world%s: %s",
				     json_bool(at, "on", true) ? "" : ", no longer",
				     title ? title : json_string(at, "name", "?")),
			   -1);
	}
}

/* What an expert would have done, and was not done here. */
static void
add_missing(const struct judgement *j, cJSON *array)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(j->expected, "expert")) {
		const char *id = json_string(at, "step", "?");
		const struct step_spec *spec = spec_of(j->score, id);

		if (!score_last_ok(j->score, id, 0))
			add_moment(array, -1, id,
				   xasprintf("%s: not done", spec ? spec->title : id),
				   json_int(at, "at", -1));
	}
}

/* What never came is last. */
static int
by_time(const void *a, const void *b)
{
	int64_t first = json_int(*(cJSON *const *)a, "at_ms", INT64_MAX);
	int64_t second = json_int(*(cJSON *const *)b, "at_ms", INT64_MAX);

	return (first > second) - (first < second);
}

/* Takes the items out, sorts them, and puts them back. */
static void
sort_by_time(cJSON *array)
{
	size_t count = (size_t)cJSON_GetArraySize(array), i = 0;
	cJSON **items = xcalloc(count + 1, sizeof(*items));

	while (i < count)
		items[i++] = cJSON_DetachItemFromArray(array, 0);
	if (count)
		qsort(items, count, sizeof(*items), by_time);
	for (i = 0; i < count; i++)
		cJSON_AddItemToArray(array, items[i]);
	free(items);
}

static void
add_timeline(const struct judgement *j)
{
	cJSON *array = cJSON_AddArrayToObject(j->out, "timeline");

	if (!j->score->has_durations)
		return;
	for (size_t i = 0; i < j->score->count; i++)
		add_deed_moment(j, &j->score->deeds[i], array);
	add_faults(j, array);
	add_missing(j, array);
	sort_by_time(array);
}

/* ---- passed or not ---- */

static bool
is_end_wanted(const struct judgement *j)
{
	const cJSON *ends = json_at(j->expected, "passes/ends"), *at;

	if (j->score->failed || cJSON_GetArraySize(ends) == 0)
		return !j->score->failed;
	cJSON_ArrayForEach(at, ends)
		if (cJSON_IsString(at) && str_equal(at->valuestring, j->score->end_id))
			return true;
	return false;
}

static void
judge_end(const struct judgement *j, cJSON *reasons)
{
	const struct score *score = j->score;
	const char *title = score->end_title ? score->end_title : score->end_id;
	const cJSON *at;

	if (!score->has_ended) {
		score_add_text(reasons, "It was stopped before its end.");
		return;
	}
	if (!is_end_wanted(j))
		score_add_text(reasons, "It ended as \"%s\", which is not what was to be reached.",
			       title);
	cJSON_ArrayForEach(at, json_at(j->expected, "passes/when"))
		if (cJSON_IsString(at) &&
		    !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(
			    json_at(score->opened, "conditions"), at->valuestring)))
			score_add_text(reasons, "In the world \"%s\" did not hold at the end.",
				       at->valuestring);
}

static void
judge_steps(const struct judgement *j, cJSON *reasons)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(j->out, "wrong"))
		if (!json_bool(at, "caught", false))
			score_add_text(reasons, "%s (%s) harms here: %s",
				       json_string(at, "title", "?"), json_string(at, "step", "?"),
				       json_string(at, "why", ""));
	cJSON_ArrayForEach(at, json_at(j->out, "skipped_checks"))
		score_add_text(reasons, "A check was skipped: %s (%s).",
			       json_string(at, "title", "?"), json_string(at, "step", "?"));
}

static void
judge(const struct judgement *j)
{
	cJSON *reasons = cJSON_AddArrayToObject(j->out, "reasons");

	if (!j->score->opened)
		score_add_text(
			reasons,
			"What the drill kept back was never opened: its program ended early.");
	else if (!j->expected)
		score_add_text(reasons,
			       "What the drill opened is not what it had sealed at its beginning.");
	if (json_bool(j->score->opened, "lost", false))
		score_add_text(reasons, "The world ended by itself before the drill did.");
	judge_end(j, reasons);
	judge_steps(j, reasons);
	json_add_bool(j->out, "passed", cJSON_GetArraySize(reasons) == 0);
}

/* ---- points ---- */

static int64_t
count_wrong(const cJSON *out, bool caught)
{
	int64_t count = 0;
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(out, "wrong"))
		count += json_bool(at, "caught", false) == caught;
	return count;
}

static void
add_points(const struct judgement *j)
{
	enum { FULL = 100, LANDED = 25, CAUGHT = 5, SKIPPED = 25, HASTY = 3 };
	int64_t points = FULL - json_int(j->out, "hints/cost", 0) -
			 LANDED * count_wrong(j->out, false) - CAUGHT * count_wrong(j->out, true) -
			 SKIPPED * cJSON_GetArraySize(json_at(j->out, "skipped_checks")) -
			 HASTY * cJSON_GetArraySize(json_at(j->out, "hasty"));

	json_add_int(j->out, "points", points > 0 && j->score->has_ended ? points : 0);
}

cJSON *
score_debrief(const struct score *score)
{
	struct judgement j = { .score = score,
			       .expected = open_expected(score),
			       .out = cJSON_CreateObject() };

	add_scenario(&j);
	score_add_wrong(score, j.expected, cJSON_AddArrayToObject(j.out, "wrong"));
	add_skipped_checks(&j);
	judge(&j);
	add_times(&j);
	add_hints(&j);
	add_hasty(&j);
	add_timeline(&j);
	add_points(&j);
	score_add_practise(score, j.expected, j.out);
	cJSON_Delete(j.expected);
	return j.out;
}
