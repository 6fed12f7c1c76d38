#include "config.h"

#include "run/job/impact.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/impact_look.h"

enum {
	AT_ONCE_MAX = 16,     /* looks under way */
	MEMBERS_TOLD_MAX = 3, /* of a group, with what is wrong with them */
};

static const struct impact_pace usual_pace = {
	.interval_ms = 15000,
	.timeout_ms = 10000,
	.settle_ms = 1000,
	.pause_ms = 5000,
	.text_pause_ms = 30000,
};

/* An operation that has a probe: the looks that make it up, and what is on record of it. */
struct operation {
	size_t index; /* in the runbook's `impact` */
	const struct impact_spec *spec;
	bool is_group;
	size_t first, count; /* of the looks */
	enum impact_level level;
	char *text; /* or NULL */
	bool was_told;
	int64_t told_ms;
	enum impact_level told_level;
	char *told_text;
};

struct impact {
	struct job_env env;
	cJSON *context;
	cJSON *met; /* identities, as target records hold them */
	struct impact_pace pace;
	struct operation *operations;
	size_t operations_count, operations_cap;
	struct impact_look *looks;
	size_t looks_count, looks_cap;
	size_t under_way;
};

static void
add_look(struct impact *impact, struct operation *operation, const char *target)
{
	size_t number = impact->looks_count;

	impact_look_init(VEC_PUSH(impact->looks, impact->looks_count, impact->looks_cap), number,
			 &impact->env, operation->spec, target, operation->is_group);
	operation->count++;
}

static void
add_operation(struct impact *impact, size_t index)
{
	const struct runbook *rb = impact->env.runbook;
	const char *name = rb->impact[index].probe->action.target;
	const struct target_spec *target = name ? runbook_target(rb, name) : NULL;
	struct operation *operation =
		VEC_PUSH(impact->operations, impact->operations_count, impact->operations_cap);

	*operation = (struct operation){
		.index = index,
		.spec = &rb->impact[index],
		.is_group = target && target->group,
		.first = impact->looks_count,
	};
	if (!operation->is_group) {
		add_look(impact, operation, name);
		return;
	}
	for (size_t i = 0; i < impact->env.targets_count; i++)
		if (str_equal(impact->env.targets[i].group, name))
			add_look(impact, operation, impact->env.targets[i].name);
	if (operation->count == 0)
		operation->text = xasprintf("the group %s has no members", name);
}

struct impact *
impact_new(const struct job_env *env, cJSON *context, const struct impact_pace *pace)
{
	struct impact *impact = xcalloc(1, sizeof(*impact));

	impact->env = *env;
	impact->context = context;
	impact->met = cJSON_CreateArray();
	impact->pace = pace ? *pace : usual_pace;
	for (size_t i = 0; i < env->runbook->impact_count; i++)
		if (env->runbook->impact[i].probe)
			add_operation(impact, i);
	if (impact->operations_count > 0)
		return impact;
	impact_free(impact);
	return NULL;
}

void
impact_free(struct impact *impact)
{
	if (!impact)
		return;
	/* all of them first, so that they end together */
	for (size_t i = 0; i < impact->looks_count; i++)
		if (impact->looks[i].job)
			cancel_request(impact->looks[i].job->cancel);
	for (size_t i = 0; i < impact->looks_count; i++)
		impact_look_release(&impact->looks[i]);
	for (size_t i = 0; i < impact->operations_count; i++) {
		free(impact->operations[i].text);
		free(impact->operations[i].told_text);
	}
	free(impact->operations);
	free(impact->looks);
	cJSON_Delete(impact->context);
	cJSON_Delete(impact->met);
	free(impact);
}

void
impact_turn(struct impact *impact, int64_t now_ms)
{
	for (size_t i = 0; i < impact->looks_count; i++) {
		struct impact_look *look = &impact->looks[i];

		if (look->job && look->deadline_ms <= now_ms)
			impact_look_time_out(look);
		if (look->job || look->due_ms > now_ms || impact->under_way == AT_ONCE_MAX)
			continue;
		look->due_ms = now_ms + impact->pace.interval_ms;
		impact_look_start(look, impact->context, impact->met, impact->pace.timeout_ms);
		impact->under_way++;
	}
}

/* ---- what the looks add up to ---- */

/* All of it, where nothing says otherwise: what goes wrong that was foreseen goes as far as that. */
static enum impact_level
fallen_level(const struct operation *operation)
{
	return str_equal(operation->spec->level, "limited") ? IMPACT_LIMITED : IMPACT_TOTAL;
}

static bool
is_complete(const struct impact *impact, const struct operation *operation)
{
	for (size_t i = 0; i < operation->count; i++)
		if (impact->looks[operation->first + i].looked_ms == 0)
			return false;
	return true;
}

static bool
is_gone(enum impact_level level)
{
	return level == IMPACT_TOTAL || level == IMPACT_FELL;
}

/* Doubt about one member weighs only where the others are well: what is seen to be wrong is wrong in any case. */
static enum impact_level
group_level(const struct operation *operation, const struct impact_look *looks)
{
	size_t well = 0, gone = 0, untold = 0, count = operation->count;

	for (size_t i = 0; i < count; i++) {
		well += looks[i].level == IMPACT_NONE;
		gone += is_gone(looks[i].level);
		untold += looks[i].level == IMPACT_UNTOLD;
	}
	if (well + untold == count)
		return untold ? IMPACT_UNTOLD : IMPACT_NONE;
	return gone + untold == count ? IMPACT_TOTAL : IMPACT_LIMITED;
}

