#include "config.h"

#include "runbook/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/expression.h"

struct lint {
	struct load *load;
	const struct runbook *rb;
	const struct expression_use *use;
	const char *root; /* whose references are being looked at */
};

static void
report_name(const struct lint *lint, const char *name, size_t offset, char *message)
{
	struct mark mark = load_place(lint->load, lint->use->node, lint->use->offset + offset);
	bool block = lint->use->node->end.line != lint->use->node->mark.line;

	diags_error(lint->load->diags, mark, block ? 1 : (int)strlen(name), "%s", message);
	free(message);
}

static void
report_unknown(const struct lint *lint, const char *name, size_t offset, const char *what,
	       const char **known)
{
	char *suggestion = load_suggestion(name, known);

	report_name(lint, name, offset,
		    xasprintf("there is no %s \"%s\"%s", what, name, suggestion));
	free(suggestion);
}

/* In an expression over an action's result, .params is a member of that result; $params is ours. */
static bool
is_ours(const struct lint *lint, size_t offset)
{
	size_t root_len = strlen(lint->root), at = offset;

	if (!lint->use->of_result)
		return true;
	while (at > 0 && strchr(".[\" ", lint->use->text[at - 1]))
		at--;
	return at > root_len && lint->use->text[at - root_len - 1] == '$';
}

static void
unknown_param(const struct lint *lint, const char *name, size_t offset)
{
	const char **names = xcalloc(lint->rb->params_count + 1, sizeof(*names));

	for (size_t i = 0; i < lint->rb->params_count; i++)
		names[i] = lint->rb->params[i].name;
	report_unknown(lint, name, offset, "parameter", names);
	free(names);
}

static void
found_param(void *data, const char *name, size_t offset)
{
	const struct lint *lint = data;
	const struct scope *scope = &lint->use->scope;
	const struct param *param = runbook_param(lint->rb, name);

	if (!is_ours(lint, offset))
		return;
	if (!param)
		unknown_param(lint, name, offset);
	else if ((size_t)(param - lint->rb->params) >= scope->params)
		report_name(
			lint, name, offset,
			str_equal(name, scope->param)
				? xasprintf("the default of \"%s\" uses \"%s\" itself", name, name)
				: xasprintf("the default of \"%s\" uses \"%s\", which comes later: "
					    "put \"%s\" "
					    "before it",
					    scope->param, name, name));
	else if (scope->secret && param->type != PARAM_SECRET)
		report_name(
			lint, name, offset,
			xasprintf(
				"\"%s\" is of type %s: what is used as a password must be of type "
				"secret, so that it is masked",
				name, param_type_name(param->type)));
}

static void
unknown_step(const struct lint *lint, const char *name, size_t offset)
{
	const char **ids = xcalloc(lint->rb->steps_count + 1, sizeof(*ids));
	size_t count = 0;

	for (size_t i = 0; i < lint->rb->steps_count; i++)
		if (lint->rb->steps[i].id)
			ids[count++] = lint->rb->steps[i].id;
	report_unknown(lint, name, offset, "step", ids);
	free(ids);
}

static void
found_step(void *data, const char *name, size_t offset)
{
	const struct lint *lint = data;
	const struct scope *scope = &lint->use->scope;
	const struct yaml_node *id = scope->step ? yaml_get(scope->step, "id") : NULL;
	const char *own = load_scalar(id) ? id->text : "";
	int index = runbook_step_index(lint->rb, name);

	if (!is_ours(lint, offset))
		return;
	if (index < 0)
		unknown_step(lint, name, offset);
	else if ((size_t)index < scope->steps)
		return;
	else if (!scope->step)
		report_name(lint, name, offset,
			    xasprintf("parameters and targets are settled before the "
				      "first step: no step has a result yet"));
	else if (strcmp(own, name) == 0)
		report_name(lint, name, offset,
			    xasprintf("step \"%s\" uses its own result before it has "
				      "run",
				      name));
	else
		report_name(lint, name, offset,
			    xasprintf("step \"%s\" uses the result of step \"%s\", "
				      "which comes later",
				      own, name));
}

