#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/spec/spec_internal.h"

/* One variant that is being merged in. */
struct merging {
	struct world_merge *merge;
	struct diags *diags;
	const char *variant;
};

/* What elements of lists are known by: the first key that one has, and keys that tell it from others of that name. */
static const struct identity {
	const char *key;
	const char *besides[3];
} identities[] = {
	{ "metadata/name", { "kind", "metadata/namespace" } },
	{ "workload", { "cluster", "namespace" } },
	{ "name", { "type", "version" } },
	{ "path", { "method" } },
	{ "step", { NULL } },
	{ "operation", { NULL } },
};

enum { IDENTITIES = sizeof(identities) / sizeof(identities[0]) };

static void
report(const struct merging *m, const struct yaml_node *node, char *message)
{
	diags_error(m->diags, node->mark, load_length(node), "%s", message);
	free(message);
}

static bool
is_marked(const struct yaml_node *node, const char *key)
{
	return node->kind == YAML_MAPPING && str_equal(world_node_text(node, key), "true");
}

static bool
contains(const struct yaml_node *tree, const struct yaml_node *node)
{
	if (tree == node)
		return true;
	for (size_t i = 0; i < world_node_count(tree); i++)
		if (contains(tree->kind == YAML_MAPPING ? tree->pairs[i].value : tree->items[i],
			     node))
			return true;
	return false;
}

/* The variant, merged in before, that has brought any part of a node; NULL: the file has it from the beginning. */
static const char *
brought_by(const struct merging *m, const struct yaml_node *node)
{
	for (size_t i = 0; i < m->merge->changes_count; i++)
		if (contains(m->merge->changes[i], node))
			return m->merge->names[i];
	for (size_t i = 0; i < world_node_count(node); i++) {
		const char *name = brought_by(m, node->kind == YAML_MAPPING ? node->pairs[i].value
									    : node->items[i]);

		if (name)
			return name;
	}
	return NULL;
}

static bool
equal(const struct yaml_node *a, const struct yaml_node *b)
{
	cJSON *one = yaml_to_json(a), *other = yaml_to_json(b);
	char *text = json_print(one), *other_text = json_print(other);
	bool same = strcmp(text, other_text) == 0;

	free(text);
	free(other_text);
	cJSON_Delete(one);
	cJSON_Delete(other);
	return same;
}

/* A copy of a mapping or a list with room for more; what is in it is shared. */
static struct yaml_node *
copy_node(struct world_merge *merge, const struct yaml_node *node, size_t more)
{
	struct yaml_node *copy = xcalloc(1, sizeof(*copy));

	*copy = *node;
	if (node->kind == YAML_MAPPING) {
		copy->pairs = xcalloc(node->count + more + 1, sizeof(*copy->pairs));
		for (size_t i = 0; i < node->count; i++)
			copy->pairs[i] = node->pairs[i];
	} else {
		copy->items = xcalloc(node->count + more + 1, sizeof(struct yaml_node *));
		for (size_t i = 0; i < node->count; i++)
			copy->items[i] = node->items[i];
	}
	*VEC_PUSH(merge->made, merge->made_count, merge->made_cap) = copy;
	return copy;
}

/* What a change brings anew, without the word that says how. */
static struct yaml_node *
take(struct merging *m, struct yaml_node *change)
{
	struct yaml_node *copy;

	if (!is_marked(change, "replace"))
		return change;
	copy = copy_node(m->merge, change, 0);
	copy->count = 0;
	for (size_t i = 0; i < change->count; i++)
		if (strcmp(change->pairs[i].key->text, "replace") != 0)
			copy->pairs[copy->count++] = change->pairs[i];
	return copy;
}

static struct yaml_node *
replace(struct merging *m, const struct yaml_node *base, struct yaml_node *change, const char *key)
{
	const char *other = brought_by(m, base);

	if (other && !equal(base, change))
		report(m, change,
		       xasprintf("the variants \"%s\" and \"%s\" cannot be combined: they change "
				 "\"%s\" differently (line %d)",
				 other, m->variant, key, base->mark.line));
	return take(m, change);
}

static const struct identity *
identity_of(const struct yaml_node *element)
{
	if (element->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < IDENTITIES; i++)
		if (world_node_text(element, identities[i].key))
			return &identities[i];
	return NULL;
}

