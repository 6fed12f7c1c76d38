#ifndef LIFEBOAT_RUN_STATE_IDENTITY_H
#define LIFEBOAT_RUN_STATE_IDENTITY_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "runbook/step_type.h"

/* What the identity of a target says; see target_driver.identify(). */

enum { SKEW_WARN_MS = 2000, SKEW_HINT_MS = 30000 };

/*
 * The member that shows two identities to be those of two targets, or NULL. Where neither tells what
 * would identify a cluster for certain, its address has to do.
 */
const char *identity_difference(enum target_kind kind, const cJSON *then, const cJSON *now);

/* Why nothing proves who an insecure target is, as a sentence. Borrowed. */
const char *identity_insecurity(const cJSON *identity);

/* What is odd about a target, in words: nothing proves who it is, its clock is off. NULL: nothing. */
char *identity_warning(const cJSON *identity);

#endif
