#ifndef LIFEBOAT_TESTS_FIXTURE_CONTROLLERS_H
#define LIFEBOAT_TESTS_FIXTURE_CONTROLLERS_H

/* A cluster without an API server, with its controllers. To be included after cmocka.h. */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller.h"
#include "world/object/defaults.h"
#include "world/object/selector.h"

enum { SPEED = 1000, PATIENCE_MS = 20000, FATES_MAX = 16 };

/* Pods whose name begins so, or whose image is that, have a plan. */
struct fate {
	char prefix[64];
	struct pod_plan plan;
};

struct bench {
	struct cluster cluster;
	struct controllers *controllers;
	struct store_watch *watch;
	pthread_mutex_t lock; /* of what follows */
	struct fate fates[FATES_MAX];
	size_t fates_count;
	char address[64]; /* of load balancers; "": none */
	int started;	  /* containers */
	int instance;	  /* of the last one */
};

static inline bool
bench_plan(void *data, const struct stored *pod, struct pod_plan *ret_plan)
{
	struct bench *b = data;
	bool found = false;

	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->fates_count && !found; i++)
		if (str_starts_with(pod->name, b->fates[i].prefix) ||
		    str_equal(json_string(pod->object, "spec/containers/0/image", NULL),
			      b->fates[i].prefix)) {
			*ret_plan = b->fates[i].plan;
			found = true;
		}
	pthread_mutex_unlock(&b->lock);
	return found;
}

static inline void
bench_started(void *data, const struct stored *pod, const char *container, int instance)
{
	struct bench *b = data;

	(void)pod;
	(void)container;
	pthread_mutex_lock(&b->lock);
	b->started++;
	b->instance = instance;
	pthread_mutex_unlock(&b->lock);
}

static inline const char *
bench_address(void *data, const struct stored *service)
{
	static _Thread_local char address[64];
	struct bench *b = data;

	(void)service;
	pthread_mutex_lock(&b->lock);
	memcpy(address, b->address, sizeof(address));
	pthread_mutex_unlock(&b->lock);
	return *address ? address : NULL;
}

static inline void
bench_set_fate(struct bench *b, const char *prefix, struct pod_plan plan)
{
	struct fate *fate = NULL;

	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->fates_count; i++)
		if (strcmp(b->fates[i].prefix, prefix) == 0)
			fate = &b->fates[i];
	if (!fate)
		fate = &b->fates[b->fates_count++];
	snprintf(fate->prefix, sizeof(fate->prefix), "%s", prefix);
	fate->plan = plan;
	pthread_mutex_unlock(&b->lock);
	controllers_look(b->controllers);
}

static inline const struct kind *
kind_of(struct bench *b, const char *word)
{
	const struct kind *kind = kinds_by_word(b->cluster.kinds, word);

	if (!kind)
		fail_msg("there is no kind %s", word);
	return kind->storage;
}

/* JSON with ' for ", as the API server takes it in. */
static inline void
put(struct bench *b, const char *text)
{
	char *json = xstrdup(text);
	struct store_write how = { .grace_s = -1 };
	struct refusal r = REFUSAL_INIT;
	const struct stored *stored;
	struct err e = ERR_INIT;

	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	cJSON *object = json_parse(json, strlen(json), &e);
	if (!object)
		fail_msg("%s in %s", e.message, json);
	const struct kind *kind =
		kinds_by_name(b->cluster.kinds, json_string(object, "apiVersion", "v1"),
			      json_string(object, "kind", ""));
	struct defaults_pool pool = { .store = b->cluster.store, .kinds = b->cluster.kinds };
	const struct defaults_options options = { .cluster_ip = defaults_free_address,
						  .node_port = defaults_free_port,
						  .data = &pool };
	if (kind->flags & KIND_NAMESPACED)
		json_add_string(json_at(object, "metadata"), "namespace", "n");
	if (defaults_fill(kind, object, NULL, &options, &r) < 0 ||
	    store_create(b->cluster.store, kind, "n", object, &how, &stored, &r) < 0)
		fail_msg("%s", r.message);
	stored_drop(stored);
	free(json);
}

static inline struct bench *
bench_new(double speed, int nodes)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	struct refusal r = REFUSAL_INIT;
	struct controllers_options options = { .speed = speed,
					       .plan = bench_plan,
					       .started = bench_started,
					       .address = bench_address,
					       .data = b,
					       .version = "v1.27.6",
					       .ca_pem = "CA" };

	pthread_mutex_init(&b->lock, NULL);
	b->cluster.name = xstrdup("c");
	b->cluster.kinds = kinds_new();
	b->cluster.store = store_new(b->cluster.kinds);
	b->cluster.logs = podlogs_new();
	b->cluster.tokens = tokens_new();
	tokens_add_accounts(b->cluster.tokens, b->cluster.store, b->cluster.kinds);
	assert_int_equal(controllers_add_nodes(&b->cluster, nodes, &r), 0);
	put(b, "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'n'}}");
	assert_int_equal(store_watch_new(b->cluster.store, NULL, NULL, 0, &b->watch, &r), 0);
	b->controllers = controllers_new(&b->cluster, &options);
	return b;
}

