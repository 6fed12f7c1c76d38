#ifndef LIFEBOAT_UI_KEYS_REBIND_H
#define LIFEBOAT_UI_KEYS_REBIND_H

#include <stddef.h>

#include "ui/keys/keymap.h"

/* The keys of one row as the operator wants them; keys[0] 0: none at all. */
struct key_override {
	const char *name; /* of the row; borrowed */
	int keys[KEY_BINDING_MAX];
};

/* Makes the keymap of this process, once, before anything reads it. */
void keymap_rebind(const struct key_override *overrides, size_t count);
/* Back to the rows of the program. */
void keymap_reset(void);

/* Whether two rows may apply at the same time. */
bool keymap_may_meet(const struct key_binding *a, const struct key_binding *b);

/*
 * Calls found() for every key that two rows would have at once in some situation, other than those the
 * program has itself; the first of the two would win.
 */
void keymap_clashes(void (*found)(void *data, const struct key_binding *first,
				  const struct key_binding *second, int key),
		    void *data);

/* Whether a row may be left without any key: what begins, ends and explains may not. */
bool keymap_needs_key(const char *name);

#endif
