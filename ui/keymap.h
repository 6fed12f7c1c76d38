#ifndef LIFEBOAT_UI_KEYMAP_H
#define LIFEBOAT_UI_KEYMAP_H

#include <stddef.h>

/* What a key asks for. */
enum command {
	CMD_NONE,
	CMD_RUN,    /* the current step, as planned */
	CMD_ANSWER, /* open the question again */
	CMD_RECHECK,
	CMD_SKIP,
	CMD_MARK_DONE,
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
/* A row of the key that does not apply now, for saying so; NULL: the key means nothing at all. */
const struct key_binding *keymap_any(int key);

#endif
