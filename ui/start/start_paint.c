#include "config.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/keys/scroll.h"
#include "ui/start/start_screen.h"
#include "ui/text/layout.h"
#include "ui/text/local_time.h"
#include "ui/text/paint.h"

enum {
	TITLE_ROWS = 1,
	DETAIL_ROWS = 3,
	FOOTER_ROWS = 2, /* message and keys */
	GLYPH_COLUMNS = 4,
	GAP = 2,
};

/* How wide the columns of the list are. */
struct widths {
	int id, title, about;
};

int
start_list_rows(void)
{
	return LINES - TITLE_ROWS - DETAIL_ROWS - 1 - FOOTER_ROWS;
}

bool
start_is_too_small(void)
{
	return COLS < LAYOUT_MIN_COLUMNS || LINES < LAYOUT_MIN_ROWS;
}

bool
start_is_shown(const struct start_screen *s, const struct start_entry *entry)
{
	const char *wanted = str_cstr(&s->filter.text);
	const char *const texts[] = { entry->id, entry->title, entry->about, entry->runbook };

	if (!wanted[0])
		return true;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] && strcasestr(texts[i], wanted))
			return true;
	return false;
}

static int
width_of(const char *text)
{
	char *clean = text_clean(text ? text : "", 0);
	int width = text_width(clean);

	free(clean);
	return width;
}

static int
at_most(int value, int most)
{
	return value < most ? value : most;
}

static struct widths
measure(const struct start_screen *s)
{
	struct widths widths = { 0 };
	struct str about = STR_INIT;
	int room = COLS - GLYPH_COLUMNS - 2;

	for (size_t i = 0; i < s->list.count; i++) {
		const struct start_entry *entry = s->list.items[i];

		str_clear(&about);
		start_about(&s->list, entry, &about);
		if (width_of(entry->id) > widths.id)
			widths.id = width_of(entry->id);
		if (width_of(str_cstr(&about)) > widths.about)
			widths.about = width_of(str_cstr(&about));
	}
	str_release(&about);
	widths.id = at_most(widths.id, room * 2 / 5);
	widths.about = at_most(widths.about, room * 2 / 5);
	widths.title = room - widths.id - widths.about - 2 * GAP;
	return widths;
}

static enum role
glyph_role(const struct start_entry *entry)
{
	switch (entry->state) {
	case START_FAILED:
	case START_BROKEN:
	case START_UNKNOWN:
		return ROLE_BAD;
	case START_PASSED:
		return ROLE_GOOD;
	case START_LEFT:
	case START_HELD:
		return ROLE_CURRENT;
	case START_SOUND:
		break;
	}
	return ROLE_TEXT;
}

static void
paint_row(const struct start_screen *s, int y, const struct start_entry *entry,
	  const struct widths *widths)
{
	bool is_selected = entry == s->selected;
	enum role role = is_selected ? ROLE_SELECTED : ROLE_TEXT;
	struct str about = STR_INIT;
	int x = 1;

	if (is_selected)
		paint_blank(y, 0, COLS, ROLE_SELECTED);
	paint_text(y, x, GLYPH_COLUMNS, is_selected ? role : glyph_role(entry),
		   start_glyph_of(entry));
	x += GLYPH_COLUMNS;
	paint_text(y, x, widths->id, role, entry->id);
	x += widths->id + GAP;
	paint_text(y, x, widths->title, role, entry->title ? entry->title : "");
	start_about(&s->list, entry, &about);
	paint_text(y, x + widths->title + GAP, widths->about, is_selected ? role : ROLE_DIM,
		   str_cstr(&about));
	str_release(&about);
}

/* Goes through the lines of the list: headings (NULL) and rows; counts, finds, or paints. */
struct walk {
	const struct start_screen *s;
	struct widths widths;
	size_t line, first;
	size_t selected; /* the line of the selected row */
	size_t rows;	 /* of the screen; 0: nothing is painted */
	size_t wanted;	 /* a line that is looked for, and what is in it */
	const struct start_entry *found;
	int selected_y;
};

