#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "ui/feeds.h"
#include "ui/pane.h"
#include "ui/plain.h"
#include "ui/pods_pane.h"
#include "ui/situation.h"

/* What the screen shows beside the step, in line mode: when it is asked for, as it is then. */

enum {
	PATIENCE_MS = 10000,
	NOTICE_MS = 1000, /* longer waiting is told */
	REASONS_MS = 2000,
	QUIET_MS = 300,	 /* without another line: what there is of a log has come */
	EMPTY_MS = 2000, /* a log that is followed, and has no line yet */
	ROWS_MAX = 50,
	LAST_LINES = 20,
};

/* ---- waiting for what a feed brings ---- */

static bool
is_given_up(const struct plain *plain)
{
	return plain->gives_up || plain->leaving || plain->failed || plain->model.closed;
}

struct patience {
	int64_t begun_ms; /* monotonic */
	bool is_told;
};

/* Looks on until then at most, or until something has come; what happens in the run meanwhile is said. */
static void
look_on(struct plain *plain, struct patience *patience, int64_t until_ms)
{
	int64_t notice_ms = patience->begun_ms + NOTICE_MS;

	if (!patience->is_told && clock_mono_ms() >= notice_ms) {
		plain_say(plain, "Waiting for the cluster; Ctrl-C gives up.");
		patience->is_told = true;
	}
	plain->wake_at_ms = patience->is_told || until_ms < notice_ms ? until_ms : notice_ms;
	plain_wait(plain, false);
	plain->wake_at_ms = 0;
}

static bool
begin(struct plain *plain, struct feeds *feeds)
{
	plain->feeds = feeds;
	plain->gives_up = false;
	feeds_follow(feeds, &plain->model);
	return !is_given_up(plain);
}

static void
end(struct plain *plain)
{
	plain_say_insecure(plain, false);
	feeds_free(plain->feeds);
	plain->feeds = NULL;
}

static void
say_problem(struct plain *plain, const struct feed_health *health)
{
	if (health->state == FEED_BROKEN)
		plain_say(plain, "! %s", health->problem);
	else if (health->state == FEED_STARTING)
		plain_say(plain, "! no answer yet");
	if (health->skipped)
		plain_say(plain, "! %llu skipped: %s", (unsigned long long)health->skipped,
			  health->skipped_why);
	if (health->warning[0])
		plain_say(plain, "! the server warns: %s", health->warning);
}

/* ---- pods and other objects ---- */

/* "web-7d4: READY 0/1, STATUS CrashLoopBackOff, RESTARTS 4, AGE 6m; back-off restarting": one row is one sentence. */
static void
say_row(struct plain *plain, const struct table_snapshot *snapshot, size_t index, bool with_ns)
{
	const struct table_row *row = &snapshot->rows[index];
	struct str line = STR_INIT;
	const char *between = ": ";

	str_printf(&line, "%s%s%s%s", row->trouble ? "! " : "  ", with_ns ? row->ns : "",
		   with_ns && row->ns[0] ? "/" : "", row->name);
	for (size_t i = 0; i < snapshot->columns_count; i++) {
		const struct table_column *column = &snapshot->columns[i];

		if (column->wide || strcmp(column->name, "NAME") == 0)
			continue;
		str_printf(&line, "%s%s ", between, column->name);
		table_cell(snapshot, index, i, model_now_ms(&plain->model), &line);
		between = ", ";
	}
	if (row->reason[0])
		str_printf(&line, "; %s", row->reason);
	plain_say(plain, "%s", str_cstr(&line));
	str_release(&line);
}

/* Those in trouble first, which is what one looks for. */
static void
say_rows(struct plain *plain, const struct table_snapshot *snapshot, bool with_ns)
{
	size_t said = 0;

	for (int trouble = 1; trouble >= 0; trouble--)
		for (size_t i = 0; i < snapshot->count && said < ROWS_MAX; i++)
			if (snapshot->rows[i].trouble == (trouble == 1)) {
				say_row(plain, snapshot, i, with_ns);
				said++;
			}
	if (snapshot->count > said)
		plain_say(plain, "  and %zu more", snapshot->count - said);
}

static void
say_table(struct plain *plain, const struct feed_choice *choice, struct table_feed *feed)
{
	struct table_snapshot *snapshot = table_feed_snapshot(feed);
	struct str title = STR_INIT;
	struct feed_health health;

	table_feed_health(feed, &health);
	str_printf(&title, "%s of %s: ", feed_choice_resource(choice), choice->label);
	pane_append_number(snapshot->count, &title);
	if (snapshot->trouble) {
		str_append(&title, ", ");
		pane_append_number(snapshot->trouble, &title);
		str_append(&title, " in trouble");
	}
	str_append(&title, "; ");
	pods_append_health(&health, "rows are", false, &title);
	plain_say(plain, "%s", str_cstr(&title));
	say_problem(plain, &health);
	say_rows(plain, snapshot, choice->all_namespaces);
	table_snapshot_release(snapshot);
	str_release(&title);
}

static bool
is_listed(struct table_feed *feed)
{
	struct table_snapshot *snapshot = table_feed_snapshot(feed);
	bool listed = snapshot->exact;
	struct feed_health health;

	table_snapshot_release(snapshot);
	table_feed_health(feed, &health);
	return listed || health.state == FEED_BROKEN;
}

