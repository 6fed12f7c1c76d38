#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/* The objects by uid, by namespace, and by who owns them. */

void
things_add(struct things *list, struct thing *thing)
{
	*VEC_PUSH(list->items, list->count, list->cap) = thing;
}

void
things_remove(struct things *list, const struct thing *thing)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i] == thing) {
			list->items[i] = list->items[--list->count];
			return;
		}
}

void
things_release(struct things *list)
{
	free(list->items);
	*list = (struct things){ NULL, 0, 0 };
}

bool
thing_is(const struct thing *thing, const struct kind *kind)
{
	return thing->stored && thing->stored->kind == kind;
}

bool
thing_is_deleting(const struct thing *thing)
{
	return json_at(thing->stored->object, "metadata/deletionTimestamp");
}

/* FNV-1a. */
static size_t
bucket_of(const char *uid)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *uid; uid++)
		hash = (hash ^ (unsigned char)*uid) * UINT64_C(1099511628211);
	return (size_t)(hash % INDEX_BUCKETS);
}

struct thing *
index_find(struct controllers *c, const char *uid)
{
	struct thing *thing = c->buckets[bucket_of(uid)];

	while (thing && strcmp(thing->uid, uid) != 0)
		thing = thing->next;
	return thing;
}

static struct thing *
need_thing(struct controllers *c, const char *uid)
{
	struct thing *thing = index_find(c, uid), **bucket = &c->buckets[bucket_of(uid)];

	if (thing)
		return thing;
	thing = xcalloc(1, sizeof(*thing));
	thing->uid = xstrdup(uid);
	thing->next = *bucket;
	*bucket = thing;
	return thing;
}

struct thing *
index_find_name(struct controllers *c, const struct kind *kind, const char *ns, const char *name)
{
	const struct stored *stored = store_get(c->store, kind, ns, name);
	struct thing *thing = stored ? index_find(c, stored->uid) : NULL;

	stored_drop(stored);
	return thing && thing->stored ? thing : NULL;
}

struct space *
index_space(struct controllers *c, const char *ns)
{
	for (size_t i = 0; i < c->spaces_count; i++)
		if (strcmp(c->spaces[i]->name, ns) == 0)
			return c->spaces[i];
	struct space *space = xcalloc(1, sizeof(*space));
	space->name = xstrdup(ns);
	*VEC_PUSH(c->spaces, c->spaces_count, c->spaces_cap) = space;
	return space;
}

void
index_release(struct controllers *c, struct thing *thing)
{
	struct thing **at = &c->buckets[bucket_of(thing->uid)];

	if (thing->stored || thing->owned.count || thing->queued || thing->timer)
		return;
	while (*at != thing)
		at = &(*at)->next;
	*at = thing->next;
	things_release(&thing->owned);
	things_release(&thing->owners);
	free(thing->memory);
	free(thing->uid);
	free(thing);
}

static void
drop_owners(struct controllers *c, struct thing *thing)
{
	for (size_t i = 0; i < thing->owners.count; i++) {
		things_remove(&thing->owners.items[i]->owned, thing);
		index_release(c, thing->owners.items[i]);
	}
	thing->owners.count = 0;
	thing->manager = NULL;
}

static void
take_owners(struct controllers *c, struct thing *thing)
{
	const cJSON *reference;

	cJSON_ArrayForEach(reference, json_at(thing->stored->object, "metadata/ownerReferences")) {
		const char *uid = json_string(reference, "uid", "");
		struct thing *owner = *uid ? need_thing(c, uid) : NULL;

		if (!owner || owner == thing)
			continue;
		things_add(&owner->owned, thing);
		things_add(&thing->owners, owner);
		if (json_bool(reference, "controller", false))
			thing->manager = owner;
	}
}

static bool
has_same_owners(const struct stored *a, const struct stored *b)
{
	const cJSON *one = json_at(a->object, "metadata/ownerReferences");
	const cJSON *other = json_at(b->object, "metadata/ownerReferences");

	return (!one && !other) || (one && other && cJSON_Compare(one, other, true));
}

void
index_put(struct controllers *c, const struct stored *stored)
{
	struct thing *thing = need_thing(c, stored->uid);
	const struct stored *before = thing->stored;

	if (before && before->version >= stored->version)
		return;
	thing->stored = stored_hold(stored);
	if (!before) {
		thing->space = index_space(c, stored->ns);
		things_add(&thing->space->members, thing);
	}
	if (!before || !has_same_owners(before, stored)) {
		for (size_t i = 0; i < thing->owners.count; i++)
			controllers_enqueue(c, thing->owners.items[i]);
		drop_owners(c, thing);
		take_owners(c, thing);
	}
	controllers_noticed(c, thing, before);
	stored_drop(before);
}

void
index_remove(struct controllers *c, const char *uid)
{
	struct thing *thing = index_find(c, uid);

	if (!thing || !thing->stored)
		return;
	const struct stored *before = thing->stored;
	thing->stored = NULL;
	controllers_noticed(c, thing, before);
	things_remove(&thing->space->members, thing);
	drop_owners(c, thing);
	controllers_no_timer(c, thing);
	free(thing->memory);
	thing->memory = NULL;
	stored_drop(before);
	/* somebody may hold it in a list just now: it is let go of when its turn comes */
	controllers_enqueue(c, thing);
}

void
index_free(struct controllers *c)
{
	for (size_t i = 0; i < INDEX_BUCKETS; i++)
		while (c->buckets[i]) {
			struct thing *thing = c->buckets[i];

			stored_drop(thing->stored);
			thing->stored = NULL;
			thing->queued = false;
			thing->timer = 0;
			thing->owned.count = 0;
			index_release(c, thing);
		}
	for (size_t i = 0; i < c->spaces_count; i++) {
		things_release(&c->spaces[i]->members);
		free(c->spaces[i]->name);
		free(c->spaces[i]);
	}
	free(c->spaces);
}
