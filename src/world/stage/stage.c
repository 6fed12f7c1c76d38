#include "config.h"

#include "world/stage/stage.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/stage/stage_internal.h"

enum {
	BATCH_MAX = 4096, /* messages before the clock is looked at again */
	PACE_MIN_MS = 200,
	PACE_MS = 5000,
	PATIENCE_MIN_MS = 2000, /* a handshake on a busy machine is no firewall */
	PATIENCE_MS = 5000,
	TEXTS_MAX = 10000,
	NO_MAX_MS = 30000, /* as resolvers of clusters keep a "no" at most */
};

/* ---- small things that all files need ---- */

int64_t
stage_scaled(const struct stage *stage, int64_t world_ms)
{
	int64_t here_ms = (int64_t)((double)world_ms / stage->options.speed);

	return here_ms > 0 || world_ms <= 0 ? here_ms : 1;
}

int64_t
stage_pace(const struct stage *stage, int64_t world_ms)
{
	int64_t here_ms = stage_scaled(stage, world_ms > 0 ? world_ms : PACE_MS);

	return here_ms < PACE_MIN_MS ? PACE_MIN_MS : here_ms;
}

int64_t
stage_patience(const struct stage *stage)
{
	int64_t here_ms = stage_scaled(stage, PATIENCE_MS);

	return here_ms < PATIENCE_MIN_MS ? PATIENCE_MIN_MS : here_ms;
}

int
stage_cluster_index(const struct stage *stage, const char *name, size_t *ret_index, struct err *e)
{
	for (size_t i = 0; i < stage->options.clusters_count; i++)
		if (str_equal(stage->options.clusters[i]->name, name)) {
			*ret_index = i;
			return 0;
		}
	return err_set(e, ERR_SPEC, "there is no cluster \"%s\"", name ? name : "");
}

struct object_eyes
stage_eyes(const struct stage *stage)
{
	return (struct object_eyes){ stage->options.expressions, stage->scope };
}

const char *
stage_text(struct stage *stage, const char *text)
{
	for (size_t i = 0; i < stage->texts_count; i++)
		if (strcmp(stage->texts[i], text) == 0)
			return stage->texts[i];
	if (stage->texts_count == TEXTS_MAX)
		return "";
	char *copy = xstrdup(text);
	*VEC_PUSH(stage->texts, stage->texts_count, stage->texts_cap) = copy;
	return copy;
}

/* FNV-1a. */
uint64_t
stage_hash(uint64_t seed, const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ seed;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash;
}

/* The finaliser of SplitMix64 over the words. */
double
stage_chance(const struct stage *stage, const char *what, uint64_t which)
{
	uint64_t hash = stage_hash(stage->options.seed, what);

	hash += which * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	hash ^= hash >> 31;
	return (double)(hash >> 11) / 9007199254740992.0;
}

/* Takes ownership of the details. */
void
stage_told(const struct stage *stage, const char *what, const char *name, cJSON *details)
{
	if (stage->options.told)
		stage->options.told(stage->options.data, what, name, details);
	cJSON_Delete(details);
}

void
stage_stir(struct stage *stage)
{
	stage->pulse++;
	stage->stirred = true;
}

/* ---- messages ---- */

struct message *
message_new(enum message_kind kind)
{
	struct message *message = xcalloc(1, sizeof(*message));

	message->kind = kind;
	return message;
}

static void
message_free(void *data)
{
	struct message *message = data;

	stored_drop(message->stored);
	look_answer_release(&message->answer);
	free(message->name);
	free(message);
}

void
stage_send(struct stage *stage, struct message *message)
{
	queue_push(stage->inbox, message);
}

/* A look has come back. On its thread. */
static void
came(void *data, void *owner, uint64_t number, struct look_answer *answer)
{
	struct message *message = message_new(MESSAGE_ANSWER);

	message->asking = owner;
	message->number = number;
	message->answer = *answer;
	*answer = (struct look_answer){ 0 };
	stage_send(data, message);
}

void
asking_ask(struct asking *asking, void *ask)
{
	uint64_t number = look_ask(asking->look, ask);

	if (number != asking->number) {
		asking->number = number;
		asking->answered = false;
	}
}

static void
take_answer(struct asking *asking, struct message *message)
{
	if (message->number != asking->number)
		return;
	look_answer_release(&asking->answer);
	asking->answer = message->answer;
	asking->answered = true;
	*asking->dirty = true;
	message->answer = (struct look_answer){ 0 };
}

void
asking_release(struct asking *asking)
{
	look_answer_release(&asking->answer);
}

