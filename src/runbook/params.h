#ifndef LIFEBOAT_RUNBOOK_PARAMS_H
#define LIFEBOAT_RUNBOOK_PARAMS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "runbook/expression.h"
#include "runbook/runbook.h"

/*
 * Checks one value that somebody typed against its parameter and converts it ("yes" to true, "a,b" to a
 * list, a path to an absolute one; a duration stays a text). The message says what is wanted, and
 * does not name the parameter. A secret is refused: see param_load_secret(). Errors: ERR_USAGE.
 */
int param_convert(const struct param *param, const char *text, cJSON **ret_value, struct err *e);

/*
 * Fills the defaults of all parameters that `values` (an object) lacks, in the order of the file, so that
 * a default may use an earlier parameter. Returns the number of required ones still missing, whose
 * names go to missing[] (room for params_count), or -1: a default is wrong.
 */
int params_fill(const struct runbook *rb, struct expressions *x, cJSON *values,
		const struct param **missing, struct err *e);

/* Whether the runbook takes this secret from there; ERR_USAGE says from where it does. */
int param_allow_source(const struct param *param, enum secret_source source, struct err *e);

/* The length of a secret that was read, without the one line end that an editor leaves behind it. */
size_t param_secret_length(const struct str *text);

/*
 * Checks a secret's value, registers it, and returns it as a string. The caller has seen to the source, and
 * wipes its own copy. Errors, which never hold the value: ERR_USAGE, ERR_SPEC.
 */
int param_take_secret(const struct param *param, const char *value, size_t len_bytes,
		      struct secrets *secrets, cJSON **ret_value, struct err *e);

/*
 * Reads a secret given as "file:PATH" or "env:NAME" (from `-p name=file:PATH`), within the sources
 * that the parameter allows, and takes it. A variable is wiped and taken out of the environment, so this is
 * not for a process that has begun other threads. (Where else secrets come from is src/cli/'s business.)
 */
int param_load_secret(const struct param *param, const char *text, struct secrets *secrets,
		      cJSON **ret_value, struct err *e);

#endif
