#include "config.h"

#include "runbook/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"

/* "kubernetes or http": the kinds of a set, into out. */
static void
append_kinds(unsigned kinds, struct str *out)
{
	for (unsigned kind = TARGET_KUBERNETES; kind <= TARGET_HTTP; kind <<= 1)
		if (kinds & kind)
			str_printf(out, "%s%s", out->len ? " or " : "",
				   target_kind_name((enum target_kind)kind));
}

static void
report_no_target(struct load *l, const struct runbook *rb, const struct yaml_node *node)
{
	const char **names = xcalloc(rb->targets_count + 1, sizeof(*names));
	char *suggestion;

	for (size_t i = 0; i < rb->targets_count; i++)
		names[i] = rb->targets[i].name;
	suggestion = load_suggestion(node->text, names);
	load_error(l, node, "there is no target \"%s\"%s", node->text, suggestion);
	free(suggestion);
	free(names);
}

static bool
is_template(const struct yaml_node *node)
{
	return strstr(node->text, "${") != NULL;
}

static void
lint_own_target(struct load *l, const struct runbook *rb, const struct action_use *action,
		const struct yaml_node *node)
{
	const struct target_spec *target = runbook_target(rb, node->text);
	struct str kinds = STR_INIT;

	append_kinds(action->type->target_kinds, &kinds);
	if (action->type->target_kinds == 0)
		load_error(l, node, "\"%s\" takes no target", action->type->uses);
	else if (is_template(node))
		; /* known when the step is prepared */
	else if (!target)
		report_no_target(l, rb, node);
	else if (target->kind != TARGET_NONE && !(action->type->target_kinds & target->kind))
		load_error(l, node, "\"%s\" wants a target of type %s, and \"%s\" is of type %s",
			   action->type->uses, str_cstr(&kinds), target->name,
			   target_kind_name(target->kind));
	else if (target->group && action->step) /* an impact's probe looks at each member */
		load_error(l, node,
			   "\"%s\" is a group of targets: write for_each: {in: .targets.%s, as: "
			   "cluster} in the step, and target: \"${.cluster}\"",
			   target->name, target->name);
	str_release(&kinds);
}

/* Whether the step's own target will do for an action that names none. */
static bool
inherits(const struct runbook *rb, const struct action_use *action)
{
	const struct yaml_node *node = action->step ? yaml_get(action->step, "target") : NULL;
	const struct target_spec *target;

	if (!load_scalar(node) || action->step == action->node)
		return false;
	target = runbook_target(rb, node->text);
	/* A step's wrong target is reported once, at the step. */
	return is_template(node) || !target || target->kind == TARGET_NONE ||
	       action->type->target_kinds & target->kind;
}

static void
lint_action(struct load *l, const struct runbook *rb, const struct action_use *action)
{
	const struct yaml_node *target = yaml_get(action->node, "target");
	struct str kinds = STR_INIT;

	if (target && target->len > 0) {
		lint_own_target(l, rb, action, target);
	} else if (!target && action->type->target_required && !inherits(rb, action)) {
		append_kinds(action->type->target_kinds, &kinds);
		load_error(l, yaml_get(action->node, "uses"), "\"%s\" needs a target of type %s",
			   action->type->uses, str_cstr(&kinds));
	}
	str_release(&kinds);
}

static void
lint_pane(struct load *l, const struct runbook *rb, const struct yaml_node *panes, const char *key)
{
	const struct yaml_node *list =
		panes && panes->kind == YAML_MAPPING ? yaml_get(panes, key) : NULL;

	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *pane = list->items[i], *node = NULL;
		const struct target_spec *target;

		if (pane->kind == YAML_MAPPING)
			node = yaml_get(pane, "target");
		if (!load_scalar(node) || is_template(node))
			continue;
		target = runbook_target(rb, node->text);
		if (!target)
			report_no_target(l, rb, node);
		else if (target->kind != TARGET_KUBERNETES && target->kind != TARGET_NONE)
			load_error(l, node,
				   "a pane wants a target of type kubernetes, and \"%s\" is of "
				   "type %s",
				   target->name, target_kind_name(target->kind));
	}
}

static void
lint_panes(struct load *l, const struct runbook *rb, const struct yaml_node *panes)
{
	lint_pane(l, rb, panes, "pods");
	lint_pane(l, rb, panes, "resources");
	lint_pane(l, rb, panes, "logs");
}

/* Whether a libpq connection string ("password = x") or URI ("://user:x@") holds one, as far as it tells. */
static bool
names_password(const char *conninfo)
{
	const char *authority = strstr(conninfo, "://"), *at, *colon;

	for (const char *word = conninfo; (word = strstr(word, "password")); word++) {
		at = word + strlen("password");
		if (at[strspn(at, " \t\r\n")] == '=')
			return true;
	}
	if (!authority)
		return false;
	authority += strlen("://");
	at = authority + strcspn(authority, "@/?");
	colon = authority + strcspn(authority, ":@/?");
	return *at == '@' && *colon == ':' && colon + 1 < at;
}

static void
lint_targets(struct load *l)
{
	const struct yaml_node *map = yaml_get(l->root, "targets");

	for (size_t i = 0; map && map->kind == YAML_MAPPING && i < map->count; i++) {
		const struct yaml_node *target = map->pairs[i].value, *conninfo, *contexts;

		if (target->kind != YAML_MAPPING)
			continue;
		contexts = yaml_get(target, "contexts");
		conninfo = yaml_get(target, "conninfo");
		if (contexts && yaml_get(target, "context"))
			load_error(l, contexts, "a target has either \"context\" or \"contexts\"");
		if (load_scalar(conninfo) && names_password(conninfo->text))
			load_error(l, conninfo,
				   "a password must not stand in the file: make it a parameter "
				   "of type secret and write password: \"${.params.NAME}\"");
	}
}

void
lint_actions(struct load *l, const struct runbook *rb)
{
	const struct yaml_node *steps = yaml_get(l->root, "steps");

	lint_targets(l);
	for (size_t i = 0; i < l->actions_count; i++)
		lint_action(l, rb, &l->actions[i]);
	lint_panes(l, rb, yaml_get(l->root, "panes"));
	for (size_t i = 0; i < rb->steps_count; i++)
		if (steps->items[i]->kind == YAML_MAPPING)
			lint_panes(l, rb, yaml_get(steps->items[i], "panes"));
}
