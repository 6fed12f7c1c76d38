#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "runbook/template.h"
#include "world/stage/stage_internal.h"

enum {
	PULL_MS = 2000, /* of pods that nothing is said of */
	READY_MS = 1000,
	REFUSED_PULL_MS = 500, /* until a registry has said no */
};

/* ---- making them ---- */

static enum pod_fate
fate_of(const char *word)
{
	static const struct {
		const char *word;
		enum pod_fate fate;
	} fates[] = {
		{ "unready", POD_UNREADY }, { "crash-loop", POD_CRASHES },
		{ "pending", POD_PENDING }, { "no-image", POD_NO_IMAGE },
		{ "config", POD_CONFIG },
	};

	for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++)
		if (str_equal(word, fates[i].word))
			return fates[i].fate;
	return POD_UNREADY;
}

static int
otherwise_new(struct stage *stage, struct behaviour *b, const cJSON *all, struct err *e)
{
	const cJSON *item;

	b->otherwise = xcalloc((size_t)cJSON_GetArraySize(all) + 1, sizeof(*b->otherwise));
	cJSON_ArrayForEach(item, all) {
		struct otherwise *o = &b->otherwise[b->otherwise_count++];
		struct conditions without = { 0 };

		*o = (struct otherwise){
			.fate = fate_of(json_string(item, "as", NULL)),
			.after_ms = json_int(item, "after", 2000),
			.exit_code = (int)json_int(item, "exit", 1),
			.template = json_string(item, "message", NULL),
			.message = "",
			.log = json_at(item, "log"),
		};
		if (conditions_named(stage, json_at(item, "without"), &without, e) < 0)
			return -1;
		o->without = without.count ? without.items[0] : NULL;
		free(without.items);
	}
	return 0;
}

static int
log_new(struct stage *stage, struct behaviour *b, const cJSON *log, struct err *e)
{
	const cJSON *all = json_at(log, "while"), *item;

	b->container = json_string(log, "container", NULL);
	b->stamp = json_string(log, "stamp", NULL);
	b->start = json_at(log, "start");
	b->ready = json_at(log, "ready");
	b->chatter = xcalloc((size_t)cJSON_GetArraySize(all) + 1, sizeof(*b->chatter));
	cJSON_ArrayForEach(item, all) {
		struct chatter *c = &b->chatter[b->chatter_count++];

		c->every_ms = json_int(item, "every", 10000);
		c->lines = json_at(item, "lines");
		if (conditions_named(stage, json_at(item, "when"), &c->when, e) < 0)
			return -1;
	}
	return 0;
}

static int
clusters_new(struct stage *stage, struct behaviour *b, const cJSON *names, struct err *e)
{
	const cJSON *list = cJSON_IsArray(names) ? names->child : names;

	b->clusters = xcalloc(stage->options.clusters_count + 1, sizeof(*b->clusters));
	for (const cJSON *name = list; name; name = cJSON_IsArray(names) ? name->next : NULL) {
		size_t index;

		if (stage_cluster_index(stage, cJSON_GetStringValue(name), &index, e) < 0)
			return -1;
		b->clusters[index] = true;
	}
	return 0;
}

static int
behaviour_new(struct stage *stage, struct behaviour *b, const cJSON *spec, struct err *e)
{
	b->ns = json_string(spec, "namespace", "default");
	b->workload = json_string(spec, "workload", "");
	b->pull_ms = json_int(spec, "pull", PULL_MS);
	b->ready_ms = json_int(spec, "ready", READY_MS);
	if (clusters_new(stage, b, json_at(spec, "cluster"), e) < 0 ||
	    conditions_named(stage, json_at(spec, "needs"), &b->needs, e) < 0 ||
	    otherwise_new(stage, b, json_at(spec, "otherwise"), e) < 0 ||
	    log_new(stage, b, json_at(spec, "log"), e) < 0)
		return err_wrap(e, "behaviour of %s", b->workload);
	for (size_t i = 0; i < b->needs.count; i++)
		b->needs.items[i]->of_pods = true;
	return 0;
}

int
behaviours_new(struct stage *stage, const cJSON *all, struct err *e)
{
	const cJSON *item;

	stage->behaviours =
		xcalloc((size_t)cJSON_GetArraySize(all) + 1, sizeof(*stage->behaviours));
	cJSON_ArrayForEach(item, all)
		if (behaviour_new(stage, &stage->behaviours[stage->behaviours_count++], item, e) <
		    0)
			return -1;
	return 0;
}

void
behaviours_free(struct stage *stage)
{
	for (size_t i = 0; i < stage->behaviours_count; i++) {
		struct behaviour *b = &stage->behaviours[i];

		for (size_t j = 0; j < b->chatter_count; j++)
			free(b->chatter[j].when.items);
		free(b->chatter);
		free(b->otherwise);
		free(b->needs.items);
		free(b->clusters);
	}
	free(stage->behaviours);
}

/* ---- which one, and what is in force ---- */

const struct behaviour *
behaviour_find(const struct stage *stage, size_t cluster, const struct stored *pod)
{
	char *workload = NULL, *own = xasprintf("pod/%s", pod->name);
	const struct behaviour *best = NULL;
	size_t best_fits = 0;

	for (size_t i = 0; i < stage->behaviours_count; i++) {
		const struct behaviour *b = &stage->behaviours[i];

		if (!b->clusters[cluster] || strcmp(b->ns, pod->ns) != 0)
			continue;
		if (!workload)
			workload = pod_workload(stage->options.clusters[cluster], pod);
		size_t fits = workload_fits(b->workload, workload),
		       alone = workload_fits(b->workload, own);
		if (alone > fits)
			fits = alone;
		if (fits > best_fits) {
			best_fits = fits;
			best = b;
		}
	}
	free(workload);
	free(own);
	return best;
}

