#include "config.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "kube/access.h"
#include "kube/base64.h"
#include "kube/kubeconfig_pin.h"
#include "kube/kubeconfig_private.h"
#include "net/fence/fence.h"

/* The files of a kubeconfig, their entries, and the members of an entry. */

void
kubeconfig_files_release(struct kubeconfig_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->items[i].path);
		kube_json_delete(files->items[i].root);
	}
	free(files->items);
}

/*
 * A name or a token may look like a number and is text all the same, to the last digit. Extensions are
 * their owners' own.
 */
static void
keep_numbers_as_text(struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR && *node->text && strchr("+-.0123456789", node->text[0]))
		node->plain = false;
	for (size_t i = 0; i < node->count; i++) {
		if (node->kind != YAML_MAPPING)
			keep_numbers_as_text(node->items[i]);
		else if (strcmp(node->pairs[i].key->text, "extensions") != 0)
			keep_numbers_as_text(node->pairs[i].value);
	}
}

static int
load_file(struct kubeconfig_files *files, const char *path, struct err *e)
{
	struct yaml_stream stream = { 0 };
	struct mark mark = { 0, 0 };
	struct str text = STR_INIT;
	int rc = -1;

	if (fence_check_file(path, e) < 0 || file_read(path, YAML_MAX_BYTES, &text, e) < 0)
		goto out;
	if (yaml_parse(str_cstr(&text), text.len, &stream, &mark, e) < 0) {
		err_wrap(e, "%s:%d:%d", path, mark.line, mark.column);
		err_advise(e, "Correct that line, or take the file from its source again");
		goto out;
	}
	if (stream.count > 0 && stream.documents[0].root) {
		struct kubeconfig_file *file;

		keep_numbers_as_text(stream.documents[0].root);
		file = VEC_PUSH(files->items, files->count, files->cap);
		file->path = xstrdup(path);
		file->root = yaml_to_json(stream.documents[0].root);
	}
	rc = 0;
out:
	yaml_stream_release(&stream);
	str_release_secret(&text);
	return rc;
}

/* The list of $KUBECONFIG, or NULL. */
static const char *
listed_paths(void)
{
	const char *list = getenv("KUBECONFIG");

	return list && *list ? list : NULL;
}

/* The next file of the list that is there, or NULL at its end; the caller frees. */
static char *
next_listed(const char **at)
{
	while (**at) {
		size_t len = strcspn(*at, ":");
		char *path = xstrndup(*at, len);

		*at += len + ((*at)[len] == ':');
		if (*path && file_exists(path))
			return path;
		free(path);
	}
	return NULL;
}

/* ~/.kube/config; the caller frees. NULL without a home. */
static char *
home_path(void)
{
	const char *home = getenv("HOME");

	return home && *home ? xasprintf("%s/.kube/config", home) : NULL;
}

bool
kubeconfig_files_exist(void)
{
	const char *list = listed_paths();
	char *path = list ? next_listed(&list) : home_path();
	bool exists = path && file_exists(path);

	free(path);
	return exists;
}

static int
load_list(struct kubeconfig_files *files, const char *list, struct err *e)
{
	char *path;
	int rc = 0;

	while (rc == 0 && (path = next_listed(&list))) {
		rc = load_file(files, path, e);
		free(path);
	}
	return rc;
}

static int
load_default(struct kubeconfig_files *files, struct err *e)
{
	char *path = home_path();
	int rc;

	if (!path)
		return err_set(e, ERR_NOT_FOUND,
			       "no kubeconfig: neither KUBECONFIG nor HOME is set");
	rc = load_file(files, path, e);
	if (rc < 0 && !file_exists(path))
		err_advise(e, "Set KUBECONFIG to the file that defines your clusters");
	free(path);
	return rc;
}

int
kubeconfig_files_load(struct kubeconfig_files *files, const char *path, struct err *e)
{
	const char *list = listed_paths();
	char *default_path;
	int rc;

	if (path)
		rc = load_file(files, path, e);
	else
		rc = list ? load_list(files, list, e) : load_default(files, e);
	if (rc < 0)
		return err_wrap(e, "reading the kubeconfig");
	if (files->count > 0)
		return 0;
	if (!path && list)
		return err_set(e, ERR_NOT_FOUND,
			       "reading the kubeconfig: each file of KUBECONFIG = %s is missing or "
			       "empty. Set it to the file that defines your clusters",
			       list);
	default_path = path ? NULL : home_path();
	err_set(e, ERR_NOT_FOUND,
		"reading the kubeconfig: the file %s is empty. Take it from its source again",
		path ? path : default_path);
	free(default_path);
	return -1;
}

char *
kubeconfig_files_names(const struct kubeconfig_files *files)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < files->count; i++)
		str_printf(&out, "%s%s", i ? ", " : "", files->items[i].path);
	return str_take(&out);
}

/* Adds a file of the list, which another program may read from another folder. */
static int
append_absolute(struct str *list, const char *path, struct err *e)
{
	char *folder;

	if (list->len)
		str_append_char(list, ':');
	if (path[0] != '/') {
		folder = getcwd(NULL, 0);
		if (!folder)
			return err_errno(e, ERR_IO,
					 "finding the current folder, which %s is relative to",
					 path);
		str_printf(list, "%s/", folder);
		free(folder);
	}
	str_append(list, path);
	return 0;
}