static inline void
bench_free(struct bench *b)
{
	controllers_free(b->controllers);
	store_watch_free(b->watch);
	store_free(b->cluster.store);
	podlogs_free(b->cluster.logs);
	tokens_free(b->cluster.tokens);
	kinds_free(b->cluster.kinds);
	pthread_mutex_destroy(&b->lock);
	free(b->cluster.name);
	free(b);
}

/* The caller drops; NULL: there is none. */
static inline const struct stored *
get(struct bench *b, const char *word, const char *name)
{
	return store_get(b->cluster.store, kind_of(b, word), "n", name);
}

/* What selects it ("app=web"), by name; frees with drop_all(). */
static inline const struct stored **
get_all(struct bench *b, const char *word, const char *labels, size_t *ret_count)
{
	struct selector *selector;
	struct refusal r = REFUSAL_INIT;
	uint64_t version;
	size_t count, kept = 0;
	const struct stored **items =
		store_list(b->cluster.store, kind_of(b, word), "n", &count, &version);

	assert_int_equal(selector_parse_labels(labels, &selector, &r), 0);
	for (size_t i = 0; i < count; i++)
		if (selector_matches(selector, items[i]->object))
			items[kept++] = items[i];
		else
			stored_drop(items[i]);
	selector_free(selector);
	*ret_count = kept;
	return items;
}

static inline void
drop_all(const struct stored **items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		stored_drop(items[i]);
	free(items);
}

/* ---- waiting ---- */

/* Waits until it holds, looked at after each change. */
static inline bool
wait_for(struct bench *b, bool (*holds)(struct bench *b, const void *arg), const void *arg)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;
	struct refusal r = REFUSAL_INIT;
	struct store_event event;

	while (!holds(b, arg)) {
		if (clock_mono_ms() > end_ms)
			return false;
		if (store_watch_next(b->watch, 200, &event, &r) < 0) {
			refusal_release(&r);
			store_watch_free(b->watch);
			store_watch_new(b->cluster.store, NULL, NULL, 0, &b->watch, &r);
			continue;
		}
		stored_drop(event.stored);
		stored_drop(event.before);
	}
	return true;
}

/* One value of one object: a path, or "TYPE=" for a condition's status, "TYPE:" for its reason. */
struct wanted {
	const char *word, *name, *path, *value; /* value NULL: it is not there */
};

/* What the last look saw, for the message. */
static char seen[512];

static inline const cJSON *
value_at(const cJSON *object, const char *path)
{
	size_t len = strlen(path);
	const cJSON *condition;

	if (len == 0 || !strchr("=:", path[len - 1]))
		return json_at(object, path);
	cJSON_ArrayForEach(condition, json_at(object, "status/conditions"))
		if (strncmp(json_string(condition, "type", ""), path, len - 1) == 0 &&
		    strlen(json_string(condition, "type", "")) == len - 1)
			return json_at(condition, path[len - 1] == '=' ? "status" : "reason");
	return NULL;
}

static inline bool
has_value(struct bench *b, const void *arg)
{
	const struct wanted *w = arg;
	const struct stored *stored = get(b, w->word, w->name);
	const cJSON *value = stored ? value_at(stored->object, w->path) : NULL;
	char *text = value ? json_text(value) : NULL;
	bool same = str_equal(text, w->value);

	snprintf(seen, sizeof(seen), "%s", text ? text : stored ? "(none)" : "(no object)");
	free(text);
	stored_drop(stored);
	return same;
}

#define wait_value(b, ...) wait_value_at(b, __LINE__, &(struct wanted){ __VA_ARGS__ })

static inline void
wait_value_at(struct bench *b, int line, const struct wanted *w)
{
	if (!wait_for(b, has_value, w))
		fail_msg("line %d: %s %s: %s is %s, not %s", line, w->word, w->name, w->path, seen,
			 w->value ? w->value : "(none)");
}

struct counted {
	const char *word, *labels;
	size_t count;
};

static inline bool
has_count(struct bench *b, const void *arg)
{
	const struct counted *w = arg;
	size_t count;
	const struct stored **items = get_all(b, w->word, w->labels, &count);

	drop_all(items, count);
	return count == w->count;
}

#define wait_count(b, ...) wait_count_at(b, __LINE__, &(struct counted){ __VA_ARGS__ })

static inline void
wait_count_at(struct bench *b, int line, const struct counted *w)
{
	size_t count;

	if (wait_for(b, has_count, w))
		return;
	const struct stored **items = get_all(b, w->word, w->labels, &count);
	drop_all(items, count);
	fail_msg("line %d: %zu %s with %s, not %zu", line, count, w->word, w->labels, w->count);
}