/* A list whose elements are known by something. */
static bool
has_identities(const struct yaml_node *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!identity_of(list->items[i]))
			return false;
	return true;
}

static bool
fits(const struct yaml_node *element, const struct yaml_node *change, const struct identity *id)
{
	if (!str_equal(world_node_text(element, id->key), world_node_text(change, id->key)))
		return false;
	for (size_t i = 0; i < sizeof(id->besides) / sizeof(id->besides[0]) && id->besides[i];
	     i++) {
		const struct yaml_node *wanted = world_node(change, id->besides[i]);
		const struct yaml_node *there = world_node(element, id->besides[i]);

		if (wanted && there && !equal(there, wanted))
			return false;
	}
	return true;
}

static struct yaml_node *merge_value(struct merging *m, struct yaml_node *base,
				     struct yaml_node *change, const char *key);

static void
merge_element(struct merging *m, struct yaml_node *list, struct yaml_node *change, size_t count)
{
	const struct identity *id = identity_of(change);
	const char *name = world_node_text(change, id->key);
	size_t found = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		if (fits(list->items[i], change, id)) {
			at = i;
			found++;
		}
	if (found == 1)
		list->items[at] = merge_value(m, list->items[at], change, name);
	else if (found > 1)
		report(m, change,
		       xasprintf("\"%s\" is there %zu times: say which one is changed (%s)", name,
				 found, id->besides[0] ? id->besides[0] : id->key));
	else if (is_marked(change, "remove"))
		report(m, change,
		       xasprintf("\"%s\" is not there, so that it cannot be removed", name));
	else
		list->items[list->count++] = take(m, change);
}

static struct yaml_node *
merge_list(struct merging *m, const struct yaml_node *base, const struct yaml_node *change)
{
	struct yaml_node *list = copy_node(m->merge, base, change->count);

	for (size_t i = 0; i < change->count; i++)
		merge_element(m, list, change->items[i], base->count);
	return list;
}

static struct yaml_pair *
pair_of(struct yaml_node *mapping, const char *key)
{
	for (size_t i = 0; i < mapping->count; i++)
		if (strcmp(mapping->pairs[i].key->text, key) == 0)
			return &mapping->pairs[i];
	return NULL;
}

static struct yaml_node *
merge_mapping(struct merging *m, const struct yaml_node *base, const struct yaml_node *change)
{
	struct yaml_node *mapping = copy_node(m->merge, base, change->count);

	for (size_t i = 0; i < change->count; i++) {
		struct yaml_pair *pair = pair_of(mapping, change->pairs[i].key->text);
		struct yaml_node *value = change->pairs[i].value;

		if (pair) {
			pair->value = merge_value(m, pair->value, value, pair->key->text);
			continue;
		}
		if (is_marked(value, "remove"))
			report(m, value,
			       xasprintf("\"%s\" is not there, so that it cannot be removed",
					 change->pairs[i].key->text));
		mapping->pairs[mapping->count] = change->pairs[i];
		mapping->pairs[mapping->count++].value = take(m, value);
	}
	return mapping;
}

/* An entry that one variant takes out is no place for what another one changes in it, and the other way round. */
static bool
is_contested(struct merging *m, const struct yaml_node *base, const struct yaml_node *change,
	     const char *key)
{
	bool gone = is_marked(base, "remove"), goes = is_marked(change, "remove");
	const char *other = gone || goes ? brought_by(m, base) : NULL;

	if (gone == goes || !other)
		return false;
	report(m, change,
	       xasprintf(
		       "the variants \"%s\" and \"%s\" cannot be combined: one changes \"%s\", and "
		       "the other one removes it",
		       other, m->variant, key));
	return true;
}

static struct yaml_node *
merge_value(struct merging *m, struct yaml_node *base, struct yaml_node *change, const char *key)
{
	if (is_contested(m, base, change, key))
		return base;
	if (is_marked(change, "replace"))
		return replace(m, base, change, key);
	if (base->kind == YAML_MAPPING && change->kind == YAML_MAPPING)
		return merge_mapping(m, base, change);
	if (base->kind == YAML_SEQUENCE && change->kind == YAML_SEQUENCE && change->count > 0 &&
	    has_identities(base) && has_identities(change))
		return merge_list(m, base, change);
	return replace(m, base, change, key);
}

