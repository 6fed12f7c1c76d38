#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_deployment.h"

#define HASH_LABEL "pod-template-hash"

/* A set's template without the label that tells its pods apart. The caller deletes. */
static cJSON *
bare_template(const struct stored *stored)
{
	cJSON *template = cJSON_Duplicate(json_at(stored->object, "spec/template"), true);

	if (!template)
		return cJSON_CreateObject();
	unset(json_at(template, "metadata/labels"), HASH_LABEL);
	unset(json_at(template, "metadata"), "creationTimestamp");
	return template;
}

/* Equal, or made of it: what the API server adds to a set is not in a Deployment that came past it. */
static struct thing *
find_newest(const struct deployment *d, const struct things *sets)
{
	cJSON *wanted = bare_template(d->thing->stored);
	char *hash = template_hash(wanted, 0);
	struct thing *found = NULL;

	for (size_t i = 0; i < sets->count && !found; i++) {
		cJSON *template = bare_template(sets->items[i]->stored);

		if (cJSON_Compare(wanted, template, true) ||
		    strcmp(label_of(sets->items[i]->stored->object, HASH_LABEL), hash) == 0)
			found = sets->items[i];
		cJSON_Delete(template);
	}
	free(hash);
	cJSON_Delete(wanted);
	return found;
}

void
deployment_find_sets(struct deployment *d)
{
	d->old = claim(d->c, d->thing, d->c->kinds.replicasets);
	if (!d->thing->stored)
		return;
	for (size_t i = 0; i < d->old.count;)
		if (d->old.items[i]->stored)
			i++;
		else
			things_remove(&d->old, d->old.items[i]);
	sort_by_age(&d->old);
	d->newest = find_newest(d, &d->old);
	if (!d->newest)
		return;
	things_remove(&d->old, d->newest);
	sort_by_age(&d->old);
}

void
deployment_release_sets(struct deployment *d)
{
	things_release(&d->old);
}

/* ---- annotations ---- */

static int64_t
revision_of(const struct stored *stored)
{
	return atoll(annotation_of(stored->object, DEPLOYMENT_REVISION));
}

static int64_t
next_revision(const struct deployment *d)
{
	int64_t most = 0;

	for (size_t i = 0; i < d->old.count; i++)
		if (d->old.items[i]->stored && revision_of(d->old.items[i]->stored) > most)
			most = revision_of(d->old.items[i]->stored);
	return most + 1;
}

static bool
is_own_annotation(const char *name)
{
	static const char *const own[] = { "kubectl.kubernetes.io/last-applied-configuration",
					   DEPLOYMENT_REVISION,
					   "deployment.kubernetes.io/revision-history",
					   DEPLOYMENT_DESIRED,
					   DEPLOYMENT_MAX,
					   "deprecated.deployment.rollback.to" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i], name) == 0)
			return true;
	return false;
}

static bool
set_number(cJSON *notes, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	if (str_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(notes, name)), text))
		return false;
	set_string(notes, name, text);
	return true;
}

static bool
copy_annotations(const cJSON *from, cJSON *notes)
{
	const cJSON *note;
	bool changed = false;

	cJSON_ArrayForEach(note, json_at(from, "metadata/annotations")) {
		const cJSON *there = cJSON_GetObjectItemCaseSensitive(notes, note->string);

		if (is_own_annotation(note->string) || (there && cJSON_Compare(there, note, true)))
			continue;
		set_copy(notes, note->string, note);
		changed = true;
	}
	return changed;
}

/* What was its revision before stays known. */
static void
keep_history(cJSON *notes, const char *revision)
{
	static const char name[] = "deployment.kubernetes.io/revision-history";
	const char *before = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(notes, name));
	char *text = before && *before ? xasprintf("%s,%s", before, revision) : xstrdup(revision);

	set_string(notes, name, text);
	free(text);
}

struct set_notes {
	const struct deployment *d;
	int64_t revision; /* 0: as it is, as the other annotations are */
	int64_t replicas; /* -1: as they are */
};

