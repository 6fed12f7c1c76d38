#include "config.h"

#include <curses.h>

#include "ui/form/form_model.h"

#define CTRL(letter) ((letter)&0x1f)

enum { ESCAPE = 27 };

/* clang-format off */
const struct form_binding form_keys[] = {
	{ { '\n', '\r', KEY_ENTER }, "Enter", FORM_START, FORM_ON_START, "ends the form",
	  "On the last row: goes on with these values if all are valid, else goes to the first that is not." },
	{ { '\n', '\r', KEY_ENTER }, "Enter", FORM_LIST, FORM_ON_CHOICE, "lists",
	  "On a choice: opens the list of its words." },
	{ { '\n', '\r', KEY_ENTER }, "Enter", FORM_ACCEPT, FORM_ON_FIELD, "accepts",
	  "Checks the value and goes to the next row; stays where the value cannot be taken." },
	{ { ' ' }, "Space", FORM_TOGGLE, FORM_ON_BOOL, "toggles", "On a yes or no: the other one." },
	{ { 'y', 'Y' }, "y", FORM_YES, FORM_ON_BOOL, NULL, "On a yes or no: yes." },
	{ { 'n', 'N' }, "n", FORM_NO, FORM_ON_BOOL, NULL, "On a yes or no: no." },
	{ { KEY_LEFT }, "Left", FORM_CHOICE_BEFORE, FORM_ON_CHOICE | FORM_ON_BOOL, NULL,
	  "On a choice: the word before." },
	{ { KEY_RIGHT }, "Right", FORM_CHOICE_AFTER, FORM_ON_CHOICE | FORM_ON_BOOL, NULL,
	  "On a choice: the next word; a letter takes the word that begins with it." },
	{ { '\t', KEY_F(2) }, "Tab", FORM_LIST, FORM_HAS_LIST, "lists",
	  "Where there is one: a list of values, such as the contexts of the kubeconfig or the namespaces of a "
	  "cluster; what is typed then filters it. F2 too." },
	{ { CTRL('S') }, "Ctrl-S", FORM_START, FORM_ON_ROW, "ends the form",
	  "The same as Enter on the last row, from everywhere." },
	{ { ESCAPE, CTRL('C') }, "Esc", FORM_LEAVE, FORM_ON_ROW, "leaves",
	  "Forgets what is being typed in this row; then leaves, and nothing has begun. Ctrl-C too." },
	{ { KEY_F(1) }, "F1", FORM_HELP, FORM_ON_ROW, "help", "Shows this page." },
	{ { CTRL('R') }, "Ctrl-R", FORM_RESET, FORM_ON_FIELD, "default",
	  "Clears the value back to its default; once more: to what the last run had, where there was one." },
	{ { '\t' }, "Tab", FORM_DOWN, FORM_ON_ROW, NULL, "Where there is no list: goes to the next row." },
	{ { KEY_DOWN }, "Down", FORM_DOWN, FORM_ON_ROW, NULL, "Goes to the next row." },
	{ { KEY_UP, KEY_BTAB }, "Up", FORM_UP, FORM_ON_ROW, NULL, "Goes to the row before; Shift-Tab too." },
	{ { KEY_NPAGE }, "PgDn", FORM_TEXT_DOWN, FORM_ON_ROW, NULL, "Shows more of the explanation." },
	{ { KEY_PPAGE }, "PgUp", FORM_TEXT_UP, FORM_ON_ROW, NULL, "Goes back in the explanation." },
	{ { '?' }, "?", FORM_HELP, FORM_ON_WORD, NULL, "The same, where nothing is typed." },
	{ { 'q' }, "q", FORM_LEAVE, FORM_ON_WORD, NULL, "Leaves, where nothing is typed." },
	{ { '\n', '\r', KEY_ENTER }, "Enter", FORM_LIST_TAKE, FORM_IN_LIST, "takes it",
	  "In a list: takes what the cursor stands on, or what is ticked." },
	{ { ' ' }, "Space", FORM_LIST_TICK, FORM_IN_SEVERAL, "ticks",
	  "In a list of which several are taken: ticks one, or unticks it." },
	{ { 'k' }, "k", FORM_LIST_UP, FORM_IN_WORDS, NULL,
	  "In the list of a choice: moves up; other letters go to the word that begins with them." },
	{ { 'j' }, "j", FORM_LIST_DOWN, FORM_IN_WORDS, NULL, "In the list of a choice: moves down." },
	{ { KEY_UP, KEY_BTAB }, "Up", FORM_LIST_UP, FORM_IN_LIST, NULL, "In a list: moves up." },
	{ { KEY_DOWN, '\t' }, "Down", FORM_LIST_DOWN, FORM_IN_LIST, NULL, "In a list: moves down." },
	{ { KEY_PPAGE }, "PgUp", FORM_LIST_PAGE_UP, FORM_IN_LIST, NULL, "In a list: up by a page." },
	{ { KEY_NPAGE }, "PgDn", FORM_LIST_PAGE_DOWN, FORM_IN_LIST, NULL, "In a list: down by a page." },
	{ { ESCAPE, CTRL('C') }, "Esc", FORM_LIST_CLOSE, FORM_IN_LIST, "goes back",
	  "In a list: closes it and picks nothing; what is still being fetched is given up." },
	{ { CTRL('L') }, "Ctrl-L", FORM_REDRAW, FORM_ON_ROW | FORM_IN_LIST, NULL, "Paints the screen anew." },
	{ { CTRL('Z') }, "Ctrl-Z", FORM_SUSPEND, FORM_ON_ROW | FORM_IN_LIST, NULL,
	  "Goes back to the shell until fg." },
};
/* clang-format on */

const size_t form_keys_count = sizeof(form_keys) / sizeof(form_keys[0]);

const struct form_binding *
form_key_find(int key, unsigned facts)
{
	for (size_t i = 0; key && i < form_keys_count; i++)
		for (int k = 0; k < FORM_KEYS_MAX && form_keys[i].keys[k]; k++)
			if (form_keys[i].keys[k] == key && (form_keys[i].when & facts))
				return &form_keys[i];
	return NULL;
}

bool
form_key_applies(const struct form_binding *binding, unsigned facts)
{
	return (binding->when & facts) && form_key_find(binding->keys[0], facts) == binding;
}
