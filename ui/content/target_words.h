#ifndef LIFEBOAT_UI_CONTENT_TARGET_WORDS_H
#define LIFEBOAT_UI_CONTENT_TARGET_WORDS_H

#include "base/str.h"
#include "run/state/state.h"

/*
 * Which system a target is, in words: where it is said to be, and what it says of itself that no other one can (a
 * cluster's UID, a database's system identifier), which is what tells the right cluster from the one of that name.
 * Appended to out; not sanitised.
 */

/* "ctx mgmt-b ns tsb, cluster 5f1c0a7e" */
void target_words_long(const struct target_state *target, struct str *out);

/* "mgmt-b/tsb 5f1c0a7e" */
void target_words_short(const struct target_state *target, struct str *out);

#endif