static bool
annotate(const struct set_notes *wanted, cJSON *set)
{
	const cJSON *deployment = wanted->d->thing->stored->object;
	cJSON *notes = need_object(json_at(set, "metadata"), "annotations");
	const char *now = annotation_of(set, DEPLOYMENT_REVISION);
	bool changed = wanted->revision && copy_annotations(deployment, notes);

	if (wanted->revision > atoll(now)) {
		if (*now)
			keep_history(notes, now);
		changed |= set_number(notes, DEPLOYMENT_REVISION, wanted->revision);
	}
	changed |= set_number(notes, DEPLOYMENT_DESIRED, deployment_replicas(wanted->d));
	changed |= set_number(notes, DEPLOYMENT_MAX,
			      deployment_replicas(wanted->d) + deployment_surge(wanted->d));
	return changed;
}

static bool
bring_up_to_date(void *data, cJSON *set)
{
	const struct set_notes *wanted = data;
	const cJSON *object = wanted->d->thing->stored->object;
	int64_t min_ready_s = json_int(object, "spec/minReadySeconds", 0);
	bool changed = annotate(wanted, set);

	if (wanted->replicas >= 0 && json_int(set, "spec/replicas", 1) != wanted->replicas) {
		set_int(json_at(set, "spec"), "replicas", wanted->replicas);
		changed = true;
	}
	if (json_int(set, "spec/minReadySeconds", 0) != min_ready_s) {
		set_count(json_at(set, "spec"), "minReadySeconds", min_ready_s);
		changed = true;
	}
	return changed;
}

void
deployment_scale_set(struct deployment *d, struct thing *set, int64_t replicas)
{
	int64_t before = set_replicas(set);
	struct set_notes wanted = { .d = d, .replicas = replicas };

	if (!set->stored || !d->thing->stored)
		return;
	char *name = xstrdup(set->stored->name);
	write_change(d->c, set->stored, false, bring_up_to_date, &wanted);
	if (before != replicas && d->thing->stored)
		event_tell(d->c, d->thing->stored, DEPLOYMENT_COMPONENT, NULL, NULL, "Normal",
			   "ScalingReplicaSet", "Scaled %s replica set %s to %lld",
			   before < replicas ? "up" : "down", name, (long long)replicas);
	free(name);
}

/* ---- the newest ---- */

static cJSON *
labelled_selector(const cJSON *deployment, const char *hash)
{
	cJSON *selector = cJSON_Duplicate(json_at(deployment, "spec/selector"), true);

	if (!selector)
		selector = cJSON_CreateObject();
	set_string(need_object(selector, "matchLabels"), HASH_LABEL, hash);
	return selector;
}

static cJSON *
new_set(struct deployment *d, const char *hash)
{
	const struct stored *stored = d->thing->stored;
	cJSON *set = new_object(d->c->kinds.replicasets), *metadata = json_at(set, "metadata");
	cJSON *template = bare_template(stored), *spec = cJSON_AddObjectToObject(set, "spec");
	char *name = xasprintf("%s-%s", stored->name, hash);

	json_add_string(metadata, "name", name);
	free(name);
	set_string(need_object(need_object(template, "metadata"), "labels"), HASH_LABEL, hash);
	set_copy(metadata, "labels", json_at(template, "metadata/labels"));
	cJSON_AddItemToArray(need_array(metadata, "ownerReferences"), owner_reference(stored));
	set_count(spec, "minReadySeconds", json_int(stored->object, "spec/minReadySeconds", 0));
	json_add(spec, "selector", labelled_selector(stored->object, hash));
	json_add(spec, "template", template);
	json_add_int(spec, "replicas", deployment_newest_replicas(d, NULL));
	annotate(&(struct set_notes){ .d = d, .revision = next_revision(d), .replicas = -1 }, set);
	return set;
}

