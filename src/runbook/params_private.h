#ifndef LIFEBOAT_RUNBOOK_PARAMS_PRIVATE_H
#define LIFEBOAT_RUNBOOK_PARAMS_PRIVATE_H

#include "base/err.h"
#include "runbook/runbook.h"

/* What params.c and param_secret.c share. */

/* Whether a value matches the parameter's pattern, which it has. The message never holds a secret's value. */
int param_check_pattern(const struct param *param, const char *text, struct err *e);

/* Refuses a secret that was typed as such, and says how this one may be given. Returns -1. */
int param_refuse_typed(const struct param *param, struct err *e);

#endif
