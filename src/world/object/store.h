#ifndef LIFEBOAT_WORLD_OBJECT_STORE_H
#define LIFEBOAT_WORLD_OBJECT_STORE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "world/object/kind.h"
#include "world/object/refusal.h"

/*
 * The objects of one cluster: what etcd and the generic registry of kube-apiserver are to a real one. It gives names,
 * uids, times, versions and generations, keeps the promises of optimistic concurrency, finalizers and deletion, and
 * tells watchers. It knows nothing of HTTP, of who asks, and of what controllers do. Any thread; nothing in it blocks
 * but store_watch_next().
 */
struct store;

/* One version of an object. Immutable: the tree is only read, by any thread, while somebody holds it. */
struct stored {
	const struct kind *kind; /* the storage version's */
	const char *ns;		 /* "" for what has no namespace */
	const char *name, *uid;
	uint64_t version; /* resourceVersion */
	const cJSON *object;
};

const struct stored *stored_hold(const struct stored *s);
void stored_drop(const struct stored *s); /* NULL is legal */

enum {
	STORE_HISTORY = 5000, /* changes that a watch may begin behind; older ones are 410 */
};

struct store *store_new(struct kinds *kinds);
void store_free(struct store *store);

/* What a write is asked with. Zeros are the usual. */
struct store_write {
	bool dry_run;
	const char *
		subresource; /* "status": only that changes; NULL: all but that, where the kind has it */
	uint64_t version; /* it must still be this one; 0: any */
	const char *uid;  /* it must be this one; NULL: any */
	const char *
		propagation; /* of a deletion: "Background", "Foreground", "Orphan"; NULL: Background */
	int64_t grace_s;     /* of a pod's deletion; -1: its own */
};

/*
 * Each takes ownership of `object`, also where it fails, and returns the version that is stored now (the caller drops it).
 * store_create() gives a name from generateName. store_update() needs an object that is there; what only the server sets
 * is kept (uid, times, generation, deletionTimestamp; status, unless that is what is written).
 * Refusals: NotFound, AlreadyExists, Conflict, Invalid (names, immutable fields), Forbidden (a namespace that ends).
 */
int store_create(struct store *store, const struct kind *kind, const char *ns, cJSON *object,
		 const struct store_write *how, const struct stored **ret, struct refusal *r);
int store_update(struct store *store, const struct kind *kind, const char *ns, const char *name,
		 cJSON *object, const struct store_write *how, const struct stored **ret,
		 struct refusal *r);

/*
 * Marks an object for deletion, or removes it where nothing holds it. *ret_gone: it is removed; else *ret is what it is now,
 * with deletionTimestamp. A pod with grace stays until it is deleted again with none (the controller's part).
 */
int store_delete(struct store *store, const struct kind *kind, const char *ns, const char *name,
		 const struct store_write *how, const struct stored **ret, bool *ret_gone,
		 struct refusal *r);

/*
 * Reads, changes, and writes until nobody came between: change() gets a tree of its own, and returns false where nothing
 * is to be written (then *ret is what is there). It may be called several times.
 */
int store_change(struct store *store, const struct kind *kind, const char *ns, const char *name,
		 const struct store_write *how, bool (*change)(void *data, cJSON *object),
		 void *data, const struct stored **ret, struct refusal *r);

/* NULL: there is none. The caller drops. */
const struct stored *store_get(struct store *store, const struct kind *kind, const char *ns,
			       const char *name);

/* All of a kind, by namespace and name; ns NULL: of all namespaces. *ret_version is the list's. The caller drops each and frees the array. */
const struct stored **store_list(struct store *store, const struct kind *kind, const char *ns,
				 size_t *ret_count, uint64_t *ret_version);

/* A change as watchers see it. */
enum store_event_type { STORE_ADDED, STORE_MODIFIED, STORE_DELETED, STORE_NOTHING };
struct store_event {
	enum store_event_type
		type; /* STORE_NOTHING: the time is over; `version` is how far it is certain */
	/* Of a deletion the state that was stored last, with the deletion's version. The caller drops. */
	const struct stored *stored;
	const struct stored *before; /* of a modification or a deletion; the caller drops */
	uint64_t version;
};

/*
 * Follows the changes behind a version: 0: from now on. kind NULL: of all kinds; ns NULL: of all namespaces. -1 with 410
 * (Expired) where they are no more known. One thread at a time for each watch; it is freed before the store.
 */
struct store_watch;
int store_watch_new(struct store *store, const struct kind *kind, const char *ns, uint64_t version,
		    struct store_watch **ret_watch, struct refusal *r);
/* -1 with 410: it has fallen behind too far. Waits at most so long. */
int store_watch_next(struct store_watch *watch, int64_t timeout_ms, struct store_event *ret_event,
		     struct refusal *r);
void store_watch_free(struct store_watch *watch);

/*
 * Tells of every change on the thread that has made it, when it is made and before the call returns; nothing is locked then,
 * so that changes of several threads may be told in another order. Set once, before the first change.
 */
void store_listen(struct store *store,
		  void (*told)(void *data, enum store_event_type type, const struct stored *stored),
		  void *data);

/*
 * How old is what is made from now on: a world begins with clusters that have been there for months. All that happens in
 * a cluster takes its time from here.
 */
void store_set_age(struct store *store, int64_t age_ms);
bool store_is_past(const struct store *store);
int64_t store_now_ms(struct store *store);

uint64_t store_version(struct store *store);
/* Wakes everybody who waits in store_watch_next(), or comes to it next, which then has nothing; for the end. */
void store_wake(struct store *store);
/* Forgets the history, so that every watch that is behind is 410. */
void store_compact(struct store *store);

#endif
