#ifndef LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_INTERNAL_H
#define LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/str.h"
#include "kube/pod_status.h"
#include "world/controller/controller.h"

/*
 * What the files of the controllers share. Everything here belongs to their one thread. They know the objects by an
 * index that follows the store's changes in their order; whoever writes lets the index catch up, so that everything
 * that was written is seen by what is decided next.
 */

struct thing;
struct events;
struct machines;

struct things {
	struct thing **items;
	size_t count, cap;
};

/* A namespace, "" for what has none, with all that is in it. Never freed before the index. */
struct space {
	char *name;
	struct things members;
};

/* What the controllers ask of a pod again and again, read once for each version. */
struct pod_facts {
	bool bound, ready, terminating;
	bool succeeded, failed;
	const char *node; /* of the stored object, or "" */
	int64_t ready_ms; /* of clock_mono_ms(): since when it is ready */
};

/* What makes the objects of one kind true. */
struct controller {
	const char *group, *resource;
	void (*reconcile)(struct controllers *c, struct thing *thing);
	bool adopts; /* looks for pods without a controller */
};

/* An object as the controllers know it, or one that others name as their owner. */
struct thing {
	char *uid;
	const struct stored *stored; /* held; NULL: it is not there */
	struct thing *next;	     /* of the same bucket of the index */
	struct things owned;	     /* those that name it as an owner */
	struct things owners;
	struct thing *manager; /* the owner that is its controller, or NULL */
	struct space *space;
	const struct controller *controller; /* NULL: none for its kind */
	bool queued;
	size_t timer;	/* its place among the timers + 1; 0: none */
	int64_t due_ms; /* of clock_mono_ms() */
	struct pod_facts pod;
	void *memory; /* what its controller remembers of it; freed with free() */
};

/* The kinds that the controllers write, of the cluster's table. */
struct controller_kinds {
	const struct kind *pods, *services, *endpoints, *slices, *events, *namespaces, *nodes,
		*secrets, *configmaps, *accounts, *replicasets, *deployments, *statefulsets,
		*daemonsets, *revisions, *jobs, *cronjobs, *claims, *volumes;
};

enum { INDEX_BUCKETS = 4096 };

struct controllers {
	struct cluster *cluster;
	struct store *store;
	struct controllers_options options;
	_Atomic double speed;
	struct controller_kinds kinds;
	pthread_t thread;
	atomic_bool ending, look;
	struct store_watch *watch;
	/* the index */
	struct thing *buckets[INDEX_BUCKETS];
	struct space **spaces;
	size_t spaces_count, spaces_cap;
	/* things to look at, first come, first served: a ring */
	struct thing **queue;
	size_t queue_head, queue_count, queue_cap;
	struct things timers; /* a heap by due_ms */
	int64_t generation;   /* of the thing that is worked on, when that began */
	struct events *recent;
	struct machines *machines;
};

/* ---- controller_index.c: what there is ---- */

struct thing *index_find(struct controllers *c, const char *uid);
struct thing *index_find_name(struct controllers *c, const struct kind *kind, const char *ns,
			      const char *name);
struct space *index_space(struct controllers *c, const char *ns);
/* One version has come, or the last one has gone. Tells controllers_noticed(). */
void index_put(struct controllers *c, const struct stored *stored);
void index_remove(struct controllers *c, const char *uid);
/* Lets go of a thing that nobody needs: gone, owning nothing, neither queued nor timed. */
void index_release(struct controllers *c, struct thing *thing);
void index_free(struct controllers *c);

void things_add(struct things *list, struct thing *thing);
void things_remove(struct things *list, const struct thing *thing);
void things_release(struct things *list);

bool thing_is(const struct thing *thing, const struct kind *kind);
bool thing_is_deleting(const struct thing *thing);

/* ---- controller.c: when is what looked at ---- */

void controllers_enqueue(struct controllers *c, struct thing *thing);
/* Looks again after so long, not before; what is due earlier already stays. */
void controllers_later(struct controllers *c, struct thing *thing, int64_t delay_ms);
/* Forgets the time; what is due next is told anew. */
void controllers_no_timer(struct controllers *c, struct thing *thing);
/*
 * Somebody wants something else of the thing than when the work on it began: what was found out is not to be told as an
 * answer to that. It is looked at again.
 */
