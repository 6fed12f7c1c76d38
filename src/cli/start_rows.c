#include "config.h"

#include "cli/start_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/drill_debrief.h"
#include "cli/drill_list.h"
#include "cli/library.h"
#include "cli/run_report.h"
#include "cli/worlds.h"
#include "run/journal/folder.h"
#include "run/journal/runs.h"
#include "runbook/render.h"
#include "step/step_table.h"

enum { ENDED_SHOWN = 5 };

static const char *
or_unknown(const char *text)
{
	return text ? text : "?";
}

/* "2026-11-21 14:07Z" */
static char *
minute_of(int64_t wall_ms)
{
	char stamp[CLOCK_STAMP_MAX];

	clock_format_utc(wall_ms, stamp);
	return xasprintf("%.10s %.5sZ", stamp, stamp + 11);
}

static enum start_state
state_of(const struct run_summary *run)
{
	if (run->problem)
		return START_BROKEN;
	if (run->outcome)
		return run->failed ? START_FAILED : START_PASSED;
	if (run->holder)
		return START_HELD;
	return run->is_unknown ? START_UNKNOWN : START_LEFT;
}

/* The last column. */
static char *
about_run(const struct run_summary *run)
{
	static const char *const words[] = {
		[START_LEFT] = "left",
		[START_HELD] = "held",
		[START_UNKNOWN] = "UNKNOWN OUTCOME",
	};
	enum start_state state = state_of(run);
	char stamp[CLOCK_STAMP_MAX];

	if (state == START_BROKEN)
		return xstrdup("unreadable");
	if (run->outcome)
		return xasprintf("%.10s %s", clock_format_utc(run->last_ms, stamp), run->outcome);
	if (run->steps_done == run->steps_count)
		return xasprintf("%s, all steps done", words[state]);
	return xasprintf("%s, step %zu of %zu", words[state], run->steps_done + 1,
			 run->steps_count);
}

static void
append_standing(struct str *out, const struct run_summary *run)
{
	switch (state_of(run)) {
	case START_BROKEN:
		str_printf(out, "Its journal cannot be read: %s", run->problem);
		break;
	case START_HELD:
		str_printf(out, "%s works on it: it can be looked on at.", run->holder);
		break;
	case START_UNKNOWN:
		str_printf(
			out,
			"Step %s may or may not have happened; taking the run up looks into that.",
			or_unknown(run->step));
		break;
	case START_LEFT:
		str_printf(out, "It was left%s%s.",
			   run->step ? " at step " : " when all steps were done",
			   run->step ? run->step : "");
		break;
	case START_PASSED:
	case START_FAILED:
		str_printf(out, "It ended as %s.", run->outcome);
		break;
	case START_SOUND:
		break;
	}
}

/* "Restore … (management-plane-restore 1.0.0), begun 2026-11-21 14:07Z by ana@db1, …" */
static char *
describe_run(const struct run_summary *run)
{
	struct str out = STR_INIT;
	char *begun, *last;

	if (!run->started_ms) {
		append_standing(&out, run);
		return str_take(&out);
	}
	begun = minute_of(run->started_ms);
	last = minute_of(run->last_ms);
	str_printf(&out, "%s%s%s, begun %s by %s@%s, last record %s, %zu of %zu steps done. ",
		   or_unknown(run->runbook_id), run->runbook_version ? " " : "",
		   run->runbook_version ? run->runbook_version : "", begun,
		   or_unknown(run->operator_name), or_unknown(run->host), last, run->steps_done,
		   run->steps_count);
	append_standing(&out, run);
	free(begun);
	free(last);
	return str_take(&out);
}

static struct start_entry *
entry_of_run(const struct run_summary *run)
{
	struct start_entry *entry = xcalloc(1, sizeof(*entry));

	*entry = (struct start_entry){
		.kind = run->outcome ? START_ENDED_RUN : START_OPEN_RUN,
		.state = state_of(run),
		.word = xstrdup(run->folder),
		.id = xstrdup(run->run_id),
		.title = xstrdup(run->runbook_title),
		.about = about_run(run),
		.details = describe_run(run),
		.runbook = xstrdup(run->runbook_id),
	};
	return entry;
}

/* "last 2026-11-20 by ana: recovered" */
static void
note_run(struct start_inbox *inbox, const struct run_summary *run)
{
	char stamp[CLOCK_STAMP_MAX];
	char *note =
		xasprintf("last %.10s by %s: %s", clock_format_utc(run->last_ms, stamp),
			  or_unknown(run->operator_name), run->outcome ? run->outcome : "open");

	start_inbox_note(inbox, run->runbook_id, note);
	free(note);
}

