#include "config.h"

#include "runbook/template.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "runbook/convert.h"

/*
 * Makes the arguments of a step ready. A value that came out of a template is never searched for
 * templates again: what an operator types, or a system answers, is no program.
 */
struct resolver {
	const char *runbook_path;
	struct expressions *x;
	const cJSON *context;
	bool expand;
};

static int resolve_value(const struct resolver *r, const struct field *field, enum field_type type,
			 const cJSON *value, cJSON **ret_value, struct err *e);

static int
name_from_text(const char *text, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	if (text[0] != '\0' && strchr(letters, text[0]) && text[strspn(text, others)] == '\0')
		return 0;
	return err_set(e, ERR_SPEC, "\"%s\" is no name: a-z, 0-9, - and _, a letter first", text);
}

static int
number_from_text(const struct field *field, const char *text, cJSON **ret_value, struct err *e)
{
	int64_t whole;
	char *end;
	double number;

	if (field->flags & FIELD_FRACTION) {
		number = strtod(text, &end);
		if (end == text || *end || !isfinite(number))
			return err_set(e, ERR_SPEC, "\"%s\" is no number", text);
	} else {
		if (convert_int(text, &whole, e) < 0)
			return -1;
		number = (double)whole;
	}
	*ret_value = cJSON_CreateNumber(number);
	return 0;
}

/* A duration is a number of milliseconds from here on; in the file only 0 goes without a unit. */
static int
duration_from_text(const char *text, cJSON **ret_value, struct err *e)
{
	int64_t ms;

	if (duration_parse(text, &ms, e) < 0)
		return -1;
	*ret_value = cJSON_CreateNumber((double)ms);
	return 0;
}

static int
from_text(const struct resolver *r, const struct field *field, enum field_type type,
	  const char *text, cJSON **ret_value, struct err *e)
{
	char *path = NULL;
	bool truth;

	switch (type) {
	case FIELD_BOOL:
		if (convert_bool(text, &truth, e) < 0)
			return -1;
		*ret_value = cJSON_CreateBool(truth);
		return 0;
	case FIELD_INT:
		return number_from_text(field, text, ret_value, e);
	case FIELD_DURATION:
		return duration_from_text(text, ret_value, e);
	case FIELD_PATH:
		if (convert_path(r->runbook_path, text, &path, e) < 0)
			return -1;
		break;
	case FIELD_NAME:
		if (name_from_text(text, e) < 0)
			return -1;
		break;
	case FIELD_CHOICE:
		if (convert_choice(text, field->choices, e) < 0)
			return -1;
		break;
	default:
		break;
	}
	*ret_value = cJSON_CreateString(path ? path : text);
	free(path);
	return 0;
}

static const char *
kind_name(const cJSON *value)
{
	return cJSON_IsArray(value)    ? "a list"
	       : cJSON_IsObject(value) ? "a mapping"
	       : cJSON_IsString(value) ? "a text"
	       : cJSON_IsNumber(value) ? "a number"
				       : "true or false";
}

static int
report_kind(const struct field *field, enum field_type type, const cJSON *value, struct err *e)
{
	struct field one = *field;

	one.type = type;
	return err_set(e, ERR_SPEC, "%s is wanted, and this is %s", field_type_describe(&one),
		       kind_name(value));
}

/* Converts a scalar without templates to its field's type. An empty optional text stays one. */
static int
convert_scalar(const struct resolver *r, const struct field *field, enum field_type type,
	       const cJSON *value, cJSON **ret_value, struct err *e)
{
	char *text = convert_to_text(value);
	int rc = -1;

	if (!text)
		return report_kind(field, type, value, e);
	if (text[0] == '\0' && type != FIELD_STRING && type != FIELD_TEXT) {
		*ret_value = cJSON_CreateNull(); /* nothing was given */
		rc = 0;
	} else {
		rc = from_text(r, field, type, text, ret_value, e);
	}
	free(text);
	return rc;
}

/* Every string inside, however deep. */
static int
resolve_any(const struct resolver *r, const cJSON *value, cJSON **ret_value, struct err *e)
{
	cJSON *copy, *resolved = NULL;
	const cJSON *item;

	if (cJSON_IsString(value) && r->expand)
		return template_expand(value->valuestring, r->x, r->context, ret_value, e);
	if (!cJSON_IsArray(value) && !cJSON_IsObject(value)) {
		*ret_value = cJSON_Duplicate(value, true);
		return 0;
	}
	copy = cJSON_IsArray(value) ? cJSON_CreateArray() : cJSON_CreateObject();
	cJSON_ArrayForEach(item, value) {
		if (resolve_any(r, item, &resolved, e) < 0) {
			if (item->string)
				err_wrap(e, "%s", item->string);
			cJSON_Delete(copy);
			return -1;
		}
		if (item->string)
			json_add(copy, item->string, resolved);
		else
			cJSON_AddItemToArray(copy, resolved);
	}
	*ret_value = copy;
	return 0;
}

