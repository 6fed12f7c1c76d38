#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/stage/stage_internal.h"

/* ---- what stands on other conditions ---- */

static int
init_below(struct condition *c, struct err *e)
{
	return conditions_named(c->stage, c->spec, &c->below, e);
}

enum holds
conditions_hold(const struct conditions *all)
{
	enum holds holds = HOLDS_YES;

	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i]->holds == HOLDS_NO)
			return HOLDS_NO;
		if (all->items[i]->holds == HOLDS_UNKNOWN)
			holds = HOLDS_UNKNOWN;
	}
	return holds;
}

/* The first of them that is as it should not be says why. */
static void
judge_all(struct condition *c, struct verdict *verdict)
{
	verdict->holds = conditions_hold(&c->below);
	for (size_t i = 0; i < c->below.count && verdict->seen.len == 0; i++)
		if (c->below.items[i]->holds == HOLDS_NO)
			str_append(&verdict->seen, c->below.items[i]->seen);
}

static void
judge_any(struct condition *c, struct verdict *verdict)
{
	verdict->holds = HOLDS_NO;
	for (size_t i = 0; i < c->below.count; i++)
		if (c->below.items[i]->holds == HOLDS_UNKNOWN)
			verdict->holds = HOLDS_UNKNOWN;
	for (size_t i = 0; i < c->below.count; i++)
		if (c->below.items[i]->holds == HOLDS_YES) {
			verdict->holds = HOLDS_YES;
			str_append(&verdict->seen, c->below.items[i]->seen);
			return;
		}
	str_append(&verdict->seen, c->below.items[0]->seen);
}

static void
judge_not(struct condition *c, struct verdict *verdict)
{
	const struct condition *other = c->below.items[0];

	if (other->holds != HOLDS_UNKNOWN)
		verdict->holds = other->holds == HOLDS_YES ? HOLDS_NO : HOLDS_YES;
	str_append(&verdict->seen, other->seen);
}

static void
held_ring(void *data)
{
	struct condition *c = data;

	c->dirty = true;
}

static int
init_held(struct condition *c, struct err *e)
{
	c->timer = (struct timer){ .ring = held_ring, .data = c };
	return conditions_named(c->stage, json_at(c->spec, "condition"), &c->below, e);
}

static void
judge_held(struct condition *c, struct verdict *verdict)
{
	const struct condition *other = c->below.items[0];
	int64_t at_ms = other->since_ms + stage_scaled(c->stage, json_int(c->spec, "for", 0));
	bool holds = other->holds == HOLDS_YES;

	if (other->holds != HOLDS_UNKNOWN)
		verdict->holds = holds && at_ms <= clock_mono_ms() ? HOLDS_YES : HOLDS_NO;
	if (holds && verdict->holds == HOLDS_NO)
		timers_set(&c->stage->timers, &c->timer, at_ms);
	else
		timers_clear(&c->stage->timers, &c->timer);
	str_append(&verdict->seen, other->seen);
}

/* ---- switches ---- */

static int
init_switch(struct condition *c, struct err *e)
{
	const char *name = cJSON_GetStringValue(c->spec);

	if (strcmp(c->kind->key, "signal") == 0)
		signal_find(c->stage, name ? name : "");
	else if (!name || !fault_find(c->stage, name))
		return err_set(e, ERR_SPEC, "there is no fault \"%s\"", name ? name : "");
	return 0;
}

static void
judge_fault(struct condition *c, struct verdict *verdict)
{
	const struct toggle *fault = fault_find(c->stage, c->spec->valuestring);

	verdict->holds = fault->on ? HOLDS_YES : HOLDS_NO;
	str_append(&verdict->seen, fault->title);
}

static void
judge_signal(struct condition *c, struct verdict *verdict)
{
	const struct toggle *signal = signal_find(c->stage, c->spec->valuestring);

	verdict->holds = signal->on ? HOLDS_YES : HOLDS_NO;
}

/* ---- objects ---- */

static int
init_object(struct condition *c, struct err *e)
{
	if (stage_cluster_index(c->stage, json_string(c->spec, "cluster", NULL), &c->cluster, e) <
	    0)
		return -1;
	c->object = object_ref(c->stage->options.clusters[c->cluster], c->spec);
	return 0;
}

static void
judge_object(struct condition *c, struct verdict *verdict)
{
	const struct object_eyes eyes = stage_eyes(c->stage);
	const struct object_filter filter = {
		.selector = json_string(c->spec, "selector", NULL),
		.where = json_string(c->spec, "where", NULL),
		.count = json_int(c->spec, "count", 1),
	};
	bool holds = object_holds(&c->object, &eyes, &filter, &verdict->seen);

	verdict->holds = holds ? HOLDS_YES : HOLDS_NO;
}

