#include "config.h"

#include "ui/keymap.h"

#include <curses.h>

#include "ui/situation.h"

#define CTRL(letter) ((letter)&0x1f)

enum {
	UNDECIDED = FACT_READY | FACT_STUCK | FACT_UNKNOWN,
	OPEN = FACT_ALWAYS & ~FACT_OVER,
};

/* In the order of the key bar and of the help page. */
/* clang-format off */
const struct key_binding keymap[] = {
	{ { '\n', '\r', KEY_ENTER }, "Enter", CMD_RUN, FACT_READY, "run", "run",
	  "Runs the current step as shown; what changes something asks first." },
	{ { '\n', '\r', KEY_ENTER }, "Enter", CMD_ANSWER, FACT_ASKED, "answer", "answer",
	  "Opens the question of the running step again." },
	{ { '\n', '\r', KEY_ENTER }, "Enter", CMD_END, FACT_PAST_LAST, "end the run", NULL,
	  "Ends the run when all steps are done." },
	{ { 'r' }, "r", CMD_RECHECK, FACT_STUCK | FACT_UNKNOWN, "retry", "prepare it again",
	  "Prepares a step that is stuck again; this reads only, Enter then runs it." },
	{ { 'r' }, "r", CMD_RECHECK, FACT_READY, "re-check", "re-check",
	  "Prepares the current step again; this reads only." },
	{ { 'm' }, "m", CMD_MARK_DONE, FACT_UNKNOWN, "mark done", "mark it done",
	  "Says that an unknown step did happen; a reason is required." },
	{ { 'b' }, "b", CMD_BACK, FACT_CAN_GO_BACK, "go to", "go where on_failure says",
	  "Goes to the step that the runbook names for this failure." },
	{ { 's' }, "s", CMD_SKIP, UNDECIDED, "skip", "skip",
	  "Passes over the current step; a reason is required." },
	{ { 'c', CTRL('C') }, "c", CMD_CANCEL, FACT_RUNNING | FACT_BUSY, "cancel", NULL,
	  "Asks what is running to stop; Ctrl-C too." },
	{ { 'n' }, "n", CMD_NOTE, OPEN, "note", "note",
	  "Writes a remark into the journal." },
	{ { 'e' }, "e", CMD_END, UNDECIDED | FACT_PAST_LAST, "end", "end the run",
	  "Ends the run with one of the runbook's endings, or as aborted; a reason is required." },
	{ { '?', KEY_F(1) }, "?", CMD_HELP, FACT_ALWAYS, "help", NULL, "Shows this page; F1 too." },
	{ { 'q' }, "q", CMD_LEAVE, FACT_ALWAYS, "leave", "leave",
	  "Leaves; says what goes on, and how to take the run up again." },
	{ { 'o' }, "o", CMD_SHOW_OUTPUT, FACT_ALWAYS, "output", NULL,
	  "Shows the whole output of the selected step." },
	{ { '.' }, ".", CMD_CURRENT, FACT_ALWAYS, NULL, NULL,
	  "Goes back to the current step." },
	{ { '\t' }, "Tab", CMD_NEXT_PANE, FACT_ALWAYS, "pane", NULL,
	  "Gives the keys to the next pane." },
	{ { KEY_BTAB }, "Shift-Tab", CMD_PREVIOUS_PANE, FACT_ALWAYS, NULL, NULL,
	  "Gives the keys to the pane before." },
	{ { '1' }, "1", CMD_PANE_1, FACT_ALWAYS, NULL, NULL, "Steps." },
	{ { '2' }, "2", CMD_PANE_2, FACT_ALWAYS, NULL, NULL, "The selected step." },
	{ { '3' }, "3", CMD_PANE_3, FACT_ALWAYS, NULL, NULL, "Pods." },
	{ { '4' }, "4", CMD_PANE_4, FACT_ALWAYS, NULL, NULL, "Logs." },
	{ { '5' }, "5", CMD_PANE_5, FACT_ALWAYS, NULL, NULL, "Audit: everything that happened." },
	{ { 'j', KEY_DOWN }, "j Down", CMD_DOWN, FACT_ALWAYS, NULL, NULL,
	  "Moves down in the pane that has the keys." },
	{ { 'k', KEY_UP }, "k Up", CMD_UP, FACT_ALWAYS, NULL, NULL, "Moves up." },
	{ { KEY_NPAGE, ' ', CTRL('F') }, "PgDn Space", CMD_PAGE_DOWN, FACT_ALWAYS, NULL, NULL,
	  "Moves down by a page." },
	{ { KEY_PPAGE, CTRL('B') }, "PgUp Ctrl-B", CMD_PAGE_UP, FACT_ALWAYS, NULL, NULL,
	  "Moves up by a page." },
	{ { 'g', KEY_HOME }, "g Home", CMD_TOP, FACT_ALWAYS, NULL, NULL, "Moves to the beginning." },
	{ { 'G', KEY_END }, "G End", CMD_BOTTOM, FACT_ALWAYS, NULL, NULL,
	  "Moves to the end; logs are followed again." },
	{ { '[' }, "[", CMD_PREVIOUS_SOURCE, FACT_ALWAYS, NULL, NULL,
	  "Pods and logs: the source before." },
	{ { ']' }, "]", CMD_NEXT_SOURCE, FACT_ALWAYS, NULL, NULL,
	  "Pods and logs: the next source." },
	{ { 'z' }, "z", CMD_ZOOM, FACT_ALWAYS, "zoom", NULL,
	  "Gives the whole room to one pane, and takes it back." },
	{ { CTRL('L') }, "Ctrl-L", CMD_REDRAW, FACT_ALWAYS, NULL, NULL, "Paints the screen anew." },
	{ { CTRL('Z') }, "Ctrl-Z", CMD_SUSPEND, FACT_ALWAYS, NULL, NULL,
	  "Goes back to the shell until fg; not while a step runs, which would stand still too." },
};
/* clang-format on */

const size_t keymap_count = sizeof(keymap) / sizeof(keymap[0]);

static const struct key_binding *
find(int key, unsigned facts)
{
	for (size_t i = 0; i < keymap_count; i++)
		for (int k = 0; k < KEY_BINDING_MAX && keymap[i].keys[k]; k++)
			if (keymap[i].keys[k] == key && (keymap[i].when & facts))
				return &keymap[i];
	return NULL;
}

const struct key_binding *
keymap_find(int key, unsigned facts)
{
	return find(key, facts);
}

const struct key_binding *
keymap_any(int key)
{
	return find(key, FACT_ALWAYS);
}
