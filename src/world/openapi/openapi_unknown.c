#include "config.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "world/object/go_text.h"
#include "world/openapi/openapi.h"
#include "world/openapi/openapi_internal.h"

/* What an object has that its kind does not: fields, and values of other types than a field's. */

/* ---- fields ---- */

struct search {
	struct str path;
	void (*found)(void *data, const char *path);
	void *data;
};

static void look(struct search *s, const struct openapi_type *type, const cJSON *object);

static bool
find_field(const struct openapi_type *type, const char *name, struct openapi_field *ret_field)
{
	const char *cursor = type->fields;

	while (openapi_next_field(type, &cursor, ret_field))
		if (strlen(name) == ret_field->name_len &&
		    memcmp(name, ret_field->name, ret_field->name_len) == 0)
			return true;
	return false;
}

/* A value of another type than the field's is somebody else's mistake to tell. */
static void
look_inside(struct search *s, const struct openapi_field *field, const cJSON *value)
{
	size_t len = s->path.len, i = 0;
	const cJSON *item;

	if (!field->type)
		return;
	if (field->wrap == OPENAPI_ONE) {
		look(s, field->type, value);
		return;
	}
	cJSON_ArrayForEach(item, value) {
		if (field->wrap == OPENAPI_LIST)
			str_printf(&s->path, "[%zu]", i++);
		else
			str_printf(&s->path, ".%s", item->string ? item->string : "");
		look(s, field->type, item);
		s->path.len = len;
		s->path.data[len] = '\0';
	}
}

static void
look(struct search *s, const struct openapi_type *type, const cJSON *object)
{
	size_t len = s->path.len;
	struct openapi_field field;
	const cJSON *member;

	if (!cJSON_IsObject(object))
		return;
	cJSON_ArrayForEach(member, object) {
		str_printf(&s->path, "%s%s", len ? "." : "", member->string);
		if (find_field(type, member->string, &field))
			look_inside(s, &field, member);
		else
			s->found(s->data, str_cstr(&s->path));
		s->path.len = len;
		s->path.data[len] = '\0';
	}
}

void
openapi_unknown_fields(const struct kind *kind, const cJSON *object,
		       void (*found)(void *data, const char *path), void *data)
{
	const struct openapi_type *type = openapi_type_of(kind);
	struct search s = { .path = STR_INIT, .found = found, .data = data };

	if (type)
		look(&s, type, object);
	str_release(&s.path);
}

/* ---- types ---- */

/* One object whose values are held against the fields of its kind. */
struct typing {
	const struct kind *kind;
	struct str path;
	struct refusal *r;
};

/* How Go has the primitives; `apart`: the type reads itself, and its errors do not know of which field they are. */
static const struct primitive {
	char letter;
	const char *go;
	bool apart;
} primitives[] = {
	{ 's', "string", false }, { 'y', "[]uint8", false }, { 't', "string", true },
	{ 'q', "", true },	  { 'x', "int32", true },    { 'i', "int32", false },
	{ 'l', "int64", false },  { 'd', "float64", false }, { 'b', "bool", false },
	{ 'o', "object", false }, { 'a', "object", false },
};

static const struct primitive *
primitive_of(char letter)
{
	size_t i = 0;

	while (i + 1 < sizeof(primitives) / sizeof(primitives[0]) && primitives[i].letter != letter)
		i++;
	return &primitives[i];
}

static bool
is_number(const cJSON *value)
{
	return cJSON_IsNumber(value) || cJSON_IsRaw(value);
}

static bool
is_whole(const cJSON *value, bool wide)
{
	double most = wide ? (double)INT64_MAX : INT32_MAX;

	if (!cJSON_IsNumber(value))
		return wide && cJSON_IsRaw(value);
	return trunc(value->valuedouble) == value->valuedouble && fabs(value->valuedouble) <= most;
}

static bool
fits(char letter, const cJSON *value)
{
	switch (letter) {
	case 's':
	case 'y':
	case 't':
		return cJSON_IsString(value);
	case 'q':
		return cJSON_IsString(value) || is_number(value);
	case 'x':
		return cJSON_IsString(value) || is_whole(value, false);
	case 'i':
	case 'l':
		return is_whole(value, letter == 'l');
	case 'd':
		return is_number(value);
	case 'b':
		return cJSON_IsBool(value);
	case 'o':
		return cJSON_IsObject(value);
	default:
		return true;
	}
}

