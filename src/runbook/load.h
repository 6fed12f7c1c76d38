#ifndef LIFEBOAT_RUNBOOK_LOAD_H
#define LIFEBOAT_RUNBOOK_LOAD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/yaml.h"
#include "runbook/diag.h"
#include "runbook/field.h"
#include "runbook/runbook.h"

/*
 * Inside of the loader, in three passes over one document: load_fields.c checks every node against
 * its table and converts it, noting each expression and each action it meets; load_runbook.c builds
 * the model from what was converted; lint.c checks what needs the whole document.
 */

/* What an expression may refer to, by where it stands. */
struct scope {
	size_t params; /* the first so many parameters */
	size_t steps;  /* the first so many steps */
	bool targets;
	bool secret;		      /* only parameters of type secret */
	const char *loop;	      /* the variable of for_each, or NULL; borrowed */
	const struct yaml_node *step; /* the step it stands in, or NULL */
	const char *param;	      /* the parameter whose default it is, or NULL; borrowed */
};

struct expression_use {
	char *text;
	const struct yaml_node *node; /* the scalar that it stands in */
	size_t offset;		      /* of the expression in the scalar's text, in bytes */
	bool of_result;		      /* `.` is an action's result */
	struct scope scope;
};

/* A mapping with `uses`: a step, a check, a probe, an undo. */
struct action_use {
	const struct yaml_node *node;
	const struct step_type *type;
	const struct yaml_node *step; /* the step it belongs to (node itself for a step), or NULL */
};

struct load {
	struct diags *diags;
	const struct step_catalogue *catalogue;
	bool compiles_later; /* whether expressions compile is left to somebody else */
	const struct yaml_node *root;
	struct scope scope; /* of what is being walked */
	struct expression_use *expressions;
	size_t expressions_count, expressions_cap;
	struct action_use *actions;
	size_t actions_count, actions_cap;
	const char *seek_at; /* of load_place(): where the line seek_line begins */
	int seek_line;
};

/*
 * Checks a mapping against its table and returns it converted: an object, never NULL, in which what
 * was wrong is null. `where` says for messages what it is ("a step"); `skip` is a key that the caller
 * has looked at, or NULL.
 */
cJSON *load_object(struct load *l, const struct field *table, const struct yaml_node *node,
		   const char *where, const char *skip);

/* The same of any value of a field; `type` is the field's own, or its `items` for an element. */
cJSON *load_value(struct load *l, const struct field *field, enum field_type type,
		  const struct yaml_node *node);

void load_add_expression(struct load *l, const struct yaml_node *node, const char *text,
			 size_t offset, bool of_result);

/* Words to add to a message: `; did you mean "x"?`, or nothing. The caller frees. */
char *load_suggestion(const char *word, const char *const *candidates);
/* The keys of a table, ending with NULL; the caller frees the array only. */
const char **load_field_names(const struct field *table);
/* The words of a message for what stands in the file: `"5 minutes"`, `a list`. The caller frees. */
char *load_describe(const struct yaml_node *node);

/* Text of a scalar, or NULL for anything else. */
const char *load_scalar(const struct yaml_node *node);
/* Characters to underline. */
int load_length(const struct yaml_node *node);
/* The place of a byte of a scalar's text in the source, or of the scalar where that is not exact. */
struct mark load_place(struct load *l, const struct yaml_node *node, size_t offset);

/* Reports at a node. */
void load_error(struct load *l, const struct yaml_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void load_warning(struct load *l, const struct yaml_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Reports what the YAML parser refused, in words that help where it is a usual mistake. */
void load_report_syntax(struct diags *diags, struct mark mark, const struct err *e);

/* load_runbook.c: the model, from the converted document; incomplete where there were errors. */
void load_build(struct load *l, const cJSON *document, struct runbook *rb);

/* lint*.c: what needs the whole document. Tolerates an incomplete model. */
void lint_runbook(struct load *l, const struct runbook *rb);
void lint_params(struct load *l, const struct runbook *rb);
void lint_actions(struct load *l, const struct runbook *rb);
void lint_expressions(struct load *l, const struct runbook *rb);
/* Compiles each expression that was noted, and reports those that do not. Of any document. */
void lint_compile(struct load *l);

/* A name of the right form: [a-z][a-z0-9_-]*, at most 63 characters; without dashes if `plain`. */
bool load_name_ok(const char *text, bool plain);

/* runbook_fields.c: the words of param_type, and the tables inside the tables. */
extern const char *const runbook_param_types[];
extern const struct field runbook_metadata_fields[];
extern const struct field runbook_action_fields[];
extern const struct field runbook_wait_fields[];
extern const struct field runbook_retry_fields[];
extern const struct field runbook_backoff_fields[];
/* Step types of lifeboat/v1 that a program need not have; ends with NULL. */
extern const char *const runbook_format_types[];

#endif
