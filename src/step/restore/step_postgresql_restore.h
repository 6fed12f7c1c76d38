#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_H

#include "run/executor.h"

/* The functions of postgresql.restore that have files of their own, as of struct executor. */

int restore_run(struct step_context *ctx, const struct action *action, cJSON **ret_result,
		struct err *e);
int restore_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
		  enum probe_verdict *ret_verdict, struct err *e);

#endif
