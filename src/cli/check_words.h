#ifndef LIFEBOAT_CLI_CHECK_WORDS_H
#define LIFEBOAT_CLI_CHECK_WORDS_H

#include "base/secret.h"
#include "run/job/preflight.h"

/* What the page and the lines of `check` say alike. The caller frees what is returned. */

/* A text from outside, through both doors, on one line; "" for NULL. */
char *check_clean(struct secrets *secrets, const char *text);

/* "2 needs are denied or missing, 3 cannot be known before the run" */
char *check_verdict(const struct preflight *preflight);

/* "41 steps: 8 have nothing …, 3 are left out …; 57 rights were asked for" */
char *check_extent(const struct preflight *preflight);

/* "cluster 3f2a9c1b, v1.30.2, https://…, as ana": who a target is; not cleaned. NULL: nothing is known. */
char *check_identity(const struct preflight_target *target);

#endif
