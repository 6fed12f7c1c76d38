#ifndef LIFEBOAT_STEP_HTTP_STEP_HTTP_WAY_H
#define LIFEBOAT_STEP_HTTP_STEP_HTTP_WAY_H

#include "step/http/step_http.h"

/*
 * Sets how a request whose URL is set reaches the server: the address in place of what DNS says, and the
 * proxy, by the step's fields, the target's (`spec`, or NULL), or the environment. ERR_SPEC.
 */
int http_way_set(struct http_check *c, const cJSON *spec, struct err *e);

#endif
