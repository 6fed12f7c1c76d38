#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "world/spec/spec_internal.h"
#include "world/spec/spec_tables.h"

/* "sql, ready, object …": the keys of a table. The caller frees. */
static char *
keys_of(const struct field *table)
{
	struct str out = STR_INIT;

	for (const struct field *row = table; row->name; row++)
		str_printf(&out, "%s%s", row == table ? "" : ", ", row->name);
	return str_take(&out);
}

/* A mapping that says one thing has one key. */
static void
check_one_key(const struct world_lint *lint, const struct field *table, const char *what,
	      const struct yaml_node *node)
{
	char *keys;

	if (node->kind != YAML_MAPPING || node->count == 1)
		return;
	keys = keys_of(table);
	if (node->count == 0)
		load_error(lint->load, node, "%s has one of these keys: %s", what, keys);
	else
		load_error(lint->load, node->pairs[1].key,
			   "%s has one key, and this one has %zu: \"%s\" and \"%s\"", what,
			   node->count, node->pairs[0].key->text, node->pairs[1].key->text);
	free(keys);
}

/* Every live value, wherever it stands. */
static void
check_values(const struct world_lint *lint, const struct field *table, const struct yaml_node *node)
{
	for (size_t i = 0; node->kind == YAML_MAPPING && i < node->count; i++) {
		const struct field *row = field_find(table, node->pairs[i].key->text);
		const struct yaml_node *value = node->pairs[i].value;
		bool live = row && row->fields == world_live_fields;

		if (!row || !row->fields)
			continue;
		if (live && row->type == FIELD_OBJECT)
			check_one_key(lint, row->fields, "a live value", value);
		if (row->type == FIELD_OBJECT)
			check_values(lint, row->fields, value);
		for (size_t j = 0; row->type != FIELD_OBJECT && j < world_node_count(value); j++) {
			const struct yaml_node *item = value->kind == YAML_MAPPING
							       ? value->pairs[j].value
							       : value->items[j];

			if (live)
				check_one_key(lint, row->fields, "a live value", item);
			check_values(lint, row->fields, item);
		}
	}
}

/* Where a walk over what conditions stand on is. */
struct trail {
	const struct yaml_node *conditions;
	size_t first; /* a cycle with one before it has been told of */
	bool *seen;
	struct str path;
	bool found;
};

static void follow(struct trail *trail, const char *name);

static void
follow_all(struct trail *trail, const struct yaml_node *names)
{
	if (load_scalar(names))
		follow(trail, names->text);
	for (size_t i = 0; names && names->kind == YAML_SEQUENCE && i < names->count; i++)
		if (load_scalar(names->items[i]))
			follow(trail, names->items[i]->text);
}

static size_t
index_of(const struct yaml_node *mapping, const char *key)
{
	size_t at = 0;

	while (at < mapping->count && strcmp(mapping->pairs[at].key->text, key) != 0)
		at++;
	return at;
}

static void
follow(struct trail *trail, const char *name)
{
	static const char *const below[] = { "all", "any", "not", "held/condition" };
	size_t at = index_of(trail->conditions, name), len = trail->path.len;

	if (trail->found || at == trail->conditions->count || at < trail->first ||
	    (trail->seen[at] && at != trail->first))
		return;
	str_printf(&trail->path, "%s%s", len ? ", which stands on " : "", name);
	trail->found = len > 0 && at == trail->first;
	trail->seen[at] = true;
	for (size_t i = 0; !trail->found && i < sizeof(below) / sizeof(below[0]); i++)
		follow_all(trail, world_node(trail->conditions->pairs[at].value, below[i]));
	if (!trail->found) {
		trail->path.len = len;
		trail->path.data[len] = '\0';
	}
}

