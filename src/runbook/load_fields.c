#include "config.h"

#include "runbook/load.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/template.h"

void
load_add_expression(struct load *l, const struct yaml_node *node, const char *text, size_t offset,
		    bool of_result)
{
	*VEC_PUSH(l->expressions, l->expressions_count, l->expressions_cap) =
		(struct expression_use){
			.text = xstrdup(text),
			.node = node,
			.offset = offset,
			.of_result = of_result,
			.scope = l->scope,
		};
}

struct template_walk {
	struct load *load;
	const struct yaml_node *node;
};

static void
found_in_template(void *data, const char *expression, size_t offset)
{
	struct template_walk *walk = data;

	load_add_expression(walk->load, walk->node, expression, offset, false);
}

static void
scan_template(struct load *l, const struct yaml_node *node)
{
	struct template_walk walk = { l, node };
	struct err e = ERR_INIT;

	if (template_scan(node->text, found_in_template, &walk, &e) < 0)
		load_error(l, node, "%s", e.message);
}

/* Templates in the strings of any value; keys are taken as they are. */
static void
scan_strings(struct load *l, const struct yaml_node *node)
{
	for (size_t i = 0; i < node->count; i++)
		scan_strings(l, node->kind == YAML_MAPPING ? node->pairs[i].value : node->items[i]);
	if (node->kind == YAML_SCALAR)
		scan_template(l, node);
}

static bool
is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->plain && !node->tag &&
	       (node->len == 0 || strcmp(node->text, "~") == 0 ||
		strcasecmp(node->text, "null") == 0);
}

/* What a message is about: a field, or an element of it. The caller frees. */
static char *
subject(const struct field *field, enum field_type type)
{
	bool element =
		(field->type == FIELD_LIST || field->type == FIELD_MAP) && type != field->type;

	return xasprintf(element ? "an entry of \"%s\"" : "\"%s\"", field->name);
}

static void
report_wanted(struct load *l, const struct field *field, enum field_type type,
	      const struct yaml_node *node)
{
	bool quoted = node->kind == YAML_SCALAR && !node->plain;
	struct field one = *field;
	char *found = load_describe(node), *what = subject(field, type);

	one.type = type;
	load_error(l, node, "%s wants %s, not %s%s", what, field_type_describe(&one), found,
		   quoted && (type == FIELD_INT || type == FIELD_BOOL) ? ": leave out the quotes"
								       : "");
	free(found);
	free(what);
}

static cJSON *
load_name(struct load *l, const struct field *field, const struct yaml_node *node)
{
	if (load_name_ok(node->text, false))
		return cJSON_CreateString(node->text);
	report_wanted(l, field, FIELD_NAME, node);
	return cJSON_CreateNull();
}

static cJSON *
load_duration(struct load *l, const struct field *field, const struct yaml_node *node)
{
	int64_t ms;

	if (duration_parse(node->text, &ms, NULL) == 0)
		return cJSON_CreateString(node->text);
	report_wanted(l, field, FIELD_DURATION, node);
	return cJSON_CreateNull();
}

static cJSON *
load_plain(struct load *l, const struct field *field, enum field_type type,
	   const struct yaml_node *node)
{
	cJSON *value = yaml_to_json(node);
	bool fits = type == FIELD_BOOL
			    ? cJSON_IsBool(value)
			    : cJSON_IsNumber(value) &&
				      (field->flags & FIELD_FRACTION ||
				       value->valuedouble == floor(value->valuedouble)) &&
				      fabs(value->valuedouble) < 9007199254740992.0;

	if (fits)
		return value;
	cJSON_Delete(value);
	report_wanted(l, field, type, node);
	return cJSON_CreateNull();
}

/* "pause, abort or a mapping" */
static void
append_words(struct str *out, const struct field *field)
{
	for (size_t i = 0; field->choices[i]; i++)
		str_printf(out, "%s%s",
			   i == 0				    ? ""
			   : field->choices[i + 1] || field->fields ? ", "
								    : " or ",
			   field->choices[i]);
	if (field->fields)
		str_printf(out, " or a mapping with \"%s\"", field->fields[0].name);
}

static cJSON *
load_choice(struct load *l, const struct field *field, const struct yaml_node *node)
{
	struct str words = STR_INIT;
	char *suggestion;

	for (size_t i = 0; field->choices[i]; i++)
		if (strcmp(field->choices[i], node->text) == 0)
			return cJSON_CreateString(node->text);
	append_words(&words, field);
	suggestion = load_suggestion(node->text, field->choices);
	load_error(l, node, "\"%s\" wants %s, not \"%s\"%s", field->name, str_cstr(&words),
		   node->text, suggestion);
	free(suggestion);
	str_release(&words);
	return cJSON_CreateNull();
}

