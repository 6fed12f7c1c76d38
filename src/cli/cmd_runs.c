#include "config.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/drill_list.h"
#include "run/journal/folder.h"
#include "run/journal/runs.h"

enum column { RUN, RUNBOOK, MODE, WHO, STARTED, LAST, STEPS, STATE, COLUMNS };
enum { GAP = 2, NARROW_COLUMNS = 80 };

static const char *const titles[COLUMNS] = {
	[RUN] = "RUN",	       [RUNBOOK] = "RUNBOOK", [MODE] = "MODE",	 [WHO] = "WHO",
	[STARTED] = "STARTED", [LAST] = "LAST",	      [STEPS] = "STEPS", [STATE] = "STATE",
};

/* What gives way where the terminal is too narrow, in this order; 0: the column is left out. */
static const struct {
	enum column column;
	int least;
} reliefs[] = {
	{ STARTED, 0 }, { RUNBOOK, 24 }, { STATE, 24 }, { WHO, 14 },
	{ MODE, 0 },	{ RUNBOOK, 12 }, { STATE, 14 }, { WHO, 8 },
};

struct row {
	char *cells[COLUMNS];
};

static const char *
or_dash(const char *text)
{
	return text ? text : "-";
}

/* "running", "left", "unknown", "ended", "unreadable": the first word of a state. */
static const char *
state_word(const struct run_summary *run)
{
	if (run->problem)
		return "unreadable";
	if (run->outcome)
		return run->failed ? "failed" : "ended";
	if (run->holder)
		return "running";
	return run->is_unknown ? "unknown" : "left";
}

static char *
state_cell(const struct run_summary *run)
{
	const char *word = state_word(run);

	if (run->problem)
		return xasprintf("%s: %s", word, run->problem);
	if (run->outcome)
		return xasprintf("%s: %s", word, run->outcome);
	if (run->holder)
		return xasprintf("%s: %s", word, run->holder);
	return run->step ? xasprintf("%s: step %s", word, run->step) : xstrdup(word);
}

/* "2026-11-21 14:07Z" */
static char *
started_cell(const struct run_summary *run)
{
	char stamp[CLOCK_STAMP_MAX];

	if (!run->started_ms)
		return xstrdup("-");
	clock_format_utc(run->started_ms, stamp);
	return xasprintf("%.10s %.5sZ", stamp, stamp + 11);
}

static char *
last_cell(const struct run_summary *run, int64_t now_ms)
{
	int64_t age_ms = now_ms > run->last_ms ? now_ms - run->last_ms : 0;
	char age[CLOCK_STAMP_MAX];

	return xstrdup(run->last_ms ? duration_format_human(age_ms, age) : "-");
}

static char *
who_cell(const struct run_summary *run)
{
	if (!run->operator_name)
		return xstrdup("-");
	return xasprintf("%s@%s", run->operator_name, or_dash(run->host));
}

static struct row
make_row(const struct run_summary *run, int64_t now_ms)
{
	struct row row = { {
		[RUN] = xstrdup(run->run_id),
		[RUNBOOK] = xasprintf("%s %s", or_dash(run->runbook_id),
				      run->runbook_version ? run->runbook_version : ""),
		[MODE] = xstrdup(or_dash(run->mode)),
		[WHO] = who_cell(run),
		[STARTED] = started_cell(run),
		[LAST] = last_cell(run, now_ms),
		[STEPS] = run->records ? xasprintf("%zu/%zu", run->steps_done, run->steps_count)
				       : xstrdup("-"),
		[STATE] = state_cell(run),
	} };

	for (int i = 0; i < COLUMNS; i++) {
		char *clean = text_clean(row.cells[i], TEXT_DROP_SGR);

		free(row.cells[i]);
		row.cells[i] = clean;
	}
	return row;
}

static void
widen(int widths[COLUMNS], const char *const *cells)
{
	for (int i = 0; i < COLUMNS; i++)
		if (text_width(cells[i]) > widths[i])
			widths[i] = text_width(cells[i]);
}

static int
total(const int widths[COLUMNS])
{
	int sum = -GAP;

	for (int i = 0; i < COLUMNS; i++)
		sum += widths[i] ? widths[i] + GAP : 0;
	return sum;
}

static void
fit(int widths[COLUMNS], int columns)
{
	for (size_t i = 0; i < sizeof(reliefs) / sizeof(reliefs[0]); i++) {
		int *width = &widths[reliefs[i].column], over = total(widths) - columns;

		if (over <= 0)
			return;
		if (reliefs[i].least == 0)
			*width = 0;
		else if (*width > reliefs[i].least)
			*width =
				*width - over > reliefs[i].least ? *width - over : reliefs[i].least;
	}
}

static void
print_row(const char *const *cells, const int widths[COLUMNS], bool ascii)
{
	struct str line = STR_INIT;
	int at = 0;

	for (int i = 0; i < COLUMNS; i++) {
		if (!widths[i])
			continue;
		while (text_width(str_cstr(&line)) < at)
			str_append_char(&line, ' ');
		text_append_cut(&line, cells[i], widths[i], ascii);
		at += widths[i] + GAP;
	}
	while (line.len && line.data[line.len - 1] == ' ')
		line.data[--line.len] = '\0';
	puts(str_cstr(&line));
	str_release(&line);
}

