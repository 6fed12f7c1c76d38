#include "config.h"

#include "world/object/store.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/object/store_internal.h"
#include "world/object/store_object.h"

enum { FIRST_VERSION = 1000 };

/* A version with who holds it. */
struct held {
	struct stored stored; /* first */
	atomic_uint holders;
	cJSON *object;
};

/* ---- versions ---- */

const struct stored *
stored_hold(const struct stored *s)
{
	struct held *held = (struct held *)(uintptr_t)s;

	atomic_fetch_add(&held->holders, 1);
	return s;
}

void
stored_drop(const struct stored *s)
{
	struct held *held = (struct held *)(uintptr_t)s;

	if (!held || atomic_fetch_sub(&held->holders, 1) > 1)
		return;
	cJSON_Delete(held->object);
	free(held);
}

/* Takes ownership of the object, whose metadata is complete. Version 0: it has none, since it is not stored. */
static const struct stored *
stored_new(const struct kind *kind, cJSON *object, uint64_t version)
{
	struct held *held = xcalloc(1, sizeof(*held));
	cJSON *metadata = json_at(object, "metadata");
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)version);
	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "resourceVersion");
	if (version)
		json_add_string(metadata, "resourceVersion", number);
	object_share_keys(object);
	held->object = object;
	held->stored = (struct stored){
		.kind = kind,
		.ns = json_string(metadata, "namespace", ""),
		.name = json_string(metadata, "name", ""),
		.uid = json_string(metadata, "uid", ""),
		.version = version,
		.object = object,
	};
	atomic_init(&held->holders, 1);
	return &held->stored;
}

/* ---- shelves ---- */

static struct shelf *
shelf_of(struct store *store, const struct kind *kind)
{
	for (size_t i = 0; i < store->shelves_count; i++)
		if (store->shelves[i].kind == kind->storage)
			return &store->shelves[i];
	struct shelf *shelf = VEC_PUSH(store->shelves, store->shelves_count, store->shelves_cap);
	shelf->kind = kind->storage;
	return shelf;
}

static int
compare(const struct stored *s, const char *ns, const char *name)
{
	int order = strcmp(s->ns, ns);

	return order ? order : strcmp(s->name, name);
}

