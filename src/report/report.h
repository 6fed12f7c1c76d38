#ifndef LIFEBOAT_REPORT_REPORT_H
#define LIFEBOAT_REPORT_REPORT_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "report/verify.h"
#include "runbook/runbook.h"

/* What is told about a run afterwards, or while it goes on: one model, written in one of three ways. */
struct report;

enum report_format { REPORT_MARKDOWN, REPORT_JSON, REPORT_HTML };

/* What the caller knows of the run; borrowed until the report is freed. */
struct report_source {
	const char *folder;
	const struct verification *verification;
	const struct step_catalogue *catalogue; /* to read the run's copy of its runbook */
	const char *holder;			/* who works on it now; or NULL */
	const cJSON *debrief;			/* of a drill, as score_debrief() has it; or NULL */
	int64_t now_ms;				/* wall clock: when the report is made */
};

/*
 * Reads the journal as far as it can be read: damage is no error but a part of the report, which then begins
 * with it. Reads only. Errors: ERR_NOT_FOUND, ERR_IO, ERR_SPEC (it holds no record at all).
 */
int report_read(const struct report_source *source, struct report **ret_report, struct err *e);
void report_free(struct report *report);

/*
 * Appends it. All texts of the run are sanitised, and escaped as the format needs it: they remain texts.
 * Markdown is CommonMark with the tables of GitHub. HTML is one page that refers to nothing outside itself. JSON
 * is of the format "lifeboat-report/v1", which docs/internals/report.md describes.
 */
void report_write(const struct report *report, enum report_format format, struct str *out);

#endif
