#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "world/spec/spec_internal.h"
#include "world/spec/spec_tables.h"

/* Where names come from: elements of a list by `name`, keys of a mapping. */
static const struct {
	const char *word, *list;
} kinds_of_names[] = {
	[NAMES_AUTHORITIES] = { "authority", "authorities" },
	[NAMES_CERTIFICATES] = { "certificate", "certificates" },
	[NAMES_CLUSTERS] = { "cluster", "clusters" },
	[NAMES_CONDITIONS] = { "condition", "conditions" },
	[NAMES_DATABASES] = { "database", "databases" },
	[NAMES_ENDS] = { "end of the runbook", NULL },
	[NAMES_FAULTS] = { "fault", "faults" },
	[NAMES_LIVE] = { "live value", "live" },
	[NAMES_RANDOM] = { "random value", "random" },
	[NAMES_SIGNALS] = { "signal", NULL },
	[NAMES_SITES] = { "site", "sites" },
	[NAMES_STEPS] = { "step of the runbook", NULL },
	[NAMES_VARIANTS] = { "variant", "variants" },
	[NAMES_ZONES] = { "zone", "zones" },
};

/* Which fields hold names of what; a NULL table stands for any, where the field is a name. */
static const struct reference {
	const struct field *table;
	const char *field;
	enum world_names what;
} references[] = {
	{ world_cluster_change_fields, "name", NAMES_CLUSTERS },
	{ world_database_change_fields, "name", NAMES_DATABASES },
	{ world_fault_change_fields, "name", NAMES_FAULTS },
	{ world_site_change_fields, "name", NAMES_SITES },
	{ world_zone_change_fields, "name", NAMES_ZONES },
	{ world_order_fields, "after", NAMES_STEPS },
	{ NULL, "all", NAMES_CONDITIONS },
	{ NULL, "again", NAMES_LIVE },
	{ NULL, "any", NAMES_CONDITIONS },
	{ NULL, "authority", NAMES_AUTHORITIES },
	{ NULL, "certificate", NAMES_CERTIFICATES },
	{ NULL, "cluster", NAMES_CLUSTERS },
	{ NULL, "condition", NAMES_CONDITIONS },
	{ NULL, "database", NAMES_DATABASES },
	{ NULL, "ends", NAMES_ENDS },
	{ NULL, "excludes", NAMES_VARIANTS },
	{ NULL, "fault", NAMES_FAULTS },
	{ NULL, "from", NAMES_CLUSTERS },
	{ NULL, "live", NAMES_LIVE },
	{ NULL, "needs", NAMES_CONDITIONS },
	{ NULL, "not", NAMES_CONDITIONS },
	{ NULL, "right", NAMES_STEPS },
	{ NULL, "signal", NAMES_SIGNALS },
	{ NULL, "signed_by", NAMES_AUTHORITIES },
	{ NULL, "site", NAMES_SITES },
	{ NULL, "step", NAMES_STEPS },
	{ NULL, "when", NAMES_CONDITIONS },
	{ NULL, "without", NAMES_CONDITIONS },
};

enum { REFERENCES = sizeof(references) / sizeof(references[0]) };

/* A list of names under way. */
struct names {
	const char **items;
	size_t count, cap;
};

static void
add_name(struct names *names, const char *name)
{
	if (name)
		*VEC_PUSH(names->items, names->count, names->cap) = name;
}

static void
add_from(struct names *names, const struct yaml_node *list, const char *key)
{
	for (size_t i = 0; i < world_node_count(list); i++)
		add_name(names, list->kind == YAML_MAPPING ? list->pairs[i].key->text
							   : world_node_text(list->items[i], key));
}

static void
add_signals(struct names *names, const struct yaml_node *root)
{
	const struct yaml_node *rules = world_node(root, "rules");

	for (size_t i = 0; i < world_node_count(rules) && rules->kind == YAML_SEQUENCE; i++) {
		const struct yaml_node *actions = world_node(rules->items[i], "do");

		for (size_t j = 0; actions && actions->kind == YAML_SEQUENCE && j < actions->count;
		     j++)
			add_name(names, world_node_text(actions->items[j], "signal/name"));
	}
}

const char **
world_names(const struct world_lint *lint, enum world_names what)
{
	struct names names = { 0 };

	if (what == NAMES_STEPS)
		add_from(&names, world_node(lint->runbook->root, "steps"), "id");
	else if (what == NAMES_ENDS)
		add_from(&names, world_node(lint->runbook->root, "ends"), "id");
	else if (what == NAMES_SIGNALS)
		add_signals(&names, lint->root);
	else
		add_from(&names, world_node(lint->root, kinds_of_names[what].list), "name");
	*VEC_PUSH(names.items, names.count, names.cap) = NULL;
	return names.items;
}