/* Asks why those that will be said are in trouble; true: it is known of all of them. */
static bool
has_reasons(struct table_feed *feed)
{
	struct table_snapshot *snapshot = table_feed_snapshot(feed);
	const struct table_row *asked[ROWS_MAX];
	size_t count = 0;
	bool known = true;

	for (size_t i = 0; i < snapshot->count && count < ROWS_MAX; i++)
		if (snapshot->rows[i].trouble) {
			asked[count++] = &snapshot->rows[i];
			known = known && snapshot->rows[i].reason[0];
		}
	table_feed_look(feed, asked, count);
	table_snapshot_release(snapshot);
	return known;
}

/* Waits until the feed of slot 0 has been read as far as it is to be said. */
static void
await_table(struct plain *plain, bool (*is_read)(struct table_feed *feed), int64_t patience_ms)
{
	struct patience patience = { .begun_ms = clock_mono_ms() };
	int64_t until_ms = patience.begun_ms + patience_ms;

	while (!is_given_up(plain) && !is_read(feeds_table(plain->feeds, 0)) &&
	       clock_mono_ms() < until_ms)
		look_on(plain, &patience, until_ms);
}

void
plain_show_tables(struct plain *plain)
{
	struct feeds *feeds = feeds_new(plain->model.options);
	const struct feed_choice *choice;

	if (begin(plain, feeds))
		for (size_t i = 0; (choice = feeds_source(feeds, FEED_TABLES, i)); i++) {
			feeds_go_table(feeds, 0, i);
			await_table(plain, is_listed, PATIENCE_MS);
			if (strcmp(feed_choice_resource(choice), "pods") == 0)
				await_table(plain, has_reasons, REASONS_MS);
			if (is_given_up(plain))
				break;
			say_table(plain, feeds_table_choice(feeds, 0), feeds_table(feeds, 0));
			feeds_follow(feeds, &plain->model);
		}
	end(plain);
}

/* ---- logs ---- */

/* The lines of a log as they are to be said. */
struct said_lines {
	char *items[LAST_LINES];
	size_t count;
};

static void
keep_line(void *data, const struct log_line *line)
{
	struct said_lines *lines = data;

	/* components write their own times */
	lines->items[lines->count++] =
		xasprintf("  %s%s%s%s", line->marker ? "-- " : "", line->origin,
			  line->origin[0] ? ": " : "", line->text);
}

static void
say_log(struct plain *plain, const struct feed_choice *choice, struct log_feed *feed)
{
	struct said_lines lines = { .count = 0 };
	struct str title = STR_INIT;
	struct feed_health health;
	uint64_t first, next;
	size_t streams;

	log_feed_health(feed, &health, &streams);
	log_feed_range(feed, &first, &next);
	if (next - first > LAST_LINES)
		first = next - LAST_LINES;
	log_feed_read(feed, first, next, keep_line, &lines);
	str_printf(&title, "logs of %s: the last %zu line%s; %zu stream%s, ", choice->label,
		   lines.count, lines.count == 1 ? "" : "s", streams, streams == 1 ? "" : "s");
	pods_append_health(&health, "lines are", false, &title);
	plain_say(plain, "%s", str_cstr(&title));
	say_problem(plain, &health);
	for (size_t i = 0; i < lines.count; i++) {
		plain_say(plain, "%s", lines.items[i]);
		free(lines.items[i]);
	}
	str_release(&title);
}

/* Until nothing more comes at once. */
static void
await_log(struct plain *plain, struct log_feed *feed)
{
	struct patience patience = { .begun_ms = clock_mono_ms() };
	int64_t begun_ms = patience.begun_ms, changed_ms = begun_ms;
	uint64_t first, next, seen = 0;
	struct feed_health health;
	size_t streams;

	while (!is_given_up(plain)) {
		int64_t now_ms = clock_mono_ms(), until_ms = begun_ms + PATIENCE_MS;

		log_feed_health(feed, &health, &streams);
		log_feed_range(feed, &first, &next);
		if (next != seen)
			changed_ms = now_ms;
		seen = next;
		if (next)
			until_ms = changed_ms + QUIET_MS;
		else if (health.state == FEED_LIVE)
			until_ms = begun_ms + EMPTY_MS;
		if (health.state == FEED_BROKEN || now_ms >= until_ms ||
		    now_ms >= begun_ms + PATIENCE_MS)
			return;
		look_on(plain, &patience, until_ms);
	}
}

void
plain_show_logs(struct plain *plain)
{
	struct feeds *feeds = feeds_new(plain->model.options);

	if (begin(plain, feeds))
		for (size_t i = 0; feeds_source(feeds, FEED_LOGS, i); i++) {
			feeds_go_logs(feeds, i);
			await_log(plain, feeds_logs(feeds));
			if (is_given_up(plain))
				break;
			say_log(plain, feeds_choice(feeds, FEED_LOGS, NULL, NULL),
				feeds_logs(feeds));
			feeds_follow(feeds, &plain->model);
		}
	end(plain);
}

/* ---- what there is ---- */

bool
plain_has_feed(const struct plain *plain, enum feed_choice_kind kind)
{
	struct feed_choices choices;

	feed_choices_make(kind, plain->model.options->runbook, plain->model.state, &choices);
	size_t count = choices.count;
	feed_choices_release(&choices);
	return count > 0;
}

void
plain_show_steps(struct plain *plain)
{
	const struct run_state *state = plain->model.state;
	const char *section = NULL;

	for (size_t i = 0; i < state->steps_count; i++) {
		const struct step_state *step = &state->steps[i];

		if (step->section && !str_equal(step->section, section))
			plain_say(plain, "%s", step->section);
		section = step->section;
		plain_say(plain, "  %s step %zu, %s: %s (%s)", situation_glyph(state, i), i + 1,
			  step_status_name(step->status), step->title, step->id);
	}
}