static int
append_listed(struct str *list, const char *paths, struct err *e)
{
	char *path;
	int rc = 0;

	while (rc == 0 && (path = next_listed(&paths))) {
		rc = append_absolute(list, path, e);
		free(path);
	}
	return rc;
}

int
kubeconfig_list_files(const char *path, struct str *list, struct err *e)
{
	char *home;
	int rc;

	if (path && strchr(path, ':'))
		return err_set(e, ERR_SPEC,
			       "the kubeconfig %s has a colon in its name, which stands between "
			       "names in KUBECONFIG. Give it another name",
			       path);
	if (path)
		return append_absolute(list, path, e);
	if (listed_paths())
		return append_listed(list, listed_paths(), e);
	home = home_path();
	rc = home && file_exists(home) ? append_absolute(list, home, e) : 0;
	free(home);
	return rc;
}

bool
kubeconfig_find(const struct kubeconfig_files *files, const char *word, const char *name,
		struct kubeconfig_entry *ret_entry)
{
	char plural[32];

	snprintf(plural, sizeof(plural), "%ss", word);
	for (size_t i = 0; i < files->count; i++) {
		const struct kubeconfig_file *file = &files->items[i];
		const cJSON *item;

		cJSON_ArrayForEach(item, json_at(file->root, plural)) {
			if (!str_equal(json_string(item, "name", NULL), name))
				continue;
			*ret_entry = (struct kubeconfig_entry){ .word = word,
								.name = name,
								.path = file->path,
								.value = json_at(item, word) };
			return true;
		}
	}
	return false;
}

int
kubeconfig_wrap(const struct kubeconfig_entry *entry, struct err *e)
{
	return err_wrap(e, "%s: %s \"%s\"", entry->path, entry->word, entry->name);
}

static bool
is_absent(const cJSON *value)
{
	return !value || cJSON_IsNull(value);
}

int
kubeconfig_text(const struct kubeconfig_entry *entry, const char *field, char **ret_text,
		struct err *e)
{
	const cJSON *value = json_at(entry->value, field);

	if (!is_absent(value) && !cJSON_IsString(value)) {
		err_set(e, ERR_SPEC, "its %s is not text: put it in quotes", field);
		return kubeconfig_wrap(entry, e);
	}
	if (!is_absent(value) && *value->valuestring)
		*ret_text = xstrdup(value->valuestring);
	return 0;
}

int
kubeconfig_bool(const struct kubeconfig_entry *entry, const char *field, bool *ret_value,
		struct err *e)
{
	const cJSON *value = json_at(entry->value, field);

	if (!is_absent(value) && !cJSON_IsBool(value)) {
		err_set(e, ERR_SPEC, "its %s is neither true nor false", field);
		return kubeconfig_wrap(entry, e);
	}
	*ret_value = cJSON_IsTrue(value);
	return 0;
}

int
kubeconfig_list(const struct kubeconfig_entry *entry, const char *field, char ***ret_list,
		struct err *e)
{
	const cJSON *value = json_at(entry->value, field), *item;
	int size = cJSON_GetArraySize(value), count = 0;
	bool ok = is_absent(value) || cJSON_IsArray(value);
	char **list;

	cJSON_ArrayForEach(item, value)
		ok = ok && cJSON_IsString(item);
	if (!ok) {
		err_set(e, ERR_SPEC, "its %s is not a list of texts", field);
		return kubeconfig_wrap(entry, e);
	}
	if (size == 0)
		return 0;
	list = xcalloc((size_t)size + 1, sizeof(*list));
	cJSON_ArrayForEach(item, value)
		list[count++] = xstrdup(item->valuestring);
	*ret_list = list;
	return 0;
}

static int
read_file(const struct kubeconfig_entry *entry, const char *field, char **ret_text, struct err *e)
{
	struct str text = STR_INIT;
	char *name = NULL, *path;

	if (kubeconfig_text(entry, field, &name, e) < 0)
		return -1;
	if (!name)
		return 0;
	path = file_resolve(entry->path, name);
	int rc = fence_check_file(path, e);
	if (rc == 0)
		rc = file_read(path, KUBE_MAX_MATERIAL, &text, e);
	free(path);
	free(name);
	if (rc < 0) {
		str_release_secret(&text);
		err_wrap(e, "%s", field);
		return kubeconfig_wrap(entry, e);
	}
	*ret_text = str_take(&text);
	return 0;
}

int
kubeconfig_pem(const struct kubeconfig_entry *entry, const char *field, char **ret_pem,
	       struct err *e)
{
	char data_field[64], *data = NULL;
	struct str pem = STR_INIT;

	snprintf(data_field, sizeof(data_field), "%s-data", field);
	if (kubeconfig_text(entry, data_field, &data, e) < 0)
		return -1;
	if (!data)
		return read_file(entry, field, ret_pem, e);
	int rc = base64_decode(data, &pem);
	kube_wipe(data);
	if (rc < 0) {
		str_release_secret(&pem);
		err_set(e, ERR_SPEC, "%s is no valid base64", data_field);
		return kubeconfig_wrap(entry, e);
	}
	*ret_pem = str_take(&pem);
	return 0;
}
