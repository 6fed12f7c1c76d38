#ifndef LIFEBOAT_UI_THEME_H
#define LIFEBOAT_UI_THEME_H

#include <stdbool.h>

/*
 * What a piece of text is, as far as its looks are concerned. Every role that tells something is a
 * word or a glyph as well: colour and weight only repeat it.
 */
enum role {
	ROLE_TEXT,
	ROLE_DIM,	  /* old, or beside the point */
	ROLE_STRONG,	  /* **bold**, headings */
	ROLE_CODE,	  /* `code`, requests */
	ROLE_LABEL,	  /* WILL DO, EXPECT, NAME READY STATUS */
	ROLE_TITLE,	  /* a pane's title bar */
	ROLE_TITLE_FOCUS, /* of the pane that has the keys */
	ROLE_LIVE,	  /* the mode, in the header */
	ROLE_DRILL,
	ROLE_GOOD, /* passed, held */
	ROLE_BAD,  /* failed, did not hold */
	ROLE_WARNING,
	ROLE_CURRENT, /* ready, running: where things go on */
	ROLE_ADD,     /* lines of a difference */
	ROLE_REMOVE,
	ROLE_ORIGIN,   /* where a log line comes from */
	ROLE_KEY,      /* a key's name */
	ROLE_SELECTED, /* the focused line */
	ROLE_DIALOG,   /* the frame of a dialog */
	ROLE_INPUT,    /* what the operator types */
	ROLE_MATCH,    /* what a search has found */
	ROLE_COUNT
};

/* Whether this terminal shows colours, and how many; to be called once after start_color(). */
void theme_init(bool mono);

/* Sets the attributes in which the next text is painted. */
void theme_set(enum role role);

#endif
