#ifndef LIFEBOAT_UI_TERMINAL_THEME_H
#define LIFEBOAT_UI_TERMINAL_THEME_H

#include <stdbool.h>

#include "base/sgr.h"

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

/* Colours besides 0 to 255. */
enum { THEME_DEFAULT_COLOUR = -1, THEME_KEEP = -2 };

/* What the operator wants otherwise about one role; THEME_KEEP: as the preset has it. */
struct theme_change {
	int foreground, background;	   /* 0-255, or THEME_DEFAULT_COLOUR: the terminal's own */
	int bold, dim, underline, reverse; /* 0, 1 */
};

/* "title-focus": the word of a role in config.yaml. */
const char *theme_role_name(enum role role);
/* "default", "light", …; ends with NULL. */
extern const char *const theme_presets[];
/* The sixteen colours by name, as terminals number them; ends with NULL. */
extern const char *const theme_colours[];

/*
 * A colour's name ("bright-blue", "default"), its number among 256, or #rrggbb, for which the nearest of
 * the 256 is taken. False: it is none of these.
 */
bool theme_parse_colour(const char *text, int *ret_colour);

/* Chooses the looks of this process, once, before theme_init(): a preset (NULL: default) and changes. */
void theme_configure(const char *preset, const struct theme_change changes[ROLE_COUNT]);

/* Whether this terminal shows colours, and how many; to be called once after start_color(). */
void theme_init(bool mono);

/*
 * A role from ROLE_COUNT on, for a text from outside that brings its own look; ROLE_TEXT where it is plain. On any
 * background it can be read.
 */
enum role theme_foreign_role(const struct sgr_look *look);

/* Sets the attributes in which the next text is painted. */
void theme_set(enum role role);

#endif