static int
resolve_element(const struct resolver *r, const struct field *field, const cJSON *item,
		cJSON **ret_value, struct err *e)
{
	if (resolve_value(r, field, field->items, item, ret_value, e) < 0)
		return -1;
	if (!cJSON_IsNull(*ret_value) || field->items == FIELD_ANY)
		return 0;
	cJSON_Delete(*ret_value);
	*ret_value = NULL;
	return err_set(e, ERR_SPEC, "it has no value");
}

/* A list whose elements, or a mapping whose values, are of the type of the field's items. */
static int
resolve_items(const struct resolver *r, const struct field *field, const cJSON *value,
	      cJSON **ret_value, struct err *e)
{
	cJSON *copy = cJSON_IsArray(value) ? cJSON_CreateArray() : cJSON_CreateObject();
	const cJSON *item;
	int index = 0;

	cJSON_ArrayForEach(item, value) {
		cJSON *resolved = NULL;

		index++;
		if (resolve_element(r, field, item, &resolved, e) < 0) {
			if (item->string)
				err_wrap(e, "%s", item->string);
			else
				err_wrap(e, "element %d", index);
			cJSON_Delete(copy);
			return -1;
		}
		if (item->string)
			json_add(copy, item->string, resolved);
		else
			cJSON_AddItemToArray(copy, resolved);
	}
	*ret_value = copy;
	return 0;
}

static int
resolve_one_or_list(const struct resolver *r, const struct field *field, const cJSON *value,
		    cJSON **ret_value, struct err *e)
{
	cJSON *one = NULL;

	if (cJSON_IsArray(value))
		return resolve_items(r, field, value, ret_value, e);
	if (resolve_value(r, field, field->items, value, &one, e) < 0)
		return -1;
	if (!cJSON_IsNull(one)) {
		*ret_value = cJSON_CreateArray();
		cJSON_AddItemToArray(*ret_value, one);
	} else {
		*ret_value = one;
	}
	return 0;
}

/* The default of a field as the loader would have read it. */
static int
read_default(const struct field *field, cJSON **ret_value, struct err *e)
{
	struct yaml_stream stream;
	struct mark mark;

	if (yaml_parse(field->otherwise, strlen(field->otherwise), &stream, &mark, e) < 0)
		return err_wrap(e, "the default \"%s\"", field->otherwise);
	if (stream.count == 0 || !stream.documents[0].root)
		*ret_value = cJSON_CreateNull();
	else if (stream.documents[0].root->kind == YAML_SCALAR && field->type != FIELD_ANY)
		*ret_value = cJSON_CreateString(stream.documents[0].root->text);
	else
		*ret_value = yaml_to_json(stream.documents[0].root);
	yaml_stream_release(&stream);
	return 0;
}

static bool
is_empty(const struct field *field, const cJSON *value)
{
	if (cJSON_IsString(value))
		return value->valuestring[0] == '\0';
	return field->type != FIELD_ANY && (cJSON_IsArray(value) || cJSON_IsObject(value)) &&
	       !value->child;
}

static int
check_filled(const struct field *field, const cJSON *value, const cJSON *given, struct err *e)
{
	bool lacks = !value || cJSON_IsNull(value);

	if (field->flags & FIELD_REQUIRED && (lacks || is_empty(field, value))) {
		err_set(e, ERR_SPEC, "a value is required, and there is none");
		return cJSON_IsString(given) && strstr(given->valuestring, "${")
			       ? err_advise(e, "It is given as %s", given->valuestring)
			       : -1;
	}
	if (field->flags & FIELD_NONEMPTY && !lacks && is_empty(field, value))
		return err_set(e, ERR_SPEC, "at least one element is wanted, and it is empty");
	return 0;
}

/* The value of one field of a mapping: what is given, or its default; null where it has neither. */
static int
resolve_field(const struct resolver *r, const struct field *field, const cJSON *given,
	      cJSON **ret_value, struct err *e)
{
	cJSON *otherwise = NULL, *value = cJSON_CreateNull();
	int rc = -1;

	if (given && !cJSON_IsNull(given)) {
		cJSON_Delete(value);
		value = NULL;
		if (resolve_value(r, field, field->type, given, &value, e) < 0)
			goto out;
	}
	if (cJSON_IsNull(value) && field->otherwise) {
		cJSON_Delete(value);
		value = NULL;
		if (read_default(field, &otherwise, e) < 0 ||
		    resolve_value(r, field, field->type, otherwise, &value, e) < 0)
			goto out;
	}
	if (check_filled(field, value, given, e) < 0)
		goto out;
	*ret_value = value;
	value = NULL;
	rc = 0;
out:
	cJSON_Delete(otherwise);
	cJSON_Delete(value);
	return rc;
}