/* Where it is, or would be. */
static size_t
place_of(const struct shelf *shelf, const char *ns, const char *name, bool *ret_there)
{
	size_t low = 0, high = shelf->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(shelf->items[middle], ns, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_there = low < shelf->count && compare(shelf->items[low], ns, name) == 0;
	return low;
}

static void
shelf_insert(struct shelf *shelf, size_t at, const struct stored *stored)
{
	*VEC_PUSH(shelf->items, shelf->count, shelf->cap) = NULL;
	memmove(&shelf->items[at + 1], &shelf->items[at],
		(shelf->count - 1 - at) * sizeof(struct stored *));
	shelf->items[at] = stored;
}

static void
shelf_remove(struct shelf *shelf, size_t at)
{
	stored_drop(shelf->items[at]);
	shelf->count--;
	memmove(&shelf->items[at], &shelf->items[at + 1],
		(shelf->count - at) * sizeof(struct stored *));
}

struct store *
store_new(struct kinds *kinds)
{
	struct store *store = xcalloc(1, sizeof(*store));
	pthread_condattr_t attributes;

	store->kinds = kinds;
	store->version = store->forgotten = FIRST_VERSION;
	for (size_t i = 0; i < STORE_HISTORY; i++)
		store->history[i].type = STORE_NOTHING;
	pthread_mutex_init(&store->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&store->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return store;
}

void
store_free(struct store *store)
{
	if (!store)
		return;
	store_forget(store);
	for (size_t i = 0; i < store->shelves_count; i++) {
		while (store->shelves[i].count)
			shelf_remove(&store->shelves[i], store->shelves[i].count - 1);
		free(store->shelves[i].items);
	}
	free(store->shelves);
	pthread_cond_destroy(&store->changed);
	pthread_mutex_destroy(&store->lock);
	free(store);
}

/* ---- time ---- */

void
store_set_age(struct store *store, int64_t age_ms)
{
	atomic_store(&store->age_ms, age_ms);
}

bool
store_is_past(const struct store *store)
{
	return atomic_load(&store->age_ms) > 0;
}

int64_t
store_now_ms(struct store *store)
{
	return clock_wall_ms() - atomic_load(&store->age_ms);
}

/* ---- who is told ---- */

void
store_listen(struct store *store,
	     void (*told)(void *data, enum store_event_type type, const struct stored *stored),
	     void *data)
{
	store->told = told;
	store->told_data = data;
}

/* Without the lock. STORE_NOTHING: nothing was written. */
static void
tell_listener(struct store *store, enum store_event_type type, const struct stored *stored)
{
	if (store->told && type != STORE_NOTHING)
		store->told(store->told_data, type, stored);
}

/* ---- creating ---- */

/* With the lock held: whether there is such a namespace that takes new objects. */
static int
check_namespace(struct store *store, const struct kind *kind, const char *ns, const char *name,
		struct refusal *r)
{
	const struct kind *namespaces = kinds_by_resource(store->kinds, "", "v1", "namespaces");
	bool there;

	if (!(kind->flags & KIND_NAMESPACED) || !namespaces)
		return 0;
	const struct shelf *shelf = shelf_of(store, namespaces);
	size_t at = place_of(shelf, "", ns, &there);
	if (!there)
		return refuse_not_found(r, "", "namespaces", ns);
	if (!json_at(shelf->items[at]->object, "metadata/deletionTimestamp"))
		return 0;
	return refuse(
		r, 403, "Forbidden",
		"%s%s%s \"%s\" is forbidden: unable to create new content in namespace %s because "
		"it is being terminated",
		kind->resource, *kind->group ? "." : "", kind->group, name, ns);
}

int
store_create(struct store *store, const struct kind *kind, const char *ns, cJSON *object,
	     const struct store_write *how, const struct stored **ret, struct refusal *r)
{
	bool there;

	if (object_begin(kind, ns, object, store_now_ms(store), r) < 0) {
		cJSON_Delete(object);
		return -1;
	}
	const char *name = json_string(object, "metadata/name", "");
	const char *space = kind->flags & KIND_NAMESPACED ? ns : "";
	pthread_mutex_lock(&store->lock);
	int rc = check_namespace(store, kind, ns, name, r);
	struct shelf *shelf = shelf_of(store, kind);
	size_t at = place_of(shelf, space, name, &there);
	if (rc == 0 && there)
		rc = refuse_exists(r, kind->group, kind->resource, name);
	if (rc < 0) {
		cJSON_Delete(object);
	} else if (how->dry_run) {
		*ret = stored_new(kind->storage, object, 0);
	} else {
		const struct stored *stored = stored_new(kind->storage, object, ++store->version);

		shelf_insert(shelf, at, stored);
		store_tell(store, STORE_ADDED, stored, NULL);
		*ret = stored_hold(stored);
	}
	pthread_mutex_unlock(&store->lock);
	if (rc == 0)
		tell_listener(store, how->dry_run ? STORE_NOTHING : STORE_ADDED, *ret);
	return rc;
}

/* ---- changing ---- */

/* With the lock held: puts another version in the place of one. Takes ownership of the object. */
static const struct stored *
replace(struct store *store, struct shelf *shelf, size_t at, cJSON *object)
{
	const struct stored *before = shelf->items[at];
	const struct stored *after = stored_new(shelf->kind, object, ++store->version);

	store_tell(store, STORE_MODIFIED, after, before);
	stored_drop(before);
	shelf->items[at] = after;
	return stored_hold(after);
}

/*
 * With the lock held. What watchers hear of is what was stored last, in a version of its own, as etcd has it: a write that
 * takes the last finalizer is not to be seen.
 */
static const struct stored *
take_away(struct store *store, struct shelf *shelf, size_t at)
{
	const struct stored *before = shelf->items[at];
	const struct stored *last =
		stored_new(shelf->kind, cJSON_Duplicate(before->object, true), ++store->version);

	store_tell(store, STORE_DELETED, last, before);
	shelf_remove(shelf, at);
	return last;
}

static int
check_write(const struct kind *kind, const struct stored *before, const struct store_write *how,
	    struct refusal *r)
{
	if (how->uid && strcmp(how->uid, before->uid) != 0) {
		char *why = xasprintf(
			"Precondition failed: UID in precondition: %s, UID in object meta: %s",
			how->uid, before->uid);
		refuse_conflict(r, kind->group, kind->resource, before->name, why);
		free(why);
		return -1;
	}
	if (how->version && how->version != before->version)
		return refuse_conflict(
			r, kind->group, kind->resource, before->name,
			"the object has been modified; please apply your changes to the latest "
			"version and try again");
	return 0;
}

/* With the lock held. Takes ownership of the object. */
static int
update(struct store *store, struct shelf *shelf, size_t at, const struct kind *kind, cJSON *object,
       const struct store_write *how, const struct stored **ret, enum store_event_type *ret_type,
       struct refusal *r)
{
	const struct stored *before = shelf->items[at];

	if (check_write(kind, before, how, r) < 0) {
		cJSON_Delete(object);
		return -1;
	}
	object_keep_ours(kind, object, before->object, how->subresource);
	if (cJSON_Compare(before->object, object,
			  true)) { /* a write that changes nothing makes no version */
		cJSON_Delete(object);
		*ret = stored_hold(before);
	} else if (how->dry_run) {
		*ret = stored_new(kind->storage, object, before->version);
	} else if (object_is_done(kind, object)) {
		stored_drop(take_away(store, shelf, at));
		*ret = stored_new(kind->storage, object, store->version);
		*ret_type = STORE_DELETED;
	} else {
		*ret = replace(store, shelf, at, object);
		*ret_type = STORE_MODIFIED;
	}
	return 0;
}

int
store_update(struct store *store, const struct kind *kind, const char *ns, const char *name,
	     cJSON *object, const struct store_write *how, const struct stored **ret,
	     struct refusal *r)
{
	enum store_event_type type = STORE_NOTHING;
	bool there;
	int rc;

	pthread_mutex_lock(&store->lock);
	struct shelf *shelf = shelf_of(store, kind);
	size_t at = place_of(shelf, kind->flags & KIND_NAMESPACED ? ns : "", name, &there);
	if (there) {
		rc = update(store, shelf, at, kind, object, how, ret, &type, r);
	} else {
		cJSON_Delete(object);
		rc = refuse_not_found(r, kind->group, kind->resource, name);
	}
	pthread_mutex_unlock(&store->lock);
	if (rc == 0)
		tell_listener(store, type, *ret);
	return rc;
}

int
store_change(struct store *store, const struct kind *kind, const char *ns, const char *name,
	     const struct store_write *how, bool (*change)(void *data, cJSON *object), void *data,
	     const struct stored **ret, struct refusal *r)
{
	for (;;) {
		const struct stored *before = store_get(store, kind, ns, name);
		struct store_write again = *how;

		if (!before)
			return refuse_not_found(r, kind->group, kind->resource, name);
		if (check_write(kind, before, how, r) < 0) {
			stored_drop(before);
			return -1;
		}
		cJSON *object = cJSON_Duplicate(before->object, true);
		if (!change(data, object)) {
			cJSON_Delete(object);
			*ret = before;
			return 0;
		}
		again.version = before->version;
		stored_drop(before);
		if (store_update(store, kind, ns, name, object, &again, ret, r) == 0)
			return 0;
		if (how->version || r->code != 409)
			return -1;
		refusal_release(r); /* somebody came between */
	}
}

/* ---- deleting ---- */

/* With the lock held. Only what could have had grace is marked before it goes. */
static const struct stored *
delete_at(struct store *store, struct shelf *shelf, size_t at, const struct store_write *how,
	  bool *ret_gone, enum store_event_type *ret_type)
{
	const struct stored *before = shelf->items[at];
	cJSON *object = cJSON_Duplicate(before->object, true);

	object_mark_deleted(shelf->kind, object, store_now_ms(store), how);
	*ret_gone = object_is_done(shelf->kind, object);
	if (how->dry_run || cJSON_Compare(before->object, object, true)) {
		cJSON_Delete(object);
		return stored_hold(before);
	}
	*ret_type = *ret_gone ? STORE_DELETED : STORE_MODIFIED;
	if (!*ret_gone)
		return replace(store, shelf, at, object);
	if (kind_is(shelf->kind, "", "pods"))
		stored_drop(replace(store, shelf, at, object));
	else
		cJSON_Delete(object);
	return take_away(store, shelf, at);
}

int
store_delete(struct store *store, const struct kind *kind, const char *ns, const char *name,
	     const struct store_write *how, const struct stored **ret, bool *ret_gone,
	     struct refusal *r)
{
	enum store_event_type type = STORE_NOTHING;
	bool there;
	int rc = 0;

	pthread_mutex_lock(&store->lock);
	struct shelf *shelf = shelf_of(store, kind);
	size_t at = place_of(shelf, kind->flags & KIND_NAMESPACED ? ns : "", name, &there);
	if (!there)
		rc = refuse_not_found(r, kind->group, kind->resource, name);
	else
		rc = check_write(kind, shelf->items[at], how, r);
	if (rc == 0)
		*ret = delete_at(store, shelf, at, how, ret_gone, &type);
	pthread_mutex_unlock(&store->lock);
	if (rc == 0)
		tell_listener(store, type, *ret);
	return rc;
}

/* ---- reading ---- */

const struct stored *
store_get(struct store *store, const struct kind *kind, const char *ns, const char *name)
{
	const struct stored *found = NULL;
	bool there;

	pthread_mutex_lock(&store->lock);
	const struct shelf *shelf = shelf_of(store, kind);
	size_t at = place_of(shelf, kind->flags & KIND_NAMESPACED ? ns : "", name, &there);
	if (there)
		found = stored_hold(shelf->items[at]);
	pthread_mutex_unlock(&store->lock);
	return found;
}

const struct stored **
store_list(struct store *store, const struct kind *kind, const char *ns, size_t *ret_count,
	   uint64_t *ret_version)
{
	bool exact;

	pthread_mutex_lock(&store->lock);
	const struct shelf *shelf = shelf_of(store, kind);
	size_t at = ns ? place_of(shelf, ns, "", &exact) : 0, count = 0;
	while (at + count < shelf->count && (!ns || strcmp(shelf->items[at + count]->ns, ns) == 0))
		count++;
	const struct stored **items = xcalloc(count + 1, sizeof(*items));
	for (size_t i = 0; i < count; i++)
		items[i] = stored_hold(shelf->items[at + i]);
	*ret_version = store->version;
	pthread_mutex_unlock(&store->lock);
	*ret_count = count;
	return items;
}
