#include "config.h"

#include "cli/form_last_run.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "run/journal/folder.h"
#include "run/journal/journal.h"

enum { RUNS_LOOKED_AT = 50, DAY_LEN = 10 };

struct first_record {
	const char *runbook_id;
	cJSON *params;
	int64_t ts_ms;
};

/* Ends the reading of the journal, whatever it is: only the first record tells. */
static int
look(void *data, struct record *record, struct err *e)
{
	struct first_record *first = data;

	if (record->type == RECORD_RUN &&
	    str_equal(json_string(record->data, "runbook/id", NULL), first->runbook_id) &&
	    str_equal(json_string(record->data, "mode", NULL), "live")) {
		first->params = cJSON_Duplicate(json_at(record->data, "params"), true);
		first->ts_ms = record->ts_ms;
	}
	return err_set(e, ERR_CANCELLED, "seen");
}

cJSON *
form_last_run(const char *runbook_id, char ret_day[CLOCK_STAMP_MAX])
{
	struct first_record first = { .runbook_id = runbook_id };
	struct err ignored = ERR_INIT;
	char **folders = NULL;
	size_t count = 0;

	if (run_folder_list(&folders, &count, &ignored) < 0)
		return NULL;
	for (size_t i = 0; i < count && i < RUNS_LOOKED_AT && !first.params; i++)
		journal_read(folders[count - 1 - i], look, &first, &ignored);
	run_folder_list_free(folders, count);
	if (first.params) {
		clock_format_utc(first.ts_ms, ret_day);
		ret_day[DAY_LEN] = '\0';
	}
	return first.params;
}
