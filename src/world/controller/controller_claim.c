#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/* PersistentVolumeClaims: each gets a volume of its own, as from a provisioner that always can. */

static cJSON *
new_volume(struct controllers *c, const struct stored *claim, const char *name)
{
	cJSON *volume = new_object(c->kinds.volumes), *spec, *reference, *source, *status;
	const char *size = json_string(claim->object, "spec/resources/requests/storage", "1Gi");

	json_add_string(json_at(volume, "metadata"), "name", name);
	spec = cJSON_AddObjectToObject(volume, "spec");
	set_copy(spec, "accessModes", json_at(claim->object, "spec/accessModes"));
	json_add_string(cJSON_AddObjectToObject(spec, "capacity"), "storage", size);
	json_add_string(spec, "persistentVolumeReclaimPolicy", "Delete");
	json_add_string(spec, "storageClassName",
			json_string(claim->object, "spec/storageClassName", "standard"));
	json_add_string(spec, "volumeMode",
			json_string(claim->object, "spec/volumeMode", "Filesystem"));
	reference = cJSON_AddObjectToObject(spec, "claimRef");
	json_add_string(reference, "apiVersion", "v1");
	json_add_string(reference, "kind", "PersistentVolumeClaim");
	json_add_string(reference, "name", claim->name);
	json_add_string(reference, "namespace", claim->ns);
	json_add_string(reference, "uid", claim->uid);
	source = cJSON_AddObjectToObject(spec, "hostPath");
	json_add_string(source, "path", "/var/lib/volumes");
	status = cJSON_AddObjectToObject(volume, "status");
	json_add_string(status, "phase", "Bound");
	return volume;
}

static bool
bind_volume(void *name, cJSON *claim)
{
	cJSON *spec = need_object(claim, "spec");

	if (*json_string(spec, "volumeName", ""))
		return false;
	set_string(spec, "volumeName", name);
	if (!json_at(spec, "storageClassName"))
		json_add_string(spec, "storageClassName", "standard");
	if (!json_at(spec, "volumeMode"))
		json_add_string(spec, "volumeMode", "Filesystem");
	return true;
}

static cJSON *
bound_status(const struct stored *claim)
{
	cJSON *status = cJSON_CreateObject();

	set_copy(status, "accessModes", json_at(claim->object, "spec/accessModes"));
	set_copy(status, "capacity", json_at(claim->object, "spec/resources/requests"));
	json_add_string(status, "phase", "Bound");
	return status;
}

/* ---- the end ---- */

static void
unprotect(struct controllers *c, const struct thing *thing, const char *finalizer)
{
	if (thing->stored && thing_is_deleting(thing))
		write_change(c, thing->stored, false, drop_finalizer, (void *)(uintptr_t)finalizer);
}

static bool
uses(const struct thing *pod, const char *claim)
{
	const cJSON *volume;

	cJSON_ArrayForEach(volume, json_at(pod->stored->object, "spec/volumes"))
		if (str_equal(json_string(volume, "persistentVolumeClaim/claimName", NULL), claim))
			return true;
	return false;
}

static bool
is_used(const struct controllers *c, const struct thing *claim)
{
	for (size_t i = 0; i < claim->space->members.count; i++) {
		const struct thing *pod = claim->space->members.items[i];

		if (thing_is(pod, c->kinds.pods) && !pod->pod.succeeded && !pod->pod.failed &&
		    uses(pod, claim->stored->name))
			return true;
	}
	return false;
}

void
claim_reconcile(struct controllers *c, struct thing *thing)
{
	const struct stored *claim = thing->stored;
	char *name;

	if (thing_is_deleting(thing)) {
		if (!is_used(c, thing))
			unprotect(c, thing, "kubernetes.io/pvc-protection");
		return;
	}
	if (strcmp(json_string(claim->object, "status/phase", ""), "Bound") == 0)
		return;
	name = xasprintf("pvc-%s", claim->uid);
	if (!*json_string(claim->object, "spec/volumeName", "")) {
		stored_drop(write_new(c, c->kinds.volumes, "", new_volume(c, claim, name), NULL));
		if (thing->stored)
			write_change(c, thing->stored, false, bind_volume, name);
	}
	if (thing->stored)
		write_status(c, thing->stored, bound_status(thing->stored));
	free(name);
}

void
claim_gone(struct controllers *c, const struct stored *claim)
{
	struct thing *volume = index_find_name(c, c->kinds.volumes, "",
					       json_string(claim->object, "spec/volumeName", ""));

	if (volume)
		controllers_enqueue(c, volume);
}

/* One that was kept (reclaim policy Retain) is for somebody to look at. */
void
volume_reconcile(struct controllers *c, struct thing *thing)
{
	const cJSON *object = thing->stored->object;
	const char *uid = json_string(object, "spec/claimRef/uid", "");
	const struct thing *claim = *uid ? index_find(c, uid) : NULL;
	cJSON *status;

	if (!*uid || (claim && claim->stored))
		return;
	if (strcmp(json_string(object, "spec/persistentVolumeReclaimPolicy", ""), "Delete") == 0) {
		if (!thing_is_deleting(thing))
			write_delete(c, thing->stored, NULL, 0);
		unprotect(c, thing, "kubernetes.io/pv-protection");
		return;
	}
	status = cJSON_CreateObject();
	json_add_string(status, "phase", "Released");
	write_status(c, thing->stored, status);
}
