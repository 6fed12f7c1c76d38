#include "config.h"

#include "ui/screen/dialog.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

enum {
	INTERRUPT = 3,
	ESCAPE = 27,
	PAGE_ROWS = 5, /* of the text above the question */
	NAME_ROOM =
		64, /* bytes beyond a name that must be typed: enough to see that it is another one */
	PAUSE_MS = 30, /* between two keys that somebody presses */
	AHEAD_MAX = 8, /* keys that somebody may send at once to find the way to an answer */
};

struct dialog *
dialog_new(enum dialog_kind kind, enum command purpose, const char *title, const char *question)
{
	struct dialog *dialog = xcalloc(1, sizeof(*dialog));

	dialog->kind = kind;
	dialog->purpose = purpose;
	dialog->title = xstrdup(title);
	dialog->question = xstrdup(question);
	dialog->seen_seq = -1;
	return dialog;
}

void
dialog_free(struct dialog *dialog)
{
	if (!dialog)
		return;
	for (size_t i = 0; i < dialog->items_count; i++) {
		free(dialog->items[i].id);
		free(dialog->items[i].text);
		line_edit_release(&dialog->items[i].value);
	}
	free(dialog->items);
	line_edit_release(&dialog->edit);
	free(dialog->title);
	free(dialog->text);
	free(dialog->question);
	free(dialog->wanted);
	free(dialog->problem);
	free(dialog->step);
	free(dialog->picked);
	free(dialog);
}

void
dialog_add_item(struct dialog *dialog, const char *id, const char *text, bool wants_value)
{
	*VEC_PUSH(dialog->items, dialog->items_count, dialog->items_cap) = (struct dialog_item){
		.id = xstrdup(id),
		.text = xstrdup(text),
		.wants_value = wants_value,
	};
}

static void
set(char **field, const char *text)
{
	free(*field);
	*field = xstrdup(text);
}

void
dialog_set_text(struct dialog *dialog, const char *text)
{
	set(&dialog->text, text);
}

void
dialog_set_problem(struct dialog *dialog, const char *problem)
{
	set(&dialog->problem, problem);
}

void
dialog_scroll(struct dialog *dialog, int rows)
{
	size_t by = (size_t)abs(rows), *scroll = &dialog->scroll;

	if (rows > 0)
		*scroll = *scroll + by < dialog->overflow ? *scroll + by : dialog->overflow;
	else
		*scroll = *scroll > by ? *scroll - by : 0;
}

/* The text above the question moves by pages; everything else belongs to the answer. */
static bool
scroll_key(struct dialog *dialog, const struct key *key)
{
	if (!key->function || (key->code != KEY_PPAGE && key->code != KEY_NPAGE))
		return false;
	dialog_scroll(dialog, key->code == KEY_NPAGE ? PAGE_ROWS : -PAGE_ROWS);
	return true;
}

static bool
is_enter(const struct key *key)
{
	return key->function ? key->code == KEY_ENTER : key->code == '\r' || key->code == '\n';
}

static bool
is_up(const struct key *key)
{
	return key->function && (key->code == KEY_UP || key->code == KEY_BTAB);
}

static bool
is_down(const struct key *key)
{
	return key->function ? key->code == KEY_DOWN : key->code == '\t';
}

/* How many keys came without a pause before this one. */
static void
count_burst(struct dialog *dialog)
{
	int64_t now_ms = clock_mono_ms();

	dialog->burst =
		dialog->key_ms && now_ms - dialog->key_ms < PAUSE_MS ? dialog->burst + 1 : 0;
	dialog->key_ms = now_ms;
}

/*
 * A terminal that does not mark what is pasted sends it like keys, only faster than anybody types: more than
 * `ahead` of them before this one, or something behind it already.
 */
static bool
looks_pasted(const struct dialog *dialog, size_t ahead)
{
	return dialog->burst > ahead || input_waiting();
}

static enum dialog_result
drop_pasted(struct dialog *dialog)
{
	dialog_set_problem(
		dialog,
		"That came as if it was pasted, and is no answer: press it once more, alone.");
	return DIALOG_OPEN;
}

static enum dialog_result
yes_no_key(struct dialog *dialog, const struct key *key)
{
	bool yes = !key->function && (key->code == 'y' || key->code == 'Y');
	bool no = !key->function && (key->code == 'n' || key->code == 'N');

	if (key->pasted || looks_pasted(dialog, 0))
		return drop_pasted(dialog);
	if (dialog->kind == DIALOG_CONFIRM && (no || is_enter(key)))
		return DIALOG_CLOSED;
	if (!yes && !no)
		return DIALOG_OPEN;
	dialog->yes = yes;
	return DIALOG_DONE;
}

static size_t
limit_of(const struct dialog *dialog)
{
	size_t limit = dialog->wanted ? strlen(dialog->wanted) + NAME_ROOM : LINE_EDIT_MAX;

	return limit < LINE_EDIT_MAX ? limit : LINE_EDIT_MAX;
}

static void
say_full(struct dialog *dialog)
{
	char *problem = xasprintf("Too long: no more than %zu bytes fit here, and the rest was "
				  "dropped. Ctrl-U clears it; Esc goes back.",
				  limit_of(dialog));

	dialog_set_problem(dialog, problem);
	free(problem);
}

/* Whether a key would put in a character that does not fit any more. */
static bool
overfills(const struct line_edit *edit, const struct key *key, size_t limit)
{
	bool inserts =
		!key->function && key->code != 0x7f &&
		(key->code >= ' ' ||
		 (key->pasted && (key->code == '\n' || key->code == '\r' || key->code == '\t')));
	char bytes[4];

	return inserts && edit->text.len + input_encode(key->code, bytes) > limit;
}