static void
take_message(struct stage *stage, struct message *message)
{
	struct toggle *fault;

	switch (message->kind) {
	case MESSAGE_OBJECT:
		lives_notice(stage, message->cluster, message->stored);
		conditions_notice(stage, message->cluster, message->stored);
		speakers_notice(stage, message->stored, message->gone);
		break;
	case MESSAGE_MISSED:
		lives_notice(stage, message->cluster, NULL);
		conditions_notice(stage, message->cluster, NULL);
		speakers_missed(stage, message->cluster);
		break;
	case MESSAGE_ANSWER:
		take_answer(message->asking, message);
		break;
	case MESSAGE_STARTED:
		speakers_started(stage, message);
		break;
	case MESSAGE_FAULT:
		fault = fault_find(stage, message->name);
		if (fault)
			fault_set(stage, fault, message->on, NULL);
		break;
	case MESSAGE_SURPRISES:
		stage->surprises = true;
		stage_stir(stage);
		break;
	case MESSAGE_WAKE:
		break;
	}
	message_free(message);
}

/* ---- the thread ---- */

/* Until nothing that stands on something else is behind it. */
static void
settle(struct stage *stage)
{
	size_t passes = stage->conditions.count + stage->lives_count + 1;

	/* Each pass settles what stands on what the one before has settled. */
	while (passes-- > 0) {
		bool lives = lives_settle(stage), conditions = conditions_settle(stage);

		if (!lives && !conditions)
			break;
	}
	if (!stage->stirred)
		return;
	bool fates = stage->stirred_pods;
	if (stage->turned)
		looks_hurry(stage->looks);
	stage->stirred = stage->turned = stage->stirred_pods = false;
	behaviours_settle(stage, fates);
	speakers_settle(stage);
	rules_settle(stage);
}

static int64_t
wait_ms(const struct stage *stage)
{
	int64_t next_ms = timers_next(&stage->timers), now_ms = clock_mono_ms();

	if (next_ms == INT64_MAX)
		return -1;
	return next_ms > now_ms ? next_ms - now_ms : 0;
}

/* What comes due while they ring waits: a rule that takes longer than its pace must not keep messages, or the end, waiting. */
static void
ring_timers(struct stage *stage)
{
	int64_t now_ms = clock_mono_ms();
	struct timer *timer;

	while (!atomic_load(&stage->ending) && (timer = timers_due(&stage->timers, now_ms))) {
		timer->ring(timer->data);
		settle(stage);
	}
}

static void *
run(void *data)
{
	struct stage *stage = data;

	stage->stirred = stage->stirred_pods = true;
	settle(stage);
	while (!atomic_load(&stage->ending)) {
		struct message *message = queue_pop(stage->inbox, wait_ms(stage));

		for (int i = 0; message;
		     message = ++i < BATCH_MAX ? queue_pop(stage->inbox, 0) : NULL)
			take_message(stage, message);
		settle(stage);
		ring_timers(stage);
	}
	return NULL;
}

/* ---- making it ---- */

/* The context of the world and, beside it, what lives. */
static void
make_scope(struct stage *stage)
{
	const cJSON *item;

	stage->scope = cJSON_CreateObject();
	cJSON_ArrayForEach(item, stage->options.context)
		cJSON_AddItemReferenceToObject(stage->scope, item->string,
					       (cJSON *)(uintptr_t)item);
	stage->scope_live = cJSON_AddObjectToObject(stage->scope, "live");
	stage->scope_looks = cJSON_AddObjectToObject(stage->scope, "looks");
}

static int
expand_part(struct stage *stage, const char *name, struct err *e)
{
	const cJSON *part = json_at(stage->options.spec->document, name);
	cJSON *expanded = NULL;

	if (!part)
		return 0;
	if (world_spec_expand(part, stage->options.expressions, stage->options.context, &expanded,
			      e) < 0)
		return err_wrap(e, "%s", name);
	json_add(stage->own, name, expanded);
	return 0;
}

static int
make_lives(struct stage *stage, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(stage->own, "live"))
		if (!live_new(stage, item->string, item, e))
			return -1;
	return 0;
}

static int
make(struct stage *stage, struct err *e)
{
	const cJSON *document = stage->options.spec->document;

	if (expand_part(stage, "live", e) < 0 || expand_part(stage, "conditions", e) < 0)
		return -1;
	faults_new(stage, json_at(document, "faults"));
	if (make_lives(stage, e) < 0 ||
	    conditions_new(stage, json_at(stage->own, "conditions"), e) < 0 ||
	    behaviours_new(stage, json_at(document, "behaviours"), e) < 0 ||
	    rules_new(stage, json_at(document, "rules"), e) < 0 || surprises_new(stage, e) < 0)
		return -1;
	return 0;
}