const char *
world_names_word(enum world_names what)
{
	return kinds_of_names[what].word;
}

bool
world_names_known(const struct world_lint *lint, enum world_names what)
{
	return (what != NAMES_STEPS && what != NAMES_ENDS) || lint->runbook->root;
}

void
world_check_name(const struct world_lint *lint, enum world_names what, const struct yaml_node *node)
{
	const char **names = world_names(lint, what);
	const char *name = load_scalar(node);
	size_t at = 0;

	while (name && names[at] && strcmp(names[at], name) != 0)
		at++;
	if (name && *name && !names[at] && world_names_known(lint, what)) {
		char *advice = load_suggestion(name, names);

		if (what == NAMES_SIGNALS)
			load_error(lint->load, node,
				   "this can never become true: no rule gives the signal \"%s\"%s",
				   name, advice);
		else
			load_error(lint->load, node, "there is no %s \"%s\"%s",
				   world_names_word(what), name, advice);
		free(advice);
	}
	free(names);
}

static bool
is_name(const struct field *row)
{
	return row->type == FIELD_NAME ||
	       ((row->type == FIELD_LIST || row->type == FIELD_ONE_OR_LIST) &&
		row->items == FIELD_NAME);
}

static const struct reference *
reference_of(const struct field *table, const struct field *row)
{
	for (size_t i = 0; i < REFERENCES; i++)
		if (strcmp(references[i].field, row->name) == 0 &&
		    (references[i].table == table || (!references[i].table && is_name(row))))
			return &references[i];
	return NULL;
}

static void
check_reference(const struct world_lint *lint, enum world_names what, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR)
		world_check_name(lint, what, node);
	for (size_t i = 0; node->kind == YAML_SEQUENCE && i < node->count; i++)
		world_check_name(lint, what, node->items[i]);
}

static void walk(const struct world_lint *lint, const struct field *table,
		 const struct yaml_node *node);

static void
walk_value(const struct world_lint *lint, const struct field *table, const struct field *row,
	   const struct yaml_node *value)
{
	const struct reference *reference = reference_of(table, row);

	if (reference) {
		check_reference(lint, reference->what, value);
		return;
	}
	if (!row->fields)
		return;
	if (value->kind == YAML_SEQUENCE || row->type == FIELD_MAP)
		for (size_t i = 0; i < world_node_count(value); i++)
			walk(lint, row->fields,
			     value->kind == YAML_MAPPING ? value->pairs[i].value : value->items[i]);
	else
		walk(lint, row->fields, value);
}

/* What a mapping refers to, and all below it. */
static void
walk(const struct world_lint *lint, const struct field *table, const struct yaml_node *node)
{
	for (size_t i = 0; node->kind == YAML_MAPPING && i < node->count; i++) {
		const struct field *row = field_find(table, node->pairs[i].key->text);

		if (row)
			walk_value(lint, table, row, node->pairs[i].value);
	}
}

static void
check_twice(const struct world_lint *lint, const struct yaml_node *list, const char *besides)
{
	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *name = world_node(list->items[i], "name");

		for (size_t j = 0; load_scalar(name) && j < i; j++) {
			const struct yaml_node *other = list->items[j];

			if (!str_equal(world_node_text(other, "name"), name->text) ||
			    (besides && !str_equal(world_node_text(other, besides),
						   world_node_text(list->items[i], besides))))
				continue;
			load_error(lint->load, name,
				   "the name \"%s\" is taken: line %d has it already", name->text,
				   world_node(other, "name")->mark.line);
			break;
		}
	}
}

/* Keys of mappings are names as others are. */
static void
check_keys(const struct world_lint *lint, const struct yaml_node *map)
{
	for (size_t i = 0; map && map->kind == YAML_MAPPING && i < map->count; i++)
		if (!load_name_ok(map->pairs[i].key->text, false))
			load_error(lint->load, map->pairs[i].key,
				   "\"%s\" is no name such as central-ready (a-z, 0-9, - and _, a "
				   "letter first)",
				   map->pairs[i].key->text);
}

void
world_lint_names(const struct world_lint *lint)
{
	static const char *const lists[] = { "authorities", "certificates", "clusters", "databases",
					     "rules",	    "sites",	    "zones" };
	static const char *const maps[] = { "conditions", "faults", "live", "random", "variants" };

	walk(lint, world_fields, lint->root);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		check_twice(lint, world_node(lint->root, lists[i]), NULL);
	check_twice(lint, world_node(lint->root, "charts"), "version");
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		check_keys(lint, world_node(lint->root, maps[i]));
}
