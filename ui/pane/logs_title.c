#include "config.h"

#include "ui/pane/logs_pane.h"

#include "ui/pane/pane.h"

/* "1,234 new lines": a number and what is counted. */
static void
append_count(struct str *out, uint64_t count, const char *one, const char *many)
{
	pane_append_number(count, out);
	str_printf(out, " %s", count == 1 ? one : many);
}

/* How many lines have come since the view was held, of those that may be seen. */
static uint64_t
new_lines(const struct logs_pane *pane, const struct log_view *view)
{
	if (!pane->kept)
		return view->next - pane->paused_next;
	return log_match_count(pane->kept) - log_match_index(pane->kept, pane->paused_next);
}

static void
append_pause(const struct logs_pane *pane, const struct log_view *view, struct str *out)
{
	if (!pane->paused)
		return;
	str_append(out, "  paused, ");
	append_count(out, new_lines(pane, view), "new line", "new lines");
	str_append(out, ", G follows again");
}

static void
append_search(const struct logs_pane *pane, struct str *out)
{
	size_t count = pane->hits ? log_match_count(pane->hits) : 0, index = count;

	if (!pane->search)
		return;
	if (count && pane->has_hit)
		index = log_match_index(pane->hits, pane->hit);
	str_append(out, "  ");
	if (index < count) {
		str_append(out, "match ");
		pane_append_number(index + 1, out);
		str_append(out, " of ");
		pane_append_number(count, out);
	} else {
		append_count(out, count, "match", "matches");
	}
}

static void
append_filter(const struct logs_pane *pane, struct str *out)
{
	if (pane->filter)
		str_printf(out, "  filter %s", pattern_text(pane->filter));
}

static void
append_progress(const struct logs_pane *pane, struct str *out)
{
	int hits = pane->hits ? log_match_percent(pane->hits) : 100;
	int kept = pane->kept ? log_match_percent(pane->kept) : 100;

	if (pane->behind)
		str_printf(out, "  searching… %d%%", hits < kept ? hits : kept);
}

static void
append_losses(const struct log_view *view, const struct feed_health *health, struct str *out)
{
	if (health->skipped) {
		str_append(out, "  ");
		append_count(out, health->skipped, "line", "lines");
		str_printf(out, " skipped: %s", health->skipped_why);
	}
	if (health->warning[0])
		str_printf(out, "  server warns: %s", health->warning);
	if (view->first) {
		str_append(out, "  ");
		append_count(out, view->first, "line", "lines");
		str_append(out, " no longer kept");
	}
}

void
logs_title(const struct app *app, struct str *out)
{
	const struct logs_pane *pane = app->logs;
	struct log_feed *feed = logs_feed(app);
	struct feed_health health;
	size_t streams;

	pane_append_source(app, FEED_LOGS, out);
	if (!feed)
		return;
	struct log_view view = logs_view(pane, feed);
	log_feed_health(feed, &health, &streams);
	append_progress(pane, out);
	append_search(pane, out);
	append_pause(pane, &view, out);
	append_filter(pane, out);
	str_append(out, "  ");
	append_count(out, streams, "stream", "streams");
	pane_append_health(&health, out);
	append_losses(&view, &health, out);
}
