#include "config.h"

#include "world/controller/controller.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

enum {
	EXPIRY_MS = 60000, /* how often old Events are looked for */
};

static const struct controller table[] = {
	{ "", "endpoints", endpoints_reconcile, false },
	{ "", "namespaces", namespace_reconcile, false },
	{ "", "nodes", node_reconcile, false },
	{ "", "persistentvolumeclaims", claim_reconcile, false },
	{ "", "persistentvolumes", volume_reconcile, false },
	{ "", "pods", pod_reconcile, false },
	{ "", "secrets", secret_reconcile, false },
	{ "", "services", service_reconcile, false },
	{ "apps", "daemonsets", daemonset_reconcile, true },
	{ "apps", "deployments", deployment_reconcile, false },
	{ "apps", "replicasets", replicaset_reconcile, true },
	{ "apps", "statefulsets", statefulset_reconcile, true },
	{ "batch", "cronjobs", cronjob_reconcile, false },
	{ "batch", "jobs", job_reconcile, true },
};

static const struct controller *
controller_of(const struct kind *kind)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(kind->resource, table[i].resource) == 0 &&
		    strcmp(kind->group, table[i].group) == 0)
			return &table[i];
	return NULL;
}

/* ---- the queue ---- */

void
controllers_enqueue(struct controllers *c, struct thing *thing)
{
	if (thing->queued)
		return;
	if (c->queue_count == c->queue_cap) {
		size_t cap = c->queue_cap ? c->queue_cap * 2 : 64;
		struct thing **ring = xcalloc(cap, sizeof(struct thing *));

		for (size_t i = 0; i < c->queue_count; i++)
			ring[i] = c->queue[(c->queue_head + i) % c->queue_cap];
		free(c->queue);
		c->queue = ring;
		c->queue_cap = cap;
		c->queue_head = 0;
	}
	thing->queued = true;
	c->queue[(c->queue_head + c->queue_count++) % c->queue_cap] = thing;
}

static struct thing *
dequeue(struct controllers *c)
{
	struct thing *thing;

	if (c->queue_count == 0)
		return NULL;
	thing = c->queue[c->queue_head];
	c->queue_head = (c->queue_head + 1) % c->queue_cap;
	c->queue_count--;
	thing->queued = false;
	return thing;
}

/* ---- timers ---- */

static void
place_timer(struct things *heap, size_t at, struct thing *thing)
{
	heap->items[at] = thing;
	thing->timer = at + 1;
}

