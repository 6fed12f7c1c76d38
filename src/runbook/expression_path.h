#ifndef LIFEBOAT_RUNBOOK_EXPRESSION_PATH_H
#define LIFEBOAT_RUNBOOK_EXPRESSION_PATH_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * Evaluates a plain path, which may also begin with a variable ($params.fqdn), as jq would. Returns
 * false where the text is none. Otherwise *ret_found is the value (borrowed), NULL where there is
 * none, or e says that something on the way has no members (and its kind is ERR_SPEC).
 * Internal to src/runbook.
 */
bool expression_path_eval(const char *text, const cJSON *input, const cJSON *context,
			  const cJSON **ret_found, struct err *e);

#endif
