#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/spec/spec_internal.h"

static bool
try_path(struct world_runbook *runbook, char *path)
{
	if (!file_exists(path)) {
		free(path);
		return false;
	}
	runbook->path = path;
	return true;
}

/* By its id: beside the world, or in the folder above. A world may have the id of its runbook, and is not its own. */
static void
find_by_id(struct world_runbook *runbook, const char *world_path, const char *id)
{
	char *folder = file_folder(world_path), *name = xasprintf("%s.yaml", id);
	const char *slash = strrchr(world_path, '/');
	bool is_world = str_equal(slash ? slash + 1 : world_path, name);

	if (is_world || !try_path(runbook, xasprintf("%s/%s", folder, name)))
		try_path(runbook, xasprintf("%s/../%s", folder, name));
	free(name);
	free(folder);
}

void
world_runbook_find(struct world_runbook *runbook, const char *world_path, const char *name)
{
	struct mark mark;

	*runbook = (struct world_runbook){ 0 };
	if (!name)
		return;
	if (strchr(name, '/') || str_ends_with(name, ".yaml"))
		try_path(runbook, file_resolve(world_path, name));
	else
		find_by_id(runbook, world_path, name);
	if (runbook->path && file_read(runbook->path, YAML_MAX_BYTES, &runbook->text, NULL) == 0 &&
	    yaml_parse(str_cstr(&runbook->text), runbook->text.len, &runbook->stream, &mark,
		       NULL) == 0 &&
	    runbook->stream.count > 0)
		runbook->root = runbook->stream.documents[0].root;
}

void
world_runbook_release(struct world_runbook *runbook)
{
	yaml_stream_release(&runbook->stream);
	str_release(&runbook->text);
	free(runbook->path);
	*runbook = (struct world_runbook){ 0 };
}

/* The keys of a mapping, or the texts below a key of a list's elements; ends with NULL. The caller frees the array. */
static const char **
words_of(const struct yaml_node *node, const char *key)
{
	size_t count = world_node_count(node), filled = 0;
	const char **words = xcalloc(count + 1, sizeof(*words));

	for (size_t i = 0; i < count; i++) {
		const char *word = node->kind == YAML_MAPPING
					   ? node->pairs[i].key->text
					   : world_node_text(node->items[i], key);

		if (word)
			words[filled++] = word;
	}
	return words;
}

static bool
is_among(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static void
check_unknown_params(const struct world_lint *lint, const struct yaml_node *given,
		     const struct yaml_node *params)
{
	const char **names = words_of(params, NULL);

	for (size_t i = 0; given && given->kind == YAML_MAPPING && i < given->count; i++) {
		const struct yaml_node *key = given->pairs[i].key;
		char *advice = load_suggestion(key->text, names);

		if (!is_among(key->text, names))
			load_error(lint->load, key, "the runbook has no parameter \"%s\"%s",
				   key->text, advice);
		free(advice);
	}
	free(names);
}

/* A drill asks nobody: what the runbook demands is given here. */
static void
check_missing_params(const struct world_lint *lint, const struct yaml_node *given,
		     const struct yaml_node *params)
{
	for (size_t i = 0; params && params->kind == YAML_MAPPING && i < params->count; i++) {
		const struct yaml_node *param = params->pairs[i].value;
		const char *name = params->pairs[i].key->text;

		if (!world_node(given, name) && !world_node(param, "default") &&
		    !str_equal(world_node_text(param, "required"), "false"))
			load_error(lint->load, given ? given : world_node(lint->root, "runbook"),
				   "the runbook's parameter \"%s\" is not given in params", name);
	}
}

static void
check_impact(const struct world_lint *lint)
{
	const struct yaml_node *list = world_node(lint->root, "impact");
	const char **known = words_of(world_node(lint->runbook->root, "impact"), "operation");

	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *operation = world_node(list->items[i], "operation");
		char *advice;

		if (!load_scalar(operation) || is_among(operation->text, known))
			continue;
		advice = load_suggestion(operation->text, known);
		load_error(lint->load, operation, "the runbook's impact has no operation \"%s\"%s",
			   operation->text, advice);
		free(advice);
	}
	free(known);
}

/* The keys of a mapping are steps. */
static void
check_step_keys(const struct world_lint *lint, const struct yaml_node *map)
{
	for (size_t i = 0; map && map->kind == YAML_MAPPING && i < map->count; i++)
		world_check_name(lint, NAMES_STEPS, map->pairs[i].key);
}

static void
check_times(const struct world_lint *lint)
{
	const struct yaml_node *list = world_node(lint->root, "expert");

	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *step = world_node(list->items[i], "step");

		for (size_t j = 0; load_scalar(step) && j < i; j++)
			if (str_equal(world_node_text(list->items[j], "step"), step->text))
				load_error(lint->load, step, "\"%s\" is there already, in line %d",
					   step->text, list->items[j]->mark.line);
	}
}

void
world_lint_runbook(const struct world_lint *lint)
{
	const struct yaml_node *name = world_node(lint->root, "runbook");
	const struct yaml_node *given = world_node(lint->root, "params");
	const struct yaml_node *params = world_node(lint->runbook->root, "params");
	const struct yaml_node *variants = world_node(lint->root, "variants");

	check_times(lint);
	check_step_keys(lint, world_node(lint->root, "hints"));
	check_step_keys(lint, world_node(lint->root, "wrong"));
	for (size_t i = 0; variants && variants->kind == YAML_MAPPING && i < variants->count; i++) {
		check_step_keys(lint, world_node(variants->pairs[i].value, "wrong"));
		check_step_keys(lint, world_node(variants->pairs[i].value, "hints"));
	}
	if (load_scalar(name) && !lint->runbook->root) {
		load_warning(lint->load, name,
			     "the runbook \"%s\" is not beside the world nor in the folder above: "
			     "what refers to it was not checked",
			     name->text);
		return;
	}
	if (!lint->runbook->root)
		return;
	check_unknown_params(lint, given, params);
	check_missing_params(lint, given, params);
	check_impact(lint);
}
