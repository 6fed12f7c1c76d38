#ifndef LIFEBOAT_UI_KEYS_KEYMAP_H
#define LIFEBOAT_UI_KEYS_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* What a key asks for. */
enum command {
	CMD_NONE,
	CMD_RUN,    /* the current step, as planned */
	CMD_ANSWER, /* open the question again */
	CMD_RECHECK,
	CMD_SKIP,
	CMD_PROBE, /* of a step of unknown outcome, these and the next two */
	CMD_MARK_DONE,
	CMD_MARK_NOT_DONE,
	CMD_BACK,
	CMD_UNDO, /* take back the latest step that can be */
	CMD_KEEP, /* what was to be taken back */
	CMD_CANCEL,
	CMD_NOTE,
	CMD_END,
	CMD_SHOW_OUTPUT,
	CMD_LEAVE,
	CMD_CURRENT,
	CMD_UP,
	CMD_DOWN,
	CMD_PAGE_UP,
	CMD_PAGE_DOWN,
	CMD_TOP,
	CMD_BOTTOM,
	CMD_NEXT_PANE,
	CMD_PREVIOUS_PANE,
	CMD_PANE_1,
	CMD_PANE_2,
	CMD_PANE_3,
	CMD_PANE_4,
	CMD_PANE_5,
	CMD_PANE_6,
	CMD_ZOOM,
	CMD_PREVIOUS_SOURCE,
	CMD_NEXT_SOURCE,
	CMD_SEARCH, /* of the pane that has the keys, these and the next three */
	CMD_SEARCH_NEXT,
	CMD_SEARCH_PREVIOUS,
	CMD_FILTER,
	CMD_CLEAR,     /* search and filter off */
	CMD_SORT_NEXT, /* table: by the next column */
	CMD_SORT_REVERSE,
	CMD_TROUBLE,	 /* table: only what is in trouble, or all */
	CMD_DETAILS,	 /* table: everything about the row */
	CMD_LOGS_OF_POD, /* table: its logs in the logs pane */
	CMD_RESOURCE,	 /* table: another resource of the same cluster */
	CMD_SPLIT,	 /* table: two sources beside each other */
	CMD_MERGE,	 /* table: all sources in one list */
	CMD_WRAP,	 /* logs, from here on */
	CMD_LEFT,	 /* where lines are not wrapped */
	CMD_RIGHT,
	CMD_STAMPS,
	CMD_PAUSE,
	CMD_PREVIOUS_LOG,
	CMD_JSON,
	CMD_SAVE_LOG,
	CMD_PLUGIN,    /* what a program says that needs the operator */
	CMD_PREFLIGHT, /* the page of what was reachable and permitted */
	CMD_WHY, /* the whole text of the selected step, with the hints of a drill that were taken */
	CMD_HINT,	  /* the next hint of a drill */
	CMD_COPY,	  /* what the cursor stands on, to the terminal's clipboard */
	CMD_JUMP,	  /* to a step, a pod, a pane or a command, by some of its letters */
	CMD_COMMAND_LINE, /* a command in words */
	CMD_HELP,
	CMD_SUSPEND,
	CMD_REDRAW,
	CMD_START_OPEN, /* on the start page, these and the next three */
	CMD_START_SHOW,
	CMD_START_FILTER,
	CMD_START_REFRESH,
};

enum { KEY_BINDING_MAX = 3 };

/* One row: dispatch, the key bar, the help page and plain mode's numbered choices all read it. */
struct key_binding {
	int keys[KEY_BINDING_MAX]; /* characters, or KEY_… of curses; 0: none */
	const char *label;	   /* the first key as people call it; "": none */
	const char *name;	   /* unique, "next-pane": in config.yaml and on the command line */
	enum command command;
	unsigned when;	    /* set of enum fact: where one of them makes it apply */
	const char *word;   /* in the key bar; NULL: not shown there */
	const char *choice; /* plain mode's numbered choice; NULL: none */
	const char *help;   /* {name} stands for the key of that row: see keymap_help() */
};

/* The rows of the program, and those that hold: the same, or what keymap_rebind() has made of them. */
extern const struct key_binding keymap_defaults[];
extern const struct key_binding *keymap;
extern const size_t keymap_count;

/* The row of a key that applies given the facts, or NULL. */
const struct key_binding *keymap_find(int key, unsigned facts);
/* Whether the row applies, and no other row of its key comes before it. */
bool keymap_applies(const struct key_binding *binding, unsigned facts);
/* A row of the key that does not apply now, for saying so; NULL: the key means nothing at all. */
const struct key_binding *keymap_any(int key);
/* All keys of a row, "PgDn Space Ctrl-F"; appended to out. */
void keymap_keys(const struct key_binding *binding, struct str *out);
/* What the row does, with the keys as they are now; appended to out. */
void keymap_help(const struct key_binding *binding, struct str *out);
/* What people call the key of a command, for sentences; "" where it has none. */
const char *keymap_label(enum command command);
/* What works in a run and on the start page alike: moving, leaving, help. */
bool keymap_is_general(enum command command);

#endif
