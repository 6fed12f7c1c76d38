#ifndef LIFEBOAT_CLI_RUN_REPORT_H
#define LIFEBOAT_CLI_RUN_REPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "report/report.h"

/*
 * Judges a run's folder as verify does, and appends its report. *ret_is_corrupt: the record is not what
 * was sealed, and the report begins by saying so. Errors: as verify_run() and report_read().
 */
int run_report(const char *folder, enum report_format format, struct str *out, bool *ret_is_corrupt,
	       struct err *e);

#endif
