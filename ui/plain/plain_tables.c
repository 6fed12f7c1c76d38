#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "ui/pane/pane.h"
#include "ui/pane/pods_pane.h"
#include "ui/plain/plain_look.h"

/* Pods and other objects, by lines. */

enum { REASONS_MS = 2000, ROWS_MAX = 50 };

/* ---- waiting for it ---- */

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
	struct patience patience = plain_patience();
	int64_t until_ms = patience.begun_ms + patience_ms;

	while (!plain_gives_up(plain) && !is_read(feeds_table(plain->feeds, 0)) &&
	       clock_mono_ms() < until_ms)
		plain_look_on(plain, &patience, until_ms);
}

/* ---- one table ---- */

/* "web-7d4: READY 0/1, STATUS CrashLoopBackOff, RESTARTS 4, AGE 6m; back-off restarting": one row is one sentence. */
static void
append_row(const struct plain *plain, const struct table_snapshot *snapshot, size_t index,
	   bool with_ns, struct str *line)
{
	const struct table_row *row = &snapshot->rows[index];
	const char *between = ": ";

	str_printf(line, "%s%s%s%s", row->trouble ? "! " : "  ", with_ns ? row->ns : "",
		   with_ns && row->ns[0] ? "/" : "", row->name);
	for (size_t i = 0; i < snapshot->columns_count; i++) {
		const struct table_column *column = &snapshot->columns[i];

		if (column->wide || strcmp(column->name, "NAME") == 0)
			continue;
		str_printf(line, "%s%s ", between, column->name);
		table_cell(snapshot, index, i, model_now_ms(&plain->model), line);
		between = ", ";
	}
	if (row->reason[0])
		str_printf(line, "; %s", row->reason);
}

/* Those in trouble first, which is what one looks for. */
static void
say_rows(struct plain *plain, const struct table_snapshot *snapshot, bool with_ns)
{
	struct str line = STR_INIT;
	size_t said = 0, more = 0;

	for (int trouble = 1; trouble >= 0; trouble--)
		for (size_t i = 0; i < snapshot->count; i++) {
			if (snapshot->rows[i].trouble != (trouble == 1))
				continue;
			str_clear(&line);
			append_row(plain, snapshot, i, with_ns, &line);
			if (said < ROWS_MAX)
				said += plain_look_say(plain, "%s", str_cstr(&line));
			else
				more += plain_look_passes(plain, str_cstr(&line));
		}
	if (more)
		plain_look_head(plain, "  and %zu more", more);
	str_release(&line);
}

static bool
say_table(struct plain *plain, const struct feed_choice *choice, struct table_feed *feed,
	  void *data)
{
	struct table_snapshot *snapshot;
	struct str title = STR_INIT;
	struct feed_health health;

	(void)data;
	if (strcmp(feed_choice_resource(choice), "pods") == 0)
		await_table(plain, has_reasons, REASONS_MS);
	if (plain_gives_up(plain))
		return false;
	snapshot = table_feed_snapshot(feed);
	table_feed_health(feed, &health);
	str_printf(&title, "%s of %s: ", feed_choice_resource(choice), choice->label);
	pane_append_number(snapshot->count, &title);
	if (!snapshot->exact)
		str_append(&title, " so far");
	if (snapshot->trouble) {
		str_append(&title, ", ");
		pane_append_number(snapshot->trouble, &title);
		str_append(&title, " in trouble");
	}
	str_append(&title, "; ");
	pods_append_health(&health, "rows are", false, &title);
	plain_look_head(plain, "%s", str_cstr(&title));
	plain_say_health(plain, &health);
	say_rows(plain, snapshot, choice->all_namespaces);
	table_snapshot_release(snapshot);
	str_release(&title);
	return true;
}

/* ---- all of them ---- */

/* Shows the index-th source, or another resource of its cluster; returns where that is among all. */
static size_t
go_table(struct feeds *feeds, size_t index, const char *resource, bool is_everywhere)
{
	feeds_go_table(feeds, 0, index);
	if (resource)
		feeds_add_resource(feeds, 0, resource, is_everywhere);
	return feeds_table_index(feeds, 0);
}

void
plain_each_table(struct plain *plain, const char *resource, bool is_everywhere,
		 plain_table_fn *take, void *data)
{
	struct feeds *feeds = plain->feeds;
	bool goes_on = true, *seen;
	size_t count = 0;

	while (feeds_source(feeds, FEED_TABLES, count))
		count++;
	seen = xcalloc(2 * count + 1, sizeof(*seen)); /* several sources may be of one cluster */
	for (size_t i = 0; i < count && goes_on; i++) {
		size_t at = go_table(feeds, i, resource, is_everywhere);
		const struct feed_choice *choice = feeds_table_choice(feeds, 0);

		if (at <= 2 * count && seen[at])
			continue;
		seen[at <= 2 * count ? at : 2 * count] = true;
		await_table(plain, is_listed, PLAIN_PATIENCE_MS);
		if (take == say_table && strcmp(feed_choice_resource(choice), "pods") == 0)
			await_table(plain, has_reasons, REASONS_MS);
		goes_on =
			!plain_gives_up(plain) && take(plain, choice, feeds_table(feeds, 0), data);
	}
	free(seen);
}

static int
look(struct plain *plain, const char *resource, bool is_everywhere, struct err *e)
{
	if (!plain_has_feed(plain, FEED_TABLES))
		return err_set(e, ERR_USAGE,
			       "this runbook names no pods to look at here, and so no cluster");
	if (plain_feeds_begin(plain))
		plain_each_table(plain, resource, is_everywhere, say_table, NULL);
	plain_feeds_end(plain);
	return 0;
}

int
plain_look_pods(struct plain *plain, const char *rest, struct err *e)
{
	if (*rest)
		return err_set(e, ERR_USAGE,
			       "it takes nothing more: \"pods | %s\" is those with %s, \"details "
			       "%s\" all about one",
			       rest, rest, rest);
	return look(plain, NULL, false, e);
}

int
plain_look_resource(struct plain *plain, const char *rest, struct err *e)
{
	size_t len = strcspn(rest, " \t");
	const char *behind = rest + len + strspn(rest + len, " \t");
	bool is_everywhere = str_equal(behind, "-A");

	if (!len || (*behind && !is_everywhere))
		return err_set(e, ERR_USAGE,
			       "it wants the name of a resource, and -A for all namespaces: "
			       "\"resource deployments\", \"resource events -A\"");
	free(plain->resource);
	plain->resource = xstrndup(rest, len);
	plain->is_everywhere = is_everywhere;
	return look(plain, plain->resource, is_everywhere, e);
}