static bool
is_latest_of_runbook(const struct run_summaries *runs, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (str_equal(runs->items[i].runbook_id, runs->items[index].runbook_id))
			return false;
	return runs->items[index].runbook_id != NULL;
}

/* A state folder that cannot be read is a row too: nobody must believe that no run is open. */
static void
add_problem(struct start_inbox *inbox, const char *message)
{
	struct start_entry *entry = xcalloc(1, sizeof(*entry));

	*entry = (struct start_entry){
		.kind = START_OPEN_RUN,
		.state = START_BROKEN,
		.id = xstrdup("runs"),
		.title = xstrdup("The folder of runs cannot be read"),
		.about = xstrdup("unreadable"),
		.details = xstrdup(message),
	};
	start_inbox_add(inbox, entry);
}

static void
collect_runs(struct start_inbox *inbox)
{
	struct run_summaries runs;
	struct err e = ERR_INIT;
	size_t ended = 0;

	if (run_summaries_read(&runs, &e) < 0) {
		add_problem(inbox, e.message);
		return;
	}
	for (size_t i = 0; i < runs.count; i++) {
		if (is_latest_of_runbook(&runs, i))
			note_run(inbox, &runs.items[i]);
		if (!runs.items[i].outcome || ended++ < ENDED_SHOWN)
			start_inbox_add(inbox, entry_of_run(&runs.items[i]));
	}
	run_summaries_release(&runs);
}

/* The summary on one line, behind where the runbook is and how long. */
static char *
describe_runbook(const struct runbook *rb, const char *path)
{
	struct str out = STR_INIT;

	str_printf(&out, "%s%s%s, %zu step%s, %s. ", rb->id, rb->version ? " " : "",
		   rb->version ? rb->version : "", rb->steps_count, rb->steps_count == 1 ? "" : "s",
		   path);
	for (const char *at = rb->summary ? rb->summary : ""; *at; at++)
		str_append_char(&out, *at == '\n' ? ' ' : *at);
	return str_take(&out);
}

static struct start_entry *
entry_of_runbook(const struct runbook *rb, const char *path)
{
	struct start_entry *entry = xcalloc(1, sizeof(*entry));

	*entry = (struct start_entry){
		.kind = START_RUNBOOK,
		.state = START_SOUND,
		.word = xstrdup(path),
		.id = xstrdup(rb->id),
		.title = xstrdup(rb->title),
		.about = xstrdup(rb->version),
		.details = describe_runbook(rb, path),
		.runbook = xstrdup(rb->id),
	};
	return entry;
}

static struct start_entry *
entry_of_broken(const char *path, const struct diags *diags, const struct err *e)
{
	struct start_entry *entry = xcalloc(1, sizeof(*entry));
	size_t errors = diags->errors;

	*entry = (struct start_entry){
		.kind = START_RUNBOOK,
		.state = START_BROKEN,
		.word = xstrdup(path),
		.id = library_id(path),
		.title = xstrdup("This runbook has errors, and cannot be run"),
		.about = errors ? xasprintf("%zu error%s", errors, errors == 1 ? "" : "s")
				: xstrdup("unreadable"),
		.details = xasprintf("%s. lifeboat lint %s shows the errors.", e->message, path),
	};
	return entry;
}

struct runbook_walk {
	struct start_inbox *inbox;
	struct library_ids ids;
};

static void
add_runbook(void *data, const char *path)
{
	struct runbook_walk *walk = data;
	struct err e = ERR_INIT;
	struct diags diags;

	if (!start_inbox_is_wanted(walk->inbox) || !library_ids_take(&walk->ids, path))
		return;
	diags_init(&diags, path);
	struct runbook *rb = runbook_load(path, &step_catalogue, &diags, &e);
	start_inbox_add(walk->inbox,
			rb ? entry_of_runbook(rb, path) : entry_of_broken(path, &diags, &e));
	runbook_free(rb);
	diags_release(&diags);
}

static void
collect_runbooks(struct start_inbox *inbox)
{
	struct runbook_walk walk = { .inbox = inbox };

	library_each(add_runbook, &walk);
	library_ids_release(&walk.ids);
}

/* ---- drills ---- */

static char *
describe_drill(const struct world_spec *spec, const char *path)
{
	const cJSON *teaches = json_at(spec->document, "metadata/teaches"), *at;
	struct str out = STR_INIT;

	str_printf(&out, "%s%s%s, ", spec->id, spec->version ? " " : "",
		   spec->version ? spec->version : "");
	if (spec->minutes)
		str_printf(&out, "about %d minutes, ", spec->minutes);
	if (spec->variants_count)
		str_printf(&out, "%zu variant%s, ", spec->variants_count,
			   spec->variants_count == 1 ? "" : "s");
	str_printf(&out, "%s. Nothing real is touched. It teaches: ", path);
	cJSON_ArrayForEach(at, teaches)
		str_printf(&out, "%s%s", at == teaches->child ? "" : "; ",
			   cJSON_IsString(at) ? at->valuestring : "");
	return str_take(&out);
}