struct stage *
stage_new(const struct stage_options *options, struct err *e)
{
	struct stage *stage = xcalloc(1, sizeof(*stage));

	stage->options = *options;
	stage->own = cJSON_CreateObject();
	stage->names = dns_memory_new(stage_scaled(stage, NO_MAX_MS));
	stage->inbox = queue_new();
	stage->looks = looks_new(came, stage);
	pthread_mutex_init(&stage->lock, NULL);
	make_scope(stage);
	if (make(stage, e) < 0) {
		stage_free(stage);
		return NULL;
	}
	return stage;
}

void
stage_begin(struct stage *stage)
{
	if (watchers_begin(stage) < 0 || pthread_create(&stage->thread, NULL, run, stage) != 0)
		abort(); /* no thread to be had: nothing of a world would work */
	stage->began = true;
}

void
stage_surprises(struct stage *stage)
{
	stage_send(stage, message_new(MESSAGE_SURPRISES));
}

void
stage_end(struct stage *stage)
{
	if (atomic_exchange(&stage->ending, true))
		return;
	stage_send(stage, message_new(MESSAGE_WAKE));
	if (stage->began)
		pthread_join(stage->thread, NULL);
	looks_free(stage->looks);
	watchers_end(stage);
}

void
stage_free(struct stage *stage)
{
	if (!stage)
		return;
	stage_end(stage);
	timers_release(&stage->timers); /* their owners go now */
	queue_free(stage->inbox, message_free);
	rules_free(stage);
	speakers_free(stage);
	behaviours_free(stage);
	conditions_free(stage);
	for (size_t i = 0; i < stage->lives_count; i++)
		live_free(stage->lives[i]);
	free(stage->lives);
	switches_free(&stage->faults);
	switches_free(&stage->signals);
	for (size_t i = 0; i < stage->services_count; i++) {
		free(stage->services[i].ns);
		free(stage->services[i].name);
	}
	free(stage->services);
	for (size_t i = 0; i < stage->texts_count; i++)
		free(stage->texts[i]);
	free(stage->texts);
	dns_memory_free(stage->names);
	cJSON_Delete(stage->scope);
	cJSON_Delete(stage->own);
	pthread_mutex_destroy(&stage->lock);
	free(stage);
}

/* ---- asked from outside ---- */

cJSON *
stage_state(struct stage *stage)
{
	cJSON *state = cJSON_CreateObject();
	cJSON *conditions = cJSON_AddObjectToObject(state, "conditions");
	cJSON *seen = cJSON_AddObjectToObject(state, "seen");
	cJSON *rules = cJSON_AddObjectToObject(state, "rules");
	cJSON *faults = cJSON_AddObjectToObject(state, "faults");
	cJSON *signals = cJSON_AddObjectToObject(state, "signals");

	pthread_mutex_lock(&stage->lock);
	for (size_t i = 0; i < stage->conditions.count; i++) {
		const struct condition *c = stage->conditions.items[i];

		json_add_bool(conditions, c->name, c->holds == HOLDS_YES);
		json_add_string(seen, c->name, c->seen);
	}
	for (size_t i = 0; i < stage->rules_count; i++)
		json_add_int(rules, stage->rules[i]->name, stage->rules[i]->fired);
	for (size_t i = 0; i < stage->faults.count; i++)
		json_add_bool(faults, stage->faults.items[i]->name, stage->faults.items[i]->on);
	for (size_t i = 0; i < stage->signals.count; i++)
		json_add_bool(signals, stage->signals.items[i]->name, stage->signals.items[i]->on);
	pthread_mutex_unlock(&stage->lock);
	return state;
}

void
stage_started(void *stage_cluster, const struct stored *pod, const char *container, int instance)
{
	const struct stage_cluster *at = stage_cluster;
	struct message *message = message_new(MESSAGE_STARTED);

	message->cluster = at->index;
	message->stored = stored_hold(pod);
	message->name = xstrdup(container);
	message->instance = instance;
	stage_send(at->stage, message);
}

const char *
stage_address(void *stage_cluster, const struct stored *service)
{
	const struct stage_cluster *at = stage_cluster;
	struct stage *stage = at->stage;
	const char *address = NULL;

	pthread_mutex_lock(&stage->lock);
	for (size_t i = 0; i < stage->services_count; i++) {
		const struct service_address *s = &stage->services[i];

		if (s->cluster == at->index && strcmp(s->ns, service->ns) == 0 &&
		    strcmp(s->name, service->name) == 0)
			address = s->address;
	}
	pthread_mutex_unlock(&stage->lock);
	return address;
}
