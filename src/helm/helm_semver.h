#ifndef LIFEBOAT_HELM_SEMVER_H
#define LIFEBOAT_HELM_SEMVER_H

#include <stdbool.h>

#include "base/err.h"

/* Versions of charts. Source: Semantic Versioning 2.0.0; Masterminds/semver for constraints. */

/* Below 0, 0 or above 0, as strcmp(). What is no version comes first. */
int helm_semver_compare(const char *a, const char *b);
/* Whether it has a pre-release part ("1.0.0-rc1"). */
bool helm_semver_is_pre_release(const char *version);

/*
 * Whether a version meets a constraint ("1.2.3", "^1.2", "~1.2.0", ">=1.0, <2.0", "1.x || 3.x"). A pre-release only meets
 * one that names a pre-release. ERR_SPEC, with helm's words, where it is no constraint: -1.
 */
int helm_semver_meets(const char *version, const char *constraint, struct err *e);

#endif
