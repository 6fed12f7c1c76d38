#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/job.h"
#include "runbook/template.h"

struct frozen_target *
job_env_target(const struct job_env *env, const char *name)
{
	for (size_t i = 0; i < env->targets_count; i++)
		if (str_equal(env->targets[i].name, name))
			return &env->targets[i];
	return NULL;
}

static void
frozen_target_release(struct frozen_target *target)
{
	if (target->pub.connection)
		target->pub.driver->close(target->pub.connection);
	free(target->name);
	free(target->group);
	free(target->problem);
	cJSON_Delete(target->spec);
	cJSON_Delete(target->identity);
}

void
frozen_targets_free(struct frozen_target *targets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		frozen_target_release(&targets[i]);
	free(targets);
}

struct frozen_target *
frozen_targets_copy(const struct frozen_target *targets, size_t count)
{
	struct frozen_target *copies = xcalloc(count ? count : 1, sizeof(*copies));

	for (size_t i = 0; i < count; i++) {
		struct frozen_target *copy = &copies[i];

		copy->name = xstrdup(targets[i].name);
		copy->group = xstrdup(targets[i].group);
		copy->spec = cJSON_Duplicate(targets[i].spec, true);
		copy->identity = cJSON_Duplicate(targets[i].identity, true);
		copy->pub = (struct run_target){
			.name = copy->name,
			.driver = targets[i].pub.driver,
			.spec = copy->spec,
			.identity = copy->identity,
		};
	}
	return copies;
}

/* A growing list of targets whose names must differ. */
struct target_list {
	struct frozen_target *items;
	size_t count, cap;
};

/* Takes ownership of spec, also on error. */
static int
add_target(struct target_list *list, const struct executor_table *table, enum target_kind kind,
	   const char *name, const char *group, cJSON *spec, struct err *e)
{
	const struct target_driver *driver = target_driver_find(table, kind);

	for (size_t i = 0; i < list->count; i++) {
		if (!str_equal(list->items[i].name, name))
			continue;
		cJSON_Delete(spec);
		return err_set(e, ERR_USAGE,
			       "two targets are called \"%s\": give each context once, and "
			       "no context the name of a target",
			       name);
	}
	if (!driver) {
		cJSON_Delete(spec);
		return err_set(e, ERR_INTERNAL, "target \"%s\": no driver for the kind %s", name,
			       target_kind_name(kind));
	}
	*VEC_PUSH(list->items, list->count, list->cap) = (struct frozen_target){
		.pub = { .driver = driver },
		.name = xstrdup(name),
		.group = xstrdup(group),
		.spec = spec,
	};
	return 0;
}

/* The executors' view of each target, once the list has stopped moving. */
static void
publish(struct target_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct frozen_target *target = &list->items[i];

		target->pub.name = target->name;
		target->pub.spec = target->spec;
		target->pub.identity = target->identity;
	}
}

static int
expand_contexts(const cJSON *written, struct expressions *x, const cJSON *context, cJSON **ret_list,
		struct err *e)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *at;

	cJSON_ArrayForEach(at, written) {
		cJSON *value = NULL;

		if (template_expand(at->valuestring, x, context, &value, e) < 0) {
			cJSON_Delete(list);
			return -1;
		}
		cJSON_AddItemToArray(list, value);
	}
	*ret_list = list;
	return 0;
}

/* The contexts of a group: a list as written, or what an expression yields. */
static int
group_contexts(const struct target_spec *spec, struct expressions *x, const cJSON *context,
	       cJSON **ret_list, struct err *e)
{
	const cJSON *contexts = json_at(spec->with, "contexts"), *at;
	cJSON *list = NULL;

	if (cJSON_IsString(contexts)) {
		if (expressions_eval(x, contexts->valuestring, context, context, 0, &list, e) < 0)
			return err_wrap(e, "target %s, contexts", spec->name);
	} else if (expand_contexts(contexts, x, context, &list, e) < 0) {
		return err_wrap(e, "target %s, contexts", spec->name);
	}
	if (!cJSON_IsArray(list)) {
		cJSON_Delete(list);
		return err_set(e, ERR_SPEC, "target %s: its contexts are no list", spec->name);
	}
	cJSON_ArrayForEach(at, list) {
		if (cJSON_IsString(at))
			continue;
		cJSON_Delete(list);
		return err_set(e, ERR_SPEC, "target %s: one of its contexts is no name",
			       spec->name);
	}
	*ret_list = list;
	return 0;
}