static cJSON *
load_expression(struct load *l, const struct field *field, const struct yaml_node *node)
{
	const char *begin = node->text + strspn(node->text, " \t\n");

	if (str_starts_with(begin, "${")) {
		load_error(l, node, "\"%s\" is an expression already: write it without ${ and }",
			   field->name);
		return cJSON_CreateNull();
	}
	if (!*begin) {
		load_error(l, node, "\"%s\" is empty", field->name);
		return cJSON_CreateNull();
	}
	load_add_expression(l, node, node->text, 0, !(field->flags & FIELD_CONTEXT));
	return cJSON_CreateString(node->text);
}

static cJSON *
load_text(struct load *l, const struct field *field, const struct yaml_node *node)
{
	if (field->flags & (FIELD_REQUIRED | FIELD_NONEMPTY) && node->len == 0) {
		load_error(l, node, "\"%s\" is empty", field->name);
		return cJSON_CreateNull();
	}
	if (!(field->flags & FIELD_TEMPLATE) && strstr(node->text, "${."))
		load_warning(l, node, "\"%s\" is shown as it is: ${…} has no meaning in it",
			     field->name);
	return cJSON_CreateString(node->text);
}

static cJSON *
load_scalar_value(struct load *l, const struct field *field, enum field_type type,
		  const struct yaml_node *node)
{
	switch (type) {
	case FIELD_NAME:
		return load_name(l, field, node);
	case FIELD_BOOL:
	case FIELD_INT:
		return load_plain(l, field, type, node);
	case FIELD_DURATION:
		return load_duration(l, field, node);
	case FIELD_CHOICE:
		return load_choice(l, field, node);
	case FIELD_EXPRESSION:
		return load_expression(l, field, node);
	default:
		return load_text(l, field, node);
	}
}

/* A secret's value never stands in the file; it comes from a parameter that is masked. */
static void
check_secret(struct load *l, const struct field *field, const struct yaml_node *node)
{
	if (!str_starts_with(node->text, "${") || !str_ends_with(node->text, "}"))
		load_error(l, node,
			   "\"%s\" must not stand in the file: make it a parameter of type "
			   "secret and write ${.params.NAME}",
			   field->name);
}

/* What is wrong with any scalar, whatever is wanted in its place. */
static bool
scalar_is_sound(struct load *l, const struct field *field, enum field_type type,
		const struct yaml_node *node)
{
	if (is_null(node)) {
		char *what = subject(field, type);

		load_error(l, node, "%s has no value", what);
		free(what);
		return false;
	}
	if (strlen(node->text) != node->len) {
		load_error(l, node, "\"%s\" holds a NUL byte", field->name);
		return false;
	}
	if (node->tag && !str_starts_with(node->tag, "!!") &&
	    !str_starts_with(node->tag, "tag:yaml.org,2002:")) {
		load_error(l, node, "the tag \"%s\" has no meaning here", node->tag);
		return false;
	}
	return true;
}

static cJSON *
load_one(struct load *l, const struct field *field, enum field_type type,
	 const struct yaml_node *node)
{
	bool template = field->flags & FIELD_TEMPLATE && type != FIELD_EXPRESSION;
	bool secret = l->scope.secret;

	if (!scalar_is_sound(l, field, type, node))
		return cJSON_CreateNull();
	if (field->flags & FIELD_SECRET)
		check_secret(l, field, node);
	if (!template)
		return load_scalar_value(l, field, type, node);
	l->scope.secret = field->flags & FIELD_SECRET;
	scan_template(l, node);
	l->scope.secret = secret;
	if (strstr(node->text, "${"))
		return cJSON_CreateString(node->text);
	return load_scalar_value(l, field, type, node);
}

/* What a mapping below a field is called in messages. */
static char *
name_object(const struct field *field, bool element)
{
	if (field->fields == runbook_step_fields)
		return xstrdup("a step");
	if (field->fields == runbook_param_fields)
		return xstrdup("a parameter");
	return xasprintf(element ? "an entry of \"%s\"" : "\"%s\"", field->name);
}

static void
enter_step(struct load *l, const struct yaml_node *node, size_t index)
{
	const struct yaml_node *loop = NULL;

	if (node->kind == YAML_MAPPING)
		loop = yaml_get(node, "for_each");
	l->scope.step = node;
	l->scope.steps = index;
	if (loop && loop->kind == YAML_MAPPING)
		l->scope.loop = load_scalar(yaml_get(loop, "as"));
}

/* What holds for the elements of a list or map: that it is required says nothing of them. */
static struct field
element_of(const struct field *field)
{
	struct field element = *field;

	element.flags &= ~(unsigned)(FIELD_REQUIRED | FIELD_NONEMPTY);
	return element;
}

