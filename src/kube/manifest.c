#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "kube/apply.h"

enum { MAX_LIST_DEPTH = 4 };

/* What has been read so far; objects that must come first are kept apart. */
struct manifest {
	cJSON *first, *rest;
	struct str problems; /* one a line, "file:line:column: …" */
};

/* Without a mark, the text itself names the file. */
static void
add_problem(struct manifest *m, const char *path, const struct mark *mark, const char *text)
{
	if (m->problems.len)
		str_append_char(&m->problems, '\n');
	if (mark)
		str_printf(&m->problems, "%s:%d:%d: ", path, mark->line, mark->column);
	str_append(&m->problems, text);
}

static const char *
scalar(const struct yaml_node *mapping, const char *key)
{
	const struct yaml_node *value;

	value = mapping && mapping->kind == YAML_MAPPING ? yaml_get(mapping, key) : NULL;
	return value && value->kind == YAML_SCALAR ? value->text : "";
}

static bool
comes_first(const char *api_version, const char *kind)
{
	return (strcmp(kind, "Namespace") == 0 && strcmp(api_version, "v1") == 0) ||
	       (strcmp(kind, "CustomResourceDefinition") == 0 &&
		str_starts_with(api_version, "apiextensions.k8s.io/"));
}

static void
add_object(struct manifest *m, const char *path, const struct yaml_node *node)
{
	const char *api_version = scalar(node, "apiVersion"), *kind = scalar(node, "kind");
	const struct yaml_node *metadata = yaml_get(node, "metadata");
	const char *missing = NULL;

	if (!*api_version)
		missing = "the object has no apiVersion";
	else if (!*kind)
		missing = "the object has no kind";
	else if (!metadata || metadata->kind != YAML_MAPPING)
		missing = "the object has no metadata";
	else if (!*scalar(metadata, "name"))
		missing = "the object has no metadata.name";
	if (missing) {
		add_problem(m, path, metadata ? &metadata->mark : &node->mark, missing);
		return;
	}
	cJSON_AddItemToArray(comes_first(api_version, kind) ? m->first : m->rest,
			     yaml_to_json(node));
}

/* An object, or the items of a List, which may be Lists again. */
static void
add_node(struct manifest *m, const char *path, const struct yaml_node *node, int depth)
{
	const struct yaml_node *items;

	if (node->kind != YAML_MAPPING) {
		add_problem(m, path, &node->mark,
			    "a mapping with apiVersion, kind and metadata is "
			    "expected here");
		return;
	}
	items = yaml_get(node, "items");
	if (!str_ends_with(scalar(node, "kind"), "List") || !items ||
	    items->kind != YAML_SEQUENCE) {
		add_object(m, path, node);
		return;
	}
	if (depth == MAX_LIST_DEPTH) {
		add_problem(m, path, &node->mark, "Lists within Lists too deep");
		return;
	}
	for (size_t i = 0; i < items->count; i++)
		add_node(m, path, items->items[i], depth + 1);
}

static bool
is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->plain &&
	       (!*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

static void
load_file(struct manifest *m, const char *path)
{
	struct yaml_stream stream = { 0 };
	struct str text = STR_INIT;
	struct err error = ERR_INIT;
	struct mark mark = { 0, 0 };

	if (file_read(path, YAML_MAX_BYTES, &text, &error) < 0)
		add_problem(m, path, NULL, error.message);
	else if (yaml_parse(str_cstr(&text), text.len, &stream, &mark, &error) < 0)
		add_problem(m, path, &mark, error.message);
	for (size_t i = 0; i < stream.count; i++) {
		const struct yaml_node *root = stream.documents[i].root;

		if (root && !is_null(root))
			add_node(m, path, root, 0);
	}
	yaml_stream_release(&stream);
	str_release_secret(&text);
}

static int
is_manifest(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (str_ends_with(entry->d_name, ".yaml") || str_ends_with(entry->d_name, ".yml") ||
		str_ends_with(entry->d_name, ".json"));
}

static int
compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* not alphasort(), which asks the locale */
}

static int
load_folder(struct manifest *m, const char *path, struct err *e)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_manifest, compare_names);

	if (count < 0)
		return err_errno(e, ERR_IO, "reading the folder %s", path);
	for (int i = 0; i < count; i++) {
		char *file = xasprintf("%s/%s", path, entries[i]->d_name);

		load_file(m, file);
		free(file);
		free(entries[i]);
	}
	free(entries);
	if (count == 0)
		return err_set(e, ERR_SPEC, "the folder %s holds no *.yaml, *.yml or *.json file",
			       path);
	return 0;
}

int
manifest_load(const char *path, cJSON **ret_objects, struct err *e)
{
	struct manifest m = { cJSON_CreateArray(), cJSON_CreateArray(), STR_INIT };
	struct stat st;
	cJSON *object;
	int rc = -1;

	if (stat(path, &st) < 0) {
		err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "reading the manifest %s",
			  path);
		goto out;
	}
	if (!S_ISDIR(st.st_mode))
		load_file(&m, path);
	else if (load_folder(&m, path, e) < 0)
		goto out;
	if (m.problems.len) {
		err_set(e, ERR_SPEC, "%s", str_cstr(&m.problems));
		goto out;
	}
	while ((object = cJSON_DetachItemFromArray(m.rest, 0)))
		cJSON_AddItemToArray(m.first, object);
	if (cJSON_GetArraySize(m.first) == 0) {
		err_set(e, ERR_SPEC, "%s holds no Kubernetes object", path);
		goto out;
	}
	*ret_objects = m.first;
	m.first = NULL;
	rc = 0;
out:
	cJSON_Delete(m.first);
	cJSON_Delete(m.rest);
	str_release(&m.problems);
	return rc;
}