static int
freeze_group(struct target_list *list, const struct target_spec *spec,
	     const struct executor_table *table, struct expressions *x, const cJSON *context,
	     const cJSON *resolved, struct err *e)
{
	cJSON *contexts = NULL;
	const cJSON *at;
	int rc = -1;

	if (group_contexts(spec, x, context, &contexts, e) < 0)
		return -1;
	cJSON_ArrayForEach(at, contexts) {
		cJSON *member = cJSON_Duplicate(resolved, true);

		cJSON_DeleteItemFromObjectCaseSensitive(member, "contexts");
		cJSON_DeleteItemFromObjectCaseSensitive(member, "context");
		json_add_string(member, "context", at->valuestring);
		if (add_target(list, table, spec->kind, at->valuestring, spec->name, member, e) < 0)
			goto out;
	}
	rc = 0;
out:
	cJSON_Delete(contexts);
	return rc;
}

static int
freeze_one(struct target_list *list, const struct target_spec *spec, const struct runbook *rb,
	   const struct executor_table *table, struct expressions *x, const cJSON *context,
	   struct err *e)
{
	cJSON *with = cJSON_Duplicate(spec->with, true), *resolved = NULL;
	int rc = -1;

	cJSON_DeleteItemFromObjectCaseSensitive(with, "contexts");
	if (template_resolve(runbook_target_fields(spec->kind), with, rb->path, x, context,
			     &resolved, e) < 0) {
		err_wrap(e, "target %s", spec->name);
		goto out;
	}
	if (spec->group) {
		rc = freeze_group(list, spec, table, x, context, resolved, e);
	} else {
		rc = add_target(list, table, spec->kind, spec->name, NULL, resolved, e);
		resolved = NULL;
	}
out:
	cJSON_Delete(with);
	cJSON_Delete(resolved);
	return rc;
}

int
frozen_targets_new(const struct runbook *rb, const struct executor_table *table,
		   struct expressions *x, const cJSON *context, struct frozen_target **ret_targets,
		   size_t *ret_count, struct err *e)
{
	struct target_list list = { 0 };

	for (size_t i = 0; i < rb->targets_count; i++)
		if (freeze_one(&list, &rb->targets[i], rb, table, x, context, e) < 0) {
			frozen_targets_free(list.items, list.count);
			return -1;
		}
	publish(&list);
	*ret_targets = list.items;
	*ret_count = list.count;
	return 0;
}

void
frozen_targets_recall(struct frozen_target *targets, size_t count, const cJSON *array)
{
	for (size_t i = 0; i < count; i++) {
		const cJSON *at;

		cJSON_ArrayForEach(at, array) {
			const cJSON *identity = json_at(at, "identity");

			if (!str_equal(json_string(at, "name", NULL), targets[i].name) ||
			    !cJSON_IsObject(identity) || targets[i].identity)
				continue;
			targets[i].identity = cJSON_Duplicate(identity, true);
			targets[i].pub.identity = targets[i].identity;
		}
	}
}

cJSON *
frozen_targets_json(const struct frozen_target *targets, size_t count)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < count; i++) {
		const struct frozen_target *target = &targets[i];
		cJSON *item = cJSON_CreateObject();
		char *describe = target->pub.driver->describe(target->spec);

		json_add_string(item, "name", target->name);
		json_add_string(item, "kind", target_kind_name(target->pub.driver->kind));
		json_add_string(item, "group", target->group);
		json_add_string(item, "describe", describe);
		json_add(item, "spec", cJSON_Duplicate(target->spec, true));
		json_add(item, "identity",
			 target->identity ? cJSON_Duplicate(target->identity, true)
					  : cJSON_CreateNull());
		json_add_string(item, "problem", target->problem);
		cJSON_AddItemToArray(array, item);
		free(describe);
	}
	return array;
}
