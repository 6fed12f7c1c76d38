#include "config.h"

#include "ui/screen/find.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/keys/scroll.h"
#include "ui/model/situation.h"
#include "ui/pane/pane.h"
#include "ui/screen/app.h"
#include "ui/screen/entry.h"
#include "ui/text/paint.h"

enum {
	MATCHES_MAX = 100, /* that are marked in a line */
	WRAPPED_MAX = 400, /* bytes beside a line that a broken match may have */
};

void
find_release(struct find *find)
{
	pattern_free(find->search);
	pattern_free(find->filter);
	free(find->status);
	free(find->rows);
	*find = (struct find){ 0 };
}

unsigned
find_facts(const struct find *find)
{
	return (find->search ? FACT_SEARCHING : 0u) | (find->filter ? FACT_FILTERED : 0u);
}

struct find *
find_here(struct app *app, const struct find_rows **ret_rows)
{
	*ret_rows = app->page.shown ? &page_find_rows : pane_table[app->focus]->rows;
	if (!*ret_rows)
		return NULL;
	app_lay_out(app); /* several keys may have come since the last frame */
	if ((*ret_rows)->prepare)
		(*ret_rows)->prepare(app);
	return app->page.shown ? &app->page.find : &app->finds[app->focus];
}

void
find_put(struct find *find, size_t row)
{
	find->has_at = true;
	find->at = row;
}

static void
set_status(struct find *find, char *status)
{
	free(find->status);
	find->status = status;
}

/* ---- the filter ---- */

/* Whether a match begins in a line and ends in one that goes on with its text. */
static bool
runs_over(const struct lines *lines, size_t index, const struct pattern *pattern)
{
	if (index + 1 == lines->count || !lines->items[index + 1].goes_on)
		return false;
	struct str text = STR_INIT;
	size_t start = 0, end = lines_unwrap(lines, index, WRAPPED_MAX, &text), behind;
	bool found = false;

	behind = end + lines_own_bytes(&lines->items[index]);
	while (!found && end < behind &&
	       pattern_find(pattern, text.data, text.len, end, &start, &end))
		found = start < behind && end > behind;
	str_release(&text);
	return found;
}

static bool
row_matches(const struct app *app, const struct find_rows *rows, size_t row,
	    const struct pattern *pattern)
{
	struct str text = STR_INIT;

	rows->text(app, row, &text);
	bool matches = pattern_matches(pattern, str_cstr(&text), text.len) ||
		       (rows->lines && runs_over(rows->lines(app), row, pattern));
	str_release(&text);
	return matches;
}

static bool
passes(const struct app *app, const struct find_rows *rows, const struct find *find, size_t row)
{
	return !find->filter || (rows->stays && rows->stays(app, row)) ||
	       row_matches(app, rows, row, find->filter);
}

/* Chooses the rows anew where they, or what stays among them, may be others now. */
static void
choose(struct app *app, struct find *find, const struct find_rows *rows)
{
	size_t count = rows->count(app);

	if (find->chosen && find->generation == app->model.generation && find->chosen_of == count)
		return;
	find->count = 0;
	for (size_t row = 0; row < count; row++)
		if (passes(app, rows, find, row))
			*VEC_PUSH(find->rows, find->count, find->cap) = row;
	find->chosen = true;
	find->generation = app->model.generation;
	find->chosen_of = count;
}

size_t
find_count(struct app *app, enum pane pane)
{
	const struct find_rows *rows = pane_table[pane]->rows;
	struct find *find = &app->finds[pane];

	if (!find->filter)
		return rows->count(app);
	choose(app, find, rows);
	return find->count;
}

size_t
find_row(const struct app *app, enum pane pane, size_t index)
{
	const struct find *find = &app->finds[pane];

	return find->filter && index < find->count ? find->rows[index] : index;
}

/* Where the first row from `row` on is among those that are shown; the last one behind their end. */
static size_t
index_of(const struct find *find, size_t row)
{
	size_t index = 0;

	while (index + 1 < find->count && find->rows[index] < row)
		index++;
	return index;
}

size_t
find_move(struct app *app, enum pane pane, size_t cursor, enum command command, int rows)
{
	const struct find *find = &app->finds[pane];
	size_t count = find_count(app, pane);

	if (!find->filter)
		return scroll_cursor(cursor, command, count, rows);
	if (count == 0)
		return cursor;
	return find->rows[scroll_cursor(index_of(find, cursor), command, count, rows)];
}

bool
find_shows(struct app *app, enum pane pane, size_t row)
{
	const struct find *find = &app->finds[pane];
	size_t count = find_count(app, pane);

	return !find->filter || (count && find->rows[index_of(find, row)] == row);
}

int
find_page(const struct app *app, enum pane pane)
{
	int rows = app->layout.panes[pane].rows - 1;

	return rows > 1 ? rows : 1;
}

