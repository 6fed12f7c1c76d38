#ifndef LIFEBOAT_STEP_HTTP_STEP_HTTP_JSON_H
#define LIFEBOAT_STEP_HTTP_STEP_HTTP_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "run/executor.h"

/*
 * Whether a jq expression is true of a value. *ret_seen (the caller frees) is what was seen of it: the
 * value of the left side where the expression is one comparison ("red" of `.status == "green"`), its own
 * value, or jq's message where the value is of another shape than the expression takes: it does not hold
 * then. Errors: the expression could not be tried at all.
 */
int http_json_holds(struct step_context *ctx, const char *expression, const cJSON *value,
		    bool *ret_held, char **ret_seen, struct err *e);

#endif
