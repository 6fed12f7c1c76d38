#include "config.h"

#include "base/json.h"
#include "base/str.h"
#include "drill/score_internal.h"

/* What harms: steps that the world or a variant names, and steps that came before what they stand on. */

static const char *
why_in(const cJSON *place, const char *spec)
{
	return cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(json_at(place, "wrong"), spec));
}

/* Of two variants at once, one may want what would harm in the other alone. */
static bool
is_right(const cJSON *expected, const char *spec)
{
	const cJSON *variant, *at;

	cJSON_ArrayForEach(variant, json_at(expected, "variants"))
		cJSON_ArrayForEach(at, json_at(variant, "right"))
			if (str_equal(cJSON_GetStringValue(at), spec))
				return true;
	return false;
}

/* A variant knows better than the world why. */
static const char *
why_of(const cJSON *expected, const char *spec)
{
	const cJSON *variant;
	const char *why = NULL;

	if (is_right(expected, spec))
		return NULL;
	cJSON_ArrayForEach(variant, json_at(expected, "variants"))
		if (!why)
			why = why_in(variant, spec);
	return why ? why : why_in(expected, spec);
}

bool
score_is_wrong(const cJSON *expected, const char *spec)
{
	return why_of(expected, spec) != NULL;
}

static bool
is_told(const cJSON *array, const char *step, const char *why)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, array)
		if (str_equal(json_string(at, "step", NULL), step) &&
		    str_equal(json_string(at, "why", NULL), why))
			return true;
	return false;
}

static void
tell(cJSON *array, const struct deed *deed, const char *why, bool caught)
{
	cJSON *item;

	if (is_told(array, deed->step, why))
		return;
	item = cJSON_CreateObject();
	json_add_string(item, "step", deed->step);
	json_add_string(item, "title", deed->title);
	json_add_string(item, "why", why);
	json_add_bool(item, "caught", caught);
	cJSON_AddItemToArray(array, item);
}

/* What is skipped when its time comes is missing just as well. */
static bool
is_too_early(const struct score *score, const cJSON *rule, const struct deed *deed)
{
	const cJSON *after;

	cJSON_ArrayForEach(after, json_at(rule, "after"))
		if (cJSON_IsString(after) &&
		    !score_last_ok(score, after->valuestring, deed->at_ms) &&
		    (score_first(score, DEED_PLANNED, after->valuestring) ||
		     score_first(score, DEED_SKIPPED, after->valuestring)))
			return true;
	return false;
}

static void
add_order(const struct score *score, const cJSON *expected, const struct deed *deed, bool caught,
	  cJSON *array)
{
	const cJSON *rule;

	cJSON_ArrayForEach(rule, json_at(expected, "order"))
		if (str_equal(json_string(rule, "step", NULL), deed->spec) &&
		    is_too_early(score, rule, deed))
			tell(array, deed, json_string(rule, "why", ""), caught);
}

static void
add_deeds(const struct score *score, const cJSON *expected, enum deed_kind kind, bool caught,
	  cJSON *array)
{
	for (size_t i = 0; i < score->count; i++) {
		const struct deed *deed = &score->deeds[i];
		const char *why = why_of(expected, deed->spec);

		if (deed->kind != kind)
			continue;
		if (why)
			tell(array, deed, why, caught);
		add_order(score, expected, deed, caught, array);
	}
}

void
score_add_wrong(const struct score *score, const cJSON *expected, cJSON *array)
{
	add_deeds(score, expected, DEED_BEGUN, false, array);
	/* what was held up, or looked at and then let be: is_told() knows those that happened after all */
	add_deeds(score, expected, DEED_BLOCKED, true, array);
	for (size_t i = 0; i < score->count; i++) {
		const struct deed *deed = &score->deeds[i];

		if (deed->kind == DEED_SKIPPED && why_of(expected, deed->spec))
			tell(array, deed, why_of(expected, deed->spec), true);
	}
}
