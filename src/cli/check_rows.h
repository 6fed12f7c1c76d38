#ifndef LIFEBOAT_CLI_CHECK_ROWS_H
#define LIFEBOAT_CLI_CHECK_ROWS_H

#include <stddef.h>

#include "base/secret.h"
#include "run/job/preflight.h"

/* One row of the table of `check`: what several steps need alike. Texts are clean, and never NULL. */
struct check_row {
	char *what; /* "get, patch secrets/tsb-certs in tsb" */
	char *target;
	char *steps; /* "credentials, same-root" */
	char *reason;
	char *note;
	/* what tells whether two rows are one */
	const struct preflight_need *need; /* the first of them; borrowed */
	char *verbs, *object;		   /* of a right; NULL */
};

struct check_rows {
	struct check_row *items;
	size_t count, cap;
};

/* The needs with one answer, in the order in which the runbook first has them. */
void check_rows_init(struct check_rows *rows, const struct preflight *preflight,
		     enum preflight_answer answer, struct secrets *secrets);
void check_rows_release(struct check_rows *rows);

#endif