static void
tell_created(struct deployment *d, const struct stored *set)
{
	char *text = xasprintf("Created new replica set \"%s\"", set->name);
	int64_t replicas = json_int(set->object, "spec/replicas", 0);

	if (replicas && d->thing->stored)
		event_tell(d->c, d->thing->stored, DEPLOYMENT_COMPONENT, NULL, NULL, "Normal",
			   "ScalingReplicaSet", "Scaled up replica set %s to %lld", set->name,
			   (long long)replicas);
	if (d->thing->stored)
		deployment_progresses(d, "NewReplicaSetCreated", text);
	free(text);
}

enum { COLLISIONS_MAX = 10 };

static void
make_newest(struct deployment *d)
{
	cJSON *template = bare_template(d->thing->stored);
	const struct stored *made = NULL;
	int code = 409;

	for (int i = 0; i < COLLISIONS_MAX && !made && code == 409 && d->thing->stored; i++) {
		char *hash = template_hash(template, i);

		made = write_new(d->c, d->c->kinds.replicasets, d->thing->stored->ns,
				 new_set(d, hash), &code);
		free(hash);
	}
	cJSON_Delete(template);
	if (!made)
		return;
	d->newest = index_find(d->c, made->uid);
	tell_created(d, made);
	stored_drop(made);
}

static bool
set_revision(void *data, cJSON *deployment)
{
	cJSON *notes = need_object(json_at(deployment, "metadata"), "annotations");

	if (str_equal(annotation_of(deployment, DEPLOYMENT_REVISION), data))
		return false;
	set_string(notes, DEPLOYMENT_REVISION, data);
	return true;
}

static void
renew_newest(struct deployment *d)
{
	struct set_notes wanted = { .d = d, .revision = next_revision(d), .replicas = -1 };
	char *text;

	write_change(d->c, d->newest->stored, false, bring_up_to_date, &wanted);
	if (!d->newest->stored || !d->thing->stored ||
	    pod_status_condition(d->thing->stored->object, "Progressing"))
		return;
	text = xasprintf("Found new replica set \"%s\"", d->newest->stored->name);
	deployment_progresses(d, "FoundNewReplicaSet", text);
	free(text);
}

void
deployment_need_newest(struct deployment *d)
{
	if (d->newest && d->newest->stored)
		renew_newest(d);
	else
		make_newest(d);
	if (!d->newest || !d->newest->stored || !d->thing->stored)
		return;
	char *revision = xstrdup(annotation_of(d->newest->stored->object, DEPLOYMENT_REVISION));
	write_change(d->c, d->thing->stored, false, set_revision, revision);
	free(revision);
}

/* ---- the oldest ---- */

static bool
is_unused(const struct thing *set)
{
	const cJSON *object = set->stored ? set->stored->object : NULL;

	return object && !json_at(object, "metadata/deletionTimestamp") &&
	       json_int(object, "spec/replicas", 1) == 0 &&
	       json_int(object, "status/replicas", 0) == 0 &&
	       json_int(object, "metadata/generation", 0) <=
		       json_int(object, "status/observedGeneration", 0);
}

static int
compare_revisions(const void *one, const void *other)
{
	const struct thing *a = *(struct thing *const *)one, *b = *(struct thing *const *)other;
	int64_t x = a->stored ? revision_of(a->stored) : 0,
		y = b->stored ? revision_of(b->stored) : 0;

	return (x > y) - (x < y);
}

void
deployment_clean_up(struct deployment *d)
{
	int64_t limit = json_int(d->thing->stored->object, "spec/revisionHistoryLimit", 10);
	int64_t beyond = (int64_t)d->old.count - limit;

	if (beyond <= 0)
		return;
	qsort(d->old.items, d->old.count, sizeof(struct thing *), compare_revisions);
	for (size_t i = 0; i < d->old.count && (int64_t)i < beyond; i++)
		if (is_unused(d->old.items[i]))
			write_delete(d->c, d->old.items[i]->stored, NULL, 0);
}
