#ifndef LIFEBOAT_CLI_ANCHORS_H
#define LIFEBOAT_CLI_ANCHORS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "run/journal/anchor.h"

/* The option, for the tables of commands that write a journal. */
#define ANCHOR_OPTION                                                                              \
	{                                                                                          \
		"anchor", 0, "PLACE",                                                              \
			"Copy the journal's head to syslog, or to postgresql:CONNINFO (may be "    \
			"repeated; LIFEBOAT_ANCHORS, divided by blanks, does the same)."           \
	}

/* Whether an operator's word names a kind of place that there is; nothing is opened. */
bool anchor_place_is_known(const char *word);

/*
 * Makes the places of `words` ("syslog", "postgresql:service=evidence"; NULL-terminated) and of
 * $LIFEBOAT_ANCHORS. Connects to nothing yet. *ret_places is for anchors_start(). Errors: ERR_USAGE.
 */
int anchor_places_open(const char *const *words, struct secrets *secrets,
		       struct anchor_place **ret_places, size_t *ret_count, struct err *e);

#endif
