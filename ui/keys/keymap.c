#include "config.h"

#include "ui/keys/keymap.h"

#include <curses.h>
#include <string.h>

#include "ui/keys/key_name.h"
#include "ui/keys/scroll.h"
#include "ui/model/situation.h"

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
const struct key_binding keymap_defaults[] = {
	{ { '\n' }, "Enter", "run", CMD_RUN, FACT_READY, "run", "run",
	  "Runs the current step as shown, or takes it back; what changes something asks first." },
	{ { '\n' }, "Enter", "answer", CMD_ANSWER, FACT_ASKED, "answer", "answer",
	  "Opens the question of the running step again." },
	{ { '\n' }, "Enter", "finish", CMD_END, FACT_PAST_LAST, "end the run", NULL,
	  "Ends the run when all steps are done." },
	{ { 'x' }, "x", "plugin", CMD_PLUGIN, FACT_PLUGIN, "plugin", NULL,
	  "Shows what a program says that wants something of you, such as a credential plugin." },
	{ { 'p' }, "p", "probe", CMD_PROBE, FACT_UNKNOWN, "probe", "look again whether it happened",
	  "Looks again whether an unknown step happened; this reads only." },
	{ { 'm' }, "m", "mark-done", CMD_MARK_DONE, FACT_UNKNOWN, "done", "mark it done",
	  "Says that an unknown step did happen; a reason is required." },
	{ { 'u' }, "u", "mark-not-done", CMD_MARK_NOT_DONE, FACT_UNKNOWN, "not done", "mark it not done",
	  "Says that nothing of an unknown step happened: it is prepared again, and waits for {run}; a "
	  "reason is required." },
	{ { 'r' }, "r", "run-again", CMD_RECHECK, FACT_UNKNOWN, "again", "run it again",
	  "Prepares an unknown step again though it may have happened, for {run} to run it; a reason is "
	  "required." },
	{ { 'r' }, "r", "retry", CMD_RECHECK, FACT_STUCK, "retry", "prepare it again",
	  "Prepares a step that is stuck again; this reads only, {run} then runs it." },
	{ { 'r' }, "r", "re-check", CMD_RECHECK, FACT_READY, "re-check", "re-check",
	  "Prepares the current step again; this reads only." },
	{ { 'b' }, "b", "goto", CMD_BACK, FACT_CAN_GO_BACK, "go to", "go where the runbook says",
	  "Goes to the step that the runbook names for this failure." },
	{ { 's' }, "s", "skip", CMD_SKIP, FACT_CAN_SKIP, "skip", "skip",
	  "Passes over the current step; a reason is required." },
	{ { 'H' }, "H", "hint", CMD_HINT, FACT_HINTS, "hint", "take a hint, which costs points",
	  "In a drill: takes the next hint for the current step, for points: what to think about, then where "
	  "to look, then what to do." },
	{ { 'U' }, "U", "undo", CMD_UNDO, FACT_CAN_UNDO, "undo", "take back",
	  "Prepares to take back the latest step that changed something and can be taken back; this reads "
	  "only, {run} then does it. Again: the one before that." },
	{ { 'K' }, "K", "keep", CMD_KEEP, FACT_UNDOING, "keep", "leave it as it is",
	  "Leaves the step as it is that was to be taken back." },
	{ { 'M' }, "M", "taken-back", CMD_MARK_DONE, FACT_UNDOING, NULL, "it was taken back by hand",
	  "Says that the step was taken back by hand, not by the program; a reason is required." },
	{ { 'c', CTRL('C') }, "c", "cancel", CMD_CANCEL, FACT_RUNNING | FACT_BUSY, "cancel", NULL,
	  "Asks what is running to stop." },
	{ { 'c', CTRL('C') }, "c", "cancel-probe", CMD_CANCEL, FACT_UNKNOWN, NULL, NULL,
	  "Of an unknown step: breaks off the look that {probe} has begun." },
	{ { 'n' }, "n", "next-match", CMD_SEARCH_NEXT, FACT_SEARCHING, "next", NULL,
	  "While a pane searches: the next match. {clear} ends the search, then {note} is the note again." },
	{ { 'N' }, "N", "previous-match", CMD_SEARCH_PREVIOUS, FACT_SEARCHING, NULL, NULL,
	  "While a pane searches: the match before." },
	{ { 'n' }, "n", "note", CMD_NOTE, OPEN, "note", "note",
	  "Writes a remark into the journal; press {clear} first where a pane searches." },
	{ { 'e' }, "e", "end", CMD_END, UNDECIDED | FACT_PAST_LAST, "end", "end the run",
	  "Ends the run with one of the runbook's endings, or as aborted; a reason is required." },
	{ { '?', KEY_F(1) }, "?", "help", CMD_HELP, FACT_ALWAYS, "help", NULL, "Shows this page." },
	{ { 'q' }, "q", "leave", CMD_LEAVE, FACT_ALWAYS, "leave", "leave",
	  "Leaves; of a run, says what goes on, and how to take it up again." },
	{ { '/' }, "/", "search", CMD_SEARCH, ON_EITHER, "search", NULL,
	  "Pods and logs: searches for a text; for a regular expression if written /so/; a ! before it "
	  "finds what lacks it. Case counts where there is a capital letter." },
	{ { 'f' }, "f", "filter", CMD_FILTER, ON_EITHER, "filter", NULL,
	  "Pods and logs: shows only what matches; written as for {search}." },
	{ { ESCAPE }, "Esc", "clear", CMD_CLEAR, FACT_SEARCHING | FACT_FILTERED, "clear", NULL,
	  "Ends search and filter of the pane that has the keys, and what {trouble} began." },
	{ { 'd' }, "d", "details", CMD_DETAILS, FACT_ON_TABLE, "details", NULL,
	  "Pods: everything about the row, with its events." },
	{ { 'l' }, "l", "logs-of-pod", CMD_LOGS_OF_POD, FACT_ON_TABLE, "logs", NULL,
	  "Pods: shows the logs of the pod in the logs pane." },
	{ { '!' }, "!", "trouble", CMD_TROUBLE, FACT_ON_TABLE, "trouble", NULL,
	  "Pods: only what is in trouble, or all again." },
	{ { '>' }, ">", "sort", CMD_SORT_NEXT, FACT_ON_TABLE, "sort", NULL,
	  "Pods: sorts by the next column; behind the last one by name again." },
	{ { 'i' }, "i", "reverse", CMD_SORT_REVERSE, FACT_ON_TABLE, NULL, NULL,
	  "Pods: turns the order round." },
	{ { 'R' }, "R", "resource", CMD_RESOURCE, FACT_ON_TABLE, "resource", NULL,
	  "Pods: another resource of the cluster, by its name (deployments, events, a CRD); with -A "
	  "those of all namespaces." },
	{ { 'v' }, "v", "split", CMD_SPLIT, FACT_ON_TABLE, NULL, NULL,
	  "Pods: two sources beside each other (above each other where it is narrow); again: the keys go "
	  "to the other one; again: one." },
	{ { 'a' }, "a", "merge", CMD_MERGE, FACT_ON_TABLE, NULL, NULL,
	  "Pods: all sources of this resource in one list, with WHERE each is, or one again." },
	{ { 'p' }, "p", "pause", CMD_PAUSE, FACT_ON_LOGS, "pause", NULL,
	  "Logs: holds the view while lines go on coming in, or follows again; while a step is unknown, "
	  "{probe} looks into that." },
	{ { 'S' }, "S", "save-log", CMD_SAVE_LOG, FACT_ON_LOGS, "save", NULL,
	  "Logs: saves the lines that are kept, those of the filter if there is one, in a file; secrets "
	  "are replaced." },
	{ { 'P' }, "P", "previous-log", CMD_PREVIOUS_LOG, FACT_ON_LOGS, "previous", NULL,
	  "Logs: what the containers wrote before their last restart, or what they write now." },
	{ { 'w' }, "w", "wrap", CMD_WRAP, FACT_ON_LOGS, "wrap", NULL,
	  "Logs: wraps long lines, or cuts them." },
	{ { KEY_LEFT }, "Left", "left", CMD_LEFT, ON_EITHER, NULL, NULL,
	  "Logs that are not wrapped: moves to the left. Pods beside each other: the keys go there." },
	{ { KEY_RIGHT }, "Right", "right", CMD_RIGHT, ON_EITHER, NULL, NULL, "The same to the right." },
	{ { 't' }, "t", "times", CMD_STAMPS, FACT_ON_LOGS, "times", NULL,
	  "Logs: shows when each line was written (UTC), or does not." },
	{ { 'J' }, "J", "json", CMD_JSON, FACT_ON_LOGS, NULL, NULL,
	  "Logs: shows lines of JSON as they are, or readably." },
	{ { '\t' }, "Tab", "next-pane", CMD_NEXT_PANE, FACT_ALWAYS, "pane", NULL,
	  "Gives the keys to the next pane." },
	{ { KEY_BTAB }, "Shift-Tab", "previous-pane", CMD_PREVIOUS_PANE, FACT_ALWAYS, NULL, NULL,
	  "Gives the keys to the pane before." },
	{ { 'o' }, "o", "output", CMD_SHOW_OUTPUT, FACT_ALWAYS, "output", NULL,
	  "Shows the whole output of the selected step." },
	{ { '.' }, ".", "current", CMD_CURRENT, FACT_ALWAYS, NULL, NULL,
	  "Goes back to the current step." },
	{ { '1' }, "1", "pane-steps", CMD_PANE_1, FACT_ALWAYS, NULL, "list the steps", "Steps." },
	{ { '2' }, "2", "pane-step", CMD_PANE_2, FACT_ALWAYS, NULL, NULL, "The selected step." },
	{ { '3' }, "3", "pane-pods", CMD_PANE_3, FACT_ALWAYS, NULL, "show the pods", "Pods." },
	{ { '4' }, "4", "pane-logs", CMD_PANE_4, FACT_ALWAYS, NULL, "show the logs", "Logs." },
	{ { '5' }, "5", "pane-audit", CMD_PANE_5, FACT_ALWAYS, NULL, NULL, "Audit: everything that happened." },
	{ { '6' }, "6", "pane-impact", CMD_PANE_6, FACT_ALWAYS, NULL, "show the impact board",
	  "Impact: what works and what does not, as foreseen and as observed." },
	{ { 'j', KEY_DOWN }, "j", "down", CMD_DOWN, FACT_ALWAYS, NULL, NULL,
	  "Moves down in the pane that has the keys." },
	{ { 'k', KEY_UP }, "k", "up", CMD_UP, FACT_ALWAYS, NULL, NULL, "Moves up." },
	{ { KEY_NPAGE, ' ', CTRL('F') }, "PgDn", "page-down", CMD_PAGE_DOWN, FACT_ALWAYS, NULL, NULL,
	  "Moves down by a page." },
	{ { KEY_PPAGE, CTRL('B') }, "PgUp", "page-up", CMD_PAGE_UP, FACT_ALWAYS, NULL, NULL,
	  "Moves up by a page." },
	{ { 'g', KEY_HOME }, "g", "top", CMD_TOP, FACT_ALWAYS, NULL, NULL, "Moves to the beginning." },
	{ { 'G', KEY_END }, "G", "bottom", CMD_BOTTOM, FACT_ALWAYS, NULL, NULL,
	  "Moves to the end; logs are followed again." },
	{ { '[' }, "[", "previous-source", CMD_PREVIOUS_SOURCE, FACT_ALWAYS, NULL, NULL,
	  "Pods and logs: the source before." },
	{ { ']' }, "]", "next-source", CMD_NEXT_SOURCE, FACT_ALWAYS, NULL, NULL,
	  "Pods and logs: the next source." },
	{ { 'z' }, "z", "zoom", CMD_ZOOM, FACT_ALWAYS, "zoom", NULL,
	  "Gives the whole room to one pane, and takes it back." },
	{ { CTRL('P') }, "Ctrl-P", "jump", CMD_JUMP, FACT_ALWAYS, "jump", NULL,
	  "Goes to a step, a pane, a pod, a log or a command, by some of its letters." },
	{ { ':' }, ":", "command-line", CMD_COMMAND_LINE, FACT_ALWAYS, "command", NULL,
	  "Takes a command in words; Tab completes it, Up brings back earlier ones." },
	{ { '/' }, "/", "search-text", CMD_SEARCH, FACT_ON_TEXT, "search", NULL,
	  "Steps, step, audit, impact and every page: searches as in pods and logs." },
	{ { 'f' }, "f", "filter-list", CMD_FILTER, FACT_ON_LIST, "filter", NULL,
	  "Steps and audit: shows only what matches; the current step stays." },
	{ { 'y' }, "y", "copy", CMD_COPY, FACT_ALWAYS, NULL, NULL,
	  "Copies what the cursor stands on (a step's id, a name, a line) into the terminal's clipboard "
	  "(OSC 52), and says how long it is; where that is off, shows it." },
	{ { 'h' }, "h", "why", CMD_WHY, FACT_ALWAYS, NULL, NULL,
	  "Shows why the selected step is there: the runbook's whole text about it." },
	{ { 'F' }, "F", "preflight", CMD_PREFLIGHT, FACT_ALWAYS, NULL, NULL,
	  "Shows what the run is about to do, with which parameters, and which targets answer." },
	{ { CTRL('L') }, "Ctrl-L", "redraw", CMD_REDRAW, FACT_ALWAYS, NULL, NULL, "Paints the screen anew." },
	{ { CTRL('Z') }, "Ctrl-Z", "suspend", CMD_SUSPEND, FACT_ALWAYS, NULL, NULL,
	  "Goes back to the shell until fg; not while a step runs, which would stand still too." },
	{ { '\n' }, "Enter", "start-open", CMD_START_OPEN, FACT_ON_START, "open", NULL,
	  "Start page: begins a run of the runbook; goes on with an open run, or follows it where another "
	  "process holds it; shows the report of a run that has ended." },
	{ { 'v', ' ' }, "v", "start-show", CMD_START_SHOW, FACT_ON_START, "show", NULL,
	  "Start page: shows the runbook as a document, or the report of a run." },
	{ { '/' }, "/", "start-filter", CMD_START_FILTER, FACT_ON_START, "filter", NULL,
	  "Start page: shows only what holds a text." },
	{ { 'r' }, "r", "start-refresh", CMD_START_REFRESH, FACT_ON_START, "read again", NULL,
	  "Start page: reads runbooks and runs again." },
};
/* clang-format on */