/* ---- doing ---- */

static inline bool
merge_into(void *data, cJSON *object)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, (const cJSON *)data) {
		cJSON *there = cJSON_GetObjectItemCaseSensitive(object, member->string);

		if (cJSON_IsObject(member) && cJSON_IsObject(there)) {
			merge_into((void *)(uintptr_t)member, there);
			continue;
		}
		cJSON_DeleteItemFromObjectCaseSensitive(object, member->string);
		if (!cJSON_IsNull(member))
			json_add(object, member->string, cJSON_Duplicate(member, true));
	}
	return true;
}

struct patching {
	const struct kind *kind;
	cJSON *merged;
};

/* As the API server does it, defaults included. */
static inline bool
apply_patch(void *data, cJSON *object)
{
	const struct patching *patching = data;
	const struct defaults_options options = { .data = NULL };
	cJSON *before = cJSON_Duplicate(object, true);
	struct refusal r = REFUSAL_INIT;

	merge_into(patching->merged, object);
	if (defaults_fill(patching->kind, object, before, &options, &r) < 0)
		fail_msg("%s", r.message);
	cJSON_Delete(before);
	return true;
}

/* A merge patch, with ' for ". */
static inline void
patch(struct bench *b, const char *word, const char *name, const char *text)
{
	struct store_write how = { .grace_s = -1 };
	struct refusal r = REFUSAL_INIT;
	const struct stored *stored;
	struct err e = ERR_INIT;
	char *json = xstrdup(text);

	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	cJSON *merged = json_parse(json, strlen(json), &e);
	if (!merged)
		fail_msg("%s in %s", e.message, json);
	struct patching patching = { .kind = kind_of(b, word), .merged = merged };
	if (store_change(b->cluster.store, patching.kind, "n", name, &how, apply_patch, &patching,
			 &stored, &r) < 0)
		fail_msg("%s", r.message);
	stored_drop(stored);
	cJSON_Delete(merged);
	free(json);
}

static inline void
del(struct bench *b, const char *word, const char *name, const char *propagation)
{
	struct store_write how = { .propagation = propagation, .grace_s = -1 };
	struct refusal r = REFUSAL_INIT;
	const struct stored *stored;
	bool gone;

	if (store_delete(b->cluster.store, kind_of(b, word), "n", name, &how, &stored, &gone, &r) <
	    0)
		fail_msg("%s", r.message);
	stored_drop(stored);
}

/* The caller frees; NULL: not there. */
static inline char *
value_of(struct bench *b, const char *word, const char *name, const char *path)
{
	const struct stored *stored = get(b, word, name);
	const cJSON *value = stored ? value_at(stored->object, path) : NULL;
	char *text = value ? json_text(value) : NULL;

	stored_drop(stored);
	return text;
}

static inline void
assert_value(struct bench *b, const char *word, const char *name, const char *path,
	     const char *wanted)
{
	char *text = value_of(b, word, name, path);

	if (!str_equal(text, wanted))
		fail_msg("%s %s: %s is %s, not %s", word, name, path, text ? text : "(none)",
			 wanted ? wanted : "(none)");
	free(text);
}

/* An Event about an object of that name, whose message holds that text. */
struct told {
	const char *name, *reason, *part;
	int64_t count; /* at least */
};

static inline bool
is_told(struct bench *b, const void *arg)
{
	const struct told *w = arg;
	size_t count;
	const struct stored **items = get_all(b, "events", "", &count);
	bool found = false;

	for (size_t i = 0; i < count && !found; i++) {
		const cJSON *object = items[i]->object;

		found = str_starts_with(json_string(object, "involvedObject/name", ""), w->name) &&
			strcmp(json_string(object, "reason", ""), w->reason) == 0 &&
			strstr(json_string(object, "message", ""), w->part) &&
			json_int(object, "count", 0) >= w->count;
	}
	drop_all(items, count);
	return found;
}

#define wait_told(b, ...) wait_told_at(b, __LINE__, &(struct told){ __VA_ARGS__ })

static inline void
wait_told_at(struct bench *b, int line, const struct told *w)
{
	if (!wait_for(b, is_told, w))
		fail_msg("line %d: no Event %s of %s with \"%s\"", line, w->reason, w->name,
			 w->part);
}

#define DEPLOYMENT(name, replicas, more, image)                                                    \
	"{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'" name                    \
	"','annotations':{'kubernetes.io/change-cause':'first'}},'spec':{'replicas':" replicas     \
	"," more "'selector':{'matchLabels':{'app':'" name                                         \
	"'}},'template':{'metadata':{'labels':{'app':'" name                                       \
	"'}},'spec':{'containers':[{'name':'c','image':'" image "'}]}}}}"

#endif