static cJSON *
load_list(struct load *l, const struct field *field, const struct yaml_node *node)
{
	cJSON *list = cJSON_CreateArray();
	struct scope outer = l->scope;
	struct field element = element_of(field);

	if (node->count == 0 && field->flags & FIELD_NONEMPTY)
		load_error(l, node, "\"%s\" is empty: at least one is wanted", field->name);
	for (size_t i = 0; i < node->count; i++) {
		if (field->fields == runbook_step_fields)
			enter_step(l, node->items[i], i);
		cJSON_AddItemToArray(list, load_value(l, &element, field->items, node->items[i]));
		l->scope = outer;
	}
	return list;
}

/* The fields of a target are those of its type. */
static cJSON *
load_target(struct load *l, const struct yaml_node *node)
{
	static const char *const kinds[] = { "kubernetes", "postgresql", "dns", "http", NULL };
	const struct field type = {
		.name = "type",
		.type = FIELD_CHOICE,
		.choices = kinds,
		.flags = FIELD_REQUIRED,
	};
	const struct yaml_node *word = yaml_get(node, "type");
	cJSON *fields, *kind;
	char *where;

	if (!word) {
		diags_error(l->diags, node->mark, 1, "missing key \"type\" in a target");
		return cJSON_CreateNull();
	}
	kind = load_value(l, &type, FIELD_CHOICE, word);
	if (!cJSON_IsString(kind))
		return kind;
	where = xasprintf("a %s target", kind->valuestring);
	fields = load_object(l, runbook_target_fields(target_kind_from_name(kind->valuestring)),
			     node, where, "type");
	json_add(fields, "type", kind);
	free(where);
	return fields;
}

static cJSON *
load_map(struct load *l, const struct field *field, const struct yaml_node *node)
{
	cJSON *map = cJSON_CreateObject();
	struct scope outer = l->scope;
	struct field element = element_of(field);
	bool is_target = field->items == FIELD_OBJECT && !field->fields;

	if (node->count == 0 && field->flags & FIELD_NONEMPTY)
		load_error(l, node, "\"%s\" is empty: at least one is wanted", field->name);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		cJSON *value;

		if (field->fields == runbook_param_fields) {
			l->scope.params = i;
			l->scope.param = pair->key->text;
		}
		if (is_target && pair->value->kind == YAML_MAPPING)
			value = load_target(l, pair->value);
		else
			value = load_value(l, &element, field->items, pair->value);
		json_add(map, pair->key->text, value);
		l->scope = outer;
	}
	return map;
}

static cJSON *
load_mapping(struct load *l, const struct field *field, const struct yaml_node *node, bool element)
{
	char *where = name_object(field, element);
	cJSON *object = load_object(l, field->fields, node, where, NULL);

	free(where);
	return object;
}

/* A sequence or a mapping, or NULL where the field takes none. */
static cJSON *
load_collection(struct load *l, const struct field *field, enum field_type type,
		const struct yaml_node *node)
{
	bool list = type == FIELD_LIST || type == FIELD_ONE_OR_LIST;
	struct field texts = *field;

	if (node->kind == YAML_SEQUENCE && list)
		return load_list(l, field, node);
	if (node->kind == YAML_SEQUENCE && type == FIELD_EXPRESSION &&
	    field->flags & FIELD_OR_LIST) {
		texts.items = FIELD_STRING;
		return load_list(l, &texts, node);
	}
	if (node->kind != YAML_MAPPING)
		return NULL;
	if (type == FIELD_MAP)
		return load_map(l, field, node);
	if (type == FIELD_CHECK)
		return load_object(l, runbook_check_fields, node, "a check", NULL);
	if (type == FIELD_OBJECT && !field->fields)
		return NULL;
	if (type == FIELD_OBJECT || (type == FIELD_CHOICE && field->fields))
		return load_mapping(l, field, node, field->type != type);
	return NULL;
}

static bool
takes_scalar(const struct field *field, enum field_type type, const struct yaml_node *node)
{
	switch (type) {
	case FIELD_LIST:
	case FIELD_MAP:
	case FIELD_OBJECT:
	case FIELD_CHECK:
		return field->flags & FIELD_TEMPLATE && strstr(node->text, "${");
	default:
		return true;
	}
}

cJSON *
load_value(struct load *l, const struct field *field, enum field_type type,
	   const struct yaml_node *node)
{
	cJSON *collection;

	if (type == FIELD_ANY) {
		scan_strings(l, node);
		return yaml_to_json(node);
	}
	if (type == FIELD_ONE_OR_LIST && node->kind != YAML_SEQUENCE)
		return load_value(l, field, field->items, node);
	if (node->kind == YAML_SCALAR && (is_null(node) || takes_scalar(field, type, node)))
		return load_one(l, field, type, node);
	collection = load_collection(l, field, type, node);
	if (collection)
		return collection;
	report_wanted(l, field, type, node);
	return cJSON_CreateNull();
}
