#ifndef LIFEBOAT_WORLD_SPEC_SPEC_H
#define LIFEBOAT_WORLD_SPEC_SPEC_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runbook/diag.h"
#include "runbook/field.h"

/*
 * A world file, loaded: runbooks/drills/ID.yaml. Checked against tables of fields like a runbook, with the same kind of
 * messages (file, line, column, the line with a caret, "did you mean"). What holds templates stays a tree until a world is
 * made of it. Immutable once loaded; any thread.
 */
struct world_spec {
	char *path, *folder;
	char *id, *title, *version, *runbook;
	char *text;  /* Markdown-light: what is known at the start */
	int minutes; /* of an expert at speed 1; 0: not said */
	cJSON *document; /* the whole, converted (durations in ms), with the variants that were asked for merged in */
	struct world_variant *variants;
	size_t variants_count;
};

/* Plain data, borrowed from the spec. */
struct world_variant {
	const char *name, *title, *symptom;
	const cJSON *change, *right, *wrong, *hints, *teaches; /* NULL where not given */
	const cJSON *surprise;
	bool is_chosen; /* it was asked for, and is merged in */
};

/*
 * Loads and checks. NULL where the file cannot be read or has errors; diags tells all of them, and warnings too. `variants`
 * end with NULL (or are NULL): unknown ones are an error that lists them, with the nearest name. Lint is included: names
 * that are referred to exist, no condition stands on itself, addresses are not given twice, SQL and manifest files are there.
 */
struct world_spec *world_spec_load(const char *path, const char *const *variants,
				   struct diags *diags);
void world_spec_free(struct world_spec *spec);

/*
 * Checks the file as it stands, and with each of its variants: all that `lifeboat lint` says. -1: diags has errors. An
 * error that only a variant brings names it.
 */
int world_spec_lint(const char *path, struct diags *diags);
/* Whether a file is a world, as far as it can be read: its kind is World. */
bool world_spec_is(const char *path);

/*
 * The variants of an exam: one to three that can be combined, the same for the same seed. Ends with NULL; the caller frees the
 * array and the names. NULL: diags tells why (the file has errors, or no variants).
 */
char **world_spec_pick(const char *path, uint64_t seed, struct diags *diags);

/* The tables, and what is made of them: the JSON Schema for editors (the caller deletes), and that part of lifeboat-drill(7). */
extern const struct field world_fields[];
struct str;
cJSON *world_spec_schema(void);
void world_spec_mdoc(struct str *out);

/* A member of a document's list by its `name`, or of a mapping by its key; NULL: none. Borrowed. */
const cJSON *world_spec_named(const struct world_spec *spec, const char *list, const char *name);

/*
 * A value in which every ${…} is expanded over the world's context; a member that becomes null stays, as null. Not for what
 * others expand: charts (helm does), `do` of rules and lines of logs (when they happen). The caller deletes. ERR_SPEC names
 * the template and where it stands.
 */
struct expressions;
struct err;
int world_spec_expand(const cJSON *value, struct expressions *x, const cJSON *context, cJSON **ret,
		      struct err *e);

/* Folders where world files are looked for, "drills" below each folder of runbooks; calls found() for each file with its path. */
void world_spec_find(void (*found)(void *data, const char *path), void *data);

/* The same of one folder of runbooks, such as those that the configuration names. */
void world_spec_find_in(const char *folder, void (*found)(void *data, const char *path),
			void *data);

#endif
