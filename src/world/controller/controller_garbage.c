#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "world/controller/controller_internal.h"

/*
 * What is owned goes with its owner: in the background, before it (foregroundDeletion), or not at all (orphan).
 * Source: k8s.io/kubernetes, pkg/controller/garbagecollector.
 */

static bool
has_finalizer(const struct stored *stored, const char *name)
{
	const cJSON *finalizer;

	cJSON_ArrayForEach(finalizer, json_at(stored->object, "metadata/finalizers"))
		if (str_equal(cJSON_GetStringValue(finalizer), name))
			return true;
	return false;
}

static const cJSON *
reference_to(const struct thing *thing, const char *uid)
{
	const cJSON *reference;

	cJSON_ArrayForEach(reference, json_at(thing->stored->object, "metadata/ownerReferences"))
		if (str_equal(json_string(reference, "uid", NULL), uid))
			return reference;
	return NULL;
}

/* What it owns goes first; it goes when nothing of that holds it. */
static void
wait_for_owned(struct controllers *c, struct thing *thing)
{
	bool held = false;

	for (size_t i = 0; i < thing->owned.count; i++) {
		struct thing *owned = thing->owned.items[i];

		if (json_bool(reference_to(owned, thing->uid), "blockOwnerDeletion", false))
			held = true;
		if (!thing_is_deleting(owned))
			controllers_enqueue(c, owned);
	}
	if (!held)
		write_change(c, thing->stored, false, drop_finalizer,
			     (void *)(uintptr_t) "foregroundDeletion");
}

static void
let_go_of_owned(struct controllers *c, struct thing *thing)
{
	while (thing->owned.count) {
		size_t before = thing->owned.count;

		write_change(c, thing->owned.items[0]->stored, false, drop_owner, thing->uid);
		if (thing->owned.count >= before)
			return; /* the store refused it: again when it has changed */
	}
	if (thing->stored)
		write_change(c, thing->stored, false, drop_finalizer, (void *)(uintptr_t) "orphan");
}

struct verdict {
	int solid, waiting, dangling;
	const char *lost; /* the uid of one that is not solid */
};

static void
judge_owner(struct controllers *c, const struct thing *thing, const char *uid, struct verdict *v)
{
	const struct thing *owner = index_find(c, uid);

	if (!owner || !owner->stored ||
	    (*owner->stored->ns && strcmp(owner->stored->ns, thing->stored->ns) != 0)) {
		v->dangling++;
	} else if (thing_is_deleting(owner) && has_finalizer(owner->stored, "foregroundDeletion")) {
		v->waiting++;
	} else {
		v->solid++;
		return;
	}
	v->lost = uid;
}

static void
delete_owned(struct controllers *c, const struct thing *thing, const struct verdict *v)
{
	const char *propagation = "Background";

	if (has_finalizer(thing->stored, "orphan"))
		propagation = "Orphan";
	else if (has_finalizer(thing->stored, "foregroundDeletion") ||
		 (v->waiting && thing->owned.count))
		propagation = "Foreground";
	write_delete(c, thing->stored, propagation, -1);
}

/* True: it was deleted. */
static bool
look_at_owners(struct controllers *c, struct thing *thing)
{
	struct verdict v = { 0, 0, 0, NULL };
	const cJSON *reference;

	cJSON_ArrayForEach(reference, json_at(thing->stored->object, "metadata/ownerReferences"))
		judge_owner(c, thing, json_string(reference, "uid", ""), &v);
	if (v.solid && v.lost)
		write_change(c, thing->stored, false, drop_owner, (void *)(uintptr_t)v.lost);
	if (v.solid || !v.lost)
		return false;
	delete_owned(c, thing, &v);
	return true;
}

bool
garbage_reconcile(struct controllers *c, struct thing *thing)
{
	if (!thing_is_deleting(thing))
		return look_at_owners(c, thing);
	if (has_finalizer(thing->stored, "foregroundDeletion"))
		wait_for_owned(c, thing);
	else if (has_finalizer(thing->stored, "orphan"))
		let_go_of_owned(c, thing);
	return false;
}
