#ifndef LIFEBOAT_RUNBOOK_TEMPLATE_H
#define LIFEBOAT_RUNBOOK_TEMPLATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "runbook/expression.h"
#include "runbook/field.h"

/*
 * Templates: text with ${EXPRESSION} in it. "$${" stands for a literal "${". Braces inside the
 * expression nest, and count only outside its string literals.
 */

/* Calls found() for each expression of a template; returns -1 with ERR_SPEC where one is not closed. */
int template_scan(const char *text,
		  void (*found)(void *data, const char *expression, size_t offset), void *data,
		  struct err *e);

/*
 * The value of a template: where it is exactly one ${…}, the expression's value with its JSON type;
 * otherwise a string. A null inside a longer text is an error, not an empty word: ERR_SPEC.
 */
int template_expand(const char *text, struct expressions *x, const cJSON *context,
		    cJSON **ret_value, struct err *e);

/*
 * A copy of `with` ready for an executor: templates expanded in FIELD_ANY and where FIELD_TEMPLATE
 * is set (never in FIELD_EXPRESSION and FIELD_CHECK, nor in what a template gave), defaults filled
 * in, values converted to the type of their field ("80" to 80 where a number is wanted;
 * FIELD_DURATION becomes a number of milliseconds), FIELD_PATH made absolute against the folder of
 * `runbook_path`, FIELD_ONE_OR_LIST always a list. A field that became null is left out, or has its
 * default. Required fields that became null or empty are errors that name the field.
 */
int template_resolve(const struct field *fields, const cJSON *with, const char *runbook_path,
		     struct expressions *x, const cJSON *context, cJSON **ret_with, struct err *e);

#endif
