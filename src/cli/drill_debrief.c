#include "config.h"

#include "cli/drill_debrief.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "drill/score.h"
#include "run/journal/chain.h"
#include "run/journal/folder.h"
#include "run/journal/journal.h"
#include "run/state/state.h"
#include "runbook/runbook.h"
#include "step/step_table.h"

struct reading {
	struct run_state state;
	struct score *score;
	char *scenario;
};

static int
take_record(void *data, struct record *record, struct err *e)
{
	struct reading *reading = data;

	if (run_state_apply(&reading->state, record, e) < 0)
		return -1;
	score_apply(reading->score, &reading->state, record);
	if (record->type == RECORD_DRILL && !reading->scenario)
		reading->scenario = xstrdup(json_string(record->data, "scenario", NULL));
	return 0;
}

/* The copy that the drill went by; without it the times to keep are not known, and all else is. */
static struct runbook *
load_runbook(const char *folder)
{
	char *path = xasprintf("%s/runbook.yaml", folder);
	struct err ignored = ERR_INIT;
	struct diags diags;

	diags_init(&diags, path);
	struct runbook *rb = runbook_read(path, &step_catalogue, &diags, &ignored);
	diags_release(&diags);
	free(path);
	return rb;
}

/* One that cannot be asked about is judged as it stands. */
static bool
is_held(const char *folder)
{
	struct err ignored = ERR_INIT;
	char *holder = NULL;
	bool held = journal_holder(folder, &holder, &ignored) == 0 && holder;

	free(holder);
	return held;
}

static int
read_run(const char *folder, struct drill_result *result, struct err *e)
{
	struct runbook *rb = load_runbook(folder);
	struct reading reading = { .score = score_new(rb) };
	struct chain_reader reader = { .record = take_record, .data = &reading };
	struct chain chain;

	run_state_init(&reading.state);
	chain_init(&chain);
	int rc = chain_read(folder, &reader, &chain, e);
	if (rc == 0) {
		result->started_ms = reading.state.started_ms;
		result->who = xstrdup(reading.state.operator_name);
		result->scenario = xstrdup(reading.scenario);
		result->goes_on = is_held(folder);
		if (!result->goes_on && str_equal(reading.state.mode, "drill"))
			result->debrief = score_debrief(reading.score);
		if (chain.damage.kind && !result->goes_on)
			result->problem = xstrdup(chain.damage.message);
	}
	chain_release(&chain);
	run_state_release(&reading.state);
	score_free(reading.score);
	free(reading.scenario);
	runbook_free(rb);
	return rc;
}

static void
result_release(struct drill_result *result)
{
	free(result->folder);
	free(result->run_id);
	free(result->who);
	free(result->scenario);
	free(result->problem);
	cJSON_Delete(result->debrief);
}

int
drill_debrief_read(const char *folder, cJSON **ret_debrief, struct err *e)
{
	struct drill_result result = { 0 };
	int rc = read_run(folder, &result, e);

	if (rc == 0) {
		*ret_debrief = result.debrief;
		result.debrief = NULL;
	}
	result_release(&result);
	return rc;
}

int
drill_results_read(struct drill_results *ret_results, struct err *e)
{
	struct drill_results results = { 0 };
	char **folders = NULL;
	size_t count = 0;

	if (run_folder_list_drills(&folders, &count, e) < 0)
		return -1;
	results.items = xcalloc(count + 1, sizeof(*results.items));
	results.count = count;
	for (size_t i = 0; i < count; i++) {
		struct drill_result *result = &results.items[i];
		const char *folder = folders[count - 1 - i];
		struct err why = ERR_INIT;

		result->folder = xstrdup(folder);
		result->run_id = xstrdup(strrchr(folder, '/') + 1);
		if (read_run(folder, result, &why) < 0)
			result->problem = xstrdup(why.message);
	}
	run_folder_list_free(folders, count);
	*ret_results = results;
	return 0;
}

void
drill_results_release(struct drill_results *results)
{
	for (size_t i = 0; i < results->count; i++)
		result_release(&results->items[i]);
	free(results->items);
	*results = (struct drill_results){ 0 };
}

const struct drill_result *
drill_results_latest(const struct drill_results *results, const char *scenario)
{
	for (size_t i = 0; i < results->count; i++)
		if (str_equal(json_string(results->items[i].debrief, "scenario", NULL), scenario))
			return &results->items[i];
	return NULL;
}

void
drill_result_words(const struct drill_result *result, struct str *out)
{
	int64_t total_ms = json_int(result->debrief, "times/total_ms", -1);
	char taken[CLOCK_STAMP_MAX];

	if (!result->debrief) {
		str_append(out, result->goes_on ? "goes on" : "unreadable");
		return;
	}
	str_printf(out, "%s, %lld points",
		   json_bool(result->debrief, "passed", false) ? "passed" : "not passed",
		   (long long)json_int(result->debrief, "points", 0));
	if (total_ms >= 0)
		str_printf(out, ", %s", duration_format_clock(total_ms, taken));
}