void
find_scroll(struct app *app, enum pane pane, size_t count, size_t index)
{
	size_t *first = &app->first[pane], rows = (size_t)find_page(app, pane);

	if (index < *first || index >= *first + rows)
		*first = index > rows / 3 ? index - rows / 3 : 0;
	*first = scroll_move(*first, CMD_NONE, count, (int)rows);
}

bool
find_is_picked(const struct app *app, enum pane pane, size_t row)
{
	const struct find *find = &app->finds[pane];

	return app->focus == pane && !find->search && find->has_at && find->at == row;
}

/* ---- the search ---- */

/* The rows that match, in their order; the caller frees. */
static size_t *
gather_hits(const struct app *app, const struct find *find, const struct find_rows *rows,
	    size_t *ret_count)
{
	size_t *hits = NULL, count = 0, cap = 0, total = rows->count(app);

	for (size_t row = 0; row < total; row++)
		if (row_matches(app, rows, row, find->search) && passes(app, rows, find, row))
			*VEC_PUSH(hits, count, cap) = row;
	*ret_count = count;
	return hits;
}

/* Which hit is next, around the ends. */
static size_t
choose_hit(const size_t *hits, size_t count, size_t from, bool back, bool *ret_around)
{
	size_t below = 0; /* how many hits are before the place that the search goes on from */

	while (below < count && hits[below] < from)
		below++;
	*ret_around = back ? below == 0 : below == count;
	if (back)
		return below ? below - 1 : count - 1;
	return below < count ? below : 0;
}

const char *
find_turn(bool around, bool back)
{
	if (!around)
		return "";
	return back ? ", from the end again" : ", from the top again";
}

/* On to the next hit from a row on (before it, where it goes back), and says which one that is. */
static void
seek(struct app *app, struct find *find, const struct find_rows *rows, size_t from, bool back)
{
	size_t count;
	size_t *hits = gather_hits(app, find, rows, &count);
	bool around;

	set_status(find, NULL);
	if (count == 0) {
		set_status(find, xstrdup("no match"));
		app_say(app, ROLE_WARNING, "Nothing here matches \"%s\"",
			pattern_text(find->search));
		return;
	}
	size_t hit = choose_hit(hits, count, from, back, &around);
	rows->go(app, hits[hit]);
	find_put(find, hits[hit]);
	set_status(find, xasprintf("match %zu of %zu%s", hit + 1, count, find_turn(around, back)));
	app_say(app, ROLE_TEXT, "\"%s\": %s", pattern_text(find->search), find->status);
	free(hits);
}

/* The match that was gone to last is what n and N go on from, wherever the view is now. */
static void
seek_on(struct app *app, struct find *find, const struct find_rows *rows, bool back)
{
	if (!find->search)
		return;
	size_t here = find->has_at ? find->at : rows->from(app);
	seek(app, find, rows, back ? here : here + 1, back);
}

static int
replace(struct pattern **slot, const char *text, struct err *e)
{
	struct pattern *fresh = NULL;

	if (*text && !(fresh = pattern_new(text, e)))
		return -1;
	pattern_free(*slot);
	*slot = fresh;
	return 0;
}

/* A cursor on a row that is hidden now goes to the next one that is not. */
static void
settle(struct app *app, struct find *find, const struct find_rows *rows)
{
	find->chosen = false;
	find->has_at = false;
	if (!find->filter)
		return;
	choose(app, find, rows);
	app_say(app, ROLE_TEXT, "\"%s\": %zu of %zu shown; %s shows all",
		pattern_text(find->filter), find->count, find->chosen_of, keymap_label(CMD_CLEAR));
	if (find->count)
		rows->go(app, find->rows[index_of(find, rows->from(app))]);
	else
		app_say(app, ROLE_WARNING, "Nothing here matches \"%s\"",
			pattern_text(find->filter));
}

int
find_entered(struct app *app, enum command purpose, const char *text, struct err *e)
{
	const struct find_rows *rows;
	struct find *find = find_here(app, &rows);

	if (!find)
		return pane_table[app->focus]->entered(app, purpose, text, e);
	if (replace(purpose == CMD_FILTER ? &find->filter : &find->search, text, e) < 0)
		return -1;
	set_status(find, NULL);
	if (purpose == CMD_FILTER)
		settle(app, find, rows);
	else if (find->search)
		seek(app, find, rows, rows->from(app) + rows->upwards, rows->upwards);
	else
		find->has_at = false;
	return 0;
}

static void
clear(struct app *app)
{
	find_entered(app, CMD_SEARCH, "", NULL);
	find_entered(app, CMD_FILTER, "", NULL);
}

static const struct entry_taker taker = { .entered = find_entered };