/* The terminal's width; 0: this is none, and nothing is cut. */
static int
columns_wanted(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col
									   : NARROW_COLUMNS;
}

static void
print_table(const struct row *rows, size_t count, bool open)
{
	bool ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	int widths[COLUMNS] = { 0 }, columns = columns_wanted();

	if (count == 0) {
		puts(open ? "No run is open. lifeboat run begins one."
			  : "There is no run yet. lifeboat run begins one.");
		return;
	}
	widen(widths, titles);
	for (size_t i = 0; i < count; i++)
		widen(widths, (const char *const *)rows[i].cells);
	if (columns)
		fit(widths, columns);
	print_row(titles, widths, ascii);
	for (size_t i = 0; i < count; i++)
		print_row((const char *const *)rows[i].cells, widths, ascii);
}

static void
add_stamp(cJSON *object, const char *name, int64_t wall_ms)
{
	char stamp[CLOCK_STAMP_MAX];

	json_add_string(object, name, wall_ms ? clock_format_utc(wall_ms, stamp) : NULL);
}

static cJSON *
run_json(const struct run_summary *run)
{
	cJSON *object = cJSON_CreateObject();

	json_add_string(object, "run", run->run_id);
	json_add_string(object, "folder", run->folder);
	json_add_string(object, "state", state_word(run));
	cJSON *runbook = cJSON_AddObjectToObject(object, "runbook");
	json_add_string(runbook, "id", run->runbook_id);
	json_add_string(runbook, "title", run->runbook_title);
	json_add_string(runbook, "version", run->runbook_version);
	json_add_string(object, "mode", run->mode);
	json_add_string(object, "operator", run->operator_name);
	json_add_string(object, "host", run->host);
	add_stamp(object, "started", run->started_ms);
	add_stamp(object, "last", run->last_ms);
	json_add_string(object, "step", run->step);
	json_add_int(object, "steps_done", (int64_t)run->steps_done);
	json_add_int(object, "steps", (int64_t)run->steps_count);
	json_add_int(object, "records", run->records);
	json_add_string(object, "holder", run->holder);
	json_add_string(object, "outcome", run->outcome);
	json_add_bool(object, "failed", run->failed);
	json_add_bool(object, "unknown", run->is_unknown);
	json_add_string(object, "problem", run->problem);
	json_add_string(object, "last_checkpoint", run->last_checkpoint);
	return object;
}

static void
print_json(const struct run_summaries *runs, bool open)
{
	cJSON *list = cJSON_CreateArray();
	struct str text = STR_INIT;

	for (size_t i = 0; i < runs->count; i++)
		if (!open || !runs->items[i].outcome)
			cJSON_AddItemToArray(list, run_json(&runs->items[i]));
	json_print_ascii(list, &text);
	puts(str_cstr(&text));
	str_release(&text);
	cJSON_Delete(list);
}

static void
print_runs(const struct run_summaries *runs, bool open)
{
	struct row *rows = xcalloc(runs->count + 1, sizeof(*rows));
	int64_t now_ms = clock_wall_ms();
	size_t count = 0;

	for (size_t i = 0; i < runs->count; i++)
		if (!open || !runs->items[i].outcome)
			rows[count++] = make_row(&runs->items[i], now_ms);
	print_table(rows, count, open);
	for (size_t i = 0; i < count; i++)
		for (int k = 0; k < COLUMNS; k++)
			free(rows[i].cells[k]);
	free(rows);
}

/* Without reading the journals: for shells, which ask while somebody types. */
static int
print_ids(struct err *e)
{
	char **folders = NULL;
	size_t count = 0;

	if (run_folder_list(&folders, &count, e) < 0)
		return -1;
	for (size_t i = count; i-- > 0;) {
		char *clean = text_clean(strrchr(folders[i], '/') + 1, 0);

		puts(clean);
		free(clean);
	}
	run_folder_list_free(folders, count);
	return 0;
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct run_summaries runs;

	if (cli_flag(args, "drills"))
		return drill_results_print(cli_flag(args, "json"), e);
	if (cli_flag(args, "ids"))
		return print_ids(e);
	if (run_summaries_read(&runs, e) < 0)
		return -1;
	(cli_flag(args, "json") ? print_json : print_runs)(&runs, cli_flag(args, "open"));
	run_summaries_release(&runs);
	return 0;
}

static const struct cli_option options[] = {
	{ "drills", 0, NULL, "Drills instead, with their results." },
	{ "ids", 0, NULL, "Only their ids, for shells." },
	{ "json", 0, NULL, "Everything that is known of each, as one JSON array." },
	{ "open", 0, NULL, "Only runs that have not ended." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_runs = {
	.name = "runs",
	.operands = "",
	.summary = "List all runs, the latest first: how far they are, and who works on them",
	.options = options,
	.run = run,
};
