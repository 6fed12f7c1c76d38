#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/stage/stage_internal.h"

enum { EVERY_MIN_MS = 50 };

/* ---- making them ---- */

static void ring(void *data);

static int
again_new(struct rule *rule, const cJSON *names, struct err *e)
{
	const cJSON *name;

	rule->again = xcalloc((size_t)cJSON_GetArraySize(names) + 1, sizeof(struct live *));
	cJSON_ArrayForEach(name, names) {
		struct live *live = live_find(rule->stage, cJSON_GetStringValue(name));

		if (!live)
			return err_set(e, ERR_SPEC, "there is no live value \"%s\"",
				       cJSON_IsString(name) ? name->valuestring : "");
		rule->again[rule->again_count++] = live;
	}
	return 0;
}

static struct rule *
rule_new(struct stage *stage, const char *name)
{
	struct rule *rule = xcalloc(1, sizeof(*rule));

	rule->stage = stage;
	rule->name = xstrdup(name);
	rule->timer = (struct timer){ .ring = ring, .data = rule };
	*VEC_PUSH(stage->rules, stage->rules_count, stage->rules_cap) = rule;
	return rule;
}

int
rules_new(struct stage *stage, const cJSON *all, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, all) {
		struct rule *rule = rule_new(stage, json_string(item, "name", ""));

		rule->actions = json_at(item, "do");
		rule->after_ms = json_int(item, "after", 0);
		rule->every_ms = json_int(item, "every", 0);
		rule->once = json_bool(item, "once", false);
		if (conditions_named(stage, json_at(item, "when"), &rule->when, e) < 0 ||
		    again_new(rule, json_at(item, "again"), e) < 0)
			return err_wrap(e, "rule %s", rule->name);
	}
	return 0;
}

/* Between `after` and `before`, as the seed says. */
static int64_t
surprise_after_ms(const struct stage *stage, const char *variant, const cJSON *surprise)
{
	int64_t after_ms = json_int(surprise, "after", 0);
	int64_t before_ms = json_int(surprise, "before", after_ms);

	if (before_ms <= after_ms)
		return after_ms;
	return after_ms +
	       (int64_t)((double)(before_ms - after_ms) * stage_chance(stage, variant, 0));
}

static int
surprise_new(struct stage *stage, const char *variant, const cJSON *surprise, struct err *e)
{
	const char *fault = json_string(surprise, "fault", "");
	char *name = xasprintf("surprise-%s", variant);
	struct rule *rule = rule_new(stage, name);
	cJSON *action = cJSON_CreateObject();

	free(name);
	json_add_string(cJSON_AddObjectToObject(action, "fault"), "name", fault);
	rule->surprise = cJSON_CreateArray();
	cJSON_AddItemToArray(rule->surprise, action);
	rule->actions = rule->surprise;
	rule->once = true;
	rule->after_ms = surprise_after_ms(stage, variant, surprise);
	if (!fault_find(stage, fault))
		return err_set(e, ERR_SPEC, "there is no fault \"%s\"", fault);
	return conditions_named(stage, json_at(surprise, "when"), &rule->when, e);
}

int
surprises_new(struct stage *stage, struct err *e)
{
	const struct world_spec *spec = stage->options.spec;

	for (size_t i = 0; i < spec->variants_count; i++) {
		const struct world_variant *variant = &spec->variants[i];

		if (variant->is_chosen && variant->surprise &&
		    surprise_new(stage, variant->name, variant->surprise, e) < 0)
			return err_wrap(e, "the surprise of variant %s", variant->name);
	}
	return 0;
}

void
rules_free(struct stage *stage)
{
	for (size_t i = 0; i < stage->rules_count; i++) {
		struct rule *rule = stage->rules[i];

		free(rule->name);
		free(rule->when.items);
		free(rule->again);
		cJSON_Delete(rule->surprise);
		free(rule);
	}
	free(stage->rules);
}

/* ---- when they act ---- */

static uint64_t
versions(const struct rule *rule)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < rule->again_count; i++)
		sum += rule->again[i]->version;
	return sum;
}

static void
act_in(struct rule *rule, int64_t here_ms)
{
	rule->repeats = false;
	timers_set(&rule->stage->timers, &rule->timer, clock_mono_ms() + here_ms);
}

static void
ring(void *data)
{
	struct rule *rule = data;
	struct stage *stage = rule->stage;
	cJSON *details = cJSON_CreateObject();
	int64_t every_ms = stage_scaled(stage, rule->every_ms);
	bool repeats = rule->repeats;

	pthread_mutex_lock(&stage->lock);
	rule->fired++;
	pthread_mutex_unlock(&stage->lock);
	if (every_ms > 0)
		act_in(rule, every_ms < EVERY_MIN_MS ? EVERY_MIN_MS : every_ms);
	json_add_int(details, "times", rule->fired);
	actions_do(stage, rule, details);
	if (!repeats)
		looks_hurry(stage->looks);
	rule->repeats = every_ms > 0;
	stage_told(stage, "rule", rule->name, details);
}

static void
settle(struct rule *rule)
{
	bool awaited = !rule->surprise || rule->stage->surprises;
	bool holds = awaited && conditions_hold(&rule->when) == HOLDS_YES;
	uint64_t seen = versions(rule);

	bool over = rule->once && (rule->fired || rule->timer.place);

	if (holds && !rule->holds && !over) {
		rule->acts = true;
		rule->seen_versions = seen;
		act_in(rule, stage_scaled(rule->stage, rule->after_ms));
	} else if (holds && rule->acts && seen != rule->seen_versions) {
		rule->seen_versions = seen;
		act_in(rule, stage_scaled(rule->stage, rule->after_ms));
	} else if (!holds) {
		rule->acts = false;
		if (!rule->surprise) /* one that is on its way comes */
			timers_clear(&rule->stage->timers, &rule->timer);
	}
	rule->holds = holds;
}

void
rules_settle(struct stage *stage)
{
	for (size_t i = 0; i < stage->rules_count; i++)
		settle(stage->rules[i]);
}
