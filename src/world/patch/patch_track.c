#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/patch/patch_ownership.h"

void
ownership_strip(struct fields *f)
{
	static const char *const top[] = { "f:apiVersion", "f:kind", "f:metadata" };
	static const char *const below_metadata[] = {
		"f:clusterName",
		"f:creationTimestamp",
		"f:deletionTimestamp",
		"f:deletionGracePeriodSeconds",
		"f:generation",
		"f:managedFields",
		"f:name",
		"f:namespace",
		"f:resourceVersion",
		"f:selfLink",
		"f:uid",
	};
	struct fields *metadata = fields_child(f, "f:metadata");

	for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++) {
		struct fields *child = fields_child(f, top[i]);

		if (child)
			child->member = false;
	}
	for (size_t i = 0; metadata && i < sizeof(below_metadata) / sizeof(below_metadata[0]);
	     i++) {
		struct fields *child = fields_child(metadata, below_metadata[i]);

		if (child)
			child->member = false;
	}
}

/* What has changed is no more of those who had it; what is gone neither. */
static void
lose(struct managers *m, const struct comparison *c)
{
	for (size_t i = 0; i < m->count; i++) {
		fields_subtract(m->items[i].fields, c->added);
		fields_subtract(m->items[i].fields, c->modified);
		fields_subtract(m->items[i].fields, c->removed);
	}
}

void
ownership_gain(struct managers *m, const char *manager, const char *api_version,
	       const char *subresource, const struct comparison *c, const char *now)
{
	struct fields *taken = fields_copy(c->added);

	fields_add(taken, c->modified);
	ownership_strip(taken);
	if (!fields_empty(taken)) {
		struct manager *entry = managers_entry(m, manager, false, api_version, subresource);

		fields_add(entry->fields, taken);
		free(entry->time);
		entry->time = xstrdup(now);
	}
	fields_free(taken);
}

/* [{}] asks for no entries at all. */
static bool
is_reset(const cJSON *after)
{
	const cJSON *entries = json_at(after, "metadata/managedFields");

	return cJSON_GetArraySize(entries) == 1 && cJSON_IsObject(entries->child) &&
	       !entries->child->child;
}

static void
forget(cJSON *after)
{
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(after, "metadata"), "managedFields");
}

void
patch_track(const cJSON *before, cJSON *after, const char *api_version, const char *manager,
	    const char *subresource, const struct list_rule *rules, const char *now)
{
	cJSON *empty = before ? NULL : ownership_empty(rules, after);
	struct managers m = { 0 };
	struct comparison c = { 0 };
	bool reset = is_reset(after);

	/* Who writes back what he has read may leave the entries out, or change them. */
	managers_read(after, &m);
	if (m.count == 0)
		managers_read(before, &m);
	forget(after);
	if (!reset && (!before || m.count)) {
		typed_compare(rules, before ? before : empty, after, &c);
		lose(&m, &c);
		ownership_gain(&m, manager, api_version, subresource, &c, now);
		managers_write(&m, after);
		comparison_release(&c);
	}
	managers_release(&m);
	cJSON_Delete(empty);
}