static enum dialog_result
accept_line(struct dialog *dialog)
{
	const char *text = str_cstr(&dialog->edit.text);

	if (dialog->cut)
		say_full(dialog);
	else if (dialog->wanted && strcmp(text, dialog->wanted) != 0)
		dialog_set_problem(dialog,
				   "That is not the name. Nothing was done; Esc goes back.");
	else if (dialog->required && text[strspn(text, " \t")] == '\0')
		dialog_set_problem(dialog, "Something must be written here; Esc goes back.");
	else
		return DIALOG_DONE;
	return DIALOG_OPEN;
}

static enum dialog_result
line_key(struct dialog *dialog, const struct key *key)
{
	struct key pasted = { .code = '\n', .pasted = true };

	if (!key->pasted && is_enter(key) && !input_waiting())
		return accept_line(dialog);
	if (!key->pasted && is_enter(key))
		key = &pasted;
	if (overfills(&dialog->edit, key, limit_of(dialog))) {
		if (!dialog->cut)
			say_full(dialog);
		dialog->cut = true;
	} else if (line_edit_key(&dialog->edit, key) && !dialog->cut) {
		dialog_set_problem(dialog, NULL);
	}
	if (dialog->cut && dialog->edit.text.len == 0) {
		dialog->cut = false;
		dialog_set_problem(dialog, NULL);
	}
	return DIALOG_OPEN;
}

/* A checklist has a row for each item, one more for its value, and a last one, "Done". */
static size_t
checklist_rows(const struct dialog *dialog)
{
	size_t rows = 1;

	for (size_t i = 0; i < dialog->items_count; i++)
		rows += dialog->items[i].wants_value ? 2 : 1;
	return rows;
}

/* The item that the focused row belongs to, NULL for "Done"; *ret_value: the row is its value. */
static struct dialog_item *
focused_item(struct dialog *dialog, bool *ret_value)
{
	size_t row = dialog->focus;

	for (size_t i = 0; i < dialog->items_count; i++) {
		size_t rows = dialog->items[i].wants_value ? 2 : 1;

		if (row < rows) {
			*ret_value = row == 1;
			return &dialog->items[i];
		}
		row -= rows;
	}
	*ret_value = false;
	return NULL;
}

static void
move_focus(struct dialog *dialog, size_t rows, bool down)
{
	if (down)
		dialog->focus = dialog->focus + 1 < rows ? dialog->focus + 1 : 0;
	else
		dialog->focus = dialog->focus ? dialog->focus - 1 : rows - 1;
}

static enum dialog_result
checklist_key(struct dialog *dialog, const struct key *key)
{
	bool on_value;
	struct dialog_item *item = focused_item(dialog, &on_value);
	bool letter = !key->function && !on_value;

	if (on_value && (key->pasted || (!is_enter(key) && !is_up(key) && !is_down(key)))) {
		if (overfills(&item->value, key, LINE_EDIT_MAX))
			say_full(dialog);
		else
			line_edit_key(&item->value, key);
	} else if (key->pasted || (!item && looks_pasted(dialog, AHEAD_MAX))) {
		return drop_pasted(dialog);
	} else if (is_up(key) || (letter && key->code == 'k')) {
		move_focus(dialog, checklist_rows(dialog), false);
	} else if (is_down(key) || (letter && key->code == 'j') || (on_value && is_enter(key))) {
		move_focus(dialog, checklist_rows(dialog), true);
	} else if (!item && (is_enter(key) || key->code == ' ')) {
		return DIALOG_DONE;
	} else if (item && (is_enter(key) || (letter && (key->code == ' ' || key->code == 'x')))) {
		item->checked = !item->checked;
		if (is_enter(key))
			move_focus(dialog, checklist_rows(dialog), true);
	}
	return DIALOG_OPEN;
}

static enum dialog_result
choice_key(struct dialog *dialog, const struct key *key)
{
	size_t number = !key->function && key->code >= '1' && key->code <= '9'
				? (size_t)(key->code - '0')
				: 0;

	if (key->pasted || (is_enter(key) && looks_pasted(dialog, AHEAD_MAX)))
		return drop_pasted(dialog);
	if (is_enter(key))
		return DIALOG_DONE;
	if (is_up(key) || (!key->function && key->code == 'k'))
		move_focus(dialog, dialog->items_count, false);
	else if (is_down(key) || (!key->function && key->code == 'j'))
		move_focus(dialog, dialog->items_count, true);
	else if (number && number <= dialog->items_count)
		dialog->focus = number - 1;
	return DIALOG_OPEN;
}

enum dialog_result
dialog_key(struct dialog *dialog, const struct key *key)
{
	static enum dialog_result (*const handlers[])(struct dialog *, const struct key *) = {
		[DIALOG_CONFIRM] = yes_no_key, [DIALOG_YES_NO] = yes_no_key,
		[DIALOG_LINE] = line_key,      [DIALOG_CHECKLIST] = checklist_key,
		[DIALOG_CHOICE] = choice_key,
	};

	count_burst(dialog);
	if (!key->function && !key->pasted &&
	    (key->code == INTERRUPT || (key->code == ESCAPE && !input_waiting())))
		return DIALOG_CLOSED;
	if (scroll_key(dialog, key))
		return DIALOG_OPEN;
	return handlers[dialog->kind](dialog, key);
}
