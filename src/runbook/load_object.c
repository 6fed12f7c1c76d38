#include "config.h"

#include "runbook/load.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { FEW_KEYS = 6 };

static void
report_unknown_key(struct load *l, const struct field *table, const struct yaml_node *key,
		   const char *where)
{
	const char **names = load_field_names(table);
	char *advice = load_suggestion(key->text, names);
	struct str few = STR_INIT;
	size_t count = 0;

	for (; names[count]; count++)
		str_printf(&few, "%s%s", count ? ", " : "; it takes ", names[count]);
	if (strcmp(key->text, "<<") == 0)
		load_error(l, key,
			   "merge keys (<<) have no meaning in %s: use an alias for a whole "
			   "value",
			   where);
	else if (!advice[0] && count == 0)
		load_error(l, key, "unknown key \"%s\" in %s, which takes none", key->text, where);
	else
		load_error(l, key, "unknown key \"%s\" in %s%s", key->text, where,
			   advice[0] || count > FEW_KEYS ? advice : str_cstr(&few));
	str_release(&few);
	free(advice);
	free(names);
}

static void
report_missing_keys(struct load *l, const struct field *table, const struct yaml_node *node,
		    const char *where)
{
	for (const struct field *row = table; row && row->name; row++)
		if (row->flags & FIELD_REQUIRED && !yaml_get(node, row->name))
			diags_error(l->diags, node->mark, 1, "missing key \"%s\" in %s", row->name,
				    where);
}

/* Narrows what may be referred to below one key. */
static void
enter_key(struct load *l, const struct field *table, const char *key)
{
	if (table == runbook_fields &&
	    (strcmp(key, "params") == 0 || strcmp(key, "targets") == 0)) {
		l->scope.steps = 0;
		l->scope.targets = false;
	}
	if (table != runbook_step_fields)
		return;
	/* These are used when the step has run, and may use its own result. */
	if (strcmp(key, "verify") == 0 || strcmp(key, "undo") == 0 || strcmp(key, "panes") == 0)
		l->scope.steps++;
	if (strcmp(key, "for_each") == 0)
		l->scope.loop = NULL;
}

/* A default is a value of its parameter's type. */
static struct field
default_field(const struct field *row, const struct yaml_node *param)
{
	static const enum field_type types[] = {
		[PARAM_INT] = FIELD_INT,	   [PARAM_BOOL] = FIELD_BOOL,
		[PARAM_DURATION] = FIELD_DURATION, [PARAM_LIST] = FIELD_LIST,
		[PARAM_SECRET] = FIELD_STRING,
	};
	const char *word = load_scalar(yaml_get(param, "type"));
	const char *items = load_scalar(yaml_get(param, "items"));
	struct field field = *row;

	field.type = field.items = FIELD_STRING;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_equal(word, runbook_param_types[i]))
			field.type = types[i];
		if (str_equal(items, runbook_param_types[i]) && types[i] != FIELD_LIST)
			field.items = types[i];
	}
	return field;
}

static void
load_pair(struct load *l, const struct field *table, const struct yaml_node *node,
	  const struct yaml_pair *pair, const char *where, cJSON *object)
{
	const struct field *row = field_find(table, pair->key->text);
	struct scope outer = l->scope;
	struct field field;

	if (!row) {
		report_unknown_key(l, table, pair->key, where);
		return;
	}
	if (row->type == FIELD_OBJECT && !row->fields)
		return; /* `with`, which depends on `uses` */
	field = *row;
	if (table == runbook_param_fields && row->type == FIELD_ANY)
		field = default_field(row, node);
	enter_key(l, table, row->name);
	json_add(object, row->name, load_value(l, &field, field.type, pair->value));
	l->scope = outer;
}

static void
report_unknown_type(struct load *l, const struct yaml_node *uses)
{
	const char **names = xcalloc(l->catalogue->count + 1, sizeof(*names));
	char *suggestion;

	for (size_t i = 0; i < l->catalogue->count; i++)
		names[i] = l->catalogue->types[i]->uses;
	suggestion = load_suggestion(uses->text, names);
	for (size_t i = 0; runbook_format_types[i]; i++) {
		if (strcmp(runbook_format_types[i], uses->text) == 0) {
			load_error(l, uses,
				   "\"%s\" is part of lifeboat/v1, but this version of lifeboat "
				   "cannot run it",
				   uses->text);
			goto out;
		}
	}
	load_error(l, uses, "unknown step type \"%s\"%s", uses->text, suggestion);
out:
	free(suggestion);
	free(names);
}

static cJSON *
load_arguments(struct load *l, const struct step_type *type, const struct yaml_node *node)
{
	const struct yaml_node *with = yaml_get(node, "with");
	const struct yaml_node *uses = yaml_get(node, "uses");
	char *where = xasprintf("the arguments of %s", type->uses);
	cJSON *arguments = NULL;

	if (with && with->kind == YAML_MAPPING)
		arguments = load_object(l, type->fields, with, where, NULL);
	else if (with)
		load_error(l, with, "\"with\" wants a mapping: the arguments of %s", type->uses);
	for (const struct field *row = type->fields; !with && row && row->name; row++)
		if (row->flags & FIELD_REQUIRED)
			load_error(l, uses, "\"%s\" needs with: {%s: …}", type->uses, row->name);
	free(where);
	return arguments ? arguments : cJSON_CreateObject();
}

static void
check_only_reads(struct load *l, const struct step_type *type, const cJSON *with,
		 const struct yaml_node *uses)
{
	static const char *const words[] = {
		[EFFECT_NONE] = "asks the operator",
		[EFFECT_CHANGES] = "changes things",
		[EFFECT_DESTROYS] = "destroys things",
	};
	enum step_effect effect = step_type_effect(type, with);

	if (effect == EFFECT_READS)
		return;
	load_error(l, uses, "a check only reads, and \"%s\" %s%s", type->uses, words[effect],
		   field_find(type->fields, "effect") ? "; say effect: reads where it does not"
						      : "");
}

static void
load_action(struct load *l, const struct field *table, const struct yaml_node *node, cJSON *object)
{
	const struct yaml_node *uses = yaml_get(node, "uses");
	const struct step_type *type;

	if (!load_scalar(uses) || uses->len == 0)
		return;
	type = step_catalogue_find(l->catalogue, uses->text);
	if (!type) {
		report_unknown_type(l, uses);
		return;
	}
	*VEC_PUSH(l->actions, l->actions_count, l->actions_cap) = (struct action_use){
		.node = node,
		.type = type,
		.step = l->scope.step,
	};
	json_add(object, "with", load_arguments(l, type, node));
	if (table == runbook_check_fields)
		check_only_reads(l, type, json_at(object, "with"), uses);
}

cJSON *
load_object(struct load *l, const struct field *table, const struct yaml_node *node,
	    const char *where, const char *skip)
{
	cJSON *object = cJSON_CreateObject();

	for (size_t i = 0; i < node->count; i++)
		if (!str_equal(node->pairs[i].key->text, skip))
			load_pair(l, table, node, &node->pairs[i], where, object);
	report_missing_keys(l, table, node, where);
	if (field_find(table, "uses") && field_find(table, "with"))
		load_action(l, table, node, object);
	return object;
}
