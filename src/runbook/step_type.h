#ifndef LIFEBOAT_RUNBOOK_STEP_TYPE_H
#define LIFEBOAT_RUNBOOK_STEP_TYPE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "runbook/field.h"

/* Kinds of target; a step type takes a set of them. */
enum target_kind {
	TARGET_NONE = 0,
	TARGET_KUBERNETES = 1 << 0,
	TARGET_POSTGRESQL = 1 << 1,
	TARGET_DNS = 1 << 2,
	TARGET_HTTP = 1 << 3,
};

/* The YAML word of a kind ("kubernetes"), and back (TARGET_NONE for an unknown word). */
const char *target_kind_name(enum target_kind kind);
enum target_kind target_kind_from_name(const char *name);

/* What a step does to the world: decides the confirmation. In rising order of danger. */
enum step_effect {
	EFFECT_NONE, /* talks to the operator only */
	EFFECT_READS,
	EFFECT_CHANGES,	 /* y/N */
	EFFECT_DESTROYS, /* type the target's name */
};

const char *step_effect_name(enum step_effect effect); /* "none", "reads", "changes", "destroys" */

/*
 * What the document may know of a step type: enough to check and to describe it, not to run it
 * (run/executor.h adds that).
 */
struct step_type {
	const char *uses;      /* "kubernetes.apply", the YAML word */
	const char *summary;   /* one line: help, man page, schema */
	unsigned target_kinds; /* the kinds that `target:` may name; 0: none allowed */
	bool target_required;
	enum step_effect effect;
	/* What the arguments say of the effect where their field `effect` does not; `with` is never NULL. Or NULL. */
	enum step_effect (*effect_of)(const cJSON *with);
	const struct field *fields; /* of `with:` */
	const char *result;	    /* one line: what `outputs` and `expect` see as their input */
	const char *undo; /* one line: what it can take back without an `undo:`; NULL: nothing */
	/* The field whose first element is a program of this machine, unless a field `shell` is true; NULL: it starts none. */
	const char *starts;
};

/*
 * The danger of one action: its type's or, where the type has a field called `effect`, what the arguments
 * say there, lower or higher; or else what it makes of the other arguments. `with` may be NULL.
 */
enum step_effect step_type_effect(const struct step_type *type, const cJSON *with);

/*
 * The program that an action finds by PATH or by its whole name, as the document tells it; NULL: it starts none, or which
 * one is known only when the step is prepared. `with` may be NULL.
 */
const char *step_type_program(const struct step_type *type, const cJSON *with);

/* The step types that a program has, sorted by `uses`. */
struct step_catalogue {
	const struct step_type *const *types;
	size_t count;
};

const struct step_type *step_catalogue_find(const struct step_catalogue *catalogue,
					    const char *uses);

#endif