/* "[]v1.Container", "map[string]string", "int32"; `whole`: not one element, but the list or map itself. */
static void
append_go_type(const struct openapi_field *field, bool whole, struct str *out)
{
	if (whole)
		str_append(out, field->wrap == OPENAPI_LIST  ? "[]"
				: field->wrap == OPENAPI_MAP ? "map[string]"
							     : "");
	str_append(out, field->type ? strchr(field->type->name, '.') + 1
				    : primitive_of(field->primitive)->go);
}

/* A number that does not fit among others is told, as the server does. */
static void
append_value(const struct openapi_field *field, const cJSON *value, struct str *out)
{
	str_append(out, go_type(value));
	if (is_number(value) && field->primitive && strchr("il", field->primitive)) {
		char *text = json_print(value);

		str_printf(out, " %s", text);
		free(text);
	}
}

/* Source: Go, encoding/json, UnmarshalTypeError; the UnmarshalJSON() of Time, IntOrString, Quantity. */
static int
refuse_type(struct typing *t, const struct openapi_type *owner, const struct openapi_field *field,
	    bool whole, const cJSON *value)
{
	const char *kind = t->kind->name;
	bool apart = !field->type && !whole && primitive_of(field->primitive)->apart;
	struct str why = STR_INIT;

	if (apart && field->primitive == 'q') {
		str_append(&why, "quantities must match the regular expression "
				 "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	} else {
		str_append(&why, "json: cannot unmarshal ");
		append_value(field, value, &why);
		if (apart)
			str_append(&why, " into Go value of type ");
		else
			str_printf(&why, " into Go struct field %s.%s of type ",
				   strrchr(owner->name, '.') + 1, str_cstr(&t->path));
		append_go_type(field, whole, &why);
	}
	refuse_bad_request(t->r, "%s in version \"%s\" cannot be handled as a %s: %s", kind,
			   t->kind->version, kind, str_cstr(&why));
	str_release(&why);
	return -1;
}

static int check_struct(struct typing *t, const struct openapi_type *type, const cJSON *object);

/* One value of a field: itself, or an element of its list or map. */
static int
check_value(struct typing *t, const struct openapi_type *owner, const struct openapi_field *field,
	    const cJSON *value)
{
	if (cJSON_IsNull(value))
		return 0;
	if (field->type ? !cJSON_IsObject(value) : !fits(field->primitive, value))
		return refuse_type(t, owner, field, false, value);
	return field->type ? check_struct(t, field->type, value) : 0;
}

static int
check_field(struct typing *t, const struct openapi_type *owner, const struct openapi_field *field,
	    const cJSON *value)
{
	const cJSON *item;

	if (cJSON_IsNull(value))
		return 0;
	if (field->wrap == OPENAPI_ONE)
		return check_value(t, owner, field, value);
	if (field->wrap == OPENAPI_LIST ? !cJSON_IsArray(value) : !cJSON_IsObject(value))
		return refuse_type(t, owner, field, true, value);
	cJSON_ArrayForEach(item, value)
		if (check_value(t, owner, field, item) < 0)
			return -1;
	return 0;
}

static int
check_struct(struct typing *t, const struct openapi_type *type, const cJSON *object)
{
	size_t len = t->path.len;
	struct openapi_field field;
	const cJSON *member;

	cJSON_ArrayForEach(member, object) {
		if (!find_field(type, member->string, &field))
			continue;
		str_printf(&t->path, "%s%s", len ? "." : "", member->string);
		if (check_field(t, type, &field, member) < 0)
			return -1;
		t->path.len = len;
		t->path.data[len] = '\0';
	}
	return 0;
}

int
openapi_check_types(const struct kind *kind, const cJSON *object, struct refusal *r)
{
	const struct openapi_type *type = openapi_type_of(kind);
	const cJSON *metadata = json_at(object, "metadata");
	struct typing t = { .kind = kind, .path = STR_INIT, .r = r };
	int rc = 0;

	if (type) {
		rc = check_struct(&t, type, object);
	} else if (cJSON_IsObject(metadata)) {
		str_append(&t.path, "metadata");
		rc = check_struct(&t, openapi_type_find("meta.v1.ObjectMeta"), metadata);
	}
	str_release(&t.path);
	return rc;
}
