#include "config.h"

#include "world/patch/patch.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/patch/patch_ownership.h"

/* One apply on its way. */
struct application {
	const struct list_rule *rules;
	const cJSON *applied;
	const char *api_version, *manager, *subresource, *now;
	bool force;
	cJSON *live;		  /* without managedFields */
	struct managers managers; /* the applier's entry is what is applied now */
	struct fields *last;	  /* what it has applied before */
	bool changed;		  /* the owners are others */
};

static struct manager *
applier(struct application *a)
{
	return managers_entry(&a->managers, a->manager, true, a->api_version, a->subresource);
}

/* An object of which nobody knows who has made it belongs to somebody before everybody. */
static void
claim_unowned(struct application *a)
{
	cJSON *empty = ownership_empty(a->rules, a->live);
	struct comparison c;

	typed_compare(a->rules, empty, a->live, &c);
	ownership_gain(&a->managers, "before-first-apply", a->api_version, NULL, &c, a->now);
	comparison_release(&c);
	cJSON_Delete(empty);
}

static void
set_applied(struct application *a)
{
	struct manager *entry = applier(a);

	a->last = entry->fields;
	entry->fields = typed_fields(a->rules, a->applied);
	a->changed = !str_equal(entry->api_version, a->api_version);
	free(entry->api_version);
	entry->api_version = xstrdup(a->api_version);
}

static struct fields *
named_fields(const struct application *a, const cJSON *object)
{
	struct fields *f = typed_fields(a->rules, object);

	typed_name_parents(a->rules, f);
	return f;
}

/* Puts back what another owns, or this one still does. */
static cJSON *
keep_owned(const struct application *a, const cJSON *merged, const cJSON *pruned)
{
	struct fields *out = named_fields(a, merged), *kept = named_fields(a, pruned);
	cJSON *result = cJSON_Duplicate(merged, true);

	for (size_t i = 0; i < a->managers.count; i++)
		fields_add(kept, a->managers.items[i].fields);
	typed_name_parents(a->rules, kept);
	fields_subtract(out, kept);
	typed_remove(a->rules, result, out);
	fields_free(out);
	fields_free(kept);
	return result;
}

/* Puts back what is below something that goes, and was not of this applier. */
static cJSON *
keep_others(const struct application *a, const cJSON *merged, const cJSON *pruned,
	    const struct fields *last)
{
	struct fields *out = named_fields(a, merged), *kept = named_fields(a, pruned);
	cJSON *result = cJSON_Duplicate(merged, true);

	fields_subtract(out, kept);
	fields_intersect(out, last);
	typed_remove(a->rules, result, out);
	fields_free(out);
	fields_free(kept);
	return result;
}

/* What the manager has applied before and does not now, and no other applies, goes. Takes ownership of `merged`. */
static cJSON *
prune(const struct application *a, cJSON *merged)
{
	if (fields_empty(a->last))
		return merged;

	struct fields *last = fields_copy(a->last);
	cJSON *pruned = cJSON_Duplicate(merged, true);

	typed_name_parents(a->rules, last);
	typed_remove(a->rules, pruned, last);

	cJSON *owned = keep_owned(a, merged, pruned);
	cJSON *result = keep_others(a, merged, owned, last);

	fields_free(last);
	cJSON_Delete(pruned);
	cJSON_Delete(owned);
	cJSON_Delete(merged);
	return result;
}

/* The conflicts with one manager. */
struct conflicts {
	cJSON *causes;
	struct str *text; /* of all */
	char *who;
};

static void
add_conflict(void *data, const char *path)
{
	struct conflicts *conflicts = data;
	cJSON *cause = cJSON_CreateObject();
	char *message = xasprintf("conflict with %s", conflicts->who);

	json_add_string(cause, "reason", "FieldManagerConflict");
	json_add_string(cause, "message", message);
	json_add_string(cause, "field", path);
	cJSON_AddItemToArray(conflicts->causes, cause);
	str_printf(conflicts->text, "\n- %s", path);
	free(message);
}

static char *
describe(const struct manager *manager)
{
	char *sub = manager->subresource
			    ? xasprintf(" with subresource \"%s\"", manager->subresource)
			    : xstrdup("");
	char *version =
		manager->applied ? xstrdup("") : xasprintf(" using %s", manager->api_version);
	char *text = xasprintf("\"%s\"%s%s", manager->name, sub, version);

	free(sub);
	free(version);
	return text;
}

static struct fields *
changes_of(const struct comparison *c)
{
	struct fields *f = fields_copy(c->added);

	fields_add(f, c->modified);
	return f;
}

static int
refuse_conflicts(struct refusal *r, cJSON *causes, const char *text)
{
	int count = cJSON_GetArraySize(causes);

	if (count == 1)
		refuse(r, 409, "Conflict", "Apply failed with 1 conflict: %s: %s",
		       json_string(causes, "0/message", ""), json_string(causes, "0/field", ""));
	else
		refuse(r, 409, "Conflict", "Apply failed with %d conflicts: %s", count, text);
	r->details = cJSON_CreateObject();
	json_add(r->details, "causes", causes);
	return -1;
}

static bool
is_kubectl(const struct application *a)
{
	return str_equal(a->manager, "kubectl");
}