int
behaviour_now(const struct behaviour *b)
{
	enum holds holds = conditions_hold(&b->needs);

	if (holds == HOLDS_YES)
		return OTHERWISE_NONE;
	if (holds == HOLDS_UNKNOWN)
		return OTHERWISE_UNKNOWN;
	for (size_t i = 0; i < b->otherwise_count; i++)
		if (!b->otherwise[i].without || b->otherwise[i].without->holds == HOLDS_NO)
			return (int)i;
	return OTHERWISE_PLAIN;
}

/* ---- changes ---- */

/* A message that cannot be expanded stays as it is written: it is shown where somebody can complain about it. */
static void
expand_message(struct stage *stage, struct otherwise *o)
{
	cJSON *value = NULL;
	struct err e = ERR_INIT;
	char *text;

	if (strstr(o->template, "${") &&
	    template_expand(o->template, stage->options.expressions, stage->scope, &value, &e) == 0)
		text = json_text(value);
	else
		text = xstrdup(o->template);
	pthread_mutex_lock(&stage->lock);
	o->message = stage_text(stage, text);
	pthread_mutex_unlock(&stage->lock);
	free(text);
	cJSON_Delete(value);
}

/* Each cluster that has to ask for its plans again. */
static void
ask_again(const struct stage *stage)
{
	for (size_t i = 0; i < stage->options.clusters_count; i++) {
		bool concerned = false;

		for (size_t j = 0; j < stage->behaviours_count && !concerned; j++)
			concerned = stage->behaviours[j].clusters[i] &&
				    stage->behaviours[j].needs.count > 0;
		if (concerned && stage->options.controllers && stage->options.controllers[i])
			controllers_look(stage->options.controllers[i]);
	}
}

void
behaviours_settle(struct stage *stage, bool fates)
{
	for (size_t i = 0; i < stage->behaviours_count; i++)
		for (size_t j = 0; j < stage->behaviours[i].otherwise_count; j++)
			if (stage->behaviours[i].otherwise[j].template)
				expand_message(stage, &stage->behaviours[i].otherwise[j]);
	if (fates)
		ask_again(stage);
}

/* ---- plans ---- */

/* Whether a cluster can pull an image: registries of the world file. */
static bool
can_pull(const cJSON *registries, const char *image)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, registries)
		if (cJSON_IsString(item) && str_starts_with(image, item->valuestring))
			return true;
	return !registries;
}

/* The first image of a pod that cannot be pulled; NULL: all can. */
static const char *
refused_image(const struct stage *stage, size_t cluster, const struct stored *pod)
{
	const cJSON *own = world_spec_named(stage->options.spec, "clusters",
					    stage->options.clusters[cluster]->name);
	const cJSON *registries = json_at(own, "registries"), *container;

	cJSON_ArrayForEach(container, json_at(pod->object, "spec/initContainers"))
		if (!can_pull(registries, json_string(container, "image", "")))
			return json_string(container, "image", "");
	cJSON_ArrayForEach(container, json_at(pod->object, "spec/containers"))
		if (!can_pull(registries, json_string(container, "image", "")))
			return json_string(container, "image", "");
	return NULL;
}

static void
plan_refused(struct stage *stage, const char *image, struct pod_plan *plan)
{
	char *message =
		xasprintf("rpc error: code = NotFound desc = failed to pull and unpack image "
			  "\"%s\": failed to resolve reference \"%s\": %s: not found",
			  image, image, image);

	plan->fate = POD_NO_IMAGE;
	plan->pull_ms = REFUSED_PULL_MS;
	pthread_mutex_lock(&stage->lock);
	plan->message = stage_text(stage, message);
	pthread_mutex_unlock(&stage->lock);
	free(message);
}

static void
plan_behaviour(struct stage *stage, const struct behaviour *b, struct pod_plan *plan)
{
	pthread_mutex_lock(&stage->lock);
	int now = behaviour_now(b);
	if (now >= 0) {
		const struct otherwise *o = &b->otherwise[now];

		plan->fate = o->fate;
		plan->exit_code = o->exit_code;
		plan->message = o->message;
		if (o->fate == POD_CRASHES)
			plan->ready_ms = o->after_ms;
	} else if (now != OTHERWISE_NONE) {
		plan->fate = POD_UNREADY;
	}
	pthread_mutex_unlock(&stage->lock);
}

bool
stage_plan(void *stage_cluster, const struct stored *pod, struct pod_plan *ret_plan)
{
	const struct stage_cluster *at = stage_cluster;
	struct stage *stage = at->stage;
	const struct behaviour *b = behaviour_find(stage, at->index, pod);
	const char *image = refused_image(stage, at->index, pod);
	const char *restarts = json_string(pod->object, "spec/restartPolicy", "Always");
	bool ends = strcmp(restarts, "Always") != 0;

	if (!b && !image && !ends)
		return false;
	*ret_plan = (struct pod_plan){
		.fate = ends ? POD_COMPLETES : POD_RUNS,
		.pull_ms = b ? b->pull_ms : PULL_MS,
		.ready_ms = b ? b->ready_ms : READY_MS,
	};
	if (b)
		plan_behaviour(stage, b, ret_plan);
	if (image && ret_plan->fate != POD_PENDING)
		plan_refused(stage, image, ret_plan);
	return true;
}