const size_t keymap_count = sizeof(keymap_defaults) / sizeof(keymap_defaults[0]);
const struct key_binding *keymap = keymap_defaults;

static const struct key_binding *
find(int key, unsigned facts)
{
	for (size_t i = 0; i < keymap_count; i++)
		for (int k = 0; k < KEY_BINDING_MAX && keymap[i].keys[k]; k++)
			if (key_canonical(keymap[i].keys[k]) == key_canonical(key) &&
			    (keymap[i].when & facts))
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
	return (binding->when & facts) && binding->keys[0] &&
	       find(binding->keys[0], facts) == binding;
}

const struct key_binding *
keymap_any(int key)
{
	const struct key_binding *of_run = find(key, FACT_ALWAYS);

	return of_run ? of_run : find(key, FACT_ANY);
}

void
keymap_keys(const struct key_binding *binding, struct str *out)
{
	char name[KEY_NAME_MAX];

	for (int i = 0; i < KEY_BINDING_MAX && binding->keys[i]; i++)
		str_printf(out, "%s%s", i ? " " : "", key_name_print(binding->keys[i], name));
}

static const char *
label_of_name(const char *name, size_t len)
{
	for (size_t i = 0; i < keymap_count; i++)
		if (strlen(keymap[i].name) == len && strncmp(keymap[i].name, name, len) == 0)
			return keymap[i].keys[0] ? keymap[i].label : keymap[i].name;
	return NULL;
}

void
keymap_help(const struct key_binding *binding, struct str *out)
{
	const char *at = binding->help;

	while (*at) {
		size_t len = strcspn(at, "{");
		const char *close = strchr(at + len, '}'), *label = NULL;

		str_append_bytes(out, at, len);
		at += len;
		if (close)
			label = label_of_name(at + 1, (size_t)(close - at - 1));
		if (label) {
			str_append(out, label);
			at = close + 1;
		} else if (*at) {
			str_append_char(out, *at++);
		}
	}
}

const char *
keymap_label(enum command command)
{
	for (size_t i = 0; i < keymap_count; i++)
		if (keymap[i].command == command && keymap[i].keys[0])
			return keymap[i].label;
	return "";
}

bool
keymap_is_general(enum command command)
{
	return scroll_is_movement(command) || command == CMD_LEAVE || command == CMD_HELP ||
	       command == CMD_REDRAW || command == CMD_SUSPEND;
}
