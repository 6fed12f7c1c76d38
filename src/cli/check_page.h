#ifndef LIFEBOAT_CLI_CHECK_PAGE_H
#define LIFEBOAT_CLI_CHECK_PAGE_H

#include "base/secret.h"
#include "base/str.h"
#include "run/job/preflight.h"

/*
 * What `check` has found out, for people: first what is wrong, then what is not known, then the rest. All
 * texts pass the redactor and the sanitiser. Appended to out.
 */

/* Sections and tables, at most `columns` wide where that can be. */
void check_page(const struct preflight *preflight, const struct runbook *rb,
		struct secrets *secrets, int columns, struct str *out);

/* One "key: value" a line. */
void check_lines(const struct preflight *preflight, const struct runbook *rb,
		 struct secrets *secrets, struct str *out);

#endif
