#include "config.h"

#include "ui/screen/entry.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/pane/pane.h"
#include "ui/text/line_edit.h"
#include "ui/text/paint.h"

enum {
	ESCAPE = 27,
	INTERRUPT = 3,
	HISTORY_MAX = 64,
	LEAST_ROOM = 10, /* columns that are left for the text, whatever the label says */
};

struct entry {
	const struct entry_taker *taker; /* NULL: the pane */
	enum pane pane;
	enum command purpose;
	char *label;
	struct line_edit edit;
	char *problem;	 /* why it could not be taken, or NULL */
	char *draft;	 /* what was typed before the first look back */
	size_t recalled; /* how many entries back; 0: the draft */
	struct completions completions;
	size_t cycle; /* Tab goes round: the item that stands there now, from 1; 0: it does not */
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

/* ---- completion ---- */

void
completions_add(struct completions *completions, const char *typed, const char *word,
		bool wants_more)
{
	if (completions->count < COMPLETIONS_MAX && str_starts_with(word, typed))
		*VEC_PUSH(completions->items, completions->count, completions->cap) =
			xasprintf("%s%s", word, wants_more ? " " : "");
}

void
completions_release(struct completions *completions)
{
	for (size_t i = 0; i < completions->count; i++)
		free(completions->items[i]);
	free(completions->items);
	free(completions->hint);
	*completions = (struct completions){ 0 };
}

/* Looks anew how the line could go on. */
static void
look_ahead(struct app *app)
{
	struct entry *entry = app->entry;
	char *text = xstrndup(str_cstr(&entry->edit.text), entry->edit.cursor);

	completions_release(&entry->completions);
	entry->cycle = 0;
	if (entry->taker && entry->taker->complete)
		entry->taker->complete(app, text, &entry->completions);
	free(text);
}

/* How many bytes all items have in common, whole characters. */
static size_t
common_prefix(const struct completions *completions)
{
	const char *first = completions->items[0];
	size_t whole = strlen(first), len = whole;

	for (size_t i = 1; i < completions->count; i++) {
		size_t same = 0;

		while (same < len && completions->items[i][same] == first[same])
			same++;
		len = same;
	}
	return text_whole(first, whole, len);
}

/* Puts `len` bytes of a word in the place of the one that is being typed; what is behind the cursor stays. */
static void
put_word(struct entry *entry, const char *word, size_t len)
{
	struct str text = STR_INIT;
	size_t cursor;

	str_append_bytes(&text, str_cstr(&entry->edit.text), entry->completions.from);
	str_append_bytes(&text, word, len);
	cursor = text.len;
	str_append(&text, str_cstr(&entry->edit.text) + entry->edit.cursor);
	line_edit_set(&entry->edit, str_cstr(&text));
	if (cursor < entry->edit.cursor)
		entry->edit.cursor = cursor;
	str_release(&text);
}

/* As far as there is no doubt; then from one possibility to the next. */
static void
complete(struct app *app, bool back)
{
	struct entry *entry = app->entry;
	const struct completions *completions = &entry->completions;

	if (!completions->count)
		return;
	size_t common = common_prefix(completions);
	if (!entry->cycle && common > entry->edit.cursor - completions->from) {
		put_word(entry, completions->items[0], common);
		look_ahead(app);
		return;
	}
	if (completions->count == 1)
		return;
	size_t before = entry->cycle ? entry->cycle - 1 : back ? 0 : completions->count - 1;
	size_t next = (before + (back ? completions->count - 1 : 1)) % completions->count;
	put_word(entry, completions->items[next], strlen(completions->items[next]));
	entry->cycle = next + 1;
}

/* ---- opening and closing ---- */

static void
start(struct app *app, const struct entry *entry, const char *label, const char *initial)
{
	entry_close(app);
	app->entry = xcalloc(1, sizeof(*app->entry));
	*app->entry = *entry;
	app->entry->label = xstrdup(label);
	line_edit_set(&app->entry->edit, initial ? initial : "");
	app->dirty = true;
	look_ahead(app);
}

void
entry_ask(struct app *app, const struct entry_taker *taker, enum command purpose, const char *label,
	  const char *initial)
{
	start(app, &(struct entry){ .taker = taker, .purpose = purpose }, label, initial);
}

void
entry_open(struct app *app, enum pane pane, enum command purpose, const char *label,
	   const char *initial)
{
	start(app, &(struct entry){ .pane = pane, .purpose = purpose }, label, initial);
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
	completions_release(&entry->completions);
	free(entry);
}

void
entry_close(struct app *app)
{
	entry_free(app->entry);
	app->entry = NULL;
	app->dirty = true;
}

/* ---- keys ---- */

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
	look_ahead(app);
}

/* The entry is taken out first: what it leads to may ask for another one. */
static void
accept(struct app *app)
{
	struct entry *entry = app->entry;
	const char *text = str_cstr(&entry->edit.text);
	struct err e = ERR_INIT;

	app->entry = NULL;
	if ((entry->taker ? entry->taker->entered
			  : pane_table[entry->pane]->entered)(app, entry->purpose, text, &e) == 0) {
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
	else if (!key->pasted && (key->code == '\t' || key->code == KEY_BTAB))
		complete(app, key->function);
	else if (line_edit_key(&app->entry->edit, key)) {
		set_problem(app->entry, NULL);
		look_ahead(app);
	}
}

/* What could follow, the first ones that there is room for, and how many more there are. */
static void
paint_completions(const struct entry *entry, const struct rect *row)
{
	const struct completions *completions = &entry->completions;
	size_t first = 0, i;
	int x = 1;

	/* the one that Tab has gone to is always seen */
	for (size_t at = 0; at + 1 < entry->cycle; at++) {
		x += text_width(completions->items[at]) + 2;
		if (x + text_width(completions->items[at + 1]) > row->columns - LEAST_ROOM) {
			first = at + 1;
			x = 1;
		}
	}
	x = 1;
	for (i = first; i < completions->count; i++) {
		if (x + text_width(completions->items[i]) > row->columns - LEAST_ROOM)
			break;
		x += paint_text(row->y, x, row->columns - x,
				i + 1 == entry->cycle ? ROLE_SELECTED : ROLE_KEY,
				completions->items[i]) +
		     2;
	}
	if (i < completions->count)
		paint_format(row->y, x, row->columns - x, ROLE_DIM, "%zu more",
			     completions->count - i);
	else if (completions->hint)
		paint_text(row->y, x, row->columns - x, ROLE_DIM, completions->hint);
}

static void
paint_help(const struct entry *entry, const struct rect *row)
{
	paint_blank(row->y, 0, row->columns, ROLE_TEXT);
	if (entry->problem)
		paint_format(row->y, 0, row->columns, ROLE_BAD, " %s", entry->problem);
	else if (entry->completions.count)
		paint_completions(entry, row);
	else if (entry->completions.hint)
		paint_format(row->y, 0, row->columns, ROLE_DIM, " %s", entry->completions.hint);
	else
		paint_text(row->y, 0, row->columns, ROLE_DIM,
			   " Enter accepts, Esc goes back, Up brings back what was entered before");
}

void
entry_paint(struct app *app)
{
	const struct entry *entry = app->entry;
	const struct rect *row = &app->layout.message;
	int x;

	paint_blank(row->y, 0, row->columns, ROLE_TEXT); /* a page may be below */
	x = paint_format(row->y, 0, row->columns - LEAST_ROOM, ROLE_KEY, " %s ", entry->label);
	app->cursor_x = paint_edit(row->y, x, row->columns - x, &entry->edit, false);
	app->cursor_y = row->y;
	paint_help(entry, &app->layout.keys);
}
