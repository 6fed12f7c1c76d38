#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "world/spec/spec_internal.h"
#include "world/spec/spec_tables.h"

static const char *const workload_kinds[] = { "deployment", "statefulset", "daemonset",
					      "job",	    "pod",	   NULL };

static void
check_workload(const struct world_lint *lint, const struct yaml_node *node)
{
	const char *text = load_scalar(node), *slash = text ? strchr(text, '/') : NULL;
	char *kind, *advice;
	size_t at = 0;

	if (!text)
		return;
	kind = xstrndup(text, slash ? (size_t)(slash - text) : strlen(text));
	advice = load_suggestion(kind, workload_kinds);
	while (workload_kinds[at] && strcmp(workload_kinds[at], kind) != 0)
		at++;
	if (!slash || !slash[1] || !workload_kinds[at])
		load_error(
			lint->load, node,
			"a workload is KIND/NAME, of kind deployment, statefulset, daemonset, job "
			"or pod, not \"%s\"%s",
			text, advice);
	free(advice);
	free(kind);
}

/* Every `workload:` there is. */
static void
check_workloads(const struct world_lint *lint, const struct yaml_node *node)
{
	for (size_t i = 0; i < world_node_count(node); i++) {
		const struct yaml_node *value =
			node->kind == YAML_MAPPING ? node->pairs[i].value : node->items[i];

		if (node->kind == YAML_MAPPING && strcmp(node->pairs[i].key->text, "workload") == 0)
			check_workload(lint, value);
		else
			check_workloads(lint, value);
	}
}

static bool
has_cluster(const struct yaml_node *behaviour, const char *cluster)
{
	const struct yaml_node *node = world_node(behaviour, "cluster");

	if (str_equal(load_scalar(node), cluster))
		return true;
	for (size_t i = 0; i < world_node_count(node) && node->kind == YAML_SEQUENCE; i++)
		if (str_equal(load_scalar(node->items[i]), cluster))
			return true;
	return false;
}

/* A cluster that two behaviours share, or NULL. */
static const char *
shared_cluster(const struct yaml_node *one, const struct yaml_node *other)
{
	const struct yaml_node *node = world_node(one, "cluster");

	if (load_scalar(node))
		return has_cluster(other, node->text) ? node->text : NULL;
	for (size_t i = 0; node && node->kind == YAML_SEQUENCE && i < node->count; i++)
		if (load_scalar(node->items[i]) && has_cluster(other, node->items[i]->text))
			return node->items[i]->text;
	return NULL;
}

static void
check_behaviour_twice(const struct world_lint *lint, const struct yaml_node *list, size_t index)
{
	const struct yaml_node *one = list->items[index], *workload = world_node(one, "workload");

	for (size_t i = 0; load_scalar(workload) && i < index; i++) {
		const struct yaml_node *other = list->items[i];
		const char *cluster;

		if (!str_equal(world_node_text(other, "workload"), workload->text) ||
		    !str_equal(world_node_text(other, "namespace"),
			       world_node_text(one, "namespace")))
			continue;
		cluster = shared_cluster(one, other);
		if (!cluster)
			continue;
		load_error(lint->load, workload,
			   "the behaviour of %s in %s/%s is given already, in line %d",
			   workload->text, cluster, world_node_text(one, "namespace"),
			   world_node(other, "workload")->mark.line);
		return;
	}
}

/* `without` names one of `needs`, and an entry behind one for all is never taken. */
static void
check_otherwise(const struct world_lint *lint, const struct yaml_node *behaviour)
{
	const struct yaml_node *needs = world_node(behaviour, "needs");
	const struct yaml_node *list = world_node(behaviour, "otherwise");
	bool all = false;

	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *without = world_node(list->items[i], "without");
		size_t at = 0;

		while (load_scalar(without) && at < world_node_count(needs) &&
		       !str_equal(load_scalar(needs->items[at]), without->text))
			at++;
		if (all)
			load_error(lint->load, list->items[i],
				   "this is never taken: the entry before it fits always");
		else if (load_scalar(without) && at == world_node_count(needs))
			load_error(lint->load, without, "\"%s\" is none of its needs",
				   without->text);
		all |= !without;
	}
	if (list && world_node_count(needs) == 0)
		load_error(lint->load, list, "\"otherwise\" has no meaning without needs");
}

static void
check_rule(const struct world_lint *lint, const struct yaml_node *rule)
{
	const struct yaml_node *actions = world_node(rule, "do");

	for (size_t i = 0; actions && actions->kind == YAML_SEQUENCE && i < actions->count; i++) {
		const struct yaml_node *action = actions->items[i];
		const struct yaml_node *gone = world_node(action, "delete");

		if (action->kind != YAML_MAPPING)
			continue;
		if (action->count != 1)
			load_error(lint->load, action->count ? action->pairs[1].key : action,
				   "an action has one key, such as apply, and this one has %zu",
				   action->count);
		if (gone && !world_node(gone, "name") == !world_node(gone, "selector"))
			load_error(lint->load, gone, "\"delete\" wants a name or a selector");
		if (world_node(action, "database/sql") && !world_node(action, "database/of"))
			load_error(lint->load, world_node(action, "database"),
				   "\"sql\" needs of: the database that it is run in");
	}
	if (world_node(rule, "once") && world_node(rule, "every") &&
	    str_equal(world_node_text(rule, "once"), "true"))
		load_error(lint->load, world_node(rule, "every"),
			   "a rule acts once, or again and again");
}

void
world_lint_stage(const struct world_lint *lint)
{
	static const char *const sections[] = { "conditions", "behaviours", "rules" };
	const struct yaml_node *behaviours = world_node(lint->root, "behaviours");
	const struct yaml_node *rules = world_node(lint->root, "rules");

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		check_workloads(lint, world_node(lint->root, sections[i]));
	for (size_t i = 0; behaviours && behaviours->kind == YAML_SEQUENCE && i < behaviours->count;
	     i++) {
		check_behaviour_twice(lint, behaviours, i);
		check_otherwise(lint, behaviours->items[i]);
	}
	for (size_t i = 0; rules && rules->kind == YAML_SEQUENCE && i < rules->count; i++)
		check_rule(lint, rules->items[i]);
}
