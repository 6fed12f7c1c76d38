#include "config.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/keys/scroll.h"
#include "ui/model/situation.h"
#include "ui/start/start_screen.h"
#include "ui/text/paint.h"

void
start_view_open(struct start_screen *s, const struct start_entry *entry)
{
	start_view_close(&s->view);
	s->view.shown = true;
	s->view.entry = entry;
	if (!entry)
		s->view.title = xstrdup("Help");
	else
		s->view.title = xasprintf("%s  %s", entry->id, entry->title ? entry->title : "");
}

void
start_view_close(struct start_view *view)
{
	lines_release(&view->lines);
	free(view->title);
	*view = (struct start_view){ 0 };
}

static int
view_rows(void)
{
	return LINES - 2;
}

void
start_view_move(struct start_view *view, enum command command)
{
	view->first = scroll_move(view->first, command, view->lines.count, view_rows());
}

void
start_view_key(struct start_view *view, const struct key_binding *binding)
{
	if (binding && scroll_is_movement(binding->command))
		start_view_move(view, binding->command);
	else
		start_view_close(view);
}

static void
add_key(struct lines *lines, const struct key_binding *binding)
{
	struct str keys = STR_INIT, help = STR_INIT;

	if (!binding->keys[0])
		return;
	keymap_keys(binding, &keys);
	keymap_help(binding, &help);
	char *prefix = xasprintf("  %-17s ", str_cstr(&keys));
	lines_wrap(lines, ROLE_KEY, prefix, ROLE_TEXT, str_cstr(&help));
	free(prefix);
	str_release(&keys);
	str_release(&help);
}

static void
fill_help(struct lines *lines)
{
	lines_markdown(lines,
		       "Runs that have not ended come first: take one up again, or look on where "
		       "another process works on it. Below are the runbooks that can be begun, and "
		       "what the last runs came to.");
	lines_gap(lines);
	lines_markdown(
		lines,
		"**Marks**  `[>]` left: it can be taken up  `[~]` another process works on it  "
		"`[?]` a step may or may not have happened  `[x]` ended well  `[!]` failed, or "
		"it cannot be read");
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "Keys");
	for (size_t i = 0; i < keymap_count; i++)
		if (keymap[i].when & FACT_ON_START)
			add_key(lines, &keymap[i]);
	for (size_t i = 0; i < keymap_count; i++)
		if (keymap_is_general(keymap[i].command))
			add_key(lines, &keymap[i]);
}

/* A text line by line; the headings of Markdown stand out. */
static void
fill_text(struct lines *lines, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = xstrndup(text, len);
		enum role role = line[0] == '#' ? ROLE_STRONG : ROLE_TEXT;

		lines_wrap(lines, role, "", role, line);
		free(line);
		text += len + (text[len] == '\n');
	}
}

static void
refill(struct start_screen *s)
{
	struct start_view *view = &s->view;
	struct str text = STR_INIT;

	if (view->lines.columns == COLS - 2)
		return;
	lines_reset(&view->lines, COLS - 2);
	if (view->entry)
		s->source->show(view->entry, COLS - 2, &text);
	if (view->entry)
		fill_text(&view->lines, str_cstr(&text));
	else
		fill_help(&view->lines);
	str_release(&text);
}

void
start_view_paint(struct start_screen *s)
{
	struct start_view *view = &s->view;
	int rows = view_rows();

	refill(s);
	view->first = scroll_move(view->first, CMD_NONE, view->lines.count, rows);
	paint_blank(0, 0, COLS, ROLE_TITLE_FOCUS);
	paint_format(0, 0, COLS, ROLE_TITLE_FOCUS, " %s", view->title);
	for (int i = 0; i < rows && view->first + (size_t)i < view->lines.count; i++)
		paint_line(1 + i, 1, COLS - 2, &view->lines.items[view->first + (size_t)i], false);
	size_t last = view->first + (size_t)rows;
	paint_format(LINES - 1, 0, COLS, ROLE_KEY,
		     " %s or Esc goes back   %s %s %s %s move   lines %zu-%zu of %zu",
		     keymap_label(CMD_LEAVE), keymap_label(CMD_DOWN), keymap_label(CMD_UP),
		     keymap_label(CMD_PAGE_DOWN), keymap_label(CMD_PAGE_UP), view->first + 1,
		     last < view->lines.count ? last : view->lines.count, view->lines.count);
	s->cursor_y = 1;
	s->cursor_x = 0;
}