static void
check_cycle(const struct world_lint *lint, const struct yaml_node *conditions, size_t index)
{
	const struct yaml_node *key = conditions->pairs[index].key;
	struct trail trail = {
		.conditions = conditions,
		.first = index,
		.seen = xcalloc(conditions->count, sizeof(*trail.seen)),
	};

	follow(&trail, key->text);
	if (trail.found)
		load_error(lint->load, key, "this condition stands on itself: %s",
			   str_cstr(&trail.path));
	str_release(&trail.path);
	free(trail.seen);
}

/* Live values that are each other. */
static void
check_live_cycle(const struct world_lint *lint, const struct yaml_node *live, size_t index)
{
	const char *name = live->pairs[index].key->text;

	for (size_t i = 0; name && i <= live->count; i++) {
		const struct yaml_node *value = world_node(live, name);

		name = world_node_text(value, "live");
		if (name && strcmp(name, live->pairs[index].key->text) == 0) {
			load_error(lint->load, live->pairs[index].key,
				   "this live value stands on itself");
			return;
		}
	}
}

/* What conditions that ask for a name say of whom they ask, and of what they keep. */
static void
check_question(const struct world_lint *lint, const struct yaml_node *question)
{
	const struct yaml_node *zone = world_node(question, "zone");
	const struct yaml_node *kept = world_node(question, "kept");
	const struct yaml_node *port = world_node(question, "port");
	long number = load_scalar(port) ? strtol(port->text, NULL, 10) : 1;

	if (zone)
		world_check_name(lint, NAMES_ZONES, zone);
	if (kept && !world_node(question, "keeps"))
		load_error(lint->load, kept, "\"kept\" has no meaning without keeps");
	if (number < 1 || number > 65535)
		load_error(lint->load, port, "%ld is not a port", number);
}

static bool
names_it(const struct yaml_node *node, const char *name)
{
	if (str_equal(load_scalar(node), name))
		return true;
	for (size_t i = 0; node && node->kind == YAML_SEQUENCE && i < node->count; i++)
		if (names_it(node->items[i], name))
			return true;
	return false;
}

/* Whether a tree asks for a condition by one of the keys that do. */
static bool
asks_for(const struct yaml_node *node, const char *name)
{
	static const char *const keys[] = { "all",  "any",   "not",	"condition",
					    "when", "needs", "without", NULL };

	for (size_t i = 0; i < world_node_count(node); i++) {
		if (node->kind == YAML_SEQUENCE) {
			if (asks_for(node->items[i], name))
				return true;
			continue;
		}
		for (size_t j = 0; keys[j]; j++)
			if (strcmp(node->pairs[i].key->text, keys[j]) == 0 &&
			    names_it(node->pairs[i].value, name))
				return true;
		if (asks_for(node->pairs[i].value, name))
			return true;
	}
	return false;
}

static void
check_unused(const struct world_lint *lint, const struct yaml_node *key)
{
	char *look = xasprintf("looks[\"%s\"]", key->text);
	bool used = asks_for(lint->root, key->text);

	for (size_t i = 0; !used && i < lint->load->expressions_count; i++)
		used = strstr(lint->load->expressions[i].text, look);
	if (!used)
		load_warning(lint->load, key, "nothing asks for the condition \"%s\"", key->text);
	free(look);
}

void
world_lint_conditions(const struct world_lint *lint)
{
	const struct yaml_node *conditions = world_node(lint->root, "conditions");
	const struct yaml_node *live = world_node(lint->root, "live");

	for (size_t i = 0; conditions && conditions->kind == YAML_MAPPING && i < conditions->count;
	     i++) {
		check_one_key(lint, world_condition_fields, "a condition",
			      conditions->pairs[i].value);
		check_cycle(lint, conditions, i);
		check_question(lint, world_node(conditions->pairs[i].value, "dial"));
		check_question(lint, world_node(conditions->pairs[i].value, "resolve"));
		check_unused(lint, conditions->pairs[i].key);
	}
	for (size_t i = 0; live && live->kind == YAML_MAPPING && i < live->count; i++)
		check_live_cycle(lint, live, i);
	check_values(lint, world_fields, lint->root);
}