static void
walk_line(struct walk *walk, const struct start_entry *entry, const char *heading)
{
	size_t line = walk->line++;
	int y = TITLE_ROWS + (int)(line - walk->first);

	if (entry && entry == walk->s->selected) {
		walk->selected = line;
		walk->selected_y = y;
	}
	if (entry && line == walk->wanted)
		walk->found = entry;
	if (line < walk->first || line >= walk->first + walk->rows)
		return;
	if (entry)
		paint_row(walk->s, y, entry, &walk->widths);
	else if (heading)
		paint_text(y, 0, COLS, ROLE_LABEL, heading);
}

static void
walk_list(struct walk *walk)
{
	const struct start_list *list = &walk->s->list;
	int kind = -1;

	walk->line = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct start_entry *entry = list->items[i];

		if (!start_is_shown(walk->s, entry))
			continue;
		if ((int)entry->kind != kind) {
			if (kind >= 0)
				walk_line(walk, NULL, NULL);
			kind = (int)entry->kind;
			walk_line(walk, NULL, start_heading_of(entry->kind));
		}
		walk_line(walk, entry, NULL);
	}
}

const struct start_entry *
start_entry_at(const struct start_screen *s, int y)
{
	struct walk walk = { .s = s };

	if (y < TITLE_ROWS || y >= TITLE_ROWS + start_list_rows())
		return NULL;
	walk.wanted = s->first + (size_t)(y - TITLE_ROWS);
	walk_list(&walk);
	return walk.found;
}

static void
paint_list(struct start_screen *s)
{
	struct walk walk = { .s = s, .widths = measure(s) };

	walk_list(&walk);
	s->first = scroll_to(s->first, walk.selected, walk.line, start_list_rows());
	if (walk.selected == 1 && s->first == 1)
		s->first = 0; /* with the heading above the first row */
	walk.first = s->first;
	walk.rows = (size_t)start_list_rows();
	walk_list(&walk);
	s->cursor_y = s->selected ? walk.selected_y : TITLE_ROWS;
	s->cursor_x = 0;
	if (walk.line > 0)
		return;
	const char *text = !start_list_is_complete(&s->list) ? "Reading runbooks and runs…"
			   : s->filter.text.len
				   ? "Nothing holds this text."
				   : "No runbook was found, and no run. Put runbooks into "
				     "./runbooks, name their folders in LIFEBOAT_RUNBOOKS or "
				     "config.yaml, or run one by its path: lifeboat run FILE";
	struct lines lines;

	lines_init(&lines, COLS - 2);
	lines_wrap(&lines, ROLE_TEXT, "", ROLE_TEXT, text);
	for (size_t i = 0; i < lines.count && (int)i < start_list_rows(); i++)
		paint_line(TITLE_ROWS + (int)i, 1, COLS - 2, &lines.items[i], false);
	lines_release(&lines);
}

static void
paint_title(const struct start_screen *s)
{
	int64_t now_ms = s->source->now_ms ? s->source->now_ms() : clock_wall_ms();
	char stamp[CLOCK_STAMP_MAX];
	struct str clock = STR_INIT;

	str_append(&clock, clock_format_hms(now_ms, stamp));
	if (s->source->local_time)
		local_time_append(&clock, now_ms);
	int width = text_width(str_cstr(&clock)) + 1;
	paint_blank(0, 0, COLS, ROLE_TITLE_FOCUS);
	paint_text(0, 0, COLS - width, ROLE_TITLE_FOCUS, " lifeboat  What is to be done?");
	paint_text(0, COLS - width, width, ROLE_TITLE_FOCUS, str_cstr(&clock));
	str_release(&clock);
}