/* What has changed and may conflict. */
static struct fields *
contested(const struct application *a, const struct comparison *c)
{
	struct fields *changes = changes_of(c);
	struct fields *allowed =
		is_kubectl(a) ? ownership_client_side(a->rules, a->live, a->api_version) : NULL;

	if (allowed)
		fields_subtract(changes, allowed);
	fields_free(allowed);
	return changes;
}

static void
add_conflicts(struct conflicts *conflicts, const struct manager *other,
	      const struct fields *changes)
{
	struct fields *common = fields_copy(other->fields);

	fields_intersect(common, changes);
	if (!fields_empty(common)) {
		conflicts->who = describe(other);
		str_printf(conflicts->text,
			   "%sconflicts with %s:", conflicts->text->len ? "\n" : "",
			   conflicts->who);
		fields_each(common, add_conflict, conflicts);
		free(conflicts->who);
	}
	fields_free(common);
}

/* -1 where somebody else owns what has changed. */
static int
check_conflicts(struct application *a, const struct comparison *c, struct refusal *r)
{
	struct fields *changes = contested(a, c);
	struct str text = STR_INIT;
	struct conflicts conflicts = { cJSON_CreateArray(), &text, NULL };
	int rc = 0;

	qsort(a->managers.items, a->managers.count, sizeof(a->managers.items[0]),
	      manager_compare_names);
	for (size_t i = 0; i < a->managers.count; i++)
		if (&a->managers.items[i] != applier(a))
			add_conflicts(&conflicts, &a->managers.items[i], changes);
	if (conflicts.causes->child)
		rc = refuse_conflicts(r, conflicts.causes, str_cstr(&text));
	else
		cJSON_Delete(conflicts.causes);
	fields_free(changes);
	str_release(&text);
	return rc;
}

/* Everybody but the applier loses what has changed. */
static void
take_from_others(struct application *a, const struct comparison *c)
{
	for (size_t i = 0; i < a->managers.count; i++) {
		struct manager *other = &a->managers.items[i];

		if (other == applier(a))
			continue;

		struct fields *before = fields_copy(other->fields);

		fields_subtract(other->fields, c->added);
		fields_subtract(other->fields, c->modified);
		fields_subtract(other->fields, c->removed);
		a->changed = a->changed || !fields_equal(before, other->fields);
		fields_free(before);
	}
}

static int
check_applied(const struct application *a, struct refusal *r)
{
	const char *version = json_string(a->applied, "apiVersion", "");

	if (!str_equal(version, a->api_version))
		return refuse_bad_request(r,
					  "Incorrect version specified in apply patch. Specified "
					  "patch version: %s, expected: %s",
					  version, a->api_version);
	if (json_at(a->applied, "metadata/managedFields"))
		return refuse_bad_request(r, "metadata.managedFields must be nil");
	return typed_check(a->rules, a->applied, r);
}

static void
begin(struct application *a, const cJSON *object)
{
	managers_read(object, &a->managers);
	a->live = object ? cJSON_Duplicate(object, true) : NULL;
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(a->live, "metadata"), "managedFields");
	if (a->live && a->managers.count == 0)
		claim_unowned(a);
	set_applied(a);
}

static void
end(struct application *a)
{
	managers_release(&a->managers);
	fields_free(a->last);
	cJSON_Delete(a->live);
}

/* The owners of what has become of it. */
static void
settle(struct application *a, const struct comparison *c, cJSON *result)
{
	struct manager *entry;

	take_from_others(a, c);
	entry = applier(a);
	ownership_strip(entry->fields);
	if (a->changed || !fields_equal(a->last, entry->fields) || !comparison_same(c)) {
		free(entry->time);
		entry->time = xstrdup(a->now);
	}
	if (is_kubectl(a))
		ownership_remember_applied(result, a->applied);
	managers_write(&a->managers, result);
}

static int
apply(struct application *a, const cJSON *object, cJSON **ret, struct refusal *r)
{
	struct comparison c;
	int rc = -1;

	if (check_applied(a, r) < 0)
		return -1;
	begin(a, object);

	cJSON *result = prune(a, typed_merge(a->rules, a->live, a->applied));

	typed_compare(a->rules, a->live, result, &c);
	if (a->force || check_conflicts(a, &c, r) == 0) {
		settle(a, &c, result);
		*ret = result;
		result = NULL;
		rc = 0;
	}
	cJSON_Delete(result);
	comparison_release(&c);
	end(a);
	return rc;
}

int
patch_apply(const cJSON *object, const cJSON *applied, const char *api_version, const char *manager,
	    bool force, const struct list_rule *rules, const char *now, cJSON **ret,
	    struct refusal *r)
{
	struct application a = { .rules = rules,
				 .applied = applied,
				 .api_version = api_version,
				 .manager = manager,
				 .now = now,
				 .force = force };

	return apply(&a, object, ret, r);
}

int
patch_apply_status(const cJSON *object, const cJSON *applied, const char *api_version,
		   const char *manager, bool force, const struct list_rule *rules, const char *now,
		   cJSON **ret, struct refusal *r)
{
	struct application a = { .rules = rules,
				 .applied = applied,
				 .api_version = api_version,
				 .manager = manager,
				 .subresource = "status",
				 .now = now,
				 .force = force };

	return apply(&a, object, ret, r);
}
