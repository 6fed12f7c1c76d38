#include "config.h"

#include "ui/dialog.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { ESCAPE = 27 };

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

/* The text above the question moves by pages; everything else belongs to the answer. */
static bool
scroll_key(struct dialog *dialog, const struct key *key)
{
	if (!key->function || (key->code != KEY_PPAGE && key->code != KEY_NPAGE))
		return false;
	if (key->code == KEY_NPAGE)
		dialog->scroll = dialog->scroll + 5 < dialog->overflow ? dialog->scroll + 5
								       : dialog->overflow;
	else
		dialog->scroll = dialog->scroll > 5 ? dialog->scroll - 5 : 0;
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

static enum dialog_result
yes_no_key(struct dialog *dialog, const struct key *key)
{
	bool yes = !key->function && (key->code == 'y' || key->code == 'Y');
	bool no = !key->function && (key->code == 'n' || key->code == 'N');

	if (key->pasted)
		return DIALOG_OPEN;
	if (dialog->kind == DIALOG_CONFIRM && (no || is_enter(key)))
		return DIALOG_CLOSED;
	if (!yes && !no)
		return DIALOG_OPEN;
	dialog->yes = yes;
	return DIALOG_DONE;
}

static enum dialog_result
accept_line(struct dialog *dialog)
{
	const char *text = str_cstr(&dialog->edit.text);

	if (dialog->wanted && strcmp(text, dialog->wanted) != 0)
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
	if (!key->pasted && is_enter(key))
		return accept_line(dialog);
	if (line_edit_key(&dialog->edit, key))
		dialog_set_problem(dialog, NULL);
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
		line_edit_key(&item->value, key);
	} else if (key->pasted) {
		return DIALOG_OPEN;
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

	if (key->pasted)
		return DIALOG_OPEN;
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

	if (!key->function && !key->pasted && (key->code == ESCAPE || key->code == 3))
		return DIALOG_CLOSED;
	if (scroll_key(dialog, key))
		return DIALOG_OPEN;
	return handlers[dialog->kind](dialog, key);
}
