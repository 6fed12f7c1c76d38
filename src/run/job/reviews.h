#ifndef LIFEBOAT_RUN_JOB_REVIEWS_H
#define LIFEBOAT_RUN_JOB_REVIEWS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cancel.h"
#include "base/err.h"
#include "run/executor.h"

/*
 * What targets have answered about our rights: each distinct right is asked once on each target. Rights
 * change, so the answers are kept for one job or one check, never from step to step. One thread.
 */
struct reviews;

struct reviews *reviews_new(void);
void reviews_free(struct reviews *reviews);

/*
 * Asks whether we may do what an item of a permission list names, where that was not asked before.
 * *ret_reason is the target's own, maybe "", and lives as long as `reviews`. The target must be connected
 * and its driver have permitted(). A question that failed is not kept.
 */
int reviews_ask(struct reviews *reviews, const struct run_target *target, const cJSON *permission,
		const struct cancel *cancel, bool *ret_allowed, const char **ret_reason,
		struct err *e);

/* How many questions were put to targets. */
size_t reviews_count(const struct reviews *reviews);

#endif
