#include "config.h"

#include "world/printer/printer.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "world/printer/printer_cells.h"

/* Jobs and CronJobs. Source: k8s.io/kubernetes, pkg/printers/internalversion, printJob, printCronJob. */

static const struct printer_column jobs_columns[] = {
	PRINTER_NAME(0),
	{ "Completions", "string", "", "The number of pods which reached phase Succeeded.", 0 },
	{ "Duration", "string", "", "Time required to complete the job.", 0 },
	PRINTER_AGE,
	PRINTER_CONTAINERS(1),
	PRINTER_IMAGES(1),
	{ "Selector", "string", "",
	  "A label query over pods that should match the pod count. Normally, the system sets this "
	  "field for you. More info: "
	  "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
	  "#label-selectors",
	  1 },
	{ .name = NULL },
};

/* "1/3"; of a job without a number of its own "1/1", or "0/1 of 4" where several work on it. */
static void
cell_completions(cJSON *cells, const cJSON *job)
{
	long long done = json_int(job, "status/succeeded", 0);
	long long wanted = json_int(job, "spec/completions", -1);
	long long workers = json_int(job, "spec/parallelism", 0);
	struct str text = STR_INIT;

	str_printf(&text, "%lld/%lld", done, wanted >= 0 ? wanted : 1);
	if (wanted < 0 && workers > 1)
		str_printf(&text, " of %lld", workers);
	cell_take(cells, &text);
}

/* From its start to its end, or to now. */
static void
cell_duration(cJSON *cells, const cJSON *job, int64_t now_ms)
{
	char text[CLOCK_STAMP_MAX] = "";
	int64_t from_ms, to_ms;

	if (clock_parse_utc(json_string(job, "status/startTime", ""), &from_ms) == 0) {
		if (clock_parse_utc(json_string(job, "status/completionTime", ""), &to_ms) < 0)
			to_ms = now_ms;
		duration_format_human(to_ms - from_ms, text);
	}
	cell_text(cells, text);
}

static void
jobs_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_completions(cells, object);
	cell_duration(cells, object, now_ms);
	cell_age(cells, object, now_ms);
	cell_containers(cells, json_at(object, "spec/template/spec"));
	cell_selector(cells, json_at(object, "spec/selector"));
}

const struct printer printer_jobs = { .columns = jobs_columns, .cells = jobs_cells };

static const struct printer_column cronjobs_columns[] = {
	PRINTER_NAME(0),
	{ "Schedule", "string", "",
	  "The schedule in Cron format, see https://en.wikipedia.org/wiki/Cron.", 0 },
	{ "Suspend", "boolean", "",
	  "This flag tells the controller to suspend subsequent executions, it does not apply to "
	  "already started executions.  Defaults to false.",
	  0 },
	{ "Active", "integer", "", "A list of pointers to currently running jobs.", 0 },
	{ "Last Schedule", "string", "",
	  "Information when was the last time the job was successfully scheduled.", 0 },
	PRINTER_AGE,
	PRINTER_CONTAINERS(1),
	PRINTER_IMAGES(1),
	{ "Selector", "string", "",
	  "A label query over pods that should match the pod count. Normally, the system sets this "
	  "field for you. More info: "
	  "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
	  "#label-selectors",
	  1 },
	{ .name = NULL },
};

static void
cell_suspend(cJSON *cells, const cJSON *object)
{
	const cJSON *suspend = json_at(object, "spec/suspend");

	cell_text(cells,
		  cJSON_IsBool(suspend) ? (cJSON_IsTrue(suspend) ? "True" : "False") : "<unset>");
}

static void
cronjobs_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	const char *last = json_string(object, "status/lastScheduleTime", NULL);
	const cJSON *job = json_at(object, "spec/jobTemplate/spec");

	cell_name(cells, object);
	cell_at(cells, object, "spec/schedule", "");
	cell_suspend(cells, object);
	cell_size(cells, object, "status/active");
	if (last)
		cell_since(cells, last, now_ms);
	else
		cell_text(cells, "<none>");
	cell_age(cells, object, now_ms);
	cell_containers(cells, json_at(job, "template/spec"));
	cell_selector(cells, json_at(job, "selector"));
}

const struct printer printer_cronjobs = { .columns = cronjobs_columns, .cells = cronjobs_cells };
