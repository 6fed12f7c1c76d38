#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/spec/spec_internal.h"

static bool
is_template(const struct yaml_node *node)
{
	return load_scalar(node) && strstr(node->text, "${");
}

/* What makes a mapping no Kubernetes object; NULL: it is one. */
static const char *
problem_of(const struct yaml_node *object)
{
	const struct yaml_node *name = world_node(object, "metadata/name");

	if (object->kind != YAML_MAPPING)
		return "a Kubernetes object is a mapping";
	if (!world_node_text(object, "apiVersion"))
		return "this is no Kubernetes object: it has no apiVersion";
	if (!world_node_text(object, "kind"))
		return "this is no Kubernetes object: it has no kind";
	if (str_ends_with(world_node_text(object, "kind"), "List"))
		return NULL;
	if (!load_scalar(name) && !world_node_text(object, "metadata/generateName"))
		return "this Kubernetes object has no metadata.name";
	if (load_scalar(name) && !is_template(name) &&
	    strspn(name->text, "abcdefghijklmnopqrstuvwxyz0123456789-.:") != strlen(name->text))
		return "a name of Kubernetes has small letters, digits, - and . only";
	return NULL;
}

static void
check_inline(const struct world_lint *lint, const struct yaml_node *list)
{
	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *object = list->items[i];
		const char *problem = is_template(object) ? NULL : problem_of(object);

		if (problem)
			load_error(lint->load, object, "%s", problem);
	}
}

static void
check_documents(const struct world_lint *lint, const struct yaml_node *node,
		const struct yaml_stream *stream)
{
	size_t objects = 0;

	for (size_t i = 0; i < stream->count; i++) {
		const struct yaml_node *object = stream->documents[i].root;
		const char *problem = object ? problem_of(object) : NULL;

		objects += object != NULL;
		if (problem)
			load_error(lint->load, node, "%s:%d: %s", node->text, object->mark.line,
				   problem);
	}
	if (objects == 0)
		load_error(lint->load, node, "%s holds no object", node->text);
}

static void
check_manifest(const struct world_lint *lint, const struct yaml_node *node)
{
	char *path = file_resolve(lint->path, node->text);
	struct str text = STR_INIT;
	struct yaml_stream stream = { 0 };
	struct mark mark = { 1, 1 };
	struct err e = ERR_INIT;

	if (file_read(path, YAML_MAX_BYTES, &text, &e) < 0)
		load_error(lint->load, node, "%s", e.message);
	else if (yaml_parse(str_cstr(&text), text.len, &stream, &mark, &e) < 0)
		load_error(lint->load, node, "%s:%d:%d: %s", node->text, mark.line, mark.column,
			   e.message);
	else
		check_documents(lint, node, &stream);
	yaml_stream_release(&stream);
	str_release(&text);
	free(path);
}

static void
check_files(const struct world_lint *lint, const struct yaml_node *list)
{
	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++)
		if (load_scalar(list->items[i]))
			check_manifest(lint, list->items[i]);
}

static void
check_sql(const struct world_lint *lint, const struct yaml_node *server)
{
	const struct yaml_node *list = world_node(server, "databases");

	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *node = world_node(list->items[i], "sql");
		struct str text = STR_INIT;
		struct err e = ERR_INIT;
		char *path;

		if (!load_scalar(node))
			continue;
		path = file_resolve(lint->path, node->text);
		if (file_read(path, YAML_MAX_BYTES, &text, &e) < 0)
			load_error(lint->load, node, "%s", e.message);
		else if (text.len == 0)
			load_warning(lint->load, node, "%s is empty", node->text);
		str_release(&text);
		free(path);
	}
}

static void
check_clusters(const struct world_lint *lint, const struct yaml_node *list)
{
	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		check_inline(lint, world_node(list->items[i], "objects"));
		check_files(lint, world_node(list->items[i], "files"));
	}
}

static void
check_rules(const struct world_lint *lint, const struct yaml_node *rules)
{
	for (size_t i = 0; rules && rules->kind == YAML_SEQUENCE && i < rules->count; i++) {
		const struct yaml_node *actions = world_node(rules->items[i], "do");

		for (size_t j = 0; actions && actions->kind == YAML_SEQUENCE && j < actions->count;
		     j++) {
			check_inline(lint, world_node(actions->items[j], "apply/objects"));
			check_files(lint, world_node(actions->items[j], "apply/files"));
		}
	}
}

static void
check_charts(const struct world_lint *lint, const struct yaml_node *charts)
{
	for (size_t i = 0; charts && charts->kind == YAML_SEQUENCE && i < charts->count; i++) {
		const struct yaml_node *templates = world_node(charts->items[i], "templates");

		check_inline(lint, world_node(charts->items[i], "crds"));
		for (size_t j = 0;
		     templates && templates->kind == YAML_SEQUENCE && j < templates->count; j++)
			check_inline(lint, world_node(templates->items[j], "objects"));
	}
}

void
world_lint_objects(const struct world_lint *lint)
{
	const struct yaml_node *servers = world_node(lint->root, "databases");

	check_clusters(lint, world_node(lint->root, "clusters"));
	check_rules(lint, world_node(lint->root, "rules"));
	check_charts(lint, world_node(lint->root, "charts"));
	for (size_t i = 0; servers && servers->kind == YAML_SEQUENCE && i < servers->count; i++)
		check_sql(lint, servers->items[i]);
}