static int
init_ready(struct condition *c, struct err *e)
{
	if (stage_cluster_index(c->stage, json_string(c->spec, "cluster", NULL), &c->cluster, e) <
	    0)
		return -1;
	c->object = workload_ref(c->stage->options.clusters[c->cluster], c->spec, &c->word);
	return 0;
}

static void
judge_ready(struct condition *c, struct verdict *verdict)
{
	verdict->holds = object_ready(&c->object, &verdict->seen) ? HOLDS_YES : HOLDS_NO;
}

static bool
concerns_object(struct condition *c, const struct stored *stored)
{
	return object_ref_concerns(&c->object, stored);
}

/* ---- live values ---- */

struct live *
condition_live(struct condition *c, const cJSON *spec, struct err *e)
{
	struct live *live = live_new(c->stage, NULL, spec, e);

	if (live)
		*VEC_PUSH(c->lives, c->lives_count, c->lives_cap) = live;
	return live;
}

static int
init_same(struct condition *c, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, c->spec)
		if (!condition_live(c, item, e))
			return -1;
	return 0;
}

/* Numbers of a database and texts of a Secret are compared as texts. */
static void
judge_same(struct condition *c, struct verdict *verdict)
{
	char *first = c->lives_count ? live_text(c->lives[0]) : NULL;

	verdict->holds = HOLDS_YES;
	for (size_t i = 0; i < c->lives_count; i++) {
		const struct live *live = c->lives[i];
		char *text = live_text(live);

		if (!live->known) {
			verdict->holds = HOLDS_UNKNOWN;
		} else if (verdict->holds == HOLDS_YES && !(text && str_equal(text, first))) {
			verdict->holds = HOLDS_NO;
			str_append(&verdict->seen,
				   live->why.len ? str_cstr(&live->why) : "they differ");
		}
		free(text);
	}
	free(first);
}

static const struct condition_kind condition_all = {
	.key = "all", .init = init_below, .judge = judge_all, .stands = true
};
static const struct condition_kind condition_any = {
	.key = "any", .init = init_below, .judge = judge_any, .stands = true
};
static const struct condition_kind condition_not = {
	.key = "not", .init = init_below, .judge = judge_not, .stands = true
};
static const struct condition_kind condition_held = {
	.key = "held", .init = init_held, .judge = judge_held, .stands = true
};
static const struct condition_kind condition_fault = {
	.key = "fault", .init = init_switch, .judge = judge_fault, .stands = true
};
static const struct condition_kind condition_signal = {
	.key = "signal", .init = init_switch, .judge = judge_signal, .stands = true
};
static const struct condition_kind condition_object = {
	.key = "object", .init = init_object, .judge = judge_object, .concerns = concerns_object
};
static const struct condition_kind condition_ready = {
	.key = "ready", .init = init_ready, .judge = judge_ready, .concerns = concerns_object
};
static const struct condition_kind condition_same = {
	.key = "same", .init = init_same, .judge = judge_same, .stands = true
};

static const struct condition_kind *const kinds[] = {
	&condition_all,	    &condition_any,    &condition_dial,	  &condition_fault, &condition_held,
	&condition_http,    &condition_not,    &condition_object, &condition_ready, &condition_same,
	&condition_resolve, &condition_signal, &condition_sql,
};

/* ---- all of them ---- */

static struct condition *
find(const struct stage *stage, const char *name)
{
	for (size_t i = 0; i < stage->conditions.count; i++)
		if (str_equal(stage->conditions.items[i]->name, name))
			return stage->conditions.items[i];
	return NULL;
}

static int
add_named(const struct stage *stage, const cJSON *name, struct conditions *list, struct err *e)
{
	struct condition *c = find(stage, cJSON_GetStringValue(name));

	if (!c)
		return err_set(e, ERR_SPEC, "there is no condition \"%s\"",
			       cJSON_IsString(name) ? name->valuestring : "");
	*VEC_PUSH(list->items, list->count, list->cap) = c;
	return 0;
}

int
conditions_named(const struct stage *stage, const cJSON *names, struct conditions *list,
		 struct err *e)
{
	const cJSON *item;

	if (cJSON_IsString(names))
		return add_named(stage, names, list, e);
	cJSON_ArrayForEach(item, names)
		if (add_named(stage, item, list, e) < 0)
			return -1;
	return 0;
}