/* Takes out what is marked. Only what was merged can hold such marks, and all of that was made here. */
static void
prune(struct world_merge *merge)
{
	for (size_t i = 0; i < merge->made_count; i++) {
		struct yaml_node *node = merge->made[i];
		size_t kept = 0;

		for (size_t j = 0; j < node->count; j++) {
			if (node->kind == YAML_SEQUENCE && !is_marked(node->items[j], "remove"))
				node->items[kept++] = node->items[j];
			else if (node->kind == YAML_MAPPING &&
				 !is_marked(node->pairs[j].value, "remove"))
				node->pairs[kept++] = node->pairs[j];
		}
		node->count = kept;
	}
}

static void
report_unknown_variant(const struct yaml_node *variants, const char *name, struct diags *diags)
{
	static const struct mark beginning = { 1, 1 };
	size_t count = world_node_count(variants);
	const char **names = xcalloc(count + 1, sizeof(*names));
	struct str list = STR_INIT;
	char *advice;

	for (size_t i = 0; i < count; i++) {
		names[i] = variants->pairs[i].key->text;
		str_printf(&list, "%s%s", i ? ", " : "; there are ", names[i]);
	}
	advice = load_suggestion(name, names);
	diags_error(diags, variants ? variants->mark : beginning, 1,
		    "there is no variant \"%s\"%s%s", name,
		    count ? str_cstr(&list) : ": this world has none", advice);
	free(advice);
	str_release(&list);
	free(names);
}

/* Whether a variant that is in already makes no sense beside this one. */
static void
check_excluded(const struct merging *m, const struct yaml_node *variants)
{
	for (size_t i = 0; i < m->merge->changes_count; i++) {
		const char *pair[] = { m->merge->names[i], m->variant };

		for (int side = 0; side < 2; side++) {
			const struct yaml_node *variant = world_node(variants, pair[side]);
			const struct yaml_node *list = world_node(variant, "excludes");

			for (size_t j = 0; j < world_node_count(list); j++)
				if (str_equal(load_scalar(list->items[j]), pair[!side]))
					report(m, list->items[j],
					       xasprintf("the variants \"%s\" and \"%s\" cannot be "
							 "combined: one excludes the other",
							 pair[0], pair[1]));
		}
	}
}

static void
merge_variant(struct merging *m, const struct yaml_node *variants)
{
	struct world_merge *merge = m->merge;
	const struct yaml_node *variant = world_node(variants, m->variant);
	const struct yaml_node *change = world_node(variant, "change");

	if (!variant) {
		report_unknown_variant(variants, m->variant, m->diags);
		return;
	}
	check_excluded(m, variants);
	if (change && change->kind == YAML_MAPPING)
		merge->root = merge_mapping(m, merge->root, change);
	else if (change)
		report(m, change,
		       xasprintf("\"change\" wants a mapping that is merged over the file"));
	merge->names[merge->changes_count] = m->variant;
	merge->changes[merge->changes_count++] = change ? change : variant;
}

void
world_merge_make(struct world_merge *merge, const struct yaml_node *root,
		 const char *const *variants, struct diags *diags)
{
	const struct yaml_node *known = world_node(root, "variants");
	size_t count = 0;

	while (variants && variants[count])
		count++;
	*merge = (struct world_merge){
		.root = root,
		.changes = xcalloc(count + 1, sizeof(struct yaml_node *)),
		.names = xcalloc(count + 1, sizeof(char *)),
	};
	for (size_t i = 0; i < count; i++) {
		struct merging m = { merge, diags, variants[i] };

		merge_variant(&m, known);
	}
	prune(merge);
}

void
world_merge_release(struct world_merge *merge)
{
	for (size_t i = 0; i < merge->made_count; i++) {
		if (merge->made[i]->kind == YAML_MAPPING)
			free(merge->made[i]->pairs);
		else
			free(merge->made[i]->items);
		free(merge->made[i]);
	}
	free(merge->made);
	free(merge->changes);
	free(merge->names);
	*merge = (struct world_merge){ 0 };
}
