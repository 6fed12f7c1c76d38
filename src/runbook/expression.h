#ifndef LIFEBOAT_RUNBOOK_EXPRESSION_H
#define LIFEBOAT_RUNBOOK_EXPRESSION_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * jq expressions, evaluated in a process of their own (lifeboat-jq) of limited memory and CPU time, which holds all
 * expressions of a runbook compiled into one program, and is started again when an expression kills
 * it. A plain path (.params.fqdn, .steps["signing-key"].kid, .a[0]) is resolved in this process and
 * costs no child.
 *
 * In `outputs`, `expect` and conditions of waits `.` is the result of the action; in `when`,
 * `for_each` and ${…} it is the context. The context's members are also variables everywhere:
 * $params, $steps, $targets, $run, and the loop variable of for_each by its name.
 * env, $ENV, input, inputs, debug, halt, import and include are refused or shadowed.
 */
struct expressions;

/*
 * `texts` (copied) are the expressions to compile; evaluating another one later works, and costs its
 * own compilation. Never NULL.
 */
struct expressions *expressions_new(const char *const *texts, size_t count);
/* Begins to compile them in the background, which the first use does otherwise. Before other threads know of them. */
void expressions_start(struct expressions *x);
void expressions_free(struct expressions *x);
/* Whether the program that evaluates them is there, if they need one, while somebody can still be told. */
int expressions_find_program(const struct expressions *x, struct err *e);

/*
 * Waits, at most so long, until the texts of expressions_new() are compiled. True: all of them are sound. False: one of
 * them is not, or it is not known (no process could be had, it was killed, it takes longer); expressions_check() tells.
 */
bool expressions_are_sound(struct expressions *x, int64_t timeout_ms);

/*
 * Evaluates to the expression's first result in *ret_value (the caller deletes it); no result at all
 * is JSON null. Waits at most timeout_ms (0: two seconds). May be called from any thread; one at a time
 * is served. Errors, which name the expression: ERR_SPEC (does not compile, or an error in it),
 * ERR_TIMEOUT, ERR_INTERNAL (the child died twice).
 */
int expressions_eval(struct expressions *x, const char *text, const cJSON *input,
		     const cJSON *context, int64_t timeout_ms, cJSON **ret_value, struct err *e);

/*
 * Compiles each expression alone, in a child, and reports for each: errors[i] is NULL or a message
 * that the caller frees. Returns -1 only where no child could be run. For lint.
 */
int expressions_check(const char *const *texts, size_t count, char **errors, struct err *e);

/* True when the expression is a plain path, which needs no jq. */
bool expression_is_path(const char *text);
/* The value at a plain path (borrowed from input), or NULL where there is none. */
const cJSON *expression_path_get(const char *text, const cJSON *input);

/*
 * Calls found() for each reference that the text makes to root[name], root.name or $root.name, as in
 * .params.fqdn or $steps["signing-key"]; offset is where the name stands in the text. A .root after
 * a pipe or in a function's argument is left out: `.` may be something else there. For lint.
 */
void expression_references(const char *text, const char *root,
			   void (*found)(void *data, const char *name, size_t offset), void *data);

/*
 * Calls found() for each use of a $name that the text does not bind itself (by `as`, a function's
 * parameter, reduce or foreach), which must therefore be a member of the context. For lint:
 * expressions_check() takes every name as known.
 */
void expression_variables(const char *text,
			  void (*found)(void *data, const char *name, size_t offset), void *data);

#endif
