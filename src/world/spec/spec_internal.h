#ifndef LIFEBOAT_WORLD_SPEC_SPEC_INTERNAL_H
#define LIFEBOAT_WORLD_SPEC_SPEC_INTERNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/yaml.h"
#include "runbook/load.h"
#include "world/spec/spec.h"

/*
 * Inside of the loader of world files. A file is parsed into nodes (spec_source); the changes of variants are merged over
 * them as nodes, so that every message keeps its place in the file (spec_merge.c); the result is checked against the tables
 * by the runbook's loader, then as a whole (spec_lint*.c), and converted (spec_convert.c).
 */
struct world_source {
	const char *path;
	struct yaml_stream stream;
	const struct yaml_node *root; /* NULL: it was reported why */
};

void world_source_read(struct world_source *source, const char *path, struct diags *diags);
void world_source_release(struct world_source *source);

/* The node below a path of keys separated by '/', or NULL where there is none. */
const struct yaml_node *world_node(const struct yaml_node *node, const char *path);
/* The text of a scalar below it; NULL for none. */
const char *world_node_text(const struct yaml_node *node, const char *path);
/* How many elements or members; 0 for NULL and scalars. */
size_t world_node_count(const struct yaml_node *node);

/* A root with the changes of some variants in it. */
struct world_merge {
	const struct yaml_node *root;
	struct yaml_node **made; /* copies of nodes that differ from the file's */
	size_t made_count, made_cap;
	const struct yaml_node *
		*changes; /* of the variants that are in, and their names beside them */
	const char **names;
	size_t changes_count;
};

/*
 * Merges the variants (their names end with NULL; NULL: none) in their order. Reports unknown ones, those that exclude each
 * other, and values that two of them change differently; the merge must be released in any case.
 */
void world_merge_make(struct world_merge *merge, const struct yaml_node *root,
		      const char *const *variants, struct diags *diags);
void world_merge_release(struct world_merge *merge);

/* What a world must know of its runbook. Borrowed from its source. */
struct world_runbook {
	char *path; /* NULL: not found */
	struct str text;
	struct yaml_stream stream;
	const struct yaml_node *root;
};

/* Looks beside the world file and in the folder above it. Not found, or broken: root is NULL, and nothing is said. */
void world_runbook_find(struct world_runbook *runbook, const char *world_path, const char *name);
void world_runbook_release(struct world_runbook *runbook);

/* Expressions that are known to compile or not: a file with a variant has few that the file itself has not. */
struct world_compiled {
	char **texts;
	size_t count, cap;
};
void world_compiled_release(struct world_compiled *compiled);

/* One look at a whole world. */
struct world_lint {
	struct load *load;
	const char *path;
	const struct yaml_node *root;
	const struct world_runbook *runbook;
	struct world_compiled *compiled;
};

void world_lint_names(const struct world_lint *lint); /* what is referred to is there, once */
void
world_lint_conditions(const struct world_lint *lint); /* one key each, no cycles, can become true */
void world_lint_parts(
	const struct world_lint *lint); /* addresses, ports, certificates, backup, charts */
void world_lint_objects(const struct world_lint *lint);	    /* manifests and files */
void world_lint_stage(const struct world_lint *lint);	    /* behaviours, rules */
void world_lint_runbook(const struct world_lint *lint);	    /* params, steps, operations, ends */
void world_lint_expressions(const struct world_lint *lint); /* templates and expressions */

/* The names that a reference may have, ending with NULL; the caller frees the array only. */
enum world_names {
	NAMES_AUTHORITIES,
	NAMES_CERTIFICATES,
	NAMES_CLUSTERS,
	NAMES_CONDITIONS,
	NAMES_DATABASES,
	NAMES_ENDS,
	NAMES_FAULTS,
	NAMES_LIVE,
	NAMES_RANDOM,
	NAMES_SIGNALS,
	NAMES_SITES,
	NAMES_STEPS,
	NAMES_VARIANTS,
	NAMES_ZONES,
};
const char **world_names(const struct world_lint *lint, enum world_names what);
/* "cluster", "live value", for messages. */
const char *world_names_word(enum world_names what);
/* Whether the runbook is known, for steps and ends; true for all others. */
bool world_names_known(const struct world_lint *lint, enum world_names what);
/* Reports a name that is not among them. */
void world_check_name(const struct world_lint *lint, enum world_names what,
		      const struct yaml_node *node);

/* The document as JSON with durations in milliseconds, defaults filled in, paths absolute, ONE_OR_LIST as lists. In place. */
void world_convert(const struct field *table, cJSON *object, const char *path);

#endif
