#include "config.h"

#include "ui/entry.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/line_edit.h"
#include "ui/paint.h"
#include "ui/pane.h"

enum {
	ESCAPE = 27,
	INTERRUPT = 3,
	HISTORY_MAX = 64,
	LEAST_ROOM = 10, /* columns that are left for the text, whatever the label says */
};

struct entry {
	enum pane pane;
	enum command purpose;
	char *label;
	struct line_edit edit;
	char *problem;	 /* why it could not be taken, or NULL */
	char *draft;	 /* what was typed before the first look back */
	size_t recalled; /* how many entries back; 0: the draft */
};

struct past {
	enum command purpose;
	char *text;
};

/* The latest entry is the last. */
struct entry_history {
	struct past items[HISTORY_MAX];
	size_t count;
};

void
entry_history_free(struct entry_history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < history->count; i++)
		free(history->items[i].text);
	free(history);
}

static void
forget_past(struct entry_history *history, size_t index)
{
	free(history->items[index].text);
	history->count--;
	memmove(&history->items[index], &history->items[index + 1],
		(history->count - index) * sizeof(history->items[0]));
}

/* An entry that was there before moves to the end. */
static void
remember(struct app *app, enum command purpose, const char *text)
{
	struct entry_history *history = app->history;

	if (!*text)
		return;
	if (!history)
		history = app->history = xcalloc(1, sizeof(*history));
	for (size_t i = history->count; i-- > 0;)
		if (history->items[i].purpose == purpose && str_equal(history->items[i].text, text))
			forget_past(history, i);
	if (history->count == HISTORY_MAX)
		forget_past(history, 0);
	history->items[history->count++] = (struct past){ purpose, xstrdup(text) };
}

/* The back-th entry of a purpose from the end, counting from 1, or NULL. */
static const char *
past_of(const struct entry_history *history, enum command purpose, size_t back)
{
	for (size_t i = history ? history->count : 0; i-- > 0;)
		if (history->items[i].purpose == purpose && --back == 0)
			return history->items[i].text;
	return NULL;
}

void
entry_open(struct app *app, enum pane pane, enum command purpose, const char *label,
	   const char *initial)
{
	entry_close(app);
	app->entry = xcalloc(1, sizeof(*app->entry));
	app->entry->pane = pane;
	app->entry->purpose = purpose;
	app->entry->label = xstrdup(label);
	line_edit_set(&app->entry->edit, initial ? initial : "");
	app->dirty = true;
}

static void
entry_free(struct entry *entry)
{
	if (!entry)
		return;
	free(entry->label);
	line_edit_release(&entry->edit);
	free(entry->problem);
	free(entry->draft);
	free(entry);
}

void
entry_close(struct app *app)
{
	entry_free(app->entry);
	app->entry = NULL;
	app->dirty = true;
}

static void
set_problem(struct entry *entry, const char *problem)
{
	free(entry->problem);
	entry->problem = xstrdup(problem);
}

static void
recall(struct app *app, bool further_back)
{
	struct entry *entry = app->entry;
	size_t back = further_back ? entry->recalled + 1 : entry->recalled - 1;
	const char *text = back ? past_of(app->history, entry->purpose, back) : entry->draft;

	if ((!further_back && entry->recalled == 0) || !text)
		return;
	if (entry->recalled == 0) {
		free(entry->draft);
		entry->draft = xstrdup(str_cstr(&entry->edit.text));
	}
	entry->recalled = back;
	line_edit_set(&entry->edit, text);
	set_problem(entry, NULL);
}

/* The entry is taken out first: what it leads to may ask for another one. */
static void
accept(struct app *app)
{
	struct entry *entry = app->entry;
	const char *text = str_cstr(&entry->edit.text);
	struct err e = ERR_INIT;

	app->entry = NULL;
	if (pane_table[entry->pane]->entered(app, entry->purpose, text, &e) == 0) {
		remember(app, entry->purpose, text);
		entry_free(entry);
	} else {
		set_problem(entry, e.message);
		entry_close(app);
		app->entry = entry;
	}
}

static bool
is_enter(const struct key *key)
{
	return key->function ? key->code == KEY_ENTER : key->code == '\r' || key->code == '\n';
}

void
entry_key(struct app *app, const struct key *key)
{
	app->dirty = true;
	if (!key->pasted && is_enter(key))
		accept(app);
	else if (!key->pasted && !key->function && (key->code == ESCAPE || key->code == INTERRUPT))
		entry_close(app);
	else if (!key->pasted && key->function && key->code == KEY_UP)
		recall(app, true);
	else if (!key->pasted && key->function && key->code == KEY_DOWN)
		recall(app, false);
	else if (line_edit_key(&app->entry->edit, key))
		set_problem(app->entry, NULL);
}

void
entry_paint(struct app *app)
{
	const struct entry *entry = app->entry;
	const struct rect *row = &app->layout.message, *below = &app->layout.keys;
	int x = paint_format(row->y, 0, row->columns - LEAST_ROOM, ROLE_KEY, " %s ", entry->label);

	app->cursor_x = paint_edit(row->y, x, row->columns - x, &entry->edit, false);
	app->cursor_y = row->y;
	paint_blank(below->y, 0, below->columns, ROLE_TEXT);
	if (entry->problem)
		paint_format(below->y, 0, below->columns, ROLE_BAD, " %s", entry->problem);
	else
		paint_text(below->y, 0, below->columns, ROLE_DIM,
			   " Enter accepts, Esc goes back, Up brings back what was entered before");
}