bool controllers_outdated(const struct controllers *c, const struct thing *thing);
/* What has changed: who has to look. `before` or `after` may be NULL. */
void controllers_noticed(struct controllers *c, struct thing *thing, const struct stored *before);
/* Takes in what the store has told until now. */
void controllers_catch_up(struct controllers *c);
/* A duration of the world as it is here; never 0 where there is one. */
int64_t controllers_scaled(const struct controllers *c, int64_t world_ms);
/* The same of what an object says in seconds: nothing is longer than 68 years. */
int64_t controllers_seconds(const struct controllers *c, int64_t seconds);

/* ---- controller_write.c: writing, and parts of objects ---- */

/* Takes ownership. NULL: refused, and *ret_code (may be NULL) says how; else held for the caller. */
const struct stored *write_new(struct controllers *c, const struct kind *kind, const char *ns,
			       cJSON *object, int *ret_code);
/* Changes one object, of which only the status is written if `status`. False: it is gone, or nothing was to be changed. */
bool write_change(struct controllers *c, const struct stored *stored, bool status,
		  bool (*change)(void *data, cJSON *object), void *data);
/* Replaces its status. Takes ownership. */
void write_status(struct controllers *c, const struct stored *stored, cJSON *status);
/* propagation NULL: in the background; grace_s -1: its own. */
bool write_delete(struct controllers *c, const struct stored *stored, const char *propagation,
		  int64_t grace_s);

void set_string(cJSON *object, const char *name, const char *value);
void set_int(cJSON *object, const char *name, int64_t value);
/* As a Go field with omitempty: 0 is no member. */
void set_count(cJSON *object, const char *name, int64_t value);
/* A member that is an object, or an array: made where it is not there. */
cJSON *need_object(cJSON *object, const char *name);
cJSON *need_array(cJSON *object, const char *name);
void set_copy(cJSON *object, const char *name, const cJSON *value);
/* Removes it. */
void unset(cJSON *object, const char *name);
/* The label or annotation, whose key may hold '/'; "" where there is none. */
const char *label_of(const cJSON *object, const char *key);
const char *annotation_of(const cJSON *object, const char *key);
/* "2026-11-21T14:07:32Z" now. */
const char *now_text(char out[32]);
/* The wall clock of the cluster whose thread this is: it may have been there for months already. */
int64_t here_ms(void);
void controllers_live_by(struct store *store);
/* {apiVersion, kind, metadata: {}}. */
cJSON *new_object(const struct kind *kind);
/* An ownerReference with controller and blockOwnerDeletion. */
cJSON *owner_reference(const struct stored *owner);

/*
 * Sets a condition of `conditions`: its lastTransitionTime moves with its status only. With `updated`, it has a lastUpdateTime,
 * which is now. True: something of it is another.
 */
bool set_condition(cJSON *conditions, const char *type, bool status, const char *reason,
		   const char *message, bool updated);
/* Whether a condition of its status is there, and "True". */
bool condition_holds(const cJSON *object, const char *type);
/* Changes for write_change(): takes out the finalizer of a name; the reference to the owner of a uid. */
bool drop_finalizer(void *name, cJSON *object);
bool drop_owner(void *uid, cJSON *object);

/* ---- controller_workload.c: what all owners of pods do ---- */

/* Whether it runs or may run: neither ended nor on its way out. */
bool pod_is_active(const struct thing *pod);
/* Since min_ready_s; *ret_wait_ms is lowered to when it will be, where it is only ready. */
bool pod_is_available(const struct controllers *c, const struct thing *pod, int64_t min_ready_s,
		      int64_t *ret_wait_ms);
/*
 * Objects of a kind that are `owner`'s: takes those without a controller that its selector names, lets go of those that it
 * names no more. The caller releases the list.
 */
struct things claim(struct controllers *c, struct thing *owner, const struct kind *kind);
/* The pods that it owns already. The caller releases. */
struct things owned_of_kind(const struct thing *owner, const struct kind *kind);
/* A pod of spec.template, owned; the caller adds name or generateName, and writes it. */
cJSON *pod_from_template(struct controllers *c, const struct thing *owner, const cJSON *template);
/* Writes it, and tells of it with an Event of the owner. False: refused. */
bool pod_create(struct controllers *c, struct thing *owner, const char *component, cJSON *pod);
bool pod_delete(struct controllers *c, struct thing *owner, const char *component,
		struct thing *pod);