static char *
about_drill(const struct drill_results *results, const char *id)
{
	const struct drill_result *last = drill_results_latest(results, id);
	struct str words = STR_INIT;
	char stamp[CLOCK_STAMP_MAX];

	if (!last)
		return xstrdup("never practised");
	str_printf(&words, "%.10s ", clock_format_utc(last->started_ms, stamp));
	drill_result_words(last, &words);
	return str_take(&words);
}

struct drill_walk {
	struct start_inbox *inbox;
	struct library_ids ids;
	struct drill_results results;
};

static void
add_drill(void *data, const char *path)
{
	struct drill_walk *walk = data;
	struct diags diags;
	struct start_entry *entry;

	if (!start_inbox_is_wanted(walk->inbox) || !library_ids_take(&walk->ids, path))
		return;
	diags_init(&diags, path);
	struct world_spec *spec = world_spec_load(path, NULL, &diags);
	entry = xcalloc(1, sizeof(*entry));
	*entry = (struct start_entry){
		.kind = START_DRILL,
		.state = spec ? START_SOUND : START_BROKEN,
		.word = xstrdup(path),
		.id = library_id(path),
		.title = xstrdup(spec ? spec->title
				      : "This world has errors, and cannot be practised"),
		.about =
			spec ? about_drill(&walk->results, spec->id)
			     : xasprintf("%zu error%s", diags.errors, diags.errors == 1 ? "" : "s"),
		.details = spec ? describe_drill(spec, path)
				: xasprintf("lifeboat lint %s shows the errors.", path),
	};
	start_inbox_add(walk->inbox, entry);
	world_spec_free(spec);
	diags_release(&diags);
}

static void
collect_drills(struct start_inbox *inbox)
{
	struct drill_walk walk = { .inbox = inbox };
	struct err ignored = ERR_INIT;

	if (drill_results_read(&walk.results, &ignored) < 0)
		walk.results = (struct drill_results){ 0 }; /* collect_runs() says what is wrong */
	worlds_each(add_drill, &walk);
	library_ids_release(&walk.ids);
	drill_results_release(&walk.results);
}

static void
describe_variants(const struct world_spec *spec, struct str *out)
{
	if (spec->variants_count)
		str_printf(out,
			   "\nBegun here, it is the plain one. Variants: lifeboat drill %s "
			   "--variant NAME\n\n",
			   spec->id);
	for (size_t i = 0; i < spec->variants_count; i++)
		str_printf(out, "- %s: %s\n", spec->variants[i].name, spec->variants[i].title);
}

/* The world file's own words, or its errors. */
static void
show_drill(const struct start_entry *entry, int columns, struct str *out)
{
	struct diags diags;

	diags_init(&diags, entry->word);
	struct world_spec *spec = world_spec_load(entry->word, NULL, &diags);
	if (diags.count)
		diags_render(&diags, out);
	if (spec) {
		str_printf(out, "%s\n\n%s\n\n", spec->title, entry->details);
		drill_text(spec->text, columns, out);
		describe_variants(spec, out);
	}
	world_spec_free(spec);
	diags_release(&diags);
}

static void
show_runbook(const char *path, int columns, struct str *out)
{
	struct err e = ERR_INIT;
	struct diags diags;

	diags_init(&diags, path);
	struct runbook *rb = runbook_load(path, &step_catalogue, &diags, &e);
	if (diags.count)
		diags_render(&diags, out);
	if (rb)
		runbook_render_text(rb, columns, out);
	else if (diags.count == 0)
		str_append(out, e.message);
	runbook_free(rb);
	diags_release(&diags);
}

static void
show(const struct start_entry *entry, int columns, struct str *out)
{
	struct err e = ERR_INIT;
	bool is_corrupt;

	if (entry->kind == START_RUNBOOK)
		show_runbook(entry->word, columns, out);
	else if (entry->kind == START_DRILL)
		show_drill(entry, columns, out);
	else if (!entry->word)
		str_append(out, entry->details);
	else if (run_report(entry->word, REPORT_MARKDOWN, out, &is_corrupt, &e) < 0)
		str_append(out, e.message);
}

static const struct start_collector collectors[] = {
	{ collect_runs },
	{ collect_runbooks },
	{ collect_drills },
	{ NULL },
};

const struct start_source start_rows = { .collectors = collectors, .show = show };
