#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/* What every namespace begins with, and how it ends. Source: k8s.io/kubernetes, pkg/controller/namespace/deletion. */

static void
delete_members(struct controllers *c, struct space *space)
{
	struct things all = { NULL, 0, 0 };

	for (size_t i = 0; i < space->members.count; i++)
		if (!thing_is_deleting(space->members.items[i]))
			things_add(&all, space->members.items[i]);
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i]->stored && !thing_is_deleting(all.items[i]))
			write_delete(c, all.items[i]->stored, "Background", -1);
	things_release(&all);
}

static bool
drop_finalizers(void *data, cJSON *object)
{
	(void)data;
	if (!json_at(object, "spec/finalizers"))
		return false;
	unset(json_at(object, "spec"), "finalizers");
	return true;
}

/* "pods. has 2 resource instances, secrets. has 1 resource instances": of each kind how many are left. */
static void
describe_rest(const struct space *space, struct str *out)
{
	for (size_t i = 0; i < space->members.count; i++) {
		const struct kind *kind = space->members.items[i]->stored->kind;
		size_t count = 0, first = space->members.count;

		for (size_t at = 0; at < space->members.count; at++)
			if (space->members.items[at]->stored->kind == kind) {
				first = at < first ? at : first;
				count++;
			}
		if (first == i)
			str_printf(out, "%s%s.%s has %zu resource instances", out->len ? ", " : "",
				   kind->resource, kind->group, count);
	}
}

static void
describe_finalizers(const struct space *space, struct str *out)
{
	const cJSON *finalizer;

	for (size_t i = 0; i < space->members.count; i++)
		cJSON_ArrayForEach(finalizer, json_at(space->members.items[i]->stored->object,
						      "metadata/finalizers"))
			str_printf(out, "%s%s in 1 resource instances", out->len ? ", " : "",
				   cJSON_IsString(finalizer) ? finalizer->valuestring : "");
}

static void
set_rest(cJSON *conditions, const struct space *space)
{
	struct str rest = STR_INIT, finalizers = STR_INIT, text = STR_INIT;

	describe_rest(space, &rest);
	describe_finalizers(space, &finalizers);
	str_printf(&text, "Some resources are remaining: %s", str_cstr(&rest));
	set_condition(conditions, "NamespaceContentRemaining", space->members.count,
		      space->members.count ? "SomeResourcesRemain" : "ContentRemoved",
		      space->members.count ? str_cstr(&text) : "All content successfully removed",
		      false);
	str_clear(&text);
	str_printf(&text, "Some content in the namespace has finalizers remaining: %s",
		   str_cstr(&finalizers));
	set_condition(conditions, "NamespaceFinalizersRemaining", finalizers.len,
		      finalizers.len ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
		      finalizers.len ? str_cstr(&text)
				     : "All content-preserving finalizers finished",
		      false);
	str_release(&rest);
	str_release(&finalizers);
	str_release(&text);
}

static void
tell_rest(struct controllers *c, const struct thing *thing, const struct space *space)
{
	cJSON *status = cJSON_Duplicate(json_at(thing->stored->object, "status"), true);
	cJSON *conditions;

	if (!status)
		status = cJSON_CreateObject();
	set_string(status, "phase", "Terminating");
	conditions = need_array(status, "conditions");
	set_condition(conditions, "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
		      "All resources successfully discovered", false);
	set_condition(conditions, "NamespaceDeletionGroupVersionParsingFailure", false,
		      "ParsedGroupVersions", "All legacy kube types successfully parsed", false);
	set_condition(conditions, "NamespaceDeletionContentFailure", false, "ContentDeleted",
		      "All content successfully deleted, may be waiting on finalization", false);
	set_rest(conditions, space);
	write_status(c, thing->stored, status);
}

static void
end_namespace(struct controllers *c, struct thing *thing)
{
	struct space *space = index_space(c, thing->stored->name);

	delete_members(c, space);
	if (!thing->stored)
		return;
	if (space->members.count)
		tell_rest(c, thing, space);
	else
		write_change(c, thing->stored, false, drop_finalizers, NULL);
}

/* ---- what it begins with ---- */

static cJSON *
named(const struct kind *kind, const char *name)
{
	cJSON *object = new_object(kind);

	json_add_string(json_at(object, "metadata"), "name", name);
	return object;
}

static bool
is_there(struct controllers *c, const struct kind *kind, const char *ns, const char *name)
{
	const struct stored *stored = store_get(c->store, kind, ns, name);

	stored_drop(stored);
	return stored;
}

static void
add_root(struct controllers *c, const char *ns)
{
	cJSON *map = named(c->kinds.configmaps, "kube-root-ca.crt"), *notes, *data;

	notes = cJSON_AddObjectToObject(json_at(map, "metadata"), "annotations");
	json_add_string(notes, "kubernetes.io/description",
			"Contains a CA bundle that can be used to verify the kube-apiserver when "
			"using internal endpoints such as the internal service IP or "
			"kubernetes.default.svc. No other usage is guaranteed across distributions "
			"of Kubernetes clusters.");
	data = cJSON_AddObjectToObject(map, "data");
	json_add_string(data, "ca.crt", c->options.ca_pem ? c->options.ca_pem : "");
	stored_drop(write_new(c, c->kinds.configmaps, ns, map, NULL));
}

void
namespace_reconcile(struct controllers *c, struct thing *thing)
{
	char *ns = xstrdup(thing->stored->name);

	if (thing_is_deleting(thing)) {
		end_namespace(c, thing);
	} else {
		if (!is_there(c, c->kinds.accounts, ns, "default"))
			stored_drop(write_new(c, c->kinds.accounts, ns,
					      named(c->kinds.accounts, "default"), NULL));
		if (!is_there(c, c->kinds.configmaps, ns, "kube-root-ca.crt"))
			add_root(c, ns);
	}
	free(ns);
}
