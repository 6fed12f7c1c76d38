#include "config.h"

#include "cli/run_report.h"

#include <stdlib.h>

#include "base/clock.h"
#include "cli/drill_debrief.h"
#include "run/journal/journal.h"
#include "run/journal/operator_key.h"
#include "step/step_table.h"

/* As verify does where no key is named: whoever asks trusts his own. One that is not in order does not matter. */
static int
judge(const char *folder, struct verification *verification, struct err *e)
{
	struct operator_key *own = NULL;
	struct err ignored = ERR_INIT;

	operator_key_load(&own, &ignored);
	const struct note_key *trusted[] = { own ? operator_key_public(own) : NULL, NULL };
	int rc =
		verify_run(folder, &(struct verify_options){ .trusted = trusted }, verification, e);
	operator_key_free(own);
	return rc;
}

int
run_report(const char *folder, enum report_format format, struct str *out, bool *ret_is_corrupt,
	   struct err *e)
{
	struct verification verification;
	struct report *report = NULL;
	cJSON *debrief = NULL;
	char *holder = NULL;

	if (judge(folder, &verification, e) < 0)
		return -1;
	/* one that cannot be asked about is reported as if nobody held it */
	if (journal_holder(folder, &holder, e) < 0)
		*e = (struct err)ERR_INIT;
	/* what cannot be read, the report itself tells */
	if (drill_debrief_read(folder, &debrief, e) < 0)
		*e = (struct err)ERR_INIT;
	int rc = report_read(&(struct report_source){ .folder = folder,
						      .verification = &verification,
						      .catalogue = &step_catalogue,
						      .holder = holder,
						      .debrief = debrief,
						      .now_ms = clock_wall_ms() },
			     &report, e);
	if (rc == 0) {
		report_write(report, format, out);
		*ret_is_corrupt = verification.verdict == VERIFY_CORRUPT;
	}
	report_free(report);
	free(holder);
	cJSON_Delete(debrief);
	verification_release(&verification);
	return rc;
}
