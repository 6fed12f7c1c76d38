#ifndef LIFEBOAT_UI_KEYMAP_H
#define LIFEBOAT_UI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

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
	CMD_PLUGIN, /* what a program says that needs the operator */
	CMD_HELP,
	CMD_SUSPEND,
	CMD_REDRAW,
};

enum { KEY_BINDING_MAX = 3 };

/* One row: dispatch, the key bar, the help page and plain mode's numbered choices all read it. */
struct key_binding {
	int keys[KEY_BINDING_MAX]; /* characters, or KEY_… of curses; 0: none */
	const char *label;	   /* the keys as people call them */
	enum command command;
	unsigned when;	    /* set of enum fact: where one of them makes it apply */
	const char *word;   /* in the key bar; NULL: not shown there */
	const char *choice; /* plain mode's numbered choice; NULL: none */
	const char *help;
};

extern const struct key_binding keymap[];
extern const size_t keymap_count;

/* The row of a key that applies given the facts, or NULL. */
const struct key_binding *keymap_find(int key, unsigned facts);
/* Whether the row applies, and no other row of its key comes before it. */
bool keymap_applies(const struct key_binding *binding, unsigned facts);
/* A row of the key that does not apply now, for saying so; NULL: the key means nothing at all. */
const struct key_binding *keymap_any(int key);

#endif
