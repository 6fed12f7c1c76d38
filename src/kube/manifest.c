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
#include "kube/manifest_json.h"

enum { MAX_LIST_DEPTH = 4 };

/* What has been read so far. */
struct manifest {
	struct entry *entries;
	size_t count, cap;
	struct str problems; /* one a line, "file:line:column: …" */
};

struct entry {
	cJSON *object;
	size_t rank, place; /* in the order of kinds; as it was written */
};

/*
 * What others need comes first. Kinds that are not named here, custom resources above all, come last.
 * Source: helm, pkg/release/util/kind_sorter.go, InstallOrder, with the definitions right behind the
 * namespaces, since every other object may be of a kind that they bring.
 */
static const struct {
	const char *group, *kind;
} install_order[] = {
	{ "", "Namespace" },
	{ "apiextensions.k8s.io", "CustomResourceDefinition" },
	{ "scheduling.k8s.io", "PriorityClass" },
	{ "networking.k8s.io", "NetworkPolicy" },
	{ "", "ResourceQuota" },
	{ "", "LimitRange" },
	{ "policy", "PodSecurityPolicy" },
	{ "policy", "PodDisruptionBudget" },
	{ "", "ServiceAccount" },
	{ "", "Secret" },
	{ "", "ConfigMap" },
	{ "storage.k8s.io", "StorageClass" },
	{ "", "PersistentVolume" },
	{ "", "PersistentVolumeClaim" },
	{ "rbac.authorization.k8s.io", "ClusterRole" },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding" },
	{ "rbac.authorization.k8s.io", "Role" },
	{ "rbac.authorization.k8s.io", "RoleBinding" },
	{ "", "Service" },
	{ "apps", "DaemonSet" },
	{ "", "Pod" },
	{ "", "ReplicationController" },
	{ "apps", "ReplicaSet" },
	{ "apps", "Deployment" },
	{ "autoscaling", "HorizontalPodAutoscaler" },
	{ "apps", "StatefulSet" },
	{ "batch", "Job" },
	{ "batch", "CronJob" },
	{ "networking.k8s.io", "IngressClass" },
	{ "networking.k8s.io", "Ingress" },
	{ "apiregistration.k8s.io", "APIService" },
	{ "admissionregistration.k8s.io", "MutatingWebhookConfiguration" },
	{ "admissionregistration.k8s.io", "ValidatingWebhookConfiguration" },
};

enum {
	KINDS = sizeof(install_order) / sizeof(install_order[0]),
	FOUNDATIONS = 2, /* the first ones, which must be ready before the rest can be asked for */
};

static size_t
rank_of(const cJSON *object)
{
	const char *version = json_string(object, "apiVersion", "");
	const char *kind = json_string(object, "kind", "");
	const char *slash = strchr(version, '/');
	size_t group_len = slash ? (size_t)(slash - version) : 0;
	size_t rank = 0;

	while (rank < KINDS && (strcmp(install_order[rank].kind, kind) != 0 ||
				strlen(install_order[rank].group) != group_len ||
				strncmp(install_order[rank].group, version, group_len) != 0))
		rank++;
	return rank;
}

bool
manifest_is_foundation(const cJSON *object)
{
	return rank_of(object) < FOUNDATIONS;
}

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

static void
add_object(struct manifest *m, const char *path, const struct yaml_node *node)
{
	const char *api_version = scalar(node, "apiVersion"), *kind = scalar(node, "kind");
	const struct yaml_node *metadata = yaml_get(node, "metadata");
	const char *missing = NULL;
	struct err error = ERR_INIT;
	struct entry *entry;
	struct mark mark;
	cJSON *object;

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
	if (yaml_to_manifest(node, &object, &mark, &error) < 0) {
		add_problem(m, path, &mark, error.message);
		return;
	}
	entry = VEC_PUSH(m->entries, m->count, m->cap);
	*entry = (struct entry){ object, rank_of(object), m->count };
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

	if (file_read(path, YAML_MAX_BYTES, &text, &error) < 0) {
		add_problem(m, path, NULL, error.message);
	} else {
		manifest_json_to_yaml(&text);
		if (yaml_parse(str_cstr(&text), text.len, &stream, &mark, &error) < 0)
			add_problem(m, path, &mark, error.message);
	}
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

static int
compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

/* The objects in the order to apply; the entries no longer own them. */
static cJSON *
take_objects(struct manifest *m)
{
	cJSON *objects = cJSON_CreateArray();

	qsort(m->entries, m->count, sizeof(*m->entries), compare_entries);
	for (size_t i = 0; i < m->count; i++)
		cJSON_AddItemToArray(objects, m->entries[i].object);
	m->count = 0;
	return objects;
}

int
manifest_load(const char *path, cJSON **ret_objects, struct err *e)
{
	struct manifest m = { .problems = STR_INIT };
	struct stat st;
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
	if (m.count == 0) {
		err_set(e, ERR_SPEC, "%s holds no Kubernetes object", path);
		goto out;
	}
	*ret_objects = take_objects(&m);
	rc = 0;
out:
	for (size_t i = 0; i < m.count; i++)
		cJSON_Delete(m.entries[i].object);
	free(m.entries);
	str_release(&m.problems);
	return rc;
}