/* Puts first what is to be deleted first. */
void sort_for_deletion(struct things *pods);
/* Older first, by name where they are of the same second. */
void sort_by_age(struct things *list);
/* A stable short word for a tree, as names of ReplicaSets end; the members' order does not matter. */
char *template_hash(const cJSON *template, int64_t collisions);
/* 3, or "25%" of a total, rounded up or down; `otherwise` where it is not said. */
int64_t int_or_percent(const cJSON *value, int64_t total, bool up, const char *otherwise);

/* ---- controller_job.c ---- */

bool job_is_finished(const struct thing *job);

/* ---- controller_revision.c: the history of StatefulSets and DaemonSets ---- */

struct revisions {
	char *current, *update; /* names; current may be that of update */
	char *hash;		/* of update */
};
/* Finds or makes the ControllerRevision of the template as it is, and forgets the oldest ones that no pod has. */
void revision_update(struct controllers *c, struct thing *owner, const char *hash_label,
		     struct revisions *ret);
void revisions_release(struct revisions *r);
/* The template of a revision; NULL: it is not there. Borrowed of the index. */
const cJSON *revision_template(struct controllers *c, const struct thing *owner, const char *name);

/* ---- controller_event.c ---- */

struct events *events_new(void);
void events_free(struct events *events);
/*
 * Tells of something about an object, as the component of that name does. What was told before of the same object counts
 * up. field: "spec.containers{web}" or NULL; host: the node of a kubelet or NULL.
 */
void event_tell(struct controllers *c, const struct stored *about, const char *component,
		const char *host, const char *field, const char *type, const char *reason,
		const char *format, ...) __attribute__((format(printf, 8, 9)));
/* Deletes those that are older than an hour. */
void events_expire(struct controllers *c);

/* ---- controller_node.c ---- */

struct machines *machines_new(void);
void machines_free(struct machines *m);
/* A pod came to a node, or left it: what it is given is taken. */
void machines_take(struct controllers *c, const struct stored *pod);
void machines_give_back(struct controllers *c, const struct stored *pod);
/* The name of the node for a pod, a borrowed string of the index; NULL: none fits, and `why` says it as the scheduler does. */
const char *machines_choose(struct controllers *c, const struct stored *pod, struct str *why);
/* An address that no other pod of the node has. The caller frees. */
char *machines_address(struct controllers *c, const char *node);
/* The InternalIP of a node; "" where it is unknown. Borrowed of the index. */
const char *machines_host(struct controllers *c, const char *node);
/* Whether a DaemonSet's pod belongs on the node. */
bool machine_suits(const struct thing *node, const cJSON *pod_spec);

/* ---- controller_pod*.c ---- */

void pod_read_facts(struct thing *thing, const struct stored *before);
/* The plans may be others. */
void pod_look(struct controllers *c, struct thing *thing);

/* ---- controller_garbage.c ---- */

/* True: it was deleted, or waits for what it owns. */
bool garbage_reconcile(struct controllers *c, struct thing *thing);

/* ---- controller_account.c ---- */

/* A service account of the namespace is no more. */
void account_gone(struct controllers *c, const struct space *space);

/* ---- controller_claim.c ---- */

/* A claim is no more, as it was at last: its volume goes too. */
void claim_gone(struct controllers *c, const struct stored *claim);

/* ---- the controllers of the table ---- */

void deployment_reconcile(struct controllers *c, struct thing *thing);
void replicaset_reconcile(struct controllers *c, struct thing *thing);
void statefulset_reconcile(struct controllers *c, struct thing *thing);
void daemonset_reconcile(struct controllers *c, struct thing *thing);
void job_reconcile(struct controllers *c, struct thing *thing);
void cronjob_reconcile(struct controllers *c, struct thing *thing);
void pod_reconcile(struct controllers *c, struct thing *thing);
void service_reconcile(struct controllers *c, struct thing *thing);
void namespace_reconcile(struct controllers *c, struct thing *thing);
void node_reconcile(struct controllers *c, struct thing *thing);
void claim_reconcile(struct controllers *c, struct thing *thing);
void volume_reconcile(struct controllers *c, struct thing *thing);
void secret_reconcile(struct controllers *c, struct thing *thing);
void endpoints_reconcile(struct controllers *c, struct thing *thing);

#endif
