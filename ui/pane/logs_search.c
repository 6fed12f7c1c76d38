#include "config.h"

#include "ui/pane/logs_pane.h"

#include "base/clock.h"

enum {
	SLICE_MS = 1,	   /* between two looks at the keyboard */
	CANDIDATES = 2000, /* matches that are tried in a slice */
};

static int
replace(struct pattern **pattern, struct log_match **match, const char *text, struct err *e)
{
	struct pattern *fresh = NULL;

	if (*text) {
		fresh = pattern_new(text, e);
		if (!fresh)
			return -1;
	}
	log_match_free(*match);
	*match = NULL;
	pattern_free(*pattern);
	*pattern = fresh;
	return 0;
}

static void
start_seek(struct logs_pane *pane, enum command direction, uint64_t from)
{
	pane->seek = direction;
	pane->seek_from = from;
}

int
logs_search(struct app *app, const char *text, struct err *e)
{
	struct logs_pane *pane = app->logs;

	if (replace(&pane->search, &pane->hits, text, e) < 0)
		return -1;
	pane->has_hit = false;
	pane->seek = CMD_NONE;
	if (pane->search)
		start_seek(pane, CMD_SEARCH_PREVIOUS, pane->paused ? pane->shown_next : UINT64_MAX);
	return 0;
}

int
logs_filter(struct app *app, const char *text, struct err *e)
{
	return replace(&app->logs->filter, &app->logs->kept, text, e);
}

static bool
is_visible(const struct log_view *view, uint64_t number)
{
	uint64_t found;

	return logs_line_from(view, number, &found) && found == number;
}

/* The next match in the direction of the search; moves seek_from over those that the filter hides. */
static bool
find(struct logs_pane *pane, const struct log_view *view, uint64_t *ret_number)
{
	for (int i = 0; i < CANDIDATES; i++) {
		size_t index = log_match_index(pane->hits, pane->seek_from);
		bool older = pane->seek == CMD_SEARCH_PREVIOUS;

		if (older ? index == 0 : index >= log_match_count(pane->hits))
			return false;
		uint64_t number = log_match_at(pane->hits, older ? index - 1 : index);
		if (is_visible(view, number)) {
			*ret_number = number;
			return true;
		}
		pane->seek_from = older ? number : number + 1;
	}
	return false;
}

/* Puts a match that is not on the screen a third down from its top. */
static void
go_to(struct logs_pane *pane, const struct log_view *view, uint64_t number)
{
	logs_pause(pane, view->feed);
	pane->seek = CMD_NONE;
	pane->has_hit = true;
	pane->hit = number;
	if (number >= pane->place.number && number < pane->shown_next)
		return;
	pane->place = logs_up(view, (struct log_place){ number, 0 }, (size_t)pane->rows / 3);
}

/* Goes on with a search; where all lines have been seen, it ends. */
static void
go_on(struct app *app, struct log_feed *feed)
{
	struct logs_pane *pane = app->logs;
	struct log_view view = logs_view(pane, feed);
	uint64_t from = pane->seek_from, number;

	if (pane->behind && pane->kept)
		return; /* what the filter hides is not yet known */
	if (find(pane, &view, &number)) {
		go_to(pane, &view, number);
	} else if (!pane->behind && pane->seek_from == from) {
		if (!log_match_count(pane->hits))
			app_say(app, ROLE_WARNING, "No line matches %s",
				pattern_text(pane->search));
		else
			app_say(app, ROLE_WARNING,
				pane->seek == CMD_SEARCH_NEXT
					? "No match further down; N goes back up"
					: "No match further up; n goes back "
					  "down");
		pane->seek = CMD_NONE;
	}
	app->dirty = true;
}

/* On from the last match, or else from what is on the screen. */
void
logs_seek(struct app *app, enum command direction)
{
	struct logs_pane *pane = app->logs;
	struct log_feed *feed = logs_feed(app);
	uint64_t below = pane->paused ? pane->shown_next : UINT64_MAX;

	if (direction == CMD_SEARCH_NEXT && pane->has_hit)
		start_seek(pane, direction, pane->hit + 1);
	else if (direction == CMD_SEARCH_NEXT && pane->paused)
		start_seek(pane, direction, pane->place.number);
	else
		start_seek(pane, CMD_SEARCH_PREVIOUS, pane->has_hit ? pane->hit : below);
	if (feed && pane->hits)
		go_on(app, feed); /* at once, so that keys in a row are steps in a row */
}

/* True: every line there is has been looked at. */
static bool
advance(struct log_match *match, size_t *count, bool *changed)
{
	bool whole = !match || log_match_advance(match, SLICE_MS);
	size_t now = match ? log_match_count(match) : 0;

	*changed = *changed || now != *count;
	*count = now;
	return whole;
}

bool
logs_work(struct app *app)
{
	struct logs_pane *pane = app->logs;
	struct log_feed *feed = logs_feed(app);
	bool changed = pane->behind;

	if (!feed || app->layout.panes[PANE_LOGS].rows == 0)
		return false;
	pane->behind = !advance(pane->kept, &pane->kept_count, &changed);
	if (!advance(pane->hits, &pane->hits_count, &changed))
		pane->behind = true;
	if (pane->seek != CMD_NONE && pane->hits)
		go_on(app, feed);
	app->dirty = app->dirty || changed;
	return pane->behind || pane->seek != CMD_NONE;
}
