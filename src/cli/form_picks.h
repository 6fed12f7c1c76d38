#ifndef LIFEBOAT_CLI_FORM_PICKS_H
#define LIFEBOAT_CLI_FORM_PICKS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/secret.h"
#include "runbook/expression.h"
#include "runbook/runbook.h"

/* Parameters for which there is a list to pick from: those that alone make a target's context or namespace. */
enum pick_kind { PICK_NONE, PICK_CONTEXTS, PICK_NAMESPACES };

/* What can be picked for a parameter, and the first target that says so (*ret_target, untouched for PICK_NONE). */
enum pick_kind pick_kind_of(const struct runbook *rb, const struct param *param,
			    const struct target_spec **ret_target);

/* One list that is to be fetched, and what came of it. */
struct pick_request {
	enum pick_kind kind;
	char *kubeconfig, *context; /* NULL: the usual files, the current context */
	struct secrets *secrets;
	char **items; /* NULL-terminated, or NULL */
	size_t count;
	char *remark;	    /* what to know about the list, or NULL */
	struct err problem; /* ERR_NONE: none */
};

/* Settles where to ask, from the values that there are. Errors: ERR_USAGE, a value is missing for that. */
int pick_request_init(struct pick_request *request, const struct runbook *rb, struct expressions *x,
		      const cJSON *values, const struct param *param, struct secrets *secrets,
		      struct err *e);
void pick_request_release(struct pick_request *request);

/* Fetches the list. Contexts are only read from files; namespaces are asked for, for at most 10 s, on any thread. */
void pick_request_run(struct pick_request *request, const struct cancel *cancel);

#endif
