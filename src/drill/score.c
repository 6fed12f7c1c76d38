#include "config.h"

#include "drill/score.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "drill/score_internal.h"

struct score *
score_new(const struct runbook *rb)
{
	struct score *score = xcalloc(1, sizeof(*score));

	score->rb = rb;
	score->has_durations = true;
	return score;
}

void
score_free(struct score *score)
{
	if (!score)
		return;
	for (size_t i = 0; i < score->count; i++) {
		free(score->deeds[i].step);
		free(score->deeds[i].spec);
		free(score->deeds[i].title);
		free(score->deeds[i].text);
	}
	free(score->deeds);
	free(score->end_id);
	free(score->end_title);
	cJSON_Delete(score->begin);
	cJSON_Delete(score->opened);
	free(score);
}

const struct deed *
score_first(const struct score *score, enum deed_kind kind, const char *spec)
{
	for (size_t i = 0; i < score->count; i++)
		if (score->deeds[i].kind == kind &&
		    (!spec || str_equal(score->deeds[i].spec, spec)))
			return &score->deeds[i];
	return NULL;
}

const struct deed *
score_last_ok(const struct score *score, const char *spec, int64_t before_ms)
{
	for (size_t i = score->count; i-- > 0;) {
		const struct deed *deed = &score->deeds[i];

		if (deed->kind == DEED_ENDED && deed->ok && str_equal(deed->spec, spec) &&
		    (!before_ms || deed->at_ms <= before_ms))
			return deed;
	}
	return NULL;
}

/* ---- the fold ---- */

static struct deed *
add(struct score *score, const struct run_state *state, const struct record *record,
    enum deed_kind kind)
{
	const char *id = json_string(record->data, "step", NULL);
	const struct step_state *step = id ? run_state_step(state, id) : NULL;
	struct deed *deed;

	if (!step)
		return NULL;
	deed = VEC_PUSH(score->deeds, score->count, score->cap);
	*deed = (struct deed){
		.kind = kind,
		.step = xstrdup(step->id),
		.spec = xstrdup(step->spec_id),
		.title = xstrdup(step->title),
		.at_ms = record->ts_ms,
	};
	return deed;
}

static bool
is_change(const struct record *record)
{
	const char *effect = json_string(record->data, "effect", NULL);

	return str_equal(effect, "changes") || str_equal(effect, "destroys");
}

static bool
is_undo(const struct record *record)
{
	return json_bool(record->data, "undo", false);
}

static void
take_copy(cJSON **place, const cJSON *value)
{
	cJSON_Delete(*place);
	*place = cJSON_Duplicate(value, true);
}

static void
apply_drill(struct score *score, const struct run_state *state, const struct record *record)
{
	const char *what = json_string(record->data, "what", "");
	struct deed *deed;

	if (str_equal(what, "begin"))
		take_copy(&score->begin, record->data);
	else if (str_equal(what, "opened"))
		take_copy(&score->opened, record->data);
	else if ((deed = add(score, state, record, DEED_HINTED))) {
		deed->text = xstrdup(json_string(record->data, "grade", ""));
		deed->cost = json_int(record->data, "cost", 0);
	}
}

static void
apply_plan(struct score *score, const struct run_state *state, const struct record *record)
{
	struct deed *deed = add(score, state, record, DEED_PLANNED);

	if (!deed)
		return;
	deed->changes = is_change(record);
	deed->asks = !str_equal(json_string(record->data, "confirm", "none"), "none");
}

static void
apply_outcome(struct score *score, const struct run_state *state, const struct record *record)
{
	struct deed *deed = add(score, state, record, DEED_ENDED);

	if (!deed)
		return;
	deed->ok = str_equal(json_string(record->data, "status", NULL), "ok");
	deed->text = xstrdup(json_string(record->data, "status", "unknown"));
	deed->marked = json_bool(record->data, "marked", false);
}

/* One that its own `when` left out was nobody's decision. */
static void
apply_skip(struct score *score, const struct run_state *state, const struct record *record)
{
	struct deed *deed = json_string(record->data, "by", NULL)
				    ? add(score, state, record, DEED_SKIPPED)
				    : NULL;

	if (deed)
		deed->text = xstrdup(json_string(record->data, "reason", ""));
}

static void
apply_end(struct score *score, const struct record *record)
{
	score->has_ended = true;
	score->over_ms = record->ts_ms;
	score->failed = json_bool(record->data, "failed", false);
	free(score->end_id);
	free(score->end_title);
	score->end_id = xstrdup(json_string(record->data, "id", NULL));
	score->end_title = xstrdup(json_string(record->data, "title", NULL));
}

/* What is about taking a step back is no part of the way forward. */
static void
apply_step(struct score *score, const struct run_state *state, const struct record *record)
{
	struct deed *deed;

	if (is_undo(record))
		return;
	if (record->type == RECORD_PLAN)
		apply_plan(score, state, record);
	else if (record->type == RECORD_BLOCKED)
		add(score, state, record, DEED_BLOCKED);
	else if (record->type == RECORD_OUTCOME)
		apply_outcome(score, state, record);
	else if (record->type == RECORD_SKIP)
		apply_skip(score, state, record);
	else if ((deed = add(score, state, record, DEED_BEGUN))) {
		deed->changes = is_change(record);
		deed->decided = json_string(record->data, "by", NULL) != NULL;
	}
}

void
score_apply(struct score *score, const struct run_state *state, const struct record *record)
{
	score->has_durations = run_state_has_durations(state);
	switch (record->type) {
	case RECORD_RUN:
		score->began_ms = record->ts_ms;
		break;
	case RECORD_DRILL:
		apply_drill(score, state, record);
		break;
	case RECORD_PLAN:
	case RECORD_BLOCKED:
	case RECORD_INTENT:
	case RECORD_OUTCOME:
	case RECORD_SKIP:
		apply_step(score, state, record);
		break;
	case RECORD_END:
		apply_end(score, record);
		break;
	case RECORD_STOP:
		score->over_ms = record->ts_ms;
		break;
	default: /* others are nothing that a drill is measured by */
		break;
	}
}
