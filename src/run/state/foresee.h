#ifndef LIFEBOAT_RUN_STATE_FORESEE_H
#define LIFEBOAT_RUN_STATE_FORESEE_H

#include <cjson/cJSON.h>

#include "run/state/state.h"
#include "runbook/runbook.h"

/* What a run will consist of, before there is one. Pure. */

/* The steps as the first record of a run tells them; the caller deletes the array. */
cJSON *foresee_steps(const struct runbook *rb);

/*
 * Fills a state that has seen no record with the steps to come, to be shown while the run is being begun: no step is
 * current, and there is no run id. Its first record replaces all of it.
 */
void foresee_run(struct run_state *state, const struct runbook *rb, const char *mode);

#endif
