#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/expression.h"
#include "world/spec/spec_internal.h"

enum { COMPILE_MS = 10000 };

/* What an expression may begin with, by where it stands. */
enum place {
	PLACE_WORLD,  /* expanded when the world is made */
	PLACE_ACTION, /* in a rule's do: when it acts */
	PLACE_LINE,   /* in a line of a log: when it is written */
	PLACE_CHART,  /* by helm */
};

static const char *const world_roots[] = { "clusters",	  "databases",	  "zones",  "sites",
					   "authorities", "certificates", "random", "backup",
					   "folder",	  "seed",	  NULL };
static const char *const live_roots[] = { "live", "looks", NULL };
static const char *const line_roots[] = { "pod", "line", NULL };
static const char *const chart_roots[] = { "values", "release", "chart", NULL };

/* Members of the context that are named in the file. */
static const struct {
	const char *root;
	enum world_names what;
} named_roots[] = {
	{ "authorities", NAMES_AUTHORITIES },
	{ "certificates", NAMES_CERTIFICATES },
	{ "clusters", NAMES_CLUSTERS },
	{ "databases", NAMES_DATABASES },
	{ "live", NAMES_LIVE },
	{ "looks", NAMES_CONDITIONS },
	{ "random", NAMES_RANDOM },
	{ "sites", NAMES_SITES },
	{ "zones", NAMES_ZONES },
};

enum { NAMED_ROOTS = sizeof(named_roots) / sizeof(named_roots[0]) };

struct looking {
	const struct world_lint *lint;
	const struct expression_use *use;
	enum place place;
	enum world_names what; /* of the root that is looked at */
};

static bool
contains(const struct yaml_node *tree, const struct yaml_node *node)
{
	if (tree == node)
		return true;
	for (size_t i = 0; i < world_node_count(tree); i++)
		if (contains(tree->kind == YAML_MAPPING ? tree->pairs[i].value : tree->items[i],
			     node))
			return true;
	return false;
}

static enum place
place_of(const struct yaml_node *root, const struct yaml_node *node)
{
	const struct yaml_node *rules = world_node(root, "rules");

	if (contains(world_node(root, "charts"), node))
		return PLACE_CHART;
	if (contains(world_node(root, "behaviours"), node))
		return PLACE_LINE;
	for (size_t i = 0; i < world_node_count(rules) && rules->kind == YAML_SEQUENCE; i++)
		if (contains(rules->items[i], node))
			return contains(world_node(rules->items[i], "do"), node) ? PLACE_ACTION
										 : PLACE_WORLD;
	return PLACE_WORLD;
}

static void
report(const struct looking *l, const char *name, size_t offset, char *message)
{
	struct mark mark = load_place(l->lint->load, l->use->node, l->use->offset + offset);
	bool block = l->use->node->end.line != l->use->node->mark.line;

	diags_error(l->lint->load->diags, mark, block ? 1 : (int)strlen(name), "%s", message);
	free(message);
}

static bool
is_among(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static bool
is_root(enum place place, const char *name)
{
	if (place == PLACE_CHART)
		return is_among(name, chart_roots);
	return is_among(name, world_roots) ||
	       (place != PLACE_WORLD && is_among(name, live_roots)) ||
	       (place != PLACE_WORLD && is_among(name, line_roots));
}

static void
check_root(const struct looking *l, const char *name, size_t offset)
{
	const char *known[24];
	size_t count = 0;
	char *advice;

	if (is_root(l->place, name))
		return;
	for (size_t i = 0; l->place == PLACE_CHART && chart_roots[i]; i++)
		known[count++] = chart_roots[i];
	for (size_t i = 0; l->place != PLACE_CHART && world_roots[i]; i++)
		known[count++] = world_roots[i];
	known[count] = NULL;
	advice = load_suggestion(name, known);
	if (l->place == PLACE_WORLD && (is_among(name, live_roots) || is_among(name, line_roots)))
		report(l, name, offset,
		       xasprintf(
			       "\"%s\" is known only when something happens: in do of rules and in "
			       "lines of logs",
			       name));
	else if (l->place == PLACE_CHART)
		report(l, name, offset,
		       xasprintf(
			       "\"%s\" is not known in a chart: there are values, release, chart%s",
			       name, advice));
	else
		report(l, name, offset, xasprintf("\"%s\" is not known here%s", name, advice));
	free(advice);
}

static void
found_name(void *data, const char *name, size_t offset)
{
	const struct looking *l = data;
	const char **names = world_names(l->lint, l->what);
	char *advice = load_suggestion(name, names);

	/* ENDS and STEPS are never asked for here; the others are always known. */
	if (!is_among(name, names))
		report(l, name, offset,
		       xasprintf("there is no %s \"%s\"%s", world_names_word(l->what), name,
				 advice));
	free(advice);
	free(names);
}

static void
found_variable(void *data, const char *name, size_t offset)
{
	if (strcmp(name, "ENV") != 0) /* has an error of its own, from the compiler */
		check_root(data, name, offset);
}

/* A plain path over the context begins with one of its members. */
static void
check_path_root(const struct looking *l)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *text = l->use->text + strspn(l->use->text, " ");
	char *name;

	if (text[0] != '.' || !expression_is_path(text))
		return;
	name = xstrndup(text + 1, strspn(text + 1, letters));
	if (name[0])
		check_root(l, name, (size_t)(text - l->use->text) + 1);
	free(name);
}

static void
check_use(const struct world_lint *lint, const struct expression_use *use)
{
	struct looking l = { lint, use, PLACE_WORLD, NAMES_CLUSTERS };

	/* What a variant brings is looked at once it is merged in. */
	if (contains(world_node(lint->root, "variants"), use->node))
		return;
	l.place = place_of(lint->root, use->node);
	expression_variables(use->text, found_variable, &l);
	if (use->of_result)
		return;
	check_path_root(&l);
	for (size_t i = 0; l.place != PLACE_CHART && i < NAMED_ROOTS; i++) {
		l.what = named_roots[i].what;
		expression_references(use->text, named_roots[i].root, found_name, &l);
	}
}

void
world_compiled_release(struct world_compiled *compiled)
{
	for (size_t i = 0; i < compiled->count; i++)
		free(compiled->texts[i]);
	free(compiled->texts);
	*compiled = (struct world_compiled){ 0 };
}

static void
add_text(struct world_compiled *compiled, const char *text)
{
	for (size_t i = 0; i < compiled->count; i++)
		if (strcmp(compiled->texts[i], text) == 0)
			return;
	*VEC_PUSH(compiled->texts, compiled->count, compiled->cap) = xstrdup(text);
}

/* All new ones as one program, which takes as long as one alone; only if that fails, one by one. */
static void
compile(const struct world_lint *lint)
{
	struct world_compiled *compiled = lint->compiled;
	size_t before = compiled->count;
	struct expressions *x;

	for (size_t i = 0; i < lint->load->expressions_count; i++)
		add_text(compiled, lint->load->expressions[i].text);
	if (compiled->count == before)
		return;
	x = expressions_new((const char *const *)compiled->texts + before,
			    compiled->count - before);
	if (!expressions_are_sound(x, COMPILE_MS))
		lint_compile(lint->load);
	expressions_free(x);
}

void
world_lint_expressions(const struct world_lint *lint)
{
	for (size_t i = 0; i < lint->load->expressions_count; i++)
		check_use(lint, &lint->load->expressions[i]);
	compile(lint);
}