static void
rise(struct things *heap, size_t at)
{
	struct thing *thing = heap->items[at];

	while (at > 0 && heap->items[(at - 1) / 2]->due_ms > thing->due_ms) {
		place_timer(heap, at, heap->items[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place_timer(heap, at, thing);
}

static void
sink(struct things *heap, size_t at)
{
	struct thing *thing = heap->items[at];

	for (size_t child = at * 2 + 1; child < heap->count; child = at * 2 + 1) {
		if (child + 1 < heap->count &&
		    heap->items[child + 1]->due_ms < heap->items[child]->due_ms)
			child++;
		if (heap->items[child]->due_ms >= thing->due_ms)
			break;
		place_timer(heap, at, heap->items[child]);
		at = child;
	}
	place_timer(heap, at, thing);
}

void
controllers_no_timer(struct controllers *c, struct thing *thing)
{
	size_t at = thing->timer - 1;

	if (!thing->timer)
		return;
	struct thing *last = c->timers.items[--c->timers.count];
	thing->timer = 0;
	if (last == thing)
		return;
	place_timer(&c->timers, at, last);
	rise(&c->timers, at);
	sink(&c->timers, last->timer - 1);
}

void
controllers_later(struct controllers *c, struct thing *thing, int64_t delay_ms)
{
	int64_t due_ms = clock_mono_ms() + (delay_ms > 0 ? delay_ms : 0);

	if (thing->timer && thing->due_ms <= due_ms)
		return;
	controllers_no_timer(c, thing);
	thing->due_ms = due_ms;
	things_add(&c->timers, thing);
	rise(&c->timers, c->timers.count - 1);
}

int64_t
controllers_scaled(const struct controllers *c, int64_t world_ms)
{
	int64_t scaled_ms = (int64_t)((double)world_ms / atomic_load(&c->speed));

	return scaled_ms > 0 || world_ms <= 0 ? scaled_ms : 1;
}

int64_t
controllers_seconds(const struct controllers *c, int64_t seconds)
{
	return controllers_scaled(c, (seconds < INT32_MAX ? seconds : INT32_MAX) * 1000);
}

/* ---- what watches what ---- */

static void
enqueue_kind(struct controllers *c, const struct space *space, const struct kind *kind)
{
	for (size_t i = 0; i < space->members.count; i++)
		if (thing_is(space->members.items[i], kind))
			controllers_enqueue(c, space->members.items[i]);
}

static void
enqueue_kind_everywhere(struct controllers *c, const struct kind *kind)
{
	for (size_t i = 0; i < c->spaces_count; i++)
		enqueue_kind(c, c->spaces[i], kind);
}

/* What nobody controls may be somebody's by its labels. */
static void
notice_orphan(struct controllers *c, const struct thing *thing)
{
	if (thing_is(thing, c->kinds.replicasets))
		enqueue_kind(c, thing->space, c->kinds.deployments);
	if (!thing_is(thing, c->kinds.pods))
		return;
	for (size_t i = 0; i < thing->space->members.count; i++) {
		struct thing *other = thing->space->members.items[i];

		if (other->controller && other->controller->adopts)
			controllers_enqueue(c, other);
	}
}

static void
notice_pod(struct controllers *c, struct thing *thing, const struct stored *before)
{
	if (before)
		machines_give_back(c, before);
	if (thing->stored) {
		machines_take(c, thing->stored);
		pod_read_facts(thing, before);
	} else if (c->cluster->logs) {
		podlogs_remove(c->cluster->logs, before->uid);
	}
	if (!thing->stored)
		enqueue_kind(c, thing->space, c->kinds.claims); /* one may have waited for it */
	enqueue_kind(c, thing->space, c->kinds.services);
}

/* New room, or less of it: who waits for a place, or wants one on each. */
static void
notice_node(struct controllers *c)
{
	enqueue_kind_everywhere(c, c->kinds.daemonsets);
	for (size_t i = 0; i < c->spaces_count; i++)
		for (size_t at = 0; at < c->spaces[i]->members.count; at++) {
			struct thing *thing = c->spaces[i]->members.items[at];

			if (thing_is(thing, c->kinds.pods) && !thing->pod.bound)
				controllers_enqueue(c, thing);
		}
}

/* What is always there in a namespace, or has to go with it. */
static void
notice_member(struct controllers *c, const struct thing *thing, const struct stored *stored)
{
	struct thing *ns;

	if (!*stored->ns || thing->stored)
		return;
	ns = index_find_name(c, c->kinds.namespaces, "", stored->ns);
	if (ns && (thing_is_deleting(ns) || stored->kind == c->kinds.accounts ||
		   stored->kind == c->kinds.configmaps))
		controllers_enqueue(c, ns);
}

/* A Service and its Endpoints know each other by their name alone. */
static void
notice_service(struct controllers *c, const struct thing *thing, const struct stored *stored)
{
	const struct kind *other = NULL;
	struct thing *partner;

	if (stored->kind == c->kinds.services)
		other = c->kinds.endpoints;
	else if (stored->kind == c->kinds.endpoints)
		other = c->kinds.services;
	if (!other || (thing->stored && other == c->kinds.endpoints))
		return;
	partner = index_find_name(c, other, stored->ns, stored->name);
	if (partner)
		controllers_enqueue(c, partner);
}

void
controllers_noticed(struct controllers *c, struct thing *thing, const struct stored *before)
{
	const struct stored *stored = thing->stored ? thing->stored : before;

	if (stored->kind == c->kinds.events)
		return;
	if (!before)
		thing->controller = controller_of(stored->kind);
	if (stored->kind == c->kinds.pods)
		notice_pod(c, thing, before);
	if (stored->kind == c->kinds.nodes)
		notice_node(c);
	if (stored->kind == c->kinds.accounts && !thing->stored)
		account_gone(c, thing->space);
	if (stored->kind == c->kinds.claims && !thing->stored)
		claim_gone(c, stored);
	notice_service(c, thing, stored);
	notice_member(c, thing, stored);
	for (size_t i = 0; i < thing->owners.count; i++)
		controllers_enqueue(c, thing->owners.items[i]);
	if (thing->stored) {
		controllers_enqueue(c, thing);
		if (!thing->manager)
			notice_orphan(c, thing);
		return;
	}
	for (size_t i = 0; i < thing->owned.count; i++)
		controllers_enqueue(c, thing->owned.items[i]);
}

/* ---- following the store ---- */

static void
keep_all(struct controllers *c, const struct kind *kind)
{
	size_t count;
	uint64_t version;
	const struct stored **items = store_list(c->store, kind, NULL, &count, &version);

	for (size_t i = 0; i < count; i++) {
		index_put(c, items[i]);
		stored_drop(items[i]);
	}
	free(items);
}

static void
list_kind(void *data, const struct kind *kind)
{
	if (kind->storage == kind && !(kind->flags & KIND_CREATE_ONLY))
		keep_all(data, kind);
}

/* Those that went while nobody looked. */
static void
forget_gone(struct controllers *c)
{
	for (size_t i = 0; i < INDEX_BUCKETS; i++)
		for (struct thing *thing = c->buckets[i], *next; thing; thing = next) {
			const struct stored *there = NULL, *known = thing->stored;

			next = thing->next;
			if (!known)
				continue;
			there = store_get(c->store, known->kind, known->ns, known->name);
			bool gone = !there || strcmp(there->uid, known->uid) != 0;
			stored_drop(there);
			if (gone) {
				index_remove(c, thing->uid);
				next = c->buckets[i]; /* others may have gone with it */
			}
		}
}

/* At the start, and where the store has run away: everything is looked at anew. */
static void
begin_watch(struct controllers *c)
{
	struct refusal r = REFUSAL_INIT;

	store_watch_free(c->watch);
	c->watch = NULL;
	if (store_watch_new(c->store, NULL, NULL, 0, &c->watch, &r) < 0)
		abort(); /* from now on: never too old */
	forget_gone(c);
	kinds_each(c->cluster->kinds, list_kind, c);
	refusal_release(&r);
}

/* Waits for a change. False: there was none. */
static bool
take_change(struct controllers *c, int64_t timeout_ms)
{
	struct refusal r = REFUSAL_INIT;
	struct store_event event;

	if (store_watch_next(c->watch, timeout_ms, &event, &r) < 0) {
		refusal_release(&r);
		begin_watch(c);
		return true;
	}
	if (event.type == STORE_NOTHING)
		return false;
	if (event.type == STORE_DELETED)
		index_remove(c, event.stored->uid);
	else
		index_put(c, event.stored);
	stored_drop(event.stored);
	stored_drop(event.before);
	return true;
}

void
controllers_catch_up(struct controllers *c)
{
	while (take_change(c, 0))
		;
}

/* ---- the thread ---- */

static int64_t
generation_of(const struct thing *thing)
{
	return thing->stored ? json_int(thing->stored->object, "metadata/generation", 0) : 0;
}

bool
controllers_outdated(const struct controllers *c, const struct thing *thing)
{
	return generation_of(thing) != c->generation;
}

static void
work_on(struct controllers *c, struct thing *thing)
{
	c->generation = generation_of(thing);
	if (thing->stored && !garbage_reconcile(c, thing) && thing->stored && thing->controller)
		thing->controller->reconcile(c, thing);
	index_release(c, thing);
}

static void
ring_timers(struct controllers *c)
{
	int64_t now_ms = clock_mono_ms();

	while (c->timers.count && c->timers.items[0]->due_ms <= now_ms) {
		struct thing *thing = c->timers.items[0];

		controllers_no_timer(c, thing);
		controllers_enqueue(c, thing);
	}
}

/* The stage has changed its mind about something. */
static void
look_again(struct controllers *c)
{
	for (size_t i = 0; i < c->spaces_count; i++)
		for (size_t at = 0; at < c->spaces[i]->members.count; at++) {
			struct thing *thing = c->spaces[i]->members.items[at];

			if (thing_is(thing, c->kinds.pods))
				pod_look(c, thing);
		}
	enqueue_kind_everywhere(c, c->kinds.services);
}

static int64_t
time_left(const struct controllers *c, int64_t until_ms)
{
	int64_t now_ms = clock_mono_ms();

	if (c->timers.count && c->timers.items[0]->due_ms < until_ms)
		until_ms = c->timers.items[0]->due_ms;
	return until_ms > now_ms ? until_ms - now_ms : 0;
}

static void *
run(void *data)
{
	struct controllers *c = data;
	int64_t expiry_ms = clock_mono_ms() + EXPIRY_MS;

	controllers_live_by(c->store);
	begin_watch(c);
	while (!atomic_load(&c->ending)) {
		struct thing *thing;

		if (atomic_exchange(&c->look, false))
			look_again(c);
		controllers_catch_up(c);
		ring_timers(c);
		if (clock_mono_ms() >= expiry_ms) {
			events_expire(c);
			expiry_ms = clock_mono_ms() + EXPIRY_MS;
		}
		thing = dequeue(c);
		if (thing)
			work_on(c, thing);
		else if (!atomic_load(&c->ending) && !atomic_load(&c->look))
			take_change(c, time_left(c, expiry_ms));
	}
	return NULL;
}

static void
find_kinds(struct controllers *c)
{
	struct controller_kinds *k = &c->kinds;
	const struct {
		const struct kind **place;
		const char *group, *resource;
	} wanted[] = {
		{ &k->pods, "", "pods" },
		{ &k->services, "", "services" },
		{ &k->endpoints, "", "endpoints" },
		{ &k->events, "", "events" },
		{ &k->namespaces, "", "namespaces" },
		{ &k->nodes, "", "nodes" },
		{ &k->secrets, "", "secrets" },
		{ &k->configmaps, "", "configmaps" },
		{ &k->accounts, "", "serviceaccounts" },
		{ &k->claims, "", "persistentvolumeclaims" },
		{ &k->volumes, "", "persistentvolumes" },
		{ &k->slices, "discovery.k8s.io", "endpointslices" },
		{ &k->replicasets, "apps", "replicasets" },
		{ &k->deployments, "apps", "deployments" },
		{ &k->statefulsets, "apps", "statefulsets" },
		{ &k->daemonsets, "apps", "daemonsets" },
		{ &k->revisions, "apps", "controllerrevisions" },
		{ &k->jobs, "batch", "jobs" },
		{ &k->cronjobs, "batch", "cronjobs" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const struct kind *kind = kinds_by_resource(c->cluster->kinds, wanted[i].group,
							    "v1", wanted[i].resource);

		*wanted[i].place = kind ? kind->storage : NULL;
		if (!kind)
			abort(); /* every cluster's table has them */
	}
}

struct controllers *
controllers_new(struct cluster *cluster, const struct controllers_options *options)
{
	struct controllers *c = xcalloc(1, sizeof(*c));

	c->cluster = cluster;
	c->store = cluster->store;
	c->options = *options;
	atomic_init(&c->speed, options->speed > 0 ? options->speed : 1);
	find_kinds(c);
	c->recent = events_new();
	c->machines = machines_new();
	atomic_init(&c->ending, false);
	atomic_init(&c->look, false);
	if (pthread_create(&c->thread, NULL, run, c) != 0)
		abort(); /* no thread to be had: as no memory */
	return c;
}

void
controllers_set_speed(struct controllers *c, double speed)
{
	atomic_store(&c->speed, speed);
	controllers_look(c);
}

void
controllers_free(struct controllers *c)
{
	if (!c)
		return;
	atomic_store(&c->ending, true);
	store_wake(c->store);
	pthread_join(c->thread, NULL);
	store_watch_free(c->watch);
	index_free(c);
	things_release(&c->timers);
	free(c->queue);
	events_free(c->recent);
	machines_free(c->machines);
	free(c);
}

void
controllers_look(struct controllers *c)
{
	atomic_store(&c->look, true);
	store_wake(c->store);
}