/* "1 of 3 works; app-2: no answer; app-3 …": NULL where there is nothing to say. */
static char *
group_text(const struct operation *operation, const struct impact_look *looks)
{
	struct str text = STR_INIT;
	size_t well = 0, told = 0;

	for (size_t i = 0; i < operation->count; i++)
		well += looks[i].level == IMPACT_NONE;
	if (well == operation->count)
		return NULL;
	str_printf(&text, "%zu of %zu works", well, operation->count);
	for (size_t i = 0; i < operation->count; i++) {
		const struct impact_look *look = &looks[i];

		if (look->level == IMPACT_NONE || told++ >= MEMBERS_TOLD_MAX)
			continue;
		str_printf(&text, "; %s%s: %s", look->target,
			   look->level == IMPACT_UNTOLD ? " cannot be told" : "",
			   look->text ? look->text : impact_level_name(look->level));
	}
	if (told > MEMBERS_TOLD_MAX)
		str_printf(&text, "; and %zu more", told - MEMBERS_TOLD_MAX);
	return str_take(&text);
}

static void
sum_up(const struct impact *impact, struct operation *operation)
{
	const struct impact_look *looks = &impact->looks[operation->first];

	free(operation->text);
	if (operation->is_group) {
		operation->level = group_level(operation, looks);
		operation->text = group_text(operation, looks);
	} else {
		operation->level =
			looks->level == IMPACT_FELL ? fallen_level(operation) : looks->level;
		operation->text = xstrdup(looks->text);
	}
}

static struct operation *
operation_of(struct impact *impact, size_t number)
{
	size_t i = 0;

	while (impact->operations[i].first + impact->operations[i].count <= number)
		i++;
	return &impact->operations[i];
}

bool
impact_take(struct impact *impact, const cJSON *data, size_t *ret_index, int64_t *ret_ts_ms)
{
	size_t number = (size_t)json_int(data, "look", 0);
	struct operation *operation = operation_of(impact, number);

	impact_look_finish(&impact->looks[number]);
	impact->under_way--;
	if (!is_complete(impact, operation))
		return false;
	sum_up(impact, operation);
	*ret_index = operation->index;
	*ret_ts_ms = INT64_MAX;
	for (size_t i = 0; i < operation->count; i++)
		if (impact->looks[operation->first + i].looked_ms < *ret_ts_ms)
			*ret_ts_ms = impact->looks[operation->first + i].looked_ms;
	return true;
}

/* ---- what is told of it ---- */

/* Skips a measured time such as "3051 ms" or "2.5s"; the same place where there is none. */
static const char *
skip_time(const char *text)
{
	static const char *const units[] = { "ms", "s" };
	const char *at = text + strspn(text, "0123456789.");

	if (at == text)
		return text;
	at += *at == ' ';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (str_starts_with(at, units[i]) && !isalpha((unsigned char)at[strlen(units[i])]))
			return at + strlen(units[i]);
	return text;
}

/* The same words: how long it took to find out is no news. */
static bool
says_the_same(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	while (*a && *b) {
		const char *after_a = skip_time(a), *after_b = skip_time(b);

		if (after_a > a && after_b > b) {
			a = after_a;
			b = after_b;
		} else if (*a++ != *b++) {
			return false;
		}
	}
	return *a == *b;
}

/* When an operation is to be told; INT64_MAX: there is no news of it. */
static int64_t
tell_at_ms(const struct impact *impact, const struct operation *operation)
{
	if (!is_complete(impact, operation))
		return INT64_MAX;
	if (!operation->was_told)
		return 0;
	if (operation->level != operation->told_level)
		return operation->told_ms + impact->pace.pause_ms;
	if (!says_the_same(operation->text, operation->told_text))
		return operation->told_ms + impact->pace.text_pause_ms;
	return INT64_MAX;
}

static cJSON *
tell(struct operation *operation, int64_t now_ms)
{
	cJSON *data = cJSON_CreateObject();

	operation->was_told = true;
	operation->told_ms = now_ms;
	operation->told_level = operation->level;
	free(operation->told_text);
	operation->told_text = xstrdup(operation->text);
	json_add_int(data, "index", (int64_t)operation->index);
	json_add_string(data, "operation", operation->spec->operation);
	json_add_string(data, "level", impact_level_name(operation->level));
	json_add_string(data, "text", operation->text);
	json_add_string(data, "predicted", operation->spec->level);
	return data;
}

cJSON *
impact_change(struct impact *impact, int64_t now_ms)
{
	for (size_t i = 0; i < impact->operations_count; i++)
		if (tell_at_ms(impact, &impact->operations[i]) <= now_ms)
			return tell(&impact->operations[i], now_ms);
	return NULL;
}

int64_t
impact_next_ms(const struct impact *impact)
{
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; i < impact->operations_count; i++) {
		int64_t at_ms = tell_at_ms(impact, &impact->operations[i]);

		next_ms = at_ms < next_ms ? at_ms : next_ms;
	}
	for (size_t i = 0; i < impact->looks_count; i++) {
		const struct impact_look *look = &impact->looks[i];
		int64_t at_ms = look->job			   ? look->deadline_ms
				: impact->under_way == AT_ONCE_MAX ? INT64_MAX
								   : look->due_ms;

		next_ms = at_ms < next_ms ? at_ms : next_ms;
	}
	return next_ms;
}

void
impact_hurry(struct impact *impact, int64_t now_ms)
{
	int64_t soon_ms = now_ms + impact->pace.settle_ms;

	for (size_t i = 0; i < impact->looks_count; i++)
		if (impact->looks[i].due_ms > soon_ms)
			impact->looks[i].due_ms = soon_ms;
}

void
impact_meet(struct impact *impact, const cJSON *data)
{
	cJSON_AddItemToArray(impact->met, cJSON_Duplicate(data, true));
}
