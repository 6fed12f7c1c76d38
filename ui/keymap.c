#include "config.h"

#include "ui/keymap.h"

#include <curses.h>

#include "ui/situation.h"

#define CTRL(letter) ((letter)&0x1f)

enum {
	ESCAPE = 27,
	UNDECIDED = FACT_READY | FACT_STUCK | FACT_UNKNOWN,
	OPEN = FACT_ALWAYS & ~FACT_OVER,
	ON_EITHER = FACT_ON_TABLE | FACT_ON_LOGS,
};

/*
 * In the order of the key bar and of the help page; of several rows of a key that apply, the first is
 * meant.
 */
/* clang-format off */
const struct key_binding keymap[] = {
	{ { '\n', '\r', KEY_ENTER }, "Enter", CMD_RUN, FACT_READY, "run", "run",
	  "Runs the current step as shown; what changes something asks first." },
	{ { '\n', '\r', KEY_ENTER }, "Enter", CMD_ANSWER, FACT_ASKED, "answer", "answer",
	  "Opens the question of the running step again." },
	{ { '\n', '\r', KEY_ENTER }, "Enter", CMD_END, FACT_PAST_LAST, "end the run", NULL,
	  "Ends the run when all steps are done." },
	{ { 'x' }, "x", CMD_PLUGIN, FACT_PLUGIN, "plugin", NULL,
	  "Shows what a program says that wants something of you, such as a credential plugin." },
	{ { 'p' }, "p", CMD_PROBE, FACT_UNKNOWN, "probe", "look again whether it happened",
	  "Looks again whether an unknown step happened; this reads only." },
	{ { 'm' }, "m", CMD_MARK_DONE, FACT_UNKNOWN, "done", "mark it done",
	  "Says that an unknown step did happen; a reason is required." },
	{ { 'u' }, "u", CMD_MARK_NOT_DONE, FACT_UNKNOWN, "not done", "mark it not done",
	  "Says that nothing of an unknown step happened: it is prepared again, and waits for Enter; a "
	  "reason is required." },
	{ { 'r' }, "r", CMD_RECHECK, FACT_UNKNOWN, "again", "run it again",
	  "Prepares an unknown step again though it may have happened, for Enter to run it; a reason is "
	  "required." },
	{ { 'r' }, "r", CMD_RECHECK, FACT_STUCK, "retry", "prepare it again",
	  "Prepares a step that is stuck again; this reads only, Enter then runs it." },
	{ { 'r' }, "r", CMD_RECHECK, FACT_READY, "re-check", "re-check",
	  "Prepares the current step again; this reads only." },
	{ { 'b' }, "b", CMD_BACK, FACT_CAN_GO_BACK, "go to", "go where on_failure says",
	  "Goes to the step that the runbook names for this failure." },
	{ { 's' }, "s", CMD_SKIP, UNDECIDED, "skip", "skip",
	  "Passes over the current step; a reason is required." },
	{ { 'c', CTRL('C') }, "c", CMD_CANCEL, FACT_RUNNING | FACT_BUSY, "cancel", NULL,
	  "Asks what is running to stop; Ctrl-C too." },
	{ { 'c', CTRL('C') }, "c", CMD_CANCEL, FACT_UNKNOWN, NULL, NULL,
	  "Of an unknown step: breaks off the look that p has begun." },
	{ { 'n' }, "n", CMD_SEARCH_NEXT, FACT_SEARCHING, "next", NULL,
	  "While a pane searches: the next match. Esc ends the search, then n is the note again." },
	{ { 'N' }, "N", CMD_SEARCH_PREVIOUS, FACT_SEARCHING, NULL, NULL,
	  "While a pane searches: the match before." },
	{ { 'n' }, "n", CMD_NOTE, OPEN, "note", "note",
	  "Writes a remark into the journal; press Esc first where a pane searches." },
	{ { 'e' }, "e", CMD_END, UNDECIDED | FACT_PAST_LAST, "end", "end the run",
	  "Ends the run with one of the runbook's endings, or as aborted; a reason is required." },
	{ { '?', KEY_F(1) }, "?", CMD_HELP, FACT_ALWAYS, "help", NULL, "Shows this page; F1 too." },
	{ { 'q' }, "q", CMD_LEAVE, FACT_ALWAYS, "leave", "leave",
	  "Leaves; says what goes on, and how to take the run up again." },
	{ { '/' }, "/", CMD_SEARCH, ON_EITHER, "search", NULL,
	  "Pods and logs: searches for a text; for a regular expression if written /so/; a ! before it "
	  "finds what lacks it. Case counts where there is a capital letter." },
	{ { 'f' }, "f", CMD_FILTER, ON_EITHER, "filter", NULL,
	  "Pods and logs: shows only what matches; written as for /." },
	{ { ESCAPE }, "Esc", CMD_CLEAR, FACT_SEARCHING | FACT_FILTERED, "clear", NULL,
	  "Pods and logs: ends search and filter, and what ! began." },
	{ { 'd' }, "d", CMD_DETAILS, FACT_ON_TABLE, "details", NULL,
	  "Pods: everything about the row, with its events." },
	{ { 'l' }, "l", CMD_LOGS_OF_POD, FACT_ON_TABLE, "logs", NULL,
	  "Pods: shows the logs of the pod in the logs pane." },
	{ { '!' }, "!", CMD_TROUBLE, FACT_ON_TABLE, "trouble", NULL,
	  "Pods: only what is in trouble, or all again." },
	{ { '>' }, ">", CMD_SORT_NEXT, FACT_ON_TABLE, "sort", NULL,
	  "Pods: sorts by the next column; behind the last one by name again." },
	{ { 'i' }, "i", CMD_SORT_REVERSE, FACT_ON_TABLE, NULL, NULL,
	  "Pods: turns the order round." },
	{ { 'R' }, "R", CMD_RESOURCE, FACT_ON_TABLE, "resource", NULL,
	  "Pods: another resource of the cluster, by its name (deployments, events, a CRD); with -A "
	  "those of all namespaces." },
	{ { 'v' }, "v", CMD_SPLIT, FACT_ON_TABLE, NULL, NULL,
	  "Pods: two sources beside each other (above each other where it is narrow); again: the keys go "
	  "to the other one; again: one." },
	{ { 'a' }, "a", CMD_MERGE, FACT_ON_TABLE, NULL, NULL,
	  "Pods: all sources of this resource in one list, with WHERE each is, or one again." },
	{ { 'p' }, "p", CMD_PAUSE, FACT_ON_LOGS, "pause", NULL,
	  "Logs: holds the view while lines go on coming in, or follows again; while a step is unknown, p "
	  "looks into that." },
	{ { 'S' }, "S", CMD_SAVE_LOG, FACT_ON_LOGS, "save", NULL,
	  "Logs: saves the lines that are kept, those of the filter if there is one, in a file; secrets "
	  "are replaced." },
	{ { 'P' }, "P", CMD_PREVIOUS_LOG, FACT_ON_LOGS, "previous", NULL,
	  "Logs: what the containers wrote before their last restart, or what they write now." },
	{ { 'w' }, "w", CMD_WRAP, FACT_ON_LOGS, "wrap", NULL,
	  "Logs: wraps long lines, or cuts them." },
	{ { KEY_LEFT }, "Left", CMD_LEFT, ON_EITHER, NULL, NULL,
	  "Logs that are not wrapped: moves to the left. Pods beside each other: the keys go there." },
	{ { KEY_RIGHT }, "Right", CMD_RIGHT, ON_EITHER, NULL, NULL, "The same to the right." },
	{ { 't' }, "t", CMD_STAMPS, FACT_ON_LOGS, "times", NULL,
	  "Logs: shows when each line was written (UTC), or does not." },
	{ { 'J' }, "J", CMD_JSON, FACT_ON_LOGS, NULL, NULL,
	  "Logs: shows lines of JSON as they are, or readably." },
	{ { '\t' }, "Tab", CMD_NEXT_PANE, FACT_ALWAYS, "pane", NULL,
	  "Gives the keys to the next pane." },
	{ { KEY_BTAB }, "Shift-Tab", CMD_PREVIOUS_PANE, FACT_ALWAYS, NULL, NULL,
	  "Gives the keys to the pane before." },
	{ { 'o' }, "o", CMD_SHOW_OUTPUT, FACT_ALWAYS, "output", NULL,
	  "Shows the whole output of the selected step." },
	{ { '.' }, ".", CMD_CURRENT, FACT_ALWAYS, NULL, NULL,
	  "Goes back to the current step." },
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

bool
keymap_applies(const struct key_binding *binding, unsigned facts)
{
	return (binding->when & facts) && find(binding->keys[0], facts) == binding;
}

const struct key_binding *
keymap_any(int key)
{
	const struct key_binding *of_run = find(key, FACT_ALWAYS);

	return of_run ? of_run : find(key, FACT_ANY);
}
