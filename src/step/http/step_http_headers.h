#ifndef LIFEBOAT_STEP_HTTP_STEP_HTTP_HEADERS_H
#define LIFEBOAT_STEP_HTTP_STEP_HTTP_HEADERS_H

#include "step/http/step_http.h"

/*
 * Sets the headers and credentials of a request whose URL, body and client certificate are set: those of
 * the target's fields `spec` (or NULL) first, which the step's own replace. What is secret of them is
 * registered. ERR_SPEC: a header that could not be sent as it is, or two kinds of credentials.
 */
int http_headers_set(struct http_check *c, struct step_context *ctx, const cJSON *spec,
		     struct err *e);

/* A header as people are shown it: a credential in it is hidden. The caller frees. */
char *http_headers_shown(struct step_context *ctx, const char *line);

#endif