static void
add(struct stage *stage, const cJSON *spec)
{
	struct condition *c = xcalloc(1, sizeof(*c));

	*c = (struct condition){ .stage = stage,
				 .name = spec->string,
				 .seen = xstrdup(""),
				 .since_ms = clock_mono_ms(),
				 .dirty = true };
	c->asking.dirty = &c->dirty;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !c->spec; i++) {
		c->kind = kinds[i];
		c->spec = json_at(spec, kinds[i]->key);
	}
	*VEC_PUSH(stage->conditions.items, stage->conditions.count, stage->conditions.cap) = c;
}

static int
init(struct condition *c, struct err *e)
{
	if (!c->spec)
		err_set(e, ERR_SPEC, "it says none of the things that a condition can be");
	if (c->spec && c->kind->init(c, e) == 0)
		return 0;
	return err_wrap(e, "condition %s", c->name);
}

/* Any may stand on any: all are there before one is looked into. */
int
conditions_new(struct stage *stage, const cJSON *all, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, all)
		add(stage, item);
	for (size_t i = 0; i < stage->conditions.count; i++)
		if (init(stage->conditions.items[i], e) < 0)
			return -1;
	return 0;
}

void
conditions_free(struct stage *stage)
{
	for (size_t i = 0; i < stage->conditions.count; i++) {
		struct condition *c = stage->conditions.items[i];

		asking_release(&c->asking);
		free(c->seen);
		free(c->error);
		free(c->address);
		free(c->word);
		free(c->lives);
		free(c->below.items);
		free(c);
	}
	free(stage->conditions.items);
}

void
conditions_notice(struct stage *stage, size_t cluster, const struct stored *stored)
{
	for (size_t i = 0; i < stage->conditions.count; i++) {
		struct condition *c = stage->conditions.items[i];

		if (!c->dirty && c->kind->concerns && c->cluster == cluster)
			c->dirty = !stored || c->kind->concerns(c, stored);
	}
}

/* ---- judging ---- */

static void
tell(const struct condition *c)
{
	cJSON *details = cJSON_CreateObject();

	json_add_bool(details, "holds", c->holds == HOLDS_YES);
	json_add_string(details, "seen", c->seen);
	stage_told(c->stage, "condition", c->name, details);
}

/* What ${.looks["NAME"]} sees. */
static void
publish(struct condition *c)
{
	cJSON *looks = c->stage->scope_looks, *look = cJSON_CreateObject();

	if (c->holds == HOLDS_NO && *c->seen) {
		free(c->error);
		c->error = xstrdup(c->seen);
	}
	json_add_bool(look, "holds", c->holds == HOLDS_YES);
	json_add_string(look, "error", c->error);
	json_add_string(look, "address", c->address);
	cJSON_DeleteItemFromObjectCaseSensitive(looks, c->name);
	json_add(looks, c->name, look);
}

/* True: the last answer came from another address; words about a certificate do not show that. */
static bool
take_address(struct condition *c)
{
	const char *address = cJSON_GetStringValue(c->asking.answer.value);

	if (!c->kind->finds_address || str_equal(address, c->address))
		return false;
	free(c->address);
	c->address = xstrdup(address);
	return true;
}

/* Takes what the verdict has. True: others must be judged again. */
static bool
take(struct condition *c, struct verdict *verdict)
{
	bool turned = verdict->holds != c->holds, moved = take_address(c);
	char *seen = str_take(&verdict->seen);

	if (!turned && !moved && strcmp(seen, c->seen) == 0) {
		free(seen);
		return false;
	}
	pthread_mutex_lock(&c->stage->lock);
	free(c->seen);
	c->seen = seen;
	c->holds = verdict->holds;
	pthread_mutex_unlock(&c->stage->lock);
	if (turned)
		c->since_ms = clock_mono_ms();
	stage_stir(c->stage);
	publish(c);
	if (turned)
		tell(c);
	c->stage->turned |= turned;
	c->stage->stirred_pods |= turned && c->of_pods;
	return true;
}

bool
conditions_settle(struct stage *stage)
{
	bool changed = false;

	for (size_t i = 0; i < stage->conditions.count; i++) {
		struct condition *c = stage->conditions.items[i];
		struct verdict verdict = { .holds = HOLDS_UNKNOWN };

		if (!c->dirty && !(c->kind->stands && c->pulse != stage->pulse))
			continue;
		c->dirty = false;
		c->pulse = stage->pulse;
		c->kind->judge(c, &verdict);
		changed |= take(c, &verdict);
	}
	return changed;
}
