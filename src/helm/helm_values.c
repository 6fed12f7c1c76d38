#include "config.h"

#include "helm/helm_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/yaml.h"
#include "base/xalloc.h"

/* ---- merging ---- */

cJSON *
helm_values_merge(const cJSON *under, const cJSON *over)
{
	cJSON *result = cJSON_Duplicate(under, true);
	const cJSON *item;

	cJSON_ArrayForEach(item, over) {
		const cJSON *old = cJSON_GetObjectItemCaseSensitive(result, item->string);
		cJSON *value = cJSON_IsObject(item) && cJSON_IsObject(old)
				       ? helm_values_merge(old, item)
				       : cJSON_Duplicate(item, true);

		json_replace(result, item->string, value);
	}
	return result;
}

cJSON *
helm_values_coalesce(const cJSON *user, const cJSON *chart)
{
	cJSON *result = cJSON_IsObject(user) ? cJSON_Duplicate(user, true) : cJSON_CreateObject();
	const cJSON *item;

	cJSON_ArrayForEach(item, chart) {
		const cJSON *own = cJSON_GetObjectItemCaseSensitive(result, item->string);

		if (cJSON_IsNull(own))
			cJSON_DeleteItemFromObjectCaseSensitive(result, item->string);
		else if (!own && !cJSON_IsNull(item))
			json_add(result, item->string, cJSON_Duplicate(item, true));
		else if (cJSON_IsObject(own) && cJSON_IsObject(item))
			json_replace(result, item->string, helm_values_coalesce(own, item));
	}
	return result;
}

/* ---- files ---- */

static int
read_stdin(struct str *text)
{
	char piece[4096];
	size_t got;

	while (text->len <= YAML_MAX_BYTES && (got = fread(piece, 1, sizeof(piece), stdin)) > 0)
		str_append_bytes(text, piece, got);
	return 0;
}

/* The error of Go's os.ReadFile. */
static int
read_text(const char *path, struct str *text, struct err *e)
{
	struct err why = ERR_INIT;

	if (strcmp(path, "-") == 0)
		return read_stdin(text);
	if (strstr(path, "://"))
		return err_set(e, ERR_NET, "%s: there is no way out of a practice world", path);
	if (file_read(path, YAML_MAX_BYTES, text, &why) == 0)
		return 0;
	if (why.kind == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_FOUND, "open %s: no such file or directory", path);
	return err_set(e, why.kind, "%s", why.message);
}

static const char *
go_type(const cJSON *value)
{
	if (cJSON_IsArray(value))
		return "array";
	if (cJSON_IsString(value))
		return "string";
	return cJSON_IsBool(value) ? "bool" : "number";
}

static int
parse_values(const struct str *text, cJSON **ret_values, struct err *e)
{
	struct yaml_stream stream = { 0 };
	struct mark mark = { 0, 0 };
	struct err why = ERR_INIT;
	cJSON *value = NULL;
	int rc = yaml_parse(str_cstr(text), text->len, &stream, &mark, &why);

	if (rc == 0 && stream.count > 0 && stream.documents[0].root)
		rc = yaml_to_manifest(stream.documents[0].root, &value, &mark, &why);
	yaml_stream_release(&stream);
	if (rc < 0)
		return err_set(e, ERR_SPEC, "error converting YAML to JSON: yaml: line %d: %s",
			       mark.line, why.message);
	if (value && !cJSON_IsObject(value) && !cJSON_IsNull(value)) {
		rc = err_set(e, ERR_SPEC,
			     "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
			     "%s into Go value of type map[string]interface {}",
			     go_type(value));
		cJSON_Delete(value);
		return rc;
	}
	if (!cJSON_IsObject(value)) {
		cJSON_Delete(value);
		value = cJSON_CreateObject();
	}
	*ret_values = value;
	return 0;
}

static int
add_file(const char *path, cJSON **values, struct err *e)
{
	struct str text = STR_INIT;
	cJSON *file = NULL, *merged;
	int rc = read_text(path, &text, e);

	if (rc == 0 && (rc = parse_values(&text, &file, e)) < 0)
		err_wrap(e, "failed to parse %s", path);
	if (rc == 0) {
		merged = helm_values_merge(*values, file);
		cJSON_Delete(*values);
		*values = merged;
	}
	cJSON_Delete(file);
	str_release_secret(&text);
	return rc;
}

/* ---- all of them ---- */

static int
set_all(const struct helm_texts *texts, bool strings, bool files, const char *flag, cJSON *values,
	struct err *e)
{
	for (size_t i = 0; i < texts->count; i++)
		if (helm_values_set(texts->items[i], strings, files, values, e) < 0)
			return err_wrap(e, "failed parsing --%s data", flag);
	return 0;
}

int
helm_values_given(const struct helm_flags *flags, cJSON **ret_values, struct err *e)
{
	cJSON *values = cJSON_CreateObject();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < flags->values.count; i++)
		rc = add_file(flags->values.items[i], &values, e);
	for (size_t i = 0; rc == 0 && i < flags->set_json.count; i++) {
		rc = helm_values_set_json(flags->set_json.items[i], values, e);
		if (rc < 0)
			err_wrap(e, "failed parsing --set-json data %s", flags->set_json.items[i]);
	}
	if (rc == 0)
		rc = set_all(&flags->set, false, false, "set", values, e);
	if (rc == 0)
		rc = set_all(&flags->set_string, true, false, "set-string", values, e);
	if (rc == 0)
		rc = set_all(&flags->set_file, true, true, "set-file", values, e);
	if (rc == 0)
		*ret_values = values;
	else
		cJSON_Delete(values);
	return rc;
}
