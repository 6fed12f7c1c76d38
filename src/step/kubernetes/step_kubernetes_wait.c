#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/kubernetes/step_kubernetes.h"
#include "step/steps.h"

static const struct field fields[] = {
	{ .name = "resource",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What to wait for, as kubectl calls it: pods, deployments.apps." },
	{ .name = "name",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The one object; without it, all that `selector` matches." },
	{ .name = "selector",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A label selector." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Where to look; the target's namespace if not given." },
	{ .name = "for",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "exists, deleted, or a condition: condition=Ready, condition=Available=False." },
	{ .name = "expect",
	  .type = FIELD_EXPRESSION,
	  .help = "Instead of `for`: an expression that must hold for each object." },
	{ .name = "count",
	  .type = FIELD_INT,
	  .otherwise = "1",
	  .help = "How many objects there must be at least." },
	{ .name = "fail_on",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .help = "What ends the wait at once: reasons of containers (CrashLoopBackOff) and "
		  "conditions (Failed, Progressing=False) or their reasons." },
	{ .name = "interval",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "2s",
	  .help = "How often to look." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "10m",
	  .help = "How long to wait in all." },
	{ .name = NULL },
};

enum goal_kind { GOAL_EXISTS, GOAL_DELETED, GOAL_CONDITION, GOAL_EXPECT };

struct goal {
	enum goal_kind kind;
	char *condition; /* GOAL_CONDITION */
	char *value;
	const char *expect; /* GOAL_EXPECT; borrowed */
};

static void
goal_release(struct goal *g)
{
	free(g->condition);
	free(g->value);
}

static int
parse_for(const char *text, struct goal *ret_goal, struct err *e)
{
	static const char prefix[] = "condition=";
	struct goal g = { .kind = GOAL_EXISTS };
	const char *type, *equals;

	if (strcasecmp(text, "exists") == 0 || strcasecmp(text, "deleted") == 0) {
		g.kind = strcasecmp(text, "deleted") == 0 ? GOAL_DELETED : GOAL_EXISTS;
		*ret_goal = g;
		return 0;
	}
	type = text + sizeof(prefix) - 1;
	if (strncasecmp(text, prefix, sizeof(prefix) - 1) != 0 || !*type || *type == '=')
		return err_set(e, ERR_SPEC,
			       "kubernetes.wait: `for: %s` is not understood. Write exists, "
			       "deleted, condition=Ready or condition=Available=True",
			       text);
	equals = strchr(type, '=');
	if (equals && !equals[1])
		return err_set(e, ERR_SPEC,
			       "kubernetes.wait: `for: %s` lacks a value after the last "
			       "\"=\". Write condition=Ready=True",
			       text);
	g.kind = GOAL_CONDITION;
	g.condition = equals ? xstrndup(type, (size_t)(equals - type)) : xstrdup(type);
	g.value = xstrdup(equals ? equals + 1 : "True");
	*ret_goal = g;
	return 0;
}

static int
goal_init(struct goal *g, const struct action *action, struct err *e)
{
	const char *text = json_string(action->with, "for", NULL);
	const char *expect = json_string(action->with, "expect", NULL);
	const char *name = json_string(action->with, "name", NULL);
	const char *selector = json_string(action->with, "selector", NULL);

	if (!text == !expect)
		return err_set(e, ERR_SPEC, "kubernetes.wait needs either `for` or `expect`");
	if (!name == !selector)
		return err_set(e, ERR_SPEC, "kubernetes.wait needs either `name` or `selector`");
	if (name && kube_step_check_name(name, e) < 0)
		return err_wrap(e, "kubernetes.wait");
	*g = (struct goal){ .kind = GOAL_EXPECT, .expect = expect };
	return expect ? 0 : parse_for(text, g, e);
}

/* One wait, while it lasts. */
struct wait {
	struct kube_step s;
	struct goal goal;
	const char *name; /* or NULL: a selector */
	int64_t wanted;	  /* this many objects */
	const cJSON *fail_on;
	cJSON *first;	 /* GOAL_DELETED: {UID: name} of the first look */
	struct str seen; /* "2/3 ready; tsb: ContainerCreating" */
};

static int
wait_init(struct wait *w, struct step_context *ctx, const struct action *action, struct err *e)
{
	*w = (struct wait){
		.name = json_string(action->with, "name", NULL),
		.wanted = json_int(action->with, "count", 1),
		.fail_on = cJSON_GetObjectItemCaseSensitive(action->with, "fail_on"),
	};
	if (goal_init(&w->goal, action, e) < 0)
		return -1;
	if (kube_step_init(&w->s, ctx, action, e) == 0)
		return 0;
	goal_release(&w->goal);
	return -1;
}

static void
wait_release(struct wait *w)
{
	kube_step_release(&w->s);
	goal_release(&w->goal);
	cJSON_Delete(w->first);
	str_release(&w->seen);
}

/* What is awaited, in words. The caller frees. */
static char *
goal_text(const struct goal *g)
{
	if (g->kind == GOAL_CONDITION)
		return xasprintf("condition %s=%s", g->condition, g->value);
	if (g->kind == GOAL_EXPECT)
		return xstrdup(g->expect);
	return xstrdup(g->kind == GOAL_DELETED ? "deleted" : "exists");
}

/* The reason of the first container that waits or has failed, or NULL. */
static const char *
container_reason(const cJSON *statuses)
{
	const cJSON *status;

	cJSON_ArrayForEach(status, statuses) {
		const char *reason = json_string(status, "state/waiting/reason", NULL);

		if (!reason && json_int(status, "state/terminated/exitCode", 0) != 0)
			reason = json_string(status, "state/terminated/reason", "failed");
		if (reason)
			return reason;
	}
	return NULL;
}

/* Why an object does not hold, in a few words. */
static const char *
object_reason(const struct goal *g, const cJSON *object)
{
	const char *reason = container_reason(json_at(object, "status/initContainerStatuses"));
	const cJSON *condition;

	if (!reason)
		reason = container_reason(json_at(object, "status/containerStatuses"));
	if (reason)
		return reason;
	if (g->kind == GOAL_CONDITION) {
		condition = kube_step_condition(object, g->condition);
		reason = json_string(condition, "reason", NULL);
		if (reason && *reason)
			return reason;
		if (condition)
			return json_string(condition, "status", "Unknown");
	}
	return json_string(object, "status/phase",
			   g->kind == GOAL_CONDITION ? "no such condition yet" : "not yet");
}

/* The controller has not looked at the object since it was changed: its status is of the past. */
static bool
is_outdated(const cJSON *object, const cJSON *condition)
{
	int64_t generation = json_int(object, "metadata/generation", 0);

	return json_int(object, "status/observedGeneration", generation) < generation ||
	       json_int(condition, "observedGeneration", generation) < generation;
}

/* 1: the object is as it should be; 0: not yet; -1: error. */
static int
object_holds(struct wait *w, const cJSON *object, struct err *e)
{
	const cJSON *condition = NULL;
	cJSON *value = NULL;
	struct err why = ERR_INIT;
	int holds;

	if (w->goal.kind == GOAL_EXISTS)
		return 1;
	if (w->goal.kind == GOAL_CONDITION) {
		condition = kube_step_condition(object, w->goal.condition);
		if (!condition || is_outdated(object, condition))
			return 0;
		return strcasecmp(json_string(condition, "status", ""), w->goal.value) == 0;
	}
	if (is_outdated(object, NULL))
		return 0;
	if (w->s.ctx->evaluate(w->s.ctx, w->goal.expect, object, &value, &why) < 0) {
		if (why.kind == ERR_CANCELLED)
			return err_set(e, why.kind, "%s", why.message);
		/* a path that the object does not have yet may be an error of the expression */
		str_printf(&w->seen, "%s; ", why.message);
		return 0;
	}
	holds = json_truthy(value);
	cJSON_Delete(value);
	return holds;
}

static int
check_fail_on(struct wait *w, const cJSON *object, struct err *e)
{
	const char *name = json_string(object, "metadata/name", "");
	const cJSON *word;

	cJSON_ArrayForEach(word, w->fail_on) {
		const char *text = cJSON_IsString(word) ? word->valuestring : "";

		if (!kube_step_says(object, text))
			continue;
		err_set(e, ERR_CHECK,
			"it says %s, which `fail_on` names. Look at its events and logs", text);
		return kube_step_failed(&w->s, name, e);
	}
	return 0;
}

/* Remembers the UIDs of the first look: an object made since under an old name is another one. */
static void
remember_first(struct wait *w, const cJSON *items)
{
	const cJSON *item;

	if (w->first)
		return;
	w->first = cJSON_CreateObject();
	cJSON_ArrayForEach(item, items)
		json_add_string(w->first, json_string(item, "metadata/uid", ""),
				json_string(item, "metadata/name", ""));
}

static bool
judge_deleted(struct wait *w, const cJSON *items)
{
	const cJSON *item;
	int left = 0;

	remember_first(w, items);
	cJSON_ArrayForEach(item, items)
		if (cJSON_GetObjectItemCaseSensitive(w->first,
						     json_string(item, "metadata/uid", "")))
			left++;
	str_printf(&w->seen, "%d of %d still there", left, cJSON_GetArraySize(w->first));
	return left == 0;
}

/* 1: the goal is reached; 0: not yet; -1: it can't be any more. Fills w->seen. */
static int
judge(struct wait *w, const cJSON *items, struct err *e)
{
	int64_t good = 0, all = 0;
	const cJSON *item, *bad = NULL;

	if (w->goal.kind == GOAL_DELETED)
		return judge_deleted(w, items);
	cJSON_ArrayForEach(item, items) {
		int holds;

		if (json_at(item, "metadata/deletionTimestamp"))
			continue;
		if (check_fail_on(w, item, e) < 0)
			return -1;
		holds = object_holds(w, item, e);
		if (holds < 0)
			return -1;
		all++;
		good += holds;
		if (!holds && !bad)
			bad = item;
	}
	str_printf(&w->seen, "%lld/%lld %s", (long long)good,
		   (long long)(all > w->wanted ? all : w->wanted),
		   w->goal.kind == GOAL_CONDITION ? w->goal.condition
		   : w->goal.kind == GOAL_EXISTS  ? "there"
						  : "as expected");
	if (bad)
		str_printf(&w->seen, "; %s: %s", json_string(bad, "metadata/name", ""),
			   object_reason(&w->goal, bad));
	else if (!all)
		str_append(&w->seen, "; nothing is there yet");
	return good == all && good >= w->wanted;
}

/* One look. Returns as judge(); a server that is away for a while is only said in w->seen. */
static int
look(struct wait *w, struct kube_step_list *ret_list, struct err *e)
{
	enum kube_step_form form =
		w->goal.kind == GOAL_DELETED ? KUBE_STEP_METADATA : KUBE_STEP_OBJECTS;
	struct kube_step_list list = { NULL, NULL, NULL, false };
	struct err why = ERR_INIT;
	int met;

	str_clear(&w->seen);
	if (kube_step_fetch(&w->s, w->name, form, &list, &why) < 0) {
		if (kube_step_transient(&why)) {
			str_append(&w->seen, why.message);
			return 0;
		}
		if (why.kind != ERR_NOT_FOUND || !w->name)
			return err_set(e, why.kind, "%s", why.message);
		list.items = cJSON_CreateArray();
	}
	if (list.truncated) {
		err_set(e, ERR_SPEC, "more than %d objects match. Narrow the selector",
			KUBE_STEP_MAX_ITEMS);
		met = kube_step_failed(&w->s, NULL, e);
	} else {
		met = judge(w, list.items, e);
	}
	if (met == 1)
		*ret_list = list;
	else
		kube_step_list_release(&list);
	return met;
}

static cJSON *
make_result(const struct wait *w, struct kube_step_list *list)
{
	cJSON *result;

	if (w->name && w->goal.kind != GOAL_DELETED)
		return cJSON_DetachItemFromArray(list->items, 0);
	result = cJSON_CreateObject();
	if (w->goal.kind == GOAL_DELETED) {
		json_add_bool(result, "deleted", true);
		return result;
	}
	json_add_int(result, "count", cJSON_GetArraySize(list->items));
	json_add(result, "items", list->items);
	list->items = NULL;
	return result;
}

static int
time_is_up(struct wait *w, int64_t waited_ms, struct err *e)
{
	char *goal = goal_text(&w->goal), waited[CLOCK_STAMP_MAX];

	err_set(e, ERR_TIMEOUT, "not %s after %s. Last seen: %s", goal,
		duration_format(waited_ms / 1000 * 1000, waited), str_cstr(&w->seen));
	free(goal);
	return kube_step_failed(&w->s, w->name, e);
}

static int
wait_until_met(struct wait *w, struct kube_step_list *ret_list, struct err *e)
{
	const cJSON *with = w->s.action->with;
	int64_t start_ms = clock_mono_ms(), interval_ms = json_int(with, "interval", 2000);
	int64_t deadline_ms = start_ms + json_int(with, "timeout", 10 * 60 * 1000);

	if (w->s.ctx->deadline_ms < deadline_ms)
		deadline_ms = w->s.ctx->deadline_ms;
	if (interval_ms < 100)
		interval_ms = 100;
	for (;;) {
		int met = look(w, ret_list, e);
		int64_t now_ms = clock_mono_ms();

		if (met != 0)
			return met < 0 ? -1 : 0;
		w->s.ctx->progress(w->s.ctx, "%s", str_cstr(&w->seen));
		if (now_ms >= deadline_ms)
			return time_is_up(w, now_ms - start_ms, e);
		if (interval_ms > deadline_ms - now_ms)
			interval_ms = deadline_ms - now_ms;
		if (cancel_sleep(w->s.ctx->cancel, interval_ms))
			return err_set(e, ERR_CANCELLED,
				       "kubernetes.wait: cancelled. Last seen: %s",
				       str_cstr(&w->seen));
	}
}

static int
wait_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	struct wait w;
	int rc;

	if (wait_init(&w, ctx, action, e) < 0)
		return -1;
	rc = wait_until_met(&w, &list, e);
	if (rc == 0) {
		struct str line = STR_INIT;

		str_printf(&line, "%s\n", str_cstr(&w.seen));
		ctx->output(ctx, str_cstr(&line), line.len);
		str_release(&line);
		*ret_result = make_result(&w, &list);
	}
	kube_step_list_release(&list);
	wait_release(&w);
	return rc;
}

static void
preview_request(const struct wait *w, struct preview *preview)
{
	const cJSON *with = w->s.action->with;
	char every[CLOCK_STAMP_MAX], most[CLOCK_STAMP_MAX];
	char *goal = goal_text(&w->goal), *place = kube_step_place(&w->s);
	char *path = kube_step_path(&w->s, w->name);
	char *query = w->name ? xstrdup("") : kube_step_query(&w->s);

	preview_add(preview, PREVIEW_TEXT, "Waits for %s in %s, every %s, at most %s:", goal, place,
		    duration_format(json_int(with, "interval", 2000), every),
		    duration_format(json_int(with, "timeout", 10 * 60 * 1000), most));
	preview_add(preview, PREVIEW_REQUEST, "GET %s%s", path, query);
	free(query);
	free(path);
	free(place);
	free(goal);
}

static int
wait_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	     struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	struct err why = ERR_INIT;
	struct wait w;
	int met;

	if (wait_init(&w, ctx, action, e) < 0)
		return -1;
	preview_request(&w, preview);
	met = look(&w, &list, &why);
	if (met < 0 && why.kind == ERR_CHECK)
		preview_add(preview, PREVIEW_WARNING, "%s", why.message);
	else if (met < 0)
		err_set(e, why.kind, "%s", why.message);
	else
		preview_add(preview, PREVIEW_TEXT, "Now: %s", str_cstr(&w.seen));
	kube_step_list_release(&list);
	wait_release(&w);
	return met < 0 && why.kind != ERR_CHECK ? -1 : 0;
}

static int
wait_permissions(struct step_context *ctx, const struct action *action,
		 struct permission_list *list, struct err *e)
{
	struct wait w;

	if (wait_init(&w, ctx, action, e) < 0)
		return -1;
	permission_add(list, w.name ? "get" : "list", w.s.resource.group, w.s.resource.name, NULL,
		       w.name, w.s.resource.namespaced ? w.s.ns : NULL);
	wait_release(&w);
	return 0;
}

const struct executor step_kubernetes_wait = {
	.type = {
		.uses = "kubernetes.wait",
		.summary = "Wait until objects of a cluster are as they should be",
		.target_kinds = TARGET_KUBERNETES,
		.target_required = true,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "with `name` the object; with `selector` {\"items\", \"count\"}; of "
			  "`for: deleted` {\"deleted\": true}",
	},
	.permissions = wait_permissions,
	.preview = wait_preview,
	.run = wait_run,
};