/* Members that the table does not know are the loader's concern; they are resolved as anything. */
static int
resolve_unknown(const struct resolver *r, const struct field *fields, const cJSON *object,
		cJSON *copy, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object) {
		cJSON *value = NULL;

		if (field_find(fields, item->string))
			continue;
		if (resolve_any(r, item, &value, e) < 0)
			return err_wrap(e, "%s", item->string);
		json_add(copy, item->string, value);
	}
	return 0;
}

static int
resolve_object(const struct resolver *r, const struct field *fields, const cJSON *object,
	       cJSON **ret_object, struct err *e)
{
	cJSON *copy = cJSON_CreateObject();

	for (const struct field *field = fields; field && field->name; field++) {
		const cJSON *given = cJSON_GetObjectItemCaseSensitive(object, field->name);
		cJSON *value = NULL;

		if (resolve_field(r, field, given, &value, e) < 0) {
			err_wrap(e, "%s", field->name);
			goto fail;
		}
		if (cJSON_IsNull(value))
			cJSON_Delete(value);
		else
			json_add(copy, field->name, value);
	}
	if (resolve_unknown(r, fields, object, copy, e) < 0)
		goto fail;
	*ret_object = copy;
	return 0;
fail:
	cJSON_Delete(copy);
	return -1;
}

/* Resolves a value that holds no template itself; its elements may. */
static int
resolve_plain(const struct resolver *r, const struct field *field, enum field_type type,
	      const cJSON *value, cJSON **ret_value, struct err *e)
{
	bool is_list = cJSON_IsArray(value), is_mapping = cJSON_IsObject(value);

	if (cJSON_IsNull(value)) {
		*ret_value = cJSON_CreateNull();
		return 0;
	}
	switch (type) {
	case FIELD_LIST:
		return is_list ? resolve_items(r, field, value, ret_value, e)
			       : report_kind(field, type, value, e);
	case FIELD_MAP:
		return is_mapping ? resolve_items(r, field, value, ret_value, e)
				  : report_kind(field, type, value, e);
	case FIELD_OBJECT:
		return is_mapping ? resolve_object(r, field->fields, value, ret_value, e)
				  : report_kind(field, type, value, e);
	case FIELD_ONE_OR_LIST:
		return resolve_one_or_list(r, field, value, ret_value, e);
	default:
		if (type == FIELD_CHOICE && field->fields && is_mapping)
			return resolve_object(r, field->fields, value, ret_value, e);
		return convert_scalar(r, field, type, value, ret_value, e);
	}
}

/* The texts that FIELD_OR_LIST allows in place of an expression. */
static int
resolve_texts(const struct resolver *r, const struct field *field, const cJSON *value,
	      cJSON **ret_value, struct err *e)
{
	struct field texts = *field;

	texts.type = FIELD_LIST;
	texts.items = FIELD_STRING;
	return resolve_items(r, &texts, value, ret_value, e);
}

static int
resolve_value(const struct resolver *r, const struct field *field, enum field_type type,
	      const cJSON *value, cJSON **ret_value, struct err *e)
{
	struct resolver inner = *r;
	cJSON *expanded = NULL;
	int rc;

	if (type == FIELD_ANY)
		return resolve_any(r, value, ret_value, e);
	if (type == FIELD_EXPRESSION && cJSON_IsArray(value) && field->flags & FIELD_OR_LIST)
		return resolve_texts(r, field, value, ret_value, e);
	if (type == FIELD_EXPRESSION || type == FIELD_CHECK) {
		*ret_value = cJSON_Duplicate(value, true);
		return 0;
	}
	if (!cJSON_IsString(value) || !r->expand || !(field->flags & FIELD_TEMPLATE))
		return resolve_plain(r, field, type, value, ret_value, e);
	if (template_expand(value->valuestring, r->x, r->context, &expanded, e) < 0)
		return -1;
	inner.expand = false;
	rc = resolve_plain(&inner, field, type, expanded, ret_value, e);
	cJSON_Delete(expanded);
	return rc;
}

int
template_resolve(const struct field *fields, const cJSON *with, const char *runbook_path,
		 struct expressions *x, const cJSON *context, cJSON **ret_with, struct err *e)
{
	struct resolver r = { runbook_path, x, context, true };

	return resolve_object(&r, fields, with, ret_with, e);
}