/* The selected row in whole sentences, and how the last run of its runbook went. */
static void
paint_details(const struct start_screen *s)
{
	int y = TITLE_ROWS + start_list_rows(), columns = COLS - 2;
	const char *note = s->selected ? start_list_note(&s->list, s->selected) : NULL;
	struct lines lines;

	paint_blank(y, 0, COLS, ROLE_TITLE);
	if (!s->selected || !s->selected->details)
		return;
	bool noted = note && s->selected->kind == START_RUNBOOK;
	char *text = xasprintf("%s%s%s%s", noted ? "Its " : "", noted ? note : "",
			       noted ? ". " : "", s->selected->details);
	lines_init(&lines, columns);
	lines_wrap(&lines, ROLE_TEXT, "", ROLE_TEXT, text);
	for (size_t i = 0; i < lines.count && i < DETAIL_ROWS; i++)
		paint_line(y + 1 + (int)i, 1, columns, &lines.items[i], false);
	if (lines.count > DETAIL_ROWS)
		paint_text(y + DETAIL_ROWS, COLS - 3, 2, ROLE_TEXT, " …");
	lines_release(&lines);
	free(text);
}

static void
paint_message(struct start_screen *s)
{
	int y = LINES - FOOTER_ROWS;

	if (s->filtering) {
		int used = paint_text(y, 1, COLS - 1, ROLE_LABEL, "Only with the text: ") + 1;

		s->cursor_x = paint_edit(y, used, COLS - used, &s->filter, false);
		s->cursor_y = y;
	} else if (s->message) {
		paint_text(y, 1, COLS - 1, ROLE_WARNING, s->message);
	} else if (s->filter.text.len) {
		paint_format(y, 1, COLS - 1, ROLE_CURRENT,
			     "Only with the text \"%s\": %s and an empty "
			     "line show all",
			     str_cstr(&s->filter.text), keymap_label(CMD_START_FILTER));
	} else if (!start_list_is_complete(&s->list)) {
		paint_text(y, 1, COLS - 1, ROLE_DIM, "Reading runbooks and runs…");
	}
}

static const struct key_binding *
row_of(enum command command)
{
	const struct key_binding *at = keymap;

	while (at->command != command)
		at++;
	return at;
}

/* `word` NULL: the row's own. */
static int
paint_key(int x, const struct key_binding *binding, const char *word)
{
	int room = COLS - x;

	if (!word)
		word = binding->word;
	if (!binding->keys[0] || text_width(binding->label) + 1 + text_width(word) > room)
		return x;
	x += paint_text(LINES - 1, x, room, ROLE_KEY, binding->label);
	return x + paint_format(LINES - 1, x, COLS - x, ROLE_DIM, " %s", word) + 2;
}

static void
paint_keys(const struct start_screen *s)
{
	/* what must be seen comes before what may be missing on a narrow screen */
	static const enum command order[] = { CMD_START_OPEN, CMD_START_SHOW,	CMD_HELP,
					      CMD_LEAVE,      CMD_START_FILTER, CMD_START_REFRESH };
	int x = 1;

	if (s->filtering) {
		paint_text(LINES - 1, 1, COLS - 1, ROLE_DIM, "Enter keeps it  Esc shows all");
		return;
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (s->selected || i > 1)
			x = paint_key(x, row_of(order[i]),
				      order[i] == CMD_START_OPEN ? start_verb_of(s->selected)
								 : NULL);
}

void
start_paint(struct start_screen *s)
{
	s->dirty = false;
	s->cursor_y = s->cursor_x = 0;
	werase(stdscr);
	if (start_is_too_small()) {
		paint_text(0, 0, COLS, ROLE_TEXT, "lifeboat");
		paint_format(1, 0, COLS, ROLE_DIM, "too small: %dx%d, needs %dx%d", COLS, LINES,
			     LAYOUT_MIN_COLUMNS, LAYOUT_MIN_ROWS);
		paint_format(2, 0, COLS, ROLE_KEY, "%s leaves", keymap_label(CMD_LEAVE));
	} else if (s->view.shown) {
		start_view_paint(s);
	} else {
		paint_title(s);
		paint_list(s);
		paint_details(s);
		paint_message(s);
		paint_keys(s);
	}
	wmove(stdscr, s->cursor_y, s->cursor_x);
	wnoutrefresh(stdscr);
	doupdate();
}