void
find_command(struct app *app, enum command command)
{
	const struct find_rows *rows;
	struct find *find = find_here(app, &rows);

	if (!find)
		return;
	switch (command) {
	case CMD_SEARCH:
		entry_ask(app, &taker, CMD_SEARCH, "Search:", "");
		break;
	case CMD_FILTER:
		entry_ask(app, &taker, CMD_FILTER,
			  "Show only what has:", find->filter ? pattern_text(find->filter) : "");
		break;
	case CMD_SEARCH_NEXT:
		seek_on(app, find, rows, false);
		break;
	case CMD_SEARCH_PREVIOUS:
		seek_on(app, find, rows, true);
		break;
	case CMD_CLEAR:
		clear(app);
		break;
	default:
		break;
	}
}

/* ---- painting ---- */

void
find_append_title(const struct app *app, enum pane pane, struct str *out)
{
	const struct find *find = &app->finds[pane];

	if (find->filter)
		str_printf(out, "  filter: %s, %zu of %zu", pattern_text(find->filter), find->count,
			   find->chosen_of);
	if (find->search)
		str_printf(out, "  search: %s", pattern_text(find->search));
}

/* Writes ROLE_MATCH over the bytes [begin, end) of a text that the search finds; false: there are none. roles[0] is of `begin`. */
static bool
mark(const struct find *find, const char *text, size_t begin, size_t end, enum role *roles)
{
	size_t from, to, at = 0, len = strlen(text);
	int found = 0;

	while (found < MATCHES_MAX && at < end &&
	       pattern_find(find->search, text, len, at, &from, &to)) {
		at = to;
		from = from > begin ? from : begin;
		to = to < end ? to : end;
		if (from >= to)
			continue;
		lines_set_roles(roles, from - begin, to - begin, ROLE_MATCH);
		found++;
	}
	return found > 0;
}

static void
spread_roles(const struct line *line, enum role *roles)
{
	size_t begin = 0;

	for (size_t i = 0; i < line->spans_count; i++) {
		lines_set_roles(roles, begin, line->spans[i].end, line->spans[i].role);
		begin = line->spans[i].end;
	}
}

/* The same text with a span for each run of one role. */
static struct line
line_of_roles(const char *text, const enum role *roles)
{
	struct line line = { .text = xstrdup(text) };
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (line.spans_count && line.spans[line.spans_count - 1].role == roles[i])
			line.spans[line.spans_count - 1].end = i + 1;
		else
			*VEC_PUSH(line.spans, line.spans_count, line.spans_cap) =
				(struct span){ i + 1, roles[i] };
	}
	return line;
}

/* Paints a line with the roles of its bytes that a search has marked. */
static void
paint_marked(int y, int x, int columns, const char *text, const enum role *roles)
{
	struct line marked = line_of_roles(text, roles);

	paint_line(y, x, columns, &marked, false);
	free(marked.text);
	free(marked.spans);
}

void
find_paint_line(const struct find *find, int y, int x, int columns, const struct line *line,
		bool selected)
{
	const struct lines alone = { .items = (struct line *)(uintptr_t)line, .count = 1 };

	find_paint_wrapped(find, y, x, columns, &alone, 0, selected);
}

void
find_paint_wrapped(const struct find *find, int y, int x, int columns, const struct lines *lines,
		   size_t index, bool selected)
{
	const struct line *line = &lines->items[index];
	size_t len = strlen(line->text), own = lines_own_bytes(line);
	struct str text = STR_INIT;

	if (!find->search) {
		paint_line(y, x, columns, line, selected);
		return;
	}
	enum role *roles = xcalloc(len + 1, sizeof(*roles));
	size_t begin = lines_unwrap(lines, index, WRAPPED_MAX, &text);
	spread_roles(line, roles);
	if (mark(find, str_cstr(&text), begin, begin + own, roles + (len - own)))
		paint_marked(y, x, columns, line->text, roles);
	else
		paint_line(y, x, columns, line, selected);
	str_release(&text);
	free(roles);
}

int
find_paint_text(const struct find *find, int y, int x, int columns, enum role role,
		const char *text)
{
	struct lines lines;

	if (!find->search)
		return paint_text(y, x, columns, role, text);
	lines_init(&lines, columns);
	lines_add(&lines, role, "%s", text);
	int width = text_width(lines.items[0].text);
	find_paint_line(find, y, x, columns, &lines.items[0], false);
	lines_release(&lines);
	return width < columns ? width : columns;
}

void
find_paint_lines(struct app *app, enum pane pane, const struct rect *body,
		 const struct lines *lines)
{
	const struct find *find = &app->finds[pane];

	pane_put_cursor(app, pane, body->y, body->x);
	for (int i = 0; i < body->rows && app->first[pane] + (size_t)i < lines->count; i++) {
		size_t row = app->first[pane] + (size_t)i;

		find_paint_wrapped(find, body->y + i, body->x, body->columns, lines, row,
				   find_is_picked(app, pane, row));
		if (find->has_at && find->at == row)
			pane_put_cursor(app, pane, body->y + i, body->x);
	}
}
