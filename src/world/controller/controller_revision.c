#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/* ControllerRevisions: the templates that a StatefulSet or a DaemonSet has had. Source: k8s.io/kubernetes, pkg/controller/history. */

/* {spec: {template: {…, $patch: replace}}}, as a patch that would bring it back. */
static cJSON *
revision_data(const cJSON *template)
{
	cJSON *data = cJSON_CreateObject(), *copy = cJSON_Duplicate(template, true);

	if (!copy)
		copy = cJSON_CreateObject();
	json_add_string(copy, "$patch", "replace");
	json_add(cJSON_AddObjectToObject(data, "spec"), "template", copy);
	return data;
}

static int64_t
number_of(const struct thing *revision)
{
	return revision->stored ? json_int(revision->stored->object, "revision", 0) : 0;
}

static int
compare_numbers(const void *a, const void *b)
{
	int64_t x = number_of(*(struct thing *const *)a), y = number_of(*(struct thing *const *)b);

	return (x > y) - (x < y);
}

/* By their numbers. */
static struct things
find_revisions(const struct controllers *c, const struct thing *owner)
{
	struct things list = owned_of_kind(owner, c->kinds.revisions);

	if (list.count)
		qsort(list.items, list.count, sizeof(struct thing *), compare_numbers);
	return list;
}

static cJSON *
new_revision(struct controllers *c, const struct thing *owner, cJSON *data, const char *hash_label,
	     const char *hash, int64_t number)
{
	const cJSON *object = owner->stored->object;
	cJSON *revision = new_object(c->kinds.revisions), *metadata = json_at(revision, "metadata");
	char *name = xasprintf("%s-%s", owner->stored->name, hash);

	json_add_string(metadata, "name", name);
	free(name);
	set_copy(metadata, "labels", json_at(object, "spec/template/metadata/labels"));
	set_string(need_object(metadata, "labels"), hash_label, hash);
	set_copy(metadata, "annotations", json_at(object, "metadata/annotations"));
	cJSON_AddItemToArray(need_array(metadata, "ownerReferences"),
			     owner_reference(owner->stored));
	json_add(revision, "data", data);
	json_add_int(revision, "revision", number);
	return revision;
}

static bool
set_number(void *data, cJSON *revision)
{
	set_int(revision, "revision", *(int64_t *)data);
	return true;
}

/* What comes back gets the newest number. */
static struct thing *
renew(struct controllers *c, struct things *list, cJSON *data)
{
	struct thing *found = NULL;
	int64_t last = list->count ? number_of(list->items[list->count - 1]) : 0, next = last + 1;

	for (size_t i = list->count; i-- > 0 && !found;)
		if (cJSON_Compare(json_at(list->items[i]->stored->object, "data"), data, true))
			found = list->items[i];
	if (found && number_of(found) < last)
		write_change(c, found->stored, false, set_number, &next);
	return found && found->stored ? found : NULL;
}

enum { COLLISIONS_MAX = 10 };

static struct thing *
need_revision(struct controllers *c, struct thing *owner, const char *hash_label)
{
	const cJSON *template = json_at(owner->stored->object, "spec/template");
	struct things list = find_revisions(c, owner);
	cJSON *data = revision_data(template);
	struct thing *found = renew(c, &list, data);
	int64_t number = list.count ? number_of(list.items[list.count - 1]) + 1 : 1;
	int code = 409;

	for (int i = 0; i < COLLISIONS_MAX && !found && code == 409 && owner->stored; i++) {
		char *hash = template_hash(template, i);
		const struct stored *made =
			write_new(c, c->kinds.revisions, owner->stored->ns,
				  new_revision(c, owner, cJSON_Duplicate(data, true), hash_label,
					       hash, number),
				  &code);

		if (made)
			found = index_find(c, made->uid);
		stored_drop(made);
		free(hash);
	}
	cJSON_Delete(data);
	things_release(&list);
	return found;
}

static bool
is_used(const struct controllers *c, const struct thing *owner, const struct thing *revision)
{
	const char *name = revision->stored->name;
	const char *hash = strrchr(name, '-');

	for (size_t i = 0; i < owner->owned.count; i++) {
		const struct thing *pod = owner->owned.items[i];
		const char *label;

		if (!thing_is(pod, c->kinds.pods))
			continue;
		label = label_of(pod->stored->object, "controller-revision-hash");
		if (strcmp(label, name) == 0 || (hash && strcmp(label, hash + 1) == 0))
			return true;
	}
	return false;
}

static void
forget_oldest(struct controllers *c, struct thing *owner, const char *current, const char *update)
{
	struct things list = find_revisions(c, owner);
	int64_t limit = json_int(owner->stored->object, "spec/revisionHistoryLimit", 10);
	int64_t unused = 0;

	for (size_t i = list.count; i-- > 0;) {
		struct thing *one = list.items[i];

		if (!one->stored || strcmp(one->stored->name, current) == 0 ||
		    strcmp(one->stored->name, update) == 0 || is_used(c, owner, one))
			continue;
		if (++unused > limit)
			write_delete(c, one->stored, NULL, 0);
	}
	things_release(&list);
}

void
revision_update(struct controllers *c, struct thing *owner, const char *hash_label,
		struct revisions *ret)
{
	struct thing *newest = need_revision(c, owner, hash_label);
	const char *current;

	*ret = (struct revisions){ NULL, NULL, NULL };
	if (!newest || !newest->stored || !owner->stored)
		return;
	current = json_string(owner->stored->object, "status/currentRevision", "");
	ret->update = xstrdup(newest->stored->name);
	ret->hash = xstrdup(label_of(newest->stored->object, hash_label));
	ret->current = xstrdup(
		*current && index_find_name(c, c->kinds.revisions, owner->stored->ns, current)
			? current
			: ret->update);
	forget_oldest(c, owner, ret->current, ret->update);
}

void
revisions_release(struct revisions *r)
{
	free(r->current);
	free(r->update);
	free(r->hash);
}

const cJSON *
revision_template(struct controllers *c, const struct thing *owner, const char *name)
{
	const struct thing *revision =
		index_find_name(c, c->kinds.revisions, owner->stored->ns, name);

	return revision ? json_at(revision->stored->object, "data/spec/template") : NULL;
}