static void
found_target(void *data, const char *name, size_t offset)
{
	const struct lint *lint = data;
	const char **names;

	if (!is_ours(lint, offset))
		return;
	if (!lint->use->scope.targets) {
		report_name(lint, name, offset,
			    xasprintf("parameters and targets cannot refer to targets"));
		return;
	}
	if (runbook_target(lint->rb, name))
		return;
	names = xcalloc(lint->rb->targets_count + 1, sizeof(*names));
	for (size_t i = 0; i < lint->rb->targets_count; i++)
		names[i] = lint->rb->targets[i].name;
	report_unknown(lint, name, offset, "target", names);
	free(names);
}

static void
lint_root(const struct lint *lint, const char *name, size_t offset)
{
	const char *loop = lint->use->scope.loop;
	const char *known[] = { "params", "steps", "targets", "run", loop, NULL };

	for (size_t i = 0; known[i]; i++)
		if (strcmp(known[i], name) == 0)
			return;
	char *suggestion = load_suggestion(name, known);
	report_name(
		lint, name, offset,
		xasprintf("\"%s\" is not known here: there are params, steps, targets, run%s%s%s",
			  name, loop ? ", " : "", loop ? loop : "", suggestion));
	free(suggestion);
}

static void
found_variable(void *data, const char *name, size_t offset)
{
	if (strcmp(name, "ENV") != 0) /* has an error of its own, from the compiler */
		lint_root(data, name, offset);
}

/* A plain path over the context begins with one of its members. */
static void
lint_path_root(const struct lint *lint)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *text = lint->use->text + strspn(lint->use->text, " ");
	char *name;

	if (lint->use->of_result || text[0] != '.' || !expression_is_path(text))
		return;
	name = xstrndup(text + 1, strspn(text + 1, letters));
	if (name[0])
		lint_root(lint, name, (size_t)(text - lint->use->text) + 1);
	free(name);
}

static void
lint_references(struct load *l, const struct runbook *rb, const struct expression_use *use)
{
	struct lint lint = { .load = l, .rb = rb, .use = use };

	lint.root = "params";
	expression_references(use->text, lint.root, found_param, &lint);
	lint.root = "steps";
	expression_references(use->text, lint.root, found_step, &lint);
	lint.root = "targets";
	expression_references(use->text, lint.root, found_target, &lint);
	expression_variables(use->text, found_variable, &lint);
	lint_path_root(&lint);
}

/* The different texts to compile, and which of them each use has. */
struct compilation {
	const char **texts;
	char **errors;
	size_t *index_of_use;
	size_t count;
};

static void
compilation_init(struct compilation *c, const struct load *l)
{
	c->texts = xcalloc(l->expressions_count, sizeof(*c->texts));
	c->errors = xcalloc(l->expressions_count, sizeof(*c->errors));
	c->index_of_use = xcalloc(l->expressions_count, sizeof(*c->index_of_use));
	for (size_t i = 0; i < l->expressions_count; i++) {
		size_t at = 0;

		while (at < c->count && strcmp(c->texts[at], l->expressions[i].text) != 0)
			at++;
		if (at == c->count)
			c->texts[c->count++] = l->expressions[i].text;
		c->index_of_use[i] = at;
	}
}

static void
compilation_release(struct compilation *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->errors[i]);
	free(c->texts);
	free(c->errors);
	free(c->index_of_use);
}

static void
report_compile_error(struct load *l, const struct expression_use *use, const char *message)
{
	bool block = use->node->end.line != use->node->mark.line;

	diags_error(l->diags, load_place(l, use->node, use->offset),
		    block ? 1 : (int)strlen(use->text), "not a valid expression: %s", message);
}

void
lint_compile(struct load *l)
{
	struct compilation c = { 0 };
	struct err e = ERR_INIT;

	compilation_init(&c, l);
	if (expressions_check(c.texts, c.count, c.errors, &e) < 0)
		diags_warning(l->diags, l->root->mark, 1,
			      "the expressions could not be checked: %s", e.message);
	for (size_t i = 0; i < l->expressions_count; i++)
		if (c.errors[c.index_of_use[i]])
			report_compile_error(l, &l->expressions[i], c.errors[c.index_of_use[i]]);
	compilation_release(&c);
}

void
lint_expressions(struct load *l, const struct runbook *rb)
{
	for (size_t i = 0; i < l->expressions_count; i++)
		lint_references(l, rb, &l->expressions[i]);
	if (!l->compiles_later)
		lint_compile(l);
}
